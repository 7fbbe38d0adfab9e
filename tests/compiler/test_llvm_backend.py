"""The LLVM back end: its functions against mpmath, its rows against each other.

Every test of a number runs for this machine's instructions and for the portable ones.
"""

from __future__ import annotations

import math
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest

import autograd
from autograd import ops
from autograd.graph import Graph
from autograd.ieee import FLOATS
from autograd.op import REALS, primitive

pytest.importorskip("llvmlite")
mpmath = pytest.importorskip("mpmath")

from autograd.compiler import llvm_backend, llvm_math  # noqa: E402
from autograd.compiler.llvm_vectors import host  # noqa: E402

PORTABLE = host()._replace(lanes=4, avx512=False)
TARGETS = pytest.mark.parametrize("target", [host(), PORTABLE], ids=["host", "portable"])
SPECIAL = (
    0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, 3.0, -3.0, 5e-324, 1e300, -1e-310,
    math.inf, -math.inf, math.nan,
)  # fmt: skip


def kernel(record, n_inputs=None, numbers=(), target=None):
    """A kernel of one op: inputs first, then numbers written into the code."""
    n = record.slots - len(numbers) if n_inputs is None else n_inputs
    operands = (*range(n), *numbers)
    graph = Graph.build(
        [None] * n + [record], [()] * n + [operands], [n], [None] * (n + 1), [""] * (n + 1)
    )
    return llvm_backend.Kernel(graph, tuple(range(n)), target or host())


def rows(run, *arrays, n=None):
    """The first output for these arrays."""
    arrays = [np.atleast_1d(np.asarray(x, np.float64)) for x in arrays]
    output = np.full(max(map(len, arrays)) if n is None else n, -77.0)
    run(arrays, [output])
    return output


def same(a, b):
    """Bit for bit, but that any nan is as good as another."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return bool(np.all((a.view(np.int64) == b.view(np.int64)) | (np.isnan(a) & np.isnan(b))))


# ------------------------------------------------------------------ accuracy
# What each function of llvm_math.py promises, in units of the last place, on all of float64.
ULPS = {
    "exp": 1.5, "exp2": 1.5, "expm1": 2.5, "sinh": 2.0, "cosh": 1.5, "tanh": 2.5,
    "log": 1.0, "log2": 2.0, "log10": 1.0, "log1p": 1.5,
    "arcsinh": 2.0, "arccosh": 2.0, "arctanh": 2.0,
    "sin": 1.5, "cos": 1.5, "tan": 3.0, "arctan": 2.0, "arcsin": 2.0, "arccos": 1.5,
    "erf": 2.0, "erfc": 2.5, "cbrt": 1.0,
}  # fmt: skip
ULPS_OF_TWO = {"arctan2": 2.0, "hypot": 1.5}
EXACTLY = {"remainder": lambda a, b: a % b}
# mpmath's function, where it has another name.
EXACT = {
    "exp2": lambda x: mpmath.power(2, x), "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
    "log2": lambda x: mpmath.log(x, 2), "arcsin": mpmath.asin, "arccos": mpmath.acos,
    "arctan": mpmath.atan, "arctan2": mpmath.atan2,
    "arcsinh": mpmath.asinh, "arccosh": mpmath.acosh, "arctanh": mpmath.atanh,
}  # fmt: skip
# Where a function is at its limit, which mpmath would take long to say.
LIMITS = {
    "exp": (-800, 0, 800, math.inf), "exp2": (-1100, 0, 1100, math.inf),
    "expm1": (-800, -1, 800, math.inf), "sinh": (-800, -math.inf, 800, math.inf),
    "cosh": (-800, math.inf, 800, math.inf), "tanh": (-40, -1, 40, 1), "erf": (-40, -1, 40, 1),
    "erfc": (-40, 2, 40, 0),
}  # fmt: skip
# Where a function is a finite number.
INSIDE = {
    **dict.fromkeys(("log", "log2", "log10"), (5e-324, math.inf)),
    "log1p": (-1 + 2**-53, math.inf), "arccosh": (1.0, math.inf), "arcsin": (-1.0, 1.0),
    "arccos": (-1.0, 1.0), "arctanh": (-1 + 2**-53, 1 - 2**-53),
}  # fmt: skip


def exact(name, *operands):
    """mpmath's value, in bits enough for an angle of 1e308, and for 1 + 1e-308."""
    x = operands[0]
    low, at_low, high, at_high = LIMITS.get(name, (-math.inf, 0, math.inf, 0))
    if not low <= x <= high:
        return mpmath.mpf(at_low if x < low else at_high)
    extreme = not all(1e-25 < abs(x) < 1e25 for x in operands)
    with mpmath.workprec(2200 if extreme else 220):
        return +EXACT.get(name, getattr(mpmath, name, None))(*map(mpmath.mpf, operands))


