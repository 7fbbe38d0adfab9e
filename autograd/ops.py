"""THE table: one record an op.

A rule reads as mathematics: operands ``x``, or ``a, b``, or ``c, a, b``; output ``y``; ``m`` is the
arithmetic it runs on. ``where`` and ``equal`` stand for ``if`` and ``==``: a rule must run where a
number is not yet known. Read by value.py, sweep.py, the compiler and the drawings.
"""

from __future__ import annotations

import builtins
import functools
import itertools
import math
import operator
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from . import ieee, special
from .numbers import flat
from .op import NOTHING, REALS, Arithmetic, Interval, Op, Rule, derived, primitive, table

HUGE = Interval(
    hard=(-1000.0, -36.0, 18.0, 40.0, 1000.0)
)  # where naive formulas saturate or overflow
POSITIVE = Interval(0.0, open_low=True, hard=(1e-300, 1.0 + 1e-7, 1e300))
PROBABILITY = Interval(0.0, 1.0, open_low=True, open_high=True, hard=(1e-300, 0.5 + 1e-9, 0.9))
INSIDE_1 = Interval(-1.0, 1.0, open_low=True, open_high=True, hard=(-0.999, 1e-9, 0.9))
UP_TO_1 = Interval(-1.0, 1.0, hard=(-0.999, 1e-9))
GROWING = Interval(hard=(-745.0, -700.0, 700.0))  # where exp over- or underflows
STEPPED = Interval(hard=(-1.5, -0.5, 0.5, 2.0, 2.0**52 + 1.0))
LN2, INV_LN2, INV_LN10 = 0.6931471805599453, 1.4426950408889634, 0.4342944819032518
SQRT_HALF, INV_SQRT_2PI = 0.7071067811865476, 0.3989422804014327
EXP_MINUS_64 = math.exp(-64.0)
TINY = 2.0**-1022  # below it floats lose digits
FADING = 0.45  # a slope formed from an output near 1 is good to 4e-16, however small it is


def _finite(m: Any, x: Any, least: float = -math.inf) -> Any:
    """x, nan where it is infinite or below the least: outside of its domain an op has no slope,
    and what overflowed has none that we know, though 1/x is 0.
    """
    odd = 0.0 * x
    if least > -math.inf:
        odd = m.where(m.greater(least, x), math.nan, odd)
    return x + m.stop_gradient(odd)


# ------------------------------------------------------------------ arithmetic
identity = primitive(
    "identity", domain=REALS, partials=(lambda m, x, y: 1.0,), symbol="=", words=("1",),
    says="The gradient passes on unchanged.", fast=(float, lambda x, y: 1.0),
)  # fmt: skip
stop_gradient = derived(
    "stop_gradient", domain=REALS, formula=lambda m, x: m.identity(x), words=("0",),
    means="x, cut off from its past", partials=(NOTHING,),
    says="Cut off by detach(): nothing passes.",
    fast=(float,),
)  # fmt: skip
add = primitive(
    "add", symbol="+", form="{a} + {b}", precedence=1, commutes=True, domain=REALS, slots=2,
    words=("1", "1"), partials=(lambda m, a, b, y: 1.0, lambda m, a, b, y: 1.0),
    says="A sum passes its gradient on unchanged to every term.",
    fast=(operator.add, lambda a, b, y: 1.0, lambda a, b, y: 1.0),
)  # fmt: skip
subtract = primitive(
    "subtract", symbol="-", form="{a} - {b}", precedence=1, domain=REALS, slots=2,
    words=("1", "-1"), partials=(lambda m, a, b, y: 1.0, lambda m, a, b, y: -1.0),
    says=(
        "A difference passes its gradient on unchanged to {a}, with the sign turned to {b}.",
        "A difference passes its gradient on unchanged to {a}.",
        "A difference passes its gradient with the sign turned to {b}.",
    ),
    fast=(operator.sub, lambda a, b, y: 1.0, lambda a, b, y: -1.0),
)  # fmt: skip
multiply = primitive(
    "multiply", symbol="×", form="{a} × {b}", precedence=2, commutes=True, domain=REALS,
    words=("{b}", "{a}"), partials=(lambda m, a, b, y: b, lambda m, a, b, y: a),
    says="A product passes on the gradient times the other factor.",
    fast=(operator.mul, lambda a, b, y: b, lambda a, b, y: a),
)  # fmt: skip
divide = primitive(
    "divide", symbol="/", form="{a} / {b}", precedence=2, domain=(REALS, REALS),
    partials=(lambda m, a, b, y: 1.0 / b, lambda m, a, b, y: -(y / b)),
    words=("1/{b}", "-{a}/{b}²"), remedy="use autograd.where to keep 0 out of the divisor",
    says=(
        "{a} gets gradient / {b}; {b} gets -gradient × {a}/{b}².", "{a} gets gradient / {b}.",
        "{b} gets -gradient × {a}/{b}².",
    ),
    fast=(lambda a, b: a / b, lambda a, b, y: 1.0 / b, lambda a, b, y: -(y / b)),
)  # fmt: skip
reciprocal = derived(
    "reciprocal", symbol="1/", form="1/{x}", precedence=2, domain=REALS,
    formula=lambda m, x: 1.0 / x, partials=(lambda m, x, y: -(y * y),), words=("-1/{x}²",),
    says="The slope of 1/{x} is -1/{x}² = {p}.", fast=(lambda x: 1.0 / x,),
    remedy="use autograd.where to keep 0 out of the divisor",
)  # fmt: skip
remainder = primitive(  # of the divisor's sign, as Python's and NumPy's
    "remainder", symbol="%", form="{a} % {b}", precedence=2, domain=(REALS, REALS),
    partials=(lambda m, a, b, y: 1.0, lambda m, a, b, y: m.round((y - a) / b)),
    words=("1", "-⌊{a}/{b}⌋"),
    says=(
        "{a} gets the gradient unchanged; {b} gets it times -⌊{a}/{b}⌋.",
        "{a} gets the gradient unchanged.",
        "{b} gets the gradient times -⌊{a}/{b}⌋ = {p}.",
    ),
    kink=lambda m, a, b: m.equal(m.remainder(a, b), 0.0),
    convention="where {b} divides {a}, the slopes to the right of the jump",
    remedy="keep 0 out of the divisor", means="a - b ⌊a/b⌋",
    fast=(operator.mod, lambda a, b, y: 1.0, lambda a, b, y: ieee.half_even((y - a) / b)),
)  # fmt: skip
negative = primitive(
    "negative", symbol="neg", form="-{x}", precedence=3, domain=REALS, words=("-1",),
    partials=(lambda m, x, y: -1.0,), says="A minus sign turns the gradient's sign.",
    fast=(lambda x: -x, lambda x, y: -1.0),
)  # fmt: skip


def _is_0(x: Any) -> bool:
    """Whether an operand is a plain number, and 0."""
    return type(x) is float and x == 0.0


def _is_beyond_1(x: Any) -> bool:
    return type(x) is float and math.fabs(x) >= 1.0


def _power_slope(m: Any, a: Any, b: Any, y: Any) -> Any:
    """b a^(b-1), 0 of x⁰; of a small exponent that power may overflow where the slope does not."""
    if _is_0(b):
        return 0.0  # to any order: no quotient of it overflows
    power = m.power(a, b - 1.0)
    slope = b * power
    if _is_beyond_1(b):
        return slope
    quotient = b * y / a
    over = m.equal(m.abs(power), math.inf) * m.not_equal(a, 0.0)
    small = m.where(over, quotient, slope + m.stop_gradient(0.0 * a))
    flat = m.where(m.greater(m.abs(a), 0.0), quotient, 0.0)
    small = m.where(m.equal(b, 0.0), flat, small)
    return m.where(m.greater(1.0, m.abs(b)), small, slope)


def _fast_power_slope(a: float, b: float, y: float) -> float:
    if -1.0 < b < 1.0:
        return b * math.pow(a, b - 1.0) + 0.0 * a if b else 0.0
    return b * math.pow(a, b - 1.0)


