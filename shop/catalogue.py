"""One page of products: what a category or a search found, narrowed by facets, sorted, cut into pages."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet, Sum
from django.http import QueryDict
from django.utils.functional import Promise, cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shop.models import Category, Product
from shop.remember import remember

PAGE_SIZE = 24
FACET_SIZE = 12
KEPT_SECONDS = 300
SORTS: dict[str, tuple[Promise, tuple[str, ...]]] = {
    "popular": (_("Best sellers"), ("-sold", "pk")),
    "price": (_("Price, low to high"), ("price", "pk")),
    "-price": (_("Price, high to low"), ("-price", "pk")),
    "name": (_("Name"), ("name", "pk")),
    "new": (_("Newest"), ("-created_at", "pk")),
}
PRICES = (("", "1"), ("1", "2"), ("2", "5"), ("5", "10"), ("10", "20"), ("20", ""))
_PRICE = re.compile(r"(\d{0,7}(?:\.\d{1,2})?)-(\d{0,7}(?:\.\d{1,2})?)")


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a facet offers."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; anything that is no brand, size, price range or sorting is ignored."""

    brands: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    price: str = ""
    sort: str = ""

    @classmethod
    def from_query(cls, query: QueryDict) -> Filters:
        price = query.get("price", "")
        sort = query.get("sort", "")
        return cls(
            brands=_texts(query.getlist("brand")),
            sizes=_texts(query.getlist("size")),
            price=price if _PRICE.fullmatch(price) and price != "-" else "",
            sort=sort if sort in SORTS else "",
        )

    def apply(self, products: QuerySet[Product]) -> QuerySet[Product]:
        if self.brands:
            products = products.filter(brand__in=self.brands)
        if self.sizes:
            products = products.filter(size__in=self.sizes)
        return products.filter(_in_range(self.price)) if self.price else products

    def query(self) -> list[tuple[str, str]]:
        """The pairs of a query string that ask for the same."""
        pairs = [("brand", brand) for brand in self.brands] + [("size", size) for size in self.sizes]
        return pairs + [
            (name, value) for name, value in (("price", self.price), ("sort", self.sort)) if value
        ]


class Listing:
    """Products found and what the page says of them; ``ranked`` are keys by relevance, of a search."""

    def __init__(
        self, products: QuerySet[Product], query: QueryDict, *, name: str, ranked: Sequence[int] | None = None
    ) -> None:
        self.filters = Filters.from_query(query)
        self.name = name
        self._products = products
        self._ranked = ranked
        self._page_number = query.get("page", "1")

    @cached_property
    def page(self) -> Page[Product]:
        """The page asked for, the nearest one for a page that does not exist.

        The keys are cut first and the products fetched by them: sorting whole rows takes three times as long.
        """
        found = self.filters.apply(self._products)
        paginator: Paginator[Any]
        if self._ranked is None or self.filters.sort:
            sort = SORTS[self.filters.sort or "popular"][1]
            paginator = Paginator(found.order_by(*sort).values_list("pk", flat=True), PAGE_SIZE)
            paginator.count = self._counts["total"]
        else:
            paginator = Paginator(self._in_rank_order(found), PAGE_SIZE)
        page = paginator.get_page(self._page_number)
        keys = list(page.object_list)
        products = Product.objects.only("name", "brand", "size", "price", "stock").in_bulk(keys)
        return Page([products[key] for key in keys if key in products], page.number, paginator)

    def _in_rank_order(self, found: QuerySet[Product]) -> Sequence[int]:
        ranked = self._ranked or ()
        if self.filters == replace(Filters(), sort=self.filters.sort):
            return ranked
        kept = set(found.values_list("pk", flat=True))
        return [key for key in ranked if key in kept]

    @property
    def sorts(self) -> list[tuple[str, str | Promise]]:
        by_relevance = [] if self._ranked is None else [("", _("Relevance"))]
        named = [(name, label) for name, (label, _order) in SORTS.items()]
        return [*by_relevance, *named]

    @cached_property
    def facets(self) -> dict[str, list[Choice]]:
        """Choices of brand, size and price with the products each would leave, the other facets applied."""
        prices = [
            Choice(value, price_label(value), count, value == self.filters.price)
            for value, count in self._counts["price"]
        ]
        return {
            "brand": _choices(self._counts["brand"], self.filters.brands),
            "size": _choices(self._counts["size"], self.filters.sizes),
            "price": prices,
        }

    @cached_property
    def _counts(self) -> dict[str, Any]:
        """The numbers of the page, kept for five minutes: counting takes longer than anything else on it."""
        text = f"{self.name}?{urlencode(replace(self.filters, sort='').query())}"
        key = "shop.counts." + hashlib.sha256(text.encode()).hexdigest()
        return remember(key, KEPT_SECONDS, self._count)

    def _count(self) -> dict[str, Any]:
        return {
            "total": self.filters.apply(self._products).count(),
            "brand": self._counted("brand", replace(self.filters, brands=())),
            "size": self._counted("size", replace(self.filters, sizes=())),
            "price": self._priced(replace(self.filters, price="")),
        }

    def _counted(self, field: str, others: Filters) -> list[tuple[str, int]]:
        found = others.apply(self._products).exclude(**{field: ""}).order_by()
        return list(found.values_list(field).annotate(n=Count("pk")).order_by("-n", field)[:FACET_SIZE])

    def _priced(self, others: Filters) -> list[tuple[str, int]]:
        ranges = [f"{low}-{high}" for low, high in PRICES]
        counts = others.apply(self._products).aggregate(
            **{f"range{place}": Count("pk", filter=_in_range(value)) for place, value in enumerate(ranges)}
        )
        return [(value, counts[f"range{place}"]) for place, value in enumerate(ranges)]

    @property
    def removals(self) -> list[tuple[str, str]]:
        """Each chosen facet value with the query string of the same page without it."""
        filters = self.filters
        kept = [
            (brand, replace(filters, brands=tuple(other for other in filters.brands if other != brand)))
            for brand in filters.brands
        ]
        kept += [
            (size, replace(filters, sizes=tuple(other for other in filters.sizes if other != size)))
            for size in filters.sizes
        ]
        if filters.price:
            kept.append((price_label(filters.price), replace(filters, price="")))
        return [(label, urlencode(without.query())) for label, without in kept]

    @property
    def query_string(self) -> str:
        """The facets and the sorting as a query string, for the links to other pages."""
        return urlencode(self.filters.query())


