"""Understand: language, what is named in it, mood, and what the shop knows that may have been meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.core.signals import setting_changed
from django.utils import timezone

from support_bot import answers, profiles
from support_bot.answers import Found
from support_bot.clock import local
from support_bot.conf import settings
from support_bot.nlu import Encoders, detect_language, load_encoders
from support_bot.nlu.emotion import Emotions
from support_bot.nlu.entities import Entities, find_entities
from support_bot.nlu.normalize import normalize
from support_bot.nlu.tokens import words
from support_bot.smalltalk import EXAMPLES
from support_bot.types import Profile, Subject

from .guard import attempt
from .log import order_pattern

# A mood less sure than this is none: of the sample FAQ's 888 phrasings 53 had a mood then, 190 otherwise, and
# of 14 angry sentences none was missed. Whoever only asks is not told that we are sorry.
SURE_OF_MOOD: Final = 0.5
WORDS_LEFT: Final = 3
LOOKED_AT: Final = 8  # labels
_AROUND: Final = " \t\n.,!?;:~…。，！？；：、～"
_FIRST: Final = re.compile(r"^([^.,!?;:。，！？；：\n]{1,40})[.,!?;:。，！？；：\n]+\s*(.*\w.*)$", re.DOTALL)
_OPENINGS: Final = ("hello", "thanks", "how_are_you")


@dataclass(frozen=True, slots=True)
class Understood:
    """A message as it was understood. ``talk`` is small talk known by heart, empty otherwise."""

    text: str
    language: str
    entities: Entities
    emotion: str
    talk: str
    found: Found


def understand(text: str, *, subject: Subject, profile: Profile, language: str) -> Understood:
    """``text`` understood; ``language`` is the conversation's, for what tells no language of its own."""
    spoken = detect_language(text, default=language, languages=answers.active().engine.languages)
    question = without_order_number(without_greeting(text))
    found = rank(question, subject=subject, profile=profile, language=spoken)
    entities = find_entities(text, language=spoken, order_pattern=order_pattern(), now=local_now())
    mood, sure = emotions_of(spoken).classify(text, spoken)
    felt = mood if sure >= SURE_OF_MOOD else "neutral"
    return Understood(text, spoken, entities, felt, small_talk(text), found)


def rank(question: str, *, subject: Subject, profile: Profile, language: str) -> Found:
    """What the shop knows that ``question`` may mean, for this person."""
    nothing: Mapping[str, float] = {}
    prefer = attempt("Reading a dialogue profile", lambda: preferences(subject, language), nothing)
    return answers.find(
        question, subject=subject, profile=profile, language=language, limit=LOOKED_AT, prefer=prefer
    )


def preferences(subject: Subject, language: str) -> Mapping[str, float]:
    """Label -> weight: what this customer has asked about before breaks near ties."""
    topics = profiles.preferences(subject.user_key)
    bound = answers.active().topics.shelf(language).bound if topics else {}
    labels = {slug: topics[skill] for slug, skill in bound.items() if skill in topics}
    return {**topics, **{f"skill:{topic}": weight for topic, weight in topics.items()}, **labels}


def local_now() -> datetime:
    """The time in the current time zone, with or without ``USE_TZ``."""
    return local(timezone.now())


def small_talk(text: str) -> str:
    """The name of the small talk that ``text`` is word for word; empty for anything else."""
    return by_heart().get(key(text), "")


def without_greeting(text: str) -> str:
    """``text`` without "Hi, …" or "Thanks. …" before the question."""
    match = _FIRST.match(text.strip())
    if match is not None and small_talk(match[1]) in _OPENINGS:
        return match[2]
    return text


def without_order_number(text: str) -> str:
    """``text`` without an order's number, which resembles no phrasing, where enough is left of it."""
    pattern = order_pattern()
    if pattern is None:
        return text
    rest = re.sub(pattern, " ", text, flags=re.IGNORECASE)
    return rest if len(words(rest)) >= WORDS_LEFT else text


def key(text: str) -> str:
    """What two ways to type the same words have in common."""
    return normalize(text).strip(_AROUND)


@cache
def by_heart() -> dict[str, str]:
    """Every example of small talk, by its key."""
    return {
        key(text): name
        for name, by_language in EXAMPLES.items()
        for texts in by_language.values()
        for text in texts
    }


def emotions_of(language: str) -> Emotions:
    """The judge of moods with the encoders of ``language``; those that are missing are done without."""
    names = settings.ENCODERS.get(language) or settings.ENCODERS.get("*") or ["lexical"]
    # One encoder is enough: a second one tells moods no better and takes twice as long (docs/emotion.md).
    return _emotions(("use",) if "use" in names else tuple(names))


@cache
def _emotions(names: tuple[str, ...]) -> Emotions:
    encoders: Encoders = load_encoders(list(names), settings.ENCODER_OPTIONS)
    return Emotions(encoders)


def _forget(*, setting: str, **_kwargs: Any) -> None:
    if setting == "SUPPORT_BOT":
        _emotions.cache_clear()


setting_changed.connect(_forget, dispatch_uid="concierge_support.dialogue.understanding")
