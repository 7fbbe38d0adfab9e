"""Losses: their formulas, their slopes, their edges."""

import importlib.util
import math
import warnings

import mpmath as mp
import numpy as np
import pytest

import autograd
import nn
from autograd import Value

from .pytorch import agrees, cases

BACKENDS = ["numpy"] + (["llvm"] if importlib.util.find_spec("llvmlite") else [])


def slopes(loss, leaves):
    loss.backward()
    return [leaf.grad for leaf in leaves]


def values(numbers):
    return [values(x) for x in numbers] if isinstance(numbers, list) else Value(numbers)


def flat(tree):
    return [x for part in tree for x in flat(part)] if isinstance(tree, list) else [tree]


def data(tree):
    return [data(part) for part in tree] if isinstance(tree, list) else tree.data


# ------------------------------------------------------------------ every loss, against PyTorch
@pytest.mark.parametrize("case", cases("losses"))
def test_every_loss_shape_and_reduction_is_pytorchs_with_its_slopes(case):
    predictions, loss_of = values(case["predictions"]), getattr(nn, case["name"])
    rest = {"reduction": case["reduction"], **case["options"]}
    loss = loss_of(predictions, case["targets"], **rest)
    agrees(data(loss), case["loss"])
    agrees(slopes(autograd.sum(flat(loss)), flat(predictions)), flat(case["slopes"]))
    plain = loss_of(np.array(case["predictions"]), np.array(case["targets"]), **rest)
    agrees(plain, case["loss"])
    assert all(type(x) is float for x in flat(plain)), "of plain numbers, plain"


@pytest.mark.parametrize("name", nn.losses.LOSSES)
def test_the_mean_is_the_default(name):
    p, t = ([[0.25, 0.75]], [[1.0, 0.0]]) if name != "hinge" else ([0.5], [1.0])
    loss = getattr(nn, name)
    assert loss(p, t) == loss(p, t, "mean") == loss(p, t, reduction="mean")


@pytest.mark.parametrize("reduction", ["average", "Mean", None, 0, ["mean"]])
@pytest.mark.parametrize("name", nn.losses.LOSSES)
def test_another_reduction_is_refused_naming_the_three(name, reduction):
    with pytest.raises(ValueError, match=f"{name}: reduction must be mean, sum or none, got"):
        getattr(nn, name)([[0.5], [0.5]], [[1.0], [1.0]], reduction=reduction)


@pytest.mark.parametrize("shapes", [
    ((3,), (2,)), ((3,), (3, 1)), ((3, 1), (3,)), ((2, 3), (3, 2)), ((2, 3), (6,)), ((1,), ()),
    ((0,), (0,)), ((2, 0), (2, 0)),
])  # fmt: skip
@pytest.mark.parametrize("name", nn.losses.LOSSES)
def test_shapes_that_differ_are_named_and_never_broadcast(name, shapes):
    if name == "cross_entropy" and shapes in (((3, 1), (3,)), ((1,), ())):
        return  # class indices
    p, t = (np.ones(shape) for shape in shapes)
    with pytest.raises(ValueError, match=f"{name}: .*required,.* got") as caught:
        getattr(nn, name)(p, t)
    assert all(str(shape) in str(caught.value) for shape in shapes)


BAD_TARGETS = [
    ("mse", [math.nan], "numbers"), ("mae", [math.nan], "numbers"), ("hinge", [2], "-1 or 1"),
    ("hinge", [0.0], "-1 or 1"), ("hinge", [math.nan], "-1 or 1"),
    ("huber", [math.nan], "numbers"),
    ("binary_cross_entropy_with_logits", [2.0], "between 0 and 1"),
    ("binary_cross_entropy_with_logits", [math.nan], "between 0 and 1"),
    ("cross_entropy", [-0.25], "chances, >= 0"), ("cross_entropy", [math.nan], "chances, >= 0"),
    ("kl_divergence", [-0.25], "chances, >= 0"), ("kl_divergence", [math.inf], "chances, >= 0"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "wrong", "words"), BAD_TARGETS)
