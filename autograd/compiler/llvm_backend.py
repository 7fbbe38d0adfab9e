"""A compiler Graph as machine code: one loop over the rows, SIMD lanes, intermediates in registers.

``build(graph, inputs)`` makes the kernel; read by program.py, which imports this file only when the
back end is asked for, as llvmlite is an extra. The loop's body is written once, for a vector of rows.
Rows that do not fill a vector go through the same body in a buffer, so a slice of the rows gives the
same bits as the whole, and nodes that no row can change are computed once, before the loop. There are
no fast-math flags: + - * / and sqrt give IEEE's numbers, as NumPy does; the functions are
llvm_math.py's.
"""

from __future__ import annotations

import ctypes
import math
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from llvmlite import binding, ir

from ..op import Arithmetic, Op, Symbolic
from . import llvm_math

if TYPE_CHECKING:
    from ..graph import Graph

Array = np.ndarray[Any, np.dtype[np.float64]]

DOUBLE = ir.DoubleType()
INT = ir.IntType(64)
POINTER = ir.PointerType()
# Added to a number below 2^51 it leaves the nearest integer in the low bits of the mantissa.
import os
ESTRIN = os.environ.get('ESTRIN')
LANES = int(os.environ.get('LANES', 8))
MAGIC = 1.5 * 2.0**52


class Target(NamedTuple):
    """The processor that code is for."""

    cpu: str
    features: str
    lanes: int  # rows in a vector
    avx512: bool  # has the instructions that take exponents apart and look up in registers


