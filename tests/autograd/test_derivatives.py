"""gradients and the family of grad: right, nestable, plain where nothing records."""

import copy
import dataclasses
import gc
import itertools
import math
import pickle
import weakref
from collections import namedtuple

import mpmath as mp
import numpy as np
import pytest
import scipy.optimize

import autograd
from autograd import (
    Graph,
    Value,
    grad,
    gradients,
    hessian,
    hvp,
    jacobian,
    jvp,
    linearize,
    value_and_grad,
    vjp,
)
from autograd.op import REALS, primitive


class Watched(Value):
    """One that can be referred to weakly."""


def wave(x):
    """e**x sin x, whose n-th derivative is 2**(n/2) e**x sin(x + n·pi/4)."""
    return autograd.exp(x) * autograd.sin(x)


def wave_derivative(n, x):
    return 2 ** (n / 2) * math.exp(x) * math.sin(x + n * math.pi / 4)


# ------------------------------------------------------------------ any order
def test_derivatives_of_every_order_by_nesting_grad():
    """1e-11 relative: by order 7 some 3**7 terms of like size are added, each off by some eps."""
    f = wave
    for order in range(1, 8):
        f = grad(f)
        assert f(1.0) == pytest.approx(wave_derivative(order, 1.0), rel=1e-11)


def test_derivatives_of_every_order_by_nesting_jvp():
    f = wave
    for order in range(1, 6):
        f = lambda x, f=f: jvp(f, (x,), (1.0,))[1]  # noqa: E731
        assert f(1.0) == pytest.approx(wave_derivative(order, 1.0), rel=1e-11)


@pytest.mark.parametrize("mixed", [
    lambda f: grad(lambda x: jvp(f, (x,), (1.0,))[1]),
    lambda f: lambda x: jvp(grad(f), (x,), (1.0,))[1],
    hessian, lambda f: grad(grad(f)),
    lambda f: lambda x: jvp(lambda v: jvp(f, (v,), (1.0,))[1], (x,), (1.0,))[1],
])  # fmt: skip
@pytest.mark.parametrize("name", [
    "sin", "exp", "log", "sqrt", "tanh", "sigmoid", "softplus", "erf", "square", "log1p",
])  # fmt: skip
def test_directions_may_be_mixed_in_any_order(mixed, name):
    """Forward over reverse, reverse over forward, twice the same: one number, mpmath's; 1e-13 as
    few products are in it, 1e-15 where 1 - y is formed.
    """
    references = {
        "sigmoid": lambda x: 1 / (1 + mp.exp(-x)), "softplus": lambda x: mp.log(1 + mp.exp(x)),
        "square": lambda x: x * x,
    }  # fmt: skip
    f = getattr(autograd, name)
    want = float(mp.diff(references.get(name) or getattr(mp, name), mp.mpf("0.75"), 2))
    assert mixed(f)(0.75) == pytest.approx(want, rel=1e-13, abs=1e-15)


def test_gradients_are_values_to_differentiate_again():
    x, y = Value(1.3, "x"), Value(-0.4, "y")
    dx, dy = gradients(autograd.tanh(x * y) * x, [x, y])
    (dxy,), (dyx,) = gradients(dx, [y]), gradients(dy, [x])
    assert dxy.data == pytest.approx(dyx.data, rel=1e-13)
    assert not x.has_grad and not dx.has_grad, "nothing is written"
    dx.backward()
    assert x.has_grad and y.grad == pytest.approx(dxy.data, rel=1e-13)


# ------------------------------------------------------------------ gradients
def test_gradients_answers_for_interiors_itself_and_strangers():
    x, stranger = Value(3.0), Value(1.0)
    inner = x * x
    y = inner * 2.0 + inner
    got = gradients(y, [inner, y, stranger, x, x])
    assert [g.data for g in got] == [3.0, 1.0, 0.0, 18.0, 18.0]
    assert gradients(x, [x])[0].data == 1.0 and gradients(y, []) == []


def test_gradients_of_a_frozen_leaf_are_still_answered():
    """The flag is for passes; who asks by name gets an answer."""
    w = Value(3.0, requires_grad=False)
    assert gradients(w * w, [w])[0].data == 6.0


def test_no_edge_is_dropped_by_its_value():
    """The slope of (3x)² is 0 at 0, and its slope 18."""
    assert grad(grad(lambda x: (3 * x) * (3 * x)))(0.0) == 18.0
    assert hessian(lambda x: autograd.square(3 * x))(0.0) == 18.0
    assert hessian(lambda x: (3 * x) ** 2)(0.0) == 18.0
    x = Value(0.0)
    (slope,) = gradients((3 * x) * (3 * x), [x])
    assert slope.data == 0.0 and gradients(slope, [x])[0].data == 18.0


