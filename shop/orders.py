"""Writing orders: one door for the checkout and for loading a history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.db import router, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shop.models import Order, OrderLine, Product
from shop.rows import insert_rows


class NewLine(NamedTuple):
    """A line to be written; ``product`` is the primary key, None for what the catalogue does not know."""

    product: int | None
    name: str
    quantity: int
    unit_price: Decimal | float
    discount: Decimal | float = Decimal(0)
    list_price: Decimal | float | None = None


@dataclass(slots=True)
class NewOrder:
    """An unsaved ``Order``, ``total`` included (it is what the customer was charged), and its lines."""

    order: Order
    lines: Sequence[NewLine]


@dataclass(frozen=True, slots=True)
class Shortage:
    """A product of which less is left than the order asks for; ``left`` is 0 when it is no longer sold."""

    product: int
    name: str
    wanted: int
    left: int

    def __str__(self) -> str:
        if self.left <= 0:
            return _("“%(name)s” is sold out.") % {"name": self.name}
        text = ngettext(
            "Only %(left)d of “%(name)s” is left.", "Only %(left)d of “%(name)s” are left.", self.left
        )
        return text % {"name": self.name, "left": self.left}


class OutOfStock(Exception):
    """Nothing was written: ``shortages`` names every product that ran short, with what is left of it."""

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        super().__init__(shortages)
        self.shortages = list(shortages)

    def __str__(self) -> str:
        return " ".join(str(shortage) for shortage in self.shortages)


def place_orders(
    batch: Sequence[NewOrder], *, take_stock: bool = True, using: str | None = None
) -> list[Order]:
    """Write ``batch`` in one transaction, all or nothing, and return its orders with their primary keys.

    With ``take_stock`` (a checkout) every line needs a product and a quantity of at least 1, and stock is
    taken in the same transaction by conditional updates in the order of primary keys: of two buyers of the
    last unit one gets it, and buyers of the same products never wait for each other in a circle. Without it
    (a history) lines are written as they are. Raises ``OutOfStock`` or, for a bad line, ``ValueError``.
    """
    alias = using or router.db_for_write(Order)
    with transaction.atomic(using=alias):
        if take_stock:
            _take_stock(_wanted(batch), alias)
        orders = Order.objects.using(alias).bulk_create([new.order for new in batch])
        rows = ((order.pk, *line) for order, new in zip(orders, batch, strict=True) for line in new.lines)
        insert_rows(OrderLine, ("order", *NewLine._fields), rows, using=alias)
    return orders


def _wanted(batch: Iterable[NewOrder]) -> dict[int, int]:
    """Units wanted of each product, over all lines of all orders."""
    wanted: dict[int, int] = defaultdict(int)
    for new in batch:
        for line in new.lines:
            if line.product is None or line.quantity < 1:
                raise ValueError(
                    f"Order {new.order.number}, line {line.name!r}: got product {line.product} and quantity "
                    f"{line.quantity}; a checkout needs a product and a quantity of at least 1. "
                    "Pass take_stock=False to write a history as it was."
                )
            wanted[line.product] += line.quantity
    return wanted


def _take_stock(wanted: dict[int, int], alias: str) -> None:
    products = Product.objects.using(alias)
    short = [
        pk
        for pk in sorted(wanted)
        if not products.filter(pk=pk, is_active=True, stock__gte=wanted[pk]).update(
            stock=F("stock") - wanted[pk], sold=F("sold") + 1
        )
    ]
    if short:
        found = {product.pk: product for product in products.filter(pk__in=short)}
        raise OutOfStock([_shortage(pk, wanted[pk], found.get(pk)) for pk in short])


def _shortage(pk: int, wanted: int, product: Product | None) -> Shortage:
    if product is None:
        return Shortage(pk, _("A product that was removed"), wanted, 0)
    return Shortage(pk, product.name, wanted, product.stock if product.is_active else 0)
