"""Derivatives: grad, jacobian, hessian and hvp of functions; jvp, vjp, linearize; gradients.

Each call records once, onto fresh variables (an ``identity`` op where an outer Value comes in), so
calls nest without tags. At plain numbers what follows is sweeps over floats: the lean pass for one
gradient, edges.py for many seeds and for second derivatives. Elsewhere what is computed is recorded
too: derivatives of any order. Reads sweep.py, edges.py, sparsity.py and tree.py.
"""

from __future__ import annotations

import dataclasses
import functools
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from . import edges, modes, ops, sparsity
from .anomaly import look
from .errors import user_frame
from .graph import Graph
from .modes import CONSTANT, NOTHING_NOTED, About
from .sweep import check_fresh, forward, ordered, reverse, slopes_at
from .tree import Form, chosen, taken, values_of
from .value import Value, called, clock

_Rows = list[list[Any]]  # a matrix


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
    (number, *_), _ = _result(y, name, f, one=True)
    return number  # type: ignore[no-any-return]


def _result(y: Any, name: str, f: Callable[..., Any], one: bool) -> tuple[list[Any], Form]:
    required = f"{_name(f)} must return {'one number' if one else 'numbers'}"
    numbers, form = taken(y, name, required)
    if one and not form.is_number:
        raise TypeError(f"{name}: {required}, got {form}; jacobian takes several")
    return numbers, form


def _name(f: Callable[..., Any]) -> str:
    return getattr(f, "__name__", "the function")


def _called(f: Any, name: str) -> Any:
    if not callable(f):
        raise TypeError(f"{name}: a function is required, got {f!r}; use {name}(lambda x: x * x)")
    if hasattr(f, "value_and_grad"):
        raise TypeError(
            f"{name}: a function of Values is required, got {f!r}, which takes plain numbers; use "
            f"its value_and_grad, or {name} of the function that was compiled"
        )
    return f


