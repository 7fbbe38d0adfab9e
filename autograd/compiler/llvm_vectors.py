"""The arithmetic of LLVM vectors: a rule run on it writes instructions instead of computing.

``Vectors`` writes into one function of an LLVM module. An operand stands for as many rows as the
processor takes at a time. Reads llvm_math.py for what LLVM has no instruction for; read by
llvm_backend.py.
"""

from __future__ import annotations

import ctypes
import math
import os
import struct
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from itertools import repeat
from typing import Any, ClassVar, NamedTuple

from llvmlite import binding, ir

from ..op import Arithmetic, Op, Symbolic
from . import llvm_math

Number = Any  # an operand: Lanes or a float

BIT, BYTE, INT32, INT = (ir.IntType(size) for size in (1, 8, 32, 64))
DOUBLE = ir.DoubleType()
EIGHT = ir.VectorType(DOUBLE, 8)
EVERY_LANE, ROUNDING_AS_IS = BYTE(-1), INT32(4)  # arguments of AVX-512's intrinsics
# Added to a number below 2^51 it leaves the nearest integer in the low bits.
TO_INTEGER = 1.5 * 2.0**52


class Target(NamedTuple):
    """The processor that code is for."""

    cpu: str
    features: str
    lanes: int  # rows at a time: two registers full, as one alone waits for its own results
    avx512: bool  # takes exponents apart, and looks up in registers, by one instruction

    @property
    def narrow(self) -> Target:
        """The same without 512-bit instructions, for a loop that waits for memory.

        256 bits at a time arrive sooner: a sum of two columns takes 1.08 of NumPy's time, not 1.24.
        """
        return self._replace(features=self.features.replace("+avx512", "-avx512"))


