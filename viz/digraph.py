"""``viz.draw_dot``: a graph in micrograd's form, drawn by whatever layout.py finds.

Reads boxes.py, layout.py and drawing.py; read by nothing in viz.
"""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from autograd.graph import Graph
from autograd.names import clean
from autograd.sweep import written_since
from autograd.value import Value
from autograd.writing import write_whole

from .boxes import CHANGED, inside
from .drawing import MAX_NODES, Drawing, drawable
from .errors import DrawingError

if TYPE_CHECKING:
    import graphviz

    Place = str | os.PathLike[str]


def draw_dot(
    root: Value | Graph, format: str = "svg", rankdir: str = "LR", *, max_nodes: int = MAX_NODES
) -> graphviz.Digraph:
    """The graph as micrograd's ``draw_dot`` shows it, in a ``graphviz.Digraph`` that always draws.

    Without any Graphviz its SVG is that of ``viz.graph``, and other formats raise DrawingError.
    ``format``: what ``render`` and ``pipe`` make by default; ``rankdir``: LR, or TB.
    """
    if rankdir not in ("LR", "TB"):
        raise ValueError(f"draw_dot: rankdir must be 'LR' or 'TB', got {rankdir!r}")
    graph = drawable(root, max_nodes)
    digraph = _digraph()(format=format, graph_attr={"rankdir": rankdir})
    digraph.drawn, stale = graph, set(written_since(graph))
    for index, (record, operands) in enumerate(zip(graph.ops, graph.operands)):
        value, grad = graph.values[index], graph.grads[index] or 0.0
        fields = ["data –" if value is None else f"data {value:.4f}", f"grad {grad:.4f}"]
        if index in stale:
            fields.append(CHANGED)
        if graph.labels[index]:  # braces, bars and the like would make fields of their own
            fields.insert(0, re.sub(r"[\\{}|<>]", r"\\\g<0>", clean(graph.labels[index])))
        digraph.node(f"n{index}", label=f"{{ {' | '.join(fields)} }}", shape="record")
        if record is not None:
            digraph.node(f"n{index}op", label=inside(record, operands).replace("\\", r"\\"))
            digraph.edge(f"n{index}op", f"n{index}")
        for operand in operands:
            if type(operand) is int:
                digraph.edge(f"n{operand}", f"n{index}op")
    return digraph


@cache
def _digraph() -> type[graphviz.Digraph]:
    """graphviz's Digraph with our way of finding a program; made when first asked for."""
    import graphviz  # only draw_dot needs it

    from .layout import render

    class Digraph(graphviz.Digraph):  # type: ignore[misc]
        """``graphviz.Digraph`` that needs no ``dot`` on the PATH."""

        drawn: Graph | None = None  # for where no program works

        def pipe(
            self, format: str | None = None, renderer: str | None = None,
            formatter: str | None = None, *, engine: str | None = None,
            encoding: str | None = None, **options: Any,
        ) -> Any:  # fmt: skip
            """The picture as bytes, or as text in ``encoding``."""
            form = format or self.format
            if form not in graphviz.FORMATS:
                raise ValueError(f"pipe: one of Graphviz's formats is required, got {form!r}")
            if engine is not None and engine not in graphviz.ENGINES:
                raise ValueError(f"pipe: one of Graphviz's engines is required, got {engine!r}")
            output = ":".join(filter(None, (form, renderer, formatter)))
            try:
                content = render(self.source, output, engine=engine or self.engine)
            except DrawingError:
                if output != "svg" or self.drawn is None:
                    raise
                content = Drawing(self.drawn).svg.encode()
            return content if encoding is None else content.decode(encoding)

        def render(
            self, filename: Place | None = None, directory: Place | None = None,
            view: bool = False, cleanup: bool = False, format: str | None = None, *,
            outfile: Place | None = None, **options: Any,
        ) -> str:  # fmt: skip
            """Save the DOT text, and the picture beside it or as ``outfile``; its path."""
            if outfile is not None:
                stem, suffix = os.path.splitext(os.fspath(outfile))
                filename, format = filename or f"{stem}.gv", format or suffix[1:]
            content = self.pipe(format, **options)  # first: what cannot be drawn leaves no file
            if directory is not None:
                self.directory = os.fspath(directory)
            if filename is not None:
                self.filename = os.fspath(filename)
            written = self.filepath
            os.makedirs(os.path.dirname(written) or ".", exist_ok=True)
            write_whole(written, self.source.encode(self.encoding))
            target = f"{written}.{format or self.format}" if outfile is None else os.fspath(outfile)
            write_whole(target, content)
            if cleanup:
                os.remove(written)
            if view:
                graphviz.view(target)
            return target

    return Digraph
