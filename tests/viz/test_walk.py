"""The walk says what happened in INSIGHT's words, and no number in it is wrong by hand."""

import io
import math
import random
import re
import sys
from decimal import ROUND_HALF_UP, Context, Decimal

import pytest

import autograd
import nn
import viz
from autograd import Value
from autograd.errors import StaleGraphError
from autograd.numbers import show
from autograd.op import REALS, Op, derived
from autograd.ops import TABLE
from autograd.sweep import backward_steps


def example():
    w, x, b, t = Value(1.5, "w"), Value(2.0, "x"), Value(-1.0, "b"), Value(1.0, "t")
    loss = (w * x + b - t) ** 2 + 0.1 * (w * w)
    loss.label = "L"
    return loss


def labelled(value, label):
    value.label = label
    return value


def random_expression(seed):
    """Ten ops on four leaves with numbers of many digits, some of them used often."""
    draw = random.Random(seed)
    pool = [Value(draw.uniform(-3, 3), name) for name in "abcd"]
    for n in range(10):
        x, y = draw.choice(pool), draw.choice(pool[-4:])
        pool.append(draw.choice([x * y, x + y, x - y, y.tanh(), x * 0.3, y.sigmoid()]))
        pool[-1].label = f"h{n}"
    return labelled(sum(pool[-3:], pool[-4]), "out")


def by_hand(text):
    """A number rounded as the page rounds, by decimal arithmetic alone."""
    return Context(prec=5, rounding=ROUND_HALF_UP).create_decimal(text)


# ------------------------------------------------------------------ one step
def test_a_backward_step_says_who_whence_why_and_what_each_input_has():
    assert str(viz.trace(example())[9]) == (
        "Step 10 of 14 · backward 3 of 7\n"
        "w×w goes now: the 1 place that uses it has sent its part.\n"
        "dL/d(w×w) = 0.1, from 0.1×(w×w).\n"
        "A product passes on the gradient times the other factor.\n"
        "  to w, 1st: dL/d(w×w) × w = 0.1 × 1.5 = 0.15\n"
        "  to w, 2nd: dL/d(w×w) × w = 0.1 × 1.5 = 0.15\n"
        "  w: – → 0.15 → 0.3, 2 of 3 in, waiting for w×x\n"
        "added, because w is used 3 times\n"
        "ready as well, in any order: (w×x+b-t)²"
    )


def test_a_forward_step_writes_the_name_the_formula_and_the_numbers():
    trace = viz.trace(example())
    assert "w×w = 1.5 × 1.5 = 2.25" in str(trace[4])
    assert "L = (w×x+b-t)² + 0.1×(w×w) = 1 + 0.225 = 1.225" in str(trace[6])


def test_the_root_goes_first_and_asks_about_itself():
    text = str(viz.trace(example())[7])
    assert "L goes first: it is the number we ask about." in text
    assert "dL/dL = 1: if it rises by 1, it rises by 1." in text


def test_several_uses_are_summed_by_name():
    x = Value(0.5, "x")
    h = labelled(x * 2.0, "h")
    two = viz.trace(labelled(h.tanh() - h, "y"))
    text = str(two[-1])
    assert "h goes now: both places that use it have sent theirs." in text
    assert re.search(r"dy/dh = -1 \+ 0\.41997 (=|≈) -0\.58003, from y and tanh\(h\)\.", text)
    three = str(viz.trace(labelled(h * h + h, "y"))[-1])
    assert "h goes now: all 3 places that use it have sent theirs." in three
    assert "from y, h×h 1st and h×h 2nd." in three


def test_many_uses_are_counted_and_not_listed():
    x = Value(0.5, "x")
    h = labelled(x * 2.0, "h")
    trace = viz.trace(labelled(autograd.sum([h * float(n) for n in range(1, 101)]), "y"))
    step = next(str(step) for step in trace if "57 of 100 in" in str(step))
    assert "waiting" not in step and "added, because h is used 100 times" in step
    assert "ready as well, in any order: h×43, h×42" in step and " and 37 more" in step
    assert "all 100 places that use it have sent theirs" in str(trace[-1])
    assert "dy/dh = 5050, from 100 places." in str(trace[-1])


def test_an_input_taken_many_times_at_once_shows_its_last_total():
    x = Value(0.5, "x")
    text = str(viz.trace(labelled(autograd.sum([x] * 9), "y"))[1])
    assert "x: – → … → 9, 9 of 9 in: final" in text
    assert text.count("to x, ") == 9 and "to x, 3rd: " in text and "to x, 4th: " in text


