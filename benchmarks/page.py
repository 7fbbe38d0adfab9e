"""The page: its size, and in headless Chromium the time to open, step and drag; axe violations.

python benchmarks/page.py                  all figures; npm fetches axe-core into a temporary folder
python benchmarks/page.py --axe axe.min.js the same, with an axe that is there
python benchmarks/page.py --smoke          the size

The graph has 30 nodes: two tanh neurons, a linear one, its squared error, decay of one weight. Work
is what the main thread spends (Chromium's TaskDuration) from the call to the second frame after it,
layout and painting included.
"""

import argparse
import gzip
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from common import REPO, ROUNDS, Figure, Row, report, verdict

HEAD: Row = ("what", "bar", "figure: median (range)", "")
SIZES = ({"width": 1280, "height": 720}, {"width": 360, "height": 740})
PAINTED = """new Promise((done) => new PerformanceObserver((entries) => {
    done(Math.max(performance.timing.loadEventEnd - performance.timeOrigin,
                  ...entries.getEntries().map((entry) => entry.startTime)));
}).observe({ type: "paint", buffered: true }))"""  # ms from the start; a file has no network
FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def network() -> Any:
    """Two inputs, two tanh neurons, a linear one, the squared error of its output, one decay."""
    from autograd import Value

    draw = random.Random(0)

    def value(label: str) -> Value:
        return Value(round(draw.uniform(-1, 1), 3), label)

    x1, x2, hidden = value("x1"), value("x2"), []
    for n in (1, 2):
        u, v, b = (value(f"{name}{n}") for name in ("u", "v", "b"))
        hidden.append((u * x1 + v * x2 + b).tanh())
    w1, w2, c = value("w1"), value("w2"), value("c")
    error = w1 * hidden[0] + w2 * hidden[1] + c - 0.5
    loss = error * error + 0.01 * (w1 * w1)
    loss.label = "loss"
    return loss


def axe_script(given: str | None) -> str:
    if given:
        return Path(given).read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        npm = ["npm", "install", "--silent", "--prefix", folder, "axe-core@4.14.1"]
        subprocess.run(npm, check=True, timeout=120)
        return Path(folder, "node_modules/axe-core/axe.min.js").read_text("utf-8")


def work(page: Any, session: Any, act: str) -> float:
    """Milliseconds of the main thread that a script costs, until the next frames are out."""

    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(float(m["value"]) for m in metrics if m["name"] == "TaskDuration")

    page.evaluate(FRAMES)
    before = spent()
    page.evaluate(act)
    page.evaluate(FRAMES)
    return 1000 * (spent() - before)


def timings(browser: Any, address: str) -> list[Row]:
    opening, steps, drags = [], [], []
    for _ in range(ROUNDS):
        page = browser.new_page(viewport=SIZES[0])
        page.goto(address)
        opening.append(page.evaluate(PAINTED))
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        steps += [work(page, session, "go(position + 1)") for _ in range(10)]
        handle = "document.querySelector('#inputs [type=range]')"
        for n in range(10):
            drag = f"{handle}.value = {n / 10}; {handle}.dispatchEvent(new Event('input'))"
            drags.append(work(page, session, drag))
        page.close()
    rows = []
    for what, times, bar in (
        ("opening, to the first painting", opening, 200),
        ("a step", steps, 25),
        ("a dragged leaf", drags, 10),
    ):
        figure = Figure(tuple(times))
        said = figure.text(" ms") + verdict(figure.median, bar, most=True)
        rows.append((what, f"≤ {bar} ms", said, ""))
    return rows


def violations(browser: Any, address: str, axe: str, end: int) -> Row:
    found = 0
    for scheme in ("light", "dark"):
        for size in SIZES:
            page = browser.new_page(viewport=size, color_scheme=scheme, bypass_csp=True)
            for k in (0, end // 2, end // 2 + 3, end):
                page.goto(f"{address}#step={k}")
                page.reload()
                page.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
                page.add_script_tag(content=axe)
                for rule in page.evaluate("axe.run().then((result) => result.violations)"):
                    found += 1
                    print(f"axe, {scheme}, {size['width']} px, step {k}: {rule['help']}")
                    print(*(f"    {node['html'][:90]}" for node in rule["nodes"][:3]), sep="\n")
            page.close()
    said = f"{found}{verdict(found, 0, most=True)}"
    return "axe violations: light, dark; 1280, 360 px; 4 positions each", "0", said, ""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--write", action="store_true", help="put the table into README.md")
    arguments.add_argument("--smoke", action="store_true")
    arguments.add_argument("--axe", help="an axe.min.js that is there already")
    chosen = arguments.parse_args()
    sys.path.insert(0, str(REPO))
    import viz

    trace = viz.trace(network())
    html = trace.html().encode()
    if chosen.smoke:
        print(f"page: {len(trace.graph)} nodes in {len(html):,} bytes")
        return
    from playwright.sync_api import sync_playwright

    size = f"{len(html) / 1000:.1f} kB{verdict(len(html), 70_000, most=True)}"
    zipped = f"{len(gzip.compress(html)) / 1000:.1f} kB gzipped"
    rows: list[Row] = [(f"page of a {len(trace.graph)}-node graph", "≤ 70 kB", size, zipped)]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        file = Path(folder, "walk.html")
        trace.save(file)
        chromium = shutil.which("chromium")
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        rows += timings(browser, file.as_uri())
        rows.append(violations(browser, file.as_uri(), axe_script(chosen.axe), len(trace)))
        browser.close()
    report("page", rows, HEAD, chosen.write)


if __name__ == "__main__":
    main()
