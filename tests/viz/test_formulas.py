"""The formula of a root and of its derivative: right, short, and readable, for every op."""

import itertools
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
import nn
import viz
from autograd import Value
from autograd.ops import TABLE
from viz.algebra import MOST

RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
N_ARY = [name for name, record in TABLE.items() if record.slots is None]
FUNCTIONS = {name: getattr(math, name) for name in dir(math) if name[0] != "_"} | {
    name: (lambda *xs, record=record, **k: record(xs, **k)) if record.slots is None else record
    for name, record in TABLE.items() if not hasattr(math, name)
}  # fmt: skip


def value_of(text, **at):
    """The text as a Python expression, over the table's functions."""
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda m: f"**{m[0].translate(RAISED)}", str(text))
    text = text.replace("·", "*").replace("^", "**")
    return eval(text, {"__builtins__": {}}, {**FUNCTIONS, **at})


def leaf(data, label):
    return Value(data, label)


def example():
    w, x, b, t = (leaf(v, n) for v, n in ((1.5, "w"), (2.0, "x"), (-1.0, "b"), (1.0, "t")))
    return (w * x + b - t) ** 2 + 0.1 * (w * w), w, x, b, t


# ---------------------------------------------------------------- right
def called(name, leaves):
    record = TABLE[name]
    if name == "dot":
        return record(leaves[:2], leaves[1:])
    return record(leaves) if record.slots is None else record(*leaves[: record.slots])


def places(name):
    """Points in the domain where no digits are lost to cancellation, kinks and ties among them."""
    record = TABLE[name]
    domain = record.domain if record.slots else record.domain * 3
    usable = [[p for p in x.probes() if 1e-3 < abs(p) <= 2.5 or p == 0.0] for x in domain]
    for turn, i in itertools.product((0, 1, 2), range(len(usable[0]))):
        at = [p[(i + turn * slot) % len(p)] for slot, p in enumerate(usable)]
        if name == "clip" and at[1] > at[2]:
            at[1:] = at[2], at[1]
        yield at + [0.5] * (3 - len(at))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", [name for name in TABLE if name not in ("sinc", "corner")])
def test_every_ops_formulas_evaluate_to_its_value_and_to_its_gradients(name):
    """The gradients are backward()'s, by the hand-written ``fast``. A formula is ten roundings or
    so, and at |x| <= 2.5 none is enlarged more than a hundred times: 1e-12.
    """
    compared = 0
    for at in places(name):
        leaves = [leaf(v, n) for v, n in zip(at, "abc", strict=True)]
        named = dict(zip("abc", at, strict=True))
        y = called(name, leaves)
        if not math.isfinite(y.data):
            continue
        assert value_of(viz.formula(y), **named) == pytest.approx(y.data, rel=1e-12, abs=1e-14)
        y.backward()
        for x in leaves:
            try:
                found = value_of(viz.formula(y, x), **named)
            except (ZeroDivisionError, ValueError):  # a/norm(a, b, c) at 0: no number, not another
                kink, used = TABLE[name].kink, at[: TABLE[name].slots]
                assert not math.isfinite(x.grad) or kink(autograd.ieee.FLOATS, *used)
                continue
            compared += 1
            assert found == pytest.approx(x.grad, rel=1e-12, abs=1e-14, nan_ok=True), (at, x.label)
    assert compared >= 9


