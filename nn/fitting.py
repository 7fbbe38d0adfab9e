"""fit: the training loop, and the history that it returns.

The loop is the one that a hand would write, number for number. Loaded at first use, with NumPy.
Reads data.py, losses.py, optimizers.py and module.py; at first use plots.py.
"""

from __future__ import annotations

import importlib.util
import inspect
import math
import numbers
import signal
import sys
import threading
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd import Value, arrays, errstate, find_anomaly
from autograd.modes import current
from autograd.numbers import ranged, show, whole

from . import plots
from .data import INSIDE, batches, pairs, seeded, split
from .losses import LOSSES, RIGHT, cross_entropy, kl_divergence
from .module import Module, nearest, numbers_of, trees_of
from .optimizers import OPTIMIZERS, Optimizer

_RATE = 0.01  # where neither a learning rate is given nor an optimizer
_SHOWN = 10  # epochs at each end of a table: with its head it fits a screen of 24 lines


class History(dict[str, list[float]]):
    """The numbers of each epoch, by name: "loss", the metrics, and "val_loss" and its like.

    Those of training are means over the samples as they passed, and so belong to the weights
    during the epoch; those of the validation belong to the weights at its end.

    Attributes:
        first: the number of the first epoch.
        best: the "epoch" of the lowest val_loss, else loss, and the "weights" at its end, as
            ``state_dict`` gives them; of nan and inf alone the first. None and those of the start
            before one has ended.
    """

    def __init__(self, names: Iterable[str], model: Module, first: int) -> None:
        super().__init__((name, []) for name in names)
        self.first, self._trees = first, trees_of(model)
        self._keep(None)

    def _keep(self, epoch: int | None) -> None:
        weights = {path: numbers_of(tree) for path, tree in self._trees.items()}
        self.best: dict[str, Any] = {"epoch": epoch, "weights": weights}

    def add(self, means: Iterable[float]) -> None:
        """The numbers of one more epoch, in the order of the names."""
        for series, number in zip(self.values(), means):
            series.append(number)
        judge, best = self.get("val_loss", self["loss"]), self.best["epoch"]
        lowest = math.nan if best is None else judge[best - self.first]
        if best is None or judge[-1] < (lowest if lowest == lowest else math.inf):
            self._keep(self.first + len(judge) - 1)

    def plot(self, ax: Any = None) -> Any:
        """The curves, as plots.history draws them."""
        return plots.history(self, ax)

    def __repr__(self) -> str:
        rows = [["epoch", *self]]
        for i, means in enumerate(zip(*self.values()), self.first):
            rows.append([str(i), *map(show, means)])
        if len(rows) > 2 * _SHOWN + 1:
            rows[_SHOWN + 1 : -_SHOWN] = [["…"] * len(rows[0])]
        lines = zip(*map(_aligned, zip(*rows)))
        return "\n".join("  ".join(line).rstrip() for line in lines)


def _aligned(column: Sequence[str]) -> list[str]:
    """A name and numbers of one width, point under point."""
    after = [len(x) - x.find(".") if "." in x else 0 for x in column]
    after[0] = max(after)
    padded = [x + " " * (max(after) - n) for x, n in zip(column, after)]
    return [x.rjust(max(map(len, padded))) for x in padded]


State = namedtuple("State", "epoch model optimizer history")  # what a callback sees


