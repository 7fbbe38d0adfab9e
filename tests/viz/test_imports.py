"""The rooms of viz stand on one another: each can be read after those that it imports."""

import ast
import graphlib
from pathlib import Path

import viz


def test_imports_within_viz_go_one_way():
    """Those inside functions too: a late import hides a circle, it does not break it."""
    reads = {}
    for room in Path(viz.__file__).parent.glob("*.py"):
        imports = [
            node
            for node in ast.walk(ast.parse(room.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom) and node.level == 1
        ]
        named = {node.module for node in imports if node.module}
        named |= {alias.name for node in imports if not node.module for alias in node.names}
        reads[room.stem] = named
    reads["__main__"].add("__init__")  # by its whole name, viz
    order = list(graphlib.TopologicalSorter(reads).static_order())
    assert order[-2:] == ["__init__", "__main__"] and set(order) == set(reads)
