"""Which parts of a graph are open, and the boxes, wires and frames that they give.

Reads parts.py, boxes.py and bars.py; read by drawing.py. An open part is a frame around what is in
it; from one closed box inwards the largest opens while there is room. Leaves of one module stand
together, others by who uses them; the plain numbers of a dot, and those that differ from copy to
copy, are a box too. A wire holds every use that leads from one box to the other.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

from autograd.graph import Graph
from autograd.names import clean
from autograd.numbers import plural
from autograd.sweep import written_since

from .bars import MOST, Many, size
from .boxes import (
    LOWEST,
    Box,
    Frame,
    Passed,
    Wire,
    fitted,
    numbers_box,
    plain_numbers,
    single,
)
from .parts import Loops, Part, Parts, Place, shared
from .state import in_order_of_use
from .titles import Titles

Path = tuple[Part, ...]  # frames, from the outermost in


class Cut(NamedTuple):
    """What is drawn when some parts are open; ``path`` leads to the one that was asked for."""

    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]
    frames: tuple[Frame, ...]
    opened: frozenset[Part]
    path: tuple[str, ...] = ()


class Source(NamedTuple):
    """Leaves that are alike, or plain ``numbers`` as rows, with their uses by unit.

    ``depth`` of the loops around their users have their own; the others share them.
    """

    nodes: list[int]
    numbers: tuple[tuple[float, ...], ...]
    uses: dict[int, list[Place]]
    depth: int
    module: str


class Folding:
    """A graph's parts: how they look open and closed."""

    def __init__(self, graph: Graph, apart: str = "") -> None:
        """``apart``: a scope to be shown beside the copies that are like it."""
        self.graph, self.parts, self.passed = graph, Parts(graph, apart), Passed(graph)
        self.titles = Titles(self.parts)
        self.stale = set(written_since(graph))
        self.sources = [*self._leaves(), *self._numbers()]
        self.closed: dict[Part, Box] = {}
        self.inside: dict[str, Path] = {}  # by key: the part and those around it
        todo: list[Path] = [(self.parts.root,)]
        while todo:
            path = todo.pop()
            if path[-1].parts:
                self.inside[path[-1].key] = path
                todo += [(*path, part) for part in path[-1].parts]

    # ---------------------------------------------------------------- what is not an op's result
    def _leaves(self) -> Iterator[Source]:
        graph, unit, found = self.graph, self.parts.unit, dict[object, Source]()
        for x in in_order_of_use(graph):
            uses: dict[int, list[Place]] = {}
            for place in graph.users[x]:
                uses.setdefault(unit[place[0]], []).append(place)
            depth = min((self._depth(*use) for use in uses.items()), default=0)
            module = clean(graph.labels[x].partition(".")[0]) if "." in graph.labels[x] else ""
            source = found.setdefault(
                (module, depth, tuple(sorted(uses))), Source([], (), {}, depth, module)
            )
            source.nodes.append(x)
            for u, places in uses.items():
                source.uses.setdefault(u, []).extend(places)
        return iter(found.values())

    def _depth(self, u: int, places: Sequence[Place]) -> int:
        """How many of the loops around unit ``u``, outermost first, hold only one copy that reads.

        What a loop in a row begins with is outside of it, though its first copy alone reads it.
        """
        unit, (op, slot) = self.parts.units[u], places[0]
        loops, copies = unit.loops, [self.parts.copy[op] for op, _ in places]
        start = copies[0] * unit.size
        own = unit.nodes[start : start + unit.size].index(op)
        last = self.graph.operands[unit.nodes[own - unit.size]][slot]  # of the last copy
        if not isinstance(last, int) or self.graph.ops[last] is not None:
            return next(k for k, loop in enumerate(loops) if loop.row)
        low, high = min(copies), max(copies)
        for depth in range(len(loops), 0, -1):
            if low == high:
                return depth
            low, high = low // loops[depth - 1].count, high // loops[depth - 1].count
        return 0

    def _numbers(self) -> Iterator[Source]:
        """Of each unit: a dot's numbers, and numbers that are not the same in all copies."""
        graph = self.graph
        for u, unit in enumerate(self.parts.units):
            columns, begins = [], []
            for member, first in enumerate(unit.nodes[: unit.size]):
                for slot, number in enumerate(graph.operands[first]):
                    if not isinstance(number, float):
                        continue
                    read = [graph.operands[x][slot] for x in unit.nodes[member :: unit.size]]
                    column = [x for x in read if isinstance(x, float)]
                    if len(column) < len(read):  # the state that a loop in a row begins with
                        begins.append(column)
                    elif plain_numbers(graph, first) or column != column[:1] * len(column):
                        columns.append(column)
            if begins:
                outside = next(k for k, loop in enumerate(unit.loops) if loop.row)
                told = tuple(chain(*dict.fromkeys(zip(*begins))))
                yield Source([], (told,), {u: []}, outside, "")
            if columns:
                rows, depth = _told(list(zip(*columns)), unit.loops)
                yield Source([], rows, {u: []}, depth, "")

    # ---------------------------------------------------------------- boxes
    def box(self, part: Part) -> Box:
        """The part as a closed box, without its place and its wires."""
        if part not in self.closed:
            nodes = list(chain(*(self.parts.units[u].nodes for u in part.units)))
            if len(nodes) == 1:
                self.closed[part] = self._single(nodes[0])
            else:
                title = part.name if part.parts else self.titles.title(part)
                lines = self.titles.lines(part) if part.parts else ()
                self.closed[part] = self._box(title, lines, self._rows(part), nodes, part.key)
        return self.closed[part]

    def _single(self, node: int) -> Box:
        box = single(self.graph, node, self.titles.names, node in self.stale)
        return replace(box, height=LOWEST)  # its wires are not all its uses

    def _rows(self, part: Part) -> list[Sequence[int]]:
        """The results of a part: a row a result, a column a copy of the outermost loop."""
        rows: list[Sequence[int]] = []
        for unit in (self.parts.units[u] for u in self.titles.results(part)):
            results, outer = unit.results, unit.loops[0].count if unit.loops else 1
            rows += [results[k :: len(results) // outer] for k in range(len(results) // outer)]
        if part.own and part.loops[-1].row and sum(map(len, rows)) > MOST:  # first and last state
            rows = [(row[0], row[-1]) for row in rows]
        return rows if part.loops else [list(chain(*rows))]

    def _box(
        self, title: str, lines: Sequence[str], rows: Sequence[Sequence[int]], nodes: Sequence[int],
        key: str = "", leaf: bool = False,
    ) -> Box:  # fmt: skip
        graph = self.graph
        values, grads = (
            tuple(tuple([numbers[x] for x in row]) for row in rows)
            for numbers in (graph.values, graph.grads)
        )
        many = Many(tuple(lines), tuple(map(tuple, rows)), values, grads)
        width, height = size(title, many)
        stale = any(x in self.stale for x in nodes) if self.stale else False
        return Box(
            0, "" if leaf else "·", title, title, title, None, None, 0, 0,
            False, stale, width, height, tuple(nodes), many, key,
        )  # fmt: skip

    def _source_box(self, group: Sequence[Source]) -> Box:
        """Leaves of one module or with the same users, or plain numbers, as one box."""
        graph = self.graph
        if group[0].numbers:
            return numbers_box([row for source in group for row in source.numbers])
        nodes = [x for source in group for x in source.nodes]
        if len(nodes) == 1:
            return self._single(nodes[0])
        labels = [clean(graph.labels[x]) for x in nodes]
        modules = [source.module for source in group]
        learn = all(modules) and all(graph.recording[x] for x in nodes)
        count = plural(len(nodes), "parameter" if learn else "leaf")
        first, *_, last = modules if all(modules) and len(modules) > 1 else labels
        title = f"{first} … {last}" if first and last else count
        if all(modules) and len(set(modules)) == 1:
            title = modules[0]
        owners: dict[str, list[int]] = {}  # `layer1.neuron2` of its w3
        for x in nodes:
            owners.setdefault(graph.labels[x].rpartition(".")[0], []).append(x)
        square = len(owners) > 1 and len({len(mine) for mine in owners.values()}) == 1
        rows = list(zip(*owners.values())) if square else [nodes]  # a column a neuron
        return self._box(title, (count,) * (title != count), rows, nodes, leaf=True)

    # ---------------------------------------------------------------- what is drawn
    def cut(self, opened: frozenset[Part], whole: bool = False) -> Cut:
        """The drawing in which these parts are open, each within an open one.

        ``whole``: in one box, with the leaves.
        """
        parts: list[tuple[Path, Part]] = []  # that are boxes, with the frames around them
        todo: list[tuple[Path, Part]] = [((), self.parts.root)] if self.parts.units else []
        while todo:
            path, part = todo.pop()
            if part in opened:
                within = (*path, part) if part is not self.parts.root else ()
                todo += [(within, inside) for inside in reversed(part.parts)]
            else:
                parts.append((path, part))
        at = {unit: k for k, (_, part) in enumerate(parts) for unit in part.units}
        groups = [] if whole else self._grouped([path for path, _ in parts], at)
        # what comes in stands before all that is in the same frame
        line: list[tuple[Path, Part | list[Source]]] = []
        for path, part in parts:
            first = [group for group in groups if group[0] == path[: len(group[0])]]
            groups = [group for group in groups if group not in first]
            line += [*sorted(first, key=lambda group: len(group[0])), (path, part)]
        line += groups
        place = {part: index for index, (_, part) in enumerate(line) if isinstance(part, Part)}
        uses: dict[Place, list[Place]] = {}
        for index, (_, group) in enumerate(line):
            for source in group if isinstance(group, list) else ():
                for u, places in source.uses.items():
                    uses.setdefault((index, place[parts[at[u]][1]]), []).extend(places)
        for (a, b), places in self.parts.edges.items():
            from_, to = parts[at[a]][1], parts[at[b]][1]
            if from_ is not to or (a == b and not to.parts):  # an op that carries to itself
                uses.setdefault((place[from_], place[to]), []).extend(places)
        wires = self._wires(uses)
        leaving, arriving = Counter(w.source for w in wires), Counter(w.target for w in wires)
        boxes = [self.box(x) if isinstance(x, Part) else self._source_box(x) for _, x in line]
        return Cut(
            tuple(fitted(box, k, leaving[k], arriving[k]) for k, box in enumerate(boxes)),
            tuple(wires), self._frames([path for path, _ in line], ()), opened,
        )  # fmt: skip

    def _grouped(
        self, around: Sequence[Path], at: Mapping[int, int]
    ) -> list[tuple[Path, list[Source]]]:
        """The sources of each box, and the frames around it.

        Those of one module are together, and all that are used by the same boxes.
        """
        modules: dict[tuple[Path, bool, str], list[Source]] = {}
        for k, source in enumerate(self.sources):
            home = shared(around[at[u]] for u in source.uses)
            shares = (n for n, x in enumerate(home) if x.own and x.around >= source.depth)
            home = home[: next(shares, len(home))]  # out of loops whose copies share it
            key = (home, bool(source.numbers), source.module or str(k))
            modules.setdefault(key, []).append(source)
        groups: dict[object, tuple[Path, list[Source]]] = {}
        for (home, numbers, _), sources in modules.items():
            users = frozenset(at[u] for source in sources for u in source.uses)
            groups.setdefault((home, numbers, users), (home, []))[1].extend(sources)
        return list(groups.values())

    def _wires(self, uses: dict[Place, list[Place]]) -> list[Wire]:
        """A wire for each pair of boxes, by targets; its slot is its port."""
        ports, leaving, wires = Counter[int](), Counter[int](), []
        for source, target in sorted(uses, key=lambda ends: ends[::-1]):
            port, use = ports[target], leaving[source]
            places = tuple(uses[source, target])
            wires.append(Wire(source, target, port, port, use, places, self.passed))
            ports[target] += 1
            leaving[source] += 1
        return wires

    def _frames(self, around: Sequence[Path], path: Path) -> tuple[Frame, ...]:
        """The frames in the one that ``path`` ends with; ``around`` are those of each box."""
        depth = len(path)
        inner = {x[depth] for x in around if len(x) > depth and x[:depth] == path}
        return tuple(
            Frame(
                part.name, self.titles.lines(part),
                tuple(k for k, x in enumerate(around) if x == (*path, part)),
                self._frames(around, (*path, part)),
            )
            for part in sorted(inner, key=lambda part: part.units[0])
        )

    def largest(self, most: float, fits: Callable[[Cut], bool]) -> Cut:
        """The cut in which, from one closed box inwards, the largest opens while there is room."""
        best = self.cut(frozenset())
        if len(best.boxes) > most and self.parts.units:
            return self.cut(frozenset(), whole=True)
        waiting = [self.parts.root] if self.parts.units else []
        while waiting:
            size = {part: self.titles.ops(part) for part in waiting}
            part = max(waiting, key=size.__getitem__)
            alike = [x for x in waiting if (x.name, size[x]) == (part.name, size[part])]
            waiting = [x for x in waiting if x not in alike]
            for parts in (alike, alike[:1]):  # all of them, or one for all
                cut = self.cut(best.opened.union(parts))
                if len(cut.boxes) <= most and fits(cut):
                    best = cut
                    waiting += [inside for part in parts for inside in part.parts if inside.parts]
                    break
        return best

    def opening(self, cut: Cut, name: str) -> Cut:
        """``cut`` with the part of this name or scope open too, and those around it.

        Raises:
            ValueError: nothing of this name has others inside.
        """
        path = self.inside.get(name) or self._of_scope(name)
        if not path:
            known = [*self.inside, *filter(None, self.parts.scopes)]
            near = difflib.get_close_matches(name, known, 3, 0.3) or known[:3]
            raise ValueError(
                f"graph: open must name a box that has others inside, got {clean(name)!r}; "
                f"the nearest are {', '.join(repr(clean(x)) for x in near)}"
            )
        opened = self.cut(cut.opened.union(path))
        return opened._replace(path=tuple(part.name for part in path))

    def _of_scope(self, name: str) -> Path:
        """The part that was recorded in scope ``name``, and those around it; empty: none."""
        scope = tuple(name.split("/"))
        of = (path for path in self.inside.values() if path[-1].scope[: len(scope)] == scope)
        return next(of, ())

    def beside(self, name: str, cut: Cut) -> tuple[Folding, Cut] | None:
        """What was recorded in scope ``name`` beside the copies like it; None: there is no such."""
        if name in self.inside or self._of_scope(name):
            return None
        folding = Folding(self.graph, name)
        if not folding._of_scope(name):
            return None
        keys = (part.key for part in cut.opened)
        opened = frozenset(folding.inside[key][-1] for key in keys if key in folding.inside)
        return folding, folding.cut(opened)


def _told(
    rows: list[tuple[float, ...]], loops: Loops
) -> tuple[tuple[tuple[float, ...], ...], int]:
    """The numbers of each copy, as rows with a column a copy of the outermost loop, and a depth.

    The loops around are left out along which nothing differs, and do not count as deep.
    """
    depth = 0
    for at, loop in reversed([*enumerate(loops)]):
        turns = [rows[k : k + loop.count] for k in range(0, len(rows), loop.count)]
        if all(turn == turn[:1] * len(turn) for turn in turns):
            rows = [turn[0] for turn in turns]
        else:
            depth = max(depth, at + 1)
            rows = [tuple(chain(*turn)) for turn in turns] if at else list(zip(*rows))
    return tuple(rows), depth
