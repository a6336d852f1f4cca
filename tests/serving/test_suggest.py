"""Suggestions as plain data, for a chat that knows nothing of models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import RequestFactory
from django.utils import translation

from recommendations.adapters import DeclarativeAdapter
from recommendations.serving.suggest import suggest

from .blocks import BlockShop


@dataclass
class Somebody:
    """Another app's idea of a person."""

    user_key: str | None = None
    language: str = "en"
    request: Any = None


def titles(found: list[dict[str, str | None]]) -> list[str | None]:
    return [row["title"] for row in found]


def test_a_customer_is_suggested_what_the_personal_model_says_and_why(shop: BlockShop) -> None:
    shop.activate_all()

    found = suggest(Somebody(str(shop.ann.pk)), limit=3)

    assert titles(found) == ["tea 2", "tea 3", "tea 4"]
    assert found[0]["key"] == shop.key("tea 2")
    assert found[0]["url"].startswith("/p/")
    assert found[0]["price"] == "3.00"
    assert all(row["reason"] for row in found)


def test_somebody_unknown_is_suggested_what_is_trending(shop: BlockShop) -> None:
    shop.activate_all()

    assert titles(suggest(Somebody(), limit=2)) == titles(suggest(Somebody(""), limit=2))
    assert "cups 0" in titles(suggest(Somebody(), limit=3))


def test_without_any_model_there_is_still_something_for_everybody(shop: BlockShop) -> None:
    assert len(suggest(Somebody(), limit=4)) == 4
    assert len(suggest(Somebody(str(shop.ann.pk)), limit=4)) == 4


def test_what_goes_with_an_item_is_not_filled_up_with_what_merely_sells(shop: BlockShop) -> None:
    assert suggest(Somebody(), kind="goes_with", item=shop.key("tea 0")) == []

    shop.activate_all()
    found = titles(suggest(Somebody(), kind="goes_with", item=shop.key("tea 0"), limit=4))

    assert found
    assert "tea 0" not in found


def test_the_basket_of_the_request_counts(shop: BlockShop) -> None:
    shop.activate_all()
    request = RequestFactory().get("/")
    request.session = {"basket": {shop.key("coffee 3"): 1}}
    request.user = None

    found = titles(suggest(Somebody(request=request), limit=3))

    assert all(title.startswith("coffee") for title in found)
    assert "coffee 3" not in found


@pytest.mark.parametrize("key", ["0", "-1", "no such key", "9" * 40, "\x00", "🛒"])
def test_a_key_that_no_account_has_is_somebody_unknown(shop: BlockShop, key: str) -> None:
    assert titles(suggest(Somebody(key), limit=2)) == titles(suggest(Somebody(), limit=2))


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "no_such_kind"},
        {"kind": "goes_with"},
        {"kind": "goes_with", "item": ""},
        {"kind": "goes_with", "item": "no such item"},
        {"limit": 0},
        {"limit": -3},
        {"limit": "four"},
    ],
)
def test_a_question_that_makes_no_sense_has_no_suggestions(shop: BlockShop, asked: dict[str, Any]) -> None:
    shop.activate_all()

    assert suggest(Somebody(), **asked) == []


def test_an_adapter_that_fails_costs_the_suggestions_only(shop: BlockShop, monkeypatch, caplog) -> None:
    def broken(*_args: Any, **_kwargs: Any) -> Any:
        raise RuntimeError("the catalogue is gone")

    monkeypatch.setattr(DeclarativeAdapter, "fetch", broken)

    assert suggest(Somebody(str(shop.ann.pk))) == []
    assert "the catalogue is gone" in caplog.text


def test_reasons_come_in_the_language_that_is_active(shop: BlockShop) -> None:
    with translation.override("zh-hans"):
        found = suggest(Somebody(language="zh-hans"), limit=1)

    assert found[0]["reason"]
    assert not found[0]["reason"].isascii()


def test_nothing_but_a_subject_is_needed(shop: BlockShop) -> None:
    assert suggest(object(), limit=1)
    assert suggest(None, limit=1)
