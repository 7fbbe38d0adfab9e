"""Which neurons pass nothing, or hardly anything, in any sample, and how long gradients are.

What is expected is worked out by NumPy from the weights, and by nn's own parameters.
"""

import math
from contextlib import nullcontext

import numpy as np
import pytest

import autograd
import nn
from autograd import Graph, Value, backward_steps, scope
from autograd.op import REALS, derived
from autograd.ops import TABLE
from viz.health import _largest, layers
from viz.walk import Walk

POINTS = np.random.default_rng(5).normal(size=(12, 2))


def health(root):
    root.label = "L"
    return layers(Walk(Graph(root), tuple(backward_steps(root))))


def loss(model, each=nullcontext, inputs=list):
    losses = []
    for k, point in enumerate(POINTS.tolist(), 1):
        with each(k):
            losses.append((model(inputs(point)) - 1.0) ** 2)
    return autograd.sum(losses)


def before_activation(layer):
    """What the neurons of a first layer hand to their activation, a row each."""
    weights = np.array([[w.data for w in neuron.w] for neuron in layer.neurons])
    return weights @ POINTS.T + np.array([[neuron.b.data] for neuron in layer.neurons])


def lengths(model):
    return [
        math.sqrt(math.fsum(p.grad**2 for p in layer.parameters())) for layer in model.layers
    ]


SLOPES = {  # of z, in units of the largest there is
    "relu": lambda z: (z > 0) * 1.0,
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "sigmoid": lambda z: 4 * np.exp(-abs(z)) / (1 + np.exp(-abs(z))) ** 2,
    "softplus": lambda z: 1 / (1 + np.exp(-z)),
    "elu": lambda z: np.where(z > 0, 1.0, np.exp(np.minimum(z, 0))),
    "arctan": lambda z: 1 / (1 + z * z),
}


@pytest.mark.parametrize("bias", [-200.0, -6.0, 0.0, 6.0, 40.0])
@pytest.mark.parametrize("activation", SLOPES)
def test_dead_and_saturated_are_those_of_which_it_is_true_in_each_sample(activation, bias):
    model = nn.MLP(2, [4, 1], activation=activation, seed=2)
    model.layers[0].neurons[2].b.data = bias
    slopes = SLOPES[activation](before_activation(model.layers[0]))
    name = [f"layer 1/neuron {k}" for k in (1, 2, 3, 4)]
    gone = [n for n, row in zip(name, slopes) if (row < 0.01).all()]
    first, last = health(loss(model))
    assert first["neurons"] == 4 and last["neurons"] == 1
    assert first["dead"] == (gone if activation == "relu" else [])
    assert first["saturated"] == (gone if activation != "relu" else [])
    assert last["dead"] == last["saturated"] == [], "a linear neuron is neither"


@pytest.mark.parametrize(
    ("activation", "bias", "state"),
    [
        ("tanh", 1000.0, "saturated"), ("sigmoid", -2000.0, "saturated"),  # their slopes round to 0
        ("relu6", -50.0, "dead"), ("relu6", 50.0, "dead"), ("hardtanh", 50.0, "dead"),
        ("floor", 0.0, "dead"), ("exp", -2000.0, "saturated"),
        ("exp", -20.0, ""), ("square", 0.0, ""), ("leaky_relu", -50.0, ""),
    ],
)  # fmt: skip
def test_a_slope_of_exactly_0_is_dead_unless_it_fades(activation, bias, state):
    """exp and square have no largest slope; leaky_relu passes 1 % of it, and no less."""
    model = nn.MLP(2, [3, 1], activation=activation, seed=2)
    model.layers[0].neurons[0].b.data = bias
    first, _ = health(loss(model))
    assert {kind for kind in ("dead", "saturated") if "layer 1/neuron 1" in first[kind]} == (
        {state} - {""}
    )


def test_one_sample_in_which_it_passes_is_enough():
    model = nn.MLP(2, [3, 1], seed=2)
    z = before_activation(model.layers[0])[1]
    model.layers[0].neurons[1].b.data -= float(z.max()) - 1e-6
    assert health(loss(model))[0]["dead"] == []
    model.layers[0].neurons[1].b.data -= 2e-6
    assert health(loss(model))[0]["dead"] == ["layer 1/neuron 2"]


