import numpy as np
import pytest

from recommendations.interactions import Interactions, features

ORDERS = Interactions.from_arrays(
    ["u", "u", "u", "v"],
    ["a", "a", "b", "b"],
    [2, 1, 3, 1],
    [10, 20, 20, 30],
    ["first", "second", "second", "third"],
    prices=[5, 4, np.nan, 2],
)


def column(table, name):
    keys = zip(table.users.take(table.user), table.items.take(table.item), strict=True)
    return dict(zip(keys, getattr(table, name).tolist(), strict=True))


def test_each_pair_has_its_orders_last_date_and_spend():
    table = features(ORDERS)

    assert column(table, "times_bought") == {("u", "a"): 2, ("u", "b"): 1, ("v", "b"): 1}
    assert column(table, "last_bought") == {("u", "a"): 20, ("u", "b"): 20, ("v", "b"): 30}
    spend = column(table, "spend")
    assert (spend["u", "a"], spend["v", "b"]) == (14, 2)
    assert np.isnan(spend["u", "b"])
    assert np.isnan(table.rating).all()


def test_ratings_join_by_key_and_add_pairs_that_were_only_rated():
    ratings = Interactions.from_arrays(
        ["v", "v", "u", "stranger", "u"], ["b", "b", "b", "a", "never sold"], [1, 4, 5, 1, 1], kind="ratings"
    )
    more = Interactions.from_arrays(["v"], ["a"], [3], kind="ratings")

    rated = column(features(ORDERS, ratings=ratings), "rating")
    table = features(ORDERS, ratings=more)

    assert (rated["v", "b"], rated["u", "b"]) == (2.5, 5)
    assert len(rated) == 3
    assert column(table, "rating")["v", "a"] == 3
    assert column(table, "times_bought")["v", "a"] == 0
    assert np.isnan(column(table, "last_bought")["v", "a"])


def test_a_shop_without_times_prices_or_rows_has_a_table():
    bare = features(Interactions.from_arrays(["u"], ["a"]))

    assert np.isnan([bare.last_bought[0], bare.spend[0]]).all()
    assert len(features(Interactions.from_arrays([], []))) == 0


def test_orders_and_ratings_cannot_be_swapped():
    ratings = Interactions.from_arrays(["u"], ["a"], kind="ratings")

    with pytest.raises(ValueError, match='kind "orders", then "ratings"'):
        features(ratings)
    with pytest.raises(ValueError, match='kind "orders", then "ratings"'):
        features(ORDERS, ratings=ORDERS)