@cache
def host() -> Target:
    """This machine."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    features = binding.get_host_cpu_features()
    avx512 = bool(features.get("avx512f"))
    lanes = 16 if avx512 else 8 if features.get("avx2") else 4
    return Target(binding.get_host_cpu_name(), features.flatten(), lanes, avx512)


class Lanes(Symbolic):
    """An operand: a number a row, for all lanes."""

    __slots__ = ("m", "value")

    def __init__(self, m: Vectors, value: Any) -> None:
        self.m = m
        self.value = value  # llvmlite's


class Vectors(Arithmetic):
    """The arithmetic of one function; operands are Lanes and floats.

    A primitive made at run time brings ``llvm=lambda m, x: ...``, a formula over the table's ops:
    ``m.libm("cbrt", x)`` calls the C library for each row, and the methods here are there too.
    """

    kind: ClassVar[str] = "llvm"

    def __init__(self, function: Any, target: Target, spare: Any = None) -> None:
        self.module = function.module
        self.builder = ir.IRBuilder(function.append_basic_block())
        self.target = target
        self.vector = ir.VectorType(DOUBLE, target.lanes)
        self.integers = ir.VectorType(INT, target.lanes)
        self.spare = spare or repeat(0)  # a call of a formula takes one, or is not inlined
        self.lines = {name: partial(line, self) for name, line in LINES.items()}

    def line(self, record: Op) -> Callable[..., Any] | None:
        """The line of an op made at run time is told which arithmetic it runs in."""
        line = super().line(record)
        return partial(line, self) if line is not None and self.kind in record.lines else line

    # ------------------------------------------------------------------ instructions
    def value(self, x: Number) -> Any:
        """llvmlite's value of an operand; a float stands in every lane."""
        return x.value if isinstance(x, Lanes) else splat(float(x), self.vector)

    def emit(self, instruction: str, *operands: Number) -> Lanes:
        """One instruction of llvmlite's builder."""
        return Lanes(self, getattr(self.builder, instruction)(*map(self.value, operands)))

    def declared(self, name: str, result: Any, *kinds: Any) -> Any:
        """The module's function of that name; if it is new, without a body."""
        kind = ir.FunctionType(result, kinds)
        return self.module.globals.get(name) or ir.Function(self.module, kind, name)

    def function(self, name: str, *operands: Number) -> tuple[Any, Lanes]:
        """The module's function of that name over vectors, and a call of it."""
        function = self.declared(name, self.vector, *[self.vector] * len(operands))
        return function, Lanes(self, self.builder.call(function, [*map(self.value, operands)]))

    def intrinsic(self, name: str, *operands: Number) -> Lanes:
        """A function that LLVM itself knows."""
        return self.function(f"llvm.{name}.v{self.target.lanes}f64", *operands)[1]

    def inline(self, formula: Callable[..., Lanes], *operands: Number) -> Lanes:
        """A formula of llvm_math.py: written into the module once; LLVM inlines the calls."""
        function, result = self.function(f"formula.{formula.__name__}", *operands)
        if next(self.spare, None) is None:
            result.value.attributes.add("noinline")
        if function.is_declaration:
            function.linkage = "internal"
            function.attributes.add("alwaysinline")
            m = Vectors(function, self.target)
            m.builder.ret(formula(m, *(Lanes(m, x) for x in function.args)).value)
        return result

    def libm(self, name: str, *operands: Number) -> Lanes:
        """A function of the C library, called lane by lane."""
        function, result = self.function(f"library.{name}", *operands)
        if function.is_declaration:
            find(name)
            one = self.declared(name, DOUBLE, *[DOUBLE] * len(operands))
            function.linkage = "internal"
            function.attributes.add("noinline")
            for pure in (one, function):
                pure.attributes.add("readnone")
                pure.attributes.add("nounwind")
            m = Vectors(function, self.target)
            rows = [[m.lane(x, i) for x in function.args] for i in range(self.target.lanes)]
            m.builder.ret(m.gathered([m.builder.call(one, row) for row in rows]).value)
        return result

    def rare(self, condition: Number, usual: Lanes, name: str, *operands: Number) -> Lanes:
        """``libm`` where the condition holds; a branch spares it where that is nowhere."""
        chosen = self.holds(condition)
        any_of = self.declared(f"llvm.vector.reduce.or.v{self.target.lanes}i1", BIT, chosen.type)
        before = self.builder.block
        with self.builder.if_then(self.builder.call(any_of, [chosen]), likely=False):
            called = self.libm(name, *operands)
            mixed = self.builder.select(chosen, called.value, usual.value)
            inside = self.builder.block
        result = self.builder.phi(self.vector)
        result.add_incoming(usual.value, before)
        result.add_incoming(mixed, inside)
        return Lanes(self, result)

    def x86(self, name: str, *operands: Any) -> Lanes:
        """An instruction of AVX-512, for 8 lanes at a time; other operands go to each unchanged."""
        n = self.target.lanes
        whole = f"llvm.x86.avx512.{name}.pd.512"
        parts = []
        for start in range(0, n, 8):
            rows = ir.Constant(ir.VectorType(INT32, 8), list(range(start, start + 8)))
            part = [
                self.builder.shuffle_vector(x, x, rows) if getattr(x.type, "count", 0) == n else x
                for x in operands
            ]
            function = self.declared(whole, EIGHT, *[x.type for x in part])
            parts.append(self.builder.call(function, part))
        every = ir.Constant(ir.VectorType(INT32, n), list(range(n)))
        return Lanes(self, self.builder.shuffle_vector(*parts, every))

    # ------------------------------------------------------------------ lanes and conditions
    def lane(self, vector: Any, i: int) -> Any:
        return self.builder.extract_element(vector, INT(i))

    def spread(self, number: Any) -> Any:
        """One number in every lane."""
        undefined = ir.Constant(self.vector, ir.Undefined)
        first = self.builder.insert_element(undefined, number, INT(0))
        zeros = ir.Constant(ir.VectorType(INT32, self.target.lanes), None)
        return self.builder.shuffle_vector(first, first, zeros)

    def gathered(self, numbers: Sequence[Any]) -> Lanes:
        """A number a lane."""
        vector = ir.Constant(self.vector, ir.Undefined)
        for i, number in enumerate(numbers):
            vector = self.builder.insert_element(vector, number, INT(i))
        return Lanes(self, vector)

    def compare(self, how: str, a: Number, b: Number) -> Lanes:
        """1.0 or 0.0; nan is unequal to all, and nothing else. LLVM folds it into ``holds``."""
        ask = self.builder.fcmp_unordered if how == "!=" else self.builder.fcmp_ordered
        bits = ask(how, self.value(a), self.value(b))
        return Lanes(self, self.builder.uitofp(bits, self.vector))

    def holds(self, condition: Number) -> Any:
        """A bit a lane: the condition is not 0."""
        return self.builder.fcmp_unordered("!=", self.value(condition), self.value(0.0))

    def select(self, condition: Number, a: Number, b: Number) -> Lanes:
        bits = self.holds(condition)
        return Lanes(self, self.builder.select(bits, self.value(a), self.value(b)))

    def extreme(self, how: str, a: Number, b: Number) -> Lanes:
        """b if it is ``how`` beside a, else a; nan if either is."""
        number = self.compare("ord", b, b)  # folded where b is a constant
        return self.select(number, self.select(self.compare(how, b, a), b, a), b)

    # ------------------------------------------------------------------ for llvm_math.py
    def fma(self, a: Number, b: Number, c: Number) -> Lanes:
        """a × b + c, rounded once."""
        return self.intrinsic("fma", a, b, c)

    def polynomial(self, x: Lanes, coefficients: Sequence[Number]) -> Number:
        """c₀ + c₁ x + c₂ x² + ..., by Horner's scheme."""
        *rest, total = coefficients
        for coefficient in reversed(rest):
            total = self.fma(total, x, coefficient)
        return total

    def copysign(self, size: Lanes, sign: Lanes) -> Lanes:
        return self.intrinsic("copysign", size, sign)

    def bits(self, x: Number) -> Any:
        return self.builder.bitcast(self.value(x), self.integers)

    def from_bits(self, integers: Any) -> Lanes:
        return Lanes(self, self.builder.bitcast(integers, self.vector))

    def bit(self, integers: Any, place: int) -> Lanes:
        """1.0 where that bit is set, else 0.0."""
        alone = self.builder.and_(integers, splat(1 << place, self.integers))
        is_set = self.builder.icmp_unsigned("!=", alone, splat(0, self.integers))
        return Lanes(self, self.builder.uitofp(is_set, self.vector))

    def nearest(self, x: Lanes, factor: float) -> tuple[Lanes, Any]:
        """The integer nearest to x × factor: as Lanes, and as integers right in their low bits."""
        shifted = self.fma(x, factor, TO_INTEGER)
        return shifted - TO_INTEGER, self.bits(shifted)

    def table(self, numbers: Sequence[float], index: Any) -> Lanes:
        """Of 16 numbers the one at the last four bits of the index."""
        if self.target.avx512:
            low, high = (ir.Constant(EIGHT, list(numbers[i : i + 8])) for i in (0, 8))
            return self.x86("vpermi2var", low, index, high)
        table = stored(self.module, DOUBLE, numbers)
        index = self.builder.and_(index, splat(15, self.integers))
        lanes = [self.lane(index, i) for i in range(self.target.lanes)]
        places = [self.builder.gep(table, [i], source_etype=DOUBLE) for i in lanes]
        return self.gathered([self.builder.load(place, typ=DOUBLE) for place in places])

    def scale(self, x: Number, n: Lanes) -> Lanes:
        """x × 2ⁿ, rounded once, for x from ½ to 2 and an integer n from -1100 to 1100."""
        if self.target.avx512:
            v = self.value(x)
            return self.x86("mask.scalef", v, n.value, v, EVERY_LANE, ROUNDING_AS_IS)
        half, _ = self.nearest(n, 0.5)
        for part in (half, n - half):
            exponent = self.bits(part + (TO_INTEGER + 1023.0))
            x = x * self.from_bits(self.builder.shl(exponent, splat(52, self.integers)))
        return x  # type: ignore[no-any-return]

    def split(self, x: Lanes) -> tuple[Lanes, Lanes]:
        """f from 1 to 2 and k, x = f × 2ᵏ; k is -inf at 0 and inf at inf, f is nan below 0."""
        if self.target.avx512:
            v, nan_below_0 = x.value, INT32(0b1000)
            return (
                self.x86("mask.getmant", v, nan_below_0, v, EVERY_LANE, ROUNDING_AS_IS),
                self.x86("mask.getexp", v, v, EVERY_LANE, ROUNDING_AS_IS),
            )
        small = self.greater(2.0**-1022, x)
        bits = self.bits(self.where(small, x * 2.0**54, x))
        exponent = self.builder.lshr(bits, splat(52, self.integers))
        k = self.from_bits(self.builder.or_(exponent, self.bits(2.0**52)))
        k = k - self.where(small, 2.0**52 + 1023.0 + 54.0, 2.0**52 + 1023.0)
        k = self.where(self.equal(x, 0.0), -math.inf, self.where(self.equal(x, math.inf), x, k))
        fraction = self.builder.and_(bits, splat((1 << 52) - 1, self.integers))
        f = self.from_bits(self.builder.or_(fraction, self.bits(1.0)))
        return self.where(self.greater_equal(x, 0.0), f, math.nan), k


