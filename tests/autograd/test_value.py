"""Value's manners: what it takes, keeps, compares, refuses and gives away."""

import builtins
import copy
import fractions
import gc
import math
import pickle
import sys
import tracemalloc
import warnings
import weakref
from decimal import Decimal

import numpy as np
import pytest

import autograd
from autograd import Value, ops


# ------------------------------------------------------------------ what it takes
@pytest.mark.parametrize("good", [
    3, -0, 2**53, 3.0, np.float64(3), np.float32(3), np.float16(3), np.int64(3), np.uint8(3),
    fractions.Fraction(3, 4), math.inf, math.nan,
], ids=repr)  # fmt: skip
def test_a_real_number_of_any_kind_becomes_a_python_float(good):
    for x in (
        Value(good),
        Value(1.0) * good,
        good * Value(1.0),
        autograd.maximum(good, Value(0.0)),
    ):
        assert type(x.data) is float
    v = Value(good)
    assert v.data == float(good) or math.isnan(v.data)
    v.data = good
    v.grad = good
    assert type(v.data) is type(v.grad) is float


WRONG = {
    "True": (True, r"use 1\.0 or 0\.0"),
    "np.True": (np.True_, ""),
    "str": ("3", r"use float\(\.\.\.\)"),
    "None": (None, "is a return missing"),
    "complex": (1j, r"take \.real or \.imag"),
    "list": ([1.0], r"autograd\.array\(data\)"),
    "array": (np.array([1.0, 2.0]), r"\.item\(\) of one element, or autograd\.array\(data\)"),
    "array of none": (np.array(2.0), r"\.item\(\)"),
    "Decimal": (Decimal(1), "float"),
    "dict": ({}, "one number"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_data_is_refused_with_what_was_got_and_a_remedy(name):
    wrong, remedy = WRONG[name]
    with pytest.raises(TypeError, match=f"Value: one real number is required, got .*{remedy}"):
        Value(wrong)
    v = Value(1.0)
    with pytest.raises(TypeError):
        v.data = wrong
    with pytest.raises(TypeError):
        v.grad = wrong
    assert v.data == 1.0 and not v.has_grad, "a refused number changes nothing"


def test_a_value_of_a_value_says_how_to_get_a_leaf():
    with pytest.raises(TypeError, match=r"\.item\(\)"):
        Value(Value(1.0))


def test_an_int_that_no_float_holds_is_refused():
    for make in (
        lambda: Value(10**400),
        lambda: Value(1.0) + 10**400,
        lambda: autograd.exp(10**400),
    ):
        with pytest.raises(ValueError, match="number that a float holds"):
            make()


@pytest.mark.parametrize("name", [n for n in WRONG if "True" not in n and "array" not in n])
def test_a_wrong_operand_names_the_op_the_slot_and_the_remedy(name):
    wrong, remedy = WRONG[name]
    x = Value(2.0)
    with pytest.raises(TypeError, match=f"multiply: operand 2: one real number.*{remedy}"):
        x * wrong
    with pytest.raises(TypeError, match=f"subtract: operand 1: one real number.*{remedy}"):
        ops.subtract(wrong, x)
    with pytest.raises(TypeError, match="exp: operand 1"):
        autograd.exp(wrong)
    with pytest.raises(TypeError, match="dot: operand 4"):
        autograd.dot([x, 1.0], [x, wrong])


@pytest.mark.parametrize("operator", [
    lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / b, lambda a,
    b: a**b,
])  # fmt: skip
def test_an_operator_with_an_array_on_either_side_gives_an_array_of_values(operator):
    for pair in ((np.array([2.0, 3.0]), Value(0.5)), (Value(0.5), np.array([2.0, 3.0]))):
        got = operator(*pair)
        want = operator(*[x.data if isinstance(x, Value) else x for x in pair])
        assert isinstance(got, autograd.Array) and all(isinstance(y, Value) for y in got)
        assert [y.data for y in got] == want.tolist()


def test_a_comparisons_answer_is_taken_as_1_or_0():
    x = Value(3.0)
    assert ((x > 2.0) * x).data == 3.0 and (x * (x > 5.0)).data == 0.0
    assert (x * np.bool_(True)).inputs == (x, 1.0)


@pytest.mark.parametrize("bad", [1, None, b"w"])
def test_a_label_is_a_str(bad):
    with pytest.raises(TypeError, match="label: a str is required"):
        Value(1.0, bad)
    with pytest.raises(TypeError, match="label: a str is required"):
        Value(1.0).label = bad


def test_requires_grad_is_a_bool():
    with pytest.raises(TypeError, match="requires_grad: True or False"):
        Value(1.0, requires_grad=1)


# ------------------------------------------------------------------ what it keeps
def test_operands_keep_order_multiplicity_and_kind():
    a, b = Value(5.0), Value(3.0)
    assert (a - b).inputs == (a, b) and (b - a).inputs == (b, a)
    assert (a * a).inputs == (a, a) and (a * a)._prev == (a,)
    for y, inputs in ((a * 2, (a, 2.0)), (2 - a, (2.0, a)), (2**a, (2.0, a)), (-a, (a,))):
        assert y.inputs == inputs and all(type(x) in (Value, float) for x in y.inputs)
    y = autograd.dot([a, 2], [b, a])
    assert y.inputs == (a, 2.0, b, a) and y._prev == (a, b)
    assert a.inputs == a._prev == () and a._op == "" and a.op is None


def test_sum_of_a_list_is_a_chain_of_additions():
    a, b = Value(1.0), Value(2.0)
    total = sum([a, b, 3])
    assert total.data == 6.0 and total.op is ops.add


def test_an_in_place_operator_makes_a_new_node():
    x = y = Value(2.0)
    y += 1.0
    y *= x
    assert x.data == 2.0 and y.data == 6.0 and y is not x


def test_plus_is_the_node_itself_and_the_methods_are_the_ops():
    x = Value(0.5)
    assert +x is x
    for name in ("exp", "log", "tanh", "relu", "sigmoid", "sqrt"):
        y = getattr(x, name)()
        assert y.op is ops.TABLE[name] and y.inputs == (x,)


def test_what_is_computed_is_read_only():
    x = Value(2.0, "x")
    y = x * x
    for name, value in (("data", 1.0), ("requires_grad", False)):
        with pytest.raises(AttributeError, match=f"{name}: only a leaf.*x×x.*multiply;"):
            setattr(y, name, value)
    for name in ("inputs", "op", "_op", "_prev", "has_grad", "scope"):
        with pytest.raises(AttributeError):
            setattr(x, name, None)
    y.label = "y"
    assert y.label == "y" and y.inputs == (x, x)


def test_a_leafs_number_flag_and_label_may_be_written():
    x = Value(1.0)
    x.data, x.label, x.requires_grad = 2, "x", False
    assert (x.data, x.label, x.requires_grad) == (2.0, "x", False)
    x.label = ""
    assert (x.label, x.requires_grad) == ("", False)
    x.requires_grad = True
    assert (x * 1.0).requires_grad


def test_no_attribute_is_invented():
    with pytest.raises(AttributeError):
        Value(1.0).gard = 0.0


# ------------------------------------------------------------------ comparisons and conversions
def test_values_compare_by_identity_for_equality_and_by_number_for_order():
    a, b = Value(1.0), Value(1.0)
    assert a == a and a != Value(2.0) and len({a, b, a}) == 2 and a in [b, a] and b not in [a]
    assert a <= b and a >= b and not a < b and not a > b and a < Value(2.0)


def test_two_values_that_hold_one_number_are_not_compared_in_silence():
    """In one's own code; not where a container looks for one of them."""
    a, b = Value(3.0), Value(3.0)
    cases = ((lambda: a == b, False), (lambda: a != b, True), (lambda: [a] == [b], False))
    for compare, want in cases:
        with pytest.warns(RuntimeWarning, match=r"these hold 3\.0 both.*autograd\.equal") as seen:
            assert compare() is want
        assert seen[0].filename == __file__
    assert b not in [a] and [a, b].index(b) == 1 and {a: 1, b: 2}[b] == 2 and [a, b].count(b) == 1


def test_a_value_compares_with_a_number_by_its_data():
    a = Value(1.0)
    for one in (1, 1.0, np.float64(1), np.int32(1), fractions.Fraction(1)):
        assert a == one and one == a and not a != one
        assert a <= one and one >= a and not a < one and not one > a
    assert a < 2 and 2 > a and a > 0.5 and 0.5 < a
    assert not a == "1.0" and a != None and a != [1.0]  # noqa: E711
    with pytest.raises(TypeError, match="not supported"):
        a < "2"  # noqa: B015


def test_nan_is_neither_equal_nor_ordered():
    n = Value(math.nan)
    assert not n == math.nan and not n < 1.0 and not n >= 1.0 and n == n, "itself it is"


def test_truth_is_whether_the_number_is_not_0():
    assert Value(0.1) and Value(-1.0) and Value(math.nan) and not Value(0.0) and not Value(-0.0)


def test_it_is_formatted_as_its_number_and_represented_with_all():
    x = Value(2.5, "rate")
    assert f"{x:.3f}" == "2.500" and f"{x:>8.1e}" == " 2.5e+00"
    assert repr(x) == str(x) == f"{x}" == "Value(data=2.5, grad=0.0, label='rate')"
    assert repr(Value(1.0)) == "Value(data=1.0, grad=0.0)"


@pytest.mark.parametrize(
    "lose", [float, math.exp, math.sqrt, lambda v: np.asarray([v], dtype=float)]
)
def test_a_gradient_is_never_lost_silently(lose):
    with pytest.raises(TypeError, match=r"rate.*\.item\(\).*autograd\.exp"):
        lose(Value(1.0, "rate"))
    with pytest.raises(TypeError):
        int(Value(1.0))
    with pytest.raises(TypeError):
        [1.0, 2.0][Value(1.0)]


def test_item_and_detach_cut_off_openly():
    x = Value(2.0, "x")
    y = x * x
    assert type(y.item()) is float and y.item() == 4.0
    d = x.detach()
    assert (d.data, d.requires_grad, d.inputs, d.label) == (2.0, False, (), "x") and d is not x
    (x * d).backward()
    assert x.grad == 2.0 and not d.has_grad


# ------------------------------------------------------------------ gradients as attributes
def test_grad_is_0_and_has_grad_false_until_a_pass_has_come():
    x, apart = Value(0.0), Value(1.0)
    assert x.grad == 0.0 and not x.has_grad
    (x * x).backward()
    assert x.grad == 0.0 and x.has_grad and not apart.has_grad
    x.zero_grad()
    assert not x.has_grad
    x.grad = 0
    assert x.has_grad, "a number that was written is one"
    x.grad += 2.5
    assert x.grad == 2.5


# ------------------------------------------------------------------ outside a domain
def line_of_warning(caught):
    """The source line that a warning points to."""
    with open(caught.filename, encoding="utf-8") as source:
        return source.read().splitlines()[caught.lineno - 1].strip()


def test_a_warning_names_op_operand_label_result_remedy_and_points_to_the_users_line():
    x = Value(-1.0, "rate")
    with pytest.warns(RuntimeWarning) as caught:
        y = autograd.log(x)  # this line
    assert [line_of_warning(w) for w in caught] == ["y = autograd.log(x)  # this line"]
    text = str(caught[0].message)
    for words in (
        "log: operand must be > 0",
        "got -1.0 from rate",
        "result is nan",
        "use log1p(x)",
    ):
        assert words in text
    assert math.isnan(y.data) and y.inputs == (x,)


@pytest.mark.parametrize("attempt", [
    lambda x: x / 0.0, lambda x: 1.0 / (x - 1.0), lambda x: (x - 2.0) ** 0.5,
    lambda x: (x - 2.0).log(),
    lambda x: autograd.logsumexp([(x - 2.0).sqrt(), x]),
    lambda x: autograd.mean([autograd.log(x - 2.0)]),
    lambda x: autograd.grad(lambda v: autograd.log(v - 2.0))(1.0),
])  # fmt: skip
def test_a_warning_points_to_the_users_line_however_deep_it_arose(attempt):
    with pytest.warns(RuntimeWarning) as caught:
        attempt(Value(1.0))
    assert {w.filename for w in caught} == {__file__}


def test_the_warning_of_an_interior_operand_says_what_made_it():
    a, b = Value(1.0, "a"), Value(3.0, "b")
    with pytest.warns(RuntimeWarning, match=r"sqrt: operand must be >= 0, got -2\.0 from a-b"):
        autograd.sqrt(a - b)


@pytest.mark.parametrize(("attempt", "number"), [
    (lambda: autograd.log(Value(-1.0)), math.nan), (lambda: autograd.log(Value(0.0)), -math.inf),
    (lambda: autograd.log1p(Value(-1.0)), -math.inf),
    (lambda: autograd.log1p(Value(-2.0)), math.nan),
    (lambda: autograd.sqrt(Value(-1.0)), math.nan), (lambda: autograd.exp(Value(710.0)), math.inf),
    (lambda: 1.0 / Value(0.0), math.inf), (lambda: -1.0 / Value(0.0), -math.inf),
    (lambda: Value(1.0) / -0.0, -math.inf), (lambda: Value(0.0) / 0, math.nan),
    (lambda: Value(math.nan) / 0, math.nan), (lambda: Value(0.0) ** -1, math.inf),
    (lambda: Value(-0.0) ** -1, -math.inf), (lambda: Value(-8.0) ** 0.5, math.nan),
    (lambda: (-8.0) ** Value(0.5), math.nan), (lambda: Value(1e200) ** 2, math.inf),
    (lambda: Value(-1e200) ** 3, -math.inf), (lambda: autograd.sin(Value(math.inf)), math.nan),
    (lambda: autograd.square(Value(1e200)), math.inf), (lambda: autograd.log(0), -math.inf),
])  # fmt: skip
def test_outside_a_domain_the_number_is_ieees_and_errstate_decides(attempt, number):
    def data(y):
        return y.data if isinstance(y, Value) else y

    with pytest.warns(RuntimeWarning) as caught:
        got = data(attempt())
    assert len(caught) == 1
    assert got == number or (math.isnan(got) and math.isnan(number))
    with (
        autograd.errstate("raise"),
        pytest.raises(autograd.DomainError, match=r"line \d+ of .*test_value"),
    ):
        attempt()
    with autograd.errstate("ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")
        again = data(attempt())
    assert again == got or (math.isnan(again) and math.isnan(got))


def test_overflow_of_plus_minus_and_times_is_silent_as_pythons_is():
    big = Value(1.7e308)
    for y in (big + big, -big - big, big * 10.0, big / 1e-10):
        assert math.isinf(y.data)


def test_a_nan_or_inf_that_comes_in_is_not_complained_of():
    for record in (autograd.exp, autograd.tanh, autograd.sigmoid, autograd.square, autograd.abs):
        assert math.isnan(record(Value(math.nan)).data)
    assert (Value(math.inf) * 2.0).data == math.inf and autograd.log(
        Value(math.inf)
    ).data == math.inf


def test_a_pass_never_warns_whatever_its_partials_are():
    with autograd.errstate("ignore"):
        x, zero = Value(-1.0), Value(0.0)
        y = autograd.log(x) + autograd.sqrt(zero) + x / zero + zero**-1.0 + (x**zero) ** 0.5
    y.backward()
    list(autograd.backward_steps(y))
    autograd.gradients(y, [x, zero])
    with autograd.errstate("raise"):
        y.backward()


# ------------------------------------------------------------------ memory
def test_a_node_is_freed_with_its_last_name_not_by_the_collector():
    class Watched(Value):
        pass

    gc.collect()
    gc.disable()
    try:
        x = Watched(1.0)
        y = autograd.dot([x, x * 2.0], [x.tanh(), (x + 1.0).exp()])
        y.backward()
        autograd.gradients(y, [x])
        list(autograd.backward_steps(y))
        autograd.jvp(lambda v, x=x: v * x, (1.0,), (1.0,))
        copy.deepcopy(y)
        gone = weakref.ref(x)
        del x, y
        assert gone() is None
    finally:
        gc.enable()


def test_building_and_passing_make_no_garbage_for_the_collector():
    def graph():
        y = Value(1.0)
        for _ in range(100):
            y = autograd.dot([y, 1.0], [0.5, y]).tanh() * 1.01 + 1e-9
        y.backward()
        autograd.gradients(y.inputs[0], [y.inputs[0]])
        pickle.loads(pickle.dumps(y))
        copy.deepcopy(y)

    graph()
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        graph()
        start = tracemalloc.get_traced_memory()[0]
        for _ in range(5):
            graph()
        assert tracemalloc.get_traced_memory()[0] - start < 20_000  # one graph takes 130,000
        assert gc.collect() < 100
    finally:
        tracemalloc.stop()
        gc.enable()


def test_a_node_takes_no_more_than_128_bytes():
    """DESIGN measured 104 bytes and 24 of a gradient; a dict or a tuple a node would double it."""
    x = Value(1.0)
    assert sys.getsizeof(x * 1.5) <= 128 - 24
    assert not hasattr(x, "__dict__")


# ------------------------------------------------------------------ a subclass
class Tagged(Value):
    """A user's own kind of Value."""

    def __init__(self, data, tag=""):
        super().__init__(data, label=tag)
        self.tag = tag


def test_a_subclass_takes_part_in_every_operation():
    a, b = Tagged(2.0, "a"), Value(3.0)
    y = autograd.dot([a, b], [b, a]) + a * b - b / a + 2.0**a + abs(-a)
    y.backward()
    assert a.grad == pytest.approx(3.0 * 2 + 3.0 + 3.0 / 4.0 + 4.0 * math.log(2.0) + 1.0, rel=1e-15)
    assert autograd.gradients(y, [a])[0].data == pytest.approx(a.grad, rel=1e-15)
    assert a == a and a != Tagged(2.5) and a < b and a == 2.0


def test_a_subclass_keeps_its_kind_and_attributes_in_copies():
    a = Tagged(2.0, "a")
    y = a * a
    for twin in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        assert (
            type(twin.inputs[0]) is Tagged and twin.inputs[0].tag == "a" and twin.inputs[0] is not a
        )


# ------------------------------------------------------------------ whole numbers and the rest
def test_percent_is_the_remainder_with_the_divisors_sign():
    """As Python's and NumPy's; slopes 1 and -floor(a/b)."""
    a, b = Value(-7.0), Value(3.0)
    y = a % b
    y.backward()
    assert y.data == -7.0 % 3.0 == 2.0 and (a.grad, b.grad) == (1.0, 3.0)
    assert (7.5 % Value(-2.0)).data == 7.5 % -2.0 and (Value(7.5) % 2).data == 1.5


def test_pythons_round_floor_ceil_and_trunc_take_values():
    x = Value(-2.5)
    results = [round(x), math.floor(x), math.ceil(x), math.trunc(x)]
    assert [y.data for y in results] == [-2.0, -3.0, -2.0, -2.0]
    for y in results:
        assert type(y) is Value
        y.backward()
    assert x.grad == 0.0
    with pytest.raises(TypeError, match="round: whole numbers only, got ndigits=2"):
        round(x, 2)


# ---------------------------------------------------------------- dot, and names
@pytest.mark.parametrize("row", [
    [1.5, -2.0, 0.25], (1, -2, 0), [True, 2, 0.5], np.array([1.5, -2.0, 0.25]),
    np.array([1, -2, 0]), np.array([1.5, 2.0, 0.5], np.float32), [np.float64(0.5), 1, 2.0],
    np.array([1.5, 2.0, 3.0])[::-1],
], ids=str)  # fmt: skip
def test_a_dot_with_numbers_is_the_dot_of_their_floats_on_either_side(row):
    ws = [Value(0.5), Value(-3.0), Value(2.0)]
    want = ws[0].data * float(row[0]) + ws[1].data * float(row[1]) + ws[2].data * float(row[2])
    for y in (autograd.dot(ws, row), autograd.dot(row, ws)):
        numbers = [x for x in y.inputs if not isinstance(x, Value)]
        assert y.data == want and numbers == [*map(float, row)]
        assert all(type(x) is float for x in numbers)
        y.backward()
    assert [w.grad for w in ws] == [2.0 * float(x) for x in row]


@pytest.mark.parametrize(("row", "error"), [
    (["1.5", 2.0], TypeError), ([10**400, 1.0], ValueError), ([None, 1.0], TypeError),
    ([1.0], ValueError), ([1.0, 1j], TypeError),
])  # fmt: skip
def test_a_dot_with_what_is_no_number_is_refused(row, error):
    for sequences in (([Value(1.0), Value(2.0)], row), (row, [Value(1.0), Value(2.0)])):
        with pytest.raises(error, match="dot"):
            autograd.dot(*sequences)


def test_a_star_import_leaves_pythons_own_functions_alone():
    namespace = {}
    exec("from autograd import *", namespace)
    shadowed = set(namespace) & set(vars(builtins))
    assert shadowed <= {"__builtins__", "__doc__", "__name__"} and "compile" not in namespace
    assert namespace["tanh"](0.0) == 0.0 and namespace["Value"] is Value
    assert {"abs", "max", "min", "round", "sum", "compile"} <= set(dir(autograd))
