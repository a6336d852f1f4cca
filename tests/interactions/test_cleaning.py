import json
from datetime import UTC, datetime

import numpy as np
import pytest

from recommendations.interactions import Builder, CleaningRules, Lines, clean
from tests import realdata

MORNING = datetime(2026, 3, 1, 8, tzinfo=UTC).timestamp()


def raw(kind="orders", *, user=None, item=None, rows=None, **columns):
    rows = rows or len(next(iter([c for c in (user, item) if c] or columns.values())))
    builder = Builder(kind, user_key=str, item_key=str)
    builder.add(Lines(user=user or ["u"] * rows, item=item or ["a"] * rows, **columns))
    return builder.build()


def counts(report):
    return {rule.rule: rule.count for rule in report.rules if rule.count}


def test_clean_rows_pass_unchanged_and_every_rule_is_in_the_report():
    data, report = clean(
        raw(user=["u", "v"], item=["a", "b"], time=[1, 2], quantity=[2, 3], price=[1, 1], order=[7, 8])
    )

    assert data.value.tolist() == [2, 3]
    assert data.time.tolist() == [1, 2]
    assert counts(report) == {}
    assert (report.rows_in, report.rows_out, report.users, report.items) == (2, 2, 2, 2)
    assert [rule.rule for rule in report.rules] == [
        "missing_user",
        "missing_item",
        "missing_time",
        "future_time",
        "unreadable_value",
        "unreadable_price",
        "deleted_user",
        "deleted_item",
        "never_for_sale",
        "unpriced",
        "duplicates",
        "returns",
        "unmatched_returns",
        "returned",
        "returned_in_part",
        "non_positive_quantity",
        "too_many_lines_per_day",
        "outlier_quantity",
    ]


def test_missing_users_items_times_and_unreadable_numbers_are_counted_once_each():
    data, report = clean(
        raw(
            user=["u", None, "u", "u", "u", "u"],
            item=["a", "a", None, "a", "a", "a"],
            time=[1, 1, 1, None, 1, 2],
            quantity=[1, 1, 1, 1, "?", 1e30],
            price=[-1, 1, 1, 1, 1, 1],
        )
    )

    assert len(data) == 1
    assert np.isnan(data.price).all()
    assert counts(report) == {
        "missing_user": 1,
        "missing_item": 1,
        "missing_time": 1,
        "unreadable_value": 2,
        "unreadable_price": 1,
    }


def test_rows_later_than_now_are_dropped_before_age_is_counted_from_them():
    lines = raw(user=["u", "v", "v"], item=["a", "a", "b"], time=[100, 4e9, 200])

    data, report = clean(lines, latest=200)
    unlimited, _ = clean(lines)

    assert data.time.tolist() == [100, 200]
    assert counts(report) == {"future_time": 1}
    assert len(unlimited) == 3


def test_deleted_users_and_items_leave_the_data_and_the_vocabulary():
    data, report = clean(
        raw(user=["u", "v", "u"], item=["a", "a", "b"]), known_users=["u", "other"], known_items=["a"]
    )

    assert (data.users.keys, data.items.keys, len(data)) == (["u"], ["a"], 1)
    assert counts(report) == {"deleted_user": 1, "deleted_item": 1}


def test_items_that_are_never_for_sale_are_dropped_whether_named_or_never_priced():
    lines = raw(item=["bread", "coupon", "postage", "gift", "gift", "unknown"], price=[2, 0, 5, 0, 1, None])

    data, report = clean(lines, never_for_sale=["postage", "not read"])
    kept, _ = clean(lines, rules=CleaningRules(unpriced=False))

    assert data.items.keys == ["bread", "gift", "unknown"]
    assert counts(report) == {"never_for_sale": 1, "unpriced": 1}
    assert "coupon" in kept.items


@pytest.mark.parametrize("price", [[0, 0], [None, None], None])
def test_a_shop_where_nothing_has_a_price_keeps_its_items(price):
    data, _ = clean(raw(item=["a", "b"], price=price))

    assert len(data) == 2


