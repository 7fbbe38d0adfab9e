"""Repeat: equal parts of a Graph, copy after copy; a Fold gives a program's loops back.

A Fold puts the ops in an order and says which stretches of it are copies of one another. It is a
reading of a Graph, not another graph. Found in two steps that know nothing of each other: lines.py
puts the ops in a line, which decides how much is found; runs.py finds what comes again in it, which
decides that it is right. Nothing looks at a number or compares an op's name. Read by viz.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .graph import Graph
from .lines import lines, units
from .runs import Ints, Run, Runs, Table
from .runs import Piece as Found


class Move(NamedTuple):
    """How the place that an operand reads moves from one copy to the next: ``step`` places on.

    local: in its own copy; carried: in an earlier one; same: what all read; element: of a row that
    stands before the Repeat.
    """

    kind: str
    step: int


class Unit(NamedTuple):
    """An op, or a sum or a product of many, of two slots each: see lines.units.

    Attributes:
        start, size: its places are start … start + size - 1.
        ops: the nodes, in order; all others read the last one.
    """

    start: int
    size: int
    ops: tuple[int, ...]


class Repeat:
    """``count`` copies of ``size`` ops each; copy i stands at start + i · size.

    In a row if a copy reads what an earlier one gave, else abreast. Operands that are leaves or
    numbers may differ from copy to copy in any way: the graph has them.

    Attributes:
        body: the pieces of the first copy.
    """

    __slots__ = ("_last", "_table", "body", "count", "size", "start")

    def __init__(
        self, start: int, count: int, size: int, body: Sequence[Piece], table: Table, last: int
    ) -> None:
        self.start, self.count, self.size, self.body = start, count, size, tuple(body)
        self._table = table
        self._last = last  # where it starts in the last copies around it: all is regular there

    def __repr__(self) -> str:
        return f"Repeat({self.count} of {self.size} ops from place {self.start})"

    @property
    def moves(self) -> dict[tuple[int, int], Move]:
        """How each op operand of a copy moves, by the offset of its op in the copy and its slot."""
        table, start, size = self._table, self._last, self.size
        own = start + (self.count - 1) * size
        before, reads = table.rows(own - size, 2, size)
        found = {}
        for where, read, step in zip(
            table.slots(own, size), reads.tolist(), (reads - before).tolist()
        ):
            if read >= 0:
                outside = "element" if step else "same"
                kind = "local" if read >= own else "carried" if read >= start else outside
                found[where] = Move(kind, step)
        return found

    @property
    def begins(self) -> dict[tuple[int, int], int | float]:
        """What the first copy reads, a node or a number, where it is not what moves say."""
        table, size = self._table, self.size
        first, second, third = table.rows(self._last, 3, size)
        other = (first != 2 * second - third).tolist()
        return {
            (offset, slot): table.graph.operands[table.order[self.start + offset]][slot]
            for (offset, slot), begins in zip(table.slots(self.start, size), other)
            if begins
        }

    @property
    def in_a_row(self) -> bool:
        """Whether something is carried."""
        own = self._last + (self.count - 1) * self.size
        (reads,) = self._table.rows(own, 1, self.size)
        return bool(((reads >= self._last) & (reads < own)).any())


Piece: TypeAlias = Unit | Repeat


class Fold:
    """A Graph as nested Repeats.

    Attributes:
        graph: what it is a reading of.
        order: the node of each place; all ops, operands before their users.
        pieces: units and Repeats, one after the other.
    """

    def __init__(self, graph: Graph, order: Sequence[int], pieces: Sequence[Piece]) -> None:
        self.graph, self.order, self.pieces = graph, tuple(order), tuple(pieces)

    def __repr__(self) -> str:
        repeats = sum(isinstance(piece, Repeat) for piece in self.pieces)
        return f"Fold({len(self.order)} ops in {len(self.pieces)} pieces, {repeats} Repeats)"

    @property
    def outline(self) -> str:
        """The loops as text: ``5 × {…}`` for copies abreast, ``5 → {…}`` for copies in a row.

        >>> from autograd import Value, sum, tanh
        >>> fold(Graph(sum([tanh(Value(0.1 * k) * 2.0) for k in range(5)]))).outline
        '5 × {multiply, tanh}, sum'
        """
        return ", ".join(map(self._told, self.pieces))

    def _told(self, piece: Piece) -> str:
        if isinstance(piece, Repeat):  # at most as deep as loops of three copies nest: log₃ n
            inside = ", ".join(map(self._told, piece.body))
            return f"{piece.count} {'→' if piece.in_a_row else '×'} {{{inside}}}"
        record = self.graph.ops[piece.ops[-1]]
        assert record is not None
        return record.name + (f" of {piece.size + 1}" if piece.size > 1 else "")

    def check(self) -> None:
        """None if it is exact: every copy of every Repeat is looked up in the graph.

        Raises:
            ValueError: it is not, and from which place on.
        """
        graph, order = self.graph, self.order
        missing = {op for op, record in enumerate(graph.ops) if record is not None}
        for place, op in enumerate(order):
            _require(op in missing, place, f"node {op} is a leaf or stood before")
            missing.remove(op)
        _require(not missing, len(order), f"{len(missing)} ops have no place")
        table = Table(graph, order)
        users = np.repeat(np.arange(len(order)), np.diff(table.at))
        _require_all(table.reads < users, users, "an operand stands later than its user")
        inner = np.zeros(len(order), bool)  # whether the next place is of the same unit
        repeats = []
        todo = [(self.pieces, 0, len(order), {0})]
        for pieces, start, end, shifts in todo:  # which grows by each Repeat's body
            for piece in pieces:
                size = piece.size * (piece.count if isinstance(piece, Repeat) else 1)
                fits = piece.start == start and piece.size > 0 and start + size <= end
                _require(fits, start, f"{piece} stands here, or has no room")
                start += size
                if isinstance(piece, Unit):
                    _require(piece.ops == order[piece.start : start], piece.start, f"got {piece}")
                    inner[piece.start : start - 1] = True
                    continue
                _require(piece.count > 1, piece.start, "one copy is no Repeat")
                moves = {_moves(table, piece.start + x, piece.count, piece.size) for x in shifts}
                _require(len(moves) == 1, piece.start, "the copies around it move otherwise")
                regular = {x + i * piece.size for x in shifts for i in (1, piece.count - 1)}
                todo.append((piece.body, piece.start, piece.start + piece.size, regular))
                repeats.append(piece)
            _require(start == end, start, "no piece stands here")
        for piece in reversed(repeats):
            copies = inner[piece.start : piece.start + piece.count * piece.size]
            copies.reshape(piece.count, piece.size)[:] = copies[: piece.size]
        self._check_units(table, users, inner)

    def _check_units(self, table: Table, users: Ints, inner: NDArray[np.bool_]) -> None:
        """All but a unit's last op are of its record and read once, within it."""
        graph, order = self.graph, self.order
        slots = np.array([record.slots for op in order if (record := graph.ops[op])])
        (places,) = np.nonzero(inner)
        alike = (slots[places] == 2) & (table.kinds[places] == table.kinds[places + 1])
        _require_all(alike, places, "a unit has several records")
        unit: Ints = np.cumsum(~inner) - ~inner
        read = table.reads >= 0
        within = np.where(unit[table.reads[read]] == unit[users[read]], 1, 2)
        uses = np.bincount(table.reads[read], within, len(order))
        uses += np.bincount(np.flatnonzero(np.isin(order, graph.roots)), minlength=len(order))
        _require_all(uses[places] == 1, places, "what is inside of a unit is read elsewhere")