@pytest.mark.parametrize(("call", "words"), [
    (lambda: gradients(1.0, [Value(1.0)]), "gradients: Values are required, got float"),
    (lambda: gradients(Value(1.0), [1.0]), "gradients: Values are required, got float"),
    (lambda: gradients(Value(1.0), Value(1.0)), r"gradients: a sequence of Values.*use \[x\]"),
    (lambda: grad(lambda x: None)(1.0), "grad: <lambda> must return one number.*None.*return"),
    (lambda: grad(lambda x: [x, x])(1.0), "grad: <lambda> must return one number"),
    (lambda: grad(lambda x: x)("1"), "grad: argument 0: numbers, arrays, or lists"),
    (lambda: grad(lambda x: x)(np.ones(2)), r"one number, got an array of shape \(2,\)"),
    (lambda: grad(lambda x: x, argnums="x")(1.0), "argnums must be an int or a tuple.*got 'x'"),
    (lambda: jvp(lambda x: x, 1.0, 1.0), r"jvp: primals and tangents must be tuples.*use \(x,\)"),
    (lambda: jvp(lambda x: None, (1.0,), (1.0,)), "jvp: <lambda> must return numbers.*None"),
    (lambda: hessian(lambda x: "x")(1.0), "hessian: <lambda> must return one number"),
])  # fmt: skip
def test_wrong_kinds_are_refused(call, words):
    with pytest.raises(TypeError, match=words):
        call()


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: jvp(lambda x, y: x, (1.0, 2.0), (1.0,)), ValueError, "a tuple of 2 is required"),
    (lambda: jvp(lambda p: p[0], ([1.0, 2.0],), ([1.0],)), ValueError, "a list of 2 is required"),
    (lambda: jvp(lambda p, q: q, ([1.0, 2.0], 3.0), (1.0, [2.0, 3.0])), ValueError, "be nested as"),
    (lambda: grad(lambda x: x, argnums=1)(1.0), IndexError, "argnums must be below 1.*got 1"),
    (lambda: grad(lambda x: x, argnums=-2)(1.0), IndexError, "argnums must be below 1.*got -2"),
    (lambda: grad(lambda x: x)(), IndexError, "argnums must be below 0"),
])  # fmt: skip
def test_wrong_counts_are_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


# ------------------------------------------------------------------ forms of arguments and results
def test_numbers_in_give_plain_numbers_out():
    f = lambda x, y: autograd.sin(x) * y  # noqa: E731
    results = [
        grad(f)(0.5, 3.0), grad(f, 1)(0.5, 3.0), *value_and_grad(f)(0.5, 3.0),
        *jvp(f, (1, 2), (1, 0)),
        hessian(f)(np.float64(0.5), 3), grad(lambda x: 3.0)(1.0), grad(lambda x: x)(1),
        jvp(lambda x: 2, (1.0,), (1.0,))[1],
    ]  # fmt: skip
    for result in results:
        assert type(result) is float


def test_argnums_choose_the_arguments():
    f = lambda x, y, z: x * y * y * z  # noqa: E731
    assert grad(f)(2.0, 3.0, 5.0) == 45.0 and grad(f, argnums=-1)(2.0, 3.0, 5.0) == 18.0
    assert value_and_grad(f, argnums=(1, 0))(2.0, 3.0, 5.0) == (90.0, (60.0, 45.0))
    assert grad(f, argnums=(1,))(2.0, 3.0, 5.0) == (60.0,)
    assert grad(lambda x, text: x * len(text))(2.0, "four") == 4.0, "the others may be anything"
    scaled = lambda x, *, by: x * x * by  # noqa: E731
    assert (
        value_and_grad(scaled)(3.0, by=2.0) == (18.0, 12.0) and hessian(scaled)(3.0, by=2.0) == 4.0
    )


def test_a_gradient_has_its_arguments_form():
    Point = namedtuple("Point", "x y")
    f = lambda p: p[0] * p[1][0] * p[1][1].x  # noqa: E731
    assert grad(f)([2.0, (5.0, Point(3.0, 7.0))]) == [15.0, (6.0, Point(10.0, 0.0))]
    assert type(grad(f)([2.0, (5.0, Point(3.0, 7.0))])[1][1]) is Point
    assert grad(lambda p: 1.0)([]) == [] and grad(lambda p: p[0])((4.0, ())) == (1.0, ())


def test_jvp_takes_nested_primals():
    f = lambda p, q: p[0] * p[1] + q  # noqa: E731
    assert jvp(f, ([2.0, 3.0], 1.0), ([1.0, 10.0], 100.0)) == (7.0, 3.0 + 20.0 + 100.0)


def test_a_jvp_is_the_gradient_along_the_tangents():
    """100 eps of the sum of the parts' sizes: both add 3 products of a dozen factors."""
    f = lambda a, b, c: autograd.tanh(a * b) / (1.0 + c * c) + autograd.maximum(a, c)  # noqa: E731
    at, along = (0.3, -1.2, 0.8), (0.5, 2.0, -1.0)
    value, slopes = value_and_grad(f, (0, 1, 2))(*at)
    got = jvp(f, at, along)
    assert got[0] == value
    parts = [s * t for s, t in zip(slopes, along, strict=True)]
    assert abs(got[1] - sum(parts)) <= 100 * 2.0**-52 * sum(map(abs, parts))


def test_hessian_has_its_arguments_form_twice():
    f = lambda p: autograd.exp(p[0]) * p[1] * p[1]  # noqa: E731
    e = math.exp(0.3)
    assert np.array(hessian(f)([0.3, 2.0])) == pytest.approx(
        np.array([[4 * e, 4 * e], [4 * e, 2 * e]]), rel=1e-14
    )
    H = hessian(lambda p: p[0] * p[1][0])((2.0, [3.0]))
    assert H == ((0.0, [1.0]), [(1.0, [0.0])])
    assert hessian(lambda a, b: a * b * b, argnums=1)(2.0, 3.0) == 4.0
    assert hessian(lambda p: 1.0)([1.0, 2.0]) == [[0.0, 0.0], [0.0, 0.0]]


