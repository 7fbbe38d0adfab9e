"""The elementary functions, erf and erfc for vectors of rows: LLVM has no such library.

Each is a formula over the arithmetic ``m`` of llvm_vectors.py: a few dozen instructions and no
branch, but for the rare rows that are left to the C library. All are within 2.5 ulp (tan: 3) on the
whole of float64, subnormal numbers included, and say what the C library says of ±0, ±inf and nan:
the tests measure it against mpmath. Read by llvm_vectors.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

# ln 2 in two parts, and the coefficients LOG, SINE and COSINE: FreeBSD's msun (e_log.c, k_sin.c,
# k_cos.c; Sun Microsystems 1993). The first part has 21 zero bits at its end: n × it is exact.
LN2, LN2_TAIL = 6.93147180369123816490e-01, 1.90821492927058770002e-10
LN2_WHOLE = math.log(2.0)
INV_LN2, INV_LN2_TAIL = 1.4426950408889634, 2.0355273740931033e-17
INV_LN10, INV_LN10_TAIL = 0.4342944819032518, 1.098319650216765e-17
LG2, LG2_TAIL = 0.3010299955494702, 1.1451100898021838e-10  # log₁₀ 2, likewise: 22 zero bits
# (eˣ - 1 - x) / x² for |x| <= ½ ln 2, interpolated at Chebyshev's points: 1.3e-17 off.
EXP = (
    0.5000000000000001, 0.16666666666666669, 0.04166666666662413, 0.008333333333330062,
    0.0013888888917213717, 0.00019841269863053618, 2.4801521295954376e-05, 2.7557268459997064e-06,
    2.7620088445409746e-07, 2.510038549551032e-08,
)  # fmt: skip
LOG = (
    6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01,
    2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01,
    1.479819860511658591e-01,
)  # fmt: skip
SINE = (
    -1.66666666666666324348e-01, 8.33333333332248946124e-03, -1.98412698298579493134e-04,
    2.75573137070700676789e-06, -2.50507602534068634195e-08, 1.58969099521155010221e-10,
)  # fmt: skip
COSINE = (
    -0.5, 4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05,
    -2.75573143513906633035e-07, 2.08757232129817482790e-09, -1.13596475577881948265e-11,
)  # fmt: skip
# (arctan t - t) / t³ for |t| <= √2 - 1 and (arcsin s - s) / s³ for |s| <= ½, in the square,
# likewise: 7e-18 and 5e-18 of the value off. 1/∛f for f from 1 to 2, a start: 3e-4 off.
ARCTAN = (
    -0.3333333333333333, 0.1999999999999552, -0.14285714284666542, 0.11111111015256292,
    -0.09090904578121085, 0.07692183190760651, -0.0666451144646022, 0.05858148904795124,
    -0.050854496960392584, 0.039231657085083686, -0.019176885636589053,
)  # fmt: skip
ARCSIN = (
    0.16666666666666669, 0.07499999999998433, 0.04464285714635543, 0.030381944138531247,
    0.02237217294214989, 0.017352392720869973, 0.013971212973552933, 0.011479177415184906,
    0.01032281435018578, 0.005457506718640358, 0.01740087944269402, -0.014851887071247204,
    0.028757851367421566,
)  # fmt: skip
CBRT = (1.53776026627287, -0.8012745696637373, 0.3118472681731596, -0.04863305334283885)
# 2 artanh(s) = 2 s + 2/3 s³ + s⁵ times these in s²; 2^-71 of it off.
ARTANH = tuple(2 / (2 * k + 1) for k in range(2, 13))
# π/2 to 160 bits: with fma the first product leaves no error, for any angle below HUGE.
HALF_PI = (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33)
HUGE = 2.0**30
# erfc(x) exp(x²) (1 + x) in v = (x - 3) / (x + 3), likewise, up to FAR: 5e-17 off. The factor makes
# it almost flat near 0, where an error of v would be felt most.
FAR = 27.5  # erfc is 0 in float64 from 27.3 on
ERFC = (
    0.7160046047255598, -0.23092733308380903, 0.09902075367944142, -0.010235388899028872,
    -0.023803913108728824, 0.021957764013349007, -0.009750689291727756, 0.0016185691166468465,
    0.00064581419375799, -0.0003672883927209674, -2.055155089154332e-05, 5.611892806894855e-05,
    -1.5146254861073428e-06, -8.98857419931543e-06, 2.6140754789521256e-07, 1.5854282148743478e-06,
    5.9120747190758847e-08, -2.885501428714263e-07, -4.44252072506658e-08, 4.644470929546007e-08,
    1.3646481116036057e-08, -4.65791294635628e-09, -1.998318962406426e-09,
)  # fmt: skip
# erf(c + u) for |u| <= STEP / 2 about the 16 centres c = 0, STEP, 2 STEP ...; a row a power of u, a
# column a centre. Interpolated at Chebyshev's points to 60 digits: 7e-17 of the value off. Past
# LAST it is 1 in float64.
STEP, LAST = 49 / 128, 5.93
ERF = (
    (0.0, 0.41175336588849487, 0.7210838185377029, 0.8956531898777526, 0.9696516951398422,
     0.9932083886728043, 0.9988389168871097, 0.9998491405531446, 0.9999851585892071,
     0.9999988975361382, 0.999999938294193, 0.999999997401903, 0.9999999999178136,
     0.9999999999980487, 0.9999999999999653, 0.9999999999999996),
    (1.1283791670955126, 0.9745658662577653, 0.6278842762449078, 0.3017590421446803,
     0.10818156296067481, 0.02893066955565695, 0.005771331122144983, 0.0008588271659385561,
     9.533400290437293e-05, 7.894091537007592e-06, 4.876056861072138e-07, 2.2467132100486468e-08,
     7.722159902859609e-10, 1.979895259634869e-11, 3.786673979497323e-13, 5.4023894534713776e-15),
    (4.7589529102177804e-17, -0.3730759956768007, -0.48072389900000756, -0.34655139996303136,
     -0.16565301828353332, -0.05537510969637459, -0.013256026171176761, -0.0023013884212259848,
     -0.00029196038389464103, -2.719761224859506e-05, -1.8666155171291172e-06,
     -9.460768907948167e-08, -3.5473672053991657e-09, -9.853072503299925e-11,
     -2.0294205860771883e-12, -3.102153319831769e-14),
    (-0.37612638903184936, -0.22964318568932396, 0.036074731366122055, 0.1647420682152557,
     0.13304360184424321, 0.0610173907502131, 0.018374513033900818, 0.003825058801364726,
     0.0005643077828163275, 5.983815178695717e-05, 4.601223122256334e-06, 2.581023331650968e-07,
     1.0606406747107064e-08, 3.2029655785612254e-10, 7.124728247531091e-12, 1.169535135452362e-13),
    (1.1574619433961451e-12, 0.16831380623634698, 0.1464314415655675, 0.020919148838119062,
     -0.046643834900830905, -0.03993717984266264, -0.016683304421970167, -0.004357851654639911,
     -0.0007667761644740067, -9.40146954159954e-05, -8.184823460094688e-06, -5.11890500336492e-07,
     -2.3179134741356576e-08, -7.641443419316352e-10, -1.8415571531508145e-11,
     -3.254439834211673e-13),
    (0.1128379166511563, 0.0431199041541249, -0.05566704833755736, -0.05903235450025067,
     -0.011343731685402189, 0.012271686106589868, 0.0098154320270729, 0.003523554599283839,
     0.0007700084667754996, 0.00011161255685967904, 1.1152644001872316e-05, 7.847848478083105e-07,
     3.9409734664552703e-08, 1.4250354839586223e-09, 3.734093817743529e-11, 7.124170571896363e-13),
    (1.7390913967111355e-09, -0.05038596106913073, -0.024841689793694124, 0.017019883496417833,
     0.01822838569341374, 0.002820323236428151, -0.0030660589689287337, -0.0019852479655827165,
     -0.000581576665603958, -0.00010310946007592672, -1.2048618851558119e-05, -9.65055865649776e-07,
     -5.416505762192107e-08, -2.160154678942425e-09, -6.179724170453291e-11,
     -1.2768270418431676e-12),
    (-0.02686620350038566, -0.004755682528034555, 0.018688172747242052, 0.008470677669986444,
     -0.005274029208837427, -0.004464195996813669, -0.0003249063759455009, 0.0006810142079294434,
     0.0003255442169420976, 7.492392436712356e-05, 1.0522783656924241e-05, 9.742309038327023e-07,
     6.170876389560153e-08, 2.7322199783627914e-09, 8.573921999037091e-11, 1.925292315311238e-12),
    (4.08992829301206e-07, 0.01125212191911967, 0.0017461870288162443, -0.006079126896744018,
     -0.001887119106628954, 0.001531831915532215, 0.0008435802380045254, -3.08159033982442e-05,
     -0.0001246212587763612, -4.2439218702858515e-05, -7.488785213981536e-06,
     -8.188072132685713e-07, -5.926154435776145e-08, -2.9363411037861175e-09,
     -1.0163261809948961e-10, -2.4901444028328753e-12),
    (0.005220576378529699, -3.232872820562363e-05, -0.003930588709404472, -9.586611101255545e-05,
     0.0016675958495922646, 0.00021656720385721963, -0.0003674038560520494, -0.0001140850686868982,
     2.151227798740063e-05, 1.7925675428075193e-05, 4.324665159797126e-06, 5.766921864264461e-07,
     4.847638651357133e-08, 2.713714491169536e-09, 1.0421769360614925e-10, 2.796786538935177e-12),
    (1.8725537108395735e-05, -0.0019977253870081388, 0.00029138118161566164, 0.0011026628147882554,
     -0.0001751689896855581, -0.0003552050400174648, 1.879249418014209e-05, 6.661598367597309e-05,
     8.980535388529838e-06, -4.8064139240272765e-06, -1.979786168993602e-06,
     -3.4017649653556216e-07, -3.4014152667908175e-08, -2.1802145135408243e-09,
     -9.371927267770628e-11, -2.772531180097389e-12),
    (-0.0009204718965200561, 0.0001402865922879152, 0.0005949366575895937, -0.00020888721042246477,
     -0.00022278744189279943, 8.600509255589756e-05, 5.233748101680569e-05, -1.339775716108301e-05,
     -8.541359352442837e-06, 3.655469576715476e-08, 6.680199727904873e-07, 1.681236618160331e-07,
     2.0982948637206475e-08, 1.5851736638753622e-09, 7.796950806689706e-11, 2.591859935506599e-12),
    (0.0001332165927492321, 0.0002895013341219065, -0.00011848735680385668, -0.00012511909645936063,
     8.225368589755556e-05, 2.5907969282435735e-05, -2.2552284692289864e-05, -4.026469420688879e-06,
     2.9546237833678847e-06, 6.938385408225554e-07, -1.2464338949436135e-07, -6.529987095078938e-08,
     -1.0701058330413274e-08, -9.637986327952582e-10, -5.4188374433692625e-11,
     -2.0101614205222068e-12),
)  # fmt: skip


def clamped(m: Any, x: Any, low: float, high: float) -> Any:
    """x, or the bound that it is beyond: where a function is at its limit all the same."""
    x = m.where(m.greater(x, high), high, x)
    return m.where(m.greater(low, x), low, x)


# ------------------------------------------------------------------ exponentials
def exp_reduced(m: Any, x: Any) -> tuple[Any, Any]:
    """n and r, |r| <= ½ ln 2, with x = n ln 2 + r."""
    n, _ = m.nearest(x, 1 / math.log(2.0))
    return n, m.fma(n, -LN2_TAIL, m.fma(n, -LN2, x))


def exp_less_1(m: Any, r: Any) -> Any:
    """exp(r) - 1 for |r| <= ½ ln 2."""
    return m.fma(r * r, m.polynomial(r, EXP), r)


def exp(m: Any, x: Any) -> Any:
    """eˣ: x = n ln 2 + r, then a polynomial in r."""
    n, r = exp_reduced(m, clamped(m, x, -746.0, 710.0))
    return m.scale(exp_less_1(m, r) + 1.0, n)


def exp2(m: Any, x: Any) -> Any:
    """2ˣ, exactly where x is whole."""
    x = clamped(m, x, -1076.0, 1025.0)
    n, _ = m.nearest(x, 1.0)
    return m.scale(exp_less_1(m, (x - n) * math.log(2.0)) + 1.0, n)


def expm1(m: Any, x: Any) -> Any:
    """eˣ - 1 = 2ⁿ ((1 - 2⁻ⁿ) + p); -1 in float64 from -40 on."""
    n, r = exp_reduced(m, clamped(m, x, -40.0, 710.0))
    return m.copysign(m.scale((1.0 - m.scale(1.0, -n)) + exp_less_1(m, r), n), x)


def hyperbolic(m: Any, x: Any) -> tuple[Any, ...]:
    """n, sinh n' and cosh n', both over 2ⁿ, with n' = n ln 2; sinh r and cosh r - 1 of the rest."""
    size = m.abs(x)
    n, r = exp_reduced(m, m.where(m.greater(size, 711.0), 711.0, size))
    z = r * r
    sinh, cosh_less_1 = m.fma(r * z, m.polynomial(z, EXP[1::2]), r), z * m.polynomial(z, EXP[::2])
    back = m.scale(1.0, -n)
    half = 0.5 * back * back
    return n, 0.5 - half, 0.5 + half, sinh, cosh_less_1


