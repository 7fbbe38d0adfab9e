"""The one HTML file: the drawing, the whole walk, and a script that shows one step and follows.

Reads walk.py, blanks.py, javascript.py, drawing.py, svg.py, explanation.py and, where it
folds, views.py; beside it page.html, .css and .js, ask.js, those of views and train, and
evaluator.js, which needs no page. Read by steps.py. All that can be read is written here, once:
without script, and in print, the file is the walk. The script hides all but the present step and
fills the marked numbers again; it holds no wording but of how many and how large. A label is
anybody's text: it enters as escaped text or as a JavaScript string.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import keyword
import re
import zlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

from autograd import ops
from autograd.ieee import FLOATS
from autograd.numbers import show

from .blanks import WORDS, Blank, Line
from .drawing import Drawing, final
from .javascript import frozen, functions, literal
from .svg import THEMES, Theme, xml
from .views import NOUNS, Folded, views
from .walk import Lines, Walk

LIVE_NODES = 20_000  # beyond, the page takes longer to follow a hand than the hand to move on
LISTED = 500  # leaves with a row each, in the table and among the inputs
EXPLAINED = 300  # nodes: each goes over the whole graph, and is some 80 bytes of the file
NUDGED = 50_000  # ops, for a hand to follow: a leaf's nudge in the table is the whole graph again
HERE = " aria-current=location"
KEYS = """<br>A click on a closed box, or Enter where it is its turn: what is inside.
<br>Backspace: out again."""
_SPARE = {  # last semicolons, and spaces beside punctuation; not in strings, nor in `a - -b`
    "css": r'("[^"]*")|/\*.*?\*/|;?\s*(?=})|(?<=[{};:,>])\s+|\s+(?=[{}>])',
    "js": r'("[^"]*"|`[^`]*`|[+-] [+-])|;?\s*(?=})|(?<=[^\w\s"`$])\s+|\s+(?=[^\w\s"`$])',
}
# of a drawing: its digits, which the script shows on hovering as they are now; what page.css says
_UNUSED = re.compile(
    '&#10;(value|grad):? [^<]*(?=</title>)|<title>[0-9,]+ wires[^<]*</title>'
    '| (fill|stroke|data-node|font-weight|font-family|rx)="[^"]*"'
    '| class="(name|wire)"|(?<="node) op(?=")'
    '| text-anchor="end"( font-size="9.5")?|(?<=class="words") font-size="9.5"'
)
_PLACE = re.compile(r"(?<=[ =M\"CHL])\d\d+\.\d(?=[ \">CHL])")  # of a box or wire: to a whole px
_QUOTED = re.compile(r'(?<==)"([^\s"=<>`\'/]+)"(?=[ >])')  # HTML needs no quotation marks there


def _small(svg: str) -> str:
    """A drawing without what the page's style and script say."""
    return _QUOTED.sub(r"\1", _UNUSED.sub("", svg))


def packed(text: str) -> str:
    """``text`` for the script to unpack: what nobody reads without it."""
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def _explained(walk: Walk) -> str:
    """Why each node's gradient is what it is, and last the whole root."""
    if len(walk.graph) > EXPLAINED:
        return ""
    from .explanation import Explanation

    return packed("\0".join(Explanation(walk, i).text for i in (*range(len(walk.graph)), None)))


