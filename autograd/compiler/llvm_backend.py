"""A compiler Graph as machine code: one loop over the rows, SIMD lanes, intermediates in registers.

``build(graph, inputs)`` gives the kernel; read by program.py, which imports this file only when the
back end is asked for: llvmlite is an extra. The loop's body is written once, for a vector of rows. Rows
that do not fill a vector go through the same body in a buffer, so a slice gives the same bits as the
whole; what no row can change is computed once, before the loop. There are no fast-math flags:
+ - * / and sqrt are IEEE's, as NumPy's; the functions are llvm_math.py's, within 2 ulp.
"""

from __future__ import annotations

import ctypes
import struct
import time
from array import array
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
Number = Any  # an operand: Lanes or a float

BIT, BYTE, INT32, INT = (ir.IntType(size) for size in (1, 8, 32, 64))
DOUBLE = ir.DoubleType()
POINTER = ir.PointerType()
EIGHT = ir.VectorType(DOUBLE, 8)
EVERY_LANE, ROUNDING_AS_IS = BYTE(-1), INT32(4)  # how AVX-512's intrinsics say so
# Added to a number below 2^51 it leaves the nearest integer in the low bits of the mantissa.
TO_INTEGER = 1.5 * 2.0**52


class Target(NamedTuple):
    """The processor that code is for."""

    cpu: str
    features: str
    lanes: int  # rows at a time: two registers full, as one alone waits for its own results
    avx512: bool  # takes exponents apart and looks up in registers in one instruction


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
    """An operand: a number a row, for as many rows as the processor takes at a time."""

    __slots__ = ("m", "number", "value")

    def __init__(self, m: Vectors, value: Any, number: float | None = None) -> None:
        self.m = m
        self.value = value  # llvmlite's
        self.number = number  # of a constant


