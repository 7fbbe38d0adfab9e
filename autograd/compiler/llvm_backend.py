"""The LLVM back end: one loop over the rows in machine code, with intermediates in registers.

The loop's body is written once, for a vector of rows, by running the graph on llvm_vectors.py's
arithmetic. Rows that do not fill a vector go through the same body in a buffer, so a slice gives
the same bits as the whole; what no row can change is computed once, before the loop. There are no
fast-math flags: + - * / and sqrt are IEEE's, as NumPy's. Imported only when the back end is asked
for: llvmlite is an extra.
"""

from __future__ import annotations

import ctypes
import threading
import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from llvmlite import binding, ir

from .llvm_vectors import BIT, BYTE, DOUBLE, FORMULAS, INT, Lanes, Target, Vectors, host, stored

if TYPE_CHECKING:
    from ..graph import Graph

Array = np.ndarray[Any, np.dtype[np.float64]]
Pattern = tuple[bool, ...]  # of each input: is it one number for all rows?

POINTER = ir.PointerType()
SIGNATURE = ir.FunctionType(ir.VoidType(), [POINTER, INT])
# A graph of more nodes is cut into functions of PART: the time that LLVM needs for one function
# grows with its square, its stack with its length (220 bytes a node). A formula is FORMULA nodes:
# 100 sines and cosines take as long as 1,000 sums. A net of 870 nodes loses 15 % if it is cut.
WHOLE, PART, FORMULA = 1_000, 250, 10
# So many formulas are written out in place, later ones called: 1.2 times slower, built in a sixth
# of the time.
INLINED = 200


@cache
def arithmetic() -> Vectors:
    """The arithmetic, for the question which ops it has a line for."""
    return Vectors(ir.Function(ir.Module(), SIGNATURE, "none"), host())


def build(graph: Graph) -> Kernel:
    """The kernel that computes the roots; leaves that are no inputs are constants."""
    return Kernel(graph, graph.inputs, host())


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
        self.compiled: dict[Pattern, Any] = {}
        columns = len(inputs) + len(graph.roots)
        self.memory = Memory((kept_nodes(graph) + columns) * target.lanes + columns + 1)

    def __call__(self, arrays: Sequence[Array], outputs: Sequence[Array]) -> None:
        n = len(outputs[0])
        if n:
            pattern = tuple([len(numbers) != n for numbers in arrays])
            run = self.compiled.get(pattern) or self.compile(pattern)
            addresses = array("Q", [address(numbers) for numbers in (*arrays, *outputs)])
            addresses.append(self.memory.address)
            run(addresses.buffer_info()[0], n)

    def compile(self, pattern: Pattern) -> Any:
        """The machine code for arrays of that pattern."""
        start = time.perf_counter()
        written = module(self.graph, self.inputs, pattern, self.target)
        waiting = waits(self.graph, len(self.inputs) + len(self.graph.roots), written)
        target = self.target.narrow if waiting else self.target
        engine = binding.create_mcjit_compiler(*optimised(written, target))
        engine.finalize_object()
        self.engines.append(engine)
        function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
        run = self.compiled[pattern] = function(engine.get_function_address("run"))
        self.seconds += time.perf_counter() - start
        return run