def test_a_target_that_means_nothing_is_refused_with_its_place(name, wrong, words):
    for given in (wrong, [Value(wrong[0])]):
        targets = [[1.0, 1.0], [1.0, *given]]
        with pytest.raises(ValueError, match=rf"{name}: targets must be {words}, .* at \[1, 1\]"):
            getattr(nn, name)([[0.5, 0.5], [0.5, 0.5]], targets)


@pytest.mark.parametrize("name", nn.losses.LOSSES)
@pytest.mark.parametrize("wrong", [["a", "b"], [None, None], [1j, 2j], {"a": 1}, "ab"])
def test_texts_and_their_like_are_no_numbers(name, wrong):
    for p, t in ((wrong, [1.0, 1.0]), ([0.5, 0.5], wrong)):
        with pytest.raises((TypeError, ValueError), match=f"{name}: "):
            getattr(nn, name)(p, t)


def test_a_generator_is_a_batch():
    rows, p = [[0.5, 1.0], [2.0, 0.0]], [0.5, 1.0]
    for targets in ([0, 1], [[0.5, 0.5], [1.0, 0.0]]):
        assert nn.cross_entropy(iter(rows), iter(targets)) == nn.cross_entropy(rows, targets)
    assert nn.mse(map(float, p), iter([0.0, 0.0])) == nn.mse(p, [0.0, 0.0])


def test_masked_classes_are_refused_like_masked_numbers():
    """Their mask would be lost."""
    for loss, mask in ((nn.cross_entropy, [0, 1]), (nn.mse, [[0, 0], [0, 1]])):
        targets = np.ma.array(np.ones(np.shape(mask), int), mask=mask)
        with pytest.raises(TypeError, match=f"{loss.__name__}: .*(masked|got None)"):
            loss(np.zeros((2, 2)), targets)


@pytest.mark.parametrize("delta", [0.0, -1.0, math.nan, math.inf])
def test_hubers_delta_is_finite_and_positive(delta):
    with pytest.raises(ValueError, match="huber: delta must be a finite number > 0, got"):
        nn.huber([1.0], [0.0], delta=delta)


@pytest.mark.parametrize("loss", [
    lambda p: nn.mae([p], [0.5]), lambda p: nn.huber([p], [0.5]),
    lambda p: nn.huber([p], [0.5], delta=0.25), lambda p: nn.hinge([p], [1.0]),
    lambda p: nn.binary_cross_entropy_with_logits([p], [0.25]),
    lambda p: nn.cross_entropy([[p, 1.0]], [[0.25, 0.75]]),
    lambda p: nn.cross_entropy([[p, 1.0], [0.0, p]], [0, 1]),
    lambda p: nn.kl_divergence([p, -0.5], [0.25, 0.75]),
])  # fmt: skip
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_program_gives_what_the_loss_gives(loss, backend):
    at = np.array([-2.0, 0.3, 0.6, 4.0])
    value, (slope,) = autograd.compile(loss, backend=backend).value_and_grad(at)
    for x, y, s in zip(at, value, slope):
        p = Value(float(x))
        once = loss(p)
        agrees([y, s], [once.data, *slopes(once, [p])])


def test_hinge_takes_targets_for_inputs_of_a_program():
    program = autograd.compile(lambda p, t: nn.hinge([p], [t]))
    assert [*program(np.array([0.25, 0.25]), np.array([1.0, -1.0]))] == [0.75, 1.25]


def test_hinge_and_mae_have_no_slope_at_their_corners():
    """PyTorch's convention: sign(0) = 0, and nothing where the margin is kept."""
    p = Value(1.0)
    assert slopes(nn.mae([p], [1.0]), [p]) == [0.0]
    p = Value(-1.0)
    assert slopes(nn.hinge([p], [-1.0]), [p]) == [0.0]


