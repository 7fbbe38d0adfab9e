"""Arrays of Values: what NumPy's functions do with them.

Loaded at first use, with NumPy. Reads ops.py, value.py and functions.py; read by tree.py.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import ops
from .functions import mean
from .numbers import real
from .op import Op
from .value import Value, above


class Array(np.ndarray[Any, Any]):
    """A NumPy array whose entries are Values, or numbers where nothing records."""

    __array_priority__ = 1.0  # stacked with plain arrays it is an Array

    def __new__(cls, *_: Any, **__: Any) -> Array:
        raise TypeError("Array: one is made from numbers, got a call of its class; use array(data)")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **given: Any) -> Any:
        return _of_ufunc(ufunc, method, inputs, given)

    def __array_function__(self, function: Any, types: Any, args: Any, given: Any) -> Any:
        return _of_function(function, args, given)

    @property  # type: ignore[override]
    def data(self) -> np.ndarray[Any, Any]:
        """The numbers, in a new float64 array; written, they are those of the leaves."""
        numbers, shape = entries(self, "data")
        return _float64([x.data if isinstance(x, Value) else x for x in numbers], shape)

    @data.setter
    def data(self, data: Any) -> None:
        numbers = np.broadcast_to(_float64(*entries(data, "data")), self.shape)
        for place, number in enumerate(numbers.ravel().tolist()):
            if isinstance(self.flat[place], Value):
                self.flat[place].data = number
            else:
                self.flat[place] = number

    @property
    def grad(self) -> np.ndarray[Any, Any]:
        """The gradients, in a new float64 array; 0 of what is no Value."""
        return _float64([x.grad if isinstance(x, Value) else 0.0 for x in self.flat], self.shape)

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for x in self.flat:
            if isinstance(x, Value):
                x.zero_grad()

    def __repr__(self) -> str:
        return f"Array({np.array2string(_shown(self), separator=', ', prefix='Array(')})"

    def __str__(self) -> str:
        return str(_shown(self))


def wrapped(numbers: Sequence[Any], shape: tuple[int, ...]) -> Array:
    """An Array of that shape, of Values and floats in C order."""
    flat = np.empty(len(numbers), dtype=object)
    flat[:] = numbers
    return flat.reshape(shape).view(Array)


def entries(x: Any, who: str) -> tuple[list[Any], tuple[int, ...]]:
    """The Values and floats of anything array-like, in C order, and its shape.

    Raises:
        TypeError: texts, complex numbers, None, a masked array.
        ValueError: rows of different lengths.
    """
    given = _plain(x, who)
    flat = given.reshape(-1).tolist()
    if given.dtype != object:
        return flat, given.shape
    return [v if isinstance(v, Value) else real(v, who) for v in flat], given.shape


def array(data: Any, label: str = "", requires_grad: bool = True) -> Array:
    """An Array of new leaves, each labeled with its place: ``x[0]``, ``x[1]``; Values as they are.

    >>> x = array([1.0, 2.0], "x")
    >>> x[1].label
    'x[1]'
    """
    numbers, shape = entries(data, "array")
    places = itertools.product(*map(range, shape))
    leaves = [
        x if isinstance(x, Value)
        else Value(x, f"{label}[{', '.join(map(str, at))}]" if label else "", requires_grad)
        for x, at in zip(numbers, places)
    ]  # fmt: skip
    return wrapped(leaves, shape)


# ------------------------------------------------------------------ what comes in
def _plain(x: Any, who: str) -> np.ndarray[Any, Any]:
    """Anything array-like as NumPy's own kind of array: of float64, or of objects."""
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(
            f"{who}: real numbers are required, got a masked array, whose mask would be lost; use "
            "its .filled(0.0), or .compressed() for what is not masked"
        )
    try:
        given = np.asarray(x)
    except ValueError as error:
        raise ValueError(
            f"{who}: rows of one length are required, got {type(x).__name__} ({error}); pad them, "
            "or give each its own array"
        ) from None
    if given.dtype == object:
        return given.view(np.ndarray)
    if given.dtype.kind not in "fiub":
        raise TypeError(
            f"{who}: real numbers are required, got dtype {given.dtype}; convert it to float64"
        )
    return np.asarray(given, dtype=np.float64)


