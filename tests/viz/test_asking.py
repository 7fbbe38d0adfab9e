"""What the page answers: a guess, both states, this state as Python, why; in a frame as well."""

import math
import random
import re

import pytest

import autograd
import viz
from autograd import Graph, Value
from tests.viz.test_browser import (
    NARROW,
    WIDE,
    at,
    browser,
    corners,
    example,
    fan,
    labelled,
    opened,
    pytestmark,
    text,
    type_in,
)  # fmt: skip
from tests.viz.test_page import HOSTILE
from tests.viz.test_views import moons

__all__ = ["browser", "opened", "pytestmark"]
FIELD = "your guess"


def seen(page):
    """All that can be read at once, also in the drawing and by a screen reader."""
    drawn = " ".join(page.locator("svg text").all_text_contents()).replace("−", "-")
    return f"{text(page)} {drawn} {page.inner_text('#said')}"


def guess(page, number):
    field = page.get_by_label(FIELD)
    field.fill(str(number))
    field.press("Enter")


# ------------------------------------------------------------------ a guess first
def test_what_a_step_sends_is_hidden_everywhere_until_it_is_guessed(opened):
    page = opened(example(), step=10)
    page.keyboard.press("h")
    before = seen(page)
    for amount in ("= 0.15", "→ 0.3", "grad 0.3", "0.15 ", "2 of 3 in: "):
        assert amount not in before, amount
    assert "w×w goes now" in before and "w: – → ? → ?, 2 of 3 in, waiting for w×x" in before
    assert page.locator(".tick.in").count() == 0
    page.keyboard.press("Escape")
    guess(page, 0.1509)
    after = seen(page)
    assert "Right. 1 of 1 right" in after and "= 0.15" in after and "w: – → 0.15 → 0.3" in after
    assert "1 of 1 right" in page.inner_text("#said") and not page.get_by_label(FIELD).is_visible()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("position") == 11, "the arrows step again at once"


@pytest.mark.parametrize(("number", "score"), [
    (0.15, "1 of 1"), (0.1515, "1 of 1"), (0.1485, "1 of 1"), (0.1516, "0 of 1"), (-0.15, "0 of 1"),
])  # fmt: skip
def test_a_guess_is_right_within_one_percent(opened, number, score):
    page = opened(example(), step=10)
    page.get_by_role("button", name="Guess").click()
    guess(page, number)
    assert f"{score} right" in text(page) and "= 0.15" in text(page)


def test_a_step_is_asked_about_once_and_guessing_ends_as_it_began(opened):
    page = opened(example(), step=8)
    page.keyboard.press("h")
    for step, number in ((8, 1), (9, 7), (10, 0.15)):
        at(page, step)
        guess(page, number)
    assert "2 of 3 right" in text(page)
    at(page, 9)
    assert not page.get_by_label(FIELD).is_visible() and "?" not in page.inner_text("#walk")
    at(page, 11)
    assert page.get_by_label(FIELD).is_visible()
    page.keyboard.press("h")
    assert not page.get_by_label(FIELD).is_visible() and "= 2" in page.inner_text("#walk")
    assert page.get_attribute("#guess", "aria-pressed") == "false"
    page.keyboard.press("h")
    assert "right" not in page.inner_text("#asks"), "and counts anew"


def test_nothing_is_asked_where_nothing_is_sent(opened):
    a, b = Value(1.0, "a"), Value(2.0, "b")
    still = [Value(x, name, requires_grad=False) for x, name in ((1.0, "c"), (2.0, "d"))]
    page = opened(labelled((a * b) ** 2 + still[0] * still[1], "y"), step=0)
    page.keyboard.press("h")
    asked = []
    for k in range(int(page.get_attribute("#slider", "max")) + 1):
        at(page, k)
        asked.append(page.get_by_label(FIELD).is_visible())
        rows = page.locator("#walk .now .row")
        assert asked[-1] == (rows.count() > 0), k
    assert asked == [False] * 5 + [True, False, True, True], "c×d sends nothing"


def test_the_table_of_gradients_waits_for_the_last_guess_and_print_hides_nothing(opened):
    page = opened(example(), step=14)
    page.keyboard.press("h")
    assert not page.locator("#table").is_visible()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert "= ?" not in text(page) and "→ ?" not in text(page) and "4.3" in text(page)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert not page.locator("#table").is_visible()
    guess(page, 4)
    assert page.locator("#table").is_visible() and "1 of 1 right" in text(page)


