"""A layered layout of our own, for when no Graphviz answers: boxes in columns, wires between them.

The classic four stages (Sugiyama, Tagawa, Toda 1981): columns by longest path, order in a column by
barycentres, heights by least squares, wires as smooth curves. A wire that passes a column has a lane
in it, so no wire runs through a box. Reads nothing but the boxes' sizes and ports; read by layout.py.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from .drawing import Box, Geometry, Segment, Wire

SWEEPS = 12  # barycentre passes; the count of crossings settles after about eight
LANE_LIMIT = (
    100_000  # beyond it a long wire gets no lanes: a second of work, in drawings nobody reads
)
BETWEEN_BOXES, BESIDE_LANE = 20.0, 11.0  # clear space, of boxes and of wires that pass
GAP, WIDEST_GAP = 44.0, 120.0  # between columns; steep wires get more
MARGIN = 12.0
CLEAR, MANY = (
    6.0,
    300,
)  # px between a bend and a box; boxes to look at before lanes are the better way
LEVEL = (0.0, 12.0, 30.0, 60.0)  # px, the level ends to try
STRAIGHT = 8.0  # how much more a wire's lanes hold to each other than to its ends (as dot has it)


@dataclass(slots=True)
class Item:
    """A box, or a wire's lane through a column; ``links`` lead to the items of its neighbours."""

    box: int | None
    height: float
    column: int
    place: int = 0
    top: float = 0.0
    left: list[Link] = field(default_factory=list)
    right: list[Link] = field(default_factory=list)


@dataclass(slots=True)
class Link:
    """A wire's stretch between neighbouring columns: from an item's row to an item's port."""

    tail: int
    head: int
    row: int  # at the tail: which of the source's rows
    port: float  # at the head: how far down
    port_order: float  # 0 to 1, top to bottom


def place(boxes: Sequence[Box], wires: Sequence[Wire]) -> Geometry:
    """Where every box and wire goes. The same graph is always placed the same way."""
    column = _columns(boxes, wires)
    items, columns, routes = _items(boxes, wires, column)
    _order(items, columns)
    rows = _rows(boxes, wires, items, routes)
    for route, row in zip(routes, rows, strict=True):
        route[0].row = row
    _heights(items, columns, boxes)
    return _geometry(boxes, items, columns, routes, rows)


def _columns(boxes: Sequence[Box], wires: Sequence[Wire]) -> list[int]:
    """The column of each box: one right of its furthest operand, but leaves close to their use."""
    column = [0] * len(boxes)
    for wire in wires:  # in order of the consumers, so operands come first
        column[wire.target] = max(column[wire.target], column[wire.source] + 1)
    nearest = [len(boxes)] * len(boxes)
    for wire in reversed(wires):  # consumers first
        source, target = wire.source, wire.target
        if (
            boxes[target].uses > boxes[target].ports
        ):  # moving right shortens more wires than it stretches
            column[target] = max(column[target], min(nearest[target], len(boxes)) - 1)
        nearest[source] = min(nearest[source], column[target])
    for index, box in enumerate(boxes):
        if not box.ports and box.uses:
            column[index] = nearest[index] - 1
    return column


def _items(
    boxes: Sequence[Box], wires: Sequence[Wire], column: list[int]
) -> tuple[list[Item], list[list[int]], list[list[Link]]]:
    """Boxes and lanes, the items of each column, and for each wire the links that it takes."""
    items = [Item(box.index, float(box.height), column[box.index]) for box in boxes]
    start = [float(box.index) for box in boxes]  # postorder: a tree in it has no crossing
    lanes: dict[tuple[int, int, int], int] = {}
    stretches: dict[tuple[int, int], Link] = {}
    routes = []
    for wire in wires:
        source, target = boxes[wire.source], boxes[wire.target]
        shared = 0 if source.shares else wire.use + 1  # many uses leave together, on one lane
        tail, route = wire.source, []
        for at in range(column[wire.source] + 1, column[wire.target]):
            if len(items) - len(boxes) >= LANE_LIMIT:
                break
            key = (wire.source, shared, at)
            lane = lanes.get(key)
            if lane is None:
                lane = lanes[key] = len(items)
                items.append(Item(None, 0.0, at))
                start.append(wire.source + 0.5)
            link = stretches.get((tail, lane))
            if link is None:
                link = stretches[tail, lane] = _link(items, Link(tail, lane, 0, 0.0, 0.5))
            route.append(link)
            tail = lane
        order = (wire.port + 1) / (target.ports + 1)
        route.append(_link(items, Link(tail, wire.target, 0, target.port(wire.port), order)))
        routes.append(route)
    columns: list[list[int]] = [[] for _ in range(max(column, default=0) + 1)]
    for index in sorted(range(len(items)), key=lambda i: (start[i], i)):
        items[index].place = len(columns[items[index].column])
        columns[items[index].column].append(index)
    return items, columns, routes


