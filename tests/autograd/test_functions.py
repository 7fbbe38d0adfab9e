"""logsumexp, softmax, log_softmax, mean: limits at infinity, both tails, the same by every way."""

import importlib.util
import math

import mpmath as mp
import numpy as np
import pytest

import autograd
from autograd import Value, log_softmax, logsumexp, softmax

BACKENDS = ["numpy"] + (["llvm"] if importlib.util.find_spec("llvmlite") else [])
INF, NAN = math.inf, math.nan
# Where, log Σ exp there, softmax there: limits, nan where there is none.
LIMITS = [
    ([-INF, 1.0], 1.0, [0.0, 1.0]),
    ([2.0, -INF], 2.0, [1.0, 0.0]),
    ([-INF, 0.0, 0.0], math.log(2.0), [0.0, 0.5, 0.5]),
    ([-INF, -INF, 3.0], 3.0, [0.0, 0.0, 1.0]),
    ([INF, 1.0], INF, [1.0, 0.0]),
    ([1.0, INF, -INF], INF, [0.0, 1.0, 0.0]),
    ([INF], INF, [1.0]),
    ([-INF], -INF, [1.0]),
    ([-INF, -INF], -INF, [NAN, NAN]),
    ([INF, INF], INF, [NAN, NAN]),
    ([INF, NAN], NAN, [NAN, NAN]),
    ([NAN, -INF], NAN, [NAN, NAN]),
]


def same(got, want):
    """Equal, nan to nan, to 2 eps: log 2 and two halves are rounded once each."""
    return got == pytest.approx(want, rel=2 * 2.0**-52, abs=0.0, nan_ok=True)


@pytest.mark.parametrize(("at", "value", "chances"), LIMITS)
def test_plain_numbers_get_the_limit_without_a_warning(at, value, chances):
    assert same(logsumexp(at), value) and same(softmax(at), chances)
    logs = log_softmax(at)
    assert same([math.exp(x) for x in logs], chances)
    assert all(type(x) is float for x in (logsumexp(at), *softmax(at), *logs))


@pytest.mark.parametrize(("at", "value", "chances"), LIMITS)
def test_slopes_of_logsumexp_are_softmax_by_every_way(at, value, chances):
    xs = [Value(x) for x in at]
    y = logsumexp(xs)
    y.backward()
    assert same(y.data, value) and same([x.grad for x in xs], chances)
    assert same(autograd.grad(logsumexp)(at), chances)
    assert same([x.data for x in softmax([Value(x) for x in at])], chances)
    for i in range(len(at)):
        direction = [float(i == k) for k in range(len(at))]
        along = autograd.jvp(lambda *zs: logsumexp(zs), at, direction)[1]
        assert same(along, chances[i]) or math.isnan(along)


@pytest.mark.parametrize(("at", "value", "chances"), LIMITS)
def test_second_derivatives_are_those_of_the_limit(at, value, chances):
    """p (δ - q), and nan where p is."""
    H = autograd.hessian(logsumexp)(at)
    for i, p in enumerate(chances):
        for k, q in enumerate(chances):
            assert same(H[i][k], p * ((i == k) - q))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("at", "value", "chances"), LIMITS)
def test_programs_give_the_limit_or_nan(backend, at, value, chances):
    """nan at inf: which is the largest is not known when the function is recorded."""
    columns = [np.array([x]) for x in at]
    got, slopes = autograd.compile(lambda *zs: logsumexp(zs), backend=backend).value_and_grad(
        *columns
    )
    slopes = [float(np.ravel(s)[0]) for s in (slopes if isinstance(slopes, tuple) else [slopes])]
    assert same(float(got[0]), value)
    if value != INF:
        assert len(at) == 1 or same(slopes, chances)
    else:
        assert all(map(math.isnan, slopes))
    for i, want in enumerate(chances):
        (p,) = autograd.compile(lambda *zs, i=i: softmax(zs)[i], backend=backend)(*columns)
        (x,) = autograd.compile(lambda *zs, i=i: log_softmax(zs)[i], backend=backend)(*columns)
        for number in (float(p), math.exp(x)):
            assert same(number, want) or (math.isinf(value) and math.isnan(number))


@pytest.mark.parametrize("at", [[INF, INF, 0.0], [0.0, INF, INF]])
def test_two_that_are_infinite_make_all_chances_unknown(at):
    assert logsumexp(at) == INF
    assert all(map(math.isnan, [*softmax(at), *autograd.grad(logsumexp)(at)]))


def test_log_softmaxs_slopes_add_up_to_0_at_infinity():
    """x - logsumexp: δ - p."""
    for at, p in (([INF, 1.0], [1.0, 0.0]), ([-INF, 1.0], [0.0, 1.0])):
        for i in range(2):
            slopes = autograd.grad(lambda z, i=i: log_softmax(z)[i])(at)
            assert slopes == [(i == k) - q for k, q in enumerate(p)]


@pytest.mark.parametrize("at", [[50.0, 0.0], [0.0, 300.0, 1.0], [-7.0, 600.0], [3.0, -2.0, 0.5]])
def test_both_tails_keep_their_digits(at):
    """8 eps: the differences are exact here, and half a dozen roundings follow."""
    with mp.workdps(60 + 300):
        powers = [mp.exp(mp.mpf(x)) for x in at]
        p = [x / mp.fsum(powers) for x in powers]
        for i in range(len(at)):
            want = [(i == k) - q for k, q in enumerate(p)]
            value, slopes = autograd.value_and_grad(lambda z, i=i: log_softmax(z)[i])(at)
            for got, exact in zip((value, *slopes), (mp.log(p[i]), *want)):
                assert abs(mp.mpf(got) - exact) <= 8 * 2.0**-52 * abs(exact)


def test_of_one_it_is_still_a_value():
    x = Value(3.0)
    for y in (logsumexp([x]), softmax([x])[0], log_softmax([x])[0]):
        assert isinstance(y, Value) and y.requires_grad
    y = softmax([x])[0]
    y.backward()
    assert y.data == 1.0 and x.grad == 0.0


def test_the_mean_of_an_infinity_is_infinite_with_slopes_of_1_over_n():
    value, slopes = autograd.value_and_grad(autograd.mean)([INF, 1.0])
    assert value == INF and slopes == [0.5, 0.5]


def test_modes_hold_inside():
    x = [Value(1.0), Value(INF), Value(INF)]
    with autograd.errstate("raise"):
        assert logsumexp(x).data == INF, "the number is right: nothing to raise about"
    with autograd.no_grad():
        assert not logsumexp(x).requires_grad and not softmax(x)[0].requires_grad
