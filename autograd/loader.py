"""Which core runs: the hot files as they stand, or what mypyc compiled from them.

Extensions lie beside the files that they were compiled from. All of them are loaded, or none: not
where one is missing or the first refuses, nor where WHYGRAD_PURE is set. One that is older than its
file is loaded: whoever writes in a compiled checkout compiles it again. Read by ``__init__`` before
all else, and by setup.py, which runs it by its path.
"""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, FileFinder, SourceFileLoader
from typing import Any

# What a profile of the benchmarks shows, and no more.
FILES = ("edges", "graph", "modes", "sweep", "value")
SHARED = "whygrad__mypyc"  # beside the package: all their code, which the extensions only name
SWITCH = "WHYGRAD_PURE"


def is_pure() -> bool:
    """Whether the user asks for the files as they stand."""
    return os.environ.get(SWITCH, "") not in ("", "0")


def extensions(folder: str) -> list[str]:
    """The paths of this Python's extensions, there or not; another's have other names."""
    names = [os.path.join(os.pardir, SHARED), *FILES]
    return [os.path.join(folder, name + EXTENSION_SUFFIXES[0]) for name in names]


class _Sources:
    """Finds the hot files as they stand, though an extension lies beside them."""

    def __init__(self, folder: str) -> None:
        self.finder = FileFinder(folder, (SourceFileLoader, SOURCE_SUFFIXES))

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        package, _, module = name.rpartition(".")
        return self.finder.find_spec(name) if package == "autograd" and module in FILES else None


def choose(folder: str) -> str:
    """The kind of core that will be imported: "compiled" if a whole build is there, or "pure"."""
    missing = [path for path in extensions(folder) if not os.path.exists(path)]
    if len(missing) > len(FILES):
        return "pure"
    why = ", ".join(map(os.path.basename, missing)) + " is missing"
    if not missing and not is_pure():
        try:
            importlib.import_module(SHARED)
            return "compiled"
        except ImportError as error:  # another C library or processor, say
            why = str(error)
    sys.meta_path.insert(0, _Sources(folder))
    if not is_pure():
        warnings.warn(
            f"autograd: the compiled core is not used, as {why}; the pure one gives the same "
            f"numbers, slower. Install whygrad again, or set {SWITCH}=1",
            RuntimeWarning, stacklevel=2,
        )  # fmt: skip
    return "pure"


if __package__:  # not where setup.py runs it
    core_kind = choose(os.path.dirname(os.path.abspath(__file__)))