@cache
def host() -> Target:
    """This machine."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    features = binding.get_host_cpu_features()
    avx512 = bool(features.get("avx512f") and features.get("avx512dq"))
    lanes = LANES if avx512 else 4 if features.get("avx2") else 2
    return Target(binding.get_host_cpu_name(), features.flatten(), lanes, avx512)


class Lanes(Symbolic):
    """An operand: one number a row, in a vector of rows."""

    __slots__ = ("m", "value")

    def __init__(self, m: Vectors, value: Any) -> None:
        self.m = m
        self.value = value  # an llvmlite value


class Vectors(Arithmetic):
    """The arithmetic of one function under construction: its operands are Lanes and floats.

    A primitive made at run time brings a line ``(m, *operands)``, in terms of the primitives and of
    ``m.libm("cbrt", x)``, which calls a function of the C library for each row.
    """

    kind: ClassVar[str] = "llvm"

    def __init__(self, function: Any, target: Target) -> None:
        self.module = function.module
        self.builder = ir.IRBuilder(function.append_basic_block())
        self.target = target
        self.vector = ir.VectorType(DOUBLE, target.lanes)
        self.integers = ir.VectorType(INT, target.lanes)
        self.lines = {name: partial(line, self) for name, line in LINES.items()}

    def line(self, record: Op) -> Callable[..., Any] | None:
        """An op made at run time has its line told which arithmetic it is in."""
        line = super().line(record)
        return partial(line, self) if line is record.lines.get(self.kind) and line else line

    # What the lines and llvm_math.py are made of.

    def value(self, operand: Lanes | float) -> Any:
        """The vector of an operand: a float is the same in all lanes."""
        return operand.value if isinstance(operand, Lanes) else splat(float(operand), self.vector)

    def emit(self, instruction: str, *operands: Lanes | float) -> Lanes:
        """One of the builder's instructions."""
        return Lanes(self, getattr(self.builder, instruction)(*map(self.value, operands)))

    def compare(self, how: str, a: Lanes | float, b: Lanes | float) -> Lanes:
        """1.0 or 0.0; LLVM sees through it where ``where`` asks for the answer."""
        bits = self.builder.fcmp_ordered(how, self.value(a), self.value(b))
        return Lanes(self, self.builder.uitofp(bits, self.vector))

    def holds(self, condition: Lanes | float) -> Any:
        """A bit a lane: not 0, or nan."""
        return self.builder.fcmp_unordered("!=", self.value(condition), self.value(0.0))

    def select(self, condition: Lanes | float, a: Lanes | float, b: Lanes | float) -> Lanes:
        """``a`` where the condition holds, else ``b``."""
        bits = self.holds(condition)
        return Lanes(self, self.builder.select(bits, self.value(a), self.value(b)))

    def declare(self, name: str, kind: Any) -> Any:
        """The module's function of that name."""
        return self.module.globals.get(name) or ir.Function(self.module, kind, name)

    def intrinsic(self, name: str, *operands: Lanes | float) -> Lanes:
        """One of LLVM's own functions of vectors."""
        kind = ir.FunctionType(self.vector, [self.vector] * len(operands))
        function = self.declare(f"llvm.{name}.v{self.target.lanes}f64", kind)
        return Lanes(self, self.builder.call(function, list(map(self.value, operands))))

    def x86(self, name: str, *arguments: Any) -> Lanes:
        """One of the processor's own instructions, for 8 lanes at a time."""
        kind = ir.FunctionType(EIGHT, [halved(argument.type) for argument in arguments])
        function = self.declare(f"llvm.x86.{name}", kind)
        parts = []
        for start in range(0, self.target.lanes, 8):
            chosen = ir.Constant(ir.VectorType(ir.IntType(32), 8), list(range(start, start + 8)))
            row = [
                self.builder.shuffle_vector(a, a, chosen)
                if isinstance(a.type, ir.VectorType) and a.type.count > 8 else a
                for a in arguments
            ]
            parts.append(self.builder.call(function, row))
        if len(parts) == 1:
            return Lanes(self, parts[0])
        every = ir.Constant(ir.VectorType(ir.IntType(32), 16), list(range(16)))
        return Lanes(self, self.builder.shuffle_vector(*parts, every))

    def inline(self, formula: Callable[..., Lanes], *operands: Lanes | float) -> Lanes:
        """A function of llvm_math.py: written into the module once, and inlined where it is used."""
        name = formula.__name__
        function = self.module.globals.get(name)
        if function is None:
            kind = ir.FunctionType(self.vector, [self.vector] * len(operands))
            function = ir.Function(self.module, kind, name)
            function.linkage = "internal"
            function.attributes.add("alwaysinline")
            inner = Vectors(function, self.target)
            result = formula(inner, *(Lanes(inner, argument) for argument in function.args))
            inner.builder.ret(result.value)
        return Lanes(self, self.builder.call(function, list(map(self.value, operands))))

    def libm(self, name: str, *operands: Lanes | float) -> Lanes:
        """A function of the C library, called lane by lane."""
        lanes = self.module.globals.get(f"lanes.{name}")
        if lanes is None:
            if binding.address_of_symbol(name) is None:
                raise NotImplementedError(f"{name}: the C library in this process has no such function")
            scalar = ir.FunctionType(DOUBLE, [DOUBLE] * len(operands))
            function = self.declare(name, scalar)
            kind = ir.FunctionType(self.vector, [self.vector] * len(operands))
            lanes = ir.Function(self.module, kind, f"lanes.{name}")
            lanes.linkage = "internal"
            for each in (function, lanes):
                each.attributes.add("readnone")
                each.attributes.add("nounwind")
            lanes.attributes.add("noinline")
            builder = ir.IRBuilder(lanes.append_basic_block())
            result = ir.Constant(self.vector, ir.Undefined)
            for lane in range(self.target.lanes):
                at = ir.Constant(INT, lane)
                row = [builder.extract_element(argument, at) for argument in lanes.args]
                result = builder.insert_element(result, builder.call(function, row), at)
            builder.ret(result)
        return Lanes(self, self.builder.call(lanes, list(map(self.value, operands))))

    def rare(self, condition: Lanes, usual: Lanes, name: str, *operands: Lanes) -> Lanes:
        """The C library's function where the condition holds; it is only called if it does anywhere."""
        chosen = self.holds(condition)
        kind = ir.FunctionType(ir.IntType(1), [chosen.type])
        reduce = self.declare(f"llvm.vector.reduce.or.v{self.target.lanes}i1", kind)
        before = self.builder.block
        with self.builder.if_then(self.builder.call(reduce, [chosen]), likely=False):
            called = self.libm(name, *operands).value
            mixed = self.builder.select(chosen, called, usual.value)
            inside = self.builder.block
        result = self.builder.phi(self.vector)
        result.add_incoming(usual.value, before)
        result.add_incoming(mixed, inside)
        return Lanes(self, result)

    def fma(self, a: Lanes | float, b: Lanes | float, c: Lanes | float) -> Lanes:
        """a × b + c, rounded once."""
        return self.intrinsic("fma", a, b, c)

    def polynomial(self, x: Lanes, coefficients: Sequence[Any]) -> Any:
        """c₀ + c₁ x + c₂ x² + ..., by Horner's rule."""
        if not ESTRIN:
            *rest, total = coefficients
            for coefficient in reversed(rest):
                total = self.fma(total, x, coefficient)
            return total
        terms = list(coefficients)
        while len(terms) > 1:
            pairs = [self.fma(b, x, a) for a, b in zip(terms[::2], terms[1::2])]
            terms = pairs + terms[len(pairs) * 2 :]
            x = x * x
        return terms[0]

    def copysign(self, size: Lanes, sign: Lanes) -> Lanes:
        return self.intrinsic("copysign", size, sign)

    def bits(self, x: Lanes | float) -> Any:
        return self.builder.bitcast(self.value(x), self.integers)

    def from_bits(self, bits: Any) -> Lanes:
        return Lanes(self, self.builder.bitcast(bits, self.vector))

    def bit(self, integers: Any, bit: int) -> Lanes:
        """1.0 where that bit is set, else 0.0."""
        chosen = self.builder.and_(integers, splat(1 << bit, self.integers))
        is_set = self.builder.icmp_unsigned("!=", chosen, splat(0, self.integers))
        return Lanes(self, self.builder.uitofp(is_set, self.vector))

    def nearest(self, x: Lanes, factor: float) -> tuple[Lanes, Any]:
        """The integer nearest x × factor, as a number and in the low bits of an integer."""
        shifted = self.fma(x, factor, MAGIC)
        return shifted - MAGIC, self.bits(shifted)

    def table(self, row: Sequence[float], index: Any) -> Lanes:
        """The numbers of a row of 16 at the last four bits of the indices."""
        if self.target.avx512:
            low, high = (ir.Constant(EIGHT, list(row[i : i + 8])) for i in (0, 8))
            return self.x86("avx512.vpermi2var.pd.512", low, index, high)
        stored = ir.Constant(ir.ArrayType(DOUBLE, 16), list(row))
        name = f"table.{row[1]!r}"
        place = self.module.globals.get(name)
        if place is None:
            place = ir.GlobalVariable(self.module, stored.type, name)
            place.initializer, place.linkage, place.global_constant = stored, "internal", True
        index = self.builder.and_(index, splat(15, self.integers))
        result = ir.Constant(self.vector, ir.Undefined)
        for lane in range(self.target.lanes):
            at = ir.Constant(INT, lane)
            entry = self.builder.gep(
                place, [self.builder.extract_element(index, at)], source_etype=DOUBLE
            )
            result = self.builder.insert_element(result, self.builder.load(entry, typ=DOUBLE), at)
        return Lanes(self, result)

    def scale(self, x: Lanes | float, n: Lanes) -> Lanes:
        """x × 2ⁿ, rounded once, for x in [½, 2] and an integer n in [-1100, 1100]."""
        if self.target.avx512:
            v = self.value(x)
            return self.x86("avx512.mask.scalef.pd.512", v, n.value, v, *AS_IT_IS)
        half, _ = self.nearest(n, 0.5)
        for part in (half, n - half):
            biased = self.bits(part + (MAGIC + 1023.0))
            x = x * self.from_bits(self.builder.shl(biased, splat(52, self.integers)))
        assert isinstance(x, Lanes)
        return x

    def split(self, x: Lanes) -> tuple[Lanes, Lanes]:
        """m in [1, 2) and k with x = m × 2ᵏ; k is ∓inf at 0 and inf, m is nan below 0 and at nan."""
        if self.target.avx512:
            how = ir.Constant(ir.IntType(32), 0b1000)  # m in [1, 2), nan if the sign is set
            return (
                self.x86("avx512.mask.getmant.pd.512", x.value, how, x.value, *AS_IT_IS),
                self.x86("avx512.mask.getexp.pd.512", x.value, x.value, *AS_IT_IS),
            )
        small = self.greater(2.0**-1022, x)
        bits = self.bits(self.where(small, x * 2.0**54, x))
        exponent = self.builder.lshr(bits, splat(52, self.integers))
        k = self.from_bits(self.builder.or_(exponent, self.bits(2.0**52)))
        k = k - self.where(small, 2.0**52 + 1023.0 + 54.0, 2.0**52 + 1023.0)
        k = self.where(self.equal(x, 0.0), -math.inf, self.where(self.equal(x, math.inf), x, k))
        mantissa = self.builder.and_(bits, splat((1 << 52) - 1, self.integers))
        m = self.from_bits(self.builder.or_(mantissa, self.bits(1.0)))
        return self.where(self.greater_equal(x, 0.0), m, math.nan), k


