"""Special functions as formulas over primitives, for arithmetics without a line of their own.

Each is one formula for all numbers: both ways of a ``where`` are worked out, and the way not taken
may be inf or nan; but Python's floats raise at a division by 0, so but at a pole none divides by 0.

A table holds a polynomial, or the top and bottom of a ratio of two, the highest power first: it is
an interpolant at Chebyshev's points, worked out to 60 digits, and "off by" is its largest relative
error before the coefficients are rounded. A ratio's points are those of (x - k) / (x + k), which
are dense at small x. A ratio is only ever added to a larger constant: Horner's scheme on numbers
above 1 loses an ulp or two, and there it counts for a fraction. Read by ops.py.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Sequence
from typing import Any

from .ieee import FLOATS

# ((1 + 2x) exp(x²) erfc(x) - 1) / x over 0 <= x <= 28, k = 3: off by 3.7e-16, which is 8.1e-17 of
# erfc. The factor 1 + 2x: Shepherd & Laframboise, Math. Comp. 36 (1981).
_TAIL = (
    (0.12837916709377306, 2.9587598070207073, 31.985981570007638, 215.0958436477623,
     993.9186248473178, 3279.73885703351, 7758.1775726388705, 12775.057376995557,
     13455.662422727753, 7089.430739604278),
    (1.0, 18.65232714452129, 171.57552106313966, 1005.6169354210595, 4111.076741242708,
     12150.434002585307, 26134.795305869662, 40207.02355440504, 42181.53638330273,
     27165.085450519906, 8133.617820928268),
)  # fmt: skip
# erf(x)/x in x², 0 <= x² <= 1/4: off by 4.1e-18.
_ERF = (
    1.4725865480556744e-06, -1.4845849259707869e-05, 0.00012053335124353741,
    -0.0008548297753674966, 0.00522397737302147, -0.026866170632887928, 0.11283791670925353,
    -0.37612638903183476, 1.1283791670955126,
)  # fmt: skip
# 1 - s erfinv(x)/v in s = sqrt(v + log 2), v = -log(1 - x), over 0 <= x <= 1 - 2^-53, k = 3: off by
# 6.5e-17, which is 3.2e-18 of erfinv. s is 0 at x = -1, the nearest point where erfinv is singular:
# so one ratio serves for all x.
_INVERSE = (
    (0.0023033852863108403, 2.641555248804261, 145.07035872295486, 2038.123701810935,
     10404.886867412884, 24880.194468083264, 29276.8623714295, 8855.41369930931, 553.9328360404579),
    (1.0, 82.86392747021671, 1712.5321436209238, 13313.171898055336, 49392.32501175476,
     101393.1755304197, 109879.18842557399, 55383.76650324432, 10826.419520394968,
     559.5303840363055),
)  # fmt: skip
# lgamma(1 + w) / (w (w - 1)) - 1/4 over 0 <= w <= 3, in (w - 1) / (w + 3): off by 2e-17.
_GAMMA = (
    (-0.2442572997826707, -14.740202189084103, -211.23337687193512, -797.7836402865026,
     2083.573307628475, 20368.332884213447, 49147.54333541817, 49636.242688668885,
     18233.829888323635),
    (1.0, 75.98288486157517, 1668.8535985227575, 15708.42385570195, 74522.52632675838,
     191374.23295255817, 268728.1963281988, 193458.58050172435, 55724.196131657205),
)  # fmt: skip
# (lgamma(y) - Stirling's formula) y in 1/y², 0 <= 1/y² <= 1/16: off by 3.7e-15, 4.3e-17 of lgamma.
_STIRLING = (
    -0.009270537961723677, 0.004897400222972809, -0.0018485657084907699, 0.0008398890452701349,
    -0.0005952098662897389, 0.0007936505792475166, -0.00277777777714881, 0.08333333333333302,
)  # fmt: skip
# digamma(1 + w) / (w - ROOT) - 3/8 over 0 <= w <= 3, in (w - 2) / (w + 4): off by 9e-18.
_DIGAMMA = (
    (-0.3697983671392498, -26.684036696731347, -475.7001154723958, -2384.2565623141786,
     5124.81961154045, 71199.30302745943, 181098.43464209867, 139323.34480368407),
    (1.0, 85.44756470651654, 2126.7844382877774, 22472.803426179154, 115551.80114433516,
     298239.9236610362, 362276.1237570697, 159157.53492081273),
)  # fmt: skip
# (log(y) - 1/(2y) - digamma(y)) y² in 1/y², 0 <= 1/y² <= 1/16: off by 4.5e-15, 1.9e-17 of digamma.
_LOG = (
    0.5365319953712206, -0.25668496075487657, 0.07392821575261915, -0.020787300608348224,
    0.007569628806402783, -0.004166595597256864, 0.003968253547733588, -0.008333333332362195,
    0.08333333333333295,
)  # fmt: skip
# pi r cot(pi r) / (1 - 4r²) in r², 0 <= r² <= 1/4, Chebyshev's points of r² itself: off by 8.7e-18.
_COT = (
    (-11.08736407524628, 338.0646167673005, -2258.055617172105, 3495.5068417650177),
    (1.0, -97.95520688664523, 1341.7748083072854, -4740.326414391524, 3495.5068417650177),
)  # fmt: skip
# sin(pi r) / (pi r) in r²: Maclaurin's series; the next term is 3.3e-21 at r = 1/2.
_SINC = (
    -3.3481335350440666e-12, 1.7165384749821432e-10, -7.304711822217775e-09, 2.5312174041370274e-07,
    -6.975873661656381e-06, 0.000148428793031071, -0.0023460810354558235, 0.0261478478176548,
    -0.19075182412208422, 0.8117424252833536, -1.6449340668482264, 1.0,
)  # fmt: skip
_SINC_SLOPE = tuple(c * n for c, n in zip(_SINC, range(len(_SINC) - 1, 0, -1)))  # in r² as well
# B2 / 2!, B4 / 4! … B60 / 60!, of Bernoulli's numbers.
_BERNOULLI = (
    0.08333333333333333, -0.001388888888888889, 3.306878306878307e-05, -8.267195767195768e-07,
    2.08767569878681e-08, -5.284190138687493e-10, 1.3382536530684679e-11, -3.3896802963225827e-13,
    8.586062056277845e-15, -2.174868698558062e-16, 5.5090028283602295e-18, -1.3954464685812522e-19,
    3.534707039629467e-21, -8.953517427037546e-23, 2.267952452337683e-24, -5.744790668872202e-26,
    1.455172475614865e-27, -3.6859949406653103e-29, 9.336734257095045e-31, -2.36502241570063e-32,
    5.990671762482134e-34, -1.5174548844682903e-35, 3.843758125454189e-37, -9.736353072646691e-39,
    2.466247044200681e-40, -6.247076741820743e-42, 1.5824030244644914e-43, -4.008273685948936e-45,
    1.0153075855569557e-46, -2.5718041582418717e-48,
)  # fmt: skip
ROOT, ROOT_TAIL = 0.46163214496836236, -1.5522348162858677e-17  # their sum: digamma(1 + it) is 0
LOG_2 = math.log(2.0)
HALF_LOG = 0.4189385332046727  # (log(2 pi) - 1) / 2, Stirling's constant
SPLIT = 2.0**27 + 1.0  # Veltkamp's: it parts a number into two of 26 bits


def polynomial(x: Any, coefficients: Sequence[float]) -> Any:
    """Horner's scheme, the highest power first."""
    y: Any = coefficients[0]
    for c in coefficients[1:]:
        y = y * x + c
    return y


