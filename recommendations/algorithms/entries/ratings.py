"""Ratings: what a customer would give an item."""

from __future__ import annotations

from ..parameters import Parameter
from .base import AlgorithmInfo, Suits, gettext_noop

ENTRIES = (
    AlgorithmInfo(
        name="svdpp",
        title=gettext_noop("SVD++ of ratings"),
        summary=gettext_noop(
            "Matrix factorization of ratings that also learns from which items were rated at all."
        ),
        path="recommendations.algorithms.svdpp.SVDpp",
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
                search=(20, 50),
            ),
            Parameter("epochs", "int", 40, gettext_noop("Passes over all ratings."), low=1, high=1000),
            Parameter(
                "patience",
                "int",
                5,
                gettext_noop("Passes without a gain on the validation part after which training ends."),
                low=1,
                high=1000,
            ),
            Parameter(
                "learning_rate",
                "float",
                0.005,
                gettext_noop("Step size of the optimizer (Adam)."),
                low=1e-6,
                high=1,
            ),
            Parameter(
                "regularization",
                "float",
                1.2,
                gettext_noop("Pull of the vectors of customers and items towards zero."),
                low=0,
                high=10_000,
                search=(0.8, 1.2, 1.6),
            ),
            Parameter(
                "implicit_regularization",
                "float",
                5.0,
                gettext_noop("Pull of the vectors that tell what having rated an item says."),
                low=0,
                high=10_000,
                search=(3, 5, 10),
            ),
            Parameter(
                "bias_regularization",
                "float",
                1.0,
                gettext_noop("Pull of the biases of customers and items towards zero."),
                low=0,
                high=10_000,
                search=(0.3, 1, 2),
            ),
        ),
        paper="Koren (2008): Factorization meets the neighborhood",
        suits=Suits(cost=3),
    ),
)