def sinh(m: Any, x: Any) -> Any:
    """sinh(n' + r) by the addition theorem: nothing cancels, and only the last step overflows."""
    n, a, b, s, c = hyperbolic(m, x)
    return m.copysign(m.scale(a + m.fma(b, s, a * c), n), x)


def cosh(m: Any, x: Any) -> Any:
    """cosh, as sinh."""
    n, a, b, s, c = hyperbolic(m, x)
    return m.scale(b + m.fma(a, s, b * c), n)


def tanh(m: Any, x: Any) -> Any:
    """-t / (t + 2) with t = exp(-2 |x|) - 1, which is accurate near 0.

    LLVM finds most of that exponential in the slope's, which is of the same number.
    """
    n, r = exp_reduced(m, clamped(m, -2.0 * m.abs(x), -746.0, 710.0))
    power = m.scale(1.0, n)
    t = m.fma(power, exp_less_1(m, r), power - 1.0)
    return m.copysign(t / (t + 2.0), x)


# ------------------------------------------------------------------ logarithms
def log_parts(m: Any, x: Any) -> tuple[Any, Any]:
    """k and f with x = 2ᵏ (1 + f) and 1 + f in [√½, √2]; split() sees to 0, inf, nan and x < 0."""
    mantissa, k = m.split(x)
    high = m.greater(mantissa, math.sqrt(2.0))
    return m.where(high, k + 1.0, k), m.where(high, 0.5 * mantissa, mantissa) - 1.0


