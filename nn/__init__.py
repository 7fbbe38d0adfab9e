"""Neurons, layers and networks of Values; losses and an optimizer. On autograd only."""

from .data import SPECIES, iris
from .layers import MLP, Dropout, Embedding, Layer, LayerNorm, Linear, Neuron, Sequential
from .losses import binary_cross_entropy, cross_entropy, mse
from .module import Module
from .optimizers import SGD

__all__ = [
    "MLP", "SGD", "SPECIES", "Dropout", "Embedding", "Layer", "LayerNorm", "Linear", "Module",
    "Neuron", "Sequential", "binary_cross_entropy", "cross_entropy", "iris", "mse",
]  # fmt: skip
