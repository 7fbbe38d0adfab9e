"""Arrays of Values: NumPy on the numbers is right for the values, finite differences for slopes."""

import copy
import math
import pickle

import hypothesis.extra.numpy as hnp
import numpy as np
import pandas
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import Array, Graph, TracingError, Value, array, no_grad, ops, scope
from autograd.arrays import BY_NUMBER, FUNCTIONS, UNCHANGED, elementwise

X = np.array([[0.56, -1.44, 2.07], [1.13, 0.31, -0.66]])  # no entry at a corner or step of a case
B = np.array([[0.5, -1.5, 2.0], [1.1, 0.3, -0.7]])
H = 1e-6  # a central difference is right to about H² and eps / H: 1e-9


def after(write, x):
    """What a function has written into a copy."""
    y = x.copy()
    write(y)
    return y


FREE = """
abs(x) | -x | +x | x + B | B - x | x * 2.0 | 2 * x | x / B | 1.0 / x | x**2 | 2.0**x | x % 0.7
x @ B.T | B.T @ x | x @ x.T | x[0] @ x[1] | x[:, None] * x | x[None] | x[:, ::-1] | x[[1, 0]]
x[0, ...] | x.T | x.conj() | x.real | x.take([1, 2]) | x.repeat(2) | x.diagonal() | x.flatten()
x.swapaxes(0, 1) | x.reshape(3, 2) | x.trace() | x.clip(0.0) | x.round() | x.dot(x.T)
x.sum() | x.mean(axis=1) | x.prod(axis=0) | x.max() | x.min(axis=1, keepdims=True)
x.std(ddof=1) | x.var(axis=0) | x.cumsum() | x.cumprod(axis=1) | B.T.dot(x) | B.clip(x[0, 0], 2.5)
np.reshape(x, (3, 2)) | np.ravel(x) | np.transpose(x) | np.permute_dims(x, (1, 0))
np.matrix_transpose(x) | np.swapaxes(x, 0, 1) | np.moveaxis(x, 0, 1) | np.rollaxis(x, 1)
np.expand_dims(x, 0) | np.squeeze(x[:1]) | np.broadcast_to(x, (2, 2, 3))
np.broadcast_arrays(x, x[0])[1] | np.atleast_1d(x[0, 0]) | np.atleast_2d(x[0]) | np.atleast_3d(x)
np.stack([x, B]) | np.concatenate([x, B], axis=1) | np.concat([x, B]) | np.vstack([x, B])
np.hstack([x, B]) | np.dstack([x, B]) | np.column_stack([x[0], x[1]]) | np.block([[x, x], [B, x]])
np.append(x, [1.0]) | np.insert(x[0], 1, x[1, 1]) | np.delete(x[0], 1) | np.split(x[0], 3)[1]
np.array_split(x[0], 2)[0] | np.hsplit(x, 3)[1] | np.vsplit(x, 2)[1]
np.dsplit(x.reshape(1, 2, 3), 3)[1] | np.unstack(x)[1] | np.repeat(x, 2, axis=0)
np.tile(x, (2, 1)) | np.roll(x, 1) | np.rot90(x) | np.flip(x) | np.fliplr(x) | np.flipud(x)
np.take(x, [0, 3]) | np.take_along_axis(x, np.array([[0], [1]]), 1)
np.compress([True, False, True], x, axis=1) | np.extract(B > 0, x) | np.choose([0, 1, 0], [*x])
np.select([B > 1, B > 0], [x, x * x], 0.0) | np.diag(x[0]) | np.diag(x.T @ x) | np.diagflat(x[0])
np.piecewise(x, [B > 0], [lambda a: a * a, lambda a: -a]) | np.diagonal(x) | np.tril(x)
np.triu(x) | np.pad(x, 1) | np.pad(x, 1, mode="edge") | np.resize(x, (3, 3)) | np.diff(x)
np.diff(x[0], n=2) | np.ediff1d(x) | np.outer(x[0], x[1]) | np.kron(x, x)
np.cross(x[0], x[1]) | np.convolve(x[0], x[1]) | np.correlate(x[0], B[1]) | np.polyval(x[0], x[1])
np.vander(x[0]) | np.trapezoid(x) | np.trapezoid(x[0], [0.0, 1.0, 3.0]) | np.trapz(x)
np.meshgrid(x[0], x[1])[1] | np.full_like(x, 2.0) * x
np.zeros_like(x) + x | np.ones_like(x) * x | np.copy(x) | np.ptp(x, axis=1) | np.empty_like(x)[:0]
np.apply_along_axis(lambda row: row.sum(), 1, x) | np.apply_over_axes(np.sum, x, [0])
np.average(x) | np.average(x, axis=0, weights=[1.0, 3.0]) | np.average(x, weights=B * B)
np.linalg.multi_dot([x, x.T, x]) | np.linalg.matrix_power(x[:, :2], 3)
np.linalg.outer(x[0], x[1]) | np.linalg.cross(x[0], x[1]) | np.linalg.matmul(x, x.T)
np.linalg.tensordot(x, x) | np.linalg.trace(x) | np.linalg.vector_norm(x, axis=1)
np.linalg.diagonal(x) | np.linalg.matrix_transpose(x)
np.cumulative_sum(x, axis=0) | np.cumulative_prod(x[0], include_initial=True)
np.trace(x) | np.trace(x, 1) | np.cumsum(x, axis=1) | np.cumsum(x) | np.cumprod(x, axis=0)
np.inner(x, B) | np.inner(2.0, x) | np.vdot(x, B) | np.tensordot(x, B, axes=([1], [1]))
np.tensordot(x, B, axes=0) | np.tensordot(x, x) | np.dot(x, B.T) | np.dot(2.0, x)
np.dot(x.reshape(1, 2, 3), x.T.reshape(1, 3, 2)) | np.matmul(x[0], x.T)
np.matmul(x.reshape(1, 2, 3), x.T) | np.matmul(np.ones((4, 2, 2)), x) | np.dot(x, x[0])
np.einsum("ij,kj->ik", x, B) | np.einsum("ij,ij", x, x) | np.einsum("ij->j", x)
np.einsum("i,j", x[0], x[1]) | np.einsum("ii->i", x[:, :2]) | np.einsum("ii", x[:, :2])
np.einsum("...i,...i", x, B) | np.einsum("ij,jk,kl->il", x, x.T, B) | np.einsum("ji", x)
np.einsum("i...->...", x) | np.einsum("ij, j -> i", x, x[0])
np.einsum("iji->j", x[:, :, None] * x[:, 0])
np.linalg.norm(x) | np.linalg.norm(x, axis=(0, 1)) | np.linalg.norm(x, axis=0, ord=np.inf)
np.linalg.norm(x, axis=0, ord=-np.inf) | np.linalg.norm(x[0], 1) | np.linalg.norm(x, "fro")
np.linalg.norm(x, 2, axis=1, keepdims=True) | np.clip(x, None, 1.0) | np.clip(x, -1.0, None)
np.clip(x, -1.6, B + 0.2) | np.clip(x, a_min=0.0, a_max=1.5) | np.sinc(x)
np.fix(x) | np.round(x, 1) | np.around(x) | np.sum(x, axis=-1) | np.sum(x, axis=())
np.sum(x, 0, None, None, True) | np.sum(x, axis=1, dtype=object) | np.clip(x[0, 0], 0.0, x[0, 2])
np.mean(x, axis=1, keepdims=True) | np.std(x, axis=0) | np.var(x, axis=1, ddof=1)
np.prod(x, axis=(0, 1)) | np.max(x, axis=0) | np.amax(x) | np.min(x) | np.amin(x, axis=np.int64(1))
np.where(B > 0, x, B) | np.where(x > 0, x * x, -x) | np.add.reduce(x) | np.real(x)
np.multiply.reduce(x, axis=1) | np.maximum.reduce(x, axis=None) | np.minimum.reduce(x)
np.add.accumulate(x, axis=1) | np.multiply.accumulate(x) | np.multiply.outer(x[0], x)
np.subtract.outer(x[0], x[1]) | np.radians(x) | np.rad2deg(x) | np.hypot(x, B)
np.logaddexp(x, 1.0) | np.float_power(abs(x), 1.5) | np.fabs(x) | np.positive(x)
np.conjugate(x) | np.maximum(x, [0.0, 1.0, 2.0]) | np.true_divide(x, 3) | np.rint(x)
np.arctan2(x, B) | np.vectorize(lambda a: a * a)(x) | np.frompyfunc(lambda a: -a, 1, 1)(x)
after(lambda y: np.put_along_axis(y, np.array([[0], [1]]), x[1, 1], 1), x)
after(lambda y: np.put(y, [0], x[1, 1]), x) | after(lambda y: np.copyto(y, 2.0 * x, where=B > 0), x)
after(lambda y: np.place(y, B > 0, [3.0]), x) | after(lambda y: np.putmask(y, B > 0, 2.0 * x), x)
after(lambda y: np.fill_diagonal(y, x[1, 1]), x) | after(lambda y: y.__setitem__(0, 2.0 * y[1]), x)
after(lambda y: y.__iadd__(x), x) | after(lambda y: np.multiply(y, B, out=y), x)
scipy.special.expit(x) | scipy.special.log_expit(x) | scipy.special.gammaln(x)
scipy.special.psi(x) | scipy.special.erf(x)
"""
NEEDING_NUMBERS = """
np.sort(x) | np.sort(x, 0, "heapsort") | after(lambda y: y.sort(axis=0), x) | np.sort(x, axis=0)
np.sort(x, axis=None) | x[x > 0]
"""
NEWER = """
np.linspace(x[0, 0], x[0, 1], 4) | np.clip(x, min=-1.0, max=1.0) | np.clip(x, None, None)
"""  # from NumPy 2.1 on
PLACES_AND_BOOLS = """
x > 0.3 | 0.3 < x | x == B | x != x | x >= x[0, 0] | x <= B | np.greater(x, [0.1, 0.2, 0.3])
np.isnan(x) | np.isfinite(x) | np.isinf(x) | np.signbit(x) | np.logical_not(x)
np.logical_and(x, x > 0.0) | np.logical_or(x, 0.0) | np.logical_xor(x, 1.0)
np.argmax(x) | np.argmin(x, axis=1) | np.argsort(x) | np.argpartition(x[0], 1)[1] | np.nonzero(x)[0]
np.flatnonzero(x) | np.argwhere(x > 0) | np.count_nonzero(x) | np.searchsorted([0.0, 1.0], x)
np.digitize(x, [0.0, 1.0]) | np.all(x) | np.any(x, axis=0) | np.allclose(x, X) | np.isclose(x, B)
np.array_equal(x, X) | np.array_equiv(x, x) | x.argmax(axis=1) | x.argsort() | x.all() | x.any()
np.where(x > 0)[1] | x.nonzero()[0] | np.shape(x) | np.ndim(x) | np.size(x) | x.searchsorted
np.iscomplexobj(x) | np.isrealobj(x) | np.may_share_memory(x, x) | np.shares_memory(x, x)
""".replace(" | x.searchsorted\n", "\n")
WORLD = {"np": np, "B": B, "X": X, "after": after, "scipy": scipy}


