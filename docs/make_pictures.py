"""The README's pictures, light and dark: the lecture neuron's backward pass, and a whole network.

python docs/make_pictures.py [folder]

The neuron is an animated SVG. At rest it is the finished picture; CSS plays the pass over it twice.
So a viewer that runs no animation, or whose user asks for none, shows the gradients where they
belong. Both are laid out by our own engine, so that the files do not depend on the Graphviz that is
installed.
"""

import math
import re
import sys
from pathlib import Path

import autograd
import nn
import viz
from autograd import Value, backward_steps
from autograd.numbers import show
from viz.layered import MARGIN, place
from viz.letters import FONT, minus
from viz.state import Run
from viz.svg import THEMES, tag, xml

FRAME = 2.4  # s: time to read two short lines
FADE = 1.5  # percent of the whole
CAPTION = 60.0  # px, under the drawing


def neuron() -> Value:
    """Karpathy's lecture neuron, with the lecture's numbers and labels."""
    x1, x2 = Value(2.0, "x1"), Value(0.0, "x2")
    w1, w2 = Value(-3.0, "w1"), Value(1.0, "w2")
    b = Value(6.8813735870195432, "b")
    x1w1, x2w2 = x1 * w1, x2 * w2
    total = x1w1 + x2w2
    n = total + b
    o = n.tanh()
    for node, label in (
        (x1w1, "x1*w1"),
        (x2w2, "x2*w2"),
        (total, "x1*w1 + x2*w2"),
        (n, "n"),
        (o, "o"),
    ):
        node.label = label
    return o


def animation(count: int) -> str:
    """CSS that plays frames 0 to ``count`` - 1 twice: ``.in3`` shows in frame 3 only, ``.from3``
    from it on and at rest, ``.until3`` before it."""
    rules = []
    for k in range(count):
        start, end = 100 * k / count, 100 * (k + 1) / count
        shown, hidden = "{opacity:1}", "{opacity:0}"
        opens = f"{start:.2f}%{hidden}{start + FADE:.2f}%" if k else "0%"
        closes = (
            f"{end - FADE:.2f}%{shown}{end:.2f}%,100%{hidden}" if k < count - 1 else f"100%{shown}"
        )
        rules += [
            f"@keyframes in{k}{{0%,{opens}{shown}{closes}}}",
            f"@keyframes from{k}{{0%,{start:.2f}%{hidden}{start + FADE:.2f}%,100%{shown}}}",
            f"@keyframes until{k}{{0%,{start:.2f}%{shown}{start + FADE:.2f}%,100%{hidden}}}",
        ]
        rules += [
            f".{kind}{k}{{animation:{kind}{k} {FRAME * count:g}s linear 2}}"
            for kind in ("in", "from", "until")
        ]
    return "".join(rules) + "@media (prefers-reduced-motion:reduce){*{animation:none!important}}"


def picture(theme: str) -> str:
    """The animated SVG in a theme."""
    root = neuron()
    drawing, steps = viz.graph(root), list(backward_steps(root))
    drawing.geometry = place(drawing.nodes, drawing.wires)
    graph, colours = drawing.graph, THEMES[theme]
    frames = len(steps) + 2  # the opening, the steps, the finished picture
    run = Run(graph, steps)
    final = drawing.picture(theme, run.state())
    since: dict[int, int] = {}  # the frame in which a box gets its gradient
    overlays = []
    captions = [
        [f"o = {show(root.data)}. Of each number: if it rose a little, how would o change?"],
        *(str(step).splitlines()[1:4:2] for step in viz.trace(root)[len(steps) :]),
        ["Each gradient is known: raise that number a little, o rises so many times as much.",
         "That of w2 is 0 because x2 is 0."],
    ]  # fmt: skip
    for k in range(len(steps)):
        state = run.state(len(steps) + 1 + k)
        for index in state.grads:
            since.setdefault(index, k + 1)
        shown = drawing.picture(theme, state)
        wires = re.findall(r'<path class="wire moving".*?/>', shown)
        ring = re.search(r'class="node \w+ now".*?(<rect [^>]*/>)', shown)
        assert ring is not None
        unfilled = re.sub(r'fill="[^"]*"', 'fill="none"', ring[1])
        overlays.append(f'<g class="in{k + 1}" opacity="0">{unfilled}{"".join(wires)}</g>')
    lines = []
    for line in final.splitlines():
        if node := re.match(r'<g class="node \w+" data-node="(\d+)"', line):
            k = since[int(node[1])]
            grad = re.search(r'<text class="grad"( x="\S+" y="\S+")', line)
            assert grad is not None
            line = line.replace('class="grad"', f'class="grad from{k}"')
            dash = f'<text class="until{k}"{grad[1]} fill="{colours.quiet}" opacity="0">–</text>'
            line = line.removesuffix("</g>") + dash + "</g>"
        lines.append(line)
    width, height = drawing.geometry.width, drawing.geometry.height
    for k, texts in enumerate(captions):
        look = {"x": MARGIN, "font_size": FONT + 1, "fill": colours.text}
        rows = [
            tag("text", xml(minus(text)), y=height + 18 + 20 * i, font_weight=weight, **look)
            for i, (text, weight) in enumerate(zip(texts, (700, 400)))
        ]
        at_rest = 1 if k == frames - 1 else 0
        overlays.append(f'<g class="in{k}" opacity="{at_rest}">{"".join(rows)}</g>')
    lines[1:1] = [f"<style>{animation(frames)}</style>"]
    lines[-1:-1] = overlays
    text = "\n".join(lines) + "\n"
    return text.replace(f'height="{height:g}"', f'height="{height + CAPTION:g}"').replace(
        f'viewBox="0 0 {width:g} {height:g}"', f'viewBox="0 0 {width:g} {height + CAPTION:g}"'
    )


def network() -> Value:
    """The README's loss of a network over 100 points, with its backward pass done."""
    model = nn.MLP(2, [16, 16, 1], seed=1)
    points = [[math.sin(k), math.cos(1.7 * k)] for k in range(100)]
    sides = [1.0 if x * y > 0.0 else -1.0 for x, y in points]
    losses = [(1.0 - side * model(point)).relu() for side, point in zip(sides, points)]
    loss: Value = autograd.mean(losses)
    loss.label = "loss"
    loss.backward()
    return loss


def main(folder: Path) -> None:
    """Write all pictures."""
    whole = viz.graph(network())
    for theme in THEMES:
        for name, text in (("neuron", picture(theme)), ("network", whole.picture(theme))):
            (folder / f"{name}-{theme}.svg").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
