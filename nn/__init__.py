"""Neurons, layers and networks of Values; losses and an optimizer. On autograd only."""

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
)
from .module import Module
from .optimizers import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop, clip_gradients

if TYPE_CHECKING:
    from . import data as data
    from .data import SPECIES as SPECIES
    from .data import iris as iris

__all__ = [
    "MLP", "SGD", "SPECIES", "Adagrad", "Adam", "AdamW", "Dropout", "Embedding", "Layer",
    "LayerNorm", "Linear", "Module", "Neuron", "Optimizer", "RMSprop", "Sequential",
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "clip_gradients", "cross_entropy",
    "data", "hinge", "huber", "iris", "kl_divergence", "mae", "mse", "schedules",
]  # fmt: skip
_LATER = {"SPECIES": "data", "data": "", "iris": "data"}  # with NumPy, or a room's own name


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'nn' has no attribute {name!r}")
    room = importlib.import_module(f".{_LATER[name] or name}", __name__)
    return getattr(room, name) if _LATER[name] else room
