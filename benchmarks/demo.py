"""The main job: time of `make demo` in a fresh clone, pip cache warm, and of its program alone.

python benchmarks/demo.py
"""

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

from common import REPO, Figure, Row, report, verdict

HEAD: Row = ("what", "bar", "median (range)", "")
RUNS = 3  # each makes an environment; the unrecorded first one warms pip's cache


def seconds(*command: str, folder: Path) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return time.perf_counter() - start


def table() -> list[Row]:
    whole, alone = [], []
    for _ in range(RUNS + 1):
        with tempfile.TemporaryDirectory() as temporary:
            clone = Path(temporary) / "whygrad"
            subprocess.run(["git", "clone", "--quiet", str(REPO), str(clone)], check=True)
            whole.append(seconds("make", "demo", folder=clone))
            alone.append(seconds(".venv/bin/python", "examples/iris.py", folder=clone))
    demo, program = Figure(tuple(whole[1:])), Figure(tuple(alone[1:]))
    return [
        (
            "`make demo` in a fresh clone, warm pip cache",
            "≤ 60 s",
            demo.text(" s") + verdict(demo.median, 60, most=True),
            "",
        ),
        (
            "its program alone: training, drawing, page and walk",
            "≤ 10 s (training)",
            program.text(" s") + verdict(program.median, 10, most=True),
            "",
        ),
    ]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--write", action="store_true", help="put the table into README.md")
    report("demo", table(), HEAD, arguments.parse_args().write)


if __name__ == "__main__":
    main()
