"""The closed lists of what an entry of the FAQ may name: variables of answers, conditions of audiences.

An adapter that knows more adds to them: ``VARIABLES = {**VARIABLES, "store.name": _("…")}`` in the subclass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

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
