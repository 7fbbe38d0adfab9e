"""What mypyc is told beyond the types, and what it leaves out of a compiled class.

Read by the files that are compiled; not compiled itself.
"""

from __future__ import annotations

import os
from types import GetSetDescriptorType
from typing import TYPE_CHECKING, Any, TypeVar

_T = TypeVar("_T")

if TYPE_CHECKING:
    from mypy_extensions import FlexibleAlias
    from mypy_extensions import i64 as i64
    from mypy_extensions import mypyc_attr as mypyc_attr

    MYPYC = False  # pyproject.toml says so to mypy, setup.py the contrary to mypyc
    if not MYPYC:
        Mostly = FlexibleAlias[_T, _T]
    else:  # what may be an array: compiled code must not look, as it would at any result
        Mostly = FlexibleAlias[_T, Any]
else:
    Mostly = None
    i64 = int

    def mypyc_attr(*_: str, **attributes: Any) -> Any:
        return lambda kind: kind


def amend(kind: type) -> None:
    """Give a compiled class its texts for ``help`` and what else mypyc leaves out."""
    properties = {name for name, x in vars(kind).items() if isinstance(x, GetSetDescriptorType)}

    def delete(self: Any, name: str) -> None:
        if name in properties:  # mypyc's setters would take no value for one, and crash
            raise AttributeError(
                f"property {name!r} of {type(self).__name__!r} object has no deleter"
            )
        object.__delattr__(self, name)

    if hasattr(kind, "__index__"):
        kind.__index__ = kind.__index__  # the method alone does not fill the type's slot
    kind.__delattr__ = delete  # type: ignore
    kind.__doc__ = _Texts()  # type: ignore


class _Texts:
    """The docstrings of a compiled class and its members, read from its file when asked for."""

    def __get__(self, node: Any, kind: type) -> str:
        import ast

        path = os.path.join(os.path.dirname(__file__), kind.__module__.rpartition(".")[2] + ".py")
        with open(path, encoding="utf-8") as file:
            parts: list[Any] = ast.parse(file.read()).body
        (found,) = [x for x in parts if isinstance(x, ast.ClassDef) and x.name == kind.__name__]
        texts = [ast.get_docstring(found) or ""]
        for member in found.body:
            if isinstance(member, ast.FunctionDef) and ast.get_docstring(member):
                texts.append(f"{member.name}: {ast.get_docstring(member)}")
        return "\n\n".join(texts)
