"""The catalogue: a category tree with readable names, products with prices from what was paid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from django.db import reset_queries, transaction
from django.utils.text import slugify

from shop import naming
from shop.loader.progress import Report
from shop.loader.source import Columns, Source
from shop.models import Category, Product

SKU_PREFIX = "CJ-"
PRODUCTS_A_TRANSACTION = 5_000
WEEKS = 52
ROOTS = {"department": 0, "product_category": 1, "product_type": 2}
# What a till books but nobody buys as an article: kept, since orders name it, but not offered.
NOT_OFFERED = {
    "FUEL", "MISCELLANEOUS", "COUPON", "CHARITABLE CONT", "CNTRL/STORE SUP", "GM MERCH EXP", "POSTAL CENTER"
}  # fmt: skip


class Known(NamedTuple):
    """A product that lines can refer to."""

    pk: int | None
    name: str


@dataclass(frozen=True, slots=True)
class Sales:
    """What the orders tell of each product; all arrays are aligned with ``product``, which is sorted."""

    product: np.ndarray
    price: np.ndarray
    times: np.ndarray
    first: np.ndarray

    @classmethod
    def of(cls, source: Source) -> Sales:
        """The median of the unit prices paid (NaN without any), number of lines and time of the first."""
        columns = source.columns(
            "transactions", "product_id", "quantity", "sales_value", "transaction_timestamp"
        )
        product, first, times = np.unique(columns["product_id"], return_index=True, return_counts=True)
        return cls(product, _medians(columns, product), times, columns["transaction_timestamp"][first])

    def find(self, key: int) -> int | None:
        at = int(np.searchsorted(self.product, key))
        return at if at < len(self.product) and self.product[at] == key else None


def _medians(columns: Columns, product: np.ndarray) -> np.ndarray:
    paid = (columns["quantity"] > 0) & (columns["sales_value"] > 0)
    code = np.searchsorted(product, columns["product_id"][paid])
    price = columns["sales_value"][paid] / columns["quantity"][paid]
    order = np.lexsort((price, code))
    counts = np.bincount(code, minlength=len(product))
    begin = np.cumsum(counts) - counts
    medians = np.full(len(product), np.nan)
    some = counts > 0
    lower, upper = begin + (counts - 1) // 2, begin + counts // 2
    medians[some] = (price[order][lower[some]] + price[order][upper[some]]) / 2
    return medians


def write(
    source: Source, households: np.ndarray | None, shift: timedelta, report: Report
) -> dict[int, Known]:
    """Write the products that ``households`` bought (None: the whole catalogue) and their categories.

    Returns every product of the source that is in the shop, by the source's number.
    """
    rows = source.rows("products")
    sales = Sales.of(source)
    names = _names(rows, sales)
    wanted = None if households is None else source.products_of(households)
    there = _there()
    missing = [
        row
        for row in rows
        if row["product_id"] not in there and (wanted is None or row["product_id"] in wanted)
    ]
    categories = _categories(rows, missing)
    prices = _Prices(rows, sales)
    began = datetime.fromtimestamp(int(sales.first.min()) // 1_000_000_000, UTC) + shift
    report("products", 0, len(missing))
    for start in range(0, len(missing), PRODUCTS_A_TRANSACTION):
        part = missing[start : start + PRODUCTS_A_TRANSACTION]
        with transaction.atomic():
            Product.objects.bulk_create(
                _product(row, names, categories, prices, sales, began, shift) for row in part
            )
        reset_queries()
        report("products", start + len(part), len(missing))
    return _there()


def _there() -> dict[int, Known]:
    known = Product.objects.filter(sku__startswith=SKU_PREFIX).values_list("sku", "pk", "name")
    return {int(sku[len(SKU_PREFIX) :]): Known(pk, name) for sku, pk, name in known.iterator()}


def _names(rows: list[dict[str, Any]], sales: Sales) -> dict[int, str]:
    """Each product's name; of several alike by one brand the best seller has it plain, others a number."""
    order = sorted(rows, key=lambda row: (-_times(sales, row["product_id"]), row["product_id"]))
    seen: Counter[tuple[str, str]] = Counter()
    names = {}
    for row in order:
        what = naming.product_type(row["product_category"], row["product_type"], row["department"])
        size = naming.size(row["package_size"], row["department"], row["product_category"])
        same = (naming.brand(row["manufacturer_id"], row["brand"]), naming.product_name(what, size))
        seen[same] += 1
        names[row["product_id"]] = naming.product_name(what, size, variety=seen[same])
    return names


def _times(sales: Sales, key: int) -> int:
    at = sales.find(key)
    return 0 if at is None else int(sales.times[at])


