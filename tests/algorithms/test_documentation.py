"""The samples of docs/algorithms.md do what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from recommendations.algorithms.catalogue import ALGORITHMS
from recommendations.interactions import Interactions

PAGE = Path(__file__).resolve().parents[2] / "docs" / "algorithms.md"
SAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def registry(monkeypatch):
    before = dict(ALGORITHMS)
    yield ALGORITHMS
    ALGORITHMS.clear()
    ALGORITHMS.update(before)


def test_the_first_sample_runs_as_it_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}

    exec(SAMPLES[0], names)

    assert names["reasons"][0][0] in ("milk", "bread")
    assert names["served"].recommend(["bob"])[0] == names["model"].recommend(["bob"])[0]


def test_an_algorithm_of_ones_own_is_what_the_page_shows(registry):
    names: dict[str, object] = {}
    exec(SAMPLES[1], names)
    exec(SAMPLES[2], names)
    found = names["MOST_EXPENSIVE"]
    registry[found.name] = found
    data = Interactions.from_arrays(["u", "u", "v"], ["tea", "ring", "gum"], prices=[3.0, 900.0, np.nan])

    model = names["MostExpensive"](found.name, {"floor": 1.0}).fit(data)

    assert model.fold_in([])[0] == ["ring", "tea"]


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_the_table_says_what_the_catalogue_says(name):
    rows = [
        line.split("|") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")
    ]
    row = next(row for row in rows if row[1].strip() == f"`{name}`")

    roles = [role for cell in row[3:5] for role in re.findall(r"`(\w+)`", cell)]

    assert roles == list(ALGORITHMS[name].roles)
    assert {word.strip() for word in row[5].split(",")} == ALGORITHMS[name].supports
