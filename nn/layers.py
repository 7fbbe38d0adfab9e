"""Neuron, Layer, MLP: a neuron is ``activation(dot(w, x) + b)``."""

from __future__ import annotations

import itertools
import numbers
import random
from collections.abc import Callable, Sequence
from typing import Any

from autograd import Value, dot, ops, scope
from autograd.modes import each_in

from .module import Module

Activation = str | Callable[[Any], Any]


def _activation(choice: Activation) -> Callable[[Any], Any] | None:
    """The function of one number that ``choice`` names; None for "linear"."""
    if choice == "linear":
        return None
    record = ops.TABLE.get(choice) if isinstance(choice, str) else choice
    if not callable(record) or getattr(record, "slots", 1) != 1:
        raise ValueError(
            f"activation: a function of one number is required, got {choice!r}; use linear, relu, "
            "tanh, sigmoid, softplus, the name of another op of one operand, or a function"
        )
    return record


def _size(n: Any, what: str) -> int:
    if not isinstance(n, numbers.Integral) or isinstance(n, bool) or n < 1:
        raise ValueError(f"{what} must be a whole number >= 1, got {n!r}; use MLP(2, [4, 1])")
    return int(n)


class Neuron(Module):
    """One output of ``nin`` inputs.

    Args:
        nin: the number of inputs.
        nonlin: False for a linear neuron, as micrograd has it.
        activation: the name of an op of one operand ("relu", "tanh", "sigmoid" …), or a function.
        generator: draws the weights, uniform in (-1, 1); the bias starts at 0.
        name: goes before the labels of its parameters.
    """

    def __init__(
        self,
        nin: int,
        nonlin: bool = True,
        activation: Activation = "relu",
        generator: Any = random,
        name: str = "",
    ) -> None:
        prefix = f"{name}." if name else ""
        self.w = [
            Value(generator.uniform(-1.0, 1.0), f"{prefix}w{i + 1}")
            for i in range(_size(nin, "Neuron: nin, the number of inputs,"))
        ]
        self.b = Value(0.0, f"{prefix}b")
        self.activation = _activation(activation if nonlin else "linear")

    def __call__(self, x: Sequence[Any]) -> Value:
        """The output for ``x``, ``nin`` numbers or Values."""
        try:
            y = dot(self.w, x) + self.b
        except ValueError:
            if len(x) != len(self.w):
                raise ValueError(
                    f"{self!r}: {len(self.w)} inputs are required, got {len(x)}"
                ) from None
            raise
        return y if self.activation is None else self.activation(y)  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        name = "linear" if self.activation is None else getattr(self.activation, "name", "function")
        return f"Neuron({len(self.w)} inputs, {name})"


class Layer(Module):
    """``nout`` neurons with the same ``nin`` inputs; the other arguments are Neuron's."""

    def __init__(
        self,
        nin: int,
        nout: int,
        nonlin: bool = True,
        activation: Activation = "relu",
        generator: Any = random,
        name: str = "",
    ) -> None:
        prefix = f"{name}." if name else ""
        self.neurons = [
            Neuron(nin, nonlin, activation, generator, f"{prefix}neuron{i + 1}")
            for i in range(_size(nout, "Layer: nout, the number of neurons,"))
        ]
        self.scopes = [scope(f"neuron {i + 1}") for i in range(nout)]

    def __call__(self, x: Sequence[Any]) -> list[Value] | Any:
        """The outputs for ``x``: a list, or, as micrograd has it, a single neuron's one output."""
        out = each_in(self.scopes, self.neurons, tuple(x))  # each takes all, of a generator too
        return out[0] if len(out) == 1 else out

    def __repr__(self) -> str:
        return f"Layer({len(self.neurons)} × {self.neurons[0]!r})"


class MLP(Module):
    """Layers one after the other, each fed with all of the one before: a multi-layer perceptron.

    Args:
        nin: the number of inputs.
        nouts: the number of neurons of each layer.
        activation: of every layer but the last.
        output: the activation of the last.
        seed: for the weights; None draws from Python's ``random``, in micrograd's order.

    >>> model = MLP(2, [3, 1], seed=0)
    >>> [name for name, _ in model.named_parameters()][:4]
    ['layer1.neuron1.w1', 'layer1.neuron1.w2', 'layer1.neuron1.b', 'layer1.neuron2.w1']
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        activation: Activation = "relu",
        output: Activation = "linear",
        seed: int | None = None,
    ) -> None:
        if not isinstance(nouts, Sequence) or not nouts:
            raise ValueError(
                f"MLP: nouts must list the neurons of each layer, got {nouts!r}; use [4, 1]"
            )
        _activation(activation)  # a wrong one is refused though a single layer does not use it
        generator: Any = random if seed is None else random.Random(seed)
        sizes = [nin, *nouts]
        last = len(nouts)
        self.layers = [
            Layer(a, b, True, output if i == last else activation, generator, f"layer{i}")
            for i, (a, b) in enumerate(itertools.pairwise(sizes), 1)
        ]
        self.scopes = [scope(f"layer {i}") for i in range(1, last + 1)]

    def __call__(self, x: Sequence[Any]) -> list[Value] | Any:
        """The last layer's outputs for ``x``, ``nin`` numbers or Values."""
        for layer, inside in zip(self.layers, self.scopes, strict=True):
            with inside:
                # a layer of one neuron gives its output
                x = layer([x] if isinstance(x, Value) else x)
        return x

    def __repr__(self) -> str:
        return f"MLP({', '.join(map(repr, self.layers))})"
