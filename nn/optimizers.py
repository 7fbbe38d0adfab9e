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
            given = list(value) if isinstance(value, Iterable) else []
            if not given or not all(isinstance(p, Value) for p in given):
                raise ValueError(
                    "SGD: Values to move are required, at least one, got "
                    f"{type(value).__name__}; use model.parameters()"
                )
            value = list({id(p): p for p in given}.values())  # each once
        elif name == "learning_rate":
            rate = real(value, "SGD: learning_rate")
            if not 0.0 < rate < math.inf:
                raise ValueError(
                    f"SGD: learning_rate must be a finite number > 0, got {value!r}; use 0.1"
                )
            value = rate
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
