"""Programs: what they compute over rows, what is recorded, and what is refused."""

import copy
import importlib.util
import inspect
import math
import pickle
import threading

import numpy as np
import pytest

import autograd
from autograd import Value, ops
from autograd.op import REALS, derived, primitive
from viz import javascript

EPS = np.finfo(float).eps
BACKENDS = ["numpy"] + (["llvm"] if importlib.util.find_spec("llvmlite") else [])


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


# ------------------------------------------------------------------ what comes in and goes out
def test_a_power_of_one_half_is_no_square_root(backend):
    """C's pow, which IEEE names: inf at -inf, 0.0 at -0.0; a square root has nan and -0.0."""
    at = np.array([-math.inf, -0.0, 4.0])
    for exponent in (0.5, np.full(3, 0.5)):
        got = autograd.compile(lambda x, n: x**n, backend=backend)(at, exponent)
        assert got.tolist() == [math.inf, 0.0, 2.0] and not np.signbit(got[1])
    got = autograd.compile(lambda x: x**0.5, backend=backend)(at)
    assert got.tolist() == [math.inf, 0.0, 2.0] and not np.signbit(got[1])


def test_numbers_in_give_a_number_out(backend):
    program = autograd.compile(lambda x, y: x * y, backend=backend)
    value, (dx, dy) = program.value_and_grad(2, 3.0)
    assert (value, dx, dy) == (6.0, 3.0, 2.0) and type(value) is np.float64
    assert program(np.array([True, False]), np.array([2, 3], np.int8)).tolist() == [2.0, 0.0]


def test_arguments_broadcast_as_numpys_do(backend):
    program = autograd.compile(lambda x, y: x - 2.0 * y, backend=backend)
    a, b = np.arange(4.0)[:, None], np.arange(3.0)[None]
    np.testing.assert_array_equal(program(a, b), a - 2.0 * b)
    value, (da, db) = program.value_and_grad(a, b)
    assert value.shape == da.shape == db.shape == (4, 3)
    assert program(np.ones((2, 0)), 1.0).shape == (2, 0)
    strided = np.arange(20.0)[::3]
    np.testing.assert_array_equal(program(strided, strided[::-1]), strided - 2.0 * strided[::-1])


def test_a_constant_an_argument_and_a_repeated_result_are_results_too(backend):
    x = np.linspace(-1.0, 1.0, 5)
    value, (dx, dy) = autograd.compile(lambda x, y: 3.0, backend=backend).value_and_grad(x, 1.0)
    assert value.tolist() == [3.0] * 5 and dx.tolist() == dy.tolist() == [0.0] * 5
    value, (dx,) = autograd.compile(lambda x: x, backend=backend).value_and_grad(x)
    assert value.tolist() == x.tolist() and dx.tolist() == [1.0] * 5 and value is not x
    value, (dx, dy) = autograd.compile(lambda x, y: x * y, backend=backend).value_and_grad(x, x)
    np.testing.assert_array_equal(dx, dy)
    assert not np.shares_memory(dx, dy)


def test_results_are_the_callers_as_long_as_somebody_holds_them(backend):
    program = autograd.compile(lambda x: x + 1.0, backend=backend)
    first = program(np.zeros(100))
    view = program(np.ones(100))[10:]  # the array itself is gone, but not its memory
    address = program(np.full(100, 2.0)).ctypes.data
    assert program(np.full(100, 3.0)).ctypes.data == address, (
        "a dropped result's memory is used again"
    )
    assert first.tolist() == [1.0] * 100 and view.tolist() == [2.0] * 90


def test_threads_may_share_a_program(backend):
    program = autograd.compile(lambda x: autograd.sin(x) * x, backend=backend)
    x = np.linspace(0.0, 9.0, 40_000)
    want, failures = program(x).copy(), []

    def work():
        for _ in range(20):
            if not np.array_equal(program(x), want):
                failures.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_detach_and_no_grad_cut_the_gradient_in_a_program_too(backend):
    def f(x, y):
        with autograd.no_grad():
            constant = x * x
        return constant * y + x.detach() * x

    value, (dx, dy) = autograd.compile(f, backend=backend).value_and_grad(3.0, 2.0)
    assert (value, dx, dy) == (27.0, 3.0, 9.0)