WRITTEN = {  # what a person would write; the slopes are a textbook's
    "tanh": "1 - tanh(x)²", "sigmoid": "sigmoid(x)·(1 - sigmoid(x))", "exp": "exp(x)",
    "log": "1/x", "sqrt": "1/(2·sqrt(x))", "cbrt": "1/(3·cbrt(x)²)", "square": "2·x",
    "reciprocal": "-1/x²", "relu": "where(x > 0, 1, 0)", "abs": "sign(x)", "sin": "cos(x)",
    "cos": "-sin(x)", "tan": "1 + tan(x)²", "arctan": "1/(1 + x²)", "softplus": "sigmoid(x)",
    "leaky_relu": "where(x > 0, 1, 0.01)", "elu": "where(x > 0, 1, exp(x))", "floor": "0",
    "log1p": "1/(1 + x)", "logit": "1/(x·(1 - x))", "silu": "sigmoid(x)·(1 + x·sigmoid(-x))",
    "digamma": "polygamma(x, n=1)", "softsign": "1/(1 + abs(x))²",
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
def test_a_slope_is_written_as_in_a_textbook(name):
    x = leaf(0.4, "x")
    assert str(viz.formula(TABLE[name](x), x)) == WRITTEN[name]


def test_a_slope_that_is_a_series_is_refused():
    x = leaf(0.4, "x")
    assert str(viz.formula(autograd.sinc(x))) == "sinc(x)"
    with pytest.raises(viz.DrawingError):
        viz.formula(autograd.sinc(x), x)


def test_terms_and_factors_come_in_the_order_of_the_roots_own():
    """Each by the sum, product and chain rules from left to right."""
    w, x, b, y = (leaf(v, n) for v, n in ((0.5, "w"), (2.0, "x"), (0.1, "b"), (1.0, "y")))
    p = autograd.sigmoid(w * x + b)
    loss = -(y * autograd.log(p) + (1.0 - y) * autograd.log(1.0 - p))
    theta, omega, dt = leaf(0.3, "theta"), leaf(0.0, "omega"), leaf(0.1, "dt")
    step = theta + (omega - 9.81 * autograd.sin(theta) * dt) * dt
    for root, wrt, want in (
        (loss, w, "(1 - y)·sigmoid(w·x + b)·x - y·(1 - sigmoid(w·x + b))·x"),
        (step, theta, "1 - 9.81·dt²·cos(theta)"),
        (3.0 * x**3 - 2.0 * x**2 + x, x, "9·x² - 4·x + 1"),
        (x * autograd.log(x * y), x, "log(x·y) + 1"),
        (autograd.exp(-x * x / 2.0), x, "-exp(-0.5·x²)·x"),
    ):
        assert str(viz.formula(root, wrt)) == want


def test_ops_of_several_operands_are_written_as_in_a_textbook():
    a, b, c = leaf(0.5, "a"), leaf(1.5, "b"), leaf(2.0, "c")
    for y, x, want in (
        (a**b, a, "b·a^(b - 1)"), (a**b, b, "a^b·log(a)"), (a**3, a, "3·a²"), (a / b, b, "-a/b²"),
        (autograd.hypot(a, b), a, "a/hypot(a, b)"),
        (autograd.norm([a, b, c]), c, "c/norm(a, b, c)"),
        (autograd.logaddexp(a, b), b, "sigmoid(b - a)"), (autograd.dot([a, b], [c, a]), a, "c + b"),
        (autograd.maximum(a, b), a, "where(a > b, 1, where(a == b, 0.5, 0))"),
        (autograd.where(autograd.greater(a, b), a * c, b * c), c, "where(a > b, a, b)"),
        (autograd.mean([a, b, c]), a, "1/3"), (2.0**a, a, "0.6931471805599453·2^a"),
        (autograd.leaky_relu(a * b, slope=0.2), a, "where(a·b > 0, 1, 0.2)·b"),
    ):
        assert str(viz.formula(y, x)) == want
    exactly = autograd.leaky_relu(a, slope=0.123456789)
    assert str(viz.formula(exactly)) == "leaky_relu(a, slope=0.123456789)"


def test_choices_are_added_up_by_their_conditions():
    a, b = leaf(0.5, "a"), leaf(0.5, "b")
    y = autograd.maximum(a * b, b)
    one, other = (f"where({x} > {z}, 1, where({x} == {z}, 0.5, 0))"
                  for x, z in (("a·b", "b"), ("b", "a·b")))  # fmt: skip
    assert str(viz.formula(y, b)) == f"{one}·a + {other}"
    assert str(viz.formula(autograd.where(2.0**a, a * b, 0.0), b)) == "where(2^a, a, 0)"
    larger = autograd.maximum(2.0**a * b, a)
    assert str(viz.formula(larger, b)) == "where(2^a·b > a, 1, where(2^a·b == a, 0.5, 0))·2^a"


def test_a_choice_between_forms_of_one_slope_is_not_written_but_a_persons_own_is():
    x = leaf(0.5, "x")
    assert "where" not in str(viz.formula(autograd.mish(x.tanh()), x))
    own = autograd.where(autograd.greater(x * x, -1.0), x, x * x)  # true everywhere, and theirs
    assert str(viz.formula(own, x)) == "where(x² > -1, 1, 2·x)"


def test_an_op_made_at_run_time_has_its_rules_slope():
    from autograd.op import REALS, derived

    hat = derived(
        "hat", domain=REALS, formula=lambda m, x: m.where(m.greater(x, 300.0), 2.0 * x, x * x)
    )
    x = leaf(3.0, "x")
    text = str(viz.formula(hat(x), x))  # 300 is far from all the usual probes
    assert text == "2·where(x > 300, 0, 1)·x + 2·where(x > 300, 1, 0)"


LEAVES = {"a": 0.7, "b": 1.3}
ONE = [autograd.tanh, autograd.exp, autograd.sigmoid, autograd.sin, autograd.relu, autograd.abs]
TWO = [
    autograd.add, autograd.subtract, autograd.multiply, autograd.maximum, autograd.greater,
    lambda a, b: a / (b * b + 0.5), lambda a, b: autograd.where(autograd.greater(a, b), a * b, a),
]  # fmt: skip
programs = st.recursive(
    st.sampled_from(["a", "b"]) | st.sampled_from([0.5, -3.0, 0.1]),
    lambda inner: (
        st.tuples(st.sampled_from(ONE), inner) | st.tuples(st.sampled_from(TWO), inner, inner)
    ),
    max_leaves=8,
)  # fmt: skip


def made(program, leaves):
    if isinstance(program, tuple):
        f, *inner = program
        return f(*(made(x, leaves) for x in inner))
    return leaves.get(program, program)


@settings(max_examples=150, deadline=None)
@given(programs, st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))
def test_the_formula_of_any_program_evaluates_to_its_gradient(program, a, b):
    """Both are some 50 roundings; of numbers that grow to a size s the sum of terms has 1e-13 s.

    Terms cancel, so the size is that of the largest part: exp and squares of it are left out.
    """
    leaves = {"a": leaf(a, "a"), "b": leaf(b, "b")}
    y = made(program, leaves) + 0.0 * leaves["a"]
    try:
        texts = [viz.formula(y), *(viz.formula(y, leaf) for leaf in leaves.values())]
    except viz.DrawingError:
        return
    y.backward()
    sizes = [node.data for node in autograd.graph.Graph(y).nodes]
    if not all(abs(size) < 1e3 for size in sizes):
        return
    for text, want in zip(texts, (y.data, leaves["a"].grad, leaves["b"].grad), strict=True):
        assert value_of(text, a=a, b=b) == pytest.approx(want, rel=1e-9, abs=1e-7), str(text)


