"""One score an item, the same for everyone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from ..history import History
from .base import Array, Float32s, Int64s, Items, Scorer


class Static(Scorer):
    """``scores``: float32 (n_items,), -inf for an item that nobody is to be shown."""

    name = "static"
    needs_history = False

    def __init__(self, scores: Float32s) -> None:
        self.scores = scores

    @property
    def n_items(self) -> int:
        return len(self.scores)

    def tensors(self) -> dict[str, Array]:
        return {"scores": self.scores}

    def meta(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array], meta: Mapping[str, Any]) -> Self:
        return cls(tensors["scores"])

    def score_history(self, items: Items, weights: Float32s) -> Float32s:
        return self.scores.copy()

    def score_users(self, users: Int64s, seen: History) -> Float32s:
        return np.tile(self.scores, (len(users), 1))
