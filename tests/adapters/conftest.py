"""A few products and orders of the sample shop, and the adapter that reads them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from recommendations.adapters import DeclarativeAdapter, get_adapter
from shop.models import Category, Order, OrderLine, Product

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def adapter() -> DeclarativeAdapter:
    return get_adapter()


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ada")


@pytest.fixture
def products(db: None) -> list[Product]:
    tea = Category.objects.create(name="Tea", slug="tea", path="tea")
    return [
        Product.objects.create(
            sku=f"S{number}",
            name=f"Tea {number}",
            category=tea,
            brand="Leaf",
            price=Decimal("2.50"),
            created_at=NOON - timedelta(days=number),
        )
        for number in range(1, 5)
    ]


@pytest.fixture
def order(db: None) -> Callable[..., Order]:
    """``order(user, (product, quantity), ..., hours=0)`` places an order ``hours`` after noon."""
    count = iter(range(1, 10_000))

    def place(
        user: User | None, *lines: tuple[Product | None, int], hours: float = 0, **fields: Any
    ) -> Order:
        placed_at = NOON + timedelta(hours=hours)
        order = Order.objects.create(number=f"N{next(count)}", user=user, placed_at=placed_at, **fields)
        for product, quantity in lines:
            OrderLine.objects.create(
                order=order, product=product, quantity=quantity, unit_price=Decimal("2.50")
            )
        return order

    return place
