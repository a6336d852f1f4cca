"""Popularity, trending and buy again against hand-computed cases."""

from __future__ import annotations

import numpy as np
import pytest

from recommendations.algorithms import create
from recommendations.algorithms.base import NotEnoughDataError
from recommendations.interactions import Interactions

DAY = 86_400.0


def shop(rows):
    users, items, days = zip(*rows, strict=True)
    return Interactions.from_arrays(users, items, times=[1.7e9 - day * DAY for day in days])


def test_popularity_counts_different_customers_and_breaks_ties_by_key():
    data = shop([("u", "c", 0), ("u", "c", 1), ("u", "c", 2), ("u", "b", 0), ("v", "b", 0), ("w", "a", 0)])

    keys, scores = create("popularity").fit(data).fold_in([])

    assert keys == ["b", "a", "c"]
    assert scores.tolist() == [2, 1, 1]


def test_trending_prefers_what_is_bought_now_to_what_was_bought_more_often():
    data = shop([("u", "old", 100), ("v", "old", 100), ("w", "old", 100), ("x", "hot", 0), ("y", "hot", 10)])

    keys, scores = create("trending", half_life=10, weight="count").fit(data).fold_in([])

    assert keys == ["hot", "old"]
    assert scores == pytest.approx([1 + 0.5, 3 * 2**-10])
    assert create("popularity").fit(data).fold_in([])[0] == ["old", "hot"]


def test_trending_without_times_says_what_to_use_instead():
    with pytest.raises(NotEnoughDataError, match="use popularity"):
        create("trending").fit(Interactions.from_arrays(["u"], ["i"]))


def test_buy_again_sums_the_decayed_orders_of_an_item():
    data = shop([("u", "milk", 20), ("u", "milk", 10), ("u", "bread", 0), ("u", "salt", 40), ("v", "egg", 0)])

    (keys,), (scores,) = create("buy_again", half_life=10).fit(data).recommend(["u"], exclude_seen=False)

    assert keys == ["bread", "milk", "salt"]
    assert scores == pytest.approx([1, 0.5 + 0.25, 1 / 16], rel=1e-4)


def test_buy_again_breaks_ties_by_popularity():
    data = shop([("u", "a", 0), ("u", "b", 0), ("v", "b", 0)])

    assert create("buy_again").fit(data).recommend(["u"], exclude_seen=False)[0] == [["b", "a"]]


def test_a_customer_of_long_ago_is_still_reminded_of_everything():
    data = shop([("u", "a", 3000), ("u", "b", 2000), ("v", "c", 0)])

    keys, scores = create("buy_again", half_life=1).fit(data).recommend(["u"], exclude_seen=False)

    assert sorted(keys[0]) == ["a", "b"]
    assert np.isfinite(scores[0]).all()


def test_rows_without_times_are_not_decayed():
    data = Interactions.from_arrays(["u", "u", "u"], ["a", "b", "b"], orders=[1, 2, 3])

    assert create("buy_again").fit(data).recommend(["u"], exclude_seen=False)[0] == [["b", "a"]]
