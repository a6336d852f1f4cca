from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import sparse, stats

from recommendations.algorithms.sampling import Bought, Hard, InBatch, Popular, Positives, Uniform, sampler

ROWS = [[0, 2, 3], [], [5], [0, 1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6, 7], list(range(8))]
ITEMS = 8


@pytest.fixture
def positives() -> Positives:
    dense = np.zeros((len(ROWS), ITEMS), np.float32)
    for user, items in enumerate(ROWS):
        dense[user, items] = 1 + user
    return Positives(sparse.csr_matrix(dense))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(found: torch.Tensor) -> np.ndarray:
    return np.bincount(found.numpy().ravel(), minlength=ITEMS)


def test_pairs_are_positives_exactly_where_the_matrix_has_an_entry(positives):
    users, items = torch.arange(len(ROWS))[:, None], torch.arange(ITEMS)

    found = positives.contains(users, items)

    assert [row.nonzero()[:, 0].tolist() for row in found] == ROWS
    assert positives.complete.tolist() == [False] * 5 + [True]


def test_the_missing_items_are_numbered_in_their_order(positives):
    for user, items in enumerate(ROWS):
        missing = [item for item in range(ITEMS) if item not in items]

        found = positives.missing(torch.full((len(missing),), user), torch.arange(len(missing)))

        assert found.tolist() == missing


def test_the_positives_of_some_users_come_with_their_place_in_the_batch(positives):
    row, item, place = positives.rows(torch.tensor([2, 1, 0]))

    assert row.tolist() == [0, 2, 2, 2]
    assert item.tolist() == [5, 0, 2, 3]
    assert positives.weight[place].tolist() == [3, 1, 1, 1]


@pytest.mark.parametrize("kind", ["uniform", "popularity", "hard"])
def test_a_positive_of_the_same_user_is_never_drawn(kind, positives):
    users = torch.arange(5).repeat(400)
    one = sampler(kind, positives, generator(), score=lambda users, items: -items.float())

    found = one.draw(users, 3)

    assert found.shape == (2000, 3)
    assert not positives.contains(users[:, None], found).any()
    assert found.min() >= 0 and found.max() < ITEMS
    assert set(found[users == 3].flatten().tolist()) == {7} and set(found[users == 4].flatten().tolist()) == {
        0
    }


def test_uniform_draws_are_uniform_over_what_the_user_does_not_have(positives):
    found = drawn(Uniform(positives, generator()).draw(torch.zeros(500, dtype=torch.int64), 40))

    missing = [1, 4, 5, 6, 7]
    assert found.sum() == found[missing].sum() == 20_000
    assert stats.chisquare(found[missing]).pvalue > 0.01


def test_popular_items_are_drawn_by_the_power_of_their_frequency(positives):
    found = drawn(Popular(positives, generator()).draw(torch.ones(500, dtype=torch.int64), 40))

    expected = positives.frequency.numpy() ** 0.75
    assert stats.chisquare(found, 20_000 * expected / expected.sum()).pvalue > 0.01
    assert stats.chisquare(found).pvalue < 1e-9


def test_items_that_nobody_has_are_drawn_uniformly_but_not_by_popularity():
    positives = Positives(sparse.csr_matrix(np.array([[1, 0, 0], [1, 1, 0]], np.float32)))

    assert set(Uniform(positives, generator()).draw(torch.tensor([0]), 200).flatten().tolist()) == {1, 2}
    assert set(Popular(positives, generator()).draw(torch.tensor([0]), 200).flatten().tolist()) == {1}


def test_where_popular_items_are_all_taken_a_draw_still_ends():
    positives = Positives(sparse.csr_matrix(np.array([[1, 1, 0, 0]], np.float32)))

    found = Popular(positives, generator()).draw(torch.tensor([0]), 100)

    assert set(found.flatten().tolist()) == {2, 3}


def test_hard_negatives_are_the_best_scored_of_their_candidates(positives):
    taste = torch.tensor([0.0, 5, 1, 2, 9, 3, 4, 8])
    score = lambda users, items: taste[items]  # noqa: E731
    users = torch.zeros(300, dtype=torch.int64)

    found = Hard(Uniform(positives, generator()), score, pool=3).draw(users, 2)

    candidates = Uniform(positives, generator()).draw(users, 6).view(300, 2, 3)
    assert torch.equal(taste[found], taste[candidates].max(2).values)


def test_scores_in_the_batch_lose_the_log_of_the_items_share_and_every_accidental_hit(positives):
    users, items = torch.tensor([0, 2, 3]), torch.tensor([3, 5, 6])
    scores = torch.arange(9.0).view(3, 3)

    found = InBatch(positives).corrected(scores, users, items)

    share = np.array([4, 4, 3]) / 26
    expected = np.arange(9.0).reshape(3, 3) - np.log(share)
    expected[2, :2] = -np.inf  # user 3 has items 3 and 5
    assert found.numpy() == pytest.approx(expected.astype(np.float32), rel=1e-6)


@pytest.mark.parametrize("kind", ["uniform", "popularity"])
def test_a_seed_reproduces_the_draws(kind, positives):
    users = torch.arange(5).repeat(20)

    one, again, other = (sampler(kind, positives, generator(seed)).draw(users, 4) for seed in (1, 1, 2))

    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_an_unknown_sampler_is_refused_with_the_valid_ones(positives):
    with pytest.raises(ValueError, match=r"\"uniform\", .* got 'in_batch'"):
        sampler("in_batch", positives, generator())


def test_a_catalogue_of_a_million_items_is_learned_as_the_few_that_were_bought():
    matrix = sparse.csr_matrix(([2.0, 1.0, 3.0], ([0, 1, 1], [999_999, 5, 700])), shape=(2, 1_000_000))

    bought = Bought(matrix)

    assert bought.matrix.toarray().tolist() == [[0, 0, 2], [1, 3, 0]]
    spread = bought.spread(torch.tensor([[1.0], [2.0], [3.0]]))
    assert spread.shape == (1_000_000, 1)
    assert spread[[5, 700, 999_999]].flatten().tolist() == [1, 2, 3] and float(spread.sum()) == 6
