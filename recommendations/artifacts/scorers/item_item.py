"""A sparse table of which items go with which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .base import Array, Float32s, Int64s, Items, Scorer


class ItemItem(Scorer):
    """Row i holds the items that go with item i: ``indices`` (int32, never i itself) and ``values``
    (float32, > 0).

    ``indptr`` is int64 (n_items + 1). A history scores sum_j w_j value(j, i); items that no row of the
    history names are no candidates.
    """

    name = "item_item"

    def __init__(
        self, indptr: Int64s, indices: NDArray[np.int32], values: Float32s, *, weight: str = "count"
    ) -> None:
        self.indptr = indptr
        self.indices = indices
        self.values = values
        self.weight = weight

    @property
    def n_items(self) -> int:
        return len(self.indptr) - 1

    def tensors(self) -> dict[str, Array]:
        return {"related.indptr": self.indptr, "related.indices": self.indices, "related.values": self.values}

    def meta(self) -> dict[str, Any]:
        return {"weight": self.weight}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array], meta: Mapping[str, Any]) -> Self:
        names = ("related.indptr", "related.indices", "related.values")
        return cls(*(tensors[name] for name in names), weight=meta["weight"])

    def score_history(self, items: Items, weights: Float32s) -> Float32s:
        starts = self.indptr[items]
        lengths = self.indptr[np.asarray(items, dtype=np.int64) + 1] - starts
        ends = np.cumsum(lengths)
        total = int(ends[-1]) if len(ends) else 0
        entries = np.arange(total) + np.repeat(starts - (ends - lengths), lengths)
        scores = np.bincount(
            self.indices[entries],
            weights=self.values[entries] * np.repeat(weights, lengths),
            minlength=self.n_items,
        ).astype(np.float32)
        scores[scores <= 0] = -np.inf
        return scores

    def score_items(self, items: Int64s) -> Float32s:
        scores = np.full((len(items), self.n_items), -np.inf, dtype=np.float32)
        for row, item in zip(scores, items.tolist(), strict=True):
            span = slice(int(self.indptr[item]), int(self.indptr[item + 1]))
            row[self.indices[span]] = self.values[span]
        return scores

    def contributions(self, items: Items, weights: Float32s, target: int) -> NDArray[np.float64]:
        shares = np.zeros(len(items))
        for place, item in enumerate(items.tolist()):
            span = slice(int(self.indptr[item]), int(self.indptr[item + 1]))
            shares[place] = weights[place] * self.values[span][self.indices[span] == target].sum()
        return shares
