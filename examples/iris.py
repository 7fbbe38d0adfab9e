"""The main job: a network of Values learns the iris flowers, is drawn, and explains one gradient.

python examples/iris.py

Writes demo/iris.svg, the whole network with all its flowers in one picture, demo/iris.html, the
same to be opened box by box, and demo/neuron.html, the steps of one neuron; prints those steps.
Takes some seconds.
"""

from __future__ import annotations

import random
import statistics
import sys
from pathlib import Path

from tqdm import trange

import nn
import viz
from autograd import Value, dot, mean, no_grad, tanh

FOLDER = Path("demo")
MEASURES = ("sepal length", "sepal width", "petal length", "petal width")
HELD_OUT = 10  # of the 50 flowers of each species
BATCH = 20  # flowers a step: 6 steps an epoch
EPOCHS = 40  # after that the loss on held-out flowers falls little
LEARNING_RATE = 0.2

Flowers = list[list[float]]


def split(species: list[int], seed: int) -> tuple[list[int], list[int]]:
    """The rows to train on and the rows held out, as many of each species."""
    train: list[int] = []
    held_out: list[int] = []
    generator = random.Random(seed)
    for kind in range(len(nn.SPECIES)):
        rows = [i for i, k in enumerate(species) if k == kind]
        generator.shuffle(rows)
        held_out += rows[:HELD_OUT]
        train += rows[HELD_OUT:]
    return train, held_out


def standardize(flowers: Flowers, train: list[int]) -> Flowers:
    """(x - mean) / deviation, a measure at a time; both are those of the training rows alone."""
    columns = []
    for column in zip(*flowers):
        known = [column[i] for i in train]
        middle, spread = statistics.fmean(known), statistics.pstdev(known)
        columns.append([(x - middle) / spread for x in column])
    return [list(flower) for flower in zip(*columns)]


def learn(model: nn.MLP, flowers: Flowers, species: list[int], train: list[int], seed: int) -> None:
    """Cross-entropy by stochastic gradient descent, a batch a step."""
    optimizer = nn.SGD(model.parameters(), LEARNING_RATE)
    generator = random.Random(seed)
    rows = list(train)
    epochs = trange(EPOCHS, desc="training", unit="epoch")
    for _ in epochs:
        generator.shuffle(rows)
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            loss = mean([nn.cross_entropy(model(flowers[i]), species[i]) for i in batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        epochs.set_postfix(loss=f"{loss:.4f}", refresh=False)


def judge(
    model: nn.MLP, flowers: Flowers, species: list[int], rows: list[int]
) -> tuple[float, int]:
    """The mean loss of ``rows``, and how many of them score highest at their own species."""
    losses, right = [], 0
    with no_grad():
        for i in rows:
            scores = model(flowers[i])
            losses.append(nn.cross_entropy(scores, species[i]).data)
            right += max(range(len(scores)), key=lambda k: scores[k].data) == species[i]
    return statistics.fmean(losses), right


def whole_loss(model: nn.MLP, flowers: Flowers, species: list[int]) -> Value:
    """The mean loss of all flowers, with its backward pass done, to be drawn."""
    losses = [nn.cross_entropy(model(flower), kind) for flower, kind in zip(flowers, species)]
    loss: Value = mean(losses)
    loss.label = "loss"
    model.zero_grad()
    loss.backward()
    return loss


def first_neuron(model: nn.MLP, flower: list[float]) -> Value:
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
    measured, species = (part.tolist() for part in nn.iris())
    train, held_out = split(species, seed)
    flowers = standardize(measured, train)
    model = nn.MLP(4, [8, 3], activation="tanh", seed=seed)
    learn(model, flowers, species, train, seed)
    loss, right = judge(model, flowers, species, held_out)
    print(f"{len(held_out)} held-out flowers: loss {loss:.4f}, {right} of {len(held_out)} right")

    whole = whole_loss(model, flowers, species)
    drawing = viz.graph(whole)
    drawing.save(FOLDER / "iris.svg")
    print(f"{FOLDER / 'iris.svg'}: {len(flowers)} flowers' loss, {len(drawing.nodes)} boxes")
    viz.trace(whole).save(FOLDER / "iris.html")
    print(f"{FOLDER / 'iris.html'}: the same, step by step; a click opens a box")

    flower, kind = flowers[held_out[-1]], species[held_out[-1]]
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