# ------------------------------------------------------------------ one recording for all
class _Recording:
    """A call of ``f`` on fresh variables in place of the arguments that ``argnums`` names.

    A ``with`` block around the call and the sweeps over it. After it the variables are constants,
    and what a derivative still refers to of them is no variable of anybody's.
    """

    def __init__(
        self, f: Any, args: Sequence[Any], argnums: int | tuple[int, ...], name: str,
        others: Mapping[str, Any] = {}, has_aux: bool = False,
    ) -> None:  # fmt: skip
        self.f, self.name, self.others, self.has_aux = f, name, others, has_aux
        self.places = chosen(argnums, args, name, others)
        self.given: list[Any] = []
        forms = [taken(args[n], f"{name}: argument {n}", found=self.given)[1] for n in self.places]
        outlines = tuple([form.tree for form in forms])
        self.several = isinstance(argnums, tuple)
        self.argument = Form(outlines if self.several else outlines[0], len(self.given))
        clock.now += 2  # what is older is not ours
        self.since, self.own = clock.now, About()
        self.reads: list[Value] = []
        self.mode = modes.recording(self.reads)
        self.args = list(args)
        self.variables: list[Value] = []

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

    def call(self, one: bool = False) -> list[Any]:
        """The numbers of what ``f`` gives, or the one number."""
        for number in self.given:
            x = ops.identity(number) if isinstance(number, Value) else Value(number)
            if x._record is None:
                x._about = self.own
            self.variables.append(x)
        new = self.argument.filled(self.variables)
        for n, argument in zip(self.places, new if self.several else [new]):
            self.args[n] = argument
        y = self.f(*self.args, **self.others)
        if self.has_aux:
            if not isinstance(y, tuple) or len(y) != 2:
                raise TypeError(
                    f"{self.name}: with has_aux=True {_name(self.f)} must return a pair, (result, "
                    f"aux), got {type(y).__name__}; return both"
                )
            y, self.aux = y
        self.ys, self.form = _result(y, self.name, self.f, one)
        if self.reads:
            self._look_at_reads()
        return self.ys

    @functools.cached_property
    def graph(self) -> Graph:
        """All that was recorded under the results."""
        return self.graph_of(_values(self.ys))

    def graph_of(self, roots: Sequence[Value]) -> Graph:
        """All that was recorded under these."""
        return Graph(*roots, inputs=self.variables, since=self.since)

    @functools.cached_property
    def plain(self) -> bool:
        """Whether nothing under the result records but our own variables, which are numbers."""
        return not any(self._outer(self.graph))

    def _outer(self, graph: Graph) -> list[bool]:
        """Of each node whether it depends on a Value that records and is not ours.

        What an op gave before our time is a leaf here, and not ours.
        """
        found: list[bool] = []
        for node, operands in zip(graph.nodes, graph.operands):
            about = node._about if node._record is None else NOTHING_NOTED
            own = about is self.own or not about.requires_grad
            of_operands = [found[x] for x in operands if type(x) is int]
            found.append(any(of_operands) if operands else not own)
        return found

    def results(self, numbers: Sequence[Any], plain: bool) -> list[Any]:
        """After the block: floats, but for what depends on a Value that records and is not ours."""
        if plain:
            return [x._number if isinstance(x, Value) else x or 0.0 for x in numbers]
        graph = self.graph_of(_values(numbers))
        outer, roots = self._outer(graph), iter(graph.roots)
        recording = modes.current().recording
        found: list[Any] = []
        for x in numbers:
            if not isinstance(x, Value):
                found.append(x or 0.0)
            elif outer[next(roots)]:
                found.append(x if recording else x.detach())
            else:
                found.append(x._number)
        return found

    def with_aux(self, *results: Any) -> Any:
        """These, and with ``has_aux`` what f gave beside its result: after the block."""
        if self.has_aux:
            numbers, form = values_of(self.aux)
            results += (form.filled(self.results(numbers, plain=False)),)
        return results if len(results) > 1 else results[0]

    def crossed(self, outer: Form, rows: _Rows) -> Any:
        """A matrix by blocks, after the block."""
        if not self.plain:
            flat = iter(self.results([x for row in rows for x in row], plain=False))
            rows = [[next(flat) for _ in row] for row in rows]
        return outer.crossed(self.argument, rows)

    def _look_at_reads(self) -> None:
        """Warn if a variable's number was read as a plain one, and no path leads to it now."""
        here, read = [
            [bool(graph.users[i]) or i in roots for i in graph.inputs]
            for graph in (self.graph, self.graph_of(self.reads))
            for roots in [frozenset(graph.roots)]
        ]
        lost = [x for x, leads, was_read in zip(self.variables, here, read) if was_read > leads]
        if lost:
            warnings.warn(
                f"{self.name}: a result that depends on its input is required, got one cut off "
                f"from {called(lost[0])} by .data or .item(): its slope is 0; leave them out",
                RuntimeWarning,
                stacklevel=user_frame()[2] + 1,
            )


