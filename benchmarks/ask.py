"""Asking: what explains a gradient of a large loss, or of 2^60 paths; the page on which XOR learns.

python benchmarks/ask.py           all figures
python benchmarks/ask.py --smoke   the paths and the page's size, once

Wall time of consecutive calls in one process; the page's steps are typed into its field, from the
key to the loss on the screen, in headless Chromium.
"""

import math
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import REPO, ROUNDS, Figure, Row, parser, report, verdict

HEAD: Row = ("what", "bar", "median (range)", "first in its process")
SAMPLES = 670  # 67,672 ops
STEPS = 10_000


def large() -> tuple[Any, Any]:
    """The hinge loss of a network of 16 + 16 + 1 neurons over many points, and a weight."""
    import autograd
    import nn

    model = nn.MLP(2, [16, 16, 1], seed=1)
    losses = []
    for k in range(SAMPLES):
        target = 1.0 if k % 3 else -1.0
        losses.append((1.0 - target * model([math.sin(k), math.cos(1.7 * k)])).relu())
    loss = autograd.sum(losses) / float(SAMPLES)
    loss.label = "loss"
    return loss, model.layers[0].neurons[2].w[1]


def doublings(levels: int = 60) -> tuple[Any, Any]:
    """y ← y + y/4, so often: 2^60 paths."""
    from autograd import Value

    x = Value(1.0, "x")
    y = x
    for _ in range(levels):
        y = y + y * 0.25
    return y, x


def learning() -> Any:
    """The trace of XOR's loss on two tanh neurons and a sigmoid one, to be trained on the page."""
    import autograd
    import viz
    from autograd import Value

    draw = random.Random(0)
    u1, u2, a, v1, v2, b, p, q, c = parameters = [
        Value(round(draw.uniform(-1, 1), 3), name) for name in "u1 u2 a v1 v2 b p q c".split()
    ]
    x1, x2 = (Value(1.0, name, requires_grad=False) for name in ("x1", "x2"))
    errors = []
    for i, j, target in ((0.0, 0.0, 0.0), (0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (x1, x2, 0.0)):
        g, h = (u1 * i + u2 * j + a).tanh(), (v1 * i + v2 * j + b).tanh()
        out = (p * g + q * h + c).sigmoid()
        errors.append((out - target) ** 2)
    loss = autograd.sum(errors) / 4.0
    loss.label = "loss"
    return viz.trace(loss, train=parameters, learning_rate=0.5, map=(out, x1, x2))


def calls(what: str, bar: float, ask: Callable[[], Any]) -> Row:
    times = []
    for _ in range(1 + ROUNDS):
        start = time.perf_counter()
        ask()
        times.append(time.perf_counter() - start)
    figure = Figure(tuple(times[1:]))
    said = figure.text(" s") + verdict(figure.median, bar, most=True)
    return what, f"≤ {bar:g} s", said, f"{times[0]:.2f} s"


# The slider over the steps is set when a frame's steps are done and its loss is written.
TRAINED = """(steps) => new Promise((done) => {
    const [field, slider] = ["to", "past"].map((id) => document.getElementById(id));
    const start = performance.now();
    field.value = steps;
    field.dispatchEvent(new Event("change"));
    (function wait() {
        if (slider.valueAsNumber === steps) done(performance.now() - start);
        else requestAnimationFrame(wait);
    })();
})"""


def trained(file: Path) -> list[float]:
    """Seconds from the typed step to its loss on the screen, each from the start again."""
    from playwright.sync_api import sync_playwright

    times = []
    with sync_playwright() as play:
        chromium = shutil.which("chromium")
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(1 + ROUNDS):
            page = browser.new_page()
            page.goto(file.as_uri())
            times.append(page.evaluate(TRAINED, STEPS) / 1000)
            page.close()
        browser.close()
    return times


def main() -> None:
    chosen = parser(__doc__).parse_args()
    sys.path.insert(0, str(REPO))
    import viz

    if chosen.smoke:
        start = time.perf_counter()
        found = viz.explain(*doublings(), top=3).to_dict()["paths"]
        assert [round(path["product"], 12) for path in found] == [1.0, 0.25, 0.25], found
        print(f"ask: 3 of 2^60 paths in {time.perf_counter() - start:.2f} s")
        print(f"ask: a page that learns XOR in {len(learning().html().encode()):,} bytes")
        return
    loss, weight = large()
    paths = doublings()
    count = len(viz.trace(loss)) // 2
    rows = [
        calls(f"explain(loss, w), {count:,} ops", 3, lambda: str(viz.explain(loss, weight))),
        calls(f"explain(loss), {count:,} ops", 3, lambda: str(viz.explain(loss))),
        calls("explain of 2^60 paths", 1, lambda: str(viz.explain(*paths))),
    ]
    trace = learning()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "xor.html")
        trace.save(file)
        size = file.stat().st_size
        nodes = len(trace.graph)
        said = f"{size / 1000:.1f} kB{verdict(size, 150_000, most=True)}"
        rows.append((f"page that learns XOR, {nodes} nodes", "≤ 150 kB", said, ""))
        times = trained(file)
    figure = Figure(tuple(times[1:]))
    said = figure.text(" s") + verdict(figure.median, 1, most=True)
    rows.append((f"{STEPS:,} steps of it", "≤ 1 s", said, f"{times[0]:.2f} s"))
    report("ask", rows, HEAD, chosen.write)


if __name__ == "__main__":
    main()
