"""Files of models: whole or refused, nothing run, and training that goes on as if never stopped."""

import io
import itertools
import json
import os
import pickle
import random
import signal
import subprocess
import sys
import tempfile
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
import nn
from autograd import Value
from nn import files

ROW = [0.5, -1.0, 2.0, 0.25]


def numbers(model):
    return [p.data for p in model.parameters()]


def data(tree):
    return [data(part) for part in tree] if isinstance(tree, list) else tree.data


def read(path):
    """The description, and the members as NumPy reads them."""
    with np.load(path, allow_pickle=False) as arrays:
        members = {name: arrays[name] for name in arrays.files}
    return json.loads(members["description"].tobytes()), members


def forged(path, change=lambda d: d, array=None, checksum=None):
    """Write again what is in the file, its description changed, its checksum right."""
    description, members = read(path)
    text = np.frombuffer(json.dumps(change(description)).encode(), np.uint8)
    held = members["numbers"] if array is None else array
    with zipfile.ZipFile(path, "w") as file:
        arrays = (text, held, files._checksum(text, held) if checksum is None else checksum)
        for name, one in zip(files.MEMBERS, arrays):
            file.writestr(f"{name}.npy", files._npy(one))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "m.npz"


@pytest.fixture
def saved(path):
    nn.MLP(4, [8, 3], activation="tanh", seed=1).save(path)
    return path


