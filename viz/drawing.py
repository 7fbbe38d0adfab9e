"""What is drawn: a Graph as boxes and wires, and ``viz.graph``, which draws it.

Reads autograd's Graph and names; read by layout.py and layered.py (where), svg.py (how it looks),
dot.py and the page. A box's size depends on names and structure, never on present numbers: the page
moves the numbers in place.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.errors import DrawingError
from autograd.graph import Graph, walk
from autograd.names import Name, fill, formula, names
from autograd.numbers import show
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.op import Op

    from .svg import Marks

MAX_NODES = 3000  # beyond, nobody finds anything in it, and the engines take minutes
FONT, SMALL = 12.0, 9.5  # px; names and numbers, and the quiet words beside them
ADVANCE = 0.602  # em, a character of DejaVu Sans Mono; Menlo has the same, Consolas less
LINE = 17  # px, a line of text: title, value, grad; and a row of a use
PAD_X, PAD_Y = 8, 7  # px, inside a box
WORD = 36  # px, where the number begins after its word
LONGEST = "−1.2346e−15"  # the widest usual number; a digit more lies on the padding
ROWS = 6  # uses with a row each (INSIGHT); more of them leave from one point and are counted
AMOUNT = 100  # px, an amount and its tick beside the numbers
WRITTEN = 32  # characters of an op: the numbers of a dot with four inputs
HOVER = 200  # characters of a formula: what a tooltip shows
PORT = 12  # px, at least, between operands


@dataclass(frozen=True, slots=True)
class Box:
    """A node of the graph as it is drawn.

    Attributes:
        index: its place in ``Graph.nodes``.
        op: the symbol, with number operands written inside (``× 0.1``); empty for a leaf.
        name: what it is called; ``title``: op and name, as the box shows them.
        whole: the uncut label, and what it is of.
        value, grad: the present numbers; None: none yet.
        uses: how many places use it; ``ports``: how many of its operands are nodes.
        amounts: whether there is room for an amount and a tick a use.
    """

    index: int
    op: str
    name: str
    title: str
    whole: str
    value: float | None
    grad: float | None
    uses: int
    ports: int
    amounts: bool
    width: int
    height: int

    @property
    def leaf(self) -> bool:
        return not self.op

    @property
    def shares(self) -> bool:
        """Whether the uses are too many for a row each."""
        return self.uses > ROWS

    @property
    def rows(self) -> int:
        """From how many places of the right edge its wires leave."""
        return 1 if self.shares else max(1, self.uses)

    def row(self, row: int) -> float:
        """How far down the right edge the wire of a use leaves; rows lie on the lines of text."""
        if self.rows == 1:
            return self.height / 2
        return PAD_Y + LINE * (max(0, 3 - self.rows) + row + 0.5)

    def port(self, port: int) -> float:
        """How far down the left edge the wire of an operand arrives."""
        return self.height / 2 + (port - (self.ports - 1) / 2) * PORT


class Wire(NamedTuple):
    """One use of a node, in ``slot`` of ``target``: the ``port``-th of its operands that are nodes.

    ``use`` counts the uses of ``source`` from 0, in forward order.
    """

    source: int
    target: int
    slot: int
    port: int
    use: int


Segment = tuple[float, ...]  # two numbers: a point to go straight to; six: a cubic curve's


class Geometry(NamedTuple):
    """Where things are, in px from the top left: boxes by their corners, wires as paths.

    ``rows`` holds for each wire the row at which it leaves its source, top to bottom.
    """

    width: float
    height: float
    corners: tuple[tuple[float, float], ...]
    rows: tuple[int, ...]
    paths: tuple[tuple[Segment, ...], ...]
    engine: str


def text_width(text: str, size: float = FONT) -> float:
    """An estimate, in px, of ``text`` in the drawing's fixed-width font."""
    cells = 0.0
    for c in text:
        if c.isascii():
            cells += 1.0
        elif unicodedata.category(c) not in ("Mn", "Me", "Cf"):  # marks and joiners take no room
            cells += 2.1 if unicodedata.east_asian_width(c) in "WF" else 1.0
    return cells * ADVANCE * size


def inside(record: Op, operands: Sequence[int | float]) -> str:
    """The op's symbol, numbers in their places: ``× 0.1``, ``( )²``, ``2 - ( )``, ``max(·, 0)``.

    A number stands on the left only where the sides cannot be exchanged.
    """
    if all(type(x) is int for x in operands):
        return record.symbol
    infix = record.precedence < 5 and record.slots == 2
    if infix and record.commutes and type(operands[0]) is float:
        operands = operands[::-1]
    hole = Name("( )" if infix else "·")
    text = fill(record, [hole if type(x) is int else float(x) for x in operands])
    text = re.sub(r"·(, ·)+", "…", text).removeprefix("( ) ")
    return text if len(text) <= WRITTEN else text[: WRITTEN - 1] + "…"


