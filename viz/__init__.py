"""Drawings and steps: what a graph is, and how its gradients come about.

``viz.graph(root)`` draws, ``viz.draw_dot(root)`` draws as micrograd does, ``viz.trace(root)`` walks
the forward and the backward pass. Reads autograd only, and computes no gradient of its own.
"""

from .digraph import draw_dot
from .drawing import Drawing, graph
from .errors import DrawingError
from .steps import Trace, trace

__all__ = ["Drawing", "DrawingError", "Trace", "draw_dot", "graph", "trace"]