power = primitive(
    "power", symbol="**", form="{a}^{b}", precedence=4, domain=(POSITIVE, REALS),
    partials=(
        _power_slope,
        lambda m, a, b, y: m.where(
            m.equal(a, 0.0) * m.greater_equal(b, 0.0), 0.0, y * m.log(a)
        ),
    ),
    words=("{n} × {a}^{n-1}", "y × ln {a}"),
    says=(
        "{a}^{n} has slope {n} × {a}^{n-1} = {p}.",
        "An exponent that is a Value gets y × ln {a} = {p}.",
    ),
    convention="a negative base takes whole exponents; x**0 has slope 0 at 0; of an exponent "
    "between -1 and 1 nan at ±inf; "
    "the exponent's slope at base 0 is 0 from exponent 0 on",
    remedy="a negative base takes whole exponents only, and base 0 none below 0",
    fast=(
        math.pow, _fast_power_slope,
        lambda a, b, y: 0.0 if a == 0.0 and b >= 0.0 else y * math.log(a),
    ),
)  # fmt: skip
square = derived(
    "square", symbol="( )²", form="{x}²", precedence=4, domain=REALS, formula=lambda m, x: x * x,
    partials=(lambda m, x, y: 2.0 * x,), words=("2 × {x}",),
    says="The slope of {x}² is 2 × {x} = {p}.", fast=(lambda x: x * x, lambda x, y: 2.0 * x),
)  # fmt: skip
sqrt = primitive(
    "sqrt", symbol="√", domain=Interval(0.0, hard=(1e-300, 1e300)),
    partials=(lambda m, x, y: 0.5 / _finite(m, y + 0.0),),
    convention="slope inf at 0 and -0, nan at inf",
    fast=(math.sqrt, lambda x, y: 0.5 / y + 0.0 * x),
)  # fmt: skip


def _odd(m: Any, x: Any, y: Any) -> Any:
    """An odd function of x, given what it is of |x|: 0 at ±0."""
    return m.where(m.equal(x, 0.0), x, m.where(m.greater(0.0, x), -y, y))


def _cbrt(m: Any, x: Any) -> Any:
    """A power, put right by one step of Newton's."""
    a = m.abs(x)
    y = m.power(a, 1.0 / 3.0)
    y = y - (y - a / (y * y)) / 3.0
    return m.where(m.equal(a, math.inf), x, _odd(m, x, y))


def _hypot(m: Any, a: Any, b: Any) -> Any:
    """The larger × √(1 + ratio²): no square overflows."""
    a, b = m.abs(a), m.abs(b)
    larger, smaller = m.maximum(a, b), m.minimum(a, b)
    ratio = m.where(m.equal(larger, 0.0), 0.0, smaller / larger)
    infinite = m.maximum(m.equal(a, math.inf), m.equal(b, math.inf))
    return m.where(infinite, math.inf, larger * m.sqrt(1.0 + ratio * ratio))


def _parts_of_length(m: Any, sides: Sequence[Any], y: Any) -> Sequence[Any]:
    """Each side / y, with y their norm; 0 where that is 0, nan where it is infinite.

    They are brought near 1 by a power of two first where y has overflowed or lost digits.
    """
    small = m.greater(2.0**-900, y)
    unit = m.where(m.greater(y, 2.0**1000), 2.0**-600, m.where(small, 2.0**600, 1.0))
    units = [side * unit for side in sides]
    length = m.hypot(*units) if len(units) == 2 else m.norm(units)
    zero, length = m.equal(length, 0.0), _finite(m, length)
    return [m.where(zero, m.corner(0.0, y), side / length) for side in units]


def _fast_part(side: float, y: float) -> float:
    if 2.0**-900 <= y <= 2.0**1000:
        return side / y
    raise ArithmeticError  # the rule itself sees to it


cbrt = derived(
    "cbrt", symbol="∛", domain=Interval(hard=(-27.0, -1e-200, 1e300)), formula=_cbrt, slots=1,
    fast=(math.cbrt, lambda x, y: 1.0 / (3.0 * y * y) + 0.0 * y)
    if sys.version_info >= (3, 11) else (),
    words=("1/(3y²)",),
    partials=(lambda m, x, y: 1.0 / (3.0 * y * _finite(m, y)),),
    convention="slope inf at 0, nan at ±inf", means="∛x",
    says="cbrt's slope is 1 / (3 × {=y}²) = {p}.",
)  # fmt: skip
hypot = derived(
    "hypot", domain=REALS, formula=_hypot, slots=2, words=("{a}/y", "{b}/y"), means="√(a² + b²)",
    partials=(
        lambda m, a, b, y: _parts_of_length(m, (a, b), y)[0],
        lambda m, a, b, y: _parts_of_length(m, (a, b), y)[1],
    ),
    kink=lambda m, a, b: m.equal(m.hypot(a, b), 0.0), convention="slope 0 each at 0, 0",
    fast=(math.hypot, lambda a, b, y: _fast_part(a, y), lambda a, b, y: _fast_part(b, y)),
    says=(
        "Each side gets the gradient times its own part of the length.",
        "{a} gets the gradient times its part of the length: {p}.",
        "{b} gets the gradient times its part of the length: {p}.",
    ),
)  # fmt: skip

# ------------------------------------------------------------------ elementary functions
exp = primitive(
    "exp", domain=GROWING, partials=(lambda m, x, y: y,),
    says="exp's slope is its own value {=y}.", fast=(math.exp, lambda x, y: y),
)  # fmt: skip
exp2 = derived(
    "exp2", form="2^{x}", precedence=4, domain=Interval(hard=(-1074.0, -1000.0, 1000.0, 1024.0)),
    formula=lambda m, x: m.power(2.0, x), words=("y ln 2",),
    partials=(lambda m, x, y: 2.0 * (LN2 * m.exp2(x - 1.0)),),  # y overflows before its slope
    says="2^{x}'s slope is ln 2 × its own value {=y}: {p}.",
    fast=(lambda x: math.pow(2.0, x), lambda x, y: 2.0 * (LN2 * math.pow(2.0, x - 1.0))),
)  # fmt: skip
expm1 = primitive(
    "expm1", domain=Interval(hard=(-40.0, -1e-12, 1e-300, 700.0)), means="exp(x) - 1",
    partials=(lambda m, x, y: m.exp(x),), words=("exp {x}",),
    says="expm1's slope is exp {x} = {p}.", fast=(math.expm1,),
)  # fmt: skip
_NO_SLOPE = "{op} has no slope at {=x}, outside of its domain."
log = primitive(
    "log", domain=POSITIVE, partials=(lambda m, x, y: 1.0 / _finite(m, x, 0.0),),
    words=("1/{x}",), convention="slope nan at inf",
    says=("1 / {x} = {p}.", _NO_SLOPE), case=lambda m, x, y: m.less(x, 0.0),
    remedy="use log1p(x) if log(1 + x) was meant",
    fast=(math.log, lambda x, y: 1.0 / x + 0.0 * x if x >= 0.0 else math.nan),
)  # fmt: skip
log1p = primitive(
    "log1p", domain=Interval(-1.0, open_low=True, hard=(-0.999, -1e-15, 1e-15)),
    partials=(lambda m, x, y: 1.0 / (1.0 + _finite(m, x, -1.0)),), words=("1/(1+{x})",),
    says=("1 / (1 + {x}) = {p}.", _NO_SLOPE), case=lambda m, x, y: m.less(x, -1.0),
    convention="slope nan at inf",
    fast=(math.log1p, lambda x, y: 1.0 / (1.0 + x) + 0.0 * x if x >= -1.0 else math.nan),
)  # fmt: skip
log2 = derived(
    "log2", domain=POSITIVE, formula=lambda m, x: m.log(x) * INV_LN2,
    partials=(lambda m, x, y: INV_LN2 / _finite(m, x, 0.0),), words=("1/({x} ln 2)",),
    convention="slope nan at inf",
    says=("1 / ({x} × ln 2) = {p}.", _NO_SLOPE), case=lambda m, x, y: m.less(x, 0.0),
    remedy="use log1p(x) / log(2) if log2(1 + x) was meant",
    fast=(math.log2, lambda x, y: INV_LN2 / x + 0.0 * x if x >= 0.0 else math.nan),
)  # fmt: skip
log10 = derived(
    "log10", domain=POSITIVE, formula=lambda m, x: m.log(x) * INV_LN10,
    partials=(lambda m, x, y: INV_LN10 / _finite(m, x, 0.0),), words=("1/({x} ln 10)",),
    convention="slope nan at inf",
    says=("1 / ({x} × ln 10) = {p}.", _NO_SLOPE), case=lambda m, x, y: m.less(x, 0.0),
    remedy="use log1p(x) / log(10) if log10(1 + x) was meant",
    fast=(math.log10, lambda x, y: INV_LN10 / x + 0.0 * x if x >= 0.0 else math.nan),
)  # fmt: skip
sin = primitive(
    "sin", domain=Interval(hard=(1e-9, 100.0)), partials=(lambda m, x, y: m.cos(x),),
    words=("cos {x}",), says="sin's slope is cos {x} = {p}.",
    fast=(math.sin, lambda x, y: math.cos(x)),
)  # fmt: skip
cos = primitive(
    "cos", domain=Interval(hard=(1e-9, 100.0)), partials=(lambda m, x, y: -m.sin(x),),
    words=("-sin {x}",), says="cos's slope is -sin {x} = {p}.",
    fast=(math.cos, lambda x, y: -math.sin(x)),
)  # fmt: skip
tan = derived(
    "tan", domain=Interval(hard=(-1.5, 1e-9, 1.5707963267948966, 100.0)),
    formula=lambda m, x: m.sin(x) / m.cos(x), partials=(lambda m, x, y: 1.0 + y * y,),
    words=("(1+y²)",), says="tan's slope is 1 + {=y}² = {p}.", fast=(math.tan,),
)  # fmt: skip