def test_a_layer_that_gets_no_gradient_is_judged_by_its_own_slopes():
    model = nn.MLP(2, [3, 1], seed=2)
    for p in model.layers[1].parameters():
        p.data = 0.0
    first, _ = health(loss(model))
    assert first["dead"] == [] and first["length"] == 0.0


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_a_length_is_that_of_the_layers_parameters_and_layers_are_in_order(activation):
    model = nn.MLP(2, [6, 5, 4, 1], activation=activation, seed=4)
    root = loss(model)
    found = health(root)
    root.backward()
    assert [layer["name"] for layer in found] == ["layer 1", "layer 2", "layer 3", "layer 4"]
    assert [layer["neurons"] for layer in found] == [6, 5, 4, 1]
    assert [layer["length"] for layer in found] == pytest.approx(lengths(model), rel=1e-12)


def test_what_does_not_record_has_no_length():
    model = nn.MLP(2, [3, 1], seed=2)
    for neuron in model.layers[0].neurons:
        neuron.b.requires_grad = False
    root = loss(model)
    found = health(root)
    root.backward()
    weights = [w.grad for neuron in model.layers[0].neurons for w in neuron.w]
    assert found[0]["length"] == pytest.approx(math.hypot(*weights), rel=1e-12)


def test_an_input_of_0_makes_no_neuron_dead():
    """A weight that gets nothing is no activation that passes nothing."""
    model = nn.MLP(1, [1, 1], activation="tanh", seed=2)
    assert [layer["dead"] for layer in health(model([0.0]) + 1.0)] == [[], []]


# ---------------------------------------------------------------- which scope is a neuron
def as_values(point):
    return [Value(x, f"x{k}") for k, x in enumerate(point)]


@pytest.mark.parametrize("inputs", [list, as_values], ids=["numbers", "values"])
@pytest.mark.parametrize("around", ["sample {}", "batch 1/sample {}", "net/step {}", "net"])
def test_a_number_around_that_only_counts_samples_is_left_out(around, inputs):
    model = nn.MLP(2, [4, 3, 1], seed=2)
    model.layers[0].neurons[2].b.data = -100.0
    found = health(loss(model, lambda k: scope(around.format(k)), inputs))
    outside = "/".join(x for x in around.split("/") if "{}" not in x)
    outside = f"{outside}/" if outside else ""
    assert [layer["name"] for layer in found] == [f"{outside}layer {k}" for k in (1, 2, 3)]
    assert [layer["neurons"] for layer in found] == [4, 3, 1]
    assert found[0]["dead"] == [f"{outside}layer 1/neuron 3"]


def test_two_networks_of_one_shape_are_not_samples_of_one():
    models = [nn.MLP(2, [3, 1], seed=seed) for seed in (1, 2)]
    both = [loss(model, lambda k, n=n: scope(f"net {n}")) for n, model in enumerate(models, 1)]
    found = health(both[0] + both[1])
    assert [layer["name"] for layer in found] == [
        f"net {n}/layer {k}" for n in (1, 2) for k in (1, 2)
    ]


def test_layers_of_which_some_neurons_share_their_weights_stay_apart():
    def neuron(k, w, x):
        with scope(f"neuron {k}"):
            return autograd.tanh(autograd.dot(w, x) + 0.1)

    own, tied = [[Value(0.5, f"own{k}"), Value(0.4)] for k in (1, 2)], [Value(0.3), Value(0.2)]
    x = [0.5, -1.0]
    for k in (1, 2):
        with scope(f"layer {k}"):
            x = [neuron(1, own[k - 1], x), neuron(2, tied, x)]
    found = health(autograd.sum(x))
    assert [(x["name"], x["neurons"]) for x in found] == [("layer 1", 2), ("layer 2", 2)]


def test_neurons_of_one_layer_that_share_their_inputs_stay_apart():
    model = nn.MLP(2, [3, 1], seed=2)
    (first, _) = health((model([Value(0.5, "a"), Value(-1.0, "b")]) - 1.0) ** 2)
    assert first["neurons"] == 3