def cases(text):
    return [case.strip() for line in text.strip().splitlines() for case in line.split(" | ")]


def evaluated(case, x):
    try:
        return eval(case, {**WORLD, "x": x})
    except AttributeError as error:
        if "module 'numpy" in str(error) or "module 'scipy" in str(error):
            pytest.skip(str(error))  # another version
        raise


def numbers(y):
    return y.data if isinstance(y, (Array, Value)) else np.asarray(y, dtype=float)


def weighed(y):
    """One number of all entries, each weighed otherwise."""
    weights = np.cos(np.arange(np.size(y))).reshape(np.shape(y))
    return (y * weights).sum() if np.ndim(y) else y * float(weights)


def slopes(case, x):
    found = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = H
        high, low = (weighed(evaluated(case, at)) for at in (x + step, x - step))
        found[place] = (high - low) / (2 * H)
    return found


@pytest.mark.parametrize("case", [
    *cases(FREE), *cases(NEEDING_NUMBERS),
    *(cases(NEWER) if np.lib.NumpyVersion(np.__version__) >= "2.1.0" else []),
])  # fmt: skip
def test_what_numpy_does_with_numbers_it_does_with_values_and_their_slopes(case):
    want = evaluated(case, X)
    x = array(X)
    y = evaluated(case, x)
    assert isinstance(y, (Array, Value)) and np.shape(numbers(y)) == np.shape(want)
    np.testing.assert_allclose(numbers(y), numbers(want), rtol=1e-12, atol=1e-14)
    total = weighed(y)
    if isinstance(total, Value):  # there may be no entry
        total.backward()
    np.testing.assert_allclose(x.grad, slopes(case, X), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("case", cases(PLACES_AND_BOOLS))
def test_places_and_bools_are_those_of_the_numbers(case):
    got, want = evaluated(case, array(X)), evaluated(case, X)
    assert np.asarray(got).dtype == np.asarray(want).dtype and not isinstance(got, Array)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("case", [
    case for case in cases(FREE) if not any(word in case for word in ("gammaln", "psi(", "trapz"))
])  # fmt: skip
def test_array_code_is_recorded_as_a_program(case):
    want = weighed(evaluated(case, X))

    def f(*xs):
        return 1.0 * weighed(evaluated(case, array(np.array(xs).reshape(2, 3))))

    if case == "np.empty_like(x)[:0]":
        return
    got = autograd.compile(f)(*[np.array([x, x]) for x in X.ravel()])
    np.testing.assert_allclose(got, [want, want], rtol=1e-11, atol=1e-12)


def test_every_function_that_is_named_is_tried_here():
    tried = FREE + NEEDING_NUMBERS + NEWER + PLACES_AND_BOOLS
    printed = {"array_repr", "array_str", "array2string"}
    types = {"result_type", "can_cast"}
    for name in {*FUNCTIONS, *UNCHANGED.split(), *BY_NUMBER.split()} - printed - types:
        assert f"np.{name}(" in tried or f"x.{name}(" in tried, name


# ---------------------------------------------------------------- entry by entry
OPS = [record for record in ops.TABLE.values() if record.slots is not None]
POINTS = {record.name: [d.probes()[:4] for d in record.domain] for record in OPS}


@pytest.mark.parametrize("record", OPS, ids=lambda record: record.name)
def test_an_op_of_arrays_is_the_op_of_each_entry(record):
    rows = [np.array(sorted(points)[-3:]) for points in POINTS[record.name]]
    if record is ops.clip:
        rows[2] = rows[2] + 40.0
    with autograd.errstate("ignore"):
        want = [record(*map(float, at)) for at in zip(*rows, strict=True)]
        plain = record(*rows)
        recorded = record(array(rows[0]), *rows[1:])
    assert type(plain) is np.ndarray and plain.dtype == np.float64
    np.testing.assert_array_equal(plain, want)
    assert isinstance(recorded, Array) and {x.op for x in recorded} == {record}
    np.testing.assert_array_equal(recorded.data, want)


@pytest.mark.parametrize("record", [
    record for record in OPS if record.slots == 1 and not record.parameters
    and record.name not in ("identity", "stop_gradient")
], ids=lambda record: record.name)  # fmt: skip
def test_an_op_of_one_operand_is_a_method_too(record):
    at = record.domain[0].probes()[-2]
    y = getattr(Value(at), record.name)()
    assert y.op is record and y.data == record(Value(at)).data
    assert f"{record.name}: " in Value.__doc__ or autograd.core_kind == "pure"
    assert Value(3.0).hypot(4.0).data == 5.0 and Value(1.0).arctan2(Value(1.0)).op is ops.arctan2


@pytest.mark.parametrize("record", [
    ops.sum, ops.prod, ops.max, ops.min, ops.norm, ops.var, ops.std,
    autograd.mean, autograd.logsumexp,
], ids=str)  # fmt: skip
def test_what_takes_a_sequence_takes_all_of_an_array(record):
    want = record([Value(x) for x in X.ravel()])
    got = record(array(X))
    assert got.data == want.data and got.op is want.op and len(got.inputs) == len(want.inputs)
    assert record(X) == want.data and type(record(X)) is float
    assert record(pandas.DataFrame(X)) == want.data
    if record is not ops.var and record is not ops.std:
        assert record(array(2.0)).data == record(np.array(2.0)) == 2.0


def test_softmax_of_an_array_is_an_array_of_its_form():
    for f, of in ((autograd.softmax, scipy.special.softmax),
                  (autograd.log_softmax, scipy.special.log_softmax)):  # fmt: skip
        y, plain = f(array(X)), f(X)
        assert isinstance(y, Array) and type(plain) is np.ndarray
        np.testing.assert_allclose(y.data, of(X), rtol=1e-14)
        np.testing.assert_array_equal(y.data, plain)


@settings(deadline=None, max_examples=60)
@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3))
def test_operands_are_broadcast_as_numpys(shapes):
    a, b = (np.linspace(0.5, 1.5, math.prod(shape)).reshape(shape) for shape in shapes.input_shapes)
    for f in (np.add, np.multiply, np.divide, np.arctan2):
        want = f(a, b)
        for y in (f(array(a), b), f(a, array(b)), f(array(a), array(b))):
            assert np.shape(numbers(y)) == shapes.result_shape
            np.testing.assert_allclose(numbers(y), want, rtol=1e-15)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_einsum_of_any_labels_is_numpys(data):
    """A term is letters, one maybe twice; each letter has its size; the output some of them."""
    sizes = {"i": 1, "j": 2, "k": 3}
    term = st.text("ijk", max_size=3)
    terms = data.draw(st.lists(term, min_size=1, max_size=3))
    used = sorted({letter for term in terms for letter in term})
    output = "".join(data.draw(st.permutations(used))[: data.draw(st.integers(0, 3))])
    rng = np.random.default_rng(len(used))
    arrays = [rng.normal(size=[sizes[letter] for letter in term]) for term in terms]
    subscripts = ",".join(terms) + "->" + output
    want = np.einsum(subscripts, *arrays)
    y = np.einsum(subscripts, array(arrays[0]), *arrays[1:])
    np.testing.assert_allclose(numbers(y), want, rtol=1e-12, atol=1e-14)


