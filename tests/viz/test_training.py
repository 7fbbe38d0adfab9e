"""Training on the page: the engine's weights, any step again, a map; what cannot be trained."""

import itertools
import math

import pytest

import autograd
import nn
import viz
from autograd import Value
from autograd.numbers import show
from autograd.op import REALS, primitive
from tests.viz.test_browser import NARROW, WIDE, browser, labelled, opened, pytestmark, text

__all__ = ["browser", "opened"]  # fixtures
in_browser = pytestmark[1]
ROWS = [(0.0, 0.0, 0.0), (0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0)]


class Net:
    """XOR by two tanh units and a sum, from weights without symmetry; the last row in Values."""

    def __init__(self, start=(0.6, -0.7, 0.1, -0.4, 0.9, -0.2, 0.8, -0.5, 0.3)):
        names = ("u1", "u2", "a", "v1", "v2", "b", "p", "q", "c")
        self.weights = [Value(x, name) for x, name in zip(start, names)]
        self.x1, self.x2 = Value(1.0, "x1", requires_grad=False), Value(1.0, "x2", False)

    def out(self, i, j):
        u1, u2, a, v1, v2, b, p, q, c = self.weights
        return p * (u1 * i + u2 * j + a).tanh() + q * (v1 * i + v2 * j + b).tanh() + c

    def loss(self):
        outs = [self.out(i, j) for i, j, _ in ROWS[:-1]] + [self.out(self.x1, self.x2)]
        self.last = labelled(outs[-1], "out")
        errors = [(out - t) ** 2 for out, (_, _, t) in zip(outs, ROWS)]
        return labelled(autograd.sum(errors) / 4.0, "loss")

    def trace(self, rate=0.1, **more):
        return viz.trace(self.loss(), train=self.weights, learning_rate=rate, **more)

    def trained(self, steps, rate=0.1):
        """The same by the engine: w - rate × gradient."""
        for _ in range(steps):
            for weight in self.weights:
                weight.zero_grad()
            self.loss().backward()
            for weight in self.weights:
                weight.data -= rate * weight.grad
        return [weight.data for weight in self.weights]


def travel(page, step):
    """The weights at a training step."""
    page.evaluate(f"travel({step})")
    arrive(page, "frame === undefined")
    return weights(page)


def weights(page):
    at = dict(page.evaluate("leaves.map(([i, , , label]) => [label, here.get(i)])"))
    return [at[weight.label] for weight in Net().weights]


def arrive(page, where):
    look = f"const look = () => ({where} ? done() : requestAnimationFrame(look)); look();"
    page.evaluate(f"new Promise((done) => {{ {look} }})")  # the policy forbids wait_for_function


@in_browser
@pytest.mark.parametrize(("steps", "rate"), [(1, 0.5), (40, 0.5), (1000, 0.1)])
def test_weights_are_the_engines(opened, steps, rate):
    """V8's tanh and C's are each within 1 ulp; 1,000 steps that converge keep that to 1e-12."""
    page = opened(Net().trace(rate))
    assert travel(page, steps) == pytest.approx(Net().trained(steps, rate), rel=0, abs=1e-12)
    assert page.get_by_role("spinbutton", name="training step").input_value() == str(steps)


@in_browser
def test_any_step_comes_again_to_the_bit(opened):
    page = opened(Net().trace(0.5))
    seen = {k: travel(page, k) for k in (0, 1, 255, 256, 257, 700, 1801, 3000)}
    assert page.evaluate("kept.length <= KEPT && every > 1")
    for k in (1801, 0, 256, 3000, 1, 700, 257, 255):
        assert travel(page, k) == seen[k], k
    assert seen[0] == [weight.data for weight in Net().weights]


@in_browser
def test_another_rate_holds_from_the_step_it_is_typed_at(opened):
    page = opened(Net().trace(0.5))
    travel(page, 30)
    rate = page.get_by_role("spinbutton", name="rate")
    rate.fill("0.125")
    rate.press("Enter")
    again = travel(page, 50)
    net = Net()
    first = net.trained(10, 0.5)
    net.trained(20, 0.5)
    assert again == pytest.approx(net.trained(20, 0.125), rel=0, abs=1e-12)
    assert travel(page, 10) == pytest.approx(first, rel=0, abs=1e-12), "the past stays"
    assert travel(page, 50) == again
    rate.fill("-1")
    rate.press("Enter")
    assert rate.input_value() == "0.125" and travel(page, 50) == again


