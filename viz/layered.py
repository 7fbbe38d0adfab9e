"""A layered layout of our own, for when no Graphviz answers: boxes in columns, wires between them.

The classic four stages (Sugiyama, Tagawa, Toda 1981): columns by longest path, order in a column
by barycentres, heights by least squares, wires as curves. A wire that passes a column has a lane
in it, so no wire runs through a box; one that passes many goes level, above or below all that
stands there, and its length costs nothing. Reads boxes.py, sizes and ports only; read by layout.py.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Container
from dataclasses import dataclass, field
from itertools import pairwise

from .boxes import Box, Boxes, Geometry, Path, Point, Segment, Wires, rows_of

SWEEPS = 12  # passes over all columns; crossings and heights settle after about eight
FAR = 24  # columns, several screens: a wire that passes more has a lane in the first of them only
LANES = 100_000  # more would take minutes, in a drawing nobody can read: later wires go outside
BETWEEN_BOXES, BESIDE_LANE = 20.0, 11.0  # px, clear space
GAP, WIDEST_GAP, RISE = 38.0, 120.0, 0.3  # px between columns: more for the steep, as they rise
STRAIGHT = 8.0  # how much more a wire's lanes hold to each other than to its ends (dot's figure)
MARGIN = 12.0
NEAREST = 19.0  # px between two boxes, for a bend
CLEAR, MANY = 6.0, 300  # px between a bend and a box; boxes to look at before we give up
LEVEL = (0.0, 12.0, 30.0, 60.0)  # px, level ends of a bend to try


@dataclass(slots=True)
class Item:
    """A box, or a wire's lane through a column; links lead to the items of the next columns."""

    box: Box | None
    column: int
    place: int
    height: float = 0.0
    top: float = 0.0
    left: list[Link] = field(default_factory=list)
    right: list[Link] = field(default_factory=list)
    away: list[Link] = field(default_factory=list)  # the far ones


@dataclass(slots=True)
class Link:
    """A wire's stretch between neighbouring columns: from ``tail``'s row to ``head``'s port.

    Or the ``far`` stretch of a long wire, at a ``level`` above or below all that is in the columns
    that it passes: it moves nothing.
    """

    tail: Item
    head: Item
    port: float = 0.0  # px down the head
    rank: float = 0.5  # the port's, 0 to 1
    far: bool = False
    row: int = 0
    level: float = 0.0

    def __post_init__(self) -> None:
        (self.tail.away if self.far else self.tail.right).append(self)
        if not self.far:
            self.head.left.append(self)

    @property
    def start(self) -> float:
        """How far down it leaves, on the page."""
        return self.tail.top + (self.tail.box.row(self.row) if self.tail.box else 0.0)

    @property
    def end(self) -> float:
        """How far down it arrives, on the page."""
        return self.head.top + self.port

    @property
    def order(self) -> float:
        """Where it arrives in the head's column, in places."""
        return self.head.place + self.rank

    @property
    def stops(self) -> list[tuple[int, int, float]]:
        """From column to column, and how far down it passes them."""
        far = [(self.tail.column + 1, self.head.column - 1, self.level)] * self.far
        return [*far, (self.head.column, self.head.column, self.end)]


Columns = list[list[Item]]
Routes = list[list[Link]]  # of each wire the links that it takes


def place(boxes: Boxes, wires: Wires) -> Geometry:
    """Where every box and wire goes. The same graph is always placed the same way."""
    return arrange(boxes, wires, columns_of(boxes, wires))


def arrange(
    boxes: Boxes, wires: Wires, column: list[int], gap: float = GAP, between: float = BETWEEN_BOXES,
    fixed: Container[int] = (),
) -> Geometry:  # fmt: skip
    """``place`` with boxes in these columns, ``gap`` px apart, and ``between`` above each other.

    The boxes ``fixed`` have a row a wire, ``use``, that is not ours to choose.
    """
    columns, routes = _items(boxes, wires, column)
    _order(columns)
    rows = rows_of(boxes, wires, [route[0].order for route in routes])
    for wire, route, row in zip(wires, routes, rows, strict=True):
        route[0].row = wire.use if wire.source in fixed else row
    _heights(columns, between)
    _levels(columns)
    return _geometry(boxes, wires, columns, routes, gap)


def columns_of(boxes: Boxes, wires: Wires) -> list[int]:
    """The column of each box: one right of its furthest operand; leaves next to their first use."""
    column, nearest = [0] * len(boxes), [len(boxes)] * len(boxes)
    for wire in wires:  # they come in the order of their targets
        column[wire.target] = max(column[wire.target], column[wire.source] + 1)
    for wire in reversed(wires):
        box = boxes[wire.target]
        if box.uses > box.ports:  # further right, more wires get shorter than longer
            column[box.index] = nearest[box.index] - 1
        nearest[wire.source] = min(nearest[wire.source], column[box.index])
    return [nearest[box.index] - 1 if box.leaf and box.uses else column[box.index] for box in boxes]


