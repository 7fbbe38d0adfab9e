"""The LLVM back end: one loop over the rows in machine code, with intermediates in registers.

The loop's body is written once, for a vector of rows, by running the graph on llvm_vectors.py's
arithmetic. Rows that do not fill a vector go through the same body in a buffer, so a slice gives
the same bits as the whole; what no row can change is computed once, before the loop. There are no
fast-math flags: + - * / and sqrt are IEEE's, as NumPy's. Imported only when the back end is asked
for: llvmlite is an extra.
"""

from __future__ import annotations

import ctypes
import time
from array import array
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from llvmlite import binding, ir

from .llvm_vectors import BIT, BYTE, DOUBLE, INT, Lanes, Target, Vectors, host, splat

if TYPE_CHECKING:
    from ..graph import Graph

Array = np.ndarray[Any, np.dtype[np.float64]]
Pattern = tuple[bool, ...]  # of each input: is it one number for all rows?

POINTER = ir.PointerType()
# Up to so many nodes LLVM allocates registers with care, in a time that grows faster than the
# graph: 1 s at this size. Beyond, in passing: 7,000 nodes in 1 s, not 5, for code 1.5 times slower.
CAREFUL = 3_000


@cache
def arithmetic() -> Vectors:
    """The arithmetic, for the question which ops it has a line for."""
    kind = ir.FunctionType(ir.VoidType(), ())
    return Vectors(ir.Function(ir.Module(), kind, "none"), host())


def build(graph: Graph, inputs: tuple[int, ...]) -> Kernel:
    """The kernel that computes the roots; ``inputs`` are leaves, and other leaves are constants."""
    return Kernel(graph, inputs, host())


class Kernel:
    """``kernel(arrays, outputs)``: fills the outputs, one a root, from the arrays, one an input.

    Arrays are float64 in one piece, as long as the outputs; one of length 1 stands for that number
    in every row. Which ones do is written into the code, so each such pattern is compiled at its
    first call; ``seconds`` is the time spent on that so far.
    """

    def __init__(self, graph: Graph, inputs: tuple[int, ...], target: Target) -> None:
        self.graph = graph
        self.inputs = inputs
        self.target = target
        self.seconds = 0.0
        self.engines: list[Any] = []  # the code lives as long as they do
        self.compiled: dict[Pattern, Callable[[int, int], None]] = {}

    def __call__(self, arrays: Sequence[Array], outputs: Sequence[Array]) -> None:
        n = len(outputs[0])
        if n:
            pattern = tuple([len(numbers) != n for numbers in arrays])
            run = self.compiled.get(pattern) or self.compile(pattern)
            addresses = array("Q", [address(numbers) for numbers in (*arrays, *outputs)])
            run(addresses.buffer_info()[0], n)

    def compile(self, pattern: Pattern) -> Callable[[int, int], None]:
        """The machine code for arrays of that pattern."""
        start = time.perf_counter()
        written = module(self.graph, self.inputs, pattern, self.target)
        target = self.target
        if waits(self.graph, len(self.inputs) + len(self.graph.roots), written):
            target = target.narrow
        careful = len(self.graph) <= CAREFUL
        engine = binding.create_mcjit_compiler(*optimised(written, target, careful))
        engine.finalize_object()
        self.engines.append(engine)
        function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
        run = self.compiled[pattern] = function(engine.get_function_address("run"))
        self.seconds += time.perf_counter() - start
        return run


def address(numbers: Any) -> int:
    try:  # a quarter of the time of numbers.ctypes.data
        return ctypes.addressof(ctypes.c_char.from_buffer(numbers))
    except TypeError:  # read-only
        return numbers.ctypes.data  # type: ignore[no-any-return]


def waits(graph: Graph, columns: int, written: Any) -> bool:
    """Whether the loop will wait for memory: no more plain instructions than columns to move."""
    plain = not any(name.startswith(("formula.", "llvm.x86")) for name in written.globals)
    return plain and sum(record is not None for record in graph.ops) <= columns


