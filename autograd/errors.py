"""Every exception that a user can meet, and the user's own line for their texts."""

from __future__ import annotations

import os
import sys
from typing import Any

_PACKAGES = tuple(
    os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), package) + os.sep
    for package in ("autograd", "nn", "viz")
)


class DomainError(ValueError):
    """An op met operands outside its domain while ``errstate("raise")`` was on."""


class AnomalyError(ValueError):
    """A nan or an inf, named where it began.

    Attributes:
        phase: "forward"; "backward", of what an op sends back; "input": a nan that was given.
        op: the op's name; None of an input.
        operands: the op's numbers.
        node: the Value it is about; ``label`` and ``scope`` are its own.
        filename, lineno: what recorded it, if that was inside ``detect_anomaly()``; else None.
    """

    phase: str
    op: str | None
    operands: tuple[float, ...]
    label: str
    scope: str
    node: Any
    filename: str | None
    lineno: int | None


class StaleGraphError(ValueError):
    """A leaf was written after the graph was built: its numbers no longer belong together."""


class TracingError(TypeError):
    """An unknown value was asked for the number that it does not have yet."""


class GradientError(ValueError):
    """A gradient that the rules give is not the slope that finite differences find."""


def user_frame() -> tuple[str, int, int]:
    """File, line and ``stacklevel`` (from the caller's caller) of the nearest code not ours."""
    frame, level = sys._getframe(1), 0
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGES):
        frame, level = frame.f_back, level + 1
    return frame.f_code.co_filename, frame.f_lineno, level


def place(line: tuple[str, int] | None, whole: bool = True) -> str:
    """``line 12 of /home/me/file.py``, or of ``file.py``; nothing where it is not known."""
    if line is None:
        return ""
    return f"line {line[1]} of {line[0] if whole else os.path.basename(line[0])}"


def user_line() -> str:
    """``/home/me/file.py:12``, where the user's own code called us."""
    return ":".join(map(str, user_frame()[:2]))
