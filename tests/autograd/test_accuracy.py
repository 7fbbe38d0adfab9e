"""Every op against arbitrary precision: value, partial, the formula alone, derivatives of them.

The bounds are cases.py's: 4 ulp and 1e-12, or 4 eps of what the record measures by. A run over
2,000 points an op is ``long``; every run has the special numbers and each record's own probes.
"""

import itertools
import math

import mpmath as mp
import numpy as np
import pytest

import autograd
from autograd import Value, ops
from autograd.op import NOTHING, Op
from autograd.ops import TABLE
from tests.autograd.cases import (
    EPS,
    EVERY,
    FIXED,
    FROM_OUTPUT,
    NOTHING_PASSES,
    NUMPYS,
    REFERENCE,
    SLOPES,
    SOME,
    allowed_partial,
    allowed_value,
    bare,
    domain_of,
    inside_domain,
    partial_of,
    probes,
    rule_of,
    seconds,
    slopes,
    smooth,
    true_partial,
    true_value,
    value_of,
)


def name_of(record):
    return f"{record.name}{''.join(f'-{x}' for x in record.parameters.values())}"


every = pytest.mark.parametrize("record", EVERY, ids=name_of)
COUNTS = pytest.mark.parametrize("count", [150, pytest.param(2000, marks=pytest.mark.long)])


def check(got, allowed, want, at, wrong):
    if got not in allowed:
        wrong.append((*at, got, mp.nstr(want, 20) if isinstance(want, mp.mpf) else want))


# ------------------------------------------------------------------ the reference itself
def test_every_op_has_a_reference_to_be_held_to():
    assert set(REFERENCE) == set(SLOPES) == set(TABLE)
    for record in TABLE.values():
        assert len(SLOPES[record.name]) == (record.slots or 1), record.name


@every
def test_a_reference_slope_is_the_references_derivative(record):
    """By a central difference with h = 1e-28 at 60 digits: h² of the third derivative, which at
    these points is below 1e32 of the slope, and 1e-32 of rounding.
    """
    h = mp.mpf(10) ** -28
    tried = 0
    for at in probes(record):
        near = all(0.05 < abs(x) < 20 or x == 0.0 for x in at) and len(at) > 0
        if not near or not inside_domain(record, at) or not smooth(record, at):
            continue
        if beside_an_end(record, at, 1e-9):
            continue
        for slot in range(len(at)):
            if slot in NOTHING_PASSES.get(record.name, ()):
                continue
            want = true_partial(record, slot, at)
            y = true_value(record, at)
            if not all(isinstance(x, mp.mpf) and mp.isfinite(x) for x in (want, y)):
                continue
            if abs(want) > 1e15:
                continue
            above, below = [
                REFERENCE[record.name](
                    *[mp.mpf(x) + sign * h * (i == slot) for i, x in enumerate(at)],
                    **record.parameters,
                )
                for sign in (1, -1)
            ]
            got = (above - below) / (2 * h)
            assert abs(got - want) <= 1e-18 * abs(want) + 1e-22, (at, slot, got, want)
            tried += 1
    assert tried >= 20 or record.name in NOTHING_PASSES


def test_what_crosses_zero_by_cancellation_is_known():
    """A record that states a scale is held to 4 eps of it: a new one is to be looked at."""
    assert {record.name for record in TABLE.values() if any(record.scales)} == set(
        """silu mish gelu logaddexp lgamma digamma polygamma sinc
        sum prod norm var std dot""".split()
    )


def beside_an_end(record, at, distance):
    domains = domain_of(record, at)
    return any(abs(x - end) < distance for x, d in zip(at, domains) for end in (d.low, d.high))


# ------------------------------------------------------------------ values and partials
@COUNTS
@every
def test_a_value_is_within_4_ulp_of_mathematics(record, count):
    """By the floats' own line, nan and infinities in NumPy's places."""
    wrong = []
    for at in probes(record, count):
        check(value_of(record, at), allowed_value(record, at), true_value(record, at), at, wrong)
    assert not wrong, (len(wrong), wrong[:5])


