"""``viz.graph``: a graph's picture, as SVG, DOT text, PNG, in a file, in a notebook.

Reads boxes.py, layout.py (where), svg.py (how it looks) and dot.py; read by digraph.py, page.py and
steps.py.
"""

from __future__ import annotations

import base64
import os
from contextlib import suppress
from functools import cached_property
from typing import Any

from autograd.graph import Graph, walk
from autograd.numbers import show
from autograd.value import Value

from .boxes import Geometry, boxes_and_wires
from .dot import source
from .errors import DrawingError
from .state import State
from .svg import svg, xml

MAX_NODES = 3000  # beyond, nobody finds anything in it, and the engines take minutes


class Drawing:
    """A graph's picture: ``.svg``, ``.dot``, ``.png``, ``.save(path)``; a notebook shows it.

    ``.nodes`` are its boxes, one a node of ``.graph``, and ``.wires`` one a use.
    """

    def __init__(self, graph: Graph, *, amounts: bool = False) -> None:
        """``amounts``: with room for what came in by each use, as a walk shows it."""
        self.graph = graph
        self.nodes, self.wires = boxes_and_wires(graph, amounts)

    def __repr__(self) -> str:
        return f"Drawing of {self.title}"

    @property
    def title(self) -> str:
        """``L = 1.225: 7 operations on 4 leaves``."""
        roots = [self.nodes[i] for i in self.graph.roots]
        results = [f"{x.name} = {show(x.value)}" if x.value is not None else x.name for x in roots]
        leaves = sum(box.leaf for box in self.nodes)
        ops = len(self.nodes) - leaves
        counts = f"{ops} operation{'s' * (ops != 1)} on {leaves} lea{'f' if leaves == 1 else 'ves'}"
        stale = [box.name for box in self.nodes if box.stale]
        if stale:
            were = "was" if len(stale) == 1 else "were"
            counts += f"; {', '.join(stale)} {were} changed after {roots[0].name} was computed"
        return f"{', '.join(results)}: {counts}"

    @cached_property
    def geometry(self) -> Geometry:
        """Where boxes and wires are: the layout engine is asked once."""
        from .layout import place  # half of what importing viz may cost

        return place(self.nodes, self.wires)

    def picture(self, theme: str = "light", state: State | None = None) -> str:
        """The SVG, light or dark; with ``Run.state``, as it is at a step of a pass."""
        return svg(self.nodes, self.wires, self.geometry, self.title, theme, state)

    @cached_property
    def svg(self) -> str:
        """The drawing as SVG text."""
        return self.picture()

    @property
    def dot(self) -> str:
        """The drawing as DOT text, for Graphviz."""
        return source(self.nodes, self.wires)

    @cached_property
    def png(self) -> bytes:
        """The drawing as Graphviz's own renderer shows it; DrawingError where none does in 15 s."""
        from .layout import render

        return render(self.dot, "png")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write SVG, DOT text or PNG to ``path``, by its suffix: wholly, or not at all."""
        suffix = os.path.splitext(os.fspath(path))[1].lower()
        if suffix not in (".svg", ".dot", ".png"):
            raise ValueError(
                f"save: a path that ends in .svg, .dot or .png is required, got {os.fspath(path)!r}"
            )
        content = getattr(self, suffix[1:])
        write_whole(path, content if suffix == ".png" else content.encode())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """An image, as notebooks that drop inline SVG keep it."""
        data = base64.b64encode(self.svg.encode()).decode()
        image = f'<img src="data:image/svg+xml;base64,{data}" alt="{xml(self.title)}">'
        return {"text/html": image, "text/plain": repr(self)}


def graph(root: Value | Graph, *, max_nodes: int = MAX_NODES) -> Drawing:
    """A drawing of all that is under ``root``: a box an op or leaf, a wire a use.

    It reads the numbers that the nodes hold now. More than ``max_nodes`` nodes: DrawingError.

    >>> from autograd import Value
    >>> graph((Value(2.0, "x") * Value(0.5, "w")).tanh())
    Drawing of y = 0.76159: 2 operations on 2 leaves
    """
    return Drawing(drawable(root, max_nodes))


def drawable(root: Value | Graph, max_nodes: int = MAX_NODES) -> Graph:
    """The graph under ``root``, unless it is too large to draw."""
    if isinstance(root, Value):
        size = sum(1 for _ in walk((root,), {}))  # much less work than a Graph
    else:
        size = len(root) if isinstance(root, Graph) else 0  # Graph refuses anything else
    if size > max_nodes:
        raise DrawingError(
            f"graph: a drawing of at most {max_nodes} nodes is asked for, got {size}; "
            f"draw a node nearer the leaves, or pass max_nodes={size}"
        )
    return root if isinstance(root, Graph) else Graph(root)


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file wholly or not at all: beside its place first, then into it."""
    import secrets  # only saving needs these
    import shutil

    target = os.path.realpath(path)
    beside = f"{target}.{secrets.token_hex(4)}"
    try:
        with open(beside, "xb") as file:
            file.write(content)
        if os.path.exists(target):
            shutil.copymode(target, beside)
        os.replace(beside, target)
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error
    finally:
        with suppress(OSError):  # there still if it was not put into its place
            os.remove(beside)