class Vectors(Arithmetic):
    """The arithmetic of one function under construction; operands are Lanes and floats.

    A primitive made at run time brings ``llvm=lambda m, x: ...``: a formula over the table's ops, with
    ``m.libm("cbrt", x)`` for a function of the C library. ``m.fma`` and what follows it are there too.
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
        """The line of an op made at run time is told which arithmetic it runs in."""
        line = super().line(record)
        return partial(line, self) if line and line is record.lines.get(self.kind) else line

    def value(self, x: Number) -> Any:
        """llvmlite's value of an operand; a float stands in every lane."""
        return x.value if isinstance(x, Lanes) else splat(float(x), self.vector)

    def emit(self, instruction: str, *operands: Number) -> Lanes:
        """One instruction of llvmlite's builder."""
        return Lanes(self, getattr(self.builder, instruction)(*map(self.value, operands)))

    def call(self, function: Any, *operands: Number) -> Lanes:
        return Lanes(self, self.builder.call(function, [self.value(x) for x in operands]))

    def function(self, name: str, n_operands: int) -> Any:
        """The module's function of that name over vectors; if it is new, without a body."""
        kind = ir.FunctionType(self.vector, [self.vector] * n_operands)
        return self.module.globals.get(name) or ir.Function(self.module, kind, name)

    def inline(self, formula: Callable[..., Lanes], *operands: Number) -> Lanes:
        """A formula of llvm_math.py: written into the module once, and LLVM inlines it."""
        function = self.function(f"formula.{formula.__name__}", len(operands))
        if function.is_declaration:
            function.linkage = "internal"
            function.attributes.add("alwaysinline")
            m = Vectors(function, self.target)
            m.builder.ret(formula(m, *(Lanes(m, x) for x in function.args)).value)
        return self.call(function, *operands)

    def intrinsic(self, name: str, *operands: Number) -> Lanes:
        """A function that LLVM itself knows."""
        return self.call(
            self.function(f"llvm.{name}.v{self.target.lanes}f64", len(operands)), *operands
        )

    def x86(self, name: str, *operands: Any) -> Lanes:
        """An instruction of AVX-512, on 8 lanes at a time; operands of other widths go to each."""
        whole = [getattr(x.type, "count", 0) == self.target.lanes for x in operands]
        kinds = [ir.VectorType(x.type.element, 8) if w else x.type for x, w in zip(operands, whole)]
        kind = ir.FunctionType(EIGHT, kinds)
        name = f"llvm.x86.avx512.{name}.pd.512"
        function = self.module.globals.get(name) or ir.Function(self.module, kind, name)
        parts = []
        for start in range(0, self.target.lanes, 8):
            rows = lane_numbers(start, start + 8)
            part = [self.builder.shuffle_vector(x, x, rows) if w else x for x, w in zip(operands, whole)]
            parts.append(self.builder.call(function, part))
        return Lanes(self, self.builder.shuffle_vector(*parts, lane_numbers(0, self.target.lanes)))

    def libm(self, name: str, *operands: Number) -> Lanes:
        """A function of the C library, called lane by lane."""
        function = self.function(f"library.{name}", len(operands))
        if function.is_declaration:
            if binding.address_of_symbol(name) is None:  # LLVM would end the process
                raise NotImplementedError(f"{name}: this process has no such function of the C library")
            kind = ir.FunctionType(DOUBLE, [DOUBLE] * len(operands))
            one = self.module.globals.get(name) or ir.Function(self.module, kind, name)
            function.linkage = "internal"
            function.attributes.add("noinline")
            for pure in (one, function):
                pure.attributes.add("readnone")
                pure.attributes.add("nounwind")
            builder = ir.IRBuilder(function.append_basic_block())
            result = ir.Constant(self.vector, ir.Undefined)
            for lane in range(self.target.lanes):
                row = [builder.extract_element(x, INT(lane)) for x in function.args]
                result = builder.insert_element(result, builder.call(one, row), INT(lane))
            builder.ret(result)
        return self.call(function, *operands)

    def rare(self, condition: Number, usual: Lanes, name: str, *operands: Number) -> Lanes:
        """``libm`` where the condition holds; a branch spares it where that is nowhere."""
        chosen = self.holds(condition)
        any_of = f"llvm.vector.reduce.or.v{self.target.lanes}i1"
        kind = ir.FunctionType(BIT, [chosen.type])
        function = self.module.globals.get(any_of) or ir.Function(self.module, kind, any_of)
        before = self.builder.block
        with self.builder.if_then(self.builder.call(function, [chosen]), likely=False):
            called = self.libm(name, *operands)
            mixed = self.builder.select(chosen, called.value, usual.value)
            inside = self.builder.block
        result = self.builder.phi(self.vector)
        result.add_incoming(usual.value, before)
        result.add_incoming(mixed, inside)
        return Lanes(self, result)

    def compare(self, how: str, a: Number, b: Number) -> Lanes:
        """1.0 or 0.0, 0.0 at nan; LLVM folds it into ``holds``."""
        bits = self.builder.fcmp_ordered(how, self.value(a), self.value(b))
        return Lanes(self, self.builder.uitofp(bits, self.vector))

    def holds(self, condition: Number) -> Any:
        """A bit a lane: the condition is not 0."""
        return self.builder.fcmp_unordered("!=", self.value(condition), self.value(0.0))

    def select(self, condition: Number, a: Number, b: Number) -> Lanes:
        bits = self.holds(condition)
        return Lanes(self, self.builder.select(bits, self.value(a), self.value(b)))

    def fma(self, a: Number, b: Number, c: Number) -> Lanes:
        """a × b + c, rounded once."""
        return self.intrinsic("fma", a, b, c)

    def polynomial(self, x: Lanes, coefficients: Sequence[Number]) -> Lanes:
        """c₀ + c₁ x + c₂ x² + ..., by Horner's scheme."""
        *rest, total = coefficients
        for coefficient in reversed(rest):
            total = self.fma(total, x, coefficient)
        return total  # type: ignore[no-any-return]

    def copysign(self, size: Lanes, sign: Lanes) -> Lanes:
        return self.intrinsic("copysign", size, sign)

    def nearest(self, x: Lanes, factor: float) -> tuple[Lanes, Any]:
        """The integer nearest to x × factor: as Lanes, and as integers right in their low bits."""
        shifted = self.fma(x, factor, TO_INTEGER)
        return shifted - TO_INTEGER, self.bits(shifted)

    def bits(self, x: Number) -> Any:
        return self.builder.bitcast(self.value(x), self.integers)

    def from_bits(self, integers: Any) -> Lanes:
        return Lanes(self, self.builder.bitcast(integers, self.vector))

    def bit(self, integers: Any, place: int) -> Lanes:
        """1.0 where that bit is set, else 0.0."""
        alone = self.builder.and_(integers, splat(1 << place, self.integers))
        is_set = self.builder.icmp_unsigned("!=", alone, splat(0, self.integers))
        return Lanes(self, self.builder.uitofp(is_set, self.vector))

    def table(self, numbers: Sequence[float], index: Any) -> Lanes:
        """Of 16 numbers the one at the last four bits of the index."""
        if self.target.avx512:
            halves = [ir.Constant(EIGHT, list(numbers[i : i + 8])) for i in (0, 8)]
            return self.x86("vpermi2var", halves[0], index, halves[1])
        stored = ir.Constant(ir.ArrayType(DOUBLE, 16), list(numbers))
        place = ir.GlobalVariable(self.module, stored.type, self.module.get_unique_name("table"))
        place.initializer, place.linkage, place.global_constant = stored, "internal", True
        index = self.builder.and_(index, splat(15, self.integers))
        result = ir.Constant(self.vector, ir.Undefined)
        for lane in range(self.target.lanes):
            at = self.builder.extract_element(index, INT(lane))
            number = self.builder.gep(place, [at], source_etype=DOUBLE)
            number = self.builder.load(number, typ=DOUBLE)
            result = self.builder.insert_element(result, number, INT(lane))
        return Lanes(self, result)

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
        k = self.where(self.equal(x, 0.0), float("-inf"), k)
        k = self.where(self.equal(x, float("inf")), x, k)
        fraction = self.builder.and_(bits, splat((1 << 52) - 1, self.integers))
        f = self.from_bits(self.builder.or_(fraction, self.bits(1.0)))
        return self.where(self.greater_equal(x, 0.0), f, float("nan")), k


