"""``viz.play``: a root's run in a terminal, step by step, forwards and back.

Reads scenes.py (rows and words), drawing.py and views.py (what is folded), steps.py, and at ``e``
explanation.py. A Player turns keys into lines without a terminal; prompt_toolkit, which knows
terminals, is imported by ``play`` alone. Colour means gradient and nothing else.
"""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

from autograd.numbers import show
from autograd.value import Value

from . import bars
from .blanks import Blank, Line
from .drawing import Drawing, folded
from .letters import printable
from .scenes import Scene
from .steps import Trace
from .views import view_of
from .walk import Walk

Text = list[tuple[str, str]]  # pieces, each behind its style
ORANGE = "#c85200"  # 4.5:1 on white, 4.6:1 on black: a terminal does not say what it lies on
LOW = 12  # lines: with fewer there are neither rules nor keys
TEXT = 6  # lines of words, at least, where there is room
IN, LONG = 21, 13  # columns of `2 of 3   +0.15 +0.15`, of `-1.2346e-10`
WIDTHS = {False: (7, 10, 12), True: (11, 14, 14)}  # of op, value, gradient; where it folds
MOVES = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10, "home": -1_000_000, "end": 1_000_000}
KEYS = """\
 ← back  → next  . part  ↑↓ look  e explain  / find  g go to  f fold  h hide
 Enter open  Bksp close  ? help  q quit"""
HELP = """\
← →, PageUp, PageDown: a step.  Home, End: the first, the last.  . is one contribution of several.
↑ ↓: look at another row; Esc: back.  g: go to a step, by its number.  / finds a name, n the next
one; with no name sought, n goes to the first nan or inf, which ! marks.
f: boxes, or a row a node.  Enter: into the box; Backspace: out again.
h: hides this step's amounts until the next key, to be guessed.
e: explains a row: what its gradient is made of.  q, Ctrl-C: quit."""