def test_huber_takes_an_infinity():
    p = Value(-math.inf)
    assert slopes(nn.huber([p], [0.0], delta=2.0), [p]) == [-2.0]


def test_a_distributions_own_gradient_is_minus_the_log_of_softmax():
    """d/dt of -Σ t log softmax(z), where t is 0 too."""
    z, t = [0.3, -1.2], [Value(0.0), Value(1.0)]
    total = math.log(math.exp(0.3) + math.exp(-1.2))
    agrees(slopes(nn.cross_entropy(z, t), t), [total - 0.3, total + 1.2])


def test_a_class_without_a_chance_costs_nothing_wherever_it_is():
    """0 × -inf is nan in PyTorch."""
    row = [Value(0.0), Value(-math.inf)]
    assert nn.kl_divergence(row, [1.0, 0.0]).data == 0.0
    assert nn.cross_entropy(row, [1.0, 0.0]).data == 0.0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("backend", BACKENDS)
def test_kl_divergence_takes_one_hot_targets_for_inputs_of_a_program(backend):
    """And Values as targets: 1 log 1 - 1 log p, where 0 log 0 would be nan."""
    logs = [math.log(0.25), math.log(0.75)]
    program = autograd.compile(lambda s, t: nn.kl_divergence(logs, [s, t]), backend=backend)
    first, second = np.array([0.0, 1.0]), np.array([1.0, 0.0])
    value, (by_first, _) = program.value_and_grad(first, second)
    agrees(value, [-logs[1], -logs[0]])
    agrees(by_first, [-logs[0], 1.0 - logs[0]])
    targets = values([0.0, 1.0])
    loss = nn.kl_divergence(logs, targets)
    agrees([loss.data, *slopes(loss, targets)], [-logs[1], -logs[0], 1.0 - logs[1]])


@pytest.mark.parametrize("loss", [nn.cross_entropy, nn.kl_divergence])
@pytest.mark.parametrize("chances", [[0.5, 0.25], [1.0, 1.0], [0.0, 0.0], [0.5, 0.5 + 2e-6]])
def test_a_distribution_sums_to_1(loss, chances):
    with pytest.raises(ValueError, match=r"floats that sum to 1, got a sum of .* in sample 1"):
        loss([[-1.0, -1.0]] * 2, [[0.5, 0.5], chances])
    assert loss([[-1.0, -1.0]], [np.float32([0.1, 0.9])]) > 0.0


@pytest.mark.parametrize("loss", [nn.cross_entropy, nn.kl_divergence])
@pytest.mark.parametrize("labels", [[0, 1, 1], [0, 1, 0], np.array([0, 0, 1]), [0.0, 1.0, 1.0]])
def test_labels_of_a_model_of_one_output_are_no_distribution(loss, labels):
    """Which three samples' numbers would be taken for one's three scores, even where one is 1."""
    outputs = nn.MLP(2, [1], seed=0)(np.ones((3, 2)))
    with pytest.raises(ValueError, match="one output is for binary_cross_entropy_with_logits"):
        loss(outputs, labels)


def test_one_sample_costs_what_it_cost_in_a_batch_of_its_own():
    row, chances = [0.3, -1.2, 2.0], [0.2, 0.3, 0.5]
    for target in (1, np.int64(1), np.array(1), chances, np.array(chances)):
        assert nn.cross_entropy(row, target) == nn.cross_entropy([row], [target])


# ------------------------------------------------------------------ what is right
@pytest.mark.parametrize(("name", "predictions", "targets", "right"), [
    ("hinge", [0.1, 0.1, -3.0], [1.0, -1.0, -1], [True, False, True]),
    ("hinge", [[1.0, -1.0]], [[1, 1]], [[True, False]]),
    ("binary_cross_entropy", [0.6, 0.6, 0.4], [1, 0, 0], [True, False, True]),
    ("binary_cross_entropy_with_logits", [0.1, -0.1, -0.1], [1, 1, 0], [True, False, True]),
    ("cross_entropy", [[0.0, 2.0, 1.0]] * 2, [1, 2], [True, False]),
    ("cross_entropy", [[0.0, 2.0]] * 2, [[0.1, 0.9], [0.9, 0.1]], [True, False]),
])  # fmt: skip
def test_a_class_loss_knows_which_predictions_are_right(name, predictions, targets, right):
    assert nn.losses.RIGHT[name](np.array(predictions), np.array(targets)).tolist() == right


