"""Training: digits against micrograd, what fit costs beside the loop by hand, a model's file.

python benchmarks/train.py          all figures (micrograd is installed at first use)
python benchmarks/train.py --smoke  our side only, small, once: does it run

Consecutive steps, in processes that have imported what users import, the collector left alone.
Each row has both cores, but for micrograd's: there is nothing of it to compile.
"""

import json
import math
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import (
    CORES,
    OURS,
    REPO,
    ROUNDS,
    Figure,
    Row,
    Steps,
    by_core,
    close_enough,
    import_surroundings,
    needs_compiled,
    parser,
    python_of,
    ratio,
    report,
    serve_steps,
    start,
    verdict,
)

HEAD: Row = ("what", "bar", "pure: median (range)", "compiled", "medians in ms")
SIZES = [32, 10]  # after 64 pixels
BATCH = 32
LEARNING_RATE = 0.001
PROCESSES = 3  # of each engine at each task
STEPS = {"micrograd": 3, OURS: 25, OURS + CORES[1]: 100}
Done = Callable[[], None]
Task = tuple[Any, Callable[[int, Done], Any]]  # what it computes; run(steps, done)
Ways = dict[str, Callable[[], list[float]]]


def digits(count: int | None = None) -> tuple[Any, Any]:
    """scikit-learn's digits: 64 pixels of 0 to 1, and a 1 in the digit's place of ten."""
    import numpy as np
    from sklearn.datasets import load_digits

    pixels, targets = load_digits(return_X_y=True)
    return pixels[:count] / 16.0, np.eye(10)[targets[:count]]


# ---------------------------------------------------------------- against micrograd
class AdamByHand:
    """Kingma and Ba's algorithm 1, as one writes it beside micrograd, which has no optimizer."""

    def __init__(self, parameters: list[Any]) -> None:
        self.parameters, self.t = parameters, 0
        self.m, self.v = ([0.0] * len(parameters) for _ in range(2))

    def step(self) -> None:
        self.t += 1
        for i, p in enumerate(self.parameters):
            self.m[i] = 0.9 * self.m[i] + 0.1 * p.grad
            self.v[i] = 0.999 * self.v[i] + 0.001 * p.grad**2
            m = self.m[i] / (1.0 - 0.9**self.t)
            v = self.v[i] / (1.0 - 0.999**self.t)
            p.data -= LEARNING_RATE * m / (math.sqrt(v) + 1e-8)


def against(engine: str) -> Task:
    """Mean squared error by Adam, a batch a step; losses, and the parameters after three steps.

    Adam's first step goes by the signs of the slopes alone; the later ones show their sizes too.
    """
    X, y = digits()
    random.seed(1337)
    model: Any
    if engine == "micrograd":
        from micrograd.nn import MLP

        sys.setrecursionlimit(10_000)  # it walks the graph by recursion
        model = MLP(64, SIZES)
        optimizer: Any = AdamByHand(model.parameters())
    else:
        import nn

        model = nn.MLP(64, SIZES)
        optimizer = nn.Adam(model.parameters(), learning_rate=LEARNING_RATE)
    at = 0

    def step() -> float:
        nonlocal at
        rows, targets = X[at : at + BATCH], y[at : at + BATCH]
        at = (at + BATCH) % (len(X) - BATCH)
        if engine == "micrograd":
            outputs = [model(row) for row in rows.tolist()]
            pairs = zip((p for ps in outputs for p in ps), targets.ravel().tolist())
            loss = sum((p - t) ** 2 for p, t in pairs) / targets.size
            model.zero_grad()
        else:
            loss = nn.mse(model(rows), targets)
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return float(loss.data)

    def run(steps: int, done: Done) -> list[float]:
        losses = []
        for _ in range(steps):
            losses.append(step())
            done()
        return losses

    losses = run(3, lambda: None)
    return [*losses, *(float(p.data) for p in model.parameters())], run


def against_row() -> Row:
    """micrograd's time ÷ ours, once losses and parameters agree; new processes each round."""
    python_of("eager")
    found: dict[str, list[Steps]] = {engine: [] for engine in STEPS}
    for _ in range(PROCESSES):
        known = None
        for engine, steps in STEPS.items():
            worker = start(__file__, "against", engine)
            known = known or worker.result
            close_enough(worker.result, known, 1e-9, f"digits, {engine}")
            found[engine].append(worker.steps(steps))
            worker.close()
    times = {engine: [steps.mean * 1e3 for steps in each] for engine, each in found.items()}
    said, each = [], []
    for core, bar in zip(CORES, (0.0, 200.0)):
        figure = ratio(times["micrograd"], times[OURS + core])
        said.append(figure.text("×") + verdict(figure.median, bar, most=False))
        pair = (times["micrograd"], times[OURS + core])
        each.append(" ÷ ".join(f"{Figure(tuple(ms)).median:.3g}" for ms in pair))
    what = "digits 64-32-10, relu, mse, Adam, batches of 32: micrograd's time a step ÷ ours"
    return what, "–; ≥ 200×", *said, "; ".join(each)


# ---------------------------------------------------------------- fit beside the loop by hand
def fit_ways(loss: str, count: int = 640, epochs: int = 2) -> Ways:
    """The same epochs by ``nn.fit`` and by the loop that one writes; each gives its weights."""
    import nn

    X, y = digits(count)
    targets: Any = y if loss == "mse" else y.argmax(axis=1)
    models = [nn.MLP(64, SIZES, init="he", seed=0) for _ in range(2)]
    optimizers = [nn.Adam(model.parameters(), learning_rate=LEARNING_RATE) for model in models]
    measure = getattr(nn, loss)

    def by_hand() -> list[float]:
        model, optimizer = models[0], optimizers[0]
        batches = nn.data.batches(X, targets, BATCH, seed=0)
        for _ in range(epochs):
            for rows, wanted in batches:
                value = measure(model(rows), wanted)
                optimizer.zero_grad()
                value.backward()
                optimizer.step()
        return [p.data for p in model.parameters()]

    def by_fit() -> list[float]:
        model = models[1]
        nn.fit(
            model, X, targets, loss=loss, optimizer=optimizers[1], epochs=epochs, batch_size=BATCH
        )
        return [p.data for p in model.parameters()]

    return {"by hand": by_hand, "fit": by_fit}


