"""A formula as text: what it is worth, and what is refused, and where."""

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import ops
from viz.expressions import ALLOWED, LARGEST, LONGEST, value_of

NAMES = {"x": 1.0, "w": -0.5}
numbers = st.sampled_from(["x", "w", "2.0", "0.5", "3.", "1e-3"])


def inside(inner):
    operator = st.sampled_from(["+", "-", " * ", "/", "%", "**", " - "])
    joined = st.tuples(inner, operator, inner).map("".join)
    called = st.tuples(st.sampled_from(["tanh", "sin", "cos", "", "-", "+"]), inner)
    return joined | called.map(lambda parts: f"{parts[0]}({parts[1]})") | inner.map("-{}".format)


@settings(max_examples=300, deadline=None)
@given(st.recursive(numbers, inside, max_leaves=8))
def test_it_is_worth_what_python_says(text):
    """Python's own eval, over math's functions, where that gives a real number."""
    functions = {name: getattr(math, name) for name in ("tanh", "sin", "cos")}
    try:
        want = eval(text, {"__builtins__": {}}, {**functions, **NAMES})
    except (ArithmeticError, ValueError, TypeError):  # TypeError: tanh of a complex number
        return
    if isinstance(want, complex):
        return
    used = {name: number for name, number in NAMES.items() if re.search(rf"\b{name}\b", text)}
    try:
        got = value_of(text, used)
    except ValueError as error:
        assert "an exponent is at most" in f"{error}"
        return
    assert got.data == pytest.approx(want, rel=1e-12, abs=1e-300), text  # the last bits of libm


@pytest.mark.parametrize("name", [n for n, record in ops.TABLE.items() if n != "dot"])
def test_every_function_of_the_table_is_called_by_its_name(name):
    record = ops.TABLE[name]
    operands = [next(x for x in reversed(domain.probes()) if x <= 1.0) for domain in record.domain]
    if record.slots is None:
        operands = [0.25, 0.5, 1.0]
    by_hand = record(operands) if record.slots is None else record(*operands)
    got = value_of(f"{name}({', '.join(map(repr, operands))})", {}).data
    assert got == by_hand or (math.isnan(got) and math.isnan(by_hand))


def test_a_parameter_is_given_by_its_name():
    y = value_of("leaky_relu(-x, slope=0.2) + var(x, 3, ddof=1)", {"x": 1.0})
    assert y.data == pytest.approx(-0.2 + 2.0, rel=1e-15)  # deviations of 1 and 3 from 2, over 1


def test_a_name_is_one_value_however_often_it_is_used():
    y = value_of("a*a + a", {"a": 3.0})
    y.backward()
    (product, a) = y.inputs
    assert product.inputs == (a, a) and a.label == "a" and a.grad == 7.0  # 2a + 1


def test_names_are_those_of_pythons_parser():
    assert value_of("α*ﬁ", {"α": 2.0, "fi": 3.0}).data == 6.0  # ﬁ, one character, reads as fi


REFUSED = [  # the text, the column, what is said
    ("x + evil(x)", 5, "evil is no function"),
    ("x + q", 5, "q has no number; add q=0.5"),
    ("x * 'a'", 5, "not allowed"),
    ("x + * 2", 5, "invalid syntax"),
    ("  x + q", 7, "q has no number"),
    ("α*x + evil(x)", 7, "evil"),  # α is two bytes, and one column
    ("α*x + * 2", 7, "invalid syntax"),
    ("x + x.__class__", 5, "x.__class__ is not allowed"),
    ("2*__import__('os').system('ls')", 3, "__import__('os').system… is not allowed"),
    ("tanh(p*x + q)*r", 6, "p has no number"),  # the first, of three
    ("2*pi*x", 3, "add pi=3.14159265"),
    ("2 + 9**9**9", 5, "an exponent is at most 1,000,000"),
    ("x**-1000001", 1, "an exponent is at most"),
    ("x**(1e300*1e300)", 1, "an exponent is at most"),
    ("(" * 10_000, LONGEST + 1, "at most 1,000 characters are read, got 10,000"),
    ("(" * 900, 201, "too many nested parentheses"),
    ("tanh(x", 5, "never closed"),
    ("x + tanh(x, x, x)", 5, "tanh: 1 operand(s) are required, got 3"),
    ("x + tanh()", 5, "tanh: 1 operand(s) are required, got 0"),
    ("x + tanh", 5, "tanh is a function; write tanh(0.5)"),
    ("x + leaky_relu(x, slop=1)", 5, "slop"),
    ("x + celu(x, alpha=0)", 5, "alpha must not be 0"),
    ("x + sum(*x)", 9, "not allowed"),
    ("x + tanh(**x)", 5, "not allowed"),
    ("x + " + "1" * 400, 5, "too large"),
    ("x + True", 5, "not allowed"),
    ("x + 2j", 5, "not allowed"),
    ("2*x^2", 4, "a power is written x**2"),  # as a formula is printed
    ("2*x²", 4, "a power is written x**2"),
    ("2·x", 2, "a product is written 2*x"),
    ("x // 2", 1, "not allowed"),
    ("x @ x", 1, "not allowed"),
    ("~x", 1, "not allowed"),
    ("x < 1", 1, "not allowed"),
    ("x if x else x", 1, "not allowed"),
    ("(x := 2)", 2, "not allowed"),
    ("x; x", 2, "invalid syntax"),
    ("x # y", 3, "a comment"),
    ("x\0", 2, "'\\x00' cannot be shown"),
    ("x +\nx", 4, "'\\n' cannot be shown"),
    ("x\x1b[31m", 2, "cannot be shown"),
    ("x\u202ey", 2, "cannot be shown"),  # writes on from the right
    ("x\ud800", 2, "cannot be shown"),  # half a character, as a shell may hand over
    ("", 1, "an expression is required"),
    ("   ", 4, "an expression is required"),
]


@pytest.mark.parametrize(("text", "column", "said"), REFUSED, ids=[x[0][:20] for x in REFUSED])
def test_what_is_no_formula_is_refused_with_its_column(text, column, said):
    with pytest.raises(ValueError, match=rf"^column {column}: ") as caught:
        value_of(text, {"x": 1.0, **({"α": 2.0} if "α" in text else {})})
    assert said in f"{caught.value}" and f"{caught.value}".endswith(ALLOWED)


DEEP = ["x" + "+x" * 499, "-" * 999 + "x", "tanh(" * 160 + "x" + ")" * 160]


@pytest.mark.parametrize("text", DEEP)
def test_what_is_as_deep_as_it_may_be_is_still_computed(text):
    assert len(text) <= LONGEST and math.isfinite(value_of(text, {"x": 1.0}).data)


def test_the_largest_exponent_is_taken():
    assert value_of(f"x**{LARGEST}", {"x": 1.0}).data == 1.0


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40) | st.text("x+-*/%()., 1e_=#'[]{}:;@!<\\", max_size=40))
def test_any_other_text_is_refused_in_our_words(text):
    try:
        with autograd.errstate("ignore"):
            value_of(text, {"x": 1.0})
    except ValueError as error:
        assert re.match(r"column \d+: |x has a number, but is not", f"{error}")
        column = re.match(r"column (\d+)", f"{error}")
        assert column is None or 1 <= int(column[1]) <= len(text) + 1


def test_a_number_that_is_used_nowhere_is_named():
    with pytest.raises(ValueError, match=r"^z has a number, but is not in the expression"):
        value_of("x*2", {"x": 1.0, "z": 2.0})
