"""Neighbours: items and people alike."""

from __future__ import annotations

from ..parameters import Parameter
from .base import AlgorithmInfo, Suits, gettext_noop, half_life, neighbours, weight

ENTRIES = (
    AlgorithmInfo(
        name="item_cosine",
        title=gettext_noop("Item cosine"),
        summary=gettext_noop("Items bought by the same customers, by cosine similarity with time decay."),
        path="recommendations.algorithms.item_cosine.ItemCosine",
        roles=("similar", "personal"),
        needs="orders",
        supports=frozenset({"recommend", "similar", "fold_in", "explain"}),
        parameters=(
            weight("sqrt"),
            half_life(90.0, search=(None, 60, 90, 180)),
            neighbours(200),
            Parameter(
                "shrinkage",
                "float",
                5.0,
                gettext_noop("Damps similarities that rest on few customers."),
                low=0,
                high=10_000,
                search=(0, 5, 20),
            ),
            Parameter(
                "amplification",
                "float",
                2.0,
                gettext_noop(
                    "Power of the similarity: above 1, close neighbours outweigh many distant ones."
                ),
                low=0.1,
                high=10,
                search=(1, 2, 3),
            ),
        ),
        paper="Sarwar et al. (2001): Item-based collaborative filtering recommendation algorithms",
        suits=Suits(cost=1),
    ),
)
