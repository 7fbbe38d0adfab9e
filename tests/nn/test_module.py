"""Module: what has parameters, found wherever a user keeps them."""

import collections
import copy
import dataclasses
import itertools
import pickle
import types
import unittest.mock

import numpy as np
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


# ------------------------------------------------------------------ holders of other kinds
class Holding(nn.Module):
    def __init__(self, **held):
        vars(self).update(held)


@dataclasses.dataclass
class Pair:
    a: Value
    b: object = None
    n: int = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    late: Value
    early: Value


class Slotted:
    __slots__ = ("__dict__", "__weakref__", "unset", "w")

    def __init__(self, w):
        self.w = w


class Private(Slotted):
    __slots__ = "__secret"

    def __init__(self, w, secret):
        super().__init__(w)
        self.__secret = secret


class Plain:
    def __init__(self, **held):
        vars(self).update(held)


def values(n):
    return [Value(float(i)) for i in range(n)]


FOUND = {
    "an object array": (lambda v: np.array(v, dtype=object), ["h.0", "h.1", "h.2", "h.3"]),
    "of two axes": (
        lambda v: np.array(v, dtype=object).reshape(2, 2), ["h.0.0", "h.0.1", "h.1.0", "h.1.1"]
    ),
    "of none": (lambda v: [np.array(v[0], dtype=object), *v[1:]], ["h.0.0", "h.1", "h.2", "h.3"]),
    "of modules": (
        lambda v: np.array([Holding(w=x) for x in v], dtype=object),
        ["h.0.w", "h.1.w", "h.2.w", "h.3.w"],
    ),
    "a record array": (
        lambda v: np.array([(v[0], v[1]), (v[2], v[3])], dtype=[("a", object), ("b", object)]),
        ["h.0.0", "h.0.1", "h.1.0", "h.1.1"],
    ),
    "two arrays": (
        lambda v: {"a": np.array(v[:2], dtype=object), "b": np.array(v[2:], dtype=object)},
        ["h.a.0", "h.a.1", "h.b.0", "h.b.1"],
    ),
    "a dataclass": (lambda v: Pair(v[0], [v[1], Pair(v[2], v[3])]),
                    ["h.a", "h.b.0", "h.b.1.a", "h.b.1.b"]),
    "one with slots": (lambda v: [Frozen(v[0], v[1]), Frozen(v[2], v[3])],
                       ["h.0.late", "h.0.early", "h.1.late", "h.1.early"]),
    "slots": (lambda v: [Private(v[0], v[1]), Slotted(v[2:])],
              ["h.0.w", "h.0._Private__secret", "h.1.w.0", "h.1.w.1"]),
    "a deque": (collections.deque, ["h.0", "h.1", "h.2", "h.3"]),
    "an ordered dict": (lambda v: collections.OrderedDict(zip("dcba", v)),
                        ["h.d", "h.c", "h.b", "h.a"]),
    "a read-only dict": (lambda v: types.MappingProxyType(dict(zip("abcd", v))),
                         ["h.a", "h.b", "h.c", "h.d"]),
    "a named tuple": (collections.namedtuple("Four", "a b c d")._make,
                      ["h.0", "h.1", "h.2", "h.3"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", FOUND)
def test_parameters_are_found_in_order_in(kind):
    make, names = FOUND[kind]
    v = values(4)
    named = list(Holding(h=make(v)).named_parameters())
    assert [name for name, _ in named] == names
    assert all(a is b for (_, a), b in zip(named, v, strict=True))


def test_a_module_may_have_slots():
    class Base(nn.Module):
        __slots__ = ("w",)

    class Model(Base):
        __slots__ = ("b", "unset")

        def __init__(self):
            self.b, self.w = Value(2.0), Value(1.0)
            self.more = Value(3.0)

    assert [(n, p.data) for n, p in Model().named_parameters()] == [
        ("w", 1.0), ("b", 2.0), ("more", 3.0),
    ]  # fmt: skip


def test_a_module_may_be_a_dataclass():
    @dataclasses.dataclass
    class Model(nn.Module):
        w: Value
        b: Value = dataclasses.field(default_factory=lambda: Value(0.5))

    assert [p.data for p in Model(Value(2.0)).parameters()] == [2.0, 0.5]


REFUSED = {
    "set": set,
    "frozenset": frozenset,
    "dict_values": lambda v: dict(enumerate(v)).values(),
    "dict_keys": lambda v: dict.fromkeys(v).keys(),
    "Plain": lambda v: Plain(w=[{"a": v}]),
    "SimpleNamespace": lambda v: types.SimpleNamespace(w=v[0]),
    "UserList": collections.UserList,
    "ChainMap": lambda v: collections.ChainMap({"a": v[0]}),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_holder_that_is_not_searched_is_refused_by_name(kind):
    """A set's order changes from run to run; an object may hold what is another model's."""
    model = Holding(w=Value(1.0), part=[REFUSED[kind](values(3))])
    for call in (model.parameters, model.zero_grad, lambda: list(model.named_parameters())):
        with pytest.raises(TypeError, match=rf"Holding: .* in part\.0, a {kind}; use a list or an"):
            call()


@pytest.mark.parametrize("held", [
    {"a", 1.5}, frozenset(), Plain(text="w", sizes=[1, 2]), np.zeros(3), np.float64(1.0), "text",
    b"x", range(10**12), np.array([None, "a"], dtype=object), iter([1.0]), itertools.count(), np,
    Value, Holding, lambda x: x, autograd.tanh, autograd.scope("s"), collections.UserDict(a=1),
    np.array(2.0), np.zeros((2, 2), dtype=[("a", float)]), unittest.mock.MagicMock(), pytest,
    object(), 10**400, 1j,
], ids=lambda x: type(x).__name__)  # fmt: skip
def test_what_holds_no_values_is_passed_over(held):
    w = Value(1.0)
    assert Holding(held=held, more=[held], w=w).parameters() == [w]


def test_a_holder_of_parameters_that_are_found_elsewhere_is_no_fault():
    """A trainer that knows its model; an optimizer; a set of those that are to be watched."""
    model = nn.MLP(2, [2, 1], seed=0)
    model.trainer = Plain(model=model, first=model.parameters()[0])
    model.optimizer = nn.SGD(model.parameters())
    model.watched = set(model.parameters())
    model.inputs = Plain(x=Value(1.0, requires_grad=False), y=Value(1.0) * 2.0)
    assert len(model.parameters()) == 9


def test_another_models_optimizer_does_not_give_its_parameters_away():
    model = Holding(w=Value(1.0), optimizer=nn.SGD([Value(2.0, "theirs")]))
    with pytest.raises(TypeError, match="got theirs in optimizer, a SGD"):
        model.parameters()


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
