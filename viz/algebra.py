"""Expressions that simplify as they are made: the arithmetic that formulas are written in.

A sum collects like terms, a product powers; constants are folded as fractions, so that 0.1 + 0.2 is
0.3 and 1/3 stays what it is. No product of sums is expanded. The op table's own rules run on it,
each once on letters, where the cases that are there for rounding alone are told apart from those of
the mathematics: see ``_Rules``. Reads autograd; read by formulas.py.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from autograd import ops
from autograd.ieee import FLOATS
from autograd.op import Arithmetic, Op, Symbolic

MOST = 200  # names and numbers: with their operators they fill a screen of 24 lines
DEEPEST = 40  # parentheses in parentheses: nobody follows more, and whoever reads them recurses
_LONGEST_SLOPE = 40  # names and numbers in one op's slope: beyond, it is a series, not a formula
_EXACT_BITS = 256  # of a fraction: constants are folded exactly as far as anybody writes them
_EXACT_POWER = 64
_WRITTEN = 1e40  # and its inverse: beyond, a fraction has more digits than a float knows
_NEAR = 40.0  # beyond, a formula may overflow where the rule takes care not to
_FAR = (-1e6, -1e3, -100.0, 100.0, 1e3, 1e6)  # where it may take other ways
_Point = tuple[Sequence[float], bool]
# Arithmetic, and written so.
_EXPANDED = {ops.square, ops.reciprocal, ops.exp2, ops.dot, ops.sum, ops.prod}
_TURNED = {ops.greater: ops.less, ops.greater_equal: ops.less_equal, ops.equal: ops.equal}


class Node(Symbolic):
    """An expression; equal ones are one Node of their Algebra.

    ``parts``: of a leaf its index, of a call the operands; of a product each base with its
    exponent, of a sum each term with its coefficient. A number is no Node.
    """

    __slots__ = ("depth", "kind", "m", "parts", "record", "size")

    def __init__(self, m: Algebra, kind: str, parts: Any, record: Op | None, inner: Any) -> None:
        self.m, self.kind, self.parts, self.record = m, kind, parts, record
        nodes = [x for x in inner if isinstance(x, Node)]
        self.size: int = sum(x.size for x in nodes) + sum(x != 1 for x in inner) - len(nodes)
        self.size += kind == "leaf"
        self.depth: int = 1 + max((x.depth for x in nodes), default=0)


class Algebra(Arithmetic):
    """The arithmetic; ``long`` stands for whatever is too long to read, and for what holds it."""

    kind = "formula"

    def __init__(self) -> None:
        self.nodes: dict[Any, Node] = {}
        self.one = self._node("product", {})
        self.long = self.leaf(-1)  # the last of what letters stand for
        self.long.size = MOST + 1

    def leaf(self, index: int) -> Node:
        return self._node("leaf", index)

    def call(self, record: Op, operands: Sequence[Any]) -> Node:
        return self._node("call", tuple(operands), record)

    def _node(self, kind: str, parts: Any, record: Op | None = None) -> Node:
        many = isinstance(parts, dict)
        key = kind, record, frozenset(parts.items()) if many else parts
        if key not in self.nodes:
            inner = [x for pair in parts.items() for x in pair] if many else parts if record else ()
            node = Node(self, kind, parts, record, inner)
            self.nodes[key] = self.long if node.size > MOST or node.depth > DEEPEST else node
        return self.nodes[key]

    def run(self, record: Op, *operands: Any) -> Any:
        if self.long in operands:
            return self.long
        at = [x if isinstance(x, Node) else number(x) for x in operands]
        if record in _WAYS:
            return _WAYS[record](self, *at)
        if record in _EXPANDED and record.formula is not None:
            return record.formula(self, *at)
        if not any(isinstance(x, Node) for x in at):
            return number(FLOATS.run(record, *[float(x) for x in at if not isinstance(x, Node)]))
        if record in _TURNED and not isinstance(at[0], Node):
            record, at = _TURNED[record], at[::-1]  # x < 0, as it is written
        return self.call(record, at)

    def partials(
        self, record: Op, at: Sequence[Any], y: Any, wanted: Sequence[bool] | None = None
    ) -> Sequence[Any]:
        given = *at, y, self.long
        return [
            None if p is None or (wanted and not wanted[slot]) else rebuilt(p, self, given)
            for slot, p in enumerate(slopes(record, len(at)))
        ]

    # -------------------------------------------------------------- sums and products
    def terms(self, x: Any) -> dict[Node, Any]:
        """``x`` as terms with their coefficients."""
        if not isinstance(x, Node):
            return {self.one: x}
        return x.parts if x.kind == "sum" else {x: 1}

    def factors(self, x: Any) -> tuple[Any, dict[Any, Any]]:
        """``x`` as a coefficient and bases with their exponents."""
        c: Any = 1
        if isinstance(x, Node) and x.kind == "sum" and len(x.parts) == 1:
            ((x, c),) = x.parts.items()
        if not isinstance(x, Node):
            return x, {}
        return c, x.parts if x.kind == "product" else {x: 1}

    def plus(self, a: Any, b: Any, sign: int = 1) -> Any:
        found: dict[Node, Any] = {}
        for x, turned in ((a, 1), (b, sign)):
            terms = self.terms(x)
            for term, c in terms.items():
                inner = term.parts if term.kind == "sum" and c in (1, -1) else {term: 1}
                for t, d in inner.items():  # a - (b + c) is a - b - c
                    found[t] = _tidy(found.get(t, 0) + turned * c * d)
        return self.total(found)

    def total(self, terms: dict[Node, Any]) -> Any:
        """The sum of terms with their coefficients."""
        terms = {term: c for term, c in terms.items() if c != 0}
        if len(terms) == 1:
            ((term, c),) = terms.items()
            if term is self.one or c == 1:
                return c if term is self.one else term
        return self._node("sum", terms) if terms else Fraction(0)

    def times(self, a: Any, b: Any) -> Any:
        (c, one), (d, other) = self.factors(a), self.factors(b)
        bases = dict(one)
        for base, exponent in other.items():
            bases[base] = self.plus(bases[base], exponent) if base in bases else exponent
        return self.total({self.product(bases): _tidy(c * d)})

    def product(self, bases: dict[Any, Any]) -> Node:
        """The product of bases with their exponents; a choice's 1 or 0 has no powers."""
        bases = {b: 1 if is_choice(b) else e for b, e in bases.items() if e != 0}
        first = next(iter(bases), None)
        if isinstance(first, Node) and [*bases.values()] == [1]:
            return first
        return self._node("product", bases) if bases else self.one

    def raised(self, a: Any, n: Any) -> Any:
        if isinstance(n, Node):
            if isinstance(a, Node):
                return self.product({a: n})
            terms = dict(self.terms(n))
            c = self.raised(a, terms.pop(self.one, Fraction(0)))  # 2^(x - 1) is 2^x / 2
            return self.times(c, self.product({a: self.total(terms)})) if a != 1 else a
        if not isinstance(a, Node):
            return _power(a, n)
        if n != n or n % 1 != 0:  # (x²)^½ is |x|
            return self.product({a: n})
        c, bases = self.factors(a)
        raised = self.product({base: self.times(e, n) for base, e in bases.items()})
        return self.total({raised: _power(c, n)})

    # -------------------------------------------------------------- choices
    def where(self, c: Any, a: Any, b: Any) -> Any:
        """Written as a sum: (1 where c, else 0) × a + (0 where c, else 1) × b."""
        if not isinstance(c, Node):
            return a if c != 0 else b
        if a is b or (not isinstance(a, Node) and not isinstance(b, Node) and a == b):
            return a
        if b == 0 and implies(a, c):
            return a
        if is_choice(c):
            c, a, b = (c.parts[0], a, b) if c.parts[1] == 1 else (c.parts[0], b, a)
        yes, no = (self.call(ops.where, (c, x, 1 - x)) for x in (1, 0))
        if c.record in (ops.greater, ops.less) and a == 1 and c.parts[1] == 0:
            below = self.call(ops.where, (self.run(ops.less, c.parts[0], 0), 1, 0))
            if c.record is ops.greater and b in (-1, self.times(-1, below)):
                return self.run(ops.sign, c.parts[0])
        return self.plus(self.times(yes, a), self.times(no, b))


