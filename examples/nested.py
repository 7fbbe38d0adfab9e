"""Derivatives inside derivatives: Pearlmutter and Siskind's two problems, in all four nestings.

python examples/nested.py          slopes through the loops, in all four nestings
python examples/nested.py --solve  both problems in all four: minutes

Each minimizes, by gradient descent, a function that itself follows gradients in a `while` loop; the
outer and the inner gradients each by forward or by reverse mode. The problems, and the numbers that
come out, are those of the public suite GradBench (github.com/gradbench/gradbench, evals/saddle and
evals/particle), after B. A. Pearlmutter and J. M. Siskind, "Using Programming Language Theory to
Make Automatic Differentiation Sound and Efficient", 2008.
"""

import itertools
import sys

import numpy as np

from autograd import hypot, linearize, norm, value_and_grad

NEAR = 1e-5  # the papers' number: for a gradient, for a step, and for the first rate


def by_forward(f):
    """f's value and slopes: one recording, and a sweep forwards for each input."""

    def both(x):
        value, push = linearize(f, x)
        return value, [push(direction) for direction in np.eye(len(x)).tolist()]

    return both


WAYS = {"forward": by_forward, "reverse": value_and_grad}


def argmin(f, x, way):
    """Where f is least: steps downhill, at twice the rate after ten good ones, half after a bad."""
    both = way(f)
    rate, good = NEAR, 0
    height, slope = both(x)
    while norm(slope) > NEAR:
        if good == 10:
            rate, good = 2.0 * rate, 0
        step = [rate * s for s in slope]
        if norm(step) <= NEAR:
            break
        lower, slope_there = both([a - b for a, b in zip(x, step)])
        if lower < height:
            x, good = [a - b for a, b in zip(x, step)], good + 1
            height, slope = lower, slope_there
        else:
            rate, good = rate / 2.0, 0
    return x


def hill(x, y):
    """|x|² - |y|²: least in x and highest in y at its saddle."""
    return x[0] ** 2 + x[1] ** 2 - (y[0] ** 2 + y[1] ** 2)


def ridge(inner, start=(1.0, 1.0)):
    """The hill's greatest height over y, a function of x: a descent of its own each time."""
    return lambda x: hill(x, argmin(lambda y: -hill(x, y), list(start), inner))


def saddle(outer, inner, start=(1.0, 1.0)):
    """The x and the y of min over x of max over y."""
    x = argmin(ridge(inner, start), list(start), outer)
    return x + argmin(lambda y: -hill(x, y), list(start), outer)


def miss(inner):
    """How far a charge, pushed by two others, crosses the axis from the origin, squared.

    A function of w, which moves the second charge. Euler's steps, the last one cut short.
    """

    def squared(w):
        def potential(q):
            return 1.0 / hypot(q[0] - 10.0, q[1] - 10.0 + w[0]) + 1.0 / hypot(q[0] - 10.0, q[1])

        slope, dt = inner(potential), 0.1
        x, y, u, v = 0.0, 8.0, 0.75, 0.0
        while y + dt * v > 0.0:
            _, (pull_x, pull_y) = slope([x, y])
            x, y, u, v = x + dt * u, y + dt * v, u - dt * pull_x, v - dt * pull_y
        return (x - y / v * u) ** 2

    return squared


def particle(outer, inner, w=0.0):
    """The w that steers the charge through the origin."""
    return argmin(miss(inner), [w], outer)[0]


def main(solve=False):
    for outer, inner in itertools.product(WAYS, WAYS):
        a, b = WAYS[outer], WAYS[inner]
        print(f"{outer} over {inner}:")
        if solve:
            print(f"  the saddle is at {saddle(a, b)}; w = {particle(a, b)}")
        else:
            print(f"  at the start the ridge slopes by {a(ridge(b))([1.0, 1.0])[1]},", end=" ")
            print(f"the miss by {a(miss(b))([0.0])[1][0]:.10f}")


if __name__ == "__main__":
    main(solve="--solve" in sys.argv)
