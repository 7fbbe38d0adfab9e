"""grade(cls): whether a class of one's own differentiates right, and a program for what is wrong.

The programs are ours, from the smallest on. Each runs on the class, in another process (see
examiner.py), and here on Value, for what is expected.
"""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from . import modes
from .examiner import HAS_FORK, Answer, Examiner, answer, in_file
from .names import one_line
from .value import Value

# ---------------------------------------------------------------- what is asked
_AT = {"a": 3.0, "b": -2.0, "x": 0.5, "zero": 0.0, "far": 800.0, "low": -800.0}
# A kind, a hint, and checks: an expression, or programs that set `got`, from the smallest on.
_ROWS: tuple[tuple[str, str, tuple[str | tuple[str, ...], ...]], ...] = (
    ("operators", "it begins with self.grad = 1",
     (("a = Value(3.0)\na.backward()\ngot = a.grad",),)),
    ("operators", "a sum's slopes are 1: grad += out.grad, for both operands", ("a + b",)),
    ("operators", "the slope for b is -1", ("a - b",)),
    ("operators", "each operand's slope is the other's data", ("a * b",)),
    ("operators", "the slopes are 1 / b for a, -a / b**2 for b", ("a / b",)),
    ("operators", "the slope of a**n is n * a**(n - 1)", ("a ** 2",)),
    ("operators", "the slope is -1", ("-a",)),
    ("operators", "a number becomes a node: if not isinstance(other, Value): other = Value(other)",
     ("a + 2", "a - 2.5", "a * 2.5", "a / 2")),
    ("operators", "Python asks a.__radd__(2) or a.__rmul__(2), as sum() does", ("2 + a", "2 * a")),
    ("operators", "Python asks a.__rsub__(2): it is Value(2) - self", ("2 - a",)),
    ("operators", "Python asks a.__rtruediv__(2): it is Value(2) / self", ("2 / a",)),
    ("reuse", "each use of a node adds its part: grad += ..., never grad = ...",
     ("a + a", "a * a", "a * b + a", "c = a * b\nc * c")),
    ("accumulation", "leaves keep what they have, and each pass adds to it: a pass that begins "
     "sets the grad of what an op made to 0, and of nothing else",
     (("a, b = Value(3.0), Value(-2.0)\nc, d = a + b, a * b\nc.backward()\nd.backward()\n"
       "got = [a.grad, b.grad]",),)),
    ("second backward", "set the grad of what an op made to 0 when a pass begins, or the parts of "
     "the last pass go down again; leaves keep theirs",
     (("a, b = Value(3.0), Value(-2.0)\ny = a * b\ny.backward()\ny.backward()\n"
       "got = [a.grad, b.grad]",
       "x = Value(2.0)\ny = (x * x) * Value(3.0)\ny.backward()\ny.backward()\ngot = x.grad"),)),
    ("order", "a node's turn comes after all that use it: append it to the list after its "
     "operands, then go through the list backwards",
     ("c = a * b\nc + c * a", "c = a * b\nc * a + c", "c = a * b; d = c * a\nc * (d * d) + d")),
    ("order", "visit a node once, however many use it: here are 2**40 paths",
     (("a = y = Value(1.0)\nfor _ in range(40):\n    y = y + y\ny.backward()\ngot = a.grad",),)),
    ("depth", "a function that calls itself meets Python's limit: keep the nodes that are still to "
     "visit in a list, and loop",
     (tuple(f"a = y = Value(1.0)\nfor _ in range({n}):\n    y = y + a\ny.backward()\ngot = a.grad"
            for n in (1000, 5000)),)),
    ("exponent", "the slope of a**n is n * a**(n - 1), whatever the sign of a, and 0 where n is 0",
     ("a ** 3", "a ** -1", "a ** 0.5", "b ** 3", "zero ** 2", "a ** 0", "zero ** 0")),
    ("exponent", "the slopes are b * a**(b - 1) for a, a**b * log(a) for b", ("a ** b",)),
    ("exponent", "Python asks a.__rpow__(2): its slope is 2**a * log(2)", ("2 ** a",)),
    ("tanh", "the slope is 1 - out.data**2", ("x.tanh()",)),
    ("tanh", "exp and cosh overflow far out: take math.tanh", ("far.tanh()", "low.tanh()")),
    ("exp", "the slope is the result, out.data", ("x.exp()", "low.exp()")),
    ("relu", "the slope is 1 where the operand is above 0, and 0 below", ("a.relu()", "b.relu()")),
    ("zero_grad", "a gradient that is set back is 0, and the next pass adds to that",
     (tuple(f"a = Value(3.0)\nb = a * a\nb.backward()\n{back}\n(a * a).backward()\ngot = a.grad"
            for back in ("a.grad = 0.0", "a.zero_grad()")),)),
)  # fmt: skip