def _ratio(x: Any, table: tuple[Sequence[float], Sequence[float]]) -> Any:
    return polynomial(x, table[0]) / polynomial(x, table[1])


# ------------------------------------------------------------------ the error function
def erf(m: Any, x: Any) -> Any:
    """erf(x): a polynomial inside ±1/2, 1 - erfc outside, ±1 from ±6 on."""
    a = m.minimum(m.abs(x), 6.0)  # erf(6) rounds to 1; nan stays
    square = a * a
    outside = 1.0 - m.exp(-square) * ((1.0 + a * _ratio(a, _TAIL)) / (1.0 + 2.0 * a))
    outside = m.where(m.greater(0.0, x), -outside, outside)
    return m.where(m.greater(a, 0.5), outside, x * polynomial(square, _ERF))


def erfc(m: Any, x: Any) -> Any:
    """1 - erf(x), without its cancellation: exp(-x²) of the whole of x², times the ratio."""
    a = m.minimum(m.abs(x), 28.0)  # erfc(28) is 0; nan stays
    c = SPLIT * a
    high = c - (c - a)
    square = a * a
    lost = (high * high - square) + (a - high) * (high + a)  # x² - square, after Dekker
    tail = a * _ratio(a, _TAIL)
    tail = 1.0 + (tail - lost * (1.0 + tail))
    y = m.exp(-square) * (tail / (1.0 + 2.0 * a))
    return m.where(m.greater(0.0, x), 2.0 - y, y)