def test_rosenbrocks_hessian():
    """12·100x² - 400y + 2, -400x, 200."""
    f = lambda p: (1.0 - p[0]) ** 2 + 100.0 * (p[1] - p[0] * p[0]) ** 2  # noqa: E731
    x, y = -1.2, 1.0
    want = [[1200 * x * x - 400 * y + 2, -400 * x], [-400 * x, 200.0]]
    assert np.array(hessian(f)([x, y])) == pytest.approx(np.array(want), rel=1e-14)


# ------------------------------------------------------------------ nesting
def test_nesting_does_not_confuse_one_variable_with_another():
    assert grad(lambda x: x * grad(lambda y: x + y)(2.0))(1.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x * y)(2.0))(3.0) == 6.0
    assert grad(lambda x: grad(lambda y: x * y)(x))(3.0) == 1.0
    assert grad(lambda x: grad(lambda x: x * x)(x))(3.0) == 2.0
    assert jvp(lambda x: x * jvp(lambda y: x + y, (2.0,), (1.0,))[1], (1.0,), (1.0,))[1] == 1.0
    assert jvp(lambda x: jvp(lambda y: x * y, (x,), (1.0,))[1], (3.0,), (1.0,)) == (3.0, 1.0)
    assert jvp(grad(lambda x: x * x * x), (2.0,), (1.0,)) == (12.0, 12.0)
    assert grad(lambda x: jvp(lambda y: x * y * y, (x,), (x,))[1])(3.0) == 6.0 * 9.0  # d 2x³ / dx


def test_results_that_depend_on_an_outer_recording_value_are_values():
    outer, frozen = Value(3.0), Value(5.0, requires_grad=False)
    captured = grad(lambda y: outer * y)(2.0)
    given = grad(lambda y: y * y)(outer)
    assert isinstance(captured, Value) and captured.data == 3.0
    assert isinstance(given, Value) and given.data == 6.0
    (captured * given).backward()
    assert outer.grad == 6.0 + 3.0 * 2.0
    assert type(grad(lambda y: frozen * y)(2.0)) is float
    assert type(grad(lambda y: y * y)(frozen)) is float
    tangent = jvp(lambda y: y * 2.0, (1.0,), (outer,))[1]
    assert isinstance(tangent, Value) and gradients(tangent, [outer])[0].data == 2.0
    entry = hessian(lambda y: outer * y * y)(2.0)
    assert isinstance(entry, Value) and entry.data == 6.0


def test_a_value_given_in_gets_no_grad_written():
    x = Value(3.0)
    y = grad(lambda v: v * v * v)(x)
    assert not x.has_grad
    y.backward()
    assert x.grad == 18.0


def test_transformations_record_inside_no_grad_and_hand_out_plain_results():
    outer = Value(3.0)
    with autograd.no_grad():
        assert grad(lambda x: x * x)(3.0) == 6.0 and hessian(lambda x: x * x)(3.0) == 2.0
        assert jvp(lambda x: x * x, (3.0,), (1.0,)) == (9.0, 6.0)
        result = grad(lambda x: x * outer)(2.0)
        (inside,) = gradients_of_a_square(outer)
        assert not (outer * 2.0).requires_grad, "the mode is on again"
    assert isinstance(result, Value) and not result.requires_grad and result.data == 3.0
    assert inside == 6.0


@pytest.mark.parametrize("transform", [
    grad, jacobian, hessian, lambda f: lambda x: hvp(f)(x, 1.0), lambda f: lambda x: vjp(f, x)[0],
    lambda f: lambda x: jvp(f, (x,), (1.0,))[1], lambda f: lambda x: vjp(f, x)[1](1.0)[0],
])  # fmt: skip
def test_under_no_grad_nothing_that_records_comes_out(transform):
    """The slope of its result × a in a is that result: in a program too."""
    def through(a, k):
        with autograd.no_grad():
            found = transform(lambda x: x * x * x * k)(a)
        return found * a

    outer = Value(3.0)
    found = transform(lambda x: x * x * x * 3.0)(2.0)
    with autograd.no_grad():
        assert not transform(lambda x: x * x * x * outer)(2.0).requires_grad
    assert grad(through)(2.0, outer) == found
    two, three = np.array([2.0]), np.array([3.0])
    assert autograd.compile(through, "numpy").value_and_grad(two, three)[1][0].tolist() == [found]


def gradients_of_a_square(x):
    return (grad(lambda v: v * v)(x.data),)


def test_detach_cuts_every_direction_and_order():
    f = lambda x: x * x.detach()  # noqa: E731
    assert grad(f)(3.0) == 3.0 and jvp(f, (3.0,), (1.0,))[1] == 3.0 and grad(grad(f))(3.0) == 0.0


def test_python_control_flow_follows_the_numbers():
    def clipped_power(x, n):
        y = x
        while n > 1:
            y, n = y * x, n - 1
        return y if y < 10.0 else 10.0 + 0.0 * x

    assert grad(clipped_power)(2.0, 3) == 12.0 and grad(clipped_power)(3.0, 3) == 0.0