def timed(ways: Ways, turns: int = 5) -> dict[str, float]:
    """Seconds of each way in all its turns, once a turn of each gave the same to the last bit."""
    results = [way() for way in ways.values()]
    close_enough(results[1], results[0], 0.0, "fit against the loop by hand")
    times = dict.fromkeys(ways, 0.0)
    for _ in range(turns):
        for name, way in ways.items():
            began = time.process_time()
            way()
            times[name] += time.process_time() - began
    return times


def fit_rows() -> list[Row]:
    found = by_core(__file__, "fit", PROCESSES, ("mse", "cross_entropy"))
    rows = []
    for loss, more in (("mse", ""), ("cross_entropy", ", accuracy by fit alone")):
        said, each = [], []
        for core in CORES:
            times = [[one[name] for one in found[loss][core]] for name in ("fit", "by hand")]
            more_than = ratio(*times)
            above = Figure(tuple(100.0 * (x - 1.0) for x in more_than.values))
            said.append(above.text(" %", 2) + verdict(above.median, 3.0, most=True))
            each.append(" ÷ ".join(f"{Figure(tuple(t)).median * 1e3:.3g}" for t in times))
        what = f"`fit` above the loop by hand: {loss}{more}"
        rows.append((what, "≤ 3 %", *said, "; ".join(each)))
    return rows


# ---------------------------------------------------------------- files
def file_times(rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Seconds of saves and of loads of 102,730 parameters, which the file gives back."""
    import nn

    model = nn.MLP(310, [320, 10], seed=0)
    times: dict[str, list[float]] = {"save": [], "load": [], "clock": []}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.npz")
        for turn in range(rounds + 1):
            clock, began = time.perf_counter(), time.process_time()
            model.save(path)
            saved = time.process_time()
            again = nn.load(path)
            if turn:
                times["save"].append(saved - began)
                times["load"].append(time.process_time() - saved)
                times["clock"].append(time.perf_counter() - clock)
        pairs = zip(again.parameters(), model.parameters(), strict=True)
        assert all(a.data == b.data for a, b in pairs)
    return times


def file_row() -> Row:
    said, each = [], []
    for core, bar in zip(CORES, (0.5, 0.3)):
        worker = start(__file__, "file", OURS + core)
        times = worker.result
        worker.close()
        both = Figure(tuple(a + b for a, b in zip(times["save"], times["load"])))
        said.append(both.text(" s") + verdict(both.median, bar, most=True))
        save, load, clock = (Figure(tuple(t)).median * 1e3 for t in times.values())
        each.append(f"{save:.3g} + {load:.3g}, {clock:.3g} on the clock")
    what = "102,730 parameters saved and loaded"
    return what, "≤ 0.5 s; ≤ 0.3 s", *said, "; ".join(each)


# ---------------------------------------------------------------- PyTorch's numbers
def pytorch_row() -> Row:
    """The tests that hold nn to what PyTorch gave, a case each, in this checkout's pure core."""
    tests = ["tests/nn", "-k", "pytorch", "-q", "-p", "no:cacheprovider"]
    env = {**os.environ, "WHYGRAD_PURE": "1"}
    command = [sys.executable, "-m", "pytest", *tests]
    done = subprocess.run(command, cwd=REPO, env=env, capture_output=True, text=True)
    told = (done.stdout.splitlines() or [done.stderr])[-1]
    said = ", ".join(re.findall(r"\d+ (?:passed|failed|error)", told)) or told
    what = "optimizers and options, schedules, losses, layers, clipping: PyTorch's own numbers"
    missed = " **missed**" if done.returncode else ""
    return what, "≤ 1e-12", f"{said}{missed}", "", ""


# ---------------------------------------------------------------- all of it
def smoke() -> None:
    """Our side: it learns, fit is the loop by hand, the file gives the numbers back."""
    losses = against(OURS)[1](40, lambda: None)
    first, last = (statistics.fmean(some) for some in (losses[:10], losses[-10:]))
    assert last < first, losses
    for loss in ("mse", "cross_entropy"):
        timed(fit_ways(loss, 64, 1), turns=1)
    times = file_times(1)
    spent = times["clock"][0]
    learnt = f"digits {first:.2f} → {last:.2f}"
    print(f"train: {learnt}; fit is the loop by hand; a file in {spent:.2f} s")


def work(task: str, engine: str) -> None:
    import_surroundings()
    if task == "against":
        serve_steps(*against(engine))
    elif task == "fit":
        print(json.dumps({x: timed(fit_ways(x)) for x in ("mse", "cross_entropy")}), flush=True)
    else:
        print(json.dumps(file_times()), flush=True)


def main() -> None:
    chosen = parser(__doc__, workers=True).parse_args()
    if chosen.worker:
        work(*chosen.worker)
    elif chosen.smoke:
        sys.path.insert(0, str(REPO))
        smoke()
    else:
        needs_compiled()
        rows = [against_row(), *fit_rows(), pytorch_row(), file_row()]
        report("train", rows, HEAD, chosen.write)


if __name__ == "__main__":
    main()
