"""Repeats: a program's loops found in its graph, exactly; the lines and dominators behind them."""

import copy
import math
import pickle
import random
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

import autograd
import nn
from autograd import Graph, Value, dot, relu, sin, tanh
from autograd.lines import Dominators, lines, units
from autograd.repeats import Fold, Move, Repeat, Unit, fold
from autograd.runs import periods

NETWORK = (
    "100 × {16 × {dot, add, relu}, 16 × {dot, add, relu}, dot, add, multiply, subtract, relu}, "
    "sum, divide"
)


# ------------------------------------------------------------------ programs
def points(n):
    return [(math.sin(k), math.cos(1.7 * k), 1.0 if k % 3 else -1.0) for k in range(n)]


def matrix(n, m):
    return [[Value(math.sin(1.0 + i * m + j)) for j in range(m)] for i in range(n)]


def sums(row, h):
    return sum(w * x for w, x in zip(row, h))


def by_hand(samples, odd_neuron=None, odd_sample=False, product=dot):
    """The hinge loss of a 2-16-16-1 network; one neuron may take tanh, the first sample more."""
    weights, biases = [matrix(16, 2), matrix(16, 16), matrix(1, 16)], matrix(3, 16)
    losses = []
    for s, (a, b, t) in enumerate(points(samples)):
        h = [a, b]
        for k, rows in enumerate(weights):
            h = [product(row, h) + bias for row, bias in zip(rows, biases[k])]
            if k < 2:
                h = [tanh(v) if (k, j) == (0, odd_neuron) else relu(v) for j, v in enumerate(h)]
        y = tanh(h[0]) * 2.0 + h[0] if odd_sample and s == 0 else h[0]
        losses.append((1.0 - t * y).relu())
    return autograd.sum(losses) / float(samples)


def by_nn(samples):
    model = nn.MLP(2, [16, 16, 1], seed=1)
    losses = [(1.0 - t * model([a, b])).relu() for a, b, t in points(samples)]
    return autograd.sum(losses) / float(samples)


def tied_rnn(steps=20, width=8):
    inner, outer, bias, h = (
        matrix(width, width),
        matrix(width, 3),
        matrix(1, width)[0],
        [0.0] * width,
    )
    for t in range(steps):
        x = [math.sin(t + i) for i in range(3)]
        h = [tanh(dot(outer[j], x) + dot(inner[j], h) + bias[j]) for j in range(width)]
    return dot(matrix(1, width)[0], h)


def layers(count=6, width=8):
    h = [Value(0.1 * j) for j in range(width)]
    for _ in range(count):
        h = [tanh(dot(row, h)) for row in matrix(width, width)]
    return autograd.sum(h)


def pendulum(angle, speed, damping, stiffness):
    """200 steps of the classical Runge-Kutta method."""
    step = 0.02

    def slope(a, w):
        return w, -damping * w - stiffness * sin(a)

    a, w = angle, speed
    for _ in range(200):
        a1, w1 = slope(a, w)
        a2, w2 = slope(a + step / 2 * a1, w + step / 2 * w1)
        a3, w3 = slope(a + step / 2 * a2, w + step / 2 * w2)
        a4, w4 = slope(a + step * a3, w + step * w3)
        a, w = (
            a + step / 6 * (a1 + 2 * a2 + 2 * a3 + a4),
            w + step / 6 * (w1 + 2 * w2 + 2 * w3 + w4),
        )
    return a


def black_scholes():
    share, strike, rate, volatility, years = map(Value, (100.0, 95.0, 0.02, 0.3, 1.0))
    spread = volatility * autograd.sqrt(years)
    d = (autograd.log(share / strike) + rate * years) / spread + spread / 2

    def chance(z):
        return 0.5 + 0.5 * autograd.erf(z / 2**0.5)

    discounted = strike * autograd.exp(-rate * years)
    return share * chance(d) - discounted * chance(d - spread)


CALLS = (
    lambda x, y: x + y,
    lambda x, y: x * y,
    lambda x, y: tanh(x - y),
    lambda x, y: sin(x) * 0.5,
    autograd.arctan2,
)


