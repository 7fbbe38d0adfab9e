"""A record: what it must hold, and that a new one is one record and gets everything."""

import copy
import math
import pickle

import numpy as np
import pytest

import autograd
from autograd import Graph, Value, ops
from autograd.ieee import FLOATS
from autograd.names import names
from autograd.op import NOTHING, REALS, Arithmetic, Interval, Op, derived, primitive
from tests.autograd.cases import same


# ------------------------------------------------------------------ what a record must hold
@pytest.mark.parametrize(("make", "words"), [
    (lambda: derived("two words", domain=REALS, formula=lambda m, x: x), "two words.*identifier"),
    (lambda: primitive("f", domain=(REALS, REALS), partials=(lambda m, x, y: 1.0,)),
     "f.*one domain a slot"),
    (lambda: Op("f", domain=REALS, slots=2, partials=(NOTHING,), formula=None),
     "f: one partial a slot.*2.*got 1"),
    (lambda: Op("f", domain=REALS, slots=1, partials=None, formula=None), "needs its partials"),
    (lambda: derived("f", domain=REALS, formula=lambda m, *xs: xs[0], slots=None),
     "any number.*partial"),
])  # fmt: skip
def test_a_record_that_lacks_something_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_record_without_a_domain_is_refused():
    with pytest.raises(TypeError, match="domain"):
        derived("f", formula=lambda m, x: x)


def test_a_derived_op_has_as_many_slots_as_its_formula_has_operands():
    assert derived("f", domain=REALS, formula=lambda m, a, b: a * b).slots == 2


def test_a_record_shows_its_name_and_is_its_own_copy():
    assert repr(ops.exp) == "<op exp>"
    assert (
        copy.copy(ops.exp)
        is copy.deepcopy(ops.exp)
        is pickle.loads(pickle.dumps(ops.exp))
        is ops.exp
    )


def test_an_interval_is_what_it_says():
    assert 0.0 in Interval(0.0) and 0.0 not in Interval(0.0, open_low=True)
    assert math.nan not in REALS and math.inf in REALS and 1.5 not in Interval(-1.0, 1.0)
    assert 1.0 not in Interval(0.0, 1.0, open_high=True)
    assert [str(i) for i in (REALS, Interval(0.0), Interval(0.0, 1.0, True, True))] == [
        "any real",
        ">= 0",
        "> 0 and < 1",
    ]
    assert [str(i) for i in (Interval(-1.0, 1.0), Interval(high=2.0))] == [">= -1 and <= 1", "<= 2"]
    assert all(
        x in Interval(-1.0, 0.5, hard=(0.25,))
        for x in Interval(-1.0, 0.5, hard=(0.25, 7.0)).probes()
    )
    assert 7.0 not in Interval(-1.0, 0.5, hard=(7.0,)).probes()


# ------------------------------------------------------------------ one record, everything
bump = derived("bump", domain=REALS, formula=lambda m, x: m.exp(-(x * x)) * m.sin(x))
cube = primitive(  # its value by Python, its partial by a rule: the engine needs no more
    "cube", domain=REALS, partials=(lambda m, x, y: 3.0 * x * x,), floats=lambda x: x * x * x,
    form="{x}³", precedence=4, symbol="( )³",
)  # fmt: skip
mix = derived(  # 4 operands: more than the letters that a form names
    "mix", domain=REALS, formula=lambda m, t, a, b, c: (1.0 - t) * a + t * m.tanh(b * c)
)
hypot = derived("hypot", domain=REALS, formula=lambda m, a, b: m.sqrt(a * a + b * b))

NEW = {
    "bump": (bump, (0.7,), lambda x: math.exp(-x * x) * math.sin(x)),
    "cube": (cube, (-1.3,), lambda x: x**3),
    "mix": (mix, (0.3, 2.0, -0.4, 1.7), lambda t, a, b, c: (1 - t) * a + t * math.tanh(b * c)),
    "hypot": (hypot, (3.0, -4.0), math.hypot),
}
new = pytest.mark.parametrize("name", NEW)


@new
def test_a_new_op_has_values_and_gradients_in_every_way(name):
    """5e-15: a handful of roundings apart from the formula in plain Python."""
    record, at, formula = NEW[name]
    xs = [Value(x, f"x{i}") for i, x in enumerate(at)]
    y = record(*xs)
    assert type(record(*at)) is float and record(*at) == y.data == pytest.approx(
        formula(*at), rel=5e-15
    )
    assert y.inputs == tuple(xs) and y.op is record and y._op == record.symbol
    (step,) = autograd.backward_steps(y)
    y.backward()
    for slot, x in enumerate(xs):
        (derivative,) = autograd.gradients(y, [x])
        along = autograd.jvp(record, at, tuple(1.0 if i == slot else 0.0 for i in range(len(at))))
        assert step.contributions[slot].amount == x.grad
        assert derivative.data == pytest.approx(x.grad, rel=1e-14)
        assert along == (y.data, pytest.approx(x.grad, rel=1e-14))
    autograd.gradcheck(record, at, order=2)