def _over_square(m: Any, x: Any, a: Any, b: Any) -> Any:
    """x / (a² + b²), whose squares would overflow."""
    length = m.hypot(a, b)
    return x / length / length


arctan2 = primitive(
    "arctan2", domain=(REALS, REALS), words=("{b}/({a}²+{b}²)", "-{a}/({a}²+{b}²)"),
    partials=(
        lambda m, a, b, y: _over_square(m, b, a, b),
        lambda m, a, b, y: -_over_square(m, a, a, b),
    ),
    says=(
        "Each gets the gradient times the other over {a}²+{b}², {b} with the sign turned.",
        "{a} gets the gradient times {b}/({a}²+{b}²) = {p}.",
        "{b} gets the gradient times -{a}/({a}²+{b}²) = {p}.",
    ),
    kink=lambda m, a, b: m.equal(a, 0.0) * m.greater_equal(0.0, b),
    convention="slope nan at 0, 0; across the jump from π to -π the slope of both sides",
    means="the angle of the point (b, a)", fast=(math.atan2,),
)  # fmt: skip
arcsin = derived(
    "arcsin", domain=UP_TO_1, formula=lambda m, x: m.arctan2(x, m.sqrt((1.0 - x) * (1.0 + x))),
    partials=(lambda m, x, y: 1.0 / m.sqrt((1.0 - x) * (1.0 + x)),), words=("1/√(1-{x}²)",),
    says="1 / √(1 - {x}²) = {p}.", convention="slope inf at 1 and -1", fast=(math.asin,),
)  # fmt: skip
arccos = derived(
    "arccos", domain=UP_TO_1, formula=lambda m, x: m.arctan2(m.sqrt((1.0 - x) * (1.0 + x)), x),
    partials=(lambda m, x, y: -1.0 / m.sqrt((1.0 - x) * (1.0 + x)),), words=("-1/√(1-{x}²)",),
    says="-1 / √(1 - {x}²) = {p}.", convention="slope -inf at 1 and -1", fast=(math.acos,),
)  # fmt: skip
arctan = derived(
    "arctan", domain=Interval(hard=(-1e8, 1e-9, 1e200)), formula=lambda m, x: m.arctan2(x, 1.0),
    partials=(lambda m, x, y: 1.0 / (1.0 + x * x),), words=("1/(1+{x}²)",),
    says="1 / (1 + {x}²) = {p}.", fast=(math.atan, lambda x, y: 1.0 / (1.0 + x * x)),
)  # fmt: skip


def _halved(m: Any, a: Any, whole: Any) -> Any:
    """exp(a) / 2 where it would overflow before it is halved, else ``whole``."""
    root = m.exp(0.5 * a)
    return m.where(m.greater(a, 30.0), 0.5 * root * root, whole)


def _sinh(m: Any, x: Any) -> Any:
    a = m.abs(x)
    e = m.expm1(a)
    return _odd(m, x, _halved(m, a, 0.5 * (e + e / (e + 1.0))))


def _cosh(m: Any, x: Any) -> Any:
    a = m.abs(x)
    e = m.exp(a)
    return _halved(m, a, 0.5 * (e + 1.0 / e))


def _arcsinh(m: Any, x: Any) -> Any:
    a = m.abs(x)
    y = m.log1p(a + a * (a / (1.0 + m.sqrt(1.0 + a * a))))
    return _odd(m, x, m.where(m.greater(a, 1e150), m.log(a) + LN2, y))  # a² would overflow


def _arccosh(m: Any, x: Any) -> Any:
    y = m.log1p((x - 1.0) + m.sqrt(x - 1.0) * m.sqrt(x + 1.0))
    return m.where(m.greater(x, 1e150), m.log(x) + LN2, y)


def _arctanh(m: Any, x: Any) -> Any:
    a = m.abs(x)
    return _odd(m, x, 0.5 * m.log1p(2.0 * a / (1.0 - a)))


sinh = derived(
    "sinh", domain=GROWING, formula=_sinh, slots=1, partials=(lambda m, x, y: m.cosh(x),),
    words=("cosh {x}",), says="sinh's slope is cosh {x} = {p}.", means="(exp(x) - exp(-x))/2",
    fast=(math.sinh,),
)  # fmt: skip
cosh = derived(
    "cosh", domain=GROWING, formula=_cosh, slots=1, partials=(lambda m, x, y: m.sinh(x),),
    words=("sinh {x}",), says="cosh's slope is sinh {x} = {p}.", means="(exp(x) + exp(-x))/2",
    fast=(math.cosh,),
)  # fmt: skip
arcsinh = derived(
    "arcsinh", domain=Interval(hard=(-1e200, 1e-9, 1e150)), formula=_arcsinh, slots=1,
    partials=(lambda m, x, y: 1.0 / m.hypot(1.0, _finite(m, x)),),
    words=("1/√(1+{x}²)",), convention="slope nan at ±inf",
    says="1 / √(1 + {x}²) = {p}.", means="log(x + √(x² + 1))",
    fast=(math.asinh, lambda x, y: 1.0 / math.hypot(1.0, x) + 0.0 * x),
)  # fmt: skip
arccosh = derived(
    "arccosh", domain=Interval(1.0, hard=(1.0 + 1e-7, 1e150, 1e300)), formula=_arccosh, slots=1,
    partials=(lambda m, x, y: 1.0 / (m.sqrt(x - 1.0) * m.sqrt(_finite(m, x) + 1.0)),),
    words=("1/√({x}²-1)",), says="1 / √({x}² - 1) = {p}.",
    convention="slope inf at 1, nan at inf",
    means="log(x + √(x² - 1))",
    fast=(math.acosh, lambda x, y: 1.0 / (math.sqrt(x - 1.0) * math.sqrt(x + 1.0)) + 0.0 * x),
)  # fmt: skip
arctanh = derived(
    "arctanh", domain=INSIDE_1, formula=_arctanh, slots=1,
    partials=(lambda m, x, y: 1.0 / _finite(m, (1.0 - x) * (1.0 + x), 0.0),), words=("1/(1-{x}²)",),
    says="1 / (1 - {x}²) = {p}.", means="log((1 + x)/(1 - x))/2", fast=(math.atanh,),
)  # fmt: skip


def _tanh_slope(m: Any, x: Any, y: Any) -> Any:
    """1 - y²; near ±1, where that has lost its digits, exp(-2|x|) (1 + |y|)²."""
    square, grown = y * y, 1.0 + m.abs(y)
    far = m.exp(-2.0 * m.abs(x)) * (grown * grown)
    return m.where(m.greater(0.96, square), 1.0 - square, far)


