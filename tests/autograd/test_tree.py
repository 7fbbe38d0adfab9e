"""Arguments and results of any form: taken apart, put back, refused by name."""

import collections
import dataclasses
import functools
import typing

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Value, grad, jvp, value_and_grad, vjp
from autograd.arrays import Array
from autograd.tree import taken, values_of


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    scale: float
    weights: np.ndarray
    made: float = dataclasses.field(default=4.0, init=False)


class Pair(typing.NamedTuple):
    left: float
    right: list


LEAVES = st.floats(-9, 9) | st.integers(-9, 9) | st.lists(st.floats(-9, 9), max_size=3).map(
    lambda row: np.array(row, dtype=np.float64)
)  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner)
    | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    | st.builds(Pair, inner, st.lists(inner, max_size=2)) | st.builds(Part, inner, inner),
    max_leaves=6,
)  # fmt: skip


def equal(a, b):
    """Of one form, with the same numbers."""
    if isinstance(b, np.ndarray):
        return isinstance(a, np.ndarray) and a.dtype == np.float64 and np.array_equal(a, b)
    if dataclasses.is_dataclass(b):
        names = [field.name for field in dataclasses.fields(b)]
        return type(a) is type(b) and all(equal(getattr(a, n), getattr(b, n)) for n in names)
    if isinstance(b, dict):
        return list(a) == list(b) and all(equal(a[key], b[key]) for key in b)
    if isinstance(b, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(equal, a, b))
    return type(a) is float and a == b


@given(TREES)
def test_what_was_taken_apart_is_put_together_again(tree):
    numbers, form = taken(tree, "here")
    assert all(type(x) is float for x in numbers) and equal(form.filled(numbers), tree)
    assert form.numbers_of(tree, "here") == numbers


@given(TREES)
def test_every_form_goes_through_a_function_and_its_derivatives(tree):
    """The identity's tangent is the tangent, and what is pulled back through it the cotangent."""
    assert all(equal(found, tree) for found in jvp(lambda p: p, (tree,), (tree,)))
    value, pull = vjp(lambda p: p, tree)
    assert equal(value, tree) and equal(pull(tree), (tree,))


def test_a_function_gets_arrays_of_fresh_values_in_the_arguments_form():
    seen = []
    p = {"a": 1, "b": Part(2.0, np.array([[1.0, 2.0]])), "c": [np.float32(3.0), ()]}
    grad(lambda p: seen.append(p) or p["a"])(p)
    (got,) = seen
    assert type(got["a"]) is Value and type(got["b"]) is Part and type(got["c"][0]) is Value
    assert type(got["b"].weights) is Array and got["b"].weights.shape == (1, 2)
    assert got["c"][1] == () and got["b"].made.data == 4.0


@pytest.mark.parametrize(("given", "want"), [
    (np.array([1, 2]), [2.0, 4.0]), (np.float32([0.5, 1.5]), [1.0, 3.0]),
    (np.array([True, False]), [2.0, 0.0]), (pd.Series([1, 2], index=[7, 3]), [2.0, 4.0]),
    (pd.DataFrame({"a": [1.0], "b": [2.0]}), [[2.0, 4.0]]),
    (np.arange(6.0).reshape(2, 3)[:, ::2], [[0.0, 4.0], [6.0, 10.0]]),
])  # fmt: skip
def test_arrays_of_any_real_kind_give_float64_arrays(given, want):
    found = grad(lambda x: (x * x).sum())(given)
    assert type(found) is np.ndarray and found.dtype == np.float64 and found.tolist() == want


def test_an_array_without_dimensions_stays_one_and_a_numpy_number_becomes_a_float():
    found = grad(lambda x: x * x)(np.array(3.0))
    assert type(found) is np.ndarray and found.shape == () and found == 6.0
    value, slope = value_and_grad(lambda x: np.array(x * x))(np.float64(3.0))
    assert type(value) is float and type(slope) is float and (value, slope) == (9.0, 6.0)


def test_containers_stay_what_they_are():
    ordered = grad(lambda p: p["a"] * p["b"])(collections.OrderedDict(b=2.0, a=1.0))
    assert ordered == collections.OrderedDict(b=1.0, a=2.0)
    counted = grad(lambda p: p["a"] * p["a"])(collections.defaultdict(float, a=3.0))
    assert counted["a"] == 6.0 and counted["new"] == 0.0
    counts = value_and_grad(lambda p: p["a"] * p["a"])(collections.Counter(a=3))
    assert counts == (9.0, {"a": 6.0}) and type(counts[1]) is collections.Counter


@dataclasses.dataclass
class Disc:
    radius: float

    def __post_init__(self):
        self.circumference = 6.0 * self.radius

    @functools.cached_property
    def area(self):
        return 3.0 * self.radius * self.radius


def test_what_a_dataclass_computed_of_its_fields_before_is_no_constant():
    """It is computed again, or missed; as it was it would have slope 0."""
    disc = Disc(2.0)
    assert disc.area == 12.0 and grad(lambda d: d.area)(disc).radius == 12.0
    with pytest.raises(AttributeError, match="circumference"):
        grad(lambda d: d.circumference)(disc)


def test_tangents_of_a_dict_are_found_by_their_keys():
    f = lambda p: p["a"] + 10.0 * p["b"]  # noqa: E731
    assert jvp(f, ({"a": 1.0, "b": 2.0},), ({"b": 1.0, "a": 0.5},)) == (21.0, 10.5)


