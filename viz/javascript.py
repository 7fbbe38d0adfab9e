"""Op records as JavaScript: the page's evaluator is made from the rules that Python ran.

Reads op.py; read by page.py. A rule runs on Terms, and each op on them gives a Term. One object an
op (and number of operands) keeps the page small: its value, its partials, which sentence fits.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from autograd.op import Arithmetic, Op, Symbolic

DEEP = 40  # a term this many calls deep gets a name of its own: engines' parsers recurse
# IEEE's pow(1, x) and pow(-1, ±inf) are 1; JavaScript's are NaN.
_POWER = "({0}===1||{0}===-1&&({1}===Infinity||{1}===-Infinity)?1:{0}**{1})"
# Its % has the dividend's sign; ours, as Python's, the divisor's.
_REMAINDER = "((r,b)=>r===0?b<0?-0:0:r<0!==b<0?r+b:r)({0}%{1},{1})"


class Term(Symbolic):
    """An expression: a template and its operands; without operands, text as it stands."""

    __slots__ = ("depth", "m", "operands", "template", "text", "uses")

    def __init__(self, m: JavaScript, template: str, operands: tuple[Any, ...] = ()) -> None:
        self.m, self.template, self.operands = m, template, operands
        self.depth: int = 1 + max((x.depth for x in operands if isinstance(x, Term)), default=0)
        self.text, self.uses = template, 0


class JavaScript(Arithmetic):
    """Text of expressions over Terms and floats; equal expressions are one Term."""

    kind = "javascript"
    lines: Mapping[str, Any] = {  # templates, as an op made at run time brings them
        "identity": "{0}", "negative": "(-{0})", "power": _POWER, "remainder": _REMAINDER,
        "add": "({0}+{1})", "subtract": "({0}-{1})", "multiply": "({0}*{1})",
        "divide": "({0}/{1})", "maximum": "Math.max({0},{1})", "minimum": "Math.min({0},{1})",
        "where": "({0}!==0?{1}:{2})",  # nan counts as true
        "equal": "({0}==={1}?1:0)", "greater": "({0}>{1}?1:0)",
        "greater_equal": "({0}>={1}?1:0)", "arctan2": "Math.atan2({0},{1})",
        "hypot": "Math.hypot({0},{1})",
    } | {
        name: f"Math.{re.sub('^arc', 'a', name)}({{0}})"
        for name in """abs floor ceil trunc sqrt cbrt exp expm1 log log2 log10 log1p sin cos tan
        arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh""".split()
    }  # fmt: skip

    def __init__(self) -> None:
        self.terms: dict[tuple[Any, ...], Term] = {}

    def run(self, record: Op, *operands: Any) -> Any:
        line: Any = self.line(record)
        if line is None:
            return super().run(record, *operands)  # its formula, or what is missing
        if record.lines:
            line = f"({line})"
        key = (line, *(x if isinstance(x, Term) else repr(x) for x in operands))
        if key not in self.terms:
            self.terms[key] = Term(self, line, operands)
        return self.terms[key]

    def function(self, parameters: Sequence[Term], results: Sequence[Any], end: str) -> str:
        """The text ``(a,b)=>…`` of an ``end`` over ``results``; what is used twice gets a name."""
        for x in results:
            if isinstance(x, Term):
                x.uses += 1
        for term in reversed(self.terms.values()):
            for slot, x in enumerate(term.operands if term.uses else ()):
                if isinstance(x, Term):
                    x.uses += max(1, term.template.count(f"{{{slot}}}"))
        body = []
        for n, term in enumerate(self.terms.values()):
            if not term.uses:
                continue
            term.text = term.template.format(*map(text, term.operands))
            if term.uses > 1 or term.depth % DEEP == 0:
                body.append(f"const t{n}={term.text};")
                term.text = f"t{n}"
        end = end.format(",".join(map(text, results)))
        names = ",".join(term.text for term in parameters)
        return f"({names})=>{{{''.join(body)}return {end}}}" if body else f"({names})=>{end}"


def text(x: Any) -> str:
    """A Term or number as JavaScript."""
    if isinstance(x, Term):
        return x.text
    x = float(x)
    if not math.isfinite(x):
        return "NaN" if x != x else "Infinity" if x > 0.0 else "(-Infinity)"
    number = repr(x).removesuffix(".0")
    return f"({number})" if number[0] == "-" else number


def functions(record: Op, count: int, slots: Collection[int]) -> str:
    """One op on ``count`` operands: ``{n: count, v: value, p: partials, c: case, s: selects}``.

    Only the partials of ``slots`` are made. A null partial passes nothing, whatever the upstream.
    NotImplementedError: a primitive made at run time brought no line for JavaScript.
    """
    names = [chr(ord("a") + slot) if count < 20 else f"x{slot}" for slot in range(count)]

    def made(end: str, names: list[str], rule: Callable[..., Sequence[Any]]) -> str:
        m = JavaScript()
        terms = [Term(m, name) for name in names]
        return m.function(terms, rule(m, *terms), end)

    def partials(m: JavaScript, *terms: Term) -> Sequence[Any]:
        null = Term(m, "null")
        wanted = [slot in slots for slot in range(count)]
        found = m.partials(record, terms[:-1], terms[-1], wanted)
        return [null if p is None or not wanted[slot] else p for slot, p in enumerate(found)]

    value = made("{}", names, lambda m, *numbers: [m.run(record, *numbers)])
    parts = [f"n:{count},v:{value}"]
    if slots:
        parts.append(f"p:{made('[{}]', [*names, 'y'], partials)}")
    case = record.case
    if case is not None:
        parts.append(f"c:{made('{}', [*names, 'y'], lambda m, *at: [case(m, *at)])}")
    if record.selects:
        parts.append("s:1")
    return f"{{{','.join(parts)}}}"


def frozen(value: float, partials: Sequence[float | None], case: int, selects: bool) -> str:
    """An op that the page cannot work out, on the operands it was recorded with."""
    local = ",".join("null" if p is None else text(p) for p in partials)
    told = f"v:()=>{text(value)},p:()=>[{local}],c:()=>{case},s:{int(selects)}"
    return f"{{n:{len(partials)},{told}}}"


def literal(x: Any) -> str:
    """``x`` as JavaScript for a script element: it holds no ``<``, ``>`` or ``&``, in any label."""
    if isinstance(x, float):
        return text(x)
    if isinstance(x, (list, tuple)):
        return f"[{','.join(map(literal, x))}]"
    if isinstance(x, dict):
        return f"{{{','.join(f'{key}:{literal(value)}' for key, value in x.items())}}}"
    plain = json.dumps(x, ensure_ascii=False)
    return re.sub("[<>&\u2028\u2029\ud800-\udfff]", lambda c: f"\\u{ord(c[0]):04x}", plain)