def is_choice(x: Any) -> bool:
    """Whether it is 1 or 0, as a condition has it."""
    return isinstance(x, Node) and x.record is ops.where and x.parts[1:] in ((1, 0), (0, 1))


def implies(x: Any, c: Any) -> bool:
    """Whether ``x`` is 0 by its own factors wherever ``c`` is 0."""
    if not isinstance(x, Node) or not isinstance(c, Node):
        return bool(c != 0 if isinstance(x, Node) else x == 0)
    if x is c or (x.kind == "sum" and all(implies(term, c) for term in x.parts)):
        return True
    bases = x.m.factors(x)[1]
    if c in bases or any(implies(b, c) for b in bases if b is not x):
        return True
    if is_choice(c):
        return c.parts[1] == 1 and implies(x, c.parts[0])
    if c.kind == "sum":  # this one, or that one where this one is not
        terms = ([b for b in x.m.factors(t)[1] if not _is_no(b, c)] for t in c.parts)
        return any(all(implies(x, b) for b in bases) for bases in terms)
    return c.kind == "product" and bool(c.parts) and all(implies(x, b) for b in c.parts)


def _is_no(x: Any, c: Node) -> bool:
    return is_choice(x) and x.m.call(ops.where, (x.parts[0], 1, 0)) in c.parts


