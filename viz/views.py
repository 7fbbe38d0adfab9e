"""A folded page's views, in each of which one box more is open, and what a box says when it goes.

Reads walk.py, bars.py and drawing.py; read by page.py and scenes.py. folded.js fills the same
blanks in the page. Several ops of a box go at once: their text tells how many numbers, their length
and the largest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from autograd.numbers import plural, show

from . import bars
from .blanks import Blank, Line
from .boxes import Box
from .drawing import Drawing
from .state import schedule
from .walk import Lines, Walk

MOST = 40  # views: a box beyond opens in no page; the file would hold more pictures than are seen
FEW = 12  # operands of an op that are told one by one
NOUNS = {"s": "value", "y": "gradient", "z": "contribution"}


class View(NamedTuple):
    """A drawing, by the ``key`` of what is open; which box each node is in, what goes at once."""

    key: str
    drawing: Drawing
    boxes: dict[int, int]
    stops: list[list[int]]

    def turns(self) -> list[tuple[Box, bool, int]]:
        """Each box on the way there, and back, in the order of its last stop, with its number."""
        found, way = [], [self.boxes[stop[0]] for stop in self.stops]
        for back, boxes in ((False, way), (True, way[::-1])):
            last = {box: n for n, box in enumerate(boxes, 1)}
            for box in sorted(last, key=last.__getitem__):
                found.append((self.drawing.nodes[box], back, last[box]))
        return found


def views(drawing: Drawing) -> list[View]:
    """The opening view and, breadth first, one for each box that opens, MOST at most."""
    found, keys = [view_of("", drawing)], {""}
    for view in found:
        for box in view.drawing.nodes:
            if box.opens not in keys and len(found) < MOST:
                keys.add(box.opens)
                found.append(view_of(box.opens, drawing.view(box.opens)))
    return found


def view_of(key: str, drawing: Drawing) -> View:
    """The drawing in which ``key`` was opened last, with what goes at once in it."""
    boxes = {i: box.index for box in drawing.nodes for i in box.nodes}
    return View(key, drawing, boxes, schedule(drawing.graph, boxes))


class Folded(Walk):
    """A run in which the ops of a box go at once.

    A group is what a box stands for: a node, or after the nodes ``sets`` of several; ``grids`` has
    of each set the nodes whose numbers are its strip, None where a row is shorter. ``now`` are the
    ops that have gone, on the way there or back, and at which stop; None: blanks stay empty.
    """

    def __init__(self, walk: Walk) -> None:
        vars(self).update(vars(walk))  # the same run, in other words
        self.sets: list[list[int]] = []
        self.grids: list[Sequence[float | None]] = []
        self._codes: dict[tuple[int, ...], int] = {}
        self.now: tuple[list[int], bool, int] | None = None

    def group(self, box: Box) -> int:
        """What the box stands for, by number; -1: plain numbers."""
        if len(box.nodes) < 2:
            return box.nodes[0] if box.nodes else -1
        if box.many and box.nodes not in self._codes:
            self._codes[box.nodes] = len(self.graph) + len(self.sets)
            self.sets.append(sorted(box.nodes))
            laid = bars.grid(box.many) or bars.Grid(0, 0, 0.0, 0.0)  # too many for a strip
            self.grids.append(bars.flat(box.many.rows, laid))
        return self._codes[box.nodes]

    def members(self, group: int) -> list[int]:
        """The nodes of a group, in the graph's order."""
        return [group] if group < len(self.graph) else self.sets[group - len(self.graph)]

    # -------------------------------------------------------------- what a box says
    def turn_of(self, view: View, box: Box, back: bool) -> Lines:
        """What is on the screen when ops of ``box`` have gone."""
        way, group, stops = "backward" if back else "forward", self.group(box), len(view.stops)
        step = "Step ", Blank("hk", 0), f" of {2 * self.forward} · {way} "
        lines: Lines = [("head", (*step, Blank("hf", 0), f" of {stops}"))]
        if len(box.nodes) == 1 and len(self.graph.operands[group]) <= FEW:
            return lines + (self._goes(group) if back else [("who", self.made(group))])
        why = ": " + ", ".join(box.many.lines[1:]) if box.many and box.many.lines[1:] else "."
        if back:
            why = ": all that uses them has sent its parts."
            if self.root in box.nodes:
                why = f": {self.result} goes first, the number we ask about."
        one = back and not box.many
        lines.append(("who", self._turn(group) if one else (*self._who(view, box), why)))
        lines.append(("text", (Blank("y" if back else "s", group),)))
        for wire in view.drawing.wires if back else ():
            source = view.drawing.nodes[wire.source]
            if wire.target == box.index and any(self.graph.recording[i] for i in source.nodes):
                if self.now and not self._numbers("z", group, self.group(source)):
                    continue  # it gets its part at another stop
                whom = source.title if source.many else self.names[source.nodes[0]].text
                told = f"to {whom}: ", Blank("z", group, self.group(source))
                lines.append(("row", told))
        return lines

    def _who(self, view: View, box: Box) -> Line:
        """``16 neurons of layer 2 go, in any order``: of a loop around it, in each copy."""
        group, count = self.group(box), f"{len(box.nodes):,}"
        if not box.many:
            return f"{self.names[group]} goes", ""
        title = box.title.removeprefix("× ").removesuffix(" →")
        if sum(view.boxes[stop[0]] == box.index for stop in view.stops) > 1:
            return f"{title}: ", Blank("n", group), f" of {count} go"
        named, row = title, len(self._numbers("s", group)) == 1
        if view.drawing.folding and box.opens:
            part = view.drawing.folding.inside[box.opens][-1]
            what = view.drawing.folding.titles.copies(part)
            named = f"{what} of {title}" if what else title  # 16 neurons of layer 2; 100 samples
            row |= part.own and part.loops[-1].row
        if not named[:1].isdigit():
            named = f"{count} ops of {title}"
        return f"{named} go, ", "one after the other" if row else "in any order"

    def _totals(self, i: int, slots: list[int]) -> Lines:
        """None: the order in which they come is the view's."""
        return []

    def ready(self, i: int) -> list[int]:
        """None by name: the drawing marks the boxes."""
        return []

    # -------------------------------------------------------------- what its blanks hold
    def _filled(self, blank: Blank) -> str:
        kind, group, source, _ = blank
        if self.now is None:
            return ""
        ops, back, stop = self.now
        if kind == "hk":
            return str(self.step(ops[0 if back else -1], back))
        if kind not in NOUNS:
            return {"hf": str(stop), "n": str(len(ops))}.get(kind) or super()._filled(blank)
        numbers = self._numbers(kind, group, source)
        if len(numbers) == 1:
            return f"{NOUNS[kind]} {show(numbers[0])}"
        long, most = show(bars.length(numbers)), show(bars.foremost(numbers))
        return f"{plural(len(numbers), NOUNS[kind])}: length {long}, largest {most}"

    def _numbers(self, kind: str, group: int, source: int = 0) -> list[float]:
        """Of what goes: the values or gradients that others use; what is sent to ``source``."""
        ops = self.now[0] if self.now else self.members(group)
        own, users, sent = set(ops), self.graph.users, self.sent
        if kind == "z":
            uses = (use for x in self.members(source) for use in users[x] if use[0] in own)
            return [sent[i][slot].amount for i, slot in uses if slot in sent[i]]
        used = [i for i in ops if i == self.root or any(x not in own for x, _ in users[i])]
        return [self.number("g" if kind == "y" else "v", i) for i in used]
