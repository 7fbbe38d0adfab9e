"""Models to PyTorch and back; these need torch."""

import numpy as np
import pytest

import autograd
import nn
from nn.porting import ACTIVATIONS

torch = pytest.importorskip("torch")
X = np.random.default_rng(0).normal(size=(6, 4))
REL = 1e-12  # of sums of some dozens of products, each rounded at 1e-16


def theirs(module, x=X):
    return module(torch.tensor(x)).detach().numpy()


def randomized(module):
    generator = torch.Generator().manual_seed(0)
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, generator=generator)
    return module.double()


MODELS = {
    "mlp": lambda: nn.MLP(4, [8, 3], activation="tanh", output="sigmoid", seed=1),
    "one output": lambda: nn.MLP(4, [8, 1], seed=1),
    "layer": lambda: nn.Layer(4, 3, activation="silu", seed=1),
    "linear": lambda: nn.Linear(4, 3, seed=1),
    "parts": lambda: nn.Sequential(
        nn.MLP(4, [5, 3], seed=0), nn.Dropout(0.5),
        nn.Sequential(autograd.elu.fixed(alpha=1.5), nn.Linear(3, 2, seed=1)),
    ).eval(),
}  # fmt: skip


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_a_model_computes_the_same_there_and_back(make):
    model = make()
    module = nn.to_torch(model)
    assert isinstance(module, torch.nn.Sequential) and module.training == model.training
    assert all(p.dtype == torch.float64 for p in module.parameters())
    want = model.predict(X)
    np.testing.assert_allclose(theirs(module), want.reshape(6, -1), rtol=REL)
    again = nn.from_torch(module)
    np.testing.assert_array_equal(again.predict(X), want)
    assert [p.data for p in again.parameters()] == [p.data for p in model.parameters()]
    assert again.training == model.training


def test_slopes_are_the_same_too():
    model = nn.MLP(4, [5, 1], activation="gelu", seed=1)
    module = nn.to_torch(model)
    module(torch.tensor(X)).sum().backward()
    autograd.sum(model(X)).backward()
    weight, bias = (p.grad.numpy() for p in list(module.parameters())[:2])
    got = [[*(v.grad for v in n.w), n.b.grad] for n in model.layers[0].neurons]
    np.testing.assert_allclose(got, np.column_stack([weight, bias]), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", ACTIVATIONS.values())
def test_every_activation_of_the_table_is_pytorchs(name):
    module = randomized(torch.nn.Sequential(torch.nn.Linear(4, 3), getattr(torch.nn, name)()))
    model = nn.from_torch(module)
    np.testing.assert_allclose(model.predict(X), theirs(module), rtol=REL, atol=1e-15)
    assert len(model.layers) == 1 and model.layers[0].activation.name in repr(model)


def test_numbers_of_less_precision_come_whole():
    module = torch.nn.Linear(4, 2)
    model = nn.from_torch(module)
    assert model.state_dict()["layers.0.neurons.1.w"].tolist() == module.weight[1].tolist()


@pytest.mark.parametrize("frozen", [(), (0,), (1, 2)])
def test_what_is_frozen_stays_so_there_and_back(frozen):
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Tanh(), torch.nn.Linear(2, 1))
    for i in frozen:
        list(module.parameters())[i].requires_grad_(False)
    model = nn.from_torch(module)
    want = [i not in frozen for i in range(4)]
    for layer, (weight, bias) in zip(model.layers, (want[:2], want[2:])):
        assert all(v.requires_grad == weight for neuron in layer.neurons for v in neuron.w)
        assert all(neuron.b.requires_grad == bias for neuron in layer.neurons)
    assert [p.requires_grad for p in nn.to_torch(model).parameters()] == want


def test_a_tensor_of_which_a_part_is_frozen_trains():
    model = nn.Linear(2, 1)
    model.neurons[0].w[0].requires_grad = False
    assert all(p.requires_grad for p in nn.to_torch(model).parameters())


class Doubled(torch.nn.Sequential):
    def forward(self, x):
        return 2.0 * super().forward(x)


class Same(torch.nn.Sequential):
    """One that is only made in its own way."""

    def __init__(self):
        super().__init__(torch.nn.Linear(4, 2), torch.nn.Tanh())


def test_a_class_of_ones_own_that_computes_the_same_is_taken():
    module = Same().double()
    np.testing.assert_allclose(nn.from_torch(module).predict(X), theirs(module), rtol=REL)


def shared(make, sequential, tanh):
    layer = make(4, 4)
    return sequential(layer, tanh, layer)


def tied():
    layers = [torch.nn.Linear(4, 4), torch.nn.Linear(4, 4)]
    layers[1].weight = layers[0].weight
    return torch.nn.Sequential(*layers)


ALONE = "a layer whose weights are in no other place is required, got "
REFUSED = {
    "a forward of its own": (lambda: Doubled(torch.nn.Linear(4, 2)), "PyTorch's own .*got Doubled"),
    "one inside": (
        lambda: torch.nn.Sequential(Doubled(torch.nn.Linear(4, 2))), "PyTorch's own .*got Doubled"
    ),
    "a layer twice": (
        lambda: shared(torch.nn.Linear, torch.nn.Sequential, torch.nn.Tanh()), f"{ALONE}Linear"
    ),
    "tied weights": (tied, f"{ALONE}Linear"),
    "another layer": (lambda: torch.nn.Conv2d(1, 1, 3), "a bias, Dropout or one of .*got Conv2d"),
    "softmax": (lambda: torch.nn.Sequential(torch.nn.Softmax(1)), "got Softmax"),
    "no bias": (lambda: torch.nn.Linear(2, 3, bias=False), "Linear with a bias, .*bias=False"),
    "tanh's gelu": (lambda: torch.nn.GELU(approximate="tanh"), "gelu as nn computes it .*got GELU"),
    "beta": (lambda: torch.nn.Softplus(beta=2.0), "softplus as nn computes it"),
    "bounds": (lambda: torch.nn.Hardtanh(0.0, 2.0), "hardtanh as nn computes it"),
    "no module": (lambda: "MLP", "got 'MLP'"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_nn_does_not_have_is_refused_by_name(kind):
    make, words = REFUSED[kind]
    with pytest.raises(TypeError, match=f"from_torch: .*{words}"):
        nn.from_torch(make())


@pytest.mark.parametrize(("make", "words"), [
    (nn.Module, "got <nn.module.Module"), (lambda: nn.MLP(4, [2], output="sin"), "got <op sin>"),
    (lambda: nn.Layer(4, 2, activation=lambda x: x), "got <function"), (lambda: 3, "got 3"),
    (lambda: type("Mine", (nn.MLP,), {})(4, [2]), "got Mine"),
    (lambda: nn.Sequential(nn.LayerNorm(2)), r"got LayerNorm\(2\)"),
])  # fmt: skip
def test_what_pytorch_does_not_have_is_refused_by_name(make, words):
    with pytest.raises(TypeError, match=f"to_torch: a Layer, .*{words}"):
        nn.to_torch(make())


def test_a_layer_in_two_places_is_refused():
    """There would be two of it, and each would train by itself."""
    with pytest.raises(TypeError, match=f"to_torch: {ALONE}Layer"):
        nn.to_torch(shared(nn.Linear, nn.Sequential, autograd.tanh))
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    model.layers[1].neurons[2].w = model.layers[0].neurons[1].w
    with pytest.raises(TypeError, match=f"to_torch: {ALONE}Layer"):
        nn.to_torch(model)
