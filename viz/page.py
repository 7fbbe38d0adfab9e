"""The one HTML file: the drawing, the whole walk, and a script that shows one step and follows.

Reads walk.py, blanks.py, javascript.py, drawing.py, svg.py; beside it page.html, .css and .js, and
evaluator.js, which needs no page. Read by steps.py. All that can be read is written here, once:
without script, and in print, the file is the walk. The script hides all but the present step and
fills the marked numbers again; it holds no wording. A label is anybody's text: it enters as escaped
text or as a JavaScript string.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import groupby
from string import Template
from typing import Any, NamedTuple

from autograd import ops
from autograd.ieee import FLOATS
from autograd.names import clean
from autograd.numbers import show

from .blanks import WORDS, Blank, Line
from .boxes import Box, Geometry
from .drawing import Drawing, folded
from .javascript import frozen, functions, literal
from .svg import THEMES, Theme, svg, xml
from .views import Folded, View, views
from .walk import Lines, Walk

LIVE_NODES = 20_000  # beyond, the page takes longer to follow a hand than the hand to move on
LISTED = 500  # leaves with a row each, in the table and among the inputs
GROUPED = 50  # leaves; more inputs are in a closed list a module
NUDGED = 400_000  # ops, in half a second: each leaf's nudge is the whole graph again
PLAIN, MORE = ("page.css", "page.js"), ("views.css", "folded.js", "views.js")
PATH = Template(
    '<nav id=path class=live aria-label="What is open" data-root="$root"><div id=way></div>'
    "<button type=button id=open>Open<i> ⏎</i></button></nav>\n"
)
KEYS = "<br>Enter: into the box whose turn it is.<br>Backspace: out again."
LEAST = 0.8  # of its own size: a drawing shrinks to this, then scrolls; it never grows by itself
_SPARE = {  # last semicolons, and spaces beside punctuation; not in strings, nor in `a - -b`
    "css": r'("[^"]*")|;?\s*(?=})|(?<=[{};:,])\s+|\s+(?=[{}])',
    "js": r'("[^"]*"|`[^`]*`|[+-] [+-])|;?\s*(?=})|(?<=[^\w\s"`$])\s+|\s+(?=[^\w\s"`$])',
}
_UNUSED = re.compile('&#10;value [^<]*(?=</title>)| class="name"| data-node="[0-9]+"')
_STROKES = re.compile(r'(<path class="(?:bars|odd) [^>]*?) d="[^"]*"')  # the script draws them
_WIRES = re.compile('(<path class="wire.*\n)+')


@cache
def asset(name: str) -> str:
    """A file beside this one, without comments and the spaces that only people need."""
    text = files(__package__).joinpath(name).read_text("utf-8")
    text = re.sub(r"^\s*(/\*.*\*/)?\n|^\s+|\s*// .*", "", text, flags=re.M)
    return re.sub(_SPARE.get(name.split(".")[1], "(?!)"), lambda m: m[1] or "", text)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


class Shown(NamedTuple):
    """What a folded page has other than a whole one: drawing, walk, and what the script reads."""

    walk: Walk
    geometry: Geometry
    picture: str
    items: Sequence[str]
    files: Sequence[str]
    data: Mapping[str, Any]
    parts: Mapping[str, str]


def page(walk: Walk) -> str:
    """``walk`` as one HTML document, complete in itself."""
    whole = folded(walk.graph)
    shown = _whole(walk) if whole.cut is None else _folded(walk, whole)
    walk, leaves = shown.walk, walk.leaves[:LISTED]
    width, height = shown.geometry.width, shown.geometry.height
    colours = zip(Theme._fields, *THEMES.values(), strict=True)
    style = "".join(asset(name) for name in shown.files if name.endswith("css")) + (
        f":root{{{';'.join(f'--{name}:light-dark({a},{b})' for name, a, b in colours)}}}"
        f"#picture{{--own:{width:g}px;--least:{LEAST * width:.4g}px;--flat:{width / height:.6g}}}"
        f"output{{min-width:{2 * len(str(2 * walk.forward)) + 1}ch}}"
    )
    text, stuck, notes = evaluator(walk)
    data = "".join(f"const {name}={literal(x)};\n" for name, x in shown.data.items())
    script = text + data + "".join(asset(name) for name in shown.files if name.endswith("js"))
    script += "start()"
    if len(leaves) < len(walk.leaves):
        notes.append(f"{len(walk.leaves) - len(leaves)} more leaves are not listed.")
    return Template(asset("page.html")).substitute(
        policy=f"default-src 'none';style-src {_hash(style)};script-src {_hash(script)}",
        style=style, script=script, end=2 * walk.forward, opening=walk.forward,
        title=xml(f"{walk.result} = {show(walk.number('v', walk.root))}"),
        heading=xml(walk.heading),
        picture=_lean(shown.picture), walk="\n".join(shown.items),
        table="\n".join(_row(walk, row) for row in walk.table(LISTED)),
        held=f"<p>{xml(walk.held())}</p>" if walk.held() else "",
        inputs=_inputs(walk, leaves, stuck),
        moved="".join(_moved(walk, i) for i in leaves if i not in stuck),
        notes="".join(f"<p>{xml(note)}</p>" for note in notes),
        **shown.parts,
    )  # fmt: skip


def _whole(walk: Walk) -> Shown:
    """A page on which every node is a box."""
    drawing = Drawing(walk.graph, amounts=True)
    n = walk.forward
    items = [_item(walk, walk.position(k), k == n > 0) for k in range(2 * n + 1)]
    names = [x.text if record else "" for x, record in zip(walk.names, walk.graph.ops)]
    parts = {"path": "", "keys": "", "templates": ""}
    picture = drawing.picture(state=walk.state())
    data = {"views": [{"names": names}]}
    return Shown(walk, drawing.geometry, picture, items, PLAIN, data, parts)


def _folded(plain: Walk, drawing: Drawing) -> Shown:
    """A page of several views: the opening one whole, of the others what no number changes."""
    found, pool = views(drawing), dict[str, int]()
    walk, first = Folded(plain.graph, tuple(plain.turns.values()), found[0]), drawing.nodes

    def item(view: View, box: Box, back: bool) -> int:
        opening = view is found[0]
        if opening:
            walk.at_turn(box, back)
        lines = walk.turn_of(view, box, back)
        text = _item(walk, lines, not back and walk.root in box.nodes, opening)
        return pool.setdefault(text, len(pool))

    pool[_item(walk, walk.position(0), False)] = 0
    turns = [found[0].boxes[stop[0]] for stop in found[0].stops]
    for back, way in ((False, turns), (True, turns[::-1])):
        for n in reversed(dict.fromkeys(reversed(way))):  # by its last turn
            item(found[0], first[n], back)
    opening, pictures = len(pool), []
    data: dict[str, Any] = {"views": []}
    for view in found:
        told, boxes, wires = view.drawing, view.drawing.nodes, view.drawing.wires
        data["views"].append({
            "boxes": [walk.group(box) for box in boxes], "names": [box.name for box in boxes],
            "from": [wire.source for wire in wires], "opens": view.opens, "path": view.path,
            "items": [item(view, x, back) if x.op else 0 for x in boxes for back in (False, True)],
        })  # fmt: skip
        drawn = [walk.shown(box) for box in boxes]
        pictures.append(_lean(svg(drawn, wires, told.geometry, told.title, "light", None)))
    data["sets"] = [[x - y for x, y in zip(nodes, (0, *nodes))] for nodes in walk.sets]
    data["grids"] = walk.grids(found)
    lines = "".join(pictures[1:]).split("\n")  # plain numbers have no gradient, and stay
    others = "\n".join(_STROKES.sub(r"\1", x) if "bars grad" in x else x for x in lines)
    parts = {
        "path": PATH.substitute(root=xml(walk.result)), "keys": KEYS,
        "templates": f"<template id=pictures>{others}</template>"
        f"<template id=items>{''.join([*pool][opening:])}</template>",
    }  # fmt: skip
    items, files = [*pool][:opening], [*PLAIN, *MORE]
    return Shown(walk, drawing.geometry, pictures[0], items, files, data, parts)


def _lean(picture: str) -> str:
    """A drawing without what the script writes or nothing reads; what all wires share, once."""
    look = f' fill="none" stroke="{THEMES["light"].line}"'
    wires = _WIRES.sub(lambda found: f"<g{look}>\n{found[0].replace(look, '')}</g>\n", picture)
    return _UNUSED.sub("", wires)


# ------------------------------------------------------------------ the graph, for the script
def evaluator(walk: Walk) -> tuple[str, set[int], list[str]]:
    """The script without the document: the graph, and what runs it; the nodes stuck, and notes.

    ``ops`` are functions, and ``kind`` says which of them a node is. An op without a line for
    JavaScript keeps its numbers, and what it was made from is stuck. A leaf stands with its flag.
    """
    graph, stuck = walk.graph, set[int]()
    notes = ["This is a recording of one run: a Python if leaves no trace."]
    forms = {i: (record, len(graph.operands[i])) for i, record in walk.ops.items()}
    slots: dict[object, set[int]] = {}
    for i, form in forms.items():
        slots.setdefault(form, set()).update(walk.sent[i])
    made: list[str] = []
    places: dict[object, int] = {}
    kind = [-1] * len(graph)  # a leaf
    for i, (record, count) in forms.items():
        key: object = forms[i]
        if key not in places:
            try:
                made.append(functions(record, count, slots[key]))
            except NotImplementedError:
                key, y = i, walk.number("v", i)  # a function of its own
                local = FLOATS.partials(record, walk.at(i), y)
                made.append(frozen(y, local, walk.case(i), record.selects))
                notes.append(f"{walk.names[i]} keeps its number: {record.name} has no page form.")
                stuck.add(i)
            places[key] = len(made) - 1
        kind[i] = places[key]
        if record is ops.where and not isinstance(graph.operands[i][0], int):
            notes.append(f"{walk.names[i]} keeps the branch it was recorded with.")
    for i in reversed(walk.ops):
        if i in stuck:
            stuck.update(x for x in graph.operands[i] if isinstance(x, int))
    if len(graph) > LIVE_NODES:
        notes.append(f"Inputs do not move here: {len(graph)} nodes are more than {LIVE_NODES}.")
        stuck.update(walk.leaves)
    inputs, numbers = _operands(graph.operands, kind)
    data = {
        "kind": kind, "inputs": inputs, "numbers": numbers, "root": walk.root, "words": WORDS,
        "leaves": [[i, walk.number("v", i), int(graph.recording[i])] for i in walk.leaves],
    }  # fmt: skip
    parts = [f"ops=[{','.join(made)}]", *(f"{key}={literal(x)}" for key, x in data.items())]
    return f"const {','.join(parts)};\n" + asset("evaluator.js"), stuck, notes


def _operands(
    operands: Sequence[tuple[int | float, ...]], kind: Sequence[int]
) -> tuple[list[int], list[float]]:
    """All operands in one row, and the numbers among them, which count on from the last node.

    Each is written as what it adds to the one in its slot of the last op of its kind: of the ops of
    a loop, a small number or 0.
    """
    places: dict[str, int] = {}
    numbers: list[float] = []
    before: dict[int, list[int]] = {}
    row: list[int] = []
    for k, inputs in zip(kind, operands):
        for x in inputs:
            if not isinstance(x, int) and repr(x) not in places:
                places[repr(x)] = len(operands) + len(numbers)
                numbers.append(x)
        now = [x if isinstance(x, int) else places[repr(x)] for x in inputs]
        row += [x - y for x, y in zip(now, before.get(k, [0] * len(now)))]
        before[k] = now
    return row, numbers


# ------------------------------------------------------------------ text with marked blanks
def _marked(walk: Walk, line: Line, filled: bool = True) -> str:
    """``line`` as HTML: a blank is ``<b slot=code>``, or a span of lines of which one is shown.

    The script alone fills those that are not ``filled``.
    """
    parts = []
    for piece in line:
        if isinstance(piece, str):  # between tags a quotation mark is itself
            parts.append(xml(piece).replace("&quot;", '"').replace("&#x27;", "'"))
        elif piece.choices:
            chosen = walk.case(piece.node)
            lines = enumerate(_marked(walk, choice, filled) for choice in piece.choices)
            spans = (f"<span{' hidden' * (n != chosen)}>{line}</span>" for n, line in lines)
            parts.append(f"<span slot={piece.code}>{''.join(spans)}</span>")
        else:
            parts.append(f"<b slot={piece.code}>{walk.fill((piece,)) if filled else ''}</b>")
    return "".join(parts)


def _item(walk: Walk, lines: Lines, asks: bool, filled: bool = True) -> str:
    """An item of the walk; ``asks``: with the question that stands between there and back."""
    item = "<li>"
    for part, line in lines:
        tag = {"head": "h2", "who": "p", "text": "p"}.get(part, f"p class={part}")
        item += f"<{tag}>{_marked(walk, line, filled)}" + "</h2>" * (part == "head")
    if asks:
        *value, _, rest = walk.question()
        press = "<i class=live>Press → to a</i><i class=still>A</i>"
        told = _marked(walk, (*value,), filled)
        item += f"<p class=ask>{told}{press}{_marked(walk, (rest,))}"
    return item


def _row(walk: Walk, row: Sequence[Line]) -> str:
    """A leaf's row of the table. Of many leaves the nudge is tried when it is seen."""
    *cells, nudge = row
    told = "<td>".join(_marked(walk, cell) for cell in cells)
    if len(walk.leaves) * len(walk.graph) <= NUDGED:
        return f"<tr><th scope=row>{told}<td>{_marked(walk, nudge)}"
    later = _marked(walk, nudge, filled=False).replace("<b slot", "<b data-slot")
    return f"<tr><th scope=row>{told}<td class=later>{later}"