def _fast_tanh_slope(x: float, y: float) -> float:
    square = y * y
    if square < 0.96:
        return 1.0 - square
    grown = 1.0 + math.fabs(y)
    return math.exp(-2.0 * math.fabs(x)) * (grown * grown)


tanh = primitive(
    "tanh", domain=HUGE, partials=(_tanh_slope,), words=("(1-y²)",),
    case=lambda m, x, y: m.greater_equal(y * y, 0.96),
    says=(
        "tanh's slope is 1 - {=y}² = {p} (it is 1 at 0 and fades on both sides).",
        "tanh's slope is 1/cosh({=x})² = {p}: it fades on both sides.",
    ),
    fast=(math.tanh, _fast_tanh_slope),
)  # fmt: skip

# ------------------------------------------------------------------ special functions
erf = derived(
    "erf", domain=Interval(hard=(-6.0, 1.5, 6.0)), formula=special.erf, slots=1,
    partials=(lambda m, x, y: 1.1283791670955126 * m.exp(-(x * x)),),  # 2/sqrt(pi)
    says="erf's slope is 2/√π × exp(-{x}²) = {p}.", source="Abramowitz & Stegun 7.1.1",
    fast=(math.erf,),
)  # fmt: skip
erfc = derived(
    "erfc", domain=Interval(hard=(-6.0, 5.0, 20.0, 26.5)), formula=special.erfc, slots=1,
    partials=(lambda m, x, y: -1.1283791670955126 * m.exp(-(x * x)),),
    means="1 - erf(x)", words=("-2/√π exp(-{x}²)",),
    says="erfc's slope is -2/√π × exp(-{x}²) = {p}.", source="Shepherd & Laframboise 1981",
    fast=(math.erfc,),
)  # fmt: skip
erfinv = derived(
    "erfinv", domain=INSIDE_1, formula=special.erfinv, slots=1,
    partials=(lambda m, x, y: 0.886226925452758 * m.exp(y * y),),  # sqrt(pi)/2
    means="erf(y) = x, solved for y", words=("√π/2 exp(y²)",),
    says="erfinv's slope is √π/2 × exp({=y}²) = {p}.",
)  # fmt: skip


LARGEST_ORDER = 100  # beyond, factorials leave the range of floats at ordinary operands


def _order(*operands: Any, n: int) -> tuple[Any, ...]:
    if n > LARGEST_ORDER:
        raise ValueError(
            f"polygamma: n must be a whole number from 0 to {LARGEST_ORDER}, got {n}; "
            "beyond, factorials leave the range of floats"
        )
    return operands


def _polygamma(*operands: Any) -> Any:
    """As SciPy's: the order n first. Left out, n is 1."""
    if len(operands) == 2:
        n, x = operands
        return polygamma.fixed(n=n)(x)
    return Op.recorder(polygamma, operands)


def _left_of_0(m: Any, x: Any, scale: Any) -> Any:
    return m.where(m.greater(0.0, x), scale, 0.0)


def _gamma_scale(m: Any, x: Any) -> Any:
    return _left_of_0(m, x, m.abs(m.lgamma(1.0 - x)))


def _digamma_scale(m: Any, x: Any) -> Any:
    return _left_of_0(m, x, m.abs(m.digamma(1.0 - x)))


def _polygamma_scale(m: Any, x: Any, *, n: int) -> Any:
    """Of an odd n it has no zeros."""
    if n == 0:
        return _digamma_scale(m, x)
    return 0.0 if n % 2 else _left_of_0(m, x, math.factorial(n + 1) * 2.0 ** (n - 1))


lgamma = derived(
    "lgamma", domain=Interval(hard=(1.0, 2.0, 1.0 + 1e-9, 1e5, 1e300)), formula=special.lgamma,
    slots=1, partials=(lambda m, x, y: m.digamma(x),), words=("digamma {x}",),
    says="lgamma's slope is digamma({x}) = {p}.", means="log |Γ(x)|",
    convention="inf at 0, -1, -2 …", source="DLMF 5.5, 5.11", scales=(_gamma_scale, _digamma_scale),
)  # fmt: skip
digamma = derived(
    "digamma", domain=Interval(hard=(1.4616321449683623, 1e5, 1e300)), formula=special.digamma,
    slots=1, partials=(lambda m, x, y: m.polygamma(_finite(m, x)),),
    words=("polygamma(1, {x})",),
    says="digamma's slope is polygamma(1, {x}) = {p}.", means="Γ'(x)/Γ(x)",
    convention="-inf at 0, nan at -1, -2 …; slope nan at inf",
    source="DLMF 5.5, 5.11", scales=(_digamma_scale, None),
)  # fmt: skip
polygamma: Op = derived(
    "polygamma", domain=Interval(hard=(1e5, 1e300)), formula=special.polygamma, slots=1,
    parameters={"n": 1}, gather=_order, form="polygamma({x}, n=1)",
    partials=(lambda m, x, y, *, n: m.run(polygamma.fixed(n=n + 1), x),),
    says="polygamma's slope is the next polygamma: {p}.",
    means="digamma's n-th derivative; called as polygamma(n, x), n to 100",
    convention="at 0, -1, -2 … inf for an odd n, -inf for an even one",
    source="DLMF 5.15",
    scales=(_polygamma_scale, lambda m, x, *, n: _polygamma_scale(m, x, n=n + 1)),
)  # fmt: skip
polygamma.direct = _polygamma
sinc = derived(
    "sinc", domain=Interval(hard=(-2.5, 1e-9, 1.0, 2.0 + 1e-9)), formula=special.sinc, slots=1,
    partials=(special.sinc_slope,), means="sin(πx)/(πx), 1 at 0", words=("(cos(π{x}) - y)/{x}",),
    scales=(None, lambda m, x: m.greater(m.abs(x), 1.0) / m.maximum(m.abs(x), 1.0)),
)  # fmt: skip


# ------------------------------------------------------------------ activations
def _sigmoid(m: Any, x: Any) -> Any:
    e = m.exp(-m.abs(x))  # never overflows
    return m.where(m.greater_equal(x, 0.0), 1.0, e) / (1.0 + e)


def _fast_sigmoid(x: float) -> float:
    e = math.exp(-abs(x))
    return (1.0 if x >= 0.0 else e) / (1.0 + e)


def _fast_softplus(x: float) -> float:
    y = math.log1p(math.exp(-abs(x)))
    return (x if x >= 0.0 or x != x else 0.0) + y


def _fast_log_sigmoid(x: float) -> float:
    y = math.log1p(math.exp(-abs(x)))
    return (x if x <= 0.0 or x != x else 0.0) - y


def _fast_silu(x: float) -> float:
    if x < -700.0:
        return x * math.exp(x + 64.0) * EXP_MINUS_64
    e = math.exp(-abs(x))
    return (x if x >= 0.0 else x * e) / (1.0 + e)


def _fast_relu_slope(x: float, y: float) -> float:
    return 1.0 if x > 0.0 else 0.0 if x <= 0.0 else x


def _fast_abs_slope(x: float, y: float) -> float:
    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else 0.0 * x


def _sigmoid_slope(m: Any, x: Any, y: Any) -> Any:
    """y (1 - y); near 1, where that has lost its digits, y² exp(-|x|)."""
    return m.where(m.greater(0.96, y), y * (1.0 - y), y * y * m.exp(-m.abs(x)))