def erfinv(m: Any, x: Any) -> Any:
    """The y with erf(y) = x; ±inf at ±1, nan beyond."""
    a = m.abs(x)
    v = -m.log1p(-a)
    s = m.sqrt(v + LOG_2)
    y = v / s * (1.0 - _ratio(s, _INVERSE))
    y = m.where(m.equal(a, 1.0), math.inf, y)
    return m.where(m.equal(x, 0.0), x, m.where(m.greater(0.0, x), -y, y))  # -0 stays


# ------------------------------------------------------------------ the gamma function
def lgamma(m: Any, x: Any) -> Any:
    """log|Gamma(x)|; inf at 0, -1, -2 … and at ±inf.

    For x < 1 it is ±lgamma(1 + |x|) less the logarithm of x, or of sin(pi |x|) / pi.
    """
    a = m.maximum(x, m.minimum(-x, 2.0**53))  # |x|; below -2^53 there are but poles
    negative, below = m.greater(0.0, x), m.greater(1.0, x)
    w = a - m.where(below, 0.0, 1.0)
    y = w + 1.0
    near = w * (w - 1.0) * (0.25 + _ratio(w, _GAMMA))
    t = 1.0 / y
    far = (y - 0.5) * (m.log(y) - 1.0) + (t * polynomial(t * t, _STIRLING) + HALF_LOG)
    core = m.where(m.greater(w, 3.0), far, near)
    r = a - m.round(a)
    sine = m.abs(r) * polynomial(r * r, _SINC)
    over = 0.0 - m.log(m.where(negative, sine, m.where(below, a, 1.0)))  # so no -0 at 1
    return m.where(negative, -core, core) + over


def digamma(m: Any, x: Any) -> Any:
    """lgamma's slope; -inf at 0, inf at -0, nan at -1, -2 …

    For x < 1 it is digamma(1 + |x|) less 1/x, or plus pi cot(pi |x|).
    """
    a = m.abs(x)
    negative, below = m.greater(0.0, x), m.greater(1.0, x)
    w = a - m.where(below, 0.0, 1.0)
    y = w + 1.0
    near = ((w - ROOT) - ROOT_TAIL) * (0.375 + _ratio(w, _DIGAMMA))
    t = 1.0 / y
    far = m.log(y) - t * (0.5 + t * polynomial(t * t, _LOG))
    core = m.where(m.greater(w, 3.0), far, near)
    r = a - m.round(a)
    square, twice = r * r, r + r
    top = (1.0 - twice) * (1.0 + twice) * polynomial(square, _COT[0])
    top = m.where(m.equal(r, 0.0), math.nan, top)
    over = m.where(negative, top, -1.0) / m.where(negative, r * polynomial(square, _COT[1]), x)
    return core + m.where(below, over, 0.0)


def polygamma(m: Any, x: Any, *, n: int) -> Any:
    """digamma's n-th derivative, 0 <= n <= 100; at 0, -1, -2 … inf if n is odd, -inf if even."""
    if n == 0:
        return digamma(m, x)
    a = m.abs(x)
    negative = m.greater(0.0, x)
    core = _zeta(m, m.where(negative, a + 1.0, a), n)
    sign = 1.0 if n % 2 else -1.0
    # pi cot(pi x), n times differentiated: its poles at 0, 1 and -1, and a series for the others
    r = m.where(negative, x - m.round(x), 0.5)
    poles = _over(m, sign, r, n + 1) + _over(m, 1.0, 1.0 - r, n + 1)
    poles = poles + _over(m, sign, 1.0 + r, n + 1)
    others = polynomial(r * r, _others(n))
    others = others if n % 2 else others * r
    return m.where(negative, (float(math.factorial(n)) * poles + others) - core, sign * core)