def splat(number: float, kind: Any) -> Any:
    """The constant with that number in every lane."""
    text = str(number)
    if kind.element == DOUBLE:
        text = f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016x}"
    constant = ir.FormattedConstant(kind.element, f"splat ({kind.element} {text})")
    constant.type = kind
    return constant


def lane_numbers(start: int, stop: int) -> Any:
    return ir.Constant(ir.VectorType(INT32, stop - start), list(range(start, stop)))


def larger(m: Vectors, a: Number, b: Number) -> Lanes:
    """nan if either is; a of 0 and -0. The first choice is one instruction, the second folds for floats."""
    return m.select(m.compare("ord", b, b), m.select(m.compare(">", b, a), b, a), b)


def smaller(m: Vectors, a: Number, b: Number) -> Lanes:
    return m.select(m.compare("ord", b, b), m.select(m.compare("<", b, a), b, a), b)


# A line a primitive, ``(m, *operands)``.
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
    "maximum": larger,
    "minimum": smaller,
    "equal": lambda m, a, b: m.compare("==", a, b),
    "greater": lambda m, a, b: m.compare(">", a, b),
    "greater_equal": lambda m, a, b: m.compare(">=", a, b),
    "where": lambda m, c, a, b: m.select(c, a, b),
}


def write_module(graph: Graph, inputs: tuple[int, ...], same: tuple[bool, ...], target: Target) -> Any:
    """LLVM's text of ``run(pointers, n)``: a pointer an input, then a pointer an output.

    ``same`` says of each input whether it is one number for all rows.
    """
    module = ir.Module("rows")
    module.triple = binding.get_default_triple()
    kind = ir.FunctionType(ir.VoidType(), [POINTER, INT])
    loop = ir.Function(module, kind, "loop")
    loop.linkage = "internal"
    loop.attributes.add("noinline")
    loop.attributes.alignstack = 64  # or each spilled vector lies across two cache lines
    write_loop(loop, graph, inputs, same, target)
    write_run(ir.Function(module, kind, "run"), loop, same, len(graph.roots), target)
    return module


