"""What a notebook shows of a trace, a step and a drawing, and that it stays by itself."""

import base64
import html
import os
import re
import shutil
import warnings
from pathlib import Path
from xml.etree import ElementTree

import pytest

import viz
from tests.viz.test_page import HOSTILE, Reader, example
from tests.viz.test_views import moons
from viz import notebook

REPO = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def parts(trace):
    """The frame's attributes, the picture as XML, and all that is not in the frame."""
    shown = trace._repr_html_()
    (frame,) = re.findall(r"<iframe.*?</iframe>", shown, re.S)
    rest = shown.replace(frame, "")
    picture = re.search(r'src="data:image/svg\+xml;base64,([^"]*)"', rest)[1]
    drawn = ElementTree.fromstring(base64.b64decode(picture))
    return dict(Reader(frame).tags)["iframe"], drawn, rest


@pytest.mark.parametrize("build", [example, lambda: moons()[0]], ids=["whole", "folded"])
def test_a_trace_is_its_page_in_a_frame_over_its_drawing(build):
    trace = viz.trace(build())
    frame, picture, rest = parts(trace)
    assert frame["srcdoc"] == trace.html() and frame["sandbox"] == "allow-scripts"
    texts = {*picture.itertext()}
    assert viz.graph(trace.graph).title.split(":")[0] in " ".join(texts), "the root and its number"
    assert {tag for tag, _ in Reader(rest).tags} == {"div", "img"}
    attributes = {name for _, given in Reader(rest).tags for name in given}
    assert attributes == {"style", "src", "alt"}, "no id, no class, no handler"


def test_the_picture_has_the_gradients_of_this_pass():
    """Whatever the Values hold: 4.3 by hand, 2 (w x + b - t) x + 0.2 w."""
    root = example()
    root.backward()
    root.backward()
    _, picture, _ = parts(viz.trace(root))
    assert "4.3" in {*picture.itertext()} and "8.6" not in {*picture.itertext()}


def test_labels_stay_text():
    root = example()
    root.label, root.inputs[1].label = HOSTILE
    trace = viz.trace(root)
    frame, _, rest = parts(trace)
    assert frame["srcdoc"] == trace.html() and "<script" not in rest and "<img src=x" not in rest
    drawing = viz.graph(root)._repr_mimebundle_()["text/html"]
    for text in (trace._repr_html_(), trace[-1]._repr_html_(), drawing):
        assert "<script>alert" not in text and "<img src=x" not in text


def test_a_part_of_a_trace_shows_itself_too():
    trace = viz.trace(example())
    assert trace[3:5]._repr_html_() == trace._repr_html_(), "its page is the whole walk"


def test_a_step_is_its_text():
    step = viz.trace(example())[9]
    shown = re.fullmatch(r'<pre style="white-space:pre-wrap">([^<>]*)</pre>', step._repr_html_())
    assert html.unescape(shown[1]) == str(step)


def test_a_browser_is_given_a_file_of_its_own(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("tempfile.tempdir", f"{tmp_path}")
    monkeypatch.setattr("webbrowser.open", lambda uri: True)
    trace = viz.trace(example())
    trace.open(), trace.open()
    first, second = capsys.readouterr().out.splitlines()
    path = Path(first.removesuffix(" is open in a browser"))
    assert first != second and path.read_text(encoding="utf-8") == trace.html()
    assert path.name.startswith("L-") and path.suffix == ".html"


def test_a_kernel_shows_them(tmp_path, monkeypatch):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    monkeypatch.setenv("PYTHONPATH", str(REPO) + os.pathsep + os.environ.get("PYTHONPATH", ""))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    sources = (
        "import autograd, viz\nw = autograd.Value(1.5, 'w')\ny = w * w\nw",
        "viz.trace(y)", "viz.trace(y)[1]", "viz.graph(y)", "autograd.compile(lambda a, b: a * b)",
    )  # fmt: skip
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(x) for x in sources])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the client's own dependencies are not ours to mend
        nbclient.NotebookClient(book, timeout=300, kernel_name="python3").execute()
    bundles = [cell.outputs[0]["data"] for cell in book.cells]
    begins = ["<table", "<div", "<pre", "<img", "<table"]
    assert [x["text/html"].partition(" ")[0] for x in bundles] == begins
    assert all(set(x) == {"text/html", "text/plain"} for x in bundles)
    exported = pytest.importorskip("nbconvert").HTMLExporter().from_notebook_node(book)[0]
    assert "<iframe sandbox" in exported and "viz.explain(root, w)" in exported


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH: make test-browser needs it")
def test_in_a_page_of_others_it_steps_and_without_the_frame_the_picture_is_seen():
    play = pytest.importorskip("playwright.sync_api", reason="it is tested in a browser")
    shown, said = viz.trace(example())._repr_html_(), []
    place = "e => ['x', 'y', 'width', 'height'].map((of) => e.getBoundingClientRect()[of])"
    with play.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 900, "height": 800})
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.set_content(f"<!doctype html><p>before<div>{shown}</div><p class=after>after")
        frame = page.frame_locator("iframe")
        frame.locator("html.scripted #step").press("ArrowRight")
        assert frame.locator("#walk .now h2").inner_text() == "Step 8 of 14 · backward 1 of 7"
        (x, y, _, _), (left, top, _, height) = (
            page.locator(tag).evaluate(place) for tag in ("img", "iframe")
        )
        assert (x, y) == (left, top) and height == notebook.TALL
        assert page.locator("img").evaluate("e => e.naturalWidth") > 0
        page.locator("iframe").evaluate("e => e.remove()")
        _, y, _, height = page.locator("img").evaluate(place)
        _, below, _, _ = page.locator(".after").evaluate(place)
        assert 0 < height < notebook.TALL and 0 <= below - (y + height) < 40  # a margin of 16 px
        browser.close()
    assert not said
