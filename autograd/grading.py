"""grade(cls): whether a class of one's own differentiates right, and a program for what is wrong.

The programs are ours, from the smallest on. Each runs on the class, in another process (see
examiner.py), and here on Value, for what is expected.
"""

from __future__ import annotations

import contextlib
import functools
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from . import modes
from .examiner import HAS_FORK, Answer, Examiner, answer, in_file, result
from .value import Value

# ---------------------------------------------------------------- what is asked
_NODE = "node = Value(2.0)\nnode.data, node.grad, node.backward\ngot = []"
_AT = {"a": 3.0, "b": -2.0, "x": 2.0, "zero": 0.0, "far": 800.0, "low": -800.0}
_ROWS = (  # a kind, a hint, and expressions, from the smallest on; lines may come before one
    ("operators", "backward() begins with self.grad = 1", ("a",)),
    ("operators", "a sum's slopes are 1: each operand gets out.grad", ("a + b",)),
    ("operators", "a minus turns the sign: b gets -out.grad", ("a - b", "-a")),
    ("operators", "each operand gets the other's data times out.grad", ("a * b",)),
    ("operators", "a gets out.grad / b, and b gets -out.grad * a / b**2", ("a / b",)),
    ("operators", "a number becomes a node: if not isinstance(other, Value): other = Value(other)",
     ("a + 2", "a - 2.5", "a * 2.5", "a / 2")),
    ("operators", "Python asks a.__radd__(2), as sum() does, or a.__rmul__(2)", ("2 + a", "2 * a")),
    ("operators", "Python asks a.__rsub__(2), that is 2 - self, or a.__rtruediv__(2), 2 / self",
     ("2 - a", "2 / a")),
    ("reuse", "each use of a node adds its part: grad += ..., never grad = ...",
     ("a + a", "a * a", "a * b + a", "c = a * b\nc * c")),
    ("accumulation", "a pass adds to the grad of a leaf; it sets the grad of what an op made to 0 "
     "when it begins, and of nothing else", ("c = a + b\nc.backward()\na * b",)),
    ("second backward", "set the grad of what an op made to 0 when a pass begins, or the parts of "
     "the last pass go down again; leaves keep theirs", ("c = (x * x) * 3\nc.backward()\nc",)),
    ("order", "a node's turn comes after all that use it: list it after its operands, go backwards",
     ("c = a * b\nc + c * a", "c = a * b\nc * a + c", "c = a * b; d = c * a\nc * (d * d) + d")),
    ("order", "visit a node once, however many use it: here are 2**40 paths",
     ("c = a\nfor _ in range(40): c = c + c\nc",)),
    ("depth", "a function that calls itself meets Python's limit: loop, with a list of the nodes "
     "that are still to visit, and a set of those visited",
     ("c = a\nfor _ in range(5000): c = c + a\nc",)),
    ("exponent", "the slope of a**n is n * a**(n - 1), whatever the sign of a, and 0 where n is 0",
     ("a ** 2", "a ** 3", "a ** -1", "a ** 0.5", "b ** 3", "zero ** 2", "a ** 0", "zero ** 0")),
    ("exponent", "the slopes of a**b are b * a**(b - 1) for a, a**b * log(a) for b; Python asks "
     "a.__rpow__(2) for 2**a", ("a ** b", "2 ** a")),
    ("tanh", "the slope is 1 - out.data**2; exp and cosh overflow far out: take math.tanh",
     ("x.tanh()", "far.tanh()", "low.tanh()")),
    ("exp", "the slope is the result, out.data", ("x.exp()", "low.exp()")),
    ("relu", "the slope is 1 where the operand is above 0, and 0 below", ("a.relu()", "b.relu()")),
    ("zero_grad", "a gradient that is set back is 0, and the next pass adds to that",
     ("(a * a).backward()\na.zero_grad() if hasattr(a, 'zero_grad') else setattr(a, 'grad', 0.0)\n"
      "a * a",)),
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
_SLIPS = "AttributeError", "NameError", "TypeError"  # where a hint on gradients would mislead


class Grade:
    """What is right, missing and wrong in a class; prints as a text."""

    def __init__(self, name: str, checks: list[tuple[dict[str, Any], str]]) -> None:
        self._name, self._checks = name, checks  # each check with its hint

    def to_dict(self) -> dict[str, Any]:
        """``right, wrong, missing``: how many ``checks`` {kind, verdict, program, expected, got}.

        A program is the first that failed, or else the last; what is no finite number is a text.
        """
        checks = [check for check, _ in self._checks]
        counts = Counter(check["verdict"] for check in checks)
        return {**{v: counts[v] for v in ("right", "wrong", "missing")}, "checks": checks}

    def __str__(self) -> str:
        facts = self.to_dict()
        lines = [f"{self._name}: {', '.join(f'{facts[v]} {v}' for v in list(facts)[:3])}"]
        groups: dict[tuple[str, str], list[dict[str, Any]]] = {}  # one cause, as far as we know
        for check, hint in sorted(self._checks, key=lambda c: c[0]["verdict"] == "wrong"):
            verdict, got = check["verdict"], str(check["got"])
            cause = got if verdict == "wrong" and got.startswith(_SLIPS) else hint
            groups.setdefault((verdict, cause if verdict != "right" else ""), []).append(check)
        for (verdict, cause), checks in groups.items():
            kinds = Counter(check["kind"] for check in checks)
            named = f"{verdict}: {', '.join(f'{kind} ({n})' for kind, n in kinds.items())}"
            program, expected, got = (checks[0][key] for key in ("program", "expected", "got"))
            if verdict == "wrong":
                lines += ["", named, *(f"    {line}" for line in program.splitlines())]
                lines.append(f"  expected {expected}, got {got}")
            else:
                lines.append(f"{named}: {got}" if verdict == "missing" else named)
            if cause not in ("", got):
                lines.append(f"  hint: {cause}")
        if [verdict for verdict, _ in groups].count("wrong") > 1:
            lines += ["", "Mend the first and grade again: what follows it may come of it."]
        return "\n".join(lines)

    __repr__ = __str__


@modes.quiet()  # whatever mode the caller is in
def grade(cls: type) -> Grade:
    """What is right, missing and wrong in a class with ``data``, ``grad`` and ``backward``.

    Missing is what the class does not offer: a method that is not there, an operand it refuses.
    All else that differs from Value's numbers is wrong, with the smallest program that shows it.
    Takes less than a minute, whatever the class does; on Windows only a file's class is ended.

    Raises:
        TypeError: one number makes no such node of it.

    >>> print(grade(Value))
    Value: 43 right, 0 wrong, 0 missing
    right: operators (14), reuse (4), accumulation (1), second backward (1), order (4), depth (1),
    exponent (10), tanh (3), exp (2), relu (2), zero_grad (1)
    """
    if not isinstance(cls, type):
        raise TypeError(f"grade: a class is required, got {cls!r}; use autograd.grade(Value)")
    if not HAS_FORK:
        return _graded(cls.__name__, functools.partial(answer, lambda: cls))
    return _apart(cls.__name__, lambda: cls)


def grade_file(target: str) -> Grade:
    """The same of ``file.py:Value``, a file which the other process alone imports."""
    path, _, name = target.rpartition(":")
    if not path or not name.isidentifier():
        raise TypeError(f"grade: file.py:Value is required, got {target!r}; name file and class")
    return _apart(name, functools.partial(in_file, path, name))


def _apart(name: str, load: Callable[[], type]) -> Grade:
    with contextlib.closing(Examiner(load)) as examiner:
        return _graded(name, examiner.ask)


def _graded(name: str, ask: Callable[[str], Answer]) -> Grade:
    verdict, why = ask(_NODE)
    if verdict != "got":
        raise TypeError(
            f"grade: a class {name} is required, of which {name}(2.0) has data, grad and backward, "
            f"got {why}"
        )
    title = name if name == "Value" else f"Value = {name}"  # as it is to be pasted
    return Grade(title, [
        ({"kind": kind, **_check(expression, ask)}, hint)
        for kind, hint, expressions in _ROWS
        for expression in expressions
    ])  # fmt: skip


def _check(expression: str, ask: Callable[[str], Answer]) -> dict[str, Any]:
    for program in _programs(expression):
        expected = result(Value, program)
        verdict, got = ask(program)
        if verdict == "got":
            verdict = "right" if _agree(got, expected) else "wrong"
        if verdict != "right":
            break
    return {"verdict": verdict, "program": program, "expected": expected, "got": got}


def _agree(got: Any, expected: Any) -> bool:
    """To six digits, as float32 has them: a slip is no matter of rounding."""
    if isinstance(got, list) and isinstance(expected, list):
        return len(got) == len(expected) and all(map(_agree, got, expected))
    return isinstance(got, float) and math.isclose(got, expected, rel_tol=1e-6, abs_tol=1e-12)
