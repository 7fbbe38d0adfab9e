"""Arrays in, arrays out: what derivatives on arrays cost, beside Values, HIPS and differences.

python benchmarks/arrays.py          all figures (HIPS autograd is installed at first use)
python benchmarks/arrays.py --smoke  small, once: does each way give what the others give

The ways to one result take turns in one process, which has imported what users import, and the
collector is left alone. Each row has both cores. HIPS's package has our package's name: it runs in
an environment and a process of its own, which has its turn in each round.
"""

import json
import math
import sys
import time
from collections.abc import Callable
from typing import Any

from common import (
    CORES,
    OURS,
    REPO,
    Figure,
    Row,
    Worker,
    close_enough,
    import_surroundings,
    needs_compiled,
    parser,
    python_of,
    ratio,
    report,
    start,
    verdict,
)

PROCESSES = 5  # of each core, and of HIPS
SECONDS = 0.5  # that the turns of one task take in one process, at least
TURNS = 3  # of each way, at least: a way may take a second
HEAD: Row = ("what", "bar", "pure: median (range)", "compiled", "medians in ms")
Ways = dict[str, Callable[[], list[float]]]


# ---------------------------------------------------------------- the functions
def rosenbrock(x: Any) -> Any:
    """A loop over numbers, as SciPy's tutorial and every engine's user can write it."""
    return sum(100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2 for i in range(len(x) - 1))


def in_arrays(x: Any) -> Any:
    """The same in whole arrays."""
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()


def banded(x: Any) -> Any:
    """Each result of three neighbours: a row of a tridiagonal jacobian."""
    import numpy as np

    last = len(x) - 1
    return np.array([x[max(i - 1, 0)] * x[i] + x[i] * x[min(i + 1, last)] for i in range(len(x))])


def point(size: int) -> Any:
    import numpy as np

    return np.linspace(-1.2, 1.4, size)


# ---------------------------------------------------------------- the tasks
def first(size: int = 100) -> Ways:
    import autograd
    from autograd import Value

    x = point(size)
    numbers = x.tolist()

    def by_hand() -> list[float]:
        values = [Value(number) for number in numbers]
        y = rosenbrock(values)
        y.backward()
        return [y.data, *[v.grad for v in values]]

    def by_array(f: Callable[[Any], Any]) -> list[float]:
        value, slope = autograd.value_and_grad(f)(x)
        return [float(value), *slope.tolist()]

    return {
        "Values": by_hand,
        "loop": lambda: by_array(rosenbrock),
        "arrays": lambda: by_array(in_arrays),
    }


def descent(size: int = 100, steps: int = 20) -> Ways:
    """So many steps of BFGS: where both have come, to what differences allow."""
    from scipy.optimize import minimize

    import autograd

    def run(f: Any, jac: Any) -> list[float]:
        how = {"method": "BFGS", "options": {"maxiter": steps}}
        return [float(minimize(f, point(size), jac=jac, **how).fun)]

    return {
        "without": lambda: run(rosenbrock, None),
        "with": lambda: run(autograd.value_and_grad(rosenbrock), True),
    }


def second(size: int = 100) -> Ways:
    import autograd

    return {"hessian": lambda: autograd.hessian(rosenbrock)(point(size)).ravel().tolist()}


def trust(size: int = 100, steps: int = 25) -> Ways:
    """Steps from the tutorial's start, alternately -1.2 and 1."""
    import numpy as np
    from scipy.optimize import minimize

    import autograd

    both, bend = autograd.value_and_grad(rosenbrock), autograd.hessian(rosenbrock)
    at = np.resize([-1.2, 1.0], size)
    how = {"method": "trust-exact", "options": {"maxiter": steps}}
    return {"steps": lambda: [float(minimize(both, at, jac=True, hess=bend, **how).fun)]}


def direction(size: int = 126) -> Ways:
    """Rosenbrock of 126: 1,000 ops. Both give the function's value or its Hessian's first row."""
    import autograd
    from autograd import Value

    x = point(size)
    numbers, along = x.tolist(), [1.0] + [0.0] * (size - 1)
    product = autograd.hvp(rosenbrock)

    def recording() -> list[float]:
        return [rosenbrock([Value(number) for number in numbers]).data]

    return {"recording": recording, "hvp": lambda: product(x, along).tolist()}


