"""Rewriting: fewer ops, the same numbers, and only identities that are exact in IEEE arithmetic."""

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