@dataclasses.dataclass
class _Linear:
    """The derivative of numbers in the variables of a recording: a linear map, swept both ways.

    Over floats the partials are found once for all seeds; over Values each sweep is recorded.
    """

    run: _Recording
    form: Form  # of the numbers
    graph: Any
    targets: Sequence[int | None]  # where they are in the graph

    @functools.cached_property
    def ways(self) -> edges.Edges:
        """From the variables on, at plain numbers."""
        return edges.slopes(self.graph, self.graph.values)

    @functools.cached_property
    def ways_back(self) -> edges.Edges:
        return self.ways.turned()

    def swept(self, seeds: Sequence[Mapping[int, Any]], backward: bool, plain: bool) -> _Rows:
        """A row a seed: from numbers of some of the ys, backward, all variables'; or forward."""
        graph, inputs = self.graph, range(len(self.run.variables))
        sources, targets = (self.targets, inputs) if backward else (inputs, self.targets)
        placed = [_placed(seed, sources) for seed in seeds]
        for seed in placed if modes.detects() else ():
            for root in seed if backward else graph.roots:
                look(graph, root, inputs if backward else seed)
        if plain:
            return (self.ways_back if backward else self.ways).swept(placed, targets)
        with modes.quiet():
            if backward:
                return [reverse(graph, ops.VALUES, graph.nodes, seed, inputs) for seed in placed]
            moved = [forward(graph, ops.VALUES, graph.nodes, seed) for seed in placed]
        return [[None if i is None else row[i] for i in targets] for row in moved]

    def along(self, numbers: Sequence[Any], backward: bool = False) -> Any:
        """What one sweep from these numbers gives, of Values too, in its form: after the block."""
        plain = self.run.plain and not _values(numbers)
        (row,) = self.swept([dict(enumerate(numbers))], backward, plain)
        form = self.run.argument if backward else self.form
        return form.filled(self.run.results(row, plain))

    def matrix(self, mode: str) -> _Rows:
        """All of it, a row for each of the ys; "auto" takes the direction of fewer sweeps."""
        m, n = len(self.targets), len(self.run.variables)
        backward = mode == "reverse" or (mode == "auto" and m <= n)
        seeds = [{i: 1.0} for i in range(m if backward else n)]
        rows = self.swept(seeds, backward, self.run.plain)
        return rows if backward else [[row[k] for row in rows] for k in range(m)]

    def sparse(self, mode: str) -> Any:
        """The same as a scipy.sparse array."""
        run = self.run
        if not run.plain:
            raise TypeError(
                f"{run.name}: sparse=True requires plain numbers, got a result that depends on a "
                "Value; leave sparse out, or use .item() of the Value"
            )
        return sparsity.matrix(self.ways, range(len(run.variables)), self.targets, mode, run.name)


def _linear(run: _Recording, ys: Sequence[Any], form: Form) -> _Linear:
    graph = run.graph if ys is run.ys else run.graph_of(_values(ys))
    check_fresh(graph)
    roots = iter(graph.roots)
    targets = [next(roots) if isinstance(y, Value) else None for y in ys]
    return _Linear(run, form, graph, targets)


def _first(run: _Recording) -> _Linear:
    """The derivative of f's results."""
    return _linear(run, run.call(), run.form)


def _second(run: _Recording, plain: bool = True) -> _Linear:
    """The derivative of the one result's slopes; these are recorded only where Values come out."""
    (y,) = run.call(one=True)
    made = isinstance(y, Value) and y._record is not None
    order: list[Value] | None = None
    if plain and not modes.detects() and not (made and y.is_unknown):
        order = ordered(y, run.own, run.since) if made else []
    if order is not None:
        with suppress(NotImplementedError):  # an op of the user's own, without a line for NumPy
            bends, n = edges.bends(order, run.variables), len(run.variables)
            run.plain = True
            size = n + len(order)
            linear = _Linear(run, run.argument, None, range(size, size + n))
            linear.ways = bends
            return linear
    (slopes,) = _linear(run, run.ys, run.form).swept([{0: 1.0}], backward=True, plain=False)
    return _linear(run, slopes, run.argument)


def _placed(seed: Mapping[int, Any], places: Sequence[int | None]) -> dict[int, Any]:
    """The seed by places in the graph: of what is in it, and does not stand still."""
    found: dict[int, Any] = {}
    for k, number in seed.items():
        i = places[k]
        if i is not None and (isinstance(number, Value) or number != 0.0):
            found[i] = found[i] + number if i in found else number
    return found


def _values(numbers: Sequence[Any]) -> list[Value]:
    return [x for x in numbers if isinstance(x, Value)]


