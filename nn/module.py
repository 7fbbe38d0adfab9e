"""Module: what has parameters. Read by layers.py and by whoever writes one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from autograd import Value


class Module:
    """Something with parameters: the Values among its attributes, and those of the modules in them.

    Subclass it, keep Values, modules, or lists, tuples and dicts of them as attributes, and write
    ``__call__``.
    """

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Each parameter with its name: its label, or its attribute's path (``head.w.0``).

        The path too where two labels are the same, as in two layers made apart from each other.
        """
        found: list[tuple[str, Value]] = []
        _values(self, "", set(), found)
        labels = Counter(value.label for _, value in found)
        for path, value in found:
            yield (value.label if value.label and labels[value.label] == 1 else path), value

    def parameters(self) -> list[Value]:
        """The parameters, in the order in which they were made."""
        found: list[tuple[str, Value]] = []
        _values(self, "", set(), found)
        return [value for _, value in found]

    def zero_grad(self) -> None:
        """Forget every parameter's gradient."""
        for parameter in self.parameters():
            parameter.zero_grad()


def _values(holder: Any, path: str, seen: set[int], found: list[tuple[str, Value]]) -> None:
    """Add the leaves in ``holder``, each once: one tied to two places is one parameter."""
    if isinstance(holder, Value):
        if holder.op is None and id(holder) not in seen:  # an op's result is no parameter
            seen.add(id(holder))
            found.append((path, holder))
        return
    if isinstance(holder, Module):
        inside: Any = vars(holder).items()
    elif isinstance(holder, dict):
        inside = holder.items()
    elif isinstance(holder, (list, tuple)):
        inside = enumerate(holder)
    else:
        return
    if id(holder) in seen:  # a module may know the one that it is part of
        return
    seen.add(id(holder))
    for key, part in inside:
        _values(part, f"{path}.{key}" if path else str(key), seen, found)