def _link(items: list[Item], link: Link) -> Link:
    items[link.tail].right.append(link)
    items[link.head].left.append(link)
    return link


def _order(items: list[Item], columns: list[list[int]]) -> None:
    """Order each column to cross few wires: sweeps of barycentres, the best one kept."""
    best, kept = _crossings(items, columns), [list(column) for column in columns]
    for sweep in range(SWEEPS):
        if best == 0:
            break
        rightward = sweep % 2 == 0
        for column in columns[1:] if rightward else reversed(columns[:-1]):
            centre = {}
            for index in column:
                item = items[index]
                if rightward:
                    ends = [items[x.tail].place + _row_order(items, x) for x in item.left]
                else:
                    ends = [items[x.head].place + x.port_order for x in item.right]
                centre[index] = sum(ends) / len(ends) if ends else item.place + 0.5
            column.sort(key=lambda i: (centre[i], items[i].place))
            for position, index in enumerate(column):
                items[index].place = position
        found = _crossings(items, columns)
        if found < best:
            best, kept = found, [list(column) for column in columns]
    for column, order in zip(columns, kept, strict=True):
        column[:] = order
        for position, index in enumerate(order):
            items[index].place = position


def _row_order(items: list[Item], link: Link) -> float:
    """How far down its tail a wire leaves, 0 to 1: rows follow the order of what they lead to."""
    here = items[link.head].place + link.port_order
    others = items[link.tail].right
    if len(others) > 6:  # they leave from one point
        return 0.5
    return (sum(items[x.head].place + x.port_order < here for x in others) + 1) / (len(others) + 1)


def _crossings(items: list[Item], columns: list[list[int]]) -> int:
    """How many pairs of wires cross, by a Fenwick tree over the ports (Barth, Mutzel, Jünger 2004)."""
    total = 0
    for column in columns[:-1]:
        ends = []
        for index in column:
            ends += sorted((items[x.head].place, x.port_order) for x in items[index].right)
        rank = {end: i + 1 for i, end in enumerate(sorted(set(ends)))}
        tree = [0] * (len(rank) + 1)
        for seen, end in enumerate(ends):
            i, before = rank[end], 0
            while i:
                before += tree[i]
                i &= i - 1
            total += seen - before
            i = rank[end]
            while i <= len(rank):
                tree[i] += 1
                i += i & -i
    return total


def _rows(
    boxes: Sequence[Box], wires: Sequence[Wire], items: list[Item], routes: list[list[Link]]
) -> tuple[int, ...]:
    """The row at its source of each wire: top to bottom as the wires go on."""
    leaving: list[list[tuple[int, float, int]]] = [[] for _ in boxes]
    for index, (wire, route) in enumerate(zip(wires, routes, strict=True)):
        leaving[wire.source].append((items[route[0].head].place, route[0].port_order, index))
    rows = [0] * len(wires)
    for box in boxes:
        for row, (_, _, index) in enumerate(sorted(leaving[box.index])):
            rows[index] = 0 if box.shares else row
    return tuple(rows)


def _heights(items: list[Item], columns: list[list[int]], boxes: Sequence[Box]) -> None:
    """The top of every item: as level with its neighbours as the space between items allows."""

    def leaves(link: Link) -> float:
        tail = items[link.tail]
        return tail.top + (0.0 if tail.box is None else boxes[tail.box].row(link.row))

    for column in columns:
        top = 0.0
        for index in column:
            items[index].top = top
            top += items[index].height + BETWEEN_BOXES
    for sweep in range(SWEEPS):
        rightward, both = sweep % 2 == 1, sweep > SWEEPS // 2
        for column in columns if rightward else reversed(columns):
            wanted, weights = [], []
            for index in column:
                item = items[index]
                pull = weight = 0.0
                for link in item.left if rightward or both else ():
                    heft = STRAIGHT if item.box is None and items[link.tail].box is None else 1.0
                    pull += heft * (leaves(link) - link.port)
                    weight += heft
                for link in item.right if both or not rightward else ():
                    heft = STRAIGHT if item.box is None and items[link.head].box is None else 1.0
                    pull += heft * (items[link.head].top + link.port - (leaves(link) - item.top))
                    weight += heft
                wanted.append(pull / weight if weight else item.top)
                weights.append(weight + 0.1)
            _settle(items, column, wanted, weights)