def stored(module: Any, kind: Any, numbers: Sequence[float]) -> Any:
    """The module's constant array of these numbers."""
    constant = ir.Constant(ir.ArrayType(kind, len(numbers)), list(numbers))
    table = ir.GlobalVariable(module, constant.type, module.get_unique_name("table"))
    table.initializer, table.linkage, table.global_constant = constant, "internal", True
    return table


def splat(number: float, kind: Any) -> Any:
    """The constant with that number in every lane."""
    text = str(number)
    if kind.element == DOUBLE:
        text = f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016x}"
    constant = ir.FormattedConstant(kind.element, f"splat ({kind.element} {text})")
    constant.type = kind
    return constant


def find(name: str) -> None:
    """Tells LLVM where a function of the C library is; an unknown one would end the process."""
    library = ctypes.CDLL("ucrtbase" if os.name == "nt" else None)
    try:
        place = ctypes.cast(getattr(library, name), ctypes.c_void_p).value
    except AttributeError:
        raise NotImplementedError(f"libm: the C library has no function {name!r}") from None
    binding.add_symbol(name, place)


def told(method: Callable[..., Lanes], *first: Any) -> Callable[..., Lanes]:
    """A method of Vectors as a line, with what comes before the operands."""
    return lambda m, *operands: method(m, *first, *operands)


