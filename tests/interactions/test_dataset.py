from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.interactions import Feature, Interactions

DAY = 86_400.0
ROWS = st.lists(
    st.tuples(
        st.sampled_from("uvw"),
        st.sampled_from("abcd"),
        st.integers(0, 5),
        st.floats(0, 50),
        st.integers(1, 5),
    )
)


def of(rows, kind="orders"):
    users, items, orders, days, values = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    return Interactions.from_arrays(users, items, values, np.array(days) * DAY, orders, kind)


def dense(data, *args, **options):
    """The matrix as {(user key, item key): number}."""
    matrix = data.matrix(*args, **options)
    assert matrix.has_canonical_format
    assert matrix.dtype == np.float32
    coo = matrix.tocoo()
    keys = zip(data.users.take(coo.row), data.items.take(coo.col), strict=True)
    return dict(zip(keys, coo.data.tolist(), strict=True))


@given(ROWS)
def test_a_count_is_the_number_of_distinct_orders(rows):
    expected = {}
    for user, item, order, *_ in rows:
        expected.setdefault((user, item), set()).add(order)

    assert dense(of(rows)) == {pair: len(orders) for pair, orders in expected.items()}


@given(ROWS, st.floats(0.5, 100))
def test_an_order_counts_half_as_much_per_half_life(rows, half_life):
    newest = max((row[3] for row in rows), default=0)
    expected = {}
    for user, item, order, day, _ in rows:
        orders = expected.setdefault((user, item), {})
        orders[order] = max(orders.get(order, 0), 2 ** -((newest - day) / half_life))

    found = dense(of(rows), half_life=half_life)

    assert found == pytest.approx({pair: sum(orders.values()) for pair, orders in expected.items()}, rel=1e-5)


def test_without_orders_every_row_counts():
    data = Interactions.from_arrays(["u", "u", "v"], ["a", "a", "a"])

    assert dense(data) == {("u", "a"): 2, ("v", "a"): 1}


def test_weights_are_taken_of_the_decayed_count():
    data = of([("u", "a", 1, 0, 1), ("u", "a", 2, 10, 1), ("v", "a", 3, 10, 9)])

    assert dense(data, "log1p", half_life=10)[("u", "a")] == pytest.approx(np.log1p(1.5))
    assert dense(data, "sqrt", half_life=10)[("u", "a")] == pytest.approx(np.sqrt(1.5))
    assert dense(data, "count", half_life=10, now=20 * DAY)[("v", "a")] == pytest.approx(0.5)
    assert dense(data, "binary", half_life=10) == {("u", "a"): 1, ("v", "a"): 1}


def test_ratings_of_a_pair_are_averaged():
    data = of([("u", "a", 1, 0, 1), ("u", "a", 1, 10, 4), ("v", "b", 1, 10, 5)], "ratings")

    assert dense(data) == {("u", "a"): 2.5, ("v", "b"): 5}
    assert dense(data, half_life=10)[("u", "a")] == pytest.approx((0.5 * 1 + 4) / 1.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weight": "tfidf"}, "weight is one of count, binary, log1p, sqrt; got 'tfidf'"),
        ({"half_life": 0}, "half_life is a positive number of days; got 0"),
        ({"half_life": float("nan")}, "half_life is a positive number of days"),
    ],
)
def test_a_wrong_matrix_option_names_what_is_allowed(options, message):
    with pytest.raises(ValueError, match=message):
        of([("u", "a", 1, 0, 1)]).matrix(**options)


def test_a_half_life_without_times_says_so():
    with pytest.raises(ValueError, match="half_life needs the rows' times"):
        Interactions.from_arrays(["u"], ["a"]).matrix(half_life=1)


def test_rows_of_order_none_are_orders_of_their_own():
    data = Interactions.from_arrays(["u"] * 4, ["a"] * 4, orders=[None, None, "x", "x"])

    assert dense(data) == {("u", "a"): 3}


def test_an_empty_shop_and_a_shop_of_one_row_work_everywhere():
    for data in (Interactions.from_arrays([], [], [], [], []), Interactions.from_arrays(["u"], ["a"])):
        assert data.matrix().shape == (data.n_users, data.n_items)
        assert len(data.compact()) == len(data)
        assert len(data.fingerprint()) == 64


@pytest.mark.parametrize(
    ("column", "bad"),
    [("values", np.nan), ("values", np.inf), ("values", 1e300), ("times", np.nan), ("times", np.inf)],
)
def test_a_number_that_is_not_finite_is_refused_with_its_row(column, bad):
    with pytest.raises(ValueError, match=r"Every (value|time) is finite; row 1 has"):
        Interactions.from_arrays(["u", "v"], ["a", "b"], **{column: [1.0, bad]})


def test_columns_of_different_length_are_refused_by_name():
    with pytest.raises(ValueError, match="user has 2 rows, time has 1"):
        Interactions.from_arrays(["u", "v"], ["a", "b"], times=[1.0])


def test_a_code_outside_its_vocabulary_is_refused():
    data = of([("u", "a", 1, 0, 1)])

    with pytest.raises(ValueError, match=r"item codes lie in 0..0; got 5..5"):
        Interactions.from_codes(data.users, data.items, [0], [5])


def test_where_keeps_the_vocabularies_and_compact_drops_what_has_no_rows():
    features = {"colour": Feature("category", ["red", "green", "blue"])}
    data = Interactions.from_arrays(
        ["u", "v", "w"],
        ["a", "b", "c"],
        orders=["x", "y", "z"],
        prices=[1, np.nan, 3],
        item_features=features,
    )

    part = data.where(data.user != 1)
    small = part.compact()

    assert part.n_items == 3
    assert small.users.keys == ["u", "w"]
    assert small.items.keys == ["a", "c"]
    assert small.item_features["colour"].values == ["red", "blue"]
    assert small.order.tolist() == [0, 1]
    assert small.price.tolist() == [1, 3]


@pytest.mark.parametrize("mask", [[1, 0, 1], [True], np.ones((3, 1), bool)])
def test_a_mask_of_another_shape_or_type_is_refused(mask):
    data = Interactions.from_arrays(["u", "v", "w"], ["a", "b", "c"])

    with pytest.raises(ValueError, match=r"A mask is a bool array of shape \(3,\)"):
        data.where(mask)


def test_features_need_one_value_per_key_and_a_known_kind():
    with pytest.raises(ValueError, match=r"item_features\['size'\] needs one value per key .*\(1\); got 2"):
        Interactions.from_arrays(["u"], ["a"], item_features={"size": Feature("number", [1.0, 2.0])})
    with pytest.raises(ValueError, match='"text", "category" or "number"; got \'colour\''):
        Interactions.from_arrays(["u"], ["a"], item_features={"size": Feature("colour", [1.0])})


def test_the_fingerprint_changes_with_every_column():
    data = of([("u", "a", 1, 0, 1), ("v", "b", 2, 3, 1)])
    changed = [
        replace(data, kind="ratings"),
        replace(data, item=data.item[::-1].copy()),
        replace(data, value=data.value + 1),
        replace(data, time=None),
        replace(data, order=data.order + 1),
        replace(data, price=data.value),
        replace(data, item_features={"size": Feature("number", [1.0, 2.0])}),
        of([("u", "a", 1, 0, 1), ("v", "c", 2, 3, 1)]),
    ]

    prints = {each.fingerprint() for each in [data, *changed]}

    assert len(prints) == 1 + len(changed)
    assert of([("u", "a", 1, 0, 1), ("v", "b", 2, 3, 1)]).fingerprint() == data.fingerprint()
