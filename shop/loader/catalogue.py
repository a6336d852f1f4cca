"""The catalogue: products under readable names, with prices from what was paid and a plausible stock."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from django.db import connection, reset_queries, router, transaction

from shop import naming
from shop.loader.categories import path_of, write_categories
from shop.loader.progress import Report
from shop.loader.sales import NEVER, Prices, Sold, sold_by_product
from shop.loader.source import SECOND, Source
from shop.models import Product
from shop.rows import insert_rows

SKU_PREFIX = "CJ-"
PRODUCTS_A_TRANSACTION = 5_000
WEEKS = 52
FIELDS = (
    "sku",
    "category",
    "name",
    "description",
    "brand",
    "is_private_brand",
    "size",
    "price",
    "stock",
    "sold",
    "is_active",
    "created_at",
)
# What a till books but nobody buys as an article: kept, since orders name it, but not offered.
NOT_OFFERED = frozenset(
    [
        "FUEL",
        "MISCELLANEOUS",
        "COUPON",
        "CHARITABLE CONT",
        "CNTRL/STORE SUP",
        "GM MERCH EXP",
        "POSTAL CENTER",
    ]
)


class Known(NamedTuple):
    """A product that lines can refer to."""

    pk: int | None
    name: str


@dataclass(frozen=True, slots=True)
class Article:
    """A row of the source's catalogue with the words that were found for it."""

    key: int
    row: dict[str, Any]
    what: str
    brand: str
    size: str
    sold: Sold

    @classmethod
    def of(cls, row: dict[str, Any], sold: dict[int, Sold]) -> Article:
        department, category, kind = path_of(row)
        return cls(
            key=row["product_id"],
            row=row,
            what=naming.product_type(category, kind, department),
            brand=naming.brand(row["manufacturer_id"], row["brand"]),
            size=naming.size(row["package_size"], department, category),
            sold=sold.get(row["product_id"], NEVER),
        )

    @property
    def is_offered(self) -> bool:
        return self.row["department"] not in NOT_OFFERED and "COUPON" not in (
            self.row["product_category"] or ""
        )


def write(
    source: Source, households: np.ndarray | None, shift: timedelta, report: Report
) -> dict[int, Known]:
    """Write the products that ``households`` bought (None: the whole catalogue) and their categories.

    Returns every product of the source that is in the shop, by the source's number.
    """
    rows = source.rows("products")
    sold = sold_by_product(source)
    articles = [Article.of(row, sold) for row in rows]
    names = _names(articles)
    wanted = None if households is None else source.products_of(households)
    there = _there()
    missing = [
        article
        for article in articles
        if article.key not in there and (wanted is None or article.key in wanted)
    ]
    categories = write_categories(rows, [article.row for article in missing])
    prices = Prices(rows, sold)
    began = datetime.fromtimestamp(min(fact.first for fact in sold.values()) // SECOND, UTC)
    report("products", 0, len(missing))
    for start in range(0, len(missing), PRODUCTS_A_TRANSACTION):
        part = missing[start : start + PRODUCTS_A_TRANSACTION]
        new = (
            (
                f"{SKU_PREFIX}{article.key}",
                categories.get(path_of(article.row)),
                names[article.key],
                naming.description(article.what, article.brand, article.size, article.row["department"]),
                article.brand,
                article.row["brand"] == "Private",
                article.size,
                str(prices.of(article.row)),
                _stock(article),
                0,
                article.is_offered,
                connection.ops.adapt_datetimefield_value(_listed(article, began) + shift),
            )
            for article in part
        )
        with transaction.atomic():
            insert_rows(Product, FIELDS, new, using=router.db_for_write(Product))
        reset_queries()
        report("products", start + len(part), len(missing))
    return _there()


def _there() -> dict[int, Known]:
    known = Product.objects.filter(sku__startswith=SKU_PREFIX).values_list("sku", "pk", "name")
    return {int(sku[len(SKU_PREFIX) :]): Known(pk, name) for sku, pk, name in known.iterator()}


def _names(articles: list[Article]) -> dict[int, str]:
    """Each product's name; of several alike by one brand the best seller has it plain, others a number."""
    alike: Counter[tuple[str, str, str]] = Counter()
    names = {}
    for article in sorted(articles, key=lambda article: (-article.sold.times, article.key)):
        same = (article.brand, article.what, article.size)
        alike[same] += 1
        names[article.key] = naming.product_name(article.what, article.size, variety=alike[same])
    return names


def _mixed(key: int) -> int:
    """A number that looks random and never changes for a product (Knuth's multiplicative hash)."""
    return (key * 2_654_435_761 % 2**32) >> 7


def _stock(article: Article) -> int:
    """Three to nine weeks of sales and a few more; of what sells slowly one in sixty is sold out."""
    mixed, weekly = _mixed(article.key), article.sold.times / WEEKS
    if weekly < 5 and mixed % 61 == 0:
        return 0
    return round(weekly * (3 + mixed % 7)) + 1 + mixed % 13


def _listed(article: Article, began: datetime) -> datetime:
    """When it came into the shop: a day or more before its first sale, long ago for what always sold."""
    mixed = _mixed(article.key)
    first = datetime.fromtimestamp(article.sold.first // SECOND, UTC)
    if first - began < timedelta(weeks=8):
        return began - timedelta(days=30 + mixed % 900, minutes=mixed % 1_440)
    return first - timedelta(days=1 + mixed % 3)
