"""Leaks: whether an algorithm, of the host's own above all, knows purchases that were held back from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from ..algorithms import create
from ..artifacts import Model
from ..evaluation import LeakCheck, check_leaks
from ..interactions import Interactions, Split
from .bench import customers_of, fit_for

Report = Callable[[str, int, int, Mapping[str, Any]], bool | None]


def check(
    algorithm: str,
    parameters: Mapping[str, Any],
    split: Split,
    *,
    k: int = 20,
    seed: int = 0,
    report: Report | None = None,
    model: Model | None = None,
) -> LeakCheck:
    """What :func:`check_leaks <recommendations.evaluation.check_leaks>` finds.

    The built-in algorithms are given the training part and read nothing else; what a host's own reads, from
    the shop's tables for instance, nobody knows. ``model`` is the algorithm fitted on the split as it is, if
    that has been done; it is fitted anew twice.
    """

    def fit(data: Interactions) -> Model:
        rows = fit_for(algorithm, data)
        return create(algorithm, **parameters).fit(rows, seed=seed, on_progress=report)

    return check_leaks(fit, split, model=model, k=k, users=customers_of(split.development), seed=seed)


def refusal(found: LeakCheck) -> str:
    """Why figures are not to be believed, in a sentence or two; empty where nothing was found."""
    if found.found == "names":
        text = _(
            "Refused: with the names of customers and items dealt anew it still finds what the real ones "
            "bought (%(score).3f, by chance %(chance).3f). It knows the test from somewhere: let it learn "
            "from the rows that fit is given alone."
        )
        return text % {"score": found.score_renamed, "chance": found.chance}
    if found.found == "times":
        text = _(
            "Refused: with each customer's times shuffled it falls from %(score).3f to %(shuffled).3f. It "
            "knows the purchases held back by heart: let it learn from the rows that fit is given alone."
        )
        return text % {"score": found.score, "shuffled": found.score_shuffled}
    return ""
