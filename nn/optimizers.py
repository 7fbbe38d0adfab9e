"""Optimizers: a step of the parameters against their gradients, by PyTorch's formulas.

Each is a pure function of arrays, ``update``. What a training loop holds is one face for all of
them: it gathers the parameters' numbers and gradients, calls ``update`` and writes what it gives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import attrgetter
from typing import Any, ClassVar

from autograd import Value
from autograd.numbers import ABOVE_0, FROM_0, SHARE, ranged, whole

from .module import nearest
from .schedules import Schedule

Rate = float | Schedule  # a number, or a function of the step
Pair = tuple[float, float]


def _leaves(given: Any, who: str) -> list[Value]:
    """The Values to move, each once; arrays of them are taken apart."""
    parts = given if isinstance(given, Iterable) else []
    found = [p for part in parts for p in getattr(part, "flat", [part])]
    if not found or not all(isinstance(p, Value) for p in found):
        raise ValueError(
            f"{who}: Values to move are required, at least one, got {type(given).__name__}; "
            "use model.parameters()"
        )
    return list({id(p): p for p in found}.values())


def _shares(given: Any, who: str) -> tuple[float, ...]:
    found = tuple(given) if isinstance(given, Iterable) else ()
    if len(found) != 2:
        raise ValueError(f"{who} must be two numbers, got {given!r}; use (0.9, 0.999)")
    return tuple(ranged(share, who, SHARE) for share in found)


_from_0 = partial(ranged, kind=FROM_0)
_CHECKS: dict[str, Callable[[Any, str], Any]] = {
    "parameters": _leaves,
    "learning_rate": lambda x, who: x if callable(x) else ranged(x, who, ABOVE_0),
    "nesterov": lambda x, who: bool(x),
    "betas": _shares, "alpha": partial(ranged, kind=SHARE),
    "momentum": _from_0, "eps": _from_0, "weight_decay": _from_0,
}  # fmt: skip


class Optimizer:
    """What every optimizer has: a pure ``update``, and a step of its parameters by it.

    ``learning_rate`` is a number or a function of the step, which counts from 0. It and the other
    options may be written between steps; writing ``parameters`` starts anew. Frozen parameters
    stay, and so does what is remembered of them. A parameter without a gradient counts as one with
    a gradient of 0, which momentum and weight decay still move (PyTorch leaves it out).

    Attributes:
        parameters: the Values that it moves, each once.
        state: what ``update`` remembers: an array for each name in ``kept``; {} at first.
        steps: how many steps it has made.
    """

    parameters: list[Value]
    learning_rate: Rate
    state: dict[str, Any]
    steps: int
    kept: ClassVar[tuple[str, ...]] = ()
    decoupled: ClassVar[bool] = False  # whether the decay is one of the numbers, not of the slopes

    def _start(self, given: dict[str, Any]) -> None:
        """Take over all that an ``__init__`` was given."""
        own = self._checked(given)
        vars(self).update(own, state={}, steps=0)
        for name in given["unknown"]:
            raise TypeError(self._unknown(name))
        if own.get("nesterov") and not own["momentum"]:
            raise ValueError(
                f"{type(self).__name__}: nesterov needs a momentum > 0, got none; use momentum=0.9"
            )

    def _checked(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The options among what is given, as they are kept."""
        who = type(self).__name__
        return {k: _CHECKS[k](x, f"{who}: {k}") for k, x in given.items() if k in _CHECKS}

    def _unknown(self, name: str) -> str:
        who, known = type(self).__name__, [k for k in vars(self) if k in _CHECKS]
        return f"{who}: its options are {', '.join(known)}, got {name}; {nearest(name, known)}"

    def __setattr__(self, name: str, value: Any) -> None:
        if type(self) in OPTIMIZERS.values():  # one derived from them may have more
            getattr(self, name)
        object.__setattr__(self, name, self._checked({name: value}).get(name, value))
        if name == "parameters":
            self.state, self.steps = {}, 0

    def __getattr__(self, name: str) -> Any:  # of what is not there
        raise AttributeError(self._unknown(name))

    def update(
        self, numbers: Any, slopes: Any, state: Mapping[str, Any], step: int
    ) -> tuple[Any, dict[str, Any]]:
        """The numbers after a step, and what is remembered of it; nothing given is changed.

        Args:
            numbers: the parameters' numbers, an array of any shape.
            slopes: their gradients, in the same shape.
            state: what the step before gave; {} at first.
            step: 0 at first.
        """
        import numpy as np

        who = type(self).__name__
        x = np.asarray(numbers, np.float64)
        known = [slopes, *(state.get(name, np.zeros(x.shape)) for name in self.kept)]
        g, *kept = [np.asarray(given, np.float64) for given in known]
        shapes = [given.shape for given in (x, g, *kept)]
        if shapes.count(x.shape) < len(shapes):
            raise ValueError(
                f"{who}: a slope for each number is required, and state as it was given, got "
                f"shapes {', '.join(map(str, shapes))}; use state {{}} for other parameters"
            )
        rate = self.learning_rate
        if callable(rate):
            rate = ranged(rate(step), f"{who}: learning_rate at step {step}", FROM_0)
        with np.errstate(all="ignore"):  # what diverges is inf or nan, as in plain floats
            if self.decoupled:
                x = x * (1.0 - rate * self.weight_decay)
            elif self.weight_decay:
                g = g + self.weight_decay * x
            # Each class's formula: what step ``count``, from 1, takes off, then what is kept.
            move, *after = self._move(g, kept, step + 1, rate)
            return x - move, dict(zip(self.kept, after))

    def step(self) -> None:
        """Move every parameter once.

        Raises:
            ValueError: one would become nan or inf; nothing is changed then.
        """
        import numpy as np

        own, count = self.parameters, len(self.parameters)
        moves = np.fromiter(map(attrgetter("requires_grad"), own), bool, count)
        numbers, slopes = [
            np.fromiter(map(attrgetter(name), own), float, count) for name in ("data", "grad")
        ]
        after, state = self.update(numbers, slopes, self.state, self.steps)
        for i in np.flatnonzero(moves & ~np.isfinite(after)):
            raise ValueError(
                f"{type(self).__name__}: finite numbers are required after a step, got "
                f"{after[i]} of {own[i]!r}; use autograd.detect_anomaly() to find where it began"
            )
        if not moves.all():
            state = {k: np.where(moves, x, self.state.get(k, 0.0)) for k, x in state.items()}
        for parameter, number, moved in zip(own, after.tolist(), moves.tolist()):
            if moved:
                parameter.data = number
        vars(self).update(state=state, steps=self.steps + 1)

    def moves(self, parameters: Iterable[Value]) -> bool:
        """Whether any of these is among its own."""
        return not {*map(id, parameters)}.isdisjoint(map(id, self.parameters))

    def zero_grad(self) -> None:
        """Forget every parameter's gradient."""
        for parameter in self.parameters:
            parameter.zero_grad()

    def _options(self) -> dict[str, Any]:
        return {k: x for k, x in vars(self).items() if k in _CHECKS and k != "parameters"}

    def __repr__(self) -> str:
        told = [f"{len(self.parameters)} parameters"]
        for name, x in self._options().items():
            told.append(f"{name}={'a function' if callable(x) else x}")
        return f"{type(self).__name__}({', '.join(told)})"

    def state_dict(self) -> dict[str, Any]:
        """A snapshot, in numbers, texts and lists, with which ``load_state_dict`` goes on.

        A ``learning_rate`` that is a function is not in it: give it again to the one that loads.
        """
        count = len(self.parameters)
        return {
            "optimizer": type(self).__name__, "steps": self.steps,
            **{k: x for k, x in self._options().items() if not callable(x)},
            **{k: self.state[k].tolist() if k in self.state else [0.0] * count for k in self.kept},
        }  # fmt: skip

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a ``state_dict()`` of the same kind of optimizer: its options and its state.

        Raises:
            ValueError: it is of another kind or another number of parameters, incomplete, or has
                what no such optimizer has; nothing is changed then.
        """
        import numpy as np

        from autograd.arrays import entries

        who = type(self).__name__
        own, given = self.state_dict(), dict(state) if isinstance(state, Mapping) else {}
        kept = {k: entries(given[k], f"{who}: {k}") for k in self.kept if k in given}
        differ = (own.keys() ^ given.keys()) - {"learning_rate"}
        differ |= {k for k, (_, shape) in kept.items() if shape != (len(self.parameters),)}
        differ |= {"optimizer"} if given.get("optimizer") != who else set()
        if differ:
            raise ValueError(
                f"{who}: the state_dict() of its like, of {len(self.parameters)} parameters, is "
                f"required, got one that differs in {', '.join(sorted(map(str, differ)))}; load it "
                "into what it was saved from"
            )
        steps = whole(given["steps"], f"{who}: steps", 0)
        if callable(self.learning_rate):  # what it was made with stays
            given.pop("learning_rate", None)
        arrays = {k: np.array(numbers, np.float64) for k, (numbers, _) in kept.items()}
        vars(self).update(self._checked(given), state=arrays, steps=steps)


class SGD(Optimizer):
    """Gradient descent: ``w ← w - learning_rate × ∂L/∂w``, of each parameter that is not frozen.

    With g for ∂L/∂w + weight_decay w, and a momentum: ``v ← momentum v + g``, ``w ← w -
    learning_rate v``; with nesterov ``w ← w - learning_rate (g + momentum v)``.

    Source: I. Sutskever, J. Martens, G. Dahl, G. Hinton, "On the importance of initialization and
    momentum in deep learning", ICML 2013; the rate is outside of v, as in PyTorch.

    >>> from autograd import Value
    >>> w = Value(3.0)
    >>> (w * w).backward()
    >>> SGD([w], learning_rate=0.1).step()
    >>> w.data
    2.4
    """

    kept = ("velocity",)

    def __init__(
        self, parameters: Any, learning_rate: Rate = 0.01, *, momentum: float = 0.0,
        nesterov: bool = False, weight_decay: float = 0.0, **unknown: Any,
    ) -> None:  # fmt: skip
        self._start(vars())

    def _move(self, g: Any, kept: list[Any], count: int, rate: float) -> tuple[Any, ...]:
        if not self.momentum:
            return (rate * g,)
        velocity = self.momentum * kept[0] + g
        return rate * (g + self.momentum * velocity if self.nesterov else velocity), velocity


class Adam(Optimizer):
    """Each parameter at its own pace: its mean slope over its usual size.

    With g for ∂L/∂w + weight_decay w, and t = 1 at the first step: ``m ← β₁ m + (1 - β₁) g``,
    ``s ← β₂ s + (1 - β₂) g²``,
    ``w ← w - learning_rate (m / (1 - β₁ᵗ)) / (√(s / (1 - β₂ᵗ)) + eps)``.

    Source: D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015,
    arXiv:1412.6980.

    >>> from autograd import Value
    >>> w = Value(3.0)
    >>> (w * w).backward()
    >>> Adam([w], learning_rate=0.1).step()
    >>> round(w.data, 6)  # the first step is the rate
    2.9
    """

    kept = ("mean", "square")

    def __init__(
        self, parameters: Any, learning_rate: Rate = 0.001, *, betas: Pair = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0.0, **unknown: Any,
    ) -> None:  # fmt: skip
        self._start(vars())

    def _move(self, g: Any, kept: list[Any], count: int, rate: float) -> tuple[Any, ...]:
        (mean, square), (beta_1, beta_2) = kept, self.betas
        mean = beta_1 * mean + (1.0 - beta_1) * g
        square = beta_2 * square + (1.0 - beta_2) * g * g
        size = square**0.5 / math.sqrt(1.0 - beta_2**count) + self.eps
        return rate / (1.0 - beta_1**count) * mean / size, mean, square


class AdamW(Adam):
    """Adam with a decay that does not pass through the mean: ``w ← w (1 - learning_rate decay)``.

    Then Adam's step, with the slopes as they are.

    Source: I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019,
    arXiv:1711.05101; the decay is times the rate, as in PyTorch.
    """

    decoupled = True

    def __init__(
        self, parameters: Any, learning_rate: Rate = 0.001, *, betas: Pair = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0.01, **unknown: Any,
    ) -> None:  # fmt: skip
        self._start(vars())


class RMSprop(Optimizer):
    """The slope over its usual size of late.

    With g for ∂L/∂w + weight_decay w: ``s ← alpha s + (1 - alpha) g²``, ``w ← w - learning_rate
    g / (√s + eps)``; with a momentum ``v ← momentum v + g / (√s + eps)``, ``w ← w - learning_rate
    v``.

    Source: T. Tieleman, G. Hinton, "Neural networks for machine learning", lecture 6.5, 2012; eps
    is outside of the root, as in PyTorch.
    """

    kept = ("square", "velocity")

    def __init__(
        self, parameters: Any, learning_rate: Rate = 0.01, *, alpha: float = 0.99,
        eps: float = 1e-8, momentum: float = 0.0, weight_decay: float = 0.0, **unknown: Any,
    ) -> None:  # fmt: skip
        self._start(vars())

    def _move(self, g: Any, kept: list[Any], count: int, rate: float) -> tuple[Any, ...]:
        square = self.alpha * kept[0] + (1.0 - self.alpha) * g * g
        size = square**0.5 + self.eps
        if not self.momentum:
            return rate * g / size, square
        velocity = self.momentum * kept[1] + g / size
        return rate * velocity, square, velocity


class Adagrad(Optimizer):
    """The slope over the length of all slopes so far.

    With g for ∂L/∂w + weight_decay w: ``s ← s + g²``, ``w ← w - learning_rate g / (√s + eps)``.

    Source: J. Duchi, E. Hazan, Y. Singer, "Adaptive subgradient methods for online learning and
    stochastic optimization", JMLR 12 (2011) 2121-2159.
    """

    kept = ("square",)

    def __init__(
        self, parameters: Any, learning_rate: Rate = 0.01, *, eps: float = 1e-10,
        weight_decay: float = 0.0, **unknown: Any,
    ) -> None:  # fmt: skip
        self._start(vars())

    def _move(self, g: Any, kept: list[Any], count: int, rate: float) -> tuple[Any, ...]:
        square = kept[0] + g * g
        return rate * g / (square**0.5 + self.eps), square


OPTIMIZERS = {kind.__name__.lower(): kind for kind in (SGD, Adam, AdamW, RMSprop, Adagrad)}


def clip_gradients(parameters: Iterable[Value], norm: float) -> float:
    """The length of all gradients together, before they are scaled down to one of ``norm``.

    Each is multiplied by norm / (length + 1e-6), at most by 1, as PyTorch does it.

    Raises:
        ValueError: norm is not > 0 (inf only measures), or the length is nan or inf, from which
            no direction follows (PyTorch makes every gradient nan or 0); nothing is changed then.

    >>> from autograd import Value
    >>> x, y = Value(3.0), Value(2.0)
    >>> (x * x + 4.0 * y).backward()
    >>> clip_gradients([x, y], norm=5.0)
    7.211102550927978
    >>> round(x.grad, 5), round(y.grad, 5)
    (4.16025, 2.7735)
    """
    who = "clip_gradients"
    reached = [p for p in _leaves(parameters, who) if p.has_grad]
    most = ranged(norm, f"{who}: norm", ("a number > 0", lambda x: x > 0.0, "1.0"))
    length = math.hypot(*[p.grad for p in reached])  # which does not overflow on the way
    if not length < math.inf:
        worst = next((p for p in reached if not math.isfinite(p.grad)), reached[0])
        raise ValueError(
            f"{who}: gradients of a finite length are required, got {worst!r}; use "
            "autograd.detect_anomaly() to find where it began"
        )
    factor = min(most / (length + 1e-6), 1.0)
    for p in reached:
        p.grad = p.grad * factor
    return length
