"""Graph → boxes and wires: what is drawn, and how large it is.

Reads autograd's Graph, names and sweep, and bars.py; read by all that lays out and draws. A box's
size depends on names and structure, never on present numbers: the page moves the numbers in place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from autograd.errors import place
from autograd.graph import Graph
from autograd.names import Name, clean, fill, formula, names
from autograd.numbers import plural, show
from autograd.op import Op
from autograd.sweep import Contribution, backward_steps, written_since

from .bars import Many, size
from .letters import HOVER, LINE, PAD_X, PAD_Y, WORD, minus, text_width

LOWEST = 3 * LINE + 2 * PAD_Y  # px, a box's height: title, value, grad
LONGEST = "−1.2346e−15"  # the widest usual number; a digit more lies on the padding
CHANGED = "changed since"  # of a leaf whose present number is not what the ops were made with
ROWS = 6  # uses with a row each (INSIGHT); more of them leave from one point and are counted
AMOUNT = 100  # px, an amount and its tick beside the numbers
WRITTEN = 32  # characters of an op: the numbers of a dot with four inputs
FEW = 4  # numbers that are written out
PORT = 12  # px, at least, between operands


@dataclass(frozen=True, slots=True)
class Box:
    """A node of the graph as it is drawn, or several as one.

    Attributes:
        index: its place among the boxes; where nothing is folded, in ``Graph.nodes`` too.
        op: the symbol, with number operands written inside (``× 0.1``); empty for a leaf.
        name: what it is called; ``title``: op and name, as the box shows them.
        whole: the uncut label, and what it is of.
        value, grad: the present numbers; None: none yet.
        uses: how many places use it; ``ports``: how many of its operands are nodes.
        amounts: whether there is room for an amount and a tick a use.
        stale: a leaf that was written since an op used it.
        nodes: what it stands for, by place in ``Graph.nodes``; empty for plain numbers.
        many: what it says where it stands for several, or for plain numbers; None: for one node.
        opens: the name that ``viz.graph(root, open=…)`` opens it by; empty: nothing is inside.
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
    stale: bool
    width: int
    height: int
    nodes: tuple[int, ...] = ()
    many: Many | None = None
    opens: str = ""

    @property
    def leaf(self) -> bool:
        return not self.op

    @property
    def title_parts(self) -> tuple[str, str]:
        """The op, to be set bold, and the rest; of ``negative 3`` the whole word, not ``neg``."""
        at = len(self.op) if self.title.startswith(self.op) else 0
        while self.title[at - 1 : at].isalpha() and self.title[at : at + 1].isalpha():
            at += 1
        return self.title[:at], self.title[at:]

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
        if self.many:
            return self.height / 2 + (row - (self.rows - 1) / 2) * PORT
        return PAD_Y + LINE * (max(0, 3 - self.rows) + row + 0.5)

    def port(self, port: int) -> float:
        """How far down the left edge the wire of an operand arrives."""
        return self.height / 2 + (port - (self.ports - 1) / 2) * PORT


class Passed:
    """What the last pass sent through each use: made when first asked for, one pass for all."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    @cached_property
    def sent(self) -> dict[tuple[int, int], Contribution]:
        """By op and slot. Nothing before a pass, of several roots, and without Values."""
        graph, root = self.graph, self.graph.roots[0]
        if len(graph.roots) > 1 or graph.grads[root] is None or graph.ops[root] is None:
            return {}
        place = {id(node): i for i, node in enumerate(graph.nodes)}
        steps = backward_steps(graph.nodes[root])
        return {(place[id(step.node)], c.slot): c for step in steps for c in step.contributions}

    def name(self, index: int) -> str:
        """What a node is called in a sentence: its scope's last part, else its name."""
        scope = self.graph.scopes[index]
        return clean(scope.rpartition("/")[2]) if scope else names(self.graph)[index].text


class Wire(NamedTuple):
    """One use of a node, in ``slot`` of ``target``: the ``port``-th of its operands that are nodes.

    ``use`` counts the uses of ``source`` from 0, in forward order. Between folded boxes one wire
    stands for all ``places``, as (op, slot) of the graph, and its ``slot`` is its port.
    """

    source: int
    target: int
    slot: int
    port: int
    use: int
    places: tuple[tuple[int, int], ...] = ()
    passed: Passed | None = None

    @property
    def sent(self) -> list[tuple[int, Contribution]]:
        """Its contributions, each with the op that sends it."""
        sent = self.passed.sent if self.passed else {}
        turns = sorted(self.places, key=lambda place: (-place[0], place[1]))
        return [(place[0], sent[place]) for place in turns if place in sent]

    @property
    def contributions(self) -> list[Contribution]:
        """What ``backward_steps(root)`` sends through it, in its order; none before a pass."""
        return [contribution for _, contribution in self.sent]


class Frame(NamedTuple):
    """An opened box: a border around the ``boxes`` (by index) and ``frames`` that are inside."""

    title: str
    lines: tuple[str, ...]
    boxes: tuple[int, ...]
    frames: tuple[Frame, ...]