def _items(boxes: Boxes, wires: Wires, column: list[int]) -> tuple[Columns, Routes]:
    """The items of each column, and of each wire the links that it takes."""
    columns: Columns = [[] for _ in range(max(column, default=0) + 1)]
    of_box = [Item(box, column[box.index], box.index, box.height) for box in boxes]
    for item in of_box:
        columns[item.column].append(item)
    lanes: dict[tuple[int, int, int], Link] = {}  # by the link that leads into each
    routes = []  # and where many uses leave together, they have one lane
    uses = [(wire.source, -1 if boxes[wire.source].shares else wire.use) for wire in wires]
    reach = dict.fromkeys(uses, 0)
    for use, wire in zip(uses, wires):
        reach[use] = max(reach[use], column[wire.target])
    for use, wire in zip(uses, wires):
        tail, head, route = of_box[wire.source], of_box[wire.target], []
        between = range(tail.column + 1, head.column)
        far = len(between) > 1 and (reach[use] - between[0] > FAR or len(lanes) > LANES)
        for at in between[:1] if far else between:
            key = (*use, at)
            if key not in lanes:
                lanes[key] = Link(tail, Item(None, at, wire.source))
                columns[at].append(lanes[key].head)
            route.append(lanes[key])
            tail = lanes[key].head
        rank = (wire.port + 1) / (boxes[wire.target].ports + 1)
        route.append(Link(tail, head, boxes[wire.target].port(wire.port), rank, far))
        routes.append(route)
    for items in columns:
        items.sort(key=lambda item: item.place)  # in postorder a tree has no crossing
        _number(items)
    return columns, routes


def _number(items: list[Item]) -> None:
    for place, item in enumerate(items):
        item.place = place


def _order(columns: Columns) -> None:
    """Order each column so that few wires cross: sweeps of barycentres, the best one kept."""
    best, kept = _crossings(columns), [list(items) for items in columns]
    for sweep in range(SWEEPS if best else 0):
        for items in columns if sweep % 2 == 0 else reversed(columns):
            centre = {}
            for item in items:
                left = [link.tail.place + 0.5 for link in item.left]
                ends = left if sweep % 2 == 0 else [link.order for link in item.right]
                centre[id(item)] = sum(ends) / len(ends) if ends else item.place + 0.5
            items.sort(key=lambda item: centre[id(item)])
            _number(items)
        found = _crossings(columns)
        if found < best:
            best, kept = found, [list(items) for items in columns]
    columns[:] = kept
    for items in columns:
        _number(items)


def _crossings(columns: Columns) -> int:
    """How many pairs of wires cross: inversions in the order of their far ends."""
    total = 0
    for items in columns:
        seen: list[float] = []
        for item in items:
            for end in sorted(link.order for link in item.right):
                total += len(seen) - bisect_right(seen, end)
                insort(seen, end)
    return total


def _heights(columns: Columns, between: float) -> None:
    """The top of every item: as level with its neighbours as the space between items allows."""
    for items in columns:
        _settle(items, [0.0] * len(items), [1.0] * len(items), between)
    for sweep in range(SWEEPS):
        rightward, both = sweep % 2 == 1, sweep > SWEEPS // 2
        for items in columns if rightward else reversed(columns):
            wanted, weights = [], []
            for item in items:
                pulls = [(x.tail, x.start - x.port) for x in item.left if rightward or both]
                for x in item.right if both or not rightward else ():
                    pulls.append((x.head, x.end - (x.start - item.top)))
                force = [STRAIGHT if item.box is other.box else 1.0 for other, _ in pulls]
                weights.append(sum(force) + 0.1)
                pull = sum(f * top for f, (_, top) in zip(force, pulls, strict=True))
                wanted.append((pull + 0.1 * item.top) / weights[-1])
            _settle(items, wanted, weights, between)


def _settle(
    items: list[Item], wanted: list[float], weights: list[float], between: float
) -> None:
    """The tops nearest to the wanted ones that keep order and space: pooling adjacent violators."""
    offsets = [0.0]
    for above, item in pairwise(items):
        space = between if above.box and item.box else BESIDE_LANE
        offsets.append(offsets[-1] + above.height + space)
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for want, weight, offset in zip(wanted, weights, offsets):
        mean, count = want - offset, 1
        while pools and pools[-1][0] > mean:
            other, heft, many = pools.pop()
            mean = (mean * weight + other * heft) / (weight + heft)
            weight, count = weight + heft, count + many
        pools.append((mean, weight, count))
    tops = [mean for mean, _, count in pools for _ in range(count)]
    for item, top, offset in zip(items, tops, offsets):
        item.top = top + offset


