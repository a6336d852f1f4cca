"""Questions that customers asked and the bot could not answer, those alike together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import numpy as np
from django.db.models import Q, QuerySet

from support_bot.conf import settings
from support_bot.models import Message
from support_bot.nlu import load_encoders

from .clusters import Vectors, character_vectors, groups
from .figures import Period

MAX_QUESTIONS = 10_000  # messages read, the newest
MAX_TEXTS = 800  # different ones a language that are grouped, the most frequent: 1.5 s of one encoder
KEPT_VECTORS = 4096  # of texts encoded before: 8 MB, and the page is quick the second time
# Of two cosines those at which groups of the sample FAQ's 888 phrasings keep to one entry (B-cubed precision,
# English and Chinese, .83 and .84; by letters .59 and .97): too small costs a click, mixed an answer.
NEAR = 0.6  # of sentence encoders
NEAR_BY_LETTERS = 0.3  # of character n-grams


@dataclass(frozen=True, slots=True)
class Question:
    """One text with the messages in which it was asked."""

    text: str
    language: str
    messages: tuple[int, ...]
    last_asked: datetime


@dataclass(frozen=True, slots=True)
class Cluster:
    """Questions that mean the same; the first stands for all."""

    questions: tuple[Question, ...]

    @property
    def text(self) -> str:
        return self.questions[0].text

    @property
    def language(self) -> str:
        return self.questions[0].language

    @property
    def messages(self) -> list[int]:
        return [message for question in self.questions for message in question.messages]

    @property
    def asked(self) -> int:
        return sum(len(question.messages) for question in self.questions)

    @property
    def last_asked(self) -> datetime:
        return max(question.last_asked for question in self.questions)


def unanswered() -> Q:
    """Of a customer's messages: no answer was found, or the answer did not help."""
    no_answer = Q(reply__kind="clarify") | Q(reply__kind="hand_over", reply__topic="")
    return Q(author=Message.Author.CUSTOMER) & (no_answer | Q(reply__feedback__helpful=False))


def messages(period: Period) -> QuerySet[Message]:
    """The messages that a manager has still to deal with."""
    return period.messages().filter(unanswered(), is_handled=False)


def questions(period: Period) -> list[Question]:
    """Those messages by their text (letter case and spaces aside), the most frequent first."""
    found: dict[tuple[str, str], tuple[str, list[int], datetime]] = {}
    newest = (
        messages(period)
        .order_by("-created_at", "-pk")
        .values_list("pk", "text", "language", "conversation__language", "created_at")
    )
    for pk, text, spoken, usual, at in newest[:MAX_QUESTIONS]:
        words, language = " ".join(text.split()), spoken or usual
        if words:
            found.setdefault((language, words.casefold()), (words, [], at))[1].append(pk)
    listed = [Question(text, language, tuple(keys), at) for (language, _), (text, keys, at) in found.items()]
    return sorted(listed, key=lambda question: -len(question.messages))


def clusters(asked: Sequence[Question]) -> list[Cluster]:
    """``asked`` in groups, each of one language, the most frequent first.

    By the sentence encoders of the settings where they are installed, else by the letters.
    """
    found: list[Cluster] = []
    for language in dict.fromkeys(question.language for question in asked):
        same = [question for question in asked if question.language == language][:MAX_TEXTS]
        vectors, near = _vectors([question.text for question in same], language)
        weights = [len(question.messages) for question in same]
        found += [
            Cluster(tuple(same[place] for place in group.members))
            for group in groups(vectors, weights, near=near)
        ]
    return sorted(found, key=lambda cluster: -cluster.asked)


def _vectors(texts: list[str], language: str) -> tuple[Vectors, float]:
    """By the first encoder of the language that works: one is enough to tell groups apart, and quicker."""
    names = settings.ENCODERS.get(language) or settings.ENCODERS.get("*") or []
    for name in names:
        if load_encoders([name], settings.ENCODER_OPTIONS).names:
            return np.stack([_vector(name, text) for text in texts]), NEAR
    return character_vectors(texts), NEAR_BY_LETTERS


@lru_cache(maxsize=KEPT_VECTORS)
def _vector(encoder: str, text: str) -> Vectors:
    row: Vectors = load_encoders([encoder], settings.ENCODER_OPTIONS).encode([text])[0]
    return row
