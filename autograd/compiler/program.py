"""Program: a function of scalars, recorded once as a Graph, run over arrays of rows.

Reads the sweeps and the two back ends. Recording calls the function on unknown Values.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import math
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import modes
from ..anomaly import error_of, find
from ..arrays import constant
from ..cards import table
from ..derivatives import as_value
from ..errors import DomainError, TracingError, user_line
from ..graph import Graph
from ..numbers import real
from ..ops import VALUES
from ..sweep import steps_of
from ..unknown import Unknown
from ..value import Value, about_of, called
from .rewrite import rewrite, verify

Array = NDArray[np.float64]
_BACKENDS = ("auto", "numpy", "llvm")
_ARGUMENTS = 6  # of a row, in an error's text
_LLVMLITE = (0, 45)  # the first with opaque pointers alone


def compile(f: Callable[..., Any], backend: str = "auto") -> Program:
    """A program that computes ``f``, a function of scalars, for every row of its arrays.

    Args:
        f: straight-line code of ops and operators on its arguments; ``autograd.where`` chooses.
        backend: "numpy", "llvm" (needs llvmlite, the extra ``fast``), or
            "auto": llvm if it is there.
    Raises:
        TracingError: ``f`` needs a number while it is recorded (``if x > 0``, ``float(x)``).
        ImportError: backend "llvm" without llvmlite.

    >>> import numpy as np
    >>> program = compile(lambda x, y: x * y, backend="numpy")
    >>> program(np.array([1.0, 2.0]), 10.0)
    array([10., 20.])
    >>> program.value_and_grad(np.array([1.0, 2.0]), 10.0)[1]
    (array([10., 10.]), array([1., 2.]))
    """
    if not callable(f):
        raise TypeError(f"compile: a function is required, got {f!r}; use compile(lambda x: x * x)")
    if backend not in _BACKENDS:
        raise ValueError(f"compile: backend must be one of {', '.join(_BACKENDS)}, got {backend!r}")
    return Program(f, _working(backend))


def _working(backend: str) -> str:
    """The back end to use: "auto" is llvm where it works; a broken one is said once, not used."""
    there = importlib.util.find_spec("llvmlite") is not None
    if backend == "numpy" or (backend == "auto" and not there):
        return "numpy"
    got = "none"
    if there:
        try:
            import llvmlite

            got = f"llvmlite {llvmlite.__version__}"
            if tuple(map(int, llvmlite.__version__.split(".")[:2])) >= _LLVMLITE:
                importlib.import_module(".llvm_backend", __package__).host()
                return "llvm"
        except Exception as error:  # whatever a broken installation raises
            got += f" ({type(error).__name__}: {error})"
    text = f'compile: back end "llvm" needs a working llvmlite >= 0.45, got {got}; '
    text += 'use pip install "whygrad[fast]"'
    if backend == "llvm":
        raise ImportError(text)
    warnings.warn(f"{text}; until then NumPy runs it", RuntimeWarning, stacklevel=3)
    return "numpy"


class Program:
    """What ``compile`` returns; call it on arrays, one a parameter of the function.

    Arrays of numbers broadcast as NumPy's do; numbers in give a float64 out. A result that nobody
    holds any more is overwritten by a later call, so that its memory need not be fetched anew.
    """

    def __init__(self, f: Callable[..., Any], backend: str) -> None:
        self.backend = backend
        self._f = f
        self._name = getattr(f, "__name__", None) or getattr(f, "name", type(f).__name__)
        self._names: tuple[str, ...] = ()
        self._graph: Graph | None = None
        self._stages: dict[bool, _Stages] = {}
        self._pool: list[Array] = []
        self._record_time = 0.0
        names = _parameters(f)
        if names is not None:
            self._record(names)

    @property
    def graph(self) -> Graph:
        """What was recorded, before rewriting; for drawings too."""
        if self._graph is None:
            raise ValueError(
                f"{self._name}: its number of arguments is known from its first call; call it once"
            )
        return self._graph

    def __call__(self, *arrays: Any) -> Any:
        """``f`` of every row: shape, that of the arguments broadcast together."""
        return self._run(arrays, gradient=False)[0]

    def value_and_grad(self, *arrays: Any) -> tuple[Any, tuple[Any, ...]]:
        """``f`` of every row, and its derivatives: a tuple, one an argument, all of one shape."""
        value, *slopes = self._run(arrays, gradient=True)
        return value, tuple(slopes)

    def stages(self) -> str:
        """What became of the function: ops before and after, back end, time of each stage.

        llvm builds at the first call, for the arguments that are arrays and those that are numbers.
        """
        lines = [f"{self._name}({', '.join(self._names)}), back end {self.backend}"]
        lines.append(f"record: {_count(self.graph)} ops, {1e3 * self._record_time:.1f} ms")
        for gradient in (False, True):
            built = self._built(gradient)
            lines.append(
                f"{'value and gradient' if gradient else 'value'}: {_count(built.graph)} ops; "
                f"sweep and rewrite {1e3 * built.times[0]:.1f} ms, build "
                f"{1e3 * (built.times[1] + getattr(built.run, 'seconds', 0.0)):.1f} ms"
            )
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<program {self._name}({', '.join(self._names) or '…'}), back end {self.backend}>"

    def _repr_html_(self) -> str:
        known = self._graph is not None
        parameters, ops = ", ".join(self._names), f"{_count(self.graph)}" if known else ""
        call = "known from its first call"
        return table([
            (str(self._name), "a program"), ("parameters", parameters if known else call),
            ("back end", self.backend), ("ops", ops if known else call),
        ])  # fmt: skip

    def __getstate__(self) -> dict[str, Any]:
        """A program travels as data: what was recorded, without the function, if it was."""
        f = self._f if self._graph is None else None
        return {**self.__dict__, "_f": f, "_stages": {}, "_pool": []}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.backend = _working(self.backend)

    # -------------------------------------------------------------- recording
    def _record(self, names: Sequence[str]) -> None:
        start = time.perf_counter()
        with modes.recording():
            inputs = [Unknown(name) for name in names]
            try:
                y = self._f(*inputs)
            except IndexError as error:
                if "arrays used as indices" not in str(error):
                    raise
                raise _of_mask(error) from error
            if not isinstance(y, Value):
                y = constant(real(y, "compile", f"{self._name} must return one number"))
        graph = Graph(y, inputs=inputs)
        for node, record in list(zip(graph.nodes, graph.ops))[len(inputs) :]:
            if not record and node._about is not modes.CONSTANT:
                raise TracingError(
                    f"compile: {self._name} at {user_line()} must depend on its arguments and on "
                    f"plain numbers, got {called(node)}, a Value from outside, "
                    "whose later changes the program would not see; pass it as an argument, or use "
                    "its .item()"
                )
        self._graph, self._names = graph, tuple(names)
        self._record_time = time.perf_counter() - start

    def _built(self, gradient: bool) -> _Stages:
        if gradient not in self._stages:
            self._stages[gradient] = _Stages(self.graph, gradient, self.backend)
        return self._stages[gradient]

    # -------------------------------------------------------------- running
    def _run(self, arguments: tuple[Any, ...], gradient: bool) -> list[Any]:
        if self._graph is None:
            self._record([f"x{i + 1}" for i in range(len(arguments))])
        if len(arguments) != len(self._names):
            raise TypeError(
                f"{self._name}: {len(self._names)} arguments are required "
                f"({', '.join(self._names)}), got {len(arguments)}"
            )
        arrays = [_array(x, f"{self._name}: {n}") for x, n in zip(arguments, self._names)]
        shapes = {x.shape for x in arrays}
        try:
            shape = shapes.pop() if len(shapes) == 1 else np.broadcast_shapes(*shapes)
        except ValueError:
            got = ", ".join(f"{n} {x.shape}" for n, x in zip(self._names, arrays))
            raise ValueError(
                f"{self._name}: arrays that broadcast together are required, got {got}; "
                "give each the same length, or one number"
            ) from None
        run = self._built(gradient).run
        outputs = self._outputs(math.prod(shape), 1 + len(arrays) * gradient)
        flat = [_flat(x, shape) for x in arrays]
        run(flat, outputs)
        if modes.active and (modes.detects() or modes.current().errors == "raise"):
            self._look(flat, shape, outputs)
        return [y if len(shape) == 1 else y.reshape(shape)[()] for y in outputs]

    def _look(self, arrays: list[Array], shape: tuple[int, ...], outputs: list[Array]) -> None:
        """Raise for the first row of finite arguments that gives nan or inf."""
        detects = modes.detects()
        looked = outputs if detects else outputs[:1]
        odd = ~np.logical_and.reduce([np.isfinite(y) for y in looked])
        for x in arrays:
            odd &= np.isfinite(x)
        for row in np.flatnonzero(odd):
            at = {n: float(x[row if x.size > 1 else 0]) for n, x in zip(self._names, arrays)}
            graph = self._eager(at)
            steps = steps_of(graph, graph.recording) if len(looked) > 1 else ()
            found = find(graph, graph.roots[0], steps)
            if found:
                told = [f"{n}={x!r}" for n, x in at.items()]
                told[_ARGUMENTS:] = ["…"] * (len(told) > _ARGUMENTS)
                place = tuple(map(int, np.unravel_index(row, shape)))
                which = f"row {place if len(place) > 1 else place[0]}: " if place else ""
                error = error_of(graph, found, f"{self._name}({', '.join(told)}): {which}")
                raise error if detects else DomainError(str(error))

    def _eager(self, at: dict[str, float]) -> Graph:
        """What was recorded, of these arguments: for what is said of them."""
        given = {i: Value(x, n) for i, (n, x) in zip(self.graph.inputs, at.items())}
        with modes.quiet():
            nodes = self.graph.run(VALUES, given)
        for new, old in zip(nodes, self.graph.nodes):
            if isinstance(new, Value) and new.op:
                new._about = about_of(old)
        return Graph(as_value(nodes[self.graph.roots[0]]))

    def _outputs(self, rows: int, count: int) -> list[Array]:
        """Arrays for the results: those that only we hold, if they fit, else new ones.

        Fresh pages cost as much as the arithmetic of a formula: 9 of 21 ns a row with six outputs.
        """
        pool, self._pool = self._pool, []  # another thread finds it empty, and makes its own
        fit = [i for i, y in enumerate(pool) if y.size == rows]
        free = dict.fromkeys([i for i in fit if _references(pool, i) == _ALONE][:count])
        outputs = [pool[i] for i in free] + [np.empty(rows) for _ in range(count - len(free))]
        held = [pool[i] for i in fit if i not in free]  # `y = program(x)` in a loop lets go of them
        self._pool = outputs + held[:count]
        return outputs


class _Stages:
    """A graph on its way through sweep, rewriting and a back end, with the time of each."""

    def __init__(self, graph: Graph, gradient: bool, backend: str) -> None:
        module = importlib.import_module(f".{backend}_backend", __package__)
        target = module.arithmetic()
        start = time.perf_counter()
        self.graph = rewrite(graph, gradient, target)
        verify(self.graph, target)
        rewritten = time.perf_counter()
        self.run: Callable[[Sequence[Array], Sequence[Array]], None] = module.build(self.graph)
        self.times = (rewritten - start, time.perf_counter() - rewritten)


def _count(graph: Graph) -> int:
    return len(graph) - graph.ops.count(None)


def _parameters(f: Callable[..., Any]) -> list[str] | None:
    """The names of f's parameters; None where its signature leaves their number open."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return None
    fixed = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    clear = all(p.kind in fixed and p.default is p.empty for p in parameters)
    return [p.name for p in parameters] if clear else None


