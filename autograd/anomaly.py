"""Where a nan or an inf began: in a value, in a gradient, or in what was given.

A value is followed back through operands that are nan or inf too, as far as what an op chose of
them; of a pass the first contribution or total counts. Reads sweep.py and names.py; read by
derivatives.py, the compiler and viz. Linear in the graph, and nothing recurses.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
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
    root = graph.roots[0] if root is None else root
    if seed != seed:
        return Found("input", root, (), (root,))
    receive = graph.recording if sources is None else depending(graph, sources)
    return _Trail(graph).seen(root, steps_of(graph, receive, seed, root))


def blamed(graph: Graph, sources: Iterable[int] | None = None) -> Found | None:
    """The same where there is one: the root's op if only rounding hides it; None: it was given."""
    found, root = seen(graph, sources), graph.roots[0]
    if found or graph.ops[root] is None or not math.isfinite(graph.values[root] or 0.0):
        return found
    operands: list[Any] = graph.at(root, graph.values)
    return Found("forward" if sources == () else "backward", root, tuple(operands), (root,))


def look(graph: Graph, sources: Iterable[int], root: int | None = None, sure: bool = False) -> None:
    """Raise what is seen of derivatives in ``sources``, or surely is, where anomalies do."""
    if modes.detects() and None not in graph.values:  # else it is recorded for later
        found = blamed(graph, sources) if sure else seen(graph, sources, root=root)
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
        record, operands = self.graph.ops[i], self.graph.operands[i]
        at = self.graph.at(i, self.values)
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
                at = (*self.graph.at(i, self.values), self.values[i])
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
        phase, numbers = ("input", []) if given else ("forward", self.graph.at(at, self.values))
        return Found(phase, at, tuple(numbers), (*reversed(chain), *after))


# ------------------------------------------------------------------ what is said
def error_of(graph: Graph, found: Found, where: str = "") -> AnomalyError:
    """The error, not raised; ``where`` stands before its text."""
    i, given = found.at, found.phase == "input"
    record, line, scope = graph.ops[i], graph.lines[i], clean(graph.scopes[i])
    text, remedy = _given(graph, i) if given else _made(graph, found)
    told = ", ".join(x for x in (scope and f"scope {scope}", place(line)) if x)
    error = AnomalyError(f"{where}{text}{told and f' ({told})'}; {remedy}")
    error.phase, error.operands, error.node = found.phase, found.operands, graph.nodes[i]
    error.op = None if given or record is None else record.name
    error.label, error.scope = graph.labels[i], graph.scopes[i]
    error.filename, error.lineno = line or (None, None)
    return error


def _given(graph: Graph, i: int) -> tuple[str, str]:
    """What is said of a nan that a leaf holds, or an op has as a number, or came with the pass."""
    odd = not math.isfinite(graph.values[i] or 0.0)
    what = ("" if graph.ops[i] is None else "an operand of ") if odd else "the grad of "
    text = f"{what}{called(graph.nodes[i])}: a number is required, got nan, as it was given"
    return text, "leave it out"


def _made(graph: Graph, found: Found) -> tuple[str, str]:
    """What is said of an op's result, or of what it sends back."""
    node, record, y = graph.nodes[found.at], graph.ops[found.at], graph.values[found.at]
    assert record is not None
    wanted, got = "result", f"{y!r}"
    remedy = record.remedy or "keep its operands where its result is finite"
    if found.phase == "backward":
        slopes = FLOATS.partials(record, found.operands, y or 0.0)
        odd = [p for p in slopes if p is not None and not math.isfinite(p)]
        wanted, got = "gradient", f"the slope {odd[0]!r}" if odd else "more than a float holds"
        remedy = "keep its operands away from there" if odd else "scale the root down"
    of = [f"{x._data!r} from {called(x)}" if isinstance(x, Value) else f"{x!r}"
          for x in node.inputs[:_SHOWN]] + ["…"] * (len(node.inputs) > _SHOWN)  # fmt: skip
    text = f"{record.name}: a finite {wanted} is required, got {got} at {called(node)}"
    return f"{text}, of {', '.join(of)}", remedy


# ------------------------------------------------------------------ inside detect_anomaly()
def _at_once(record: Op, operands: Sequence[Value | float], data: float) -> AnomalyError | None:
    """The error for an op's result that is nan or inf, unless it is an inf that was given."""
    odd = [x for x in operands if not math.isfinite(x._data if isinstance(x, Value) else x)]
    if math.isinf(data) and odd and all(map(_is_given, odd)):
        return None
    about = "", True, modes.current().scope, user_frame()[:2]
    graph = Graph(restore(Value, data, record, tuple(operands), None, about, None))
    found = seen(graph, ())
    return error_of(graph, found) if found else None


def _is_given(x: Value | float) -> bool:
    """Of an inf; what was made inside the mode has been looked at, or the graph would be again."""
    return not isinstance(x, Value) or x._record is None or about_of(x).line is not None


def _watch(root: Value, seed: float) -> None:
    """Raise before a pass that would leave a gradient that is not finite, unless it was given."""
    graph = Graph(root)
    check_fresh(graph)
    found = seen(graph, seed=seed)
    if found:
        raise error_of(graph, found)
    totals = {
        graph.operands[i][c.slot]: (i, c.total)
        for i, step in _turns(graph, steps_of(graph, graph.recording, seed))
        for c in step.contributions
    }
    for x, (i, total) in totals.items():
        held = graph.grads[int(x)] or 0.0
        grown = graph.ops[int(x)] is None and math.isinf(held + total)  # leaves add it to theirs
        if grown and not math.isinf(held) and not math.isinf(total):
            operands: list[Any] = graph.at(i, graph.values)
            raise error_of(graph, Found("backward", i, tuple(operands), (i, int(x))))


def _turns(graph: Graph, steps: Iterable[Step]) -> Iterator[tuple[int, Step]]:
    """Each step with its node's place."""
    ops = [i for i, record in enumerate(graph.ops) if record is not None]
    return zip(reversed(ops), steps)


above.update(anomaly=_at_once, watch=_watch)
