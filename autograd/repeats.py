"""Repeat: equal parts of a Graph, copy after copy; a Fold gives a program's loops back.

A Fold puts the ops in an order and says which stretches of it are copies of one another. It is a
reading of a Graph, not another graph. Found in two steps that know nothing of each other: lines.py
puts the ops in a line, which decides how much is found; runs in it are found here, exactly. Nothing
looks at a number or compares an op's name. Reads lines.py; read by viz.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .graph import Graph
from .lines import lines, units

Ints: TypeAlias = NDArray[np.int64]
_COPIES = 3  # two alike are no loop yet: any two ops of one kind would be
_SAVED = 4  # ops that need not be shown; three single ones stay as they are
_NEAR = 64  # periods that are all looked at, each in one comparison; longer ones must show first
_LEAF, _NUMBER = -1, -2  # in place of an op's place


class Move(NamedTuple):
    """How the place that an op operand reads moves from one copy to the next: ``step`` places on.

    local: in its own copy; carried: in an earlier one; same: what all read; element: of a row that
    stands before the Repeat.
    """

    kind: str
    step: int


class Unit(NamedTuple):
    """An op, or a sum or a product of many, of two slots each: see lines.units.

    Attributes:
        start, size: it stands at places start … start + size - 1.
        ops: the nodes, in order; the last one is what others read.
    """

    start: int
    size: int
    ops: tuple[int, ...]


class Repeat:
    """``count`` copies of ``body``, ``size`` ops each; copy i begins at place start + i · size.

    Attributes:
        start, count, size: see above.
        body: the pieces of the first copy.
    """

    __slots__ = ("_last", "_table", "body", "count", "size", "start")

    def __init__(
        self, start: int, count: int, size: int, body: tuple[Piece, ...], table: _Table, last: int
    ) -> None:
        self.start, self.count, self.size, self.body = start, count, size, body
        self._table = table
        self._last = last  # where it starts in the last copy of all around it: nothing begins there

    def __repr__(self) -> str:
        return f"Repeat({self.count} of {self.size} ops from place {self.start})"

    @property
    def moves(self) -> dict[tuple[int, int], Move]:
        """Of each op operand of a copy, by (offset of its op in the copy, slot), how it moves."""
        table, start, size = self._table, self._last, self.size
        own = start + (self.count - 1) * size
        before, reads = (table.row(place, size) for place in (own - size, own))
        steps = (reads - before).tolist()
        return {
            where: Move(_kind(read, step, start, own, size), step)
            for where, read, step in zip(table.operands(own, size), reads.tolist(), steps)
            if read >= 0
        }

    @property
    def begins(self) -> dict[tuple[int, int], int | float]:
        """What the first copy reads, a node or a number, where the others read what is carried."""
        table, start, size = self._table, self._last, self.size
        first, second, third = (table.row(start + i * size, size) for i in range(3))
        other = (first != 2 * second - third).tolist()
        return {
            (offset, slot): table.graph.operands[table.order[self.start + offset]][slot]
            for (offset, slot), begins in zip(table.operands(start, size), other)
            if begins
        }

    @property
    def in_a_row(self) -> bool:
        """Whether a copy reads what an earlier one gave; else they are abreast."""
        table, start, size = self._table, self._last, self.size
        own = start + (self.count - 1) * size
        reads = table.row(own, size)
        return bool(((reads >= start) & (reads < own)).any())


Piece: TypeAlias = Unit | Repeat


def _kind(read: int, step: int, start: int, own: int, size: int) -> str:
    """The kind of what the last copy, which is at ``own``, reads."""
    if read >= own:
        return "local"
    if read >= start:
        return "carried"
    return "element" if step else "same"


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
        """The loops as text: ``3 × {…}`` for copies abreast, ``3 → {…}`` for copies in a row.

        >>> from autograd import Value, sum, tanh
        >>> print(fold(Graph(sum([tanh(Value(k) * 0.1) for k in range(5)]))).outline)
        5 × {multiply, tanh}, sum
        """
        return ", ".join(map(self._told, self.pieces))

    def _told(self, piece: Piece) -> str:
        if isinstance(piece, Unit):
            record = self.graph.ops[piece.ops[-1]]
            assert record is not None
            return record.name + (f" of {piece.size + 1}" if piece.size > 1 else "")
        arrow = "→" if piece.in_a_row else "×"
        return f"{piece.count} {arrow} {{{', '.join(map(self._told, piece.body))}}}"

    def check(self) -> None:
        """None, if it is exact."""


class _Table:
    """What the op at each place reads: a place, _LEAF or _NUMBER."""

    def __init__(self, graph: Graph, order: Sequence[int]) -> None:
        self.graph, self.order = graph, order
        place = [_LEAF] * len(graph)
        for p, op in enumerate(order):
            place[op] = p
        operands = [graph.operands[op] for op in order]
        self.at = np.zeros(len(order) + 1, np.int64)  # of each place, where its reads begin
        np.cumsum(np.fromiter(map(len, operands), np.int64, len(order)), out=self.at[1:])
        reads = (_NUMBER if type(x) is float else place[x] for xs in operands for x in xs)  # type: ignore[index]
        self.reads = np.fromiter(reads, np.int64, self.at[-1])
        numbers: dict[Any, int] = {}
        kinds = (numbers.setdefault(graph.ops[op], len(numbers)) for op in order)
        self.records = np.fromiter(kinds, np.int64, len(order))

    def row(self, start: int, size: int) -> Ints:
        """All that the ops of these places read."""
        return self.reads[self.at[start] : self.at[start + size]]

    def rows(self, start: int, count: int, size: int) -> Ints:
        """The same of ``count`` copies, a row a copy: they must have as many operands each."""
        return self.row(start, count * size).reshape(count, -1)

    def operands(self, start: int, size: int) -> Iterator[tuple[int, int]]:
        """Of each entry of that row: the offset of its op, and the slot."""
        for offset in range(size):
            for slot in range(int(self.at[start + offset + 1] - self.at[start + offset])):
                yield offset, slot

    def alike(self, start: int, other: int, size: int) -> bool:
        """Whether the ops of two stretches have the same records and as many operands."""
        if min(start, other) < 0 or max(start, other) + size > len(self.records):
            return False
        records, at = self.records, self.at
        return bool(
            (records[start : start + size] == records[other : other + size]).all()
            and (
                at[start : start + size + 1] - at[start]
                == at[other : other + size + 1] - at[other]
            ).all()
        )


class _Found:
    """A piece while runs are looked for: equal ``shape``s for equal pieces."""

    __slots__ = ("body", "boxes", "count", "shape", "size", "start")

    def __init__(
        self, shape: int, start: int, size: int, count: int = 1, body: Sequence[_Found] = ()
    ) -> None:
        self.shape, self.start, self.size, self.count, self.body = shape, start, size, count, body
        self.boxes = 1 + sum([part.boxes for part in body])


class _Finder:
    """Finds the runs in one line of units."""

    def __init__(
        self, graph: Graph, line: Sequence[int], members: Mapping[int, Sequence[int]]
    ) -> None:
        self.table = _Table(graph, [op for unit in line for op in members[unit]])
        self.shapes: dict[Any, int] = {}
        self.pieces: list[_Found] = []
        start = 0
        reads, at = self.table.reads.tolist(), self.table.at.tolist()
        for unit in line:
            size = len(members[unit])
            inner = reads[at[start] : at[start + size]]
            kinds = [x if x < 0 else max(x - start + 1, 0) for x in inner]
            shape = self.shape(graph.ops[unit], size, tuple(kinds))
            self.pieces.append(_Found(shape, start, size))
            start += size
        self.boxes = 0
        while self.shorten():
            pass
        self.boxes = sum(piece.boxes for piece in self.pieces)

    def shape(self, *key: Any) -> int:
        """One number for all that is equal."""
        return self.shapes.setdefault(key, len(self.shapes))

    def shorten(self) -> bool:
        """Make one piece of each run of the shortest period that has any; False: there is none."""
        pieces, table = self.pieces, self.table
        shapes = np.array([piece.shape for piece in pieces], np.int64)
        starts = [piece.start for piece in pieces] + [len(table.order)]
        at = table.at[starts]
        for period in periods(shapes):
            found: list[_Found] = []
            done = 0
            for low, high in self.runs(shapes, at, period):
                best = self.best(starts, max(low, done), high, period, done)
                if best is not None:
                    first, last, piece = best
                    found += [*pieces[done:first], piece]
                    done = last
            if done:
                self.pieces = found + pieces[done:]
                return True
        return False

    def runs(self, shapes: Ints, at: Ints, period: int) -> list[tuple[int, int]]:
        """(first piece, end) of the stretches in which what comes is what was a period before.

        All that is read moves alike from copy to copy: its second difference is 0.
        """
        found = []
        least = (_COPIES - 1) * period
        for a, b in stretches(shapes[period:] == shapes[:-period], least):
            reads = self.table.reads
            step = reads[at[a + period] : at[b + period]] - reads[at[a] : at[b]]
            one = at[a + period] - at[a]
            bad = np.flatnonzero(step[one:] != step[: len(step) - one]) + at[a]
            ok = np.ones(b - a - period, bool)
            ok[np.searchsorted(at[a : b - period + 1], bad, side="right") - 1] = False
            found += [(a + c, a + d + 2 * period) for c, d in stretches(ok, period)]
        return found

    def best(
        self, starts: list[int], low: int, high: int, period: int, done: int
    ) -> tuple[int, int, _Found] | None:
        """The run as (first piece, end, Repeat), cut into copies where the fewest values cross.

        A run can begin at any of its first pieces. If the best cut leaves no room for three copies,
        it is no run: what crosses everywhere else would make abreast look in a row.
        """
        phases = min(period, high - low - _COPIES * period + 1)
        if phases < 1:
            return None
        crossing = self.crossing(starts, low, period) if phases > 1 else [0]
        fewest = min(crossing)
        found = None
        for phase in range(phases):
            if crossing[phase] == fewest:
                first = low + phase
                one = self.repeat(starts, first, (high - first) // period, period, done)
                if one is not None and (found is None or one[2].size > found[2].size):
                    found = one
        return found

    def crossing(self, starts: list[int], low: int, period: int) -> list[int]:
        """Of each phase, how many pieces' results are read from another copy."""
        begin, size = starts[low], starts[low + period] - starts[low]
        table = self.table
        reads, later = (table.row(begin + i * size, size) for i in (1, 2))
        (where,) = np.nonzero((later - reads == size) & (reads >= begin))
        edges = np.array(starts[low : low + 2 * period + 1])
        places = np.searchsorted(table.at, where + table.at[begin + size], side="right") - 1
        users = np.searchsorted(edges, places, side="right") - 1
        makers = np.searchsorted(edges, reads[where], side="right") - 1
        furthest = np.zeros(2 * period, np.int64)
        np.maximum.at(furthest, makers, users)
        # Cut before piece t, a value crosses where maker < t <= user, t counted in whole periods.
        (makers,) = np.nonzero(furthest > np.arange(2 * period))
        users = np.minimum(furthest[makers], makers + period)
        change = np.bincount(makers + 1, minlength=3 * period + 2)
        change -= np.bincount(users + 1, minlength=3 * period + 2)
        cut = np.cumsum(change)
        whole = cut[: 3 * period].reshape(3, period).sum(0)
        return whole.tolist()  # type: ignore[no-any-return]

    def repeat(
        self, starts: list[int], low: int, count: int, period: int, done: int
    ) -> tuple[int, int, _Found] | None:
        """The run from piece ``low`` on, with what is equal on both sides of it, op by op."""
        size = starts[low + period] - starts[low]
        if (room := self.room(starts[low], count, size)) < count:
            later = self.room(starts[low + period], count - 1, size)
            if later > room:  # all may read what the first copy makes
                low, room = low + period, later
        count = room
        if count < _COPIES or (count - 1) * size < _SAVED:
            return None
        body = self.pieces[low : low + period]
        first, last = low, low + period * count
        while last < len(self.pieces) and self.goes_on(starts[first], count, size):
            i = bisect_right(starts, starts[last] + size) - 1
            if starts[i] != starts[last] + size:
                break
            last, count = i, count + 1
        begun = False
        while first > done and not begun:
            i = bisect_right(starts, starts[first] - size) - 1
            if i < done or starts[i] != starts[first] - size:
                break
            begins = self.begun(starts[i], count, size)
            if begins is None:
                break
            first, count, begun = i, count + 1, begins
        return first, last, self.found(starts[first], count, size, body)

    def room(self, start: int, count: int, size: int) -> int:
        """How many of the copies, which move alike, read none of the others but what is carried."""
        first, second = self.table.rows(start, 2, size)
        step = second - first
        free = step != size
        if (first[free] >= start).any():
            return 0
        up = free & (step > 0)
        if up.any():
            count = min(count, int(((start - 1 - first[up]) // step[up]).min()) + 1)
        return count

    def goes_on(self, start: int, count: int, size: int) -> bool:
        """Whether what follows the copies is one more."""
        end = start + count * size
        if not self.table.alike(end, end - size, size):
            return False
        a, b, c = self.table.rows(end - 2 * size, 3, size)
        step = b - a
        return bool(((c == b + step) & ((step == size) | (c < start))).all())

    def begun(self, start: int, count: int, size: int) -> bool | None:
        """None if ``start`` is not one more copy before others; whether it begins otherwise."""
        if not self.table.alike(start, start + size, size):
            return None
        first, second, third = self.table.rows(start, 3, size)
        last = self.table.row(start + count * size, size)
        step = third - second
        as_expected = first == second - step
        carried = (second >= start) & (second < start + size) & (step == size) & (first < start)
        apart = (step == size) | ((last < start) & (first < start) & (second < start))
        if not (carried | (as_expected & apart)).all():
            return None
        return not as_expected.all()

    def found(self, start: int, count: int, size: int, body: Sequence[_Found]) -> _Found:
        """The Repeat as a piece: equal to another if it is so copy by copy, and begins alike."""
        first, second, third = self.table.rows(start, 3, size)
        step = third - second
        own = start + 2 * size
        (begins,) = np.nonzero(first != second - step)
        last = self.table.row(start + (count - 1) * size, size)
        within = (step == size) & (last >= start)
        moves = np.where(within, 2 * (third - own) + 1, 2 * step)
        shape = self.shape(
            count,
            tuple([piece.shape for piece in body]),
            moves.tobytes(),
            begins.tobytes(),
            np.minimum(first[begins], 0).tobytes(),
        )
        return _Found(shape, start, count * size, count, body)


def periods(shapes: Ints) -> Iterator[int]:
    """The periods to look at: the short ones, and distances at which much comes again."""
    longest = len(shapes) // _COPIES
    yield from range(1, min(longest, _NEAR) + 1)
    if longest <= _NEAR:
        return
    with np.errstate(over="ignore"):  # hashes wrap
        mixed = shapes.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        for k in (1, 2, 4, 8):  # of 16 pieces each
            high = mixed[:-k] ^ (mixed[:-k] >> np.uint64(29))
            mixed = high * np.uint64(0xBF58476D1CE4E5B9) + mixed[k:]
    where = np.argsort(mixed, kind="stable")
    again = np.diff(where)[mixed[where[1:]] == mixed[where[:-1]]]
    often = np.bincount(again[again <= longest], minlength=1)
    for period in np.flatnonzero(often >= np.arange(len(often))).tolist():
        if period > _NEAR:
            yield period


def stretches(true: NDArray[np.bool_], least: int) -> list[tuple[int, int]]:
    """(start, end) of each stretch of at least ``least`` True."""
    if len(true) < least or np.count_nonzero(true) < least:
        return []
    edges = np.flatnonzero(np.diff(np.concatenate(([False], true, [False])).view(np.int8)))
    a, b = edges[::2], edges[1::2]
    keep = b - a >= least
    return list(zip(a[keep].tolist(), b[keep].tolist()))


def fold(graph: Graph) -> Fold:
    """The graph's loops: the fold with the fewest boxes, of those that the lines give."""
    members = units(graph)
    best = min((_Finder(graph, line, members) for line in lines(graph, members)), key=_boxes)
    table = best.table
    return Fold(graph, table.order, [_piece(piece, table, 0, 0) for piece in best.pieces])


def _boxes(found: _Finder) -> int:
    return found.boxes


def _piece(found: _Found, table: _Table, back: int, on: int) -> Piece:
    """What was found as a piece for readers.

    It was found as a part of one of the copies around it: the first one is ``back`` places before,
    the last one ``on`` places after that.
    """
    start = found.start - back
    if not found.body:
        return Unit(start, found.size, tuple(table.order[start : start + found.size]))
    size = found.size // found.count
    inner = found.body[0].start - found.start
    further = on + (found.count - 1) * size
    body = tuple([_piece(part, table, back + inner, further) for part in found.body])
    return Repeat(start, found.count, size, body, table, start + on)