@new
def test_a_new_op_has_second_derivatives_both_ways(name):
    """The Hessian is symmetric, though its halves come from different sweeps, to 1e-13."""
    record, at, _ = NEW[name]
    H = np.array(autograd.hessian(lambda xs: record(*xs))(list(at)))
    assert np.abs(H - H.T).max() <= 1e-13 * np.abs(H).max()


@new
def test_a_new_op_is_named_and_copied_but_not_pickled(name):
    record, at, _ = NEW[name]
    y = record(*[Value(x, "abcd"[i]) for i, x in enumerate(at)])
    graph = Graph(y * 1.0)
    assert len(graph) == len(at) + 2
    assert {"bump": "bump(a)", "cube": "a³", "mix": "mix(a,b,c,d)", "hypot": "hypot(a,b)"}[
        name
    ] in map(str, names(graph))
    twin = copy.deepcopy(y)
    twin.backward()
    assert twin.op is record and twin.inputs[0].grad != 0.0 and not y.inputs[0].has_grad
    with pytest.raises(TypeError, match=f"{name}: an op made at run time"):
        pickle.dumps(y)


@pytest.mark.parametrize("record", [
    derived("length", domain=REALS, slots=None,
            formula=lambda m, *xs: m.sqrt(sum(x * x for x in xs)),
            partials=(lambda m, xs, y: [x / y for x in xs],)),
    primitive("length", domain=REALS, slots=None, floats=math.hypot,
              partials=(lambda m, xs, y: [x / y for x in xs],)),
], ids=["derived", "primitive"])  # fmt: skip
def test_a_new_op_may_take_any_number_of_operands(record):
    """One rule serves every slot: x/|x|; the Hessian of |x| at (3, 4) is [16, -12; -12, 9]/125."""
    a, b = Value(3.0, "a"), Value(4.0, "b")
    y = record(a, b, 0.0)
    y.backward()
    assert (y.data, a.grad, b.grad) == (5.0, 0.6, 0.8) and y.inputs == (a, b, 0.0)
    assert [c.local for c in next(autograd.backward_steps(y)).contributions] == [0.6, 0.8]
    assert record(3.0, 4.0) == 5.0 and autograd.jvp(record, (3.0, 4.0), (1.0, 0.0)) == (5.0, 0.6)
    H = np.array(autograd.hessian(lambda xs: record(*xs))([3.0, 4.0]))
    assert H == pytest.approx(np.array([[16.0, -12.0], [-12.0, 9.0]]) / 125.0, rel=1e-14)
    autograd.gradcheck(record, [3.0, 4.0], order=2)
    assert str(names(Graph(y * 1.0))[2]) == "length(a,b,0)"


def test_a_new_op_may_bear_the_name_of_a_built_in_one():
    """It lives beside the table: nothing looks an op up by its name."""
    other = derived("exp", domain=REALS, formula=lambda m, x: m.exp(2.0 * x))
    x = Value(0.5)
    y = other(x)
    y.backward()
    assert y.data == math.exp(1.0) and x.grad == pytest.approx(2.0 * math.e, rel=1e-15)
    assert ops.TABLE["exp"] is autograd.exp and autograd.exp(0.5) == math.exp(0.5)


def test_a_derived_op_of_derived_ops_is_swept_through():
    gauss = derived("gauss", domain=REALS, formula=lambda m, x: m.exp(-m.square(x)))
    half = derived(
        "half", domain=REALS, formula=lambda m, x: m.softplus(m.run(gauss, x) * m.sigmoid(x))
    )
    autograd.gradcheck(half, [0.4], order=2)
    assert len(Graph(half(Value(0.4)))) == 2, "recorded as one node"


def test_a_derived_ops_untaken_branch_stays_out_of_its_gradient():
    """log(x)·x continued by 0: the swept rule guards as a recorded graph does."""
    entropy = derived(
        "entropy", domain=Interval(0.0),
        formula=lambda m, x: m.where(m.greater(x, 0.0), -x * m.log(x), 0.0),
    )  # fmt: skip
    for at, slope in ((0.0, 0.0), (1.0, -1.0)):
        x = Value(at)
        entropy(x).backward()
        assert x.grad == slope and autograd.jvp(entropy, (at,), (1.0,))[1] == slope


