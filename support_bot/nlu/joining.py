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
    classifier's log-probability; softmax makes it a probability p. Whether the best label is right at all,
    ``confidence``, is logistic in logit p and in the likenesses themselves (Platt scaling with three inputs).
    ``unseen`` = (constant, lexical, semantic) says what the classifier would have said of a label that came
    after it was trained. ``threshold`` is the confidence below which the bot does not answer.
    """

    lexical: float = 14.0
    semantic: float = 0.0
    intent: float = 0.0
    unseen: tuple[float, float, float] = (0.0, 0.0, 0.0)
    platt: tuple[float, float, float, float] = (-3.0, 0.5, 7.0, 0.0)  # constant, logit p, lexical, semantic
    threshold: float = 0.5

    def probabilities(self, lexical: Floats, semantic: Floats, intent: Floats) -> Floats:
        """float64 (…, labels), summing to 1. ``intent`` is nan for labels unknown to the classifier."""
        constant, by_lexical, by_semantic = self.unseen
        guessed = constant + by_lexical * lexical + by_semantic * semantic
        opinion = np.where(np.isnan(intent), guessed, intent)
        return softmax(self.lexical * lexical + self.semantic * semantic + self.intent * opinion)

    def confidence(self, probability: Floats, lexical: Floats, semantic: Floats) -> Floats:
        """The calibrated probability that the best label is the right one, given its figures."""
        constant, by_logit, by_lexical, by_semantic = self.platt
        return sigmoid(
            constant + by_logit * logit(probability) + by_lexical * lexical + by_semantic * semantic
        )

    def as_dict(self) -> dict[str, Any]:
        """JSON-able; ``from_dict`` reads it back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Join:
        """What ``as_dict`` gave."""
        return cls(**{**stored, "unseen": tuple(stored["unseen"]), "platt": tuple(stored["platt"])})


def softmax(scores: Floats) -> Floats:
    """Probabilities over the last axis."""
    if not scores.shape[-1]:
        return scores
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def logit(probability: Floats) -> Floats:
    """ln(p / (1 - p)), with p kept within one millionth of 0 and 1."""
    kept = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(kept / (1 - kept)))


def sigmoid(value: Floats) -> Floats:
    """1 / (1 + exp(-value)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(value))))
