"""gradcheck: right rules pass, and every planted wrong one is caught."""

import math
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import GradientError, Value, gradcheck
from autograd.ieee import FLOATS
from autograd.op import REALS, derived, primitive
from tests.autograd.cases import NOTHING_PASSES, RECORDS, points, rule_of, smooth

every = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)


def regular(record):
    """Probes that are no kink, that no step of 1e-9 takes over one, and moderate."""
    for at in points(record):
        if (
            not at
            or not smooth(record, at)
            or not all(x == 0.0 or 1e-9 <= abs(x) <= 30.0 for x in at)
            or record.name in NOTHING_PASSES
        ):
            continue
        if not steps_over(record, at):
            yield at


def steps_over(record, at, part=1e-9):
    """Whether a pole or a jump lies within so small a part of the operand."""
    moves = [
        tuple(x + sign * part * max(1.0, abs(x)) if i == slot else x for i, x in enumerate(at))
        for slot in range(len(at)) for sign in (0, 1, -1)
    ]  # fmt: skip
    first, *values = [FLOATS.run(record, *move) for move in moves]
    reach = 0.1 * abs(first) + 1e-6
    return reach == math.inf or not all(abs(value - first) <= reach for value in values)


def called(record):
    return lambda *xs: autograd.op.Op.recorder(record, xs)


def verdict(f, at, order=1):
    """ "right", "wrong", or "cannot tell" """
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            gradcheck(f, at, order=order)
        except GradientError:
            return "wrong"
    return "cannot tell" if any("too coarse to tell" in str(w.message) for w in seen) else "right"


@every
def test_every_op_passes_at_its_probes(record):
    for at in list(regular(record))[::5]:
        assert verdict(called(record), at) != "wrong", at
        if all(0.2 < abs(x) <= 2.5 for x in at):
            gradcheck(called(record), at)


@every
def test_every_op_passes_to_second_order(record):
    for at in [at for at in regular(record) if all(0.2 < abs(x) <= 2.5 for x in at)][::7]:
        assert verdict(called(record), at, order=2) != "wrong", at


MUTANTS = {
    "sign": lambda rule: lambda m, *at: -rule(m, *at),
    "factor": lambda rule: lambda m, *at: 1.01 * rule(m, *at),
    "constant": lambda rule: lambda m, *at: rule(m, *at) + 0.01,
    "zero": lambda rule: lambda m, *at: 0.0,
}


@pytest.mark.parametrize("mutant", MUTANTS)
def mutant_of(record, slot, mutate):
    """A copy of the record in which one slot's rule is another."""
    rules = [rule_of(record, i) for i in range(record.slots)]
    rules[slot] = mutate(rules[slot])
    return primitive(
        "wrong", domain=record.domain, partials=tuple(rules),
        floats=record.fast[0] if record.fast else lambda *at: FLOATS.run(record, *at),
    )  # fmt: skip


@pytest.mark.parametrize("mutant", MUTANTS)
@every
def test_a_wrong_partial_of_any_op_is_caught(record, mutant):
    """Each slot's rule in turn is replaced in a copy of the record."""
    if record.slots is None or record.name in NOTHING_PASSES:
        return
    for slot in range(record.slots):
        wrong = mutant_of(record, slot, MUTANTS[mutant])
        at = next(at for at in regular(record) if all(0.2 < abs(x) <= 2.5 for x in at))
        exact = autograd.ieee.evaluate(rule_of(record, slot), *at, wrong(*at))
        if exact == 0.0 and mutant != "constant":
            continue  # comparisons: minus nothing is nothing
        with pytest.raises(GradientError, match=f"input {slot} at"):
            gradcheck(wrong, at)


def near_a_kink(record, at):
    """Whether value or slopes move more within a billionth of the operands than the slopes say."""

    def seen(slot, move):
        moved = [x + move * max(1.0, abs(x)) if i == slot else x for i, x in enumerate(at)]
        y = FLOATS.run(record, *moved)
        rules = [rule_of(record, i) for i in range(record.slots)]
        return y, [autograd.ieee.evaluate(rule, *moved, y) for rule in rules]

    y, slopes = seen(0, 0.0)
    for slot in range(record.slots):
        for move in (1e-9, -1e-9, 4e-10, -3e-10):
            there, others = seen(slot, move)
            said = abs(move * slopes[slot]) * max(1.0, abs(at[slot]))
            if not abs(there - y) <= 2.0 * said + 1e-14 * abs(y):
                return True
            if not all(abs(b - a) <= 1e-3 * abs(a) + 1e-12 for a, b in zip(slopes, others)):
                return True
    return False