def test_operators_in_a_rule_never_raise_nor_go_complex():
    """Where Python's would, the engine gives IEEE's number: 1/0, (-8)**0.5, 10**400."""
    inverse = derived("inverse", domain=Interval(0.0), formula=lambda m, x: 1.0 / x)
    root = derived("root", domain=REALS, formula=lambda m, x: x**0.5)
    tower = derived("tower", domain=REALS, formula=lambda m, x: 10.0**x)
    with autograd.errstate("ignore"):
        assert inverse(0.0) == math.inf and math.isnan(root(-8.0)) and tower(400.0) == math.inf
        x = Value(0.0)
        inverse(x).backward()
        assert x.grad == -math.inf
        for record, at in ((inverse, 0.0), (root, -8.0), (tower, 400.0)):
            x = Value(at)
            y = record(x)
            y.backward()
            assert same(autograd.gradients(y, [x])[0].data, x.grad)


def test_a_number_operand_of_0_divides_as_ieee_does_in_every_direction():
    with autograd.errstate("ignore"):
        x = Value(3.0)
        y = x / 0.0
        y.backward()
        assert y.data == x.grad == autograd.gradients(y, [x])[0].data == math.inf
        assert autograd.jvp(lambda v: v / 0.0, (3.0,), (1.0,)) == (math.inf, math.inf)


def test_a_derived_op_follows_the_domain_policy():
    """A non-finite result of finite operands: outside, whatever the formula is made of."""
    inverse = derived("inverse", domain=Interval(0.0, open_low=True), formula=lambda m, x: 1.0 / x)
    with pytest.warns(RuntimeWarning, match="inverse: operand must be > 0, got 0.0 from rate.*inf"):
        inverse(Value(0.0, "rate"))
    assert inverse(math.inf) == 0.0
    assert math.isnan(inverse(math.nan)), "a nan that came in is no news"


def test_partials_of_a_new_op_never_warn():
    with autograd.errstate("ignore"):
        x = Value(0.0)
        y = hypot(x, 0.0)
    y.backward()
    assert math.isnan(x.grad) or x.grad == 0.0


def test_a_primitive_without_a_line_says_which_to_give():
    bare = primitive("bare", domain=REALS, partials=(lambda m, x, y: 1.0,))
    with pytest.raises(
        NotImplementedError, match=r"bare: this primitive has no line for floats.*floats="
    ):
        bare(1.0)


def test_an_arithmetic_that_gives_the_primitives_gets_the_rest():
    """Intervals, in eight lines: sigmoid is derived, so it comes for free."""

    class Pairs(Arithmetic):
        kind = "pairs"
        lines = {  # noqa: RUF012
            "exp": lambda x: Pair(math.exp(x.low), math.exp(x.high)),
            "negative": lambda x: Pair(-x.high, -x.low),
            "multiply": lambda a, b: Pair(a.low * b.low, a.high * b.high),
        }

    class Pair(autograd.op.Symbolic):
        m = Pairs()

        def __init__(self, low, high):
            self.low, self.high = low, high

    decay = derived("decay", domain=REALS, formula=lambda m, x: m.square(m.exp(-x)))
    got = Pair.m.run(decay, Pair(0.0, 1.0))
    assert (got.low, got.high) == (math.exp(-1.0) ** 2, 1.0)
    with pytest.raises(NotImplementedError, match=r"tanh.*no line for pairs"):
        Pair.m.tanh(Pair(0.0, 1.0))
    with pytest.raises(AttributeError, match=r"no op 'sine' in the table"):
        Pair.m.sine(Pair(0.0, 1.0))


def test_nothing_outside_a_record_compares_an_ops_name():
    """STYLE 2, as far as text can tell: no ``.name ==`` and no ``_op ==`` in the packages."""
    import re
    from pathlib import Path

    root = Path(autograd.__file__).parents[1]
    for source in (
        p for package in ("autograd", "nn", "viz") for p in (root / package).rglob("*.py")
    ):
        found = re.findall(
            r"(?:record|op)\.name\s*(?:==|!=|in\b)|\b_op\s*==", source.read_text(encoding="utf-8")
        )
        assert not found, (source, found)


def test_floats_rules_take_the_floats_line_of_a_run_time_primitive():
    assert FLOATS.run(cube, 2.0) == 8.0


def test_a_record_is_frozen():
    with pytest.raises(AttributeError, match="exp: a record is frozen"):
        autograd.exp.name = "other"
    assert autograd.exp.name == "exp"


def test_a_formula_must_be_a_function():
    with pytest.raises(TypeError, match="f: formula must be a function"):
        derived("f", domain=REALS, formula=3)


def test_a_primitive_that_leans_on_math_has_numpys_number_where_math_refuses():
    """cosh 1000 is beyond a float: inf, as its compiled program says, and not nan."""
    cosh = primitive(
        "cosh_", domain=REALS, partials=(lambda m, x, y: y,), floats=math.cosh, numpy=np.cosh
    )
    with pytest.warns(RuntimeWarning, match="cosh_: a finite result is required"):
        assert cosh(Value(1000.0)).data == math.inf
    assert autograd.compile(cosh, backend="numpy")(1000.0) == math.inf


