"""Returns matched against what they give back, for whole shops at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.interactions.matrix import run_starts

_CRUMB = 1e-6
"""Quantities below this are rounding, not goods."""


@dataclass(frozen=True, slots=True)
class Matched:
    """``kept``: float64, what is left of each row's quantity (0 for the returns themselves).

    ``matched`` and ``unmatched``: bool, the return rows that found their purchase (in part at least) and
    those that found none. ``reduced``: bool, the purchases that lost something.
    """

    kept: NDArray[np.float64]
    matched: NDArray[np.bool_]
    unmatched: NDArray[np.bool_]
    reduced: NDArray[np.bool_]


def match_returns(
    user: NDArray[np.int32],
    item: NDArray[np.int32],
    quantity: NDArray[np.float64],
    time: NDArray[np.float64] | None,
    returned: NDArray[np.int64] | None,
) -> Matched:
    """Take every return off the purchase that it gives back.

    A declared return (``returned[row]`` is the row given back, -2 a row that was not read, -1 none) is taken
    off that row, if it is a purchase of the same user and item. A negative quantity without such a
    declaration is taken off the same user's latest earlier purchases of the same item ("earlier": by time,
    then by row). What exceeds the purchases is left over: nothing is ever taken off twice.
    """
    declared = np.zeros(len(quantity), np.bool_)
    kept = quantity.copy()
    matched = np.zeros_like(declared)
    if returned is not None:
        declared = returned >= 0
        matched = _take_declared(user, item, kept, returned, declared)
        declared |= (returned == -2) & (quantity > 0)  # negative ones still have a chance below
    negative = (quantity < 0) & ~declared
    matched |= _take_latest(user, item, kept, time, negative, declared)
    gone = negative | declared
    kept[gone] = 0.0
    kept[np.abs(kept) < _CRUMB] = 0.0
    return Matched(kept, matched, gone & ~matched, ~gone & (quantity > 0) & (kept < quantity))


def _take_declared(
    user: NDArray[np.int32],
    item: NDArray[np.int32],
    kept: NDArray[np.float64],
    returned: NDArray[np.int64],
    declared: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    rows = np.flatnonzero(declared)
    bought = returned[rows]
    fits = (
        (user[bought] == user[rows]) & (item[bought] == item[rows]) & ~declared[bought] & (kept[bought] > 0)
    )
    taken = np.bincount(bought[fits], np.abs(kept[rows[fits]]), minlength=len(kept))
    purchases = np.flatnonzero(taken)
    kept[purchases] = np.maximum(kept[purchases] - taken[purchases], 0.0)
    matched = np.zeros(len(kept), np.bool_)
    matched[rows[fits]] = True
    return matched


def _take_latest(
    user: NDArray[np.int32],
    item: NDArray[np.int32],
    kept: NDArray[np.float64],
    time: NDArray[np.float64] | None,
    negative: NDArray[np.bool_],
    declared: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Last in, first out, as matching brackets: a stack of goods per (user, item), its depth over time.

    The depth is the running sum of quantities, held at 0 from below (Lindley's recursion: the running sum
    less its running minimum). What is left of a purchase is how far the depth, from then on, never falls
    below where the purchase found it.
    """
    matched = np.zeros(len(kept), np.bool_)
    pair = user.astype(np.int64) * (int(item.max(initial=0)) + 1) + item
    rows = np.flatnonzero(np.isin(pair, pair[negative]) & ~declared & (user >= 0) & (item >= 0))
    if not len(rows):
        return matched
    keys = (rows, pair[rows]) if time is None else (rows, time[rows], pair[rows])
    rows = rows[np.lexsort(keys)]
    quantity, starts = kept[rows], run_starts(pair[rows])
    group = np.cumsum(np.bincount(starts, minlength=len(rows))) - 1
    total = np.cumsum(quantity)
    total -= (total[starts] - quantity[starts])[group]
    depth = total - np.minimum(_running_minimum(total, group), 0.0)
    before = np.concatenate([[0.0], depth[:-1]])
    before[starts] = 0.0
    lowest = _running_minimum(depth[::-1], group[-1] - group[::-1])[::-1]
    bought = quantity > 0
    kept[rows[bought]] = np.clip(lowest - before, 0.0, quantity)[bought]
    matched[rows] = ~bought & (before - depth > _CRUMB)
    return matched


def _running_minimum(values: NDArray[np.float64], group: NDArray[np.int64]) -> NDArray[np.float64]:
    """The running minimum within each group (0, 1, …, contiguous).

    Values are replaced by their ranks, lowered group by group, so that one pass over all never crosses a
    border: exact, where adding offsets to floats would round.
    """
    distinct, rank = np.unique(values, return_inverse=True)
    lowered = rank + (group[-1] - group) * len(distinct)
    return np.asarray(distinct[np.minimum.accumulate(lowered) - (group[-1] - group) * len(distinct)])
