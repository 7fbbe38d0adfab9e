"""An explanation has every part of a gradient, its paths and samples, and says only what is so."""

import itertools
import json
import math
import random
import re

import numpy as np
import pytest

import autograd
import nn
import viz
from autograd import Value
from autograd.sweep import backward_steps
from viz.explanation import Explanation
from viz.steps import trace


def example():
    w, x, b, t = Value(1.5, "w"), Value(2.0, "x"), Value(-1.0, "b"), Value(1.0, "t")
    loss = (w * x + b - t) ** 2 + 0.1 * (w * w)
    loss.label = "L"
    return loss, w, x


def labelled(value, label):
    value.label = label
    return value


def random_expression(seed):
    """Twelve ops on three leaves, with zeros of slope among them."""
    draw = random.Random(seed)
    pool = [Value(draw.uniform(-2, 2), name) for name in "abc"]
    for _ in range(12):
        x, y = draw.choice(pool), draw.choice(pool[-4:])
        pool.append(draw.choice([x * y, x + y, x - y, y.tanh(), y.relu(), x * x, x * 1e-160]))
    return sum(pool[-3:], pool[-4]), pool


def part_by_part(root):
    """What each use of each node sends, by the node's identity."""
    sent = {}
    for step in backward_steps(root):
        for c in step.contributions:
            sent.setdefault(id(c.input), []).append((step.node, c.slot, step.upstream, c))
    return sent


# ------------------------------------------------------------------ a value's text
def test_a_leaf_is_told_with_its_nudge_its_parts_and_its_paths():
    loss, w, _ = example()
    assert str(viz.explain(loss, w)) == (
        "w = 1.5, a leaf.\n"
        "Raise w by 0.01 (to 1.51) and L rises by about 0.043 (really 0.04341).\n"
        "dL/dw = 4 + 0.15 + 0.15 = 4.3, added, because w is used 3 times:\n"
        "  from w×x: dL/d(w×x) × x = 2 × 2 = 4\n"
        "  from w×w, 1st: dL/d(w×w) × w = 0.1 × 1.5 = 0.15\n"
        "  from w×w, 2nd: dL/d(w×w) × w = 0.1 × 1.5 = 0.15\n"
        "The heaviest paths, each with the product of its slopes:\n"
        "  4: L ← (w×x+b-t)² ← w×x+b-t ← w×x+b ← w×x ← w\n"
        "  0.15: L ← 0.1×(w×w) ← w×w 1st ← w\n"
        "  0.15: L ← 0.1×(w×w) ← w×w 2nd ← w"
    )


def test_a_node_between_is_nudged_itself():
    """w×w from 2.25 to 2.26: 0.1 × 0.01 more."""
    loss, *_ = example()
    told = viz.explain(loss, loss.inputs[1].inputs[1])
    assert str(told).startswith(
        "w×w = 1.5 × 1.5 = 2.25, made by multiply.\n"
        "Raise w×w by 0.01 (to 2.26) and L rises by about 0.001 (really 0.001).\n"
    )
    assert told.to_dict()["nudge"] == pytest.approx({"by": 0.01, "about": 0.001, "really": 0.001})


def test_the_root_itself_is_a_value_too():
    loss, *_ = example()
    told = viz.explain(loss, loss)
    assert "dL/dL = 1: if it rises by 1, it rises by 1." in str(told)
    facts = told.to_dict()
    assert facts["paths"] == [{"product": 1.0, "nodes": ["L"]}]
    assert (facts["grad"], facts["contributions"], facts["weakest"]) == (1.0, [], None)


def test_a_falling_root_has_a_negative_nudge():
    a, b = Value(2.0, "a"), Value(3.0, "b")
    told = viz.explain(labelled(b - a * 5.0, "L"), a)
    assert told.to_dict()["nudge"] == pytest.approx({"by": 0.01, "about": -0.05, "really": -0.05})
    assert "L falls by about 0.05 (really 0.05)" in str(told)


