"""Plain functions of several Values, written with ops: each is what its formula says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from . import ops
from .numbers import flat, real
from .unknown import Unknown
from .value import Value, above, is_array


def filled(xs: Sequence[Any], name: str, least: int = 1) -> list[Any]:
    """The numbers and Values of ``xs``, as many as ``least`` at least: 0 or 1."""
    try:
        values = list(flat(xs))
    except TypeError:
        kind = type(xs).__name__
        raise TypeError(f"{name}: a sequence of numbers is required, got {kind}; use [x]") from None
    if len(values) < least:
        raise ValueError(f"{name}: at least one number is required, got none")
    return [x if isinstance(x, Value) else real(x, name) for x in values]


def mean(xs: Sequence[Any]) -> Any:
    """The arithmetic mean of one number or more."""
    values = filled(xs, "mean")
    return ops.sum(values) / float(len(values))


def logsumexp(xs: Sequence[Any]) -> Any:
    """log Σ exp(x), of one number or more; the largest is taken out first, so nothing overflows.

    Its partials are softmax(xs); nan where several are infinite alike, and in a program at inf.
    """
    values = filled(xs, "logsumexp")
    differences, largest, place = shifted(values)
    total = log_total(differences, place)
    y, known = total + largest, total - total == 0.0
    if known is True:
        return y
    if isinstance(known, Value):  # else that number, with slopes of nan
        return ops.where(known, y, y * ops.abs(y))
    return largest * ops.norm(values)


def softmax(xs: Sequence[Any]) -> Any:
    """exp(x) / Σ exp(x) of each: positive numbers that add up to 1; nan as logsumexp's slopes.

    Of an array, an array, over all its entries.
    """
    differences, _, _ = shifted(filled(xs, "softmax"))
    powers = [ops.exp(x) for x in differences]
    total = ops.sum(powers)
    return _in_form_of(xs, [x / total for x in powers])


def log_softmax(xs: Sequence[Any]) -> Any:
    """x - logsumexp(xs) of each: the logarithms of probabilities too small for a float.

    Of an array, an array, over all its entries.
    """
    differences, _, place = shifted(filled(xs, "log_softmax"))
    total = log_total(differences, place)
    return _in_form_of(xs, [x - total for x in differences])


def _in_form_of(xs: Any, found: list[Any]) -> Any:
    return above["shaped"](found, xs) if is_array(xs) else found


def shifted(values: Sequence[Any]) -> tuple[list[Any], Any, int | None]:
    """The difference of each to the largest, that one, and its place.

    It takes part as a Value: slopes are exact in both tails, and at infinity, where its own
    difference is 0. Which it is a program does not know: there it is a constant, 0 if infinite.
    """
    if any(isinstance(x, Unknown) for x in values):
        largest = ops.stop_gradient(ops.max(values))
        largest = ops.where(ops.equal(ops.abs(largest), math.inf), 0.0, largest)
        return [x - largest for x in values], largest, None
    numbers = [x.data if isinstance(x, Value) else x for x in values]
    place = numbers.index(max(numbers))
    largest = values[place]
    zero = 0.0 if len(values) > 1 else ops.where(1.0, 0.0, largest)  # of one alone: still a Value
    return [zero if i == place else x - largest for i, x in enumerate(values)], largest, place


def log_total(differences: Sequence[Any], place: int | None) -> Any:
    """log Σ exp(x) of what ``shifted`` gives: the largest, where it is known, is log1p's 1."""
    powers = [ops.exp(x) for i, x in enumerate(differences) if i != place]
    return ops.log(ops.sum(powers)) if place is None else ops.log1p(ops.sum(powers))
