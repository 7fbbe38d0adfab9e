"""Layers: micrograd's form, its draws, labels and scopes; rows and batches; PyTorch's numbers."""

import copy
import math
import pickle
import random

import numpy as np
import pytest

import autograd
import nn
from autograd import Value
from autograd.ops import TABLE

from .pytorch import agrees, cases


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
    (lambda: nn.MLP(0, [1]), "Neuron: nin.*whole number >= 1, got 0; use 10"),
    (lambda: nn.MLP(2, [3, 0]), "Layer: nout.*whole number >= 1, got 0"),
    (lambda: nn.MLP(2.0, [3]), "a whole number >= 1, got 2.0"),
    (lambda: nn.MLP(True, [3]), "a whole number >= 1, got True"),
    (lambda: nn.MLP(2, []), r"MLP: nouts must list the neurons of each layer, got \[\]"),
    (lambda: nn.MLP(2, 3), r"MLP: nouts must list the neurons of each layer, got 3; use \[4, 1\]"),
    (lambda: nn.Neuron(-1), "Neuron: nin.*whole number"),
    (lambda: nn.Layer(2, 0), "Layer: nout.*whole number"),
    (lambda: nn.MLP(2, [1], activation="rleu"), "activation.*'rleu'; did you mean 'relu'"),
    (lambda: nn.MLP(2, [1], activation="ReLU"), "'ReLU'; did you mean 'relu'"),
    (lambda: nn.MLP(2, [1], activation="zzz"), "'zzz'; use one of linear, relu, tanh, sigmoid"),
    (lambda: nn.Linear(2, 1, init="xavier"), "'xavier'; did you mean 'glorot'"),
    (lambda: nn.MLP(2, [1], output="add"), "activation: a function of one number.*'add'"),
    (lambda: nn.MLP(2, [1], activation="dot"), "activation"),
    (lambda: nn.MLP(2, [1], activation=None), "activation"),
    (lambda: nn.MLP(2, [1], activation=autograd.add), "activation: a function of one.*<op add>"),
    (lambda: nn.MLP(3, [2])([1.0]), r"MLP: rows of 3.*got list of shape \(1,\), a row of 1"),
    (lambda: nn.MLP(1, [2])([]), r"rows of 1 numbers are required, got list of shape \(0,\)"),
])  # fmt: skip
def test_wrong_sizes_and_activations_are_refused_with_a_remedy(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(("call", "words"), [
    (lambda: nn.Linear(2, 3, bias=False),
     "Linear: its arguments are nin, nout, init, seed, name, nonlin, activation, got bias"),
    (lambda: nn.Linear(2, 3, activaton="relu"), "Linear: .*did you mean 'activation'"),
    (lambda: nn.Layer(2, 3, sed=1), "Layer: .*got sed; did you mean 'seed'"),
    (lambda: nn.Neuron(2, act="relu"), "Neuron: its arguments are nin, nonlin, .*got act"),
    (lambda: nn.MLP(2, [3], activations="relu"), "MLP: .*did you mean 'activation'"),
    (lambda: nn.Dropout(rate=0.5), "Dropout: its arguments are p, seed, got rate"),
    (lambda: nn.LayerNorm(2, epsilon=0.1), "LayerNorm: its arguments are n, eps, got epsilon"),
    (lambda: nn.Embedding(2, 3, padding_idx=0), "Embedding: .*got padding_idx"),
])  # fmt: skip
def test_an_argument_that_is_not_known_is_named(call, words):
    with pytest.raises(TypeError, match=words):
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


# ------------------------------------------------------------------ rows and batches
def data(tree):
    if isinstance(tree, (list, tuple)):
        return [data(part) for part in tree]
    return tree.data if isinstance(tree, Value) else tree


MODELS = {
    "neuron": lambda: nn.Neuron(2, seed=0),
    "layer": lambda: nn.Layer(2, 3, seed=0),
    "linear": lambda: nn.Linear(2, 3, seed=0),
    "mlp": lambda: nn.MLP(2, [4, 3], activation="tanh", seed=0),
    "of one output": lambda: nn.MLP(2, [4, 1], seed=0),
    "norm": lambda: nn.LayerNorm(2),
    "narrow": lambda: nn.Sequential(nn.Layer(2, 1, seed=0), nn.Linear(1, 3, seed=1)),
    "nested": lambda: nn.Sequential(nn.Sequential(nn.Linear(2, 4, seed=0)), autograd.tanh),
    "dropout first": lambda: nn.Sequential(nn.Dropout(0.5).eval(), nn.MLP(2, [1], seed=0)),
    "function": lambda: nn.Sequential(nn.Linear(2, 2, seed=0), lambda row: row[::-1]),
}
ROWS = [[0.5, -1.0], [2.0, 0.25], [-3.0, 1.5]]  # float32 holds them
FORMS = {
    "lists": ROWS,
    "tuples": tuple(map(tuple, ROWS)),
    "an array": np.array(ROWS),
    "float32": np.array(ROWS, np.float32),
    "an object array": np.array(ROWS, object),
    "arrays": [np.array(row) for row in ROWS],
    "Values": [[Value(x) for x in row] for row in ROWS],
    "an Array": autograd.array(ROWS),
    "a mixture": [[Value(0.5), -1], np.array([2.0, 0.25]), (np.float64(-3), 1.5)],
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_a_batch_gives_the_list_of_what_its_rows_give(make):
    model = make()
    each = [data(model(row)) for row in ROWS]
    assert data(model(ROWS)) == each and data(model(ROWS[:1])) == each[:1]


@pytest.mark.parametrize("form", FORMS)
def test_rows_and_batches_have_many_forms(form):
    model = MODELS["mlp"]()
    want = [data(model(row)) for row in ROWS]
    assert data(model(FORMS[form])) == want
    assert [data(model(row)) for row in FORMS[form]] == want
    assert data(model([iter(row) for row in ROWS])) == want == data(model(iter(ROWS)))


def test_frames_and_series_are_batches_and_rows():
    pandas = pytest.importorskip("pandas")
    frame, model = pandas.DataFrame(ROWS, columns=["a", "b"], index=[7, 3, 5]), MODELS["mlp"]()
    want = data(model(ROWS))
    assert data(model(frame)) == want and data(model(frame.iloc[1])) == want[1]
    assert model.predict(frame).tolist() == want


def test_a_batch_records_scopes_as_rows_do():
    model = nn.Sequential(nn.Layer(2, 2, seed=0), nn.MLP(2, [1], seed=0))
    for y in (model(ROWS[0]), model(ROWS)[0]):
        assert y.scope == "layer 2/layer 1/neuron 1"
        assert y.inputs[0].inputs[3].scope == "layer 1/neuron 2", "the input of weight 2"


@pytest.mark.parametrize(("x", "words"), [
    (np.ones((3, 4)), r"rows of 2 numbers are required, got ndarray of shape \(3, 4\), a row of 4"),
    (np.ones(3), r"shape \(3,\)"), (np.ones((2, 2, 2)), r"shape \(2, 2, 2\)"),
    ([[1.0, 2.0], [1.0]], "a row of 1"), ([[1.0, 2.0], 3.0], r"rows of 2"), ([], r"shape \(0,\)"),
    ([[]], r"shape \(1, 0\)"), (1.0, r"float of shape \(\)"), (Value(1.0), "got Value"),
    ("ab", "got str"), (["a", "b"], "'a'"), ([["a", "b"]], "'a'"), ({0: 1.0, 1: 2.0}, "got dict"),
    (None, "got None"), ([None, 1.0], "got None"), (np.array(2.0), r"ndarray of shape \(\)"),
])  # fmt: skip
def test_what_fits_neither_is_named_with_both_shapes(x, words):
    for model in (nn.MLP(2, [4, 3], seed=0), nn.Sequential(nn.Layer(2, 1, seed=0))):
        with pytest.raises((TypeError, ValueError), match=words):
            model(x)


def test_a_program_is_made_of_layer_norm_as_of_any_function():
    norm = nn.LayerNorm(2)
    norm.weight, norm.bias = [1.5, -0.5], [0.25, 1.0]  # numbers: a program takes no Values in
    model = nn.Sequential(norm, nn.Dropout(0.5).eval())
    for i in range(2):
        program = autograd.compile(lambda a, b, i=i: model([a, b])[i], backend="numpy")
        agrees(program(*np.array(ROWS).T), [model(row)[i] for row in ROWS])


# ------------------------------------------------------------------ initializers
# Variances: micrograd's uniform in (-1, 1); Glorot and Bengio 2010, He et al. 2015, LeCun 1998.
VARIANCES = {
    "uniform": 1 / 3, "glorot": 2 / (60 + 50), "he": 2 / 60, "lecun": 1 / 60, "zeros": 0.0,
}  # fmt: skip


@pytest.mark.parametrize("init", VARIANCES)
def test_weights_start_uniform_with_the_initializers_variance(init):
    """Of n draws the mean square is off by √(0.8/n) of itself; we allow four of these."""
    for make in (nn.Layer, nn.Linear, lambda a, b, **o: nn.MLP(a, [b], **o).layers[0]):
        layer = make(60, 50, init=init, seed=3)
        w = np.array([[v.data for v in neuron.w] for neuron in layer.neurons])
        assert np.mean(w**2) == pytest.approx(VARIANCES[init], rel=4 * math.sqrt(0.8 / w.size))
        assert np.abs(w).max() <= math.sqrt(3 * VARIANCES[init])
        assert all(neuron.b.data == 0.0 for neuron in layer.neurons)
        again = make(60, 50, init=init, seed=3)
        assert np.array_equal(w, [[v.data for v in neuron.w] for neuron in again.neurons])


@pytest.mark.parametrize("make", [
    lambda s: nn.Neuron(9, seed=s), lambda s: nn.Layer(3, 3, seed=s),
    lambda s: nn.Linear(3, 3, seed=s), lambda s: nn.Embedding(3, 3, seed=s),
    lambda s: nn.MLP(3, [3], init="he", seed=s),
])  # fmt: skip
def test_a_seed_is_a_whole_number_of_any_kind_and_leaves_pythons_random_alone(make):
    before = random.getstate()
    drawn = [[p.data for p in make(seed).parameters()] for seed in (3, np.int64(3), 4)]
    assert drawn[0] == drawn[1] != drawn[2] and random.getstate() == before


def test_a_function_may_draw_the_weights():
    layer = nn.Layer(2, 2, init=iter([1.0, 2.0, 3.0, 4.0]).__next__)
    assert [p.data for p in layer.parameters()] == [1.0, 2.0, 0.0, 3.0, 4.0, 0.0]


# ------------------------------------------------------------------ PyTorch's numbers
@pytest.mark.parametrize("case", cases("layer_norms"))
def test_layer_norm_and_its_slopes_are_pytorchs(case):
    """Slopes cancel, of two numbers wholly: what they are sums of is what their error is of."""
    layer = nn.LayerNorm(case["n"], eps=case["eps"])
    layer.load_state_dict({"weight": case["weight"], "bias": case["bias"]})
    rows = [[Value(x) for x in row] for row in case["rows"]]
    outputs = layer(rows)
    agrees(data(outputs), case["outputs"])
    autograd.sum([w * y for row in outputs for w, y in zip(case["weights"], row)]).backward()
    for got, want in zip((rows, layer.weight, layer.bias), case["slopes"], strict=True):
        got = [[v.grad for v in row] for row in got] if got is rows else [v.grad for v in got]
        terms = 1.0 / np.sqrt(np.var(case["rows"], axis=1).min() + case["eps"])
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-13 * max(1.0, terms))


@pytest.mark.parametrize("case", cases("trained_layers"))
def test_layers_train_as_pytorchs_do(case):
    first = nn.Linear(3, 4) if case["first"] == "Linear" else nn.Embedding(5, 4)
    activation = [] if case["name"] == "linear" else [TABLE[case["name"]]]
    model = nn.Sequential(first, *activation, nn.LayerNorm(4), nn.Linear(4, 2))

    def arranged(tensors):
        """PyTorch's tensors in the order of our parameters: a neuron's bias after its weights."""
        *head, weight, bias, w, b = tensors
        head = [np.column_stack([head[0], head[1]])] if len(head) == 2 else head
        return np.concatenate([np.ravel(t) for t in (*head, weight, bias, np.column_stack([w, b]))])

    for parameter, number in zip(model.parameters(), arranged(case["start"]), strict=True):
        parameter.data = number
    optimizer = nn.SGD(model.parameters(), learning_rate=0.05)
    for want in case["losses"]:
        loss = nn.mse(model(case["x"]), case["y"])
        agrees(loss.data, want)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    agrees([p.data for p in model.parameters()], arranged(case["end"]))


@pytest.mark.parametrize("x", [0.1, 1e-300, 1e300, -7.3])
def test_equal_numbers_are_normal_at_0(x):
    assert data(nn.LayerNorm(7)([x] * 7)) == [0.0] * 7


# ------------------------------------------------------------------ Dropout
def test_dropout_lets_all_pass_unless_it_trains():
    drop, x = nn.Dropout(0.4, seed=0), [Value(1.0), 2.0, 3]
    assert drop.eval()(x) == x
    drop.train()
    seen = {tuple(y.data if isinstance(y, Value) else y for y in drop(x)) for _ in range(200)}
    left = [{0.0, v / 0.6} for v in (1.0, 2.0, 3.0)]
    assert all(y in allowed or y == pytest.approx(max(allowed)) for row in seen
               for y, allowed in zip(row, left)) and len(seen) == 8  # fmt: skip


def test_dropout_takes_numbers_rows_and_batches_and_draws_its_own():
    before = random.getstate()
    for shape in ((), (4,), (2, 3), (2, 2, 2)):
        assert np.shape(nn.Dropout(0.5, seed=1)(np.ones(shape))) == shape
    assert random.getstate() == before
    one, other = ([nn.Dropout(0.5, seed=s)([1.0] * 30) for _ in range(2)] for s in (1, 2))
    assert one[0] == one[1] != other[0]


def test_dropouts_slope_is_its_factor():
    x = [Value(float(i + 1)) for i in range(8)]
    y = nn.Dropout(0.5, seed=0)(x)
    autograd.sum(y).backward()
    assert [v.grad for v in x] == [out.data / v.data for v, out in zip(x, y)]


@pytest.mark.parametrize("way", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
@pytest.mark.parametrize("seed", [None, 3])
def test_a_copy_of_a_dropout_drops_as_it_would_have(way, seed):
    model = nn.Sequential(nn.Dropout(0.5, seed=seed), autograd.tanh)
    twin, state = way(model), random.getstate()
    first = data(model([1.0] * 30))
    random.setstate(state)
    assert data(twin([1.0] * 30)) == first != data(twin([1.0] * 30))


@pytest.mark.parametrize("p", [1.0, -0.1, math.nan, "a", None])
def test_a_chance_to_drop_is_below_1(p):
    with pytest.raises((TypeError, ValueError), match="Dropout: p"):
        nn.Dropout(p)


# ------------------------------------------------------------------ Embedding, Sequential
def test_an_embeddings_rows_are_looked_up_and_learn():
    table = nn.Embedding(5, 3, seed=0)
    rows = table.weight.tolist()
    assert table(2) == rows[2] and table([1, 4]) == [rows[1], rows[4]]
    assert table(np.array([[1, 4], [0, 0]])) == [table([1, 4]), table([0, 0])] and table([]) == []
    autograd.sum([*table(2), *table(2)]).backward()
    assert [p.grad for p in table.parameters()] == [0.0] * 6 + [2.0] * 3 + [0.0] * 6


@pytest.mark.parametrize("index", [5, -1, 1.0, "a", True, None, Value(1.0), np.array([0.0])])
def test_an_index_is_a_whole_number_in_range(index):
    with pytest.raises((IndexError, TypeError), match=r"index|\.item"):
        nn.Embedding(5, 3, seed=0)(index)


def test_a_sequential_of_indices_takes_one_many_and_lists_of_them():
    model = nn.Sequential(nn.Embedding(5, 2, seed=0), autograd.tanh, nn.Linear(2, 1, seed=1))
    one = [model(i).data for i in range(5)]
    assert data(model([3, 1])) == [one[3], one[1]]
    assert data(model([[3, 1], [0, 0]])) == [[one[3], one[1]], [one[0], one[0]]]


def test_a_function_in_a_sequential_of_indices_gets_all_rows_of_a_sample():
    join = lambda rows: [v for row in rows for v in row]  # noqa: E731
    model = nn.Sequential(nn.Embedding(5, 2, seed=0), join, nn.Linear(4, 1, seed=1))
    assert model([3, 1]).data == model.layers[2](join(model.layers[0]([3, 1]))).data
    assert model.predict([[3, 1], [0, 0]]).shape == (2,)


@pytest.mark.parametrize("parts", [(), (nn.Linear(2, 2), 3), ("tanh",)])
def test_a_sequential_is_of_what_can_be_called(parts):
    with pytest.raises(TypeError, match="Sequential: modules or functions are required"):
        nn.Sequential(*parts)


def test_representations_show_what_goes_through():
    model = nn.Sequential(nn.Embedding(5, 2), nn.LayerNorm(2), nn.Dropout(0.3), autograd.tanh)
    assert repr(model) == "Sequential(Embedding(5, 2), LayerNorm(2), Dropout(0.3), tanh)"


@pytest.mark.parametrize(("call", "words"), [
    (lambda: nn.MLP(2, [1], init="glorott"), "init: .* got 'glorott'; did you mean 'glorot'"),
    (lambda: nn.Layer(2, 1, init="x"), "use one of uniform, glorot, he, lecun, zeros"),
    (lambda: nn.Layer(2, 1, init=["he"]), r"init: .* got \['he'\]"),
    (lambda: nn.LayerNorm(0), "LayerNorm: n, .* got 0"),
    (lambda: nn.LayerNorm(2, eps=-1e-5), "LayerNorm: eps must be a finite number >= 0"),
    (lambda: nn.Embedding(2, 0), "Embedding: size, .* got 0"),
    (lambda: nn.LayerNorm(3)([1.0, 2.0]), r"LayerNorm: rows of 3 .* shape \(2,\)"),
])  # fmt: skip
def test_wrong_settings_of_layers_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("seed", ["a", 1.5, np.random.default_rng(0)])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(TypeError, match="seed: a whole number or None"):
        nn.MLP(2, [1], seed=seed)