def family(size: int = 100) -> Ways:
    """One of each, beside recording the function on Values; all others give its slopes' sum."""
    import numpy as np

    import autograd
    from autograd import Value

    x, along = point(size), np.ones(size)
    numbers = x.tolist()
    _, push = autograd.linearize(rosenbrock, x)
    _, pull = autograd.vjp(rosenbrock, x)

    return {
        "recording": lambda: [rosenbrock([Value(number) for number in numbers]).data],
        "grad": lambda: [float(autograd.grad(rosenbrock)(x).sum())],
        "jvp": lambda: [float(autograd.jvp(rosenbrock, (x,), (along,))[1])],
        "vjp": lambda: [float(autograd.vjp(rosenbrock, x)[1](1.0)[0].sum())],
        "push": lambda: [float(push(along))],
        "pull": lambda: [float(pull(1.0)[0].sum())],
    }


def sparse(size: int = 1000) -> Ways:
    import autograd

    x = point(size)
    both, bend = autograd.value_and_grad(rosenbrock), autograd.hessian(rosenbrock, sparse=True)
    return {"value_and_grad": lambda: [float(both(x)[0])], "hessian": lambda: [float(bend(x).nnz)]}


def band(small: int = 200, large: int = 1600) -> Ways:
    """As many results by several small jacobians, by one large, and densely."""
    import autograd

    found = autograd.jacobian(banded, sparse=True)
    dense = autograd.jacobian(banded)
    x, y = point(small), point(large)
    return {
        "small": lambda: [float(found(x).nnz)],
        "large": lambda: [float(found(y).nnz)],
        "dense": lambda: [float((dense(x) != 0.0).sum())],
    }


TASKS: dict[str, Callable[..., Ways]] = {
    "first": first, "descent": descent, "second": second, "trust": trust, "direction": direction,
    "sparse": sparse, "band": band, "family": family,
}  # fmt: skip


# ---------------------------------------------------------------- a worker's side
def timed(ways: Ways) -> dict[str, list[float]]:
    """Seconds of each way in each turn, after one for all that is done once."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    end = time.process_time() + SECONDS
    while time.process_time() < end or min(map(len, times.values())) < TURNS:
        for name, way in ways.items():
            began = time.process_time()
            way()
            times[name].append(time.process_time() - began)
    return times


def hips() -> Ways:
    """HIPS autograd on the same loop."""
    import autograd

    both = autograd.value_and_grad(rosenbrock)

    def run() -> list[float]:
        value, slope = both(point(100))
        return [float(value), *slope.tolist()]

    return {"HIPS": run}


# ---------------------------------------------------------------- the driver's side
def measured() -> dict[str, dict[str, list[dict[str, list[float]]]]]:
    """Each task's times in both cores, from processes in turn; HIPS's beside those of "first"."""
    found: dict[str, Any] = {task: {core: [] for core in CORES} for task in TASKS}
    for _ in range(PROCESSES):
        peer = Worker(__file__, "arrays", "HIPS", python_of("hips"))
        for core in CORES:
            worker = start(__file__, "arrays", OURS + core, OPENBLAS_NUM_THREADS="1")
            close_enough(worker.result["value"], peer.result["value"], 1e-9, "HIPS")
            for task, times in worker.result["times"].items():
                found[task][core].append(times)
            found["first"][core][-1].update(peer.result["times"])
            worker.close()
        peer.close()
    return found


def middle(seconds: list[float]) -> float:
    return Figure(tuple(seconds)).median


Times = dict[str, list[dict[str, list[float]]]]  # of each core, each process


FAMILY = {
    "grad": "`grad` of Rosenbrock of 100", "jvp": "its `jvp`", "vjp": "its `vjp`, with one pull",
    "push": "a push of its `linearize`", "pull": "a pull of its `vjp`",
}  # fmt: skip


def texts(bars: tuple[float, float], unit: str, most: bool) -> str:
    each = [f"{'≤' if most else '≥'} {bar:g}{unit}" if 0 < bar < math.inf else "–" for bar in bars]
    return "; ".join(dict.fromkeys(each))


def row(
    what: str,
    bars: tuple[float, float],
    found: Times,
    over: str,
    under: str,
    most: bool = True,
    parts: float = 1.0,
) -> Row:
    """``over`` ÷ ``under``, of the medians of each process; over makes ``parts`` times as much."""
    said, each = [], []
    for core, bar in zip(CORES, bars):
        times = [[middle(one[name]) for one in found[core]] for name in (over, under)]
        figure = ratio([seconds / parts for seconds in times[0]], times[1])
        said.append(figure.text("×") + verdict(figure.median, bar, most))
        each.append(" ÷ ".join(f"{middle(t) * 1e3:.3g}" for t in times))
    return what, texts(bars, "×", most), *said, "; ".join(each)


def alone(what: str, bar: float, found: Times, name: str, unit: str, factor: float) -> Row:
    """The time of one way, whose bar is the compiled core's."""
    said = []
    for core, most in zip(CORES, (math.inf, bar)):
        figure = Figure(tuple(middle(one[name]) * factor for one in found[core]))
        said.append(figure.text(unit) + verdict(figure.median, most, most=True))
    return what, texts((math.inf, bar), unit, True), *said, ""


