"""Factor models of purchases that learn by gradients."""

from __future__ import annotations

from ..parameters import Parameter, Range
from .base import AlgorithmInfo, Suits, gettext_noop, half_life, weight

_FACTORS = Parameter(
    "factors",
    "int",
    64,
    gettext_noop("Length of the vector learned for each customer and each item."),
    low=1,
    high=1024,
    search=(32, 64, 128),
)
_EPOCHS = Parameter(
    "epochs",
    "int",
    None,
    gettext_noop(
        "Passes over all purchases; auto finds how many are best on the validation part (early stopping)."
    ),
    low=1,
    high=2000,
    empty="auto",
)
_PATIENCE = Parameter(
    "patience",
    "int",
    5,
    gettext_noop("Training ends when so many epochs have brought nothing new on the validation part."),
    low=1,
    high=2000,
)


def _rate(default: float, low: float, high: float) -> Parameter:
    return Parameter(
        "learning_rate",
        "float",
        default,
        gettext_noop("Step size of the optimizer."),
        low=1e-6,
        high=10,
        between=Range(low, high, log=True),
    )


_SUPPORTS = frozenset({"recommend", "similar", "fold_in", "explain"})

ENTRIES = (
    AlgorithmInfo(
        name="bpr",
        title=gettext_noop("Bayesian personalized ranking"),
        summary=gettext_noop(
            "Matrix factorization that learns to rank what a customer bought above what she did not."
        ),
        path="recommendations.algorithms.bpr.BPR",
        roles=("personal", "similar"),
        needs="orders",
        supports=_SUPPORTS,
        parameters=(
            _FACTORS,
            _EPOCHS,
            _PATIENCE,
            _rate(0.05, 0.01, 0.2),
            Parameter(
                "regularization",
                "float",
                0.005,
                gettext_noop("Pull of the vectors towards zero (L2), per comparison."),
                low=0,
                high=10,
                between=Range(1e-4, 0.1, log=True),
            ),
            Parameter(
                "negatives",
                "choice",
                "uniform",
                gettext_noop(
                    "Which items not bought are compared with: any alike, popular ones more often, those of "
                    "other purchases, or the hardest of several."
                ),
                choices=("uniform", "popularity", "in_batch", "hard"),
                search=("uniform", "popularity", "hard"),
            ),
            weight("log1p"),
            half_life(90.0, search=(None, 30, 60, 90, 180)),
        ),
        paper="Rendle et al. (2009): BPR, Bayesian personalized ranking from implicit feedback",
        suits=Suits(cost=3),
    ),
    AlgorithmInfo(
        name="ccl",
        title=gettext_noop("Cosine contrastive learning"),
        summary=gettext_noop(
            "Learns vectors by which what a customer bought points to what else she bought, and away from "
            "many items at once that she did not."
        ),
        path="recommendations.algorithms.ccl.CCL",
        roles=("personal", "similar"),
        needs="orders",
        supports=_SUPPORTS,
        parameters=(
            _FACTORS,
            _EPOCHS,
            _PATIENCE,
            _rate(0.005, 0.001, 0.02),
            Parameter(
                "loss",
                "choice",
                "softmax",
                gettext_noop("How what was not bought is kept away: beyond a margin, or all by a softmax."),
                choices=("margin", "softmax"),
                search=("margin", "softmax"),
            ),
            Parameter(
                "temperature",
                "float",
                0.1,
                gettext_noop("Softmax: below 1; the lower, the more the closest wrong items count."),
                low=0.02,
                high=1,
                between=Range(0.05, 0.3, log=True),
            ),
            Parameter(
                "margin",
                "float",
                0.8,
                gettext_noop("Margin: the cosine up to which an item not bought is left in peace."),
                low=-1,
                high=1,
                between=Range(0.2, 0.9),
            ),
            Parameter(
                "negative_weight",
                "float",
                10.0,
                gettext_noop("Margin: how much the items not bought count together."),
                low=0,
                high=100_000,
                between=Range(1, 300, log=True),
            ),
            Parameter(
                "negatives",
                "int",
                4096,
                gettext_noop("How many items not bought each customer meets in a step."),
                low=1,
                high=1_000_000,
            ),
            Parameter(
                "sampling",
                "choice",
                "uniform",
                gettext_noop(
                    "Whether popular items are met more often (by their number of customers ^ 0.75)."
                ),
                choices=("uniform", "popularity"),
            ),
            Parameter(
                "dropout",
                "float",
                0.0,
                gettext_noop("Share of the history that is left out at random while learning."),
                low=0,
                high=0.95,
                search=(0, 0.2, 0.5),
            ),
            Parameter(
                "weight_decay",
                "float",
                0.0,
                gettext_noop("Pull of the vectors towards zero (L2)."),
                low=0,
                high=10,
                search=(0, 1e-4, 1e-3, 1e-2),
            ),
            weight("log1p"),
            half_life(90.0, search=(None, 30, 60, 90, 180)),
        ),
        paper="Mao et al. (2021): SimpleX, a simple and strong baseline for collaborative filtering",
        suits=Suits(cost=3),
    ),
)
