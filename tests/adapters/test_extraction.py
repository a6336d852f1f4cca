"""Order lines, ratings and the catalogue as arrays: pages by primary key, past the ORM's models."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.db import OperationalError, connection, connections
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from recommendations.adapters import ReadingCancelled, ReadingFailed, get_adapter, pages
from recommendations.conf import settings
from recommendations.interactions.vocabulary import as_list
from shop.models import Category, Order, OrderLine, Product, Review

from .conftest import NOON

pytestmark = pytest.mark.django_db


def with_shop(**changes):
    return override_settings(RECOMMENDATIONS={"SHOP": {**settings.SHOP, **changes}})


def test_orders_become_rows_with_keys_times_and_prices(adapter, user, products, order):
    order(user, (products[0], 2), (products[1], 2))
    order(user, (products[0], 2), hours=3)

    data, report = adapter.read_interactions()

    assert data.users.keys == [str(user.pk)]
    assert [data.items.keys[code] for code in data.item] == [str(products[index].pk) for index in (0, 1, 0)]
    assert data.value.tolist() == [2, 2, 2]
    assert data.time.tolist() == [NOON.timestamp()] * 2 + [NOON.timestamp() + 3 * 3600]
    assert data.price.tolist() == [2.5] * 3
    assert data.order[0] == data.order[1] != data.order[2]
    assert (report.rows_in, report.rows_out) == (3, 3)


def test_guests_deleted_products_and_cancelled_orders_are_counted_not_lost(adapter, user, products, order):
    order(None, (products[0], 1))
    order(user, (None, 1), (products[0], 0), (products[1], 1))
    order(user, (products[2], 1), status=Order.Status.CANCELLED)

    data, report = adapter.read_interactions()

    counts = {rule.rule: rule.count for rule in report.rules if rule.count}
    assert len(data) == 2
    assert data.customers().users.keys == [str(user.pk)]
    assert report.rows_in == 4
    assert (report.users, counts["guest_orders"], counts["missing_item"]) == (1, 1, 1)


def test_an_order_dated_far_ahead_is_cleaned_out(adapter, user, products, order):
    order(user, (products[0], 1))
    order(user, (products[1], 1), hours=24 * 365 * 70)

    data, report = adapter.read_interactions()

    assert data.items.keys == [str(products[0].pk)]
    assert next(rule.count for rule in report.rules if rule.rule == "future_time") == 1


def test_an_empty_shop_gives_no_rows(adapter, db):
    for kind in ("orders", "ratings"):
        data, report = adapter.read_interactions(kind)
        assert (len(data), report.rows_in) == (0, 0)


def test_only_guests_and_unknown_products_give_no_rows(adapter, order):
    order(None, (None, 1))

    data, report = adapter.read_interactions()

    assert (len(data), report.rows_in) == (0, 1)


def test_items_never_for_sale_are_cleaned_out(user, products, order):
    order(user, (products[0], 1), (products[1], 1))

    with with_shop(item_excluded={"name": "Tea 1"}):
        data, _report = get_adapter().read_interactions()

    assert data.items.keys == [str(products[1].pk)]


def test_ratings_are_read_with_their_value(adapter, user, products):
    Review.objects.create(product=products[0], user=user, stars=4, created_at=NOON)

    data, _report = adapter.read_interactions("ratings")

    assert (data.kind, data.value.tolist(), data.time.tolist()) == ("ratings", [4], [NOON.timestamp()])


def test_a_shop_without_ratings_has_none(user, products):
    with with_shop(rating=None):
        data, _report = get_adapter().read_interactions("ratings")

    assert len(data) == 0


def test_item_features_follow_the_items(adapter, user, products, order):
    Product.objects.filter(pk=products[2].pk).update(category=None, description="green\nleaf")
    order(user, *[(product, 1) for product in products[1:]])

    data, _report = adapter.read_interactions()

    features = data.item_features
    row = data.items.keys.index(str(products[2].pk))
    assert features["category"].values[row] == ""
    assert sorted(set(features["category"].values)) == ["", "Tea"]
    assert features["text"].values[row] == "Tea 3 green\nleaf"
    assert features["price"].values[row] == 2.5
    assert features["created"].values[row] == products[2].created_at.timestamp()
    assert features["brand"].kind == "category"


def test_pages_are_closed_statements_by_key_and_none_is_lost(adapter, user, products, order):
    order(user, *[(products[index % 4], 1) for index in range(25)])
    expected = list(OrderLine.objects.order_by("pk").values_list("pk", flat=True))

    with CaptureQueriesContext(connection) as context:
        read = [page.pk for page in adapter.lines(page=10)]

    assert [len(page) for page in read] == [10, 10, 5]
    assert [pk for page in read for pk in page] == expected
    assert all("LIMIT 10" in query["sql"] for query in context.captured_queries)
    assert [pk for page in adapter.lines(after=expected[19]) for pk in page.pk] == expected[20:]


def test_lines_ordered_while_reading_are_read_or_left_but_none_twice(adapter, user, products, order):
    order(user, *[(products[0], 1)] * 10)
    seen = []
    for page in adapter.lines(page=5):
        seen += page.pk.tolist()
        if len(seen) == 5:
            OrderLine.objects.filter(pk=seen[0]).delete()
            order(user, (products[1], 1))

    assert len(seen) == len(set(seen)) == 11


def test_a_filter_over_many_rows_reads_each_line_once(user, products, order):
    placed = order(user, (products[0], 1), (products[1], 1))
    for _ in range(3):
        placed.lines.first().returns.create(quantity=1)

    with with_shop(line_filter=[{"returns__quantity": 1}, {"order__status": "paid"}]):
        pages_read = list(get_adapter().lines())

    assert [len(page) for page in pages_read] == [1]


def test_an_impossible_filter_reads_nothing(user, products, order):
    order(user, (products[0], 1))

    with with_shop(line_filter={"order__status__in": []}):
        assert list(get_adapter().lines()) == []


def test_returns_name_the_line_they_give_back(user, products, order):
    order(user, (products[0], 1))
    with with_shop(line_return_of="product__lines"):
        page = next(get_adapter().lines())

    assert list(page.return_of) == list(page.pk)


def test_progress_is_told_and_false_stops(adapter, user, products, order):
    order(user, *[(products[0], 1)] * 7)
    told = []

    adapter.read_interactions(on_progress=lambda *state: told.append(state))

    assert told == [("extract", 7, 7, {})]
    with pytest.raises(ReadingCancelled, match="stopped after 7 of 7 rows"):
        adapter.read_interactions(on_progress=lambda *state: False)


@pytest.mark.parametrize("page", [0, -1])
def test_a_page_without_rows_is_refused(adapter, page):
    with pytest.raises(ValueError, match="1 or more"):
        next(adapter.lines(page=page))


def test_a_lost_connection_is_tried_again_and_then_named(monkeypatch):
    monkeypatch.setattr(pages, "PAUSES", (0.0, 0.0))
    monkeypatch.setattr(connections["default"], "in_atomic_block", False)
    monkeypatch.setattr(connections["default"], "close", lambda: None)
    answers = [
        OperationalError("database is locked"),
        [[1], [None]],
        *[OperationalError("database is locked")] * 3,
    ]

    def read(queryset, makers):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(pages, "_columns", read)
    reader = pages.keyset_pages(OrderLine.objects.all(), ["product"], after=None, page=1)

    assert next(reader) == [[1], [None]]
    with pytest.raises(ReadingFailed, match="failed after 1 rows of shop"):
        next(reader)


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_ends_between_two_pages_loses_no_row(
    adapter, user, products, order, monkeypatch
):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server that could end a connection; runs with the service tests")
    monkeypatch.setattr(pages, "PAUSES", (0.0, 0.0))
    order(user, *((product, 1) for product in products))
    reader = adapter.lines(page=1)
    read = [as_list(next(reader).pk)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    other = connection.copy()

    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
    other.close()
    read += [as_list(page.pk) for page in reader]

    assert [key for page in read for key in page] == sorted(OrderLine.objects.values_list("pk", flat=True))
    assert len(read) == len(products)


def test_naive_times_are_of_the_current_zone(user, products, order, settings):
    settings.USE_TZ, settings.TIME_ZONE = False, "Europe/Vienna"
    placed = Order.objects.create(number="summer", user=user, placed_at=datetime(2026, 7, 1, 12))
    OrderLine.objects.create(order=placed, product=products[0], unit_price=Decimal(1))

    data, _report = get_adapter().read_interactions()

    assert data.time.tolist() == [datetime(2026, 7, 1, 10, tzinfo=UTC).timestamp()]


def test_a_date_is_its_midnight_in_the_current_zone(user, products, order):
    placed = order(user, (products[0], 1))
    Order.objects.filter(pk=placed.pk).update(promised_for=date(2026, 1, 2))

    with with_shop(line_at="order__promised_for"), timezone.override("Asia/Shanghai"):
        data, _report = get_adapter().read_interactions()

    midnight = datetime(2026, 1, 2, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert data.time.tolist() == [midnight.timestamp()]


def test_text_of_any_kind_passes_through(adapter, user, products, order):
    odd = Category.objects.create(name="茶 \U0001f375 \u202eabc", slug="odd", path="odd")
    Product.objects.filter(pk=products[0].pk).update(category=odd)
    order(user, (products[0], 1))

    data, _report = adapter.read_interactions()

    assert list(data.item_features["category"].values) == [odd.name]
    assert np.isfinite(data.value).all()
