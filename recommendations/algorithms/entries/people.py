"""People alike."""

from __future__ import annotations

from ..parameters import Parameter
from .base import AlgorithmInfo, Suits, gettext_noop, half_life, weight


def people(default: int) -> Parameter:
    """How many people alike speak for a customer."""
    return Parameter(
        "neighbours",
        "int",
        default,
        gettext_noop("How many of the customers most alike speak for a customer."),
        low=1,
        high=10_000,
        search=(50, 100, 200, 300),
    )


ENTRIES = (
    AlgorithmInfo(
        name="user_knn",
        title=gettext_noop("Customers alike"),
        summary=gettext_noop("What the customers with the most similar purchases bought."),
        path="recommendations.algorithms.user_knn.UserKNN",
        roles=("personal",),
        needs="orders",
        supports=frozenset({"recommend", "fold_in", "explain"}),
        parameters=(
            weight("sqrt"),
            half_life(90.0, search=(None, 30, 60, 90, 180)),
            people(100),
            Parameter(
                "shrinkage",
                "float",
                0.0,
                gettext_noop("Damps the likeness of customers with short histories."),
                low=0,
                high=10_000,
                search=(0, 1, 5, 20),
            ),
        ),
        paper="Resnick et al. (1994): GroupLens, an open architecture for collaborative filtering of netnews",
        suits=Suits(users=300_000, cost=1),
    ),
    AlgorithmInfo(
        name="tifu_knn",
        title=gettext_noop("Next basket (TIFU-kNN)"),
        summary=gettext_noop(
            "A customer's own purchases, recent ones first, together with those of customers alike."
        ),
        path="recommendations.algorithms.tifu_knn.TifuKNN",
        roles=("buy_again", "personal"),
        needs="orders",
        supports=frozenset({"recommend", "fold_in", "explain"}),
        parameters=(
            weight("count"),
            half_life(None, search=(None, 60, 120, 240)),
            Parameter(
                "groups",
                "int",
                20,
                gettext_noop("Into how many groups a customer's orders are cut, by time."),
                low=1,
                high=1000,
                search=(5, 10, 20, 40),
            ),
            Parameter(
                "group_decay",
                "float",
                0.9,
                gettext_noop("What a group of orders counts, compared with the next later one."),
                low=0.01,
                high=1,
                search=(0.7, 0.8, 0.9, 0.95, 1),
            ),
            Parameter(
                "basket_decay",
                "float",
                0.9,
                gettext_noop("What an order counts, compared with the next later one of its group."),
                low=0.01,
                high=1,
                search=(0.8, 0.9, 1),
            ),
            people(300),
            Parameter(
                "alpha",
                "float",
                0.7,
                gettext_noop("Share of the customer's own purchases; the rest is that of customers alike."),
                low=0,
                high=1,
                search=(0.3, 0.5, 0.7, 0.9),
            ),
        ),
        paper="Hu, He, Gao and Zhang (2020): Modeling personalized item frequency information for "
        "next-basket recommendation",
        suits=Suits(users=300_000, cost=1),
    ),
)
