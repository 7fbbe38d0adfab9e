"""Where a nan or an inf began: found after the fact, raised at once, and told with its line.

Expected places follow from the definition: a nan begins where no operand is nan, an inf where all
are finite. The table's cases are points of cases.py at which mathematics, not our code, has a pole
or a number beyond the largest float.
"""

import asyncio
import copy
import gc
import math
import pickle
import sys
import threading
import warnings

import pytest

import autograd
from autograd import AnomalyError, Value, detect_anomaly, find_anomaly, modes
from autograd.anomaly import find
from autograd.graph import Graph
from autograd.ieee import FLOATS
from autograd.ops import TABLE

from .cases import SPECIAL

INF, NAN = math.inf, math.nan
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def here():
    return sys._getframe(1).f_lineno


def named(node, label):
    node.label = label
    return node


def leaf(data, label="", **more):
    return Value(data, label, **more)


@pytest.fixture(autouse=True)
def nothing_is_left_switched_on():
    before = len(modes.active)
    yield
    gc.collect()
    assert len(modes.active) == before and not modes.current().looks


# ------------------------------------------------------------------ the whole table
def points(record):
    """Finite operands at which the op gives nan or inf."""
    finite = [*[x for x in SPECIAL if math.isfinite(x)], -2.0, 0.5, 800.0, 171.7]
    if record.slots == 1:
        return [(x,) for x in finite]
    if record.slots is None:
        return [(1e308, 1e308), (1e308, 1e308, 1e308, 1e308), (-1e308, -1e308)]
    return [(x, y, *[2.0] * (record.slots - 2)) for x in finite for y in finite]


def value_of(record, at):
    try:
        return FLOATS.run(record, *at)
    except (ValueError, IndexError):
        return 0.0


BEGINNINGS = [
    (record, at)
    for record in TABLE.values()
    for at in [[at for at in points(record) if not math.isfinite(value_of(record, at))]]
    if at
]


@pytest.mark.parametrize(("record", "at"), BEGINNINGS, ids=lambda x: getattr(x, "name", ""))
def test_every_op_that_can_give_nan_or_inf_is_named_as_itself(record, at):
    for numbers in at[:6]:
        with autograd.errstate("ignore"):
            y = autograd.value.apply(record, [leaf(x) for x in numbers])
            root = y * 1.0 + 0.5
        for node in (root, copy.deepcopy(root), pickle.loads(pickle.dumps(root))):
            found = find_anomaly(node)
            assert (found.phase, found.op) == ("forward", record.name)
            assert found.operands == numbers and found.node.op is record
        with detect_anomaly(), pytest.raises(AnomalyError) as caught:
            autograd.value.apply(record, [leaf(x) for x in numbers])
        assert (caught.value.op, caught.value.operands) == (record.name, numbers)


def test_the_table_has_such_points_for_most_ops():
    """Else the test above tests little: bounded ops and comparisons have none."""
    assert len(BEGINNINGS) > 30


SLOPES = [
    (record, at)
    for record in TABLE.values()
    if record.slots == 1
    for at in [
        [
            (x,)
            for (x,) in points(record)
            if math.isfinite(value_of(record, (x,)))
            and not math.isfinite(FLOATS.partials(record, (x,), value_of(record, (x,)))[0] or 0.0)
        ]
    ]
    if at
]


@pytest.mark.parametrize(("record", "at"), SLOPES, ids=lambda x: getattr(x, "name", ""))
def test_every_op_whose_slope_alone_is_not_finite_is_named_backwards(record, at):
    for (x,) in at:
        with autograd.errstate("ignore"):
            y = named(record(named(leaf(x) * 1.0, "x")), "y")
        found = find_anomaly(y + 1.0)
        assert (found.phase, found.op, found.label) == ("backward", record.name, "y")
        assert found.operands == (x,)


# ------------------------------------------------------------------ what is followed
def test_a_nan_is_followed_through_what_was_chosen_not_through_what_was_hidden():
    hidden, seen = autograd.log(leaf(-1.0)), autograd.sqrt(leaf(-4.0))
    assert find_anomaly(autograd.where(0.0, hidden, seen)).op == "sqrt"
    assert find_anomaly(autograd.where(1.0, hidden, seen)).op == "log"


