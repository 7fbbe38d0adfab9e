"""Folded drawings: which boxes there are, that nothing is lost or made up, and how they open."""

import math
import random
from collections import Counter

import pytest

import autograd
import nn
import viz
from autograd import Graph, Value, backward_steps, dot
from viz.drawing import folded
from viz.folding import Folding


def points(count):
    return [(math.sin(k), math.cos(1.7 * k), 1.0 if k % 3 else -1.0) for k in range(count)]


def moons(samples, sizes=(16, 16, 1)):
    """The hinge loss of a network, with its backward pass done."""
    model = nn.MLP(2, list(sizes), seed=1)
    losses = [(1.0 - t * model([a, b])).relu() for a, b, t in points(samples)]
    loss = autograd.sum(losses) / float(samples)
    loss.label = "loss"
    loss.backward()
    return loss


def recurrent(steps=20, hidden=8):
    """tanh(outer·x + inner·h + b), again and again, from h = 0."""
    outer, inner = (
        [[Value(math.sin(j * n + i), f"{name}{j},{i}") for i in range(n)] for j in range(hidden)]
        for name, n in (("outer", 3), ("inner", hidden))
    )
    h = [0.0] * hidden
    for t in range(steps):
        x = [math.sin(t + i) for i in range(3)]
        h = [autograd.tanh(dot(outer[j], x) + dot(inner[j], h) + 0.1 * j) for j in range(hidden)]
    y = autograd.sum(h)
    y.backward()
    return y


def irregular(count, seed=0):
    """Ops of the one before and one of the last twenty: no loop in it."""
    rng, pool = random.Random(seed), [Value(0.3, "p"), Value(-0.2, "q"), Value(0.7, "r")]
    ops = autograd.minimum, autograd.arctan2, lambda a, b: autograd.sin(a + b), autograd.hypot
    for _ in range(count):
        pool.append(rng.choice(ops)(pool[-1], rng.choice(pool[-20:])))
    return pool[-1]


def cuts(graph):
    """The cut of one closed box, of a few, and of all open."""
    folding = Folding(graph)
    for most in (2, 12, 30, math.inf):
        yield folding.largest(most, lambda cut: True)


WHOLES = {
    "a network over samples": lambda: moons(12), "one sample": lambda: moons(1),
    "a loop in a row": recurrent, "no loop": lambda: irregular(200),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLES)
def test_every_op_and_leaf_is_in_one_box_and_every_use_on_one_wire_or_inside(name):
    graph = Graph(WHOLES[name]())
    for cut in cuts(graph):
        where = {node: box.index for box in cut.boxes for node in box.nodes}
        boxed = [node for box in cut.boxes for node in box.nodes]
        leaves = {i for i, record in enumerate(graph.ops) if record is None}
        assert len(boxed) == len(set(boxed)) and set(boxed) >= set(range(len(graph))) - leaves
        assert set(boxed) >= leaves or len(cut.boxes) == 1
        on_wires = [(wire, place) for wire in cut.wires for place in wire.places]
        assert len({place for _, place in on_wires}) == len(on_wires)
        for wire, (op, slot) in on_wires:
            assert where[graph.operands[op][slot]] == wire.source and where[op] == wire.target
        carried = {place for _, place in on_wires}
        for op, operands in enumerate(graph.operands):
            for slot, x in enumerate(operands):
                if type(x) is int and x in where and where[x] != where[op]:
                    assert (op, slot) in carried


@pytest.mark.parametrize("name", WHOLES)
def test_contributions_on_the_wires_are_those_of_the_pass_and_give_each_grad(name):
    root = WHOLES[name]()
    if root.op is not None and not root.has_grad:
        root.backward()
    steps = [c for step in backward_steps(root) for c in step.contributions]
    passed = Counter((id(c.input), c.slot, c.amount, c.total) for c in steps if c.input.op is None)
    for cut in cuts(Graph(root)):
        if len(cut.boxes) == 1:
            continue
        sent = [c for wire in cut.wires for c in wire.contributions if c.input.op is None]
        assert Counter((id(c.input), c.slot, c.amount, c.total) for c in sent) == passed
    assert {c.total for c in steps if c.input.op is None} >= {
        leaf.grad for leaf in Graph(root).nodes if leaf.op is None
    }


def test_no_contribution_before_a_pass_or_of_several_roots():
    model = nn.MLP(2, [16, 16, 1], seed=1)
    for root in (Graph(model([0.5, 1.0])), Graph(*[model([k, 1.0]) for k in range(3)])):
        drawing = viz.graph(root)
        assert drawing.wires and all(wire.contributions == [] for wire in drawing.wires)


def test_a_network_is_its_samples_layers_and_loss():
    drawing = folded(Graph(moons(100)), 12, screen=False)
    titles = [box.title for box in drawing.nodes]
    assert titles[:3] == ["layer1", "layer2", "layer3"]
    assert [frame.title for frame in drawing.frames] == ["× 100 samples"]
    assert {"layer 1", "layer 2"} <= {*titles, *(x.title for x in drawing.frames[0].frames)}
    layer = folded(Graph(moons(1)), 9, screen=False)
    box = next(box for box in layer.nodes if box.title == "layer 2")
    assert box.many.lines == ("16 neurons · 48 ops", "relu(w·x + b)")
    assert [len(row) for row in box.many.values] == [16]


def titles(root):
    return [box.title for box in viz.graph(root).nodes]


def test_different_operands_have_different_letters_and_no_letter_is_another_leafs_name():
    state, x = Value(0.1), Value(0.5)
    shift = Value(0.2)
    for _ in range(60):
        state = autograd.tanh(state * x + shift)
    assert {"y × x", "y + x", "tanh(x)"} <= set(titles(state))

    x = state = Value(0.5, "x")  # the first step reads the same leaf twice, the others do not
    for _ in range(60):
        state = autograd.tanh(x * state + x)
    assert {"x × y", "y + x"} <= set(titles(state))

    a = Value(0.3, "a")
    h = [autograd.tanh(a * Value(0.01 * k)) for k in range(40)]
    assert "x × y" in titles(autograd.sum([h[k] * h[k + 1] for k in range(39)]))


def test_a_stem_names_leaves_only_where_all_have_it():
    w1, w2 = Value(0.3, "w1"), Value(0.4, "w2")
    many = [(w1 * w2 * Value(0.1 * k, f"q{k}") + w1).tanh() for k in range(60)]
    assert "w1 × w2 × q" in titles(autograd.sum(many))
    rows = [[Value(0.1, f"{m}.{j}") for j in range(8)] for m in "qkv" for _ in range(20)]
    xs = [Value(0.2, f"x{j}") for j in range(8)]
    told = titles(autograd.sum([autograd.dot(row, xs).tanh() for row in rows]))
    assert not {"q·x", "k·x", "v·x"} & set(told)


def test_what_is_no_name_is_told():
    with pytest.raises(ValueError, match="open must be the name of a box or scope, got 3"):
        viz.graph(Value(1.0).tanh(), open=3)


def test_a_stale_graph_is_drawn_with_its_changed_leaf_and_tells_no_contribution():
    w = Value(0.5, "w")
    late = autograd.sum([autograd.tanh(w * (0.1 * k)) for k in range(60)])
    late.backward()
    w.data = 0.7
    drawing = viz.graph(late)
    assert "changed since" in drawing.svg and "largest" in drawing.svg
    assert "wires, length" not in drawing.svg
    with pytest.raises(autograd.StaleGraphError, match="w was changed"):
        drawing.wires[-1].contributions  # noqa: B018