def fit(
    model: Module, X: Any, y: Any, loss: Any = "cross_entropy", optimizer: Any = "adam",
    learning_rate: Any = _RATE, epochs: int = 10, batch_size: int | None = None,
    validation: Any = None, shuffle: bool = True, seed: int | None = 0, metrics: Any = None,
    callback: Callable[[State], Any] | None = None, initial_epoch: int = 0,
    progress: bool | str = "auto", **unknown: Any,
) -> History:  # fmt: skip
    """Train ``model``, which keeps its latest weights and is left in eval mode, without gradients.

    It is called a sample at a time, the loss a batch at a time: ``loss([model(x) for x in rows],
    targets)``, rows and targets as ``nn.data.batches`` gives them: of an array its rows, of a list
    what it holds. Then ``zero_grad``, ``backward`` and ``step``. Ctrl-C ends it after the step in
    progress, and the history so far is returned.

    Args:
        X, y: samples, each whatever the model takes, and targets, as the loss takes them; lists,
            arrays or DataFrames, whose rows are taken by position.
        loss: the name of one of nn's, or a function of predictions and targets.
        optimizer: a name, made with ``learning_rate``, or an optimizer, which has its own.
        epochs, initial_epoch: the epochs from the one up to the other, which is not among them;
            each shuffles as it would have without a stop.
        batch_size: None is all samples.
        validation: (X, y), or a share that ``nn.data.split(X, y, share, seed)`` takes away.
        shuffle, seed: those of ``nn.data.batches``.
        metrics: names of losses, or "accuracy" where the loss is of classes, None's choice there.
        callback: called with a State after each epoch; True ends the training.
        progress: a bar from tqdm: "auto" has one in terminals and notebooks where tqdm is there.
    Raises:
        TypeError, ValueError, IndexError: something does not fit; found before the first step.
        ValueError: a loss or a gradient is nan or inf, or no parameter has a gradient; raised
            before that batch's step.
    """
    for name in unknown:
        names = [*inspect.signature(fit).parameters][:-1]
        known = f"fit: its settings are {', '.join(names)}"
        raise TypeError(f"{known}, got {name}; {nearest(name, names)}")
    if not isinstance(model, Module):
        got = f"got {type(model).__name__}; derive the model from nn.Module"
        raise TypeError(f"fit: an nn.Module is required, {got}")
    if not (callback is None or callable(callback)):
        got = f"got {type(callback).__name__}; call several in one of your own"
        raise TypeError(f"fit: callback must be one function or None, {got}")
    seeded(seed, "fit")
    first, last = whole(initial_epoch, "fit: initial_epoch", 0), whole(epochs, "fit: epochs", 0)
    size = sys.maxsize if batch_size is None else whole(batch_size, "fit: batch_size")
    measures, loaders, parts = _measures(loss, metrics), {}, {"": (X, y)}
    if isinstance(validation, (tuple, list)) and len(validation) == 2:
        parts["val_"] = validation[0], validation[1]
    elif validation is not None:
        if not isinstance(validation, numbers.Real):
            got = f"got {type(validation).__name__}; use validation=(X, y)"
            raise TypeError(f"fit: validation must be (X, y) or a share, {got}")
        share = ranged(validation, "fit: validation as a share", INSIDE)
        X1, X2, y1, y2 = split(X, y, share, seed)
        parts = {"": (X1, y1), "val_": (X2, y2)}
    for part, given in parts.items():
        samples = _checked(model, measures, *given, "fit: validation" if part else "fit")
        loaders[part] = batches(*samples, size, shuffle and not part, seed)
    loaders[""].passes = first
    history = History([part + name for part in loaders for name in measures], model, first)
    mover = _optimizer(optimizer, learning_rate, model)
    bar = _bar(progress, max(last - first, 0) * len(loaders[""]))
    loop = _Loop(model, mover, [*measures.values()], loaders, bar)
    loop.run(range(first, last), history, callback)
    return history


