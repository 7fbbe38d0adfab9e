"""Learning rates as functions of the step, which counts from 0.

Each is PyTorch's in closed form: the scheduler's rate after that many calls of its ``step()``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from autograd.numbers import ABOVE_0, FROM_0, ranged, whole

Schedule = Callable[[int], float]


def cosine(learning_rate: float, steps: int, end: float = 0.0) -> Schedule:
    """From the rate down to ``end`` along half a cosine, and there it stays.

    ``end + (learning_rate - end) (1 + cos(π k / steps)) / 2`` at step k (CosineAnnealingLR).

    Source: I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts",
    ICLR 2017, arXiv:1608.03983.

    >>> rate = cosine(0.4, steps=10)
    >>> rate(0), round(rate(5), 15), rate(10), rate(11)
    (0.4, 0.2, 0.0, 0.0)
    """
    return warmup_cosine(learning_rate, 0, steps, end)


def warmup_cosine(learning_rate: float, warmup: int, steps: int, end: float = 0.0) -> Schedule:
    """(k + 1) / warmup of the rate at the first ``warmup`` steps; then a cosine down to ``end``.

    ``steps`` are all of them, those of the warmup too.

    >>> rate = warmup_cosine(0.4, warmup=4, steps=12)
    >>> [round(rate(k), 15) for k in (0, 3, 4, 8, 12)]
    [0.1, 0.4, 0.4, 0.2, 0.0]
    """
    rate = ranged(learning_rate, "schedule: learning_rate", ABOVE_0)
    warmup = whole(warmup, "schedule: warmup", 0)
    steps = whole(steps, "schedule: steps", warmup + 1)
    return partial(_cosine, rate, warmup, steps, ranged(end, "schedule: end", FROM_0))


def _cosine(rate: float, warmup: int, steps: int, end: float, k: int) -> float:
    if k < warmup:
        return rate * (k + 1) / warmup
    return _between(rate, end, (min(k, steps) - warmup) / (steps - warmup))


def _between(first: float, last: float, share: float) -> float:
    """A share of the way along half a cosine."""
    return last + (first - last) * (1.0 + math.cos(math.pi * share)) / 2.0


def step(learning_rate: float, every: int, factor: float = 0.1) -> Schedule:
    """The rate, times ``factor`` after each ``every`` steps (StepLR).

    ``learning_rate factor^⌊k / every⌋`` at step k.

    >>> rate = step(0.5, every=2, factor=0.5)
    >>> [rate(k) for k in range(5)]
    [0.5, 0.5, 0.25, 0.25, 0.125]
    """
    rate = ranged(learning_rate, "schedule: learning_rate", ABOVE_0)
    every = whole(every, "schedule: every")
    return partial(_power, rate, every, ranged(factor, "schedule: factor", ABOVE_0))


def exponential(learning_rate: float, factor: float) -> Schedule:
    """The rate, times ``factor`` after each step: ``learning_rate factor^k`` (ExponentialLR).

    >>> rate = exponential(0.5, 0.5)
    >>> [rate(k) for k in range(3)]
    [0.5, 0.25, 0.125]
    """
    return step(learning_rate, 1, factor)


def _power(rate: float, every: int, factor: float, k: int) -> float:
    return float(rate * factor ** (k // every))


START, RISE, FALL = 25.0, 0.3, 1e4  # OneCycleLR's div_factor, pct_start, final_div_factor


def one_cycle(learning_rate: float, steps: int) -> Schedule:
    """Up to the rate in the first 0.3 of the steps, from 1/25 of it; down to 1/250,000 at the last.

    Both along half a cosine, with the defaults of PyTorch's OneCycleLR; after the last step it
    stays.

    Source: L. N. Smith, N. Topin, "Super-convergence", 2017, arXiv:1708.07120.

    >>> rate = one_cycle(0.5, steps=20)
    >>> round(rate(0), 15), rate(5), round(rate(19), 15)
    (0.02, 0.5, 2e-06)
    """
    rate = ranged(learning_rate, "schedule: learning_rate", ABOVE_0)
    return partial(_one_cycle, rate, whole(steps, "schedule: steps"))


def _one_cycle(rate: float, steps: int, k: int) -> float:
    top, last = RISE * steps - 1.0, steps - 1.0  # top is no whole number, unless steps is 10 n
    k = min(k, steps - 1)
    if k <= top:
        return _between(rate / START, rate, k / top)
    return _between(rate, rate / START / FALL, (k - top) / (last - top))
