"""A page that folds, as a file: its views, its texts, and that their numbers are the pass's own."""

import math
import re

import pytest

import autograd
import nn
import viz
from autograd import Value
from autograd.numbers import show
from tests.viz.test_page import Reader
from viz.drawing import folded
from viz.views import Folded, views


def moons(samples=6, width=8, model=None):
    """A hinge loss of a small network, far more than 50 boxes."""
    model = model or nn.MLP(2, [width, width, 1], seed=1)
    points = [(math.sin(k), math.cos(1.7 * k), 1.0 if k % 3 else -1.0) for k in range(samples)]
    parts = [(1.0 - t * model([a, b])).relu() for a, b, t in points]
    loss = autograd.sum(parts) / float(samples)
    loss.label = "loss"
    return loss, model


def recurrent(steps=20, hidden=6):
    """A state of several numbers, a loop in a row."""
    each = range(hidden)
    rows = [[Value(math.sin(hidden * i + j), f"w{i}{j}") for j in each] for i in each]
    h = [0.1 * j for j in range(hidden)]
    for t in range(steps):
        h = [autograd.tanh(autograd.dot(row, h) + math.sin(t)) for row in rows]
    return autograd.sum(h)


def lines(page):
    return [line.strip() for line in Reader(page).text.splitlines() if line.strip()]


def test_a_large_graph_is_a_folded_walk():
    loss, _ = moons()
    page = viz.trace(loss).html()
    assert page == viz.trace(loss).html() and len(page.encode()) < 300_000
    head = re.compile(r"Step \d+ of 640 · (forward|backward)")
    steps = [line for line in lines(page) if head.match(line)]
    assert 6 <= len(steps) < 100 and steps[-1].startswith("Step 640 of 640 · backward")
    assert "Step 0 of 640" in lines(page) and "Press → to a" in page


def test_layers_in_a_row_go_one_after_the_other():
    """A loop in a row whose copies are named layers, not steps, has an order all the same."""
    h = [Value(0.1 * j, f"x{j}") for j in range(8)]
    for k in range(6):
        rows = [[Value(math.sin(8 * k + i + j)) for i in range(8)] for j in range(8)]
        with autograd.scope(f"layer {k + 1}"):
            h = [autograd.tanh(autograd.dot(row, h)) for row in rows]
    walk = viz.trace(autograd.sum(h)).walk
    view = views(folded(walk.graph, 3, screen=False))[0]
    box = next(box for box in view.drawing.nodes if not box.leaf)
    while box.title != "6 layers →":  # from the whole inwards
        view = views(view.drawing.view(box.opens))[0]
        box = next(box for box in view.drawing.nodes if box.many and not box.leaf)
    told = [Folded(walk).fill(line) for _, line in Folded(walk).turn_of(view, box, False)]
    assert any(line.startswith("6 layers go, one after the other") for line in told), told


def test_what_goes_at_once_says_how_many_how_long_and_the_largest():
    loss, _ = moons()
    told = lines(viz.trace(loss).html())
    at = told.index("8 neurons of layer 1 go, in any order: relu(w·x + b)")
    graph = autograd.Graph(loss)
    outputs = [
        value for value, scope, op in zip(graph.values, graph.scopes, graph.ops)
        if scope.startswith("layer 1") and op is not None and op.name in ("relu", "maximum")
    ]  # fmt: skip
    largest, length = show(max(outputs, key=abs)), show(math.hypot(*outputs))
    assert told[at + 1] == f"48 values: length {length}, largest {largest}"
    sent = {}  # to each layer's parameters, by the pass itself
    for step in autograd.backward_steps(loss):
        for c in step.contributions:
            if c.input.op is None:
                sent.setdefault(c.input.label.partition(".")[0], []).append(c.amount)
    for layer, amounts in sent.items():
        largest, length = show(max(amounts, key=abs)), show(math.hypot(*amounts))
        count = f"{len(amounts):,} contributions"
        assert f"to {layer}: {count}: length {length}, largest {largest}" in told


def test_an_op_of_many_operands_tells_how_many():
    told = lines(viz.trace(moons(samples=40)[0]).html())
    assert [line for line in told if re.fullmatch(r"sum \d+ goes\.", line)]
    assert not [line for line in told if len(line) > 400 and "in Python" not in line]
    assert sum("40 contributions: length" in line for line in told) > 1


