"""One answer: subject -> candidates -> filter -> rank -> diversify -> explain."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import Model
from django.http import HttpRequest

from ..adapters import get_adapter
from ..conf import MAX_LIMIT
from ..types import Recommendation, Subject
from . import request_ids
from .guard import attempt
from .marks import mark_personal
from .placements import PlacementConfig, configure

_SUBJECT = "_recommendations_subject"


@dataclass(frozen=True, slots=True)
class Served:
    """A served list. Iterates over its ``items``; empty is false, and ``reason`` says why it is empty or short."""

    request_id: str
    placement: str
    title: Any
    run: int | None
    items: list[Recommendation] = field(default_factory=list)
    reason: str = ""
    subject: Subject = field(default_factory=Subject)

    def __iter__(self) -> Iterator[Recommendation]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


def get_recommendations(
    slug: str,
    *,
    request: HttpRequest | None = None,
    subject: Subject | None = None,
    item: Model | str | None = None,
    limit: int | None = None,
    explain: bool = False,
) -> Served:
    """What placement ``slug`` shows this person now.

    Who asks is ``subject``, else whoever is behind ``request``, else nobody in particular. ``item`` is the item
    that the page is about: an instance or its key. ``limit`` defaults to the placement's and is capped at 100.
    Raises ``UnknownPlacement`` for a slug that does not exist and ``ValueError`` for a limit below 1; whatever
    else goes wrong is logged and gives a shorter or an empty list.
    """
    config = configure(slug, {})
    limit = config.limit if limit is None else min(limit, MAX_LIMIT)
    if limit < 1:
        raise ValueError(f"limit must be 1 or more, got {limit}.")
    subject = subject or _subject(request, config)
    adapter = get_adapter()
    keys: dict[str, str] = {}
    for key, _count in Counter(attempt("Reading recent orders", adapter.recent_items, [])).most_common(2 * limit):
        keys.setdefault(key, "trending")
    for key in attempt("Reading the newest items", lambda: adapter.newest(2 * limit), []):
        keys.setdefault(key, "new")
    excluded = {*subject.basket, _key(item)}
    wanted = [key for key in keys if key not in excluded][: 2 * limit]
    found = attempt("Fetching items", lambda: adapter.fetch(wanted, subject), {})
    shown = [key for key in wanted if key in found][:limit]
    items = [
        Recommendation(key=key, rank=rank, score=1 / rank, source=keys[key], algorithm="recent orders", item=found[key])
        for rank, key in enumerate(shown, 1)
    ]
    return Served(
        request_id=request_ids.make(slug, None, shown, now=time.time()),
        placement=slug,
        title=config.title,
        run=None,
        items=items,
        subject=subject,
    )


aget_recommendations = sync_to_async(get_recommendations, thread_sensitive=True)


def _key(item: Model | str | None) -> str | None:
    if item is None or item == "":
        return None
    return get_adapter().item_key(item) if isinstance(item, Model) else str(item)


def _subject(request: HttpRequest | None, config: PlacementConfig) -> Subject:
    """Who is behind the request, read once a request."""
    if request is None or not config.personal:
        return Subject()
    mark_personal(request)
    if not hasattr(request, _SUBJECT):
        subject = attempt("Reading who is asking", lambda: get_adapter().subject(request), Subject())
        setattr(request, _SUBJECT, subject)
    return getattr(request, _SUBJECT)
