"""The one HTML file: the drawing, the whole walk, and a script that shows one step and follows.

Reads walk.py, blanks.py, javascript.py, drawing.py, svg.py and, where it folds, views.py; beside it
page.html, .css and .js, and evaluator.js, which needs no page. Read by steps.py. All that can be
read is written here, once: without script, and in print, the file is the walk. The script hides all
but the present step and fills the marked numbers again; it holds no wording but of how many and how
large. A label is anybody's text: it enters as escaped text or as a JavaScript string.
"""

from __future__ import annotations

import base64
import hashlib
import re
from copy import copy
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

from autograd import ops
from autograd.ieee import FLOATS
from autograd.numbers import show

from .blanks import WORDS, Blank, Line
from .drawing import Drawing, folded
from .javascript import frozen, functions, literal
from .svg import THEMES, Theme, xml
from .views import NOUNS, Folded, views
from .walk import Lines, Walk

LIVE_NODES = 20_000  # beyond, the page takes longer to follow a hand than the hand to move on
LISTED = 500  # leaves with a row each, in the table and among the inputs
NUDGED = 50_000  # ops, for a hand to follow: a leaf's nudge in the table is the whole graph again
HERE = " aria-current=location"
_SPARE = {  # last semicolons, and spaces beside punctuation; not in strings, nor in `a - -b`
    "css": r'("[^"]*")|;?\s*(?=})|(?<=[{};:,])\s+|\s+(?=[{}])',
    "js": r'("[^"]*"|`[^`]*`|[+-] [+-])|;?\s*(?=})|(?<=[^\w\s"`$])\s+|\s+(?=[^\w\s"`$])',
}
# of a drawing: its digits, which the script shows on hovering as they are now; what page.css says
_UNUSED = re.compile(
    '&#10;(value|grad):? [^<]*(?=</title>)|<title>[0-9,]+ wires[^<]*</title>'
    '| (fill|stroke|data-node)="[^"]*"| class="name"'
)


@cache
def asset(name: str) -> str:
    """A file beside this one, without comments and the spaces that only people need."""
    text = files(__package__).joinpath(name).read_text("utf-8")
    text = re.sub(r"^\s*(/\*.*\*/)?\n|^\s+|\s*// .*", "", text, flags=re.M)
    return re.sub(_SPARE.get(name.split(".")[1], "(?!)"), lambda m: m[1] or "", text)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def page(walk: Walk) -> str:
    """``walk`` as one HTML document, complete in itself."""
    graph = copy(walk.graph)
    graph._hold(grads=[walk.grads.get(i) for i in range(len(graph))])  # whatever the Values hold
    drawing = folded(graph)
    data, parts = _folded(walk, drawing) if drawing.cut else _whole(walk)
    scripts = ("page.js", "folded.js", "views.js")[: 3 if drawing.cut else 1]
    colours = zip(Theme._fields, *THEMES.values(), strict=True)
    style = asset("page.css") + (
        f":root{{{';'.join(f'--{name}:light-dark({a},{b})' for name, a, b in colours)}}}"
        f"output{{min-width:{2 * len(str(2 * walk.forward)) + 1}ch}}"
    )
    script, stuck, notes = evaluator(walk)
    script += "".join(f"const {name}={literal(x)};\n" for name, x in data.items())
    script += "".join(map(asset, scripts)) + "start()"
    leaves, tried = walk.leaves[:LISTED], NUDGED // len(graph)
    if len(leaves) < len(walk.leaves):
        notes.append(f"{len(walk.leaves) - len(leaves)} more leaves are not listed.")
    rows = [row[: 4 if n < tried else 3] for n, row in enumerate(walk.table(LISTED))]
    cells = ["<td>".join(_marked(walk, cell) for cell in row) for row in rows]
    return Template(asset("page.html")).substitute(
        policy=f"default-src 'none';style-src {_hash(style)};script-src {_hash(script)}",
        style=style, script=script, end=2 * walk.forward, opening=walk.forward,
        title=xml(f"{walk.result} = {show(walk.number('v', walk.root))}"),
        heading=xml(walk.heading),
        table="\n".join(f"<tr><th scope=row>{row}" for row in cells),
        held=f"<p>{xml(walk.held())}</p>" if walk.held() else "",
        inputs="\n".join(_input(walk, i, i in stuck) for i in leaves),
        moved="".join(_moved(walk, i) for i in leaves if i not in stuck),
        notes="".join(f"<p>{xml(note)}</p>" for note in notes),
        **parts,
    )  # fmt: skip


