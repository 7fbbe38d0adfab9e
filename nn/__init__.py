"""Neurons, layers and networks of Values; losses and an optimizer. On autograd only."""

from .data import SPECIES, iris
from .layers import MLP, Layer, Neuron
from .losses import binary_cross_entropy, cross_entropy, mse
from .module import Module
from .optimizers import SGD

__all__ = [
    "MLP", "SGD", "SPECIES", "Layer", "Module", "Neuron", "binary_cross_entropy", "cross_entropy",
    "iris", "mse",
]  # fmt: skip