# ------------------------------------------------------------------ mean squared error
def test_mse_is_the_mean_of_squares_with_slope_2_of_the_difference_over_n():
    p, t = [Value(0.8), Value(-0.1), Value(3.0)], [1.0, 0.5, 3.0]
    loss = nn.mse(p, t)
    assert loss.data == pytest.approx((0.2**2 + 0.6**2) / 3, rel=1e-15)
    assert slopes(loss, p) == pytest.approx([2 * -0.2 / 3, 2 * -0.6 / 3, 0.0], rel=1e-15)


def test_a_target_may_be_a_value_too():
    p, t = Value(2.0), Value(5.0)
    assert slopes(nn.mse([p], [t]), [p, t]) == [-6.0, 6.0]


def test_losses_of_plain_numbers_are_plain():
    assert nn.mse([1.0, 2.0], [0, 0]) == 2.5 and type(nn.mse([1], [2])) is float
    assert nn.binary_cross_entropy([0.5], [1]) == math.log(2)
    assert nn.cross_entropy([0.0, 0.0], 1) == math.log(2)


# ------------------------------------------------------------------ binary cross-entropy
def test_binary_cross_entropy_is_the_mean_surprise():
    """-log p at 1, -log(1 - p) at 0, between them in proportion; slope (p - t)/(p(1 - p))/n."""
    p, t = [Value(0.8), Value(0.1), Value(0.3)], [1.0, 0.0, 0.25]
    loss = nn.binary_cross_entropy(p, t)
    want = -(math.log(0.8) + math.log(0.9) + 0.25 * math.log(0.3) + 0.75 * math.log(0.7)) / 3
    assert loss.data == pytest.approx(want, rel=1e-15)
    assert slopes(loss, p) == pytest.approx(
        [(a.data - b) / (a.data * (1 - a.data)) / 3 for a, b in zip(p, t)], rel=1e-14
    )


def test_a_chance_near_0_keeps_its_digits():
    """log1p(-p): log(1 - 1e-20) would be 0."""
    p = Value(1e-20)
    loss = nn.binary_cross_entropy([p], [0.0])
    assert loss.data == 1e-20 and slopes(loss, [p]) == [1.0]


@pytest.mark.filterwarnings("error")
def test_certainty_that_is_right_costs_nothing_and_is_not_nan():
    for p, t, slope in ((1.0, 1.0, -1.0), (0.0, 0.0, 1.0)):
        x = Value(p)
        loss = nn.binary_cross_entropy([x], [t])
        assert loss.data == 0.0 and slopes(loss, [x]) == [slope]


def test_certainty_that_is_wrong_costs_infinity_and_says_so():
    for p, t in ((0.0, 1.0), (1.0, 0.0)):
        with pytest.warns(RuntimeWarning, match="log") as caught:
            assert nn.binary_cross_entropy([Value(p)], [t]).data == math.inf
        assert [w.filename for w in caught] == [__file__], "the user's line, not ours"


def test_a_soft_target_that_records_gets_its_own_gradient():
    """d/dt of -(t log p + (1 - t) log(1 - p)) is log((1 - p)/p), at t = 1 too."""
    for at in (0.3, 1.0, 0.0):
        p, t = Value(0.8), Value(at)
        assert slopes(nn.binary_cross_entropy([p], [t]), [t]) == pytest.approx(
            [math.log(0.2 / 0.8)], rel=1e-14
        )


