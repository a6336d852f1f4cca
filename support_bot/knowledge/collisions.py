"""Collisions: entries that answer the same phrasing, so that the bot cannot know which one is meant."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal

import numpy as np

from ..conf import settings
from ..models import Entry
from ..nlu.encoders import load_encoders
from ..nlu.index import Index
from ..nlu.normalize import normalize

_MARKS: Final = re.compile(r"[\W_]+")
# Two phrasings are near from these likenesses on. Between different entries of the sample shop's FAQ, written
# with care, the highest are .59 by words and letters, and .81 (English) and .87 (Chinese) by the encoders.
NEAR_IN_WORDS: Final = 0.7
NEAR_IN_MEANING: Final = 0.9


@dataclass(frozen=True, slots=True)
class Collision:
    """``text``, a phrasing of ``entry``, is hard to tell from ``other_text``, one of ``other``.

    ``kind`` is ``same`` (the same words) or ``near``; ``likeness`` (0 to 1) is 1 for ``same``.
    """

    entry: Entry
    text: str
    other: Entry
    other_text: str
    kind: Literal["same", "near"]
    likeness: float = 1.0


def plain(text: str) -> str:
    """``text`` as it is compared: case, width, punctuation and spaces do not matter."""
    return _MARKS.sub(" ", normalize(text)).strip()


def collisions(language: str, *, near: bool = False) -> list[Collision]:
    """Pairs of published entries of ``language`` with a phrasing in common, the worst first, one a pair.

    With ``near`` also those with phrasings almost alike, in their words or, with the language's encoders, in
    their meaning. That encodes every phrasing: 3 s for 74 entries with two encoders, .3 s without any.
    """
    entries = Entry.objects.filter(language=language, is_published=True).prefetch_related("phrasings")
    by_slug = {entry.slug: entry for entry in entries}
    asked = [(slug, text) for slug, entry in by_slug.items() for text in questions(entry)]
    found: dict[frozenset[str], Collision] = {}
    for slugs, texts in same_phrasings(asked):
        found.setdefault(
            frozenset(slugs), Collision(by_slug[slugs[0]], texts[0], by_slug[slugs[1]], texts[1], "same")
        )
    for likeness, one, other in _near(asked, language) if near else ():
        collision = Collision(by_slug[one[0]], one[1], by_slug[other[0]], other[1], "near", likeness)
        found.setdefault(frozenset((one[0], other[0])), collision)
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


def _near(
    asked: Sequence[tuple[str, str]], language: str
) -> list[tuple[float, tuple[str, str], tuple[str, str]]]:
    """Pairs of ``(slug, text)`` of different entries that are near, the highest likeness first."""
    names = settings.ENCODERS.get(language, settings.ENCODERS.get("*", ()))
    index = Index.build(asked, load_encoders(names, settings.ENCODER_OPTIONS).encode)
    labels = np.array(index.text_labels)
    found = []
    for place, text in enumerate(index.texts):
        words = index.lexical(text)
        meaning = index.vectors @ index.vectors[place]
        near = (words >= NEAR_IN_WORDS) | (meaning >= NEAR_IN_MEANING)
        for other in np.flatnonzero(near & (labels != labels[place]) & (np.arange(len(labels)) > place)):
            # A short text has all its words in many a long one: the lower of both directions counts.
            both = min(float(words[other]), float(index.lexical(index.texts[other])[place]))
            if both >= NEAR_IN_WORDS or meaning[other] >= NEAR_IN_MEANING:
                likeness = round(min(max(both, float(meaning[other])), 1.0), 3)
                found.append((likeness, (str(labels[place]), text), (str(labels[other]), index.texts[other])))
    return sorted(found, key=lambda pair: -pair[0])
