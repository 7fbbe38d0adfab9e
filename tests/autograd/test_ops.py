"""The table: every op's value, partials, kinks and sentences, against mathematics."""

import builtins
import dis
import functools
import importlib.util
import inspect
import math
import re
import struct

import mpmath as mp
import numpy as np
import pytest

import autograd
from autograd import Value, ops
from autograd.ieee import FLOATS, evaluate
from autograd.op import NOTHING
from autograd.ops import TABLE
from tests.autograd.cases import (
    EPS,
    EVERY,
    LARGEST,
    NOTHING_PASSES,
    RECORDS,
    SLOPES,
    SPECIAL,
    bits,
    domain_of,
    inside_domain,
    partial_of,
    points,
    probes,
    rule_of,
    same,
    smooth,
    trace,
    true_partial,
    value_of,
)

every = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
everywhere = pytest.mark.parametrize(
    "record", EVERY, ids=lambda r: f"{r.name}{''.join(f'-{x}' for x in r.parameters.values())}"
)
COUNTS = pytest.mark.parametrize("count", [150, pytest.param(2000, marks=pytest.mark.long)])


# ------------------------------------------------------------------ the table itself
def test_the_table_is_frozen():
    with pytest.raises(TypeError):
        TABLE["new"] = TABLE["exp"]


@every
def test_a_record_holds_all_that_is_said_of_it(record):
    """Symbol, form, a domain and a word a slot, a sentence; and it is exported under its name."""
    count = record.slots or 1
    assert TABLE[record.name] is record and record.symbol and record.form
    assert len(record.domain) == len(record.words) == count
    assert record.says and all(s.endswith(".") for s in record.says)
    assert 0 <= record.precedence <= 5
    if record.name not in ("stop_gradient", "corner"):  # not for users to call
        assert getattr(autograd, record.name) is record
        assert (record.name in autograd.__all__) != hasattr(builtins, record.name)
    if record.kink is not None:
        assert record.convention, "a kink without the convention that is taken there"
    fields = {f for s in record.says for f in re.findall(r"\{(.+?)\}", s)}
    assert fields <= {"x", "a", "b", "=x", "=y", "=a", "=b", "p", "n", "n-1", "op", "true"}


@every
def test_a_form_has_a_place_for_each_operand(record):
    letters = "*" if record.slots is None else record.letters
    assert sorted(re.findall(r"\{(.)\}", record.form)) == sorted(letters)


@every
def test_a_case_picks_one_of_the_sentences(record):
    """At every probe, nan too; or there is one sentence, one a slot, or both, nothing to pick."""
    if record.case is None:
        assert len(record.says) in (1, record.slots, 1 + (record.slots or 0))
        return
    for at in points(record, SPECIAL):
        index = evaluate(record.case, *at, value_of(record, at))
        assert index == int(index) and 0 <= index < len(record.says), at


@everywhere
def test_rules_never_look_at_a_number_with_python(record):
    """``if``, ``and``, ``or``, comparisons would freeze a rule to the numbers it was traced on.

    A traced variable refuses them; ``is`` and ``in`` it cannot see, nor a helper's own branches. A
    parameter is known, and may be looked at.
    """
    rules = [(rule_of(record, slot), 1) for slot in range(record.slots or 0)]
    rules += [(record.formula, 0), (record.case, 1), (record.kink, 0)]
    for rule, more in rules:
        if rule is None:
            continue
        trace(rule, (record.slots or 4) + more)
        if not isinstance(rule, functools.partial):
            names = [i.opname for i in dis.get_instructions(rule)]
            assert not {"COMPARE_OP", "IS_OP", "CONTAINS_OP"} & set(names), inspect.getsource(rule)


# ------------------------------------------------------------------ calls
@every
def test_a_call_on_floats_gives_a_float_and_on_values_a_value(record):
    for at in points(record)[:3]:
        arguments, wrapped = list(at), [Value(x) for x in at]
        if record.slots is None:  # sequences: dot takes two
            half = len(at) // 2 if record is ops.dot else len(at)
            arguments, wrapped = ([x[:half], x[half:]][: 1 + (record is ops.dot)]
                                  for x in (arguments, wrapped))  # fmt: skip
        with autograd.errstate("ignore"):
            plain, node = record(*arguments), record(*wrapped)
        assert type(plain) is float
        if at:
            assert type(node) is Value and node.op is record and node._op == record.symbol
            assert [x.data for x in node.inputs] == list(at) and same(node.data, plain)