def test_dot_has_a_row_an_operand():
    w, x = [Value(v, f"w{v:g}") for v in (1, 2)], [Value(v, f"x{v:g}") for v in (3, 4)]
    forward, backward = viz.trace(labelled(autograd.dot(w, x), "y"))
    assert "y = dot(w1, w2, x3, x4) = dot(1, 2, 3, 4) = 11" in str(forward)
    assert "to w2: dy/dy × other factor = 1 × 4 = 4" in str(backward)
    assert "Each weight gets the gradient times its own input" in str(backward)


def test_frozen_leaves_get_none():
    w, x = Value(2.0, "w"), Value(3.0, "x", requires_grad=False)
    trace = viz.trace(labelled(w * x, "y"))
    text = str(trace[1])
    assert "to x" not in text and "x gets none: it has requires_grad=False." in text
    assert re.search(r"x +3 +– +x has requires_grad=False\.", str(trace))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda x: x.relu(), "Input 0.5 > 0: passed on unchanged."),
        (lambda x: (-x).relu(), "Input -0.5 < 0: relu is off, slope 0, nothing passes."),
        (lambda x: (x - 0.5).relu(), "At its corner: 0 by convention."),
        (lambda x: x.tanh(), "tanh's slope is 1 - 0.46212² = 0.78645 (it is 1 at 0 and"),
        (lambda x: (-x).tanh(), "tanh's slope is 1 - (-0.46212)² = 0.78645"),
        (lambda x: x.exp(), "exp's slope is its own value 1.6487."),
        (lambda x: x.log(), "1 / x = 2."),
        (lambda x: 3.0 / x, "x gets -gradient × 3/x²."),
        (lambda x: x / 4.0, "x gets gradient / 4."),
        (lambda x: 2.0 - x, "A difference passes its gradient with the sign turned to x."),
        (lambda x: autograd.maximum(x, 0.0), "x is larger: it takes all."),
        (lambda x: autograd.maximum(x, 0.5), "Tie: half each, by convention."),
        (lambda x: autograd.where(x > 1.0, x, 2.0), "The condition was false: all goes to 2, "),
        (lambda x: autograd.greater(x, 1.0), "A comparison passes nothing."),
        (lambda x: x**3, "x^3 has slope 3 × x^2 = 0.75."),
        (lambda x: Value(2.0, "a") ** x, "a^x has slope x × a^(x-1) = 0.35355."),
        (lambda x: 2.0**x, "An exponent that is a Value gets y × ln 2 ≈ 0.98026."),
        (lambda x: -x, "A minus sign turns the gradient's sign."),
    ],
)
def test_the_sentence_is_the_records_and_fits_the_case(make, says):
    assert says in str(viz.trace(make(Value(0.5, "x"))))


def test_an_op_made_at_run_time_speaks_too():
    bump = derived("bump", domain=REALS, formula=lambda m, x: m.exp(-(x * x)))
    text = str(viz.trace(bump(Value(0.123456789, "x"))))
    assert "y = bump(x) = bump(0.12346)" in text
    assert "bump's slope at 0.12346 is " in text and " × slope = 1 × " in text


def test_a_negative_number_under_a_power_is_in_parentheses():
    x = Value(-3.0, "x")
    assert "(-3)² = 9" in str(viz.trace(x**2))
    assert "-(-3) = 3" in str(viz.trace(-x))
    assert "2 × -3 = -6" in str(viz.trace(2.0 * x))


def test_the_first_nan_or_inf_is_marked_once():
    x = Value(0.0, "x")
    with autograd.errstate("ignore"):
        text = str(viz.trace(autograd.log(x) * 2.0 + x))
    assert re.findall(r".* !$", text, flags=re.M) == ["Step 1 of 6 · forward 1 of 3 !"]
    root = viz.trace(autograd.sqrt(Value(0.0, "x")))
    assert re.findall(r".* !$", str(root), flags=re.M) == ["Step 2 of 2 · backward 1 of 1 !"]


# ------------------------------------------------------------------ numbers by hand
@pytest.mark.parametrize("seed", range(20))
def test_an_equals_sign_is_right_by_hand_and_a_wave_is_needed(seed):
    """Products and sums of the printed numbers, by decimal arithmetic."""
    text = str(viz.trace(random_expression(seed))[10:])
    number = r"(-?[\d.]+(?:e-?\d+)?)"
    products = re.findall(rf"= {number} × {number} (=|≈) {number}$", text, flags=re.M)
    sums = re.findall(rf"= {number}((?: \+ {number})+) (=|≈) {number}, from", text)
    assert products
    for a, b, sign, result in products:
        assert (sign == "=") == (by_hand(Decimal(a) * Decimal(b)) == Decimal(result)), (a, b)
    for first, rest, _, sign, result in sums:
        total = Decimal(first) + sum(Decimal(term) for term in rest.split(" + ") if term.strip())
        assert (sign == "=") == (by_hand(total) == Decimal(result)), (first, rest)