def test_comparisons_on_traced_values_are_traced(backend):
    def f(x, y):
        return (
            (x > y)
            + 2.0 * (x >= y)
            + 4.0 * (x < y)
            + 8.0 * (x <= y)
            + 16.0 * (x == 1)
            + 32.0 * (x != 1)
        )

    got = autograd.compile(f, backend=backend)(np.array([0.0, 1.0, 2.0]), 1.0)
    assert got.tolist() == [4 + 8 + 32, 2 + 8 + 16, 1 + 2 + 32]


def test_an_op_made_at_run_time_compiles(backend):
    cube = derived("cube", domain=REALS, formula=lambda m, x: x * x * x)
    third = primitive(
        "third_root", domain=REALS, partials=(lambda m, x, y: 1.0 / (3.0 * y * y),),
        floats=lambda x: math.copysign(abs(x) ** (1.0 / 3.0), x), numpy=np.cbrt,
        llvm=lambda m, x: m.libm("cbrt", x),
    )  # fmt: skip
    x = np.array([1.0, 8.0, 27.0])
    value, (slope,) = autograd.compile(lambda x: third(cube(x)), backend=backend).value_and_grad(x)
    np.testing.assert_allclose(value, x, rtol=4 * EPS)
    np.testing.assert_allclose(slope, 1.0, rtol=16 * EPS)


def test_a_primitive_without_a_line_says_which_is_missing(backend):
    lonely = primitive("lonely", domain=REALS, partials=(lambda m, x, y: 1.0,), floats=float)
    with pytest.raises(NotImplementedError, match=f"lonely.*{backend}"):
        autograd.compile(lonely, backend=backend)(1.0)


@pytest.mark.parametrize("k", [2.0, 5.0, -0.5])
def test_an_op_with_parameters_made_at_run_time_compiles(backend, k):
    scaled = primitive(
        "scaled", domain=REALS, parameters={"k": 2.0}, partials=(lambda m, x, y, *, k: k,),
        floats=lambda x, *, k: k * x, numpy=lambda x, *, k: k * x,
        llvm=lambda m, x, *, k: m.multiply(x, k), javascript="({k} * {0})",
    )  # fmt: skip
    assert scaled(3.0, k=k) == 3.0 * k and scaled(3.0) == 6.0
    x = np.array([1.0, 2.0])
    program = autograd.compile(lambda x: scaled(x, k=k) * scaled(x), backend=backend)
    value, (slope,) = program.value_and_grad(x)
    assert value.tolist() == (2.0 * k * x * x).tolist()
    assert slope.tolist() == (4.0 * k * x).tolist()
    code = javascript.functions(scaled.fixed(k=k), 1, (0,))
    assert f"(({k!r}) * a)" in code and "{" + "k}" not in code


def test_a_line_that_gives_back_its_operand_keeps_it():
    """Its result is copied: a buffer in use as two nodes would be overwritten."""
    same = primitive("same", domain=REALS, partials=(lambda m, x, y: 1.0,), numpy=lambda x: x)

    def f(x):
        y = autograd.exp(x)
        return same(y) * 2.0 + autograd.sin(y) * autograd.cos(same(y)) + y

    x = np.linspace(0.0, 1.0, 5)
    y = np.exp(x)
    got = autograd.compile(f, backend="numpy")(x)
    np.testing.assert_allclose(got, y * 2.0 + np.sin(y) * np.cos(y) + y, rtol=4 * EPS)


def test_slopes_at_a_plain_number_may_be_taken_inside(backend):
    """d(v²x)/dv at 0.3 is 0.6 x; its own slope is 0.6."""
    program = autograd.compile(lambda x: autograd.grad(lambda v: v * v * x)(0.3), backend=backend)
    value, (slope,) = program.value_and_grad(np.array([1.0, 2.0]))
    np.testing.assert_allclose(value, [0.6, 1.2], rtol=4 * EPS)
    np.testing.assert_allclose(slope, [0.6, 0.6], rtol=4 * EPS)