# ------------------------------------------------------------------ partials
# ------------------------------------------------------------------ partials
@everywhere
def test_every_partial_agrees_with_a_central_difference(record):
    """Independent of mpmath and of the references: at h = eps**(1/3) truncation is h²·f‴/6 and
    rounding eps·f/h, both O(eps**(2/3)) of the larger of value and slope; we allow 60 of that, and
    three times the truncation, which the difference at 2h tells: near a pole f‴ has no bound.
    """
    h = EPS ** (1 / 3)
    for at in points(record):
        near = len(at) > 0 and all(abs(x) <= 2.5 for x in at) and inside_domain(record, at)
        if not near or not math.isfinite(value_of(record, at)):
            continue
        if not smooth(record, at) or any(0.0 < abs(x) < 0.1 for x in at):
            continue  # within h of a kink or of an end
        if any(x - d.low < 0.1 or d.high - x < 0.1 for x, d in zip(at, domain_of(record, at))):
            continue
        if record is ops.clip and not at[1] < at[2]:
            continue
        for slot in range(len(at)):
            want = true_partial(record, slot, at)
            if slot in NOTHING_PASSES.get(record.name, ()) or not isinstance(want, mp.mpf):
                continue
            if not abs(want) < 1e6:  # nan, or within h of a pole
                continue
            ends = []
            for by in (h, -h, 2 * h, -2 * h):
                point = list(at)
                point[slot] += by
                ends.append((point[slot], value_of(record, point)))
            (a, fa), (b, fb), (c, fc), (d, fd) = ends
            difference, wider = (fa - fb) / (a - b), (fc - fd) / (c - d)
            got = partial_of(record, slot, at)
            size = max(1.0, abs(got), abs(value_of(record, at)))
            allowed = 60 * h * h * size + abs(difference - wider)
            assert abs(got - difference) <= allowed, (at, slot, got, difference)


@COUNTS
@everywhere
def test_fast_and_inlined_code_is_the_generic_rule_bit_for_bit(record, count):
    """At every probe and special number, kinks, both zeros, inf and nan included."""
    # Where a library's own function gives the value, only its last bits need agree: test_accuracy.
    library = inspect.isbuiltin((record.fast or (None,))[0]) or record is ops.norm
    own = record.formula is not None and not library
    for at in probes(record, count):
        generic = value_of(record, at)
        with autograd.errstate("ignore"):
            eager = ops.Op.recorder(record, at)
        assert bits(eager) == bits(generic), (at, eager, generic)
        if own:
            assert bits(evaluate(record.formula, *at)) == bits(generic), at
        if not at:
            continue
        for slot, got in enumerate(FLOATS.partials(record, at, generic)):
            if slot < (record.slots or 99) and record.slots and rule_of(record, slot) is NOTHING:
                assert got is None
            else:
                assert bits(float(got)) == bits(evaluate(rule_of(record, slot), *at, generic)), (
                    at,
                    slot,
                )


OPERATORS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "remainder": lambda a, b: a % b,
    "negative": lambda x: -x,
    "abs": abs,
}


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_is_its_record_bit_for_bit(name):
    """On two Values, and with a number on either side: value, operands and gradient."""
    record, operator = TABLE[name], OPERATORS[name]
    for at in points(record, SPECIAL):
        kinds = [(True,)] if record.slots == 1 else [(True, True), (True, False), (False, True)]
        for kind in kinds:
            xs = [Value(x) if is_value else x for x, is_value in zip(at, kind, strict=True)]
            with autograd.errstate("ignore"):
                y = operator(*xs)
            assert y.op is record and all(
                a is b or same(a, b) for a, b in zip(y.inputs, xs, strict=True)
            )
            assert bits(y.data) == bits(value_of(record, at)), at
            y.backward(0.7)
            for slot, x in enumerate(xs):
                if isinstance(x, Value):
                    want = 0.0 + 0.7 * partial_of(record, slot, at)
                    assert same(x.grad, want), (at, slot, x.grad, want)


# ------------------------------------------------------------------ both directions, and again
@COUNTS
@everywhere
def test_forward_and_reverse_give_the_same_number(record, count):
    """At every probe and special number; ties and kinks too. One partial each: no sum."""
    for at in probes(record, count):
        for slot in range(len(at)):

            def of_one(x, at=at, slot=slot):
                return ops.Op.recorder(record, [x if i == slot else v for i, v in enumerate(at)])

            with autograd.errstate("ignore"):
                leaf = Value(at[slot])
                y = of_one(leaf)
                y.backward()
                (derivative,) = autograd.gradients(y, [leaf])
                value, along = autograd.jvp(of_one, (at[slot],), (1.0,))
            assert same(value, y.data)
            assert same(along, leaf.grad) and same(derivative.data, leaf.grad), (
                at,
                slot,
                along,
                leaf.grad,
            )


