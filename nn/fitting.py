"""fit: the training loop, and the history that it returns.

The loop is the one that a hand would write, number for number. Loaded at first use, with NumPy.
Reads data.py, losses.py, optimizers.py and module.py; at first use plots.py.
"""

from __future__ import annotations

import importlib.util
import inspect
import math
import signal
import sys
import threading
import warnings
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np

from autograd import Value, array, find_anomaly
from autograd.numbers import show

from . import plots
from .data import INSIDE, batches, pairs, split
from .losses import LOSSES, RIGHT
from .module import Module, nearest, trees_of
from .optimizers import OPTIMIZERS, Optimizer
from .schedules import ranged, whole

_RATE = 0.01  # where neither a learning rate is given nor an optimizer
_SHOWN = 10  # epochs at each end of a table: with its head it fits a screen of 24 lines


class History(dict[str, list[float]]):
    """The numbers of each epoch, by name: "loss", the metrics, and "val_loss" and its like.

    Those of training are means over the samples as they passed, and so belong to the weights
    during the epoch; those of the validation belong to the weights at its end.

    Attributes:
        first: the number of the first epoch.
    """

    def __init__(self, names: Iterable[str], model: Module, first: int) -> None:
        super().__init__((name, []) for name in names)
        self.first, self._trees = first, trees_of(model)
        self._best: tuple[int | None, dict[str, Any]] = None, _plain(self._trees)

    @property
    def best(self) -> dict[str, Any]:
        """The "epoch" of the lowest val_loss, else loss, and the "weights" at its end.

        Before one has ended the epoch is None, and the weights are those of the start.
        """
        epoch, weights = self._best
        return {"epoch": epoch, "weights": {k: np.array(x, float) for k, x in weights.items()}}

    def add(self, numbers: Iterable[float]) -> None:
        """The numbers of one more epoch, in the order of the names."""
        judge = self.get("val_loss", self["loss"])
        lowest = min((x for x in judge if x == x), default=math.inf)
        for series, number in zip(self.values(), numbers):
            series.append(number)
        if judge[-1] < lowest:
            self._best = self.first + len(judge) - 1, _plain(self._trees)

    def plot(self, ax: Any = None) -> Any:
        """The curves, as plots.history draws them."""
        return plots.history(self, ax)

    def __repr__(self) -> str:
        rows = [["epoch", *self]]
        for i, numbers in enumerate(zip(*self.values()), self.first):
            rows.append([str(i), *map(show, numbers)])
        if len(rows) > 2 * _SHOWN + 1:
            rows[_SHOWN + 1 : -_SHOWN] = [["…"] * len(rows[0])]
        widths = [max(map(len, column)) for column in zip(*rows)]
        return "\n".join("  ".join(x.rjust(w) for x, w in zip(row, widths)) for row in rows)


State = namedtuple("State", "epoch model optimizer history")  # what a callback sees


def fit(
    model: Module, X: Any, y: Any, loss: Any = "cross_entropy", optimizer: Any = "adam",
    learning_rate: Any = _RATE, epochs: int = 10, batch_size: int | None = None,
    validation: Any = None, shuffle: bool = True, seed: int | None = 0, metrics: Any = None,
    callback: Callable[[State], Any] | None = None, initial_epoch: int = 0,
    progress: bool | str = "auto", **unknown: Any,
) -> History:  # fmt: skip
    """Train ``model``, which keeps its latest weights and is left in eval mode.

    It is called a sample at a time, the loss a batch at a time: ``loss([model(x) for x in rows],
    targets)``, rows and targets lists; then ``zero_grad``, ``backward`` and ``step``. Ctrl-C ends
    it after the step in progress, and the history so far is returned.

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
        metrics: "accuracy", names of losses or functions like them, of plain numbers; None is
            accuracy where the loss has classes.
        callback: called with a State after each epoch; True ends the training.
        progress: a bar from tqdm: "auto" has one in terminals and notebooks where tqdm is there.
    Raises:
        TypeError, ValueError, IndexError: something does not fit; found before the first step.
        ValueError: the loss is nan or inf; raised before that batch's step.
    """
    names = [*inspect.signature(fit).parameters][:-1]
    for name in unknown:
        known = f"fit: its settings are {', '.join(names)}"
        raise TypeError(f"{known}, got {name}; {nearest(name, names)}")
    if not isinstance(model, Module) or not (callback is None or callable(callback)):
        raise TypeError(
            "fit: an nn.Module is required, and a function or None as callback, got "
            f"{type(model).__name__} and {type(callback).__name__}; derive the model from nn.Module"
        )
    first, last = whole(initial_epoch, "fit: initial_epoch", 0), whole(epochs, "fit: epochs", 0)
    size = sys.maxsize if batch_size is None else whole(batch_size, "fit: batch_size")
    measures, loaders = _measures(loss, metrics), {}
    for part, given in _parts(X, y, validation, seed).items():
        samples = _checked(model, measures, *given, "fit: validation" if part else "fit")
        loaders[part] = batches(*samples, size, shuffle and not part, seed)
    loaders[""].passes = first
    history = History([part + name for part in loaders for name in measures], model, first)
    mover = _optimizer(optimizer, learning_rate, model)
    bar = _bar(progress, max(last - first, 0) * len(loaders[""]))
    loop = _Loop(model, measures.values(), mover, bar)
    loop.run(range(first, last), loaders, history, callback)
    return history