# ------------------------------------------------------------------ copies and pickles
def cubed(x, y):
    return x * x * x - y * autograd.exp(x)


def open_sum(*xs):
    return autograd.sum(xs) * xs[0]


CARRIERS = [copy.copy, copy.deepcopy, lambda program: pickle.loads(pickle.dumps(program))]


@pytest.mark.parametrize("called", [False, True])
@pytest.mark.parametrize("carried", CARRIERS, ids=["copy", "deepcopy", "pickle"])
@pytest.mark.parametrize(("f", "arguments"), [(cubed, 2), (autograd.tanh, 1), (open_sum, 3)])
def test_a_program_travels_before_and_after_a_call(f, arguments, carried, called, backend):
    """An open signature is recorded at the first call: until then the function itself travels."""
    at = [np.array([0.5, -1.0, 2.0 + n]) for n in range(arguments)]
    program = autograd.compile(f, backend=backend)
    want, slopes = autograd.compile(f, backend=backend).value_and_grad(*at)
    if called:
        program.value_and_grad(*at)
    again = carried(program)
    assert repr(again) == repr(program) and again.backend == backend
    value, got = again.value_and_grad(*at)
    assert np.array_equal(value, want) and np.array_equal(got, slopes)
    assert np.array_equal(program(*at), want), "the first one still runs"


def test_a_recorded_lambda_travels_as_its_graph():
    program = autograd.compile(lambda x, y: autograd.sin(x) / y, backend="numpy")
    again = pickle.loads(pickle.dumps(program))
    assert again(0.5, 2.0) == program(0.5, 2.0) and len(again.graph) == len(program.graph)
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(autograd.compile(lambda *xs: xs[0], backend="numpy"))  # not recorded yet


def test_a_long_program_travels():
    def loop(x):
        for _ in range(3000):
            x = x + 0.001 * autograd.sin(x)
        return x

    program = autograd.compile(loop, backend="numpy")
    for again in (copy.deepcopy(program), pickle.loads(pickle.dumps(program))):
        assert again(0.5) == program(0.5)


