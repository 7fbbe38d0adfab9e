"""Arrays of Values: what NumPy's functions do with them.

Loaded at first use, with NumPy. Reads ops.py, value.py and functions.py; read by tree.py.
"""

from __future__ import annotations

import functools
import itertools
import math
import string
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import modes, ops
from .functions import mean
from .numbers import real
from .op import Op
from .value import Value, above, apply, noted


class Array(np.ndarray[Any, Any]):
    """A NumPy array whose entries are Values, or numbers where nothing records."""

    __array_priority__ = 1.0  # stacked with plain arrays it is an Array

    def __new__(cls, *_: Any, **__: Any) -> Array:
        raise TypeError("Array: one is made of numbers, got a call of its class; use array(data)")

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
        for x, number in zip(self.flat, numbers.ravel().tolist(), strict=True):
            x.data = number

    @property
    def grad(self) -> np.ndarray[Any, Any]:
        """The gradients, in a new float64 array; 0 of what is no Value."""
        return _float64([x.grad if isinstance(x, Value) else 0.0 for x in self.flat], self.shape)

    def astype(self, dtype: Any, *args: Any, **given: Any) -> Any:
        """A copy, if it is of objects."""
        if np.dtype(dtype) != object:
            raise TypeError(
                "astype: it would cut the numbers off from their gradients; use x.data, which is "
                "the float64 array of them"
            )
        return super().astype(dtype, *args, **given)

    def tobytes(self, *_: Any, **__: Any) -> Any:
        """Refused, as tofile is."""
        raise TypeError(
            "tobytes, tofile: plain numbers are required, got an Array, whose bytes are addresses; "
            "use x.data, which is the float64 array of its numbers"
        )

    tofile = tobytes

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for x in self.flat:
            if isinstance(x, Value):
                x.zero_grad()

    def sort(self, *order: Any, **given: Any) -> None:
        """Put the entries in order: np.sort's, which has nan last."""
        self[...] = np.sort(self, *order, **given)

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
    missing = "leave out what is missing, or use math.nan"
    return [
        v if isinstance(v, Value) else real(v, who, remedy=missing if v is None else "")
        for v in flat
    ], given.shape


def array(data: Any, label: str = "", requires_grad: bool = True) -> Array:
    """An Array of new leaves, each labeled with its place: ``x[0]``, ``x[1]``; Values as they are.

    Numbers beside Values are constants, without a label; so are all in a function that is being
    recorded, by a derivative or by compile, for what is made there is nobody's parameter.

    >>> x = array([1.0, 2.0], "x")
    >>> x[1].label
    'x[1]'
    """
    noted(label, requires_grad, "")  # which refuses what is no label
    numbers, shape = entries(data, "array")
    if modes.current().reads is not None or any(isinstance(x, Value) for x in numbers):
        return wrapped([x if isinstance(x, Value) else constant(x) for x in numbers], shape)
    places = itertools.product(*map(range, shape))
    labels = [f"{label}[{', '.join(map(str, at))}]" if label else "" for at in places]
    leaves = [Value(x, text, requires_grad) for x, text in zip(numbers, labels)]
    return wrapped(leaves, shape)


def constant(x: float) -> Value:
    """A number as a Value that is no leaf of anybody's: a program may hold it."""
    value = Value(x)
    value._about = modes.CONSTANT
    return value


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


def known(x: Any, who: str) -> np.ndarray[Any, Any]:
    """The numbers of anything array-like; TracingError where one is unknown."""
    found, shape = entries(x, who)
    return _float64([_number(v, who) for v in found], shape)


def _number(x: Any, who: str) -> Any:
    if not isinstance(x, Value):
        return x
    if x.is_unknown:
        raise x.refuse(f"{who} asked for its number")  # type: ignore[attr-defined]
    return x._number


def _has_unknown(x: Any) -> bool:
    if isinstance(x, np.ndarray):
        return x.dtype == object and any(map(_has_unknown, x.flat))
    return isinstance(x, Value) and x.is_unknown


# ------------------------------------------------------------------ what goes out
def _shown(x: Array) -> np.ndarray[Any, Any]:
    """The numbers for printing; the entries themselves where one has none."""
    try:
        return known(x, "print")
    except TypeError:
        return x.view(np.ndarray)


