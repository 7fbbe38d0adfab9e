"""Arguments and results of any form: nested lists and tuples of numbers, taken apart and put back.

Reads value.py and numbers.py; read by derivatives.py and whoever takes arguments.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

from .numbers import real
from .value import Value


def leaves(tree: Any, where: str) -> list[Any]:
    """The numbers of a number or of nested lists and tuples, left to right."""
    found: list[Any] = []
    if isinstance(tree, (list, tuple)):
        for branch in tree:  # floats most often
            found += (branch,) if type(branch) is float else leaves(branch, where)
    elif isinstance(tree, Value):
        found.append(tree)
    else:
        found.append(real(tree, where, "numbers, Values, or lists and tuples of them are required"))
    return found


def like(tree: Any, numbers: Iterator[Any]) -> Any:
    """``tree`` with its numbers replaced by those of an iterator."""
    if not isinstance(tree, (list, tuple)):
        return next(numbers)
    branches = [next(numbers) if type(x) is float else like(x, numbers) for x in tree]
    if isinstance(tree, list):
        return branches
    return type(tree)(*branches) if hasattr(tree, "_fields") else tuple(branches)


def chosen(argnums: int | tuple[int, ...], args: tuple[Any, ...], name: str) -> list[int]:
    """The places of the arguments that ``argnums`` names."""
    try:
        wanted = list(argnums) if isinstance(argnums, tuple) else [operator.index(argnums)]
    except TypeError:
        raise TypeError(
            f"{name}: argnums must be an int or a tuple of ints, got {argnums!r}"
        ) from None
    for n in wanted:
        if not -len(args) <= n < len(args):
            raise IndexError(
                f"{name}: argnums must be below {len(args)}, the arguments given, got {n}"
            )
    places = [n % len(args) for n in wanted]
    if len(set(places)) < len(places):
        raise ValueError(f"{name}: argnums must name each argument once, got {argnums!r}")
    return places