def log_rest(m: Any, f: Any) -> Any:
    """log(1 + f) - f, by the series of 2 artanh(s), s = f / (2 + f)."""
    s = f / (2.0 + f)
    z = s * s
    half = 0.5 * f * f
    return m.fma(s, m.fma(z, m.polynomial(z, LOG), half), -half)


def log_sum(m: Any, k: Any, f: Any) -> Any:
    """log(2ᵏ (1 + f))."""
    return m.fma(k, LN2, f + m.fma(k, LN2_TAIL, log_rest(m, f)))


def log(m: Any, x: Any) -> Any:
    """The natural logarithm."""
    return log_sum(m, *log_parts(m, x))


def log2(m: Any, x: Any) -> Any:
    """The binary logarithm, exactly at a power of two."""
    k, f = log_parts(m, x)
    tail = m.fma(f, INV_LN2_TAIL, k)
    return m.fma(f, INV_LN2, m.fma(log_rest(m, f), INV_LN2, tail))


def log10(m: Any, x: Any) -> Any:
    """The decimal logarithm."""
    k, f = log_parts(m, x)
    tail = m.fma(f, INV_LN10_TAIL, k * LG2_TAIL)
    return m.fma(k, LG2, m.fma(f, INV_LN10, m.fma(log_rest(m, f), INV_LN10, tail)))


