"""The numbers of one run, and the blanks in a text that they fill.

Reads state.py; read by walk.py, which writes the text, by steps.py, which fills it, and by page.py,
which marks the blanks for its script: evaluator.js fills them by the same rules when a leaf moves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from autograd.graph import Graph
from autograd.ieee import FLOATS, evaluate
from autograd.numbers import rounded, show
from autograd.sweep import Step

from .state import Run

WORDS = {
    "e": ("≈", "=", "(nothing passes) ="),  # the printed numbers do not, and do, work out
    "q": ("≈ ", ""),
    "m": ("rises by about ", "falls by about ", "does not move",
          "has no finite slope here", "leaves the range of numbers here"),
    "k": ("", " The curve bends here: the slope holds for smaller steps only."),
}


class Blank(NamedTuple):
    """A place in a line: ``kind`` says what fills it, of a node and perhaps an operand's slot.

    ============  ================================================================================
    v g p a t     a value, gradient, partial, amount, an input's total so far
    w             a value, in parentheses if it is negative
    d u b r       a leaf's nudge: its size, where it leads, the foretold change, the real one
    m k           of WORDS: how the root moves, then, before b; whether the curve bends
    ev eg ea ep   ``=`` or ``≈`` before such a number; qp: nothing or ``≈``; of WORDS too
    c             one of several lines: the sentence for this case
    ============  ================================================================================
    """

    kind: str
    node: int
    slot: int = 0
    choices: tuple[Line, ...] = ()

    @property
    def code(self) -> str:
        """How the page's script names this blank."""
        return f"{self.kind}{self.node}" + (f".{self.slot}" if self.slot else "")


Line = tuple["str | Blank", ...]


class Numbers(Run):
    """Every number of one run, and what a blank is filled with."""

    def __init__(self, graph: Graph, steps: Iterable[Step]) -> None:
        super().__init__(graph, steps)
        self._moved: dict[int, float] = {}

    def at(self, i: int) -> list[float]:
        """The operands of node ``i``."""
        return self.graph.at(i, self.graph.values)

    def number(self, kind: str, i: int, slot: int = 0) -> float:
        """The number of this kind (see Blank)."""
        if kind in "pat":
            sent = self.passed[i][slot]
            assert sent is not None
            return sent["pat".index(kind)]
        if kind == "g":
            return self.grads[i]
        value: Any = self.graph.values[i]
        if kind == "d":
            return nudge(value)
        if kind == "u":
            return float(value + nudge(value))
        if kind == "b":
            return abs(self.grads[i]) * nudge(value)
        if kind == "r":  # in the direction of its gradient
            return -self.moved(i) if self.grads[i] < 0.0 else self.moved(i)
        return float(value)

    def moved(self, i: int) -> float:
        """By how much a nudge of node ``i`` moves the root: run again, from it on."""
        if i not in self._moved:
            values = self.graph.run(FLOATS, {i: self.number("u", i)})
            self._moved[i] = float(values[self.root] - self.number("v", self.root))
        return self._moved[i]

    def holds(self, kind: str, i: int, slot: int) -> int:
        """Whether the op on the printed numbers gives the printed one: ``=``, to check by hand.

        2: it would be nan, but what was not chosen, or not reached, gets nothing.
        """
        if kind == "g":
            got = sum(rounded(self.number("a", *use)) for use in self.arrivals[i])
        elif kind == "a":
            got = rounded(self.grads[i]) * rounded(self.number("p", i, slot))
            if math.isnan(got) and self.number(kind, i, slot) == 0.0:
                return 2
        else:
            at = map(rounded, self.at(i))
            if kind == "v":
                got = FLOATS.run(self.ops[i], *at)
            else:
                wanted = [s == slot for s in range(len(self.graph.operands[i]))]
                y = rounded(self.number("v", i))
                got = FLOATS.partials(self.ops[i], [*at], y, wanted)[slot] or 0.0
        # at 12 digits: a binary sum may fall short of the decimal tie that a reader sees
        return show(float(f"{got:.12g}")) == show(self.number(kind, i, slot))

    @cached_property
    def first_odd(self) -> int | None:
        """The first position, from 1 on, with a number that is nan or inf."""
        values: list[Any] = [self.graph.values[i] for i in self.ops]
        for step in self.turns.values():
            values.append(sum((c.amount for c in step.contributions), step.upstream or 0.0))
        return next((k for k, x in enumerate(values, 1) if not math.isfinite(x)), None)

    def case(self, i: int) -> int:
        """Which of the record's sentences is true of node ``i``."""
        case = self.ops[i].case
        return int(evaluate(case, *self.at(i), self.number("v", i))) if case else 0

    def word(self, kind: str, i: int) -> int:
        """Which of WORDS is true of leaf ``i``."""
        about, really = self.number("b", i), self.number("r", i)
        if kind == "k":
            return int(abs(about - really) > 0.1 * max(about, abs(really)))
        if not math.isfinite(about) or not math.isfinite(really):
            return 3 if not math.isfinite(about) else 4
        return 2 if about == 0.0 else int(self.grads[i] < 0.0)

    def fill(self, line: Line) -> str:
        """``line`` as text."""
        return "".join(piece if isinstance(piece, str) else self._filled(piece) for piece in line)

    def _filled(self, blank: Blank) -> str:
        kind, i, slot, choices = blank
        if choices:
            return self.fill(choices[self.case(i)])
        if kind[0] in "eq":
            return WORDS[kind[0]][self.holds(kind[1], i, slot)]
        if kind in WORDS:
            return WORDS[kind][self.word(kind, i)]
        if kind == "b" and self.word("m", i) > 1:
            return ""
        number = self.number(kind, i, slot)
        return f"({show(number)})" if kind == "w" and number < 0.0 else show(number)


def nudge(value: float) -> float:
    """How far a leaf is raised to try its slope: 0.01, or a power of ten, 1 % of it at most."""
    if value == 0.0 or 0.1 <= abs(value) < 100.0 or not math.isfinite(value):
        return 0.01
    return float(f"1e{Decimal(repr(value)).adjusted() - 2}")
