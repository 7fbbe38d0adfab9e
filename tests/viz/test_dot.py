"""DOT text: micrograd's drawing, and what Graphviz is asked for ours."""

import json
import re
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
import viz
from autograd import Graph, Value
from autograd.names import clean
from viz import DrawingError, layout
from viz.svg import ILLEGAL


def small():
    x, w = Value(2.0, "x"), Value(0.5, "w")
    y = (x * w - 1.5).tanh()
    y.label = "y"
    y.backward()
    return y


def pure(text, form):
    """graphviz-pure's answer."""
    program = next(p for p in layout.programs() if "graphviz-pure" in p)
    done = subprocess.run(
        [program, f"-T{form}"], input=text.encode(), capture_output=True, check=True
    )
    return done.stdout.decode()


def test_draw_dot_has_micrograds_nodes_and_edges():
    dot = viz.draw_dot(small())
    assert (
        dot.source.split()
        == """digraph {
        graph [rankdir=LR]
        n0 [label="{ x | data 2.0000 | grad 0.3932 }" shape=record]
        n1 [label="{ w | data 0.5000 | grad 1.5729 }" shape=record]
        n2 [label="{ data 1.0000 | grad 0.7864 }" shape=record]
        n2op [label="×"]
        n2op -> n2
        n0 -> n2op
        n1 -> n2op
        n3 [label="{ data -0.5000 | grad 0.7864 }" shape=record]
        n3op [label="- 1.5"]
        n3op -> n3
        n2 -> n3op
        n4 [label="{ y | data -0.4621 | grad 1.0000 }" shape=record]
        n4op [label=tanh]
        n4op -> n4
        n3 -> n4op
        }""".split()
    )


def test_draw_dot_renders_with_the_programs_that_we_find(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    dot = viz.draw_dot(small(), "png", "TB")
    assert dot.pipe().startswith(b"\x89PNG") and "rankdir=TB" in dot.source
    assert dot.pipe("svg", encoding="utf-8").count('class="node"') == 8
    path = dot.render(tmp_path / "drawing", cleanup=True)
    assert path == str(tmp_path / "drawing.png")
    assert [p.name for p in tmp_path.iterdir()] == ["drawing.png"]
    assert dot.render(outfile=tmp_path / "other.svg") == str(tmp_path / "other.svg")
    assert {p.name for p in tmp_path.iterdir()} == {"drawing.png", "other.gv", "other.svg"}


def test_without_graphviz_a_notebook_still_shows_a_drawing(monkeypatch):
    monkeypatch.setattr(layout, "_candidates", lambda setting: [])
    dot = viz.draw_dot(small())
    assert dot._repr_mimebundle_()["image/svg+xml"] == viz.graph(small()).svg
    with pytest.raises(DrawingError, match=r"png: .*use \.svg"):
        dot.pipe("png")


def test_draw_dot_names_what_it_cannot_do():
    with pytest.raises(ValueError, match="rankdir must be 'LR' or 'TB', got 'XY'"):
        viz.draw_dot(small(), rankdir="XY")
    with pytest.raises(ValueError, match="xyz"):
        viz.draw_dot(small(), format="xyz")
    with pytest.raises(ValueError, match="xyz"):
        viz.draw_dot(small()).pipe("xyz")
    with pytest.raises(TypeError, match="Value"):
        viz.draw_dot(3.0)
    with pytest.raises(DrawingError, match="max_nodes=5"):
        viz.draw_dot(small(), max_nodes=4)


TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=30) | st.sampled_from(
    ['"]; rm -rf', "</script>", "\\N \\G \\l", "a\\", '\\"', "{a|<b>c}", "<b>x</b>", "<>",
     "\x00\x1b", "\ud800", "x" * 10_000, "&amp;", "&#92;N", "-->", "%s {0}"]
)  # fmt: skip


def seen(label):
    """A label as names.clean leaves it, spaces aside: Graphviz packs and sometimes breaks them."""
    return re.sub(r"\s", "", ILLEGAL.sub("\ufffd", clean(label)))


