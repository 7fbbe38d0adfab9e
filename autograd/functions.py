"""Plain functions of several Values, written with ops: each is what its formula says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from . import ops
from .numbers import real
from .traced import Traced
from .value import Value


def _filled(xs: Sequence[Any], name: str) -> list[Any]:
    try:
        values = list(xs)
    except TypeError:
        kind = type(xs).__name__
        raise TypeError(f"{name}: a sequence of numbers is required, got {kind}; use [x]") from None
    if not values:
        raise ValueError(f"{name}: at least one number is required, got none")
    return [x if isinstance(x, Value) else real(x, name) for x in values]


def mean(xs: Sequence[Any]) -> Any:
    """The arithmetic mean of one number or more."""
    values = _filled(xs, "mean")
    return ops.sum(values) / float(len(values))


def logsumexp(xs: Sequence[Any]) -> Any:
    """log Σ exp(x), of one number or more; the largest is taken out first, so nothing overflows.

    Its partials are softmax(xs).
    """
    shifted, largest = _shifted(xs, "logsumexp")
    return _log_sum_exp(shifted) + largest


def softmax(xs: Sequence[Any]) -> list[Any]:
    """exp(x) / Σ exp(x) of each: positive numbers that add up to 1."""
    shifted, _ = _shifted(xs, "softmax")
    powers = [ops.exp(x) for x in shifted]
    total = ops.sum(powers)
    return [x / total for x in powers]


def log_softmax(xs: Sequence[Any]) -> list[Any]:
    """x - logsumexp(xs) of each: the logarithms of probabilities too small for a float."""
    shifted, _ = _shifted(xs, "log_softmax")
    total = _log_sum_exp(shifted)
    return [x - total for x in shifted]


def _log_sum_exp(shifted: Sequence[Any]) -> Any:
    return ops.log(ops.sum([ops.exp(x) for x in shifted]))


def _shifted(xs: Sequence[Any], name: str) -> tuple[list[Any], Any]:
    """The numbers less the largest of them, and that."""
    values = _filled(xs, name)
    largest = _largest(values)
    return [x - largest for x in values], largest


def _largest(values: Sequence[Any]) -> Any:
    """The largest, as a constant: it cancels out of all three, so no gradient is lost."""
    if not any(isinstance(x, Traced) for x in values):
        largest = float(max(x.data if isinstance(x, Value) else x for x in values))
        return 0.0 if math.isinf(largest) else largest  # inf - inf would be nan
    largest = ops.max(values)
    return ops.stop_gradient(ops.where(ops.equal(ops.abs(largest), math.inf), 0.0, largest))