def ulps(got, true):
    """The distance in units of the last place of the true value."""
    rounded = float(true)
    if math.isinf(rounded) or math.isinf(got) or math.isnan(got):
        return 0.0 if got == rounded else math.inf
    return float(abs(mpmath.mpf(got) - true) / math.ulp(rounded))


def sizes(random):
    """Positive numbers of every size, most of them ordinary."""
    edges = [5e-324, 2.225073858507201e-308, 2.2250738585072014e-308, 1.0, 1.7976931348623157e308]
    return np.concatenate(
        [
            10.0 ** random.uniform(-323, 308.25, 300),
            10.0 ** random.uniform(-18, 3, 500),
            random.uniform(0, 8, 1000),
            edges,
        ]
    )


def hard(name, random):
    """Where the function is hard: its range, its ends, and where its formula changes."""
    near_1 = random.choice([-1.0, 1.0], 500) * 10.0 ** random.uniform(-16, -0.3, 500)
    if name in ("exp", "exp2", "expm1", "sinh", "cosh"):
        last = {"exp2": 1024.0}.get(name, 709.782712893384 if "h" not in name else 710.475860073944)
        ends = [last, np.nextafter(last, 0), -745.1332191019411, -708.4, -1074.5, -1022.0]
        return [random.uniform(-1.05 * last, last, 1000), random.uniform(-2, 2, 2000), ends]
    if name in ("log", "log2", "log10"):
        return [1 + near_1]
    if name in ("log1p", "arcsin", "arccos", "arctanh"):
        ends = [0.5, np.nextafter(0.5, 1), 1.0, 1 - 2**-53, 1 - 2**-52]
        return [near_1, -1 + np.abs(near_1), 0.17 + 0.1 * near_1, random.uniform(-1, 1, 1500), ends]
    if name in ("sin", "cos", "tan"):
        wholes = np.floor(2.0 ** random.uniform(8, 29, 100))
        counts = np.concatenate([np.arange(1.0, 150.0), wholes])
        with mpmath.workprec(200):
            quarters = np.array([float(k * mpmath.pi / 2) for k in counts.tolist()])
        return [quarters, np.nextafter(quarters, 0), quarters + random.uniform(0.6, 0.9, 249)]
    if name == "arccosh":
        return [1 + np.abs(near_1), random.uniform(1, 4, 1000)]
    ends = [27.2, 27.3, 5.93, 0.41421356237309503, 2.414213562373095]
    return [random.uniform(-6.2, 6.2, 1000), random.uniform(0, 27.3, 1000), ends]


def points(name):
    """Every size of both signs, then where the function is hard."""
    random = np.random.default_rng(8)
    positive = sizes(random)
    x = np.concatenate([positive, -positive, *hard(name, random)])
    low, high = INSIDE.get(name, (-math.inf, math.inf))
    return x[(low <= x) & (x <= high)]


def pairs():
    """Two operands of every size and sign, of like size, and where a sum or a square overflows."""
    random = np.random.default_rng(9)
    every = np.concatenate([positive := sizes(random), -positive])
    likes = [scale * random.uniform(-3, 3, (2, 500)) for scale in (1.0, 1e300, 5e307, 1e-300)]
    tiny = [5e-324 * random.integers(1, 9, (2, 50))]
    slopes = np.array([[0.41421356237309503, 2.414213562373095, 1.0, -1.0], [1.0, 1.0, 1.0, 1.0]])
    mixed = np.array([random.permutation(every), random.permutation(every)])
    return np.concatenate([mixed, *likes, *tiny, slopes], axis=1)