@COUNTS
@every
def test_a_partial_is_within_1e_12_of_mathematics(record, count):
    """Conventions at kinks and ties too."""
    wrong = []
    for at in probes(record, count):
        for slot in range(len(at)):
            got, allowed = partial_of(record, slot, at), allowed_partial(record, slot, at)
            check(got, allowed, true_partial(record, slot, at), (slot, *at), wrong)
    assert not wrong, (len(wrong), wrong[:5])


@COUNTS
@pytest.mark.parametrize("record", [r for r in EVERY if r.formula is not None], ids=name_of)
def test_a_formula_by_primitives_alone_is_within_the_same_bounds(record, count):
    """And so are the partials, where the ops in their rules are formulas too."""
    wrong = []
    for at in probes(record, count):
        y = bare(record.formula, *at)
        check(y, allowed_value(record, at), true_value(record, at), at, wrong)
        for slot in range(len(at)):
            got, allowed = bare(rule_of(record, slot), *at, y), allowed_partial(record, slot, at)
            check(got, allowed, true_partial(record, slot, at), (slot, *at), wrong)
    assert not wrong, (len(wrong), wrong[:5])


@pytest.mark.parametrize(
    "name", [r.name for r in FIXED if r.slots == 1 and r.name in NUMPYS and hasattr(np, r.name)]
)
@pytest.mark.parametrize("zero", (0.0, -0.0))
def test_a_zero_has_numpys_sign(name, zero):
    """At 0 and -0, where the result is 0 at all; the formula's too."""
    record = TABLE[name]
    with np.errstate(all="ignore"):
        want = float(NUMPYS[name](np.float64(zero)))
    if want == 0.0:
        assert math.copysign(1.0, value_of(record, (zero,))) == math.copysign(1.0, want)
        if record.formula is not None:
            assert math.copysign(1.0, bare(record.formula, zero)) == math.copysign(1.0, want)


@every
def test_a_kink_is_stated_where_value_or_slope_jumps(record):
    """From one side to the other, 1e-35 away, in any operand; and nowhere else but where the second
    derivative does. A pole is no kink, and needs no rule.
    """
    for at in probes(record, 150, None if record.slots else SOME.get(record.name, 3)):
        if not ordinary(record, at):
            continue
        kink = record.kink is not None and bool(bare(record.kink, *at))
        jumps = [jump(record, at, order) for order in range(3)]
        if jumps[0] or jumps[1]:
            assert kink or None in jumps, at
        elif kink:
            assert jumps[2], at


def ordinary(record, at):
    """Inside the domain, away from its ends and from the far ranges, and no pole."""
    if len(at) == 0 or not inside_domain(record, at):
        return False
    if record.name == "clip" and not at[1] < at[2]:  # the domain's end too
        return False
    if any(x != 0.0 and not 1e-4 < abs(x) < 1e4 for x in at):
        return False
    if beside_an_end(record, at, 1e-4):
        return False
    truths = [true_value(record, at), *(true_partial(record, slot, at) for slot in range(len(at)))]
    return all(isinstance(x, mp.mpf) and mp.isfinite(x) for x in truths)


def jump(record, at, order):
    """Whether value, slopes or their slopes differ between the two sides; None next to a pole."""
    h = mp.mpf(10) ** -35
    for slot in range(len(at)):
        if slot in NOTHING_PASSES.get(record.name, ()):
            continue
        sides = [] if order else [[true_value(record, at)]]
        for sign in (1, -1):
            point = [mp.mpf(x) + sign * h * (i == slot) for i, x in enumerate(at)]
            further = [x + sign * h * (i == slot) for i, x in enumerate(point)]
            try:
                if order == 0:
                    numbers = [REFERENCE[record.name](*point, **record.parameters)]
                else:
                    numbers = slopes(record, point)
                    if order == 2:
                        after = slopes(record, further)
                        numbers = [(x - y) / (sign * h) for x, y in zip(after, numbers)]
            except (ZeroDivisionError, ValueError):
                return None
            sides.append(numbers)
        for one in sides[1:]:
            if any(abs(x - y) > 1e-6 * (1 + abs(x)) for x, y in zip(one, sides[0])):
                return True
    return False


