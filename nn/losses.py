"""Losses: one number that says how far predictions are from targets.

Each takes one sample or a batch, in lists or arrays of Values and numbers.
"""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Callable, Iterator
from typing import Any

from autograd import Value, log, log1p, mean, ops, sigmoid, softplus, square
from autograd.functions import filled, log_total, shifted
from autograd.numbers import ABOVE_0, Range, ranged

_NUMBER: Range = ("numbers", lambda t: t <= math.inf, "only targets that are known")
_CHANCE: Range = ("between 0 and 1", lambda t: 0.0 <= t <= 1.0, "0.0 and 1.0 for two classes")
_SIGN: Range = ("-1 or 1", lambda t: t in (-1.0, 1.0), "2 * t - 1 for classes 0 and 1")
_WEIGHT: Range = ("chances, >= 0", lambda t: 0.0 <= t < math.inf, "softmax's, or one-hot")
_ROUNDED = 1e-6  # off which a distribution's sum may be: float32 has 7 digits
_BELIEVED: Range = (*_CHANCE[:2], 'output="sigmoid", or binary_cross_entropy_with_logits')


def _listed(given: Any) -> Any:
    return list(given) if isinstance(given, Iterator) else given


def _paired(
    name: str, predictions: Any, targets: Any, rule: Range, remedy: str = "give both one shape"
) -> tuple[list[Any], list[Any], tuple[int, ...]]:
    """The numbers of both, of one shape, and that shape; the targets keep the rule."""
    from autograd.arrays import entries  # not before: it loads NumPy

    (ps, shape), (ts, wanted) = [entries(_listed(x), name) for x in (predictions, targets)]
    if shape != wanted or not ps:
        raise ValueError(
            f"{name}: a target for each prediction, one at least, is required, got predictions of "
            f"shape {shape} and targets of shape {wanted}; {remedy}"
        )
    _require(ts, shape, rule, f"{name}: targets")
    return ps, ts, shape


def _require(xs: list[Any], shape: tuple[int, ...], rule: Range, what: str) -> None:
    """Refuse the first of ``xs`` that breaks the rule; what has no number yet cannot."""
    words, holds, remedy = rule
    for i, x in enumerate(xs):
        if not (getattr(x, "is_unknown", False) or holds(x)):
            import numpy as np

            place = f" at {[int(at) for at in np.unravel_index(i, shape)]}" if shape else ""
            raise ValueError(f"{what} must be {words}, got {x!r}{place}; use {remedy}")


def _is(t: Any, number: float) -> bool:
    """Whether it is that number, and wants no gradient of its own."""
    return not (isinstance(t, Value) and t.requires_grad) and t == number


def _reduced(name: str, terms: list[Any], shape: tuple[int, ...], reduction: Any) -> Any:
    from autograd.arrays import wrapped

    ways: dict[str, Any] = {
        "mean": mean, "sum": ops.sum, "none": lambda terms: wrapped(terms, shape).tolist(),
    }  # fmt: skip
    if reduction not in list(ways):  # a list has no hash
        raise ValueError(
            f'{name}: reduction must be mean, sum or none, got {reduction!r}; use reduction="mean"'
        )
    return ways[reduction](terms) if shape else terms[0]


def _elementwise(
    name: str, given: tuple[Any, Any, str], term: Callable[[Any, Any], Any],
    rule: Range = _NUMBER, believed: Range | None = None,
) -> Any:  # fmt: skip
    """A loss that is a formula of one prediction and one target, over all of them."""
    ps, ts, shape = _paired(name, *given[:2], rule)
    if believed:
        _require(ps, shape, believed, f"{name}: predictions")
    return _reduced(name, [term(p, t) for p, t in zip(ps, ts)], shape, given[2])


