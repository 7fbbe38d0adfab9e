"""The steps of one run in INSIGHT's words: each op node's turn, forward and then backward.

Reads blanks.py, which holds the numbers; read by page.py and steps.py. A line is text and blanks:
steps.py fills them with Python's numbers, the page marks them and fills them again when a leaf
moves. So each sentence has one home, this file or the op's record.
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from autograd.anomaly import Found, find
from autograd.graph import Graph
from autograd.names import Name, fill, formula, names
from autograd.numbers import show
from autograd.sweep import Step, sound, steps_of
from autograd.value import Value

from .blanks import Blank, Line, Numbers

if TYPE_CHECKING:
    from autograd.repeats import Fold

ROWS = 6  # uses, senders and other names that are listed one by one; more are counted
ORDINALS = {1: "st", 2: "nd", 3: "rd"}
WHO = {  # by how many places use it; only the root has none
    0: "goes first: it is the number we ask about.",
    1: "goes now: the 1 place that uses it has sent its part.",
    2: "goes now: both places that use it have sent theirs.",
}
OWN = re.compile(r"(\d?)(?<![A-Za-z])(y|n|ddof)(?![A-Za-z])(\(?)")  # 3y², y(1-y), n - ddof
Lines = list[tuple[str, Line]]  # each with its part


class Walk(Numbers):
    """A run in words; ``result`` is the root's name."""

    def __init__(self, graph: Graph, steps: Iterable[Step]) -> None:
        super().__init__(graph, steps)
        self.names = names(graph)
        self.result = self.names[self.root].text

    @cached_property
    def fold(self) -> Fold:
        """Its loops."""
        from autograd.repeats import fold  # numpy, which importing viz does without

        return fold(self.graph)

    @cached_property
    def anomaly(self) -> Found | None:
        """Where a nan or inf began."""
        numbers: list[Any] = [*self.graph.values, *self.grads.values()]
        if all(map(math.isfinite, numbers)):  # it is known without the steps
            return None
        return find(self.graph, self.root, self.turns.values(), hidden=True)

    @property
    def heading(self) -> str:
        """``L = (w×x+b-t)² + 0.1×(w×w)``"""
        whole = formula(self.graph, self.root, self.names)
        return f"{self.result} = {whole}" if self.forward else self.result

    def position(self, k: int) -> Lines:
        """What is on the screen when ``k`` steps are done.

        Parts: head; who goes, and why now; text; row, a contribution; total, an input; quiet.
        """
        n = self.forward
        if k == 0:
            who = "The leaves are there from the start."
            text = "Every other number is made from them, one op at a time."
            return [("head", (f"Step 0 of {2 * n}",)), ("who", (who,)), ("text", (text,))]
        phase = f"forward {k} of {n}" if k <= n else f"backward {k - n} of {n}"
        odd = " !" if k == self.first_odd else ""
        i = self.turn(k)
        lines = [("who", self.made(i))] if k <= n else self._goes(i)
        return [("head", (f"Step {k} of {2 * n} · {phase}{odd}",)), *lines]

    @property
    def variable(self) -> str:
        """The root's name, where a variable or a file can have it."""
        return self.result if self.result.isidentifier() else "root"

    @property
    def slopes(self) -> str:
        """``dL/d(name)``: what a column of gradients is called."""
        return f"d{self.bracketed(self.root)}/d(name)"

    def about(self, i: int, made: bool, come: int | None) -> Lines:
        """A node when its value is ``made``, or not, and so many uses have sent; None: untold."""
        value: Line = (f"{self.names[i]} = ", Blank("v", i) if made else "–")
        lines: Lines = [("who", self.made(i) if made and i in self.ops else value)]
        if come is not None and i != self.root and self.graph.recording[i]:
            lines.append(("total", self._total(i, 0, come)))
        return lines

    def question(self) -> Line:
        """What is asked when the forward steps are done. The page says: Press → to a-sk."""
        asked = f"sk of each number: if it rose a little, how would {self.result} change?"
        return f"{self.result} = ", Blank("v", self.root), ". ", "A", asked

    def made(self, i: int) -> Line:
        """``w×w = 1.5 × 1.5 = 2.25``"""
        name = self.names[i]
        whole = "" if name.formula else f" = {formula(self.graph, i, self.names)}"
        return f"{name}{whole} = ", *self._worked(i), " ", Blank("ev", i), " ", Blank("v", i)

    def _goes(self, i: int) -> Lines:
        """The four things of a backward step."""
        slots, operands = list(self.sent[i]), self.graph.operands[i]
        lines: Lines = [("who", self._turn(i)), ("text", self._whence(i))]
        lines += [("text", line) for line in self._rule(i, slots)]
        lines += [("row", self._row(i, slot)) for slot in slots]
        lines += self._totals(i, slots)
        nodes = dict.fromkeys(x for x in operands if isinstance(x, int))
        if still := [x for x in nodes if not self.graph.recording[x]]:
            gets = "gets none: it has" if len(still) == 1 else "get none: they have"
            lines.append(("quiet", (f"{self._listed(still)} {gets} requires_grad=False.",)))
        if ready := self.ready(i):
            lines.append(("quiet", (f"ready as well, in any order: {self._listed(ready)}",)))
        return lines

    def _turn(self, i: int) -> Line:
        """``w×w goes now: the 1 place that uses it has sent its part.``"""
        uses = len(self.graph.users[i])
        who = WHO.get(uses, f"goes now: all {uses} places that use it have sent theirs.")
        return (f"{self.names[i]} {who}",)

    def _whence(self, i: int) -> Line:
        """``dL/d(w×w) = 0.1, from 0.1×(w×w).``"""
        uses = self.arrivals[i]
        if not uses:
            return *self.total(i, uses), ": if it rises by 1, it rises by 1."
        if len(uses) > ROWS:
            return *self.total(i, uses), f", from {len(uses)} places."
        return *self.total(i, uses), f", from {and_(self.sender(*use) for use in uses)}."

    def total(self, i: int, uses: Sequence[tuple[int, int]]) -> Line:
        """``dL/dw = 4 + 0.15 + 0.15 = 4.3``: a few are added in the order of ``uses``."""
        terms: list[str | Blank] = []
        if 1 < len(uses) <= ROWS:
            terms = [x for use in uses for x in (" + ", Blank("a", *use))][1:]
            terms += [" ", Blank("eg", i), " "]
        return f"{self.slope(i)} = ", *terms, Blank("g", i)

    def sender(self, i: int, slot: int, comma: str = " ") -> str:
        """``w×w 1st``: the op, and which of its operands where it takes one twice."""
        return self.names[i].text + self._ordinal(i, slot, comma)

    def _rule(self, i: int, slots: list[int]) -> list[Line]:
        """The record's sentence: one of its cases; or one for each slot that it sends to."""
        says = self.ops[i].says
        if self.ops[i].case is not None and slots:
            return [(Blank("c", i, 0, tuple(self.said(case, i, slots[0]) for case in says)),)]
        n = self.ops[i].slots or 0
        if len(says) > 1 and not (len(says) > n and len(slots) == n):
            return [self.said(says[slot - n], i, slot) for slot in slots]  # the last n: one a slot
        return [self.said(says[0], i, slot) for slot in slots[:1]]

    def _row(self, i: int, slot: int) -> Line:
        """``to w, 1st: dL/d(w×w) × w = 0.1 × 1.5 = 0.15``"""
        return f"{self._to(i, slot)}: ", *self.part(i, slot)

    def part(self, i: int, slot: int) -> Line:
        """``dL/d(w×w) × w = 0.1 × 1.5 = 0.15``"""
        record = self.ops[i]
        word = self.said(record.words[slot if record.slots else 0], i, slot)
        return f"{self.slope(i)} × ", *word, " = ", *self.times(i, slot)

    def _to(self, i: int, slot: int) -> str:
        """``to w, 1st``"""
        return f"to {self.names[self.source(i, slot)]}{self._ordinal(i, slot, ', ')}"

    def times(self, i: int, slot: int) -> Line:
        """``0.1 × 1.5 = 0.15``"""
        worked = Blank("g", i), " × ", Blank("p", i, slot), " ", Blank("ea", i, slot)
        return *worked, " ", Blank("a", i, slot)

    def _totals(self, i: int, slots: list[int]) -> Lines:
        """``w: – → 0.15 → 0.3, 2 of 3 in, waiting for w×x``, and why it adds up."""
        inputs: dict[int, list[int]] = {}
        for slot in slots:
            inputs.setdefault(self.source(i, slot), []).append(slot)
        lines: Lines = []
        for x, mine in inputs.items():
            come = self.come(x, i)
            lines.append(("total", self._total(x, come, come + len(mine))))
            if (uses := len(self.arrivals[x])) > 1:
                why = f"added, because {self.names[x]} is used {uses} times"
                lines.append(("quiet", (why,)))
        return lines

    def _total(self, x: int, before: int, come: int) -> Line:
        """``w: – → 0.15 → 0.3, 2 of 3 in, waiting for w×x``, when so many have come."""
        uses, few = self.arrivals[x], come - before <= ROWS
        line: list[str | Blank] = [f"{self.names[x]}: "]
        line.append(Blank("t", *uses[before - 1]) if before else "–")
        for use in uses[before if few else come - 1 : come]:
            line += [" → " if few else " → … → ", Blank("t", *use)]
        return *line, f", {come} of {len(uses)} in", self._waiting(x, come)

    def _waiting(self, x: int, come: int) -> str:
        """``, waiting for w×x``; ``: final``; nothing if it is more than are listed."""
        uses = self.arrivals[x]
        users = [self.names[user].text for user, _ in reversed(uses[come:])]
        waiting = f", waiting for {and_(users)}" if users and len(uses) <= ROWS else ""
        return waiting if users else ": final"

    def table(self, most: int | None = None) -> list[tuple[Line, Line, Line, Line]]:
        """The last position's table: leaf, value, gradient, and what a nudge of the leaf does."""
        rows: list[tuple[Line, Line, Line, Line]] = []
        for i in self.leaves[:most]:
            name, grad = self.names[i].text, Blank("g", i) if i in self.grads else "–"
            tried: Line = (f"{name} has requires_grad=False.",)
            if i in self.grads:
                tried = self.raised(i)
            rows.append(((name,), (Blank("v", i),), (grad,), tried))
        return rows

    def raised(self, i: int) -> Line:
        """``Raise w by 0.01 (to 1.51) and L rises by about 0.043 (really 0.04341).``"""
        raised = f"Raise {self.names[i]} by ", Blank("d", i), " (to ", Blank("u", i), ") and "
        moved = f"{self.result} ", Blank("m", i), Blank("b", i)
        return *raised, *moved, " (really ", Blank("r", i), ").", Blank("k", i)

    def held(self, i: int | None = None) -> str:
        """That leaf ``i`` holds more than this pass gives: where it does, and it was the last.

        Without ``i`` the first leaf, where they all do. For certain from earlier calls of
        backward() only where each holds as many times as much.
        """
        grads, mine = self.graph.grads, [i for i in self.leaves if i in self.grads]
        told = {i: (grads[i] or 0.0, self.grads[i]) for i in mine}
        told = {i: x for i, x in told.items() if math.isfinite(x[0] - x[1]) and any(x)}
        last = grads[self.root] == 1.0
        asked = list(told) if i is None else [i] * (i in told)
        if not asked or not last or any(not told[x][0] or math.isclose(*told[x]) for x in asked):
            return ""
        name, (has, one) = self.names[asked[0]], told[asked[0]]
        times = float(f"{has / one:.0f}") if one else 0.0
        why = "more than this pass is in it. zero_grad() clears it."
        if times > 1.0 and all(math.isclose(x, times * y) for x, y in told.values()):
            why = "earlier backward() calls were added. Call zero_grad() first."
        return f"{name}.grad holds {show(has)} but one pass gives {show(one)}: {why}"

    # -------------------------------------------------------------- parts of a line
    def bracketed(self, i: int) -> str:
        """In an expression: in parentheses, unless it is one word."""
        text = self.names[i].text
        return text if re.fullmatch(r"[\w.]+", text) else f"({text})"

    def slope(self, i: int) -> str:
        return f"d{self.bracketed(self.root)}/d{self.bracketed(i)}"

    def _listed(self, nodes: list[int]) -> str:
        """Their names, up to ROWS of them."""
        more = len(nodes) - ROWS
        return and_([*(self.names[i].text for i in nodes[:ROWS]), *[f"{more} more"] * (more > 0)])

    def _ordinal(self, i: int, slot: int, comma: str) -> str:
        """Which operand is meant, where node ``i`` takes one twice."""
        operands, n = self.graph.operands[i], slot + 1
        if sum(type(x) is int and x == operands[slot] for x in operands) == 1:  # 0 == 0.0
            return ""
        return f"{comma}{n}" + ("th" if n % 100 in (11, 12, 13) else ORDINALS.get(n % 10, "th"))

    def _worked(self, i: int) -> Line:
        """The op's form with numbers for its operands."""
        record, operands = self.ops[i], self.graph.operands[i]
        signed = record.precedence in (3, 4)  # -(-2), (-2)²
        places = [Name(f"\0{s}\0") if isinstance(x, int) else x for s, x in enumerate(operands)]
        line: list[str | Blank] = list(fill(record, places).split("\0"))
        for at in range(1, len(line), 2):  # text and blanks take turns
            slot = int(str(line[at]))
            line[at] = Blank("w" if signed and not slot else "v", self.source(i, slot))
        return tuple(line)

    def said(self, template: str, i: int, slot: int) -> Line:
        """A sentence or word of the record, about ``slot`` of node ``i`` (INSIGHT, "Sentences")."""
        record, operands = self.ops[i], self.graph.operands[i]
        line: list[str | Blank] = []
        for literal, key, _, _ in string.Formatter().parse(template):
            literal = OWN.sub(lambda found: self._own(i, found), literal)
            if literal[:1] in ("²", "^") and line and isinstance(line[-1], Blank):
                line[-1] = line[-1]._replace(kind="w")  # (-0.5)²
            line.append(literal)
            if key == "p":
                sign = "ep" if literal.endswith(" = ") else "qp"
                line[-1] = literal.removesuffix("= ")
                line += [Blank(sign, i, slot), " " * (sign == "ep"), Blank("p", i, slot)]
            elif key == "op":
                line.append(record.name)
            elif key == "=y":
                line.append(Blank("v", i))
            elif key:
                x = operands[1 if key[0] == "n" else record.letters.index(key[-1])]
                if not isinstance(x, int):
                    line.append(show(x - 1.0 if key == "n-1" else x))
                elif key == "n-1":
                    line.append(f"({self.bracketed(x)}-1)")
                else:
                    line.append(Blank("v", x) if key[0] == "=" else self.bracketed(x))
        return tuple(line)

    def _own(self, i: int, found: re.Match[str]) -> str:
        """What stands for a record's own letter: the result's name, how many operands, …"""
        digit, letter, bracket = found.groups()
        record = self.ops[i]
        if letter == "y":
            return f"{digit}{' × ' * (digit > '')}{self.bracketed(i)}{' × (' * (bracket > '')}"
        if record.slots is not None:
            return found[0]
        number = record.parameters["ddof"] if letter == "ddof" else len(self.graph.operands[i])
        return f"{digit}{show(float(number))}{bracket}"


def walk_of(root: Value, door: str) -> Walk:
    """A root's walk; what it refuses, it refuses in the name of the ``door``."""
    graph = sound(root, door)
    return Walk(graph, steps_of(graph, graph.recording))


def and_(names: Iterable[str]) -> str:
    """``w, x and b``, each once."""
    *first, last = dict.fromkeys(names)
    return f"{', '.join(first)} and {last}" if first else last
