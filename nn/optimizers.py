"""Optimizers: a step of the parameters against their gradients."""

from __future__ import annotations

import math
from collections.abc import Iterable

from autograd import Value
from autograd.numbers import real


class SGD:
    """Gradient descent: ``w ← w - learning_rate × ∂L/∂w``.

    >>> from autograd import Value
    >>> w = Value(3.0)
    >>> (w * w).backward()
    >>> SGD([w], learning_rate=0.1).step()
    >>> w.data
    2.4
    """

    def __init__(self, parameters: Iterable[Value], learning_rate: float = 0.01) -> None:
        self.parameters = list(parameters) if isinstance(parameters, Iterable) else []
        if not self.parameters or not all(isinstance(p, Value) for p in self.parameters):
            raise ValueError(
                f"SGD: Values to move are required, at least one, got {type(parameters).__name__}; "
                "use model.parameters()"
            )
        learning_rate = real(learning_rate, "SGD: learning_rate")
        if not (math.isfinite(learning_rate) and learning_rate > 0.0):
            raise ValueError(
                f"SGD: learning_rate must be a finite number > 0, got {learning_rate!r}; use 0.1"
            )
        self.learning_rate = learning_rate

    def step(self) -> None:
        """Move every parameter once."""
        for parameter in self.parameters:
            parameter.data = parameter.data - self.learning_rate * parameter.grad

    def zero_grad(self) -> None:
        """Forget every parameter's gradient."""
        for parameter in self.parameters:
            parameter.zero_grad()
