"""The closed lists of what an entry of the FAQ may name: variables of answers, conditions of audiences.

An adapter that knows more adds to them: ``VARIABLES = {**VARIABLES, "store.name": _("…")}`` in the subclass.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext_lazy as _

from support_bot.clock import local
from support_bot.types import Order, Profile

VARIABLES: Final[Mapping[str, Any]] = {
    "customer.first_name": _("the customer's first name"),
    "customer.full_name": _("the customer's whole name"),
    "customer.email": _("the customer's e-mail address"),
    "customer.since": _("the day on which the account was made"),
    "last_order.number": _("the number of the latest order"),
    "last_order.status": _("how far the latest order is"),
    "last_order.placed_at": _("the day of the latest order"),
    "last_order.promised_for": _("the day on which the latest order is to arrive"),
    "last_order.total": _("what the latest order cost"),
    "last_order.url": _("the page of the latest order"),
    "loyalty.points": _("the customer's points"),
    "shop.name": _("the shop's name"),
    "shop.email": _("the shop's e-mail address"),
    "login.url": _("the page to log in at"),
}

CONDITIONS: Final[Mapping[str, Any]] = {
    "country": _("the customer's country, as an ISO code such as US"),
    "language": _("the customer's language, as a code such as en or zh-hans"),
    "has_orders": _("whether the customer has ordered before: yes or no"),
    "customer": _("new in the first 30 days of the account, known after them"),
}


def in_a_row(*sentences: str) -> str:
    """Sentences one after the other; after a Chinese full stop there is no space."""
    return re.sub("(?<=[。！？：]) ", "", " ".join(filter(None, sentences)))


def as_day(value: date | None) -> str:
    """A date or a time as a customer reads it, in the active language; empty for None."""
    if isinstance(value, datetime):
        value = local(value)
    return "" if value is None else date_format(value)


def as_money(amount: Decimal | None, currency: str = "") -> str:
    """An amount of money with its currency, in the active language; empty for None."""
    if amount is None:
        return ""
    text = number_format(amount, decimal_pos=2, use_l10n=True, force_grouping=True)
    return f"${text}" if currency == "USD" else f"{text} {currency}".rstrip()


def customer_variables(profile: Profile) -> dict[str, str]:
    """The variables that a profile gives."""
    return {
        "customer.first_name": profile.first_name,
        "customer.full_name": profile.full_name,
        "customer.email": profile.email,
        "customer.since": as_day(profile.customer_since),
    }


def order_variables(orders: Sequence[Order]) -> dict[str, str]:
    """The variables that the latest order gives; none without an order."""
    if not orders:
        return {}
    latest = orders[0]
    return {
        "last_order.number": latest.number,
        "last_order.status": str(latest.status_label),
        "last_order.placed_at": as_day(latest.placed_at),
        "last_order.promised_for": as_day(latest.promised_for),
        "last_order.total": as_money(latest.total, latest.currency),
        "last_order.url": latest.url,
    }
