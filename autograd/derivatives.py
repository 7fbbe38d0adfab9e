"""Derivatives as functions of functions: gradients, grad, value_and_grad, jvp, hessian.

Each call records onto fresh variables (an ``identity`` op where an outer Value comes in), so calls
nest without tags. At plain numbers a first derivative takes the lean pass; elsewhere what is
computed is recorded too: derivatives of any order. Reads sweep.py and tree.py.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from typing import Any

from . import modes, ops
from .anomaly import look
from .errors import user_frame
from .graph import Graph
from .ieee import FLOATS
from .modes import CONSTANT, About
from .numbers import real
from .op import Arithmetic
from .sweep import check_fresh, forward, reverse, slopes_at
from .tree import chosen, leaves, like
from .unknown import Unknown
from .value import Value, called, clock


def gradients(y: Value, xs: Sequence[Value]) -> list[Value]:
    """d y / d x for each of ``xs``, as Values that can be differentiated again.

    Nothing is written: ``grad`` stays as it is.

    Raises:
        TypeError: ``y`` or one of ``xs`` is not a Value.
        StaleGraphError: a leaf was written after the graph was built.

    >>> x = Value(2.0)
    >>> (slope,) = gradients(x * x * x, [x])
    >>> (bend,) = gradients(slope, [x])
    >>> slope.data, bend.data
    (12.0, 12.0)
    """
    if isinstance(xs, Value) or not isinstance(xs, Iterable):
        raise TypeError(f"gradients: a sequence of Values is required, got {xs!r}; use [x]")
    xs = list(xs)
    for x in (y, *xs):
        if not isinstance(x, Value):
            raise TypeError(
                f"gradients: Values are required, got {type(x).__name__}; use Value(...)"
            )
    # What lies under a single x need not be looked at, or steps in a loop would cost their square.
    graph = Graph(y, inputs=xs if len(xs) == 1 else ())
    check_fresh(graph)
    place = {id(node): i for i, node in enumerate(graph.nodes)}
    inside = [x for x in xs if id(x) in place]
    sources = [place[id(x)] for x in inside]
    look(graph, graph.roots[0], sources)
    with modes.quiet():
        found = reverse(graph, ops.VALUES, graph.nodes, {graph.roots[0]: 1.0}, sources)
    by_id = {id(x): g for x, g in zip(inside, found, strict=True)}
    return [as_value(by_id.get(id(x))) for x in xs]


def as_value(number: Any) -> Value:
    """A gradient as a Value; None, where no path leads, as 0."""
    return number if isinstance(number, Value) else Value(number or 0.0, requires_grad=False)


def number_of(y: Any, name: str, f: Callable[..., Any]) -> Value | float:
    """What ``f`` returned, if it is one number."""
    if isinstance(y, Value):
        return y
    return real(y, name, f"{getattr(f, '__name__', 'the function')} must return one number")


def _called(f: Any, name: str) -> Any:
    if not callable(f):
        raise TypeError(f"{name}: a function is required, got {f!r}; use {name}(lambda x: x * x)")
    return f


# ------------------------------------------------------------------ one recording for all
class _Recording:
    """A call of ``f`` on fresh variables in place of the arguments that ``places`` names.

    A ``with`` block around all that is done with it; after it the variables are constants, and what
    a derivative still refers to of them is no variable of anybody's.
    """

    def __init__(self, f: Any, args: Sequence[Any], places: Sequence[int], name: str) -> None:
        self.f, self.args, self.places, self.name = f, args, places, name
        clock.now += 2  # what is older is not ours
        self.since, self.own = clock.now, About()
        self.variables: list[Value] = []
        self.reads: list[Value] = []
        self.mode = modes.recording(self.reads)

    def __enter__(self) -> _Recording:
        self.mode.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self.mode.__exit__(*exception)
        outer = modes.current().reads
        if outer is not None:
            outer += self.reads
        for x in self.variables:
            if x._record is None:
                x._about = CONSTANT

    def call(self, others: dict[str, Any]) -> Value | float:
        """What ``f`` gives."""
        arguments = list(self.args)
        for n in self.places:
            given = leaves(self.args[n], f"{self.name}: argument {n}")
            new = [ops.identity(x) if isinstance(x, Value) else Value(x) for x in given]
            for x in new:
                if x._record is None:
                    x._about = self.own
            self.variables += new
            arguments[n] = like(self.args[n], iter(new))
        self.y = number_of(self.f(*arguments, **others), self.name, self.f)
        if self.reads:
            self._look_at_reads()
        return self.y

    @functools.cached_property
    def graph(self) -> Graph:
        """All that was recorded under the result."""
        return self.graph_of([self.y] if isinstance(self.y, Value) else [])

    def graph_of(self, roots: Sequence[Value]) -> Graph:
        """All that was recorded under these."""
        return Graph(*roots, inputs=self.variables, since=self.since)

    @property
    def plain(self) -> bool:
        """Whether nothing under the result records but our own variables, which are numbers."""
        pairs = zip(self.graph.nodes, self.graph.ops)
        return not any(self._is_outer(node) for node, record in pairs if record is None)

    def _is_outer(self, leaf: Value) -> bool:
        """Whether it records and is not ours; what an op gave is a leaf if it was made before."""
        about = leaf._about if leaf._record is None else None
        return about is None or (about.requires_grad and about is not self.own)

    def _outer(self, graph: Graph) -> list[bool]:
        """Of each node whether it depends on a Value that records and is not ours."""
        found: list[bool] = []
        for node, operands in zip(graph.nodes, graph.operands):
            of_operands = [found[x] for x in operands if type(x) is int]
            found.append(any(of_operands) if operands else self._is_outer(node))
        return found

    def results(self, numbers: Sequence[Any]) -> list[Any]:
        """After the block: floats, but for what depends on a Value that records and is not ours."""
        values = [x for x in numbers if isinstance(x, Value)]
        graph = self.graph_of(values)
        outer = self._outer(graph)
        depends = {id(x): outer[root] for x, root in zip(values, graph.roots)}
        recording = modes.current().recording
        found: list[Any] = []
        for x in numbers:
            if not isinstance(x, Value):
                found.append(0.0 if x is None else float(x))
            elif isinstance(x, Unknown):
                found.append(x)
            elif not depends[id(x)]:
                found.append(x._data)
            else:
                found.append(x if recording else x.detach())
        return found

    def _look_at_reads(self) -> None:
        """Warn if a variable's number was read as a plain one, and no path leads to it now."""
        here, read = [
            [bool(graph.users[i]) or i in graph.roots for i in graph.inputs]
            for graph in (self.graph, self.graph_of(self.reads))
        ]
        lost = [x for x, leads, was_read in zip(self.variables, here, read) if was_read > leads]
        if lost:
            warnings.warn(
                f"{self.name}: a result that depends on its input is required, got one cut off "
                f"from {called(lost[0])} by .data or .item(): its slope is 0; leave them out",
                RuntimeWarning,
                stacklevel=user_frame()[2] + 1,
            )


