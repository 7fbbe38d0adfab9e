"""Wrong rules, made by a program from every rule of the table: each must be caught.

A rule (a slot's partial; the formula of a derived op) is recorded as a graph, and one node of it is
changed; or the rule is changed as a whole. What catches a mutant is what the accuracy tests ask of
the rule itself: its numbers at the probes, at kinks, ties and special numbers too, and a partial's
own slopes.

Left out, because they are the same rule: a whole that is what it was; an exchange that mathematics
allows; ``>`` for ``>=`` where value and slope are continuous; what multiplies 0 to keep a nan; the
inner steps of Horner's scheme, which do not reach the last place. Any other change that no number
catches must be proved to be none: the changed rule is the rule in 60-digit arithmetic, at points
of its own, to half a unit in the last place (a partial: to the 1e-12 it is held to).
"""

import collections
import functools
import itertools
import math
import random
from collections.abc import Callable, Iterator
from typing import ClassVar, NamedTuple

import mpmath as mp
import numpy as np
import pytest

from autograd import Value, errstate, gradients, ops
from autograd.graph import Graph
from autograd.op import NOTHING, Arithmetic, Op
from tests.autograd.cases import (
    BARE,
    LARGEST,
    OTHERS,
    RECORDS,
    REFERENCE,
    allowed_partial,
    allowed_value,
    probes,
    rule_of,
    trace,
    true_value,
    value_of,
)
from tests.autograd.test_accuracy import curved, tolerance, true_derivative

LEAST = 8  # mutants a rule
MADE: collections.Counter[str] = collections.Counter()
# With parameters that are not neutral: a rule that forgot alpha = 1 would be the rule.
_OTHERS = {record.name: record for record in reversed(OTHERS) if record.parameters != {"n": 0}}
SUBJECTS = [_OTHERS.get(record.name, record) for record in RECORDS]


class Rule(NamedTuple):
    """A rule to be mutated: a record's formula (slot None) or a slot's partial."""

    record: Op
    slot: int | None
    count: int  # the record's operands; a partial has the output as one more
    rule: Callable

    def __str__(self) -> str:
        part = "formula" if self.slot is None else f"partial {self.slot}"
        return f"{self.record.name}{dict(self.record.parameters) or ''} {part}"

    def operands(self, at: tuple[float, ...]) -> list:
        """The rule's own operands: a partial gets the output as well."""
        known = [np.float64(x) for x in at]
        return known if self.slot is None else [*known, np.float64(value_of(self.record, at))]

    def allows(self, at: tuple[float, ...]):
        if self.slot is None:
            return allowed_value(self.record, at)
        return allowed_partial(self.record, self.slot, at)


def rules(record: Op) -> list[Rule]:
    """All rules of a record; of an n-ary one those of the first and the last of 3 or 4 operands."""
    count = record.slots or (4 if record is ops.dot else 3)
    slots = range(count) if record.slots else (0, count - 1)
    found = [Rule(record, slot, count, rule_of(record, slot)) for slot in slots]
    if record.formula is not None:
        found.insert(0, Rule(record, None, count, record.formula))
    return found


# ------------------------------------------------------------------ what catches a mutant
def points(record: Op, operands: int, count: int = 150) -> list[tuple[float, ...]]:
    """Ordinary points first: most mutants fall there."""
    length = None if record.slots else operands
    special, drawn = probes(record, 0, length), probes(record, count, length)
    drawn = drawn[len(special) :]
    if len(special) > 500:  # of three operands: a sample, the same every time
        special = random.Random(0).sample(special, 500)
    return [*drawn, *special]


def caught(rule: Rule, mutant: Callable) -> bool:
    """Whether some number is outside what the accuracy tests allow."""
    for at, operands in known_points(rule):
        try:
            y = float(mutant(BARE, *operands))
        except (ArithmeticError, ValueError):
            return True
        if y not in rule.allows(at):
            return True
    return False


_points: dict[tuple, list] = {}


def known_points(rule: Rule) -> list:
    key = (rule.record, rule.slot)
    if key not in _points:
        _points[key] = [(at, rule.operands(at)) for at in points(rule.record, rule.count)]
    return _points[key]


