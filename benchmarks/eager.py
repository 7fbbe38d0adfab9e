"""Eager speed: training with Values, against microgpt's own engine, micrograd and XAD's C++ tape.

python benchmarks/eager.py                  all figures (peers are installed at first use)
python benchmarks/eager.py --only microgpt  one task: microgpt, moons, chain, growth, memory, import
python benchmarks/eager.py --smoke          our side only, small, once: does it run

Consecutive steps, in processes that have imported what users import, the collector left alone. Each
row has both cores: the files as they stand here, and what `make compiled` made of them.
"""

import importlib.util
import math
import os
import random
import subprocess
import sys
import types
from collections.abc import Callable
from typing import Any

from common import (
    COMPILED,
    CORES,
    OURS,
    REPO,
    ROUNDS,
    Figure,
    Row,
    Steps,
    close_enough,
    file_of,
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

OPS = 100_000  # of the chain
PROCESSES = 3  # of each engine at each task
HEAD: Row = (
    "what",
    "bar",
    "pure: median (range)",
    "compiled",
    "full collections in 100 steps",
    "longest other step ÷ mean",
    "mean step in ms",
)
Done = Callable[[], None]
Task = tuple[Any, Callable[[int, Done], Any]]  # what it computes; run(steps, done)


# ---------------------------------------------------------------- microgpt
# Common first names that use all 26 letters: 27 tokens, hence its 4,192 parameters. Trained on are
# those of six letters, the published data's average: all steps are of one size.
NAMES = """emma olivia isabella sophia charlotte mia amelia harper evelyn abigail emily elizabeth
mila ella avery sofia camila aria scarlett victoria madison luna grace chloe penelope layla riley
zoey nora lily eleanor hannah quinn willow jack xavier""".split()


def microgpt(engine: str) -> Task:
    """The published training loop; ours replaces ``Value`` (and, for dot, ``_linear``)."""
    spec = importlib.util.spec_from_file_location("engine", os.environ["MICROGPT"])
    assert spec is not None and spec.loader is not None
    gpt = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gpt)
    if engine.startswith(OURS):
        import autograd

        gpt.Value = autograd.Value
    if engine == "ours by dot":
        gpt._linear = lambda x, w: [autograd.dot(row, x) for row in w]
    tokens = gpt.Tokenizer.from_docs(NAMES)
    model = gpt.MicroGPT(tokens.vocab_size)
    assert model.num_params == 4192

    def run(steps: int, done: Done) -> Any:
        names = [name for name in NAMES if len(name) == 6]
        return model.train_on_docs(
            names, tokens, num_steps=steps, log_every=0, callback=lambda *_: done()
        )

    return run(
        2, lambda: None
    ), run  # the second step's loss shows that the first one's slopes agree


