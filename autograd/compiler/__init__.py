"""From a function of scalars to a program over arrays: record, sweep, rewrite, run.

program.py records and calls; rewrite.py makes the graph smaller; numpy_backend.py and
llvm_backend.py run it: each is an arithmetic for the same rules, and a function ``build``.
"""

from .program import Program, compile

__all__ = ["Program", "compile"]
