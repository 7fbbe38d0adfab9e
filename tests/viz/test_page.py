"""The page as a file: small, closed, safe, and the whole walk without its script."""

import base64
import hashlib
import html.parser
import os
import re

import pytest

import autograd
import viz
from autograd import Value
from autograd.op import REALS, primitive

HOSTILE = "</script><script>alert(1)</script>", 'q"><img src=x onerror=alert(2)>'


def example():
    w, x, b, t = Value(1.5, "w"), Value(2.0, "x"), Value(-1.0, "b"), Value(1.0, "t")
    loss = (w * x + b - t) ** 2 + 0.1 * (w * w)
    loss.label = "L"
    return loss


def recurrent(x, w, steps=8):
    y = (x * w + x).tanh()
    for _ in range(steps):
        y = (y * w + x).tanh()
    return y


class Reader(html.parser.HTMLParser):
    """Collects tags, and the text that a person reads."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text, self.silent = [], "", 0
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.silent += tag in ("script", "style", "svg")
        if tag in ("p", "li", "h2", "tr"):
            self.text += "\n"

    def handle_endtag(self, tag):
        self.silent -= tag in ("script", "style", "svg")

    def handle_data(self, data):
        if not self.silent:
            self.text += data


def test_without_script_it_is_the_whole_walk():
    trace = viz.trace(example())
    lines = {line.strip() for line in Reader(trace.html()).text.splitlines()}
    for step in trace:
        for line in str(step).splitlines():
            assert line.strip() in lines, line
    assert any("Raise w by 0.01 (to 1.51) and L rises by about 0.043" in line for line in lines)


def test_it_is_small_and_the_same_each_time():
    trace = viz.trace(recurrent(Value(2.0, HOSTILE[0]), Value(0.5, HOSTILE[1])))
    page = trace.html()
    assert len(trace.graph) == 29 and len(page.encode()) <= 75_000
    assert page == trace.html() == viz.trace(trace.graph.nodes[-1]).html()
    plain = viz.trace(recurrent(Value(2.0, "x"), Value(0.5, "w"))).html()
    assert len(plain.encode()) <= 70_000


def test_it_grows_with_its_graph(monkeypatch):
    monkeypatch.setenv("WHYGRAD_LAYOUT", "own")

    def size(steps):
        y = w = Value(0.3, "w")
        for _ in range(steps):
            y = (y * w).tanh()
        return len(viz.trace(y).html())

    assert size(400) < 4.2 * size(100)


def test_its_policy_allows_what_it_holds_and_no_more():
    page = viz.trace(example()).html()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, flags=re.S)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not re.search(r"eval\(|Function\(|https://|//cdn|@import|innerHTML", page)
    for tag, attributes in Reader(page).tags:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert "src" not in attributes and "href" not in attributes, tag


@pytest.mark.parametrize(
    "label", [*HOSTILE, "<!--", "${alert(1)}", "a\nb\0c\ud800\u2028", "&lt;b&gt;", "z" * 10_000]
)
def test_a_label_is_text(label):
    x = Value(2.0, label)
    page = viz.trace(recurrent(x, Value(0.5, "w"), 1)).html()
    page.encode()
    plain = viz.trace(recurrent(Value(2.0, "x"), Value(0.5, "w"), 1)).html()
    tags = [tag for tag, _ in Reader(page).tags]
    assert sorted(tags) == sorted(tag for tag, _ in Reader(plain).tags)
    assert len(page) < len(plain) + 40_000


def test_what_cannot_follow_is_locked_and_says_so():
    a, b = Value(-1.0, "a"), Value(2.0, "b")
    page = viz.trace(autograd.where(a > 0.0, a, b) * a).html()
    assert "where(0,a,b) keeps the branch it was recorded with." in page
    assert "This is a recording of one run" in page and " disabled" not in page
    silent = primitive(
        "silent", domain=REALS, floats=lambda x: x + 1.0, partials=(lambda m, x, y: 1.0,)
    )
    page = viz.trace(silent(a) * b).html()
    assert "silent(a) keeps its number: silent has no page form." in page
    fields = re.findall(r'<input type=number step=any id=leaf\d+ value="(.*?)"( disabled)?>', page)
    assert fields == [("-1", " disabled"), ("2", "")]


def test_a_large_graph_is_not_live(monkeypatch):
    monkeypatch.setattr("viz.page.LIVE_NODES", 10)
    trace = viz.trace(recurrent(Value(2.0, "x"), Value(0.5, "w")))
    assert "Inputs do not move here: 29 nodes are more than 10." in trace.html()


def test_numbers_that_are_none_are_written_as_such():
    with autograd.errstate("ignore"):
        page = viz.trace(autograd.log(Value(-1.0, "x")) + Value(float("inf"), "y")).html()
    assert "Infinity" in page
    assert "log(<b n=v0>-1</b>) <b n=ev1>=</b> <b n=v1>nan</b>" in page
    assert re.search(r"<h2>Step 1 of 4 · forward 1 of 2 !</h2>", page)


def test_names_stand_for_the_records_letters_and_what_is_held_is_told_once():
    x, y = Value(3.0, "x"), Value(4.0, "y")
    for _ in range(2):
        r = autograd.hypot(x, y)
        r.label = "r"
        r.backward()
    text = Reader(viz.trace(r).html()).text
    assert "dr/dr × y/r = 1 × 0.8 = 0.8" in text and "y/y" not in text
    assert text.count("earlier backward() calls were added") == 1


def test_a_leaf_alone_has_a_page():
    page = viz.trace(Value(2.0, "x")).html()
    assert "sk of each number" not in page and "<h1>x</h1>" in page
    assert "Raise x by " in page


def test_it_opens_at_a_step_that_there_is():
    trace = viz.trace(example())
    assert trace.html() == trace.html(step=7) != trace.html(step=0)
    assert "opening=14," in trace.html(step=14) and "opening=0," in trace[:2].html(0)
    for step in (-1, 15):
        with pytest.raises(IndexError, match=f"step must be 0 to 14, got {step}"):
            trace.html(step)
    with pytest.raises(TypeError):
        trace.html("9")


@pytest.mark.parametrize("step", [None, 3])
def test_a_page_that_trains_allows_no_more_than_another(step):
    root = example()
    leaves = [x for x in autograd.Graph(root).nodes if x.op is None]
    page = viz.trace(root, train=leaves, map=(root, *leaves[:2])).html(step)
    plain = viz.trace(root).html(step)
    policies = [re.search('content="(default-src.*?)"', each)[1] for each in (page, plain)]
    assert len({re.sub("sha256-.*?'", "", policy) for policy in policies}) == 1
    for tag, attributes in Reader(page).tags:
        assert not {"style", "src", "href"} & set(attributes), tag
        assert not [name for name in attributes if name.startswith("on")], tag


def test_what_is_not_live_has_no_lines_as_python(monkeypatch):
    monkeypatch.setattr("viz.page.LIVE_NODES", 10)
    page = viz.trace(recurrent(Value(2.0, "a name"), Value(0.5, "w"))).html()
    assert "<button id=python hidden " in page and "[0,2,1]" in page


def test_saving_is_whole_or_not_at_all(tmp_path):
    path = tmp_path / "walk.html"
    trace = viz.trace(example())
    trace.save(path)
    assert path.read_text(encoding="utf-8") == trace.html() and os.listdir(tmp_path) == [path.name]
    with pytest.raises(OSError, match="nowhere"):
        trace.save(tmp_path / "nowhere" / "walk.html")
