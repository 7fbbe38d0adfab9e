"""How the layers of a network fare: neurons that pass nothing, or hardly anything, and gradients.

Reads walk.py, reasons.py and the scopes that the ops were recorded in; read by explanation.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from autograd.names import clean
from autograd.op import Op

from .parts import NUMBERED
from .reasons import level, slope_at
from .walk import Walk

FADING = 0.01  # of the largest slope that an op has
NEAR = [0.0, *(10.0 ** (k / 8.0) for k in range(-64, 9))]  # to 10, eight in each ten
FAR = (1e-100, 100.0, 1e3, 1e5, 1e100)  # if its slope is larger there it has no largest

Path = tuple[str, ...]


def layers(walk: Walk) -> list[dict[str, Any]]:
    """Each layer's name, how many neurons it has, those dead and saturated, and its length.

    A neuron is what was recorded in a scope that ends in a number, ``layer 1/neuron 3``; what
    stands before that is its layer. Of scopes that differ in one number alone and share more than
    half of their leaves, that number counts samples or steps: it is left out. Dead: an activation,
    an op of one result and no leaf, passes exactly nothing in any sample. Saturated: its slope is
    below 1 % of the op's largest, or rounds to 0, in each. The length is that of the gradient in
    the leaves that the layer's ops use. The layers are in the order in which they run.
    """
    graph = walk.graph
    recorded = {scope: _numbered(scope.split("/")) for scope in dict.fromkeys(graph.scopes)}
    ops: dict[Path, list[int]] = {path: [] for path in recorded.values()}
    for i in walk.ops:
        ops[recorded[graph.scopes[i]]].append(i)
    used = {path: _leaves(walk, mine) for path, mine in ops.items()}
    counting = _counting(used)
    neurons: dict[Path, list[int]] = {}
    for path, mine in ops.items():
        neurons.setdefault(_numbered(_without(path, counting)), []).extend(mine)
    neurons.pop((), None)
    found: dict[Path, dict[str, Any]] = {}
    around = {path[:-1] for path in neurons}
    for path, mine in neurons.items():
        layer = path if path in around else path[:-1]
        name = "/".join(map(clean, layer)) or f"{_word(path[-1])}s"
        new = {"name": name, "neurons": 0, "dead": [], "saturated": [], "length": []}
        told: dict[str, Any] = found.setdefault(layer, new)
        told["length"] += _leaves(walk, mine)
        if layer != path:
            told["neurons"] += 1
            if state := _state(walk, mine):
                told[state].append("/".join(map(clean, path)))
    for told in found.values():
        grads = [walk.grads.get(x, 0.0) for x in dict.fromkeys(told["length"])]
        told["length"] = math.hypot(*grads)
    return list(found.values())


def _leaves(walk: Walk, ops: Iterable[int]) -> set[int]:
    """The leaves that record and that these ops use."""
    graph = walk.graph
    used = {x for i in ops for x in graph.operands[i] if type(x) is int}
    return {x for x in used if graph.ops[x] is None and graph.recording[x]}


# ------------------------------------------------------------------ which neuron
def _word(part: str) -> str:
    """``neuron`` of ``neuron 3``; nothing of what has no number."""
    found = NUMBERED.fullmatch(part)
    return found[1] if found else ""


def _numbered(path: Sequence[str]) -> Path:
    """The path up to its last number."""
    ends = [p for p, part in enumerate(path, 1) if _word(part)]
    return tuple(path[: max(ends, default=0)])


def _without(path: Path, counting: set[tuple[int, str]]) -> Path:
    return tuple(part for p, part in enumerate(path) if (p, _word(part)) not in counting)


def _counting(used: Mapping[Path, set[int]]) -> set[tuple[int, str]]:
    """The places in a path, and the words there, whose numbers only count samples."""
    alike: dict[tuple[Any, ...], list[set[int]]] = {}
    for path, leaves in used.items():
        for p, part in enumerate(path):
            if leaves and _word(part):
                alike.setdefault((p, _word(part), path[:p], path[p + 1 :]), []).append(leaves)
    shared: dict[tuple[int, str], bool] = {}
    for (p, word, *_), (first, *others) in alike.items():
        for other in others[:1]:
            same = 2 * len(first & other) > min(len(first), len(other))
            shared[p, word] = same and shared.get((p, word), True)
    return {place for place, same in shared.items() if same}


# ------------------------------------------------------------------ how it fares
def _state(walk: Walk, ops: Iterable[int]) -> str:
    """``dead``, ``saturated``, or neither."""
    uses: dict[Op, list[tuple[int, int]]] = {}
    for i in ops:
        nodes = [(slot, x) for slot, x in enumerate(walk.graph.operands[i]) if type(x) is int]
        if len(nodes) == 1 and nodes[0][1] in walk.ops:
            uses.setdefault(walk.ops[i], []).append((i, nodes[0][0]))
    states = set()
    for record, places in uses.items():
        slopes = [abs(walk.number("p", *place)) for place in places]
        i, slot = places[0]
        if not any(slopes):
            faded = level(record, walk.at(i), slot) == "saturated"
            states.add("saturated" if faded else "dead")
        elif record.slots == 1 and max(slopes) < FADING * _largest(record):
            states.add("saturated")
    return min(states, default="")


@cache
def _largest(record: Op) -> float:
    """The largest size of an op's slope; 0 if there is none."""
    near, far = (
        max(abs(slope_at(record, (0.0,), 0, sign * x)) for x in sizes for sign in (1.0, -1.0))
        for sizes in (NEAR, FAR)
    )
    return near if far <= near else 0.0
