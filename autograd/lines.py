"""Lines: orders of a Graph's ops in which what a program did in a loop stands together.

Any line is right: one that keeps operands before their users. They differ in how much repeats.py
finds in them. Dominators are what two of them are made of, and what drawings group by. Reads
graph.py; read by repeats.py and viz. Nothing here recurses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from .graph import Graph


def units(graph: Graph) -> dict[int, list[int]]:
    """The ops that each unit is made of, in order, by its last one, which all others read it by.

    A unit is an op; or a chain or a tree of one record of two slots whose inner results are used
    once each: a sum or a product of many, however its writer put the brackets.
    """
    ops, operands = graph.ops, graph.operands
    uses = [0] * len(ops)
    for xs in operands:
        for x in xs:
            if type(x) is int:
                uses[x] += 1
    for root in graph.roots:
        uses[root] += 2  # who asks for it wants it as it is
    last = list(range(len(ops)))
    members: dict[int, list[int]] = {}
    for op in reversed(range(len(ops))):
        record = ops[op]
        if record is None:
            continue
        members.setdefault(last[op], []).append(op)
        if record.slots == 2:
            for x in operands[op]:
                if type(x) is int and ops[x] is record and uses[x] == 1:
                    last[x] = last[op]
    for found in members.values():
        found.reverse()
    return dict(reversed(members.items()))


class Dominators:
    """The dominator tree of a graph, given as the nodes that each node reads, all of lower number.

    ``above[u]`` is u's immediate dominator: the nearest node through which every way from the roots
    to u leads, or ``top`` where there is none. What u dominates is its region: a part with one
    result. In one sweep, users first, as all of u's users are placed before u; two nodes meet in
    O(log n), as each knows an ancestor to jump to (Myers, "An applicative random-access stack").

    >>> tree = Dominators({1: [], 2: [1], 3: [1], 4: [2, 3]}, roots=[4])
    >>> tree.above[1], tree.above[2], tree.inside[4]
    (4, 4, [1, 2, 3])
    """

    def __init__(self, reads: Mapping[int, Sequence[int]], roots: Iterable[int]) -> None:
        nodes = sorted(reads)
        self.top = top = nodes[-1] + 1 if nodes else 0
        self.above = above = [top] * (top + 1)
        self.depth = depth = [0] * (top + 1)
        self._jump = jump = [top] * (top + 1)
        self.inside: dict[int, list[int]] = {}
        met = bytearray(top + 1)
        for root in roots:
            met[root] = 1
        for u in reversed(nodes):
            d = above[u]
            j = jump[d]
            depth[u] = depth[d] + 1
            jump[u] = jump[j] if depth[d] - depth[j] == depth[j] - depth[jump[j]] else d
            for x in reads[u]:
                above[x] = self.meet(above[x], u) if met[x] else u
                met[x] = 1
        for u in nodes:
            self.inside.setdefault(above[u], []).append(u)

    def up(self, u: int, depth: int) -> int:
        """The dominator of ``u`` that is that deep: ``u`` itself, or one that it lies inside of."""
        while self.depth[u] > depth:
            jump = self._jump[u]
            u = jump if self.depth[jump] >= depth else self.above[u]
        return u

    def meet(self, a: int, b: int) -> int:
        """The deepest that dominates both."""
        above, jump = self.above, self._jump
        a, b = self.up(a, self.depth[b]), self.up(b, self.depth[a])
        while a != b:
            a, b = (jump[a], jump[b]) if jump[a] != jump[b] else (above[a], above[b])
        return a


def lines(graph: Graph, members: Mapping[int, Sequence[int]]) -> Iterator[list[int]]:
    """Lines of the units ``members``, each unit by its last op.

    The order of recording where it is known, else the Graph's own, which is that of a program that
    makes what it needs when it needs it; then two by regions, with siblings by height, which suits
    stencils, or in the Graph's order.
    """
    yield [op for op in graph.recorded or range(len(graph)) if op in members]
    regions = _Regions(graph, members)
    yield regions.line(regions.height.__getitem__)
    yield regions.line(lambda op: op)


class _Regions:
    """The units by dominated regions: each region stands together, what it shares before it.

    A region inside of which one part makes half of it or more is a loop in a row: that *heavy* part
    is the state so far, not a part of this step. Steps so stand beside one another, not in one
    another, and what a step does not need from before stands after what it goes on from.
    """

    def __init__(self, graph: Graph, members: Mapping[int, Sequence[int]]) -> None:
        last = {op: unit for unit, ops in members.items() for op in ops}
        reads = {
            unit: [
                last[x]
                for op in ops
                for x in graph.operands[op]
                if type(x) is int and x in last and last[x] != unit
            ]
            for unit, ops in members.items()
        }
        self.tree = tree = Dominators(reads, [last[r] for r in graph.roots if r in last])
        self.height = height = [0] * (tree.top + 1)
        size = [0] * (tree.top + 1)  # of the region, in ops
        for unit, ops in members.items():
            size[unit] += len(ops)
            size[tree.above[unit]] += size[unit]
            height[unit] = 1 + max([height[x] for x in reads[unit]], default=0)
        self.heavy: dict[int, int] = {}
        for unit, parts in tree.inside.items():
            most = max(parts, key=size.__getitem__)
            if 2 * size[most] >= size[unit]:
                self.heavy[unit] = most
        self.needs: dict[int, list[int]] = {}  # of a part: its siblings that something in it reads
        for unit in members:
            for x in reads[unit]:
                if tree.above[x] in self.heavy and tree.depth[unit] >= tree.depth[x]:
                    self.needs.setdefault(tree.up(unit, tree.depth[x]), []).append(x)

    def line(self, key: Callable[[int], Any]) -> list[int]:
        """All units, with the parts of a region ordered by ``key``."""
        found: list[int] = []
        todo = [(self.tree.top, True)]
        while todo:
            unit, whole = todo.pop()
            if whole:
                todo += reversed(self._opened(unit, key))
            else:
                found.append(unit)
        return found[:-1]  # without the top

    def _opened(self, region: int, key: Callable[[int], Any]) -> list[tuple[int, bool]]:
        """The region's parts, each to be opened in turn, and its own unit: (unit, whole or not).

        Down the chain of heavy parts at once: first what each needs from outside of it, from the
        outermost in, then the parts of the innermost, then the steps that go on from there.
        """
        inside = self.tree.inside
        before: list[int] = []
        steps: list[list[tuple[int, bool]]] = []
        part = region
        while part in self.heavy:
            heavy = self.heavy[part]
            needed = self._needed(heavy)
            parts = sorted(inside[part], key=key)
            before += [x for x in parts if x in needed]
            step = [(x, True) for x in parts if x not in needed and x != heavy]
            steps.append([*step, (part, False)])
            part = heavy
        within = [*before, *sorted(inside.get(part, ()), key=key)]
        own = [(x, True) for x in within] + [(part, False)]
        return own + [entry for step in reversed(steps) for entry in step]

    def _needed(self, part: int) -> set[int]:
        """The part's siblings that have to stand before it."""
        found: set[int] = set()
        look = list(self.needs.get(part, ()))
        while look:
            x = look.pop()
            if x not in found:
                found.add(x)
                look += self.needs.get(x, ())
        return found
