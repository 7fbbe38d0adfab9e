"""The main job: a network of Values learns the iris flowers, is drawn, and explains one gradient.

python examples/iris.py

Writes demo/iris.svg, the whole network with all its flowers in one picture, demo/iris.html, the
same to be opened box by box, and demo/neuron.html, the steps of one neuron; prints those steps.
Takes some seconds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

import nn
import viz
from autograd import Value, dot, no_grad, tanh

FOLDER = Path("demo")
MEASURES = ("sepal length", "sepal width", "petal length", "petal width")
HELD_OUT = 0.2  # of the flowers
BATCH = 20  # flowers a step: 6 steps an epoch
EPOCHS = 40  # after that the loss on held-out flowers falls little
LEARNING_RATE = 0.02

Flowers = npt.NDArray[np.float64]
Species = npt.NDArray[np.int64]


def whole_loss(model: nn.MLP, flowers: Flowers, species: Species) -> Value:
    """The mean loss of all flowers, with its backward pass done, to be drawn."""
    loss: Value = nn.cross_entropy(model(flowers), species)
    loss.label = "loss"
    model.zero_grad()
    loss.backward()
    return loss


def first_neuron(model: nn.MLP, flower: Iterable[float]) -> Value:
    """The trained network's first neuron on one flower, in Values of its own with short names."""
    neuron = model.layers[0].neurons[0]
    w = [Value(weight.data, f"w{k}") for k, weight in enumerate(neuron.w, 1)]
    x = [Value(number, name) for number, name in zip(flower, MEASURES)]
    products = dot(w, x)
    z = products + Value(neuron.b.data, "b")
    y = tanh(z)
    products.label, z.label, y.label = "w·x", "z", "y"
    return y


def main(seed: int = 0) -> None:
    FOLDER.mkdir(exist_ok=True)  # first: whoever may not write here should not wait for it
    measured, species = nn.data.iris()
    train, held_out, train_species, held_out_species = nn.data.split(
        measured, species, HELD_OUT, seed
    )
    middle, spread = train.mean(axis=0), train.std(axis=0)  # what is held out has no say in these
    model = nn.MLP(4, [8, 3], activation="tanh", init="glorot", seed=seed)
    nn.fit(
        model, (train - middle) / spread, train_species,
        learning_rate=LEARNING_RATE, epochs=EPOCHS, batch_size=BATCH, seed=seed,
    )  # fmt: skip
    seen = (held_out - middle) / spread
    right = np.count_nonzero(model.predict(seen).argmax(axis=1) == held_out_species)
    with no_grad():
        loss = nn.cross_entropy(model(seen), held_out_species)
    print(f"{len(seen)} held-out flowers: loss {loss:.4f}, {right} of {len(seen)} right")

    flowers = (measured - middle) / spread
    whole = whole_loss(model, flowers, species)
    drawing = viz.graph(whole)
    drawing.save(FOLDER / "iris.svg")
    print(f"{FOLDER / 'iris.svg'}: {len(flowers)} flowers' loss, {len(drawing.nodes)} boxes")
    viz.trace(whole).save(FOLDER / "iris.html")
    print(f"{FOLDER / 'iris.html'}: the same, step by step; a click opens a box")

    flower, kind = seen[-1], held_out_species[-1]
    trace = viz.trace(first_neuron(model, flower))
    trace.save(FOLDER / "neuron.html")
    print(f"{FOLDER / 'neuron.html'}: the {len(trace)} steps of one neuron; open it in a browser")
    print(f"\nThe same steps as text: the first neuron looks at an iris {nn.SPECIES[kind]}.\n")
    print(trace)


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(
            f"iris: {FOLDER.resolve()} must be a folder that can be written, got {error}; "
            "run it in a folder of your own"
        )