def test_a_zero_has_its_reason_and_a_small_one_what_shrinks_it():
    x, w = Value(-0.4, "x"), Value(6.0, "w")
    off = labelled((x * 3.0).relu(), "h")
    loss = labelled(off + labelled(w.tanh(), "k"), "L")
    assert "does not move (really 0).\nIts gradient is 0:\n  h is off: its input is -1.2.\n" in str(
        viz.explain(loss, x)
    )
    assert "It is small: what shrinks it most is k: slope 2.4577e-5, its input is 6." in str(
        viz.explain(loss, w)
    )
    assert "shrinks" not in str(viz.explain(loss, loss.inputs[1]))


def test_what_shrinks_most_is_the_smallest_partial_below_1_on_the_heaviest_path():
    w = [Value(2.6, "w1"), Value(2.0, "w2")]
    h = labelled((w[0] * 2.0).tanh(), "h")
    found = viz.explain(3.0 * (0.5 * h), w[0]).to_dict()["weakest"]
    assert (found["node"], found["op"]) == ("h", "tanh")
    assert found["local"] == pytest.approx(1.0 / math.cosh(5.2) ** 2, rel=1e-12)
    told = viz.explain(labelled(autograd.dot(w, [0.5, -0.05]), "d") * -0.75, w[1])
    assert told.to_dict()["weakest"] == {"node": "d", "op": "dot", "local": -0.05}
    assert "what shrinks it most is d: slope -0.05, its input is 2." in str(told)
    assert viz.explain(w[0] * 3.0 + 1.0, w[0]).to_dict()["weakest"] is None


def test_long_names_are_said_once_in_a_line():
    model = nn.MLP(1, [2, 1], activation="relu", seed=1)
    model.layers[0].neurons[0].b.data = -9.0
    root = labelled(autograd.sum([(model([x]) - 1.0) ** 2 for x in XS]), "L")
    w = model.layers[1].neurons[0].w[0]
    text = str(viz.explain(root, w))
    assert "layer 1/neuron 1: relu is 0, in layer 2/neuron 1: dot.\n" in text
    assert "\n  8 samples: 0 each" in text and "moves it most" not in text
    short = "w1: 0. layer 1/neuron 1: relu is 0, in layer 2/neuron 1: dot. (7 more)"
    assert f"  layer2.neuron1.{short}" in str(viz.explain(root)).splitlines()
    few = str(viz.explain(labelled(model([1.0]) + model([2.0]), "y"), w))
    assert "added, because it is used 2 times:\n  from layer 2/neuron 1: dot: 1 × 0 = 0\n" in few


@pytest.mark.parametrize("where", ["frozen", "elsewhere"])
def test_what_has_no_gradient_promises_no_nudge(where):
    """L does move when a frozen leaf is raised: 0.02 for 0.01."""
    w, x = Value(0.5, "w", requires_grad=False), Value(2.0, "x")
    loss = labelled(w * x, "L")
    told = viz.explain(loss, w if where == "frozen" else Value(1.0, "q"))
    facts = told.to_dict()
    assert "Raise" not in str(told) and (facts["grad"], facts["zero_count"]) == (0.0, 1)
    assert facts["zero_because"][0]["text"] in str(told)
    assert facts["contributions"] == facts["paths"] == facts["groups"] == []
    really = 0.02 if where == "frozen" else 0.0
    assert facts["nudge"] == pytest.approx({"by": 0.01, "about": 0.0, "really": really})


def test_more_than_one_pass_is_said_of_the_leaf_that_holds_it():
    loss, w, x = example()
    loss.backward()
    loss.backward()
    x.zero_grad()
    assert "w.grad holds 8.6 but one pass gives 4.3" in str(viz.explain(loss, w))
    assert ".grad holds" not in str(viz.explain(loss, x)) + str(viz.explain(loss, loss.inputs[0]))
    assert ".grad holds" not in str(viz.explain(loss)), "not all do"


