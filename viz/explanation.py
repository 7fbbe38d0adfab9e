"""``viz.explain``: what a gradient is made of, and why: its parts, its paths, what makes it 0.

Reads walk.py (the words), paths.py, reasons.py and health.py; read by the terminal, the page and
the shell. All numbers are those of one backward pass, ``backward_steps``.
"""

from __future__ import annotations

import numbers
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from autograd.anomaly import error_of
from autograd.errors import place
from autograd.names import clean, short
from autograd.numbers import plural, show
from autograd.value import Value

from . import notebook
from .blanks import nudge
from .health import layers
from .letters import printable
from .parts import NUMBERED
from .paths import Group, Path, Use, groups, heaviest, largest
from .reasons import BECAUSE, Reason, smallest, zero
from .walk import ROWS, Walk, walk_of

LISTED = 7  # groups, paths, leaves or layers of a text, which is read at one look
WIDTH = 80  # columns
SMALL = 0.1  # of a gradient: a nudge moves the root by less than a tenth of it


class Explanation:
    """An answer: print it, look at it in a notebook, or take ``to_dict()``.

    ``text`` is what ``str`` gives where standard output has all characters.
    """

    def __init__(self, walk: Walk, at: int | Value | None, top: int = 5) -> None:
        """``at``: a node of the walk's graph, a Value that is not in it, or None: the whole."""
        graph = walk.graph
        self.walk, self.top, self.at = walk, top, at
        self.node: int | None = None
        self.line: tuple[str, int] | None = None  # that made it
        if isinstance(at, Value):
            record, self.name, self.data = at.op, short(at), at.data
            self.held, self.grad = at.grad if at.has_grad else None, 0.0
        else:
            self.node = i = walk.root if at is None else at
            record, self.name, self.data = graph.ops[i], walk.names[i].text, walk.number("v", i)
            self.held, self.grad = graph.grads[i], walk.grads.get(i, 0.0)
            self.line = graph.lines[i]
        self.op = record.name if record else None

    def __str__(self) -> str:
        return printable(self.text)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return notebook.text(self.text)

    @cached_property
    def text(self) -> str:
        lines = self._of_whole() if self.at is None else self._of_value()
        return "\n".join([*lines, *self._odd()])

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data, nodes by name."""
        walk, node = self.walk, self.node
        root, last = {"root": walk.result}, {"anomaly": self._anomaly()}
        if self.at is None:
            leaves = [
                {"name": walk.names[i].text, "data": walk.number("v", i), "grad": walk.grads[i]}
                for i in self.leaves
            ]
            return {**root, "data": self.data, "leaves": leaves, "layers": self.layers, **last}
        filename, lineno = self.line or (None, None)
        by, (reasons, count) = nudge(self.data), self.reasons
        really = 0.0 if node is None else walk.moved(node)
        weakest: dict[str, Any] | None = None
        if self.weakest:
            i, local = self.weakest[0], walk.number("p", *self.weakest)
            weakest = {"node": walk.names[i].text, "op": walk.ops[i].name, "local": local}
        return {
            **root, "name": self.name, "data": self.data, "op": self.op, "filename": filename,
            "lineno": lineno, "grad": self.grad, "held": self.held,
            "nudge": {"by": by, "about": self.grad * by, "really": really},
            "contributions": [
                {"node": walk.names[i].text, "op": walk.ops[i].name, "slot": slot,
                 "upstream": walk.grads[i], "local": walk.number("p", i, slot),
                 "amount": walk.number("a", i, slot)}
                for i, slot in self.uses
            ],
            "groups": [dict(zip(("name", "count", "amount"), group)) for group in self.groups],
            "paths": [
                {"product": product, "nodes": [*(walk.names[i].text for i, _ in uses), self.name]}
                for product, uses in self.paths
            ],
            "zero_because": [reason._asdict() for reason in reasons], "zero_count": count,
            "weakest": weakest, **last,
        }  # fmt: skip

    # -------------------------------------------------------------- the facts
    @cached_property
    def uses(self) -> list[Use]:
        """All that send to it, the largest part first."""
        walk, users = self.walk, () if self.node is None else self.walk.graph.users[self.node]
        uses = [(i, slot) for i, slot in users if walk.passed[i][slot]]
        return sorted(uses, key=lambda use: largest(walk.number("a", *use)))

    @cached_property
    def groups(self) -> list[Group]:
        """What tells more uses apart than are listed one by one."""
        return groups(self.walk, sorted(self.uses)) if len(self.uses) > ROWS else []

    @cached_property
    def paths(self) -> list[Path]:
        """The heaviest."""
        return [] if self.node is None else heaviest(self.walk, self.node, self.top)

    @cached_property
    def reasons(self) -> tuple[list[Reason], int]:
        """Why its gradient is 0, and how many reasons there are."""
        return ([], 0) if self.grad or self.at is None else zero(self.walk, self.at)

    @property
    def weakest(self) -> Use | None:
        """The smallest partial on the heaviest path, if it is below 1."""
        path = self.paths[0].uses if self.paths else ()
        use = smallest(self.walk, path) if path else None
        return use if use and abs(self.walk.number("p", *use)) < 1.0 else None

    @cached_property
    def leaves(self) -> list[int]:
        """Of the whole: those that have a gradient, the most moving first."""
        grads = self.walk.grads
        return sorted((i for i in self.walk.leaves if i in grads), key=lambda i: largest(grads[i]))

    @cached_property
    def layers(self) -> list[dict[str, Any]]:
        """Of the whole: how each layer fares."""
        return layers(self.walk)

    def _anomaly(self) -> dict[str, Any] | None:
        """Where nan or inf began."""
        walk, found = self.walk, self.walk.anomaly
        if not found:
            return None
        error = error_of(walk.graph, found)
        names = [walk.names[i].text for i in (found.at, *found.chain)]
        return {
            "phase": error.phase, "op": error.op, "node": names[0],
            "operands": list(error.operands), "label": error.label, "scope": error.scope,
            "filename": error.filename, "lineno": error.lineno, "chain": names[1:],
        }  # fmt: skip

    # -------------------------------------------------------------- the text of a value
    def _of_value(self) -> Iterator[str]:
        walk, i = self.walk, self.node
        yield self._made()
        if i is not None and i in walk.grads:
            yield walk.fill(walk.raised(i))
        reasons, count = self.reasons
        if reasons:
            yield f"Its gradient is 0{f', for {count} reasons' * (count > 1)}:"
            yield from (f"  {reason.text}" for reason in reasons)
            if count > len(reasons):
                yield f"  … {count - len(reasons)} more"
        if i is None or i not in walk.grads:
            return
        yield from self._parts(i)
        if self.paths and i != walk.root:
            yield "The heaviest paths, each with the product of its slopes:"
            for product, uses in self.paths[:LISTED]:
                names = [walk.sender(*use) for use in uses]
                yield _chain(f"  {show(product)}: ", [*names, self.name], " ← ")
            if abs(self.grad) < SMALL and (use := self.weakest):
                slope, given = show(walk.number("p", *use)), show(walk.at(use[0])[use[1]])
                told = f"{walk.names[use[0]]}: slope {slope}, its input is {given}"
                yield f"It is small: what shrinks it most is {told}."
        yield from filter(None, [walk.held(i)])

    def _made(self) -> str:
        """``w×w = 1.5 × 1.5 = 2.25, made by multiply.``"""
        told = f"{self.name} = {show(self.data)}"
        if self.op and self.node is not None:
            whole = self.walk.fill(self.walk.made(self.node))
            told = whole if len(whole) < WIDTH else told
        file, line = self.line or ("", 0)
        where = f", {place((clean(os.path.basename(file)), line))}" * (line > 0)
        return f"{told}, " + (f"made by {self.op}{where}." if self.op else f"a leaf{where}.")

    def _parts(self, i: int) -> Iterator[str]:
        """What each use sends; of many, groups."""
        walk, uses = self.walk, self.uses
        total = walk.fill(walk.total(i, uses))
        if not uses:
            yield f"{total}: if it rises by 1, it rises by 1."
        elif len(uses) == 1:
            yield f"{total}, from {walk.sender(*uses[0])}:"
        else:
            why, times = f"{total}, added, because", f"is used {len(uses)} times:"
            yield _fit(f"{why} {self.name} {times}", f"{why} it {times}")
        for use in uses if len(uses) <= ROWS else ():
            told = f"  from {walk.sender(*use, ', ')}: "
            line = told + walk.fill(walk.part(*use))
            numbered = walk.names[use[0]].numbered  # which makes no formula
            yield _fit(line, told + walk.fill(walk.times(*use))) if numbered else line
        if self.groups:
            yield from self._grouped()

    def _grouped(self) -> Iterator[str]:
        found, amounts = self.groups, [group.amount for group in self.groups]
        words = {match[1] if (match := NUMBERED.fullmatch(name)) else "" for name, *_ in found}
        some = plural(len(found), (len(words) == 1 and words.pop()) or "group")
        if not any(amounts):
            yield f"  {some}: 0 each"
            return
        most = f"{found[0].name} moves it most: {show(amounts[0])}"
        yield f"  {some}: {show(min(amounts))} … {show(max(amounts))}; {most}"
        shown = found[: min(self.top, LISTED)]
        for name, count, amount in shown:
            yield f"    {name}: {show(amount)}" + f", {count} uses" * (count > 1)
        if len(shown) < len(found):
            yield f"    … {len(found) - len(shown)} more"

    # -------------------------------------------------------------- the text of the whole
    def _of_whole(self) -> Iterator[str]:
        walk, leaves = self.walk, self.leaves
        most = min(self.top, LISTED)
        ops = f"{plural(walk.forward, 'op')}, {plural(len(walk.leaves), 'leaf')}"
        yield f"{self._made()[:-1]}; {ops}."
        yield f"What moves {walk.result} most, and least:"
        yield from map(self._moves, leaves[:most])
        if len(leaves) > 2 * most:
            yield f"  … {len(leaves) - 2 * most} between"
        yield from map(self._moves, leaves[max(most, len(leaves) - most) :])
        found = self.layers
        for layer in found[:LISTED]:
            told = f"{layer['name']}: {plural(layer['neurons'], 'neuron')}"
            yield f"{told}, gradient of length {show(layer['length'])}"
            ill = [word for word in ("dead", "saturated") if layer[word]]
            if ill:
                yield "  " + "; ".join(f"{word}: {_within(layer, word)}" for word in ill)
        if len(found) > LISTED:
            yield f"… {len(found) - LISTED} more layers"
        yield from filter(None, [walk.held()])

    def _moves(self, i: int) -> str:
        """``w: 4.3``, and why if it is 0."""
        name, (reasons, count) = self.walk.names[i], zero(self.walk, i)
        told = f"  {name}: {show(self.walk.grads[i])}"
        if reasons:
            told += f". {reasons[0].text.removeprefix(f'{name}{BECAUSE}')}"
        return told + f" ({count - 1} more)" * (count > 1)

    def _odd(self) -> Iterator[str]:
        """Where nan or inf began, and the chain from there."""
        found, walk = self.walk.anomaly, self.walk
        if found:
            yield f"Not every number is finite. {error_of(walk.graph, found)}"
            yield _chain("  from there: ", [walk.names[i].text for i in found.chain], " → ")


def _chain(before: str, names: Sequence[str], arrow: str) -> str:
    """The names in a line: of many the first and the last, as many as there is room for."""
    line = before + arrow.join(names[: WIDTH // 2])
    for keep in range(min(len(names) - 1, WIDTH // 4), 1, -1) if len(line) > WIDTH else ():
        kept = [*names[: keep // 2], "…", *names[len(names) - (keep + 1) // 2 :]]
        line = before + arrow.join(kept)
        if len(line) <= WIDTH:
            break
    return line


def _within(layer: Mapping[str, Any], word: str) -> str:
    """``neuron 3, neuron 7``: a layer's neurons that are so."""
    named = [name.removeprefix(f"{layer['name']}/") for name in layer[word]]
    return ", ".join(named[:ROWS] + [f"{len(named) - ROWS} more"] * (len(named) > ROWS))


