"""The visitor's basket: product keys and quantities in the session, everything else from the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest

from shop.models import Product

MAX_QUANTITY = 99
MAX_LINES = 100
SESSION_KEY = "basket"
COUPON_KEY = "coupon"


@dataclass(frozen=True, slots=True)
class BasketLine:
    """A product that is for sale and how many of it; the price is the database's, now."""

    product: Product
    quantity: int

    @property
    def total(self) -> Decimal:
        return self.product.price * self.quantity

    @property
    def is_short(self) -> bool:
        return self.quantity > self.product.stock


class Basket:
    """Wraps a session; whoever has none (an API client, a command) has an empty basket that keeps nothing."""

    def __init__(self, session: Any) -> None:
        self._session = session if session is not None else {}

    @property
    def quantities(self) -> dict[int, int]:
        """Units by product key, last added last; whatever an older release left in a session is ignored."""
        stored = self._session.get(SESSION_KEY)
        if not isinstance(stored, dict):
            return {}
        return {
            int(key): quantity
            for key, quantity in stored.items()
            if str(key).isdecimal() and isinstance(quantity, int) and 0 < quantity <= MAX_QUANTITY
        }

    def __len__(self) -> int:
        return sum(self.quantities.values())

    def add(self, product: Product, quantity: int = 1) -> int:
        """Put ``quantity`` more of ``product`` in; returns how many were really added within the limits."""
        before = self.quantities
        if product.pk not in before and len(before) >= MAX_LINES:
            return 0
        had = before.pop(product.pk, 0)
        before[product.pk] = min(had + max(quantity, 0), MAX_QUANTITY)
        self._store(before)
        return before[product.pk] - had

    def set(self, product_key: int, quantity: int) -> None:
        """Change a line that is in the basket; 0 takes it out."""
        quantities = self.quantities
        if product_key in quantities:
            quantities[product_key] = min(max(quantity, 0), MAX_QUANTITY)
            self._store(quantities)

    def discard(self, product_keys: Iterable[int]) -> None:
        gone = set(product_keys)
        self._store({key: quantity for key, quantity in self.quantities.items() if key not in gone})

    def clear(self) -> None:
        self._session.pop(SESSION_KEY, None)
        self._session.pop(COUPON_KEY, None)

    def lines(self) -> list[BasketLine]:
        """What can be bought now, in one query; products that are no longer sold are left out."""
        quantities = self.quantities
        if not quantities:
            return []
        found = Product.objects.filter(is_active=True).in_bulk(quantities)
        return [BasketLine(found[key], quantity) for key, quantity in quantities.items() if key in found]

    @property
    def coupon_code(self) -> str:
        code = self._session.get(COUPON_KEY)
        return code if isinstance(code, str) else ""

    @coupon_code.setter
    def coupon_code(self, code: str) -> None:
        self._session[COUPON_KEY] = code

    def _store(self, quantities: dict[int, int]) -> None:
        self._session[SESSION_KEY] = {str(key): quantity for key, quantity in quantities.items() if quantity}


def of(request: HttpRequest) -> Basket:
    """The basket of whoever sent ``request``."""
    return Basket(getattr(request, "session", None))


def item_keys(request: HttpRequest) -> list[str]:
    """Keys of the products in the basket, last added last: what the recommender folds in."""
    return [str(key) for key in of(request).quantities]
