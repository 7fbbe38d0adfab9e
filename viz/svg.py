"""Geometry → SVG text: the one place that knows how a drawing looks.

Reads boxes.py, bars.py and state.py; read by dot.py, drawing.py, page.py and
docs/make_pictures.py. All is drawn by attributes, which any stylesheet overrides
(``.node.now rect { … }``) and none has to. Its
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
from autograd.sweep import Contribution

from . import bars
from .bars import Many
from .boxes import CHANGED, Box, Frame, Geometry, Path, Wire, Wires
from .letters import FONT, LINE, PAD_X, PAD_Y, SMALL, WORD, fit, minus, number, text_width
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
    back = [way[-1][-2] < way[0][0] for way in geometry.paths]
    into = tag("path", d="M0 0L-13 -7L-13 7Z", fill=colours.line, stroke="none")
    into = (
        f'<marker id="into" markerUnits="userSpaceOnUse" markerWidth="16" markerHeight="16" '
        f'viewBox="-15 -8 16 16">{into}</marker>'
    ) * any(back)
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
    folded = bool(geometry.frames) or any(box.many and box.nodes for box in boxes)
    plain: tuple[str, str, str | None] = "", "", None
    fresh = not state and not any(box.stale for box in boxes)  # else no pass says what came
    carried = [*_carried(wires)] if folded and fresh else [plain] * len(wires)
    uses: list[list[Use]] = [[] for _ in boxes]
    for wire, row, way, (thick, dashes, said), leads_back in zip(
        wires, geometry.rows, geometry.paths, carried, back, strict=True
    ):
        key, hook = (wire.target, wire.slot), f"{wire.target}:{wire.slot}"
        uses[wire.source].append((row, hook, state.amounts.get(key) if state else None))
        kind, ink, head = "wire", colours.line, ""
        end = "url(#into)" if leads_back else ""
        kind += " back" * leads_back
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
        digits = [*box.many.lines, *(bars.told(*kind) for kind in bars.kinds(box.many))]
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


def _many(box: Box, many: Many, x: float, y: float, colours: Theme) -> Iterator[str]:
    """Title, quiet lines, and the numbers: one as it is, some as strokes, more as a summary."""
    left, down, inner = x + PAD_X, y + PAD_Y + LINE, box.width - 2 * PAD_X
    title = xml(fit(box.title))
    yield tag("text", title, class_="name", x=left, y=down - LINE + BASELINE, font_weight=700)
    quiet = ""
    for line in many.lines:
        down += bars.THIN
        quiet += tag("text", xml(fit(line, SMALL)), class_="line", x=left, y=down - 4.5)
    laid = bars.grid(many, inner)
    for word, numbers in bars.kinds(many):
        ink, said = colours.motion if word == "grad" else colours.text, bars.summary(numbers)
        down += bars.THIN
        quiet += tag("text", word, x=left, y=down - 4.5)
        if len(numbers) == 1:
            ink = colours.quiet if numbers[0] is None else ink
            down += LINE - bars.THIN
            yield tag("text", *said, class_=word, x=left + WORD, y=down - LINE + BASELINE, fill=ink)
        elif laid:
            most = tag("text", said[-1], class_="most", x=left + inner, y=down - 4.5)
            quiet += most.replace(" x=", ' text-anchor="end" x=', 1)
            yield from _strip(many, word, laid, left, down, colours, ink)
            down += math.ceil(laid.rows * laid.high + 2)
        else:
            if word == "value":
                quiet += tag("text", f"{len(numbers):,} numbers", x=left + WORD, y=down - 4.5)
                down += bars.THIN
            small = {"fill": ink, "font_size": SMALL}
            for line in said:
                yield tag("text", line, class_=word, x=left + WORD, y=down - 4.5, **small)
                down += bars.THIN
            down -= bars.THIN
    yield tag("g", quiet, class_="words", font_size=SMALL, fill=colours.quiet)


def _strip(
    many: Many, word: str, laid: bars.Grid, x: float, y: float, colours: Theme, ink: str
) -> Iterator[str]:
    """The strokes of one kind of numbers, over their zero lines."""
    rows = many.grads if word == "grad" else many.values
    drawn, odd = bars.strokes(bars.flat(rows, laid), laid)
    end, middles = number(laid.pitch * laid.columns), [r + 0.5 for r in range(laid.rows)]
    zeros = "".join(f"M0 {number(laid.high * middle)}H{end}" for middle in middles)
    at = {"fill": "none", "transform": f"translate({number(x)} {number(y)})"}
    yield tag("path", class_="zero", d=zeros, stroke=colours.line, stroke_width=0.4, **at)
    yield tag(
        "path", class_=f"bars {word}", d=drawn, stroke=ink, stroke_width=f"{0.76 * laid.pitch:.2f}",
        data_columns=laid.columns, data_pitch=f"{laid.pitch:g}", data_high=f"{laid.high:g}", **at,
    )  # fmt: skip
    if odd:
        yield tag("path", class_=f"odd {word}", d=odd, stroke=ink, **at)


def _frame(
    frame: Frame, x: float, y: float, width: float, height: float, colours: Theme
) -> Iterator[str]:
    """A border round what an opened box holds: its title on the left, its lines on the right."""
    title, baseline = fit(frame.title), y + 15.0
    room = width - 2 * PAD_X - text_width(title) - FONT
    line = fit(" · ".join(frame.lines), SMALL, room)
    yield '<g class="frame">' + tag("title", xml("\n".join((frame.title, *frame.lines))))
    yield tag(
        "rect", x=x, y=y, width=width, height=height, rx=6, fill=colours.text, fill_opacity="0.03",
        stroke=colours.line, stroke_width="1",
    )  # fmt: skip
    yield tag("text", xml(title), class_="name", x=x + PAD_X, y=baseline, font_weight=700)
    yield tag(
        "text", xml(line), class_="line", x=x + width - PAD_X, y=baseline, text_anchor="end",
        font_size=SMALL, fill=colours.quiet,
    ) + "</g>"  # fmt: skip


def _carried(wires: Wires) -> Iterator[tuple[str, str, str | None]]:
    """Of each wire its thickness, its dashes, and what hovering says."""
    sent = [wire.sent for wire in wires]
    lengths = [bars.length([c.amount for _, c in carried]) for carried in sent]
    most = bars.largest(lengths)
    for wire, carried, length in zip(wires, sent, lengths, strict=True):
        thick, dashes = "", ""
        if length:
            share = length / most if length - length == 0 else 1.0  # nan and inf: as thick as any
            decades = max(math.log10(share), -DECADES)
            thick = f"{THICK + (THICK - 1) / DECADES * decades:.1f}"
        elif carried:
            dashes = "2 4"  # a pass came by, and nothing went through
        yield thick, dashes, _said(wire, carried, length) if len(carried) > 1 else None


def _said(wire: Wire, carried: list[tuple[int, Contribution]], length: float) -> str:
    """``16 wires, length 0.83, largest -0.41 at neuron 3``"""
    amounts = [c.amount for _, c in carried]
    most, at = bars.foremost(amounts), ""
    if wire.passed and most in amounts:
        at = f" at {wire.passed.name(carried[amounts.index(most)][0])}"
    return f"{len(amounts):,} wires, length {bars.short(length)}, largest {bars.short(most)}{at}"