def test_an_inf_that_an_op_made_is_blamed_before_the_one_that_was_given():
    made = autograd.exp(leaf(800.0))
    given = leaf(INF)
    assert find_anomaly(given - made).op == "exp" and find_anomaly(made - given).op == "exp"
    assert find_anomaly((given * 2.0) - made).op == "exp"


def test_a_nan_operand_is_followed_before_an_inf():
    y = autograd.exp(leaf(800.0)) + autograd.log(leaf(-1.0))
    assert find_anomaly(y).op == "log"


@pytest.mark.parametrize("build", [
    lambda x: x * INF, lambda x: x + leaf(INF), lambda x: autograd.exp(x * INF) - 1.0,
    lambda x: autograd.maximum(x, INF), lambda x: leaf(2.0) / (x * INF) + 1e300 * x,
    lambda x: autograd.hypot(leaf(INF), x),
])  # fmt: skip
def test_an_inf_that_was_given_is_no_anomaly_in_a_value(build):
    x = leaf(3.0, "x")
    found = find_anomaly(build(x))
    assert found is None or found.phase == "backward"
    with detect_anomaly():
        build(x)


def test_the_slope_of_an_inf_that_was_given_is_given():
    w = leaf(2.0, "w")
    assert find_anomaly(w * INF) is None
    assert find_anomaly(w * leaf(INF, requires_grad=False)) is None
    with detect_anomaly():
        (w * INF).backward()
    assert w.grad == INF


def test_two_infinite_slopes_that_were_given_are_blamed_where_they_meet():
    w = leaf(0.0, "w")
    up, down = leaf(INF, requires_grad=False), leaf(-INF, requires_grad=False)
    high, low = autograd.where(0.0, w * up, 1.0), autograd.where(0.0, w * down, 1.0)
    assert find_anomaly(high + low).op == "multiply", "0 × inf is hidden, and named at last"
    v = leaf(1.0, "v")
    grown = autograd.tanh(v * up)
    assert find_anomaly(grown).phase == "backward", "0 × inf"


def test_a_nan_that_was_given_is_the_input_of_a_leaf_or_of_an_op():
    found = find_anomaly(leaf(NAN, "data") * 2.0)
    assert (found.phase, found.op, found.label, found.operands) == ("input", None, "data", ())
    found = find_anomaly(named(leaf(2.0) * NAN, "y"))
    assert (found.phase, found.op, found.label) == ("input", None, "y")
    assert "nan" in str(found) and "given" in str(found)
    assert find_anomaly(leaf(NAN, "alone")).label == "alone"
    with detect_anomaly(), pytest.raises(AnomalyError, match="data") as caught:
        leaf(NAN, "data") * 2.0
    assert caught.value.phase == "input" and caught.value.node.label == "data"


def test_what_is_hidden_is_named_only_when_nothing_else_is_wrong():
    x = leaf(-1.0, "x")
    safe = autograd.where(x > 0, autograd.log(x), x * x)
    assert find_anomaly(safe).op == "log"
    assert find_anomaly(safe + autograd.sqrt(leaf(0.0))).op == "sqrt", "a slope that is seen"
    assert find_anomaly(autograd.greater(autograd.log(x), 0.0) + x).op == "log"


def test_a_hidden_number_whose_slope_is_seen_is_where_it_began():
    y = autograd.log(leaf(-1.0, "x")) ** 0.0
    assert y.data == 1.0
    assert (find_anomaly(y).phase, find_anomaly(y).op) == ("forward", "log")
    far = autograd.tanh(autograd.exp(leaf(800.0)))
    assert (find_anomaly(far).phase, find_anomaly(far).op) == ("forward", "exp"), "0 × inf"


def test_totals_that_overflow_by_addition_are_blamed_on_what_sends_the_last():
    x = leaf(1.0, "x")
    first, last = x * 1e308, x * 1.2e308
    y = last * 0.5 + first * 0.5
    assert find_anomaly(y) is None
    root = autograd.where(1.0, last * 1.0, 0.0) - (-1.0) * first + x * -2e308 / 2.0
    assert root.data - root.data != 0.0 or find_anomaly(root) is not None
    small = leaf(1e-10, "small")
    found = find_anomaly(named(small * 1.5e308, "a") + named(small * 1e308, "b"))
    assert (found.phase, found.op, found.operands) == ("backward", "multiply", (1e-10, 1.5e308))
    assert found.label == "a", "its op goes last"


