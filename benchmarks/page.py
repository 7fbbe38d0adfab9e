"""The page: its size, and in headless Chromium the time to open, step and drag; axe violations.

python benchmarks/page.py                  all figures; npm fetches axe-core into a temporary folder
python benchmarks/page.py --axe axe.min.js the same, with an axe that is there
python benchmarks/page.py --smoke          the size

One graph has 30 nodes: two tanh neurons, a linear one, its squared error, decay of one weight. The
other is the folded one of drawing.py: 100 samples. Work is what the main thread spends (Chromium's
TaskDuration) from the call to the second frame after it, layout and painting included.
"""

import gzip
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from common import REPO, ROUNDS, Figure, Row, parser, report, verdict
from drawing import samples

HEAD: Row = ("what", "bar", "figure: median (range)", "")
SIZES = ({"width": 1280, "height": 720}, {"width": 360, "height": 740})
PAINTED = """new Promise((done) => new PerformanceObserver((entries) => {
    done(Math.max(performance.timing.loadEventEnd - performance.timeOrigin,
                  ...entries.getEntries().map((entry) => entry.startTime)));
}).observe({ type: "paint", buffered: true }))"""  # ms from the start; a file has no network
STEP = "document.getElementById('next').click()"
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


def timings(browser: Any, address: str, bars: tuple[int, int, int], of: str) -> list[Row]:
    opening, steps, drags = [], [], []
    for _ in range(ROUNDS):
        page = browser.new_page(viewport=SIZES[0])
        page.goto(address)
        opening.append(page.evaluate(PAINTED))
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        page.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
        steps += [work(page, session, STEP) for _ in range(10)]
        handle = "document.querySelector('#inputs [type=range]')"
        for n in range(10):
            drag = f"{handle}.value = {n / 10}; {handle}.dispatchEvent(new Event('input'))"
            drags.append(work(page, session, drag))
        page.close()
    rows = []
    names = ("opening, to the first painting", "a step", "a dragged leaf")
    for what, times, bar in zip(names, (opening, steps, drags), bars, strict=True):
        figure = Figure(tuple(times))
        said = figure.text(" ms") + verdict(figure.median, bar, most=True)
        rows.append((what + of, f"≤ {bar} ms", said, ""))
    return rows


def violations(browser: Any, address: str, axe: str, end: int, of: str) -> Row:
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
    return f"axe violations{of}: light, dark; 1280, 360 px; 4 positions each", "0", said, ""


CASES = (  # kB; ms to open, to step, to follow a drag
    (network, "a 30-node graph", 70, (200, 25, 10)),
    (samples, "100 samples, 10,102 ops", 2000, (2000, 50, 100)),
)


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--axe", help="an axe.min.js that is there already")
    chosen = arguments.parse_args()
    sys.path.insert(0, str(REPO))
    import viz

    if chosen.smoke:
        for root in (network(), samples()):
            trace = viz.trace(root)
            print(f"page: {len(trace.graph)} nodes in {len(trace.html().encode()):,} bytes")
        return
    from playwright.sync_api import sync_playwright

    rows: list[Row] = []
    axe = axe_script(chosen.axe)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        file = Path(folder, "walk.html")
        chromium = shutil.which("chromium")
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for make, what, most, bars in CASES:
            trace = viz.trace(make())
            start = time.perf_counter()
            trace.save(file)
            spent = time.perf_counter() - start
            html = file.read_bytes()
            of = "" if make is network else ", 100 samples"
            size = f"{len(html) / 1000:.1f} kB{verdict(len(html), 1000 * most, most=True)}"
            zipped = f"{len(gzip.compress(html)) / 1000:.1f} kB gzipped"
            rows.append((f"page of {what}", f"≤ {most} kB", size, zipped))
            said = f"{spent:.2f} s{verdict(spent, 6, most=True)}"
            rows.append((f"writing it{of}", "≤ 6 s", said, ""))
            rows += timings(browser, file.as_uri(), bars, of)
            rows.append(violations(browser, file.as_uri(), axe, len(trace), of))
        browser.close()
    report("page", rows, HEAD, chosen.write)


if __name__ == "__main__":
    main()
