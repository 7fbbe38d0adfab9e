"""Arguments and results of any form: arrays, lists, dicts and dataclasses of numbers, taken apart.

Reads value.py, numbers.py and arrays.py, the last where there is an array; read by derivatives.py
and whoever takes arguments. Recursion is as deep as the containers are nested.
"""

from __future__ import annotations

import copy
import dataclasses
import numbers as kinds
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from .numbers import plural, real
from .value import Value

Shape = tuple[int, ...] | None  # None for a number
_REQUIRED = "numbers, arrays, or lists, tuples, dicts and dataclasses of them are required"


class _Block:
    """Where a number or an array stood in its containers: its place among all numbers."""

    def __init__(self, found: list[Any], numbers: list[Any], shape: Shape) -> None:
        start = len(found)
        found += numbers
        self.place = slice(start, len(found))
        self.shape = shape

    def __str__(self) -> str:
        return f"an array of shape {self.shape}" if self.shape else "a number"


class Form:
    """What numbers stood in: containers, and in these *blocks*, each a number or an array."""

    def __init__(self, tree: Any, size: int) -> None:
        self.tree = tree
        self.size = size

    @property
    def is_number(self) -> bool:
        return isinstance(self.tree, _Block) and not self.tree.shape

    def filled(self, numbers: Sequence[Any]) -> Any:
        """These containers and blocks, with other numbers."""
        return _mapped(
            self.tree, lambda x: _filled(numbers[x.place], x.shape) if isinstance(x, _Block) else x
        )

    def crossed(self, inner: Form, rows: Sequence[Sequence[Any]]) -> Any:
        """``inner``'s containers in each block's place: of a matrix, one block a pair of both's."""

        def crossing(block: _Block, part: _Block) -> Any:
            numbers = [x for row in rows[block.place] for x in row[part.place]]
            shape = block.shape
            return _filled(numbers, shape if part.shape is None else (shape or ()) + part.shape)

        return _mapped(
            self.tree, lambda block: _mapped(inner.tree, lambda part: crossing(block, part))
        )

    def numbers_of(self, tree: Any, where: str) -> list[Any]:
        """The numbers of another tree of this form; an array may come as lists."""
        found: list[Any] = []
        got: Form | _Block
        for block, branch in _aligned(self.tree, tree, where):
            if block.shape is None:
                _, got = taken(branch, where, found=found)
            else:
                got = _Block(found, *_entries(branch, where))
            if str(got) != str(block):
                raise ValueError(
                    f"{where}: {block} is required, got {got}; give each the shape of what it "
                    "belongs to"
                )
        return found

    def __str__(self) -> str:
        if isinstance(self.tree, _Block):
            return str(self.tree)
        return f"a {type(self.tree).__name__} of {plural(self.size, 'number')}"


def taken(
    tree: Any, where: str, required: str = _REQUIRED, found: list[Any] | None = None
) -> tuple[list[Any], Form]:
    """The numbers of a tree, left to right, Values and floats, after those ``found``; its form."""
    numbers: list[Any] = [] if found is None else found
    before = len(numbers)

    def block(x: Any) -> _Block:
        if isinstance(x, Value):
            return _Block(numbers, [x], None)
        if hasattr(x, "__array__") and not isinstance(x, kinds.Real):
            return _Block(numbers, *_entries(x, where))
        remedy = _remedy(x, x is tree) if required is _REQUIRED else ""
        return _Block(numbers, [real(x, where, required, remedy)], None)

    outline = _mapped(tree, block)
    return numbers, Form(outline, len(numbers) - before)


def _remedy(x: Any, alone: bool) -> str:
    """What to do with an argument, or a part of one, that is no number: nothing if "" is said."""
    if isinstance(x, Iterable) and not isinstance(x, (str, bytes)):
        return "use list(...) of it"
    if alone and x is not None:
        return ""
    where = "argnums" if alone else "the container"
    return f"leave it out of {where}, or let the function close over it"


