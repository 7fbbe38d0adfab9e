"""XOR, learnt by two hidden sigmoid neurons and one output: the network of docs/backpropagation.md.

python examples/xor.py

The weights start where NumPy's generator puts them with seed 42: everybody gets the same outputs.
"""

from __future__ import annotations

import numpy as np

from autograd import Value, dot, sigmoid, square, sum
from nn import Module

ROWS = [((0.0, 0.0), 0.0), ((0.0, 1.0), 1.0), ((1.0, 0.0), 1.0), ((1.0, 1.0), 0.0)]
STEPS = 10_000
LEARNING_RATE = 0.1


class Network(Module):
    """2 inputs, 2 hidden neurons, 1 output; a neuron is ``sigmoid(dot(weights, inputs) + bias)``.

    w12 is the weight from input 1 to hidden neuron 2, b2 that neuron's bias; v1, v2 and c are the
    weights and the bias of the output.
    """

    def __init__(self, seed: int = 42) -> None:
        np.random.seed(seed)
        # Uniform in [0, 1), hidden weights first, then output weights, hidden biases, output bias.
        names = "w11 w12 w21 w22 v1 v2 b1 b2 c".split()
        w11, w12, w21, w22, v1, v2, b1, b2, c = (Value(np.random.uniform(), n) for n in names)
        self.hidden = [([w11, w21], b1), ([w12, w22], b2)]
        self.output = ([v1, v2], c)

    def __call__(self, x: tuple[float, float]) -> Value:
        """Forward: the inputs make the hidden neurons, the hidden neurons make the output."""
        h = [sigmoid(dot(w, x) + b) for w, b in self.hidden]
        v, c = self.output
        return sigmoid(dot(v, h) + c)

    def loss(self) -> Value:
        """½ · Σ (target - output)² over the four rows."""
        return 0.5 * sum([square(target - self(x)) for x, target in ROWS])


def train(
    network: Network, steps: int = STEPS, learning_rate: float = LEARNING_RATE
) -> list[float]:
    """Move every parameter against its gradient, ``steps`` times; the loss before each step."""
    losses, parameters = [], network.parameters()
    for _ in range(steps):
        loss = network.loss()
        network.zero_grad()
        loss.backward()
        for p in parameters:
            p.data -= learning_rate * p.grad
        losses.append(loss.data)
    return losses


def main() -> None:
    network = Network()
    losses = train(network)
    for step in (0, 1_000, 3_000, 5_000, STEPS - 1):
        print(f"step {step:>5}: loss {losses[step]:.4f}")
    for x, target in ROWS:
        print(f"{x[0]:.0f} xor {x[1]:.0f} is {target:.0f}: output {network(x).data:.4f}")


if __name__ == "__main__":
    main()
