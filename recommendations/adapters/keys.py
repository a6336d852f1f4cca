"""Raw database values to string keys: the same key through the ORM or past it, on SQLite or on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connections
from django.db.models import IntegerField

from .paths import plain_field

KeyReader = Callable[[Any], str | None]


def key_reader(field: Any, alias: str = "default") -> KeyReader:
    """``str(field.to_python(raw))``; None for what the field, or its column on ``alias``, cannot hold."""
    field = plain_field(field)
    low, high = _integer_range(field, alias)

    def read(raw: Any) -> str | None:
        if raw is None or raw == "":
            return None
        try:
            value = field.to_python(raw)
        except (ValidationError, ValueError, TypeError, OverflowError):
            return None
        if low is not None and high is not None and not low <= value <= high:
            return None
        key = str(value)
        return key if _is_storable(key) else None

    return read


def _is_storable(key: str) -> bool:
    """PostgreSQL refuses NUL, and nothing encodes a lone surrogate: no stored row has such a key."""
    return "\x00" not in key and (key.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in key))


def _integer_range(field: Any, alias: str) -> tuple[int | None, int | None]:
    if not isinstance(field, IntegerField):
        return None, None
    low, high = connections[alias].ops.integer_field_range(field.get_internal_type())
    # SQLite's own limits, where the backend names none: beyond them its driver raises OverflowError.
    return (-(2**63) if low is None else low), (2**63 - 1 if high is None else high)
