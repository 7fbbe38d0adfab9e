"""The reverse sweep and the forward sweep: gradients as numbers, as steps, and as Values again.

``backward`` is lean: marks instead of a visited set, no Graph, nothing allocated a node but its
gradient. ``backward_steps`` is the same arithmetic with every part shown. ``reverse`` and
``forward`` sweep a graph in any arithmetic. Reads value.py, graph.py and the rules; read by
derivatives, nn and viz. Iterative: memory bounds the depth, not the stack.

The chain rule's product is IEEE's, but that a partial of exactly 0 of an op that selects cuts the
edge: a node that no uncut path reaches has gradient 0 and sends nothing.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from . import modes, ops
from .errors import StaleGraphError, TracingError
from .graph import Graph
from .ieee import FLOATS, evaluate, outcome, slopes_of
from .modes import About
from .native import i64
from .numbers import real
from .op import NOTHING, Arithmetic, Op, Rule
from .unknown import Unknown
from .value import BUSY, Value, above, called, clock

_ADD: Final = ops.add
_SUBTRACT: Final = ops.subtract
_MULTIPLY: Final = ops.multiply
_DOT: Final = ops.dot
_marks: Final = itertools.count()  # one a pass, so that a broken one leaves no node behind as done


class Contribution(NamedTuple):
    """What one slot of a step sends to the Value in it.

    ``amount`` is upstream × local, exactly 0 where the edge is cut; ``total`` is what the input has
    with it.
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
        StaleGraphError: a leaf was written after the graph was built; no gradient has changed.
        AnomalyError: inside detect_anomaly(); no gradient has changed.
    """
    _require_recording(root, "backward")
    seed = real(grad, "backward")
    if modes.active and modes.detects() and math.isfinite(seed):
        graph = sound(root)
        above["watch"](graph, graph.roots[0], steps_of(graph, graph.recording, seed))
    _pass(root, seed)


def _pass(root: Value, grad: float) -> None:
    if root._record is None:
        _give_back(root, root.grad + grad)
        return
    run = _Pass(root)
    try:
        run.prepare()
        root._grad = 0.0 + grad
        run.send()
        for leaf, had in zip(run.leaves, run.before, strict=True):
            if not leaf._about.requires_grad:
                _give_back(leaf, had)
            else:
                leaf._mark = -1
                if had is not None:
                    leaf._grad += had
    except BaseException:  # an interrupt, a stale graph: all get back what they had
        run.undo()
        raise


def slopes_at(root: Value, leaves: Sequence[Value], own: About, since: int) -> list[float] | None:
    """d root / d each of ``leaves``, by a lean pass over what was made since then, all of it ours.

    ``own`` is what is noted of our leaves alone. None if a Value from outside, which records, is
    under the root. Nothing is left behind.
    """
    run = _Pass(root, since)
    try:
        if not run.is_of(own):
            return None
        root._grad = 1.0
        run.send()
        return [leaf.grad for leaf in leaves]
    finally:
        run.undo()


def ordered(root: Value, own: About, since: int) -> list[Value] | None:
    """The ops' results of that pass, operands first; None where it gives None."""
    run = _Pass(root, since)
    try:
        return run.order if run.is_of(own) else None
    finally:
        run.undo()


class _FromOutside(Exception):
    """An op's result that was made before the pass's time is under its root."""


def _give_back(leaf: Value, had: float | None) -> None:
    leaf._mark = 0
    if had is not None:
        leaf._grad = had
        leaf._mark = -1


