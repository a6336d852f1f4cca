"""What the support bot may know and do in this shop: an adapter over ``shop.services``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shop import basket, services
from shop.checkout import Customer
from shop.forms import COUNTRIES, AddressForm
from shop.glossary import in_english
from shop.models import Order, OrderLine, Product
from shop.models import Profile as CustomerProfile
from shop.remember import remember
from support_bot import types
from support_bot.adapters import AddressField, NotPossible, Reordered, SupportAdapter, plain_number

CURRENCY: Final = "USD"
WISHES: Final = "support_wishes"  # session key: re-orders that have been done
_VARIETY: Final = re.compile(r" no\. \d+")
CONTACT: Final = "help@cornermarket.example"


class ShopSupport(SupportAdapter):
    """Orders, returns, coupons, points and goods of the sample shop."""

    # CJ31198570044 from the loaded history, W-4F1A2B3C4D5E from the checkout; the hyphen is often mistaken.
    order_pattern = r"(?<![A-Za-z0-9])(?i:CJ-?\d{6,15}|W-?[0-9A-F]{12})(?![A-Za-z0-9])"

    def shop_name(self) -> str:
        return _("Corner Market")

    def contact_email(self) -> str:
        return CONTACT

    def profile(self, subject: types.Subject) -> types.Profile:
        profile = super().profile(subject)
        user = self._customer(subject)
        if not user.pk:
            return profile
        countries = CustomerProfile.objects.filter(user=user.pk).values_list("country", flat=True)
        profile = replace(
            profile,
            country=countries.first() or "",
            orders=services.orders_of(user).count(),
            loyalty_points=services.loyalty_points(user),
            interests=_interests(user.pk),
        )
        return self.with_conditions(subject, profile)

    # Orders

    def orders(self, subject: types.Subject, limit: int = 5) -> list[types.Order]:
        found = _with_lines(services.orders_of(self._customer(subject)))[:limit]
        return [_order(order) for order in found]

    def order(self, subject: types.Subject, number: str) -> types.Order | None:
        found = _with_lines(services.orders_of(self._customer(subject))).filter(number=_number(number))
        return next(map(_order, found), None)

    def refusal(self, subject: types.Subject, order: types.Order, operation: str) -> str:
        mine = services.orders_of(self._customer(subject)).filter(number=order.number).first()
        if mine is None:
            return super().refusal(subject, order, operation)
        is_return = operation == "start_return"
        refused = services.return_refusal(mine) if is_return else services.change_refusal(mine)
        if is_return and refused is None:
            return _("Nothing of order %(number)s is left to send back.") % {"number": mine.number}
        return str(refused) if refused else super().refusal(subject, order, operation)

    def cancel_order(self, subject: types.Subject, number: str) -> types.Order:
        with _in_the_bots_words():
            services.cancel_order(self._customer(subject), _number(number))
        return self._again(subject, number)

    def address_fields(self, subject: types.Subject) -> Sequence[AddressField]:
        return (
            AddressField("street", gettext_lazy("Street and number")),
            AddressField("postcode", gettext_lazy("Postcode"), max_length=20),
            AddressField("city", gettext_lazy("City"), max_length=80),
            AddressField("country", gettext_lazy("Country"), choices=dict(COUNTRIES)),
        )

    def change_address(self, subject: types.Subject, number: str, address: Mapping[str, str]) -> types.Order:
        user = self._customer(subject)
        with _in_the_bots_words():
            mine = services.order_of(user, _number(number))
            form = AddressForm({"name": mine.name or self.profile(subject).full_name or "–", **address})
            if not form.is_valid():
                wrong = (
                    f"{form.fields[name].label}: {' '.join(map(str, said))}"
                    for name, said in form.errors.items()
                )
                raise NotPossible("address", " ".join(wrong))
            services.change_address(user, mine.number, form.address)
        return self._again(subject, number)

    def start_return(
        self, subject: types.Subject, number: str, line_key: str, quantity: int = 1, reason: str = ""
    ) -> str:
        line = int(line_key) if line_key.isdecimal() and len(line_key) < 19 else 0
        with _in_the_bots_words():
            services.start_return(self._customer(subject), _number(number), line, quantity, reason)
        return _("Please send the parcel within 14 days.")

    def reorder(self, subject: types.Subject, number: str, *, wish: str = "") -> Reordered:
        session = getattr(subject.request, "session", None)
        if session is None:
            raise NotPossible(
                "no_basket", _("I cannot reach your basket from here; please use the order's page.")
            )
        basket_url = reverse("shop:basket")
        wishes = list(session.get(WISHES, ()))
        if wish and wish in wishes:
            return Reordered(0, basket_url=basket_url, repeated=True)
        with _in_the_bots_words():
            done = services.reorder(self._customer(subject), _number(number), basket.of(subject.request))
        session[WISHES] = [*wishes, wish][-20:]
        return Reordered(done.units, done.missing, basket_url)

    # Goods

    def product_titles(self) -> Iterable[tuple[str, str]]:
        """One product of each name, whatever its variety ("… no. 3"): of those in stock what sells most."""
        rows = (
            Product.objects.filter(is_active=True).order_by("-sold", "pk").values_list("pk", "name", "stock")
        )
        best: dict[str, int] = {}
        for pk, name, _stock in sorted(rows, key=lambda row: row[2] <= 0):
            best.setdefault(_VARIETY.sub("", name), pk)
        return [(str(pk), name) for name, pk in best.items()]

    def products(self, keys: Sequence[str], subject: types.Subject) -> list[types.Product]:
        wanted = [int(key) for key in keys if key.isdecimal() and len(key) < 19]
        return [_product(product) for product in Product.objects.filter(is_active=True, pk__in=wanted)]

    def find_products(self, query: str, *, subject: types.Subject, limit: int = 5) -> list[types.Product]:
        return super().find_products(in_english(query), subject=subject, limit=limit)

    # What the customer has

    def coupons(self, subject: types.Subject) -> list[types.Coupon]:
        found = services.coupons_of(self._customer(subject)) if subject.user_key else ()
        return [types.Coupon(coupon.code, coupon.title, coupon.valid_until) for coupon in found]

    def loyalty_points(self, subject: types.Subject) -> int | None:
        return services.loyalty_points(self._customer(subject)) if subject.user_key else None

    def _customer(self, subject: types.Subject) -> Customer:
        """The account behind the subject; nobody's orders belong to somebody who is not logged in."""
        if subject.user_key is None:
            return AnonymousUser()
        if subject.user is not None:
            return subject.user
        return self.subject_for(subject.user_key).user or AnonymousUser()

    def _again(self, subject: types.Subject, number: str) -> types.Order:
        order = self.order(subject, number)
        if order is None:
            raise NotPossible("not_found", _("There is no such order in your account."))
        return order


