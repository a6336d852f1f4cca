"""One probability out of three opinions: words and letters, meaning, and the intent classifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Join:
    """Learned on questions that the parts had not seen; the defaults are for words and letters alone.

    The score of a label is ``lexical`` and ``semantic`` times its likenesses plus ``intent`` times the
    classifier's log-odds; softmax makes it a probability, and the most probable label is the best. Whether
    that is right at all is told by its ``evidence``: these weights times its lexical and semantic likeness
    and the classifier's probability. Evidence is absolute and bounded: what was asked in a way that no
    phrasing foresaw has little of it for every label, however far ahead one of them is. ``platt`` (constant,
    slope) makes it the confidence. ``unseen`` = (constant, lexical, semantic) says what the classifier would
    have said of a label that came after it was trained. ``threshold`` is the confidence below which the bot
    does not answer.
    """

    lexical: float = 14.0
    semantic: float = 0.0
    intent: float = 0.0
    unseen: tuple[float, float, float] = (0.0, 0.0, 0.0)
    evidence: tuple[float, float, float] = (1.0, 0.0, 0.0)
    platt: tuple[float, float] = (-4.0, 8.0)
    threshold: float = 0.5

    def opinion(self, lexical: Floats, semantic: Floats, intent: Floats) -> Floats:
        """The classifier's log-odds, guessed where they are nan: for labels that it does not know."""
        constant, by_lexical, by_semantic = self.unseen
        guessed = constant + by_lexical * lexical + by_semantic * semantic
        return np.where(np.isnan(intent), guessed, intent)

    def probabilities(self, lexical: Floats, semantic: Floats, intent: Floats) -> Floats:
        """float64 (…, labels), summing to 1."""
        return softmax(self.lexical * lexical + self.semantic * semantic + self.intent * intent)

    def confidence(self, lexical: Floats, semantic: Floats, intent: Floats) -> Floats:
        """The calibrated probability that the best label is the right one, given its own figures."""
        return sigmoid(self.platt[0] + self.platt[1] * self.proof(lexical, semantic, intent))

    def proof(self, lexical: Floats, semantic: Floats, intent: Floats) -> Floats:
        """The evidence for a label, about 0 to 2.5."""
        by_lexical, by_semantic, by_intent = self.evidence
        return by_lexical * lexical + by_semantic * semantic + by_intent * sigmoid(intent)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able; ``from_dict`` reads it back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Join:
        """What ``as_dict`` gave."""
        tuples = {name: tuple(stored[name]) for name in ("unseen", "evidence", "platt")}
        return cls(**{**stored, **tuples})


def softmax(scores: Floats) -> Floats:
    """Probabilities over the last axis."""
    if not scores.shape[-1]:
        return scores
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def sigmoid(value: Floats) -> Floats:
    """1 / (1 + exp(-value)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(value))))