def table() -> list[Row]:
    found = measured()
    one, hundred = found["first"], "`value_and_grad` of Rosenbrock of 100 on an array"
    return [
        row(f"{hundred} ÷ Values and `backward()`", (1.6, 1.6), one, "loop", "Values"),
        row("HIPS autograd's time ÷ the same", (12, 30), one, "HIPS", "loop", most=False),
        row("the same in whole arrays ÷ as a loop", (math.inf,) * 2, one, "arrays", "loop"),
        row("20 steps of BFGS on it, with `jac` ÷ without", (0.35, 0.35), found["descent"], "with",
            "without"),
        alone("its dense `hessian`", 60, found["second"], "hessian", " ms", 1e3),
        alone("25 steps of trust-exact on it", 1.6, found["trust"], "steps", " s", 1.0),
        row("`hvp` ÷ recording its function on Values, 1,000 ops", (10, 15), found["direction"],
            "hvp", "recording"),
        row("sparse `hessian` of Rosenbrock of 1,000 ÷ its `value_and_grad`", (30, 30),
            found["sparse"], "hessian", "value_and_grad"),
        row("time a row of a sparse tridiagonal `jacobian`, n = 1,600 ÷ n = 200", (1.5, 1.5),
            found["band"], "large", "small", parts=8.0),
        row("that of 200, dense ÷ sparse", (math.inf,) * 2, found["band"], "dense", "small"),
        *[
            row(f"{what} ÷ recording it on Values", (math.inf,) * 2, found["family"], name,
                "recording")
            for name, what in FAMILY.items()
        ],
    ]  # fmt: skip


def smoke() -> None:
    """The ways to one result agree; second derivatives agree with differences of first ones."""
    import numpy as np

    import autograd

    known, *others = [way() for way in first(10).values()]
    for other in others:
        close_enough(other, known, 1e-12, "value_and_grad")
    without, by_slope = [way()[0] for way in descent(4, 5).values()]
    close_enough(by_slope, without, 1e-4, "BFGS")  # differences are good for 1e-8 a step
    x, h = point(10), 1e-5
    slope = autograd.grad(rosenbrock)
    rows = [(slope(x + h * e) - slope(x - h * e)) / (2.0 * h) for e in np.eye(10)]
    bend = second(10)["hessian"]()
    close_enough(bend, np.ravel(rows).tolist(), 1e-6, "hessian")
    close_enough(direction(10)["hvp"](), bend[:10], 1e-12, "hvp")
    assert sparse(10)["hessian"]() == [28.0] and trust(4)["steps"]()[0] < 1.0
    _, known, *others = [way() for way in family(10).values()]
    for other in others:
        close_enough(other, known, 1e-12, "the family")
    assert len(set(map(tuple, (way() for way in band(10, 10).values())))) == 1
    print("arrays: loops, arrays, BFGS, hessian, hvp and sparse ones agree")


def main() -> None:
    chosen = parser(__doc__, workers=True).parse_args()
    if chosen.worker and chosen.worker[1] == "HIPS":
        way = hips()
        print(json.dumps({"value": way["HIPS"](), "times": timed(way)}), flush=True)
    elif chosen.worker:
        import_surroundings()
        times = {task: timed(make()) for task, make in TASKS.items()}
        print(json.dumps({"value": first()["loop"](), "times": times}), flush=True)
    elif chosen.smoke:
        sys.path.insert(0, str(REPO))
        smoke()
    else:
        needs_compiled()
        report("arrays", table(), HEAD, chosen.write)


if __name__ == "__main__":
    main()
