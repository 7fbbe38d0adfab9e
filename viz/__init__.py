"""Drawings, steps and answers: what a graph is, how its gradients come about, and why.

``viz.graph(root)`` draws, ``viz.draw_dot(root)`` draws as micrograd does, ``viz.trace(root)`` walks
the forward and the backward pass, ``viz.play(root)`` in a terminal; ``viz.explain(root, value)``
says what a gradient is made of, ``viz.formula(root, wrt)`` writes it down, ``viz.watch(values)``
keeps it over a training. Reads autograd only, and computes no gradient of its own.
"""

import importlib
from typing import TYPE_CHECKING, Any

import autograd

if not hasattr(autograd, "backward_steps"):  # a file beside the program, or another distribution
    found = f"got {autograd.__file__}; rename that, or take an environment without it"
    raise ImportError(f"viz: whygrad's autograd is required, {found}")

from .digraph import draw_dot
from .drawing import Drawing, graph
from .errors import DrawingError
from .steps import Trace, trace

if TYPE_CHECKING:
    from .explanation import Explanation as Explanation
    from .explanation import explain as explain
    from .formulas import Formula as Formula
    from .formulas import formula as formula
    from .terminal import play as play
    from .watching import Watch as Watch
    from .watching import watch as watch

_AT_FIRST_USE = {
    "Explanation": "explanation", "explain": "explanation", "Formula": "formulas",
    "formula": "formulas", "play": "terminal", "Watch": "watching", "watch": "watching",
}  # fmt: skip
__all__ = [
    "Drawing", "DrawingError", "Explanation", "Formula", "Trace", "Watch", "draw_dot", "explain",
    "formula", "graph", "play", "trace", "watch",
]  # fmt: skip


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    if name in _AT_FIRST_USE:
        return getattr(importlib.import_module(f".{_AT_FIRST_USE[name]}", __name__), name)
    raise AttributeError(f"module 'viz' has no attribute {name!r}")