def test_a_program_that_needs_llvm_says_so_where_it_arrives(monkeypatch):
    pytest.importorskip("llvmlite")
    sent = pickle.dumps(autograd.compile(cubed, backend="llvm"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"whygrad\[fast\]"):
        pickle.loads(sent)


# ------------------------------------------------------------------ recording
def test_the_number_of_arguments_is_known_from_the_signature_or_the_first_call():
    fixed = autograd.compile(lambda x, y: x * y, backend="numpy")
    assert [label for label in fixed.graph.labels if label] == ["x", "y"]
    open_ = autograd.compile(lambda *xs: autograd.sum(xs), backend="numpy")
    with pytest.raises(ValueError, match="call it once"):
        open_.graph  # noqa: B018
    assert open_(1.0, 2.0, 3.0) == 6.0
    with pytest.raises(TypeError, match=r"3 arguments.*got 2"):
        open_(1.0, 2.0)


def test_stages_are_named_and_their_ops_counted(backend):
    program = autograd.compile(
        lambda x: autograd.sigmoid(x) * autograd.sigmoid(x) + 0.0 * 1.0, backend=backend
    )
    text = program.stages()
    assert f"back end {backend}" in text and "value and gradient" in text
    for stage in ("record", "sweep", "rewrite", "build"):
        assert stage in text


@pytest.mark.parametrize("use", [
    lambda x: 1.0 if x > 0 else 2.0, lambda x: math.sin(x), lambda x: x.data, lambda x: x.item(),
    lambda x: int(x), lambda x: max(x, 1.0), lambda x: x and 1.0, lambda x: abs(x) if x == 0 else x,
])  # fmt: skip
def test_what_needs_a_number_names_the_users_line_and_a_remedy(use):
    with pytest.raises((autograd.TracingError, TypeError), match=r"test_program\.py|int") as caught:
        autograd.compile(use)
    if isinstance(caught.value, autograd.TracingError):
        assert "autograd.where" in str(caught.value)


@pytest.mark.parametrize("returned", [None, "text", [1.0], 1j])
def test_a_function_must_return_one_number(returned):
    with pytest.raises(TypeError, match="must return one number"):
        autograd.compile(lambda x: returned)


def test_a_value_from_outside_is_refused_by_name():
    weight = Value(2.0, "weight")
    for f in (lambda x: weight * x, lambda x: weight, lambda x: weight * weight):
        with pytest.raises(autograd.TracingError, match=r"weight.*argument"):
            autograd.compile(f)


def test_a_traced_value_used_after_its_program_says_so():
    kept = []
    autograd.compile(lambda x: kept.append(x) or x)
    for use in (lambda x: x * 2.0, lambda x: x + x, lambda x: x.backward()):
        with pytest.raises(autograd.TracingError):
            use(kept[0])


def test_recording_leaves_the_modes_as_they_were():
    def fails(x):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        autograd.compile(fails)
    assert (Value(1.0) * 2.0).requires_grad
    with autograd.no_grad():
        assert autograd.compile(lambda x: x * x, backend="numpy").value_and_grad(3.0)[1] == (6.0,)


MASKED = np.ma.masked_array([1.0, 2.0], mask=[True, False])


@pytest.mark.parametrize(("wrong", "error", "words"), [
    (lambda: autograd.compile(3), TypeError, "a function is required"),
    (lambda: autograd.compile(abs, backend="cuda"), ValueError, "llvm.*cuda"),
    (lambda: autograd.compile(lambda x, y: x)(1.0), TypeError, "2 arguments.*x, y.*got 1"),
    (lambda: autograd.compile(lambda x, y: x)(np.ones(3), np.ones(4)), ValueError, r"x \(3,\), y"),
    (lambda: autograd.compile(lambda x: x)(np.ones(3, complex)), TypeError, "x.*real.*complex128"),
    (lambda: autograd.compile(lambda x: x)(MASKED), TypeError, r"x.*mask.*\.filled"),
    (lambda: autograd.compile(lambda x: x)([MASKED, MASKED]), TypeError, r"x.*mask.*\.filled"),
    (lambda: autograd.compile(lambda x: x)([1.0, np.ma.masked]), TypeError, "x.*mask"),
    (lambda: autograd.compile(lambda x: x)(((2, MASKED[0]), (1, 2))), TypeError, "x.*mask"),
    (lambda: autograd.compile(lambda x: x)(np.ones(2, "M8[s]")), TypeError, "x.*real.*datetime64"),
    (lambda: autograd.compile(lambda x: x)(np.ones(2, "m8[s]")), TypeError, "x.*real.*timedelta64"),
    (lambda: autograd.compile(lambda x: x)(np.ones(2, [("a", "f8")])), TypeError, "x.*real.*'a'"),
    (lambda: autograd.compile(lambda x: x)(np.array([1.0, None])), TypeError, "x.*real.*ndarray"),
    (lambda: autograd.compile(lambda x: x)("a"), TypeError, "x.*real"),
    (lambda: autograd.compile(lambda x: x)(None), TypeError, "x.*real.*NoneType"),
    (lambda: autograd.compile(lambda x: x)(Value(1.0)), TypeError, r"x.*Value.*item"),
    (lambda: autograd.compile(lambda x: x)([[1.0], [1.0, 2.0]]), TypeError, "x.*an array.*rows"),
])  # fmt: skip
def test_wrong_use_says_what_was_required_and_got(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()


def test_llvm_is_asked_for_by_name_only_where_it_is(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert autograd.compile(lambda x: x).backend == "numpy"
    with pytest.raises(ImportError, match=r"whygrad\[fast\]"):
        autograd.compile(lambda x: x, backend="llvm")


def test_numpy_without_scipy_has_erf_by_its_formula(monkeypatch):
    from autograd.compiler import numpy_backend

    bare = numpy_backend.Arrays()
    bare.lines = {name: line for name, line in bare.lines.items() if name != "erf"}
    monkeypatch.setattr(numpy_backend, "arithmetic", lambda: bare)
    x = np.linspace(-7.0, 7.0, 1001)
    got = autograd.compile(autograd.erf, backend="numpy")(x)
    want = np.array([math.erf(v) for v in x])
    assert np.all(np.abs(got - want) <= 4 * np.spacing(np.abs(want)))


@pytest.mark.parametrize("version", ["0.43.0", "0.44.0"])
def test_a_llvmlite_that_is_too_old_is_said_and_not_used(monkeypatch, version):
    llvmlite = pytest.importorskip("llvmlite")
    monkeypatch.setattr(llvmlite, "__version__", version)
    with pytest.warns(RuntimeWarning, match=rf"llvmlite >= 0.45, got llvmlite {version}"):
        program = autograd.compile(lambda x: x * 2.0)
    assert program.backend == "numpy" and program(3.0) == 6.0
    with pytest.raises(ImportError, match=version):
        autograd.compile(lambda x: x, backend="llvm")


def test_a_broken_llvmlite_is_said_and_not_used(monkeypatch):
    backend = pytest.importorskip("autograd.compiler.llvm_backend")
    monkeypatch.setattr(backend, "host", lambda: (_ for _ in ()).throw(OSError("no library")))
    with pytest.warns(RuntimeWarning, match="OSError: no library"):
        assert autograd.compile(lambda x: x).backend == "numpy"


def test_a_programs_graph_is_the_formulas():
    graph = autograd.compile(lambda x, y: x * y + 1.0, backend="numpy").graph
    assert len(graph.roots) == 1 and graph.ops[graph.roots[0]] is ops.add


@pytest.mark.parametrize(
    "use", [lambda x: (x > 0) & (x < 1), lambda x: ~(x > 0), lambda x: [1, 2][x]]
)
def test_bitwise_words_and_indices_on_traced_values_name_a_remedy(use):
    with pytest.raises(autograd.TracingError, match=r"test_program\.py"):
        autograd.compile(use)


# ------------------------------------------------------------------ nan and inf, by row
def price_of(price, rate):
    return autograd.log(price * 2.0) * rate


def test_under_errstate_raise_the_first_bad_row_is_named_in_eagers_words(backend):
    program, at = autograd.compile(price_of, backend=backend), np.array([3.0, -4.0, -6.0])
    for call in (program, program.value_and_grad):
        with autograd.errstate("raise"), pytest.raises(autograd.DomainError) as caught:
            call(at, 0.5)
        assert str(caught.value) == (
            "price_of(price=-4.0, rate=0.5): row 1: log: a finite result is required, got nan at "
            "log(price×2), of -8.0 from price×2; use log1p(x) if log(1 + x) was meant"
        )
    assert np.isnan(program(at, 0.5)).tolist() == [False, True, True]
    with autograd.errstate("warn"):
        program(at, 0.5)


def test_rows_of_arguments_that_are_not_finite_are_passed_over(backend):
    program = autograd.compile(price_of, backend=backend)
    given = np.array([math.nan, math.inf, 1.0])
    with autograd.errstate("raise"):
        assert np.isnan(program(given, 0.5)).tolist() == [True, False, False]
        assert np.isnan(program(np.array([1.0, 2.0]), math.nan)).all()
        with pytest.raises(autograd.DomainError, match="row 3"):
            program(np.array([math.nan, math.inf, 1.0, 0.0]), 0.5)


def test_an_overflow_in_a_program_is_named_where_it_began(backend):
    def far(x):
        y = x * 1e300
        return y - y

    program = autograd.compile(far, backend=backend)
    with autograd.errstate("raise"), pytest.raises(autograd.DomainError, match="row 1: multiply"):
        program(np.array([1.0, 1e300]))


def test_a_row_of_several_dimensions_is_named_by_its_index_and_a_scalar_call_has_none(backend):
    program = autograd.compile(price_of, backend=backend)
    table = np.ones((2, 3))
    table[1, 2] = 0.0
    with autograd.errstate("raise"):
        with pytest.raises(autograd.DomainError, match=r"row \(1, 2\): log"):
            program(table, np.ones(3))
        with pytest.raises(autograd.DomainError) as caught:
            program(0.0, 1.0)
        assert "row" not in str(caught.value) and "price=0.0" in str(caught.value)
        assert program(np.ones((2, 0)), 1.0).shape == (2, 0)


def test_an_inf_that_the_function_holds_is_no_anomaly(backend):
    program = autograd.compile(lambda x: autograd.where(x > 0.0, x, -math.inf), backend=backend)
    constant = autograd.compile(lambda x: math.inf, backend=backend)
    with autograd.errstate("raise"), autograd.detect_anomaly():
        assert program(np.array([1.0, -1.0])).tolist() == [1.0, -math.inf]
        assert constant(np.ones(2)).tolist() == [math.inf] * 2


def test_in_detect_anomaly_slopes_count_too_and_the_line_is_told(backend):
    x = np.array([4.0, 0.0])
    with autograd.detect_anomaly():
        line = inspect.currentframe().f_lineno + 1
        program = autograd.compile(lambda x: autograd.sqrt(x) + 1.0, backend=backend)
        assert program(x).tolist() == [3.0, 1.0]
        with pytest.raises(autograd.AnomalyError, match=r"row 1: sqrt") as caught:
            program.value_and_grad(x)
        for one in (program, pickle.loads(pickle.dumps(program))):
            with pytest.raises(autograd.AnomalyError) as value:
                one(np.array([4.0, -1.0]))
            assert (value.value.phase, value.value.operands) == ("forward", (-1.0,))
            assert (value.value.filename, value.value.lineno) == (__file__, line)
    error = caught.value
    assert (error.phase, error.op, error.operands) == ("backward", "sqrt", (0.0,))
    assert error.lineno == line
    assert f"line {line} of {__file__}" in str(error)
    assert program.graph.lines[1] == (__file__, line)


def test_a_call_that_raises_loses_no_earlier_result(backend):
    program = autograd.compile(price_of, backend=backend)
    before = program(np.array([0.5, 1.0]), 1.0)
    kept = before.copy()
    with autograd.errstate("raise"), pytest.raises(autograd.DomainError):
        program(np.array([0.0, 3.0]), 1.0)
    assert before.tolist() == kept.tolist()
    assert program(np.array([0.5, 1.0]), 1.0).tolist() == kept.tolist()


@pytest.mark.parametrize(("f", "error", "words"), [
    (lambda a: a.sum(), AttributeError, r"one number a row, got \.sum asked of a; .*array\(\[a, b"),
    (lambda a: (p := autograd.array([a, 1.0]))[p > 0.0].sum(), autograd.TracingError,
     r"index of numbers.*test_program\.py:\d+, .*use np\.where"),
    (lambda a: [1, 2][a], autograd.TracingError, r"plain integer was asked for at .*test_program"),
    (lambda a: np.ones(3)[[5]] * a, IndexError, "out of bounds"),
])  # fmt: skip
def test_what_is_no_function_of_single_numbers_is_told(f, error, words):
    with pytest.raises(error, match=words):
        autograd.compile(f)
    assert not hasattr(autograd.compile(lambda a: a * hasattr(a, "shape")), "shape")


def test_many_arguments_are_told_in_short(backend):
    program = autograd.compile(lambda *xs: autograd.log(autograd.sum(xs)), backend=backend)
    with autograd.errstate("raise"), pytest.raises(autograd.DomainError) as caught:
        program(*[0.0] * 50)
    assert "x6=0.0, …)" in str(caught.value) and "x7" not in str(caught.value).split(")")[0]
