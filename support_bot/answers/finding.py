"""One look-up: question -> language -> what this person may be told -> ranking -> outcome -> entries."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from django.conf import settings as django_settings
from django.db import DatabaseError
from django.utils import timezone

from ..models import Entry
from ..nlu import Candidate, detect_language
from ..savepoints import savepoints
from ..types import Profile, Subject
from .background import log_once_a_minute
from .found import Found, Match, decide, prefer_known
from .pickup import Active, active
from .topics import SKILL, TALKING, Shelf

SPARE: Final = 2  # looked at beyond the limit, for entries that were deleted a moment ago
_NOBODY: Final[Mapping[str, float]] = MappingProxyType({})


def find(
    text: str,
    *,
    subject: Subject,
    profile: Profile,
    language: str | None = None,
    limit: int = 5,
    prefer: Mapping[str, float] = _NOBODY,
) -> Found:
    """What was meant by ``text``: entries that are active now, in its language and meant for this person.

    The language is found out where it is not given. ``prefer`` (label -> weight, from a dialogue profile)
    breaks near ties. One query for the entries, and one every five seconds for what is active. Never raises
    on any text; without a database the matches have no entries and the outcome is ``none``.
    """
    state = active()
    code = language_of(text, state, subject, profile, language)
    shelf = state.topics.shelf(code)
    hidden = shelf.hidden(subject, profile, timezone.now())
    candidates = rank(state, text, code, allow=shelf.allowed(hidden), limit=limit + SPARE)
    entries = fetch(code, [one.label for one in candidates if one.label not in hidden])
    alive = [one for one in candidates if _is_there(one.label, entries, shelf)][:limit]
    ordered, preferred = prefer_known(alive, prefer)
    threshold = state.threshold(code)
    outcome, told = decide(ordered, threshold, preferred=preferred)
    matches = tuple(_match(one, entries, shelf) for one in told)
    return Found(outcome, matches, code, threshold, state.build_id, state.degraded)


def language_of(
    text: str, state: Active, subject: Subject, profile: Profile, language: str | None = None
) -> str:
    """The language to answer in: the one asked for, else the text's, the customer's wish breaking ties."""
    known = state.engine.languages
    if language:
        return closest(language, known) or language
    wishes = (subject.language, profile.language, django_settings.LANGUAGE_CODE)
    default = next((found for wish in wishes if (found := closest(wish, known))), known[0] if known else "")
    return detect_language(text, default=default, languages=known) if known else django_settings.LANGUAGE_CODE


def closest(language: str, known: Sequence[str]) -> str:
    """``language`` as ``known`` has it: itself, its base or a sibling (``en-us`` is answered in ``en``)."""
    wanted = language.lower()
    base = wanted.split("-")[0]
    if wanted in known:
        return wanted
    return next((one for one in known if one == base), "") or next(
        (one for one in known if base and one.split("-")[0] == base), ""
    )


def rank(
    state: Active, text: str, language: str, *, allow: Container[str] | None, limit: int
) -> tuple[Candidate, ...]:
    """The engine's candidates; none where it fails: an encoder is another project's code."""
    try:
        return state.engine.rank(text, language=language, allow=allow, limit=limit).candidates
    except Exception as error:  # noqa: BLE001
        log_once_a_minute("Ranking what a question may mean", error)
        return ()


def fetch(language: str, labels: Sequence[str]) -> dict[str, Entry]:
    """The active entries of these labels, by slug; none where the database does not answer."""
    slugs = [label for label in labels if not label.startswith((SKILL, TALKING))]
    try:
        with savepoints():
            found = Entry.objects.active().filter(language=language, slug__in=slugs).order_by()
            return {entry.slug: entry for entry in found}
    except DatabaseError as error:
        log_once_a_minute("Reading entries of the FAQ", error)
        return {}


def _is_there(label: str, entries: Mapping[str, Entry], shelf: Shelf) -> bool:
    return label.startswith((SKILL, TALKING)) or label in entries or label in shelf.bound


def _match(candidate: Candidate, entries: Mapping[str, Entry], shelf: Shelf) -> Match:
    label = candidate.label
    entry = entries.get(label)
    skill = label.removeprefix(SKILL) if label.startswith(SKILL) else shelf.bound.get(label, "")
    talk = label.removeprefix(TALKING) if label.startswith(TALKING) else ""
    return Match(label, candidate.confidence, candidate, entry, skill, talk)
