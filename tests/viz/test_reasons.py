"""A gradient of 0 is given its reasons, the first from the root, in sentences that are true.

What is true of an op comes from mathematics: its slopes in mpmath (tests/autograd/cases.py), and
its own numbers beside the point.
"""

import math
import random
import re
import warnings

import mpmath as mp
import pytest

import autograd
from autograd import Graph, Value, backward_steps, ops
from autograd.ieee import FLOATS, evaluate
from autograd.op import NOTHING, REALS, Op, derived
from tests.autograd.cases import EVERY, points, true_partial
from viz.reasons import MOST, zero
from viz.walk import Walk

SMALLEST = mp.mpf(2) ** -1074
TINY = mp.mpf(10) ** -300  # a slope that our rule forms as 0 as its parts leave the range


def walked(root):
    root.label = root.label or "L"
    return Walk(Graph(root), tuple(backward_steps(root)))


def place(walk, value):
    return next((i for i, node in enumerate(walk.graph.nodes) if node is value), value)


def why(root, value):
    walk = walked(root)
    return zero(walk, place(walk, value))


def only(root, value):
    """The one reason there is."""
    (reason,), count = why(root, value)
    assert count == 1
    return reason


def leaf(data, label, **more):
    return Value(data, label, **more)


def named(node, label):
    node.label = label
    return node


# ---------------------------------------------------------------- one reason, word by word
def hidden_factor():
    w, x, z = leaf(2.0, "w"), leaf(3.0, "x"), leaf(0.0, "z")
    return named(w * x * z, "h") + 1.0, w


def a_long_factor():
    w, x = leaf(2.0, "w"), leaf(3.0, "x")
    return named(w * (x - 3.0), "h") + 1.0, w


def of_a_dot():
    w = [leaf(1.0, "w1"), leaf(2.0, "w2")]
    return named(autograd.dot(w, [leaf(3.0, "x1"), leaf(0.0, "x2")]), "d").tanh(), w[1]


def of_a_product(*factors):
    xs = [leaf(2.0, "w"), *(leaf(x, f"x{k}") for k, x in enumerate(factors, 1))]
    return named(autograd.prod(xs), "p") * 2.0, xs[0]


def of_two(op, a, b, which):
    leaves = leaf(a, "a"), leaf(b, "b")
    return named(op(*leaves), "h") * 2.0, leaves[which]


def of_one(op, x):
    x = leaf(x, "x")
    return named(op(x), "h") * 2.0, x


def of_several(op, *numbers):
    xs = [leaf(x, f"x{k}") for k, x in enumerate(numbers, 1)]
    return named(op(xs), "h") * 2.0, xs[0]


def shrinking(factor, times):
    x = leaf(0.5, "x")
    y = x
    for _ in range(times):
        y = y * factor
    return y, x


def cut_off():
    x = leaf(2.0, "x")
    return ops.stop_gradient(x * 3.0) + leaf(1.0, "a"), x


def cancelled_among_many():
    x = leaf(1.0, "x")
    return autograd.sum([x * k for k in (1.0, -4.0, 2.0, -2.0, 3.0, -3.0, -1.0, 4.0)]), x


