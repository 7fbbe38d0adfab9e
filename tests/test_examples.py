"""The examples compute what independent programs compute."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import autograd

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


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
