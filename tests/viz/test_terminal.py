"""A run in a terminal: what is on the screen at each key, and that a real terminal shows it.

Most tests press keys of a Player, which needs no terminal; those that need one run the program in a
pseudo-terminal, and pyte is the screen that a person would see.
"""

import io
import math
import os
import re
import select
import signal
import struct
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import pytest

import autograd
import nn
import viz
from autograd import Value
from autograd.numbers import show
from viz.terminal import HELP, Player

REPO = Path(__file__).resolve().parents[2]
EXAMPLE = """
import viz
from autograd import Value
w, x, b, t = (Value(v, n) for v, n in ((1.5, "w"), (2.0, "x"), (-1.0, "b"), (1.0, "t")))
L = (w * x + b - t) ** 2 + 0.1 * (w * w)
L.label = "L"
"""
# The layout that was agreed on; the numbers by hand: dL/d(w×w) = 0.1, to w twice 0.1 × 1.5.
STEP_10 = """\
 L = 1.225                                     step 10 of 14 · backward 3 of 7
--------------------------------------------------------------------------------
   name          op     value     dL/d(name)  in
   L             +      1.225     1           seed
   0.1×(w×w)     ×      0.225     1           1 of 1
 > w×w           ×      2.25      0.1         1 of 1   goes now
   (w×x+b-t)²    ( )²   1         1           1 of 1   ready
   w×x+b-t       -      1         –           0 of 1
   w×x+b         +      2         –           0 of 1
   w×x           ×      3         –           0 of 1
   w             leaf   1.5       0.3         2 of 3   +0.15 +0.15
   x             leaf   2         –           0 of 1
   b             leaf   -1        –           0 of 1
   t             leaf   1         –           0 of 1
--------------------------------------------------------------------------------
 w×w goes now: the 1 place that uses it has sent its part.
 dL/d(w×w) = 0.1, from 0.1×(w×w).
 A product passes on the gradient times the other factor.
   to w, 1st   0.1 × 1.5 = 0.15     w: – → 0.15
   to w, 2nd   0.1 × 1.5 = 0.15     w: 0.15 → 0.3   waiting for w×x
 added, because w is used 3 times
--------------------------------------------------------------------------------
 ← back  → next  . part  ↑↓ look  e explain  / find  g go to  f fold  h hide
 Enter open  Bksp close  ? help  q quit""".splitlines()


def example():
    space = {}
    exec(EXAMPLE, space)
    return space["L"]


def player(root, width=len):
    return Player(viz.trace(root).walk, width)


def screen(play, columns=80, lines=24):
    """The lines of the screen as text."""
    return [
        "".join(text for _, text in line).rstrip() for line in play.screen(columns, lines)
    ]


def press(play, *keys):
    for key in keys:
        assert play.press(key, key)


def typed(play, text):
    press(play, *text, "c-m")


def row(play, name):
    """The line of the table that has this name, on a screen that shows them all."""
    lines = screen(play, 80, 60)
    return next(line for line in lines if line[3:].startswith(f"{name} "))


def network(samples=12):
    model = nn.MLP(2, [8, 8, 1], seed=1)
    points = [(math.sin(k), math.cos(1.7 * k), 1.0 if k % 3 else -1.0) for k in range(samples)]
    loss = autograd.sum([(1.0 - t * model([a, b])).relu() for a, b, t in points]) / samples
    loss.label = "loss"
    return loss


# ---------------------------------------------------------------- the screen
def test_the_screen_of_a_backward_step_is_as_it_was_agreed_on():
    play = player(example())
    press(play, "right", "right", "right")
    assert screen(play) == STEP_10


def test_it_opens_where_the_forward_steps_are_done_with_the_question():
    lines = screen(player(example()))
    assert lines[0].endswith("step 7 of 14 · forward 7 of 7")
    assert "Press → to ask of each number: if it rose a little, how would L" in lines[16]
    assert all(line[34] == "–" for line in lines[3:14]), "no gradient yet"


