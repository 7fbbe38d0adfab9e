"""What the parts of a graph are called: ``layer 2``, ``16 neurons · 48 ops``, ``relu(w·x + b)``.

Reads parts.py; read by folding.py. The scope that was recorded, else the loop, else the result: its
name if it is one node, its label, its formula with letters for what comes in from outside.
"""

from __future__ import annotations

import re
from itertools import groupby
from math import prod

from autograd.names import Name, clean, fill, names
from autograd.numbers import plural, show
from autograd.op import Op

from .parts import Part, Parts

LONGEST = 28  # characters of a formula: what is read at a glance
OUTER = "xyzuvst"  # letters for what comes into a formula from outside
STEM = re.compile(r"[^\W\d]+")  # of `w12`, `a1,2`
TIMES = 2  # the precedence of `w·x`


class Titles:
    """Titles and quiet lines of ``parts``, whose names and keys are set."""

    def __init__(self, parts: Parts) -> None:
        self.parts, self.graph, self.units = parts, parts.graph, parts.units
        self.names = names(parts.graph)
        self._lines: dict[Part, tuple[str, ...]] = {}
        counts: dict[str, int] = {}
        todo = [parts.root]
        while todo:
            part = todo.pop()
            todo += reversed(part.parts)
            if part.parts:
                part.name = part.name or self.title(part)
                same = counts[part.name] = counts.get(part.name, 0) + 1
                part.key = part.name if same == 1 else f"{part.name} #{same}"

    def title(self, part: Part) -> str:
        """Of a part without a scope: the loop that it is, or what it gives."""
        if part.own and part.parts:
            return part.loops[-1].name
        nodes = [node for unit in self.results(part) for node in self.units[unit].results]
        if len(nodes) == 1:
            return self.names[nodes[0]].text
        labels = {clean(self.graph.labels[node]) for node in nodes}
        if len(labels) == 1 and labels != {""}:
            return labels.pop()
        told = self.formula(part)
        record = self.graph.ops[nodes[-1]]
        if told or len(self.results(part)) == 1:
            return told or (record.name if record else "")
        first, last = (self.units[u].results[-1] for u in (part.units[0], part.units[-1]))
        return f"{self.names[first]} … {self.names[last]}"

    def results(self, part: Part) -> list[int]:
        """The units that others read, or that are roots; of a loop in a row what it carries too."""
        mine, row = set(part.units), part.own and part.loops[-1].row
        return [
            a
            for a in part.units
            if a in self.parts.ends
            or any(b not in mine or (row and b <= a) for b in self.parts.readers[a])
        ]

    def lines(self, part: Part) -> tuple[str, ...]:
        """How much it is, to a copy of what is around it; and what it does, if that is short."""
        if part not in self._lines:
            much, told = plural(self._own(part), "op"), self.formula(part)
            much = " · ".join(filter(None, (self.copies(part), much)))
            self._lines[part] = (much, told) if told and told != part.name else (much,)
        return self._lines[part]

    def copies(self, part: Part) -> str:
        """``16 neurons``: its loops, but those that frames around it show, or that name it."""
        shown = part.around - part.hidden
        named = part.own and part.name == part.loops[-1].name
        loops = [str(loop) for loop in part.loops[shown : len(part.loops) - named]]
        mixed = [(x.loops[x.around - 1], self.ops(x)) for x in part.parts if x.hidden]
        for loop, inside in mixed[:1]:  # of samples that differ, each entered it once
            if all(n * loop.count == inside * other.count for other, n in mixed):
                count, left = divmod(self._own(part) * loop.count, inside)
                loops += [f"{count:,} {loop.noun}"] * (not left and loop.noun > "")
        return " × ".join(loops)

    def _own(self, part: Part) -> int:
        """How many ops it has, to a copy of what the frames around it show."""
        return self.ops(part) // prod(x.count for x in part.loops[: part.around - part.hidden])

    def ops(self, part: Part) -> int:
        """How many ops it has, in all copies."""
        return sum(len(self.units[unit].nodes) for unit in part.units)

    def formula(self, part: Part) -> str:
        """``relu(w·x + b)``: what one copy does to what comes in; empty if that is long."""
        results = self.results(part)
        if len(results) != 1 or len(part.units) > LONGEST // 2:
            return ""
        told: dict[int, Name] = {}
        letters: dict[object, str] = {}
        for u in part.units:  # leaves first: no letter may be the name of another
            unit = self.units[u]
            for k, node in enumerate(unit.nodes[-unit.size :]):
                for slot, x in enumerate(self.graph.operands[node]):
                    if isinstance(x, int) and self.graph.ops[x] is None:
                        self._leaf(x, u, k, slot, letters)
        for u in part.units:
            told[u] = self._told(u, told, letters)
        text = told[results[0]].text
        return text if len(text) <= LONGEST else ""

    def _told(self, u: int, told: dict[int, Name], letters: dict[object, str]) -> Name:
        """One op over what is ``told`` already."""
        unit, graph = self.units[u], self.graph
        last = unit.nodes[-unit.size :]  # in a row, the first copy reads what it begins with
        own = set(last)
        record = graph.ops[last[-1]]
        assert record is not None
        many = self._many(u)
        each = enumerate(graph.operands[node] for node in last)
        read = [(k, slot, x) for k, row in each for slot, x in enumerate(row)]
        outside = {self.parts.unit[x] for *_, x in read if isinstance(x, int)} - {-1, u, *told}
        operands: list[Name | float] = []
        for k, slot, x in read:
            if not isinstance(x, int):
                alike = (graph.operands[node][slot] == x for node in unit.nodes[k :: unit.size])
                key = ("number", u, many or (k, slot))
                operands.append(x if not many and all(alike) else _letter(letters, key))
            elif graph.ops[x] is None:
                operands.append(self._leaf(x, u, k, slot, letters))
            elif x not in own:
                at = self.parts.unit[x]
                here = at in told and (many or x in self.units[at].nodes[-self.units[at].size :])
                group = ("unit", u if len(outside) > 2 else at) if many else x
                operands.append(told[at] if here else _letter(letters, group))
        return _over(record, operands, unit.size > 1)

    def _many(self, u: int) -> bool:
        """Whether it has any number of operands: a dot, a long sum; those alike are told once."""
        record = self.graph.ops[self.units[u].nodes[0]]
        return record is None or record.slots is None or self.units[u].size > 2

    def _leaf(self, x: int, u: int, k: int, slot: int, letters: dict[object, str]) -> Name:
        """A leaf's label, without its module; its stem where many are alike; else a letter."""
        unit, many = self.units[u], self._many(u)
        if not many and x in letters:
            return Name(letters[x])
        reads = [self.graph.operands[node][slot : slot + 1] for node in unit.nodes[k :: unit.size]]
        leaves = {y for row in reads for y in row if isinstance(y, int) and not self.graph.ops[y]}
        stems = {self._stem(y, many or len(leaves) > 1) for y in leaves}
        name = stems.pop() if len(stems) == 1 else ""
        if not name or (not many and name in letters.values()):
            return _letter(letters, ("unit", -1) if many else x)
        letters[name if many else x] = name
        return Name(name)

    def _stem(self, x: int, stem: bool) -> str:
        label = clean(self.graph.labels[x])
        last = label.rpartition(".")[2]  # of `layer1.neuron2.w3`
        word = stem and (STEM.match(last) or STEM.match(label))
        return word[0] if word else last


def _over(record: Op, operands: list[Name | float], chain: bool) -> Name:
    """The op over ``operands``, of which many alike are written once; ``chain``: a sum of many."""
    if record.slots is not None and not chain:
        return Name(fill(record, operands), True, record.precedence)
    texts = [str(x) if isinstance(x, Name) else show(x) for x in operands]
    if len(texts) > 3:
        texts = [text for text, _ in groupby(texts)]
    if not chain and len(texts) == 2 and not record.symbol.isalpha():
        return Name(record.symbol.join(texts), True, TIMES)
    if len(texts) > 3 or (chain and len(texts) == 1):
        texts = [texts[0], "…", texts[-1]]
    if chain and len(record.symbol) == 1:
        return Name(f" {record.symbol} ".join(texts), True, record.precedence)
    return Name(f"{record.name}({', '.join(texts)})", True)


def _letter(letters: dict[object, str], key: object) -> Name:
    """A letter for what comes in from outside: the same for the same."""
    if key not in letters:
        taken = set(letters.values())
        letters[key] = next((x for x in OUTER if x not in taken), "…")
    return Name(letters[key])