# ------------------------------------------------------------------ the loop
class _Loop:
    """Passes over the batches. While ``held`` Ctrl-C waits, so that a step is made whole."""

    held = waiting = False

    def __init__(self, model: Module, measures: Iterable[Any], optimizer: Any, bar: Any) -> None:
        self.model, self.optimizer, self.bar = model, optimizer, bar
        self.loss, *self.metrics = measures

    def run(self, epochs: range, loaders: Any, history: History, callback: Any) -> None:
        """The epochs, unless Ctrl-C or the callback ends them."""
        self.names = list(history)
        usual = signal.getsignal(signal.SIGINT)
        ours = usual is signal.default_int_handler  # else it is ignored, or another's to answer
        ours = ours and threading.current_thread() is threading.main_thread()
        try:
            if ours:
                signal.signal(signal.SIGINT, self._interrupted)
            for epoch in epochs:
                numbers = [x for part in loaders for x in self._over(loaders[part], epoch, part)]
                self.held = True
                history.add(numbers)
                self._release()
                self._tell(epoch, numbers)
                stop = callback and callback(State(epoch, self.model, self.optimizer, history))
                if isinstance(stop, (bool, np.bool_)) and stop:
                    break
        except KeyboardInterrupt:
            pass
        finally:
            if ours:
                signal.signal(signal.SIGINT, usual)
            if self.bar is not None:
                self.bar.close()
            self.model.eval()

    def _tell(self, epoch: int, numbers: Iterable[float]) -> None:
        if self.bar is not None:
            told = {"epoch": epoch, **dict(zip(self.names, map(show, numbers)))}
            self.bar.set_postfix(told, refresh=False)

    def _interrupted(self, *_: object) -> None:
        self.waiting = self.held
        if not self.held:
            raise KeyboardInterrupt

    def _release(self) -> None:
        self.held = False
        if self.waiting:
            raise KeyboardInterrupt

    def _over(self, loader: batches, epoch: int, judges: str) -> list[float]:
        """The means over the samples of a pass: of training, a step a batch, or of validation."""
        if self.model.training is bool(judges):  # it looks at every parameter
            self.model.train(not judges)
        totals, seen = [0.0] * (1 + len(self.metrics)), 0
        for i, (rows, targets) in enumerate(loader):
            outputs = [self.model(x) for x in rows]
            loss, count = self.loss(outputs, targets), len(rows)
            if not judges:
                self._step(loss, i, epoch)
            totals[0] += _plain(loss) * count
            if self.metrics:
                outputs = _plain(outputs)
            for k, metric in enumerate(self.metrics, 1):
                totals[k] += metric(outputs, targets) * count
            seen += count
            if self.bar is not None and not judges and self.bar.update():  # it was drawn
                self._tell(epoch, [total / seen for total in totals])
        return [total / seen for total in totals]

    def _step(self, loss: Any, batch: int, epoch: int) -> None:
        if not isinstance(loss, Value):
            raise TypeError(
                f"fit: a Value is required as loss, got {type(loss).__name__} in batch {batch}; "
                'use the predictions as they are given, and reduction="mean"'
            )
        if not math.isfinite(loss.data):
            error = find_anomaly(loss) or ValueError("look at its samples")
            got = f"got {loss.data} in batch {batch} of epoch {epoch}"
            error.args = (f"fit: a finite loss is required, {got}; {error}",)
            raise error
        self.optimizer.zero_grad()
        loss.backward()
        self.held = True
        self.optimizer.step()
        self._release()


def _bar(progress: bool | str, total: int) -> Any:
    """tqdm's bar, or None for silence."""
    if progress not in (True, False, "auto"):
        raise ValueError(f'fit: progress must be "auto" or a bool, got {progress!r}; use False')
    if progress == "auto":
        shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
        watched = hasattr(shell, "kernel") or getattr(sys.stderr, "isatty", bool)()
        progress = watched and importlib.util.find_spec("tqdm") is not None
    if not progress:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a notebook without widgets: the bar is one of letters
        return plots.needed("tqdm.auto", "train").tqdm(total=total, unit="batch")