Boxes = Sequence[Box]
Wires = Sequence[Wire]
Point = tuple[float, float]
Segment = tuple[float, ...]  # two numbers: a point to go straight to; six: a cubic curve's
Path = tuple[Segment, ...]


class Geometry(NamedTuple):
    """Where things are, in px from the top left: boxes by their corners, wires as paths.

    ``rows`` holds for each wire the row at which it leaves its source, top to bottom; ``frames``
    each frame, an outer one before those inside, with its left, top, width and height.
    """

    width: float
    height: float
    corners: tuple[Point, ...]
    rows: tuple[int, ...]
    paths: tuple[Path, ...]
    engine: str
    frames: tuple[tuple[Frame, float, float, float, float], ...] = ()


def boxes_and_wires(graph: Graph, amounts: bool) -> tuple[tuple[Box, ...], tuple[Wire, ...]]:
    """A box a node, a wire a use; and a box for the plain numbers of a dot or a sum of many."""
    called, boxes, wires, stale = names(graph), [], [], set(written_since(graph))
    passed = Passed(graph)
    use = {at: n for users in graph.users for n, at in enumerate(users)}
    given: list[Box] = []
    for index, operands in enumerate(graph.operands):
        sources = [(slot, x) for slot, x in enumerate(operands) if isinstance(x, int)]
        plain = plain_numbers(graph, index)
        if plain:
            given.append(numbers_box((plain,), len(graph) + len(given), uses=1))
            first = next(slot for slot, x in enumerate(operands) if type(x) is float)
            sources.append((first, given[-1].index))
            sources.sort()
        for port, (slot, source) in enumerate(sources):
            if source >= len(graph):
                wires.append(Wire(source, index, slot, port, 0))
                continue
            places = ((index, slot),)
            wires.append(Wire(source, index, slot, port, use[index, slot], places, passed))
        boxes.append(single(graph, index, called, index in stale, amounts))
    return (*boxes, *given), tuple(wires)


def plain_numbers(graph: Graph, index: int) -> tuple[float, ...]:
    """The numbers of an op of any number of operands, where they are data: two of them or more."""
    record, operands = graph.ops[index], graph.operands[index]
    found = tuple([x for x in operands if type(x) is float])
    return found if record is not None and record.slots is None and len(found) > 1 else ()


def numbers_box(rows: Sequence[tuple[float, ...]], index: int = 0, uses: int = 0) -> Box:
    """Plain numbers as one box: data, without a gradient."""
    count = sum(map(len, rows))
    title = plural(count, "number")
    told = [", ".join(map(show, rows[0]))] if count <= FEW else []
    many = Many(tuple(told), (), tuple(rows), ())
    return Box(
        index, "", title, title, title, None, None, uses, 0, False, False,
        *size(title, many), (), many,
    )  # fmt: skip


def single(
    graph: Graph, index: int, called: Sequence[Name], stale: bool, amounts: bool = False
) -> Box:
    """The box of one node."""
    record, name, uses = graph.ops[index], called[index], len(graph.users[index])
    plain = plain_numbers(graph, index)
    ports = sum(isinstance(x, int) for x in graph.operands[index]) + bool(plain)
    text = minus(name.text) if name.formula else name.text
    whole, op = graph.labels[index] or name.text, ""
    if record is not None:
        told = formula(graph, index, called)
        whole += f" = {told if len(told) <= HOVER else told[:HOVER] + '…'}"
        op = record.symbol if plain else minus(inside(record, graph.operands[index]))
    if graph.lines[index]:
        whole += f" ({place(graph.lines[index], whole=False)})"
    made_up = name.formula or name.numbered  # `tanh(x)`, `tanh 12`, `layer 1: tanh` say the op
    said = made_up and (text.startswith(op) or f": {op}" in text)
    title = text if said else f"{op} {text}".strip()
    width = max(WORD + text_width(LONGEST), text_width(title)) + 2 * PAD_X
    if amounts and uses > 1:
        width += AMOUNT
    box = Box(
        index, op, text, title, whole, graph.values[index], graph.grads[index], uses, ports,
        amounts, stale, width=round(width + 0.5), height=LOWEST, nodes=(index,),
    )  # fmt: skip
    return fitted(box, index, uses, ports)


def fitted(box: Box, index: int, uses: int, ports: int) -> Box:
    """The box in its place among others, high enough for its uses and its ports."""
    rows = uses if uses <= ROWS else 0
    height = max(box.height, rows * LINE + 2 * PAD_Y, ports * PORT + PAD_Y)
    return replace(  # even: engines' cells are whole
        box, index=index, uses=uses, ports=ports, height=height + height % 2
    )


def rows_of(boxes: Boxes, wires: Wires, keys: Sequence[Any]) -> list[int]:
    """Of each wire the row at which it leaves its source, in the order of the wires' ``keys``."""
    rows, taken = [0] * len(wires), [0] * len(boxes)
    for index in sorted(range(len(wires)), key=keys.__getitem__):
        source = boxes[wires[index].source]
        if not source.shares:
            rows[index] = taken[source.index]
            taken[source.index] += 1
    return rows


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