@in_browser
def test_it_plays_and_pauses(opened):
    page = opened(Net().trace())
    page.get_by_role("button", name="Train").click()
    arrive(page, "reached > 20")
    page.get_by_role("button", name="Pause").click()
    step = page.evaluate("done")
    page.wait_for_timeout(100)
    assert page.evaluate("done") == step > 20 and page.evaluate("frame") is None
    assert page.get_by_role("button", name="Train").is_visible()
    assert f"training step {step}" in page.inner_text("#said").replace("\n", " ")
    page.get_by_role("slider", name="drag the training step").fill("3")
    assert page.evaluate("done") == 3


@in_browser
def test_every_number_follows_a_training_and_reset_takes_it_back(opened):
    page = opened(Net().trace(), step=0)
    travel(page, 100)
    net = Net(Net().trained(100))
    page.keyboard.press("End")
    loss = net.loss()
    loss.backward()
    assert f"loss {show(loss.data)}" in text(page)
    values = [page.get_by_role("spinbutton", name=w.label, exact=True) for w in net.weights]
    assert [v.input_value() for v in values] == [show(w.data) for w in net.weights]
    assert show(net.weights[0].grad) in page.inner_text("#inputs li:first-child")
    page.get_by_role("button", name="Reset").click()
    assert travel(page, 0) == [weight.data for weight in Net().weights]
    assert page.get_by_role("spinbutton", name="training step").input_value() == "0"


@in_browser
def test_a_moved_input_is_a_new_start(opened):
    page = opened(Net().trace())
    travel(page, 100)
    page.get_by_role("button", name="Train").click()
    page.get_by_role("spinbutton", name="u1", exact=True).fill("2")
    assert page.evaluate("[done, to, rates.length]") == [0, 0, 1]
    start = Net().trained(100)
    moved = weights(page)
    assert moved[0] == 2.0
    assert travel(page, 7) == pytest.approx(Net(moved).trained(7), rel=0, abs=1e-12)
    assert travel(page, 0) == moved and start != moved


@in_browser
def test_it_stops_where_numbers_end_and_says_at_which_step(opened):
    w, steps = Value(1.0, "w"), 0
    page = opened(viz.trace(labelled(w * w, "L"), train=[w], learning_rate=1e30))
    x = 1.0
    while math.isfinite(x * x):
        x, steps = x - 1e30 * (x + x), steps + 1
    page.evaluate("travel(1000)")
    arrive(page, "frame === undefined")
    assert page.evaluate("here.get(trained[0])") == x and page.evaluate("done") == steps
    assert f"stopped at step {steps}, nan or inf" in text(page)
    page.get_by_role("button", name="Train").click()
    assert page.evaluate("done") == steps and page.get_by_role("button", name="Train").is_visible()
    page.evaluate("travel(1)")
    assert "stopped" not in text(page)


@in_browser
@pytest.mark.parametrize("steps", [0, 400])
def test_a_map_is_the_output_over_two_leaves(opened, steps):
    """As dark as it is large, in light: from paper at the least number to ink at the largest."""
    net = Net()
    loss = net.loss()
    page = opened(viz.trace(loss, net.weights, 0.5, (net.last, net.x1, net.x2)))
    painted = page.get_by_role("img", name="map of out over x1 and x2")
    alphas = """e => { const n = e.width / side, { data } = e.getContext("2d").getImageData(
            0, 0, e.width, e.width), cells = Array.from({ length: side * side }, (_, k) => k);
        return cells.map(k => data[4 * ((Math.floor(k / side) * n + 1) * e.width
            + (k % side) * n + 1) + 3]); }"""
    trained, side = Net(travel(page, steps)), page.evaluate("side")
    at = [-0.5 + 2.0 * (n + 0.5) / side for n in range(side)]
    grid = [trained.out(x, y).data for y, x in itertools.product(reversed(at), at)]
    low, high = min(grid), max(grid)
    want = [255 * (z - low) / (high - low) for z in grid]
    assert painted.evaluate(alphas) == pytest.approx(want, abs=1.01)
    assert all(show(x) in page.inner_text("#map") for x in (low, high))
    assert "-0.5 … 1.5" in page.inner_text("#map")