def test_an_array_with_a_value_comes_out_as_values_all():
    w = Value(2.0)
    slope = grad(lambda x: w * x[0] + x[1])(np.ones(2))
    assert type(slope) is Array and [type(x) for x in slope] == [Value, Value]
    assert [x.data for x in slope] == [2.0, 1.0] and not slope[1].requires_grad


def test_what_f_says_beside_its_result_comes_out_plain():
    note = object()
    f = lambda x: (x * x, {"x": [x, "text", None], "row": np.array([x, 1.0]), "note": note})  # noqa: E731
    slope, aux = grad(f, has_aux=True)(3.0)
    assert slope == 6.0 and aux["x"] == [3.0, "text", None] and aux["note"] is note
    assert type(aux["x"][0]) is float and aux["row"].dtype == np.float64
    w = Value(2.0)
    (value, kept), _ = value_and_grad(lambda x: (x * x, x * w), has_aux=True)(3.0)
    assert value == 9.0 and isinstance(kept, Value) and kept.data == 6.0
    assert values_of("text")[1].filled([]) == "text"


def test_the_callers_own_are_neither_written_nor_shared():
    x, row, seen = np.array([1.0, 3.0]), [1.0, 3.0], []

    def f(a, b):
        seen.append(a)
        a[0] = 2.0 * a[1]
        b[0] = 5.0 * b[1]
        return (a * a).sum() + b[0]

    slopes = grad(f, (0, 1))(x, row)
    assert slopes[0].tolist() == [0.0, 30.0] and slopes[1] == [0.0, 5.0]
    assert x.tolist() == [1.0, 3.0] == row and not np.shares_memory(seen[0], x)


def test_a_partial_function_and_keywords_work():
    assert grad(functools.partial(lambda k, x: k * x * x, 3.0))(2.0) == 12.0
    found = grad(lambda x, weights: (x * weights).sum())(np.ones(2), weights=np.array([3.0, 4.0]))
    assert found.tolist() == [3.0, 4.0]


@pytest.mark.parametrize(("wrong", "error", "words"), [
    (lambda: grad(lambda p: p["a"])({"a": None}), TypeError, "got None; leave it out of the cont"),
    (lambda: grad(lambda p: p["a"])({"a": 1.0, "name": "x"}), TypeError,
     "got 'x'; leave it out of the container, or let the function close over it"),
    (lambda: grad(lambda x: x)(None), TypeError, "got None; leave it out of argnums, or let the"),
    (lambda: grad(lambda x: x)({1.0}), TypeError, "argument 0: numbers.*use list"),
    (lambda: grad(lambda x: x[0])(collections.deque([1.0])), TypeError, r"use list\(...\) of it"),
    (lambda: grad(lambda x: x[0])(np.array([1.0, None])), TypeError, "leave out what is missing"),
    (lambda: grad(lambda x: x)(1.0j), TypeError, "take .real or .imag"),
    (lambda: grad(lambda x: x.sum())(np.array(["a"])), TypeError, "argument 0.*dtype <U1"),
    (lambda: grad(lambda x: x.sum())(np.ones(2) * 1j), TypeError, "complex128"),
    (lambda: grad(lambda x: x[0])(np.array([1.0, "a"], dtype=object)), TypeError, "got 'a'"),
    (lambda: grad(lambda x: x)(np.ma.array([1.0], mask=[1])), TypeError, "masked.*filled"),
    (lambda: grad(lambda x: x)(x=1.0), TypeError, "got 0 by position and x by keyword"),
    (lambda: grad(lambda x: x, 1.0)(1.0), TypeError, r"argnums must be an int.*use 0, or \(0, 1\)"),
    (lambda: grad(lambda x: x, (0, "x"))(1.0), TypeError, r"argnums must be.*got \(0, 'x'\); use"),
    (lambda: grad(lambda x: x, (0.0,))(1.0), TypeError, r"argnums must be an int.*got \(0.0,\)"),
    (lambda: jvp(lambda x: x @ x, (np.ones(2),), (np.ones(3),)), ValueError,
     r"tangents: an array of shape \(2,\) is required, got an array of shape \(3,\); give each"),
    (lambda: jvp(lambda x: x, (1.0,), (np.ones(3),)), ValueError, "a number is required, got an"),
    (lambda: jvp(lambda x: x, (1.0,), ([1.0],)), ValueError, "required, got a list of 1 number"),
    (lambda: jvp(lambda p: p["a"], ({"a": 1.0},), ({"b": 1.0},)), ValueError, "nested as what"),
    (lambda: jvp(lambda p: p[0], ([1.0],), ((1.0,),)), ValueError, "a list of 1 is required"),
    (lambda: vjp(lambda x: x * x, np.ones(2))[1](1.0), ValueError, r"shape \(2,\).*got a number"),
    (lambda: autograd.linearize(lambda x: x, 1.0)[1](1.0, 2.0), ValueError, "a tuple of 1"),
    (lambda: autograd.hvp(lambda x: x @ x)(np.ones(2), np.ones(3)), ValueError, r"hvp: v.*\(2,\)"),
])  # fmt: skip
def test_what_has_no_form_or_another_is_refused_by_name(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
