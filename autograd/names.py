"""What each node is called, in drawings, steps, explanations and errors alike.

The label; else the formula of the operands' names, if short; else the op's name, behind its scope
or before its number. An unnamed root is ``y``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import count, islice
from typing import NamedTuple

from .graph import Graph, walk
from .numbers import show
from .op import Op
from .value import Value, above

LONGEST_FORMULA = 20  # characters: longer ones are read slower than a number is looked up
LONGEST_LABEL = 24
_ATOM = 9
_LEFT = (1, 2)  # precedences that chain from the left; (a²)³, -(-a) and (a > b) > c need theirs
_LONGEST_RAISED = 1e5  # beyond, show() rounds or writes an e
_SMALL = 50  # nodes: as many as a formula of 20 characters could ever hold, and more
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Name(NamedTuple):
    """A node's name; a formula is put in parentheses where a sentence needs one."""

    text: str
    formula: bool = False
    precedence: int = _ATOM
    numbered: bool = False  # `tanh 12`, `layer 1: tanh`: not used inside a formula

    def __str__(self) -> str:
        return self.text

    def __format__(self, spec: str) -> str:
        return format(self.text, spec)


def names(graph: Graph) -> tuple[Name, ...]:
    """The name of every node, each different from the others; found once a graph.

    >>> from autograd import Value
    >>> w, x = Value(1.5, "w"), Value(2.0, "x")
    >>> [str(name) for name in names(Graph((w * x - 1.0) ** 2 * w))]
    ['w', 'x', 'w×x', 'w×x-1', '(w×x-1)²', 'y']
    """
    if "_names" not in graph.__dict__:
        graph.__dict__["_names"] = tuple(_named(graph))
    return graph.__dict__["_names"]  # type: ignore[no-any-return]


def _named(graph: Graph) -> list[Name]:
    found: list[Name] = []
    counts: dict[str, int] = {}
    labels = [label and clean(label) for label in graph.labels]
    taken = set(labels)
    free = (v for n in count(1) if (v := f"v{n}") not in taken)
    number, roots = 0, set(graph.roots)
    for i, record in enumerate(graph.ops):
        number += record is not None
        if labels[i]:
            name = Name(labels[i])
        elif record is None:
            name = Name(next(free))
        elif i in roots:
            name = Name("result" if "y" in taken else "y")
        else:
            text = _placed(record, graph.scopes[i]) or f"{record.name} {number}"
            name = _formula_name(record, _operands(graph, i, found)) or Name(text, numbered=True)
        same = counts[name.text] = counts.get(name.text, 0) + 1
        if same > 1:
            while f"{name.text} #{same}" in taken:  # a label may look like one of ours
                same += 1
            counts[name.text] = same
            name = Name(f"{name.text} #{same}", numbered=name.formula or name.numbered)
        found.append(name)
    return found


def formula(graph: Graph, i: int, found: Sequence[Name]) -> str:
    """Node i's own formula over the names of its operands, spaced: ``(w×x+b-t)² + 0.1×(w×w)``."""
    record = graph.ops[i]
    if record is None:
        return found[i].text
    return fill(record, _operands(graph, i, found))


def _operands(graph: Graph, i: int, found: Sequence[Name]) -> list[Name | float]:
    return [found[x] if type(x) is int else float(x) for x in graph.operands[i]]


def _formula_name(record: Op, inner: Sequence[Name | float]) -> Name | None:
    named = [x for x in inner if isinstance(x, Name)]
    if len(inner) > LONGEST_FORMULA or any(x.numbered for x in named):
        return None
    if sum(len(x.text) for x in named) > LONGEST_FORMULA:  # a form has each operand
        return None
    text = fill(record, inner, compact=True)
    return Name(text, True, record.precedence) if len(text) <= LONGEST_FORMULA else None


def fill(record: Op, operands: Sequence[Name | float], compact: bool = False) -> str:
    """The record's form with these operands, in parentheses where precedence asks for them."""
    form = record.form.replace(" ", "") if compact else record.form
    texts: list[str] = []
    for slot, x in enumerate(operands):
        name = x if isinstance(x, Name) else Name(show(x), precedence=_ATOM if x >= 0.0 else 3)
        chained = slot == 0 and record.precedence in _LEFT  # a-b-c is (a-b)-c
        loose = record.precedence < 5 and name.precedence < record.precedence + (not chained)
        texts.append(f"({name.text})" if loose else name.text)
    if "{*}" in form:
        return form.replace("{*}", ("," if compact else ", ").join(texts))
    last = operands[-1]
    if not isinstance(last, Name) and float(last).is_integer() and abs(last) < _LONGEST_RAISED:
        form = form.replace("^{b}", show(last).translate(_RAISED))
    by_slot = dict(zip(record.letters, texts, strict=True))
    return re.sub(r"\{(\w)\}", lambda match: by_slot[match[1]], form)


def clean(label: str) -> str:
    """A label as one line of at most 24 characters; control characters become spaces."""
    text = one_line(label[:1000])
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"


def one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _placed(record: Op, scope: str) -> str:
    """``layer 1/neuron 2: add``, or nothing: of a long path the end, which tells neurons apart."""
    path = scope and _path(scope)
    return path and f"{path}: {record.name}"


@lru_cache(maxsize=1024)  # thousands of ops were recorded in each
def _path(scope: str) -> str:
    path = one_line(scope[-1000:])
    inner = path[1 - LONGEST_LABEL :].partition("/")[2]
    return f"…/{inner}" if len(path) > LONGEST_LABEL and inner else clean(scope)


def short(node: Value) -> str:
    """A node's name for an error: as in its graph if small; else by its scope, or one op deep."""
    if node.op is None or clean(node.label):
        return clean(node.label) or "an unnamed leaf"
    placed = _placed(node.op, node.scope)
    if sum(1 for _ in islice(walk((node,), {}), _SMALL)) < _SMALL:
        graph = Graph(node)
        name = _formula_name(node.op, _operands(graph, -1, names(graph)))
        return name.text if name else placed or node.op.name
    if placed:
        return placed
    inner = [
        Name(clean(x.label) or (x.op.name if x.op else "v")) if isinstance(x, Value) else float(x)
        for x in node.inputs[:LONGEST_FORMULA]
    ]
    return fill(node.op, inner, compact=True)


above["name"] = short
