"""Small sets of data, and how samples become batches.

Loaded at first use, with NumPy. Samples are rows of an array or of a DataFrame, taken by position,
or what a list has. Read by fitting.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.numbers import FROM_0, ranged, whole

SPECIES = ("setosa", "versicolor", "virginica")
INSIDE = ("between 0 and 1", lambda x: 0.0 < x < 1.0, "0.2 for a fifth")
TURNS = 1.75  # of a spiral, as TensorFlow's Playground has it

Data = tuple[NDArray[np.float64], NDArray[np.int64]]


# ------------------------------------------------------------------ sets
def moons(n: int = 100, noise: float = 0.1, seed: int | None = 0) -> Data:
    """Two half circles that reach into each other: points (n, 2), and their class, 0 or 1.

    Args:
        n: the number of points, in random order, of each class as many, or one more of the last.
        noise: the deviation of the normal noise on each coordinate.
    Source: scikit-learn's make_moons, without noise the same points.
    """
    above, below = [_circle(np.linspace(0.0, math.pi, k)) for k in _halves(n, "moons")]
    return _noisy([above, [1.0, 0.5] - below], noise, _generator(seed, "moons"), "moons")


def circles(n: int = 100, noise: float = 0.1, seed: int | None = 0) -> Data:
    """A circle of radius 1, class 0, and one of 0.5 in it, class 1; arguments as of ``moons``.

    Source: scikit-learn's make_circles with factor=0.5, by default 0.8, where noise of 0.1 blurs.
    """
    outer, inner = [_circle(np.arange(k) * math.tau / k) for k in _halves(n, "circles")]
    return _noisy([outer, 0.5 * inner], noise, _generator(seed, "circles"), "circles")


def spirals(n: int = 100, noise: float = 0.1, seed: int | None = 0) -> Data:
    """Two arms of a spiral, half a turn from each other; arguments as of ``moons``.

    The distance from the middle is the number of turns made, up to 1.75.
    """
    turns = [TURNS * np.arange(1, k + 1)[:, None] / k for k in _halves(n, "spirals")]
    first, second = [t * _circle(math.tau * t[:, 0]) for t in turns]
    return _noisy([first, -second], noise, _generator(seed, "spirals"), "spirals")


def xor(n: int = 100, noise: float = 0.1, seed: int | None = 0) -> Data:
    """Points of a square from -1 to 1; class 1 where the signs differ; arguments as of ``moons``.

    The class is that before the noise.
    """
    generator = _generator(seed, "xor")
    same, differ = [generator.uniform(-1.0, 1.0, (k, 2)) for k in _halves(n, "xor")]
    same[:, 0] = np.copysign(same[:, 0], same[:, 1])
    differ[:, 0] = np.copysign(differ[:, 0], -differ[:, 1])
    return _noisy([same, differ], noise, generator, "xor")


def _generator(seed: Any, who: str) -> np.random.Generator:
    return np.random.default_rng(seeded(seed, who))


def _circle(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([np.cos(angles), np.sin(angles)])


def _halves(n: int, who: str) -> tuple[int, int]:
    n = whole(n, f"{who}: n", 2)
    return n // 2, n - n // 2


def _noisy(groups: Sequence[Any], noise: float, generator: Any, who: str) -> Data:
    """The points of both classes with noise, in random order, and the class of each."""
    scale = ranged(noise, f"{who}: noise", FROM_0)
    points, kinds = np.concatenate(groups), np.repeat([0, 1], [*map(len, groups)])
    order = generator.permutation(len(points))
    return points[order] + generator.normal(0.0, scale, points.shape), kinds[order]


def iris() -> Data:
    """150 iris flowers: sepal length and width, petal length and width in cm; species 0, 1, 2.

    Source: R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of
    Eugenics 7 (1936) 179-188; measured by E. Anderson.
    """
    text = files("nn").joinpath("iris.csv").read_text(encoding="utf-8")
    rows = [line.split(",") for line in text.splitlines() if not line.startswith("#")][1:]
    return np.array([row[:4] for row in rows], float), np.array([SPECIES.index(r[4]) for r in rows])


# ------------------------------------------------------------------ samples
_BETTER = {  # what to do with tables of other kinds, by a method that they have
    "toarray": "use its .toarray()",
    "filled": "use its .filled(0.0), or leave out the samples that are masked",
    "popitem": "use pd.DataFrame(x), whose columns its entries are",
}


def seeded(seed: Any, who: str) -> Any:
    """``seed``, if it is None or one that NumPy's generators take."""
    return seed if seed is None else whole(seed, f"{who}: seed", 0)


