"""Graph → DOT text: what Graphviz is asked, and ``viz.draw_dot`` in micrograd's form.

``source`` writes the boxes as tables of fixed cells with a port a wire, so that the engine knows
both ends of every wire, and no font of its own moves them. Read by layout.py and drawing.py.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from autograd.errors import DrawingError
from autograd.names import clean
from autograd.numbers import show

from .drawing import (
    FONT,
    PAD_X,
    SMALL,
    WORD,
    Box,
    Drawing,
    Wire,
    drawable,
    inside,
    minus,
    write_whole,
)
from .svg import THEMES, tag, xml

if TYPE_CHECKING:
    import graphviz

    from autograd.graph import Graph
    from autograd.value import Value

STUB = 12  # px, the straight end of every wire: room for an arrowhead
BETWEEN, GAP = 18.0, 10.0  # px, clear space above a box; between columns, beside the stubs
LOOK = THEMES["light"]
HEAD = """digraph {{
graph [rankdir=LR, nodesep={:.3f}, ranksep={:.3f}, nslimit=2, nslimit1=2, bgcolor="{}"]
node [shape=plain, fontname="Courier New", fontcolor="{}"]
edge [arrowhead=none, color="{}"]
"""  # a bounded network simplex (nslimit) is four times faster at 358 nodes, and looks the same


def source(
    boxes: Sequence[Box],
    wires: Sequence[Wire],
    rows: Sequence[int] | None = None,
    *,
    labels: bool = True,
    gap: float = GAP,
) -> str:
    """The drawing as DOT text: with labels to be rendered, without them to be laid out.

    ``rows``: the row at its source of each wire; None: they leave from the middle of the edge.
    """
    lines = [_node(box, rows is not None, labels) for box in boxes]
    for index, wire in enumerate(wires):
        tail, head = boxes[wire.source], boxes[wire.target]
        leaves = f":r{rows[index]}" if rows is not None and tail.rows > 1 else ""
        arrives = f":p{wire.port}" if head.ports > 1 else ""
        lines.append(f'n{tail.index}{leaves}:e -> n{head.index}{arrives}:w [id="{index}"]')
    apart = (gap + 2 * STUB if labels else gap) / 72
    head_text = HEAD.format(BETWEEN / 72, apart, LOOK.paper, LOOK.text, LOOK.line)
    return head_text + "\n".join(lines) + "\n}\n"


def _node(box: Box, rows: bool, labels: bool) -> str:
    """A box as a table of three cells: its operands' ports, its text, its uses' rows."""
    stub = 1 if labels else STUB
    cells = (
        _ports("p", stub, box.height, [box.port(i) for i in range(box.ports)]),
        _cell(box.width - 2 * labels, box.height, _text(box) if labels else "", CELLPADDING=PAD_X),
        _ports("r", stub, box.height, [box.row(i) for i in range(box.rows if rows else 0)]),
    )
    look: dict[str, Any] = {}
    if labels:
        look = {"BORDER": 1, "COLOR": LOOK.line, "BGCOLOR": LOOK.leaf if box.leaf else LOOK.box}
        look["STYLE"] = "ROUNDED" if box.leaf else ""
    return f"n{box.index} [label=<{_table([cells], **look)}>]"


def _text(box: Box) -> str:
    """The lines of a box. Graphviz reads escapes like ``\\N`` there: backslashes are doubled."""
    op, rest = (xml(x.replace("\\", r"\\")) for x in (box.op, box.title[len(box.op) :]))
    title = (tag("B", op) if op else "") + rest
    lines = [[tag("TD", tag("FONT", title, POINT_SIZE=FONT), ALIGN="LEFT", COLSPAN=2)]]
    for word, n, ink in (("value", box.value, LOOK.text), ("grad", box.grad, LOOK.motion)):
        quiet = tag("FONT", word, POINT_SIZE=SMALL, COLOR=LOOK.quiet)
        number = tag(
            "FONT", minus(show(n)), POINT_SIZE=FONT, COLOR=LOOK.quiet if n is None else ink
        )
        wide = box.width - 2 * PAD_X - WORD
        cells = ((quiet, WORD), (number, wide))
        lines.append([tag("TD", text, WIDTH=width, ALIGN="LEFT") for text, width in cells])
    return _table(lines)


def _ports(letter: str, width: int, height: int, middles: Sequence[float]) -> str:
    """A cell with a port at each of these heights; a single one is the middle of the edge."""
    if len(middles) < 2:
        return _cell(width, height)
    pitch = round(middles[1] - middles[0])
    above = round(middles[0] - pitch / 2)
    below = height - above - pitch * len(middles)
    ports = [_cell(width, pitch, PORT=f"{letter}{i}") for i in range(len(middles))]
    around = [_cell(width, tall) if tall else "" for tall in (above, below)]
    return tag("TD", _table([[cell] for cell in (around[0], *ports, around[1]) if cell]))


def _cell(width: int, height: int, content: str = "", **more: object) -> str:
    return tag("TD", content, FIXEDSIZE="TRUE", WIDTH=width, HEIGHT=height, **more)


def _table(rows: Sequence[Sequence[str]], **look: Any) -> str:
    bare = {"BORDER": 0, "CELLBORDER": 0, "CELLSPACING": 0, "CELLPADDING": 0}
    return tag("TABLE", "".join(tag("TR", "".join(row)) for row in rows), **(bare | look))


# ------------------------------------------------------------------ as micrograd draws
def draw_dot(root: Value | Graph, format: str = "svg", rankdir: str = "LR") -> graphviz.Digraph:
    """The graph as micrograd's ``draw_dot`` shows it, in a ``graphviz.Digraph`` that always draws.

    Its ``pipe``, ``render`` and notebook form use the programs that layout.py finds. Without any,
    its SVG is that of ``viz.graph``, and other formats raise DrawingError.

    Args:
        root: the result of an expression, or a Graph.
        format: what ``render`` and ``pipe`` make by default.
        rankdir: ``LR``, or ``TB`` for top to bottom.
    """
    if rankdir not in ("LR", "TB"):
        raise ValueError(f"draw_dot: rankdir must be 'LR' or 'TB', got {rankdir!r}")
    graph = drawable(root)
    digraph = _digraph()(format=format, graph_attr={"rankdir": rankdir})
    digraph.drawn = graph
    for index, record in enumerate(graph.ops):
        value, grad = graph.values[index], graph.grads[index] or 0.0
        fields = ["data –" if value is None else f"data {value:.4f}", f"grad {grad:.4f}"]
        if graph.labels[index]:  # braces, bars and the like would make fields of their own
            fields.insert(0, re.sub(r"[\\{}|<>]", r"\\\g<0>", clean(graph.labels[index])))
        digraph.node(f"n{index}", label=f"{{ {' | '.join(fields)} }}", shape="record")
        if record is not None:
            op = inside(record, graph.operands[index])
            digraph.node(f"n{index}op", label=op.replace("\\", r"\\"))
            digraph.edge(f"n{index}op", f"n{index}")
        for operand in graph.operands[index]:
            if type(operand) is int:
                digraph.edge(f"n{operand}", f"n{index}op")
    return digraph


@cache
def _digraph() -> type[graphviz.Digraph]:
    """graphviz's Digraph with our way of finding a program; made when first asked for."""
    import graphviz  # only draw_dot needs it

    from .layout import render  # it reads this file

    class Digraph(graphviz.Digraph):  # type: ignore[misc]
        """``graphviz.Digraph`` that needs no ``dot`` on the PATH."""

        drawn: Graph | None = None  # for where no program works

        def pipe(
            self,
            format: str | None = None,
            renderer: str | None = None,
            formatter: str | None = None,
            *args: Any,
            engine: str | None = None,
            encoding: str | None = None,
            **options: Any,
        ) -> Any:
            """The picture as bytes, or as text in ``encoding``."""
            form = format or self.format
            if form not in graphviz.FORMATS:
                raise ValueError(
                    f"pipe: a format of Graphviz's is required, got {form!r}; try 'svg'"
                )
            output = ":".join(filter(None, (form, renderer, formatter)))
            try:
                content = render(self.source, output, engine=engine or self.engine)
            except DrawingError:
                if output != "svg" or self.drawn is None:
                    raise
                content = Drawing(self.drawn).svg.encode()
            return content if encoding is None else content.decode(encoding)

        def render(
            self,
            filename: str | os.PathLike[str] | None = None,
            directory: str | os.PathLike[str] | None = None,
            view: bool = False,
            cleanup: bool = False,
            format: str | None = None,
            *args: Any,
            outfile: str | os.PathLike[str] | None = None,
            **options: Any,
        ) -> str:
            """Save the DOT text, and the picture beside it or as ``outfile``; its path."""
            if outfile is not None:
                stem, suffix = os.path.splitext(os.fspath(outfile))
                filename, format = filename or f"{stem}.gv", format or suffix[1:]
            written = self.save(filename, directory=directory)
            target = f"{written}.{format or self.format}" if outfile is None else os.fspath(outfile)
            write_whole(target, self.pipe(format, *args, **options))
            if cleanup:
                os.remove(written)
            if view:
                graphviz.view(target)
            return target

    return Digraph
