"""Asking the callable in the settings, whatever it does."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import override_settings

from support_bot.adapters import SupportAdapter
from support_bot.types import Subject

pytestmark = pytest.mark.django_db


def asked(callable_: Any, **question: Any) -> list[Any]:
    with override_settings(SUPPORT_BOT={"RECOMMEND": callable_}):
        return SupportAdapter().recommend(Subject("7"), **question)


def test_the_callable_is_asked_for_this_person_and_this_item() -> None:
    seen: list[Any] = []

    def recommend(subject, *, kind, item=None, limit=4):
        seen.append((subject.user_key, kind, item, limit))
        return [
            {
                "key": 3,
                "title": "Tea",
                "url": "/p/3/",
                "image": None,
                "price": "2.50",
                "reason": "You like tea",
            }
        ]

    [pick] = asked(recommend, kind="goes_with", item="9", limit=2)

    assert seen == [("7", "goes_with", "9", 4)]  # twice as many: some may be sold out
    assert (pick.product.key, pick.product.title, pick.product.url) == ("3", "Tea", "/p/3/")
    assert (pick.product.price, pick.reason) == (Decimal("2.50"), "You like tea")


def test_without_a_callable_nothing_is_recommended_nor_offered() -> None:
    assert asked(None) == []
    with override_settings(SUPPORT_BOT={}):
        assert "recommend" not in SupportAdapter().supports()
    with override_settings(SUPPORT_BOT={"RECOMMEND": "somewhere.suggest"}):
        assert "recommend" in SupportAdapter().supports()


def raising(*_args: Any, **_kwargs: Any) -> Any:
    raise RuntimeError("no model")


@pytest.mark.parametrize("broken", [raising, "no.such.module", "os.path.no_such_name", list, 42])
def test_a_callable_that_fails_or_is_not_there_costs_the_recommendations_only(broken, caplog) -> None:
    assert asked(broken) == []
    assert 'SUPPORT_BOT["RECOMMEND"]' in caplog.text


def test_a_database_error_inside_does_not_spoil_the_callers_transaction() -> None:
    def broken(*_args: Any, **_kwargs: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT no_such_column FROM no_such_table")

    with transaction.atomic():
        assert asked(broken) == []
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert cursor.fetchone() == (1,)


def test_rows_that_make_no_sense_are_left_out_and_no_more_are_taken_than_asked_for() -> None:
    def rows(*_args: Any, **_kwargs: Any) -> Any:
        yield from (None, "text", {"title": "no key"}, {"key": "1"})
        yield {
            "key": "2",
            "title": "Tea",
            "price": "cheap",
            "url": "javascript:alert(1)",
            "image": "//evil.example/x",
        }
        while True:
            yield {"key": "3", "title": "More"}

    picks = asked(rows, limit=3)

    assert [pick.product.key for pick in picks] == ["2", "3"]
    assert (picks[0].product.price, picks[0].product.url, picks[0].product.image) == (None, "", "")
