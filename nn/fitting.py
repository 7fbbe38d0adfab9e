"""fit: the training loop, and the history that it returns.

The loop is the one that a hand would write, number for number. Reads data.py, losses.py,
optimizers.py and module.py.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
import signal
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd import Value, find_anomaly
from autograd.numbers import real, show

from .data import batches, pairs, split
from .losses import LOSSES, RIGHT
from .module import Module, nearest
from .optimizers import OPTIMIZERS, Optimizer
from .schedules import whole

_SHOWN = 10  # epochs at each end of a table: with its head it fits a screen of 24 lines
_DEFAULT_RATE = 0.01

Measures = dict[str, Callable[[Any, Any], Any]]


class History(Mapping[str, list[float]]):
    """The numbers of each epoch, by name: "loss", the metrics, and those of the validation.

    They are means over the samples as they passed, so that those of training belong to the
    weights during the epoch; "val_loss" and its like belong to those at its end.

    Attributes:
        first: the number of the first epoch.
    """

    def __init__(self, names: Iterable[str], model: Module, first: int) -> None:
        self._series: dict[str, list[float]] = {name: [] for name in names}
        self.first = first
        self._state = model.state_dict()
        self._parameters = [parameter for parameter, _ in model.matched(self._state)]
        self._numbers = [p.data for p in self._parameters]
        self._epoch: int | None = None

    def __getitem__(self, name: str) -> list[float]:
        return self._series[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._series)

    def __len__(self) -> int:
        return len(self._series)

    @property
    def best(self) -> dict[str, Any]:
        """The "epoch" of the lowest val_loss, or loss, and the "weights" at its end.

        Before one has ended the epoch is None and the weights are those of the start.
        """
        numbers = np.array(self._numbers)
        ends = np.cumsum([array.size for array in self._state.values()])[:-1]
        parts = zip(self._state.items(), np.split(numbers, ends))
        weights = {path: part.reshape(array.shape) for (path, array), part in parts}
        return {"epoch": self._epoch, "weights": weights}

    def add(self, numbers: Sequence[float]) -> None:
        """The numbers of one more epoch, in the order of the names."""
        judge = self._series["val_loss" if "val_loss" in self._series else "loss"]
        lowest = min((x for x in judge if x == x), default=math.inf)
        for series, number in zip(self._series.values(), numbers):
            series.append(number)
        if judge[-1] < lowest:
            self._epoch = self.first + len(judge) - 1
            self._numbers = [p.data for p in self._parameters]

    def plot(self, ax: Any = None) -> Any:
        """The curves drawn: see plots.history."""
        from . import plots

        return plots.history(self, ax)

    def __repr__(self) -> str:
        count = len(self["loss"])
        rows = [["epoch", *self]]
        for i in range(count):
            rows.append([str(self.first + i), *(show(series[i]) for series in self.values())])
        if count > 2 * _SHOWN:
            rows[_SHOWN + 1 : -_SHOWN] = [["…"] * len(rows[0])]
        widths = [max(map(len, column)) for column in zip(*rows)]
        return "\n".join("  ".join(x.rjust(w) for x, w in zip(row, widths)) for row in rows)


class State(NamedTuple):
    """What a callback sees after an epoch, the first of which is 0."""

    epoch: int
    model: Module
    optimizer: Any
    history: History


def fit(
    model: Module, X: Any, y: Any, loss: Any = "cross_entropy", optimizer: Any = "adam",
    learning_rate: Any = _DEFAULT_RATE, epochs: int = 10, batch_size: int | None = None,
    validation: Any = None, shuffle: bool = True, seed: int = 0, metrics: Any = None,
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
        metrics: "accuracy" or names of losses; None is accuracy where the loss has classes.
        callback: called with a State after each epoch; True ends the training.
        progress: a bar from tqdm: "auto" has one in terminals and notebooks where tqdm is there.
    Raises:
        TypeError, ValueError, IndexError: something does not fit; found before the first step.
        ValueError: the loss is nan or inf; raised before that batch's step.
    """
    names = [*inspect.signature(fit).parameters][:-1]
    for name in unknown:
        remedy = nearest("learning_rate" if name == "lr" else name, names)
        raise TypeError(f"fit: its settings are {', '.join(names)}, got {name}; {remedy}")
    if not isinstance(model, Module) or not (callback is None or callable(callback)):
        raise TypeError(
            "fit: an nn.Module as model, and a function or None as callback, are required, got "
            f"{type(model).__name__} and {type(callback).__name__}; derive the model from nn.Module"
        )
    first, last = whole(initial_epoch, "fit: initial_epoch", 0), whole(epochs, "fit: epochs", 0)
    size = sys.maxsize if batch_size is None else whole(batch_size, "fit: batch_size")
    measures, loaders = _measures(loss, metrics), {}
    for part, given in _parts(X, y, validation, seed).items():
        samples = _checked(model, measures, *given, "fit: validation" if part else "fit")
        loaders[part] = batches(*samples, size, shuffle and not part, seed)
    loaders[""].passes = first
    bar = _bar(progress, max(last - first, 0) * len(loaders[""]))
    loop = _Loop(model, measures, _optimizer(optimizer, learning_rate, model), bar)
    history = History([part + name for part in loaders for name in measures], model, first)
    try:
        with loop.interrupts, contextlib.nullcontext() if bar is None else bar:
            for epoch in range(first, last):
                loop.run(epoch, loaders, history)
                stop = callback and callback(State(epoch, model, loop.optimizer, history))
                if isinstance(stop, (bool, np.bool_)) and stop:
                    break
    finally:
        model.eval()
    return history