# ------------------------------------------------------------------ kinks and edges, as in DESIGN
def gradient_at(function, *at):
    leaves = [Value(x) for x in at]
    with autograd.errstate("ignore"):
        y = function(*leaves)
    y.backward()
    return [leaf.grad for leaf in leaves]


INF, NAN = math.inf, math.nan
# DESIGN's table of kinks and edges: the op, where, and the slope of each operand.
CONVENTIONS = [
    ("abs", (0.0,), (0.0,)), ("abs", (-0.0,), (0.0,)), ("relu", (0.0,), (0.0,)),
    ("relu", (-0.0,), (0.0,)), ("leaky_relu", (0.0,), (0.01,)), ("leaky_relu", (-0.0,), (0.01,)),
    ("elu", (0.0,), (1.0,)), ("celu", (0.0,), (1.0,)), ("celu", (-0.0,), (1.0,)),
    ("selu", (0.0,), (1.0507009873554805 * 1.6732632423543772,)),
    ("hardtanh", (1.0,), (0.5,)), ("hardtanh", (-1.0,), (0.5,)), ("relu6", (0.0,), (0.5,)),
    ("relu6", (6.0,), (0.5,)), ("hardswish", (-3.0,), (-0.25,)), ("hardswish", (3.0,), (1.25,)),
    ("clip", (2.0, -1.0, 2.0), (0.5, 0.0, 0.5)), ("clip", (-1.0, -1.0, 2.0), (0.5, 0.5, 0.0)),
    *((name, (x,), (0.0,)) for name in ("sign", "floor", "ceil", "trunc", "round")
      for x in (0.0, -0.0, 0.5, 1.0, -2.0, 2.5, NAN)),
    ("maximum", (1.0, 1.0), (0.5, 0.5)), ("minimum", (0.0, -0.0), (0.5, 0.5)),
    ("hypot", (0.0, 0.0), (0.0, 0.0)), ("hypot", (-0.0, 0.0), (0.0, 0.0)),
    ("arctan2", (0.0, 0.0), (NAN, NAN)), ("arctan2", (-0.0, 0.0), (NAN, NAN)),
    ("remainder", (6.0, 3.0), (1.0, -2.0)), ("remainder", (-6.0, 4.0), (1.0, 2.0)),
    ("max", (2.0, 2.0, 1.0), (0.5, 0.5, 0.0)), ("min", (2.0, 1.0, 1.0, 1.0), (0.0, *[1 / 3] * 3)),
    ("norm", (0.0, 0.0), (0.0, 0.0)), ("std", (1.5, 1.5, 1.5), (0.0, 0.0, 0.0)),
    ("std", (0.1, 0.1, 0.1), (0.0, 0.0, 0.0)), ("prod", (0.0, 5.0, 3.0), (15.0, 0.0, 0.0)),
    ("sinc", (0.0,), (0.0,)), ("sqrt", (0.0,), (INF,)), ("cbrt", (0.0,), (INF,)),
    ("erfinv", (1.0,), (INF,)), ("arcsin", (-1.0,), (INF,)), ("arccos", (1.0,), (-INF,)),
    ("arccosh", (1.0,), (INF,)), ("arctanh", (1.0,), (INF,)), ("log", (0.0,), (INF,)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "at", "slopes"), CONVENTIONS, ids=[f"{name}{at}" for name, at, _ in CONVENTIONS]
)
def test_a_slope_at_a_kink_or_edge_is_the_convention(name, at, slopes):
    """Backward, forward, and as a function of functions."""
    record = TABLE[name]

    def of(*xs):
        return ops.Op.recorder(record, xs)

    assert all(map(same, gradient_at(of, *at), slopes))
    for slot, want in enumerate(slopes):
        along = [float(i == slot) for i in range(len(at))]
        with autograd.errstate("ignore"):
            assert same(autograd.jvp(of, at, along)[1], want)
            assert same(autograd.grad(of, slot)(*at), want)