def log1p(m: Any, x: Any) -> Any:
    """log(2ᵏ (1 + f)) with k that of 1 + x, and f from x itself: it loses nothing near 0."""
    k, edge = log_parts(m, 1.0 + x)
    back = m.scale(1.0, -k)
    inside = m.fma(k, 0.0, edge)  # nan where 1 + x is 0, inf, nan or below 0
    f = m.where(m.equal(inside, inside), m.fma(x, back, back - 1.0), edge)
    return m.copysign(log_sum(m, k, f), x)


def arcsinh(m: Any, x: Any) -> Any:
    """log1p(v) with v = |x| + x² / (1 + √(1 + x²)); log(2 |x|) where x² would overflow."""
    size = m.abs(x)
    v = m.fma(size, size / (1.0 + m.sqrt(m.fma(x, x, 1.0))), size)
    big = m.greater(size, 1e150)
    return m.copysign(log1p(m, m.where(big, size, v)) + m.where(big, LN2_WHOLE, 0.0), x)


def arccosh(m: Any, x: Any) -> Any:
    """log1p(t + √(t² + 2 t)) with t = x - 1; log(2 x) where t² would overflow."""
    t = x - 1.0
    big = m.greater(x, 1e150)
    v = m.where(big, x, t + m.sqrt(m.fma(t, t, 2.0 * t)))
    y = log1p(m, v) + m.where(big, LN2_WHOLE, 0.0)
    return m.where(m.greater_equal(x, 1.0), y, math.nan)