def test_the_line_that_made_it_is_told_where_it_is_known():
    w = Value(2.0, "w")
    with autograd.detect_anomaly():
        h = w * 3.0
    told = viz.explain(labelled(h.tanh(), "L"), h)
    line = told.to_dict()["lineno"]
    assert f"made by multiply, line {line} of test_explanation.py." in str(told)


def test_where_nan_began_and_the_way_from_there():
    x = Value(-1.0, "x")
    with pytest.warns(RuntimeWarning):
        bad = labelled(autograd.log(x), "bad")
    told = viz.explain(labelled(bad * 2.0 + 1.0, "L"), x)
    assert "  from there: bad → bad×2 → L" in str(told)
    facts = told.to_dict()
    assert facts["anomaly"]["chain"] == ["bad", "bad×2", "L"] and math.isnan(facts["grad"])


# ------------------------------------------------------------------ contributions
@pytest.mark.parametrize("seed", range(20))
def test_contributions_are_every_use_of_every_node_largest_first(seed):
    root, _ = random_expression(seed)
    sent, walk = part_by_part(root), trace(root).walk
    for i, node in enumerate(walk.graph.nodes):
        facts = Explanation(walk, i).to_dict()
        found = [
            (c["op"], c["slot"], c["upstream"], c["local"], c["amount"])
            for c in facts["contributions"]
        ]
        uses = sent.get(id(node), [])
        made = ((user.op.name, slot, up, c.local, c.amount) for user, slot, up, c in uses)
        assert sorted(found) == sorted(made)
        sizes = [abs(c["amount"]) for c in facts["contributions"]]
        assert sizes == sorted(sizes, reverse=True)
        assert json.loads(json.dumps(facts)) == facts


def test_what_is_cut_sends_exactly_0():
    x = Value(-1.0, "x")
    with pytest.warns(RuntimeWarning):
        (sent,) = viz.explain(autograd.where(0.0, autograd.log(x), 1.0), x).to_dict()[
            "contributions"
        ]
    assert sent["amount"] == 0.0 and math.isnan(sent["local"])


# ------------------------------------------------------------------ paths
def every_path(root, value):
    """Product and nodes of each chain of uses, one by one."""
    sent, found = part_by_part(root), []
    todo = [(value, 1.0, (id(value),))]
    while todo:
        node, product, nodes = todo.pop()
        if node is root:
            found.append((abs(product), nodes))
        for user, _, _, c in sent.get(id(node), []):
            if c.local != 0.0:
                todo.append((user, c.local * product, (id(user), *nodes)))
    return found


@pytest.mark.parametrize("seed", range(20))
def test_the_heaviest_paths_are_those_of_all_paths(seed):
    root, _ = random_expression(seed)
    walk = trace(root).walk
    for i, node in enumerate(walk.graph.nodes):
        want = sorted((product for product, _ in every_path(root, node)), reverse=True)
        found = Explanation(walk, i, top=7).to_dict()["paths"]
        got = [abs(path["product"]) for path in found]
        assert got == pytest.approx(want[:7], rel=1e-12, abs=5e-324)
        assert got == sorted(got, reverse=True)
        assert all(path["nodes"][0] == walk.result for path in found)


def test_2_to_the_60_paths_are_not_enumerated():
    """1 = 1 × … × 1; then one 0.25 among the ones, in 60 ways."""
    x = y = Value(1.0, "x")
    for _ in range(60):
        y = y + y * 0.25
    found = viz.explain(y, x, top=62).to_dict()["paths"]
    assert [path["product"] for path in found] == [1.0, *[0.25] * 60, 0.0625]
    assert len({tuple(path["nodes"]) for path in found}) == 62


