"""The notebooks run from top to bottom and print what is stored in them."""

import os
import warnings
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((REPO / "examples").glob("*.ipynb"))


def printed(notebook):
    """The text that each code cell wrote to stdout."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    streams = [[out.text for out in cell.outputs if out.get("name") == "stdout"] for cell in cells]
    return ["".join(texts) for texts in streams]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs_and_prints_what_it_stores(path, tmp_path, monkeypatch):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    monkeypatch.setenv("PYTHONPATH", str(REPO) + os.pathsep + os.environ.get("PYTHONPATH", ""))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = nbformat.read(path, as_version=4)
    stored = printed(notebook)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the client's own dependencies are not ours to mend
        client = nbclient.NotebookClient(
            notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}
        )
        client.execute()
    assert printed(notebook) == stored
    errors = [
        out
        for cell in notebook.cells
        for out in cell.get("outputs", [])
        if out.output_type == "error"
    ]
    assert not errors
