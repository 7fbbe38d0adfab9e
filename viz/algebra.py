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
_EXACT_BITS = 256  # of a fraction, and powers: constants are folded exactly as far as is written
_WRITTEN = 1e40  # and its inverse: beyond, a fraction has more digits than a float knows
_NEAR = 40.0  # beyond, a formula may overflow where the rule takes care not to
_FAR = (-1e6, -1e3, -100.0, 100.0, 1e3, 1e6)  # where it may take other ways


class Node(Symbolic):
    """An expression; equal ones are one Node of their Algebra.

    ``parts``: of a leaf its index, of an op the operands; but of a sum each term with its
    coefficient, of a product each base with its exponent. A number is no Node.
    """

    def __init__(self, m: Algebra, record: Op | None, parts: Any) -> None:
        self.m, self.record, self.parts = m, record, parts
        inner = (*parts, *parts.values()) if isinstance(parts, dict) else parts if record else [m]
        self.size: int = sum(x.size if isinstance(x, Node) else x != 1 for x in inner)
        self.depth: int = 1 + max((x.depth for x in inner if isinstance(x, Node)), default=0)


class Algebra(Arithmetic):
    """The arithmetic; ``long`` stands for whatever is too long to read, and for what holds it."""

    kind = "formula"

    def __init__(self) -> None:
        self.nodes: dict[Any, Node] = {}
        self.one = self.node(ops.multiply, {})
        self.long = self.node(None, -1)  # the last of what letters stand for
        self.long.size = MOST + 1

    def node(self, record: Op | None, parts: Any) -> Node:
        key = record, frozenset(parts.items()) if isinstance(parts, dict) else parts
        if key not in self.nodes:
            node = Node(self, record, parts)
            self.nodes[key] = self.long if node.size > MOST or node.depth > DEEPEST else node
        return self.nodes[key]

    def run(self, record: Op, *operands: Any) -> Any:
        if self.long in operands:
            return self.long
        at: list[Any] = [x if isinstance(x, Node) else number(x) for x in operands]
        if record in _WAYS:
            return _WAYS[record](self, *at)
        if not any(isinstance(x, Node) for x in at):
            return number(FLOATS.run(record, *map(float, at)))
        return self.node(record, tuple(at))

    def partials(self, record: Op, at: Sequence[Any], y: Any, wanted: Any = None) -> list[Any]:
        given = *at, y, self.long
        return [p if p is None else rebuilt(p, self, given) for p in slopes(record, len(at))]

    def terms(self, x: Any) -> dict[Node, Any]:
        """``x`` as terms with their coefficients."""
        if not isinstance(x, Node):
            return {self.one: x}
        return x.parts if x.record is ops.add else {x: 1}

    def factors(self, x: Any) -> tuple[Any, dict[Any, Any]]:
        """``x`` as a coefficient and bases with their exponents."""
        terms = self.terms(x)
        ((x, c),) = terms.items() if len(terms) == 1 else [(x, 1)]
        return c, x.parts if x.record is ops.multiply else {x: 1}

    def joined(self, record: Op, *pairs: tuple[Any, Any]) -> Any:
        """The sum of terms with coefficients, or the product of bases with exponents."""
        found: dict[Any, Any] = {}
        for x, n in pairs:
            found[x] = self.plus(found[x], n) if x in found else n
        found = {x: n for x, n in found.items() if n != 0}
        if record is ops.add and found.keys() <= {self.one}:
            return found.get(self.one, Fraction(0))
        ((first, n), *more) = found.items() or [(None, 0)]
        alone = n == 1 and not more and isinstance(first, Node)
        return first if alone else self.node(record, found)

    def plus(self, a: Any, b: Any, sign: int = 1) -> Any:
        if not isinstance(a, Node) and not isinstance(b, Node):
            return number(a + sign * b)
        others = ((term, sign * c) for term, c in self.terms(b).items())
        return self.joined(ops.add, *self.terms(a).items(), *others)

    def times(self, a: Any, b: Any) -> Any:
        (c, one), (d, more) = self.factors(a), self.factors(b)
        product = self.joined(ops.multiply, *one.items(), *more.items())
        return self.joined(ops.add, (product, number(c * d)))

    def raised(self, a: Any, n: Any) -> Any:
        if not isinstance(a, Node) and not isinstance(n, Node):
            return _power(a, n)
        if isinstance(n, Node) or n != n or n % 1 != 0:  # (x²)^½ is |x|
            return self.joined(ops.multiply, (a, n))
        c, bases = self.factors(a)
        powers = ((base, self.times(e, n)) for base, e in bases.items())
        return self.joined(ops.add, (self.joined(ops.multiply, *powers), _power(c, n)))

    def choice(self, c: Any, a: Any, b: Any) -> Any:
        if not isinstance(c, Node):
            return a if c != 0 else b
        return a if a == b else self.node(ops.where, (c, a, b))


_WAYS: dict[Op, Any] = {
    ops.add: Algebra.plus, ops.subtract: lambda m, a, b: m.plus(a, b, -1),
    ops.multiply: Algebra.times, ops.negative: lambda m, x: m.times(-1, x),
    ops.divide: lambda m, a, b: m.times(a, m.raised(b, Fraction(-1))), ops.power: Algebra.raised,
    ops.identity: lambda m, x: x, ops.stop_gradient: lambda m, x: x, ops.corner: lambda m, a, b: a,
    ops.where: Algebra.choice,
    **{op: op.formula for op in (ops.square, ops.reciprocal, ops.exp2, ops.dot, ops.sum, ops.prod)},
}  # fmt: skip


