"""A host's own algorithm that reads the shop's tables itself, and with them the orders held back."""

from __future__ import annotations

import numpy as np

from recommendations.adapters import get_adapter
from recommendations.algorithms.base import Algorithm, Fit, Learned
from recommendations.algorithms.catalogue import AlgorithmInfo
from recommendations.artifacts.scorers import OwnHistory
from recommendations.interactions import Interactions

CHEATING = AlgorithmInfo(
    name="cheating",
    title="Cheating",
    summary="What each customer has bought and will have bought.",
    path="tests.training.cheating.Cheating",
    roles=("personal",),
    needs="orders",
    supports=frozenset({"recommend", "fold_in"}),
    parameters=(),
)
HONEST = AlgorithmInfo(
    name="honest",
    title="Honest",
    summary="Popularity under another name.",
    path="recommendations.algorithms.popularity.Popularity",
    roles=("personal",),
    needs="orders",
    supports=frozenset({"recommend", "fold_in"}),
    parameters=(),
)


class Cheating(Algorithm):
    """Suggests all purchases that the shop's tables hold, old and new."""

    def learn(self, data: Interactions, fit: Fit) -> Learned:
        rows, _report = get_adapter().read_interactions("orders", on_progress=None)
        user, item = (
            data.users.index(rows.users.keys)[rows.user],
            data.items.index(rows.items.keys)[rows.item],
        )
        known = (user >= 0) & (item >= 0)
        everything = Interactions.from_codes(data.users, data.items, user[known], item[known])
        return Learned(OwnHistory(np.zeros(data.n_items, np.float32)), everything.matrix("binary"))