def optimised(written: Any, target: Target, careful: bool = True) -> tuple[Any, Any]:
    """LLVM's module, optimised, and its machine. Higher levels only take longer (measured)."""
    machine = binding.Target.from_triple(written.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=int(careful), jit=True
    )
    written.data_layout = str(machine.target_data)
    parsed = binding.parse_assembly(str(written))
    parsed.verify()
    # The rows are vectors already, and the loop's body is long: nothing to vectorise or unroll.
    options = binding.create_pipeline_tuning_options(speed_level=1)
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = False
    passes = binding.create_pass_builder(machine, options)
    passes.getModulePassManager().run(parsed, passes)
    return parsed, machine


def module(graph: Graph, inputs: tuple[int, ...], pattern: Pattern, target: Target) -> Any:
    """LLVM's text of ``run(pointers, n)``: a pointer an input, then a pointer an output."""
    written = ir.Module("rows")
    written.triple = binding.get_default_triple()
    kind = ir.FunctionType(ir.VoidType(), [POINTER, INT])
    loop = ir.Function(written, kind, "loop")
    loop.linkage = "internal"
    loop.attributes.add("noinline")
    loop.attributes.alignstack = 64  # or each spilled vector lies across two cache lines
    write_loop(loop, graph, inputs, pattern, target)
    write_run(ir.Function(written, kind, "run"), loop, pattern, len(graph.roots), target)
    return written


def write_loop(
    loop: Any, graph: Graph, inputs: tuple[int, ...], pattern: Pattern, target: Target
) -> None:
    """The loop over n rows, where n is a multiple of the lanes, and not 0."""
    pointers, n = loop.args
    m = Vectors(loop, target)
    b = m.builder
    places = [load_pointer(b, pointers, i) for i in range(len(inputs) + len(graph.roots))]
    values: list[Any] = [
        None if x is None else Lanes(m, splat(x, m.vector), x) for x in graph.values
    ]
    steady = [True] * len(graph)  # the same in all rows
    for leaf, place, one in zip(inputs, places, pattern):
        steady[leaf] = one
        if one:
            values[leaf] = m.gathered([b.load(place, typ=DOUBLE)] * target.lanes)

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
    for leaf, place, one in zip(inputs, places, pattern):
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


def write_run(run: Any, loop: Any, pattern: Pattern, n_outputs: int, target: Target) -> None:
    """The loop over all whole vectors of rows, then over a buffer with the rows that are left."""
    pointers, n = run.args
    b = ir.IRBuilder(run.append_basic_block())
    whole = b.and_(n, INT(-target.lanes))
    left = b.sub(n, whole)
    with b.if_then(b.icmp_unsigned("!=", whole, INT(0))):
        b.call(loop, [pointers, whole])
    with b.if_then(b.icmp_unsigned("!=", left, INT(0))):
        count = len(pattern) + n_outputs
        buffers = ir.ArrayType(ir.ArrayType(DOUBLE, target.lanes), count)
        buffer, others = b.alloca(buffers), b.alloca(ir.ArrayType(POINTER, count))
        buffer.type = others.type = POINTER  # llvmlite's alloca still gives typed ones
        fill = run.module.declare_intrinsic("llvm.memset", [POINTER, INT])
        b.call(fill, [buffer, BYTE(0), INT(8 * target.lanes * count), BIT(0)])
        copy = run.module.declare_intrinsic("llvm.memcpy", [POINTER, POINTER, INT])
        size = b.mul(left, INT(8))
        results = []
        for i in range(count):
            here = load_pointer(b, pointers, i)
            rest = b.gep(here, [whole], source_etype=DOUBLE)
            part = b.gep(buffer, [INT(0), INT(i)], source_etype=buffers)
            one = i < len(pattern) and pattern[i]
            b.store(here if one else part, b.gep(others, [INT(i)], source_etype=POINTER))
            if i >= len(pattern):
                results.append((rest, part))
            elif not one:
                b.call(copy, [part, rest, size, BIT(0)])
        b.call(loop, [others, INT(target.lanes)])
        for rest, part in results:
            b.call(copy, [rest, part, size, BIT(0)])
    b.ret_void()


def load_pointer(builder: Any, pointers: Any, i: int) -> Any:
    place = builder.gep(pointers, [INT(i)], source_etype=POINTER)
    return builder.load(place, typ=POINTER)