class Memory(threading.local):
    """What the code works in, aligned to 64 bytes: every thread that runs has its own."""

    def __init__(self, size: int) -> None:
        self.numbers = np.empty(size + 8)
        self.address = -(-address(self.numbers) // 64) * 64


def kept_nodes(graph: Graph) -> int:
    """Nodes whose vectors may lie in memory: none if the graph is not cut."""
    formulas = sum(getattr(record, "name", None) in FORMULAS for record in graph.ops)
    return len(graph) if len(graph) + FORMULA * formulas > WHOLE else 0


def address(numbers: Any) -> int:
    try:  # a quarter of the time of numbers.ctypes.data
        return ctypes.addressof(ctypes.c_char.from_buffer(numbers))
    except TypeError:  # read-only
        return numbers.ctypes.data  # type: ignore[no-any-return]


def waits(graph: Graph, columns: int, written: Any) -> bool:
    """Whether the loop will wait for memory: no more plain instructions than columns to move."""
    plain = not any(name.startswith(("formula.", "llvm.x86")) for name in written.globals)
    return plain and sum(record is not None for record in graph.ops) <= columns


def optimised(written: Any, target: Target) -> tuple[Any, Any]:
    """LLVM's module, optimised, and its machine. Higher levels only take longer (measured)."""
    machine = binding.Target.from_triple(written.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=1, jit=True
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
    """LLVM's text of ``run(pointers, n)``: a pointer an input, one an output, one to memory.

    What does not fit into registers lies there, not on the stack, which may be small.
    """
    written = ir.Module("rows")
    written.triple = binding.get_default_triple()
    task = Task(graph, inputs, pattern, target)
    loop = internal(written, "loop")
    write_loop(loop, task)
    write_run(ir.Function(written, SIGNATURE, "run"), loop, task)
    return written


def internal(written: Any, name: str) -> Any:
    """A function of the module that stays one."""
    function = ir.Function(written, SIGNATURE, written.get_unique_name(name))
    function.linkage = "internal"
    function.attributes.add("noinline")
    function.attributes.alignstack = 64  # or each spilled vector lies across two cache lines
    function.args[0].add_attribute("noalias")  # so the pointers are loaded before the loop
    return function


class Task:
    """What is to be written."""

    def __init__(
        self, graph: Graph, inputs: tuple[int, ...], pattern: Pattern, target: Target
    ) -> None:
        self.graph = graph
        self.target = target
        self.kept = kept_nodes(graph)
        self.spare = iter(range(INLINED)) if self.kept else None
        self.places = {leaf: n for n, leaf in enumerate(inputs)}
        self.memory = len(inputs) + len(graph.roots)  # its place: behind the arrays'
        self.results: dict[int, list[int]] = {}  # of a root, the places of its outputs
        for n, root in enumerate(graph.roots, len(inputs)):
            self.results.setdefault(root, []).append(n)
        self.steady: list[bool] = []  # the same in all rows
        for i, operands in enumerate(graph.operands):
            one = i not in self.places or pattern[self.places[i]]
            self.steady.append(one and all(self.steady[x] for x in operands if type(x) is int))


class Body(dict[int, Any]):
    """The operands that one function has: written by it, or else read where they are needed."""

    def __init__(self, function: Any, task: Task) -> None:
        super().__init__()
        self.pointers, self.row = function.args
        self.task = task
        self.m = Vectors(function, task.target, task.spare)
        self.memory = load_pointer(self.m.builder, self.pointers, INT(task.memory))

    def write(self, nodes: Sequence[int], looping: bool) -> None:
        """These nodes; what other functions need is kept, and ``looping`` gives the results."""
        m, task, graph, own = self.m, self.task, self.task.graph, set(nodes)
        for i in nodes:
            record = graph.ops[i]
            if record is not None and task.steady[i] is not looping:
                self[i] = m.run(record, *graph.at(i, self))  # type: ignore[arg-type]
                if task.kept and (not looping or any(x not in own for x, _ in graph.users[i])):
                    m.builder.store(m.value(self[i]), self.home(i), align=16)
            vector = m.value(self[i])
            for n in task.results.get(i, ()) if looping else ():
                m.builder.store(vector, self.column(n), align=8)

    def __missing__(self, i: int) -> Any:
        m, b, graph, n = self.m, self.m.builder, self.task.graph, self.task.places.get(i)
        if n is None and graph.ops[i] is None:
            self[i] = graph.values[i]
        elif n is None:
            self[i] = Lanes(m, b.load(self.home(i), typ=m.vector, align=16))
        elif self.task.steady[i]:
            one = load_pointer(b, self.pointers, INT(n))
            self[i] = Lanes(m, m.spread(b.load(one, typ=DOUBLE)))
        else:
            self[i] = Lanes(m, b.load(self.column(n), typ=m.vector, align=8))
        return self[i]

    def column(self, n: int) -> Any:
        """Where these rows of the n-th array are."""
        return offset(self.m.builder, load_pointer(self.m.builder, self.pointers, INT(n)), self.row)

    def home(self, i: int) -> Any:
        """Where node i is kept for other functions."""
        return offset(self.m.builder, self.memory, INT(i * self.task.target.lanes))


def write_loop(loop: Any, task: Task) -> None:
    """The loop over n rows, where n is a multiple of the lanes, and not 0."""
    body = Body(loop, task)
    b = body.m.builder

    def write(nodes: list[int], looping: bool) -> None:
        if not task.kept:
            body.write(nodes, looping)
            return
        for start in range(0, len(nodes), PART):
            part = Body(internal(loop.module, "part"), task)
            part.write(nodes[start : start + PART], looping)
            part.m.builder.ret_void()
            b.call(part.m.builder.function, [body.pointers, body.row])

    n, body.row = body.row, INT(0)
    write([i for i, steady in enumerate(task.steady) if steady], looping=False)
    with repeated(b, 0, n, task.target.lanes) as body.row:
        moving = {i for i, op in enumerate(task.graph.ops) if op and not task.steady[i]}
        write(sorted(moving | task.results.keys()), looping=True)
    b.ret_void()


def write_run(run: Any, loop: Any, task: Task) -> None:
    """The loop over all whole vectors of rows, then over a buffer with the rows that are left."""
    pointers, n = run.args
    b = ir.IRBuilder(run.append_basic_block())
    lanes, count = task.target.lanes, task.memory
    ones = [task.steady[i] for i in task.places] + [False] * len(task.graph.roots)
    whole = b.and_(n, INT(-lanes))
    with b.if_then(b.icmp_unsigned("!=", whole, INT(0))):
        b.call(loop, [pointers, whole])
    with b.if_then(b.icmp_unsigned("!=", whole, n)):
        left = b.mul(b.sub(n, whole), INT(8))
        memory = load_pointer(b, pointers, INT(count))
        buffer = offset(b, memory, INT(lanes * task.kept))
        others = offset(b, buffer, INT(lanes * count))  # the pointers to its columns
        b.store(memory, offset(b, others, INT(count)))
        table = stored(run.module, BIT, ones)
        fill = run.module.declare_intrinsic("llvm.memset", [POINTER, INT])
        copy = run.module.declare_intrinsic("llvm.memcpy", [POINTER, POINTER, INT])
        b.call(fill, [buffer, BYTE(0), INT(8 * lanes * count), BIT(0)])
        with repeated(b, 0, INT(count)) as i:
            one = b.load(offset(b, table, i, BIT), typ=BIT)
            part = offset(b, buffer, b.mul(i, INT(lanes)))
            b.store(part, offset(b, others, i))
            rest = offset(b, load_pointer(b, pointers, i), b.select(one, INT(0), whole))
            b.call(copy, [part, rest, b.select(one, INT(8), left), BIT(0)])
        b.call(loop, [others, INT(lanes)])
        with repeated(b, len(task.places), INT(count)) as i:
            part = offset(b, buffer, b.mul(i, INT(lanes)))
            rest = offset(b, load_pointer(b, pointers, i), whole)
            b.call(copy, [rest, part, left, BIT(0)])
    b.ret_void()


@contextmanager
def repeated(b: Any, start: int, end: Any, step: int = 1) -> Iterator[Any]:
    """What is written inside, for each number from ``start``, which is below ``end``."""
    before, inside, after = b.block, b.append_basic_block("body"), b.append_basic_block("end")
    b.branch(inside)
    b.position_at_end(inside)
    i = b.phi(INT)
    i.add_incoming(INT(start), before)
    yield i
    following = b.add(i, INT(step))
    i.add_incoming(following, b.block)
    b.cbranch(b.icmp_unsigned("<", following, end), inside, after)
    b.position_at_end(after)


def offset(b: Any, pointer: Any, i: Any, kind: Any = DOUBLE) -> Any:
    """The address of an array's element i; a pointer is as long as a number."""
    return b.gep(pointer, [i], source_etype=kind)


def load_pointer(b: Any, pointers: Any, i: Any) -> Any:
    return b.load(offset(b, pointers, i, POINTER), typ=POINTER)