def test_ufuncs_of_one_value_are_its_ops():
    v = Value(0.3)
    for name in ("exp", "sin", "log1p", "absolute", "rint", "square", "arctan", "fabs", "sign"):
        y = getattr(np, name)(v)
        assert isinstance(y, Value) and y.data == pytest.approx(getattr(np, name)(0.3), rel=1e-15)
    for y in (np.float64(2) * v, v * np.float64(2), np.int8(2) * v, np.float32(2) * v):
        assert isinstance(y, Value) and y.data == 0.6 and set(map(type, y.inputs)) == {Value, float}
    assert np.float64(0.2) < v and not np.greater(v, 0.4) and np.isclose(v, 0.3)
    assert np.isnan(v) is False and np.isfinite(v) is True
    assert np.conj(v) .data == 0.3 and np.where(v > 0, 2.0 * v, 0.0).data == 0.6
    assert np.exp(np.array(v, dtype=object)).data == math.exp(0.3)


def test_plain_arrays_of_objects_are_served_by_the_methods():
    x = np.array([Value(0.5), Value(0.75)], dtype=object)
    raw = np.array([0.5, 0.75])
    for name in """absolute arccos arcsin arcsinh arctan arctanh cbrt ceil conjugate cos cosh exp
            exp2 expm1 floor log log10 log1p log2 negative positive reciprocal rint sin sinh sqrt
            square tan tanh trunc""".split():
        y = getattr(np, name)(x)
        assert all(isinstance(v, Value) for v in y), name
        np.testing.assert_allclose([v.data for v in y], getattr(np, name)(raw), rtol=1e-14)
    for name in ("arctan2", "hypot", "add", "power", "remainder", "maximum"):
        y = getattr(np, name)(x, x[::-1])
        want = getattr(np, name)(raw, raw[::-1])
        np.testing.assert_allclose([v.data for v in y], want, rtol=1e-15)
    assert np.std(x).data == pytest.approx(np.std(raw)) and (x @ x).data == raw @ raw
    assert np.linalg.norm(x).data == pytest.approx(np.linalg.norm(raw))


