"""What lists do to the catalogue and to the eye: coverage, concentration, novelty, diversity.

``lists``: int32 (users, k), item positions, -1 past the end of a short list.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Lists = NDArray[np.int32]

_SAMPLED_LISTS = 1_000
_CELLS = 4_000_000


def coverage(lists: Lists, n_items: int) -> float:
    """The share of the catalogue that is in somebody's list (Ge, Delgado-Battenfeld and Jannach 2010)."""
    return len(np.unique(lists[lists >= 0])) / n_items if n_items else 0.0


def gini(lists: Lists, n_items: int) -> float:
    """How concentrated the suggestions are: the Gini coefficient of how often each item is suggested.

    0: every item of the catalogue equally often; towards 1: a few take all (Fleder and Hosanagar 2009).
    NaN where nothing is suggested.
    """
    counts = np.sort(np.bincount(lists[lists >= 0], minlength=n_items)).astype(np.float64)
    total = counts.sum()
    if not total:
        return float("nan")
    rank = np.arange(1, n_items + 1)
    return float((2 * rank - n_items - 1) @ counts / (n_items * total))


def novelty(lists: Lists, popularity: NDArray[np.int64], n_users: int) -> NDArray[np.float64]:
    """The mean self-information of each list's items, in bits: float64, NaN for an empty list.

    -log2 of the share of the training's users who have the item (Zhou et al. 2010; Vargas and Castells
    2011); an item that nobody has counts as one that a single user has.
    """
    bits = np.append(np.log2(max(n_users, 1)) - np.log2(np.maximum(popularity, 1)), 0.0)
    length = np.count_nonzero(lists >= 0, axis=1)
    mean: NDArray[np.float64] = np.full(len(lists), np.nan)
    np.divide(bits[lists].sum(1), length, out=mean, where=length > 0)
    return mean


def intra_list_diversity(
    lists: Lists, user: NDArray[np.int64], item: NDArray[np.int64], n_items: int
) -> NDArray[np.float64]:
    """The mean over a list's pairs of 1 - cosine of the items' buyers: float64.

    Ziegler et al. 2005 and Smyth and McClave 2001, with items as binary vectors over the training's users
    (``user``, ``item``: distinct pairs), so that it is the same for every shop, with categories or without.
    1: no two items of the list have a buyer in common. At most 1,000 evenly spaced lists are measured; NaN
    for the others and for lists of fewer than two items.
    """
    diversity = np.full(len(lists), np.nan)
    length = np.count_nonzero(lists >= 0, axis=1)
    measured = np.flatnonzero(length >= 2)
    if len(measured) > _SAMPLED_LISTS:
        measured = measured[np.linspace(0, len(measured) - 1, _SAMPLED_LISTS).astype(np.int64)]
    if not len(measured):
        return diversity
    buyers = user[np.argsort(item, kind="stable")].astype(np.int64)
    popularity = np.bincount(item, minlength=n_items + 1).astype(np.int64)  # one more, for -1: no buyers
    first = np.cumsum(popularity) - popularity
    n_users = int(user.max(initial=0)) + 1
    for chunk in _chunks(measured, popularity[lists[measured]].sum(1), n_users):
        items = lists[chunk].ravel()
        count = popularity[items]
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        entry = np.repeat(np.repeat(np.arange(len(chunk)), lists.shape[1]), count) * n_users
        entry += buyers[np.repeat(first[items], count) + within]
        # |sum of unit vectors|^2 is their number plus twice the sum of their cosines.
        unit = np.repeat(1.0 / np.sqrt(np.maximum(count, 1)), count)
        total = np.bincount(entry, unit, minlength=len(chunk) * n_users).reshape(len(chunk), n_users)
        cosines = np.square(total).sum(1) - np.count_nonzero(popularity[lists[chunk]], axis=1)
        diversity[chunk] = 1.0 - cosines / (length[chunk] * (length[chunk] - 1))
    return diversity


def _chunks(
    measured: NDArray[np.int64], entries: NDArray[np.int64], n_users: int
) -> Iterator[NDArray[np.int64]]:
    """Lists, some at a time: neither their buyers nor lists x users exceed the memory meant for them."""
    end = np.cumsum(entries)
    start = 0
    while start < len(measured):
        taken = end[start - 1] if start else 0
        stop = int(np.searchsorted(end, taken + _CELLS, side="right"))
        stop = max(start + 1, min(stop, start + _CELLS // n_users))
        yield measured[start:stop]
        start = stop
