"""The examples compute what independent programs compute."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
import scipy.optimize
import scipy.special
import scipy.stats

import autograd
import nn

REPO = Path(__file__).resolve().parents[1]
EXAMPLES = REPO / "examples"


def example(name):
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def xor_by_numpy(steps, learning_rate=0.1):
    """The textbook's matrices: the loss before each step, and the parameters at the end."""
    np.random.seed(42)
    w1, w2 = np.random.uniform(size=(2, 2)), np.random.uniform(size=(2, 1))
    b1, b2 = np.random.uniform(size=(1, 2)), np.random.uniform(size=(1, 1))
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
    target = np.array([[0], [1], [1], [0]], dtype=float)
    losses = []
    for _ in range(steps):
        hidden = 1 / (1 + np.exp(-(x @ w1 + b1)))
        output = 1 / (1 + np.exp(-(hidden @ w2 + b2)))
        losses.append(0.5 * np.sum((target - output) ** 2))
        at_output = (output - target) * output * (1 - output)
        at_hidden = (at_output @ w2.T) * hidden * (1 - hidden)
        w2 -= learning_rate * hidden.T @ at_output
        b2 -= learning_rate * at_output.sum(axis=0, keepdims=True)
        w1 -= learning_rate * x.T @ at_hidden
        b1 -= learning_rate * at_hidden.sum(axis=0, keepdims=True)
    numbers = np.concatenate([part.ravel() for part in (w1, w2, b1, b2)])
    return losses, dict(zip("w11 w12 w21 w22 v1 v2 b1 b2 c".split(), numbers, strict=True))


def test_xor_trains_as_the_textbook_matrices_do():
    """200 steps of sums of four terms: rounding differs by some 1e-16 a step, far below 1e-9."""
    xor = example("xor")
    network = xor.Network()
    losses = xor.train(network, steps=200)
    expected_losses, expected = xor_by_numpy(200)
    assert losses == pytest.approx(expected_losses, abs=1e-9, rel=0)
    found = {name: p.data for name, p in network.named_parameters()}
    assert found == pytest.approx(expected, abs=1e-9, rel=0)


def test_xor_ends_at_the_published_outputs():
    xor = example("xor")
    network = xor.Network()
    xor.train(network)
    outputs = [f"{network(x).data:.4f}" for x, _ in xor.ROWS]
    assert outputs == ["0.0603", "0.9445", "0.9444", "0.0600"]


def test_tanh_learns_xor_faster_as_the_teaching_text_says():
    """docs/backpropagation.md, "What to try next": losses 0.03 and 0.49 after 2,000 steps."""
    xor = example("xor")

    class Tanh(xor.Network):
        def __call__(self, x):
            v, c = self.output
            hidden = [autograd.tanh(autograd.dot(w, x) + b) for w, b in self.hidden]
            return autograd.sigmoid(autograd.dot(v, hidden) + c)

    after = [xor.train(network, steps=2_001)[-1] for network in (Tanh(), xor.Network())]
    assert [f"{loss:.2f}" for loss in after] == ["0.03", "0.49"]


# ---------------------------------------------------------------- the demo
def test_the_demo_tells_held_out_flowers_apart_and_draws_all(tmp_path, monkeypatch, capsys):
    """Of 30 flowers some 29 are within reach: two species overlap (Fisher 1936)."""
    monkeypatch.chdir(tmp_path)
    example("iris").main()
    told = capsys.readouterr().out
    right, held_out = map(int, re.search(r"(\d+) of (\d+) right", told).groups())
    assert held_out == 30 and right >= 28
    assert "iris.svg: 150 flowers' loss" in told
    written = {path.name for path in Path("demo").iterdir()}
    assert written == {"iris.html", "iris.svg", "neuron.html"}


# ---------------------------------------------------------------- what the pages promise
def test_a_table_becomes_an_explained_model_in_twenty_lines():
    for page in ("README.md", "docs/training.md"):
        text = (REPO / page).read_text(encoding="utf-8")
        blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        block = next(block for block in blocks if "import pandas" in block)
        assert sum(bool(line) for line in block.splitlines()) <= 20, page
        for step in ("DataFrame", "nn.fit", ".plot()", ".save(", "viz.explain"):
            assert step in block, (page, step)


