"""Vectors for ratings that begin with which items a person rated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .base import Array, Float32s, Items, Scorer
from .factors import Factors, FoldIn


class RatedFactors(Factors):
    """Items are [q_i, 1, b_i + mu], users [x_u, b_u, 1], so that a product is a predicted rating.

    x_u = p_u + n^-1/2 sum of y_j over the n items that u rated (Koren 2008, SVD++); ``implicit`` holds the
    y_j, float32 (n_items, latent). Folding in a history of ratings r_i minimizes, over p_u and b_u,
    ``sum_i (r_i - mu - b_u - b_i - q_i' x_u)^2 + n^power [p_u, b_u]' G [p_u, b_u]`` with G = ``gram``,
    float64 (latent + 1, latent + 1).
    """

    name = "rated_factors"

    def __init__(
        self,
        user_factors: Float32s,
        item_factors: Float32s,
        gram: NDArray[np.float64],
        *,
        implicit: Float32s,
        power: float,
        norms: Float32s | None = None,
    ) -> None:
        super().__init__(
            user_factors,
            item_factors,
            gram,
            fold_in=FoldIn("explicit"),
            weight="mean",
            latent=implicit.shape[1],
            norms=norms,
        )
        self.implicit = implicit
        self.power = power

    def tensors(self) -> dict[str, Array]:
        return super().tensors() | {"implicit_factors": self.implicit}

    def meta(self) -> dict[str, Any]:
        return super().meta() | {"power": self.power}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array], meta: Mapping[str, Any]) -> Self:
        return cls(
            tensors["user_factors"],
            tensors["item_factors"],
            tensors["gram"],
            implicit=tensors["implicit_factors"],
            power=meta["power"],
            norms=tensors["item_norms"],
        )

    def vector(self, items: Items, weights: Float32s) -> Float32s:
        columns = self.item_factors[items].T.astype(np.float64)
        start = self.implicit[items].sum(axis=0, dtype=np.float64) / np.sqrt(max(len(items), 1))
        free, left = columns[:-1], weights - columns[-1] - start @ columns[: self.latent]
        found = np.linalg.solve(len(items) ** self.power * self.gram + free @ free.T, free @ left)
        found[: self.latent] += start
        return np.append(found, 1.0).astype(np.float32)

    def contributions(self, items: Items, weights: Float32s, target: int) -> NDArray[np.float64]:
        return Scorer.contributions(self, items, weights, target)  # refused: mu and b_i are nobody's share
