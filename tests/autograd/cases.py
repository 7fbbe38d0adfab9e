"""What the tests of the op table draw from: every record, its points, and what mathematics says.

``REFERENCE`` holds each op as mathematics, ``SLOPES`` its derivatives and the conventions taken
where there is none; both in mpmath, and neither knows our formulas. A record without them fails a
test: an untested op cannot exist. ``probes`` gives the points, ``allowed_value`` and
``allowed_partial`` the interval of floats that an op may answer there, ``worst`` how near it comes.
"""

import collections
import functools
import itertools
import math
import random
import struct
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import ClassVar, NamedTuple

import mpmath as mp
import numpy as np
import scipy.special

import autograd
from autograd.graph import Graph
from autograd.ieee import FLOATS, evaluate
from autograd.modes import quiet
from autograd.op import Arithmetic, Op
from autograd.ops import TABLE, VALUES
from autograd.unknown import Unknown
from autograd.value import Value

mp.mp.dps = 60  # far more than a double's 17, so that differences in it are exact for us

RECORDS = tuple(TABLE.values())
FIXED = tuple(record for record in RECORDS if record.slots is not None)
N_ARY = tuple(record for record in RECORDS if record.slots is None)
# The same ops with other parameters: their rules must use what they are given.
OTHERS = tuple(
    TABLE[name].fixed(**parameters)
    for name, parameters in (
        ("leaky_relu", {"slope": 0.2}), ("elu", {"alpha": 0.7}), ("celu", {"alpha": 1.7}),
        ("polygamma", {"n": 0}), ("polygamma", {"n": 2}), ("polygamma", {"n": 5}),
        ("var", {"ddof": 1}), ("std", {"ddof": 1}),
    ) if name in TABLE
)  # fmt: skip
EVERY = RECORDS + OTHERS

EPS = 2.0**-52
TINY = 2.0**-1022  # below it a float loses digits, and a relative bound its meaning
SPACING = 5e-324  # of all floats below TINY
LARGEST = 1.7976931348623157e308

# Where a formula breaks if anywhere: both zeros, the infinities, nan, both ends of the range.
SPECIAL = (0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 5e-324, -1e-300, 1.7e308, -1.7e308)

# Of an n-ary op: no terms, one, several; ties, cancellation, a term beside one 1e16 times larger.
_FEW: tuple[tuple[float, ...], ...] = (
    (1.5,), (-2.5,), (0.0,), (2.0, -2.0), (3.0, 3.0), (0.0, 0.0), (0.1, 0.2, 0.3), (2.0, 2.0, 1.0),
    (-1.0, -1.0, -3.0), (5.0, 0.0, 0.0), (0.0, -5.0, 0.0), (0.0, 0.0, -3.0), (-5.0, 0.0, 0.0),
    (0.0, 0.0, 0.0),
    (0.1, 0.1, 0.1), (7.0, 7.0, 7.0, 7.0), (3.0, 1.0, 4.0, 1.0, 5.0), (1e16, 1.0, -1e16),
    (1e8, 1e8 + 1.0, 1e8 + 2.0, 1e8 + 4.0), (1e200, -1e200, 3e199), (1e-200, 2e-200, 4e-200),
    tuple(0.1 * i for i in range(12)),
)  # fmt: skip
LISTS: dict[str, tuple[tuple[float, ...], ...]] = {
    "sum": ((), *_FEW),
    "prod": ((), *_FEW),
    "max": _FEW,
    "min": _FEW,
    "norm": _FEW,
    "var": _FEW,
    "std": _FEW,
    "dot": ((), (3.0, -2.0), (0.1, 0.7, -1e8, 3.0, 0.2, 1e8), (1.0, 1.0, 1.0, -1.0),
            (0.0, 2.0, 5.0, 0.0)),
}  # fmt: skip


# Beside which the lists above are ordinary; not for () or one operand.
SPECIAL_LISTS = (
    (math.inf, 1.0, -2.0), (1.0, -math.inf, 3.0), (0.0, -2.0, math.inf), (math.inf, -math.inf, 0.0),
    (math.nan, 1.0, 2.0), (1.0, math.nan, -math.inf), (2.0, 0.0, math.nan), (-0.0, 0.0, -0.0),
    (3e302, -4e302, 1e300), (3e-300, 4e-300, -1e-300), (5e-324, -5e-324, 0.0),
    (1e-170, 1e170, 1.0, -1.0), (math.inf, 0.0, 0.0, 1.0), (math.nan, 1.0, 0.0, -1.0),
)  # fmt: skip


# ------------------------------------------------------------------ what an op is
ZERO, ONE, HALF = mp.mpf(0), mp.mpf(1), mp.mpf(1) / 2
ROOT_PI, ROOT_2 = mp.sqrt(mp.pi), mp.sqrt(2)
SELU_SCALE = mp.mpf("1.05070098735548049341933498529460")
SELU_ALPHA = mp.mpf("1.67326324235437728481704299167170")
FAR = mp.mpf(10) ** 5  # e^FAR is beyond any float; mpmath's exp of 1e300 takes 20 ms


def near(x):
    """x, as far as an exponential needs to know."""
    return max(-FAR, min(FAR, x))


def e(x):
    return mp.exp(near(x))


def sigmoid(x):
    return 1 / (1 + e(-x))


def softplus(x):
    return mp.log1p(e(x)) if x < FAR else x


def tails(low, high, function):
    """``function``, with what it tends to at both infinities."""
    return lambda x: low if x == -mp.inf else high if x == mp.inf else function(x)


def normal(x):
    """The standard normal's density; its share below x is ``share``."""
    return e(-x * x / 2) / (ROOT_2 * ROOT_PI)


def share(x):
    return mp.erfc(-near(x) / ROOT_2) / 2


def lgamma(x):
    if x > 0:
        return mp.loggamma(x)
    return mp.log(mp.pi / abs(mp.sinpi(x))) - mp.loggamma(1 - x)  # DLMF 5.5.3


def polygamma(x, n=1):
    """mpmath's psi, which would sum |x| terms left of 0, by DLMF 5.15.6 there."""
    if x > 0:
        return mp.psi(n, x)
    cotangent = [0, 1]  # its nth derivative by x/π is a polynomial in itself
    for _ in range(n):
        slope = [k * c for k, c in enumerate(cotangent)][1:]
        cotangent = [-(a + b) for a, b in itertools.zip_longest(slope, [0, 0, *slope], fillvalue=0)]
    c = mp.cospi(x) / mp.sinpi(x)
    derivative = mp.fsum(factor * c**k for k, factor in enumerate(cotangent))
    return (-1) ** n * mp.psi(n, 1 - x) - mp.pi ** (n + 1) * derivative


