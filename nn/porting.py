"""Models to PyTorch and back, where torch is installed. Reads layers.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from autograd import Op, ops

from .layers import MLP, Dropout, Embedding, Layer, LayerNorm, Linear, Neuron, Sequential
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
TO_TORCH: dict[Any, Callable[[Any, Any], Any]] = {
    Neuron: lambda nn, m: nn.Linear(m.nin, 1),
    Layer: lambda nn, m: nn.Linear(m.nin, len(m.neurons)),
    Linear: lambda nn, m: nn.Linear(m.nin, len(m.neurons)),
    LayerNorm: lambda nn, m: nn.LayerNorm(m.nin, m.eps),
    Embedding: lambda nn, m: nn.Embedding(len(m.weight), len(m.weight[0])),
    Dropout: lambda nn, m: nn.Dropout(m.p),
}
FROM_TORCH: dict[str, Callable[[Any, str], Any]] = {
    "Linear": lambda m, name: Layer(
        m.in_features, m.out_features, activation="linear", init="zeros", name=name
    ),
    "LayerNorm": lambda m, name: LayerNorm(m.normalized_shape[-1], m.eps),
    "Embedding": lambda m, name: Embedding(m.num_embeddings, m.embedding_dim, seed=0),
    "Dropout": lambda m, name: Dropout(m.p),
}


def to_torch(model: Module) -> Any:
    """A ``torch.nn.Sequential`` in float64 that computes what ``model`` does, with its weights.

    Its output is a row where the model's is one Value.

    Raises:
        TypeError: a part has no counterpart.
    """
    import torch

    made: list[Any] = []
    for part in _parts_of(model):
        if isinstance(part, Op) and part.base in ACTIVATIONS:
            options = {OPTIONS[name]: number for name, number in part.parameters.items()}
            made.append(getattr(torch.nn, ACTIVATIONS[part.base])(**options))
            continue
        if type(part) not in TO_TORCH:
            raise _refused("to_torch", part, "a layer of nn or one of PyTorch's activations")
        made.append(TO_TORCH[type(part)](torch.nn, part).double())
        numbers = torch.tensor([p.data for p in part.parameters()], dtype=torch.float64)
        columns = numbers.reshape(_rows(made[-1]), -1)
        for parameter in made[-1].parameters():
            own, columns = columns.tensor_split([parameter.numel() // len(columns)], 1)
            parameter.data.copy_(own.reshape(parameter.shape))
    return torch.nn.Sequential(*made).train(model.training)


def from_torch(module: Any) -> Sequential:
    """The model in nn that computes what a PyTorch Sequential, or one layer, does.

    A Linear and the activation behind it become a Layer. Softplus is exact beyond PyTorch's
    threshold of 20 too.

    Raises:
        TypeError: a part has no counterpart, or not in this form, as a Linear without bias.
    """
    import torch

    made: list[Any] = []
    named = {theirs: ours for ours, theirs in ACTIVATIONS.items()}
    parts = [module]
    while parts:
        theirs = parts.pop(0)
        kind = type(theirs).__name__
        if isinstance(theirs, torch.nn.Sequential):
            parts[:0] = theirs
        elif kind in named:
            activation = _same(named[kind], theirs)
            if made and isinstance(made[-1], Layer) and made[-1].activation is None:
                for neuron in made[-1].neurons:
                    neuron.activation = activation
            else:
                made.append(activation)
        elif kind in FROM_TORCH:
            made.append(FROM_TORCH[kind](theirs, f"layer{len(made) + 1}"))
            tensors = [p.detach().reshape(_rows(theirs), -1) for p in theirs.parameters()]
            numbers = torch.cat(tensors, 1).flatten().tolist() if tensors else []
            if len(numbers) != len(made[-1].parameters()):
                raise _refused("from_torch", theirs, f"a {kind} of rows, with weight and bias")
            for parameter, number in zip(made[-1].parameters(), numbers, strict=True):
                parameter.data = number
        else:
            raise _refused("from_torch", theirs, f"one of {', '.join([*FROM_TORCH, *named])}")
    return Sequential(*made).train(module.training)


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


def _rows(theirs: Any) -> int:
    """In how many rows PyTorch's parameters stand beside each other as a neuron's w and b do."""
    return int(getattr(theirs, "out_features", 1))


def _parts_of(model: Any) -> Iterator[Any]:
    """The parts of MLPs and Sequentials, and behind neurons their activation."""
    if type(model) in (MLP, Sequential):
        for part in model.layers:
            yield from _parts_of(part)
        return
    yield model
    if type(model) in (Neuron, Layer, Linear) and model.activation is not None:
        yield model.activation
