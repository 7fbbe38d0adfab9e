"""Finding a program's loops: ``autograd.repeats.fold`` of graphs of 10,000 to 1,000,000 ops.

python benchmarks/fold.py           all figures
python benchmarks/fold.py --smoke   the small one, once

Processor time of one call, the graph made before; beside it that of a tenth of the program, an op.
"""

import gc
import math
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from common import REPO, Figure, Row, parser, report, verdict

HEAD: Row = ("what", "bar", "median (range)", "an op, ÷ at a tenth of it", "check")
ROUNDS = 3  # the longest takes a quarter of a minute


def moons(samples: int) -> Any:
    """Hinge loss of a 2-16-16-1 network over that many samples, without nn, its sums as +."""
    from autograd import Graph, Value, relu
    from autograd import sum as sum_of

    widths = (2, 16, 16, 1)
    layers = [
        [[Value(math.sin(i + j)) for j in range(n)] for i in range(m)]
        for n, m in pairwise(widths)
    ]
    losses = []
    for s in range(samples):
        h: list[Any] = [math.sin(s), math.cos(1.7 * s)]
        for k, rows in enumerate(layers):
            h = [sum(w * x for w, x in zip(row, h)) + Value(0.1) for row in rows]
            h = list(map(relu, h)) if k < 2 else h
        losses.append(relu(1.0 - h[0] * (1.0 if s % 3 else -1.0)))
    return Graph(sum_of(losses) / float(samples))


def pendulum(steps: int) -> Any:
    """Runge-Kutta steps of a damped pendulum, traced."""
    import autograd

    def swing(a: Any, w: Any, damping: Any, stiffness: Any) -> Any:
        h = 0.02

        def slope(a: Any, w: Any) -> Any:
            return w, -damping * w - stiffness * autograd.sin(a)

        for _ in range(steps):
            a1, w1 = slope(a, w)
            a2, w2 = slope(a + h / 2 * a1, w + h / 2 * w1)
            a3, w3 = slope(a + h / 2 * a2, w + h / 2 * w2)
            a4, w4 = slope(a + h * a3, w + h * w3)
            a = a + h / 6 * (a1 + 2 * a2 + 2 * a3 + a4)
            w = w + h / 6 * (w1 + 2 * w2 + 2 * w3 + w4)
        return a

    return autograd.compile(swing, "numpy").graph


def chain(ops: int) -> Any:
    from autograd import Graph, Value, tanh

    y = Value(0.5)
    for _ in range(ops // 2):
        y = tanh(y * 1.0001)
    return Graph(y)


# What it is, how it is made, of how much, its bar in seconds, its loops as an outline begins.
TASKS: tuple[tuple[str, Callable[[int], Any], int, float, str], ...] = (
    ("moons loss by hand, 100 samples", moons, 100, 1.5, "{} × {{16 × {{"),
    ("6,500 Runge-Kutta steps, traced", pendulum, 6_500, 12.0, "{} → {{"),
    ("a chain", chain, 1_000_000, 30.0, "{} → {{multiply, tanh}}"),
)


def seconds(graph: Any) -> tuple[float, float, str]:
    """Time of one fold and of its check, and its outline."""
    from autograd.repeats import fold

    gc.collect()  # leftovers of an earlier run are nobody's time
    start = time.process_time()
    found = fold(graph)
    folded = time.process_time()
    found.check()
    return folded - start, time.process_time() - folded, found.outline


def row(what: str, make: Callable[[int], Any], n: int, bar: float, begin: str) -> Row:
    small = make(n // 10)
    per_op = min(seconds(small)[0] for _ in range(ROUNDS)) / ops_of(small)
    graph = make(n)
    rounds = [seconds(graph) for _ in range(ROUNDS)]
    copies = {moons: n, pendulum: n - 1, chain: n // 2}[make]  # the last step gives one result less
    assert all(outline.startswith(begin.format(copies)) for _, _, outline in rounds), rounds[0][2]
    figure = Figure(tuple(spent for spent, _, _ in rounds))
    growth = figure.median / ops_of(graph) / per_op
    checked = Figure(tuple(spent for _, spent, _ in rounds))
    return (
        f"{what}: {ops_of(graph):,} ops",
        f"≤ {bar:g} s",
        figure.text(" s") + verdict(figure.median, bar, most=True),
        f"{growth:.2g}×",
        checked.text(" s"),
    )


def ops_of(graph: Any) -> int:
    return len(graph) - int(graph.ops.count(None))


def main() -> None:
    chosen = parser(__doc__).parse_args()
    sys.path.insert(0, str(REPO))
    if chosen.smoke:
        spent, _, outline = seconds(moons(10))
        assert outline.startswith("10 × {16 × {"), outline
        print(f"fold: {ops_of(moons(10)):,} ops in {spent:.2f} s: {outline}")
    else:
        seconds(chain(100))  # all is imported
        report("fold", [row(*task) for task in TASKS], HEAD, chosen.write)


if __name__ == "__main__":
    main()
