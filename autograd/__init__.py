"""whygrad: write scalars, ask any gradient why, run compiled.

Six nouns: an **Op** is a callable record; a **Value** a number that remembers what made it; a
**Graph** the flat form of all under a root; a **Step** one op's turn in a pass; a **Repeat** equal
parts of a Graph, the loop that made them; a **Program** a Graph that runs over arrays. And eight
words: *partial*, d output / d operand; *upstream*, d root / d node; *contribution*, upstream ×
partial; *grad*, their total; *leaf*, *node*, *root*, *kink*.

>>> from autograd import Value
>>> x, w, b = Value(2.0, "x"), Value(0.5, "w"), Value(-1.0, "b")
>>> y = (w * x + b).tanh()
>>> y.backward()
>>> w.grad
2.0
"""

import builtins
import importlib
from typing import TYPE_CHECKING, Any

from . import loader as loader  # before any file that it chooses between
from . import ops
from .anomaly import find_anomaly
from .cards import card as card  # a notebook finds it by the Value
from .check import gradcheck
from .derivatives import grad, gradients, hessian, hvp, jacobian, jvp, linearize, vjp
from .derivatives import value_and_grad as value_and_grad
from .errors import AnomalyError, DomainError, GradientError, StaleGraphError, TracingError
from .functions import log_softmax, logsumexp, mean, softmax
from .graph import Graph
from .loader import core_kind
from .modes import detect_anomaly, errstate, no_grad, scope
from .op import Op
from .ops import *  # noqa: F403  the table lists its ops itself
from .reference import describe as describe
from .sweep import Contribution, Step, backward_steps
from .value import Value, above
from .value import compiled as compiled  # its name before core_kind's

if TYPE_CHECKING:
    from .arrays import Array as Array
    from .arrays import array as array
    from .compiler import Program
    from .compiler import compile as compile
    from .grading import grade as grade

__version__ = "0.1.0"
# A star import leaves Python's own functions alone, as NumPy's does.
__all__ = [
    "AnomalyError", "Contribution", "DomainError", "GradientError", "Graph", "Op", "Program",
    "StaleGraphError", "Step", "TracingError", "Value", "backward_steps", "core_kind",
    "detect_anomaly", "errstate", "find_anomaly", "grad", "gradcheck", "grade", "gradients",
    "hessian", "hvp", "jacobian", "jvp", "linearize", "log_softmax", "logsumexp", "mean", "no_grad",
    "scope", "softmax", "value_and_grad", "vjp",
    *[name for name in ops.__all__ if name not in vars(builtins)],
]  # fmt: skip


def _first(word: str) -> Any:
    """What the arrays' file does with a Value: it is loaded, with NumPy, at the first call."""

    def call(*args: Any) -> Any:
        from . import arrays as arrays

        return above[word](*args)

    return call


above.update({word: _first(word) for word in ("dot", "elementwise", "function", "shaped", "ufunc")})


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "compile"})


def __getattr__(name: str) -> Any:
    if name == "repeats":  # with NumPy too
        return importlib.import_module(".repeats", __name__)
    if name in ("Array", "array"):  # with NumPy
        from . import arrays

        return getattr(arrays, name)
    if name in ("Program", "compile"):  # with NumPy, at first use: see ieee.py
        from . import compiler

        return getattr(compiler, name)
    if name == "grade":  # with sockets and subprocesses
        from .grading import grade

        return grade
    raise AttributeError(f"module 'autograd' has no attribute {name!r}")
