"""Value: the node that users hold, and the operators that record.

A node keeps its number, its op's record and its operands in slots, with no container on a unary or
binary one: what decides eager speed is how much the cyclic collector has to look at. Reads op.py,
ops.py, ieee.py, modes.py, numbers.py and errors.py; read by every other file.

The mark of an op's result is the time at which it was computed, on a clock that goes on with every
write of a leaf: a pass sees by it which leaf was written since. It is negative where there is a
gradient too; below -BUSY it is that of a pass under way (see sweep.py). A leaf's mark is 0 or -1,
and the time of its last write stands where an op's result has its operand.
"""

from __future__ import annotations

import math
import numbers
import opcode
import sys
import sysconfig
import warnings
from collections.abc import Sequence
from typing import Any, ClassVar, Final, SupportsFloat, TypeAlias

from . import ops
from .errors import DomainError, place, user_frame
from .ieee import number, outcome
from .modes import NOTHING_NOTED, SLOW, About, active, current, detects
from .native import Mostly, amend, i64, mypyc_attr
from .numbers import real
from .op import Op

# What else comes is refused in our own words: compiled code may not look first. Hence `| Any` too.
Number: TypeAlias = SupportsFloat
Operand: TypeAlias = SupportsFloat

compiled: Final = not __file__.endswith(".py")
_ADD: Final = ops.add
_SUBTRACT: Final = ops.subtract
_MULTIPLY: Final = ops.multiply
_DIVIDE: Final = ops.divide
_POWER: Final = ops.power
_DOT: Final = ops.dot
_UNNOTED: Final = object()  # in place of the label of an op's result
_COMPARE: Final = opcode.opmap["COMPARE_OP"]
_LIBRARIES: Final = tuple(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))
BUSY: Final = 1 << 29  # ints that fit a digit of Python's are compared faster


class Clock:
    """``now`` is 2 more after each write of a leaf; ``written`` is when the last one was."""

    def __init__(self) -> None:
        self.now: i64 = 2
        self.written: i64 = 0


clock: Final = Clock()
above: Final[dict[str, Any]] = {}  # what the floors above do with a Value: each adds its part


