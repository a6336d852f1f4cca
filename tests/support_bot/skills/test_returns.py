"""Sending something back: which order, which line, how many; then once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from shop.models import Return
from support_bot.skills import Ask, Propose

from .conftest import Chat


def test_order_line_and_quantity_are_asked_for_one_at_a_time(chat, order) -> None:
    first = order("milk", "bread", units=3, status="delivered")
    order("oats", status="delivered", age=2)

    assert chat.ask("start_return", "I want to send something back").slot == "order"
    assert chat.answer(first.number).slot == "line"
    assert [option.label for option in chat.heard.options] == ["Whole milk, 1 gal", "Sourdough bread"]
    asked = chat.answer("the sourdogh bread")
    assert (asked.slot, [option.text for option in asked.options]) == ("quantity", ["1", "2", "3"])
    proposed = chat.answer("two of them")
    assert isinstance(proposed, Propose)
    assert "2 × “Sourdough bread”" in proposed.text
    assert not Return.objects.exists()

    reply = chat.confirm()

    assert (
        reply.text
        == "The return of 2 × “Sourdough bread” is registered. Please send the parcel within 14 days."
    )
    entry = Return.objects.get()
    assert (entry.quantity, entry.line.name, entry.line.order) == (2, "Sourdough bread", first)


def test_a_second_yes_registers_nothing_more_and_says_so(chat, order) -> None:
    order("milk", units=3, status="delivered")
    chat.ask("start_return", "return something")
    proposed = chat.answer("1")
    chat.confirm(proposed)

    assert "registered already; I added nothing" in chat.confirm(proposed).text
    assert Return.objects.get().quantity == 1


def test_a_second_yes_after_everything_went_back_says_so_too(chat, order) -> None:
    order("milk", status="delivered")
    proposed = chat.ask("start_return", "return something")
    chat.confirm(proposed)

    assert "Nothing of order" in chat.confirm(proposed).text
    assert Return.objects.count() == 1


def test_what_the_message_names_is_not_asked_for_again(chat, order) -> None:
    order("milk", "bread", status="delivered")

    assert "Sourdough bread" in chat.ask("start_return", "I'd like to return the bread").text


def test_what_the_first_message_named_is_remembered_while_the_order_is_asked_for(chat, order) -> None:
    mine, _other = order("milk", "bread", status="delivered"), order(status="delivered")
    chat.ask("start_return", "I'd like to return the bread")

    assert "Sourdough bread" in chat.answer(mine.number).text


@pytest.mark.parametrize("said", ["0", "4", "-1", "a thousand", "99999999999999999999", "何", "what?"])
def test_a_quantity_that_is_not_there_is_no_answer(chat, order, said) -> None:
    order("milk", units=3, status="delivered")
    chat.ask("start_return", "return the milk")

    assert chat.answer(said) is None


@pytest.mark.parametrize(
    ("said", "units"),
    [("3", 3), ("all", 3), ("全部", 3), ("两个", 2), ("just one", 1), ("２", 2), ("both", 2)],
)
def test_a_quantity_is_understood_in_digits_and_words(chat, order, said, units) -> None:
    order("milk", units=3, status="delivered")
    chat.ask("start_return", "return the milk")

    assert chat.answer(said).slots["quantity"] == str(units)


def test_only_what_was_delivered_lately_is_offered(chat, order) -> None:
    order(status="paid"), order(status="delivered", age=45)
    mine = order("bread", status="delivered", age=5)

    proposed = chat.ask("start_return", "return something")

    assert isinstance(proposed, Propose)
    assert mine.number in proposed.text


def test_the_shop_says_why_an_order_cannot_be_sent_back(chat, order) -> None:
    mine = order(status="shipped")
    old = order(status="delivered", age=45)

    assert "once it has been delivered" in chat.ask("start_return", f"return {mine.number}").text
    assert "within 30 days" in chat.ask("start_return", f"return {old.number}").text
    assert "no order that can be sent back" in chat.ask("start_return", "return it all").text


def test_the_time_running_out_before_the_yes_is_the_shops_to_say(chat, order) -> None:
    mine = order("milk", status="delivered")
    proposed = chat.ask("start_return", "return something")
    type(mine).objects.filter(pk=mine.pk).update(delivered_at=timezone.now() - timedelta(days=60))

    text = chat.confirm(proposed).text

    assert not Return.objects.exists()
    assert "within 30 days" in text


@pytest.mark.parametrize("quantity", ["0", "-1", "1000", "many", ""])
def test_slots_that_were_tampered_with_return_nothing(chat, order, quantity) -> None:
    mine = order("milk", units=2, status="delivered")
    slots = {"order": mine.number, "line": str(mine.lines.get().pk), "quantity": quantity, "left": "2"}

    chat.ask("start_return", "", slots, confirmed=True)

    assert not Return.objects.exists()


def test_a_line_of_another_order_is_not_returned(chat, order, bob) -> None:
    mine = order("milk", status="delivered")
    his = order("bread", status="delivered", user=bob)
    slots = {"order": mine.number, "line": str(his.lines.get().pk), "quantity": "1", "left": "1"}

    chat.ask("start_return", "", slots, confirmed=True)

    assert not Return.objects.filter(line__order=his).exists()


def test_in_chinese_too(ada, order) -> None:
    chat = Chat(ada, language="zh-hans")
    order("milk", "bread", units=2, status="delivered")

    assert chat.ask("start_return", "我要退货").slot == "line"
    assert isinstance(chat.answer("第二个"), Ask)
    assert isinstance(chat.answer("一个"), Propose)
    chat.confirm()

    assert Return.objects.get().line.name == "Sourdough bread"
