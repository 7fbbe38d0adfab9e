"""Multi-layer perceptrons to PyTorch and back, where torch is installed. Reads layers.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from autograd import Op, ops

from .layers import MLP, Dropout, Layer, Linear, Sequential
from .module import Module

ACTIVATIONS = {
    ops.celu: "CELU", ops.elu: "ELU", ops.gelu: "GELU", ops.hardswish: "Hardswish",
    ops.hardtanh: "Hardtanh", ops.identity: "Identity", ops.leaky_relu: "LeakyReLU",
    ops.log_sigmoid: "LogSigmoid", ops.mish: "Mish", ops.relu: "ReLU", ops.relu6: "ReLU6",
    ops.selu: "SELU", ops.sigmoid: "Sigmoid", ops.silu: "SiLU", ops.softplus: "Softplus",
    ops.softsign: "Softsign", ops.tanh: "Tanh",
}  # fmt: skip
OPTIONS = {"alpha": "alpha", "slope": "negative_slope"}  # an op's parameters, PyTorch's
# On every piece of each activation; below 20, where PyTorch's softplus goes over to x.
PROBES = (-30.0, -7.0, -3.5, -1.5, -0.4, 0.0, 0.4, 1.5, 3.5, 7.0, 19.0)


def to_torch(model: Module) -> Any:
    """A ``torch.nn.Sequential`` in float64 that computes what ``model`` does, with its weights.

    Its output is a row where the model's is one Value. A tensor is frozen where all of its
    parameters are.

    Raises:
        TypeError: a part has no counterpart, or shares its weights with another.
    """
    import torch

    made: list[Any] = []
    seen: set[int] = set()
    for part in _parts_of(model):
        if isinstance(part, Op) and part.base in ACTIVATIONS:
            made.append(getattr(torch.nn, ACTIVATIONS[part.base])(*part.parameters.values()))
        elif type(part) is Dropout:
            made.append(torch.nn.Dropout(part.p))
        elif type(part) in (Layer, Linear):
            made.append(torch.nn.Linear(part.nin, len(part.neurons)))
            arrays = _arrays(part)
            _alone("to_torch", part, [v for own in arrays for v in own.flat], seen)
            for parameter, own in zip(made[-1].parameters(), arrays, strict=True):
                parameter.data = torch.tensor(own.data)
                parameter.requires_grad_(any(v.requires_grad for v in own.flat))
        else:
            raise _refused("to_torch", part, "a Layer, a Dropout or one of PyTorch's activations")
    return torch.nn.Sequential(*made).train(model.training)


def from_torch(module: Any) -> Sequential:
    """The model in nn that computes what a PyTorch Sequential, or one layer, does.

    A Linear and the activation behind it become a Layer. Softplus is exact beyond PyTorch's
    threshold of 20 too.

    Raises:
        TypeError: a part has no counterpart, or not in this form, as a Linear without bias; it has
            a ``forward`` of its own, or shares its weights with another.
    """
    import torch

    made: list[Any] = []
    seen: set[int] = set()
    named = {theirs: ours for ours, theirs in ACTIVATIONS.items()}
    parts = [module]
    while parts:
        theirs = parts.pop(0)
        bases = (b for b in type(theirs).__mro__ if b is getattr(torch.nn, b.__name__, None))
        base: Any = next(bases, None)
        same = base and type(theirs).forward is base.forward  # else it computes something else
        kind = base.__name__ if same else ""
        if kind == "Sequential":
            parts[:0] = theirs
        elif kind in named:
            activation = _same(named[kind], theirs)
            if made and isinstance(made[-1], Layer) and made[-1].activation is None:
                for neuron in made[-1].neurons:
                    neuron.activation = activation
            else:
                made.append(activation)
        elif kind == "Dropout":
            made.append(Dropout(theirs.p))
        elif kind == "Linear" and theirs.bias is not None:
            name, sizes = f"layer{len(made) + 1}", (theirs.in_features, theirs.out_features)
            made.append(Layer(*sizes, activation="linear", init="zeros", name=name))
            tensors = [theirs.weight, theirs.bias]
            _alone("from_torch", theirs, tensors, seen)
            for own, tensor in zip(_arrays(made[-1]), tensors, strict=True):
                own.data = tensor.tolist()
                for value in own.flat:
                    value.requires_grad = tensor.requires_grad
        else:
            known = f"PyTorch's own Linear with a bias, Dropout or one of {', '.join(named)}"
            raise _refused("from_torch", theirs, known)
    return Sequential(*made).train(module.training)


def _arrays(layer: Layer) -> tuple[Any, Any]:
    """The weights, a row for each neuron, and the biases, as PyTorch has them."""
    from autograd.arrays import array

    return array([neuron.w for neuron in layer.neurons]), array([n.b for n in layer.neurons])


def _alone(who: str, part: Any, parameters: list[Any], seen: set[int]) -> None:
    """Refuse a part whose parameters are another's too; ``seen`` are those of the parts before."""
    own = {*map(id, parameters)}
    if len(own) < len(parameters) or own & seen:
        raise _refused(who, part, "a layer whose weights are in no other place")
    seen |= own


def _same(ours: Op, theirs: Any) -> Op:
    """The op with the parameters of a PyTorch activation, if it is that in other settings too."""
    import torch

    op = ours.fixed(**{name: getattr(theirs, OPTIONS[name]) for name in ours.parameters})
    at = torch.tensor(PROBES, dtype=torch.float64)
    if not torch.allclose(theirs(at), torch.tensor([*map(op, PROBES)], dtype=at.dtype)):
        raise _refused("from_torch", theirs, f"{ours.name} as nn computes it")
    return op


def _refused(who: str, part: Any, required: str) -> TypeError:
    return TypeError(f"{who}: {required} is required, got {part!r}; move it by hand")


def _parts_of(model: Any) -> Iterator[Any]:
    """The parts of MLPs and Sequentials, and behind layers their activation."""
    if type(model) in (MLP, Sequential):
        for part in model.layers:
            yield from _parts_of(part)
        return
    yield model
    if type(model) in (Layer, Linear) and model.activation is not None:
        yield model.activation