def irregular(n):
    """Each op of the one before and of one of the last twenty."""
    draw, pool = random.Random(0), [Value(0.3), Value(-0.2), Value(0.7)]
    for _ in range(n):
        pool.append(draw.choice(CALLS)(pool[-1], draw.choice(pool[-20:])))
    return pool[-1]


def looping(seed):
    """A random program of nested loops, in a row and abreast: a function of three Values."""
    draw = random.Random(seed)

    def block(depth):
        return [
            (draw.randrange(2, 7), draw.random() < 0.5, block(depth + 1))
            if depth < 3 and draw.random() < 0.5
            else (draw.choice(CALLS), draw.randrange(5), draw.randrange(5))
            for _ in range(draw.randrange(1, 4))
        ]

    def run(plan, known):
        for what, first, second in plan:
            if callable(what):
                a, b = (known[-1 - i % len(known)] for i in (first, second))
                known = [*known, what(a, b)]
                continue
            made = []
            for k in range(what):
                made.append(run(second, [*known, 0.1 * k, known[-1]])[-1])
                known = [*known, made[-1]] if first else known
            known = [*known, autograd.sum(made)]
        return known

    plan = block(0)
    return lambda a, b, c: run(plan, [a, b, c])[-1]


def graphs(seeds):
    """Of each program its graph, eager and traced, with the program's number."""
    for seed in seeds:
        f = looping(seed)
        with autograd.errstate("ignore"):
            y = f(Value(0.3), Value(-0.4), Value(0.8))
        if isinstance(y, Value) and len(Graph(y)) < 1500:
            yield seed, Graph(y)
            yield seed, autograd.compile(f).graph


# ------------------------------------------------------------------ the definition
def exact(found):
    """The definition of a Fold, op by op and copy by copy; an AssertionError where it is broken."""
    graph, order = found.graph, found.order
    assert sorted(order) == [i for i, record in enumerate(graph.ops) if record is not None]
    place = {node: p for p, node in enumerate(order)}

    def kind(x):
        return "number" if type(x) is float else "op" if x in place else "leaf"

    def reads(p):
        return [place[x] if kind(x) == "op" else kind(x) for x in graph.operands[order[p]]]

    users = {}
    for p in range(len(order)):
        for x in reads(p):
            if type(x) is int:
                assert x < p
                users.setdefault(x, []).append(p)

    def moves(start, count, size):
        """Of each operand: its kind, or whether it is carried and by how much it moves."""
        told, own = [], start + (count - 1) * size
        for offset in range(size):
            at = [start + i * size + offset for i in range(count)]
            assert len({id(graph.ops[order[p]]) for p in at}) == 1
            assert len({len(reads(p)) for p in at}) == 1
            for xs in zip(*map(reads, at)):
                if type(xs[-1]) is str:
                    assert set(xs) == {xs[-1]}
                    told.append(xs[-1])
                    continue
                carried = start <= xs[-1] < own
                rest = xs[carried:]
                assert not any(type(x) is str for x in rest)
                steps = {b - a for a, b in pairwise(rest)}
                if carried or xs[-1] >= own:
                    assert steps <= {size}
                    assert not carried or type(xs[0]) is str or xs[0] < start
                    told.append((carried, xs[-1] - own))
                else:
                    assert len(steps) <= 1 and all(x < start for x in xs)
                    told.append(steps)
        return told

    def unit(p, size):
        for q in range(p, p + size - 1):
            record = graph.ops[order[q]]
            assert record is graph.ops[order[q + 1]] and record.slots == 2
            assert order[q] not in graph.roots
            assert len(users.get(q, ())) == 1 and users[q][0] < p + size

    todo = [(found.pieces, 0, len(order), {0}, {0})]
    while todo:
        pieces, start, end, regular, copies = todo.pop()
        for piece in pieces:
            assert piece.start == start and piece.size > 0
            if isinstance(piece, Unit):
                assert piece.ops == order[start : start + piece.size]
                for shift in copies:
                    unit(start + shift, piece.size)
                start += piece.size
                continue
            assert piece.count > 1 and start + piece.count * piece.size <= end
            first, *others = [moves(start + x, piece.count, piece.size) for x in sorted(regular)]
            assert all(other == first for other in others)
            shifts = [
                {x + i * piece.size for x in given for i in copies}
                for given, copies in ((regular, {1, piece.count - 1}), (copies, range(piece.count)))
            ]
            todo.append((piece.body, start, start + piece.size, *shifts))
            start += piece.count * piece.size
        assert start == end


