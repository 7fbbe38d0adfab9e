"""Where boxes and wires go: the first layout engine that works, and ours if none does.

In order: the environment variable ``WHYGRAD_LAYOUT`` (``dot``, ``graphviz-pure``, a path to either, or
``own``); ``dot`` on the PATH; ``graphviz-pure``; layered.py. A program must first draw one small graph
in time; when its time is up its whole process group is ended, and one that failed is not asked again.
Geometry comes from the engine, the SVG from us. Read by drawing.py and dot.py.
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
from typing import Any

from autograd.errors import DrawingError

from . import layered
from .dot import GAP, STUB, source
from .drawing import Box, Geometry, Segment, Wire

SETTING = "WHYGRAD_LAYOUT"
SMOKE, SECONDS, RENDER = 2.0, 5.0, 15.0  # s: the smoke render, a drawing, a PNG of Graphviz's own
LARGE = 500  # wires; too large a drawing says nothing about an engine's health
SPREAD = 30.0  # px right of a box, where the wires that leave it have parted
MARGIN = 12.0
WIDEST = 96.0  # px between columns, where wires rise steeply
SMOKE_TEXT = 'digraph { rankdir=LR a -> b [id="0"] }'

_sound: set[str] = set()  # programs that passed the smoke render
_limit: dict[str, int] = {}  # wires at which a program failed: 0, or a large drawing's


def place(boxes: Sequence[Box], wires: Sequence[Wire]) -> Geometry:
    """Where every box and wire goes; the same graph on the same machine always at the same place."""
    for program in programs(len(wires)):
        until = time.monotonic() + SECONDS
        geometry = _ask(program, boxes, wires, None, until)
        if geometry is not None:  # once to learn the order of the rows, once with it
            rows, gap = _rows(boxes, wires, geometry), _gap(geometry)
            geometry = _ask(program, boxes, wires, rows, until, gap)
        if geometry is not None:
            return geometry
        gave_up(program, len(wires))
    return layered.place(boxes, wires)


def render(text: str, format: str, wires: int = 0, engine: str = "dot") -> bytes:
    """DOT text in a format of Graphviz's own.

    Raises:
        DrawingError: no program renders it, or not within 15 s.
    """
    until = time.monotonic() + RENDER
    for program in programs(wires):
        left = until - time.monotonic()
        start, allowed = time.monotonic(), min(left, SECONDS) if format == "svg" else left
        output = run(program, text, format, allowed, engine)
        if output:
            return output
        if time.monotonic() - start >= allowed:
            gave_up(program, wires)
            if time.monotonic() >= until:
                raise DrawingError(
                    f"{format}: {program} took more than {RENDER:g} s; use .svg, which viz draws itself"
                )
    raise DrawingError(
        f"{format}: a working Graphviz is required, found none; "
        "pip install graphviz-pure, or use .svg, which viz draws itself"
    )


def programs(wires: int = 0) -> Iterator[str]:
    """Working Graphviz programs, the preferred one first, for a drawing of this size."""
    setting = os.environ.get(SETTING, "")
    for program in dict.fromkeys(_candidates(setting)):
        if program not in _sound and program not in _limit:
            smoke = run(program, SMOKE_TEXT, "json0", SMOKE)
            if smoke is not None and _read(smoke, 2, 1) is not None:
                _sound.add(program)
            else:
                _limit[program] = 0
                if setting:
                    warnings.warn(
                        f"{SETTING}: {setting!r} does not draw; trying others", stacklevel=2
                    )
        if wires < _limit.get(program, sys.maxsize):
            yield program


def gave_up(program: str, wires: int) -> None:
    """Remember that ``program`` failed, so that it is not waited for again."""
    _limit[program] = min(_limit.get(program, sys.maxsize), wires if wires >= LARGE else 0)


def _candidates(setting: str) -> Iterator[str]:
    if setting == "own":
        return
    if setting not in ("", "dot", "graphviz-pure"):
        yield setting
    scripts = os.path.dirname(sys.executable)
    pure = (
        shutil.which("graphviz-pure", path=scripts) or _installed() or shutil.which("graphviz-pure")
    )
    found = (
        (pure, shutil.which("dot")) if setting == "graphviz-pure" else (shutil.which("dot"), pure)
    )
    yield from filter(None, found)


def _installed() -> str | None:
    """graphviz-pure in this interpreter's scripts folder, which need not be on the PATH."""
    import sysconfig

    return shutil.which("graphviz-pure", path=sysconfig.get_path("scripts"))


