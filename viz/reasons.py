"""Why a gradient is 0, and what shrinks one most: the slopes of 0 that are met first from the root.

Reads walk.py, paths.py and the ops' records; read by explanation.py and health.py. What a slope of
0 comes of follows from what the record says (that it selects, that nothing passes a slot) and from
how its slope goes on beside the operand: no op is asked for its name.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from itertools import islice
from typing import NamedTuple

from autograd.ieee import FLOATS, evaluate
from autograd.names import LONGEST_FORMULA, formula, short
from autograd.numbers import show
from autograd.op import NOTHING, REALS
from autograd.value import Value

from .blanks import Blank
from .paths import Use, above, heaviest
from .walk import ROWS, Walk, and_

MOST = 5  # reasons that are told; more are counted
BESIDE = 1e-6  # of an operand, or of 1: a step to either side of it
FADED = 1e-9  # a slope that rounds to 0 is less next to there; one that ends at a corner is more
LARGEST = 1.7976931348623157e308

BECAUSE = "'s gradient is 0 because "
LONG = 120  # characters of a sentence: beyond, each name is said once


class Reason(NamedTuple):
    """Why a gradient is 0: the ``kind``, the name of the ``node`` where, and a sentence."""

    kind: str
    node: str
    text: str


def zero(walk: Walk, at: int | Value) -> tuple[list[Reason], int]:
    """The first reasons why the gradient of node ``at`` is 0, and how many there are; none if not.

    Counted are the uses on a way from the root to it that send exactly 0 from a node whose own
    gradient is not 0, and the nodes on the way whose contributions cancel. What is below has no
    part in it. A Value that is not under the root has one reason, as one that does not record has.
    """
    name = short(at) if isinstance(at, Value) else walk.names[at].text
    no_path = f"No path leads from {walk.result} to {name}."
    if isinstance(at, Value):
        return [Reason("no path", name, no_path)], 1
    if not walk.graph.recording[at]:
        return [Reason("frozen", name, f"{name} has requires_grad=False.")], 1
    if walk.grads.get(at, 0.0) != 0.0:
        return [], 0
    ways, count = above(walk, at), 0
    met: dict[Use, int] = {}  # what a node sends 0 to, and the first slot
    todo, seen, cancel = [walk.root], {walk.root}, []
    for i in todo:  # which grows
        if walk.grads[i] == 0.0:
            cancel.append(i)
            continue
        for slot, sent in enumerate(walk.passed[i]):
            if sent is None or (x := walk.source(i, slot)) not in ways:
                continue
            if sent[1] == 0.0:
                met.setdefault((i, x), slot)
                count += 1
            elif x not in seen:
                seen.add(x)
                todo.append(x)
    stops = (Stop(walk, i, slot) for (i, _), slot in met.items())
    told = [stop.why(at) for stop in islice(stops, MOST)]
    kinds = {reason.kind for reason in told}
    told += [_cancel(walk, at, i) for i in cancel[: MOST - len(told)]]
    if kinds == {"no path"} and not cancel and all(stop.is_cut for stop in stops):
        told[0] = told[0]._replace(text=f"{no_path} {told[0].text}")
    return [*dict.fromkeys(told)], count + len(cancel)


def _cancel(walk: Walk, at: int, i: int) -> Reason:
    """The parts that come in, largest first."""
    amounts = [x for use in walk.graph.users[i] if (x := walk.number("a", *use))]
    terms = [show(x) for x in sorted(amounts, key=abs, reverse=True)[:ROWS]]
    terms += [f"… ({len(amounts)} in all)"] * (len(amounts) > ROWS)
    text = f"The contributions cancel: {' + '.join(terms)} {walk.fill((Blank('eg', i),))} 0."
    text += " Each path matters; together they do not."
    name = walk.names[i].text
    return Reason("cancel", name, text if i == at else f"{text} They meet at {name}.")


def smallest(walk: Walk, path: Sequence[Use]) -> Use:
    """Which use shrinks a path most."""
    return min(path, key=lambda use: abs(walk.number("p", *use)))


class Stop:
    """A use that sends 0: its operand, what it made, and how its slope goes on beside there."""

    def __init__(self, walk: Walk, i: int, slot: int) -> None:
        self.walk, self.i, self.slot, self.record = walk, i, slot, walk.ops[i]
        self.name, self.at, self.y = walk.names[i].text, walk.at(i), walk.number("v", i)
        self.x, self.given, self.source = self.at[slot], show(self.at[slot]), self.called([slot])
        self.nothing = self.record.slots is not None and self.record.rules[slot] is NOTHING
        same = self.nothing and self.y == self.x  # what steps has a kink
        self.is_cut = same and self.record.kink is None and not self.record.selects

    def called(self, slots: Sequence[int]) -> str:
        operands = [self.walk.graph.operands[self.i][s] for s in slots[:ROWS]]
        return and_(self.walk.names[x].text if isinstance(x, int) else show(x) for x in operands)

    # -------------------------------------------------------------- numbers
    def output(self, x: float) -> float:
        """The op's number with ``x`` in the slot."""
        return FLOATS.run(self.record, *self.at[: self.slot], x, *self.at[self.slot + 1 :])

    def slope(self, x: float, others: Collection[int] = ()) -> float:
        """Its partial there, 0 where it is not finite; ``others`` are 2 more, as ln 1 is 0."""
        at = [a + 2.0 * (s in others) for s, a in enumerate(self.at)]
        at[self.slot] = x
        p = FLOATS.partials(self.record, at, FLOATS.run(self.record, *at))[self.slot] or 0.0
        return p if math.isfinite(p) else 0.0

    def level(self) -> str:
        """How the op's slope goes on beside an operand where it is 0.

        ``turning`` (it has two signs), ``level`` (one), ``saturated`` (it fades and rounds to 0),
        ``corner`` (it is 0 from a corner on); empty: it is 0 wherever we look.
        """
        slope, x = self.slope, max(-LARGEST, min(self.x, LARGEST))
        step = BESIDE * max(abs(x), 1.0)
        beside = sides = x - step, x + step
        if not all(map(slope, sides)):
            hard = self.record.domain[self.slot if self.record.slots else 0].hard
            passing = [p for p in (*REALS.probes(), *hard, x - 1.0, x + 1.0) if slope(p)]
            if not passing:
                return ""
            inside, edge = min(passing, key=lambda p: abs(p - x)), x
            while edge != (middle := inside / 2.0 + edge / 2.0) != inside:
                inside, edge = (middle, edge) if slope(middle) else (inside, middle)
            if abs(slope(inside)) > FADED:
                return "corner"
            sides = min(x, *passing), max(x, *passing)
            if x in sides and not any(math.isnan(self.output(p)) for p in beside):
                return "saturated"
        if x and not slope(x / 2.0) and not slope(x * 2.0):
            return "saturated"  # not the point itself, but near to it, or far out
        return "level" if len({slope(p) < 0.0 for p in sides}) == 1 else "turning"

    def because(self) -> list[int]:
        """The fewest other operands, zeros if there are, with whose numbers the slope is 0."""
        others = [s for s in range(len(self.at)) if s != self.slot]
        sets, found = [[s for s in others if self.at[s] == 0.0], others], list[int]()
        while part := next((some for some in sets if self.slope(self.x, {*some})), []):
            found, half = part, len(part) // 2
            sets = [part[:half], part[half:]] if half else []
        return found

    # -------------------------------------------------------------- sentences
    def why(self, at: int) -> Reason:
        """Why the gradient of node ``at`` gets 0 by this way."""
        record, name, given = self.record, self.name, self.given
        chooses = record.selects and record.letters[self.slot :][:1] != "x"  # x is cut to bounds
        if self.walk.number("p", self.i, self.slot):
            kind, text = "underflow", self.underflow(at)
        elif self.is_cut:
            kind, text = "no path", f"{self.source} was cut off by detach()."
        elif self.nothing:
            kind, text = self.flat()
        elif chooses:
            kind, text = "untaken", self.untaken()
        elif (kind := "corner" if record.selects else self.level()) == "corner":
            kind, text = self.outside()
        elif kind == "saturated":
            output = f"output {show(self.y)}, its slope rounds to 0."
            text = f"{name} is saturated: input {given}, {output}"
        elif not kind:
            kind, text = self.factor(at)
        else:
            told = formula(self.walk.graph, self.i, self.walk.names)
            numbered = self.walk.names[self.walk.source(self.i, self.slot)].numbered
            told = name if numbered or len(told) > LONGEST_FORMULA else told
            text = f"{self.source} is at a {kind} point of {name}: the slope of {told} at {given} "
            kind, text = "turning", f"{text}is 0."
            if record.kink is not None and evaluate(record.kink, *self.at):
                text += f" By convention: {record.convention}."
        return Reason(kind, name, text)

    def flat(self) -> tuple[str, str]:
        nodes = {x for x in self.walk.graph.operands[self.i] if isinstance(x, int)}
        some = len(nodes) > 1 and any(rule is not NOTHING for rule in self.record.rules)
        return "flat", f"{self.name} is flat{f' in {self.source}' * some}."

    def untaken(self) -> str:
        """What it took in its place: another branch, where one operand is the condition."""
        if NOTHING in self.record.rules:
            return f"{self.name} took its other branch."
        passed = FLOATS.partials(self.record, self.at, self.y)
        taken = [*{self.called([s]): s for s, p in enumerate(passed) if p}.values()]
        are = "is" if len(taken) == 1 else "are"
        larger = {self.at[s] > self.x for s in taken if self.at[s] != self.x}
        which = "".join(f", which {are} {'larger' if more else 'smaller'}" for more in larger)
        return f"{self.name} took {self.called(taken)}{which}."

    def outside(self) -> tuple[str, str]:
        """Off, or outside of the bounds that it is cut to."""
        if self.record.slots == 1 and self.y == 0.0:
            return "inactive", f"{self.name} is off: its input is {self.given}."
        low, high = self.output(-math.inf), self.output(math.inf)
        if all(self.output(x) == x for x in (low, self.y, high)):
            return "untaken", f"{self.name}: {self.given} is outside {show(low)}…{show(high)}."
        return self.flat()

    def factor(self, at: int) -> tuple[str, str]:
        """``w2's gradient is 0 because x2 is 0: in w2×x2 the slope for w2 is x2.``"""
        walk, i, found = self.walk, self.i, self.because()
        named = [s for s in found if isinstance(walk.graph.operands[i][s], int)]
        if not found or (not named and self.record.slots and self.y):
            return self.flat()
        if not named:
            return "factor", f"{self.name} multiplies it by 0."
        told = self.called(named)
        zeros = and_(f"{self.called([s])} is {show(self.at[s])}" for s in named[:ROWS])
        own, word = self.record.words[self.slot % len(self.record.words)], f"depends on {told}"
        if len(found) == 1 and self.slope(self.x, found) == self.at[found[0]] + 2.0:
            word = f"is {told}"
        elif "{" in own:  # else it does not say in what numbers
            word = walk.fill(("is ", *walk.said(own, i, self.slot)))
        text = f"{walk.bracketed(at)}{BECAUSE}{zeros}"
        whole = f"{text}: in {self.name} the slope for {self.source} {word}."
        return "factor", whole if len(whole) <= LONG else f"{text}, in {self.name}."

    def underflow(self, at: int) -> str:
        """Of the heaviest way through this use, down to the value or to where it stops anyway."""
        walk, use = self.walk, (self.i, self.slot)
        below = heaviest(walk, at, 1, walk.source(*use))
        way = [*heaviest(walk, self.i, 1)[0].uses, use, *(x for path in below for x in path.uses)]
        least = smallest(walk, way)
        told = f"{walk.names[least[0]]}, {show(walk.number('p', *least))}"
        return f"{len(way)} slopes multiply to less than a float holds; the smallest: {told}."
