"""Neuron, Layer, MLP: a neuron is ``activation(dot(w, x) + b)``; and what goes between layers."""

from __future__ import annotations

import inspect
import itertools
import numbers
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autograd import Op, Value, dot, ops, scope
from autograd.functions import mean
from autograd.modes import each_in
from autograd.numbers import FROM_0, SHARE, ranged, whole

from .initializers import drawer, generator_of
from .module import Module, nearest

Activation = str | Callable[[Any], Any]
_NUMBERS = frozenset((Value, float, int))


def _activation(choice: Activation) -> Callable[[Any], Any] | None:
    """The function of one number that ``choice`` names; None for "linear"."""
    if choice == "linear":
        return None
    record = ops.TABLE.get(choice) if isinstance(choice, str) else choice
    if not callable(record) or getattr(record, "slots", 1) != 1:
        fit = [name for name, op in ops.TABLE.items() if op.slots == 1]
        known = ["linear", "relu", "tanh", "sigmoid", "softplus", *fit]
        raise ValueError(
            f"activation: a function of one number is required, got {choice!r}; "
            f"{nearest(str(choice), dict.fromkeys(known))}"
        )
    return record


def _common(parts: Iterable[Any]) -> Any:
    """The activation of all the parts; None for "linear"."""
    found = {part.activation for part in parts}
    if len(found) > 1:
        raise TypeError("activation: one of all the neurons is asked for, got several; ask each")
    return next(iter(found), None)


