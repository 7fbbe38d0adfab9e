"""Arrays of Values: what NumPy's functions do with them.

Loaded at first use, with NumPy. Reads ops.py, value.py and functions.py; read by tree.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from .numbers import real
from .value import Value


class Array(np.ndarray[Any, Any]):
    """A NumPy array whose entries are Values, or numbers where nothing records."""


def wrapped(numbers: Sequence[Any], shape: tuple[int, ...]) -> Array:
    """An Array of that shape, of Values and floats in C order."""
    flat = np.empty(len(numbers), dtype=object)
    flat[:] = numbers
    return flat.reshape(shape).view(Array)


def entries(x: Any, who: str) -> tuple[list[Any], tuple[int, ...]]:
    """The Values and floats of anything array-like, in C order, and its shape.

    Raises:
        TypeError: texts, complex numbers, None, a masked array.
        ValueError: rows of different lengths.
    """
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(
            f"{who}: real numbers are required, got a masked array, whose mask would be lost; use "
            "its .filled(0.0), or .compressed() for what is not masked"
        )
    try:
        given = np.asarray(x)
    except ValueError as error:
        raise ValueError(
            f"{who}: rows of one length are required, got {type(x).__name__} ({error}); pad them, "
            "or give each its own array"
        ) from None
    if given.dtype.kind in "fiub":
        return given.astype(np.float64).ravel().tolist(), given.shape
    if given.dtype.kind != "O":
        raise TypeError(
            f"{who}: real numbers are required, got dtype {given.dtype}; convert it to float64"
        )
    flat = np.asarray(given).reshape(-1).tolist()
    return [v if isinstance(v, Value) else real(v, who) for v in flat], given.shape


def array(data: Any, label: str = "", requires_grad: bool = True) -> Array:
    """An Array of new leaves, each labeled with its place: ``x[0]``, ``x[1]``; Values as they are.

    >>> x = array([1.0, 2.0], "x")
    >>> x[1].label
    'x[1]'
    """
    numbers, shape = entries(data, "array")
    places = itertools.product(*map(range, shape))
    leaves = [
        x if isinstance(x, Value)
        else Value(x, f"{label}[{', '.join(map(str, at))}]" if label else "", requires_grad)
        for x, at in zip(numbers, places)
    ]  # fmt: skip
    return wrapped(leaves, shape)