def _levels(columns: Columns) -> None:
    """Lay far links above or below all that stands in the columns they pass, the shortest first."""
    there = [[x for x in items if x.box or x.right] for items in columns]  # but their own lanes
    highest = [min((x.top for x in items), default=0.0) for items in there]
    lowest = [max((x.top + x.height for x in items), default=0.0) for items in there]
    away = [(max(k.head.column for k in x.away), x) for items in columns for x in items if x.away]
    for end, lane in sorted(away, key=lambda far: far[0] - far[1].column):
        passed = slice(lane.column + 1, end)
        above, below = min(highest[passed]) - BESIDE_LANE, max(lowest[passed]) + BESIDE_LANE
        level, taken = (above, highest) if 2 * lane.top < above + below else (below, lowest)
        taken[passed] = [level] * len(taken[passed])
        for link in lane.away:
            link.level = level


def _geometry(
    boxes: Boxes, wires: Wires, columns: Columns, routes: Routes, gap: float
) -> Geometry:
    """Coordinates of the columns, corners of the boxes, and the wires as bends between lanes."""
    heights = [(item.top, item.top + item.height) for items in columns for item in items]
    heights += [(route[-1].level,) * 2 for route in routes if route[-1].far]
    down = MARGIN - min((top for top, _ in heights), default=0.0)
    for item in (item for items in columns for item in items):
        item.top = round(item.top + down, 1)
    rises, ways = [0.0] * len(columns), []
    for route in routes:
        route[-1].level += down
        at = route[0].tail.column
        ways.append([(at, at, route[0].start), *(stop for link in route for stop in link.stops)])
        for (_, _, y), (at, _, level) in pairwise(ways[-1]):
            steep = at - (gap < GAP)
            rises[steep] = max(rises[steep], abs(level - y))
    spans, corners, x = [], [(0.0, 0.0)] * len(boxes), MARGIN
    for items, rise in zip(columns, rises):
        widest = max((item.box.width for item in items if item.box), default=0)
        spans.append((x, x + widest))
        for item in items:
            if item.box:
                corners[item.box.index] = (round(x + (widest - item.box.width) / 2, 1), item.top)
        x += widest + min(WIDEST_GAP, max(gap, RISE * rise))
    paths, clearance = [], Clearance(boxes, corners)
    for wire, route, way in zip(wires, routes, ways):
        start = (corners[wire.source][0] + boxes[wire.source].width, route[0].start)
        end = (corners[wire.target][0], corners[wire.target][1] + route[-1].port)
        path: list[Segment] = [start]
        for (_, left, y), (into, _, level) in pairwise(way):
            leaves = (spans[left][1], y)
            path += [leaves, bend(leaves, (spans[into][0], level))]
        paths.append(clearance.way(start, end) or (*path, end))
    height = max((low for _, low in heights), default=0.0) + down + MARGIN
    width, rows = spans[-1][1] + MARGIN, tuple(route[0].row for route in routes)
    return Geometry(width, height, tuple(corners), rows, tuple(paths), "own")


def bend(start: Segment, end: Segment) -> Segment:
    """A curve between two points that leaves and arrives level, and stays between them."""
    half = (end[0] - start[0]) / 2
    return (start[0] + half, start[1], end[0] - half, end[1], *end)


class Clearance:
    """Finds plain ways: one bend, where no box comes near the rectangle that it spans."""

    def __init__(self, boxes: Boxes, corners: list[Point]) -> None:
        placed = zip(boxes, corners, strict=True)
        self.boxes = sorted(
            (x, y, x + box.width, y + box.height) for box, (x, y) in placed if box.width
        )
        self.widest = max((box.width for box in boxes), default=0)

    def way(self, start: Point, end: Point) -> Path | None:
        """One bend, perhaps with level ends past wider boxes; None if no such way is clear."""
        for level in LEVEL:
            leaves, arrives = (start[0] + level, start[1]), (end[0] - level, end[1])
            if arrives[0] - leaves[0] < NEAREST:
                break
            if all(map(self.clear, (start, leaves, arrives), (leaves, arrives, end))):
                return (start, leaves, bend(leaves, arrives), end)
        return None

    def clear(self, start: Point, end: Point) -> bool:
        top, bottom = min(start[1], end[1]) - CLEAR, max(start[1], end[1]) + CLEAR
        first = bisect_left(self.boxes, (start[0] - self.widest,))
        near = self.boxes[first : bisect_left(self.boxes, (end[0],))]
        blocks = (right > start[0] and y < bottom and low > top for _, y, right, low in near)
        return len(near) < MANY and not any(blocks)