def _float64(numbers: Sequence[Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    return np.array([float(x) for x in numbers], dtype=np.float64).reshape(shape)


def shaped(found: list[Any], x: Any) -> Any:
    """What an op of a sequence gave, in the form of ``x``: an array, if that is one."""
    recorded = any(isinstance(y, Value) for y in found)
    return wrapped(found, np.shape(x)) if recorded else _float64(found, np.shape(x))


def _known(x: Any, who: str) -> np.ndarray[Any, Any]:
    """The numbers of anything array-like; TracingError where one is unknown."""
    found, shape = entries(x, who)
    return _float64([_number(v, who) for v in found], shape)


def _number(x: Any, who: str) -> Any:
    if not isinstance(x, Value):
        return x
    if x.is_unknown:
        raise x.refuse(f"{who} asked for its number")  # type: ignore[attr-defined]
    return x._data


def _shown(x: Array) -> np.ndarray[Any, Any]:
    """The numbers for printing; the entries themselves where one has none."""
    try:
        return _known(x, "print")
    except TypeError:
        return x.view(np.ndarray)


def _ours(result: Any) -> Any:
    """What NumPy's own function gave: arrays of objects as Arrays, others as NumPy's."""
    if isinstance(result, (tuple, list)):
        found = map(_ours, result)
        return type(result)(*found) if hasattr(result, "_fields") else type(result)(found)
    if not isinstance(result, np.ndarray):
        return result
    return result.view(Array if result.dtype == object else np.ndarray)


def _result(numbers: list[Any], shape: tuple[int, ...]) -> Any:
    """An Array; of no dimension its one entry."""
    return wrapped(numbers, shape) if shape else numbers[0]


# ------------------------------------------------------------------ entry by entry
@functools.lru_cache(maxsize=256)
def _loop(record: Op) -> Callable[..., Any]:
    """The op as a NumPy function of arrays of objects; NumPy's own where it cannot raise."""
    inlined = {ops.add: np.add, ops.subtract: np.subtract, ops.multiply: np.multiply}
    return inlined.get(record) or np.frompyfunc(record, record.slots or 1, 1)


def elementwise(record: Op, operands: Sequence[Any]) -> Any:
    """The op of each entry, broadcast: an Array if Values are among them, else plain numbers."""
    arrays = [_plain(x, record.name) for x in operands]
    with np.errstate(all="ignore"):  # the op itself has warned
        found = _loop(record)(*[x.astype(object) for x in arrays])
    if not any(x.dtype == object for x in arrays):
        return found.astype(np.float64) if isinstance(found, np.ndarray) else float(found)
    return found.view(Array) if isinstance(found, np.ndarray) else found


_SCALARS = (Value, float, int, np.number, np.bool_)
_SYNONYMS = {
    "absolute": "abs", "fabs": "abs", "rint": "round", "true_divide": "divide",
    "float_power": "power", "conjugate": "identity", "positive": "identity",
    "expit": "sigmoid", "log_expit": "log_sigmoid", "gammaln": "lgamma", "psi": "digamma",
}  # fmt: skip
_COMPARISONS = {"equal", "not_equal", "greater", "greater_equal", "less", "less_equal"}
_BOOLS = {
    "isnan", "isfinite", "isinf", "signbit", "logical_and", "logical_or", "logical_xor",
    "logical_not", *_COMPARISONS,
}  # fmt: skip
_CONTRACTIONS = {"matmul": "", "vecdot": "...i,...i->...", "matvec": "...ij,...j->...i",
                 "vecmat": "...i,...ij->...j"}  # fmt: skip
_FACTORS = {"deg2rad": math.pi / 180.0, "radians": math.pi / 180.0, "rad2deg": 180.0 / math.pi,
            "degrees": 180.0 / math.pi}  # fmt: skip
_REDUCING = {"add": ops.sum, "multiply": ops.prod, "maximum": ops.max, "minimum": ops.min}


@functools.lru_cache(maxsize=256)
def _record_of(ufunc: Any) -> Op | None:
    record = ops.TABLE.get(_SYNONYMS.get(ufunc.__name__, ufunc.__name__))
    return record if record is not None and record.slots == ufunc.nin else None


def _of_ufunc(ufunc: Any, method: str, inputs: Sequence[Any], given: dict[str, Any]) -> Any:
    """What NumPy calls with a Value or an Array among the inputs, or among the outputs."""
    way: Any = _METHODS.get(method)
    if way is None:
        raise TypeError(
            f"{ufunc.__name__}.{method}: a call, reduce, accumulate or outer is required on Values "
            f"and Arrays, got {method}; use the function itself"
        )
    out = given.pop("out", None)
    given = _asked(given)
    if out is None:
        return way(ufunc, *inputs, **given)
    if len(out) > 1 or out[0].dtype != object:
        raise TypeError(
            f"{ufunc.__name__}: an out= that can hold Values is required, got one of dtype "
            f"{getattr(out[0], 'dtype', None)}; leave it out, or make it with dtype=object"
        )
    out[0][...] = way(ufunc, *inputs, **given)
    return out[0]


def _called(ufunc: Any, *inputs: Any, **given: Any) -> Any:
    name = ufunc.__name__
    if given:
        raise TypeError(
            f"{name}: only out= is known on Values and Arrays, got {', '.join(given)}=; "
            "leave it out, or choose by np.where"
        )
    scalars = all(isinstance(x, _SCALARS) for x in inputs)
    inputs = inputs if scalars else tuple([_plain(x, name) for x in inputs])
    if name in _BOOLS and not (name in _COMPARISONS and any(map(_has_unknown, inputs))):
        if not scalars:
            return ufunc(*[_known(x, name) for x in inputs])
        return bool(ufunc(*[_number(x, name) for x in inputs]))
    if name in _CONTRACTIONS:
        return _matmul(*inputs) if name == "matmul" else einsum(_CONTRACTIONS[name], *inputs)
    factor = _FACTORS.get(name)
    if factor is not None:
        return elementwise(ops.multiply, (*inputs, factor))
    record = _record_of(ufunc)
    if record is None and set(ufunc.types[0]) == set("O->"):  # someone's own, of any objects
        return _ours(ufunc(*map(np.asarray, inputs)))
    if record is None:
        raise _without_rule(name)
    return record(*inputs) if scalars else elementwise(record, inputs)


def _has_unknown(x: Any) -> bool:
    if isinstance(x, np.ndarray):
        return x.dtype == object and any(map(_has_unknown, x.flat))
    return isinstance(x, Value) and x.is_unknown


def _reduced(ufunc: Any, x: Any, axis: Any = 0, **given: Any) -> Any:
    record = _REDUCING.get(ufunc.__name__)
    if record is None:
        raise _without_rule(f"{ufunc.__name__}.reduce")
    return _over(record, x, axis, **given)


def _accumulated(ufunc: Any, x: Any, axis: int = 0) -> Any:
    if ufunc not in (np.add, np.multiply):
        raise _without_rule(f"{ufunc.__name__}.accumulate")
    with np.errstate(all="ignore"):
        return ufunc.accumulate(_plain(x, "accumulate"), axis=axis).view(Array)


def _outer(ufunc: Any, a: Any, b: Any) -> Any:
    a, b = _plain(a, "outer"), _plain(b, "outer")
    return _called(ufunc, a.reshape(a.shape + (1,) * b.ndim), b)


_METHODS = {"__call__": _called, "reduce": _reduced, "accumulate": _accumulated, "outer": _outer}
_HARMLESS = {  # what NumPy and libraries pass on, and means nothing here
    "out": (None,), "dtype": (None, object, np.dtype(object)), "where": (True,),
    "subok": (True, False), "initial": (np._NoValue,), "keepdims": (np._NoValue,),
}  # fmt: skip


def _asked(given: dict[str, Any]) -> dict[str, Any]:
    """The keywords that ask for something."""
    return {
        word: x for word, x in given.items()
        if not any(x is one for one in _HARMLESS.get(word, ()))
    }  # fmt: skip


def _without_rule(name: str) -> TypeError:
    return TypeError(
        f"{name}: it has no rule for Values and Arrays; use x.data where no gradient is needed, "
        "or write it with what docs/numpy.md lists"
    )


# ------------------------------------------------------------------ along axes
def _over(
    of_row: Callable[..., Any], a: Any, axis: Any = None, *, keepdims: bool = False, **given: Any
) -> Any:
    """One op of each row along the axes: of all entries, if there is none."""
    a = _plain(a, "axis")
    axes = tuple(range(a.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    moved = np.moveaxis(a, axes, range(-len(axes), 0))
    outer, inner = moved.shape[: moved.ndim - len(axes)], moved.shape[moved.ndim - len(axes) :]
    rows = moved.reshape(math.prod(outer), math.prod(inner)).tolist()
    found = wrapped([of_row(row, **given) for row in rows], outer)
    if keepdims:
        return np.expand_dims(found.view(np.ndarray), axes).view(Array)
    return found if outer else found[()]


# ------------------------------------------------------------------ products
def einsum(subscripts: str, *operands: Any, optimize: Any = False) -> Any:
    """The sum of products that the subscripts name: one dot an entry."""
    if not isinstance(subscripts, str):
        raise TypeError(
            f"einsum: subscripts in one str are required first, got {type(subscripts).__name__}; "
            "use 'ij,j->i'"
        )
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    arrays = [_plain(x, "einsum") for x in operands]
    if len(terms) != len(arrays):
        raise ValueError(
            f"einsum: {len(terms)} operand(s) are required, got {len(arrays)}; see {subscripts!r}"
        )
    labeled = [(x, _labels(term, x.ndim)) for term, x in zip(terms, arrays)]
    every = [label for _, labels in labeled for label in labels]
    extra = sorted({label for label in every if isinstance(label, int)})
    once = sorted({x for x in every if isinstance(x, str) and every.count(x) == 1})
    output = _labels(right, len(right.replace("...", "")) + len(extra) * ("..." in right))
    return _contracted("einsum", labeled, output if arrow else [*extra, *once])


def _labels(term: str, ndim: int) -> list[Any]:
    """A letter an axis; for those that an ellipsis stands for numbers from the last, -1, down."""
    before, dots, after = term.partition("...")
    extra = ndim - len(before) - len(after)
    if extra < 0 or (extra and not dots):
        raise ValueError(f"einsum: a letter for each of {ndim} axes is required, got {term!r}")
    return [*before, *range(-extra, 0), *after]


def _matmul(a: Any, b: Any) -> Any:
    a, b = _plain(a, "matmul"), _plain(b, "matmul")
    if not a.ndim or not b.ndim:
        raise ValueError("matmul: two arrays are required, got a number; use *")
    left = "j" if a.ndim == 1 else "...ij"
    right = "j" if b.ndim == 1 else "...jk"
    output = "..." + "i" * (a.ndim > 1) + "k" * (b.ndim > 1)
    return _contracted(
        "matmul", [(a, _labels(left, a.ndim)), (b, _labels(right, b.ndim))],
        _labels(output, max(a.ndim, b.ndim, 2) - (a.ndim == 1) - (b.ndim == 1)),
    )  # fmt: skip


def _dot(a: Any, b: Any) -> Any:
    a, b = _plain(a, "dot"), _plain(b, "dot")
    if not a.ndim or not b.ndim:
        return elementwise(ops.multiply, (a, b))
    return _tensordot(a, b, ([a.ndim - 1], [max(b.ndim - 2, 0)]), "dot")


def _tensordot(a: Any, b: Any, axes: Any = 2, who: str = "tensordot") -> Any:
    a, b = _plain(a, who), _plain(b, who)
    if isinstance(axes, (int, np.integer)):
        axes = (range(a.ndim - axes, a.ndim), range(axes))
    first, second = [[int(n) for n in np.atleast_1d(side)] for side in axes]
    left: list[Any] = list(range(a.ndim))
    right: list[Any] = list(range(a.ndim, a.ndim + b.ndim))
    for n, k in zip(first, second, strict=True):
        right[k] = left[n]
    summed = {left[n] for n in first}
    return _contracted(who, [(a, left), (b, right)], [x for x in left + right if x not in summed])


def _contracted(who: str, labeled: list[tuple[Any, list[Any]]], output: list[Any]) -> Any:
    """Σ of the products over the labels that are not in the output: one dot an entry."""
    sizes: dict[Any, int] = {}
    for x, labels in labeled:
        for label, size in zip(labels, x.shape, strict=True):
            known = sizes.setdefault(label, size)
            stretches = who == "einsum" or (isinstance(label, int) and label < 0)
            if known == 1 and stretches:
                sizes[label] = size
            elif size != known and not (size == 1 and stretches):
                shapes = " and ".join(str(x.shape) for x, _ in labeled)
                raise ValueError(f"{who}: sizes that match are required, got shapes {shapes}")
    while len(labeled) > 2:
        (a, left), (b, right) = labeled.pop(), labeled.pop()
        union = list(dict.fromkeys(left + right))
        pair = _spread(a, left, union, sizes), _spread(b, right, union, sizes)
        labeled.append((_product(*pair), union))
    shape = tuple(sizes[label] for label in output)
    summed = [label for label in sizes if label not in output]
    rows = (math.prod(shape), math.prod([sizes[label] for label in summed]))
    sides = [_spread(x, own, [*output, *summed], sizes) for x, own in labeled]
    if not summed:
        found = sides[0] if len(sides) == 1 else _product(*sides)
        return found.view(Array) if shape else found[()]
    lists = [x.reshape(rows) if x.dtype != object else x.reshape(rows).tolist() for x in sides]
    return _result([*map(ops.sum if len(lists) == 1 else ops.dot, *lists)], shape)


def _product(a: Any, b: Any) -> Any:
    """a × b of arrays as NumPy's own kind."""
    return np.asarray(elementwise(ops.multiply, (a, b))).view(np.ndarray)


def _spread(x: Any, labels: list[Any], wanted: list[Any], sizes: dict[Any, int]) -> Any:
    """An operand with an axis for each label wanted, in that order."""
    labels = list(labels)
    for label in [one for one in labels if labels.count(one) > 1]:
        if labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            x = np.diagonal(x, axis1=first, axis2=second)
            labels = [one for n, one in enumerate(labels) if n not in (first, second)] + [label]
    x = x.transpose([labels.index(label) for label in wanted if label in labels])
    x = x[tuple(slice(None) if label in labels else None for label in wanted)]
    return np.broadcast_to(x, [sizes[label] for label in wanted])


# ------------------------------------------------------------------ NumPy's functions
def _of_function(function: Any, args: Any, given: dict[str, Any]) -> Any:
    """What NumPy calls with a Value or an Array among the arguments."""
    if function in _UNCHANGED:
        return _ours(np.ndarray.__array_function__(_EMPTY, function, (), args, given))
    own = _OWN.get(function)
    name = f"{function.__module__}.{function.__name__}"
    if own is None:
        raise _without_rule(name)
    given = _asked(given)
    try:
        return own(*args, **given)
    except TypeError:
        try:
            inspect.signature(own).bind(*args, **given)
        except TypeError as error:
            raise TypeError(f"{name}: {error}; leave it out, or give it by name") from None
        raise


def _norm(x: Any, ord: Any = None, axis: Any = None, *, keepdims: bool = False) -> Any:
    """The length of rows, or of all entries; of rows any p-norm."""
    x = _plain(x, "norm")
    of_matrix = isinstance(axis, tuple) or (axis is None and x.ndim > 1)
    of_row: Any
    if ord is None or ord == ("fro" if of_matrix else 2):
        of_row = ops.norm
    elif of_matrix or isinstance(ord, str) or ord == 0:
        raise TypeError(
            f"norm: ord None is required, of rows another than 0 too, got {ord!r}; use None"
        )
    elif math.isinf(ord):
        of_row = lambda row: (ops.max if ord > 0 else ops.min)([abs(v) for v in row])  # noqa: E731
    else:
        of_row = lambda row: ops.power(  # noqa: E731
            ops.sum([ops.power(abs(v), ord) for v in row]), 1.0 / ord
        )
    return _over(of_row, x, axis, keepdims=keepdims)


def _trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return _over(ops.sum, np.diagonal(_plain(a, "trace"), offset, axis1, axis2), -1)


def _running(ufunc: Any, a: Any, axis: Any = None) -> Any:
    a = _plain(a, ufunc.__name__)
    return _accumulated(ufunc, a if axis is not None else a.reshape(-1), axis or 0)


def _clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low, high = min if a_min is None else a_min, max if a_max is None else a_max
    if low is None:
        return array(a) if high is None else elementwise(ops.minimum, (a, high))
    return elementwise(*((ops.maximum, (a, low)) if high is None else (ops.clip, (a, low, high))))


def _round(a: Any, decimals: int = 0) -> Any:
    """Whole numbers, or so many decimals, of slope 0."""
    unit = 10.0**decimals
    return elementwise(ops.round, (a * unit,)) / unit if decimals else elementwise(ops.round, (a,))


def _where(condition: Any, *choices: Any) -> Any:
    if not choices:
        return np.nonzero(_known(condition, "where"))
    return elementwise(ops.where, (condition, *choices))


def _sort(a: Any, axis: Any = -1) -> Any:
    a = _plain(a, "sort")
    a, axis = (a.reshape(-1), 0) if axis is None else (a, axis)
    order = np.argsort(_known(a, "sort"), axis=axis, kind="stable")
    return np.take_along_axis(a, order, axis).view(Array)


def _inner(a: Any, b: Any) -> Any:
    a, b = _plain(a, "inner"), _plain(b, "inner")
    axes = (a.ndim - 1, b.ndim - 1)
    return _tensordot(a, b, axes, "inner") if min(axes) >= 0 else elementwise(ops.multiply, (a, b))


def _by_number(function: Any) -> Callable[..., Any]:
    """NumPy's function of the numbers: for answers that are places or bools."""

    def call(*args: Any, **given: Any) -> Any:
        every = [_known(x, function.__name__) if isinstance(x, (Value, Array)) else x for x in args]
        return function(*every, **given)

    return call


_EMPTY = np.empty(0)
_OF_ROWS: dict[str, Callable[..., Any]] = {
    "sum": ops.sum, "mean": mean, "prod": ops.prod, "std": ops.std, "var": ops.var,
    "max": ops.max, "amax": ops.max, "min": ops.min, "amin": ops.min,
}  # fmt: skip
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: functools.partial(_over, of_row) for name, of_row in _OF_ROWS.items()},
    "linalg.norm": _norm, "trace": _trace,
    "cumsum": functools.partial(_running, np.add),
    "cumprod": functools.partial(_running, np.multiply),
    "dot": _dot, "tensordot": _tensordot, "inner": _inner, "einsum": einsum,
    "vdot": lambda a, b: _dot(_plain(a, "vdot").reshape(-1), _plain(b, "vdot").reshape(-1)),
    "where": _where, "clip": _clip, "round": _round, "around": _round, "sort": _sort,
    "sinc": lambda x: elementwise(ops.sinc, (x,)), "fix": lambda x: elementwise(ops.trunc, (x,)),
    "real": lambda val: val, "array_repr": repr, "array_str": str,
    "array2string": lambda a: str(_shown(a)),
}  # fmt: skip
BY_NUMBER = """
    argmax argmin argsort argpartition nonzero flatnonzero argwhere count_nonzero searchsorted
    digitize all any isclose allclose array_equal array_equiv
"""
UNCHANGED = """
    reshape ravel transpose permute_dims matrix_transpose swapaxes moveaxis rollaxis expand_dims
    squeeze broadcast_to broadcast_arrays atleast_1d atleast_2d atleast_3d stack concatenate concat
    vstack hstack dstack column_stack block append insert delete split array_split hsplit vsplit
    dsplit unstack repeat tile roll rot90 flip fliplr flipud take take_along_axis put_along_axis put
    place putmask copyto compress extract choose select piecewise diag diagflat diagonal
    fill_diagonal tril triu pad resize diff ediff1d outer kron cross convolve correlate polyval
    vander trapezoid trapz linspace meshgrid full_like zeros_like ones_like empty_like copy shape
    ndim size iscomplexobj isrealobj result_type can_cast may_share_memory shares_memory
    apply_along_axis apply_over_axes ptp average linalg.multi_dot linalg.matrix_power
    linalg.outer linalg.cross linalg.matmul linalg.tensordot linalg.trace linalg.diagonal
    linalg.matrix_transpose linalg.vector_norm linalg.matrix_norm
"""


def _numpys(path: str) -> Any:
    """NumPy's function of that name; None where this version of it has none."""
    place: Any = np
    for name in path.split("."):
        place = getattr(place, name, None)
    return place


def _method(name: str) -> Callable[..., Any]:
    """NumPy's function as a method: an array's own would not ask for ours."""
    return lambda self, *args, **given: getattr(np, name)(self, *args, **given)


def _no_method(name: str) -> Callable[..., Any]:
    def method(self: Array, *args: Any, **given: Any) -> Any:
        if name == "astype" and args[:1] == (object,):
            return self.copy()
        raise TypeError(
            f"{name}: it would cut the numbers off from their gradients; use x.data, which is the "
            "float64 array of them"
        )

    return method


FUNCTIONS.update({path: _by_number(_numpys(path)) for path in BY_NUMBER.split()})
_OWN = {_numpys(path): own for path, own in FUNCTIONS.items()}
_UNCHANGED = {_numpys(path) for path in UNCHANGED.split()}
for _name in {*FUNCTIONS} - {"sort"}:  # it is in place
    if callable(getattr(np.ndarray, _name, None)):
        setattr(Array, _name, _method(_name))
for _name in ("astype", "tobytes", "tofile", "byteswap", "getfield", "setfield"):
    setattr(Array, _name, _no_method(_name))
above.update(
    dot=_dot, elementwise=elementwise, function=_of_function, shaped=shaped, ufunc=_of_ufunc
)