def test_exact_duplicates_are_dropped_and_near_ones_kept():
    lines = {
        "item": ["a", "a", "b", "a", "a", "a"],
        "order": [1, 1, 1, 2, 1, 1],
        "quantity": [1, 1, 1, 1, 2, 1],
        "time": [5, 5, 5, 5, 5, 6],
        "price": [None] * 6,
    }

    data, report = clean(raw(**lines))
    kept, _ = clean(raw(**lines), rules=CleaningRules(duplicates=False))

    assert counts(report) == {"duplicates": 1}
    assert (len(data), len(kept)) == (5, 6)


def test_without_time_and_order_nothing_tells_a_duplicate_from_a_repeat_purchase():
    data, _ = clean(raw(rows=3, quantity=[1, 1, 1]))

    assert len(data) == 3


def test_returns_are_taken_off_and_zero_quantities_dropped():
    data, report = clean(
        raw(item=list("aabbcd"), time=[1, 2, 1, 2, 1, 1], quantity=[3, -3, 3, -1, -2, 0], order=range(6))
    )

    assert data.items.keys == ["b"]
    assert data.value.tolist() == [2]
    assert counts(report) == {
        "returns": 2,
        "unmatched_returns": 1,
        "returned": 1,
        "returned_in_part": 1,
        "non_positive_quantity": 1,
    }


def test_a_declared_return_survives_that_other_rows_were_dropped_before_it():
    data, report = clean(
        raw(
            user=[None, "u", "u", "u"],
            item=["a", "a", "a", "a"],
            pk=[1, 2, 3, 4],
            time=[0, 1, 2, 3],
            quantity=[1, 4, 1, 1],
            return_of=[None, None, 2, 1],
        )
    )

    assert data.value.tolist() == [3]
    assert counts(report) == {"missing_user": 1, "returns": 1, "unmatched_returns": 1, "returned_in_part": 1}


def test_an_item_sold_by_the_millilitre_does_not_set_the_cap():
    random = np.random.default_rng(0)
    items = [f"item {n}" for n in random.integers(0, 2_000, 50_000)]
    quantities = random.choice([1, 1, 1, 2, 6], 50_000).tolist()

    data, report = clean(
        raw(item=[*items, *["petrol"] * 5_000], quantity=[*quantities, *[30_000] * 4_999, 89_638])
    )

    assert data.value.max() == 6
    assert counts(report) == {"outlier_quantity": 5_000}
    assert "quantities capped at 6" in report.lines()[1]


def test_a_slip_of_the_keyboard_is_capped_in_a_shop_of_ten_items_too():
    data, _ = clean(
        raw(item=list("aabbccddeefghij"), quantity=[1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 50_000])
    )

    assert data.value.max() == 16


def test_a_wholesaler_keeps_its_large_quantities():
    quantities = [100, 500, 1_000] * 50

    data, report = clean(raw(item=[f"item {n % 30}" for n in range(150)], quantity=quantities))

    assert data.value.tolist() == quantities
    assert counts(report) == {}


def test_a_machine_loses_its_busy_day_and_a_customer_of_the_same_day_loses_nothing():
    day = [MORNING + n for n in range(30)]
    users = ["bot"] * 30 + ["bot", "person"]

    data, report = clean(
        raw(user=users, time=[*day, MORNING + 86_400, MORNING]), rules=CleaningRules(max_lines_per_day=20)
    )

    assert data.users.take(data.user) == ["bot", "person"]
    assert counts(report) == {"too_many_lines_per_day": 30}
    assert "1 users on days with more than 20 rows" in report.lines()[1]


def test_an_order_of_a_hundred_thousand_lines_is_dropped_and_the_rest_stays():
    rows = 100_000
    data, report = clean(
        raw(
            user=["u"] * rows + ["v"],
            item=[*range(rows), 1],
            time=[MORNING] * (rows + 1),
            order=[1] * rows + [2],
        )
    )

    assert data.users.keys == ["v"]
    assert counts(report) == {"too_many_lines_per_day": rows}


