"""Graph: the flat, topologically ordered, frozen form of all that is under one or several roots.

Read by drawings, steps, names, derivatives and the compiler. Copies and pickles walk the same way.
Nothing here recurses: memory bounds the depth, not the stack.
"""

from __future__ import annotations

import copy
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .modes import NOTHING_NOTED, About
from .native import mypyc_attr
from .op import Arithmetic, Op
from .value import Value, above, clock, keep


def walk(roots: Iterable[Value], seen: dict[int, Any], since: int = 0) -> Iterator[Value]:
    """Every node under ``roots`` that is not in ``seen``, operands first, left to right.

    ``seen`` maps the id of a node to its place in this order; it is filled on the way. Marks on the
    nodes would be faster, as in the lean pass, but two threads may draw one graph. What an op gave
    before ``since``, on value.py's clock, is not looked under.
    """
    opened: set[int] = set()  # under way: on the stack again, below their operands
    for root in roots:
        stack: list[Any] = [root]
        while stack:
            node = stack.pop()
            key = id(node)
            if key in seen:
                continue
            if node._record is not None and key not in opened and not -since < node._mark < since:
                opened.add(key)
                stack.append(node)
                a, b = node._a, node._b
                if type(a) is tuple:
                    stack.extend([x for x in reversed(a) if type(x) is not float])
                    continue
                if b is not None and type(b) is not float:
                    stack.append(b)
                if type(a) is not float:
                    stack.append(a)
                continue
            seen[key] = len(seen)
            yield node


