"""Where boxes and wires go: the first layout engine that works, and ours if none does.

In order: the environment variable ``WHYGRAD_LAYOUT`` (``dot``, ``graphviz-pure``, a path to either,
or ``own``); ``dot`` on the PATH; ``graphviz-pure``; layered.py. A program must first draw a tiny
graph in time. When its time is up its whole process group is ended, and it is not asked again.
Geometry comes from the engine, the SVG from us. Reads boxes.py, dot.py and layered.py; read by
drawing.py and digraph.py.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from . import layered
from .boxes import Boxes, Geometry, Path, Point, Wires, rows_of
from .dot import GAP, STUB, source
from .errors import DrawingError
from .layered import MARGIN

if TYPE_CHECKING:
    import subprocess

SETTING = "WHYGRAD_LAYOUT"
SMOKE, SECONDS, RENDER = 2.0, 5.0, 15.0  # s, for the tiny graph, a drawing, another format
SMOKE_TEXT = 'digraph { rankdir=LR a -> b [id="0"] }'
MOST = 1 << 27  # bytes; a PNG of 3,000 nodes has a fifth of it
LARGE = 500  # wires; to be late with so many says nothing about smaller drawings
WIDEST, RISE = 96.0, 0.2  # px between columns: more for steep wires, as four fifths of them rise

Answer = tuple[float, list[Point], list[list[Point]]]
_limit: dict[str, float] = {}  # of each program that was asked, the wires at which it fails


def place(boxes: Boxes, wires: Wires) -> Geometry:
    """Where every box and wire goes; the same graph, on one machine, always at the same place."""
    for program in programs(len(wires)):
        until = time.monotonic() + SECONDS
        first = _ask(program, boxes, wires, until)  # to learn the order of the rows
        found = first and _ask(program, boxes, wires, until, first.paths)
        if found:
            return found
        _gave_up(program, len(wires))
    return layered.place(boxes, wires)


def render(text: str, format: str, engine: str = "dot") -> bytes:
    """DOT text in a format of Graphviz's own; DrawingError where no program does it in 15 s."""
    why = "no Graphviz program here makes it; put Graphviz's dot on the PATH, "
    why += "pip install graphviz-pure, or"
    until = time.monotonic() + RENDER
    for program in programs():  # large drawings too: here is more time
        late = min(until, time.monotonic() + SECONDS) if format == "svg" else until
        output = run(program, text, format, late, engine)
        if output:
            return output
        if time.monotonic() >= late:
            _gave_up(program, text.count("->"))
        if time.monotonic() >= until:
            why = f"at most {RENDER:g} s are given, and {program} took longer;"
            break
    raise DrawingError(f"{format}: {why} use .svg, which viz draws itself")


def programs(wires: int = 0) -> Iterator[str]:
    """The Graphviz programs that work, the preferred one first, for a drawing of this size."""
    setting = os.environ.get(SETTING, "")
    for program in dict.fromkeys(filter(None, _candidates(setting))):
        if program not in _limit:
            smoke = run(program, SMOKE_TEXT, "json0", time.monotonic() + SMOKE)
            _limit[program] = 0 if _read(smoke, 2, 1) is None else math.inf
            if not _limit[program] and program == setting:
                warnings.warn(f"{SETTING}: {setting} draws nothing; others are tried", stacklevel=2)
        if wires < _limit[program]:
            yield program


def found() -> str:
    """The engines that work here, the preferred one first: for ``python -m autograd``."""
    return ", ".join([*programs(), "our own"])


def _candidates(setting: str) -> list[str | None]:
    import sysconfig  # a tenth of what importing viz may cost

    scripts = (os.path.dirname(sys.executable), sysconfig.get_path("scripts"))  # not always on PATH
    folders = (os.pathsep.join(scripts), None)
    pure, dot = [shutil.which("graphviz-pure", path=x) for x in folders], shutil.which("dot")
    orders = {"own": [], "dot": [dot, *pure], "graphviz-pure": [*pure, dot]}
    return orders.get(setting, [setting, dot, *pure])


def _gave_up(program: str, wires: int) -> None:
    _limit[program] = min(_limit[program], wires if wires >= LARGE else 0)


