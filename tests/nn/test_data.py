"""Iris: the flowers as R. A. Fisher published them."""

from collections import Counter

import pytest

import nn


def test_150_rows_of_four_lengths_50_of_each_species():
    rows, species = nn.iris()
    assert len(rows) == len(species) == 150 and Counter(species) == {0: 50, 1: 50, 2: 50}
    assert all(
        len(row) == 4 and all(type(x) is float and 0.0 < x < 10.0 for x in row) for row in rows
    )
    assert nn.SPECIES == ("setosa", "versicolor", "virginica")


def test_means_are_the_published_ones():
    """5.8433, 3.0573, 3.758, 1.1993 cm in all; of each species as in Fisher's table I (1936)."""
    rows, species = nn.iris()
    means = [sum(column) / 150 for column in zip(*rows)]
    assert means == pytest.approx([5.8433, 3.0573, 3.758, 1.1993], abs=5e-5)
    for kind, want in enumerate(
        [(5.006, 3.428, 1.462, 0.246), (5.936, 2.770, 4.260, 1.326), (6.588, 2.974, 5.552, 2.026)]
    ):
        of_kind = [row for row, s in zip(rows, species) if s == kind]
        assert [sum(c) / 50 for c in zip(*of_kind)] == pytest.approx(want, abs=5e-4)


def test_each_call_gives_rows_of_its_own():
    rows, _ = nn.iris()
    rows[0][0] = 99.0
    assert nn.iris()[0][0][0] == 5.1
