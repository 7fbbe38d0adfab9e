"""Special functions as formulas: right on their own, for arithmetics that have no line for them."""

import functools
import math
import random
from collections import Counter

import mpmath as mp
import numpy as np
import pytest

from autograd import Value, derivatives, ops, special
from autograd.compiler import numpy_backend
from autograd.ieee import FLOATS, evaluate
from autograd.op import REALS, Arithmetic, Symbolic, derived
from autograd.special import polynomial

DIGITS = 50  # of mpmath: the arguments' poles and zeros cost up to 30
TABLES = 60  # the digits that the tables were worked out to
HUGE = 1.79e308


def polygamma(n):
    return functools.partial(special.polygamma, n=n)


# ------------------------------------------------------------------ mathematics
def exact_erfinv(x):
    """Halley's steps from the formula's own number: each triples the digits."""
    a = abs(mp.mpf(x))
    if a < 1e-20:  # the next term of erfinv's series is pi x²/12 of it
        return mp.mpf(x) * mp.sqrt(mp.pi) / 2
    y = mp.mpf(evaluate(special.erfinv, float(a)))
    for _ in range(2):
        step = (mp.erfc(y) - (1 - a)) * mp.exp(y * y) * mp.sqrt(mp.pi) / 2
        y += step / (1 - y * step)
    return mp.sign(x) * y


def exact_lgamma(x):
    if x > 0:
        return mp.loggamma(x)
    return mp.log(mp.pi / abs(mp.sinpi(x))) - mp.loggamma(1 - mp.mpf(x))


def exact_polygamma(n, x):
    """mpmath's on the right; on the left by reflection, the slopes of the cotangent by its own."""
    x = mp.mpf(x)
    if x > 0:
        return mp.psi(n, x)
    cotangent = mp.cospi(x) / mp.sinpi(x)
    slope = [mp.mpf(0), mp.mpf(1)]  # in powers of the cotangent c, whose slope is -(1 + c²)
    for _ in range(n):
        d = [k * c for k, c in enumerate(slope)][1:]
        slope = [-a - b for a, b in zip([*d, 0, 0], [0, 0, *d], strict=True)]
    return (-1) ** n * mp.psi(n, 1 - x) - mp.pi ** (n + 1) * polynomial(cotangent, slope[::-1])


def exact_sinc(x):
    return mp.sincpi(x)


# ------------------------------------------------------------------ where, and how far off
def even(low, high, count=300):
    rng = random.Random(f"{low} {high}")
    return [rng.uniform(low, high) for _ in range(count)]


def scaled(low, high, count=100):
    """Spread over the magnitudes between."""
    rng = random.Random(f"{low} {high}")
    low, high = math.log(low), math.log(high)
    return [math.exp(rng.uniform(low, high)) for _ in range(count)]


def around(x, count=40):
    """Close to x, on both sides, down to its neighbours."""
    steps = scaled(1e-15, 0.1, count)
    neighbours = [math.nextafter(x, x - 1.0), math.nextafter(x, x + 1.0)]
    return [*neighbours, *(x + s for s in steps), *(x - s for s in steps)]


def mirrored(points):
    return [-x for x in points]