ALL_NAN, FLAT = [[NAN, NAN], [NAN, NAN]], [[0.0, 0.0], [0.0, 0.0]]
# The second derivatives there: of the side whose slope is taken, nan where that lies between two.
CURVATURES = [
    ("abs", (0.0,), [[NAN]]), ("abs", (-0.0,), [[NAN]]), ("relu", (0.0,), [[0.0]]),
    ("leaky_relu", (0.0,), [[0.0]]), ("elu", (0.0,), [[1.0]]), ("celu", (-0.0,), [[1.0]]),
    ("selu", (0.0,), [[1.0507009873554805 * 1.6732632423543772]]),
    ("hardtanh", (1.0,), [[NAN]]), ("hardtanh", (-1.0,), [[NAN]]), ("relu6", (0.0,), [[NAN]]),
    ("relu6", (6.0,), [[NAN]]), ("hardswish", (-3.0,), [[NAN]]), ("hardswish", (3.0,), [[NAN]]),
    ("softsign", (0.0,), [[NAN]]), ("softsign", (-0.0,), [[NAN]]),
    *((name, (x,), [[0.0]]) for name in ("sign", "floor", "ceil", "trunc", "round")
      for x in (0.0, 0.5, 1.0, -2.0)),
    *((name, (2.0, 2.0), FLAT) for name in ("equal", "not_equal", "greater", "greater_equal",
                                            "less", "less_equal")),
    ("maximum", (1.0, 1.0), ALL_NAN), ("minimum", (0.0, -0.0), ALL_NAN),
    ("maximum", (INF, INF), ALL_NAN), ("hypot", (0.0, 0.0), ALL_NAN),
    ("clip", (2.0, -1.0, 2.0), [[NAN, 0.0, NAN], [0.0, 0.0, 0.0], [NAN, 0.0, NAN]]),
    ("clip", (-1.0, -1.0, 2.0), [[NAN, NAN, 0.0], [NAN, NAN, 0.0], [0.0, 0.0, 0.0]]),
    ("max", (2.0, 2.0, 1.0), [[NAN, NAN, 0.0], [NAN, NAN, 0.0], [0.0, 0.0, 0.0]]),
    ("min", (2.0, 1.0, 1.0), [[0.0, 0.0, 0.0], [0.0, NAN, NAN], [0.0, NAN, NAN]]),
    ("norm", (0.0, 0.0), ALL_NAN), ("std", (1.5, 1.5), ALL_NAN),
    ("remainder", (6.0, 3.0), FLAT), ("arctan2", (0.0, -2.0), [[0.0, -0.25], [-0.25, 0.0]]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "at", "want"), CURVATURES, ids=[f"{name}{at}" for name, at, _ in CURVATURES]
)
def test_a_second_derivative_at_a_kink_is_that_sides_or_nan_never_a_silent_0(name, at, want):
    """By reverse over reverse and by forward over reverse, the third being no better known."""
    record = TABLE[name]

    def of(*xs):
        return ops.Op.recorder(record, xs)

    with autograd.errstate("ignore"):
        rows = autograd.hessian(lambda xs: of(*xs))(list(at))
        for i, row in enumerate(want):
            along = [autograd.jvp(autograd.grad(of, i), at, [float(j == k) for k in range(len(at))])
                     for j in range(len(at))]  # fmt: skip
            assert all(map(same, rows[i], row)), rows
            assert all(same(slope, x) for (_, slope), x in zip(along, row, strict=True)), along
        if len(at) == 1 and math.isnan(want[0][0]):
            assert math.isnan(autograd.grad(autograd.hessian(of))(*at))


def test_every_kink_has_its_second_derivative_stated():
    """And the conventions beside it: a record that states a kink is in both lists."""
    kinked = {record.name for record in RECORDS if record.kink is not None}
    assert kinked <= {name for name, *_ in CURVATURES}


@pytest.mark.parametrize("f", [
    lambda p: autograd.norm(p) ** 2, lambda p: autograd.std(p) ** 2, lambda p: abs(p[0]) ** 2,
    lambda p: autograd.hypot(*p) ** 2, lambda p: autograd.maximum(*p) ** 2,
])  # fmt: skip
def test_what_is_built_on_a_kink_has_no_silent_0_either(f):
    """Some are smooth in mathematics, and we do not know it: nan."""
    assert math.isnan(autograd.hessian(f)([0.0, 0.0])[0][0])


def of_order(f, order):
    for _ in range(order):
        f = autograd.grad(f)
    return f


