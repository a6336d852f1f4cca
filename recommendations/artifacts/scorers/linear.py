"""A linear model of all items by all items: dense towards the items that lists are made of, sparse beyond."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .base import Array, Float32s, Int64s, Items
from .item_item import ItemItem


class Linear(ItemItem):
    """An ItemItem whose columns ``targets`` (int32 (t,), ascending, none of them in its rows) are dense.

    ``dense`` is float32 (m + 1, t): item i's values are row ``places[i]`` (int32 (n_items,)); the last row is
    zeros, for items that the model was not fitted on. A dense entry costs a tenth of a sparse one to answer
    from, and a few hundred items make up most lists.
    """

    name = "linear"

    def __init__(
        self,
        indptr: Int64s,
        indices: NDArray[np.int32],
        values: Float32s,
        *,
        targets: NDArray[np.int32],
        dense: Float32s,
        places: NDArray[np.int32],
        weight: str = "count",
    ) -> None:
        super().__init__(indptr, indices, values, weight=weight)
        self.targets = targets
        self.dense = dense
        self.places = places

    def tensors(self) -> dict[str, Array]:
        dense = {"targets": self.targets, "dense": self.dense, "places": self.places}
        return super().tensors() | {f"related.{name}": array for name, array in dense.items()}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array], meta: Mapping[str, Any]) -> Self:
        names = ("indptr", "indices", "values", "targets", "dense", "places")
        indptr, indices, values, targets, dense, places = (tensors[f"related.{name}"] for name in names)
        options = {"targets": targets, "dense": dense, "places": places}
        return cls(indptr, indices, values, **options, weight=meta["weight"])

    def score_items(self, items: Int64s) -> Float32s:
        scores = super().score_items(items)
        towards = self.dense[self.places[items]]
        scores[:, self.targets] = np.where(towards > 0, towards, -np.inf)
        return scores

    def contributions(self, items: Items, weights: Float32s, target: int) -> NDArray[np.float64]:
        column = int(np.searchsorted(self.targets, target))
        if column == len(self.targets) or self.targets[column] != target:
            return super().contributions(items, weights, target)
        shares: NDArray[np.float64] = weights.astype(np.float64) * self.dense[self.places[items], column]
        return shares

    def _sums(self, items: Items, weights: Float32s) -> Float32s:
        scores = super()._sums(items, weights)
        scores[self.targets] = weights @ self.dense[self.places[items]]
        return scores