@pytest.mark.parametrize("t", [-0.1, 1.1, math.nan, 2])
def test_a_target_outside_0_to_1_is_refused(t):
    with pytest.raises(
        ValueError, match="binary_cross_entropy: targets must be between 0 and 1, got"
    ):
        nn.binary_cross_entropy([Value(0.5)], [t])


TINY = math.exp(-50.0)
SATURATED = [
    (40.0, 0.0, 40.0, 1.0), (-800.0, 1.0, 800.0, -1.0), (50.0, 1.0, TINY, -TINY),
    (-50.0, 0.0, TINY, TINY), (800.0, 0.25, 600.0, 0.75), (-800.0, 0.25, 200.0, -0.25),
    (math.inf, 1.0, 0.0, 0.0), (-math.inf, 0.0, 0.0, 0.0), (math.inf, 0.0, math.inf, 1.0),
]  # fmt: skip


@pytest.mark.parametrize(("z", "t", "value", "slope"), SATURATED)
def test_a_saturated_sigmoid_is_judged_by_its_logit(z, t, value, slope):
    """log(1 + exp(z)) - t z: from 37 on, z and exp(-z) are it to 1e-16."""
    near = {"rel": 4 * 2.0**-52, "abs": 0.0}
    for loss in (
        lambda v: nn.binary_cross_entropy([v.sigmoid()], [t]),
        lambda v: nn.binary_cross_entropy([autograd.sigmoid(v)], [Value(t, requires_grad=False)]),
        lambda v: nn.binary_cross_entropy_with_logits([v], [t]),
    ):
        v = Value(z)
        y = loss(v)
        assert y.data == pytest.approx(value, **near)
        assert slopes(y, [v]) == [pytest.approx(slope, **near)]
        assert autograd.grad(loss)(z) == pytest.approx(slope, **near)
        assert autograd.jvp(loss, [z], [1.0])[1] == pytest.approx(slope, **near)
    assert nn.binary_cross_entropy_with_logits([z], [t]) == pytest.approx(value, **near)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_program_judges_by_the_logit_with_targets_for_inputs(backend):
    program = autograd.compile(
        lambda z, t: nn.binary_cross_entropy([autograd.sigmoid(z)], [t]), backend=backend
    )
    z, t, want, slope = (np.array(column) for column in zip(*SATURATED[:6]))
    value, (by_z, by_t) = program.value_and_grad(z, t)
    np.testing.assert_allclose(value, want, rtol=4 * 2.0**-52)
    np.testing.assert_allclose(by_z, slope, rtol=4 * 2.0**-52)
    np.testing.assert_allclose(by_t, -z, rtol=4 * 2.0**-52)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_program_takes_chances_and_targets_as_inputs(backend):
    program = autograd.compile(lambda p, t: nn.binary_cross_entropy([p], [t]), backend=backend)
    p, t = np.array([0.8, 0.1, 0.3]), np.array([1.0, 0.0, 0.25])
    want = -(t * np.log(p) + (1 - t) * np.log(1 - p))
    np.testing.assert_allclose(program(p, t), want, rtol=1e-14)


def test_second_derivatives_of_a_sigmoids_loss_are_p_times_1_less_p():
    for z in (-3.0, 0.0, 0.7):
        p = 1.0 / (1.0 + math.exp(-z))
        for t in (0.0, 0.3, 1.0):
            loss = lambda v, t=t: nn.binary_cross_entropy([v.sigmoid()], [t])  # noqa: E731
            bend = autograd.grad(autograd.grad(loss))(z)
            assert bend == pytest.approx(p * (1.0 - p), rel=8 * 2.0**-52)


def test_a_target_that_records_gets_minus_the_logit():
    """d/dt of t softplus(-z) + (1 - t) softplus(z)."""
    for z in (40.0, -800.0):
        for at in (0.0, 0.5, 1.0):
            t = Value(at)
            assert slopes(nn.binary_cross_entropy([Value(z).sigmoid()], [t]), [t]) == [-z]