class Player:
    """What is on the screen, and what each key does to it."""

    def __init__(self, walk: Walk, width: Callable[[str], int] = len) -> None:
        """``width``: how many columns a text takes."""
        self.walk, self.width = walk, width
        self.stack: list[Scene] = []  # of what is open, the last one is shown
        self._show(folded(walk.graph), walk.forward)
        self.look: int | None = None  # at this row; None: at the one whose turn it is
        self.hidden = False
        self.pane: list[str] = []  # a text in front of the table and the step
        self.top = self.scroll = 0  # of the table, of the pane
        self.asking = self.typed = self.sought = self.note = ""

    @property
    def scene(self) -> Scene:
        """The table that is shown."""
        return self.stack[-1]

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
            self.hidden = key == "h" and not self.hidden
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
                self._enter(self.stack[:-1], scene.steps[1])
            case "c-m" if at is not None and (key := scene.rows[at].opens):
                # to the first step inside of what has just been done
                step = scene.steps[at != scene.now]
                self._show(scene.view.drawing.view(key), step, key)
            case "c-m":
                self.note = "open: nothing is inside"
            case "e" | "?":
                self.pane, self.scroll = (self._told() if key == "e" else HELP).splitlines(), 0

    def _go(self, k: int, part: int = 0) -> None:
        self.look = None
        self.scene.go(k, part)

    def _enter(self, stack: list[Scene], step: int) -> None:
        self.stack = stack
        self._go(self.scene.position(step))

    def _show(self, drawing: Drawing, step: int, key: str = "") -> None:
        """Open a drawing: the whole one, or inside the present one the box of this key."""
        scene = Scene(self.walk, view_of(key, drawing))
        self._enter([*self.stack, scene] if key else [scene], step)

    def _fold(self) -> None:
        graph = self.walk.graph
        if self.scene.folded:
            drawing = Drawing(graph)
        elif (drawing := folded(graph)).cut is None:  # it has room: fold what can be
            drawing = folded(graph, max(1, len(graph) - 1), screen=False)
        self._show(drawing, self.scene.steps[1])

    def _told(self) -> str:
        """The row explained; of several nodes, the one whose gradient is largest."""
        from .explanation import Explanation

        grads, nodes = self.walk.grads, () if self.at is None else self.scene.rows[self.at].nodes
        at = max(nodes, key=lambda i: abs(grads.get(i, 0.0)), default=None)
        return str(Explanation(self.walk, at))

    def _type(self, key: str, data: str) -> None:
        if key == "c-h":
            self.typed = self.typed[:-1]
        elif key not in ("c-m", "escape"):
            self.typed += "".join(c for c in data if c.isprintable())
        else:
            asked, self.asking = self.asking if key == "c-m" else "", ""
            if asked == "find":
                self.sought = self.typed
                self._find()
            elif asked and self.typed.isdecimal():
                self._go(self.scene.position(int(self.typed)))
            elif asked:
                self.note = f"go to: a number from 0 to {2 * self.walk.forward} is required"

    def _find(self) -> None:
        """Look at the next row with the name that is sought; or go to the first odd number."""
        scene, sought, names = self.scene, self.sought.casefold(), self.walk.names
        if not sought and scene.odd:
            self._go(scene.odd)
            return
        after = 0 if self.look is None else self.look + 1
        for n in chain(range(after, len(scene.rows)), range(after)) if sought else ():
            called = scene.rows[n].title, *(names[i].text for i in scene.rows[n].nodes)
            if any(sought in name.casefold() for name in called):
                self.look = n
                return
        self.note = f"find: no name has {self.sought} in it" if sought else "no nan, no inf"

    # -------------------------------------------------------------- lines
    def screen(self, columns: int, lines: int) -> list[Text]:
        """The screen, line by line."""
        rule = ["-" * columns] if lines >= LOW else []
        keys = KEYS.splitlines() if rule else []
        if self.asking or self.note:
            keys[:1] = [f" {self.asking}: {self.typed}_" if self.asking else f" {self.note}"]
        room = max(1, lines - 1 - 2 * len(rule) - len(keys))
        middle = self._pane(columns, room) if self.pane else self._step(columns, room, rule)
        middle += [""] * (room - len(middle))
        screen = [self._header(columns), *rule, *middle[:room], *rule, *keys]
        return [self._line(line, columns) for line in screen[:lines]]

    def _line(self, line: str | Text, columns: int) -> Text:
        """What fits, in the characters that the terminal has."""
        pieces: Text = []
        for style, text in [("", line)] if isinstance(line, str) else line:
            pieces.append((style, self._cut(printable(text), columns)))
            columns -= self.width(pieces[-1][1])
        return pieces

    def _header(self, columns: int) -> str:
        """``L = 1.225      step 10 of 14 · backward 3 of 7``; what is open, behind the root."""
        scene, root = self.scene, self.walk.number("v", self.walk.root)
        folding, key = scene.view.drawing.folding, scene.view.key
        way = [part.name for part in folding.inside[key][1:]] if folding and key else []
        head = scene.told.fill(scene.said[0][1]).replace("Step", "step", 1)
        room = columns - self.width(head) - 2
        left = " > ".join((f" {self.walk.result} = {show(root)}", *way))
        return self._fit(left, max(0, room)) + head

    def _pane(self, columns: int, room: int) -> list[str | Text]:
        lines = list(chain(*(self._wrap(line, columns, 1) for line in self.pane)))
        self.scroll = max(0, min(self.scroll, len(lines) - room))
        return [*lines[self.scroll : self.scroll + room]]

    def _step(self, columns: int, room: int, rule: list[str]) -> list[str | Text]:
        """The table, and below it what is to be said."""
        count, body = len(self.scene.rows), room - 2 * len(rule)
        words = self._words(columns, body)
        most = body - min(count, body // 3)
        below = max(min(TEXT, body // 2), body - count, min(len(words), most))
        if len(words) > below:
            words[below - 1 :] = [f" … {len(words) - below + 1} more"]
        words += [""] * (below - len(words))
        return [*self._table(columns, body - below, bool(rule)), *rule, *words]

    def _table(self, columns: int, room: int, header: bool) -> list[Text]:
        scene, rows, at = self.scene, self.scene.rows, self.at or 0
        margin = min(2, (room - 1) // 2)  # what it reads is mostly below it
        top = min(max(self.top, at + margin - room + 1), at - margin, len(rows) - room)
        self.top, many = max(0, top), scene.folded is not None
        op, *numbers = WIDTHS[many]
        value, grad = (max(width, LONG * scene.long) for width in numbers)
        name = min(max(12, scene.widest) + 2, max(14, columns - op - value - grad - IN - 3))
        widths = name, op, value, grad
        slopes = "grad" if many or len(self.walk.slopes) >= grad else self.walk.slopes
        heads = "name", "op", "largest " * many + "value", "largest " * many + slopes
        lines: list[Text] = [[("", "   " + self._cells(heads, widths) + "in")]] * header
        odd = self.walk.first_odd and scene.row[self.walk.turn(self.walk.first_odd)]
        for n in range(self.top, min(self.top + room, len(rows))):
            box, now = rows[n], n == scene.now
            values, grads = scene.values(box), scene.grads(box)
            hide = self.hidden and any(scene.moves(i) for i, _ in scene.uses[box.index])
            total = "?" if hide else show(bars.foremost(grads)) if grads else "–"
            told = scene.name(box), scene.op(box), show(bars.foremost(values)) if values else "–"
            mark = ">" if now else "*" if n == self.look else " "
            more = "   goes now" if now and scene.back else "   ready" * scene.ready(box)
            amounts = scene.amounts(box, self.hidden)
            ink = ORANGE if grads and not os.environ.get("NO_COLOR") else ""
            pieces = [
                ("", f" {mark}{'!' if n == odd else ' '}{self._cells(told, widths)}"),
                (ink, self._fit(total, grad)), ("", scene.come(box) + "   " * (amounts > "")),
                (ink, amounts), ("", more),
            ]  # fmt: skip
            style = " reverse" if n == self.look else " bold" * now
            lines.append([(own + style, text) for own, text in pieces])
        return lines

    # -------------------------------------------------------------- what is said
    def _words(self, columns: int, room: int) -> list[str | Text]:
        """The step in words, or what is looked at; rows in columns."""
        scene = self.scene
        said = scene.said[1:]
        if self.look is not None:
            said = scene.about(scene.rows[self.look])
        elif scene.part:  # the last that came stays in sight
            first = [line for line in said if line[0] in ("who", "text")]
            parts = [line for line in said if line[0] == "row"][: scene.part]
            said = first + parts[-max(1, room // 2 - len(first)) :]
        told = [(kind, self._fill(line).split("\t")) for kind, line in said[: 2 * room]]
        columned = zip(*(cells for _, cells in told if len(cells) > 1))
        widths = [max(map(self.width, cells)) + gap for cells, gap in zip(columned, (3, 5))]
        lines: list[str | Text] = []
        for kind, (*cells, rest) in told:
            text = self._cells(cells, widths) + rest
            lines += self._wrap(text, columns, 3 if kind in ("row", "total") else 1)
        return lines + [""] * (len(said) - len(told))

    def _fill(self, line: Line) -> str:
        """``line`` as text; if hidden, without the amounts of this step."""
        scene = self.scene

        def asked(piece: str | Blank) -> bool:
            if isinstance(piece, str) or piece.kind not in "atz":
                return False
            return piece.kind == "z" or scene.moves(piece.node)

        return scene.told.fill(tuple("?" if self.hidden and asked(x) else x for x in line))

    # -------------------------------------------------------------- columns
    def _cells(self, cells: Sequence[str], widths: Sequence[int]) -> str:
        return "".join(map(self._fit, cells, widths))

    def _fit(self, text: str, width: int) -> str:
        """``text`` in so many columns, the last of them empty; what is cut ends in …"""
        text = self._cut(text, width - 1)
        return text + " " * (width - self.width(text))

    def _wrap(self, text: str, columns: int, margin: int) -> list[str]:
        """``text`` in lines that break at spaces."""
        across = columns * len(text) // max(1, self.width(text))  # characters; some are two wide
        return textwrap.wrap(
            text, max(across, margin + 3), initial_indent=" " * margin,
            subsequent_indent=" " * (margin + 2), break_on_hyphens=False,
        ) or [""]  # fmt: skip

    def _cut(self, text: str, width: int) -> str:
        if self.width(text) <= width:
            return text
        while text and self.width(text) >= width:
            text = text[:-1]
        return text + "…" * (width > 0)


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
