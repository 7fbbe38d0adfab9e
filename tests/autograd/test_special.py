"""Special functions as formulas: right on their own, for arithmetics that have no line for them."""

import math

import mpmath as mp
import pytest

from autograd import ops
from autograd.ieee import FLOATS, evaluate
from autograd.special import erf, polynomial


def formula(x):
    """erf by its formula, though FLOATS has a line of its own."""
    return evaluate(erf, x)


@pytest.mark.parametrize(
    "low, high, count", [(-1.0, 1.0, 801), (1.0, 6.5, 801), (-6.5, -1.0, 301), (0.999, 1.001, 101)]
)
def test_erfs_formula_is_within_2_ulp_of_mathematics(low, high, count):
    """The series' last term and the interpolant are below 0.5 ulp; Horner and exp add 1."""
    for i in range(count):
        x = low + (high - low) * i / (count - 1)
        want = mp.erf(mp.mpf(x))
        assert abs(mp.mpf(formula(x)) - want) <= 2 * mp.mpf(math.ulp(float(want))), x


def test_erfs_formula_at_special_numbers():
    assert math.copysign(1.0, formula(-0.0)) == -1.0 and formula(0.0) == 0.0
    assert formula(math.inf) == formula(1e300) == formula(6.0) == 1.0
    assert formula(-math.inf) == formula(-1e300) == -1.0
    assert math.isnan(formula(math.nan))
    assert formula(5e-324) == math.erf(5e-324) and formula(1e-300) == math.erf(1e-300)


def test_erfs_formula_is_odd():
    for x in (1e-9, 0.3, 1.0, 1.5, 5.9):
        assert formula(-x) == -formula(x)


def test_erf_has_a_line_in_floats_and_the_formula_in_values():
    assert FLOATS.line(ops.erf) is math.erf or FLOATS.run(ops.erf, 0.3) == math.erf(0.3)
    assert ops.erf.formula is erf


def test_a_polynomial_starts_at_its_highest_power():
    assert polynomial(2.0, (3.0, 0.0, -1.0)) == 11.0 and polynomial(2.0, (7.0,)) == 7.0
