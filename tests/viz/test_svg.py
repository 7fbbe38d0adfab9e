"""The SVG text: what it shows, in which colours, and that no label breaks it."""

import re
import shutil
import sys
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
import viz
from autograd import Graph, Value, backward_steps
from viz import layout
from viz.drawing import Drawing
from viz.state import Run
from viz.svg import THEMES, path, xml

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def our_own_layout(monkeypatch):
    monkeypatch.setenv(layout.SETTING, "own")


def example():
    w, x, b, t = Value(1.5, "w"), Value(2.0, "x"), Value(-1.0, "b"), Value(1.0, "t")
    loss = (w * x + b - t) ** 2 + 0.1 * (w * w)
    loss.label = "L"
    return loss


def groups(svg):
    """Of each box its classes and the texts of its elements by class."""
    found = []
    for group in ElementTree.fromstring(svg).iterfind(SVG + "g"):
        texts = {}
        for text in group.iter(SVG + "text"):
            texts.setdefault(text.get("class"), []).append("".join(text.itertext()))
        found.append((group.get("class").split(), texts))
    return found


def moment(graph, step=None):
    """The state at a backward step, counted from 0; after the last if None."""
    run = Run(graph, tuple(backward_steps(graph.nodes[graph.roots[0]])))
    return run.state(None if step is None else run.forward + 1 + step)


def test_a_box_is_a_group_with_one_rectangle_and_a_wire_is_a_path():
    svg = viz.graph(example()).svg
    root = ElementTree.fromstring(svg)
    boxes = root.findall(SVG + "g")
    assert len(boxes) == 11 and all(len(box.findall(SVG + "rect")) == 1 for box in boxes)
    assert [box.get("data-node") for box in boxes] == [str(i) for i in range(11)]
    assert svg.count('class="wire') == 12 and "transform" not in svg
    hooks = {p.get("data-wire") for p in root.iter(SVG + "path")} - {None}
    assert len(hooks) == 12
    assert root.get("role") == "img" and root.get("aria-label").startswith(
        "L = 1.225: 7 operations"
    )


def test_a_blocked_stylesheet_leaves_the_drawing_as_it_is():
    """Every shape says fill and stroke itself; there is no style to block, and no script."""
    state = moment(Graph(loss := example()), 2)
    svg = Drawing(Graph(loss), amounts=True).picture("dark", state)
    for shape in ElementTree.fromstring(svg).iter():
        if shape.tag.removeprefix(SVG) in ("rect", "path", "circle"):
            assert shape.get("fill") and shape.get("stroke"), shape.attrib
    assert "style" not in svg and "<script" not in svg


def test_constants_stand_inside_the_op_that_uses_them():
    titles = {"".join(texts["name"]) for _, texts in groups(viz.graph(example()).svg)}
    assert {"× 0.1 0.1×(w×w)", "( )² (w×x+b−t)²", "− w×x+b−t", "+ L", "w"} <= titles


def test_an_op_is_bold_and_never_half_a_word():
    x = Value(0.5, "a label of some length")
    with autograd.scope("layer 1"):
        y = autograd.sin(x) * autograd.cos(x)
    drawing = viz.graph(autograd.tanh(autograd.negative(-y) * 0.5) - y)
    titles = [e for e in ElementTree.fromstring(drawing.svg).iter(SVG + "text") if len(e)]
    bold = {(e[0].text, e[0].tail) for e in titles}
    assert {("negative", " 4"), ("tanh", " 7"), ("× 0.5", " multiply 6")} <= bold
    assert ("×", " layer 1: multiply") in bold and ("−", " y") in bold
    assert "<B>negative</B> 4" in drawing.dot
    scoped = [e.text for e in ElementTree.fromstring(drawing.svg).iter(SVG + "text")]
    assert "layer 1: sin" in scoped, "it says the op itself"


def test_numbers_have_five_digits_a_long_minus_and_all_digits_on_hover():
    root = Value(-1.23456789e-15, "x") * Value(1e300, "y")
    root.backward()
    svg = viz.graph(root).svg
    text = "".join(ElementTree.fromstring(re.sub("<title>.*?</title>", "", svg)).itertext())
    assert "−1.2346e−15" in text and "-" not in text
    assert "value -1.23456789e-15" in svg
    for number in re.findall(r"\d+\.\d+", text):
        assert len(number.replace(".", "")) <= 5


