"""The best sellers: the same list for everyone, and the baseline that every other algorithm has to beat."""

from __future__ import annotations

import numpy as np

from recommendations.artifacts.scorers import Static
from recommendations.interactions import Interactions

from .base import Algorithm, Fit, Learned


class Popularity(Algorithm):
    """The score of an item is the sum of its customers' weights; ``binary`` counts different customers.

    A customer's repeated purchases count by ``weight`` and, with ``half_life``, by age (``binary`` ignores
    age).
    """

    def learn(self, data: Interactions, fit: Fit) -> Learned:
        matrix = self.matrix(data)
        scores = np.bincount(matrix.indices, weights=matrix.data, minlength=data.n_items).astype(np.float32)
        scores[np.bincount(data.item, minlength=data.n_items) == 0] = -np.inf
        return Learned(Static(scores), matrix)
