"""``viz.play``: a root's run in a terminal, step by step, forwards and back.

Reads scenes.py (rows and words), drawing.py and views.py (what is folded), steps.py, and at ``e``
explanation.py. A Player turns keys into lines without a terminal; prompt_toolkit, which knows
terminals, is imported by ``play`` alone. Colour means gradient and nothing else.
"""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from autograd.numbers import show
from autograd.value import Value

from .drawing import MOST, Drawing, folded
from .letters import printable
from .scenes import Scene
from .steps import Trace
from .views import view_of
from .walk import Walk

Text = list[tuple[str, str]]  # pieces, each behind its style
ORANGE = "#c85200"  # 4.5:1 on white, 4.6:1 on black: a terminal does not say what it lies on
LOW = 12  # lines: with fewer there are neither rules nor keys
TEXT = 6  # lines of words, at least, where there is room
IN = 24  # columns of `2 of 3   +0.15 +0.15`, and of the marks in front of a row
MOVES = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10, "home": -1_000_000, "end": 1_000_000}
KEYS = """\
 ← back  → next  . part  ↑↓ look  e explain  / find  g go to  f fold  h hide
 Enter open  Bksp close  ? help  q quit""".splitlines()
HELP = """\
← →  PageUp PageDown   a step back, a step on
Home End               to the start, to the end
.                      one contribution of a step that has several
↑ ↓                    look at another row; Esc: the one whose turn it is
Enter  Backspace       open the box, close it again
f                      fold into boxes, or a row a node
/                      find a name; n: the next one, or with no name sought the
                       first nan or inf, which ! marks
g                      go to a step, by its number
h                      hide what is sent, until the next key: guess it
e                      explain the row: what its gradient is made of
q  Ctrl-C              quit"""