def run(program: str, text: str, format: str, seconds: float, engine: str = "dot") -> bytes | None:
    """What ``program`` renders ``text`` to; None if it fails or is late."""
    import subprocess

    group: dict[str, Any] = {"start_new_session": True}
    if os.name == "nt":
        group = {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    try:
        process = subprocess.Popen(
            [program, f"-K{engine}", f"-T{format}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **group,
        )  # fmt: skip
    except OSError:
        return None
    try:
        output, _ = process.communicate(text.encode(), timeout=max(0.0, seconds))
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.returncode is None:  # late, or we were interrupted
            _end(process)
    return output if process.returncode == 0 else None


def _end(process: Any) -> None:
    """End a process and all that it started."""
    import subprocess

    if os.name == "nt":
        tree = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(tree, check=False, capture_output=True)
    else:
        import signal

        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # it is already gone
            pass
    process.kill()
    process.stdin.close()
    process.stdout.close()
    process.wait()


def _ask(
    program: str, boxes: Sequence[Box], wires: Sequence[Wire], rows: Sequence[int] | None,
    until: float, gap: float = GAP,
) -> Geometry | None:  # fmt: skip
    """``program``'s geometry of the drawing, or None if it fails or is late."""
    text = source(boxes, wires, rows, labels=False, gap=gap)
    found = _read(run(program, text, "json0", until - time.monotonic()), len(boxes), len(wires))
    if found is None:
        return None
    height, centres, curves = found
    corners = tuple(
        (round(x - box.width / 2 + MARGIN, 1), round(height - y - box.height / 2 + MARGIN, 1))
        for box, (x, y) in zip(boxes, centres, strict=True)
    )
    paths, clear = [], layered.Clearance(boxes, corners)
    for index, (wire, curve) in enumerate(zip(wires, curves, strict=True)):
        (x, y), tail = corners[wire.source], boxes[wire.source]
        start = (x + tail.width, y + (tail.height / 2 if rows is None else tail.row(rows[index])))
        x, y = corners[wire.target]
        end = (x, y + boxes[wire.target].port(wire.port))
        paths.append(
            clear.way(start, end)  # calmer than the engine's own curve
            or _path(start, [(x + MARGIN, height - y + MARGIN) for x, y in curve], end)
        )
    right = max(x + box.width for box, (x, _) in zip(boxes, corners, strict=True))
    return Geometry(
        right + MARGIN, round(height + 2 * MARGIN, 1), corners, tuple(rows or ()), tuple(paths),
        os.path.basename(program),
    )  # fmt: skip


def _path(start: Segment, curve: Sequence[Segment], end: Segment) -> tuple[Segment, ...]:
    """The engine's curve between our own exact ends, which leave and arrive level."""
    leaves, arrives = (start[0] + STUB, start[1]), (end[0] - STUB, end[1])
    points = [leaves, *curve[1:-1], arrives]
    curves = [(*points[i], *points[i + 1], *points[i + 2]) for i in range(1, len(points), 3)]
    return (start, leaves, *curves, end)


def _rows(boxes: Sequence[Box], wires: Sequence[Wire], geometry: Geometry) -> list[int]:
    """For each wire its row at its source, in the order in which the wires part."""
    leaving: list[list[tuple[float, float, int]]] = [[] for _ in boxes]
    for index, (wire, path) in enumerate(zip(wires, geometry.paths, strict=True)):
        leaving[wire.source].append((_height(path, path[0][0] + SPREAD), path[-1][1], index))
    rows = [0] * len(wires)
    for box in boxes:
        for row, (_, _, index) in enumerate(sorted(leaving[box.index])):
            rows[index] = 0 if box.shares else row
    return rows


def _gap(geometry: Geometry) -> float:
    """Space between columns, so that most wires rise gently."""
    rises = sorted(
        abs(path[-1][-1] - path[0][1])
        for path in geometry.paths
        if path[-1][-2] - path[0][0] < 4 * GAP
    )
    return min(WIDEST, max(GAP, 0.2 * rises[len(rises) * 4 // 5])) if rises else GAP


def _height(path: Sequence[Segment], at: float) -> float:
    """The height of a path where it first passes ``at``."""
    x0, y0 = path[0]
    for segment in path[1:]:
        if len(segment) == 6:
            x1, y1, x2, y2, x3, y3 = segment
            for i in range(1, 9):
                t, s = i / 8, 1 - i / 8
                x = s**3 * x0 + 3 * s * s * t * x1 + 3 * s * t * t * x2 + t**3 * x3
                if x >= at:
                    return s**3 * y0 + 3 * s * s * t * y1 + 3 * s * t * t * y2 + t**3 * y3
        x0, y0 = segment[-2:]
    return y0


Found = tuple[float, list[tuple[float, float]], list[list[tuple[float, float]]]]


def _read(output: bytes | None, boxes: int, wires: int) -> Found | None:
    """Height, centres of the boxes and curves of the wires from Graphviz's json0; None for garbage."""
    try:
        graph = json.loads(output or b"")
        height = float(graph["bb"].split(",")[3])
        centres = [_point(item["pos"]) for item in graph["objects"]]
        by_wire = {int(edge["id"]): edge["pos"] for edge in graph.get("edges", ())}
        curves = [[_point(p) for p in by_wire[i].split() if p[0] not in "es"] for i in range(wires)]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None
    shaped = len(centres) == boxes and all(len(curve) % 3 == 1 for curve in curves)
    numbers = (n for point in (*centres, *(p for curve in curves for p in curve)) for n in point)
    return (height, centres, curves) if shaped and all(map(math.isfinite, numbers)) else None


def _point(text: str) -> tuple[float, float]:
    x, y = text.split(",")
    return float(x), float(y)
