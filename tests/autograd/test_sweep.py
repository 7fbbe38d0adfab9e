"""The passes: the lean one, its steps, gradients and the forward sweep are one arithmetic."""

import copy
import gc
import itertools
import math
import pickle
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import Graph, Value, ops
from autograd.ieee import FLOATS
from autograd.op import NOTHING, REALS, derived, primitive
from tests.autograd.cases import RECORDS, bits, rule_of, same

REPO = Path(__file__).resolve().parents[2]


# ------------------------------------------------------------------ random programs
NEW = (  # run-time ops take part: swept partials, a primitive without `fast` ones, 3 and 4 slots
    derived("bump", domain=REALS, formula=lambda m, x: m.exp(-(x * x)) * m.sin(x)),
    primitive("cube", domain=REALS, partials=(lambda m, x, y: 3.0 * x * x,),
              floats=lambda x: x * x * x),
    derived("mix", domain=REALS, formula=lambda m, t, a, b: (1.0 - t) * a + t * m.tanh(b)),
    derived("four", domain=REALS, formula=lambda m, a, b, c, d: a * b - m.maximum(c, d)),
)  # fmt: skip
numbers = st.sampled_from((0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -2.0, 1e-3, 3.0)) | st.floats(-3.0, 3.0)


@st.composite
def programs(draw):
    """Leaves, some frozen, and a root over all ops: shared operands, numbers among them, ties."""
    leaves = [
        Value(draw(numbers), f"x{i}", requires_grad=draw(st.integers(0, 4)) > 0 or i == 0)
        for i in range(draw(st.integers(1, 4)))
    ]
    pool = list(leaves)
    with autograd.errstate("ignore"):
        for _ in range(draw(st.integers(1, 14))):
            record = draw(st.sampled_from(RECORDS + NEW))
            count = record.slots or 2 * draw(st.integers(1, 3))
            operands = [draw(st.sampled_from(pool)) for _ in range(count)]
            for slot in range(1, count):  # the first stays a Value
                if draw(st.integers(0, 3)) == 0:
                    operands[slot] = draw(numbers)
            pool.append(ops.Op.recorder(record, operands))
    return leaves, pool[-1]


@given(programs())
@settings(max_examples=400, deadline=None, derandomize=True)
def test_steps_are_the_lean_pass_bit_for_bit(program):
    """On random programs of all ops; several passes; frozen leaves and numbers get nothing."""
    leaves, root = program
    steps = list(autograd.backward_steps(root))
    assert not any(leaf.has_grad for leaf in leaves), "steps write nothing"
    totals: dict[Value, float] = {}
    reached = {root}
    for step in steps:
        assert step.phase == "backward" and step.node.inputs
        slots = [c.slot for c in step.contributions]
        recording = [
            slot
            for slot, x in enumerate(step.node.inputs)
            if isinstance(x, Value) and x.requires_grad
        ]
        assert slots == recording
        for c in step.contributions:
            assert c.input is step.node.inputs[c.slot]
            record = step.node.op
            cut = record.slots and rule_of(record, c.slot) is NOTHING
            if cut or (record.selects and c.local == 0.0) or step.node not in reached:
                assert bits(c.amount) == bits(0.0)
            else:
                assert same(c.amount, step.upstream * c.local)
                reached.add(c.input)
            totals[c.input] = totals.get(c.input, 0.0) + c.amount
            assert bits(c.total) == bits(totals[c.input])
    assert steps[0].node is root and bits(steps[0].upstream) == bits(1.0)
    assert [s.node for s in steps] == [v for v in Graph(root).nodes[::-1] if v.inputs]
    for passes in (1, 2, 3):
        root.backward()
        for step in steps:
            assert bits(step.node.grad) == bits(step.upstream), "interiors hold the latest pass"
        for leaf in leaves:
            if leaf in totals:
                total = totals[leaf]
                for _ in range(passes - 1):
                    total = total + totals[leaf]
                assert same(leaf.grad, total), "leaves add their total, once a pass"
            else:
                assert not leaf.has_grad


