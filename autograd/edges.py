"""A graph's slopes and bends as floats, each found once, and sweeps of many seeds along them.

Reads sweep.py; read by sparsity.py and derivatives.py. A derivative at plain numbers is a linear
map; here it is a list of edges, each with a factor, in the order in which numbers flow.
"""

from __future__ import annotations

import functools
import itertools
import math
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


_Columns = tuple[list[int], list[int], list[float]]


class Edges:
    """Places, and edges between them in the order of flow: from, to, factor.

    Three lists, for tuples by the thousand would bring the collector's full passes.
    """

    def __init__(self, columns: _Columns, size: int) -> None:
        self.columns = columns
        self.size = size

    def swept(
        self, seeds: Sequence[Mapping[int, float]], targets: Sequence[int | None]
    ) -> list[list[float]]:
        """What comes to each target, a row a seed: that is, of numbers at some places."""
        # 0 × inf is nan, but what a seed does not reach gets nothing of it.
        if len(seeds) < _ROWS or not all(map(math.isfinite, self.columns[2])):
            return [[(x or 0.0) + 0.0 for x in self.flows(seed, targets)] for seed in seeds]
        import numpy as np

        useful = self.leading_to(targets)
        found: list[list[float]] = []
        most = max(_ROWS, _ENTRIES // self.size)
        for first in range(0, len(seeds), most):
            together = seeds[first : first + most]
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

    def flows(self, seed: Mapping[int, Any], targets: Sequence[int | None]) -> list[Any]:
        """The same of one seed, of floats or rows; None where nothing comes."""
        flows: list[Any] = [None] * self.size
        for i, number in seed.items():
            flows[i] = number
        for start, end, p in zip(*self.columns):
            g = flows[start]
            if g is not None:
                had = flows[end]
                flows[end] = g * p if had is None else had + g * p
        return [None if i is None else flows[i] for i in targets]

    def leading_to(self, targets: Sequence[int | None]) -> Edges:
        """Those from which a way leads to one of these."""
        leads = [False] * self.size
        for i in targets:
            if i is not None:
                leads[i] = True
        kept = []
        starts, ends, factors = self.columns
        for k in range(len(ends) - 1, -1, -1):
            if leads[ends[k]]:
                leads[starts[k]] = True
                kept.append(k)
        kept.reverse()
        columns = [starts[k] for k in kept], [ends[k] for k in kept], [factors[k] for k in kept]
        return Edges(columns, self.size)

    def turned(self, by: int = 0) -> Edges:
        """The same ways gone backward, at all places + ``by``."""
        starts, ends, factors = self.columns
        back = [i + by for i in reversed(ends)], [i + by for i in reversed(starts)], factors[::-1]
        return Edges(back, self.size)


def slopes(graph: Graph, values: Sequence[Any], backward: bool = False) -> Edges:
    """From the inputs to every node of these values, or backward: what is cut is left out."""
    depends = depending(graph, graph.inputs)
    below: list[int] = []
    above: list[int] = []
    factors: list[float] = []
    for i in range(len(graph) - 1, -1, -1) if backward else range(len(graph)):
        record, operands = graph.ops[i], graph.operands[i]
        if record is None or not depends[i]:
            continue
        wanted = [type(x) is int and depends[x] for x in operands]
        partials = FLOATS.partials(record, graph.at(i, values), values[i], wanted)
        for slot, x in enumerate(operands):
            p = partials[slot]
            if p is not None and wanted[slot] and type(x) is int and not is_cut(record, p):
                below.append(x)
                above.append(i)
                factors.append(p)
    starts, ends = (above, below) if backward else (below, above)
    return Edges((starts, ends, factors), len(graph))


# ------------------------------------------------------------------ the second order
_Places = tuple[list[int], list[float]]  # of ops: their operands and they; and all the numbers


def bends(order: Sequence[Value], inputs: Sequence[Value]) -> Edges:
    """From the inputs to the slopes in them, at all places + theirs: the last one's Hessian.

    Forward over reverse: a tangent comes to each operand and bends the partials; upstream × what
    they change by goes to the operands' slopes, and on from there as slopes do.

    Args:
        order: ops' results, operands first, of plain numbers and of the inputs.
    Raises:
        NotImplementedError: an op that was made at run time has no line for NumPy.
    """
    import numpy as np

    size = free = len(inputs) + len(order)
    groups, several = _sorted_by_op(order, inputs)
    first, second = _looked_at(groups, several)
    ways = Edges(_lists(first[:3, np.lexsort((first[3], first[1]))]), size)
    upstream = ways.turned().flows({size - 1: 1.0}, range(size))
    reached = np.array([g is not None for g in upstream], dtype=bool)
    nodes = second[3].astype(int)
    with np.errstate(all="ignore"):
        second[2] *= np.array([g or 0.0 for g in upstream])[nodes]
    second[1] += size
    columns: list[Any] = [ways.columns, _lists(second[:3, reached[nodes]])]
    free += size
    for record, (places, numbers) in several:
        g = upstream[places[-1]]
        if g is not None:
            local, roots = _partials(record, len(places) - 1)
            spots = [*places, *range(free, free + len(local))]
            free += len(local)
            inner = slopes(local, local.run(FLOATS, dict(enumerate(numbers))))
            sent = [(spots[k], size + places[slot], g) for slot, k in roots.items()]
            found = [(spots[z], spots[k], p) for z, k, p in zip(*inner.columns)] + sent
            edges = [edge for edge in found if edge[0] >= 0 and edge[1] >= size]  # of no constant
            columns.append(tuple([[edge[k] for edge in edges] for k in range(3)]))
    columns.append(ways.turned(by=size).columns)
    whole: Any = tuple([[x for part in column for x in part] for column in zip(*columns)])
    return Edges(whole, free)


def _sorted_by_op(
    order: Sequence[Value], inputs: Sequence[Value]
) -> tuple[dict[Op, _Places], list[tuple[Op, _Places]]]:
    """By places: inputs first, -1 for what is none. What takes any number of operands is apart."""
    place = {id(x): i for i, x in enumerate(itertools.chain(inputs, order))}
    groups: dict[Op, _Places] = {}
    several: list[tuple[Op, _Places]] = []
    operand: Any
    for i, node in enumerate(order, len(inputs)):
        record = node._record
        assert record is not None
        group = groups.get(record)
        if group is None:
            group = ([], [])
            if record.slots is None:
                several.append((record, group))
            else:
                groups[record] = group
        places, numbers = group
        for x in node.inputs:
            if type(x) is float:
                places.append(-1)
                numbers.append(x)
            else:
                operand = x
                places.append(place.get(id(operand), -1))
                numbers.append(operand._number)
        places.append(i)
        numbers.append(node._number)
    return groups, several


def _looked_at(
    groups: Mapping[Op, _Places], several: Sequence[tuple[Op, _Places]]
) -> tuple[Any, Any]:
    """Columns: operand, node, partial, slot; and operand, partial's operand, its slope, node."""
    import numpy as np

    first, second = [np.empty((4, 0))], [np.empty((4, 0))]
    for record, (places, numbers) in groups.items():
        names, run = _looking(record)
        at = np.array(numbers).reshape(-1, (record.slots or 0) + 1).T.copy()
        spots = np.array(places, dtype=np.float64).reshape(at.shape[::-1]).T
        outputs = [np.empty_like(at[0]) for _ in names]
        if names:  # something passes
            run([*at], outputs)
        kept = {}
        for (slot, k), found in zip(names, outputs):
            if k is None:
                kept[slot] = (spots[slot] >= 0.0) & ~((found == 0.0) & record.selects)
                column = np.array([spots[slot], spots[-1], found, np.full_like(found, slot)])
                first.append(column[:, kept[slot]])
            else:
                column = np.array([spots[k], spots[slot], found, spots[-1]])
                second.append(column[:, kept[slot] & (spots[k] >= 0.0)])
    rows: list[tuple[int, int, float, int]] = []
    for record, (places, numbers) in several:
        partials = FLOATS.partials(record, numbers[:-1], numbers[-1])
        for slot, (x, p) in enumerate(zip(places, partials)):
            if x >= 0 and p is not None and not is_cut(record, p):
                rows.append((x, places[-1], p, slot))
    first.append(np.array(rows, dtype=np.float64).reshape(-1, 4).T)
    return np.concatenate(first, axis=1), np.concatenate(second, axis=1)


def _lists(columns: Any) -> _Columns:
    starts, ends, factors = columns
    return starts.astype(int).tolist(), ends.astype(int).tolist(), factors.tolist()


@functools.lru_cache(maxsize=256)
def _looking(record: Op) -> tuple[list[tuple[int, int | None]], Callable[..., None]]:
    """A program of an op's (*operands, y), and what it gives: of slot ``(slot, None)`` the partial,
    of ``(slot, k)`` what that changes by with operand k; neither, where it is always 0.
    """
    from .compiler.numpy_backend import arithmetic, build
    from .compiler.rewrite import rewrite

    operands, y, partials = _recorded(record, record.slots or 0)
    found: dict[tuple[int, int | None], Any] = {(s, None): p for s, p in enumerate(partials)}
    with modes.quiet():
        for slot, p in enumerate(partials):
            if isinstance(p, Value):
                graph = Graph(p, inputs=operands)
                seed = {graph.roots[0]: 1.0}
                row = reverse(graph, ops.VALUES, graph.nodes, seed, graph.inputs)
                found.update({(slot, k): slope for k, slope in enumerate(row)})
    found = {name: p for name, p in found.items() if p is not None}
    roots = [p if isinstance(p, Value) else Value(p) for p in found.values()]
    graph = rewrite(Graph(*roots, inputs=[*operands, y]), False, arithmetic())
    return list(found), build(graph)


@functools.lru_cache(maxsize=256)
def _partials(record: Op, count: int) -> tuple[Graph, dict[int, int]]:
    """The graph of an op's partials over its operands and result; where each slot's is in it."""
    operands, y, partials = _recorded(record, count)
    moving = {slot: p for slot, p in enumerate(partials) if isinstance(p, Value)}
    graph = Graph(*moving.values(), inputs=[*operands, y])
    return graph, dict(zip(moving, graph.roots))


def _recorded(record: Op, count: int) -> tuple[list[Value], Value, Sequence[Any]]:
    """Operands without numbers, what the op gives of them, and its partials."""
    with modes.quiet():
        operands: list[Value] = [Unknown(f"operand {slot + 1}") for slot in range(count)]
        y = ops.VALUES.run(record, *operands)
        return operands, y, ops.VALUES.partials(record, operands, y)
