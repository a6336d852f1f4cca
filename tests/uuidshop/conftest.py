"""A small collection of clothes, and people with two tastes who ordered some of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.utils import timezone

from .models import Account, Category, Order, OrderLine, Product, Variant

if TYPE_CHECKING:
    from recommendations.adapters import DeclarativeAdapter

# The bot's tests run with settings of their own, which have the bot alone.
collect_ignore = [] if apps.is_installed("support_bot") else ["support"]
BOTH = ["default", "orders"]


@pytest.fixture
def adapter() -> DeclarativeAdapter:
    from recommendations.adapters import get_adapter  # not in INSTALLED_APPS where the bot is alone

    return get_adapter()


@pytest.fixture
def products(db: None) -> list[Product]:
    """Twelve products in three sizes each; the first half is summer wear, the second winter wear."""
    summer, winter = (Category.objects.create(name=name) for name in ("Summer", "Winter"))
    made = [Product.objects.create(title=f"Piece {n}", cents=1990) for n in range(12)]
    for number, product in enumerate(made):
        product.categories.add(summer if number < 6 else winter, Category.objects.create(name=f"Z{number}"))
        for size in ("S", "M", "L"):
            Variant.objects.create(product=product, size=size, stock=9)
    return made


@pytest.fixture
def order(db: None) -> Callable[..., Order]:
    """``order(account, product, ..., days=0)`` orders the M of each, ``days`` ago; None is a guest."""

    def place(account: Account | None, *products: Product, days: float = 0, **fields: Any) -> Order:
        placed = Order.objects.create(
            account=account,
            email=account.email if account else "guest@example.com",
            placed_at=timezone.now() - timedelta(days=days),
            **fields,
        )
        for product in products:
            OrderLine.objects.create(order=placed, variant=product.variants.get(size="M"))
        return placed

    return place


@pytest.fixture
def account(db: None) -> Account:
    return Account.objects.create_user("ada@example.com", "secret")


@pytest.fixture
def history(products: list[Product], order: Callable[..., Order]) -> list[Account]:
    """Forty accounts, every other one for summer or winter, five orders each."""
    people = [Account.objects.create_user(f"user{n}@example.com") for n in range(40)]
    for number, person in enumerate(people):
        taste = products[:6] if number % 2 else products[6:]
        for week in range(5):
            picked = [taste[(number + week + step) % 6] for step in range(2)]
            order(person, *picked, days=7 * week + number / 100)
    return people
