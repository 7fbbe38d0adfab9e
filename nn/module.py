"""Module: what has parameters. Read by layers.py and by whoever writes one."""

from __future__ import annotations

import difflib
import functools
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Set, ValuesView
from types import MappingProxyType, ModuleType
from typing import Any

from autograd import Value

_PLAIN = frozenset({float, int, bool, complex, str, bytes, type(None)})


def nearest(name: str, known: Iterable[str]) -> str:
    """A remedy for a name that is not known: the nearest that is, or all of them."""
    names = list(known)
    close = difflib.get_close_matches(str(name), names, 1)
    return f"did you mean {close[0]!r}?" if close else f"use one of {', '.join(names)}"


class Module:
    """Something with parameters: the Values among its attributes, and those of the modules in them.

    Subclass it, keep Values, modules, or lists, tuples, dicts, NumPy's object arrays, dataclasses
    and objects with ``__slots__`` of them as attributes, and write ``__call__``.
    """

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Each parameter with its name: its label, or its attribute's path (``head.w.0``).

        The path too where two labels are the same, as in two layers made apart from each other.

        Raises:
            TypeError: a Value that records is kept where it cannot be found: in a set, or in an
                object of another kind.
        """
        found = _search(self)
        labels = Counter(value.label for _, value in found)
        for path, value in found:
            yield (value.label if value.label and labels[value.label] == 1 else path), value

    def parameters(self) -> list[Value]:
        """The parameters, in the order in which they were made."""
        return [value for _, value in _search(self)]

    def zero_grad(self) -> None:
        """Forget every parameter's gradient."""
        for parameter in self.parameters():
            parameter.zero_grad()


def _search(module: Module) -> list[tuple[str, Value]]:
    """The leaves in ``module``, each once: one tied to two places is one parameter."""
    found: list[tuple[str, Value]] = []
    seen: dict[int, Any] = {}
    closed: list[tuple[str, Any]] = []
    _values(module, "", seen, found, closed)
    for path, holder in closed:
        hidden: list[tuple[str, Value]] = []
        for key, part in _inside(holder)[0]:
            _values(part, f"{path}.{key}", seen, hidden, [])
        for name, value in hidden:
            if value.requires_grad:
                raise TypeError(
                    f"{type(module).__name__}: parameters must be in modules, lists, tuples, "
                    "dicts, object arrays, dataclasses or slots, got "
                    f"{value.label or name} in {path}, a {type(holder).__name__}; "
                    "use a list or an nn.Module"
                )
    return found


def _values(holder: Any, path: str, seen: Any, found: list[Any], closed: list[Any]) -> None:
    """Add the leaves in ``holder`` to ``found``, and to ``closed`` what is not searched."""
    if type(holder) in _PLAIN or id(holder) in seen:  # a module may know the one it is part of
        return
    seen[id(holder)] = holder  # kept, so that no other object gets its id
    if isinstance(holder, Value):
        if holder.op is None:  # an op's result is no parameter
            found.append((path, holder))
        return
    inside, searched = _inside(holder)
    if not searched:
        closed.append((path, holder))
        return
    for key, part in inside:
        _values(part, f"{path}.{key}" if path else str(key), seen, found, closed)


def _inside(holder: Any) -> tuple[Iterable[tuple[Any, Any]], bool]:
    """What ``holder`` holds, by key or attribute, and whether parameters may be among it.

    Not in a set, which has no order, nor in an object that does not say what it has: an optimizer
    or a logger may hold another model's.
    """
    if isinstance(holder, (list, tuple, deque)):
        return enumerate(holder), True
    if isinstance(holder, (dict, MappingProxyType)):
        return holder.items(), True
    if isinstance(holder, (Set, ValuesView)):
        return enumerate(holder), False
    if getattr(getattr(holder, "dtype", None), "hasobject", 0) is True:  # NumPy's
        inside = holder.tolist()
        return enumerate(inside if isinstance(inside, list) else [inside]), True
    kind: Any = type(holder)
    slots = _slots(kind)
    if slots is None:
        return (), True
    attributes = {name: getattr(holder, name) for name in slots if hasattr(holder, name)}
    attributes.update(getattr(holder, "__dict__", ()))
    declared = slots or isinstance(holder, Module) or hasattr(holder, "__dataclass_fields__")
    return attributes.items(), bool(declared)


@functools.lru_cache(256)
def _slots(kind: Any) -> tuple[str, ...] | None:
    """The names in ``__slots__``, a base's before; None for what is never looked into."""
    if issubclass(kind, (type, ModuleType)) or kind.__module__.partition(".")[0] == "autograd":
        return None
    found = []
    for base in reversed(kind.__mro__):
        names = vars(base).get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            private = name.startswith("__")  # Python renames what is private to a class
            found.append(f"_{base.__name__.lstrip('_')}{name}" if private else name)
    return tuple(found)