@pytest.mark.parametrize("seed", range(5))
def test_the_numbers_are_those_of_backward_steps(seed):
    root = random_expression(seed)
    trace, steps = viz.trace(root), tuple(backward_steps(root))
    assert tuple(trace[len(steps) :]) == steps
    for step in trace[len(steps) :]:
        for c in step.contributions:
            assert f" × {show(c.local)} " in str(step) and show(c.total) in str(step)


def test_numbers_have_at_most_five_digits():
    for seed in range(5):
        for number in re.findall(r"\d+\.\d+", str(viz.trace(random_expression(seed)))):
            assert len(number.replace(".", "").lstrip("0")) <= 5, number


# ------------------------------------------------------------------ the last position
def rows(trace):
    table = str(trace).rsplit("\n\n", 1)[1].splitlines()
    return {line.split()[0]: line for line in table[1:]}


def test_a_nudge_compares_the_slope_with_the_graph_run_again():
    assert "Raise w by 0.01 (to 1.51) and L rises by about 0.043 (really 0.04341)." in str(
        viz.trace(example())
    )
    moved = (1.5 * 2 - 1 - 1.01) ** 2 + 0.1 * 1.5 * 1.5
    assert (
        f"L falls by about 0.02 (really {show(1.225 - moved)})." in rows(viz.trace(example()))["t"]
    )


@pytest.mark.parametrize(
    ("value", "raised"),
    [
        (0.0, "0.01 (to 0.01)"), (0.1, "0.01 (to 0.11)"), (-99.0, "0.01 (to -98.99)"),
        (100.0, "1 (to 101)"), (-2500.0, "10 (to -2490)"), (0.0999, "0.0001 (to 0.1)"),
        (3e-7, "1e-9 (to 3.01e-7)"), (5e300, "1e298 (to 5.01e300)"),
    ],
)  # fmt: skip
def test_a_nudge_is_small_and_a_power_of_ten(value, raised):
    assert f"Raise x by {raised} and" in str(viz.trace(Value(value, "x") + 0.0))


def test_a_nudge_says_what_a_slope_does_not():
    flat = rows(viz.trace(labelled(Value(-1.0, "x").relu(), "y")))
    assert "and y does not move (really 0)." in flat["x"] and "bends" not in flat["x"]
    bent = rows(viz.trace(labelled(Value(0.0, "x") ** 2, "y")))
    assert "y does not move (really 0.0001). The curve bends here: the slope holds" in bent["x"]
    with autograd.errstate("ignore"):
        steep = rows(viz.trace(labelled(autograd.sqrt(Value(0.0, "x")), "y")))
    assert "y has no finite slope here (really 0.1)." in steep["x"]


def test_a_gradient_that_is_already_there_is_told():
    loss = example()
    loss.backward()
    assert "zero_grad" not in str(viz.trace(loss))  # it holds what one pass gives
    loss.backward()
    assert (
        "w.grad holds 8.6 but one pass gives 4.3: earlier backward() calls were added. "
        "Call zero_grad() first."
    ) in str(viz.trace(loss))


@pytest.mark.parametrize(
    ("whole", "o"),
    [
        (lambda o, a: o * o, 3.0), (lambda o, a: o + 5.0 * a, 3.0), (lambda o, a: o.tanh(), 3.0),
        (lambda o, a: o * math.inf, 3.0),
    ],
)  # fmt: skip
def test_going_back_from_another_root_is_no_accusation(whole, o):
    a = Value(2.0, "a")
    inner = labelled(a * o, "o")
    whole(inner, a).backward()
    assert "earlier" not in str(viz.trace(inner))


def test_more_than_one_pass_is_told_once_and_as_far_as_it_is_known():
    a, b = Value(2.0, "a"), Value(3.0, "b")
    for _ in range(3):
        loss = labelled(a * b, "L")
        loss.backward()
    text = str(viz.trace(loss))
    assert text.count("earlier backward() calls were added") == 1
    assert "a.grad holds 9 but one pass gives 3: " in text
    b.data = 7.0
    loss = labelled(a * b, "L")
    assert "one pass" not in str(viz.trace(loss)), "nothing went back from here"
    loss.backward()
    text = str(viz.trace(loss))
    assert "a.grad holds 16 but one pass gives 7: more than this pass is in it." in text
    b.zero_grad()
    assert "one pass" not in str(viz.trace(loss))


