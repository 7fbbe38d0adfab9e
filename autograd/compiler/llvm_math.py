"""exp, log, log1p, sin, cos, tanh, erf and power for vectors of rows: LLVM has no such library.

Each is a formula over the arithmetic ``m`` of llvm_vectors.py: a few dozen instructions and no
branch, but for the rare rows that are left to the C library. All are within 2.5 ulp on the whole of
float64, subnormal numbers included, and say what the C library says of ±0, ±inf and nan: the tests
measure it against mpmath. Read by llvm_vectors.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

# ln 2 in two parts, and the coefficients LOG, SINE and COSINE: FreeBSD's msun (e_log.c, k_sin.c,
# k_cos.c; Sun Microsystems 1993). The first part has 21 zero bits at its end: n × it is exact.
LN2, LN2_TAIL = 6.93147180369123816490e-01, 1.90821492927058770002e-10
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
# 2 artanh(s) = 2 s + 2/3 s³ + s⁵ times these in s²; 2^-71 of it off.
ARTANH = tuple(2 / (2 * k + 1) for k in range(2, 13))
# π/2 to 160 bits: with fma the first product leaves no error, for any angle below HUGE.
HALF_PI = (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33)
HUGE = 2.0**30
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


def exp_parts(m: Any, x: Any) -> tuple[Any, Any]:
    """n and p with eˣ = 2ⁿ (1 + p)."""
    n, _ = m.nearest(x, 1 / math.log(2.0))
    r = m.fma(n, -LN2_TAIL, m.fma(n, -LN2, x))
    return n, m.fma(r * r, m.polynomial(r, EXP), r)


def exp(m: Any, x: Any) -> Any:
    """eˣ: x = n ln 2 + r, then a polynomial in r. Beyond the bounds it is 0 or inf all the same."""
    x = m.where(m.greater(x, 710.0), 710.0, x)
    n, p = exp_parts(m, m.where(m.greater(-746.0, x), -746.0, x))
    return m.scale(p + 1.0, n)


def tanh(m: Any, x: Any) -> Any:
    """t / (t + 2) with t = exp(2 |x|) - 1, which is accurate near 0; 1 in float64 from 22 on."""
    size = m.abs(x)
    n, p = exp_parts(m, 2.0 * m.where(m.greater(size, 22.0), 22.0, size))
    power = m.scale(1.0, n)
    t = m.fma(power, p, power - 1.0)
    return m.copysign(t / (t + 2.0), x)


def log_parts(m: Any, x: Any) -> tuple[Any, Any]:
    """k and f with x = 2ᵏ (1 + f) and 1 + f in [√½, √2]."""
    mantissa, k = m.split(x)
    high = m.greater(mantissa, math.sqrt(2.0))
    return m.where(high, k + 1.0, k), m.where(high, 0.5 * mantissa, mantissa) - 1.0


def log_sum(m: Any, k: Any, f: Any, tail: Any) -> Any:
    """k ln 2 + log(1 + f) + tail, by the series of 2 artanh(s), s = f / (2 + f)."""
    s = f / (2.0 + f)
    z = s * s
    half = 0.5 * f * f
    series = s * m.fma(z, m.polynomial(z, LOG), half)
    return m.fma(k, LN2, f - (half - (series + m.fma(k, LN2_TAIL, tail))))


def log(m: Any, x: Any) -> Any:
    """The natural logarithm; split() has seen to 0, inf, nan and what is below 0."""
    k, f = log_parts(m, x)
    return log_sum(m, k, f, 0.0)


def log1p(m: Any, x: Any) -> Any:
    """log(u) of u = 1 + x, and what rounding u lost, which near 1 makes f whole again."""
    u = 1.0 + x
    k, f = log_parts(m, u)
    lost = m.where(m.greater(x, 1.0), 1.0 - (u - x), x - (u - 1.0))
    near = m.equal(k, 0.0)
    edge = m.equal(m.abs(k), math.inf)  # u is 0 or inf
    tail = m.where(near, 0.0, m.where(edge, 0.0, lost / u))
    return m.copysign(log_sum(m, k, m.where(near, f + lost, f), tail), x)


def turn(m: Any, x: Any, quarters: int) -> Any:
    """sin(x + quarters × π/2), by reduction to [-π/4, π/4] of known quadrant."""
    n, quadrant = m.nearest(x, 2 / math.pi)
    r = x
    for part in HALF_PI:
        r = m.fma(n, -part, r)
    z = r * r
    sine = m.fma(r * z, m.polynomial(z, SINE), r)
    cosine = m.fma(z, m.polynomial(z, COSINE), 1.0)
    odd, negative = m.bit(quadrant, 0), m.bit(quadrant, 1)
    if quarters:
        size = m.where(odd, sine, cosine)
        return m.where(m.equal(odd, negative), size, -size)
    size = m.where(odd, cosine, sine)
    return m.where(negative, -size, size)


def sin(m: Any, x: Any) -> Any:
    """The sine; of a huge angle by the C library, whatever the other lanes hold."""
    near = m.where(m.equal(x, 0.0), x, turn(m, x, 0))  # keeps the sign of 0
    return m.rare(m.greater_equal(m.abs(x), HUGE), near, "sin", x)


def cos(m: Any, x: Any) -> Any:
    """The cosine, as the sine."""
    return m.rare(m.greater_equal(m.abs(x), HUGE), turn(m, x, 1), "cos", x)


def erf(m: Any, x: Any) -> Any:
    """A polynomial about the nearest of 16 centres: its coefficients are looked up."""
    size = m.abs(x)
    size = m.where(m.greater(size, LAST), LAST, size)
    n, index = m.nearest(size, 1 / STEP)
    u = m.fma(n, -STEP, size)
    return m.copysign(m.polynomial(u, [m.table(row, index) for row in ERF]), x)


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
    return log, tails + (third_tail + rest + m.fma(k, LN2_TAIL, 2.0 * s_tail))


def pow(m: Any, a: Any, b: Any) -> Any:
    """exp(b log a) in doubled precision; where that is nothing ordinary, the C library's."""
    log, log_tail = log_pair(m, a)
    x = b * log
    x_tail = m.fma(b, log, -x) + b * log_tail
    n, _ = m.nearest(x, 1 / math.log(2.0))
    r = m.fma(n, -LN2, x) + m.fma(n, -LN2_TAIL, x_tail)
    usual = m.scale(m.fma(r * r, m.polynomial(r, EXP), r) + 1.0, n)
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
    exponent = b if isinstance(b, float) else b.number
    if exponent in POWERS:
        return POWERS[exponent](m, a)
    if exponent is None or not exponent.is_integer():
        return m.inline(pow, a, b)
    size = m.inline(pow, m.abs(a), b)
    return m.copysign(size, a) if exponent % 2.0 else size
