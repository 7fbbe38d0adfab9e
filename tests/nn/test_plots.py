"""Pictures: what is drawn is what the history and the model say, and neither is changed."""

import io
import math
import sys

import numpy as np
import pandas as pd
import pytest

import nn
from autograd import Value

figure = pytest.importorskip("matplotlib.figure")


@pytest.fixture
def ax():
    return figure.Figure().subplots()


def history_of(series, first=0):
    history = nn.History(series, nn.MLP(2, [1], seed=0), first)
    for numbers in zip(*series.values()):
        history.add(numbers)
    return history


def state(model):
    return [(p.data, p.has_grad) for p in model.parameters()]


# ---------------------------------------------------------------- histories
SERIES = {
    "loss": [3.0, 2.0],
    "accuracy": [0.5, 0.75],
    "val_loss": [4.0, 5.0],
    "val_accuracy": [0, 1],
}


def test_a_history_is_drawn_number_for_number(ax):
    assert history_of(SERIES, first=4).plot(ax=ax) is ax
    left, right = ax.figure.axes
    drawn = {line.get_label(): line for axes in (left, right) for line in axes.lines}
    for name, numbers in SERIES.items():
        assert (
            drawn[name].get_xdata().tolist() == [4, 5] and list(drawn[name].get_ydata()) == numbers
        )
        assert drawn[name].get_linestyle() == ("--" if name.startswith("val_") else "-")
        assert drawn[name].axes is (left if "loss" in name else right)
    assert (
        drawn["loss"].get_color() == drawn["val_loss"].get_color() != drawn["accuracy"].get_color()
    )
    assert (left.get_xlabel(), left.get_ylabel(), right.get_ylabel()) == (
        "epoch",
        "loss",
        "accuracy",
    )
    assert [text.get_text() for text in right.get_legend().texts] == [
        *SERIES
    ]  # fmt: skip


def test_more_curves_than_colours_are_all_drawn(ax):
    names = ["loss", *map("metric {}".format, range(len(nn.plots.COLORS)))]
    history_of({name: [1.0, 2.0] for name in names}).plot(ax)
    assert sum(len(axes.lines) for axes in ax.figure.axes) == len(names)


def test_accuracy_alone_has_a_scale_of_its_own(ax):
    history_of({"loss": [2.0], "mse": [140.0], "accuracy": [1.0], "val_accuracy": [0.0]}).plot(ax)
    left, right = ax.figure.axes
    assert [line.get_label() for line in left.lines] == ["loss", "mse"]
    assert (left.get_ylabel(), right.get_ylabel()) == ("loss, mse", "accuracy")
    assert right.get_ylim() == pytest.approx((0.0, 1.0), abs=0.05)


@pytest.mark.parametrize("epochs", [1, 2, 3, 30])
def test_epochs_are_whole_at_the_ticks(ax, epochs):
    history_of({"loss": [1.0] * epochs}, first=2).plot(ax)
    ticks = [x for x in ax.get_xticks() if 2 <= x <= epochs + 1]
    assert ticks and all(x == round(x) for x in ticks)


def test_nothing_is_drawn_over_the_curves_the_points_or_the_neighbour():
    row = figure.Figure().subplots(1, 2)
    model = linear([[1.0, 0.0]], [0.0])
    history_of(SERIES).plot(ax=row[0]).set_title("title")
    nn.plots.decision_boundary(model, SQUARE, [0, 1, 0, 1], ax=row[1])
    pytest.importorskip("matplotlib.backends.backend_agg").FigureCanvasAgg(row[0].figure).draw()
    (twin,) = {*row[0].figure.axes} - {*row}
    for axes, legend in zip(row, (twin.get_legend(), row[1].get_legend())):
        assert legend.get_window_extent().y1 <= axes.xaxis.label.get_window_extent().y0
    assert twin.yaxis.label.get_window_extent().x1 < row[1].yaxis.label.get_window_extent().x0
    chosen = figure.Figure(layout="tight")
    history_of(SERIES).plot(chosen.subplots())
    assert "Tight" in type(chosen.get_layout_engine()).__name__


def test_a_loss_alone_has_one_scale_and_one_point_is_seen(ax):
    history_of({"loss": [1.0]}).plot(ax)
    (only,) = ax.figure.axes
    assert only.lines[0].get_marker() == "o" and len(only.get_legend().texts) == 1
    judged = history_of({"loss": [1.0], "val_loss": [1.0]}).plot(figure.Figure().subplots())
    assert [line.get_fillstyle() for line in judged.lines] == ["full", "none"], "a ring on a dot"
    history_of({"loss": []}).plot(figure.Figure().subplots())


