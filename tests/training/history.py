"""A shop's history with a known answer: three tastes, each buying from its own third of the catalogue."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

from django.contrib.auth import get_user_model
from django.utils import timezone

from shop.models import Order, OrderLine, Product, Review

TASTES = 3


def write_history(
    *, customers: int = 75, items: int = 90, orders: int = 8, lines: int = 3, days: int = 80, seed: int = 1
) -> None:
    """Write products, customers and orders; customer and product number i are of taste ``i % 3``."""
    rng = random.Random(seed)
    now = timezone.now()
    products = Product.objects.bulk_create(
        Product(sku=f"P{number}", name=f"Item {number}", price=Decimal(1 + number), stock=1000)
        for number in range(items)
    )
    users = get_user_model().objects.bulk_create(
        get_user_model()(username=f"customer{number}") for number in range(customers)
    )
    turns = [(number, turn) for number in range(customers) for turn in range(orders)]
    placed = Order.objects.bulk_create(
        Order(
            number=f"H{number}-{turn}",
            user=users[number],
            status=Order.Status.DELIVERED,
            placed_at=now - timedelta(days=days * (orders - turn) / orders, minutes=rng.randrange(600)),
        )
        for number, turn in turns
    )
    OrderLine.objects.bulk_create(
        OrderLine(order=order, product=product, name=product.name, unit_price=product.price)
        for order, (number, _turn) in zip(placed, turns, strict=True)
        for product in _basket(rng, products[number % TASTES :: TASTES], lines)
    )


def _basket(rng: random.Random, shelf: list[Product], lines: int) -> list[Product]:
    """Different products of a shelf; neighbours on it (0 and 1, 2 and 3, ...) are bought together."""
    first = rng.randrange(len(shelf))
    couple = [shelf[first], shelf[first ^ 1]] if first ^ 1 < len(shelf) else [shelf[first]]
    others = [product for product in shelf if product not in couple]
    return (couple + rng.sample(others, min(len(others), lines)))[:lines]


def own_third(user_number: int) -> set[str]:
    """Keys of the products of a customer's taste."""
    taste = user_number % TASTES
    products = Product.objects.filter(sku__startswith="P")
    return {str(product.pk) for product in products if int(product.sku[1:]) % TASTES == taste}


def write_ratings() -> None:
    """Every customer of a written history rates six products of the own taste high and six others low."""
    rng = random.Random(2)
    products = list(Product.objects.filter(sku__startswith="P").order_by("pk"))
    users = list(get_user_model().objects.filter(username__startswith="customer").order_by("pk"))
    now = timezone.now()
    reviews = []
    for number, user in enumerate(users):
        own = products[number % TASTES :: TASTES]
        others = products[(number + 1) % TASTES :: TASTES]
        for product in rng.sample(own, 6) + rng.sample(others, 6):
            stars = rng.choice((4, 5)) if product in own else rng.choice((1, 2))
            at = now - timedelta(days=rng.uniform(0, 80))
            reviews.append(Review(product=product, user=user, stars=stars, created_at=at))
    Review.objects.bulk_create(reviews)
