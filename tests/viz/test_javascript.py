"""The records' rules as JavaScript: Node must give what Python gives, at corners too."""

import itertools
import json
import math
import shutil
import subprocess

import pytest

from autograd.ieee import FLOATS, evaluate
from autograd.op import REALS, derived, primitive
from autograd.ops import TABLE
from tests.autograd.cases import rule_of
from viz.javascript import frozen, functions, literal

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
    text = frozen(1.5, [math.nan, -2.0], 1)
    assert str(run(f"[{text}.v(9),...{text}.p(9,9,9),{text}.c()]")) == "[1.5, nan, -2.0, 1.0]"


@pytest.mark.parametrize("label", ["</script><script>", "a\u2028b\u2029c", "&lt;", '"\\', "\ud800"])
def test_a_label_cannot_leave_its_string(label):
    text = literal([label, {"a": 1}])
    assert not set("<>&\u2028\u2029\ud800") & set(text)
    assert json.loads(text.replace("{a:", '{"a":')) == [label, {"a": 1}]
