"""What a door costs beside the pass behind it: value_and_grad, jvp, dot of Values and numbers.

python benchmarks/doors.py          all figures
python benchmarks/doors.py --smoke  small, once: does each door give what is behind it

The ways to one result take turns in one process, which has imported what users import, and the
collector is left alone. Each row has both cores.
"""

import json
import random
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from common import (
    CORES,
    REPO,
    Figure,
    Row,
    by_core,
    close_enough,
    import_surroundings,
    needs_compiled,
    parser,
    ratio,
    report,
    verdict,
)

PROCESSES = 5  # of each core
SECONDS = 1.0  # that the turns of one task take in one process
HEAD: Row = ("what", "bar", "pure: median (range)", "compiled", "medians in ms")
Ways = dict[str, Callable[[], list[float]]]
Function = Callable[[list[Any]], Any]


def by_hand(f: Function, at: list[float]) -> list[float]:
    from autograd import Value

    x = [Value(number) for number in at]
    y = f(x)
    y.backward()
    return [y.data, *[v.grad for v in x]]


def by_door(f: Function, at: list[float]) -> list[float]:
    import autograd

    value, slopes = autograd.value_and_grad(f)(at)
    return [value, *slopes]


def rosenbrock(x: list[Any]) -> Any:
    import autograd

    return autograd.sum([100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in pairwise(x)])


def of_rosenbrock(size: int = 100) -> Ways:
    at = [0.1 + 0.01 * i for i in range(size)]
    return {
        "by hand": lambda: by_hand(rosenbrock, at),
        "value_and_grad": lambda: by_door(rosenbrock, at),
    }


def forward(size: int = 100) -> Ways:
    """The sum of all slopes, by one sweep in either direction."""
    import autograd

    at, along = [0.1 + 0.01 * i for i in range(size)], [1.0] * size
    return {
        "a pass": lambda: [sum(by_hand(rosenbrock, at)[1:])],
        "jvp": lambda: [autograd.jvp(rosenbrock, (at,), (along,))[1]],
    }


def net(rows: int = 4) -> Ways:
    """Two inputs, layers of 12, 18 and 1: 289 weights in one flat list."""
    import autograd

    draw = random.Random(1)
    sizes = (2, 12, 18, 1)
    count = sum((n + 1) * m for n, m in pairwise(sizes))
    assert count == 289
    at = [draw.gauss(0.0, 0.5) for _ in range(count)]
    inputs = [[draw.uniform(-1.0, 1.0) for _ in range(2)] for _ in range(rows)]

    def loss(weights: list[Any]) -> Any:
        errors = []
        for x in inputs:
            layer, place = list(x), 0
            for n, m in pairwise(sizes):
                after = []
                for _ in range(m):
                    w, b = weights[place : place + n], weights[place + n]
                    place += n + 1
                    after.append(autograd.tanh(autograd.dot(w, layer) + b))
                layer = after
            errors.append((layer[0] - x[0] * x[1]) ** 2)
        return autograd.sum(errors)

    return {
        "by hand": lambda: by_hand(loss, at),
        "value_and_grad": lambda: by_door(loss, at),
    }


def linear(small: int = 400, large: int = 6400) -> Ways:
    """A formula of n inputs over 2 n ops: as many inputs in one call, and in many."""
    import autograd

    def f(p: list[Any]) -> Any:
        total: Any = 0.0
        for a in p:
            total = total + autograd.sin(a)
        return total

    at = [0.001 * i for i in range(large)]
    parts = [at[i : i + small] for i in range(0, large, small)]
    slopes = autograd.grad(f)
    return {
        "small": lambda: [slope for part in parts for slope in slopes(part)],
        "large": lambda: slopes(at),
    }


def dots(width: int = 16, count: int = 200) -> Ways:
    """Many dots, as a net's first layer takes them, and the pass."""
    import numpy

    import autograd
    from autograd import Value

    draw = random.Random(2)
    numbers = [draw.uniform(-1.0, 1.0) for _ in range(width)]
    values, row = [Value(x) for x in numbers], numpy.array(numbers)
    weights = [[Value(draw.uniform(-1.0, 1.0)) for _ in range(width)] for _ in range(count)]

    def run(x: Any) -> list[float]:
        y = autograd.sum([autograd.dot(w, x) for w in weights])
        y.backward()
        return [y.data]

    return {
        "Values": lambda: run(values),
        "numbers": lambda: run(numbers),
        "a NumPy row": lambda: run(row),
    }