def run(program: str, text: str, format: str, until: float, engine: str = "dot") -> bytes | None:
    """What ``program`` makes of ``text``; None if it fails, or is late on the monotonic clock."""
    import subprocess  # a third of what importing viz may cost
    from threading import Thread

    options: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    options["start_new_session"] = True  # Windows ignores it, but has a flag of its own
    options["creationflags"] = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    command = [program, f"-K{engine}", f"-T{format}"]
    try:
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, **options)
    except OSError:
        return None
    stdin, stdout, output = process.stdin, process.stdout, []
    assert stdin is not None and stdout is not None

    def talk() -> None:
        with suppress(OSError), stdin:  # it need not read all
            stdin.write(text.encode())
        with stdout:
            output.append(stdout.read(MOST))

    thread = Thread(target=talk, daemon=True)
    thread.start()
    try:
        thread.join(max(0.0, until - time.monotonic()))
        if output and len(output[0]) < MOST:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - time.monotonic()))
    finally:
        if process.returncode is None:  # late, without end, or we were interrupted
            _end(process)
    thread.join(1.0)  # it met the end of its pipe
    return output[0] if output and process.returncode == 0 else None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started."""
    if os.name == "nt":
        import subprocess

        tree = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(tree, check=False, capture_output=True)
    else:
        import signal

        os.killpg(process.pid, signal.SIGKILL)  # not reaped yet, so the group is there
    process.kill()
    process.wait()


def _ask(
    program: str, boxes: Boxes, wires: Wires, until: float, before: Sequence[Path] = ()
) -> Geometry | None:
    """``program``'s geometry, rows and gaps as the paths ``before`` taught; None if it fails."""
    rows, gap = None, GAP
    if before:
        rows = rows_of(boxes, wires, [_slope(path) for path in before])
        rises = sorted(abs(path[-1][-1] - path[0][-1]) for path in before)
        gap = min(WIDEST, max(GAP, RISE * rises[len(rises) * 4 // 5]))
    text = source(boxes, wires, rows, labels=False, gap=gap)
    found = _read(run(program, text, "json0", until), len(boxes), len(wires))
    if found is None:
        return None
    height, centres, curves = found
    left = MARGIN - STUB  # the first column's boxes have stubs too
    corners = [
        (round(x - box.width / 2 + left, 1), round(height - y - box.height / 2 + MARGIN, 1))
        for box, (x, y) in zip(boxes, centres, strict=True)
    ]
    paths, clearance = [], layered.Clearance(boxes, corners)
    for index, (wire, curve) in enumerate(zip(wires, curves, strict=True)):
        (x, y), box = corners[wire.source], boxes[wire.source]
        start = (x + box.width, y + (box.row(rows[index]) if rows else box.height / 2))
        x, y = corners[wire.target]
        end = (x, y + boxes[wire.target].port(wire.port))
        middle = [(x + left, height - y + MARGIN) for x, y in curve[1:-1]]
        points = [(start[0] + STUB, start[1]), *middle, (end[0] - STUB, end[1])]  # our exact ends
        bends = [(*points[i], *points[i + 1], *points[i + 2]) for i in range(1, len(points), 3)]
        plain = clearance.way(start, end)  # calmer
        paths.append(plain or (start, points[0], *bends, end))
    width = max(x + box.width for box, (x, _) in zip(boxes, corners, strict=True)) + MARGIN
    height += 2 * MARGIN
    engine = os.path.basename(program)
    return Geometry(width, height, tuple(corners), tuple(rows or ()), tuple(paths), engine)


def _slope(path: Path) -> tuple[float, float]:
    """How steeply a wire leaves, and where it arrives: the order of those that leave one box."""
    (x, y), (to_x, to_y) = path[0], path[2][-2:]
    return (to_y - y) / max(1.0, to_x - x), path[-1][-1]


def _read(output: bytes | None, boxes: int, wires: int) -> Answer | None:
    """Height, boxes' centres and wires' curves, from Graphviz's json0; None for anything else."""
    try:
        graph = json.loads(output or b"")
        height = float(graph["bb"].split(",")[3])
        centres = [_point(item["pos"]) for item in graph["objects"]]
        found = {edge["id"]: edge["pos"].split() for edge in graph.get("edges", ())}
        curves = [[_point(p) for p in found[str(i)] if p[0] not in "es"] for i in range(wires)]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        return None
    numbers = (n for points in (centres, *curves) for point in points for n in point)
    shaped = len(centres) == boxes and all(len(curve) % 3 == 1 for curve in curves)
    return (height, centres, curves) if shaped and all(map(math.isfinite, numbers)) else None


def _point(text: str) -> Point:
    x, y = text.split(",")
    return float(x), float(y)
