"""What the database says should answer: one query a process every few seconds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Sum, Value
from django.db.models.functions import JSONObject, Length

from ..models import ActiveKnowledge, Entry, Phrasing


@dataclass(frozen=True, slots=True)
class Pointer:
    """``build`` and the one before it, a manager's ``thresholds``, and the FAQ's ``version``.

    The version is made of counts, the last change and the length of all phrasings, so that a deletion and a
    bulk import are noticed as well.
    """

    build: int | None = None
    previous: int | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)
    version: str = ""


def read() -> Pointer:
    """The active build and the state of the FAQ, in one statement."""
    active = ActiveKnowledge.objects.order_by().annotate(
        row=JSONObject(build="build_id", previous="previous_build_id", thresholds="thresholds")
    )
    entries = _one(
        Entry.objects.all(),
        entries=Count("pk"),
        published=Count("pk", filter=Q(is_published=True)),
        changed=Max("updated_at"),
    )
    phrasings = _one(
        Phrasing.objects.all(), phrasings=Count("pk"), last=Max("pk"), length=Sum(Length("text"))
    )
    rows = active.values("row").union(entries, phrasings, all=True).values_list("row", flat=True)
    found = Pointer()
    version: dict[str, Any] = {}
    for row in rows:
        if "build" in row:
            found = Pointer(row["build"], row["previous"], _thresholds(row["thresholds"]))
        else:
            version |= row
    return Pointer(found.build, found.previous, found.thresholds, json.dumps(version, sort_keys=True))


def _one(queryset: QuerySet[Any], **figures: Any) -> QuerySet[Any]:
    """All rows of a table summed up as one JSON object."""
    grouped = queryset.order_by().annotate(_=Value(1)).values("_")
    return grouped.annotate(row=JSONObject(**figures)).values("row")


def _thresholds(value: Any) -> dict[str, float]:
    """A manager's thresholds. A JSON column arrives as its text where the database keeps it as text."""
    found = json.loads(value) if isinstance(value, str) else value
    if not isinstance(found, dict):
        return {}
    return {
        language: float(one)
        for language, one in found.items()
        if isinstance(one, int | float) and not isinstance(one, bool) and 0 <= one <= 1
    }
