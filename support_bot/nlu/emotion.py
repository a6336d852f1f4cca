"""The mood of a message: it changes a reply's tone and a hand-over's priority, never the facts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..types import Emotion
from .encoders import Encoders
from .moods import PROTOTYPES, WORDS
from .normalize import clean

LABELS: Final[tuple[Emotion, ...]] = ("anger", "worry", "urgency", "thanks", "neutral")
NEAREST: Final = 2  # prototypes of a mood that count
SHARPNESS: Final = 12.0  # of the softmax over likenesses
WORD: Final = 0.2  # the likeness that a word of a mood is worth
_PATTERNS: Final[Mapping[Emotion, re.Pattern[str]]] = {
    label: re.compile("|".join(patterns), re.IGNORECASE) for label, patterns in WORDS.items()
}
_SHOUTING: Final = re.compile(r"[!！]{2,}|[?？][!！]|[!！][?？]|\b[A-Z]{4,}\b(?:\W+[A-Z]{2,}\b)+")


class Emotions:
    """Judges moods by likeness to prototype sentences, joined with words that tell them; by words alone
    without an encoder."""

    def __init__(self, encoders: Encoders) -> None:
        self._encoders = encoders
        self._labels: dict[str, NDArray[np.int64]] = {}
        self._vectors: dict[str, NDArray[np.float32]] = {}
        if encoders:
            for language, moods in PROTOTYPES.items():
                texts = [(LABELS.index(label), text) for label, texts in moods.items() for text in texts]
                self._labels[language] = np.array([label for label, _ in texts])
                self._vectors[language] = encoders.encode([text for _, text in texts])

    def classify(self, text: str, language: str) -> tuple[Emotion, float]:
        """The mood and how sure that is (0 to 1).

        ``language`` is a Django code; one without prototypes of its own is compared with the English ones. A
        text of nothing is neutral. Never raises on any text.
        """
        cleaned = clean(text)
        if not cleaned:
            return "neutral", 1.0
        scores = self._likeness(cleaned, language) + WORD * _signs(cleaned)
        odds = np.exp(SHARPNESS * (scores - scores.max()))
        best = int(np.argmax(odds))
        return LABELS[best], float(odds[best] / odds.sum())

    def _likeness(self, text: str, language: str) -> NDArray[np.float64]:
        """float64 (5,): mean cosine with each mood's nearest prototypes; without an encoder neutral leads."""
        if not self._encoders:
            return np.array([0.0, 0.0, 0.0, 0.0, WORD / 2])
        base = language.split("-")[0].lower()
        known = base if base in self._vectors else "en"
        cosines = self._vectors[known] @ self._encoders.encode([text])[0]
        labels = self._labels[known]
        nearest = [np.sort(cosines[labels == label])[-NEAREST:].mean() for label in range(len(LABELS))]
        return np.array(nearest, dtype=np.float64)


def _signs(text: str) -> NDArray[np.float64]:
    """float64 (5,): different words of each mood in the text, at most 2; shouting is half a word of anger."""
    counts = [
        min(len(set(_PATTERNS[label].findall(text))), 2) if label in _PATTERNS else 0 for label in LABELS
    ]
    signs = np.array(counts, dtype=np.float64)
    if _SHOUTING.search(text):
        signs[LABELS.index("anger")] += 0.5
    return signs
