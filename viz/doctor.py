"""What is installed here, and what is in its way. Read by __main__.py, for ``--doctor``."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from importlib import metadata
from importlib.machinery import PathFinder

from autograd.__main__ import about

PACKAGES = ("autograd", "nn", "viz")


def report() -> list[str]:
    """Versions, what was found to run on, and a line for each thing that is in the way."""
    folder = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    python = f"Python {platform.python_version()} at {sys.executable}, {platform.platform()}"
    others = [line for name in PACKAGES for line in _others(name, os.path.join(folder, name))]
    return [*about(), python, *(others or ["in the way: nothing"])]


def _others(name: str, home: str) -> Iterator[str]:
    """What else bears the name of a package of ours: beside a program, on the path."""
    ours = False  # whether it is found before that
    for folder in dict.fromkeys(map(os.path.realpath, [os.getcwd(), *sys.path])):
        spec = PathFinder.find_spec(name, [folder])
        there = os.path.realpath(spec.origin) if spec and spec.origin else ""
        if os.path.dirname(there) == home:
            ours = True
        elif there:
            yield f"in the way: {there}, {'hidden by' if ours else 'which hides'} our {name}"
    for other in {*metadata.packages_distributions().get(name, ())} - {"whygrad"}:
        yield f"in the way: {other} brings a package {name} too; use an environment without it"
