"""Sets of data as others make them, and samples that become batches, parts and rows of 0 and 1."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import make_circles, make_moons

import nn
from nn import data


# ---------------------------------------------------------------- iris
def test_150_rows_of_four_lengths_50_of_each_species():
    rows, species = nn.iris()
    assert rows.shape == (150, 4) and rows.dtype == np.float64 and (rows > 0.0).all()
    assert np.issubdtype(species.dtype, np.integer) and np.bincount(species).tolist() == [50] * 3
    assert nn.SPECIES == ("setosa", "versicolor", "virginica") and nn.iris is nn.data.iris


def test_means_are_the_published_ones():
    """5.8433, 3.0573, 3.758, 1.1993 cm in all; of each species as in Fisher's table I (1936)."""
    rows, species = nn.iris()
    assert rows.mean(axis=0) == pytest.approx([5.8433, 3.0573, 3.758, 1.1993], abs=5e-5)
    for kind, want in enumerate(
        [(5.006, 3.428, 1.462, 0.246), (5.936, 2.770, 4.260, 1.326), (6.588, 2.974, 5.552, 2.026)]
    ):
        assert rows[species == kind].mean(axis=0) == pytest.approx(want, abs=5e-4)


def test_each_call_gives_rows_of_its_own():
    nn.iris()[0][0, 0] = 99.0
    assert nn.iris()[0][0, 0] == 5.1


# ---------------------------------------------------------------- sets that are made
def in_order(X, y):
    """Points and classes in an order of their own, that of the rounded numbers."""
    table = np.column_stack([X, y])
    return table[np.lexsort(np.round(table, 9).T)]


@pytest.mark.parametrize("n", [2, 7, 100])
@pytest.mark.parametrize(
    "ours, theirs", [(data.moons, {}), (data.circles, {"factor": 0.5})], ids=["moons", "circles"]
)  # fmt: skip
def test_without_noise_they_are_scikit_learns_points(ours, theirs, n):
    make = make_circles if theirs else make_moons
    want = in_order(*make(n, shuffle=False, **theirs))
    np.testing.assert_allclose(in_order(*ours(n, noise=0.0, seed=n)), want, atol=1e-15)


def test_a_spiral_is_as_far_out_as_it_has_turned():
    """And its arms are half a turn apart."""
    X, y = data.spirals(91, noise=0.0)
    radius, angle = np.hypot(*X.T), np.arctan2(X[:, 1], X[:, 0]) / (2 * np.pi)
    np.testing.assert_allclose((radius + y / 2 - angle + 0.5) % 1.0, 0.5, atol=1e-12)
    assert radius.max() == pytest.approx(1.75) and np.bincount(y).tolist() == [45, 46]


def test_xor_is_1_where_the_signs_differ():
    X, y = data.xor(4001, noise=0.0)
    assert np.array_equal(y, (X[:, 0] > 0) != (X[:, 1] > 0)) and np.bincount(y)[1] == 2001
    # the mean of 4,001 draws from -1 to 1 is known to sqrt(1 / 3 / 4001) = 0.0091; five of these
    assert X.mean(axis=0) == pytest.approx(0.0, abs=0.05) and 0.99 < np.abs(X).max() <= 1.0


@pytest.mark.parametrize("name", ["moons", "circles", "spirals", "xor"])
def test_noise_moves_the_points_by_its_deviation(name):
    make = getattr(data, name)
    (still, kinds), (moved, same) = make(4000, 0.0, 5), make(4000, 0.2, 5)
    assert np.array_equal(kinds, same) and np.array_equal(moved, make(4000, 0.2, 5)[0])
    # the deviation of 8,000 draws is known to 0.2 / sqrt(16,000) = 0.0016; five of these
    assert (moved - still).std() == pytest.approx(0.2, abs=0.008)
    assert 1500 < np.sum(kinds[:2000]) * 2 < 2500, "in random order"


