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
from autograd.names import Name, clean, fill, names
from autograd.op import Op
from autograd.sweep import reverse
from autograd.value import Value

from .algebra import MOST, Algebra, Node, is_choice, number
from .errors import DrawingError
from .letters import printable

_SUM, _PRODUCT, _POWER, _CALL, _ATOM = 1, 2, 4, 5, 9  # precedences, as records have them
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_WORD = re.compile(r"[^\W\d][\w.]*(\[\d+\])*( #\d+)?")  # w, layer1.w[0], the second w
_LARGEST = 100_000  # nodes: to sweep more takes seconds, and hardly ever gives a short formula
_LARGEST_WHOLE = 1e16  # below, a float's digits are all its own
_LONGEST_DENOMINATOR = 10_000  # beyond, digits are read sooner than a fraction
_LETTERS = {
    "{": r"\lbrace ", "}": r"\rbrace ", "\\": r"\backslash ", "^": r"\wedge ", "~": r"\sim ",
    "<": r"\lt ", ">": r"\gt ", "·": r"\cdot ", " ": r"\ ", **{c: f"\\{c}" for c in "#$%&_"},
}  # fmt: skip
_KNOWN = re.compile(r"(arc)?(sin|cos|tan)|(sin|cos|tan)h|exp|log|max|min")  # LaTeX's own
_MARKS = {"==": "=", "!=": r"\ne", ">=": r"\ge", "<=": r"\le", "%": r"\bmod", ">": r"\gt",
          "<": r"\lt"}  # fmt: skip
_BRACKETS = {"|": "|", "‖": r"\|", "⌊": r"\lfloor ", "⌋": r"\rfloor ", "⌈": r"\lceil ",
             "⌉": r"\rceil "}  # fmt: skip


class Formula:
    """A formula: ``print`` it, or take its ``.latex``; a notebook shows it set."""

    def __init__(self, text: str, latex: str) -> None:
        self._text, self.latex = text, latex

    def __repr__(self) -> str:
        if printable(self._text) == self._text:
            return self._text
        digits = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹·", "0123456789*")
        return printable(re.sub("([⁰¹²³⁴⁵⁶⁷⁸⁹]+)", r"^\1", self._text).translate(digits))

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
            100,000 nodes.

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
    if sum(1 for _ in islice(walk((root,), {}), _LARGEST)) == _LARGEST:
        raise _too_long()
    graph, m = Graph(root, inputs=() if wrt is None else [wrt]), Algebra()
    leaves = [i for i, record in enumerate(graph.ops) if record is None]
    numbers = graph.run(m, {i: m.leaf(i) for i in leaves})
    found = numbers[graph.roots[0]]
    if wrt is not None:
        (found,) = reverse(graph, m, numbers, {graph.roots[0]: 1.0}, [graph.inputs[0]])
    if found is m.long:
        raise _too_long()
    whole = Graph(root)  # where names are as in all that is said of this root
    known = {id(node): f"{name}" for node, name in zip(whole.nodes, names(whole), strict=True)}
    free = next(v for n in count(1) if (v := f"v{n}") not in known.values())
    called = {i: _called(graph.nodes[i], known, free) for i in leaves}
    found = found if isinstance(found, Node) else number(found or 0.0)
    return Formula(_Text(m, called).of(found), _Latex(m, called).of(found))


def _too_long() -> DrawingError:
    return DrawingError(
        f"formula: at most {MOST} names and numbers can be read, this one has more; "
        "take it in parts with viz.formula(root, wrt=part), or see viz.explain(root)"
    )


def _called(leaf: Value, known: Mapping[int, str], free: str) -> str:
    """Its name; what an op gave is called by its label alone, as a formula is no name."""
    return known.get(id(leaf), free) if leaf.op is None or clean(leaf.label) else free


