"""One op, one number: floats, Values, NumPy, machine code and JavaScript, at every probe.

Each record is run as a call on floats, as a node, as a program of either back end, and by Node;
value and every partial. Nan and infinities stand in the same places; where all do IEEE's
arithmetic and nothing else, the numbers are the same bits.
"""

import importlib.util
import json
import math
import shutil
import subprocess

import numpy as np
import pytest

import autograd
from autograd import Value
from autograd.ieee import evaluate
from autograd.op import Op
from tests.autograd.cases import (
    EPS,
    EVERY,
    SUBNORMAL_PRODUCT,
    TINY,
    bits,
    partial_of,
    probes,
    same,
    scale_of,
    value_of,
)
from viz.javascript import functions, literal

NODE = shutil.which("node") or ""
BACKENDS = ["numpy"] + (["llvm"] if importlib.util.find_spec("llvmlite") else [])
COUNTS = pytest.mark.parametrize("count", [150, pytest.param(2000, marks=pytest.mark.long)])
every = pytest.mark.parametrize(
    "record", EVERY, ids=lambda r: f"{r.name}{''.join(f'-{x}' for x in r.parameters.values())}"
)
LENGTHS = (1, 2, 3, 5)  # of n-ary ops; dot's own are 2, 4 and 6

# No function but IEEE's + - × ÷ √, comparisons and choices, in one order: the same bits.
ARITHMETIC = set(
    """identity stop_gradient add subtract multiply divide reciprocal remainder negative square sqrt
    relu leaky_relu hardtanh relu6 hardswish softsign abs sign floor ceil trunc round maximum
    minimum clip where equal not_equal greater greater_equal less less_equal sum prod max min dot
    chain""".split()
)
# Units in the last place between two answers, a partial being a short formula of its own; more
# where a function makes them more: erfinv's slope is exp(y²), and has 2y² of y's. Or 8 eps of what
# the record measures by: each is held to 4.
ULPS, PARTIAL_ULPS = 4, {"erfinv": 64, "tanh": 64, "sigmoid": 64}
PARTIAL_USUAL = 16


def call(record):
    """A function of the operands, for a program."""
    return record if record.slots is not None else lambda *xs: Op.recorder(record, xs)


def groups(record, count):
    """The probes by length, an n-ary op's of a few lengths."""
    found: dict[int, list[tuple[float, ...]]] = {}
    lengths = [2 * n for n in (1, 2, 3)] if record.name == "dot" else LENGTHS
    for at in probes(record, count):
        if record.slots is not None or len(at) in lengths:
            found.setdefault(len(at), []).append(at)
    return found.values()


def numbers(record, at):
    """Value and partials by the rules, on floats."""
    return [value_of(record, at), *(partial_of(record, slot, at) for slot in range(len(at)))]


def differences(record, at_points, got, want, v8=False):
    """The points where two do not agree, of value (place 0) and partials."""
    exact = record.name in ARITHMETIC
    wrong = []
    for at, ours, theirs in zip(at_points, want, got, strict=True):
        for place, (x, y) in enumerate(zip(ours, theirs, strict=True)):
            if same(x, y) or (not exact and near(record, at, place, x, y, v8)):
                continue
            wrong.append((at, place, x, y))
    return wrong


def near(record, at, place, x, y, v8):
    if not (math.isfinite(x) and math.isfinite(y)):
        return False
    scale = scale_of(
        record, min(place, 1) if record.slots is None else place, at, max(place - 1, 0)
    )
    ulps = PARTIAL_ULPS.get(record.name, PARTIAL_USUAL) if place else ULPS
    if place == 0 and record.name in SUBNORMAL_PRODUCT and abs(x) < TINY * abs(at[0]):
        ulps *= max(1.0, abs(at[0]))
    if v8 and record.name == "power" and at[0]:  # V8's own ** carries b log a in one number
        ulps = max(ulps, abs(at[1] * math.log(abs(at[0]))))
    return abs(x - y) <= max(ulps * math.ulp(x), 8 * EPS * scale)


