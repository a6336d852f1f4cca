"""Availability and price, recommendations, what goes with what."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.test import override_settings

from support_bot import skills
from support_bot.skills import Ask, Context
from support_bot.types import Product, Reply

from .conftest import Chat


@pytest.fixture
def recommending(goods, settings):
    """A recommender that gives the bread, and records what it was asked."""
    asked: list[Any] = []

    def recommend(subject, *, kind, item=None, limit=4):
        asked.append((subject.user_key, kind, item))
        row = {"key": goods["bread"].pk, "title": "Bread", "url": "/p/2/", "price": "9.99"}
        return [{**row, "reason": "You bought milk"}]

    settings.SUPPORT_BOT = {**settings.SUPPORT_BOT, "RECOMMEND": recommend}
    return asked


def test_a_product_is_found_with_price_and_stock_whoever_asks(chat, stranger, goods) -> None:
    for somebody in (chat, stranger):
        reply = somebody.ask("availability", "is there any sourdogh bread left?")

        assert reply.text == "“Sourdough bread” is in stock and costs $4.20."
        assert reply.cards[0].fields == (("Price", "$4.20"), ("Availability", "in stock"))
        assert somebody.context.product == str(goods["bread"].pk)


def test_what_is_sold_out_is_said_to_be(chat, goods) -> None:
    assert chat.ask("availability", "do you have strawberries").text == (
        "“Strawberries, 1 lb” is sold out at the moment."
    )


def test_several_products_are_shown_and_one_of_them_picked(chat, goods) -> None:
    reply = chat.ask("availability", "how much is milk")

    assert [card.title for card in reply.cards] == ["Oat milk", "Whole milk, 1 gal"]
    assert "$2.50" in chat.ask("availability", "and the second one?").text


def test_the_product_talked_about_is_meant_by_it(chat, goods) -> None:
    chat.ask("availability", "do you have sourdough bread")

    assert "Sourdough bread" in chat.ask("availability", "how much is it?").text
    assert "Sourdough bread" in chat.ask("availability", "is it fresh today?").text


def test_of_several_the_first_is_meant_where_it_is_called_so_and_else_one_is_asked_for(chat, goods) -> None:
    chat.ask("availability", "how much is milk")
    assert "“Oat milk” is in stock" in chat.ask("availability", "is it in stock").text

    chat.context = Context()
    chat.ask("availability", "unsweetened milk")
    asked = chat.ask("availability", "how much is it")
    assert [option.text for option in asked.options] == ["Oat milk", "Whole milk, 1 gal"]
    assert "$2.50" in chat.answer("Whole milk, 1 gal").text


def test_what_is_not_sold_is_not_found_rather_than_replaced(chat, goods) -> None:
    chat.context = Context(product=str(goods["bread"].pk))
    chat.fallback = Reply("answer", "See the shelves.")

    reply = chat.ask("availability", "do you sell unicorn saddles")

    assert reply.text.startswith("I found no product of that name.")
    assert reply.text.endswith("See the shelves.")
    assert not reply.cards


def test_a_question_without_a_product_asks_for_one(chat, goods) -> None:
    assert isinstance(chat.ask("availability", "is it in stock?"), Ask)
    assert chat.answer("blue elephants") is None
    assert "Sourdough bread" in chat.answer("the bread").text


def test_a_product_that_is_sold_no_longer_is_not_shown(chat, goods) -> None:
    type(goods["bread"]).objects.filter(pk=goods["bread"].pk).update(is_active=False)

    assert "no product" in chat.ask("availability", "bread", {"product": str(goods["bread"].pk)}).text


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ({}, "I found “Tea”, but neither its price nor whether it is in stock."),
        ({"price": Decimal(2)}, "“Tea” costs 2.00. Whether it is in stock I cannot see."),
        ({"price": Decimal(2), "available": False}, "“Tea” is sold out at the moment."),
        ({"available": True}, "“Tea” is in stock."),
        (
            {"price": Decimal(2), "available": True, "currency": "EUR"},
            "“Tea” is in stock and costs 2.00 EUR.",
        ),
    ],
)
def test_nothing_is_said_that_the_shop_does_not_know(chat, monkeypatch, known, text) -> None:
    tea = replace(Product("1", "Tea"), **known)
    monkeypatch.setattr(chat.adapter, "find_products", lambda *_args, **_kwargs: [tea])

    assert chat.ask("availability", "tea").text == text


def test_a_customer_is_recommended_something_with_its_reason(chat, recommending, ada, goods) -> None:
    reply = chat.ask("recommend", "what would you recommend")

    assert reply.text == "You might like these:"
    [card] = reply.cards
    assert card.title == "Sourdough bread"  # as the shop has it now, whatever the recommender remembers
    assert card.fields == (("Price", "$4.20"), ("Availability", "in stock"), ("Why", "You bought milk"))
    assert recommending == [(str(ada.pk), "for_you", None)]
    assert chat.context.listed == (("product", str(goods["bread"].pk)),)
    assert "$4.20" in chat.ask("availability", "how much is the first one?").text


def test_somebody_unknown_is_recommended_what_others_like(stranger, recommending) -> None:
    assert stranger.ask("recommend", "any ideas?").text == "Other customers like these:"
    assert recommending == [(None, "for_you", None)]


def test_what_goes_with_a_product(chat, recommending, goods) -> None:
    reply = chat.ask("goes_with", "what goes with whole milk?")

    assert reply.text == "These go with “Whole milk, 1 gal”:"
    assert recommending[0][1:] == ("goes_with", str(goods["milk"].pk))
    assert isinstance(Chat(chat.user).ask("goes_with", "what goes with this"), Ask)


def test_without_any_model_the_sample_shop_recommends_what_it_has(chat, stranger, goods, order) -> None:
    """Through the real recommender, as the sample shop's settings name it."""
    order("bread")

    for somebody in (chat, stranger):
        cards = somebody.ask("recommend", "what would you recommend").cards
        assert {card.title for card in cards} >= {"Oat milk"}
        assert "Strawberries, 1 lb" not in {card.title for card in cards}  # sold out
        assert all(("Availability", "in stock") in card.fields for card in cards)
    assert "do not know yet" in stranger.ask("goes_with", "what goes with the bread").text


@override_settings(SUPPORT_BOT={"RECOMMEND": lambda *_args, **_kwargs: []})
def test_a_recommender_that_has_nothing_to_say_is_no_reason_to_make_something_up(chat, goods) -> None:
    assert "nothing to recommend" in chat.ask("recommend", "any ideas?").text
    assert "do not know yet" in chat.ask("goes_with", "what goes with the bread?").text


@override_settings(SUPPORT_BOT={})
def test_without_a_recommender_it_is_not_offered(chat, goods) -> None:
    assert not skills.all()["recommend"].available(chat.adapter)
    assert not skills.all()["goes_with"].available(chat.adapter)
    assert chat.ask("recommend", "any ideas?").suggestions[0].label == "Talk to a person"


def test_in_chinese_the_goods_are_found_by_their_english_names(ada, goods, recommending) -> None:
    chat = Chat(ada, language="zh-hans")

    assert "Sourdough bread" in chat.ask("availability", "请问面包多少钱？").text
    assert chat.ask("availability", "有没有草莓").cards[0].title == "Strawberries, 1 lb"
    assert chat.ask("goes_with", "面包配什么好").cards
    assert isinstance(Chat(ada, language="zh-hans").ask("availability", "有货吗"), Ask)
