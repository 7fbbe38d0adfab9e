"""The records' rules as JavaScript: Node must give what Python gives, at corners too."""

import itertools
import json
import math
import random
import re
import shutil
import subprocess

import pytest

import autograd
import viz
from autograd import Graph, Value
from autograd.ieee import FLOATS, evaluate
from autograd.op import REALS, Op, derived, primitive
from autograd.ops import TABLE
from tests.autograd.cases import rule_of
from viz import bars
from viz.javascript import frozen, functions, literal
from viz.page import asset, evaluator
from viz.state import schedule

NODE = shutil.which("node") or ""
node = pytest.mark.skipif(not NODE, reason="Node runs the page's evaluator; none is on PATH")
POINTS = (
    0.0, -0.0, 1.0, -1.0, 0.5, -0.3, 2.0, -2.5, 7.0, 1e-9, -6.0, 36.0, 1000.0, -1000.0, 1e300,
    math.inf, -math.inf, math.nan,
)  # fmt: skip
LISTS = ((0.1, 0.2), (3.0, -2.0), (1e16, 1.0, -1e16, 2.5), (0.5, -1.0, 2.0, 0.25, math.inf, 0.0))
# V8's exp, tanh … and C's are each within 1 ulp; a formula joins up to 40 such steps (erf): 64 ulp.
CLOSE = {"rel_tol": 64 * 2.2e-16, "abs_tol": 4e-16}  # the second: slopes formed as 1 - y², y(1-y)


def run(script):
    """What Node prints for ``script``, whose value is an array of numbers."""
    script = f"console.log(JSON.stringify(({script}).map(String)))"
    done = subprocess.run(
        [NODE, "-"], input=script, capture_output=True, text=True, timeout=60, check=True
    )
    return [float(text) for text in json.loads(done.stdout)]


def same(got, want):
    return math.isclose(got, want, **CLOSE) or (got != got and want != want)


def at_points(record):
    return [tuple(p) for p in (LISTS if record.slots is None else grid(record.slots))]


def grid(slots):
    return itertools.product(POINTS if slots < 3 else POINTS[::3], repeat=slots)


@node
@pytest.mark.parametrize("record", TABLE.values(), ids=lambda record: record.name)
def test_every_op_is_in_the_page_what_it_is_in_python(record):
    calls, wanted = [], []
    for count, group in itertools.groupby(sorted(at_points(record), key=len), len):
        text = functions(record, count, range(count))
        for at in group:
            y = FLOATS.run(record, *at)
            wanted += [y, *(evaluate(rule_of(record, s), *at, y) for s in range(count))]
            wanted.append(0.0 if record.case is None else evaluate(record.case, *at, y))
            calls.append(f"all({text},{literal(at)},{literal(y)})")
    define = "const all=(op,at,y)=>[op.v(...at),...op.p(...at,y).map(Number),op.c?op.c(...at,y):0]"
    got = run(f"(()=>{{{define};return [{','.join(calls)}].flat()}})()")
    assert len(got) == len(wanted)
    wrong = [(n, g, w) for n, (g, w) in enumerate(zip(got, wanted, strict=True)) if not same(g, w)]
    assert not wrong, wrong[:5]


@node
def test_ops_made_at_run_time_come_along():
    bump = derived("bump", domain=REALS, formula=lambda m, x: m.exp(-(x * x)) * m.sin(x))
    cube_root = primitive(
        "cube_root", domain=REALS, floats=lambda x: math.copysign(abs(x) ** (1 / 3), x),
        partials=(lambda m, x, y: 1.0 / (3.0 * y * y),), javascript="Math.cbrt({0})",
    )  # fmt: skip
    got = run(
        f"[{functions(bump, 1, [0])}.v(0.7),{functions(bump, 1, [0])}.p(0.7,{bump(0.7)})[0],"
        f"{functions(cube_root, 1, [0])}.v(8),{functions(cube_root, 1, [0])}.p(8,2)[0]]"
    )
    slope = math.exp(-0.49) * (math.cos(0.7) - 1.4 * math.sin(0.7))
    assert got == pytest.approx([math.exp(-0.49) * math.sin(0.7), slope, 2.0, 1 / 12], rel=1e-14)


