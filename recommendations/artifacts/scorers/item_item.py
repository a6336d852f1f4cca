"""A sparse table of which items go with which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from .base import Array, Float32s, Int64s, Items, Scorer


class ItemItem(Scorer):
    """Row i holds what item i says of others: ``indices`` (int32, ascending) and ``values`` (float32, not 0).

    ``indptr`` is int64 (n_items + 1). A history scores sum_j w_j value(j, i). A value below 0 speaks against
    an item, one of the item itself for buying it again. Items whose sum is not above 0 are no candidates, and
    so are those that no row of the history names.
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
        scores = self._sums(items, weights)
        scores[scores <= 0] = -np.inf
        return scores

    def score_items(self, items: Int64s) -> Float32s:
        scores = np.full((len(items), self.n_items), -np.inf, dtype=np.float32)
        for row, item in zip(scores, items.tolist(), strict=True):
            span = slice(int(self.indptr[item]), int(self.indptr[item + 1]))
            row[self.indices[span]] = np.where(self.values[span] > 0, self.values[span], -np.inf)
        return scores

    def contributions(self, items: Items, weights: Float32s, target: int) -> NDArray[np.float64]:
        indices, values, lengths = self._rows(items)
        found = np.flatnonzero(indices == target)
        place = np.searchsorted(np.cumsum(lengths), found, side="right")
        shares = np.zeros(len(items))
        shares[place] = weights[place].astype(np.float64) * values[found]
        return shares

    def _sums(self, items: Items, weights: Float32s) -> Float32s:
        """The weighted sum of these items' rows, (n_items,)."""
        indices, values, lengths = self._rows(items)
        spread = np.repeat(weights, lengths)
        return np.bincount(indices, weights=values * spread, minlength=self.n_items).astype(np.float32)

    def _rows(self, items: Items) -> tuple[NDArray[np.int32], Float32s, Int64s]:
        """Indices and values of the rows of these items, one after another, and the length of each."""
        starts = self.indptr[items]
        lengths = self.indptr[np.asarray(items, dtype=np.int64) + 1] - starts
        if len(lengths) and lengths[0] and (lengths == lengths[0]).all():  # whole rows at once: 2.5 x as fast
            width = int(lengths[0])
            indices = sliding_window_view(self.indices, width)[starts].ravel()
            return indices, sliding_window_view(self.values, width)[starts].ravel(), lengths
        ends = np.cumsum(lengths)
        entries = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(starts - (ends - lengths), lengths)
        return self.indices[entries], self.values[entries], lengths