def _inputs(walk: Walk, leaves: Sequence[int], stuck: Collection[int]) -> str:
    """The leaves to drag; many of them in a closed list a module."""
    labels = walk.graph.labels
    many, lists = len(leaves) > GROUPED, []
    for name, each in groupby(leaves, lambda i: labels[i].rpartition(".")[0] if many else ""):
        mine = [*each]
        rows = "\n".join(_input(walk, i, i in stuck) for i in mine)
        title = clean(name) or f"{walk.names[mine[0]]} … {walk.names[mine[-1]]}"
        about = f"<details><summary>{xml(title)}</summary>" * many
        lists.append(f"{about}<ul>\n{rows}\n</ul>" + "</details>" * bool(about))
    return "\n".join(lists)


def _input(walk: Walk, i: int, stuck: bool) -> str:
    """A leaf's row: a handle to drag between two ends, a field to type in, its gradient so far."""
    name, value = xml(walk.names[i].text), show(walk.graph.values[i])
    off = " disabled" * stuck
    return (
        f"<li><label for=leaf{i}>{name}</label>"
        f'<i></i><input type=range aria-label="drag {name}"{off}><i></i>'
        f'<input type=number step=any id=leaf{i} value="{value}"{off}>'
        f"<span>grad <b slot=o{i}></b></span>"
    )


def _moved(walk: Walk, i: int) -> str:
    """``w is 1.7 here, 1.5 in Python``"""
    here = f"{walk.names[i]} is ", Blank("v", i), f" here, {show(walk.graph.values[i])} in Python"
    return f"<span data-moved={i} hidden>{_marked(walk, here)}</span>"
