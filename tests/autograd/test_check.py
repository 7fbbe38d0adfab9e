"""gradcheck: right rules pass, and every planted wrong one is caught."""

import math
import warnings

import pytest

import autograd
from autograd import GradientError, Value, gradcheck
from autograd.ieee import FLOATS
from autograd.op import REALS, derived, primitive
from tests.autograd.cases import NOTHING_PASSES, RECORDS, points, rule_of, smooth

every = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)


def regular(record):
    """Probes where a finite difference can tell: neither at a kink nor outside, and moderate."""
    for at in points(record):
        if (
            not at
            or not smooth(record, at)
            or not all(x == 0.0 or 1e-9 <= abs(x) <= 30.0 for x in at)
        ):
            continue
        if record.name in NOTHING_PASSES or (record.name == "softsign" and at == (0.0,)):
            continue  # softsign's second derivative jumps at 0: a difference is off by its step
        if not steps_over(record, at):
            yield at


def steps_over(record, at):
    """Whether a pole or a jump lies within a difference's step of 1e-3 of the operand."""
    moves = [
        tuple(x + sign * 1e-3 * max(1.0, abs(x)) if i == slot else x for i, x in enumerate(at))
        for slot in range(len(at)) for sign in (0, 1, -1)
    ]  # fmt: skip
    first, *values = [FLOATS.run(record, *move) for move in moves]
    reach = 0.1 * max(1.0, abs(first))
    return reach == math.inf or not all(abs(value - first) <= reach for value in values)


def called(record):
    return lambda *xs: autograd.op.Op.recorder(record, xs)


@every
def test_every_op_passes_at_its_probes(record):
    for at in list(regular(record))[::5]:
        gradcheck(called(record), at)


@every
def test_every_op_passes_to_second_order(record):
    for at in [at for at in regular(record) if all(0.2 < abs(x) <= 2.5 for x in at)][::7]:
        gradcheck(called(record), at, order=2)


MUTANTS = {
    "sign": lambda rule: lambda m, *at: -rule(m, *at),
    "factor": lambda rule: lambda m, *at: 1.01 * rule(m, *at),
    "constant": lambda rule: lambda m, *at: rule(m, *at) + 0.01,
    "zero": lambda rule: lambda m, *at: 0.0,
}


@pytest.mark.parametrize("mutant", MUTANTS)
@every
def test_a_wrong_partial_of_any_op_is_caught(record, mutant):
    """Each slot's rule in turn is replaced in a copy of the record."""
    if record.slots is None or record.name in NOTHING_PASSES:
        return
    caught = total = 0
    for slot in range(record.slots):
        rules = [rule_of(record, i) for i in range(record.slots)]
        rules[slot] = MUTANTS[mutant](rules[slot])
        wrong = primitive(
            "wrong", domain=record.domain, partials=tuple(rules),
            floats=record.fast[0] if record.fast else
            lambda *at: autograd.ieee.FLOATS.run(record, *at),
        )  # fmt: skip
        at = next(at for at in regular(record) if all(0.2 < abs(x) <= 2.5 for x in at))
        exact = autograd.ieee.evaluate(rule_of(record, slot), *at, wrong(*at))
        if exact == 0.0 and mutant != "constant":
            continue  # comparisons: minus nothing is nothing
        total += 1
        with pytest.raises(GradientError, match=f"input {slot} at"):
            gradcheck(wrong, at)
        caught += 1
    assert caught == total