@pytest.mark.parametrize("k", range(15))
def test_each_number_of_the_table_is_there_when_its_step_is_done_and_is_the_pass_own(k):
    """A tally of the pass's steps beside the screen: who has a value, a gradient, how many in."""
    L = example()
    play = player(L)
    press(play, "home", *["right"] * k)
    trace, walk = viz.trace(L), viz.trace(L).walk
    nodes = walk.graph.nodes
    made = {id(x) for x in nodes if x.op is None} | {id(step.node) for step in trace[: min(k, 7)]}
    grads, come = ({id(L): 1.0}, {}) if k > 7 else ({}, {})
    for step in trace[7:k]:
        for c in step.contributions:
            grads[id(c.input)] = grads.get(id(c.input), 0.0) + c.amount
            come[id(c.input)] = come.get(id(c.input), 0) + 1
    for node, name in zip(nodes, walk.names):
        told = row(play, name.text)
        value = show(node.data) if id(node) in made else "–"
        assert told[24:].split()[:2] == [value, show(grads.get(id(node)))]
        if node is not L:
            assert told[46:].startswith(f"{come.get(id(node), 0)} of ")


def test_a_step_has_a_position_for_each_of_its_contributions():
    play = player(example())
    press(play, "right", "right", ".")
    assert row(play, "w").split()[3:] == ["0.15", "1", "of", "3", "+0.15"]
    assert "to w, 1st" in "\n".join(screen(play)) and "to w, 2nd" not in "\n".join(screen(play))
    press(play, ".")
    assert screen(play) == STEP_10
    press(play, "left", ".")
    assert "1 of 3" in row(play, "w")
    press(play, "right")
    assert screen(play) == STEP_10, "the rest of the step"
    press(play, "end", ".", "right")
    assert "step 14 of 14" in screen(play)[0]


def test_the_last_step_tells_what_a_nudge_of_each_leaf_does():
    play = player(example())
    press(play, "end")
    told = screen(play)
    # (1.51·2 - 2)² + 0.1·1.51² - 1.225 = 0.04341
    assert " Raise w by 0.01 (to 1.51) and L rises by about 0.043 (really 0.04341)." in told
    assert sum("Raise" in line for line in told) == 4


# ---------------------------------------------------------------- keys
@pytest.mark.parametrize(
    ("keys", "step"),
    [
        (["left"], 6), (["pageup", "pagedown", "pagedown"], 8), (["home"], 0), (["end"], 14),
        (["home", "left"], 0), (["end", "right"], 14), (["end", "."], 14), (["home", "."], 1),
        (["g", "1", "0", "c-m"], 10), (["g", "9", "9", "c-m"], 14), (["g", "3", "escape"], 7),
        (["g", "1", "2", "c-h", "c-m"], 1), (["g", "x", "c-m"], 7), (["g", "c-m"], 7),
        (["g", "²", "c-m"], 7), (["unknown"], 7), (["right", "f", "f"], 8),
    ],
)  # fmt: skip
def test_a_key_leads_to_its_step(keys, step):
    play = player(example())
    press(play, *keys)
    assert f"step {step} of 14" in screen(play)[0]


def test_what_is_no_number_of_a_step_is_answered():
    play = player(example())
    typed(play, "gx")
    assert "go to: a number from 0 to 14 is required" in "\n".join(screen(play))
    press(play, "right")
    assert "required" not in "\n".join(screen(play))


def test_looking_at_a_row_tells_of_it_and_the_next_step_comes_back():
    play = player(example())
    press(play, "right", "right", "right", *["down"] * 5)
    assert row(play, "w").startswith(" * w ") and row(play, "w×w").startswith(" > ")
    assert "   w: – → 0.15 → 0.3, 2 of 3 in, waiting for w×x" in screen(play)
    press(play, "escape")
    assert screen(play) == STEP_10
    press(play, "up", "up", "up", "up", "up", "up", "up")
    assert row(play, "L").startswith(" *"), "no row is above the first"
    press(play, "left", "right")
    assert screen(play) == STEP_10


