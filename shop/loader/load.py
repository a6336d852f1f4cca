"""One load, stage by stage: catalogue, customers, orders. Each stage writes only what is not there yet."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from django.db import connection, transaction
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from shop.loader import catalogue, customers, history
from shop.loader.progress import Report, silent
from shop.loader.source import Source, even_households, every_household, weeks_to_move
from shop.models import DataLoad, OrderLine, Product

SIZES = ("small", "full")


def load(
    size: str,
    *,
    report: Report = silent,
    households: int | None = None,
    now: datetime | None = None,
    source: Source | None = None,
) -> DataLoad:
    """Load ``small`` (500 regular households) or ``full`` (all 2,469), or go on with a load that was stopped.

    What is in the database already stays as it is, nothing comes twice. The last order will be a few days
    older than ``now``. ``households`` takes fewer of them and ``source`` other files, for tests. Raises
    ``ValueError`` for another size and ``DataMissing`` where the package with the orders is not installed.
    """
    if size not in SIZES:
        raise ValueError(f"Got size {size!r}; allowed are {', '.join(SIZES)}.")
    source = source or Source.installed()
    run = _begin(source, size, now or timezone.now())
    if run.finished_at is None:
        chosen = choose(source, size)[:households]
        shift = timedelta(weeks=run.shift_weeks)
        products = catalogue.write(source, None if size == "full" else chosen, shift, report)
        accounts = customers.write(source, chosen, shift, report)
        history.write(source, chosen, products, accounts, run, report)
        _finish(run)
    return run


def _begin(source: Source, size: str, now: datetime) -> DataLoad:
    """The load of this size, begun where it is not; a second size moves its dates by the same weeks."""
    full = DataLoad.objects.filter(size="full", finished_at__isnull=False).first()
    if full:
        return full
    first = DataLoad.objects.order_by("pk").first()
    weeks = first.shift_weeks if first else weeks_to_move(source.last_moment(), now)
    return DataLoad.objects.get_or_create(size=size, defaults={"shift_weeks": weeks})[0]


def choose(source: Source, size: str) -> np.ndarray:
    """The numbers of the households that a size takes."""
    return every_household(source) if size == "full" else even_households(source)


def _finish(run: DataLoad) -> None:
    lines = OrderLine.objects.filter(product=OuterRef("pk")).order_by().values("product")
    times = Coalesce(Subquery(lines.annotate(times=Count("pk")).values("times")), 0)
    with transaction.atomic():
        Product.objects.filter(sku__startswith=catalogue.SKU_PREFIX).update(sold=times)
        run.stage, run.finished_at = "finished", timezone.now()
        run.save()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