def arctanh(m: Any, x: Any) -> Any:
    """½ log(q) of q = (1 + x) / (1 - x) = 2ᵏ (1 + f), by the series in s = f / (2 + f).

    s = (q - 2ᵏ) / (q + 2ᵏ) takes one division, and is x where k is 0. Past ½ 1 - x is exact; before
    it 1 ± 2⁻ᵏ are.
    """
    size = m.abs(x)
    up, down = 1.0 + size, 1.0 - size
    mantissa, k = m.split(down)
    root = math.sqrt(2.0)
    k = m.where(m.greater(up, root * mantissa), 1.0 - k, -k)
    k = m.where(m.greater(mantissa, root * up), k - 1.0, k)
    h = m.scale(1.0, -k)
    past = m.greater(size, 0.5)
    over = m.where(past, m.fma(up, h, -down), m.fma(size, 1.0 + h, h - 1.0))
    s = over / m.where(past, m.fma(up, h, down), m.fma(size, h - 1.0, 1.0 + h))
    z = s * s
    rest = m.fma(0.5 * s * z, m.polynomial(z, LOG), k * (0.5 * LN2_TAIL))
    edge = m.where(m.equal(size, 1.0), math.inf, math.nan)
    return m.copysign(m.where(m.greater(1.0, size), m.fma(k, 0.5 * LN2, s + rest), edge), x)


# ------------------------------------------------------------------ angles
def sine_cosine(m: Any, x: Any) -> tuple[Any, Any, Any]:
    """The number of quarter turns next to x, in its low bits; sine and cosine of what is left."""
    n, quadrant = m.nearest(x, 2 / math.pi)
    r = x
    for part in HALF_PI:
        r = m.fma(n, -part, r)
    z = r * r
    sine = m.fma(r * z, m.polynomial(z, SINE), r)
    return quadrant, sine, m.fma(z, m.polynomial(z, COSINE), 1.0)