# ------------------------------------------------------------------ floats and Values
@COUNTS
@every
def test_a_call_and_a_node_are_the_rule_bit_for_bit(record, count):
    """The call on floats, on Values, and what a backward pass gives every operand."""
    for at in probes(record, count):
        if record.slots is None and len(at) == 0:
            continue
        want = numbers(record, at)
        with autograd.errstate("ignore"):
            assert bits(Op.recorder(record, at)) == bits(want[0]), at
            leaves = [Value(x) for x in at]
            y = Op.recorder(record, leaves)
            assert bits(y.data) == bits(want[0]) and y.op is record, at
            y.backward()
        for slot, leaf in enumerate(leaves):
            assert same(leaf.grad, want[1 + slot]), (at, slot, leaf.grad, want[1 + slot])


# ------------------------------------------------------------------ programs
@COUNTS
@pytest.mark.parametrize("backend", BACKENDS)
@every
def test_a_program_agrees_with_floats(record, count, backend):
    program_of = call(record)
    for at_points in groups(record, count):
        program = autograd.compile(program_of, backend=backend)
        value, slopes = program.value_and_grad(*np.array(at_points).T)
        got = np.array([value, *slopes]).T.tolist()
        wrong = differences(record, at_points, got, [numbers(record, at) for at in at_points])
        assert not wrong, (len(wrong), wrong[:5])


# ------------------------------------------------------------------ JavaScript
@pytest.fixture(scope="module", params=[150, pytest.param(2000, marks=pytest.mark.long)])
def page(request):
    """Of every record and length: the points, and what Node makes of them, all by one process."""
    if not NODE:
        pytest.skip("Node runs the page's evaluator; none is on PATH")
    script, cases = [], []
    for record in EVERY:
        for at_points in groups(record, request.param):
            cases.append((record, at_points))
            outputs = [value_of(record, at) for at in at_points]
            op = functions(record, len(at_points[0]), range(len(at_points[0])))
            script.append(f"print({op},{literal(at_points)},{literal(outputs)})")
    define = (
        "const print=(op,points,ys)=>console.log(JSON.stringify(points.map((at,i)=>"
        "[op.v(...at),...op.p(...at,ys[i]).map(Number)].map(x=>Object.is(x,-0)?'-0':String(x)))));"
    )
    done = subprocess.run(
        [NODE, "-"], input=define + ";".join(script), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[Op, list] = {}
    for (record, at_points), line in zip(cases, done.stdout.splitlines(), strict=True):
        rows = [[float(x) for x in row] for row in json.loads(line)]
        found.setdefault(record, []).append((at_points, rows))
    return found


@every
def test_the_page_agrees_with_floats(record, page):
    for at_points, got in page[record]:
        wrong = differences(record, at_points, got, [numbers(record, at) for at in at_points], True)
        assert not wrong, (len(wrong), wrong[:5])


# ------------------------------------------------------------------ ties
def ties(record):
    """Points where operands tie, or one is at a bound or corner."""
    own = probes(record, 300, None if record.slots else 3)
    return [at for at in own if evaluate(record.kink, *at)]


@pytest.mark.parametrize("record", [r for r in EVERY if r.kink is not None], ids=lambda r: r.name)
def test_a_partial_at_a_tie_is_bit_equal_on_floats_values_and_traced_variables(record):
    at_points = ties(record)
    assert at_points
    rows = {
        backend: autograd.compile(call(record), backend=backend).value_and_grad(
            *np.array(at_points).T
        )[1]
        for backend in BACKENDS
    }
    for i, at in enumerate(at_points):
        leaves = [Value(x) for x in at]
        with autograd.errstate("ignore"):
            Op.recorder(record, leaves).backward()
        for slot, leaf in enumerate(leaves):
            want = partial_of(record, slot, at)
            assert same(leaf.grad, want), (at, slot)
            for backend in BACKENDS:
                assert same(float(rows[backend][slot][i]), want), (backend, at, slot)
