"""The first k of many long rows of scores, ties broken by position."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def top_k(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Positions of each row's k highest scores, best first: int64 (rows, min(k, columns)).

    Equal scores are taken by position (items sorted by key: by key). -inf and NaN are no score: their places
    at the end of the list hold -1. ``scores`` (rows, columns), C-contiguous, is not changed but for NaN,
    which becomes -inf.
    """
    rows, columns = scores.shape
    k = min(k, columns)
    if not rows or not k:
        return np.zeros((rows, k), np.int64)
    np.copyto(scores, -np.inf, where=np.isnan(scores))
    if k < columns:
        border = np.partition(scores, columns - k, axis=1)[:, columns - k, None]
        chosen = scores >= border
        _drop_surplus(chosen, scores, border, k)
        found = np.nonzero(chosen)[1].reshape(rows, k)
    else:
        found = np.broadcast_to(np.arange(columns), (rows, columns))
    values = np.take_along_axis(scores, found, 1)
    # Stable, so that positions, ascending in `found`, decide among equal scores.
    by = np.argsort(-values, axis=1, kind="stable")
    found = np.take_along_axis(found, by, 1)
    return np.where(np.isneginf(np.take_along_axis(values, by, 1)), -1, found)


def _drop_surplus(
    chosen: NDArray[np.bool_], scores: NDArray[np.float32], border: NDArray[np.float32], k: int
) -> None:
    """Where more than k reach the border, keep the first ones of those that stand exactly on it."""
    crowded = np.flatnonzero(np.count_nonzero(chosen, axis=1) > k)
    if not len(crowded):
        return
    part, edge = scores[crowded], border[crowded]
    above, tied = part > edge, part == edge
    room = k - np.count_nonzero(above, axis=1)
    tied &= np.cumsum(tied, axis=1, dtype=np.int32) <= room[:, None]
    chosen[crowded] = above | tied
