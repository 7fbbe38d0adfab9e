"""Module: what has parameters, found wherever a user keeps them."""

import copy
import pickle

import pytest

import autograd
import nn
from autograd import Value


class Net(nn.Module):
    """Parameters in attributes, lists, tuples, dicts, other modules; and what is none."""

    def __init__(self):
        self.scale = Value(2.0)
        self.named = Value(3.0, "gain")
        self.rows = [Value(1.0), (Value(2.0), [Value(3.0)])]
        self.table = {"left": Value(4.0), 7: Value(5.0)}
        self.hidden = nn.Layer(2, 1)
        self.blocks = {"a": nn.Neuron(1), "b": nn.Neuron(1)}
        self.size, self.text, self.nothing, self.function = 3, "w", None, autograd.tanh


def test_parameters_are_found_in_order_with_label_or_path():
    named = dict(Net().named_parameters())
    assert list(named) == [
        "scale", "gain", "rows.0", "rows.1.0", "rows.1.1.0", "table.left", "table.7",
        "neuron1.w1", "neuron1.w2", "neuron1.b", "blocks.a.w.0", "blocks.a.b", "blocks.b.w.0",
        "blocks.b.b",
    ]  # fmt: skip
    assert [p.data for p in list(named.values())[:7]] == [2.0, 3.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_names_are_keys_of_their_own_though_labels_repeat():
    """Two layers made apart bear the same labels: a dict of their parameters must not lose any."""

    class Two(nn.Module):
        def __init__(self):
            self.encoder, self.decoder = nn.MLP(2, [2], seed=0), nn.MLP(2, [2], seed=1)

    model = Two()
    named = dict(model.named_parameters())
    assert len(named) == 12 and list(named.values()) == model.parameters()
    assert next(iter(named)) == "encoder.layers.0.neurons.0.w.0"


def test_a_tied_parameter_is_one():
    class Tied(nn.Module):
        def __init__(self):
            self.a = Value(1.0, "w")
            self.b = [self.a, Value(2.0)]
            self.c = nn.Neuron(1)
            self.d = self.c

    assert [name for name, _ in Tied().named_parameters()] == ["w", "b.1", "w1", "b"]


def test_what_a_module_keeps_of_its_work_is_no_parameter():
    class Keeping(nn.Module):
        def __init__(self):
            self.w = Value(2.0)

        def __call__(self, x):
            self.latest = self.w * x
            return self.latest

    model = Keeping()
    model(3.0)
    assert model.parameters() == [model.w]


def test_a_module_may_know_the_one_it_is_part_of():
    class Node(nn.Module):
        def __init__(self, parent=None):
            self.parent, self.w = parent, Value(1.0)
            self.children = []

    root = Node()
    root.children = [Node(root), Node(root)]
    root.cycle = [root.children]
    root.cycle.append(root.cycle)
    assert len(root.parameters()) == 3


def test_an_empty_module_has_no_parameters():
    assert nn.Module().parameters() == [] and list(nn.Module().named_parameters()) == []


def test_zero_grad_forgets_every_gradient():
    model = nn.MLP(2, [3, 1], seed=0)
    model([1.0, 2.0]).backward()
    assert all(p.has_grad for p in model.parameters())
    model.zero_grad()
    assert not any(p.has_grad for p in model.parameters())


def test_a_frozen_parameter_is_still_one_and_gets_no_gradient():
    model = nn.MLP(2, [1], seed=0)
    frozen = model.parameters()[0]
    frozen.requires_grad = False
    model([1.0, 2.0]).backward()
    assert frozen in model.parameters() and not frozen.has_grad and model.parameters()[1].has_grad


@pytest.mark.parametrize("way", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_of_a_model_shares_no_parameter(way):
    model = nn.MLP(2, [3, 1], activation="tanh", output="sigmoid", seed=0)
    twin = way(model)
    assert [p.data for p in twin.parameters()] == [p.data for p in model.parameters()]
    assert not set(twin.parameters()) & set(model.parameters())
    twin.parameters()[0].data = 9.0
    assert model.parameters()[0].data != 9.0
    assert [n for n, _ in twin.named_parameters()] == [n for n, _ in model.named_parameters()]
    assert twin([1.0, 2.0]).scope == "layer 2/neuron 1"
