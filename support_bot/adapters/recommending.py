"""Asking the callable in ``SUPPORT_BOT["RECOMMEND"]``, whatever it does."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any, Literal

from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.module_loading import import_string

from support_bot.conf import settings
from support_bot.savepoints import savepoints
from support_bot.types import Product, Subject

logger = logging.getLogger(__name__)

RecommendKind = Literal["for_you", "goes_with"]


@dataclass(frozen=True, slots=True)
class Pick:
    """A product that was recommended, and why, in a customer's words (empty where nobody knows)."""

    product: Product
    reason: str = ""


def recommend(subject: Subject, *, kind: RecommendKind, item: str | None, limit: int) -> list[Pick]:
    """What the callable gives, as far as it makes sense; an empty list when it is missing or fails."""
    path: Any = settings.RECOMMEND
    if not path:
        return []
    try:
        call = import_string(path) if isinstance(path, str) else path
        with savepoints():
            rows = list(islice(call(subject, kind=kind, item=item, limit=limit) or (), limit))
    except Exception:  # the host's code: a chat does not end because recommendations do
        logger.exception('SUPPORT_BOT["RECOMMEND"] failed: nothing is recommended')
        return []
    return list(_picks(rows))


def _picks(rows: Iterable[Any]) -> Iterable[Pick]:
    for row in rows:
        if isinstance(row, Mapping) and row.get("key") and row.get("title"):
            product = Product(
                key=str(row["key"]),
                title=str(row["title"]),
                url=safe_url(row.get("url")),
                image=safe_url(row.get("image")),
                price=_price(row.get("price")),
                currency=str(row.get("currency") or ""),
            )
            yield Pick(product, str(row.get("reason") or ""))


def safe_url(value: Any) -> str:
    """The address as text when a browser may follow it (a path of this site, http or https), else empty."""
    text = str(value or "").strip()
    if text.startswith(("http://", "https://")):
        return text
    return text if url_has_allowed_host_and_scheme(text, allowed_hosts=None) else ""


def _price(value: Any) -> Decimal | None:
    try:
        price = Decimal(str(value))
    except InvalidOperation:
        return None
    return price if price.is_finite() else None
