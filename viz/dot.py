"""Graph → DOT text: what Graphviz is asked, and ``viz.draw_dot`` in micrograd's form.

``source`` writes a drawing's boxes as tables of fixed cells, a port a wire, so that the layout engine
knows both ends of every wire and no font of its own can move them. Read by layout.py and drawing.py.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from autograd.errors import DrawingError
from autograd.names import clean
from autograd.numbers import show

from .drawing import (
    FONT,
    PAD_X,
    SMALL,
    Box,
    Drawing,
    Wire,
    drawable,
    inside,
    minus,
    write_whole,
)
from .svg import THEMES, xml

if TYPE_CHECKING:
    import graphviz

    from autograd.graph import Graph
    from autograd.value import Value

STUB = 12  # px, the straight end of every wire; room for an arrowhead
BETWEEN, GAP = 18.0, 26.0  # px: clear space above a box, and between columns beside the stubs
TABLE = 'TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"'


def source(
    boxes: Sequence[Box],
    wires: Sequence[Wire],
    rows: Sequence[int] | None = None,
    *,
    labels: bool = True,
    gap: float = GAP,
) -> str:
    """The drawing as DOT text: with labels to be read and rendered, without them to be laid out.

    ``rows``: the row at its source of each wire; None: they leave from the middle of the right edge.
    """
    lines = [
        "digraph {",
        f"graph [rankdir=LR, nodesep={BETWEEN / 72:.3f}, ranksep={gap / 72:.3f}, nslimit=2, nslimit1=2, bgcolor=white]",
        'node [shape=plain, fontname="Courier New"]',
        f'edge [arrowhead=none, color="{THEMES["light"].line}"]',
    ]
    for box in boxes:
        lines.append(f"n{box.index} [label=<{_table(box, rows is not None, labels)}>]")
    for index, wire in enumerate(wires):
        tail, head = boxes[wire.source], boxes[wire.target]
        leaves = f":r{rows[index]}" if rows is not None and _rows(tail) > 1 else ""
        arrives = f":p{wire.port}" if head.ports > 1 else ""
        lines.append(f'n{wire.source}{leaves}:e -> n{wire.target}{arrives}:w [id="{index}"]')
    return "\n".join([*lines, "}"]) + "\n"


def _rows(box: Box) -> int:
    return 1 if box.shares else max(1, box.uses)


def _table(box: Box, rows: bool, labels: bool) -> str:
    """A box as a table: a column of operand ports, the box, a column of rows."""
    stub = 1 if labels else STUB
    arrive = _column("p", stub, box.height, [box.port(i) for i in range(box.ports)])
    leave = _column("r", stub, box.height, [box.row(i) for i in range(_rows(box))] if rows else [])
    cell = f'<TD FIXEDSIZE="TRUE" WIDTH="{box.width - 2 * labels}" HEIGHT="{box.height}"'
    if not labels:
        return f"<{TABLE}><TR>{arrive}{cell}></TD>{leave}</TR></TABLE>"
    look = THEMES["light"]
    fill, style = (look.leaf, ' STYLE="ROUNDED"') if box.leaf else (look.box, "")
    outer = f'{TABLE}{style} BGCOLOR="{fill}" COLOR="{look.line}"'.replace(
        'BORDER="0"', 'BORDER="1"', 1
    )
    return f"<{outer}><TR>{arrive}{cell}>{''.join(_text(box))}</TD>{leave}</TR></TABLE>"


def _text(box: Box) -> Iterator[str]:
    """The three lines of a box, as a table so that the numbers stand in one column."""
    look = THEMES["light"]
    op, rest = f"<B>{_quoted(box.op)}</B>" if box.op else "", _quoted(box.title[len(box.op) :])
    yield f'<{TABLE}><TR><TD ALIGN="LEFT" COLSPAN="2"><FONT POINT-SIZE="{FONT:g}">{op}{rest}</FONT></TD></TR>'
    for word, n, ink in (("value", box.value, look.text), ("grad", box.grad, look.motion)):
        colour = look.quiet if n is None else ink
        yield (
            f'<TR><TD ALIGN="LEFT"><FONT POINT-SIZE="{SMALL:g}" COLOR="{look.quiet}">{word} </FONT></TD>'
            f'<TD ALIGN="LEFT" WIDTH="{box.width - 2 * PAD_X - 36}">'
            f'<FONT POINT-SIZE="{FONT:g}" COLOR="{colour}">{minus(show(n))}</FONT></TD></TR>'
        )
    yield "</TABLE>"


def _column(letter: str, width: int, height: int, middles: Sequence[float]) -> str:
    """A column of cells whose middles lie at these heights; one port needs no cell of its own."""
    if len(middles) < 2:
        return f'<TD FIXEDSIZE="TRUE" WIDTH="{width}" HEIGHT="{height}"></TD>'
    pitch = round(middles[1] - middles[0])
    above = round(middles[0] - pitch / 2)
    below = height - above - pitch * len(middles)
    cells = "".join(
        f'<TR><TD{port} FIXEDSIZE="TRUE" WIDTH="{width}" HEIGHT="{tall}"></TD></TR>'
        for port, tall in (
            ("", above), *((f' PORT="{letter}{i}"', pitch) for i in range(len(middles))), ("", below)
        )
        if tall
    )  # fmt: skip
    return f"<TD><{TABLE}>{cells}</TABLE></TD>"


def _quoted(text: str) -> str:
    """``text`` in an HTML-like label: Graphviz reads escapes like ``\\N`` there, entities or not."""
    return xml(text.replace("\\", "\\\\"))


@cache
def _digraph() -> type[graphviz.Digraph]:
    """graphviz's Digraph with our way of finding a program; made when first asked for."""
    import graphviz

    from .layout import render

    class Digraph(graphviz.Digraph):  # type: ignore[misc]
        """``graphviz.Digraph`` that draws without a ``dot`` on the PATH."""

        drawn: Graph | None = None  # what to draw where no program works

        def pipe(
            self, format: str | None = None, renderer: str | None = None, formatter: str | None = None,
            neato_no_op: object = None, quiet: bool = False, *, engine: str | None = None,
            encoding: str | None = None,
        ) -> bytes | str:  # fmt: skip
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
            self, filename: str | None = None, directory: str | None = None, view: bool = False,
            cleanup: bool = False, format: str | None = None, *args: Any, outfile: str | None = None,
            quiet_view: bool = False, raise_if_result_exists: bool = False,
            overwrite_source: bool = False, **options: Any,
        ) -> str:  # fmt: skip
            """Save the DOT text and the picture beside it; the path of the picture."""
            if outfile is not None:
                outfile = os.fspath(outfile)
                format = format or os.path.splitext(outfile)[1][1:]
                filename = filename or os.path.splitext(outfile)[0] + ".gv"
            source = self.save(filename, directory)
            target = outfile or f"{source}.{format or self.format}"
            if raise_if_result_exists and os.path.exists(target):
                raise graphviz.FileExistsError(f"output file exists: {target!r}")
            write_whole(target, self.pipe(format, *args, **options))
            if cleanup:
                os.remove(source)
            if view or quiet_view:
                graphviz.view(target, quiet=quiet_view)
            return target

    return Digraph