def test_find_goes_from_match_to_match_and_says_if_there_is_none():
    play = player(example())
    typed(play, "/W×X+")
    assert row(play, "w×x+b-t").startswith(" *") or row(play, "(w×x+b-t)²").startswith(" *")
    seen = []
    for _ in range(4):
        seen += [line[3:13].strip() for line in screen(play) if line.startswith(" *")]
        press(play, "n")
    assert sorted(seen[:3]) == sorted({"(w×x+b-t)²", "w×x+b-t", "w×x+b"}) and seen[3] == seen[0]
    typed(play, "/nobody")
    assert "no name has nobody in it" in "\n".join(screen(play))


def test_n_goes_to_the_first_number_that_is_not_finite_and_the_row_is_marked():
    x = Value(0.0, "x")
    y = x * 2.0
    with pytest.warns(RuntimeWarning):
        z = (y / y + 1.0) * 3.0
    play = player(z)
    press(play, "home", "n")
    assert "step 2 of" in screen(play)[0] and screen(play)[0].endswith("!")
    assert [line[1:3] for line in screen(play)[3:] if line[2:3] == "!"] == [">!"]
    play = player(example())
    press(play, "n")
    assert "no nan, no inf" in "\n".join(screen(play))
    assert "step 7 of 14" in screen(play)[0]


def test_hidden_amounts_are_question_marks_until_the_next_key():
    play = player(example())
    press(play, "right", "right", "right", "h")
    told = "\n".join(screen(play))
    assert "0.15" not in told and "0.1 × 1.5 = ?" in told and "w: – → ?" in told
    assert row(play, "w").split()[3:] == ["?", "2", "of", "3", "?", "?"]
    assert "0.1" in row(play, "w×w"), "what is asked follows from it"
    press(play, "left", "right")
    assert screen(play) == STEP_10
    press(play, "h", "h")
    assert screen(play) == STEP_10


def test_e_explains_the_row_in_a_pane_that_scrolls_and_esc_closes_it():
    L = example()
    play = player(L)
    press(play, "right", "right", "right", "e")
    told = str(viz.explain(L, L.inputs[1].inputs[1])).splitlines()
    assert [line.strip() for line in screen(play)[2:] if line.strip()][: len(told)] == [
        line.strip() for line in told
    ]
    press(play, "escape")
    assert screen(play) == STEP_10
    press(play, "down", "e")
    assert screen(play)[2].startswith(" (w×x+b-t)² = 1² = 1")
    press(play, "escape", "home", "e")
    whole = "".join("".join(screen(play, 80, 60)[2:-3]).split())
    assert whole == "".join(str(viz.explain(L)).split()), "at the start, of the whole root"


def test_a_long_explanation_scrolls():
    play = player(network())
    press(play, "home", "e")
    first = screen(play)[2:21]
    press(play, "down")
    assert screen(play)[2:20] == first[1:]
    press(play, "pageup")
    assert screen(play)[2:21] == first
    press(play, "end")
    last = screen(play)[2:21]
    press(play, "down")
    assert screen(play)[2:21] == last != first


def test_q_and_ctrl_c_end_it_and_while_a_name_is_typed_q_is_a_letter():
    play = player(example())
    assert play.press("/") and play.press("q", "q") and not play.press("c-c")
    assert not player(example()).press("q", "q")
    assert not player(example()).press("<sigint>")


def test_help_names_every_key_and_any_key_closes_it():
    play = player(example())
    press(play, "?")
    told = "\n".join(screen(play))
    for key in ("PageUp", "Home", "End", "Enter", "Backspace", "Esc", *"./eghfnq"):
        assert key in told
    assert [line[1:] for line in screen(play)[2:] if line[1:] in HELP.splitlines()] == (
        HELP.splitlines()
    ), "a key a line, none of them broken"
    press(play, "right")
    assert "step 7 of 14" in screen(play)[0] and "PageUp" not in "\n".join(screen(play))


