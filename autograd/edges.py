"""A graph's slopes and bends as floats, each found once, and sweeps of many seeds along them.

Reads sweep.py; read by sparsity.py and derivatives.py. A derivative at plain numbers is a linear
map; here it is a list of edges, each with a factor, in the order in which numbers flow.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from . import modes, ops
from .graph import Graph
from .ieee import FLOATS
from .op import Op
from .sweep import depending, is_cut, reverse
from .unknown import Unknown
from .value import Value

_ROWS: Final = 4  # from so many seeds on a NumPy row an edge costs less than a number for each
_ENTRIES: Final = 1 << 23  # of all rows together: 64 MB
_Part = tuple[int, int, float]  # of an op: a slot, its operand, the partial


class Edges:
    """Places, and edges between them in the order of flow: from, to, factor."""

    def __init__(self, edges: list[tuple[int, int, float]], size: int) -> None:
        self.edges = edges
        self.size = size

    def swept(
        self, seeds: Sequence[Mapping[int, float]], targets: Sequence[int | None]
    ) -> list[list[float]]:
        """What comes to each target, a row a seed: that is, of numbers at some places."""
        finite = all(p - p == 0.0 for _, _, p in self.edges)
        if len(seeds) < _ROWS or not finite:  # 0 × inf is nan, where a seed comes alone nothing
            return [[(x or 0.0) + 0.0 for x in self.flows(seed, targets)] for seed in seeds]
        import numpy as np

        useful = self.leading_to(targets)
        found: list[list[float]] = []
        most = max(_ROWS, _ENTRIES // self.size)
        for start in range(0, len(seeds), most):
            together = seeds[start : start + most]
            rows: dict[int, Any] = {}
            for k, seed in enumerate(together):
                for i, number in seed.items():
                    rows.setdefault(i, np.zeros(len(together)))[k] = number
            nothing = np.zeros(len(together))
            with np.errstate(all="ignore"):
                flows = useful.flows(rows, targets)
            columns = [nothing if x is None else x + 0.0 for x in flows]  # -0 + 0 is 0
            found += np.array(columns).reshape(len(targets), -1).T.tolist()
        return found

    def leading_to(self, targets: Sequence[int | None]) -> Edges:
        """Those from which a way leads to one of these."""
        leads = bytearray(self.size)
        for i in targets:
            if i is not None:
                leads[i] = 1
        kept = []
        for edge in reversed(self.edges):
            if leads[edge[1]]:
                leads[edge[0]] = 1
                kept.append(edge)
        kept.reverse()
        return Edges(kept, self.size)

    def turned(self) -> Edges:
        """The same ways, gone backward."""
        return Edges([(end, start, p) for start, end, p in reversed(self.edges)], self.size)

    def flows(self, seed: Mapping[int, Any], targets: Sequence[int | None]) -> list[Any]:
        """The same of one seed, of floats or rows; None where nothing comes."""
        flows: list[Any] = [None] * self.size
        for i, number in seed.items():
            flows[i] = number
        for start, end, p in self.edges:
            g = flows[start]
            if g is not None:
                had = flows[end]
                flows[end] = g * p if had is None else had + g * p
        return [None if i is None else flows[i] for i in targets]


def slopes(graph: Graph, backward: bool) -> Edges:
    """From the inputs to every node, or backward: what is cut is left out."""
    steps = _steps(graph, graph.values)
    if backward:
        edges = [(i, x, p) for i, parts in reversed(steps) for _, x, p in parts]
    else:
        edges = [(x, i, p) for i, parts in steps for _, x, p in parts]
    return Edges(edges, len(graph))


def _steps(graph: Graph, values: Sequence[Any]) -> list[tuple[int, list[_Part]]]:
    """Of each op that is made of the inputs: what it passes on, by these numbers."""
    depends = depending(graph, graph.inputs)
    found = []
    for i, record in enumerate(graph.ops):
        if record is None or not depends[i]:
            continue
        operands = graph.operands[i]
        wanted = [type(x) is int and depends[x] for x in operands]
        partials = FLOATS.partials(record, graph.at(i, values), values[i], wanted)
        parts: list[_Part] = []
        for slot, x in enumerate(operands):
            p = partials[slot]
            if p is not None and wanted[slot] and type(x) is int and not is_cut(record, p):
                parts.append((slot, x, p))
        found.append((i, parts))
    return found


def bends(graph: Graph) -> Edges:
    """From the inputs to every node's slope, at ``len(graph)`` + its place: the root's Hessian.

    Forward over reverse: a tangent comes to each operand; it bends the partials, which sends
    upstream × what they change by to the operands' slopes; and these go back as slopes do.
    """
    size, steps, values = len(graph), _steps(graph, graph.values), graph.values
    back = Edges([(i, x, p) for i, parts in reversed(steps) for _, x, p in parts], size)
    upstream = back.flows(dict.fromkeys(graph.roots, 1.0), range(size))
    edges = [(x, i, p) for i, parts in steps for _, x, p in parts]
    places = 2 * size
    for i, parts in reversed(steps):
        g, record = upstream[i], graph.ops[i]
        if g is None or record is None:
            continue
        edges += [(size + i, size + x, p) for _, x, p in parts]
        at = graph.at(i, values)
        if record.slots is None:
            local, roots = _partials(record, len(at))
            place = [*graph.operands[i], i, *range(places, places + len(local))]
            places += len(local)
            inner = _steps(local, local.run(FLOATS, dict(enumerate([*at, values[i]]))))
            found = [(place[z], place[k], p) for k, some in inner for _, z, p in some]
            found += [(place[roots[slot]], size + x, g) for slot, x, _ in parts if slot in roots]
            edges += [(z, k, p) for z, k, p in found if type(z) is int and type(k) is int]
            continue
        curves = curves_of(record)
        for slot, x, _ in parts:
            row = curves[slot]
            for k, z, _ in parts:
                curve = row[k]
                if curve is not None:
                    h = curve if type(curve) is float else curve(*at, values[i])
                    edges.append((z, size + x, g * h))
    return Edges(edges, places)


# ------------------------------------------------------------------ how partials change
@functools.lru_cache(maxsize=256)
def _partials(record: Op, count: int) -> tuple[Graph, dict[int, int]]:
    """The graph of an op's partials, over its operands and result; those that move, by slot."""
    with modes.quiet():
        operands = [Unknown(f"operand {slot + 1}") for slot in range(count)]
        y = ops.VALUES.run(record, *operands)
        found = ops.VALUES.partials(record, operands, y)
    moving = {slot: p for slot, p in enumerate(found) if isinstance(p, Value)}
    graph = Graph(*moving.values(), inputs=[*operands, y])
    return graph, dict(zip(moving, graph.roots))


