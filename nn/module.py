"""Module: what has parameters. Read by layers.py and by whoever writes one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from autograd import Value


class Module:
    """Something with parameters: the Values among its attributes, and those of the modules in them.

    Subclass it, keep Values, modules, or lists, tuples and dicts of them as attributes, and write
    ``__call__``.
    """

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Each parameter with its name: its label, or its attribute's path (``head.w.0``)."""
        seen: set[int] = set()
        for path, value in _values(self, ""):
            if id(value) not in seen:  # one that is tied to two places is one parameter
                seen.add(id(value))
                yield value.label or path, value

    def parameters(self) -> list[Value]:
        """The parameters, in the order in which they were made."""
        return [value for _, value in self.named_parameters()]

    def zero_grad(self) -> None:
        """Forget every parameter's gradient."""
        for parameter in self.parameters():
            parameter.zero_grad()


def _values(holder: Any, path: str) -> Iterator[tuple[str, Value]]:
    if isinstance(holder, Value):
        yield path, holder
        return
    if isinstance(holder, Module):
        inside: Any = vars(holder).items()
    elif isinstance(holder, dict):
        inside = holder.items()
    elif isinstance(holder, (list, tuple)):
        inside = enumerate(holder)
    else:
        return
    for key, part in inside:
        yield from _values(part, f"{path}.{key}" if path else str(key))
