"""One run of a root, and how far it has come: who goes, who could, what has come in by then.

Reads autograd's Graph and Steps; read by blanks.py, steps.py and svg.py. The page's evaluator.js
does the same when a leaf has moved: a test holds it to this.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from autograd.graph import Graph
from autograd.sweep import Contribution, Step, steps_of

Sent = tuple[float, float, float]  # of a Contribution: local, amount, total


class State(NamedTuple):
    """What a drawing shows of a position.

    Attributes:
        now: the node that goes back; None: none.
        ready: nodes that could have gone in its place.
        moving: wires, as (consumer, slot), that carry an amount at this step.
        amounts: what each wire has carried back so far.
        grads: the totals so far; a node that is absent has none yet.
    """

    now: int | None
    ready: set[int]
    moving: set[tuple[int, int]]
    amounts: dict[tuple[int, int], float]
    grads: dict[int, float]


class Run:
    """``forward`` steps there, and as many back: position k is when k of them are done.

    ``ops`` are the op nodes and their records in forward order, ``leaves`` the other nodes, see
    below, ``grads`` the totals. ``passed`` is what each op sends by slot: numbers alone, as all the
    Steps of a large graph cost the garbage collector seconds; they are formed when asked for.
    """

    def __init__(self, graph: Graph, steps: Iterable[Step]) -> None:
        self.graph, self.root = graph, graph.roots[0]
        self.ops = {i: record for i, record in enumerate(graph.ops) if record is not None}
        self.leaves = in_order_of_use(graph)
        self.order = list(self.ops)
        self.forward = len(self.order)
        grads = self.grads = {self.root: 1.0}
        self.passed: dict[int, tuple[Sent | None, ...]] = {}
        for i, step in zip(reversed(self.order), steps, strict=True):
            operands: Any = graph.operands[i]  # nodes all, in slots that are sent to
            passed: list[Sent | None] = [None] * len(operands)
            for _, slot, local, amount, total in step.contributions:
                passed[slot] = local, amount, total
                grads[operands[slot]] = total
            grads[i], self.passed[i] = step.upstream or 0.0, tuple(passed)

    @cached_property
    def turns(self) -> dict[int, Step]:
        """The backward step of each op, the last op's first."""
        return dict(zip(self.passed, steps_of(self.graph, self.graph.recording)))

    @cached_property
    def sent(self) -> dict[int, dict[int, Contribution]]:
        """What each op sends, by slot."""
        return {i: {c.slot: c for c in x.contributions} for i, x in self.turns.items()}

    def turn(self, k: int) -> int:
        """The node whose turn is step ``k``, counted from 1."""
        return self.order[k - 1 if k <= self.forward else 2 * self.forward - k]

    def step(self, i: int, back: bool) -> int:
        """The step in which op ``i`` goes, there or back."""
        rank = bisect_left(self.order, i)
        return 2 * self.forward - rank if back else rank + 1

    def source(self, i: int, slot: int) -> int:
        """The node in ``slot`` of node ``i``, where there is one."""
        x = self.graph.operands[i][slot]
        assert isinstance(x, int)
        return x

    @cached_property
    def arrivals(self) -> list[list[tuple[int, int]]]:
        """The uses of each node in the order in which they send: last op first, slots in order."""
        return [sorted(uses, key=lambda use: (-use[0], use[1])) for uses in self.graph.users]

    def come(self, x: int, i: int) -> int:
        """How many of the uses of ``x`` have sent before node ``i`` goes."""
        users = self.graph.users[x]
        return len(users) - bisect_left(users, (i + 1, 0))

    def ready(self, i: int) -> list[int]:
        """The nodes that could go in the place of ``i``, as all that use them have sent."""
        before = self.order[: bisect_left(self.order, i)]
        return [x for x in reversed(before) if self.graph.users[x][0][0] > i]

    def state(self, k: int | None = None) -> State:
        """What has come back at position ``k``; at the end, with nothing in motion, if None."""
        amounts: dict[tuple[int, int], float] = {}
        grads: dict[int, float] = {}
        back = self.forward if k is None else max(0, k - self.forward)
        for (i, step), _ in zip(self.turns.items(), range(back)):
            grads[i] = step.upstream or 0.0
            for c in step.contributions:
                amounts[i, c.slot] = c.amount
                grads[self.source(i, c.slot)] = c.total
        if k is None or not back:
            return State(None, set(), set(), amounts, grads)
        now = self.turn(k)
        return State(now, set(self.ready(now)), {(now, s) for s in self.sent[now]}, amounts, grads)


def schedule(graph: Graph, box_of: Mapping[int, int] | Sequence[int]) -> list[list[int]]:
    """The ops in stops: what goes at once, where ``box_of`` says which box each node is in.

    A stop is all of one box that can go one after the other; the next one is of the box of the
    first op that is left. Where each op is a box of its own it is the graph's order.
    """
    ops = [i for i, record in enumerate(graph.ops) if record is not None]
    waits = Counter(user for i in ops for user, _ in graph.users[i])
    able: dict[int, list[int]] = {}
    for i in ops:
        if not waits[i]:
            able.setdefault(box_of[i], []).append(i)
    stops: list[list[int]] = []
    for first in ops:
        if waits[first] < 0:  # gone
            continue
        stop, queue = [], able[box_of[first]]
        while queue:
            stop.append(i := queue.pop())
            waits[i] = -1
            for user, _ in graph.users[i]:
                waits[user] -= 1
                if not waits[user]:
                    able.setdefault(box_of[user], []).append(user)
        stops.append(sorted(stop))
    return stops


def in_order_of_use(graph: Graph) -> list[int]:
    """The leaves as the forward steps meet them, those of one module together.

    Its name is what stands before the last dot of a label: ``layer1.neuron1.w1``.
    """
    leaves = [i for i, record in enumerate(graph.ops) if record is None]
    leaves.sort(key=lambda i: graph.users[i][:1])
    modules: dict[str, list[int]] = {}
    for i in leaves:
        modules.setdefault(graph.labels[i].rpartition(".")[0], []).append(i)
    return [i for module in modules.values() for i in module]