def test_composed_functions_are_stable_and_right():
    """logsumexp's gradient is softmax, its Hessian diag(p) - p pᵀ."""
    at = [1000.0, 1001.0, 999.0]
    shifted = [math.exp(x - 1001.0) for x in at]
    p = [x / sum(shifted) for x in shifted]
    value, slopes = value_and_grad(autograd.logsumexp)(at)
    assert value == pytest.approx(1001.0 + math.log(sum(shifted)), rel=1e-15)
    assert slopes == pytest.approx(p, rel=1e-14)
    assert autograd.softmax(at) == pytest.approx(p, rel=1e-15)
    assert np.array(hessian(autograd.logsumexp)(at)) == pytest.approx(
        np.diag(p) - np.outer(p, p), abs=1e-15
    )
    assert autograd.mean([1, Value(4.0), 4]).data == 3.0 and autograd.mean([2.0, 4.0]) == 3.0
    assert grad(autograd.mean)([1.0, 5.0]) == [0.5, 0.5]


def test_log_softmax_is_the_logarithm_of_softmax_where_that_underflows_too():
    """At 0 and -800 the second probability is exp(-800); slopes are 1 - p and -p."""
    assert autograd.log_softmax([0.0, -800.0]) == [0.0, -800.0]
    a, b = Value(1.0), Value(2.0)
    first, _ = autograd.log_softmax([a, b])
    first.backward()
    p, q = autograd.softmax([1.0, 2.0])
    assert (a.grad, b.grad) == pytest.approx((1.0 - p, -q), rel=1e-15)


def test_logsumexp_takes_infinities_as_limits():
    inf = math.inf
    with autograd.errstate("ignore"):
        assert autograd.logsumexp([-inf, -inf]) == -inf and autograd.logsumexp([inf, 0.0]) == inf
        assert autograd.logsumexp([-inf, 2.0]) == 2.0 and math.isnan(
            autograd.logsumexp([math.nan, 1.0])
        )


@pytest.mark.parametrize(
    "function", [autograd.mean, autograd.logsumexp, autograd.softmax, autograd.log_softmax]
)
def test_a_composed_function_of_nothing_is_refused(function):
    with pytest.raises(ValueError, match=f"{function.__name__}: at least one number is required"):
        function([])


def test_a_wrapped_function_keeps_its_name_and_text():
    for wrapped in (grad(wave), value_and_grad(wave), jacobian(wave), hessian(wave), hvp(wave)):
        assert wrapped.__name__ == "wave" and "e**x sin x" in wrapped.__doc__


def test_a_derivative_of_a_derivative_is_not_slowed_by_its_constants():
    """Partials of 1 and a constant upstream leave no node: d(x + 2x)/dx is no graph at all."""
    x = Value(2.0)
    (slope,) = gradients(x + 2.0 * x, [x])
    assert slope.data == 3.0 and not slope.inputs


def test_gradients_takes_an_iterator_and_refuses_what_is_none():
    x = Value(3.0)
    (slope,) = gradients(x * x, (v for v in [x]))
    assert slope.data == 6.0
    with pytest.raises(TypeError, match="a sequence of Values is required, got None"):
        gradients(x * x, None)


def test_a_tangent_of_zero_stands_still_beside_an_infinite_slope():
    """As one entry of the gradient: d/dx (x + sqrt y) at y = 0 is 1, forward and backward."""

    def f(x, y):
        return x + autograd.sqrt(y)

    assert autograd.jvp(f, (1.0, 0.0), (1.0, 0.0)) == (1.0, 1.0)
    assert grad(f)(1.0, 0.0) == 1.0


@pytest.mark.parametrize("transform", [grad, value_and_grad, jacobian, hessian, hvp, vjp])
def test_what_is_no_function_is_refused_at_once(transform):
    with pytest.raises(TypeError, match="a function is required, got 3"):
        transform(3)


# ------------------------------------------------------------------ several results, many seeds
def vector(x):
    return np.array([np.sin(x[0] * x[1]), x[2] * np.exp(x[3]) - x[0], x @ x])


def vector_jacobian(x):
    c, e = math.cos(x[0] * x[1]), math.exp(x[3])
    return np.array([[x[1] * c, x[0] * c, 0, 0], [-1, 0, e, x[2] * e], 2 * x])


@pytest.fixture
def point():
    return np.array([0.3, -1.2, 0.8, 0.5])


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
def test_a_jacobian_is_the_same_in_every_mode(mode, point):
    """By hand; 8 eps, as each entry is a few products."""
    found = jacobian(vector, mode=mode)(point)
    assert type(found) is np.ndarray and found.dtype == np.float64
    np.testing.assert_allclose(found, vector_jacobian(point), rtol=8 * 2.0**-52)


def test_a_jacobians_rows_are_the_gradients_floats(point):
    def entry(k):
        return lambda x: (np.tanh(vector(x)) * vector(x)[0])[k]

    rows = jacobian(lambda x: np.array([entry(k)(x) for k in range(3)]), mode="reverse")(point)
    for k in range(3):
        np.testing.assert_allclose(rows[k], grad(entry(k))(point), rtol=4 * 2.0**-52)


def test_pull_and_push_are_used_again_and_do_not_call_f(point):
    calls = []
    f = lambda x: calls.append(x) or vector(x)  # noqa: E731
    y, push = linearize(f, point)
    _, pull = vjp(f, point)
    exact, u = vector_jacobian(point), np.array([1.0, -2.0, 0.5])
    v = np.array([1.0, 0.0, -1.0, 2.0])
    np.testing.assert_allclose(y, vector(point), rtol=4 * 2.0**-52)
    for scale in (1.0, -3.0):
        np.testing.assert_allclose(push(scale * v), exact @ (scale * v), rtol=1e-14)
        (slope,) = pull(scale * u)
        np.testing.assert_allclose(slope, (scale * u) @ exact, rtol=1e-14)
    assert len(calls) == 2