def test_a_primitive_without_a_line_says_which_is_missing():
    silent = primitive("silent", domain=REALS, floats=lambda x: x, partials=(lambda m, x, y: 1.0,))
    with pytest.raises(NotImplementedError, match=r"silent.*javascript"):
        functions(silent, 1, [0])


@node
def test_a_sum_of_thousands_does_not_exhaust_the_parser():
    count = 4000
    text = functions(TABLE["sum"], count, range(count))
    used = f"const op={text},x=Array({count}).fill(0.5)"
    got = run(f"(()=>{{{used};return [op.v(...x),op.p(...x,0).length]}})()")
    assert got == [count / 2, count]


def test_only_partials_that_are_asked_for_are_made():
    assert "log" in functions(TABLE["power"], 2, [0, 1])
    assert "log" not in functions(TABLE["power"], 2, [0])


@node
def test_a_frozen_op_keeps_its_numbers():
    text = frozen(1.5, [math.nan, -2.0], 1, False)
    assert str(run(f"[{text}.v(9),...{text}.p(9,9,9),{text}.c()]")) == "[1.5, nan, -2.0, 1.0]"


# ------------------------------------------------------------------ the evaluator, without a page
EVERYTHING = """(() => {
  const told = [];
  const tell = (x) => told.push(x ?? 1e99);
  arrange(turns.map((i) => [i]));
  evaluate();
  kind.forEach((k, i) => tell(run.v[i]));
  for (position = 0; position <= full; position++) {
    kind.forEach((k, i) => tell(total(i)));
    if (position <= half) continue;
    tell(ready().length);
    ready().forEach(([i]) => tell(i));
    const kinds = ["p", "a", "t"];
    const all = (p) => kinds.forEach((k) => tell(run[k][p]));
    forEachNode(turn(position)[0], (x, p) => frozen.has(x) || all(p));
  }
  tell(run.odd);
  leaves.forEach(([i]) => frozen.has(i) || "dubr".split("").forEach((k) => tell(number(k, i))));
  return told;
})()"""


def everything(walk):
    """What EVERYTHING tells, by Python."""
    told = list(walk.graph.values)
    for k in range(2 * walk.forward + 1):
        state = walk.state(k)
        grads = state.grads | ({walk.root: 1.0} if k > walk.forward else {})
        told += [grads.get(i, 1e99) for i in range(len(walk.graph))]
        if k > walk.forward:
            i = walk.turn(k)
            told += [len(state.ready), *sorted(state.ready)]
            assert set(walk.ready(i)) == state.ready
            for c in walk.turns[i].contributions:
                assert state.amounts[i, c.slot] is c.amount
                told += [c.local, c.amount, c.total]
    told.append(walk.first_odd or 0)
    moved = [i for i in walk.leaves if walk.graph.recording[i]]
    return told + [walk.number(kind, i) for i in moved for kind in "dubr"]


def is_as_in_python(*roots):
    walks = [viz.trace(root).walk for root in roots]
    parts = [f"(()=>{{{evaluator(walk)[0]};return {EVERYTHING}}})()" for walk in walks]
    got = run(f"[{','.join(parts)}].flat()")
    wanted = [x for walk in walks for x in everything(walk)]
    assert len(got) == len(wanted)
    for n, (g, w) in enumerate(zip(got, wanted, strict=True)):
        assert math.isclose(g, w, rel_tol=1e-9, abs_tol=1e-12) or (g != g and w != w), (n, g, w)


