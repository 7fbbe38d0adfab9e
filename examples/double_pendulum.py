"""The double pendulum, moved by nothing but its Lagrangian.

python examples/double_pendulum.py

Needs SciPy. Along a motion d/dt ∂L/∂v = ∂L/∂q. Written out, with M = ∂²L/∂v² and C = ∂²L/∂v∂q, that
is M a + C v = ∂L/∂q, linear in the accelerations a: nobody has to derive the equations of motion.
"""

import numpy as np
from scipy.integrate import solve_ivp

from autograd import grad, hessian, jacobian

MASSES = np.array([1.0, 2.0])  # kg
LENGTHS = np.array([1.0, 0.8])  # m
GRAVITY = 9.81  # m/s²


def energies(q, v):
    """Kinetic and potential, in joules; q are the rods' angles to the vertical, v their rates."""
    speeds = LENGTHS * v
    across, up = np.cumsum(speeds * np.cos(q)), np.cumsum(speeds * np.sin(q))
    height = -np.cumsum(LENGTHS * np.cos(q))
    return 0.5 * MASSES @ (across**2 + up**2), GRAVITY * MASSES @ height


def lagrangian(q, v):
    kinetic, potential = energies(q, v)
    return kinetic - potential


force = grad(lagrangian, argnums=0)
mass = hessian(lagrangian, argnums=1)
coupling = jacobian(grad(lagrangian, argnums=1), argnums=0)


def acceleration(q, v):
    return np.linalg.solve(mass(q, v), force(q, v) - coupling(q, v) @ v)


def motion(t, state):
    q, v = state[:2], state[2:]
    return np.concatenate([v, acceleration(q, v)])


def swing(seconds=2.0):
    """The motion from rest, both rods far up."""
    start = [2.0, 2.5, 0.0, 0.0]
    return solve_ivp(motion, (0.0, seconds), start, "DOP853", rtol=1e-9, atol=1e-9)


def main():
    found = swing()
    total = np.array([sum(energies(y[:2], y[2:])) for y in found.y.T])
    kinetic = max(energies(y[:2], y[2:])[0] for y in found.y.T)
    print(f"{found.nfev} accelerations for {found.t[-1]:.0f} s of motion")
    print(f"angles at the end: {found.y[0, -1]:.6f}, {found.y[1, -1]:.6f}")
    print(f"energy {total[0]:.9f} J at the start, {total[-1]:.9f} J at the end")
    stray = np.abs(total - total[0]).max() / kinetic
    print(f"it strays by {stray:.0e} of the greatest kinetic energy")


if __name__ == "__main__":
    main()
