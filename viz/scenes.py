"""A run as a table: a row a box, which is a node or stands for several, at any position.

Reads walk.py, views.py and bars.py; read by terminal.py. A row is told when it is asked for: of a
long graph a screen shows a few.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import chain
from typing import Any

from autograd.numbers import plural, show

from . import bars
from .blanks import Blank, Line
from .boxes import LONGEST, Box
from .page import NUDGED
from .views import FEW, Folded, View
from .walk import ROWS, Lines, Walk

Use = tuple[int, int]  # an op and a slot
LEAST = 14, 7, 10, 12  # columns of name, op, value, gradient


class Told(Walk):
    """A run in words, beside a table that says who is ready and how many are in."""

    def __init__(self, walk: Walk) -> None:
        vars(self).update(vars(walk))  # the same run, in other words

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
        row = self._to(i, slot), "\t", *self.times(i, slot), "\t", *total, Blank("t", i, slot)
        return *row, rest

    def _totals(self, i: int, slots: list[int]) -> Lines:
        return [line for line in super()._totals(i, slots) if line[0] != "total"]


class Scene:
    """A view's table and a position in it, which counts stops: the ops that go at once.

    Where one op goes back, a position may have a ``part``: so many of its contributions have come.
    ``hidden``: what is sent at this position is a question.
    """

    def __init__(self, walk: Walk, view: View, width: Callable[[str], int]) -> None:
        """``width``: how many columns a text takes."""
        self.walk, self.view, graph = walk, view, walk.graph
        self.folded = Folded(walk) if view.drawing.cut else None
        self.told = self.folded or Told(walk)  # its words
        self.half, self.full = len(view.stops), 2 * len(view.stops)
        self.stop = {i: n for n, stop in enumerate(view.stops) for i in stop}
        self._due = []  # of each stop, when all that uses it have sent
        for n, stop in enumerate(view.stops):
            users = {self.stop[user] for i in stop for user, _ in graph.users[i]} - {n}
            self._due.append(self.full - min(users, default=self.half))
        last = {view.boxes[stop[0]]: n for n, stop in enumerate(view.stops)}
        order = {i: n for n, i in enumerate(walk.leaves)}  # the root first, then by their last stop
        self.rows = sorted(
            (box for box in view.drawing.nodes if box.nodes),  # plain numbers get no gradient
            key=lambda box: (-last.get(box.index, -1), order.get(box.nodes[0], 0)),
        )
        self.row = {i: n for n, box in enumerate(self.rows) for i in box.nodes}
        slopes = walk.slopes if len(walk.slopes) < LEAST[-1] else "grad"
        most = ("largest value", "largest grad") if self.folded else ("value", slopes)
        self.heads = "name", "op", *most
        numbers = chain(filter(None, graph.values), walk.grads.values())
        long = LONGEST * any(0.0 < abs(x) < 0.01 or abs(x) >= 1e6 for x in numbers)
        cells = ((self.name(box), self.op(box), long, long) for box in self.rows)
        columns = zip(LEAST, zip(self.heads, *cells))
        self.widths = [max(least, max(map(width, texts)) + 2) for least, texts in columns]
        self.odd = self.position(walk.first_odd or 0)  # 0: no number is
        self.hidden = False
        self.go(self.full)
        self.uses = self._many  # of each box, how many will send

    def go(self, k: int, part: int = 0) -> None:
        """To position ``k``, or the nearest that there is."""
        self.k = k = min(max(k, 0), self.full)
        self.back = k > self.half
        self.turn = self.view.stops[self.full - k if self.back else k - 1] if k else []
        self.now = self.row[self.turn[0]] if k else None
        slots = self.walk.sent[self.turn[0]] if self.back and len(self.turn) == 1 else {}
        words = not self.folded or len(slots) <= FEW  # by contribution, not by box
        self.part = part if part < len(slots) and words else 0
        self._send({(self.turn[0], s) for s in [*slots][part:] if self.part})
        if self.folded:
            self.folded.now = self.turn, self.back, k - self.half if self.back else k
        self.said = self._said()

    def _send(self, later: set[Use]) -> None:
        """Note what has come in, in its order; ``later`` has not."""
        boxes = self.view.boxes
        self._come = defaultdict[int, list[Use]](list)  # of each node, the uses
        self._many = Counter[int]()  # of each box, how many by other boxes
        for i in chain(*map(reversed, reversed(self.view.stops[self.full - self.k :]))):
            for slot in self.walk.sent[i]:
                if (i, slot) not in later:
                    x = self.walk.source(i, slot)
                    self._come[x].append((i, slot))
                    self._many[boxes[x]] += boxes[x] != boxes[i]

    def step(self, first: bool = False) -> int:
        """The last step of this turn, or the first, as the page counts them."""
        return self.walk.step(self.turn[-(first == self.back)], self.back) if self.k else 0

    def position(self, step: int) -> int:
        """At which position that step is done."""
        walk, step = self.walk, min(step, 2 * self.walk.forward)
        if step <= 0:
            return 0
        n = self.stop[walk.turn(step)]
        return n + 1 if step <= walk.forward else self.full - n

    # -------------------------------------------------------------- a row
    def name(self, box: Box) -> str:
        return box.title if box.many else self.walk.names[box.nodes[0]].text

    def op(self, box: Box) -> str:
        """``×``, ``( )²``, ``leaf``; ``48 ops``. Of ``× 0.1`` the name says the number."""
        if box.many:
            return plural(len(box.nodes), "leaf" if box.leaf else "op")
        record, op = self.walk.ops.get(box.nodes[0]), box.op.replace("−", "-")
        return "leaf" if not record else record.symbol if op.startswith(record.symbol) else op

    def cells(self, n: int) -> tuple[str, ...]:
        """Row ``n`` by now: name, op, value, gradient, ``2 of 3``, the amounts of few, ``ready``.

        Of many numbers it has the first that is not finite, else the largest.
        """
        box, walk = self.rows[n], self.walk
        value, grad = (show(bars.foremost(x)) if x else "–" for x in self._numbers(box).values())
        moves = any(self._moves(u) for i in box.nodes for u, _ in self._come[i][-1:])
        if self.hidden and moves and n != self.now:
            grad = "?"
        uses, amounts = self.uses[box.index], ""
        come = f"{self._many[box.index]:,} of {uses:,}"
        if walk.root in box.nodes:
            come = "seed"
        elif not any(walk.graph.recording[i] for i in box.nodes):
            come = "requires_grad=False"
        elif not box.many and 1 < uses <= ROWS:
            sent = (self.fill((Blank("a", *use),)) for use in self._come[box.nodes[0]])
            amounts = " ".join(x if x[0] in "-?" else f"+{x}" for x in sent)
        stops = {self.stop[i] for i in box.nodes if i in self.stop}
        ready = any(self._due[stop] < self.k < self.full - stop for stop in stops)
        more = "goes now" if self.back and n == self.now else "ready" * ready
        return self.name(box), self.op(box), value, grad, come, amounts, more

    def _numbers(self, box: Box) -> dict[str, list[Any]]:
        """What it has by now."""
        shown = [*chain(*box.many.rows)] if box.many else box.nodes
        values = [self.walk.graph.values[i] for i in shown if self._made(i)]
        return {"value": values, "grad": [x for i in shown if (x := self._total(i)) is not None]}

    def _made(self, i: int) -> bool:
        return self.stop.get(i, -1) < self.k

    def _moves(self, i: int) -> bool:
        """Whether op ``i`` sends at this step."""
        return self.full - self.stop[i] == self.k

    def _total(self, i: int) -> float | None:
        """The gradient of node ``i``, of what has come by now; None: nothing has."""
        walk, come = self.walk, self._come[i]
        if i == walk.root:
            return 1.0 if self.back or not self.full else None
        if len(come) == len(walk.graph.users[i]):
            return walk.grads[i]  # to the last bit, whatever order a view has them in
        return sum(walk.sent[u][slot].amount for u, slot in come) if come else None

    # -------------------------------------------------------------- words
    def fill(self, line: Line) -> str:
        """``line`` as text; if hidden, without the amounts of this step."""
        return self.told.fill(tuple("?" if self._asked(piece) else piece for piece in line))

    def _asked(self, piece: str | Blank) -> bool:
        kind, i, *_ = piece if isinstance(piece, Blank) else ("", 0)
        return self.hidden and (kind == "z" or (kind in ("a", "t") and self._moves(i)))

    def _said(self) -> Lines:
        """What is to be said of this position, its head first."""
        walk, k = self.walk, self.k
        if self.folded and self.now is not None:
            (part, head), *rest = self.folded.turn_of(self.view, self.rows[self.now], self.back)
            lines = [(part, (*head, " !" * (k == self.odd))), *rest]
        else:
            lines = self.told.position(k)
        if self.part:  # the last that came is in sight
            rows = [line for line in lines if line[0] == "row"][: self.part]
            return [line for line in lines if line[0] in ("head", "who", "text")] + rows[-ROWS:]
        if k == self.half and self.full:
            *value, _, asks = walk.question()
            lines.append(("ask", (*value, "Press → to a", asks)))
        if k == self.full:
            lines += [("text", row[3]) for row in walk.table(NUDGED // len(walk.graph))]
            lines += [("text", (held,)) for held in [walk.held()] if held]
        return lines

    def about(self, n: int) -> Lines:
        """What is to be said of row ``n``, whoever's turn it is."""
        box = self.rows[n]
        if box.many:
            told = (bars.told(*numbers) for numbers in self._numbers(box).items())
            return [("text", (line,)) for line in (box.title, *box.many.lines, *told)]
        come = None if self.folded else self._many[box.index]
        return self.told.about(box.nodes[0], self._made(box.nodes[0]), come)