def test_frozen_leaves_take_no_part():
    x = leaf(0.0, "x", requires_grad=False)
    assert find_anomaly(autograd.sqrt(x) + leaf(1.0)) is None


def test_the_chain_leads_from_where_it_began():
    x = leaf(-1.0)
    y = (autograd.log(x) * 2.0 + 1.0) * leaf(3.0)
    graph = Graph(y)
    found = find(graph, graph.roots[0], autograd.backward_steps(y))
    assert [graph.ops[i].name for i in found.chain] == ["log", "multiply", "add", "multiply"]
    z = leaf(0.0, "z")
    graph = Graph((autograd.sqrt(z * z) + 1.0) * 2.0)
    found = find(graph, graph.roots[0], autograd.backward_steps(graph.nodes[-1]))
    assert found.phase == "backward" and found.at == found.chain[0]
    assert [graph.ops[i].name if graph.ops[i] else "z" for i in found.chain] == [
        "sqrt", "multiply", "z",
    ]  # fmt: skip
    graph = Graph(autograd.maximum(autograd.log(leaf(0.0)) * 2.0, -5.0))
    found = find(graph, graph.roots[0], (), hidden=True)
    assert [graph.ops[i].name for i in found.chain] == ["log", "multiply"], "where it hides"
    assert find(graph, graph.roots[0], ()) is None


def test_a_chain_of_a_hundred_thousand_ops_is_followed():
    y = autograd.log(leaf(-1.0))
    for _ in range(100_000):
        y = y + 1.0
    assert find_anomaly(y).op == "log"
    x = leaf(0.0, "x")
    y = autograd.sqrt(x)
    for _ in range(100_000):
        y = y + 1.0
    assert (find_anomaly(y).phase, find_anomaly(y).op) == ("backward", "sqrt")


def test_asking_changes_nothing_and_what_was_asked_keeps_the_graph():
    x = leaf(0.0, "x")
    x.grad = 3.0
    y = autograd.sqrt(x)
    found = find_anomaly(y)
    assert x.grad == 3.0 and not y.has_grad and found.node is y
    again = pickle.loads(pickle.dumps(found))
    assert str(again) == str(found) and (again.phase, again.op) == ("backward", "sqrt")
    assert again.node.inputs[0].data == 0.0 and again.operands == (0.0,)


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(TypeError, match=r"find_anomaly: a Value is required as root, got float"):
        find_anomaly(3.0)
    with pytest.raises(autograd.TracingError, match="find_anomaly"):
        autograd.compile(lambda x: find_anomaly(x * 2.0))
    w = leaf(1.0, "w")
    y = w * 2.0 + NAN
    w.data = 2.0
    with pytest.raises(autograd.StaleGraphError, match="w was changed"):
        find_anomaly(y)


# ------------------------------------------------------------------ at once
def test_each_node_made_inside_knows_its_line_and_keeps_it():
    x = leaf(2.0, "x")
    outside = x * 2.0
    with detect_anomaly(), autograd.scope("layer"):
        line = here() + 1
        y = outside + 1.0
        z = autograd.dot([y, x], [x, 1.0])
    y.label = "y"
    assert (y.label, y.scope) == ("y", "layer")
    for root in (z, copy.deepcopy(z), copy.copy(z), pickle.loads(pickle.dumps(z))):
        graph = Graph(root)
        lines = {record.name: at for record, at in zip(graph.ops, graph.lines) if record}
        assert lines == {"multiply": None, "add": (__file__, line), "dot": (__file__, line + 1)}
    assert Graph(x).lines == (None,)
    assert Graph.build([None], [()], [0], [1.0], [""]).lines == (None,)