def pairs(X: Any, y: Any, who: str, least: int = 1) -> tuple[Any, Any]:
    """X and y, each an array if it is one or a DataFrame, else a list, as long as the other."""
    for name, given in (("X", X), ("y", y)):
        many = isinstance(given, Sequence) or getattr(given, "ndim", 0) > 0
        better = [remedy for method, remedy in _BETTER.items() if hasattr(given, method)]
        if better or not many or isinstance(given, (str, bytes)):
            required = f"{name} must be samples in a list, array or DataFrame"
            remedy = better[0] if better else "use [x]"
            raise TypeError(f"{who}: {required}, got {type(given).__name__}; {remedy}")
    rows, targets = [np.asarray(x) if hasattr(x, "__array__") else list(x) for x in (X, y)]
    if len(rows) != len(targets) or len(rows) < least:
        raise ValueError(
            f"{who}: as many targets as samples are required, {least} at least, got {len(rows)} "
            f"samples and {len(targets)} targets; look at len(X) and len(y)"
        )
    return rows, targets


def taken(rows: Any, order: Any) -> Any:
    """Those rows: of a DataFrame or an array in one, of all else in a list."""
    if isinstance(rows, (list, tuple, range)):
        return [rows[i] for i in order.tolist()]
    return getattr(rows, "iloc", rows)[order]


class batches:  # in small letters, as range is: it is called like a function
    """Batches (samples, targets) of ``size``, the last as large as what is left.

    Each pass over it has a new order, that of pass k by the seed and k alone; ``passes`` counts
    them, and may be written to go on with a later one. A size beyond the data is all of it.

    >>> loader = batches([1.0, 2.0, 3.0], [0, 1, 0], 2, shuffle=False)
    >>> len(loader), list(loader)
    (2, [([1.0, 2.0], [0, 1]), ([3.0], [0])])
    """

    def __init__(self, X: Any, y: Any, size: int, shuffle: bool = True, seed: Any = 0) -> None:
        self.X, self.y = pairs(X, y, "batches")
        self.size = min(whole(size, "batches: size", 1), len(self.X))
        self.shuffle, self.passes = shuffle, 0
        self._seed: Any = np.random.SeedSequence(seeded(seed, "batches")).entropy

    def __len__(self) -> int:
        return -(-len(self.X) // self.size)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        order = np.arange(len(self.X))
        if self.shuffle:
            order = np.random.default_rng([self._seed, self.passes]).permutation(order)
        self.passes += 1
        for start in range(0, len(order), self.size):
            chosen = order[start : start + self.size]
            yield taken(self.X, chosen), taken(self.y, chosen)


def split(X: Any, y: Any, share: float, seed: int | None = 0) -> tuple[Any, Any, Any, Any]:
    """X and y in two parts, X1, X2, y1, y2, by chance; neither is empty.

    Args:
        share: of the samples for the second part, 0 < share < 1, rounded to a whole number.
    """
    ranged(share, "split: share", INSIDE)
    n = len(pairs(X, y, "split", 2)[0])
    order = _generator(seed, "split").permutation(n)
    cut = min(max(round(n * share), 1), n - 1)
    second, first = order[:cut], order[cut:]
    return taken(X, first), taken(X, second), taken(y, first), taken(y, second)


def one_hot(y: Any, classes: int | None = None) -> NDArray[np.float64]:
    """A row for each label: 1.0 at the label's place, 0.0 elsewhere.

    Args:
        y: class indices, of any shape.
        classes: the length of a row; None is the largest label and 1.
    """
    labels = np.asarray(y)
    if labels.dtype.kind not in "iub":
        remedy = "use np.unique(y, return_inverse=True)[1]"
        raise TypeError(f"one_hot: ints are required as y, got dtype {labels.dtype}; {remedy}")
    labels = labels.astype(int)
    count = labels.max(initial=-1) + 1 if classes is None else whole(classes, "one_hot: classes")
    for label in labels[(labels < 0) | (labels >= count)]:
        raise ValueError(f"one_hot: labels must be 0 to {count - 1}, got {label}; use more classes")
    return np.eye(count)[labels]  # type: ignore[no-any-return]
