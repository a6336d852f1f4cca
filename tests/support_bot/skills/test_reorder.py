"""An earlier order into the basket again."""

from __future__ import annotations

from support_bot.skills import Ask, Propose

from .conftest import Chat


def test_an_order_goes_into_the_basket_after_a_yes_and_what_is_gone_is_named(chat, order, goods) -> None:
    order("milk", "berries", units=2, status="delivered")

    proposed = chat.ask("reorder", "the same again please")
    assert isinstance(proposed, Propose)
    assert not chat.request.session.get("basket")
    reply = chat.confirm()

    assert reply.text.startswith("2 units are in your basket. Not available now: Strawberries, 1 lb")
    assert '<a href="/basket/">' in reply.html
    assert chat.request.session["basket"] == {str(goods["milk"].pk): 2}


def test_a_second_yes_adds_nothing_and_says_so(chat, order, goods) -> None:
    order("milk", units=2)
    proposed = chat.ask("reorder", "again")
    chat.confirm(proposed)

    assert "I added nothing" in chat.confirm(proposed).text
    assert chat.request.session["basket"] == {str(goods["milk"].pk): 2}


def test_the_same_wish_made_anew_is_done_anew(chat, order, goods) -> None:
    order("milk")
    for _ in range(2):
        chat.ask("reorder", "again")
        chat.confirm()

    assert chat.request.session["basket"] == {str(goods["milk"].pk): 2}


def test_the_last_order_is_meant_where_the_message_says_so(chat, order) -> None:
    order(age=9)
    mine = order(age=1)

    assert isinstance(chat.ask("reorder", "order again"), Ask)
    assert mine.number in chat.ask("reorder", "the same as last time").text
    assert mine.number in chat.ask("reorder", "跟上次一样").text


def test_where_nothing_is_left_to_buy_it_says_so(chat, order) -> None:
    order("berries")
    chat.ask("reorder", "again")

    assert chat.confirm().text.startswith("Not available now: Strawberries")


def test_without_a_session_there_is_no_basket_and_the_shop_says_so(chat, order) -> None:
    order()
    chat.request.session = None
    chat.ask("reorder", "again")

    assert "basket" in chat.confirm().text


def test_in_chinese_too(ada, order, goods) -> None:
    chat = Chat(ada, language="zh-hans")
    order("milk"), order("bread", age=4)
    chat.ask("reorder", "再买一次")
    chat.answer("第二个")
    chat.confirm()

    assert chat.request.session["basket"] == {str(goods["bread"].pk): 1}
