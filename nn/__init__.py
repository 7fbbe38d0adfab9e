"""Neurons, layers and networks of Values; losses, optimizers, training. On autograd only."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import schedules
from .layers import MLP, Dropout, Embedding, Layer, LayerNorm, Linear, Neuron, Sequential
from .losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge,
    huber,
    kl_divergence,
    mae,
    mse,
)  # fmt: skip
from .module import Module, folded, nearest
from .optimizers import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop, clip_gradients
from .porting import from_torch, to_torch

if TYPE_CHECKING:
    from . import data, plots
    from .data import SPECIES, iris
    from .files import load as load
    from .fitting import History, fit

__all__ = [
    "MLP", "SGD", "SPECIES", "Adagrad", "Adam", "AdamW", "Dropout", "Embedding", "History",
    "Layer", "LayerNorm", "Linear", "Module", "Neuron", "Optimizer", "RMSprop", "Sequential",
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "clip_gradients", "cross_entropy",
    "data", "fit", "from_torch", "hinge", "huber", "iris", "kl_divergence", "load", "mae", "mse",
    "plots", "schedules", "to_torch",
]  # fmt: skip
# With NumPy, at first use: what is in a room, or the room itself.
_LATER = {
    "History": "fitting", "SPECIES": "data", "data": "data", "fit": "fitting", "iris": "data",
    "load": "files", "plots": "plots",
}  # fmt: skip

_ELSEWHERE = {  # what PyTorch, Keras and scikit-learn have, and where it is here
    "Parameter": "autograd.Value", "ModuleList": "a list", "ModuleDict": "a dict",
    "optim": "nn.SGD, nn.Adam …", "functional": "nn's losses and autograd's functions",
    "clip_grad_norm_": "nn.clip_gradients", "DataLoader": "nn.data.batches",
    "train_test_split": "nn.data.split", "save": "model.save(path)",
}  # fmt: skip


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _remedy(name: str) -> str:
    """What to use in place of a name that is not here."""
    if name in _ELSEWHERE:
        return f"use {_ELSEWHERE[name]}"
    import autograd

    for op in dir(autograd):
        if folded(op) == folded(name) and not name.startswith("_"):
            own = getattr(autograd, op)
            as_one = f'activation="{op}", or ' if getattr(own, "slots", 0) == 1 else ""
            return f"use {as_one}autograd.{op}"
    return nearest(name.removesuffix("Loss"), __all__)


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'nn' has no attribute {name!r}; {_remedy(name)}")
    room = importlib.import_module(f".{_LATER[name]}", __name__)
    return getattr(room, name, room)
