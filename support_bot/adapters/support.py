"""The adapter: everything the bot knows of a shop and its customers, it asks here.

Name a subclass of :class:`SupportAdapter` in ``SUPPORT_BOT["ADAPTER"]`` and override what your shop has. What
you leave out, the bot does not offer: without :meth:`SupportAdapter.orders` nobody is told of orders. Each
method says when one overrides it. Every method that reads or changes something of a customer's takes the
subject first, and answers for that customer alone: an order of somebody else does not exist.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, ClassVar, Final

from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch
from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from support_bot.clock import local, today
from support_bot.conf import settings
from support_bot.types import Coupon, Order, Product, Profile, Subject

from .products import TitleSearch
from .recommending import Pick, RecommendKind, recommend
from .vocabulary import CONDITIONS, VARIABLES, customer_variables, order_variables

NEW_FOR: Final = timedelta(days=30)
OPERATIONS: Final = (
    "orders",
    "cancel_order",
    "change_address",
    "start_return",
    "reorder",
    "products",
    "coupons",
    "loyalty_points",
    "recommend",
)


class NotPossible(Exception):
    """The shop's rules forbid it now: ``code`` says which rule, ``text`` says it to the customer."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Reordered:
    """What a re-order put into the basket, the titles of what it could not, and where the basket is.

    ``repeated`` is true when the same wish had been done before, so that nothing was put in now.
    """

    units: int
    missing: Sequence[str] = ()
    basket_url: str = ""
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class AddressField:
    """A part of an address as the bot asks for it; ``choices`` (value -> label) are all it may be."""

    name: str
    label: Any
    choices: Mapping[str, Any] = field(default_factory=dict)
    max_length: int = 120


