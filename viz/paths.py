"""The heaviest paths from a root to a node, and its uses in groups: which sample moves it most.

Reads walk.py; read by explanation.py and reasons.py. A path is a chain of uses, each wire its own;
its product is that of the partials on it. Nothing is enumerated: each node keeps the best ways that
lead to it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

from autograd.names import clean
from autograd.repeats import Repeat

from .walk import Walk

Use = tuple[int, int]  # an op and a slot


class Path(NamedTuple):
    """The product of the partials, and the uses, the root's first."""

    product: float
    uses: tuple[Use, ...]


class Group(NamedTuple):
    """Uses under one name: how many, and the sum of what they send."""

    name: str
    uses: int
    amount: float


class _Way(NamedTuple):
    """A path down to a node: its product as mantissa × 2**exponent, and its end.

    So it neither underflows nor overflows, and is rounded as a float's product is: ways of equal
    products stay equal. The end is the last use and which of the ways to its op came before.
    """

    mantissa: float
    exponent: float  # inf: not finite
    use: Use = (-1, -1)
    rank: int = -1


def heaviest(walk: Walk, at: int, top: int, start: int | None = None) -> list[Path]:
    """The ``top`` paths of the largest products from ``start``, else the root, to node ``at``.

    What is cut or 0 is on no path; a product that is not finite comes first. Equal ones stand in
    the order of the forward steps.
    """
    start = walk.root if start is None else start
    users, found = walk.graph.users, {start: [_Way(0.5, 1)]}
    for i in sorted(above(walk, at), reverse=True):  # all that use a node stand behind it
        if i != start:
            ways = [way for use in users[i] for way in _onwards(walk, use, found[use[0]])]
            if len(users[i]) > 1:
                ways.sort(key=_size, reverse=True)
            found[i] = ways[:top]
    return [_path(found, way) for way in found[at]]


def above(walk: Walk, at: int) -> set[int]:
    """Node ``at`` and all that is made of it."""
    found, todo = {at}, [at]
    for i in todo:  # which grows
        new = {user for user, _ in walk.graph.users[i]} - found
        found |= new
        todo += new
    return found


def _onwards(walk: Walk, use: Use, ways: Sequence[_Way]) -> Iterable[_Way]:
    """The ``ways`` to an op, and from there through one of its slots."""
    sent = walk.passed[use[0]][use[1]]
    if sent is None or sent[:2] == (0.0, 0.0):  # 0 × inf is nan
        return
    factor, more = math.frexp(sent[0])
    for rank, way in enumerate(ways):
        mantissa, exponent = math.frexp(way.mantissa * factor)
        if mantissa:
            finite = math.isfinite(mantissa)
            yield _Way(mantissa, way.exponent + exponent + more if finite else math.inf, use, rank)


def _size(way: _Way) -> tuple[float, float]:
    mantissa = way.mantissa
    return way.exponent, abs(mantissa) if mantissa == mantissa else math.inf


def _path(found: Mapping[int, Sequence[_Way]], way: _Way) -> Path:
    mantissa, exponent, uses = way.mantissa, way.exponent, []
    while way.rank >= 0:
        uses.append(way.use)
        way = found[way.use[0]][way.rank]
    try:
        product = math.ldexp(mantissa, int(exponent)) if exponent < math.inf else mantissa
    except OverflowError:
        product = math.copysign(math.inf, mantissa)
    return Path(product, tuple(reversed(uses)))


# ------------------------------------------------------------------ groups
def largest(x: float) -> float:
    """A key that puts the largest first, and what is not a number before all."""
    return -abs(x) if x == x else -math.inf


def groups(walk: Walk, uses: Sequence[Use]) -> list[Group]:
    """The uses by what tells them apart, the group that sends most first.

    That is the first scope in which they differ; else ``sample k``, the copies of the outermost
    Repeat that they are spread over, ``step k`` if these are in a row. What is in neither goes by
    its op.
    """
    scopes = [walk.graph.scopes[user].split("/") for user, _ in uses]
    levels = zip_longest(*scopes, fillvalue="")
    differ = next((words for words in levels if len({*words} - {""}) > 1), None)
    names = map(clean, differ) if differ else _copies(walk, uses)
    found: dict[str, list[float]] = {}
    for use, name in zip(uses, names):
        found.setdefault(name or walk.names[use[0]].text, []).append(walk.number("a", *use))
    made = [Group(name, len(amounts), sum(amounts)) for name, amounts in found.items()]
    return sorted(made, key=lambda group: largest(group.amount))


def _copies(walk: Walk, uses: Sequence[Use]) -> Iterable[str]:
    """``sample 3``, ``step 3`` of each use; empty where it is in no Repeat."""
    place = {op: k for k, op in enumerate(walk.fold.order)}
    found, repeats = dict.fromkeys(uses, ""), 0
    for piece in walk.fold.pieces:
        if not isinstance(piece, Repeat):
            continue
        copies = {use: (place[use[0]] - piece.start) // piece.size for use in uses}
        copies = {use: k for use, k in copies.items() if 0 <= k < piece.count}
        if len({*copies.values()}) > 1:  # else it does not tell them apart
            repeats += 1
            again = f" #{repeats}" if repeats > 1 else ""
            word, number = "step" if piece.in_a_row else "sample", _numbers(walk, piece)
            found |= {use: f"{word} {number[k]}{again}" for use, k in copies.items()}
    return found.values()


def _numbers(walk: Walk, piece: Repeat) -> list[int]:
    """Of each copy its number, from 1, in the order in which their results are used.

    ``total = loss + total`` meets the last sample first; but what it adds up first was made first.
    """
    users, start, size = walk.graph.users, piece.start, piece.size
    ends = walk.fold.order[start + size - 1 : start + piece.count * size : size]
    used = sorted(ends, key=lambda op: users[op][:1] or ((len(users), 0),))
    number = {op: n for n, op in enumerate(used, 1)}
    return [number[op] for op in ends]
