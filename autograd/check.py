"""gradcheck: the slopes that the rules give, against the slopes that the numbers show."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

from . import modes
from .derivatives import jvp, number_of, value_and_grad
from .errors import GradientError
from .numbers import real
from .value import Value

# Two central differences, extrapolated: truncation is O(h⁴), rounding eps/h: both near eps^(4/5).
_STEP = sys.float_info.epsilon ** (1 / 5)
_ROUNDINGS = 100  # an f of some hundred ops is off by this many eps at most


def gradcheck(
    f: Callable[..., Any], inputs: Sequence[float], order: int = 1, tolerance: float = 1e-6
) -> None:
    """Raise unless f's derivatives at ``inputs`` are what finite differences find.

    Args:
        f: takes as many Values as there are inputs and returns one.
        inputs: plain numbers, away from kinks.
        order: 1 for the gradient, backward and forward; 2 for every second derivative too.
        tolerance: relative to the slope; finite differences reach about 1e-10 where f is smooth.
            What rounding of f's values may do to them is allowed on top.
    Raises:
        GradientError: the input, what was expected there and what was got.

    >>> gradcheck(lambda a, b: (a * b).tanh(), [0.3, 1.7], order=2)
    """
    if not tolerance > 0.0:
        raise ValueError(f"gradcheck: tolerance must be > 0, got {tolerance!r}; use 1e-6")
    if order not in (1, 2):
        raise ValueError(f"gradcheck: order must be 1 or 2, got {order!r}")
    if not isinstance(inputs, (list, tuple)) or not inputs:
        raise TypeError(f"gradcheck: inputs must be a list of numbers, got {inputs!r}; use [x]")
    at = [x.data if isinstance(x, Value) else real(x, "gradcheck") for x in inputs]
    every = tuple(range(len(at)))
    name = getattr(f, "__name__", "f")
    _compare(f, at, tolerance, f"d {name}")
    if order == 2:
        for n in every:
            _compare(
                lambda *xs, n=n: value_and_grad(f, every)(*xs)[1][n],
                at,
                tolerance,
                f"d (d {name}/d input {n})",
            )


def _compare(f: Callable[..., Any], at: list[float], tolerance: float, what: str) -> None:
    slopes = value_and_grad(f, tuple(range(len(at))))(*at)[1]
    for n, x in enumerate(at):
        expected, noise = _difference(f, at, n)
        along = jvp(f, tuple(at), tuple(1.0 if i == n else 0.0 for i in range(len(at))))[1]
        for direction, got in (("backward", slopes[n]), ("forward", along)):
            got = got.data if isinstance(got, Value) else got
            if not abs(got - expected) <= tolerance * max(abs(got), abs(expected)) + noise:
                raise GradientError(
                    f"gradcheck: {what} / d input {n} at {x!r} must be {expected!r} (central "
                    f"differences), got {got!r} ({direction}); look at the partials of the ops on "
                    "the way, and at detach()"
                )


def _difference(f: Callable[..., Any], at: list[float], n: int) -> tuple[float, float]:
    """The slope in input n by extrapolated central differences, and what rounding may do to it.

    Of several steps the one that shows the least error: sin wants 1, log near 0 a part of |x|.
    """

    def value(x: float) -> float:
        with modes.recording(), modes.errstate("ignore"):  # a step may leave the domain
            y = number_of(
                f(*[Value(x if i == n else v) for i, v in enumerate(at)]), "gradcheck", f
            )
        return y.data if isinstance(y, Value) else y

    def central(h: float) -> float:
        above, below = at[n] + h, at[n] - h
        return (value(above) - value(below)) / (above - below)

    size = abs(value(at[n]))
    best = math.nan, 0.0
    least = math.inf
    for scale in {max(1.0, abs(at[n])), abs(at[n]) or 1.0}:
        for h in (_STEP * scale, _STEP * scale / 100):
            coarse, fine = central(h), central(h / 2)
            noise = _ROUNDINGS * sys.float_info.epsilon * size / h
            if abs(fine - coarse) + noise < least:  # not if either is nan
                least = abs(fine - coarse) + noise
                best = (4.0 * fine - coarse) / 3.0, noise
    return best