def test_nan_against_nan_is_no_more_than_one_pass():
    x = Value(0.0, "x")
    with autograd.errstate("ignore"):
        y = labelled(autograd.log(x) * 0.0, "y")
        y.backward()
        y.backward()
        assert "one pass" not in str(viz.trace(y))


# ------------------------------------------------------------------ names, not letters
@pytest.mark.parametrize("record", TABLE.values(), ids=lambda record: record.name)
def test_a_records_own_letters_never_reach_a_reader(record):
    """What a walk says of v1, v2 … has no x, y, a, b, c, n; so what it says of y is of y."""

    def said(*labels):
        count = record.slots or 4
        leaves = [Value(0.25 * (n + 1), label) for n, label in zip(range(count), labels)]
        with autograd.errstate("ignore"):
            return str(viz.trace(labelled(Op.recorder(record, leaves), "out")))

    plain = said("v1", "v2", "v3", "v4")
    letter = r"(?<![A-Za-z0-9])(?:[xybcn]|a(?! [A-Za-z]{2}))(?![A-Za-z0-9]|=1)"
    assert not re.findall(letter, plain), plain
    theirs = {"v1": "y", "v2": "x", "v3": "a", "v4": "b"}
    renamed = re.sub("v[1-4]", lambda found: theirs[found[0]], plain)
    squeezed = [re.sub(" +", " ", text) for text in (said("y", "x", "a", "b"), renamed)]
    assert squeezed[0] == squeezed[1]


def test_the_result_stands_by_its_name():
    x, y = Value(3.0, "x"), Value(4.0, "y")
    text = str(viz.trace(labelled(autograd.hypot(x, y), "r")))
    assert "to y: dr/dr × y/r = 1 × 0.8 = 0.8" in text
    text = str(viz.trace(labelled(x**y, "r")))
    assert "to y: dr/dr × r × ln x = 1 × 88.988 = 88.988" in text
    text = str(viz.trace(labelled(autograd.sigmoid(y) * x, "r")))
    assert "dr/d(sigmoid(y)) × (sigmoid(y)) × (1-(sigmoid(y)))" in text
    assert "1/(3 × r²)" in str(viz.trace(labelled(autograd.cbrt(x), "r")))
    n = [Value(v, f"n{v:g}") for v in (1, 2, 6)]
    text = str(viz.trace(labelled(autograd.var(n, ddof=1), "r")))
    assert "2/(3 - 1) × distance from the mean = 1 × -2 = -2" in text


# ------------------------------------------------------------------ a sequence, printed
def test_a_trace_is_a_sequence_of_steps():
    trace = viz.trace(example())
    assert len(trace) == len(list(trace)) == 14 and len(trace[3:5]) == 2
    assert [step.phase for step in trace[6:8]] == ["forward", "backward"]
    assert str(trace[3:5]) == f"{trace[3]}\n\n{trace[4]}"
    assert trace[-1].node is trace[0].node and trace[13] == trace[-1]
    with pytest.raises(IndexError):
        trace[14]
    said = 'Trace of L: 7 forward, 7 backward steps. print() it, .save("L.html")'
    assert repr(trace) == f"{said}, .open(), viz.play(L)"


def test_printing_asks_between_the_passes_and_ends_with_the_leaves():
    parts = str(viz.trace(example())).split("\n\n")
    assert parts[7] == "L = 1.225. Ask of each number: if it rose a little, how would L change?"
    assert parts[-1].splitlines()[0].split() == ["leaf", "value", "gradient", "nudge"]
    assert len(parts) == 16


def test_a_long_walk_keeps_both_ends_and_the_leaves():
    y = Value(1.0, "x")
    for _ in range(126):
        y = y * 0.9
    trace = viz.trace(y)
    parts = str(trace).split("\n\n")
    assert parts[:20] == [str(step) for step in trace[:20]] and parts[20] == "… 212 more"
    assert parts[21:41] == [str(step) for step in trace[-20:]] and len(parts) == 42
    assert "Step 252 of 252" in parts[40] and parts[41].startswith("leaf ")
    assert "more" not in str(trace[:40]) and "… 1 more" in str(trace[5:46])
    assert "leaf " not in str(trace[5:46])


def test_of_a_walk_of_thousands_few_leaves_are_tried(monkeypatch):
    """Each nudge runs the whole graph again."""
    leaves = [Value(0.1 * n, f"x{n}") for n in range(60)]
    loss = autograd.sum([autograd.tanh(x * y) for x in leaves for y in leaves[:9]])
    runs = []
    run = autograd.Graph.run
    monkeypatch.setattr(autograd.Graph, "run", lambda *given: runs.append(1) or run(*given))
    assert str(viz.trace(loss)).endswith("… 20 more") and len(runs) == 40
    monkeypatch.setattr("viz.steps.NUDGED", 5 * len(autograd.Graph(loss)))
    assert str(viz.trace(loss)).endswith("… 55 more") and len(runs) == 45


