"""What a notebook shows of a Value or a Program: a small table, in the notebook's own colours.

Reads names.py; read by value.py, through ``above``, and by the compiler's program.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from .names import clean, short
from .numbers import show
from .value import Value, above

OPERANDS = 6  # that are named; of more there is a …
_LEFT = 'style="text-align:left"'  # notebooks set a table's cells to the right


def table(rows: Sequence[tuple[str, str | float | None]]) -> str:
    """Two columns, their text escaped; all digits of a number are there on hovering."""
    from html import escape  # costs as much as all of numbers.py, and only a notebook needs it

    cells = ""
    for name, x in rows:
        cell = f">{escape(x)}" if isinstance(x, str) else f' title="{x!r}">{show(x)}'
        cells += f"<tr><th {_LEFT}>{escape(name)}</th><td {_LEFT}{cell}</td></tr>"
    return f'<table style="margin:0">{cells}</table>'


def card(node: Value) -> str:
    """Name, value, gradient, what made it, and what to ask next."""
    label = node.label if node.label.isidentifier() else "value"
    made = "a leaf"
    if node.op is not None:
        inputs = node.inputs[:OPERANDS]
        named = [short(x) if isinstance(x, Value) else show(x) for x in inputs]
        made = f"{node.op.name} of {', '.join(named)}{', …' * (len(node.inputs) > OPERANDS)}"
    return table([
        (short(node), made),
        ("value", "unknown" if node.is_unknown else node.data),
        ("gradient", node.grad if node.has_grad else "–"),
        ("ask", f"viz.explain(root, {clean(label)})"),
    ])  # fmt: skip


above["card"] = card