class _Text:
    """Expressions as text; a part is a text and its precedence."""

    times, group = "·", ("(", ")")

    def __init__(self, m: Algebra, leaves: Mapping[int, str]) -> None:
        self.m, self.leaves = m, leaves

    def of(self, x: Any) -> str:
        return self.part(x)[0]

    def part(self, x: Any) -> tuple[str, int]:
        x = _gathered(self.m, x)
        if isinstance(x, Node) and x.kind == "leaf":
            return self.name(self.leaves[x.parts]), _ATOM
        if isinstance(x, Node) and x.record is not None:
            return self.call(x.record, x.parts)
        terms = list(self.m.terms(x).items())
        if len(terms) == 1:
            return self.term(*terms[0])
        first = next((t for t in terms if not t[1] < 0), terms[0])
        terms.remove(first)
        text, precedence = self.term(*first)
        text = self.grouped(text, precedence >= _SUM)
        for term, c in terms:
            size, precedence = self.term(term, abs(c))
            text += (" - " if c < 0 else " + ") + self.grouped(size, precedence > _SUM)
        return text, _SUM

    def term(self, term: Node, c: Any) -> tuple[str, int]:
        """A coefficient times powers: those below 0 are under the line."""
        above: list[tuple[str, int]] = []
        below: list[tuple[str, int]] = []
        for base, n in self.m.factors(term)[1].items():
            under = not isinstance(n, Node) and n < 0
            (below if under else above).append(self.power(base, -n if under else n))
        top, bottom = _ratio(abs(c), bool(below and not above))
        above[:0] = [(self.number(top), _ATOM)] if top != 1 else []
        below[:0] = [(self.number(bottom), _ATOM)] if bottom != 1 else []
        above = above or [("1", _ATOM)]
        text, precedence = self.quotient(above, below) if below else self.joined(above)
        return (f"-{self.grouped(text, precedence > _SUM)}", _SUM) if c < 0 else (text, precedence)

    def joined(self, parts: list[tuple[str, int]]) -> tuple[str, int]:
        if len(parts) == 1:
            return parts[0]
        return self.times.join(self.grouped(x, p >= _PRODUCT) for x, p in parts), _PRODUCT

    def grouped(self, text: str, whole: bool) -> str:
        return text if whole else f"{self.group[0]}{text}{self.group[1]}"

    def quotient(self, above: Any, below: Any) -> tuple[str, int]:
        (a, p), (b, q) = self.joined(above), self.joined(below)
        return f"{self.grouped(a, p >= _PRODUCT)}/{self.grouped(b, q > _PRODUCT)}", _PRODUCT

    def power(self, base: Any, n: Any) -> tuple[str, int]:
        text, precedence = self.part(base)
        if not isinstance(n, Node) and n == 1:
            return text, precedence
        return self.raised(self.grouped(text, precedence > _POWER), n), _POWER

    def raised(self, base: str, n: Any) -> str:
        text, precedence = self.part(n)
        return base + (
            text.translate(_RAISED) if text.isdigit()
            else f"^{self.grouped(text, precedence > _POWER)}"
        )  # fmt: skip

    def name(self, label: str) -> str:
        return label if _WORD.fullmatch(label) else f'"{label}"'

    def number(self, x: Any) -> str:
        if isinstance(x, Fraction) and x.denominator == 1 and x < _LARGEST_WHOLE:
            return str(x)
        return repr(float(x)).removesuffix(".0").replace("e-0", "e-").replace("e+", "e")

    def call(self, record: Op, operands: tuple[Any, ...]) -> tuple[str, int]:
        """By the record's form, if it can be pasted: abs(x), not |x|."""
        parts = [Name(text, True, precedence) for text, precedence in map(self.part, operands)]
        if record.precedence < _CALL:  # a % b, a > b
            return fill(record, parts), min(record.precedence, _SUM)
        if re.match(r"\w+['\w]*\(", record.form):
            return fill(record, parts), _ATOM
        return f"{record.name}({', '.join(part.text for part in parts)})", _ATOM


class _Latex(_Text):
    times, group = r" \cdot ", (r"\left(", r"\right)")

    def quotient(self, above: Any, below: Any) -> tuple[str, int]:
        return rf"\frac{{{self.joined(above)[0]}}}{{{self.joined(below)[0]}}}", _PRODUCT

    def raised(self, base: str, n: Any) -> str:
        return f"{{{base}}}^{{{self.of(n)}}}"

    def name(self, label: str) -> str:
        text = _escaped(super().name(label))
        return text if len(text) == 1 else rf"\mathrm{{{text}}}"

    def number(self, x: Any) -> str:
        digits, _, exponent = super().number(x).partition("e")
        digits = {"inf": r"\infty", "nan": r"\mathrm{nan}"}.get(digits, digits)
        return rf"{digits} \cdot 10^{{{exponent}}}" if exponent else digits

    def call(self, record: Op, operands: tuple[Any, ...]) -> tuple[str, int]:
        if record is ops.where:
            c, a, b = map(self.of, operands)
            rows = rf"{a} & \text{{if }} {c} \\ {b} & \text{{else}}"
            return rf"\begin{{cases}} {rows} \end{{cases}}", _SUM
        if record is ops.sqrt:
            return rf"\sqrt{{{self.of(operands[0])}}}", _ATOM
        left, right = record.form[0], record.form[-1]
        if left in _BRACKETS:
            inner = ", ".join(map(self.of, operands))
            return rf"\left{_BRACKETS[left]}{inner}\right{_BRACKETS[right]}", _ATOM
        text, precedence = super().call(record, operands)
        if record.precedence < _CALL:
            return text.replace(f" {record.symbol} ", f" {_MARKS[record.symbol]} "), precedence
        name, _, rest = text.partition("(")
        known = f"\\{name}" if _KNOWN.fullmatch(name) else rf"\operatorname{{{_escaped(name)}}}"
        return rf"{known}\left({rest[:-1]}\right)", _ATOM


def _escaped(text: str) -> str:
    return "".join(_LETTERS.get(c, c) for c in text)


def _ratio(c: Any, over: bool) -> tuple[Any, Any]:
    """A coefficient as a number, or as a quotient if that is how it is written: x/3, 1/(2·x)."""
    if not isinstance(c, Fraction) or (
        Fraction(repr(float(c))) == c and not (over and c.numerator == 1)
    ):
        return c, 1
    if str(c.numerator).strip("0") == "1":  # x/1.7, not 10·x/17
        return Fraction(1), 1 / c
    return (c.numerator, c.denominator) if c.denominator < _LONGEST_DENOMINATOR else (float(c), 1)


def _gathered(m: Algebra, x: Any) -> Any:
    """``x`` with what is added up of choices by one condition written as one ``where``."""
    sides: dict[Node, tuple[dict[Node, Any], dict[Node, Any]]] = {}
    others: dict[Node, Any] = {}
    for term, c in m.terms(x).items():
        bases = m.factors(term)[1]
        choice = next((base for base in bases if is_choice(base)), None)
        if choice is None:
            others[term] = c
            continue
        condition, yes, _ = choice.parts
        rest = m.product({base: n for base, n in bases.items() if base is not choice})
        side = sides.setdefault(condition, ({}, {}))[yes == 0]
        side[rest] = side.get(rest, 0) + c
    for condition, (yes, no) in sides.items():
        others[m.call(ops.where, (condition, m.total(yes), m.total(no)))] = 1
    return m.total(others)
