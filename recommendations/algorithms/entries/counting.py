"""Counting: the baselines."""

from __future__ import annotations

from .base import AlgorithmInfo, Suits, gettext_noop, half_life, weight

ENTRIES = (
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
        parameters=(weight("binary"), half_life(None, search=(None, 7, 14, 30, 60))),
        suits=Suits(cost=1),
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
        parameters=(weight("sqrt"), half_life(7.0, empty="", search=(7, 14, 30))),
        suits=Suits(cost=1),
    ),
)
