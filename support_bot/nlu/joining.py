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
    classifier's log-odds; softmax makes it a probability p. Whether the best label is right at all,
    ``confidence``, is logistic in logit p and in the three opinions themselves (Platt scaling with four
    inputs). ``unseen`` = (constant, lexical, semantic) says what the classifier would have said of a label
    that came after it was trained. ``threshold`` is the confidence below which the bot does not answer.
    """

    lexical: float = 14.0
    semantic: float = 0.0
    intent: float = 0.0
    unseen: tuple[float, float, float] = (0.0, 0.0, 0.0)
    # constant, logit p, lexical, semantic, intent
    platt: tuple[float, float, float, float, float] = (-3.0, 0.5, 7.0, 0.0, 0.0)
    threshold: float = 0.5

    def opinion(self, lexical: Floats, semantic: Floats, intent: Floats) -> Floats:
        """The classifier's log-odds, guessed where they are nan: for labels that it does not know."""
        constant, by_lexical, by_semantic = self.unseen
        guessed = constant + by_lexical * lexical + by_semantic * semantic
        return np.where(np.isnan(intent), guessed, intent)

    def probabilities(self, lexical: Floats, semantic: Floats, intent: Floats) -> Floats:
        """float64 (…, labels), summing to 1."""
        return softmax(self.lexical * lexical + self.semantic * semantic + self.intent * intent)

    def confidence(self, p: Floats, lexical: Floats, semantic: Floats, intent: Floats) -> Floats:
        """The calibrated probability that the best label is the right one, given its figures."""
        inputs = np.stack(np.broadcast_arrays(logit(p), lexical, semantic, intent), axis=-1)
        return sigmoid(self.platt[0] + inputs @ np.array(self.platt[1:]))

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