_WAYS: dict[Op, Any] = {
    ops.add: Algebra.plus, ops.subtract: lambda m, a, b: m.plus(a, b, -1),
    ops.multiply: Algebra.times, ops.negative: lambda m, x: m.times(-1, x),
    ops.divide: lambda m, a, b: m.times(a, m.raised(b, Fraction(-1))), ops.power: Algebra.raised,
    ops.identity: lambda m, x: x, ops.stop_gradient: lambda m, x: x, ops.corner: lambda m, a, b: a,
    ops.where: lambda m, c, a, b: m.where(c, a, b),
}  # fmt: skip


# ------------------------------------------------------------------ numbers
@functools.lru_cache(1024)
def number(x: Any) -> Any:
    """A float as the fraction that its shortest digits say; not at the ends of the range."""
    if isinstance(x, Fraction) or x == 0:
        return Fraction(x)
    return Fraction(repr(float(x))) if 1 / _WRITTEN < abs(x) < _WRITTEN else float(x)


def _tidy(c: Any) -> Any:
    if isinstance(c, Fraction):
        wide = max(c.numerator.bit_length(), c.denominator.bit_length()) > _EXACT_BITS
        return float(c) if wide else c
    return c


def _power(c: Any, n: Any) -> Any:
    if c == 1 or (n == -1 and c == -1):
        return c
    if isinstance(c, (int, Fraction)) and c != 0 and n % 1 == 0 and abs(n) <= _EXACT_POWER:
        return _tidy(Fraction(c) ** int(n))
    return number(FLOATS.run(ops.power, float(c), float(n)))


# ------------------------------------------------------------------ the table's slopes
class _Rules(Algebra):
    """The algebra of one op's rules, over letters.

    A rule may choose among forms of one formula, as tanh's does, 1 - y² or exp(-2|x|) (1 + |y|)²,
    and by what has overflowed. A form that gives what the rule gives at each of the points is the
    formula.
    """

    def __init__(self, points: Sequence[_Point]) -> None:
        super().__init__()
        self.points = points
        self.made: dict[Any, tuple[Any, Any]] = {}  # a choice's two sides

    def where(self, c: Any, a: Any, b: Any) -> Any:
        if not isinstance(c, Node) or self.long in (a, b):
            return super().where(c, a, b)
        a, b = self._side(c, a, True), self._side(c, b, False)
        for form, other in sorted([(a, b), (b, a)], key=lambda forms: _size(forms[0])):
            if self._agree(c, form, other, form is b):
                return form
        found = super().where(c, a, b)
        self.made[found] = a, b
        return found

    def _side(self, c: Any, x: Any, then: bool) -> Any:
        """``x`` where c holds, or does not; if it is a choice that c has made, what that gives."""
        forms = (form for form in self.made.get(x, ()) if self._agree(c, form, x, then))
        return next(forms, x)

    def _agree(self, c: Any, form: Any, other: Any, then: bool) -> bool:
        """Whether the two give the same wherever c holds, or does not."""
        return all(
            (rebuilt(c, FLOATS, at) != 0) != then
            or _alike(rebuilt(form, FLOATS, at), rebuilt(other, FLOATS, at))
            for at, _ in self.points
        )


