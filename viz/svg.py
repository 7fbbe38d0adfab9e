"""Geometry → SVG text: the one place that knows how a drawing looks.

Reads drawing.py; read by it, by the page and by docs/make_pictures.py. Hooks for whoever restyles or
refills a drawing (``T:S`` is a wire: index of the consumer, slot):

==============================================  ====================================================
``svg.drawing``                                 the whole; ``rect.paper`` is its background
``g.node[data-node="7"]``, ``.leaf`` or ``.op``  a box: one ``rect``, ``title`` (all digits), and
``text.name``, ``text.value``, ``text.grad``    its lines (the quiet ones are ``text.word``)
``text.amount[data-wire="T:S"]``                what came in by that use, right-aligned, empty at first
``circle.tick[data-wire="T:S"]``                its tick, ○ until it is ``.in``; these two only where a
                                                node has 2 to 6 uses and the drawing has ``amounts``
``text.count``                                  instead of them, beyond 6 uses: ``0 of 100 in``
``path.wire[data-wire="T:S"]``                  a wire, from its source's edge to the consumer's; it
                                                leaves to the right, so ``marker-start="url(#head)"``
                                                is an arrowhead at its receiving end
==============================================  ====================================================

States: ``g.now`` goes at this step, ``g.ready`` could have, ``path.moving`` carries. Every state is
drawn by attributes here, so a stylesheet may replace them (``.node.now rect {…}``), and none has to.
Colour means gradient, and a drawing paints its own background, as it cannot know what it lies on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from autograd.numbers import show

from .drawing import FONT, LINE, PAD_X, PAD_Y, SMALL, WORD, Box, Geometry, Wire, minus

if TYPE_CHECKING:
    from autograd.graph import Graph
    from autograd.sweep import Step

FAMILY = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
BASELINE = 12.5  # px, of a line of text from its top
TICK = 3.2  # px, radius
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, "Char"


@dataclass(frozen=True, slots=True)
class Theme:
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


@dataclass(frozen=True, slots=True)
class Marks:
    """How far a backward pass has come: the state that a drawing shows.

    Attributes:
        now: the node that goes; None: none.
        ready: nodes that could have gone in its place.
        moving: wires, as (consumer, slot), that carry an amount at this step.
        amounts: what each wire has carried so far.
        grads: the totals so far; a node that is absent has none yet.
    """

    now: int | None = None
    ready: frozenset[int] = frozenset()
    moving: frozenset[tuple[int, int]] = frozenset()
    amounts: dict[tuple[int, int], float] = field(default_factory=dict)
    grads: dict[int, float] = field(default_factory=dict)


def marks(graph: Graph, steps: Iterable[Step], at: int | None = None) -> Marks:
    """The state at backward step ``at`` (0: the root's), or after the last one if None."""
    index = {id(node): i for i, node in enumerate(graph.nodes)}
    state, now = Marks(), None
    waiting = {i: len(users) for i, users in enumerate(graph.users)}
    moving: set[tuple[int, int]] = set()
    gone = set()
    for position, step in enumerate(steps):
        now = index[id(step.node)]
        gone.add(now)
        state.grads[now] = 0.0 if step.upstream is None else step.upstream
        moving = {(now, part.slot) for part in step.contributions}
        open_before = {i for i in state.grads if not waiting[i] and graph.ops[i] is not None} - gone
        for part in step.contributions:
            source = index[id(part.input)]
            state.amounts[now, part.slot] = part.amount
            state.grads[source] = part.total
        for source in graph.operands[now]:
            if isinstance(source, int):
                waiting[source] -= 1
        if position == at:
            return Marks(now, frozenset(open_before), frozenset(moving), state.amounts, state.grads)
    return Marks(amounts=state.amounts, grads=state.grads)


def xml(text: str) -> str:
    """``text`` as XML can hold it: markup escaped, what has no place in XML as �."""
    return escape(ILLEGAL.sub("\ufffd", text)).replace("\n", "&#10;").replace("\r", "&#13;")


def number(x: float) -> str:
    """A coordinate, to a tenth of a pixel."""
    return f"{x:.1f}".removesuffix(".0")


def path(segments: Sequence[tuple[float, ...]]) -> str:
    """The ``d`` of a wire."""
    start, *rest = segments
    return f"M{' '.join(map(number, start))}" + "".join(
        ("C" if len(segment) == 6 else "L") + " ".join(map(number, segment)) for segment in rest
    )


def svg(
    boxes: Sequence[Box],
    wires: Sequence[Wire],
    geometry: Geometry,
    *,
    title: str,
    theme: str = "light",
    state: Marks | None = None,
) -> str:
    """The drawing as one SVG element; with ``state`` as it is in the middle of a backward pass."""
    colours, width, height = THEMES[theme], number(geometry.width), number(geometry.height)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="drawing" role="img" aria-label="{xml(title)}" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="{FAMILY}" font-size="{FONT:g}" fill="{colours.text}" stroke="none">',
        f"<title>{xml(title)}</title>",
        '<defs><marker id="head" markerUnits="userSpaceOnUse" markerWidth="12" markerHeight="12" '
        'viewBox="-1 -6 12 12" refX="0" refY="0">'
        f'<path d="M0 0L10 -5L10 5Z" fill="{colours.motion}" stroke="none"/></marker></defs>',
        f'<rect class="paper" width="{width}" height="{height}" fill="{colours.paper}" stroke="none"/>',
        "<g>",
    ]
    moving = state.moving if state else frozenset()
    for wire, way in zip(wires, geometry.paths, strict=True):
        if (wire.target, wire.slot) in moving:
            look = f'class="wire moving" stroke="{colours.motion}" stroke-width="2.4" marker-start="url(#head)"'
        else:
            look = f'class="wire" stroke="{colours.line}" stroke-width="1.2"'
        parts.append(
            f'<path {look} data-wire="{wire.target}:{wire.slot}" fill="none" d="{path(way)}"/>'
        )
    parts.append("</g>")
    uses: list[list[tuple[Wire, int]]] = [[] for _ in boxes]
    for wire, row in zip(wires, geometry.rows, strict=True):
        uses[wire.source].append((wire, row))
    for box, corner in zip(boxes, geometry.corners, strict=True):
        parts += _box(box, *corner, uses[box.index], colours, state)
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def _box(
    box: Box, x: float, y: float, uses: list[tuple[Wire, int]], colours: Theme, state: Marks | None
) -> Iterator[str]:
    grad = state.grads.get(box.index) if state else box.grad
    kind, edge, corner = ("leaf", colours.line, 10) if box.leaf else ("op", colours.line, 3)
    line = 'stroke-width="1.2"'
    if state and box.index == state.now:
        kind, edge, line = f"{kind} now", colours.motion, 'stroke-width="2.6"'
    elif state and box.index in state.ready:
        kind, edge, line = (
            f"{kind} ready",
            colours.text,
            'stroke-width="1.2" stroke-dasharray="5 3"',
        )
    digits = "".join(
        f"\n{word} {minus(repr(n))}"
        for word, n in (("value", box.value), ("grad", grad))
        if n is not None
    )
    yield (
        f'<g class="node {kind}" data-node="{box.index}"><title>{xml(box.whole + digits)}</title>'
        f'<rect x="{number(x)}" y="{number(y)}" width="{box.width}" height="{box.height}" rx="{corner}" '
        f'fill="{colours.leaf if box.leaf else colours.box}" stroke="{edge}" {line}/>'
    )
    left, first = number(x + PAD_X), y + PAD_Y + BASELINE
    rest = box.title[len(box.op) :]
    name = f'<tspan font-weight="700">{xml(box.op)}</tspan>{xml(rest)}' if box.op else xml(rest)
    yield f'<text class="name" x="{left}" y="{number(first)}">{name}</text>'
    for line_number, word, n in ((1, "value", box.value), (2, "grad", grad)):
        at = number(first + line_number * LINE)
        ink = "" if word == "value" else f' fill="{colours.quiet if n is None else colours.motion}"'
        yield (
            f'<text class="word" x="{left}" y="{at}" font-size="{SMALL:g}" fill="{colours.quiet}">{word}</text>'
            f'<text class="{word}" x="{number(x + PAD_X + WORD)}" y="{at}"{ink}>{minus(show(n))}</text>'
        )
    if box.amounts and len(uses) > 1:
        yield from _receipts(box, x, y, uses, colours, state or Marks())
    yield "</g>"


