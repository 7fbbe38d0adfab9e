"""Boxes and wires of a graph, and the Drawing that people hold."""

import base64
import os
import re
import subprocess
import sys
import time

import pytest

import autograd
import viz
from autograd import Graph, Value
from autograd.names import names
from autograd.op import REALS, derived, primitive
from viz import DrawingError
from viz import boxes as module
from viz.boxes import inside
from viz.drawing import Drawing
from viz.letters import text_width


def example():
    w, x, b, t = Value(1.5, "w"), Value(2.0, "x"), Value(-1.0, "b"), Value(1.0, "t")
    loss = (w * x + b - t) ** 2 + 0.1 * (w * w)
    loss.label = "L"
    return loss


def test_a_node_is_a_box_and_a_use_is_a_wire():
    drawing = viz.graph(example())
    assert [box.name for box in drawing.nodes] == [
        "w", "x", "w×x", "b", "w×x+b", "t", "w×x+b−t", "(w×x+b−t)²", "w×w", "0.1×(w×w)", "L",
    ]  # fmt: skip
    assert [box.uses for box in drawing.nodes] == [3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]
    assert [box.ports for box in drawing.nodes] == [0, 0, 2, 0, 2, 0, 2, 1, 2, 1, 2]
    uses = [(w.target, w.slot, w.port, w.use) for w in drawing.wires if w.source == 0]
    assert uses == [(2, 0, 0, 0), (8, 0, 0, 1), (8, 1, 1, 2)]
    number_left_out = next(w for w in drawing.wires if w.target == 9)
    assert (number_left_out.slot, number_left_out.port) == (1, 0)


@pytest.mark.parametrize(
    ("make", "title"),
    [
        (lambda x: x * x, "×"),
        (lambda x: x + 1, "+ 1"),
        (lambda x: 1 + x, "+ 1"),
        (lambda x: 0.1 * x, "× 0.1"),
        (lambda x: x - 2, "- 2"),
        (lambda x: 2 - x, "2 - ( )"),
        (lambda x: x / 3, "/ 3"),
        (lambda x: 2 / x, "2 / ( )"),
        (lambda x: x**2, "( )²"),
        (lambda x: x**-3, "( )⁻³"),
        (lambda x: 2**x, "2^( )"),
        (lambda x: autograd.maximum(x, 0.0), "max(·, 0)"),
        (lambda x: autograd.where(x, x, -1.0), "where(…, -1)"),
        (lambda x: autograd.greater(2.0, x), "2 > ( )"),
        (lambda x: autograd.greater(x, 2.0), "> 2"),
        (lambda x: autograd.sum([x, 1.5]), "sum(·, 1.5)"),
        (lambda x: autograd.dot([x, x, x], [0.5, 1.5, 2.5]), "dot(…, 0.5, 1.5, 2.5)"),
        (lambda x: autograd.sum([x, *[0.125] * 9]), "sum(·, 0.125, 0.125, 0.125, 0.1…"),
        (lambda x: x.tanh(), "tanh"),
    ],
)
def test_numbers_are_written_inside_the_op(make, title):
    node = make(Value(0.5, "x"))
    assert inside(node.op, Graph(node).operands[-1]) == title


def test_sizes_know_the_longest_number_and_no_present_one():
    one, other = (viz.graph(Value(v, "x").tanh()) for v in (1.0, -1.2345678e-300))
    assert [(b.width, b.height) for b in one.nodes] == [(b.width, b.height) for b in other.nodes]
    inner = one.nodes[0].width - module.PAD_X - module.WORD
    assert text_width("−1.2346e−15") <= inner - module.PAD_X
    assert text_width("−1.2346e−308") <= inner, "rare: on the padding, not over the edge"
    with_amounts = Drawing(one.graph, amounts=True)
    assert [b.width for b in with_amounts.nodes] == [b.width for b in one.nodes], "one use: no row"


def test_wide_characters_take_two_cells_and_marks_none():
    assert text_width("数") == pytest.approx(2.1 * text_width("x"))
    assert text_width("e\u0301") == pytest.approx(text_width("e"))


def test_many_operands_make_a_tall_box():
    xs = [Value(1.0) for _ in range(40)]
    box = viz.graph(autograd.sum(xs)).nodes[-1]
    assert box.ports == 40 and 0 < box.port(0) < box.port(39) < box.height
    assert box.port(1) - box.port(0) == module.PORT


def test_drawing_reads_and_writes_nothing():
    loss = example()
    loss.backward()
    before = [(v.data, v.grad, v.has_grad, v.label) for v in Graph(loss).nodes]
    drawing = viz.graph(loss)
    drawing.svg, drawing.dot, drawing.png, viz.draw_dot(loss)
    assert before == [(v.data, v.grad, v.has_grad, v.label) for v in Graph(loss).nodes]


def test_an_op_made_at_run_time_is_drawn():
    bump = derived("bump", domain=REALS, formula=lambda m, x: m.exp(-(x * x)))
    glue = primitive(
        "glue", symbol="⊕", form="{a} ⊕ {b}", precedence=1, domain=REALS, slots=2,
        partials=(lambda m, a, b, y: 1.0, lambda m, a, b, y: 2.0), floats=lambda a, b: a + 2 * b,
    )  # fmt: skip
    drawing = viz.graph(glue(bump(Value(0.7, "x")), 3.0))
    assert [box.op for box in drawing.nodes] == ["", "bump", "⊕ 3"]
    assert "⊕ 3" in drawing.svg and viz.draw_dot(drawing.graph).source