@node
@pytest.mark.parametrize("record", TABLE.values(), ids=lambda record: record.name)
def test_a_run_in_the_page_is_the_run_in_python(record):
    """Under upstreams that are finite, infinite and 0, and with one leaf that is frozen."""
    roots = []
    for at in [(0.0, 2.0, -1.5), (1.0, 0.0, 0.0), (-0.3, 0.3, 7.0), (2.0, math.inf, 1.0)]:
        count = record.slots or 4
        leaves = [Value(x, f"v{n}", n != 1) for n, x in zip(range(count), itertools.cycle(at))]
        with autograd.errstate("ignore"):
            y = Op.recorder(record, leaves)
            roots += [y * 3.0, autograd.sqrt(y) * leaves[0] + y, autograd.sqrt(y) ** 2 + y * 0.0]
            roots.append(autograd.log(autograd.maximum(y, leaves[0] - 1.0)) * leaves[0])
            roots = [root for root in roots if root.requires_grad]
    with autograd.errstate("ignore"):
        is_as_in_python(*roots)


@node
def test_what_is_not_chosen_gets_nothing_and_what_nobody_knows_is_nan():
    a, b, zero = Value(0.0, "a"), Value(5.0, "b"), Value(0.0, "z")
    with autograd.errstate("ignore"):
        chosen = autograd.sqrt(autograd.where(1.0, b, a)) + autograd.where(0.0, autograd.log(a), b)
        roots = [
            chosen, autograd.sqrt(autograd.where(1.0, a, b)),
            autograd.arccos(autograd.clip(b, -1.0, 1.0)),
            autograd.sqrt(b.relu()) - autograd.sqrt((-b).relu()), autograd.sqrt(zero * zero),
            autograd.sqrt(zero) ** 2, autograd.sqrt(autograd.leaky_relu(-b, slope=0.0)),
            autograd.sqrt(autograd.max([zero, -b])), autograd.greater(b, a) * autograd.sqrt(zero),
        ]  # fmt: skip
        is_as_in_python(*roots)
        text = str(viz.trace(roots[1]))
    assert "nan" not in text and "inf × 0 (nothing passes) = 0" in text


@node
def test_a_moved_leaf_in_the_page_is_the_leaf_in_python():
    def made(a, b):
        a, b = Value(a, "a"), Value(b, "b")
        y = autograd.dot([a, b, a * b], [b.tanh(), a, 0.5])
        return y + autograd.where(autograd.greater(a, b), a, b) * a.relu()

    walk = viz.trace(made(1.5, -2.0)).walk
    text, (a, b) = evaluator(walk)[0], walk.leaves
    moved = f"here.set({a},-0.25).set({b},-3)"
    got = run(f"(()=>{{{text};{moved};return {EVERYTHING}}})()")
    wanted = everything(viz.trace(made(-0.25, -3.0)).walk)
    assert all(map(same, got, wanted)) and len(got) == len(wanted)


def random_boxes(seed):
    """A graph of a hundred ops, and which box each node is in: few or many, alone or not."""
    draw = random.Random(seed)
    pool = [Value(0.3, "p"), Value(-0.2, "q")]
    for _ in range(100):
        pool.append(draw.choice(pool[-9:]) * draw.choice(pool[-20:]) + draw.choice([0.5, *pool]))
    graph = Graph(autograd.sum(pool[-30:]))
    return graph, [draw.randrange(2 + 40 * (seed % 3)) for _ in graph.ops]


@pytest.mark.parametrize("seed", range(6))
def test_a_stop_is_all_of_a_box_that_can_go(seed):
    graph, box_of = random_boxes(seed)
    stops = schedule(graph, box_of)
    left = [i for i, record in enumerate(graph.ops) if record is not None]
    assert sorted(i for stop in stops for i in stop) == left
    assert schedule(graph, range(len(graph))) == [[i] for i in left]
    gone = {i for i, record in enumerate(graph.ops) if record is None}
    for stop in stops:
        assert {box_of[i] for i in stop} == {box_of[min(left)]}, "the box of the first op left"
        for i in stop:  # in the graph's order
            assert all(x in gone for x in graph.operands[i] if isinstance(x, int))
            gone.add(i)
        left = [i for i in left if i not in gone]
        for i in left:
            ready = all(x in gone for x in graph.operands[i] if isinstance(x, int))
            assert not ready or box_of[i] != box_of[stop[0]], "it goes on while it can"


