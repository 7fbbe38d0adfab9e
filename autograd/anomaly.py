"""Where a nan or an inf began: in a value, in a gradient, or in what was given.

A value is followed back through operands that are nan or inf too, as far as what an op chose of
them; of a pass the first contribution or total counts. Reads sweep.py and names.py; read by
derivatives.py, the compiler and viz. Linear in the graph, and nothing recurses.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from . import modes
from .errors import AnomalyError, place, user_frame
from .graph import Graph, restore
from .ieee import FLOATS
from .names import clean
from .op import Op
from .sweep import Step, check_fresh, depending, is_cut, steps_of
from .unknown import Unknown
from .value import Value, above, called

_SHOWN = 4  # operands in a text; a dot has hundreds


class Found(NamedTuple):
    """Where it began: node ``at`` of the graph.

    ``chain`` leads from there: of a value to the root, or to where it is hidden or sent back; of a
    gradient, through those that it reached, to the last.
    """

    phase: str
    at: int
    operands: tuple[float, ...]
    chain: tuple[int, ...]


def find_anomaly(root: Value | Any) -> AnomalyError | None:
    """Where the first nan or inf of ``root`` or of its gradients began, not raised; None: nowhere.

    A nan began where no operand is nan, an inf where all are finite; an inf that an op made is
    followed back, one that was given is none. It follows what is seen, the root and then the first
    contribution of a backward pass; what a ``where`` hides is told when nothing else is wrong.

    Raises:
        StaleGraphError: a leaf was written after the graph was built.

    >>> y = Value(1e300, "x") * 1e300
    >>> error = find_anomaly(y - y)
    >>> error.phase, error.op, error.operands
    ('forward', 'multiply', (1e+300, 1e+300))
    """
    if not isinstance(root, Value):
        raise TypeError(
            f"find_anomaly: a Value is required as root, got {type(root).__name__}; "
            "pass the result of an expression"
        )
    if isinstance(root, Unknown):
        raise root.refuse("find_anomaly asked for its number", "call the program, and look there")
    graph = Graph(root)
    check_fresh(graph)
    found = find(graph, graph.roots[0], steps_of(graph, graph.recording), hidden=True)
    return error_of(graph, found) if found else None


def find(graph: Graph, root: int, steps: Iterable[Step], hidden: bool = False) -> Found | None:
    """The same of a root of a fresh graph and its backward ``steps``.

    ``hidden``: else of the last value that is so without being seen; what uses it is finite.
    """
    via = _ways(graph)
    if root in via:
        return _back(graph, via, root)
    found = _sent(graph, via, steps)
    return found or (_back(graph, via, max(via)) if hidden and via else None)


def look(graph: Graph, root: int, sources: Iterable[int]) -> None:
    """Raise what is seen of d root / d each of ``sources``, where anomalies do."""
    if modes.detects() and None not in graph.values:  # else it is recorded for later
        _raise(graph, root, steps_of(graph, depending(graph, sources), root=root))


def _raise(graph: Graph, root: int, steps: Iterable[Step]) -> None:
    found = find(graph, root, steps)
    if found:
        raise error_of(graph, found)


def _at_once(record: Op, operands: Sequence[Value | float], data: float) -> None:
    """Raise for an op's result that is nan, or an inf of finite operands.

    An inf of another is not walked back each time: a long sum of them would cost its square.
    """
    numbers = [x._number if isinstance(x, Value) else x for x in operands]
    if data != data or all(map(math.isfinite, numbers)):
        about = "", True, modes.current().scope, user_frame()[:2]
        graph = Graph(restore(Value, data, record, tuple(operands), None, about, None))
        _raise(graph, graph.roots[0], ())


above.update(anomaly=_at_once, watch=_raise)


# ------------------------------------------------------------------ where it began
def _ways(graph: Graph) -> dict[int, int]:
    """Of each value that an op made nan or inf, the operand that it came of: itself, if none.

    A nan that was given is in it, an inf that was given, or made of such alone, is not.
    """
    via: dict[int, int] = {}
    for i, y in enumerate(graph.values):
        if y is None or y - y == 0.0:
            continue
        record, operands, at = graph.ops[i], graph.operands[i], graph.at(i, graph.values)
        slots = [slot for slot, x in enumerate(at) if x - x != 0.0]
        if record is not None and record.selects:
            partials = FLOATS.partials(record, at, y)
            slots = [slot for slot in slots if not is_cut(record, partials[slot])] or slots
        slots = [slot for slot in slots if (at[slot] != at[slot]) == (y != y)] or slots
        made = [x for x in [operands[slot] for slot in slots] if type(x) is int and x in via]
        given = record is None or any(at[slot] == at[slot] for slot in slots)
        if made or y != y or not given:
            via[i] = made[0] if made else i
    return via


def _back(graph: Graph, via: Mapping[int, int], i: int, *after: int) -> Found:
    """Of a value that is not finite, back to where it began."""
    chain = [i]
    while via[chain[-1]] != chain[-1]:
        chain.append(via[chain[-1]])
    at = chain[-1]
    given = graph.ops[at] is None or any(type(x) is float and x != x for x in graph.operands[at])
    phase, numbers = ("input", []) if given else ("forward", graph.at(at, graph.values))
    return Found(phase, at, tuple(numbers), (*reversed(chain), *after))


def _sent(graph: Graph, via: Mapping[int, int], steps: Iterable[Step]) -> Found | None:
    """The first contribution or total that is not finite, unless it is an inf that was given."""
    given: set[int] = set()  # whose totals are inf, because an inf was given
    turns = zip(reversed([i for i, record in enumerate(graph.ops) if record]), steps)
    for i, step in turns:
        operands, at = graph.operands[i], graph.at(i, graph.values)
        for c in step.contributions:
            if math.isfinite(c.total):
                continue
            x: Any = operands[c.slot]
            if math.isfinite(c.amount):
                began = x not in given
            elif math.isfinite(c.local):
                began = math.isfinite(step.upstream or 0.0)
            else:
                for node in (*operands, i):
                    if type(node) is int and node in via:
                        return _back(graph, via, node, *[i] * (node != i))
                began = all(map(math.isfinite, (*at, graph.values[i] or 0.0)))
            if began or c.total != c.total:
                return Found("backward", i, tuple(at), (i, *_on(graph, turns, x)))
            given.add(x)
    return None


def _on(graph: Graph, turns: Iterable[tuple[int, Step]], x: int) -> list[int]:
    """The way on from node x of what is not finite, as far as it goes."""
    chain: list[Any] = [x]
    for i, step in turns:
        slots = [c.slot for c in step.contributions if not math.isfinite(c.amount)]
        if i == chain[-1] and slots:
            chain.append(graph.operands[i][slots[0]])
    return chain


# ------------------------------------------------------------------ what is said
def error_of(graph: Graph, found: Found, where: str = "") -> AnomalyError:
    """The error, not raised; ``where`` stands before its text."""
    i = found.at
    node, record, line = graph.nodes[i], graph.ops[i], graph.lines[i]
    if record is None or found.phase == "input":
        of = "an operand of " if record else ""
        text = f"{of}{called(node)}: a number is required, got nan, as it was given"
        remedy, op = "leave it out", None
    else:
        text, remedy = _made(node, record, found)
        op = record.name
    scope = clean(graph.scopes[i])
    told = ", ".join(x for x in (scope and f"scope {scope}", place(line)) if x)
    error = AnomalyError(f"{where}{text}{told and f' ({told})'}; {remedy}")
    error.phase, error.op, error.operands, error.node = found.phase, op, found.operands, node
    error.label, error.scope = graph.labels[i], graph.scopes[i]
    error.filename, error.lineno = line or (None, None)
    return error


def _made(node: Value, record: Op, found: Found) -> tuple[str, str]:
    """What is said of an op's result, or of what it sends back; and the remedy."""
    wanted, got = "result", f"{node._number!r}"
    remedy = record.remedy or "keep its operands where its result is finite"
    if found.phase == "backward":
        slopes = FLOATS.partials(record, found.operands, node._number)
        odd = [p for p in slopes if p is not None and not math.isfinite(p)]
        wanted, got = "gradient", f"the slope {odd[0]!r}" if odd else "more than a float holds"
        remedy = "keep its operands away from there" if odd else "scale the root down"
    of = [f"{x._number!r} from {called(x)}" if isinstance(x, Value) else f"{x!r}"
          for x in node.inputs[:_SHOWN]] + ["…"] * (len(node.inputs) > _SHOWN)  # fmt: skip
    text = f"{record.name}: a finite {wanted} is required, got {got} at {called(node)}"
    return f"{text}, of {', '.join(of)}", remedy
