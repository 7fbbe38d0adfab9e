"""fit against the loop that a hand writes; what it keeps, what ends it, and what it refuses."""

import contextlib
import io
import itertools
import math
import signal
import sys
import threading
import types
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
import nn
from autograd import Value
from autograd.errors import AnomalyError

QUIET = {"progress": False}


def blobs(n=12, seed=0):
    generator = np.random.default_rng(seed)
    y = np.arange(n) % 3
    return generator.normal(size=(n, 2)) * 0.4 + np.array([[0, 0], [2, 0], [0, 2]])[y], y


def net(seed=0):
    return nn.MLP(2, [4, 3], activation="tanh", seed=seed)


def weights(model):
    return [p.data for p in model.parameters()]


# ---------------------------------------------------------------- the loop by hand
TASKS = {  # loss: targets of the classes, number of outputs, activation of the last layer
    "cross_entropy": (lambda y: y, 3, "linear"),
    "mse": (lambda y: nn.data.one_hot(y), 3, "linear"),
    "huber": (lambda y: y.astype(float), 1, "linear"),
    "hinge": (lambda y: np.where(y > 0, 1, -1), 1, "linear"),
    "binary_cross_entropy": (lambda y: y > 0, 1, "sigmoid"),
    "binary_cross_entropy_with_logits": (lambda y: nn.data.one_hot(y, 4)[:, :3], 3, "linear"),
}


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("size", [1, 5, 12, 100, None])
@pytest.mark.parametrize("loss", TASKS)
def test_fit_is_the_loop_by_hand_bit_for_bit(loss, size, shuffle):
    target, outputs, last = TASKS[loss]
    (X, y), function = blobs(), getattr(nn, loss)
    y = target(y)
    fitted, by_hand = (
        nn.MLP(2, [3, outputs], activation="tanh", output=last, seed=1) for _ in "ab"
    )
    history = nn.fit(
        fitted,
        X,
        y,
        loss,
        "adam",
        0.05,
        epochs=2,
        batch_size=size,
        shuffle=shuffle,
        seed=3,
        **QUIET,
    )
    optimizer = nn.Adam(by_hand.parameters(), learning_rate=0.05)
    loader, losses = nn.data.batches(X, y, size or 12, shuffle, seed=3), []
    for _ in range(2):
        total = 0.0
        for rows, targets in loader:
            value = function(by_hand(rows), targets)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            total += value.data * len(rows)
        losses.append(total / 12)
    assert weights(fitted) == weights(by_hand) and history["loss"] == losses


def test_the_numbers_of_training_are_those_as_the_samples_passed():
    """A loss that is the batch's first target: the mean weighs batches of 2, 2 and 1."""
    X, y = np.zeros((5, 2)), np.array([1.0, 5.0, 2.0, 5.0, 4.0])

    def first(predictions, targets):
        return 0.0 * predictions[0] + targets[0]

    history = nn.fit(
        nn.MLP(2, [1], seed=0), X, y, first, epochs=3, batch_size=2, shuffle=False, **QUIET
    )
    assert dict(history) == {"loss": [(1.0 * 2 + 2.0 * 2 + 4.0 * 1) / 5] * 3}


@pytest.mark.parametrize("form", [list, np.array])
def test_a_loss_gets_a_list_of_predictions_and_targets_as_batches_gives_them(form):
    seen = []

    def loss(predictions, targets):
        seen.append((type(predictions), type(predictions[0]), len(predictions), targets))
        return nn.cross_entropy(predictions, targets)

    X, y = blobs(5)
    nn.fit(net(), X, form(y), loss, epochs=1, batch_size=3, shuffle=False, **QUIET)
    assert [(*found[:3], list(found[3])) for found in seen] == [
        (list, list, 3, [0, 1, 2]), (list, list, 2, [0, 1]),
    ]  # fmt: skip
    assert {type(found[3]) for found in seen} == {type(form(y))}


class Skip(nn.Module):
    """Its sum adds arrays, and would put lists one after the other."""

    def __init__(self):
        self.seen, self.layer, self.out = [], nn.Linear(2, 2, seed=0), nn.Linear(2, 1, seed=1)

    def forward(self, x):
        self.seen.append((type(x), [type(number) for number in x]))
        return self.out(x + np.array(self.layer(x)))


X_FORMS = {
    "array": lambda X: X, "float32": lambda X: X.astype(np.float32), "frame": pd.DataFrame,
    "ints": lambda X: X.round().astype(int), "objects": lambda X: X.astype(object),
    "lists": lambda X: X.tolist(), "mixed": lambda X: [[1, row[1]] for row in X.tolist()],
    "rows": list,
}  # fmt: skip