def _programs(expression: str) -> Iterator[str]:
    """Its value; its slopes; its slopes with something above, each with the leaves it needs."""
    *before, result = expression.splitlines()
    leaves = [name for name in _AT if re.search(rf"\b{name}\b", expression)]
    numbers = ", ".join(f"Value({_AT[name]})" for name in leaves)
    made = "\n".join([f"{', '.join(leaves)} = {numbers}", *before])
    slopes = ", ".join(f"{name}.grad" for name in leaves)
    yield f"{made}\ngot = ({result}).data"
    for y in result, f"({result}) * Value(5.0)":
        yield f"{made}\ny = {y}\ny.backward()\ngot = {f'[{slopes}]' if leaves[1:] else slopes}"


# ---------------------------------------------------------------- what was found
class Grade:
    """What is right, missing and wrong in a class; prints as a text."""

    def __init__(self, title: str, checks: list[tuple[dict[str, Any], str, str]]) -> None:
        self._title, self._checks = title, checks  # each check with its expression and its hint

    def to_dict(self) -> dict[str, Any]:
        """``right, wrong, missing``: how many ``checks`` {kind, verdict, program, expected, got}.

        A program is the first that failed, or else the last; what is no finite number is a text.
        """
        checks = [check for check, _, _ in self._checks]
        counts = Counter(check["verdict"] for check in checks)
        return {**{v: counts[v] for v in ("right", "wrong", "missing")}, "checks": checks}

    def __str__(self) -> str:
        facts = self.to_dict()
        counts = ", ".join(f"{facts[v]} {v}" for v in ("right", "wrong", "missing"))
        right = Counter(c["kind"] for c in facts["checks"] if c["verdict"] == "right")
        lines = [f"{self._title}: {counts}"]
        lines += ["right: " + ", ".join(f"{kind} ({n})" for kind, n in right.items())] * bool(right)
        for check, what, hint in sorted(self._checks, key=lambda c: c[0]["verdict"] == "wrong"):
            named = f"{check['verdict']}: {check['kind']}{what and f', {what}'}"
            if check["verdict"] == "missing":
                lines.append(f"{named}: {check['got']}")
            if check["verdict"] == "wrong":
                lines += ["", named, *(f"    {line}" for line in check["program"].splitlines())]
                lines.append(f"  expected {check['expected']}, got {check['got']}")
                lines.append(f"  hint: {hint}")
        return "\n".join(lines)

    __repr__ = __str__


def grade(cls: type) -> Grade:
    """What is right, missing and wrong in a class with ``data``, ``grad`` and ``backward``.

    Missing is what the class does not offer: a method that is not there, an operand it refuses.
    All else that differs from Value's numbers is wrong, with the smallest program that shows it.
    Takes less than a minute, whatever the class does.

    Raises:
        TypeError: ``cls`` is no class, or one number makes no node of it.

    >>> print(grade(Value))
    Value: 43 right, 0 wrong, 0 missing
    right: operators (15), reuse (4), accumulation (1), second backward (1), order (4), depth (1),
    exponent (9), tanh (3), exp (2), relu (2), zero_grad (1)
    """
    if not isinstance(cls, type):
        raise TypeError(
            "grade: a class with data, grad and backward is required, got "
            f"{one_line(repr(cls))[:60]}; give the class itself: grade(Value)"
        )
    note = "" if HAS_FORK else " (in this process, where a loop for ever is not ended)"
    return _graded(cls.__name__ + note, lambda: cls, here=not HAS_FORK)


def grade_file(target: str) -> Grade:
    """The same of ``file.py:Value``, a file which the other process alone imports."""
    path, _, name = target.rpartition(":")
    if not path or not name.isidentifier():
        raise TypeError(f"grade: file.py:Value is required, got {target!r}; name file and class")
    return _graded(name, functools.partial(in_file, path, name))


def _graded(title: str, load: Callable[[], type], here: bool = False) -> Grade:
    with modes.quiet():  # whatever mode the caller is in
        examiner = Examiner(load, here)
        try:
            return Grade(title, [
                ({"kind": kind, **_check(programs, examiner.ask)}, what, hint)
                for kind, hint, checks in _ROWS
                for what, programs in map(_named, checks)
            ])  # fmt: skip
        finally:
            examiner.end()


def _named(check: str | tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """What is asked, if that is an expression, and its programs."""
    if isinstance(check, tuple):
        return "", check
    return check.splitlines()[-1], tuple(_programs(check))


def _check(programs: tuple[str, ...], ask: Callable[[str], Answer]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for program in programs:
        expected = answer(Value, program)[1]
        verdict, got = ask(program)
        if verdict == "got":
            verdict = "right" if _agree(got, expected) else "wrong"
        if not found or verdict != "missing":  # a further form may be missing
            found = {"verdict": verdict, "program": program, "expected": expected, "got": got}
        if verdict == "wrong":
            break
    return found


def _agree(got: Any, expected: Any) -> bool:
    """To six digits, as float32 has them: a slip is no matter of rounding."""
    if isinstance(got, list) and isinstance(expected, list):
        return len(got) == len(expected) and all(map(_agree, got, expected))
    return isinstance(got, float) and math.isclose(got, expected, rel_tol=1e-6, abs_tol=1e-12)
