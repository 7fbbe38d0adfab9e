"""gradcheck: the slopes that the rules give, against the slopes that the numbers show.

Where a difference is wrong, by its step or by rounding, it has to say so: each comes with a bound
of its error. Rounding is known beforehand, as f's graph tells how much an ulp of each of its nodes
moves f. Truncation shows in how extrapolations to step 0 differ, and so does rounding that the
graph does not show. Steps are doubled from one that is fine for any f, as long as the coarser tells
the same as the finer: beyond that lies another part of f (a pole, a jump, the next wave).
"""

from __future__ import annotations

import functools
import math
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from . import modes
from .derivatives import as_value, grad, jvp, number_of, value_and_grad
from .errors import GradientError, user_frame
from .numbers import real
from .sweep import backward_steps
from .value import Value

_ULPS = 4.0 * sys.float_info.epsilon  # how far off an op may be, relative to its result
_SPACING = 5e-324  # of the smallest floats: no result is nearer
_TELLING = 1e-4  # an error that is found, or said to be beyond finding
_SURE = 1e-2  # differences that are known worse accuse nobody
_FINE = 2.0**-26  # a part of x in which few functions bend; where one does, steps start at ulps


def gradcheck(
    f: Callable[..., Any], inputs: Sequence[float], order: int = 1, tolerance: float = 1e-6
) -> None:
    """Raise unless f's derivatives at ``inputs`` are what finite differences find.

    A slope that passes without a warning is less than 1e-4 off, or less than 1e-8 of f's size where
    f is flat; one that is refused is wrong by more than rounding and the step explain. f may round
    as its own ops do: what it computes by other means to fewer digits cannot be told from a slope.

    Args:
        f: takes as many Values as there are inputs and returns one.
        inputs: plain numbers, away from kinks.
        order: 1 for the gradient, backward and forward; 2 for every second derivative too.
        tolerance: relative to the slope; finite differences reach about 1e-10 where f is smooth.
            What rounding and the step may do to them is allowed on top.
    Raises:
        GradientError: the input, what was expected there and what was got.
    Warns:
        RuntimeWarning: no difference is exact enough there to tell.

    >>> gradcheck(lambda a, b: (a * b).tanh(), [0.3, 1.7], order=2)
    """
    if not tolerance > 0.0:
        raise ValueError(f"gradcheck: tolerance must be > 0, got {tolerance!r}; use 1e-6")
    if order not in (1, 2):
        raise ValueError(f"gradcheck: order must be 1 or 2, got {order!r}")
    if not isinstance(inputs, (list, tuple)) or not inputs:
        raise TypeError(f"gradcheck: inputs must be a list of numbers, got {inputs!r}; use [x]")
    at = [x.data if isinstance(x, Value) else real(x, "gradcheck") for x in inputs]
    name, every = getattr(f, "__name__", "f"), tuple(range(len(at)))
    _compare(f, at, tolerance, f"d {name}")
    both = value_and_grad(f, every)
    for n in every if order == 2 else ():
        _compare(lambda *xs, n=n: both(*xs)[1][n], at, tolerance, f"d (d {name}/d input {n})")


def _compare(f: Callable[..., Any], at: list[float], tolerance: float, what: str) -> None:
    every = tuple(range(len(at)))
    for n, backward in enumerate(value_and_grad(f, every)(*at)[1]):
        forward = jvp(f, tuple(at), tuple(1.0 if i == n else 0.0 for i in every))[1]
        seen = _Seen(f, at, n, tolerance)
        for direction, slope in (("backward", backward), ("forward", forward)):
            got = as_value(slope).data
            agree, tell, error, expected = seen.against(got)
            if not agree:
                agree, tell, error, expected = seen.against(got, seen.own())
            place = f"gradcheck: {what} / d input {n} at {at[n]!r}"
            if not agree:
                raise GradientError(
                    f"{place} must be {expected!r} (central differences, ± {error:.1g}), got "
                    f"{got!r} ({direction}); look at the partials of the ops on the way, and at "
                    "detach()"
                )
            if not tell:
                warnings.warn(
                    f"{place}: got {got!r} ({direction}), and central differences, {expected!r} "
                    f"± {error:.1g}, are too coarse to tell; check where f rounds and bends less",
                    RuntimeWarning, stacklevel=user_frame()[2] + 1,
                )  # fmt: skip


