"""The reverse sweep and the forward sweep: gradients as numbers, as steps, and as Values again.

``backward`` is lean: marks instead of a visited set, no Graph, nothing allocated a node but its
gradient. ``backward_steps`` is the same arithmetic with every part shown. ``reverse`` and
``forward`` record what they compute. Reads value.py, graph.py and the rules; read by derivatives,
nn and viz.
Iterative: memory bounds the depth, not the stack.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from . import ops
from .errors import StaleGraphError, TracingError
from .graph import Graph
from .ieee import evaluate, every_partial, outcome
from .numbers import real
from .op import NOTHING, Op, Rule
from .traced import Traced
from .value import Value, about_of, describe

_ADD, _SUBTRACT, _MULTIPLY, _DOT = ops.add, ops.subtract, ops.multiply, ops.dot


class Contribution(NamedTuple):
    """What one slot of a step sends to the Value in it.

    ``amount`` is upstream × local, exactly 0 if upstream is 0 or nothing ever passes; ``total`` is
    what the input has with it.
    """

    input: Value
    slot: int
    local: float
    amount: float
    total: float


class Step(NamedTuple):
    """One op node's turn: ``upstream`` is d root / d node (None in a forward step)."""

    node: Value
    phase: str
    upstream: float | None
    contributions: tuple[Contribution, ...]


# ------------------------------------------------------------------ numbers
def backward(root: Value, grad: float = 1.0) -> None:
    """Give every node under ``root`` its gradient, d root / d node times ``grad``.

    Ops' results then hold this pass's total; leaves that record add theirs, once, to what they
    hold. Nodes that the pass does not reach keep theirs.

    Raises:
        ValueError: ``root`` does not record.
    """
    _require_recording(root)
    grad = real(grad, "backward")
    if root._record is None:
        root._grad = root.grad + grad
        return
    leaves: list[Value] = []
    before: list[float | None] = []
    try:
        order = _prepare(root, leaves, before)
        root._grad = 0.0 + grad
        _send(order)
        for leaf, had in zip(leaves, before, strict=True):
            if not about_of(leaf).requires_grad:
                leaf._grad = had
            elif had is not None:
                leaf._grad += had
    except BaseException:  # an interrupt: leaves get back what they had
        for leaf, had in zip(leaves, before):
            leaf._grad = had
        raise


def _prepare(root: Value, leaves: list[Value], before: list[float | None]) -> list[Value]:
    """The ops' results under ``root``, operands first, all at 0; leaves and what they had noted.

    Depth first, operands left to right, as Graph's order is: the sums must be the same floats.
    Where the gradient will be, a node bears a mark: what is under it is being visited, or done.
    """
    is_open = object()
    done = object()
    order: list[Value] = []
    stack: list[Value] = []
    node = root
    while True:
        a = node._a
        b = node._b
        if type(b) is float and a._grad is not done and a._record is not None:  # one way to go
            stack.append(node)
            node._grad = is_open
            node = a
            continue
        first: Value | None = None  # where to go next; the other operand waits on the stack
        if type(a) is tuple:
            node._grad = is_open
            stack.append(node)
            try:
                new = [x for x in a if x._grad is not done]
            except AttributeError:  # numbers among them
                new = [x for x in a if type(x) is not float and x._grad is not done]
            for x in reversed(new):
                if x._record is not None:
                    stack.append(x)
                elif x._grad is not done:
                    before.append(x._grad)
                    leaves.append(x)
                    x._grad = done
        else:
            if type(a) is not float and a._grad is not done:
                if a._record is not None:
                    first = a
                else:
                    before.append(a._grad)
                    leaves.append(a)
                    a._grad = done
            if b is not None and type(b) is not float and b._grad is not done:
                if b._record is None:
                    before.append(b._grad)
                    leaves.append(b)
                    b._grad = done
                elif first is None:
                    first = b
                else:
                    stack.append(node)
                    stack.append(b)
                    node._grad = is_open
                    node = first
                    continue
            if first is not None:
                stack.append(node)
                node._grad = is_open
                node = first
                continue
            node._grad = done
            order.append(node)
        while stack:
            node = stack.pop()
            mark = node._grad
            if mark is is_open:
                node._grad = done
                order.append(node)
            elif mark is not done:
                break
        else:
            break
    for node in order:
        node._grad = 0.0
    for node in leaves:
        node._grad = 0.0
    return order


