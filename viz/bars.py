"""The numbers of a box that stands for many: one stroke a number, up or down from a zero line.

Reads letters.py; read by boxes.py, svg.py, dot.py and folding.py. A box's size depends on its
words and on how many numbers there are, never on what they are. The page's script draws the strokes
again when numbers move: ``strokes`` is plain arithmetic, and the script follows it line by line.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from autograd.numbers import show

from .letters import LINE, PAD_X, PAD_Y, SMALL, fit, minus, number, text_width

MOST = 1024  # numbers with a stroke each: more are narrower than a pixel, and heavy
WRAP = 128  # numbers in a row of a strip
MOST_ROWS = 64  # more are too low to be told apart
NARROW = 134  # px inside: "value" and "largest −1.23e−15" on a line
STRIP, GRID, LOWEST = 26.0, 112.0, 4.0  # px: a strip's height, a grid's, and a row's at least
BROAD = 24.0  # px, a number of few
THIN = 14  # px, a quiet line
Numbers = Sequence[float | None]


class Many(NamedTuple):
    """What a box says that stands for several nodes, or for the plain numbers of an op.

    Attributes:
        lines: quiet words under its title: ``16 neurons · 48 ops``, ``relu(w·x + b)``.
        rows: the nodes whose numbers it shows as bars, row by row of a grid; one row is a strip.
        values, grads: their numbers; of plain numbers ``rows`` and ``grads`` are empty.
    """

    lines: tuple[str, ...]
    rows: tuple[tuple[int, ...], ...]
    values: tuple[tuple[float | None, ...], ...]
    grads: tuple[tuple[float | None, ...], ...]


class Grid(NamedTuple):
    """How numbers lie: row by row, ``columns`` in each; a number is ``pitch`` × ``high`` px."""

    columns: int
    rows: int
    pitch: float
    high: float


def size(title: str, many: Many) -> tuple[int, int]:
    """Width and height of a box with this title."""
    lines = (text_width(fit(line, SMALL), SMALL) for line in many.lines)
    inner = max(NARROW, text_width(fit(title)), *lines)
    laid, strips = grid(many), 1 + bool(many.grads)
    if sum(map(len, many.values)) == 1:
        below = LINE * strips
    elif laid is None:
        below = THIN * (1 + 2 * strips)
    else:
        below = math.ceil(THIN + laid.rows * laid.high + 2) * strips
    height = 2 * PAD_Y + LINE + THIN * len(many.lines) + below
    return math.ceil(inner) + 2 * PAD_X, height + height % 2


def grid(many: Many, inner: float = NARROW) -> Grid | None:
    """How the numbers of a box lie as strokes, ``inner`` px wide; None where they are too many."""
    columns, rows = max(map(len, many.values), default=0), len(many.values)
    if rows == 1 or columns <= 1:  # a strip; a column lies down
        count = sum(map(len, many.values))
        rows = max(1, -(-count // WRAP))
        columns = -(-count // rows)
    if columns * rows > MOST or rows > MOST_ROWS:
        return None
    high = STRIP if rows == 1 else max(LOWEST, min(0.8 * STRIP, GRID / rows))
    return Grid(columns, rows, min(BROAD, inner / max(1, columns)), high)


def flat(rows: Sequence[Numbers], laid: Grid) -> list[float | None]:
    """The numbers row by row; a shorter row of a grid is filled up with None."""
    strip = len(rows) == 1 or laid.rows != len(rows)
    return [x for row in rows for x in (*row, *[None] * (not strip and laid.columns - len(row)))]


def strokes(numbers: Numbers, laid: Grid) -> tuple[str, str]:
    """Two SVG paths from (0, 0): a stroke a number, and marks at those that are not finite.

    The longest stroke is the largest number's. No number is a stroke of no length; infinity a full
    one under a bar, nan a cross.
    """
    columns, _, pitch, high = laid
    most, half, bars, odd = largest(numbers), high / 2 - 0.5, "", ""
    for i, x in enumerate(numbers):
        across = pitch * (i % columns + 0.5)
        zero = high * (i // columns + 0.5)
        if x is None or x != x or most == 0:
            up = 0.0
        else:
            up = max(-half, min(half, x / abs(most) * half))  # infinity is cut
        bars += f"M{number(across)} {number(zero)}V{number(zero - up)}"
        if x is not None and x - x != 0:
            a, b, end = number(across - 2), number(across + 2), zero - up
            if x != x:
                low, top = number(zero - 2), number(zero + 2)
                odd += f"M{a} {low}L{b} {top}M{a} {top}L{b} {low}"
            else:
                odd += f"M{a} {number(end)}H{b}"
    return bars, odd


def largest(numbers: Numbers) -> float:
    """The finite number that is furthest from 0, with its sign; 0 of none."""
    return max((x for x in numbers if x is not None and x - x == 0), key=abs, default=0.0)


def foremost(numbers: Numbers) -> float:
    """The first that is not finite, which a reader must see; else the largest."""
    return next((x for x in numbers if x is not None and x - x != 0), largest(numbers))


def length(numbers: Numbers) -> float:
    """The root of the sum of squares."""
    return math.hypot(*(x for x in numbers if x is not None))


def kinds(many: Many) -> list[tuple[str, list[float | None]]]:
    """Its numbers row by row, each kind with its word; what is not data has both."""
    both = (("value", many.values), ("grad", many.grads))
    return [(word, [x for row in rows for x in row]) for word, rows in both if rows]


def short(x: float) -> str:
    """A number in three digits, as drawings write it."""
    return minus(show(float(f"{x:.3g}")))


def summary(numbers: Numbers) -> list[str]:
    """Their length and the largest, for readers; of one, it alone; a dash where there is none."""
    there = [x for x in numbers if x is not None]
    if len(numbers) == 1 or not there:
        return [minus(show(there[0] if there else None))]
    return [f"length {short(length(there))}", f"largest {short(foremost(there))}"]


def told(word: str, numbers: Numbers) -> str:
    """What a tooltip says of them: how many, from where to where, their length."""
    there = [x for x in numbers if x is not None]
    if not there:
        return f"{word}: none yet"
    odd = sum(x - x != 0 for x in there)
    ends = [x for x in there if x == x] or there
    text = f"{word}: {len(there):,} numbers from {show(min(ends))} to {show(max(ends))}, "
    return text + f"length {show(length(there))}" + f", {odd} not finite" * (odd > 0)
