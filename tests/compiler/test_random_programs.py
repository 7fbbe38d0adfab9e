"""Random programs: eager, NumPy and machine code give one number, to what rounding can do.

A program is a list of lines, each an op of the table on earlier results, shared freely, up to 200
deep. It is grown along three rows of numbers: a line that is not well conditioned at each (next to
a pole, a kink, out of range) is passed over. What jumps (steps, comparisons, remainder) is asked of
inputs and numbers only, so that a last bit decides nothing.
"""

import collections
import importlib.util
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import autograd
from autograd import Graph, Value, ops
from autograd.ieee import FLOATS, evaluate
from autograd.op import NOTHING, Op
from tests.autograd.cases import EPS, EVERY, FIXED, rule_of, scale_of

BACKENDS = ["numpy"] + (["llvm"] if importlib.util.find_spec("llvmlite") else [])
STEPS = {r for r in FIXED if all(rule_of(r, s) is NOTHING for s in range(r.slots))}
JUMPS = (STEPS | {ops.remainder}) - {ops.stop_gradient}
SMOOTH = [r for r in EVERY if r not in JUMPS]
NUMBERS = (-2.5, -1.0, -0.5, 0.3, 0.5, 1.0, 1.7, 2.0, 3.0)
INPUTS, ROWS = 3, 3
# Each of two answers to an op is within 4 ulp, so 4 eps, of the true one: of that (or of what the
# op's record measures its error by), weighted with what the root makes of it, no sum can be more.
K = 8
USED: collections.Counter[str] = collections.Counter()


class Known:
    """A result: how to compute it from a list of inputs, its number and error in every row."""

    def __init__(self, line, numbers, errors):
        self.line, self.numbers, self.errors = line, numbers, errors


def unit(record, at, y):
    """What an op's own error is measured by, as the accuracy tests have it."""
    return max(abs(y), scale_of(record, 0, at))


def steady(record, at):
    """Value and partials, if they are those of all points 1e-9 about; else None."""
    y = FLOATS.run(record, *at)
    partials = [evaluate(rule_of(record, slot), *at, y) for slot in range(len(at))]
    if not all(map(math.isfinite, (y, *partials))):
        return None
    for slot, x in enumerate(at):
        for by in (1e-9, -1e-9):
            near = [*at]
            near[slot] = x + by * max(abs(x), 0.01)
            z = FLOATS.run(record, *near)
            if not math.isfinite(z) or abs(z - y) > 1e-5 * (1.0 + abs(y)):
                return None
            for other, p in enumerate(partials):
                q = evaluate(rule_of(record, other), *near, z)
                if not abs(q - p) <= 1e-4 * (abs(p) + 1e-3):
                    return None
    return y, partials


def grown(known, record, operands):
    """The result of an op on earlier ones and numbers, or None where it is ill conditioned."""
    numbers, errors = [], []
    for row in range(ROWS):
        at = tuple([x if type(x) is float else known[x].numbers[row] for x in operands])
        found = steady(record, at)
        if found is None:
            return None
        y, partials = found
        error = unit(record, at, y)
        for x, p in zip(operands, partials):
            if type(x) is not float:
                error += abs(p) * known[x].errors[row]
        if error > 1e5 or max(map(abs, partials), default=0.0) > 1e4:
            return None
        numbers.append(y)
        errors.append(error)
    return Known((record, operands), numbers, errors)


