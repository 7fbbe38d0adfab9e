"""What a notebook shows, as HTML that leaves the notebook around it alone.

No script, style or id outside of a sandboxed frame, and no colour: all is as the notebook has it.
Read by drawing.py, steps.py and explanation.py.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path

from .svg import xml

TALL = 640  # px: the page's picture and its panes below one another, on a laptop's screen


def image(svg: str, title: str) -> str:
    """A drawing as a picture, which sanitizers leave where they drop SVG."""
    data = base64.b64encode(svg.encode()).decode()
    return f'<img src="data:image/svg+xml;base64,{data}" alt="{xml(title)}">'


def text(lines: str) -> str:
    """Text as it stands, in the notebook's own letters for it; long lines wrap."""
    return f'<pre style="white-space:pre-wrap">{xml(lines)}</pre>'


def live(page: str, picture: str, title: str) -> str:
    """A page in a frame, over its picture, which is seen where there is no frame.

    Both are in one cell of a grid: without the frame the cell is as tall as the picture.
    """
    cell = "grid-area:1/1"
    return (
        '<div style="display:grid;grid-template-columns:minmax(0,1fr)">'
        f'<div style="{cell};overflow:auto">{picture}</div>'
        f'<iframe sandbox="allow-scripts" title="{xml(title)}" width="100%" height="{TALL}" '
        f'style="{cell};width:100%;min-height:100%;border:0" srcdoc="{xml(page)}"></iframe></div>'
    )


def opened(html: str, name: str) -> str:
    """Write a page to a new file, open it in a browser, and say where it is."""
    import tempfile  # only this needs them
    import webbrowser

    handle, path = tempfile.mkstemp(".html", f"{name}-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(html)
    done = webbrowser.open(Path(path).as_uri())
    return f"{path} is open in a browser" if done else f"no browser was found; open {path}"
