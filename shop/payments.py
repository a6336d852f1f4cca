"""The test payment: no money moves, some cards are declined, and the same key never charges twice."""

from __future__ import annotations

from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

GOOD_CARDS = ("4242424242424242", "5555555555554444")
DECLINED_CARDS: dict[str, Promise] = {
    "4000000000000002": _("The card was declined. Nothing was charged; please try another card."),
    "4000000000009995": _("The card has insufficient funds. Nothing was charged; please try another card."),
    "4000000000000069": _("The card has expired. Nothing was charged; please try another card."),
}


class Declined(Exception):
    """The bank said no; the message is for the customer."""


def authorise(card: str, amount: Decimal, *, key: str) -> str:
    """Reserve ``amount`` on ``card`` and return the payment's reference, the same one for the same ``key``.

    Raises ``Declined``. An authorisation holds money without taking it: ``capture`` takes it once the order
    is written, ``void`` lets it go.
    """
    digits = card.replace(" ", "").replace("-", "")
    if digits in DECLINED_CARDS:
        raise Declined(DECLINED_CARDS[digits])
    if digits not in GOOD_CARDS:
        raise Declined(_("This shop takes test cards only, for example 4242 4242 4242 4242."))
    if amount < 0:
        raise ValueError(f"Got the amount {amount}; a payment is at least 0.")
    return f"test-{key}"


def capture(reference: str) -> None:
    """Take what was reserved. A real gateway is called here."""


def void(reference: str) -> None:
    """Let go of what was reserved, after an order could not be written. A real gateway is called here."""


def refund(reference: str, amount: Decimal) -> None:
    """Give money back after a cancellation or a return. A real gateway is called here."""
