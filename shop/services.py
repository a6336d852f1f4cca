"""What a customer, or a support desk on a customer's behalf, can do with the customer's own orders.

Every function takes the customer first and sees that customer's orders only: an order of somebody else does
not exist (``Order.DoesNotExist``). What the rules do not allow raises ``NotPossible`` with a ``code`` for
programs and a sentence for people.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shop import payments
from shop.basket import Basket
from shop.checkout import Address, Customer
from shop.models import Coupon, LoyaltyEntry, Order, OrderLine, Product, Return

RETURN_DAYS = 30


class NotPossible(Exception):
    """The shop's rules forbid it now: ``code`` says which rule, the text says it to the customer."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Reordered:
    """What a re-order put into the basket, and the names of what it could not."""

    units: int
    missing: list[str]


def orders_of(user: Customer) -> QuerySet[Order]:
    """The customer's orders, newest first; none for whoever is not logged in, though guests' have no user."""
    orders = Order.objects.filter(user=user.pk) if user.pk else Order.objects.none()
    return orders.order_by("-placed_at", "-pk")


def order_of(user: Customer, number: str) -> Order:
    """The customer's order ``number``; raises ``Order.DoesNotExist``, for another customer's order too."""
    return orders_of(user).get(number=number)


def open_orders_of(user: Customer) -> QuerySet[Order]:
    """Orders that have not arrived: paid or shipped."""
    return orders_of(user).filter(status__in=[Order.Status.PAID, Order.Status.SHIPPED])


@transaction.atomic
def cancel_order(user: Customer, number: str) -> Order:
    """Cancel an order not yet shipped: stock and coupon come back, points are reversed, money is refunded.

    Raises ``NotPossible`` (codes ``shipped``, ``delivered``, ``cancelled``). Twice at once cancels once.
    """
    order = order_of(user, number)
    cancel(order)
    return order


@transaction.atomic
def cancel(order: Order) -> None:
    """``cancel_order`` for whoever may cancel any order, such as the staff in the admin."""
    _claim(order, status=Order.Status.CANCELLED, cancelled_at=timezone.now())
    for line in order.lines.filter(product__isnull=False, quantity__gt=0).order_by("product_id"):
        _put_back(line, line.quantity, unsold=True)
    if order.coupon_id is not None:
        Coupon.objects.filter(pk=order.coupon_id, user__isnull=False).update(redeemed_at=None)
    _take_points_back(order, _points_of(order), _("Order %(number)s cancelled") % {"number": order.number})
    transaction.on_commit(lambda: payments.refund(order.payment_reference, order.total))


@transaction.atomic
def change_address(user: Customer, number: str, address: Address) -> Order:
    """Send an order that has not been shipped elsewhere; raises ``NotPossible`` as ``cancel_order`` does."""
    order = order_of(user, number)
    _claim(order, **asdict(address))
    return order


@transaction.atomic
def start_return(user: Customer, number: str, line_pk: int, quantity: int = 1, reason: str = "") -> Return:
    """Ask to send ``quantity`` units of a delivered line back, within ``RETURN_DAYS`` days.

    Raises ``OrderLine.DoesNotExist`` or ``NotPossible`` (``not_delivered``, ``too_late``, ``quantity``).
    """
    order = order_of(user, number)
    line = OrderLine.objects.select_for_update().get(pk=line_pk, order=order)
    refusal = return_refusal(order)
    if refusal is not None:
        raise refusal
    left = returnable(line)
    if not 1 <= quantity <= left:
        text = _("%(left)d of “%(name)s” can be returned, got %(quantity)d.")
        raise NotPossible("quantity", text % {"left": left, "name": line.name, "quantity": quantity})
    return Return.objects.create(line=line, quantity=quantity, reason=reason[:200])


def return_refusal(order: Order) -> NotPossible | None:
    """Why nothing of ``order`` can be returned now, None when it can."""
    if order.status != Order.Status.DELIVERED:
        return NotPossible("not_delivered", _("An order can be returned once it has been delivered."))
    delivered = order.delivered_at or order.placed_at
    if timezone.now() - delivered > timedelta(days=RETURN_DAYS):
        text = _("Returns are possible within %(days)d days after delivery.") % {"days": RETURN_DAYS}
        return NotPossible("too_late", text)
    return None


def returnable(line: OrderLine) -> int:
    """Units of ``line`` that nobody has asked to return yet."""
    asked = sum(entry.quantity for entry in line.returns.all())
    return max(line.quantity - asked, 0)


