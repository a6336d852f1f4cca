"""Fills the shop that the browser tests visit: three tastes, 90 customers, ten months of orders, two logins,
the FAQ in two languages.

``python -m tests.browser.market`` migrates, fills and trains the recommender (the bot has no build: it
answers by words); it is a process of its own because its database is not the tests'.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from shop.models import Category, Order, Product  # noqa: E402
from shop.orders import NewLine, NewOrder, place_orders  # noqa: E402

TASTES = {
    "Tea": ["Green tea", "Black tea", "Mint tea", "Rooibos", "Oolong", "Jasmine tea", "Earl Grey", "Chai"],
    "Coffee": ["Espresso", "Filter coffee", "Decaf", "Arabica", "Robusta", "Cold brew", "Mocha", "Lungo"],
    "Cocoa": ["Dark cocoa", "White cocoa", "Nut cocoa", "Milk cocoa", "Chilli cocoa", "Hazel cream", "Nibs"],
}
SIZES = ("50 g", "100 g", "250 g")
CUSTOMERS = 90
ORDERS = 10
WAITING = ("customer3", "customer4", "customer5", "customer6")  # their last order is not on its way yet


def main() -> None:
    call_command("migrate", verbosity=0)
    random = Random(7)
    shelves = {taste: _shelf(taste, names) for taste, names in TASTES.items()}
    everything = [product for shelf in shelves.values() for product in shelf]
    shuffled = random.sample(everything, len(everything))
    partner = {product.pk: other for product, other in zip(everything, shuffled, strict=True)}  # in one order
    batch = []
    for number in range(CUSTOMERS):
        name = "customer" if number == 0 else f"customer{number}"
        user = User.objects.create_user(name, f"{name}@example.com", password=name)
        taste = list(TASTES)[number % len(TASTES)]
        favourites = random.sample(shelves[taste], 9)
        for place in range(ORDERS):
            at = timezone.now() - timedelta(days=300 - 30 * place, hours=number)
            lines = random.sample(favourites, 2) + random.sample(shelves[random.choice(list(TASTES))], 1)
            batch.append(
                _order(f"CJ{1000 + number}{place:02}", user, at, lines + [partner[line.pk] for line in lines])
            )
    place_orders(batch, take_stock=False)
    User.objects.create_superuser("manager", "manager@example.com", "manager")
    call_command("shop_train")
    for name in WAITING:
        last = Order.objects.filter(user__username=name).order_by("-placed_at")[:1]
        Order.objects.filter(pk__in=last).update(status=Order.Status.PAID, delivered_at=None)
    call_command("support_bot_import", "shop/faq/en.md", "shop/faq/zh-hans.md", verbosity=0)


def _shelf(taste: str, names: list[str]) -> list[Product]:
    slug = taste.lower()
    category = Category.objects.create(name=taste, slug=slug, path=slug)
    return Product.objects.bulk_create(
        Product(
            category=category,
            sku=f"{slug}-{place}-{size.split()[0]}",
            name=f"{name}, {size}",
            size=size,
            brand=f"{taste} House",
            price=Decimal(2 + place) + Decimal("0.49"),
            stock=1000,
            created_at=timezone.now() - timedelta(days=400),
        )
        for place, name in enumerate(names)
        for size in SIZES
    )


def _order(number: str, user: User, at, products: list[Product]) -> NewOrder:
    lines = [NewLine(product.pk, product.name, 1, product.price) for product in products]
    total = sum((product.price for product in products), Decimal())
    order = Order(number=number, user=user, placed_at=at, status=Order.Status.DELIVERED, total=total)
    return NewOrder(order, lines)


if __name__ == "__main__":
    main()