def _whole(walk: Walk) -> tuple[dict[str, Any], dict[str, str]]:
    """What the script reads, and the parts of a page on which every node is a box."""
    n = walk.forward
    items = [_item(walk, walk.position(k), k == n > 0) for k in range(2 * n + 1)]
    names = [x.text if record else "" for x, record in zip(walk.names, walk.graph.ops)]
    picture = Drawing(walk.graph, amounts=True).picture(state=walk.state())
    parts = {"picture": _UNUSED.sub("", picture), "walk": "\n".join(items), "way": "", "views": ""}
    return {"views": [{"names": names}]}, parts


def _folded(walk: Walk, drawing: Drawing) -> tuple[dict[str, Any], dict[str, str]]:
    """The same of a page of several views; the numbers of those that are closed are not filled."""
    found, told, inside = views(drawing), Folded(walk), drawing.folding and drawing.folding.inside
    place = {view.key: n for n, view in enumerate(found)}
    about: list[dict[str, Any]] = []
    parts: list[tuple[str, str, str]] = []
    for n, view in enumerate(found):
        boxes, items, way = view.drawing.nodes, "", [(walk.result, 0)]
        for box, back, stop in view.turns():
            told.now = None if n else (told.members(told.group(box)), back, stop)
            asks = not back and walk.root in box.nodes
            items += _item(told, told.turn_of(view, box, back), asks, 2 * box.index + back)
        if n and inside:
            way += [(part.name, place.get(part.key, 0)) for part in inside[view.key][1:]]
        links = [f"<button value={k}{HERE * (k == n)}>{xml(name)}</button>" for name, k in way]
        parts.append((_UNUSED.sub("", view.drawing.svg), "".join(links), items))
        about.append({
            "boxes": [told.group(box) for box in boxes], "names": [box.name for box in boxes],
            "from": [wire.source for wire in view.drawing.wires],
            "opens": {box.index: place[box.opens] for box in boxes if place.get(box.opens)},
        })  # fmt: skip
    (picture, way_out, items), *others = parts
    rest = "".join(f"<div>{svg}<p>{links}</p>{items}</div>" for svg, links, items in others)
    start = _item(walk, walk.position(0), False)
    return {"views": about, "sets": told.sets, "grids": told.grids, "nouns": NOUNS}, {
        "picture": picture, "walk": start + items, "way": way_out,
        "views": f"<template id=views>{rest}</template>",
    }  # fmt: skip


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
    row = [x for operands in graph.operands for x in operands]
    behind = iter(range(len(graph), len(graph) + len(row)))  # the nodes: where a number is read
    inputs = [x if isinstance(x, int) else next(behind) for x in row]
    data = {
        "kind": kind, "inputs": inputs, "numbers": [x for x in row if not isinstance(x, int)],
        "leaves": [[i, walk.number("v", i), int(graph.recording[i])] for i in walk.leaves],
        "root": walk.root, "words": WORDS,
    }  # fmt: skip
    parts = [f"ops=[{','.join(made)}]", *(f"{key}={literal(x)}" for key, x in data.items())]
    return f"const {','.join(parts)};\n" + asset("evaluator.js"), stuck, notes


# ------------------------------------------------------------------ text with marked blanks
def _marked(walk: Walk, line: Line) -> str:
    """``line`` as HTML: a blank is ``<b slot=code>``, or a span of lines of which one is shown."""
    parts = []
    for piece in line:
        if isinstance(piece, str):  # between tags a quotation mark is itself
            parts.append(xml(piece).replace("&quot;", '"').replace("&#x27;", "'"))
        elif piece.choices:
            chosen = walk.case(piece.node)
            lines = enumerate(_marked(walk, choice) for choice in piece.choices)
            spans = (f"<span{' hidden' * (n != chosen)}>{line}</span>" for n, line in lines)
            parts.append(f"<span slot={piece.code}>{''.join(spans)}</span>")
        else:
            parts.append(f"<b slot={piece.code}>{walk.fill((piece,))}</b>")
    return "".join(parts)


def _item(walk: Walk, lines: Lines, asks: bool, place: int | None = None) -> str:
    """An item of the walk; ``asks``: with the question that stands between there and back."""
    item = "<li>" if place is None else f"<li value={place}>"
    for part, line in lines:
        tag = {"head": "h2", "who": "p", "text": "p"}.get(part, f"p class={part}")
        item += f"<{tag}>{_marked(walk, line)}" + "</h2>" * (part == "head")
    if asks:
        *value, _, rest = walk.question()
        press = "<i class=live>Press → to a</i><i class=still>A</i>"
        item += f"<p class=ask>{_marked(walk, (*value,))}{press}{_marked(walk, (rest,))}"
    return item


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
