"""``viz.formula``: a root, or its derivative, as a person writes it, as text and as LaTeX.

Reads algebra.py, where the table's own rules run; a formula is about how a root is made of its
leaves: their numbers do not take part.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from itertools import count, islice
from typing import Any

from autograd import ops
from autograd.graph import Graph, walk
from autograd.names import clean, names
from autograd.op import Op
from autograd.value import Value

from .algebra import MOST, Algebra, Node, number
from .errors import DrawingError
from .letters import printable

_LOOSE, _SUM, _PRODUCT, _POWER, _ATOM = 0, 1, 2, 4, 9  # precedences, as records have them
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹·", "0123456789*")
_WORD = re.compile(r"[^\W\d][\w.]*(\[\d+\])*( #\d+)?")  # w, layer1.w[0], the second w
_LARGEST = 50_000  # nodes: to sweep more takes seconds, and hardly ever gives a short formula
_LONGEST_DENOMINATOR = 10_000  # beyond, digits are read sooner than a fraction


class Formula:
    """A formula: ``print`` it, or take its ``.latex``; a notebook shows it set."""

    def __init__(self, text: str, latex: str) -> None:
        self._text, self.latex = text, latex

    def __repr__(self) -> str:
        plain = re.sub("([⁰¹²³⁴⁵⁶⁷⁸⁹]+)", r"^\1", self._text).translate(_PLAIN)
        return self._text if printable(self._text) == self._text else printable(plain)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"


def formula(root: Value, wrt: Value | None = None) -> Formula:
    """``root`` as a formula in its leaves; with ``wrt``, the formula of d root / d wrt.

    Simplified by the table's own rules, for whatever numbers the leaves have: a stale graph has
    one too. ``wrt`` may be an op's result: it then is a name in the formula. Under a kink, where
    there is no one slope, it gives the number that is taken there, or none (a/‖a, b‖ at 0).

    Raises:
        TypeError: ``root`` or ``wrt`` is not a Value.
        DrawingError: it has more than 200 names and numbers, which fill a screen, or its graph
            50,000 nodes.

    >>> w, x, b = Value(0.5, "w"), Value(2.0, "x"), Value(-1.0, "b")
    >>> formula((w * x + b).tanh(), wrt=w)
    (1 - tanh(w·x + b)²)·x
    """
    for what, value in (("root", root), ("wrt", root if wrt is None else wrt)):
        if not isinstance(value, Value):
            raise TypeError(
                f"formula: a Value is required as {what}, got {type(value).__name__}; "
                "use viz.formula(loss, wrt=w)"
            )
    m, size = Algebra(), sum(1 for _ in islice(walk((root,), {}), _LARGEST))
    found = _expression(root, wrt, m) if size < _LARGEST else m.long
    if found is m.long:
        raise DrawingError(
            f"formula: at most {MOST} names and numbers can be read, this one has more; "
            "take it in parts with viz.formula(root, wrt=part), or see viz.explain(root)"
        )
    whole = Graph(root)  # where names are as in all that is said of this root
    known = {id(node): f"{name}" for node, name in zip(whole.nodes, names(whole), strict=True)}
    if wrt is not None and wrt.op is not None and not clean(wrt.label):  # a formula is no name
        known[id(wrt)] = next(v for n in count(1) if (v := f"v{n}") not in known.values())
    return Formula(*(_Printer(m, known, forms).part(found)[0] for forms in (_TEXT, _LATEX)))


def _expression(root: Value, wrt: Value | None, m: Algebra) -> Any:
    """The root in its leaves, which go by their ids; with ``wrt`` its slope.

    That is found forwards, where terms and factors come in the order of the root's own. Not by
    ``sweep.forward``: it guards what is cut from what is infinite; a formula has no number there.
    """
    graph = Graph(root, inputs=() if wrt is None else [wrt])
    leaves = (i for i, record in enumerate(graph.ops) if record is None)
    numbers = graph.run(m, {i: m.node(None, id(graph.nodes[i])) for i in leaves})
    flows: list[Any] = [float(i in graph.inputs) for i in range(len(graph))]
    for i, (record, operands) in enumerate(zip(graph.ops, graph.operands, strict=True)):
        moving = [flows[x] if type(x) is int else 0.0 for x in operands]
        if record is None or not any(moving):
            continue
        at = graph.at(i, numbers)
        if record is ops.where:  # its slope is a choice among slopes
            flows[i] = m.run(record, at[0], *moving[1:])
            continue
        for p, flow in zip(m.partials(record, at, numbers[i]), moving, strict=True):
            if p is not None and flow:
                flows[i] = m.run(ops.add, flows[i], m.run(ops.multiply, p, flow))
    return (flows if graph.inputs else numbers)[graph.roots[0]]


_TEXT = {"times": "·", "group": "({})", "over": "{}/{}", "power": "{}^{}", "e": "{}e{}",
         "call": "{}({})"}  # fmt: skip
_LATEX: dict[Any, str] = {
    "times": r" \cdot ", "group": r"\left({}\right)", "over": r"\frac{{{}}}{{{}}}",
    "power": "{{{}}}^{{{}}}", "e": r"{} \cdot 10^{{{}}}",
    "call": r"\operatorname{{{}}}\left({}\right)",
    ops.sqrt: r"\sqrt{{{}}}", ops.abs: r"\left|{}\right|",
    ops.where: r"\begin{{cases}} {1} & \text{{if }} {0} \\ {2} & \text{{else}} \end{{cases}}",
}  # fmt: skip
_INFIX = {
    ops.equal: "=", ops.not_equal: r"\ne", ops.greater_equal: r"\ge", ops.less_equal: r"\le",
    ops.greater: r"\gt", ops.less: r"\lt", ops.remainder: r"\bmod",
}  # fmt: skip
_LETTERS = str.maketrans({
    "{": r"\lbrace ", "}": r"\rbrace ", "\\": r"\backslash ", "^": r"\wedge ", "~": r"\sim ",
    "<": r"\lt ", ">": r"\gt ", "·": r"\cdot ", " ": r"\ ", **{c: f"\\{c}" for c in "#$%&_"},
})  # fmt: skip
_Part = tuple[str, int]  # a text and its precedence


class _Printer:
    """Expressions as text in one of the two tables' forms."""

    def __init__(self, m: Algebra, called: Mapping[int, str], forms: Mapping[Any, str]) -> None:
        self.m, self.called, self.forms, self.latex = m, called, forms, forms is _LATEX

    def part(self, x: Any) -> _Part:
        if isinstance(x, Node) and x.record is None:
            return self.name(self.called[x.parts]), _ATOM
        if isinstance(x, Node) and x.record and not isinstance(x.parts, dict):
            return self.call(x.record, x.parts)
        terms = [*self.m.terms(x).items()]
        ((first, c), *others) = terms
        if not others and c == -1 and any(d < 0 for d in self.m.terms(first).values()):
            terms = [(term, -d) for term, d in self.m.terms(first).items()]  # -(a - b) is b - a
        elif not others:
            return self.term(first, c)
        terms.insert(0, terms.pop(next((k for k, t in enumerate(terms) if not t[1] < 0), 0)))
        text = self.grouped(self.term(*terms[0]), _SUM)
        for term, c in terms[1:]:
            text += f" {'-' if c < 0 else '+'} {self.grouped(self.term(term, abs(c)), _PRODUCT)}"
        return text, _SUM

    def term(self, term: Node, c: Any) -> _Part:
        """A coefficient times powers: those below 0 are under the line."""
        above: list[_Part] = []
        below: list[_Part] = []
        for base, n in self.m.factors(term)[1].items():
            under = not isinstance(n, Node) and n < 0
            (below if under else above).append(self.power(base, -n if under else n))
        top, bottom = _ratio(abs(c), bool(below and not above))
        above[:0] = [self.number(top)] if top != 1 or not above else []
        below[:0] = [self.number(bottom)] if bottom != 1 else []
        whole = self.joined(above)
        if below:
            line = self.held(whole, _PRODUCT), self.held(self.joined(below), _POWER)
            whole = self.forms["over"].format(*line), _PRODUCT
        return (f"-{self.grouped(whole, _PRODUCT)}", _SUM) if c < 0 else whole

    def joined(self, parts: list[_Part]) -> _Part:
        if len(parts) == 1:
            return parts[0]
        return self.forms["times"].join(self.grouped(x, _PRODUCT) for x in parts), _PRODUCT

    def grouped(self, part: _Part, least: int) -> str:
        return part[0] if part[1] >= least else self.forms["group"].format(part[0])

    def held(self, part: _Part, least: int) -> str:
        """The part where LaTeX's braces hold it together."""
        return part[0] if self.latex else self.grouped(part, least)

    def power(self, base: Any, n: Any) -> _Part:
        if not isinstance(n, Node) and n == 1:
            return self.part(base)
        under, raised = self.grouped(self.part(base), _ATOM), self.held(self.part(n), _ATOM)
        if raised.isdigit() and not self.latex:
            return under + raised.translate(_RAISED), _POWER
        return self.forms["power"].format(under, raised), _POWER

    def name(self, label: str) -> str:
        text = label if _WORD.fullmatch(label) else f'"{label}"'
        text = text.translate(_LETTERS) if self.latex else text
        return rf"\mathrm{{{text}}}" if self.latex and len(text) > 1 else text

    def number(self, x: Any) -> _Part:
        digits, _, exponent = repr(float(x)).removesuffix(".0").partition("e")
        return self.forms["e"].format(digits, int(exponent)) if exponent else digits, _ATOM

    def call(self, record: Op, operands: tuple[Any, ...]) -> _Part:
        parts = [self.part(x) for x in operands]
        if record in _INFIX:
            a, b = (self.grouped(part, record.precedence + 1) for part in parts)
            return f"{a} {_INFIX[record] if self.latex else record.symbol} {b}", _LOOSE
        texts = [text for text, _ in parts]
        if record in self.forms:
            return self.forms[record].format(*texts), _LOOSE if record is ops.where else _ATOM
        if "=" in record.form:
            texts += [f"{name}={x!r}" for name, x in record.parameters.items()]
        name = record.name.translate(_LETTERS) if self.latex else record.name
        return self.forms["call"].format(name, ", ".join(texts)), _ATOM


def _ratio(c: Any, over: bool) -> tuple[Any, Any]:
    """A coefficient as a number, or as a quotient if that is how it is written: x/3, 1/(2·x)."""
    whole = number(float(c)) == c
    if not isinstance(c, Fraction) or (whole and not (over and c.numerator == 1)):
        return c, 1
    if str(c.numerator).strip("0") == "1":  # x/1.7, not 10·x/17
        return 1, 1 / c
    return (c.numerator, c.denominator) if c.denominator < _LONGEST_DENOMINATOR else (float(c), 1)
