"""``python -m viz "tanh(w*x+b)" w=0.5 x=2 b=-1``, or ``whygrad``: gradients from a shell.

Reads expressions.py, which makes a Value of a text, doctor.py, and what viz answers with.
"""

from __future__ import annotations

import argparse
import keyword
import os
import re
import sys
import unicodedata
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

import viz
from autograd import ops
from autograd.names import clean, one_line
from autograd.numbers import show
from autograd.writing import write_whole

from .expressions import value_of
from .letters import printable
from .steps import PRINTED, table

EXAMPLE = ("(w*x + b - t)**2 + 0.1*(w*w)", "w=1.5", "x=2", "b=-1", "t=1")
# argparse takes what begins with a minus, as -x*2, for an option, unless a space stands before it
MINUS = re.compile("^(?= *-(?!h$|-?$|-[a-z]+(=|$)))")
LONGEST = 1_500  # characters of an error: a screen


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        _say(message)
        self.exit(2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer ``arguments``, or the command line, and give the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_intermixed_args([MINUS.sub(" ", text) for text in given])
    with warnings.catch_warnings():
        warnings.simplefilter("always", RuntimeWarning)
        warnings.showwarning = lambda message, *_: _say(f"{message}")
        try:
            _answer(options, alone=not given)
            print(end="", flush=True)
        except BrokenPipeError:  # by head -1: Python would try again when it ends, and say so
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (ValueError, TypeError, OSError) as error:
            _say(f"{error}")
            return 2
    return 0


def _parser() -> _Parser:
    what = "The value of an expression, its gradients, and why. Without one, an example is walked."
    allowed = "An expression has numbers, names, + - * / % **, parentheses and these functions: "
    parser = _Parser("whygrad", description=what, epilog=allowed + ", ".join(ops.TABLE))
    add = parser.add_argument
    add("words", nargs="*", metavar="expression name=number", help='"tanh(w*x+b)" w=0.5 x=2 b=-1')
    add("--step", action="store_true", help="walk through every step")
    add("--explain", metavar="NAME", help="say what the gradient of a name is made of")
    add("--svg", metavar="FILE", help="write the drawing, as SVG")
    add("--html", metavar="FILE", help="write the page, to step through")
    add("--open", action="store_true", help="open that page in a browser")
    add("--doctor", action="store_true", help="say what is installed, and what is in its way")
    return parser


def _say(text: str) -> None:
    """One line on standard error, whatever a shell handed over."""
    print("whygrad:", one_line(text)[:LONGEST], file=sys.stderr)


def _answer(options: Any, alone: bool) -> None:
    """Print the value, the gradients and their formulas, and do what else is asked for."""
    if options.doctor:
        from .doctor import report

        return print(printable("\n".join(report())))
    expression, *words = [re.sub("^ (?= *-)", "", word) for word in options.words] or EXAMPLE
    numbers = _numbers(words)
    if options.explain not in (None, *numbers):
        raise ValueError(f"--explain: a name that has a number is required, got {options.explain}")
    y = value_of(expression, numbers)
    if not options.words:
        y.label = "L"
    if alone:
        with suppress(ImportError):  # without prompt_toolkit it is printed
            return viz.play(y)
    y.backward()  # a drawing shows what Values hold
    steps = viz.trace(y)
    walk, nodes = steps.walk, steps.graph.nodes
    if options.svg is not None:
        write_whole(options.svg, viz.graph(y).svg.encode())
    if options.html is not None:
        steps.save(options.html)
    parts = [f"{walk.heading} = {show(y.data)}", table(walk) * bool(numbers)]
    if options.step or not options.words:
        parts = [str(steps)]
    formulas = []
    for i in walk.leaves[: PRINTED * bool(numbers)]:  # those of the table
        with suppress(viz.DrawingError):  # too long
            formulas.append(f"{walk.slope(i)} = {viz.formula(y, wrt=nodes[i])}")
    parts.append("\n".join(formulas))
    if options.explain:
        (value,) = (x for x in nodes if x.label == options.explain)
        parts.append(str(viz.explain(y, value)))
    print(printable("\n\n".join(filter(None, parts))))
    if options.open:
        steps.open()


def _numbers(words: Sequence[str]) -> dict[str, float]:
    """The numbers that ``x=0.5 …`` gives, by name; a name is as Python's parser reads it."""
    numbers: dict[str, float] = {}
    for word in words:
        name, _, number = word.partition("=")
        name = unicodedata.normalize("NFKC", name)
        if not name.isidentifier():
            required = "after the expression, name=number is required, as in x=0.5"
            raise ValueError(f"{required}, got {clean(word)!r}")
        if keyword.iskeyword(name):
            raise ValueError(f"{name}: a name is required, got a word of Python's; take {name}_")
        if name in numbers:
            raise ValueError(f"{clean(name)}: one number is required, got a second; leave one out")
        try:
            numbers[name] = float(number)
        except ValueError:
            got = f"{clean(name)}: a number is required, got {clean(number) or 'none'}"
            raise ValueError(f"{got}; write {clean(name)}=0.5") from None
    return numbers


if __name__ == "__main__":
    sys.exit(main())