# ---------------------------------------------------------------- folded
def test_a_large_graph_opens_folded_and_a_box_opens_and_closes_at_the_same_step():
    play = player(network())
    assert len(play.stack[0].rows) <= 50
    press(play, "end", "left")
    first = screen(play)
    step = re.search(r"step (\d+) of \d+ · backward", first[0])[1]
    press(play, "c-m")
    inside = screen(play)
    assert "loss = " in inside[0] and " > " in inside[0] and inside != first
    press(play, "c-h", "c-h")
    assert f"step {step} of" in screen(play)[0] and " > " not in screen(play)[0]
    typed(play, "/layer1.neuron1.w1")  # a parameter's box has nothing inside
    press(play, "c-m")
    assert "nothing is inside" in "\n".join(screen(play))


def test_a_folded_step_has_the_numbers_and_the_words_of_the_page():
    from tests.viz.test_page import Reader

    loss = network()
    page = re.sub(r"\s+", " ", Reader(viz.trace(loss).html()).text)
    play = player(loss)
    press(play, "home")
    for _ in range(play.scene.full):
        press(play, "right")
        scene = play.stack[0]
        head, *texts = (scene.told.fill(line) for kind, line in scene.said if kind != "ask")
        assert head in page
        if scene.k < scene.full:
            assert all(text in page for text in texts)


def test_a_box_of_many_shows_its_largest_number_and_how_many_are_in():
    loss = network()
    play = player(loss)
    press(play, "end")
    lines = [line for line in screen(play, 120, 90) if re.search(r" (leaves|leaf) ", line[:40])]
    sent = {}
    for step in autograd.backward_steps(loss):
        for c in step.contributions:
            if c.input.op is None:
                mine = sent.setdefault(c.input.label.partition(".")[0], {})
                mine.setdefault(c.input, []).append(c.amount)
    assert len(lines) == 3
    for layer, mine in sent.items():
        told = next(line for line in lines if line[3:].startswith(layer))
        uses = sum(map(len, mine.values()))
        largest = max((math.fsum(amounts) for amounts in mine.values()), key=abs)
        assert f"{uses:,} of {uses:,}" in told and f" {show(largest)} " in told


def test_folding_changes_the_rows_and_not_the_step():
    loss = network(3)
    play = player(loss)
    press(play, "end", "f")
    count = len(viz.trace(loss).walk.graph)
    assert len(play.stack[0].rows) == count > 50
    assert f"step {2 * play.walk.forward} of {2 * play.walk.forward}" in screen(play)[0]
    press(play, "f")
    assert len(play.stack[0].rows) <= 50
    play = player(example())
    press(play, "f")
    assert len(play.stack[0].rows) < 11 and "step 7 of 14" in screen(play)[0]


# ---------------------------------------------------------------- sizes and letters
def columns(text):
    return sum(
        0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (20, 5), (40, 11), (60, 20), (80, 24), (300, 90)])
@pytest.mark.parametrize("root", [example, network], ids=["whole", "folded"])
def test_a_screen_of_any_size_is_filled_and_not_left(root, size):
    play = player(root(), columns)
    for key in ("", "right", "down", "h", "?", "down", "q", "/", "x", "c-m", "end"):
        press(play, key)
        lines = play.screen(*size)
        assert len(lines) == size[1] or size[1] < 12
        assert len(lines) <= size[1]
        assert all(columns("".join(text for _, text in line)) <= size[0] for line in lines)


def test_the_row_whose_turn_it_is_stays_in_sight():
    x = Value(0.5, "x")
    y = x
    for _ in range(20):
        y = (y * 1.1).tanh()
    play = player(y)
    for _ in range(80):
        press(play, "right")
        assert sum(line.startswith(" >") for line in screen(play)) == 1
    press(play, "home")
    assert not any(line.startswith(" >") for line in screen(play))


def test_wide_letters_keep_the_columns():
    w = Value(2.0, "重み")
    play = player((w * w + w) * 3.0, columns)
    lines = screen(play)
    told = next(line for line in lines if line[3:].startswith("重み "))
    plain = next(line for line in lines if line[3:].startswith("y "))
    assert columns(told[: told.index("leaf")]) == plain.index("×")


def test_a_name_of_wide_letters_is_whole_where_there_is_room():
    w = Value(2.0, "重み" * 8)
    told = screen(player(w * w * 3.0, columns), 120, 24)
    assert any(line.startswith("   " + "重み" * 8 + "  leaf") for line in told)