def _send(order: list[Value]) -> None:
    """Each node's contributions, from the root on. An upstream of 0 sends exactly 0, so nothing."""
    for node in reversed(order):
        g: Any = node._grad
        if g == 0.0:
            continue
        record: Any = node._record
        a = node._a
        b = node._b
        if record is _MULTIPLY:
            if type(b) is float:
                a._grad += g * b
            elif type(a) is float:
                b._grad += g * a
            else:
                a._grad += g * b._data
                b._grad += g * a._data
        elif record is _ADD:
            if type(a) is not float:
                a._grad += g
            if type(b) is not float:
                b._grad += g
        elif record is _SUBTRACT:
            if type(a) is not float:
                a._grad += g
            if type(b) is not float:
                b._grad -= g
        elif record is _DOT:
            xs = a[len(a) // 2 :]
            _send_pairs(g, zip(a, xs))  # the w's, as zip ends with the shorter
            _send_pairs(g, zip(xs, a))
        elif type(a) is tuple:
            numbers = [x if type(x) is float else x._data for x in a]
            for x, p in zip(a, partials(record, numbers, node._data), strict=True):
                if type(x) is not float and p is not None:
                    x._grad += g * p
        else:
            slopes = record.slopes or slopes_of(record)
            y = node._data
            if b is None:
                x, slope = a._data, slopes[0]
                if slope is not None:
                    try:
                        a._grad += g * slope(x, y)
                    except (ValueError, ArithmeticError):
                        a._grad += g * evaluate(record.partial(0), x, y)
                continue
            at = a if type(a) is float else a._data, b if type(b) is float else b._data
            for slot, x in enumerate((a, b)):
                slope = slopes[slot]
                if type(x) is not float and slope is not None:
                    try:
                        x._grad += g * slope(*at, y)
                    except (ValueError, ArithmeticError):
                        x._grad += g * evaluate(record.partial(slot), *at, y)


def _send_pairs(g: float, pairs: Iterator[tuple[Any, Any]]) -> None:
    """g × factor to each input of (input, factor). Most are Values all: that is tried first."""
    try:
        for x, factor in pairs:
            x._grad += g * factor._data
    except AttributeError:  # a number: nothing was added for this pair
        for y, other in itertools.chain(((x, factor),), pairs):
            if type(y) is not float:
                y._grad += g * (other if type(other) is float else other._data)


def slopes_of(record: Op) -> tuple[Callable[..., float] | None, ...]:
    """The partials over floats, ``(*operands, y)``, None for nothing; kept in the record."""

    def slope(rule: Any) -> Callable[..., float] | None:
        return None if rule is NOTHING else lambda *at: evaluate(rule, *at)

    slots = range(record.slots or 0)
    slopes: tuple[Any, ...] = tuple([slope(record.partial(slot)) for slot in slots])
    record.slopes = record.fast[1:] or slopes
    return record.slopes


def partials(record: Op, at: Sequence[float], y: float) -> Sequence[float | None]:
    """Every slot's partial at these operands: a float, or None where nothing ever passes."""
    if record.slots is None:
        if len(record.fast) > 1:
            return record.fast[1](at, y)  # type: ignore[no-any-return]
        return every_partial(record, at, y)
    found: list[float | None] = []
    for slot, slope in enumerate(record.slopes or slopes_of(record)):
        try:
            found.append(None if slope is None else slope(*at, y))
        except (ValueError, ArithmeticError):
            found.append(evaluate(record.partial(slot), *at, y))
    return found


# ------------------------------------------------------------------ steps
def backward_steps(root: Value) -> Iterator[Step]:
    """The backward pass from ``root`` (seed 1), one Step an op's result; it writes nothing.

    Raises:
        ValueError: ``root`` does not record.
        StaleGraphError: a leaf was written after the graph was built.

    >>> x = Value(3.0, "x")
    >>> [(c.slot, c.amount, c.total) for step in backward_steps(x * x) for c in step.contributions]
    [(0, 3.0, 3.0), (1, 3.0, 6.0)]
    """
    _require_recording(root)
    graph = Graph(root)
    check_fresh(graph)
    return _steps(graph)


def _steps(graph: Graph) -> Iterator[Step]:
    totals = [0.0] * len(graph)
    totals[graph.roots[0]] = 1.0
    values: Any = graph.values
    for i in reversed(range(len(graph))):
        record = graph.ops[i]
        if record is None:
            continue
        upstream = totals[i]
        found = partials(record, graph.at(i, values), values[i])
        sent = []
        for slot, (x, p) in enumerate(zip(graph.operands[i], found, strict=True)):
            if type(x) is int and graph.recording[x]:
                amount = 0.0 if upstream == 0.0 or p is None else upstream * p
                totals[x] += amount
                sent.append(Contribution(graph.nodes[x], slot, p or 0.0, amount, totals[x]))
        yield Step(graph.nodes[i], "backward", upstream, tuple(sent))


def check_fresh(graph: Graph) -> None:
    """Raise StaleGraphError if an op, run again on its operands' present numbers, gives another."""
    values: Any = graph.values
    for i, record in enumerate(graph.ops):
        if record is None:
            continue
        at = graph.at(i, values)
        again, _ = outcome(record, at)
        if again != values[i] and not (again != again and values[i] != values[i]):
            leaves = [
                graph.nodes[x] for x in graph.operands[i] if type(x) is int and graph.ops[x] is None
            ]
            which = " or ".join(dict.fromkeys(map(describe, leaves)))
            raise StaleGraphError(
                f"{record.name}: its operands must be as they were when it was recorded "
                f"({values[i]!r}), got {again!r} now: {which} was written since; "
                "build the graph again"
            )


def _require_recording(root: Value) -> None:
    if isinstance(root, Traced):
        raise TracingError(
            f"backward: a Value with a number is required, got {describe(root)}, a traced value; "
            "use program.value_and_grad(...)"
        )
    if not isinstance(root, Value):
        raise TypeError(
            f"backward: a Value is required as root, got {type(root).__name__}; "
            "build it from Values"
        )
    if not root.requires_grad:
        raise ValueError(
            f"backward: a root that records is required, got {describe(root)}, made under "
            "no_grad, by detach() or with requires_grad=False; build it outside no_grad, from "
            "leaves that record"
        )


# ------------------------------------------------------------------ Values again
def product(first: Any, second: Any) -> Any:
    """The chain rule's product, exactly 0 where ``first`` is; None if nothing ever passes."""
    if second is None or first is None or (type(first) is float and first == 0.0):
        return None  # a plain 0 is a constant: a branch not taken, whatever lies beyond
    for one, other in ((first, second), (second, first)):
        if type(one) is float and one == 1.0:
            return other
    return ops.chain(first, second)


def _slopes(record: Op, operands: Sequence[Any], y: Any) -> Callable[[int], Any]:
    """What gives a slot's partial in the arithmetic of Values; None where nothing ever passes."""
    if record.slots is None:
        every = _in_values(record.every_partial, operands, y)
        return lambda slot: _plain(every[slot])

    def slope(slot: int) -> Any:
        rule = record.partial(slot)
        if rule is NOTHING:
            return None
        return _plain(_in_values(lambda *at: (rule(*at),), operands, y)[0])

    return slope


def _in_values(rule: Rule, operands: Sequence[Any], y: Any) -> Sequence[Any]:
    with contextlib.suppress(ValueError, ArithmeticError):
        found: Sequence[Any] = rule(ops.VALUES, *operands, y)
        if not any(isinstance(p, complex) for p in found):
            return found
    import numpy as np  # Python's operators on plain numbers refuse: IEEE's number

    wide = [np.float64(x) if type(x) is float else x for x in operands]
    with np.errstate(all="ignore"):
        return rule(ops.VALUES, *wide, y)  # type: ignore[no-any-return]


def _plain(p: Any) -> Any:
    return p if isinstance(p, Value) else float(p)


def reverse(graph: Graph, seeds: Mapping[int, Any], sources: Sequence[int]) -> list[Any]:
    """d (the seeded nodes) / d each source, as Values that record how they were computed.

    Nothing is dropped by its number: the second derivative of (3x)² at 0 is 18. None: no path.
    """
    nodes = graph.nodes
    depends = [False] * len(graph)
    for i in sources:
        depends[i] = True
    for i, operands in enumerate(graph.operands):
        depends[i] = depends[i] or any(type(x) is int and depends[x] for x in operands)
    totals: list[Any] = [None] * len(graph)
    for i, seed in seeds.items():
        totals[i] = seed
    for i in reversed(range(len(graph))):
        record, upstream = graph.ops[i], totals[i]
        if record is None or upstream is None or not depends[i]:
            continue
        slope = _slopes(record, graph.at(i, nodes), nodes[i])
        for slot, x in enumerate(graph.operands[i]):
            if type(x) is int and depends[x]:
                amount = product(upstream, slope(slot))
                if amount is not None:
                    totals[x] = amount if totals[x] is None else totals[x] + amount
    return [totals[i] for i in sources]


def forward(graph: Graph, tangents: Mapping[int, Any]) -> list[Any]:
    """Every node's tangent, given those of some leaves: the other direction, by the same rules."""
    nodes = graph.nodes
    found: list[Any] = [None] * len(graph)
    for i, record in enumerate(graph.ops):
        total = tangents.get(i)
        if record is not None:
            slope = _slopes(record, graph.at(i, nodes), nodes[i])
            for slot, x in enumerate(graph.operands[i]):
                if type(x) is int and found[x] is not None:
                    amount = product(slope(slot), found[x])
                    if amount is not None:
                        total = amount if total is None else total + amount
        found[i] = total
    return found
