import tracemalloc
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from recommendations.interactions import Builder, Lines
from recommendations.interactions.builder import epoch_seconds


def build(*pages, kind="orders", user_key=str, item_key=str, **options):
    builder = Builder(kind, user_key=user_key, item_key=item_key, **options)
    for page in pages:
        builder.add(page)
    return builder.build()


def test_pages_of_a_cursor_become_columns():
    names = ("pk", "user", "item", "time", "quantity", "price", "order")
    rows = [
        (1, 7, 30, "2026-01-01 00:00:01", 2, Decimal("1.50"), 90),
        (2, 7, 31, "2026-01-01 00:00:01.500000", 1, None, 90),
    ]

    raw = build(Lines.from_rows(names, rows), Lines.from_rows(names, []), Lines.from_rows(names, rows[:1]))

    assert raw.users.keys == ["7"]
    assert raw.items.take(raw.item) == ["30", "31", "30"]
    assert raw.value.tolist() == [2, 1, 2]
    assert raw.price.tolist()[::2] == [1.5, 1.5]
    assert np.isnan(raw.price[1])
    assert raw.order.tolist() == [0, 0, 0]
    assert (raw.time - datetime(2026, 1, 1, tzinfo=UTC).timestamp()).tolist() == [1, 1.5, 1]


def test_missing_users_items_and_orders_keep_their_row_with_code_minus_one():
    raw = build(Lines(user=[None, "u", "u"], item=["a", None, "a"], order=[1, 2, None]))

    assert raw.user.tolist() == [-1, 0, 0]
    assert raw.item.tolist() == [0, -1, 0]
    assert raw.order.tolist() == [0, 1, -1]


def test_variants_fold_into_their_parent_and_a_key_of_none_is_no_item():
    parents = {1: "shirt", 2: "shirt", 3: None}

    raw = build(Lines(user=["u"] * 3, item=[1, 2, 3]), item_key=parents.get)

    assert raw.items.keys == ["shirt"]
    assert raw.item.tolist() == [0, 0, -1]


def test_a_key_function_is_called_once_per_distinct_value():
    calls = []
    value = UUID(int=7)

    build(
        Lines(user=[value] * 3, item=["a"] * 3),
        Lines(user=[value], item=["a"]),
        user_key=lambda raw: calls.append(raw) or str(raw),
    )

    assert calls == [value]


def test_times_of_every_kind_become_utc_seconds():
    moment = datetime(2026, 7, 1, 12, tzinfo=UTC)
    column = [
        moment,
        moment.astimezone(timezone(timedelta(hours=5))),
        "2026-07-01T12:00:00+00:00",
        "2026-07-01 12:00:00",
        moment.replace(tzinfo=None),
        moment.timestamp(),
        date(2026, 7, 1),
        None,
        "yesterday",
        object(),
    ]

    seconds = epoch_seconds(column) - moment.timestamp()

    assert seconds[:6].tolist() == [0] * 6
    assert seconds[6] == -12 * 3600
    assert np.isnan(seconds[7:]).all()


def test_naive_times_are_of_the_given_zone_and_aware_ones_are_not_moved():
    zone = ZoneInfo("Europe/Zurich")

    seconds = epoch_seconds(
        ["2026-07-01 12:00:00", "2026-01-01 12:00:00", datetime(2026, 7, 1, tzinfo=UTC)], zone
    )

    assert seconds.tolist() == [
        datetime(2026, 7, 1, 10, tzinfo=UTC).timestamp(),
        datetime(2026, 1, 1, 11, tzinfo=UTC).timestamp(),
        datetime(2026, 7, 1, tzinfo=UTC).timestamp(),
    ]


def test_numpy_columns_are_taken_as_they_are():
    time = np.array(["2026-01-01", "NaT"], "M8[ns]")

    raw = build(
        Lines(user=np.array([1, 2]), item=np.array([3, 4]), time=time, quantity=np.array([1.0, np.nan]))
    )

    assert raw.users.keys == ["1", "2"]
    assert raw.time[0] == datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    assert np.isnan([raw.time[1], raw.value[1]]).all()


def test_numbers_of_every_kind_are_read_and_rubbish_is_nan():
    raw = build(Lines(user=[1] * 7, item=[1] * 7, quantity=[1, 2.5, Decimal(3), "4", None, "many", 10**400]))

    assert raw.value[:4].tolist() == [1, 2.5, 3, 4]
    assert np.isnan(raw.value[4:]).all()


@pytest.mark.parametrize("key", [int, UUID, str], ids=["integer", "uuid", "text"])
def test_a_declared_return_points_at_the_row_that_it_gives_back(key):
    pks = [key(int=n) if key is UUID else key(n) for n in range(1, 6)]
    first = Lines(pk=pks[:2], user=[1, 1], item=[1, 1], return_of=[None, None])
    second = Lines(pk=pks[2:4], user=[1, 1], item=[1, 1], return_of=[pks[0], pks[4]])

    raw = build(first, second)

    assert raw.returned.tolist() == [-1, -1, 0, -2]


def test_a_line_that_gives_itself_back_gives_back_nothing_that_was_read():
    assert build(Lines(pk=[1], user=[1], item=[1], return_of=[1])).returned.tolist() == [-2]


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (Lines(user=[1, 2], item=[1]), "user has 2 rows, item has 1"),
        (Lines(user=[1], item=[1], return_of=[None]), "needs pk too"),
        (
            Lines(user=[1], item=[1], order=[1]),
            r"the first had \['item', 'user'\], this one \['item', 'order', 'user'\]",
        ),
    ],
)
def test_a_page_that_does_not_fit_is_refused(page, message):
    builder = Builder(user_key=str, item_key=str)
    builder.add(Lines(user=[1], item=[1]))

    with pytest.raises(ValueError, match=message):
        builder.add(page)


def test_an_unknown_column_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"Columns of a page are user, item, .*; got customer"):
        Lines.from_rows(["customer"], [(1,)])


def test_rows_of_another_width_are_refused():
    with pytest.raises(ValueError, match=r"Every row has 2 values \(user, item\)"):
        Lines.from_rows(["user", "item"], [(1, 2), (3,)])


def test_nothing_read_builds_empty_columns():
    raw = build()

    assert (len(raw), len(raw.users), len(raw.items)) == (0, 0, 0)


def test_a_builder_is_empty_after_building():
    builder = Builder(user_key=str, item_key=str)
    builder.add(Lines(user=[1], item=[1]))
    builder.build()

    builder.add(Lines(user=[2], item=[2], order=[5]))

    assert builder.build().users.keys == ["2"]


def test_a_row_costs_less_than_a_hundred_bytes_at_its_peak():
    rows, page = 100_000, 2_000
    names = ("pk", "user", "item", "time", "quantity", "price", "order")
    tracemalloc.start()

    builder = Builder(user_key=str, item_key=str)
    for start in range(0, rows, page):
        ids = range(start, start + page)
        builder.add(Lines.from_rows(names, [(i, i % 997, i % 9973, i // 10, 1, 2.5, i // 10) for i in ids]))
    raw = builder.build()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert len(raw) == rows
    assert peak / rows < 100
