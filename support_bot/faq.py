"""The FAQ as people read it: the entries that are meant for this reader now, by category or ranked."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from django.conf import settings as django_settings
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from . import answers
from .adapters import get_adapter
from .answers.background import log_once_a_minute
from .answers.finding import closest
from .answers.topics import meets
from .knowledge import Rendered, render
from .knowledge.variables import used_variables
from .models import Entry
from .savepoints import savepoints
from .types import Profile, Subject

MOST: Final = 1_000  # entries on one page
LEAST: Final = 0.02  # an entry that is less probably meant is no result of a search
LIKELY: Final = 0.1  # where not even the best one is that probable, nothing was found
NOBODY: Final = Subject()
_IN_SCRIPT: Final = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


@dataclass(frozen=True)
class Read:
    """An entry as it is read; ``score`` (0 to 1) is the calibrated one of a search, else None.

    Its variables are filled in for ``reader``: for somebody who is not logged in they are the shop's alone,
    so that a page with them is the same for all.
    """

    entry: Entry
    reader: Subject
    score: float | None = None

    @property
    def url(self) -> str:
        return address(self.entry.slug)

    @property
    def is_public(self) -> bool:
        return self.entry.audience == Entry.Audience.EVERYONE

    @cached_property
    def answer(self) -> Rendered:
        used = set(used_variables(self.entry.answer))
        return render(self.entry.answer, _variables(self.reader, used) if used else {})


def address(slug: str) -> str:
    """Where an entry is read, as a citation has it; empty for a host without ``support_bot.urls``."""
    try:
        return f"{reverse('support_bot:faq')}#{slug}"
    except NoReverseMatch:
        return ""


def language_read(language: str | None = None) -> str:
    """The FAQ's language for ``language`` (the active one by default): it, a sibling, or the site's own."""
    known = sorted(set(Entry.objects.active().order_by().values_list("language", flat=True)))
    wishes = (language or get_language() or "", django_settings.LANGUAGE_CODE)
    return next(
        (found for wish in wishes if (found := closest(wish, known))), known[0] if known else wishes[0]
    )


def entries(
    subject: Subject = NOBODY, *, language: str | None = None, category: str | None = None
) -> list[Read]:
    """What ``subject`` may read now, in the order of the categories. One query, two without ``language``."""
    found = Entry.objects.active().filter(language=language or language_read()).select_related("category")
    if category:
        found = found.filter(category__slug=category)
    readable = _for(subject, found.order_by("category__position", "category__slug", "pk")[:MOST])
    return [Read(entry, NOBODY) for entry in readable]


def search(
    text: str, subject: Subject = NOBODY, *, language: str | None = None, limit: int = 10
) -> list[Read]:
    """The entries that ``text`` may mean, best first, with their scores; only those meant for ``subject``."""
    code = language or language_read()
    readable = {read.entry.slug: read.entry for read in entries(subject, language=code)}
    ranking = answers.active().engine.rank(text, language=code, allow=frozenset(readable), limit=limit)
    if ranking.best is None or ranking.best.confidence < LIKELY:
        return []
    return [
        Read(readable[one.label], NOBODY, one.confidence)
        for one in ranking.candidates
        if one.confidence >= LEAST and one.label in readable
    ]


def by_category(found: Iterable[Read]) -> list[tuple[str, str, list[Read]]]:
    """``(slug, title, entries)`` of each category, in the order of ``found``; without one both are empty."""
    shelves: dict[str, tuple[str, str, list[Read]]] = {}
    for read in found:
        category = read.entry.category
        slug, title = (category.slug, category.title(read.entry.language)) if category else ("", "")
        shelves.setdefault(slug, (slug, title, []))[2].append(read)
    return list(shelves.values())


def structured(found: Iterable[Read]) -> SafeString:
    """schema.org's FAQPage as JSON-LD, of what everybody may read; empty where that is nothing.

    It stands in a ``<script>`` of a data type, which no browser runs and no Content-Security-Policy forbids.
    """
    questions = [
        {
            "@type": "Question",
            "name": read.entry.question,
            "acceptedAnswer": {"@type": "Answer", "text": read.answer.html},
        }
        for read in found
        if read.is_public
    ]
    page = {"@context": "https://schema.org", "@type": "FAQPage", "mainEntity": questions}
    text = json.dumps(page, ensure_ascii=False).translate(_IN_SCRIPT) if questions else ""
    return mark_safe(text)  # noqa: S308 - it has no character that could end the element


def _for(subject: Subject, found: Iterable[Entry]) -> Iterator[Entry]:
    """The profile is read only for an entry with a condition."""
    profile: Profile | None = None
    for entry in found:
        if entry.audience == Entry.Audience.CONDITION:
            profile = _profile(subject) if profile is None else profile
            if not meets(entry.condition, profile):
                continue
        elif entry.audience == Entry.Audience.LOGGED_IN and subject.user_key is None:
            continue
        yield entry


def _profile(subject: Subject) -> Profile:
    """One that meets no condition where the shop's own code fails: the rest of the FAQ can be read."""
    try:
        with savepoints():
            return get_adapter().profile(subject)
    except Exception as error:  # noqa: BLE001  the adapter is the host's code
        log_once_a_minute("Reading a profile for the FAQ", error)
        return Profile()


def _variables(reader: Subject, names: Collection[str]) -> Mapping[str, str]:
    """None where the shop's own code fails: an answer reads well without its variables.

    Without savepoints, which would be two statements an entry: nobody's variables are the shop's alone.
    """
    try:
        return get_adapter().variables(reader, only=names)
    except Exception as error:  # noqa: BLE001  the adapter is the host's code
        log_once_a_minute("Reading variables for the FAQ", error)
        return {}
