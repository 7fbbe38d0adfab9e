"""``python -m autograd``: the version, and what it found to run on; ``--grade``: a class's faults.

Other packages of the distribution add their lines by the entry points ``whygrad.about``: imports go
one way, so nothing here names them.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
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
    usage = "python -m autograd [--grade file.py:Value]; of expressions: python -m viz"
    parser = argparse.ArgumentParser("python -m autograd", usage, "What there is to run on.")
    told = "grade a class of your own: exit code 0 right, 1 wrong, 2 it cannot be tried"
    parser.add_argument("--grade", metavar="file.py:Value", help=told)
    asked = parser.parse_args()
    if asked.grade is None:
        print(*about(), sep="\n")
        return
    from autograd.grading import grade_file  # multiprocessing, for this alone

    try:
        found = grade_file(asked.grade)
    except TypeError as error:
        parser.exit(2, f"{error}\n")
    encoding = sys.stdout.encoding  # names and errors may hold what a console does not
    print(str(found).encode(encoding, "backslashreplace").decode(encoding))
    sys.exit(found.to_dict()["wrong"] > 0)


if __name__ == "__main__":
    main()
