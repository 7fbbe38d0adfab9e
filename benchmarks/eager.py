"""Eager speed: training with Values, against microgpt's own engine, micrograd and XAD's C++ tape.

python benchmarks/eager.py                  all figures (peers are installed at first use)
python benchmarks/eager.py --only microgpt  one task: microgpt, moons, chain, growth, memory, import
python benchmarks/eager.py --smoke          our side only, small, once: does it run

Each row has both cores: the files as they stand here, and what `make compiled` made of them.
"""

import argparse
import gc
import importlib.util
import math
import os
import random
import statistics
import subprocess
import sys
import time
import types
from collections.abc import Callable
from typing import Any

from common import (
    OURS,
    PEERS,
    REPO,
    ROUNDS,
    Figure,
    Row,
    Worker,
    close_enough,
    file_of,
    in_turn,
    python_of,
    ratio,
    report,
    serve,
    verdict,
)

OPS = 100_000  # of the chain
COMPILED = REPO / "build" / "compiled"
CORES = ("", ", compiled")  # what follows an engine's name
HEAD: Row = ("what", "bar", "pure: median (range)", "compiled", "collector off", "medians in ms")
Task = tuple[Any, Callable[[], Any], Callable[[Any], Any]]  # what it computes, prepare, run


# ---------------------------------------------------------------- microgpt
# Common first names, six letters on average as in the published data, that use all 26 letters: 27
# tokens, hence its 4,192 parameters.
NAMES = """emma olivia isabella sophia charlotte mia amelia harper evelyn abigail emily elizabeth
mila ella avery sofia camila aria scarlett victoria madison luna grace chloe penelope layla riley
zoey nora lily eleanor hannah quinn willow jack xavier""".split()
GPT_STEPS = 12  # a run: long enough that full collections come as often as in a training


def microgpt(engine: str) -> Task:
    """The published training loop; ours replaces ``Value`` (and, for dot, ``_linear``)."""
    spec = importlib.util.spec_from_file_location("engine", os.environ["MICROGPT"])
    assert spec is not None and spec.loader is not None
    gpt = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gpt)
    if engine != "microgpt":
        import autograd

        gpt.Value = autograd.Value
    if engine == "ours by dot":
        gpt._linear = lambda x, w: [autograd.dot(row, x) for row in w]
    tokens = gpt.Tokenizer.from_docs(NAMES)

    def train(model: Any, names: list[str]) -> Any:
        return model.train_on_docs(names, tokens, num_steps=len(names), log_every=0)

    def prepare() -> Any:
        return gpt.MicroGPT(tokens.vocab_size), NAMES[:GPT_STEPS]

    assert prepare()[0].num_params == 4192
    losses = train(gpt.MicroGPT(tokens.vocab_size), NAMES[:12])
    return losses, prepare, lambda state: train(*state)


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
    """One full-batch step of micrograd's demo: hinge loss, 1e-4 L2, gradient descent."""
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

    def run(steps: int) -> list[float]:
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
        return losses

    return run(5), lambda: 1, run  # what is timed goes on training: a step a run