def _refuse(part: Module, unknown: Iterable[str], more: Sequence[str] = ()) -> None:
    """Raise for arguments that no such part has; ``more`` are those that it has besides its own."""
    for name in unknown:
        kind = type(part)
        every = inspect.signature(kind).parameters.values()
        own = [p.name for p in every if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        known = dict.fromkeys([*own, *more])
        raise TypeError(
            f"{kind.__name__}: its arguments are {', '.join(known)}, got {name}; "
            f"{nearest(name, known)}"
        )


# ------------------------------------------------------------------ a sample or a batch
def _listed(x: Any) -> list[Any] | None:
    """What a list, an array or a frame holds; None of a number or a text."""
    if type(x) in _NUMBERS:
        return None
    for convert in ("to_numpy", "tolist"):  # pandas; NumPy's, whose floats are slower than Python's
        x = getattr(x, convert)() if hasattr(x, convert) else x
    if isinstance(x, (Value, str, bytes, dict, set)) or not hasattr(x, "__iter__"):
        return None
    return list(x)


def _mapped(function: Callable[[Any], Any], x: Any) -> Any:
    """``function`` of each of the numbers in ``x``, however they nest."""
    inside = _listed(x)
    return function(x) if inside is None else [_mapped(function, part) for part in inside]


class _Sampled(Module):
    """A module whose ``forward`` takes a sample; a call takes one, or a batch and gives a list.

    Attributes:
        nin: how many numbers the rows have that it takes; 0 of what takes one number at a time;
            None of what says itself what it takes.
    """

    nin: int | None

    def __call__(self, x: Any) -> Any:
        """The output for a sample, or the list of the outputs for a batch of them."""
        if not self.nin:
            return self.forward(x) if self.nin is None else _mapped(self.forward, x)
        given = x if type(x) is list else _listed(x)
        if given and len(given) == self.nin and type(given[0]) in _NUMBERS:  # most often
            return self.forward(given)
        rows = [_listed(row) for row in given or ()]
        if not rows or rows[0] is None:
            return self.forward(self._row(given, x))
        return [self.forward(row) for row in [self._row(row, x) for row in rows]]

    def _row(self, row: list[Any] | None, x: Any) -> list[Any]:
        """``row``, if it is one of those that are required."""
        if row is None or len(row) != self.nin or _listed(row[0]) is not None:
            import numpy as np

            kind, shape = type(x).__name__, np.asarray(x, dtype=object).shape
            raise ValueError(
                f"{type(self).__name__}: rows of {self.nin} numbers are required, got {kind} of "
                f"shape {shape}{f', a row of {len(row)}' if row else ''}; "
                "give one, or a batch, as in predict([row])"
            )
        return row


# ------------------------------------------------------------------ neurons
class Neuron(_Sampled):
    """One output of ``nin`` inputs.

    Args:
        nin: the number of inputs.
        nonlin: False for a linear neuron, as micrograd has it.
        activation: the name of an op of one operand ("relu", "tanh", "sigmoid" …), or a function.
        init: where the weights start: "uniform" in (-1, 1), as micrograd has it, "glorot", "he",
            "lecun" or "zeros"; or a function of nothing that gives one. The bias starts at 0.
        seed: for the weights; None draws from Python's ``random``.
        name: goes before the labels of its parameters.
    """

    def __init__(
        self, nin: int, nonlin: bool = True, activation: Activation = "relu",
        init: str | Callable[[], float] = "uniform", seed: Any = None, name: str = "",
        **unknown: Any,
    ) -> None:  # fmt: skip
        _refuse(self, unknown)
        prefix = f"{name}." if name else ""
        self.nin = whole(nin, "Neuron: nin, the number of inputs,")
        draw = drawer(init, self.nin, 1, seed)
        self.w = [Value(draw(), f"{prefix}w{i + 1}") for i in range(self.nin)]
        self.b = Value(0.0, f"{prefix}b")
        self.activation = _activation(activation if nonlin else "linear")

    def forward(self, x: list[Any]) -> Any:
        """The output for a row."""
        y = dot(self.w, x) + self.b
        return y if self.activation is None else self.activation(y)

    def __repr__(self) -> str:
        name = "linear" if self.activation is None else getattr(self.activation, "name", "function")
        return f"Neuron({len(self.w)} inputs, {name})"


_NEURONS = ("nonlin", "activation")  # what a layer's neurons take besides


class Layer(_Sampled):
    """``nout`` neurons with the same ``nin`` inputs; the other arguments are Neuron's."""

    def __init__(
        self, nin: int, nout: int, *args: Any, init: Any = "uniform", seed: Any = None,
        name: str = "", **options: Any,
    ) -> None:  # fmt: skip
        unknown = [x for x in options if x not in _NEURONS]
        _refuse(self, unknown, ("init", "seed", "name", *_NEURONS))
        prefix = f"{name}." if name else ""
        self.nin = whole(nin, "Neuron: nin, the number of inputs,")
        draw = drawer(init, self.nin, whole(nout, "Layer: nout, the number of neurons,"), seed)
        self.neurons = [
            Neuron(nin, *args, **{**options, "init": draw, "name": f"{prefix}neuron{i + 1}"})
            for i in range(nout)
        ]
        self.scopes = [scope(f"neuron {i + 1}") for i in range(nout)]

    @property
    def activation(self) -> Any:
        """That of all its neurons; None for "linear"."""
        return _common(self.neurons)

    def forward(self, x: list[Any]) -> Any:
        """The outputs for a row: a list, or, as micrograd has it, a single neuron's one output."""
        out = each_in(self.scopes, [neuron.forward for neuron in self.neurons], x)
        return out[0] if len(out) == 1 else out

    def __repr__(self) -> str:
        return f"Layer({len(self.neurons)} × {self.neurons[0]!r})"


class Linear(Layer):
    """A Layer without an activation; the options are Layer's."""

    def __init__(self, nin: int, nout: int, **options: Any) -> None:
        super().__init__(nin, nout, **{"activation": "linear", **options})


# ------------------------------------------------------------------ networks
class Sequential(_Sampled):
    """Parts one after the other, each fed with what the one before gives.

    A part is a module, or a function; an op of one operand is applied to each number. Which a
    sample is, the first part says that is no op and no Dropout.

    >>> import autograd
    >>> model = Sequential(Linear(2, 8, seed=0), autograd.tanh, Linear(8, 1, seed=1))
    >>> len(model([[1.0, 2.0], [3.0, 4.0]]))
    2
    """

    def __init__(self, *layers: Callable[[Any], Any]) -> None:
        wrong = [part for part in layers if not callable(part)]
        if wrong or not layers:
            raise TypeError(
                "Sequential: modules or functions are required, one at least, got "
                f"{wrong[0] if wrong else 'none'!r}; use Sequential(Linear(2, 8), Linear(8, 1))"
            )
        self.layers: list[Any] = list(layers)
        self.scopes = [scope(f"layer {i}") for i in range(1, len(layers) + 1)]
        self.nin = next((_taken(p) for p in layers if not isinstance(p, (Op, Dropout))), None)
        if self.nin == 0 and None in map(_taken, layers):
            self.nin = None  # a function may want all the rows of a sample

    def forward(self, x: Any) -> Any:
        """The last part's output for a sample."""
        for part, inside in zip(self.layers, self.scopes, strict=True):
            with inside:
                if isinstance(part, Op):
                    x = _mapped(part, x)
                else:  # a layer of one neuron gives its output
                    x = part([x] if isinstance(x, Value) and _taken(part) else x)
        return x

    def __repr__(self) -> str:
        names = (part.name if isinstance(part, Op) else repr(part) for part in self.layers)
        return f"{type(self).__name__}({', '.join(names)})"


def _taken(part: Any) -> int | None:
    """The ``nin`` of a part."""
    return 0 if isinstance(part, Op) else part.nin if isinstance(part, _Sampled) else None


class MLP(Sequential):
    """Layers one after the other, each fed with all of the one before: a multi-layer perceptron.

    Args:
        nin: the number of inputs.
        nouts: the number of neurons of each layer.
        activation: of every layer but the last.
        output: the activation of the last.
        seed: for the weights; None draws from Python's ``random``, in micrograd's order.
        init: where the weights of each layer start; see Neuron.

    >>> model = MLP(2, [3, 1], seed=0)
    >>> [name for name, _ in model.named_parameters()][:4]
    ['layer1.neuron1.w1', 'layer1.neuron1.w2', 'layer1.neuron1.b', 'layer1.neuron2.w1']
    """

    def __init__(
        self, nin: int, nouts: Sequence[int], activation: Activation = "relu",
        output: Activation = "linear", seed: Any = None, init: Any = "uniform", **unknown: Any,
    ) -> None:  # fmt: skip
        _refuse(self, unknown)
        if not isinstance(nouts, Sequence) or not nouts:
            raise ValueError(
                f"MLP: nouts must list the neurons of each layer, got {nouts!r}; use [4, 1]"
            )
        _activation(activation)  # a wrong one is refused though a single layer does not use it
        last, options = len(nouts), {"init": init, "seed": generator_of(seed)}
        super().__init__(*[
            Layer(a, b, True, output if i == last else activation, name=f"layer{i}", **options)
            for i, (a, b) in enumerate(itertools.pairwise([nin, *nouts]), 1)
        ])  # fmt: skip

    @property
    def activation(self) -> Any:
        """That of all layers but the last; None for "linear"."""
        return _common(self.layers[:-1])

    def forward(self, x: Any) -> Any:
        """The last layer's outputs for a row."""
        for layer, inside in zip(self.layers, self.scopes, strict=True):
            with inside:  # without the look at each row that a call takes, some 3 % of the time
                x = layer.forward([x] if isinstance(x, Value) else x)
        return x


# ------------------------------------------------------------------ between layers
class Dropout(_Sampled):
    """In training each number is 0 with the chance ``p``, else divided by 1 - p; later, itself.

    Args:
        p: 0 <= p < 1.
        seed: for what is dropped; None draws from Python's ``random``.

    Source: N. Srivastava et al., "Dropout", JMLR 15 (2014), with the scale in training.
    """

    nin = 0

    def __init__(self, p: float = 0.5, seed: Any = None, **unknown: Any) -> None:
        _refuse(self, unknown)
        self.p = ranged(p, "Dropout: p, the chance,", SHARE)
        # Python's own is not kept: a module is neither copied nor pickled
        self.generator = None if seed is None else generator_of(seed)

    def forward(self, x: Any) -> Any:
        """One number, or what is left of it."""
        if not self.training or not self.p:
            return x
        dropped = (self.generator or random).random() < self.p
        return x * (0.0 if dropped else 1.0 / (1.0 - self.p))

    def __repr__(self) -> str:
        return f"Dropout({self.p})"


class LayerNorm(_Sampled):
    """Rows of ``n`` numbers less their mean, through √(variance + eps), times weight, plus bias.

    Source: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", arXiv:1607.06450; the
    variance is the mean square, as PyTorch has it.
    """

    def __init__(self, n: int, eps: float = 1e-5, **unknown: Any) -> None:
        _refuse(self, unknown)
        self.nin = whole(n, "LayerNorm: n, the numbers in a row,")
        self.eps = ranged(eps, "LayerNorm: eps", FROM_0)
        self.weight = [Value(1.0, f"weight{i + 1}") for i in range(n)]
        self.bias = [Value(0.0, f"bias{i + 1}") for i in range(n)]

    def forward(self, x: list[Any]) -> list[Any]:
        """A row, of mean 0 and variance 1 before weight and bias."""
        origin = ops.stop_gradient(x[0])  # equal numbers are 0 from here, exactly
        x = [v - origin for v in x]
        center, scale = mean(x), 1.0 / ops.sqrt(ops.var(x) + self.eps)
        return [
            (v - center) * scale * w + b for v, w, b in zip(x, self.weight, self.bias, strict=True)
        ]

    def __repr__(self) -> str:
        return f"LayerNorm({self.nin})"


class Embedding(_Sampled):
    """A row of ``size`` Values for each index from 0 to ``count - 1``; of a list, a list of rows.

    They start normal, with mean 0 and variance 1, as PyTorch's; ``seed`` as in Neuron.
    """

    nin = 0

    def __init__(self, count: int, size: int, seed: Any = None, **unknown: Any) -> None:
        _refuse(self, unknown)
        from autograd.arrays import array

        draw = generator_of(seed).gauss
        columns = range(whole(size, "Embedding: size, the numbers of a row,"))
        rows = range(whole(count, "Embedding: count, the number of rows,"))
        self.weight = array([[draw(0.0, 1.0) for _ in columns] for _ in rows], "weight")

    def forward(self, x: Any) -> list[Value]:
        """The row of an index."""
        known = isinstance(x, numbers.Integral) and not isinstance(x, bool)
        if not known or not 0 <= x < len(self.weight):
            raise (IndexError if known else TypeError)(
                "Embedding: an index is required, a whole number from 0 to "
                f"{len(self.weight) - 1}, got {x!r}; use int(...), or make count larger"
            )
        return self.weight[x].tolist()  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"Embedding({len(self.weight)}, {len(self.weight[0])})"