@pytest.mark.parametrize("transform", [
    grad, value_and_grad, jacobian, hessian, lambda f: jacobian(f, mode="forward"),
    lambda f: hessian(f, sparse=True), lambda f: lambda x: hvp(f)(x, x),
    lambda f: lambda x: jvp(f, (x,), (x,)), lambda f: lambda x: vjp(f, x)[1](1.0),
])  # fmt: skip
def test_one_call_records_once(transform, point):
    calls = []
    transform(lambda x: calls.append(x) or vector(x)[2] * vector(x)[0])(point)
    assert len(calls) == 1


def test_a_jacobian_has_the_results_form_and_in_it_the_arguments():
    f = lambda A, p: {"product": A @ p["b"], "total": [A.sum()]}  # noqa: E731
    A, b = np.arange(6.0).reshape(2, 3), np.array([1.0, -1.0, 2.0])
    found = jacobian(f, argnums=(0, 1))(A, {"b": b})
    by_matrix, by_dict = found["product"]
    np.testing.assert_array_equal(by_matrix, np.einsum("ik,j->ikj", np.eye(2), b))
    np.testing.assert_array_equal(by_dict["b"], A)
    np.testing.assert_array_equal(found["total"][0][0], np.ones((2, 3)))
    assert found["total"][0][1]["b"].tolist() == [0.0, 0.0, 0.0]
    assert jacobian(lambda x: [x * x, 3.0])(2.0) == [4.0, 0.0]
    assert jacobian(lambda x: np.array([x, x * x]))(3.0).tolist() == [1.0, 6.0]
    assert hessian(lambda a, b: a * b * b, (0, 1))(2.0, 3.0) == ((0.0, 6.0), (6.0, 4.0))


def test_what_a_seed_does_not_reach_gets_no_nan_of_it():
    """sqrt at 0 has slope inf, and 0 × inf is nan: of eight results one alone meets it."""
    f = lambda x: np.array([*(x[1:] * 2.0), np.sqrt(x[0])])  # noqa: E731
    x = np.arange(8.0)
    want = np.zeros((8, 8))
    want[np.arange(7), np.arange(1, 8)] = 2.0
    want[7, 0] = math.inf
    for mode in ("forward", "reverse"):
        np.testing.assert_array_equal(jacobian(f, mode=mode)(x), want)


def test_one_result_in_two_places_gets_the_sum_of_both():
    def f(x):
        y = x * x
        return [y, y, x]

    assert vjp(f, 3.0)[1]([1.0, 10.0, 100.0]) == (6.0 + 60.0 + 100.0,)
    assert jacobian(f)(3.0) == [6.0, 6.0, 1.0]


def test_seeds_that_are_values_give_values():
    w = autograd.array([1.0, 10.0])
    (pulled,) = vjp(lambda x: x * x, np.array([2.0, 3.0]))[1](w)
    pushed = hvp(lambda x: (x**3).sum())(np.array([2.0, 3.0]), w)
    (pulled.sum() + pushed.sum()).backward()
    assert w.grad.tolist() == [4.0 + 12.0, 6.0 + 18.0]


# ------------------------------------------------------------------ the second order
POINTS = (-2.5, -1.0, -0.3, 0.0, 0.3, 0.7, 1.0, 2.5)


@pytest.mark.parametrize("name", autograd.ops.TABLE)
def test_bends_are_what_two_recorded_sweeps_find(name):
    """At kinks and poles too; 1e-11: NumPy's functions differ from math's by ulps, which a slope
    of both may magnify.
    """
    record = autograd.ops.TABLE[name]
    domain = [record.domain[min(k, len(record.domain) - 1)] for k in range(record.slots or 4)]
    points = itertools.product(*[[x for x in POINTS if x in one] for one in domain])
    f = lambda p: (1.0 + p[0]) * autograd.ops.VALUES.run(record, *p)  # noqa: E731
    v = np.array([1.0, -0.5, 2.0, 0.25][: len(domain)])
    with autograd.errstate("ignore"):
        for at in itertools.islice(points, 0, None, 1 if len(domain) < 3 else 97):
            x = np.array(at)
            want = jacobian(grad(f))(x)
            found = hessian(f)(x)
            np.testing.assert_allclose(found, want, rtol=1e-11, atol=1e-14)
            if np.isfinite(want).all():
                np.testing.assert_allclose(hvp(f)(x, v), want @ v, rtol=1e-11, atol=1e-13)


def test_second_derivatives_of_arrays_code():
    """logsumexp's is diag(p) - p pᵀ; that of a quadratic form its matrix and its transpose."""
    x, v = np.array([0.3, -1.0, 2.0]), np.array([1.0, 0.5, -2.0])
    p = np.exp(x) / np.exp(x).sum()
    found = hessian(lambda x: np.log(np.exp(x).sum()))(x)
    np.testing.assert_allclose(found, np.diag(p) - np.outer(p, p), atol=1e-15)
    A = np.arange(9.0).reshape(3, 3)
    np.testing.assert_array_equal(hessian(lambda x: x @ A @ x)(x), A + A.T)
    np.testing.assert_allclose(hvp(lambda x, k: k * (x @ A @ x))(x, v, 2.0), 2 * (A + A.T) @ v)
    norm = np.linalg.norm(x)
    want = np.eye(3) / norm - np.outer(x, x) / norm**3
    np.testing.assert_allclose(hessian(np.linalg.norm)(x), want, atol=1e-15)