# ---------------------------------------------------------------- the chain
def chain(engine: str, ops: int = OPS) -> Task:
    """``y = y * 1.0000001 + 1e-9`` over and over, then the pass; the result is y and dy/dx."""
    if engine == "xad":
        import xad.adj_1st as xad

        tape = xad.Tape()  # made once: its memory is used again
        tape.activate()

        def run(_: Any) -> Any:
            x = xad.Real(1.0)
            tape.registerInput(x)
            tape.newRecording()
            y = x
            for _i in range(ops // 2):
                y = y * 1.0000001 + 1e-9
            tape.registerOutput(y)
            y.derivative = 1.0
            tape.computeAdjoints()
            return [y.value, x.derivative]

        return run(None), lambda: None, run

    from autograd import Value

    def run_ours(_: Any) -> Any:
        x = Value(1.0)
        y = x
        for _i in range(ops // 2):
            y = y * 1.0000001 + 1e-9
        y.backward()
        return y, x

    y, x = run_ours(None)
    return [y.data, x.grad], lambda: None, run_ours


def memory(_: str) -> Task:
    """Bytes that a chain holds after its pass, an op, as tracemalloc counts."""
    import tracemalloc

    tracemalloc.start()
    build = chain(OURS)[2]
    before = tracemalloc.get_traced_memory()[0]
    kept = build(None)
    after = tracemalloc.get_traced_memory()[0]
    assert kept
    return [(after - before) / OPS], lambda: None, lambda _: None


def parts(_: str) -> Task:
    """Milliseconds of a chain's build, of its order, of the sweep over it, and of the collector."""
    from autograd import Value, sweep

    def once() -> list[float]:
        clock = time.process_time
        gc.collect()
        start = clock()
        y = Value(1.0)
        for _ in range(OPS // 2):
            y = y * 1.0000001 + 1e-9
        built = clock()
        order = sweep._prepare(y, [], [])
        ordered = clock()
        y._grad = 1.0
        sweep._send(order)
        return [built - start, ordered - built, clock() - ordered]

    def median(rounds: int) -> list[float]:
        return [statistics.median(one) * 1e3 for one in zip(*[once() for _ in range(rounds)])]

    on = median(9)
    gc.disable()
    off = median(9)
    return [*off, sum(on) - sum(off)], lambda: None, lambda _: None


TASKS: dict[str, Callable[[str], Task]] = {
    "microgpt": microgpt,
    "moons": moons_step,
    "chain": chain,
    "growth": lambda engine: chain(OURS, int(engine)),
    "memory": memory,
    "parts": parts,
}


# ---------------------------------------------------------------- the driver
def start(task: str, engine: str, **env: str) -> Worker:
    """A peer, by its name, never sees this checkout; ours sees of theirs the file it is given."""
    peer = engine in PEERS
    if not peer:
        env["PYTHONPATH"] = str(COMPILED if engine.endswith(CORES[1]) else REPO)
        env["WHYGRAD_PURE"] = "" if engine.endswith(CORES[1]) else "1"
        engine = engine.removesuffix(CORES[1])
    return Worker(__file__, task, engine, python_of(engine if peer else OURS), **env)


def compared(
    task: str,
    base: str,
    workers: dict[str, Worker],
    tolerance: float,
    unit: float,
    rounds: int = ROUNDS,
) -> dict[str, Any]:
    """Times with the collector on and off, once all results agree with ``base``'s."""
    for name, worker in workers.items():
        close_enough(
            worker.result, workers[base].result, tolerance, f"{task}, {name} against {base}"
        )
    times: dict[str, dict[str, list[float]]] = {}
    for mode in ("on", "off"):
        seconds = in_turn(workers, rounds, mode)
        times[mode] = {name: [s / unit for s in seconds[name]] for name in workers}
    for worker in workers.values():
        worker.close()
    return times


def both(*engines: str) -> list[str]:
    """Engines of ours, each in both cores."""
    return [engine + core for engine in engines for core in CORES]


def row(
    what: str,
    bars: tuple[float, float],
    times: dict[str, Any],
    over: str,
    under: str,
    most: bool = False,
) -> Row:
    """``over`` ÷ ``under``, of which the one that is ours is taken in both cores."""
    said, off, each = [], [], []
    for core, bar in zip(CORES, bars):
        pair = [name if name in PEERS else name + core for name in (over, under)]
        ratios = [ratio(times[mode][pair[0]], times[mode][pair[1]]) for mode in ("on", "off")]
        said.append(ratios[0].text("×") + verdict(ratios[0].median, bar, most))
        off.append(f"{ratios[1].median:.3g}×")
        medians = [f"{Figure(tuple(times['on'][name])).median:.3g}" for name in pair]
        each.append(" ÷ ".join(medians))
    return what, bars_text(bars, "×", most), *said, "; ".join(off), "; ".join(each)


def bars_text(bars: tuple[float, float], unit: str, most: bool) -> str:
    sign = "≤" if most else "≥"
    first, second = (f"{sign} {bar:g}{unit}" if bar < math.inf else "–" for bar in bars)
    return first if first == second else f"{first}; {second}"


def microgpt_rows() -> list[Row]:
    python_of("microgpt")
    env = {"MICROGPT": file_of("microgpt", "strands_microgpt.engine")}
    engines = ["microgpt", *both("ours", "ours by dot")]
    workers = {e: start("microgpt", e, **env) for e in engines}
    times = compared("microgpt", "microgpt", workers, 1e-9, GPT_STEPS / 1e3)
    what = "microgpt training, only `Value` replaced: its own ÷ ours"
    dot = "the same, `_linear` by `autograd.dot`"
    return [
        row(what, (2.6, 7), times, "microgpt", "ours"),
        row(dot, (11, 20), times, "microgpt", "ours by dot"),
    ]


def moons_rows() -> list[Row]:
    python_of("micrograd")
    env = {"MICROGRAD_NN": file_of("micrograd", "micrograd.nn")}
    engines = ["micrograd", *both("ours", "nn.MLP")]
    workers = {e: start("moons", e, **env) for e in engines}
    times = compared("moons", "micrograd", workers, 1e-9, 1e-3)
    what = "moons step, micrograd's own neurons on our `Value`: micrograd ÷ ours"
    return [
        row(what, (12, 30), times, "micrograd", "ours"),
        row("the same as `nn.MLP`", (30, 50), times, "micrograd", "nn.MLP"),
    ]


def chain_rows() -> list[Row]:
    workers = {e: start("chain", e) for e in ("xad", *both("ours"))}
    times = compared("chain", "xad", workers, 1e-9, 1e-3, rounds=21)  # short: more of them
    what = "chain of 100,000 ops, build + backward: ours ÷ XAD's C++ tape"
    return [row(what, (1.8, 0.65), times, "ours", "xad", most=True), parts_row()]


def parts_row() -> Row:
    said = []
    for engine in both("ours"):
        worker = start("parts", engine)
        worker.close()
        names = ("build", "order", "sweep", "collector")
        said.append(", ".join(f"{n} {ms:.3g}" for n, ms in zip(names, worker.result)))
    return "where its time goes, in ms (the first three with the collector off)", "–", *said, "", ""


def growth_rows() -> list[Row]:
    sizes = {"100000": 1, "1000000": 10}
    workers = {size + core: start("growth", size + core) for size in sizes for core in CORES}
    times: dict[str, Any] = {}
    for mode in ("on", "off"):
        raw = in_turn(workers, rounds=5, collector=mode)
        times[mode] = {
            name: [s * 1e3 / sizes[name.removesuffix(CORES[1])] for s in raw[name]]
            for name in workers
        }
    for worker in workers.values():
        worker.close()
    what = "time an op at 1,000,000 ops ÷ at 100,000"
    whole = [Figure(tuple(ms / 100 for ms in times["on"]["1000000" + core])) for core in CORES]
    said = [whole[0].text(" s"), whole[1].text(" s") + verdict(whole[1].median, 1.2, True)]
    return [
        row(what, (1.6, math.inf), times, "1000000", "100000", most=True),
        ("chain of 1,000,000 ops, build + backward", "–; ≤ 1.2 s", *said, "", ""),
    ]


def memory_rows() -> list[Row]:
    said = []
    for engine, bar in zip(both("ours"), (140, 120)):
        worker = start("memory", engine)
        worker.close()
        said.append(f"{worker.result[0]:.1f}" + verdict(worker.result[0], bar, True))
    return [("bytes an op on that chain after a pass", "≤ 140; ≤ 120", *said, "the same", "")]


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
    return [(what, "≤ 100 ms", *said, "", "")]


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
    (y, dy), _, _ = chain(OURS, 2_000)
    close_enough(dy, 1.0000001**1000, 1e-12, "chain")
    losses, _, _ = moons_step("nn.MLP")
    assert losses[-1] < losses[0], losses
    print(f"eager: chain {y:.9f}, moons {losses[0]:.4f} → {losses[-1]:.4f}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--only", choices=PARTS, action="append")
    arguments.add_argument("--write", action="store_true", help="put the table into README.md")
    arguments.add_argument("--smoke", action="store_true")
    arguments.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    if chosen.worker:
        serve(*TASKS[chosen.worker[0]](chosen.worker[1]))
    elif chosen.smoke:
        sys.path.insert(0, str(REPO))
        smoke()
    else:
        if not list(COMPILED.glob("whygrad__mypyc.*")):
            raise SystemExit("the compiled core is measured too: run `make compiled` first")
        rows = [row for part in chosen.only or PARTS for row in PARTS[part]()]
        report("eager", rows, HEAD, chosen.write)


if __name__ == "__main__":
    main()