class Player:
    """What is on the screen, and what each key does to it."""

    def __init__(self, walk: Walk, width: Callable[[str], int] = len) -> None:
        """``width``: how many columns a text takes."""
        self.walk, self.width = walk, width
        self.look: int | None = None  # at this row; None: at the one whose turn it is
        self.pane: list[str] = []  # a text in front of the table and the step
        self.scroll = 0  # of the pane
        self.asking = self.typed = self.sought = self.note = ""
        self.stack: list[Scene] = []  # of what is open, the last one is shown
        self._show(folded(walk.graph), walk.forward)

    @property
    def at(self) -> int | None:
        """The row that is looked at, else whose turn it is."""
        return self.scene.now if self.look is None else self.look

    # -------------------------------------------------------------- keys
    def press(self, key: str, data: str = "") -> bool:
        """Do what ``key`` does; ``data`` is what it types. False: it ends the play."""
        if key in ("c-c", "<sigint>") or (key == "q" and not self.asking and not self.pane):
            return False
        self.note = ""
        if self.asking:
            self._type(key, data)
        elif self.pane:
            self.scroll += MOVES.get(key, 0)
            self.pane = self.pane if key in MOVES else []
        else:
            self.scene.hidden = key == "h" and not self.scene.hidden
            self._act(key)
        return True

    def _act(self, key: str) -> None:
        scene, at = self.scene, self.at
        back, on = scene.k - 1, scene.k + (not scene.part)
        steps = {"left": back, "pageup": back, "right": on, "pagedown": on, "home": 0}
        match key:
            case "left" | "pageup" | "right" | "pagedown" | "home" | "end":
                self._go(steps.get(key, scene.full))
            case "." if scene.part or scene.k < scene.full:
                self._go(on, scene.part + 1)
            case "up" | "down":
                to = (-1 if at is None else at) + MOVES[key]
                self.look = max(0, min(len(scene.rows) - 1, to))
            case "escape":
                self.look, self.sought = None, ""
            case "/" | "g":
                self.asking, self.typed = "find" if key == "/" else "go to step", ""
            case "n":
                self._find()
            case "f":
                self._fold()
            case "c-h" if len(self.stack) > 1:
                self._enter(self.stack[:-1], scene.step())
            case "c-m" if at is not None and (key := scene.rows[at].opens):
                # to the first step inside of what has just been done
                self._show(scene.view.drawing.view(key), scene.step(at == scene.now), key)
            case "c-m":
                self.note = "open: nothing is inside"
            case "e" | "?":
                text = HELP if key == "?" else self._explained()
                self.pane, self.scroll = text.splitlines(), 0

    def _go(self, k: int, part: int = 0) -> None:
        self.look = None
        self.scene.go(k, part)

    def _enter(self, stack: list[Scene], step: int) -> None:
        self.stack, self.scene = stack, stack[-1]
        self._go(self.scene.position(step))

    def _show(self, drawing: Drawing, step: int, key: str = "") -> None:
        """Open a drawing: the whole one, or inside the present one the box of this key."""
        scene = Scene(self.walk, view_of(key, drawing), self.width)
        self._enter([*self.stack, scene] if key else [scene], step)

    def _fold(self) -> None:
        graph = self.walk.graph
        most = max(1, min(MOST, len(graph) - 1))  # fewer than it has nodes: it is folded
        self._show(Drawing(graph) if self.scene.folded else folded(graph, most), self.scene.step())

    def _explained(self) -> str:
        """The row explained; of several nodes, the one whose gradient is largest."""
        from .explanation import Explanation

        grads, nodes = self.walk.grads, () if self.at is None else self.scene.rows[self.at].nodes
        at = max(nodes, key=lambda i: abs(grads.get(i, 0.0)), default=None)
        return str(Explanation(self.walk, at))

    def _type(self, key: str, data: str) -> None:
        if key == "escape":
            self.asking = ""
        elif key == "c-h":
            self.typed = self.typed[:-1]
        elif key != "c-m":
            self.typed += "".join(c for c in data if c.isprintable())
        else:
            asked, self.asking = self.asking, ""
            if asked == "find":
                self.sought = self.typed
                self._find()
            elif self.typed.isdecimal():
                self._go(self.scene.position(int(self.typed[:9])))
            else:
                self.note = f"go to: a number from 0 to {2 * self.walk.forward} is required"

    def _find(self) -> None:
        """Look at the next row with the name that is sought; or go to the first odd number."""
        scene, sought, names = self.scene, self.sought.casefold(), self.walk.names
        if not sought and scene.odd:
            self._go(scene.odd)
            return
        after, count = 0 if self.look is None else self.look + 1, len(scene.rows)
        for n in [*range(after, count), *range(after)] if sought else ():
            called = scene.name(scene.rows[n]), *(names[i].text for i in scene.rows[n].nodes)
            if any(sought in name.casefold() for name in called):
                self.look = n
                return
        self.note = f"find: no name has {self.sought} in it" if sought else "no nan, no inf"

    # -------------------------------------------------------------- lines
    def screen(self, columns: int, lines: int) -> list[Text]:
        """The screen, line by line, none of them wider than ``columns``."""
        rule, keys = (["-" * columns], KEYS) if lines >= LOW else ([], [])
        if self.asking or self.note:
            said = f" {self.asking}: {self.typed}_" if self.asking else f" {self.note}"
            keys = [said, *keys[1:]]
        room = max(1, lines - 1 - 2 * len(rule) - len(keys))
        middle = self._pane(columns, room) if self.pane else self._step(columns, room, rule)
        middle += [""] * (room - len(middle))
        screen = [self._header(columns), *rule, *middle[:room], *rule, *keys]
        return [self._line(line, columns) for line in screen[:lines]]

    def _line(self, line: str | Text, columns: int) -> Text:
        """What fits."""
        pieces: Text = []
        for style, text in [("", line)] if isinstance(line, str) else line:
            pieces.append((style, self._cut(text, columns)))
            columns -= self.width(pieces[-1][1])
        return pieces

    def _header(self, columns: int) -> str:
        """``L = 1.225      step 10 of 14 · backward 3 of 7``; what is open, behind the root."""
        scene, root = self.scene, self.walk.number("v", self.walk.root)
        folding, key = scene.view.drawing.folding, scene.view.key
        way = [part.name for part in folding.inside[key][1:]] if folding and key else []
        head = scene.fill(scene.said[0][1]).replace("Step", "step", 1)
        left = " > ".join((f" {self.walk.result} = {show(root)}", *way))
        return self._fit(left, max(0, columns - self.width(head) - 2)) + head

    def _pane(self, columns: int, room: int) -> list[str | Text]:
        lines = [part for line in self.pane for part in self._wrap(line, columns, 1)]
        self.scroll = max(0, min(self.scroll, len(lines) - room))
        return [*lines[self.scroll : self.scroll + room]]

    def _step(self, columns: int, room: int, rule: list[str]) -> list[str | Text]:
        """The table, and below it what is to be said."""
        body = room - 2 * len(rule)
        words = self._words(columns)
        below = max(body - len(self.scene.rows), min(max(TEXT, len(words)), 2 * body // 3))
        if len(words) > below:
            words[max(0, below - 1) :] = [f" … {len(words) - below + 1} more"]
        words += [""] * (below - len(words))
        return [*self._table(columns, body - below, bool(rule)), *rule, *words]

    def _table(self, columns: int, room: int, header: bool) -> list[Text]:
        scene, at, count = self.scene, self.at or 0, len(self.scene.rows)
        name, *others = scene.widths
        widths = [min(name, max(14, columns - sum(others) - IN)), *others]
        lines: list[Text] = [[("", "   " + self._cells(scene.heads, widths) + "in")]] * header
        odd = scene.row[self.walk.turn(self.walk.first_odd)] if self.walk.first_odd else None
        top = max(0, min(at - room // 3, count - room))  # what it reads is mostly below it
        for n in range(top, min(top + room, count)):
            *told, total, come, amounts, more = scene.cells(n)
            mark = ">" if n == scene.now else "*" if n == self.look else " "
            style = " reverse" if n == self.look else " bold" * (n == scene.now)
            ink = ORANGE * (total != "–" and not os.environ.get("NO_COLOR")) + style
            lines.append([
                (style, f" {mark}{'!' if n == odd else ' '}{self._cells(told, widths)}"),
                (ink, self._fit(total, widths[-1])), (style, come),
                (ink, f"   {amounts}" if amounts else ""), (style, f"   {more}" if more else ""),
            ])  # fmt: skip
        return lines

    def _words(self, columns: int) -> list[str | Text]:
        """The step in words, or what is looked at; rows in columns."""
        scene = self.scene
        said = scene.said[1:] if self.look is None else scene.about(self.look)
        told = [(kind, scene.fill(line).split("\t")) for kind, line in said]
        columned = zip(*(cells for _, cells in told if len(cells) > 1))
        widths = [max(map(self.width, cells)) + gap for cells, gap in zip(columned, (3, 5))]
        lines: list[str | Text] = []
        for kind, (*cells, rest) in told:
            text = self._cells(cells, widths) + rest
            lines += self._wrap(text, columns, 3 if kind in ("row", "total") else 1)
        return lines

    # -------------------------------------------------------------- columns
    def _cells(self, cells: Iterable[str], widths: Iterable[int]) -> str:
        return "".join(map(self._fit, cells, widths))

    def _fit(self, text: str, width: int) -> str:
        """``text`` in so many columns, the last of them empty; what is cut ends in …"""
        text = self._cut(text, width - 1)
        return text + " " * (width - self.width(text))

    def _wrap(self, text: str, columns: int, margin: int) -> list[str]:
        """``text`` in lines that break at spaces."""
        text = printable(text)
        across = columns * len(text) // max(1, self.width(text))  # characters; some are two wide
        return textwrap.wrap(
            text, max(across, margin + 3), initial_indent=" " * margin,
            subsequent_indent=" " * (margin + 2), break_on_hyphens=False,
        ) or [""]  # fmt: skip

    def _cut(self, text: str, width: int) -> str:
        """As much of ``text`` as fits, in the characters that the terminal has."""
        text, more, width = printable(text), printable("…"), max(0, width)
        if self.width(text) <= width:
            return text
        text = text[:width]
        while text and self.width(text + more) > width:
            text = text[:-1]
        return (text + more)[:width]


def play(root: Value) -> None:
    """Walk through ``root``'s run in the terminal, forwards and back; ``?`` lists the keys.

    Where nobody can press a key, it prints the walk. It writes no gradient. Raises what
    ``backward_steps`` does, and ImportError without prompt_toolkit.
    """
    trace = Trace(root)
    if not all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout)):
        print(trace)
        return
    try:
        from prompt_toolkit.application import Application
        from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
        from prompt_toolkit.layout import FormattedTextControl, Layout, Window
        from prompt_toolkit.utils import get_cwidth
    except ImportError as error:
        raise ImportError(
            "play: prompt_toolkit is required to read keys, and is missing; "
            'use pip install "whygrad[terminal]", or print(viz.trace(root))'
        ) from error
    player, keys = Player(trace.walk, get_cwidth), KeyBindings()

    @keys.add("<any>")
    def press(event: KeyPressEvent) -> None:
        pressed = event.key_sequence[0]
        if not player.press(pressed.key, pressed.data):
            event.app.exit()

    def shown() -> Any:
        size = app.output.get_size()
        lines = player.screen(size.columns, size.rows)
        return [piece for line in lines for piece in (*line, ("", "\n"))][:-1]

    window = Window(FormattedTextControl(shown, focusable=True), always_hide_cursor=True)
    app: Application[None] = Application(Layout(window), key_bindings=keys, full_screen=True)
    app.ttimeoutlen = 0.05  # s, until a lone Esc is one: arrows begin with it
    with suppress(EOFError):  # the terminal has gone
        app.run()
