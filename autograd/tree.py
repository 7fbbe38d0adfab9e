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

from .modes import CONSTANT
from .numbers import plural, real
from .value import Value

Shape = tuple[int, ...] | None  # of a block: None for a number
_BLOCK = object()  # where one stood in its containers
_REQUIRED = "numbers, arrays, or lists, tuples, dicts and dataclasses of them are required"


class Form:
    """What numbers stood in: containers, and in these *blocks*, each a number or an array."""

    def __init__(self, tree: Any, shapes: Sequence[Shape]) -> None:
        self.tree = tree
        self.shapes = shapes
        stop, self.places = 0, list[tuple[slice, Shape]]()
        for shape in shapes:
            start, stop = stop, stop + _size(shape)
            self.places.append((slice(start, stop), shape))

    @property
    def is_number(self) -> bool:
        return self.tree is _BLOCK and not self.shapes[0]

    def built(self, objects: Iterable[Any]) -> Any:
        """These containers, with one object a block."""
        return _built(self.tree, iter(objects))

    def filled(self, numbers: Sequence[Any]) -> Any:
        """These containers and blocks, with other numbers."""
        return self.built(_block(numbers[place], shape) for place, shape in self.places)

    def crossed(self, inner: Form, rows: Sequence[Sequence[Any]]) -> Any:
        """``inner``'s containers in each block's place: of a matrix, one block a pair of both's."""
        return self.built(
            inner.built(
                _block(
                    [x for row in rows[place] for x in row[within]],
                    shape if part is None else (shape or ()) + part,
                )
                for within, part in inner.places
            )
            for place, shape in self.places
        )

    def numbers_of(self, tree: Any, where: str) -> list[Any]:
        """The numbers of another tree of this form; an array may come as lists."""
        found: list[Any] = []
        for branch, shape in zip(_aligned(self.tree, tree, where), self.shapes):
            wanted = Form(_BLOCK, [shape])
            if shape is None:
                part, form = taken(branch, where)
            else:
                part, got = _entries(branch, where)
                form = Form(_BLOCK, [got])
            if str(form) != str(wanted):
                raise ValueError(
                    f"{where}: {wanted} is required, got {form}; give each the shape of what it "
                    "belongs to"
                )
            found += part
        return found

    def __str__(self) -> str:
        if self.tree is _BLOCK:
            return f"an array of shape {self.shapes[0]}" if self.shapes[0] else "a number"
        return f"a {type(self.tree).__name__} of {plural(sum(map(_size, self.shapes)), 'number')}"


def taken(tree: Any, where: str, required: str = _REQUIRED) -> tuple[list[Any], Form]:
    """The numbers of a tree, left to right, Values and floats; and its form."""

    def leaf(x: Any) -> tuple[list[Any], Shape]:
        if isinstance(x, Value):
            return [x], None
        if hasattr(x, "__array__") and not isinstance(x, kinds.Real):
            return _entries(x, where)
        remedy = "leave it out of the container" if x is None and required is _REQUIRED else ""
        return [real(x, where, required, remedy)], None

    return _taken(tree, leaf)


def values_of(tree: Any) -> tuple[list[Any], Form]:
    """The Values in a tree of anything, and a form that keeps all else as it is."""

    def leaf(x: Any) -> tuple[list[Any], Shape] | None:
        array = getattr(getattr(x, "dtype", None), "kind", "") == "O" and hasattr(x, "flat")
        part = list(x.flat) if array else [x]
        known = any(isinstance(one, Value) for one in part)
        return (part, x.shape if array else None) if known else None

    return _taken(tree, leaf)


_Leaf = Callable[[Any], tuple[list[Any], Shape] | None]


def _taken(tree: Any, leaf: _Leaf) -> tuple[list[Any], Form]:
    """The numbers that ``leaf`` finds in what is no container, with a shape; None: left there."""
    found: list[Any] = []
    shapes: list[Shape] = []
    return found, Form(_outline(tree, leaf, found, shapes), shapes)


def _outline(tree: Any, leaf: _Leaf, found: list[Any], shapes: list[Shape]) -> Any:
    """The containers; what stood in them is added. (A closure that called itself were a cycle.)"""
    branches = _branches(tree)
    if branches is not None:
        return _with(tree, [_outline(branch, leaf, found, shapes) for branch in branches])
    part = leaf(tree)
    if part is None:
        return tree
    found.extend(part[0])
    shapes.append(part[1])
    return _BLOCK


def joined(forms: Sequence[Form]) -> Form:
    """The form of a tuple of such."""
    shapes = [shape for form in forms for shape in form.shapes]
    return Form(tuple([form.tree for form in forms]), shapes)


def _entries(x: Any, where: str) -> tuple[list[Any], tuple[int, ...]]:
    from .arrays import entries  # with NumPy

    return entries(x, where)


def _size(shape: Shape) -> int:
    size = 1
    for n in shape or ():
        size *= n
    return size


def _block(numbers: Sequence[Any], shape: Shape) -> Any:
    """A number, a float64 array, or an Array if one of them is a Value: then all are."""
    if shape is None:
        return numbers[0]
    import numpy as np

    from .arrays import wrapped

    if not any(isinstance(x, Value) for x in numbers):
        return np.array(numbers, dtype=np.float64).reshape(shape)
    return wrapped([x if isinstance(x, Value) else constant(x) for x in numbers], shape)


def constant(x: float) -> Value:
    """A number as a Value that nobody differentiates in."""
    value = Value(x)
    value._about = CONSTANT
    return value


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
    new = copy.copy(tree)
    if isinstance(tree, dict):
        new.update(zip(tree, branches))
        return new
    for field, branch in zip(dataclasses.fields(tree), branches):
        object.__setattr__(new, field.name, branch)  # frozen or not
    return new


def _built(tree: Any, objects: Iterator[Any]) -> Any:
    if tree is _BLOCK:
        return next(objects)
    branches = _branches(tree)
    return tree if branches is None else _with(tree, [_built(x, objects) for x in branches])


def _aligned(form: Any, tree: Any, where: str) -> Iterator[Any]:
    """What stands in ``tree`` where a form has its blocks."""
    if form is _BLOCK:
        yield tree
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
        wanted = list(argnums) if isinstance(argnums, tuple) else [operator.index(argnums)]
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
