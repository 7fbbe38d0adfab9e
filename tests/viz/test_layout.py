"""Where boxes and wires go, whichever program is there to say so."""

import itertools
import os
import random
import shutil
import stat
import sys
import time
import warnings

import pytest

import autograd
import viz
from autograd import Graph, Value
from viz import DrawingError, layered, layout, nested
from viz.bars import Many, size
from viz.boxes import Box, Frame, Wire, boxes_and_wires
from viz.drawing import Drawing

PURE = shutil.which("graphviz-pure", path=os.path.dirname(sys.executable))
posix = pytest.mark.skipif(os.name == "nt", reason="the stand-ins for dot are shell scripts")


def random_graph(size, seed):
    """A graph with fan-in, fan-out, long wires, number operands and one root."""
    draw = random.Random(seed)
    pool = [Value(draw.uniform(-2, 2), f"v{i}") for i in range(max(2, size // 4))]

    def pick():
        near = pool[-1 - min(len(pool) - 1, int(draw.expovariate(0.4)))]
        return near if draw.random() < 0.6 else draw.choice(pool)

    for _ in range(size):
        kind = draw.choice(["add", "multiply", "subtract", "tanh", "dot", "shift"])
        if kind == "tanh":
            pool.append(pick().tanh())
        elif kind == "dot":
            pool.append(autograd.dot([pick(), pick(), pick()], [pick(), pick(), pick()]))
        elif kind == "shift":
            pool.append(pick() - 2.5)
        else:
            pool.append(getattr(autograd, kind)(pick(), pick()))
    return Graph(sum(pool[-3:], pool[-4]))


def example():
    w, x, b, t = Value(1.5, "w"), Value(2.0, "x"), Value(-1.0, "b"), Value(1.0, "t")
    return (w * x + b - t) ** 2 + 0.1 * (w * w)


def points(path):
    """Many points along a path."""
    x, y = path[0]
    for segment in path[1:]:
        a, b, c, d, e, f = (x, y, *segment, *segment) if len(segment) == 2 else segment
        for i in range(1, 33):
            t, s = i / 32, 1 - i / 32
            yield (
                s**3 * x + 3 * s * s * t * a + 3 * s * t * t * c + t**3 * e,
                s**3 * y + 3 * s * s * t * b + 3 * s * t * t * d + t**3 * f,
            )
        x, y = e, f


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    """Each test meets its programs for the first time, and chooses none."""
    monkeypatch.setattr(layout, "_limit", {})
    monkeypatch.delenv(layout.SETTING, raising=False)


@pytest.fixture
def dot(tmp_path, monkeypatch):
    """Puts a shell script on the PATH as ``dot``; the limits are short, to wait less."""
    monkeypatch.setattr(layout, "SMOKE", 0.5)
    monkeypatch.setattr(layout, "SECONDS", 0.8)

    def put(script):
        fake = tmp_path / "dot"
        fake.write_text(f'#!/bin/sh\necho >> "{tmp_path}/calls"\n{script}\n')
        fake.chmod(fake.stat().st_mode | stat.S_IEXEC)
        return fake

    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path), "/bin", "/usr/bin"]))
    return put


ONCE = '[ -e "$0.met" ] && {again}\n: > "$0.met"\nexec "' + str(PURE) + '" "$@"'
SCRIPTS = {
    "hangs": "sleep 600",
    "fails": "exit 3",
    "prints nothing": "exit 0",
    "prints garbage": "echo garbage",
    "prints without end": "exec yes",
    "closes its ears": "exec 0<&-; sleep 600",
    "prints other JSON": 'echo \'{"bb": "0,0,1,1", "objects": [], "edges": []}\'',
    "prints a wrong number": 'exec "' + str(PURE) + '" "$@" | sed s/[0-9][0-9]*,[0-9]/nan,1/',
    "hangs the second time": ONCE.format(again="exec sleep 600"),
    "fails the second time": ONCE.format(again="exit 1"),
    "prints garbage the second time": ONCE.format(again="{ echo garbage; exit; }"),
}


@posix
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_a_dot_that_does_not_work_is_passed_over_and_not_asked_again(dot, tmp_path, script):
    dot(script)
    drawing = viz.graph(example())
    assert drawing.geometry.engine == "graphviz-pure"
    calls = (tmp_path / "calls").read_text()
    start = time.perf_counter()
    assert viz.graph(example()).svg == drawing.svg
    assert time.perf_counter() - start < layout.SECONDS
    assert (tmp_path / "calls").read_text() == calls


@posix
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_without_any_graphviz_our_own_layout_draws(dot, monkeypatch, script):
    fake = str(dot(script))
    monkeypatch.setattr(layout, "_candidates", lambda setting: [fake])
    assert viz.graph(example()).geometry.engine == "own"
    mime = viz.draw_dot(example())._repr_mimebundle_()
    assert "<svg" in mime["image/svg+xml"]