# ---------------------------------------------------------------- moons
def moons() -> tuple[list[list[float]], list[float]]:
    """Two half circles of 50 rows each with noise 0.1, classes -1 and 1."""
    draw = random.Random(1337)
    rows, targets = [], []
    for i in range(100):
        angle, upper = math.pi * (i // 2) / 49, i % 2 == 0
        x, y = math.cos(angle), math.sin(angle)
        if not upper:
            x, y = 1.0 - x, 0.5 - y
        rows.append([x + draw.gauss(0.0, 0.1), y + draw.gauss(0.0, 0.1)])
        targets.append(1.0 if upper else -1.0)
    return rows, targets


def micrograd_nn(of_import: str) -> Any:
    """micrograd's nn.py as it is published, but for the line that imports Value."""
    with open(os.environ["MICROGRAD_NN"], encoding="utf-8") as file:
        source = file.read()
    published = "from micrograd.engine import Value"
    assert source.count(published) == 1
    module: Any = types.ModuleType("micrograd_nn")
    exec(source.replace(published, of_import), module.__dict__)
    return module


def moons_step(engine: str) -> Task:
    """Full-batch steps of micrograd's demo: hinge loss, 1e-4 L2, gradient descent."""
    net: Any
    if engine == "micrograd":
        from micrograd.engine import Value

        net = micrograd_nn("from micrograd.engine import Value")
    else:
        from autograd import Value

        if engine == "ours":
            net = micrograd_nn("from autograd import Value")
        else:
            import nn as net
    rows, targets = moons()

    random.seed(1337)
    model = net.MLP(2, [16, 16, 1])

    def run(steps: int, done: Done) -> list[float]:
        losses = []
        for _ in range(steps):
            scores = [model(list(map(Value, row))) for row in rows]
            hinge = sum((1 + -t * s).relu() for t, s in zip(targets, scores)) * (1.0 / len(rows))
            loss = hinge + 1e-4 * sum(p * p for p in model.parameters())
            model.zero_grad()
            loss.backward()
            for p in model.parameters():
                p.data -= 0.5 * p.grad
            losses.append(loss.data)
            done()
        return losses

    return run(2, lambda: None), run


# ---------------------------------------------------------------- the chain
def chain(engine: str, ops: int = OPS) -> Task:
    """``y = y * 1.0000001 + 1e-9`` over and over, then the pass; the result is y and dy/dx."""
    if engine == "xad":
        import xad.adj_1st as xad

        tape = xad.Tape()  # made once: its memory is used again
        tape.activate()

        def run(steps: int, done: Done) -> Any:
            for _ in range(steps):
                x = xad.Real(1.0)
                tape.registerInput(x)
                tape.newRecording()
                y = x
                for _i in range(ops // 2):
                    y = y * 1.0000001 + 1e-9
                tape.registerOutput(y)
                y.derivative = 1.0
                tape.computeAdjoints()
                done()
            return [y.value, x.derivative]

        return run(1, lambda: None), run

    from autograd import Value

    def run_ours(steps: int, done: Done) -> Any:
        for _ in range(steps):
            x = Value(1.0)
            y = x
            for _i in range(ops // 2):
                y = y * 1.0000001 + 1e-9
            y.backward()
            done()
        return [y.data, x.grad]

    return run_ours(1, lambda: None), run_ours


def memory(_: str) -> Task:
    """Bytes that a chain holds after its pass, an op, as tracemalloc counts."""
    import tracemalloc

    from autograd import Value

    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    y = Value(1.0)
    for _i in range(OPS // 2):
        y = y * 1.0000001 + 1e-9
    y.backward()
    after = tracemalloc.get_traced_memory()[0]
    return [(after - before) / OPS], lambda steps, done: None


TASKS: dict[str, Callable[[str], Task]] = {
    "microgpt": microgpt,
    "moons": moons_step,
    "chain": chain,
    "growth": lambda engine: chain(OURS, int(engine.split()[1])),
    "memory": memory,
}


# ---------------------------------------------------------------- the driver
def consecutive(
    task: str, engines: dict[str, int], tolerance: float = 1e-9, rounds: int = PROCESSES, **env: str
) -> dict[str, list[Steps]]:
    """So many steps of each engine in a row, in a new process each round; engines take turns."""
    found: dict[str, list[Steps]] = {engine: [] for engine in engines}
    for _ in range(rounds):
        result = None
        for engine, steps in engines.items():
            worker = start(__file__, task, engine, **env)
            if result is None:
                result = worker.result
            close_enough(worker.result, result, tolerance, f"{task}, {engine}")
            found[engine].append(worker.steps(steps))
            worker.close()
    return found


def ours(steps: int, compiled: int, *engines: str) -> dict[str, int]:
    """How many steps each engine of ours takes, in each core."""
    return {e + core: n for e in engines for core, n in zip(CORES, (steps, compiled))}


def row(
    what: str,
    bars: tuple[float, float],
    found: dict[str, list[Steps]],
    over: str,
    under: str,
    most: bool = False,
    training: bool = False,
) -> Row:
    """``over`` ÷ ``under``, of which the one that is ours is taken in both cores.

    Of a ``training`` the compiled core's steps have bars as well: at most one full collection in
    100, and no other step longer than 3 of the mean.
    """
    said, full, longest, each = [], [], [], []
    for core, bar in zip(CORES, bars):
        pair = [name + core if name.startswith(OURS) else name for name in (over, under)]
        times = [[steps.mean * 1e3 for steps in found[name]] for name in pair]
        figure = ratio(*times)
        said.append(figure.text("×") + verdict(figure.median, bar, most))
        each.append(" ÷ ".join(f"{Figure(tuple(ms)).median:.3g}" for ms in times))
        own = found[next(name for name in pair if name.startswith(OURS))]
        bounded = training and core == CORES[1]
        collected = Figure(tuple(steps.full_in_100 for steps in own)).median
        full.append(f"{collected:.3g}" + verdict(collected, 1.0 if bounded else math.inf, True))
        most_of = Figure(tuple(steps.longest for steps in own)).median
        missed = verdict(most_of, 3.0 if bounded else math.inf, True)
        longest.append("–" if math.isnan(most_of) else f"{most_of:.2g}×{missed}")
    return (
        what,
        bars_text(bars, "×", most),
        *said,
        "; ".join(full),
        "; ".join(longest),
        "; ".join(each),
    )


def bars_text(bars: tuple[float, float], unit: str, most: bool) -> str:
    sign = "≤" if most else "≥"
    first, second = (f"{sign} {bar:g}{unit}" if bar < math.inf else "–" for bar in bars)
    return first if first == second else f"{first}; {second}"


def microgpt_rows() -> list[Row]:
    python_of("microgpt")
    env = {"MICROGPT": file_of("microgpt", "strands_microgpt.engine")}
    engines = {"microgpt": 16, **ours(25, 100, "ours", "ours by dot")}
    found = consecutive("microgpt", engines, **env)
    what = "microgpt training, only `Value` replaced: its own ÷ ours"
    dot = "the same, `_linear` by `autograd.dot`"
    return [
        row(what, (2, 13), found, "microgpt", "ours", training=True),
        row(dot, (10, 30), found, "microgpt", "ours by dot", training=True),
    ]


def moons_rows() -> list[Row]:
    python_of("eager")
    env = {"MICROGRAD_NN": file_of("eager", "micrograd.nn")}
    engines = {"micrograd": 6, **ours(25, 100, "ours", "ours by nn.MLP")}
    found = consecutive("moons", engines, **env)
    what = "moons training, micrograd's own neurons on our `Value`: micrograd ÷ ours"
    return [
        row(what, (9, 80), found, "micrograd", "ours", training=True),
        row("the same as `nn.MLP`", (35, 120), found, "micrograd", "ours by nn.MLP", training=True),
    ]


def chain_rows() -> list[Row]:
    found = consecutive(
        "chain", {"xad": 20, **ours(20, 20, "ours")}, rounds=5
    )  # short: more of them
    what = "chain of 100,000 ops, build + backward: ours ÷ XAD's C++ tape"
    return [row(what, (math.inf, 0.5), found, "ours", "xad", most=True)]


def growth_rows() -> list[Row]:
    large, small = "ours 1000000", "ours 100000"
    engines = {**ours(3, 3, large), **ours(10, 30, small)}
    found = consecutive("growth", engines, tolerance=math.inf)
    each = {
        name: [
            Steps(tuple(s / 10 for s in steps.seconds), steps.full) if large in name else steps
            for steps in each
        ]
        for name, each in found.items()
    }
    what = "time an op at 1,000,000 ops ÷ at 100,000"
    whole = [Figure(tuple(steps.mean for steps in found[large + core])) for core in CORES]
    said = [whole[0].text(" s"), whole[1].text(" s") + verdict(whole[1].median, 1.2, True)]
    return [
        row(what, (1.6, math.inf), each, large, small, most=True),
        ("chain of 1,000,000 ops, build + backward", "–; ≤ 1.2 s", *said, "", "", ""),
    ]


def memory_rows() -> list[Row]:
    said = []
    for core, bar in zip(CORES, (140, 96)):
        worker = start(__file__, "memory", OURS + core)
        worker.close()
        said.append(f"{worker.result[0]:.1f}" + verdict(worker.result[0], bar + 0.5, True))
    return [("bytes an op on that chain after a pass", "≤ 140; ≤ 96", *said, "", "", "")]


def import_rows() -> list[Row]:
    clock = "import numpy, time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"
    code = clock.format("autograd, nn, viz")
    said = []
    for path, pure in ((REPO, "1"), (COMPILED, "")):
        env = {**os.environ, "PYTHONPATH": str(path), "WHYGRAD_PURE": pure}
        command = [sys.executable, "-c", code]
        times = []
        for _ in range(ROUNDS + 4 + 1):
            done = subprocess.run(
                command, env=env, cwd=path, capture_output=True, text=True, check=True
            )
            times.append(float(done.stdout) * 1e3)
        spent = Figure(tuple(times[1:]))  # the first one may write byte code
        said.append(spent.text(" ms") + verdict(spent.median, 100, True))
    what = "`import autograd, nn, viz` beyond `import numpy`"
    return [(what, "≤ 100 ms", *said, "", "", "")]


PARTS = {
    "microgpt": microgpt_rows,
    "moons": moons_rows,
    "chain": chain_rows,
    "growth": growth_rows,
    "memory": memory_rows,
    "import": import_rows,
}


def smoke() -> None:
    """Our side of what needs no peer: it runs and computes what it must."""
    (y, dy), _ = chain(OURS, 2_000)
    close_enough(dy, 1.0000001**1000, 1e-12, "chain")
    losses = moons_step("ours by nn.MLP")[1](5, lambda: None)
    assert losses[-1] < losses[0], losses
    print(f"eager: chain {y:.9f}, moons {losses[0]:.4f} → {losses[-1]:.4f}")


def main() -> None:
    arguments = parser(__doc__, workers=True)
    arguments.add_argument("--only", choices=PARTS, action="append")
    chosen = arguments.parse_args()
    if chosen.worker:
        import_surroundings()
        serve_steps(*TASKS[chosen.worker[0]](chosen.worker[1]))
    elif chosen.smoke:
        sys.path.insert(0, str(REPO))
        smoke()
    else:
        needs_compiled()
        rows = [row for part in chosen.only or PARTS for row in PARTS[part]()]
        report("eager", rows, HEAD, chosen.write)


if __name__ == "__main__":
    main()