# ------------------------------------------------------------------ there and back
MODELS = {
    "neuron": lambda: nn.Neuron(4, activation="silu", seed=0),
    "linear neuron": lambda: nn.Neuron(4, nonlin=False, seed=0),
    "layer": lambda: nn.Layer(4, 2, activation="softplus", seed=0, name="first"),
    "linear": lambda: nn.Linear(4, 1, seed=0),
    "mlp": lambda: nn.MLP(4, [5, 3, 2], activation="tanh", output="sigmoid", seed=0),
    "one layer": lambda: nn.MLP(4, [3], seed=0),
    "op with a parameter": lambda: nn.Layer(4, 2, activation=autograd.leaky_relu.fixed(slope=0.2)),
    "parts": lambda: nn.Sequential(
        nn.Linear(4, 3, seed=0), autograd.elu.fixed(alpha=1.5), nn.LayerNorm(3, eps=0.1),
        nn.Dropout(0.3, seed=4), nn.Sequential(nn.MLP(3, [3, 2], seed=1), nn.Dropout(0.1)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_a_model_comes_back_from_its_file_with_every_bit(make, path):
    model = make().eval()
    for parameter in model.parameters():
        parameter.data += 0.1
    random.seed(5)
    state = random.getstate()
    model.save(path)
    again = nn.load(os.fspath(path))
    assert random.getstate() == state, "nothing is drawn from Python's own"
    assert type(again) is type(model) and repr(again) == repr(model) and again.training
    assert numbers(again) == numbers(model)
    assert list(again.state_dict()) == list(model.state_dict())
    assert data(again.eval()(ROW)) == data(model(ROW))
    assert os.listdir(path.parent) == ["m.npz"]


def test_an_embedding_comes_back(path):
    nn.Sequential(nn.Embedding(4, 3, seed=0), nn.Linear(3, 2, seed=1)).save(path)
    again = nn.load(path)
    assert data(again([1, 3])) == data(
        nn.Sequential(nn.Embedding(4, 3, seed=0), nn.Linear(3, 2, seed=1))([1, 3])
    )


def test_numbers_of_every_kind_come_back(path):
    model = nn.Linear(5, 1)
    for parameter, x in zip(model.parameters(), (5e-324, -0.0, float("inf"), float("nan"), 0.1)):
        parameter.data = x
    model.save(path)
    assert list(map(repr, numbers(nn.load(path)))) == list(map(repr, numbers(model)))


def test_one_model_makes_one_file(path):
    model = nn.MLP(4, [3], seed=0)
    model.save(path)
    first = path.read_bytes()
    model.save(path)
    assert path.read_bytes() == first


def test_numpy_and_json_read_a_file(saved):
    description, members = read(saved)
    assert sorted(members) == ["checksum", "description", "numbers"]
    assert members["numbers"].tolist() == numbers(nn.load(saved))
    assert description["format"] == "whygrad model" and description["version"] == 1
    assert description["model"] == {
        "$module": "MLP", "nin": 4, "nouts": [8, 3], "init": "zeros",
        "activation": {"$op": "tanh"}, "output": "linear",
    }  # fmt: skip
    assert description["state"]["layers.0.neurons.1.w"] == {"$array": [5, 4]}


# ------------------------------------------------------------------ classes of the user's own
class Net(nn.Module):
    def __init__(self, seed):
        self.first = nn.Layer(4, 3, seed=seed)
        self.rest = {"out": [nn.Linear(3, 1, seed=seed)], "k": Value(seed)}
        self.table = [[Value(seed), Value(2.0)], [Value(3.0), Value(4.0)]]

    def forward(self, x):
        return self.rest["out"][0](self.first(x)) * self.rest["k"]


def changed(model):
    """A model of layers with what no constructor makes."""
    model.more = Value(1.0)
    return model


def mixed():
    model = nn.Layer(4, 2, seed=0)
    model.neurons[1].activation = autograd.tanh
    return model


def tied():
    layer = nn.Linear(4, 4, seed=0)
    return nn.Sequential(layer, autograd.tanh, layer)


OWN = {
    "a class": lambda: Net(1),
    "a part": lambda: nn.Sequential(Net(1)),
    "an activation": lambda: nn.MLP(4, [2], output=lambda x: x * x),
    "a function": lambda: nn.Sequential(nn.Linear(4, 2), lambda row: row),
    "a derived class": type("Mine", (nn.MLP,), {}),
    "a Value more": lambda: changed(nn.Linear(4, 2)),
    "two activations": mixed,
    "one part twice": tied,
    "one Dropout twice": lambda: nn.Sequential(nn.Linear(4, 2), *[nn.Dropout(0.5)] * 2),
}


@pytest.mark.parametrize("kind", OWN)
def test_what_nn_cannot_make_again_is_filled(kind, path):
    make = (lambda: OWN[kind](4, [2])) if kind == "a derived class" else OWN[kind]
    model, other = make(), make()
    for parameter in model.parameters():
        parameter.data += 1.0
    model.save(path)
    name = type(model).__name__
    words = rf"load: .*m\.npz: a model to fill, of class {name}, .*into=model"
    with pytest.raises(ValueError, match=words):
        nn.load(path)
    assert nn.load(path, into=other) is other and numbers(other) == numbers(model)


APART = {  # what makes a model of another make with the same parameters; first what was saved
    "activation": (lambda: nn.MLP(4, [8, 3]), "with activation 'tanh', got 'relu'"),
    "output": (
        lambda: nn.MLP(4, [8, 3], activation="tanh", output="sigmoid"),
        "with output 'linear', got 'sigmoid'",
    ),
    "a function": (
        lambda: nn.MLP(4, [8, 3], activation="tanh", output=lambda v: 2.0 * v),
        "with output 'linear', got 'function'",
    ),
    "a class": (
        lambda: nn.Sequential(*nn.MLP(4, [8, 3], activation="tanh").layers),
        "with model 'MLP', got 'Sequential'",
    ),
}


@pytest.mark.parametrize("kind", APART)
def test_a_model_of_another_make_is_not_filled(kind, saved):
    """Its parameters have the same paths and shapes: only the description tells them apart."""
    make, words = APART[kind]
    other = make()
    before = numbers(other)
    with pytest.raises(ValueError, match=rf"load: .*m\.npz: the model to fill .*{words}; make it"):
        nn.load(saved, into=other)
    assert numbers(other) == before


def parts(eps=0.5, slope=0.2, *more):
    leaky = autograd.leaky_relu.fixed(slope=slope)
    return nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3, eps=eps), leaky, *more)


@pytest.mark.parametrize(("other", "words"), [
    (parts(eps=0.1), r"layers\.1\.eps 0\.5, got 0\.1"),
    (parts(slope=0.1), r"layers\.2\.slope 0\.2, got 0\.1"),
    (parts(0.5, 0.2, autograd.tanh),
     r"layers \['Linear', 'LayerNorm', 'leaky_relu'\], got \[.*'tanh'\]"),
])  # fmt: skip
def test_a_setting_deep_in_a_model_is_named_where_it_differs(other, words, path):
    parts().save(path)
    assert nn.load(path, into=parts())
    with pytest.raises(ValueError, match=f"with {words}"):
        nn.load(path, into=other)


def test_a_layer_is_not_filled_with_another_class(path):
    nn.Layer(4, 3, activation="linear").save(path)
    with pytest.raises(ValueError, match="with model 'Layer', got 'Linear'"):
        nn.load(path, into=nn.Linear(4, 3))


def test_of_a_class_of_ones_own_the_layers_are_compared(path):
    def own(activation="tanh", base=nn.Module):
        model = type("Own", (base,), {})()
        model.own, model.layers = model, [nn.Layer(4, 3, activation=activation), nn.LayerNorm(3)]
        model.rest = nn.Sequential(nn.Linear(3, 1), lambda y: y)
        return model

    own().save(path)
    assert nn.load(path, into=own())
    with pytest.raises(ValueError, match=r"with part 0\.activation 'tanh', got 'relu'"):
        nn.load(path, into=own("relu"))


def test_what_was_frozen_stays_frozen(path):
    """And what is frozen in the model to fill: its owner said so."""
    model, other = nn.MLP(2, [3, 1], seed=0), nn.MLP(2, [3, 1], seed=1)
    frozen = [0, 1, 5, 8, 12]
    for i in frozen:
        model.parameters()[i].requires_grad = False
    other.parameters()[3].requires_grad = False
    model.save(path)
    for again, stay in ((nn.load(path), frozen), (nn.load(path, into=other), [*frozen, 3])):
        assert numbers(again) == numbers(model)
        found = [i for i, p in enumerate(again.parameters()) if not p.requires_grad]
        assert found == sorted(stay)


@pytest.mark.parametrize("frozen", [{"zzz": [1]}, {"w": [1]}, {"w": 1}, [1], None, 3])
def test_marks_of_frozen_parameters_must_fit(frozen, path):
    nn.Neuron(2, seed=0).save(path)
    forged(path, lambda d: d | {"frozen": frozen})
    model = nn.Neuron(2, seed=1)
    before = numbers(model)
    with pytest.raises(ValueError, match=r"load: .*m\.npz"):
        nn.load(path, into=model)
    assert numbers(model) == before and all(p.requires_grad for p in model.parameters())


def test_a_model_to_fill_must_fit(saved):
    other = nn.MLP(4, [7, 3], seed=0)
    before = numbers(other)
    with pytest.raises(ValueError, match=r"load: .*m\.npz: load_state_dict: the paths"):
        nn.load(saved, into=other)
    assert numbers(other) == before


# ------------------------------------------------------------------ training goes on
def steps(model, optimizer, n):
    """Steps on a batch of two, with whatever the parts draw."""
    for _ in range(n):
        optimizer.zero_grad()
        nn.mse([model(ROW), model(ROW[::-1])], [1.0, -1.0]).backward()
        optimizer.step()


@pytest.mark.parametrize("make", [
    lambda p: nn.SGD(p, learning_rate=0.01, momentum=0.9), lambda p: nn.Adam(p, learning_rate=0.1),
    lambda p: nn.RMSprop(p, learning_rate=nn.schedules.cosine(0.1, 9)),
    lambda p: nn.Adagrad(p, learning_rate=0.1),
])  # fmt: skip
@pytest.mark.parametrize("into", [False, True])
def test_training_goes_on_as_if_never_stopped(make, into, path):
    """Dropout of a seed of its own too: the same numbers are dropped."""
    build = lambda: nn.Sequential(  # noqa: E731
        nn.Linear(4, 8, seed=0), nn.Dropout(0.5, seed=3), nn.Linear(8, 1, seed=1)
    )
    model = build()
    optimizer = make(model.parameters())
    steps(model, optimizer, 4)
    model.save(path, optimizer=optimizer)
    steps(model, optimizer, 4)
    again = build() if into else nn.load(path)
    other = make(again.parameters())
    nn.load(path, into=again, optimizer=other)
    steps(again, other, 4)
    assert numbers(again) == numbers(model)


class Optimizer:
    """One whose state is all that a file takes; it can refuse."""

    def __init__(self, state=None, refuses=None):
        self.state, self.refuses = state, refuses

    def state_dict(self):
        return self.state

    def load_state_dict(self, state):
        if self.refuses:
            raise self.refuses
        self.state = state


def test_a_state_of_numbers_texts_lists_and_arrays_travels(path):
    state = {
        "step": 3, "name": "adam", "rate": 0.1, "betas": [0.9, np.float64(0.5)], "none": None,
        "deep": {"m": np.arange(6.0).reshape(2, 3), "flag": True}, "n": np.int64(7),
        "inf": float("inf"), "empty": np.zeros(0),
    }  # fmt: skip
    model, other = nn.Neuron(1, seed=0), Optimizer()
    model.save(path, optimizer=Optimizer(state))
    nn.load(path, into=model, optimizer=other)
    m = other.state["deep"].pop("m")
    assert np.array_equal(m, state["deep"].pop("m")) and m.flags.writeable
    assert other.state.pop("empty").shape == state.pop("empty").shape == (0,)
    assert other.state == state


@pytest.mark.parametrize(("optimizer", "saved_with", "words"), [
    (Optimizer(refuses=KeyError("m")), Optimizer({}), "'m'"),
    (Optimizer(refuses=ValueError("another kind")), Optimizer({}), "another kind"),
    (Optimizer(), None, r"no optimizer is in it; use model.save\(path, optimizer=\.\.\.\)"),
])  # fmt: skip
def test_an_optimizer_that_is_refused_leaves_the_weights(optimizer, saved_with, words, path):
    nn.Linear(2, 1, seed=0).save(path, optimizer=saved_with)
    model = nn.Linear(2, 1, seed=1)
    before = numbers(model)
    with pytest.raises(ValueError, match=f"load: .*{words}"):
        nn.load(path, into=model, optimizer=optimizer)
    assert numbers(model) == before


def test_an_optimizer_is_of_a_model_that_is_there(saved):
    with pytest.raises(ValueError, match=r"of class MLP, .*an optimizer is to be, got None"):
        nn.load(saved, optimizer=Optimizer())


@pytest.mark.parametrize("optimizer", ["adam", nn.Adam, 3])
def test_what_is_no_optimizer_is_named(optimizer, saved):
    model, words = nn.MLP(4, [8, 3], activation="tanh"), "an optimizer of .* is required, got"
    with pytest.raises(TypeError, match=f"save: {words}"):
        model.save(saved, optimizer=optimizer)
    with pytest.raises(ValueError, match=f"load: .*{words}"):
        nn.load(saved, into=model, optimizer=optimizer)


def test_an_optimizer_of_another_model_is_refused(path):
    model, other = nn.Linear(2, 1, seed=0), nn.Linear(2, 1, seed=0)
    optimizer = nn.Adam(other.parameters())
    with pytest.raises(ValueError, match=r"save: .* got one of others"):
        model.save(path, optimizer=optimizer)
    other.save(path, optimizer=optimizer)
    with pytest.raises(ValueError, match=r"load: .*m\.npz: .* got one of others; use nn\.Adam"):
        nn.load(path, into=model, optimizer=optimizer)


def test_a_schedule_that_is_given_stays_when_a_rate_was_saved(path):
    model = nn.Linear(2, 1, seed=0)
    model.save(path, optimizer=nn.Adam(model.parameters(), learning_rate=0.1))
    rate = nn.schedules.cosine(0.5, 10)
    optimizer = nn.Adam(model.parameters(), learning_rate=rate)
    nn.load(path, into=model, optimizer=optimizer)
    assert optimizer.learning_rate is rate


@pytest.mark.parametrize("into", [3, nn.MLP, "model"])
def test_only_a_model_is_filled(into, saved):
    with pytest.raises(ValueError, match=r"load: .* of class MLP, is required, .* got "):
        nn.load(saved, into=into)


def test_random_numbers_that_are_none_leave_the_other_parts(path):
    """Of two Dropouts, the second's altered; the first's must not have gone on either."""
    build = lambda s: nn.Sequential(nn.Dropout(0.5, seed=s), nn.Dropout(0.5, seed=s))  # noqa: E731
    build(1).save(path)
    forged(path, lambda d: d | {"dropouts": [d["dropouts"][0], [3, [1, 2], None]]})
    model = build(2)
    with pytest.raises(ValueError, match=r"load: .*m\.npz"):
        nn.load(path, into=model)
    assert model([1.0] * 30) == build(2)([1.0] * 30)


@pytest.mark.parametrize("state", [{"f": len}, {"a": np.array(["x"])}, {"v": Value(1.0)}])
def test_a_state_of_something_else_is_not_written(state, saved):
    before = saved.read_bytes()
    with pytest.raises(TypeError, match="save: numbers, texts, lists and arrays are required"):
        nn.MLP(4, [8, 3]).save(saved, optimizer=Optimizer(state))
    assert saved.read_bytes() == before


# ------------------------------------------------------------------ what is refused
def refused(path, words):
    model = nn.MLP(4, [8, 3], activation="tanh", seed=2)
    before = numbers(model)
    for into in (None, model):
        with pytest.raises(ValueError, match=words) as caught:
            nn.load(path, into=into)
        assert str(caught.value).startswith(f"load: {path}: ")
    assert numbers(model) == before


WHOLE = "a whole file that model.save wrote is required"


@pytest.mark.parametrize("damage", [
    lambda raw: raw[: len(raw) // 2], lambda raw: raw[:-1], lambda raw: b"", lambda raw: b"hello",
    lambda raw: bytes(1000), lambda raw: raw[100:], lambda raw: raw[:-22],
    lambda raw: pickle.dumps([1]),
])  # fmt: skip
def test_a_cut_file_is_named(damage, saved):
    saved.write_bytes(damage(saved.read_bytes()))
    refused(saved, WHOLE)


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 10**6), bit=st.integers(0, 7), size=st.integers(1, 40))
def test_a_damaged_file_is_refused_or_as_before(place, bit, size):
    model = nn.MLP(4, [2, 1], activation="tanh", seed=1)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "m.npz")
        model.save(path)
        with open(path, "rb") as file:
            raw = bytearray(file.read())
        for i in range(place % len(raw), min(place % len(raw) + size, len(raw))):
            raw[i] ^= 1 << bit
        with open(path, "wb") as file:
            file.write(raw)
        try:
            again = nn.load(path)
        except ValueError as error:
            assert path in str(error)
        else:
            assert numbers(again) == numbers(model) and repr(again) == repr(model)


