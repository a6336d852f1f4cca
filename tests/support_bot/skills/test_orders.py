"""Where is my order, when does it come, cancel it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shop.models import Order
from support_bot.skills import Ask, Context, Propose
from support_bot.types import Citation, Reply

from .conftest import Chat

OF_AN_ORDER = ("order_status", "delivery_date", "cancel_order", "start_return", "reorder", "change_address")


def test_the_only_open_order_is_told_of_with_its_day_and_its_card(chat, order) -> None:
    order(status="delivered", age=9)
    mine = order(status="shipped")

    reply = chat.ask("order_status", "where is my order?")

    assert isinstance(reply, Reply)
    assert reply.text.startswith(f"Order {mine.number}: shipped. It is to arrive by ")
    assert (reply.kind, reply.topic) == ("action", "order_status")
    assert reply.html.startswith("<p>")
    [card] = reply.cards
    assert (card.type, card.url) == ("order", mine.get_absolute_url())
    assert ("Total", "$9.00") in card.fields
    assert chat.context.order == mine.number


def test_of_several_open_orders_one_is_chosen_by_number_by_place_or_as_the_other(chat, order) -> None:
    older, newer = order(age=3), order(age=1)

    asked = chat.ask("order_status", "where is my order?")

    assert isinstance(asked, Ask)
    assert [option.text for option in asked.options] == [newer.number, older.number]
    assert len(asked.cards) == 2
    assert older.number in chat.answer("the second one please").text
    assert newer.number in chat.ask("order_status", "and the other one?").text
    assert older.number in chat.ask("order_status", f"where is {older.number}").text


def test_what_was_talked_about_is_meant_until_something_else_is(chat, order) -> None:
    older, _newer = order(age=3), order(age=1)
    chat.context = Context(order=older.number)

    assert older.number in chat.ask("delivery_date", "and when does it come?").text


def test_where_there_is_no_other_order_it_says_so(chat, order) -> None:
    mine = order()
    chat.ask("order_status")

    assert mine.number in chat.ask("order_status", "where is my order").text
    assert chat.ask("order_status", "and the other order?").text == "There is no other order for that."
    chat.context = Context(order=mine.number)
    older = order(status="delivered", age=4)
    assert older.number in chat.ask("order_status", "and the other order?").text
    chat.context = Context(order=mine.number)
    assert "no other order" in chat.ask("cancel_order", "cancel the other order").text


def test_an_answer_that_is_none_is_left_to_the_dialogue(chat, order) -> None:
    order(), order()
    chat.ask("order_status", "where is my order")

    assert chat.answer("what are your opening hours?") is None


@pytest.mark.parametrize("written", ["{0}", "its {0}.", "{1}", "w{2}", "…{2}", "2", "2."])
def test_an_order_is_named_however_its_number_is_written(chat, order, written) -> None:
    mine, _other = order(age=2), order(age=1)
    chat.ask("order_status")

    plain = mine.number.replace("-", "")
    said = written.format(mine.number, plain.lower(), plain[1:])

    assert mine.number in chat.answer(said).text


def test_a_shop_whose_numbers_have_no_pattern_is_understood_too(chat, order) -> None:
    for number in ("17", "117", "1170"):
        order()
        Order.objects.filter(number__startswith="W").update(number=number)

    assert chat.ask("order_status", "where is order 117?").text.startswith("Order 117:")
    chat.context = Context()
    assert isinstance(chat.ask("order_status", "where is my order"), Ask)
    assert chat.answer("number 17 please").text.startswith("Order 17:")


def test_without_open_orders_the_latest_one_is_told_of(chat, order) -> None:
    mine = order(status="delivered", age=3)

    assert chat.ask("order_status").text.startswith(f"Order {mine.number}: delivered, on ")


def test_a_late_order_is_said_to_be_late_and_a_person_is_offered(chat, order) -> None:
    order(status="shipped", promised_for=timezone.localdate() - timedelta(days=1))

    for skill in ("order_status", "delivery_date"):
        assert "late" in chat.ask(skill).text
    assert chat.ask("order_status").suggestions[0].label == "Talk to a person"


def test_a_day_that_nobody_promised_is_not_made_up(chat, order) -> None:
    mine = order(promised_for=None)

    assert chat.ask("order_status").text == f"Order {mine.number}: paid."
    assert "No day has been promised" in chat.ask("delivery_date").text


def test_the_delivery_date_is_the_promised_day(chat, order) -> None:
    mine = order(status="shipped")

    assert chat.ask("delivery_date").text.startswith(f"Order {mine.number} is to arrive by ")
    assert chat.ask("delivery_date", f"when did {mine.number} come").text


def test_a_delivered_order_that_is_named_has_arrived(chat, order) -> None:
    mine = order(status="delivered")

    assert "delivered" in chat.ask("delivery_date", f"when does {mine.number} come").text


@pytest.mark.parametrize("skill", OF_AN_ORDER)
def test_who_has_no_orders_hears_so_and_what_the_faq_says(chat, skill) -> None:
    chat.fallback = Reply(
        "answer", "See your account.", "<p>See your account.</p>", 0.9, (Citation("x", "X?"),)
    )

    reply = chat.ask(skill, "my order please")

    assert isinstance(reply, Reply)
    assert "no order" in reply.text or "not ordered" in reply.text
    assert reply.text.endswith("See your account.")
    assert reply.html.endswith("<p>See your account.</p>")
    assert reply.citations[0].entry == "x"
    assert reply.topic == skill


@pytest.mark.parametrize("skill", [*OF_AN_ORDER, "coupons", "loyalty"])
def test_who_is_not_logged_in_is_asked_to_and_hears_what_the_faq_says(stranger, order, skill) -> None:
    mine = order()
    stranger.fallback = Reply("answer", "See your account.", "<p>See your account.</p>")

    reply = stranger.ask(skill, f"my order {mine.number}", {"order": mine.number}, confirmed=True)

    assert isinstance(reply, Reply)
    assert "log in" in reply.text
    assert '<a href="/login/">Log in</a>' in reply.html
    assert "See your account." in reply.text
    assert mine.number not in reply.text
    mine.refresh_from_db()
    assert mine.status == "paid"


@pytest.mark.parametrize("skill", OF_AN_ORDER)
@pytest.mark.parametrize("confirmed", [False, True])
def test_another_customers_order_is_as_unknown_as_one_that_never_was(
    chat, bob, order, skill, confirmed
) -> None:
    his = order(
        "milk",
        "bread",
        user=bob,
        status="delivered" if skill == "start_return" else "paid",
        street="Secret Lane",
    )
    mine = order(status="paid")
    line = his.lines.first()
    slots = {"order": his.number, "line": str(line.pk), "quantity": "1", "left": "1", "wish": "w"}
    slots |= {
        "address_street": "Evil Road 1",
        "address_postcode": "1",
        "address_city": "X",
        "address_country": "US",
    }

    reply = chat.ask(skill, f"order {his.number} of customer {bob.pk}", slots, confirmed=confirmed)
    never = chat.ask(skill, "order W-FFFFFFFFFFFF", {**slots, "order": "W-FFFFFFFFFFFF"}, confirmed=confirmed)

    assert isinstance(reply, Reply)
    assert reply.text == never.text.replace("W-FFFFFFFFFFFF", his.number)
    assert reply.cards == never.cards
    assert [card.title for card in reply.cards] == [f"Order {mine.number}"]
    his.refresh_from_db()
    assert (his.street, his.lines.get(pk=line.pk).returns.count()) == ("Secret Lane", 0)
    assert not chat.request.session.get("basket")


def test_a_number_in_the_text_is_echoed_as_text_and_not_at_length(chat, order) -> None:
    order()

    reply = chat.ask("order_status", "", {"order": "<script>alert(1)</script>" * 20})

    assert "<script>" not in reply.html
    assert len(reply.text) < 200


def test_an_order_is_cancelled_after_a_yes_and_only_once(chat, order, goods) -> None:
    mine = order(units=3)

    proposed = chat.ask("cancel_order", "cancel my order")

    assert isinstance(proposed, Propose)
    assert mine.number in proposed.text
    mine.refresh_from_db()
    assert mine.status == "paid"

    assert chat.confirm().text == f"Order {mine.number} is cancelled."
    mine.refresh_from_db()
    assert mine.status == "cancelled"
    goods["milk"].refresh_from_db()
    assert goods["milk"].stock == 13

    assert chat.confirm(proposed).text == "The order has been cancelled."
    goods["milk"].refresh_from_db()
    assert goods["milk"].stock == 13


def test_what_can_be_cancelled_is_offered_and_the_rest_is_not(chat, order) -> None:
    order(status="shipped"), order(status="delivered"), order(status="cancelled")
    first, second = order(), order()

    asked = chat.ask("cancel_order", "I want to cancel")

    assert {option.text for option in asked.options} == {first.number, second.number}
    assert isinstance(chat.answer(first.number), Propose)


def test_the_shop_says_why_an_order_cannot_be_cancelled(chat, order) -> None:
    mine = order(status="shipped")

    named = chat.ask("cancel_order", f"cancel {mine.number}")
    unnamed = chat.ask("cancel_order", "cancel my order")

    assert named.text == "The order is on its way already. You can return it once it has arrived."
    assert named.text in unnamed.text
    assert mine.number in unnamed.text


def test_an_order_shipped_between_the_question_and_the_yes_is_not_cancelled(chat, order) -> None:
    mine = order()
    chat.ask("cancel_order", "cancel my order")
    Order.objects.filter(pk=mine.pk).update(status="shipped")

    assert "on its way already" in chat.confirm().text
    mine.refresh_from_db()
    assert mine.status == "shipped"


def test_the_shop_changing_its_mind_within_the_transaction_is_heard_too(chat, order, monkeypatch) -> None:
    """Between reading the order and changing it another request shipped it."""
    mine = order()
    chat.ask("cancel_order", "cancel my order")
    read = chat.adapter.order

    def read_then_ship(subject, number):
        found = read(subject, number)
        Order.objects.filter(pk=mine.pk).update(status="shipped")
        return found

    monkeypatch.setattr(chat.adapter, "order", read_then_ship)

    assert "on its way already" in chat.confirm().text


def test_a_question_about_an_order_takes_few_queries(chat, order) -> None:
    for _ in range(4):
        order("milk", "bread", "oats")

    with CaptureQueriesContext(
        connection,
    ) as asked:
        chat.ask("order_status", "where is my order")
    with CaptureQueriesContext(connection) as named:
        chat.ask("order_status", f"where is {Order.objects.latest('pk').number}")

    assert len(asked) == 3  # orders, lines with their products, returns
    assert len(named) == 4  # the test's own one


def test_in_chinese_the_same_things_happen(ada, order) -> None:
    chat = Chat(ada, language="zh-hans")
    mine, _other = order(), order()

    asked = chat.ask("cancel_order", "我要取消订单")
    assert isinstance(asked, Ask)
    assert isinstance(chat.answer("第二个"), Propose)
    chat.confirm()

    mine.refresh_from_db()
    assert mine.status == "cancelled"