sigmoid = derived(
    "sigmoid", symbol="σ", domain=HUGE, slots=1, formula=_sigmoid,
    partials=(_sigmoid_slope,), words=("y(1-y)",),
    case=lambda m, x, y: m.greater_equal(y, 0.96),
    says=(
        "sigmoid's slope is {=y} × (1 - {=y}) = {p}, never more than 0.25.",
        "sigmoid's slope is {=y}² × exp(-{=x}) = {p}, never more than 0.25.",
    ),
    means="1/(1 + exp(-x))",
    fast=(
        _fast_sigmoid,
        lambda x, y: y * (1.0 - y) if y < 0.96 else y * y * math.exp(-math.fabs(x)),
    ),
)  # fmt: skip
logit = derived(  # sigmoid's inverse; near ½ from 2x - 1, which is exact there
    "logit", domain=PROBABILITY, slots=1, means="log(x/(1 - x))",
    formula=lambda m, x: m.where(
        m.greater(0.25, m.abs(x - 0.5)),
        m.log1p((2.0 * x - 1.0) / (1.0 - x)),
        m.log(x / (1.0 - x)),
    ),
    partials=(lambda m, x, y: 1.0 / _finite(m, x * (1.0 - x), 0.0),), words=("1/({x}(1-{x}))",),
    says="1 / ({x} × (1 - {x})) = {p}.",
    remedy="use the number before the sigmoid, if there is one",
)  # fmt: skip
log_sigmoid = derived(
    "log_sigmoid", domain=HUGE, partials=(lambda m, x, y: m.sigmoid(-x),),
    formula=lambda m, x: m.minimum(x, 0.0) - m.log1p(m.exp(-m.abs(x))),
    words=("sigmoid(-{x})",), says="log_sigmoid's slope is sigmoid(-{x}) = {p}.",
    means="log(sigmoid(x))",
    fast=(_fast_log_sigmoid, lambda x, y: _fast_sigmoid(-x)),
)  # fmt: skip
softplus = derived(
    "softplus", domain=HUGE, means="log(1 + exp(x))", words=("sigmoid {x}",),
    partials=(lambda m, x, y: m.sigmoid(x),),
    formula=lambda m, x: m.maximum(x, 0.0) + m.log1p(m.exp(-m.abs(x))),
    says="softplus's slope is sigmoid({x}) = {p}.",
    fast=(_fast_softplus, lambda x, y: _fast_sigmoid(x)),
)  # fmt: skip


def _side(m: Any, x: Any, y: Any, **parameters: float) -> Any:
    """Which of three sentences: right of 0, left of it, at it."""
    return m.where(m.greater(x, 0.0), 0.0, m.where(m.equal(x, 0.0), 2.0, 1.0))


relu = derived(
    "relu", domain=HUGE, selects=True, formula=lambda m, x: m.maximum(x, 0.0),
    partials=(
        lambda m, x, y: m.where(
            m.greater(x, 0.0), 1.0, m.where(m.greater_equal(0.0, x), 0.0, 0.0 * x)
        ),
    ),
    case=_side,
    says=(
        "Input {=x} > 0: passed on unchanged.",
        "Input {=x} < 0: relu is off, slope 0, nothing passes.",
        "At its corner: 0 by convention.",
    ),
    kink=lambda m, x: m.equal(x, 0.0), convention="slope 0 at 0",
    fast=(lambda x: x if x >= 0.0 or x != x else 0.0, _fast_relu_slope),
)  # fmt: skip


def _on_both_sides(m: Any, x: Any, right: Any, left: Any) -> Any:
    """``right`` where x > 0, ``left`` where x <= 0, nan at nan."""
    return m.where(m.greater(x, 0.0), right, m.where(m.greater_equal(0.0, x), left, x))


def _sides(name: str) -> tuple[str, ...]:
    return (
        "Input {=x} > 0: " + name + "'s slope is {p}.",
        "Input {=x} < 0: " + name + "'s slope is {p}.",
        "At its corner: the slope of the side below 0, {p}, by convention.",
    )


_CORNER: dict[str, Any] = {
    "domain": HUGE, "slots": 1, "case": _side, "convention": "at 0 the slope of the side x <= 0",
    "kink": lambda m, x, **parameters: m.equal(x, 0.0),
}  # fmt: skip
# Self-normalising networks' fixed point: mean 0 and variance 1 come out as they went in.
SELU_SCALE, SELU_ALPHA = 1.0507009873554804934, 1.6732632423543772848


def _divisor(*operands: Any, alpha: float) -> tuple[Any, ...]:
    if alpha == 0.0:
        raise ValueError("celu: alpha must not be 0, got 0; use relu, which is its limit")
    return operands


leaky_relu = derived(
    "leaky_relu", parameters={"slope": 0.01}, selects=True, **_CORNER, says=_sides("leaky_relu"),
    formula=lambda m, x, *, slope: m.where(m.greater(x, 0.0), x, slope * x),
    partials=(lambda m, x, y, *, slope: _on_both_sides(m, x, 1.0, slope),),
    fast=(
        lambda x, *, slope: x if x > 0.0 else slope * x,
        lambda x, y, *, slope: 1.0 if x > 0.0 else slope if x <= 0.0 else x,
    ),
)  # fmt: skip
elu = derived(
    "elu", parameters={"alpha": 1.0}, **_CORNER, says=_sides("elu"),
    formula=lambda m, x, *, alpha: m.where(m.greater(x, 0.0), x, alpha * m.expm1(x)),
    partials=(lambda m, x, y, *, alpha: _on_both_sides(m, x, 1.0, alpha * m.exp(x)),),
    fast=(
        lambda x, *, alpha: x if x > 0.0 else alpha * math.expm1(x),
        lambda x, y, *, alpha: 1.0 if x > 0.0 else alpha * math.exp(x),
    ),
    source="Clevert, Unterthiner, Hochreiter 2015",
)  # fmt: skip
selu = derived(
    "selu", **_CORNER, says=_sides("selu"),
    formula=lambda m, x: m.where(
        m.greater(x, 0.0), SELU_SCALE * x, SELU_SCALE * SELU_ALPHA * m.expm1(x)
    ),
    partials=(
        lambda m, x, y: _on_both_sides(m, x, SELU_SCALE, SELU_SCALE * SELU_ALPHA * m.exp(x)),
    ),
    source="Klambauer, Unterthiner, Mayr, Hochreiter 2017",
)  # fmt: skip
celu = derived(
    "celu", parameters={"alpha": 1.0}, **_CORNER, says=_sides("celu"),
    formula=lambda m, x, *, alpha: m.where(m.greater(x, 0.0), x, alpha * m.expm1(x / alpha)),
    partials=(lambda m, x, y, *, alpha: _on_both_sides(m, x, 1.0, m.exp(x / alpha)),),
    gather=_divisor,
    source="Barron 2017",
)  # fmt: skip
gelu = derived(  # the tail is as good as erfc's argument: x² ulp
    "gelu", domain=HUGE, formula=lambda m, x: 0.5 * x * m.erfc(-(x * SQRT_HALF)),
    partials=(
        lambda m, x, y: (
            0.5 * m.erfc(-(x * SQRT_HALF)) + x * (INV_SQRT_2PI * m.exp(-(0.5 * x * x)))
        ),
    ),
    scales=(
        lambda m, x: m.maximum(m.abs(m.gelu(x)), TINY) * (1.0 + 0.25 * x * x), lambda m, x: FADING,
    ),
    fast=(lambda x: 0.5 * x * math.erfc(-(x * SQRT_HALF)),), words=("(Φ({x}) + {x} φ({x}))",),
    means="x Φ(x), Φ the normal's share below x", source="Hendrycks & Gimpel 2016",
)  # fmt: skip


def _faint(m: Any, x: Any) -> tuple[Any, Any]:
    """e and f with e × f = exp(x): e has all its digits where exp(x) is subnormal."""
    far = m.greater(-700.0, x)
    return m.exp(m.where(far, x + 64.0, x)), m.where(far, EXP_MINUS_64, 1.0)


def _silu(m: Any, x: Any) -> Any:
    e, f = _faint(m, -m.abs(x))
    return m.where(m.greater_equal(x, 0.0), x, x * e * f) / (1.0 + e)


silu = derived(
    "silu", domain=HUGE, formula=_silu, slots=1, means="x sigmoid(x)",
    partials=(lambda m, x, y: m.sigmoid(x) * (1.0 + x * m.sigmoid(-x)),),
    scales=(None, lambda m, x: FADING),
    fast=(_fast_silu, lambda x, y: _fast_sigmoid(x) * (1.0 + x * _fast_sigmoid(-x))),
    source="Elfwing, Uchibe, Doya 2017",
)  # fmt: skip