# ------------------------------------------------------------------ functions of functions
def value_and_grad(
    f: Callable[..., Any], argnums: int | tuple[int, ...] = 0
) -> Callable[..., tuple[Any, Any]]:
    """A function that returns f's value and its gradient.

    Args:
        f: takes numbers, or lists and tuples of them, and returns one number; what it takes by
            keyword is passed on.
        argnums: the arguments to differentiate in: one, or a tuple of several.
    Returns:
        A function of f's arguments. Its gradient has the argument's form (a tuple of such for
        several ``argnums``), in floats; Values where it depends on a Value given, captured or made
        in f, unless that has ``requires_grad=False``.

    >>> value_and_grad(lambda x, y: x * y)(2.0, 3.0)
    (6.0, 3.0)
    """
    _called(f, "grad")

    @functools.wraps(f)
    def with_gradient(*args: Any, **others: Any) -> tuple[Any, Any]:
        places = chosen(argnums, args, "grad")
        with _Recording(f, args, places, "grad") as run:
            value = run.call(others)
            slopes, plain = _slopes(run)
        if plain:
            value = value._data if isinstance(value, Value) else value
        else:
            value, *slopes = run.results([value, *slopes])
        numbers = iter(slopes)
        found = tuple([like(args[n], numbers) for n in places])
        return value, found if isinstance(argnums, tuple) else found[0]

    return with_gradient


