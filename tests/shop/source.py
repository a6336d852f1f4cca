"""A source of five households with the dirt of the real one, small enough to count by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from shop.loader.source import Source

START = datetime(2017, 1, 2, 18)
PRODUCTS = [
    # number, manufacturer, department, brand, category, type, size
    (101, 69, "GROCERY", "Private", "FLUID MILK PRODUCTS", "CHOCOLATE MILK", "1 GA"),
    (102, 69, "GROCERY", "Private", "FLUID MILK PRODUCTS", "CHOCOLATE MILK", "1 GA"),
    (103, 2, "PRODUCE", "National", "TROPICAL FRUIT", "BANANAS", "40 LB"),
    (104, 5, "FUEL", "Private", "FUEL", "GASOLINE-REG UNLEADED", None),
    (105, 2, "MISCELLANEOUS", "National", None, None, None),
    (106, 7, "COUPON", "National", "COUPONS/STORE & MFG", "COUPONS/STORE & MFG", None),
    (107, 8, "GROCERY", "National", "YOGURT", "YOGURT NOT MULTI-PACKS", "6 OZ"),  # never sold
    (108, 8, "GROCERY", "National", "YOGURT", "YOGURT NOT MULTI-PACKS", "6 OZ"),
]
UNKNOWN = 999  # sold, but in no catalogue
# Household: days between two visits, visits. 1 is even, 2 less so, 3 comes too rarely, 4 too often.
VISITS = {1: ([7], 40), 2: ([6, 8], 60), 3: ([7], 10), 4: ([2], 150), 5: ([5, 9], 60)}


def write_source(folder: Path) -> Source:
    """The files of a source in ``folder``."""
    products = [
        dict(
            zip(
                (
                    "product_id",
                    "manufacturer_id",
                    "department",
                    "brand",
                    "product_category",
                    "product_type",
                    "package_size",
                ),
                row,
                strict=True,
            )
        )
        for row in PRODUCTS
    ]
    files = {
        "products": products,
        "transactions": transactions(),
        "demographics": [
            {
                "household_id": 1,
                "age": "35-44",
                "income": "50-74K",
                "home_ownership": "Homeowner",
                "marital_status": None,
                "household_size": "2",
                "household_comp": "2 Adults No Kids",
                "kids_count": "0",
            }
        ],
        "campaign_descriptions": [
            {
                "campaign_id": 1,
                "campaign_type": "Type B",
                "start_date": datetime(2017, 9, 1),
                "end_date": datetime(2017, 10, 15),
            }
        ],
        "campaigns": [{"campaign_id": 1, "household_id": 1}, {"campaign_id": 1, "household_id": 4}],
        "coupon_redemptions": [
            {
                "household_id": 1,
                "coupon_upc": 5,
                "campaign_id": 1,
                "redemption_date": datetime(2017, 9, 9),
            }
        ],
    }
    for name, rows in files.items():
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
    return Source(folder)


def transactions() -> list[dict[str, Any]]:
    """Lines sorted by time and basket, as the real file is."""
    visits = []
    for household, (gaps, count) in VISITS.items():
        at = START + timedelta(hours=household)
        for visit in range(count):
            visits.append((at, household))
            at += timedelta(days=gaps[visit % len(gaps)])
    lines = []
    for number, (at, household) in enumerate(sorted(visits)):
        for product, quantity, paid, saved, coupon in basket(number):
            lines.append(
                {
                    "household_id": household,
                    "store_id": 1,
                    "basket_id": 30_000_000_000 + number,
                    "product_id": product,
                    "quantity": quantity,
                    "sales_value": paid,
                    "retail_disc": saved,
                    "coupon_disc": coupon,
                    "coupon_match_disc": 0.0,
                    "week": (at - START).days // 7 + 1,
                    "transaction_timestamp": at,
                }
            )
    return lines


def basket(number: int) -> list[tuple[int, int, float, float, float]]:
    """Product, quantity, paid, saved, coupon: milk always, each kind of dirt in its turn."""
    lines = [(101, 2, 5.00, 0.50, 0.0)]
    turn = number % 6
    if turn == 0:
        lines.append((104, 40_000, 24.36, 0.0, 0.0))
    if turn == 1:
        lines.append((103, 0, 0.0, 0.0, 0.0))
    if turn == 2:
        lines.append((UNKNOWN, 1, 1.99, 0.0, 0.0))
    if turn == 3:
        lines.append((106, 0, 0.0, 0.0, 2.0))
    if turn == 4:
        lines.extend([(102, 1, 2.69, 0.0, 0.55), (108, 3, 1.0, 0.8, 0.0)])
    if turn == 5:
        lines.append((103, 1, 0.94, 0.0, 0.0))
    return lines
