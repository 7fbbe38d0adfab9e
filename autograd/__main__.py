"""``python -m autograd``: the version, and what it found here to run on.

Other packages of the distribution add their lines by the entry points ``whygrad.about``: imports go
one way, so nothing here names them.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from importlib.metadata import entry_points

import autograd
from autograd import loader


def about() -> Iterator[str]:
    """A line each: the version, the core, the back ends, and what other packages add."""
    asked = ", as asked" if loader.is_pure() else ""
    llvm = importlib.util.find_spec("llvmlite") is not None
    yield f"whygrad {autograd.__version__} in {autograd.__path__[0]}"
    yield f"core: {autograd.core_kind}{asked}"
    yield f"back ends: numpy{', llvm' if llvm else ' (llvm: pip install llvmlite)'}"
    for line in entry_points(group="whygrad.about"):
        yield f"{line.name}: {line.load()()}"


def main() -> None:
    print(*about(), sep="\n")


if __name__ == "__main__":
    main()
