"""The best k of an array of scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BLOCKS = 1024

Float32s = NDArray[np.float32]


def top(scores: Float32s, k: int, blocked: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Positions of the ``k`` highest scores, best first, equal scores by position.

    ``scores`` is float32 of length n, holds no NaN, and -inf marks what is no candidate; ``blocked`` marks
    more of that. Fewer than ``k`` candidates give a shorter answer. May write -inf to ``scores`` where
    ``blocked``.
    """
    if blocked is not None:
        candidates = _reaching(scores, 2 * k + 16)
        candidates = candidates[~blocked[candidates]]
        if len(candidates) < k:
            scores[blocked] = -np.inf
            candidates = _reaching(scores, k)
    else:
        candidates = _reaching(scores, k)
    values = scores[candidates]
    best = np.argsort(-values, kind="stable")[: max(k, 0)]
    best = best[values[best] > -np.inf]
    return candidates[best]


def _reaching(scores: Float32s, k: int) -> NDArray[np.int64]:
    """The positions, ascending, of all scores that are no less than some value which at least ``k`` reach."""
    if not 0 < k < len(scores):
        return np.flatnonzero(scores > -np.inf)
    return np.flatnonzero(scores >= _bound(scores, k))


def _bound(scores: Float32s, k: int) -> np.float32:
    """A value that at least ``k`` scores reach, and not many more.

    When k groups of scores have a maximum of at least b, then k scores are at least b: one pass over the
    scores, instead of a partition of them all.
    """
    rows = len(scores) // _BLOCKS
    if rows < 2 or k > _BLOCKS // 4:
        return _kth(scores, k)
    whole = rows * _BLOCKS
    peaks = scores[:whole].reshape(rows, _BLOCKS).max(axis=0)
    return _kth(np.concatenate((peaks, scores[whole:])), k)


def _kth(values: Float32s, k: int) -> np.float32:
    position = len(values) - k
    kth: np.float32 = np.partition(values, position)[position]
    return kth
