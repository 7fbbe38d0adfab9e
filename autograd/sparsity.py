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
    """A scipy.sparse matrix: a row for each target, a column for each source.

    "forward" sweeps from columns that share no row, "reverse" from rows that share no column, each
    of them as far as it reaches; "auto" takes the direction in which fewer can collide.
    """
    try:
        from scipy.sparse import csr_matrix
    except ImportError:
        raise ImportError(
            f"{name}: sparse=True requires SciPy, and it is not installed; pip install scipy"
        ) from None
    columns_of = reached(edges, sources, targets)
    rows_of: list[list[int]] = [[] for _ in sources]
    for row, columns in enumerate(columns_of):
        for column in columns:
            rows_of[column].append(row)
    widest, tallest = (max(map(len, lines), default=0) for lines in (columns_of, rows_of))
    if mode == "forward" or (mode == "auto" and widest <= tallest):
        shared = colours(rows_of, len(targets))
        swept = edges.swept(_seeds(sources, shared), targets)
        data = [swept[shared[k]][row] for row, columns in enumerate(columns_of) for k in columns]
    else:
        shared = colours(columns_of, len(sources))
        swept = edges.turned().swept(_seeds(targets, shared), sources)
        data = [swept[shared[row]][k] for row, columns in enumerate(columns_of) for k in columns]
    ends = list(itertools.accumulate(map(len, columns_of), initial=0))
    indices = [k for columns in columns_of for k in columns]
    return csr_matrix((data, indices, ends), shape=(len(targets), len(sources)))


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


def colours(groups_of: Sequence[Sequence[int]], count: int) -> list[int]:
    """Of each item a colour that no other has in any of its groups; few, if not the fewest."""
    used: list[set[int]] = [set() for _ in range(count)]
    found = []
    for groups in groups_of:
        taken = set().union(*[used[group] for group in groups])
        colour = next(c for c in itertools.count() if c not in taken)
        for group in groups:
            used[group].add(colour)
        found.append(colour)
    return found


def _seeds(places: Sequence[int | None], shared: Sequence[int]) -> list[dict[int, float]]:
    """One a colour: 1 in each place that has it; two that are one node have a row in common."""
    seeds: list[dict[int, float]] = [{} for _ in range(max(shared, default=-1) + 1)]
    for i, colour in zip(places, shared):
        if i is not None:
            seeds[colour][i] = 1.0
    return seeds