# ------------------------------------------------------------------ functions of functions
def value_and_grad(
    f: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., tuple[Any, Any]]:
    """A function that returns f's value and its gradient.

    Args:
        f: takes numbers, arrays, or lists, tuples, dicts and dataclasses of them, and returns one
            number; what it takes by keyword is passed on. Integer arrays become float64.
        argnums: the arguments to differentiate in: one, or a tuple of several.
        has_aux: f returns a pair: the number, and what else it has to say; it stands beside the
            value.
    Returns:
        A function of f's arguments. Its gradient has the argument's form (a tuple of such for
        several ``argnums``), in floats and float64 arrays; Values where it depends on a Value
        given, captured or made in f, unless that has ``requires_grad=False``.

    >>> value_and_grad(lambda x, y: x * y)(2.0, 3.0)
    (6.0, 3.0)
    """
    _called(f, "grad")

    @functools.wraps(f)
    def with_gradient(*args: Any, **others: Any) -> tuple[Any, Any]:
        with _Recording(f, args, argnums, "grad", others, has_aux) as run:
            (y,) = run.call(one=True)
            slopes, plain = _slopes(run, y)
        value, *slopes = run.results([y, *slopes], plain)
        return run.with_aux(value), run.argument.filled(slopes)

    return with_gradient


def _slopes(run: _Recording, y: Any) -> tuple[list[Any], bool]:
    """d result / d each variable; and whether they are floats: the lean pass has found them."""
    if not isinstance(y, Value):
        return [0.0] * len(run.variables), True
    if y._record is not None and not y.is_unknown:
        if modes.detects():
            look(run.graph, run.graph.roots[0], run.graph.inputs)
        found = slopes_at(y, run.variables, run.own, run.since)
        if found is not None:
            return found, True
    return _linear(run, run.ys, run.form).swept([{0: 1.0}], True, False)[0], False


