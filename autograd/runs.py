"""Runs: stretches of a line of ops that are copies of one another, found and grown exactly.

A piece is a unit, known by the place at which it starts, or a Run. Pieces are equal if their shapes
are; p pieces that come three times or more, with all that they read moving by one step from copy to
copy, are a Run, which then is one piece itself. Reads lines.py; read by repeats.py.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .graph import Graph

Ints: TypeAlias = NDArray[np.int64]
LEAF, NUMBER = -1 << 40, -3 << 40  # for a place: no step from or to one of these gives the other
_COPIES = 3  # two alike are no loop yet: any two ops of one kind would be
_SAVED = 4  # ops that need not be shown any more; three single ones stay as they are
_NEAR = 64  # periods that are all looked at, a comparison each; longer ones must show first
_PHASES = 8  # cuts that are tried, of those that are equally good


class Table:
    """What the op at each place of an order is and reads.

    Attributes:
        kinds: of each place, a number for its record and arity.
        reads: of each operand, the place that it is at, LEAF or NUMBER; those of a place begin
            ``at`` there.
    """

    def __init__(self, graph: Graph, order: Sequence[int]) -> None:
        self.graph, self.order = graph, order
        place = [LEAF] * len(graph)
        for p, op in enumerate(order):
            place[op] = p
        operands = [graph.operands[op] for op in order]
        self.at = np.cumsum([0, *map(len, operands)], dtype=np.int64)
        places = [NUMBER if type(x) is float else place[x] for xs in operands for x in xs]  # type: ignore[index]
        self.reads = np.array(places, np.int64)
        known: dict[Any, int] = {}
        kinds = [
            known.setdefault((graph.ops[op], len(xs)), len(known))
            for op, xs in zip(order, operands)
        ]
        self.kinds = np.array(kinds, np.int64)

    def rows(self, start: int, count: int, size: int) -> Ints:
        """What ``count`` copies read, a row a copy; all must have as many operands."""
        low, high = self.at[start], self.at[start + size]
        end = self.at[start + count * size]
        return self.reads[low:end].reshape(count, high - low)

    def alike(self, start: int, other: int, size: int) -> bool:
        """Whether the ops of two stretches are of the same kinds."""
        if max(start, other) + size > len(self.kinds):
            return False
        return bool((self.kinds[start : start + size] == self.kinds[other : other + size]).all())

    def slots(self, start: int, size: int) -> list[tuple[int, int]]:
        """Of each entry of a row: the offset of its op in the copy, and the slot."""
        arity = np.diff(self.at[start : start + size + 1]).tolist()
        return [(offset, slot) for offset, n in enumerate(arity) for slot in range(n)]


@dataclass(eq=False, slots=True)
class Run:
    """``count`` copies of ``pieces``, ``size`` ops each, from place ``start`` on.

    The pieces are those of one of the copies. Equal shapes: equal copies, which begin alike.
    """

    shape: int
    start: int
    count: int
    size: int
    pieces: Sequence[Piece]
    boxes: int  # what a drawing of it would have: its pieces and their frames


Piece: TypeAlias = int | Run


class Runs:
    """A line of units in ``pieces``, after all runs in it became one piece each."""

    def __init__(
        self, graph: Graph, line: Sequence[int], members: Mapping[int, Sequence[int]]
    ) -> None:
        self.table = table = Table(graph, [op for unit in line for op in members[unit]])
        self._shapes: dict[Any, int] = {}
        starts = np.cumsum([0, *[len(members[unit]) for unit in line]], dtype=np.int64)
        table.kinds *= 2  # the last op of a unit is of another kind than those before it
        table.kinds[starts[1:] - 1] += 1
        at = table.at[starts]
        begins = np.repeat(starts[:-1], np.diff(at))  # of each operand, where its unit does
        reads = np.where(table.reads < 0, table.reads, np.maximum(table.reads - begins + 1, 0))
        text, ends = reads.tobytes(), (reads.itemsize * at).tolist()
        units = starts[:-1].tolist()
        kinds = table.kinds[starts[:-1]].tolist()
        shapes = [self._shape(kind, text[a:b]) for kind, a, b in zip(kinds, ends, ends[1:])]
        self._units = dict(zip(units, shapes))
        self.pieces: list[Piece] = units
        while self._shorten():
            pass
        self.boxes = _boxes(self.pieces)

    def _shape(self, *key: Any) -> int:
        """One number for all that is equal."""
        return self._shapes.setdefault(key, len(self._shapes))

    def _shapes_of(self, pieces: Sequence[Piece]) -> list[int]:
        return [x.shape if isinstance(x, Run) else self._units[x] for x in pieces]

    def _index(self, start: int) -> int:
        """Which piece starts there; -1: none."""
        i = bisect_left(self._starts, start)
        return i if i < len(self._starts) and self._starts[i] == start else -1

    def _shorten(self) -> bool:
        """Make a piece of each run of the shortest period that has any; False: there is none."""
        pieces = self.pieces
        shapes = np.array(self._shapes_of(pieces), np.int64)
        starts = [x.start if isinstance(x, Run) else x for x in pieces]
        self._starts = [*starts, len(self.table.order)]
        at = self.table.at[self._starts]
        for period in periods(shapes):
            found: list[Piece] = []
            done = 0
            for low, high in self._stretches(shapes, at, period):
                run = self._best(max(low, done), high, period, done)
                if run is not None:
                    found += [*pieces[done : self._index(run.start)], run]
                    done = self._index(run.start + run.count * run.size)
            if done:
                self.pieces = found + pieces[done:]
                return True
        return False

    def _stretches(self, shapes: Ints, at: Ints, period: int) -> Iterator[tuple[int, int]]:
        """(first piece, end) of all in which what comes is equal to what was a period before.

        And whatever it reads moves alike from copy to copy: its second difference is 0.
        """
        reads = self.table.reads
        for a, b in stretches(shapes[period:] == shapes[:-period], (_COPIES - 1) * period):
            step = reads[at[a + period] : at[b + period]] - reads[at[a] : at[b]]
            copy = at[a + period] - at[a]
            uneven = np.flatnonzero(step[copy:] != step[: len(step) - copy]) + at[a]
            even = np.ones(b - a - period, bool)
            even[np.searchsorted(at[a : b - period + 1], uneven, side="right") - 1] = False
            for c, d in stretches(even, period):
                yield a + c, a + d + 2 * period

    def _best(self, low: int, high: int, period: int, done: int) -> Run | None:
        """The run, cut into copies where the fewest values cross, and then the longest.

        A run can begin at any of its first pieces. If the best cut leaves no room for three copies,
        it is no run: by a worse one what is abreast would look in a row.
        """
        phases = min(period, high - low - _COPIES * period + 1)
        if phases < 1:
            return None
        crossing = self._crossing(low, period) if phases > 1 else np.zeros(1)
        cuts = low + np.flatnonzero(crossing[:phases] == crossing.min())[:_PHASES]
        runs = [self._run(cut, (high - cut) // period, period, done) for cut in cuts.tolist()]
        return max(filter(None, runs), key=lambda run: run.count, default=None)

    def _crossing(self, low: int, period: int) -> Ints:
        """Of each phase, of how many pieces the results are read in a later copy.

        Seen in the second copy, as the first may begin otherwise: piece ``maker`` is read last by
        piece ``user``, and crosses if copies are cut before any from maker + 1 to user.
        """
        edges, at = np.array(self._starts[low : low + 2 * period]), self.table.at
        start, size = self._starts[low], self._starts[low + period] - self._starts[low]
        reads, later = self.table.rows(start + size, 2, size)
        where = np.flatnonzero((later - reads == size) & (reads >= start))
        places = np.searchsorted(at, where + at[start + size], side="right") - 1
        makers = np.searchsorted(edges, reads[where], side="right") - 1
        users = np.searchsorted(edges, places, side="right") - 1
        last = np.zeros(2 * period, np.int64)
        np.maximum.at(last, makers, users)
        makers = np.flatnonzero(last)
        users = np.minimum(last[makers], makers + period)
        change = np.bincount(makers + 1, minlength=3 * period + 1)
        change -= np.bincount(users + 1, minlength=3 * period + 1)
        crossing: Ints = np.cumsum(change)[:-1].reshape(3, period).sum(0)
        return crossing

    def _run(self, low: int, count: int, period: int, done: int) -> Run | None:
        """The copies from piece ``low`` on, and what is equal on both sides of them, op by op."""
        start, size = self._starts[low], self._starts[low + period] - self._starts[low]
        room = self._room(start, count, size)
        if not room:  # all may read what the first copy makes
            low, start = low + period, start + size
            room = self._room(start, count - 1, size)
        if room < _COPIES or (room - 1) * size < _SAVED:
            return None
        count = room
        while self._index(start + (count + 1) * size) > 0 and self._goes_on(start, count, size):
            count += 1
        begins: bool | None = False
        while not begins and self._index(start - size) >= done:
            begins = self._begins(start - size, count, size)
            if begins is None:
                break
            start, count = start - size, count + 1
        return self._made(start, count, size, self.pieces[low : low + period])

    def _room(self, start: int, count: int, size: int) -> int:
        """How many of these copies read nothing of one another but what is carried."""
        first, second = self.table.rows(start, 2, size)
        step = second - first
        other = step != size
        if (first[other] >= start).any():
            return 0
        up = other & (step > 0)  # these come nearer, and would reach the first copy
        return min(count, 1 + int(((start - 1 - first[up]) // step[up]).min(initial=count)))

    def _goes_on(self, start: int, count: int, size: int) -> bool:
        """Whether what follows the copies is one more."""
        end = start + count * size
        if not self.table.alike(end - size, end, size):
            return False
        a, b, c = self.table.rows(end - 2 * size, 3, size)
        return bool(((c == 2 * b - a) & ((b - a == size) | (c < start))).all())

    def _begins(self, start: int, count: int, size: int) -> bool | None:
        """Whether what is carried begins with something else in the copy at ``start``.

        None: that is not a copy of the others, which come after it.
        """
        if not self.table.alike(start, start + size, size):
            return None
        first, second, third = self.table.rows(start, 3, size)
        (last,) = self.table.rows(start + count * size, 1, size)
        on = third - second == size
        before = (first < start) & (second < start) & (last < start)
        even = first == 2 * second - third
        carried = on & (second >= start) & (second < start + size) & (first < start)
        return bool((~even).any()) if ((even & (on | before)) | carried).all() else None

    def _made(self, start: int, count: int, size: int, pieces: list[Piece]) -> Run:
        """The Run; its shape says how all of its operands move, and which begin otherwise."""
        first, second, third = self.table.rows(start, 3, size)
        (last,) = self.table.rows(start + (count - 1) * size, 1, size)
        step, own = third - second, start + 2 * size
        moves = np.where((step == size) & (last >= start), 2 * (third - own) + 1, 2 * step)
        begins = np.flatnonzero(first != second - step)
        said = [x.tobytes() for x in (moves, begins, np.minimum(first[begins], 0))]
        shape = self._shape(count, tuple(self._shapes_of(pieces)), *said)
        return Run(shape, start, count, size, pieces, 1 + _boxes(pieces))


def _boxes(pieces: Sequence[Piece]) -> int:
    return sum([x.boxes if isinstance(x, Run) else 1 for x in pieces])


def periods(shapes: Ints) -> Iterator[int]:
    """The periods to look at: the short ones, and distances at which much comes again.

    Of long ones, those at which at least one whole copy's worth of windows of 16 pieces is met
    again next: their sum is at most the line's length, so there are few.
    """
    longest = len(shapes) // _COPIES
    yield from range(1, min(longest, _NEAR) + 1)
    if longest <= _NEAR:
        return
    with np.errstate(over="ignore"):  # hashes wrap; what they miss or mix up costs only time
        mixed = shapes.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio
        for k in (1, 2, 4, 8):
            mixed ^= mixed >> np.uint64(29)
            mixed = mixed[:-k] * np.uint64(0xBF58476D1CE4E5B9) + mixed[k:]  # splitmix64's factor
    where = np.argsort(mixed, kind="stable")
    again = np.diff(where)[mixed[where[1:]] == mixed[where[:-1]]]
    often = np.bincount(again[again <= longest], minlength=_NEAR + 1)
    often[: _NEAR + 1] = -1
    yield from np.flatnonzero(often >= np.arange(len(often))).tolist()


def stretches(true: NDArray[np.bool_], least: int) -> Iterator[tuple[int, int]]:
    """(start, end) of each stretch of at least ``least`` True."""
    if np.count_nonzero(true) < least:
        return
    edges = np.flatnonzero(np.diff(true, prepend=False, append=False))
    starts, ends = edges[::2], edges[1::2]
    long = ends - starts >= least
    yield from zip(starts[long].tolist(), ends[long].tolist())