def test_every_function_of_the_file_has_a_bound():
    named = {formula.__name__ for formula in llvm_math.FUNCTIONS}
    assert named == {*ULPS, *ULPS_OF_TWO, *EXACTLY}


@cache
def truth(name):
    """Points and mpmath's values, for both targets."""
    at = [points(name)] if name in ULPS else list(pairs())
    return at, [exact(name, *x) for x in zip(*[x.tolist() for x in at])]


@TARGETS
@pytest.mark.parametrize("name", [*ULPS, *ULPS_OF_TWO])
def test_a_function_keeps_its_promise_on_the_whole_of_float64(name, target):
    """Argument, polynomial and last step round once or twice each."""
    at, true = truth(name)
    got = rows(kernel(ops.TABLE[name], target=target), *at).tolist()
    errors = [ulps(y, t) for y, t in zip(got, true)]
    worst = max(zip(errors, zip(*[x.tolist() for x in at])))
    assert worst[0] <= {**ULPS, **ULPS_OF_TWO}[name], worst


@TARGETS
def test_remainder_is_pythons_bit_for_bit(target):
    """Just beside a multiple of the divisor too, and past 2^52 of them."""
    random = np.random.default_rng(10)
    counts, divisors = np.floor(2.0 ** random.uniform(0, 60, 2000)), random.uniform(-3, 3, 2000)
    multiples = counts * divisors
    beside = np.nextafter(multiples, random.choice([-math.inf, math.inf], 2000))
    a, b = np.concatenate(
        [
            pairs(),
            [multiples, divisors],
            [-beside, divisors],
            np.floor(random.uniform(-9, 9, (2, 99))),
        ],
        axis=1,
    )
    b[b == 0.0] = 1.0
    true = [x % y for x, y in zip(a.tolist(), b.tolist())]
    assert same(rows(kernel(ops.remainder, target=target), a, b), true)


@TARGETS
def test_whole_powers_of_two_are_exact(target):
    n = np.arange(-1074.0, 1024.0)
    powers = np.ldexp(1.0, n.astype(int))
    assert same(rows(kernel(ops.exp2, target=target), n), powers)
    assert same(rows(kernel(ops.log2, target=target), powers), n)


@TARGETS
def test_power_is_within_one_and_a_half_ulp_for_any_exponent(target):
    """log a × b is held in two numbers; only the exponential rounds."""
    random = np.random.default_rng(5)
    a = np.concatenate(
        [
            10.0 ** random.uniform(-320, 308, 500),
            10.0 ** random.uniform(-2, 2, 500),
            1 + 10.0 ** random.uniform(-16, -1, 500),
            random.uniform(0.7, 0.72, 500),  # the ends of what a logarithm is reduced to
            random.uniform(1.4, 1.43, 500),
        ]
    )
    b = np.concatenate(
        [
            random.uniform(-2, 2, 500),
            random.uniform(-150, 150, 500),
            10.0 ** random.uniform(0, 16, 500),
            random.uniform(-1950, 1950, 1000),
        ]
    )
    got = rows(kernel(ops.power, target=target), a, b).tolist()
    for x, y, z in zip(a.tolist(), b.tolist(), got):
        with mpmath.workprec(160):
            log = y * mpmath.log(mpmath.mpf(x))
            true = mpmath.inf if log > 800 else mpmath.mpf(0) if log < -800 else mpmath.exp(log)
        assert ulps(z, true) <= 1.5, (x, y, z)


@pytest.mark.parametrize(
    "n", [-5.0, -3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.5]
)
def test_a_constant_exponent_gives_the_power_whatever_the_shortcut(n):
    """Up to four factors round up to three times: 2 ulp, and the C library's own half."""
    random = np.random.default_rng(6)
    x = np.concatenate(
        [SPECIAL, random.uniform(-3, 3, 300), 10.0 ** random.uniform(-300, 300, 300)]
    )
    got = rows(kernel(ops.power, numbers=(n,)), x)
    for at, y in zip(x.tolist(), got.tolist()):
        true = FLOATS.run(ops.power, at, n)
        assert same(y, true) or abs(y - true) <= 2.5 * math.ulp(true), (at, y, true)