def test_a_graph_without_numbers_is_drawn_with_dashes():
    drawing = viz.graph(autograd.compile(lambda a, b: (a * b).tanh()).graph)
    assert any(box.value is None for box in drawing.nodes) and "–" in drawing.svg
    assert "None" not in drawing.svg + drawing.dot + repr(drawing)


def test_a_graph_too_large_is_refused_at_once_with_its_size_and_a_remedy():
    y = Value(1.0, "x")
    for _ in range(100_000):
        y = y * 1.0000001
    start = time.perf_counter()
    with pytest.raises(DrawingError, match=r"at most 3000 nodes.*got 100001; .*max_nodes=100001"):
        viz.graph(y, fold=None)
    with pytest.raises(DrawingError, match="got 100001"):
        viz.draw_dot(y)
    with pytest.raises(DrawingError, match="got 100001"):
        viz.graph(Graph(y), fold=None)
    assert time.perf_counter() - start < 3.0
    with pytest.raises(DrawingError, match="at most 2 nodes"):
        viz.graph(example(), fold=None, max_nodes=2)
    assert len(viz.graph(example(), fold=None, max_nodes=11).nodes) == 11


def test_what_cannot_be_drawn_is_a_wrong_value():
    assert issubclass(viz.DrawingError, ValueError) and not hasattr(autograd, "DrawingError")


def test_many_roots_cost_no_more_than_many_nodes():
    x = Value(1.0, "x")
    graph = Graph(*[x * float(i) for i in range(20_000)])
    start = time.perf_counter()
    assert len(set(names(graph))) == 20_001
    assert time.perf_counter() - start < 5.0


def test_a_leaf_that_was_written_since_is_marked_and_told():
    def stale():
        w, x = Value(2.0, "w"), Value(3.0, "x")
        loss = (w * x).tanh()
        loss.label = "L"
        w.data = 5.0
        return loss

    drawing = viz.graph(stale())
    assert [box.name for box in drawing.nodes if box.stale] == ["w"]
    assert drawing.title.endswith("; w was changed after L was computed")
    for theme in ("light", "dark"):
        svg = drawing.picture(theme)
        assert svg.count(' stale"') == 1 and svg.count(">changed since</text>") == 1
        assert "w&#10;value 5.0&#10;changed since</title>" in svg
    assert "changed since" in drawing.dot and "changed since" in viz.draw_dot(stale()).source
    w = Value(2.0, "w")
    assert "changed" not in viz.graph(w * w).svg


def test_what_is_no_graph_is_refused():
    with pytest.raises(TypeError, match="Value"):
        viz.graph(3.0)


def test_the_suffix_chooses_the_format(tmp_path):
    drawing = viz.graph(example())
    for name, start in (("a.svg", b"<svg"), ("a.dot", b"digraph"), ("A.PNG", b"\x89PNG\r\n")):
        drawing.save(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(start)
    drawing.save(str(tmp_path / "text.svg"))
    assert (tmp_path / "text.svg").read_text(encoding="utf-8") == drawing.svg
    for name in ("a.jpg", "svg", "a"):
        with pytest.raises(ValueError, match=re.escape(name)):
            drawing.save(tmp_path / name)
    assert len(os.listdir(tmp_path)) == 4


@pytest.mark.parametrize("name", ["missing/g.svg", "folder.svg"])
def test_an_unwritable_path_is_named_and_nothing_is_left_behind(tmp_path, name):
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(OSError) as error:
        viz.graph(example()).save(tmp_path / name)
    assert error.value.filename == str(tmp_path / name)
    assert os.listdir(tmp_path) == ["folder.svg"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_what_is_no_file_is_written_into(tmp_path):
    pipe, drawing = tmp_path / "pipe.svg", viz.graph(example())
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    drawing.save(pipe)
    assert os.read(reader, 1_000_000) == drawing.svg.encode() and pipe.is_fifo()
    os.close(reader)
    with pytest.raises(IsADirectoryError):
        (tmp_path / "folder.svg").mkdir()
        drawing.save(tmp_path / "folder.svg")


def test_what_may_not_be_written_stays(tmp_path):
    target = tmp_path / "a.svg"
    target.write_text("mine")
    target.chmod(0o444)
    if os.access(target, os.W_OK):
        pytest.skip("this user may write anything")
    with pytest.raises(PermissionError):
        viz.graph(example()).save(target)
    assert target.read_text() == "mine"


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    target, link = tmp_path / "g.svg", tmp_path / "link.svg"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    drawing = viz.graph(example())

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(os, "replace", full)
        drawing.save(target)
    assert target.read_text() == "old" and len(os.listdir(tmp_path)) == 2
    drawing.save(link)
    assert link.is_symlink() and target.read_text(encoding="utf-8") == drawing.svg
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_notebook_gets_an_image_that_sanitizers_leave():
    drawing = viz.graph(example())
    bundle = drawing._repr_mimebundle_()
    assert bundle["text/plain"] == "Drawing of L = 1.225: 7 operations on 4 leaves"
    data, alt = re.fullmatch(
        r'<img src="data:image/svg\+xml;base64,([^"]*)" alt="([^"]*)">', bundle["text/html"]
    ).groups()
    assert base64.b64decode(data).decode() == drawing.svg and alt.startswith("L = 1.225")


def test_importing_viz_loads_neither_graphviz_nor_subprocess():
    folder = os.path.dirname(os.path.dirname(os.path.abspath(viz.__file__)))
    code = (
        f"import sys; sys.path.insert(0, {folder!r}); import autograd; before = set(sys.modules)\n"
        "import viz; new = set(sys.modules) - before\n"
        "print(sorted(new & {'graphviz', 'tqdm', 'subprocess'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
