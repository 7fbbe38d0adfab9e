"""Optimizers: a step of the parameters against their gradients, by PyTorch's formulas.

Each is a pure function of arrays, ``update``. What a training loop holds is one face for all of
them: it gathers the parameters' numbers and gradients, calls ``update`` and writes what it gives.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from autograd import Value

from .module import nearest
from .schedules import ABOVE_0, FROM_0, SHARE, Schedule, ranged, whole

Moved = tuple[Any, tuple[Any, ...]]  # what is taken off the numbers, and what is kept


def _leaves(given: Any, who: str) -> list[Value]:
    """The Values to move, each once."""
    found = list(given) if isinstance(given, Iterable) else []
    if not found or not all(isinstance(p, Value) for p in found):
        raise ValueError(
            f"{who}: Values to move are required, at least one, got {type(given).__name__}; "
            "use model.parameters()"
        )
    return list({id(p): p for p in found}.values())


def _rate(given: Any, who: str) -> float | Schedule:
    return given if callable(given) else ranged(given, who, ABOVE_0)


def _shares(given: Any, who: str) -> tuple[float, float]:
    found = tuple(given) if isinstance(given, Iterable) else ()
    if len(found) != 2:
        raise ValueError(f"{who} must be two numbers, got {given!r}; use (0.9, 0.999)")
    return ranged(found[0], who, SHARE), ranged(found[1], who, SHARE)


def _flag(given: Any, who: str) -> bool:
    if not isinstance(given, bool):
        raise TypeError(f"{who} must be True or False, got {given!r}; use True")
    return given


_from_0 = functools.partial(ranged, kind=FROM_0)
_CHECKS: dict[str, Callable[[Any, str], Any]] = {
    "learning_rate": _rate, "betas": _shares, "alpha": functools.partial(ranged, kind=SHARE),
    "eps": _from_0, "momentum": _from_0, "weight_decay": _from_0, "nesterov": _flag,
}  # fmt: skip


def _options(kind: type) -> tuple[str, ...]:
    """What the class takes, in order: "parameters", "learning_rate" …"""
    return tuple(inspect.signature(kind).parameters)


def _unknown(kind: type, name: str) -> str:
    known = _options(kind)
    remedy = nearest("learning_rate" if name == "lr" else name, known)
    return f"{kind.__name__}: its options are {', '.join(known)}, got {name}; {remedy}"


class Optimizer:
    """What every optimizer has: a pure ``update``, and a step of its parameters by it.

    Frozen parameters stay, and so does what is remembered of them. A parameter without a gradient
    counts as one with a gradient of 0: momentum and weight decay still move it (PyTorch leaves it
    out). ``learning_rate`` is a number, or a function of the step, which counts from 0; it and the
    other options may be written between steps. Writing ``parameters`` starts anew.

    Attributes:
        parameters: the Values that it moves, each once.
        state: what ``update`` remembers: an array for each name in ``kept``; {} at first.
        steps: how many steps it has made.
    """

    parameters: list[Value]
    learning_rate: float | Schedule
    state: dict[str, Any]
    steps: int
    weight_decay: float = 0.0
    decoupled: ClassVar[bool] = False  # whether the decay is one of the numbers, not of the slopes
    kept: ClassVar[tuple[str, ...]] = ()

    def __new__(cls, *_: Any, **options: Any) -> Any:
        wrong = options.keys() - _options(cls)
        if wrong and cls in OPTIMIZERS.values():  # one derived from them may take more
            raise TypeError(_unknown(cls, min(wrong)))
        return super().__new__(cls)

    def __init__(self, parameters: Iterable[Value], **options: Any) -> None:
        self.parameters = parameters  # type: ignore[assignment]  # __setattr__ makes a list of it
        for name, value in options.items():
            setattr(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        who = type(self).__name__
        if name == "parameters":
            value = _leaves(value, who)
            self.state, self.steps = {}, 0
        elif name in _CHECKS:
            value = _CHECKS[name](value, f"{who}: {name}")
        if type(self) in OPTIMIZERS.values() and name not in (*_options(type(self)), *_FACE):
            getattr(self, name)
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:  # of what is not there
        raise AttributeError(_unknown(type(self), name))

    def rate_at(self, step: int) -> float:
        """The learning rate at that step; a function's is checked: finite, >= 0."""
        rate = self.learning_rate
        if not callable(rate):
            return rate
        return ranged(rate(step), f"{type(self).__name__}: learning_rate at step {step}", FROM_0)

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

        x, g = (np.asarray(given, np.float64) for given in (numbers, slopes))
        if x.shape != g.shape:
            raise ValueError(
                f"{type(self).__name__}: a slope for each number is required, got {x.shape} "
                f"numbers and {g.shape} slopes; give both one shape"
            )
        rate = self.rate_at(step)
        kept = [np.asarray(state.get(name, 0.0), np.float64) for name in self.kept]
        with np.errstate(all="ignore"):  # what diverges is inf or nan, as in plain floats
            if self.decoupled:
                x = x * (1.0 - rate * self.weight_decay)
            elif self.weight_decay:
                g = g + self.weight_decay * x
            move, after = self._move(g, kept, step + 1, rate)
            return x - move, dict(zip(self.kept, after))

    def _move(self, g: Any, kept: list[Any], count: int, rate: float) -> Moved:
        """The way of a step, number ``count`` from 1; what is kept is in the order of ``kept``."""
        raise NotImplementedError

    def step(self) -> None:
        """Move every parameter once."""
        moves = [p.requires_grad for p in self.parameters]
        numbers, state = self.update(
            [p.data for p in self.parameters], [p.grad for p in self.parameters], self.state,
            self.steps,
        )  # fmt: skip
        if not all(moves):
            import numpy as np

            state = {k: np.where(moves, v, self.state.get(k, 0.0)) for k, v in state.items()}
        for parameter, number, moved in zip(self.parameters, numbers.tolist(), moves):
            if moved:
                parameter.data = number
        self.state, self.steps = state, self.steps + 1

    def zero_grad(self) -> None:
        """Forget every parameter's gradient."""
        for parameter in self.parameters:
            parameter.zero_grad()

    def state_dict(self) -> dict[str, Any]:
        """A snapshot, in numbers, texts and lists, with which ``load_state_dict`` goes on.

        A ``learning_rate`` that is a function is not in it: give it again to the one that loads.
        """
        count = len(self.parameters)
        options = {k: v for k, v in vars(self).items() if k in _CHECKS and not callable(v)}
        kept = {k: self.state[k].tolist() if k in self.state else [0.0] * count for k in self.kept}
        options = {k: list(v) if isinstance(v, tuple) else v for k, v in options.items()}
        about = {"optimizer": type(self).__name__, "parameters": count, "steps": self.steps}
        return {**about, **options, **kept}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a ``state_dict()`` of the same kind of optimizer: its options and its state.

        Raises:
            TypeError, ValueError: the state is of another kind, of another number of parameters,
                incomplete, or has what no such optimizer has; nothing is changed then.
        """
        import numpy as np

        own, who = self.state_dict(), type(self).__name__
        if not isinstance(state, Mapping):
            raise TypeError(
                f"{who}: a state_dict() is required, got {type(state).__name__}; use .state_dict()"
            )
        for name in ("optimizer", "parameters"):
            if state.get(name) != own[name]:
                raise ValueError(
                    f"{who}: a state whose {name} is {own[name]!r} is required, got "
                    f"{state.get(name)!r}; load it into what it was saved from"
                )
        differ = sorted((own.keys() ^ state.keys()) - {"learning_rate"}, key=str)
        if differ:
            raise ValueError(
                f"{who}: a state of {', '.join(own)} is required, got one that differs in "
                f"{differ[0]}; use a whole state_dict()"
            )
        kept = {k: np.array(state[k], np.float64) for k in self.kept}
        for name, array in kept.items():
            if array.shape != (own["parameters"],):
                raise ValueError(
                    f"{who}: {own['parameters']} numbers are required in {name}, got shape "
                    f"{array.shape}; use a whole state_dict()"
                )
        found = {k: f(state[k], f"{who}: {k}") for k, f in _CHECKS.items() if k in state}
        found |= {"steps": whole(state["steps"], f"{who}: steps", 0), "state": kept}
        for name, value in found.items():
            setattr(self, name, value)


_FACE = ("state", "steps")  # what an optimizer has beside its options


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

    momentum: float
    nesterov: bool
    kept = ("velocity",)

    def __init__(
        self,
        parameters: Iterable[Value],
        learning_rate: float | Schedule = 0.01,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(
            parameters, learning_rate=learning_rate, momentum=momentum, nesterov=nesterov,
            weight_decay=weight_decay,
        )  # fmt: skip
        if self.nesterov and not self.momentum:
            raise ValueError(
                f"{type(self).__name__}: nesterov needs a momentum > 0, got 0; use momentum=0.9"
            )

    def _move(self, g: Any, kept: list[Any], count: int, rate: float) -> Moved:
        if not self.momentum:
            return rate * g, ()
        velocity = self.momentum * kept[0] + g
        return rate * (g + self.momentum * velocity if self.nesterov else velocity), (velocity,)


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

    betas: tuple[float, float]
    eps: float
    kept = ("mean", "square")

    def __init__(
        self,
        parameters: Iterable[Value],
        learning_rate: float | Schedule = 0.001,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(
            parameters, learning_rate=learning_rate, betas=betas, eps=eps,
            weight_decay=weight_decay,
        )  # fmt: skip

    def _move(self, g: Any, kept: list[Any], count: int, rate: float) -> Moved:
        (mean, square), (beta_1, beta_2) = kept, self.betas
        mean = mean + (1.0 - beta_1) * (g - mean)
        square = beta_2 * square + (1.0 - beta_2) * g * g
        size = square**0.5 / math.sqrt(1.0 - beta_2**count) + self.eps
        return rate / (1.0 - beta_1**count) * mean / size, (mean, square)


class AdamW(Adam):
    """Adam with a decay that does not pass through the mean: ``w ← w (1 - learning_rate decay)``.

    Then Adam's step, with the slopes as they are.

    Source: I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019,
    arXiv:1711.05101; the decay is times the rate, as in PyTorch.
    """

    decoupled = True

    def __init__(
        self,
        parameters: Iterable[Value],
        learning_rate: float | Schedule = 0.001,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(
            parameters, learning_rate, betas=betas, eps=eps, weight_decay=weight_decay
        )


class RMSprop(Optimizer):
    """The slope over its usual size of late.

    With g for ∂L/∂w + weight_decay w: ``s ← alpha s + (1 - alpha) g²``, ``w ← w - learning_rate
    g / (√s + eps)``; with a momentum ``v ← momentum v + g / (√s + eps)``, ``w ← w - learning_rate
    v``.

    Source: T. Tieleman, G. Hinton, "Neural networks for machine learning", lecture 6.5, 2012; eps
    is outside of the root, as in PyTorch.
    """

    alpha: float
    eps: float
    momentum: float
    kept = ("square", "velocity")

    def __init__(
        self,
        parameters: Iterable[Value],
        learning_rate: float | Schedule = 0.01,
        *,
        alpha: float = 0.99,
        eps: float = 1e-8,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(
            parameters, learning_rate=learning_rate, alpha=alpha, eps=eps, momentum=momentum,
            weight_decay=weight_decay,
        )  # fmt: skip

    def _move(self, g: Any, kept: list[Any], count: int, rate: float) -> Moved:
        square = self.alpha * kept[0] + (1.0 - self.alpha) * g * g
        size = square**0.5 + self.eps
        if not self.momentum:
            return rate * g / size, (square,)
        velocity = self.momentum * kept[1] + g / size
        return rate * velocity, (square, velocity)


class Adagrad(Optimizer):
    """The slope over the length of all slopes so far.

    With g for ∂L/∂w + weight_decay w: ``s ← s + g²``, ``w ← w - learning_rate g / (√s + eps)``.

    Source: J. Duchi, E. Hazan, Y. Singer, "Adaptive subgradient methods for online learning and
    stochastic optimization", JMLR 12 (2011) 2121-2159.
    """

    eps: float
    kept = ("square",)

    def __init__(
        self,
        parameters: Iterable[Value],
        learning_rate: float | Schedule = 0.01,
        *,
        eps: float = 1e-10,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(
            parameters, learning_rate=learning_rate, eps=eps, weight_decay=weight_decay
        )

    def _move(self, g: Any, kept: list[Any], count: int, rate: float) -> Moved:
        square = kept[0] + g * g
        return rate * g / (square**0.5 + self.eps), (square,)


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
        worst = next((p for p in reached if not math.isfinite(p.grad)), None)
        raise ValueError(
            f"{who}: gradients of a finite length are required, got {length!r}"
            + (f", from {worst!r}" if worst is not None else "")
            + "; use autograd.detect_anomaly() to find where it began"
        )
    factor = most / (length + 1e-6)
    if factor < 1.0:
        for p in reached:
            p.grad = p.grad * factor
    return length