def test_a_gradient_that_no_pass_has_reached_is_a_dash_and_never_zero():
    x = Value(2.0, "x")
    (root,) = (texts for _, texts in groups(viz.graph(x).svg))
    assert root["value"] == ["2"] and root["grad"] == ["–"]
    y = x * 0.0
    y.backward()
    assert [texts["grad"] for _, texts in groups(viz.graph(y).svg)] == [["0"], ["1"]]


def contrast(one, other):
    """WCAG 2.2's ratio of two colours."""

    def luminance(colour):
        channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("look", THEMES.values(), ids=THEMES)
def test_text_can_be_read_and_lines_can_be_seen(look):
    """WCAG 2.2: 4.5 to 1 for text (1.4.3), 3 to 1 for lines that carry meaning (1.4.11)."""
    for ground in (look.paper, look.box, look.leaf):
        for ink in (look.text, look.quiet, look.motion):
            assert contrast(ink, ground) >= 4.5
        assert contrast(look.line, ground) >= 3.0


def test_a_drawing_shows_any_moment_of_a_backward_pass():
    """INSIGHT.md's example at step 10 of 14: w×w goes, its two wires carry 0.15 each."""
    loss = example()
    drawing = Drawing(Graph(loss), amounts=True)
    state = moment(drawing.graph, 2)
    shown = {
        texts["name"][0]: (kind, texts) for kind, texts in groups(drawing.picture(state=state))
    }
    assert "now" in shown["× w×w"][0] and "ready" in shown["( )² (w×x+b−t)²"][0]
    assert [
        name for name, (kind, _) in shown.items() if "now" in kind or "ready" in kind
    ].__len__() == 2
    assert shown["w"][1]["grad"] == ["0.3"] and sorted(shown["w"][1]["amount"]) == [
        "",
        "0.15",
        "0.15",
    ]
    assert shown["× w×x"][1]["grad"] == ["–"]
    svg = drawing.picture(state=state)
    assert svg.count('class="wire moving"') == svg.count('marker-start="url(#head)"') == 2
    assert svg.count('class="tick in"') == 2 and svg.count('class="tick"') == 1


def test_the_last_moment_is_what_backward_leaves():
    loss = example()
    graph = Graph(loss)
    state = moment(graph)
    assert state.now is None and not state.moving and not state.ready
    loss.backward()
    assert state.grads == dict(enumerate(Graph(loss).grads))
    assert len(state.amounts) == 12


def test_nothing_moves_from_moment_to_moment():
    def places(svg):
        return re.findall(r'<rect x="[^"]*" y="[^"]*" width="[^"]*" height="[^"]*"| d="[^"]*"', svg)

    loss = example()
    drawing = Drawing(Graph(loss), amounts=True)
    moments = [moment(drawing.graph, k) for k in (*range(7), None)]
    assert len({tuple(places(drawing.picture(state=state))) for state in [None, *moments]}) == 1


def test_more_than_six_uses_are_counted():
    w = Value(1.0, "w")
    root = autograd.sum([w * float(i) for i in range(2, 102)])
    drawing = Drawing(Graph(root), amounts=True)
    assert ">0 of 100 in</text>" in drawing.picture()
    assert ">57 of 100 in</text>" in drawing.picture(state=moment(drawing.graph, 57))


TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=40) | st.sampled_from(
    ["</script><script>alert(1)</script>", '"]; rm -rf', "]]>", "&amp;", "<!--", "a\x00b\x1b",
     "\ud800", "\ufffe", "\\N\\G", "x" * 10_000, "מספר", "数" * 30, "e\u0301" * 30]
)  # fmt: skip


