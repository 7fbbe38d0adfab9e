"""Why a gradient is 0, and what shrinks one most: the slopes of 0 that are met first from the root.

Reads walk.py and the ops' records; read by explanation.py and health.py. What a slope of 0 comes of
follows from what the record says (that it selects, that nothing passes a slot) and from how its
slope goes on beside the operand: no op is asked for its name.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any, NamedTuple

from autograd.ieee import FLOATS, evaluate
from autograd.names import LONGEST_FORMULA, formula, short
from autograd.numbers import show
from autograd.op import NOTHING, REALS, Op
from autograd.value import Value

from .blanks import Blank
from .walk import ROWS, Walk, _and

MOST = 5  # reasons that are told; more are counted
BESIDE = 1e-6  # of an operand, or of 1: a step to either side of it
FADED = 1e-9  # a slope that rounds to 0 is less next to there; one that ends at a corner is more
LARGEST = 1.7976931348623157e308

Use = tuple[int, int]  # an op and a slot


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
    if isinstance(at, Value):
        name = short(at)
        return [Reason("no path", name, f"No path leads from {walk.result} to {name}.")], 1
    name = walk.names[at].text
    if not walk.graph.recording[at]:
        return [Reason("frozen", name, f"{name} has requires_grad=False.")], 1
    if walk.grads.get(at, 0.0) != 0.0:
        return [], 0
    above = _above(walk, at)
    met: dict[Use, int | None] = {}  # a node and what it sends 0 to, or itself: the first slot
    count = 0
    for i in sorted(above, reverse=True):
        if walk.grads[i] != 0.0:
            for slot, sent in walk.sent[i].items():
                if sent.amount == 0.0 and walk.source(i, slot) in above:
                    met.setdefault((i, walk.source(i, slot)), slot)
                    count += 1
        elif any(walk.sent[user][slot].amount for user, slot in walk.graph.users[i]):
            met[i, i] = None
            count += 1
    told = [
        _cancel(walk, at, i) if slot is None else _stopped(walk, at, above, i, slot)
        for (i, _), slot in [*met.items()][:MOST]
    ]
    if all(slot is not None and _is_cut(walk, i, slot) for (i, _), slot in met.items()):
        no_path = f"No path leads from {walk.result} to {name}. "
        told[0] = told[0]._replace(text=no_path + told[0].text)
    return [*dict.fromkeys(told)], count


def weakest(walk: Walk, path: Sequence[Use]) -> dict[str, Any] | None:
    """The smallest partial on a path of uses, if it is below 1 in size: {node, op, local}."""
    use = _smallest(walk, path)
    if use is None or abs(walk.number("p", *use)) >= 1.0:
        return None
    i = use[0]
    return {"node": walk.names[i].text, "op": walk.ops[i].name, "local": walk.number("p", *use)}


def shrinks(walk: Walk, path: Sequence[Use]) -> str:
    """``what shrinks it most is tanh 12: slope 0.00012, its input is 5.2``; empty if nothing."""
    use, found = _smallest(walk, path), weakest(walk, path)
    if use is None or found is None:
        return ""
    slope, given = show(found["local"]), show(walk.at(use[0])[use[1]])
    return f"what shrinks it most is {found['node']}: slope {slope}, its input is {given}"


def _smallest(walk: Walk, path: Sequence[Use]) -> Use | None:
    sizes = {use: abs(walk.number("p", *use)) for use in path}
    return min((use for use, p in sizes.items() if p == p), key=sizes.__getitem__, default=None)


def _above(walk: Walk, at: int) -> set[int]:
    """Node ``at`` and all that is made of it."""
    above, todo = {at}, [at]
    for i in todo:  # which grows
        new = {user for user, _ in walk.graph.users[i]} - above
        above |= new
        todo += new
    return above


# ------------------------------------------------------------------ how a slope goes on
def output_at(record: Op, at: Sequence[float], slot: int, x: float) -> float:
    """The op's number with ``x`` in the slot."""
    return FLOATS.run(record, *at[:slot], x, *at[slot + 1 :])


def slope_at(record: Op, at: Sequence[float], slot: int, x: float) -> float:
    """The op's partial with ``x`` in the slot; 0 where it has no finite one."""
    numbers = [*at[:slot], x, *at[slot + 1 :]]
    p = FLOATS.partials(record, numbers, FLOATS.run(record, *numbers))[slot] or 0.0
    return p if math.isfinite(p) else 0.0


