"""A graph's slopes and bends as floats, each found once, and sweeps of many seeds along them.

Reads sweep.py; read by sparsity.py and derivatives.py. A derivative at plain numbers is a linear
map; here it is a list of edges, each with a factor, in the order in which numbers flow.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
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
        wanted = {i: 1.0 for i in targets if i is not None}
        leads = self.turned().flows(wanted, range(self.size))
        kept = [k for k, end in enumerate(self.columns[1]) if leads[end] is not None]
        starts, ends, factors = self.columns
        columns = [starts[k] for k in kept], [ends[k] for k in kept], [factors[k] for k in kept]
        return Edges(columns, self.size)

    def turned(self) -> Edges:
        """The same ways gone backward."""
        starts, ends, factors = self.columns
        return Edges((ends[::-1], starts[::-1], factors[::-1]), self.size)


def slopes(graph: Graph, values: Sequence[Any]) -> Edges:
    """From the inputs to every node of these values: what is cut is left out."""
    depends = depending(graph, graph.inputs)
    starts: list[int] = []
    ends: list[int] = []
    factors: list[float] = []
    for i, (record, operands) in enumerate(zip(graph.ops, graph.operands)):
        if record is None or not depends[i]:
            continue
        wanted = [type(x) is int and depends[x] for x in operands]
        partials = FLOATS.partials(record, graph.at(i, values), values[i], wanted)
        for slot, x in enumerate(operands):
            p = partials[slot]
            if p is not None and wanted[slot] and type(x) is int and not is_cut(record, p):
                starts.append(x)
                ends.append(i)
                factors.append(p)
    return Edges((starts, ends, factors), len(graph))


# ------------------------------------------------------------------ the second order
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

    size = len(inputs) + len(order)
    free = 2 * size
    found: list[list[Any]] = [[np.empty((3, 0))], [np.empty((3, 0))], [np.empty((4, 0))]]
    for record, places, numbers in _sorted_by_op(order, inputs):
        if record.slots is not None:
            _look_at_all(record, places, numbers, found[0], found[2])
            continue
        for columns, rows in zip(found, _looked_at(record, places, numbers, free)):
            columns.append(np.array(rows, dtype=np.float64).reshape(-1, len(columns[0])).T)
        free += len(_partials(record, len(places) - 1)[0])
    every = [np.concatenate(columns, axis=1) for columns in found]
    first, inner, bend = [columns[:, (columns[:2] >= 0.0).all(axis=0)] for columns in every]
    first = first[:, np.argsort(first[1], kind="stable")]
    seed = {size - 1: 1.0} if order else {}
    upstream = Edges(_lists(first), size).turned().flows(seed, range(size))
    reached = np.array([g is not None for g in upstream], dtype=bool)
    bend = bend[:, reached[bend[3].astype(int)]]
    with np.errstate(all="ignore"):
        bend[2] *= np.array([g or 0.0 for g in upstream])[bend[3].astype(int)]
    bend[1] += size
    back = np.array([first[1] + size, first[0] + size, first[2]])[:, ::-1]
    return Edges(_lists(np.concatenate([first, inner, bend[:3], back], axis=1)), free)


_Alike = tuple[Op, list[int], list[float]]  # their operands and they, as places and as numbers


def _sorted_by_op(order: Sequence[Value], inputs: Sequence[Value]) -> Iterable[_Alike]:
    """By places: inputs first, -1 for what is none. Each is alone whose op takes any number."""
    place = {id(x): i for i, x in enumerate(itertools.chain(inputs, order))}
    found: dict[Op | int, _Alike] = {}
    operand: Any
    for i, node in enumerate(order, len(inputs)):
        record = node._record
        assert record is not None
        alike = found.get(record)
        if alike is None:
            alike = found[i if record.slots is None else record] = (record, [], [])
        _, places, numbers = alike
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
    return found.values()


def _look_at_all(
    record: Op, places: Sequence[int], numbers: Sequence[float], first: list[Any], second: list[Any]
) -> None:
    """Add columns: operand, node, partial; and operand, partial's operand, its slope, node."""
    import numpy as np

    from .compiler.numpy_backend import arithmetic

    at = np.array(numbers).reshape(-1, (record.slots or 0) + 1).T.copy()
    spots = np.array(places, dtype=np.float64).reshape(at.shape[::-1]).T
    graph, roots, given = _partials(record, len(at) - 1)
    with np.errstate(all="ignore"):
        values = graph.run(arithmetic(), dict(zip(given, at)))
        for slot, root in roots.items():
            if (spots[slot] < 0.0).all():  # the exponents of x**2
                continue
            p = np.broadcast_to(values[root], len(at[0]))
            passes = ~((p == 0.0) & record.selects)
            first.append(np.array([spots[slot], spots[-1], p])[:, passes])
            found = reverse(graph, arithmetic(), values, {root: 1.0}, graph.inputs)
            for k, bend in enumerate(found):
                if bend is not None:
                    bend = np.broadcast_to(bend, len(p))
                    column = np.array([spots[k], spots[slot], bend, spots[-1]])
                    cut = (bend == 0.0) & (p == p) & record.selects  # but nan stays nan
                    second.append(column[:, passes & ~cut])


_Rows = list[tuple[float, ...]]


def _looked_at(
    record: Op, places: Sequence[int], numbers: Sequence[float], free: int
) -> tuple[_Rows, _Rows, _Rows]:
    """The same of an op of any number of operands, as rows; between them what is in its partials,
    from the place ``free`` on.
    """
    *operands, node = places
    graph, roots, given = _partials(record, len(operands))
    spots = [*operands, *range(free, free + len(graph))]
    values = graph.run(FLOATS, dict(zip(given, numbers)))
    kept = [(operands[slot], k) for slot, k in roots.items() if not is_cut(record, values[k])]
    inner = zip(*slopes(graph, values).columns)
    return (
        [(x, node, values[k]) for x, k in kept],
        [(spots[start], spots[end], p) for start, end, p in inner],
        [(spots[k], x, 1.0, node) for x, k in kept],
    )


def _lists(columns: Any) -> _Columns:
    starts, ends, factors = columns
    return starts.astype(int).tolist(), ends.astype(int).tolist(), factors.tolist()


@functools.lru_cache(maxsize=256)
def _partials(record: Op, count: int) -> tuple[Graph, dict[int, int], list[int]]:
    """The graph of an op's partials over its operands; the place of each slot's that is not always
    0; and those of the operands and the op's result, the last only if one is made of it.
    """
    with modes.quiet():
        operands: list[Value] = [Unknown(f"operand {slot + 1}") for slot in range(count)]
        y = ops.VALUES.run(record, *operands)
        found = {
            slot: p if isinstance(p, Value) else Value(p)
            for slot, p in enumerate(ops.VALUES.partials(record, operands, y)) if p is not None
        }  # fmt: skip
    graph = Graph(*found.values(), inputs=operands)
    result = [i for i, node in enumerate(graph.nodes) if node is y]
    return graph, dict(zip(found, graph.roots)), [*graph.inputs, *result]