SENTENCES = {
    "a factor below": (
        hidden_factor, "factor", "w's gradient is 0 because z is 0: in h the slope for w×x is z."
    ),
    "a factor with a formula": (
        a_long_factor, "factor", "w's gradient is 0 because x-3 is 0: in h the slope for w is x-3."
    ),
    "a factor of a dot": (
        of_a_dot, "factor", "w2's gradient is 0 because x2 is 0: in d the slope for w2 is x2."
    ),
    "a factor of a product": (
        lambda: of_a_product(0.0, 5.0), "factor",
        "w's gradient is 0 because x1 is 0: in p the slope for w depends on x1.",
    ),
    "two factors of a product": (
        lambda: of_a_product(0.0, 0.5, 0.0), "factor",
        "w's gradient is 0 because x1 is 0 and x3 is 0: in p the slope for w depends on x1 and x3.",
    ),
    "a numerator": (
        lambda: of_two(ops.divide, 0.0, 2.0, 1), "factor",
        "b's gradient is 0 because a is 0: in h the slope for b is -a/b².",
    ),
    "an exponent": (
        lambda: of_two(ops.power, 2.0, 0.0, 0), "factor",
        "a's gradient is 0 because b is 0: in h the slope for a is b × a^(b-1).",
    ),
    "a base of 1": (
        lambda: of_two(ops.power, 1.0, 2.0, 1), "factor",
        "b's gradient is 0 because a is 1: in h the slope for b is h × ln a.",
    ),
    "a number": (lambda: of_one(lambda x: x * 0.0, 3.0), "factor", "h multiplies it by 0."),
    "a number in a dot": (
        lambda: of_several(lambda xs: autograd.dot(xs, [0.0, 1.0]), 2.0, 3.0), "factor",
        "h multiplies it by 0.",
    ),
    "a numerator that is a number": (
        lambda: of_one(lambda x: 0.0 / x, 3.0), "factor", "h multiplies it by 0."
    ),
    "an exponent that is a number": (lambda: of_one(lambda x: x**0, 3.0), "flat", "h is flat."),
    "a step": (lambda: of_one(autograd.round, 3.0), "flat", "h is flat."),
    "the sign of 0": (lambda: of_one(autograd.sign, 0.0), "flat", "h is flat."),
    "a comparison": (lambda: of_two(ops.greater, 1.0, 1.0, 1), "flat", "h is flat."),
    "a condition": (
        lambda: of_several(lambda xs: autograd.where(*xs), 1.0, 2.0, 3.0), "flat",
        "h is flat in x1.",
    ),
    "a divisor beyond": (
        lambda: of_two(ops.remainder, 0.5, 2.0, 1), "flat", "h is flat in b."
    ),
    "off": (lambda: of_one(autograd.relu, -1.5), "inactive", "h is off: its input is -1.5."),
    "off at its corner": (
        lambda: of_one(autograd.relu, 0.0), "inactive", "h is off: its input is 0."
    ),
    "leaky no more": (
        lambda: of_one(lambda x: autograd.leaky_relu(x, slope=0.0), -1.5), "inactive",
        "h is off: its input is -1.5.",
    ),
    "below relu6": (
        lambda: of_one(autograd.relu6, -1.5), "inactive", "h is off: its input is -1.5."
    ),
    "above relu6": (lambda: of_one(autograd.relu6, 8.0), "untaken", "h: 8 is outside 0…6."),
    "outside hardtanh": (
        lambda: of_one(autograd.hardtanh, -8.0), "untaken", "h: -8 is outside -1…1."
    ),
    "outside a clip to 0": (
        lambda: of_one(lambda x: autograd.clip(x, 0.0, 3.0), -8.0), "untaken",
        "h: -8 is outside 0…3.",
    ),
    "a bound": (
        lambda: of_several(lambda xs: autograd.clip(xs[1], xs[0], 3.0), -1.0, 2.0), "untaken",
        "h took x2, which is larger.",
    ),
    "the smaller": (
        lambda: of_two(ops.minimum, 5.0, 3.0, 0), "untaken", "h took b, which is smaller."
    ),
    "a number that is larger": (
        lambda: of_one(lambda x: autograd.maximum(x, 7.0), 3.0), "untaken",
        "h took 7, which is larger.",
    ),
    "the largest of several": (
        lambda: of_several(autograd.max, 1.0, 7.0, 2.0, 7.0), "untaken",
        "h took x2 and x4, which are larger.",
    ),
    "one that is given twice": (
        lambda: of_several(lambda xs: autograd.max([*xs, xs[1]]), 1.0, 7.0), "untaken",
        "h took x2, which is larger.",
    ),
    "the other branch": (
        lambda: of_two(lambda a, b: autograd.where(0.0, a, b), 1.0, 1.0, 0), "untaken",
        "h took its other branch.",
    ),
    "the bottom of a square": (
        lambda: of_one(lambda x: x**2, 0.0), "turning",
        "x is at a turning point of h: the slope of x² at 0 is 0.",
    ),
    "a cube, which does not turn": (
        lambda: of_one(lambda x: x**3, 0.0), "turning",
        "x is at a level point of h: the slope of x³ at 0 is 0.",
    ),
    "the end of a domain": (
        lambda: of_one(lambda x: x**1.5, 0.0), "turning",
        "x is at a level point of h: the slope of x^1.5 at 0 is 0.",
    ),
    "the top of a cosine": (
        lambda: of_one(autograd.cos, 0.0), "turning",
        "x is at a turning point of h: the slope of cos(x) at 0 is 0.",
    ),
    "a corner": (
        lambda: of_one(autograd.abs, 0.0), "turning",
        "x is at a turning point of h: the slope of |x| at 0 is 0. By convention: slope 0 at 0.",
    ),
    "a side of length 0": (
        lambda: of_two(ops.hypot, 0.0, 3.0, 0), "turning",
        "a is at a turning point of h: the slope of hypot(a, b) at 0 is 0.",
    ),
    "many sides of length 0": (
        lambda: of_several(autograd.norm, *[0.0] * 9), "turning",
        "x1 is at a turning point of h: the slope of h at 0 is 0. "
        "By convention: slope 0 each at 0.",
    ),
    "the mean": (
        lambda: of_several(autograd.var, 2.0, 1.0, 3.0), "turning",
        "x1 is at a turning point of h: the slope of var(x1, x2, x3) at 2 is 0.",
    ),
    "far out": (
        lambda: of_one(autograd.tanh, -400.0), "saturated",
        "h is saturated: input -400, output -1, its slope rounds to 0.",
    ),
    "far below": (
        lambda: of_one(autograd.exp, -800.0), "saturated",
        "h is saturated: input -800, output 0, its slope rounds to 0.",
    ),
    "infinitely far": (
        lambda: of_one(autograd.softplus, -math.inf), "saturated",
        "h is saturated: input -inf, output 0, its slope rounds to 0.",
    ),
    "near to 0": (
        lambda: of_one(lambda x: x**3, 1e-200), "saturated",
        "h is saturated: input 1e-200, output 0, its slope rounds to 0.",
    ),
    "many small slopes": (
        lambda: shrinking(3e-9, 40), "underflow",
        "40 slopes multiply to less than a float holds; the smallest: L, 3e-9.",
    ),
    "cut off": (cut_off, "no path", "No path leads from L to x. x×3 was cut off by detach()."),
    "as much as its opposite": (
        cancelled_among_many, "cancel",
        "The contributions cancel: -4 + 4 + 3 + -3 + 2 + -2 + … (8 in all) = 0. "
        "Each path matters; together they do not.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SENTENCES)
def test_a_reason_names_the_numbers_that_made_it(case):
    build, kind, text = SENTENCES[case]
    reason = only(*build())
    assert (reason.kind, reason.text) == (kind, text)


def test_without_a_label_the_names_of_the_walk_are_used():
    w = leaf(2.0, "w")
    assert only(w * 0.0 + 1.0, w) == ("factor", "w×0", "w×0 multiplies it by 0.")
    long = autograd.relu(autograd.tanh(w * -1.25 - 1234.5) - 1.0)
    assert only(long + 1.0, w).text == "relu 5 is off: its input is -2."
    far = autograd.square(autograd.tanh(w * -1.25 - 1234.5) + 1.0)
    assert only(far + 1.0, w).text == (
        "add 4 is at a turning point of square 5: the slope of square 5 at 0 is 0."
    )


# ---------------------------------------------------------------- every op of the table
KINDS = {  # by hand, from what each function is
    "factor": "multiply divide remainder power arctan2 dot prod",
    "turning": "square power hypot cosh cos sinc abs norm var std hardswish",
    "saturated": "power exp exp2 expm1 erf erfc tanh sigmoid log_sigmoid softplus elu selu celu "
    "gelu silu mish arctan softsign logaddexp polygamma digamma reciprocal",
    "inactive": "relu relu6 leaky_relu hardswish",
    "untaken": "relu6 hardtanh maximum minimum max min clip where",
    "flat": "floor ceil trunc round sign equal not_equal less less_equal greater greater_equal "
    "where remainder var std",  # of one number
    "no path": "stop_gradient",
}


def is_true(kind, text, record, at, slot):
    """What the sentence claims, by the op's own numbers beside the point and by mpmath."""
    y, true = FLOATS.run(record, *at), true_partial(record, slot, at)
    step = min(1e-9 * max(1.0, *map(abs, at)), 0.1)  # not across a whole number
    moved = [(*at[:slot], x, *at[slot + 1 :]) for x in (at[slot] - step, at[slot] + step)]
    beside = [FLOATS.run(record, *numbers) - y for numbers in moved]
    numbers = dict(zip("abcdefghijklmn", at))
    if kind == "saturated":
        return 0 < abs(true) < TINY
    if kind == "no path":
        return y == at[slot]
    if kind == "factor":
        because = re.search("because (.*): in", text)[1]
        said = re.findall(r"\b([a-n]) is ([^ ,]+)", because)
        named = [numbers[name] == float(number) for name, number in said]
        return abs(true) < TINY and named and all(named)
    if kind == "turning":
        turns = min(beside) >= 0.0 or max(beside) <= 0.0
        return true == 0 and turns == ("turning" in text)
    took = re.search(r"took ([a-n](?:(?:, | and )[a-n])*)(?:, which (?:is|are) (\w+))?\.", text)
    if took:
        taken = [numbers[name] for name in re.split(", | and ", took[1])]
        claims = {"larger": min(taken) > at[slot], "smaller": max(taken) < at[slot]}
        return y in taken and claims.get(took[2], True)
    jumps = record.kink is not None and evaluate(record.kink, *at) != 0.0
    jumps = jumps or (record.selects and at[slot] == 0.0)  # a condition
    return true == 0 and (0.0 in beside if kind != "flat" else beside == [0.0, 0.0] or jumps)


@pytest.mark.parametrize("record", EVERY, ids=str)
def test_each_slope_of_0_of_every_op_has_one_reason_that_is_true(record):
    """At the domain's probes, and the lists of n-ary ops."""
    for at in filter(None, points(record)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            leaves = [Value(x, letter) for x, letter in zip(at, "abcdefghijklmn")]
            walk = walked(named(Op.recorder(record, tuple(leaves)), "r"))
        for slot, sent in walk.sent[walk.root].items():
            if sent.local != 0.0:
                continue
            true = true_partial(record, slot, at)
            if isinstance(true, mp.mpf) and abs(true) > TINY:
                continue  # it is lost among larger terms, as the record's scale says
            (reason,), count = zero(walk, place(walk, leaves[slot]))
            assert count == 1 and reason.node == "r"
            assert record.name in KINDS[reason.kind].split(), (at, slot, reason)
            assert is_true(reason.kind, reason.text, record, at, slot), (at, slot, reason)


def test_an_op_made_at_run_time_is_understood_by_its_numbers():
    step = derived(
        "step", domain=REALS, formula=lambda m, x: m.floor(x), partials=(NOTHING,), kink=None
    )
    ramp = derived("ramp", domain=REALS, formula=lambda m, x: m.maximum(x, 0.0) - 0.0)
    gate = derived("gate", domain=REALS, formula=lambda m, a, b: a * (b * b))
    level = derived("level", domain=REALS, formula=lambda m, x: 0.0 * x + 3.0)
    hill = derived("hill", domain=REALS, formula=lambda m, x: m.exp(-(x * x)))
    assert only(*of_one(step, 2.5)) == ("flat", "h", "h is flat.")
    assert only(*of_one(ramp, -2.5)) == ("inactive", "h", "h is off: its input is -2.5.")
    assert only(*of_one(level, -2.5)) == ("flat", "h", "h is flat.")
    assert only(*of_one(hill, 30.0)).kind == "saturated"
    assert only(*of_one(hill, 0.0)).kind == "turning"
    reason = only(*of_two(gate, 2.0, 0.0, 0))
    assert reason.text == "a's gradient is 0 because b is 0: in h the slope for a depends on b."


# ---------------------------------------------------------------- which are met first
def test_nothing_is_said_where_the_gradient_is_not_0():
    w = leaf(2.0, "w")
    root = w.relu() + (w - 9.0).relu()
    assert why(root, w) == ([], 0) and why(root, root) == ([], 0)


def test_a_value_that_cannot_have_a_gradient_has_one_reason():
    w, other, frozen = leaf(2.0, "w"), leaf(1.0, "other"), leaf(0.0, "f", requires_grad=False)
    root = w * frozen
    assert why(root, frozen) == ([("frozen", "f", "f has requires_grad=False.")], 1)
    assert why(root, other) == ([("no path", "other", "No path leads from L to other.")], 1)


def test_what_lies_below_the_first_0_has_no_part_in_it():
    x, w = leaf(0.0, "x"), leaf(2.0, "w")
    root = named(named((x * w - 1.0).relu(), "h") + 1.0, "L")
    assert only(root, w).node == "h"


def test_each_way_has_its_own_and_a_path_that_is_cut_is_one_of_them():
    x = leaf(5.0, "x")
    root = named((x - 9.0).relu(), "h") + ops.stop_gradient(x)
    (first, second), count = why(root, x)
    assert count == 2 and {first.kind, second.kind} == {"inactive", "no path"}
    assert "x was cut off by detach()." in (first.text, second.text), "there is a path"


def test_one_that_cancels_above_the_value_says_where():
    w = leaf(3.0, "w")
    h = named(w * 2.0, "h")
    reason = only(h * 5.0 - h * 5.0, w)
    assert (reason.kind, reason.node) == ("cancel", "h") and reason.text.endswith("meet at h.")


def test_the_same_sentence_is_said_once():
    x = leaf(0.0, "x")
    (reason,), count = why(x * x, x)
    assert count == 2 and "x's gradient is 0 because x is 0: in L the slope" in reason.text


def test_those_nearest_to_the_root_come_first():
    w = leaf(1.0, "w")
    y = w * 1.0
    for k in range(8):
        y = y + named((w * 1.0 - 5.0).relu(), f"h{k}")
    reasons, count = why(y - w, w)
    assert [reason.node for reason in reasons] == ["h7", "h6", "h5", "h4", "h3"] and count == 9


def test_slopes_that_multiply_to_0_are_those_of_the_heaviest_way_alone():
    """Down to the value, or to where it would have stopped anyway."""
    w, x = leaf(-1.0, "w"), leaf(2.0, "x")
    small = (w * 1e-3) * x * 1e-200 * 1e-200
    assert only(small, w).text.startswith("4 slopes multiply to less than a float holds;")
    off = named(w.relu(), "h") * 1e-200 * 1e-200
    reason = only(off + x, w)
    assert reason.kind == "underflow" and reason.text.startswith("3 slopes")
    inside = named(x + named(w * 1e-3, "inner"), "h") * 1e-200 * 1e-200
    assert "4 slopes" in only(inside, w).text
    two = named(w * 1e-9 + w * 1e-3, "h") * 1e-200 * 1e-200
    assert "4 slopes" in only(two, w).text and "1e-9" not in only(two, w).text


def test_more_than_a_few_are_counted():
    w = leaf(1.0, "w")
    reasons, count = why(autograd.sum([(w * 1.0 - k).relu() for k in range(2, 10)]), w)
    assert len(reasons) == MOST and count == 8


def test_a_label_cannot_write_what_it_likes():
    x, hostile = leaf(0.0, "x\x1b[2J\n" + "x" * 1000), leaf(2.0, "w\x1b]0;\x07\r")
    for reason in (only(x * hostile, hostile), only(x * 1.0, hostile)):
        assert reason.text.isprintable() and len(reason.text) < 200


def random_graph(draw):
    """A few dozen ops of small whole numbers, of which many slopes are 0 and many sums cancel."""
    pool = [Value(float(draw.randint(-1, 1)), f"x{k}") for k in range(4)]
    make = (
        lambda a, b: a * b, lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a.relu(),
        autograd.maximum, lambda a, b: a * 0.0 + b, lambda a, b: a * -1.0,
    )  # fmt: skip
    for _ in range(draw.randint(3, 14)):
        pool.append(draw.choice(make)(draw.choice(pool[-6:]), draw.choice(pool)))
    return pool[-1]


def first_zeros(walk, at):
    """Where each single way from the root stops, found way by way."""
    found = set()
    ways = [walk.root]
    while ways:
        i = ways.pop()
        for slot, sent in walk.sent.get(i, {}).items():
            x = walk.source(i, slot)
            if not leads(walk, x, at):
                continue
            if sent.amount == 0.0:
                found.add((i, slot))
            elif walk.grads[x] == 0.0:
                found.add(x)
            else:
                ways.append(x)
    return found


def leads(walk, i, at):
    return i == at or any(leads(walk, walk.source(i, slot), at) for slot in walk.sent.get(i, {}))


def test_every_way_stops_at_a_reason_that_is_counted():
    """Against an enumeration of all ways, on random graphs."""
    draw, kinds = random.Random(5), set()
    for _ in range(300):
        walk = walked(random_graph(draw))
        for at in range(len(walk.graph)):
            reasons, count = zero(walk, at)
            assert bool(reasons) == (walk.grads.get(at) == 0.0), at
            if reasons:
                assert count == len(first_zeros(walk, at)) >= len(reasons)
                kinds |= {reason.kind for reason in reasons}
    assert kinds >= {"cancel", "factor", "inactive", "untaken"}, "else it tries too little"


def test_a_deep_graph_is_no_recursion():
    assert only(*shrinking(0.5, 20_000)).text.startswith("20000 slopes multiply to less")
    ending, x = shrinking(1.0, 20_000)
    assert only(ending * leaf(0.0, "z"), x).kind == "factor"