def values_of(tree: Any) -> tuple[list[Any], Form]:
    """The Values in a tree of anything, and a form that keeps all else as it is."""
    numbers: list[Any] = []

    def block(x: Any) -> Any:
        array = getattr(getattr(x, "dtype", None), "kind", "") == "O"
        part = list(getattr(x, "flat", x)) if array else [x]  # a pandas column has no flat
        known = any(isinstance(one, Value) for one in part)
        return _Block(numbers, part, x.shape if array else None) if known else x

    outline = _mapped(tree, block)
    return numbers, Form(outline, len(numbers))


def _entries(x: Any, where: str) -> tuple[list[Any], tuple[int, ...]]:
    from .arrays import entries  # with NumPy

    return entries(x, where)


def _filled(numbers: Sequence[Any], shape: Shape) -> Any:
    """A number, a float64 array, or an Array if one of them is a Value: then all are."""
    if shape is None:
        return numbers[0]
    import numpy as np

    from .arrays import wrapped

    if not any(isinstance(x, Value) for x in numbers):
        return np.array(numbers, dtype=np.float64).reshape(shape)
    values = [x if isinstance(x, Value) else Value(x, requires_grad=False) for x in numbers]
    return wrapped(values, shape)


# ------------------------------------------------------------------ containers
def _branches(tree: Any) -> list[Any] | None:
    """What a container holds; None of anything else."""
    if isinstance(tree, (list, tuple)):
        return list(tree)
    if isinstance(tree, dict):
        return list(tree.values())
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        return [getattr(tree, field.name) for field in dataclasses.fields(tree)]
    return None


def _with(tree: Any, branches: list[Any]) -> Any:
    """A container as this one, that holds others."""
    if isinstance(tree, list):
        return branches
    if isinstance(tree, tuple):
        return tree._make(branches) if hasattr(tree, "_make") else tuple(branches)
    if isinstance(tree, dict):
        new = copy.copy(tree)
        for key, branch in zip(tree, branches):
            new[key] = branch  # a Counter's update would add
        return new
    # Without what was computed of the fields before, which would pass as a constant.
    new = object.__new__(type(tree))
    for field, branch in zip(dataclasses.fields(tree), branches):
        object.__setattr__(new, field.name, branch)  # frozen or not
    return new


def _mapped(tree: Any, f: Callable[[Any], Any]) -> Any:
    """These containers, with what ``f`` makes of each that is none."""
    branches = _branches(tree)
    return f(tree) if branches is None else _with(tree, [_mapped(x, f) for x in branches])


def _aligned(form: Any, tree: Any, where: str) -> Iterator[tuple[_Block, Any]]:
    """A form's blocks, and what stands there in ``tree``."""
    if isinstance(form, _Block):
        yield form, tree
        return
    parts, own = _branches(tree), _branches(form) or []
    if parts is not None and isinstance(form, dict) and isinstance(tree, dict):
        parts = [tree[key] for key in form] if tree.keys() == form.keys() else None
    if parts is None or len(parts) != len(own) or type(_with(tree, parts)) is not type(form):
        raise ValueError(
            f"{where}: a {type(form).__name__} of {len(own)} is required, got {tree!r}; they must "
            "be nested as what they belong to"
        )
    for one, part in zip(own, parts):
        yield from _aligned(one, part, where)


def chosen(
    argnums: int | tuple[int, ...], args: Sequence[Any], name: str, others: Mapping[str, Any] = {}
) -> list[int]:
    """The places of the arguments that ``argnums`` names."""
    try:
        several = argnums if isinstance(argnums, tuple) else (argnums,)
        wanted = [operator.index(n) for n in several]
    except TypeError:
        raise TypeError(
            f"{name}: argnums must be an int or a tuple of ints, got {argnums!r}; use 0, or (0, 1)"
        ) from None
    for n in wanted:
        if -len(args) <= n < len(args):
            continue
        if others:
            raise TypeError(
                f"{name}: the argument that argnums={n} names is required by position, got "
                f"{len(args)} by position and {', '.join(others)} by keyword; leave out its name"
            )
        raise IndexError(f"{name}: argnums must be below {len(args)}, the arguments given, got {n}")
    places = [n % len(args) for n in wanted]
    if len(set(places)) < len(places):
        raise ValueError(f"{name}: argnums must name each argument once, got {argnums!r}")
    return places
