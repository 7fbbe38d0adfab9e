"""Rewriting: fewer ops, the same numbers, and only identities that are exact in IEEE arithmetic."""

import itertools
import math

import numpy as np
import pytest

import autograd
from autograd import ops
from autograd.compiler import numpy_backend
from autograd.compiler.rewrite import rewrite, verify
from autograd.graph import Graph
from autograd.ieee import FLOATS

TARGET = numpy_backend.arithmetic()


def rewritten(f):
    """The graph of ``f`` after rewriting, for the NumPy back end, and its inputs."""
    graph = autograd.compile(f, backend="numpy").graph
    small = rewrite(graph, False, TARGET)
    verify(small, TARGET)
    return small, small.inputs


def names(graph):
    return [record.name for record in graph.ops if record is not None]


@pytest.mark.parametrize(("f", "left"), [
    (lambda x: (x + 1.0) * (x + 1.0), ["add", "multiply"]),
    (lambda x: (x * 2.0) - (2.0 * x), ["multiply", "subtract"]),
    (lambda x: autograd.identity(x) * 1.0, []),
    (lambda x: x - 0.0, []),
    (lambda x: x / 4.0, ["multiply"]),
    (lambda x: x**2, ["multiply"]),
    (lambda x: x**1, []),
    (lambda x: x + autograd.exp(autograd.log(2.0) * 0.0), ["add"]),
    (lambda x: autograd.where(1.0, x, autograd.log(x)), []),
    (lambda x: autograd.where(x > 0, x, x), []),
])  # fmt: skip
def test_what_is_exact_is_made_simpler(f, left):
    assert names(rewritten(f)[0]) == left


def select(c, a, b):
    return autograd.where(c, a, b)


@pytest.mark.parametrize(("f", "left"), [
    (lambda c, a, b: select(select(c, 3.0, 0.0), a, b), "where"),
    (lambda c, a, b: select(select(c, 0.0, math.nan), a, b), "where"),  # nan is true: b, a
    (lambda c, a, b: select(select(c, 2.0, -1.0), a, b), ""),  # always true
    (lambda c, a, b: select(select(c, -0.0, 0.0), a, b), ""),
    (lambda c, a, b: select(c, select(c, a, 7.0), b), "where"),
    (lambda c, a, b: select(c, a, select(c, 7.0, b)), "where"),
    (lambda c, a, b: select(c, select(c, a, b), select(c, 1.0, a)), ""),
    (lambda c, a, b: select(c, a * select(c, b, 0.0), b), "multiply where"),
    (lambda c, a, b: select(c, a, b * select(c, 0.0, a)), "multiply where"),
    (lambda c, a, b: select(c, a * select(c, 1.0, 0.0), b), "where"),
    (lambda c, a, b: select(c > 0.0, a * (c > 0.0), b), "greater where"),
    (lambda c, a, b: select(c > 0.0, a, b * (c > 0.0)), "greater multiply where"),  # 0 × inf
    (lambda c, a, b: select(select(select(c, 1.0, 0.0), 0.0, 2.0), a, b), "where"),
    (lambda c, a, b: select(select(c, a, 0.0), b, a), "where where"),
    (lambda c, a, b: select(c, c, 0.0), "where"),  # -0.0 is not 0.0
    (lambda c, a, b: select(c, a, c), "where"),  # c may be -0.0
])  # fmt: skip
def test_masks_of_masks_vanish_and_the_numbers_stay(f, left):
    graph, _ = rewritten(f)
    assert sorted(names(graph)) == left.split()
    special = (0.0, -0.0, 1.0, -2.5, math.inf, -math.inf, math.nan)
    for at in itertools.product(special, repeat=3):
        given = dict(zip(graph.inputs, at, strict=True))
        got, want = graph.run(FLOATS, given)[graph.roots[0]], f(*at)
        assert repr(got) == repr(float(want)), at  # the sign of a zero too


