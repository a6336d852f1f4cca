"""Orders: every visit becomes one order, its dirt kept, its dates moved, its status by age."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice

import numpy as np
from django.db import connection, reset_queries, router, transaction

from shop.loader.catalogue import Known
from shop.loader.customers import Account
from shop.loader.progress import Report
from shop.loader.source import SECOND, Columns, Source, basket_starts
from shop.models import DataLoad, LoyaltyEntry, Order
from shop.orders import NewLine, NewOrder, place_orders
from shop.rows import insert_rows

ORDERS_A_TRANSACTION = 2_000
NUMBER_PREFIX = "CJ"
POINTS = ("user", "order", "points", "reason", "at")
# Ages are counted back from the last order, so that some are open however old the last order itself is.
PAID = timedelta(days=2)
SHIPPED = timedelta(days=6)
PROMISED = timedelta(days=10)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Dates as this load tells them: moved by ``shift``, and the moved time of the very last order."""

    shift: timedelta
    last: datetime

    def order_dates(self, basket: int, placed: datetime) -> dict[str, object]:
        """Status and dates of an order by its age; parcels take two to five days, varied by basket."""
        age = self.last - placed
        dates: dict[str, object] = {
            "placed_at": placed,
            "promised_for": (placed + PROMISED).date(),
            "status": Order.Status.PAID if age < PAID else Order.Status.SHIPPED,
        }
        if age >= SHIPPED:
            dates["status"] = Order.Status.DELIVERED
            dates["delivered_at"] = placed + timedelta(days=2 + basket % 3, hours=basket % 11)
        return dates


def write(
    source: Source,
    households: np.ndarray,
    products: dict[int, Known],
    accounts: dict[int, Account],
    run: DataLoad,
    report: Report,
) -> None:
    """Write the orders of ``households`` that are not there yet, 2,000 in a transaction."""
    calendar = Calendar(
        timedelta(weeks=run.shift_weeks), source.last_moment() + timedelta(weeks=run.shift_weeks)
    )
    there = set(Order.objects.filter(number__startswith=NUMBER_PREFIX).values_list("number", flat=True))
    total = source.line_count()
    stream = _orders(source, households, products, accounts, calendar, there)
    report("orders", 0, total)
    while batch := list(islice(stream, ORDERS_A_TRANSACTION)):
        with transaction.atomic():
            orders = place_orders([new for new, _ in batch], take_stock=False)
            insert_rows(LoyaltyEntry, POINTS, map(_points, orders), using=router.db_for_write(LoyaltyEntry))
            run.stage, run.position = "orders", batch[-1][1]
            run.save(update_fields=["stage", "position"])
        reset_queries()
        report("orders", min(batch[-1][1], total - 1), total)
    report("orders", total, total)


def _points(order: Order) -> tuple[object, ...]:
    """A point for each whole dollar, as a row of ``POINTS``."""
    at = connection.ops.adapt_datetimefield_value(order.placed_at)
    return (order.user_id, order.pk, max(int(order.total), 0), order.number, at)


def _orders(
    source: Source,
    households: np.ndarray,
    products: dict[int, Known],
    accounts: dict[int, Account],
    calendar: Calendar,
    there: set[str],
) -> Iterator[tuple[NewOrder, int]]:
    """New orders, each with the number of the source's lines up to its page."""
    for read, page in source.pages(households):
        starts = basket_starts(page["basket_id"])
        ends = np.r_[starts[1:], len(page["basket_id"])][: len(starts)]
        lines = _lines(page, products)
        totals = _totals(page, starts)
        heads = zip(
            page["basket_id"][starts].tolist(),
            page["household_id"][starts].tolist(),
            (page["transaction_timestamp"][starts] // SECOND).tolist(),
            totals,
            starts.tolist(),
            ends.tolist(),
            strict=True,
        )
        for basket, household, second, total, start, end in heads:
            number = f"{NUMBER_PREFIX}{basket}"
            if number in there:
                continue
            account = accounts[household]
            placed = datetime.fromtimestamp(second, UTC) + calendar.shift
            order = Order(
                number=number,
                user_id=account.pk,
                total=Decimal(total).scaleb(-2),
                **account.address,
                **calendar.order_dates(basket, placed),
            )
            yield NewOrder(order, lines[start:end]), read


def _lines(page: Columns, products: dict[int, Known]) -> list[NewLine]:
    """A line's price is what a unit was charged at; what a quantity of 0 cost is kept as that price."""
    quantity = page["quantity"]
    units = np.maximum(quantity, 1)
    paid = page["sales_value"]
    price = (paid / units).round(8)
    shelf = ((paid + page["retail_disc"] + page["coupon_match_disc"]) / units).round(8)
    discount = page["coupon_disc"].round(2)
    known = [products.get(key) or Known(None, f"Article {key}") for key in page["product_id"].tolist()]
    return [
        NewLine(product.pk, product.name, *rest)
        for product, *rest in zip(
            known, quantity.tolist(), price.tolist(), discount.tolist(), shelf.tolist(), strict=True
        )
    ]


def _totals(page: Columns, starts: np.ndarray) -> list[int]:
    """What each basket cost in cents, the sum of its lines' totals."""
    if not len(starts):
        return []
    paid = np.where(page["quantity"] > 0, page["sales_value"], 0.0)
    cents = np.rint(paid * 100) - np.rint(page["coupon_disc"] * 100)
    return np.add.reduceat(cents.astype(np.int64), starts).tolist()
