"""How text is set in a drawing, and how wide it is: what all sizes follow from; and in a console.

Reads nothing; read by all that sizes and draws boxes, and by all that prints.
"""

from __future__ import annotations

import sys
import unicodedata

FONT, SMALL = 12.0, 9.5  # px; names and numbers, and the quiet words beside them
ADVANCE = 0.602  # em, a character of DejaVu Sans Mono; Menlo has the same, Consolas less
LINE = 17  # px, a line of text: title, value, grad; and a row of a use
PAD_X, PAD_Y = 8, 7  # px, inside a box
WORD = 36  # px, where the number begins after its word
WIDE = 174  # px, a line in a folded box: a title of 24 letters
HOVER = 200  # characters of a formula: what a tooltip shows
ASCII = str.maketrans(
    {"∂": "d", "×": "*", "→": "->", "≈": "~", "–": "-", "·": "|", "…": "...", "²": "^2", "½": "1/2"}
    | {"←": "<-", "↑": "up", "↓": "down"}
)


def minus(text: str) -> str:
    """``text`` with the minus sign that drawings use."""
    return text.replace("-", "−")


def number(x: float) -> str:
    """A coordinate, to a tenth of a pixel."""
    return f"{x:.1f}".removesuffix(".0")


def text_width(text: str, font: float = FONT) -> float:
    """An estimate, in px, of ``text`` in the drawing's fixed-width font."""
    cells = 0.0
    for c in text:
        if unicodedata.category(c) not in ("Mn", "Me", "Cf"):  # marks and joiners take no room
            cells += 2.1 if unicodedata.east_asian_width(c) in "WF" else 1.0
    return cells * ADVANCE * font


def fit(text: str, font: float = FONT, room: float = WIDE) -> str:
    """``text`` on one line, cut to ``room`` px."""
    text = " ".join("".join(c if c.isprintable() else " " for c in text[:HOVER]).split())
    while text_width(text, font) > room:
        text = text[:-2] + "…" * (len(text) > 2)
    return text


def printable(text: str) -> str:
    """``text`` in what standard output can encode: ``d * ->`` where it lacks ``∂ × →``."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(ASCII).encode(encoding, "backslashreplace").decode(encoding)
    return text
