from __future__ import annotations

import numpy as np
import pytest

from recommendations.algorithms import create, related
from recommendations.interactions import Interactions


@pytest.fixture
def data() -> Interactions:
    rng = np.random.default_rng(3)
    return Interactions.from_arrays(
        [f"u{n}" for n in rng.integers(0, 30, 300)],
        [f"i{n:02}" for n in rng.integers(0, 20, 300)],
        times=1.7e9 - rng.random(300) * 86_400 * 200,
    )


@pytest.mark.parametrize("cells", [8_000_000, 60])
def test_similarity_is_the_cosine_of_the_customers_weights(data, cells, monkeypatch):
    monkeypatch.setattr(related, "_CELLS", cells)  # 60: three items a block
    X = data.matrix("sqrt", half_life=50).toarray().astype(np.float64)
    lengths = np.linalg.norm(X, axis=0)
    expected = (X.T @ X / (np.outer(lengths, lengths) + 2.0)) ** 1.5
    np.fill_diagonal(expected, 0)

    model = create(
        "item_cosine", half_life=50, weight="sqrt", shrinkage=2.0, neighbours=5000, amplification=1.5
    ).fit(data)

    found = np.where(np.isneginf(scores := model.scorer.score_items(np.arange(20))), 0, scores)
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_only_the_nearest_neighbours_are_kept(data):
    many = create("item_cosine", neighbours=5000).fit(data).similar(["i03"], k=4)
    few = create("item_cosine", neighbours=4).fit(data).similar(["i03"], k=20)

    assert few[0] == many[0]


def test_a_person_with_a_huge_history_is_no_problem():
    items = [f"i{n}" for n in range(3000)]
    data = Interactions.from_arrays(["bot"] * 3000 + ["u", "u"], [*items, "i1", "i2"])

    model = create("item_cosine", neighbours=10, shrinkage=0).fit(data)

    assert model.similar(["i1"], k=1)[0] == [["i2"]]
    assert len(model.scorer.values) <= 3000 * 3000