def test_products_beyond_a_floats_range_keep_their_order():
    x = Value(1.0, "x")
    low = [x * 1e-200 * 1e-200, x * 3e-200 * 1e-200, x * 2e-200 * 1e-200]
    found = viz.explain(labelled(autograd.sum(low), "L"), x).to_dict()["paths"]
    assert [path["product"] for path in found] == [0.0] * 3
    assert [path["nodes"][2] for path in found] == ["x×3e-200", "x×2e-200", "x×1e-200"]
    high = viz.explain(x * 1e200 * -1e200 * 1e-200, x).to_dict()["paths"]
    assert high[0]["product"] == pytest.approx(-1e200)


def test_a_path_that_is_not_finite_comes_first_and_does_not_hide():
    """sqrt's slope at 0 is inf, and inf × 0 is nan: of x×x each wire passes it on."""
    x = Value(0.0, "x")
    root = autograd.sqrt(x * x) + x * 5.0
    found = viz.explain(root, x).to_dict()["paths"]
    assert [math.isnan(path["product"]) for path in found] == [True, True, False]
    assert found[2]["product"] == 5.0


def test_equal_paths_stand_in_forward_order():
    x = Value(1.0, "x")
    root = autograd.sum([labelled(x * 2.0, f"h{k}") for k in range(6)])
    found = viz.explain(root, x, top=4).to_dict()["paths"]
    assert [path["nodes"][1] for path in found] == ["h0", "h1", "h2", "h3"]


def test_a_long_path_keeps_both_ends_and_a_line():
    h = x = Value(0.5, "x")
    for _ in range(2000):
        h = autograd.sin(h)
    told = viz.explain(labelled(h, "L"), x)
    lines = [line for line in str(told).splitlines() if " ← … ← " in line]
    assert len(lines) == 1 and re.match(r"  [\d.e-]+: L ← sin 1999 ← ", lines[0])
    assert len(lines[0]) <= 80 and lines[0].endswith(" ← … ← sin(sin(x)) ← sin(x) ← x")


# ------------------------------------------------------------------ groups
def grouped(root, value):
    found = viz.explain(root, value).to_dict()["groups"]
    sizes = [abs(group["amount"]) for group in found]
    assert sizes == sorted(sizes, reverse=True)
    counts = {group["name"]: group["count"] for group in found}
    return {group["name"]: group["amount"] for group in found}, counts


def squares(w, xs):
    """Each one's slope is 2 (w x - 1) x."""
    return [(w * x - 1.0) ** 2 for x in xs]


XS = [float(k) for k in range(1, 9)]
SLOPES = {f"sample {k}": 2.0 * (0.5 * x - 1.0) * x for k, x in enumerate(XS, 1)}


def backwards(parts):
    total = 0.0
    for part in parts:
        total = part + total  # the last one is met first
    return total


@pytest.mark.parametrize("add", [autograd.sum, sum, backwards])
def test_samples_are_numbered_as_they_were_recorded(add):
    w = Value(0.5, "w")
    amounts, counts = grouped(add(squares(w, XS)), w)
    assert amounts == pytest.approx(SLOPES) and {*counts.values()} == {1}


def test_what_is_in_no_loop_goes_by_its_op():
    w = Value(0.5, "w")
    amounts, counts = grouped(autograd.sum(squares(w, XS)) + 0.1 * (w * w), w)
    assert amounts == pytest.approx({**SLOPES, "w×w": 0.1}) and counts["w×w"] == 2


def test_steps_are_counted_along_the_row():
    """h ← w h + x: d h_n / d w is the sum over k of w^(n-k) h_(k-1)."""
    w, h, states = Value(0.5, "w"), Value(1.0, "h0"), []
    for x in XS:
        states.append(h.data)
        h = w * h + x
    want = {f"step {k}": 0.5 ** (8 - k) * state for k, state in enumerate(states, 1)}
    amounts, _ = grouped(h, w)
    assert amounts == pytest.approx(want)