def test_pairs_of_floats_in_an_array_are_ieee_too():
    x = array([Value(1.0), Value(-8.0)])
    x[:] = [1.0, -8.0]
    with autograd.errstate("ignore"):
        assert (x / 0.0).data.tolist() == [math.inf, -math.inf]
        assert np.isnan((x ** (1.0 / 3.0)).data[1]) and isinstance(x / 0.0, Array)


@pytest.mark.filterwarnings("error")
def test_a_number_outside_the_domain_warns_once_and_names_the_op():
    with pytest.warns(RuntimeWarning, match="log: operand must be > 0, got 0.0") as caught:
        np.log(array([1.0, 0.0]))
    assert len(caught) == 1 and caught[0].filename == __file__
    assert math.isnan(np.cumsum(array([math.inf, -math.inf])).data[1])


def test_the_modes_hold_for_arrays():
    x = array([0.5, 1.5])
    with no_grad():
        assert not any(v.requires_grad for y in (x * 2.0, np.exp(x), [x.sum(), x @ x]) for v in y)
    with scope("layer 1"):
        assert {v.scope for y in (x * 2.0, np.exp(x), [x.sum(), x @ x]) for v in y} == {"layer 1"}


# ---------------------------------------------------------------- one op, not a chain
def test_a_sum_a_product_and_a_dot_are_one_op():
    x, A = array(np.ones(50)), array(np.ones((4, 50)))
    for y in (x.sum(), np.sum(x), x.prod(), np.linalg.norm(x), x.max(), x.std(), np.sum(A, 1)[2],
              np.einsum("ij->i", A)[0], np.add.reduce(x)):  # fmt: skip
        assert len(y.inputs) == 50 and all(v.op is None for v in y.inputs)
    w = np.ones(50)
    for y in (x @ x, np.dot(x, w), w @ x, (A @ x)[1], (A @ A.T)[3, 2], np.inner(A, x)[0],
              np.tensordot(x, w, 1), np.einsum("i,i", x, w), np.vdot(x, w), autograd.dot(A, x)[0],
              np.matmul(np.ones((2, 4, 50)), x)[1, 1]):  # fmt: skip
        assert y.op is ops.dot and len(y.inputs) == 100
    y = np.einsum("ij,k,jk->", np.ones((2, 3)), array(np.ones(4)), array(np.ones((3, 4))))
    assert y.op is ops.dot and len(Graph(y)) < 4 + 12 + 12 + 3, "the others' product, then one dot"


