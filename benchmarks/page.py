"""The page: its size, and in headless Chromium the time to open it, to step and to drag; axe.

    python benchmarks/page.py [--smoke] [--axe path/to/axe.min.js]

The graph has 32 nodes: two tanh neurons, a linear one, its squared error and a weight decay. Work
is the main thread's (Chromium's TaskDuration), layout and painting included. Without --axe, npm
fetches axe-core into a temporary folder.
"""

from __future__ import annotations

import argparse
import gzip
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import viz
from autograd import Value

WIDTHS = {1280: 720, 360: 740}
PAINTED = """new Promise((done) => new PerformanceObserver((entries) => {
    done(Math.max(performance.timing.loadEventEnd - performance.timeOrigin,
                  ...entries.getEntries().map((entry) => entry.startTime)));
}).observe({ type: "paint", buffered: true }))"""  # ms from the start; a file has no network


def network() -> Value:
    """Two inputs, two tanh neurons, a linear one, the squared error of its output, weight decay."""
    rng = random.Random(0)

    def value(label: str) -> Value:
        return Value(round(rng.uniform(-1, 1), 3), label)

    x1, x2, hidden = value("x1"), value("x2"), []
    for n in (1, 2):
        w1, w2, b = (value(f"{name}{n}") for name in ("u", "v", "b"))
        hidden.append((w1 * x1 + w2 * x2 + b).tanh())
    w1, w2, b = value("w1"), value("w2"), value("c")
    error = w1 * hidden[0] + w2 * hidden[1] + b - 0.5
    loss = error * error + 0.01 * (w1 * w1 + w2 * w2)
    loss.label = "loss"
    return loss


def axe_script(given: str | None) -> str:
    if given:
        return Path(given).read_text("utf-8")
    folder = Path(tempfile.mkdtemp())
    try:
        npm = ["npm", "install", "--silent", "--prefix", str(folder), "axe-core@4"]
        subprocess.run(npm, check=True, timeout=120)
        return (folder / "node_modules/axe-core/axe.min.js").read_text("utf-8")
    finally:
        shutil.rmtree(folder)


def work(page: Any, session: Any, act: str) -> float:
    """Milliseconds of the main thread that a script costs, until the next frames are out."""

    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(float(m["value"]) for m in metrics if m["name"] == "TaskDuration")

    frames = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    page.evaluate(frames)
    before = spent()
    page.evaluate(act)
    page.evaluate(frames)
    return 1000 * (spent() - before)


def spread(times: list[float]) -> str:
    return f"median {statistics.median(times):.1f} ms, {min(times):.1f} to {max(times):.1f}"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--smoke", action="store_true", help="the size only")
    parser.add_argument("--axe", help="axe.min.js, if it is there already")
    arguments = parser.parse_args()

    trace = viz.trace(network())
    html = trace.html().encode()
    nodes = len(trace.graph)
    zipped = len(gzip.compress(html))
    print(f"{nodes} nodes, {len(trace)} steps: {len(html):,} bytes, {zipped:,} gzipped")
    if arguments.smoke:
        return int(len(html) > 70_000)

    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        file = Path(folder, "walk.html")
        trace.save(file)
        browser = play.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        timings(browser, file)
        bad = violations(browser, file, axe_script(arguments.axe), len(trace))
        browser.close()
    return int(bad > 0)


def timings(browser: Any, file: Path) -> None:
    opening, steps, drags = [], [], []
    for _ in range(7):
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(file.as_uri())
        opening.append(page.evaluate(PAINTED))
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        steps += [work(page, session, "go(position + 1)") for _ in range(10)]
        handle = "document.querySelector('#inputs [type=range]')"
        for n in range(10):
            drag = f"{handle}.value = {n / 10}; {handle}.dispatchEvent(new Event('input'))"
            drags.append(work(page, session, drag))
        page.close()
    print(f"opening: {spread(opening)}")
    print(f"a step: {spread(steps)}")
    print(f"a dragged leaf: {spread(drags)}")


def violations(browser: Any, file: Path, axe: str, steps: int) -> int:
    found = 0
    for scheme in ("light", "dark"):
        for width, height in WIDTHS.items():
            size = {"width": width, "height": height}
            page = browser.new_page(viewport=size, color_scheme=scheme, bypass_csp=True)
            for k in (steps // 2, steps // 2 + 3, steps):
                page.goto(f"{file.as_uri()}#step={k}")
                page.reload()
                page.evaluate(
                    "document.querySelectorAll('details').forEach((d) => (d.open = true))"
                )
                page.add_script_tag(content=axe)
                bad = page.evaluate("axe.run().then((result) => result.violations)")
                found += len(bad)
                for rule in bad:
                    print(f"axe, {scheme}, {width} px, step {k}: {rule['id']}: {rule['help']}")
                    print("   ", *(node["html"][:90] for node in rule["nodes"][:3]), sep="\n    ")
            page.close()
    print(f"axe: {found} violations in light and dark, at 1280 and 360 px, 3 steps each")
    return found


if __name__ == "__main__":
    sys.exit(main())
