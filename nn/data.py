"""The data that ships with the package."""

from __future__ import annotations

import csv
from importlib.resources import files

SPECIES = ("setosa", "versicolor", "virginica")


def iris() -> tuple[list[list[float]], list[int]]:
    """150 iris flowers: sepal length and width, petal length and width in cm; species 0, 1, 2.

    Source: R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of
    Eugenics 7 (1936) 179-188; measured by E. Anderson.
    """
    text = files("nn").joinpath("iris.csv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    rows = list(csv.reader(lines[1:]))
    return [[float(x) for x in row[:4]] for row in rows], [SPECIES.index(row[4]) for row in rows]