def test_a_scope_that_tells_the_copies_apart_names_them():
    w, parts = Value(0.5, "w"), []
    for name, xs in (("easy", XS[:4]), ("hard", XS[4:])):
        for k, x in enumerate(xs):
            with autograd.scope(f"{name} {k}"):
                parts += squares(w, [x])
    amounts, _ = grouped(autograd.sum(parts), w)
    assert set(amounts) == {f"{name} {k}" for name in ("easy", "hard") for k in range(4)}


def test_of_nested_scopes_the_first_that_differs_counts():
    w, parts = Value(0.5, "w"), []
    for batch in (1, 2, 3):
        for k in (1, 2, 3, 4):
            with autograd.scope("data"), autograd.scope(f"batch {batch}"):
                with autograd.scope(f"sample {k}"):
                    parts += squares(w, [float(k)])
    _, counts = grouped(autograd.sum(parts), w)
    assert counts == {"batch 1": 4, "batch 2": 4, "batch 3": 4}


def test_neurons_that_share_a_scale_are_told_apart_before_samples():
    """d scale of a neuron: over the samples, 2 (o - 1) times what it gave."""
    model, scale = nn.MLP(1, [5, 1], activation="tanh", seed=3), Value(0.7, "scale")
    losses, given = [], []
    for x in (0.1, 0.2, 0.3):
        hidden = []
        for k, neuron in enumerate(model.layers[0].neurons):
            with autograd.scope(f"neuron {k}"):
                hidden.append(neuron([x]))
                hidden[-1] = hidden[-1] * scale
        out = autograd.sum(hidden)
        losses.append((out - 1.0) ** 2)
        given.append([2.0 * (out.data - 1.0) * h.data / 0.7 for h in hidden])
    want = {f"neuron {k}": sum(row) for k, row in enumerate(zip(*given))}
    amounts, counts = grouped(autograd.sum(losses), scale)
    assert amounts == pytest.approx(want) and {*counts.values()} == {3}


def test_one_samples_neurons_are_told_apart_within_it():
    model = nn.MLP(1, [2, 8, 1], activation="tanh", seed=1)
    hidden = [model.layers[0]([0.1 * k]) for k in range(4)]
    losses = [(model.layers[2](model.layers[1](h)) - 1.0) ** 2 for h in hidden]
    amounts, _ = grouped(autograd.sum(losses), hidden[2][0])
    assert set(amounts) == {f"neuron {k}" for k in range(1, 9)}


def test_many_uses_are_told_by_their_groups():
    w = Value(0.5, "w")
    text = str(viz.explain(labelled(autograd.sum(squares(w, XS)), "L"), w, top=2))
    assert (
        "dL/dw = 132, added, because w is used 8 times:\n"
        "  8 samples: -1 … 48; sample 8 moves it most: 48\n"
        "    sample 8: 48\n"
        "    sample 7: 35\n"
        "    … 6 more\n"
    ) in text


def test_groups_hold_every_use_once():
    root, pool = random_expression(7)
    x = pool[0]
    root = autograd.sum([root, *[(x * k).tanh() for k in range(2, 5)], x * x, x / 3.0, x * 9.0])
    facts = viz.explain(root, x).to_dict()
    assert sum(group["count"] for group in facts["groups"]) == len(facts["contributions"])
    assert sum(group["amount"] for group in facts["groups"]) == pytest.approx(facts["grad"])


# ------------------------------------------------------------------ the whole
def test_the_whole_tells_the_most_and_the_least_moving_leaves():
    loss, *_ = example()
    told = viz.explain(loss)
    assert str(told) == (
        "L = (w×x+b-t)² + 0.1×(w×w) = 1 + 0.225 = 1.225, made by add; 7 ops, 4 leaves.\n"
        "What moves L most, and least:\n"
        "  w: 4.3\n"
        "  x: 3\n"
        "  b: 2\n"
        "  t: -2"
    )
    facts = told.to_dict()
    assert [x["name"] for x in facts["leaves"]] == ["w", "x", "b", "t"]
    assert facts["layers"] == [] and (facts["root"], facts["data"]) == ("L", 1.225)