def test_keys_in_a_field_are_letters(opened):
    page = opened(example(), step=10)
    page.get_by_role("spinbutton", name="w", exact=True).focus()
    page.keyboard.press("h")
    page.keyboard.press("e")
    assert page.get_attribute("#guess", "aria-pressed") == "false"
    assert not page.locator("#why").is_visible()


# ------------------------------------------------------------------ recorded → now
def drawn(page, name):
    box = page.locator(".node").filter(has=page.locator(f"text='{name}'")).first
    return [box.locator(kind).text_content().replace("−", "-") for kind in (".value", ".grad")]


def test_a_box_shows_what_was_recorded_and_what_is_now(opened):
    page = opened(example(), step=14)
    type_in(page, {"w": 2.0})
    assert drawn(page, "w") == ["1.5 → 2", "4.3 → 8.4"]
    assert drawn(page, "t") == ["1", "-2 → -4"], "one number where it is the same"
    index = [box.name for box in viz.graph(example()).nodes].index("L")
    page.locator(".node").nth(index).hover()
    title = page.locator(".node").nth(index).locator("title").text_content()
    assert "value 1.225 → 4.4" in title and title.endswith("grad 1")
    at(page, 7)
    assert drawn(page, "w") == ["1.5 → 2", "–"]
    page.get_by_role("button", name="Reset").click()
    assert "→" not in " ".join(page.locator("svg text").all_text_contents())


FITS = """() => [...document.querySelectorAll("svg .node")].flatMap((box) => {
    const rect = box.querySelector("rect").getBoundingClientRect();
    const texts = [...box.querySelectorAll("text.value, text.grad, text.amount")];
    return texts.map((text) => text.getBoundingClientRect()).filter((at) =>
        at.width && (at.left < rect.left || at.right > rect.right));
}).length"""


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("w", [-2.3456, 1.2345e-7, -1.23456789e11])
def test_both_numbers_fit_their_box_and_nothing_moves(opened, size, w):
    page = opened(example(w=-1.23456e-10), step=14, viewport=size)
    places = "[...document.querySelectorAll('svg rect')].map((e) => e.getBBox().x)"
    before = page.evaluate(places)
    page.evaluate("document.getElementById('inputs').open = true")
    type_in(page, {"w": w})
    assert any("→" in x for x in page.locator("text.value").all_text_contents())
    assert page.evaluate(FITS) == 0 and page.evaluate(places) == before


def test_closed_boxes_say_that_they_are_of_now(opened):
    loss, _ = moons()
    page = opened(loss, step=640)
    page.evaluate("document.getElementById('inputs').open = true")
    closed = page.locator(".node.folded", has_text="layer 1").first
    title = closed.locator("title")
    closed.hover()
    assert "now" not in title.text_content()
    type_in(page, {"layer1.neuron1.w1": 2.0})
    page.mouse.move(1, 1)
    closed.hover()
    assert title.text_content().endswith("Its numbers are those of now.")
    assert re.search(r"\d → \d", page.locator(".node", has_text="loss").last.text_content())


# ------------------------------------------------------------------ as Python
def rebuilt(page):
    """The leaves that the page's lines make."""
    if not page.get_by_label("as Python", exact=True).last.is_visible():
        page.get_by_role("button", name="as Python").click()
    space = {}
    exec(page.input_value("#lines"), space)
    return {name: x for name, x in space.items() if isinstance(x, Value)}


def test_its_lines_rebuild_the_state_with_all_digits(opened):
    draw = random.Random(3)
    numbers = [draw.gauss(0, 10.0 ** draw.randint(-20, 20)) for _ in range(20)]
    numbers += [0.0, -0.0, 5e-324, 1.7e308, 0.1 + 0.2, -7.0, 1e21, 123456789012345680.0]
    leaves = [Value(x, f"w{n}", n % 3 > 0) for n, x in enumerate(numbers)]
    page = opened(autograd.sum(leaves))
    made = rebuilt(page)
    assert list(made) == [f"w{n}" for n in range(len(numbers))]
    for value, leaf in zip(made.values(), leaves, strict=True):
        assert repr(value.data) == repr(leaf.data)
        assert (value.label, value.requires_grad) == (leaf.label, leaf.requires_grad)
    odd = [eval(page.evaluate(f"digits({x})")) for x in ("Infinity", "-Infinity", "NaN")]
    assert odd[:2] == [math.inf, -math.inf] and math.isnan(odd[2])


def test_its_lines_follow_a_moved_leaf(opened):
    page = opened(example())
    assert rebuilt(page)["w"].data == 1.5
    assert page.input_value("#lines").splitlines()[2] == 'w = Value(1.5, "w")'
    type_in(page, {"w": 0.30000000000000004})
    assert rebuilt(page)["w"].data == 0.1 + 0.2
    page.get_by_role("button", name="as Python").click()
    assert not page.locator("#lines").is_visible()


