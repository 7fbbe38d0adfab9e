"""Where the boxes of a folded drawing go: the inside of each frame first, then it is one box.

A wire that crosses a frame's border does so at a height found inside: on the left going in, on the
right going out. One that goes against the order of boxes, as a loop in a row carries, leads back
below all that it passes. Reads boxes.py, bars.py and layered.py, which places each level; read by
layout.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from . import bars
from .boxes import PAD_X, Box, Boxes, Frame, Geometry, Path, Point, Wire, Wires, text_width
from .layered import MARGIN, arrange, columns_of

GAP, BETWEEN = 30.0, 14.0  # px between columns, and above each other: a box here says more
HEAD = 16  # px, for a frame's title
TURN, BELOW, APART = 18.0, 14.0, 8.0  # px: how far a way back swings out, and runs below


@dataclass(frozen=True, slots=True)
class Block(Box):
    """A frame in the level around it, or the place on a frame's border where a wire crosses it."""

    exits: tuple[float, ...] = ()  # px down, of each wire
    entries: tuple[float, ...] = ()

    @property
    def shares(self) -> bool:
        return False

    def row(self, row: int) -> float:
        return self.exits[row]

    def port(self, port: int) -> float:
        return self.entries[port]


@dataclass(slots=True)
class Piece:
    """A wire's part in a level, between blocks by key; None: to the border, or from it."""

    wire: int
    source: int | None
    target: int | None


@dataclass(slots=True)
class Level:
    """The inside of a frame, or of the drawing. ``frames`` are its places in the list of levels."""

    frame: Frame | None
    parent: int
    boxes: list[int] = field(default_factory=list)
    frames: list[int] = field(default_factory=list)
    first: int = 0  # the first box inside, in it or deeper: its place in the order
    pieces: list[Piece] = field(default_factory=list)
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
    levels = _levels(boxes, frames)
    home = {box: at for at, level in enumerate(levels) for box in level.boxes}
    ways = [_split(levels, home, at, wire) for at, wire in enumerate(wires)]
    for level in reversed(levels):
        _lay(level, levels, boxes, wires)
    origins: list[Point] = []
    for at, level in enumerate(levels):
        x, y = 0.0, 0.0
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
    width, height = levels[0].width, levels[0].height
    return Geometry(width, height, tuple(corners), rows, tuple(paths), "own", framed)


def _levels(boxes: Boxes, frames: Sequence[Frame]) -> list[Level]:
    """The drawing and all frames, outer ones before those inside."""
    levels, inside = [Level(None, 0)], [frames]
    for at, children in enumerate(inside):  # grows on the way
        for frame in children:
            levels[at].frames.append(len(levels))
            levels.append(Level(frame, at, boxes=sorted(frame.boxes)))
            inside.append(frame.frames)
    framed = {box for level in levels for box in level.boxes}
    levels[0].boxes = [box.index for box in boxes if box.index not in framed]
    for level in reversed(levels):
        firsts = [*level.boxes[:1], *(levels[x].first for x in level.frames)]
        level.first = min(firsts, default=len(boxes))
    return levels


def _split(levels: list[Level], home: dict[int, int], at: int, wire: Wire) -> list[int]:
    """Gives each level that a wire passes its piece; the levels in the wire's order."""
    up, down = _outwards(levels, home[wire.source]), _outwards(levels, home[wire.target])
    while len(up) > 1 and len(down) > 1 and up[-2] == down[-2]:
        up.pop(), down.pop()
    sources = [wire.source, *(~x for x in up)]
    targets = [wire.target, *(~x for x in down)]
    for where, source in zip(up[:-1], sources):
        levels[where].pieces.append(Piece(at, source, None))
    levels[up[-1]].pieces.append(Piece(at, sources[len(up) - 1], targets[len(down) - 1]))
    for where, target in zip(down[:-1], targets):
        levels[where].pieces.append(Piece(at, None, target))
    return [*up, *reversed(down[:-1])]


