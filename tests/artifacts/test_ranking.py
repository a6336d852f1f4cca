from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.artifacts.ranking import top


def written_out(scores, k):
    places = [place for place in range(len(scores)) if scores[place] > -np.inf]
    return sorted(places, key=lambda place: (-scores[place], place))[:k]


@given(st.integers(0, 5000), st.integers(0, 60), st.integers(1, 40), st.integers(0, 10**6))
def test_the_best_k_with_ties_by_position(n, k, levels, seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, levels, n).astype(np.float32)  # few levels: many ties
    scores[rng.random(n) < 0.2] = -np.inf

    assert top(scores, k).tolist() == written_out(scores, k)


@pytest.mark.parametrize("n", [127, 128, 5000, 50_001])
@pytest.mark.parametrize("k", [1, 20, 126])
def test_the_best_k_of_many(n, k):
    scores = np.random.default_rng(n).normal(size=n).astype(np.float32)

    assert top(scores, k).tolist() == written_out(scores, k)


def test_the_best_may_stand_after_the_last_whole_block():
    scores = np.zeros(64 * 50 + 3, np.float32)
    scores[-1] = 5

    assert top(scores, 2).tolist() == [64 * 50 + 2, 0]


def test_nothing_is_left_where_everything_is_blocked():
    assert top(np.full(10_000, -np.inf, np.float32), 20).tolist() == []
    assert top(np.empty(0, np.float32), 20).tolist() == []
