"""Suggestions in plain data, for whoever has no page: a chat, an e-mail, another app."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any, Final

from ..adapters import get_adapter
from ..types import Recommendation, Subject
from .answer import Served, get_recommendations, subject_of
from .guard import attempt, logged

# Kind -> placement, and the strategies that mean it: what merely refills a list does not "go with" anything.
_KINDS: Final[dict[str, tuple[str, frozenset[str] | None]]] = {
    "for_you": ("for-you", None),
    "goes_with": ("bought-together", frozenset({"bought_together", "similar"})),
}


def suggest(
    subject: Any, *, kind: str = "for_you", item: Any = None, limit: int = 4
) -> list[dict[str, str | None]]:
    """Items for this person, best first, as ``{key, title, url, image, price, currency, reason}``, all text.

    ``subject`` is anything with a ``user_key`` (None for somebody unknown), a ``language`` and perhaps a
    ``request``, whose basket then counts. ``kind`` is ``for_you`` (the placement ``for-you``: what is
    trending, for somebody unknown) or ``goes_with`` (the placement ``bought-together`` about ``item``, an
    instance or its key, without what would only fill the list up). Never raises: whatever goes wrong is
    logged, and the list is empty.
    """
    return logged(f"Suggesting {kind!r}", lambda: _suggested(subject, kind, item, limit), [])


def _suggested(subject: Any, kind: str, item: Any, limit: int) -> list[dict[str, str | None]]:
    if kind not in _KINDS:
        raise ValueError(f"kind is one of {', '.join(_KINDS)}, got {kind!r}.")
    if limit < 1 or (kind == "goes_with" and item in (None, "")):
        return []
    placement, meant = _KINDS[kind]
    person = _person(subject)
    served = get_recommendations(placement, subject=person, item=item, limit=limit, explain=True)
    return list(_plain(served, meant))


def _person(subject: Any) -> Subject:
    """The recommender's own subject of the same person."""
    request = getattr(subject, "request", None)
    key = getattr(subject, "user_key", None)
    if request is not None:
        found = subject_of(request)
    elif key is not None:
        found = attempt("Reading who is asking", lambda: get_adapter().subject_for(str(key)), Subject())
    else:
        found = Subject()
    return replace(found, language=getattr(subject, "language", "") or found.language)


def _plain(served: Served, meant: frozenset[str] | None) -> Iterator[dict[str, str | None]]:
    adapter = get_adapter()
    for pick in served:
        if meant is None or pick.source in meant:
            shown = logged("Presenting an item", partial(adapter.serialize, pick.item, served.subject), {})
            if shown.get("title"):
                yield {**shown, "key": pick.key, "reason": _reason(pick)}


def _reason(pick: Recommendation) -> str:
    return pick.reasons[0].text if pick.reasons else ""
