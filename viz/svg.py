"""Geometry → SVG text: the one place that knows how a drawing looks.

Reads boxes.py and state.py; read by dot.py, drawing.py, page.py and docs/make_pictures.py. All is
drawn by attributes, which any stylesheet overrides (``.node.now rect { … }``) and none has to. Its
hooks, where ``T:S`` is a wire (index of the consumer, slot):

- ``g.node[data-node="7"]``, also ``.leaf`` or ``.op``: a box with one ``rect``, a ``title`` (all
  digits), ``text.name``, ``text.value``, ``text.grad``, and ``g.words`` with the quiet words;
- ``path.wire[data-wire="T:S"]``: it leaves its source to the right, so that
  ``marker-start="url(#head)"`` puts an arrowhead at its receiving end;
- with ``amounts``, for each of 2 to 6 uses ``text.amount`` and ``circle.tick``, hollow until
  ``.in``, both with the wire's ``data-wire``; beyond 6 one ``text.count``: ``0 of 100 in``;
- ``g.now`` goes at this step, ``g.ready`` could have, ``path.moving`` carries;
- ``g.stale``: a leaf written since an op used it, with these words below its box.

Colour means gradient. A drawing paints its own background, as it cannot know what it lies on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from autograd.numbers import show

from .boxes import CHANGED, FONT, LINE, PAD_X, PAD_Y, SMALL, WORD, Box, Geometry, Path, Wires, minus
from .state import State

FAMILY = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
BASELINE = 12.5  # px, of a line of text from its top
TICK = 3.2  # px, radius
Use = tuple[int, str, float | None]  # a row, its wire's hook, what it has carried
ILLEGAL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # in XML 1.0

ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"}
    | {"\n": "&#10;", "\r": "&#13;"}
)


class Theme(NamedTuple):
    """Colours; INSIGHT.md holds their contrast."""

    paper: str
    box: str
    leaf: str
    line: str
    text: str
    quiet: str
    motion: str


THEMES = {
    "light": Theme("#ffffff", "#ffffff", "#f0f4f8", "#7a8794", "#1a1f24", "#52606d", "#b34400"),
    "dark": Theme("#14181c", "#1b2127", "#252d35", "#7a8794", "#e8ecf0", "#a9b4bf", "#ffa057"),
}


def xml(text: str) -> str:
    """``text`` as XML can hold it: markup escaped, what has no place in XML as �."""
    return ILLEGAL.sub("\ufffd", text).translate(ESCAPES)


def number(x: float) -> str:
    """A coordinate, to a tenth of a pixel."""
    return f"{x:.1f}".removesuffix(".0")


def path(segments: Path) -> str:
    """The ``d`` of a wire."""
    text = "M" + " ".join(map(number, segments[0]))
    for before, segment in pairwise(segments):
        if segment == before[-2:]:
            continue
        if len({*map(number, (before[-1], *segment[1::2]))}) == 1:  # level, also as a curve
            text += "H" + number(segment[-2])
        else:
            text += ("C" if len(segment) == 6 else "L") + " ".join(map(number, segment))
    return text


def tag(name: str, content: str | None = None, **attributes: object) -> str:
    """One element; ``class_`` is its class, ``font_size`` its font-size, and so on."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{number(x) if isinstance(x, float) else x}"'
        for key, x in attributes.items()
        if x != ""
    )
    return f"<{name}{written}/>" if content is None else f"<{name}{written}>{content}</{name}>"


