"""SGD: w ← w - learning_rate × ∂L/∂w."""

import math

import pytest

import nn
from autograd import Value


def test_a_step_moves_each_parameter_against_its_gradient():
    a, b = Value(3.0), Value(-1.0)
    (a * a * b).backward()
    optimizer = nn.SGD([a, b], learning_rate=0.1)
    optimizer.step()
    assert (a.data, b.data) == (3.0 - 0.1 * -6.0, -1.0 - 0.1 * 9.0)
    optimizer.zero_grad()
    assert not a.has_grad and not b.has_grad
    optimizer.step()
    assert (a.data, b.data) == (3.6, -1.9), "without a gradient nothing moves"


def test_a_generator_of_parameters_is_kept():
    model = nn.MLP(2, [1], seed=0)
    optimizer = nn.SGD(p for p in model.parameters())
    assert optimizer.parameters == model.parameters() and optimizer.learning_rate == 0.01


def test_the_rate_may_be_changed_between_steps():
    w = Value(1.0)
    optimizer = nn.SGD([w], learning_rate=1.0)
    for rate, want in ((1.0, -1.0), (0.25, -1.5)):
        optimizer.learning_rate = rate
        w.grad = 2.0
        optimizer.step()
        assert w.data == want


def test_descent_on_a_parabola_is_the_known_geometric_sequence():
    """w ← w - 0.1·2w = 0.8 w; after 50 steps 0.8**50, each step off by an eps."""
    w = Value(1.0)
    optimizer = nn.SGD([w], learning_rate=0.1)
    for _ in range(50):
        optimizer.zero_grad()
        (w * w).backward()
        optimizer.step()
    assert w.data == pytest.approx(0.8**50, rel=100 * 2.0**-52)


@pytest.mark.parametrize("wrong", [[], [1.0], [Value(1.0), None], iter(())])
def test_what_is_no_list_of_values_is_refused(wrong):
    with pytest.raises(ValueError, match=r"SGD: Values to move are required.*use model.parameters"):
        nn.SGD(wrong)


@pytest.mark.parametrize("rate", [0.0, -0.1, math.nan, math.inf])
def test_a_rate_is_finite_and_positive(rate):
    with pytest.raises(ValueError, match="SGD: learning_rate must be a finite number > 0, got"):
        nn.SGD([Value(1.0)], learning_rate=rate)


def test_an_ops_result_cannot_be_moved():
    x = Value(1.0)
    y = x * 2.0
    y.backward()
    with pytest.raises(AttributeError, match="only a leaf's number is written"):
        nn.SGD([y]).step()