def test_an_altered_file_is_refused(saved):
    """Though the checksums that the zip has of its members are right."""
    _, members = read(saved)
    for i in range(0, len(members["numbers"]), 7):
        other = members["numbers"].copy()
        other[i] += 1.0
        forged(saved, array=other, checksum=members["checksum"])
        refused(saved, "its checksum is another")
    forged(saved, lambda d: d | {"class": "Net"}, members["numbers"], members["checksum"])
    refused(saved, "its checksum is another")


def test_a_newer_file_says_so(saved):
    forged(saved, lambda d: {"format": d["format"], "version": 9, "new": [1]})
    refused(saved, r"newer \(version 9 was made by a newer whygrad, upgrade it\)")
    forged(saved, lambda d: d | {"version": 9}, checksum=np.zeros(32, np.uint8))
    refused(saved, "version 9 was made by a newer whygrad")


@pytest.mark.parametrize("version", [0, -1, "9", None, [1]])
def test_a_version_that_never_was_is_no_file_of_ours(version, saved):
    forged(saved, lambda d: d | {"version": version})
    refused(saved, WHOLE)


def test_another_programs_arrays_are_refused(path):
    np.savez(path, w=np.zeros(3))
    refused(path, WHOLE)
    np.savez(path, description=np.zeros(3, np.uint8), numbers=np.zeros(3), checksum=np.zeros(1))
    refused(path, WHOLE)