# ---------------------------------------------------------------- short
def test_like_terms_and_powers_are_collected_and_constants_folded():
    L, w, *_ = example()
    assert str(viz.formula(L, w)) == "2·(w·x + b - t)·x + 0.2·w"
    assert str(viz.formula(L)) == "(w·x + b - t)² + 0.1·w²"
    x, y = leaf(2.0, "x"), leaf(3.0, "y")
    for root, text in (
        (0.1 * x + 0.2 * x, "0.3·x"), (x * y - y * x, "0"), (x * x * x / x, "x²"), (x / 3, "x/3"),
        (x / 3 * 3, "x"), (2 * x / 3, "2·x/3"), (-(0.0 - x), "x"), (x - (y - x), "2·x - y"),
        ((x + y) * (x + y) * x, "(x + y)²·x"), (-x + y, "y - x"), (x * 1.0 + 0.0, "x"),
        (-(x + y), "-(x + y)"), (1 / (x * y), "1/(x·y)"), ((x * x) ** 0.5, "(x²)^0.5"),
        (x * 1e-7, "1e-7·x"), (x % y * 2, "2·(x % y)"), ((x**y) ** y, "(x^y)^y"), (-(x**2), "-x²"),
        ((-x) ** 2, "x²"), ((-x) ** 3, "-x³"), (x**12, "x¹²"), (x**-0.5, "1/x^0.5"),
    ):  # fmt: skip
        assert str(viz.formula(root)) == text


def test_wrt_may_be_any_node():
    L, w, x, *_ = example()
    assert str(viz.formula(L, L)) == "1"
    assert str(viz.formula(L, leaf(1.0, "q"))) == "0"
    h = w * x
    y = h.tanh() * w
    assert str(viz.formula(y, h)) == "w·(1 - tanh(v1)²)"
    h.label = "h"
    assert str(viz.formula(y, h)) == "w·(1 - tanh(h)²)", "it is a name then"
    assert str(viz.formula(y, w)) == "w·(1 - tanh(w·x)²)·x + tanh(w·x)"


