"""One writer for the checkout and for histories: stock, transactions, buyers in a race."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections

from shop.models import Order, OrderLine, Product
from shop.orders import NewLine, NewOrder, OutOfStock, place_orders


def product(stock: int, name: str = "Chocolate milk, 1 gal", **more: Any) -> Product:
    using = more.pop("using", "default")
    sku = f"T{Product.objects.using(using).count()}"
    return Product.objects.using(using).create(sku=sku, name=name, price=Decimal("2.50"), stock=stock, **more)


def order_of(number: str, *wanted: tuple[Product, int]) -> NewOrder:
    lines = [NewLine(item.pk, item.name, quantity, item.price) for item, quantity in wanted]
    return NewOrder(Order(number=number, total=Decimal("2.50")), lines)


@pytest.mark.django_db
def test_a_checkout_writes_the_order_its_lines_and_takes_the_stock() -> None:
    milk, bread = product(5), product(3, "Bread")

    [order] = place_orders([order_of("A1", (milk, 2), (bread, 3))])

    assert order.pk == Order.objects.get().pk
    lines = list(order.lines.order_by("pk").values_list("product", "name", "quantity", "unit_price"))
    assert lines == [(milk.pk, milk.name, 2, Decimal("2.50")), (bread.pk, "Bread", 3, Decimal("2.50"))]
    assert list(Product.objects.order_by("pk").values_list("stock", "sold")) == [(3, 1), (0, 1)]


@pytest.mark.django_db
def test_every_shortage_is_named_with_what_is_left_and_nothing_is_written() -> None:
    milk, bread, cake = product(5), product(1, "Bread"), product(9, "Cake", is_active=False)

    with pytest.raises(OutOfStock) as caught:
        place_orders([order_of("A1", (milk, 2), (bread, 3), (cake, 1))])

    assert str(caught.value) == "Only 1 of “Bread” is left. “Cake” is sold out."
    assert [(short.product, short.wanted, short.left) for short in caught.value.shortages] == [
        (bread.pk, 3, 1),
        (cake.pk, 1, 0),
    ]
    assert not Order.objects.exists()
    assert list(Product.objects.order_by("pk").values_list("stock", flat=True)) == [5, 1, 9]


@pytest.mark.django_db
def test_two_lines_of_one_product_are_taken_together() -> None:
    milk = product(3)

    with pytest.raises(OutOfStock, match="Only 3"):
        place_orders([order_of("A1", (milk, 2), (milk, 2))])


@pytest.mark.django_db
def test_a_product_deleted_meanwhile_is_a_clear_shortage() -> None:
    milk = product(3)
    wanted = order_of("A1", (milk, 1))
    milk.delete()

    with pytest.raises(OutOfStock, match="removed"):
        place_orders([wanted])


@pytest.mark.django_db
@pytest.mark.parametrize("line", [NewLine(None, "?", 1, Decimal(1)), NewLine(1, "?", 0, Decimal(1))])
def test_a_checkout_refuses_a_line_without_product_or_quantity(line: NewLine) -> None:
    with pytest.raises(ValueError, match="quantity of at least 1"):
        place_orders([NewOrder(Order(number="A1"), [line])])


@pytest.mark.django_db
def test_a_history_is_written_as_it_was_and_leaves_stock_alone() -> None:
    milk = product(1)
    history = NewOrder(
        Order(number="A1"),
        [NewLine(milk.pk, "Milk", 40, 0.00061, 0.0, 0.0007), NewLine(None, "", 0, 0.0, 2.0)],
    )

    place_orders([history], take_stock=False)

    first, second = OrderLine.objects.order_by("pk")
    assert (first.quantity, first.unit_price, first.list_price) == (40, Decimal("0.00061"), Decimal("0.0007"))
    assert (second.product, second.name, second.total, second.list_price) == (
        None,
        "",
        Decimal("-2.00"),
        None,
    )
    assert Product.objects.get().stock == 1


@pytest.fixture
def shared(transactional_db: None, tmp_path: Path, django_db_blocker: Any) -> Iterator[str]:
    """A database that several connections can write to as in a running shop; for SQLite a file."""
    if connections["default"].vendor != "sqlite":
        yield "default"
        return
    connections.databases["shared"] = connections.configure_settings(
        {
            "default": {},
            "shared": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(tmp_path / "shared.sqlite3"),
                "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
            },
        }
    )["shared"]
    with django_db_blocker.unblock():
        call_command("migrate", database="shared", verbosity=0)
        yield "shared"
        connections["shared"].close()
    del connections.databases["shared"]
    del connections["shared"]


def race(buyers: list[NewOrder], using: str) -> list[str]:
    """What each buyer hears when all of them pay at the same moment."""
    start, heard = threading.Barrier(len(buyers)), [""] * len(buyers)

    def buy(number: int) -> None:
        start.wait()
        try:
            place_orders([buyers[number]], using=using)
            heard[number] = "bought"
        except OutOfStock as error:
            heard[number] = str(error)
        finally:
            connections[using].close()

    threads = [threading.Thread(target=buy, args=[number]) for number in range(len(buyers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return heard


def test_of_two_buyers_of_the_last_unit_one_gets_it_and_the_other_is_told(shared: str) -> None:
    milk = product(1, using=shared)

    heard = race([order_of("A1", (milk, 1)), order_of("A2", (milk, 1))], shared)

    assert sorted(heard) == ["bought", "“Chocolate milk, 1 gal” is sold out."]
    assert Order.objects.using(shared).count() == OrderLine.objects.using(shared).count() == 1
    assert Product.objects.using(shared).get().stock == 0


def test_buyers_with_opposite_baskets_never_wait_in_a_circle_nor_oversell(shared: str) -> None:
    milk, bread = product(5, using=shared), product(5, "Bread", using=shared)
    buyers = [
        order_of(f"A{n}", *([(milk, 1), (bread, 1)] if n % 2 else [(bread, 1), (milk, 1)])) for n in range(8)
    ]

    heard = race(buyers, shared)

    assert heard.count("bought") == 5
    assert list(Product.objects.using(shared).values_list("stock", flat=True)) == [0, 0]