# ---------------------------------------------------------------- boundaries
def linear(weights, biases, output="linear"):
    """A model of two inputs whose outputs are known."""
    model = nn.Layer(2, len(biases), activation=output)
    for neuron, row, b in zip(model.neurons, weights, biases):
        neuron.w[0].data, neuron.w[1].data = row
        neuron.b.data = b
    return model


def drawn_line(ax):
    """The boundary's points."""
    kinds = [c for c in ax.collections if hasattr(c, "get_paths") and not len(c.get_facecolor())]
    return np.concatenate([path.vertices for c in kinds for path in c.get_paths()])


SQUARE = np.array([[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]])


@pytest.mark.parametrize(
    "output, labels, at",
    [
        ("linear", [0, 1, 0, 1], 0.25),
        ("sigmoid", [0, 1, 0, 1], 0.25),
        ("tanh", [-1, 1, -1, 1], 0.25),
    ],
)
def test_one_outputs_boundary_is_where_the_classes_are_even(ax, output, labels, at):
    """2 x - ½ is 0 at x = ¼, where sigmoid gives ½ and tanh 0."""
    model = linear([[2.0, 0.0]], [-0.5], output)
    assert nn.plots.decision_boundary(model, SQUARE, labels, ax=ax) is ax
    assert drawn_line(ax)[:, 0] == pytest.approx(at, abs=1e-3)  # a curve's chord in a cell of 0.04


def test_an_output_between_0_and_1_with_negative_labels_is_no_chance(ax):
    model = linear([[0.2, 0.0]], [0.5])  # 0.26 to 0.74, and never 0
    nn.plots.decision_boundary(model, SQUARE, [-1, 1, -1, 1], ax=ax)
    with pytest.raises(ValueError):
        drawn_line(ax)
    nn.plots.decision_boundary(model, SQUARE, [0, 1, 0, 1], ax=ax)
    assert drawn_line(ax)[:, 0] == pytest.approx(0.0, abs=1e-9)


def test_of_several_outputs_the_largest_is_the_class(ax):
    """x against -x against y: 0 and 1 meet at x = 0 below y = 0, and 2 begins where y = |x|."""
    model = linear([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]], [0.0, 0.0, 0.0])
    before = state(model)
    nn.plots.decision_boundary(model, SQUARE, [0, 1, 2, 2], ax=ax)
    x, y = drawn_line(ax).T
    assert np.minimum(np.abs(y - np.abs(x)), np.abs(x) + (y > 0.04)) == pytest.approx(0.0, abs=0.04)
    assert state(model) == before and model.training


def test_points_have_the_colour_of_the_region_of_their_class(ax):
    model = linear([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]], [0.0, 0.0, 0.0])
    nn.plots.decision_boundary(model, SQUARE, [2, 0, 2, 0], ax=ax)  # of class 1 there is none
    points = [c for c in ax.collections if len(c.get_offsets()) == 2]
    fields = [c for c in ax.collections if c.get_alpha() == 0.2]
    assert [c.get_label() for c in points] == ["0", "2"] and len(fields) == 3
    for points_of, field in zip(points, (fields[0], fields[2])):
        assert points_of.get_facecolor()[0, :3].tolist() == field.get_facecolor()[0, :3].tolist()
    assert np.array_equal(points[0].get_offsets(), SQUARE[[1, 3]])