def test_rosenbrock_against_scipy():
    """1e-13 of the largest entry, about 1e3."""
    def f(x):
        return sum(100.0 * (b - a**2) ** 2 + (1.0 - a) ** 2 for a, b in itertools.pairwise(x))

    x, v = np.linspace(-1.2, 1.4, 40), np.linspace(1.0, -1.0, 40)
    exact = scipy.optimize.rosen_hess(x)
    np.testing.assert_allclose(hessian(f)(x), exact, atol=1e-10)
    np.testing.assert_allclose(hvp(f)(x, v), exact @ v, atol=1e-10)
    np.testing.assert_allclose(jvp(grad(f), (x,), (v,))[1], exact @ v, atol=1e-10)
    np.testing.assert_allclose(jacobian(grad(f))(x), exact, atol=1e-10)


def test_a_second_derivative_goes_through_an_op_of_the_users_own():
    """Without a line for NumPy it is recorded instead: 12 x³ for x³ · x, dense and sparse."""
    square = primitive(
        "my_square", domain=REALS, partials=(lambda m, x, y: 2.0 * x,), floats=lambda x: x * x
    )
    cube = primitive(
        "my_cube", domain=REALS, partials=(lambda m, x, y: 3.0 * m.run(square, x),),
        floats=lambda x: x * x * x,
    )  # fmt: skip
    assert hessian(lambda x: cube(x) * x)(2.0) == 12.0 * 4.0
    assert hvp(lambda x: cube(x[0]) * x[1])([2.0, 1.0], [1.0, 0.0]) == [12.0, 12.0]
    found = hessian(lambda x: cube(x[0]) * x[1], sparse=True)(np.array([2.0, 1.0]))
    assert found.toarray().tolist() == [[12.0, 12.0], [12.0, 0.0]]


def test_where_anomalies_are_looked_for_second_derivatives_are_the_same(point):
    with autograd.detect_anomaly():
        dense = hessian(lambda x: (x**3).sum())(point)
        sparse = hessian(lambda x: (x**3).sum(), sparse=True)(point)
    np.testing.assert_allclose(dense, np.diag(6.0 * point), rtol=1e-14)
    np.testing.assert_array_equal(sparse.toarray(), dense)


def test_the_second_derivatives_of_what_is_flat_or_of_nothing_are_zeros_of_its_form():
    w = Value(2.0)
    assert hessian(lambda x: 1.0)([]) == [] and hvp(lambda x: 1.0)([], []) == []
    assert hessian(lambda x: x.sum())(np.empty((0, 2))).shape == (0, 2, 0, 2)
    assert hessian(lambda x: 1.0, sparse=True)([]).shape == (0, 0)
    for f in (lambda x: x[0], lambda x: x[0] + x[1], lambda x: 3.0, lambda x: w):
        assert hessian(f)([1.0, 2.0]) == [[0.0, 0.0], [0.0, 0.0]]
        assert hvp(f)([1.0, 2.0], [1.0, 2.0]) == hvp(f)([1.0, 2.0], [w, w]) == [0.0, 0.0]


def test_what_an_op_did_not_choose_bends_nothing_and_nan_stays_nan():
    """d² x relu(x) / dx² is 2 wherever x > 0; inf × 0 would be nan."""
    assert hessian(lambda x: x * autograd.relu(x))(math.inf) == 2.0
    f = lambda p: p[0] * autograd.maximum(p[0], p[1])  # noqa: E731
    assert np.isnan(hessian(f)([math.nan, 30.0])).all()


def test_second_derivatives_pass_through_others():
    f = lambda k: hessian(lambda x: k * (x**3).sum())(np.array([1.0, 2.0])).sum()  # noqa: E731
    assert grad(f)(5.0) == 6.0 + 12.0
    f = lambda k: hvp(lambda x: (x * x * x).sum())(np.array([1.0, 2.0]), [k, k]).sum()  # noqa: E731
    assert grad(f)(5.0) == 6.0 + 12.0
    third = jacobian(hessian(lambda x: (x**3).sum()))(np.array([1.0, 2.0]))
    assert third.shape == (2, 2, 2) and third[1, 1, 1] == 6.0 and np.count_nonzero(third) == 2


@pytest.mark.parametrize("backend", ["numpy"])
def test_the_family_is_recorded_in_a_program(backend):
    def f(a, b):
        x = np.array([a, b])
        J = jacobian(lambda p: np.array([p[0] * p[1] * b, np.sin(p[0])]))(x)
        H = hessian(lambda p: p[0] ** 3 * p[1])(x)
        return J[0, 1] + H[0, 0] * hvp(lambda p: p[0] * p[1])(x, [1.0, 2.0])[1]

    a, b = np.array([1.0, 2.0]), np.array([3.0, 5.0])
    assert autograd.compile(f, backend)(a, b).tolist() == (a * b + 6 * a * b).tolist()


@dataclasses.dataclass
class Point:
    x: float


