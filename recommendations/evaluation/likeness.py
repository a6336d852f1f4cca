"""Whether a list looks like what its customer buys: as dear, and of the same categories in the same shares.

``lists``: int32 (users, k), item positions, -1 past the end of a short list. ``user`` (place in ``lists``)
and ``item`` (position): the distinct items that each user had bought before. Answers are float64 (users,),
NaN where nothing can be said: no history, an empty list, or none of its items with a price or category.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommendations.evaluation.catalogue import Lists

Int64s = NDArray[np.int64]
PerUser = NDArray[np.float64]

ALPHA: Final = 0.01
"""Share of the history mixed into a list's categories: one that lacks a category is not infinitely far."""


def price_bias(lists: Lists, user: Int64s, item: Int64s, price: NDArray[np.float64]) -> PerUser:
    """The mean log price of the list less that of the history: .1 is about 10 % dearer, below 0 is cheaper.

    Logs, so that twice the price and half the price are equally far. ``price``: float64, one an item; NaN, 0
    or less is unknown and left out on both sides.
    """
    known = price > 0
    logs = np.log(np.where(known, price, 1.0))
    shown, listed = _listed(lists)
    return _mean_of(shown, listed, logs, known, len(lists)) - _mean_of(user, item, logs, known, len(lists))


def miscalibration(lists: Lists, user: Int64s, item: Int64s, category: Int64s) -> PerUser:
    """KL(p || q), in nats, of the categories of the history, p, and of the list, q (Steck 2018, eq. 2 to 6).

    0: the list holds each category in the share in which the customer buys it; q is smoothed to
    (1 - .01) q + .01 p, so that a list without any of them ends at ln 100 = 4.6. ``category``: int64, one an
    item, -1 unknown: such items are left out on both sides. Every item of the history counts once.
    """
    shown, listed = _listed(lists)
    width = int(category.max(initial=-1)) + 1
    p_code, p = _shares(user, category[item], len(lists), width)
    q_code, q = _shares(shown, category[listed], len(lists), width)
    share = np.zeros(len(p))
    if len(q):
        at = np.minimum(np.searchsorted(q_code, p_code), len(q) - 1)
        share = np.where(q_code[at] == p_code, q[at], 0.0)
    divergence = np.full(len(lists), np.nan)
    if len(p):
        who = p_code // width
        terms = p * np.log(p / ((1 - ALPHA) * share + ALPHA * p))
        total = np.bincount(who, terms, minlength=len(lists))
        said = np.isin(np.arange(len(lists)), who) & np.isin(np.arange(len(lists)), q_code // width)
        divergence[said] = np.maximum(total[said], 0.0)  # never below 0, but for the last digit
    return divergence


def _listed(lists: Lists) -> tuple[Int64s, Int64s]:
    """The places of ``lists`` that hold an item: user and item."""
    user, place = np.nonzero(lists >= 0)
    return user.astype(np.int64), lists[user, place].astype(np.int64)


def _mean_of(user: Int64s, item: Int64s, value: PerUser, known: NDArray[np.bool_], n_users: int) -> PerUser:
    counted = known[item]
    user, item = user[counted], item[counted]
    count = np.bincount(user, minlength=n_users)
    total = np.bincount(user, value[item], minlength=n_users)
    mean: PerUser = np.full(n_users, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean


def _shares(user: Int64s, category: Int64s, n_users: int, width: int) -> tuple[Int64s, PerUser]:
    """Codes user x width + category, sorted, and the share of each among the user's known ones."""
    known = category >= 0
    code, count = np.unique(user[known] * width + category[known], return_counts=True)
    if not len(code):
        return code, np.zeros(0)
    who = code // width
    total = np.bincount(who, count, minlength=n_users)
    return code, count / total[who]
