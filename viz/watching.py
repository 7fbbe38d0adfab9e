"""``viz.watch``: how values and gradients went over a training, as numbers, sparklines and curves.

Reads autograd; of a Value nothing is kept but it and its numbers, and nothing is changed.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

from autograd.graph import Graph
from autograd.names import names
from autograd.numbers import plural, show
from autograd.value import Value

from .letters import printable

_BARS, _WORDS = "▁▂▃▄▅▆▇█", ("value", "grad")
_LINE, _FEWEST = 80, 8  # letters; and bars beside the longest name and numbers
_MOST = 40  # Values in a text


class Watch:
    """The past of some Values: call it once a step, then print it or ``.plot()`` it.

    A gradient is None, and ``–``, at a step before a pass reached the Value.
    """

    def __init__(self, values: Sequence[Value]) -> None:
        graph = Graph(inputs=values)  # each once, and each a leaf, whatever made it
        self._values = graph.nodes
        self._past: dict[str, dict[str, list[float | None]]] = {
            f"{name}": {"data": [], "grad": []} for name in names(graph)
        }

    def __call__(self) -> None:
        """Note each value and gradient as they are now."""
        for value, past in zip(self._values, self._past.values(), strict=True):
            past["data"].append(value.data)
            past["grad"].append(value.grad if value.has_grad else None)

    def __len__(self) -> int:
        return len(next(iter(self._past.values()))["data"])

    def to_dict(self) -> dict[str, dict[str, list[float | None]]]:
        """Name to ``{"data": […], "grad": […]}``, a number a step."""
        return copy.deepcopy(self._past)

    def __repr__(self) -> str:
        wide, lines = max(map(len, self._past)), [plural(len(self), "step")]
        for name in [*self._past][:_MOST]:
            for word, numbers in zip(_WORDS, self._past[name].values(), strict=True):
                first, last = (show(numbers[k]) if numbers else "–" for k in (0, -1))
                head = f"{name if word == 'value' else '':{wide}}  {word:5}  {first:>11} "
                bars = _sparkline(numbers, max(_FEWEST, _LINE - len(f"{head} {last}")))
                lines.append(f"{head}{bars} {last}")
        if len(self._past) > _MOST:
            lines.append(f"… {len(self._past) - _MOST} more")
        return printable("\n".join(lines))

    def plot(self, ax: Any = None) -> Any:
        """Curves of all values, and dashed of all gradients, on ``ax`` or on a new one; it.

        Two runs are compared on one ``ax``.
        """
        if ax is None:
            try:
                from matplotlib import pyplot
            except ImportError:
                raise ImportError(
                    "watch.plot: matplotlib is required, got none; pip install 'whygrad[plots]'"
                ) from None
            ax = pyplot.subplots()[1]
        for name, past in self._past.items():
            for word, line, numbers in zip(_WORDS, ("-", "--"), past.values(), strict=True):
                label = f"{name} {word}".replace("$", r"\$")  # no formula of matplotlib's
                ax.plot(range(1, len(self) + 1), numbers, line, label=label)
        ax.set_xlabel("step")
        ax.legend()
        return ax


def watch(values: Iterable[Value]) -> Watch:
    """What keeps the numbers of ``values``, a model's ``parameters()`` say, at each call.

    >>> w = Value(1.0, "w")
    >>> past = watch([w])
    >>> for _ in range(3):
    ...     w.zero_grad(); (w * w).backward()
    ...     past()
    ...     w.data -= 0.25 * w.grad
    >>> print(past)
    3 steps
    w  value            1 █▃▁ 0.25
       grad             2 █▃▁ 0.5
    """
    many = isinstance(values, Iterable)
    found = [*values] if many else []
    wrong = [type(x).__name__ for x in found if not isinstance(x, Value)]
    if wrong or not found:
        got = wrong[0] if wrong else "none" if many else type(values).__name__
        raise TypeError(
            f"watch: a list of Values is required, got {got}; use viz.watch([w1, w2]), or "
            "viz.watch(model.parameters())"
        )
    return Watch(found)


def _sparkline(past: Sequence[float | None], room: int) -> str:
    """A bar a step, or the last of several; ``–`` for no number, ``!`` for one not finite."""
    n = min(room, len(past))
    parts = [past[i * len(past) // n : (i + 1) * len(past) // n] for i in range(n)]
    shown = [next((x for x in part if x is not None and x - x != 0), part[-1]) for part in parts]
    finite = [x / 2 for x in shown if x is not None and x - x == 0]  # their distance is finite too
    low, high = min(finite, default=0.0), max(finite, default=0.0)

    def bar(x: float | None) -> str:
        if x is None or x - x != 0:
            return "–" if x is None else "!"
        return _BARS[int((x / 2 - low) / (high - low) * 7.99)] if high > low else _BARS[3]

    return "".join(map(bar, shown))
