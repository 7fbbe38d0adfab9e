"""The numbers of a folded box: how they lie, what their strokes say, and how large the box is."""

import math
import re

import pytest

from viz import bars
from viz.bars import Many
from viz.letters import fit

INF, NAN = math.inf, math.nan


def many(*rows, lines=(), grads=True):
    rows = tuple(tuple(row) for row in rows)
    nodes = tuple(tuple(range(len(row))) for row in rows)
    return Many(tuple(lines), nodes, rows, rows if grads else ())


def strokes(numbers, columns, pitch=10.0, high=21.0):
    """Of each stroke where it stands, its zero line, and how far up from there it goes."""
    rows = -(-len(numbers) // columns)
    bar, odd = bars.strokes(numbers, bars.Grid(columns, rows, pitch, high))
    found = re.findall(r"M([\d.-]+) ([\d.-]+)V([\d.-]+)", bar)
    assert "".join(f"M{x} {zero}V{end}" for x, zero, end in found) == bar
    return [(float(x), float(zero), float(zero) - float(end)) for x, zero, end in found], odd


def test_a_stroke_goes_up_or_down_from_zero_and_the_largest_is_the_longest():
    found, odd = strokes([1.0, -2.0, 0.5, 0.0], 4)
    assert [x for x, _, _ in found] == [5, 15, 25, 35] and {zero for _, zero, _ in found} == {10.5}
    assert [up for _, _, up in found] == pytest.approx([5, -10, 2.5, 0], abs=0.051)
    assert odd == ""


def test_a_grid_is_read_row_by_row_on_one_scale():
    found, _ = strokes([1.0, 2.0, 3.0, 4.0], 2)
    assert [(x, zero) for x, zero, _ in found] == [(5, 10.5), (15, 10.5), (5, 31.5), (15, 31.5)]
    assert [up for _, _, up in found] == pytest.approx([2.5, 5, 7.5, 10], abs=0.051)


def test_what_is_not_a_number_has_a_mark_of_its_own_and_nothing_has_none():
    found, odd = strokes([None, NAN, INF, -INF, 1.0], 5)
    assert [up for _, _, up in found] == pytest.approx([0, 0, 10, -10, 10], abs=0.051)
    assert odd == "M13 8.5L17 12.5M13 12.5L17 8.5" + "M23 0.5H27" + "M33 20.5H37"
    assert strokes([NAN, INF], 2)[0][1][2] == 0, "without a finite number there is no scale"


@pytest.mark.parametrize("n", [2, 16, 100, 129, 300, 1024])
def test_each_number_has_its_stroke(n):
    numbers = [math.sin(k) for k in range(n)]
    box = many(numbers)
    laid = bars.grid(box)
    assert len(strokes(bars.flat(box.values, laid), laid.columns)[0]) == n
    assert laid.columns <= bars.WRAP and laid.rows == -(-n // bars.WRAP)
    assert laid.pitch * laid.columns <= bars.NARROW


def test_more_than_can_be_told_apart_are_said_and_not_drawn():
    assert bars.grid(many([0.5] * 1025)) is None
    assert bars.grid(many(*[[0.5] * 100] * 16)) is None
    assert bars.grid(many(*[[0.5] * 2] * 65)) is None
    assert bars.summary([3.0, -4.0, *[0.0] * 1100]) == ["length 5", "largest −4"]


def test_rows_of_unequal_length_keep_their_columns():
    box = many([1.0, 2.0, 3.0], [4.0])
    laid = bars.grid(box)
    assert bars.flat(box.values, laid) == [1, 2, 3, 4, None, None]


def test_a_column_lies_down():
    box = many(*[[float(k)] for k in range(9)])
    laid = bars.grid(box)
    assert (laid.columns, laid.rows) == (9, 1)
    assert bars.flat(box.values, laid) == list(range(9))


@pytest.mark.parametrize("shape", [(1, 1), (1, 16), (16, 20), (1, 300), (16, 100), (64, 2)])
def test_a_box_is_as_large_as_its_words_and_counts_ask_whatever_its_numbers_are(shape):
    rows, columns = shape
    sizes = {
        bars.size("layer 2", many(*[[x] * columns] * rows, lines=("16 neurons · 48 ops",)))
        for x in (1.0, -1.2345e-300, NAN, None)
    }
    ((width, height),) = sizes
    assert 110 <= width <= 190 and height <= 600 and height % 2 == 0


def test_a_summary_says_nothing_that_is_not_there():
    assert bars.summary([None, None]) == ["–"]
    assert bars.summary([-0.25]) == ["−0.25"]
    assert bars.summary([0.3, None, -0.4]) == ["length 0.5", "largest −0.4"]
    assert bars.told("grad", [None]) == "grad: none yet"
    assert bars.told("value", [3.0, -4.0]) == "value: 2 numbers from -4 to 3, length 5"
    assert bars.told("value", [1.0, NAN]).endswith("1 not finite")


def test_text_is_cut_to_one_line_that_fits():
    cut = fit("a\nb\x00\N{RIGHT-TO-LEFT OVERRIDE} " + "m" * 10_000)
    assert cut.startswith("a b m") and cut.endswith("…") and len(cut) <= 25
    assert fit("short") == "short" and fit("nothing", room=1) == ""


def test_what_is_not_finite_is_never_hidden_behind_a_largest_number():
    assert bars.summary([0.5, math.nan, -2.0])[-1] == "largest nan"
    assert bars.summary([0.5, -math.inf, -2.0])[-1] == "largest −inf"
    assert bars.summary([0.5, None, -2.0])[-1] == "largest −2"
