"""whygrad: write scalars, ask any gradient why, run compiled.

Six nouns: an **Op** is a callable record; a **Value** a number that remembers what made it; a
**Graph** the flat form of all under a root; a **Step** one op's turn in a pass; a **Program** a
Graph that runs over arrays. (A **Repeat**, equal parts of a Graph, is to come.) And eight words:
*partial*, d output / d operand; *upstream*, d root / d node; *contribution*, upstream × partial;
*grad*, their total; *leaf*, *node*, *root*, *kink*.

>>> from autograd import Value
>>> x, w, b = Value(2.0, "x"), Value(0.5, "w"), Value(-1.0, "b")
>>> y = (w * x + b).tanh()
>>> y.backward()
>>> w.grad
2.0
"""

from typing import TYPE_CHECKING, Any

from . import loader as loader  # before any file that it chooses between
from .check import gradcheck
from .derivatives import grad, gradients, hessian, jvp, value_and_grad
from .errors import DomainError, GradientError, StaleGraphError, TracingError
from .functions import log_softmax, logsumexp, mean, softmax
from .graph import Graph
from .loader import core_kind
from .modes import errstate, no_grad, scope
from .op import Op
from .ops import (
    abs,
    add,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    cbrt,
    ceil,
    celu,
    clip,
    cos,
    cosh,
    digamma,
    divide,
    dot,
    elu,
    equal,
    erf,
    erfc,
    erfinv,
    exp,
    exp2,
    expm1,
    floor,
    gelu,
    greater,
    greater_equal,
    hardswish,
    hardtanh,
    hypot,
    identity,
    leaky_relu,
    less,
    less_equal,
    lgamma,
    log,
    log1p,
    log2,
    log10,
    log_sigmoid,
    logaddexp,
    logit,
    max,
    maximum,
    min,
    minimum,
    mish,
    multiply,
    negative,
    norm,
    not_equal,
    polygamma,
    power,
    prod,
    reciprocal,
    relu,
    relu6,
    remainder,
    round,
    selu,
    sigmoid,
    sign,
    silu,
    sin,
    sinc,
    sinh,
    softplus,
    softsign,
    sqrt,
    square,
    std,
    subtract,
    sum,
    tan,
    tanh,
    trunc,
    var,
    where,
)
from .sweep import Contribution, Step, backward_steps
from .value import Value, compiled

if TYPE_CHECKING:
    from .compiler import Program, compile

__version__ = "0.1.0"
__all__ = [
    "Contribution",
    "DomainError",
    "GradientError",
    "Graph",
    "Op",
    "Program",
    "StaleGraphError",
    "Step",
    "TracingError",
    "Value",
    "abs",
    "add",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "backward_steps",
    "cbrt",
    "ceil",
    "celu",
    "clip",
    "compile",
    "compiled",
    "core_kind",
    "cos",
    "cosh",
    "digamma",
    "divide",
    "dot",
    "elu",
    "equal",
    "erf",
    "erfc",
    "erfinv",
    "errstate",
    "exp",
    "exp2",
    "expm1",
    "floor",
    "gelu",
    "grad",
    "gradcheck",
    "gradients",
    "greater",
    "greater_equal",
    "hardswish",
    "hardtanh",
    "hessian",
    "hypot",
    "identity",
    "jvp",
    "leaky_relu",
    "less",
    "less_equal",
    "lgamma",
    "log",
    "log1p",
    "log2",
    "log10",
    "log_sigmoid",
    "log_softmax",
    "logaddexp",
    "logit",
    "logsumexp",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "mish",
    "multiply",
    "negative",
    "no_grad",
    "norm",
    "not_equal",
    "polygamma",
    "power",
    "prod",
    "reciprocal",
    "relu",
    "relu6",
    "remainder",
    "round",
    "scope",
    "selu",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "sinc",
    "sinh",
    "softmax",
    "softplus",
    "softsign",
    "sqrt",
    "square",
    "std",
    "subtract",
    "sum",
    "tan",
    "tanh",
    "trunc",
    "value_and_grad",
    "var",
    "where",
]  # fmt: skip


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    if name in ("Program", "compile"):  # with NumPy, at first use: see ieee.py
        from . import compiler

        return getattr(compiler, name)
    raise AttributeError(f"module 'autograd' has no attribute {name!r}")
