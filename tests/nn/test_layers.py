"""Neuron, Layer, MLP: micrograd's form, its draws, labels and scopes, and what is refused."""

import copy
import math
import random

import numpy as np
import pytest

import autograd
import nn
from autograd import Value
from autograd.ops import TABLE


# ------------------------------------------------------------------ micrograd's own, from its text
class Neuron:
    """micrograd 0.1.0, nn.py, on plain numbers."""

    def __init__(self, nin, nonlin=True):
        self.w = [random.uniform(-1, 1) for _ in range(nin)]
        self.b = 0
        self.nonlin = nonlin

    def __call__(self, x):
        act = sum((wi * xi for wi, xi in zip(self.w, x)), self.b)
        return max(act, 0.0) if self.nonlin else act

    def parameters(self):
        return [*self.w, self.b]


class Layer:
    def __init__(self, nin, nout, **kwargs):
        self.neurons = [Neuron(nin, **kwargs) for _ in range(nout)]

    def __call__(self, x):
        out = [n(x) for n in self.neurons]
        return out[0] if len(out) == 1 else out

    def parameters(self):
        return [p for n in self.neurons for p in n.parameters()]


class MLP:
    def __init__(self, nin, nouts):
        sz = [nin, *nouts]
        self.layers = [
            Layer(sz[i], sz[i + 1], nonlin=i != len(nouts) - 1) for i in range(len(nouts))
        ]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]


@pytest.mark.parametrize(
    "shape", [(3, [4, 4, 1]), (2, [16, 16, 1]), (1, [1]), (4, [3]), (2, [5, 2])]
)
def test_weights_and_outputs_are_micrograds_from_the_same_random_state(shape):
    """Same draws in the same order; outputs to a few eps: the sums' order differs."""
    random.seed(1337)
    theirs = MLP(*shape)
    random.seed(1337)
    ours = nn.MLP(*shape)
    assert [p.data for p in ours.parameters()] == theirs.parameters()
    x = [0.5, -1.25, 2.0, 0.75][: shape[0]]
    want, got = theirs(x), ours(x)
    want, got = ([want], [got]) if shape[1][-1] == 1 else (want, got)
    assert [y.data for y in got] == pytest.approx(want, rel=1e-14, abs=1e-15)
    assert random.random() == after_draws(shape), "no draw more, none less"


def after_draws(shape):
    random.seed(1337)
    MLP(*shape)
    return random.random()


def test_neuron_and_layer_take_micrograds_positional_form():
    random.seed(5)
    theirs = [Neuron(3, False).w, Layer(3, 2).parameters()]
    random.seed(5)
    neuron, layer = nn.Neuron(3, False), nn.Layer(3, 2)
    assert [[p.data for p in neuron.w], [p.data for p in layer.parameters()]] == theirs
    assert neuron([1.0, 1.0, 1.0]).op is autograd.add, "linear"
    assert nn.Neuron(3)([1.0, 1.0, 1.0]).op is autograd.relu
    assert len(neuron.parameters()) == 4 and neuron.b.data == 0.0


# ------------------------------------------------------------------ seeds
def test_a_seed_makes_a_network_and_leaves_pythons_random_alone():
    random.seed(1)
    before = random.getstate()
    data = [[p.data for p in nn.MLP(3, [4, 1], seed=s).parameters()] for s in (7, 7, 8)]
    assert random.getstate() == before and data[0] == data[1] != data[2]
    assert all(-1.0 < x < 1.0 for x in data[0])


# ------------------------------------------------------------------ what a neuron computes
@pytest.mark.parametrize(
    "name", ["relu", "tanh", "sigmoid", "softplus", "identity", "linear", "sin"]
)
def test_a_neuron_is_its_activation_of_dot_plus_bias(name):
    neuron = nn.Neuron(2, activation=name)
    neuron.b.data = 0.25
    y = neuron([1.5, -2.0])
    z = neuron.w[0].data * 1.5 + neuron.w[1].data * -2.0 + 0.25
    assert y.data == (z if name == "linear" else TABLE[name](z))
    total = y if name == "linear" else y.inputs[0]
    assert total.op is autograd.add and total.inputs[0].op is autograd.dot
    assert total.inputs[0].inputs == (*neuron.w, 1.5, -2.0) and total.inputs[1] is neuron.b