EIGHT = ir.VectorType(DOUBLE, 8)


def halved(kind: Any) -> Any:
    return ir.VectorType(kind.element, 8) if isinstance(kind, ir.VectorType) else kind


AS_IT_IS = (ir.Constant(ir.IntType(8), -1), ir.Constant(ir.IntType(32), 4))  # all lanes; rounding


def splat(number: float, kind: Any) -> Any:
    """The number in every lane."""
    text = f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016x}"
    element = f"double {text}" if kind.element == DOUBLE else f"i64 {number}"
    constant = ir.FormattedConstant(kind.element, f"splat ({element})")
    constant.type = kind
    return constant


def extreme(m: Vectors, a: Lanes | float, b: Lanes | float, first: Lanes) -> Lanes:
    """One of two by a comparison; nan if either is."""
    return m.where(m.compare("ord", a, b), m.where(first, a, b), m.add(a, b))


# One line a primitive, ``(m, *operands)``.
LINES: Mapping[str, Callable[..., Any]] = {
    "identity": lambda m, x: x,
    "add": lambda m, a, b: m.emit("fadd", a, b),
    "subtract": lambda m, a, b: m.emit("fsub", a, b),
    "multiply": lambda m, a, b: m.emit("fmul", a, b),
    "divide": lambda m, a, b: m.emit("fdiv", a, b),
    "negative": lambda m, x: m.emit("fneg", x),
    "abs": lambda m, x: m.intrinsic("fabs", x),
    "sqrt": lambda m, x: m.intrinsic("sqrt", x),
    "exp": lambda m, x: m.inline(llvm_math.exp, x),
    "log": lambda m, x: m.inline(llvm_math.log, x),
    "log1p": lambda m, x: m.inline(llvm_math.log1p, x),
    "sin": lambda m, x: m.inline(llvm_math.sin, x),
    "cos": lambda m, x: m.inline(llvm_math.cos, x),
    "tanh": lambda m, x: m.inline(llvm_math.tanh, x),
    "erf": lambda m, x: m.inline(llvm_math.erf, x),
    "power": llvm_math.power,
    "equal": lambda m, a, b: m.compare("==", a, b),
    "greater": lambda m, a, b: m.compare(">", a, b),
    "greater_equal": lambda m, a, b: m.compare(">=", a, b),
    "maximum": lambda m, a, b: extreme(m, a, b, m.greater(a, b)),
    "minimum": lambda m, a, b: extreme(m, a, b, m.greater(b, a)),
    "where": lambda m, c, a, b: m.select(c, a, b),
}


