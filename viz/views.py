"""A folded page's views, in each of which one box more is open, and what a box says when it goes.

Reads walk.py, bars.py and drawing.py; read by page.py. folded.js fills the same blanks in the page.
Several ops of a box go at once: their text tells how many numbers, their length and the largest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

from autograd.graph import Graph
from autograd.numbers import plural, show
from autograd.sweep import Step

from . import bars
from .blanks import Blank, Line
from .boxes import Box, Frame
from .drawing import Drawing
from .state import schedule
from .walk import Lines, Walk

MOST = 40  # views: a box beyond opens in no page; the file would hold more pictures than are seen
FEW = 12  # operands of an op that are told one by one
OWN_COUNT = re.compile(r"( · )?[\d,]+ ops?( ·|$).*")  # of a box's first line: what we say ourselves


class View(NamedTuple):
    """A drawing: which box each node is in, and what goes at once.

    ``opens``: the view that a box opens. ``path``: what is around, by name, each with its view.
    """

    drawing: Drawing
    boxes: list[int]
    stops: list[list[int]]
    opens: dict[int, int]
    path: list[tuple[str, int]]


def views(drawing: Drawing) -> list[View]:
    """The opening view and, breadth first, one for each box that opens, MOST at most."""
    found, place = [_view(drawing)], {"": 0}
    for view in found:
        for box in view.drawing.nodes:
            if box.opens not in place and len(found) < MOST:
                place[box.opens] = len(found)
                found.append(_view(drawing.view(box.opens)))
    for key, n in place.items():
        shown = found[n].drawing
        found[n].opens.update((b.index, place[b.opens]) for b in shown.nodes if place.get(b.opens))
        if n and shown.folding:
            around = shown.folding.inside[key]
            found[n].path.extend((part.name, place.get(part.key, 0)) for part in around)
    return found


def _view(drawing: Drawing) -> View:
    boxes = [-1] * len(drawing.graph)
    for box in drawing.nodes:
        for i in box.nodes:
            boxes[i] = box.index
    return View(drawing, boxes, schedule(drawing.graph, boxes), {}, [])


class Folded(Walk):
    """A run in which the ops of a box go at once.

    A group is what a box stands for: a node, or after the nodes ``sets`` of several.
    """

    def __init__(self, graph: Graph, steps: Sequence[Step], opening: View) -> None:
        super().__init__(graph, steps)
        self.sets: list[tuple[int, ...]] = []
        self._codes: dict[tuple[int, ...], int] = {}
        self.stops = opening.stops
        self.stop_of = {i: n for n, stop in enumerate(self.stops) for i in stop}
        self.rank = {i: n for n, i in enumerate(self.order)}
        self._now: tuple[Sequence[int], bool] = (), False  # whose turn it is, and whether back
        if opening.drawing.folding is not None:
            opening.drawing.folding.passed.sent = {
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
    def turn_of(self, view: View, box: Box, back: bool) -> Lines:
        """What is on the screen when ops of ``box`` have gone."""
        phase, group = "backward " if back else "forward ", self.group(box)
        step = "Step ", Blank("hk", 0), f" of {2 * self.forward} · {phase}"
        lines: Lines = [("head", (*step, Blank("hf", 0), " of ", Blank("hh", 0)))]
        alone = len(box.nodes) == 1
        if alone and len(self.graph.operands[group]) <= FEW:
            return lines + (self._goes(group) if back else [("who", self._made(group))])
        once = sum(view.boxes[stop[0]] == box.index for stop in view.stops) == 1
        first, *others = box.many.lines if box.many and box.many.lines else [""]
        why = ": " + ", ".join(others) if others else "."
        if back:
            why = ": all that uses them has sent its parts."
            if self.root in box.nodes:
                why = f": {self.result} goes first, the number we ask about."
        told = self._told("y" if back else "s", "gradient" if back else "value", once, group)
        if alone and back:
            lines += [line for line in self._goes(group) if line[0] in ("who", "text")]
        elif alone:
            count = plural(len(self.graph.operands[group]), "number")
            lines += [("who", (f"{self.names[group]} is made of {count}.",)), ("text", told)]
        else:
            lines += [("who", (*self._who(view, box, first, once), why)), ("text", told)]
        for wire in view.drawing.wires if back else ():
            source = view.drawing.nodes[wire.source]
            if wire.target == box.index and any(self.graph.recording[i] for i in source.nodes):
                whom = source.title if source.many else self.names[source.nodes[0]].text
                told = self._told("z", "contribution", once, group, self.group(source))
                lines.append(("row", (f"to {whom}: ", *told)))
        return lines

    def _who(self, view: View, box: Box, first: str, once: bool) -> Line:
        """``16 neurons of layer 2 go, × 100 samples, in any order``"""
        count, title = f"{len(box.nodes):,}", box.title.removeprefix("× ").removesuffix(" →")
        if not once:
            return f"{title}: ", Blank("no", self.group(box)), f" of {count} go"
        around, frames = "", [*view.drawing.frames]
        for frame in frames:
            frames += frame.frames
            if frame.title.startswith("×") and box.index in _inside(frame):
                around += f", {frame.title}"
        what = OWN_COUNT.sub("", first)
        if what or title[:1].isdigit():  # 16 neurons; 100 samples
            named = f"{what} of {title}{around}" if what else title + around
        else:
            named = f"{count} ops of {title}" if box.opens else f"{count} × {title}"
        row = "steps" in first + title or len(self._numbers("s", self.group(box))) == 1
        return f"{named} go, ", "one after the other" if row else "in any order"

    def _told(self, kind: str, noun: str, once: bool, group: int, source: int = 0) -> Line:
        """``16 values: length 0.83, largest -0.41``; of one number, it alone."""
        count = len(self._numbers(kind, group, source))
        largest = Blank(f"{kind}m", group, source)
        if once and count == 1:
            return f"{noun} ", largest
        told: Line = f"{noun}s: ", Blank(f"n{kind}", group, source), ", length "
        if once:
            told = (f"{plural(count, noun)}: length ",)
        return *told, Blank(f"{kind}l", group, source), ", largest ", largest

    def _totals(self, i: int, slots: list[int]) -> Lines:
        """``w: 0.3, 2 of 3 in``: in which order they come, the view says."""
        lines: Lines = []
        for x in dict.fromkeys(self.source(i, slot) for slot in slots):
            count = f" of {len(self.arrivals[x])} in"
            told = f"{self.names[x]}: ", Blank("o", x), ", ", Blank("nu", x), count
            lines.append(("total", told))
        return lines

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
            come = self._come(blank.node)
            return show(sum(come)) if come else "–"
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
        if of == "k":
            return 2 * self.forward - self.rank[ops[0]] if back else self.rank[ops[-1]] + 1
        if of == "f":
            return len(self.stops) - min(stops) if back else max(stops) + 1
        if of in "hou":
            return len({"h": self.stops, "o": ops}.get(of) or self._come(group))
        return len(self._numbers(of, group, source))

    def _numbers(self, kind: str, group: int, source: int = 0) -> list[float]:
        """Of what goes: the values or gradients that others use; what is sent to ``source``."""
        ops, uses = self.members(group), self.graph.users
        own = set(self.members(source) if kind == "z" else ops)
        if kind == "z":
            sent = ((i, s, c) for i in ops for s, c in self.sent[i].items())
            return [c.amount for i, s, c in sent if self.source(i, s) in own]
        used = [i for i in ops if i == self.root or any(user not in own for user, _ in uses[i])]
        return [self.grads[i] if kind == "y" else self.number("v", i) for i in used]


def _inside(frame: Frame) -> set[int]:
    """The boxes in a frame and in those inside."""
    found, frames = set[int](), [frame]
    for each in frames:
        frames += each.frames
        found.update(each.boxes)
    return found