def test_an_activation_may_be_a_record_or_any_function_of_one_number():
    leaky = lambda x: autograd.maximum(0.1 * x, x)  # noqa: E731
    for activation in (autograd.tanh, leaky):
        model = nn.MLP(2, [3, 1], activation=activation, output=activation, seed=0)
        model([1.0, 2.0]).backward()
        assert all(p.has_grad for p in model.parameters())
    assert "function" in repr(nn.Neuron(1, activation=leaky))


def test_the_last_layer_is_linear_unless_it_is_told_otherwise():
    model = nn.MLP(2, [3, 2], seed=1)
    assert [y.op for y in model([1.0, -1.0])] == [autograd.add] * 2
    model = nn.MLP(2, [3, 2], activation="tanh", output="sigmoid", seed=1)
    outputs = model([1.0, -1.0])
    assert [y.op for y in outputs] == [autograd.sigmoid] * 2
    assert outputs[0].inputs[0].inputs[0].inputs[3].op is autograd.tanh


def test_a_model_takes_values_lists_tuples_and_arrays():
    model = nn.MLP(2, [3, 1], seed=2)
    outputs = [model(x).data for x in ([1.0, 2.0], (1, 2), np.array([1.0, 2.0]), [Value(1.0), 2.0])]
    assert len(set(outputs)) == 1
    x = Value(1.0)
    model([x, 2.0]).backward()
    assert x.has_grad


def test_a_layer_of_one_neuron_inside_feeds_the_next():
    model = nn.MLP(2, [1, 1, 2], seed=3)
    assert len(model([1.0, 2.0])) == 2


def test_a_gradient_of_the_network_is_right():
    model = nn.MLP(3, [4, 2, 1], activation="tanh", seed=4)
    parameters = model.parameters()

    def output(*numbers):
        twin = copy.deepcopy(model)
        for holder, number in zip(slots(twin), numbers, strict=True):
            holder(number)
        return twin([0.3, -0.7, 1.1])

    autograd.gradcheck(output, [p.data for p in parameters])


def slots(model):
    """For each parameter a function that puts another Value in its place."""
    for layer in model.layers:
        for neuron in layer.neurons:
            yield from (
                lambda v, n=neuron, i=i: n.w.__setitem__(i, v) for i in range(len(neuron.w))
            )
            yield lambda v, n=neuron: setattr(n, "b", v)


# ------------------------------------------------------------------ labels and scopes
def test_every_weight_has_a_label_of_its_own_which_is_its_name():
    model = nn.MLP(2, [3, 1], seed=0)
    named = list(model.named_parameters())
    assert [value for _, value in named] == model.parameters()
    assert [name for name, _ in named] == [p.label for p in model.parameters()]
    assert len(dict(named)) == 13
    assert [n for n, _ in named][:3] == [
        "layer1.neuron1.w1",
        "layer1.neuron1.w2",
        "layer1.neuron1.b",
    ]
    assert named[-1][0] == "layer2.neuron1.b"


def test_layers_and_neurons_have_a_scope():
    model = nn.MLP(2, [2, 1], activation="tanh", seed=0)
    with autograd.scope("model"):
        y = model([1.0, 2.0])
    hidden = y.inputs[0].inputs[2]
    assert y.scope == "model/layer 2/neuron 1" and hidden.scope == "model/layer 1/neuron 1"
    assert hidden.op is autograd.tanh and y.inputs[0].inputs[3].scope == "model/layer 1/neuron 2"
    assert model.parameters()[0].scope == "" and (Value(1.0) * 2.0).scope == ""


