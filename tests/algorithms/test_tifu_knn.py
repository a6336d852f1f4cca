from __future__ import annotations

import numpy as np
import pytest

from recommendations.algorithms import create
from recommendations.algorithms.base import NotEnoughDataError
from recommendations.algorithms.tifu_knn import visit_weights
from recommendations.interactions import Interactions

DAY = 86_400.0
PAPER = {"groups": 3, "group_decay": 0.7, "basket_decay": 0.9, "neighbours": 300, "alpha": 0.6}


def shop(orders: list[tuple[str, int, str]]) -> Interactions:
    """(user, day, items as letters)."""
    rows = [(user, item, day, n) for n, (user, day, items) in enumerate(orders) for item in items]
    users, items, days, numbers = zip(*rows, strict=True)
    return Interactions.from_arrays(users, items, times=[1.7e9 + day * DAY for day in days], orders=numbers)


def vector(model, user: str) -> dict[str, float]:
    items, weights = model.seen.row(model.users.position(user))
    return dict(zip(model.items.keys(items), weights.tolist(), strict=True))


def test_a_customers_vector_is_the_papers_by_hand():
    """Five orders in three groups of 1, 2 and 2 (eq. 1 and 2), times five."""
    data = shop([("u", 1, "a"), ("u", 2, "ab"), ("u", 3, "b"), ("u", 4, "ac"), ("u", 5, "c"), ("v", 1, "z")])

    found = vector(create("tifu_knn", **PAPER).fit(data), "u")

    first, second, third = 0.7**2, 0.7, 1.0
    a = (first * 1 + second * 0.9 / 2 + third * 0.9 / 2) / 3
    b = (second * (0.9 + 1) / 2) / 3
    c = (third * (0.9 + 1) / 2) / 3
    assert found == pytest.approx({"a": 5 * a, "b": 5 * b, "c": 5 * c})


def test_the_score_is_ones_own_vector_and_that_of_the_neighbours():
    data = shop([("u", 1, "ab"), ("v", 1, "ac"), ("w", 1, "z")])

    (keys,), (scores,) = create("tifu_knn", **PAPER).fit(data).recommend(["u"], exclude_seen=False)

    unit = 1 / np.sqrt(2)
    assert keys == ["a", "b", "c"]
    assert scores == pytest.approx([0.6 * unit + 0.4 * unit, 0.6 * unit, 0.4 * unit])


def test_equal_groups_and_decays_of_one_make_counts_of_orders():
    data = shop([("u", day, "a" if day % 3 else "ab") for day in range(12)] + [("v", 1, "b")])

    model = create("tifu_knn", groups=4, group_decay=1, basket_decay=1).fit(data)

    assert vector(model, "u") == pytest.approx({"a": 12, "b": 4})


@pytest.mark.parametrize("n", range(1, 30))
def test_groups_are_of_about_equal_size_and_later_ones_larger(n):
    weights = visit_weights(
        np.zeros(n, np.int64), np.arange(n, dtype=float), groups=7, group_decay=0.5, basket_decay=1
    )

    m = min(n, 7)
    group = np.round(m - 1 - np.log2(n / (m * weights * np.bincount(_of(n, m))[_of(n, m)]))).astype(int)
    sizes = np.bincount(group, minlength=m)
    assert sizes.sum() == n and sizes.max() - sizes.min() <= 1
    assert (np.diff(sizes) >= 0).all()


def _of(n: int, m: int) -> np.ndarray:
    """Which of m groups each of n orders is in: n // m each, the last n % m one more."""
    sizes = np.full(m, n // m)
    sizes[m - n % m :] += 1
    return np.repeat(np.arange(m), sizes)


def test_the_order_of_the_rows_does_not_matter():
    orders = [("u", 5, "ab"), ("u", 1, "b"), ("v", 3, "bc"), ("u", 3, "ac"), ("v", 9, "a")]

    one, other = (create("tifu_knn", **PAPER).fit(shop(some)) for some in (orders, orders[::-1]))

    assert vector(one, "u") == pytest.approx(vector(other, "u"))
    assert (
        one.recommend(["u", "v"], exclude_seen=False)[0] == other.recommend(["u", "v"], exclude_seen=False)[0]
    )


def test_what_was_bought_lately_is_bought_again():
    data = shop(
        [("u", day, "a") for day in range(10)] + [("u", day, "b") for day in range(10, 20)] + [("v", 1, "c")]
    )

    (keys,), _ = create("tifu_knn").fit(data).recommend(["u"], exclude_seen=False)

    assert keys == ["b", "a"]


def test_half_life_decays_by_days_what_the_sequence_alone_does_not():
    data = shop([("u", 0, "a"), ("u", 100, "b"), ("v", 100, "c")])

    model = create("tifu_knn", **PAPER | {"group_decay": 1, "basket_decay": 1}, half_life=50).fit(data)

    assert vector(model, "u") == pytest.approx({"a": 0.25, "b": 1})


def test_weight_is_taken_of_the_decayed_sum():
    data = shop([("u", day, "a" if day else "ab") for day in range(4)] + [("v", 1, "c")])

    model = create("tifu_knn", groups=2, group_decay=1, basket_decay=1, weight="sqrt").fit(data)

    assert vector(model, "u") == pytest.approx({"a": 2, "b": 1})


def test_reasons_credit_the_item_itself_and_those_shared_with_neighbours():
    data = shop([("u", 1, "ab"), ("v", 1, "ac"), ("w", 1, "z")])
    model = create("tifu_knn", **PAPER).fit(data)

    assert model.explain("u", "b", top=None) == [("b", pytest.approx(1))]
    assert model.explain("u", "c", top=None) == [("a", pytest.approx(1))]
    assert model.explain("u", "a", top=None) == [("a", pytest.approx(1))]


def test_shares_sum_to_the_score_for_everybody():
    rng = np.random.default_rng(0)
    orders = [(f"u{n:02}", int(day), "".join(rng.choice(list("abcdefghij"), 3, replace=False)))
              for n in range(30) for day in rng.integers(0, 90, 5)]  # fmt: skip
    model = create("tifu_knn", neighbours=8).fit(shop(orders))

    scores = model.score_users(np.arange(30))

    for user in range(30):
        items, weights = model.seen.row(user)
        for target in np.flatnonzero(np.isfinite(scores[user])):
            parts = model.scorer.contributions(items, weights, target)
            assert (parts >= 0).all()
            assert parts.sum() == pytest.approx(scores[user, target], rel=1e-4)


def test_without_order_numbers_a_moment_is_an_order_and_without_times_the_rows_tell_the_sequence():
    timed = Interactions.from_arrays(["u", "u", "u", "v"], list("abac"), times=[1.0, 1.0, 2.0, 1.0])
    numbered = Interactions.from_arrays(["u", "u", "u", "v"], list("abac"), orders=[1, 1, 2, 3])

    for data in (timed, numbered):
        found = vector(create("tifu_knn", **PAPER).fit(data), "u")
        assert found == pytest.approx({"a": 1 + 0.7, "b": 0.7})
    with pytest.raises(NotEnoughDataError, match="tifu_knn needs to know which rows are one order"):
        create("tifu_knn").fit(Interactions.from_arrays(["u"], ["a"]))


def test_an_order_shared_by_two_customers_is_one_of_each():
    data = Interactions.from_arrays(["u", "v", "u"], ["a", "b", "c"], times=[1.0, 1.0, 2.0], orders=[1, 1, 2])

    model = create("tifu_knn", **PAPER).fit(data)

    assert vector(model, "u") == pytest.approx({"a": 0.7, "c": 1})
    assert vector(model, "v") == pytest.approx({"b": 1})
