"""Items bought by the same customers (Sarwar, Karypis, Konstan and Riedl 2001)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommendations.artifacts.scorers import ItemItem
from recommendations.interactions import Interactions

from .base import Algorithm, Fit, Learned
from .related import best_related


class ItemCosine(Algorithm):
    """sim(i, j) = (x_i' x_j / (|x_i| |x_j| + shrinkage))^amplification; x_i holds the weights of i's
    customers.

    Weights decay with age by ``half_life``. An amplification above 1 (Breese, Heckerman and Kadie 1998) lets
    a few close neighbours outweigh many distant ones. No item is its own neighbour.
    """

    def learn(self, data: Interactions, fit: Fit) -> Learned:
        matrix = self.matrix(data)
        columns = matrix.tocsc()
        lengths = np.sqrt(matrix.multiply(matrix).sum(axis=0)).A1.astype(np.float32)
        shrinkage = np.float32(self.parameters["shrinkage"])

        def block(rows: slice) -> NDArray[np.float32]:
            products = (columns[:, rows].T @ matrix).tocsr()
            own = np.repeat(lengths[rows], np.diff(products.indptr))
            products.data /= np.maximum(own * lengths[products.indices] + shrinkage, np.float32(1e-12))
            products.data **= self.parameters["amplification"]
            cosines: NDArray[np.float32] = products.toarray()
            return cosines

        related = best_related(
            block,
            data.n_items,
            self.parameters["neighbours"],
            lambda done, total: fit.report("fit", done, total),
        )
        return Learned(ItemItem(*related, weight=self.parameters["weight"]), matrix)
