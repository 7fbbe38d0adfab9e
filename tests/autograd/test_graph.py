"""Graph: the flat form; and copies and pickles, which walk the same way."""

import copy
import io
import math
import pickle
import threading
from itertools import pairwise

import pytest

import autograd
import nn
from autograd import Graph, Value
from autograd.ieee import FLOATS
from autograd.names import names


def example():
    """INSIGHT's L = (w*x + b - t)**2 + 0.1*(w*w)."""
    w, x, b, t = Value(1.5, "w"), Value(2.0, "x"), Value(-1.0, "b"), Value(1.0, "t")
    L = (w * x + b - t) ** 2 + 0.1 * (w * w)
    L.label = "L"
    return L, w


# ------------------------------------------------------------------ the flat form
def test_operands_stand_before_their_users_left_to_right():
    L, _ = example()
    graph = Graph(L)
    assert [str(n) for n in names(graph)] == [
        "w", "x", "w×x", "b", "w×x+b", "t", "w×x+b-t", "(w×x+b-t)²", "w×w", "0.1×(w×w)", "L",
    ]  # fmt: skip
    assert graph.operands == (
        (), (), (0, 1), (), (2, 3), (), (4, 5), (6, 2.0), (0, 0), (0.1, 8), (7, 9),
    )  # fmt: skip
    assert [record and record.symbol for record in graph.ops] == [
        None, None, "×", None, "+", None, "-", "**", "×", "×", "+",
    ]  # fmt: skip
    assert graph.roots == (10,) and len(graph) == 11
    assert repr(graph) == "Graph(7 ops, 4 leaves, 1 roots)"
    for i, operands in enumerate(graph.operands):
        assert all(x < i for x in operands if type(x) is int)


def test_a_graph_holds_what_its_nodes_say():
    with autograd.scope("layer 1"):
        x, frozen = Value(2.0, "x"), Value(3.0, requires_grad=False)
        y = x * frozen
    y.backward()
    graph = Graph(y)
    assert graph.nodes == (x, frozen, y) and graph.values == (2.0, 3.0, 6.0)
    assert graph.grads == (3.0, None, 1.0), "None: no pass has reached it"
    assert graph.recording == (True, False, True)
    assert graph.labels == ("x", "", "") and graph.scopes == ("", "", "layer 1")


def test_users_are_the_places_that_use_a_node_in_forward_order():
    L, _ = example()
    users = Graph(L).users
    assert users[0] == ((2, 0), (8, 0), (8, 1)) and users[8] == ((9, 1),) and users[10] == ()


def test_users_are_found_once():
    graph = Graph(Value(1.0) * 2.0)
    assert graph.users is graph.users


def test_a_graph_of_several_roots_is_one_order():
    x = Value(2.0)
    shared = x * x
    first, second = shared + 1.0, shared * 2.0
    graph = Graph(second, first, x, second)
    assert graph.nodes == (x, shared, second, first) and graph.roots == (2, 3, 0, 2)
    assert Graph(x).operands == ((),) and len(Graph()) == 0


def test_a_graph_is_frozen_in_what_it_holds():
    x = Value(2.0, "x")
    y = x * x
    graph = Graph(y)
    x.data, x.label = 5.0, "z"
    assert graph.values == (2.0, 4.0) and graph.labels[0] == "x"


@pytest.mark.parametrize("wrong", [1.0, [Value(1.0)], None])
def test_a_root_that_is_no_value_is_refused(wrong):
    with pytest.raises(
        TypeError, match=r"Graph: a Value is required as root, got .*; pass the result"
    ):
        Graph(wrong)


def test_a_graph_runs_again_in_an_arithmetic_with_other_leaves():
    L, w = example()
    graph = Graph(L)
    assert graph.run(FLOATS, {})[-1] == L.data
    moved = graph.run(FLOATS, {graph.nodes.index(w): 1.51})
    assert moved[-1] == (1.51 * 2.0 - 1.0 - 1.0) ** 2 + 0.1 * (1.51 * 1.51)


def test_a_wide_and_a_deep_graph_are_walked_in_linear_time():
    """A dot of 100,000 and a lattice with 2**1000 paths: each node once."""
    xs = [Value(1.0) for _ in range(50_000)]
    graph = Graph(autograd.dot(xs, [xs[0]] * 50_000))
    assert len(graph) == 50_001 and len(graph.users[0]) == 50_001
    y = Value(1.0)
    for _ in range(1000):
        y = y + y
    assert len(Graph(y)) == 1001


# ------------------------------------------------------------------ copies
def dumps_python(x, protocol):
    file = io.BytesIO()
    pickle._Pickler(file, protocol).dump(x)
    return file.getvalue()


WAYS = {
    "deepcopy": copy.deepcopy,
    **{f"C {p}": lambda x, p=p: pickle.loads(pickle.dumps(x, p)) for p in range(6)},
    **{f"Python {p}": lambda x, p=p: pickle._loads(dumps_python(x, p)) for p in range(6)},
}
ways = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


@ways
def test_a_copy_is_the_same_graph_and_shares_nothing(way):
    with autograd.scope("s"):
        x, frozen = Value(2.0, "x"), Value(-0.0, requires_grad=False)
        y = autograd.dot([x, frozen, 3.0], [x, 1e-9, x]) + autograd.where(x > 1.0, x, 0.5) / 3.0
        y.label = "y"
    y.backward()
    twin = way(y)
    ours, theirs = Graph(y), Graph(twin)
    assert not set(ours.nodes) & set(theirs.nodes)
    for field in ("ops", "operands", "values", "grads", "labels", "scopes", "recording"):
        assert getattr(ours, field) == getattr(theirs, field), field
    assert math.copysign(1.0, theirs.values[1]) == -1.0
    twin.backward()
    theirs_x = theirs.nodes[0]
    assert theirs_x.grad == 2 * x.grad and theirs_x.label == "x"


