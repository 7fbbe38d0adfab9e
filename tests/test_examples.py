"""The examples compute what independent programs compute."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

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
