"""Simulated customers who ask the bot: nobody's real conversations, and every figure made of them says so.

The generator, in full. A customer has ``HABITS`` topics, drawn from the entries with weights 1 / (10 + rank)
in a shuffled list, so that some topics are more popular. Each question is about one of the habits with
probability ``persistence``, and otherwise about any entry by the same popularity. It is one of the entry's
phrasings, changed: cut to its first half with probability ``CUT`` (what people send before they have finished
their sentence, and what makes a question ambiguous), a courtesy before it with ``COURTESY``, an angry word
with ``ANGER``, and each word of five letters or more misspelt (two neighbours swapped) with ``TYPO``.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

HABITS: Final = 4
CUT: Final = 0.3
COURTESY: Final = 0.2
ANGER: Final = 0.08
TYPO: Final = 0.06
BEFORE: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("hi, ", "hello, quick question: ", "please help me, ", "hey there, "),
    "zh-hans": ("你好，", "请问一下，", "麻烦问一下，", "在吗？"),
}
ANGRY: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("this is ridiculous! ", "I am really fed up. ", "third time I'm asking!! "),
    "zh-hans": ("太离谱了！", "我真的很生气，", "问了三遍了！！"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and the slug of the entry that was meant."""

    text: str
    topic: str


class Customer:
    """Somebody with habits; the same ``seed`` asks the same questions."""

    def __init__(
        self, seed: int, phrasings: Mapping[str, Sequence[str]], *, language: str, persistence: float
    ) -> None:
        self._random = random.Random(f"{seed} {language}")
        self._phrasings = phrasings
        self._language = language if language in BEFORE else "en"
        self._persistence = persistence
        self._topics = sorted(phrasings)
        random.Random(language).shuffle(self._topics)  # which are popular is the same for all customers
        self.habits = [self._popular() for _ in range(HABITS)]

    def questions(self, count: int) -> Iterator[Question]:
        """``count`` questions, one after the other."""
        for _ in range(count):
            own = self._random.random() < self._persistence
            topic = self._random.choice(self.habits) if own else self._popular()
            yield Question(self._said(self._random.choice(list(self._phrasings[topic]))), topic)

    def _popular(self) -> str:
        weights = [1 / (10 + rank) for rank in range(len(self._topics))]
        return self._random.choices(self._topics, weights)[0]

    def _said(self, text: str) -> str:
        if self._random.random() < CUT:
            text = self._first_half(text)
        text = " ".join(self._typed(word) for word in text.split(" "))
        chance = self._random.random()
        if chance < COURTESY:
            return self._random.choice(BEFORE[self._language]) + text
        return self._random.choice(ANGRY[self._language]) + text if chance > 1 - ANGER else text

    def _first_half(self, text: str) -> str:
        words = text.split(" ")
        if len(words) > 3:
            return " ".join(words[: (len(words) + 1) // 2])
        return text[: (len(text) + 1) // 2] if len(words) == 1 and len(text) > 5 else text

    def _typed(self, word: str) -> str:
        if len(word) < 5 or not word.isascii() or self._random.random() >= TYPO:
            return word
        place = self._random.randrange(1, len(word) - 2)
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
