"""Losses: one number that says how far predictions are from targets."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from autograd import Value, log, log1p, logsumexp, mean, square
from autograd.numbers import real


def _pairs(predictions: Sequence[Any], targets: Sequence[Any], name: str) -> list[tuple[Any, Any]]:
    try:
        got = len(predictions), len(targets)
    except TypeError:
        kinds = f"{type(predictions).__name__} and {type(targets).__name__}"
        raise TypeError(
            f"{name}: lists of predictions and of targets are required, got {kinds}; use [y], [t]"
        ) from None
    if got[0] != got[1] or not got[0]:
        raise ValueError(
            f"{name}: as many targets as predictions are required, one at least, got {got[0]} "
            f"predictions and {got[1]} targets"
        )
    for x in (*predictions, *targets):
        if not isinstance(x, Value):
            real(x, name)
    return list(zip(predictions, targets, strict=True))


def mse(predictions: Sequence[Any], targets: Sequence[Any]) -> Value:
    """The mean of (prediction - target)².

    Raises:
        ValueError: the lengths differ or are 0.
    """
    pairs = _pairs(predictions, targets, "mse")
    return mean([square(p - t) for p, t in pairs])  # type: ignore[no-any-return]


def binary_cross_entropy(predictions: Sequence[Any], targets: Sequence[Any]) -> Value:
    """The mean surprise, in nats, at 0-or-1 targets when the predicted chances of 1 are believed.

    Args:
        predictions: chances, 0 < p < 1.
        targets: numbers, 0 <= t <= 1; the mean of -(t log p + (1 - t) log(1 - p)) is taken.
    Raises:
        ValueError: the lengths differ or are 0, or a target is outside 0…1.
    """
    terms = []
    for p, t in _pairs(predictions, targets, "binary_cross_entropy"):
        if not 0.0 <= t <= 1.0:
            raise ValueError(f"binary_cross_entropy: targets must be between 0 and 1, got {t!r}")
        known = not (isinstance(t, Value) and t.requires_grad)  # else it wants its own gradient
        if known and t == 1.0:  # not 0 × log(1 - p), which is nan at p = 1
            terms.append(-log(p))
        elif known and t == 0.0:
            terms.append(-log1p(-p))
        else:
            terms.append(-(t * log(p) + (1.0 - t) * log1p(-p)))
    return mean(terms)  # type: ignore[no-any-return]


def cross_entropy(logits: Sequence[Any], target: int) -> Value:
    """Surprise, in nats, at class ``target`` when softmax(logits) is believed.

    Args:
        logits: shape (n_classes,), n_classes >= 1; unnormalized log-odds, any finite value.
        target: class index, 0 <= target < n_classes.
    Returns:
        A scalar node, >= 0. Its partial in logits[i] is softmax(logits)[i] - (i == target).
    Raises:
        ValueError: ``logits`` is empty.
        IndexError: ``target`` is outside the range; a negative index is refused too.
    """
    try:
        logits = list(logits)
    except TypeError:
        kind = type(logits).__name__
        raise TypeError(
            f"cross_entropy: a list of logits is required, got {kind}; use [x, y]"
        ) from None
    if not logits:
        raise ValueError("cross_entropy: one logit a class is required, got none")
    total = logsumexp(logits)
    try:
        index = operator.index(target)
    except TypeError:
        raise TypeError(
            f"cross_entropy: target must be a class index, an int, got {target!r}; use int(...)"
        ) from None
    if not 0 <= index < len(logits):
        raise IndexError(
            f"cross_entropy: target must be a class index, 0 to {len(logits) - 1}, got {index}"
        )
    return total - logits[index]  # type: ignore[no-any-return]