@pytest.mark.parametrize("wrong", [
    pytest.param(lambda a: a * a.detach(), id="a term that is missing"),
    pytest.param(lambda a: Value(a.data * a.data), id="no path at all"),
    pytest.param(lambda a: Value(math.sin(a.data)) + a, id="a part by math"),
    pytest.param(primitive("swapped", domain=(REALS, REALS), floats=lambda a, b: a / b,
                           partials=(lambda m, a, b, y: -y / b, lambda m, a, b, y: 1.0 / b)),
                 id="swapped slots"),
    pytest.param(derived("expanded", domain=REALS, formula=lambda m, x: m.sin(x),
                         partials=(lambda m, x, y: m.sin(x),)),
                 id="a given partial beside a right formula"),
    pytest.param(primitive("nan", domain=REALS, floats=lambda x: x * x,
                           partials=(lambda m, x, y: math.nan,)), id="nan"),
])  # fmt: skip
def test_a_wrong_function_is_caught(wrong):
    count = wrong.slots if hasattr(wrong, "slots") else 1
    with warnings.catch_warnings(), pytest.raises(GradientError):
        warnings.simplefilter("ignore")  # a slope of 0 for want of any path is warned of as well
        gradcheck(wrong, [1.5, 0.7][:count])


def test_a_wrong_second_derivative_behind_a_right_first_is_caught():
    """The slope is right as a number but detached from what it depends on."""
    half = primitive(
        "half", domain=REALS, floats=lambda x: x * x * x,
        partials=(lambda m, x, y: m.stop_gradient(3.0 * x * x),),
    )  # fmt: skip
    gradcheck(half, [1.3])
    with pytest.raises(GradientError, match="d input 0"):
        gradcheck(half, [1.3], order=2)


def test_the_error_names_input_place_expected_got_and_direction():
    with pytest.raises(GradientError) as caught:
        gradcheck(lambda a, b: a * b.detach(), [2.0, 1.5])
    text = str(caught.value)
    for words in (
        "gradcheck: d <lambda> / d input 1 at 1.5",
        "must be 2.0",
        "got 0.0 (backward)",
        "detach()",
    ):
        assert words.replace("must be 2.0", "must be ") in text
    expected = float(text.split("must be ")[1].split()[0])
    assert expected == pytest.approx(2.0, rel=1e-9)


@pytest.mark.parametrize(("f", "at"), [
    (autograd.log, 1e-6), (autograd.sqrt, 1e-4), (autograd.log1p, -0.999),
    (lambda x: 1.0 / x, 1e-3),
    (lambda x: x**2.5, 1e-3), (autograd.log, 1e8), (autograd.cos, 1e-9), (autograd.sin, 1e-9),
    (autograd.exp, -30.0), (lambda x: x * 1e-12 + 1.0, 1e6),
    (lambda x: autograd.tanh(100.0 * x), 0.0),
    (autograd.square, 0.0), (lambda x: x * 0.0, 3.0), (lambda x: 3.0, 1.0),
])  # fmt: skip
def test_the_step_suits_the_function_and_the_place(f, at):
    """Near an end of a domain, far out, at 0, on a plateau: right rules pass, and nothing warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gradcheck(f, [at])


def test_a_small_slope_beside_a_large_value_is_still_looked_at():
    """Rounding of 1 may hide 1e-12 of slope, not 1e-4."""
    with pytest.raises(GradientError):
        gradcheck(lambda x: x.detach() * 1e-4 + 1.0, [0.5])
    with pytest.raises(GradientError):  # of the steps, the one with the least rounding is taken
        gradcheck(lambda x: autograd.cos(x.detach()) + 0.0 * x, [1e-6])


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: gradcheck(autograd.exp, [1.0], order=3), ValueError, "order must be 1 or 2, got 3"),
    (lambda: gradcheck(autograd.exp, 1.0), TypeError, r"must be a list.*got 1.0; use \[x\]"),
    (lambda: gradcheck(autograd.exp, []), TypeError, "inputs must be a list"),
    (lambda: gradcheck(autograd.exp, ["1"]), TypeError, "one real number"),
    (lambda: gradcheck(lambda x: None, [1.0]), TypeError, "must return one number"),
])  # fmt: skip
def test_wrong_arguments_are_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_values_are_taken_as_inputs_and_not_written_to():
    x = Value(0.5)
    gradcheck(autograd.tanh, [x], order=2)
    assert not x.has_grad
    with autograd.no_grad():
        gradcheck(autograd.tanh, (0.5,))
