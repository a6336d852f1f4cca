import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.interactions import Feature, Interactions, leave_last_order_split, temporal_split

ROWS = st.lists(
    st.tuples(
        st.sampled_from("uvwx"), st.sampled_from("abcd"), st.integers(0, 8) | st.none(), st.integers(0, 9)
    ),
    max_size=40,
)
SHARES = st.floats(0, 0.9)


def of(rows, *, orders=True, times=True):
    users, items, codes, moments = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Interactions.from_arrays(
        users, items, times=list(moments) if times else None, orders=codes if orders else None
    )


def parts(split):
    return [part for part in (split.train, split.validation, split.test) if part is not None]


def assert_no_order_is_shared(split):
    orders = [set(part.order.tolist()) for part in parts(split)]
    assert sum(map(len, orders)) == len(set().union(*orders))


def assert_rows_are_conserved(split):
    assert sum(map(len, parts(split))) + split.as_dict()["left_out"] == len(split.data)


@given(ROWS, SHARES, SHARES)
def test_a_temporal_split_never_shares_an_order_nor_learns_from_the_future(
    rows, test_share, validation_share
):
    split = temporal_split(of(rows), test_share=test_share, validation_share=validation_share)

    assert_no_order_is_shared(split)
    assert_rows_are_conserved(split)
    ordered = [part for part in parts(split) if len(part)]
    for before, after in pairwise(ordered):
        assert before.time.max() < after.time.min()
    assert (split.test.time >= split.cutoff).all()
    assert (split.development.time < split.cutoff).all()


@given(ROWS, st.floats(-1, 11))
def test_a_given_cutoff_is_kept(rows, cutoff):
    split = temporal_split(of(rows), cutoff=cutoff, validation_share=0.3)

    assert split.cutoff == cutoff
    assert_no_order_is_shared(split)
    assert (split.development.time < cutoff).all()
    assert (split.test.time >= cutoff).all()


@given(ROWS, st.booleans(), st.booleans())
def test_leaving_the_last_order_out_never_shares_an_order(rows, times, validation):
    data = of(rows, times=times)

    split = leave_last_order_split(data, validation=validation)

    assert_no_order_is_shared(split)
    assert_rows_are_conserved(split)
    assert split.as_dict()["left_out"] == 0


@given(ROWS)
def test_the_test_holds_the_last_order_of_everyone_with_two(rows):
    # Orders of one person each, as they should be.
    data = of([(user, item, (user, order), moment) for user, item, order, moment in rows])

    split = leave_last_order_split(data)

    for user in range(data.n_users):
        mine, held_out = data.where(data.user == user), split.test.where(split.test.user == user)
        orders = set(mine.order.tolist())
        if len(orders) < 2:
            assert len(held_out) == 0
        else:
            newest = {order: mine.time[mine.order == order].max() for order in orders}
            (tested,) = set(held_out.order.tolist())
            assert newest[tested] == max(newest.values())


def test_the_newest_fifth_of_orders_is_the_test_and_the_newest_tenth_before_it_validates():
    data = of([("u", "a", order, order) for order in range(100)])

    split = temporal_split(data, validation_share=0.1)

    assert [len(part) for part in parts(split)] == [72, 8, 20]
    assert split.cutoff == 80
    assert split.validation_cutoff == 72


def test_an_order_over_the_cutoff_is_tested_by_its_later_rows_and_learned_from_by_none():
    data = of([("u", "a", 1, 0), ("u", "b", 2, 4), ("u", "c", 2, 6), ("u", "d", 3, 9)])

    split = temporal_split(data, cutoff=5)

    assert split.train.items.take(split.train.item) == ["a"]
    assert split.test.items.take(split.test.item) == ["c", "d"]
    assert split.as_dict()["left_out"] == 1


def test_without_order_codes_a_users_rows_of_one_moment_are_one_order():
    data = of([("u", "a", 0, 1), ("u", "b", 0, 2), ("u", "c", 0, 2), ("v", "a", 0, 2)], orders=False)

    split = leave_last_order_split(data)

    assert split.test.items.take(split.test.item) == ["b", "c"]


def test_without_times_and_orders_the_last_row_of_a_user_is_the_last_order():
    data = of([("u", "c", 0, 0), ("v", "a", 0, 0), ("u", "a", 0, 0)], orders=False, times=False)

    split = leave_last_order_split(data)

    assert split.test.items.take(split.test.item) == ["a"]
    assert split.test.users.take(split.test.user) == ["u"]