# ------------------------------------------------------------------ IEEE's cases
PRIMITIVES = [
    record for record in ops.TABLE.values() if record.name in llvm_backend.arithmetic().lines
]


@TARGETS
@pytest.mark.parametrize("record", PRIMITIVES, ids=lambda record: record.name)
def test_zeros_infinities_and_nan_give_what_floats_give(record, target):
    """Bit for bit where that is 0, infinite or nan; elsewhere within the functions' 2.5 ulp."""
    grid = [x.ravel() for x in np.meshgrid(*[SPECIAL] * record.slots)]
    got = rows(kernel(record, target=target), *grid)
    for at, y in zip(zip(*[x.tolist() for x in grid]), got.tolist()):
        true = FLOATS.run(record, *at)
        assert same(y, true) or (true != 0.0 and abs(y - true) <= 2.5 * math.ulp(true)), (
            at,
            y,
            true,
        )


@TARGETS
@pytest.mark.parametrize(
    "name", ["add", "subtract", "multiply", "divide", "sqrt", "negative", "abs"]
)
def test_arithmetic_is_numpys_bit_for_bit(name, target):
    random = np.random.default_rng(1)
    record = ops.TABLE[name]
    x = [
        10.0 ** random.uniform(-300, 300, 500) * random.choice([-1, 1], 500)
        for _ in range(record.slots)
    ]
    with np.errstate(all="ignore"):
        true = getattr(np, name)(*x)
    assert same(rows(kernel(record, target=target), *x), true)


# ------------------------------------------------------------------ rows
def formula(x, y):
    big = autograd.where(x > 0.0, x * 1e10, x)  # some rows leave the sine to the C library
    return (
        autograd.sin(big) + autograd.erf(x) * autograd.exp(-y) + abs(x) ** y + autograd.log1p(y * y)
    )


def program(f, target, n_inputs=2):
    graph = Graph(f(*(leaves := [autograd.Value(1.0) for _ in range(n_inputs)])))
    places = {id(node): i for i, node in enumerate(graph.nodes)}
    return llvm_backend.Kernel(graph, tuple(places[id(x)] for x in leaves), target)


@TARGETS
def test_any_slice_of_the_rows_gives_the_same_bits_as_the_whole(target):
    random = np.random.default_rng(2)
    x, y = random.normal(size=(2, 1003))
    run = program(formula, target)
    whole = rows(run, x, y)
    for start in (0, 1, 5):
        for n in (0, 1, 7, 8, 9, 15, 16, 17, 33, 997):
            part = slice(start, start + n)
            assert same(rows(run, x[part], y[part], n=n), whole[part])


@TARGETS
@pytest.mark.parametrize("n", [1, 2, 16, 40])
def test_one_number_stands_for_every_row(n, target):
    x = np.random.default_rng(3).normal(size=n)
    run = program(formula, target)
    every = np.full(n, 0.7)
    assert same(rows(run, x, 0.7), rows(run, x, every))
    assert same(rows(run, 0.7, x), rows(run, every, x))
    assert same(rows(run, 0.7, 0.3, n=n), rows(run, every, np.full(n, 0.3)))


def test_only_the_rows_that_were_asked_for_are_written():
    run = program(formula, host())
    x = np.linspace(-1, 1, 21)
    guarded = np.full(40, -5.0)
    run([x, x], [guarded[8:29]])
    assert np.all(guarded[:8] == -5.0) and np.all(guarded[29:] == -5.0)


@TARGETS
def test_a_number_and_an_input_can_be_results(target):
    graph = Graph.build(
        [None, None, ops.exp], [(), (), (0,)], [1, 0, 2, 1], [None, 2.5, None], [""] * 3
    )
    run = llvm_backend.Kernel(graph, (0,), target)
    for x in (np.arange(19.0), np.array([3.0])):
        outputs = [np.empty(19) for _ in range(4)]
        run([x], outputs)
        expected = [
            np.full(19, 2.5),
            np.broadcast_to(x, 19),
            np.exp(np.broadcast_to(x, 19)),
            np.full(19, 2.5),
        ]
        for got, true in zip(outputs, expected):
            np.testing.assert_allclose(got, true, rtol=5e-16)  # exp: 1 ulp on each side