def test_what_is_cut_keeps_its_columns_in_ascii_too(monkeypatch):
    w = Value(2.0, "a_name_of_24_letters_abc")
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "ascii"))
    lines = screen(player(w * w * 3.0), 60, 24)
    told = next(line for line in lines if "... leaf" in line)
    assert told.index("leaf") == lines[2].index("op") and told.index("2  ") == lines[2].index("val")


def test_labels_that_are_hostile_to_terminals_are_text():
    x = Value(1.0, "\x1b[2J\x07\r\nx\x9b31m\u202e")
    with autograd.scope("\x1b]0;title\x07"):
        y = autograd.exp(x * 2.0)
    y.label = "\x1b[31mred"
    play = player(y + x)
    for keys in ([], ["end"], ["down"], ["f"]):
        press(play, *keys)
        assert all(c.isprintable() for line in screen(play) for c in line)


def test_a_long_number_is_never_cut():
    x = Value(-1.2345678e-10, "x")
    play = player(x * 123456.789 * x)
    press(play, "end")
    assert "-1.2346e-10" in row(play, "x")


def test_what_has_no_gradient_says_so_and_a_root_without_ops_is_its_own():
    x, data = Value(1.0, "x"), Value(2.0, "data", requires_grad=False)
    play = player(x * data)
    press(play, "end")
    assert row(play, "data").endswith("–           requires_grad=False")
    play = player(x)
    press(play, "right", "left", "end", "f", "h", "g")
    typed(play, "5")
    assert "step 0 of 0" in screen(play)[0] and "seed" in "\n".join(screen(play))


def test_an_operation_of_many_operands_is_cut_to_the_screen_and_followed_part_by_part():
    rows = [Value(0.1 * k, f"w{k}") for k in range(20)]
    play = player(autograd.dot(rows, [1.0 + k for k in range(20)]))
    press(play, "right")
    assert any(re.fullmatch(r" … \d+ more", line) for line in screen(play))
    press(play, "left", *["."] * 12)
    assert any(line.startswith("   to w11 ") for line in screen(play))


# ---------------------------------------------------------------- what is asked of it
def test_it_prints_the_walk_where_nobody_can_press_a_key(capsys):
    L = example()
    viz.play(L)
    assert capsys.readouterr().out == f"{viz.trace(L)}\n"


def test_what_has_no_gradient_is_refused_as_backward_steps_refuses_it():
    with pytest.raises(TypeError, match="a Value is required"):
        viz.play(1.0)
    with pytest.raises(ValueError, match="records"):
        viz.play(Value(1.0, requires_grad=False))
    x = Value(1.0)
    y = x * 2.0
    x.data = 3.0
    with pytest.raises(autograd.StaleGraphError):
        viz.play(y)


def test_without_prompt_toolkit_the_error_names_the_extra(monkeypatch):
    class Tty:
        encoding = "utf-8"

        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", Tty())
    monkeypatch.setattr(sys, "stdout", Tty())
    monkeypatch.setitem(sys.modules, "prompt_toolkit", None)
    monkeypatch.setitem(sys.modules, "prompt_toolkit.application", None)
    with pytest.raises(ImportError, match=r'pip install "whygrad\[terminal\]"'):
        viz.play(example())


def test_it_writes_nothing():
    L = example()
    before = [(node.data, node.grad) for node in viz.trace(L).graph.nodes]
    play = player(L)
    press(play, "right", ".", "h", "f", "end", "down")
    screen(play)
    assert [(node.data, node.grad) for node in viz.trace(L).graph.nodes] == before


