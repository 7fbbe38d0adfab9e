"""Optimizers: a step of the parameters against their gradients."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from autograd import Value
from autograd.numbers import real


class SGD:
    """Gradient descent: ``w ← w - learning_rate × ∂L/∂w``, of each parameter that is not frozen.

    >>> from autograd import Value
    >>> w = Value(3.0)
    >>> (w * w).backward()
    >>> SGD([w], learning_rate=0.1).step()
    >>> w.data
    2.4
    """

    parameters: list[Value]
    learning_rate: float

    def __init__(self, parameters: Iterable[Value], learning_rate: float = 0.01) -> None:
        self.parameters = parameters  # type: ignore[assignment]  # __setattr__ makes a list of it
        self.learning_rate = learning_rate

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "parameters":
            value = _each_once(value)
        elif name == "learning_rate":
            value = _rate(value)
        elif type(self) is SGD:  # one derived from it may have more
            getattr(self, name)
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:  # of what is not there
        raise AttributeError(
            f"{type(self).__name__}: learning_rate and parameters are its attributes, got {name}; "
            "use one of these"
        )

    def step(self) -> None:
        """Move every parameter once."""
        for parameter in self.parameters:
            if parameter.requires_grad:
                parameter.data = parameter.data - self.learning_rate * parameter.grad

    def zero_grad(self) -> None:
        """Forget every parameter's gradient."""
        for parameter in self.parameters:
            parameter.zero_grad()


def _each_once(parameters: Any) -> list[Value]:
    given = list(parameters) if isinstance(parameters, Iterable) else []
    if not given or not all(isinstance(p, Value) for p in given):
        raise ValueError(
            f"SGD: Values to move are required, at least one, got {type(parameters).__name__}; "
            "use model.parameters()"
        )
    return list({id(p): p for p in given}.values())


def _rate(learning_rate: Any) -> float:
    rate = real(learning_rate, "SGD: learning_rate")
    if not (math.isfinite(rate) and rate > 0.0):
        raise ValueError(
            f"SGD: learning_rate must be a finite number > 0, got {learning_rate!r}; use 0.1"
        )
    return rate