def sin(m: Any, x: Any) -> Any:
    """The sine; of a huge angle by the C library, whatever the other lanes hold."""
    quadrant, sine, cosine = sine_cosine(m, x)
    size = m.where(m.bit(quadrant, 0), cosine, sine)
    near = m.where(m.bit(quadrant, 1), -size, size)
    near = m.where(m.equal(x, 0.0), x, near)  # keeps the sign of 0
    return m.rare(m.greater_equal(m.abs(x), HUGE), near, "sin", x)


def cos(m: Any, x: Any) -> Any:
    """The cosine, as the sine."""
    quadrant, sine, cosine = sine_cosine(m, x)
    odd = m.bit(quadrant, 0)
    size = m.where(odd, sine, cosine)
    near = m.where(m.equal(odd, m.bit(quadrant, 1)), size, -size)
    return m.rare(m.greater_equal(m.abs(x), HUGE), near, "cos", x)


def tan(m: Any, x: Any) -> Any:
    """The tangent, as the sine."""
    quadrant, sine, cosine = sine_cosine(m, x)
    odd = m.bit(quadrant, 0)
    near = m.where(odd, cosine, sine) / m.where(odd, -sine, cosine)
    near = m.where(m.equal(x, 0.0), x, near)
    return m.rare(m.greater_equal(m.abs(x), HUGE), near, "tan", x)


def quarter_turns(m: Any, n: Any, x: Any, rest: Any) -> Any:
    """n × π/2 + x + rest."""
    return m.fma(n, HALF_PI[0], x + m.fma(n, HALF_PI[1], rest))


def angle(m: Any, a: Any, b: Any) -> tuple[Any, Any]:
    """n and t, |t| <= √2 - 1, with arctan(a / b) = n × π/2 + arctan(t), for a, b >= 0.

    A ratio near 1 becomes (a - b) / (a + b). nan fails both comparisons, as do two infinities.
    """
    slope = math.sqrt(2.0) - 1.0
    flat, steep = m.greater_equal(m.fma(b, slope, -a), 0.0), m.greater(m.fma(a, slope, -b), 0.0)
    over = m.where(flat, a, m.where(steep, -b, a - b))
    t = over / m.where(flat, b, m.where(steep, a, a + b))
    return m.where(flat, 0.0, m.where(steep, 1.0, 0.5)), t


def arctan_rest(m: Any, t: Any) -> Any:
    """arctan(t) - t."""
    z = t * t
    return t * z * m.polynomial(z, ARCTAN)


def arctan(m: Any, x: Any) -> Any:
    """The angle of slope x."""
    n, t = angle(m, m.abs(x), 1.0)
    return m.copysign(quarter_turns(m, n, t, arctan_rest(m, t)), x)


def arctan2(m: Any, a: Any, b: Any) -> Any:
    """The angle of (b, a); two zeros or two infinities are a direction too, as in C."""
    up, right = m.abs(a), m.abs(b)
    scale = m.where(m.greater(up + right, 2.0**500), 2.0**-60, 2.0**60)  # no over- nor underflow
    n, t = angle(m, up * scale, right * scale)
    t = m.where(m.equal(up, right), 0.0, t)
    left = m.greater(0.0, m.copysign(1.0, b))
    n, t = m.where(left, 2.0 - n, n), m.where(left, -t, t)
    return m.copysign(quarter_turns(m, n, t, arctan_rest(m, t)), a)


def arcsine_parts(m: Any, x: Any) -> tuple[Any, Any, Any]:
    """Whether |x| > ½; s, x itself or else √((1 - |x|) / 2); arcsin(s) - s."""
    size = m.abs(x)
    outer = m.greater(size, 0.5)
    z = m.where(outer, m.fma(-0.5, size, 0.5), x * x)
    s = m.where(outer, m.sqrt(z), x)
    return outer, s, s * z * m.polynomial(z, ARCSIN)


def arcsin(m: Any, x: Any) -> Any:
    """arcsin(x); past ½ it is π/2 - 2 arcsin(s)."""
    outer, s, rest = arcsine_parts(m, m.abs(x))
    n, factor = m.where(outer, 1.0, 0.0), m.where(outer, -2.0, 1.0)
    return m.copysign(ends(m, n, factor, s, rest), x)