def _slopes(run: _Recording) -> tuple[list[Any], bool]:
    """d result / d each variable; and whether they are floats: the lean pass has found them."""
    y, variables = run.y, run.variables
    if not isinstance(y, Value):
        return [0.0] * len(variables), True
    if y._record is not None and not y.is_unknown:
        if modes.detects():
            look(run.graph, run.graph.roots[0], run.graph.inputs)
        found = slopes_at(y, variables, run.own, run.since)
        if found is not None:
            return found, True
    graph = run.graph
    check_fresh(graph)
    return _swept(graph, ops.VALUES, graph.roots[0]), False


def _swept(graph: Graph, m: Arithmetic, root: int) -> list[Any]:
    numbers: Any = graph.values if m is FLOATS else graph.nodes
    look(graph, root, graph.inputs)
    with modes.quiet():
        return reverse(graph, m, numbers, {root: 1.0}, graph.inputs)


def grad(f: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """A function that returns f's gradient: see value_and_grad.

    >>> grad(grad(lambda x: x * x * x))(2.0)
    12.0
    >>> grad(lambda p: p[0] * p[1])([2.0, 5.0])
    [5.0, 2.0]
    """
    both = value_and_grad(f, argnums)

    @functools.wraps(f)
    def gradient(*args: Any, **others: Any) -> Any:
        return both(*args, **others)[1]

    return gradient


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """f at ``primals`` and its derivative along ``tangents``, by one forward sweep.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 10.0))
    (6.0, 23.0)
    """
    _called(f, "jvp")
    if not isinstance(primals, (list, tuple)) or not isinstance(tangents, (list, tuple)):
        raise TypeError(
            "jvp: primals and tangents must be tuples, one entry an argument; use (x,), (1.0,)"
        )
    points, along = leaves(primals, "jvp: primals"), leaves(tangents, "jvp: tangents")
    if len(points) != len(along) or len(primals) != len(tangents):
        raise ValueError(
            f"jvp: one tangent a primal is required ({len(points)}), got {len(along)}; "
            "use 0.0 for none"
        )
    if like(tuple(primals), repeat(0)) != like(tuple(tangents), repeat(0)):
        raise ValueError(
            f"jvp: tangents must be nested as the primals are, got {tangents!r} for {primals!r}"
        )
    with _Recording(f, primals, range(len(primals)), "jvp") as run:
        y = run.call({})
        if not isinstance(y, Value):
            return y, 0.0
        plain = run.plain and not any(isinstance(t, Value) for t in along)
        graph, m = run.graph, FLOATS if plain else ops.VALUES
        check_fresh(graph)
        moved = zip(graph.inputs, along, strict=True)
        seeds = {i: t for i, t in moved if isinstance(t, Value) or t != 0.0}  # 0: at rest
        numbers: Any = graph.values if m is FLOATS else graph.nodes
        look(graph, graph.roots[0], seeds)
        with modes.quiet():
            tangent = forward(graph, m, numbers, seeds)[graph.roots[0]]
    if m is FLOATS:
        return y._data, tangent or 0.0
    value, slope = run.results([y, tangent])
    return value, slope


def hessian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """A function that returns f's second derivatives in one argument.

    Returns:
        The argument's form, with the argument's form in each place: for a list of n numbers a list
        of n lists, ``H[i][j]`` = d²f / dx_i dx_j; for a number a number.

    >>> hessian(lambda p: p[0] * p[0] * p[1])([3.0, 5.0])
    [[10.0, 6.0], [6.0, 0.0]]
    """
    _called(f, "hessian")
    if isinstance(argnums, tuple):
        raise TypeError(f"hessian: argnums must be one int, got {argnums!r}; put them in a list")

    @functools.wraps(f)
    def second(*args: Any, **others: Any) -> Any:
        (n,) = chosen(argnums, args, "hessian")
        with _Recording(f, args, (n,), "hessian") as run:
            y = run.call(others)
            count = len(run.variables)
            rows: list[list[Any]] = [[None] * count for _ in range(count)]
            if isinstance(y, Value):
                m = FLOATS if run.plain else ops.VALUES
                check_fresh(run.graph)
                first = _swept(run.graph, ops.VALUES, run.graph.roots[0])
                which = [i for i, slope in enumerate(first) if isinstance(slope, Value)]
                graph = run.graph_of([first[i] for i in which])
                for i, root in zip(which, graph.roots):
                    rows[i] = _swept(graph, m, root)
        plain = iter(run.results([entry for row in rows for entry in row]))
        return like(args[n], iter([like(args[n], plain) for _ in rows]))

    return second
