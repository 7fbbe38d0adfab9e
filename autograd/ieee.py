"""Float arithmetic that never raises: IEEE's number where Python's functions refuse.

NumPy is imported where it is first needed, not before: its 12,000 objects would be looked at again
by every full pass of the collector, which decides eager speed.
"""

from __future__ import annotations

import functools
import math
import operator
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .op import Arithmetic, Op, Rule


def _ieee(function: Callable[..., float], name: str) -> Callable[..., float]:
    """``function`` of math, and NumPy's number where it raises."""

    def call(*operands: float) -> float:
        try:
            return function(*operands)
        except (ValueError, ArithmeticError):
            import numpy as np

            return _numpys(getattr(np, name), operands)

    return call


def _numpys(line: Callable[..., Any], operands: Sequence[float]) -> float:
    """What NumPy makes of operands that Python's own function refuses."""
    import numpy as np

    with np.errstate(all="ignore"):
        return float(line(*map(np.float64, operands)))


def _whole(function: Callable[[float], int]) -> Callable[[float], float]:
    """``function`` of math, which gives an int, as one of floats: -0, inf and nan stay."""

    def call(x: float) -> float:
        return math.copysign(float(function(x)), x) if x - x == 0.0 else x

    return call


half_even = _whole(round)  # to the nearest whole number
# NumPy's name and math's, of what raises at some number.
_REFUSING = {
    "power": "pow", "sqrt": "sqrt", "exp": "exp", "expm1": "expm1", "log": "log", "log2": "log2",
    "log10": "log10", "log1p": "log1p", "sin": "sin", "cos": "cos", "tan": "tan", "arcsin": "asin",
    "arccos": "acos", "sinh": "sinh", "cosh": "cosh", "arccosh": "acosh", "arctanh": "atanh",
}  # fmt: skip


def divide(a: float, b: float) -> float:
    """a / b, and ±inf or nan where b is 0."""
    try:
        return a / b
    except ZeroDivisionError:
        return (
            math.nan if a == 0.0 or a != a else math.copysign(math.inf, a) * math.copysign(1.0, b)
        )


def maximum(a: float, b: float) -> float:
    """The larger, nan if either is."""
    return a if a >= b or a != a else b


def minimum(a: float, b: float) -> float:
    """The smaller, nan if either is."""
    return a if a <= b or a != a else b


def norm(*xs: float) -> float:
    """√Σ x², nan if one is."""
    y = math.hypot(*xs)
    return y if y != math.inf else functools.reduce(maximum, map(abs, xs))


class _Floats(Arithmetic):
    kind = "floats"
    lines: Mapping[str, Callable[..., Any]] = {
        "identity": lambda x: x,
        "add": lambda a, b: a + b,
        "subtract": lambda a, b: a - b,
        "multiply": lambda a, b: a * b,
        "divide": divide,
        "negative": lambda x: -x,
        "remainder": _ieee(operator.mod, "remainder"),
        "tanh": math.tanh,
        "arctan": math.atan,
        "arctan2": math.atan2,
        "arcsinh": math.asinh,
        "hypot": math.hypot,
        "norm": norm,
        "erf": math.erf,
        "erfc": math.erfc,
        "abs": abs,
        "floor": _whole(math.floor),
        "ceil": _whole(math.ceil),
        "trunc": _whole(math.trunc),
        "round": half_even,
        "maximum": maximum,
        "minimum": minimum,
        "where": lambda c, a, b: a if c else b,
        "equal": lambda a, b: 1.0 if a == b else 0.0,
        "greater": lambda a, b: 1.0 if a > b else 0.0,
        "greater_equal": lambda a, b: 1.0 if a >= b else 0.0,
        **{name: _ieee(getattr(math, pythons), name) for name, pythons in _REFUSING.items()},
        **({"cbrt": math.cbrt} if sys.version_info >= (3, 11) else {}),
    }

    def run(self, record: Op, *operands: float) -> float:
        line = self.line(record)
        if line is None:
            return evaluate(lambda m, *numbers: Arithmetic.run(m, record, *numbers), *operands)
        try:
            return line(*operands)  # type: ignore[no-any-return]
        except (ValueError, ArithmeticError):  # an op made at run time may lean on math
            numpy = record.lines.get("numpy")
            return math.nan if numpy is None else _numpys(numpy, operands)

    def __repr__(self) -> str:
        return "FLOATS"


class _Wide(Arithmetic):
    """FLOATS on NumPy's scalars, whose operators never raise."""

    kind = "floats"
    lines: Mapping[str, Callable[..., Any]] = {}

    def run(self, record: Op, *operands: Any) -> Any:
        if FLOATS.line(record) is None and record.formula is not None:
            return record.formula(self, *operands)
        import numpy as np

        return np.float64(FLOATS.run(record, *map(float, operands)))


FLOATS = _Floats()
_WIDE = _Wide()


def number(record: Op, at: Sequence[float]) -> float:
    """The op of floats by its fast way, which may raise where Python's own functions do."""
    if not record.fast:
        return FLOATS.run(record, *at)
    return record.fast[0](at) if record.slots is None else record.fast[0](*at)  # type: ignore[no-any-return]


def outcome(record: Op, at: Sequence[float]) -> tuple[float, bool]:
    """The op of floats, IEEE's number where Python's own function refuses; and whether it did."""
    try:
        return float(number(record, at)), False
    except (ValueError, ArithmeticError):
        return FLOATS.run(record, *at), True


def evaluate(rule: Rule, *operands: float) -> float:
    """``rule`` on floats: IEEE's number, where Python's operators raise or go complex too."""
    try:
        number = rule(FLOATS, *operands)
        if type(number) is float:
            return number
        if isinstance(number, (int, float)):
            return float(number)
    except (ValueError, ArithmeticError):
        pass
    return float(_widely(rule, operands))


def every_partial(record: Op, at: Sequence[float], y: float) -> list[float]:
    """The partials of an op of any number of operands, as ``evaluate`` gives one."""
    try:
        found = list(record.every_partial(FLOATS, *at, y))
        if not any(isinstance(p, complex) for p in found):
            return [*map(float, found)]
    except (ValueError, ArithmeticError):
        pass
    return [*map(float, _widely(record.every_partial, (*at, y)))]


def _widely(rule: Rule, operands: Sequence[float]) -> Any:
    import numpy as np

    with np.errstate(all="ignore"):
        return rule(_WIDE, *map(np.float64, operands))