def _moves(table: Table, start: int, count: int, size: int) -> bytes:
    """How the operands of these copies move, after each was seen to move so."""
    kinds = table.kinds[start : start + count * size].reshape(count, size)
    places = np.arange(start, start + count * size)
    _require_all((kinds == kinds[-1]).ravel(), places, "a copy has another record here")
    rows, own = table.rows(start, count, size), start + (count - 1) * size
    last = rows[-1]
    local = last >= own
    carried = (last >= start) & ~local
    step = np.where(local | carried, size, last - rows[-2])
    entry = np.repeat(places, np.diff(table.at[start : start + count * size + 1]))
    first = np.arange(count)[:, None] == 0
    begins = first & carried & (rows[0] < start)
    same = begins | (np.minimum(rows, 0) == np.minimum(last, 0))
    _require_all(same.ravel(), entry, "an operand is of another kind than in other copies")
    moved = last - step * np.arange(count)[::-1, None]
    apart = local | carried | (rows < start)
    right = begins | (rows == moved) & apart & ~(first & carried)
    _require_all(right.ravel(), entry, "an operand moves otherwise than in other copies")
    return np.where(local, -1, np.where(carried, -2, step)).tobytes()


def _require_all(right: NDArray[np.bool_], places: Ints, got: str) -> None:
    if not right.all():
        _require(False, int(places[~right].min()), got)


def _require(right: bool, place: int, got: str) -> None:
    if not right:
        raise ValueError(
            f"Fold: equal copies of this graph's ops are required, got others at place {place}: "
            f"{got}; fold(graph) finds what there is"
        )


def fold(graph: Graph) -> Fold:
    """The graph's loops: of the folds that the lines give, the one of the fewest boxes."""
    members = units(graph)
    different = dict.fromkeys(map(tuple, lines(graph, members)))
    runs = min((Runs(graph, line, members) for line in different), key=lambda runs: runs.boxes)
    table = runs.table
    return Fold(graph, table.order, list(_pieces(runs.pieces, len(table.order), 0, 0, table)))


def _pieces(found: Sequence[Found], end: int, back: int, on: int, table: Table) -> Iterator[Piece]:
    """What was found, up to place ``end``, as pieces for readers.

    It was found in some copy of what is around it: the first ones are ``back`` places before, and
    from there to the last ones it is ``on`` places.
    """
    starts = [x.start if isinstance(x, Run) else x for x in found] + [end]
    for x, place, after in zip(found, starts, starts[1:]):
        start = place - back
        if isinstance(x, Run):
            first = x.pieces[0]
            at = first.start if isinstance(first, Run) else first
            further = on + (x.count - 1) * x.size
            body = _pieces(x.pieces, at + x.size, back + at - x.start, further, table)
            yield Repeat(start, x.count, x.size, tuple(body), table, start + on)
        else:
            yield Unit(start, after - place, tuple(table.order[start : after - back]))