def test_leaves_stand_in_the_order_of_their_first_use_by_module():
    w, x, t, b = (Value(0.5, n) for n in ("net.w", "x", "t", "net.b"))
    late = [Value(0.5, f"out.w{n}") for n in (1, 2)]
    h = autograd.tanh(w * x + b)
    trace = viz.trace(autograd.dot(late, [h, h * h]) - t)
    assert [trace.graph.labels[i] for i in trace.walk.leaves] == [
        "net.w", "net.b", "x", "t", "out.w1", "out.w2",
    ]  # fmt: skip
    assert list(rows(trace)) == ["net.w", "net.b", "x", "t", "out.w1", "out.w2"]
    model = nn.MLP(2, [3, 3, 1], seed=1)
    names = list(rows(viz.trace(model([0.5, -1.0]))))
    assert names == [parameter.label for parameter in model.parameters()]


def test_a_leaf_alone_is_a_trace_without_steps():
    trace = viz.trace(Value(2.0, "x"))
    assert len(trace) == 0 and "Raise x by 0.01 (to 2.01) and x rises by about 0.01" in str(trace)


def test_it_writes_nothing():
    loss = example()
    leaves = [node for node in autograd.Graph(loss).nodes if node.op is None]
    print(viz.trace(loss))
    assert not any(leaf.has_grad for leaf in leaves) and not loss.has_grad


def test_a_deep_chain_does_not_recurse():
    y = Value(1.0, "x")
    for _ in range(20 * sys.getrecursionlimit()):
        y = y * 1.0001
    trace = viz.trace(y)
    assert "… " in str(trace) and "goes now" in str(trace[-1])


def test_what_has_no_gradient_is_refused():
    with pytest.raises(ValueError, match="records"):
        viz.trace(Value(1.0, requires_grad=False))
    x = Value(1.0, "x")
    y = x * 2.0
    x.data = 3.0
    with pytest.raises(StaleGraphError, match="x was changed after"):
        viz.trace(y)


@pytest.mark.parametrize(("encoding", "words"), [("cp1252", "× w = 0.1 × 1.5"), ("ascii", "* w =")])
def test_an_old_console_gets_what_it_can_show(monkeypatch, encoding, words):
    label = Value(1.5, "w"), Value(2.0, "λ")
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    print(viz.trace(label[0] * label[1]), viz.trace(label[0] * label[1])[1])
    sys.stdout.flush()
    shown = raw.getvalue().decode(encoding)
    assert "->" in shown and "→" not in shown and r"\u03bb" in shown


def test_labels_are_text_whatever_they_hold():
    x = Value(2.0, "a\x00{x}\n%s\u202e" + "z" * 10_000)
    text = str(viz.trace(x * 0.5))
    assert "z" * 30 not in text and "{x}" in text
    assert math.isfinite(len(text))


@pytest.mark.parametrize("number", [0.0, 1.0, 2.0])
def test_a_number_equal_to_a_nodes_place_is_no_second_use(number):
    """Operands are node numbers and floats: node 0 is not the number 0.0."""
    y = autograd.maximum(Value(3.0, "x"), number) * number
    assert not any(word in str(viz.trace(y)) for word in ("1st", "2nd"))


@pytest.mark.parametrize("name", ["log", "log1p", "log2", "log10"])
def test_a_logarithm_outside_of_its_domain_is_said_to_have_no_slope(name):
    """1 / -2 is no nan: the formula is that of the domain alone."""
    record = getattr(autograd, name)
    with autograd.errstate("ignore"):
        outside = viz.trace(record(Value(-2.0, "a")))
    assert f"{name} has no slope at -2, outside of its domain." in str(outside[1])
    assert "no slope" not in str(viz.trace(record(Value(2.0, "a")))[1])


def test_a_step_out_of_the_range_of_numbers_is_not_blamed_on_the_slope():
    """d(2a)/da is 2, also at inf; inf + 0.01 is inf, and inf - inf is no number."""
    a = Value(math.inf, "a")
    assert "y leaves the range of numbers here (really nan)." in str(viz.trace(a * 2.0))


def test_the_door_that_was_knocked_at_is_the_one_that_answers():
    for name in ("trace", "explain"):
        with pytest.raises(TypeError, match=rf"^{name}: a Value is required as root, got int"):
            getattr(viz, name)(3)
