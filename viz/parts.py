"""Graph → a tree of parts: its loops, its scopes, its regions; and what each is called.

Reads autograd's Graph, Repeats and dominators; read by folding.py. Repeats come first, as a
program's loops are its largest parts. What is in a copy is grouped by the scopes that were
recorded, the rest by the dominators of the folded graph: a region has one result. A part stands for
all copies of the loops around it, so that each op is in one part of every level.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import groupby
from math import prod
from typing import Any, NamedTuple

from autograd.graph import Graph
from autograd.lines import Dominators
from autograd.names import Name, clean, fill, names
from autograd.numbers import plural, show
from autograd.repeats import Repeat, fold

SMALL, WIDE, CHUNKS = 3, 24, 16  # ops of a region; entries of a level, and what more is cut into
LONGEST = 28  # characters of a formula: what is read at a glance
OUTER = "xyzuvst"  # letters for what comes into a formula from outside
STEM = re.compile(r"[^\W\d]+")  # of `w12`, `a1,2`
NUMBERED = re.compile(r"(.*[^\d\s])\s*\d+")  # `neuron 3`: one of the neurons

Place = tuple[int, int]  # an op and a slot: one use


@dataclass(eq=False, slots=True)
class Loop:
    """A Repeat around ops: so many neurons, steps, samples; no ``noun`` if nobody says."""

    count: int
    row: bool
    noun: str = ""

    def __str__(self) -> str:
        return f"{self.count:,} {self.noun}" if self.noun else f"× {self.count:,}"


class Unit(NamedTuple):
    """An op of the folded graph: its ``nodes`` copy by copy, ``size`` of them to a copy.

    ``path`` is the scope that all copies share.
    """

    nodes: list[int]
    size: int
    loops: tuple[Loop, ...]
    path: tuple[str, ...]

    @property
    def results(self) -> list[int]:
        """The last node of each copy: what a sum written as + gives."""
        return self.nodes[self.size - 1 :: self.size]


@dataclass(eq=False, slots=True)
class Part:
    """Ops that are one box, or a frame around their ``parts`` when it is open.

    ``units`` are in the order of the line; ``loops`` are those around it, outermost first, the last
    one its ``own`` if it is a loop itself. ``key`` is what opens it: no other part has it.
    """

    units: tuple[int, ...]
    path: tuple[str, ...]
    loops: tuple[Loop, ...]
    parts: tuple[Part, ...] = ()
    own: bool = False
    name: str = ""
    key: str = ""

    @property
    def around(self) -> int:
        """How many loops are around it, without its own."""
        return len(self.loops) - self.own


class Parts:
    """The parts of a graph. ``root`` is all of it, ``units`` its ops, ``unit`` each node's or -1.

    ``edges`` are the uses of ops by ops, by their two units, but those within one copy of a unit.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph, self.fold = graph, fold(graph)
        self.names = names(graph)
        self.scopes = {scope: tuple(scope.split("/")) * bool(scope) for scope in set(graph.scopes)}
        self.units: list[Unit] = []
        self.repeats: list[Part] = []
        entries = self._entries(self.fold.pieces, [0], ())
        self.unit, self.copy = [-1] * len(graph), [0] * len(graph)
        for index, unit in enumerate(self.units):
            for n, node in enumerate(unit.nodes):
                self.unit[node], self.copy[node] = index, n // unit.size
        self._connect()
        for part in self.repeats:
            part.parts = tuple(self._level(part.parts, len(part.path)))
        self.root = self._part(self._level(entries, 0), ())
        self._call()

    # ---------------------------------------------------------------- from a Fold
    def _entries(
        self, pieces: Sequence[Any], shifts: list[int], loops: tuple[Loop, ...]
    ) -> list[Part]:
        """A part for each piece; its copies stand ``shifts`` after the first."""
        found = []
        for piece in pieces:
            if not isinstance(piece, Repeat):
                found.append(self._unit(piece, shifts, loops))
                continue
            loop, first = Loop(piece.count, piece.in_a_row), len(self.units)
            within = [shift + i * piece.size for shift in shifts for i in range(piece.count)]
            inside = self._entries(piece.body, within, (*loops, loop))
            self._name_loop(loop, self.units[first:], len(loops))
            found.append(self._part(inside, (*loops, loop), own=True))
            self.repeats.append(found[-1])
        return found

    def _unit(self, piece: Any, shifts: list[int], loops: tuple[Loop, ...]) -> Part:
        order, scopes = self.fold.order, self.graph.scopes
        at = range(piece.start, piece.start + piece.size)
        nodes = [order[place + shift] for shift in shifts for place in at]
        path = _shared(self.scopes[scope] for scope in {scopes[node] for node in nodes})
        self.units.append(Unit(nodes, piece.size, loops, path))
        return Part((len(self.units) - 1,), path, loops)

    def _name_loop(self, loop: Loop, units: Sequence[Unit], depth: int) -> None:
        """Neurons, where each copy was recorded in a scope ``neuron k``; steps; samples.

        Of samples we speak only where a copy holds a recorded network: several scopes.
        """
        known = len(_shared(unit.path for unit in units))
        unit = units[0]
        inner = len(unit.nodes) // unit.size
        for outer in unit.loops[: depth + 1]:
            inner //= outer.count
        scopes = [self.scopes[self.graph.scopes[x]] for x in unit.results[: inner * loop.count : inner]]
        said = {path[known] for path in scopes if len(path) > known}
        words = {found[1] for x in said if (found := NUMBERED.fullmatch(x))}
        if len(said) == loop.count and len(words) == 1:
            loop.noun = clean(words.pop()) + "s"
        elif loop.row:
            loop.noun = "steps"
        elif any(len(unit.path) > known for unit in units):
            loop.noun = "samples"

    def _part(self, parts: Sequence[Part], loops: tuple[Loop, ...], own: bool = False) -> Part:
        """A part around ``parts``; what is alone in it, and no loop, is not a box of its own."""
        if len(parts) == 1 and parts[0].parts and not parts[0].own:
            parts = parts[0].parts
        units = tuple(sorted(unit for part in parts for unit in part.units))
        return Part(units, _shared(part.path for part in parts), loops, tuple(parts), own)

    def _group(self, parts: Sequence[Part]) -> Part:
        """A part around parts of one level."""
        return self._part(parts, parts[0].loops[: parts[0].around])

    def _connect(self) -> None:
        """The edges, and of each unit what it reads and is read by."""
        self.edges: dict[Place, list[Place]] = {}
        unit, copy, ops = self.unit, self.copy, self.graph.ops
        for i, operands in enumerate(self.graph.operands):
            for slot, x in enumerate(operands):
                if type(x) is int and ops[x] is not None and (unit[x] != unit[i] or copy[x] != copy[i]):
                    self.edges.setdefault((unit[x], unit[i]), []).append((i, slot))
        self.reads: list[list[int]] = [[] for _ in self.units]
        self.read: list[list[int]] = [[] for _ in self.units]
        for a, b in self.edges:
            self.reads[b].append(a)
            self.read[a].append(b)
        self.ends = {unit[root] for root in self.graph.roots}

    # ---------------------------------------------------------------- scopes and regions
    def _level(self, entries: Sequence[Part], depth: int) -> list[Part]:
        """``entries`` by the scopes that they were recorded in, ``depth`` of which are around."""
        scopes: dict[str, list[Part]] = {}
        for entry in entries:
            scopes.setdefault(entry.path[depth] if len(entry.path) > depth else "", []).append(entry)
        rest = scopes.pop("", [])
        found = self._regions(rest, bool(scopes))
        for name, inside in scopes.items():
            if len(inside) > 1:
                inside = [self._group(self._level(inside, depth + 1))]
            inside[0].name = clean(name)
            found += inside
        found = self._in_order(found)
        while len(found) > WIDE:
            size = -(-len(found) // CHUNKS)
            found = [self._group(found[k : k + size]) for k in range(0, len(found), size)]
        return found

    def _regions(self, entries: Sequence[Part], beside: bool) -> list[Part]:
        """``entries`` with regions of SMALL ops and more as one; all as one only ``beside`` others.

        What holds most of the region around it is no part of it but its state so far: its own parts
        stand beside the others.
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

        def region(k: int) -> list[Part]:
            parts = level(k, True)
            return parts if size[k] < SMALL else [self._group(self._in_order(parts))]

        return level(top, not beside)

    def _in_order(self, parts: Sequence[Part]) -> list[Part]:
        """What is read before what reads it; where they read each other, as in the line."""
        place = {unit: k for k, part in enumerate(parts) for unit in part.units}
        readers: list[set[int]] = [set() for _ in parts]
        waits = [0] * len(parts)
        for k, part in enumerate(parts):
            for a, b in ((a, b) for b in part.units for a in self.reads[b] if a < b):
                if place.get(a, k) != k and k not in readers[place[a]]:
                    readers[place[a]].add(k)
                    waits[k] += 1
        left = sorted(range(len(parts)), key=lambda k: parts[k].units[0])
        ready = [(parts[k].units[0], k) for k in left if not waits[k]]
        found: list[int] = []
        done = set[int]()
        for k in left:
            while ready or k not in done:
                next_one = heappop(ready)[1] if ready else k  # in a circle: the first in the line
                if next_one in done:
                    continue
                done.add(next_one)
                found.append(next_one)
                for reader in readers[next_one]:
                    waits[reader] -= 1
                    if not waits[reader]:
                        heappush(ready, (parts[reader].units[0], reader))
        return [parts[k] for k in found]

    # ---------------------------------------------------------------- what they are called
    def _call(self) -> None:
        """A name and a key for each part that has something inside."""
        counts: dict[str, int] = {}
        todo = [self.root]
        while todo:
            part = todo.pop()
            todo += reversed(part.parts)
            if not part.parts:
                continue
            if not part.name and part.own:
                part.name = f"{part.loops[-1]}{' →' * part.loops[-1].row}"
            elif not part.name:
                part.name = self.title(part)
            same = counts[part.name] = counts.get(part.name, 0) + 1
            part.key = part.name if same == 1 else f"{part.name} #{same}"

    def title(self, part: Part) -> str:
        """A part without a scope, by its result: its name if it is one, else its formula."""
        results = self.results(part)
        nodes = [node for unit in results for node in self.units[unit].results]
        if len(nodes) == 1:
            return self.names[nodes[0]].text
        labels = {clean(self.graph.labels[node]) for node in nodes}
        if len(labels) == 1 and labels != {""}:
            return labels.pop()
        first, last = (self.units[u].results[-1] for u in (part.units[0], part.units[-1]))
        return self.formula(part) or f"{self.names[first]} … {self.names[last]}"

    def results(self, part: Part) -> list[int]:
        """Its units that others read, or that are roots; of a loop in a row those it carries too."""
        mine = set(part.units)
        row = part.own and part.loops[-1].row
        return [
            a for a in part.units
            if a in self.ends or any(b not in mine or (row and b <= a) for b in self.read[a])
        ]

    def lines(self, part: Part) -> tuple[str, ...]:
        """How much it is, to a copy of what is around it; and its formula."""
        copies = prod(loop.count for loop in part.loops[: part.around])
        ops = sum(len(self.units[unit].nodes) for unit in part.units) // copies
        much = plural(ops, "op")
        if part.own and not part.name.startswith(str(part.loops[-1])):
            much = f"{part.loops[-1]} · {much}"
        told = self.formula(part)
        return (much, told) if told and told != part.name else (much,)

    def formula(self, part: Part) -> str:
        """``relu(w·x + b)``: what one copy does, with letters for what comes in; empty if long."""
        results = self.results(part)
        if len(results) != 1 or len(part.units) > LONGEST // 2:
            return ""
        told: dict[int, Name] = {}
        letters: dict[object, str] = {}
        for u in part.units:
            told[u] = self._told(u, told, letters)
        text = told[results[0]].text
        return text if len(text) <= LONGEST else ""

    def _told(self, u: int, told: dict[int, Name], letters: dict[object, str]) -> Name:
        """One op over what is ``told`` already."""
        unit, graph = self.units[u], self.graph
        own = set(unit.nodes[: unit.size])
        record = graph.ops[unit.nodes[0]]
        assert record is not None
        operands: list[Name | float] = []
        for node in unit.nodes[: unit.size]:
            for slot, x in enumerate(graph.operands[node]):
                many = record.slots is None or unit.size > 1
                if type(x) is float:
                    if not many and not self.varies(u, slot):
                        operands.append(x)
                    else:
                        operands.append(_letter(letters, ("number", u, many or slot)))
                elif x not in own:
                    operands.append(self._operand(int(x), told, letters, bool(unit.loops) or many))
        if record.slots is not None and unit.size == 1:
            return Name(fill(record, operands), True, record.precedence)
        texts = [str(x) if isinstance(x, Name) else show(x) for x in operands]
        if len(texts) > 3:
            texts = [text for text, _ in groupby(texts)]
        if record.slots is None and len(texts) == 2 and not record.symbol.isalpha():
            return Name(record.symbol.join(texts), True, 2)
        if len(texts) > 3 or (unit.size > 1 and len(texts) == 1):
            texts = [texts[0], "…", texts[-1]]
        if unit.size > 1 and len(record.symbol) == 1:
            return Name(f" {record.symbol} ".join(texts), True, record.precedence)
        return Name(f"{record.name}({', '.join(texts)})", True)

    def _operand(self, x: int, told: dict[int, Name], letters: dict[object, str], stem: bool) -> Name:
        if self.unit[x] in told:
            return told[self.unit[x]]
        label = clean(self.graph.labels[x])
        last = label.rpartition(".")[2]  # of `layer1.neuron2.w3`
        word = stem and (STEM.match(last) or STEM.match(label))
        label = word[0] if word else last
        if self.graph.ops[x] is None and label:
            letters.setdefault(("leaf", label), label)
            return Name(label)
        return _letter(letters, self.unit[x] if self.graph.ops[x] is not None else "leaf")

    def varies(self, u: int, slot: int) -> bool:
        """Whether a number operand differs from copy to copy."""
        unit = self.units[u]
        first = self.graph.operands[unit.nodes[0]][slot]
        return any(self.graph.operands[node][slot] != first for node in unit.nodes)


def _letter(letters: dict[object, str], key: object) -> Name:
    """A letter for what comes in from outside: the same for the same."""
    if key not in letters:
        taken = set(letters.values())
        letters[key] = next((x for x in OUTER if x not in taken), "…")
    return Name(letters[key])


def _shared(paths: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """What all scopes begin with."""
    return tuple(os.path.commonprefix(list(paths)))