def in_category(category: Category) -> QuerySet[Product]:
    """Products for sale in ``category`` and everything under it."""
    subtree = Category.objects.filter(Q(pk=category.pk) | Q(path__startswith=f"{category.path}/"))
    return Product.objects.filter(is_active=True, category__in=subtree.values("pk"))


def departments() -> list[Category]:
    """The roots of the category tree that have something for sale, best sellers first."""
    return subcategories(None)


def subcategories(parent: Category | None) -> list[Category]:
    """What is right under ``parent`` and has something for sale, best sellers first.

    Two queries, kept for five minutes: the departments stand on every page.
    """

    def find() -> list[Category]:
        sold = _sold_under(f"{parent.path}/" if parent else "")
        nodes = Category.objects.filter(parent=parent, path__in=sold)
        return sorted(nodes, key=lambda node: (-sold[node.path], node.name))

    return remember(f"shop.under.{parent.pk if parent else 0}", KEPT_SECONDS, find)


def _sold_under(root: str) -> Counter[str]:
    """How often products were sold, by the path of the child of ``root`` that they stand under."""
    stocked = Category.objects.filter(products__is_active=True, path__startswith=root)
    sold: Counter[str] = Counter()
    for path, units in stocked.order_by().values_list("path").annotate(Sum("products__sold")):
        sold[root + path.removeprefix(root).split("/")[0]] += units
    return sold


def price_label(value: str) -> str:
    low, high = value.split("-")
    if not low:
        return gettext("under $%(high)s") % {"high": high}
    if not high:
        return gettext("$%(low)s and more") % {"low": low}
    return gettext("$%(low)s to $%(high)s") % {"low": low, "high": high}


def _in_range(value: str) -> Q:
    """From the low end, included, to the high end, excluded, so that neighbouring ranges share no product."""
    low, high = value.split("-")
    return (Q(price__gte=Decimal(low)) if low else Q()) & (Q(price__lt=Decimal(high)) if high else Q())


def _texts(values: list[str]) -> tuple[str, ...]:
    """PostgreSQL takes no NUL in a text, and nobody chooses thousands of boxes."""
    kept = dict.fromkeys(value[:80] for value in values if value and "\0" not in value)
    return tuple(kept)[:20]


def _choices(counted: list[tuple[str, int]], chosen: Sequence[str]) -> list[Choice]:
    offered = [Choice(value, value, count, value in chosen) for value, count in counted]
    missing = [value for value in chosen if value not in {value for value, _count in counted}]
    return offered + [Choice(value, value, 0, True) for value in missing]