@pytest.mark.parametrize("copied", [
    copy.copy, copy.deepcopy, lambda x: copy.deepcopy({"x": [x]})["x"][0],
    lambda x: dataclasses.astuple(Point(x))[0], lambda x: dataclasses.asdict(Point(x))["x"],
    lambda x: copy.deepcopy(autograd.array([x]))[0],
])  # fmt: skip
def test_a_copy_in_a_function_is_what_was_copied(copied):
    """As JAX's tracers: x² has the slope 2x, and a program reads its argument."""
    f = lambda x: copied(x) * x  # noqa: E731
    assert grad(f)(3.0) == jvp(f, (3.0,), (1.0,))[1] == 6.0 and hessian(f)(3.0) == 2.0
    assert grad(lambda x: x * grad(f)(x))(3.0) == 12.0
    assert autograd.compile(f)(3.0) == 9.0
    x = Value(3.0)
    assert copied(x) is not x or copied is copy.copy, "outside it is a copy"


def test_a_pickle_in_a_function_is_refused():
    for x in (2.0, np.ones(2)):
        with pytest.raises(TypeError, match=r"pickle: .*would have no slope; pickle"):
            grad(lambda x: pickle.loads(pickle.dumps(x)))(x)


def test_numbers_made_into_an_array_in_a_function_are_constants():
    x = np.array([3.0, 5.0])
    mixed = lambda x: (autograd.array([x[0], 2.0]) ** 2).sum()  # noqa: E731
    scaled = lambda x: autograd.array([4.0, 2.0], "c") @ x**2  # noqa: E731
    for f, slope, bend in ((mixed, [6.0, 0.0], [2.0, 0.0]), (scaled, [24.0, 20.0], [8.0, 4.0])):
        for found, want in ((grad(f)(x), slope), (hessian(f)(x), np.diag(bend))):
            assert type(found) is np.ndarray and found.dtype == np.float64
            np.testing.assert_array_equal(found, want)
    assert scipy.optimize.minimize(value_and_grad(scaled), x, jac=True).success
    array = autograd.array
    assert autograd.compile(lambda a, b: array([a, 2.0]) @ array([b, a]))(3.0, 5.0) == 21.0


def test_what_else_f_says_comes_out_beside_every_derivative():
    """In JAX's order: after the derivative, or third."""
    f = lambda x: (x * x, {"twice": 2.0 * x})  # noqa: E731
    said = {"twice": 6.0}
    assert jacobian(f, has_aux=True)(3.0) == (6.0, said)
    assert hessian(f, has_aux=True)(3.0) == (2.0, said)
    assert jvp(f, (3.0,), (10.0,), has_aux=True) == (9.0, 60.0, said)
    value, push, aux = linearize(f, 3.0, has_aux=True)
    assert (value, push(10.0), aux) == (9.0, 60.0, said)
    value, pull, aux = vjp(f, 3.0, has_aux=True)
    assert (value, pull(10.0), aux) == (9.0, (60.0,), said)
    found, aux = jacobian(lambda x: (x * x, x), sparse=True, has_aux=True)(np.array([1.0, 2.0]))
    assert found.toarray().tolist() == [[2.0, 0.0], [0.0, 4.0]] and aux.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("call", [
    lambda w: grad(lambda x: (x * w)[0])(np.ones(2)),
    lambda w: jacobian(lambda x: x * w)(np.ones(2)),
    lambda w: hvp(lambda x: x @ x * w)(np.ones(2), np.ones(2)),
    lambda w: vjp(lambda x: [x * w], 1.0)[1]([1.0]),
    lambda w: hessian(lambda x: x * x * float(w.data))(2.0),
    lambda w: value_and_grad(lambda x: (x * x, [w]), has_aux=True)(2.0),
])  # fmt: skip
def test_nothing_is_left_to_the_collector(call):
    gc.collect()
    gc.disable()
    try:
        w = Watched(3.0)
        call(w)
        gone = weakref.ref(w)
        del w
        assert gone() is None
    finally:
        gc.enable()


def test_depth_is_bounded_by_memory_alone():
    def f(x):
        for _ in range(30_000):
            x = x * 1.000001 + 1e-9
        return x * x

    slope = 2.0 * 1.000001**60_000
    assert hessian(f)(1.0) == pytest.approx(slope, rel=1e-9)
    assert hvp(f)(1.0, 2.0) == pytest.approx(2.0 * slope, rel=1e-9)
    value, push = linearize(lambda x: [f(x), x], 1.0)
    assert push(1.0)[0] == pytest.approx(2.0 * value[0], rel=1e-3)


