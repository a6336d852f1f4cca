"""An item as people see it: title, link, picture, price; a broken property never breaks the list."""

from __future__ import annotations

import logging
from decimal import Decimal, InvalidOperation
from math import inf
from time import monotonic
from typing import Any

from django.db.models import Model
from django.http import HttpRequest

logger = logging.getLogger(__name__)

QUIET_FOR = 60.0  # seconds
_logged: dict[tuple[type, str], float] = {}


def attribute(obj: Any, path: str | None) -> Any:
    """The value of a path, property or method of ``obj``; None where it is missing or fails.

    A failure is logged once a minute and kind of item: a list has many items, a shop many pages.
    """
    if not path:
        return None
    value = obj
    try:
        for part in path.split("__"):
            value = getattr(value, part)
            value = value() if callable(value) and not isinstance(value, Model) else value
            if value is None:
                return None
    except Exception:  # the host's code: a page must not fail for one item's picture
        if monotonic() - _logged.get((type(obj), path), -inf) > QUIET_FOR:
            _logged[type(obj), path] = monotonic()
            logger.warning("%s of %s %s failed", path, type(obj).__name__, obj.pk, exc_info=True)
        return None
    return value


def link(value: Any, request: HttpRequest | None) -> str | None:
    """A URL as text, of a string or a file field; absolute when there is a request to build it from."""
    if not value:
        return None
    try:
        url = str(value.url if hasattr(value, "url") else value)
    except ValueError:  # a file field without a file
        return None
    return url if request is None else request.build_absolute_uri(url)


def is_currency_code(value: str) -> bool:
    """True for an ISO 4217 code such as ``EUR``; anything else is a path."""
    return len(value) == 3 and value.isascii() and value.isalpha() and value.isupper()


def decimal_text(value: Any) -> str | None:
    """A price as a plain decimal string, never in exponent form; None for what is no finite number."""
    try:
        number = Decimal(str(getattr(value, "amount", value)))
    except InvalidOperation:
        return None
    return f"{number:f}" if number.is_finite() else None
