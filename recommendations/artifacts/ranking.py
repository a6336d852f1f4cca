"""The best k of an array of scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BLOCK = 64


def top(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Positions of the ``k`` highest scores, best first, equal scores by position; -inf is no candidate.

    ``scores`` is float32 of length n and holds no NaN. Fewer than ``k`` candidates give a shorter answer.
    """
    candidates = np.flatnonzero(scores >= _bound(scores, k) if 0 < k < len(scores) else scores > -np.inf)
    values = scores[candidates]
    best = np.argsort(-values, kind="stable")[: max(k, 0)]
    best = best[values[best] > -np.inf]
    return candidates[best]


def _bound(scores: NDArray[np.float32], k: int) -> np.float32:
    """A value that at least ``k`` scores reach, and not many more.

    When k blocks have a maximum of at least b, then k scores are at least b: one pass over the scores,
    instead of the partition of them all.
    """
    blocks = len(scores) // _BLOCK
    if blocks <= 2 * k:
        return _kth(scores, k)
    rest = scores[blocks * _BLOCK :]
    peaks = scores[: blocks * _BLOCK].reshape(blocks, _BLOCK).max(axis=1)
    return _kth(np.concatenate((peaks, rest)), k)


def _kth(values: NDArray[np.float32], k: int) -> np.float32:
    position = len(values) - k
    kth: np.float32 = np.partition(values, position)[position]
    return kth
