"""From basket to order: what it costs, and placing it exactly once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.contrib.auth.models import AnonymousUser, User
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from shop import payments
from shop.basket import BasketLine
from shop.models import Coupon, LoyaltyEntry, Order, Profile
from shop.orders import NewLine, NewOrder, OutOfStock, place_orders

Customer = User | AnonymousUser
MAX_TOTAL = Decimal("999999.99")
DELIVERY_DAYS = 3
POINTS_PER_DOLLAR = 1


class CouponRefused(Exception):
    """The coupon does not count for this order; the message is for the customer."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where an order goes."""

    name: str
    street: str
    postcode: str
    city: str
    country: str


@dataclass(frozen=True, slots=True)
class Quote:
    """What the lines cost now, by the database's prices."""

    lines: Sequence[BasketLine]
    coupon: Coupon | None
    refusal: str = ""

    @property
    def subtotal(self) -> Decimal:
        return sum((line.total for line in self.lines), Decimal(0))

    @property
    def discount(self) -> Decimal:
        if self.coupon is None:
            return Decimal(0)
        return (self.subtotal * self.coupon.percent / 100).quantize(Decimal("0.01"))

    @property
    def total(self) -> Decimal:
        return self.subtotal - self.discount

    @property
    def points(self) -> int:
        return points_for(self.total)


def new_number() -> str:
    """An order number nobody can guess, made when the checkout is shown: sent twice, it is one order."""
    return f"W-{secrets.token_hex(6).upper()}"


def points_for(total: Decimal) -> int:
    return int(total) * POINTS_PER_DOLLAR


def quote(lines: Sequence[BasketLine], code: str, user: Customer, email: str = "") -> Quote:
    """The price of ``lines`` with the coupon ``code``; one that does not count leaves ``refusal`` instead."""
    if not code:
        return Quote(lines, None)
    try:
        return Quote(lines, _coupon(code, user, email, Quote(lines, None).subtotal))
    except CouponRefused as refused:
        return Quote(lines, None, str(refused))


def _coupon(code: str, user: Customer, email: str, subtotal: Decimal) -> Coupon:
    """The coupon of that code; one of another customer's is as unknown as one that never was."""
    today = timezone.localdate()
    coupon = Coupon.objects.filter(Q(user=None) | Q(user=user.pk), code__iexact=code).first()
    if coupon is None:
        raise CouponRefused(_("There is no coupon “%(code)s” for you.") % {"code": code})
    if not coupon.valid_from <= today <= coupon.valid_until:
        raise CouponRefused(_("The coupon %(code)s is not valid today.") % {"code": coupon.code})
    if subtotal < coupon.minimum:
        raise CouponRefused(
            _("The coupon %(code)s needs an order of at least $%(minimum)s.")
            % {"code": coupon.code, "minimum": coupon.minimum}
        )
    if _is_used(coupon, user, email):
        raise CouponRefused(_("The coupon %(code)s has been used already.") % {"code": coupon.code})
    return coupon


def _is_used(coupon: Coupon, user: Customer, email: str) -> bool:
    """A customer's own coupon counts once; one for everybody counts once for each customer."""
    if coupon.user_id is not None:
        return coupon.redeemed_at is not None
    buyer = Q(user=user.pk) if user.pk else Q(user=None, email__iexact=email)
    return coupon.orders.exclude(status=Order.Status.CANCELLED).filter(buyer).exists()


def check_out(
    number: str,
    price: Quote,
    address: Address,
    *,
    email: str,
    card: str,
    user: Customer,
) -> Order:
    """Charge ``card`` and place the order ``number``; the same number again returns the order that it made.

    Order, stock, coupon and loyalty points are written in one transaction, or nothing is and the
    authorisation is let go. Raises ``payments.Declined``, ``OutOfStock`` or ``CouponRefused``.
    """
    existing = Order.objects.filter(number=number).first()
    if existing is not None:
        return existing
    reference = payments.authorise(card, price.total, key=number)
    try:
        order = _write(number, price, address, email, reference, user)
    except (IntegrityError, OutOfStock, CouponRefused):
        # The same form sent twice at the same moment: the other request may have taken stock and coupon.
        existing = Order.objects.filter(number=number).first()
        if existing is not None:
            return existing
        payments.void(reference)
        raise
    payments.capture(reference)
    return order


@transaction.atomic
def _write(
    number: str,
    price: Quote,
    address: Address,
    email: str,
    reference: str,
    user: Customer,
) -> Order:
    now = timezone.now()
    buyer = user if isinstance(user, User) else None
    order = Order(
        number=number,
        user=buyer,
        placed_at=now,
        promised_for=timezone.localdate(now) + timedelta(days=DELIVERY_DAYS),
        email=email,
        coupon=price.coupon,
        discount=price.discount,
        total=price.total,
        payment_reference=reference,
        name=address.name,
        street=address.street,
        postcode=address.postcode,
        city=address.city,
        country=address.country,
    )
    if price.coupon is not None:
        _redeem(price.coupon, user, email)
    lines = [
        NewLine(line.product.pk, line.product.name, line.quantity, line.product.price) for line in price.lines
    ]
    [order] = place_orders([NewOrder(order, lines)])
    if buyer is not None:
        _reward(buyer, order)
        _remember_address(buyer, order)
    return order


def _redeem(coupon: Coupon, user: Customer, email: str) -> None:
    """Of two orders that spend the same coupon at the same moment one gets it: its row is locked first."""
    locked = Coupon.objects.select_for_update().get(pk=coupon.pk)
    if _is_used(locked, user, email):
        raise CouponRefused(_("The coupon %(code)s has been used already.") % {"code": coupon.code})
    if locked.user_id is not None:
        locked.redeemed_at = timezone.now()
        locked.save(update_fields=["redeemed_at"])


def _reward(buyer: User, order: Order) -> None:
    points = points_for(order.total)
    if points:
        reason = _("Order %(number)s") % {"number": order.number}
        LoyaltyEntry.objects.create(user=buyer, order=order, points=points, reason=reason)


def _remember_address(buyer: User, order: Order) -> None:
    """The first address a customer gives is kept for the next order."""
    profile, _created = Profile.objects.get_or_create(user=buyer)
    if not profile.street:
        for field in ("street", "postcode", "city", "country"):
            setattr(profile, field, getattr(order, field))
        profile.save(update_fields=["street", "postcode", "city", "country"])