# ------------------------------------------------------------------ the loop
class _Loop(namedtuple("_Loop", "model optimizer measures loaders bar")):
    """Passes over the batches. ``within`` a step Ctrl-C is ``waiting``: it is made whole."""

    within = waiting = False

    def run(self, epochs: range, history: History, callback: Any) -> None:
        """The epochs, unless Ctrl-C or the callback ends them."""
        usual = signal.getsignal(signal.SIGINT)
        ours = usual is signal.default_int_handler  # else it is ignored, or another's to answer
        ours = ours and threading.current_thread() is threading.main_thread()
        errors = current().errors  # a warning for each number of what diverges is a flood
        try:
            if ours:
                signal.signal(signal.SIGINT, self._interrupted)
            for epoch in epochs:
                with errstate("ignore" if errors == "warn" else errors):
                    means = [x for part in self.loaders for x in self._over(part, epoch)]
                self._whole(history.add, means)
                if self.bar is not None:
                    told = {"epoch": epoch, **dict(zip(history, map(show, means)))}
                    self.bar.set_postfix(told, refresh=False)
                stop = callback and callback(State(epoch, self.model, self.optimizer, history))
                if stop is True or stop is np.True_:
                    break
        except KeyboardInterrupt:
            pass
        finally:
            if ours:
                signal.signal(signal.SIGINT, usual)
            if self.bar is not None:
                self.bar.close()
            self.model.eval()
        self.model.zero_grad()
        self.optimizer.zero_grad()  # which may have parameters of the loss

    def _interrupted(self, *_: object) -> None:
        self.waiting = self.within
        if not self.within:
            raise KeyboardInterrupt

    def _whole(self, function: Callable[..., Any], *given: Any) -> None:
        """Call it; Ctrl-C waits for its end."""
        self.within = True
        function(*given)
        self.within = False
        if self.waiting:
            raise KeyboardInterrupt

    def _over(self, part: str, epoch: int) -> list[float]:
        """The means over the samples of a pass: of training, a step a batch, or of validation."""
        (measure, *metrics), loader = self.measures, self.loaders[part]
        if self.model.training is bool(part):  # it looks at every parameter
            self.model.train(not part)
        totals = [0.0] * len(self.measures)
        for i, (rows, targets) in enumerate(loader):
            outputs = [self.model(x) for x in rows]
            loss = measure(outputs, targets)
            if not part:
                self._step(loss, f"batch {i} of epoch {epoch}")
            for k, x in enumerate([loss, *(metric(outputs, targets) for metric in metrics)]):
                totals[k] += (x.data if isinstance(x, Value) else x) * len(rows)
        return [total / len(loader.X) for total in totals]

    def _step(self, loss: Any, where: str) -> None:
        if not isinstance(loss, Value):
            raise TypeError(
                f"fit: a Value is required as loss, got {type(loss).__name__} in {where}; use the "
                'predictions as they are given, and reduction="mean"'
            )
        if not math.isfinite(loss.data):
            _refuse(f"loss is required, got {loss.data}", where, loss)
        self.optimizer.zero_grad()
        if loss.requires_grad:
            loss.backward()
        if not any(p.has_grad for p in self.optimizer.parameters):
            raise ValueError(
                "fit: a loss that some parameter moves is required, got one that depends on none "
                f"that is not frozen in {where}; compute it from the predictions as they are, not "
                "from their .data, and set requires_grad of what is to learn"
            )
        try:
            self._whole(self.optimizer.step)
        except ValueError as error:
            for name, p in self.model.named_parameters():
                if not math.isfinite(p.grad):
                    _refuse(f"gradient of {name} is required, got {p.grad}", where, loss)
            error.args = (f"fit: {where}: {error}",)
            raise
        if self.bar is not None:
            self.bar.update()


def _refuse(what: str, where: str, loss: Value) -> None:
    """Raise that it is not finite, with where that began."""
    error = find_anomaly(loss) or ValueError("look at its samples")
    error.args = (f"fit: a finite {what} in {where}; {error}",)
    raise error


def _bar(progress: bool | str, total: int) -> Any:
    """tqdm's bar, or None for silence."""
    if progress not in (True, False, "auto"):
        raise ValueError(f'fit: progress must be "auto" or a bool, got {progress!r}; use False')
    if progress == "auto":
        watched = "ipykernel" in sys.modules or getattr(sys.stderr, "isatty", bool)()
        progress = watched and importlib.util.find_spec("tqdm") is not None
    return plots.needed("tqdm", "train").tqdm(total=total, unit="batch") if progress else None


# ------------------------------------------------------------------ what is asked for
def _named(name: Any, known: Mapping[str, Any], what: str) -> Any:
    if not isinstance(name, str) or name not in known:
        raise ValueError(f"fit: {what} must be known, got {name!r}; {nearest(name, known)}")
    return known[name]


def _measures(loss: Any, metrics: Any) -> dict[str, Callable[[Any, Any], Any]]:
    """The loss and each metric by name: functions of a batch's predictions and targets."""
    function = loss if callable(loss) else _named(loss, LOSSES, "loss, a name or a function,")
    right: Any = RIGHT.get(function.__name__) if function in LOSSES.values() else None

    def accuracy(predictions: list[Any], targets: list[Any]) -> Any:
        hits = right(arrays.known(predictions, "accuracy"), np.array(targets))
        return np.count_nonzero(hits) / hits.size  # a few times as fast as a mean

    known = {**LOSSES, "accuracy": accuracy} if right else LOSSES
    if metrics is None:
        metrics = ["accuracy"] if right else []
    elif not isinstance(metrics, (list, tuple)):
        metrics = [metrics]
    if "accuracy" in metrics and not right:
        got = getattr(function, "__name__", "one of your own")
        raise ValueError(
            f"fit: accuracy needs a loss of classes, {', '.join(RIGHT)}, got {got}; use "
            "metrics=None, or one of these losses"
        )
    what = "metrics, accuracy of classes or names of losses,"
    return {"loss": function, **{name: _named(name, known, what) for name in metrics}}


