"""Optimizers: a step of the parameters against their gradients, by PyTorch's formulas."""

import copy
import inspect
import json
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import Value, array, sin
from nn.optimizers import OPTIMIZERS

from .pytorch import agrees, cases


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


@pytest.mark.parametrize("slope", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("kind", OPTIMIZERS.values())
def test_a_step_to_no_number_is_refused_whole_naming_the_parameter(kind, slope):
    """Adagrad's is ∞ / ∞."""
    a, b, frozen = Value(1.0, "a"), Value(2.0, "b"), Value(math.nan, requires_grad=False)
    optimizer = kind([a, b, frozen], 0.1)
    a.grad, b.grad = 1.0, slope
    with pytest.raises(ValueError, match=rf"{kind.__name__}: finite numbers .* of Value.*'b'"):
        optimizer.step()
    assert (a.data, b.data, optimizer.state, optimizer.steps) == (1.0, 2.0, {}, 0)
    b.grad = 0.0
    optimizer.step()
    assert a.data < 1.0 and math.isnan(frozen.data)


def test_an_optimizer_tells_its_options():
    parameters = nn.MLP(2, [8, 1], seed=0).parameters()
    assert repr(nn.Adam(parameters, 0.01)) == (
        "Adam(33 parameters, learning_rate=0.01, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.0)"
    )
    scheduled = nn.SGD(parameters, nn.schedules.cosine(0.1, 10), momentum=0.9)
    assert "(33 parameters, learning_rate=a function, momentum=0.9," in repr(scheduled)


def test_a_generator_of_parameters_is_kept():
    model = nn.MLP(2, [1], seed=0)
    optimizer = nn.SGD(p for p in model.parameters())
    assert optimizer.parameters == model.parameters() and optimizer.learning_rate == 0.01


def test_arrays_of_values_are_parameters_too():
    w, b = array(np.ones((2, 3))), Value(1.0)
    optimizer = nn.SGD([w, b, w[0]], learning_rate=0.5)
    assert len(optimizer.parameters) == 7 and nn.SGD(w).parameters == w.ravel().tolist()
    w[1, 2].grad = b.grad = 1.0
    optimizer.step()
    assert (w[1, 2].data, w[0, 0].data, b.data) == (0.5, 1.0, 0.5)
    assert nn.clip_gradients([w, b], norm=10.0) == math.sqrt(2.0)


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
    words = r"SGD: parameters: Values to move are required.*use model.parameters"
    with pytest.raises(ValueError, match=words):
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
    with pytest.raises(ValueError, match="SGD: parameters: Values to move are required"):
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


# ------------------------------------------------------------------ every one, against PyTorch
def descend(optimizer, steps):
    """make_fixtures.py's bowl with ripples."""
    a, b = optimizer.parameters
    path = []
    for _ in range(steps):
        optimizer.zero_grad()
        ((a - 3.0) ** 2 + 10.0 * (b + 1.0) ** 2 + sin(a * b)).backward()
        optimizer.step()
        path.append((a.data, b.data))
    return path


def values(numbers):
    return [Value(x) for x in numbers]


@pytest.mark.parametrize("case", cases("optimizers"))
def test_every_optimizer_and_option_goes_pytorchs_way_step_by_step(case):
    parameters, options = values(case["start"]), case["options"]
    optimizer = getattr(nn, case["name"])(parameters, learning_rate=0.02, **options)
    agrees(descend(optimizer, len(case["path"])), case["path"])


@pytest.mark.parametrize("case", cases("optimizers_on_schedules"))
def test_a_schedule_takes_the_place_of_pytorchs_scheduler(case):
    rate = getattr(nn.schedules, case["schedule"])(*case["arguments"])
    optimizer = getattr(nn, case["name"])(values(case["start"]), rate, **case["options"])
    agrees(descend(optimizer, len(case["path"])), case["path"])


@pytest.mark.parametrize("kind", OPTIMIZERS.values())
def test_the_arguments_are_shown_with_their_defaults_which_are_pytorchs(kind):
    """The defaults by PyTorch 2.13's documents; SGD's rate is our own."""
    defaults = {
        "SGD": {"learning_rate": 0.01, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0},
        "Adam": {"learning_rate": 0.001, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0},
        "AdamW": {
            "learning_rate": 0.001, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01,
        },
        "RMSprop": {
            "learning_rate": 0.01, "alpha": 0.99, "eps": 1e-8, "momentum": 0.0,
            "weight_decay": 0.0,
        },
        "Adagrad": {"learning_rate": 0.01, "eps": 1e-10, "weight_decay": 0.0},
    }[kind.__name__]  # fmt: skip
    first, *options, _ = inspect.signature(kind).parameters.values()
    assert first.name == "parameters" and {p.name: p.default for p in options} == defaults
    optimizer = kind(values([1.0]))
    assert {name: getattr(optimizer, name) for name in defaults} == defaults


def test_the_plain_step_is_one_product_and_one_difference():
    """Bit for bit, of numbers of every size."""
    rng = np.random.default_rng(0)
    numbers, slopes = (rng.normal(size=500) * 10.0 ** rng.integers(-9, 9, 500) for _ in range(2))
    parameters = values(numbers.tolist())
    for parameter, slope in zip(parameters, slopes.tolist()):
        parameter.grad = slope
    nn.SGD(parameters, learning_rate=0.3).step()
    want = [x - 0.3 * g for x, g in zip(numbers.tolist(), slopes.tolist())]
    assert [p.data for p in parameters] == want


OPTIONS = [
    ("SGD", {}), ("SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}), ("Adam", {}),
    ("AdamW", {"betas": (0.5, 0.7)}), ("RMSprop", {}), ("RMSprop", {"momentum": 0.5}),
    ("Adagrad", {"weight_decay": 0.1}),
]  # fmt: skip
every_optimizer = pytest.mark.parametrize(("name", "options"), OPTIONS)


def make(name, options, start=(0.5, 0.3), rate=0.02):
    return getattr(nn, name)(values(start), learning_rate=rate, **options)


# ------------------------------------------------------------------ the pure update
@every_optimizer
def test_an_update_changes_nothing_that_it_is_given(name, options):
    optimizer, state = make(name, options), {}
    numbers, slopes = np.array([0.5, 0.3]), np.array([1.0, -2.0])
    for step in range(3):
        for kept in (numbers, slopes, *state.values()):
            kept.setflags(write=False)
        before = copy.deepcopy(state)
        new, after = optimizer.update(numbers, slopes, state, step)
        assert state.keys() == before.keys() and not np.shares_memory(new, numbers)
        assert all(np.array_equal(state[key], before[key]) for key in state)
        numbers, state = new, after
    assert [p.data for p in optimizer.parameters] == [0.5, 0.3] and optimizer.steps == 0


@every_optimizer
def test_an_update_takes_arrays_of_any_shape_and_lists(name, options):
    optimizer = make(name, options)
    numbers, slopes = np.arange(6.0), np.arange(6.0) - 2.5
    flat, state = optimizer.update(numbers, slopes, {}, 0)
    cube, _ = optimizer.update(numbers.reshape(1, 2, 3), slopes.reshape(1, 2, 3), {}, 0)
    assert np.array_equal(cube.ravel(), flat)
    as_lists = {key: array.tolist() for key, array in state.items()}
    got = optimizer.update(flat.tolist(), slopes.tolist(), as_lists, 1)
    want = optimizer.update(flat, slopes, state, 1)
    assert np.array_equal(got[0], want[0])
    words = rf"{name}: a slope for each number is required, .* got shapes "
    with pytest.raises(ValueError, match=words + r"\(6,\), \(1,\)"):
        optimizer.update(numbers, slopes[:1], {}, 0)
    if state:
        with pytest.raises(ValueError, match=words + r"\(1,\), \(1,\), \(6,\)"):
            optimizer.update(numbers[:1], slopes[:1], state, 1)


@pytest.mark.parametrize("kind", [nn.Adam, nn.AdamW])
def test_adam_without_memory_goes_by_each_slope_alone(kind):
    """w - rate g / (|g| + eps): nothing of a far larger slope before is left in it."""
    optimizer, w, state = kind(values([1.0]), 0.1, betas=(0.0, 0.0), weight_decay=0.0), 1.0, {}
    numbers = np.array([w])
    for step, slope in enumerate([1e9, 0.1, -1e-7]):
        numbers, state = optimizer.update(numbers, [slope], state, step)
        w -= 0.1 * slope / (abs(slope) + 1e-8)
        agrees(numbers, [w])


@every_optimizer
@given(data=st.data())
def test_parameters_do_not_know_of_each_other(name, options, data):
    """Any two in one optimizer go where each goes alone."""
    number = st.floats(-1e3, 1e3)
    numbers = data.draw(st.tuples(number, number))
    slopes = data.draw(st.lists(st.tuples(number, number), min_size=1, max_size=4))

    def end(which):
        optimizer, x, state = make(name, options), np.array(numbers)[which], {}
        for step, g in enumerate(slopes):
            x, state = optimizer.update(x, np.array(g)[which], state, step)
        return x.tolist()

    assert end([0, 1]) == end([0]) + end([1])


@pytest.mark.filterwarnings("error")
@every_optimizer
def test_what_diverges_is_inf_or_nan_without_a_word(name, options):
    """As plain floats are; a loss that is no number is fit's to refuse."""
    got, _ = make(name, options).update([1e308, 1.0, 0.0], [1e300, math.nan, -1e308], {}, 0)
    assert math.isnan(got[1])


# ------------------------------------------------------------------ the state
@every_optimizer
@pytest.mark.parametrize("way", [copy.deepcopy, lambda x: json.loads(json.dumps(x))])
def test_a_state_resumes_bit_for_bit(name, options, way):
    rate = nn.schedules.one_cycle(0.05, 30)
    whole = descend(make(name, options, rate=rate), 20)
    first = make(name, options, rate=rate)
    descend(first, 12)
    state = way(first.state_dict())
    start = [p.data for p in first.parameters]
    descend(first, 3)
    second = make(name, {}, start, rate)
    second.load_state_dict(state)
    assert descend(second, 8) == whole[12:] and second.steps == 20


def test_a_state_brings_its_options_and_a_rate_that_is_a_number():
    saved = make("Adam", {"betas": (0.5, 0.6), "eps": 0.1, "weight_decay": 0.2}, rate=0.25)
    other = make("Adam", {}, rate=0.1)
    other.load_state_dict(saved.state_dict())
    assert (other.learning_rate, other.betas, other.eps, other.weight_decay) == (
        0.25, (0.5, 0.6), 0.1, 0.2,
    )  # fmt: skip
    on_schedule = make("Adam", {}, rate=nn.schedules.cosine(0.1, 5)).state_dict()
    assert "learning_rate" not in on_schedule
    other.load_state_dict(on_schedule)
    assert other.learning_rate == 0.25, "its own stays"
    scheduled = make("Adam", {}, rate=nn.schedules.cosine(0.1, 5))
    rate = scheduled.learning_rate
    scheduled.load_state_dict(saved.state_dict())
    assert scheduled.learning_rate is rate and scheduled.eps == 0.1  # what is given stays


STATE = make("Adam", {}).state_dict()


@pytest.mark.parametrize(("state", "words"), [
    (make("AdamW", {}).state_dict(), "optimizer"), (make("SGD", {}).state_dict(), "velocity"),
    (make("Adam", {}, (1.0,)).state_dict(), "2 parameters.*mean, square"), ({}, "betas, eps, mean"),
    (None, "betas"), ([1.0], "betas"),
    *[({k: v for k, v in STATE.items() if k != gone}, gone)
      for gone in STATE if gone != "learning_rate"],
    ({**STATE, "extra": 1.0}, "extra"), ({**STATE, "mean": [0.0]}, "mean"),
    ({**STATE, "mean": [[0.0, 0.0]]}, "mean"), ({**STATE, "mean": ["a", "b"]}, "mean"),
    ({**STATE, "square": None}, "square"), ({**STATE, "steps": -1}, "steps"),
    ({**STATE, "steps": 1.5}, "steps"), ({**STATE, "betas": [0.9, 1.0]}, "betas"),
    ({**STATE, "eps": "small"}, "eps"), ({**STATE, "learning_rate": -1.0}, "learning_rate"),
])  # fmt: skip
def test_a_state_that_does_not_fit_is_refused_whole(state, words):
    optimizer = make("Adam", {}, rate=0.125)
    descend(optimizer, 2)
    before = pickle.dumps(optimizer.state_dict())
    with pytest.raises((TypeError, ValueError), match=f"Adam: .*{words}|Adam: {words}"):
        optimizer.load_state_dict(state)
    assert pickle.dumps(optimizer.state_dict()) == before


def test_other_parameters_start_anew():
    optimizer = make("Adam", {})
    first = descend(optimizer, 3)
    optimizer.parameters = values([0.5, 0.3])
    assert optimizer.steps == 0 and descend(optimizer, 3) == first


# ------------------------------------------------------------------ frozen, and never reached
@every_optimizer
def test_a_frozen_parameter_keeps_its_number_and_what_is_remembered_of_it(name, options):
    optimizer = make(name, options)
    a, b = optimizer.parameters
    descend(optimizer, 2)
    before, moved, stays = optimizer.state_dict(), a.data, b.data
    b.requires_grad = False
    a.grad = b.grad = 5.0
    optimizer.step()
    after = optimizer.state_dict()
    assert b.data == stays and a.data != moved
    assert all(after[key][1] == before[key][1] for key in optimizer.kept)


def test_a_parameter_frozen_from_the_start_is_remembered_as_nothing():
    optimizer = make("Adam", {"weight_decay": 0.5})
    optimizer.parameters[1].requires_grad = False
    optimizer.parameters[0].grad = 1.0
    optimizer.step()
    assert optimizer.parameters[1].data == 0.3 and optimizer.state_dict()["mean"][1] == 0.0


def test_a_parameter_never_reached_counts_as_one_with_a_gradient_of_0():
    optimizer = make("SGD", {"weight_decay": 0.5}, (2.0, 1.0), rate=0.1)
    optimizer.parameters[0].grad = 1.0
    optimizer.step()
    assert [p.data for p in optimizer.parameters] == [2.0 - 0.1 * 2.0, 1.0 - 0.1 * 0.5]


# ------------------------------------------------------------------ options
@pytest.mark.parametrize(("name", "options", "words"), [
    ("Adam", {"lr": 0.1}, "its options are .*, got lr; did you mean 'learning_rate'"),
    ("SGD", {"lr": 0.1}, "its options are .*, got lr; did you mean 'learning_rate'"),
    ("Adam", {"beta": 0.9}, ".*got beta; did you mean 'betas'"),
    ("Adam", {"momentum": 0.9}, "its options are parameters, learning_rate, betas, .*, got mom"),
    ("SGD", {"state": {}}, ".*got state; "), ("SGD", {"kept": ()}, ".*got kept; "),
    ("Adam", {"betas": 0.9}, "betas must be two numbers, got 0.9"),
    ("Adam", {"betas": (0.9,)}, "betas must be two numbers"),
    ("Adam", {"betas": (0.9, 1.0)}, "betas must be a number >= 0 and < 1, got 1.0"),
    ("AdamW", {"betas": (-0.1, 0.9)}, "betas must be a number >= 0 and < 1, got -0.1"),
    ("Adam", {"betas": ("a", 0.9)}, "betas: one real number is required, got 'a'"),
    ("Adam", {"eps": -1e-8}, "eps must be a finite number >= 0"),
    ("RMSprop", {"alpha": 1.5}, "alpha must be a number >= 0 and < 1, got 1.5"),
    ("RMSprop", {"momentum": math.nan}, "momentum must be a finite number >= 0, got nan"),
    ("Adagrad", {"weight_decay": -1.0}, "weight_decay must be a finite number >= 0, got -1.0"),
    ("SGD", {"momentum": True}, "momentum: one real number is required, got True"),
    ("SGD", {"nesterov": True}, "nesterov needs a momentum > 0, got none; use momentum=0.9"),
])  # fmt: skip
def test_an_option_that_is_wrong_is_named(name, options, words):
    with pytest.raises((TypeError, ValueError), match=f"{name}: {words}"):
        getattr(nn, name)(values([1.0]), **options)


@every_optimizer
def test_options_may_be_written_between_steps_and_are_checked(name, options):
    optimizer = make(name, options)
    for wrong in (-1.0, math.nan, "much"):
        with pytest.raises((TypeError, ValueError), match=f"{name}: weight_decay"):
            optimizer.weight_decay = wrong
    with pytest.raises(AttributeError, match=f"{name}: its options are .*got weight_decy; did you"):
        optimizer.weight_decy = 0.1
    optimizer.weight_decay = 0.25
    assert optimizer.weight_decay == 0.25 and optimizer.state_dict()["weight_decay"] == 0.25


@pytest.mark.parametrize("rate", [-1.0, math.nan, math.inf, "fast", None, [0.1]])
def test_a_function_that_gives_no_rate_is_named_with_its_step_and_nothing_moves(rate):
    w = Value(1.0)
    optimizer = nn.Adam([w], learning_rate=lambda step: rate if step == 2 else 0.0)
    w.grad = 1.0
    optimizer.step()
    optimizer.step()
    with pytest.raises((TypeError, ValueError), match="Adam: learning_rate at step 2"):
        optimizer.step()
    assert w.data == 1.0 and optimizer.steps == 2


# ------------------------------------------------------------------ clipping
@pytest.mark.parametrize("case", cases("clipping"))
def test_gradients_are_clipped_as_pytorch_clips_them(case):
    parameters = values([0.0] * len(case["slopes"]))
    for parameter, slope in zip(parameters, case["slopes"]):
        parameter.grad = slope
    assert nn.clip_gradients(parameters, case["norm"]) == pytest.approx(case["length"], rel=1e-15)
    clipped = [p.grad for p in parameters]
    np.testing.assert_allclose(clipped, case["clipped"], rtol=1e-15, atol=0.0)


def test_huge_gradients_are_clipped_without_overflow():
    """3, 4, 5 times 1e200: PyTorch squares them, and makes them 0."""
    a, b = parameters = values([0.0, 0.0])
    a.grad, b.grad = 3e200, 4e200
    assert nn.clip_gradients(parameters, norm=1.0) == pytest.approx(5e200, rel=1e-15)
    agrees([a.grad, b.grad], [0.6, 0.8])


def test_only_what_was_reached_is_clipped_and_each_once():
    a, b = values([0.0, 0.0])
    a.grad = 3.0
    assert nn.clip_gradients(iter([a, b, a]), norm=1.0) == 3.0
    assert not b.has_grad and a.grad == pytest.approx(1.0, rel=1e-6)
    a.zero_grad()
    assert nn.clip_gradients([a, b], norm=1.0) == 0.0


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_gradient_that_is_no_number_is_named_and_nothing_is_changed(wrong):
    a, b = Value(0.0, "a"), Value(0.0, "b")
    a.grad, b.grad = 3.0, wrong
    with pytest.raises(ValueError, match=r"clip_gradients: .*finite length.*b.*detect_anomaly"):
        nn.clip_gradients([a, b], norm=1.0)
    assert a.grad == 3.0


@pytest.mark.parametrize(("parameters", "norm", "words"), [
    ([Value(1.0)], 0.0, "norm must be a number > 0"), ([Value(1.0)], -1.0, "norm must be"),
    ([Value(1.0)], math.nan, "norm must be"), ([Value(1.0)], "1", "norm: one real number"),
    ([], 1.0, "Values to move are required"), ([1.0], 1.0, "Values to move are required"),
])  # fmt: skip
def test_what_cannot_be_clipped_is_named(parameters, norm, words):
    with pytest.raises((TypeError, ValueError), match=f"clip_gradients: {words}"):
        nn.clip_gradients(parameters, norm=norm)
