"""The adapter: everything the recommender knows of a shop, it asks here.

``RECOMMENDATIONS["SHOP"]`` describes most shops. Where it cannot, subclass :class:`DeclarativeAdapter`,
override the one or two methods that differ, and name the subclass in ``RECOMMENDATIONS["ADAPTER"]``. Each
method says when one would. Keys are strings everywhere: ``str(primary_key_field.to_python(raw value))``.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from itertools import islice
from math import isnan
from typing import Any

from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.module_loading import import_string
from django.utils.translation import get_language

from recommendations.conf import settings
from recommendations.interactions import CleaningReport, Interactions, Lines
from recommendations.interactions.builder import epoch_seconds
from recommendations.interactions.dataset import Kind
from recommendations.types import Subject

from .accounts import Accounts
from .extraction import (
    ItemPage,
    Progress,
    Source,
    item_pages,
    line_rows,
    line_source,
    rating_source,
    read_interactions,
    zone_of,
)
from .pages import raw_columns, raw_rows
from .paths import as_condition, first_value, is_column, matching, resolve
from .presenting import attribute, decimal_text, is_currency_code, link
from .shop import Shop
from .variants import Variants

logger = logging.getLogger(__name__)

RECENT_LINES = 50
BASKET_ITEMS = 100


class DeclarativeAdapter:
    """Reads the shop that ``RECOMMENDATIONS["SHOP"]`` describes."""

    _basket_failed = False

    @cached_property
    def shop(self) -> Shop:
        """The setting with the host's models in it; ``ImproperlyConfigured`` when it names none."""
        return Shop.read(settings.SHOP)

    @cached_property
    def variants(self) -> Variants:
        return Variants(self.shop)

    @cached_property
    def accounts(self) -> Accounts:
        return Accounts(self.shop)

    def user_key(self, user: Any) -> str | None:
        """The key that this account's order lines carry; None for nobody.

        Override it when ``line_user`` leads to a record of your own (a customer, a household) rather than to
        the account that logs in.
        """
        return self.accounts.key_of(user)

    def subject(self, request: HttpRequest) -> Subject:
        """Who sends ``request``, what lies in the basket and what was ordered last: at most one SELECT.

        Override it to fill ``extra`` with what your own ``fetch`` needs (a price group, a region). It must
        not fail for somebody who is not logged in.
        """
        return Subject(
            user_key=(key := self.user_key(getattr(request, "user", None))),
            basket=self._basket(request),
            recent=self.recent(key),
            language=get_language() or "",
        )

    def subject_for(self, user_key: str, *, basket: Sequence[str] = ()) -> Subject:
        """The same person without a request: for a command, an e-mail, the preview in the admin.

        Override it together with :meth:`subject`. A key that no account can have gives an anonymous subject.
        """
        key = self.accounts.key(user_key)
        return Subject(key, basket=tuple(basket), recent=self.recent(key), language=get_language() or "")

    def recent(self, user_key: str | None) -> tuple[tuple[str, float, float], ...]:
        """``(item key, weight, epoch seconds)`` of the latest order lines, newest first, less returns.

        Override it to count other acts than buying, such as a wish list.
        """
        shop = self.shop
        if user_key is None:
            return ()
        newest = self._newest_lines.filter(**{self.accounts.path: user_key})[:RECENT_LINES]
        rows = raw_rows(newest)
        keys = self.variants.of_raw(row[1] for row in rows)
        zone = zone_of(resolve(shop.line, shop.line_at).final, newest.db)
        times = epoch_seconds([row[2] for row in rows], zone)
        quantities = [row[3] if shop.line_quantity else 1 for row in rows]
        return tuple(_kept(keys, quantities, times.tolist()))

    @property
    def _newest_lines(self) -> QuerySet[Any]:
        """Key, item, time and quantity of the lines that count, newest first; for every page, so built once.

        Not where the host's manager is one of its own: what it lets through may depend on the moment (a
        tenant, say).
        """
        if type(self.shop.line._default_manager) is models.Manager:
            return self._newest_lines_of_all
        return self._build_newest_lines()

    @cached_property
    def _newest_lines_of_all(self) -> QuerySet[Any]:
        return self._build_newest_lines()

    def _build_newest_lines(self) -> QuerySet[Any]:
        shop = self.shop
        columns = (self.variants.line_path, shop.line_at, shop.line_quantity or "pk")
        return raw_columns(line_rows(shop).order_by(f"-{shop.line_at}", "-pk"), columns)

    def _basket(self, request: HttpRequest) -> tuple[str, ...]:
        """Item keys of what the host's ``basket`` callable gives; a broken one is logged once."""
        if not self.shop.basket:
            return ()
        try:
            basket = (
                import_string(self.shop.basket) if isinstance(self.shop.basket, str) else self.shop.basket
            )
            with _savepoint():
                found = list(islice(basket(request) or (), BASKET_ITEMS))
        except Exception:  # the host's code: whoever has a broken basket still gets a page
            if not self._basket_failed:
                logger.exception('RECOMMENDATIONS["SHOP"]["basket"] failed: the basket counts as empty')
            self._basket_failed = True
            return ()
        return tuple(dict.fromkeys(key for key in self.variants.keys_of(found) if key is not None))

    def item_key(self, obj: Any) -> str | None:
        """The key of an item, of a variant (its item's) or of a raw key; None for anything else.

        Override it when items are reached from your objects in another way than ``item_parent``.
        """
        return self.variants.keys_of([obj])[0]

    def available(self) -> QuerySet[Any]:
        """All items that can be bought now, whoever asks: items, not variants.

        Override it when ``item_available`` cannot say it (stock in another table, seasons, opening hours).
        """
        shop = self.shop
        condition = as_condition(shop.item_available)
        if shop.item_excluded:
            condition &= ~as_condition(shop.item_excluded)
        found = matching(shop.item, condition)
        if self.variants.parent and not self.variants.is_own_table:
            found = found.filter(**{f"{self.variants.parent.text}__isnull": True})
        return found

    def available_keys(self) -> list[str]:
        """Keys of :meth:`available`, for the mask that is applied before ranking."""
        read = self.variants.item_key
        return [
            key for (raw,) in raw_rows(self.available().values_list("pk")) if (key := read(raw)) is not None
        ]

    def fetch(self, keys: Iterable[str], subject: Subject) -> dict[str, Any]:
        """The items behind ``keys`` that this person may see now, in one query; other keys are left out.

        Override it to narrow by ``subject`` (a price group, an age limit) or to load what your templates
        touch. A variant's key is answered with its item.
        """
        asked = list(dict.fromkeys(keys))
        items = dict(zip(asked, self.variants.keys_of(asked), strict=True))
        wanted = {key for key in items.values() if key is not None}
        if not wanted:
            return {}
        found = self._with_relations(self.available().filter(pk__in=wanted))
        objects = {self.variants.item_key(obj.pk): obj for obj in found}
        return {key: objects[item] for key, item in items.items() if item in objects}

    def serialize(self, obj: Any, subject: Subject, request: HttpRequest | None = None) -> dict[str, Any]:
        """``{title, url, image, price, currency}``, text or None each; absolute links if there is a request.

        Override it for a price that depends on the person, or to give your clients more.
        """
        shop = self.shop
        literal = shop.currency if is_currency_code(shop.currency) else None
        return {
            "title": self._title(obj),
            "url": link(attribute(obj, shop.item_url or _own_url(obj)), request),
            "image": link(attribute(obj, shop.item_image), request),
            "price": decimal_text(attribute(obj, shop.item_price)),
            "currency": literal or attribute(obj, shop.currency),
        }

    def titles(self, keys: Iterable[str]) -> dict[str, str]:
        """Titles by key, also of items that are not for sale: for staff who read a history; one query."""
        asked = list(dict.fromkeys(keys))
        items = dict(zip(asked, self.variants.keys_of(asked), strict=True))
        found = self.shop.item._default_manager.filter(
            pk__in={key for key in items.values() if key is not None}
        )
        names = {self.variants.item_key(obj.pk): self._title(obj) for obj in self._with_relations(found)}
        return {key: names[item] for key, item in items.items() if item in names}

    def category(self, obj: Any) -> str | None:
        """What "at most n per category" counts by: the first of ``item_categories``; read by ``fetch``."""
        return getattr(obj, "concierge_category", None)

    def categories(self, keys: Iterable[str]) -> dict[str, str]:
        """Category by item key, for those of ``keys`` that have one; one query."""
        if not self.shop.item_categories:
            return {}
        wanted = {key for raw in keys if (key := self.variants.item_key(raw)) is not None}
        rows = self.shop.item._default_manager.filter(pk__in=wanted)
        found = raw_rows(raw_columns(rows, self.shop.item_categories[:1]))
        return {str(self.variants.item_key(raw)): str(name) for raw, name in found if name is not None}

    def newest(self, limit: int) -> list[str]:
        """Keys of the newest items that can be bought."""
        rows = self.available().order_by(f"-{self.shop.item_created or 'pk'}", "-pk")
        keys = (self.variants.item_key(raw) for (raw,) in raw_rows(rows.values_list("pk")[:limit]))
        return [key for key in keys if key is not None]

    def recent_items(self, limit: int = 20_000) -> list[str]:
        """Item keys in the newest ``limit`` order lines, most frequent first: a trend without a model."""
        rows = line_rows(self.shop)
        is_counted = isinstance(self.shop.line._meta.pk, models.IntegerField)
        rows = rows.order_by("-pk") if is_counted else rows.order_by(f"-{self.shop.line_at}", "-pk")
        if self.shop.line_quantity:
            rows = rows.filter(**{f"{self.shop.line_quantity}__gt": 0})
        counts = Counter(raw for (raw,) in raw_rows(rows.values_list(self.variants.line_path)[:limit]))
        sums: Counter[str] = Counter()
        for key, count in zip(self.variants.of_raw(counts), counts.values(), strict=True):
            if key is not None:
                sums[key] += count
        return sorted(sums, key=lambda key: (-sums[key], key))

    def lines(self, after: Any = None, *, page: int = 100_000) -> Iterator[Lines]:
        """All order lines as pages of raw columns in the order of their primary key, from behind ``after``.

        Override it for orders that no Django model holds (a warehouse, files): yield
        :class:`recommendations.interactions.Lines`.
        """
        return self._pages("orders", after, page)

    def ratings(self, after: Any = None, *, page: int = 100_000) -> Iterator[Lines]:
        """All ratings, likewise, the rating in ``quantity``; nothing where the shop has none."""
        return self._pages("ratings", after, page)

    def items(self, using: str | None = None) -> Iterator[ItemPage]:
        """The whole catalogue, sold out or not: keys, and features (``item_text``, ``item_categories``, …).

        Override it to add features of your own.
        """
        return item_pages(self.shop, self.variants, using)

    def read_interactions(
        self, kind: Kind = "orders", *, on_progress: Progress | None = None
    ) -> tuple[Interactions, CleaningReport]:
        """Everything to learn from, cleaned, and the report of what cleaning did.

        ``on_progress("extract", rows read, rows in all, {})`` after each page; when it answers False,
        ``ReadingCancelled`` is raised. ``ReadingFailed``: the database was lost and did not come back.
        """
        return read_interactions(self, kind, on_progress)

    def source(self, kind: Kind) -> Source | None:
        """The rows behind :meth:`lines` or :meth:`ratings`; None where the shop has none."""
        if kind == "ratings":
            return rating_source(self.shop)
        return line_source(self.shop, self.accounts, self.variants)

    def _pages(self, kind: Kind, after: Any, page: int) -> Iterator[Lines]:
        source = self.source(kind)
        return iter(()) if source is None else source.pages(after, page)

    def _title(self, obj: Any) -> str:
        title = attribute(obj, self.shop.item_title)
        return str(obj if title is None else title)

    def _with_relations(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """``rows`` with category and the related objects that :meth:`serialize` touches: still one query."""
        shop = self.shop
        shown = (shop.item_title, shop.item_url, shop.item_image, shop.item_price, shop.currency)
        related = {path.rpartition("__")[0] for path in shown if path and is_column(shop.item, path)} - {""}
        if related:
            rows = rows.select_related(*related)
        if shop.item_categories:
            rows = rows.annotate(concierge_category=first_value(shop.item, shop.item_categories[0]))
        return rows


def _own_url(obj: Any) -> str | None:
    return "get_absolute_url" if hasattr(obj, "get_absolute_url") else None


def _kept(
    keys: Sequence[str | None], quantities: Sequence[Any], times: Sequence[float]
) -> Iterator[tuple[str, float, float]]:
    """Purchases, newest first, without those that a later line of negative quantity took back."""
    rows = [
        (time, float(quantity), key)
        for key, quantity, time in zip(keys, quantities, times, strict=True)
        if key is not None and quantity is not None and not isnan(time)
    ]
    returned: Counter[str] = Counter()
    for time, quantity, key in sorted(rows, key=lambda row: (-row[0], row[1] > 0)):  # a return comes first
        if quantity < 0:
            returned[key] += 1
        elif quantity > 0 and returned[key]:
            returned[key] -= 1
        elif quantity > 0:
            yield key, 1.0, time


def _savepoint() -> AbstractContextManager[Any]:
    """A savepoint inside an open transaction, which a caught database error would otherwise poison."""
    return transaction.atomic() if transaction.get_connection().in_atomic_block else nullcontext()