@node
@pytest.mark.parametrize("seed", range(6))
def test_the_page_stops_where_python_does(seed):
    graph, box_of = random_boxes(seed)
    root = graph.nodes[-1]
    stops, rank = schedule(graph, box_of), {}
    for stop in [[i] for i, record in enumerate(graph.ops) if record is not None]:
        rank[stop[0]] = len(rank) + 1
    steps = [0, *(rank[stop[-1]] for stop in stops)]  # the largest step of a stop
    steps += [2 * len(rank) + 1 - rank[stop[0]] for stop in reversed(stops)]
    wanted = [x for stop in stops for x in (len(stop), *stop)] + steps + list(range(len(steps)))
    text, folded = evaluator(viz.trace(root).walk)[0], asset("folded.js")
    got = run(
        f"(()=>{{const sets=[];{text};{folded};arrange(schedule({literal(box_of)}));"
        "const k=[...Array(full + 1).keys()];"
        "return [stops.map((s) => [s.length, ...s]),k.map(stepOf),"
        "k.map((n) => positionOf(stepOf(n)))].flat(2)})()"
    )
    assert got == wanted


@node
def test_strips_are_drawn_as_python_draws_them():
    draw = random.Random(1)
    counts = (1, 7, 300, 16)
    rows = [[draw.gauss(0, 10.0 ** draw.randint(-9, 9)) for _ in range(n)] for n in counts]
    rows += [[0.0, -0.0], [math.nan, 1.0, None, -math.inf], [None, None], [1e308, -1e-9, math.inf]]
    laid = bars.Grid(7, 43, 9.7, 11.3)
    wanted = ["".join(bars.strokes(row, laid)) for row in rows]
    told = [x for row in rows for x in (bars.largest(row), bars.length(row))]
    given = re.sub("null", "undefined", literal(rows))
    each = "strokes(x, 7, 9.7, 11.3).join('')"
    graph = evaluator(viz.trace(Value(1.0, "x").tanh()).walk)[0] + asset("folded.js")
    graph = f"const sets=[];{graph}"
    done = subprocess.run(
        [NODE, "-"], input=f"{graph};console.log(JSON.stringify({given}.map((x)=>{each})))",
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    for path, want in zip(json.loads(done.stdout), wanted, strict=True):
        assert re.findall("[A-Z]", path) == re.findall("[A-Z]", want)
        ends = [[float(x) for x in re.findall(r"[\d.-]+", text)] for text in (path, want)]
        assert ends[0] == pytest.approx(ends[1], abs=0.11), "a tenth, where a tie is rounded"
    there = ".map((x) => x.filter((y) => y !== undefined))"
    got = run(f"(()=>{{{graph};return {given}{there}.flatMap((x)=>[largest(x),length(x)])}})()")
    assert all(map(same, got, told))


def test_the_evaluator_needs_no_page():
    text = evaluator(viz.trace(Value(1.0, "x").tanh()).walk)[0] + asset("folded.js")
    assert not re.search(r"document|window|\$\(|addEventListener|location|history", text)


@pytest.mark.parametrize("label", ["</script><script>", "a\u2028b\u2029c", "&lt;", '"\\', "\ud800"])
def test_a_label_cannot_leave_its_string(label):
    text = literal([label, {"a": 1}])
    assert not set("<>&\u2028\u2029\ud800") & set(text)
    assert json.loads(text.replace("{a:", '{"a":')) == [label, {"a": 1}]