def test_a_formula_is_about_structure_so_a_stale_graph_has_one():
    L, w, *_ = example()
    w.data = 7.0
    assert str(viz.formula(L, w)) == "2·(w·x + b - t)·x + 0.2·w"


def test_a_slope_that_is_cut_meets_nothing():
    """where(x > 0, log(x), 0) has slope 0 below 0, where 1/x is no slope of anything."""
    x, y = leaf(-1.0, "x"), leaf(2.0, "y")
    chosen = autograd.where(autograd.greater(x, 0.0), autograd.log(autograd.abs(x)), 0.0)
    assert str(viz.formula(chosen * y, y)) == "where(x > 0, log(abs(x)), 0)"
    assert str(viz.formula(autograd.relu(x * y), x)) == "where(x·y > 0, 1, 0)·y"
    assert str(viz.formula(x.detach() * x, x)) == "x"
    long = x
    for _ in range(60):
        long = (long + long * long).tanh()
    assert str(viz.formula(autograd.where(long, x, 1.0) * 0.0 + y * y, y)) == "2·y"


def test_two_layers_of_relu_are_nested_choices_of_conditions_alone():
    a, b, c = leaf(1.0, "a"), leaf(2.0, "b"), leaf(3.0, "c")
    h = autograd.relu(a * b)
    y = autograd.relu(h * c) + autograd.relu(h * b)
    for x in (a, b, c):
        text = str(viz.formula(y, x))
        assert not re.search(r"where\((where|\()", text), text
        y.backward()
        assert value_of(text, a=1.0, b=2.0, c=3.0) == x.grad
        for leaf_ in (a, b, c):
            leaf_.zero_grad()


# ---------------------------------------------------------------- too long
@pytest.mark.parametrize("step", [
    lambda y: (y + y * y).tanh(), lambda y: autograd.sin(y * 0.5), lambda y: y / (y + 1.0),
    lambda y: autograd.norm([y, y, 1.0]), lambda y: autograd.where(y, y.tanh(), y + 1.0),
])  # fmt: skip
def test_what_nobody_could_read_is_refused_and_not_built(step):
    x = leaf(0.3, "x")
    y = x
    for _ in range(3000):
        y = step(y)
    for wrt in (None, x):
        with pytest.raises(viz.DrawingError, match=f"at most {MOST} names and numbers"):
            viz.formula(y, wrt)


def test_a_graph_that_takes_seconds_to_sweep_is_refused_before():
    x = leaf(0.3, "x")
    y = x
    for _ in range(100_000):
        y = y + 1.0
    with pytest.raises(viz.DrawingError):
        viz.formula(y)
    assert str(viz.formula(x * x, x)) == "2·x"


def test_a_short_derivative_of_a_long_root_is_written():
    w, x = leaf(1.0, "w"), leaf(0.3, "x")
    y = x
    for _ in range(60):
        y = (y + y * y).tanh()
    assert str(viz.formula(y + w * w, w)) == "2·w"
    xs, ws = [leaf(0.1, f"x{i}") for i in range(1000)], [leaf(0.1, f"w{i}") for i in range(1000)]
    assert str(viz.formula(autograd.dot(ws, xs), ws[7])) == "x7"
    total = autograd.dot(ws, xs)
    for wrong in (autograd.tanh(total), autograd.std(xs), autograd.max(xs), autograd.prod(xs)):
        with pytest.raises(viz.DrawingError):
            viz.formula(wrong, xs[3])


@pytest.mark.parametrize(
    "numbers", [(1e300, 1e300), (math.inf, 1.0), (1e-300, 1e-300), (5e-324, 2.0)]
)
def test_constants_at_the_ends_of_the_range_stay_floats(numbers):
    x = leaf(1.0, "x")
    y = x * numbers[0] * numbers[1] + x
    assert value_of(viz.formula(y, x), x=1.0) == 1.0 + numbers[0] * numbers[1]
    y = x
    for _ in range(60):
        y = y * y * 1.5
    assert "x^" in str(viz.formula(y))