@pytest.mark.parametrize(("f", "most"), [
    (lambda x, y: autograd.where(x > y, autograd.exp(x), autograd.sin(y)), 7),
    (lambda x, y: autograd.max([x, y]), 6),
    (lambda x, y: autograd.relu(autograd.relu(x * y) * y), 25),
])  # fmt: skip
def test_slopes_of_ops_that_select_take_no_mask_twice(f, most):
    """No more than before masks were recorded: 13, 6 and 28 ops."""
    graph = rewrite(autograd.compile(f, backend="numpy").graph, True, TARGET)
    assert len(names(graph)) <= most


@pytest.mark.parametrize(("f", "kept"), [
    (lambda x: x + 0.0, "add"),  # -0.0 + 0.0 is 0.0
    (lambda x: 0.0 * x, "multiply"),  # nan at inf
    (lambda x: x - x, "subtract"),  # nan at inf
    (lambda x: x / x, "divide"),
    (lambda x: x / 3.0, "divide"),  # 1/3 is rounded
    (lambda x: x**0.5, "power"),  # sqrt(-inf) is nan, power gives inf
    (lambda x: autograd.maximum(x, x), "maximum"),
])  # fmt: skip
def test_what_is_not_exact_is_kept(f, kept):
    assert kept in names(rewritten(f)[0])


def test_zeros_of_two_signs_are_two_constants():
    got = autograd.compile(lambda x: 1.0 / (x * 0.0) - 1.0 / (x * -0.0), backend="numpy")(1.0)
    assert got == math.inf


def test_dead_code_goes_and_inputs_stay():
    graph, inputs = rewritten(lambda x, y: (autograd.exp(y) * 2.0, x * 3.0)[1])
    assert names(graph) == ["multiply"] and [graph.labels[i] for i in inputs] == ["x", "y"]


def test_derived_ops_are_expanded_to_lines_of_the_back_end():
    graph, _ = rewritten(lambda x: autograd.softplus(x) + autograd.sigmoid(x))
    assert all(TARGET.line(record) is not None for record in graph.ops if record is not None)
    assert names(graph).count("exp") == 1, "softplus and sigmoid share exp(-|x|)"


def test_a_rewritten_graph_runs_in_any_arithmetic():
    def f(x, y):
        return autograd.tanh(x * y) + autograd.where(x > y, x, autograd.square(y))

    graph, inputs = rewritten(f)
    for at in ((0.3, 0.7), (2.0, -1.0)):
        got = graph.run(FLOATS, dict(zip(inputs, at, strict=True)))[graph.roots[0]]
        assert got == pytest.approx(f(*at), rel=1e-15)


def test_the_verifier_refuses_what_is_no_program():
    graph = Graph.build([None, ops.exp], [(), (2,)], [1], [None, None], ["x", ""], [0])
    with pytest.raises(AssertionError, match="before its operands"):
        verify(graph, TARGET)
    graph = Graph.build([None, ops.sigmoid], [(), (0,)], [1], [None, None], ["x", ""], [0])
    with pytest.raises(AssertionError, match="not expanded"):
        verify(graph, TARGET)
    graph = Graph.build([None, ops.exp], [(), (0,)], [1], [None, None], ["x", ""])
    with pytest.raises(AssertionError, match="no number"):
        verify(graph, TARGET)


def test_blocks_of_rows_give_what_one_block_gives():
    """Three blocks and a rest: the buffers of a block are used again for another node."""

    def f(a, b):
        t = autograd.exp(a) * b - autograd.sin(b)
        return autograd.where(t > a, t * t, autograd.sqrt(a * a + 1.0)) + t / (b * b + 1.0)

    rng = np.random.default_rng(3)
    n = 3 * numpy_backend.BLOCK + 17
    a, b = rng.normal(size=n), rng.normal(size=n)
    program = autograd.compile(f, backend="numpy")
    value, (da, db) = program.value_and_grad(a, b)
    for piece in (
        slice(0, 5),
        slice(numpy_backend.BLOCK - 3, numpy_backend.BLOCK + 3),
        slice(n - 7, n),
    ):
        small, (sa, sb) = program.value_and_grad(a[piece], b[piece])
        np.testing.assert_array_equal(small, value[piece])
        np.testing.assert_array_equal(sa, da[piece])
        np.testing.assert_array_equal(sb, db[piece])
