"""What crosses the rooms: who is asking, and what they are answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Subject:
    """The person an answer is for, without any request.

    ``user_key`` is None for somebody who is not logged in. ``basket`` holds item keys. ``recent`` holds
    ``(item key, weight, UTC epoch seconds)`` of the person's latest interactions, newest first.
    """

    user_key: str | None = None
    visitor: str | None = None
    basket: tuple[str, ...] = ()
    recent: tuple[tuple[str, float, float], ...] = ()
    language: str = ""
    extra: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item is shown: ``share`` (0 to 1) of its score is owed to ``item`` (an item key, if any)."""

    kind: str
    text: str
    item: str | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One place of a served list; ``rank`` starts at 1, ``source`` names the strategy that supplied it."""

    key: str
    rank: int
    score: float
    source: str
    algorithm: str
    item: Any = None
    reasons: tuple[Reason, ...] = ()
