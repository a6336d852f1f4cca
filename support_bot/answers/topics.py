"""What the bot knows now: the ways to ask for each entry, skill and piece of small talk, and for whom.

A label is an entry's slug, ``skill:NAME`` for a skill without an entry, or ``talk:NAME``. An entry that is
bound to a skill is that skill's label in its language, and the skill's own examples join its phrasings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from ..adapters import get_adapter
from ..knowledge.rules import skills
from ..models import Entry, Phrasing
from ..nlu import Example
from ..smalltalk import EXAMPLES as TALK
from ..types import Profile, Subject
from .background import log_once_a_minute, words

SKILL: Final = "skill:"
TALKING: Final = "talk:"


@dataclass(frozen=True, slots=True)
class Guarded:
    """For whom an entry is, and when."""

    slug: str
    audience: str
    condition: str
    active_from: datetime | None
    active_until: datetime | None

    def why_not(self, subject: Subject, profile: Profile, now: datetime) -> str:
        """``early``, ``late``, ``log_in`` or ``condition``; empty when it may be shown."""
        if when := self.out_of_date(now):
            return when
        if self.audience == Entry.Audience.LOGGED_IN and subject.user_key is None:
            return "log_in"
        if self.audience == Entry.Audience.CONDITION and not meets(self.condition, profile):
            return "condition"
        return ""

    def out_of_date(self, now: datetime) -> str:
        """``early`` or ``late``; empty while it is active."""
        if self.active_from is not None and now < self.active_from:
            return "early"
        return "late" if self.active_until is not None and now >= self.active_until else ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One language: all its labels, the entries with a guard, and the skill of each bound entry."""

    labels: frozenset[str] = frozenset()
    guarded: Mapping[str, Guarded] = field(default_factory=dict)  # slug -> its guard
    bound: Mapping[str, str] = field(default_factory=dict)  # slug -> skill

    def hidden(self, subject: Subject, profile: Profile, now: datetime) -> set[str]:
        """Slugs of the entries that this person may not be shown now."""
        return {slug for slug, guard in self.guarded.items() if guard.why_not(subject, profile, now)}

    def dated(self, now: datetime) -> set[str]:
        """Slugs of the entries that are not active yet, or not any more."""
        return {slug for slug, guard in self.guarded.items() if guard.out_of_date(now)}

    def allowed(self, hidden: set[str]) -> frozenset[str]:
        """The labels to look among; a hidden entry with a skill stays, for a skill judges for itself."""
        return self.labels - (hidden - self.bound.keys())


@dataclass(frozen=True, slots=True)
class Topics:
    """Everything that can be asked for, by language; ``problem`` says why something is left out, if so."""

    examples: tuple[Example, ...] = ()
    shelves: Mapping[str, Shelf] = field(default_factory=dict)
    problem: str = ""

    def shelf(self, language: str) -> Shelf:
        return self.shelves.get(language) or Shelf()


def examples() -> list[Example]:
    """What a build learns from: published entries with their phrasings, skills and small talk."""
    return list(read().examples)


def read() -> Topics:
    """The published entries with their phrasings (two queries), the skills this shop has, the small talk."""
    known, problem = _skills()
    found: list[Example] = []
    by_language: dict[str, list[Guarded]] = {}
    bound: dict[str, dict[str, str]] = {}  # language -> slug -> skill
    fields = ("slug", "language", "question", "skill", "audience", "condition", "active_from", "active_until")
    for slug, language, question, skill, *rules in (
        Entry.objects.filter(is_published=True).order_by("pk").values_list(*fields)
    ):
        found.append(Example(question, slug, language))
        by_language.setdefault(language, []).append(Guarded(slug, *rules))
        pairs = bound.setdefault(language, {})
        if skill in known and skill not in pairs.values():
            pairs[slug] = skill
    phrasings = Phrasing.objects.filter(entry__is_published=True).order_by("pk")
    found += [Example(*row) for row in phrasings.values_list("text", "entry__slug", "entry__language")]
    built_in = list(_built_in(known, bound))
    shelves = {
        language: _shelf(by_language.get(language, []), bound.get(language, {}), language, built_in)
        for language in {*by_language, *(example.language for example in built_in)}
    }
    return Topics(tuple(dict.fromkeys([*found, *built_in])), shelves, problem)


def meets(condition: str, profile: Profile) -> bool:
    """Whether the profile's facts hold what ``condition`` (``country=US``) asks for, in any case."""
    name, sign, wanted = condition.partition("=")
    value = profile.conditions.get(name.strip())
    return bool(sign) and value is not None and value.strip().casefold() == wanted.strip().casefold()


def _built_in(known: Mapping[str, Any], bound: Mapping[str, Mapping[str, str]]) -> Iterable[Example]:
    for name, skill in known.items():
        for language, texts in skill.examples.items():
            slugs = {skill_name: slug for slug, skill_name in bound.get(language, {}).items()}
            for text in texts:
                yield Example(text, slugs.get(name, f"{SKILL}{name}"), language)
    for name, by_language in TALK.items():
        for language, texts in by_language.items():
            for text in texts:
                yield Example(text, f"{TALKING}{name}", language)


def _shelf(
    entries: list[Guarded], bound: Mapping[str, str], language: str, built_in: Iterable[Example]
) -> Shelf:
    others = {example.label for example in built_in if example.language == language}
    guarded = {one.slug: one for one in entries if _is_guarded(one)}
    return Shelf(frozenset({one.slug for one in entries} | others), guarded, bound)


def _is_guarded(entry: Guarded) -> bool:
    dated = entry.active_from is not None or entry.active_until is not None
    return dated or entry.audience != Entry.Audience.EVERYONE


def _skills() -> tuple[Mapping[str, Any], str]:
    """The skills that this shop has what they need for, and why they cannot be told, if so."""
    try:
        adapter = get_adapter()
        known: Mapping[str, Any] = skills()
        return {name: skill for name, skill in known.items() if skill.available(adapter)}, ""
    except Exception as error:  # noqa: BLE001  the adapter and the skills may be the host's own code
        log_once_a_minute("Reading what the bot's skills are asked by", error)
        return {}, f"The skills cannot be used: {words(error)}"
