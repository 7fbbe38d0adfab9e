"""Losses: one number that says how far predictions are from targets."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from autograd import Value, log, log1p, mean, sigmoid, softplus, square
from autograd.functions import filled, log_total, shifted


def _pairs(predictions: Sequence[Any], targets: Sequence[Any], name: str) -> list[tuple[Any, Any]]:
    given, wanted = [filled(xs, name, 0) for xs in (predictions, targets)]
    if len(given) != len(wanted) or not given:
        raise ValueError(
            f"{name}: as many targets as predictions are required, one at least, got {len(given)} "
            f"predictions and {len(wanted)} targets"
        )
    return list(zip(given, wanted, strict=True))


def mse(predictions: Sequence[Any], targets: Sequence[Any]) -> Value:
    """The mean of (prediction - target)².

    Raises:
        ValueError: the lengths differ or are 0.
    """
    pairs = _pairs(predictions, targets, "mse")
    return mean([square(p - t) for p, t in pairs])  # type: ignore[no-any-return]


def binary_cross_entropy(
    predictions: Sequence[Any], targets: Sequence[Any], logits: bool = False
) -> Value:
    """The mean surprise, in nats, at 0-or-1 targets when the predicted chances of 1 are believed.

    A sigmoid's result is judged by what went into it, which is exact where the chance itself is
    rounded to 0 or 1; the gradient goes straight there, past the chance.

    Args:
        predictions: chances, 0 <= p <= 1.
        targets: numbers, 0 <= t <= 1; the mean of -(t log p + (1 - t) log(1 - p)) is taken.
        logits: True if the predictions are what would go into a sigmoid.
    Raises:
        ValueError: the lengths differ or are 0, or a chance or a target is outside 0…1.

    >>> binary_cross_entropy([Value(800.0).sigmoid()], [0.0]).data
    800.0
    """
    terms = []
    for p, t in _pairs(predictions, targets, "binary_cross_entropy"):
        if not (logits or _between(p)):
            raise ValueError(
                "binary_cross_entropy: predictions must be chances, between 0 and 1, got "
                f'{p!r}; give the model output="sigmoid", or pass logits=True'
            )
        if not _between(t):
            raise ValueError(f"binary_cross_entropy: targets must be between 0 and 1, got {t!r}")
        known = not (isinstance(t, Value) and t.requires_grad)  # else it wants its own gradient
        from_sigmoid = not logits and isinstance(p, Value) and p.op is sigmoid
        x, is_logit = (p.inputs[0] if from_sigmoid else p), (logits or from_sigmoid)
        if known and t in (0.0, 1.0):  # not 0 × log(1 - p), which is nan at p = 1
            terms.append((_at_1 if t == 1.0 else _at_0)(x, is_logit))
        else:
            terms.append(t * _at_1(x, is_logit) + (1.0 - t) * _at_0(x, is_logit))
    return mean(terms)  # type: ignore[no-any-return]


def _between(x: Any) -> bool:
    """Whether it is a chance, as far as that is known: in a program it is not."""
    return getattr(x, "is_unknown", False) or 0.0 <= x <= 1.0


def _at_1(x: Any, is_logit: bool) -> Any:
    """The surprise at 1 when 1 has the chance ``x``, or sigmoid(x)."""
    return softplus(-x) if is_logit else -log(x)


def _at_0(x: Any, is_logit: bool) -> Any:
    return softplus(x) if is_logit else -log1p(-x)


def cross_entropy(logits: Sequence[Any], target: int) -> Value:
    """Surprise, in nats, at class ``target`` when softmax(logits) is believed.

    Args:
        logits: shape (n_classes,), n_classes >= 1; unnormalized log-odds; -inf rules a class out.
        target: class index, 0 <= target < n_classes.
    Returns:
        A scalar node, >= 0. Its partial in logits[i] is softmax(logits)[i] - (i == target).
    Raises:
        ValueError: ``logits`` is empty.
        IndexError: ``target`` is outside the range; a negative index is refused too.
    """
    logits = filled(logits, "cross_entropy")
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
    differences, _, place = shifted(logits)
    return log_total(differences, place) - differences[index]  # type: ignore[no-any-return]
