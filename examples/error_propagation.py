"""How measured numbers' errors, which hang together, reach what is computed from them.

python examples/error_propagation.py

Example H.2 of the "Guide to the expression of uncertainty in measurement" (JCGM 100:2008): from a
circuit's voltage, current and phase its resistance, reactance and impedance. Then the same by Monte
Carlo, which needs 100,000 circuits for three digits.
"""

import numpy as np

from autograd import jacobian

NAMES = ("resistance", "reactance", "impedance")
MEASURED = np.array([  # five times at once: volts, milliamperes, radians
    [5.007, 19.663, 1.0456], [4.994, 19.639, 1.0438], [5.005, 19.640, 1.0468],
    [4.990, 19.685, 1.0428], [4.999, 19.678, 1.0433],
])  # fmt: skip
DRAWS = 100_000


def circuit(x):
    """Ohms, from volts, milliamperes and radians: of one circuit, or of a row of them."""
    volts, amperes, phase = x[0], x[1] / 1000.0, x[2]
    impedance = volts / amperes
    return np.stack([impedance * np.cos(phase), impedance * np.sin(phase), impedance])


def propagated():
    """The results at the mean, and their covariance: J C Jᵀ, exact where the function is linear."""
    mean, covariance = MEASURED.mean(axis=0), np.cov(MEASURED.T) / len(MEASURED)
    J = jacobian(circuit)(mean)
    return circuit(mean), J @ covariance @ J.T


def sampled(seed=0):
    """The results' means and covariance, from inputs drawn at random."""
    mean, covariance = MEASURED.mean(axis=0), np.cov(MEASURED.T) / len(MEASURED)
    draws = np.random.default_rng(seed).multivariate_normal(mean, covariance, DRAWS)
    results = circuit(draws.T)
    return results.mean(axis=1), np.cov(results)


def main():
    (ohms, covariance), (_, drawn) = propagated(), sampled()
    relative = np.sqrt(0.5 / DRAWS)  # the sampling error of a deviation from so many normal draws
    for i, name in enumerate(NAMES):
        u, by_draws = np.sqrt(covariance[i, i]), np.sqrt(drawn[i, i])
        print(f"{name}: {ohms[i]:.3f} ± {u:.4f} ohms", end="; ")
        print(f"Monte Carlo ± {by_draws:.4f}, itself ± {by_draws * relative:.4f}")
    spread = np.sqrt(np.diag(covariance))
    for i, j in ((0, 1), (0, 2), (1, 2)):
        r = covariance[i, j] / spread[i] / spread[j]
        print(f"correlation of {NAMES[i]} and {NAMES[j]}: {r:.3f}")


if __name__ == "__main__":
    main()
