import numpy as np
import pytest

from recommendations.evaluation import evaluate
from recommendations.evaluation.segments import by_activity, by_popularity, item_groups, orders_before
from recommendations.interactions import Interactions


def test_customers_are_counted_by_their_orders_not_by_their_lines():
    train = Interactions.from_arrays(["u", "u", "u", "v"], ["a", "b", "a", "a"], orders=[1, 1, 2, 3])

    assert orders_before(train, ["v", "stranger", "u"]).tolist() == [1, 0, 2]


def test_without_orders_moments_count_and_without_times_rows():
    columns = (["u", "u", "u"], ["a", "b", "c"])

    assert orders_before(Interactions.from_arrays(*columns, times=[1, 1, 2]), ["u"]).tolist() == [2]
    assert orders_before(Interactions.from_arrays(*columns), ["u"]).tolist() == [3]


def test_head_middle_and_tail_are_cut_at_half_and_at_80_per_cent_of_the_purchases():
    # Laid end to end, 3 2 | 2 1 | 1 1: the first two end at 50 % of 10 purchases, the next two at 80 %.
    groups = item_groups(np.array([1, 3, 2, 2, 1, 0, 1]))

    assert groups.tolist() == [1, 0, 0, 1, 2, 2, 2]


def test_one_bestseller_is_the_head_and_what_was_never_sold_the_tail():
    assert item_groups(np.array([0, 100, 1])).tolist() == [2, 0, 2]
    assert item_groups(np.array([0, 0])).tolist() == [2, 2]
    assert item_groups(np.zeros(0, np.int64)).tolist() == []


def orders_of(**number):
    rows = [(user, f"old {n % 3}", f"{user}{n}") for user, count in number.items() for n in range(count)]
    users, items, orders = (list(column) for column in zip(*rows, strict=True))
    return Interactions.from_arrays(users, items, orders=orders)


def test_figures_by_activity_are_means_over_those_customers(table):
    train = orders_of(light=2, regular=3, also=9, heavy=10)
    test = Interactions.from_arrays(["light", "regular", "also", "heavy", "cold"], ["x"] * 5)
    row = {"x": 2.0, "y": 1.0}
    model = table({"light": row, "regular": row, "also": {"y": 2.0, "x": 1.0}, "heavy": row})

    found = by_activity(evaluate(model, train, test, k=1), train)

    assert {name: segment["users"] for name, segment in found.items()} == {
        "cold": 1,
        "light": 1,
        "regular": 2,
        "heavy": 1,
    }
    assert {name: segment["recall"] for name, segment in found.items()} == {
        "cold": 0,
        "light": 1,
        "regular": 0.5,
        "heavy": 1,
    }
    assert found["regular"]["interval"]["ndcg"] == [0, 1]


def test_a_group_without_customers_has_no_figures(table):
    found = by_activity(
        evaluate(table({"u": {"x": 1}}), orders_of(u=1), Interactions.from_arrays(["u"], ["x"])),
        orders_of(u=1),
    )

    assert found["heavy"]["users"] == 0
    assert np.isnan(found["heavy"]["ndcg"])


def test_figures_by_popularity_count_only_hits_in_the_group(table):
    # Purchases: a 5, b 3, c 2. Half are a's, up to 80 % b's, the rest is the tail with what is new.
    train = Interactions.from_arrays([f"w{n}" for n in range(10)], [*"aaaaa", *"bbb", *"cc"])
    test = Interactions.from_arrays(["u", "u", "u", "v"], ["a", "c", "unheard of", "b"])
    model = table({"u": {"a": 3, "b": 2, "c": 1}, "v": {"a": 3, "c": 2, "b": 1}})

    found = by_popularity(evaluate(model, train, test, k=2))

    assert [found[name]["items"] for name in ("head", "middle", "tail")] == [1, 1, 1]
    assert [found[name]["users"] for name in ("head", "middle", "tail")] == [1, 1, 1]
    assert [found[name]["recall"] for name in ("head", "middle", "tail")] == [1, 0, 0]
    assert found["head"]["ndcg"] == 1  # a stands first in u's list
    assert [found[name]["suggested"] for name in ("head", "middle", "tail")] == [0.5, 0.25, 0.25]


def test_an_empty_evaluation_has_groups_without_figures(table):
    nothing = Interactions.from_arrays([], [])

    found = by_popularity(evaluate(table({"u": {"x": 1}}), nothing, nothing))

    assert found["tail"]["users"] == 0 and found["tail"]["items"] == 1
    assert np.isnan(found["tail"]["ndcg"])


def test_groups_hold_all_hits_between_them(table):
    random = np.random.default_rng(0)
    users, items = [f"u{n}" for n in range(20)], [f"i{n:02}" for n in range(30)]
    model = table({user: dict(zip(items, random.random(30), strict=True)) for user in users})
    rows = random.integers(0, [[20], [30]], (2, 300))
    train = Interactions.from_arrays([users[n] for n in rows[0]], [items[n] for n in rows[1]])
    rows = random.integers(0, [[20], [30]], (2, 100))
    test = Interactions.from_arrays([users[n] for n in rows[0]], [items[n] for n in rows[1]])
    result = evaluate(model, train, test, k=10)

    found = by_popularity(result)

    counted = sum(segment["recall"] * segment["users"] for segment in found.values())
    assert counted > 0
    assert sum(segment["suggested"] for segment in found.values()) == pytest.approx(1)
    assert sum(segment["items"] for segment in found.values()) == 30