def test_rows_without_an_order_stay_orders_of_their_own():
    data, _ = clean(raw(time=[1, 2, 3, 3], item=["a", "a", "a", "b"], order=["x", None, None, "x"]))

    assert data.matrix().toarray().tolist() == [[3, 1]]


def test_each_order_of_a_guest_is_a_user_of_its_own_that_comes_after_all_customers():
    lines = raw(
        user=[None, None, None, "\U0010fffe", None],
        item=["a", "b", "a", "a", "c"],
        time=[1, 1, 2, 3, 4],
        order=["x", "x", "y", "z", None],
    )

    data, report = clean(lines, known_users=["\U0010fffe"], guests=True)

    assert data.matrix().toarray().tolist() == [[1, 0], [1, 1], [1, 0]]
    assert (data.users.keys[0], data.n_customers, report.users) == ("\U0010fffe", 1, 1)
    assert (data.customers().items.keys, len(data.customers())) == (["a"], 1)
    assert counts(report) == {"guest_orders": 3, "missing_user": 1}


def test_a_shop_without_guests_or_without_orders_is_the_same_with_them_allowed():
    for lines in (raw(user=["v", "u"], order=[1, 2]), raw(user=[None, "u"], item=["a", "b"])):
        data, _ = clean(lines, guests=True)

        assert data.fingerprint() == clean(lines)[0].fingerprint()
        assert data.customers() is data


def test_ratings_are_not_cleaned_by_the_rules_of_orders():
    data, report = clean(raw("ratings", item=["a", "b", "c", "c"], time=[1, 1, 1, 1], quantity=[-1, 0, 5, 5]))

    assert data.kind == "ratings"
    assert data.value.tolist() == [-1, 0, 5]
    assert counts(report) == {"duplicates": 1}


def test_an_empty_shop_has_an_empty_report():
    data, report = clean(Builder(user_key=str, item_key=str).build(), known_items=[], never_for_sale=["a"])

    assert len(data) == 0
    assert report.lines() == ["0 rows read, 0 kept: 0 users, 0 items"]


def test_the_report_is_json():
    _, report = clean(raw(user=["u", None], item=["a", "a"]))

    written = json.loads(json.dumps(report.as_dict()))

    assert written["rows_in"] == 2
    assert {"rule": "missing_user", "count": 1, "done": "rows without a user dropped"} in written["rules"]


def test_every_row_of_online_retail_is_accounted_for():
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(realdata.path("online_retail.parquet"))
    customers = table["CustomerID"].to_numpy()
    lines = Lines(
        user=[None if np.isnan(customer) else customer for customer in customers.tolist()],
        item=table["StockCode"].to_pylist(),
        time=table["InvoiceDate"].to_numpy(),
        quantity=table["Quantity"].to_numpy(),
        price=table["UnitPrice"].to_numpy(),
        order=table["InvoiceNo"].to_pylist(),
    )
    builder = Builder(user_key=lambda customer: str(int(customer)), item_key=str)
    builder.add(lines)

    data, report = clean(builder.build())

    met = counts(report)
    assert report.rows_in == 541_909
    assert met["missing_user"] == 135_080
    # The donor's documentation and every published cleaning: 5,225 exact duplicates with a customer, two more
    # once descriptions (which interactions do not hold) are left out.
    assert met["duplicates"] == pytest.approx(5_225, abs=2)
    negative = (lines.quantity < 0) & ~np.isnan(customers)
    assert met["returns"] + met["unmatched_returns"] == pytest.approx(negative.sum(), abs=40)
    assert met["returns"] > 5 * met["unmatched_returns"]
    dropped = {rule: n for rule, n in met.items() if rule not in ("returned_in_part", "outlier_quantity")}
    assert report.rows_in - report.rows_out == sum(dropped.values())
    assert data.value.min() > 0
    # A man ordered 80,995 paper birds and cancelled them 12 minutes later.
    birds = data.items.index(["23843"])[0]
    assert birds == -1