def test_the_numbers_are_the_same_inside():
    def program():
        x, w = leaf(0.3, "x"), [leaf(0.1 * i) for i in range(9)]
        y = (autograd.dot(w, [x * i for i in range(9)]) + 2**x - 1 / x).tanh() ** 3 + True * x
        y.backward()
        slopes = autograd.grad(lambda v: autograd.exp(v) * v)(0.7)
        return y.data, x.grad, [v.grad for v in w], slopes

    plain = program()
    with detect_anomaly():
        assert program() == plain


def test_plain_numbers_raise_too_and_no_grad_hides_nothing():
    with detect_anomaly():
        with pytest.raises(AnomalyError) as caught:
            autograd.log(-1.0)
        assert (caught.value.op, caught.value.operands) == ("log", (-1.0,))
        with autograd.no_grad(), pytest.raises(AnomalyError, match="exp"):
            autograd.exp(leaf(1000.0))
        assert autograd.exp(1.0) == math.e


def test_no_warning_comes_before_the_error_and_the_innermost_errstate_does_not_change_it():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for errors in ("warn", "raise", "ignore"):
            with detect_anomaly(), autograd.errstate(errors), pytest.raises(AnomalyError):
                autograd.log(leaf(0.0))


def test_what_was_made_outside_is_followed_back_by_a_nan_or_by_the_pass():
    made, w = autograd.exp(leaf(800.0, "x")), leaf(2.0)
    with detect_anomaly():
        far = made + 1.0
        for y in (lambda: far - far, lambda: far.backward(), lambda: (1.0 / (w * far)).backward()):
            with pytest.raises(AnomalyError) as caught:
                y()
            assert (caught.value.phase, caught.value.op) == ("forward", "exp")
            assert caught.value.lineno is None


def test_a_pass_that_would_leave_nan_changes_no_gradient():
    x, k = leaf(0.0, "x"), leaf(2.0, "k")
    k.grad = 7.0
    y = autograd.sqrt(x * x) * 3.0 + k
    inner = y.inputs[0]
    with pytest.raises(AnomalyError) as caught, detect_anomaly():
        y.backward()
    assert (caught.value.op, caught.value.lineno) == ("sqrt", None), "it was built outside"
    assert k.grad == 7.0 and not any(node.has_grad for node in (x, y, inner))
    y.backward()
    assert math.isnan(x.grad)


def test_the_seed_of_a_pass_belongs_to_it_and_one_that_is_not_finite_was_given():
    w = leaf(1.0, "w")
    w.grad = 7.0
    y = w * 1e200
    with detect_anomaly():
        with pytest.raises(AnomalyError, match="scale the root down"):
            y.backward(1e200)
        assert w.grad == 7.0 and not y.has_grad
        y.backward(INF)
    assert w.grad == INF


@pytest.mark.parametrize(("slope", "op"), [
    (lambda: autograd.grad(autograd.sqrt)(0.0), "sqrt"),
    (lambda: autograd.value_and_grad(lambda p: p[0] + autograd.sqrt(p[1]))([1.0, 0.0]), "sqrt"),
    (lambda: autograd.jvp(autograd.sqrt, (0.0,), (1.0,)), "sqrt"),
    (lambda: autograd.jvp(lambda x: x * 1e200 * 1e200, (1e-200,), (1.0,)), "multiply"),
    (lambda: autograd.grad(autograd.grad(lambda x: x**1.5))(0.0), "power"),
    (lambda: autograd.hessian(lambda p: p[0] ** 1.5 * p[1])([0.0, 1.0]), "power"),
    (lambda: autograd.jvp(autograd.grad(lambda x: x**1.5), (0.0,), (1.0,)), "power"),
    (lambda: autograd.grad(lambda v: autograd.sqrt(v) * leaf(1.0))(0.0), "sqrt"),
])  # fmt: skip
def test_slopes_of_every_transformation_are_looked_at(slope, op):
    slope()
    with detect_anomaly(), pytest.raises(AnomalyError) as caught:
        slope()
    assert (caught.value.phase, caught.value.op) == ("backward", op)
    assert caught.value.filename == __file__ and caught.value.lineno is not None


