"""Where weights start: initializers by name. Read by layers.py."""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Callable
from typing import Any

from .module import nearest

# Weights are uniform in (-limit, limit), whose variance is limit² / 3.
LIMITS: dict[str, Callable[[int, int], float]] = {
    "uniform": lambda nin, nout: 1.0,  # micrograd's
    # X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural
    # networks", AISTATS 2010, equation 16: variance 2 / (nin + nout), for tanh and sigmoid.
    "glorot": lambda nin, nout: math.sqrt(6.0 / (nin + nout)),
    # K. He et al., "Delving deep into rectifiers", ICCV 2015, equation 10: 2 / nin, for relu.
    "he": lambda nin, nout: math.sqrt(6.0 / nin),
    # Y. LeCun et al., "Efficient BackProp", 1998, equation 16: 1 / nin.
    "lecun": lambda nin, nout: math.sqrt(3.0 / nin),
    "zeros": lambda nin, nout: 0.0,
}


def generator_of(seed: Any) -> Any:
    """Random numbers from ``seed``: Python's own ``random`` if None; a generator as it is."""
    if seed is None or isinstance(seed, random.Random) or seed is random:
        return seed or random
    try:
        return random.Random(operator.index(seed))
    except TypeError:
        raise TypeError(f"seed: a whole number or None is required, got {seed!r}") from None


def drawer(init: Any, nin: int, nout: int, seed: Any) -> Callable[[], float]:
    """What gives a weight at each call, for ``nout`` neurons of ``nin`` inputs; a drawer as it is.

    Raises:
        ValueError: no initializer has this name.
    """
    if callable(init):
        return init  # type: ignore[no-any-return]
    if not isinstance(init, str) or init not in LIMITS:
        raise ValueError(
            f"init: the name of an initializer is required, got {init!r}; {nearest(init, LIMITS)}"
        )
    limit, generator = LIMITS[init](nin, nout), generator_of(seed)
    return lambda: generator.uniform(-limit, limit) if limit else 0.0
