"""Minimizing with exact derivatives: slopes, Hessians, and Hessians times a direction.

python examples/newton.py

Needs SciPy. First Newton's method by hand, on a fit by maximum likelihood; then SciPy's methods on
Rosenbrock's valley in ten dimensions, each given what it can use, in one line.
"""

import numpy as np
from scipy.optimize import minimize

import autograd
from autograd import grad, hessian, hvp, value_and_grad

# Hours between the failures of an aircraft's air conditioning: F. Proschan, "Theoretical
# Explanation of Observed Decreasing Failure Rate", Technometrics 5 (1963), plane 7912.
HOURS = np.array([
    23, 261, 87, 7, 120, 14, 62, 47, 225, 71, 246, 21, 42, 20, 5, 12, 120, 11, 3, 14, 71, 11, 14,
    11, 16, 90, 1, 16, 52, 95,
])  # fmt: skip


def surprise(p):
    """-log likelihood of a gamma distribution; p: logarithms of its shape and of its mean."""
    shape, mean = np.exp(p)
    each = shape * np.log(shape / mean) + (shape - 1.0) * np.log(HOURS) - shape * HOURS / mean
    return len(HOURS) * autograd.lgamma(shape) - each.sum()


def newton(f, x, steps=6):
    """Each step solves the quadratic that agrees with f up to second derivatives."""
    for _ in range(steps):
        down = -grad(f)(x)
        yield x, np.linalg.norm(down)
        x = x + np.linalg.solve(hessian(f)(x), down)


def rosenbrock(x):
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()


START = np.linspace(-1.2, 1.4, 10)
slope, bend = grad(rosenbrock), hessian(rosenbrock)
WAYS = {
    "BFGS, differences": {"fun": rosenbrock, "method": "BFGS"},
    "BFGS, exact slope": {"fun": value_and_grad(rosenbrock), "jac": True, "method": "BFGS"},
    "trust-exact": {"fun": rosenbrock, "jac": slope, "hess": bend, "method": "trust-exact"},
    "Newton-CG, hvp": {
        "fun": rosenbrock, "jac": slope, "hessp": hvp(rosenbrock), "method": "Newton-CG",
    },
}  # fmt: skip


def main():
    print("Newton: the right digits double with each step")
    for step, (p, slope) in enumerate(newton(surprise, np.log([0.5, 50.0]))):
        shape, mean = np.exp(p)
        print(f"  {step}: shape {shape:.12f}, mean {mean:.9f} h, |slope| {slope:.1e}")
    deviations = np.sqrt(np.diag(np.linalg.inv(hessian(surprise)(p))))  # of the logarithms
    print(f"  shape to ±{deviations[0]:.0%}, mean to ±{deviations[1]:.0%}")

    print("Rosenbrock's valley in 10 dimensions, from (-1.2, …, 1.4)")
    for name, how in WAYS.items():
        found = minimize(x0=START, tol=1e-8, **how)
        print(f"  {name:<17} {found.nit:>3} steps, {found.nfev:>4} values, f = {found.fun:.1e}")


if __name__ == "__main__":
    main()
