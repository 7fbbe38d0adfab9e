"""How the layers of a network fare: neurons that pass nothing, or hardly anything, and gradients.

Reads walk.py, reasons.py and the scopes that the ops were recorded in; read by explanation.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from autograd.ieee import FLOATS
from autograd.names import clean
from autograd.op import Op

from .parts import NUMBERED
from .reasons import Stop
from .walk import Walk

FADING = 0.01  # of the largest slope that an op has
NEAR = [k / 32.0 for k in range(321)]  # so near to each other that no slope of ours is missed
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
    scopes: dict[str, list[int]] = {}
    for i in walk.ops:
        scopes.setdefault(walk.graph.scopes[i], []).append(i)
    counting = _counting({_path(x.split("/")): _leaves(walk, ops) for x, ops in scopes.items()})
    neurons: dict[Path, list[int]] = {}
    for scope, ops in scopes.items():
        parts = [x for p, x in enumerate(scope.split("/")) if (p, _word(x)) not in counting]
        neurons.setdefault(_path(parts), []).extend(ops)
    around = {path[:-1] for path in neurons}
    outer = {path[:n] for path in around for n in range(len(path))} | {()}
    found: dict[Path, dict[str, Any]] = {}
    for path, ops in neurons.items():
        if path in outer:
            continue
        layer = path if path in around else path[:-1]
        name = "/".join(map(clean, layer)) or f"{_word(path[-1])}s"
        new = {"name": name, "neurons": 0, "dead": [], "saturated": [], "length": set()}
        told: dict[str, Any] = found.setdefault(layer, new)
        told["length"] |= _leaves(walk, ops)
        told["neurons"] += layer != path
        if layer != path and (state := _state(walk, ops)):
            told[state].append("/".join(map(clean, path)))
    for told in found.values():
        told["length"] = math.hypot(*[walk.grads.get(x, 0.0) for x in told["length"]])
    return [*found.values()]


def _leaves(walk: Walk, ops: Iterable[int]) -> set[int]:
    """The leaves that these ops use."""
    operands = (x for i in ops for x in walk.graph.operands[i] if type(x) is int)
    return {x for x in operands if x not in walk.ops}


# ------------------------------------------------------------------ which neuron
@lru_cache(maxsize=1024)
def _word(part: str) -> str:
    """``neuron`` of ``neuron 3``; nothing of what has no number."""
    return NUMBERED.sub(r"\1", part) if NUMBERED.fullmatch(part) else ""


def _path(parts: list[str]) -> Path:
    """Up to the last number."""
    return tuple(parts[: max((p for p, part in enumerate(parts, 1) if _word(part)), default=0)])


def _counting(used: Mapping[Path, set[int]]) -> set[tuple[int, str]]:
    """The places in a path, and the words there, whose numbers only count samples."""
    first: dict[tuple[Any, ...], set[int]] = {}
    same: dict[tuple[int, str], bool] = {}
    for path, leaves in used.items():
        for p, part in enumerate(path if leaves else ()):
            place = p, _word(part)
            others = first.setdefault((*place, path[:p], path[p + 1 :]), leaves)
            if others is not leaves and place[1]:
                alike = 2 * len(leaves & others) > min(len(leaves), len(others))
                same[place] = alike and same.get(place, True)
    return {place for place, alike in same.items() if alike}


# ------------------------------------------------------------------ how it fares
def _state(walk: Walk, ops: Iterable[int]) -> str:
    """``dead``, ``saturated``, or neither."""
    uses: dict[Op, list[tuple[int, int]]] = {}
    for i in ops:
        nodes = [(slot, x) for slot, x in enumerate(walk.graph.operands[i]) if type(x) is int]
        if len(nodes) == 1 and nodes[0][1] in walk.ops:
            uses.setdefault(walk.ops[i], []).append((i, nodes[0][0]))
    states = []
    for record, places in uses.items():
        largest = max(abs(walk.number("p", *place)) for place in places)
        if largest == 0.0 and Stop(walk, *places[0]).level() != "saturated":
            states.append("dead")
        elif largest == 0.0 or (record.slots == 1 and largest < FADING * _largest(record)):
            states.append("saturated")
    return min(states, default="")


@lru_cache(maxsize=1024)
def _largest(record: Op) -> float:
    """The largest size of an op's slope; 0 if there is none."""

    def most(sizes: Iterable[float]) -> float:
        at = [sign * x for x in sizes for sign in (1.0, -1.0)]
        slopes = [FLOATS.partials(record, (x,), FLOATS.run(record, x))[0] or 0.0 for x in at]
        return max((abs(float(p)) for p in slopes if p == p), default=0.0)

    near = most(NEAR)
    return near if most(FAR) <= 1.01 * near < math.inf else 0.0