def arccos(m: Any, x: Any) -> Any:
    """π/2 - arcsin(x); past ½ it is 2 arcsin(s), before -½ π - 2 arcsin(s)."""
    outer, s, rest = arcsine_parts(m, x)
    right = m.greater(x, 0.0)
    n = m.where(outer, m.where(right, 0.0, 2.0), 1.0)
    factor = m.where(outer, m.where(right, 2.0, -2.0), -1.0)
    return ends(m, n, factor, s, rest)


def ends(m: Any, n: Any, factor: Any, s: Any, rest: Any) -> Any:
    """n × π/2 + factor × (s + rest), for a factor ±1 or ±2."""
    return m.fma(n, HALF_PI[0], factor * s) + m.fma(n, HALF_PI[1], factor * rest)


# ------------------------------------------------------------------ error functions
def erf(m: Any, x: Any) -> Any:
    """A polynomial about the nearest of 16 centres: its coefficients are looked up."""
    size = m.abs(x)
    size = m.where(m.greater(size, LAST), LAST, size)
    n, index = m.nearest(size, 1 / STEP)
    u = m.fma(n, -STEP, size)
    return m.copysign(m.polynomial(u, [m.table(row, index) for row in ERF]), x)


def erfc(m: Any, x: Any) -> Any:
    """exp(-x²) times a smooth function over 1 + x, where neither the square nor the sum is rounded.

    What the square lost goes to the exponent, what the sum and the quotient lost is added last.
    """
    size = m.abs(x)
    size = m.where(m.greater(size, FAR), FAR, size)
    square = size * size
    n, r = exp_reduced(m, -square)
    p = exp_less_1(m, r + m.fma(-size, size, square))
    smooth = m.polynomial((size - 3.0) / (size + 3.0), ERFC)
    total = 1.0 + size
    inverse = 1.0 / total
    y = smooth * inverse
    lost = m.fma(-y, total, smooth) - y * (size - (total - 1.0))
    y = m.scale(y + m.fma(p, y, lost * inverse), n)
    return m.where(m.greater(0.0, x), 2.0 - y, y)


# ------------------------------------------------------------------ roots and powers
def cbrt(m: Any, x: Any) -> Any:
    """∛x: of x = 2³ⁿ f, f from ½ to 4, first r = 1/∛f to 2^-30, then Newton's step from f r²."""
    size = m.abs(x)
    mantissa, k = m.split(size)
    n, _ = m.nearest(k, 1 / 3)
    j = m.fma(n, -3.0, k)  # -1, 0 or 1
    f = m.scale(mantissa, j)
    third = 2.0 ** (1 / 3)
    r = m.polynomial(mantissa, CBRT) * m.where(
        m.greater(j, 0.0), 1 / third, m.where(m.greater(0.0, j), third, 1.0)
    )
    e = m.fma(-(f * r), r * r, 1.0)
    r = m.fma(r * e, m.fma(e, 2 / 9, 1 / 3), r)
    square = r * r
    y = f * square
    y = m.scale(m.fma(m.fma(-y, y * y, f) * (1 / 3), square, y), n)
    return m.copysign(m.where(m.greater(math.inf, m.abs(k)), y, size), x)


def hypot(m: Any, a: Any, b: Any) -> Any:
    """√(a² + b²), of sides brought near 1 by a power of two where a square would not fit."""
    a, b = m.abs(a), m.abs(b)
    big, small = m.greater(a + b, 2.0**500), m.greater(2.0**-400, a + b)
    scale = m.where(big, 2.0**-600, m.where(small, 2.0**600, 1.0))
    p, q = a * scale, b * scale
    y = m.sqrt(m.fma(p, p, q * q)) * m.where(big, 2.0**600, m.where(small, 2.0**-600, 1.0))
    return m.where(m.equal(a, math.inf), a, m.where(m.equal(b, math.inf), b, y))  # beside a nan too