def write_loop(
    loop: Any, graph: Graph, inputs: tuple[int, ...], same: tuple[bool, ...], target: Target
) -> None:
    """The loop over n rows, where n is a multiple of the lanes, and not 0."""
    pointers, n = loop.args
    m = Vectors(loop, target)
    b = m.builder
    places = [pointer(b, pointers, i) for i in range(len(inputs) + len(graph.roots))]
    steady = [True] * len(graph)  # the same in all rows
    values: list[Any] = [
        None if x is None else Lanes(m, splat(x, m.vector), x) for x in graph.values
    ]
    for leaf, place, one in zip(inputs, places, same):
        steady[leaf] = one
        if one:
            number = b.insert_element(m.value(0.0), b.load(place, typ=DOUBLE), INT(0))
            first = ir.Constant(ir.VectorType(INT32, target.lanes), None)
            values[leaf] = Lanes(m, b.shuffle_vector(number, number, first))

    def write(wanted: bool) -> None:
        for i, record in enumerate(graph.ops):
            if record is not None:
                steady[i] = all(steady[x] for x in graph.operands[i] if isinstance(x, int))
                if steady[i] is wanted:
                    values[i] = m.run(record, *graph.at(i, values))

    write(True)
    start, body, end = b.block, loop.append_basic_block("body"), loop.append_basic_block("end")
    b.branch(body)
    b.position_at_end(body)
    row = b.phi(INT)
    row.add_incoming(INT(0), start)
    for leaf, place, one in zip(inputs, places, same):
        if not one:
            here = b.gep(place, [row], source_etype=DOUBLE)
            values[leaf] = Lanes(m, b.load(here, typ=m.vector, align=8))
    write(False)
    for root, place in zip(graph.roots, places[len(inputs) :]):
        b.store(m.value(values[root]), b.gep(place, [row], source_etype=DOUBLE), align=8)
    following = b.add(row, INT(target.lanes))
    row.add_incoming(following, b.block)
    b.cbranch(b.icmp_unsigned("<", following, n), body, end)
    ir.IRBuilder(end).ret_void()


def write_run(run: Any, loop: Any, same: tuple[bool, ...], n_outputs: int, target: Target) -> None:
    """The loop over all whole vectors of rows, then over a buffer with what is left."""
    pointers, n = run.args
    b = ir.IRBuilder(run.append_basic_block())
    whole = b.and_(n, INT(-target.lanes))
    left = b.sub(n, whole)
    copy = run.module.declare_intrinsic("llvm.memcpy", [POINTER, POINTER, INT])
    fill = run.module.declare_intrinsic("llvm.memset", [POINTER, INT])

    def move(to: Any, source: Any) -> None:
        b.call(copy, [to, source, b.mul(left, INT(8)), BIT(0)])

    with b.if_then(b.icmp_unsigned("!=", whole, INT(0))):
        b.call(loop, [pointers, whole])
    with b.if_then(b.icmp_unsigned("!=", left, INT(0))):
        buffers = ir.ArrayType(ir.ArrayType(DOUBLE, target.lanes), len(same) + n_outputs)
        buffer, others = b.alloca(buffers), b.alloca(ir.ArrayType(POINTER, buffers.count))
        buffer.type = others.type = POINTER  # llvmlite still gives them a type of their own
        b.call(fill, [buffer, BYTE(0), INT(8 * target.lanes * buffers.count), BIT(0)])
        rests = [
            b.gep(pointer(b, pointers, i), [whole], source_etype=DOUBLE) for i in range(buffers.count)
        ]
        parts = [b.gep(buffer, [INT(0), INT(i)], source_etype=buffers) for i in range(buffers.count)]
        for i, (rest, part) in enumerate(zip(rests, parts)):
            one = i < len(same) and same[i]
            b.store(pointer(b, pointers, i) if one else part, pointer_place(b, others, i))
            if i < len(same) and not one:
                move(part, rest)
        b.call(loop, [others, INT(target.lanes)])
        for rest, part in list(zip(rests, parts))[len(same) :]:
            move(rest, part)
    b.ret_void()