@transaction.atomic
def receive_return(entry: Return) -> None:
    """The parcel is back, its units return to the stock; raises ``NotPossible`` when received before."""
    _advance(entry, Return.Status.REQUESTED, Return.Status.RECEIVED)
    _put_back(entry.line, entry.quantity, unsold=False)


@transaction.atomic
def refund_return(entry: Return) -> Decimal:
    """Give the money of a received return back and reverse its points; returns the amount."""
    _advance(entry, Return.Status.RECEIVED, Return.Status.REFUNDED)
    order = entry.line.order
    amount = _paid_for(entry)
    points = min(int(amount), _points_of(order))
    _take_points_back(order, points, _("Return of order %(number)s") % {"number": order.number})
    transaction.on_commit(lambda: payments.refund(order.payment_reference, amount))
    return amount


def reorder(user: Customer, number: str, basket: Basket) -> Reordered:
    """Put everything of an earlier order that is still sold into ``basket``, within its limits."""
    order = order_of(user, number)
    units, missing = 0, []
    for line in order.lines.select_related("product").order_by("pk"):
        product = line.product
        wanted = min(line.quantity, product.stock) if product and product.is_active else 0
        added = basket.add(product, wanted) if product and wanted > 0 else 0
        units += added
        if not added:
            missing.append(line.name)
    return Reordered(units, missing)


def loyalty_points(user: Customer) -> int:
    """The customer's balance of points."""
    return LoyaltyEntry.objects.filter(user=user.pk).aggregate(sum=Sum("points"))["sum"] or 0


def loyalty_entries(user: Customer) -> QuerySet[LoyaltyEntry]:
    """The lines of the customer's points account, newest first."""
    return LoyaltyEntry.objects.filter(user=user.pk).select_related("order").order_by("-at", "-pk")


def coupons_of(user: Customer) -> QuerySet[Coupon]:
    """Coupons the customer can use today: own ones not redeemed, and those for everybody not yet used."""
    today = timezone.localdate()
    used = orders_of(user).exclude(status=Order.Status.CANCELLED).filter(coupon__isnull=False)
    return (
        Coupon.objects.filter(Q(user=user.pk, redeemed_at=None) | Q(user=None))
        .filter(valid_from__lte=today, valid_until__gte=today)
        .exclude(pk__in=used.values("coupon"))
        .order_by("valid_until", "code")
    )


_REFUSALS = {
    Order.Status.SHIPPED: gettext_lazy(
        "The order is on its way already. You can return it once it has arrived."
    ),
    Order.Status.DELIVERED: gettext_lazy(
        "The order has been delivered already. You can return what you do not want."
    ),
    Order.Status.CANCELLED: gettext_lazy("The order has been cancelled."),
}


def change_refusal(order: Order) -> NotPossible | None:
    """Why ``order`` can be neither cancelled nor sent elsewhere now, None when it can."""
    text = _REFUSALS.get(Order.Status(order.status))
    return None if text is None else NotPossible(order.status, str(text))


def _claim(order: Order, **changes: object) -> None:
    """Change an order on condition that it has not been shipped, whatever another request does meanwhile."""
    if not Order.objects.filter(pk=order.pk, status=Order.Status.PAID).update(**changes):
        order.refresh_from_db()
        refusal = change_refusal(order)
        if refusal is None:
            raise Order.DoesNotExist(f"Order {order.number} was deleted.")
        raise refusal
    order.refresh_from_db()


def _advance(entry: Return, before: str, after: str) -> None:
    if not Return.objects.filter(pk=entry.pk, status=before).update(status=after):
        entry.refresh_from_db()
        text = _("The return is “%(status)s”.") % {"status": entry.get_status_display()}
        raise NotPossible(entry.status, text)
    entry.status = after


def _put_back(line: OrderLine, quantity: int, *, unsold: bool) -> None:
    product = Product.objects.filter(pk=line.product_id or 0)
    product.update(stock=F("stock") + quantity)
    if unsold:
        product.filter(sold__gt=0).update(sold=F("sold") - 1)


def _points_of(order: Order) -> int:
    """Points that the order brought and that have not been reversed."""
    return LoyaltyEntry.objects.filter(order=order).aggregate(sum=Sum("points"))["sum"] or 0


def _take_points_back(order: Order, points: int, reason: str) -> None:
    if order.user_id is not None and points > 0:
        LoyaltyEntry.objects.create(user_id=order.user_id, order=order, points=-points, reason=reason)


def _paid_for(entry: Return) -> Decimal:
    """What was paid for the returned units, their share of the order's discount taken off."""
    line, order = entry.line, entry.line.order
    amount = line.total * entry.quantity / line.quantity
    before = order.total + order.discount
    return (amount * order.total / before if before else amount).quantize(Decimal("0.01"))
