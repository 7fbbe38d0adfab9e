"""Neurons, layers and networks of Values; losses and an optimizer. On autograd only."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .layers import MLP, Layer, Neuron
from .losses import binary_cross_entropy, cross_entropy, mse
from .module import Module
from .optimizers import SGD

if TYPE_CHECKING:
    from . import data as data
    from .data import SPECIES as SPECIES
    from .data import iris as iris

__all__ = [
    "MLP", "SGD", "SPECIES", "Layer", "Module", "Neuron", "binary_cross_entropy", "cross_entropy",
    "data", "iris", "mse",
]  # fmt: skip
_LATER = {"SPECIES": "data", "data": "", "iris": "data"}  # with NumPy, or a room's own name


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'nn' has no attribute {name!r}")
    room = importlib.import_module(f".{_LATER[name] or name}", __name__)
    return getattr(room, name) if _LATER[name] else room