@cache
def asset(name: str) -> str:
    """A file beside this one, without comments and the spaces that only people need."""
    text = files(__package__).joinpath(name).read_text("utf-8")
    text = re.sub(r"^\s*(/\*.*\*/)?\n|^\s+|\s*// .*", "", text, flags=re.M)
    return re.sub(_SPARE.get(name.split(".")[1], "(?!)"), lambda m: m[1] or "", text)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def page(
    walk: Walk, opening: int | None = None,
    train: Sequence[int] = (), rate: float = 0.1, mapped: Sequence[int] = (),
) -> str:  # fmt: skip
    """``walk`` as one HTML document, complete in itself; it opens at step ``opening``.

    Of a Training: the leaves that it trains, and the output and the two leaves of its map.
    """
    opening = walk.forward if opening is None else opening
    graph, drawing = walk.graph, final(walk)
    data, parts = _folded(walk, drawing) if drawing.cut else _whole(walk)
    scripts = ["page.js", *["folded.js", "views.js"] * bool(drawing.cut), "ask.js"]
    data |= {"opening": opening, "explained": _explained(walk)}
    script, stuck, notes = evaluator(walk)
    sheets = ["views.css"] * bool(drawing.cut)
    if train or mapped:
        scripts, sheets = [*scripts, "train.js"], [*sheets, "train.css"]
        data |= {"trained": train, "rate": rate, "mapped": mapped}
        notes += ["A moved input is a new start: training step 0."] * bool(train)
    style = _style(walk, "page.css", *sheets)
    script += f"let {','.join(f'{name}={literal(x)}' for name, x in data.items())};\n"
    script += "".join(map(asset, scripts)) + "start()"
    leaves, tried = walk.leaves[:LISTED], NUDGED // len(graph)
    if len(leaves) < len(walk.leaves):
        notes.append(f"{len(walk.leaves) - len(leaves)} more leaves are not listed.")
    rows = [row[: 4 if n < tried else 3] for n, row in enumerate(walk.table(LISTED))]
    cells = ["<td>".join(_marked(walk, cell) for cell in row) for row in rows]
    return Template(asset("page.html")).substitute(
        policy=f"default-src 'none';style-src {_hash(style)};script-src {_hash(script)}",
        style=style, script=script, end=2 * walk.forward, opening=opening,
        title=xml(f"{walk.result} = {show(walk.number('v', walk.root))}"),
        heading=xml(walk.heading),
        table="\n".join(f"<tr><th scope=row>{row}" for row in cells),
        held=f"<p>{xml(walk.held())}</p>" if walk.held() else "",
        inputs="\n".join(_input(walk, i, i in stuck) for i in leaves),
        moved="".join(_moved(walk, i) for i in leaves if i not in stuck),
        notes="".join(f"<p>{xml(note)}</p>" for note in notes),
        train=_train(walk, train, rate, mapped) if train or mapped else "",
        call=xml(_call(walk)), dead=" hidden" * (len(graph) > LIVE_NODES),
        **parts,
    )  # fmt: skip


def _style(walk: Walk, *sheets: str) -> str:
    colours = zip(Theme._fields, *THEMES.values(), strict=True)
    return "".join(map(asset, sheets)) + (
        f":root{{{';'.join(f'--{name}:light-dark({a},{b})' for name, a, b in colours)}}}"
        f"#place{{min-width:{2 * len(str(2 * walk.forward)) + 1}ch}}"
    )


def _whole(walk: Walk) -> tuple[dict[str, Any], dict[str, str]]:
    """What the script reads, and the parts of a page on which every node is a box."""
    n = walk.forward
    items = [_item(walk, walk.position(k), k == n > 0) for k in range(2 * n + 1)]
    names = [x.text if record else "" for x, record in zip(walk.names, walk.graph.ops)]
    picture = Drawing(walk.graph, amounts=True).picture(state=walk.state())
    picture = _PLACE.sub(lambda m: f"{float(m[0]):.0f}", _small(picture))
    parts = {"picture": picture, "walk": "\n".join(items), "way": "", "keys": ""}
    return {"views": [{"names": names}]}, parts


