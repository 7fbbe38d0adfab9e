"""Which core runs: the hot files as they stand, or what mypyc compiled from them.

Extensions lie beside the files that they were compiled from, with a note of what was built, for
which Python, from which text. One that is not all there, not for this Python, or older than its
file is never loaded; nor is any where WHYGRAD_PURE is set. Read by ``__init__`` before all else,
and by setup.py, which runs it by its path.
"""

from __future__ import annotations

import importlib
import os
import sys
import zlib
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, FileFinder, SourceFileLoader
from typing import Any

FILES = ("graph", "modes", "sweep", "value")  # what a profile of the benchmarks shows, and no more
SHARED = "whygrad__mypyc"  # beside the package: all their code, which the extensions only name
SWITCH = "WHYGRAD_PURE"
NOTE = "core.txt"


def is_pure() -> bool:
    """Whether the user asks for the files as they stand."""
    return os.environ.get(SWITCH, "") not in ("", "0")


def built_for() -> str:
    """The Python and the machine that an extension is for."""
    machine = os.uname().machine if hasattr(os, "uname") else ""  # macOS: the suffix has none
    return f"{EXTENSION_SUFFIXES[0]} {machine}".strip()


def extensions(folder: str) -> list[str]:
    """The compiled files of the package in ``folder``, for whatever Python."""
    shared = os.path.join(os.pardir, SHARED + EXTENSION_SUFFIXES[0])
    found = [shared] if os.path.exists(os.path.join(folder, shared)) else []
    return sorted(found + [name for name in os.listdir(folder) if name.endswith((".so", ".pyd"))])


def note(folder: str) -> str:
    """What the note says of a whole build in ``folder``: for what, and each file's checksum."""
    own = [name for name in extensions(folder) if name.endswith(EXTENSION_SUFFIXES[0])]
    lines = [built_for()]
    for name in [*own, *(file + ".py" for file in FILES)]:
        with open(os.path.join(folder, name), "rb") as file:
            lines.append(f"{zlib.crc32(file.read()):08x} {os.path.basename(name)}")
    return "\n".join(lines) + "\n"


def fault(folder: str) -> str:
    """Why the extensions there are not to be loaded; empty if they are sound."""
    try:
        with open(os.path.join(folder, NOTE), encoding="utf-8") as file:
            said = file.read()
    except OSError:
        return "its build was not finished"
    found = note(folder)
    if said == found:
        return ""
    this, *_ = said.splitlines() or [""]
    if this != built_for():
        return f"it was built for {this}, not for {built_for()}"
    changed = set(found.splitlines()) ^ set(said.splitlines())
    names = sorted({line.split()[-1] for line in changed})
    return f"{', '.join(names)}: not as when it was built"


class _Sources:
    """Finds the hot files as they stand, though an extension lies beside them."""

    def __init__(self, folder: str) -> None:
        self.finder = FileFinder(folder, (SourceFileLoader, SOURCE_SUFFIXES))

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        package, _, module = name.rpartition(".")
        return self.finder.find_spec(name) if package == "autograd" and module in FILES else None


def choose(folder: str) -> None:
    """Let the hot files be imported as they stand, unless a sound build of them is there."""
    if not extensions(folder):
        return
    why = "" if is_pure() else fault(folder)
    if not is_pure() and not why:
        try:
            importlib.import_module(SHARED)
            return
        except ImportError as error:  # another C library, say
            why = str(error)
    sys.meta_path.insert(0, _Sources(folder))
    if why:
        import warnings

        warnings.warn(
            f"autograd: the compiled core is not used, as {why}; the pure one gives the same "
            f"numbers, slower. Install whygrad again, or set {SWITCH}=1",
            RuntimeWarning,
            stacklevel=2,
        )


if __package__:  # not where setup.py runs it
    choose(os.path.dirname(os.path.abspath(__file__)))
