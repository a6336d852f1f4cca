import math

import numpy as np
import pytest

from recommendations.evaluation import catalogue
from recommendations.evaluation.catalogue import coverage, gini, intra_list_diversity, novelty


def lists(*rows):
    return np.array(rows, np.int32)


def test_coverage_is_the_share_of_items_in_some_list():
    assert coverage(lists([0, 1], [1, -1]), 4) == 0.5
    assert coverage(lists([-1, -1]), 4) == 0
    assert coverage(np.zeros((0, 2), np.int32), 0) == 0


def test_gini_runs_from_all_equal_to_one_takes_all():
    # Four items suggested 0, 0, 0 and 4 times: mean absolute difference 2, over twice the mean of 1.
    assert gini(lists([0], [0], [0], [0]), 4) == pytest.approx(0.75)
    assert gini(lists([0, 1], [2, 3]), 4) == pytest.approx(0)
    assert math.isnan(gini(lists([-1]), 4))


def test_gini_equals_its_definition_by_pairs():
    random = np.random.default_rng(0)
    shown = random.integers(0, 15, (30, 4)).astype(np.int32)
    counts = np.bincount(shown.ravel(), minlength=20)

    pairs = np.abs(counts[:, None] - counts).mean() / (2 * counts.mean())

    assert gini(shown, 20) == pytest.approx(pairs)


def test_novelty_is_the_mean_bits_of_surprise():
    popularity = np.array([8, 2, 0])

    found = novelty(lists([0, 1], [2, -1], [-1, -1]), popularity, 8)

    assert found[:2].tolist() == [(0 + 2) / 2, 3]
    assert np.isnan(found[2])


@pytest.mark.parametrize("cells", [4_000_000, 50])
def test_diversity_is_one_less_the_mean_cosine_of_pairs(cells, monkeypatch):
    monkeypatch.setattr(catalogue, "_CELLS", cells)
    random = np.random.default_rng(0)
    bought = random.random((25, 12)) < 0.3
    bought[:, 5] = False
    shown = np.array([random.permutation(12)[:4] for _ in range(40)], np.int32)
    shown[3, 2:] = -1
    user, item = np.nonzero(bought)
    norm = np.maximum(np.linalg.norm(bought, axis=0), 1)
    cosine = (bought.T.astype(float) @ bought) / norm / norm[:, None]

    found = intra_list_diversity(shown, user, item, 12)

    for row, value in zip(shown, found, strict=True):
        items = row[row >= 0]
        pairs = [cosine[a, b] for n, a in enumerate(items) for b in items[:n]]
        assert value == pytest.approx(1 - np.mean(pairs))


def test_a_list_of_one_has_no_diversity_and_a_thousand_lists_are_enough():
    single = intra_list_diversity(lists([0, -1]), np.array([0]), np.array([0]), 2)
    many = intra_list_diversity(lists(*[[0, 1]] * 2_500), np.array([0, 0]), np.array([0, 1]), 2)

    assert np.isnan(single).all()
    assert np.isfinite(many).sum() == 1_000
    assert np.nanmean(many) == pytest.approx(0)
