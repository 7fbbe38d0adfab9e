"""What the tests of the op table draw from: every record, its points, and what mpmath says there.

A record without a reference here fails a test: an untested op cannot exist.
"""

import itertools
import math
import struct

import mpmath as mp

from autograd.ieee import FLOATS, evaluate
from autograd.op import Op
from autograd.ops import TABLE

mp.mp.dps = 60  # far more than a double's 17, so that differences in it are exact for us

RECORDS = tuple(TABLE.values())
FIXED = tuple(record for record in RECORDS if record.slots is not None)
N_ARY = tuple(record for record in RECORDS if record.slots is None)

# Where a formula breaks if anywhere: both zeros, the infinities, nan, both ends of the range.
SPECIAL = (0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 5e-324, -1e-300, 1.7e308, -1.7e308)

# Of an n-ary op: no terms, one, several; ties, cancellation, a term beside one 1e16 times larger.
LISTS: dict[str, tuple[tuple[float, ...], ...]] = {
    "sum": ((), (1.5,), (0.1, 0.2, 0.3), (1e16, 1.0, -1e16), (2.0, -2.0),
            tuple(0.1 * i for i in range(12))),
    "dot": ((), (3.0, -2.0), (0.1, 0.7, -1e8, 3.0, 0.2, 1e8), (1.0, 1.0, 1.0, -1.0)),
}  # fmt: skip

ZERO, ONE = mp.mpf(0), mp.mpf(1)
# What an op is, in mathematics alone.
REFERENCE = {
    "identity": lambda x: x,
    "stop_gradient": lambda x: x,
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "negative": lambda x: -x,
    "power": mp.power,
    "square": lambda x: x * x,
    "sqrt": mp.sqrt,
    "exp": mp.exp,
    "log": mp.log,
    "log1p": mp.log1p,
    "sin": mp.sin,
    "cos": mp.cos,
    "tanh": mp.tanh,
    "erf": mp.erf,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "relu": lambda x: max(x, ZERO),
    "abs": abs,
    "maximum": max,
    "minimum": min,
    "where": lambda c, a, b: a if c else b,
    "equal": lambda a, b: ONE if a == b else ZERO,
    "greater": lambda a, b: ONE if a > b else ZERO,
    "greater_equal": lambda a, b: ONE if a >= b else ZERO,
    "dot": lambda *wx: mp.fsum(w * x for w, x in zip(wx[: len(wx) // 2], wx[len(wx) // 2 :])),
    "sum": lambda *xs: mp.fsum(xs),
    "chain": lambda a, b: a * b,
}
# Partials that are a convention and not a derivative: nothing passes.
NOTHING_PASSES = {"stop_gradient": (0,), "where": (0,)}


def points(record: Op, extra: tuple[float, ...] = ()) -> list[tuple[float, ...]]:
    """The probes of a record's domain, in every combination; ``extra`` ones whatever the domain."""
    if record.slots is None:
        return list(LISTS[record.name])
    axes = [dict.fromkeys((*domain.probes(), *extra)) for domain in record.domain]
    if record.slots > 2:  # the condition: no more than its truth matters
        axes = [dict.fromkeys((0.0, 1.0, -2.0, *extra)), *([(-2.5, 0.0, 0.7, *extra)] * 2)]
    return list(itertools.product(*axes))


def smooth(record: Op, at: tuple[float, ...]) -> bool:
    """Whether there is one slope at ``at``, a little to both sides of it."""
    if record.kink is not None and record.kink(FLOATS, *at):
        return False
    return all(
        x not in (domain.low, domain.high)
        for x, domain in zip(at, domain_of(record, at), strict=True)
    )


def domain_of(record: Op, at: tuple[float, ...]):
    return record.domain if record.slots is not None else record.domain * len(at)


def value_of(record: Op, at: tuple[float, ...]) -> float:
    """The op's number in the float arithmetic that never raises."""
    return FLOATS.run(record, *at)


def partial_of(record: Op, slot: int, at: tuple[float, ...]) -> float:
    """The generic rule's number."""
    return evaluate(record.partial(slot), *at, value_of(record, at))


def slope(record: Op, slot: int, at: tuple[float, ...]) -> mp.mpf:
    """What mpmath says the partial is: a central difference with a step of 1e-25 of the operand.

    Its truncation is 1e-50 of the third derivative, far below what is compared.
    """
    if slot in NOTHING_PASSES.get(record.name, ()):
        return ZERO
    x = mp.mpf(at[slot])
    h = mp.mpf(10) ** -25 * (abs(x) or ONE)

    def shifted(by: mp.mpf) -> mp.mpf:
        return mp.mpf(
            REFERENCE[record.name](*[x + by if i == slot else mp.mpf(v) for i, v in enumerate(at)])
        )

    return (shifted(h) - shifted(-h)) / (2 * h)


def bits(x: float) -> bytes:
    """What two floats must share to be the same; all nans are one."""
    assert type(x) is float, f"a float is expected, got {x!r}"
    return b"nan" if x != x else struct.pack("<d", x)


def same(a: float, b: float) -> bool:
    """Bit for bit, but for the sign of a zero; nan is nan's equal here, and said so."""
    return a == b or (a != a and b != b)