def caught_by_slopes(rule: Rule, mutant: Callable) -> bool:
    """Whether the second derivatives that come of a partial are wrong: where a branch is taken."""
    if rule.slot is None:
        return False
    record = rule.record
    for at, wanted, largest in slope_points(record, rule.count):
        leaves = [Value(x) for x in at]
        with errstate("ignore"):
            p = mutant(ops.VALUES, *leaves, Op.recorder(record, leaves))
            got = gradients(p, leaves) if isinstance(p, Value) else [Value(0.0) for _ in leaves]
        for y, want in zip(got, wanted[rule.slot], strict=True):
            if not abs(y.data - want) <= tolerance(record, at, 2, want, largest):
                return True
    return False


@functools.cache
def slope_points(record: Op, count: int) -> list[tuple[tuple[float, ...], list, mp.mpf]]:
    """Points with zeros and ties before others, all second derivatives there and the largest."""
    own = [at for at in points(record, count, 40) if curved(record, at)]
    own.sort(key=lambda at: (-at.count(0.0), len(set(at))))
    found = []
    for at in dict.fromkeys((*own[:12], *own[-12:])):
        n = range(count)
        wanted = [[true_derivative(record, at, (i, j)) for j in n] for i in n]
        largest = max(abs(x) for row in wanted for x in row)
        if largest < 1e300:
            found.append((at, wanted, largest))
    return found


# ------------------------------------------------------------------ mutants of a whole rule
def whole(rule: Rule) -> Iterator[tuple[str, Callable]]:
    """The rule negated, scaled, shifted, replaced by a number, an operand, another slot's rule."""
    f, record = rule.rule, rule.record
    graph, places = trace(f, rule.count + (rule.slot is not None))
    (root,) = graph.roots
    constant = graph.values[root] if graph.ops[root] is None and root not in places else None

    if constant is None:
        yield "negated", lambda m, *at: -f(m, *at)
        yield "doubled", lambda m, *at: f(m, *at) * 2.0
        yield "halved", lambda m, *at: f(m, *at) * 0.5
        yield "plus 1", lambda m, *at: f(m, *at) + 1.0
        yield "off by 1e-9", lambda m, *at: f(m, *at) * (1.0 + 1e-9)
    for number in (0.0, 1.0, -1.0, 0.5, 2.0, 1.0 + 1e-9, 1e-9, math.nan):
        if number != constant:
            yield f"the number {number}", lambda m, *at, number=number: number
    for i, place in enumerate(places):
        if place != root:
            yield f"operand {i} instead", lambda m, *at, i=i: at[i]
    if rule.slot is not None and record.slots and rule.rule is not NOTHING:
        for other in range(record.slots):
            theirs = rule_of(record, other)
            if other != rule.slot and form(trace(theirs, rule.count + 1)[0]) != form(graph):
                yield f"slot {other}'s", theirs
    if constant is None and rule.count > 1 and not symmetric(rule):
        yield "operands exchanged", lambda m, a, b, *at: f(m, b, a, *at)


def form(graph: Graph) -> tuple:
    return graph.ops, graph.operands, graph.roots, tuple(map(repr, graph.values))


def symmetric(rule: Rule) -> bool:
    """Whether mathematics does not change when the first two operands are exchanged."""
    if rule.slot is not None and rule.slot < 2:
        return False
    ordinary = [mp.mpf(x) for x in (0.3, 1.7, 2.9, -1.1)[: rule.count]]
    f = functools.partial(REFERENCE[rule.record.name], **rule.record.parameters)
    others = [-x for x in ordinary], [mp.mpf(0), *ordinary[1:]]
    return all(f(*at) == f(at[1], at[0], *at[2:]) for at in (ordinary, *others))


# ------------------------------------------------------------------ mutants of a node
STRICT = {ops.greater: ops.greater_equal, ops.greater_equal: ops.greater,
          ops.less: ops.less_equal, ops.less_equal: ops.less}  # fmt: skip