# ------------------------------------------------------------------ the loop
class _Interrupts:
    """Ctrl-C ends the block; while ``held`` it waits, so that what is written is written whole."""

    held = waiting = False
    before: Any = None

    def __enter__(self) -> None:
        before = signal.getsignal(signal.SIGINT)
        if callable(before):  # else it is ignored, or ends the process
            with contextlib.suppress(ValueError):  # signals come to the main thread alone
                signal.signal(signal.SIGINT, self._on)
                self.before = before

    def _on(self, number: int, frame: Any) -> None:
        self.waiting = self.held
        if not self.held:
            self.before(number, frame)

    def release(self) -> None:
        self.held = False
        if self.waiting:
            self._on(signal.SIGINT, None)

    def __exit__(self, kind: Any, *_: object) -> bool:
        if self.before:
            signal.signal(signal.SIGINT, self.before)
        return kind is KeyboardInterrupt


class _Loop:
    """What runs over the batches."""

    def __init__(self, model: Module, measures: Measures, optimizer: Any, bar: Any) -> None:
        self.model, self.optimizer, self.bar = model, optimizer, bar
        self.loss, *self.metrics = measures.values()
        self.names = list(measures)
        self.interrupts = _Interrupts()

    def run(self, epoch: int, loaders: Mapping[str, batches], history: History) -> None:
        """An epoch: a pass of training and one of validation, and their numbers."""
        numbers: list[float] = []
        for part, loader in loaders.items():
            if self.model.training is bool(part):  # it looks at every parameter
                self.model.train(not part)
            numbers += self._over(loader, None if part else epoch)
        self.interrupts.held = True
        history.add(numbers)
        self.interrupts.release()

    def _over(self, loader: batches, epoch: int | None) -> list[float]:
        """The means over the samples, with a step a batch if it is an epoch of training."""
        totals, seen = [0.0] * len(self.names), 0
        for i, (rows, targets) in enumerate(loader):
            outputs = [self.model(x) for x in rows]
            loss = self.loss(outputs, targets)
            if epoch is not None:
                self._step(loss, f"batch {i} of epoch {epoch}")
            plain = _plain(outputs) if self.metrics else None
            found = [loss.data, *(metric(plain, targets) for metric in self.metrics)]
            totals = [total + x * len(rows) for total, x in zip(totals, found)]
            seen += len(rows)
            if epoch is not None and self.bar is not None and self.bar.update():
                means = {name: show(total / seen) for name, total in zip(self.names, totals)}
                self.bar.set_postfix(epoch=epoch, **means, refresh=False)
        return [total / seen for total in totals]

    def _step(self, loss: Any, where: str) -> None:
        if not isinstance(loss, Value):
            raise TypeError(
                f"fit: a Value is required as loss, got {type(loss).__name__} in {where}; use the "
                'mean over the batch, reduction="mean", of the predictions as they are given'
            )
        if not math.isfinite(loss.data):
            error = find_anomaly(loss) or ValueError("look at its samples")
            error.args = (f"fit: the loss must be finite, got {loss.data} in {where}; {error}",)
            raise error
        self.optimizer.zero_grad()
        loss.backward()
        self.interrupts.held = True
        self.optimizer.step()
        self.interrupts.release()


def _bar(progress: bool | str, total: int) -> Any:
    """tqdm's bar, or None for silence."""
    if progress not in (True, False, "auto"):
        raise ValueError(f'fit: progress must be "auto" or a bool, got {progress!r}; use False')
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    watched = hasattr(shell, "kernel") or (sys.stderr is not None and sys.stderr.isatty())
    if not progress or (progress == "auto" and not watched):
        return None
    try:
        with warnings.catch_warnings():  # of a notebook without widgets
            warnings.simplefilter("ignore")
            from tqdm.auto import tqdm
    except ImportError:
        if progress == "auto":
            return None
        raise ImportError("fit: progress=True needs tqdm; pip install 'whygrad[train]'") from None
    return tqdm(total=total, desc="fit", unit="batch")


# ------------------------------------------------------------------ what is asked for
def _parts(X: Any, y: Any, validation: Any, seed: int) -> dict[str, tuple[Any, Any]]:
    """Samples and targets to train on, and under "val_" those to judge by."""
    if validation is None:
        return {"": (X, y)}
    if isinstance(validation, (tuple, list)) and len(validation) == 2:
        return {"": (X, y), "val_": (validation[0], validation[1])}
    if not 0.0 < real(validation, "fit: validation", "(X, y) or a share is required") < 1.0:
        raise ValueError(f"fit: validation must be a share below 1, got {validation!r}; use 0.2")
    X1, X2, y1, y2 = split(X, y, validation, seed)
    return {"": (X1, y1), "val_": (X2, y2)}


