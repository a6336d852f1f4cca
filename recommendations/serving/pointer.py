"""What the database says should serve: one query a process every few seconds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import QuerySet, Value
from django.db.models.functions import JSONObject

from ..models import ActiveModel, NeverRecommend, Placement

_OVERRIDES: Final = ("enabled", "title", "strategies", "limit", "max_per_category", "mmr", "filters")


@dataclass(frozen=True, slots=True)
class Pointer:
    """``roles``: role -> (run, previous run or None). ``overrides``: placement slug -> its row."""

    roles: Mapping[str, tuple[int, int | None]] = field(default_factory=dict)
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    never: frozenset[str] = frozenset()


def read() -> Pointer:
    """The three tables in one statement: their rows as JSON objects, one below the other."""
    active = _rows(ActiveModel.objects.all(), "active", role="role", run="run_id", previous="previous_run_id")
    placements = _rows(
        Placement.objects.all(), "placement", slug="slug", **{name: name for name in _OVERRIDES}
    )
    never = _rows(NeverRecommend.objects.all(), "never", key="item_key")
    roles, overrides, keys = {}, {}, set()
    for row in active.union(placements, never, all=True).values_list("row", flat=True):
        if row["kind"] == "active":
            roles[row["role"]] = (row["run"], row["previous"])
        elif row["kind"] == "placement":
            overrides[row["slug"]] = _override(row)
        else:
            keys.add(row["key"])
    return Pointer(roles, overrides, frozenset(keys))


def _rows(queryset: QuerySet[Any], kind: str, **columns: str) -> QuerySet[Any]:
    return queryset.order_by().annotate(row=JSONObject(kind=Value(kind), **columns)).values("row")


def _override(row: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a row. A JSON column arrives as its text where the database keeps it as text."""
    fields = {name: row[name] for name in _OVERRIDES}
    for name in ("strategies", "filters"):
        if isinstance(fields[name], str):
            fields[name] = json.loads(fields[name])
    return fields