def sinc_slope(x):
    if abs(x) < 1e-10:  # the series: the next term is 1e-40 of it
        return -(mp.pi**2) * x / 3 + mp.pi**4 * x**3 / 30
    return (mp.cospi(x) - mp.sincpi(x)) / x


def power(a, b):
    """a to the b, nan if it is not real."""
    if b == 0:
        return ONE
    if a == 0:
        return ZERO if b > 0 else 1 / a  # which raises
    if a < 0 and b != mp.floor(b):
        return mp.nan
    size = e(b * mp.log(abs(a)))
    return -size if a < 0 and mp.fmod(b, 2) else size


def signed(function):
    """An odd function from its right half."""
    return lambda x: -function(-x) if x < 0 else function(x)


def by_side(x, left, at_0, right):
    """One of three by the sign of x, nan at nan."""
    return mp.nan if mp.isnan(x) else right if x > 0 else left if x < 0 else at_0


def rational(*xs):
    return [Fraction(*mp.libmp.to_rational(x._mpf_)) for x in xs]


def real(q):
    return mp.mpf(q.numerator) / q.denominator


def remainder(a, b):
    a, b = rational(a, b)
    return real(a - b * math.floor(a / b))


def deviations(xs):
    xs = rational(*xs)
    mean = sum(xs) / len(xs)
    return [x - mean for x in xs]


def variance(*xs, ddof=0):
    return real(sum(d * d for d in deviations(xs)) / (len(xs) - ddof))


def norm(*xs):
    return mp.sqrt(real(sum(x * x for x in rational(*xs))))


def product(*xs):
    return real(math.prod(rational(*xs), start=Fraction(1)))


