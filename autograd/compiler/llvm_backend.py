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
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from llvmlite import binding, ir

from .llvm_vectors import BIT, BYTE, DOUBLE, FORMULAS, INT, Lanes, Target, Vectors, host, splat

if TYPE_CHECKING:
    from ..graph import Graph

Array = np.ndarray[Any, np.dtype[np.float64]]
Pattern = tuple[bool, ...]  # of each input: is it one number for all rows?

POINTER = ir.PointerType()
SIGNATURE = ir.FunctionType(ir.VoidType(), [POINTER, INT, POINTER])
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
        self.kept: list[tuple[Array, int]] = []  # memory that is not in use, and its address

    def __call__(self, arrays: Sequence[Array], outputs: Sequence[Array]) -> None:
        n = len(outputs[0])
        if n:
            pattern = tuple([len(numbers) != n for numbers in arrays])
            run = self.compiled.get(pattern) or self.compile(pattern)
            try:  # not `if self.kept`: another thread may take it in between
                kept = self.kept.pop()
            except IndexError:
                kept = self.memory()
            addresses = array("Q", [address(numbers) for numbers in (*arrays, *outputs)])
            addresses.append(kept[1])
            run(addresses.buffer_info()[0], n)
            self.kept.append(kept)

    def memory(self) -> tuple[Array, int]:
        """What the code works in, aligned to 64 bytes; each thread that runs has its own."""
        columns = len(self.inputs) + len(self.graph.roots)
        size = (kept_nodes(self.graph) + columns) * self.target.lanes + columns
        memory = np.empty(size + 8)
        return memory, -(-address(memory) // 64) * 64

    def compile(self, pattern: Pattern) -> Callable[[int, int], None]:
        """The machine code for arrays of that pattern."""
        start = time.perf_counter()
        written = module(self.graph, self.inputs, pattern, self.target)
        target = self.target
        if waits(self.graph, len(self.inputs) + len(self.graph.roots), written):
            target = target.narrow
        engine = binding.create_mcjit_compiler(*optimised(written, target))
        engine.finalize_object()
        self.engines.append(engine)
        function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
        run = self.compiled[pattern] = function(engine.get_function_address("run"))
        self.seconds += time.perf_counter() - start
        return run


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
    loop = internal(written, "loop")
    leaves = dict(zip(inputs, enumerate(pattern), strict=True))
    task = Task(graph, leaves, frozenset(graph.roots), kept_nodes(graph), target)
    write_loop(loop, task)
    kind = ir.FunctionType(ir.VoidType(), [POINTER, INT])
    write_run(ir.Function(written, kind, "run"), loop, task)
    return written


def internal(written: Any, name: str) -> Any:
    """A function of the module that stays one."""
    function = ir.Function(written, SIGNATURE, name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    function.attributes.alignstack = 64  # or each spilled vector lies across two cache lines
    function.args[0].add_attribute("noalias")  # so the pointers are loaded before the loop
    return function


class Task(NamedTuple):
    """What is to be written."""

    graph: Graph
    leaves: Mapping[int, tuple[int, bool]]  # input: its place among them, whether it is one number
    roots: frozenset[int]
    kept: int
    target: Target


class Body(dict[int, Lanes]):
    """The vectors that one function has: written by it, or else read where they are needed."""

    def __init__(self, function: Any, task: Task) -> None:
        super().__init__()
        self.pointers, self.row, self.kept = function.args
        self.task = task
        self.m = Vectors(function, task.target)

    def write(self, nodes: Sequence[int]) -> None:
        """These nodes; what other functions need is kept."""
        graph, own = self.task.graph, set(nodes)
        for i in nodes:
            self[i] = self.m.run(graph.ops[i], *graph.at(i, self))  # type: ignore[arg-type]
            if self.task.kept and (
                i in self.task.roots or any(user not in own for user, _ in graph.users[i])
            ):
                self.m.builder.store(self[i].value, self.home(i), align=16)

    def write_results(self, columns: Sequence[int]) -> None:
        graph, leaves, *_ = self.task
        for n in columns:
            vector = self.m.value(self[graph.roots[n]])
            self.m.builder.store(vector, self.column(len(leaves) + n), align=8)

    def __missing__(self, i: int) -> Lanes:
        m, b, number = self.m, self.m.builder, self.task.graph.values[i]
        if i in self.task.leaves:
            place, one = self.task.leaves[i]
            if one:
                vector = m.spread(b.load(load_pointer(b, self.pointers, place), typ=DOUBLE))
            else:
                vector = b.load(self.column(place), typ=m.vector, align=8)
            found = Lanes(m, vector)
        elif number is not None and self.task.graph.ops[i] is None:
            found = Lanes(m, splat(number, m.vector), number)
        else:
            found = Lanes(m, b.load(self.home(i), typ=m.vector, align=16))
        self[i] = found
        return found

    def column(self, n: int) -> Any:
        """Where these rows of the n-th array are."""
        pointer = load_pointer(self.m.builder, self.pointers, n)
        return self.m.builder.gep(pointer, [self.row], source_etype=DOUBLE)

    def home(self, i: int) -> Any:
        """Where node i is kept for other functions."""
        place = INT(i * self.m.target.lanes)
        return self.m.builder.gep(self.kept, [place], source_etype=DOUBLE)


def write_loop(loop: Any, task: Task) -> None:
    """The loop over n rows, where n is a multiple of the lanes, and not 0."""
    graph, leaves, target = task.graph, task.leaves, task.target
    n = loop.args[1]
    body = Body(loop, task)
    b = body.m.builder
    steady: list[bool] = []  # the same in all rows
    for i, operands in enumerate(graph.operands):
        one = i not in leaves or leaves[i][1]
        steady.append(one and all(steady[x] for x in operands if type(x) is int))

    def split(items: Sequence[int]) -> Iterator[tuple[Body, Sequence[int]]]:
        if not task.kept:
            yield body, items
            return
        spare: float = INLINED
        for start in range(0, len(items), PART):
            part = Body(internal(loop.module, loop.module.get_unique_name("part")), task)
            part.m.spare = spare
            yield part, items[start : start + PART]
            part.m.builder.ret_void()
            b.call(part.m.builder.function, [body.pointers, body.row, body.kept])
            spare = part.m.spare

    ops = [i for i, record in enumerate(graph.ops) if record]
    body.row = INT(0)
    if not task.kept:
        for leaf, (_, one) in leaves.items():
            if one:
                body[leaf]  # is read here, before the loop
    for part, nodes in split([i for i in ops if steady[i]]):
        part.write(nodes)
    start, inside, end = b.block, loop.append_basic_block("body"), loop.append_basic_block("end")
    b.branch(inside)
    b.position_at_end(inside)
    row = body.row = b.phi(INT)
    row.add_incoming(INT(0), start)
    for part, nodes in split([i for i in ops if not steady[i]]):
        part.write(nodes)
    for part, columns in split(range(len(graph.roots))):
        part.write_results(columns)
    following = b.add(row, INT(target.lanes))
    row.add_incoming(following, b.block)
    b.cbranch(b.icmp_unsigned("<", following, n), inside, end)
    ir.IRBuilder(end).ret_void()


def write_run(run: Any, loop: Any, task: Task) -> None:
    """The loop over all whole vectors of rows, then over a buffer with the rows that are left."""
    graph, leaves, target = task.graph, task.leaves, task.target
    pointers, n = run.args
    b = ir.IRBuilder(run.append_basic_block())
    count = len(leaves) + len(graph.roots)
    kept = load_pointer(b, pointers, count)
    whole = b.and_(n, INT(-target.lanes))

    def copies(columns: range, back: bool) -> None:
        for start in range(columns.start, columns.stop, PART):
            some = internal(run.module, run.module.get_unique_name("copies"))
            write_copies(some, task, columns[start - columns.start :][:PART], back)
            b.call(some, [pointers, n, buffer])

    with b.if_then(b.icmp_unsigned("!=", whole, INT(0))):
        b.call(loop, [pointers, whole, kept])
    with b.if_then(b.icmp_unsigned("!=", whole, n)):
        buffer = b.gep(kept, [INT(target.lanes * task.kept)], source_etype=DOUBLE)
        fill = run.module.declare_intrinsic("llvm.memset", [POINTER, INT])
        b.call(fill, [buffer, BYTE(0), INT(8 * target.lanes * count), BIT(0)])
        copies(range(count), back=False)
        others = b.gep(buffer, [INT(target.lanes * count)], source_etype=DOUBLE)
        b.call(loop, [others, INT(target.lanes), kept])
        copies(range(len(leaves), count), back=True)
    b.ret_void()


def write_copies(function: Any, task: Task, columns: range, back: bool) -> None:
    """Copies the rows that are left into the buffer, whose columns it lists; or out of it."""
    pointers, n, buffer = function.args
    b = ir.IRBuilder(function.append_basic_block())
    lanes, ones = task.target.lanes, [one for _, one in task.leaves.values()]
    whole = b.and_(n, INT(-lanes))
    size = b.mul(b.sub(n, whole), INT(8))
    others = b.gep(buffer, [INT(lanes * (len(ones) + len(task.graph.roots)))], source_etype=DOUBLE)
    copy = function.module.declare_intrinsic("llvm.memcpy", [POINTER, POINTER, INT])
    for i in columns:
        here = load_pointer(b, pointers, i)
        rest = b.gep(here, [whole], source_etype=DOUBLE)
        part = b.gep(buffer, [INT(lanes * i)], source_etype=DOUBLE)
        if back:
            b.call(copy, [rest, part, size, BIT(0)])
            continue
        one = i < len(ones) and ones[i]
        b.store(here if one else part, b.gep(others, [INT(i)], source_etype=POINTER))
        if i < len(ones) and not one:
            b.call(copy, [part, rest, size, BIT(0)])
    b.ret_void()


def load_pointer(builder: Any, pointers: Any, i: int) -> Any:
    place = builder.gep(pointers, [INT(i)], source_etype=POINTER)
    return builder.load(place, typ=POINTER)