@contextmanager
def _in_the_bots_words() -> Iterator[None]:
    """What the shop forbids, and what is not this customer's, as the bot's own refusal."""
    try:
        yield
    except services.NotPossible as refused:
        raise NotPossible(refused.code, str(refused)) from refused
    except (Order.DoesNotExist, OrderLine.DoesNotExist) as missing:
        raise NotPossible("not_found", _("There is no such order in your account.")) from missing


def _number(text: str) -> str:
    """An order number as the shop writes it, however a customer did."""
    plain = plain_number(text)[:24]
    return f"W-{plain[1:]}" if plain.startswith("W") else plain


def _with_lines(orders: QuerySet[Order]) -> QuerySet[Order]:
    lines = OrderLine.objects.select_related("product").prefetch_related("returns").order_by("pk")
    return orders.prefetch_related(Prefetch("lines", lines))


def _order(order: Order) -> types.Order:
    can_change = services.change_refusal(order) is None
    can_return = services.return_refusal(order) is None
    lines = tuple(_line(line, can_return) for line in order.lines.all())
    return types.Order(
        number=order.number,
        status=order.status,
        status_label=order.get_status_display(),
        placed_at=order.placed_at,
        total=order.total,
        currency=CURRENCY,
        promised_for=order.promised_for,
        delivered_at=order.delivered_at,
        is_open=order.is_open,
        can_cancel=can_change,
        can_change_address=can_change,
        can_return=any(line.returnable for line in lines),
        url=order.get_absolute_url(),
        lines=lines,
    )


def _line(line: OrderLine, can_return: bool) -> types.OrderLine:
    product = line.product
    return types.OrderLine(
        key=str(line.pk),
        title=line.name or (product.name if product else ""),
        quantity=line.quantity,
        product_key=None if product is None else str(product.pk),
        url=product.get_absolute_url() if product and product.is_active else "",
        image=product.image_url if product else "",
        returnable=services.returnable(line) if can_return else 0,
    )


def _product(product: Product) -> types.Product:
    return types.Product(
        key=str(product.pk),
        title=product.name,
        url=product.get_absolute_url(),
        image=product.image_url,
        price=product.price,
        currency=CURRENCY,
        available=product.stock > 0,
        stock=product.stock,
    )


def _interests(user: int) -> tuple[str, ...]:
    """Names of the categories that the last orders hold most of, kept for ten minutes."""
    return remember(f"shop.support.interests.{user}", 600, lambda: _categories(user))


def _categories(user: int) -> tuple[str, ...]:
    last = list(Order.objects.filter(user=user).order_by("-placed_at").values_list("pk", flat=True)[:20])
    names = OrderLine.objects.filter(order__in=last, product__is_active=True, product__category__isnull=False)
    counted = Counter(names.values_list("product__category__name", flat=True))
    return tuple(sorted(counted, key=lambda name: (-counted[name], name))[:3])