@pytest.mark.parametrize("order", (1, 2, 3, 4))
def test_a_root_and_the_power_half_have_the_same_derivatives_at_0(order):
    """x**½, as sqrt: inf, -inf, inf, -inf, as on its right side."""
    want = math.inf if order % 2 else -math.inf
    with autograd.errstate("ignore"):
        for zero in (0.0, -0.0):
            assert of_order(autograd.sqrt, order)(zero) == want
            assert of_order(lambda x: x**0.5, order)(zero) == want


@pytest.mark.parametrize("at", (0.0, -0.0, 1e-300, -1.5, 4.0, -1e200))
def test_a_power_has_its_derivatives_of_any_order(at):
    """n! x^(m-n) / …, worked by hand: and exactly 0 beyond a whole power's degree."""
    with autograd.errstate("ignore"):
        for n in (0, 1, 2, 3):
            assert of_order(lambda x, n=n: x ** float(n), n)(at) == math.factorial(n) or n == 0
            for beyond in (1, 2, 3):
                assert of_order(lambda x, n=n: x**n, n + beyond)(at) == 0.0
        if at == 0.0:
            found = [of_order(lambda x: x**1.5, order)(at) for order in (1, 2, 3, 4)]
            assert found == [0.0, INF, -INF, INF]


# ------------------------------------------------------------------ overflow
@pytest.mark.parametrize(
    "f", [
        lambda x: autograd.log(autograd.exp(x)), lambda x: autograd.log(autograd.square(x)),
        lambda x: autograd.log2(x * x), lambda x: autograd.log10(x * x),
        lambda x: autograd.log1p(x * x), lambda x: autograd.sqrt(x * x), lambda x: (x * x) ** 0.3,
        lambda x: autograd.cbrt(x * x), lambda x: autograd.arcsinh(x * x),
        lambda x: autograd.arccosh(x * x), lambda x: autograd.digamma(x * x),
        lambda x: autograd.logaddexp(x * x, x * x), lambda x: autograd.hypot(1.0, x * x),
        lambda x: autograd.norm([x * x, 1.0]), lambda x: (x * x) ** -0.3,
    ],
)  # fmt: skip
def test_a_slope_through_what_overflowed_is_nan_and_no_silent_0(f):
    """x² of 1e200 is no float: the slope of its logarithm, 2e-200, cannot be known."""
    with autograd.errstate("ignore"):
        for x in (800.0, 1e200)[f(800.0) < INF :]:
            assert math.isnan(autograd.grad(f)(x)) and math.isnan(autograd.jvp(f, (x,), (1.0,))[1])
            (grad,) = gradient_at(f, x)
            assert math.isnan(grad)


@pytest.mark.parametrize("name", "tanh sigmoid arctan erf erfc log_sigmoid softsign".split())
def test_a_slope_at_infinity_is_0_where_the_function_has_a_limit(name):
    assert gradient_at(TABLE[name], INF) == [0.0]


# Where a value overflows and the slope does not, or is about to: the last floats before it.
EDGES = [
    ("exp", 709.782712893384, True), ("exp", 709.7827128933841, False),
    ("expm1", 709.782712893384, True), ("exp2", 1023.9999999999999, True),
    ("exp2", 1024.0, True), ("exp2", 1024.5, True), ("exp2", 1024.53, False),
    ("sinh", 710.4758600739439, True), ("cosh", -710.4758600739439, True),
    ("square", 1.3407807929942596e154, True), ("square", 1e200, True),
    ("reciprocal", 6e-309, False), ("lgamma", 2.5e305, True), ("lgamma", 1e307, True),
]  # fmt: skip


@pytest.mark.parametrize(("name", "x", "representable"), EDGES)
def test_a_slope_is_right_wherever_a_float_can_hold_it(name, x, representable):
    """In both back ends too: mathematics' number within 1e-12, or inf."""
    record = TABLE[name]
    want = SLOPES[name][0](mp.mpf(x))
    assert (abs(want) < LARGEST) == representable
    found = gradient_at(record, x)
    for backend in ("numpy", "llvm"):
        if backend == "numpy" or importlib.util.find_spec("llvmlite"):
            program = autograd.compile(lambda x: record(x), backend=backend)
            found.append(float(program.value_and_grad(x)[1][0]))
    for got in found:
        assert got == pytest.approx(float(want), rel=1e-12) if representable else math.isinf(got)


