"""Derivatives as functions of functions: gradients, grad, value_and_grad, jvp, hessian.

Each call records onto fresh variables (an ``identity`` op where an outer Value comes in), so calls
nest without tags. What they compute is recorded too: derivatives of any order. Reads sweep.py.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from typing import Any

from . import modes, ops
from .graph import Graph
from .numbers import real
from .op import Arithmetic, Op, Rule
from .sweep import check_fresh, forward, reverse
from .traced import Traced
from .value import Value


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
    graph = Graph(y)
    if not isinstance(y, Traced):
        check_fresh(graph)
    place = {id(node): i for i, node in enumerate(graph.nodes)}
    inside = [x for x in xs if id(x) in place]
    with modes.quiet():
        found = reverse(graph, {graph.roots[0]: 1.0}, [place[id(x)] for x in inside])
    by_id = {id(x): g for x, g in zip(inside, found, strict=True)}
    return [as_value(by_id.get(id(x))) for x in xs]


def as_value(number: Any) -> Value:
    """A gradient as a Value; None, where no path leads, as 0."""
    return number if isinstance(number, Value) else Value(number or 0.0, requires_grad=False)


# ------------------------------------------------------------------ arguments and results
def _leaves(tree: Any, where: str) -> list[Any]:
    """The numbers of a number or of nested lists and tuples, left to right."""
    if isinstance(tree, (list, tuple)):
        return [leaf for branch in tree for leaf in _leaves(branch, where)]
    if isinstance(tree, Value):
        return [tree]
    required = "numbers, Values, or lists and tuples of them are required"
    return [real(tree, where, required)]


def _like(tree: Any, leaves: Any) -> Any:
    """``tree`` with its numbers replaced by those of an iterator."""
    if isinstance(tree, (list, tuple)):
        branches = [_like(branch, leaves) for branch in tree]
        if isinstance(tree, list):
            return branches
        return type(tree)(*branches) if hasattr(tree, "_fields") else tuple(branches)
    return next(leaves)


def _fresh(leaf: Any) -> Value:
    return ops.identity(leaf) if isinstance(leaf, Value) else Value(leaf)


def _called(f: Any, name: str) -> Any:
    if not callable(f):
        raise TypeError(f"{name}: a function is required, got {f!r}; use {name}(lambda x: x * x)")
    return f


def number_of(y: Any, name: str, f: Callable[..., Any]) -> Value | float:
    """What ``f`` returned, if it is one number."""
    if isinstance(y, Value):
        return y
    return real(y, name, f"{getattr(f, '__name__', 'the function')} must return one number")


def _plain(results: list[Any], fresh: list[Value]) -> list[Any]:
    """Results as floats, but for those that depend on a recording Value that is not our own."""
    own = {id(v) for v in fresh if v.op is None}
    recording = modes.current().recording
    plain: list[Any] = []
    for result in results:
        if not isinstance(result, Value):
            plain.append(0.0 if result is None else float(result))
        elif isinstance(result, Traced):
            plain.append(result)
        else:
            nodes = Graph(result).nodes
            outer = any(v._record is None and v.requires_grad and id(v) not in own for v in nodes)
            if outer and not recording:
                result = result.detach()
            plain.append(result if outer else result.data)
    return plain


def _chosen(argnums: int | tuple[int, ...], args: tuple[Any, ...], name: str) -> list[int]:
    try:
        wanted = list(argnums) if isinstance(argnums, tuple) else [operator.index(argnums)]
    except TypeError:
        raise TypeError(
            f"{name}: argnums must be an int or a tuple of ints, got {argnums!r}"
        ) from None
    for n in wanted:
        if not -len(args) <= n < len(args):
            raise IndexError(
                f"{name}: argnums must be below {len(args)}, the arguments given, got {n}"
            )
    return [n % len(args) for n in wanted]


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
        chosen = _chosen(argnums, args, "grad")
        with modes.recording():
            fresh: list[Value] = []
            arguments = list(args)
            for n in chosen:
                new = [_fresh(leaf) for leaf in _leaves(args[n], f"grad: argument {n}")]
                fresh += new
                arguments[n] = _like(args[n], iter(new))
            y = number_of(f(*arguments, **others), "grad", f)
            found: list[Any] = (
                list(gradients(y, fresh)) if isinstance(y, Value) else [0.0] * len(fresh)
            )
        value, *plain = _plain([y, *found], fresh)
        leaves = iter(plain)
        slopes = tuple([_like(args[n], leaves) for n in chosen])
        return value, slopes if isinstance(argnums, tuple) else slopes[0]

    return with_gradient


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
    points, along = _leaves(primals, "jvp: primals"), _leaves(tangents, "jvp: tangents")
    if len(points) != len(along) or len(primals) != len(tangents):
        raise ValueError(
            f"jvp: one tangent a primal is required ({len(points)}), got {len(along)}; "
            "use 0.0 for none"
        )
    if _like(tuple(primals), repeat(0)) != _like(tuple(tangents), repeat(0)):
        raise ValueError(
            f"jvp: tangents must be nested as the primals are, got {tangents!r} for {primals!r}"
        )
    with modes.recording():
        fresh = [_fresh(point) for point in points]
        y = number_of(f(*_like(tuple(primals), iter(fresh))), "jvp", f)
        tangent: Any = 0.0
        if isinstance(y, Value):
            graph = Graph(y, *fresh)
            moved = zip(graph.roots[1:], along, strict=True)
            seeds = {i: t for i, t in moved if isinstance(t, Value) or t != 0.0}  # 0: at rest
            with modes.quiet():
                tangent = forward(graph, seeds)[graph.roots[0]]
    value, slope = _plain([y, tangent], fresh)
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
        (n,) = _chosen(argnums, args, "hessian")
        with modes.recording():
            fresh = [_fresh(leaf) for leaf in _leaves(args[n], f"hessian: argument {n}")]
            arguments = (*args[:n], _like(args[n], iter(fresh)), *args[n + 1 :])
            y = number_of(f(*arguments, **others), "hessian", f)
            first = gradients(y, fresh) if isinstance(y, Value) else [Value(0.0) for _ in fresh]
            rows = [gradients(slope, fresh) for slope in first]
        plain = iter(_plain([entry for row in rows for entry in row], fresh))
        return _like(args[n], iter([_like(args[n], plain) for _ in rows]))

    return second


def swept_partials(record: Op) -> tuple[Rule, ...]:
    """A derived op's partials: its formula, recorded once and swept, in the rule's arithmetic."""
    assert record.formula is not None
    formula = record.formula
    with modes.quiet():
        operands = [Traced(f"operand {slot + 1}") for slot in range(len(record.domain))]
        y = formula(ops.VALUES, *operands)
        found = (
            gradients(y, operands) if isinstance(y, Value) else [as_value(None) for _ in operands]
        )
    graph = Graph(*found, *operands)
    outputs, inputs = graph.roots[: len(found)], graph.roots[len(found) :]

    def rule(output: int) -> Rule:
        def partial(m: Arithmetic, *at: Any) -> Any:
            return graph.run(m, dict(zip(inputs, at[:-1], strict=True)))[output]

        return partial

    return tuple(rule(output) for output in outputs)
