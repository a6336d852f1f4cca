"""All order lines, ratings and items of a shop as arrays, for training: page by page, in bounded memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

import numpy as np
from django.contrib.auth import get_user_model
from django.db import connections, router
from django.db.models import DateTimeField, Field, QuerySet
from django.utils import timezone

from recommendations.conf import settings
from recommendations.interactions import Builder, CleaningReport, Feature, Interactions, Lines, clean
from recommendations.interactions.builder import epoch_seconds
from recommendations.interactions.dataset import FeatureKind, Kind
from recommendations.interactions.vocabulary import Vocabulary, as_list

from .accounts import Accounts
from .pages import keyset_pages, raw_rows
from .paths import as_condition, is_column, matching, resolve
from .shop import Shop
from .variants import Variants

if TYPE_CHECKING:
    from .declarative import DeclarativeAdapter

Progress = Callable[[str, int, int, Mapping[str, Any]], bool | None]
A_DAY = 86_400.0  # a clock or a time zone may be that wrong
TEXT_LENGTH = 2_000  # letters of an item's text that are read


class ReadingCancelled(Exception):
    """``on_progress`` answered False."""


@dataclass(slots=True)
class ItemPage:
    """Some items of the catalogue: their keys and, feature by feature, one value each."""

    keys: list[str]
    features: dict[str, Feature]


@dataclass(frozen=True, slots=True)
class Source:
    """The rows that one kind of interaction is read from; ``paths`` by the column of :class:`Lines`."""

    rows: QuerySet[Any]
    paths: Mapping[str, str]

    def pages(self, after: Any, page: int) -> Iterator[Lines]:
        """The rows as pages of raw columns, in the order of their primary key."""
        for columns in keyset_pages(self.rows, list(self.paths.values()), after=after, page=page):
            yield Lines(**dict(zip(["pk", *self.paths], columns, strict=True)))

    @property
    def zone(self) -> tzinfo:
        """The time zone of times that carry none."""
        if "time" not in self.paths:
            return timezone.get_current_timezone()
        return zone_of(resolve(self.rows.model, self.paths["time"]).final, self.rows.db)


def line_rows(shop: Shop) -> QuerySet[Any]:
    """The order lines that count."""
    return matching(shop.line, as_condition(shop.line_filter))


def line_source(shop: Shop, accounts: Accounts, variants: Variants) -> Source:
    """Where orders are read."""
    paths = {
        "user": accounts.path,
        "item": variants.line_path,
        "time": shop.line_at,
        "quantity": shop.line_quantity,
        "price": shop.line_price,
        "order": shop.line_order,
        "return_of": shop.line_return_of,
    }
    return Source(_for_reading(line_rows(shop)), {column: path for column, path in paths.items() if path})


def rating_source(shop: Shop) -> Source | None:
    """Where ratings are read; None for a shop that has none."""
    if not (shop.rating and shop.rating_user and shop.rating_item and shop.rating_value):
        return None
    paths = {
        "user": resolve(shop.rating, shop.rating_user).key_path,
        "item": resolve(shop.rating, shop.rating_item).key_path,
        "time": shop.rating_at,
        "quantity": shop.rating_value,
    }
    rows = _for_reading(shop.rating._default_manager.all())
    return Source(rows, {column: path for column, path in paths.items() if path})


def zone_of(field: Field[Any, Any], alias: str) -> tzinfo:
    """The zone of naive values: what the connection writes for date-times, else the current one."""
    zone = connections[alias].timezone if isinstance(field, DateTimeField) else None
    return zone or timezone.get_current_timezone()


def item_pages(shop: Shop, variants: Variants, using: str | None, page: int = 5_000) -> Iterator[ItemPage]:
    """Pages of the whole catalogue."""
    catalogue = shop.item._default_manager.all()
    catalogue = catalogue.using(using) if using else _for_reading(catalogue)
    features = _feature_paths(shop)
    paths = [path for _kind, parts in features.values() for path in parts]
    for keys, *others in keyset_pages(catalogue, paths, after=None, page=page):
        columns = iter(others)
        read = {}
        for name, (kind, parts) in features.items():
            values = [next(columns) for _part in parts]
            zone = zone_of(resolve(shop.item, parts[0]).final, catalogue.db)
            read[name] = Feature(kind, _feature_values(kind, values, zone))
        yield ItemPage([variants.item_key(key) or "" for key in as_list(keys)], read)


def _feature_paths(shop: Shop) -> dict[str, tuple[FeatureKind, Sequence[str]]]:
    """Name -> kind and paths. A price that is a property is no column: it is left out."""
    features: dict[str, tuple[FeatureKind, Sequence[str]]] = {}
    if shop.item_text:
        features["text"] = ("text", shop.item_text)
    for position, path in enumerate(shop.item_categories):
        features["category" if position == 0 else f"category_{position + 1}"] = ("category", (path,))
    if shop.item_brand:
        features["brand"] = ("category", (shop.item_brand,))
    for name, column in (("price", shop.item_price), ("created", shop.item_created)):
        if column and is_column(shop.item, column):
            features[name] = ("number", (column,))
    return features


def _feature_values(kind: FeatureKind, columns: list[Any], zone: tzinfo) -> Any:
    if kind == "text":
        joined = (" ".join(str(part) for part in parts if part) for parts in zip(*columns, strict=True))
        return [text[:TEXT_LENGTH] for text in joined]
    if kind == "category":
        return ["" if value is None else str(value) for value in as_list(columns[0])]
    return epoch_seconds(columns[0], zone)  # times become seconds, numbers stay numbers


def read_interactions(
    adapter: DeclarativeAdapter, kind: Kind, on_progress: Progress | None
) -> tuple[Interactions, CleaningReport]:
    """What :meth:`DeclarativeAdapter.read_interactions` promises."""
    source = adapter.source(kind)
    zone = source.zone if source else timezone.get_current_timezone()
    item_key = adapter.variants.reader(settings.DATABASE)
    builder = Builder(kind, user_key=adapter.accounts.key, item_key=item_key, zone=zone)
    total = source.rows.count() if source and on_progress else 0
    for page in adapter.lines() if kind == "orders" else adapter.ratings():
        builder.add(page)
        if on_progress and on_progress("extract", len(builder), max(total, len(builder)), {}) is False:
            raise ReadingCancelled(f"stopped after {len(builder)} of {total} rows")
    raw = builder.build()
    known, features = _catalogue(adapter, raw.items)
    data, report = clean(
        raw,
        known_items=known,
        known_users=_known_users(adapter),
        never_for_sale=_excluded(adapter),
        guests=kind == "orders",
        latest=time.time() + A_DAY,
    )
    kept = raw.items.index(data.items.keys)
    return replace(data, item_features={name: one.take(kept) for name, one in features.items()}), report


def _catalogue(adapter: DeclarativeAdapter, items: Vocabulary) -> tuple[set[str], dict[str, Feature]]:
    """Those of ``items`` that still exist, and every feature of each of ``items``."""
    known: set[str] = set()
    columns: dict[str, tuple[FeatureKind, list[Any]]] = {}
    for page in adapter.items():
        codes = items.index(page.keys)
        rows = np.flatnonzero(codes >= 0).tolist()
        known.update(page.keys[row] for row in rows)
        for name, feature in page.features.items():
            blank = np.nan if feature.kind == "number" else ""
            _kind, column = columns.setdefault(name, (feature.kind, [blank] * len(items)))
            for row in rows:
                column[codes[row]] = feature.values[row]
    return known, {name: Feature(kind, _as_column(kind, column)) for name, (kind, column) in columns.items()}


def _as_column(kind: FeatureKind, values: list[Any]) -> Any:
    return np.array(values, np.float64) if kind == "number" else values


def _known_users(adapter: DeclarativeAdapter) -> set[str] | None:
    """The accounts that still exist; None where the database itself keeps lines and accounts together."""
    shop, accounts = adapter.shop, adapter.accounts
    if not accounts.are_users:
        return None
    owner = resolve(shop.line, shop.line_user).final
    users = get_user_model()._default_manager.all()
    if getattr(owner, "db_constraint", False) and users.db == router.db_for_read(shop.line):
        return None
    return {
        key
        for (raw,) in raw_rows(users.order_by().values_list("pk"))
        if (key := accounts.key(raw)) is not None
    }


def _excluded(adapter: DeclarativeAdapter) -> list[str]:
    """Keys of ``item_excluded``."""
    if not adapter.shop.item_excluded:
        return []
    rows = _for_reading(matching(adapter.shop.item, as_condition(adapter.shop.item_excluded)))
    read = adapter.variants.item_key
    return [key for (raw,) in raw_rows(rows.order_by().values_list("pk")) if (key := read(raw)) is not None]


def _for_reading(rows: QuerySet[Any]) -> QuerySet[Any]:
    """On the replica that ``DATABASE`` names, if any."""
    return rows.using(settings.DATABASE) if settings.DATABASE else rows
