"""Special functions as formulas over primitives, for arithmetics without a line of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# 2/sqrt(pi) (-1)^k / (k! (2k+1)), k = 17 … 0: Maclaurin's series of erf(x)/x in x²; the next term
# is 5e-18 at x = 1. Source: Abramowitz & Stegun 7.1.5.
_SERIES = (
    -9.063970842808673e-17, 1.6342614095367152e-15, -2.7835162072109215e-14, 4.4632242632864775e-13,
    -6.7113668551641105e-12, 9.422759064650411e-11, -1.2290555301717928e-09, 1.4807192815879218e-08,
    -1.6365844691234924e-07, 1.6462114365889248e-06, -1.492565035840625e-05, 0.00012055332981789664,
    -0.0008548327023450853, 0.005223977625442188, -0.026866170645131252, 0.11283791670955126,
    -0.37612638903183754, 1.1283791670955126,
)  # fmt: skip
# erfc(x) exp(x²) over 1 <= x <= 6 in t = 1/(x + 2): Chebyshev's interpolant of degree 15, computed
# to 60 digits; off by 3.2e-17 at most.
_TAIL = (
    239.24359154423945, 215.8510489885741, -2450.298800629956, 4797.2741217981975,
    -4833.989244655832, 2937.765363319682, -1134.6489834653753, 307.4045163965331,
    -75.31270380198113, 10.649750811070025, 1.3493059469349291, 2.942002658996995,
    1.9666731458010267, 1.1287410218432883, 0.5641795198583508, 1.2965841302986556e-07,
)  # fmt: skip


def polynomial(x: Any, coefficients: Sequence[float]) -> Any:
    """Horner's scheme, the highest power first."""
    y: Any = coefficients[0]
    for c in coefficients[1:]:
        y = y * x + c
    return y


def erf(m: Any, x: Any) -> Any:
    """erf(x) to about 1 ulp: a series inside ±1, 1 - erfc outside, ±1 from ±6 on."""
    a = m.minimum(m.abs(x), 6.0)  # erf(6) rounds to 1; nan stays
    outside = 1.0 - m.exp(-(a * a)) * polynomial(1.0 / (a + 2.0), _TAIL)
    outside = m.where(m.greater(0.0, x), -outside, outside)
    inside = m.where(m.greater(a, 1.0), 0.0, x)  # the branch not taken must not overflow
    return m.where(m.greater(a, 1.0), outside, inside * polynomial(inside * inside, _SERIES))
