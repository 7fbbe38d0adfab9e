"""Boxes and wires → DOT text, to be laid out or rendered by Graphviz.

A box is a table of fixed cells with a port a wire, so that the engine knows both ends of each wire,
and no font of its own moves them. Reads boxes.py and svg.py; read by layout.py and drawing.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from autograd.numbers import show

from .bars import Many, kinds, summary
from .boxes import CHANGED, Box, Boxes, Frame, Wires
from .letters import FONT, PAD_X, SMALL, WORD, fit, minus
from .svg import THEMES, tag, xml

Rows = Sequence[int] | None
STUB = 12  # px, the straight end of every wire: room for an arrowhead
BETWEEN, GAP = 18.0, 10.0  # px, clear space above a box; between columns, beside the stubs
LOOK = THEMES["light"]
HEAD = """digraph {{
graph [rankdir=LR, nodesep={:.3f}, ranksep={:.3f}, nslimit=2, nslimit1=2, bgcolor="{}"]
node [shape=plain, fontname="Courier New", fontcolor="{}"]
edge [arrowhead=none, color="{}"]
"""  # a bounded network simplex (nslimit) is four times faster at 358 nodes, and looks the same
BARE = {"BORDER": 0, "CELLBORDER": 0, "CELLSPACING": 0, "CELLPADDING": 0}


def source(
    boxes: Boxes, wires: Wires, rows: Rows = None, labels: bool = True, gap: float = GAP,
    frames: Sequence[Frame] = (),
) -> str:  # fmt: skip
    """The drawing as DOT text: with labels to be rendered, without them to be laid out.

    ``rows``: the row at its source of each wire; None: they leave from the middle of the edge.
    """
    apart = (gap + 2 * STUB if labels else gap) / 72
    lines = [HEAD.format(BETWEEN / 72, apart, LOOK.paper, LOOK.text, LOOK.line).rstrip()]
    lines += [_node(box, rows is not None, labels) for box in boxes]
    todo: list[Frame | str] = [*reversed(frames)]
    while todo:  # a frame is a cluster, with its boxes by name, and its frames
        frame = todo.pop()
        if isinstance(frame, str):
            lines.append(frame)
            continue
        title = _escaped(" · ".join(map(fit, (frame.title, *frame.lines))))
        title = tag("FONT", title, POINT_SIZE=FONT, COLOR=LOOK.text)
        lines.append(f'subgraph "cluster_{len(lines)}" {{ label=<{title}> labeljust=l')
        lines.append(f'color="{LOOK.line}" fontname="Courier New"')
        lines += [f"n{index}" for index in frame.boxes]
        todo += ["}", *reversed(frame.frames)]
    for index, wire in enumerate(wires):
        tail, head = boxes[wire.source], boxes[wire.target]
        leaves = f":r{rows[index]}" if rows is not None and tail.rows > 1 else ""
        arrives = f":p{wire.port}" if head.ports > 1 else ""
        lines.append(f'n{tail.index}{leaves}:e -> n{head.index}{arrives}:w [id="{index}"]')
    return "\n".join([*lines, "}\n"])


def _node(box: Box, rows: bool, labels: bool) -> str:
    """A box as a table of three cells: its operands' ports, its text, its uses' rows."""
    stub, look = STUB, {}
    if labels:
        fill, style = (LOOK.leaf, "ROUNDED") if box.leaf else (LOOK.box, "")
        stub, look = 1, {"BORDER": 1, "COLOR": LOOK.line, "BGCOLOR": fill, "STYLE": style}
    cells = (
        _ports("p", stub, box.height, [box.port(i) for i in range(box.ports)]),
        _cell(box.width - 2 * labels, box.height, _text(box) if labels else "", CELLPADDING=PAD_X),
        _ports("r", stub, box.height, [box.row(i) for i in range(box.rows if rows else 0)]),
    )
    return f"n{box.index} [label=<{_table([cells], **look)}>]"


def _text(box: Box) -> str:
    """The lines of a box. Graphviz reads escapes like ``\\N`` there: backslashes are doubled."""
    if box.many:
        return _table([[tag("TD", line, ALIGN="LEFT")] for line in _many(box, box.many)])
    op, rest = map(_escaped, box.title_parts)
    title = (tag("B", op) if op else "") + rest
    title = tag("FONT", title, POINT_SIZE=FONT)
    if box.stale:
        title += tag("FONT", f" {CHANGED}", POINT_SIZE=SMALL, COLOR=LOOK.quiet)
    lines = [[tag("TD", title, ALIGN="LEFT", COLSPAN=2)]]
    for word, n, ink in (("value", box.value, LOOK.text), ("grad", box.grad, LOOK.motion)):
        ink = LOOK.quiet if n is None else ink
        quiet = tag("FONT", word, POINT_SIZE=SMALL, COLOR=LOOK.quiet)
        number = tag("FONT", minus(show(n)), POINT_SIZE=FONT, COLOR=ink)
        cells = ((quiet, WORD), (number, box.width - 2 * PAD_X - WORD))
        lines.append([tag("TD", text, WIDTH=width, ALIGN="LEFT") for text, width in cells])
    return _table(lines)


def _many(box: Box, many: Many) -> Iterator[str]:
    """The lines of a box that stands for many: of its numbers how many, how long, the largest."""
    yield tag("FONT", tag("B", _escaped(fit(box.title))), POINT_SIZE=FONT)
    for line in many.lines:
        yield tag("FONT", _escaped(fit(line, SMALL)), POINT_SIZE=SMALL, COLOR=LOOK.quiet)
    for word, numbers in kinds(many):
        ink = LOOK.motion if word == "grad" else LOOK.text
        for line in summary(numbers):
            yield tag("FONT", f"{word} {line}", POINT_SIZE=SMALL, COLOR=ink)


def _escaped(text: str) -> str:
    return xml(text.replace("\\", r"\\"))


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
    return tag("TABLE", "".join(tag("TR", "".join(row)) for row in rows), **(BARE | look))
