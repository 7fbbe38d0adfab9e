"""Each op's record as text: what it is, its slopes, where they hold and how well.

A rule is written out by running it on an arithmetic of text, so that the text is the rule. Read by
docs/make_ops.py; reads names.py.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from . import ops
from .names import Name, fill
from .op import Arithmetic, Op, Rule, Symbolic

LONGEST = 64  # characters: a longer rule is read in ops.py, and its short text stands here
CONSTANTS = {
    math.log(2): "ln 2", 1 / math.log(2): "1/ln 2", 0.4342944819032518: "1/ln 10",
    math.sqrt(0.5): "√½", 0.3989422804014327: "1/√(2π)", 0.886226925452758: "√π/2",
    1.1283791670955126: "2/√π", -1.1283791670955126: "-2/√π", math.inf: "∞",
}  # fmt: skip


class Written(Symbolic):
    """An operand: the text of a formula."""

    __slots__ = ("m", "name")

    def __init__(self, m: Text, text: str, precedence: int = 9) -> None:
        self.m, self.name = m, Name(text, True, precedence)


class Aside(Written):
    """What is added only to make nan of what has overflowed: it is not written."""


class Text(Arithmetic):
    """The arithmetic of formulas as text: every op is written by its record's form."""

    kind = "text"

    def run(self, record: Op, *operands: Any) -> Any:
        if record is ops.corner:  # a reader sees the number alone
            return operands[0]
        if record is ops.where and operands[1] is operands[2]:  # one number, but for a corner
            return operands[1]
        if record is ops.stop_gradient:
            return Aside(self, operands[0].name.text, operands[0].name.precedence)
        if record is ops.add and isinstance(operands[1], Aside):
            return operands[0]
        return Written(self, fill(record, [*map(_name, operands)]), record.precedence)

    def text(self, rule: Rule, *names: str, parameters: Mapping[str, float] | None = None) -> str:
        """``rule`` over operands of these names; a parameter that is no whole number by its own."""
        named = {k: Written(self, k) for k, x in (parameters or {}).items() if type(x) is float}
        written = rule(self, *(Written(self, name) for name in names), **named)
        name = _name(written)
        return name.text if isinstance(name, Name) else f"{name:g}"


def _name(x: Any) -> Name | float:
    if isinstance(x, Written):
        return x.name
    if x not in CONSTANTS:
        return float(x)
    return Name(CONSTANTS[x], True, 2 if "/" in CONSTANTS[x] else 9)


class Description(NamedTuple):
    """What is stated of an op; a slope a slot, and a domain a slot if they differ."""

    name: str
    symbol: str
    formula: str
    slopes: tuple[str, ...]
    domain: tuple[str, ...]
    kinks: str
    accuracy: str
    source: str


def description(record: Op) -> Description:
    """All that the record states, as text; an op of any number of operands stands with two."""
    m, parameters = Text(), record.parameters
    letters = tuple(record.letters) or ("x1", "x2")
    formula = record.means
    if not formula and record.formula is not None:
        formula = m.text(record.formula, *letters, parameters=parameters)
    if not formula or len(formula) > LONGEST:
        formula = m.text(lambda m, *xs: m.run(record, *xs), *letters)
    slopes = []
    for slot in range(record.slots or 1):
        rule, word = record.rules[slot], _lettered(record.words[slot], letters)
        text = word
        if record.slots is not None:
            text = m.text(rule, *letters, "y", parameters=parameters if record.partials else None)
        if len(text) > LONGEST or text == "slope":
            text = word if word != "slope" else "by cases" if record.case else "of its formula"
        slopes.append(text)
    domain = tuple(str(x) for x in record.domain)
    return Description(
        record.name, record.symbol, formula, tuple(slopes),
        domain[:1] if len(set(domain)) == 1 else domain,
        _lettered(record.convention, letters), _accuracy(record, m, letters), record.source,
    )  # fmt: skip


def _lettered(text: str, letters: tuple[str, ...]) -> str:
    text = text.replace("{n}", letters[-1]).replace("{n-1}", f"({letters[-1]}-1)")  # an exponent
    for letter in letters:
        text = text.replace(f"{{{letter}}}", letter)
    return text


def _accuracy(record: Op, m: Text, letters: tuple[str, ...]) -> str:
    value, *slopes = record.scales or (None,)
    texts = [_bound("value 4 ulp", value, m, letters)]
    for slot, scale in enumerate(slopes or [None]):
        where = f" in {letters[slot]}" if len(slopes) > 1 and any(slopes) else ""
        texts.append(_bound(f"slope{where} 1e-12", scale, m, letters))
    return "; ".join(dict.fromkeys(texts))


def _bound(relative: str, scale: Rule | None, m: Text, letters: tuple[str, ...]) -> str:
    text = "0" if scale is None else m.text(scale, *letters) if letters[0] != "x1" else ""
    if text == "0":
        return relative
    return f"{relative} or 4 eps" + (f" × {text}" if 0 < len(text) <= LONGEST else " of its terms")


def describe(record: Op) -> str:
    """What a record states: formula, slopes, domain, conventions, accuracy and source.

    >>> from autograd.ops import TABLE
    >>> print(describe(TABLE["arctan"]))
    arctan: arctan2(x, 1)
      slope  1 / (1 + x × x)
      domain  any real
      symbol  arctan
      accuracy  value 4 ulp; slope 1e-12
    """
    if not isinstance(record, Op):
        raise TypeError(f"describe: an op is required, got {record!r}; use describe(autograd.exp)")
    about = description(record)
    letters = tuple(record.letters) or ("each",)
    slope = "slope in {}" if len(about.slopes) > 1 else "slope"
    domain = "domain of {}" if len(about.domain) > 1 else "domain"
    rows = [
        ("parameters", ", ".join(f"{name}={x:g}" for name, x in record.parameters.items())),
        *((slope.format(x), text) for x, text in zip(letters, about.slopes)),
        *((domain.format(x), text) for x, text in zip(letters, about.domain)),
        ("symbol", about.symbol), ("at kinks and edges", about.kinks),
        ("accuracy", about.accuracy), ("source", about.source),
    ]  # fmt: skip
    shown = [f"  {title}  {text}" for title, text in rows if text]
    return "\n".join([f"{about.name}: {about.formula}", *shown])


vars(ops)["describe"] = describe  # where the README has it; ops.py reads nothing from up here
