"""Drawing time: 38 and 358 nodes laid out by graphviz-pure, and a network of 100 samples, folded.

python benchmarks/drawing.py           all figures
python benchmarks/drawing.py --smoke   the small one, once
"""

import math
import os
import random
import shutil
import sys
import time
from typing import Any

from common import REPO, ROUNDS, Figure, Row, parser, report, verdict

HEAD: Row = ("what", "bar", "median (range)", "first in its process")


def network(n_inputs: int, widths: list[int], n_decayed: int) -> Any:
    """Loss of a tanh network of sums of products, as micrograd's lecture draws it."""
    from autograd import Value

    draw = random.Random(0)
    weights, layer = [], [Value(draw.gauss(0, 1), f"x{i}") for i in range(n_inputs)]
    for depth, width in enumerate(widths):
        outputs = []
        for j in range(width):
            total = Value(0.1, f"b{depth}.{j}")
            for i, x in enumerate(layer):
                weights.append(Value(draw.gauss(0, 1), f"w{depth}.{j}.{i}"))
                total = total + weights[-1] * x
            outputs.append(total.tanh())
        layer = outputs
    loss = (layer[0] - 1.0) ** 2
    for other in layer[1:]:
        loss = loss + other**2
    for w in weights[:n_decayed]:
        loss = loss + 0.1 * (w * w)
    loss.backward()
    return loss


def samples() -> Any:
    """The hinge loss of a network of 16 + 16 + 1 neurons over 100 points: 10,102 ops."""
    import autograd
    import nn

    model = nn.MLP(2, [16, 16, 1], seed=1)
    losses = []
    for k in range(100):
        target = 1.0 if k % 3 else -1.0
        losses.append((1.0 - target * model([math.sin(k), math.cos(1.7 * k)])).relu())
    loss = autograd.sum(losses) / 100.0
    loss.label = "loss"
    loss.backward()
    return loss


SMALL = (2, [2, 2], 0)  # 38 nodes
LARGE = (4, [8, 8, 1], 2)  # 358 nodes


def seconds(shape: tuple[int, list[int], int], nodes: int) -> float:
    """Time of one drawing; a drawing keeps its SVG, so each run has its own graph."""
    import viz
    from autograd import Graph

    root = network(*shape)
    assert len(Graph(root)) == nodes, len(Graph(root))
    start = time.perf_counter()
    svg = viz.graph(root, fold=None).svg
    spent = time.perf_counter() - start
    assert svg.count('class="node') == nodes
    return spent


def folded() -> tuple[float, int, int]:
    """Seconds, boxes and bytes of the folded drawing."""
    import viz

    root = samples()
    start = time.perf_counter()
    drawing = viz.graph(root)
    size = len(drawing.svg.encode())
    return time.perf_counter() - start, len(drawing.nodes), size


def without_dot() -> None:
    """graphviz-pure is what is measured: hide a system's own dot."""
    while found := shutil.which("dot"):
        folders = os.environ["PATH"].split(os.pathsep)
        os.environ["PATH"] = os.pathsep.join(f for f in folders if f != os.path.dirname(found))


def table() -> list[Row]:
    rows = []
    for shape, nodes, bar in ((SMALL, 38, 0.2), (LARGE, 358, 1.5)):
        first, *times = [seconds(shape, nodes) for _ in range(ROUNDS + 1)]
        figure = Figure(tuple(times))
        said = figure.text(" s") + verdict(figure.median, bar, most=True)
        rows.append(
            (f"drawing {nodes} nodes with graphviz-pure", f"≤ {bar} s", said, f"{first:.2g} s")
        )
    (first, boxes, size), *others = [folded() for _ in range(ROUNDS + 1)]
    figure = Figure(tuple(spent for spent, _, _ in others))
    what = "drawing 100 samples, 10,102 ops, folded"
    said = figure.text(" s") + verdict(figure.median, 3.0, most=True)
    rows.append((what, "≤ 3 s", said, f"{first:.2g} s"))
    rows.append(("its boxes", "≤ 50", f"{boxes}{verdict(boxes, 50, most=True)}", ""))
    said = f"{size / 1000:.1f} kB{verdict(size, 300_000, most=True)}"
    rows.append(("its SVG", "≤ 300 kB", said, ""))
    return rows


def main() -> None:
    chosen = parser(__doc__).parse_args()
    sys.path.insert(0, str(REPO))
    without_dot()
    if chosen.smoke:
        spent, boxes, _ = folded()
        print(f"drawing: 38 nodes in {seconds(SMALL, 38):.2f} s, {boxes} boxes in {spent:.2f} s")
    else:
        report("drawing", table(), HEAD, chosen.write)


if __name__ == "__main__":
    main()