class _Seen:
    """What differences show of f's slope in input n."""

    def __init__(self, f: Callable[..., Any], at: list[float], n: int, tolerance: float) -> None:
        self.f, self.at, self.n, self.x, self.tolerance = f, at, n, at[n], tolerance
        y, size = self.value(f, self.x), abs(self.x)
        self.rounding = _rounding(y)
        self.flat = _TELLING**2 * abs(y.data) / max(1.0, size)
        self.finest = 4.0 * math.ulp(size)
        starts = max(self.finest, _FINE * (size or 1.0)), _FINE * max(1.0, size), self.finest
        # 1 beside |x|: near 0, f may round as what it adds to x does; it may clear, not accuse.
        self.starts: tuple[float, ...] = starts if abs(y.data) < math.inf else ()
        self.slope = functools.cache(self._slope)

    def value(self, f: Callable[..., Any], x: float) -> Value:
        with modes.recording(), modes.quiet():  # a step may leave the domain
            operands = [Value(x if i == self.n else v) for i, v in enumerate(self.at)]
            return as_value(number_of(f(*operands), "gradcheck", f))

    def own(self) -> float:
        """How far the rules' own slope may be off: by rounding, and by how x is rounded."""
        slope, places = grad(self.f, self.n), (self.x, self.x - self.finest, self.x + self.finest)
        at, *near = [self.value(slope, x) for x in places]
        moved = max(abs(at.data - slope.data) for slope in near)
        return _rounding(at) + (moved if moved < math.inf else 0.0)

    def against(self, got: float, own: float = 0.0) -> tuple[bool, bool, float, float]:
        """Whether a slope that was seen agrees, whether it is sharp enough to tell; its error; it.

        Of several the one that agrees and tells, or that with the finest steps.
        """
        best = True, False, math.inf, math.nan  # nothing was found, nothing is said
        for start in self.starts:
            expected, error = self.slope(start)
            if error < math.inf:
                error += own
                scale = max(abs(got), abs(expected))
                allowed = min(self.tolerance * scale + error, sys.float_info.max)
                rough = error > _SURE * scale  # a bound as rough as that is no bound
                agree = rough or abs(got - expected) <= allowed
                tell = got == expected or error <= max(_TELLING * scale, self.flat)
                if agree and tell:
                    return agree, tell, error, expected
                if start in (self.starts[0], self.finest):
                    best = agree, tell, error, expected
        return best

    def _slope(self, h: float) -> tuple[float, float]:
        """The slope by extrapolated central differences from step h on; a bound of its error."""
        nan = math.nan  # not known yet: max keeps one that comes first, no number is beyond it
        best, error = nan, math.inf
        steps, central, once, noise = [nan, nan], [nan], [nan], [nan]  # once: extrapolated
        while h <= max(1.0, abs(self.x)) / 4.0:
            above = self.x + h
            h = above - self.x  # as it is in floats
            below = self.x - h
            high, low = [self.value(self.f, x).data for x in (above, below)]
            slope = (high - low) / (above - below)
            if not abs(slope) < math.inf:  # beyond an end of the domain
                break
            steps.append(h)
            central.append(slope)
            once.append(_extrapolated(central, h / steps[-2]))
            noise.append(abs(once[-2] - once[-1]) * steps[-3])  # if it is that, and no bend
            rounding = max(self.rounding, _ULPS * max(abs(high), abs(low))) + _SPACING
            bound = (max(noise[-4:]) + 2.0 * rounding) / steps[-3]  # fewer may agree by chance
            slope = _extrapolated(once, h / steps[-3])
            if abs(slope - best) > bound + error or error <= self.tolerance * abs(best) / 1e3:
                break
            if bound < error:
                best, error = slope, bound
            h *= 2.0
        return best, error


def _rounding(y: Value) -> float:
    """What each op's last digits, as they reach y, come to; those of y alone if it is plain."""
    if y.op is None:
        return _ULPS * abs(y.data)
    total = 0.0
    for step in backward_steps(y):
        terms = [(step.upstream or 0.0) * step.node.data]
        if step.node.op is not None and step.node.op.slots is None:  # a sum rounds as its terms do
            terms += [part.amount * part.input.data for part in step.contributions]
        total += sum(abs(term) for term in terms if abs(term) < math.inf)
    return _ULPS * total


def _extrapolated(slopes: list[float], ratio: float) -> float:
    """To step 0, from the last two slopes, whose steps have that ratio: the error goes with h²."""
    fine, coarse = slopes[-2:]
    return fine + (fine - coarse) / (ratio * ratio - 1.0)
