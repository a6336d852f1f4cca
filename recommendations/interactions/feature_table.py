"""The feature table: what is known of each (user, item) pair, one row a pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.interactions.dataset import Interactions
from recommendations.interactions.matrix import counted_orders, mean_values, run_starts
from recommendations.interactions.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Columns of equal length, sorted by user, then item; ``user`` and ``item`` are int32 codes.

    ``times_bought``: int64, distinct orders (0 for a pair that was only rated). ``last_bought``: float64 UTC
    epoch seconds, NaN where unknown. ``spend``: float64, quantity x unit price over all lines, NaN where no
    line's price is known. ``rating``: float32, the mean rating, NaN where there is none.
    """

    users: Vocabulary
    items: Vocabulary
    user: NDArray[np.int32]
    item: NDArray[np.int32]
    times_bought: NDArray[np.int64]
    last_bought: NDArray[np.float64]
    spend: NDArray[np.float64]
    rating: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.user)


def features(data: Interactions, *, ratings: Interactions | None = None) -> FeatureTable:
    """The feature table of a shop's orders and, if it has them, its ratings.

    Ratings of users or items that ``data`` does not know are left out.

    Raises ``ValueError`` when ``data`` is no orders or ``ratings`` no ratings.
    """
    if data.kind != "orders" or (ratings is not None and ratings.kind != "ratings"):
        raise ValueError('features(data, ratings=…) takes Interactions of kind "orders", then "ratings".')
    user, item, times = counted_orders(data.user, data.item, data.order, None)
    bought = _pair(user, item, data.n_items)
    pairs = bought
    rated, rating = np.zeros(0, np.int64), np.zeros(0)
    if ratings is not None:
        rated, rating = _rated(data, ratings)
        pairs = np.union1d(bought, rated)
    at = np.searchsorted(pairs, bought)
    table = FeatureTable(
        data.users,
        data.items,
        (pairs // max(data.n_items, 1)).astype(np.int32),
        (pairs % max(data.n_items, 1)).astype(np.int32),
        np.zeros(len(pairs), np.int64),
        np.full(len(pairs), np.nan),
        np.full(len(pairs), np.nan),
        np.full(len(pairs), np.nan, np.float32),
    )
    table.times_bought[at] = times
    table.last_bought[at], table.spend[at] = _last_and_spend(data)
    table.rating[np.searchsorted(pairs, rated)] = rating
    return table


def _pair(user: NDArray[np.int32], item: NDArray[np.int32], n_items: int) -> NDArray[np.int64]:
    return user.astype(np.int64) * max(n_items, 1) + item


def _last_and_spend(data: Interactions) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    by = np.lexsort((data.item, data.user))
    starts = run_starts(data.user[by], data.item[by])
    unknown = np.full(len(starts), np.nan)
    last = unknown if data.time is None or not len(by) else np.maximum.reduceat(data.time[by], starts)
    if data.price is None or not len(by):
        return last, unknown
    paid = data.value[by].astype(np.float64) * data.price[by]
    spend = np.add.reduceat(np.nan_to_num(paid), starts)
    return last, np.where(np.add.reduceat(~np.isnan(paid), starts) > 0, spend, np.nan)


def _rated(data: Interactions, ratings: Interactions) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    user, item, mean = mean_values(ratings.user, ratings.item, ratings.value, None)
    users, items = data.users.index(ratings.users.keys)[user], data.items.index(ratings.items.keys)[item]
    known = (users >= 0) & (items >= 0)
    pairs = _pair(users[known].astype(np.int32), items[known].astype(np.int32), data.n_items)
    return pairs, mean[known]
