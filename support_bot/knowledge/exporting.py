"""Exporting the FAQ in the formats that importing reads: what comes out goes in again unchanged."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from ..conf import closest
from ..models import Entry
from .formats import WRITERS
from .rows import Row


def export(format: str, queryset: QuerySet[Entry] | None = None) -> str:
    """The entries of ``queryset`` (all by default) as ``csv``, ``json`` or ``markdown``.

    They come by language, category and position. Raises ``ValueError`` for another format.
    """
    if format not in WRITERS:
        raise ValueError(f"unknown format {format!r}. {closest(format, WRITERS)}")
    entries = Entry.objects.all() if queryset is None else queryset
    found = entries.select_related("category").prefetch_related("phrasings")
    return WRITERS[format]([_row(entry) for entry in sorted(found, key=_place)])


def _place(entry: Entry) -> tuple[str, int, str, int, str]:
    category = entry.category
    shelf = (-1, "") if category is None else (category.position, category.slug)
    return (entry.language, *shelf, entry.position, entry.slug)


def _row(entry: Entry) -> Row:
    category = entry.category
    titles = category.titles if category is not None and isinstance(category.titles, dict) else {}
    values = {
        "slug": entry.slug,
        "language": entry.language,
        "category": "" if category is None else category.slug,
        "category_title": str(titles.get(entry.language, "")),
        "question": entry.question,
        "answer": entry.answer,
        "skill": entry.skill,
        "audience": entry.audience if entry.audience == Entry.Audience.LOGGED_IN else "",  # a condition tells
        "condition": entry.condition,
        "active_from": _moment(entry.active_from),
        "active_until": _moment(entry.active_until),
        "published": "" if entry.is_published else "no",
    }
    return Row(0, values, [(0, phrasing.text) for phrasing in entry.phrasings.all()])


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()
