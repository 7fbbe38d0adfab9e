"""``viz.graph``: a graph's picture, as SVG, DOT text, PNG, in a file, in a notebook.

Reads boxes.py, layout.py (where), svg.py (how it looks), dot.py and notebook.py; read by
digraph.py, notebook.py, page.py and steps.py.
"""

from __future__ import annotations

import math
import numbers
import os
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any

from autograd.graph import Graph, walk
from autograd.numbers import plural, show
from autograd.sweep import written_since
from autograd.value import Value
from autograd.writing import write_whole

from .boxes import Geometry, boxes_and_wires
from .dot import source
from .errors import DrawingError
from .notebook import image
from .state import Run, State
from .svg import svg

if TYPE_CHECKING:
    from .folding import Cut, Folding

MOST = 50  # boxes on a screen: more are not looked at one by one
SCREEN, SHRUNK = (1280, 800), 0.8  # px; a drawing may be shrunk so far, and its letters be read
NAMED = 6  # roots, or changed leaves, in a title
MAX_NODES = 3000  # beyond, nobody finds anything in it, and the engines take minutes


class Drawing:
    """A graph's picture: ``.svg``, ``.dot``, ``.png``, ``.save(path)``; a notebook shows it.

    ``.nodes`` are its boxes and ``.wires`` its wires: one a node of ``.graph`` and one a use, if it
    is not folded. Else ``.frames`` are around what is open, and ``.path`` names what was opened by
    name, with all that is around it.
    """

    def __init__(
        self, graph: Graph, *, amounts: bool = False, folding: Folding | None = None,
        cut: Cut | None = None,
    ) -> None:  # fmt: skip
        """``amounts``: with room for what came in by each use, as a walk shows it."""
        self.graph, self.folding, self.cut = graph, folding, cut
        self.nodes, self.wires = cut[:2] if cut else boxes_and_wires(graph, amounts)
        self.frames, self.path = (cut.frames, cut.path) if cut else ((), ())

    def __repr__(self) -> str:
        return f"Drawing of {self.title}"

    def view(self, name: str) -> Drawing:
        """The same drawing with one more box open, by its name or by the scope of its ops.

        Raises:
            ValueError: no box of this name has others inside.
        """
        if not isinstance(name, str):
            raise ValueError(f"graph: open must be the name of a box or scope, got {name!r}")
        if self.folding is None or self.cut is None:
            raise ValueError(f"graph: open names a folded box, got {name!r}; none is folded here")
        folding, cut = self.folding.beside(name, self.cut) or (self.folding, self.cut)
        return Drawing(self.graph, folding=folding, cut=folding.opening(cut, name))

    @cached_property
    def title(self) -> str:
        """``L = 1.225: 7 operations on 4 leaves``."""
        graph = self.graph
        called = self.folding.titles.names if self.folding else [box.name for box in self.nodes]
        results = [
            f"{called[i]}" + (f" = {show(x)}" if (x := graph.values[i]) is not None else "")
            for i in graph.roots[:NAMED]
        ] + ["…"] * (len(graph.roots) > NAMED)
        leaves = graph.ops.count(None)
        counts = f"{plural(len(graph) - leaves, 'operation')} on {plural(leaves, 'leaf')}"
        stale = [f"{called[i]}" for i in written_since(graph)]
        if stale:
            were = "was" if len(stale) == 1 else "were"
            listed = ", ".join(stale[:NAMED]) + " …" * (len(stale) > NAMED)
            counts += f"; {listed} {were} changed after {called[graph.roots[0]]} was computed"
        return f"{', '.join(results)}: {counts}"

    @cached_property
    def geometry(self) -> Geometry:
        """Where boxes and wires are: the layout engine is asked once, of a whole drawing."""
        from . import layout, nested  # half of what importing viz may cost

        if self.cut:
            return nested.place(self.nodes, self.wires, self.frames)
        return layout.place(self.nodes, self.wires)

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
        return source(self.nodes, self.wires, frames=self.frames)

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
        return {"text/html": image(self.svg, self.title), "text/plain": repr(self)}


def graph(
    root: Value | Graph, *, fold: int | str | None = "auto", open: str | None = None,
    max_nodes: int = MAX_NODES,
) -> Drawing:  # fmt: skip
    """A drawing of all that is under ``root``, with the numbers that the nodes hold now.

    Args:
        root: a result, or a Graph of several.
        fold: "auto": whole where it has at most 50 boxes; else loops, scopes and regions are boxes
            that open from the largest inwards while there are at most 50 and a screen of 1,280 ×
            800 px has room. A number: at most so many boxes. None: everything, a box a node.
        open: the name of a folded box, or a scope: it opens too, whatever room there is.
        max_nodes: more than that, with ``fold=None``: DrawingError.

    >>> from autograd import Value
    >>> graph((Value(2.0, "x") * Value(0.5, "w")).tanh())
    Drawing of y = 0.76159: 2 operations on 2 leaves
    """
    most: float = MOST
    if fold is None:
        most = math.inf
    elif fold != "auto":
        if not isinstance(fold, numbers.Integral) or isinstance(fold, bool) or fold < 1:
            raise ValueError(
                f'graph: fold must be "auto", None or a number of boxes >= 1, got {fold!r}'
            )
        most = int(fold)
    known = drawable(root, max_nodes if fold is None else None)
    drawing = folded(known, most, fold == "auto")
    return drawing if open is None else drawing.view(open)


def folded(graph: Graph, most: float = MOST, screen: bool = True) -> Drawing:
    """A drawing of at most ``most`` boxes, folded if it must be; ``screen``: that fits one."""
    if len(graph) <= most and len((whole := Drawing(graph)).nodes) <= most:
        return whole
    from .folding import Folding  # half of what importing viz may cost
    from .nested import place

    def fits(cut: Cut) -> bool:
        if not screen:
            return True
        width, height = place(cut.boxes, cut.wires, cut.frames)[:2]
        return SHRUNK * width <= SCREEN[0] and SHRUNK * height <= SCREEN[1]

    folding = Folding(graph)
    return Drawing(graph, folding=folding, cut=folding.largest(most, fits))


def final(run: Run) -> Drawing:
    """A run's drawing at its end, folded if it must be: its own gradients, not what Values hold."""
    graph = copy(run.graph)
    graph._hold(grads=[run.grads.get(i) for i in range(len(graph))])
    return folded(graph)


def drawable(root: Value | Graph, max_nodes: int | None = MAX_NODES) -> Graph:
    """The graph under ``root``, unless it is too large to draw; None: none is."""
    size = 0
    if isinstance(root, Graph):
        size = len(root)
    elif isinstance(root, Value) and max_nodes is not None:  # Graph refuses anything else
        size = sum(1 for _ in walk((root,), {}))  # much less work than a Graph
    if max_nodes is not None and size > max_nodes:
        raise DrawingError(
            f"graph: a drawing of at most {max_nodes} nodes is asked for, got {size}; "
            f"viz.graph(root) folds it; or draw a node nearer the leaves, or pass max_nodes={size}"
        )
    return root if isinstance(root, Graph) else Graph(root)
