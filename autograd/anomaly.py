"""Where a nan or an inf began: in a value, in a gradient, or in what was given.

A value is followed back through operands that are nan or inf too, as far as what an op chose of
them; of a pass the first contribution or total counts. Reads sweep.py and names.py; read by
derivatives.py, the compiler and viz. Linear in the graph, and nothing recurses.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from . import modes
from .errors import AnomalyError as AnomalyError
from .errors import place, user_frame
from .graph import Graph, restore
from .ieee import FLOATS
from .modes import detect_anomaly as detect_anomaly
from .names import clean
from .op import Op
from .sweep import Step, check_fresh, depending, is_cut, steps_of
from .unknown import Unknown
from .value import Value, about_of, above, called

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

    >>> from autograd import exp
    >>> y = exp(Value(800.0, "x"))
    >>> error = find_anomaly(y - y)
    >>> error.phase, error.op, error.operands
    ('forward', 'exp', (800.0,))
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
    found = find(graph)
    return error_of(graph, found) if found else None


def find(graph: Graph, steps: Iterable[Step] | None = None) -> Found | None:
    """The same of a fresh graph's first root; ``steps`` are its backward steps, if they are there.

    As many are read as are needed.
    """
    root, trail = graph.roots[0], _Trail(graph)
    if steps is None:
        steps = steps_of(graph, graph.recording) if graph.recording[root] else ()
    return trail.seen(root, steps) or trail.hidden()


def seen(
    graph: Graph, sources: Iterable[int] | None = None, seed: float = 1.0, root: int | None = None
) -> Found | None:
    """The same of what is seen alone, from any root; of gradients only those of ``sources``."""
    if None in graph.values:  # recorded for later
        return None
    root = graph.roots[0] if root is None else root
    if seed != seed:
        return Found("input", root, (), (root,))
    receive = graph.recording if sources is None else depending(graph, sources)
    return _Trail(graph).seen(root, steps_of(graph, receive, seed, root))


def blamed(graph: Graph, sources: Iterable[int] | None = None) -> Found | None:
    """The same where one is known to be: the root, if rounding alone hides it; None: was given."""
    found, root = seen(graph, sources), graph.roots[0]
    numbers = [x for at in graph.operands for x in at if type(x) is float]
    numbers += [x for x, record in zip(graph.values, graph.ops) if record is None and x is not None]
    if found or graph.ops[root] is None or not all(map(math.isfinite, numbers)):
        return found
    operands: list[Any] = graph.at(root, graph.values)
    return Found("forward" if sources == () else "backward", root, tuple(operands), (root,))


def look(graph: Graph, sources: Iterable[int], root: int | None = None) -> None:
    """Raise what is seen of the derivatives in ``sources``, if anomalies are detected here."""
    if modes.detects():
        found = seen(graph, sources, root=root)
        if found:
            raise error_of(graph, found)


def look_forward(graph: Graph, tangents: Mapping[int, Any], tangent: Any) -> None:
    """Raise what makes a tangent of the root nan or inf, unless a tangent was given so."""
    numbers = [x._data if isinstance(x, Value) else x or 0.0 for x in (tangent, *tangents.values())]
    if None not in graph.values and not math.isfinite(numbers[0]):
        found = blamed(graph, tangents) if all(map(math.isfinite, numbers[1:])) else None
        if found:
            raise error_of(graph, found)


class _Trail:
    """Of each value that is nan or inf where it began, and the operand through which it came.

    An inf that was given, or made of such alone, did not begin.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.values: Any = graph.values
        self.began: dict[int, int] = {}
        self.via: dict[int, int] = {}
        for i, y in enumerate(self.values):
            if y is not None and y - y != 0.0:
                self._follow(i, y)

    def _follow(self, i: int, y: float) -> None:
        record, operands, at = self.graph.ops[i], self.graph.operands[i], self._numbers(i)
        slots = [slot for slot, x in enumerate(at) if x - x != 0.0]
        if record is not None and record.selects and len(slots) > 1:
            found = FLOATS.partials(record, at, y)
            slots = [slot for slot in slots if not is_cut(record, found[slot])] or slots
        for slot in [slot for slot in slots if (at[slot] != at[slot]) == (y != y)] or slots:
            x = operands[slot]
            if type(x) is int and x in self.began:
                self.began[i], self.via[i] = self.began[x], x
                return
        given = record is None or any(at[slot] == at[slot] for slot in slots)
        if y != y or not given:
            self.began[i] = i

    def _numbers(self, i: int) -> list[float]:
        return self.graph.at(i, self.values)

    def seen(self, root: int, steps: Iterable[Step]) -> Found | None:
        """Of the root, else of the first contribution that is not finite, or makes a total so."""
        if root in self.began:
            return self._forward(root)
        given: set[int] = set()  # whose totals are inf, because an inf was given
        found, chain = None, [root]
        for i, step in _turns(self.graph, steps):
            for c in step.contributions if not found or i == chain[-1] else ():
                x = self.graph.operands[i][c.slot]
                assert isinstance(x, int)
                if found and c.amount - c.amount != 0.0:  # on its way down
                    chain.append(x)
                    break
                if found or c.total - c.total == 0.0:
                    continue
                at = (*self._numbers(i), self.values[i])
                if c.amount - c.amount == 0.0:
                    innocent = x in given
                elif c.local - c.local == 0.0:
                    innocent = step.upstream - step.upstream != 0.0  # type: ignore[operator]
                else:
                    for node in (*self.graph.operands[i], i):
                        if type(node) is int and node in self.began:
                            return self._forward(node, *[i] * (node != i))
                    innocent = any(number - number != 0.0 for number in at)
                if not innocent or c.total != c.total:
                    found, chain = Found("backward", i, at[:-1], ()), [i, x]
                    break
                given.add(x)
        return found and found._replace(chain=tuple(chain))

    def hidden(self) -> Found | None:
        """The first value that began to be nan or inf, though nothing that is seen comes of it."""
        if not self.began:
            return None
        chain = [next(iter(self.began))]
        for i, x in self.via.items():
            if x == chain[-1]:
                chain.append(i)
        return self._forward(*chain[-1:])

    def _forward(self, i: int, *after: int) -> Found:
        """Of a value that is not finite, back to where it began."""
        chain = [i]
        while chain[-1] in self.via:
            chain.append(self.via[chain[-1]])
        at = chain[-1]
        nan_given = any(type(x) is float and x != x for x in self.graph.operands[at])
        given = self.graph.ops[at] is None or nan_given
        phase, numbers = ("input", []) if given else ("forward", self._numbers(at))
        return Found(phase, at, tuple(numbers), (*reversed(chain), *after))


