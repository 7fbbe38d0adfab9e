"""A run as a table: a row a box, which is a node or stands for several, at any position.

Reads walk.py, views.py and bars.py; read by terminal.py. A row is told when it is asked for: of a
long graph a screen shows a few.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import chain
from typing import Any

from autograd.numbers import plural, show

from . import bars
from .blanks import Blank, Line
from .boxes import Box
from .page import NUDGED
from .views import FEW, Folded, View
from .walk import ROWS, Lines, Walk

Use = tuple[int, int]  # an op and a slot


class Told(Walk):
    """A run in words, beside a table that says who is ready and how many are in."""

    def ready(self, i: int) -> list[int]:
        return []

    def _row(self, i: int, slot: int) -> Line:
        """``to w, 2nd ⇥ 0.1 × 1.5 = 0.15 ⇥ w: 0.15 → 0.3   waiting for w×x``"""
        x = self.source(i, slot)
        uses = self.arrivals[x]
        at = uses.index((i, slot), self.come(x, i))
        total = f"{self.names[x]}: ", Blank("t", *uses[at - 1]) if at else "–", " → "
        last = at + 1 == len(uses) or uses[at + 1][0] != i
        rest = "   " + self._waiting(x, at + 1).lstrip(",: ") if last else ""
        row = self._to(i, slot), "\t", *self._times(i, slot), "\t", *total, Blank("t", i, slot)
        return *row, rest

    def _totals(self, i: int, slots: list[int]) -> Lines:
        return [line for line in super()._totals(i, slots) if line[0] != "total"]


class Scene:
    """A view's table and a position in it, which counts stops: the ops that go at once.

    Where one op goes back, a position may have a ``part``: so many of its contributions have come.
    """

    def __init__(self, walk: Walk, view: View) -> None:
        self.walk, self.view, self.stops = walk, view, view.stops
        self.folded = Folded(walk) if view.drawing.cut else None
        self.told = self.folded or Told(walk.graph, tuple(walk.turns.values()))  # its words
        self.half, self.full = len(self.stops), 2 * len(self.stops)
        self.stop = {i: n for n, stop in enumerate(self.stops) for i in stop}
        last = {view.boxes[stop[0]]: n for n, stop in enumerate(self.stops)}
        order = {i: n for n, i in enumerate(walk.leaves)}  # the root first, then by their last stop
        self.rows = sorted(
            (box for box in view.drawing.nodes if box.nodes),  # plain numbers get no gradient
            key=lambda box: (-last.get(box.index, -1), order.get(box.nodes[0], 0)),
        )
        self.row = {i: n for n, box in enumerate(self.rows) for i in box.nodes}
        self.uses: dict[int, list[Use]] = {box.index: [] for box in view.drawing.nodes}
        for wire in view.drawing.wires:
            self.uses[wire.source] += wire.places
        for uses in self.uses.values():
            uses.sort(key=lambda use: (-self.stop[use[0]], -use[0], use[1]))
        self.widest = max(len(self.name(box)) for box in self.rows)
        numbers = chain(filter(None, walk.graph.values), walk.grads.values())
        self.long = any(0.0 < abs(x) < 0.01 or abs(x) >= 1e6 for x in numbers)  # in text
        stops = ((box, {self.stop[i] for i in box.nodes if i in self.stop}) for box in self.rows)
        self._stops = {box.index: sorted(found) for box, found in stops}
        self._due: dict[int, int] = {}  # of each stop, when all that uses it have sent
        odd = walk.first_odd  # as a position
        self.odd = self.position(odd) if odd else None
        self.go(self.half)

    def go(self, k: int, part: int = 0) -> None:
        """To position ``k``, or the nearest that there is."""
        self.k = k = min(max(k, 0), self.full)
        self.back = k > self.half
        self.turn = self.stops[self.full - k if self.back else k - 1] if k else []
        self.now = self.row[self.turn[0]] if k else None
        slots = self.walk.sent[self.turn[0]] if self.back and len(self.turn) == 1 else {}
        words = not self.folded or len(slots) <= FEW  # by contribution, not by box
        self.part = part if part < len(slots) and words else 0
        self.later = {(self.turn[0], s) for s in [*slots][part:]} if self.part else set()
        if self.folded:
            self.folded.now = self.turn, self.back, k - self.half if self.back else k
        self.said = self._said()

    @property
    def steps(self) -> Use:
        """The first and the last step of an op in this turn, as the page counts them."""
        if not self.k:
            return 0, 0
        first, last = (bisect_left(self.walk.order, self.turn[n]) for n in (0, -1))
        end = 2 * self.walk.forward
        return (end - last, end - first) if self.back else (first + 1, last + 1)

    def position(self, step: int) -> int:
        """At which position that step is done."""
        n, order = self.walk.forward, self.walk.order
        if not n or step <= 0:
            return 0
        if step <= n:
            return self.stop[order[step - 1]] + 1
        return self.full - self.stop[order[max(0, 2 * n - step)]]

    # -------------------------------------------------------------- a row's cells
    def name(self, box: Box) -> str:
        return box.title if box.many else self.walk.names[box.nodes[0]].text

    def op(self, box: Box) -> str:
        """``×``, ``( )²``, ``leaf``; ``48 ops``. Of ``× 0.1`` the name says the number."""
        if box.many:
            return plural(len(box.nodes), "leaf" if box.leaf else "op")
        record, op = self.walk.ops.get(box.nodes[0]), box.op.replace("−", "-")
        return "leaf" if not record else record.symbol if op.startswith(record.symbol) else op

    def _shown(self, box: Box) -> tuple[int, ...]:
        return tuple(chain(*box.many.rows)) if box.many else box.nodes

    def values(self, box: Box) -> list[float]:
        """Those that are made by now."""
        values: Any = self.walk.graph.values
        return [values[i] for i in self._shown(box) if self.stop.get(i, -1) < self.k]

    def grads(self, box: Box) -> list[float]:
        """Their totals by now."""
        walk, shown, come = self.walk, self._shown(box), self._come(box)
        if walk.root not in shown:  # of many, soon told
            users, uses = walk.graph.users, len(self.uses[box.index])
            gone = any(self.full - n <= self.k for n in self._stops[box.index][:1])
            if gone or not come or come == uses == sum(len(users[i]) for i in shown):
                return [walk.grads[i] for i in shown if come and i in walk.grads]
        return [x for i in shown if (x := self._total(i)) is not None]

    def _total(self, i: int) -> float | None:
        walk, uses = self.walk, self.walk.arrivals[i] if self.walk.graph.recording[i] else []
        if i == walk.root:
            return 1.0 if self.k > self.half or not self.full else None
        come = [walk.sent[u][slot].amount for u, slot in uses if self._arrived((u, slot))]
        if uses and len(come) == len(uses):
            return walk.grads[i]  # to the last bit, whatever order a view has them in
        return sum(come) if come else None

    def _arrived(self, use: Use) -> bool:
        return self.full - self.stop[use[0]] <= self.k and use not in self.later

    def moves(self, i: int) -> bool:
        """Whether op ``i`` sends at this step."""
        return self.full - self.stop[i] == self.k

    def come(self, box: Box) -> str:
        """``2 of 3``, ``seed``"""
        if self.walk.root in box.nodes:
            return "seed"
        if not any(self.walk.graph.recording[i] for i in box.nodes):
            return "requires_grad=False"
        return f"{self._come(box):,} of {len(self.uses[box.index]):,}"

    def _come(self, box: Box) -> int:
        uses = self.uses[box.index]
        come = bisect_right(uses, self.k, key=lambda use: self.full - self.stop[use[0]])
        return come - sum(use in self.later for use in uses[:come][-len(self.later) or come :])

    def amounts(self, box: Box, hidden: bool) -> str:
        """``+0.15 +0.15``: what has come in by each use of a node that has few."""
        uses, sent = self.uses[box.index], self.walk.sent
        few = 1 < len(uses) <= ROWS and self.walk.graph.recording[box.nodes[0]] and not box.many
        come = [use for use in uses if few and self._arrived(use)]
        told = (("+" + show(sent[i][slot].amount), hidden and self.moves(i)) for i, slot in come)
        return " ".join("?" if asked else amount.replace("+-", "-") for amount, asked in told)

    def ready(self, box: Box) -> bool:
        """Whether it could go in this turn's place: all that uses it had sent before."""
        left = bisect_left(stops := self._stops[box.index], self.full - self.k)
        if not self.back or not left:
            return False
        stop = stops[left - 1]
        if stop not in self._due:
            users = {self.stop[u] for i in self.stops[stop] for u, _ in self.walk.graph.users[i]}
            self._due[stop] = self.full - min(users - {stop})
        return self._due[stop] < self.k

    # -------------------------------------------------------------- words
    def _said(self) -> Lines:
        """What is to be said of this position, its head first."""
        walk, k = self.walk, self.k
        if self.folded and self.now is not None:
            (part, head), *rest = self.folded.turn_of(self.view, self.rows[self.now], self.back)
            lines = [(part, (*head, " !" * (k == self.odd))), *rest]
        else:
            lines = self.told.position(k)
        if k == self.half and self.full:
            *value, _, asks = walk.question()
            lines.append(("ask", (*value, "Press → to a", asks)))
        if k == self.full and not self.part:
            lines += [("text", row[3]) for row in walk.table(NUDGED // len(walk.graph))]
            lines += [("text", (held,)) for held in [walk.held()] if held]
        return lines

    def about(self, box: Box) -> Lines:
        """What is to be said of a row, whoever's turn it is."""
        if box.many:
            told = [bars.told("value", self.values(box)), bars.told("grad", self.grads(box))]
            return [("text", (line,)) for line in (box.title, *box.many.lines, *told)]
        come = None if self.folded else self._come(box)
        return self.told.about(box.nodes[0], bool(self.values(box)), come)
