"""The NumPy back end: one ufunc a node, over blocks of rows that stay in the cache.

Always there. SciPy's erf is used where SciPy is installed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import ops
from ..graph import Graph
from ..op import Arithmetic, Op
from .rewrite import COMPARISONS

Array = NDArray[np.float64]
BLOCK = 16_384  # rows: 128 KB a buffer, so that a handful stay in the second-level cache


# NumPy has our ops under our names; where its formula is a composition, ours is as good.
_UFUNCS = """add subtract multiply divide remainder negative square sqrt cbrt hypot reciprocal
exp exp2 expm1 log log2 log10 log1p logaddexp sin cos tan arcsin arccos arctan arctan2
sinh cosh tanh arcsinh arccosh arctanh abs sign floor ceil trunc maximum minimum"""


def _where(c: Any, a: Any, b: Any, out: Array | None = None) -> Any:
    condition = c if getattr(c, "dtype", None) == np.bool_ else np.not_equal(c, 0.0)
    if out is None:
        return np.where(condition, a, b)
    # By bits: NumPy's own choice takes a branch an element, and 3 times as long where masks vary.
    ones = np.negative(condition.view(np.int8), dtype=np.int64)
    x, y = (np.asarray(branch, np.float64).view(np.int64) for branch in (a, b))
    np.bitwise_xor(np.bitwise_xor(x, y) & ones, y, out=out.view(np.int64))
    return out


def _power(a: Any, b: Any, out: Any = None) -> Any:
    if np.size(b) > 1 or b != 0.5:
        return np.power(a, b, out=out)
    infinite = np.equal(a, -np.inf)  # NumPy takes the square root: nan there, and -0.0 at -0.0
    return np.add(np.where(infinite, np.inf, np.sqrt(a)), 0.0, out=out)


def _comparison(ufunc: Any) -> Callable[..., Any]:
    def compare(a: Any, b: Any, out: Any = None) -> Any:
        return ufunc(a, b, out=out) if out is not None else ufunc(a, b).astype(np.float64)

    return compare


class Arrays(Arithmetic):
    """The arithmetic of float64 arrays."""

    kind = "numpy"

    def __init__(self) -> None:
        self.lines: dict[str, Callable[..., Any]] = {
            "identity": np.positive, "power": _power, "where": _where, "round": np.rint,
            "clip": np.clip,
            "equal": _comparison(np.equal), "greater": _comparison(np.greater),
            "greater_equal": _comparison(np.greater_equal),
            **{name: getattr(np, name) for name in _UFUNCS.split()},
        }  # fmt: skip
        with suppress(ImportError):
            from scipy.special import erf

            self.lines["erf"] = erf


@cache
def arithmetic() -> Arithmetic:
    """The arithmetic, made once: SciPy is looked for when a program is compiled, not at import."""
    return Arrays()


def build(graph: Graph) -> Callable[[Sequence[Array], Sequence[Array]], None]:
    """A function ``(arrays, outputs)`` that fills one output a root.

    An array has as many elements as an output, or one, which holds for every row.
    """
    m, roots = arithmetic(), frozenset(graph.roots)
    # Comparisons that only choose stay booleans: a mask without a second comparison.
    masks = {
        i
        for i, users in enumerate(graph.users)
        if graph.ops[i] in COMPARISONS and i not in roots
        and all(graph.ops[user] is ops.where and slot == 0 for user, slot in users)
    }  # fmt: skip
    dies: list[list[int]] = [[] for _ in graph.ops]  # the buffers that are free after each node
    for i, users in enumerate(graph.users):
        if users and i not in roots and graph.ops[i] is not None:
            dies[users[-1][0]].append(i)
    plan = [(i, record, m.line(record)) for i, record in enumerate(graph.ops) if record]

    def kernel(arrays: Sequence[Array], outputs: Sequence[Array]) -> None:
        rows = len(outputs[0])
        numbers: list[Any] = list(graph.values)
        varies = [False] * len(graph)
        for i, array in zip(graph.inputs, arrays, strict=True):
            varies[i] = len(array) == rows
            numbers[i] = array
        varying = []
        for i, record, line in plan:
            varies[i] = any(type(x) is int and varies[x] for x in graph.operands[i])
            if varies[i]:
                varying.append((i, record, line))
            else:  # the same in every row: once
                numbers[i] = _call(record, line, graph.at(i, numbers), None)
        # Computed in place; a root that is an input, or the same in all rows, is copied at the end.
        own = {i: y for i, y in zip(graph.roots, outputs) if varies[i] and graph.ops[i]}
        sliced = {**{i: numbers[i] for i in graph.inputs if varies[i]}, **own}
        local = list(numbers)
        for start in range(0, rows, BLOCK):
            size = min(BLOCK, rows - start)
            if start == 0 or size < BLOCK:
                free: dict[type, list[Any]] = {np.float64: [], np.bool_: []}
            for i, array in sliced.items():
                local[i] = array[start : start + size]
            for i, record, line in varying:
                at = graph.at(i, local)
                kind = np.bool_ if i in masks else np.float64
                for x in dies[i]:
                    if varies[x]:
                        free[local[x].dtype.type].append(local[x])
                if i in own:
                    out = local[i]
                else:
                    out = free[kind].pop() if free[kind] else np.empty(size, kind)
                local[i] = _call(record, line, at, out)
        for i, output in zip(graph.roots, outputs, strict=True):
            result = own.get(i, numbers[i])
            if result is not output:
                output[:] = result

    def quiet(arrays: Sequence[Array], outputs: Sequence[Array]) -> None:
        with np.errstate(all="ignore"):
            kernel(arrays, outputs)

    return quiet


def _call(record: Op, line: Callable[..., Any] | None, at: Sequence[Any], out: Any) -> Any:
    """The op of these operands: in ``out``, if there is one."""
    assert line is not None, record
    if out is not None and not record.lines:
        return line(*at, out=out)
    result = np.asarray(line(*at), dtype=np.float64)
    if out is None:
        return result
    out[...] = result  # which may be an operand itself
    return out