def outline(root):
    """Its graph's outline, after the fold was held against the definition."""
    found = fold(root if isinstance(root, Graph) else Graph(root))
    assert found.check() is None
    exact(found)
    return found.outline


def inside(pieces):
    """All Repeats, outer ones first."""
    for piece in pieces:
        if isinstance(piece, Repeat):
            yield piece
            yield from inside(piece.body)


# ------------------------------------------------------------------ what is found
def test_a_network_over_samples_gives_its_loops_back_whoever_wrote_it():
    assert outline(by_nn(100)) == outline(by_hand(100)) == NETWORK


def test_a_sum_of_products_is_a_loop_and_a_unit():
    assert (
        outline(by_hand(10, product=sums))
        == (
            "10 × {16 × {multiply, multiply, add of 4, relu}, "
            "16 × {16 × {multiply}, add of 18, relu, multiply}, "
            "add of 18, multiply, subtract, relu}, sum, divide"
        )
    )


def test_an_odd_sample_stands_apart():
    found = outline(by_hand(50, odd_sample=True))
    assert found.startswith("16 × {dot, add, relu}, 16 × {dot, add, relu}, dot, add, tanh")
    assert f", 49{NETWORK[3:]}" in found


def test_an_odd_neuron_has_runs_on_both_sides_and_the_samples_stay_abreast():
    assert outline(by_hand(50, odd_neuron=6)).startswith(
        "50 × {6 × {dot, add, relu}, dot, add, tanh, 9 × {dot, add, relu}, 16 × {"
    )


def test_loops_in_a_row_are_told_from_loops_abreast():
    assert outline(tied_rnn()) == "20 → {8 × {dot, dot, add of 3, tanh}}, dot"
    assert outline(layers()) == "6 → {8 × {dot, tanh}}, sum"
    x = Value(0.3)
    for _ in range(40):
        x = sin(x)
    assert outline(x) == "40 → {sin}"


def test_the_steps_of_a_traced_integration_are_found_in_the_order_of_recording():
    graph = autograd.compile(pendulum).graph
    found = outline(graph)
    assert found.startswith("199 → {") and ", 3 → {multiply, add, " in found
    for p, q in pairwise(graph.recorded):
        assert graph.nodes[p].serial < graph.nodes[q].serial
    assert sorted(graph.recorded) == list(range(len(graph)))
    assert Graph(Value(1.0) * 2.0).recorded == ()


def test_where_no_loop_is_none_is_found():
    assert "{" not in outline(black_scholes())
    graph = Graph(irregular(10_000))
    found = fold(graph)
    found.check()
    repeated = sum(r.count * r.size for r in found.pieces if isinstance(r, Repeat))
    assert repeated < 0.05 * len(graph)


def test_three_of_a_kind_are_a_loop_if_four_ops_are_saved():
    x = Value(0.5)
    assert outline(tanh(tanh(tanh(x)))) == "tanh, tanh, tanh"
    three = [tanh(Value(0.1 * k) * x) for k in range(3)]
    assert outline(autograd.sum(three)) == "3 × {multiply, tanh}, sum"
    assert outline(autograd.sum(three[:2])) == "multiply, tanh, multiply, tanh, sum"


def test_graphs_of_no_op_one_op_and_several_roots():
    x = Value(0.5)
    for empty in (Graph(), Graph(x), Graph(x, Value(1.0))):
        found = fold(empty)
        assert found.pieces == found.order == () and found.outline == "" and not found.check()
    assert outline(x * x) == "multiply"
    assert outline(Graph(*[tanh(Value(0.1 * k)) * x for k in range(20)])) == (
        "20 × {tanh, multiply}"
    )
    half = x + 1.0 + 2.0
    whole = half + 3.0 + 4.0
    assert outline(whole) == "add of 5" and outline(Graph(whole, half)) == "add of 3, add of 3"
    assert outline(Graph(half, half)) == "add of 3"


