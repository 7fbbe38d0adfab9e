"""What the benchmarks share: peers in environments of their own, turns taken, medians, tables.

Standard library only: the peers' interpreters run it too. Read by every script of this folder.

A *worker* is one engine at one task, in its own process. The driver starts all workers of a task,
compares what they computed, and only then lets them run in turn, so that a slow minute of the
machine meets all alike; a ratio is taken within a round, and what is reported is the median of the
rounds and their range.

Where a figure is one of training, a worker takes *consecutive steps*, in a process that has
imported what users import, and nobody collects between them; each round has processes of its own.
"""

import argparse
import gc
import importlib
import itertools
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
REPO = HERE.parent
ENVIRONMENTS = HERE / ".envs"
COMPILED = REPO / "build" / "compiled"
OURS = "ours"
CORES = ("", ", compiled")  # what follows an engine's name
ROUNDS = 7  # the issue asks for a median of five; two more cost little and steady it

# Versions are fixed: a figure against "the latest" cannot be made again.
PEERS = {
    "microgpt": [
        "--no-deps",
        "strands-microgpt==0.1.0",
    ],  # its engine needs none of its dependencies
    "micrograd": ["micrograd==0.1.0", "torch==2.13.0", "numpy", "scikit-learn", "pytest"],
    # Where all eager engines run, ours too: what a user imports beside any of them.
    "eager": ["micrograd==0.1.0", "xad==1.5.2", "numpy", "scikit-learn", "matplotlib"],
    "jax": ["jax==0.10.2", "jaxlib==0.10.2", "numpy", "scipy"],
    "drjit": ["drjit==1.5.0", "numpy", "scipy"],
    "hips": ["autograd==1.8.0", "numpy"],  # HIPS's package has our package's name: never beside it
}


# What a process has imported before the first step: each live object costs the collector time.
SURROUNDINGS = ("numpy", "sklearn.datasets", "matplotlib.pyplot")


