"""Vectors of users and items whose products are the scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..history import History
from .base import Array, Float32s, Int64s, Items, Scorer


@dataclass(frozen=True, slots=True)
class FoldIn:
    """How a history becomes a vector x: minimize over its free part

    ``x' G x + sum_i c_i (t_i - x' y_i)^2``, over the items i of the history with their weights w_i, where

    - ``implicit`` (Hu, Koren and Volinsky 2008, eq. 4): all of x is free, G = Y'Y + l I where
      l = ``pull`` times the sum of all n_items confidences to the power ``scaling`` (Rendle et al. 2021), and
      c_i, t_i make it the least squares of preference 1 at confidence 1 + alpha w_i;
    - ``explicit``: the last entry of x is 1 and the last of y_i holds item bias + mean, c_i = 1, t_i is the
      rating
      and G = regularization I counts once a rating;
    - ``direction`` and ``mean``: no minimum but a sum, x = sum_i w_i h_i brought to length 1 (Mao et al.
      2021, eq. 6) or divided by sum_i w_i, with vectors h_i of their own (``history_factors``) for items in
      a history.
    """

    kind: str
    alpha: float = 1.0
    pull: float = 0.0
    scaling: float = 0.0


class Factors(Scorer):
    """``item_factors`` float32 (n_items, d) and ``user_factors`` float32 (n_users, d).

    ``gram``: float64 (free, free), the G of ``FoldIn`` without its pull. ``similar`` compares the first
    ``latent`` columns by cosine; where fold-in is a direction, an item's is that of who has it alone.
    ``history_factors``: float32 (n_items, d), where the fold-in needs them.
    """

    name = "factors"

    def __init__(
        self,
        user_factors: Float32s,
        item_factors: Float32s,
        gram: NDArray[np.float64],
        *,
        fold_in: FoldIn,
        weight: str,
        latent: int,
        norms: Float32s | None = None,
        history_factors: Float32s | None = None,
    ) -> None:
        self.user_factors = user_factors
        self.item_factors = item_factors
        self.gram = gram
        self.fold_in = fold_in
        self.weight = weight
        self.latent = latent
        self.history_factors = history_factors
        self.norms = np.linalg.norm(item_factors[:, :latent], axis=1) if norms is None else norms
        self._unlearned = np.flatnonzero(self.norms == 0)

    @property
    def n_items(self) -> int:
        return len(self.item_factors)

    def tensors(self) -> dict[str, Array]:
        tensors: dict[str, Array] = {
            "user_factors": self.user_factors,
            "item_factors": self.item_factors,
            "item_norms": self.norms,
            "gram": self.gram,
        }
        if self.history_factors is not None:
            tensors["history_factors"] = self.history_factors
        return tensors

    def meta(self) -> dict[str, Any]:
        return {
            "fold_in": self.fold_in.kind,
            "alpha": self.fold_in.alpha,
            "pull": self.fold_in.pull,
            "scaling": self.fold_in.scaling,
            "weight": self.weight,
            "latent": self.latent,
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array], meta: Mapping[str, Any]) -> Self:
        return cls(
            tensors["user_factors"],
            tensors["item_factors"],
            tensors["gram"],
            fold_in=FoldIn(meta["fold_in"], meta["alpha"], meta.get("pull", 0.0), meta.get("scaling", 0.0)),
            weight=meta["weight"],
            latent=meta["latent"],
            norms=tensors["item_norms"],
            history_factors=tensors.get("history_factors"),
        )

    def score_users(self, users: Int64s, seen: History) -> Float32s:
        scores: Float32s = self.user_factors[users] @ self.item_factors.T
        scores[:, self._unlearned] = -np.inf
        scores[seen.lengths(users) == 0] = -np.inf
        return scores

    def score_history(self, items: Items, weights: Float32s) -> Float32s:
        if not len(items):
            return np.full(self.n_items, -np.inf, dtype=np.float32)
        scores: Float32s = self.item_factors @ self.vector(items, weights)
        scores[self._unlearned] = -np.inf
        return scores

    def vector(self, items: Items, weights: Float32s) -> Float32s:
        """The vector (d,) of a person with this history: one linear solve of the size of ``gram``."""
        system, columns, confident_targets = self._system(items, weights)
        solution = np.linalg.solve(system, columns @ confident_targets)
        fixed = self.item_factors.shape[1] - len(solution)
        return np.concatenate((solution, np.ones(fixed))).astype(np.float32)

    def score_items(self, items: Int64s) -> Float32s:
        latent = self.item_factors[:, : self.latent]
        asked, norms = latent[items], self.norms[items]
        if self.history_factors is not None and self.fold_in.kind == "direction":
            asked = self.history_factors[items]
            norms = np.linalg.norm(asked, axis=1)
        scores: Float32s = asked @ latent.T
        lengths = norms[:, None] * self.norms
        np.divide(scores, lengths, out=scores, where=lengths > 0)
        scores[lengths <= 0] = -np.inf
        return scores

    def contributions(self, items: Items, weights: Float32s, target: int) -> NDArray[np.float64]:
        system, columns, confident_targets = self._system(items, weights)
        towards = np.linalg.solve(system, self.item_factors[target].astype(np.float64))
        shares: NDArray[np.float64] = confident_targets * (towards @ columns)
        return shares

    def _system(self, items: Items, weights: Float32s) -> tuple[NDArray[np.float64], ...]:
        """The matrix A, the columns y_i and the c_i t_i of the normal equations A x = sum_i c_i t_i y_i."""
        if self.history_factors is not None:
            own = self.history_factors[items].T.astype(np.float64)
            length = float(
                np.linalg.norm(own @ weights) if self.fold_in.kind == "direction" else weights.sum()
            )
            return np.eye(len(own)) * (length or 1.0), own, weights.astype(np.float64)
        columns = self.item_factors[items].T.astype(np.float64)
        if self.fold_in.kind == "implicit":
            extra = self.fold_in.alpha * weights.astype(np.float64)
            pull = self.fold_in.pull * (self.n_items + extra.sum()) ** self.fold_in.scaling
            system = self.gram + (columns * extra) @ columns.T
            system[np.diag_indices_from(system)] += pull
            return system, columns, 1 + extra
        free = columns[:-1]
        return len(weights) * self.gram + free @ free.T, free, weights - columns[-1]
