"""Descriptions: what a record states, as text, and the page of all of them."""

import math
import runpy
from pathlib import Path

import pytest

from autograd import ops
from autograd.ieee import FLOATS, evaluate
from autograd.ops import TABLE, describe
from autograd.reference import CONSTANTS, Text, description
from tests.autograd.cases import RECORDS, rule_of, worst, worst_second

DOCS = Path(__file__).parents[2] / "docs"


def test_a_description_states_all_that_a_record_does():
    assert describe(ops.elu) == (
        "elu: where(x > 0, x, alpha × expm1(x))\n"
        "  parameters  alpha=1\n"
        "  slope  where(x > 0, 1, where(0 >= x, alpha × exp(x), x))\n"
        "  domain  any real\n"
        "  symbol  elu\n"
        "  at kinks and edges  at 0 the slope of the side x <= 0\n"
        "  accuracy  value 4 ulp; slope 1e-12\n"
        "  source  Clevert, Unterthiner, Hochreiter 2015"
    )
    text = describe(ops.power)
    assert "slope in a  b × a^(b-1)\n" in text and "domain of a  > 0" in text


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_every_op_has_a_description(record):
    about = description(record)
    assert about.formula and len(about.slopes) == (record.slots or 1)
    assert all(about.slopes) and "{" not in "".join((*about.slopes, about.kinks, about.formula))
    if record.kink is not None:
        assert about.kinks


def test_a_rules_text_is_the_rule():
    """Python reads it back as the same function: of three ops whose text is Python."""
    for name, at in (("softsign", -0.7), ("arctanh", 0.3), ("arcsinh", 1.3)):
        record = TABLE[name]
        text = description(record).slopes[0].replace("×", "*").replace("|x|", "abs(x)")
        text = text.replace("²", "**2").replace("hypot", "math.hypot")
        want = evaluate(rule_of(record, 0), at, FLOATS.run(record, at))
        assert eval(text, {"math": math, "x": at}) == want


def test_a_constants_text_is_its_number():
    spelled = {"√½": "0.5**0.5", "ln": "math.log"}
    for number, text in CONSTANTS.items():
        for sign, python in (("√π", "math.sqrt(math.pi)"), ("√(2π)", "math.sqrt(2 * math.pi)"),
                             ("ln 10", "math.log(10)"), ("ln 2", "math.log(2)"),
                             ("√½", spelled["√½"]), ("∞", "math.inf")):  # fmt: skip
            text = text.replace(sign, python)
        assert eval(text, {"math": math}) == pytest.approx(number, rel=2.3e-16)


def test_text_puts_parentheses_where_a_formula_needs_them():
    assert (
        Text().text(lambda m, a, b: -((a - b) ** 2.0) / (a * b), "a", "b") == "-(a - b)² / (a × b)"
    )


# ------------------------------------------------------------------ the page
@pytest.fixture(scope="module")
def maker():
    return runpy.run_path(str(DOCS / "make_ops.py"))


def test_the_page_holds_every_op_in_its_records_words(maker):
    text = (DOCS / "ops.md").read_text(encoding="utf-8")
    cells = maker["measured"](text)
    assert set(cells) == set(TABLE)
    assert maker["page"](cells) == text, "run: python docs/make_ops.py"


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_the_page_says_what_an_op_is_off_by_at_its_worst_point(maker, record):
    """Measured again at that point; another machine's C library may be an ulp or 1e-14 away."""
    value, slope, second = maker["measured"]((DOCS / "ops.md").read_text("utf-8"))[record.name]
    for cell, place, largest, near in ((value, 0, 4.0, 1.0), (slope, 2, 1e-12, 1e-14)):
        said, _, where = cell.partition(" at ")
        assert float(said) <= largest
        if where and "…" not in where:
            point = tuple(map(float, where.split(", ")))
            again = worst(record, [point])[place]
            assert again <= largest and abs(again - float(said)) <= near
    said, _, where = second.partition(": ")[2].partition(" at ")
    assert float(said) <= 1e-12
    if where and "…" not in where:
        again = worst_second(record, [tuple(map(float, where.split(", ")))])[0]
        assert again <= 1e-12 and abs(again - float(said)) <= 1e-14