def test_what_no_longer_knows_its_sigmoid_is_taken_as_it_is():
    with autograd.no_grad():
        p, z = Value(2.0).sigmoid(), Value(40.0)
        assert nn.binary_cross_entropy([p], [1.0]).data == pytest.approx(-math.log(p.data))
        assert nn.binary_cross_entropy_with_logits([z], [0.0]).data == 40.0


@pytest.mark.parametrize("p", [1.5, -0.1, math.nan, 1.0 + 2.0**-52, math.inf, -math.inf])
def test_what_is_no_chance_is_refused_naming_the_sigmoid(p):
    for given in (p, Value(p)):
        with pytest.raises(
            ValueError, match=r'binary_cross_entropy: .*between 0 and 1, got .*output="sigmoid"'
        ):
            nn.binary_cross_entropy([0.5, given], [0.0, 1.0])


def test_xor_at_a_large_rate_meets_no_warning_and_no_nan():
    """Chances of exactly 0 and 1 come about on the way."""
    model = nn.MLP(2, [4, 1], activation="tanh", output="sigmoid", seed=1)
    optimizer = nn.SGD(model.parameters(), learning_rate=1000.0)
    rows, targets = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    chances = set()
    for _ in range(100):
        predictions = [model(row) for row in rows]
        chances |= {p.data for p in predictions}
        loss = nn.binary_cross_entropy(predictions, targets)
        assert math.isfinite(loss.data)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert {0.0, 1.0} & chances and all(math.isfinite(p.data) for p in model.parameters())


# ------------------------------------------------------------------ cross-entropy
def surprise(logits, target):
    """-log softmax(logits)[target], to 60 digits."""
    z = [mp.mpf(x) for x in logits]
    return mp.log(mp.fsum(mp.exp(x) for x in z)) - z[target]


@pytest.mark.parametrize("logits", [
    (2.0, -1.0, 0.5), (0.0,), (1000.0, 1001.0, 999.0), (-1000.0, -1001.0), (0.0, 0.0, 0.0, 0.0),
    (3.0, -40.0, -41.0),
])  # fmt: skip
def test_cross_entropy_is_the_surprise_and_its_slope_softmax_minus_one_hot(logits):
    """Off by eps of the largest logit, that is added and taken off again; slopes by 4 eps."""
    for target in range(len(logits)):
        z = [Value(x) for x in logits]
        loss = nn.cross_entropy(z, target)
        size = max(map(abs, logits)) + float(surprise(logits, target)) + 1.0
        assert abs(loss.data - surprise(logits, target)) <= 4 * 2.0**-52 * size
        assert loss.data >= 0.0
        total = mp.fsum(mp.exp(mp.mpf(x)) for x in logits)
        want = [float(mp.exp(mp.mpf(x)) / total) - (i == target) for i, x in enumerate(logits)]
        assert slopes(loss, z) == pytest.approx(want, abs=4 * 2.0**-52)


def test_cross_entropys_second_derivatives_are_those_of_logsumexp():
    H = autograd.hessian(lambda z: nn.cross_entropy(z, 1))([0.3, -0.2])
    p = 1 / (1 + math.exp(-0.5))
    assert [x for row in H for x in row] == pytest.approx(
        [p * (1 - p), -p * (1 - p)] * 1 + [-p * (1 - p), p * (1 - p)], rel=1e-14
    )