def training() -> Ways:
    """A training step of a small net: what looking for a stale graph costs shows by commit."""
    import nn

    draw = random.Random(3)
    rows = [[draw.uniform(-1.0, 1.0) for _ in range(2)] for _ in range(100)]
    model = nn.MLP(2, [16, 16, 1], seed=1)
    optimizer = nn.SGD(model.parameters(), learning_rate=0.01)

    def step() -> list[float]:
        loss = nn.mse([model(x) for x in rows], [x[0] * x[1] for x in rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return [loss.data]

    return {"step": step}


TASKS: dict[str, Callable[[], Ways]] = {
    "rosenbrock": of_rosenbrock, "net": net, "linear": linear, "forward": forward, "dots": dots,
    "training": training,
}  # fmt: skip


# ---------------------------------------------------------------- a worker's side
def timed(ways: Ways) -> dict[str, list[float]]:
    """Once all agree, seconds of each way in each turn."""
    first, *others = ways
    known = ways[first]()
    for name in others:
        close_enough(ways[name](), known, 1e-9, f"{name} against {first}")
    times: dict[str, list[float]] = {name: [] for name in ways}
    end = time.process_time() + SECONDS
    while time.process_time() < end or len(times[first]) < 5:
        for name, way in ways.items():
            began = time.process_time()
            way()
            times[name].append(time.process_time() - began)
    return times


# ---------------------------------------------------------------- the driver's side
Times = dict[str, list[dict[str, list[float]]]]  # of each core, each process


def mean(seconds: list[float]) -> float:
    return sum(seconds) / len(seconds)


def row(what: str, bars: tuple[float, float], found: Times, over: str, under: str) -> Row:
    """``over`` ÷ ``under``, of the means of each process."""
    said, each = [], []
    for core, bar in zip(CORES, bars):
        times = [[mean(one[name]) for one in found[core]] for name in (over, under)]
        figure = ratio(*times)
        said.append(figure.text("×") + verdict(figure.median, bar, most=True))
        each.append(" ÷ ".join(f"{Figure(tuple(t)).median * 1e3:.3g}" for t in times))
    texts = [f"≤ {bar:g}×" for bar in bars]
    return what, "; ".join(dict.fromkeys(texts)), *said, "; ".join(each)


def table() -> list[Row]:
    found, rows = by_core(__file__, "doors", PROCESSES, TASKS), []
    for task, what in (("rosenbrock", "Rosenbrock of 100"), ("net", "a net of 289 weights")):
        text = f"`value_and_grad` of {what} ÷ the same by Values and `backward()`"
        rows.append(row(text, (1.5, 1.75), found[task], "value_and_grad", "by hand"))
    text = "time an input of `grad` over n inputs and n nodes, n = 6,400 ÷ n = 400"
    rows.append(row(text, (1.5, 1.5), found["linear"], "large", "small"))
    text = "`jvp` of Rosenbrock of 100 ÷ Values and `backward()`"
    rows.append(row(text, (10, 10), found["forward"], "jvp", "a pass"))
    for name, bar in (("numbers", 1.5), ("a NumPy row", 2.0)):
        text = f"`dot` of 16 Values and {name}, and its pass ÷ `dot` of Values"
        rows.append(row(text, (bar, bar), found["dots"], name, "Values"))
    steps = [
        Figure(tuple(mean(one["step"]) * 1e3 for one in found["training"][core])) for core in CORES
    ]
    text = "a training step of `nn.MLP(2, [16, 16, 1])` on 100 rows, in ms"
    return [*rows, (text, "–", *[step.text() for step in steps], "")]


def smoke() -> None:
    """Each door gives what is behind it."""
    small: dict[str, Ways] = {
        "rosenbrock": of_rosenbrock(10), "net": net(1), "linear": linear(10, 40),
        "forward": forward(10), "dots": dots(3, 4), "training": training(),
    }  # fmt: skip
    for task, ways in small.items():
        first, *others = [way() for way in ways.values()]
        for name, other in zip(list(ways)[1:], others):
            close_enough(other, first, 1e-12, f"{task}, {name}")
    print(f"doors: {', '.join(small)} agree")


def main() -> None:
    arguments = parser(__doc__, workers=True)
    chosen = arguments.parse_args()
    if chosen.worker:
        import_surroundings()
        print(json.dumps({task: timed(make()) for task, make in TASKS.items()}), flush=True)
    elif chosen.smoke:
        sys.path.insert(0, str(REPO))
        smoke()
    else:
        needs_compiled()
        report("doors", table(), HEAD, chosen.write)


if __name__ == "__main__":
    main()
