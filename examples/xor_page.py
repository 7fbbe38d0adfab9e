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


def trace() -> viz.Trace:
    """The trace of the loss; the last row's inputs are Values, so that a map can go over them."""
    model = nn.MLP(2, [2, 1], activation="tanh", output="sigmoid", seed=3)
    x1, x2 = (Value(1.0, name, requires_grad=False) for name in ("x1", "x2"))
    rows = [([0.0, 0.0], 0.0), ([0.0, 1.0], 1.0), ([1.0, 0.0], 1.0), ([x1, x2], 0.0)]
    outputs = [model(row) for row, _ in rows]
    out = outputs[-1]
    out.label = "out"
    loss = nn.mse(outputs, [target for _, target in rows])
    loss.label = "loss"
    return viz.trace(
        loss, train=model.parameters(), learning_rate=LEARNING_RATE, map=(out, x1, x2)
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