def remainder(m: Any, a: Any, b: Any) -> Any:
    """a - b floor(a / b), rounded once, with the sign of b; where the quotient is huge, by fmod.

    A quotient that rounds up to a whole number leaves an exact r of the wrong sign.
    """
    n = m.intrinsic("floor", a / b)
    r = m.fma(-n, b, a)
    usual = m.where(m.equal(r, r), m.greater(2.0**52, m.abs(n)), 0.0)
    r = m.rare(m.equal(usual, 0.0), r, "fmod", a, b)
    wrong = m.greater(0.0, r * m.copysign(1.0, b))
    return m.copysign(m.where(wrong, r + b, r), b)


def log_pair(m: Any, x: Any) -> tuple[Any, Any]:
    """log(x) as a sum of two numbers, together good to 2^-65 of it."""
    k, f = log_parts(m, x)
    d = 2.0 + f
    s = f / d
    s_tail = (m.fma(-s, d, f) - s * (f - (d - 2.0))) / d
    z = s * s
    z_tail = m.fma(s, s, -z) + 2.0 * s * s_tail
    cube = s * z
    cube_tail = m.fma(s, z, -cube) + s * z_tail + s_tail * z
    third = cube * (2 / 3)  # 2/3 of s³; the next line has what the factor 2/3 lacks
    third_tail = m.fma(cube, 2 / 3, -third) + cube * 3.700743415417188e-17 + cube_tail * (2 / 3)
    rest = cube * z * m.polynomial(z, ARTANH)
    whole = k * LN2
    high = whole + 2.0 * s
    log = high + third
    tails = (2.0 * s - (high - whole)) + (third - (log - high))
    tail = tails + (third_tail + rest + m.fma(k, LN2_TAIL, 2.0 * s_tail))
    total = log + tail  # a large exponent would make much of what the tail still has
    return total, tail - (total - log)


def pow(m: Any, a: Any, b: Any) -> Any:
    """exp(b log a) in doubled precision; where that is nothing ordinary, the C library's."""
    log, log_tail = log_pair(m, a)
    x = b * log
    x_tail = m.fma(b, log, -x) + b * log_tail
    n, r = exp_reduced(m, x)
    usual = m.scale(exp_less_1(m, r + x_tail) + 1.0, n)
    ordinary = m.greater(700.0, m.abs(x))  # so no nan: 0 < a < inf, and far from overflow
    return m.rare(m.where(ordinary, 0.0, 1.0), usual, "pow", a, b)


# Exponents that need no logarithm: within 2 ulp of the power, and equal to it at ±0, ±inf and nan.
POWERS: dict[float | None, Callable[[Any, Any], Any]] = {
    -2.0: lambda m, x: (1.0 / x) * (1.0 / x),
    -1.0: lambda m, x: 1.0 / x,
    0.0: lambda m, x: 1.0,
    0.5: lambda m, x: m.where(m.equal(x, -math.inf), math.inf, m.sqrt(x + 0.0)),  # √-0 is -0
    1.0: lambda m, x: x,
    2.0: lambda m, x: x * x,
    3.0: lambda m, x: x * x * x,
    4.0: lambda m, x: (x * x) * (x * x),
}


def power(m: Any, a: Any, b: Any) -> Any:
    """a to the b; a constant whole exponent needs no C library for a negative base."""
    exponent = b if isinstance(b, float) else None
    if exponent in POWERS:
        return POWERS[exponent](m, a)
    if exponent is None or not exponent.is_integer():
        return m.inline(pow, a, b)
    size = m.inline(pow, m.abs(a), b)
    return m.copysign(size, a) if exponent % 2.0 else size


# Each is the line of the op of its name.
FUNCTIONS: tuple[Callable[..., Any], ...] = (
    exp, exp2, expm1, sinh, cosh, tanh, log, log2, log10, log1p, arcsinh, arccosh, arctanh,
    sin, cos, tan, arctan, arctan2, arcsin, arccos, erf, erfc, cbrt, hypot, remainder,
)  # fmt: skip
