"""Which entries of a matrix of slopes can be other than 0, and which columns share a sweep.

Reads edges.py; read by derivatives.py. SciPy is imported where a matrix is asked for.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from .edges import Edges


def matrix(
    edges: Edges, sources: Sequence[int], targets: Sequence[int | None], mode: str, name: str
) -> Any:
    """A scipy.sparse array: a row for each target, a column for each source.

    "forward" sweeps from columns that share no row, "reverse" from rows that share no column, each
    of them as far as it reaches; "auto" takes the direction of fewer sweeps.
    """
    try:
        from scipy.sparse import csr_array
    except ImportError:
        raise ImportError(
            f"{name}: sparse=True requires SciPy 1.8 or newer, and it is not installed; "
            "pip install --upgrade scipy"
        ) from None
    columns_of = reached(edges, sources, targets)
    rows_of: list[list[int]] = [[] for _ in sources]
    for row, columns in enumerate(columns_of):
        for column in columns:
            rows_of[column].append(row)
    forward = [] if mode == "reverse" else colours(rows_of, columns_of)
    reverse = [] if mode == "forward" else colours(columns_of, rows_of)
    if mode == "forward" or (mode == "auto" and max(forward, default=0) <= max(reverse, default=0)):
        shared = forward
        swept = edges.swept(_seeds(sources, shared), targets)
        data = [swept[shared[k]][row] for row, columns in enumerate(columns_of) for k in columns]
    else:
        shared = reverse
        swept = edges.turned().swept(_seeds(targets, shared), sources)
        data = [swept[shared[row]][k] for row, columns in enumerate(columns_of) for k in columns]
    ends = list(itertools.accumulate(map(len, columns_of), initial=0))
    indices = [k for columns in columns_of for k in columns]
    return csr_array((data, indices, ends), shape=(len(targets), len(sources)))


def reached(
    edges: Edges, sources: Sequence[int], targets: Sequence[int | None]
) -> list[list[int]]:
    """Of each target the sources from which a way leads there, in order.

    Of a banded matrix each place has few, whatever its size: the time is linear in it.
    """
    nothing: frozenset[int] = frozenset()
    found = [nothing] * edges.size
    for k, i in enumerate(sources):
        found[i] = frozenset((k,))
    for start, end, _ in zip(*edges.leading_to(targets).columns):
        new = found[start]
        if not new <= found[end]:
            found[end] = found[end] | new if found[end] else new
    return [[] if i is None else sorted(found[i]) for i in targets]


def colours(groups_of: Sequence[Sequence[int]], items_of: Sequence[Sequence[int]]) -> list[int]:
    """Of each item a colour that no other has in any of its groups; few, if not the fewest."""
    if max(map(len, items_of), default=0) == len(groups_of):  # all have to differ: a dense row
        return list(range(len(groups_of)))
    used = [0] * len(items_of)  # of each group its colours, as bits
    found = []
    for groups in groups_of:
        taken = 0
        for group in groups:
            taken |= used[group]
        bit = ~taken & (taken + 1)  # the lowest that is free
        for group in groups:
            used[group] |= bit
        found.append(bit.bit_length() - 1)
    return found


def _seeds(places: Sequence[int | None], shared: Sequence[int]) -> list[dict[int, float]]:
    """One a colour: 1 in each place that has it; two that are one node have a row in common."""
    seeds: list[dict[int, float]] = [{} for _ in range(max(shared, default=-1) + 1)]
    for i, colour in zip(places, shared):
        if i is not None:
            seeds[colour][i] = 1.0
    return seeds