def _optimizer(given: Any, learning_rate: Any, model: Module) -> Any:
    """An optimizer of the model's parameters: made by name, or that which was given."""
    own = model.parameters()
    if not isinstance(given, Optimizer):
        kind = _named(given, OPTIMIZERS, "optimizer, a name or one made,")
        return kind(own, learning_rate=learning_rate)
    if not given.moves(own):
        raise ValueError(
            "fit: an optimizer of this model's parameters is required, got one whose "
            f"{len(given.parameters)} parameters are none of them; make it of model.parameters()"
        )
    if learning_rate not in (_RATE, given.learning_rate):
        raise ValueError(
            "fit: an optimizer has a learning_rate of its own, got one of "
            f"{given.learning_rate!r} and {learning_rate!r}; give one of them"
        )
    return given


# ------------------------------------------------------------------ samples
def _checked(model: Module, measures: Any, X: Any, y: Any, who: str) -> tuple[Any, Any]:
    """Samples and targets as they were given, each looked at before the first step.

    Rows of floats are all taken if the first is; of all else the model is called with each.
    """
    rows, targets = pairs(X, y, who)
    alike = _finite(rows, f"{who}: X")
    _finite(targets, f"{who}: y")
    training, at, output = model.training, partial(str), None
    model.eval()
    try:
        for i, row in enumerate(rows[:1] if alike else rows):
            at = partial(_suitable, i, row)
            output = model(row)
        for measure in measures.values():
            if measure in LOSSES.values():  # one's own may count its calls
                at = partial(_suiting, measure.__name__, targets[0])
                if isinstance(output, Value) and measure in (cross_entropy, kl_divergence):
                    raise ValueError(
                        "an output for each class is required, got one number; use "
                        "binary_cross_entropy_with_logits for two classes"
                    )
                measure([output] * len(targets), targets)
    except (TypeError, ValueError, LookupError) as error:
        error.args = (f"{who}: {at()}; {error}",)
        raise
    finally:
        model.train(training)
    return rows, targets


def _suitable(i: int, row: Any) -> str:
    """What is required of a sample, with what to do where it is none that layers take."""
    at = f"X[{i}] must be a sample that the model takes"
    if isinstance(row, numbers.Real):
        return f'{at}; rows of one number are X[:, None], or df[["a"]]'
    for k, x in enumerate(row if isinstance(row, (list, tuple, np.ndarray)) else ()):
        inside = isinstance(x, (numbers.Real, Value)) or hasattr(x, "__len__")
        if isinstance(x, str) or not inside:
            remedy = "leave that column out, or number its names by pd.factorize"
            return f"{at}, but {x!r} in its column {k} is no number: {remedy}"
    return at


def _suiting(loss: str, target: Any) -> str:
    """What is required of y, with what to do where it has a form that others take."""
    if isinstance(target, str):
        return f"y must suit {loss}, as numbers: np.unique(y, return_inverse=True)[1]"
    if isinstance(target, (list, np.ndarray)) and len(target) == 1:
        return f"y must suit {loss} and the model's outputs, which are no columns: np.ravel(y)"
    return f"y must suit {loss} and the model's outputs"


def _finite(rows: Any, who: str) -> bool:
    """Whether they are rows of floats in one form; it raises where one is nan or inf."""
    try:
        table = np.asarray(rows)
    except ValueError:  # of several shapes
        table = np.array(None)
    if table.dtype.kind in "fiub":
        for at in np.argwhere(~np.isfinite(table)).tolist():
            got = f"got {table[tuple(at)]} at {at}"
            raise ValueError(f"{who}: finite numbers are required, {got}; leave that sample out")
        if table is rows or table.ndim != 2:
            return table is rows and table.dtype.kind == "f"
        return {(type(row), type(x)) for row in rows for x in row} == {(list, float)}
    for i, row in enumerate(rows):
        if isinstance(row, (list, tuple, np.ndarray, float)):
            _finite(row, f"{who}[{i}]")
    return False
