"""What the faces must know of every algorithm, as data: roles, parameters, ranges, defaults and help.

Nothing here loads PyTorch, numpy or Django: the admin's form, the API, the commands and the system checks
read this module; only a training process imports the class that ``AlgorithmInfo.path`` names. Texts are
English and marked for translation; a face translates them with its own gettext.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Literal

from .parameters import InvalidParameters, Parameter, Value

__all__ = [
    "ALGORITHMS",
    "ROLES",
    "AlgorithmInfo",
    "InvalidParameters",
    "Parameter",
    "Role",
    "UnknownAlgorithm",
    "gettext_noop",
    "info",
    "register",
    "validate",
]

Need = Literal["orders", "ratings"]
Scope = Literal["new", "all"]


def gettext_noop(text: str) -> str:
    """Mark a text for ``makemessages``; the face that shows it translates it."""
    return text


class UnknownAlgorithm(LookupError):
    """No algorithm of that name; the message lists the valid ones, the closest first."""


@dataclass(frozen=True, slots=True)
class Role:
    """A place that one active model fills, and how candidates for it are judged against ``baseline``."""

    name: str
    title: str
    metric: str
    scope: Scope
    baseline: str


ROLES: dict[str, Role] = {
    role.name: role
    for role in (
        Role("personal", gettext_noop("Personal suggestions"), "ndcg@20", "new", "popularity"),
        Role("similar", gettext_noop("Similar items"), "ndcg@20", "new", "popularity"),
        Role("bought_together", gettext_noop("Bought together"), "ndcg@20", "new", "popularity"),
        Role("buy_again", gettext_noop("Buy again"), "ndcg@20", "all", "popularity"),
        Role("trending", gettext_noop("Trending"), "ndcg@20", "new", "popularity"),
    )
}


@dataclass(frozen=True, slots=True)
class AlgorithmInfo:
    """One algorithm. ``path`` names its class, ``roles`` are those it can fill, its usual one first.

    ``guests``: it learns from orders of people without an account too.
    """

    name: str
    title: str
    summary: str
    path: str
    roles: tuple[str, ...]
    needs: Need
    supports: frozenset[str]
    parameters: tuple[Parameter, ...]
    paper: str = ""
    guests: bool = False

    def parameter(self, name: str) -> Parameter:
        """The parameter of that name; KeyError when there is none."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        raise KeyError(name)

    @property
    def defaults(self) -> dict[str, Value]:
        return {parameter.name: parameter.default for parameter in self.parameters}


def _weight(default: str) -> Parameter:
    return Parameter(
        "weight",
        "choice",
        default,
        gettext_noop("How repeated purchases of an item by a customer count."),
        choices=("binary", "count", "log1p", "sqrt"),
        search=("binary", "log1p", "sqrt"),
    )


def _half_life(
    default: float | None, *, empty: Literal["", "none"] = "none", search: tuple[Value, ...] = ()
) -> Parameter:
    return Parameter(
        "half_life",
        "float",
        default,
        gettext_noop("Days after which a purchase counts half."),
        low=0.1,
        high=3650,
        empty=empty,
        search=search,
    )


def _neighbours(default: int) -> Parameter:
    return Parameter(
        "neighbours",
        "int",
        default,
        gettext_noop("How many related items are kept for each item."),
        low=1,
        high=5000,
    )


