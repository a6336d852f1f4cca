"""Rows past the ORM's model layer: its compiled SQL on a plain cursor, a closed statement per page."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import InterfaceError, OperationalError, connections
from django.db.models import DateField, QuerySet, TextField
from django.db.models.functions import Cast

from .paths import first_value, resolve

logger = logging.getLogger(__name__)

Rows = list[tuple[Any, ...]]
PAUSES = (0.5, 2.0, 5.0)  # seconds before a page is asked for again


class ReadingFailed(RuntimeError):
    """The database went away while the shop was being read, and did not come back."""


def raw_rows(queryset: QuerySet[Any]) -> Rows:
    """All rows of a ``values_list`` queryset as the driver gives them; the statement is closed on return."""
    try:
        sql, params = queryset.query.get_compiler(using=queryset.db).as_sql()
    except EmptyResultSet:
        return []
    with connections[queryset.db].cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def raw_columns(queryset: QuerySet[Any], paths: Sequence[str]) -> QuerySet[Any]:
    """``queryset`` reading the primary key and ``paths``; times as text on SQLite, whose driver is slow."""
    expressions: dict[str, Any] = {}
    for position, path in enumerate(paths):
        expression: Any = first_value(queryset.model, path)
        final = resolve(queryset.model, path).final
        if connections[queryset.db].vendor == "sqlite" and isinstance(final, DateField):
            expression = Cast(expression, TextField())
        expressions[f"concierge_{position}"] = expression
    rows: QuerySet[Any] = queryset.annotate(**expressions).values_list("pk", *expressions)
    return rows


def keyset_pages(queryset: QuerySet[Any], paths: Sequence[str], *, after: Any, page: int) -> Iterator[Rows]:
    """Rows ``(pk, *paths)`` in the order of the primary key, ``page`` at a time, from behind ``after``.

    No statement or transaction stays open between pages, so no writer waits for the reader. A page that fails
    because the connection was lost is asked for again; :class:`ReadingFailed` after the last try.
    """
    if page < 1:
        raise ValueError(f"page is a number of rows, 1 or more; got {page}")
    ordered = raw_columns(queryset.order_by("pk"), paths)
    read = 0
    while True:
        part = ordered if after is None else ordered.filter(pk__gt=after)
        rows = _with_patience(part[:page], read)
        if rows:
            yield rows
            read += len(rows)
            after = rows[-1][0]
        if len(rows) < page:
            return


def _with_patience(queryset: QuerySet[Any], read: int) -> Rows:
    connection = connections[queryset.db]
    for pause in (*PAUSES, None):
        try:
            return raw_rows(queryset)
        except (OperationalError, InterfaceError) as error:
            if connection.in_atomic_block or not _is_passing(connection, error):
                raise
            if pause is None:
                raise ReadingFailed(
                    f"Database {queryset.db!r} failed after {read} rows of {queryset.model._meta.label}: "
                    f"{error}. Nothing was changed; start again when it answers."
                ) from error
            logger.warning("Database %r: %s; trying again in %s s", queryset.db, error, pause)
            connection.close()
            time.sleep(pause)
    raise AssertionError("unreachable")


def _is_passing(connection: Any, error: Exception) -> bool:
    """True for a lost connection and a locked file; a wrong table or a timeout would only fail again."""
    return "locked" in str(error) or not connection.is_usable()
