"""Conversations as scripts: ``chat("customer's line", "must be in the reply", …)`` in the sample shop."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from shop.models import Category, Order, Product
from shop.orders import NewLine, NewOrder, place_orders
from support_bot import dialogue
from support_bot.adapters import get_adapter
from support_bot.dialogue.context import Context, recall
from support_bot.models import Conversation, Message
from support_bot.types import Subject

PAID, SHIPPED, DELIVERED = "W-AAAA00000001", "W-BBBB00000002", "W-CCCC00000003"


class Chat:
    """One conversation; calling it says a line and checks what comes back."""

    def __init__(self, subject: Subject, language: str | None = None) -> None:
        self.subject = subject
        self.opened = dialogue.open_conversation(subject, language=language)
        self.conversation = self.opened.conversation
        self.turn: dialogue.Turn | None = None

    def __call__(
        self,
        line: str,
        *expected: str,
        kind: str | None = None,
        confirm: str | None = None,
        client_id: uuid.UUID | None = None,
    ) -> dialogue.Turn:
        found = dialogue.find_conversation(
            self.conversation.pk, subject=self.subject, token=self.opened.token
        )
        assert found is not None
        self.conversation = found
        self.turn = dialogue.take_turn(
            found, line, subject=self.subject, confirm=confirm, client_id=client_id
        )
        said = "" if self.turn.reply is None else self.turn.reply.text
        for part in expected:
            assert part.casefold() in said.casefold(), f"{line!r} was answered: {said!r}"
        if kind is not None:
            assert self.turn.reply is not None, f"{line!r} was not answered"
            assert self.turn.reply.kind == kind, f"{line!r} was answered ({self.turn.reply.kind}): {said!r}"
        return self.turn

    @property
    def reply(self) -> Any:
        assert self.turn is not None
        return self.turn.reply

    @property
    def context(self) -> Context:
        return recall(Conversation.objects.get(pk=self.conversation.pk))

    @property
    def state(self) -> str:
        return Conversation.objects.get(pk=self.conversation.pk).state

    def lines(self) -> list[tuple[str, str]]:
        found = Message.objects.filter(conversation=self.conversation).order_by("sequence")
        return [(message.author, message.text) for message in found]

    def press(self, label: str, *expected: str, **more: Any) -> dialogue.Turn:
        """Press the quick reply of that label, or the button of the change that waits."""
        if self.reply.confirm is not None and self.reply.confirm.label == label:
            return self(label, *expected, confirm=self.reply.confirm.token, **more)
        texts = {one.label: one.text for one in self.reply.suggestions}
        return self(texts[label], *expected, **more)


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user("ada", "ada@example.com", "correct horse", first_name="Ada")


@pytest.fixture
def milk(db: None) -> Product:
    dairy = Category.objects.create(name="Dairy", slug="dairy", path="dairy", level=0)
    return Product.objects.create(
        sku="T-1", name="Whole milk, 1 gal", price=Decimal("2.50"), stock=10, brand="Meadow", category=dairy
    )


@pytest.fixture
def cheese(milk: Product) -> Product:
    return Product.objects.create(
        sku="T-2", name="Cheddar cheese, 8 oz", price=Decimal("3.10"), stock=4, category=milk.category
    )


@pytest.fixture
def make_order(milk: Product) -> Callable[..., Order]:
    def make(user: User | None, number: str, status: str, *, age: int = 0, quantity: int = 2) -> Order:
        placed = timezone.now() - timedelta(days=age)
        order = Order(
            user=user,
            number=number,
            status=status,
            placed_at=placed,
            total=milk.price * quantity,
            promised_for=timezone.localdate() + timedelta(days=2),
            delivered_at=placed + timedelta(days=1) if status == "delivered" else None,
            street="1 Main St",
            city="Springfield",
            postcode="12345",
        )
        place_orders([NewOrder(order, [NewLine(milk.pk, milk.name, quantity, milk.price)])])
        return Order.objects.get(number=number)

    return make


@pytest.fixture
def orders(ada: User, make_order: Callable[..., Order]) -> dict[str, Order]:
    """Ada's three: one being packed, one on its way, one delivered five days ago."""
    return {
        status: make_order(ada, number, status, age=age)
        for number, status, age in ((DELIVERED, "delivered", 6), (SHIPPED, "shipped", 2), (PAID, "paid", 1))
    }


@pytest.fixture
def customer(ada: User) -> Subject:
    return get_adapter().subject_for(str(ada.pk))


@pytest.fixture
def chat(faq: Any, customer: Subject) -> Chat:
    """Ada's conversation, in English."""
    return Chat(customer, "en")


@pytest.fixture
def guest_chat(faq: Any) -> Chat:
    """A visitor's conversation, in English."""
    return Chat(Subject(language="en"), "en")