TINY = [5e-324, 2.2e-308, *scaled(1e-307, 1e-3, 30)]
ZERO = 1.4616321449683622  # digamma's
POINTS = {
    "erf": [*even(-0.5, 0.5), *even(0.5, 6.5), *mirrored(even(0.4, 1.2)), *TINY],
    "erfc": [*even(0.0, 26.5, 400), *even(26.5, 27.3), *even(-6.0, 0.0), *TINY],
    "erfinv": [
        *even(-1.0, 1.0), *(1.0 - x for x in scaled(2**-53, 0.5, 150)), *TINY, 1.0 - 2**-53,
    ],
    "lgamma": [
        *even(0.0, 4.0, 200), *even(4.0, 20.0), *scaled(20.0, 2.5e305), *around(1.0), *around(2.0),
        *around(4.0, 10), *TINY, *mirrored(TINY), *even(-10.0, 0.0, 200), -1e15 - 0.5,
        *around(-3.0, 10), *around(-2.4570247382208006, 10),
    ],
    "digamma": [
        *even(0.0, 4.0, 200), *even(4.0, 20.0), *scaled(20.0, 1e308), *around(ZERO),
        *around(4.0, 10), *TINY[1:], *mirrored(TINY[1:]), *even(-10.0, 0.0, 200), -1e15 - 0.5,
        *around(-3.0, 10), *around(-0.5040830082644554, 10),
    ],
    "sinc": [*even(-10.0, 10.0, 300), *scaled(1e-300, 1e16), *around(0.5), *around(3.0)],
}  # fmt: skip
EXACT = {
    "erf": mp.erf,
    "erfc": mp.erfc,
    "erfinv": exact_erfinv,
    "lgamma": exact_lgamma,
    "digamma": functools.partial(exact_polygamma, 0),
    "sinc": exact_sinc,
}
# Below 0 lgamma and digamma are a difference of two terms that are equal at a zero: one is this.
SCALES = {
    "lgamma": lambda x: evaluate(special.lgamma, 1.0 - x) if x < 0.0 else 0.0,
    "digamma": lambda x: abs(evaluate(special.digamma, 1.0 - x)) if x < 0.0 else 0.0,
}


def in_floats(rule, points):
    return [evaluate(rule, x) for x in points]


def in_arrays(rule, points):
    with np.errstate(all="ignore"):
        return list(map(float, rule(numpy_backend.arithmetic(), np.array(points))))


def check(rule, points, exact, ulps, scale=lambda x: 0.0, run=in_floats):
    for x, got in zip(points, run(rule, points), strict=True):
        with mp.workdps(DIGITS):
            want = exact(x)
            if abs(want) > HUGE:
                assert math.isinf(got) or abs(got) > 1e308, x
                continue
            off = abs(mp.mpf(got) - want)
            bound = max(ulps * mp.mpf(math.ulp(float(want))), 4 * 2.0**-52 * scale(x))
            assert off <= bound, f"{x!r}: {got!r}, off by {float(off):.2g}"


@pytest.mark.parametrize("run", [in_floats, in_arrays])
@pytest.mark.parametrize("name", POINTS)
def test_a_formula_is_within_4_ulp_of_mathematics(name, run):
    """Each of the last five or six operations rounds by half an ulp; the rest, smaller, add one."""
    scale = SCALES.get(name, lambda x: 0.0)
    check(getattr(special, name), POINTS[name], EXACT[name], 4, scale, run)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 10, 20, 60])
def test_polygammas_formula_is_within_4_ulp_of_mathematics(n):
    """Nothing cancels right of 0; left of it the poles on both sides, n! 2^(n+1) half way, do if n
    is even, and rounding the distance to them counts n + 1 times."""
    low, high = 1.7e308 ** (-1 / (n + 1)) * 2, 1e308 ** (1 / n)
    points = [*even(0.0, 1.0, 25), *even(1.0, 40.0, 60), *scaled(low, 1.0, 25)]
    points += [*scaled(20.0, high, 25), *even(-5.0, 0.0, 40), *around(-2.0, 4)]
    scale = math.factorial(n + 1) * 2.0 ** (n - 1)
    exact = functools.partial(exact_polygamma, n)
    check(polygamma(n), points, exact, 4, lambda x: scale if x < 0.0 else 0.0)


def test_polygamma_of_arrays_is_that_of_floats():
    """But for NumPy's own powers, an ulp off each."""
    points = [*even(-5.0, 0.0, 60), *even(0.0, 20.0, 60), *scaled(20.0, 1e20)]
    for n in (1, 2, 3, 8):
        want = in_floats(polygamma(n), points)
        assert in_arrays(polygamma(n), points) == pytest.approx(want, rel=1e-14, abs=1e-13 * 9**n)


