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
    """A node of the new graph."""

    __slots__ = ("index", "m")

    def __init__(self, m: _Builder, index: int) -> None:
        self.m = m
        self.index = index


def _same(x: Any, number: float) -> bool:
    """Whether an operand is this number, sign of zero included."""
    return (
        isinstance(x, float) and x == number and math.copysign(1.0, x) == math.copysign(1.0, number)
    )


def _where(m: _Builder, c: Any, a: Any, b: Any) -> Any:
    """Masks of masks: slopes of ops that select bring them."""
    if isinstance(c, float):
        return a if c else b
    record, inner = m.parts(c)
    if record is ops.where and all(isinstance(x, float) for x in inner[1:]):
        return m.where(inner[0], *[a if x else b for x in inner[1:]])  # nan is true
    yes, no = _given(m, c, a, 1), _given(m, c, b, 2)
    if yes is no or (isinstance(no, float) and _same(yes, no)):
        return yes
    if m.sweeping and yes is c and no == 0.0:
        return c
    return None if yes is a and no is b else m.where(c, yes, no)


def _given(m: _Builder, c: Any, x: Any, side: int, factor: bool = False) -> Any:
    """What x is where the condition c holds (side 1), or does not (side 2)."""
    if x is c and (m.parts(c)[0] in COMPARISONS or (m.sweeping and side == 2)):
        return (None, 1.0, 0.0)[side]
    record, operands = m.parts(x)
    if record is ops.where and operands[0] is c:
        return operands[side]
    if record is ops.multiply and not factor:
        factors = [_given(m, c, one, side, factor=True) for one in operands]
        if any(new is not old for new, old in zip(factors, operands, strict=True)):
            return m.multiply(*factors)
    return x


def _divide(m: _Builder, a: Any, b: Any) -> Any:
    if (
        isinstance(b, float)
        and b != 0.0
        and math.frexp(b)[0] in (0.5, -0.5)
        and 1e-300 < abs(b) < 1e300
    ):
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
        self.ops: list[Op | None] = []
        self.operands: list[tuple[int | float, ...]] = []
        self.values: list[float | None] = []
        self.labels: list[str] = []
        self.places: list[_Place] = []
        self.known: dict[tuple[Op, tuple[str, ...]], _Place] = {}
        self.sweeping = False  # slopes are formed, where the sign of a zero is free

    def leaf(self, label: str, value: float | None = None) -> _Place:
        """A leaf: an input, or a constant that has a value."""
        return self.place(None, (), label, value)

    def place(
        self,
        record: Op | None,
        operands: tuple[int | float, ...],
        label: str = "",
        value: float | None = None,
    ) -> _Place:
        self.ops.append(record)
        self.operands.append(operands)
        self.labels.append(label)
        self.values.append(value)
        self.places.append(_Place(self, len(self.places)))
        return self.places[-1]

    def parts(self, x: Any) -> tuple[Op | None, tuple[Any, ...]]:
        """The op of an operand, and its own operands."""
        if isinstance(x, float):
            return None, ()
        at = self.operands[x.index]
        return self.ops[x.index], tuple([self.places[i] if type(i) is int else i for i in at])

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
        at: tuple[int | float, ...] = tuple(
            [x if isinstance(x, float) else x.index for x in operands]
        )
        key = tuple(map(repr, at))  # 0.0 and -0.0 are two numbers here
        if record.commutes:
            key = tuple(sorted(key))
        if (record, key) not in self.known:
            self.known[record, key] = self.place(record, at)
        return self.known[record, key]


def rewrite(graph: Graph, gradient: bool, target: Arithmetic) -> Graph:
    """The root, with ``gradient`` its slope in each input too, for the back end of ``target``.

    Roots that are numbers become leaves with a value.
    """
    builder = _Builder(target)
    given = {i: builder.leaf(graph.labels[i]) for i in graph.inputs}
    numbers = graph.run(builder, given)
    (root,) = graph.roots
    found = [numbers[root]]
    if gradient:
        builder.sweeping = True
        slopes = reverse(graph, builder, numbers, {root: 1.0}, graph.inputs)
        found += [0.0 if slope is None else slope for slope in slopes]
    places = [x if isinstance(x, _Place) else builder.leaf("", float(x)) for x in found]
    return _live(builder, [x.index for x in places], [given[i].index for i in graph.inputs])


def _live(builder: _Builder, roots: list[int], inputs: list[int]) -> Graph:
    """What the roots need, and the inputs."""
    live = [False] * len(builder.ops)
    for i in (*roots, *inputs):
        live[i] = True
    for i in reversed(range(len(live))):
        if live[i]:
            for x in builder.operands[i]:
                if type(x) is int:
                    live[x] = True
    place: dict[int, int] = {}
    for i, needed in enumerate(live):
        if needed:
            place[i] = len(place)
    return Graph.build(
        [builder.ops[i] for i in place],
        [tuple([place[x] if type(x) is int else x for x in builder.operands[i]]) for i in place],
        [place[i] for i in roots],
        [builder.values[i] for i in place],
        [builder.labels[i] for i in place],
        [place[i] for i in inputs],
    )


def verify(graph: Graph, target: Arithmetic) -> None:
    """Our own invariants between the stages; a failure here is our fault, not the user's."""
    inputs = frozenset(graph.inputs)
    for i, record in enumerate(graph.ops):
        assert all(x < i for x in graph.operands[i] if type(x) is int), (
            f"node {i} before its operands"
        )
        if record is None:
            assert i in inputs or graph.values[i] is not None, f"leaf {i} has no number"
        else:
            assert record.slots in (None, len(graph.operands[i])), f"{record.name} at {i}"
            assert target.line(record) is not None or record.formula is None, (
                f"{record.name} not expanded"
            )
