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
from typing import Any, Final, NamedTuple

from . import ops
from .errors import StaleGraphError, TracingError
from .graph import Graph
from .ieee import evaluate, every_partial, outcome
from .native import i32
from .numbers import real
from .op import NOTHING, Op, Rule
from .traced import Traced
from .value import Value, describe

_ADD: Final = ops.add
_SUBTRACT: Final = ops.subtract
_MULTIPLY: Final = ops.multiply
_DOT: Final = ops.dot
_marks: Final = itertools.count()  # one a pass, so that a broken one leaves no node behind as done


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
def backward(root: Any, grad: Any = 1.0) -> None:
    """Give every node under ``root`` its gradient, d root / d node times ``grad``.

    Ops' results then hold this pass's total; leaves that record add theirs, once, to what they
    hold. Nodes that the pass does not reach keep theirs.

    Raises:
        ValueError: ``root`` does not record.
    """
    _require_recording(root)
    _pass(root, real(grad, "backward"))


def _pass(root: Value, grad: float) -> None:
    if root._record is None:
        _give_back(root, root.grad + grad)
        return
    leaves: list[Value] = []
    before: list[float | None] = []
    try:
        order = _prepare(root, leaves, before)
        root._grad = 0.0 + grad
        _send(order)
        for leaf, had in zip(leaves, before, strict=True):
            if not leaf._about.requires_grad:
                _give_back(leaf, had)
            else:
                leaf._mark = 1
                if had is not None:
                    leaf._grad += had
    except BaseException:  # an interrupt: leaves get back what they had
        for leaf, had in zip(leaves, before):
            _give_back(leaf, had)
        raise


def _give_back(leaf: Value, had: float | None) -> None:
    leaf._mark = 0
    if had is not None:
        leaf._grad = had
        leaf._mark = 1


def _prepare(root: Value, leaves: list[Value], before: list[float | None]) -> list[Value]:
    """The ops' results under ``root``, operands first, all at 0; leaves and what they had noted.

    Depth first, operands left to right, as Graph's order is: the sums must be the same floats. A
    node gets the pass's mark when it is visited. On the stack lie nodes whose operands are under
    way, and, each below a None, those that wait to be visited: several may wait for one.
    """
    mark: i32 = 2 + next(_marks) % 2**30  # 0 and 1 are Value's own
    order: list[Value] = []
    stack: list[Value | None] = []
    node = root
    a: Any
    b: Any
    x: Value
    y: Value
    while True:
        node._mark = mark
        node._grad = 0.0
        a = node._a
        b = node._b
        if type(b) is float:  # one way to go
            x = a
            if x._record is not None and x._mark != mark:
                stack.append(node)
                node = x
                continue
        first: Value | None = None  # where to go next; the other operand waits on the stack
        if type(a) is tuple:
            stack.append(node)
            values: tuple[Value, ...] = a if b is None else _values(a)
            new = [x for x in values if x._mark != mark]
            for x in reversed(new):
                if x._record is not None:
                    stack.append(x)
                    stack.append(None)
                elif x._mark != mark:
                    before.append(x._grad if x._mark else None)
                    leaves.append(x)
                    x._mark = mark
                    x._grad = 0.0
        else:
            if type(a) is not float:
                x = a
                if x._mark != mark:
                    if x._record is not None:
                        first = x
                    else:
                        before.append(x._grad if x._mark else None)
                        leaves.append(x)
                        x._mark = mark
                        x._grad = 0.0
            if type(b) is not float and b is not None:
                y = b
                if y._mark == mark:
                    pass
                elif y._record is None:
                    before.append(y._grad if y._mark else None)
                    leaves.append(y)
                    y._mark = mark
                    y._grad = 0.0
                elif first is None:
                    first = y
                else:
                    stack.append(node)
                    stack.append(y)
                    stack.append(None)
                    node = first
                    continue
            if first is not None:
                stack.append(node)
                node = first
                continue
            order.append(node)
        while stack:
            top = stack.pop()
            if top is None:
                top = stack.pop()
                assert top is not None
                if top._mark != mark:
                    node = top
                    break
            else:
                order.append(top)
        else:
            break
    return order


def _values(operands: tuple[Any, ...]) -> tuple[Value, ...]:
    return tuple([x for x in operands if type(x) is not float])