def _folded(walk: Walk, drawing: Drawing) -> tuple[dict[str, Any], dict[str, str]]:
    """The same of a page of several views; the numbers of those that are closed are not filled."""
    found, told, inside = views(drawing), Folded(walk), drawing.folding and drawing.folding.inside
    place = {view.key: n for n, view in enumerate(found)}
    about: list[dict[str, Any]] = []
    made: list[tuple[str, str, str]] = []
    for n, view in enumerate(found):
        boxes, items, way = view.drawing.nodes, "", [(walk.result, 0)]
        for box, back, stop in view.turns():
            told.now = None if n else (told.members(told.group(box)), back, stop)
            asks = not back and walk.root in box.nodes
            items += _item(told, told.turn_of(view, box, back), asks, 2 * box.index + back)
        if n and inside:
            way += [(part.name, place.get(part.key, 0)) for part in inside[view.key][1:]]
        links = [f"<button value={k}{HERE * (k == n)}>{xml(name)}</button>" for name, k in way]
        made.append((_small(view.drawing.svg), "".join(links), items))
        about.append({
            "boxes": [told.group(box) for box in boxes], "names": [box.name for box in boxes],
            "from": [wire.source for wire in view.drawing.wires],
            "opens": {box.index: place[box.opens] for box in boxes if place.get(box.opens)},
        })  # fmt: skip
    (picture, way_out, items), *others = made
    rest = "".join(f"<div>{svg}<p>{links}</p>{items}</div>" for svg, links, items in others)
    data = {"views": about, "sets": told.sets, "grids": told.grids, "nouns": NOUNS}
    start = _item(walk, walk.position(0), False)
    nav = Template(asset("views.html")).substitute(way=way_out)
    parts = {"picture": picture, "walk": start + items, "way": nav, "keys": KEYS}
    return data | {"closed": packed(rest)}, parts


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
        "leaves": [row[: 5 if len(graph) <= LIVE_NODES else 3] for row in _leaves(walk)],
        "root": walk.root, "words": WORDS,
    }  # fmt: skip
    parts = [f"ops=[{','.join(made)}]", *(f"{key}={literal(x)}" for key, x in data.items())]
    return f"const {','.join(parts)};\n" + asset("evaluator.js"), stuck, notes


def _leaves(walk: Walk) -> list[list[object]]:
    """Of each leaf: index, value, flag, label, and its variable in Python, if that is another."""
    graph, rows, taken, labels = walk.graph, [], {"Value"}, {*walk.graph.labels}
    free = (name for n in itertools.count(1) if (name := f"v{n}") not in labels)
    for i in walk.leaves:
        row = [i, walk.number("v", i), int(graph.recording[i]), label := graph.labels[i]]
        fits = label.isascii() and label.isidentifier() and not keyword.iskeyword(label)
        rows.append(row if fits and label not in taken else [*row, next(free)])
        taken.add(label)
    return rows


# ------------------------------------------------------------------ text with marked blanks
def _marked(walk: Walk, line: Line) -> str:
    """``line`` as HTML: a blank is ``<b n=code>``, or a span of lines of which one is shown."""
    parts = []
    for piece in line:
        if isinstance(piece, str):  # between tags a quotation mark is itself
            parts.append(xml(piece).replace("&quot;", '"').replace("&#x27;", "'"))
        elif piece.choices:
            chosen = walk.case(piece.node)
            lines = enumerate(_marked(walk, choice) for choice in piece.choices)
            spans = (f"<span{' hidden' * (n != chosen)}>{line}</span>" for n, line in lines)
            parts.append(f"<span n={piece.code}>{''.join(spans)}</span>")
        else:
            parts.append(f"<b n={piece.code}>{walk.fill((piece,))}</b>")
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
        f"<button>grad <b n=o{i}></b></button>"
    )


def _train(walk: Walk, train: Sequence[int], rate: float, mapped: Sequence[int]) -> str:
    """What stands on the page of a training and its map."""
    out, x1, x2 = (xml(walk.names[i].text) for i in mapped or [0, 0, 0])
    return Template(asset("train.html")).substitute(
        root=xml(walk.result), rate=literal(rate), out=out, x1=x1, x2=x2,
        no_train=" hidden" * (not train), no_map=" hidden" * (not mapped),
    )  # fmt: skip


def _call(walk: Walk) -> str:
    """What is said where the file holds no explanation."""
    return (
        f"One result at a time is explained here, of up to {EXPLAINED} nodes. "
        f"In Python: print(viz.explain({walk.variable}, value))"
    )


def _moved(walk: Walk, i: int) -> str:
    """``w is 1.7 here, 1.5 in Python``"""
    here = f"{walk.names[i]} is ", Blank("v", i), f" here, {show(walk.graph.values[i])} in Python"
    return f"<span data-moved={i} hidden>{_marked(walk, here)}</span>"
