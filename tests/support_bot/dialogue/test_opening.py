"""Who gets into a conversation, and how one is greeted."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone, translation

from shop.models import Order
from shop.support import ShopSupport
from support_bot import dialogue
from support_bot.adapters import get_adapter
from support_bot.dialogue import understanding
from support_bot.dialogue.opening import GOES_ON
from support_bot.models import Conversation, Message
from support_bot.types import Subject

from .conftest import DELIVERED, PAID, SHIPPED, Chat

GUEST = Subject()


@pytest.fixture
def other(db: None) -> Subject:
    bob = User.objects.create_user("bob", "bob@example.com", "battery staple")
    return get_adapter().subject_for(str(bob.pk))


def test_the_owner_finds_a_customers_conversation_and_nobody_else_not_even_with_its_token(
    customer: Subject, other: Subject
) -> None:
    opened = dialogue.open_conversation(customer)
    key, token = opened.conversation.pk, opened.token

    assert dialogue.find_conversation(key, subject=customer) == opened.conversation
    assert dialogue.find_conversation(str(key), subject=customer, token="wrong") == opened.conversation
    for nobody in (GUEST, other):
        for held in (token, None, "", token[:-1]):
            assert dialogue.find_conversation(key, subject=nobody, token=held) is None
    assert dialogue.conversation_by_token(token) is None


def test_a_guests_conversation_is_found_by_its_token_alone(customer: Subject) -> None:
    opened = dialogue.open_conversation(GUEST)
    another = dialogue.open_conversation(GUEST)

    assert dialogue.find_conversation(opened.conversation.pk, subject=GUEST) is None
    assert dialogue.find_conversation(opened.conversation.pk, subject=customer) is None
    assert dialogue.find_conversation(opened.conversation.pk, subject=GUEST, token=another.token) is None
    found = dialogue.find_conversation(opened.conversation.pk, subject=customer, token=opened.token)
    assert found == opened.conversation


@pytest.mark.parametrize("key", ["", "x", 7, None, uuid.uuid4(), "\0", "\ud800", "1" * 400])
@pytest.mark.parametrize("token", [None, "", "x", "\0", "\ud800", "é" * 500])
def test_whatever_is_asked_for_the_answer_is_none(customer: Subject, key: Any, token: str | None) -> None:
    assert dialogue.find_conversation(key, subject=customer, token=token) is None
    assert dialogue.conversation_by_token(token or "") is None


def test_of_two_customers_at_once_the_first_gets_a_guests_conversation(
    customer: Subject, other: Subject
) -> None:
    opened = dialogue.open_conversation(GUEST)
    seen_by_the_other = Conversation.objects.get()

    assert dialogue.adopt(opened.conversation, customer)
    assert not dialogue.adopt(seen_by_the_other, other)
    with pytest.raises(Conversation.DoesNotExist):
        dialogue.take_turn(seen_by_the_other, "hello", subject=other)

    assert Conversation.objects.get().user_key == customer.user_key
    assert not Message.objects.exists()


def test_only_a_hash_of_the_token_is_kept(customer: Subject) -> None:
    opened = dialogue.open_conversation(GUEST)

    assert len(opened.token) >= 43
    row = Conversation.objects.values().get()
    assert opened.token not in str(row)
    assert dialogue.conversation_by_token(opened.token) == opened.conversation


def test_a_customer_goes_on_with_the_latest_conversation_of_the_day(
    customer: Subject, other: Subject
) -> None:
    assert dialogue.latest_conversation(customer) is None
    dialogue.open_conversation(customer)
    latest = dialogue.open_conversation(customer).conversation

    assert dialogue.latest_conversation(customer) == latest
    assert dialogue.latest_conversation(other) is None
    assert dialogue.latest_conversation(GUEST) is None
    Conversation.objects.update(last_message_at=timezone.now() - GOES_ON)
    assert dialogue.latest_conversation(customer) is None


@pytest.mark.parametrize(
    ("hour", "words"),
    [
        (4, "Good evening"),
        (5, "Good morning"),
        (12, "Good afternoon"),
        (17, "Good afternoon"),
        (18, "Good evening"),
    ],
)
def test_the_greeting_knows_the_time_of_day_and_the_name(
    customer: Subject, monkeypatch: pytest.MonkeyPatch, hour: int, words: str
) -> None:
    now = datetime(2026, 11, 25, hour, 30, tzinfo=UTC)
    monkeypatch.setattr(understanding.timezone, "now", lambda: now)

    assert dialogue.open_conversation(customer).greeting.startswith(f"{words}, Ada! ")
    assert dialogue.open_conversation(GUEST).greeting.startswith(f"{words}! ")


def test_an_order_on_its_way_is_named_and_can_be_asked_about(
    faq: Any, customer: Subject, ada: User, make_order: Callable[..., Order]
) -> None:
    make_order(ada, SHIPPED, "shipped")
    make_order(ada, DELIVERED, "delivered", age=9)

    chat = Chat(customer, "en")

    assert f"About your order {SHIPPED} (shipped): just ask." in chat.opened.greeting
    first = chat.opened.suggestions[0]
    assert SHIPPED in first.label
    chat(first.text, f"Order {SHIPPED}: shipped")


def test_several_orders_on_their_way_are_counted(orders: Any, customer: Subject) -> None:
    opened = dialogue.open_conversation(customer)

    assert "2 of your orders have not arrived yet" in opened.greeting
    assert {PAID, SHIPPED} <= {one.label.split()[-1].strip("?") for one in opened.suggestions}


def test_a_guest_is_offered_nothing_that_needs_an_account(orders: Any) -> None:
    opened = dialogue.open_conversation(GUEST)

    assert "order" not in opened.greeting
    labels = [one.label for one in opened.suggestions]
    assert "Where is my order?" not in labels
    assert labels[-1] == "Talk to a person"


@pytest.mark.parametrize("method", ["profile", "orders", "shop_name", "supports"])
def test_whatever_the_shops_code_does_there_is_a_greeting(
    customer: Subject, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(ShopSupport, method, lambda *_args, **_kwargs: 1 / 0)

    opened = dialogue.open_conversation(customer)

    assert opened.greeting.startswith("Good ")
    assert opened.suggestions[-1].label == "Talk to a person"


def test_the_language_asked_for_wins_over_the_requests(customer: Subject) -> None:
    with translation.override("en"):
        opened = dialogue.open_conversation(customer, language="zh-hans")

    assert opened.conversation.language == "zh-hans"


def test_the_shop_is_not_asked_for_the_orders_of_nobody(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that filters by ``user=None`` would find the orders of all its guests."""
    asked: list[str | None] = []
    orders = ShopSupport.orders

    def noting(adapter: ShopSupport, subject: Subject, limit: int = 5) -> list[Any]:
        asked.append(subject.user_key)
        return orders(adapter, subject, limit)

    monkeypatch.setattr(ShopSupport, "orders", noting)
    conversation = dialogue.open_conversation(GUEST).conversation
    for text in ("where is my order", "what about the second one?", "and the other order"):
        dialogue.take_turn(conversation, text, subject=GUEST)

    assert asked == []


@pytest.mark.parametrize(("method", "junk"), [("profile", None), ("profile", 7), ("orders", [42, None])])
def test_an_adapter_that_gives_junk_does_not_keep_a_customer_from_being_greeted(
    customer: Subject, monkeypatch: pytest.MonkeyPatch, method: str, junk: Any
) -> None:
    monkeypatch.setattr(ShopSupport, method, lambda *_args, **_kwargs: junk)

    opened = dialogue.open_conversation(customer)

    assert opened.greeting
    assert opened.suggestions