def level(record: Op, at: Sequence[float], slot: int) -> str:
    """How the op's slope goes on beside an operand where it is 0.

    ``turning`` (it has two signs), ``inflection`` (one), ``saturated`` (it fades and rounds to 0),
    ``corner`` (it is 0 from a corner on); empty: it is 0 wherever we look.
    """
    x = max(-LARGEST, min(at[slot], LARGEST))
    slope, step = partial(slope_at, record, at, slot), BESIDE * max(abs(x), 1.0)
    left, right = x - step, x + step
    if not slope(left) or not slope(right):
        hard = record.domain[slot if record.slots else 0].hard
        passing = [p for p in (*REALS.probes(), *hard, x - 1.0, x + 1.0) if slope(p)]
        if not passing:
            return ""
        left = max((p for p in passing if p < x), default=x)
        right = min((p for p in passing if p > x), default=x)
        inside, edge = min(passing, key=lambda p: abs(p - x)), x
        while edge != (middle := inside / 2.0 + edge / 2.0) != inside:
            inside, edge = (middle, edge) if slope(middle) else (inside, middle)
        if abs(slope(inside)) > FADED:
            return "corner"
        outward = x - step if left == x else x + step
        if x in (left, right) and not math.isnan(output_at(record, at, slot, outward)):
            return "saturated"
    if x and not slope(x / 2.0) and not slope(x * 2.0):
        return "saturated"  # not the point itself: it is near, or far out
    return "turning" if slope(left) * slope(right) < 0.0 else "inflection"


def _moved(record: Op, at: Sequence[float], slot: int, others: Collection[int]) -> float:
    """The slope when these other operands are 2 more: the logarithm of 0 + 2 is not 0."""
    some = set(others)
    return slope_at(record, [x + 2.0 if s in some else x for s, x in enumerate(at)], slot, at[slot])


