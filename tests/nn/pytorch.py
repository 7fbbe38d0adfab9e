"""What PyTorch gave: the cases that make_fixtures.py wrote."""

import json
from pathlib import Path

import numpy as np
import pytest

RELATIVE, ABSOLUTE = 1e-12, 1e-14  # of float64 results of some dozens of roundings, 1e-16 each


def cases(section):
    """The section's cases as pytest's params, named by what is plain in them."""
    text = (Path(__file__).parent / "fixtures" / f"{section}.json").read_text(encoding="utf-8")
    found = enumerate(json.loads(text)["cases"])
    return [pytest.param(case, id=f"{case.get('name', section)}-{i}") for i, case in found]


def agrees(got, want):
    np.testing.assert_allclose(
        np.asarray(got, float), np.asarray(want, float), rtol=RELATIVE, atol=ABSOLUTE
    )