@settings(deadline=None)
@given(TEXTS)
def test_any_label_is_text_in_valid_xml(label):
    x = Value(2.0, label)
    svg = viz.graph((x * x).tanh()).svg
    svg.encode()
    root = ElementTree.fromstring(svg)
    assert {e.tag.removeprefix(SVG) for e in root.iter()} == {
        "svg", "title", "defs", "marker", "path", "rect", "g", "text", "tspan",
    }  # fmt: skip
    if label:
        whole = next(root.iter(SVG + "g")).findtext(SVG + "title")
        assert whole.startswith(
            "".join(c for c in ElementTree.fromstring(f"<a>{xml(label)}</a>").itertext())
        )


def test_a_long_label_is_cut_in_the_box_and_whole_on_hover():
    svg = viz.graph(Value(1.0, "long " * 2_000)).svg
    assert "long " * 2_000 in svg
    ((_, texts),) = groups(svg)
    assert texts["name"][0].endswith("…") and len(texts["name"][0]) <= 24


def test_a_path_leaves_out_steps_that_go_nowhere():
    assert path(
        ((0.0, 1.0), (0.0, 1.0), (2.04, 1.0), (3.0, 1.0, 4.0, 5.0, 6.0, 7.0), (6.0, 7.0))
    ) == ("M0 1H2C3 1 4 5 6 7")
    assert path(((0.0, 1.0), (1.0, 1.0, 2.0, 1.04, 3.0, 1.0), (4.0, 2.0))) == "M0 1H3L4 2"


def outside(svg, folder, groups, texts):
    """The texts of a drawing that do not lie inside the rectangle of their group, in Chromium."""
    play = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or pytest.skip("no chromium")
    (folder / "a.svg").write_text(svg, encoding="utf-8")
    with play.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto((folder / "a.svg").as_uri())
        found = page.evaluate(
            """([groups, texts]) => [...document.querySelectorAll(groups)].flatMap(g => {
                const r = g.querySelector('rect').getBBox();
                return [...g.querySelectorAll(texts)].filter(t => {
                    const b = t.getBBox();
                    return b.x < r.x + 4 || b.x + b.width > r.x + r.width
                        || b.y < r.y - 1 || b.y + b.height > r.y + r.height + 1;
                }).map(t => t.textContent) })""",
            [groups, texts],
        )
        browser.close()
    return found


@pytest.mark.browser
def test_text_fits_into_its_box_in_a_browser(tmp_path):
    """Widths are estimated; Chromium measures them. CJK comes from whatever font there is."""
    a, b = Value(-1.2345678e-308, "W" * 60), Value(-1.2345678e-15, "数" * 12)
    root = ((a * b - 123456.0) ** 2 + autograd.dot([a, b], [0.5, -1.2345e-10])).tanh() / 3.0 + a
    root.backward()
    drawing = Drawing(Graph(root), amounts=True)
    svg = drawing.picture(state=moment(drawing.graph))
    assert outside(svg, tmp_path, ".node", "text") == []


# ---------------------------------------------------------------- folded drawings
def folded(n=20):
    """A loop of ``n`` copies over two weights, after a pass."""
    w, b = Value(0.5, "w"), Value(-0.25, "b")
    with autograd.scope("layer"):
        made = [(w * (0.1 * k) + b).tanh() for k in range(n)]
    root = autograd.sum(made) * Value(0.0, "nothing")
    root = root + autograd.sum([a * a for a in made])
    root.label = "loss"
    root.backward()
    return root


@pytest.mark.parametrize("theme", THEMES)
def test_a_folded_box_has_a_stroke_a_number_in_ink_and_its_gradients_in_their_colour(theme):
    drawing = viz.graph(folded(60))
    root = ElementTree.fromstring(drawing.picture(theme))
    boxes = [g for g in root.iter(SVG + "g") if "folded" in g.get("class", "").split()]
    inks = {"value": set(), "grad": set()}
    counts = []
    for box in boxes:
        for strip in box.findall(SVG + "path"):
            kind = strip.get("class").split()
            if kind[0] == "bars":
                inks[kind[1]].add(strip.get("stroke"))
                counts.append(strip.get("d").count("V"))
                assert strip.get("data-columns") and strip.get("data-pitch")
    assert inks == {"value": {THEMES[theme].text}, "grad": {THEMES[theme].motion}}
    assert 60 in counts and len(boxes) == sum(box.many is not None for box in drawing.nodes)
    assert {int(g.get("data-node")) for g in root.iter(SVG + "g") if g.get("data-node")} == set(
        range(len(drawing.nodes))
    )