@given(programs())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_gradients_and_jvp_agree_with_backward_on_random_programs(program):
    """gradients() adds in the same order, so its floats are the same; a forward sweep adds in
    another: both round each of at most 100 products and sums, 100·eps of the sum of their sizes,
    which we take
    from the pass over absolute amounts. Only reverse passes skip a zero upstream before it meets an
    inf; where anything is not finite, forward may say nan.
    """
    leaves, root = program
    recording = [leaf for leaf in leaves if leaf.requires_grad]
    root.backward()
    for leaf, derivative in zip(recording, autograd.gradients(root, recording), strict=True):
        assert same(derivative.data, leaf.grad)
    steps = list(autograd.backward_steps(root))
    finite = all(
        math.isfinite(c.local) and math.isfinite(c.amount) for s in steps for c in s.contributions
    )
    graph = Graph(root)
    sizes = {id(root): 1.0}
    for step in steps:
        for c in step.contributions:
            sizes[id(c.input)] = sizes.get(id(c.input), 0.0) + sizes[id(step.node)] * abs(c.local)
    for leaf in recording:
        at = graph.nodes.index(leaf) if leaf in graph.nodes else None
        if at is None or not finite:
            continue
        numbers, seeds = graph.values, {at: 1.0}
        along = autograd.sweep.forward(graph, FLOATS, numbers, seeds)[graph.roots[0]] or 0.0
        assert abs(along - leaf.grad) <= 100 * 2.0**-52 * sizes.get(id(leaf), 0.0)


# ------------------------------------------------------------------ known answers
def test_the_lectures_expression():
    a, b, c, f = Value(2.0, "a"), Value(-3.0, "b"), Value(10.0, "c"), Value(-2.0, "f")
    e = a * b
    d = e + c
    L = d * f
    L.backward()
    assert L.data == -8.0
    assert [v.grad for v in (a, b, c, f, e, d, L)] == [6.0, -4.0, -2.0, 4.0, -2.0, -2.0, 1.0]


def test_the_design_pages_example():
    """INSIGHT's L: w is used three times and ends at 4.3; the order of nodes is its drawing's."""
    w, x, b, t = Value(1.5, "w"), Value(2.0, "x"), Value(-1.0, "b"), Value(1.0, "t")
    L = (w * x + b - t) ** 2 + 0.1 * (w * w)
    steps = list(autograd.backward_steps(L))
    assert [s.upstream for s in steps] == pytest.approx(
        [1.0, 1.0, 0.1, 1.0, 2.0, 2.0, 2.0], rel=1e-15
    )
    received = [c.total for s in steps for c in s.contributions if c.input is w]
    assert received == pytest.approx([0.15, 0.3, 4.3], rel=1e-14)
    assert [s.node._op for s in steps] == ["+", "×", "×", "**", "-", "+", "×"]


# ------------------------------------------------------------------ what a pass writes
def test_a_second_pass_adds_to_leaves_and_replaces_in_interiors():
    x = Value(2.0)
    inner = x * x
    y = inner * 3
    y.backward()
    y.backward()
    assert (x.grad, inner.grad, y.grad) == (24.0, 3.0, 1.0)


def test_two_roots_over_a_shared_node():
    x, apart = Value(3.0), Value(1.0)
    shared = x * x
    first, second = shared * 2 + apart, shared * 5
    first.backward()
    second.backward()
    assert x.grad == 6.0 * 2 + 6.0 * 5 and shared.grad == 5.0
    assert first.grad == 1.0 and apart.grad == 1.0, (
        "what the second pass does not reach keeps its own"
    )


def test_a_pass_from_inside_a_graph_leaves_what_is_above():
    x = Value(3.0)
    inner = x * x
    y = inner * 2.0
    y.backward()
    x.zero_grad()
    inner.backward()
    assert (x.grad, inner.grad, y.grad) == (6.0, 1.0, 1.0)


def test_a_seed_scales_the_pass_once():
    x = Value(3.0)
    y = x * x
    y.backward(2.0)
    assert (x.grad, y.grad) == (12.0, 2.0)
    y.backward(-1)
    assert (x.grad, y.grad) == (6.0, -1.0)
    for wrong in (True, "1", None):
        with pytest.raises(TypeError, match="one real number"):
            y.backward(wrong)
    assert x.grad == 6.0