def compiled(target: Target, module: Any) -> Any:
    """The module's machine code, optimised; keep the engine as long as the code is in use."""
    native = binding.Target.from_triple(module.triple)
    machine = native.create_target_machine(
        cpu=target.cpu, features=target.features, opt=2, jit=True
    )
    module.data_layout = str(machine.target_data)
    parsed = binding.parse_assembly(str(module))
    parsed.verify()
    options = binding.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = False
    passes = binding.create_pass_builder(machine, options)
    passes.getModulePassManager().run(parsed, passes)
    engine = binding.create_mcjit_compiler(parsed, machine)
    engine.finalize_object()
    return engine


def written(graph: Graph, inputs: tuple[int, ...], same: tuple[bool, ...], target: Target) -> Any:
    """The module of a kernel: ``run(arrays, n)``, with a pointer an input and a pointer an output.

    Args:
        same: for each input whether it is one number, for all rows.
    """
    module = ir.Module(name="rows")
    module.triple = binding.get_default_triple()
    kind = ir.FunctionType(ir.VoidType(), [POINTER, INT])
    rows = ir.Function(module, kind, "rows")
    rows.linkage = "internal"
    rows.attributes.add("noinline")
    rows.attributes.alignstack = 64  # or each spilled vector lies across two cache lines
    write_loop(rows, graph, inputs, same, target)
    write_run(ir.Function(module, kind, "run"), rows, same, len(graph.roots), target)
    return module


