"""Sparse jacobians and Hessians: the dense ones' numbers, where they can be, in a few sweeps."""

import itertools
import sys

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Value, hessian, jacobian
from autograd.edges import Edges
from autograd.sparsity import colours, reached


def rosenbrock(x):
    return sum(100.0 * (b - a**2) ** 2 + (1.0 - a) ** 2 for a, b in itertools.pairwise(x))


def arrow(x):
    """A full row, a full column and the diagonal."""
    return np.array([sum(x), *[x[0] * v for v in x[1:]]])


def cyclic(x):
    return np.array([x[i] * x[i - 1] + autograd.sin(x[i]) for i in range(len(x))])


@given(st.lists(st.lists(st.integers(0, 5), unique=True, max_size=4), max_size=12))
def test_no_two_of_a_group_have_one_colour(groups_of):
    items_of = [[k for k, groups in enumerate(groups_of) if g in groups] for g in range(6)]
    found = colours(groups_of, items_of)
    for items in items_of:
        assert len({found[k] for k in items}) == len(items)


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(1, 3)), max_size=20))
def test_what_is_reached_is_what_a_walk_finds(steps):
    """Against powers of the adjacency matrix."""
    edges = sorted({(a, a + by) for a, by in steps})
    matrix = np.eye(11, dtype=int)
    for a, b in edges:
        matrix[b] |= matrix[a]  # in the order of flow, operands first
    columns = [a for a, _ in edges], [b for _, b in edges], [1.0] * len(edges)
    found = reached(Edges(columns, 11), [0, 1, 2], [9, None, 10, 5])
    want = [[k for k in range(3) if matrix[i, k]] for i in (9, 10, 5)]
    assert [found[0], *found[2:]] == want and found[1] == []


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
@pytest.mark.parametrize("f", [
    arrow, cyclic, lambda x: x * x, lambda x: np.array([x.prod(), 3.0, 0.0 * x[2], x[1]]),
    lambda x: np.array([x[0] * x[3], autograd.sqrt(x[1] * 0.0)]),
    lambda x: {"a": x[1] * x, "b": [x[0]]},
])  # fmt: skip
def test_a_sparse_jacobian_is_the_dense_one(f, mode):
    """Where x sqrt meets 0 too: what a column does not reach gets no nan of its neighbour."""
    x = np.array([0.3, -0.7, 1.1, 2.0])
    dense = jacobian(f)(x)
    rows = [dense] if isinstance(dense, np.ndarray) else [dense["a"], *dense["b"]]
    found = jacobian(f, sparse=True, mode=mode)(x)
    assert isinstance(found, scipy.sparse.csr_array), "of a matrix * would be a product"
    np.testing.assert_array_equal(found.toarray(), np.vstack(rows))


def test_a_sparse_hessian_is_scipys_and_holds_three_a_row():
    """SciPy's rosen_hess; 1e-12 of the largest entry, about 1e3."""
    x = np.linspace(-1.2, 1.4, 300)
    found = hessian(rosenbrock, sparse=True)(x)
    assert found.nnz == 3 * 300 - 2
    assert abs(found - scipy.optimize.rosen_hess(x)).max() < 1e-9
    np.testing.assert_array_equal(found.toarray(), hessian(rosenbrock)(x))


def sweeps(f, x):
    """How many seeds a sparse jacobian sweeps."""
    counts = []
    swept = Edges.swept
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Edges, "swept", lambda self, seeds, to: counts.append(len(seeds)) or swept(
            self, seeds, to))  # fmt: skip
        jacobian(f, sparse=True)(x)
    return sum(counts)


@pytest.mark.skipif(autograd.core_kind == "compiled", reason="a compiled class takes no patch")
def test_a_banded_jacobian_takes_as_many_sweeps_as_its_band_is_wide():
    f = lambda x: [x[i] * x[i + 1] for i in range(len(x) - 1)]  # noqa: E731
    assert sweeps(f, np.ones(20)) == sweeps(f, np.ones(200)) == 2
    assert sweeps(lambda x: x[0] * x[1:], np.ones(20)) == 2, "a full column: in reverse, by rows"
    assert sweeps(lambda x: [x.sum()], np.ones(20)) == 1
    assert sweeps(lambda x: x * x[0] + x.sum(), np.ones(20)) == 20, "as many as a dense one"
    pairs = lambda x: [a * b for a, b in itertools.combinations(x, 2)]  # noqa: E731
    assert sweeps(pairs, np.ones(4)) == 3, "the edges of a full graph of 4; its corners take 4"


def test_shapes_of_nothing():
    assert jacobian(lambda x: x * 2.0, sparse=True)(np.empty(0)).shape == (0, 0)
    found = jacobian(lambda x: np.ones(3), sparse=True)(np.ones(2))
    assert found.shape == (3, 2) and found.nnz == 0
    assert hessian(lambda x: 1.0, sparse=True)(np.ones(2)).nnz == 0


def test_what_cannot_be_sparse_says_so(monkeypatch):
    w = Value(2.0)
    for transform, f in ((jacobian, lambda x: w * x), (hessian, lambda x: w * x @ x)):
        with pytest.raises(TypeError, match=r"sparse=True requires plain numbers.*Value; leave"):
            transform(f, sparse=True)(np.ones(2))
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    with pytest.raises(ImportError, match=r"requires SciPy 1.8.*pip install --upgrade scipy"):
        jacobian(lambda x: x * x, sparse=True)(np.ones(2))
