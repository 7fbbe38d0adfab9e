"""Numbers as they come in, and as people read them: five significant digits, one form everywhere.

Read by value.py, names.py, drawings, steps and the page; the page's script follows the same rules.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

DIGITS = 5  # enough to check a step by hand, few enough to read at a glance
_ROUND = Context(prec=DIGITS, rounding=ROUND_HALF_UP)  # ties go away from zero


def rounded(x: float) -> float:
    """``x`` as a reader sees it: the float nearest its printed form; nan and inf as they are."""
    return float(_ROUND.create_decimal(repr(float(x))))  # a NumPy scalar's repr names its type


def show(x: float | None) -> str:
    """``x`` in five significant digits; ``–`` if there is no number yet.

    Decimals from 1e-4 to below 1e6, otherwise ``1.2346e-10``; -0 as 0; the minus sign is ASCII,
    so that the text can be pasted.

    >>> show(0.881373587), show(2.0), show(-0.0), show(1.23456789e-10), show(None)
    ('0.88137', '2', '0', '1.2346e-10', '–')
    """
    if x is None:
        return "–"
    number: Decimal = _ROUND.create_decimal(repr(float(x) + 0.0))  # -0 + 0 is 0
    if not number.is_finite():
        return repr(float(x))
    exponent = number.adjusted()
    decimal = -4 <= exponent < 6
    text = f"{number if decimal else number.scaleb(-exponent, _ROUND):f}"  # not the user's context
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if decimal else f"{text}e{exponent}"


def plural(count: int, noun: str) -> str:
    """``1 op``, ``48 ops``, ``2 leaves``"""
    nouns = "leaves" if noun == "leaf" else f"{noun}s"
    return f"{count:,} {noun if count == 1 else nouns}"


def flat(xs: Any) -> Any:
    """The sequence; of an array of several dimensions, or of none, all its entries."""
    return xs.__array__().reshape(-1) if getattr(xs, "ndim", 1) != 1 else xs


_NO_NUMBERS = ("bool", "timedelta64")  # though they say that they are: integers
_REMEDIES: tuple[tuple[type, str], ...] = (
    (bool, "use 1.0 or 0.0"), (str, "use float(...) on it"),
    (complex, "take .real or .imag"), (type(None), "is a return missing?"),
)  # fmt: skip


def real(
    x: Any, who: str, required: str = "one real number is required", remedy: str = ""
) -> float:
    """``x`` as a float; TypeError unless it is one real number, ValueError if no float holds it."""
    kind = type(x)
    if kind is int or (isinstance(x, numbers.Real) and kind.__name__ not in _NO_NUMBERS):
        try:
            return float(x)
        except OverflowError:
            raise ValueError(
                f"{who}: a number that a float holds is required, got an int beyond 1.8e308; "
                "scale it"
            ) from None
    remedy = remedy or next((text for kind, text in _REMEDIES if isinstance(x, kind)), "")
    if not remedy:
        many = isinstance(x, Iterable) and not isinstance(x, (bytes, dict))
        one = "use float(...) on it" if hasattr(x, "__float__") else "give one number"
        listed = isinstance(x, Sequence) or hasattr(x, "__array__")  # not a set, nor a generator
        several = f"autograd.array({'data' if listed else 'list(data)'}) makes a Value of each"
        remedy = several if many else one
        if hasattr(x, "item"):
            remedy = f"take .item() of one element, or {remedy}" if many else "use its .item()"
    text = repr(x) if len(repr(x)) <= 60 else type(x).__name__
    raise TypeError(f"{who}: {required}, got {text}; {remedy}")


# ------------------------------------------------------------------ numbers of a range
Range = tuple[str, Callable[[float], bool], str]  # in words, whether it holds, what to use

ABOVE_0: Range = ("a finite number > 0", lambda x: 0.0 < x < math.inf, "0.1")
FROM_0: Range = ("a finite number >= 0", lambda x: 0.0 <= x < math.inf, "0.0")
SHARE: Range = ("a number >= 0 and < 1", lambda x: 0.0 <= x < 1.0, "0.9")


def ranged(x: Any, who: str, kind: Range) -> float:
    """``x`` as a float of that range."""
    words, holds, remedy = kind
    number = real(x, who)
    if not holds(number):
        raise ValueError(f"{who} must be {words}, got {x!r}; use {remedy}")
    return number


def whole(x: Any, who: str, least: int = 1) -> int:
    """``x`` as an int from ``least`` on."""
    if not isinstance(x, numbers.Integral) or isinstance(x, bool) or x < least:
        remedy = f"use {max(least, 10)}"
        raise ValueError(f"{who} must be a whole number >= {least}, got {x!r}; {remedy}")
    return int(x)
