"""What an entry of the catalogue is made of, and the parameters that many algorithms share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..parameters import Parameter, Value

Need = Literal["orders", "ratings"]
Scope = Literal["new", "all"]


def gettext_noop(text: str) -> str:
    """Mark a text for ``makemessages``; the face that shows it translates it."""
    return text


@dataclass(frozen=True, slots=True)
class Role:
    """A place that one active model fills, and how candidates for it are judged against ``baseline``."""

    name: str
    title: str
    metric: str
    scope: Scope
    baseline: str


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