# ------------------------------------------------------------------ orders 2 and 3
@COUNTS
@every
def test_a_second_derivative_is_within_1e_12_of_mathematics(record, count):
    """Over the whole domain: relative to the largest there, or 4 eps of the scale that SECOND has.

    softplus' at 37 is exp(-37), sigmoid's and tanh's keep their digits in both tails.
    """
    wrong = [
        (at, one)
        for at in probes(record, count, None if record.slots else SOME.get(record.name, 3))
        for one in seconds(record, at)
        if not one.allowed
    ]
    assert not wrong, (len(wrong), wrong[:5])


# What forming a slope from the output costs, in 4e-16: a second derivative is a sum of up to 2
# products of first ones, a third of 6, each of them at most 1.2.
FACTORS = {2: 2, 3: 8}
OF_GAMMA = {"lgamma": -1, "digamma": 0, "polygamma": 0}
OF_SIGMOID = ("softplus", "log_sigmoid", "logaddexp")  # its slope is theirs, one order later


def derivatives(record, at):
    """Of the op at these operands: all second and third ones, by gradients of gradients."""
    with autograd.errstate("ignore"):
        leaves = [Value(x) for x in at]
        first = autograd.gradients(Op.recorder(record, leaves), leaves)
        second = [autograd.gradients(y, leaves) for y in first]
        third = [[autograd.gradients(y, leaves) for y in row] for row in second]
    n = range(len(at))
    found = {(i, j): second[i][j].data for i in n for j in n}
    return found | {
        (i, j, k): third[i][j][k].data for i, j, k in itertools.combinations_with_replacement(n, 3)
    }


def true_derivative(record, at, slots):
    """Differences of the reference's slope in the first of ``slots``, by the others."""
    point = tuple(map(mp.mpf, at))
    orders = tuple(slots[1:].count(slot) for slot in range(len(at)))

    def slope(*xs):
        return slopes(record, list(xs))[slots[0]]

    if len(at) == 1:
        return mp.diff(slope, point[0], orders[0])
    return mp.diff(slope, point, orders)


def tolerance(record, at, order, want, largest):
    """1e-10 of a second derivative, 1e-9 of a third; or 16 eps of the largest of that order where
    there are several. DESIGN's five, and what has a sigmoid as its slope: or 4e-16 times FACTORS.
    Γ's kin left of 0: or 64 eps of the nearest pole's term, which the rest may cancel.
    """
    absolute = 16 * EPS * largest if len(at) > 1 else mp.mpf(0)
    if record.name in FROM_OUTPUT or record.name in OF_SIGMOID:
        absolute += FACTORS[order] * 4e-16
    if record.name in OF_GAMMA and at[0] < 0.0:
        k = order + OF_GAMMA[record.name] + record.parameters.get("n", 0)
        absolute = 64 * EPS * math.factorial(k) / abs(at[0] - round(at[0])) ** (k + 1)
    # 1e-50: mpmath's differences; below 1e-300 the products are subnormal
    return max(10.0 ** (order - 12) * abs(want), absolute + 1e-50)


def curved(record, at):
    """Whether all derivatives up to the third exist there, and mpmath's differences see them."""
    if not ordinary(record, at) or not smooth(record, at):
        return False
    return 0.0 not in at or not jump(record, at, 2)


@pytest.mark.parametrize("count", [25, pytest.param(300, marks=pytest.mark.long)])
@every
def test_second_and_third_derivatives_agree_with_mpmath(record, count):
    """Each slot and mixed, by gradients of gradients."""
    if record is ops.corner:
        return  # which has none
    wrong, tried = [], 0
    flat = record.slots and all(rule_of(record, slot) is NOTHING for slot in range(record.slots))
    for at in probes(record, 8 * count, None if record.slots else SOME.get(record.name, 3)):
        if tried == count or flat:
            break
        if not curved(record, at):
            continue
        tried += 1
        found = derivatives(record, at)
        wanted = {slots: true_derivative(record, at, slots) for slots in found}
        for slots, got in found.items():
            want, order = wanted[slots], len(slots)
            if set(slots) & set(NOTHING_PASSES.get(record.name, ())):
                continue
            largest = max(abs(x) for at_slots, x in wanted.items() if len(at_slots) == order)
            allowed = tolerance(record, at, order, want, largest)
            if not abs(got - want) <= allowed and abs(want) < 1e300:
                wrong.append((at, slots, got, mp.nstr(want, 18)))
    assert (tried > 5 or flat) and not wrong, (len(wrong), wrong[:5])
