"""How a request remembers that its answer is meant for one person."""

from __future__ import annotations

from django.http import HttpRequest

_MARK = "_recommendations_personal"


def mark_personal(request: HttpRequest) -> None:
    """Say that the answer to ``request`` is for one person.

    The middleware makes it private at the end; Django's own page cache asks earlier (``cache_page`` sits
    around the view, inside all middleware), so it is told here not to keep this page.
    """
    setattr(request, _MARK, True)
    request._cache_update_cache = False  # type: ignore[attr-defined]


def is_personal(request: HttpRequest) -> bool:
    """Whether something personal went into the answer to ``request``."""
    return bool(getattr(request, _MARK, False))