def test_every_box_that_opens_has_a_view_and_every_view_has_all_ops():
    loss, _ = moons()
    graph = autograd.Graph(loss)
    found = views(folded(graph))
    assert len(found) > 3 and found[0].key == ""
    ops = {i for i, record in enumerate(graph.ops) if record is not None}
    closed = {box.opens for view in found for box in view.drawing.nodes}
    assert {view.key for view in found} == closed | {""}
    for view in found:
        assert {i for stop in view.stops for i in stop} == ops
        turns = [(box.index, back) for box, back, _ in view.turns()]
        boxes = {box.index for box in view.drawing.nodes if box.op}
        assert len(turns) == 2 * len(boxes) and {box for box, _ in turns} == boxes
    seen = [view.drawing.svg for view in found]
    assert len(set(seen)) == len(seen)


def test_a_loop_in_a_row_that_is_open_goes_step_by_step():
    y = recurrent()
    (opening, *_) = views(folded(autograd.Graph(y)))
    assert len(opening.stops) >= 20
    told = " ".join(lines(viz.trace(y).html()))
    assert re.search(r"tanh\(.*?\): 6 of 120 go|: 120 of 120 go", told)


def test_of_many_leaves_so_many_are_listed_and_so_many_nudged(monkeypatch):
    loss, model = moons()
    page = viz.trace(loss).html()
    assert page.count("<input type=range") == len(model.parameters()) + 1
    assert page.count("(really") == 1 + len(model.parameters()), "one in the script"
    monkeypatch.setattr("viz.page.NUDGED", 7 * 425)
    monkeypatch.setattr("viz.page.LISTED", 60)
    ran, run = [], autograd.Graph.run
    monkeypatch.setattr("autograd.graph.Graph.run", lambda *a: ran.append(1) or run(*a))
    page = viz.trace(loss).html()
    assert len(ran) + 1 == page.count("(really") == 8, "a whole run a leaf"
    assert page.count("<input type=range") == 1 + 60 and "45 more leaves are not listed." in page


def test_hostile_scopes_and_labels_stay_text():
    loss = "</script><script>alert(1)</script>\"'&<!--"
    with autograd.scope(loss + "s" * 10_000):
        rows = [[Value(0.1, f"{loss}{j}{i}") for i in range(3)] for j in range(20)]
        made = [autograd.tanh(autograd.dot(row, [1.0, 2.0, 3.0])) for row in rows]
    root = autograd.sum(made)
    root.label = loss
    page = viz.trace(root).html()
    tags = [tag for tag, _ in Reader(page).tags]
    assert tags.count("script") == 1 and "<script>alert" not in page and "<!--" not in page
    for _, attributes in Reader(page).tags:
        assert not [name for name in attributes if name == "style" or name.startswith("on")]


def test_a_graph_beyond_what_follows_a_hand_says_so(monkeypatch):
    monkeypatch.setattr("viz.page.LIVE_NODES", 100)
    loss, _ = moons()
    page = viz.trace(loss).html()
    assert "Inputs do not move here: 425 nodes are more than 100." in page
    assert page.count(" disabled>") >= 105 * 2


@pytest.mark.parametrize("make", [lambda: moons()[0], recurrent])
def test_only_what_is_folded_carries_the_script_of_views(make):
    assert "function schedule(" in viz.trace(make()).html()
    assert "function schedule(" not in viz.trace(Value(2.0, "x").tanh()).html()


@pytest.mark.parametrize("make", [lambda: moons()[0], lambda: Value(2.0, "x").tanh() * 3.0])
def test_a_tooltip_holds_no_number_that_a_moved_leaf_would_make_wrong(make):
    root = make()
    root.backward()
    titles = re.findall("<title>([^<]*)</title>", viz.trace(root).html().partition("<svg")[2])
    assert len(titles) > 3
    told = [line for title in titles[1:] for line in title.split("&#10;")]
    assert not [x for x in told if re.search(r"value|grad|length|largest", x)]


def test_a_stop_tells_of_no_input_that_gets_nothing_then():
    """In a chain of few samples a box may go in several stops; an input waits for its own."""
    model = nn.MLP(2, [2, 1], activation="tanh", output="sigmoid", seed=3)
    rows = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    loss = nn.binary_cross_entropy([model(row) for row in rows], [0, 1, 1, 0])
    loss.label = "loss"
    assert not re.search(r"\b0 contributions", viz.trace(loss).html())