def _settle(
    items: list[Item], column: list[int], wanted: list[float], weights: list[float]
) -> None:
    """Tops nearest to the wanted ones that keep order and space: pooling of adjacent violators."""
    offset, offsets = 0.0, []
    for position, index in enumerate(column):
        if position:
            above, here = items[column[position - 1]], items[index]
            both = above.box is not None and here.box is not None
            offset += above.height + (BETWEEN_BOXES if both else BESIDE_LANE)
        offsets.append(offset)
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for want, weight, at in zip(wanted, weights, offsets, strict=True):
        mean, count = want - at, 1
        while pools and pools[-1][0] > mean:
            other, heft, many = pools.pop()
            mean = (mean * weight + other * heft) / (weight + heft)
            weight, count = weight + heft, count + many
        pools.append((mean, weight, count))
    position = 0
    for mean, _, count in pools:
        for index in column[position : position + count]:
            items[index].top = mean + offsets[position]
            position += 1


def _geometry(
    boxes: Sequence[Box],
    items: list[Item],
    columns: list[list[int]],
    routes: list[list[Link]],
    rows: tuple[int, ...],
) -> Geometry:
    """Coordinates of the columns, corners of the boxes, and the wires as curves between lanes."""
    highest = min((item.top for item in items), default=0.0)
    for item in items:
        item.top = round(item.top - highest + MARGIN, 1)

    def leaves(link: Link) -> float:
        tail = items[link.tail]
        return tail.top + (0.0 if tail.box is None else boxes[tail.box].row(link.row))

    left, right, x = [], [], MARGIN
    for column in columns:
        widest = max((boxes[b].width for i in column if (b := items[i].box) is not None), default=0)
        left.append(x)
        right.append(x + widest)
        rise = [abs(items[k.head].top + k.port - leaves(k)) for i in column for k in items[i].right]
        x += widest + min(WIDEST_GAP, max([GAP, *(0.3 * r for r in rise)]))
    corners = []
    for box in boxes:
        item = items[box.index]
        spare = right[item.column] - left[item.column] - box.width
        corners.append((round(left[item.column] + spare / 2, 1), item.top))
    paths, clear = [], Clearance(boxes, corners)
    for route in routes:
        first, last = items[route[0].tail].box, items[route[-1].head].box
        assert first is not None
        assert last is not None
        y = leaves(route[0])
        path: list[Segment] = [(corners[first][0] + boxes[first].width, y)]
        end_point = (corners[last][0], corners[last][1] + route[-1].port)
        if plain := clear.way(path[0], end_point):
            paths.append(plain)
            continue
        for link in route:
            start, head = right[items[link.tail].column], items[link.head]
            end, down = left[head.column], head.top + link.port
            if path[-1][-2] < start:
                path.append((start, y))
            path.append(bend((start, y), (end, down)))
            y = down
        if path[-1][-2] < end_point[0]:
            path.append(end_point)
        paths.append(tuple(path))
    width = max(right, default=0.0) + MARGIN
    height = max((item.top + item.height for item in items), default=0.0) + MARGIN
    return Geometry(width, height, tuple(corners), rows, tuple(paths), "own")


def bend(start: Segment, end: Segment) -> Segment:
    """A curve between two points that leaves and arrives level, and stays between them."""
    half = (end[0] - start[0]) / 2
    return (start[0] + half, start[1], end[0] - half, end[1], *end)


class Clearance:
    """Finds plain ways: one bend, where no box comes near the rectangle that it spans."""

    def __init__(self, boxes: Sequence[Box], corners: Sequence[tuple[float, float]]) -> None:
        self.boxes = sorted(
            (x, y, x + b.width, y + b.height) for b, (x, y) in zip(boxes, corners, strict=True)
        )
        self.widest = max((box.width for box in boxes), default=0)

    def way(self, start: Segment, end: Segment) -> tuple[Segment, ...] | None:
        """One bend from start to end, perhaps with level ends past wider boxes; None if none is clear."""
        for level in LEVEL:
            leaves, arrives = (start[0] + level, start[1]), (end[0] - level, end[1])
            if arrives[0] - leaves[0] < GAP / 2:
                return None
            if self.clear(leaves, arrives):
                if level == 0.0:
                    return (start, bend(start, end))
                if self.clear(start, leaves) and self.clear(arrives, end):
                    return (start, leaves, bend(leaves, arrives), end)
        return None

    def clear(self, start: Segment, end: Segment) -> bool:
        top, bottom = min(start[1], end[1]) - CLEAR, max(start[1], end[1]) + CLEAR
        near = range(
            bisect_left(self.boxes, (start[0] - self.widest,)), bisect_left(self.boxes, (end[0],))
        )
        return len(near) < MANY and not any(
            right > start[0] and y < bottom and low > top
            for _, y, right, low in map(self.boxes.__getitem__, near)
        )
