"""Sending an order elsewhere."""

from __future__ import annotations

import pytest

from support_bot.skills import Ask, Propose

from .conftest import Chat


def tell(chat: Chat, *parts: str) -> None:
    for part in parts:
        assert chat.answer(part) is not None, part


def test_the_parts_of_the_address_are_asked_for_and_set_after_a_yes(chat, order) -> None:
    mine = order(street="Old Lane 1")

    asked = chat.ask("change_address", "please send my order to another address")
    assert isinstance(asked, Ask)
    assert (asked.slot, mine.number in asked.text) == ("address_street", True)
    tell(chat, "12 Engine  Lane", "10001", "London")
    assert "United Kingdom" in [option.label for option in chat.heard.options]
    proposed = chat.answer("united kingdom")
    assert isinstance(proposed, Propose)
    assert "12 Engine Lane, 10001, London, United Kingdom" in proposed.text
    mine.refresh_from_db()
    assert mine.street == "Old Lane 1"

    text = chat.confirm().text

    mine.refresh_from_db()
    assert (mine.street, mine.postcode, mine.city, mine.country) == (
        "12 Engine Lane",
        "10001",
        "London",
        "GB",
    )
    assert mine.name == "Ada Lovelace"
    assert "12 Engine Lane" in text
    assert chat.confirm(proposed).text == text  # and it is still there


@pytest.mark.parametrize("said", ["", "   ", "x" * 121, "why do you need that?", "为什么？"])
def test_what_is_no_part_of_an_address_is_no_answer(chat, order, said) -> None:
    order()
    chat.ask("change_address", "other address")

    assert chat.answer(said) is None


def test_only_countries_that_the_shop_delivers_to_are_taken(chat, order) -> None:
    order()
    chat.ask("change_address", "other address")
    tell(chat, "1 Rue", "75001", "Paris")

    assert chat.answer("France") is None
    assert isinstance(chat.answer("US"), Propose)


def test_the_shop_has_the_last_word_on_an_address(chat, order) -> None:
    mine = order()
    slots = {"order": mine.number, "address_street": "", "address_postcode": "1", "address_city": "X"}

    reply = chat.ask("change_address", "", {**slots, "address_country": "Atlantis"}, confirmed=True)

    assert "Street and number" in reply.text
    assert "Country" in reply.text
    mine.refresh_from_db()
    assert mine.city == ""


def test_an_order_on_its_way_goes_where_it_goes(chat, order) -> None:
    mine = order(status="shipped")

    assert "on its way already" in chat.ask("change_address", f"other address for {mine.number}").text
    assert "on its way already" in chat.ask("change_address", "other address").text


def test_an_order_shipped_before_the_yes_goes_where_it_went(chat, order) -> None:
    mine = order()
    chat.ask("change_address", "other address")
    tell(chat, "12 Engine Lane", "10001", "London", "US")
    type(mine).objects.filter(pk=mine.pk).update(status="shipped")

    assert "on its way already" in chat.confirm().text
    mine.refresh_from_db()
    assert mine.street == ""


def test_in_chinese_too(ada, order) -> None:
    chat = Chat(ada, language="zh-hans")
    first, _second = order(age=2), order()
    chat.ask("change_address", "改地址")
    tell(chat, "第二个", "南京路1号", "200000", "上海", "CN")
    chat.confirm()

    first.refresh_from_db()
    assert (first.street, first.country) == ("南京路1号", "CN")