def _of_mask(error: IndexError) -> TracingError:
    """What NumPy's word on an index of objects means."""
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    return TracingError(
        f"compile: an index of numbers is required at {frame.f_code.co_filename}:{line}, got one "
        "of unknown values, that have no number while a function is being recorded; use "
        "np.where(condition, a, b) for a choice"
    )


def _array(x: Any, who: str) -> Array:
    """An argument as a float64 array."""
    required = f"{who}: an array or a number is required"
    if isinstance(x, Value):
        raise TypeError(
            f"{required}, got a Value; a program takes plain numbers: use its .item(), and "
            "value_and_grad for derivatives"
        )
    if _masked(x):
        raise TypeError(
            f"{required}, got a masked array, whose mask would be lost; use its .filled(0.0), or "
            ".compressed() for what is not masked"
        )
    try:
        array = np.asarray(x)
    except ValueError as error:
        got = f"{type(x).__name__}: {error}"
        raise TypeError(f"{required}, got {got}; make its rows equal") from None
    if array.dtype.kind not in "fiub":
        got = type(x).__name__ if array.dtype == object else f"{array.dtype}"
        raise TypeError(f"{required}, of real numbers, got {got}; convert it to float64 first")
    return array.astype(np.float64, copy=False)


def _masked(x: Any) -> bool:
    if isinstance(x, (list, tuple)):
        return any(_masked(one) for one in x if type(one) is not float)
    return isinstance(x, np.ma.MaskedArray)


def _flat(x: Array, shape: tuple[int, ...]) -> Array:
    """The array in one piece and one dimension, as long as the result, or of length 1."""
    if x.ndim == 1 and x.shape == shape and x.flags.c_contiguous:
        return x  # as most are: 1 of 12 µs a call
    whole = x if x.size == 1 or x.shape == shape else np.broadcast_to(x, shape)
    return np.ascontiguousarray(whole.reshape(-1))


def _references(pool: list[Array], i: int) -> int:
    return sys.getrefcount(pool[i])


# What the interpreter counts for an array that nobody else holds.
_ALONE = _references([np.empty(1)], 0)
