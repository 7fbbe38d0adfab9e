"""The README's pictures are what the script that makes them makes."""

import runpy
from pathlib import Path
from xml.etree import ElementTree

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    runpy.run_path(str(DOCS / "make_pictures.py"))["main"](folder)
    return folder


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("what", ["neuron", "network"])
def test_the_committed_picture_is_the_scripts(made, what, theme):
    name = f"{what}-{theme}.svg"
    assert (made / name).read_bytes() == (DOCS / name).read_bytes(), (
        "run: python docs/make_pictures.py"
    )


@pytest.mark.parametrize("name", ["neuron-light.svg", "neuron-dark.svg"])
def test_at_rest_it_is_the_finished_picture(name):
    """What a viewer without animation sees: all gradients, and nothing in motion."""
    text = (DOCS / name).read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    for hidden in [e for e in root.iter() if e.get("opacity") == "0"]:
        hidden.clear()
    grads = [e.text for e in root.iter() if (e.get("class") or "").startswith("grad")]
    assert sorted(grads) == sorted(
        ["−1.5", "1", "0.5", "0", "0.5", "0.5", "0.5", "0.5", "0.5", "1"]
    )
    assert not [e for e in root.iter() if "moving" in (e.get("class") or "")]
    assert "prefers-reduced-motion" in text and "linear 2}" in text