def test_a_layer_alone_has_the_name_of_its_neurons():
    layer = nn.Layer(2, 3, activation="relu", name="only")
    for neuron, bias in zip(layer.neurons, (9.0, -9.0, 9.0)):
        neuron.b.data = bias
    (found,) = health(autograd.sum(layer([0.5, -1.0])))
    assert (found["name"], found["neurons"], found["dead"]) == ("neurons", 3, ["neuron 2"])


def test_a_neuron_of_ones_own_is_known_by_the_number_of_its_scope():
    w, losses = [Value(0.5, "w1"), Value(-0.7, "w2")], []
    gain = Value(2.0, "gain")
    for x in (1.0, 2.0):
        with scope("hidden"):
            out = []
            for k in (1, 2):
                with scope(f"unit {k}"), scope("gate"):
                    out.append(autograd.relu(w[k - 1] * x + 0.1))
            losses.append(out[0] * gain + out[1])
    (found,) = health(autograd.sum(losses))
    assert (found["name"], found["neurons"], found["dead"]) == ("hidden", 2, ["hidden/unit 2"])
    assert found["length"] == pytest.approx(3.0 * 2.0), "of w1; the gain is no neuron's"


def test_what_a_numbered_layer_itself_uses_counts_in_its_length():
    with scope("layer 1"):
        gain = Value(2.0, "gain")
        with scope("neuron 1"):
            h = autograd.tanh(Value(0.5, "w") * 1.0 + 0.0)
        y = h * gain
    slope, value = 1 - math.tanh(0.5) ** 2, math.tanh(0.5)
    (found,) = health(y + 1.0)
    assert (found["name"], found["neurons"]) == ("layer 1", 1)
    assert found["length"] == pytest.approx(math.hypot(2.0 * slope, value), rel=1e-12)


def test_samples_and_scopes_without_neurons_are_no_layers():
    w = Value(0.5, "w")
    losses = []
    for k in (1, 2, 3):
        with scope(f"sample {k}"):
            losses.append((w * float(k) - 1.0) ** 2)
    assert health(autograd.sum(losses)) == []
    with scope("model"):
        assert health(w * 2.0) == []


def test_hostile_scopes_stay_one_line():
    with scope("layer\x1b[2J 1"), scope("neuron\n1"):
        y = autograd.relu(Value(-1.0, "w") * 1.0)
    (found,) = health(y + 1.0)
    assert found["name"].isprintable() and all(name.isprintable() for name in found["dead"])
    assert len(found["dead"]) == 1


# ---------------------------------------------------------------- an op's largest slope
LARGEST = {  # by hand; 0: it has none
    "tanh": 1.0, "sigmoid": 0.25, "relu": 1.0, "softplus": 1.0, "elu": 1.0, "leaky_relu": 1.0,
    "erf": 2 / math.sqrt(math.pi), "arctan": 1.0, "softsign": 1.0, "gelu": 1.1289, "silu": 1.0998,
    "sin": 1.0, "hardswish": 1.5, "selu": 1.0507009873554805 * 1.6732632423543772,
    "exp": 0.0, "square": 0.0, "sinh": 0.0, "log": 0.0, "sqrt": 0.0, "reciprocal": 0.0,
    "floor": 0.0,
}  # fmt: skip


@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_slope_of_an_op_is_known_or_that_there_is_none(name):
    """To 1 %, as no slope here changes by more in 1/32: enough for a bound of 1 %."""
    assert _largest(TABLE[name]) == pytest.approx(LARGEST[name], rel=0.01)


def test_an_activation_made_at_run_time_is_judged_by_its_own_largest_slope():
    faint = derived("faint", domain=REALS, formula=lambda m, x: 1e-4 * m.tanh(x))
    model = nn.MLP(2, [3, 1], activation=faint, seed=2)
    assert health(loss(model))[0]["saturated"] == []
    model.layers[0].neurons[0].b.data = 30.0
    assert health(loss(model))[0]["saturated"] == ["layer 1/neuron 1"]
