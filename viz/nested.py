"""Where the boxes of a folded drawing go: the inside of each frame first, then it is one box.

A wire that crosses a frame's border does so at a height found inside: on the left going in, on the
right going out. One that goes against the order of boxes, as a loop in a row carries, leads back
below all that it passes. Reads boxes.py and layered.py, which places each level; read by
drawing.py.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from .boxes import Box, Boxes, Frame, Geometry, Path, Point, Wire, Wires
from .layered import MARGIN, arrange, columns_of
from .letters import PAD_X, fit, text_width

GAP, BETWEEN = 30.0, 14.0  # px between columns, and above each other: a box here says more
HEAD = 16  # px, for a frame's title
TURN, BELOW, APART = 18.0, 14.0, 8.0  # px: how far a way back swings out, and runs below


End = int | str  # a box; ~ a frame's level; as text, the wire that crosses the border there


@dataclass(frozen=True, slots=True)
class Block(Box):
    """A frame in the level around it, or the place on a frame's border where a wire crosses it."""

    exits: dict[int, float] = field(default_factory=dict)  # by wire, px down the right edge
    entries: dict[int, float] = field(default_factory=dict)

    @property
    def shares(self) -> bool:
        return False

    def row(self, row: int) -> float:
        return list(self.exits.values())[row]

    def port(self, port: int) -> float:
        return list(self.entries.values())[port]


@dataclass(slots=True)
class Piece:
    """A wire's part in a level, from block to block."""

    wire: int
    ends: tuple[End, End]


@dataclass(slots=True)
class Level:
    """The inside of a frame, or of the drawing. ``frames`` are its places in the list of levels."""

    frame: Frame | None
    parent: int
    boxes: list[int] = field(default_factory=list)
    frames: list[int] = field(default_factory=list)
    order: dict[int, float] = field(default_factory=dict)  # of boxes, and of frames by ~place
    first: float = 0.0  # of those that are not there from the start
    pieces: list[Piece] = field(default_factory=list)
    blocks: list[Box] = field(default_factory=list)  # those on the left border, ``entering``,
    entering: int = 0  # then from there to ``real`` what is inside, then those on the right border
    real: int = 0
    width: float = 0.0
    height: float = 0.0
    left: float = 0.0  # its border, in the level's own px; its top is HEAD above 0
    entries: dict[int, float] = field(default_factory=dict)  # by wire, px down its border
    exits: dict[int, float] = field(default_factory=dict)
    corners: dict[int, Point] = field(default_factory=dict)  # of boxes, and of frames by ~place
    paths: dict[int, Path] = field(default_factory=dict)
    rows: dict[int, int] = field(default_factory=dict)


def place(boxes: Boxes, wires: Wires, frames: Sequence[Frame] = ()) -> Geometry:
    """Where every box, wire and frame goes. The same drawing is always placed the same way."""
    levels = _levels(boxes, wires, frames)
    home = {box: at for at, level in enumerate(levels) for box in level.boxes}
    ways = [_split(levels, home, at, wire) for at, wire in enumerate(wires)]
    for level in reversed(levels):
        _lay(level, levels, boxes, wires)
    origins: list[Point] = []
    for at, level in enumerate(levels):
        x, y = max(0.0, -level.left), 0.0
        if at:
            x, y = origins[level.parent]
            dx, dy = levels[level.parent].corners[~at]
            x, y = x + dx - level.left, y + dy + HEAD
        origins.append((x, y))
    corners = [(0.0, 0.0)] * len(boxes)
    for level, (x, y) in zip(levels, origins, strict=True):
        for box in level.boxes:
            dx, dy = level.corners[box]
            corners[box] = (round(x + dx, 1), round(y + dy, 1))
    paths = []
    for at, way in enumerate(ways):
        pieces = [_moved(levels[where].paths[at], *origins[where]) for where in way]
        paths.append(tuple(segment for piece in pieces for segment in piece))
    framed = tuple(
        (level.frame, x + level.left, y - HEAD, level.width, level.height)
        for level, (x, y) in zip(levels, origins, strict=True)
        if level.frame
    )
    rows = tuple(levels[way[0]].rows[at] for at, way in enumerate(ways))
    width, height = levels[0].width + origins[0][0], levels[0].height
    return Geometry(width, height, tuple(corners), rows, tuple(paths), "own", framed)


