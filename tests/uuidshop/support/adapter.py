"""How the bot reads this shop: orders by UUID in another database, without numbers, names or returns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from support_bot import types
from support_bot.adapters import SupportAdapter
from tests.uuidshop.models import Order, Product


class ClothesSupport(SupportAdapter):
    """An order's number is the beginning of its key; a guest's order is nobody's."""

    order_pattern = r"\b[0-9A-Fa-f]{8}\b"

    def shop_name(self) -> str:
        return "Clothes & Sizes"

    def orders(self, subject: types.Subject, limit: int = 5) -> list[types.Order]:
        if subject.user_key is None:
            return []
        found = Order.objects.filter(account=subject.user_key).order_by("-placed_at")
        return [_order(order) for order in found.prefetch_related("lines")[:limit]]

    def cancel_order(self, subject: types.Subject, number: str) -> types.Order:
        order = self.order(subject, number)
        assert order is not None
        Order.objects.filter(account=subject.user_key, pk=order.url).update(is_cancelled=True)
        again = self.order(subject, number)
        assert again is not None
        return again

    def product_titles(self) -> Iterable[tuple[str, str]]:
        return ((str(pk), title) for pk, title in Product.objects.values_list("pk", "title"))

    def products(self, keys: Sequence[str], subject: types.Subject) -> list[types.Product]:
        found = Product.objects.filter(pk__in=keys, published_at__isnull=False)
        return [
            types.Product(
                key=str(product.pk),
                title=product.title,
                url=product.link(),
                price=Decimal(product.cents) / 100,
                currency=product.currency,
            )
            for product in found
        ]


def _order(order: Any) -> types.Order:
    return types.Order(
        number=order.pk.hex[:8].upper(),
        status="cancelled" if order.is_cancelled else "open",
        status_label="cancelled" if order.is_cancelled else "being packed",
        placed_at=order.placed_at,
        is_open=not order.is_cancelled,
        can_cancel=not order.is_cancelled,
        url=str(order.pk),
        lines=tuple(
            types.OrderLine(key=str(line.pk), title="Piece", quantity=line.quantity)
            for line in order.lines.all()
        ),
    )
