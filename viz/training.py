"""What a page trains: which leaves, how fast, and of which output it paints a map.

Reads walk.py and page.py; read by steps.py. The page itself does the steps, in train.js.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import NamedTuple

from autograd.names import short
from autograd.value import Value

from .walk import Walk


class Training(NamedTuple):
    """Leaves by index, the learning rate, and for a map an output and two leaves, or nothing."""

    leaves: list[int]
    rate: float
    map: list[int]


def training(walk: Walk, train: object, rate: object, mapped: object) -> Training:
    """What ``viz.trace`` was asked to train, checked.

    Raises:
        TypeError, ValueError: what cannot be trained, or painted, by name.
    """
    if isinstance(rate, bool) or not isinstance(rate, numbers.Real):
        raise TypeError(f"trace: learning_rate must be a number, got {rate!r}")
    if not 0.0 < float(rate) < math.inf:
        raise ValueError(f"trace: learning_rate must be > 0 and finite, got {rate!r}")
    return Training(_trained(walk, train), float(rate), _mapped(walk, mapped))


def _trained(walk: Walk, train: object) -> list[int]:
    from .page import LIVE_NODES, evaluator  # half of what importing viz may cost

    if train is None:
        return []
    if not isinstance(train, Sequence) or isinstance(train, str) or not train:
        raise TypeError(
            f"trace: train must be a list of Values, as model.parameters() gives, got {train!r}"
        )
    if len(walk.graph) > LIVE_NODES:
        raise ValueError(
            f"trace: a page trains at most {LIVE_NODES} nodes, got {len(walk.graph)}; "
            "train in Python and trace the result"
        )
    found, stuck = _indices(walk, train, "train"), evaluator(walk)[1]
    for i in found:
        why = "goes into an op that has no page form" * (i in stuck)
        why = why if walk.graph.recording[i] else "has requires_grad=False"
        why = f"{walk.ops[i].name} made" if i in walk.ops else why
        if why:
            raise ValueError(f"trace: train takes leaves, got {walk.names[i]}, which {why}")
    return sorted(set(found))


def _mapped(walk: Walk, mapped: object) -> list[int]:
    if mapped is None:
        return []
    if not isinstance(mapped, Sequence) or isinstance(mapped, str) or len(mapped) != 3:
        raise TypeError(f"trace: map must be (output, leaf, leaf), three Values, got {mapped!r}")
    out, *leaves = _indices(walk, mapped, "map")
    for i in leaves:
        if walk.graph.ops[i] is not None or leaves[0] == leaves[1]:
            raise ValueError(f"trace: map takes two different leaves, got {walk.names[i]} as one")
    return [out, *leaves]


def _indices(walk: Walk, values: Sequence[object], what: str) -> list[int]:
    """Where each of these is in the graph."""
    place = {id(node): i for i, node in enumerate(walk.graph.nodes)}
    for value in values:
        if not isinstance(value, Value):
            raise TypeError(f"trace: {what} takes Values, got {value!r}")
        if id(value) not in place:
            raise ValueError(
                f"trace: {what} takes Values under {walk.result}, got {short(value)}, "
                "to which no path leads"
            )
    return [place[id(value)] for value in values]