# ------------------------------------------------------------------ parameters
def test_a_parameter_is_set_by_a_call_and_fixed_in_the_node():
    """By hand: 0.2 × -3 and 0.2; the default is 0.01. A second node shares the record."""
    x = Value(-3.0, "x")
    y = autograd.leaky_relu(x, slope=0.2)
    y.backward()
    assert y.data == 0.2 * -3.0 and x.grad == 0.2 and y.inputs == (x,)
    assert y.op is ops.leaky_relu.fixed(slope=0.2) is not ops.leaky_relu
    assert y.op.parameters == {"slope": 0.2} and y.op.form == "leaky_relu({x}, slope=0.2)"
    assert repr(y.op) == "<op leaky_relu, slope=0.2>"
    assert autograd.leaky_relu(-3.0) == -0.03
    assert ops.leaky_relu.fixed(slope=0.01) is ops.leaky_relu is y.op.fixed(slope=0.01)


def test_a_parameter_reaches_every_arithmetic():
    """Value and slope of elu with alpha 2 at -0.5: 2 expm1(-0.5) and 2 exp(-0.5)."""
    want, slope = 2.0 * math.expm1(-0.5), 2.0 * math.exp(-0.5)

    def f(x):
        return autograd.elu(x, alpha=2.0) * 1.0

    assert f(-0.5) == want and autograd.grad(f)(-0.5) == slope
    assert autograd.grad(autograd.grad(f))(-0.5) == pytest.approx(slope, rel=1e-15)
    for backend in ("numpy", "llvm"):
        value, (got,) = autograd.compile(f, backend).value_and_grad(np.array([-0.5]))
        assert [*value, *got] == pytest.approx([want, slope], rel=4 * 2.3e-16)
    autograd.gradcheck(f, [-0.5], order=2)


def test_a_node_with_a_parameter_is_copied_and_pickled_with_it():
    y = autograd.celu(Value(-1.0), alpha=0.5)
    for again in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        assert again.op is y.op and again.data == y.data


def test_polygamma_takes_its_order_first_or_by_name():
    """ψ'(1) = π²/6 and ψ''(1) = -2 ζ(3); each order's slope is the next."""
    zeta3 = 1.2020569031595942
    assert autograd.polygamma(1, 1.0) == pytest.approx(math.pi**2 / 6, rel=1e-15)
    assert autograd.polygamma(2, 1.0) == autograd.polygamma(1.0, n=2)
    assert autograd.polygamma(2, 1.0) == pytest.approx(-2.0 * zeta3, rel=1e-15)
    assert autograd.polygamma(0, 0.7) == autograd.digamma(0.7)
    x = Value(1.0)
    autograd.polygamma(1, x).backward()
    assert x.grad == autograd.polygamma(2, 1.0)


@pytest.mark.parametrize(("wrong", "kind", "words"), [
    (lambda: autograd.leaky_relu(1.0, alpha=2.0), TypeError,
     "leaky_relu: only the parameter slope is known, got alpha"),
    (lambda: autograd.exp(1.0, base=2.0), TypeError, "exp: no parameter is known, got base"),
    (lambda: autograd.elu(1.0, alpha=math.nan), ValueError, "elu: alpha must be a finite number"),
    (lambda: autograd.elu(1.0, alpha=Value(1.0)), TypeError, "elu: alpha"),
    (lambda: autograd.leaky_relu(1.0, 0.2), TypeError,
     r"leaky_relu: 1 operand.*got 2; use leaky_relu\(x\), with slope by name"),
    (lambda: autograd.hypot(1.0), TypeError, r"hypot: 2 operand.*got 1; use hypot\(a, b\)"),
    (lambda: ops.describe("exp"), TypeError, "describe: an op is required, got 'exp'"),
    (lambda: autograd.polygamma(-1, 2.0), ValueError, "polygamma: n .*whole number >= 0, got -1"),
    (lambda: autograd.polygamma(1.5, 2.0), ValueError, "polygamma: n .*whole number.*got 1.5"),
    (lambda: autograd.polygamma(10**6, 2.0), ValueError, "polygamma: n must be .* to 100"),
    (lambda: autograd.var([1.0, 2.0], ddof=2), ValueError, "var: at least 3.*ddof=2, got 2"),
    (lambda: autograd.std([]), ValueError, "std: at least 1"),
])  # fmt: skip
def test_a_wrong_parameter_is_named(wrong, kind, words):
    with pytest.raises(kind, match=words):
        wrong()