def test_a_leaf_that_does_not_move_it_has_its_because():
    x, w = Value(0.0, "x"), Value(2.0, "w")
    told = str(viz.explain(labelled(w * x, "L")))
    assert "  w: 0. x is 0: in L the slope for w is x." in told


def test_dead_neurons_are_told_by_layer():
    model = nn.MLP(2, [4, 1], seed=1)
    for k in (0, 2):
        model.layers[0].neurons[k].b.data = -100.0
    loss = autograd.sum([(model([x, 1.0]) - 1.0) ** 2 for x in XS])
    told = r"^layer 1: 4 neurons, gradient of length [\d.]+\n  dead: neuron 1, neuron 3"
    assert re.search(told, str(viz.explain(loss)), re.MULTILINE)


@pytest.mark.parametrize("top", [1, 5, 30])
def test_a_long_explanation_is_below_40_lines(top):
    model = nn.MLP(2, [4] * 9 + [1], activation="tanh", seed=1)
    for layer, k in itertools.product(model.layers, range(4)):
        layer.neurons[min(k, len(layer.neurons) - 1)].b.data = 30.0 * (k % 2)
    loss = autograd.sum([(model([x, 1.0]) - 1.0) ** 2 for x in np.linspace(-1, 1, 20).tolist()])
    for value in (None, *model.layers[0].neurons[0].parameters()):
        assert len(str(viz.explain(loss, value, top=top)).splitlines()) < 40


# ------------------------------------------------------------------ how it is shown, and refused
def test_a_notebook_shows_the_text_and_no_markup_of_a_label():
    w = Value(0.5, "<b onclick=1>w</b>\x1b[31m")
    told = viz.explain(w * 2.0, w)
    assert "\x1b" not in told.text and "<b" not in told._repr_html_()
    assert repr(told) == str(told) and "&lt;b onclick" in told._repr_html_()


def test_braces_in_a_label_are_text():
    w = Value(0.5, "{w[0]}")
    assert "added, because {w[0]} is used 2 times:" in str(viz.explain(w * w, w))


def test_an_answer_is_of_the_state_that_was_asked():
    loss, w, _ = example()
    told, early = viz.explain(loss, w), str(viz.explain(loss, w))
    w.data = 100.0
    assert str(told) == early and told.to_dict()["data"] == 1.5


@pytest.mark.parametrize("top", [0, -1, 2.0, True, "5", None])
def test_a_top_that_is_no_count_is_refused(top):
    loss, w, _ = example()
    with pytest.raises(ValueError, match=r"top must be a whole number >= 1, got"):
        viz.explain(loss, w, top=top)


@pytest.mark.parametrize(
    ("root", "value", "error"),
    [
        (3.0, None, TypeError),
        (None, None, TypeError),
        (Value(1.0) * 2.0, 3.0, TypeError),
        (Value(1.0, requires_grad=False), None, ValueError),
    ],
)
def test_what_cannot_be_explained_is_refused(root, value, error):
    with pytest.raises(error, match="is required"):
        viz.explain(root, value)


def test_a_stale_graph_and_an_unknown_value_are_refused_as_a_pass_refuses_them():
    loss, w, _ = example()
    w.data = 5.0
    with pytest.raises(autograd.StaleGraphError):
        viz.explain(loss, w)
    with pytest.raises(autograd.TracingError):
        autograd.compile(lambda x: viz.explain(x) or x)


def test_nothing_is_written():
    loss, w, _ = example()
    loss.backward()
    before = [(v.data, v.grad, v.has_grad, v.label) for v in (loss, w)]
    str(viz.explain(loss, w)), viz.explain(loss, w).to_dict(), str(viz.explain(loss))
    assert [(v.data, v.grad, v.has_grad, v.label) for v in (loss, w)] == before