@in_browser
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_training_page_is_no_wider_than_the_screen(opened, size):
    net = Net()
    loss = net.loss()
    page = opened(viz.trace(loss, train=net.weights, map=(net.last, net.x1, net.x2)), viewport=size)
    travel(page, 5000)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    parts = "#play", "#rate", "#to", "#map canvas", "#scale", "#train svg", "#now"
    for name in parts:
        box = page.locator(name).bounding_box()
        assert 0 <= box["x"] and box["x"] + box["width"] <= size["width"], name


# ------------------------------------------------------------------ what cannot be trained
def silent():
    x = Value(1.0, "x")
    op = primitive("silent", domain=REALS, floats=lambda x: x, partials=(lambda m, x, y: 1.0,))
    return viz.trace(op(x), train=[x])


def net_and(**more):
    net = Net()
    loss = net.loss()
    return viz.trace(loss, **{k: v(net) for k, v in more.items()})


@pytest.mark.parametrize(("make", "error", "said"), [
    (lambda: net_and(train=lambda net: [3.0]), TypeError, "train takes Values, got 3.0"),
    (lambda: net_and(train=lambda net: net.weights[0]), TypeError, "a list of Values"),
    (lambda: net_and(train=lambda net: nn.MLP(2, [1], seed=1)), TypeError, "model.parameters()"),
    (lambda: net_and(train=lambda net: []), TypeError, "a list of Values"),
    (lambda: net_and(train=lambda net: [Value(1.0, "far")]), ValueError, "far, to which no path"),
    (lambda: net_and(train=lambda net: [net.last]), ValueError, "got out, which add made"),
    (lambda: net_and(train=lambda net: [net.x1]), ValueError, "got x1, which has requires_grad"),
    (lambda: net_and(learning_rate=lambda net: "fast"), TypeError, "a number, got 'fast'"),
    (lambda: net_and(learning_rate=lambda net: True), TypeError, "a number, got True"),
    (lambda: net_and(learning_rate=lambda net: -1.0), ValueError, "> 0 and finite, got -1.0"),
    (lambda: net_and(learning_rate=lambda net: math.nan), ValueError, "> 0 and finite, got nan"),
    (lambda: net_and(map=lambda net: net.last), TypeError, "three Values"),
    (lambda: net_and(map=lambda net: (net.last, net.x1)), TypeError, "three Values"),
    (lambda: net_and(map=lambda net: (net.last, net.x1, 1.0)), TypeError, "got 1.0"),
    (lambda: net_and(map=lambda net: (net.last, net.x1, net.x1)), ValueError, "two different"),
    (lambda: net_and(map=lambda net: (net.x1, net.x2, net.last)), ValueError, "got out as one"),
    (silent, ValueError, "got x, which goes into an op that has no page form"),
])  # fmt: skip
def test_what_cannot_be_trained_is_named(make, error, said):
    with pytest.raises(error) as caught:
        make()
    assert said in str(caught.value)


def test_what_is_too_large_to_be_live_is_not_trained(monkeypatch):
    monkeypatch.setattr("viz.page.LIVE_NODES", 20)
    with pytest.raises(ValueError, match=r"at most 20 nodes, got \d+"):
        Net().trace()


def test_a_page_that_trains_is_small_and_only_it_carries_the_script():
    net = Net()
    loss = net.loss()
    page = viz.trace(loss, train=net.weights, map=(net.last, net.x1, net.x2)).html()
    assert len(page.encode()) <= 150_000
    assert "function descend(" in page and "function descend(" not in viz.trace(net.loss()).html()


def test_hostile_names_stay_text_in_a_map():
    evil = '"><img src=x onerror=alert(1)>'
    x, y = Value(0.5, evil), Value(0.25, evil)
    root = labelled((x * y).tanh(), evil)
    page = viz.trace(root, train=[x], map=(root, x, y)).html()
    assert "<img src=x" not in page


def test_nothing_is_changed_in_python():
    net = Net()
    net.trace().html()
    assert [w.data for w in net.weights] == [w.data for w in Net().weights]
    assert not any(w.has_grad for w in net.weights)