def grad(
    f: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns f's gradient, with ``has_aux`` a pair: see value_and_grad.

    >>> grad(grad(lambda x: x * x * x))(2.0)
    12.0
    >>> grad(lambda p: p["a"] * p["b"][1])({"a": 2.0, "b": [3.0, 5.0]})
    {'a': 5.0, 'b': [0.0, 2.0]}
    """
    both = value_and_grad(f, argnums, has_aux)

    @functools.wraps(f)
    def gradient(*args: Any, **others: Any) -> Any:
        value, slopes = both(*args, **others)
        return (slopes, value[1]) if has_aux else slopes

    return gradient


def jacobian(
    f: Callable[..., Any], argnums: int | tuple[int, ...] = 0, mode: str = "auto",
    sparse: bool = False, has_aux: bool = False,
) -> Callable[..., Any]:  # fmt: skip
    """A function that returns the derivatives of all that f returns.

    Args:
        mode: "reverse", a sweep a result; "forward", a sweep a number of the argument; "auto"
            takes fewer.
        sparse: a scipy.sparse array instead, a row for each of f's numbers in order, a column for
            each of the arguments'; what can only be 0 is left out, and columns that share no row
            share a sweep. Refused where a Value comes out.
        has_aux: f returns a pair: the result, and what else it has to say; so does the function.
    Returns:
        A function of f's arguments, whose result has the form of f's with the argument's form in
        each place: a number, or an array of the result's shape and then the argument's.

    >>> jacobian(lambda x: [x[0] * x[1], x[0] + 3.0])([2.0, 5.0])
    [[5.0, 2.0], [1.0, 0.0]]
    """
    if mode not in ("auto", "forward", "reverse"):
        raise ValueError(f'jacobian: mode must be "auto", "forward" or "reverse", got {mode!r}')
    return _matrix(f, argnums, "jacobian", _first, mode, sparse, has_aux)


def hessian(
    f: Callable[..., Any], argnums: int | tuple[int, ...] = 0, sparse: bool = False,
    has_aux: bool = False,
) -> Callable[..., Any]:  # fmt: skip
    """A function that returns f's second derivatives.

    Returns:
        A function of f's arguments. Its result has the argument's form, with the argument's form
        in each place: for an array of n numbers n × n, ``H[i, j]`` = d²f / dx_i dx_j; for a list
        of n a list of n lists; for a number a number. ``sparse``, ``has_aux``: see jacobian.

    >>> hessian(lambda p: p[0] * p[0] * p[1])([3.0, 5.0])
    [[10.0, 6.0], [6.0, 0.0]]
    """
    return _matrix(f, argnums, "hessian", _second, "forward", sparse, has_aux)


def _matrix(
    f: Callable[..., Any], argnums: int | tuple[int, ...], name: str,
    linear_of: Callable[[_Recording], _Linear], mode: str, sparse: bool, has_aux: bool,
) -> Callable[..., Any]:  # fmt: skip
    _called(f, name)

    @functools.wraps(f)
    def matrix(*args: Any, **others: Any) -> Any:
        with _Recording(f, args, argnums, name, others, has_aux) as run:
            linear = linear_of(run)
            rows = linear.sparse(mode) if sparse else linear.matrix(mode)
        return run.with_aux(rows if sparse else run.crossed(linear.form, rows))

    return matrix


def hvp(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function that returns f's Hessian times a vector: of x, v and f's other arguments.

    It is called as SciPy's ``hessp`` is; x and v have one form, and the result has it too.

    >>> hvp(lambda p: p[0] * p[0] * p[1])([3.0, 5.0], [1.0, 10.0])
    [70.0, 6.0]
    """
    _called(f, "hvp")

    def product(x: Any, v: Any, *args: Any, **others: Any) -> Any:
        with _Recording(f, (x, *args), 0, "hvp", others) as run:
            along = run.argument.numbers_of(v, "hvp: v")
            linear = _second(run, plain=not _values(along))
        return linear.along(along)

    functools.update_wrapper(product, f)
    del product.__wrapped__  # type: ignore[attr-defined]  # its arguments are others
    return product


# ------------------------------------------------------------------ results at once
def jvp(
    f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
) -> tuple[Any, ...]:
    """f at ``primals`` and its derivative along ``tangents``, by one forward sweep.

    With ``has_aux``, here and in linearize and vjp, f returns a pair, and what else it has to say
    comes third.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 10.0))
    (6.0, 23.0)
    """
    for given in (primals, tangents):
        if not isinstance(given, (list, tuple)):
            raise TypeError(
                "jvp: primals and tangents must be tuples, one entry an argument, got "
                f"{type(given).__name__}; use (x,), (1.0,)"
            )
    value, push, *aux = _linearized("jvp", f, primals, has_aux)
    return value, push(tuple(tangents)), *aux


def linearize(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """f at ``primals``, and a function that takes tangents to f's derivative along them.

    >>> value, push = linearize(lambda x, y: x * y, 2.0, 3.0)
    >>> value, push(1.0, 10.0), push(0.0, 1.0)
    (6.0, 23.0, 2.0)
    """
    value, push, *aux = _linearized("linearize", f, primals, has_aux)
    return value, lambda *tangents: push(tangents), *aux


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """f at ``primals``, and a function from numbers in the form of f's result.

    It gives a tuple, one entry a primal: the gradient of the result times these.

    >>> value, pull = vjp(lambda x, y: [x * y, x], 2.0, 3.0)
    >>> value, pull([1.0, 0.0]), pull([1.0, 10.0])
    ([6.0, 2.0], (3.0, 2.0), (13.0, 2.0))
    """
    return _linearized("vjp", f, primals, has_aux, backward=True)


def _linearized(
    name: str, f: Callable[..., Any], primals: Sequence[Any], has_aux: bool, backward: bool = False
) -> tuple[Any, ...]:
    """f at ``primals``, and its derivative as a function of tangents, or of cotangents."""
    _called(f, name)
    places = tuple(range(len(primals)))
    with _Recording(f, primals, places, name, has_aux=has_aux) as run:
        linear = _first(run)
    given = run.form if backward else run.argument
    where = f"{name}: {'cotangents' if backward else 'tangents'}"

    def along(tree: Any) -> Any:
        return linear.along(given.numbers_of(tree, where), backward)

    value = run.form.filled(run.results(run.ys, run.plain))
    return run.with_aux(value, along)  # type: ignore[no-any-return]
