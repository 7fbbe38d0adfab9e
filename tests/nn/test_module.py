"""Module: what has parameters, found wherever a user keeps them."""

import collections
import copy
import dataclasses
import itertools
import json
import pickle
import re
import types
import unittest.mock

import numpy as np
import pytest

import autograd
import nn
from autograd import Value
from nn.module import nearest


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
    "of none": (lambda v: [np.array(v[0], dtype=object), *v[1:]], ["h.0", "h.1", "h.2", "h.3"]),
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
        words = rf"Holding: .* in part\.0, of class {kind}; use a list or an"
        with pytest.raises(TypeError, match=words):
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
    with pytest.raises(TypeError, match="got theirs in optimizer, of class SGD"):
        model.parameters()


def test_lists_may_hold_themselves():
    held = [Value(1.0)]
    held.append([held])
    alone = []
    alone.append(alone)
    assert len(Holding(h=held, a=alone).parameters()) == 1


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


# ------------------------------------------------------------------ calls
def test_a_module_is_called_by_forward_or_by_a_call_of_its_own():
    class Forward(nn.Module):
        def forward(self, x, *more, scale=1.0):
            return (x, more, scale)

    class Call(nn.Module):
        def __call__(self, x):
            return 2 * x

    assert Forward()(1, 2, scale=3.0) == (1, (2,), 3.0) and Call()(3) == 6
    with pytest.raises(TypeError, match=r"Module: .*forward\(self, x\), got none"):
        nn.Module()(1.0)


class Deep(nn.Module):
    """Dropouts wherever a part can be; no call of the base's constructor."""

    def __init__(self):
        self.layers = [nn.Sequential(nn.Dropout(0.5), {"a": 1}.get), (nn.Dropout(0.5),)]
        self.table = {"x": nn.Dropout(0.5), "self": self}
        self.slotted = Slotted(nn.Dropout(0.5))


def test_train_and_eval_reach_every_part_and_give_the_model():
    model = Deep()
    dropouts = [part for part in model.modules() if isinstance(part, nn.Dropout)]
    assert len(dropouts) == 4 and model.training and all(d.training for d in dropouts)
    assert model.eval() is model and not any(part.training for part in model.modules())
    assert model.train() is model and all(part.training for part in model.modules())
    assert not model.train(False).training


def test_a_frozen_dataclass_is_trained_too():
    @dataclasses.dataclass(frozen=True)
    class Model(nn.Module):
        w: Value

    assert not Model(Value(1.0)).eval().training


# ------------------------------------------------------------------ predict
def test_predictions_are_numbers_without_a_graph_of_a_model_that_does_not_train():
    model = nn.Sequential(nn.Linear(2, 4, seed=0), nn.Dropout(0.5), nn.Linear(4, 1, seed=1))
    model.layers[0].eval()
    rows = np.random.default_rng(0).normal(size=(7, 2))
    got = model.predict(rows)
    assert type(got) is np.ndarray and got.dtype == np.float64 and got.shape == (7,)
    modes = [part.training for part in (model, *model.layers)]
    assert modes == [True, False, True, True], "each as it was"
    assert got.tolist() == [model.eval()(row).data for row in rows]
    assert not any(p.has_grad for p in model.parameters())