@mypyc_attr(native_class=False)  # it keeps its users, hence a __dict__
class Graph:
    """All that is under ``roots``, by index: an op's operands stand before it.

    Attributes:
        nodes: the Values, in order; empty for a graph that the compiler has rewritten.
        inputs: the indices of the leaves that were named as inputs, whatever made them.
        ops: the record of each, None for a leaf.
        operands: of each, an int for a node and a float for a number.
        roots: the indices of the roots.
        values, grads: None where there is no number: an unknown value; not reached by a pass.
        recording: whether a backward pass gives it a gradient.
        labels, scopes: as the nodes have them.
        lines: of each, the file and line that recorded it, where that was in detect_anomaly().
        recorded: all indices in the order of recording, where it was noted: of unknown values.

    >>> x = Value(2.0, "x")
    >>> graph = Graph(x * x + 1.0)
    >>> graph.operands
    ((), (0, 0), (1, 1.0))
    """

    nodes: tuple[Value, ...]
    ops: tuple[Op | None, ...]
    operands: tuple[tuple[int | float, ...], ...]
    roots: tuple[int, ...]
    inputs: tuple[int, ...]
    values: tuple[float | None, ...]
    grads: tuple[float | None, ...]
    recording: tuple[bool, ...]
    labels: tuple[str, ...]
    scopes: tuple[str, ...]
    recorded: tuple[int, ...]

    def __init__(self, *roots: Any, inputs: Sequence[Value] = (), since: int = 0) -> None:
        """``since``: see walk; what is not looked under is a leaf."""
        for root in roots:
            if not isinstance(root, Value):
                raise TypeError(
                    f"Graph: a Value is required as root, got {type(root).__name__}; "
                    "pass the result of an expression, and several as Graph(a, b)"
                )
        named = {id(x): x for x in inputs}
        place = {key: i for i, key in enumerate(named)}
        nodes = [*named.values(), *walk(roots, place, since)]
        records = [
            None if i < len(named) or -since < node._mark < since else node._record
            for i, node in enumerate(nodes)
        ]
        abouts = [getattr(node, "_about", NOTHING_NOTED) for node in nodes]
        values = [None if node.is_unknown else node._number for node in nodes]
        self._hold(
            nodes=nodes,
            ops=records,
            operands=[
                tuple([x if type(x) is float else place[id(x)] for x in node.inputs])
                if record is not None
                else ()
                for node, record in zip(nodes, records)
            ],
            roots=[place[id(root)] for root in roots],
            inputs=[place[id(x)] for x in inputs],
            values=values,
            grads=[node._grad if node._mark < 0 else None for node in nodes],
            recording=[about.requires_grad for about in abouts],
            labels=[about.label for about in abouts],
            scopes=[about.scope for about in abouts],
            recorded=_recorded(nodes) if None in values else (),
        )

    @classmethod
    def build(
        cls, ops: Sequence[Op | None], operands: Sequence[tuple[int | float, ...]],
        roots: Sequence[int], values: Sequence[float | None], labels: Sequence[str],
        inputs: Sequence[int] = (),
    ) -> Graph:  # fmt: skip
        """A graph without Values: what a rewriting gives."""
        self = cls.__new__(cls)
        self._hold(
            nodes=(), ops=ops, operands=operands, roots=roots, inputs=inputs, values=values,
            grads=[None] * len(ops), labels=labels, scopes=[""] * len(ops),
            recording=[record is not None or v is None for record, v in zip(ops, values)],
            recorded=(),
        )  # fmt: skip
        return self

    def _hold(self, **parts: Sequence[Any]) -> None:
        self.__dict__.update({name: tuple(part) for name, part in parts.items()})

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"Graph: frozen, got {name}={value!r}; make another of its Values")

    def __len__(self) -> int:
        return len(self.ops)

    def __repr__(self) -> str:
        leaves = self.ops.count(None)
        return f"Graph({len(self) - leaves} ops, {leaves} leaves, {len(self.roots)} roots)"

    @property
    def users(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """Of each node, the places that use it, in forward order: (index of the op, slot)."""
        if "_users" not in self.__dict__:  # mypyc makes a plain property of a cached one
            users: list[list[tuple[int, int]]] = [[] for _ in self.ops]
            for i, operands in enumerate(self.operands):
                for slot, x in enumerate(operands):
                    if type(x) is int:
                        users[x].append((i, slot))
            self.__dict__["_users"] = tuple(map(tuple, users))
        return self.__dict__["_users"]  # type: ignore[no-any-return]

    @property
    def lines(self) -> tuple[tuple[str, int] | None, ...]:
        """See above; found when first asked for."""
        if "_lines" not in self.__dict__:
            found = [getattr(node, "_about", NOTHING_NOTED).line for node in self.nodes]
            self.__dict__["_lines"] = tuple(found) or (None,) * len(self)
        return self.__dict__["_lines"]  # type: ignore[no-any-return]

    def at(self, i: int, numbers: Sequence[Any]) -> list[Any]:
        """Node i's operands, out of every node's ``numbers``."""
        return [x if type(x) is float else numbers[x] for x in self.operands[i]]  # type: ignore[index]

    def run(self, m: Arithmetic, given: Mapping[int, Any]) -> list[Any]:
        """Every node's number in ``m``, with some leaves ``given`` and the others as they are."""
        numbers: list[Any] = []
        for i, record in enumerate(self.ops):
            if i in given:
                numbers.append(given[i])
            elif record is None:
                numbers.append(self.values[i])
            else:
                numbers.append(m.run(record, *self.at(i, numbers)))
        return numbers


def _recorded(nodes: Sequence[Value]) -> list[int]:
    """The indices in the order of recording, by the serials of unknown.py.

    What is known was made of what is known, so it may stand before all that is not.
    """
    serials = [getattr(node, "serial", 0) for node in nodes]
    return sorted(range(len(nodes)), key=serials.__getitem__)


# ------------------------------------------------------------------ copies and pickles
def deepcopy(root: Value, memo: dict[int, Any]) -> Value:
    """A copy of ``root`` and of all under it that ``memo`` does not hold yet."""
    for node in walk((root,), memo):
        kind, data, record, inputs, grad, about, attributes = parts(node)
        inputs = tuple([x if type(x) is float else memo[id(x)] for x in inputs])
        twin = memo[id(node)] = restore(kind, data, record, inputs, grad, about, None)
        if attributes:
            twin.__dict__.update(copy.deepcopy(attributes, memo))
    return memo[id(root)]  # type: ignore[no-any-return]


def shallow(node: Value) -> Value:
    """A copy of ``node`` over the same operands, as fresh as it is."""
    twin = restore(*parts(node))
    twin._mark = node._mark
    if node._record is None:
        twin._a = node._a
    return twin


def parts(node: Value) -> tuple[Any, ...]:
    """All that a node is, as arguments of ``restore``."""
    data = None if node.is_unknown else node._number
    about = getattr(node, "_about", None)
    return (
        type(node),
        data,
        node._record,
        node.inputs,
        node._grad if node._mark < 0 else None,
        about and (about.label, about.requires_grad, about.scope, about.line),
        getattr(node, "__dict__", None),
    )


def restore(
    kind: type[Value],
    data: float | None,
    record: Op | None,
    inputs: tuple[Value | float, ...],
    grad: float | None,
    about: tuple[Any, ...] | None,
    attributes: dict[str, Any] | None,
) -> Value:
    node = Value.__new__(kind)
    if data is not None:
        node._number = data
    node._record = record
    node._mark = 0
    if record is None:  # as if written just now: what is made of it is computed again, once
        clock.now += 2
        clock.written = clock.now
        node._a, node._b = clock.now, None
    else:
        keep(node, record, inputs)
    if grad is not None:
        node._grad = grad
        node._mark = -1
    if about is not None:
        node._about = About(*about)
    if attributes:
        node.__dict__.update(attributes)
    return node


@mypyc_attr(native_class=False)  # it is referred to weakly
class _Session:
    """What one pickler has been given so far.

    A pickler asks each Value for its parts, and would recurse into the operands. So the first Value
    hands over a list of all under it, operands first: each then finds its operands pickled already.
    The next Value of the same pickler hands over only what is new, or a list of all nodes of a
    chain would cost its square. No pickler says who it is. But it asks a session for its parts only
    once and then keeps it alive: one that is asked again has met another pickler, which gets a
    session of its own; and the newest one alive is known to its own pickler alone.
    """

    def __init__(self) -> None:
        self.emitted: dict[int, Any] = {}
        self.shallow: set[int] = set()  # emitted, and not yet asked for their parts
        self.met = False
        _local.__dict__.setdefault("sessions", []).append(weakref.ref(self))

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        if self.met:
            return tuple, (_Session(),)
        self.met = True
        return tuple, ()


_local = threading.local()


def _newest() -> _Session | None:
    """This thread's newest session whose pickler is alive."""
    sessions: list[weakref.ref[_Session]] = _local.__dict__.get("sessions", [])
    while sessions:
        session = sessions[-1]()
        if session is not None:
            return session
        sessions.pop()
    return None


class _Bundle:
    """``root`` and all under it that is new to the session, as a list to be pickled lazily."""

    def __init__(self, root: Value) -> None:
        self.root = root

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return list, (), None, self._nodes()

    def _nodes(self) -> Iterator[Value]:
        session = _newest()  # by now the pickler has met its own
        assert session is not None
        session.emitted.pop(id(self.root), None)
        for node in walk((self.root,), session.emitted):
            session.emitted[id(node)] = node  # alive, so that its id stays its own
            session.shallow.add(id(node))
            yield node


def reduce(node: Value) -> tuple[Any, ...]:
    """How pickle sees a Value: see _Session."""
    session = _newest()
    if session is not None and id(node) in session.shallow:
        session.shallow.discard(id(node))
        return restore, parts(node)
    return _last, (session or _Session(), _Bundle(node))


def _last(session: tuple[()], nodes: list[Value]) -> Value:
    return nodes[-1]


above.update(copy=shallow, deepcopy=deepcopy, reduce=reduce)