# ------------------------------------------------------------------ what is said
def error_of(graph: Graph, found: Found, where: str = "") -> AnomalyError:
    """The error, not raised; ``where`` stands before its text."""
    i, record = found.at, graph.ops[found.at]
    told = _given(graph, i) if found.phase == "input" else _made(graph, found)
    error = AnomalyError(where + told)
    error.phase, error.operands, error.node = found.phase, found.operands, graph.nodes[i]
    error.op = record.name if record is not None and found.phase != "input" else None
    error.label, error.scope = graph.labels[i], graph.scopes[i]
    error.filename, error.lineno = graph.lines[i] or (None, None)
    return error


def _given(graph: Graph, i: int) -> str:
    name, record, y = called(graph.nodes[i]), graph.ops[i], graph.values[i]
    what = name if record is None else f"operand of {name}"
    if y is not None and y - y == 0.0:  # it came with the pass
        what = f"grad of {name}"
    return f"{what}: a number is required, got nan, as it was given{_where(graph, i)}; leave it out"


def _made(graph: Graph, found: Found) -> str:
    i, record, node = found.at, graph.ops[found.at], graph.nodes[found.at]
    assert record is not None
    y: Any = graph.values[i]
    wanted, got = "result", f"{y!r}"
    remedy = record.remedy or "keep its operands where its result is finite"
    if found.phase == "backward":
        slopes = FLOATS.partials(record, found.operands, y)
        odd = [p for p in slopes if p is not None and p - p != 0.0]
        got = f"the slope {odd[0]!r}" if odd else "a sum or product beyond a float's range"
        wanted = "gradient"
        remedy = "keep its operands away from there" if odd else "scale the root down"
    of = [f"{x._data!r} from {called(x)}" if isinstance(x, Value) else f"{x!r}"
          for x in node.inputs[:_SHOWN]] + ["…"] * (len(node.inputs) > _SHOWN)  # fmt: skip
    return (
        f"{record.name}: a finite {wanted} is required, got {got} at {called(node)}, of "
        f"{', '.join(of)}{_where(graph, i)}; {remedy}"
    )


def _where(graph: Graph, i: int) -> str:
    scope, line = clean(graph.scopes[i]), place(graph.lines[i])
    told = ", ".join(x for x in (scope and f"scope {scope}", line) if x)
    return f" ({told})" if told else ""


# ------------------------------------------------------------------ inside detect_anomaly()
def _at_once(record: Op, operands: Sequence[Value | float], data: float) -> None:
    """Raise for an op's result that is nan or inf, unless it is an inf that was given."""
    odd = [x for x in operands if not math.isfinite(x._data if isinstance(x, Value) else x)]
    if math.isinf(data) and odd and all(map(_is_given, odd)):
        return
    about = "", True, modes.current().scope, user_frame()[:2]
    graph = Graph(restore(Value, data, record, tuple(operands), None, about, None))
    found = _Trail(graph).seen(graph.roots[0], ())
    if found:
        raise error_of(graph, found)


def _is_given(x: Value | float) -> bool:
    """Of an inf; what was made inside the mode has been looked at, or the graph would be again."""
    return not isinstance(x, Value) or x._record is None or about_of(x).line is not None


def _watch(root: Value, seed: float) -> None:
    """Raise before a pass that would leave a gradient that is not finite, unless it was given."""
    graph = Graph(root)
    check_fresh(graph)
    found = seen(graph, seed=seed)
    if not found:  # leaves add the pass's total to what they hold
        steps = steps_of(graph, graph.recording, seed)
        sent = [(i, c) for i, step in _turns(graph, steps) for c in step.contributions]
        for i, total in {id(c.input): (i, c) for i, c in sent}.values():
            held = total.input.grad if total.input._record is None else 0.0
            if math.isfinite(held) and not math.isfinite(held + total.total):
                numbers, x = graph.at(i, graph.values), graph.operands[i][total.slot]
                found = Found("backward", i, tuple(numbers), (i, int(x)))
                break
    if found:
        raise error_of(graph, found)


def _turns(graph: Graph, steps: Iterable[Step]) -> Iterator[tuple[int, Step]]:
    """Each step with its node's place."""
    ops = [i for i, record in enumerate(graph.ops) if record is not None]
    return zip(reversed(ops), steps)


above.update(anomaly=_at_once, watch=_watch)
