"""Numbers as text: five digits, ties away from zero, one form everywhere."""

import decimal
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograd.numbers import rounded, show


@pytest.mark.parametrize(("x", "text"), [
    (0.0, "0"), (-0.0, "0"), (2.0, "2"), (-3.5, "-3.5"), (0.1, "0.1"), (0.881373587, "0.88137"),
    (1.51, "1.51"), (0.04341, "0.04341"), (6.8813735870195432, "6.8814"), (24.7041, "24.704"),
    (1e-4, "0.0001"), (1.23456e-4, "0.00012346"), (9.9999e-5, "9.9999e-5"), (9.99996e-5, "0.0001"),
    (1.23456789e-10, "1.2346e-10"), (5e-324, "5e-324"), (2.2250738585072014e-308, "2.2251e-308"),
    (1e-300, "1e-300"),
    (123456.0, "123460"), (999994.0, "999990"), (999995.0, "1e6"), (1e6, "1e6"),
    (1234567.0, "1.2346e6"),
    (-1.23456e-15, "-1.2346e-15"), (1.7976931348623157e308, "1.7977e308"), (100000.0, "100000"),
    (math.inf, "inf"), (-math.inf, "-inf"), (math.nan, "nan"), (7, "7"), (np.float64(2.5), "2.5"),
    (None, "–"),
])  # fmt: skip
def test_a_number_is_shown_as_the_design_page_has_it(x, text):
    assert show(x) == text


@pytest.mark.parametrize(("x", "text"), [
    (1.00005, "1.0001"), (-1.00005, "-1.0001"), (0.123455, "0.12346"), (1.00015, "1.0002"),
    (2.5, "2.5"),
    (100005.0, "100010"), (1.000049, "1"), (12345.5, "12346"), (12346.5, "12347"),
])  # fmt: skip
def test_a_tie_of_the_printed_decimal_goes_away_from_zero(x, text):
    """1.00005 is a little below it in binary: what a person sees is what Python prints."""
    assert show(x) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(9.99995e-5)
@example(999999.5)
@settings(max_examples=2000, deadline=None, derandomize=True)
def test_text_and_rounded_number_agree_and_have_five_digits(x):
    """What is printed is the number rounded to 5 digits: half a unit of the fifth away at most."""
    text = show(x)
    digits = text.lstrip("-").split("e")[0].replace(".", "").strip("0")
    assert len(digits) <= 5 and "+" not in text and "−" not in text and not text.startswith("-0 ")
    assert float(text) == rounded(x)
    if abs(x) > 1.7976e308:
        return  # rounded up, no float holds it
    if abs(x) > 1e-300:
        assert abs(rounded(x) - x) <= abs(x) * 0.5e-4 * (1 + 1e-12)
    size = abs(rounded(x))
    assert ("e" in text) == (size != 0.0 and not 1e-4 <= size < 1e6)
    assert rounded(rounded(x)) == rounded(x) and show(rounded(x)) == text


def test_rounded_keeps_what_has_no_digits():
    assert math.isnan(rounded(math.nan)) and rounded(-math.inf) == -math.inf
    assert rounded(np.float64(0.881373587)) == 0.88137 and type(rounded(np.float64(1.0))) is float


def test_the_users_own_decimal_settings_change_nothing():
    with decimal.localcontext() as context:
        context.prec = 2
        context.rounding = decimal.ROUND_DOWN
        for trap in (decimal.Inexact, decimal.Rounded):
            context.traps[trap] = True
        assert (show(1.23456789e-10), show(0.881373587), rounded(6.88137)) == (
            "1.2346e-10",
            "0.88137",
            6.8814,
        )
