"""The float arithmetic that never raises: NumPy's numbers where Python's functions refuse."""

import itertools
import math

import numpy as np
import pytest

from autograd.ieee import FLOATS, evaluate
from autograd.op import REALS, derived, primitive
from autograd.ops import TABLE
from tests.autograd.cases import RECORDS, SPECIAL, bits, points, rule_of

NUMPY = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide,
    "negative": np.negative,
    "power": np.power, "sqrt": np.sqrt, "exp": np.exp, "log": np.log, "log1p": np.log1p,
    "sin": np.sin, "cos": np.cos,
    "tanh": np.tanh, "abs": np.abs, "maximum": np.maximum, "minimum": np.minimum,
    "identity": np.positive,
    "square": np.square, "where": lambda c, a, b: np.where(c, a, b), "equal": lambda a,
    b: np.float64(a == b),
    "greater": lambda a, b: np.float64(a > b), "greater_equal": lambda a, b: np.float64(a >= b),
}  # fmt: skip


@pytest.mark.parametrize("name", NUMPY)
def test_special_numbers_give_what_numpy_gives(name):
    """Infinities, nan, zeros and their signs exactly; others to 2 ulp, as libraries differ."""
    record = TABLE[name]
    axis = (*SPECIAL, 2.0, -2.0, 0.5, -0.5, 3.0, 710.0, -746.0)
    for at in itertools.product(*[axis] * record.slots):
        got = FLOATS.run(record, *at)
        with np.errstate(all="ignore"):
            want = float(NUMPY[name](*map(np.float64, at)))
        if math.isfinite(want) and want != 0.0:
            assert abs(got - want) <= 2 * math.ulp(want), (at, got, want)
        elif name in ("maximum", "minimum") and want == 0.0:
            assert got == 0.0  # which zero, of 0 and -0, IEEE leaves open
        elif name == "power" and at[1] == 0.5 and at[0] in (0.0, -math.inf):
            assert got == abs(at[0])  # C99's pow; NumPy takes the square root
        else:
            assert bits(got) == bits(want), (at, got, want)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_no_rule_of_any_op_raises_on_any_number(record):
    """Values, partials, kinks and cases, warnings being errors here; each gives a float."""
    for at in points(record, SPECIAL):
        y = FLOATS.run(record, *at)
        assert type(y) is float
        for slot in range(len(at)):
            assert type(evaluate(rule_of(record, slot), *at, y)) is float
        if record.case is not None:
            evaluate(record.case, *at, y)
        if record.kink is not None:
            evaluate(record.kink, *at)


@pytest.mark.parametrize(("rule", "at", "want"), [
    (lambda m, x: 1.0 / x, 0.0, math.inf), (lambda m, x: 1.0 / x, -0.0, -math.inf),
    (lambda m, x: x / x, 0.0, math.nan),
    (lambda m, x: x**0.5, -8.0, math.nan), (lambda m, x: x**-1, 0.0, math.inf),
    (lambda m, x: 10.0**x, 400.0, math.inf),
    (lambda m, x: x**x, 1e200, math.inf), (lambda m, x: m.log(x) / x, 0.0, -math.inf),
    (lambda m, x: x // 0.0, 1.0, math.inf),
    (lambda m, x: m.where(m.greater(x, 0.0), 1.0 / x, -1.0), 0.0, -1.0), (lambda m, x: 3, 1.0, 3.0),
    (lambda m, x: m.exp(m.exp(x)), 100.0, math.inf), (lambda m, x: x == 2.0, 2.0, 1.0),
])  # fmt: skip
def test_a_rule_gets_ieees_number_where_python_would_raise_or_go_complex(rule, at, want):
    got = evaluate(rule, at)
    assert bits(got) == bits(want)


def test_a_users_line_that_raises_gives_nan():
    strict = primitive("strict", domain=REALS, partials=(lambda m, x, y: 1.0,), floats=math.acos)
    assert math.isnan(FLOATS.run(strict, 2.0)) and FLOATS.run(strict, 1.0) == 0.0


def test_a_mistake_in_a_rule_is_not_swallowed():
    for rule, error in (
        (lambda m, x: x + None, TypeError),
        (lambda m, x: m.no_such_op(x), AttributeError),
    ):
        with pytest.raises(error):
            evaluate(rule, 1.0)


def test_derived_ops_run_by_their_formula_in_both_precisions_of_refusal():
    inner = derived("inner", domain=REALS, formula=lambda m, x: 1.0 / x)
    outer = derived("outer", domain=REALS, formula=lambda m, x: m.run(inner, x) + 1.0)
    assert FLOATS.run(outer, 0.0) == math.inf and FLOATS.run(outer, 2.0) == 1.5