class SupportAdapter:
    """Works as it is in any Django project: customers are the accounts, and there are no orders."""

    VARIABLES: ClassVar[Mapping[str, Any]] = VARIABLES
    conditions: ClassVar[Mapping[str, Any]] = CONDITIONS
    order_pattern: ClassVar[str | None] = None  # a regular expression for your order numbers: r"\bW-\d{6}\b"

    def __init__(self) -> None:
        self._titles = TitleSearch(lambda: self.product_titles())

    def supports(self) -> frozenset[str]:
        """The operations that this shop has, of ``OPERATIONS``: those whose method a subclass overrides.

        Override it to switch one off by a setting of your own; skills that need it are then not offered.
        """
        found = {
            name for name in OPERATIONS if getattr(type(self), name) is not getattr(SupportAdapter, name)
        }
        if type(self).find_products is not SupportAdapter.find_products:
            found.add("products")
        if settings.RECOMMEND:
            found.add("recommend")
        return frozenset(found)

    # Who is asking

    def subject(self, request: HttpRequest) -> Subject:
        """Who sends ``request``; it must not fail for somebody who is not logged in.

        Override :meth:`user_key` rather than this, unless your customers are known by other means than
        Django's sessions.
        """
        user = getattr(request, "user", None)
        key = self.user_key(user)
        return Subject(
            user_key=key, language=get_language() or "", user=None if key is None else user, request=request
        )

    def subject_for(self, user_key: str) -> Subject:
        """The same person without a request: for a command, a task, the preview in the admin.

        A key that no account has gives an anonymous subject. Override it together with :meth:`user_key`.
        """
        try:
            user = get_user_model()._default_manager.filter(pk=user_key, is_active=True).first()
        except (ValueError, TypeError, OverflowError, ValidationError):
            user = None
        return Subject(user_key=self.user_key(user), language=get_language() or "", user=user)

    def user_key(self, user: Any) -> str | None:
        """The key of an account, ``str(pk)``; None for nobody and for somebody who is not logged in.

        Override it when your orders belong to a record of your own (a household, a company).
        """
        if user is None or not getattr(user, "is_authenticated", False):
            return None
        return str(user.pk)

    def may_remember(self, subject: Subject) -> bool:
        """Whether past conversations may teach the bot something of this customer (the dialogue profile).

        Override it where your shop asks customers for their consent. Whoever had everything erased by
        ``DELETE me/`` is never remembered, whatever this says.
        """
        return True

    def login_url(self) -> str:
        """Where one logs in, by default ``LOGIN_URL``; empty where there is no such page."""
        try:
            return str(resolve_url(django_settings.LOGIN_URL))
        except NoReverseMatch:
            return ""

    # The shop and what it knows of a customer

    def shop_name(self) -> str:
        """What the shop is called, in greetings and in the variable ``shop.name``. Override it."""
        return ""

    def contact_email(self) -> str:
        """The address that customers write to, by default ``DEFAULT_FROM_EMAIL`` if it is one of yours."""
        address = str(django_settings.DEFAULT_FROM_EMAIL or "")
        return "" if address == "webmaster@localhost" else address

    def service_hours(self, subject: Subject) -> str:
        """When your people answer, as who waits for one is told ("weekdays, 9 to 17"). Override it."""
        return ""

    def profile(self, subject: Subject) -> Profile:
        """What the shop knows of this person; an empty profile (but for the language) for an anonymous one.

        Override it to add the country, the number of orders, points and interests; start from
        ``replace(super().profile(subject), country=…)``. It is read once a message: keep it cheap. Fill
        ``conditions`` by :meth:`conditions_of`.
        """
        user = subject.user
        if subject.user_key is None or user is None:
            profile = Profile(language=subject.language)
        else:
            joined = getattr(user, "date_joined", None)
            profile = Profile(
                first_name=str(getattr(user, "first_name", "") or ""),
                full_name=str(user.get_full_name() if hasattr(user, "get_full_name") else ""),
                email=str(getattr(user, user.get_email_field_name(), "") or ""),
                language=subject.language,
                customer_since=None if joined is None else local(joined).date(),
            )
        return self.with_conditions(subject, profile)

    def with_conditions(self, subject: Subject, profile: Profile) -> Profile:
        """``profile`` with the facts that an entry's audience may ask for: see :meth:`conditions_of`."""
        return replace(profile, conditions=self.conditions_of(subject, profile))

    def conditions_of(self, subject: Subject, profile: Profile) -> dict[str, str]:
        """The ``conditions`` that hold for this person, by name; unknown ones are left out.

        Override it together with ``conditions`` to add your own (``"price_group": "trade"``).
        """
        facts = {"country": profile.country, "language": profile.language}
        if subject.user_key is not None:
            facts["has_orders"] = "yes" if profile.orders else "no"
            if profile.customer_since is not None:
                is_new = today() - profile.customer_since <= NEW_FOR
                facts["customer"] = "new" if is_new else "known"
        return {name: value for name, value in facts.items() if value}

    def variables(
        self, subject: Subject, *, profile: Profile | None = None, only: Collection[str] | None = None
    ) -> dict[str, str]:
        """The values of ``VARIABLES`` for this person, as text; what does not exist is left out.

        With ``only`` no more is read than those names need. Override it together with ``VARIABLES``.
        """
        wanted = set(self.VARIABLES if only is None else only)
        groups = {name.partition(".")[0] for name in wanted}
        values: dict[str, str] = {
            "shop.name": self.shop_name(),
            "shop.email": self.contact_email(),
            "login.url": self.login_url(),
        }
        if "customer" in groups:
            values |= customer_variables(self.profile(subject) if profile is None else profile)
        if subject.user_key is not None:
            if "last_order" in groups:
                values |= order_variables(self.orders(subject, 1))
            if "loyalty" in groups and (points := self.loyalty_points(subject)) is not None:
                values["loyalty.points"] = number_format(points, use_l10n=True, force_grouping=True)
        return {name: value for name, value in values.items() if value and name in wanted}

    # Orders

    def orders(self, subject: Subject, limit: int = 5) -> list[Order]:
        """This customer's orders, newest first, at most ``limit``, with their lines. Override it."""
        return []

    def order(self, subject: Subject, number: str) -> Order | None:
        """This customer's order of that number, None when there is none *of theirs*.

        Override it to read one order by one query; filter by the subject first.
        """
        wanted = plain_number(number)
        orders = self.orders(subject, 100)
        return next((order for order in orders if plain_number(order.number) == wanted), None)

    def refusal(self, subject: Subject, order: Order, operation: str) -> str:
        """Why ``operation`` (one of ``OPERATIONS``) is not possible with ``order`` now, in a sentence.

        Asked where the order's ``can_cancel``, ``can_change_address`` or ``can_return`` is false. Override it
        to say which of your rules forbids it.
        """
        return _("With order %(number)s (%(status)s) that is not possible now.") % {
            "number": order.number,
            "status": order.status_label,
        }

    def cancel_order(self, subject: Subject, number: str) -> Order:
        """Cancel this customer's order and return it; raise ``NotPossible`` where your rules forbid it.

        Override it to offer cancelling. It is called in a transaction, after the customer's yes.
        """
        raise NotImplementedError

    def address_fields(self, subject: Subject) -> Sequence[AddressField]:
        """What :meth:`change_address` needs, asked for one at a time. Override it together with that."""
        return ()

    def change_address(self, subject: Subject, number: str, address: Mapping[str, str]) -> Order:
        """Send this customer's order to ``address`` (by the names of :meth:`address_fields`); return it.

        Raise ``NotPossible`` where your rules forbid it or the address makes no sense.
        """
        raise NotImplementedError

    def start_return(
        self, subject: Subject, number: str, line_key: str, quantity: int = 1, reason: str = ""
    ) -> str:
        """Register the return of ``quantity`` units of a line; the text says what the customer does next.

        Raise ``NotPossible`` where your rules forbid it. The lines offered are those whose ``returnable`` is
        above 0 in orders whose ``can_return`` is true.
        """
        raise NotImplementedError

    def reorder(self, subject: Subject, number: str, *, wish: str = "") -> Reordered:
        """Put what can still be bought of an order into the basket.

        ``wish`` is the same text when the same wish arrives twice: put nothing in again then, and say so by
        ``repeated``. Raise ``NotPossible`` when the basket needs ``subject.request`` and there is none.
        """
        raise NotImplementedError

    # Goods

    def product_titles(self) -> Iterable[tuple[str, str]]:
        """``(key, title)`` of everything that customers may ask for; a key may come again with another name.

        Override it together with :meth:`products`. It is read at most once a minute by each process.
        """
        return ()

    def products(self, keys: Sequence[str], subject: Subject) -> list[Product]:
        """The products of ``keys`` that this person may see now, in any order. Override it."""
        return []

    def find_products(self, query: str, *, subject: Subject, limit: int = 5) -> list[Product]:
        """Products whose titles are meant by ``query``, best first, typing errors and plurals allowed.

        Override it where your shop has a search of its own that forgives typing errors.
        """
        keys = self._titles.find(query, 2 * limit)  # some may be for sale no longer
        found = {product.key: product for product in self.products(keys, subject)} if keys else {}
        return [found[key] for key in keys if key in found][:limit]

    def product(self, key: str, subject: Subject) -> Product | None:
        """The product of that key, None when this person may not see it."""
        return next(iter(self.products([key], subject)), None)

    # What the customer has

    def coupons(self, subject: Subject) -> list[Coupon]:
        """Coupons that this customer can use today. Override it."""
        return []

    def loyalty_points(self, subject: Subject) -> int | None:
        """This customer's points, None where the shop has no such thing. Override it."""
        return None

    def recommend(
        self, subject: Subject, *, kind: RecommendKind = "for_you", item: str | None = None, limit: int = 4
    ) -> list[Pick]:
        """What ``SUPPORT_BOT["RECOMMEND"]`` suggests; empty when it is not set or fails.

        Where the shop has :meth:`products`, what it knows there is shown as it is now, and what is sold
        out is left out. Override it to recommend without that callable.
        """
        picks = recommend(subject, kind=kind, item=item, limit=2 * limit)
        found = self.products([pick.product.key for pick in picks], subject) if picks else []
        if found:
            known = {product.key: product for product in found if product.available is not False}
            picks = [Pick(known[key], pick.reason) for pick in picks if (key := pick.product.key) in known]
        return picks[:limit]


def plain_number(number: str) -> str:
    """An order number as people may write it: letters and digits, upper case."""
    return "".join(filter(str.isalnum, number)).upper()