def _mish(m: Any, x: Any) -> Any:
    """tanh(softplus(x)) is n / (n + 2), and 1 from x = 40 on."""
    e, f = _faint(m, m.minimum(x, 40.0))
    n = e * (e + 2.0)
    return x * (n / (n + 2.0)) * f


def _mish_slope(m: Any, x: Any, y: Any) -> Any:
    c = m.where(m.greater(x, 40.0), 40.0, x)  # not minimum, which has no second slope at a tie
    e = m.exp(c)
    n = e * (e + 2.0)
    return n / (n + 2.0) + c * (4.0 * e * (1.0 + e) / ((n + 2.0) * (n + 2.0)))


def _softsign_slope(m: Any, x: Any, y: Any) -> Any:
    slope = m.square(1.0 / (1.0 + m.abs(x)))
    return m.where(m.equal(x, 0.0), m.corner(slope, x), slope)


def _fast_softsign_slope(x: float, y: float) -> float:
    over = 1.0 / (1.0 + math.fabs(x))
    return over * over


def _hardswish_slope(m: Any, x: Any, y: Any) -> Any:
    """Asks x itself where it is: x + 3 is rounded."""
    size = m.abs(x)
    corner = m.corner(0.5 + 0.25 * x, x)
    outside = m.where(m.equal(size, 3.0), corner, m.clip(x, 0.0, 1.0))
    return m.where(m.greater(3.0, size), (x + 1.5) / 3.0, outside)


mish = derived(
    "mish", domain=HUGE, formula=_mish, partials=(_mish_slope,), slots=1,
    means="x tanh(softplus(x))", scales=(None, lambda m, x: FADING), source="Misra 2019",
)  # fmt: skip
softsign = derived(
    "softsign", domain=Interval(hard=(-1e8, 1e-9, 1e200)),
    formula=lambda m, x: x / (1.0 + m.abs(x)),
    partials=(_softsign_slope,), words=("1/(1+|{x}|)²",),
    fast=(lambda x: x / (1.0 + math.fabs(x)), _fast_softsign_slope),
    convention="the second slope nan at 0",
)  # fmt: skip
hardtanh = derived(
    "hardtanh", domain=REALS, selects=True, formula=lambda m, x: m.clip(x, -1.0, 1.0),
    partials=(lambda m, x, y: _share(m, x, -1.0) * _share(m, 1.0, x),),
    fast=(
        lambda x: _fast_clip(x, -1.0, 1.0),
        lambda x, y: _fast_share(x, -1.0) * _fast_share(1.0, x),
    ),
    kink=lambda m, x: m.equal(m.abs(x), 1.0), convention="slope ½ at -1 and 1",
)  # fmt: skip
relu6 = derived(
    "relu6", domain=Interval(hard=(6.0,)), selects=True, formula=lambda m, x: m.clip(x, 0.0, 6.0),
    partials=(lambda m, x, y: _share(m, x, 0.0) * _share(m, 6.0, x),),
    fast=(
        lambda x: _fast_clip(x, 0.0, 6.0),
        lambda x, y: _fast_share(x, 0.0) * _fast_share(6.0, x),
    ),
    kink=lambda m, x: m.equal(m.abs(x - 3.0), 3.0), convention="slope ½ at 0 and 6",
)  # fmt: skip
hardswish = derived(
    "hardswish", domain=Interval(hard=(-3.0, -1.5, 3.0)), partials=(_hardswish_slope,),
    formula=lambda m, x: x * (m.relu6(x + 3.0) / 6.0),
    kink=lambda m, x: m.equal(m.abs(x), 3.0),
    convention="halfway between both sides' slopes at -3 and 3", source="Howard et al. 2019",
)  # fmt: skip

# ------------------------------------------------------------------ corners, choices, comparisons
corner = derived(  # a rule's word for a slope that lies between those of two sides
    "corner", domain=REALS, formula=lambda m, a, b: a,
    means="a, at a corner in b: of no slope there",
    partials=(lambda m, a, b, y: 1.0, lambda m, a, b, y: m.corner(math.nan, b)),
    words=("1", "nan"), convention="slope nan in {b}, of any order",
    says=("{a} gets the gradient unchanged; {b} gets nan: this is a corner.",
          "{a} gets the gradient unchanged.", "{b} gets nan: this is a corner."),
    fast=(lambda a, b: a, lambda a, b, y: 1.0, lambda a, b, y: math.nan),
)  # fmt: skip
abs = primitive(
    "abs", form="|{x}|", domain=REALS, words=("sign",),
    partials=(
        lambda m, x, y: m.where(
            m.greater(x, 0.0), 1.0, m.where(m.greater(0.0, x), -1.0, m.corner(0.0 * x, x))
        ),
    ),
    case=lambda m, x, y: m.equal(x, 0.0),
    says=("The slope is the sign of {x}: {p}.", "At its corner: 0, by convention."),
    kink=lambda m, x: m.equal(x, 0.0), convention="slope 0 at 0", fast=(math.fabs, _fast_abs_slope),
)  # fmt: skip


def _share(m: Any, a: Any, b: Any) -> Any:
    """1 where a > b, ½ at a tie, 0 where a < b, nan if either is nan."""
    below = m.where(m.greater(b, a), 0.0, 0.0 * (a + b))
    tie = m.corner(0.5, a - b)
    return m.where(m.greater(a, b), 1.0, m.where(m.equal(a, b), tie, below))


def _fast_share(a: float, b: float) -> float:
    return 1.0 if a > b else 0.5 if a == b else 0.0 if a < b else math.nan


def _fast_clip(x: float, a: float, b: float) -> float:
    return ieee.minimum(ieee.maximum(x, a), b)


def _larger(m: Any, a: Any, b: Any, y: Any) -> Any:
    return m.where(m.greater(a, b), 0.0, m.where(m.equal(a, b), 2.0, 1.0))


_TIE = "Tie: half each, by convention."
maximum = primitive(
    "maximum", symbol="max", selects=True, domain=(REALS, REALS), form="max({a}, {b})",
    partials=(lambda m, a, b, y: _share(m, a, b), lambda m, a, b, y: _share(m, b, a)), case=_larger,
    says=("{a} is larger: it takes all.", "{b} is larger: it takes all.", _TIE),
    kink=lambda m, a, b: m.equal(a, b), convention="½ each at a tie",
    fast=(
        ieee.maximum, lambda a, b, y: _fast_share(a, b), lambda a, b, y: _fast_share(b, a),
    ),
)  # fmt: skip
minimum = primitive(
    "minimum", symbol="min", selects=True, domain=(REALS, REALS), form="min({a}, {b})",
    partials=(lambda m, a, b, y: _share(m, b, a), lambda m, a, b, y: _share(m, a, b)), case=_larger,
    says=("{b} is smaller: it takes all.", "{a} is smaller: it takes all.", _TIE),
    kink=lambda m, a, b: m.equal(a, b), convention="½ each at a tie",
    fast=(
        ieee.minimum, lambda a, b, y: _fast_share(b, a), lambda a, b, y: _fast_share(a, b),
    ),
)  # fmt: skip


def _in_order(*operands: Any) -> tuple[Any, ...]:
    """clip's operands, unless both bounds are known and the lower is above the upper."""
    bounds = [x if getattr(x, "is_unknown", True) else x._number for x in operands[1:]]
    if len(bounds) == 2 and all(isinstance(x, (int, float)) for x in bounds):
        low, high = bounds
        if low > high:
            raise ValueError(f"clip: low <= high is required, got {low!r}, {high!r}; exchange them")
    return operands