def test_predictions_leave_the_modes_after_an_error_too():
    model = nn.Sequential(nn.Dropout(0.5), lambda row: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        model.predict([[1.0]])
    assert all(part.training for part in model.modules()) and (Value(1.0) * 2.0).inputs


def test_predictions_of_a_model_in_eval_mode_touch_no_mode():
    """So that several threads may predict at once."""
    model = nn.Sequential(nn.Linear(2, 2, seed=0), nn.Dropout(0.5)).eval()
    for part in model.modules():
        part.__class__ = type(type(part).__name__, (type(part),), {"__setattr__": None})
    assert model.predict([[1.0, 2.0]]).shape == (1, 2)


@pytest.mark.parametrize("one", [[1.0, 2.0], np.array([1.0, 2.0])])
def test_one_row_to_predict_is_put_in_a_list(one):
    with pytest.raises(ValueError, match=r"rows of 2 numbers .* as in predict\(\[row\]\)"):
        nn.MLP(2, [1]).predict(one)


def test_what_other_libraries_have_as_methods_is_named():
    model = nn.MLP(2, [1])
    with pytest.raises(AttributeError, match=r"MLP: fit is no .* use nn\.fit\(model, X, y\)"):
        model.fit  # noqa: B018
    with pytest.raises(AttributeError, match=r"summary .* use print\(model\)"):
        model.summary()
    with pytest.raises(AttributeError, match="'MLP' object has no attribute 'weigths'"):
        model.weigths  # noqa: B018
    assert not hasattr(model, "to_numpy")


def test_an_error_inside_a_property_is_not_hidden():
    class Model(nn.Module):
        @property
        def size(self):
            return self.missing

    with pytest.raises(AttributeError, match="no attribute 'missing'"):
        Model().size  # noqa: B018


@pytest.mark.parametrize(("output", "shape"), [
    (lambda x: Value(1.0), (3,)), (lambda x: 1.5, (3,)), (lambda x: [Value(1.0)], (3, 1)),
    (lambda x: [[Value(1.0), 2.0]], (3, 1, 2)), (lambda x: np.ones(4), (3, 4)),
    (lambda x: autograd.array([1.0, 2.0]), (3, 2)),
])  # fmt: skip
def test_predictions_have_the_shape_of_outputs(output, shape):
    class Model(nn.Module):
        def forward(self, x):
            return output(x)

    for samples in (["a", "b", "c"], [[1], [1, 2], [3]], np.zeros((3, 2)), (x for x in "abc")):
        got = Model().predict(samples)
        assert got.shape == shape and got.dtype == np.float64


@pytest.mark.parametrize("samples", [[], np.zeros((0, 2)), 3.0, np.array(3.0), Value(3.0), None])
def test_predictions_are_of_one_sample_at_least(samples):
    with pytest.raises(ValueError, match="predict: samples are required, one at least, got"):
        nn.MLP(2, [1]).predict(samples)


# ------------------------------------------------------------------ state
def test_a_state_is_arrays_by_attribute_paths():
    model = nn.MLP(3, [2, 1], seed=0)
    state = model.state_dict()
    assert {path: array.shape for path, array in state.items()} == {
        "layers.0.neurons.0.w": (3,), "layers.0.neurons.0.b": (),
        "layers.0.neurons.1.w": (3,), "layers.0.neurons.1.b": (),
        "layers.1.neurons.0.w": (2,), "layers.1.neurons.0.b": (),
    }  # fmt: skip
    flat = np.concatenate([array.ravel() for array in state.values()])
    assert flat.tolist() == [p.data for p in model.parameters()]
    state["layers.0.neurons.0.w"][0] = 9.0
    assert model.parameters()[0].data != 9.0, "a copy"


HELD = {  # what is held, and the shapes under which its state goes
    "lists": (lambda v: [v[:2], tuple(v[2:])], {"h.0": (2,), "h.1": (2,)}),
    "an array": (lambda v: autograd.array(np.array(v, object).reshape(2, 2)), {"h": (2, 2)}),
    "a dict": (lambda v: {"a": v[0], "b": v[1:]}, {"h.a": (), "h.b": (3,)}),
    "uneven lists": (lambda v: [v[:1], v[1:]], {"h.0": (1,), "h.1": (3,)}),
    "with a module": (lambda v: [v[:2], Holding(w=v[2:])], {"h.0": (2,), "h.1.w": (2,)}),
    "one twice": (lambda v: [v[0], v[1], v[0], v[2], v[3]],
                  {"h.0": (), "h.1": (), "h.3": (), "h.4": ()}),
    "a result": (lambda v: [[*v], v[0] * 2.0], {"h.0": (4,)}),
}  # fmt: skip


@pytest.mark.parametrize("kind", HELD)
def test_a_list_of_values_is_one_array(kind):
    make, shapes = HELD[kind]
    model, other = Holding(h=make(values(4))), Holding(h=make(values(4)))
    state = model.state_dict()
    assert {path: array.shape for path, array in state.items()} == shapes
    numbers = np.concatenate([array.ravel() for array in state.values()])
    assert numbers.tolist() == [p.data for p in model.parameters()] == [0.0, 1.0, 2.0, 3.0]
    other.load_state_dict({path: (array + 5.0).tolist() for path, array in state.items()})
    assert [p.data for p in other.parameters()] == [5.0, 6.0, 7.0, 8.0]


def test_two_parameters_of_one_path_have_no_state():
    model = Holding(h={1: Value(1.0), "1": Value(2.0)})
    assert len(model.parameters()) == 2
    with pytest.raises(ValueError, match=r"a path for each parameter .* two at h\.1"):
        model.state_dict()


def test_a_state_survives_json_with_every_bit():
    model, other = nn.MLP(3, [4, 1], seed=0), nn.MLP(3, [4, 1], seed=1)
    lists = {path: array.tolist() for path, array in model.state_dict().items()}
    other.load_state_dict(json.loads(json.dumps(lists)))
    assert [p.data for p in other.parameters()] == [p.data for p in model.parameters()]


KEY = "layers.1.neurons.0.w"


@pytest.mark.parametrize(("change", "words"), [
    (lambda s: s.pop(KEY), rf"1 missing \[.{KEY}.\], 0 not known \[\]; use model.state_dict"),
    (lambda s: s.update(extra=1.0), r"0 missing \[\], 1 not known \[.extra.\]; use one of"),
    (lambda s: s.update({KEY[:-1] + "v": s.pop(KEY)}), f"did you mean '{KEY}'"),
    (lambda s: s.update({KEY: [1.0, 2.0]}), rf"{KEY} must have the shape \(4,\), got \(2,\)"),
    (lambda s: s.update({KEY: 1.0}), r"must have the shape \(4,\), got \(\)"),
    (lambda s: s.update({KEY: ["a", "b", "c", "d"]}), f"load_state_dict: {KEY}: real numbers"),
    (lambda s: s.update({KEY: [1j] * 4}), "real numbers are required, got dtype complex128"),
    (lambda s: s.update({KEY: [None] * 4}), KEY), (lambda s: s.update({KEY: [[1.0], 2.0]}), KEY),
    (lambda s: s.update({KEY: [Value(1.0)] * 4}), r"use .item\(\)"),
    (lambda s: s.clear(), "10 missing"),
])  # fmt: skip
def test_a_state_that_does_not_fit_is_refused_whole(change, words):
    model, state = nn.MLP(3, [4, 1], seed=0), nn.MLP(3, [4, 1], seed=1).state_dict()
    before = [p.data for p in model.parameters()]
    change(state)
    with pytest.raises((TypeError, ValueError), match=words):
        model.load_state_dict(state)
    assert [p.data for p in model.parameters()] == before


def test_a_state_of_another_model_is_told_in_few_words_and_in_order():
    with pytest.raises(ValueError, match="got 400 missing") as caught:
        nn.MLP(2, [200]).load_state_dict({"zzz": 1.0, "yyy": 2.0})
    words = str(caught.value)
    assert len(words) < 800 and "2 not known ['zzz', 'yyy']" in words
    assert "['layers.0.neurons.0.w', 'layers.0.neurons.0.b', 'layers.0.neurons.1.w']" in words


@pytest.mark.parametrize("state", [[1.0, 2.0, 3.0], None, "m.npz"])
def test_a_state_is_a_mapping(state):
    with pytest.raises(ValueError, match=r"got 2 missing .*; use model.state_dict"):
        nn.MLP(2, [1]).load_state_dict(state)


@pytest.mark.parametrize(("name", "remedy"), [
    ("adamm", "did you mean 'adam'?"), ("SGD", "did you mean 'sgd'?"),
    ("zzz", "use one of sgd, adam, he, learning_rate"), (3, "use one of sgd"),
    ("lr", "did you mean 'learning_rate'?"), ("LearningRate", "did you mean 'learning_rate'?"),
    ("kaiming_uniform_", "did you mean 'he'?"), ("xavier", "use one of sgd"),
])  # fmt: skip
def test_the_nearest_name_is_the_remedy(name, remedy):
    assert nearest(name, ["sgd", "adam", "he", "learning_rate"]).startswith(remedy)


@pytest.mark.parametrize(("name", "remedy"), [
    ("ReLU", 'use activation="relu", or autograd.relu'), ("Softmax", "use autograd.softmax"),
    ("LeakyReLU", 'use activation="leaky_relu", or autograd.leaky_relu'),
    ("CrossEntropyLoss", "did you mean 'cross_entropy'?"), ("MSELoss", "did you mean 'mse'?"),
    ("BCEWithLogitsLoss", "did you mean 'binary_cross_entropy_with_logits'?"),
    ("Parameter", "use autograd.Value"), ("ModuleList", "use a list"),
    ("DataLoader", "use nn.data.batches"), ("clip_grad_norm_", "use nn.clip_gradients"),
    ("Dense", "did you mean 'Linear'?"), ("Sequental", "did you mean 'Sequential'?"),
    ("LSTM", "use one of MLP, SGD"),
])  # fmt: skip
def test_a_name_of_another_library_has_its_name_here(name, remedy):
    with pytest.raises(AttributeError, match=f"module 'nn' has no .*{re.escape(remedy)}"):
        getattr(nn, name)
