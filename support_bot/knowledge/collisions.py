"""Collisions: entries that answer the same phrasing, so that the bot cannot know which one is meant."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal

from ..models import Entry
from ..nlu.engine import Engine
from ..nlu.normalize import normalize

_MARKS: Final = re.compile(r"[\W_]+")
# A phrasing of one entry that gives another at least this share of its own confidence is near it.
NEAR: Final = 0.5


@dataclass(frozen=True, slots=True)
class Collision:
    """``text``, a phrasing of ``entry``, is answered by ``other`` too, which has ``other_text``.

    ``kind`` is ``same`` (the same words) or ``near``; ``share`` tells how sure the engine is of ``other``,
    against ``entry`` (1 for ``same``; above 1 it takes the phrasing for ``other``'s).
    """

    entry: Entry
    text: str
    other: Entry
    other_text: str
    kind: Literal["same", "near"]
    share: float = 1.0


def plain(text: str) -> str:
    """``text`` as it is compared: case, width, punctuation and spaces do not matter."""
    return _MARKS.sub(" ", normalize(text)).strip()


def collisions(language: str, engine: Engine | None = None) -> list[Collision]:
    """Pairs of published entries of ``language`` with a phrasing in common, the same ones first.

    With the engine that answers (``answers.active().engine``) also those that it can hardly tell apart; that
    ranks every phrasing once, some milliseconds each. One collision a pair, the worst.
    """
    entries = Entry.objects.filter(language=language, is_published=True).prefetch_related("phrasings")
    by_slug = {entry.slug: entry for entry in entries}
    asked = [(slug, text) for slug, entry in by_slug.items() for text in questions(entry)]
    found: dict[frozenset[str], Collision] = {}
    for slugs, texts in same_phrasings(asked):
        found.setdefault(
            frozenset(slugs), Collision(by_slug[slugs[0]], texts[0], by_slug[slugs[1]], texts[1], "same")
        )
    near = [] if engine is None else sorted(_near(asked, by_slug, engine), key=lambda one: -one.share)
    for collision in near:
        found.setdefault(frozenset((collision.entry.slug, collision.other.slug)), collision)
    return list(found.values())


def questions(entry: Entry) -> list[str]:
    """All ways to ask for an entry: its question, then its phrasings."""
    return [entry.question, *(phrasing.text for phrasing in entry.phrasings.all())]


def same_phrasings(asked: Iterable[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Of ``(slug, text)`` pairs: the pairs of slugs that share a text, and both ways it is written."""
    having: dict[str, dict[str, str]] = defaultdict(dict)
    for slug, text in asked:
        having[plain(text)].setdefault(slug, text)
    for form, texts in having.items():
        if form:
            for one, other in combinations(texts, 2):
                yield (one, other), (texts[one], texts[other])


def _near(asked: Iterable[tuple[str, str]], by_slug: dict[str, Entry], engine: Engine) -> Iterator[Collision]:
    for slug, text in asked:
        entry = by_slug[slug]
        ranked = engine.rank(text, language=entry.language, allow=by_slug, limit=2).candidates
        own = next((one.confidence for one in ranked if one.label == slug), 0.0)
        for one in ranked:
            share = one.confidence / max(own, 1e-3)
            if one.label != slug and share >= NEAR:
                yield Collision(entry, text, by_slug[one.label], one.phrasing, "near", round(share, 3))
