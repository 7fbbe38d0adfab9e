"""What a watch keeps of a training, and how it shows it."""

import builtins
import math

import pytest

import nn
import viz
from autograd import Value

BARS = "▁▂▃▄▅▆▇█"


def trained(steps=30, **labels):
    w, v = Value(1.0, labels.get("w", "w")), Value(-2.0, labels.get("v", "v"))
    watch, data, grads = viz.watch([w, v]), [], []
    for _ in range(steps):
        loss = (w * v + 1.0) ** 2
        w.zero_grad(), v.zero_grad()
        loss.backward()
        watch()
        data.append((w.data, v.data))
        grads.append((w.grad, v.grad))
        for node in (w, v):
            node.data -= 0.01 * node.grad
    return watch, data, grads


def line_of(watch, number=1):
    return str(watch).splitlines()[number]


def test_each_call_keeps_a_value_and_a_gradient_of_each():
    watch, data, grads = trained()
    assert len(watch) == 30 and list(watch.to_dict()) == ["w", "v"]
    for slot, name in enumerate("wv"):
        past = watch.to_dict()[name]
        assert past == {"data": [d[slot] for d in data], "grad": [g[slot] for g in grads]}


def test_what_to_dict_gives_is_the_readers_own():
    watch, *_ = trained(3)
    watch.to_dict()["w"]["data"].clear()
    assert len(watch.to_dict()["w"]["data"]) == 3


def test_a_gradient_that_no_pass_has_given_is_none_and_not_0():
    w = Value(1.0, "w")
    watch = viz.watch([w])
    watch()
    (w * w).backward()
    watch()
    assert watch.to_dict()["w"]["grad"] == [None, 2.0]
    assert line_of(watch, 2).split() == ["grad", "–", "–▄", "2"]


def test_the_lowest_number_has_the_lowest_bar_and_the_highest_the_highest():
    w = Value(0.0, "w")
    watch = viz.watch([w])
    for x in (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 3.5):
        w.data = x
        watch()
    assert line_of(watch).split() == ["w", "value", "0", "▁▂▃▄▅▆▇█▄", "3.5"]


@pytest.mark.parametrize(("numbers", "bars"), [
    ([2.0, 2.0], "▄▄"), ([1.0, math.nan, 2.0], "▁!█"), ([math.inf, 1.0, -math.inf, 2.0], "!▁!█"),
    ([math.nan, math.nan], "!!"), ([-1.7e308, 0.0, 1.7e308], "▁▄█"), ([1e-300, 0.0], "█▁"),
])  # fmt: skip
def test_no_number_breaks_a_sparkline(numbers, bars):
    w = Value(0.0, "w")
    watch = viz.watch([w])
    for x in numbers:
        w.data = x
        watch()
    assert line_of(watch).split()[3] == bars


def test_a_long_past_is_thinned_to_a_line_and_keeps_its_ends_and_what_is_not_finite():
    w = Value(0.0, "a label of any length at all")
    watch = viz.watch([w])
    for k in range(10_007):
        w.data = math.nan if k == 4321 else float(k)
        watch()
    line = line_of(watch)
    bars = line.split()[-2]
    assert len(line) <= 80 and bars.count("!") == 1 and bars[0] == "▁" and bars[-1] == "█"
    assert line.split()[-3] == "0" and line.endswith(" 10006")


def test_names_are_labels_each_different_and_clean():
    values = [Value(1.0, "w"), Value(2.0, "w"), Value(3.0), Value(4.0, "e\x1b[31mvil\x07")]
    watch = viz.watch([*values, values[0]])
    watch()
    assert list(watch.to_dict()) == ["w", "w #2", "v1", "e [31mvil"], "and none twice"
    assert "\x1b" not in str(watch) and "\x07" not in repr(watch)


def test_a_models_parameters_are_watched_by_their_names():
    model = nn.MLP(2, [2, 1])
    watch = viz.watch(model.parameters())
    watch()
    assert list(watch.to_dict()) == [p.label for p in model.parameters()]
    assert all(p.label in str(watch) for p in model.parameters())


def test_before_the_first_step_there_is_no_number():
    watch = viz.watch([Value(1.0, "w")])
    assert len(watch) == 0 and watch.to_dict() == {"w": {"data": [], "grad": []}}
    assert line_of(watch, 0) == "0 steps" and line_of(watch).split() == ["w", "value", "–", "–"]


def test_an_ops_result_can_be_watched_too():
    w = Value(3.0, "w")
    y = w * w
    y.label = "loss"
    watch = viz.watch([y])
    watch()
    assert watch.to_dict() == {"loss": {"data": [9.0], "grad": [None]}}


@pytest.mark.parametrize(("wrong", "got"), [
    ([3.0], "float"), ([Value(1.0), "w"], "str"), ([], "none"), (Value(1.0), "Value"),
    ("w", "str"), (iter([]), "none"),
    (None, "NoneType"), ([None], "NoneType"), (nn.MLP(1, [1]), "MLP"),
])  # fmt: skip
def test_what_is_no_list_of_values_is_refused(wrong, got):
    with pytest.raises(TypeError, match=f"watch: a list of Values is required, got {got}; use"):
        viz.watch(wrong)


def test_two_runs_are_compared_on_one_axis():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    (one, data, grads), (other, *_) = trained(), trained(20, w="w again", v="v again")
    ax = one.plot()
    assert other.plot(ax) is ax
    lines = {line.get_label(): line.get_ydata().tolist() for line in ax.lines}
    assert len(lines) == 8 and len(lines["w again grad"]) == 20
    assert lines["w value"] == [d[0] for d in data] and lines["v grad"] == [g[1] for g in grads]
    plt.close("all")


def test_without_matplotlib_the_remedy_is_said(monkeypatch):
    real = builtins.__import__

    def missing(name, *more, **k):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *more, **k)

    watch, *_ = trained(2)
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ImportError, match=r"pip install 'whygrad\[plots\]'"):
        watch.plot()


def test_of_many_values_the_first_are_printed_and_the_others_counted():
    watch = viz.watch([Value(0.0, f"w{k}") for k in range(45)])
    watch()
    lines = str(watch).splitlines()
    assert len(lines) == 1 + 2 * 40 + 1 and lines[-1] == "… 5 more"