@pytest.mark.parametrize(
    "name", """relu abs leaky_relu elu selu celu hardtanh relu6 hardswish gelu silu mish softsign
    maximum minimum clip hypot arctan2 logaddexp""".split(),
)  # fmt: skip
def test_a_slope_at_nan_is_nan(name):
    """Through a kink too, whose comparisons with nan are all false."""
    record = TABLE[name]
    assert all(map(math.isnan, gradient_at(record, *[math.nan] * record.slots)))


@pytest.mark.parametrize("name", ("maximum", "minimum"))
@pytest.mark.parametrize(
    "tie", ((1.0, 1.0), (0.0, -0.0), (math.inf, math.inf), (-math.inf, -math.inf))
)
def test_a_tie_is_shared_in_halves(name, tie):
    assert gradient_at(TABLE[name], *tie) == [0.5, 0.5]
    x = Value(tie[0])
    TABLE[name](x, x).backward()
    assert x.grad == 1.0, "both halves come back to one node"


@pytest.mark.parametrize("name", ("maximum", "minimum"))
def test_one_nan_operand_makes_the_result_nan_on_either_side(name):
    for at in ((math.nan, 1.0), (1.0, math.nan)):
        assert math.isnan(TABLE[name](*at))


@pytest.mark.parametrize("zero", (0, 0.0, -0.0))
@pytest.mark.parametrize("base", (0.0, -0.0, 2.0, -2.0))
def test_the_power_0_is_1_with_slope_0(zero, base):
    x = Value(base)
    y = x**zero
    y.backward()
    assert y.data == 1.0 and x.grad == 0.0
    assert gradient_at(lambda a, b: a**b, base, float(zero))[0] == 0.0


@pytest.mark.parametrize(("base", "exponent", "want"), [
    (0.0, 2.0, 0.0), (0.0, 0.0, 0.0), (-0.0, 0.5, 0.0), (0.0, -1.0, -math.inf),
    (-2.0, 3.0, math.nan), (-8.0, 0.5, math.nan), (2.0, 3.0, 8.0 * math.log(2.0)),
])  # fmt: skip
def test_the_exponents_slot_follows_its_convention(base, exponent, want):
    assert same(gradient_at(lambda a, b: a**b, base, exponent)[1], want)


def test_whole_powers_of_negative_bases_have_their_slopes():
    """n·x^(n-1): and 0 at 0 from n = 2 on, 1 for n = 1."""
    for n in (-3, -2, -1, 1, 2, 3, 4.0, 5):
        (got,) = gradient_at(lambda x, n=n: x**n, -2.0)
        assert got == pytest.approx(n * (-2.0) ** (n - 1), rel=1e-15)
    assert gradient_at(lambda x: x**1, 0.0) == [1.0]
    assert gradient_at(lambda x: x**2, 0.0) == gradient_at(lambda x: x**3, -0.0) == [0.0]


def test_an_exponent_that_does_not_record_is_never_asked_for_its_slope():
    """log(-2) is not formed: a rule that would raise is not run."""
    frozen = Value(3.0, requires_grad=False)
    x = Value(-2.0)
    (x**frozen).backward()
    assert x.grad == 12.0 and frozen.grad == 0.0


def test_sqrt_and_log_at_0_have_infinite_slopes():
    assert gradient_at(autograd.sqrt, 0.0) == gradient_at(autograd.log, 0.0) == [math.inf]
    assert gradient_at(autograd.sqrt, -0.0) == [math.inf], "sqrt(-0) is -0, its slope is not -inf"
    assert autograd.jvp(autograd.sqrt, (-0.0,), (1.0,))[1] == math.inf
    assert autograd.hessian(autograd.sqrt)(0.0) == -math.inf


def test_comparisons_pass_nothing_at_their_step_too():
    for name in ("equal", "greater", "greater_equal"):
        for at in ((1.0, 1.0), (1.0, 2.0), (2.0, 1.0), (math.nan, 1.0)):
            assert gradient_at(lambda a, b, name=name: TABLE[name](a, b) * 3.0, *at) == [0.0, 0.0]


@pytest.mark.parametrize(("condition", "taken"), [
    (True, 0), (False, 1), (1.0, 0), (0.0, 1), (-0.0, 1), (math.nan, 0), (-3, 0), (Value(0.0), 1),
])  # fmt: skip
def test_where_takes_the_branch_of_its_condition(condition, taken):
    a, b = Value(2.0), Value(3.0)
    y = autograd.where(condition, a, b)
    y.backward()
    assert y.data == (2.0, 3.0)[taken] and [a.grad, b.grad] == [1.0 - taken, float(taken)]