def test_a_root_that_is_a_leaf_accumulates():
    x = Value(3.0)
    x.backward()
    x.backward(0.5)
    assert x.grad == 1.5 and list(autograd.backward_steps(x)) == []


def test_a_leaf_that_was_written_by_hand_is_added_to():
    x = Value(3.0)
    x.grad = 100.0
    (x * x).backward()
    assert x.grad == 106.0
    x.grad = 0
    (x * x).backward()
    assert x.grad == 6.0


def test_a_frozen_leaf_is_passed_by_as_its_flag_stands_at_that_moment():
    x, w = Value(2.0), Value(5.0, requires_grad=False)
    y = x * w
    y.backward()
    assert x.grad == 5.0 and not w.has_grad
    w.requires_grad = True
    y.backward()
    assert x.grad == 10.0 and w.grad == 2.0
    w.requires_grad = False
    y.backward()
    assert x.grad == 15.0 and w.grad == 2.0 and w.has_grad, "what it held is kept"
    x.requires_grad = False
    y.backward()
    assert x.grad == 15.0, "no leaf records any more; the root still does"


def test_a_node_of_numbers_and_frozen_leaves_records_and_says_so():
    w = Value(5.0, requires_grad=False)
    y = w * 2.0
    assert y.requires_grad
    y.backward()
    assert y.grad == 1.0 and not w.has_grad


def test_the_product_of_0_and_an_infinite_slope_is_nan_and_what_no_path_reaches_gets_0():
    with autograd.errstate("ignore"):
        x, z = Value(0.0), Value(0.0)
        y = autograd.log(x) * 0.0 + autograd.where(1.0, z, autograd.log(z) * 0.0)
    y.backward()
    assert math.isnan(x.grad) and z.grad == 1.0
    steps = [step for step in autograd.backward_steps(y) if step.node.op is ops.log]
    sent = {c.input: (c.local, c.amount) for step in steps for c in step.contributions}
    assert sent[z] == (math.inf, 0.0) and sent[x][0] == math.inf and math.isnan(sent[x][1])


def test_slots_through_which_nothing_passes_contribute_exactly_0():
    a, b = Value(math.inf), Value(math.nan)
    for y in (autograd.greater(a, b), autograd.equal(a, b), autograd.where(b, a, 1.0)):
        (step,) = autograd.backward_steps(y)
        assert all(bits(c.amount) == bits(0.0) for c in step.contributions if c.input is b)
        y.backward()
    assert b.grad == 0.0


class Stop(BaseException):
    """What an interrupt is: no Exception."""


@pytest.mark.parametrize("after", range(4))
def test_an_interrupted_pass_gives_the_leaves_back_what_they_held(after):
    """The interrupt comes in the partial of the op that is reached after 0 to 3 others."""
    calls = itertools.count()

    def rule(m, x, y):
        if next(calls) == after:
            raise Stop
        return 2.0

    twice = primitive("twice", domain=REALS, partials=(rule,), floats=lambda x: 2.0 * x)
    fresh, held, frozen = Value(1.0), Value(1.0), Value(1.0, requires_grad=False)
    held.grad = 7.0
    frozen.grad = 9.0
    y = twice(twice(fresh * 3.0) + twice(held) + twice(frozen))
    with pytest.raises(Stop):
        y.backward()
    assert (held.grad, frozen.grad) == (7.0, 9.0) and not fresh.has_grad
    y.backward()
    assert (fresh.grad, held.grad, frozen.grad) == (12.0, 11.0, 9.0)