@posix
def test_a_dot_that_works_is_preferred(dot):
    dot(f'exec "{PURE}" "$@"')
    assert viz.graph(example()).geometry.engine == "dot"


def test_without_a_dot_graphviz_pure_is_found_in_the_interpreters_scripts_folder(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert viz.graph(example()).geometry.engine.startswith("graphviz-pure")


@posix
def test_what_a_hanging_dot_started_is_ended_with_it(dot, tmp_path):
    dot(f'sleep 600 & echo $! > "{tmp_path}/child"\nwait')
    viz.graph(example()).svg  # noqa: B018 - laid out on the way
    child = int((tmp_path / "child").read_text())
    for _ in range(50):  # whoever inherits it needs a moment to bury it
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            break
        with open(f"/proc/{child}/stat") as stat_file:
            if stat_file.read().split()[2] == "Z":
                break
        time.sleep(0.05)
    else:
        pytest.fail("the child of a hanging dot still runs")


@posix
def test_to_be_late_with_a_large_drawing_condemns_no_program(dot, monkeypatch):
    dot(f'exec "{PURE}" "$@"')
    monkeypatch.setattr(layout, "LARGE", 10)
    monkeypatch.setattr(layout, "SECONDS", 0.0)
    large = Drawing(random_graph(30, 0))
    assert large.geometry.engine == "own"
    monkeypatch.setattr(layout, "SECONDS", 5.0)
    assert viz.graph(Value(1.0).tanh()).geometry.engine == "dot"
    assert Drawing(large.graph).geometry.engine == "own"


def test_the_setting_chooses(monkeypatch):
    monkeypatch.setenv(layout.SETTING, "own")
    assert viz.graph(example()).geometry.engine == "own"
    monkeypatch.setenv(layout.SETTING, "graphviz-pure")
    assert viz.graph(example()).geometry.engine.startswith("graphviz-pure")


def test_a_setting_that_does_not_work_is_named(monkeypatch):
    monkeypatch.setenv(layout.SETTING, "/no/such/program")
    with pytest.warns(UserWarning, match="WHYGRAD_LAYOUT: /no/such/program"):
        viz.graph(example()).svg  # noqa: B018 - laid out on the way
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # once is enough
        assert viz.graph(example()).svg


@posix
def test_a_png_that_takes_too_long_names_svg(dot, monkeypatch):
    dot(ONCE.format(again="exec sleep 600"))
    monkeypatch.setattr(layout, "RENDER", 0.5)
    with pytest.raises(DrawingError, match=r"png: at most 0\.5 s.*\.svg"):
        viz.graph(example()).png  # noqa: B018 - rendered on the way


def test_without_any_graphviz_a_png_names_the_remedies(monkeypatch):
    monkeypatch.setattr(layout, "_candidates", lambda setting: [])
    with pytest.raises(DrawingError, match=r"png: no Graphviz.*graphviz-pure.*\.svg"):
        viz.graph(example()).png  # noqa: B018 - rendered on the way


@pytest.fixture(params=["own", "graphviz-pure"])
def engine(request, monkeypatch):
    monkeypatch.setenv(layout.SETTING, request.param)
    return request.param


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("size", [3, 12, 60])
def test_boxes_lie_apart_and_no_wire_runs_through_one(engine, size, seed):
    drawing = Drawing(random_graph(size, seed), amounts=seed % 2 == 0)
    at, rectangles = drawing.geometry, []
    assert at.engine.startswith(engine)
    for box, (x, y) in zip(drawing.nodes, at.corners, strict=True):
        assert x >= 0 and y >= 0 and x + box.width <= at.width and y + box.height <= at.height
        for a, b, c, d in rectangles:
            assert x >= c or x + box.width <= a or y >= d or y + box.height <= b
        rectangles.append((x, y, x + box.width, y + box.height))
    touched = 0
    for path in at.paths:
        inside = (
            any(a + 1 < x < c - 1 and b + 1 < y < d - 1 for a, b, c, d in rectangles)
            for x, y in points(path)
        )
        touched += any(inside)
    assert touched == 0


@pytest.mark.parametrize("seed", range(4))
def test_each_wire_leaves_its_own_row_and_arrives_at_its_own_port(engine, seed):
    drawing = Drawing(random_graph(40, seed))
    at, taken = drawing.geometry, set()
    for wire, row, path in zip(drawing.wires, at.rows, at.paths, strict=True):
        source, target = drawing.nodes[wire.source], drawing.nodes[wire.target]
        (x, y), (u, v) = at.corners[wire.source], at.corners[wire.target]
        assert path[0] == pytest.approx((x + source.width, y + source.row(row)), abs=0.11)
        assert path[-1][-2:] == pytest.approx((u, v + target.port(wire.port)), abs=0.11)
        assert path[1][1] == path[0][1], "it leaves level, so an arrowhead lies along it"
        assert source.shares or (wire.source, row) not in taken
        taken.add((wire.source, row))


def test_the_same_graph_is_drawn_the_same_and_numbers_move_nothing(engine):
    one, two = example(), example()
    for leaf in Graph(two).nodes:
        if leaf.op is None:
            leaf.data = -1.2345e-15
    assert viz.graph(one).svg == viz.graph(example()).svg
    one.backward()
    assert viz.graph(one).geometry == viz.graph(two).geometry


def unrolled(steps):
    """A weight that every step uses, and outputs that the last ones use again."""
    w, y, kept = Value(0.3, "w"), Value(0.5, "x"), []
    for _ in range(steps):
        y = (y * w).tanh()
        kept.append(y)
    for other in reversed(kept):
        y = y + other
    return y


def test_a_drawing_grows_with_its_graph_and_not_with_the_length_of_its_wires(monkeypatch):
    monkeypatch.setenv(layout.SETTING, "own")
    small, large = (len(viz.graph(unrolled(n), fold=None).svg) for n in (50, 200))
    assert large < 4.2 * small


def test_a_wire_that_passes_many_columns_goes_level_and_through_no_box(monkeypatch):
    monkeypatch.setenv(layout.SETTING, "own")
    drawing = viz.graph(unrolled(40), fold=None)
    at = drawing.geometry
    boxes = [
        (x, y, x + box.width, y + box.height)
        for box, (x, y) in zip(drawing.nodes, at.corners, strict=True)
    ]
    bars = {}
    for wire, path in zip(drawing.wires, at.paths, strict=True):
        assert not any(
            a + 1 < x < c - 1 and b + 1 < y < d - 1 for x, y in points(path) for a, b, c, d in boxes
        )
        assert all(0 < y < at.height for _, y in points(path))
        for before, segment in itertools.pairwise(path):
            if len(segment) == 2 and segment[0] - before[-2] > 3000:
                assert before[-1] == segment[-1]
                bars.setdefault(segment[-1], set()).add(wire.source)
    assert len(bars) > 10, "each has a level of its own"
    assert all(len(sources) == 1 for sources in bars.values())


def test_our_own_layout_takes_any_graph_there_is():
    for root in (Value(1.0), Value(1.0).tanh(), sum([Value(1.0)] * 9, Value(0.0))):
        boxes, wires = boxes_and_wires(Graph(root), False)
        assert len(layered.place(boxes, wires).paths) == len(wires)
    y = x = Value(1.0, "x")
    for _ in range(700):  # one wire passes 699 columns
        y = y * 1.01
    boxes, wires = boxes_and_wires(Graph(y + x), False)
    start = time.perf_counter()
    layered.place(boxes, wires)
    assert time.perf_counter() - start < 10.0


# ---------------------------------------------------------------- folded drawings
def block(index, ports=0, uses=0, leaf=False, title="box", numbers=8):
    """A folded box."""
    many = Many(("some ops",), (), (tuple(map(float, range(numbers))),), ((0.5,) * numbers,))
    return Box(
        index, "" if leaf else "·", title, title, title, None, None, uses, ports, False, False,
        *size(title, many), (index,), many,
    )  # fmt: skip


def wired(pairs, leaves=0):
    """Boxes and the wires between them, by index."""
    pairs = sorted(pairs, key=lambda pair: pair[::-1])
    count = 1 + max(itertools.chain(*pairs))
    wires = [
        Wire(a, b, port, port, [x for x, _ in pairs[:n]].count(a))
        for n, (a, b) in enumerate(pairs)
        for port in [[y for _, y in pairs[:n]].count(b)]
    ]
    ports, uses = ([x[k] for x in pairs] for k in (1, 0))
    boxes = [block(k, ports.count(k), uses.count(k), k < leaves) for k in range(count)]
    return boxes, wires


# parameters 0 to 2, layers 3 to 5 of a sample, their sum; and a loop in a row, with a state
MOONS = [(0, 3), (1, 4), (2, 5), (3, 4), (4, 5), (5, 6), (6, 7)], 3, (
    Frame("× 100", (), (3, 4, 5), ()),
)  # fmt: skip
RNN = [(0, 2), (1, 3), (2, 4), (3, 4), (4, 5), (5, 3), (5, 6)], 2, (
    Frame("20 steps →", (), (), (Frame("× 8", (), (2, 3, 4, 5), ()),)),
)  # fmt: skip
LATE = [(0, 1), (1, 2), (5, 1), (2, 3), (3, 4), (3, 1)], 1, (Frame("loop", (), (1, 2, 3, 5), ()),)
APART = [(0, 1), (1, 2), (2, 3), (3, 4)], 1, (Frame("twice", (), (1, 3), ()),)
OWN = [(0, 1), (1, 1), (1, 2)], 1, ()


def any_nest(seed):
    """Random wires, some of them against the order, and frames side by side, perhaps in another."""
    draw = random.Random(seed)
    count = draw.randrange(6, 30)
    pairs = {(draw.randrange(max(0, k - 9), k), k) for k in range(1, count) for _ in range(2)}
    pairs |= {(draw.randrange(1, count), draw.randrange(1, count)) for _ in range(3)}
    cuts = sorted(draw.sample(range(1, count), 4))
    frames = tuple(Frame("side", (), tuple(range(a, b)), ()) for a, b in itertools.pairwise(cuts))
    return pairs, 2, frames if seed % 2 else (Frame("around", (), (), frames),)


NESTS = {"moons": MOONS, "rnn": RNN, "late": LATE, "apart": APART, "own": OWN}
NESTS |= {f"random {seed}": any_nest(seed) for seed in range(20)}


@pytest.mark.parametrize("nest", NESTS.values(), ids=NESTS)
def test_boxes_lie_in_their_frames_and_apart_from_all_else(nest):
    pairs, leaves, frames = nest
    boxes, wires = wired(pairs, leaves)
    at = nested.place(boxes, wires, frames)
    spots = [
        (x, y, x + box.width, y + box.height) for box, (x, y) in zip(boxes, at.corners, strict=True)
    ]
    for one, other in itertools.combinations(spots, 2):
        assert one[0] >= other[2] or one[2] <= other[0] or one[1] >= other[3] or one[3] <= other[1]
    for frame, x, y, width, height in at.frames:
        assert x >= 0 and y >= 0 and x + width <= at.width and y + height <= at.height
        inner, todo = set(frame.boxes), [*frame.frames]
        while todo:
            inner |= set(todo[-1].boxes)
            todo += todo.pop().frames
        for box, (a, b, c, d) in enumerate(spots):
            inside = a > x and b > y and c < x + width and d < y + height
            outside = a >= x + width or c <= x or b >= y + height or d <= y
            assert inside if box in inner else outside


@pytest.mark.parametrize("nest", NESTS.values(), ids=NESTS)
def test_a_folded_wire_goes_from_edge_to_edge_and_through_no_box(nest):
    boxes, wires = wired(*nest[:2])
    at = nested.place(boxes, wires, nest[2])
    ports = set()
    for wire, row, way in zip(wires, at.rows, at.paths, strict=True):
        source = boxes[wire.source]
        (x, y), (u, v) = at.corners[wire.source], at.corners[wire.target]
        assert way[0] == pytest.approx((x + source.width, y + source.row(row)), abs=0.11)
        assert way[-1][-2] == pytest.approx(u, abs=0.11)
        ports.add((wire.target, round(way[-1][-1] - v)))
        for box, (a, b) in zip(boxes, at.corners, strict=True):
            assert not any(
                a + 1 < p < a + box.width - 1 and b + 1 < q < b + box.height - 1
                for p, q in points(way)
            )
        assert all(0 <= p <= at.width and 0 <= q <= at.height for p, q in points(way))
    assert len(ports) == len(wires), "each at a port of its own"


def test_what_a_loop_carries_leads_back_below_all_that_it_passes():
    boxes, wires = wired(*RNN[:2])
    at = nested.place(boxes, wires, RNN[2])
    ways = dict(zip([(wire.source, wire.target) for wire in wires], at.paths, strict=True))
    assert [ends for ends, way in ways.items() if way[-1][-2] < way[0][0]] == [(5, 3)]
    lowest = max(y + boxes[k].height for k, (_, y) in enumerate(at.corners) if k in (2, 3, 4, 5))
    assert max(y for _, y in points(ways[5, 3])) > lowest


def test_what_is_there_from_the_start_stands_before_all_that_uses_it():
    boxes, wires = wired(*LATE[:2])
    at = nested.place(boxes, wires, LATE[2])
    assert at.corners[5][0] < at.corners[1][0], "though it comes last"


def test_fifty_folded_boxes_are_placed_at_once_and_always_the_same():
    draw = random.Random(1)
    pairs = {(draw.randrange(max(0, k - 9), k), k) for k in range(1, 50) for _ in range(2)}
    frames = [Frame(f"frame {k}", (), tuple(range(k, k + 5)), ()) for k in range(5, 45, 5)]
    boxes, wires = wired(pairs | {(k + 3, k) for k in (10, 20, 30)}, 3)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        found = nested.place(boxes, wires, (Frame("all", (), (), tuple(frames)),))
        times.append(time.perf_counter() - start)
    assert found == nested.place(boxes, wires, (Frame("all", (), (), tuple(frames)),))
    assert min(times) < 0.3, "0.03 s where this was written"