SIZES = st.builds(
    lambda sign, digits, power: sign * digits * 10.0**power,
    st.sampled_from([1.0, -1.0]), st.floats(1.0, 9.99), st.integers(-12, 9),
)  # fmt: skip
ORDINARY = st.one_of(st.floats(0.1, 3.0), st.floats(-3.0, -0.1), SIZES)
TOLD = [r for r in RECORDS if r.slots is not None and r.name not in NOTHING_PASSES]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TOLD), st.lists(ORDINARY, min_size=3, max_size=3), st.data())
def test_no_right_slope_is_accused_and_none_that_is_1e_4_off_passes(record, at, data):
    """A pass without a warning promises 1e-4; 1.0002 leaves room for its own tolerance of 1e-6.

    Of a slope so small that f is flat beside it the promise is another.
    """
    at = tuple(at[: record.slots])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y = FLOATS.run(record, *at)
        if not (math.isfinite(y) and smooth(record, at)) or near_a_kink(record, at):
            return
        told = verdict(called(record), at)
        assert told != "wrong"
        slot = data.draw(st.integers(0, record.slots - 1))
        slope = autograd.ieee.evaluate(rule_of(record, slot), *at, y)
        if told == "right" and abs(slope) > 1e-3 * abs(y) / max(1.0, abs(at[slot])):
            wrong = mutant_of(record, slot, lambda rule: lambda m, *xs: 1.0002 * rule(m, *xs))
            assert verdict(wrong, at) == "wrong"


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
    # far out, where f bends as fast as near 0
    (autograd.sin, 100000.3), (autograd.sin, 1e13 + 0.3), (lambda x: x % 1.0, 1000.3),
    (lambda x: x % 1.0, 1e13 + 0.3), (lambda x: autograd.tanh(x - 1e6), 1e6 + 0.3),
    (lambda x: autograd.exp(-((x - 1000.0) ** 2)), 1001.0), (autograd.floor, 1e8 + 0.3),
    # far out, where it bends the less
    (autograd.log, 1e12), (autograd.log, 1e300), (lambda x: 1.0 / x, 1e150),
    # near an end, a kink, a jump, a pole
    (autograd.sqrt, 1e-12), (autograd.arcsin, 1.0 - 1e-12), (autograd.arccos, 1e-7 - 1.0),
    (autograd.log, 1e-300), (autograd.relu, 1e-8), (abs, 1e-300), (autograd.tan, 1.5707),
    (autograd.lgamma, -5.0001), (autograd.erfinv, 1.0 - 1e-10),
    # steep, flat, huge, tiny
    (lambda x: autograd.sin(1e9 * x), 1.0), (lambda x: autograd.tanh(1e20 * x), 0.0),
    (lambda x: 1e200 * autograd.sin(x), 1.0), (lambda x: 1e-310 * autograd.sin(x), 1.0),
    (lambda x: autograd.exp(-1.0 / x), 0.01), (autograd.tanh, 20.0), (autograd.sigmoid, -40.0),
    (lambda x: x * x - 2000.0 * x, 1000.0),
    # rounded in parts that are larger than f
    (lambda x: (x + 1e8) - 1e8, 0.3), (lambda x: autograd.exp(x) - 1.0, 1e-9),
    (lambda x: 1.0 - autograd.cos(x), 1e-4), (autograd.lgamma, 1.0 + 1e-9),
    (primitive("naive", domain=REALS, floats=lambda x: math.exp(x) - 1.0,
               partials=(lambda m, x, y: m.exp(x),)), 1e-12),
])  # fmt: skip
def test_the_step_suits_the_function_and_the_place(f, at):
    """Near an end of a domain, far out, at 0, on a plateau: right rules pass, and nothing warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gradcheck(f, [at])


def test_inputs_of_very_different_sizes_pass_each_with_a_step_of_its_own():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gradcheck(lambda a, b, c: a * b + autograd.sin(c), [1e12, 1e-12, 1.0], order=2)
        gradcheck(lambda a, b: autograd.norm([a, b]), [1e-5, 1e5])
        gradcheck(lambda a, b: a + b * b, [1e8, 1.5], order=2)


@pytest.mark.parametrize("x", [0.3, 1e-9, 100000.3, 1e9 + 0.3])
@pytest.mark.parametrize("factor", [1.001, 1.0001, 1.00001])
def test_a_slope_that_is_a_little_off_is_caught_wherever_it_is(x, factor):
    wrong = primitive("wrong", domain=REALS, floats=math.sin,
                      partials=(lambda m, x, y: factor * m.cos(x),))  # fmt: skip
    with pytest.raises(GradientError, match=r"must be .* \(central differences, ± "):
        gradcheck(wrong, [x])


@pytest.mark.parametrize("x", [1.3, 1000.3, 100000.3])
def test_a_slope_straight_through_a_step_is_caught(x):
    wrong = primitive("through", domain=REALS, floats=lambda x: float(math.floor(x)),
                      partials=(lambda m, x, y: 1.0,))  # fmt: skip
    with pytest.raises(GradientError, match=r"must be 0\.0 "):
        gradcheck(wrong, [x])


@pytest.mark.parametrize(("f", "x"), [
    # The slope is -0.25, but the rules' own number rounds to -0.2502: nobody is to blame.
    pytest.param(lambda x: (x - 1.0) / (x * x - 1.0), 1.0000001, id="cancels"),
    pytest.param(lambda x: 1.0 / x, 1e-300, id="overflows"),
    pytest.param(autograd.log, 0.0, id="an end of the domain"),
    pytest.param(autograd.sin, 1e300, id="no floats between the waves"),
])  # fmt: skip
def test_what_no_difference_can_tell_is_said_and_not_accused(f, x):
    with (
        autograd.errstate("ignore"),
        pytest.warns(RuntimeWarning, match="gradcheck: d .* too coarse to tell; check") as seen,
    ):
        gradcheck(f, [x])
    assert {warning.filename for warning in seen} == {__file__}


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