# ---------------------------------------------------------------- the array itself
def test_new_leaves_are_labeled_by_their_place_and_values_stay():
    v = Value(3.0, "v")
    x = array([[1.0, 2], [3.0, np.float32(4)]], "x")
    assert [y.label for y in x.flat] == ["x[0, 0]", "x[0, 1]", "x[1, 0]", "x[1, 1]"]
    mixed = array([[1.0, 2], [v, np.float32(4)]], "x")
    assert [y.requires_grad for y in mixed.flat] == [False, False, True, False]
    assert mixed[1, 0] is v and v.label == "v"
    assert {y.label for y in array(X).flat} == {""}
    frozen = array([1.0], requires_grad=False)
    assert not frozen[0].requires_grad and array(2.0).shape == () and array([]).shape == (0,)


def test_a_label_is_a_text_and_a_flag_a_bool():
    for wrong in (lambda: array([1.0], 3), lambda: array([1.0], "x", 1), lambda: array([], None)):
        with pytest.raises(TypeError, match="is required"):
            wrong()


def test_a_span_of_time_is_no_number_though_numpy_takes_it_for_an_integer():
    v, second = Value(1.0), np.timedelta64(1, "s")
    for wrong in (lambda: v * second, lambda: second * v, lambda: Value(second)):
        with pytest.raises(TypeError, match="one real number is required"):
            wrong()