def _ours(found: Any) -> Any:
    """What NumPy gave: arrays of objects as Arrays, others as NumPy's own."""
    if isinstance(found, (tuple, list)):
        every = map(_ours, found)
        return type(found)(*every) if hasattr(found, "_fields") else type(found)(every)
    if not isinstance(found, np.ndarray):
        return found
    return found.view(Array if found.dtype == object else np.ndarray)


def shaped(found: list[Any], x: Any) -> Any:
    """What an op of a sequence gave, in the form of ``x``: an Array, or float64."""
    recorded = any(isinstance(y, Value) for y in found)
    return (wrapped if recorded else _float64)(found, np.shape(x))


def _without_rule(name: str) -> TypeError:
    return TypeError(
        f"{name}: it has no rule for Values and Arrays; use x.data where no gradient is needed, "
        "or write it with what docs/numpy.md lists"
    )


# ------------------------------------------------------------------ entry by entry
@functools.lru_cache(maxsize=256)
def _loop(record: Op) -> Callable[..., Any]:
    """The op as a NumPy function of arrays of objects; NumPy's own where it cannot raise."""
    inlined = {ops.add: np.add, ops.subtract: np.subtract, ops.multiply: np.multiply}
    whole = record if record.gather else lambda *operands: apply(record, operands)  # half the time
    return inlined.get(record) or np.frompyfunc(whole, record.slots or 1, 1)


def elementwise(record: Op, operands: Sequence[Any]) -> Any:
    """The op of each entry, broadcast: an Array if Values are among them, else plain numbers."""
    arrays = [_plain(x, record.name) for x in operands]
    with np.errstate(all="ignore"):  # the op itself has warned
        found = _loop(record)(*[x.astype(object) for x in arrays])
    if any(x.dtype == object for x in arrays):
        return _ours(found)
    return found.astype(np.float64) if isinstance(found, np.ndarray) else float(found)


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
_OF_ANGLES = {"deg2rad", "radians", "rad2deg", "degrees"}
_REDUCING = {"add": ops.sum, "multiply": ops.prod, "maximum": ops.max, "minimum": ops.min}
_OBJECT = np.dtype(object)
_HARMLESS: dict[str, tuple[Any, ...]] = {  # what NumPy and libraries pass on, and asks for nothing
    "out": (None,), "dtype": (None, object, _OBJECT, type(_OBJECT)), "where": (True,),
    "initial": (np._NoValue,), "keepdims": (np._NoValue,), "subok": (True,), "returned": (False,),
}  # fmt: skip


@functools.lru_cache(maxsize=256)
def _record_of(ufunc: Any) -> Op | None:
    record = ops.TABLE.get(_SYNONYMS.get(ufunc.__name__, ufunc.__name__))
    return record if record is not None and record.slots == ufunc.nin else None


def _asked(name: str, own: Any, args: Sequence[Any], given: dict[str, Any]) -> Any:
    """Our own function of the arguments, and of the keywords that ask for something."""
    asking = {k: x for k, x in given.items() if not any(x is a for a in _HARMLESS.get(k, ()))}
    try:
        return own(*args, **asking)
    except TypeError as error:
        _, call, fault = str(error).partition("() ")
        if not call or " argument" not in fault:  # Python's word on a call that does not fit
            raise
        raise TypeError(f"{name}: {fault}; leave it out, or give it by name") from None


def _of_ufunc(ufunc: Any, method: str, inputs: Sequence[Any], given: dict[str, Any]) -> Any:
    """What NumPy calls with a Value or an Array among the inputs, or among the outputs."""
    name = ufunc.__name__
    way: Any = _METHODS.get(method)
    if way is None:
        raise _without_rule(f"{name}.{method}")
    out: Any = given.pop("out", (None,))[0] if ufunc.nout == 1 else None
    if out is not None and out.dtype != object:
        raise TypeError(
            f"{name}: an out= that can hold Values is required, got one of dtype {out.dtype}; "
            "leave it out, or make it with dtype=object"
        )
    found = _asked(name, way, (ufunc, *inputs), given)
    if out is None:
        return found
    out[...] = found
    return out