def edits(record: Op, graph: Graph, i: int, strict: bool) -> Iterator[tuple[str, Callable]]:
    """What node i may wrongly be, as functions ``(m, *operands)`` of it."""
    operands = graph.operands[i]

    def run(m: Arithmetic, *at):
        return m.run(record, *at)

    if record in STRICT:
        if strict:
            yield "strictness", lambda m, *at: m.run(STRICT[record], *at)
        yield "sides", lambda m, a, b: m.run(record, b, a)
        yield "always", lambda m, a, b: 1.0
        yield "never", lambda m, a, b: 0.0
    elif record in (ops.equal, ops.not_equal):
        yield "never", lambda m, a, b: 0.0
        yield "always", lambda m, a, b: 1.0
        yield "at or above", lambda m, a, b: m.greater_equal(a, b)
    elif record is ops.where:
        yield "branches", lambda m, c, a, b: m.where(c, b, a)
        yield "first branch", lambda m, c, a, b: a
        yield "second branch", lambda m, c, a, b: b
    elif record in (ops.maximum, ops.minimum):
        other = ops.minimum if record is ops.maximum else ops.maximum
        yield "the other extreme", lambda m, a, b: m.run(other, a, b)
        yield "first operand", lambda m, a, b: a
        yield "second operand", lambda m, a, b: b
    else:
        yield "sign", lambda m, *at: -run(m, *at)
        yield "factor", lambda m, *at: 1.5 * run(m, *at)
        if record is ops.add:
            yield "difference", lambda m, a, b: a - b
        if record is ops.subtract:
            yield "sum", lambda m, a, b: a + b
        if record is ops.divide:
            yield "product", lambda m, a, b: a * b
        if record is ops.multiply:
            yield "quotient", lambda m, a, b: m.divide(a, b)
        for n in range(len(operands)):
            if len(operands) < 4:
                yield f"operand {n} alone", lambda m, *at, n=n: at[n]
        if len(operands) == 2 and not record.commutes and record not in (ops.add, ops.hypot):
            yield "operands exchanged", lambda m, a, b: run(m, b, a)
    for n, x in enumerate(operands):
        if type(x) is float and math.isfinite(x):
            for what, number in (("half as much again", 1.5 * x or 1.0), ("negated", -x)):
                if number != x:
                    yield (
                        f"{x!r} {what}",
                        lambda m, *at, n=n, number=number: run(m, *at[:n], number, *at[n + 1 :]),
                    )


def inner(graph: Graph) -> set[int]:
    """Steps of Horner's scheme, but for its last two, and what only keeps a nan."""
    found: set[int] = set()
    for i in reversed(range(len(graph))):
        keeps_nan = graph.ops[i] is ops.multiply and 0.0 in graph.operands[i]
        users = graph.users[i]
        if keeps_nan or (users and all(user in found for user, _ in users)):
            found.add(i)
    found -= {i for i in found if graph.ops[i] is None}

    def after(i: int) -> int:
        return graph.users[i][0][0] if len(graph.users[i]) == 1 else -1

    def step(i: int) -> bool:
        return i >= 0 and graph.ops[i] in (ops.add, ops.subtract) and any(
            type(x) is float for x in graph.operands[i]
        )  # fmt: skip

    for i in range(len(graph)):
        times = after(i)
        if step(i) and times >= 0 and graph.ops[times] is ops.multiply and step(after(times)):
            found |= {i, times}
    for i, operands in enumerate(graph.operands):  # c x, with which the scheme begins
        if graph.ops[i] is ops.multiply and after(i) in found and step(after(i)):
            if any(type(x) is float for x in operands):
                found.add(i)
    return found


def changed(graph: Graph, places: tuple[int, ...], node: int, edit: Callable | None) -> Callable:
    """The rule with ``edit`` in the place of a node's op."""

    def mutant(m: Arithmetic, *at):
        numbers: list = []
        given = dict(zip(places, at, strict=True))
        for i, record in enumerate(graph.ops):
            if record is None:
                numbers.append(given.get(i, graph.values[i]))
            elif i == node:
                numbers.append(edit(m, *graph.at(i, numbers)))
            else:
                numbers.append(m.run(record, *graph.at(i, numbers)))
        return numbers[graph.roots[0]]

    return mutant


