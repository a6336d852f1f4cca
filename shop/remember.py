"""Values kept in the cache. A cache that is down costs time, never a page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache

T = TypeVar("T")
logger = logging.getLogger(__name__)


def remember(key: str, seconds: int, make: Callable[[], T]) -> T:
    """What ``make()`` returned at most ``seconds`` ago; None is never kept."""
    found: T | None = _tried(lambda: cache.get(key))
    if found is None:
        found = make()
        _tried(lambda: cache.set(key, found, seconds))
    return found


def count_up(key: str, seconds: int) -> None:
    """Add one to a counter that is forgotten ``seconds`` after its first."""

    def add() -> None:
        cache.add(key, 0, seconds)
        cache.incr(key)

    _tried(add)


def counted(key: str) -> int:
    """The counter's value, 0 when nobody knows."""
    return _tried(lambda: cache.get(key)) or 0


def _tried(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except Exception as error:  # noqa: BLE001 - each cache backend has its own errors
        logger.warning("The cache does not answer (%s): going on without it.", error)
        return None