# ---------------------------------------------------------------- in a pseudo-terminal
class Terminal:
    """A program in a pseudo-terminal, and what a person sees of it."""

    def __init__(self, code, size=(80, 24), **environment):
        import fcntl
        import pty
        import termios

        import pyte

        self.screen = pyte.Screen(*size)
        self.stream, self.raw = pyte.ByteStream(self.screen), b""
        self.ours, self.theirs = pty.openpty()
        self.set = lambda columns, lines: fcntl.ioctl(
            self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0)
        )
        self.modes = lambda: termios.tcgetattr(self.theirs)
        self.set(*size)
        self.before = self.modes()
        env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "LINES")}
        env |= {"PYTHONPATH": str(REPO), "PYTHONIOENCODING": "utf-8", "TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], env=env | environment, start_new_session=True,
            stdin=self.theirs, stdout=self.theirs, stderr=self.theirs,
        )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)

    def pump(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.ours], [], [], 0.02)[0]:
                data = os.read(self.ours, 65536)
                self.raw += data
                self.stream.feed(data)

    @property
    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    def wait(self, text, seconds=60):
        """Until it is on the screen: a loaded machine needs long to start."""
        end = time.monotonic() + seconds
        while text not in "\n".join(self.lines):
            assert time.monotonic() < end and self.process.poll() is None, "\n".join(self.lines)
            self.pump(0.05)

    def press(self, keys):
        os.write(self.ours, keys.encode())

    def end(self):
        end = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < end:
            self.pump(0.05)
        return self.process.poll()


RIGHT = "\x1b[C"
needs_terminal = pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal")


@needs_terminal
def test_a_terminal_shows_it_resized_too_and_gets_its_modes_back():
    with Terminal(EXAMPLE + "viz.play(L)") as terminal:
        terminal.wait("step 7 of 14")
        terminal.press(RIGHT * 3)
        terminal.wait("step 10 of 14")
        terminal.pump(0.2)
        assert terminal.lines == STEP_10
        colours = {  # of what is on the screen, by where it is
            (x, y): cell.fg for y, line in terminal.screen.buffer.items()
            for x, cell in line.items() if cell.fg != "default"
        }  # fmt: skip
        assert len(set(colours.values())) == 1
        shown = {y: "".join(terminal.screen.display[y][x] for x in range(80) if (x, y) in colours)
                 for y in {y for _, y in colours}}
        assert {y: text.split() for y, text in shown.items()} == {
            3: ["1"], 4: ["1"], 5: ["0.1"], 6: ["1"], 10: ["0.3", "+0.15", "+0.15"]
        }, "gradients, and nothing else"
        terminal.screen.resize(12, 50)
        terminal.set(50, 12)
        terminal.process.send_signal(signal.SIGWINCH)
        terminal.wait("fi…")
        terminal.screen.resize(30, 110)
        terminal.set(110, 30)
        terminal.process.send_signal(signal.SIGWINCH)
        terminal.wait("h hide")
        assert terminal.modes() != terminal.before, "keys come one by one, unseen"
        terminal.press("q")
        assert terminal.end() == 0 and terminal.modes() == terminal.before


@needs_terminal
@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_without_colour_there_is_no_code_of_one_and_ctrl_c_ends_it(environment):
    with Terminal(EXAMPLE + "viz.play(L)\nprint('after')", **environment) as terminal:
        terminal.wait("step 7 of 14")
        terminal.press(RIGHT * 4)
        terminal.wait("step 11 of 14")
        codes = re.findall(rb"\x1b\[([\d;]*)m", terminal.raw)
        assert {int(n) for code in codes for n in code.split(b";") if n} <= {0, 1, 7}
        terminal.press("\x03")
        assert terminal.end() == 0 and terminal.modes() == terminal.before
        terminal.pump(0.2)
        assert "after" in "\n".join(terminal.lines) and "Traceback" not in "\n".join(terminal.lines)


@needs_terminal
def test_where_the_letters_are_missing_it_is_written_in_ascii():
    environment = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    with Terminal(EXAMPLE + "viz.play(L)", **environment) as terminal:
        terminal.wait("step 7 of 14 | forward 7 of 7")
        terminal.press(RIGHT * 3)
        terminal.wait("to w, 1st   0.1 * 1.5 = 0.15     w: - -> 0.15")
        assert all(line.isascii() and "?  " not in line[:70] for line in terminal.lines[:20])
        terminal.press("q")
        assert terminal.end() == 0