def _size(x: Any) -> int:
    return x.size if isinstance(x, Node) else 0


def _alike(x: float, y: float) -> bool:
    """To the digits that rounding leaves; no probe is nearer to a corner."""
    return math.isclose(x, y, rel_tol=1e-6, abs_tol=1e-15) or (x != x and y != y)


def _points(record: Op, count: int) -> list[_Point]:
    """The record's probes, each with the output and whether a formula may have no number there.

    That is at a kink, as a/|a| has none at 0, and where something overflows.
    """
    domain = record.domain if record.slots else record.domain * count
    probes = [(*x.probes(), *(p for p in _FAR if p in x)) for x in domain]
    found: list[_Point] = []
    for turn in (0, 1, 3, 7):  # all alike, and unlike in three ways
        for i in range(max(map(len, probes), default=0)):
            at = [p[(i + turn * slot) % len(p)] for slot, p in enumerate(probes)]
            kink = record.kink is not None and bool(record.kink(FLOATS, *at))
            found.append(((*at, FLOATS.run(record, *at)), kink or max(map(abs, at)) > _NEAR))
    return found


@functools.lru_cache(256)
def slopes(record: Op, count: int) -> list[Any]:
    """Each slot's partial: leaf i is operand i, the next y; None: nothing passes.

    Told from the points where all is smooth, if what is found then is true at the others as well.
    """
    points = _points(record, count)
    for some in ([point for point in points if not point[1]], points):
        m = _Rules(some)
        *at, y = map(m.leaf, range(count + 1))
        found = [*Arithmetic._partials(m, record, at, y, None)]
        if m.long in found or all(_is_true(found, record, *point) for point in points):
            break
    for slot, p in enumerate(found):
        if record.slots and _size(p) > _LONGEST_SLOPE:
            found[slot] = m.call(_primed(record, slot), at)
    return found


def _is_true(found: list[Any], record: Op, at: Sequence[float], loose: bool) -> bool:
    """Whether these are the op's partials; ``loose``: or no numbers."""
    known = FLOATS.partials(record, at[:-1], at[-1])
    numbers = [p and rebuilt(p, FLOATS, at) for p in found]
    return all(
        _alike(x or 0.0, p or 0.0) or (loose and x - x != 0)
        for x, p in zip(numbers, known, strict=True)
    )


def _primed(record: Op, slot: int) -> Op:
    """``sinc'``: an op's slope as an op."""
    names, letters = ", ".join(f"{{{x}}}" for x in record.letters), record.letters
    return Op(
        f"{record.name}_slope", slots=record.slots, domain=record.domain, partials=None,
        formula=lambda m, *at: m.partials(record, at, m.run(record, *at))[slot],
        letters=letters, form=f"{record.name}'{letters[slot] if letters[1:] else ''}({names})",
    )  # fmt: skip


def rebuilt(x: Any, m: Arithmetic, given: Sequence[Any]) -> Any:
    """An expression over other operands, in any arithmetic."""
    if not isinstance(x, Node):
        return x if isinstance(m, Algebra) else float(x)
    if x.kind == "leaf":
        return given[x.parts]
    if x.record is not None:
        return m.run(x.record, *[rebuilt(part, m, given) for part in x.parts])
    join, one = (ops.add, ops.multiply) if x.kind == "sum" else (ops.multiply, ops.power)
    parts = [rebuilt(part, m, given) for part in x.parts]
    for i, n in enumerate(x.parts.values()):
        if n != 1:
            parts[i] = m.run(one, parts[i], rebuilt(n, m, given))
    return functools.reduce(lambda a, b: m.run(join, a, b), parts) if parts else 1.0