@pytest.mark.skipif(autograd.compiled, reason="compiled code has no lines to stop at")
def test_an_interrupt_at_any_line_of_a_pass_leaves_the_leaves_as_they_were_or_complete():
    """Ctrl-C may come anywhere: it is raised before each line of the pass in turn."""

    def interrupted(at):
        fresh, held, frozen = Value(2.0), Value(3.0), Value(1.0, requires_grad=False)
        held.grad, frozen.grad = 7.0, 9.0
        leaves = (fresh, held, frozen)
        y = autograd.dot([fresh, held], [held, frozen]).tanh() * frozen + fresh * held
        lines = itertools.count()

        def trace(frame, event, arg):
            if frame.f_code.co_filename != autograd.sweep.__file__:
                return None
            if event == "line" and next(lines) == at:
                raise Stop
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            y.backward()
        except Stop:
            return False, leaves, y
        finally:
            sys.settrace(before)
        return True, leaves, y

    def held_by(leaves):
        return [leaf.grad if leaf.has_grad else None for leaf in leaves]

    _, leaves, _ = interrupted(None)
    complete, at, done = held_by(leaves), 0, False
    while not done:
        done, leaves, y = interrupted(at)
        if not done:
            assert held_by(leaves) == [None, 7.0, 9.0], at
            y.backward()
        assert held_by(leaves) == complete, "the next pass is whole"
        at += 1
    assert at > 100


# ------------------------------------------------------------------ roots that cannot
def test_a_root_that_does_not_record_is_refused_with_the_remedy():
    with autograd.no_grad():
        silent = Value(1.0) * 2.0
    x = Value(1.0, "rate", requires_grad=False)
    for root, name in (
        (x, "rate"),
        (silent, "an unnamed leaf"),
        (Value(2.0).detach(), "an unnamed leaf"),
    ):
        for go in (root.backward, lambda root=root: list(autograd.backward_steps(root))):
            with pytest.raises(
                ValueError, match=f"backward: a root that records.*got {name}.*no_grad"
            ):
                go()


@pytest.mark.parametrize("wrong", [1.0, None, [Value(1.0)]])
def test_a_root_that_is_no_value_is_refused(wrong):
    with pytest.raises(TypeError, match="a Value is required as root"):
        autograd.backward_steps(wrong)


# ------------------------------------------------------------------ stale graphs
def test_a_stale_graph_names_the_leaf_wherever_it_is_looked_at():
    x, w = Value(2.0, "rate"), Value(1.0, "w")
    y = (x * x + w).tanh()
    x.data = 5.0
    looks = (
        y.backward, lambda: list(autograd.backward_steps(y)), lambda: autograd.gradients(y, [w]),
        copy.copy(y).backward, copy.deepcopy(y).backward, pickle.loads(pickle.dumps(y)).backward,
    )  # fmt: skip
    for look in looks:
        words = r"rate was changed after tanh\(.*\) was"
        with pytest.raises(autograd.StaleGraphError, match=words):
            look()
    assert not (x.has_grad or w.has_grad or y.has_grad)
    x.data = 2.0
    y.backward()
    assert len(list(autograd.backward_steps(y))) == 3, "the old number again: nothing is stale"


def test_a_stale_graph_keeps_the_gradients_that_it_has():
    x, w = Value(2.0, "x"), Value(3.0, "w")
    inner = x * w
    y = inner.tanh() * w
    y.backward()
    x.data = 5.0
    before = [v.grad for v in (x, w, inner, y)]
    newer = inner + w * w  # of the same clock as the write, over an older node
    for root in (y, newer):
        with pytest.raises(autograd.StaleGraphError):
            root.backward()
    assert [v.grad for v in (x, w, inner, y)] == before and not newer.has_grad


def test_a_part_that_was_built_before_a_write_of_another_leaf_is_passed_again_and_again():
    x, w = Value(2.0), Value(3.0)
    kept = x * x
    for n in range(3):
        w.data = 3.0 + n
        (kept * w).backward()
    assert x.grad == 4.0 * (3.0 + 4.0 + 5.0)


def test_a_stale_leaf_of_many_is_named():
    w, x = Value(1.0, "w"), Value(2.0, "x")
    y = autograd.dot([w, w], [x, 3.0])
    w.data = 4.0
    with pytest.raises(autograd.StaleGraphError, match=r"w was changed after"):
        list(autograd.backward_steps(y))


def test_a_written_leaf_that_changes_no_result_is_not_stale():
    """What counts is whether an op, run again, gives another number; nan's like itself."""
    x, c = Value(-3.0), Value(math.nan)
    with autograd.errstate("ignore"):
        y = autograd.relu(x) + autograd.where(c > 0.0, x, autograd.log(Value(-1.0)))
    x.data = -4.0
    assert len(list(autograd.backward_steps(y))) == 4