@functools.lru_cache(maxsize=256)
def curves_of(record: Op) -> list[list[Any]]:
    """d partial / d operand of an op, a row a partial: a float, or a function of (*operands, y)."""
    graph, roots = _partials(record, record.slots or 0)
    *operands, y = [graph.nodes[i] for i in graph.inputs]
    rows: list[list[Any]] = []
    for slot in range(len(operands)):
        row: list[Any] = [None] * len(operands)
        if slot in roots:
            with modes.quiet():
                found = Graph(graph.nodes[roots[slot]], inputs=operands)
                row = reverse(found, ops.VALUES, found.nodes, {found.roots[0]: 1.0}, found.inputs)
        rows.append([_function(h, [*operands, y]) if isinstance(h, Value) else h for h in row])
    return rows


def _function(y: Value, inputs: Sequence[Value]) -> Callable[..., float]:
    """A node as a function of floats."""
    graph = Graph(y, inputs=inputs)
    count, root = len(inputs), graph.roots[0]
    steps = []
    for i, record in enumerate(graph.ops):
        if i >= count:
            assert record is not None or graph.values[i] is not None
            steps.append((record and _quick(record), graph.operands[i], graph.values[i]))

    def call(*at: float) -> float:
        numbers: list[Any] = list(at)
        try:
            for f, operands, constant in steps:
                if f is None:
                    numbers.append(constant)
                else:
                    numbers.append(f(*[x if type(x) is float else numbers[x] for x in operands]))  # type: ignore[index]
            return float(numbers[root])
        except (ValueError, ArithmeticError):
            return float(graph.run(FLOATS, dict(enumerate(at)))[root])

    return call


def _quick(record: Op) -> Callable[..., float]:
    if record.fast and record.slots is not None:
        return record.fast[0]
    return functools.partial(FLOATS.run, record)