def test_arrays_that_cannot_be_written_are_read():
    x = np.arange(5.0)
    x.flags.writeable = False
    assert same(rows(kernel(ops.negative), x), -x)


def deep(x, y):
    """A graph that is cut many times, with what no row can change (of one x or y) cut too."""
    total, steady = x, y
    for k in range(60):
        steady = autograd.sin(steady) + 0.01 * k
        total = total + 0.01 * autograd.sin(total) * (y if k % 7 else steady)
    return total + steady * x


@TARGETS
def test_a_graph_that_is_cut_gives_the_bits_of_the_whole(target, monkeypatch):
    """In rows, slices, and with a number for all rows; formulas that are called or written out."""
    x, y = np.random.default_rng(11).uniform(0.5, 1.5, (2, 41))
    monkeypatch.setattr(llvm_backend, "WHOLE", 10**9)
    uncut = rows(program(deep, target), x, y)
    monkeypatch.setattr(llvm_backend, "WHOLE", 100)
    monkeypatch.setattr(llvm_backend, "PART", 40)
    monkeypatch.setattr(llvm_backend, "INLINED", 50)
    run = program(deep, target)
    assert len(run.graph) > 8 * llvm_backend.PART
    whole = rows(run, x, y)
    assert same(whole, uncut)
    assert same(rows(run, x[3:24], y[3:24]), whole[3:24])
    assert same(rows(run, x[5], y), rows(run, np.full(41, x[5]), y))
    assert same(rows(run, x, y[5]), rows(run, x, np.full(41, y[5])))
    want = [deep(a, b) for a, b in zip(x[:9].tolist(), y[:9].tolist())]
    np.testing.assert_allclose(whole[:9], want, rtol=1e-12)  # 360 roundings, hardly magnified


def test_every_node_of_a_cut_graph_can_be_a_result(monkeypatch):
    """Roots in the middle of a part, inputs and numbers among them, one of them twice."""
    monkeypatch.setattr(llvm_backend, "WHOLE", 20)
    monkeypatch.setattr(llvm_backend, "PART", 20)
    x = autograd.Value(0.5)
    nodes = [x]
    for _ in range(50):
        nodes.append(autograd.sin(nodes[-1]) + 1.0)
    graph = Graph(*nodes, nodes[7], autograd.Value(2.5))
    run = llvm_backend.Kernel(graph, (graph.roots[0],), host())
    outputs = [np.empty(19) for _ in graph.roots]
    at = np.linspace(-1.0, 1.0, 19)
    run([at], outputs)
    assert same(outputs[0], at) and same(outputs[-2], outputs[7]) and np.all(outputs[-1] == 2.5)
    want = at
    for got in outputs[1:-2]:
        want = np.sin(want) + 1.0
        np.testing.assert_allclose(got, want, rtol=1e-14)  # slopes below 1 forget: a few ulp


def test_a_long_program_is_built_in_a_time_that_grows_with_its_length():
    """One function took a time of the square: 270 ms for 30 steps, 12 s for 300."""

    def seconds(steps):
        def loop(x):
            for _ in range(steps):
                x = x + 0.001 * autograd.sin(x)
            return x

        start = time.thread_time()
        autograd.compile(loop, backend="llvm").value_and_grad(0.5)
        return time.thread_time() - start

    seconds(1)
    short = seconds(100)
    assert seconds(300) < 6.0 * short  # in proportion it were 3
    assert seconds(1000) > short