def test_slopes_fold_too():
    p, q = ([Value(0.1 * k + c) for k in range(20)] for c in (0.3, 0.7))
    loss = autograd.sum([sin(a * b) for a, b in zip(p, q)])
    slopes = fold(Graph(*autograd.gradients(loss, [*p, *q])))
    exact(slopes)
    assert max(piece.count for piece in inside(slopes.pieces)) >= 20


def test_no_number_label_or_flag_has_a_say():
    plain = by_hand(5)
    odd = by_hand(5)
    for i, node in enumerate(Graph(odd).nodes):
        if not node.inputs:
            node.label, node.requires_grad = f"100 × {{{i}", i % 2 == 0
            node.data = math.nan if i % 5 == 0 else 0.0
    assert outline(odd) == outline(plain)
    x = Value(0.5)
    by_indices, by_halves = (
        autograd.sum([sin(tanh(x * k) * float(j)) for j in range(9)]) for k in (3.0, 0.5)
    )
    assert fold(Graph(by_indices)).order == fold(Graph(by_halves)).order, "3.0 is not node 3"


def test_copies_have_the_same_kinds_of_operands():
    x, w = ([Value(0.1 * k) for k in range(12)] for _ in "xw")
    given = [a * (2.0 if k == 4 else b) for k, (a, b) in enumerate(zip(x, w))]
    assert outline(autograd.sum([tanh(v) for v in given])) == (
        "4 × {multiply, tanh}, multiply, tanh, 7 × {multiply, tanh}, sum"
    )


def test_a_program_pickled_or_copied_folds_as_before():
    program = autograd.compile(pendulum)
    before = fold(program.graph).outline
    assert fold(pickle.loads(pickle.dumps(program)).graph).outline == before
    assert fold(copy.deepcopy(program).graph).outline == before


# ------------------------------------------------------------------ what a Repeat says
def test_a_repeat_says_how_what_it_reads_moves():
    w, xs, h = Value(0.5), [sin(Value(0.1 * k)) for k in range(5)], 0.25
    for x in xs:
        h = tanh(w * h + x)
    found = fold(Graph(autograd.sum(xs), h))
    row, _, loop = found.pieces
    assert found.outline == "5 × {sin}, sum, 5 → {multiply, add, tanh}"
    assert (row.start, row.count, row.size, row.in_a_row) == (0, 5, 1, False)
    assert (loop.start, loop.count, loop.size, loop.in_a_row) == (6, 5, 3, True)
    assert row.body == (Unit(0, 1, found.order[:1]),) and not row.moves and not row.begins
    assert loop.moves == {
        (0, 1): Move("carried", 3),
        (1, 0): Move("local", 3),
        (1, 1): Move("element", 1),
        (2, 0): Move("local", 3),
    }
    assert loop.begins == {(0, 1): 0.25}


def test_what_all_copies_read_stays_the_same():
    x = sin(Value(0.5))
    (_, loop, _) = fold(Graph(autograd.sum([x * Value(k) for k in range(9)]))).pieces
    assert loop.moves == {(0, 0): Move("same", 0)}


def test_the_body_is_that_of_the_first_copy_also_of_a_loop_that_begins_otherwise():
    found = fold(Graph(tied_rnn()))
    (steps, _) = found.pieces
    (neurons,) = steps.body
    assert neurons.start == steps.start == 0
    assert [piece.start for piece in neurons.body] == [0, 1, 2, 4]
    assert set(steps.begins.values()) == {0.0}, "the state of all zeros"
    assert {move.kind for move in steps.moves.values()} == {"local", "carried"}
    assert {move.kind for move in neurons.moves.values()} == {"local", "same"}


def test_every_copy_of_random_programs_is_exact():
    found = 0
    for seed, graph in graphs(range(150)):
        repeats = fold(graph)
        assert repeats.check() is None, seed
        exact(repeats)
        found += sum(1 for _ in inside(repeats.pieces))
        assert repeats.outline == fold(graph).outline
    assert found > 300