def test_where_keeps_a_branch_not_taken_out_of_every_derivative():
    """Though that branch is nan, its slope inf: reverse, forward, and the second order."""

    def guarded(x):
        return autograd.where(x > 0, autograd.log(x), 0.0)

    def rooted(x):
        return autograd.where(x > 0, autograd.sqrt(x) * x, x * x)

    with autograd.errstate("ignore"):
        for at in (0.0, -1.0):
            assert gradient_at(guarded, at) == [0.0]
            assert autograd.jvp(guarded, (at,), (1.0,))[1] == 0.0
            assert autograd.grad(guarded)(at) == 0.0
            assert autograd.hessian(rooted)(at) == 2.0


# ------------------------------------------------------------------ the chain rule's product
SELECTING = [record for record in TABLE.values() if record.selects]
INNER = {  # slopes: inf, nan, and inf again, at a number at which the outer op does not choose it
    "log": (lambda x: autograd.log(x), 0.0), "sqrt": (lambda x: autograd.sqrt(x), -1.0),
    "arccos": (lambda x: autograd.arccos(x), 1.0),
}  # fmt: skip


def slopes_every_way(f, *at):
    """Slopes by backward, steps, grad, jvp, both back ends: way -> list."""
    leaves = [Value(x) for x in at]
    root = f(*leaves)
    root.backward()
    found = {"backward": [x.grad for x in leaves]}
    totals = {id(c.input): c.total for s in autograd.backward_steps(root) for c in s.contributions}
    found["steps"] = [totals.get(id(x), 0.0) for x in leaves]
    found["grad"] = list(autograd.grad(f, tuple(range(len(at))))(*at))
    units = [tuple(float(i == k) for k in range(len(at))) for i in range(len(at))]
    found["jvp"] = [autograd.jvp(f, at, unit)[1] for unit in units]
    for backend in ("numpy", "llvm"):
        program = autograd.compile(f, backend)
        found[backend] = [
            float(x[0]) for x in program.value_and_grad(*[np.array([x]) for x in at])[1]
        ]
        forwards = [
            autograd.compile(lambda *xs, u=unit: autograd.jvp(f, xs, u)[1], backend)
            for unit in units
        ]
        found[f"jvp, {backend}"] = [float(p(*[np.array([x]) for x in at])[0]) for p in forwards]
    return found


def test_the_ops_that_select_say_so():
    assert {record.name for record in SELECTING} == {
        "where", "relu", "relu6", "leaky_relu", "maximum", "minimum", "max", "min", "clip",
        "hardtanh",
    }  # fmt: skip


@pytest.mark.parametrize("outer", ["sqrt", "log", "reciprocal", "arccos"])
@pytest.mark.parametrize("record", SELECTING, ids=lambda record: record.name)
def test_what_is_not_chosen_gets_nothing_whatever_the_upstream(record, outer):
    """The op gives 0 (arccos: 1), where the outer slope is infinite; a is not chosen."""
    edge = {"arccos": 1.0}.get(outer, 0.0)
    shapes = {
        "where": (lambda a, b: ops.where(a > 100.0, a, b), (5.0, edge)),
        "relu": (lambda a, b: ops.relu(a) + b, (-5.0, edge)),
        "relu6": (lambda a, b: ops.relu6(a) + b, (-5.0, edge)),
        "leaky_relu": (lambda a, b: ops.leaky_relu(a, slope=0.0) + b, (-5.0, edge)),
        "maximum": (ops.maximum, (-5.0, edge)), "minimum": (ops.minimum, (5.0, edge)),
        "max": (lambda a, b: ops.max([a, b, a]), (-5.0, edge)),
        "min": (lambda a, b: ops.min([a, b, a]), (5.0, edge)),
        "clip": (lambda a, b: ops.clip(a, edge - 1.0, edge) + 0.0 * b, (7.0, 1.0)),
        "hardtanh": (lambda a, b: ops.hardtanh(a) - 1.0 + b, (7.0, edge)),
    }  # fmt: skip
    chosen, at = shapes[record.name]
    with autograd.errstate("ignore"):
        for way, slopes in slopes_every_way(lambda a, b: TABLE[outer](chosen(a, b)), *at).items():
            assert slopes[0] == 0.0, way