def test_data_and_grad_are_new_arrays_of_floats():
    x = array(X)
    (x * x).sum().backward()
    for got, want in ((x.data, X), (x.grad, 2 * X), ((2 * x).data, 2 * X), ((2 * x).grad, 0 * X)):
        assert type(got) is np.ndarray and got.dtype == np.float64
        np.testing.assert_array_equal(got, want)
    x.data[0, 0] = 7.0
    assert x[0, 0].data == X[0, 0]
    leaf = x[0, 0]
    x.data = 2 * X
    assert x[0, 0] is leaf and leaf.data == 2 * X[0, 0]
    x.data = 1
    assert {v.data for v in x.flat} == {1.0}
    x.zero_grad()
    assert not x.grad.any() and not leaf.has_grad
    with pytest.raises(AttributeError, match="only a leaf's number is written"):
        (2 * x).data = X
    with pytest.raises(ValueError, match="broadcast"):
        x.data = [1.0, 2.0]


def test_nan_comes_last_in_an_order():
    x = array([2.0, math.nan, 1.0, 3.0, 0.5])
    np.testing.assert_array_equal(np.sort(x).data, [0.5, 1.0, 2.0, 3.0, math.nan])
    x.sort()
    np.testing.assert_array_equal(x.data, [0.5, 1.0, 2.0, 3.0, math.nan])


def test_it_prints_as_numpys_do():
    x = array(X)
    assert str(x) == str(X) == np.array_str(x) == np.array2string(x)
    assert repr(x) == repr(X).replace("array(", "Array(") and np.array_repr(x) == repr(X)
    assert np.array2string(x, precision=1) == np.array2string(X, precision=1)
    text = []
    autograd.compile(lambda a: (text.append(repr(array([a]))), a)[1])(np.ones(2))
    assert "unknown" in text[0]


def test_copies_and_pickles_keep_who_is_who():
    x = array(X, "x")
    y = (x * x).sum()
    kept = (x, y, x[0, 0])
    for x2, y2, first in (copy.deepcopy(kept), pickle.loads(pickle.dumps(kept))):
        assert isinstance(x2, Array) and x2[0, 0] is first and first is not x[0, 0]
        y2.backward()
        np.testing.assert_array_equal(x2.grad, 2 * X)
    assert copy.copy(x)[0, 0] is x[0, 0] is x.copy()[0, 0] is x[:1, ::2][0, 0] and not x.grad.any()
    with pytest.raises(TypeError, match=r"use array\(data\)"):
        Array((2, 2))


def test_plain_numbers_put_in_place_are_taken():
    x = array([1.0, 2.0])
    x[0] = np.float64(5.0)
    x[1] = 3
    assert x.data.tolist() == [5.0, 3.0] and (x * Value(2.0)).data.tolist() == [10.0, 6.0]
    assert x.grad.tolist() == [0.0, 0.0] and (x @ array([1.0, 1.0])).data == 8.0


def test_a_masked_array_before_a_value_keeps_its_mask_and_the_slopes():
    v = Value(2.0)
    y = np.ma.array([1.5, 2.0], mask=[False, True]) * v
    assert y.mask.tolist() == [False, True]
    y[0].backward()
    assert v.grad == 1.5


