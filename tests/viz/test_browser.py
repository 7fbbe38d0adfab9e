"""The page in Chromium: stepping, moved leaves, and that its numbers and words stay Python's."""

import random
import re
import shutil
import zlib

import pytest

import autograd
import nn
import viz
from autograd import Value
from autograd.numbers import show
from autograd.op import REALS, derived
from tests.viz.test_page import Reader
from tests.viz.test_views import moons

play = pytest.importorskip("playwright.sync_api", reason="the page is tested in a browser")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH: make test-browser needs it"),
]
WIDE, NARROW = {"width": 1280, "height": 720}, {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def browser():
    with play.sync_playwright() as p:
        started = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a root's or trace's page; fails if it complains or asks for anything outside itself."""
    said, contexts = [], []

    def open_page(root, step=None, **options):
        trace = root if isinstance(root, viz.Trace) else viz.trace(root)
        trace.save(tmp_path / "walk.html")
        contexts.append(browser.new_context(**{"viewport": WIDE, **options}))
        page = contexts[-1].new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append("dialog"), dialog.dismiss()))
        page.on("request", lambda r: r.url.startswith("file:") or said.append(r.url))
        page.goto((tmp_path / "walk.html").as_uri() + (f"#step={step}" if step is not None else ""))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not said


def labelled(value, label):
    value.label = label
    return value


def example(w=1.5, x=2.0, b=-1.0, t=1.0):
    w, x, b, t = Value(w, "w"), Value(x, "x"), Value(b, "b"), Value(t, "t")
    return labelled((w * x + b - t) ** 2 + 0.1 * (w * w), "L")


def corners(a=-1.5, b=2.0):
    a, b = Value(a, "a"), Value(b, "b")
    bump = derived("bump", domain=REALS, formula=lambda m, x: m.exp(-(x * x)) * m.sin(x))
    y = autograd.where(autograd.greater(b, a), a**3, b) / b + autograd.maximum(a, b) * a.relu()
    y = y + bump(a) - autograd.abs(a) * autograd.sigmoid(b) + 2.0**a
    return labelled(autograd.dot([y, a, b], [b, 0.5, a]) + autograd.erf(a) + autograd.log(b), "y")


def fan(a=0.3, b=-0.7):
    a, b = Value(a, "a"), Value(b, "b", requires_grad=False)
    return labelled(autograd.sum([a * float(n) for n in range(8)]) * b + autograd.sum([a] * 7), "y")


def text(page):
    """What a person reads on the page."""
    return page.inner_text("body")


def type_in(page, leaves):
    for name, value in leaves.items():
        page.get_by_role("spinbutton", name=name, exact=True).fill(repr(value))
    page.evaluate("document.activeElement.blur()")


def at(page, k):
    page.evaluate(f"go({k})")
    return text(page)


# ------------------------------------------------------------------ the walk, followed
@pytest.mark.parametrize(
    ("make", "moved"),
    [
        (example, {"w": 1.7}), (example, {"w": 0.0, "b": 1234.5678}), (example, {"x": 1e-7}),
        (corners, {"a": 0.0}), (corners, {"a": 2.0}), (corners, {"a": 1e9, "b": -3.0}),
        (fan, {"a": -12.3456789}),
    ],
)  # fmt: skip
def test_a_moved_leaf_gives_the_page_that_python_would_write(opened, make, moved):
    page = opened(make())
    with autograd.errstate("ignore"):
        python = viz.trace(make(**moved))
    type_in(page, moved)
    for k, step in enumerate(python, 1):
        shown = at(page, k)
        for line in str(step).splitlines():
            assert line.strip() in shown, (k, line)
    for line in str(python).rsplit("\n\n", 1)[1].splitlines()[1:]:
        assert line.split("  ")[-1].strip() in shown, line  # the nudges, below the last step


def test_the_drawing_shows_the_position(opened):
    page = opened(example(), step=10)

    def grads():
        return page.eval_on_selector_all("text.grad", "all => all.map(e => e.textContent)")

    python = viz.graph(example())
    index = {box.name: box.index for box in python.nodes}
    assert [grads()[index[name]] for name in ("w", "w×w", "w×x", "b")] == ["0.3", "0.1", "–", "–"]
    amounts = page.locator(".node").nth(index["w"]).locator(".amount").all_text_contents()
    assert sorted(amounts) == ["", "0.15", "0.15"]
    assert page.locator("circle.tick.in").count() == 2
    assert page.locator("path.moving").count() == 2 and page.locator("g.now").count() == 1
    assert (
        page.locator("g.ready").count() == 1
        and page.locator("text.waits").text_content() == "ready"
    )
    at(page, 7)
    assert set(grads()) == {"–"} and page.locator("g.ready").count() == 0
    at(page, 2)
    values = page.eval_on_selector_all("text.value", "all => all.map(e => e.textContent)")
    assert [values[index[name]] for name in ("w×x", "w×x+b", "w×w", "L")] == ["3", "2", "–", "–"]
    at(page, 14)
    assert page.locator("circle.tick.in").count() == 3 and "–" not in grads()


def test_uses_beyond_six_are_counted_in_the_box(opened):
    page = opened(fan(), step=0)
    assert page.locator("text.count").text_content() == "0 of 15 in"
    end = int(page.get_attribute("#slider", "max"))
    counts = {at(page, k) and page.locator("text.count").text_content() for k in range(end + 1)}
    assert {"7 of 15 in", "15 of 15 in"} <= counts


# ------------------------------------------------------------------ going about
def test_it_opens_with_the_forward_steps_done_and_a_question(opened):
    page = opened(example())
    assert "L = 1.225. Press → to ask of each number: if it rose a little" in text(page)
    assert "Step 7 of 14" in text(page) and "goes now" not in text(page)
    assert page.evaluate("location.hash") == "#step=7"


def test_keys_buttons_slider_list_and_address_all_step(opened):
    page = opened(example())
    for press, k in [
        ("ArrowRight", 8), ("PageDown", 9), ("ArrowLeft", 8), ("PageUp", 7), ("Home", 0),
        ("ArrowLeft", 0), ("End", 14), ("ArrowRight", 14),
    ]:  # fmt: skip
        page.keyboard.press(press)
        assert page.evaluate("position") == k, press
    page.get_by_role("button", name="one step back").click()
    assert "Step 13 of 14" in text(page)
    page.get_by_role("button", name="first step").click()
    assert "Step 0 of 14" in text(page)
    page.get_by_role("button", name="10 w×w").click()
    assert "Step 10 of 14" in text(page)
    assert page.get_attribute("#list [aria-current]", "title") == "10 w×w"
    page.get_by_role("slider", name="step", exact=True).fill("4")
    assert "Step 4 of 14" in text(page) and "4/14" in text(page)
    assert page.get_attribute("#slider", "aria-valuetext") == "Step 4 of 14 · forward 4 of 7"
    page.evaluate("location.hash = '#step=12'")
    page.wait_for_selector("h2:has-text('Step 12 of 14')")


def test_keys_belong_to_a_field_while_it_has_the_focus(opened):
    page = opened(example())
    page.get_by_role("spinbutton", name="w", exact=True).focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("position") == 7 and "w is 2.5 here, 1.5 in Python" in text(page)
    page.get_by_role("slider", name="step", exact=True).focus()
    page.keyboard.press("PageDown")
    assert page.evaluate("position") == 8


def test_a_live_region_says_who_why_and_what_each_input_has(opened):
    page = opened(example(), step=10)
    said = page.inner_text("#said")
    for words in ("w×w goes now", "A product passes on", "= 0.15", "w: – → 0.15 → 0.3, 2 of 3 in"):
        assert words in said, words
    assert "from 0.1×(w×w)" not in said


def test_a_click_on_a_box_goes_to_its_step_on_the_way_there_or_back(opened):
    page = opened(example(), step=2)
    index = {box.name: box.index for box in viz.graph(example()).nodes}

    def click(name):
        page.locator(".node").nth(index[name]).locator(".value").click()
        return text(page)

    assert "w×w = 1.5 × 1.5 = 2.25" in click("w×w") and "Step 5 of 14" in text(page)
    assert "Step 1 of 14" in click("w"), "a leaf has no step: the first of its uses"
    at(page, 7)
    assert "w×x goes now" in click("w×x") and "w×w goes now" in click("w×w")
    assert "w: 0.3 → 4.3, 3 of 3 in: final" in click("w")
    assert not page.evaluate("document.querySelector('#picture').classList.contains('whole')")


def test_what_has_no_step_is_not_gone_to(opened):
    page = opened(Value(2.0, "x"))
    page.locator("g.node rect").click()
    assert page.evaluate("position") == 0
    w = [Value(0.5, "w1"), Value(-1.0, "w2")]
    page = opened(autograd.tanh(autograd.dot(w, [0.25, 3.0])), step=4)
    page.get_by_text("2 numbers", exact=True).click()
    assert page.evaluate("position") == 4 and page.locator("g.node").count() == 5


# ------------------------------------------------------------------ moved leaves
def test_a_dragged_leaf_keeps_the_step_and_can_be_reset(opened):
    page = opened(example(), step=10)
    page.get_by_role("slider", name="drag w", exact=True).fill("2.2040001")
    assert "w: – → 0.22 → 0.44, 2 of 3 in" in text(page)
    assert "w is 2.2 here, 1.5 in Python" in text(page)
    assert page.get_by_role("spinbutton", name="w", exact=True).input_value() == "2.2"
    page.get_by_role("button", name="Reset").click()
    assert "w: – → 0.15 → 0.3, 2 of 3 in" in text(page) and "in Python" not in text(page)
    assert page.get_by_role("spinbutton", name="w", exact=True).input_value() == "1.5"
    assert not page.get_by_role("button", name="Reset").is_visible()


def test_after_a_drag_the_arrows_step_and_a_slider_reached_by_tab_keeps_them(opened):
    page = opened(example(), step=7)
    slider = page.get_by_role("slider", name="drag w", exact=True)
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, middle)
    page.mouse.up()
    dragged = slider.input_value()
    assert float(dragged) > 2.0
    page.keyboard.press("ArrowRight")
    assert page.evaluate("position") == 8 and slider.input_value() == dragged
    page.get_by_role("spinbutton", name="w", exact=True).focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("position") == 8 and slider.input_value() != dragged


def test_a_slider_shows_its_ends_and_they_are_short(opened):
    a, b = Value(1.5, "a"), Value(-0.0123456, "b")
    page = opened(a * b)
    rows = page.locator("#inputs li")
    assert rows.nth(0).locator("i").all_text_contents() == ["-1.5", "4.5"]
    assert rows.nth(1).locator("i").all_text_contents() == ["-0.037", "0.012"]
    slider = page.get_by_role("slider", name="drag b", exact=True)
    assert [slider.get_attribute(end) for end in ("min", "max")] == ["-0.037", "0.012"]


def test_inputs_stand_in_the_order_of_their_first_use_by_module(opened):
    model = nn.MLP(2, [2, 1], activation="tanh", seed=1)
    page = opened(model([0.5, -1.0]))
    shown = page.locator("#inputs label").all_text_contents()
    assert shown == [parameter.label for parameter in model.parameters()]


def test_an_unfinished_number_changes_nothing(opened):
    page = opened(example())
    page.get_by_role("spinbutton", name="w", exact=True).fill("")
    assert "in Python" not in text(page) and "L = 1.225." in text(page)


def test_a_leaf_that_becomes_infinite_is_marked(opened):
    x = Value(1.0, "x")
    page = opened(labelled(autograd.log(x) * 2.0, "y"))
    type_in(page, {"x": -1.0})
    assert "log(x) = log(-1) = nan" in at(page, 1) and "Step 1 of 4 · forward 1 of 2 !" in at(
        page, 1
    )
    at(page, 4)
    page.keyboard.press("n")
    assert page.evaluate("position") == 1
    type_in(page, {"x": 1.0})
    assert "!" not in at(page, 1)


def test_numbers_are_written_as_python_writes_them(opened):
    draw = random.Random(0)
    numbers = [draw.uniform(-1, 1) * 10.0 ** draw.randint(-12, 12) for _ in range(500)]
    numbers += [0.123455, 1.000005, 99999.5, 999999.5, 9.99995e-5, -0.0, 5e-324, 1.7e308, 123456.0]
    page = opened(example())
    assert page.evaluate("all => all.map(show)", numbers) == [show(x) for x in numbers]


# ------------------------------------------------------------------ looks
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_follows_the_system_and_the_button(opened, scheme):
    page = opened(example(), color_scheme=scheme)
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    colours = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 28)"}
    drawn = "getComputedStyle(document.querySelector('.paper')).fill"
    assert page.evaluate(paper) == page.evaluate(drawn) == colours.pop(scheme)
    page.get_by_role("button", name="theme").click()
    assert page.evaluate(paper) == page.evaluate(drawn) == colours.popitem()[1]


SCALE = """() => { const drawing = document.querySelector("svg.drawing");
    const { width, height } = drawing.getBoundingClientRect(), pane = drawing.parentElement;
    const scale = width / drawing.viewBox.baseVal.width;
    return [scale, width <= pane.clientWidth + 1 && height <= pane.clientHeight + 1]; }"""


@pytest.mark.parametrize(("size", "scale", "whole"), [
    ((2400, 1400), 1.0, True), ((1440, 800), None, True), ((1440, 520), None, True),
    ((1280, 300), 0.8, False), ((360, 740), 0.8, False),
])  # fmt: skip
def test_a_drawing_fits_its_pane_between_80_and_100_percent(opened, size, scale, whole):
    page = opened(example(), viewport=dict(zip(("width", "height"), size)))
    page.wait_for_timeout(100)
    shown, fits = page.evaluate(SCALE)
    assert fits == whole
    assert shown == pytest.approx(scale, abs=0.001) if scale else 0.8 < shown < 1.0


def test_keys_give_a_presenters_size_and_take_it_back(opened):
    page = opened(example(), viewport={"width": 2400, "height": 1400})
    for keys, scale in (("++", 1.5625), ("-", 1.25), ("0", 1.0), ("-" * 9, 0.4), ("+" * 20, 4.0)):
        for key in keys:
            page.keyboard.press(key)
        assert page.evaluate(SCALE)[0] == pytest.approx(scale, abs=0.001), keys
    page.get_by_role("button", name="whole drawing").click()
    assert page.evaluate(SCALE) == [1.0, True], "the whole, whatever size was asked for"


def test_the_counter_keeps_its_line_and_its_place(opened):
    page = opened(fan(), viewport=NARROW)
    at(page, 0)
    places = []
    for k in (0, 9, 10, int(page.get_attribute("#slider", "max"))):
        at(page, k)
        places.append(page.locator("output").bounding_box())
    assert all(place == places[0] for place in places) and places[0]["height"] < 2 * 16


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("make", [example, corners, fan])
def test_nothing_is_wider_than_the_screen_and_nothing_jumps(opened, make, size):
    page = opened(make(), viewport=size)
    page.wait_for_timeout(100)
    end = int(page.get_attribute("#slider", "max"))
    bars = set()
    for k in range(end):
        at(page, k)
        wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert page.evaluate(wide), k
        bars.add(page.evaluate("document.querySelector('#steps').getBoundingClientRect().top"))
    if size is WIDE:
        assert len(bars) == 1


def test_the_box_whose_turn_it_is_is_in_sight(opened):
    page = opened(corners(), viewport=NARROW)
    end = int(page.get_attribute("#slider", "max"))
    for k in range(1, end + 1):
        at(page, k)
        pane = page.locator("#picture").bounding_box()
        box = page.locator("g.now rect").bounding_box()
        for side, length in (("x", "width"), ("y", "height")):
            assert pane[side] <= box[side] + 1, k
            assert box[side] + box[length] <= pane[side] + pane[length] + 1, k


def test_in_print_it_is_the_whole_walk_with_the_present_numbers(opened):
    page = opened(example())
    type_in(page, {"w": 1.7})
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    shown = text(page)
    for step in viz.trace(example(w=1.7)):
        for line in str(step).splitlines():
            assert line.strip() in shown, line
    assert "Ask of each number" in shown and "Inputs" not in shown
    assert "Raise w by 0.01 (to 1.71) and L rises by about" in shown
    assert page.locator("g.now, path.moving").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert page.locator("g.now").count() == 1 and "Raise" not in text(page)


def lines_printed(page):
    """Of each page of paper, at how many heights text stands, and from the first to the last.

    Skia writes a baseline as ``x y Tm``, in px from the top of the document, and nothing else so.
    """
    streams = re.findall(rb"(?s)stream\r?\n(.*?)endstream", page.pdf(format="A4"))
    texts = [zlib.decompress(s) for s in streams if s[:1] == b"x"]
    heights = [{float(y) for y in re.findall(rb"([\d.]+) Tm\n", t)} for t in texts if b"BT" in t]
    return [(len(ys), max(ys) - min(ys)) for ys in heights]


def deep(ops):
    y = Value(0.5, "x")
    for _ in range(ops):
        y = autograd.tanh(y)
    return y


def lone_layer():
    model = nn.MLP(2, [4, 1], activation="tanh", seed=1)
    return model([0.5, -1.0])


@pytest.mark.parametrize("make", [example, corners, fan, lone_layer, lambda: deep(20)])
def test_no_page_of_paper_is_half_empty_or_holds_one_row(opened, make):
    """However much stands above: an A4 page between our margins is 1,017 px high."""
    page = opened(make())
    for above in range(0, 1000, 100):
        page.evaluate(f"document.querySelector('header').style.marginTop = '{above}px'")
        *others, last = lines_printed(page)
        assert last[0] >= 8, (above, last)
        full = [down > 0.55 * 1017 for _, down in others]
        assert all(full if above == 0 else full[1:]), (above, others)


def test_without_script_it_is_the_whole_walk(opened):
    page = opened(example(), java_script_enabled=False)
    shown = text(page)
    assert page.locator("#walk > li").count() == 15 and page.locator("svg").is_visible()
    for step in viz.trace(example()):
        for line in str(step).splitlines():
            assert line.strip() in shown, line
    assert "Press →" not in shown and "Inputs" not in shown


@pytest.mark.parametrize(
    "label",
    ["</script><script>alert(1)</script>", 'q"><img src=x onerror=alert(2)>', "${1}", "'`\\"],
)
def test_a_hostile_label_is_text(opened, label):
    x = Value(2.0, label)
    page = opened((x * 0.5 + x).tanh())
    at(page, 3)
    assert label[:20] in text(page)
    assert page.get_by_role("spinbutton").count() == 1


def test_a_leaf_alone_opens(opened):
    page = opened(Value(2.0, "x"))
    assert "Raise x by 0.01 (to 2.01) and x rises by about 0.01 (really 0.01)." in text(page)
    type_in(page, {"x": 3.0})
    assert "Raise x by 0.01 (to 3.01)" in text(page)


# ------------------------------------------------------------------ a page that folds
def shown(page):
    """The names of the boxes in sight."""
    names = "all => all.map(e => e.querySelector('text').textContent)"
    return page.locator("svg .node").evaluate_all(names)


def folded_walk(root):
    """Every line of the folded walk that Python writes, but its head."""
    page = viz.trace(root).html().partition("<div id=table")[0]
    told = Reader(page).text.partition("Step 0 of")[2]
    kept = [line.strip() for line in told.splitlines()[1:] if line.strip()]
    return [line for line in kept if "Press" not in line]


def crumbs(page):
    return page.locator("#way button").all_text_contents()


def at_turns(page):
    """What is told at each turn of the view, by its step."""
    heads = {}
    for k in range(int(page.get_attribute("#slider", "max")) + 1):
        at(page, k)
        heads[page.evaluate("location.hash")] = page.inner_text("#walk .now")
    return heads


def test_a_click_opens_a_box_and_backspace_and_the_breadcrumb_close_it(opened):
    page = opened(moons()[0])
    closed, here = shown(page), page.evaluate("location.hash")
    assert crumbs(page) == ["loss"] and here == "#step=320"
    page.locator(".node", has_text="8 neurons").first.locator("rect").click(force=True)
    assert shown(page) != closed and crumbs(page) == ["loss", "× 6 samples", "layer 1"]
    assert page.evaluate("location.hash") == here and page.locator(".frame").count() == 2
    page.keyboard.press("Backspace")
    assert shown(page) == closed and crumbs(page) == ["loss"]
    page.keyboard.press("Backspace")
    assert shown(page) == closed
    page.evaluate("open(2)")
    page.get_by_role("button", name="loss", exact=True).click()
    assert shown(page) == closed


def test_enter_opens_the_box_whose_turn_it_is_at_its_first_op(opened):
    page = opened(moons()[0], step=0)
    page.keyboard.press("Enter")
    assert page.get_attribute("#open", "aria-disabled") == "true" and crumbs(page) == ["loss"]
    page.keyboard.press("ArrowRight")
    assert "8 neurons of layer 1 go, in any order: relu(w·x + b)" in text(page)
    page.keyboard.press("Enter")
    assert "48 ops of w·x go, in any order." in text(page) and crumbs(page)[-1] == "layer 1"
    page.keyboard.press("Backspace")
    assert "8 neurons of layer 1" in page.inner_text("#walk .now")
    page.keyboard.press("End")
    page.get_by_role("button", name="Open").press("Enter")
    assert "relu" in page.inner_text("#walk .now") and "backward 6 of 8" in text(page)
    page.get_by_role("button", name="loss", exact=True).press("Enter")
    assert crumbs(page) == ["loss"], "on a button Enter is the button's"


def test_every_view_tells_the_same_pass(opened):
    """Closed or open, boxes send the same to the parameters."""
    page = opened(moons()[0])
    wanted = {}
    for n in range(page.evaluate("views.length")):
        page.evaluate(f"open({n})")
        first, *_, last = at_turns(page)
        assert (first, last) == ("#step=0", "#step=640")
        numbers = page.locator("svg .node .most, svg .node text.grad").all_text_contents()
        assert not [x for x in numbers if x.endswith("–")], "at the end all has come"
        for name in ("layer1", "layer2", "layer3"):
            box = page.locator("svg .leaf.folded", has=page.get_by_text(name, exact=True))
            drawn = box.locator(".bars").evaluate_all("all => all.map(e => e.getAttribute('d'))")
            assert wanted.setdefault(name, drawn) == drawn


def test_a_stop_tells_what_python_tells(opened):
    loss, _ = moons()
    page = opened(loss)
    python = folded_walk(loss)
    told = at_turns(page)
    for line in python:
        assert any(line in shown for shown in told.values()), line


def test_strips_and_texts_follow_a_dragged_leaf(opened):
    loss, model = moons()
    weight = model.parameters()[0]
    page = opened(loss, step=640)
    page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
    strip = page.locator("svg .folded", has_text="layer 1").locator(".bars").first
    before = strip.get_attribute("d")
    type_in(page, {"layer1.neuron1.w1": weight.data + 0.5})
    assert strip.get_attribute("d") != before
    weight.data += 0.5
    moved, _ = moons(model=model)
    told = at_turns(page)
    for line in folded_walk(moved):
        assert any(line in shown for shown in told.values()), line
    assert f"{show(moved.data)}" in at(page, 0) or f"{show(moved.data)}" in " ".join(told.values())


def test_strips_hold_only_what_has_gone(opened):
    page = opened(moons()[0], step=0)
    strip = page.locator("svg .folded", has_text="layer 2").locator(".bars.value").last
    lengths = """e => e.getAttribute('d').match(/[\\d.]+V[\\d.]+/g)
        .filter(s => new Set(s.split('V')).size > 1).length"""
    assert strip.evaluate(lengths) == 0
    page.keyboard.press("ArrowRight")
    assert strip.evaluate(lengths) == 0
    page.keyboard.press("ArrowRight")
    assert strip.evaluate(lengths) > 8


def test_a_folded_page_prints_its_walk_and_is_one_without_script(opened):
    loss, _ = moons()
    for options in ({"java_script_enabled": False}, {}):
        page = opened(loss, **options)
        if not options:
            page.emulate_media(media="print")
            page.evaluate("dispatchEvent(new Event('beforeprint'))")
        told = text(page)
        for line in folded_walk(loss):
            assert line in told, line
        assert 4 <= page.locator("#walk > li").count() < 100 and "Open" not in told


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_folded_page_is_no_wider_than_the_screen(opened, size):
    page = opened(moons()[0], viewport=size)
    for n in range(page.evaluate("views.length")):
        page.evaluate(f"open({n})")
        for k in range(int(page.get_attribute("#slider", "max")) + 1):
            at(page, k)
            wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            assert page.evaluate(wide), (n, k)
            if not k:
                continue
            pane = page.locator("#picture").bounding_box()
            box = page.locator("g.now > rect").bounding_box()
            assert pane["x"] <= box["x"] + 1, (n, k)
            assert box["x"] + box["width"] <= pane["x"] + pane["width"] + 1, (n, k)