def _fit(line: str, shorter: str) -> str:
    """``line``, or what is said where names are too long for one."""
    return line if len(line) <= WIDTH else shorter


def explain(root: Value, value: Value | None = None, top: int = 5) -> Explanation:
    """What ``value`` contributes to ``root``, how and why; without it, what matters in the whole.

    Args:
        value: any node under the root, or a Value that is not: then it is said that no path leads
            to it.
        top: how many of the heaviest paths, and of the groups of uses in the text.
    Raises:
        TypeError: ``value`` is no Value.
        ValueError: ``top`` is no whole number >= 1. And what ``backward_steps`` raises of the root.

    >>> w, x = Value(1.5, "w"), Value(2.0, "x")
    >>> explain(w * x, w)
    w = 1.5, a leaf.
    Raise w by 0.01 (to 1.51) and y rises by about 0.02 (really 0.02).
    dy/dw = 2, from y:
      from y: dy/dy × x = 1 × 2 = 2
    The heaviest paths, each with the product of its slopes:
      2: y ← w
    """
    if value is not None and not isinstance(value, Value):
        raise TypeError(
            f"explain: a Value is required as value, got {type(value).__name__}; give a node "
            "under the root, or nothing for the whole"
        )
    if not isinstance(top, numbers.Integral) or isinstance(top, bool) or top < 1:
        raise ValueError(f"explain: top must be a whole number >= 1, got {top!r}; use top=5")
    walk = walk_of(root, "explain")
    at = next((i for i, node in enumerate(walk.graph.nodes) if node is value), value)
    return Explanation(walk, at, int(top))
