"""Pictures of training: histories, decision boundaries, weights; needs matplotlib.

Each draws on ``ax``, None being that of a new figure, and returns it; no weight and no gradient
changes. Colours are Okabe and Ito's, which can be told apart by who sees fewer of them.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from .data import pairs
from .module import Module

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000")
MARKERS = "osD^vP<>"  # for prints in grey
CELLS = 60  # of a boundary's grid each way: its lines look smooth, and it is 3,721 calls
BELOW = 4.0  # sizes of letters: those of the ticks and of the axis' name are between
EDGE = 0.03  # of the scale of accuracy, beyond 0 and 1: their lines are seen whole
AROUND = 0.1  # of the points' extent, left free on each side of them


def needed(module: str, extra: str) -> Any:
    """The module, which comes with an extra."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"{module} is required; pip install 'whygrad[{extra}]'") from error


def _axes(ax: Any) -> Any:
    """Those given, or new ones; labels and legends have room, unless a layout was chosen."""
    pyplot = needed("matplotlib.pyplot", "plots")
    ax = pyplot.figure().gca() if ax is None else ax
    figure = ax.figure.figure  # of a SubFigure the whole
    if figure.get_layout_engine() is None:
        figure.set_layout_engine("constrained")
    return ax


def _legend(ax: Any, columns: int, **given: Any) -> None:
    """Under the name of the x axis, where it hides nothing, nor a title."""
    at = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0), "borderaxespad": BELOW}
    ax.legend(**at, ncol=columns, frameon=False, **given)


def history(history: Mapping[str, list[float]], ax: Any = None) -> Any:
    """A History's curves: losses, and accuracy on a scale at the right; validation is dashed."""
    ax, names = _axes(ax), [name for name in history if not name.startswith("val_")]
    right, lines = ax.twinx() if "accuracy" in names else ax, []
    for key, series in history.items():
        name = key.removeprefix("val_")
        color = COLORS[names.index(name) % len(COLORS)]
        epochs = np.arange(len(series)) + getattr(history, "first", 0)
        style = ("-" if key == name else "--") + "o" * (len(series) == 1)  # one point is no line
        scale = right if name == "accuracy" else ax
        fill = "full" if key == name else "none"
        lines += scale.plot(epochs, series, style, color=color, label=key, fillstyle=fill)
    if right is not ax:
        right.set(ylabel="accuracy", ylim=(-EDGE, 1.0 + EDGE))
    ax.set(xlabel="epoch", ylabel=", ".join(name for name in names if name != "accuracy"))
    ax.locator_params(axis="x", integer=True, min_n_ticks=1)
    _legend(right, 2, handles=lines)
    return ax


def decision_boundary(model: Module, X: Any, y: Any, ax: Any = None) -> Any:
    """What a model of two inputs says around the points of ``X``, and these in their classes.

    Of several outputs the largest is the class, as its index. Of one, the classes are those above
    and below ½ if all outputs are chances, between 0 and 1, and no label is negative; else above
    and below 0.

    Raises:
        ValueError: a sample has not two numbers.
    """
    rows, labels = pairs(X, y, "decision_boundary")
    points, labels = np.asarray(rows, float), np.asarray(labels)
    if points.ndim != 2 or points.shape[1] != 2 or labels.ndim != 1:
        raise ValueError(
            "decision_boundary: samples of two numbers and one label each are required, got shapes "
            f"{points.shape} and {labels.shape}; choose two columns"
        )
    low, high = points.min(axis=0), points.max(axis=0)
    edge = np.where(high > low, AROUND * (high - low), 1.0)
    grid = np.meshgrid(*np.linspace(low - edge, high + edge, CELLS + 1).T)
    cells = np.column_stack([side.ravel() for side in grid])
    scores, kinds = model.predict(cells).reshape(len(cells), -1), np.unique(labels)
    several, numbered = scores.shape[1] > 1, labels.dtype.kind in "iufb"
    if not several:
        chances = 0.0 <= scores.min() and scores.max() <= 1.0 and -1 not in kinds.tolist()
        scores = (scores - 0.5 * chances) * [-1.0, 1.0]
    ax = _axes(ax)
    for i, score in enumerate(scores.T):
        margin = (score - np.delete(scores, i, axis=1).max(axis=1)).reshape(grid[0].shape)
        if margin.max() > 0.0 > margin.min():
            ax.contour(*grid, margin, [0.0], colors="0.3", linewidths=1.0)
        ax.contourf(*grid, margin, [0.0, np.inf], colors=[COLORS[i % len(COLORS)]], alpha=0.2)
    for i, kind in enumerate(kinds):
        region = int(kind if several else kind > 0) if numbered else i
        color, marker = COLORS[region % len(COLORS)], MARKERS[region % len(MARKERS)]
        of_kind = points[labels == kind].T
        ax.scatter(*of_kind, s=24, c=color, marker=marker, edgecolors="white", label=str(kind))
    names = getattr(X, "columns", ("x1", "x2"))
    ax.set(xlabel=str(names[0]), ylabel=str(names[1]))
    _legend(ax, min(len(kinds), 5), title="class")
    return ax


def weights(model: Module, ax: Any = None) -> Any:
    """Every weight as a cell, blue below 0 and red above: a block for each path of ``state_dict``.

    A layer's is a row for each neuron and a column for each input; that of its biases follows.
    """
    groups: dict[tuple[str, int], list[Any]] = {}
    for path, array in model.state_dict().items():
        rows = array.reshape(-1, *array.shape[-1:] or (1,))
        name = re.sub(r"neurons\.\d+\.|(\.\d+)+$", "", path)
        groups.setdefault((name, rows.shape[1]), []).append(rows)
    blocks = [*map(np.concatenate, groups.values())]
    most = max(map(len, blocks))
    padded = [np.pad(b, ((0, most - len(b)), (0, 1)), constant_values=np.nan) for b in blocks]
    cells, ends = np.hstack(padded)[:, :-1], np.cumsum([block.shape[1] for block in padded])
    ax, limit = _axes(ax), np.nanmax(np.abs(cells), initial=0.0) or 1.0
    image = ax.imshow(cells, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
    ax.set_facecolor("0.85")  # of the gaps: white is a weight of 0
    centers = [end - 1.0 - block.shape[1] / 2 for end, block in zip(ends, padded)]
    ax.set_xticks(centers, [name for name, _ in groups], rotation=30, ha="right")
    ax.set(ylabel="neuron")
    ax.figure.colorbar(image, ax=ax, label="weight")
    return ax