def test_the_formulas_run_on_values():
    for name, at in (("erfc", 0.7), ("erfinv", 0.3), ("lgamma", -2.3), ("sinc", 1.3)):
        rule = getattr(special, name)
        assert rule(ops.VALUES, Value(at)).data == evaluate(rule, at)
    assert polygamma(1)(ops.VALUES, Value(2.5)).data == evaluate(polygamma(1), 2.5)


# ------------------------------------------------------------------ special numbers
INF, NAN = math.inf, math.nan
EDGES = {
    "erf": [(0.0, 0.0), (-0.0, -0.0), (6.0, 1.0), (1e300, 1.0), (INF, 1.0), (-INF, -1.0)],
    "erfc": [(0.0, 1.0), (28.0, 0.0), (1e300, 0.0), (INF, 0.0), (-1e300, 2.0), (-INF, 2.0)],
    "erfinv": [(0.0, 0.0), (-0.0, -0.0), (1.0, INF), (-1.0, -INF), (1.5, NAN), (-INF, NAN)],
    "lgamma": [
        (0.0, INF), (-0.0, INF), (1.0, 0.0), (2.0, 0.0), (-1.0, INF), (-7.0, INF), (-1e300, INF),
        (1e308, INF), (INF, INF), (-INF, INF),
    ],
    "digamma": [
        (0.0, -INF), (-0.0, INF), (-1.0, NAN), (-7.0, NAN), (-1e300, NAN), (INF, INF), (-INF, NAN),
    ],
    "sinc": [(0.0, 1.0), (-0.0, 1.0), (1.0, 0.0), (2.0, 0.0), (-3.0, 0.0), (2.0**60, 0.0),
             (INF, NAN)],
}  # fmt: skip


@pytest.mark.parametrize("run", [in_floats, in_arrays])
@pytest.mark.parametrize("name", EDGES)
def test_a_formula_has_ieees_number_at_special_numbers(name, run):
    """SciPy's and NumPy's, but lgamma(-inf) is C's, and sinc is exactly 0 at whole numbers."""
    points, want = zip(*EDGES[name], (NAN, NAN), strict=True)
    got = run(getattr(special, name), points)
    assert list(map(repr, got)) == list(map(repr, want))


def test_polygammas_poles_are_scipys():
    for n, pole in ((1, math.inf), (2, -math.inf), (3, math.inf), (4, -math.inf)):
        for x in (0.0, -0.0, -1.0, -7.0, -1e300, 1e-300):
            assert evaluate(polygamma(n), x) == pole, (n, x)
        assert evaluate(polygamma(n), math.inf) == 0.0
        assert math.isnan(evaluate(polygamma(n), NAN))


def test_but_at_poles_no_formula_divides_by_zero():
    """Else Python's floats would take the slow way round, by NumPy's, at each whole number."""
    for name in ("erf", "erfc", "erfinv", "lgamma", "digamma", "sinc"):
        for x in (0.0, 0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 1e300):
            if (name, x) not in {("digamma", 0.0)}:
                getattr(special, name)(FLOATS, x)
    for n in (1, 2, 5):
        for x in (1.0, 2.0, 3.0, 40.0, -0.5):
            polygamma(n)(FLOATS, x)


def test_erf_and_erfinv_are_odd_and_sinc_is_even():
    for x in (1e-9, 0.3, 0.5, 0.9, 0.999):
        assert evaluate(special.erf, -x) == -evaluate(special.erf, x)
        assert evaluate(special.erfinv, -x) == -evaluate(special.erfinv, x)
        assert evaluate(special.sinc, -4.0 * x) == evaluate(special.sinc, 4.0 * x)


def test_polygamma_0_is_digamma():
    for x in (0.3, 5.5, -2.3):
        assert evaluate(polygamma(0), x) == evaluate(special.digamma, x)


def test_erf_has_the_formula_in_values():
    assert ops.erf.formula is special.erf