def test_a_zero_of_the_other_sign_is_a_change():
    w = Value(-0.0, "w")
    z = autograd.arctan2(w * 1.0, -1.0)
    w.data = 0.0
    with pytest.raises(autograd.StaleGraphError):
        z.backward()


def test_a_step_unpacks_and_a_contribution_names_its_parts():
    x = Value(3.0)
    (step,) = autograd.backward_steps(x * x)
    node, phase, upstream, (first, second) = step
    assert (phase, upstream) == ("backward", 1.0) and node.inputs == (x, x)
    assert first == (x, 0, 3.0, 3.0, 3.0) and second == autograd.Contribution(x, 1, 3.0, 3.0, 6.0)


def test_a_pass_makes_no_garbage():
    x = Value(1.0)
    y = x
    for _ in range(1000):
        y = (y * 1.001).tanh() + autograd.dot([y, x], [x, 0.1])
    y.backward()
    gc.collect()
    gc.disable()
    try:
        y.backward()
        list(autograd.backward_steps(y))
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_threads_with_graphs_of_their_own_do_not_disturb_each_other():
    """Marks of a pass are its own; rules swept at first use may be swept by two at once."""
    fresh = derived("fresh", domain=REALS, formula=lambda m, x: m.tanh(x) * m.exp(-x))
    barrier, results = threading.Barrier(4), {}

    def work(i):
        barrier.wait()
        x = Value(0.1 * (i + 1))
        for _ in range(30):
            y = x
            for _ in range(20):
                y = fresh(y) + autograd.dot([x, y], [0.5, x])
            x.zero_grad()
            y.backward()
        results[i] = x.grad

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(4):
        together = results[i]
        barrier = threading.Barrier(1)
        work(i)
        assert bits(results[i]) == bits(together)


# ------------------------------------------------------------------ size
def test_a_chain_of_a_million_ops_is_passed_stepped_copied_pickled_and_deleted():
    """In a process of its own: what recurses would end it. The recursion limit stays as it was.

    Copies are made of the lower fifth: they take 3 to 6 µs a node, and the stack ends at 1,000.
    """
    code = """
        import copy, pickle, sys
        import autograd
        from autograd import Value
        limit = sys.getrecursionlimit()
        x = Value(1.0, "x")
        y = x
        for i in range(500_000):
            y = y * 1.0000001 + 1e-9
            if i == 100_000:
                part = y
        y.backward()
        slope = 1.0000001 ** 500_000
        assert abs(x.grad / slope - 1.0) < 500_000 * 2.3e-16, x.grad
        assert sum(1 for _ in autograd.backward_steps(y)) == 1_000_000
        for twin in (copy.deepcopy(part), pickle.loads(pickle.dumps(part, 5))):
            assert twin.data == part.data and twin is not part
            twin.backward()
            assert twin.grad == 1.0 and x.grad < 2 * slope
        del twin, part
        del y
        assert sys.getrecursionlimit() == limit
        print("done")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=REPO,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout == "done\n", done.stderr[-2000:]


def test_a_deep_chain_of_other_shapes_needs_no_stack_either():
    """Unary, n-ary, right-leaning, and a lattice whose paths are 2**5000 in number."""
    x = Value(0.1)
    shapes = {
        "unary": lambda y: autograd.sin(y),
        "n-ary": lambda y: autograd.dot([0.5, y], [y, 0.5]),
        "right": lambda y: x * 1e-3 + (1.0 - y),
        "lattice": lambda y: 0.5 * y + 0.4 * y,
    }
    for grow in shapes.values():
        y = x
        for _ in range(5_000):
            y = grow(y)
        x.zero_grad()
        y.backward()
        slope = x.grad
        steps = list(autograd.backward_steps(y))
        assert len(steps) == len(Graph(y)) - 1
        (derivative,) = autograd.gradients(y, [x])
        assert same(derivative.data, slope)
        del derivative, steps, y