@functools.lru_cache(1024)
def number(x: Any) -> Any:
    """A float as the fraction that its shortest digits say; not at the ends of the range.

    A fraction as a float if it has more digits than anybody writes.
    """
    if isinstance(x, float):
        return Fraction(repr(x)) if x == 0 or 1 / _WRITTEN < abs(x) < _WRITTEN else x
    wide = max(x.numerator.bit_length(), x.denominator.bit_length()) > _EXACT_BITS
    return float(x) if wide else Fraction(x)


def _power(c: Any, n: Any) -> Any:
    found = FLOATS.run(ops.power, float(c), float(n))
    exact = not isinstance(c, float) and n % 1 == 0 and abs(n) <= _EXACT_BITS
    written = 1 / _WRITTEN < abs(found) < _WRITTEN
    return number(Fraction(c) ** int(n) if exact and written else found)


class _Rules(Algebra):
    """The algebra of one op's rules, over letters.

    A rule may choose among forms of one formula, as tanh's does, 1 - y² or exp(-2|x|) (1 + |y|)²,
    and by what has overflowed. A form that gives what the rule gives at each of the points is the
    formula.
    """

    def __init__(self, points: Sequence[Sequence[float]]) -> None:
        super().__init__()
        self.points = points

    def where(self, c: Any, a: Any, b: Any) -> Any:
        whole = self.run(ops.where, c, a, b)
        if whole is self.long or not isinstance(c, Node):
            return whole
        sign = self.run(ops.sign, self.node(None, 0))  # as |x|'s slope is called
        forms = [a, b, sign, *(self.choice(c, x, y) for x in _sides(a) for y in _sides(b))]
        want = self._numbers(whole)
        return min((x for x in forms if all(map(_alike, self._numbers(x), want))), key=_size)

    def _numbers(self, x: Any) -> list[float]:
        return [rebuilt(x, FLOATS, at) for at in self.points]


def _sides(x: Any) -> tuple[Any, ...]:
    return (x, *x.parts[1:]) if isinstance(x, Node) and x.record is ops.where else (x,)


def _size(x: Any) -> int:
    return x.size if isinstance(x, Node) else 0


def _alike(x: float, y: float) -> bool:
    """To the digits that rounding leaves; no probe is nearer to a corner."""
    return math.isclose(x, y, rel_tol=1e-6, abs_tol=1e-15) or (x != x and y != y)


def _points(record: Op, count: int) -> dict[tuple[float, ...], bool]:
    """The record's probes, each with the output: whether all is smooth there."""
    domain = record.domain if record.slots else record.domain * count
    probes = [(*x.probes(), *(p for p in _FAR if p in x)) for x in domain]
    found = {}
    for turn in (0, 1, 3, 7):  # all alike, and unlike in three ways
        for i in range(max(map(len, probes), default=0)):
            at = [p[(i + turn * slot) % len(p)] for slot, p in enumerate(probes)]
            kink = record.kink is not None and record.kink(FLOATS, *at)
            found[(*at, FLOATS.run(record, *at))] = not kink and max(map(abs, at)) <= _NEAR
    return found


@functools.lru_cache(256)
def slopes(record: Op, count: int) -> list[Any]:
    """Each slot's partial: leaf i is operand i, the next y; None: nothing passes.

    Told from the points where all is smooth, if what is found then is true at the others as well,
    or no number: at a kink, as a/|a| has none at 0, and where something overflows.
    """
    points = _points(record, count)
    for some in ([at for at, smooth in points.items() if smooth], [*points]):
        m = _Rules(some)
        *at, y = (m.node(None, i) for i in range(count + 1))
        found = [*Arithmetic._partials(m, record, at, y, None)]
        if m.long in found or all(_is_true(found, record, *point) for point in points.items()):
            break
    return [m.long if record.slots and _size(p) > _LONGEST_SLOPE else p for p in found]


def _is_true(found: list[Any], record: Op, at: Sequence[float], smooth: bool) -> bool:
    """Whether these are the op's partials; or no numbers, where it is not smooth."""
    known = FLOATS.partials(record, at[:-1], at[-1])
    numbers = [p and rebuilt(p, FLOATS, at) for p in found]
    return all(
        _alike(x or 0.0, p or 0.0) or (x - x != 0 and not smooth)
        for x, p in zip(numbers, known, strict=True)
    )


def rebuilt(x: Any, m: Arithmetic, given: Sequence[Any]) -> Any:
    """An expression over other operands, in any arithmetic."""
    if not isinstance(x, Node):
        return x if isinstance(m, Algebra) else float(x)
    if x.record is None:
        return given[x.parts]
    if not isinstance(x.parts, dict):
        return m.run(x.record, *[rebuilt(part, m, given) for part in x.parts])
    start, one = (0.0, ops.multiply) if x.record is ops.add else (1.0, ops.power)
    parts = (m.run(one, rebuilt(y, m, given), rebuilt(n, m, given)) for y, n in x.parts.items())
    return functools.reduce(functools.partial(m.run, x.record), parts, start)