def test_a_long_program_needs_no_stack():
    """A frame of 220 bytes a node took 16 MB for 8,000 steps, the whole of a thread's for 600."""
    code = """
        import threading, autograd
        def loop(x):
            for _ in range(1500):
                x = x + 0.001 * autograd.sin(x)
            return x
        def work():
            out.append(autograd.compile(loop, backend="llvm").value_and_grad(0.5))
        out = []
        threading.stack_size(256 * 1024)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        v = autograd.Value(0.5)
        y = loop(v)
        y.backward()
        (value, (slope,)), = out
        assert abs(value - y.data) < 1e-12 and abs(slope - v.grad) < 1e-12 * slope
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


def test_threads_share_a_kernel(monkeypatch):
    monkeypatch.setattr(llvm_backend, "WHOLE", 100)
    monkeypatch.setattr(llvm_backend, "PART", 100)
    x, y = np.random.default_rng(4).uniform(0.5, 1.5, (2, 5000))
    for f in (formula, deep):  # deep keeps vectors in memory, each thread in its own
        run = program(f, host())
        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(lambda _, run=run: rows(run, x, y), range(16)))
        assert all(same(result, results[0]) for result in results)


# ------------------------------------------------------------------ ops made at run time
def test_an_op_made_at_run_time_brings_its_line():
    """The cube of a cube root is x, within three times the C library's 1 ulp and two products."""
    root = primitive(
        "root3", domain=REALS, partials=(lambda m, x, y: 1.0 / (3.0 * y * y),),
        floats=math.cbrt if hasattr(math, "cbrt") else None,
        llvm=lambda m, x: m.where(m.equal(x, 0.0), x, m.libm("cbrt", x)),
    )  # fmt: skip
    x = np.linspace(-5, 5, 37)
    np.testing.assert_allclose(rows(kernel(root), x) ** 3, x, rtol=4 * 2.3e-16, atol=0)


def test_a_function_that_the_c_library_lacks_is_named():
    odd = primitive(
        "odd", domain=REALS, partials=(lambda m, x, y: y,), llvm=lambda m, x: m.libm("no_such", x)
    )
    with pytest.raises(NotImplementedError, match="'no_such'"):
        rows(kernel(odd), 1.0)


def test_a_primitive_without_a_line_for_llvm_is_named():
    bare = primitive("bare", domain=REALS, partials=(lambda m, x, y: y,), floats=math.exp)
    with pytest.raises(NotImplementedError, match=r"bare.*llvm"):
        rows(kernel(bare), 1.0)


# ------------------------------------------------------------------ stages
def test_each_stage_can_be_read():
    """One loop, whose text names LLVM's own functions; the same graph gives the same text."""
    run = kernel(ops.sqrt)
    text = str(llvm_backend.module(run.graph, run.inputs, (False,), run.target))
    assert f"llvm.sqrt.v{run.target.lanes}f64" in text and 'define void @"run"' in text
    assert text == str(llvm_backend.module(run.graph, run.inputs, (False,), run.target))


@TARGETS
def test_a_condition_costs_no_conversion(target):
    """A rule sees a comparison as 1.0 or 0.0; the machine is to see a mask."""
    run = program(
        lambda x, y: autograd.where(x > y, autograd.maximum(x, y), autograd.log(y)), target
    )
    written = llvm_backend.module(run.graph, run.inputs, (False, False), target)
    parsed, _ = llvm_backend.optimised(written, target)
    assert "uitofp" in str(written) and "uitofp" not in str(parsed)


def test_a_loop_that_waits_for_memory_takes_256_bits_at_a_time():
    """Not one that computes, of which they take twice the time: by functions, or by many steps."""
    horner = program(lambda x, y: (((x * y + 1.0) * y + x) * y + 2.0) * y, host())
    for run, narrow in ((kernel(ops.add), True), (kernel(ops.exp), False), (horner, False)):
        written = llvm_backend.module(run.graph, run.inputs, (False,) * len(run.inputs), host())
        columns = len(run.inputs) + len(run.graph.roots)
        assert llvm_backend.waits(run.graph, columns, written) is narrow
        target = host().narrow if narrow else host()
        parsed, machine = llvm_backend.optimised(written, target)
        assert ("zmm" in machine.emit_assembly(parsed)) == (host().avx512 and not narrow)


def test_llvmlite_is_imported_only_when_the_back_end_is():
    code = (
        "import sys, autograd, autograd.compiler.program; assert 'llvmlite' not in sys.modules;"
        "sys.modules['llvmlite'] = None\n"
        "try: import autograd.compiler.llvm_backend\n"
        "except ImportError: print('asked for')"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "asked for"