def _called(ufunc: Any, *inputs: Any) -> Any:
    name = ufunc.__name__
    scalars = all(isinstance(x, _SCALARS) for x in inputs)
    inputs = inputs if scalars else tuple([_plain(x, name) for x in inputs])
    if name in _BOOLS and not (name in _COMPARISONS and any(map(_has_unknown, inputs))):
        found = ufunc(*[(_number if scalars else known)(x, name) for x in inputs])
        return bool(found) if scalars else found
    if name == "matmul":
        return _matmul(*inputs)
    if name in _OF_ANGLES:  # a factor
        return elementwise(ops.multiply, (*inputs, ufunc(1.0)))
    record = _record_of(ufunc)
    if record is not None:
        return record(*inputs) if scalars else elementwise(record, inputs)
    if set(ufunc.types[0]) == set("O->"):  # someone's own, of any objects
        return _ours(ufunc(*map(np.asarray, inputs)))
    raise _without_rule(name)


def _reduced(ufunc: Any, a: Any, axis: Any = 0, **given: Any) -> Any:
    record = _REDUCING.get(ufunc.__name__)
    if record is None:
        raise _without_rule(f"{ufunc.__name__}.reduce")
    return _over(record, a, axis, **given)


def _accumulated(ufunc: Any, a: Any, axis: int = 0) -> Any:
    if ufunc not in (np.add, np.multiply):
        raise _without_rule(f"{ufunc.__name__}.accumulate")
    with np.errstate(all="ignore"):
        return _ours(ufunc.accumulate(_plain(a, "accumulate"), axis=axis))


def _outer(ufunc: Any, a: Any, b: Any) -> Any:
    a, b = _plain(a, "outer"), _plain(b, "outer")
    return _called(ufunc, a.reshape(a.shape + (1,) * b.ndim), b)


_METHODS = {"__call__": _called, "reduce": _reduced, "accumulate": _accumulated, "outer": _outer}