@pytest.mark.parametrize(
    "wrong, error, words",
    [
        (lambda: data.moons(1), ValueError, "moons: n must be a whole number >= 2, got 1"),
        (lambda: data.moons(10.5), ValueError, "got 10.5"),
        (lambda: data.xor("many"), ValueError, "xor: n must"),
        (lambda: data.circles(True), ValueError, "got True"),
        (lambda: data.circles(noise=-0.1), ValueError, "noise must be a finite number >= 0"),
        (lambda: data.xor(noise=float("nan")), ValueError, "noise"),
        (lambda: data.moons(noise="some"), TypeError, "moons: noise"),
    ],
)
def test_a_set_names_what_it_cannot_be_made_of(wrong, error, words):
    with pytest.raises(error) as caught:
        wrong()
    assert words in str(caught.value)


# ---------------------------------------------------------------- batches
def kinds_of_samples():
    """Ten samples, each 10 × its target and 10 × it + 1, in every form; and what gives a target."""
    X, y = np.column_stack([np.arange(0, 100, 10), np.arange(1, 101, 10)]), np.arange(10)
    index = np.arange(10)[::-1]  # by which rows would be the wrong ones
    frame = pd.DataFrame(X, columns=["a", "b"], index=index)
    ragged = [list(range(10 * i, 10 * i + 1 + i % 3)) for i in range(10)]
    forms = {
        "arrays": (X, y), "lists": (X.tolist(), y.tolist()), "tuples": (tuple(X), tuple(y)),
        "frame": (frame, pd.Series(y, index=index)), "ragged": (ragged, y),
        "range": (ragged, range(10)),
        "read-only": (np.broadcast_to(X, X.shape), y), "texts": ([f"{i}0 word" for i in y], y),
    }  # fmt: skip
    return [pytest.param(*form, id=name) for name, form in forms.items()]


def first_number(row):
    return int(row.split()[0]) if isinstance(row, str) else row[0]


@pytest.mark.parametrize("X, y", kinds_of_samples())
@pytest.mark.parametrize("size", [1, 4, 5, 10, 99])
def test_batches_hold_each_sample_once_with_its_target(X, y, size):
    loader = data.batches(X, y, size, seed=3)
    for _ in range(2):
        parts = list(loader)
        assert len(parts) == len(loader) == -(-10 // size)
        assert all(len(rows) == len(targets) == size for rows, targets in parts[:-1])
        samples = [pair for rows, targets in parts for pair in zip(rows, targets, strict=True)]
        found = [(first_number(row), t) for row, t in samples]
        assert sorted(found) == [(10 * t, t) for t in range(10)]
    plain = data.batches(X, y, size, shuffle=False)
    assert [t for _ in range(2) for _, ts in plain for t in ts] == [*range(10)] * 2


def test_a_frame_becomes_arrays_and_a_list_stays_one():
    X = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}, index=[7, 7])
    y = pd.Series([0, 1], index=[1, 0])
    ((rows, targets),) = data.batches(X, y, 2, shuffle=False)
    assert rows.dtype == np.float64 and np.array_equal(rows, X.to_numpy())
    assert targets.tolist() == [0, 1]
    ((rows, targets),) = data.batches([[1], [2, 3]], (0, 1), 2, shuffle=False)
    assert rows == [[1], [2, 3]] and targets == [0, 1]


def test_the_order_of_a_pass_is_that_of_its_number_and_the_seed():
    def orders(seed, passes=0, n=50):
        loader = data.batches(np.arange(n), np.arange(n), 7, seed=seed)
        loader.passes = passes
        return [[*itertools.chain(*(targets for _, targets in loader))] for _ in range(3)]

    first = orders(0)
    assert len({tuple(order) for order in first + orders(1)}) == 6
    assert orders(0) == first and orders(0, passes=2)[0] == first[2]
    unseeded = orders(None)
    assert unseeded[0] != unseeded[1] and unseeded != orders(None)


def test_a_pass_that_was_left_early_counts():
    loader = data.batches(np.arange(50), np.arange(50), 7)
    whole = [next(iter(loader))[1].tolist() for _ in range(2)]
    again = data.batches(np.arange(50), np.arange(50), 7)
    assert [[targets for _, targets in again][0].tolist() for _ in range(2)] == whole  # noqa: RUF015