@ways
def test_identity_among_everything_in_one_copy_is_kept(way):
    x, apart = Value(2.0, "x"), Value(9.0)
    y = x * x + 3.0
    thing = {"leaf first": (x, y), "again": [y, [x, apart]], y: {x: apart}, "empty": Value(0.0)}
    twin = way(thing)
    x2, y2 = twin["leaf first"]
    assert twin["again"] == [y2, [x2, twin[y2][x2]]] and twin["again"][0] is y2
    assert y2.inputs[0].inputs == (x2, x2) and x2 is not x
    y2.backward()
    assert x2.grad == 4.0 and not x.has_grad


@ways
def test_a_model_and_its_loss_stay_one(way):
    model = nn.MLP(2, [2, 1], seed=3)
    loss = (model([1.0, -1.0]) - 3.0) ** 2
    for twin, twin_loss in (way((model, loss)), way((loss, model))[::-1]):
        twin_loss.backward()
        assert any(p.grad != 0.0 for p in twin.parameters())
        assert not any(p.has_grad for p in model.parameters())
        assert [p.label for p in twin.parameters()] == [p.label for p in model.parameters()]
        assert twin([1.0, -1.0]).data == model([1.0, -1.0]).data


def chain(n, y=None):
    y = Value(1.0) if y is None else y
    nodes = []
    for _ in range(n):
        y = y * 1.0001
        nodes.append(y)
    return nodes


@pytest.mark.parametrize("order", [1, -1], ids=["leaf to root", "root to leaf"])
@pytest.mark.parametrize(
    "way", [copy.deepcopy, WAYS["C 5"], WAYS["Python 2"]], ids=["deepcopy", "C", "Python"]
)
def test_a_copy_of_a_list_of_all_nodes_is_linear_and_keeps_identity(way, order):
    """The square of 5,000 nodes would take minutes."""
    nodes = chain(5_000)
    twins = way(nodes[::order])[::order]
    assert all(after.inputs[0] is before for before, after in pairwise(twins))
    assert twins[-1].data == nodes[-1].data


@pytest.mark.parametrize("kind", [pickle.Pickler, pickle._Pickler], ids=["C", "Python"])
def test_a_kept_pickler_used_twice_keeps_identity_between_its_pickles(kind):
    nodes = chain(3_000)
    file = io.BytesIO()
    pickler = kind(file)
    pickler.dump(nodes[1500])
    pickler.dump((nodes[-1], nodes[10]))
    file.seek(0)
    unpickler = pickle.Unpickler(file)
    first = unpickler.load()
    last, tenth = unpickler.load()
    graph = Graph(last).nodes
    assert first in graph and tenth in Graph(first).nodes and len(graph) == 3001


@pytest.mark.parametrize("kind", [pickle.Pickler, pickle._Pickler], ids=["C", "Python"])
def test_a_pickler_whose_memo_was_cleared_starts_anew(kind):
    nodes = chain(3_000)
    file = io.BytesIO()
    pickler = kind(file)
    pickler.dump(nodes[-1])
    pickler.clear_memo()
    start = file.tell()
    pickler.dump(nodes[-1])
    file.seek(start)
    assert len(Graph(pickle.load(file))) == 3001


@pytest.mark.parametrize("kind", [pickle.Pickler, pickle._Pickler], ids=["C", "Python"])
def test_picklers_that_take_turns_do_not_confuse_each_other(kind):
    """Each is kept; each dumps what the other already has, and what grew on it; none recurses."""
    left, right = chain(3_000)[-1], chain(3_000)[-1]
    files = [io.BytesIO(), io.BytesIO(), io.BytesIO()]
    picklers = [kind(file) for file in files]
    for turn in range(4):
        for pickler in picklers[: 2 + turn % 2]:
            pickler.dump((left, right))
        left = chain(1_500, left)[-1]
    for file in files[:2]:
        file.seek(0)
        unpickler = pickle.Unpickler(file)
        loaded = [unpickler.load() for _ in range(4)]
        assert [len(Graph(a)) for a, _ in loaded] == [3001 + 1500 * turn for turn in range(4)]
        assert len({b for _, b in loaded}) == 1, "the right one is the same in every pickle"
        assert loaded[0][0] in Graph(loaded[3][0]).nodes


def test_threads_pickle_one_graph_at_the_same_time():
    nodes = chain(2_000)
    results, barrier = [], threading.Barrier(4)

    def work():
        barrier.wait()
        for _ in range(3):
            results.append(len(Graph(pickle.loads(pickle.dumps((nodes[-1], nodes[7])))[0])))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [2001] * 12


def test_a_failed_pickle_leaves_no_trace_in_the_next():
    x = Value(1.0)
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
        pickle.dumps((x * 2.0, lambda: None))
    assert pickle.loads(pickle.dumps(x * 2.0)).data == 2.0


def test_a_shallow_copy_is_a_node_over_the_same_operands():
    x = Value(2.0, "x")
    y = x * x
    y.backward()
    twin = copy.copy(y)
    assert twin is not y and twin.inputs == (x, x) and (twin.data, twin.grad) == (4.0, 1.0)
    leaf = copy.copy(x)
    leaf.data = 7.0
    assert (x.data, leaf.label, leaf.grad) == (2.0, "x", 4.0)
    twin.backward()
    assert x.grad == 8.0, "both stand over the same leaf"


def test_a_deepcopy_copies_a_subclass_attributes_deeply():
    class Noted(Value):
        pass

    x = Noted(1.0)
    x.notes = [x * 2.0]
    twin = copy.deepcopy(x)
    assert twin.notes is not x.notes and twin.notes[0].inputs == (twin, 2.0)