# ------------------------------------------------------------------ what is asked for
def _parts(X: Any, y: Any, validation: Any, seed: int | None) -> dict[str, tuple[Any, Any]]:
    """Samples and targets to train on, and under "val_" those to judge by."""
    if validation is None:
        return {"": (X, y)}
    if isinstance(validation, (tuple, list)) and len(validation) == 2:
        return {"": (X, y), "val_": (validation[0], validation[1])}
    X1, X2, y1, y2 = split(X, y, ranged(validation, "fit: validation as a share", INSIDE), seed)
    return {"": (X1, y1), "val_": (X2, y2)}


def _chosen(given: Any, known: Mapping[str, Any], who: str) -> Any:
    """What the name stands for; a function stands for itself."""
    if not callable(given) and not (isinstance(given, str) and given in known):
        raise ValueError(f"fit: {who} must be known, got {given!r}; {nearest(given, known)}")
    return known[given] if isinstance(given, str) else given


def _measures(loss: Any, metrics: Any) -> dict[str, Callable[[Any, Any], Any]]:
    """The loss and each metric by name: functions of a batch's predictions and targets."""
    found = {"loss": _chosen(loss, LOSSES, "loss")}
    right = next((RIGHT[name] for name in RIGHT if LOSSES[name] is found["loss"]), None)
    known = {**({"accuracy": partial(_accuracy, right)} if right else {}), **LOSSES}
    if metrics is None:
        metrics = ["accuracy"] if right else []
    for name in [metrics] if isinstance(metrics, str) else metrics:
        function = _chosen(name, known, "metrics, accuracy of classes or names of losses,")
        found[getattr(name, "__name__", name)] = function
    return found


def _accuracy(right: Any, predictions: list[Any], targets: list[Any]) -> Any:
    return float(np.mean(right(array(predictions).data, np.array(targets))))


def _optimizer(given: Any, learning_rate: Any, model: Module) -> Any:
    """An optimizer of the model's parameters: made by name, or that which was given."""
    own = model.parameters()
    if not isinstance(given, Optimizer):
        return _chosen(given, OPTIMIZERS, "optimizer")(own, learning_rate=learning_rate)
    contradicts = learning_rate not in (_RATE, given.learning_rate)
    if contradicts or {*map(id, own)}.isdisjoint(map(id, given.parameters)):
        raise ValueError(
            "fit: an optimizer of model.parameters() is required, which has a learning_rate of its "
            f"own, got one of {given.learning_rate!r} and {learning_rate!r}; give one of them"
        )
    return given


# ------------------------------------------------------------------ samples
def _checked(model: Module, measures: Any, X: Any, y: Any, who: str) -> tuple[Any, Any]:
    """Samples and targets in lists, each looked at before the first step.

    Floats of one shape are all taken if the first is; of all else the model is called with each.
    """
    rows, targets = pairs(X, y, who)
    (rows, alike), (targets, _) = _listed(rows, f"{who}: X"), _listed(targets, f"{who}: y")
    training, at, output = model.training, "", None
    model.eval()
    try:
        for i, row in enumerate(rows[:1] if alike else rows):
            at = f"X[{i}] must be a sample that the model takes"
            output = model(row)
        distinct = [*{str(target): target for target in targets}.values()]  # few, if classes
        for name, measure in measures.items():
            at = f"y must suit the {name} and the model's outputs"
            if name != "loss" or measure in LOSSES.values():  # one's own may count its calls
                measure([output if name == "loss" else _plain(output)] * len(distinct), distinct)
    except (TypeError, ValueError, IndexError) as error:
        error.args = (f"{who}: {at}; {error}",)
        raise
    finally:
        model.train(training)
    return rows, targets


def _listed(rows: Any, who: str) -> tuple[Any, bool]:
    """Python's own lists and numbers, all finite; whether they are floats of one shape."""
    try:
        table = np.asarray(rows)
    except ValueError:  # of several shapes
        table = np.array(None)
    if table.dtype.kind in "fiub":
        for at in np.argwhere(~np.isfinite(table)).tolist():
            got = f"got {table[tuple(at)]} at {at}"
            raise ValueError(f"{who}: finite numbers are required, {got}; leave that sample out")
        return table.tolist(), table.dtype.kind == "f"
    for i, row in enumerate(rows := list(rows)):
        if isinstance(row, (list, tuple, np.ndarray, float)):
            rows[i], _ = _listed(row, f"{who}[{i}]")
    return rows, False


def _plain(x: Any) -> Any:
    """The number of a Value, or those of what holds them."""
    if isinstance(x, Value):
        return x.data
    if isinstance(x, dict):
        return {key: _plain(part) for key, part in x.items()}
    return [_plain(part) for part in x] if isinstance(x, (list, tuple, np.ndarray)) else x