def _levels(boxes: Boxes, wires: Wires, frames: Sequence[Frame]) -> list[Level]:
    """The drawing and all frames, outer ones before those inside."""
    made = {wire.target for wire in wires}  # the others can stand before all else
    levels, inside = [Level(None, 0)], [frames]
    for at, children in enumerate(inside):  # grows on the way
        for frame in children:
            levels[at].frames.append(len(levels))
            levels.append(Level(frame, at, boxes=sorted(frame.boxes)))
            inside.append(frame.frames)
    framed = {box for level in levels for box in level.boxes}
    levels[0].boxes = [box.index for box in boxes if box.index not in framed]
    for level in reversed(levels):
        level.order = {box: box if box in made else box - len(boxes) for box in level.boxes}
        level.order.update({~x: levels[x].first - 0.5 for x in level.frames})
        level.first = min((x for x in level.order.values() if x >= 0), default=-0.5)
    return levels


def _split(levels: list[Level], home: dict[int, int], at: int, wire: Wire) -> list[int]:
    """Gives each level that a wire passes its piece; the levels in the wire's order."""
    up, down = _outwards(levels, home[wire.source]), _outwards(levels, home[wire.target])
    while len(up) > 1 and len(down) > 1 and up[-2] == down[-2]:
        up.pop(), down.pop()
    sources = [wire.source, *(~x for x in up)]
    targets = [wire.target, *(~x for x in down)]
    for where, source in zip(up[:-1], sources):
        levels[where].pieces.append(Piece(at, (source, str(at))))
    meet = sources[len(up) - 1], targets[len(down) - 1]
    levels[up[-1]].pieces.append(Piece(at, meet))
    for where, target in zip(down[:-1], targets):
        levels[where].pieces.append(Piece(at, (str(at), target)))
    return [*up, *reversed(down[:-1])]


def _outwards(levels: list[Level], at: int) -> list[int]:
    found = [at]
    while found[-1]:
        found.append(levels[found[-1]].parent)
    return found


def _lay(level: Level, levels: list[Level], boxes: Boxes, wires: Wires) -> None:
    """Places what is in a level, and finds its size and where wires cross its border."""
    number = _blocks(level, levels, boxes)
    blocks, taken = level.blocks, dict[int, int]()
    forward, back = list[Wire](), list[Wire]()  # between blocks; a wire's own place is its slot
    for piece in level.pieces:
        at, source, target = piece.wire, number[piece.ends[0]], number[piece.ends[1]]
        use, port = taken.get(source, 0), wires[at].port
        taken[source] = use + 1
        for x, crossed in ((source, True), (target, False)):
            block = blocks[x]
            if isinstance(block, Block):
                ends = block.exits if crossed else block.entries
                use, port = (list(ends).index(at), port) if crossed else (use, list(ends).index(at))
        (forward if source < target else back).append(Wire(source, target, at, port, use))
    forward.sort(key=lambda wire: wire.target)
    column = _columns(level, forward)
    fixed = {at for at, block in enumerate(blocks) if isinstance(block, Block)}
    found = arrange(blocks, forward, column, GAP, BETWEEN, fixed)
    forward = _ports(forward, found, blocks)
    found = arrange(blocks, forward, column, GAP, BETWEEN, fixed)
    for wire, path, row in zip(forward, found.paths, found.rows, strict=True):
        level.paths[wire.slot], level.rows[wire.slot] = path, row
    level.width, level.height = found.width, found.height
    level.corners = dict(zip(level.order, found.corners[level.entering : level.real]))
    _lead_back(level, back, found.corners, column, Counter(wire.source for wire in forward))
    if level.frame:
        _border(level, level.frame, found.corners, number)


def _blocks(level: Level, levels: list[Level], boxes: Boxes) -> dict[End, int]:
    """Finds what stands in a level; of each end of its pieces the place among the blocks."""
    level.order = dict(sorted(level.order.items(), key=lambda x: x[1]))
    entering = [piece.ends[0] for piece in level.pieces if type(piece.ends[0]) is str]
    leaving = [piece.ends[1] for piece in level.pieces if type(piece.ends[1]) is str]
    ends: list[End] = [*entering, *level.order, *leaving]
    for at, end in enumerate(ends):
        if isinstance(end, str):
            level.blocks.append(_block(at, 0, 0, {int(end): 0.0}, {int(end): 0.0}))
        elif end >= 0:
            level.blocks.append(replace(boxes[end], index=at))
        else:
            inner = levels[~end]
            sides = int(inner.width), int(inner.height)
            level.blocks.append(_block(at, *sides, inner.exits, inner.entries))
    level.entering, level.real = len(entering), len(entering) + len(level.order)
    return {end: at for at, end in enumerate(ends)}