def test_the_last_order_but_one_validates_only_who_has_three():
    data = of([("u", "a", 1, 1), ("u", "b", 2, 2), ("u", "c", 3, 3), ("v", "a", 4, 1), ("v", "b", 5, 2)])

    split = leave_last_order_split(data, validation=True)

    assert split.validation.items.take(split.validation.item) == ["b"]
    assert split.validation.users.take(split.validation.user) == ["u"]
    assert len(split.development) == 3


@pytest.mark.parametrize("rows", [[], [("u", "a", 1, 5)], [("u", "a", 1, 5), ("v", "b", 2, 5)]])
def test_a_shop_that_cannot_be_split_is_all_training(rows):
    for split in (temporal_split(of(rows), validation_share=0.5), leave_last_order_split(of(rows))):
        assert len(split.train) == len(rows)
        assert len(split.test) == 0


def test_a_temporal_split_without_times_names_the_other_one():
    with pytest.raises(ValueError, match="Use leave_last_order_split instead"):
        temporal_split(of([("u", "a", 1, 5)], times=False))


@pytest.mark.parametrize("options", [{"test_share": 1}, {"test_share": -0.1}, {"validation_share": np.nan}])
def test_a_share_that_is_none_is_refused(options):
    with pytest.raises(ValueError, match="is at least 0 and less than 1; got"):
        temporal_split(of([("u", "a", 1, 5)]), **options)


def test_a_split_describes_itself_as_json():
    split = temporal_split(of([("u", "a", 1, 0), ("u", "b", 2, 86_400)]), test_share=0.5)

    assert json.loads(json.dumps(split.as_dict())) == {
        "split": "temporal",
        "cutoff": "1970-01-02T00:00:00+00:00",
        "validation_cutoff": None,
        "train": {"rows": 1, "users": 1},
        "validation": {"rows": 0, "users": 0},
        "test": {"rows": 1, "users": 1},
        "left_out": 0,
    }


def shop(later):
    """A shop's rows before day 2, and after it those of ``later``: (user, item, price)."""
    rows = [("u", "a", 0.0, 5.0), ("v", "b", 0.1, 7.0), ("u", "b", 1.0, 8.0), ("w", "a", 1.5, np.nan)]
    rows += [(user, item, 2.0 + place, price) for place, (user, item, price) in enumerate(later)]
    users, items, times, prices = (list(column) for column in zip(*rows, strict=True))
    bare = Interactions.from_arrays(users, items, times=times, orders=range(len(rows)), prices=prices)
    return Interactions.from_arrays(
        users,
        items,
        times=times,
        orders=range(len(rows)),
        prices=prices,
        item_features={
            "price": Feature("number", np.arange(100.0, 100.0 + bare.n_items)),
            "category": Feature("category", [f"shelf of {key}" for key in bare.items]),
        },
    )


def test_what_is_learned_from_is_the_same_whatever_the_test_part_holds():
    one = temporal_split(shop([("u", "b", 1.0)]), cutoff=2.0, validation_share=0.3).before_test
    other = temporal_split(
        shop([("a newcomer", "a new item", 9.0), ("v", "0", 1.0), ("u", "b", 3.0)]),
        cutoff=2.0,
        validation_share=0.3,
    ).before_test

    for name in ("train", "validation", "development"):
        assert getattr(one, name).fingerprint() == getattr(other, name).fingerprint()
    assert not len(other.test)


def test_what_is_learned_from_knows_no_item_customer_or_price_of_the_test():
    split = temporal_split(shop([("a newcomer", "a new item", 9.0), ("u", "b", 1.0)]), cutoff=2.0)

    known = split.before_test.development

    assert (known.users.keys, known.items.keys) == (["u", "v", "w"], ["a", "b"])
    assert known.item_features["price"].values.tolist() == [5.0, 8.0]  # last paid before the test
    assert known.item_features["category"].values == ["shelf of a", "shelf of b"]
    assert known.order.tolist() == [0, 1, 2, 3]


def test_purchases_age_up_to_the_last_one_that_is_learned_from():
    day = 86_400
    data = Interactions.from_arrays(["u", "u", "u"], ["a", "b", "c"], times=[0, 10 * day, 1000 * day])

    known = temporal_split(data, cutoff=500 * day).before_test.development

    assert known.matrix(half_life=10).toarray().tolist() == [[0.5, 1.0]]


def test_where_rows_have_no_prices_an_items_price_stays_what_it_is():
    data = Interactions.from_arrays(
        ["u", "u"], ["a", "b"], times=[0, 1], item_features={"price": Feature("number", np.array([3.0, 4.0]))}
    )

    known = temporal_split(data, cutoff=1.0).before_test.development

    assert known.item_features["price"].values.tolist() == [3.0]
