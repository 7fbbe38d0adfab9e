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
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from string import Template

from autograd import ops
from autograd.ieee import FLOATS
from autograd.numbers import show

from .blanks import WORDS, Blank, Line
from .drawing import Drawing
from .javascript import frozen, functions, literal
from .svg import THEMES, Theme, xml
from .walk import Walk

LIVE_NODES = 2000  # beyond, the page takes longer to follow a hand than the hand to move on
LEAST = 0.8  # of its own size: a drawing shrinks to this, then scrolls; it never grows by itself
_SPARE = {  # last semicolons, and spaces beside punctuation but + and -; not in strings
    "css": r'("[^"]*")|;?\s*(?=})|(?<=[{};:,])\s+|\s+(?=[{}])',
    "js": r'("[^"]*"|`[^`]*`)|;?\s*(?=})|(?<=[][(){},;=<>?:&|*])\s+|\s+(?=[][(){},;=<>?:&|*])',
}
_UNUSED = re.compile('&#10;value [^<]*(?=</title>)| class="name"| data-node="[0-9]+"')
_WIRES = re.compile('(<path class="wire.*\n)+')


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
    drawing = Drawing(walk.graph, amounts=True)
    width, height = drawing.geometry.width, drawing.geometry.height
    colours = zip(Theme._fields, *THEMES.values(), strict=True)
    style = asset("page.css") + (
        f":root{{{';'.join(f'--{name}:light-dark({a},{b})' for name, a, b in colours)}}}"
        f"#picture{{--own:{width:g}px;--least:{LEAST * width:.4g}px;--flat:{width / height:.6g}}}"
        f"output{{min-width:{2 * len(str(2 * walk.forward)) + 1}ch}}"
    )
    text, stuck, notes = evaluator(walk)
    script = text + asset("page.js") + "start()"
    rows = ["<td>".join(_marked(walk, cell) for cell in row) for row in walk.table()]
    return Template(asset("page.html")).substitute(
        policy=f"default-src 'none';style-src {_hash(style)};script-src {_hash(script)}",
        style=style, script=script, end=2 * walk.forward, opening=walk.forward,
        title=xml(f"{walk.result} = {show(walk.number('v', walk.root))}"),
        heading=xml(walk.heading),
        picture=_lean(drawing.picture(state=walk.state())),
        walk="\n".join(_position(walk, k) for k in range(2 * walk.forward + 1)),
        table="\n".join(f"<tr><th scope=row>{row}" for row in rows),
        held=f"<p>{xml(walk.held())}</p>" if walk.held() else "",
        inputs="\n".join(_input(walk, i, i in stuck) for i in walk.leaves),
        moved="".join(_moved(walk, i) for i in walk.leaves if i not in stuck),
        notes="".join(f"<p>{xml(note)}</p>" for note in notes),
    )  # fmt: skip


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
        "views": [{"names": [x.text if record else "" for x, record in zip(walk.names, graph.ops)]}],
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


def _position(walk: Walk, k: int) -> str:
    """An item of the walk."""
    item = "<li>"
    for part, line in walk.position(k):
        tag = {"head": "h2", "who": "p", "text": "p"}.get(part, f"p class={part}")
        item += f"<{tag}>{_marked(walk, line)}" + "</h2>" * (part == "head")
    if k == walk.forward > 0:
        *value, _, rest = walk.question()
        asks = "<i class=live>Press → to a</i><i class=still>A</i>"
        item += f"<p class=ask>{_marked(walk, (*value,))}{asks}{_marked(walk, (rest,))}"
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