@pytest.mark.parametrize("form", X_FORMS)
def test_a_sample_has_one_form_in_training_in_validation_in_predict_and_by_hand(form):
    X, y = blobs(6)
    X = X_FORMS[form](X)
    fitted, by_hand = Skip(), Skip()
    settings = {"epochs": 2, "batch_size": 4, "shuffle": False, "validation": (X, y), **QUIET}
    nn.fit(fitted, X, y, "mse", "sgd", **settings)
    fitted.predict(X)
    optimizer = nn.SGD(by_hand.parameters(), 0.01)
    for _ in range(2):
        for rows, targets in nn.data.batches(X, y, 4, shuffle=False):
            loss = nn.mse([by_hand(row) for row in rows], targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert weights(fitted) == weights(by_hand)
    given = X.to_numpy() if form == "frame" else X
    assert {str(seen) for seen in fitted.seen} == {
        str((type(row), [type(number) for number in row])) for row in given
    }


def test_a_metric_is_its_loss_of_the_same_predictions():
    X, y = blobs()
    history = nn.fit(
        nn.MLP(2, [1], seed=0), X, y, "mse", metrics=("mse", "mae"), validation=0.25, batch_size=5,
        **QUIET,
    )  # fmt: skip
    assert list(history) == ["loss", "mse", "mae", "val_loss", "val_mse", "val_mae"]
    assert history["mse"] == pytest.approx(history["loss"], rel=1e-14)
    assert history["val_mse"] == pytest.approx(history["val_loss"], rel=1e-14)
    assert len(nn.fit(nn.MLP(2, [1], seed=0), X, y, "mse", metrics="mae", **QUIET)["mae"]) == 10


def test_a_metric_of_chances_is_exact_where_they_are_rounded():
    """A logit of 800 is a chance of 1.0, at whose logarithm a target of 0 would cost infinity."""
    model = nn.Linear(1, 1, activation="sigmoid", init="zeros")
    model.neurons[0].b.data = 800.0
    metric, data = "binary_cross_entropy", ([[0.0]], [0.0])
    history = nn.fit(model, *data, "mse", metrics=metric, validation=data, epochs=1, **QUIET)
    assert history[metric] == history[f"val_{metric}"] == [800.0]


def test_accuracy_is_the_share_that_is_right():
    """Weights that say class 0 for all: a third of the labels."""
    X, y = blobs(9)
    model = nn.Linear(2, 3, init="zeros")
    model.neurons[0].b.data = 1.0
    history = nn.fit(model, X, y, optimizer="sgd", learning_rate=1e-9, epochs=1, **QUIET)
    assert history["accuracy"] == [pytest.approx(1 / 3)]
    for loss in (nn.cross_entropy, "cross_entropy"):
        assert "accuracy" in nn.fit(net(), X, y, loss, epochs=1, **QUIET)
    for loss in ("mse", lambda p, t: nn.cross_entropy(p, t)):
        wanted = nn.data.one_hot(y) if loss == "mse" else y
        assert list(nn.fit(net(), X, wanted, loss, epochs=1, **QUIET)) == ["loss"]


# ---------------------------------------------------------------- validation, modes, the best
def dropping():
    return nn.Sequential(
        nn.Layer(2, 6, activation="tanh", seed=0), nn.Dropout(0.5, seed=1), nn.Linear(6, 3, seed=2)
    )


def test_validation_is_judged_after_the_epoch_in_eval_mode():
    X, y = blobs(20)
    model, seen = dropping(), []

    def callback(state):
        expected = nn.cross_entropy(state.model.eval()(X[:7]), y[:7]).data
        seen.append((state.history["val_loss"][-1], expected))

    nn.fit(
        model, X, y, epochs=3, batch_size=6, validation=(X[:7], y[:7]), callback=callback, **QUIET
    )
    found, wanted = zip(*seen)
    assert found == pytest.approx(wanted, rel=1e-13) and not model.training


def test_what_is_looked_at_beside_training_draws_nothing():
    """The masks of Dropout are those of a loop without validation, though a callback evaluates."""
    X, y = blobs(20)
    alone, judged = dropping(), dropping()
    nn.fit(alone.eval(), X, y, epochs=3, batch_size=6, **QUIET)
    nn.fit(
        judged, X, y, epochs=3, batch_size=6, validation=(X, y), metrics=(),
        callback=lambda state: state.model.eval()(X) and None, **QUIET,
    )  # fmt: skip
    assert weights(alone) == weights(judged)


def test_the_best_is_the_first_lowest_and_not_a_nan():
    history = nn.History(["loss", "val_loss"], model := nn.MLP(2, [1], seed=0), 5)
    start = weights(model)
    assert history.best["epoch"] is None
    model.load_state_dict(history.best["weights"])
    assert weights(model) == start
    kept = []
    history.add([0.0, math.nan])
    assert history.best["epoch"] == 5, "an epoch, with which one can count"
    history = nn.History(["loss", "val_loss"], model, 5)
    for judged in (math.nan, 3.0, 1.0, 1.0, math.nan, 2.0):
        for p in model.parameters():
            p.data += 1.0
        kept.append(weights(model))
        history.add([0.0, judged])
    assert history.best["epoch"] == 5 + 2
    model.load_state_dict(history.best["weights"])
    assert weights(model) == kept[2]


def test_the_best_weights_are_a_snapshot():
    X, y = blobs()
    history = nn.fit(model := net(), X, y, epochs=2, **QUIET)
    before = {path: array.copy() for path, array in history.best["weights"].items()}
    nn.fit(model, X, y, epochs=2, **QUIET)
    kept = history.best["weights"]
    assert all(np.array_equal(kept[path], array) for path, array in before.items())
    assert list(before) == list(model.state_dict())


# ---------------------------------------------------------------- going on, and ending
def test_an_epoch_is_the_same_after_a_stop():
    """With momentum, a schedule, a share for validation, and an order that is the epoch's own."""
    X, y = blobs(20)

    def parts(*ends):
        model = net()
        optimizer = nn.SGD(model.parameters(), nn.schedules.cosine(0.1, 30), momentum=0.9)
        found, start = [], 0
        for end in ends:
            history = nn.fit(
                model, X, y, optimizer=optimizer, batch_size=6, validation=0.2, epochs=end,
                initial_epoch=start, **QUIET,
            )  # fmt: skip
            found.append(dict(history))
            start = end
        whole = {name: [*itertools.chain(*(part[name] for part in found))] for name in found[0]}
        return weights(model), whole, history

    whole, stopped = parts(6), parts(1, 4, 4, 6)
    assert whole[:2] == stopped[:2]
    assert [row.split()[0] for row in repr(stopped[2]).splitlines()] == ["epoch", "4", "5"]
    assert stopped[2].best["epoch"] in (4, 5)


def test_a_callback_sees_the_state_and_only_true_stops():
    X, y = blobs()
    seen = []
    for answer, epochs in ((True, 1), (np.True_, 1), (False, 3), (None, 3), (["drawn"], 3), (1, 3)):
        history = nn.fit(
            net(), X, y, epochs=3, callback=lambda s, a=answer: (seen.append(s), a)[1], **QUIET
        )
        assert len(history["loss"]) == epochs
    state = seen[-1]
    assert state.epoch == 2 and state.history is history and state.optimizer.steps == 3
    assert isinstance(state.model, nn.MLP)


def test_an_optimizer_of_ones_own_keeps_its_rate():
    X, y = blobs()
    model = net()
    optimizer = nn.SGD(model.parameters(), learning_rate=0.5)
    nn.fit(model, X, y, optimizer=optimizer, epochs=1, **QUIET)
    nn.fit(model, X, y, optimizer=optimizer, learning_rate=0.5, epochs=1, **QUIET)
    assert optimizer.learning_rate == 0.5 and optimizer.steps == 2
    with pytest.raises(ValueError, match=r"learning_rate of its own, got one of 0.5 and 0.1"):
        nn.fit(model, X, y, optimizer=optimizer, learning_rate=0.1, **QUIET)
    others = nn.SGD(net().parameters(), 0.01)
    with pytest.raises(ValueError, match=r"whose 27 parameters are none of them; make it of model"):
        nn.fit(model, X, y, optimizer=others, **QUIET)


@pytest.mark.skipif(
    signal.getsignal(signal.SIGINT) is not signal.default_int_handler, reason="Ctrl-C is ignored"
)
class TestCtrlC:
    def test_it_waits_until_a_step_is_written_whole(self):
        class Slow(nn.SGD):
            def step(self):
                for i, p in enumerate(self.parameters):
                    p.data = float(self.steps)
                    if self.steps == 2 and i == 1:
                        signal.raise_signal(signal.SIGINT)
                self.steps += 1

        X, y = blobs()
        model = net()
        history = nn.fit(
            model, X, y, optimizer=Slow(model.parameters()), epochs=9, batch_size=6, **QUIET
        )
        assert (
            set(weights(model)) == {2.0} and len(history["loss"]) == len(history["accuracy"]) == 1
        )
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler and not model.training

    def test_elsewhere_it_ends_the_training_at_once(self):
        X, y = blobs()
        model, calls = net(), []

        def loss(predictions, targets):
            calls.append(weights(model))
            if len(calls) == 4:
                signal.raise_signal(signal.SIGINT)
                calls.append("not reached")
            return nn.cross_entropy(predictions, targets)

        history = nn.fit(model, X, y, loss, epochs=9, batch_size=5, **QUIET)
        assert len(calls) == 4 and weights(model) == calls[-1] and len(history["loss"]) == 1

    def test_before_an_epoch_has_ended_the_history_is_empty(self):
        def loss(predictions, targets):
            raise KeyboardInterrupt

        X, y = blobs()
        model = net()
        history = nn.fit(model, X, y, loss, **QUIET)
        assert dict(history) == {"loss": []} and history.best["epoch"] is None
        model.load_state_dict(history.best["weights"])
        assert weights(model) == weights(net())

    def test_in_another_thread_it_is_not_ours(self):
        X, y = blobs()
        found = []
        thread = threading.Thread(target=lambda: found.append(nn.fit(net(), X, y, **QUIET)))
        thread.start()
        thread.join()
        assert dict(found[0]) == dict(nn.fit(net(), X, y, **QUIET))


def test_where_ctrl_c_is_ignored_it_stays_so():
    X, y = blobs()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        callback = lambda state: signal.raise_signal(signal.SIGINT)  # noqa: E731
        assert len(nn.fit(net(), X, y, epochs=3, callback=callback, **QUIET)["loss"]) == 3
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


# ---------------------------------------------------------------- a loss that is not finite
class Logarithm(nn.Module):
    def __init__(self):
        self.w = Value(1.0, "w")

    def forward(self, x):
        return ag.log(self.w * x)


def test_a_loss_of_nan_names_the_batch_and_where_it_began():
    model = Logarithm()
    X = [1.0, 2.0, 3.0, -4.0, 5.0]
    with warnings.catch_warnings(), pytest.raises(AnomalyError) as caught:
        warnings.simplefilter("ignore")
        nn.fit(
            model, X, [0.0] * 5, "mse", "sgd", epochs=2, batch_size=1, shuffle=False,
            callback=print, **QUIET,
        )  # fmt: skip
    text = str(caught.value)
    assert "got nan in batch 3 of epoch 0" in text and "log: a finite result" in text
    assert caught.value.op == "log" and caught.value.phase == "forward" and not model.training
    other = Logarithm()
    nn.fit(other, X[:3], [0.0] * 3, "mse", "sgd", epochs=1, batch_size=1, shuffle=False, **QUIET)
    assert model.w.data == other.w.data, "that of the step before"


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_a_loss_that_is_given_as_infinite_is_refused_too(number):
    model = net()
    with pytest.raises(ValueError, match=rf"got {number} in batch 0 of epoch 0"):
        nn.fit(model, *blobs(), lambda p, t: 0.0 * p[0][0] + number, epochs=1, **QUIET)
    assert weights(model) == weights(net())


class Root(nn.Module):
    """Whose slope at a weight of 0 is infinite, though the number is 0."""

    def __init__(self):
        self.first, self.second = Value(1.0), Value(0.0)

    def forward(self, x):
        return self.first * x + ag.sqrt(self.second)


def test_a_gradient_that_is_not_finite_is_refused_before_the_step_naming_batch_and_parameter():
    """d sqrt(w) / dw is infinite at 0."""
    model = Root()
    with pytest.raises(ValueError, match=r"gradient of second is required, got inf in batch 0 of"):
        nn.fit(model, [1.0, 2.0], [0.0, 0.0], "mse", "adam", batch_size=1, **QUIET)
    assert weights(model) == [1.0, 0.0]
    extra, model = Value(0.0, "extra"), net()
    with pytest.raises(ValueError, match=r"fit: batch 0 of epoch 0: SGD: .*'extra'"):
        loss = lambda p, t: nn.cross_entropy(p, t) + ag.sqrt(extra)  # noqa: E731
        nn.fit(model, *blobs(), loss, nn.SGD([*model.parameters(), extra], 0.1), **QUIET)
    assert weights(model) == weights(net())


def test_what_diverges_is_one_error_and_no_warnings():
    X, y = blobs()
    model = nn.MLP(2, [4, 1], activation="linear", seed=0)
    with warnings.catch_warnings(record=True) as told, pytest.raises(AnomalyError, match="finite"):
        warnings.simplefilter("always")
        nn.fit(model, 100.0 * X, y, "mse", "sgd", 10.0, epochs=99, validation=(X, y), **QUIET)
    assert not told and all(map(math.isfinite, weights(model)))
    with ag.errstate("raise"), pytest.raises(ag.errors.DomainError):  # who asks for it, gets it
        nn.fit(Logarithm(), [-1.0], [0.0], lambda p, t: nn.mse(p, t), epochs=1, **QUIET)


def frozen():
    model = net()
    for p in model.parameters():
        p.requires_grad = False
    return model


@pytest.mark.parametrize("model, loss", [
    (frozen(), "cross_entropy"), (net(), lambda p, t: Value(nn.cross_entropy(p, t).data)),
], ids=["frozen", "cut off"])  # fmt: skip
def test_a_loss_that_moves_no_parameter_is_refused(model, loss):
    with pytest.raises(ValueError, match=r"loss that some parameter moves.* in batch 0 of epoch 0"):
        nn.fit(model, *blobs(), loss, **QUIET)
    assert weights(model) == weights(net())


def test_no_gradient_is_left_behind():
    scale = Value(1.0)
    model = net()
    optimizer = nn.SGD([*model.parameters()[1:], scale], 0.1)
    loss = lambda p, t: scale * nn.cross_entropy(p, t)  # noqa: E731
    nn.fit(model, *blobs(), loss, optimizer, epochs=2, **QUIET)
    assert not any(p.has_grad for p in (*model.parameters(), scale)) and scale.data != 1.0


@pytest.mark.parametrize(
    "loss", [lambda p, t: 1.0, lambda p, t: None, lambda p, t: nn.cross_entropy(p, t, "none")]
)
def test_a_loss_that_is_no_value_is_named(loss):
    with pytest.raises(TypeError, match=r"a Value is required as loss, got .* in batch 0"):
        nn.fit(net(), *blobs(), loss, epochs=1, **QUIET)


# ---------------------------------------------------------------- samples of every kind
def test_frames_are_read_by_position():
    X, y = blobs(10)
    frame = pd.DataFrame(X, index=[3] * 10, columns=["b", "a"])
    for validation in (None, 0.3, (frame, pd.Series(y))):
        plain = (X, y) if isinstance(validation, tuple) else validation
        found = [
            nn.fit(net(), rows, targets, validation=share, batch_size=4, **QUIET)
            for rows, targets, share in (
                (X, y, plain),
                (frame, pd.Series(y, frame.index), validation),
            )
        ]
        assert found[0] == found[1]


def test_numbers_of_every_width_give_those_that_they_stand_for():
    X, y = blobs()
    X = X.astype(np.float32)
    forms = [X, X.astype(float), X.tolist(), list(X), tuple(map(tuple, X)), X.astype(object)]
    found = [nn.fit(net(), rows, y, epochs=2, **QUIET) for rows in forms]
    assert all(history == found[0] for history in found)


class Bag(nn.Module):
    """The mean of the rows of some words."""

    def __init__(self):
        self.table, self.out = nn.Embedding(4, 3, seed=0), nn.Linear(3, 2, seed=0)
        self.calls = 0

    def forward(self, words):
        self.calls += 1
        return self.out([ag.mean(column) for column in zip(*(self.table(w) for w in words))])


WORDS, KINDS = [[0, 1], [2, 3, 3], [1], [2]], [0, 1, 0, 1]


@pytest.mark.parametrize("change", [list, np.array, tuple], ids=["lists", "arrays", "tuples"])
def test_samples_may_differ_in_length(change):
    history = nn.fit(
        Bag(), [*map(change, WORDS)], KINDS, learning_rate=0.1, epochs=30, batch_size=2, **QUIET
    )
    assert history["accuracy"][-1] == 1.0


def test_a_sample_may_be_a_text_or_a_dict():
    class Spoken(Bag):
        def forward(self, x):
            return super().forward(map("abcd".index, x if isinstance(x, str) else x["text"]))

    plain = nn.fit(Bag(), WORDS, KINDS, **QUIET)
    texts = ["".join("abcd"[i] for i in word) for word in WORDS]
    assert nn.fit(Spoken(), texts, KINDS, **QUIET) == plain
    assert nn.fit(Spoken(), [{"text": text} for text in texts], KINDS, **QUIET) == plain


@pytest.mark.parametrize(
    "X, words",
    [
        ([[0, 1], [2, 3, 3], [1], [4]], r"X\[3\] must be a sample that the model takes; .*got 4"),
        ([[0, 1], [2, "?"], [1], [2]], r"X\[1\] must be a sample .*got '\?'"),
        ([[0, 1], [2, None], [1], [2]], r"X\[1\] must be a sample .*got None"),
        (
            [[0, 1], [2, 3.0, math.nan], [1], [2]],
            r"X\[1\]: finite numbers are required, got nan at",
        ),
        (np.array([[0, 1], [1, 2], [3, 3], [0, 7]]), r"X\[3\] must .*got .*7"),
        ([[0, 1], [2, 3, 3], [1], 2], r"X\[3\] must"),
    ],
    ids=["index", "text", "none", "nan", "array", "number"],
)
def test_one_sample_that_does_not_fit_is_found_before_the_first_step(X, words):
    model = Bag()
    before = weights(model)
    with pytest.raises((TypeError, ValueError, IndexError), match=words):
        nn.fit(model, X, KINDS, batch_size=1, shuffle=False, **QUIET)
    assert weights(model) == before and model.training


def test_rows_of_floats_are_taken_on_the_word_of_the_first():
    class Counted(nn.MLP):
        calls = 0

        def forward(self, x):
            Counted.calls += 1
            return super().forward(x)

    X, y = blobs(12)
    nn.fit(Counted(2, [3], seed=0), X, y, epochs=2, validation=(X[:4], y[:4]), **QUIET)
    assert Counted.calls == 1 + 1 + 2 * (12 + 4)


def test_a_ragged_row_of_numbers_is_found_before_the_first_step():
    X, y = blobs()
    model = net()
    with pytest.raises(ValueError, match=r"fit: X\[11\] must be .*2 numbers are required"):
        nn.fit(model, [*X.tolist()[:-1], [1.0]], y, batch_size=1, **QUIET)
    assert weights(model) == weights(net())


# ---------------------------------------------------------------- what is refused
def with_last(y, label):
    return [*y[:-1], label]


REFUSED = {
    "lr": ({"lr": 0.1}, TypeError, "got lr; did you mean 'learning_rate'?"),
    "misspelt": ({"epoch": 3}, TypeError, "got epoch; did you mean 'epochs'?"),
    "loss": ({"loss": "cross_entropi"}, ValueError, "did you mean 'cross_entropy'?"),
    "no loss": (
        {"loss": None}, ValueError,
        "loss, a name or a function, must be known, got None; use one of mse",
    ),
    "a list": ({"loss": ["mse"]}, ValueError, "got ['mse']"),
    "optimizer": ({"optimizer": "adamm"}, ValueError, "did you mean 'adam'?"),
    "optimizer's kind": ({"optimizer": nn.Adam}, ValueError, "a name or one made, must be known"),
    "metric": ({"metrics": ["acuracy"]}, ValueError, "did you mean 'accuracy'?"),
    "metric's function": ({"metrics": [nn.mae]}, ValueError, "accuracy of classes or names of"),
    "metric's number": ({"metrics": 3}, ValueError, "got 3; use one of"),
    "accuracy of none": (
        {"loss": "mse", "metrics": "accuracy", "y": np.ones((12, 3))}, ValueError,
        "accuracy needs a loss of classes, hinge, binary_cross_entropy",
    ),
    "rate": ({"learning_rate": -1.0}, ValueError, "learning_rate must be a finite number > 0"),
    "rate text": ({"learning_rate": "fast"}, TypeError, "learning_rate"),
    "epochs": ({"epochs": -1}, ValueError, "fit: epochs must be a whole number >= 0, got -1"),
    "epochs half": ({"epochs": 1.5}, ValueError, "fit: epochs must"),
    "initial": ({"initial_epoch": -1}, ValueError, "fit: initial_epoch must"),
    "batch": ({"batch_size": 0}, ValueError, "fit: batch_size must be a whole number >= 1, got 0"),
    "share": ({"validation": 1.5}, ValueError, "as a share must be between 0 and 1, got 1.5"),
    "share text": ({"validation": "some"}, TypeError, "must be (X, y) or a share, got str"),
    "X alone": ({"validation": blobs()[0]}, TypeError, "got ndarray; use validation=(X, y)"),
    "seed": ({"seed": -1}, ValueError, "fit: seed must be a whole number >= 0, got -1"),
    "callbacks": ({"callback": [print]}, TypeError, "callback must be one function or None, got"
                  " list; call several"),
    "a column": ({"X": blobs()[0][:, 0]}, ValueError, """X[:, None], or df[["a"]]"""),
    "text in a column": (
        {"X": pd.DataFrame({"a": range(12), "b": with_last([1.0] * 12, "new")})}, TypeError,
        "X[11] must be a sample that the model takes, but 'new' in its column 1 is no number",
    ),
    "none in a column": ({"X": with_last([[0.0, 1.0]] * 12, [None, 1.0])}, TypeError, "X[11] must "
                         "be a sample that the model takes, but None in its column 0"),
    "masked": ({"X": np.ma.masked_less(blobs()[0], 0.0)}, TypeError, ".filled(0.0)"),
    "dict": ({"X": {"a": [1.0], "b": [2.0]}}, TypeError, "got dict; use pd.DataFrame(x)"),
    "from 1": ({"y": np.arange(12) % 3 + 1}, IndexError, "got 3; give the model an output for "
               "each class, or use y - 1 where the first is 1"),
    "float labels": ({"y": (np.arange(12) % 3).astype(float)}, TypeError, "use y.astype(int)"),
    "validation": (
        {"validation": (np.ones((2, 3)), [0, 1])}, ValueError, "fit: validation: X[0] must be",
    ),
    "validation label": (
        {"validation": (np.ones((2, 2)), [0, 3])}, IndexError, "fit: validation: y must suit",
    ),
    "validation nan": (
        {"validation": (np.full((2, 2), np.nan), [0, 1])}, ValueError,
        "fit: validation: X: finite numbers are required, got nan at [0, 0]",
    ),
    "progress": ({"progress": "yes"}, ValueError, 'progress must be "auto" or a bool'),
    "callback": ({"callback": 3}, TypeError, "callback must be one function or None, got int"),
    "columns": ({"X": np.ones((12, 3))}, ValueError, "fit: X[0] must be a sample"),
    "lengths": ({"y": [0, 1]}, ValueError, "fit: as many targets as samples are required"),
    "empty": ({"X": [], "y": []}, ValueError, "1 at least, got 0 samples and 0 targets"),
    "number": ({"X": 1.0}, TypeError, "fit: X must be samples"),
    "generator": ({"X": (x for x in [1])}, TypeError, "got generator"),
    "texts": ({"X": [["a", "b"]] * 12}, (TypeError, ValueError), "fit: X[0] must be a sample"),
    "nan": ({"X": with_last(blobs()[0], [0.0, np.nan])}, ValueError, "X: finite numbers are "
            "required, got nan at [11, 1]"),
    "inf": ({"X": with_last(blobs()[0], [0.0, np.inf])}, ValueError, "got inf at [11, 1]"),
    "nan label": ({"y": with_last([0] * 12, math.nan)}, ValueError, "y: finite numbers"),
    "label": ({"y": with_last([0] * 12, 3)}, IndexError, "fit: y must suit cross_entropy"),
    "negative": (
        {"y": with_last([0] * 12, -1)}, IndexError,
        "got -1; leave out what is missing, which pd.factorize calls -1",
    ),
    "names": (
        {"y": np.array(["a", "b", "c"] * 4)}, TypeError,
        "fit: y must suit cross_entropy, as numbers: np.unique(y, return_inverse=True)[1]; ",
    ),
    "categories": (
        {"y": pd.Series(["a", "b"] * 6, dtype="category"), "loss": "hinge"}, TypeError,
        "fit: y must suit hinge, as numbers: np.unique",
    ),
    "column": (
        {"y": pd.DataFrame({"kind": [0, 1] * 6})}, ValueError,
        "the model's outputs, which are no columns: np.ravel(y); cross_entropy: a target for each "
        "prediction, one at least, is required, got predictions of shape (12, 3)",
    ),
    "one text": ({"y": with_last([0] * 12, "a")}, (TypeError, ValueError), "fit: y must suit"),
    "shape": ({"y": np.ones((12, 2))}, ValueError, "predictions of shape (12, 3) and targets of"),
    "metric's shape": (
        {"metrics": ["mae"]}, ValueError, "fit: y must suit mae and the model's outputs",
    ),
}  # fmt: skip


@pytest.mark.parametrize("change, error, words", REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_named_and_nothing_is_changed(change, error, words):
    X, y = blobs()
    model = net()
    asked = {"X": X, "y": y, "batch_size": 1, "shuffle": False, **QUIET, **change}
    with pytest.raises(error) as caught:
        nn.fit(model, **asked)
    assert words in str(caught.value)
    assert weights(model) == weights(net()) and model.training


@pytest.mark.parametrize("target", [int, float, bool])
@pytest.mark.parametrize("loss", ["cross_entropy", nn.kl_divergence])
def test_one_output_is_no_score_for_each_class(loss, target):
    """All samples' numbers together would be taken as the scores of one sample."""
    model = nn.MLP(2, [3, 1], seed=0)
    X, y = nn.data.moons(10)
    with pytest.raises(ValueError, match="an output for each class is required, got one number"):
        nn.fit(model, X, y.astype(target), loss, metrics=(), **QUIET)


def test_a_metric_of_classes_needs_an_output_for_each_too():
    with pytest.raises(ValueError, match=r"suit cross_entropy .* an output for each class"):
        nn.fit(nn.MLP(2, [1], seed=0), *nn.data.xor(9), "mse", metrics="cross_entropy", **QUIET)


@pytest.mark.parametrize("change", [lambda y: y, pd.get_dummies], ids=["labels", "bools"])
def test_classes_may_be_columns_of_bools(change):
    X, y = blobs()
    assert nn.fit(net(), X, change(y), **QUIET) == nn.fit(net(), X, y, **QUIET)


def test_a_sparse_table_is_refused_naming_toarray():
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match=r"got csr_matrix; use its \.toarray\(\)"):
        nn.fit(net(), sparse.csr_matrix(blobs()[0]), blobs()[1], **QUIET)


def test_only_a_module_is_fitted():
    with pytest.raises(TypeError, match=r"an nn\.Module is required.*got function"):
        nn.fit(lambda x: x, *blobs())


# ---------------------------------------------------------------- progress
class Terminal(io.StringIO):
    def isatty(self):
        return True


@contextlib.contextmanager
def standard_error(monkeypatch, stream):
    monkeypatch.setattr(sys, "stderr", stream)
    yield stream


def test_a_terminal_shows_a_bar_with_loss_and_metrics(monkeypatch):
    with standard_error(monkeypatch, Terminal()) as shown:
        nn.fit(net(), *blobs(), epochs=3, batch_size=4, validation=blobs(5))
    text = shown.getvalue()
    assert "9/9" in text and "batch/s, epoch=2, loss=" in text
    assert text.index(", accuracy=") < text.index(", val_loss=") < text.index(", val_accuracy=")


@pytest.mark.parametrize("progress, bar", [("auto", False), (True, True), (False, False)])
def test_where_nobody_watches_there_is_a_bar_only_if_asked_for(monkeypatch, capsys, progress, bar):
    with standard_error(monkeypatch, io.StringIO()) as shown:
        nn.fit(net(), *blobs(), epochs=2, progress=progress)
    assert ("2/2" in shown.getvalue()) == bar and not capsys.readouterr().out
    monkeypatch.setattr(sys, "stderr", None)  # of a program without a console
    if not bar:
        nn.fit(net(), *blobs(), epochs=1, progress=progress)


def test_a_notebook_is_watched(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipykernel", types)
    with standard_error(monkeypatch, io.StringIO()) as shown:
        nn.fit(net(), *blobs(), epochs=2)
    assert "2/2" in shown.getvalue()


def test_without_tqdm_only_who_asks_for_a_bar_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with standard_error(monkeypatch, Terminal()) as shown:
        nn.fit(net(), *blobs(), epochs=1)
    assert not shown.getvalue()
    with pytest.raises(ImportError, match=r"whygrad\[train\]"):
        nn.fit(net(), *blobs(), epochs=1, progress=True)


def test_the_bar_ends_where_the_training_does(monkeypatch):
    with standard_error(monkeypatch, Terminal()) as shown:
        nn.fit(net(), *blobs(), epochs=4, callback=lambda state: state.epoch == 1)
    assert "2/4" in shown.getvalue() and shown.getvalue().endswith("\n")


# ---------------------------------------------------------------- the history as a text
def test_a_table_shows_the_numbers_of_each_epoch():
    history = nn.History(["loss", "accuracy"], net(), 0)
    for numbers in ((1.25, 0.5), (0.1234567, 1.0)):
        history.add(numbers)
    assert repr(history) == (
        "epoch     loss  accuracy\n    0  1.25          0.5\n    1  0.12346       1"
    ), "point under point"


@given(st.integers(0, 60), st.integers(0, 5))
@settings(deadline=None)
def test_a_long_table_shows_both_ends(n, first):
    history = nn.History(["loss"], net(), first)
    for i in range(n):
        history.add([float(i)])
    lines = [line.split() for line in repr(history).splitlines()]
    rows = [[str(first + i), f"{i}"] for i in range(n)]
    wanted = rows if n <= 20 else [*rows[:10], ["…", "…"], *rows[-10:]]
    assert lines == [["epoch", "loss"], *wanted]


def test_no_epoch_is_an_empty_history():
    model = net()
    history = nn.fit(model, *blobs(), epochs=0, **QUIET)
    assert dict(history) == {"loss": [], "accuracy": []} and repr(history).split()[0] == "epoch"
    assert weights(model) == weights(net()) and not model.training
