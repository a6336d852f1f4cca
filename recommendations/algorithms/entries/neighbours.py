"""Items by items: what was bought together says what is bought next."""

from __future__ import annotations

from dataclasses import replace

from ..parameters import Parameter, Range
from .base import AlgorithmInfo, Suits, gettext_noop, half_life, neighbours, weight

_SUPPORTS = frozenset({"recommend", "similar", "fold_in", "explain"})

_ITEM_KNN = AlgorithmInfo(
    name="item_knn",
    title=gettext_noop("Items alike"),
    summary=gettext_noop("Items bought by the same customers, by cosine, TF-IDF or BM25 with time decay."),
    path="recommendations.algorithms.item_knn.ItemKNN",
    roles=("similar", "personal"),
    needs="orders",
    supports=_SUPPORTS,
    parameters=(
        Parameter(
            "similarity",
            "choice",
            "cosine",
            gettext_noop("How customers are weighed when two items are compared."),
            choices=("cosine", "tfidf", "bm25"),
            search=("cosine", "tfidf", "bm25"),
        ),
        weight("sqrt"),
        half_life(90.0, search=(None, 60, 90, 180)),
        Parameter(
            "half_life_orders",
            "float",
            None,
            gettext_noop("Later orders of the same customer after which a purchase counts half as a taste."),
            low=0.1,
            high=1000,
            empty="none",
            search=(None, 1, 3, 10, 30),
        ),
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
            gettext_noop("Power of the similarity: above 1, close neighbours outweigh many distant ones."),
            low=0.1,
            high=10,
            search=(0.5, 1, 2, 3),
        ),
    ),
    paper="Sarwar et al. (2001): Item-based collaborative filtering recommendation algorithms",
    suits=Suits(cost=1),
)

_EASE = AlgorithmInfo(
    name="ease",
    title=gettext_noop("EASE"),
    summary=gettext_noop("A linear model of each item by all others, solved exactly: strong for new items."),
    path="recommendations.algorithms.ease.EASE",
    roles=("personal", "similar"),
    needs="orders",
    supports=_SUPPORTS,
    parameters=(
        replace(weight("sqrt"), search=("binary", "count", "log1p", "sqrt")),
        half_life(60.0, search=(None, 30, 60, 90, 180)),
        Parameter(
            "l2",
            "float",
            300.0,
            gettext_noop("Pull of the model towards zero: more where there are more customers."),
            low=0.01,
            high=1_000_000,
            between=Range(10, 3000, log=True),
        ),
        neighbours(100),
    ),
    paper="Steck (2019): Embarrassingly shallow autoencoders for sparse data",
    suits=Suits(smaller_side=10_000),
)

_RIDGE = replace(
    _EASE,
    name="ridge",
    title=gettext_noop("Ridge regression"),
    summary=gettext_noop("As EASE, but an item speaks for itself too: strong where people buy again."),
    path="recommendations.algorithms.ridge.Ridge",
    roles=("buy_again", "personal", "similar"),
    parameters=(
        replace(weight("count"), search=("binary", "count", "log1p", "sqrt")),
        half_life(90.0, search=(None, 30, 60, 90, 180)),
        replace(_EASE.parameter("l2"), default=30.0),
        neighbours(100),
    ),
)

ENTRIES = (
    _ITEM_KNN,
    replace(
        _ITEM_KNN,
        name="item_cosine",
        title=gettext_noop("Item cosine"),
        summary=gettext_noop("What item_knn was called when it knew the cosine alone; the same with it."),
        suits=None,
    ),
    _EASE,
    _RIDGE,
)