def test_a_frames_columns_name_the_axes(ax):
    frame = pd.DataFrame(SQUARE, columns=["width", "height"], index=[1, 1, 1, 1])
    nn.plots.decision_boundary(linear([[1.0, 0.0]], [0.0]), frame, pd.Series(list("abab")), ax=ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("width", "height")
    assert [text.get_text() for text in ax.get_legend().texts] == ["a", "b"]


def test_a_model_that_says_one_class_and_points_on_a_line_are_drawn(ax):
    nn.plots.decision_boundary(
        linear([[0.0, 0.0]], [1.0]), SQUARE * [1.0, 0.0], [0, 1, 0, 1], ax=ax
    )
    fields = [c for c in ax.collections if c.get_alpha() == 0.2]
    assert [any(len(path) for path in field.get_paths()) for field in fields] == [False, True]


@pytest.mark.parametrize("labels", [[1, 1], [1.0, 1.0], [True, True]])
def test_points_of_one_class_have_the_colour_of_its_region(ax, labels):
    nn.plots.decision_boundary(linear([[1.0, 0.0]], [0.0]), SQUARE[:2], labels, ax=ax)
    points, above = ax.collections[-1], ax.collections[-2]
    assert points.get_facecolor()[0, :3].tolist() == above.get_facecolor()[0, :3].tolist()


@pytest.mark.parametrize(
    "X, y",
    [(np.ones((4, 3)), [0, 1, 0, 1]), (np.ones(4), [0, 1, 0, 1]), (SQUARE, np.ones((4, 2)))],
)
def test_a_boundary_needs_samples_of_two_numbers(ax, X, y):
    with pytest.raises(ValueError, match="two numbers and one label each"):
        nn.plots.decision_boundary(nn.MLP(2, [2], seed=0), X, y, ax=ax)


# ---------------------------------------------------------------- weights
def test_each_weight_is_a_cell_in_a_block_of_its_layer(ax):
    model = nn.MLP(3, [2, 1], seed=0)
    before = state(model)
    assert nn.plots.weights(model, ax=ax) is ax
    (image,) = ax.images
    cells, (first, last) = image.get_array(), model.layers
    for i, neuron in enumerate(first.neurons):
        assert cells[i, :3].tolist() == [p.data for p in neuron.w] and cells[i, 4] == neuron.b.data
    assert cells[0, 6:8].tolist() == [p.data for p in last.neurons[0].w] and cells[0, 9] == 0.0
    assert cells.shape == (2, 10) and cells.mask[:, [3, 5, 8]].all() and cells.mask[1, 6:].all()
    assert [text.get_text() for text in ax.get_xticklabels()] == [
        "layers.0.w", "layers.0.b", "layers.1.w", "layers.1.b",
    ]  # fmt: skip
    assert ax.get_xticks().tolist() == [1.0, 4.0, 6.5, 9.0]
    low, high = image.get_clim()
    assert -low == high == max(abs(p.data) for p in model.parameters()), "0 is in the middle"
    assert state(model) == before


def test_weights_of_every_kind_of_layer_are_drawn(ax):
    parts = nn.Embedding(5, 3, seed=0), nn.LayerNorm(3), nn.Linear(3, 2, init="zeros")
    nn.plots.weights(nn.Sequential(*parts), ax=ax)
    names = [text.get_text() for text in ax.get_xticklabels()]
    assert names == [
        "layers.0.weight",
        "layers.1.weight",
        "layers.1.bias",
        "layers.2.w",
        "layers.2.b",
    ]
    shown = ax.images[0].get_array()
    assert shown.count() == sum(len(part.parameters()) for part in parts)
    nn.plots.weights(nn.Linear(2, 2, init="zeros"), ax=figure.Figure().subplots())


def test_neurons_of_several_widths_are_blocks_of_their_own(ax):
    class Both(nn.Module):
        def __init__(self):
            self.neurons = [nn.Neuron(2, seed=0), nn.Neuron(3, seed=0)]
            self.table = [[[Value(1.0) for _ in range(2)] for _ in range(3)] for _ in range(2)]

    nn.plots.weights(Both(), ax=ax)
    names = [text.get_text() for text in ax.get_xticklabels()]
    assert names == ["w", "b", "w", "table"]
    assert ax.images[0].get_array().count() == 2 + (1 + 1) + 3 + 2 * 3 * 2


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_weights_that_are_no_numbers_are_drawn(ax, number):
    model = linear([[number, number]], [number])
    nn.plots.weights(model, ax=ax)
    nn.plots.decision_boundary(model, SQUARE, [0, 1, 0, 1], ax=figure.Figure().subplots())
    ax.figure.savefig(io.BytesIO())


# ---------------------------------------------------------------- where it is drawn
def test_without_axes_each_draws_on_a_figure_of_its_own():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    model = linear([[1.0, 0.0]], [0.0])
    drawn = [
        history_of(SERIES).plot(), nn.plots.decision_boundary(model, SQUARE, [0, 1, 0, 1]),
        nn.plots.weights(model),
    ]  # fmt: skip
    assert len({id(axes.figure) for axes in drawn}) == 3
    for axes in drawn:
        axes.figure.canvas.draw()
        pyplot.close(axes.figure)


def test_who_has_no_matplotlib_is_told_which_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"whygrad\[plots\]"):
        nn.plots.weights(nn.MLP(2, [1], seed=0))