def _receipts(
    box: Box, x: float, y: float, uses: list[tuple[Wire, int]], colours: Theme, state: Marks
) -> Iterator[str]:
    """What has come in, by use: a row each, or a count where they are too many."""
    edge = x + box.width - PAD_X
    if box.shares:
        come = sum((wire.target, wire.slot) in state.amounts for wire, _ in uses)
        yield (
            f'<text class="count" x="{number(edge)}" y="{number(y + box.height / 2 + 3.5)}" '
            f'font-size="{SMALL:g}" text-anchor="end" fill="{colours.quiet}">{come} of {len(uses)} in</text>'
        )
        return
    for wire, row in sorted(uses, key=lambda use: use[1]):
        middle, hook = y + box.row(row), f'data-wire="{wire.target}:{wire.slot}"'
        amount = state.amounts.get((wire.target, wire.slot))
        text = "" if amount is None else minus(show(amount))
        tick, ink = (" in", colours.text) if text else ("", "none")
        yield (
            f'<text class="amount" {hook} x="{number(edge - 3 * TICK)}" y="{number(middle + 4)}" '
            f'text-anchor="end" fill="{colours.motion}">{text}</text>'
            f'<circle class="tick{tick}" {hook} cx="{number(edge - TICK)}" cy="{number(middle)}" r="{TICK}" '
            f'fill="{ink}" stroke="{colours.text}"/>'
        )
