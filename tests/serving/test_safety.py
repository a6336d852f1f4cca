"""Whatever is broken behind it, a page is a page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.http import HttpRequest
from django.test import RequestFactory, override_settings

from recommendations.adapters import get_adapter
from recommendations.serving import get_recommendations, guard, pointer
from recommendations.types import Subject
from shop.models import Product

from .blocks import BlockShop

METHODS = ("subject", "fetch", "available_keys", "recent_items", "newest", "category", "item_key")


def failing(*_args: Any, **_kwargs: Any) -> Any:
    raise OperationalError("the database has gone away")


@pytest.fixture
def request_of_ann(shop: BlockShop) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = shop.ann
    return request


@pytest.mark.parametrize("method", METHODS)
def test_an_adapter_method_that_fails_costs_at_most_the_list(
    shop: BlockShop, request_of_ann: HttpRequest, method: str, monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    shop.activate_all()
    monkeypatch.setattr(type(get_adapter()), method, failing)

    for slug in ("for-you", "similar", "trending", "new", "buy-again"):
        served = get_recommendations(slug, request=request_of_ann, item=shop.products["tea 0"])
        assert served.request_id

    assert "gone away" in caplog.text
    assert bool(get_recommendations("trending")) is (method != "fetch")


def test_the_cause_is_logged_once_a_minute_with_its_traceback(
    shop: BlockShop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    late = [0.0]
    monkeypatch.setattr(guard.time, "monotonic", lambda: 1000.0 + late[0])
    monkeypatch.setattr(type(get_adapter()), "fetch", failing)

    for _call in range(10):
        get_recommendations("trending")
    in_the_first_minute = len(caplog.records)
    late[0] = 61.0
    get_recommendations("trending")

    assert in_the_first_minute == 1
    assert len(caplog.records) == 2
    assert caplog.records[0].exc_info
    assert caplog.records[0].levelno == logging.ERROR


def test_causes_without_end_do_not_fill_the_memory() -> None:
    for number in range(3_000):
        guard.log_once_a_minute(f"cause {number}")

    assert len(guard._last_logged) <= 1_000


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "table", ["activemodel", "placement", "neverrecommend", "modelrun", "shop_orderline", "shop_product"]
)
def test_a_missing_table_leaves_the_open_transaction_usable(table: str) -> None:
    shop = BlockShop()
    shop.activate("trending", shop.popular())
    name = table if table.startswith("shop_") else f"concierge_recommendations_{table}"
    with connection.schema_editor() as editor:
        editor.execute(f"ALTER TABLE {name} RENAME TO away")
    try:
        with transaction.atomic():
            served = get_recommendations("for-you", subject=Subject("1"))
            connection.cursor().execute("SELECT 1")
            saved = shop.ann.pk
            type(shop.ann).objects.filter(pk=saved).update(first_name="Ann")
    finally:
        with connection.schema_editor() as editor:
            editor.execute(f"ALTER TABLE away RENAME TO {name}")

    assert type(shop.ann).objects.get(pk=saved).first_name == "Ann"
    assert bool(served) is (table != "shop_product")


@pytest.mark.django_db(transaction=True)
def test_a_database_error_inside_a_transaction_of_the_host_rolls_back_our_part_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = BlockShop()

    def broken(*_args: Any, **_kwargs: Any) -> Any:
        # Without a savepoint of ours this block would take the host's whole transaction with it on every
        # database, as a plain database error does on PostgreSQL.
        with transaction.atomic(savepoint=False), connection.cursor() as cursor:
            cursor.execute("SELECT no_such_column FROM shop_product")

    monkeypatch.setattr(type(get_adapter()), "fetch", broken)
    with transaction.atomic():
        Product.objects.filter(name="tea 0").update(stock=77)
        assert not get_recommendations("trending")
        Product.objects.filter(name="tea 1").update(stock=78)

    assert list(Product.objects.filter(stock__gte=77).values_list("stock", flat=True)) == [77, 78]
    assert shop


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_no_savepoint_is_made(
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    BlockShop()
    get_recommendations("trending")

    with django_assert_max_num_queries(1) as queries:
        get_recommendations("trending")

    assert queries.captured_queries[0]["sql"].startswith("SELECT")


def test_a_transaction_that_the_host_has_broken_already_gives_an_empty_list(shop: BlockShop) -> None:
    get_recommendations("trending")

    with pytest.raises(DatabaseError), transaction.atomic():
        with connection.cursor() as cursor, pytest.raises(DatabaseError):
            cursor.execute("SELECT nonsense FROM nowhere")
        transaction.set_rollback(True)
        served = get_recommendations("trending")
        assert not served
        raise DatabaseError


def test_a_pointer_that_cannot_be_read_keeps_what_was_known_and_waits(
    shop: BlockShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = shop.activate("trending", shop.popular())
    get_recommendations("trending")
    calls = []
    monkeypatch.setattr(pointer, "read", lambda: calls.append(1) or failing())
    from recommendations.serving import models

    models.read_again()

    served = [get_recommendations("trending") for _call in range(5)]

    assert {one.run for one in served} == {run.pk}
    assert len(calls) == 1


@pytest.mark.parametrize("adapter", ["no.such.Adapter", "recommendations.conf.settings", "", "json.dumps"])
def test_an_adapter_that_cannot_be_imported_leaves_pages_without_recommendations(
    db: None, settings, adapter: str
) -> None:
    with override_settings(RECOMMENDATIONS={**settings.RECOMMENDATIONS, "ADAPTER": adapter}):
        served = get_recommendations("for-you", request=RequestFactory().get("/"))

    assert not served


def test_a_shop_that_is_not_described_leaves_pages_without_recommendations(db: None) -> None:
    with override_settings(RECOMMENDATIONS={"JOBS": "inline"}):
        served = get_recommendations("for-you", request=RequestFactory().get("/"), item="7")

    assert not served


def test_a_strategy_that_fails_is_passed_over(
    shop: BlockShop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shop.activate_all()
    from recommendations.artifacts.scorers import Factors

    monkeypatch.setattr(Factors, "score_users", failing)

    served = get_recommendations("for-you", subject=Subject(str(shop.ann.pk)), limit=4)

    assert len(served) == 4
    assert "personal" not in {pick.source for pick in served}
    assert "Strategy personal" in caplog.text
