"""What a notebook shows of a Value and of a Program."""

import html
import re

import pytest

import autograd
from autograd import Value
from autograd.unknown import Unknown


def cells(thing):
    """The rows of a card, as a person reads them."""
    rows = re.findall(r"<tr><th[^>]*>(.*?)</th><td[^>]*>(.*?)</td></tr>", thing._repr_html_())
    return {html.unescape(name): html.unescape(text) for name, text in rows}


def test_a_leaf_shows_its_number_and_that_it_has_no_gradient_yet():
    w = Value(1.5, "w")
    want = {"w": "a leaf", "value": "1.5", "gradient": "–", "ask": "viz.explain(root, w)"}
    assert cells(w) == want
    (w * 0.0).backward()
    assert cells(w)["gradient"] == "0", "which is another thing than none"


def test_a_result_shows_what_made_it():
    w, x = Value(3.0, "w"), Value(-2.0, "x")
    y = w * x
    y.backward()
    assert cells(y) == {
        "w×x": "multiply of w, x", "value": "-6", "gradient": "1", "ask": "viz.explain(root, value)"
    }  # fmt: skip
    assert cells(2.0 ** (w * x))["2^(w×x)"] == "power of 2, w×x"
    assert cells(autograd.sum([w] * 9))["sum"] == "sum of w, w, w, w, w, w, …"


def test_five_digits_are_read_and_all_are_there():
    assert 'title="0.1234567891">0.12346<' in Value(0.1234567891)._repr_html_()


HOSTILE = ["<img src=x onerror=alert(1)>", '"><script>', "a\x1b[31m\x07", "&"]


@pytest.mark.parametrize("label", HOSTILE)
def test_a_label_stays_text(label):
    page = Value(1.0, label)._repr_html_() + (Value(1.0, label) * 2.0)._repr_html_()
    assert set(re.findall(r"</?(\w+)", page)) == {"table", "tr", "th", "td"}
    assert page.isprintable() and "viz.explain(root, value)" in page


def test_a_card_of_a_deep_graph_names_the_last_op():
    x = Value(1.0, "x")
    y = x
    for _ in range(100_000):
        y = y + x
    assert cells(y)["add+x"] == "add of add+x, x"


def test_what_has_no_number_yet_has_a_card():
    assert cells(Unknown("x"))["value"] == "unknown"


def test_a_program_shows_its_parameters_back_end_and_size():
    program = autograd.compile(lambda price, rate: price * rate + 1.0, backend="numpy")
    assert cells(program) == {
        "<lambda>": "a program", "parameters": "price, rate", "back end": "numpy", "ops": "2"
    }  # fmt: skip
    program = autograd.compile(lambda *xs: autograd.sum(xs), backend="numpy")
    assert cells(program)["ops"] == "known from its first call"
    program(1.0, 2.0)
    assert cells(program)["parameters"] == "x1, x2" and cells(program)["ops"] == "1"


def test_a_card_changes_nothing():
    w = Value(1.5, "w")
    y = w * w
    y.backward()
    before = [(v.data, v.grad, v.has_grad, v.label, v._mark) for v in (w, y)]
    cells(w), cells(y)
    assert [(v.data, v.grad, v.has_grad, v.label, v._mark) for v in (w, y)] == before