# ------------------------------------------------------------------ along axes
def _over(
    of_row: Callable[..., Any], a: Any, axis: Any = None, *, keepdims: bool = False, **given: Any
) -> Any:
    """One op of each row along the axes: of all entries, if there is none."""
    a = _plain(a, "axis")
    axes = tuple(range(a.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    moved = np.moveaxis(a, axes, range(-len(axes), 0))
    outer, inner = moved.shape[: a.ndim - len(axes)], moved.shape[a.ndim - len(axes) :]
    rows = moved.reshape(math.prod(outer), math.prod(inner)).tolist()
    found = wrapped([of_row(row, **given) for row in rows], outer)
    return _ours(np.expand_dims(np.asarray(found), axes)) if keepdims else found[()]


def _norm(x: Any, ord: Any = None, axis: Any = None, *, keepdims: bool = False) -> Any:
    """The length of all entries, or of rows; of rows by another measure of size too."""
    of_matrix = isinstance(axis, tuple) or (axis is None and np.ndim(x) > 1)
    if ord is None or ord == ("fro" if of_matrix else 2):
        return _over(ops.norm, x, axis, keepdims=keepdims)
    of_sizes = {1: ops.sum, math.inf: ops.max, -math.inf: ops.min}.get(ord)
    if of_matrix or of_sizes is None:
        raise TypeError(
            f"norm: ord None is required, of vectors 1, 2, inf or -inf too, got {ord!r}; write it "
            "with sums and powers"
        )
    return _over(of_sizes, elementwise(ops.abs, (x,)), axis, keepdims=keepdims)


def _sort(a: Any, axis: Any = -1, kind: Any = None) -> Any:
    a = _plain(a, "sort")
    a, axis = (a.reshape(-1), 0) if axis is None else (a, axis)
    order = np.argsort(known(a, "sort"), axis=axis, kind="stable")  # any kind's order is this
    return _ours(np.take_along_axis(a, order, axis))


# ------------------------------------------------------------------ products
def _einsum(subscripts: Any, *operands: Any, optimize: Any = False, who: str = "einsum") -> Any:
    """The sum of products that the subscripts name: one dot an entry."""
    left, arrow, output = str(subscripts).replace(" ", "").partition("->")
    terms = left.split(",")
    arrays = [_plain(x, who) for x in operands]
    while len(terms) > 2:
        *terms, a, b = terms
        union = "..." * ("..." in a + b) + "".join(sorted({*a, *b} - {"."}))
        product = _einsum(f"{a},{b}->{union}", *arrays[-2:], who=who)
        terms, arrays = [*terms, union], [*arrays[:-2], np.asarray(product)]
    letters = sorted({*left} - {*",."})
    if not arrow:
        output = "..." * ("..." in left) + "".join(x for x in letters if left.count(x) == 1)
    summed = "".join(x for x in letters if x not in output)
    form = f"{','.join(terms)}->{output}{summed}"
    try:
        sides = [np.asarray(x.take(_places(form, arrays, n))) for n, x in enumerate(arrays)]
    except ValueError as error:
        shapes = " and ".join(str(x.shape) for x in arrays)
        raise ValueError(
            f"{who}: an axis a letter is required, and sizes that match, got {subscripts!r} of "
            f"shapes {shapes} ({error}); use it as einsum('ij,j->i', a, b)"
        ) from None
    if not summed:
        return _ours(sides[0][()]) if len(sides) == 1 else elementwise(ops.multiply, sides)
    shape = sides[0].shape[: sides[0].ndim - len(summed)]
    rows = (math.prod(shape), math.prod(sides[0].shape[len(shape) :]))
    lists = [x.reshape(rows) if x.dtype != object else x.reshape(rows).tolist() for x in sides]
    found = wrapped([*map(ops.sum if len(lists) == 1 else ops.dot, *lists)], shape)
    return found[()]  # of no dimension the entry


def _places(form: str, arrays: Sequence[Any], n: int) -> Any:
    """Which entry of array ``n`` each product takes: NumPy's own einsum of places and ones."""
    ones = [np.ones(x.shape, dtype=int) for x in arrays]
    ones[n] = np.arange(arrays[n].size).reshape(arrays[n].shape)
    return np.einsum(form, *ones, order="C")


def _matmul(a: Any, b: Any) -> Any:
    _fitting(np.matmul, a, b)
    rows, columns = "i" * (a.ndim != 1), "k" * (b.ndim != 1)
    left, right = "...ij" if rows else "j", "...jk" if columns else "j"
    return _einsum(f"{left},{right}->...{rows}{columns}", a, b, who="matmul")


def _dot(a: Any, b: Any, who: str = "dot") -> Any:
    """NumPy's dot, or its inner, which sums over the last axis of both."""
    if not np.ndim(a) or not np.ndim(b):
        return elementwise(ops.multiply, (a, b))
    return _tensordot(a, b, (-1, -1 if who == "inner" else max(np.ndim(b) - 2, 0)), who)


def _tensordot(a: Any, b: Any, axes: Any = 2, who: str = "tensordot") -> Any:
    a, b = _plain(a, who), _plain(b, who)
    _fitting(functools.partial(np.tensordot, axes=axes), a, b)
    if np.ndim(axes) == 0:
        axes = (range(a.ndim - axes, a.ndim), range(axes))
    left, right = string.ascii_letters[: a.ndim], [*string.ascii_letters[a.ndim :][: b.ndim]]
    for n, k in zip(*map(np.atleast_1d, axes), strict=True):
        right[k] = left[n]
    output = "".join(sorted({*left} ^ {*right}, key=string.ascii_letters.index))
    return _einsum(f"{left},{''.join(right)}->{output}", a, b, who=who)


def _fitting(function: Any, a: Any, b: Any) -> None:
    """ValueError, NumPy's own, unless the shapes fit; its einsum would stretch sizes of 1."""
    function(np.zeros(a.shape), np.zeros(b.shape))


# ------------------------------------------------------------------ NumPy's functions
def _of_function(function: Any, args: Any, given: dict[str, Any]) -> Any:
    """What NumPy calls with a Value or an Array among the arguments."""
    if function in _UNCHANGED:
        return _unchanged(function, args, given)
    own, name = _OWN.get(function), f"{function.__module__}.{function.__name__}"
    if own is None:
        raise _without_rule(name)
    return _asked(name, own, args, given)


def _unchanged(function: Any, args: Any, given: dict[str, Any]) -> Any:
    """What NumPy's own code makes of them."""
    args = tuple([array(x) if isinstance(x, Value) else x for x in args])  # with methods
    return _ours(np.ndarray.__array_function__(np.empty(0), function, (), args, given))


def _average(a: Any, axis: Any = None, weights: Any = None, *, keepdims: bool = False) -> Any:
    """NumPy's, without the sum of the weights beside it."""
    return _unchanged(np.average, (a, axis, weights), {"keepdims": keepdims})


def _round(a: Any, decimals: int = 0) -> Any:
    """Whole numbers, or so many decimals, of slope 0."""
    unit = 10.0**decimals
    return elementwise(ops.round, (a * unit,)) / unit if decimals else elementwise(ops.round, (a,))


def _where(condition: Any, *choices: Any) -> Any:
    if not choices:
        return np.nonzero(known(condition, "where"))
    return elementwise(ops.where, (condition, *choices))


def _by_number(function: Any) -> Callable[..., Any]:
    """NumPy's function of the numbers: for answers that are places or bools."""

    def call(*args: Any, **given: Any) -> Any:
        every = [known(x, function.__name__) if isinstance(x, (Value, Array)) else x for x in args]
        return function(*every, **given)

    return call


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "mean": functools.partial(_over, mean), "linalg.norm": _norm,
    "std": functools.partial(_over, ops.std), "var": functools.partial(_over, ops.var),
    "average": _average, "dot": _dot, "inner": functools.partial(_dot, who="inner"),
    "tensordot": _tensordot, "einsum": _einsum,
    "vdot": lambda a, b: _dot(np.ravel(a), np.ravel(b)),
    "where": _where, "round": _round, "around": _round, "sort": _sort,
    "sinc": lambda x: elementwise(ops.sinc, (x,)), "fix": lambda x: elementwise(ops.trunc, (x,)),
    "real": lambda val: val,
}  # fmt: skip
BY_NUMBER = """
    argmax argmin argsort argpartition nonzero flatnonzero argwhere count_nonzero searchsorted
    digitize all any isclose allclose array_equal array_equiv array_repr array_str array2string
"""
UNCHANGED = """
    sum prod max amax min amin ptp cumsum cumprod cumulative_sum cumulative_prod trace clip
    reshape ravel transpose permute_dims matrix_transpose swapaxes moveaxis rollaxis expand_dims
    squeeze broadcast_to broadcast_arrays atleast_1d atleast_2d atleast_3d stack concatenate concat
    vstack hstack dstack column_stack block append insert delete split array_split hsplit vsplit
    dsplit unstack repeat tile roll rot90 flip fliplr flipud take take_along_axis put_along_axis put
    place putmask copyto compress extract choose select piecewise diag diagflat diagonal
    fill_diagonal tril triu pad resize diff ediff1d outer kron cross convolve correlate
    polyval vander trapezoid trapz linspace meshgrid full_like zeros_like ones_like empty_like copy
    shape ndim size iscomplexobj isrealobj result_type can_cast may_share_memory shares_memory
    apply_along_axis apply_over_axes linalg.multi_dot linalg.matrix_power linalg.diagonal
    linalg.matrix_transpose linalg.outer linalg.cross linalg.matmul linalg.tensordot linalg.trace
    linalg.vector_norm
"""


def _numpys(path: str) -> Any:
    """NumPy's function of that name; None where this version of it has none."""
    place: Any = np
    for name in path.split("."):
        place = getattr(place, name, None)
    return place


def _method(name: str) -> Callable[..., Any]:
    """NumPy's function as a method: an array's own would not ask for ours."""
    return lambda self, *args, **given: _of_function(_numpys(name), (self, *args), given)


FUNCTIONS.update({path: _by_number(_numpys(path)) for path in BY_NUMBER.split()})
_OWN = {_numpys(path): own for path, own in FUNCTIONS.items()}
_UNCHANGED = {_numpys(path) for path in UNCHANGED.split()}
for _name in {*FUNCTIONS} - {"sort"}:  # it is in place
    if callable(getattr(np.ndarray, _name, None)):
        setattr(Array, _name, _method(_name))
above.update(
    dot=_dot, elementwise=elementwise, function=_of_function, shaped=shaped, ufunc=_of_ufunc
)
