import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recommendations.evaluation.topk import top_k


def by_sorting(scores, k):
    """The same by sorting whole rows: by score, then by position."""
    best = np.full((len(scores), min(k, scores.shape[1])), -1)
    for row, values in enumerate(scores):
        scored = [place for place in range(len(values)) if values[place] > -np.inf]
        ranked = sorted(scored, key=lambda place: (-values[place], place))[:k]
        best[row, : len(ranked)] = ranked
    return best


@given(
    hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=12),
        elements=st.sampled_from([-np.inf, np.nan, -1.0, -0.0, 0.0, 1.0, 2.0, np.inf]),
    ),
    st.integers(1, 15),
)
def test_the_best_come_first_and_ties_go_by_position(scores, k):
    assert top_k(scores.copy(), k).tolist() == by_sorting(scores, k).tolist()


@pytest.mark.parametrize("levels", [1, 2, 3, 50, 10**6])
def test_long_rows_with_many_or_few_ties_agree_with_sorting(levels):
    random = np.random.default_rng(levels)
    scores = random.integers(0, levels, (7, 5_000)).astype(np.float32)
    scores[2, 10:] = -np.inf
    scores[3] = -np.inf
    scores[4, ::2] = np.nan

    assert top_k(scores.copy(), 20).tolist() == by_sorting(scores, 20).tolist()