def _over(m: Any, a: Any, x: Any, n: int) -> Any:
    """a / x^n."""
    return a / _whole_power(x, n) if n < 4 else a * m.power(x, -float(n))


def _whole_power(x: Any, n: int) -> Any:
    """x to the n >= 1, by squaring."""
    if n == 1:
        return x
    half = _whole_power(x, n // 2)
    return half * half * x if n % 2 else half * half


def _zeta(m: Any, x: Any, n: int) -> Any:
    """n! (1/x^(n+1) + 1/(x+1)^(n+1) + …) for x >= 0, in which nothing cancels.

    Below ``start`` that many terms; the rest, from ``start`` on, by Euler and Maclaurin's formula.
    """
    start, series = _euler_maclaurin(n)
    few = m.greater(float(start), x)
    terms = []
    for i in range(start - 1, 0, -1):  # the small terms first
        y = x + float(i)
        if n < 3:
            terms.append(1.0 / _whole_power(y, n + 1))
        else:  # what rounding y has lost counts n + 1 times
            lost = x - (y - float(i))
            terms.append((y - float(n + 1) * lost) / _whole_power(y, n + 2))
    total = functools.reduce(operator.add, terms) + _over(m, 1.0, x, n + 1)
    total = m.where(few, float(math.factorial(n)) * total, 0.0)
    y = m.where(few, x + float(start), x)
    t = 1.0 / y
    tail = 1.0 + t * (0.5 * n + t * polynomial(t * t, series))
    if n < 3:
        return total + tail * (t if n == 1 else t * t)
    # y^-n in two halves: the factorial comes before it may be subnormal.
    tail = float(math.factorial(n - 1)) * tail
    if n == 4:  # LLVM has its own -2nd power, which is not as good as dividing
        return total + tail / (y * y) / (y * y)
    half = m.power(y, -0.5 * n)
    return total + tail * half * half


@functools.cache
def _euler_maclaurin(n: int) -> tuple[int, tuple[float, ...]]:
    start = 8 + n // 3
    series: list[float] = []
    rising = 1
    for k, b in enumerate(_BERNOULLI):
        rising *= (n + 2 * k) * (n + 2 * k + 1)
        series.insert(0, b * rising)
        if abs(series[0]) < 2.0**-57 * float(start) ** (2 * k + 2):
            break
    return start, tuple(series)


@functools.cache
def _others(n: int) -> tuple[float, ...]:
    """pi cot(pi r)'s Laurent series, less its poles at 0, 1 and -1, n times differentiated."""
    series: list[float] = []
    for k in range(n + 1 - n % 2, 171, 2):  # of r^k: 2 (zeta(k + 1) - 1)
        c = 2.0 * _zeta(FLOATS, 2.0, k) / math.factorial(k - n)
        series.insert(0, c)
        if c * 2.0 ** (n - k) < 2.0 ** (n - 57) * math.factorial(n):
            break
    return tuple(series)


# ------------------------------------------------------------------ sin(pi x) / (pi x)
def sinc(m: Any, x: Any) -> Any:
    """sin(pi x) / (pi x), 1 at 0, nan at ±inf as NumPy's.

    One series serves about every whole number: it has no seam, and its derivatives have none.
    """
    k, r, divisor, sign = _nearest(m, x)
    share = m.where(m.equal(k, 0.0), 1.0, r / divisor)
    return sign * share * polynomial(r * r, _SINC) + 0.0  # no -0


def sinc_slope(m: Any, x: Any, y: Any) -> Any:
    """Its slope, by the same series: of r/x times it where k is not 0."""
    k, r, divisor, sign = _nearest(m, x)
    z = r * r
    slope = 2.0 * r * polynomial(z, _SINC_SLOPE)
    far = sign * ((k / divisor) * polynomial(z, _SINC) + r * slope) / divisor
    return m.where(m.equal(k, 0.0), slope, far)


def _nearest(m: Any, x: Any) -> tuple[Any, Any, Any, Any]:
    """The nearest whole number k, x - k, x or 1 where k is 0, and k's sign: -1 if it is odd."""
    k = m.round(x)
    half = 0.5 * k
    return k, x - k, m.where(m.equal(k, 0.0), 1.0, x), 1.0 - 4.0 * (half - m.floor(half))
