"""The first k of many long rows of scores, ties broken by position."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommendations.interactions.matrix import run_starts

_BLOCK = 64
_CROWD = 16
_LOWEST = np.finfo(np.float32).min


def top_k(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Positions of each row's k highest scores, best first: int64 (rows, min(k, columns)).

    Equal scores are taken by position (items sorted by key: by key). -inf and NaN are no score: places
    without one, at the end of the list, hold -1. ``scores`` (rows, columns) is C-contiguous and not changed,
    but for NaN, which becomes -inf.
    """
    rows, columns = scores.shape
    k = min(k, columns)
    best = np.full((rows, k), -1, np.int64)
    if not best.size:
        return best
    np.copyto(scores, -np.inf, where=np.isnan(scores))
    chosen = scores >= np.maximum(_bound(scores, k), _LOWEST)
    _thin_out(chosen, scores, k)
    row, column = np.divmod(np.flatnonzero(chosen.ravel()), columns)
    # A stable sort, so that the columns, ascending here, decide among equal scores.
    by = np.lexsort((-scores[row, column], row))
    row, column = row[by], column[by]
    starts = run_starts(row)
    place = np.arange(len(row)) - np.repeat(starts, np.diff(np.append(starts, len(row))))
    listed = place < k
    best[row[listed], place[listed]] = column[listed]
    return best


def _bound(scores: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """Per row a value that at least k scores reach, and mostly not many more: float32 (rows, 1).

    When k groups of 64 have a maximum of at least b, then k scores are at least b: partitioning the maxima
    is one pass over the scores, 10 times faster than partitioning them all. (Every blocks-th column is a
    group: maxima of neighbours would not use the processor's vector units.)
    """
    rows, columns = scores.shape
    blocks = columns // _BLOCK
    if blocks < 2 * k:
        return _kth(scores, k)
    whole = scores[:, : blocks * _BLOCK].reshape(rows, _BLOCK, blocks)
    return _kth(np.concatenate([whole.max(1), scores[:, blocks * _BLOCK :]], axis=1), k)


def _kth(scores: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    place = scores.shape[1] - k
    return np.partition(scores, place, axis=1)[:, place, None]


def _thin_out(chosen: NDArray[np.bool_], scores: NDArray[np.float32], k: int) -> None:
    """Where a crowd reaches the bound (a plateau of equal scores), keep the k best, ties by position."""
    crowded = np.flatnonzero(np.count_nonzero(chosen, axis=1) > _CROWD * k)
    if not len(crowded):
        return
    part = scores[crowded]
    border = np.maximum(_kth(part, k), _LOWEST)
    above, tied = part > border, part == border
    room = k - np.count_nonzero(above, axis=1)
    tied &= np.cumsum(tied, axis=1, dtype=np.int32) <= room[:, None]
    chosen[crowded] = above | tied