# ---------------------------------------------------------------- split
@pytest.mark.parametrize("X, y", kinds_of_samples())
def test_a_split_parts_the_samples(X, y):
    X1, X2, y1, y2 = data.split(X, y, 0.3, seed=1)
    parts = [x.to_numpy() if isinstance(x, pd.DataFrame) else x for x in (X1, X2)]
    assert [len(part) for part in (X1, X2, y1, y2)] == [7, 3, 7, 3]
    pairs = [*zip(parts[0], y1, strict=True), *zip(parts[1], y2, strict=True)]
    assert sorted((first_number(row), t) for row, t in pairs) == [(10 * t, t) for t in range(10)]
    assert list(y1) != sorted(y1) and list(data.split(X, y, 0.3, seed=1)[2]) == list(y1)
    assert list(data.split(X, y, 0.3, seed=2)[2]) != list(y1)


def test_a_split_frame_keeps_its_columns_and_its_index():
    frame, y = pd.DataFrame({"width": range(6)}, index=list("uvwxyz")), pd.Series(range(6))
    X1, X2, _, y2 = data.split(frame, y, 0.5)
    assert sorted([*X1.index, *X2.index]) == list("uvwxyz") and list(X2.columns) == ["width"]
    assert X2["width"].tolist() == y2.tolist()


@given(st.integers(2, 60), st.floats(1e-6, 1.0 - 1e-6))
def test_a_split_has_the_share_rounded_and_no_empty_part(n, share):
    X1, X2, _, _ = data.split(list(range(n)), list(range(n)), share)
    assert sorted(X1 + X2) == list(range(n))
    assert 1 <= len(X2) <= n - 1 and (abs(len(X2) - n * share) <= 0.5 or len(X2) in (1, n - 1))


# ---------------------------------------------------------------- one row a label
def test_one_hot_rows_are_those_of_the_identity():
    y = [2, 0, 1, 2]
    arrays = [np.array(y, kind) for kind in (np.int8, np.uint8, np.uint64)]
    for labels in (y, *arrays, pd.Series(y, index=[4, 4, 4, 4])):
        assert np.array_equal(data.one_hot(labels), np.eye(3)[y])
    assert np.array_equal(data.one_hot([True, False]), [[0.0, 1.0], [1.0, 0.0]])
    assert np.array_equal(data.one_hot(1, 3), [0.0, 1.0, 0.0])
    assert data.one_hot([[0, 1], [1, 1]], 4).shape == (2, 2, 4)


# ---------------------------------------------------------------- what is refused
@pytest.mark.parametrize(
    "wrong, error, words",
    [
        (lambda: data.batches([1, 2], [1], 1), ValueError, "2 samples and 1 targets"),
        (lambda: data.batches([], [], 1), ValueError, "1 at least, got 0 samples"),
        (lambda: data.batches([1, 2], [1, 2], 0), ValueError, "size must be a whole number >= 1"),
        (lambda: data.batches([1, 2], [1, 2], 1.5), ValueError, "got 1.5"),
        (lambda: data.batches(3.0, [1], 1), TypeError, "X must be samples in a list"),
        (lambda: data.batches([1], {1: 2}, 1), TypeError, "y must be samples"),
        (lambda: data.batches("ab", [1, 2], 1), TypeError, "got str"),
        (lambda: data.batches((x for x in [1]), [1], 1), TypeError, "got generator"),
        (lambda: data.batches(np.array(1.0), [1], 1), TypeError, "got ndarray"),
        (lambda: data.split([1, 2], [1, 2], 1.5), ValueError, "must be between 0 and 1, got 1.5"),
        (lambda: data.split([1, 2], [1, 2], 0), ValueError, "share"),
        (lambda: data.split([1, 2], [1, 2], "half"), TypeError, "split: share"),
        (lambda: data.split([1], [1], 0.5), ValueError, "2 at least, got 1 samples"),
        (lambda: data.one_hot([0, 4], 3), ValueError, "0 to 2, got 4"),
        (lambda: data.one_hot([0, -1]), ValueError, "got -1"),
        (lambda: data.one_hot(["a"]), TypeError, "ints are required as y"),
        (lambda: data.one_hot([0.0, 1.0]), TypeError, "got dtype float64"),
        (lambda: data.one_hot([0], 0), ValueError, "classes must be a whole number >= 1"),
    ],
)  # fmt: skip
def test_samples_that_do_not_fit_are_named(wrong, error, words):
    with pytest.raises(error) as caught:
        wrong()
    assert words in str(caught.value)
