"""Neurons, layers and networks of Values; losses and an optimizer. On autograd only."""

from . import data, plots, schedules
from .data import SPECIES, iris
from .fitting import History, fit
from .layers import MLP, Dropout, Embedding, Layer, LayerNorm, Linear, Neuron, Sequential
from .losses import (
    binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, hinge, huber,
    kl_divergence, mae, mse,
)  # fmt: skip
from .module import Module
from .optimizers import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop, clip_gradients

__all__ = [
    "MLP", "SGD", "SPECIES", "Adagrad", "Adam", "AdamW", "Dropout", "Embedding", "History", "Layer", "LayerNorm", "Linear", "Sequential", "Module", "Neuron",
    "Optimizer", "RMSprop", "binary_cross_entropy", "binary_cross_entropy_with_logits",
    "clip_gradients", "cross_entropy", "data", "fit", "hinge", "huber", "iris", "kl_divergence",
    "mae", "mse", "plots", "schedules",
]  # fmt: skip
