"""Matrix factorization."""

from __future__ import annotations

from ..parameters import Parameter
from .base import AlgorithmInfo, gettext_noop, half_life, weight

ENTRIES = (
    AlgorithmInfo(
        name="als",
        title=gettext_noop("Alternating least squares"),
        summary=gettext_noop(
            "Matrix factorization of purchases: learns customers' tastes and items' characters together."
        ),
        path="recommendations.algorithms.als.ALS",
        roles=("personal", "similar"),
        needs="orders",
        supports=frozenset({"recommend", "similar", "fold_in", "explain"}),
        parameters=(
            Parameter(
                "factors",
                "int",
                64,
                gettext_noop("Length of the vector learned for each customer and each item."),
                low=1,
                high=1024,
                search=(32, 64, 128),
            ),
            Parameter(
                "iterations",
                "int",
                15,
                gettext_noop("Rounds of solving for customers and then for items."),
                low=1,
                high=500,
            ),
            Parameter(
                "alpha",
                "float",
                2.0,
                gettext_noop(
                    "How much more a purchase counts than its absence: confidence is 1 + alpha x weight."
                ),
                low=0,
                high=10_000,
                search=(1, 3, 10, 30),
            ),
            Parameter(
                "unobserved_weight",
                "float",
                1.0,
                gettext_noop("How much it counts that an item was not bought: the 1 of the confidence."),
                low=1e-4,
                high=10_000,
            ),
            Parameter(
                "regularization",
                "float",
                None,
                gettext_noop("Pull of the vectors towards zero; auto picks it on the validation part."),
                low=0,
                high=1_000_000,
                empty="auto",
                search=(0.3, 1, 3, 10, 20, 30, 60, 100),
            ),
            Parameter(
                "frequency_scaling",
                "float",
                0.0,
                gettext_noop(
                    "Power of a customer's (an item's) confidences that regularization is multiplied with: "
                    "0 pulls all alike, 1 pulls those with more purchases more."
                ),
                low=0,
                high=1,
            ),
            Parameter(
                "block",
                "int",
                256,
                gettext_noop("Longer vectors are solved for in blocks of this many of their numbers."),
                low=1,
                high=1024,
            ),
            weight("log1p"),
            half_life(60.0, search=(None, 30, 60, 90, 180)),
        ),
        paper="Hu, Koren and Volinsky (2008): Collaborative filtering for implicit feedback datasets",
    ),
    AlgorithmInfo(
        name="svd",
        title=gettext_noop("SVD of ratings"),
        summary=gettext_noop("Matrix factorization of ratings with a bias for each customer and each item."),
        path="recommendations.algorithms.svd.SVD",
        roles=("personal", "similar"),
        needs="ratings",
        supports=frozenset({"recommend", "similar", "fold_in"}),
        parameters=(
            Parameter(
                "factors",
                "int",
                50,
                gettext_noop("Length of the vector learned for each customer and each item."),
                low=1,
                high=1024,
                search=(20, 50, 100),
            ),
            Parameter("epochs", "int", 30, gettext_noop("Passes over all ratings."), low=1, high=1000),
            Parameter(
                "learning_rate",
                "float",
                0.01,
                gettext_noop("Step size of the optimizer (Adam)."),
                low=1e-6,
                high=1,
            ),
            Parameter(
                "regularization",
                "float",
                0.1,
                gettext_noop("Pull of vectors and biases towards zero, per rating."),
                low=0,
                high=100,
                search=(0.02, 0.05, 0.1, 0.2),
            ),
        ),
        paper="Koren, Bell and Volinsky (2009): Matrix factorization techniques for recommender systems",
    ),
)
