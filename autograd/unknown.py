"""Unknown: a Value without a number yet, for recording a function as a graph.

Ops on it record as on any Value; what needs its number raises TracingError with the user's line.
Reads value.py; read by the compiler, derivatives.py and sweep.py.
"""

from __future__ import annotations

import itertools
from typing import Any

from . import ops
from .errors import TracingError, user_line
from .op import Op
from .value import Value, apply, called, noted

_serials = itertools.count(1)


def _recorded(record: Op) -> Any:
    return lambda self, other: record(self, other)


class Unknown(Value):
    """A Value without a number yet: what a function is called with to record it as a program.

    Each has a ``serial``, higher than those made before: a graph of these knows its order of
    recording.
    """

    __slots__ = ("serial",)
    is_unknown = True

    def __init__(self, label: str) -> None:
        self._record = None
        self._a = None
        self._b = None
        self._mark = 0
        self._about = noted(label, True, "")
        self.serial = next(_serials)

    def result(self) -> Unknown:
        """A node for what an op gives from this one, without its record and operands yet."""
        node = Unknown.__new__(type(self))
        node.serial = next(_serials)
        return node

    @property  # type: ignore[misc]
    def data(self) -> float:
        """Not known yet."""
        raise self.refuse("its number was read")

    def refuse(
        self,
        why: str,
        remedy: str = "use autograd.where(condition, a, b) for a choice, autograd.exp and its like "
        "for math's functions",
    ) -> TracingError:
        """The error for what cannot be known yet, with the user's line."""
        return TracingError(
            f"compile: {why} at {user_line()}, got {called(self)}, an unknown value that has no "
            f"number while a function is being recorded; {remedy}"
        )

    # Value's own ways read the number.
    __add__, __mul__ = _recorded(ops.add), _recorded(ops.multiply)
    __eq__, __ne__ = _recorded(ops.equal), _recorded(ops.not_equal)
    __lt__, __le__ = _recorded(ops.less), _recorded(ops.less_equal)
    __gt__, __ge__ = _recorded(ops.greater), _recorded(ops.greater_equal)
    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise self.refuse("a Python condition (if, and, or, while) asked for its truth")

    def __float__(self) -> float:
        raise self.refuse("a plain number was asked for")

    def __int__(self) -> int:
        raise self.refuse("a plain integer was asked for")

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"compile: each argument of a program is one number a row, got .{name} asked of "
            f"{called(self)}; give the function the entries, and use autograd.array([a, b]) in it"
            if not name.startswith("_")
            else name
        )

    def __and__(self, other: Any) -> Any:
        remedy = "use a * b for and, autograd.maximum(a, b) for or, 1 - a for not"
        raise self.refuse("&, | or ~ was used", remedy)

    __rand__ = __or__ = __ror__ = __and__

    def __invert__(self) -> Any:
        return self & self  # which refuses

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __repr__(self) -> str:
        return f"Value(unknown, label={self.label!r})" if self.label else "Value(unknown)"

    def item(self) -> float:
        """Not known yet."""
        raise self.refuse("its number was read")

    def detach(self) -> Value:
        """The same number, through which no gradient passes."""
        return apply(ops.stop_gradient, (self,))