def _because(record: Op, at: Sequence[float], slot: int) -> list[int]:
    """The fewest other operands, zeros if there are, whose numbers make the slope 0."""
    others = [s for s in range(len(at)) if s != slot]
    sets = [s for s in others if at[s] == 0.0], others
    found = next((some for some in sets if _moved(record, at, slot, some)), [])
    while len(found) > 1:
        halves = found[: len(found) // 2], found[len(found) // 2 :]
        half = next((some for some in halves if _moved(record, at, slot, some)), None)
        if half is None:
            break
        found = half
    return found


# ------------------------------------------------------------------ sentences
def _is_cut(walk: Walk, i: int, slot: int) -> bool:
    """Whether the op gives its operand on and passes nothing back; where it steps it has a kink."""
    record, value = walk.ops[i], walk.number("v", i)
    nothing = record.slots is not None and record.rules[slot] is NOTHING
    return nothing and record.kink is None and value == walk.at(i)[slot] and not record.selects


def _cancel(walk: Walk, at: int, i: int) -> Reason:
    """The parts that come in, largest first."""
    amounts = [x for use in walk.graph.users[i] if (x := walk.number("a", *use))]
    amounts.sort(key=abs, reverse=True)
    terms = [show(x) for x in amounts[:ROWS]]
    terms += [f"… ({len(amounts)} in all)"] * (len(amounts) > ROWS)
    text = f"The contributions cancel: {' + '.join(terms)} {walk.fill((Blank('eg', i),))} 0."
    text += " Each path matters; together they do not."
    name = walk.names[i].text
    return Reason("cancel", name, text if i == at else f"{text} They meet at {name}.")


def _stopped(walk: Walk, at: int, above: set[int], i: int, slot: int) -> Reason:
    """Why this use sends 0."""
    record, name, numbers = walk.ops[i], walk.names[i].text, walk.at(i)
    source, given = walk.names[walk.source(i, slot)].text, show(numbers[slot])
    selects = record.selects and len(numbers) > 1 and record.letters[slot : slot + 1] != "x"
    if walk.number("p", i, slot):
        return _underflow(walk, at, above, i, slot)
    if _is_cut(walk, i, slot):
        return Reason("no path", name, f"{source} was cut off by detach().")
    if record.slots and record.rules[slot] is NOTHING:
        return _flat(walk, i, slot)
    if selects:
        return _untaken(walk, i, slot)
    how = "corner" if record.selects else level(record, numbers, slot)
    if how == "corner":
        return _outside(walk, i, slot)
    if how == "saturated":
        output = show(walk.number("v", i))
        text = f"{name} is saturated: input {given}, output {output}, its slope rounds to 0."
        return Reason(how, name, text)
    if not how:
        return _factor(walk, at, i, slot)
    told = formula(walk.graph, i, walk.names)
    told = told if len(told) <= LONGEST_FORMULA and not walk.names[i].numbered else name
    point = "turning" if how == "turning" else "level"
    text = f"{source} is at a {point} point of {name}: the slope of {told} at {given} is 0."
    if record.kink is not None and evaluate(record.kink, *numbers):
        text += f" By convention: {record.convention}."
    return Reason("turning", name, text)


def _flat(walk: Walk, i: int, slot: int) -> Reason:
    record, name = walk.ops[i], walk.names[i].text
    nodes = {x for x in walk.graph.operands[i] if isinstance(x, int)}
    some = len(nodes) > 1 and any(rule is not NOTHING for rule in record.rules)
    of = f" in {walk.names[walk.source(i, slot)]}" if some else ""
    return Reason("flat", name, f"{name} is flat{of}.")


def _untaken(walk: Walk, i: int, slot: int) -> Reason:
    """What a choice took in its place: another branch, where one operand is the condition."""
    record, name, numbers = walk.ops[i], walk.names[i].text, walk.at(i)
    if NOTHING in record.rules:
        return Reason("untaken", name, f"{name} took its other branch.")
    passed = FLOATS.partials(record, numbers, walk.number("v", i))
    taken = [s for s, p in enumerate(passed) if p]
    told = _and(_called(walk, i, s) for s in taken[:ROWS])
    are = "is" if len(taken) == 1 else "are"
    larger = {numbers[s] > numbers[slot] for s in taken if numbers[s] != numbers[slot]}
    which = "".join(f", which {are} {'larger' if more else 'smaller'}" for more in larger)
    return Reason("untaken", name, f"{name} took {told}{which}.")


def _outside(walk: Walk, i: int, slot: int) -> Reason:
    """The slope is 0 from a corner on: off, or outside of the bounds that it is cut to."""
    record, name, numbers, y = walk.ops[i], walk.names[i].text, walk.at(i), walk.number("v", i)
    given = show(numbers[slot])
    if len(numbers) == 1 and y == 0.0:
        return Reason("inactive", name, f"{name} is off: its input is {given}.")
    ends = [output_at(record, numbers, slot, x) for x in (-math.inf, math.inf)]
    kept = all(output_at(record, numbers, slot, x) == x for x in (*ends, y))
    if kept and ends[0] <= y <= ends[1]:
        low, high = map(show, ends)
        return Reason("untaken", name, f"{name}: {given} is outside {low}…{high}.")
    return _flat(walk, i, slot)


def _factor(walk: Walk, at: int, i: int, slot: int) -> Reason:
    """``w2's gradient is 0 because x2 is 0: in w2×x2 the slope for w2 is x2.``"""
    record, name, numbers = walk.ops[i], walk.names[i].text, walk.at(i)
    found = _because(record, numbers, slot)
    named = [s for s in found if isinstance(walk.graph.operands[i][s], int)]
    if not found or (not named and record.slots and walk.number("v", i)):
        return _flat(walk, i, slot)
    if not named:
        return Reason("factor", name, f"{name} multiplies it by 0.")
    told, number = _and(_called(walk, i, s) for s in named[:ROWS]), show(numbers[named[0]])
    word = f"has the factor{'s' * (len(named) > 1)} {told}"
    if record.slots:
        own = record.words[slot]
        word = "is 0" if own == "slope" else "is " + walk.fill(walk._said(own, i, slot))
    elif len(found) == 1 and _moved(record, numbers, slot, found) == numbers[found[0]] + 2.0:
        word = f"is {told}"
    are = "is" if len(named) == 1 else "are"
    text = f"{walk._name(at)}'s gradient is 0 because {told} {are} {number}: in {name} the slope "
    return Reason("factor", name, f"{text}for {walk.names[walk.source(i, slot)]} {word}.")


def _called(walk: Walk, i: int, slot: int) -> str:
    x = walk.graph.operands[i][slot]
    return walk.names[x].text if isinstance(x, int) else show(x)


def _underflow(walk: Walk, at: int, above: set[int], i: int, slot: int) -> Reason:
    """Of the heaviest way from the root that goes through this use, down to the value."""
    way, node = [(i, slot)], i
    while node != walk.root:
        way.append(max(walk.graph.users[node], key=lambda use: abs(walk.number("a", *use))))
        node = way[-1][0]
    way.reverse()
    while (node := walk.source(*way[-1])) != at:
        uses = [(node, s) for s in walk.sent[node] if walk.source(node, s) in above]
        way.append(max(uses, key=lambda use: abs(walk.number("p", *use))))
        if not walk.number("p", *way[-1]):  # another reason, of which none is told below
            way.pop()
            break
    use = _smallest(walk, way)
    assert use is not None
    name, p = walk.names[use[0]].text, show(walk.number("p", *use))
    text = f"{len(way)} slopes multiply to less than a float holds; the smallest: {name}, {p}."
    return Reason("underflow", walk.names[i].text, text)
