"""What an entry of the catalogue is made of, and the parameters that many algorithms share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from ..parameters import Parameter, Value

Need = Literal["orders", "ratings"]
Scope = Literal["new", "all"]


def gettext_noop(text: str) -> str:
    """Mark a text for ``makemessages``; the face that shows it translates it."""
    return text


METRICS = ("ndcg", "recall", "hit_rate", "map", "mrr", "precision", "f1")
"""What a manager may judge models by, each at a length of list: ``ndcg@20``."""

MAX_K = 100


@dataclass(frozen=True, slots=True)
class Role:
    """A place that one active model fills, and how candidates for it are judged against ``baseline``."""

    name: str
    title: str
    metric: str
    scope: Scope
    baseline: str

    def judged_by(self, metric: str | None = None, scope: str | None = None) -> Role:
        """The role judged by another metric or over another scope; None is its own.

        Raises ValueError for a metric that is none of ``METRICS`` at 1 to 100 items, and an unknown scope.
        """
        name, _, k = (metric or self.metric).partition("@")
        if name not in METRICS or not k.isdecimal() or not 1 <= int(k) <= MAX_K:
            names = ", ".join(METRICS)
            raise ValueError(f"A metric is one of {names} at 1 to {MAX_K}, as in ndcg@20; got {metric!r}.")
        if scope and scope not in get_args(Scope):
            raise ValueError(f"A scope is new or all; got {scope!r}.")
        return replace(self, metric=f"{name}@{int(k)}", scope=cast(Scope, scope or self.scope))


@dataclass(frozen=True, slots=True)
class Suits:
    """The shops for which the search for the best model tries an algorithm; None is no limit.

    ``users``, ``items`` and ``rows``: at most so many of them; ``smaller_side``: of users or items, whichever
    is fewer (a dense solve). ``repeats``: at least this share of the purchases is of an item bought before.
    ``described``: at least this share of the items has a text or a category. ``cost``: how much time it takes
    next to the others, 1 counting, 2 a solve, 3 many passes over the rows; cheap ones are tried first.
    """

    users: int | None = None
    items: int | None = None
    rows: int | None = None
    smaller_side: int | None = None
    repeats: float = 0.0
    described: float = 0.0
    cost: Literal[1, 2, 3] = 2


@dataclass(frozen=True, slots=True)
class AlgorithmInfo:
    """One algorithm. ``path`` names its class, ``roles`` are those it can fill, its usual one first.

    ``guests``: it learns from orders of people without an account too. ``suits`` says for which shops the
    search for the best model tries it, None for none. ``requires``: modules that it imports beyond the extra
    ``train``.
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
    suits: Suits | None = Suits()
    requires: tuple[str, ...] = ()

    def parameter(self, name: str) -> Parameter:
        """The parameter of that name; KeyError when there is none."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        raise KeyError(name)

    @property
    def defaults(self) -> dict[str, Value]:
        return {parameter.name: parameter.default for parameter in self.parameters}


def weight(default: str) -> Parameter:
    """How repeated purchases count: a parameter of nearly every algorithm."""
    return Parameter(
        "weight",
        "choice",
        default,
        gettext_noop("How repeated purchases of an item by a customer count."),
        choices=("binary", "count", "log1p", "sqrt"),
        search=("binary", "log1p", "sqrt"),
    )


def half_life(
    default: float | None, *, empty: Literal["", "none"] = "none", search: tuple[Value, ...] = ()
) -> Parameter:
    """The decay of purchases by age, in days."""
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


def neighbours(default: int) -> Parameter:
    """How many neighbours an item keeps."""
    return Parameter(
        "neighbours",
        "int",
        default,
        gettext_noop("How many related items are kept for each item."),
        low=1,
        high=5000,
    )