def nodes(rule: Rule) -> Iterator[tuple[str, Callable]]:
    """Every change of one node; and every leaf taken for another, where it is used."""
    graph, places = trace(rule.rule, rule.count + (rule.slot is not None))
    left_out = inner(graph)
    flat = all(rule_of(rule.record, slot) is NOTHING for slot in range(rule.record.slots or 0))
    strict = flat if rule.slot is None else rule.record.kink is not None
    for i, record in enumerate(graph.ops):
        if record is None or i in left_out:
            continue
        for what, edit in edits(record, graph, i, strict):
            yield f"node {i} {record.name}: {what}", changed(graph, places, i, edit)
        for n, x in enumerate(graph.operands[i]):
            for other in places:
                if x in places and other != x:
                    operands = list(graph.operands[i])
                    operands[n] = other
                    wrong = Graph.build(
                        graph.ops, [*graph.operands[:i], tuple(operands), *graph.operands[i + 1 :]],
                        graph.roots, graph.values, graph.labels,
                    )  # fmt: skip
                    if other < i:
                        yield (
                            f"node {i} {record.name}: operand {n} wrong",
                            changed(wrong, places, -1, None),
                        )


# ------------------------------------------------------------------ the same rule after all
class _Exact(Arithmetic):
    """Mathematics: every op by its reference, with nan where it has no number."""

    kind = "exact"
    lines: ClassVar[dict] = {}

    def run(self, record: Op, *operands):
        operands = [mp.mpf(x) for x in operands]
        try:
            y = REFERENCE[record.name](*operands, **record.parameters)
        except (ZeroDivisionError, ValueError):
            return mp.nan
        return mp.nan if isinstance(y, mp.mpc) else mp.mpf(y)


EXACT = _Exact()


def exactly(rule: Callable, operands: list) -> mp.mpf:
    try:
        return mp.mpf(rule(EXACT, *operands))
    except (ZeroDivisionError, ValueError, TypeError):
        return mp.nan


def is_the_rule(rule: Rule, mutant: Callable) -> bool:
    """Whether both are one function in 60-digit arithmetic, where mathematics has a number."""
    near = 2.0**-53 if rule.slot is None else 1e-12
    for operands, want in proof_points(rule):
        got = exactly(mutant, operands)
        if abs(want) > LARGEST and abs(got) > LARGEST and got * want > 0:
            continue
        if mp.isnan(got) or abs(got - want) > near * abs(want) + mp.mpf(10) ** -330:
            return False
    return True


@functools.cache
def proof_points(rule: Rule) -> list[tuple[list, mp.mpf]]:
    """Points of which most are not those of ``caught``, with the rule's exact number."""
    graph, places = trace(rule.rule, rule.count + (rule.slot is not None))
    original = changed(graph, places, -1, None)
    special = points(rule.record, rule.count, 0)
    drawn = points(rule.record, rule.count, 230)[:80]
    found = []
    for at in [*drawn, *special[:: 1 + len(special) // 60]]:
        y = true_value(rule.record, at)
        if not all(map(math.isfinite, at)) or not isinstance(y, mp.mpf) or not mp.isfinite(y):
            continue
        operands = [mp.mpf(x) for x in at] + ([] if rule.slot is None else [y])
        want = exactly(original, operands)
        if not mp.isnan(want):
            found.append((operands, want))
    return found


# ------------------------------------------------------------------ the run
@pytest.mark.parametrize(
    "record", SUBJECTS, ids=lambda r: f"{r.name}{''.join(f'-{x}' for x in r.parameters.values())}"
)
def test_every_wrong_rule_is_caught(record):
    survivors = []
    with np.errstate(all="ignore"):
        for rule in rules(record):
            refused = caught(rule, rule.rule) or caught_by_slopes(rule, rule.rule)
            assert not refused, f"{rule}: the rule itself is refused"
            count = 0
            for what, mutant in itertools.chain(whole(rule), nodes(rule)):
                count += 1
                MADE["made"] += 1
                if caught(rule, mutant) or caught_by_slopes(rule, mutant):
                    MADE["caught"] += 1
                elif is_the_rule(rule, mutant):
                    MADE["the rule itself"] += 1
                else:
                    survivors.append(f"{rule}: {what}")
            MADE["rules"] += 1
            assert count >= LEAST, f"{rule}: {count} mutants only"
    assert not survivors, (len(survivors), survivors)


def test_the_number_of_mutants_is_said(capsys):
    assert MADE["made"] == MADE["caught"] + MADE["the rule itself"]
    with capsys.disabled():
        print(
            f"\n{MADE['made']} mutants of {MADE['rules']} rules: {MADE['caught']} caught, "
            f"{MADE['the rule itself']} are the rule itself in 60-digit arithmetic"
        )
