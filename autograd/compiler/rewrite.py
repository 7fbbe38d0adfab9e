"""Rewrite: a smaller graph with the same numbers, made of ops that a back end has a line for.

Rewriting is running: the graph is run, and swept, in an arithmetic whose operands are places in the
new graph.
That expands derived ops, folds constants, finds common subexpressions and leaves dead code behind.
Identities are exact in IEEE arithmetic only; the sign of a zero gradient is the one exception.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from .. import ops
from ..graph import Graph
from ..ieee import FLOATS
from ..op import Arithmetic, Op, Symbolic
from ..sweep import reverse


class _Place(Symbolic):
    """A node of the new graph: an op of places and floats, or a leaf, whose value may be known."""

    __slots__ = ("index", "label", "m", "operands", "record", "value")

    def __init__(
        self,
        m: _Builder,
        record: Op | None = None,
        operands: tuple[Any, ...] = (),
        label: str = "",
        value: float | None = None,
    ) -> None:
        self.m = m
        self.index = len(m.places)
        self.record = record
        self.operands = operands
        self.label = label
        self.value = value
        m.places.append(self)


def _same(x: Any, number: float) -> bool:
    """Whether an operand is this number, sign of zero included."""
    return isinstance(x, float) and repr(x) == repr(number)


def _where(m: _Builder, c: Any, a: Any, b: Any) -> Any:
    """Masks of masks: slopes of ops that select bring them."""
    if isinstance(c, float):
        return a if c else b
    if c.record is ops.where and all(isinstance(x, float) for x in c.operands[1:]):
        return m.where(c.operands[0], *[a if x else b for x in c.operands[1:]])  # nan is true
    yes, no = _given(m, c, a, 1), _given(m, c, b, 2)
    if yes is no or (isinstance(no, float) and _same(yes, no)):
        return yes
    if m.sweeping and yes is c and no == 0.0:
        return c
    return None if yes is a and no is b else m.where(c, yes, no)


def _given(m: _Builder, c: Any, x: Any, side: int, factor: bool = False) -> Any:
    """What x is where the condition c holds (side 1), or does not (side 2)."""
    if isinstance(x, float):
        return x
    if x is c and (c.record in COMPARISONS or (m.sweeping and side == 2)):
        return (None, 1.0, 0.0)[side]
    if x.record is ops.where and x.operands[0] is c:
        return x.operands[side]
    if x.record is ops.multiply and not factor:
        factors = [_given(m, c, one, side, factor=True) for one in x.operands]
        if any(new is not old for new, old in zip(factors, x.operands, strict=True)):
            return m.multiply(*factors)
    return x


def _divide(m: _Builder, a: Any, b: Any) -> Any:
    if isinstance(b, float) and 1e-300 < abs(b) < 1e300 and abs(math.frexp(b)[0]) == 0.5:
        return m.multiply(a, 1.0 / b)  # a power of two: exact
    return None


def _power(m: _Builder, a: Any, b: Any) -> Any:
    if _same(b, 1.0):
        return a
    return m.multiply(a, a) if _same(b, 2.0) else None


COMPARISONS = frozenset((ops.equal, ops.not_equal, ops.greater, ops.greater_equal))  # 1.0 or 0.0

# What an op is when one operand is this: the other operand, or None if nothing is known.
_IDENTITIES: Mapping[Op, Callable[..., Any]] = {
    ops.identity: lambda m, x: x,
    ops.stop_gradient: lambda m, x: x,
    ops.add: lambda m, a, b: a if _same(b, -0.0) else b if _same(a, -0.0) else None,
    ops.subtract: lambda m, a, b: a if _same(b, 0.0) else None,
    ops.multiply: lambda m, a, b: a if _same(b, 1.0) else b if _same(a, 1.0) else None,
    ops.divide: _divide,
    ops.power: _power,
    ops.where: _where,
}


class _Builder(Arithmetic):
    """The arithmetic whose numbers are places in the graph under construction."""

    kind = "a graph"

    def __init__(self, target: Arithmetic) -> None:
        self.target = target
        self.places: list[_Place] = []
        self.known: dict[tuple[Op, tuple[str, ...]], _Place] = {}
        self.sweeping = False  # slopes are formed, where the sign of a zero is free

    def run(self, record: Op, *operands: Any) -> Any:
        operands = tuple([x if isinstance(x, _Place) else float(x) for x in operands])
        if all(isinstance(x, float) for x in operands):
            return FLOATS.run(record, *operands)
        simpler = _IDENTITIES[record](self, *operands) if record in _IDENTITIES else None
        if simpler is not None:
            return simpler
        if self.target.line(record) is None:
            if record.formula is None:
                return self.target.run(record, *operands)  # which says what is missing
            return record.formula(self, *operands)
        # 0.0 and -0.0 are two numbers here
        key = [repr(x) if isinstance(x, float) else str(x.index) for x in operands]
        known = record, tuple(sorted(key) if record.commutes else key)
        if known not in self.known:
            self.known[known] = _Place(self, record, operands)
        return self.known[known]


def rewrite(graph: Graph, gradient: bool, target: Arithmetic) -> Graph:
    """The root, with ``gradient`` its slope in each input too, for the back end of ``target``.

    Roots that are numbers become leaves with a value.
    """
    builder = _Builder(target)
    given = {i: _Place(builder, label=graph.labels[i]) for i in graph.inputs}
    numbers = graph.run(builder, given)
    (root,) = graph.roots
    found = [numbers[root]]
    if gradient:
        builder.sweeping = True
        slopes = reverse(graph, builder, numbers, {root: 1.0}, graph.inputs)
        found += [0.0 if slope is None else slope for slope in slopes]
    roots = [x if isinstance(x, _Place) else _Place(builder, value=float(x)) for x in found]
    live = {x.index for x in (*roots, *given.values())}
    for place in reversed(builder.places):
        if place.index in live:
            live.update([x.index for x in place.operands if isinstance(x, _Place)])
    places = [builder.places[i] for i in sorted(live)]
    new = {place: i for i, place in enumerate(places)}
    return Graph.build(
        [place.record for place in places],
        [tuple([new.get(x, x) for x in place.operands]) for place in places],
        [new[place] for place in roots],
        [place.value for place in places],
        [place.label for place in places],
        [new[place] for place in given.values()],
    )


def verify(graph: Graph, target: Arithmetic) -> None:
    """Our own invariants between the stages; a failure here is our fault, not the user's."""
    inputs = frozenset(graph.inputs)
    for i, (record, operands) in enumerate(zip(graph.ops, graph.operands, strict=True)):
        assert all(x < i for x in operands if type(x) is int), f"node {i} before its operands"
        if record is None:
            assert i in inputs or graph.values[i] is not None, f"leaf {i} has no number"
        else:
            assert record.slots in (None, len(operands)), f"{record.name} at {i}"
            assert target.line(record) or record.formula is None, f"{record.name} not expanded"