def test_a_label_that_is_no_name_stays_a_label(opened):
    labels = [
        *HOSTILE, "", "w", "w", "v1", "class", "Value", "é", "ﬁ", "a.b", "two words", "'", '"\\',
        "\u2028\x00\r\n", "\U0001f600", "9", "\ud800",
    ]  # fmt: skip
    page = opened(autograd.sum([Value(n + 0.5, label) for n, label in enumerate(labels)]))
    made = rebuilt(page)
    assert sorted(value.data for value in made.values()) == [n + 0.5 for n in range(len(labels))]
    assert {x.data: x.label for x in made.values()} == {n + 0.5: s for n, s in enumerate(labels)}
    assert made["w"].data == 3.5 and made["v1"].data == 5.5


# ------------------------------------------------------------------ why
def told(page):
    page.wait_for_selector("#why[open]")
    return page.locator("#told").text_content()


def close(page):
    page.keyboard.press("Escape")
    assert not page.locator("#why").is_visible()


@pytest.mark.parametrize("make", [example, corners, fan])
def test_e_explains_the_box_whose_turn_it_is_as_it_was_recorded(opened, make):
    root = make()
    walk = viz.trace(root).walk
    page = opened(root, step=0)
    for k in range(2 * walk.forward + 1):
        at(page, k)
        page.keyboard.press("e")
        want = viz.explain(root, Graph(root).nodes[walk.turn(k)]) if k else viz.explain(root)
        assert told(page) == str(want), k
        close(page)


def test_a_moved_leaf_changes_no_explanation(opened):
    root = example()
    page = opened(root, step=10)
    type_in(page, {"w": 3.0})
    page.get_by_role("button", name="Explain").click()
    assert told(page) == str(viz.explain(root, root.inputs[1].inputs[1]))
    assert "recorded" in page.get_by_role("dialog").text_content()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("position") == 10, "what is behind it rests"
    page.keyboard.press("e")
    assert not page.locator("#why").is_visible()
    assert page.evaluate("document.activeElement.id") == "explain", "the focus comes back"
    page.keyboard.press("ArrowRight")
    assert page.evaluate("position") == 11


def test_a_leaf_is_explained_by_its_gradient_and_after_a_click_on_its_box(opened):
    root = example()
    w = next(node for node in Graph(root).nodes if node.label == "w")
    page = opened(root, step=14)
    page.get_by_role("button", name="grad 4.3").click()
    assert told(page) == str(viz.explain(root, w))
    page.get_by_role("button", name="Close").click()
    index = [box.name for box in viz.graph(root).nodes].index("w")
    page.locator(".node").nth(index).locator(".value").click()
    page.keyboard.press("e")
    assert told(page) == str(viz.explain(root, w))
    close(page)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("e")
    assert told(page) != str(viz.explain(root, w))


def test_of_several_ops_and_of_a_large_graph_it_says_how_to_ask(opened, monkeypatch):
    loss, _ = moons()
    page = opened(loss, step=640)
    page.keyboard.press("e")
    assert "viz.explain(loss, value)" in told(page)
    monkeypatch.setattr("viz.page.EXPLAINED", 10)
    page = opened(example(), step=10)
    page.keyboard.press("e")
    assert "up to 10 nodes" in told(page) and "viz.explain(L, value)" in told(page)


# ------------------------------------------------------------------ in a frame
def test_in_a_sandboxed_frame_it_opens_at_a_step_and_does_all_of_this(opened):
    w = Value(1.5, "w")
    root = labelled((w * 2.0 - 1.0) ** 2, "L")
    frame = "const f = document.createElement('iframe'); f.sandbox = 'allow-scripts';"
    show = f"(html) => {{ {frame} f.srcdoc = html; document.body.replaceChildren(f); }}"
    inner = viz.trace(root, train=[w], learning_rate=0.1).html(step=5)
    page = opened(Value(1.0, "x"), bypass_csp=True)
    page.evaluate(show, inner)
    inside = page.frame_locator("iframe")
    inside.get_by_text("Step 5 of 6").first.wait_for()
    inside.locator("#explain").dispatch_event("click")
    inside.locator("#why[open]").wait_for()
    inside.locator("#close").dispatch_event("click")
    inside.locator("#next").dispatch_event("click")
    assert "Step 6 of 6" in inside.locator("body").inner_text()
    inside.locator("#play").dispatch_event("click")
    inside.locator("#play", has_text="Pause").wait_for()
