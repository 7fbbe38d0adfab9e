"""``viz.trace``: the steps of a root's run, to print, to index, to save as a page.

Reads autograd's ``backward_steps``, walk.py (the words), page.py, drawing.py and notebook.py.
"""

from __future__ import annotations

import copy
import operator
import os
from collections.abc import Sequence
from typing import overload

from autograd.sweep import Step
from autograd.value import Value
from autograd.writing import write_whole

from . import notebook
from .drawing import final
from .letters import printable
from .training import Training, training
from .walk import Walk, walk_of

PRINTED = 40  # steps, half of them the last, and leaves, of a printed walk
NUDGED = 400_000  # ops, in half a second: each leaf's nudge is the whole graph again
INDENT = {"row": "  ", "total": "  "}


class Position(Step):
    """A Step that knows its walk: ``str`` of it is its text."""

    walk: Walk
    k: int

    def __str__(self) -> str:
        return printable(_text(self.walk, self.k))

    def _repr_html_(self) -> str:
        return notebook.text(_text(self.walk, self.k))


class Trace(Sequence[Position]):
    """The steps of a root's run, forward and then backward: print it, index it, save it as a page.

    ``forward`` is how many steps go forward; as many come back. A slice is a Trace of those steps;
    its page is the whole walk.
    """

    def __init__(
        self, root: Value, train: Sequence[Value] | None = None, learning_rate: float = 0.1,
        map: tuple[Value, Value, Value] | None = None,
    ) -> None:  # fmt: skip
        self.walk = walk_of(root, "trace")
        self.graph, self.forward = self.walk.graph, self.walk.forward
        self.training: Training = training(self.walk, train, learning_rate, map)
        self._shown = range(1, 2 * self.forward + 1)

    def __len__(self) -> int:
        return len(self._shown)

    @overload
    def __getitem__(self, index: int) -> Position: ...
    @overload
    def __getitem__(self, index: slice) -> Trace: ...
    def __getitem__(self, index: int | slice) -> Position | Trace:
        if isinstance(index, slice):
            part = copy.copy(self)
            part._shown = self._shown[index]
            return part
        walk, k = self.walk, self._shown[index]
        i = walk.turn(k)
        made = Step(self.graph.nodes[i], "forward", None, ())
        position = Position(*(made if k <= self.forward else walk.turns[i]))
        position.walk, position.k = walk, k
        return position

    def __str__(self) -> str:
        walk, texts, half, more = self.walk, [], PRINTED // 2, len(self) - PRINTED
        ends = (*self._shown[:half], 0, *self._shown[-half:])
        for k in ends if more > 0 else self._shown:
            texts.append(_text(walk, k) if k else f"… {more} more")
            if k == self.forward:
                texts.append(walk.fill(walk.question()))
        if not self.forward or 2 * self.forward in self._shown:
            texts.append(table(walk))
        return printable("\n\n".join(texts))

    def __repr__(self) -> str:
        n, name = self.forward, self.walk.variable
        steps = f"Trace of {self.walk.result}: {n} forward, {n} backward steps."
        return f'{steps} print() it, .save("{name}.html"), .open(), viz.play({name})'

    def html(self, step: int | None = None) -> str:
        """One HTML file: the drawing and the walk, shown step by step, following moved inputs.

        It opens when the forward steps are done, or at ``step``.

        Raises:
            IndexError: there is no such step.
        """
        from .page import page  # a third of what importing viz may cost

        if step is not None and operator.index(step) not in range(2 * self.forward + 1):
            raise IndexError(f"html: step must be 0 to {2 * self.forward}, got {step}")
        return page(self.walk, step, *self.training)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write ``html()`` to ``path``, wholly or not at all."""
        write_whole(path, self.html().encode())

    def open(self) -> None:
        """Open ``html()`` in a browser, from a temporary file, and print where that is."""
        print(printable(notebook.opened(self.html(), self.walk.variable)))

    def _repr_html_(self) -> str:
        drawing = final(self.walk)
        picture = notebook.image(drawing.svg, drawing.title)
        return notebook.live(self.html(), picture, repr(self))


def _text(walk: Walk, k: int) -> str:
    """The text of position ``k``."""
    lines = walk.position(k)
    return "\n".join(INDENT.get(part, "") + walk.fill(line) for part, line in lines)


def table(walk: Walk) -> str:
    """What is below the last step: the leaves, their gradients, and what a nudge does."""
    rows = [["leaf", "value", "gradient", "nudge"]]
    most = max(2, min(PRINTED, NUDGED // len(walk.graph)))
    rows += [[walk.fill(cell) for cell in row] for row in walk.table(most)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = ["  ".join((*map(str.ljust, row, widths), row[3])) for row in rows]
    if len(walk.leaves) > most:
        lines.append(f"… {len(walk.leaves) - most} more")
    return "\n".join([*lines, *filter(None, [walk.held()])])


def trace(
    root: Value, train: Sequence[Value] | None = None, learning_rate: float = 0.1,
    map: tuple[Value, Value, Value] | None = None,
) -> Trace:  # fmt: skip
    """The steps of ``root``'s run: forward, op by op, then backward, gradient by gradient.

    It writes nothing, not even a gradient.

    Args:
        train: leaves, as ``model.parameters()`` gives them: the page has a button that trains them,
            w ← w - learning_rate × gradient.
        learning_rate: > 0; the page has a field for another.
        map: an output and two leaves under ``root``: the page paints it over their range.
    Raises:
        TypeError, ValueError: what cannot be trained; and what ``backward_steps`` raises.

    >>> from autograd import Value
    >>> w = Value(1.5, "w")
    >>> print(trace(w * w)[1])
    Step 2 of 2 · backward 1 of 1
    y goes first: it is the number we ask about.
    dy/dy = 1: if it rises by 1, it rises by 1.
    A product passes on the gradient times the other factor.
      to w, 1st: dy/dy × w = 1 × 1.5 = 1.5
      to w, 2nd: dy/dy × w = 1 × 1.5 = 1.5
      w: – → 1.5 → 3, 2 of 2 in: final
    added, because w is used 2 times
    """
    return Trace(root, train, learning_rate, map)