def words(svg):
    from xml.etree import ElementTree

    texts = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return [re.sub(r"\s", "", "".join(text.itertext())) for text in texts]


@settings(deadline=None, max_examples=60)
@given(TEXTS)
def test_any_label_is_text_to_graphviz(label):
    """A record's field in micrograd's form, a cell in ours; the rest stays as it is."""
    root = Value(2.0, label).tanh()
    theirs, ours = viz.draw_dot(root).source, viz.graph(root).dot
    assert len(json.loads(pure(theirs, "json0"))["objects"]) == 3
    assert len(json.loads(pure(ours, "json0"))["objects"]) == 2
    if seen(label) and not re.search(r"&\S+;", label):  # Graphviz reads entities in any label
        assert seen(label) in words(pure(theirs, "svg"))
    if seen(label):
        assert seen(label) in words(pure(ours, "svg"))


def test_the_engine_is_told_of_every_row_and_port():
    w = Value(3.0, "w")
    drawing = viz.graph(w * w * w)
    text = viz.dot.source(drawing.nodes, drawing.wires, [0, 1, 0, 2], labels=False)
    assert [line.split(" [")[0] for line in text.splitlines() if "->" in line] == [
        "n0:r0:e -> n1:p0:w", "n0:r1:e -> n1:p1:w", "n1:e -> n2:p0:w", "n0:r2:e -> n2:p1:w",
    ]  # fmt: skip
    assert (
        "w" not in re.sub(r"<[^>]*>|:w|nowrap|arrowhead|labe", "", text.split("plain")[1]).split()
    )


def test_ports_lie_where_the_boxes_have_them():
    """Exactly, in points: else a wire that the engine led past a box would end inside it."""
    w = Value(3.0, "w")
    drawing = viz.graph(w * w * w + w)
    rows = list(drawing.geometry.rows)
    graph = json.loads(
        pure(viz.dot.source(drawing.nodes, drawing.wires, rows, labels=False), "json0")
    )
    for edge, wire, row in zip(graph["edges"], drawing.wires, rows, strict=True):
        assert edge["id"] == str(drawing.wires.index(wire))
        points = [tuple(map(float, p.split(","))) for p in edge["pos"].split()]
        source, target = drawing.nodes[wire.source], drawing.nodes[wire.target]
        for box, down, (_, y) in (
            (source, source.row(row), points[0]),
            (target, target.port(wire.port), points[-1]),
        ):
            middle = float(graph["objects"][box.index]["pos"].split(",")[1])
            assert middle + box.height / 2 - down == pytest.approx(y, abs=0.01)


def test_a_graph_without_numbers_has_none():
    from autograd import compile

    source = viz.draw_dot(compile(lambda a, b: a * b + 1.0).graph).source
    assert "data –" in source and isinstance(compile(lambda a, b: a * b).graph, Graph)


def test_a_format_or_an_engine_that_is_none_leaves_no_file(tmp_path):
    drawing = viz.draw_dot(Value(2.0, "x") * 3.0)
    with pytest.raises(ValueError, match="xx"):
        drawing.render(tmp_path / "q", format="xx")
    with pytest.raises(ValueError, match="nonsense"):
        drawing.pipe(engine="nonsense")
    assert list(tmp_path.iterdir()) == []
    drawing.render("q", directory=tmp_path / "new", format="svg")
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["q", "q.svg"]


def test_a_folded_drawing_is_valid_dot_with_its_words_and_its_frames():
    from xml.etree import ElementTree

    w, x = Value(0.5, "w\\N"), Value(0.25, "<b>")
    y = autograd.sum([((w * x).tanh() * float(k) + x).tanh() for k in range(60)])
    y.backward()
    drawing = viz.graph(y)
    assert any(box.many for box in drawing.nodes) and drawing.frames
    svg = pure(drawing.dot, "svg")
    text = " ".join(ElementTree.fromstring(svg).itertext())
    for box in drawing.nodes:
        if box.many:
            assert box.title.split()[0] in text
    assert "largest" in text and svg.count('class="cluster"') == len(drawing.geometry.frames)
    assert svg.count('class="edge"') == len(drawing.wires)
