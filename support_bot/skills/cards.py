"""Orders and products as cards beside a reply."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from support_bot.adapters.vocabulary import as_day, as_money
from support_bot.types import Card, Order, Product


def order_card(order: Order) -> Card:
    """The order with its link, how far it is, its day and what it cost."""
    fields = [(_("Status"), str(order.status_label)), (_("Ordered"), as_day(order.placed_at))]
    if order.is_open and order.promised_for:
        fields.append((_("Promised for"), as_day(order.promised_for)))
    if order.delivered_at:
        fields.append((pgettext("day", "Delivered"), as_day(order.delivered_at)))
    if order.total is not None:
        fields.append((_("Total"), as_money(order.total, order.currency)))
    image = next((line.image for line in order.lines if line.image), "")
    title = _("Order %(number)s") % {"number": order.number}
    return Card("order", title, order.url, image, tuple(fields))


def product_card(product: Product, reason: str = "") -> Card:
    """The product with its link, picture, price and whether it is there; ``reason`` says why it is shown."""
    fields = []
    if product.price is not None:
        fields.append((_("Price"), as_money(product.price, product.currency)))
    if product.available is not None:
        fields.append((_("Availability"), stock_text(product)))
    if reason:
        fields.append((_("Why"), reason))
    return Card("product", product.title, product.url, product.image, tuple(fields))


def stock_text(product: Product) -> str:
    """Whether a product can be bought now, in two words."""
    return _("in stock") if product.available else _("sold out")