ALGORITHMS: dict[str, AlgorithmInfo] = {
    algorithm.name: algorithm
    for algorithm in (
        AlgorithmInfo(
            name="popularity",
            title=gettext_noop("Popularity"),
            summary=gettext_noop(
                "What most customers buy; the same list for everyone. The baseline of every role."
            ),
            path="recommendations.algorithms.popularity.Popularity",
            roles=("trending", "personal"),
            needs="orders",
            guests=True,
            supports=frozenset({"recommend", "fold_in"}),
            parameters=(_weight("binary"), _half_life(None, search=(None, 7, 14, 30, 60))),
        ),
        AlgorithmInfo(
            name="trending",
            title=gettext_noop("Trending"),
            summary=gettext_noop("What most customers have bought lately: recent purchases count more."),
            path="recommendations.algorithms.trending.Trending",
            roles=("trending",),
            needs="orders",
            guests=True,
            supports=frozenset({"recommend", "fold_in"}),
            parameters=(_weight("sqrt"), _half_life(7.0, empty="", search=(7, 14, 30))),
        ),
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
                    "regularization",
                    "float",
                    None,
                    gettext_noop("Pull of the vectors towards zero; auto picks it on the validation part."),
                    low=0,
                    high=1_000_000,
                    empty="auto",
                    search=(0.3, 1, 3, 10, 20, 30, 60, 100),
                ),
                _weight("log1p"),
                _half_life(60.0, search=(None, 30, 60, 90, 180)),
            ),
            paper="Hu, Koren and Volinsky (2008): Collaborative filtering for implicit feedback datasets",
        ),
        AlgorithmInfo(
            name="svd",
            title=gettext_noop("SVD of ratings"),
            summary=gettext_noop(
                "Matrix factorization of ratings with a bias for each customer and each item."
            ),
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
        AlgorithmInfo(
            name="item_cosine",
            title=gettext_noop("Item cosine"),
            summary=gettext_noop("Items bought by the same customers, by cosine similarity with time decay."),
            path="recommendations.algorithms.item_cosine.ItemCosine",
            roles=("similar", "personal"),
            needs="orders",
            supports=frozenset({"recommend", "similar", "fold_in", "explain"}),
            parameters=(
                _weight("sqrt"),
                _half_life(90.0, search=(None, 60, 90, 180)),
                _neighbours(200),
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
        ),
        AlgorithmInfo(
            name="buy_again",
            title=gettext_noop("Buy again"),
            summary=gettext_noop("The customer's own purchases, recent and frequent ones first."),
            path="recommendations.algorithms.buy_again.BuyAgain",
            roles=("buy_again",),
            needs="orders",
            supports=frozenset({"recommend", "fold_in", "explain"}),
            parameters=(_half_life(100.0, search=(30, 60, 100, 180, None)),),
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
                    gettext_noop(
                        "Larger orders tell little about which items belong together and are left out."
                    ),
                    low=2,
                    high=10_000,
                ),
                _neighbours(50),
            ),
            paper="Dunning (1993): Accurate methods for the statistics of surprise and coincidence",
        ),
    )
}

_BUILT_IN = frozenset(ALGORITHMS)


def info(name: str) -> AlgorithmInfo:
    """The algorithm of that name; UnknownAlgorithm lists the valid ones, the closest first."""
    try:
        return ALGORITHMS[name]
    except KeyError:
        close = get_close_matches(str(name), ALGORITHMS, n=len(ALGORITHMS), cutoff=0.5)
        names = close + [other for other in ALGORITHMS if other not in close]
        raise UnknownAlgorithm(f"There is no algorithm {name!r}. Valid are: {', '.join(names)}.") from None


def validate(name: str, parameters: Mapping[str, object]) -> dict[str, Value]:
    """All parameters of the algorithm, typed, defaults filled in.

    Text is converted, so that a form, the API and ``--set key=value`` may all call it.
    Raises UnknownAlgorithm, or InvalidParameters with one sentence for each bad one.
    """
    algorithm = info(name)
    values = algorithm.defaults
    errors: dict[str, str] = {}
    for field, raw in parameters.items():
        if field not in values:
            close = get_close_matches(str(field), values, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            errors[field] = f"is not a parameter of {name}.{hint} Valid are: {', '.join(values)}."
            continue
        try:
            values[field] = algorithm.parameter(field).convert(raw)
        except ValueError as error:
            errors[field] = str(error)
    if errors:
        raise InvalidParameters(name, errors)
    return values


def register(extra: Mapping[str, str]) -> None:
    """Add a host's own algorithms: name -> dotted path of an ``AlgorithmInfo`` (in a module without PyTorch).

    Called again it replaces what earlier calls added. Raises ImportError or ValueError naming the entry.
    """
    found = {name: _imported_info(name, path) for name, path in extra.items()}
    for name in [name for name in ALGORITHMS if name not in _BUILT_IN]:
        del ALGORITHMS[name]
    ALGORITHMS.update(found)


def _imported_info(name: str, path: str) -> AlgorithmInfo:
    if name in _BUILT_IN:
        raise ValueError(f"The algorithm name {name!r} is taken by a built-in one; choose another.")
    module, _, attribute = path.rpartition(".")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ImportError(f"Algorithm {name!r}: cannot import {path!r}: {error}") from error
    if not isinstance(found, AlgorithmInfo) or found.name != name:
        raise ValueError(
            f"Algorithm {name!r}: {path!r} must be an AlgorithmInfo whose name is {name!r}, got {found!r}."
        )
    unknown = [role for role in found.roles if role not in ROLES]
    if unknown or not found.roles:
        raise ValueError(f"Algorithm {name!r}: got roles {found.roles}, allowed are {', '.join(ROLES)}.")
    return found
