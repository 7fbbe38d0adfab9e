"""docs/ops.md: every op of the table, from its record, with the accuracy that was measured.

python docs/make_ops.py [name ...]

With names only these are measured again. A measurement takes the points of the long test run, some
seconds an op; the rest of the page is the records' own words.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from autograd.op import Op
from autograd.ops import TABLE
from autograd.reference import description
from tests.autograd.cases import SECOND, SOME, probes, worst, worst_second

PAGE = Path(__file__).with_name("ops.md")
POINTS, SECOND_POINTS = 2_000, 600
HEAD = """# The ops

Each is one record of [autograd/ops.py](../autograd/ops.py); `autograd.ops.describe(op)` prints
what stands here of one. This page is written by `docs/make_ops.py`, and a test holds it to the
records.

## What each is

*slope*: d op / d operand, one for each operand; `y` is the op's own result. *domain*: what the
operands may be. Outside, the number is IEEE's (nan or ±inf), with a warning where Python's own
arithmetic would raise (`autograd.errstate` takes "raise", "warn" or "ignore"). A number in
parentheses is a parameter, set by name: `elu(x, alpha=0.5)`.
`mean`, `softmax`, `log_softmax` and `logsumexp` are functions over these ops.

"""
BETWEEN = """
## How exact each is

*bound*: what the tests hold it to over the whole domain, in units in the last place of the true
value (ulp), and relative to the true slope. Where a value or a slope crosses zero by
cancellation, or is formed from an output near 1, the bound is 4 eps = 4 × 2⁻⁵² of the scale that
is named, if that is more. *value off*, *slope off*: the worst that was met on floats at 2,000
points an op or more (tiny, huge, near poles and kinks, random), measured in ulp of the value or,
where that is larger, eps of the scale; relative to the slope, or to the scale.

*second slopes*: what the tests hold the second derivatives to, over the whole domain but for kinks:
relative to the largest of them there (where an op has several operands, one may cross zero), or
4 eps of the scale that is named; and the worst that was met at 600 points. Numbers below the normal
range, 2⁻¹⁰²², are left out, and `a^b` where a^(b-2) overflows: inf. Derivatives of higher order
come of the same rules, and are tested to the third.

"""
WHAT = ("op", "is", "slope", "domain", "at kinks and edges", "source")
EXACT = ("op", "bound", "value off", "slope off", "second slopes")


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def code(text: str) -> str:
    return f"`{text}`"


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(map(cell, line)) + " |\n" for line in lines)


def what(record: Op) -> tuple[str, ...]:
    about = description(record)
    name = code(record.name) + (f" `{about.symbol}`" if about.symbol != record.name else "")
    parameters = ", ".join(f"{k}={x:g}" for k, x in record.parameters.items())
    name += " of a list" if record.slots is None else ""
    return (
        f"{name} ({parameters})" if parameters else name, code(about.formula),
        "; ".join(map(code, about.slopes)), "; ".join(about.domain),
        about.kinks.replace("*", "\\*"), about.source,
    )  # fmt: skip


def page(measured: dict[str, tuple[str, ...]]) -> str:
    """The whole text, given the measured cells of each op."""
    whats = table(WHAT, [*map(what, TABLE.values())])
    exact = [
        (code(name), description(record).accuracy, *measured[name])
        for name, record in TABLE.items()
    ]
    return HEAD + whats + BETWEEN + table(EXACT, exact)


def measured(text: str) -> dict[str, tuple[str, ...]]:
    """The measured cells of a page."""
    found = {}
    for line in text.partition(BETWEEN)[2].splitlines()[2:]:
        cells = line[2:-2].replace("\\|", "\0").split(" | ")
        name, _, *numbers = (x.replace("\0", "|") for x in cells)
        found[name.strip("`")] = tuple(numbers)
    return found


def at(operands: tuple[float, ...]) -> str:
    numbers = ", ".join(map(repr, operands[:3])) + (", …" if len(operands) > 3 else "")
    return f" at {numbers}" if operands else ""


def measure(record: Op) -> tuple[str, ...]:
    found = worst(record, probes(record, POINTS))
    length = None if record.slots is not None else SOME.get(record.name, 3)
    off, where = worst_second(record, probes(record, SECOND_POINTS, length))
    scale = f" or 4 eps × {SECOND[record.name].text}" if record.name in SECOND else ""
    return (
        f"{found.ulps:.2f}{at(found.value_at)}", f"{found.relative:.1e}{at(found.partial_at)}",
        f"1e-12{scale}: {off:.1e}{at(where)}",
    )  # fmt: skip


def main(names: list[str]) -> None:
    known = measured(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    for name, record in TABLE.items():
        if name in names or name not in known or not names:
            known[name] = measure(record)
            print(name, *known[name], sep="  ")
    PAGE.write_text(page(known), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