def write_loop(
    rows: Any, graph: Graph, inputs: tuple[int, ...], same: tuple[bool, ...], target: Target
) -> None:
    """The loop over whole vectors of rows: the number of rows is a multiple of the lanes, and not 0."""
    arrays, count = rows.args
    m = Vectors(rows, target)
    values: list[Any] = list(graph.values)  # a leaf that is no input is a constant
    steady = [record is None for record in graph.ops]  # the same in all rows
    pointers = [pointer_at(m.builder, arrays, i) for i in range(len(inputs) + len(graph.roots))]
    for leaf, pointer, one in zip(inputs, pointers, same):
        steady[leaf] = one
        if one:
            number = m.builder.load(pointer, typ=DOUBLE)
            values[leaf] = Lanes(m, spread(m.builder, number, m.vector))

    def write(before: bool) -> None:
        for i, (record, operands) in enumerate(zip(graph.ops, graph.operands)):
            if record is not None:
                steady[i] = all(steady[a] for a in operands if isinstance(a, int))
                if steady[i] is before:
                    arguments = (values[a] if isinstance(a, int) else a for a in operands)
                    values[i] = m.run(record, *arguments)

    write(before=True)
    start, loop, end = m.builder.block, *map(rows.append_basic_block, ("loop", "end"))
    m.builder.branch(loop)
    m.builder.position_at_end(loop)
    row = m.builder.phi(INT)
    row.add_incoming(INT(0), start)
    for leaf, pointer, one in zip(inputs, pointers, same):
        if not one:
            place = m.builder.gep(pointer, [row], source_etype=DOUBLE)
            values[leaf] = Lanes(m, m.builder.load(place, typ=m.vector, align=8))
    write(before=False)
    for root, pointer in zip(graph.roots, pointers[len(inputs) :]):
        place = m.builder.gep(pointer, [row], source_etype=DOUBLE)
        m.builder.store(m.value(values[root]), place, align=8)
    following = m.builder.add(row, INT(target.lanes))
    row.add_incoming(following, m.builder.block)
    m.builder.cbranch(m.builder.icmp_unsigned("<", following, count), loop, end)
    ir.IRBuilder(end).ret_void()