# ---------------------------------------------------------------- pandas
def test_a_column_is_its_values_on_either_side():
    frame = pandas.DataFrame({"t": [0.0, 0.5, 1.0], "y": [2.0, 1.5, 1.1]}, index=[7, 3, 5])
    t, y = frame["t"].to_numpy(), frame["y"].to_numpy()
    p = Value(2.0)
    for got in (np.exp(frame["t"] * -p) * p - frame["y"], p * np.exp(-p * frame["t"]) - frame["y"]):
        np.testing.assert_allclose([v.data for v in got], 2.0 * np.exp(-2.0 * t) - y, rtol=1e-15)
    assert (p * frame).shape == (3, 2) and (frame["t"] > p).tolist() == [False] * 3
    np.testing.assert_array_equal(autograd.tanh(frame["t"]), [math.tanh(a) for a in t])
    assert array(frame["t"]).data.tolist() == t.tolist()


# ---------------------------------------------------------------- programs
@pytest.mark.parametrize("f", [
    lambda x: np.where(np.float64(0.4) < x, x, 0.0), lambda x: np.where(x == 0.3, x, 2.0),
    lambda x: np.where(np.greater(x, [0.1, 0.6]), x, x * x),
    lambda x: np.where(0.3 >= x[0], x, 1.0),
])  # fmt: skip
def test_comparisons_of_unknown_values_are_recorded(f):
    raw = np.array([0.3, 0.7])
    got = autograd.compile(lambda a, b: f(array([a, b])).sum())(np.full(3, 0.3), np.full(3, 0.7))
    assert got.tolist() == [f(raw).sum()] * 3


@pytest.mark.parametrize(("ask", "word"), [
    (lambda x: np.sort(x).sum(), "sort"), (lambda x: np.argmax(x) * x[0], "argmax"),
    (lambda x: x[0] if np.isnan(x).any() else x[1], "isnan"), (lambda x: x.data.sum(), "was read"),
    (lambda x: x[0] if np.isclose(x[0], 1.0) else x[1], "isclose"),
    (lambda x: np.asarray(x, dtype=float).sum(), "plain number"),
    (lambda x: x[0] if (x > 0).all() else x[1], "all"),
])  # fmt: skip
def test_what_asks_an_unknown_value_for_its_number_says_so(ask, word):
    with pytest.raises(TracingError, match=word):
        autograd.compile(lambda a, b: ask(array([a, b])))(np.ones(2), np.ones(2))