@mypyc_attr(allow_interpreted_subclasses=True, acyclic=True)  # see trashcan.h
class Value:
    """A number that remembers what it was made from.

    Args:
        data: an int, a float or a NumPy scalar; kept as a float.
        label: its name in drawings, steps and errors.
        requires_grad: whether a backward pass gives it a gradient.
    Raises:
        TypeError: ``data`` is not one real number.

    >>> x, w = Value(2.0, "x"), Value(-0.3, "w")
    >>> y = (w * x).tanh()
    >>> y.backward()
    >>> w.grad == 2.0 * (1.0 - y.data ** 2)
    True
    """

    __slots__ = ("_a", "_about", "_b", "_grad", "_mark", "_number", "_record")
    is_unknown: ClassVar[bool] = False  # unknown.py's Values have no number yet

    _mark: i64  # see above
    _a: Any  # the operand of slot 0; all of them in a tuple, unless there are one or two
    _about: About  # unset on most results: what is not stored costs no time, nor the collector's
    _b: Any  # that of slot 1; True if numbers are among those in a tuple
    _number: float  # unset while unknown
    _grad: float  # unset until there is one
    _record: Op | None  # None: a leaf

    def __init__(
        self, data: Number, label: str | Any = "", requires_grad: bool | Any = True
    ) -> None:
        self._number = data if type(data) is float else real(data, "Value")
        self._record = None
        self._a = None
        self._b = None
        self._mark = 0
        if label is _UNNOTED:
            return
        plain = label == "" and requires_grad is True
        self._about = NOTHING_NOTED if plain else noted(label, requires_grad, "")

    # -------------------------------------------------------------- what a node is
    @property
    def data(self) -> float:
        """The number. A leaf's may be written between passes; an op's result may not."""
        if active:
            noticed(self)
        return self._number

    @data.setter
    def data(self, data: Number) -> None:
        if self._record is not None:
            raise AttributeError(
                f"data: only a leaf's number is written, got {called(self)}, the result of "
                f"{self._record.name}; write its leaves and build the graph again"
            )
        self._number = data if type(data) is float else real(data, "data")
        clock.now += 2
        clock.written = clock.now
        self._a = clock.now

    @property
    def grad(self) -> float:
        """d root / d self, of the last pass for an op's result, added up over passes for a leaf."""
        return self._grad if self._mark < 0 else 0.0

    @grad.setter
    def grad(self, grad: Number) -> None:
        if type(grad) is float:
            self._grad = grad
        elif type(grad) is int and grad == 0:  # most often: what a loop sets every parameter's to
            self._grad = 0.0
        else:
            self._grad = real(grad, "grad", remedy="zero_grad() forgets it" if grad is None else "")
        if self._mark >= 0:
            self._mark = -self._mark if self._mark > 0 else -1

    @property
    def has_grad(self) -> bool:
        """Whether a pass has reached this node since it was made or ``zero_grad()``."""
        return self._mark < 0

    @property
    def label(self) -> str:
        """The name in drawings, steps and errors; may be written."""
        return about_of(self).label

    @label.setter
    def label(self, label: str | Any) -> None:
        about = about_of(self)
        self._about = noted(label, about.requires_grad, about.scope, about.line)

    @property
    def requires_grad(self) -> bool:
        """Whether it records: always, for an op's result; a leaf's flag may be written."""
        return about_of(self).requires_grad

    @requires_grad.setter
    def requires_grad(self, requires_grad: bool | Any) -> None:
        if self._record is not None:
            raise AttributeError(
                f"requires_grad: only a leaf has this flag, got {called(self)}, the result of "
                f"{self._record.name}; use detach() for a number cut off from its graph"
            )
        self._about = noted(self.label, requires_grad, self.scope)

    @property
    def scope(self) -> str:
        """Where it was recorded, as in ``"layer 1/neuron 2"``."""
        return about_of(self).scope

    @property
    def op(self) -> Op | None:
        """The record of the op that made it; None for a leaf."""
        return self._record

    @property
    def inputs(self) -> tuple[Value | float, ...]:
        """The operands in order, a number as a float; empty for a leaf."""
        record = self._record
        if record is None:
            return ()
        if record.slots == 2:
            return (self._a, self._b)
        return (self._a,) if record.slots == 1 else self._a

    @property
    def _op(self) -> str:
        """The op's symbol, as micrograd has it; empty for a leaf."""
        return "" if self._record is None else self._record.symbol

    @property
    def _prev(self) -> tuple[Value, ...]:
        """The Values among the operands, each once."""
        return tuple(dict.fromkeys(x for x in self.inputs if isinstance(x, Value)))

    # -------------------------------------------------------------- operators
    def __add__(self, other: Operand) -> Mostly[Value]:
        about = None
        if active:  # a neuron's bias is added under its scope: no detour
            about = current().quick
            if about is SLOW:
                return apply(_ADD, (self, other))
        if type(other) is Value:
            data = self._number + other._number
        elif type(other) is float:
            data = self._number + other
        else:
            return apply(_ADD, (self, other))
        node = _new(Value)
        node._number = data
        node._record = _ADD
        node._a = self
        node._b = other
        node._mark = clock.now
        if about is not None:
            node._about = about
        return node

    def __mul__(self, other: Operand) -> Mostly[Value]:
        about = None
        if active:
            about = current().quick
            if about is SLOW:
                return apply(_MULTIPLY, (self, other))
        if type(other) is Value:
            data = self._number * other._number
        elif type(other) is float:
            data = self._number * other
        else:
            return apply(_MULTIPLY, (self, other))
        node = _new(Value)
        node._number = data
        node._record = _MULTIPLY
        node._a = self
        node._b = other
        node._mark = clock.now
        if about is not None:
            node._about = about
        return node

    def __sub__(self, other: Operand) -> Mostly[Value]:
        return apply(_SUBTRACT, (self, other))

    def __truediv__(self, other: Operand) -> Mostly[Value]:
        return apply(_DIVIDE, (self, other))

    def __radd__(self, other: Number) -> Mostly[Value]:
        return apply(_ADD, (other, self))

    def __rmul__(self, other: Number) -> Mostly[Value]:
        return apply(_MULTIPLY, (other, self))

    def __rsub__(self, other: Number) -> Mostly[Value]:
        return apply(_SUBTRACT, (other, self))

    def __rtruediv__(self, other: Number) -> Mostly[Value]:
        return apply(_DIVIDE, (other, self))

    def __pow__(self, other: Operand) -> Mostly[Value]:
        return apply(_POWER, (self, other))

    def __rpow__(self, other: Number) -> Mostly[Value]:
        return apply(_POWER, (other, self))

    def __mod__(self, other: Operand) -> Mostly[Value]:
        return apply(ops.remainder, (self, other))

    def __rmod__(self, other: Number) -> Mostly[Value]:
        return apply(ops.remainder, (other, self))

    def __neg__(self) -> Value:
        return apply(ops.negative, (self,))

    def __pos__(self) -> Value:
        return self

    def __abs__(self) -> Value:
        return apply(ops.abs, (self,))

    def __round__(self, ndigits: Any = None) -> Value:
        if ndigits is not None:
            raise TypeError(
                f"round: whole numbers only, got ndigits={ndigits!r}; use round(x * 10**n) / 10**n"
            )
        return apply(ops.round, (self,))

    def __floor__(self) -> Value:
        return apply(ops.floor, (self,))

    def __ceil__(self) -> Value:
        return apply(ops.ceil, (self,))

    def __trunc__(self) -> Value:
        return apply(ops.trunc, (self,))

    def exp(self) -> Value:
        """e to the power of self."""
        return apply(ops.exp, (self,))

    def log(self) -> Value:
        """The natural logarithm."""
        return apply(ops.log, (self,))

    def tanh(self) -> Value:
        """The hyperbolic tangent."""
        return apply(ops.tanh, (self,))

    def relu(self) -> Value:
        """self if it is > 0, else 0."""
        return apply(ops.relu, (self,))

    def sigmoid(self) -> Value:
        """1 / (1 + exp(-self))."""
        return apply(ops.sigmoid, (self,))

    def sqrt(self) -> Value:
        """The square root."""
        return apply(ops.sqrt, (self,))

    def square(self) -> Value:
        """self × self."""
        return apply(ops.square, (self,))

    def cbrt(self) -> Value:
        """The cube root."""
        return apply(ops.cbrt, (self,))

    def reciprocal(self) -> Value:
        """1 / self."""
        return apply(ops.reciprocal, (self,))

    def negative(self) -> Value:
        """-self."""
        return apply(ops.negative, (self,))

    def exp2(self) -> Value:
        """2 to the power of self."""
        return apply(ops.exp2, (self,))

    def expm1(self) -> Value:
        """exp(self) - 1, exact near 0."""
        return apply(ops.expm1, (self,))

    def log1p(self) -> Value:
        """log(1 + self), exact near 0."""
        return apply(ops.log1p, (self,))

    def log2(self) -> Value:
        """The logarithm to base 2."""
        return apply(ops.log2, (self,))

    def log10(self) -> Value:
        """The logarithm to base 10."""
        return apply(ops.log10, (self,))

    def sin(self) -> Value:
        """The sine, of radians."""
        return apply(ops.sin, (self,))

    def cos(self) -> Value:
        """The cosine, of radians."""
        return apply(ops.cos, (self,))

    def tan(self) -> Value:
        """The tangent, of radians."""
        return apply(ops.tan, (self,))

    def arcsin(self) -> Value:
        """The angle whose sine is self."""
        return apply(ops.arcsin, (self,))

    def arccos(self) -> Value:
        """The angle whose cosine is self."""
        return apply(ops.arccos, (self,))

    def arctan(self) -> Value:
        """The angle whose tangent is self."""
        return apply(ops.arctan, (self,))

    def sinh(self) -> Value:
        """The hyperbolic sine."""
        return apply(ops.sinh, (self,))

    def cosh(self) -> Value:
        """The hyperbolic cosine."""
        return apply(ops.cosh, (self,))

    def arcsinh(self) -> Value:
        """What the hyperbolic sine of is self."""
        return apply(ops.arcsinh, (self,))

    def arccosh(self) -> Value:
        """What the hyperbolic cosine of is self, >= 0."""
        return apply(ops.arccosh, (self,))

    def arctanh(self) -> Value:
        """What the hyperbolic tangent of is self."""
        return apply(ops.arctanh, (self,))

    def erf(self) -> Value:
        """The error function."""
        return apply(ops.erf, (self,))

    def erfc(self) -> Value:
        """1 - erf(self), exact where that is small."""
        return apply(ops.erfc, (self,))

    def erfinv(self) -> Value:
        """What the error function of is self."""
        return apply(ops.erfinv, (self,))

    def lgamma(self) -> Value:
        """log |Γ(self)|."""
        return apply(ops.lgamma, (self,))

    def digamma(self) -> Value:
        """Γ'(self) / Γ(self)."""
        return apply(ops.digamma, (self,))

    def sinc(self) -> Value:
        """sin(π self) / (π self), as NumPy's."""
        return apply(ops.sinc, (self,))

    def logit(self) -> Value:
        """log(self / (1 - self)): sigmoid's inverse."""
        return apply(ops.logit, (self,))

    def log_sigmoid(self) -> Value:
        """log(sigmoid(self))."""
        return apply(ops.log_sigmoid, (self,))

    def softplus(self) -> Value:
        """log(1 + exp(self))."""
        return apply(ops.softplus, (self,))

    def selu(self) -> Value:
        """The scaled exponential linear unit."""
        return apply(ops.selu, (self,))

    def gelu(self) -> Value:
        """self Φ(self), Φ the normal's share below self."""
        return apply(ops.gelu, (self,))

    def silu(self) -> Value:
        """self sigmoid(self)."""
        return apply(ops.silu, (self,))

    def mish(self) -> Value:
        """self tanh(softplus(self))."""
        return apply(ops.mish, (self,))

    def softsign(self) -> Value:
        """self / (1 + |self|)."""
        return apply(ops.softsign, (self,))

    def hardtanh(self) -> Value:
        """self, held between -1 and 1."""
        return apply(ops.hardtanh, (self,))

    def relu6(self) -> Value:
        """self, held between 0 and 6."""
        return apply(ops.relu6, (self,))

    def hardswish(self) -> Value:
        """self relu6(self + 3) / 6."""
        return apply(ops.hardswish, (self,))

    def abs(self) -> Value:
        """The size."""
        return apply(ops.abs, (self,))

    def sign(self) -> Value:
        """-1, 0 or 1."""
        return apply(ops.sign, (self,))

    def floor(self) -> Value:
        """The nearest whole number that is not above."""
        return apply(ops.floor, (self,))

    def ceil(self) -> Value:
        """The nearest whole number that is not below."""
        return apply(ops.ceil, (self,))

    def trunc(self) -> Value:
        """The whole part."""
        return apply(ops.trunc, (self,))

    def round(self) -> Value:
        """The nearest whole number, the even one of two."""
        return apply(ops.round, (self,))

    def arctan2(self, other: Operand) -> Mostly[Value]:
        """The angle of the point (other, self)."""
        return apply(ops.arctan2, (self, other))

    def hypot(self, other: Operand) -> Mostly[Value]:
        """√(self² + other²)."""
        return apply(ops.hypot, (self, other))

    def rint(self) -> Value:
        """``round``, by the name that NumPy calls."""
        return apply(ops.round, (self,))

    def conjugate(self) -> Value:
        """self, which is real."""
        return self

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **given: Any) -> Any:
        return above["ufunc"](ufunc, method, inputs, given)

    def __array_function__(self, function: Any, types: Any, args: Any, given: Any) -> Any:
        return above["function"](function, args, given)

    # -------------------------------------------------------------- comparisons and conversions
    __hash__: ClassVar[Any] = object.__hash__

    def __eq__(self, other: object) -> Any:
        if isinstance(other, Value):  # by identity: they are keys of dicts and members of sets
            if other.is_unknown:
                return NotImplemented  # it records
            if self is not other and self._number == other._number:
                _misled(self._number)
            return self is other
        data: Any = self._number  # NumPy's numbers answer with a bool of their own
        return data == other if isinstance(other, numbers.Real) else NotImplemented

    def __lt__(self, other: Operand) -> Any:
        return _compare(self, other, float.__lt__)

    def __le__(self, other: Operand) -> Any:
        return _compare(self, other, float.__le__)

    def __gt__(self, other: Operand) -> Any:
        return _compare(self, other, float.__gt__)

    def __ge__(self, other: Operand) -> Any:
        return _compare(self, other, float.__ge__)

    def __bool__(self) -> bool:
        return self._number != 0.0

    def __float__(self) -> float:
        raise TypeError(
            f"float: a plain number is required, got {called(self)}, whose gradient would be "
            "lost; use .item() for its number, autograd.exp and its like for math's functions, or "
            "dtype=object for an array that shall hold it"
        )

    def __int__(self) -> int:
        raise TypeError(
            f"int: a plain integer is required, got {called(self)}: integers of an argument become "
            "Values; keep a count or an index out of argnums, or use int(x.item())"
        )

    def __index__(self) -> int:
        return int(self)

    def item(self) -> float:
        """The plain number, cut off from the graph."""
        return self.data

    def detach(self) -> Value:
        """A leaf with the same number, which records nothing."""
        return Value(self._number, self.label, requires_grad=False)

    def __format__(self, spec: str) -> str:
        return format(self._number, spec) if spec else str(self)

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self._number}, grad={self.grad}{label})"

    def _repr_html_(self) -> str:
        return above["card"](self)  # type: ignore[no-any-return]

    # -------------------------------------------------------------- passes and copies
    def backward(self, grad: Number = 1.0) -> None:
        """Give every node under this one d self / d node, times ``grad``: see sweep.backward.

        Two threads' passes over shared nodes, leaves among them, are yours to keep apart.
        """
        above["backward"](self, grad)

    def zero_grad(self) -> None:
        """Forget the gradient."""
        if self._mark < 0:
            self._mark = 0 if self._record is None or self._mark < -BUSY else -self._mark

    def __copy__(self) -> Value:
        # In a function that is being recorded a copy would be cut off from what it depends on.
        recorded = current().reads is not None
        return self if recorded else above["copy"](self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        recorded = current().reads is not None
        return self if recorded else above["deepcopy"](self, memo)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        if current().reads is not None:
            raise TypeError(
                f"pickle: a Value outside of a function that is being recorded is required, got "
                f"{called(self)} in one: its copy would have no slope; pickle what the derivative "
                "gives, or use .item()"
            )
        return above["reduce"](self)  # type: ignore[no-any-return]


def _new(kind: type[Value]) -> Value:
    """A node to be filled: in compiled code a class's own constructor is the shortest way."""
    return Value(0.0, _UNNOTED)


if not compiled:  # and here it is the longest
    globals()["_new"] = object.__new__


def about_of(node: Value) -> About:
    """A node's label, flag and scope."""
    return getattr(node, "_about", NOTHING_NOTED)


# ------------------------------------------------------------------ recording any op
def apply(record: Op, operands: Sequence[Any]) -> Mostly[Value]:
    """``record`` of the operands, as a node that remembers them; a float if all are numbers."""
    about = None
    if active:
        about = current().quick
        if about is SLOW:
            return _apply_any(record, operands)
    a: Any
    b: Any = None
    data: Any
    slots = record.slots
    fast = record.fast
    try:
        if slots == 1:
            (a,) = operands
            if type(a) is not Value:
                return _apply_any(record, operands)
            x = a._number
            data = fast[0](x) if fast else number(record, (x,))
        elif slots == 2:
            a, b = operands
            if type(b) is int:
                b = float(b)
            elif type(a) is int:
                a = float(a)
            if type(a) is Value:
                x = a._number
            elif type(a) is float and type(b) is Value:
                x = a
            else:
                return _apply_any(record, operands)
            if type(b) is Value:
                y = b._number
            elif type(b) is float:
                y = b
            else:
                return _apply_any(record, operands)
            data = fast[0](x, y) if fast else number(record, (x, y))
        else:
            a = operands if type(operands) is tuple else tuple(operands)
            if not a or len(a) != (slots or len(a)):
                return _apply_any(record, a)
            try:  # most are Values all, and looking at each one's type costs as much as the op
                data = number(record, [x._number for x in a])
            except (AttributeError, TypeError):
                kinds = set(map(type, a))
                if Value not in kinds or not kinds <= _EXACT:
                    return _apply_any(record, a)
                b = True
                data = number(record, [x if type(x) is float else x._number for x in a])
        if type(data) is not float or data - data != 0.0:
            data = compute(record, operands)
    except (ValueError, ArithmeticError):
        if len(operands) != (slots or len(operands)) or not set(map(type, operands)) <= _EXACT:
            return _apply_any(record, operands)
        data = compute(record, operands)
    return _node(record, data, a, b, about)


def _node(record: Op, data: float, a: Any, b: Any, about: About | None) -> Value:
    """An op's result."""
    node = _new(Value)
    node._number = data
    node._record = record
    node._a = a
    node._b = b
    node._mark = clock.now
    if about is not None:
        node._about = about
    return node


def _dot(*sequences: Any) -> Mostly[Value]:
    """``ops.dot`` of Values, or of Values and numbers, in one loop; of all else, as any op."""
    about = current().quick if active else None
    data = -0.0
    w: Value
    x: Value
    try:
        ws, xs = sequences
        if len(ws) == len(xs) > 0 and about is not SLOW:
            mixed: Any = True
            if type(xs[0]) is not Value:
                xs = _floats(xs)
                for w, number in zip(ws, xs):
                    data += w._number * number
            elif type(ws[0]) is not Value:
                ws = _floats(ws)
                for number, x in zip(ws, xs):
                    data += number * x._number
            else:
                mixed = None
                for w, x in zip(ws, xs):
                    data += w._number * x._number
            if data - data == 0.0:
                return _node(_DOT, data, (*ws, *xs), mixed, about)
    except (AttributeError, TypeError, ValueError, OverflowError):
        pass  # numbers among Values or unknown ones, or sequences that are refused
    if any(getattr(x, "ndim", 1) != 1 for x in sequences):
        return above["dot"](*sequences)  # type: ignore[no-any-return]
    assert _DOT.gather is not None
    return apply(_DOT, _DOT.gather(*sequences))


def _floats(numbers: Any) -> list[float]:
    """A row of numbers as floats; TypeError if it holds anything else."""
    row: Any = numbers.tolist() if hasattr(numbers, "tolist") else numbers
    if row is not numbers and getattr(getattr(numbers, "dtype", None), "char", "") == "d":
        return row  # type: ignore[no-any-return]  # NumPy's float64
    return [x if type(x) is float else int.__float__(x) for x in row]


def keep(node: Value, record: Op, operands: Sequence[Any]) -> None:
    """The operands, where ``inputs`` finds them."""
    slots = record.slots
    if slots == 2:
        node._a, node._b = operands
    else:
        node._a = operands[0] if slots == 1 else tuple(operands)
        node._b = True if slots != 1 and float in map(type, operands) else None


def _apply_any(record: Op, operands: Sequence[Any]) -> Mostly[Value]:
    """``apply`` for numbers of other kinds, plain numbers, unknown values and under modes."""
    slots = record.slots
    if slots is not None and len(operands) != slots:
        form = record.form.replace("{", "").replace("}", "")
        named = f", with {' and '.join(record.parameters)} by name" if record.parameters else ""
        raise TypeError(
            f"{record.name}: {slots} operand(s) are required, got {len(operands)}; "
            f"use {form}{named}"
        )
    if not set(map(type, operands)) <= _EXACT:
        if slots is not None and any(map(is_array, operands)):
            return above["elementwise"](record, operands)  # type: ignore[no-any-return]
        operands = [_operand(x, record, slot) for slot, x in enumerate(operands)]
    node: Value
    unknown: Any = next((x for x in operands if isinstance(x, Value) and x.is_unknown), None)
    data = 0.0 if unknown is not None else compute(record, operands)
    state = current()  # not before: the traceback of an error would keep its mode on
    if unknown is not None:
        if state.reads is None:  # no function is being recorded
            remedy = "keep to plain numbers and Values outside of the function"
            raise unknown.refuse("used after its function was recorded,", remedy)
        node = unknown.result()
    else:
        if all(type(x) is float for x in operands):
            return data  # type: ignore[return-value]
        if not state.recording:
            return Value(data, requires_grad=False)
        node = _new(Value)
        node._number = data
    node._record = record
    node._mark = clock.now
    if state.looks:
        node._about = About("", True, state.scope, user_frame()[:2])
    elif state.about is not None:
        node._about = state.about
    keep(node, record, operands)
    if state.recording or record is ops.stop_gradient:
        return node
    return apply(ops.stop_gradient, (node,))


def compute(record: Op, operands: Sequence[Any]) -> float:
    """The number; outside the domain IEEE's, and the modes say: raise, warn or take it."""
    at = [x._number if isinstance(x, Value) else float(x) for x in operands]
    data, refused = outcome(record, at)
    if data - data != 0.0:
        if detects():
            above["anomaly"](record, operands, data)
        refused = refused or (record.formula is not None and all(map(math.isfinite, at)))
    if refused:
        _complain(record, at, operands, data)
    return data


def _complain(record: Op, at: Sequence[float], operands: Sequence[Any], data: float) -> None:
    """Warn of a number outside the domain, or raise, as ``errstate`` has it."""
    errors = current().errors
    if errors == "ignore":
        return
    outside = [
        s for s, x in enumerate(at) if x not in record.domain[min(s, len(record.domain) - 1)]
    ]
    slot = outside[0] if outside else len(at) - 1
    if outside:
        required = f"operand must be {record.domain[min(slot, len(record.domain) - 1)]}"
    else:
        required = "a finite result is required"
    whose = f" from {called(operands[slot])}" if isinstance(operands[slot], Value) else ""
    got = ", ".join(f"{x!r}" for x in at) if not outside else f"{at[slot]!r}"
    remedy = record.remedy or "keep the operand inside, or autograd.errstate('ignore') takes it"
    file, line, level = user_frame()
    text = f"{record.name}: {required}, got {got}{whose}: the result is {data!r}; {remedy}"
    if errors == "raise":
        raise DomainError(f"{text} ({place((file, line))})")
    warnings.warn(text, RuntimeWarning, stacklevel=level + 1)


def noted(label: Any, requires_grad: Any, scope: str, line: Any = None) -> About:
    """What is noted of a node besides its number, checked."""
    if not isinstance(label, str):
        remedy = "use label=str(...)"
        if isinstance(label, (tuple, list, set)):  # micrograd's second argument
            remedy = "an op notes its operands by itself: use Value(data, label)"
        raise TypeError(f"label: a str is required, got {label!r}; {remedy}")
    if not isinstance(requires_grad, bool):
        raise TypeError(
            f"requires_grad: True or False is required, got {requires_grad!r}; use bool(...)"
        )
    return About(label, requires_grad, scope, line)


def _operand(x: Any, record: Op, slot: int) -> Any:
    """``x`` as a node keeps it: a Value or a float."""
    if type(x) is float or isinstance(x, Value):
        return x
    if isinstance(x, bool) or type(x).__name__ in ("bool", "bool_"):
        return 1.0 if x else 0.0  # a comparison's answer, as a factor or a condition
    return real(x, f"{record.name}: operand {slot + 1}")


def is_array(x: Any) -> bool:
    """Whether it is an array, or a column: NumPy's scalars are numbers, though like arrays too."""
    if isinstance(x, (float, Value)) or not hasattr(x, "__array__"):
        return False
    return not isinstance(x, numbers.Number) and type(x).__name__ not in ("bool", "bool_")


def _compare(a: Value, b: Any, holds: Any) -> Any:
    if isinstance(b, Value):
        return NotImplemented if b.is_unknown else holds(a._number, b._number)  # that one records
    if not isinstance(b, numbers.Real):
        return NotImplemented
    if not isinstance(b, int):
        b = float(b)
    return holds(a._number, b)


def called(node: Value) -> str:
    """A node in an error's text: its label, or what made it."""
    return above["name"](node)  # type: ignore[no-any-return]


def noticed(node: Value) -> None:
    """Tell a transformation that the function which it records has read this number."""
    reads = current().reads
    if reads is not None:
        reads.append(node)


def _misled(data: float) -> None:
    """Warn where the caller's own code compares two nodes that hold one number."""
    file, _, level = user_frame()
    frame = sys._getframe(level)
    own = not file.startswith(_LIBRARIES)
    if own and frame.f_code.co_code[frame.f_lasti] == _COMPARE:  # not `in`, a set, a dict
        warnings.warn(
            f"==: two Values are equal only if they are the same node; these hold {data!r} both, "
            "and differ; use a.data == b.data, or autograd.equal(a, b)",
            RuntimeWarning,
            stacklevel=level + 1,
        )


_EXACT = frozenset((Value, float))
Op.recorder = staticmethod(apply)
_DOT.direct = _dot
if compiled:
    amend(Value)
