"""What every scorer answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ..errors import Unsupported
from ..history import History

Array = NDArray[Any]
Float32s = NDArray[np.float32]
Int64s = NDArray[np.int64]
Items = NDArray[np.int64] | NDArray[np.int32]

WEIGHTS = {"binary": np.sign, "count": np.positive, "log1p": np.log1p, "sqrt": np.sqrt}


class Scorer(ABC):
    """Scores all ``n_items`` items, as float32 rows in which -inf means "no candidate: nothing speaks for
    it".

    ``weight`` says how weights of a history given by a caller (purchases, possibly decayed, or ratings)
    become those that the algorithm was fitted on: ``binary``, ``count``, ``log1p`` or ``sqrt`` of their sum
    an item, or ``mean`` (ratings). The methods below take weights that have gone through ``weigh``.
    """

    name: ClassVar[str]
    needs_history: ClassVar[bool] = True
    weight: str = "count"

    @property
    @abstractmethod
    def n_items(self) -> int:
        """How many items a row of scores has."""

    @abstractmethod
    def tensors(self) -> dict[str, Array]:
        """The arrays to store, by name."""

    @abstractmethod
    def meta(self) -> dict[str, Any]:
        """The JSON-able rest of what ``from_tensors`` needs."""

    @classmethod
    @abstractmethod
    def from_tensors(cls, tensors: Mapping[str, Array], meta: Mapping[str, Any]) -> Self:
        """The scorer that gave these; KeyError when one is missing."""

    @abstractmethod
    def score_history(self, items: Items, weights: Float32s) -> Float32s:
        """Scores (n_items,) for a person with this history; ``items`` are distinct positions."""

    def score_users(self, users: Int64s, seen: History) -> Float32s:
        """Scores (m, n_items) for the users at these positions."""
        scores = np.empty((len(users), self.n_items), dtype=np.float32)
        for row, user in zip(scores, users.tolist(), strict=True):
            row[:] = self.score_history(*seen.row(user))
        return scores

    def score_items(self, items: Int64s) -> Float32s:
        """How similar all items are to each of these: (m, n_items)."""
        raise Unsupported(f"The scorer {self.name!r} knows no similar items.")

    def contributions(self, items: Items, weights: Float32s, target: int) -> NDArray[np.float64]:
        """What each item of the history adds to the score of ``target``; their sum is that score."""
        raise Unsupported(f"The scorer {self.name!r} cannot explain its scores.")

    def weigh(self, items: Int64s, weights: NDArray[np.float64]) -> tuple[Int64s, Float32s]:
        """The distinct items of a history given by a caller, ascending, and their weights (see the class)."""
        distinct, inverse, counts = np.unique(items, return_inverse=True, return_counts=True)
        total = np.bincount(inverse, weights=weights, minlength=len(distinct))
        if self.weight == "mean":
            return distinct, (total / np.maximum(counts, 1)).astype(np.float32)
        bought = total > 0
        return distinct[bought], WEIGHTS[self.weight](total[bought]).astype(np.float32)