def test_another_format_is_refused(saved):
    forged(saved, lambda d: d | {"format": "another"})
    refused(saved, "its format is another")


class Evil:
    def __reduce__(self):
        return (os.system, ("touch ran",))


def npy(array):
    held = io.BytesIO()
    np.save(held, array, allow_pickle=True)
    return held.getvalue()


HOSTILE = {
    "a pickle": npy(np.array([Evil()], dtype=object)),
    "a bare pickle": pickle.dumps(Evil()),
    "huge": npy(np.zeros(3)).replace(b"(3,), }" + b" " * 12, b"(1000000000000,), }"),
    "objects": npy(np.zeros(3)).replace(b"'<f8'", b"'|O' "),
    "two axes": npy(np.zeros((2, 3))),
    "Fortran's": npy(np.zeros((2, 3), order="F")),
    "big-endian": npy(np.zeros(3, ">f8")),
    "a header that runs": npy(np.zeros(3)).replace(b"(3,), }      ", b"exit(1),}    "),
    "nothing": b"",
    "a short one": npy(np.zeros(3))[:-8],
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("member", files.MEMBERS)
def test_a_member_of_another_kind_is_refused_and_nothing_runs(kind, member, saved, monkeypatch):
    monkeypatch.chdir(saved.parent)
    with zipfile.ZipFile(saved) as file:
        content = {name: file.read(name) for name in file.namelist()}
    content[f"{member}.npy"] = HOSTILE[kind]
    with zipfile.ZipFile(saved, "w") as file:
        for name, held in content.items():
            file.writestr(name, held)
    refused(saved, WHOLE)
    assert os.listdir() == ["m.npz"]


def test_what_is_small_and_becomes_huge_is_refused(saved):
    """A gigabyte of zeros in a megabyte: refused by its kind, before it is unpacked."""
    with zipfile.ZipFile(saved) as file:
        content = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as file:
        for name, held in content.items():
            file.writestr(name, held)
    refused(saved, "it is compressed")


def module(name, **arguments):
    return lambda d: d | {"model": {"$module": name, **arguments}}


FORGED = {
    "a huge layer": module("MLP", nin=10**9, nouts=[10**9]),
    "a huge row": module("Layer", nin=10**12, nout=1),
    "a huge norm": module("LayerNorm", n=10**12),
    "a huge table": module("Embedding", count=10**9, size=10**9),
    "below zero": module("MLP", nin=-(10**9), nouts=[-(10**9)]),
    "below zero beside huge": module("MLP", nin=10**9, nouts=[1, -5 * 10**8]),
    "a text times a number": module("Layer", nin=10**12, nout="a"),
    "many": lambda d: d | {"model": {"$module": "Sequential", "layers": [
        {"$module": "Linear", "nin": 9, "nout": 6} for _ in range(9)]}},
    "more than it has": module("MLP", nin=4, nouts=[8, 4]),
    "less than it has": module("MLP", nin=4, nouts=[8, 2]),
    "an unknown class": module("Popen", args="touch ran"),
    "an unknown op": module("MLP", nin=4, nouts=[8, 3], activation={"$op": "system"}),
    "an op of two": module("MLP", nin=4, nouts=[8, 3], activation={"$op": "add"}),
    "an unknown argument": module("MLP", nin=4, nouts=[8, 3], args=1),
    "no module": lambda d: d | {"model": "MLP"},
    "a number": lambda d: d | {"model": 3},
    "an op": lambda d: d | {"model": {"$op": "tanh"}},
    "no state": lambda d: {k: v for k, v in d.items() if k != "state"},
    "a list of states": lambda d: d | {"state": [1]},
    "a place outside": lambda d: d | {"state": {k: {"$array": [10**9, 4]} for k in d["state"]}},
    "a huge place": lambda d: d | {"state": {k: {"$array": [0, 10**12]} for k in d["state"]}},
    "a text for a place": lambda d: d | {"state": {k: {"$array": ["a", "b"]} for k in d["state"]}},
    "no texts": lambda d: [d],
    "nothing": lambda d: None,
    "deep": lambda d: d | {"class": json.loads("[" * 900 + "]" * 900)},
}  # fmt: skip


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_description_is_refused_before_anything_is_made(kind, saved, monkeypatch):
    monkeypatch.chdir(saved.parent)
    forged(saved, FORGED[kind])
    if kind == "deep":
        assert numbers(nn.load(saved)) == read(saved)[1]["numbers"].tolist()
        return
    with pytest.raises(ValueError, match=r"load: .*m\.npz"):
        nn.load(saved)
    assert os.listdir() == ["m.npz"]


def test_a_description_too_deep_to_read_is_refused(saved):
    text = np.frombuffer(b"[" * 200_000 + b"]" * 200_000, np.uint8)
    held = read(saved)[1]["numbers"]
    with zipfile.ZipFile(saved, "w") as file:
        for name, one in zip(files.MEMBERS, (text, held, files._checksum(text, held))):
            file.writestr(f"{name}.npy", files._npy(one))
    refused(saved, WHOLE)


# ------------------------------------------------------------------ places
def test_a_file_that_is_not_there_or_cannot_be_is_pythons_own_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        nn.load(tmp_path / "none.npz")
    with pytest.raises(FileNotFoundError, match=r"no.m\.npz"):
        nn.Linear(2, 1).save(tmp_path / "no" / "m.npz")
    with pytest.raises(IsADirectoryError):
        nn.load(tmp_path)
    for wrong in (3, None, Value(1.0)):
        with pytest.raises(TypeError):
            nn.load(wrong)


def test_a_path_is_text_or_bytes_of_any_length(tmp_path):
    model = nn.Linear(2, 1, seed=0)
    for path in (os.fsencode(tmp_path / "b.npz"), os.fspath(tmp_path / ("x" * 251 + ".npz"))):
        model.save(path)
        assert numbers(nn.load(path)) == numbers(model)
    assert len(os.listdir(tmp_path)) == 2


def test_a_number_is_no_path_though_a_file_is_open_under_it(tmp_path):
    with open(tmp_path / "other", "wb") as file:
        with pytest.raises(TypeError, match="PathLike"):
            nn.Linear(2, 1).save(file.fileno())
        file.write(b"open still")
    assert (tmp_path / "other").read_bytes() == b"open still"


def test_a_link_stays_one_and_its_file_is_written(tmp_path):
    (tmp_path / "link.npz").symlink_to(tmp_path / "m.npz")
    nn.Linear(2, 1, seed=0).save(tmp_path / "link.npz")
    assert (tmp_path / "link.npz").is_symlink() and not (tmp_path / "m.npz").is_symlink()
    assert numbers(nn.load(tmp_path / "m.npz")) == numbers(nn.Linear(2, 1, seed=0))


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="a limit stands for the full disk")
def test_a_full_disk_leaves_the_old_file_and_no_other(saved):
    before = saved.read_bytes()
    code = f"""
import resource, signal, nn
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
model = nn.MLP(50, [80, 3], seed=0)
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
try:
    model.save({os.fspath(saved)!r})
except OSError as error:
    print(error.filename)
"""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.stdout.strip() == os.fspath(saved), done.stderr
    assert saved.read_bytes() == before and os.listdir(saved.parent) == ["m.npz"]


def test_a_save_that_is_interrupted_leaves_the_old_file(saved, monkeypatch):
    before = saved.read_bytes()

    def stopped(*_):
        raise KeyboardInterrupt

    for call in ("fsync", "replace"):
        monkeypatch.setattr(os, call, stopped)
        with pytest.raises(KeyboardInterrupt):
            nn.MLP(4, [8, 3]).save(saved)
        monkeypatch.undo()
        assert saved.read_bytes() == before and os.listdir(saved.parent) == ["m.npz"]


def test_every_layer_of_nn_has_a_way_back():
    """A layer that is added without one would be somebody's own."""
    layers = {
        kind for kind in vars(nn).values()
        if isinstance(kind, type) and issubclass(kind, nn.Module) and kind is not nn.Module
    }  # fmt: skip
    assert set(files.ARGUMENTS) == layers
    for kind, other in itertools.combinations(layers, 2):
        assert kind.__name__ != other.__name__