# ------------------------------------------------------------------ check
def refused(found):
    try:
        found.check()
    except ValueError as error:
        assert " at place " in str(error)
        return True
    return False


def broken(found):
    try:
        exact(found)
    except AssertionError:
        return True
    return False


def rewired(graph, draw):
    """The graph with an op's operand, or its record, replaced by another at random."""
    ops, operands = list(graph.ops), list(graph.operands)
    i = draw.choice([i for i, record in enumerate(ops) if record is not None])
    slot = draw.randrange(len(operands[i]))
    x = draw.choice([draw.randrange(i), 0.5, i - 1, i - 1])
    if draw.random() < 0.3:
        same = [record for record in ops if record is not None and record.slots == ops[i].slots]
        ops[i] = draw.choice(same)
    else:
        operands[i] = (*operands[i][:slot], x, *operands[i][slot + 1 :])
    n = len(ops)
    return Graph.build(ops, operands, graph.roots, [1.0] * n, [""] * n)


def test_a_graph_that_changed_is_refused_where_the_definition_says_so():
    """Held against the definition: a link or record replaced may leave the fold exact, or not."""
    draw, verdicts = random.Random(1), []
    for seed, graph in graphs(range(40)):
        found = fold(graph)
        for _ in range(10):
            changed = Fold(rewired(graph, draw), found.order, found.pieces)
            verdicts.append(broken(changed))
            assert refused(changed) == verdicts[-1], seed
    assert min(verdicts.count(True), verdicts.count(False)) > 50