def test_a_wire_is_as_thick_as_its_contributions_are_long_and_says_them():
    drawing = viz.graph(folded(60))
    root = ElementTree.fromstring(drawing.svg)
    paths = [p for p in root.iter(SVG + "path") if "wire" in p.get("class", "").split()]
    lengths = [
        sum(c.amount**2 for c in wire.contributions) ** 0.5 for wire in drawing.wires
    ]  # in the order of the paths
    thick = [float(p.get("stroke-width") or 1.2) for p in paths]
    assert max(thick) == thick[lengths.index(max(lengths))] == 6.0
    for one, other in zip(sorted(zip(lengths, thick)), sorted(zip(lengths, thick))[1:]):
        assert not one[0] or one[1] <= other[1]
    for wire, p, length in zip(drawing.wires, paths, lengths):
        said = p.findtext(SVG + "title")
        if len(wire.contributions) > 1:
            assert said.startswith(f"{len(wire.contributions)} wires, length ")
            assert float(said.split("length ")[1].split(",")[0].replace("−", "-")) == pytest.approx(
                length, rel=0.005
            )
            assert " at " in said
        assert bool(p.get("stroke-dasharray")) == (bool(wire.contributions) and not length)


def test_before_a_pass_no_wire_is_thick_and_every_gradient_is_a_dash():
    w = Value(0.5, "w")
    svg = viz.graph(autograd.sum([(w * (0.1 * k)).tanh() for k in range(60)])).svg
    root = ElementTree.fromstring(svg)
    assert not any(p.get("stroke-width") for p in root.iter(SVG + "path") if p.get("data-wire"))
    assert "largest" in svg and "nan" not in svg
    assert any(t.get("class") == "most" and t.text == "–" for t in root.iter(SVG + "text"))


def test_a_frame_is_no_box_and_says_what_is_inside():
    drawing = viz.graph(folded(60))
    root = ElementTree.fromstring(drawing.svg)
    frames = [g for g in root.iter(SVG + "g") if g.get("class") == "frame"]
    assert len(frames) == len(drawing.geometry.frames) > 0
    titles = [next(g.iter(SVG + "text")).text for g in frames]
    assert titles == [frame.title for frame, *_ in drawing.geometry.frames]
    assert all(len(g.findall(SVG + "rect")) == 1 for g in frames)


def test_a_folded_drawing_shows_what_is_not_finite():
    w = Value(0.5, "w")
    with autograd.errstate("ignore"):
        made = [autograd.log(w * float(k)) for k in range(60)]
        root = autograd.sum(made)
        root.backward()
    svg = viz.graph(root).svg
    assert 'class="odd value"' in svg and "not finite" in svg
    ElementTree.fromstring(svg)


def test_changed_leaves_in_a_folded_box_are_said():
    w = [Value(0.1 * k, f"w{k}") for k in range(60)]
    root = autograd.sum([x.tanh() for x in w])
    w[7].data = 3.0
    assert "changed since" in "".join(ElementTree.fromstring(viz.graph(root).svg).itertext())


@pytest.mark.browser
def test_folded_text_fits_into_its_box_in_a_browser(tmp_path):
    w, x = Value(1.2345e-15, "W" * 60), Value(-1.2345e-14, "数" * 12)
    made = [(w * (0.1 * k) + x).tanh() for k in range(1100)]
    root = autograd.sum(made)
    root.backward()
    assert outside(viz.graph(root).svg, tmp_path, ".node, .frame", "text:not(:empty)") == []


def test_hovering_a_box_says_on_which_line_its_op_was_recorded_and_in_which_file():
    """The file's name alone: a drawing that is shared tells nothing of its maker's folders."""
    x = Value(0.5, "x")
    with autograd.detect_anomaly():
        line = sys._getframe().f_lineno + 1
        y = x.tanh()
    assert f"y = tanh(x) (line {line} of test_svg.py)" in viz.graph(y).svg
    assert f"(line {line} of test_svg.py)" in viz.trace(y).html()
    assert "(line" not in viz.graph(x.tanh()).svg
