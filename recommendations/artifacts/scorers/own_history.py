"""A person's own history, the heaviest item first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .base import Array, Float32s, Items, Scorer


class OwnHistory(Scorer):
    """The score of an item is its weight in the history plus ``tie_break`` (float32 (n_items,)).

    ``tie_break`` orders items of equal weight and must be far smaller than any weight that matters. Only
    items of the history are candidates.
    """

    name = "history"

    def __init__(self, tie_break: Float32s, *, weight: str = "count") -> None:
        self.tie_break = tie_break
        self.weight = weight

    @property
    def n_items(self) -> int:
        return len(self.tie_break)

    def tensors(self) -> dict[str, Array]:
        return {"tie_break": self.tie_break}

    def meta(self) -> dict[str, Any]:
        return {"weight": self.weight}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array], meta: Mapping[str, Any]) -> Self:
        return cls(tensors["tie_break"], weight=meta["weight"])

    def score_history(self, items: Items, weights: Float32s) -> Float32s:
        scores = np.full(self.n_items, -np.inf, dtype=np.float32)
        scores[items] = weights + self.tie_break[items]
        return scores

    def contributions(self, items: Items, weights: Float32s, target: int) -> NDArray[np.float64]:
        own = items == target
        return np.where(own, weights + self.tie_break[items], 0.0).astype(np.float64)