@pytest.mark.parametrize(("logits", "target", "value", "want"), [
    ((1.0, -math.inf), 0, 0.0, [0.0, 0.0]),
    ((0.0, 0.0, -math.inf), 0, math.log(2.0), [-0.5, 0.5, 0.0]),
    ((0.0, 0.0, -math.inf), 2, math.inf, [0.5, 0.5, -1.0]),
    ((math.inf, 0.0), 0, 0.0, [0.0, 0.0]),
    ((math.inf, 0.0), 1, math.inf, [1.0, -1.0]),
    ((-math.inf, -math.inf), 0, math.nan, [math.nan, math.nan]),
    ((50.0, 0.0), 0, math.exp(-50.0), [-math.exp(-50.0), math.exp(-50.0)]),
    ((0.0, 800.0), 0, 800.0, [-1.0, 1.0]),
])  # fmt: skip
def test_cross_entropy_takes_a_class_ruled_out_and_a_saturated_one(logits, target, value, want):
    """softmax less 1 at the target, in the limit."""
    z = [Value(x) for x in logits]
    loss = nn.cross_entropy(z, target)
    near = {"rel": 4 * 2.0**-52, "abs": 0.0, "nan_ok": True}
    assert loss.data == pytest.approx(value, **near) and slopes(loss, z) == pytest.approx(
        want, **near
    )
    assert nn.cross_entropy(list(logits), target) == pytest.approx(value, **near)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_program_takes_a_class_ruled_out(backend):
    program = autograd.compile(lambda a, b: nn.cross_entropy([a, b], 0), backend=backend)
    value, (a, b) = program.value_and_grad(np.array([1.0, -math.inf]), np.array([-math.inf, 1.0]))
    assert [*value] == [0.0, math.inf] and [*a] == [0.0, -1.0] and [*b] == [0.0, 1.0]


def test_mse_takes_an_infinity():
    p = Value(math.inf)
    loss = nn.mse([p, 0.0], [1.0, 0.0])
    assert loss.data == math.inf and slopes(loss, [p]) == [math.inf]


@pytest.mark.parametrize("target", [3, -1, 10**6])
def test_a_class_outside_the_logits_is_an_index_error(target):
    with pytest.raises(
        IndexError, match=f"cross_entropy: target must be a class index, 0 to 2, got {target}"
    ):
        nn.cross_entropy([Value(1.0)] * 3, target)


@pytest.mark.parametrize("target", [1.0, "1", None])
def test_a_class_is_an_int(target):
    with pytest.raises(
        TypeError, match=r"cross_entropy: target must be a class index, an int, got .*y\.astype"
    ):
        nn.cross_entropy([1.0, 2.0], target)


# ------------------------------------------------------------------ wrong lengths and kinds
@pytest.mark.parametrize("loss", [nn.mse, nn.binary_cross_entropy])
def test_lengths_that_differ_or_are_0_are_refused(loss):
    for p, t in (([], []), ([0.5], []), ([0.5], [1.0, 0.0])):
        with pytest.raises(
            ValueError,
            match=rf"{loss.__name__}: .*shape \({len(p)},\) and targets of shape \({len(t)},\)",
        ):
            loss(p, t)


def test_a_loss_of_no_logits_is_refused():
    with pytest.raises(ValueError, match="cross_entropy: at least one number"):
        nn.cross_entropy([], 0)


def test_one_logit_in_place_of_a_list_is_refused_with_the_remedy():
    with pytest.raises(TypeError, match=r"required, got Value; use \["):
        nn.cross_entropy(Value(1.0), 0)


@pytest.mark.parametrize("loss", [
    lambda p: nn.mse(p, [1.0, 0.2]), lambda p: nn.binary_cross_entropy(p, [1.0, 0.0]),
    lambda p: nn.binary_cross_entropy(p, [0.4, 0.9]), lambda p: nn.cross_entropy(p, 1),
    lambda p: nn.mae(p, [1.0, 0.2]), lambda p: nn.huber(p, [1.0, -2.0]),
    lambda p: nn.hinge(p, [1.0, -1.0]), lambda p: nn.cross_entropy([p, p], [[0.2, 0.8], [1, 0]]),
    lambda p: nn.binary_cross_entropy_with_logits([p], [[0.2, 1.0]]),
    lambda p: nn.kl_divergence(p, [0.2, 0.8]),
])  # fmt: skip
def test_gradcheck_agrees_with_every_loss(loss):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        autograd.gradcheck(lambda a, b: loss([a, b]), [0.7, 0.4], order=2)