def test_no_grad_holds_inside_a_model():
    model = nn.MLP(2, [2, 1], seed=0)
    with autograd.no_grad():
        y = model([1.0, 2.0])
    assert not y.requires_grad and y.inputs == () and y.data == model([1.0, 2.0]).data


def test_a_representation_shows_the_shape():
    assert (
        repr(nn.MLP(2, [3, 1]))
        == "MLP(Layer(3 × Neuron(2 inputs, relu)), Layer(1 × Neuron(3 inputs, linear)))"
    )


# ------------------------------------------------------------------ what is refused
@pytest.mark.parametrize(("call", "words"), [
    (lambda: nn.MLP(0, [1]), "Neuron: nin.*whole number >= 1, got 0; use MLP"),
    (lambda: nn.MLP(2, [3, 0]), "Layer: nout.*whole number >= 1, got 0"),
    (lambda: nn.MLP(2.0, [3]), "a whole number >= 1, got 2.0"),
    (lambda: nn.MLP(True, [3]), "a whole number >= 1, got True"),
    (lambda: nn.MLP(2, []), r"MLP: nouts must list the neurons of each layer, got \[\]"),
    (lambda: nn.MLP(2, 3), r"MLP: nouts must list the neurons of each layer, got 3; use \[4, 1\]"),
    (lambda: nn.Neuron(-1), "Neuron: nin.*whole number"),
    (lambda: nn.Layer(2, 0), "Layer: nout.*whole number"),
    (lambda: nn.MLP(2, [1], activation="rleu"), "activation.*'rleu'; use linear, relu"),
    (lambda: nn.MLP(2, [1], output="add"), "activation: a function of one number.*'add'"),
    (lambda: nn.MLP(2, [1], activation="dot"), "activation"),
    (lambda: nn.MLP(2, [1], activation=None), "activation"),
    (lambda: nn.MLP(2, [1], activation=autograd.add), "activation: a function of one.*<op add>"),
    (lambda: nn.MLP(3, [2])([1.0]), r"MLP: rows of 3 numbers.*got list of shape \(1,\), a row of 1"),
    (lambda: nn.MLP(1, [2])([]), r"rows of 1 numbers are required, got list of shape \(0,\)"),
])  # fmt: skip
def test_wrong_sizes_and_activations_are_refused_with_a_remedy(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_numpy_integers_are_sizes():
    assert len(nn.MLP(np.int64(2), [np.int32(3), 1]).parameters()) == 13


def test_an_input_that_is_no_number_is_refused():
    with pytest.raises(TypeError, match="dot: operand 3: one real number"):
        nn.MLP(2, [1])([None, 1.0])


def test_relu_networks_of_micrograds_demo_learn():
    """Its loss, hinge + 1e-4 L2, on a dozen points of two classes, falls below a fifth."""
    model = nn.MLP(2, [8, 1], seed=1)
    generator = random.Random(2)
    xs = [[generator.uniform(-1, 1), generator.uniform(-1, 1)] for _ in range(12)]
    ys = [1.0 if a * b > 0 else -1.0 for a, b in xs]
    optimizer = nn.SGD(model.parameters(), learning_rate=0.5)
    losses = []
    for _ in range(150):
        scores = [model(x) for x in xs]
        hinge = sum((1 - y * s).relu() for y, s in zip(ys, scores)) * (1.0 / len(ys))
        loss = hinge + 1e-4 * sum(p * p for p in model.parameters())
        model.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.data)
    assert losses[-1] < 0.2 * losses[0] and not math.isnan(losses[-1])


def test_an_activation_that_raises_leaves_the_modes_as_they_were():
    def broken(x):
        raise RuntimeError

    model = nn.MLP(2, [2, 1], activation=broken, seed=0)
    with autograd.scope("s"):
        with pytest.raises(RuntimeError):
            model([1.0, 2.0])
        assert (Value(1.0) * 2.0).scope == "s"
    assert (Value(1.0) * 2.0).scope == ""