def _block(
    index: int, width: int, height: int, exits: dict[int, float], entries: dict[int, float]
) -> Block:
    """With wires in the order of their heights."""
    return Block(
        index, "frame", "", "", "", None, None, len(exits), len(entries), False, False,
        width, height,
        exits=dict(sorted(exits.items(), key=lambda x: x[1])),
        entries=dict(sorted(entries.items(), key=lambda x: x[1])),
    )  # fmt: skip


def _columns(level: Level, wires: list[Wire]) -> list[int]:
    """The column of each block: those on the left border first, those on the right one last."""
    first, end = level.entering, level.real
    inner = [
        wire._replace(source=wire.source - first, target=wire.target - first)
        for wire in wires
        if wire.source >= first and wire.target < end
    ]
    moved = [replace(box, index=at) for at, box in enumerate(level.blocks[first:end])]
    column = [x + (first > 0) for x in columns_of(moved, inner)]
    last = max(column, default=0) + 1
    return [0] * first + column + [last] * (len(level.blocks) - end)


def _ports(wires: list[Wire], found: Geometry, blocks: Boxes) -> list[Wire]:
    """The wires with ports in the order in which they come, where a box has no order of its own."""
    come, ports = [path[-3][-1] for path in found.paths], [wire.port for wire in wires]
    for target in (block.index for block in blocks if block.many):
        here = [n for n, wire in enumerate(wires) if wire.target == target]
        for port, n in zip(sorted(ports[n] for n in here), sorted(here, key=come.__getitem__)):
            ports[n] = port
    return [wire._replace(port=port) for wire, port in zip(wires, ports, strict=True)]


def _lead_back(
    level: Level, back: list[Wire], corners: Sequence[Point], column: list[int], rows: Counter[int]
) -> None:
    """Ways from a block's right, below all that stands between, to the left of one before it."""
    taken: list[tuple[int, int, float]] = []
    blocks = level.blocks
    spots = [(x, y, x + box.width, y + box.height) for box, (x, y) in zip(blocks, corners)]
    back.sort(key=lambda wire: column[wire.source] - column[wire.target])
    for n, wire in enumerate(back):
        source, target = blocks[wire.source], blocks[wire.target]
        into, out = column[wire.target], column[wire.source]
        first, last = min(into, out), max(into, out)  # not in this order if nothing else binds them
        passed = [spot for spot, at in zip(spots, column) if first <= at <= last]
        left = min(spot[0] for spot, at in zip(spots, column) if at == into)
        right = max(spot[2] for spot, at in zip(spots, column) if at == out)
        low = max(spot[3] for spot in passed)
        bends = (bend for path in level.paths.values() for bend in path)
        low = max(low, *(bend[-1] for bend in bends if left < bend[-2] < right), 0.0) + BELOW
        for one, other, height in taken:
            low = max(low, height + APART) if one <= last and first <= other else low
        taken.append((first, last, low))
        row = 0 if source.shares else rows[wire.source]
        level.rows[wire.slot] = row = wire.use if isinstance(source, Block) else row
        rows[wire.source] += 1
        (x, y), (u, v) = corners[wire.source], corners[wire.target]
        y, v, turn = y + source.row(row), v + target.port(wire.port), TURN + 3 * n
        level.paths[wire.slot] = (
            (x + source.width, y), (right, y), (right + turn, y, right + turn, low, right, low),
            (left, low), (left - turn, low, left - turn, v, left, v), (u, v),
        )  # fmt: skip
        level.height = max(level.height, low + MARGIN)
        level.width = max(level.width, right + turn)
        level.left = min(level.left, left - turn)


def _border(
    level: Level, frame: Frame, corners: Sequence[Point], number: dict[End, int]
) -> None:
    """Where the frame's edges are, and at which heights wires cross them."""
    level.left = MARGIN if level.entering else min(0.0, level.left)
    leaving = level.real < len(level.blocks)
    edge = corners[level.real][0] if leaving else level.width
    width = max(edge - level.left, text_width(fit(frame.title)) + 2 * PAD_X)
    level.width, level.height = math.ceil(width), math.ceil(level.height + HEAD)
    for piece in level.pieces:
        source, target = piece.ends
        if isinstance(source, str):
            level.entries[piece.wire] = corners[number[source]][1] + HEAD
        if isinstance(target, str):
            y = corners[number[target]][1]
            level.exits[piece.wire] = y + HEAD
            level.paths[piece.wire] += ((level.left + level.width, y),)


def _moved(path: Path, x: float, y: float) -> Path:
    return tuple(
        tuple(n + (y if i % 2 else x) for i, n in enumerate(segment)) for segment in path
    )