def jump(known, code):
    """A step or comparison of an input and a number, as a factor or as a condition."""
    record = sorted(JUMPS, key=lambda r: r.name)[code % len(JUMPS)]
    code //= len(JUMPS)
    x, number = code % INPUTS, NUMBERS[code // INPUTS % len(NUMBERS)]
    operands = (x,) if record.slots == 1 else (x, number)
    numbers = [
        FLOATS.run(record, *[v if type(v) is float else known[v].numbers[row] for v in operands])
        for row in range(ROWS)
    ]
    return Known((record, operands), numbers, [0.0] * ROWS)


def build(codes, rows, deep):
    """The lines of a program from integers, one a line; a few ops are tried for each.

    ``deep``: each line has the latest result as an operand.
    """
    known = [Known(None, [row[i] for row in rows], [0.0] * ROWS) for i in range(INPUTS)]
    for code in codes:
        kind, code = code % 8, code // 8
        if kind == 0:
            step = jump(known, code)
            known.append(step)
            USED[step.line[0].name] += 1
            record, picks = (ops.multiply, ops.where)[code % 2], (len(known) - 1,)
        else:
            record, picks = SMOOTH[code % len(SMOOTH)], ()
        code //= len(SMOOTH)
        for attempt in range(6):
            count = record.slots or (4 if record is ops.dot else 2 + code % 3)
            operands, rest = list(picks), code
            if deep and count > len(picks):
                operands.append(len(known) - 1 - len(picks))
            while len(operands) < count:  # one of the latest, any, or a number
                rest, where = rest // 3, rest % 3
                if where == 0 and len(operands) + 1 < count:
                    operands.append(NUMBERS[rest % len(NUMBERS)])
                elif where == 1 and operands:
                    operands.append(rest % len(known))
                else:
                    operands.append(len(known) - 1 - rest % min(3, len(known)))
                rest //= 7
            line = None
            if not all(type(x) is float for x in operands):
                line = grown(known, record, tuple(operands))
            if line is not None:
                known.append(line)
                USED[record.name] += 1
                break
            record, picks = SMOOTH[(code + 17 * attempt) % len(SMOOTH)], ()
    return known


def function(known, cut=ops.stop_gradient):
    """The program as a function of its inputs: the sum of all results that no line uses.

    ``cut``: in place of stop_gradient, through which no slope tells how errors pass.
    """
    used = {x for result in known[INPUTS:] for x in result.line[1]}
    ends = [i for i in range(INPUTS, len(known)) if i not in used]

    def f(*inputs):
        found = list(inputs)
        for result in known[INPUTS:]:
            record, operands = result.line
            record = cut if record is ops.stop_gradient else record
            found.append(
                Op.recorder(record, [x if type(x) is float else found[x] for x in operands])
            )
        return ops.sum([found[i] for i in ends])

    return f


def bound(y):
    """Σ |partial| × what each op's own error is measured by, over all nodes under a Value."""
    if not isinstance(y, Value) or y.op is None:
        return 0.0
    y.backward()
    total = 0.0
    graph = Graph(y)
    for i, record in enumerate(graph.ops):
        slope = 1.0 if i == graph.roots[0] else graph.nodes[i].grad
        if record is not None and slope != 0.0:  # a branch not taken may be infinite
            at = tuple(graph.at(i, graph.values))
            size = abs(slope) * unit(record, at, graph.values[i])
            total += size if size == size else 0.0  # a kink's second slope is nan
    return total


def check(codes, rows, deep):
    known = build(codes, rows, deep)
    f = function(known)
    columns = [np.array([row[i] for row in rows]) for i in range(INPUTS)]
    results = {b: autograd.compile(f, backend=b).value_and_grad(*columns) for b in BACKENDS}
    for row in range(ROWS):
        leaves = [Value(x) for x in rows[row]]
        with autograd.errstate("ignore"):
            y = f(*leaves)
            y.backward()
            eager = [leaf.grad for leaf in leaves]
            whole = function(known, ops.identity)(*leaves)
            bounds = [bound(whole), *map(bound, autograd.gradients(whole, leaves))]
        for backend, (value, gradient) in results.items():
            got = [value[row], *[g[row] for g in gradient]]
            for ours, theirs, size in zip([y.data, *eager], got, bounds, strict=True):
                assert abs(ours - theirs) <= K * EPS * size + 1e-300, (backend, row, ours, theirs)


# Mostly short: LLVM takes 10 ms a line.
LENGTH = st.sampled_from([20] * 5 + [60] * 2 + [200]).flatmap(lambda most: st.integers(1, most))
LINES = LENGTH.flatmap(lambda n: st.lists(st.integers(0, 2**48 - 1), min_size=n, max_size=n))
ROW = st.lists(st.floats(-3.0, 3.0, allow_subnormal=False), min_size=INPUTS, max_size=INPUTS)
PROGRAMS = given(LINES, st.lists(ROW, min_size=ROWS, max_size=ROWS), st.booleans())
COMMON = {
    "deadline": None, "derandomize": True, "database": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large,
                              HealthCheck.large_base_example],
}  # fmt: skip


@settings(max_examples=60, **COMMON)
@PROGRAMS
def test_eager_numpy_and_llvm_agree_on_random_programs(codes, rows, deep):
    check(codes, rows, deep)


@pytest.mark.long
@settings(max_examples=1000, **COMMON)
@PROGRAMS
def test_eager_numpy_and_llvm_agree_on_1000_random_programs(codes, rows, deep):
    check(codes, rows, deep)


@pytest.mark.long
def test_every_op_was_in_one_of_the_1000():
    if sum(USED.values()) < 10_000:
        pytest.skip("the programs did not run before")
    assert set(USED) == set(ops.TABLE) - {"corner"}  # a rule's own, of no slope