def svg(
    boxes: Sequence[Box], wires: Wires, geometry: Geometry,
    title: str, theme: str, state: State | None,
) -> str:  # fmt: skip
    """The drawing as one SVG element; with ``state``, as it is in the middle of a backward pass."""
    colours, width, height = THEMES[theme], number(geometry.width), number(geometry.height)
    arrow = tag("path", d="M0 0L10 -5L10 5Z", fill=colours.motion, stroke="none")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="drawing" role="img" '
        f'aria-label="{xml(title)}" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{FAMILY}" font-size="{FONT:g}" '
        f'fill="{colours.text}" stroke="none" stroke-width="1.2">',
        tag("title", xml(title)),
        f'<defs><marker id="head" markerUnits="userSpaceOnUse" markerWidth="12" '
        f'markerHeight="12" viewBox="-1 -6 12 12">{arrow}</marker></defs>',
        tag("rect", class_="paper", width=width, height=height, fill=colours.paper, stroke="none"),
    ]
    uses: list[list[Use]] = [[] for _ in boxes]
    for wire, row, way in zip(wires, geometry.rows, geometry.paths, strict=True):
        key, hook = (wire.target, wire.slot), f"{wire.target}:{wire.slot}"
        uses[wire.source].append((row, hook, state.amounts.get(key) if state else None))
        kind, ink, thick, head = "wire", colours.line, "", ""
        if state and key in state.moving:
            kind, ink, thick, head = "wire moving", colours.motion, "2.4", "url(#head)"
        parts.append(
            tag("path", class_=kind, data_wire=hook, d=path(way), fill="none", stroke=ink,
                stroke_width=thick, marker_start=head)
        )  # fmt: skip
    for box, corner in zip(boxes, geometry.corners, strict=True):
        parts.append("".join(_box(box, *corner, sorted(uses[box.index]), colours, state)))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _box(
    box: Box, x: float, y: float, uses: list[Use], colours: Theme, state: State | None
) -> Iterator[str]:
    grad = state.grads.get(box.index) if state else box.grad
    kind, edge, width, dashes = "leaf" if box.leaf else "op", colours.line, "", ""
    if state and box.index == state.now:
        kind, edge, width = f"{kind} now", colours.motion, "2.6"
    elif state and box.index in state.ready:
        kind, edge, dashes = f"{kind} ready", colours.text, "5 3"
    if box.stale:
        kind, edge, width, dashes = f"{kind} stale", colours.text, "2", "2 3"
    numbers = (("value", box.value, ""), ("grad", grad, colours.motion))
    digits = [f"{word} {n!r}" for word, n, _ in numbers if n is not None] + [CHANGED] * box.stale
    yield f'<g class="node {kind}" data-node="{box.index}">'
    yield tag("title", xml("\n".join([box.whole, *digits])))
    yield tag(
        "rect", x=x, y=y, width=box.width, height=box.height, rx=10 if box.leaf else 3,
        fill=colours.leaf if box.leaf else colours.box, stroke=edge, stroke_width=width,
        stroke_dasharray=dashes,
    )  # fmt: skip
    op, rest = map(xml, box.title_parts)
    title = (tag("tspan", op, font_weight=700) if op else "") + rest
    left, baseline = x + PAD_X, y + PAD_Y + BASELINE
    yield tag("text", title, class_="name", x=left, y=baseline)
    words = ""
    for word, n, ink in numbers:
        baseline += LINE
        words += tag("text", word, x=left, y=baseline)
        ink = colours.quiet if ink and n is None else ink
        yield tag("text", minus(show(n)), class_=word, x=left + WORD, y=baseline, fill=ink)
    if box.stale:
        words += tag("text", CHANGED, x=x + 2, y=y + box.height + 10)
    yield tag("g", words, class_="words", font_size=SMALL, fill=colours.quiet)
    right = x + box.width - PAD_X
    if box.amounts and box.shares:
        come = sum(amount is not None for _, _, amount in uses)
        yield tag(
            "text", f"{come} of {box.uses} in", class_="count", x=right, y=y + box.row(0) + 3.5,
            text_anchor="end", font_size=SMALL, fill=colours.quiet,
        )  # fmt: skip
    elif box.amounts and box.uses > 1:
        for row, hook, amount in uses:
            come, at = amount is not None, y + box.row(row)
            yield tag(
                "text", minus(show(amount)) if come else "", class_="amount", data_wire=hook,
                x=right - 4 * TICK, y=at + 4, text_anchor="end", fill=colours.motion,
            )  # fmt: skip
            yield tag(
                "circle", class_="tick in" if come else "tick", data_wire=hook, cx=right - TICK,
                cy=at, r=TICK, fill=colours.text if come else "none", stroke=colours.text,
            )  # fmt: skip
    yield "</g>"
