"""A folded page's views, in each of which one box more is open, and what a box says when it goes.

Reads walk.py, bars.py, drawing.py; read by page.py, whose views.js fills the same blanks. Several
ops of a box go at once: their text tells how many, how long and the largest, never a made-up number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, NamedTuple

from autograd.graph import Graph
from autograd.numbers import show
from autograd.sweep import Step

from . import bars
from .blanks import Blank, Line
from .boxes import Box
from .drawing import Drawing
from .state import schedule
from .walk import Lines, Walk

MOST = 40  # views: a box beyond opens in no page; the file would hold more pictures than are seen
OWN_COUNT = re.compile(r"( · )?[\d,]+ ops?( ·|$).*")  # of a box's first line: what we say ourselves


class View(NamedTuple):
    """A drawing, which view each of its boxes opens, and the way back: names, each with its view."""

    drawing: Drawing
    opens: dict[int, int]
    path: list[tuple[str, int]]


def views(drawing: Drawing) -> list[View]:
    """The opening view and, breadth first, one for each box that opens, MOST at most."""
    found, place = [View(drawing, {}, [])], {"": 0}
    for view in found:
        for box in view.drawing.nodes:
            if box.opens and box.opens not in place and len(found) < MOST:
                place[box.opens] = len(found)
                found.append(View(drawing.view(box.opens), {}, []))
    folding = drawing.folding
    for key, n in place.items():
        view = found[n]
        view.opens.update({b.index: place[b.opens] for b in view.drawing.nodes if b.opens in place and b.opens})
        if folding is not None and n:
            around = folding.inside[key]
            view.path.extend((part.name, place.get(part.key, 0)) for part in around)
    return found


class Folded(Walk):
    """A run in which the ops of a box go at once.

    A group is what a box stands for: a node, or after the nodes ``sets`` of several.
    """

    def __init__(self, graph: Graph, steps: Sequence[Step], drawing: Drawing) -> None:
        super().__init__(graph, steps)
        self.sets: list[tuple[int, ...]] = []
        self._codes: dict[tuple[int, ...], int] = {}
        self.boxes = [-1] * len(graph)  # of the opening view: which one each node is in
        for box in drawing.nodes:
            for i in box.nodes:
                self.boxes[i] = box.index
        self.stops = schedule(graph, self.boxes)
        self.stop_of = {i: n for n, stop in enumerate(self.stops) for i in stop}
        self.rank = {i: n for n, i in enumerate(self.order)}
        self._now: tuple[Sequence[int], bool] = (), False  # whose turn it is, and whether back
        if drawing.folding is not None:
            drawing.folding.passed.sent = {
                (i, slot): c for i, row in self.sent.items() for slot, c in row.items()
            }

    def group(self, box: Box) -> int:
        """What the box stands for, by number; -1: plain numbers."""
        if len(box.nodes) < 2:
            return box.nodes[0] if box.nodes else -1
        if box.nodes not in self._codes:
            self._codes[box.nodes] = len(self.graph) + len(self.sets)
            self.sets.append(tuple(sorted(box.nodes)))
        return self._codes[box.nodes]

    def members(self, group: int) -> tuple[int, ...]:
        """The nodes of a group, in the graph's order."""
        return (group,) if group < len(self.graph) else self.sets[group - len(self.graph)]

    def shown(self, box: Box) -> Box:
        """The box with this run's gradients."""
        if box.many is None:
            return replace(box, grad=self.grads.get(box.nodes[0]))
        grads = tuple([tuple([self.grads.get(i) for i in row]) for row in box.many.rows])
        return replace(box, many=box.many._replace(grads=grads))

    def grids(self, found: Iterable[View]) -> dict[int, list[int | None]]:
        """Of each group the nodes whose numbers are its strip; None: where a row is shorter."""
        grids: dict[int, list[int | None]] = {}
        for box in (box for view in found for box in view.drawing.nodes):
            if box.many and self.group(box) >= 0 and self.group(box) not in grids:
                laid, rows = bars.grid(box.many), box.many.rows
                flat = bars.flat(rows, laid) if laid else chain(*rows)
                grids[self.group(box)] = [*flat]
        return grids

    # -------------------------------------------------------------- what a box says
    def turns_of(self, drawing: Drawing, box: Box, back: bool) -> Lines:
        """What is on the screen when ops of ``box`` have gone."""
        phase = "backward " if back else "forward "
        end = f" of {2 * self.forward} · {phase}"
        lines: Lines = [("head", ("Step ", Blank("hk", 0), end, Blank("hf", 0), " of ", Blank("hh", 0)))]
        group = self.group(box)
        if len(box.nodes) == 1:
            return lines + (self._goes(group) if back else [("who", self._made(group))])
        if back:
            return lines + self._back(drawing, box)
        whole = ": " + ", ".join(box.many.lines[1:]) if box.many and box.many.lines[1:] else "."
        lines.append(("who", (*self._who(box), whole)))
        lines.append(("text", (Blank("ns", group), " values: ", *self._told("s", group), ".")))
        return lines

    def _who(self, box: Box) -> Line:
        """``16 neurons of layer 2 go, in any order``"""
        group, first = self.group(box), box.many.lines[0] if box.many and box.many.lines else ""
        what = OWN_COUNT.sub("", first)
        steps = "steps" in what
        if len({self.stop_of.get(i) for i in box.nodes}) > 1:
            return box.title, ": ", Blank("no", group), f" of {len(box.nodes)} ops go"
        named = f"{what} of {box.title}" if what and what not in box.title else box.title
        order = "one after the other" if steps else "in any order"
        return (f"{named} go, {order}",)

    def _back(self, drawing: Drawing, box: Box) -> Lines:
        """Who and why now, what has come, and what is sent through each wire."""
        group = self.group(box)
        why = ": all that uses them has sent its parts."
        if self.root in box.nodes:
            why = f": {self.result} goes first, as it is the number we ask about."
        told = Blank("ns", group), " gradients: ", *self._told("y", group), "."
        lines: Lines = [("who", (*self._who(box), why)), ("text", told)]
        for wire in drawing.wires:
            source = drawing.nodes[wire.source]
            if wire.target != box.index or not any(self.graph.recording[i] for i in source.nodes):
                continue
            to = group, self.group(source)
            whom = source.title if source.many else self.names[source.nodes[0]].text
            row = f"to {whom}: ", Blank("nz", *to), " contributions, ", *self._told("z", *to)
            lines.append(("row", row))
        return lines

    def _told(self, kind: str, group: int, source: int = 0) -> Line:
        """``length 0.83, largest -0.41``"""
        return "length ", Blank(f"{kind}l", group, source), ", largest ", Blank(f"{kind}m", group, source)

    def _totals(self, i: int, slots: list[int]) -> Lines:
        """``w: 0.3, 2 of 3 in``: in which order they come, the view says."""
        nodes = dict.fromkeys(self.source(i, slot) for slot in slots)
        return [
            ("total", (f"{self.names[x]}: ", Blank("o", x), ", ", Blank("nu", x), f" of {len(self.arrivals[x])} in"))
            for x in nodes
        ]

    def ready(self, i: int) -> list[int]:
        """None by name: the drawing marks the boxes."""
        return []

    # -------------------------------------------------------------- what its blanks hold
    def at_turn(self, box: Box, back: bool) -> None:
        """From now on blanks are filled as after the last turn of ``box`` in the opening view."""
        self._now = self.members(self.group(box)), back

    def _filled(self, blank: Blank) -> str:
        kind, of = blank.kind[0], blank.kind[1:]
        if kind == "o":
            return show(sum(self._come(blank.node))) if self._come(blank.node) else "–"
        if kind in "hn" and of:
            return str(self._count(of, blank.node, blank.slot))
        if kind in "syz" and of:
            numbers = self._numbers(kind, blank.node, blank.slot)
            return show(bars.largest(numbers) if of == "m" else bars.length(numbers))
        return super()._filled(blank)

    def _come(self, x: int) -> list[float]:
        """What has come to node ``x`` from those that have gone."""
        last = min(self.stop_of[i] for i in self._now[0])
        return [self.sent[i][s].amount for i, s in self.arrivals[x] if self.stop_of[i] >= last]

    def _count(self, of: str, group: int, source: int) -> int:
        ops, back = self._now
        stops = [self.stop_of[i] for i in ops]
        counts: dict[str, Any] = {
            "k": lambda: 2 * self.forward - self.rank[ops[0]] if back else self.rank[ops[-1]] + 1,
            "f": lambda: len(self.stops) - min(stops) if back else max(stops) + 1,
            "h": lambda: len(self.stops), "o": lambda: len(ops), "u": lambda: len(self._come(group)),
            "s": lambda: len(self._numbers("s", group)),
            "z": lambda: len(self._numbers("z", group, source)),
        }  # fmt: skip
        return int(counts[of]())

    def _numbers(self, kind: str, group: int, source: int = 0) -> list[float]:
        """Of what goes: the values or gradients that others use; what is sent to ``source``."""
        ops = self.members(group)
        if kind == "z":
            to = set(self.members(source))
            return [c.amount for i in ops for s, c in self.sent[i].items() if self.source(i, s) in to]
        own = set(ops)
        used = [
            i for i in ops
            if i == self.root or any(user not in own for user, _ in self.graph.users[i])
        ]  # fmt: skip
        return [self.grads[i] if kind == "y" else self.number("v", i) for i in used]
