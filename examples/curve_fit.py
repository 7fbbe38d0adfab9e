"""A curve fit with exact slopes and uncertainties, beside curve_fit and the certified answer.

python examples/curve_fit.py

Needs SciPy. The data are Misra1a of NIST's Statistical Reference Datasets (itl.nist.gov, StRD): 14
volumes of a gas taken up at rising pressure, whose fit NIST certifies to 11 digits.
"""

import numpy as np
from scipy.optimize import curve_fit, least_squares

from autograd import jacobian

PRESSURE = np.array([
    77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0,
])  # fmt: skip
VOLUME = np.array([
    10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78
])  # fmt: skip
START = np.array([500.0, 1e-4])  # NIST's first, the one farther off
CERTIFIED = np.array([2.3894212918e02, 5.5015643181e-04])
CERTIFIED_DEVIATIONS = np.array([2.7070075241e00, 7.2668688436e-06])


def model(x, b1, b2):
    return b1 * (1.0 - np.exp(-b2 * x))


def residuals(b):
    return model(PRESSURE, *b) - VOLUME


def fit():
    """The parameters, and their covariance: s² (JᵀJ)⁻¹, s² the residuals' variance."""
    tight = {"xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15}
    b = least_squares(residuals, START, jac=jacobian(residuals), x_scale="jac", **tight).x
    J, r = jacobian(residuals)(b), residuals(b)
    return b, r @ r / (len(r) - len(b)) * np.linalg.inv(J.T @ J)


def scipys_fit():
    """The same by finite differences, as curve_fit does it if it is given no jac."""
    return curve_fit(model, PRESSURE, VOLUME, START)


def main():
    print("                       b1            ± deviation      b2             ± deviation")
    for name, (b, covariance) in (("exact slopes", fit()), ("curve_fit", scipys_fit())):
        deviations = np.sqrt(np.diag(covariance))
        numbers = np.ravel([b, deviations], order="F")
        print(f"{name:<22}", *[f"{number:<15.10g}" for number in numbers])
    certified = np.ravel([CERTIFIED, CERTIFIED_DEVIATIONS], order="F")
    print(f"{'certified by NIST':<22}", *[f"{number:<15.10g}" for number in certified])

    b, covariance = fit()
    at = np.array([100.0, 500.0, 1000.0])
    J = jacobian(lambda b: model(at, *b))(b)  # how each prediction moves with each parameter
    for x, y, variance in zip(at, model(at, *b), np.diag(J @ covariance @ J.T)):
        print(f"volume at pressure {x:.0f}: {y:.3f} ± {np.sqrt(variance):.3f}")


if __name__ == "__main__":
    main()