def draw_dot(root: Value | Graph, format: str = "svg", rankdir: str = "LR") -> graphviz.Digraph:
    """The graph as micrograd's ``draw_dot`` shows it, in a ``graphviz.Digraph`` that always draws.

    Its ``pipe``, ``render`` and notebook form use the programs that layout.py finds; without any, SVG is
    drawn as ``viz.graph`` draws it, and other formats raise DrawingError.

    Args:
        root: the result of an expression, or its Graph.
        format: what ``render`` and ``pipe`` give by default.
        rankdir: ``LR``, or ``TB`` for top to bottom.
    """
    if rankdir not in ("LR", "TB"):
        raise ValueError(f"draw_dot: rankdir must be 'LR' or 'TB', got {rankdir!r}")
    graph = drawable(root)
    digraph = _digraph()(format=format, graph_attr={"rankdir": rankdir})
    digraph.drawn = graph
    for index, record in enumerate(graph.ops):
        value, grad = graph.values[index], graph.grads[index] or 0.0
        label, data = clean(graph.labels[index]), "–" if value is None else f"{value:.4f}"
        fields = [*filter(None, [label]), f"data {data}", f"grad {grad:.4f}"]
        text = " | ".join(re.sub(r"[\\{}|<>]", r"\\\g<0>", field) for field in fields)
        digraph.node(f"n{index}", label=f"{{ {text} }}", shape="record")
        if record is not None:
            op = inside(record, graph.operands[index])
            digraph.node(f"n{index}op", label=clean(op).replace("\\", r"\\"))
            digraph.edge(f"n{index}op", f"n{index}")
            for source in graph.operands[index]:
                if type(source) is int:
                    digraph.edge(f"n{source}", f"n{index}op")
    return digraph
