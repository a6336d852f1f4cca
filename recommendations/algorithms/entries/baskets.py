"""The next basket: what is bought again, and together."""

from __future__ import annotations

from ..parameters import Parameter
from .base import AlgorithmInfo, Suits, gettext_noop, half_life, neighbours

ENTRIES = (
    AlgorithmInfo(
        name="buy_again",
        title=gettext_noop("Buy again"),
        summary=gettext_noop("The customer's own purchases, recent and frequent ones first."),
        path="recommendations.algorithms.buy_again.BuyAgain",
        roles=("buy_again",),
        needs="orders",
        supports=frozenset({"recommend", "fold_in", "explain"}),
        parameters=(half_life(100.0, search=(30, 60, 100, 180, None)),),
        suits=Suits(repeats=0.02, cost=1),
    ),
    AlgorithmInfo(
        name="bought_together",
        title=gettext_noop("Bought together"),
        summary=gettext_noop(
            "Items that share an order more often than chance explains (lift, support and a G-test)."
        ),
        path="recommendations.algorithms.bought_together.BoughtTogether",
        roles=("bought_together",),
        needs="orders",
        guests=True,
        supports=frozenset({"recommend", "similar", "fold_in", "explain"}),
        parameters=(
            Parameter(
                "min_support",
                "int",
                3,
                gettext_noop("Orders that must hold both items."),
                low=1,
                high=1_000_000,
                search=(2, 3, 5, 10),
            ),
            Parameter(
                "min_lift",
                "float",
                1.2,
                gettext_noop("How many times more often than by chance the two must meet."),
                low=1,
                high=1000,
                search=(1, 1.2, 2),
            ),
            Parameter(
                "false_discovery_rate",
                "float",
                0.01,
                gettext_noop("Share of chance pairs tolerated among those kept (Benjamini-Hochberg)."),
                low=1e-9,
                high=0.5,
            ),
            Parameter(
                "max_order_items",
                "int",
                200,
                gettext_noop("Larger orders tell little about which items belong together and are left out."),
                low=2,
                high=10_000,
            ),
            neighbours(50),
        ),
        paper="Dunning (1993): Accurate methods for the statistics of surprise and coincidence",
        suits=Suits(cost=1),
    ),
    AlgorithmInfo(
        name="association_rules",
        title=gettext_noop("Association rules"),
        summary=gettext_noop(
            "Who has these items in the basket takes that one: rules from sets bought often."
        ),
        path="recommendations.algorithms.association_rules.AssociationRules",
        roles=("bought_together",),
        needs="orders",
        guests=True,
        supports=frozenset({"recommend", "similar", "fold_in", "explain"}),
        parameters=(
            Parameter(
                "metric",
                "choice",
                "lift",
                gettext_noop("What the rules are ranked by."),
                choices=("confidence", "lift", "leverage", "conviction"),
                search=("confidence", "lift", "leverage", "conviction"),
            ),
            Parameter(
                "min_support",
                "int",
                10,
                gettext_noop("Orders that must hold all items of a rule."),
                low=1,
                high=1_000_000,
                search=(5, 10, 20, 50),
            ),
            Parameter(
                "min_confidence",
                "float",
                0.05,
                gettext_noop("Share of the orders with a rule's conditions that must hold its conclusion."),
                low=0,
                high=1,
                search=(0.01, 0.05, 0.1, 0.2),
            ),
            Parameter(
                "max_antecedents",
                "int",
                2,
                gettext_noop("How many items the condition of a rule may have."),
                low=1,
                high=3,
                search=(1, 2),
            ),
            Parameter(
                "max_order_items",
                "int",
                100,
                gettext_noop("Larger orders tell little about which items belong together and are left out."),
                low=2,
                high=10_000,
            ),
            half_life(None, search=(None, 60, 90, 180)),
        ),
        paper="Han, Pei and Yin (2000): Mining frequent patterns without candidate generation",
        suits=Suits(rows=3_000_000, items=30_000, cost=2),
        requires=("mlxtend", "pandas"),
    ),
)
