"""Skills as the dialogue runs them, in the sample shop with its real services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import RequestFactory
from django.utils import timezone

from shop.models import Category, Order, Product
from shop.orders import NewLine, NewOrder, place_orders
from shop.support import ShopSupport
from support_bot import skills
from support_bot.nlu.entities import find_entities
from support_bot.skills import Ask, Call, Context, Outcome, Propose
from support_bot.types import Reply


@dataclass
class Chat:
    """One customer's talk with one skill at a time; ``heard`` is the last outcome."""

    user: Any
    adapter: ShopSupport = field(default_factory=ShopSupport)
    language: str = "en"
    fallback: Reply | None = None
    request: Any = None
    context: Context = field(default_factory=Context)
    heard: Outcome | None = None
    skill: str = ""

    def __post_init__(self) -> None:
        self.request = RequestFactory().get("/")
        self.request.user, self.request.session = self.user, {}

    def call(self, text: str, slots: Any = None, *, confirmed: bool = False) -> Call:
        return Call(
            subject=self.adapter.subject(self.request),
            adapter=self.adapter,
            language=self.language,
            text=text,
            entities=find_entities(
                text,
                language=self.language,
                order_pattern=self.adapter.order_pattern,
                now=timezone.localtime(),
            ),
            slots=slots or {},
            context=self.context,
            confirmed=confirmed,
            fallback=self.fallback,
        )

    def ask(self, skill: str, text: str = "", slots: Any = None, *, confirmed: bool = False) -> Outcome:
        """Say something that means ``skill``."""
        call = self.call(text, slots, confirmed=confirmed)
        self.skill, self.heard = skill, skills.perform(skills.all()[skill], call)
        self.context = call.mentioned or self.context
        return self.heard

    def answer(self, text: str) -> Outcome | None:
        """Answer what was asked; None when the skill does not take it for an answer."""
        asked = self.heard
        assert isinstance(asked, Ask), asked
        call = self.call(text, asked.slots)
        value = skills.all()[self.skill].fill(asked.slot, text, call.entities, call)
        return None if value is None else self.ask(self.skill, text, {**asked.slots, asked.slot: value})

    def confirm(self, proposal: Propose | None = None) -> Outcome:
        """Yes."""
        proposed = proposal or self.heard
        assert isinstance(proposed, Propose), proposed
        return self.ask(self.skill, "", proposed.slots, confirmed=True)


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user("ada", "ada@example.com", "correct horse", first_name="Ada")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", "bob@example.com", "battery staple", first_name="Bob")


@pytest.fixture
def chat(ada: User) -> Chat:
    return Chat(ada)


@pytest.fixture
def stranger(db: None) -> Chat:
    return Chat(AnonymousUser())


@pytest.fixture
def goods(db: None) -> dict[str, Product]:
    dairy = Category.objects.create(name="Dairy", slug="dairy", path="dairy", level=0)
    names = {
        "milk": ("Whole milk, 1 gal", "2.50", 10),
        "bread": ("Sourdough bread", "4.20", 10),
        "berries": ("Strawberries, 1 lb", "3.99", 0),
        "oats": ("Oat milk", "3.10", 7),
    }
    return {
        key: Product.objects.create(
            sku=key, name=name, price=Decimal(price), stock=stock, category=dairy, brand="Meadow"
        )
        for key, (name, price, stock) in names.items()
    }


@pytest.fixture
def order(ada: User, goods: dict[str, Product]) -> Callable[..., Order]:
    """``order("milk", status="shipped", units=2)``: an order of Ada's; numbers are W-00000000000A, …B."""

    def make(*wanted: str, units: int = 1, user: User | None = None, age: int = 1, **fields: Any) -> Order:
        placed = timezone.now() - timedelta(days=age)
        number = f"W-{10 + Order.objects.count():012X}"
        lines = [
            NewLine(goods[key].pk, goods[key].name, units, goods[key].price) for key in wanted or ("milk",)
        ]
        if fields.get("status") == "delivered":
            fields = {"delivered_at": placed} | fields
        made = Order(
            number=number,
            user=user or ada,
            placed_at=placed,
            name="Ada Lovelace",
            total=Decimal("9.00"),
            country="US",
            **{"promised_for": timezone.localdate() + timedelta(days=2)} | fields,
        )
        place_orders([NewOrder(made, lines)], take_stock=False)
        return made

    return make
