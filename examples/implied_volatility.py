"""The volatility that prices imply, and the Greeks: Newton's method on Black and Scholes.

python examples/implied_volatility.py

A price and every slope of it come from one formula: nobody types vega or gamma in.
"""

import itertools

import numpy as np

from autograd import erf, grad, value_and_grad

SPOT, RATE, YEARS = 100.0, 0.02, 0.5
# Invented, as a market would ask for calls of half a year: strike, price.
QUOTES = np.array([[80.0, 22.18], [90.0, 13.81], [100.0, 7.21], [110.0, 3.02], [120.0, 1.09]])


def chance(z):
    """That a standard normal number is below z."""
    return 0.5 * (1.0 + erf(z / np.sqrt(2.0)))


def call(spot, strike, years, rate, volatility):
    """Black and Scholes's price of a European call."""
    spread = volatility * np.sqrt(years)
    d = (np.log(spot / strike) + rate * years) / spread
    paid = strike * np.exp(-rate * years) * chance(d - spread / 2.0)
    return spot * chance(d + spread / 2.0) - paid


price_and_vega = value_and_grad(call, argnums=4)


def implied(price, strike, volatility=0.3):
    """The volatility at which the formula gives ``price``, and in how many steps it was found."""
    for steps in itertools.count():
        value, vega = price_and_vega(SPOT, strike, YEARS, RATE, volatility)
        if abs(value - price) < 1e-12 * SPOT:
            return volatility, steps
        volatility -= (value - price) / vega


GREEKS = {"delta": 0, "theta": 2, "rho": 3, "vega": 4}  # slopes in spot, time, rate, volatility


def greeks(*market):
    """The price's slopes; gamma is delta's slope, vanna delta's slope in volatility."""
    found = dict(zip(GREEKS, grad(call, argnums=tuple(GREEKS.values()))(*market)))
    found["theta"] *= -1.0  # years to go become fewer
    delta = grad(call)
    found["gamma"], found["vanna"] = grad(delta, argnums=(0, 4))(*market)
    return found


def main():
    for strike, price in QUOTES:
        volatility, steps = implied(price, strike)
        print(f"strike {strike:.0f} at {price:.2f}: {volatility:.4%} in {steps} steps")
        each = greeks(SPOT, strike, YEARS, RATE, volatility)
        print("   ", ", ".join(f"{name} {slope:.4f}" for name, slope in each.items()))


if __name__ == "__main__":
    main()