def _outwards(levels: list[Level], at: int) -> list[int]:
    found = [at]
    while found[-1]:
        found.append(levels[found[-1]].parent)
    return found


def _lay(level: Level, levels: list[Level], boxes: Boxes, wires: Wires) -> None:
    """Places what is in a level, and finds its size and where wires cross its border."""
    order = {box: float(box) for box in level.boxes}
    order.update({~x: levels[x].first - 0.5 for x in level.frames})
    keys = sorted(order, key=order.__getitem__)
    blocks: list[Box] = []
    number: dict[object, int] = {}
    for piece in level.pieces:
        if piece.source is None:
            number["in", piece.wire] = len(blocks)
            blocks.append(_block(len(blocks), uses=1, exits=(0.0,)))
    entering = len(blocks)
    for key in keys:
        number[key] = len(blocks)
        if key >= 0:
            blocks.append(replace(boxes[key], index=len(blocks)))
        else:
            inner = levels[~key]
            ends = [tuple(sorted(x.values())) for x in (inner.exits, inner.entries)]
            blocks.append(_block(len(blocks), inner.width, inner.height, *map(len, ends), *ends))
    real = len(blocks)
    for piece in level.pieces:
        if piece.target is None:
            number["out", piece.wire] = len(blocks)
            blocks.append(_block(len(blocks), ports=1, entries=(0.0,)))
    forward, back = [], []
    taken: dict[int, int] = {}
    for piece in level.pieces:
        source = number["in", piece.wire] if piece.source is None else number[piece.source]
        target = number["out", piece.wire] if piece.target is None else number[piece.target]
        wire = wires[piece.wire]
        use = taken[source] = taken.get(source, -1) + 1
        port = wire.port
        if piece.source is not None and piece.source < 0:
            use = _rank(levels[~piece.source].exits, piece.wire)
        if piece.target is None:
            port = 0
        elif piece.target < 0:
            port = _rank(levels[~piece.target].entries, piece.wire)
        local = Wire(source, target, port, port, use)
        (forward if source < target else back).append((piece.wire, local))
    forward.sort(key=lambda x: x[1].target)
    column = _columns(blocks, [x for _, x in forward], entering, real)
    fixed = {at for at, block in enumerate(blocks) if isinstance(block, Block)}
    lines = [x for _, x in forward]
    found = arrange(blocks, lines, column, GAP, BETWEEN, fixed)
    free = {at for at, block in enumerate(blocks) if block.many}
    lines = _ports(lines, found, free, [x for _, x in back])
    found = arrange(blocks, lines, column, GAP, BETWEEN, fixed)
    level.paths = {at: path for (at, _), path in zip(forward, found.paths)}
    level.rows = {at: row for (at, _), row in zip(forward, found.rows)}
    level.width, level.height = found.width, found.height
    rows = dict(enumerate(map(len, [[x for x in lines if x.source == n] for n in range(len(blocks))])))
    _lead_back(level, back, blocks, found, column, rows, fixed)
    level.corners = {key: found.corners[number[key]] for key in keys}
    _border(level, blocks, found, number, entering, real)


def _block(
    index: int, width: float = 0, height: float = 0, uses: int = 0, ports: int = 0,
    exits: tuple[float, ...] = (), entries: tuple[float, ...] = (),
) -> Block:  # fmt: skip
    return Block(
        index, "frame", "", "", "", None, None, uses, ports, False, False, width, height,
        exits=exits, entries=entries,
    )  # fmt: skip


def _rank(ends: dict[int, float], wire: int) -> int:
    return sorted(ends, key=lambda x: (ends[x], x)).index(wire)