# ------------------------------------------------------------------ sinc is swept
def sinc_slope(x, order):
    """By Maclaurin's series: of 60 digits its terms cost 11 at |x| = 8."""
    with mp.workdps(60):
        terms = (
            (-1) ** k * mp.pi ** (2 * k) / mp.factorial(2 * k + 1) * mp.ff(2 * k, order)
            * mp.mpf(x) ** (2 * k - order)
            for k in range((order + 1) // 2, 80)
        )  # fmt: skip
        return mp.fsum(terms)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_sinc_swept_is_good_to_1e_12_across_its_seams(order):
    """A derivative crosses zero past 1: there its terms, pi^(order-1) / |x|, set the scale."""
    slope = derived("formula", domain=REALS, formula=special.sinc)
    for _ in range(order):
        slope = derivatives.grad(slope)
    seams = [0.5, math.nextafter(0.5, 1.0), math.nextafter(0.5, 0.0), -0.5, 1.5, 2.5, 1.0, 2.0]
    for x in [*even(-0.7, 0.7, 15), *even(1.0, 8.0, 15), *seams, 1e-9, 1.4302966531]:
        want = sinc_slope(x, order)
        scale = math.pi ** (order - 1) / abs(x) if abs(x) > 1.0 else 0.0
        assert abs(slope(x) - want) <= max(1e-12 * abs(want), 4 * 2.0**-52 * scale), x


# ------------------------------------------------------------------ tables
def chebyshev(low, high, count, k=None):
    """Chebyshev's points of x, or of (x - k) / (x + k), between these bounds of x."""
    if k is None:
        middle, half = (low + high) / 2, (high - low) / 2
        return [middle + half * mp.cos(mp.pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    low, high = (low - k) / (low + k), (high - k) / (high + k)
    return [k * (1 + t) / (1 - t) for t in chebyshev(low, high, count)]


def interpolant(function, points, top, bottom=0):
    """Top and bottom of the ratio, of these degrees, that is the function at the points."""
    values = [function(x) for x in points]
    rows = [
        [*(x**j for j in range(top + 1)), *(-y * x**j for j in range(1, bottom + 1))]
        for x, y in zip(points, values, strict=True)
    ]
    found = list(mp.lu_solve(mp.matrix(rows), mp.matrix(values)))
    first, second = found[top::-1], [*found[:top:-1], mp.mpf(1)]
    return [c / second[0] for c in first], [c / second[0] for c in second]


def erfcx(x):
    return mp.exp(x * x) * mp.erfc(x)


def inverse(s):
    v = s * s - mp.log(2)
    y = mp.mpf(evaluate(special.erfinv, float(-mp.expm1(-v))) if v < 30 else mp.sqrt(v) * 0.97)
    for _ in range(5):
        step = (mp.erfc(y) - mp.exp(-v)) * mp.exp(y * y) * mp.sqrt(mp.pi) / 2
        y += step / (1 - y * step)
    return 1 - s * y / v


def stirling(u):
    y = 1 / mp.sqrt(u)
    formula = (y - mp.mpf(1) / 2) * mp.log(y) - y + mp.log(2 * mp.pi) / 2
    return (mp.loggamma(y) - formula) * y


def logarithm(u):
    y = 1 / mp.sqrt(u)
    return (mp.log(y) - 1 / (2 * y) - mp.digamma(y)) * y * y


def cotangent(u):
    r = mp.sqrt(u)
    return mp.pi * r * mp.cot(mp.pi * r) / (1 - 4 * u)


def gamma(w):
    slope = 1 - mp.euler if w == 1 else mp.loggamma(1 + w) / (w * (w - 1))
    return slope - mp.mpf(1) / 4


def psi(w):
    return mp.digamma(1 + w) / (w - mp.findroot(mp.digamma, 1.46) + 1) - mp.mpf(3) / 8


RATIOS = {  # table: function, range, degrees, k, what is added to x, the error that is stated
    "_TAIL": (lambda x: ((1 + 2 * x) * erfcx(x) - 1) / x, (0, 28), (9, 10), 3, 0, 3.7e-16),
    "_ERF": (lambda u: mp.erf(mp.sqrt(u)) / mp.sqrt(u), (0, 0.25), (8,), None, 0, 4.1e-18),
    "_INVERSE": (inverse, (1, 54), (8, 9), 3, 0, 6.5e-17),  # of sqrt(range × log 2)
    "_GAMMA": (gamma, (1, 4), (8, 8), 2, 1, 2e-17),
    "_STIRLING": (stirling, (0, 0.0625), (7,), None, 0, 3.7e-15),
    "_DIGAMMA": (psi, (1, 4), (7, 7), 3, 1, 9e-18),
    "_LOG": (logarithm, (0, 0.0625), (8,), None, 0, 4.5e-15),
    "_COT": (cotangent, (0, 0.25), (3, 4), None, 0, 8.7e-18),
}


@pytest.mark.parametrize("name", RATIOS)
def test_a_table_is_the_interpolant_that_its_comment_names(name):
    """Rounded to floats; it is off by what the comment states at 61 points of a finer grid."""
    function, bounds, degrees, k, added, stated = RATIOS[name]
    with mp.workdps(TABLES):
        low, high = map(mp.mpf, bounds)
        if name == "_INVERSE":
            low, high = mp.sqrt(low * mp.log(2)), mp.sqrt(high * mp.log(2))
        points = [x - added for x in chebyshev(low, high, sum(degrees) + 1, k)]
        top, bottom = interpolant(function, points, *degrees)
        for x in (x - added for x in chebyshev(low, high, 61, k)):
            ratio = polynomial(x, top) / polynomial(x, bottom)
            assert abs(ratio / function(x) - 1) <= stated, float(x)
    want = tuple(map(float, top)), tuple(map(float, bottom))
    assert getattr(special, name) == (want if len(degrees) == 2 else want[0])


def test_the_series_are_maclaurins_and_bernoullis():
    with mp.workdps(TABLES):
        sine = [(-1) ** k * mp.pi ** (2 * k) / mp.factorial(2 * k + 1) for k in range(12)]
        bernoulli = [mp.bernoulli(2 * k) / mp.factorial(2 * k) for k in range(1, 31)]
        root = mp.findroot(mp.digamma, 1.46) - 1
        assert special.ROOT == float(root) and special.ROOT_TAIL == float(root - special.ROOT)
        assert special.HALF_LOG == float((mp.log(2 * mp.pi) - 1) / 2)
    assert special._SINC == tuple(map(float, sine[::-1]))
    assert special._BERNOULLI == tuple(map(float, bernoulli))


def test_a_polynomial_starts_at_its_highest_power():
    assert polynomial(2.0, (3.0, 0.0, -1.0)) == 11.0 and polynomial(2.0, (7.0,)) == 7.0


# ------------------------------------------------------------------ cost
class Counted(Symbolic):
    __slots__ = ("m",)

    def __init__(self, m):
        self.m = m


class Counting(Arithmetic):
    """Counts its primitives; a product with 1.0 costs none."""

    kind = "counts"
    lines = FLOATS.lines

    def __init__(self):
        self.counts = Counter()

    def run(self, record, *operands):
        if record is not ops.multiply or 1.0 not in operands:
            self.counts[record.name] += 1
        return Counted(self)


@pytest.mark.parametrize(
    "rule, most, divisions",
    [
        (special.erf, 73, 2), (special.erfc, 66, 2), (special.erfinv, 51, 2),
        (special.lgamma, 105, 2), (special.digamma, 93, 3), (special.sinc, 38, 1),
        (polygamma(1), 121, 12), (polygamma(3), 190, 9),
    ],
)  # fmt: skip
def test_a_formula_stays_as_short_as_it_is(rule, most, divisions):
    """What it costs per row in every back end: to change on purpose only."""
    m = Counting()
    rule(m, Counted(m))
    assert sum(m.counts.values()) <= most and m.counts["divide"] <= divisions, m.counts