def boxes_and_wires(graph: Graph, amounts: bool) -> tuple[tuple[Box, ...], tuple[Wire, ...]]:
    """A box a node, a wire a use."""
    called = names(graph)
    boxes, wires = [], []
    uses = {at: use for users in graph.users for use, at in enumerate(users)}
    for index, record in enumerate(graph.ops):
        ports = 0
        for slot, source in enumerate(graph.operands[index]):
            if isinstance(source, int):
                wires.append(Wire(source, index, slot, ports, uses[index, slot]))
                ports += 1
        boxes.append(_box(graph, index, record, called, ports, amounts))
    return tuple(boxes), tuple(wires)


def _box(
    graph: Graph, index: int, record: Op | None, called: Sequence[Name], ports: int, amounts: bool
) -> Box:
    name, uses = called[index], len(graph.users[index])
    whole = graph.labels[index] or name.text
    if record is not None:
        told = formula(graph, index, called)
        whole += f" = {told if len(told) <= HOVER else told[:HOVER] + '…'}"
    op = "" if record is None else minus(inside(record, graph.operands[index]))
    text = minus(name.text) if name.formula else name.text
    made_up = name.formula or name.numbered  # `tanh(x)`, `tanh 12` say the op themselves
    title = text if made_up and text.startswith(op) else f"{op} {text}".strip()
    numbers = WORD + text_width(LONGEST)
    width = max(numbers, text_width(title)) + 2 * PAD_X
    if amounts and uses > 1:
        width += AMOUNT
    lines = max(3, uses if 1 < uses <= ROWS else 0)
    height = max(lines * LINE + 2 * PAD_Y, ports * PORT + PAD_Y)
    return Box(
        index, op, text, title, whole, graph.values[index], graph.grads[index], uses, ports,
        amounts, width=round(width + 0.5), height=height + height % 2,  # engines' cells are whole
    )  # fmt: skip


def minus(text: str) -> str:
    """``text`` with the minus sign that drawings use."""
    return text.replace("-", "−")


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
        results = ", ".join(
            box.name if box.value is None else f"{box.name} = {show(box.value)}" for box in roots
        )
        leaves = sum(box.leaf for box in self.nodes)
        return f"{results}: {len(self.nodes) - leaves} operations on {leaves} leaves"

    @cached_property
    def geometry(self) -> Geometry:
        """Where boxes and wires are: the layout engine is asked once."""
        from .layout import place

        return place(self.nodes, self.wires)

    def picture(self, theme: str = "light", state: Marks | None = None) -> str:
        """The SVG, light or dark; with ``svg.marks``, as it is at a step of a backward pass."""
        from .svg import svg

        return svg(
            self.nodes, self.wires, self.geometry, title=self.title, theme=theme, state=state
        )

    @cached_property
    def svg(self) -> str:
        """The drawing as SVG text."""
        return self.picture()

    @property
    def dot(self) -> str:
        """The drawing as DOT text, for Graphviz."""
        from .dot import source

        return source(self.nodes, self.wires)

    @cached_property
    def png(self) -> bytes:
        """The drawing as Graphviz's own renderer shows it.

        Raises:
            DrawingError: there is no working Graphviz, or it takes more than 15 s.
        """
        from .layout import render

        return render(self.dot, "png")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the drawing to ``path``: SVG, DOT text or PNG, by its suffix.

        Raises:
            ValueError: the suffix is none of these.
            OSError: the file cannot be written; one that was there is left as it was.
        """
        suffix = os.path.splitext(os.fspath(path))[1].lower()
        if suffix not in (".svg", ".dot", ".png"):
            raise ValueError(
                f"save: a path that ends in .svg, .dot or .png is required, got {os.fspath(path)!r}"
            )
        content = self.svg if suffix == ".svg" else self.dot if suffix == ".dot" else self.png
        write_whole(path, content.encode() if isinstance(content, str) else content)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """An image, as notebooks that drop inline SVG keep it."""
        import base64
        from html import escape

        data = base64.b64encode(self.svg.encode()).decode()
        image = f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(self.title)}">'
        return {"text/html": image, "text/plain": repr(self)}


def graph(root: Value | Graph, *, max_nodes: int = MAX_NODES) -> Drawing:
    """A drawing of all that is under ``root``: a box an op or leaf, a wire a use.

    It reads the numbers that the nodes hold now, and changes none.

    Raises:
        DrawingError: there are more than ``max_nodes`` nodes.

    >>> from autograd import Value
    >>> graph((Value(2.0, "x") * Value(0.5, "w")).tanh())
    Drawing of result = 0.76159: 2 operations on 2 leaves
    """
    return Drawing(drawable(root, max_nodes))


def drawable(root: Value | Graph, max_nodes: int = MAX_NODES) -> Graph:
    """The graph under ``root``, unless it is too large to draw."""
    if isinstance(root, Value):
        size = sum(1 for _ in walk((root,), {}))  # much less work than a Graph
    else:
        size = len(root) if isinstance(root, Graph) else 0
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
        try:
            with open(beside, "xb") as file:
                file.write(content)
            if os.path.exists(target):
                shutil.copymode(target, beside)
            os.replace(beside, target)
        except BaseException:
            if os.path.exists(beside):
                os.remove(beside)
            raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error