def write_run(run: Any, rows: Any, same: tuple[bool, ...], n_outputs: int, target: Target) -> None:
    """All rows: the whole vectors in place, what is left over in buffers of one vector each."""
    arrays, n = run.args
    builder = ir.IRBuilder(run.append_basic_block())
    whole = builder.and_(n, INT(-target.lanes))
    left = builder.sub(n, whole)
    size = builder.mul(left, INT(8))
    copy = run.module.declare_intrinsic("llvm.memcpy", [POINTER, POINTER, INT])
    fill = run.module.declare_intrinsic("llvm.memset", [POINTER, INT])
    with builder.if_then(builder.icmp_unsigned("!=", whole, INT(0))):
        builder.call(rows, [arrays, whole])
    with builder.if_then(builder.icmp_unsigned("!=", left, INT(0))):
        buffer = ir.ArrayType(ir.ArrayType(DOUBLE, target.lanes), len(same) + n_outputs)
        buffers = builder.alloca(buffer)
        places = builder.alloca(ir.ArrayType(POINTER, buffer.count))
        buffers.type = places.type = POINTER  # llvmlite's alloca still gives typed ones
        n_bytes = INT(8 * target.lanes * buffer.count)
        builder.call(fill, [buffers, ir.IntType(8)(0), n_bytes, ir.IntType(1)(0)])
        outside = []
        for i in range(buffer.count):
            pointer, place = pointer_at(builder, arrays, i), pointer_at(builder, places, i, load=False)
            if i < len(same) and same[i]:
                builder.store(pointer, place)
                continue
            inside = builder.gep(buffers, [INT(0), INT(i)], source_etype=buffer)
            builder.store(inside, place)
            rest = builder.gep(pointer, [whole], source_etype=DOUBLE)
            outside.append((rest, inside))
            if i < len(same):
                builder.call(copy, [inside, rest, size, ir.IntType(1)(0)])
        builder.call(rows, [places, INT(target.lanes)])
        for rest, inside in outside[len(outside) - n_outputs :]:
            builder.call(copy, [rest, inside, size, ir.IntType(1)(0)])
    builder.ret_void()


def pointer_at(builder: Any, arrays: Any, i: int, load: bool = True) -> Any:
    """The i-th pointer of an array of them, or where it is kept."""
    place = builder.gep(arrays, [INT(i)], source_etype=POINTER)
    return builder.load(place, typ=POINTER) if load else place


def spread(builder: Any, number: Any, vector: Any) -> Any:
    """A vector with that number in every lane."""
    undefined = ir.Constant(vector, ir.Undefined)
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), None)
    first = builder.insert_element(undefined, number, INT(0))
    return builder.shuffle_vector(first, undefined, zeros)


class Kernel:
    """``kernel(arrays, outputs)``: fills the outputs, a row for a row of the arrays.

    An array of length 1 stands for that number in all rows; which arrays are such is fixed in the
    code, so each combination met is compiled at its first call. ``seconds``: spent on that so far.
    """

    def __init__(self, graph: Graph, inputs: tuple[int, ...], target: Target) -> None:
        self.graph = graph
        self.inputs = inputs
        self.target = target
        self.seconds = 0.0
        self.variants: dict[tuple[bool, ...], Callable[[Any, int], None]] = {}
        self.engines: list[Any] = []

    def __call__(self, arrays: Sequence[Array], outputs: Sequence[Array]) -> None:
        n = outputs[0].size
        if n == 0:
            return
        same = tuple([array.size != n for array in arrays])
        run = self.variants.get(same) or self.compile(same)
        addresses = [array.__array_interface__["data"][0] for array in (*arrays, *outputs)]
        run((ctypes.c_void_p * len(addresses))(*addresses), n)

    def compile(self, same: tuple[bool, ...]) -> Callable[[Any, int], None]:
        """The machine code for that combination of arrays and single numbers."""
        start = time.perf_counter()
        module = written(self.graph, self.inputs, same, self.target)
        engine = compiled(self.target, module)
        self.engines.append(engine)
        kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
        self.variants[same] = run = kind(engine.get_function_address("run"))
        self.seconds += time.perf_counter() - start
        return run


def build(graph: Graph, inputs: tuple[int, ...]) -> Kernel:
    """A kernel that computes the graph's roots from arrays, one an input, a leaf of the graph."""
    return Kernel(graph, inputs, host())