def _columns(blocks: Boxes, wires: Wires, entering: int, real: int) -> list[int]:
    """The column of each block: those on the left border first, those on the right one last."""
    inner = [
        wire._replace(source=wire.source - entering, target=wire.target - entering)
        for wire in wires
        if wire.source >= entering and wire.target < real
    ]
    moved = [replace(box, index=at) for at, box in enumerate(blocks[entering:real])]
    column = [x + (entering > 0) for x in columns_of(moved, inner)]
    last = max(column, default=0) + 1
    return [0] * entering + column + [last] * (len(blocks) - real)


def _ports(wires: list[Wire], found: Geometry, free: set[int], back: list[Wire]) -> list[Wire]:
    """The wires with ports in the order in which they come, where a box has no order of its own."""
    come = [path[-3][-1] for path in found.paths]
    ports = [wire.port for wire in wires]
    for target in free:
        here = [n for n, wire in enumerate(wires) if wire.target == target]
        for port, n in zip(sorted(ports[n] for n in here), sorted(here, key=come.__getitem__)):
            ports[n] = port
    return [wire._replace(port=port, slot=port) for wire, port in zip(wires, ports, strict=True)]


def _lead_back(
    level: Level, back: list[tuple[int, Wire]], blocks: Boxes, found: Geometry, column: list[int],
    rows: dict[int, int], fixed: set[int],
) -> None:  # fmt: skip
    """Ways from a block's right, below all that stands between, to the left of one before it."""
    taken: list[tuple[int, int, float]] = []
    back = sorted(back, key=lambda x: (column[x[1].source] - column[x[1].target], x[0]))
    for n, (at, wire) in enumerate(back):
        source, target = blocks[wire.source], blocks[wire.target]
        first, last = sorted((column[wire.target], column[wire.source]))
        passed = [x for x in blocks if first <= column[x.index] <= last]
        spots = [(found.corners[x.index], x) for x in passed]
        left = min(x for (x, _), box in spots if column[box.index] == column[target.index])
        right = max(
            x + box.width for (x, _), box in spots if column[box.index] == column[source.index]
        )
        low = max(y + box.height for (_, y), box in spots)
        for path in level.paths.values():
            low = max(low, *(s[-1] for s in path if left < s[-2] < right), 0.0)
        low += BELOW
        for one, other, height in taken:
            if one <= last and first <= other:
                low = max(low, height + APART)
        taken.append((first, last, low))
        row = wire.use if wire.source in fixed else 0 if source.shares else rows[wire.source]
        rows[wire.source] = rows.get(wire.source, 0) + 1
        level.rows[at] = row
        (x, y), (u, v) = found.corners[wire.source], found.corners[wire.target]
        y, v, turn = y + source.row(row), v + target.port(wire.port), TURN + 3 * n
        level.paths[at] = (
            (x + source.width, y), (right, y), (right + turn, y, right + turn, low, right, low),
            (left, low), (left - turn, low, left - turn, v, left, v), (u, v),
        )  # fmt: skip
        level.height = max(level.height, low + MARGIN)
        level.width = max(level.width, right + turn)


def _border(
    level: Level, blocks: Boxes, found: Geometry, number: dict[object, int], entering: int,
    real: int,
) -> None:  # fmt: skip
    """Where the frame's edges are, and at which heights wires cross them."""
    if level.frame is None:
        return
    edge = found.width - MARGIN if len(blocks) > real and level.width == found.width else level.width
    level.left = MARGIN if entering else 0.0
    title = text_width(bars.fit(level.frame.title)) + 2 * PAD_X
    level.width = max(edge - level.left, title)
    level.height += HEAD
    right = level.left + level.width
    for piece in level.pieces:
        if piece.source is None:
            level.entries[piece.wire] = found.corners[number["in", piece.wire]][1] + HEAD
        elif piece.target is None:
            y = found.corners[number["out", piece.wire]][1]
            level.exits[piece.wire] = y + HEAD
            level.paths[piece.wire] = (*level.paths[piece.wire], (right, y))


def _moved(path: Path, x: float, y: float) -> Path:
    return tuple(
        tuple(n + (y if i % 2 else x) for i, n in enumerate(segment)) for segment in path
    )