def _chosen(given: Any, known: Mapping[str, Any], who: str) -> Any:
    """What the name stands for; a function stands for itself."""
    if not callable(given) and not (isinstance(given, str) and given in known):
        raise ValueError(f"{who} must be a known name, got {given!r}; {nearest(given, known)}")
    return known[given] if isinstance(given, str) else given


def _measures(loss: Any, metrics: Any) -> Measures:
    """The loss and each metric by name: functions of a batch's predictions and targets."""
    function = _chosen(loss, LOSSES, "fit: loss")
    right = next((RIGHT[name] for name in RIGHT if LOSSES[name] is function), None)
    if metrics is None:
        metrics = ["accuracy"] if right else []
    found: Measures = {"loss": function}
    for name in [metrics] if isinstance(metrics, str) else metrics:
        known = {"accuracy": functools.partial(_accuracy, right), **LOSSES}
        found[name] = _chosen(name, known, "fit: metrics")
        if name == "accuracy" and right is None:
            raise ValueError(
                f"fit: accuracy is known of {', '.join(RIGHT)}, got {loss!r}; use one of these, or "
                "the names of losses as metrics"
            )
    return found


def _accuracy(right: Any, predictions: list[Any], targets: list[Any]) -> Any:
    return sum(map(right, predictions, targets)) / len(targets)


def _optimizer(given: Any, learning_rate: Any, model: Module) -> Any:
    """An optimizer of the model's parameters: made by name, or that which was given."""
    if not isinstance(given, Optimizer):
        make = _chosen(given, OPTIMIZERS, "fit: optimizer")
        return make(model.parameters(), learning_rate=learning_rate)
    if learning_rate not in (_DEFAULT_RATE, given.learning_rate):
        raise ValueError(
            f"fit: the optimizer has a learning_rate of its own, {given.learning_rate!r}, got "
            f"{learning_rate!r} too; give one of them"
        )
    if not set(map(id, given.parameters)) & set(map(id, model.parameters())):
        raise ValueError(
            "fit: an optimizer of this model is required, got one that has none of its parameters; "
            "use model.parameters()"
        )
    return given


# ------------------------------------------------------------------ samples
def _checked(
    model: Module, measures: Measures, X: Any, y: Any, who: str
) -> tuple[list[Any], list[Any]]:
    """Samples and targets in lists, each looked at before the first step.

    Floats of one shape are all taken if the first is; of all else the model is called with each.
    """
    rows, targets = pairs(X, y, who)
    (rows, alike), (targets, _) = _listed(rows, f"{who}: X"), _listed(targets, f"{who}: y")
    training, output = model.training, None
    model.eval()
    try:
        for i, row in enumerate(rows[:1] if alike else rows):
            with _told(f"{who}: X[{i}] must be a sample that the model takes"):
                output = model(row)
        for measure in measures.values():
            if measure in LOSSES.values():  # a function of the user's own may count its calls
                with _told(f"{who}: y must suit the loss, and the model's outputs"):
                    measure([output] * len(rows), targets)
    finally:
        model.train(training)
    return rows, targets


def _listed(rows: Any, who: str) -> tuple[list[Any], bool]:
    """Each sample in Python's own lists and numbers; whether all are floats of one shape."""
    try:
        table = np.asarray(rows)
    except ValueError:  # of several shapes
        table = np.array(None)
    if table.dtype.kind in "fiub":
        rows, wrong = table.tolist(), np.argwhere(~np.isfinite(table)).tolist()
    else:
        rows = [row.tolist() if hasattr(row, "tolist") else row for row in rows]
        wrong = [[i] for i, row in enumerate(rows) if not all(map(_is_finite, _leaves(row)))]
    if wrong:
        raise ValueError(
            f"{who}: finite numbers are required, got nan or inf at {wrong[0]}; leave that sample "
            "out, or fill it in"
        )
    return rows, table.dtype.kind == "f"


def _is_finite(x: Any) -> bool:
    return not isinstance(x, float) or math.isfinite(x)


def _leaves(x: Any) -> Iterator[Any]:
    if isinstance(x, (list, tuple)):
        for part in x:
            yield from _leaves(part)
    else:
        yield x


def _plain(x: Any) -> Any:
    """The numbers of a Value or of nested lists of them."""
    if isinstance(x, (list, tuple, np.ndarray)):
        return [_plain(part) for part in x]
    return x.data if isinstance(x, Value) else x


@contextlib.contextmanager
def _told(at: str) -> Iterator[None]:
    """An error's text begins with ``at``."""
    try:
        yield
    except (TypeError, ValueError, IndexError) as error:
        error.args = (f"{at}; {error}",)
        raise