def test_the_pytorch_loop_ports_line_by_line(tmp_path, monkeypatch, capsys):
    """Lines with a plus, and those of both, are a program that learns; the others are one, too."""
    monkeypatch.chdir(tmp_path)
    text = (REPO / "docs" / "training.md").read_text(encoding="utf-8")
    lines = re.search(r"^```diff\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[1].splitlines()
    theirs, ours = (
        "\n".join(line[1:] for line in lines if line[:1] in ("", " ", sign)) for sign in "-+"
    )
    compile(theirs, "theirs", "exec")
    X, y = nn.data.moons(100, noise=0.1, seed=0)
    names = {"X": X, "y": y}
    exec(ours, names)
    losses = [float(line.split()[1]) for line in capsys.readouterr().out.splitlines()]
    assert len(losses) == 20 and np.mean(losses[-5:]) < np.mean(losses[:5])
    assert names["scores"].shape == (100,)
    assert sum(line.startswith("-") for line in lines) <= len(lines) / 2


# ---------------------------------------------------------------- derivatives at work
def test_the_fit_is_the_one_that_nist_certifies():
    """11 digits certified; the residuals' cancellation leaves the deviations a few fewer."""
    fitting = example("curve_fit")
    b, covariance = fitting.fit()
    np.testing.assert_allclose(b, fitting.CERTIFIED, rtol=1e-10)
    deviations = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(deviations, fitting.CERTIFIED_DEVIATIONS, rtol=1e-9)


def test_a_fit_by_differences_is_some_digits_off():
    """Else the example would compare curve_fit with nothing: SciPy's step is 1e-8 of the size."""
    fitting = example("curve_fit")
    b, _ = fitting.scipys_fit()
    np.testing.assert_allclose(b, fitting.CERTIFIED, rtol=1e-6)


def by_hand(q, v, masses, lengths, g):
    """Both angular accelerations, in the closed form of myphysicslab.com's double pendulum."""
    (m1, m2), (l1, l2), apart = masses, lengths, q[0] - q[1]
    below = 2.0 * m1 + m2 - m2 * np.cos(2.0 * apart)
    pull = -g * (2.0 * m1 + m2) * np.sin(q[0]) - m2 * g * np.sin(q[0] - 2.0 * q[1])
    whirl = v[1] ** 2 * l2 + v[0] ** 2 * l1 * np.cos(apart)
    first = (pull - 2.0 * np.sin(apart) * m2 * whirl) / (l1 * below)
    total = v[0] ** 2 * l1 * (m1 + m2) + g * (m1 + m2) * np.cos(q[0])
    second = 2.0 * np.sin(apart) * (total + v[1] ** 2 * l2 * m2 * np.cos(apart)) / (l2 * below)
    return np.array([first, second])


def test_the_pendulum_moves_as_by_equations_worked_out_by_hand():
    """A linear system of condition below 50, so 1e-16 of rounding stays below 1e-13."""
    pendulum = example("double_pendulum")
    rods = pendulum.MASSES, pendulum.LENGTHS, pendulum.GRAVITY
    for q, v in np.random.default_rng(1).uniform(-3.0, 3.0, (20, 2, 2)):
        expected = by_hand(q, v, *rods)
        np.testing.assert_allclose(pendulum.acceleration(q, v), expected, rtol=1e-12, atol=1e-12)


def test_the_pendulum_keeps_its_energy():
    """The solver is asked for 1e-9 a step and adds up some hundred of them."""
    pendulum = example("double_pendulum")
    found = pendulum.swing(0.5)
    total = [sum(pendulum.energies(y[:2], y[2:])) for y in found.y.T]
    np.testing.assert_allclose(total, total[0], atol=1e-6)


def test_newton_ends_where_the_likelihood_is_highest():
    """There the gamma distribution's mean is the sample's, and log k - ψ(k) = log mean - mean log.

    |slope| below 1e-12 and curvature above 1 leave 1e-12; six steps do, as its table shows.
    """
    newton = example("newton")
    *_, (p, slope) = newton.newton(newton.surprise, np.log([0.5, 50.0]), steps=7)
    shape, mean = np.exp(p)
    assert slope < 1e-11
    assert mean == pytest.approx(newton.HOURS.mean(), rel=1e-12)
    expected = np.log(newton.HOURS.mean()) - np.log(newton.HOURS).mean()
    assert np.log(shape) - scipy.special.digamma(shape) == pytest.approx(expected, rel=1e-11)


def test_each_way_of_minimizing_comes_down():
    newton = example("newton")
    for name, how in newton.WAYS.items():
        found = scipy.optimize.minimize(x0=newton.START, tol=1e-8, **how)
        np.testing.assert_allclose(found.x, 1.0, atol=1e-4, err_msg=name)


def test_the_implied_volatility_gives_the_price_back():
    market = example("implied_volatility")
    for strike, price in market.QUOTES:
        volatility, steps = market.implied(price, strike)
        again = market.call(market.SPOT, strike, market.YEARS, market.RATE, volatility)
        assert again == pytest.approx(price, abs=1e-11) and steps < 8


def test_the_greeks_are_the_textbooks():
    """J. Hull, "Options, Futures, and Other Derivatives": closed forms over the normal density."""
    market = example("implied_volatility")
    s, k, t, r, v = 100.0, 110.0, 0.5, 0.02, 0.25
    d = (np.log(s / k) + (r + v * v / 2.0) * t) / (v * np.sqrt(t))
    n, below = scipy.stats.norm.pdf(d), scipy.stats.norm.cdf(d)
    paid = k * np.exp(-r * t) * scipy.stats.norm.cdf(d - v * np.sqrt(t))
    expected = {
        "delta": below, "rho": t * paid, "vega": s * n * np.sqrt(t),
        "theta": -s * n * v / (2.0 * np.sqrt(t)) - r * paid,
        "gamma": n / (s * v * np.sqrt(t)), "vanna": -n * (d - v * np.sqrt(t)) / v,
    }  # fmt: skip
    assert market.greeks(s, k, t, r, v) == pytest.approx(expected, rel=1e-11)


def test_errors_come_through_as_the_guide_prints_them():
    """GUM, table H.4: values and deviations in ohms, correlations; each to its printed digits."""
    errors = example("error_propagation")
    ohms, covariance = errors.propagated()
    spread = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(spread, spread)
    np.testing.assert_allclose(ohms, [127.732, 219.847, 254.260], atol=5e-4)
    np.testing.assert_allclose(spread, [0.071, 0.295, 0.236], atol=1e-3)
    found = [correlation[i, j] for i, j in ((0, 1), (0, 2), (1, 2))]
    np.testing.assert_allclose(found, [-0.588, -0.485, 0.993], atol=5e-4)


def test_drawn_circuits_spread_as_far_as_propagated():
    """Within five of the sampling errors that the example states."""
    errors = example("error_propagation")
    (_, covariance), (_, drawn) = errors.propagated(), errors.sampled()
    spread, found = np.sqrt(np.diag(covariance)), np.sqrt(np.diag(drawn))
    np.testing.assert_allclose(found, spread, rtol=5.0 * np.sqrt(0.5 / errors.DRAWS))


# ---------------------------------------------------------------- derivatives inside derivatives
NESTINGS = [(a, b) for a in ("forward", "reverse") for b in ("forward", "reverse")]
SADDLE, STEERED = [8.246324826140356e-06] * 4, 0.2071918746486116  # as GradBench expects them


def missed(w):
    """The square of the miss, with the force worked out by hand, of a complex w too."""
    x, y, u, v = 0.0, 8.0, 0.75, 0.0
    while (y + 0.1 * v).real > 0.0:
        moved = [x + 0.1 * u, y + 0.1 * v]
        for a, b in ((10.0, 10.0 - w), (10.0, 0.0)):
            cubed = ((x - a) ** 2 + (y - b) ** 2) ** 1.5
            u, v = u + 0.1 * (x - a) / cubed, v + 0.1 * (y - b) / cubed
        x, y = moved
    return (x - y / v * u) ** 2


@pytest.mark.parametrize(("outer", "inner"), NESTINGS)
def test_a_slope_goes_through_loops_that_follow_slopes(outer, inner):
    """Against a complex step, exact; 354 steps of 1e-16 leave 1e-12. The ridge is |x|² - 1e-10."""
    nested = example("nested")
    outer, inner = nested.WAYS[outer], nested.WAYS[inner]
    value, (slope,) = outer(nested.miss(inner))([0.0])
    assert value == pytest.approx(missed(0.0).real, rel=1e-11)
    assert slope == pytest.approx((missed(1e-30j) / 1e-30).imag, rel=1e-11)
    assert outer(nested.ridge(inner))([1.0, 1.0])[1] == pytest.approx([2.0, 2.0], rel=1e-12)


@pytest.mark.parametrize(("outer", "inner"), NESTINGS)
@pytest.mark.long
def test_all_four_nestings_end_at_the_published_numbers(outer, inner):
    """As far as Euler's rounding, 1e-13, decides no step of a descent otherwise."""
    nested = example("nested")
    outer, inner = nested.WAYS[outer], nested.WAYS[inner]
    assert nested.saddle(outer, inner) == pytest.approx(SADDLE, rel=1e-12)
    assert nested.particle(outer, inner) == pytest.approx(STEERED, rel=1e-12)


def test_a_saddle_is_found_where_it_is_published():
    nested = example("nested")
    found = nested.saddle(nested.WAYS["reverse"], nested.WAYS["reverse"])
    assert found == pytest.approx(SADDLE, rel=1e-12)
