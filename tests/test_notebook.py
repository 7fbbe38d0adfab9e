"""The notebooks run from top to bottom and print what is stored in them."""

import os
import re
import warnings
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((REPO / "examples").glob("*.ipynb"))


def printed(notebook):
    """What each code cell wrote to stdout, and then the text of its results and pictures."""
    found = []
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        streams = [out.text for out in outputs if out.get("name") == "stdout"]
        texts = [out.data.get("text/plain", "") for out in outputs if "data" in out]
        found.append("".join([*streams, *texts]))
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs_and_prints_what_it_stores(path, tmp_path, monkeypatch):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    monkeypatch.setenv("PYTHONPATH", str(REPO) + os.pathsep + os.environ.get("PYTHONPATH", ""))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.delenv("MPLBACKEND", raising=False)  # else the kernel would not show its figures
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


# ---------------------------------------------------------------- what their texts say of them
def stored(name):
    """All that the notebook prints, as it is stored; the test above holds it to a run."""
    nbformat = pytest.importorskip("nbformat")
    return "\n".join(printed(nbformat.read(REPO / "examples" / f"{name}.ipynb", as_version=4)))


def last_row(text):
    """The numbers of the last epoch in the history's table."""
    rows = re.findall(r"^ +\d+(?: +[\d.e-]+)+$", text, re.MULTILINE)
    return [float(number) for number in rows[-1].split()]


def test_every_moon_is_on_its_side_of_the_line():
    assert last_row(stored("moons"))[-1] == 1.0


def test_nineteen_of_twenty_digits_that_were_held_out_are_read_right():
    assert float(re.search(r"([\d.]+)% of \d+ held-out digits", stored("digits"))[1]) >= 95.0


def test_new_names_come_of_a_loss_far_below_that_of_a_guess():
    """Who knows nothing of 27 letters is surprised by ln 27 = 3.30 nats."""
    text = stored("names")
    assert last_row(text)[-1] < 2.0
    names = [line for line in text.splitlines() if re.fullmatch(r"[a-z]+ ?(\(.*\))?", line)]
    assert len(names) >= 10 and any("(" not in name for name in names)


def test_a_gradient_vanishes_in_deep_sigmoids_and_not_where_the_text_says_so():
    row = re.compile(r"^(\w+ +\w+) +((?:[\d.e+-]+ *){6})$", re.MULTILINE)
    rows = dict(row.findall(stored("vanishing")))
    ends = {}
    for name, numbers in rows.items():
        lengths = [float(number) for number in numbers.split()]
        ends[tuple(name.split())] = lengths[0] / lengths[-1]
    assert ends["sigmoid", "glorot"] < 1 / 1000
    assert all(0.1 < ends[pair] < 10.0 for pair in (("tanh", "glorot"), ("relu", "he")))
