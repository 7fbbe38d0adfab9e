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
- folded: ``g.node.folded``, with ``text.lines`` and the strips ``path.bars.value``, ``.grad``, of
  ``data-columns``, ``data-pitch`` and ``data-high`` as ``bars.strokes`` has them, beside each
  ``path.odd`` and ``text.most``; ``g.frame`` round what an opened box holds. A wire's
  ``stroke-width`` grows with what passed, ``data-wire`` is its target and port, ``path.back`` leads
  back;
- ``g.stale``: a leaf written since an op used it, with these words below its box.

Colour means gradient. A drawing paints its own background, as it cannot know what it lies on.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from autograd.numbers import show

from . import bars
from .boxes import (
    CHANGED, FONT, LINE, PAD_X, PAD_Y, SMALL, WORD, Box, Boxes, Frame, Geometry, Many, Path, Wire,
    Wires, minus, text_width,
)  # fmt: skip
from .state import State

FAMILY = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
BASELINE = 12.5  # px, of a line of text from its top
TICK = 3.2  # px, radius
THICK, DECADES = 6.0, 3  # px, the wire that carries most; a thousandth of it is 1 px
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
    into = ""
    if any(way[-1][-2] < way[0][0] for way in geometry.paths):
        arrow_into = tag("path", d="M0 0L-9 -5L-9 5Z", fill=colours.line, stroke="none")
        into = (
            f'<marker id="into" markerUnits="userSpaceOnUse" markerWidth="12" '
            f'markerHeight="12" viewBox="-11 -6 12 12" refX="0">{arrow_into}</marker>'
        )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="drawing" role="img" '
        f'aria-label="{xml(title)}" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{FAMILY}" font-size="{FONT:g}" '
        f'fill="{colours.text}" stroke="none" stroke-width="1.2">',
        tag("title", xml(title)),
        f'<defs><marker id="head" markerUnits="userSpaceOnUse" markerWidth="12" '
        f'markerHeight="12" viewBox="-1 -6 12 12">{arrow}</marker>{into}</defs>',
        tag("rect", class_="paper", width=width, height=height, fill=colours.paper, stroke="none"),
    ]
    parts += ["".join(_frame(*framed, colours)) for framed in geometry.frames]
    folded = bool(geometry.frames) or any(box.many for box in boxes)
    carried = _carried(wires) if folded and not state else [("", "", None)] * len(wires)
    uses: list[list[Use]] = [[] for _ in boxes]
    for wire, row, way, (thick, dashes, said) in zip(
        wires, geometry.rows, geometry.paths, carried, strict=True
    ):
        key, hook = (wire.target, wire.slot), f"{wire.target}:{wire.slot}"
        uses[wire.source].append((row, hook, state.amounts.get(key) if state else None))
        kind, ink, head = "wire", colours.line, ""
        end = "url(#into)" if way[-1][-2] < way[0][0] else ""
        if end:
            kind = "wire back"
        if state and key in state.moving:
            kind, ink, thick, head = f"{kind} moving", colours.motion, "2.4", "url(#head)"
        parts.append(
            tag("path", said and tag("title", xml(said)), class_=kind, data_wire=hook, d=path(way),
                fill="none", stroke=ink, stroke_width=thick, stroke_dasharray=dashes,
                marker_start=head, marker_end=end)
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
    if box.many:
        kind += " folded"
    if box.stale:
        kind, edge, width, dashes = f"{kind} stale", colours.text, "2", "2 3"
    numbers = (("value", box.value, ""), ("grad", grad, colours.motion))
    digits = [f"{word} {n!r}" for word, n, _ in numbers if n is not None]
    if box.many:
        digits = [*box.many.lines, *(bars.told(*strip[:2]) for strip in _strips(box.many, colours))]
    digits += [CHANGED] * box.stale
    yield f'<g class="node {kind}" data-node="{box.index}">'
    yield tag("title", xml("\n".join([box.whole, *digits])))
    if box.opens:  # a sheet behind it: there is more inside
        sheet = f"M{number(x + 4)} {number(y + box.height + 3)}h{box.width - 1}v-{box.height - 1}"
        yield tag("path", class_="sheet", d=sheet, fill="none", stroke=colours.line)
    yield tag(
        "rect", x=x, y=y, width=box.width, height=box.height, rx=10 if box.leaf else 3,
        fill=colours.leaf if box.leaf else colours.box, stroke=edge, stroke_width=width,
        stroke_dasharray=dashes,
    )  # fmt: skip
    if box.many:
        yield from _many(box, box.many, x, y, colours)
        yield "</g>"
        return
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


Strip = tuple[str, list[float | None], str]  # its word, its numbers, its colour


def _strips(many: Many, colours: Theme) -> list[Strip]:
    both = (("value", many.values, colours.text), ("grad", many.grads, colours.motion))
    return [(word, [x for row in rows for x in row], ink) for word, rows, ink in both if rows]


def _many(box: Box, many: Many, x: float, y: float, colours: Theme) -> Iterator[str]:
    """Title, quiet lines, and the strips, from the top."""
    left, down, inner = x + PAD_X, y + PAD_Y, box.width - 2 * PAD_X
    yield tag(
        "text", xml(bars.fit(box.title)), class_="name", x=left, y=down + BASELINE, font_weight=700
    )
    words, strips = "", ""
    down += LINE
    for line in many.lines:
        text = xml(bars.fit(line, SMALL))
        words += tag("text", text, class_="line", x=left, y=down + bars.THIN - 4.5)
        down += bars.THIN
    laid = bars.grid(many, inner)
    for word, numbers, ink in _strips(many, colours):
        words += tag("text", word, x=left, y=down + bars.THIN - 4.5)
        if len(numbers) == 1:
            n = numbers[0]
            ink = colours.quiet if n is None else ink
            strips += tag("text", minus(show(n)), class_=word, x=left + WORD, y=down + BASELINE - 2, fill=ink)
            down += LINE
            continue
        there = [n for n in numbers if n is not None]
        most = f"largest {bars.short(bars.largest(numbers))}" if there else "–"
        if laid is None:
            if word == "value":
                words += tag("text", f"{len(numbers):,} numbers", x=left + WORD, y=down + bars.THIN - 4.5)
                down += bars.THIN
            for text in ([f"length {bars.short(bars.length(numbers))}", most] if there else ["–"]):
                strips += tag("text", text, class_=word, x=left + WORD, y=down + bars.THIN - 4.5, fill=ink, font_size=SMALL)
                down += bars.THIN
            continue
        words += tag("text", most, class_="most", x=left + inner, y=down + bars.THIN - 4.5, text_anchor="end")
        down += bars.THIN
        drawn, odd = bars.strokes(bars.flat(many.values if word == "value" else many.grads, laid), laid)
        zeros = "".join(f"M0 {number((r + 0.5) * laid.high)}H{number(laid.pitch * laid.columns)}" for r in range(laid.rows))
        move = f"translate({number(left)} {number(down)})"
        strips += tag("path", class_="zero", d=zeros, transform=move, fill="none", stroke=colours.line, stroke_width=0.5, stroke_opacity=".6")
        strips += tag("path", class_=f"bars {word}", d=drawn, transform=move, fill="none", stroke=ink, stroke_width=f"{0.76 * laid.pitch:.2f}", data_columns=laid.columns, data_pitch=f"{laid.pitch:g}", data_high=f"{laid.high:g}")
        strips += tag("path", class_=f"odd {word}", d=odd, transform=move, fill="none", stroke=ink) if odd else ""
        down += math.ceil(laid.rows * laid.high + 2)
    yield tag("g", words, class_="words", font_size=SMALL, fill=colours.quiet)
    yield strips


def _frame(frame: Frame, x: float, y: float, width: float, height: float, colours: Theme) -> Iterator[str]:
    title = bars.fit(frame.title)
    yield '<g class="frame">'
    yield tag("title", xml("\n".join([frame.title, *frame.lines])))
    yield tag("rect", x=x, y=y, width=width, height=height, rx=6, fill=colours.text, fill_opacity="0.03", stroke=colours.line, stroke_width="1")
    yield tag("text", xml(title), class_="name", x=x + PAD_X, y=y + 15.0, font_weight=700)
    room = width - 2 * PAD_X - text_width(title) - 10
    line = bars.fit(" · ".join(frame.lines), SMALL, room)
    if line:
        yield tag("text", xml(line), class_="line", x=x + width - PAD_X, y=y + 15.0, text_anchor="end", font_size=SMALL, fill=colours.quiet)
    yield "</g>"


def _carried(wires: Wires) -> list[tuple[str, str, str | None]]:
    """Of each wire its thickness, its dashes, and what hovering says."""
    sent = [[c.amount for c in wire.contributions] for wire in wires]
    lengths = [bars.length(amounts) for amounts in sent]
    most = bars.largest(lengths)
    found: list[tuple[str, str, str | None]] = []
    for wire, amounts, length in zip(wires, sent, lengths):
        if not amounts:
            found.append(("", "", None))
        elif length == 0:
            found.append(("", "2 4", _said(wire, amounts, length)))
        else:
            share = length / most if most and length - length == 0 else 1.0
            thick = THICK + (THICK - 1) / DECADES * math.log10(max(share, 10.0**-DECADES))
            found.append((f"{thick:.1f}", "", _said(wire, amounts, length)))
    return found


def _said(wire: Wire, amounts: Sequence[float], length: float) -> str | None:
    if len(amounts) == 1:
        return None
    most = bars.largest(amounts)
    place = sorted(wire.places, key=lambda place: (-place[0], place[1]))[amounts.index(most)] if most in amounts else None
    at = f" at {wire.passed.name(place[0])}" if place and wire.passed else ""
    return f"{len(amounts):,} wires, length {bars.short(length)}, largest {bars.short(most)}{at}"
