"""Graph → a tree of parts: its loops, its scopes, its regions.

Reads autograd's Graph, Repeats and dominators; read by titles.py and folding.py. Repeats come
first, as a program's loops are its largest parts. What is in a copy is grouped by the scopes that
were recorded, the rest by the dominators of the folded graph: a region has one result. A part
stands for all copies of the loops around it, so that each op is in one part of every level.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import chain, pairwise
from typing import NamedTuple, TypeVar

from autograd.graph import Graph
from autograd.lines import Dominators
from autograd.names import clean
from autograd.repeats import Piece, Repeat, fold
from autograd.repeats import Unit as Ops

SMALL = 3  # ops of a region
WIDE, CHUNKS = 12, 6  # boxes that a screen has room for side by side, and what more is cut into
NUMBERED = re.compile(r"(.*[^\d\s])\s*\d+")  # `neuron 3`: one of the neurons

T = TypeVar("T")
Place = tuple[int, int]  # an op and a slot: one use
Scope = tuple[str, ...]


@dataclass(eq=False, slots=True)
class Loop:
    """A Repeat around ops: so many neurons, steps, samples; no ``noun`` if nobody says."""

    count: int
    row: bool
    noun: str = ""

    def __str__(self) -> str:
        return f"{self.count:,} {self.noun}" if self.noun else f"× {self.count:,}"

    @property
    def name(self) -> str:
        """``× 100 samples``, ``20 steps →``, ``× 16``"""
        return f"{self} →" if self.row else f"× {self}" if self.noun else str(self)


Loops = tuple[Loop, ...]


class Unit(NamedTuple):
    """An op of the folded graph: its ``nodes`` copy by copy, ``size`` of them to a copy.

    ``scope`` is what all copies share of theirs.
    """

    nodes: list[int]
    size: int
    loops: Loops
    scope: Scope

    @property
    def results(self) -> list[int]:
        """The last node of each copy: what a sum written as + gives."""
        return self.nodes[self.size - 1 :: self.size]


@dataclass(eq=False, slots=True)
class Part:
    """Ops that are one box, or a frame around their ``parts`` when it is open.

    ``units`` are in the order of the line; ``loops`` are those around it, outermost first, the last
    one its ``own`` if it is a loop itself. ``name`` is its scope's, or titles.py gives one, and a
    ``key`` that no other part has.
    """

    units: tuple[int, ...]
    scope: Scope
    loops: Loops
    parts: tuple[Part, ...] = ()
    own: bool = False
    name: str = ""
    key: str = ""
    hidden: int = 0  # of the loops around it, that no frame shows

    @property
    def around(self) -> int:
        """How many loops are around it, without its own."""
        return len(self.loops) - self.own


class Parts:
    """The parts of a graph. ``root`` is all of it, ``units`` its ops, ``unit`` each node's or -1.

    ``edges`` are the uses of ops by ops, by their two units, but those within one copy of a unit;
    ``ends`` are the units of the roots.
    """

    def __init__(self, graph: Graph, apart: str = "") -> None:
        """``apart``: a scope; the copy that was recorded in it stands beside the others."""
        self.graph, self.fold, self.apart = graph, fold(graph), tuple(apart.split("/"))
        self.scopes = {scope: tuple(scope.split("/")) * bool(scope) for scope in set(graph.scopes)}
        self.units: list[Unit] = []
        self.repeats: list[Part] = []  # inner ones before those around them
        entries = self._entries(self.fold.pieces, [0], ())
        self._connect()
        for part in self.repeats:
            part.parts = tuple(self._level(part.parts, len(part.scope)))
        self.root = self._part(self._level(entries, 0), ())

    # ---------------------------------------------------------------- from a Fold
    def _entries(self, pieces: Sequence[Piece], shifts: list[int], loops: Loops) -> list[Part]:
        """A part for each piece; its copies stand ``shifts`` after the first."""
        found: list[Part] = []
        for piece in pieces:
            if not isinstance(piece, Repeat):
                found.append(self._unit(piece, shifts, loops))
                continue
            for copies in self._runs(piece):
                if len(copies) == 1:
                    moved = [shift + copies[0] * piece.size for shift in shifts]
                    found += self._entries(piece.body, moved, loops)
                    continue
                loop, first = Loop(len(copies), piece.in_a_row), len(self.units)
                within = [shift + i * piece.size for shift in shifts for i in copies]
                inside = self._entries(piece.body, within, (*loops, loop))
                self._name(loop, self.units[first:], len(loops))
                found.append(self._part(inside, (*loops, loop), own=True))
                self.repeats.append(found[-1])
        return found

    def _runs(self, piece: Repeat) -> list[range]:
        """The copies of a Repeat: all as one, unless one stands apart."""
        order, scopes, alone = self.fold.order, self.graph.scopes, []
        for i in range(piece.count) if any(self.apart) else ():
            at = range(piece.start + i * piece.size, piece.start + (i + 1) * piece.size)
            copy = (self.scopes[scopes[order[place]]] for place in at)
            if all(scope[: len(self.apart)] == self.apart for scope in copy):
                alone.append(i)
        if len(alone) != 1:
            return [range(piece.count)]
        i = alone[0]
        return list(filter(None, (range(i), range(i, i + 1), range(i + 1, piece.count))))

    def _unit(self, piece: Ops, shifts: list[int], loops: Loops) -> Part:
        order, scopes = self.fold.order, self.graph.scopes
        at = range(piece.start, piece.start + piece.size)
        nodes = [order[place + shift] for shift in shifts for place in at]
        scope = shared(self.scopes[scope] for scope in {scopes[node] for node in nodes})
        self.units.append(Unit(nodes, piece.size, loops, scope))
        return Part((len(self.units) - 1,), scope, loops)

    def _name(self, loop: Loop, units: Sequence[Unit], depth: int) -> None:
        """Neurons, where each copy was recorded in a scope ``neuron k``; steps; samples.

        Of samples we speak only where a copy holds a recorded network: scopes of its own.
        """
        known = len(shared(unit.scope for unit in units))
        inner = len(units[0].results)
        for around in units[0].loops[: depth + 1]:
            inner //= around.count
        copies = units[0].results[: inner * loop.count : inner]
        scopes = [self.scopes[self.graph.scopes[node]] for node in copies]
        said = {scope[known] for scope in scopes if len(scope) > known}
        words = {found[1] for x in said if (found := NUMBERED.fullmatch(x))}
        if len(said) == loop.count and len(words) == 1:
            loop.noun = f"{clean(words.pop())}s"
        elif loop.row:
            loop.noun = "steps"
        elif any(len(unit.scope) > known for unit in units):
            loop.noun = "samples"

    def _connect(self) -> None:
        """The edges, and of each unit what it reads and what reads it."""
        graph, ops = self.graph, self.graph.ops
        self.unit, self.copy = unit, copy = [-1] * len(graph), [0] * len(graph)
        for index, (nodes, size, _, _) in enumerate(self.units):
            for n, node in enumerate(nodes):
                unit[node], copy[node] = index, n // size
        self.edges: dict[Place, list[Place]] = {}
        for i, operands in enumerate(graph.operands):
            for slot, x in enumerate(operands):
                if isinstance(x, int) and ops[x] is not None:
                    a, b = unit[x], unit[i]
                    if a != b or copy[x] != copy[i]:
                        self.edges.setdefault((a, b), []).append((i, slot))
        self.reads: list[list[int]] = [[] for _ in self.units]
        self.readers: list[list[int]] = [[] for _ in self.units]
        for a, b in self.edges:
            self.reads[b].append(a)
            self.readers[a].append(b)
        self.ends = {unit[root] for root in graph.roots} - {-1}

    # ---------------------------------------------------------------- scopes and regions
    def _part(self, parts: Sequence[Part], loops: Loops, own: bool = False) -> Part:
        """A part around ``parts``; what is alone in it, and no loop, is not a box of its own."""
        if len(parts) == 1 and parts[0].parts and not parts[0].own:
            parts = parts[0].parts
        units = tuple(sorted(unit for part in parts for unit in part.units))
        return Part(units, shared(part.scope for part in parts), loops, tuple(parts), own)

    def _group(self, parts: Sequence[Part]) -> Part:
        """A part around parts of one level, in the loops that are around them all."""
        around = [part.loops[: part.around] for part in parts]
        return self._part(parts, shared(around))

    def _level(self, entries: Sequence[Part], depth: int) -> list[Part]:
        """``entries`` by the scopes that they were recorded in, ``depth`` of which are around.

        Ops of one scope that are not a loop are one part, however often it was entered; and where
        several loops stand side by side, as of samples that differ, what is in them is too.
        """
        mixed = {x for x in entries if x.own and any(len(y.scope) > len(x.scope) for y in x.parts)}
        if len(mixed) > SMALL:
            for part in (part for entry in mixed for part in entry.parts):
                part.hidden = 1
            inside = (entry.parts if entry in mixed else (entry,) for entry in entries)
            entries = list(chain(*inside))
        found = self._by_scope(entries, depth)
        while len(found) > WIDE:
            cuts = [k * len(found) // CHUNKS for k in range(CHUNKS + 1)]
            runs = [found[a:b] for a, b in pairwise(cuts)]
            found = [self._group(run) if len(run) > 1 else run[0] for run in runs]
        return found

    def _by_scope(self, entries: Sequence[Part], depth: int) -> list[Part]:
        """``entries``, what is in one scope as one part, and regions of the rest."""
        scopes: dict[str, list[Part]] = {}
        for entry in entries:
            name = entry.scope[depth] if len(entry.scope) > depth else ""
            scopes.setdefault(name, []).append(entry)
        rest = scopes.pop("", [])
        loops = [entry for entry in rest if entry.own]
        if len(loops) > WIDE:
            loops = []
        found = loops + self._regions([x for x in rest if x not in loops], bool(scopes or loops))
        for name, inside in scopes.items():
            if len(inside) > 1:
                for part in inside:
                    part.name = ""
                inside = [self._group(self._level(inside, depth + 1))]
            inside[0].name = clean(name)
            found += inside
        return self._in_order(found)

    def _regions(self, entries: Sequence[Part], beside: bool) -> list[Part]:
        """``entries``, with a region of SMALL ops and more as one part.

        All of them are one only ``beside`` others. What holds most of a region is not a part of it
        but its state so far, as in a loop: what is in it stands beside the others.
        """
        place = {unit: k for k, entry in enumerate(entries) for unit in entry.units}
        reads: list[set[int]] = [set() for _ in entries]
        roots = {place[unit] for unit in self.ends if unit in place}
        for a, b in self.edges:
            if a in place and b not in place:
                roots.add(place[a])
            elif a in place and a < b:
                reads[place[b]].add(place[a])
        tree = Dominators(dict(enumerate(map(sorted, reads))), roots)
        top, inside, size = tree.top, tree.inside, [1] * len(entries) + [0]
        for k in range(top):  # what is dominated stands before
            size[tree.above[k]] += size[k]

        def level(k: int, whole: bool) -> list[Part]:
            found = [entries[k]] if k < top else []
            kids = inside.get(k, ())
            while whole and kids and 2 * size[big := max(kids, key=size.__getitem__)] > size[k]:
                found += [entries[big], *(x for kid in kids if kid != big for x in region(kid))]
                k, kids = big, inside.get(big, ())
            return found + [x for kid in kids for x in region(kid)]

        def region(k: int) -> list[Part]:  # at most half of what is around it: no deep recursion
            parts = level(k, True)
            return parts if size[k] < SMALL else [self._group(self._in_order(parts))]

        return level(top, not beside)

    def _in_order(self, parts: Sequence[Part]) -> list[Part]:
        """What is read before what reads it; where they read each other, as in the line."""
        place = {unit: k for k, part in enumerate(parts) for unit in part.units}
        readers: list[set[int]] = [set() for _ in parts]
        waits = [0] * len(parts)
        for k, part in enumerate(parts):
            for a in {place.get(a, k) for b in part.units for a in self.reads[b] if a < b} - {k}:
                readers[a].add(k)
                waits[k] += 1
        line = sorted(range(len(parts)), key=lambda k: parts[k].units[0])
        ready = [(parts[k].units[0], k) for k in line if not waits[k]]
        done: dict[int, Part] = {}
        for first in line:
            while ready or first not in done:
                k = heappop(ready)[1] if ready else first  # in a circle
                if k in done:
                    continue
                done[k] = parts[k]
                for reader in readers[k]:
                    waits[reader] -= 1
                    if not waits[reader]:
                        heappush(ready, (parts[reader].units[0], reader))
        return list(done.values())


def shared(paths: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    """What all of them begin with."""
    first, *others = dict.fromkeys(paths) or [()]
    for other in others:
        same = (k for k, (a, b) in enumerate(zip(first, other)) if a != b)
        first = first[: next(same, len(other))]
    return first
