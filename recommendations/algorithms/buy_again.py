"""A customer's own purchases, the frequent and recent ones first."""

from __future__ import annotations

import numpy as np

from recommendations.artifacts.scorers import OwnHistory
from recommendations.interactions import Interactions

from .base import Algorithm, Fit, Learned

_TIE = 1e-6  # against weights of about 1 an order


class BuyAgain(Algorithm):
    """The score of an item is the sum over the customer's orders of it of 2^-(age / half_life).

    Of items of equal weight the one that more customers have bought comes first. Suggests only what the
    customer has bought, so ask with ``exclude_seen=False``.
    """

    def learn(self, data: Interactions, fit: Fit) -> Learned:
        matrix = self.matrix(data)
        buyers = np.bincount(matrix.indices, minlength=data.n_items)
        return Learned(OwnHistory((_TIE * buyers / max(buyers.max(), 1)).astype(np.float32)), matrix)