def _send(order: list[Value]) -> None:
    """Each node's contributions, from the root on. An upstream of 0 sends exactly 0, so nothing."""
    a: Any
    b: Any
    x: Value
    y: Value
    for node in reversed(order):
        node._mark = 1
        g = node._grad
        if g == 0.0:
            continue
        record = node._record
        a = node._a
        b = node._b
        if record is _MULTIPLY:
            if type(b) is float:
                x = a
                x._grad += g * b
            elif type(a) is float:
                y = b
                y._grad += g * a
            else:
                x = a
                y = b
                x._grad += g * y._data
                y._grad += g * x._data
        elif record is _ADD:
            if type(a) is not float:
                x = a
                x._grad += g
            if type(b) is not float:
                y = b
                y._grad += g
        elif record is _SUBTRACT:
            if type(a) is not float:
                x = a
                x._grad += g
            if type(b) is not float:
                y = b
                y._grad -= g
        elif record is _DOT:
            xs = a[len(a) // 2 :]
            _send_pairs(g, a, xs, b is None)  # the w's, as zip ends with the shorter
            _send_pairs(g, xs, a, b is None)
        elif record is not None:
            data = node._data
            if type(a) is tuple:
                _send_many(g, record, a, data)
                continue
            slopes = record.slopes or slopes_of(record)
            slope = slopes[0]
            if b is None:
                x = a
                if slope is not None:
                    try:
                        x._grad += g * slope(x._data, data)
                    except (ValueError, ArithmeticError):
                        x._grad += g * evaluate(record.partial(0), x._data, data)
                continue
            at = a if type(a) is float else a._data, b if type(b) is float else b._data
            for slot, operand in enumerate((a, b)):
                slope = slopes[slot]
                if type(operand) is not float and slope is not None:
                    x = operand
                    try:
                        x._grad += g * slope(*at, data)
                    except (ValueError, ArithmeticError):
                        x._grad += g * evaluate(record.partial(slot), *at, data)


def _send_pairs(
    g: float, inputs: tuple[Any, ...], factors: tuple[Any, ...], values_all: bool
) -> None:
    """g × factor to each input; most often no number is among either."""
    x: Value
    factor: Value
    if values_all:
        for x, factor in zip(inputs, factors):
            x._grad += g * factor._data
        return
    for y, other in zip(inputs, factors):
        if type(y) is not float:
            x = y
            x._grad += g * (other if type(other) is float else other._data)


def _send_many(g: float, record: Op, operands: tuple[Any, ...], data: float) -> None:
    numbers = [x if type(x) is float else x._data for x in operands]
    x: Value
    for operand, p in zip(operands, partials(record, numbers, data), strict=True):
        if type(operand) is not float and p is not None:
            x = operand
            x._grad += g * p


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
def backward_steps(root: Any) -> Iterator[Step]:
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


def _require_recording(root: Any) -> None:
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


def _every(record: Op, operands: Sequence[Any], y: Any) -> Sequence[Any] | None:
    """All the partials of an op of any number of operands, which share their parts."""
    if record.slots is not None:
        return None
    found: Sequence[Any] = _in_values(record.every_partial, operands, y)
    return found


def _slope(
    record: Op, slot: int, operands: Sequence[Any], y: Any, every: Sequence[Any] | None
) -> Any:
    """A slot's partial in the arithmetic of Values; None where nothing ever passes."""
    if every is not None:
        p = every[slot]
    else:
        rule = record.partial(slot)
        if rule is NOTHING:
            return None
        p = _in_values(rule, operands, y)
    return p if isinstance(p, Value) else float(p)


def _in_values(rule: Rule, operands: Sequence[Any], y: Any) -> Any:
    found: Any = None
    with contextlib.suppress(ValueError, ArithmeticError):
        found = rule(ops.VALUES, *operands, y)
    numbers = found if isinstance(found, (list, tuple)) else (found,)
    if not any(p is None or isinstance(p, complex) for p in numbers):
        return found
    import numpy as np  # Python's operators on plain numbers refuse: IEEE's number

    wide = [np.float64(x) if type(x) is float else x for x in operands]
    with np.errstate(all="ignore"):
        return rule(ops.VALUES, *wide, y)


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
        at, y = graph.at(i, nodes), nodes[i]
        every = _every(record, at, y)
        for slot, x in enumerate(graph.operands[i]):
            if type(x) is int and depends[x]:
                amount = product(upstream, _slope(record, slot, at, y, every))
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
            at, y = graph.at(i, nodes), nodes[i]
            every = _every(record, at, y)
            for slot, x in enumerate(graph.operands[i]):
                if type(x) is int and found[x] is not None:
                    amount = product(_slope(record, slot, at, y, every), found[x])
                    if amount is not None:
                        total = amount if total is None else total + amount
        found[i] = total
    return found