def python_of(peer: str) -> str:
    """The interpreter that has ``peer``; its environment is made at first use."""
    if peer == OURS:
        return sys.executable
    folder = ENVIRONMENTS / peer
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    made_with = folder / "made-with"
    if not made_with.exists() or made_with.read_text() != repr(PEERS[peer]):
        print(f"installing {peer} under {ENVIRONMENTS.relative_to(REPO)}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        quiet = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*quiet, *PEERS[peer]], check=True)
        made_with.write_text(repr(PEERS[peer]))
    return str(python)


def file_of(peer: str, module: str) -> str:
    """Where a module of ``peer`` lies, e.g. ``micrograd.nn``; nothing of it is imported here."""
    found = sorted((ENVIRONMENTS / peer).glob(f"**/site-packages/{module.replace('.', '/')}.py"))
    if not found:
        raise FileNotFoundError(f"{peer}: its environment has no module {module}")
    return str(found[0])


# ---------------------------------------------------------------- a worker's side
def serve(result: Any, prepare: Callable[[], Any], run: Callable[[Any], Any]) -> None:
    """Say what was computed, then time ``run(prepare())`` once for each line of the driver."""
    print(json.dumps(result), flush=True)
    for _line in sys.stdin:
        state = prepare()
        gc.collect()  # leftovers of an earlier run are nobody's time
        start = time.process_time()  # the processor's: what else the machine does is not counted
        kept = run(state)  # kept: taking the graph down is not part of build and backward
        seconds = time.process_time() - start
        del kept, state
        print(json.dumps(seconds), flush=True)


def serve_steps(result: Any, run: Callable[[int, Callable[[], None]], Any]) -> None:
    """Say what was computed, then run as many steps in a row as each line of the driver says.

    ``run(steps, done)`` calls ``done`` after each step. Taking the last step's graph down is part
    of the next step, as it is for users. The answer: each step's seconds, and its full collections.
    """
    print(json.dumps(result), flush=True)
    for line in sys.stdin:
        marks = [(time.process_time(), _full_collections())]
        run(int(line), lambda to=marks: to.append((time.process_time(), _full_collections())))
        steps = [(b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(marks)]
        print(json.dumps(steps), flush=True)


def _full_collections() -> int:
    return int(gc.get_stats()[2]["collections"])


def import_surroundings() -> None:
    for name in SURROUNDINGS:
        importlib.import_module(name)


# ---------------------------------------------------------------- the driver's side
class Worker:
    """One engine at one task, in its own process: ``script --worker task engine``."""

    def __init__(
        self,
        script: str,
        task: str,
        engine: str,
        python: str,
        prefix: Sequence[str] = (),
        **env: str,
    ):
        self.name = f"{task} {engine}"
        command = [*prefix, python, script, "--worker", task, engine]
        environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYTHONHOME"}}
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=HERE,
            env={**environment, **env},
        )
        self.result = self._read()

    def _read(self) -> Any:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(("{", "[")) or line[:1].isdigit():
                return json.loads(line)
            print(line, end="", file=sys.stderr)  # a peer's own chatter
        raise SystemExit(f"{self.name}: ended with status {self.process.wait()} before it answered")

    def seconds(self) -> float:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self._read())

    def steps(self, count: int) -> "Steps":
        assert self.process.stdin is not None
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        return Steps(*zip(*self._read(), strict=True))

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def in_turn(workers: dict[str, Worker], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Seconds of each worker, one a round; an unrecorded round warms them up."""
    times: dict[str, list[float]] = {name: [] for name in workers}
    for turn in range(rounds + 1):
        for name, worker in workers.items():
            seconds = worker.seconds()
            if turn:
                times[name].append(seconds)
    return times


@dataclass(frozen=True)
class Steps:
    """Consecutive steps of one process: each one's seconds, and the full collections in it."""

    seconds: tuple[float, ...]
    full: tuple[int, ...]

    @property
    def mean(self) -> float:
        return statistics.fmean(self.seconds)

    @property
    def full_in_100(self) -> float:
        return 100.0 * sum(self.full) / len(self.full)

    @property
    def longest(self) -> float:
        """The longest step that no full collection fell into, as a multiple of the mean; or nan."""
        others = [s for s, full in zip(self.seconds, self.full) if not full]
        return max(others, default=math.nan) / self.mean


def start(script: str, task: str, engine: str, **env: str) -> Worker:
    """A worker in the environment of the eager engines; the name of ours says which core.

    A peer, by its name, never sees this checkout; ours sees of theirs the file that it is given.
    """
    if engine.startswith(OURS):
        compiled = engine.endswith(CORES[1])
        env["PYTHONPATH"] = str(COMPILED if compiled else REPO)
        env["WHYGRAD_PURE"] = "" if compiled else "1"
        engine = engine.removesuffix(CORES[1])
    return Worker(script, task, engine, python_of("eager"), MPLBACKEND="Agg", **env)


def by_core(
    script: str, task: str, processes: int, parts: Iterable[str]
) -> dict[str, dict[str, list[Any]]]:
    """What a task's workers say of its parts: by core, one a process, the cores in turn."""
    found: dict[str, dict[str, list[Any]]] = {part: {core: [] for core in CORES} for part in parts}
    for _ in range(processes):
        for core in CORES:
            worker = start(script, task, OURS + core)
            for part, result in worker.result.items():
                found[part][core].append(result)
            worker.close()
    return found


def parser(doc: str, workers: bool = False) -> argparse.ArgumentParser:
    """The arguments of a benchmark, with ``workers`` of its own or without."""
    arguments = argparse.ArgumentParser(description=doc.splitlines()[0])
    arguments.add_argument("--write", action="store_true", help="put the table into README.md")
    arguments.add_argument("--smoke", action="store_true")
    if workers:
        arguments.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    return arguments


def needs_compiled() -> None:
    if not list(COMPILED.glob("whygrad__mypyc.*")):
        raise SystemExit("the compiled core is measured too: run `make compiled` first")


@dataclass(frozen=True)
class Figure:
    """Median and range of what was measured once a round."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def text(self, unit: str = "", digits: int = 3) -> str:
        low, high = min(self.values), max(self.values)
        return f"{self.median:.{digits}g}{unit} ({low:.{digits}g}–{high:.{digits}g})"


def ratio(over: Iterable[float], under: Iterable[float]) -> Figure:
    """Round by round, ``over`` divided by ``under``."""
    return Figure(tuple(a / b for a, b in zip(over, under)))


def close_enough(ours: Any, peer: Any, tolerance: float, what: str) -> None:
    """Refuse to time engines that do not compute the same: numbers, or lists of them."""
    pairs = list(zip(ours, peer)) if isinstance(ours, list) else [(ours, peer)]
    worst = max(abs(a - b) / max(1.0, abs(b)) for a, b in pairs)
    if not worst <= tolerance:
        raise SystemExit(
            f"{what}: results differ by {worst:.2g}, more than {tolerance:g}; nothing was timed"
        )


# ---------------------------------------------------------------- tables
Row = tuple[str, ...]  # what, bar, figure and what else a table has


def verdict(figure: float, bar: float, most: bool) -> str:
    return "" if (figure <= bar if most else figure >= bar) else " **missed**"


def machine() -> str:
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":")[1].strip()
            for line in info.read_text().splitlines()
            if "model name" in line
        ]
        cpu = names[0] if names else cpu
    return (
        f"{cpu}, {os.cpu_count()} cores, {platform.system()}, CPython {platform.python_version()}"
    )


def report(name: str, rows: Sequence[Row], head: Row, write: bool) -> None:
    """Print a table; with ``write``, put it between its marks, wherever these are, as well."""
    lines = ["| " + " | ".join(row) + " |" for row in [head, ("---",) * len(head), *rows]]
    lines += ["", f"{machine()}; {time.strftime('%Y-%m-%d')}."]
    print("\n".join(lines), flush=True)
    if write:
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
        for page in (HERE / "README.md", REPO / "docs" / "speed.md"):
            before, mark, rest = page.read_text(encoding="utf-8").partition(begin)
            if mark:
                table = "\n".join(lines) + "\n"
                page.write_text(before + begin + table + end + rest.split(end)[1], encoding="utf-8")
