"""THE table: one record an op.

A rule reads as mathematics: operands ``x``, or ``a, b``, or ``c, a, b``; output ``y``; ``m`` is the
arithmetic it runs on. ``where`` and ``equal`` stand for ``if`` and ``==``: a rule must run where a
number is not yet known. Read by value.py, sweep.py, the compiler and the drawings.
"""

from __future__ import annotations

import builtins
import functools
import math
import operator
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from . import ieee, special
from .op import NOTHING, REALS, Arithmetic, Interval, Op, derived, primitive, table

HUGE = Interval(
    hard=(-1000.0, -36.0, 18.0, 40.0, 1000.0)
)  # where naive formulas saturate or overflow
POSITIVE = Interval(0.0, open_low=True, hard=(1e-300, 1.0 + 1e-7, 1e300))


# ------------------------------------------------------------------ arithmetic
identity = primitive(
    "identity", domain=REALS, partials=(lambda m, x, y: 1.0,), symbol="=", words=("1",),
    says="The gradient passes on unchanged.", fast=(float, lambda x, y: 1.0),
)  # fmt: skip
stop_gradient = derived(
    "stop_gradient", domain=REALS, formula=lambda m, x: m.identity(x), words=("0",),
    partials=(NOTHING,), says="Cut off by detach(): nothing passes.",
    fast=(float,),
)  # fmt: skip
add = primitive(
    "add", symbol="+", form="{a} + {b}", precedence=1, commutes=True, domain=REALS, slots=2,
    words=("1", "1"),
    partials=(lambda m, a, b, y: 1.0, lambda m, a, b, y: 1.0),
    says="A sum passes its gradient on unchanged to every term.", fast=(operator.add,),
)  # fmt: skip
subtract = primitive(
    "subtract", symbol="-", form="{a} - {b}", precedence=1, domain=REALS, slots=2,
    words=("1", "-1"), partials=(lambda m, a, b, y: 1.0, lambda m, a, b, y: -1.0),
    says=(
        "A difference passes its gradient on unchanged to {a}, with the sign turned to {b}.",
        "A difference passes its gradient on unchanged to {a}.",
        "A difference passes its gradient with the sign turned to {b}.",
    ),
    fast=(operator.sub,),
)  # fmt: skip
multiply = primitive(
    "multiply", symbol="×", form="{a} × {b}", precedence=2, commutes=True, domain=REALS,
    words=("{b}", "{a}"),
    partials=(lambda m, a, b, y: b, lambda m, a, b, y: a),
    says="A product passes on the gradient times the other factor.", fast=(operator.mul,),
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
negative = primitive(
    "negative", symbol="neg", form="-{x}", precedence=3, domain=REALS, words=("-1",),
    partials=(lambda m, x, y: -1.0,), says="A minus sign turns the gradient's sign.",
    fast=(lambda x: -x, lambda x, y: -1.0),
)  # fmt: skip
power = primitive(
    "power", symbol="**", form="{a}^{b}", precedence=4, domain=(POSITIVE, REALS),
    partials=(
        lambda m, a, b, y: m.where(m.equal(b, 0.0), 0.0, b * m.power(a, b - 1.0)),
        lambda m, a, b, y: m.where(
            m.equal(a, 0.0) * m.greater_equal(b, 0.0), 0.0, y * m.log(a)
        ),
    ),
    words=("{n} × {a}^{n-1}", "y × ln {a}"),
    says=(
        "{a}^{n} has slope {n} × {a}^{n-1} = {p}.",
        "An exponent that is a Value gets y × ln {a} = {p}.",
    ),
    convention="x**0 has slope 0 at 0; the exponent's slope at base 0 is 0 from exponent 0 on",
    remedy="a negative base takes whole exponents only, and base 0 none below 0",
    fast=(
        math.pow,
        lambda a, b, y: 0.0 if b == 0.0 else b * math.pow(a, b - 1.0),
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
    partials=(lambda m, x, y: 0.5 / (y + 0.0),), convention="slope inf at 0 and -0",
    fast=(math.sqrt, lambda x, y: 0.5 / y),
)  # fmt: skip

# ------------------------------------------------------------------ elementary functions
exp = primitive(
    "exp", domain=Interval(hard=(-745.0, -700.0, 700.0)), partials=(lambda m, x, y: y,),
    says="exp's slope is its own value {=y}.", fast=(math.exp, lambda x, y: y),
)  # fmt: skip
log = primitive(
    "log", domain=POSITIVE, partials=(lambda m, x, y: 1.0 / x,), words=("1/{x}",),
    says="1 / {x} = {p}.", remedy="use log1p(x) if log(1 + x) was meant",
    fast=(math.log, lambda x, y: 1.0 / x),
)  # fmt: skip
log1p = primitive(
    "log1p", domain=Interval(-1.0, open_low=True, hard=(-0.999, -1e-15, 1e-15)),
    partials=(lambda m, x, y: 1.0 / (1.0 + x),), words=("1/(1+{x})",), says="1 / (1 + {x}) = {p}.",
    fast=(math.log1p, lambda x, y: 1.0 / (1.0 + x)),
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
tanh = primitive(  # the slope from the output: 1/cosh² overflows past 355
    "tanh", domain=HUGE, partials=(lambda m, x, y: 1.0 - y * y,), words=("(1-y²)",),
    says="tanh's slope is 1 - {=y}² = {p} (it is 1 at 0 and fades on both sides).",
    fast=(math.tanh, lambda x, y: 1.0 - y * y),
)  # fmt: skip
erf = derived(
    "erf", domain=Interval(hard=(-6.0, 1.5, 6.0)), formula=special.erf, slots=1,
    partials=(lambda m, x, y: 1.1283791670955126 * m.exp(-(x * x)),),  # 2/sqrt(pi)
    says="erf's slope is 2/√π × exp(-{x}²) = {p}.", source="Abramowitz & Stegun 7.1.1",
    fast=(math.erf,),
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


def _fast_relu_slope(x: float, y: float) -> float:
    return 1.0 if x > 0.0 else 0.0 if x <= 0.0 else x


def _fast_abs_slope(x: float, y: float) -> float:
    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else 0.0 * x


sigmoid = derived(
    "sigmoid", symbol="σ", domain=HUGE, slots=1, formula=_sigmoid,
    partials=(lambda m, x, y: y * (1.0 - y),), words=("y(1-y)",),
    says="sigmoid's slope is {=y} × (1 - {=y}) = {p}, never more than 0.25.",
    fast=(_fast_sigmoid, lambda x, y: y * (1.0 - y)),
)  # fmt: skip
softplus = derived(  # log(1 + exp x)
    "softplus", domain=HUGE, partials=(lambda m, x, y: m.sigmoid(x),), words=("sigmoid {x}",),
    formula=lambda m, x: m.maximum(x, 0.0) + m.log1p(m.exp(-m.abs(x))),
    says="softplus's slope is sigmoid({x}) = {p}.",
    fast=(_fast_softplus, lambda x, y: _fast_sigmoid(x)),
)  # fmt: skip
relu = derived(
    "relu", domain=HUGE, formula=lambda m, x: m.maximum(x, 0.0),
    partials=(
        lambda m, x, y: m.where(
            m.greater(x, 0.0), 1.0, m.where(m.greater_equal(0.0, x), 0.0, 0.0 * x)
        ),
    ),
    case=lambda m, x, y: m.where(m.greater(x, 0.0), 0.0, m.where(m.equal(x, 0.0), 2.0, 1.0)),
    says=(
        "Input {=x} > 0: passed on unchanged.",
        "Input {=x} < 0: relu is off, slope 0, nothing passes.",
        "At its corner: 0 by convention.",
    ),
    kink=lambda m, x: m.equal(x, 0.0), convention="slope 0 at 0",
    fast=(lambda x: x if x >= 0.0 or x != x else 0.0, _fast_relu_slope),
)  # fmt: skip

# ------------------------------------------------------------------ corners, choices, comparisons
abs = primitive(
    "abs", form="|{x}|", domain=REALS, words=("sign",),
    partials=(
        lambda m, x, y: m.where(m.greater(x, 0.0), 1.0, m.where(m.greater(0.0, x), -1.0, 0.0 * x)),
    ),
    case=lambda m, x, y: m.equal(x, 0.0),
    says=("The slope is the sign of {x}: {p}.", "At its corner: 0, by convention."),
    kink=lambda m, x: m.equal(x, 0.0), convention="slope 0 at 0", fast=(math.fabs, _fast_abs_slope),
)  # fmt: skip


def _share(m: Any, a: Any, b: Any) -> Any:
    """1 where a > b, ½ at a tie, 0 where a < b, nan if either is nan."""
    below = m.where(m.greater(b, a), 0.0, 0.0 * (a + b))
    return m.where(m.greater(a, b), 1.0, m.where(m.equal(a, b), 0.5, below))


def _larger(m: Any, a: Any, b: Any, y: Any) -> Any:
    return m.where(m.greater(a, b), 0.0, m.where(m.equal(a, b), 2.0, 1.0))


_TIE = "Tie: half each, by convention."
maximum = primitive(
    "maximum", symbol="max", domain=(REALS, REALS), form="max({a}, {b})",
    partials=(lambda m, a, b, y: _share(m, a, b), lambda m, a, b, y: _share(m, b, a)), case=_larger,
    says=("{a} is larger: it takes all.", "{b} is larger: it takes all.", _TIE),
    kink=lambda m, a, b: m.equal(a, b), convention="½ each at a tie", fast=(ieee.maximum,),
)  # fmt: skip
minimum = primitive(
    "minimum", symbol="min", domain=(REALS, REALS), form="min({a}, {b})",
    partials=(lambda m, a, b, y: _share(m, b, a), lambda m, a, b, y: _share(m, a, b)), case=_larger,
    says=("{b} is smaller: it takes all.", "{a} is smaller: it takes all.", _TIE),
    kink=lambda m, a, b: m.equal(a, b), convention="½ each at a tie", fast=(ieee.minimum,),
)  # fmt: skip
where = primitive(
    "where", domain=(REALS, REALS, REALS), words=("0", "slope", "slope"),
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


def _comparison(name: str, symbol: str, commutes: bool = False) -> Op:
    return primitive(
        name, symbol=symbol, form="{a} " + symbol + " {b}", precedence=0, commutes=commutes,
        domain=(REALS, REALS),
        partials=(NOTHING, NOTHING), words=("0", "0"),
        kink=lambda m, a, b: m.equal(a, b), convention="slope 0, at the step too",
        says="A comparison passes nothing.",
    )  # fmt: skip


equal = _comparison("equal", "==", commutes=True)
greater = _comparison("greater", ">")
greater_equal = _comparison("greater_equal", ">=")


# ------------------------------------------------------------------ any number of operands
def _tuple(name: str, sequence: Any) -> tuple[Any, ...]:
    try:
        return tuple(sequence)
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


def _one(*sequences: Any) -> tuple[Any, ...]:
    if len(sequences) != 1:
        raise TypeError(f"sum: 1 sequence is required, got {len(sequences)}; use sum([a, b])")
    return _tuple("sum", sequences[0])


def _dot(m: Any, *operands: Any) -> Any:
    half = len(operands) // 2
    return _total(m, *(w * x for w, x in zip(operands[:half], operands[half:], strict=True)))


def _total(m: Any, *terms: Any) -> Any:
    """Left to right, as a loop adds."""
    total: Any = terms[0] if terms else 0.0
    for term in terms[1:]:
        total = total + term
    return total


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


def _others(numbers: Sequence[float], y: float) -> Sequence[float]:
    half = len(numbers) // 2
    return (*numbers[half:], *numbers[:half])


dot = derived(
    "dot", symbol="·", slots=None, domain=REALS, formula=_dot, gather=_both,
    partials=(lambda m, xs, y, slot: xs[(slot + len(xs) // 2) % len(xs)],), words=("other factor",),
    says="Each weight gets the gradient times its own input, "
    "each input the gradient times its own weight.",
    fast=(_fast_dot, _others),
)  # fmt: skip
sum = derived(
    "sum", symbol="Σ", slots=None, domain=REALS, formula=_total,
    gather=_one,
    partials=(lambda m, xs, y, slot: 1.0,), words=("1",),
    says="A sum passes its gradient on unchanged to every term.",
    fast=(lambda xs: left_sum(xs, -0.0) if xs else 0.0, lambda xs, y: (1.0,) * len(xs)),
)  # fmt: skip

# ------------------------------------------------------------------ the chain rule's own product
chain = derived(  # exactly 0 if the first factor is 0; differentiates as a product
    "chain", symbol="·", form="{a}·{b}", precedence=2, domain=(REALS, REALS), words=("{b}", "{a}"),
    formula=lambda m, a, b: m.where(m.equal(a, 0.0), 0.0, a * b),
    partials=(lambda m, a, b, y: b, lambda m, a, b, y: a),
    says="A product passes on the gradient times the other factor.",
    fast=(lambda a, b: 0.0 if a == 0.0 else a * b, lambda a, b, y: b, lambda a, b, y: a),
)  # fmt: skip

TABLE = table(
    identity, stop_gradient, add, subtract, multiply, divide, negative, power, square, sqrt,
    exp, log, log1p, sin, cos, tanh, erf, sigmoid, softplus, relu,
    abs, maximum, minimum, where, equal, greater, greater_equal, dot, sum, chain,
)  # fmt: skip


class _Values(Arithmetic):
    """The arithmetic of Values: every op is its record, called."""

    kind = "values"
    lines: Mapping[str, Callable[..., Any]] = {}

    def run(self, record: Op, *operands: Any) -> Any:
        return Op.recorder(record, operands)


VALUES = _Values()
