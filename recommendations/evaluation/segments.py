"""The same figures by kind of customer and by kind of item: a good mean may hide whom a model fails."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recommendations.evaluation.bootstrap import bootstrap_interval
from recommendations.evaluation.metrics import ranking_metrics
from recommendations.evaluation.protocol import Evaluation
from recommendations.interactions import Interactions

ACTIVITY: Final[Mapping[str, tuple[int, float]]] = {
    "cold": (0, 0),
    "light": (1, 2),
    "regular": (3, 9),
    "heavy": (10, math.inf),
}
"""Customers by their orders before the test: fewest and most, both included."""

POPULARITY: Final[Mapping[str, tuple[float, float]]] = {
    "head": (0.0, 0.5),
    "middle": (0.5, 0.8),
    "tail": (0.8, 1.0),
}
"""Items by their place in the purchases before the test: the bestsellers that make up the first half of them,
those up to 80 %, and the rest, items never sold before included."""

SHOWN: Final = ("ndcg", "recall", "hit_rate")


def orders_before(train: Interactions, users: list[str]) -> NDArray[np.int64]:
    """How many orders each user (key) has in ``train``: int64.

    Where orders are unknown, distinct moments count, and without times rows.
    """
    visit: NDArray[Any]
    if train.order is not None:
        visit = train.order
    elif train.time is not None:
        visit = np.unique(train.time, return_inverse=True)[1]
    else:
        visit = np.arange(len(train))
    pairs = np.unique(np.stack([train.user.astype(np.int64), visit.astype(np.int64)]), axis=1)
    counts = np.append(np.bincount(pairs[0], minlength=train.n_users), 0)  # the last one for -1, unknown
    return np.asarray(counts[train.users.index(users)], np.int64)


def item_groups(purchases: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place in ``POPULARITY`` of each item, by its number of purchases: int64.

    An item belongs to the group in which its first purchase lies when items are laid end to end, the most
    sold first (equal ones in the order given).
    """
    by = np.argsort(-purchases, kind="stable")
    before = np.cumsum(purchases[by]) - purchases[by]
    share = before / max(int(purchases.sum()), 1)
    groups = np.empty(len(purchases), np.int64)
    groups[by] = np.searchsorted([start for start, _ in POPULARITY.values()], share, side="right") - 1
    groups[purchases == 0] = len(POPULARITY) - 1
    return groups


def by_activity(
    evaluation: Evaluation, train: Interactions, *, cold: Evaluation | None = None, seed: int = 0
) -> dict[str, dict[str, Any]]:
    """``{cold: {users, ndcg, recall, hit_rate, interval: {ndcg}}, light, regular, heavy}``; NaN for nobody.

    ``cold``: the evaluation of customers without orders before the test, if they were evaluated apart.
    """
    orders = orders_before(train, evaluation.users)
    found = {}
    for name, (fewest, most) in ACTIVITY.items():
        chosen = (orders >= fewest) & (orders <= most)
        source = cold if name == "cold" and cold is not None else evaluation
        mask = slice(None) if source is cold else chosen
        found[name] = _means({metric: source.per_user[metric][mask] for metric in SHOWN}, seed)
    return found


def by_popularity(evaluation: Evaluation, *, seed: int = 0) -> dict[str, dict[str, Any]]:
    """``{head: {items, users, ndcg, recall, hit_rate, interval: {ndcg}, suggested}, middle, tail}``.

    What counts as a hit is what lies in the group; the lists stay what they are. ``users``: those with such
    purchases in the test. ``suggested``: the share of all suggestions that lie in the group.
    """
    groups = item_groups(evaluation.purchases)
    tail = len(POPULARITY) - 1
    listed = np.where(evaluation.lists >= 0, np.append(groups, tail)[evaluation.lists], -1)
    # Items that the model does not know were not sold before: position -1, the last one, the tail.
    relevant = np.append(groups, tail)[evaluation.relevant_item]
    found = {}
    for place, name in enumerate(POPULARITY):
        counts = np.bincount(
            evaluation.relevant_user[relevant == place], minlength=len(evaluation.users)
        ).astype(np.int64)
        users = counts > 0
        hits = evaluation.hits & (listed == place)
        metrics = ranking_metrics(hits[users], counts[users])
        suggested = int((listed == place).sum()) / max(int((listed >= 0).sum()), 1)
        found[name] = {
            "items": int(np.count_nonzero(groups == place)),
            **_means({metric: metrics[metric] for metric in SHOWN}, seed),
            "suggested": suggested,
        }
    return found


def _means(values: Mapping[str, NDArray[np.float64]], seed: int) -> dict[str, Any]:
    users = len(values["ndcg"])
    return {
        "users": users,
        **{name: float(column.mean()) if users else math.nan for name, column in values.items()},
        "interval": {"ndcg": list(bootstrap_interval(values["ndcg"], seed=seed))},
    }