@pytest.mark.parametrize("inner", INNER)
def test_a_branch_not_taken_passes_nothing_on_however_steep_it_is(inner):
    steep, at = INNER[inner]
    with autograd.errstate("ignore"):
        for way, (slope,) in slopes_every_way(
            lambda x: ops.where(x > 100.0, steep(x) * x, 3.0 * x), at
        ).items():
            assert slope == 3.0, way
        for way, (slope,) in slopes_every_way(
            lambda x: ops.relu(ops.where(x > 100.0, steep(x), -1.0)) + ops.minimum(x, 1e9), at
        ).items():
            assert slope == 1.0, way


def test_elsewhere_the_chain_rules_product_is_ieees():
    """0 × inf of a product is nan: nobody knows."""
    with autograd.errstate("ignore"):
        unknown = (
            lambda x: ops.sqrt(x) ** 2, lambda x: ops.sqrt(x * x), lambda x: ops.log(x) * 0.0,
        )  # fmt: skip
        for f in unknown:
            for way, (slope,) in slopes_every_way(f, 0.0).items():
                assert math.isnan(slope), way
        for way, (slope,) in slopes_every_way(
            lambda x: ops.where(x >= 0.0, ops.sqrt(x) ** 2, 1.0), 0.0
        ).items():
            assert math.isnan(slope), way


# ------------------------------------------------------------------ saturation
@pytest.mark.parametrize("name", [
    "log", "log2", "log10", "log1p", "arctanh", "logit", "sqrt", "arcsin", "arccos", "arccosh",
    "erfinv",
])  # fmt: skip
def test_outside_of_its_domain_an_op_has_no_slope_of_any_order(name):
    for at in (-3.3, -1e300):
        with autograd.errstate("ignore"):
            for way, (slope,) in slopes_every_way(TABLE[name], at).items():
                assert math.isnan(slope), way
            assert math.isnan(autograd.grad(autograd.grad(TABLE[name]))(at))


@pytest.mark.parametrize("name", ("sigmoid", "tanh", "softplus"))
@pytest.mark.parametrize("at", (-1e308, -1000.0, -745.2, 745.2, 1000.0, 1e308))
def test_saturated_functions_stay_finite_and_right(name, at):
    """And silent: warnings are errors here. Beyond ±745 the slopes round to 0 or 1."""
    x = Value(at)
    y = TABLE[name](x)
    y.backward()
    limits = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "softplus": (0.0, at)}
    slopes = {"sigmoid": (0.0, 0.0), "tanh": (0.0, 0.0), "softplus": (0.0, 1.0)}
    assert y.data == pytest.approx(limits[name][at > 0], abs=1e-300, rel=1e-15)
    assert x.grad == pytest.approx(slopes[name][at > 0], abs=1e-300)


# ------------------------------------------------------------------ sums of many
def test_sum_and_dot_add_from_left_to_right_as_a_loop_does():
    """Python 3.12's own sum compensates; ours gives 0.0 here on every version."""
    terms = (1e16, 1.0, -1e16)
    assert autograd.sum(terms) == 0.0
    assert autograd.dot(terms, (1.0, 1.0, 1.0)) == 0.0
    assert struct.pack("<d", autograd.sum([-0.0, -0.0])) == struct.pack("<d", -0.0 + -0.0)


def test_a_value_in_several_slots_receives_from_each():
    v = Value(3.0)
    autograd.dot([v, v, 2.0], [v, 2.0, v]).backward()
    assert v.grad == 3.0 + 3.0 + 2.0 + 2.0
    v.zero_grad()
    autograd.sum([v, v, v, 1.0]).backward()
    assert v.grad == 3.0


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: autograd.dot([1.0, 2.0, 3.0], [1.0, 2.0]), ValueError, "dot.*3.*2.*pad or slice"),
    (lambda: autograd.dot([1.0]), TypeError, "dot: 2 sequences.*got 1"),
    (lambda: autograd.dot(1.0, 2.0), TypeError, "dot: a sequence.*got float; use"),
    (lambda: autograd.sum(Value(1.0)), TypeError, "sum: a sequence.*got Value; use"),
    (lambda: autograd.sum([1.0], [2.0]), TypeError, "sum.*1 sequence"),
    (lambda: autograd.exp(), TypeError, "exp: 1 operand.*got 0"),
    (lambda: autograd.maximum(1.0), TypeError, "maximum: 2 operand.*got 1"),
    (lambda: autograd.where(1.0, 2.0), TypeError, "where: 3 operand.*got 2"),
])  # fmt: skip
def test_a_wrong_call_says_what_was_required_and_got(call, error, words):
    with pytest.raises(error, match=words):
        call()
