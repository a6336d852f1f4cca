"""Rows past the ORM's model layer: its compiled SQL on a plain cursor, a closed statement per page."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from django.core.exceptions import EmptyResultSet
from django.db import InterfaceError, OperationalError, connections
from django.db.models import DateField, QuerySet, TextField
from django.db.models.functions import Cast
from numpy.typing import NDArray

from recommendations.interactions.vocabulary import as_list

from .paths import first_value, resolve

logger = logging.getLogger(__name__)

Rows = list[tuple[Any, ...]]
Column = list[Any] | NDArray[Any]
Maker = Callable[[tuple[Any, ...]], Column]
# Rows turned into columns at a time: more leave the processor's cache, which takes 1.4 times as long.
CHUNK = 500
PAUSES = (0.5, 2.0, 5.0)  # seconds before a page is asked for again


class ReadingFailed(RuntimeError):
    """The database went away while the shop was being read, and did not come back."""


def raw_rows(queryset: QuerySet[Any]) -> Rows:
    """All rows of a ``values_list`` queryset as the driver gives them; the statement is closed on return."""
    return [row for chunk in _chunks(queryset) for row in chunk]


def _chunks(queryset: QuerySet[Any]) -> Iterator[Rows]:
    try:
        sql, params = queryset.query.get_compiler(using=queryset.db).as_sql()
    except EmptyResultSet:
        return
    with connections[queryset.db].cursor() as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(CHUNK):
            yield rows


def raw_columns(queryset: QuerySet[Any], paths: Sequence[str]) -> QuerySet[Any]:
    """``queryset`` reading the primary key and ``paths``; times as text on SQLite, whose driver is slow."""
    expressions: dict[str, Any] = {}
    for position, path in enumerate(paths):
        expression: Any = first_value(queryset.model, path)
        if _is_text_time(queryset, path):
            expression = Cast(expression, TextField())
        expressions[f"concierge_{position}"] = expression
    rows: QuerySet[Any] = queryset.annotate(**expressions).values_list("pk", *expressions)
    return rows


def _is_text_time(queryset: QuerySet[Any], path: str) -> bool:
    is_time = isinstance(resolve(queryset.model, path).final, DateField)
    return is_time and connections[queryset.db].vendor == "sqlite"


def keyset_pages(
    queryset: QuerySet[Any], paths: Sequence[str], *, after: Any, page: int
) -> Iterator[list[Column]]:
    """Columns ``[pk, *paths]`` by primary key, ``page`` rows at a time, from behind ``after``.

    Numbers, and times that SQLite keeps as text, come as arrays; other values as the driver gives them. No
    statement or transaction stays open between pages, so no writer waits for the reader. A page that fails
    because the connection was lost is asked for again; :class:`ReadingFailed` after the last try.
    """
    if page < 1:
        raise ValueError(f"page is a number of rows, 1 or more; got {page}")
    ordered = raw_columns(queryset.order_by("pk"), paths)
    makers = [_numbers, *(_times if _is_text_time(queryset, path) else _numbers for path in paths)]
    read = 0
    while True:
        part = ordered if after is None else ordered.filter(pk__gt=after)
        columns = _with_patience(part[:page], makers, read)
        if columns:
            yield columns
            read += len(columns[0])
            after = as_list(columns[0][-1:])[0]
        if not columns or len(columns[0]) < page:
            return


def _columns(queryset: QuerySet[Any], makers: Sequence[Maker]) -> list[Column]:
    chunks = [
        [make(values) for make, values in zip(makers, zip(*rows, strict=True), strict=True)]
        for rows in _chunks(queryset)
    ]
    return [_joined(parts) for parts in zip(*chunks, strict=True)]


def _numbers(values: tuple[Any, ...]) -> Column:
    """An array of int64 or float64; the list that it was where anything else is among them."""
    if type(values[0]) not in (int, float):
        return list(values)
    try:
        array = np.array(values)
    except (OverflowError, ValueError):
        return list(values)
    return array if array.dtype.kind in "if" else list(values)


def _times(values: tuple[Any, ...]) -> Column:
    """An array of datetime64[us] of ISO text; the list that it was where numpy does not read all of it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # numpy warns of an offset, which it would drop
            return np.array(values, dtype="M8[us]")
    except (ValueError, TypeError, UserWarning, DeprecationWarning):
        return list(values)


def _joined(parts: Sequence[Column]) -> Column:
    if len({part.dtype if isinstance(part, np.ndarray) else None for part in parts}) == 1:
        first = parts[0]
        if isinstance(first, np.ndarray):
            return np.concatenate(parts)
    return [value for part in parts for value in (part.tolist() if isinstance(part, np.ndarray) else part)]


def _with_patience(queryset: QuerySet[Any], makers: Sequence[Maker], read: int) -> list[Column]:
    connection = connections[queryset.db]
    for pause in (*PAUSES, None):
        try:
            return _columns(queryset, makers)
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