def test_gradients_are_looked_at_in_what_was_asked_for_alone():
    x, z = leaf(0.0, "x"), leaf(1.0, "z")
    y = autograd.sqrt(x) + z * z
    with detect_anomaly():
        assert [g.data for g in autograd.gradients(y, [z])] == [2.0]
        with pytest.raises(AnomalyError, match="sqrt"):
            autograd.gradients(y, [x])
        assert autograd.jvp(autograd.sqrt, (0.0,), (0.0,)) == (0.0, 0.0)


def test_slopes_of_slopes_know_a_line_and_the_checker_may_leave_the_domain():
    with detect_anomaly():
        x = leaf(2.0, "x")
        line = here() + 1
        (slope,) = autograd.gradients(x * x * x, [x])
        autograd.gradcheck(autograd.log, [1e-9])
    graph = Graph(slope)
    lines = {at for record, at in zip(graph.ops, graph.lines) if record}
    assert lines == {(__file__, line)}


def test_it_is_a_decorator_of_functions_generators_and_coroutines():
    @detect_anomaly()
    def plain(x):
        return autograd.log(leaf(x))

    @detect_anomaly()
    def steps(x):
        yield 1.0
        yield autograd.log(leaf(x))

    @detect_anomaly()
    async def later(x):
        await asyncio.sleep(0)
        return autograd.log(leaf(x))

    turns = steps(-1.0)
    next(turns)
    assert math.isnan(autograd.log(leaf(-1.0)).data), "what waits is outside"
    for call in (lambda: plain(-1.0), lambda: next(turns), lambda: asyncio.run(later(-1.0))):
        with pytest.raises(AnomalyError):
            call()
    assert plain(1.0).data == 0.0


def test_it_holds_for_its_own_thread_and_for_tasks_made_inside():
    seen = []
    with detect_anomaly():
        thread = threading.Thread(target=lambda: seen.append(autograd.log(leaf(-1.0)).data))
        thread.start()
        thread.join()
    assert math.isnan(seen[0])

    async def outlives():
        await asyncio.sleep(0)
        with pytest.raises(AnomalyError):
            leaf(1e300) * 1e300
        return True

    async def main():
        with detect_anomaly():
            task = asyncio.ensure_future(outlives())
        leaf(1e300) * 1e300
        return await task

    assert asyncio.run(main())


@pytest.mark.parametrize("raises", [
    lambda x: x + 1e308, lambda x: x * 1e308, lambda x: x - -1e308, lambda x: autograd.exp(x),
    lambda x: autograd.dot([x, x], [x, x]), lambda x: autograd.log(-1.0),
    lambda x: (x * 1e-308 + autograd.sqrt(leaf(0.0))).backward(),
])  # fmt: skip
def test_an_error_that_is_kept_keeps_no_mode_on(raises):
    """A notebook holds the last one: what follows must not go the slow way for it."""
    before = len(modes.active)
    with detect_anomaly(), pytest.raises(AnomalyError) as caught:
        raises(leaf(1.7e308))
    if autograd.core_kind == "pure":
        assert caught.value.__traceback__ is not None
    assert len(modes.active) == before


# ------------------------------------------------------------------ what is said
def test_the_text_says_what_was_required_what_came_where_and_one_remedy():
    with pytest.raises(AnomalyError) as caught, detect_anomaly(), autograd.scope("sample 3"):
        line = here() + 1
        autograd.log(leaf(-1.0, "price") * 2.0)
    assert str(caught.value) == (
        "log: a finite result is required, got nan at log(price×2), of -2.0 from price×2 "
        f"(scope sample 3, line {line} of {__file__}); use log1p(x) if log(1 + x) was meant"
    )
    assert str(find_anomaly(named(autograd.sqrt(leaf(0.0, "x")), "r"))) == (
        "sqrt: a finite gradient is required, got the slope inf at r, of 0.0 from x; "
        "keep its operands away from there"
    )
    assert str(find_anomaly(leaf(NAN, "data") * 2.0)) == (
        "data: a number is required, got nan, as it was given; leave it out"
    )


def test_a_text_is_short_and_its_labels_harmless():
    xs = [leaf(1e308, f"x\x1b[31m{i}") for i in range(300)]
    found = find_anomaly(autograd.dot(xs, xs))
    assert len(found.operands) == 600 and len(str(found)) < 400
    assert "\x1b" not in str(found) and "\x1b" in found.node.inputs[0].label