clip = derived(
    "clip", letters="xab", form="clip({x}, {a}, {b})", domain=REALS, slots=3, selects=True,
    gather=_in_order,
    formula=lambda m, x, a, b: m.minimum(m.maximum(x, a), b),
    partials=(
        lambda m, x, a, b, y: _share(m, x, a) * _share(m, b, x),
        lambda m, x, a, b, y: _share(m, a, x) * _share(m, b, m.maximum(x, a)),
        lambda m, x, a, b, y: _share(m, m.maximum(x, a), b),
    ),
    fast=(
        _fast_clip, lambda x, a, b, y: _fast_share(x, a) * _fast_share(b, x),
        lambda x, a, b, y: _fast_share(a, x) * _fast_share(b, ieee.maximum(x, a)),
        lambda x, a, b, y: _fast_share(ieee.maximum(x, a), b),
    ),
    case=lambda m, x, a, b, y: m.where(
        m.maximum(m.equal(x, a), m.equal(x, b)),
        2.0, m.where(m.maximum(m.greater(a, x), m.greater(x, b)), 1.0, 0.0),
    ),
    says=(
        "{x} is inside: it passes the gradient on unchanged.",
        "{x} is outside: the bound takes all, nothing passes to {x}.",
        "{x} is at a bound: half each, by convention.",
    ),
    kink=lambda m, x, a, b: m.maximum(m.equal(x, a), m.equal(x, b)),
    convention="½ each at a bound; {a} > {b} is refused, but in a program {b} holds",
)  # fmt: skip
where = primitive(
    "where", domain=(REALS, REALS, REALS), words=("0", "slope", "slope"), selects=True,
    fast=(lambda c, a, b: a if c else b,),
    partials=(
        NOTHING,
        lambda m, c, a, b, y: m.where(c, 1.0, 0.0),
        lambda m, c, a, b, y: m.where(c, 0.0, 1.0),
    ),
    case=lambda m, c, a, b, y: m.where(c, 0.0, 1.0),
    says=(
        "The condition was true: all goes to {a}, none to {b}.",
        "The condition was false: all goes to {b}, none to {a}.",
    ),
)  # fmt: skip


def _comparison(
    name: str, symbol: str, holds: Callable[[float, float], bool], formula: Rule | None = None
) -> Op:
    return Op(
        name, slots=2, formula=formula, symbol=symbol, form="{a} " + symbol + " {b}", precedence=0,
        commutes=symbol in ("==", "!="),
        fast=(lambda a, b: 1.0 if holds(a, b) else 0.0,), domain=(REALS, REALS),
        partials=(NOTHING, NOTHING), words=("0", "0"),
        kink=lambda m, a, b: m.equal(a, b), convention="slope 0, at the step too",
        says="A comparison passes nothing.",
    )  # fmt: skip


equal = _comparison("equal", "==", operator.eq)
greater = _comparison("greater", ">", operator.gt)
greater_equal = _comparison("greater_equal", ">=", operator.ge)
not_equal = _comparison("not_equal", "!=", operator.ne, lambda m, a, b: 1.0 - m.equal(a, b))
less = _comparison("less", "<", operator.lt, lambda m, a, b: m.greater(b, a))
less_equal = _comparison("less_equal", "<=", operator.le, lambda m, a, b: m.greater_equal(b, a))


def _step(name: str, at: str, **record: Any) -> Op:
    return Op(
        name, slots=1, domain=STEPPED, partials=(NOTHING,), words=("0",),
        says=name + " is flat: it passes nothing.", convention=f"slope 0, {at} too", **record,
    )  # fmt: skip


def _round(m: Any, x: Any) -> Any:
    """Adding 2⁵² leaves no place for a fraction, and rounding goes to the even neighbour."""
    size = m.abs(x)
    return _odd(m, x, m.where(m.greater(2.0**52, size), (size + 2.0**52) - 2.0**52, size))


sign = _step(
    "sign", "at 0", kink=lambda m, x: m.equal(x, 0.0), formula=lambda m, x: m.where(
        m.greater(x, 0.0), 1.0, m.where(m.greater(0.0, x), -1.0, x + 0.0)
    ),
)  # fmt: skip
floor = _step(
    "floor", "at its steps", form="⌊{x}⌋", formula=None, kink=lambda m, x: m.equal(m.floor(x), x),
    fast=(ieee.whole(math.floor),),
)  # fmt: skip
ceil = _step(
    "ceil", "at its steps", form="⌈{x}⌉", formula=lambda m, x: -m.floor(-x),
    kink=lambda m, x: m.equal(m.floor(x), x), fast=(ieee.whole(math.ceil),),
)  # fmt: skip
trunc = _step(
    "trunc", "at its steps",
    formula=lambda m, x: m.where(m.greater_equal(x, 0.0), m.floor(x), -m.floor(-x)),
    kink=lambda m, x: m.equal(m.floor(x), x) * m.not_equal(x, 0.0),
    fast=(ieee.whole(math.trunc),),
)  # fmt: skip
round = _step(
    "round", "at its steps", formula=_round, means="the nearest whole number, the even one of two",
    kink=lambda m, x: m.equal(x - m.floor(x), 0.5), fast=(ieee.half_even,),
)  # fmt: skip


# ------------------------------------------------------------------ any number of operands
def _tuple(name: str, sequence: Any) -> tuple[Any, ...]:
    try:
        return tuple(flat(sequence))
    except TypeError:
        raise TypeError(
            f"{name}: a sequence of numbers is required, got {type(sequence).__name__}; use a list"
        ) from None


def _both(*sequences: Any) -> tuple[Any, ...]:
    """dot's operands in one tuple, the one sequence after the other."""
    try:
        ws, xs = sequences
        if len(ws) == len(xs):
            return (*ws, *xs)
    except (TypeError, ValueError):
        if len(sequences) != 2:
            raise TypeError(f"dot: 2 sequences are required, got {len(sequences)}") from None
    ws, xs = (_tuple("dot", sequence) for sequence in sequences)
    if len(ws) != len(xs):
        raise ValueError(
            f"dot: sequences of one length are required, got {len(ws)} and {len(xs)}; "
            "pad or slice one"
        )
    return ws + xs


def _one(name: str, least: int = 0) -> Callable[..., tuple[Any, ...]]:
    """What gathers the operands of one sequence of at least so many numbers."""

    def gather(*sequences: Any, ddof: int = 0) -> tuple[Any, ...]:
        if len(sequences) != 1:
            got = len(sequences)
            raise TypeError(f"{name}: 1 sequence is required, got {got}; use {name}([a, b])")
        operands = _tuple(name, sequences[0])
        if len(operands) < least + ddof:
            more = f" for ddof={ddof}" if ddof else ""
            raise ValueError(
                f"{name}: at least {least + ddof} number(s) are required{more}, "
                f"got {len(operands)}; see to the empty case before"
            )
        return operands

    return gather


def _dot(m: Any, *operands: Any) -> Any:
    half = len(operands) // 2
    return _total(m, *(w * x for w, x in zip(operands[:half], operands[half:], strict=True)))


def _total(m: Any, *terms: Any) -> Any:
    """Left to right, as a loop adds."""
    return functools.reduce(operator.add, terms) if terms else 0.0


# ``_total`` of floats, called with the start -0.0, to which adding changes nothing. From 3.12 on
# Python's own sum compensates: the last bits are not a loop's any more.
left_sum: Callable[[Iterable[float], float], float] = (
    builtins.sum
    if sys.version_info < (3, 12)
    else lambda terms, start: functools.reduce(operator.add, terms, start)
)


def _fast_dot(numbers: Sequence[float]) -> float:
    half = len(numbers) // 2
    return left_sum(map(operator.mul, numbers[:half], numbers[half:]), -0.0) if half else 0.0


def _others(numbers: Sequence[Any], y: Any) -> Sequence[Any]:
    half = len(numbers) // 2
    return (*numbers[half:], *numbers[:half])


dot = derived(
    "dot", symbol="·", slots=None, domain=REALS, formula=_dot, gather=_both, means="Σ w x",
    scales=(lambda m, *xs: len(xs) / 8 * _dot(m, *map(m.abs, xs)), None),
    partials=(lambda m, xs, y: _others(xs, y),), words=("other factor",),
    says="Each weight gets the gradient times its own input, "
    "each input the gradient times its own weight.",
    fast=(_fast_dot, _others),
)  # fmt: skip
sum = derived(
    "sum", symbol="Σ", slots=None, domain=REALS, formula=_total, means="Σ x",
    gather=_one("sum"), scales=(lambda m, *xs: len(xs) / 8 * m.sum([m.abs(x) for x in xs]), None),
    partials=(lambda m, xs, y: [1.0] * len(xs),), words=("1",),
    says="A sum passes its gradient on unchanged to every term.",
    fast=(lambda xs: left_sum(xs, -0.0) if xs else 0.0, lambda xs, y: (1.0,) * len(xs)),
)  # fmt: skip


