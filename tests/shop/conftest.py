"""A handful of products, two customers, and a cache that forgets between tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from shop.models import Category, Order, Product
from shop.orders import NewLine, NewOrder, place_orders


@pytest.fixture(autouse=True)
def _forgetful_cache() -> None:
    cache.clear()


@pytest.fixture
def shelf(db: None) -> dict[str, Category]:
    """grocery / dairy / milk and cheese, and flowers."""
    grocery = Category.objects.create(name="Grocery", slug="grocery", path="grocery", level=0)
    dairy = Category.objects.create(name="Dairy", slug="dairy", path="grocery/dairy", level=1, parent=grocery)
    leaves = {
        name.lower(): Category.objects.create(
            name=name, slug=name.lower(), path=f"grocery/dairy/{name.lower()}", level=2, parent=dairy
        )
        for name in ("Milk", "Cheese")
    }
    flowers = Category.objects.create(name="Flowers", slug="flowers", path="flowers", level=0)
    return {"grocery": grocery, "dairy": dairy, "flowers": flowers, **leaves}


@pytest.fixture
def make_product(db: None) -> Callable[..., Product]:
    """``make_product(name="Milk", price="1.00", stock=10, ...)``; the stock number is made up."""

    def make(**fields: Any) -> Product:
        given = {"name": "Whole milk, 1 gal", "price": Decimal("2.50"), "stock": 10, "brand": "Meadow"}
        return Product.objects.create(sku=f"T-{Product.objects.count() + 1}", **given | fields)

    return make


@pytest.fixture
def milk(make_product: Callable[..., Product], shelf: dict[str, Category]) -> Product:
    return make_product(category=shelf["milk"], size="1 gal")


@pytest.fixture
def customer(db: None) -> User:
    return User.objects.create_user("ada", "ada@example.com", "correct horse", first_name="Ada")


@pytest.fixture
def other(db: None) -> User:
    return User.objects.create_user("bob", "bob@example.com", "battery staple")


@pytest.fixture
def signed_in(customer: User) -> Client:
    client = Client()
    client.force_login(customer)
    return client


@pytest.fixture
def make_order(customer: User) -> Callable[..., Order]:
    """``make_order(product, quantity, status=..., age=days)``, of ``customer`` unless ``user`` is given."""

    def make(product: Product, quantity: int = 1, *, age: int = 0, **fields: Any) -> Order:
        total = product.price * quantity
        placed = timezone.now() - timedelta(days=age)
        given = {"user": customer, "total": total, "placed_at": placed, **fields}
        order = Order(number=f"T{Order.objects.count() + 1}", **given)
        place_orders([NewOrder(order, [NewLine(product.pk, product.name, quantity, product.price)])])
        return order

    return make


@pytest.fixture
def address() -> dict[str, str]:
    return {
        "name": "Ada Lovelace",
        "street": "12 Engine Lane",
        "postcode": "10001",
        "city": "London",
        "country": "GB",
    }
