"""SGD: w ← w - learning_rate × ∂L/∂w."""

import copy
import math
import pickle

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


@pytest.mark.parametrize("rate", [0.0, -0.1, math.nan, math.inf])
def test_a_rate_given_later_is_finite_and_positive_too(rate):
    optimizer = nn.SGD([Value(1.0)], learning_rate=0.5)
    with pytest.raises(ValueError, match="SGD: learning_rate must be a finite number > 0, got"):
        optimizer.learning_rate = rate
    for wrong in ("0.1", None, True, [0.1]):
        with pytest.raises(TypeError, match="SGD: learning_rate: one real number is required"):
            optimizer.learning_rate = wrong
    assert optimizer.learning_rate == 0.5


@pytest.mark.parametrize(("name", "meant"), [
    ("lr", "learning_rate"), ("learningrate", "learning_rate"), ("learning_rte", "learning_rate"),
    ("params", "parameters"), ("momentun", "momentum"),
])  # fmt: skip
def test_a_misspelt_attribute_is_an_error_that_names_the_right_one(name, meant):
    optimizer = nn.SGD([Value(1.0)])
    words = f"SGD: its options are .*momentum.*, got {name}; did you mean '{meant}'?"
    with pytest.raises(AttributeError, match=words):
        setattr(optimizer, name, 0.5)
    with pytest.raises(AttributeError, match=words):
        getattr(optimizer, name)
    assert not hasattr(optimizer, name)


def test_an_optimizer_derived_from_it_has_attributes_of_its_own():
    class Momentum(nn.SGD):
        def __init__(self, parameters, momentum):
            super().__init__(parameters, 0.5)
            self.momentum = momentum

    optimizer = Momentum([Value(1.0)], 0.9)
    assert (optimizer.learning_rate, optimizer.momentum) == (0.5, 0.9)
    with pytest.raises(ValueError, match="learning_rate must be"):
        optimizer.learning_rate = -1.0


def test_a_parameter_given_twice_moves_once_in_the_order_given():
    a, b = Value(1.0), Value(5.0)
    optimizer = nn.SGD([a, b, a], learning_rate=0.1)
    assert [p.data for p in optimizer.parameters] == [1.0, 5.0]
    (a * a + b).backward()
    optimizer.step()
    assert (a.data, b.data) == (1.0 - 0.1 * 2.0, 5.0 - 0.1)
    optimizer.parameters = [b, b]
    assert len(optimizer.parameters) == 1
    with pytest.raises(ValueError, match="SGD: Values to move are required"):
        optimizer.parameters = []


def test_a_frozen_leaf_is_not_moved():
    """Neither by a gradient from before it was frozen."""
    a, b = Value(1.0), Value(2.0)
    optimizer = nn.SGD([a, b], learning_rate=0.1)
    (a * b).backward()
    a.requires_grad = False
    optimizer.step()
    assert (a.data, b.data) == (1.0, 1.9)
    a.requires_grad = True
    optimizer.step()
    assert a.data == 0.8


@pytest.mark.parametrize("way", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_with_its_model_moves_the_copys_parameters(way):
    model = nn.MLP(2, [1], seed=0)
    twin, optimizer = way((model, nn.SGD(model.parameters(), learning_rate=0.25)))
    assert optimizer.learning_rate == 0.25
    assert all(a is b for a, b in zip(optimizer.parameters, twin.parameters(), strict=True))


def test_an_ops_result_cannot_be_moved():
    x = Value(1.0)
    y = x * 2.0
    y.backward()
    with pytest.raises(AttributeError, match="only a leaf's number is written"):
        nn.SGD([y]).step()
