"""One file in which XOR learns at a button: demo/xor.html, to be opened in any browser.

python examples/xor_page.py

Two hidden tanh neurons and a sigmoid output. The page holds the whole graph of the loss over the
four rows; Train moves the weights by its own arithmetic, w - rate × gradient, and the map shows the
output over all inputs. "as Python" brings the weights back.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nn
import viz
from autograd import Value

FOLDER = Path("demo")
LEARNING_RATE = 0.5
ROWS, TARGETS = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)], [0.0, 1.0, 1.0, 0.0]


def trace() -> viz.Trace:
    """The trace of the loss; inputs are Values, so that a map can go over those of a row."""
    model = nn.MLP(2, [2, 1], activation="tanh", output="sigmoid", seed=3)
    inputs = [
        [Value(x, f"row{n}.x{k}", requires_grad=False) for k, x in enumerate(row, 1)]
        for n, row in enumerate(ROWS, 1)
    ]
    outputs = [model(row) for row in inputs]
    out = outputs[-1]
    out.label = "out"
    loss = nn.mse(outputs, TARGETS)
    loss.label = "loss"
    return viz.trace(
        loss, train=model.parameters(), learning_rate=LEARNING_RATE, map=(out, *inputs[-1])
    )


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / "xor.html"
    trace().save(path)
    print(f"{path}: open it in a browser and press Train")


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"xor_page: {FOLDER.resolve()} must be a folder that can be written, got {error}")