def tampered(found):
    """Folds that say what is not so, each with its reason."""
    graph, order, pieces = found.graph, found.order, found.pieces
    loop = next(i for i, piece in enumerate(pieces) if isinstance(piece, Repeat))

    def changed(**parts):
        piece = copy.copy(pieces[loop])
        for name, value in parts.items():
            setattr(piece, name, value)
        return Fold(graph, order, [*pieces[:loop], piece, *pieces[loop + 1 :]])

    piece = pieces[loop]
    body = piece.body
    yield "an op is missing", Fold(graph, order[:-1], pieces)
    yield "an op stands twice", Fold(graph, [order[0], *order[:-1]], pieces)
    yield "a leaf stands there", Fold(graph, [graph.ops.index(None), *order[1:]], pieces)
    yield "users first", Fold(graph, order[::-1], pieces)
    yield "two ops change places", Fold(graph, [order[1], order[0], *order[2:]], pieces)
    yield "nothing at the end", Fold(graph, order, pieces[:-1])
    yield "nothing at all", Fold(graph, order, [])
    yield "a gap", Fold(graph, order, pieces[:loop] + pieces[loop + 1 :])
    yield "a copy too few", changed(count=piece.count - 1)
    yield "a copy too many", changed(count=piece.count + 1)
    yield "copies too long", changed(size=piece.size + 1)
    yield "no copies", changed(count=0)
    yield "no size", changed(size=0)
    yield "it starts later", changed(start=piece.start + 1)
    yield "an empty body", changed(body=())
    yield "half a body", changed(body=body[: len(body) // 2])
    yield "one copy of all", changed(count=1, size=piece.count * piece.size)
    first, *rest = body
    if isinstance(first, Unit):
        other = Unit(first.start, first.size, tuple(order[-first.size :]))
        yield "a unit of other ops", changed(body=(other, *rest))
    whole = Unit(0, len(order), order)
    yield "all is one unit", Fold(graph, order, [whole])
    again = copy.copy(piece)
    again.start, again.count, again.size, again.body = 0, len(order), 1, (Unit(0, 1, order[:1]),)
    yield "all is one loop", Fold(graph, order, [again])


@pytest.mark.parametrize("program", [by_nn, by_hand, tied_rnn])
def test_a_fold_that_was_tampered_with_is_refused(program):
    found = fold(Graph(program(6)))
    assert not refused(found)
    for why, wrong in tampered(found):
        assert refused(wrong), why
        assert broken(wrong), why


def test_check_says_which_place_also_without_assertions():
    code = """
import autograd
from autograd import Graph, Value
from autograd.repeats import Fold, fold
x = Value(0.5)
found = fold(Graph(autograd.sum([autograd.tanh(Value(k) * x) for k in range(5)])))
other = Graph(autograd.sum([autograd.tanh(Value(k) * (2.0 if k == 3 else x)) for k in range(5)]))
try:
    Fold(other, found.order, found.pieces).check()
except ValueError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-O", "-c", code], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == (
        "Fold: equal copies of this graph's ops are required, got others at place 6: "
        "an operand is of another kind than in other copies; fold(graph) finds what there is"
    ), done.stderr


# ------------------------------------------------------------------ lines, dominators, periods
def test_a_line_has_each_op_once_and_operands_first():
    for _, graph in graphs(range(40)):
        members = units(graph)
        for line in lines(graph, members):
            order = [op for unit in line for op in members[unit]]
            place = {op: p for p, op in enumerate(order)}
            assert len(place) == len(order) == len(graph) - graph.ops.count(None)
            for op in order:
                assert all(
                    place.get(x, -1) < place[op] for x in graph.operands[op] if type(x) is int
                )


@pytest.mark.parametrize("seed", range(20))
def test_a_dominator_is_on_every_way_from_the_roots(seed):
    """Held against the definition: without it there is no way."""
    draw = random.Random(seed)
    n = draw.randrange(1, 25)
    reads = {
        u: [draw.randrange(u) for _ in range(draw.randrange(4))] if u else [] for u in range(n)
    }
    roots = [n - 1, draw.randrange(n)]

    def reached(without):
        found, look = set(), [root for root in roots if root != without]
        while look:
            u = look.pop()
            if u not in found:
                found.add(u)
                look += [x for x in reads[u] if x != without]
        return found

    every = reached(None)
    reads = {u: reads[u] for u in every}
    tree = Dominators(reads, roots)
    for u in every:
        dominators = {d for d in every if d != u and u not in reached(d)}
        way = []
        above = tree.above[u]
        while above != tree.top:
            way.append(above)
            above = tree.above[above]
        assert set(way) == dominators and tree.depth[u] == len(way) + 1
        assert u in tree.inside[tree.above[u]]


def test_few_long_periods_are_looked_at_and_a_loop_of_a_long_body_is():
    """So that all comparisons together stay near linear: long ones add up to less than the line."""
    draw = np.random.default_rng(0)
    for shapes in (
        draw.integers(0, 2, 5000),
        draw.integers(0, 2, 500).repeat(10),
        np.tile(draw.integers(0, 50, 700), 7),
        np.arange(5000) % 3,
    ):
        long = [p for p in periods(shapes) if p > 64]
        assert sum(long) <= len(shapes) and long == sorted(long)
        assert (700 in long) == (len(shapes) == 4900)
    plan = [draw.integers(0, len(CALLS)) for _ in range(150)]
    h = Value(0.5)
    for _ in range(4):
        for k in plan:
            h = CALLS[k](h, Value(0.1))
    found = fold(Graph(h))
    exact(found)
    assert any(loop.count >= 3 and loop.size > 150 for loop in inside(found.pieces))


def test_a_deep_graph_needs_no_stack():
    code = """
import sys, threading, autograd
from autograd import Graph, Value
from autograd.repeats import fold
def chain(n):
    y = Value(0.5)
    for _ in range(n):
        y = autograd.tanh(y * 1.0001)
    return Graph(y)
fold(chain(100))  # all is imported
sys.setrecursionlimit(200)
graph = chain(20_000)
def run():
    found = fold(graph)
    found.check()
    print(found.outline)
threading.stack_size(512 * 1024)
thread = threading.Thread(target=run)
thread.start()
thread.join()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "20000 → {multiply, tanh}", done.stderr


def test_a_fold_says_what_it_is():
    found = fold(Graph(by_nn(4)))
    assert repr(found) == "Fold(406 ops in 3 pieces, 1 Repeats)"
    assert repr(found.pieces[0]) == "Repeat(4 of 101 ops from place 0)"