def dot(*wx):
    wx = rational(*wx)
    return real(sum((w * x for w, x in zip(wx[: len(wx) // 2], wx[len(wx) // 2 :])), Fraction(0)))


def clip(x, low, high):
    return min(max(x, low), high)


REFERENCE: dict[str, Callable[..., mp.mpf]] = {
    "identity": lambda x: x,
    "stop_gradient": lambda x: x,
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "reciprocal": lambda x: 1 / x,
    "remainder": remainder,
    "negative": lambda x: -x,
    "power": power,
    "square": lambda x: x * x,
    "sqrt": mp.sqrt,
    "cbrt": signed(mp.cbrt),
    "hypot": mp.hypot,
    "exp": e,
    "exp2": lambda x: e(x * mp.log(2)),
    "expm1": lambda x: mp.expm1(near(x)),
    "log": mp.log,
    "log2": lambda x: mp.log(x) / mp.log(2),
    "log10": lambda x: mp.log(x) / mp.log(10),
    "log1p": mp.log1p,
    "logaddexp": lambda a, b: max(a, b) + mp.log1p(e(-abs(a - b))),
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "sinc": mp.sincpi,
    "arcsin": mp.asin,
    "arccos": mp.acos,
    "arctan": mp.atan,
    "arctan2": mp.atan2,
    "sinh": lambda x: mp.sinh(near(x)),
    "cosh": lambda x: mp.cosh(near(x)),
    "tanh": mp.tanh,
    "arcsinh": mp.asinh,
    "arccosh": mp.acosh,
    "arctanh": mp.atanh,
    "erf": mp.erf,
    "erfc": lambda x: mp.erfc(near(x)),
    "erfinv": mp.erfinv,
    "lgamma": lgamma,
    "digamma": lambda x: polygamma(x, 0),
    "polygamma": polygamma,
    "sigmoid": sigmoid,
    "logit": lambda x: mp.log(x / (1 - x)),
    "log_sigmoid": lambda x: -softplus(-x),
    "softplus": softplus,
    "relu": lambda x: max(x, ZERO),
    "leaky_relu": lambda x, slope=0.01: max(x, slope * x) if slope <= 1 else min(x, slope * x),
    "elu": lambda x, alpha=1: x if x > 0 else alpha * mp.expm1(near(x)),
    "selu": lambda x: SELU_SCALE * (x if x > 0 else SELU_ALPHA * mp.expm1(near(x))),
    "celu": lambda x, alpha=1: max(ZERO, x) + min(ZERO, alpha * mp.expm1(near(x / alpha))),
    "gelu": tails(ZERO, mp.inf, lambda x: x * share(x)),
    "silu": tails(ZERO, mp.inf, lambda x: x * sigmoid(x)),
    "mish": tails(ZERO, mp.inf, lambda x: x * mp.tanh(softplus(x))),
    "softsign": tails(-ONE, ONE, lambda x: x / (1 + abs(x))),
    "hardtanh": lambda x: clip(x, -ONE, ONE),
    "relu6": lambda x: clip(x, ZERO, mp.mpf(6)),
    "hardswish": tails(ZERO, mp.inf, lambda x: x * clip(x + 3, ZERO, mp.mpf(6)) / 6),
    "abs": abs,
    "sign": mp.sign,
    "floor": mp.floor,
    "ceil": mp.ceil,
    "trunc": signed(mp.floor),
    "round": mp.nint,
    "maximum": max,
    "minimum": min,
    "clip": clip,
    "where": lambda c, a, b: a if c else b,
    "corner": lambda a, b: a,
    "equal": lambda a, b: ONE if a == b else ZERO,
    "not_equal": lambda a, b: ZERO if a == b else ONE,
    "greater": lambda a, b: ONE if a > b else ZERO,
    "greater_equal": lambda a, b: ONE if a >= b else ZERO,
    "less": lambda a, b: ONE if a < b else ZERO,
    "less_equal": lambda a, b: ONE if a <= b else ZERO,
    "sum": lambda *xs: real(sum(rational(*xs), Fraction(0))),
    "prod": product,
    "max": lambda *xs: max(xs),
    "min": lambda *xs: min(xs),
    "norm": norm,
    "var": variance,
    "std": lambda *xs, ddof=0: mp.sqrt(variance(*xs, ddof=ddof)),
    "dot": dot,
}


# ------------------------------------------------------------------ its slopes
def never(*operands, **parameters):
    """Nothing passes: a step, a condition, a cut."""
    return ZERO


never.constant = True


def constant(number):
    def rule(*operands):
        return mp.mpf(number)

    rule.constant = True
    return rule


def sech_squared(x):
    return 4 / (e(x) + e(-x)) ** 2


def mish_slope(x):
    y = mp.tanh(softplus(x))
    return y + x * sech_squared(softplus(x)) * sigmoid(x)


def of_two(a, b):
    """The larger's share: all, half at a tie, none."""
    return by_side(a - b, ZERO, HALF, ONE)


def inside(x, low, high):
    """clip's slope between constants."""
    return of_two(x, low) * of_two(high, x)


def clip_slopes():
    def passed(x, low, high):  # by the upper bound
        return of_two(high, max(x, low))

    return (
        lambda x, low, high: of_two(x, low) * passed(x, low, high),
        lambda x, low, high: of_two(low, x) * passed(x, low, high),
        lambda x, low, high: 1 - passed(x, low, high),
    )


def hardswish_slope(x):
    """Half of each side's slope at ±3: a product with relu6, whose slope there is ½."""
    return inside(x, -3, 3) * (2 * x + 3) / 6 + (1 - of_two(3, x))


def over_length(a, b):
    return ZERO if a == 0 == b else a / mp.hypot(a, b)


def over_square(x, a, b):
    return mp.nan if a == 0 == b else x / (a * a + b * b)


def tied(xs, slot, largest):
    best = max(xs) if largest else min(xs)
    return mp.mpf(xs[slot] == best) / sum(x == best for x in xs)


def std_slope(xs, slot, ddof=0):
    spread = mp.sqrt(variance(*xs, ddof=ddof))
    return real(deviations(xs)[slot]) / ((len(xs) - ddof) * spread) if spread else ZERO


def over(x):
    """1/x, where x comes to 0 from above alone."""
    return 1 / x if x else mp.inf


def circle(x):
    return over(mp.sqrt((1 - x) * (1 + x)))


# A rule a slot; of an n-ary op one of (operands, slot). Division by 0 is a pole.
SLOPES: dict[str, tuple[Callable[..., mp.mpf], ...]] = {
    "identity": (constant(1),),
    "stop_gradient": (never,),
    "add": (constant(1), constant(1)),
    "subtract": (constant(1), constant(-1)),
    "multiply": (lambda a, b: b, lambda a, b: a),
    "divide": (lambda a, b: 1 / b, lambda a, b: mp.nan if a == 0 == b else -a / (b * b)),
    "reciprocal": (lambda x: -1 / (x * x),),
    "remainder": (
        constant(1),
        lambda a, b: mp.mpf(-math.floor(rational(a)[0] / rational(b)[0])) if b else mp.nan,
    ),
    "negative": (constant(-1),),
    "power": (
        lambda a, b: ZERO if b == 0 else b * power(a, b - 1),
        lambda a, b: ZERO if a == 0 and b >= 0 else mp.nan if a < 0 else power(a, b) * mp.log(a),
    ),
    "square": (lambda x: 2 * x,),
    "sqrt": (lambda x: over(2 * mp.sqrt(x)),),
    "cbrt": (lambda x: over(3 * mp.cbrt(abs(x)) ** 2),),
    "hypot": (over_length, lambda a, b: over_length(b, a)),
    "exp": (e,),
    "exp2": (lambda x: mp.log(2) * e(x * mp.log(2)),),
    "expm1": (e,),
    "log": (lambda x: 1 / x,),
    "log2": (lambda x: 1 / (x * mp.log(2)),),
    "log10": (lambda x: 1 / (x * mp.log(10)),),
    "log1p": (lambda x: 1 / (1 + x),),
    "logaddexp": (lambda a, b: sigmoid(a - b), lambda a, b: sigmoid(b - a)),
    "sin": (mp.cos,),
    "cos": (lambda x: -mp.sin(x),),
    "tan": (lambda x: 1 / mp.cos(x) ** 2,),
    "sinc": (sinc_slope,),
    "arcsin": (circle,),
    "arccos": (lambda x: -circle(x),),
    "arctan": (lambda x: 1 / (1 + x * x),),
    "arctan2": (lambda a, b: over_square(b, a, b), lambda a, b: over_square(-a, a, b)),
    "sinh": (lambda x: mp.cosh(near(x)),),
    "cosh": (lambda x: mp.sinh(near(x)),),
    "tanh": (sech_squared,),
    "arcsinh": (lambda x: 1 / mp.hypot(1, x),),
    "arccosh": (lambda x: over(mp.sqrt((x - 1) * (x + 1))),),
    "arctanh": (lambda x: 1 / ((1 - x) * (1 + x)),),
    "erf": (lambda x: 2 / ROOT_PI * e(-x * x),),
    "erfc": (lambda x: -2 / ROOT_PI * e(-x * x),),
    "erfinv": (lambda x: mp.inf if abs(x) == 1 else ROOT_PI / 2 * mp.exp(mp.erfinv(x) ** 2),),
    "lgamma": (lambda x: polygamma(x, 0),),
    "digamma": (lambda x: polygamma(x, 1),),
    "polygamma": (lambda x, n=1: polygamma(x, n + 1),),
    "sigmoid": (lambda x: 1 / (2 + e(x) + e(-x)),),
    "logit": (lambda x: 1 / (x * (1 - x)),),
    "log_sigmoid": (lambda x: sigmoid(-x),),
    "softplus": (sigmoid,),
    "relu": (lambda x: by_side(x, ZERO, ZERO, ONE),),
    "leaky_relu": (lambda x, slope=0.01: by_side(x, mp.mpf(slope), mp.mpf(slope), ONE),),
    "elu": (lambda x, alpha=1: by_side(x, alpha * e(x), alpha * ONE, ONE),),
    "selu": (lambda x: SELU_SCALE * by_side(x, SELU_ALPHA * e(x), SELU_ALPHA, ONE),),
    "celu": (lambda x, alpha=1: by_side(x, e(x / alpha), ONE, ONE),),
    "gelu": (tails(ZERO, ONE, lambda x: share(x) + x * normal(x)),),
    "silu": (tails(ZERO, ONE, lambda x: sigmoid(x) * (1 + x * sigmoid(-x))),),
    "mish": (tails(ZERO, ONE, mish_slope),),
    "softsign": (lambda x: 1 / (1 + abs(x)) ** 2,),
    "hardtanh": (lambda x: inside(x, -1, 1),),
    "relu6": (lambda x: inside(x, 0, 6),),
    "hardswish": (tails(ZERO, ONE, hardswish_slope),),
    "abs": (lambda x: by_side(x, -ONE, ZERO, ONE),),
    "sign": (never,),
    "floor": (never,),
    "ceil": (never,),
    "trunc": (never,),
    "round": (never,),
    "maximum": (of_two, lambda a, b: of_two(b, a)),
    "minimum": (lambda a, b: of_two(b, a), of_two),
    "clip": clip_slopes(),
    "corner": (constant(1), constant(mp.nan)),
    "where": (never, lambda c, a, b: mp.mpf(c != 0), lambda c, a, b: mp.mpf(c == 0)),
    "equal": (never, never),
    "not_equal": (never, never),
    "greater": (never, never),
    "greater_equal": (never, never),
    "less": (never, never),
    "less_equal": (never, never),
    "sum": (lambda xs, slot: ONE,),
    "prod": (lambda xs, slot: product(*xs[:slot], *xs[slot + 1 :]),),
    "max": (lambda xs, slot: tied(xs, slot, True),),
    "min": (lambda xs, slot: tied(xs, slot, False),),
    "norm": (lambda xs, slot: xs[slot] / norm(*xs) if any(xs) else ZERO,),
    "var": (lambda xs, slot, ddof=0: 2 * real(deviations(xs)[slot]) / (len(xs) - ddof),),
    "std": (std_slope,),
    "dot": (lambda xs, slot: xs[(slot + len(xs) // 2) % len(xs)],),
}
# Slopes that are a convention and not a derivative: nothing passes.
NOTHING_PASSES = {"stop_gradient": (0,), "where": (0,), "corner": (1,)}
# Such a slope carries 1 - y to half an ulp of 1 only: their records state that, 4e-16.
FROM_OUTPUT = ("silu", "mish", "gelu")
# At an infinity their slope would be 0. But there an operand has overflowed, and the slope of the
# whole, of log(exp(x)) say, need not be 0: nan. Where a function has a limit, 0 is right.
OVERFLOWED = """log log2 log10 log1p sqrt cbrt arcsinh arccosh digamma""".split()


def c_lgamma(x):
    """C's, which says inf at a pole; SciPy's says -inf at -inf, where all of them pile up."""
    try:
        return math.lgamma(x)
    except ValueError:
        return math.inf


# NumPy's or SciPy's function of that name: it decides outside the domain, at infinities and nan.
NUMPYS: dict[str, Callable[..., float]] = {
    **{name: getattr(np, name) for name in TABLE
       if isinstance(getattr(np, name, None), np.ufunc)},
    "sinc": np.sinc, "round": np.round, "where": np.where, "clip": np.clip, "abs": np.abs,
    "corner": lambda a, b: a,
    "erf": scipy.special.erf, "erfc": scipy.special.erfc, "erfinv": scipy.special.erfinv,
    "lgamma": c_lgamma, "digamma": scipy.special.digamma, "logit": scipy.special.logit,
    "sigmoid": scipy.special.expit, "log_sigmoid": scipy.special.log_expit,
    "sum": lambda *xs: np.sum(xs), "prod": lambda *xs: np.prod(xs),
    "max": lambda *xs: np.max(xs), "min": lambda *xs: np.min(xs),
    "norm": lambda *xs: np.linalg.norm(xs), "var": lambda *xs, ddof=0: np.var(xs, ddof=ddof),
    "std": lambda *xs, ddof=0: np.std(xs, ddof=ddof),
    "dot": lambda *wx: np.dot(wx[: len(wx) // 2], wx[len(wx) // 2 :]),
}  # fmt: skip
# One operand nan, and every slope is; of other ops of several it is the operand that counts.
ALL_NAN = ("maximum", "minimum", "clip", "hypot", "logaddexp", "arctan2")
# At an infinity NumPy is silent on these, and the field's libraries say nan: that, or the limit.
OR_NAN = ("gelu", "silu", "mish", "softsign", "hardswish")
# Products of x and something below the normal range: a value there has |x| of its roundings.
SUBNORMAL_PRODUCT = ("gelu", "silu", "mish")
NUMPYS = {name: function for name, function in NUMPYS.items() if name in TABLE}
# A slope below the normal range may be 0 here: the square under it has overflowed.
FLUSHED = ("arctan", "arctan2")


# ------------------------------------------------------------------ what is true at a point
class Pole:
    """What mathematics has where a quotient's divisor is 0: infinity, and not of which sign."""

    def __repr__(self) -> str:
        return "±inf"


POLE = Pole()
Truth = mp.mpf | Pole | None  # nan: no number; None: nothing is stated


def bits(x: float) -> bytes:
    """What two floats must share to be the same; all nans are one."""
    assert type(x) is float, f"a float is expected, got {x!r}"
    return b"nan" if x != x else struct.pack("<d", x)


def same(a: float, b: float) -> bool:
    """Bit for bit, but for the sign of a zero; nan is nan's equal here, and said so."""
    return a == b or (a != a and b != b)


def _known(function):
    """``function(record, *at)``, each record and point once; -0.0 and 0.0 are two points."""
    known = {}

    @functools.wraps(function)
    def call(record, *where):
        key = (record, where[:-1], struct.pack(f"{len(where[-1])}d", *where[-1]))
        if key not in known:
            known[key] = function(record, *where)
        return known[key]

    return call


def _exact(function: Callable[..., mp.mpf], *at, **parameters) -> Truth:
    try:
        y = function(*at, **parameters)
    except (ZeroDivisionError, ValueError):  # mpmath says ValueError at a pole of Γ
        return POLE
    return mp.nan if isinstance(y, mp.mpc) else mp.mpf(y)


def domain_of(record: Op, at: Sequence[float]):
    return record.domain if record.slots is not None else record.domain * len(at)


def inside_domain(record: Op, at: Sequence[float]) -> bool:
    return all(x in domain for x, domain in zip(at, domain_of(record, at), strict=True))


@_known
def true_value(record: Op, at: tuple[float, ...]) -> Truth:
    """The op there; NumPy's function where mathematics has no number."""
    finite, point = all(map(math.isfinite, at)), list(map(mp.mpf, at))
    angle = record.name == "arctan2" and 0.0 in at  # the sign of a zero picks the side
    if finite and inside_domain(record, at) and not angle:
        y = _exact(REFERENCE[record.name], *point, **record.parameters)
        if not isinstance(y, Pole) and not mp.isnan(y):
            return y
    if record.name in NUMPYS:
        with np.errstate(all="ignore"):
            y = NUMPYS[record.name](*map(np.float64, at), **record.parameters)
        return mp.mpf(float(y))
    if any(x != x for x in at):
        return mp.nan
    return _exact(REFERENCE[record.name], *point, **record.parameters)


@_known
def true_partial(record: Op, slot: int, at: tuple[float, ...]) -> Truth:
    """d output / d operand there, or the convention; None where nothing is stated."""
    point = list(map(mp.mpf, at))
    if record.slots is None:
        if not all(map(math.isfinite, at)):
            return None
        return _exact(SLOPES[record.name][0], point, slot, **record.parameters)
    rule = SLOPES[record.name][slot]
    if getattr(rule, "constant", False):
        return rule()
    if any(x != x for x in at):
        return mp.nan if record.slots == 1 or record.name in ALL_NAN else None
    if record.name in OVERFLOWED and math.isinf(at[0]):
        return mp.nan
    if not all(map(math.isfinite, at)) and record.slots > 1:
        return None
    if not inside_domain(record, at) and record.name != "power":
        return None
    if record.name == "power" and at[0] < 0.0 and not at[1].is_integer():
        return None
    y = _exact(rule, *point, **record.parameters)
    unknown = not isinstance(y, Pole) and mp.isnan(y) and not all(map(math.isfinite, at))
    return None if unknown else y


class Interval(NamedTuple):
    """The floats from ``low`` to ``high``; nan for nan, and low > high at a pole: ±inf, or nan."""

    low: float
    high: float
    or_nan: bool = False

    def __contains__(self, y: object) -> bool:
        if self.low != self.low or (self.or_nan and y != y):
            return y != y
        if self.low > self.high:
            return not math.isfinite(y)
        return self.low <= y <= self.high


class _Any:
    """Where nothing is stated."""

    def __contains__(self, y: object) -> bool:
        return True


ANY = _Any()


def ulp(x: mp.mpf) -> mp.mpf:
    """The distance of floats at x."""
    return mp.mpf(math.ulp(min(abs(float(x)), LARGEST)))


def _at_least(x: mp.mpf) -> float:
    """The smallest float that is not below x; above LARGEST it is infinity."""
    y = float(x)
    return math.nextafter(y, math.inf) if mp.mpf(y) < x else y


def _interval(want: Truth, tolerance: mp.mpf, or_nan: bool = False) -> Interval:
    if isinstance(want, Pole):
        return Interval(math.inf, -math.inf)
    if not mp.isfinite(want):
        return Interval(float(want), float(want), or_nan)
    high = -_at_least(-want - tolerance)
    low = _at_least(want - tolerance)
    return Interval(
        -math.inf if low == -LARGEST > want - tolerance else low,
        math.inf if high == LARGEST < want + tolerance else high,
        or_nan,
    )


def scale_of(record: Op, place: int, at: tuple[float, ...], slot: int = 0) -> float:
    """What the record measures an error by: of its value (place 0), of a slot's partial (1 …)."""
    if len(record.scales) <= place or record.scales[place] is None:
        return 0.0
    rule = record.scales[place]
    if record.slots is None and place:
        return evaluate(lambda m, *xs: rule(m, xs, slot), *at)
    return evaluate(rule, *at)


@_known
def allowed_value(record: Op, at: tuple[float, ...]) -> Interval:
    """4 ulp, or 4 eps of the record's scale."""
    want = true_value(record, at)
    if isinstance(want, Pole) or not mp.isfinite(want):
        return _interval(want, ZERO, record.name in OR_NAN)
    tolerance = 4 * ulp(want)
    if not all(map(math.isfinite, at)):
        return _interval(want, tolerance, record.name in OR_NAN)
    if record.name in SUBNORMAL_PRODUCT and abs(want) < TINY * abs(at[0]):
        tolerance *= max(ONE, abs(at[0]))
    return _interval(want, max(tolerance, 4 * EPS * mp.mpf(scale_of(record, 0, at))))


@_known
def allowed_partial(record: Op, slot: int, at: tuple[float, ...]) -> Interval | _Any:
    """1e-12 of it, or 4 eps of the record's scale; or what floats lose below the normal range.

    There a slope is rounded to their spacing, times the factor by which a power exceeds its own
    slope; and one that is formed from the output is as good as that is. Where the output is beyond
    the largest float, nothing is stated.
    """
    want, y = true_partial(record, slot, at), true_value(record, at)
    if want is None:
        return ANY
    if isinstance(want, Pole) or isinstance(y, Pole) or not mp.isfinite(want):
        return _interval(want, ZERO, record.name in OR_NAN)
    if not all(map(math.isfinite, at)):
        return _interval(want, 4 * ulp(want), record.name in OR_NAN)
    if abs(y) > LARGEST and record.name != "exp2":  # whose slope is the smaller
        return ANY
    factor = ONE
    if y and mp.isfinite(y):
        factor = max(ONE, abs(at[slot] * want / y))
        if abs(y) < TINY:
            factor = max(factor, (abs(want) if record.slots else max(ONE, abs(want))) / abs(y))
    scale = scale_of(record, 1 if record.slots is None else 1 + slot, at, slot)
    tolerance = max(1e-12 * abs(want), 4 * SPACING * factor, 4 * EPS * mp.mpf(scale))
    if record.name in FLUSHED and abs(want) < TINY:
        tolerance = max(tolerance, abs(want))
    return _interval(want, tolerance)


# ------------------------------------------------------------------ second derivatives
SOME = {"dot": 4}  # operands of an n-ary op, where 3 do for the others
NEAREST_POLE = {"lgamma": 1, "digamma": 2, "polygamma": 2}  # its power in the first derivative


class Scale(NamedTuple):
    """What a second derivative is measured by where it crosses zero: in words, and as a number."""

    text: str
    at: Callable[[Op, tuple[float, ...]], float]


def _left_of_0(record: Op, at: tuple[float, ...]) -> float:
    x, power = at[0], 1 + NEAREST_POLE[record.name] + record.parameters.get("n", 0)
    return 16 * math.factorial(power - 1) / abs(x - round(x)) ** power if x < 0.0 else 0.0


_ONE = Scale("1", lambda record, at: 1.0)
_FADING = Scale("0.9", lambda record, at: 0.9)
_TERM = Scale("16 of its nearest pole's term left of 0", _left_of_0)
SECOND: dict[str, Scale] = {
    "logit": Scale("16", lambda record, at: 16.0),
    "sigmoid": Scale("0.25", lambda record, at: 0.25),
    **dict.fromkeys(("arcsin", "arccos", "arctanh"), _ONE),
    **dict.fromkeys(FROM_OUTPUT, _FADING),  # twice their slope's
    **dict.fromkeys(NEAREST_POLE, _TERM),
    "sinc": Scale("10 / max(|x|, 1)", lambda record, at: 10.0 / max(abs(at[0]), 1.0)),
}  # fmt: skip


def slopes(record: Op, point: Sequence[mp.mpf]) -> list[mp.mpf]:
    """All the first derivatives, in mathematics."""
    if record.slots is None:
        rule = SLOPES[record.name][0]
        return [rule(point, slot, **record.parameters) for slot in range(len(point))]
    return [rule(*point, **record.parameters) for rule in SLOPES[record.name]]


@_known
def true_second(record: Op, at: tuple[float, ...]) -> list[list[mp.mpf]] | None:
    """All second derivatives, by central differences of the slopes; None where they are not one.

    A step of 1e-25 of the smallest operand leaves 1e-50 of truncation, and the digits are as many
    as the difference of what the largest and the smallest operand bring needs.
    """
    if not at or not all(x == 0.0 or TINY < abs(x) < math.inf for x in at):
        return None
    if not smooth(record, at) or not inside_domain(record, at) or CORNERS[record.name](*at):
        return None
    sizes = [abs(mp.mpf(x)) for x in at if x] or [ONE]
    step = mp.mpf(10) ** -25 * min(ONE, *sizes)
    lost = 2 * mp.log10(min(ONE, *sizes)) - 2 * mp.log10(max(ONE, *sizes))
    with mp.workdps((500 if record.name in SATURATING else 100) - int(lost)):
        columns = []
        for j in range(len(at)):
            ends = [[mp.mpf(x) + by * (i == j) for i, x in enumerate(at)] for by in (step, -step)]
            try:
                here = slopes(record, list(map(mp.mpf, at)))
                above, below = (slopes(record, point) for point in ends)
            except (ZeroDivisionError, ValueError, TypeError):  # a pole
                return None
            if not all(abs(x) < 1e290 for x in here):
                return None
            columns.append([(a - b) / (2 * step) for a, b in zip(above, below)])
        if not all(mp.isfinite(x) for column in columns for x in column):
            return None
        return [list(row) for row in zip(*columns)]


# Where a slope has a corner that is not the op's own, or steps nearer than a difference sees; or a
# factor of the second derivative overflows, and it is inf.
CORNERS: dict[str, Callable[..., bool]] = collections.defaultdict(
    lambda: lambda *at: False,
    softsign=lambda x: x == 0.0,
    clip=lambda x, low, high: low >= high,
    remainder=lambda a, b: abs(a) > 1e15 * abs(b),
    power=lambda a, b: (b - 2.0) * math.log(a) > 700.0,
)
# Slopes that tend to 1: what is left of it in their tails takes digits to see.
SATURATING = ("softplus", "log_sigmoid", "logaddexp")


def second_of(record: Op, at: tuple[float, ...]) -> list[list[float]]:
    """The op's second derivatives there, by gradients of gradients."""
    with autograd.errstate("ignore"):
        leaves = [Value(x) for x in at]
        first = autograd.gradients(Op.recorder(record, leaves), leaves)
        return [[y.data for y in autograd.gradients(y, leaves)] for y in first]


class Second(NamedTuple):
    """One second derivative: of which slots, ours, mathematics', how far off, how far it may be."""

    slots: tuple[int, int]
    got: float
    want: mp.mpf
    relative: float
    allowed: bool


def seconds(record: Op, at: tuple[float, ...]) -> list[Second]:
    """All second derivatives there, if mathematics has them and floats can hold them.

    Off: relative to the largest of them there, or to SECOND's scale. They may be by 1e-12 of the
    largest, by 4 eps of the scale, and by what a number below the normal range times an operand
    has lost.
    """
    want = true_second(record, at)
    largest = max((abs(x) for row in want or () for x in row), default=LARGEST)
    if want is None or largest > 1e290:
        return []
    got = second_of(record, at)
    scale = SECOND[record.name].at(record, at) if record.name in SECOND else 0.0
    lost = 4 * TINY * max(ONE, *map(abs, at))
    allowed = max(1e-12 * largest, mp.mpf(4 * EPS * scale), lost)
    skipped = NOTHING_PASSES.get(record.name, ())
    found = []
    for i, j in itertools.product(range(len(at)), repeat=2):
        if i not in skipped and j not in skipped:
            off = abs(mp.mpf(got[i][j]) - want[i][j])
            unit = max(largest, mp.mpf(scale), lost * 10**12)
            found.append(Second((i, j), got[i][j], want[i][j], float(off / unit), off <= allowed))
    return found


def worst_second(record: Op, points: Iterable[tuple[float, ...]]) -> tuple[float, tuple]:
    """The largest error of a second derivative, as ``Second`` measures it, and where."""
    found = ((x.relative, at) for at in points for x in seconds(record, at) if x.relative)
    return max(found, key=lambda one: one[0], default=(0.0, ()))


# ------------------------------------------------------------------ what the engine says there
class _Bare(Arithmetic):
    """FLOATS without a line for any derived op: every formula down to the primitives."""

    kind = "floats"
    lines: ClassVar[dict] = {}

    def run(self, record: Op, *operands):
        if record.formula is not None:
            return record.formula(self, *operands)
        return np.float64(FLOATS.run(record, *map(float, operands)))


BARE = _Bare()


def bare(rule: Callable, *at: float) -> float:
    """``rule`` by primitives alone, on NumPy's scalars, whose operators never raise."""
    with np.errstate(all="ignore"):
        return float(rule(BARE, *map(np.float64, at)))


def rule_of(record: Op, slot: int) -> Callable:
    """The rule ``(m, *operands, y)`` of one slot's partial."""
    if record.slots is None:
        return lambda m, *at_y: record.rules[0](m, at_y[:-1], at_y[-1])[slot]
    return record.rules[slot]


def value_of(record: Op, at: tuple[float, ...]) -> float:
    """The op's number in the float arithmetic that never raises."""
    return FLOATS.run(record, *at)


def partial_of(record: Op, slot: int, at: tuple[float, ...]) -> float:
    """The generic rule's number."""
    return evaluate(rule_of(record, slot), *at, value_of(record, at))


def smooth(record: Op, at: tuple[float, ...]) -> bool:
    """Whether there is one slope at ``at``, a little to both sides of it."""
    if record.kink is not None and record.kink(FLOATS, *at):
        return False
    return all(
        x not in (domain.low, domain.high)
        for x, domain in zip(at, domain_of(record, at), strict=True)
    )


def trace(rule: Callable, count: int) -> tuple[Graph, tuple[int, ...]]:
    """``rule`` of ``count`` operands as a graph with one root, and the places of the operands."""
    with quiet():
        operands = [Unknown(f"operand {i}") for i in range(count)]
        y = rule(VALUES, *operands)
    graph = Graph(y if isinstance(y, Value) else Value(y, requires_grad=False), inputs=operands)
    return graph, graph.inputs


# ------------------------------------------------------------------ points
def points(record: Op, extra: tuple[float, ...] = ()) -> list[tuple[float, ...]]:
    """The probes of a record's domain, in every combination; ``extra`` ones whatever the domain."""
    if record.slots is None:
        return list(LISTS[record.name])
    axes = [dict.fromkeys((*domain.probes(), *extra)) for domain in record.domain]
    if record.slots > 2:  # a condition, of which no more than its truth matters; bounds
        few = (-2.5, 0.0, 0.7, *(x for x in extra if x in (1.0, math.inf, -math.inf) or x != x))
        axes = [dict.fromkeys((0.0, 0.7, 1.0, -2.0, *extra)), dict.fromkeys(few)]
        axes.append(axes[1])
    return [at for at in itertools.product(*axes) if record.name != "clip" or not at[1] > at[2]]


# Where an op has a zero, a pole, a kink, a step, or begins to over- or underflow.
_QUARTERS = tuple(float(k * mp.pi / 2) for k in (1, -1, 2, 3, -4, 7, 11, 101, 1e6 + 1, 2.0**30))
_WHOLE = (2.0, -2.0, 3.0, -3.0, 0.5, -0.5, 1.5, -1.5, -4.0, 2.0**52, 2.0**53)
_EXP = (-745.13, -708.4, 709.78, -36.0, 36.7, 18.0)
NEAR: dict[str, tuple[float, ...]] = {
    "sin": _QUARTERS, "cos": _QUARTERS, "tan": _QUARTERS, "sinc": _WHOLE,
    "exp": _EXP, "expm1": _EXP, "sinh": (*_EXP, 710.47, -710.3), "cosh": (*_EXP, 710.47, -710.3),
    "exp2": (1024.0, -1022.0, -1074.0), "erfc": (26.54, 27.22, 0.5, 4.0), "erf": (5.93,),
    "sigmoid": _EXP, "log_sigmoid": _EXP, "softplus": _EXP, "silu": (*_EXP, -1.2784645427610738),
    "mish": (*_EXP, -1.1924312145105147), "gelu": (-0.7517915246935645, -8.3, -37.5, 8.3),
    "elu": _EXP, "selu": _EXP, "celu": _EXP, "hardtanh": (1.0, -1.0), "relu6": (6.0, 3.0),
    "hardswish": (3.0, -3.0, -1.5), "erfinv": (0.5, 0.7, 0.9, 0.99), "logit": (0.25, 0.5, 0.75),
    "lgamma": (*_WHOLE, -2.457024738220801, -2.7476826467274127, 2.5e305, 12.0),
    "digamma": (*_WHOLE, 1.4616321449683623, -0.504083008264455, 10.0),
    "polygamma": (*_WHOLE, 10.0, 40.0),
    **dict.fromkeys(("floor", "ceil", "trunc", "round"), (*_WHOLE, 0.49999999999999994)),
}  # fmt: skip


@functools.cache
def bounds_in(record: Op) -> tuple[float, ...]:
    """The numbers that the record's own rules compare with: a branch begins there."""
    rules = [record.formula] if record.formula is not None else []
    count = record.slots or 0
    graphs = [trace(rule, count)[0] for rule in rules] if count else []
    graphs += [trace(rule_of(record, slot), count + 1)[0] for slot in range(count)]
    compare = {"greater", "greater_equal", "less", "less_equal", "equal", "maximum", "minimum"}
    found = [
        x
        for graph in graphs
        for op, operands in zip(graph.ops, graph.operands)
        if op is not None and op.name in compare
        for x in operands
        if type(x) is float and math.isfinite(x)
    ]
    return tuple(sorted({sign * x for x in found for sign in (1.0, -1.0)}))


class _Points:
    """A record's random points, the same in every process."""

    def __init__(self, record: Op) -> None:
        self.record = record
        self.random = random.Random(f"{record.name} {record.parameters}")
        hard = [x for domain in record.domain for x in domain.hard]
        self.near = (0.0, 1.0, -1.0, *hard, *NEAR.get(record.name, ()), *bounds_in(record))

    def size(self) -> float:
        """Of either sign, from the smallest float to nearly the largest: each power alike."""
        return self.random.choice((-1.0, 1.0)) * math.exp(self.random.uniform(-744.4, 709.7))

    def beside(self, x: float) -> float:
        """x, its neighbour, or as far from it as any power of 2 below it."""
        r = self.random
        kind = r.random()
        if kind < 0.15:
            return x
        if kind < 0.4:
            return math.nextafter(x, r.choice((-math.inf, math.inf)))
        part = r.uniform(0.5, 1.0) * 2.0 ** -r.randint(1, 52)
        return x + (x or 1.0) * r.choice((-part, part))

    def number(self, domain) -> float:
        r = self.random
        kind = r.random()
        if math.isfinite(domain.low) and math.isfinite(domain.high) and kind < 0.55:
            width = domain.high - domain.low
            if kind < 0.3:
                return r.uniform(domain.low, domain.high)
            part = width * 2.0 ** -r.uniform(1, 56)
            return r.choice((domain.low + part, domain.high - part))
        if kind < 0.3:
            x = self.size()
        elif kind < 0.6:
            x = r.uniform(-10.0, 10.0)
        elif kind < 0.7:
            x = r.uniform(-750.0, 750.0)
        elif kind < 0.8:
            x = r.choice((-1.0, 1.0)) * 10.0 ** r.uniform(-18, 5)
        else:
            x = self.beside(r.choice(self.near))
        if x not in domain and r.random() < 0.97:  # a few stay outside
            if math.isfinite(domain.low):
                x = domain.low + abs(x)
            if x not in domain:
                x = r.uniform(domain.low, domain.high)
        return x

    def pair(self) -> tuple[float, float]:
        r = self.random
        first, second = self.record.domain
        kind = r.random()
        a, b = self.number(first), self.number(second)
        if self.record.name == "power" and kind < 0.7:
            if kind < 0.4:
                b = r.uniform(-745.0, 709.0) / (math.log(abs(a)) or 1.0) if a else b
            elif kind < 0.55:
                b = float(r.randint(-12, 12))
                a = r.choice((a, -a))
            elif kind < 0.6:  # a^(b-1) overflows, b times it does not
                a, b = r.uniform(1, 1e14) * SPACING, r.choice((-1, 1)) * 10.0 ** r.uniform(-18, -1)
            else:
                a, b = self.beside(1.0), r.uniform(-1.0, 1.0) * 2.0 ** r.randint(0, 60)
        elif kind < 0.2:
            b = a * r.choice((-1.0, 1.0)) * r.uniform(0.1, 10.0)
        elif kind < 0.35:
            b = self.beside(a)
        elif kind < 0.45:
            b = r.choice((a, -a))
        elif kind < 0.6:
            a, b = r.uniform(-10.0, 10.0), r.uniform(-10.0, 10.0)
        elif kind < 0.7:
            a = r.uniform(-750.0, 750.0)
            b = a + r.uniform(-40.0, 40.0)
        elif kind < 0.8:
            a = self.size()
            b = math.exp(min(709.0, r.uniform(-740, 709) - math.log(abs(a)))) * r.choice((-1, 1))
        elif kind < 0.85:
            a = b * r.randint(-9, 9)
        return a, b

    def several(self, length: int) -> tuple[float, ...]:
        r = self.random
        kind = r.random()
        if kind < 0.25:
            return tuple(r.uniform(-10.0, 10.0) for _ in range(length))
        if kind < 0.4:
            size = abs(self.size()) ** (0.45 if self.record.name in ("var", "dot") else 0.98)
            if self.record.name == "prod":
                size **= 1 / length
            return tuple(size * r.uniform(-1.0, 1.0) for _ in range(length))
        if kind < 0.55:
            return tuple(float(r.randint(-2, 3)) for _ in range(length))
        if kind < 0.75:
            offset, small = r.uniform(-10, 10), 2.0 ** -r.randint(0, 50)
            return tuple(offset + small * r.uniform(-1.0, 1.0) for _ in range(length))
        return tuple(r.choice((-1.0, 1.0)) * 10.0 ** r.uniform(-18, 18) for _ in range(length))

    def point(self, length: int | None = None) -> tuple[float, ...]:
        r, record = self.random, self.record
        if record.slots is None:
            if length is None:
                length = r.randint(1 + record.parameters.get("ddof", 0), 9)
            return self.several(length + length % 2 if record.name == "dot" else length)
        if record.slots == 1:
            return (self.number(record.domain[0]),)
        if record.slots == 2:
            return self.pair()
        x, a, b = (self.number(domain) for domain in record.domain)
        if record.name == "where":
            return r.choice((0.0, -0.0, 1.0, math.nan, x)), a, b
        low, high = sorted((r.choice((a, self.beside(x))), r.choice((b, self.beside(x), x))))
        return x, low, high


Point = tuple[float, ...]


@functools.cache
def probes(record: Op, count: int = 150, length: int | None = None) -> tuple[Point, ...]:
    """Every combination of a record's own probes and special numbers, and ``count`` random points.

    A longer run begins with a shorter one's. ``length``: of an n-ary op, so many operands only.
    """
    fixed = points(record, SPECIAL)
    if record.slots is None:
        fixed += [at for at in SPECIAL_LISTS if record.name != "dot" or len(at) % 2 == 0]
    least = 1 + record.parameters.get("ddof", 0)
    if record.slots is None and record.parameters:
        fixed = [at for at in fixed if len(at) >= least]
    if length is not None:
        fixed = [at for at in fixed if len(at) == length]
    fixed += [(x,) * (record.slots or 1) for x in bounds_in(record) if record.slots == 1]
    source = _Points(record)
    drawn = [source.point(length) for _ in range(count)]
    return (*fixed, *drawn)


# ------------------------------------------------------------------ how near an op comes
class Worst(NamedTuple):
    """The largest errors: of the value in ulp, of a partial relative, and where."""

    ulps: float
    value_at: tuple[float, ...]
    relative: float
    partial_at: tuple[float, ...]


def worst(record: Op, at_points: Iterable[tuple[float, ...]]) -> Worst:
    """The worst value and partial of a record's own lines and rules at these points.

    Where the record states a scale, an error is measured by that if it is larger: in eps of it.
    Where a number is below the normal range, in spacings of floats.
    """
    found = Worst(0.0, (), 0.0, ())
    for at in at_points:
        got, want = value_of(record, at), true_value(record, at)
        if isinstance(want, mp.mpf) and mp.isfinite(want) and math.isfinite(got):
            unit = max(ulp(want), EPS * mp.mpf(scale_of(record, 0, at)))
            error = float(abs(mp.mpf(got) - want) / unit)
            if error > found.ulps:
                found = found._replace(ulps=error, value_at=at)
        for slot in range(len(at)):
            slope, want = partial_of(record, slot, at), true_partial(record, slot, at)
            if not isinstance(want, mp.mpf) or not TINY < abs(want) < LARGEST:
                continue
            if not math.isfinite(slope):
                continue
            scale = scale_of(record, 1 if record.slots is None else 1 + slot, at, slot)
            error = float(abs(mp.mpf(slope) - want) / max(abs(want), mp.mpf(scale)))
            if error > found.relative:
                found = found._replace(relative=error, partial_at=at)
    return found