class _Pass:
    """The lean pass from a root: ``prepare`` finds and clears the nodes, ``send`` fills them."""

    __slots__ = (
        "again", "before", "fresh", "had", "kept", "leaves", "mark", "order", "reached", "root",
        "since", "stack",
    )  # fmt: skip

    def __init__(self, root: Value, since: int = 0) -> None:
        self.root = root
        self.since: i64 = since  # what ops gave before this time is not ours to pass
        self.mark: i64 = -BUSY - 1 - 2 * (next(_marks) % (BUSY >> 1))  # odd, as no time is
        self.fresh: i64 = clock.now
        self.order: list[Value] = []
        self.stack: list[Value | None] = []
        self.leaves: list[Value] = []
        self.before: list[float | None] = []  # the leaves' gradients
        self.again: list[Value] = []  # sound nodes that have a gradient, and it
        self.had: list[float] = []
        self.kept: list[tuple[Value, int, float]] = []  # others, their marks and gradients
        self.reached: set[int] | None = None

    def prepare(self) -> None:
        """The ops' results under the root, operands first, all at 0; leaves and what they had.

        Depth first, operands left to right, as Graph's order is: the sums must be the same floats.
        A node gets the pass's mark when it is visited. On the stack lie nodes whose operands are
        under way, and, each below a None, those that wait to be visited: several may wait for one.
        """
        mark = self.mark
        stack, order, leaves, before = self.stack, self.order, self.leaves, self.before
        again, had = self.again, self.had
        # A mark below: a leaf was written since, the node is not ours, or it has a gradient.
        least: i64 = clock.written if clock.written > self.since else self.since
        node = self.root
        a: Any
        b: Any
        x: Value
        y: Value
        while True:
            if node._mark < least:
                if -BUSY < node._mark <= -least:
                    again.append(node)
                    had.append(node._grad)
                else:
                    self.look(node)
            node._grad = 0.0
            node._mark = mark
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
                        before.append(x._grad if x._mark < 0 else None)
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
                            before.append(x._grad if x._mark < 0 else None)
                            leaves.append(x)
                            x._mark = mark
                            x._grad = 0.0
                if type(b) is not float and b is not None:
                    y = b
                    if y._mark == mark:
                        pass
                    elif y._record is None:
                        before.append(y._grad if y._mark < 0 else None)
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

    def is_of(self, own: About) -> bool:
        """Prepared; whether all that records under the root is of ``own`` leaves."""
        try:
            self.prepare()
        except _FromOutside:
            return False
        outside = [leaf for leaf in self.leaves if leaf._about is not own]
        return not any(leaf._about.requires_grad for leaf in outside)

    def look(self, node: Value) -> None:
        """A node that was computed before a write: keep what it has, if it is sound."""
        mark: i64 = node._mark
        if _time(mark) < self.since:
            raise _FromOutside
        written = changed(node)
        if written:
            raise _stale(written, self.root)
        self.kept.append((node, mark, node._grad if mark < 0 else 0.0))

    def send(self) -> None:
        """Each node's contributions, from the root on."""
        done: i64 = -self.fresh
        a: Any
        b: Any
        x: Value
        y: Value
        for node in reversed(self.order):
            node._mark = done
            g = node._grad
            record = node._record
            a = node._a
            b = node._b
            if record is _MULTIPLY or record is _ADD or record is _SUBTRACT or record is _DOT:
                # Of a finite result these partials are finite too: 0 × each is 0.
                if g == 0.0 and (node._number - node._number == 0.0 or not self.is_reached(node)):
                    continue
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
                        x._grad += g * y._number
                        y._grad += g * x._number
                elif record is _DOT:
                    xs = a[len(a) // 2 :]
                    _send_pairs(g, a, xs, b is None)  # the w's, as zip ends with the shorter
                    _send_pairs(g, xs, a, b is None)
                else:
                    if type(a) is not float:
                        x = a
                        x._grad += g
                    if type(b) is not float:
                        y = b
                        if record is _ADD:
                            y._grad += g
                        else:
                            y._grad -= g
            elif record is not None:
                data = node._number
                if type(a) is tuple:
                    for operand, p in zip(a, _partials(node), strict=True):
                        if type(operand) is not float and p is not None:
                            self.give(operand, node, g, p)
                    continue
                slopes = record.slopes or slopes_of(record)
                slope = slopes[0]
                if b is None:
                    if slope is not None:
                        x = a
                        try:
                            p = slope(x._number, data)
                        except (ValueError, ArithmeticError):
                            p = evaluate(record.rules[0], x._number, data)
                        self.give(x, node, g, p)
                    continue
                at = a if type(a) is float else a._number, b if type(b) is float else b._number
                for slot, operand in enumerate((a, b)):
                    slope = slopes[slot]
                    if type(operand) is not float and slope is not None:
                        try:
                            p = slope(*at, data)
                        except (ValueError, ArithmeticError):
                            p = evaluate(record.rules[slot], *at, data)
                        self.give(operand, node, g, p)

    def give(self, x: Value, node: Value, g: float, p: float) -> None:
        """The product of upstream and partial to x: nan only if the edge is whole and reached."""
        amount = g * p
        if amount != amount:
            record = node._record
            assert record is not None
            if is_cut(record, p) or (g == 0.0 and not self.is_reached(node)):
                return
        x._grad += amount

    def is_reached(self, node: Value) -> bool:
        """Whether an uncut path leads to the node from the root."""
        if self.reached is None:
            self.reached = {id(self.root)}
            for one in reversed(self.order):
                record = one._record
                if id(one) in self.reached and record is not None:
                    for x, p in zip(one.inputs, _partials(one)):
                        if type(x) is not float and not is_cut(record, p):
                            self.reached.add(id(x))
        return id(node) in self.reached

    def undo(self) -> None:
        """As it was before ``prepare``."""
        for node in (*self.order, *self.stack):
            if node is not None and (node._mark == self.mark or node._mark == -self.fresh):
                node._mark = self.fresh
        for node, grad in zip(self.again, self.had):
            node._mark = -self.fresh
            node._grad = grad
        for node, mark, grad in self.kept:
            node._mark = mark
            node._grad = grad
        for leaf, had in zip(self.leaves, self.before):
            _give_back(leaf, had)


def _partials(node: Value) -> Sequence[float | None]:
    record = node._record
    assert record is not None
    at = [x._number if isinstance(x, Value) else x for x in node.inputs]
    wanted = [type(x) is not float for x in node.inputs]
    return FLOATS.partials(record, at, node._number, wanted)


def is_cut(record: Op, p: float | None) -> bool:
    """Whether nothing passes an edge of this partial, not even nan."""
    return p is None or (p == 0.0 and record.selects)


def _values(operands: tuple[Any, ...]) -> tuple[Value, ...]:
    return tuple([x for x in operands if type(x) is not float])


def _send_pairs(
    g: float, inputs: tuple[Any, ...], factors: tuple[Any, ...], values_all: bool
) -> None:
    """g × factor to each input; most often no number is among either."""
    x: Value
    factor: Value
    if values_all:
        for x, factor in zip(inputs, factors):
            x._grad += g * factor._number
        return
    for y, other in zip(inputs, factors):
        if type(y) is not float:
            x = y
            x._grad += g * (other if type(other) is float else other._number)


# ------------------------------------------------------------------ leaves that were written
def changed(node: Value) -> Sequence[Value]:
    """The leaves that were written since ``node`` was computed of them, if it would differ now."""
    record = node._record
    computed = _time(node._mark)
    if record is None or computed >= clock.written:
        return ()
    a = node._a
    written: list[Value] = [
        x for x in (a if type(a) is tuple else (a, node._b))
        if x is not None and type(x) is not float
        and x._record is None and x._a is not None and x._a > computed
    ]  # fmt: skip
    if not written:
        return ()
    again, _ = outcome(record, [x._number if isinstance(x, Value) else x for x in node.inputs])
    same = repr(again) == repr(node._number)  # nan is itself, and the zeros are two
    return () if same else list(dict.fromkeys(written))


def _time(mark: i64) -> i64:
    """When it was computed; 0 where a pass that did not end has left no word of it."""
    return 0 if mark < -BUSY else max(mark, -mark)


def written_since(graph: Graph) -> list[int]:
    """The places of the leaves that were written since something was computed of them."""
    found = {id(x) for node in graph.nodes if not node.is_unknown for x in changed(node)}
    return [i for i, node in enumerate(graph.nodes) if id(node) in found]


def check_fresh(graph: Graph) -> None:
    """Raise StaleGraphError if a leaf was written after what is made of it was computed."""
    stale = written_since(graph)
    if stale:
        raise _stale([graph.nodes[i] for i in stale], graph.nodes[graph.roots[0]])


def _stale(written: Sequence[Value], root: Value) -> StaleGraphError:
    names, what = list(dict.fromkeys(map(called, written))), called(root)
    which = f"{' and '.join(names[:3])} {'was' if len(names) == 1 else 'were'}"
    return StaleGraphError(
        f"backward: {which} changed after {what} was computed: compute {what} again"
    )


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
    graph = sound(root)
    return steps_of(graph, graph.recording)


def sound(root: Any, door: str = "backward") -> Graph:
    """The graph under ``root``, if a backward pass may go through it; raises what that does."""
    _require_recording(root, door)
    graph = Graph(root)
    check_fresh(graph)
    return graph


def steps_of(
    graph: Graph, recording: Sequence[bool], seed: float = 1.0, root: int | None = None
) -> Iterator[Step]:
    """The steps of a sound graph, from its first root or another; ``recording``: who receives."""
    totals = [0.0] * len(graph)
    reached = [False] * len(graph)
    root = graph.roots[0] if root is None else root
    totals[root], reached[root] = 0.0 + seed, True
    values: Any = graph.values
    for i in reversed(range(len(graph))):
        record = graph.ops[i]
        if record is None:
            continue
        upstream = totals[i]
        sent = []
        wanted = [type(x) is int and recording[x] for x in graph.operands[i]]
        found = FLOATS.partials(record, graph.at(i, values), values[i], wanted)
        for slot, (x, p) in enumerate(zip(graph.operands[i], found, strict=True)):
            if wanted[slot] and type(x) is int:
                amount = 0.0
                if reached[i] and not is_cut(record, p):
                    amount, reached[x] = upstream * p, True
                totals[x] += amount
                sent.append(Contribution(graph.nodes[x], slot, p or 0.0, amount, totals[x]))
        yield Step(graph.nodes[i], "backward", upstream, tuple(sent))


def _require_recording(root: Any, door: str) -> None:
    if isinstance(root, Unknown):
        raise TracingError(
            f"{door}: a Value with a number is required, got {called(root)}, an unknown value; "
            "use program.value_and_grad(...)"
        )
    if not isinstance(root, Value):
        raise TypeError(
            f"{door}: a Value is required as root, got {type(root).__name__}; "
            "build it from Values"
        )
    if not root.requires_grad:
        raise ValueError(
            f"{door}: a root that records is required, got {called(root)}, made under "
            "no_grad, by detach() or with requires_grad=False; build it outside no_grad, from "
            "leaves that record"
        )


# ------------------------------------------------------------------ any arithmetic
# What flows along an edge: an amount, and where it flows: None: everywhere; else a condition.
_Flow = tuple[Any, Any]


def reverse(
    graph: Graph, m: Arithmetic, numbers: Sequence[Any], seeds: Mapping[int, Any],
    sources: Sequence[int],
) -> list[Any]:  # fmt: skip
    """d (the seeded nodes) / d each source, from every node's number in ``m``; None: no path.

    No edge is dropped by its number but that of an op that selects: the second derivative of (3x)²
    at 0 is 18.
    """
    depends = depending(graph, sources)
    flows: list[_Flow | None] = [None] * len(graph)
    for i, seed in seeds.items():
        flows[i] = seed, None
    for i in reversed(range(len(graph))):
        record, flow, operands = graph.ops[i], flows[i], graph.operands[i]
        if record is None or flow is None or not depends[i]:
            continue
        wanted = [type(x) is int and depends[x] for x in operands]
        found = m.partials(record, graph.at(i, numbers), numbers[i], wanted)
        for slot, (x, p) in enumerate(zip(operands, found, strict=True)):
            if wanted[slot] and type(x) is int:
                flows[x] = _joined(m, flows[x], _passed(m, flow, p, record.selects))
    return [None if flow is None else flow[0] for flow in [flows[i] for i in sources]]


def depending(graph: Graph, sources: Iterable[int]) -> list[bool]:
    """Of each node whether it is one of the sources, or made of one."""
    depends = [False] * len(graph)
    for i in sources:
        depends[i] = True
    for i, operands in enumerate(graph.operands):
        depends[i] = depends[i] or any(type(x) is int and depends[x] for x in operands)
    return depends


def forward(
    graph: Graph, m: Arithmetic, numbers: Sequence[Any], tangents: Mapping[int, Any]
) -> list[Any]:
    """Every node's tangent, given those of some: the other direction, by the same rules."""
    flows: list[_Flow | None] = []
    for i, (record, operands) in enumerate(zip(graph.ops, graph.operands)):
        flow: _Flow | None = (tangents[i], None) if i in tangents else None
        wanted = [type(x) is int and flows[x] is not None for x in operands]
        if record is not None and any(wanted):
            found = m.partials(record, graph.at(i, numbers), numbers[i], wanted)
            for x, p in zip(operands, found, strict=True):
                moves = flows[x] if type(x) is int else None
                if moves is not None:
                    flow = _joined(m, flow, _passed(m, moves, p, record.selects))
        flows.append(flow)
    return [None if flow is None else flow[0] for flow in flows]


def _passed(m: Arithmetic, flow: _Flow, p: Any, selects: bool) -> _Flow | None:
    """The chain rule's product of what flows and a partial; None where the edge is cut.

    Where the partial of an op that selects has no number yet, the condition goes along: what does
    not flow is 0, whatever it meets.
    """
    g, where = flow
    if p is None:
        return None
    if selects:
        number = _known(p)
        if number == 0.0:
            return None
        if number is None:
            where = p if where is None else m.where(where, p, 0.0)
    if type(p) is float and p == 1.0:
        return g, where
    amount = p if type(g) is float and g == 1.0 else g * p
    if where is not None and not (type(p) is float and math.isfinite(p)):
        amount = m.where(where, amount, 0.0)
    return amount, where


def _known(p: Any) -> float | None:
    """A partial's number; None if it has none yet."""
    if isinstance(p, Value):
        return None if p.is_unknown else p._number
    return p if isinstance(p, float) else None


def _joined(m: Arithmetic, one: _Flow | None, other: _Flow | None) -> _Flow | None:
    if one is None or other is None:
        return one or other
    everywhere = one[1] is None or other[1] is None
    return one[0] + other[0], None if everywhere else m.where(one[1], 1.0, other[1])


def swept(record: Op) -> tuple[Rule, ...]:
    """A derived op's partials: its formula, recorded once, swept in the rule's arithmetic."""
    assert record.formula is not None
    with modes.quiet():
        operands = [Unknown(f"operand {slot + 1}") for slot in range(len(record.domain))]
        y = record.formula(ops.VALUES, *operands)
    if not isinstance(y, Value):
        return (NOTHING,) * len(operands)
    graph = Graph(y, inputs=operands)

    def rule(source: int) -> Rule:
        def partial(m: Arithmetic, *at_y: Any) -> Any:
            numbers = graph.run(m, dict(zip(graph.inputs, at_y)))
            (found,) = reverse(graph, m, numbers, {graph.roots[0]: 1.0}, [source])
            return 0.0 if found is None else found

        return partial

    return tuple(rule(source) for source in graph.inputs)


above["backward"] = backward
Op.sweeper = staticmethod(swept)