@pytest.mark.parametrize(("wrong", "error", "words"), [
    (lambda: jacobian(lambda x: x, mode="fwd"), ValueError, 'mode must be "auto", "forward" or'),
    (lambda: jacobian(lambda x: ["a", x])(1.0), TypeError, "<lambda> must return numbers"),
    (lambda: grad(lambda x: np.array([x, x]))(1.0), TypeError, r"shape \(2,\); jacobian takes sev"),
    (lambda: grad(lambda x: {"a": x})(1.0), TypeError, "got a dict of 1 number; jacobian takes"),
    (lambda: hessian(lambda x: [x, x])(1.0), TypeError, "a list of 2 numbers; jacobian"),
    (lambda: hvp(lambda x: x)(np.ones(2), np.ones(2)), TypeError, "hvp: <lambda> must return one"),
    (lambda: grad(lambda x: (x, 1, 2), has_aux=True)(1.0), TypeError, "must return a pair.*aux"),
    (lambda: grad(lambda x: x > 0.0)(1.0), TypeError, "got True; use 1.0 or 0.0"),
    (lambda: jacobian(autograd.compile(lambda x: x)), TypeError, "use its value_and_grad, or jac"),
    (lambda: grad(lambda n: int(n) * 1.0)(3), TypeError, "keep a count or an index out of argnums"),
    (lambda: grad(lambda n: sum(range(n)))(3), TypeError, "integers of an argument become Values"),
    (lambda: grad(lambda n: [1.0, 2.0][n])(1), TypeError, "plain integer is required"),
])  # fmt: skip
def test_what_a_function_returns_is_looked_at(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()


# ------------------------------------------------------------------ what a call looks at, and costs
def test_mixed_derivatives_at_plain_numbers_are_floats():
    def f(x, y):
        return x * x * y * y

    mixed = grad(lambda x: grad(f, 1)(x, 3.0))(2.0)
    assert type(mixed) is float and mixed == 24.0
    assert type(grad(lambda x: jvp(f, (x, 3.0), (0.0, 1.0))[1])(2.0)) is float
    assert grad(lambda x: hessian(lambda p: f(p[0], p[1]))([x, 3.0])[1][0])(2.0) == 12.0


def test_a_gradient_at_plain_numbers_writes_nothing_that_others_hold():
    frozen, outer = Value(2.0, requires_grad=False), Value(5.0, "outer")
    frozen.grad, outer.grad = 7.0, 8.0
    made = frozen * 3.0
    assert grad(lambda x: x * frozen)(4.0) == 2.0
    slope = grad(lambda x: x * outer * made)(4.0)
    assert isinstance(slope, Value) and slope.data == 30.0
    assert (frozen.grad, outer.grad, made.has_grad) == (7.0, 8.0, False)
    slope.backward()
    assert outer.grad == 8.0 + 6.0 and frozen.grad == 7.0


def test_an_inner_gradient_sees_what_came_before_it_only_as_a_constant():
    """Newton's steps, each from the one before; and a captured result of all steps so far."""

    def root(c):
        x = c
        for _ in range(30):
            x = x - (x * x - c) / grad(lambda v: v * v - c)(x)
        return x

    assert grad(root)(2.0) == pytest.approx(0.5 / math.sqrt(2.0), rel=1e-12)

    def summed(x):
        total = x
        for _ in range(5):
            total = total + grad(lambda v, t=total: v * v * t)(x)  # d/dv = 2 v t
        return total

    # total after n steps: x (1 + 2x)^n
    assert grad(summed)(0.5) == pytest.approx(2.0**5 + 0.5 * 10 * 2.0**4, rel=1e-14)


def count_of_nodes(call):
    """How many nodes all Graphs that ``call`` makes hold together."""
    counts = []
    hold = Graph._hold

    def counting(self, **parts):
        counts.append(len(parts["ops"]))
        return hold(self, **parts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Graph, "_hold", counting)
        call()
    return sum(counts)


def test_an_inner_gradient_costs_its_own_nodes_not_all_that_were_recorded_before():
    def loop(n):
        def f(x):
            for _ in range(n):
                x = x - 0.1 * grad(lambda v, x=x: v * v * v - x)(x)
            return x

        return lambda: grad(f)(1.0)

    few, many = count_of_nodes(loop(50)), count_of_nodes(loop(400))
    assert many < 8.5 * few


def test_results_are_found_in_one_sweep():
    captured = Value(2.0)

    def f(p):
        total = captured
        for x in p:
            total = total * x + x
        return total

    few, many = (count_of_nodes(lambda n=n: grad(f)([0.5] * n)) for n in (50, 400))
    assert many < 8.5 * few


@pytest.mark.parametrize("lost", [
    lambda x: x.data * 2.0, lambda x: Value(x.item() ** 2), lambda x: Value(x.data) * 3.0,
])  # fmt: skip
def test_a_result_cut_off_from_its_input_is_no_silent_0(lost):
    for call in (
        lambda: grad(lost)(3.0),
        lambda: value_and_grad(lost)(3.0)[1],
        lambda: hessian(lost)(3.0),
        lambda: jvp(lost, (3.0,), (1.0,))[1],
        lambda: grad(lambda x, y: lost(x) + y, (0, 1))(3.0, 1.0)[0],
    ):
        with pytest.warns(RuntimeWarning, match=r"cut off.*\.data or \.item\(\)") as seen:
            found = call()
        assert seen[0].filename == __file__
        assert (found.data if isinstance(found, Value) else found) == 0.0


def test_numbers_that_are_read_and_constants_are_no_cut():
    """Warnings are errors here."""
    assert grad(lambda x: x * (2.0 if x.data > 0.0 else 3.0))(1.0) == 2.0
    assert grad(lambda x: 3.0)(1.0) == 0.0 and grad(grad(lambda x: 2.0 * x))(1.0) == 0.0
    assert grad(lambda x, y: x * x.data, (0, 1))(3.0, 1.0) == (3.0, 0.0)
    assert grad(lambda x: autograd.floor(x))(1.5) == 0.0


def test_an_argument_named_twice_is_refused():
    for argnums in ((0, 0), (0, -2)):
        with pytest.raises(ValueError, match="each argument once"):
            grad(lambda a, b: a * b * b, argnums)(2.0, 3.0)


def test_gradients_in_a_loop_cost_their_own_nodes():
    def loop(n):
        def steps():
            y = Value(0.5)
            for _ in range(n):
                y = y + gradients(y * y, [y])[0] * 1e-3
            return y

        return steps

    few, many = count_of_nodes(loop(50)), count_of_nodes(loop(400))
    assert many < 8.5 * few