FORMULAS = frozenset(formula.__name__ for formula in llvm_math.FUNCTIONS)
# A line a primitive, ``(m, *operands)``; also where an op's formula would be slower.
LINES: Mapping[str, Callable[..., Any]] = {
    "identity": lambda m, x: x, "power": llvm_math.power, "where": told(Vectors.select),
    "add": told(Vectors.emit, "fadd"), "subtract": told(Vectors.emit, "fsub"),
    "multiply": told(Vectors.emit, "fmul"), "divide": told(Vectors.emit, "fdiv"),
    "negative": told(Vectors.emit, "fneg"), "abs": told(Vectors.intrinsic, "fabs"),
    "sqrt": told(Vectors.intrinsic, "sqrt"), "floor": told(Vectors.intrinsic, "floor"),
    "ceil": told(Vectors.intrinsic, "ceil"), "trunc": told(Vectors.intrinsic, "trunc"),
    "round": told(Vectors.intrinsic, "rint"),
    "maximum": told(Vectors.extreme, ">"), "minimum": told(Vectors.extreme, "<"),
    "equal": told(Vectors.compare, "=="), "not_equal": told(Vectors.compare, "!="),
    "greater": told(Vectors.compare, ">"), "greater_equal": told(Vectors.compare, ">="),
    **{formula.__name__: told(Vectors.inline, formula) for formula in llvm_math.FUNCTIONS},
}  # fmt: skip