def _product(m: Any, *factors: Any) -> Any:
    """Left to right, as a loop multiplies."""
    return functools.reduce(operator.mul, factors) if factors else 1.0


def _other_factors(m: Any, xs: Sequence[Any], y: Any) -> Sequence[Any]:
    """Of each, the product of those before it times that of those after it."""
    before = [1.0, *itertools.accumulate(xs[:-1], operator.mul)]
    after = [1.0, *itertools.accumulate(xs[:0:-1], operator.mul)]
    return [a * b for a, b in zip(before, reversed(after), strict=True)][: len(xs)]


def _reaching(m: Any, xs: Sequence[Any], y: Any) -> tuple[list[Any], Any]:
    """1 for each that is y, and how many are."""
    reached = [m.equal(x, y) for x in xs]
    return reached, _total(m, *reached)


def _equal_shares(m: Any, xs: Sequence[Any], y: Any) -> Sequence[Any]:
    reached, count = _reaching(m, xs, y)
    tie = m.greater(count, 1.0)
    shares = [one / count for one in reached]
    return [m.where(tie * p, m.corner(p, y), p) for p in shares]


def _fast_equal_shares(xs: Sequence[float], y: float) -> Sequence[float]:
    count = builtins.sum([x == y for x in xs])  # 0 where y is nan
    return [(1.0 if x == y else 0.0) / count if count else math.nan for x in xs]


def _extreme(name: str, of_two: Op, largest: str) -> Op:
    def formula(m: Any, *xs: Any) -> Any:
        return functools.reduce(getattr(m, of_two.name), xs)

    return derived(
        name, slots=None, domain=REALS, gather=_one(name, 1), formula=formula, selects=True,
        partials=(_equal_shares,), words=("equal share",),
        says=f"The {largest} takes all; those that tie share it equally.",
        kink=lambda m, *xs: m.greater(_reaching(m, xs, formula(m, *xs))[1], 1.0),
        convention="an equal share each at a tie",
        fast=(lambda xs: functools.reduce(of_two.fast[0], xs), _fast_equal_shares),
    )  # fmt: skip


def _norm(m: Any, *xs: Any) -> Any:
    """The largest size × √(Σ ratio²): no square overflows."""
    sizes = [m.abs(x) for x in xs]
    largest = functools.reduce(m.maximum, sizes)
    unit = m.where(m.equal(largest, 0.0), 1.0, largest)
    y = largest * m.sqrt(_total(m, *[m.square(size / unit) for size in sizes]))
    return m.where(m.equal(largest, math.inf), largest, y)


def _from_first(xs: Sequence[Any]) -> list[Any]:
    """x - the first: a common offset, however large, leaves no rounding behind."""
    return [x - xs[0] for x in xs]


def _deviations(m: Any, xs: Sequence[Any]) -> list[Any]:
    """x - the mean of each."""
    shifted = _from_first(xs)
    mean = _total(m, *shifted) / float(len(xs))
    return [x - mean for x in shifted]


def _var(m: Any, *xs: Any, ddof: int) -> Any:
    return _total(m, *map(m.square, _deviations(m, xs))) / float(len(xs) - ddof)


def _std(m: Any, *xs: Any, ddof: int) -> Any:
    return m.norm(_deviations(m, xs)) / math.sqrt(len(xs) - ddof)


def _var_slopes(m: Any, xs: Sequence[Any], y: Any, *, ddof: int) -> Sequence[Any]:
    return [2.0 * d / float(len(xs) - ddof) for d in _deviations(m, xs)]


def _std_slopes(m: Any, xs: Sequence[Any], y: Any, *, ddof: int) -> Sequence[Any]:
    root = math.sqrt(len(xs) - ddof)
    return [part / root for part in _parts_of_length(m, _deviations(m, xs), root * y)]


def _spread(m: Any, xs: Sequence[Any]) -> Any:
    """What a deviation's rounding is measured by."""
    return m.sum([m.abs(x) for x in _from_first(xs)])


prod = derived(
    "prod", symbol="Π", slots=None, domain=REALS, gather=_one("prod"), formula=_product,
    means="Π x", partials=(_other_factors,), words=("other factors",),
    says="A product passes to each factor the gradient times all the other factors.",
    scales=(lambda m, *xs: len(xs) / 8 * m.abs(m.prod(xs)), None),
    fast=(
        lambda xs: math.prod(xs) if xs else 1.0, lambda xs, y: _other_factors(ieee.FLOATS, xs, y)
    ),
)  # fmt: skip
max = _extreme("max", maximum, "largest")
min = _extreme("min", minimum, "smallest")
norm = derived(
    "norm", slots=None, domain=REALS, gather=_one("norm", 1), formula=_norm, form="‖{*}‖",
    partials=(_parts_of_length,),
    words=("part of the length",), means="√Σ x²",
    says="Each gets the gradient times its own part of the length.",
    kink=lambda m, *xs: m.equal(m.norm(xs), 0.0), convention="slope 0 each at 0",
    scales=(lambda m, *xs: len(xs) / 8 * m.norm(xs), None),
    fast=(lambda xs: ieee.norm(*xs),),
)  # fmt: skip
var = derived(
    "var", slots=None, domain=REALS, parameters={"ddof": 0}, gather=_one("var", 1), formula=_var,
    partials=(_var_slopes,), words=("2/(n - ddof) × distance from the mean",),
    means="Σ (x - mean)² / (n - ddof)",
    says="Each gets the gradient times 2/(n - ddof) × its distance from the mean.",
    scales=(
        lambda m, *xs, ddof: len(xs) * m.var(xs),
        lambda m, xs, slot, *, ddof: 2.0 * _spread(m, xs) / (len(xs) - ddof),
    ),
)  # fmt: skip
std = derived(
    "std", slots=None, domain=REALS, parameters={"ddof": 0}, gather=_one("std", 1), formula=_std,
    partials=(_std_slopes,), words=("(distance from the mean)/((n - ddof) y)",),
    means="√(Σ (x - mean)² / (n - ddof))",
    says="Each gets the gradient times its distance from the mean, over (n - ddof) × {=y}.",
    kink=lambda m, *xs, ddof: m.equal(m.norm(_deviations(m, xs)), 0.0),
    convention="slope 0 each where all are equal",
    scales=(
        lambda m, *xs, ddof: len(xs) * m.std(xs),
        lambda m, xs, slot, *, ddof: _spread(m, xs) / ((len(xs) - ddof) * m.std(xs)),
    ),
)  # fmt: skip


def _sigmoid_of(m: Any, a: Any, b: Any) -> Any:
    """sigmoid(a - b), ½ where both are -inf; nan where both are inf."""
    return m.sigmoid(m.where(m.equal(a, b) * m.equal(a, -math.inf), 0.0, a - b))


logaddexp = derived(
    "logaddexp", domain=REALS, slots=2, commutes=True, means="log(exp(a) + exp(b))",
    formula=lambda m, a, b: (
        m.maximum(a, b)
        + m.log1p(m.exp(-m.where(m.equal(a, b), 0.0, m.abs(a - b))))
    ),
    partials=(lambda m, a, b, y: _sigmoid_of(m, a, b), lambda m, a, b, y: _sigmoid_of(m, b, a)),
    words=("sigmoid({a}-{b})", "sigmoid({b}-{a})"),
    says=(
        "Each gets the gradient times its share of exp({a}) + exp({b}).",
        "{a} gets the gradient times its share of exp({a}) + exp({b}): {p}.",
        "{b} gets the gradient times its share of exp({a}) + exp({b}): {p}.",
    ),
    scales=(lambda m, a, b: LN2, None, None),
)  # fmt: skip

TABLE = table(*[record for record in globals().values() if isinstance(record, Op)])
__all__ = [name for name in TABLE if name not in ("stop_gradient", "corner")]


class _Values(Arithmetic):
    """The arithmetic of Values: every op is its record, called."""

    kind = "values"

    def run(self, record: Op, *operands: Any) -> Any:
        return Op.recorder(record, operands)


VALUES = _Values()