def mse(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """(prediction - target)², as a mean over all of them.

    Args:
        predictions: one number, a list or an array of them, or rows of them; Values or floats.
        targets: numbers, not nan, in the same shape.
        reduction: "mean", "sum", or "none" for each one's own in nested lists.
    Raises:
        ValueError: the shapes differ, there is none, or a target is nan.

    >>> mse([1.0, 2.0], [0.0, 0.0]), mse([1.0, 2.0], [0.0, 0.0], reduction="none")
    (2.5, [1.0, 4.0])
    """
    return _elementwise("mse", (predictions, targets, reduction), lambda p, t: square(p - t))


def mae(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """|prediction - target|, as a mean over all of them; arguments as ``mse`` has them.

    >>> mae([1.0, -2.0], [0.0, 0.0])
    1.5
    """
    return _elementwise("mae", (predictions, targets, reduction), lambda p, t: ops.abs(p - t))


def huber(predictions: Any, targets: Any, reduction: str = "mean", *, delta: float = 1.0) -> Any:
    """d²/2 where |d| <= delta, delta (|d| - delta/2) beyond, of d = prediction - target.

    As a mean over all of them; other arguments as ``mse`` has them.

    Source: P. J. Huber, "Robust estimation of a location parameter", Annals of Mathematical
    Statistics 35 (1964) 73-101.

    >>> huber([0.5, -3.0], [0.0, 0.0], reduction="none")
    [0.125, 2.5]
    """
    most = ranged(delta, "huber: delta", ABOVE_0)

    def term(p: Any, t: Any) -> Any:
        size = ops.abs(p - t)
        return ops.where(size <= most, 0.5 * square(size), most * (size - 0.5 * most))

    return _elementwise("huber", (predictions, targets, reduction), term)


def hinge(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """max(0, 1 - target × prediction) of targets -1 and 1, as a mean over all of them.

    Other arguments as ``mse`` has them; the slope where target × prediction is 1 is 0.

    >>> hinge([0.25, 3.0], [-1, 1], reduction="none")
    [1.25, 0.0]
    """
    given = predictions, targets, reduction
    return _elementwise("hinge", given, lambda p, t: ops.relu(1.0 - t * p), _SIGN)


def binary_cross_entropy(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """The mean surprise, in nats, at 0-or-1 targets when the predicted chances of 1 are believed.

    A sigmoid's result is judged by what went into it, which is exact where the chance itself is
    rounded to 0 or 1; the gradient goes straight there, past the chance.

    Args:
        predictions: chances, 0 <= p <= 1; in the forms that ``mse`` takes.
        targets: numbers, 0 <= t <= 1; of each -(t log p + (1 - t) log(1 - p)) is taken.
        reduction: "mean", "sum", or "none" for each one's own in nested lists.
    Raises:
        ValueError: the shapes differ, there is none, or a chance or a target is outside 0…1.

    >>> binary_cross_entropy([Value(800.0).sigmoid()], [0.0]).data
    800.0
    """

    def term(p: Any, t: Any) -> Any:
        if isinstance(p, Value) and p.op is sigmoid:
            return _of_logit(p.inputs[0], t)
        return _between(lambda: -log(p), lambda: -log1p(-p), t)

    given = predictions, targets, reduction
    return _elementwise("binary_cross_entropy", given, term, _CHANCE, _BELIEVED)


def binary_cross_entropy_with_logits(
    predictions: Any, targets: Any, reduction: str = "mean"
) -> Any:
    """``binary_cross_entropy`` of sigmoid(prediction), which no prediction overflows.

    Args:
        predictions: log-odds of 1, any numbers; in the forms that ``mse`` takes.
        targets, reduction: as ``binary_cross_entropy`` has them.

    >>> binary_cross_entropy_with_logits([800.0, 800.0], [0, 1], reduction="none")
    [800.0, 0.0]
    """
    given = predictions, targets, reduction
    return _elementwise("binary_cross_entropy_with_logits", given, _of_logit, _CHANCE)


def _of_logit(z: Any, t: Any) -> Any:
    return _between(lambda: softplus(-z), lambda: softplus(z), t)


def _between(at_1: Callable[[], Any], at_0: Callable[[], Any], t: Any) -> Any:
    """The surprise at 1 and that at 0 in proportion; one alone where the target is that."""
    if _is(t, 1.0):  # not 0 × log(1 - p), which is nan at p = 1
        return at_1()
    return at_0() if _is(t, 0.0) else t * at_1() + (1.0 - t) * at_0()


def cross_entropy(logits: Any, targets: Any, reduction: str = "mean") -> Any:
    """Surprise, in nats, at the targets when softmax(logits) is believed; the mean over samples.

    Args:
        logits: of one sample, shape (n_classes,), or of a batch, (n_samples, n_classes);
            unnormalized log-odds; -inf rules a class out.
        targets: a class index a sample, 0 <= index < n_classes, or its distribution in the shape
            of the logits: chances t, >= 0, of which -Σ t log softmax(logits) is taken.
        reduction: "mean", "sum", or "none" for a list of each sample's own.
    Returns:
        A scalar node, >= 0. Its partial in a sample's logits is softmax(logits) less the one-hot
        target or the distribution, over the number of samples.
    Raises:
        ValueError: the shapes do not fit, there is no logit, a chance is nan or negative, or those
            of a sample do not sum to 1.
        IndexError: an index is outside the range; a negative one is refused too.

    >>> round(cross_entropy([[2.0, 0.0], [0.0, 0.0]], [0, 1]), 5)
    0.41004
    """
    import numpy as np

    from autograd.arrays import entries

    name = "cross_entropy"
    flat, shape = entries(logits := _listed(logits), name)
    rows = _rows(flat, shape, name)
    found = np.asanyarray(targets := _listed(targets), dtype=object)
    if found.shape == shape[:-1]:
        wanted: list[Any] = [_class(t, shape[-1]) for t in found.ravel().tolist()]
    else:
        remedy = "give each sample a class index, or a chance for each of its classes"
        wanted = _distributions(_paired(name, logits, targets, _WEIGHT, remedy), targets, name)
    terms = [_surprise(row, target) for row, target in zip(rows, wanted)]
    return _reduced(name, terms, shape[:-1], reduction)


def kl_divergence(log_probabilities: Any, probabilities: Any, reduction: str = "mean") -> Any:
    """Σ t (log t - p) of a distribution t and of log-probabilities p; the mean over samples.

    How many nats the believed logarithms p cost above the true t's own (PyTorch's
    reduction="batchmean"); a class whose t is 0 costs nothing, and its t's own slope is -p.

    Args:
        log_probabilities: of one sample, shape (n_classes,), or of a batch; log_softmax's.
        probabilities: chances, >= 0, in the same shape.
        reduction: "mean", "sum", or "none" for a list of each sample's own.

    Source: S. Kullback, R. A. Leibler, "On information and sufficiency", Annals of Mathematical
    Statistics 22 (1951) 79-86.

    >>> round(kl_divergence([log(0.5), log(0.5)], [1.0, 0.0]), 5)
    0.69315
    """
    name = "kl_divergence"
    ps, _, shape = found = _paired(
        name, log_probabilities, probabilities := _listed(probabilities), _WEIGHT
    )
    pairs = zip(_distributions(found, probabilities, name), _rows(ps, shape, name))
    terms = [_expected(chances, row, _surplus) for chances, row in pairs]
    return _reduced(name, terms, shape[:-1], reduction)


def _surplus(t: Any, p: Any) -> Any:
    """log t - p; of a t of 0, which costs nothing, not the infinity that would make it nan."""
    return log(ops.where(t > 0.0, t, 1.0)) - p


def _rows(flat: list[Any], shape: tuple[int, ...], name: str) -> list[list[Any]]:
    """The samples, a list of numbers each."""
    if not shape:
        filled(flat[0], name)  # which refuses it
    if not flat or len(shape) > 2:
        raise ValueError(
            f"{name}: at least one number is required, in a list of one sample or a list of "
            f"samples, got shape {shape}; give a row a sample"
        )
    return [flat[i : i + shape[-1]] for i in range(0, len(flat), shape[-1])]


def _distributions(found: tuple[list[Any], Any, Any], given: Any, name: str) -> list[list[Any]]:
    """The targets that were paired, a sample each, if each sums to 1 as far as it is known."""
    _, chances, shape = found
    rows = _rows(chances, shape, name)
    labels = len(shape) == 1 and all(isinstance(t, numbers.Integral) for t in given)
    for i, row in enumerate(rows):
        unknown = any(getattr(t, "is_unknown", False) for t in row)
        total = 1.0 if unknown else math.fsum(t.data if isinstance(t, Value) else t for t in row)
        if abs(total - 1.0) > _ROUNDED or labels:
            got = f"got {len(row)} ints" if labels else f"got a sum of {total}"
            raise ValueError(
                f"{name}: a distribution's chances must be floats that sum to 1, {got} in sample "
                f"{i}; divide by the sum, or give each sample a row of outputs, one for each "
                "class: a model of one output is for binary_cross_entropy_with_logits"
            )
    return rows


def _class(target: Any, classes: int) -> int:
    try:
        index = operator.index(target)
    except TypeError:
        raise TypeError(
            f"cross_entropy: target must be a class index, an int, got {target!r}; use "
            "y.astype(int), or np.unique(y, return_inverse=True)[1] of names"
        ) from None
    if not 0 <= index < classes:
        remedy = "leave out what is missing, which pd.factorize calls -1"
        if index >= 0:
            remedy = "give the model an output for each class, or use y - 1 where the first is 1"
        raise IndexError(
            f"cross_entropy: target must be a class index, 0 to {classes - 1}, got {index}; "
            f"{remedy}"
        )
    return index


def _surprise(row: list[Any], target: Any) -> Any:
    """At a class index, or at a distribution."""
    differences, _, place = shifted(row)
    total = log_total(differences, place)
    if isinstance(target, int):
        return total - differences[target]
    return _expected(target, differences, lambda t, d: total - d)


def _expected(chances: list[Any], xs: list[Any], cost: Callable[[Any, Any], Any]) -> Any:
    """Σ t cost(t, x); not 0 × an infinity, of a class ruled out."""
    terms = [t * cost(t, x) for t, x in zip(chances, xs) if not _is(t, 0.0)]
    return ops.sum(terms)


_EVERY = (
    mse, mae, huber, hinge, binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy,
    kl_divergence,
)  # fmt: skip
LOSSES: dict[str, Callable[..., Any]] = {loss.__name__: loss for loss in _EVERY}


def _likeliest(predictions: Any, targets: Any) -> Any:
    """Whether the largest logit is the target's class, or the distribution's likeliest."""
    wanted = targets.argmax(-1) if targets.ndim == predictions.ndim else targets
    return predictions.argmax(-1) == wanted


# Which of a batch's predictions are right, arrays of numbers, where the targets are classes.
RIGHT: dict[str, Callable[[Any, Any], Any]] = {
    "hinge": lambda p, t: p * t > 0.0,
    "binary_cross_entropy": lambda p, t: (p > 0.5) == (t > 0.5),
    "binary_cross_entropy_with_logits": lambda p, t: (p > 0.0) == (t > 0.5),
    "cross_entropy": _likeliest,
}