class _Prices:
    """A product's typical price; one never sold takes the median of its type, category or department."""

    def __init__(self, rows: list[dict[str, Any]], sales: Sales) -> None:
        self.sales = sales
        groups: dict[tuple[str, str], list[float]] = {}
        for row in rows:
            at = sales.find(row["product_id"])
            if at is not None and sales.price[at] > 0:
                for level in ROOTS:
                    groups.setdefault((level, row[level]), []).append(float(sales.price[at]))
        self.typical = {group: float(np.median(prices)) for group, prices in groups.items()}

    def of(self, row: dict[str, Any]) -> Decimal:
        at = self.sales.find(row["product_id"])
        price = float("nan") if at is None else float(self.sales.price[at])
        for level in reversed(ROOTS):
            if price > 0:
                break
            price = self.typical.get((level, row[level]), float("nan"))
        return max(Decimal(f"{price if price > 0 else 1:.2f}"), Decimal("0.01"))


def _product(
    row: dict[str, Any],
    names: dict[int, str],
    categories: dict[tuple[str | None, ...], Category],
    prices: _Prices,
    sales: Sales,
    began: datetime,
    shift: timedelta,
) -> Product:
    key = row["product_id"]
    what = naming.product_type(row["product_category"], row["product_type"], row["department"])
    brand = naming.brand(row["manufacturer_id"], row["brand"])
    size = naming.size(row["package_size"], row["department"], row["product_category"])
    at = sales.find(key)
    first = None if at is None else datetime.fromtimestamp(int(sales.first[at]) // 1_000_000_000, UTC) + shift
    return Product(
        sku=f"{SKU_PREFIX}{key}",
        category=categories.get(_path(row)),
        name=names[key],
        description=naming.description(what, brand, size, row["department"]),
        brand=brand,
        is_private_brand=row["brand"] == "Private",
        size=size,
        price=prices.of(row),
        stock=_stock(key, _times(sales, key)),
        is_active=_is_offered(row),
        created_at=_listed(key, first, began),
    )


def _is_offered(row: dict[str, Any]) -> bool:
    return row["department"] not in NOT_OFFERED and "COUPON" not in (row["product_category"] or "")


def _mixed(key: int) -> int:
    """A number that looks random and never changes for a product (Knuth's multiplicative hash)."""
    return (key * 2_654_435_761 % 2**32) >> 7


def _stock(key: int, times: int) -> int:
    """Three to nine weeks of sales and a few more; of what sells slowly one in sixty is sold out."""
    mixed = _mixed(key)
    weekly = times / WEEKS
    if weekly < 5 and mixed % 61 == 0:
        return 0
    return round(weekly * (3 + mixed % 7)) + 1 + mixed % 13


def _listed(key: int, first: datetime | None, began: datetime) -> datetime:
    """When it came into the shop: a day or two before its first sale, long ago for what always sold."""
    mixed = _mixed(key)
    if first is None or first - began < timedelta(weeks=8):
        return began - timedelta(days=30 + mixed % 900, minutes=mixed % 1_440)
    return first - timedelta(days=1 + mixed % 3)


def _path(row: dict[str, Any]) -> tuple[str | None, ...]:
    return tuple(row[level] for level in ROOTS)


def _categories(
    rows: list[dict[str, Any]], wanted: list[dict[str, Any]]
) -> dict[tuple[str | None, ...], Category]:
    """The node of each wanted row's type, made where it is missing; none where the source has no category.

    Slugs are chosen over the whole source, so that they do not depend on what was loaded first.
    """
    slugs = _slugs(rows)
    nodes = {node.path: node for node in Category.objects.all()}
    found: dict[tuple[str | None, ...], Category] = {}
    with transaction.atomic():
        for path in dict.fromkeys(map(_path, wanted)):
            parent: Category | None = None
            for level, (names, source_name) in enumerate(_branch(path)):
                where = _joined(names)
                if where not in nodes:
                    nodes[where] = Category.objects.create(
                        parent=parent, name=names[-1], slug=slugs[where], path=where, level=level,
                        source_name=source_name,
                    )  # fmt: skip
                parent = nodes[where]
            if parent is not None:
                found[path] = parent
    return found


def _branch(path: tuple[str | None, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """The names from the root to each node on ``path``, with the node's name in the source."""
    department, category, kind = path
    if not department or not category:
        return
    names: tuple[str, ...] = (naming.department(department),)
    yield names, department
    names += (naming.category(category),)
    yield names, category
    if kind:
        yield (*names, naming.product_type(category, kind, department)), kind


def _joined(names: tuple[str, ...]) -> str:
    return "/".join(slugify(name) or "other" for name in names)


def _slugs(rows: list[dict[str, Any]]) -> dict[str, str]:
    """The shortest free ending of each node's path, roots first: ``milk``, then ``dairy-milk``."""
    paths = {_joined(names) for path in set(map(_path, rows)) for names, _ in _branch(path)}
    taken: dict[str, str] = {}
    for path in sorted(paths, key=lambda path: (path.count("/"), path)):
        parts = path.split("/")
        endings = ["-".join(parts[-length:]) for length in range(1, len(parts) + 1)]
        slug = next((ending for ending in endings if ending not in taken), "-".join(parts) + "-1")
        taken[slug] = path
    return {path: slug for slug, path in taken.items()}