def pointer_place(builder: Any, pointers: Any, i: int) -> Any:
    return builder.gep(pointers, [INT(i)], source_etype=POINTER)


def pointer(builder: Any, pointers: Any, i: int) -> Any:
    return builder.load(pointer_place(builder, pointers, i), typ=POINTER)


def machine_code(module: Any, target: Target) -> Any:
    """The engine that holds the optimised code: the code lives as long as it does."""
    machine = binding.Target.from_triple(module.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=2, jit=True
    )
    module.data_layout = str(machine.target_data)
    parsed = binding.parse_assembly(str(module))
    # The rows are vectors already, and the loop's body is long: nothing to vectorise or unroll.
    options = binding.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = False
    passes = binding.create_pass_builder(machine, options)
    passes.getModulePassManager().run(parsed, passes)
    engine = binding.create_mcjit_compiler(parsed, machine)
    engine.finalize_object()
    return engine


def address(numbers: Array) -> int:
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(numbers))  # 4 times faster than .ctypes.data
    except TypeError:  # read-only
        return numbers.ctypes.data


class Kernel:
    """``kernel(arrays, outputs)``: fills the outputs, one a root, from the arrays, one an input.

    Arrays are float64 in one piece, as long as the outputs; one of length 1 stands for that number in
    every row. Which arrays do is written into the code, so each such pattern is compiled at its first
    call; ``seconds`` is the time spent on that so far.
    """

    def __init__(self, graph: Graph, inputs: tuple[int, ...], target: Target) -> None:
        self.graph = graph
        self.inputs = inputs
        self.target = target
        self.seconds = 0.0
        self.engines: list[Any] = []
        self.variants: dict[tuple[bool, ...], Callable[[int, int], None]] = {}

    def __call__(self, arrays: Sequence[Array], outputs: Sequence[Array]) -> None:
        n = len(outputs[0])
        if n:
            same = tuple([len(numbers) != n for numbers in arrays])
            run = self.variants.get(same) or self.compile(same)
            pointers = array("Q", [address(numbers) for numbers in (*arrays, *outputs)])
            run(pointers.buffer_info()[0], n)

    def compile(self, same: tuple[bool, ...]) -> Callable[[int, int], None]:
        """The code for arrays of which those are one number for all rows."""
        start = time.perf_counter()
        module = write_module(self.graph, self.inputs, same, self.target)
        engine = machine_code(module, self.target)
        self.engines.append(engine)
        function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
        self.variants[same] = run = function(engine.get_function_address("run"))
        self.seconds += time.perf_counter() - start
        return run


def build(graph: Graph, inputs: tuple[int, ...]) -> Kernel:
    """The kernel that computes the graph's roots; ``inputs`` are leaves, the others are constants."""
    return Kernel(graph, inputs, host())


class _Known(Arithmetic):
    """What rewriting asks: whether an op has a line here, outside of any function."""

    kind: ClassVar[str] = "llvm"
    lines = LINES


_KNOWN = _Known()


def arithmetic() -> Arithmetic:
    """The arithmetic of this back end, as far as its lines are concerned."""
    return _KNOWN
