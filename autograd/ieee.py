"""Float arithmetic that never raises: IEEE's number where Python's functions refuse.

It runs the records' own ``fast``. Reads op.py. NumPy is imported where it is first needed, not
before: its 12,000 objects would be looked at again by every full pass of the collector.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

from .op import NOTHING, Arithmetic, Op, Rule, is_built_in


def whole(function: Callable[[float], int]) -> Callable[[float], float]:
    """``function`` of math, which gives an int, as one of floats: -0, inf and nan stay."""

    def call(x: float) -> float:
        return math.copysign(float(function(x)), x) if x - x == 0.0 else x

    return call


half_even = whole(round)  # to the nearest whole number


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

    def run(self, record: Op, *operands: float) -> float:
        return outcome(record, operands)[0]

    def partials(
        self, record: Op, at: Sequence[float], y: float, wanted: Sequence[bool] | None = None
    ) -> Sequence[Any]:
        if record.slots is None:
            if len(record.fast) > 1:
                every: Sequence[float] = record.fast[1](at, y)
                return every
            return [*map(float, _numbers(record.rules[0], at, y))]
        found: list[float | None] = []
        for slot, slope in enumerate(record.slopes or slopes_of(record)):
            if slope is None or (wanted and not wanted[slot]):
                found.append(None)
                continue
            try:
                found.append(slope(*at, y))
            except (ValueError, ArithmeticError):
                found.append(evaluate(record.rules[slot], *at, y))
        return found

    def __repr__(self) -> str:
        return "FLOATS"


class _Wide(Arithmetic):
    """FLOATS on NumPy's scalars, whose operators never raise."""

    kind = "floats"

    def run(self, record: Op, *operands: Any) -> Any:
        if not record.fast and record.formula is not None:
            return record.formula(self, *operands)
        import numpy as np

        return np.float64(FLOATS.run(record, *map(float, operands)))


FLOATS = _Floats()
_WIDE = _Wide()


def slopes_of(record: Op) -> tuple[Callable[..., float] | None, ...]:
    """The partials over floats, ``(*operands, y)``, None for nothing; kept in the record."""

    def slope(slot: int, rule: Rule) -> Callable[..., float] | None:
        if rule is NOTHING:
            return None
        return record.fast[slot + 1] if len(record.fast) > 1 else lambda *at: evaluate(rule, *at)

    record.slopes = tuple([slope(slot, rule) for slot, rule in enumerate(record.rules)])
    return record.slopes


def number(record: Op, at: Sequence[float]) -> float:
    """The op of floats by its fast way, which may raise where Python's own functions do."""
    if not record.fast:
        return evaluate(lambda m, *numbers: Arithmetic.run(m, record, *numbers), *at)
    return record.fast[0](at) if record.slots is None else record.fast[0](*at)  # type: ignore[no-any-return]


def outcome(record: Op, at: Sequence[float]) -> tuple[float, bool]:
    """The op of floats, IEEE's number where Python's own function refuses; and whether it did."""
    try:
        return float(number(record, at)), False
    except (ValueError, ArithmeticError):
        return _refused(record, at), True


def _refused(record: Op, at: Sequence[float]) -> float:
    """NumPy's number, by the name that an op has there; else its formula's."""
    import numpy as np

    line = getattr(np, record.name, None) if is_built_in(record) else record.lines.get("numpy")
    if line is None and record.formula is not None:
        return evaluate(record.formula, *at)
    with np.errstate(all="ignore"):
        return math.nan if line is None else float(line(*map(np.float64, at)))


def evaluate(rule: Rule, *operands: float) -> float:
    """``rule`` on floats: IEEE's number, where Python's operators raise or go complex too."""
    return float(_numbers(rule, *operands))


def _numbers(rule: Rule, *operands: Any) -> Any:
    """What ``rule`` gives for floats, and for sequences of them: a number, or several."""
    try:
        found = rule(FLOATS, *operands)
        every = found if isinstance(found, (list, tuple)) else (found,)
        if not any(isinstance(x, complex) for x in every):
            return found
    except (ValueError, ArithmeticError):
        pass
    import numpy as np

    with np.errstate(all="ignore"):
        return rule(_WIDE, *[_wide(np.float64, x) for x in operands])


def _wide(kind: Any, x: Any) -> Any:
    return [*map(kind, x)] if isinstance(x, (list, tuple)) else kind(x)