# ---------------------------------------------------------------- names and LaTeX
EVIL = ["<img src=x>\x1b[31m\x07", "\\input{x}", "{", "}}", "$x$", "a_b^c~&%#", "a + b", "0.5",
        "x·y", "0", ""]  # fmt: skip


@pytest.mark.parametrize("label", EVIL)
def test_any_label_stays_one_name(label):
    x, w = leaf(1.0, label), leaf(2.0, "w")
    found = viz.formula(x * w * w, w)
    name = str(found).removeprefix("2·").removesuffix("·w")
    assert name == "v1" if not label else re.fullmatch('".*"', name), "not to be taken for more"
    assert str(found).isprintable()
    latex = found.latex
    assert latex.count("{") == latex.count("}") and "·" not in latex and "<" not in latex
    commands = {r"\cdot", r"\mathrm", r"\lbrace", r"\rbrace", r"\backslash", r"\lt", r"\gt",
                r"\wedge", r"\sim"}  # fmt: skip
    assert set(re.findall(r"\\[A-Za-z]+", latex)) <= commands


def test_leaves_of_one_label_and_of_none_are_told_apart():
    a, b, c, d = leaf(1.0, "w"), leaf(2.0, "w"), leaf(3.0, ""), leaf(4.0, "")
    assert str(viz.formula(a * b * c * d)) == "w·w #2·v1·v2"


def test_latex_is_set_as_mathematics():
    a, b = leaf(0.5, "a"), leaf(2.0, "b1")
    for root, latex in (
        (a / b, r"\frac{a}{\mathrm{b1}}"), (leaf(1.0, "_") * a, r"\mathrm{\_} \cdot a"),
        (1.0 / (a + b), r"\frac{1}{a + \mathrm{b1}}"), (a**3, "{a}^{3}"), (-a * 2, r"-2 \cdot a"),
        (a.tanh(), r"\operatorname{tanh}\left(a\right)"),
        (autograd.softplus(a), r"\operatorname{softplus}\left(a\right)"),
        (autograd.abs(a), r"\left|a\right|"), (autograd.sqrt(a), r"\sqrt{a}"),
        (autograd.log_sigmoid(a), r"\operatorname{log\_sigmoid}\left(a\right)"),
        (autograd.floor(a), r"\operatorname{floor}\left(a\right)"),
        (a / (a + 1.0), r"\frac{a}{a + 1}"),
        (autograd.relu(a) * 1e-9, r"1 \cdot 10^{-9} \cdot \operatorname{relu}\left(a\right)"),
        (autograd.where(autograd.greater_equal(a, 1.0), a, 0.0),
         r"\begin{cases} a & \text{if } a \ge 1 \\ 0 & \text{else} \end{cases}"),
    ):  # fmt: skip
        found = viz.formula(root)
        assert found.latex == latex and found._repr_latex_() == f"$\\displaystyle {latex}$"


def test_where_output_lacks_raised_digits_it_is_plain(monkeypatch):
    class Narrow:
        encoding = "ascii"

    x = leaf(2.0, "x")
    found = viz.formula(3.0 * x**12)
    assert str(found) == "3·x¹²"
    monkeypatch.setattr("sys.stdout", Narrow)
    assert str(found) == "3*x^12"


# ---------------------------------------------------------------- refused
@pytest.mark.parametrize("wrong", [3.0, None, "x", [Value(1.0)]])
def test_what_is_no_value_is_refused(wrong):
    with pytest.raises(TypeError, match="formula: a Value is required as root, got"):
        viz.formula(wrong)
    if wrong is not None:
        with pytest.raises(TypeError, match="formula: a Value is required as wrt, got"):
            viz.formula(Value(1.0), wrong)


def test_a_network_has_a_formula_in_its_parameters_names():
    model = nn.MLP(2, [2, 1])
    x1, x2 = leaf(0.5, "x1"), leaf(-1.0, "x2")
    out = model([x1, x2])
    out = out[0] if isinstance(out, list) else out
    loss = (out - 1.0) ** 2
    w = model.parameters()[0]
    text = str(viz.formula(loss, w))
    assert "layer1.neuron1.w1" in text and "v1" not in text
    loss.backward()
    at = {n.label.replace(".", "_"): n.data for n in (*model.parameters(), x1, x2)}
    text = re.sub(r"(\w)\.([a-z])", r"\1_\2", text)
    assert value_of(text, **at) == pytest.approx(w.grad, rel=1e-12)