# ---------------------------------------------------------------- what cannot work
@pytest.mark.parametrize(("name", "call"), [
    ("numpy.linalg.svd", lambda x: np.linalg.svd(x)), ("numpy.fft.fft", lambda x: np.fft.fft(x)),
    ("numpy.linalg.inv", lambda x: np.linalg.inv(x)), ("numpy.interp", lambda x: np.interp(
        x, [0.0, 1.0], [2.0, 3.0])), ("numpy.linalg.solve", lambda x: np.linalg.solve(x, x)),
    ("numpy.linalg.det", lambda x: np.linalg.det(x)), ("numpy.median", lambda x: np.median(x)),
    ("numpy.unique", lambda x: np.unique(x)), ("numpy.percentile", lambda x: np.percentile(x, 50)),
    ("numpy.save", lambda x: np.save("x.npy", x)), ("numpy.nansum", lambda x: np.nansum(x)),
    ("numpy.linalg.eigh", lambda x: np.linalg.eigh(x)), ("floor_divide", lambda x: x // 2.0),
    ("bitwise_and", lambda x: x & x), ("modf", lambda x: np.modf(x)),
    ("add.at", lambda x: np.add.at(np.zeros(2), [0], x[0])),
    ("maximum.accumulate", lambda x: np.maximum.accumulate(x)),
    ("divide.reduce", lambda x: np.divide.reduce(x)), ("jv", lambda x: scipy.special.jv(0, x)),
    ("astype", lambda x: x.astype(float)), ("norm", lambda x: np.linalg.norm(x, 2)),
    ("sum", lambda x: np.sum(x, where=np.ones((2, 2), bool))), ("max", lambda x: x.max(initial=3)),
    ("sum", lambda x: x.sum(dtype=np.float32)),
    ("sort", lambda x: np.sort(x, order="a")), ("mean", lambda x: x.mean(dtype=np.float32)),
    ("where", lambda x: np.divide(1.0, x, where=np.ones((2, 2), bool))),
    ("einsum", lambda x: np.einsum("ij,j->i", x[0], x)),
    ("add", lambda x: x.cumsum(dtype=float)), ("multiply", lambda x: x * 1j),
    ("multiply", lambda x: x * np.array(["a", "b"])), ("add", lambda x: x + [None, 1]),
    ("masked", lambda x: x * np.ma.array([1.0, 2.0], mask=[0, 1])),
    ("out=", lambda x: np.exp(x, out=np.zeros((2, 2)))),
], ids=str)  # fmt: skip
def test_what_cannot_work_is_refused_by_name_with_a_remedy(name, call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((TypeError, ValueError)) as caught:
        call(array([[1.0, 2.0], [3.0, 5.0]]))
    assert name in str(caught.value) and "; " in str(caught.value) and len(str(caught.value)) > 25
    assert "make a list" not in str(caught.value) and not [*tmp_path.iterdir()]


def test_an_array_of_floats_takes_no_value_and_stays_as_it_is():
    x, v, zeros = array([1.0, 2.0]), Value(3.0), np.zeros(2)
    for wrong in (
        lambda: np.asarray(x, dtype=float), lambda: zeros.__setitem__(0, v), lambda: np.float64(v),
        lambda: zeros.__iadd__(v), lambda: zeros.__imul__(x), lambda: np.add(zeros, x, out=zeros),
        lambda: np.copyto(zeros, x), lambda: np.exp(v, out=zeros), lambda: zeros.fill(v),
    ):  # fmt: skip
        with pytest.raises(TypeError):
            wrong()
    assert zeros.tolist() == [0.0, 0.0]
    with pytest.raises(TypeError, match="dtype=object for an array"):
        zeros[0] = v


@pytest.mark.parametrize("call", [
    lambda x: x @ np.ones(3), lambda x: np.dot(x, np.ones(3)), lambda x: np.ones((2, 1)) @ x,
    lambda x: np.tensordot(x, np.ones(3), 1), lambda x: np.einsum("ij,j", x, np.ones(3)),
    lambda x: np.einsum("ijk->i", x), lambda x: np.einsum("ij->k", x), lambda x: x + np.ones(3),
    lambda x: np.einsum("ij,j->i", x), lambda x: np.einsum(x, [0, 1]), lambda x: x.sum(axis=2),
    lambda x: Value(1.0) @ x, lambda x: x.sum(axis=(0, 0)), lambda x: array([]).max(),
    lambda x: array([]).mean(), lambda x: np.tensordot(x, x, ([0], [0, 1])),
])  # fmt: skip
def test_forms_that_do_not_fit_are_refused(call):
    with pytest.raises(ValueError, match=r"\w{4}.*\w{4}"):
        call(array([[1.0, 2.0], [3.0, 5.0]]))


@pytest.mark.parametrize(("data", "error", "words"), [
    (["a"], TypeError, "real numbers are required"), ([1j], TypeError, "complex128"),
    ([None], TypeError, "what is missing|return missing"), ([[1.0], []], ValueError, "one length"),
    (np.array([1.0, "a"], dtype=object), TypeError, "got 'a'"), ([10**400], ValueError, "a float"),
    (np.ma.array([1.0], mask=[1]), TypeError, "mask"), ({"a": 1.0}, TypeError, "one number"),
    (np.array(["2020"], "M8"), TypeError, "dtype"), (np.timedelta64(1, "s"), TypeError, "dtype"),
    ({1.0}, TypeError, r"array\(list\(data\)\)"), (iter([1.0]), TypeError, r"\(list\(data\)\)"),
])  # fmt: skip
def test_what_is_no_array_of_numbers_is_refused(data, error, words):
    for call in (array, lambda data: elementwise(ops.exp, (data,))):
        with pytest.raises(error, match=words):
            call(data)


def test_what_an_array_cannot_give_is_refused_by_name(tmp_path):
    x = array([1.0, 2.0])
    for call in (x.tobytes, lambda: x.tofile(tmp_path / "x")):
        with pytest.raises(TypeError, match=r"tobytes, tofile.*addresses; use x\.data"):
            call()
    with pytest.raises(TypeError, match=r"numpy\.average: .*'returned'; leave it out"):
        np.average(x, returned=True)
    assert np.average(x, weights=[1.0, 3.0], returned=False).data == 1.75


def test_no_message_sends_a_user_of_arrays_to_lists():
    for call in (lambda: Value(np.ones(2)), lambda: Value([1.0]), lambda: autograd.exp([1.0])):
        with pytest.raises(TypeError, match=r"autograd\.array\(data\)") as caught:
            call()
        assert "make a list" not in str(caught.value)
