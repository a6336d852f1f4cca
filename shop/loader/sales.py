"""What the orders tell of each product: its typical price, how often it was bought and since when."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np

from shop.loader.source import LEVELS, Columns, Source


class Sold(NamedTuple):
    """One product's sales: median unit price paid (NaN: never paid for), order lines, first sale in ns."""

    price: float
    times: int
    first: int


NEVER = Sold(float("nan"), 0, 0)


def sold_by_product(source: Source) -> dict[int, Sold]:
    """The sales of every product that an order names, by the source's number."""
    columns = source.columns("transactions", "product_id", "quantity", "sales_value", "transaction_timestamp")
    product, first, times = np.unique(columns["product_id"], return_index=True, return_counts=True)
    at = columns["transaction_timestamp"][first]
    facts = zip(_medians(columns, product).tolist(), times.tolist(), at.tolist(), strict=True)
    return {key: Sold(*fact) for key, fact in zip(product.tolist(), facts, strict=True)}


def _medians(columns: Columns, product: np.ndarray) -> np.ndarray:
    """The median of the unit prices paid for each of ``product`` (sorted): a sale price does not move it."""
    paid = (columns["quantity"] > 0) & (columns["sales_value"] > 0)
    code = np.searchsorted(product, columns["product_id"][paid])
    price = columns["sales_value"][paid] / columns["quantity"][paid]
    price = price[np.lexsort((price, code))]
    counts = np.bincount(code, minlength=len(product))
    begin = np.cumsum(counts) - counts
    medians = np.full(len(product), np.nan)
    some = counts > 0
    lower, upper = begin + (counts - 1) // 2, begin + counts // 2
    medians[some] = (price[lower[some]] + price[upper[some]]) / 2
    return medians


class Prices:
    """A product's typical price; one never sold takes the median of its type, category or department."""

    def __init__(self, rows: list[dict[str, Any]], sold: dict[int, Sold]) -> None:
        groups: dict[tuple[str, str], list[float]] = {}
        for row in rows:
            price = sold.get(row["product_id"], NEVER).price
            if price > 0:
                for level in LEVELS:
                    groups.setdefault((level, row[level]), []).append(price)
        self.sold = sold
        self.typical = {group: float(np.median(prices)) for group, prices in groups.items()}

    def of(self, row: dict[str, Any]) -> Decimal:
        """In whole cents, at least one."""
        price = self.sold.get(row["product_id"], NEVER).price
        for level in reversed(LEVELS):
            if price > 0:
                break
            price = self.typical.get((level, row[level]), float("nan"))
        return max(Decimal(f"{price if price > 0 else 1:.2f}"), Decimal("0.01"))
