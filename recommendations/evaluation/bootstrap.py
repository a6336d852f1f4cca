"""How sure a mean over users is, and whether one model is better than another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

_DRAWS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Difference:
    """``mean`` of a - b over the same users, its interval ``low`` to ``high``, and two-sided ``p``.

    ``users``: how many users it rests on. Without any, mean, low and high are NaN and p is 1.
    """

    mean: float
    low: float
    high: float
    p: float
    users: int


def bootstrap_interval(
    values: ArrayLike, *, seed: int = 0, n: int = 1000, level: float = 0.95
) -> tuple[float, float]:
    """The percentile bootstrap interval of the mean of ``values`` (Efron and Tibshirani 1993, chapter 13).

    ``n`` times as many users as there are get drawn with replacement; NaN values (users of whom there is
    nothing to say) are left out first. No values: (NaN, NaN). The same seed gives the same interval.
    """
    means = _resampled_means(_finite(values), seed, n)
    return _interval(means, level)


def paired_difference(
    a: ArrayLike, b: ArrayLike, *, seed: int = 0, n: int = 1000, level: float = 0.95
) -> Difference:
    """The paired bootstrap of ``a - b``: one value per user, the same users in the same order.

    ``p`` is twice the smaller share of resampled means on either side of 0 (counting the observed one, so
    never 0): the test of Sakai 2006 and Smucker, Allan and Carterette 2007 for retrieval systems.

    Raises ``ValueError`` for arrays of different shapes.
    """
    first, second = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(
            f"A paired difference needs one value per user from both; got shapes {first.shape} and "
            f"{second.shape}. Evaluate both models on the same test users."
        )
    values = _finite(first - second)
    if not len(values):
        return Difference(np.nan, np.nan, np.nan, 1.0, 0)
    means = _resampled_means(values, seed, n)
    low, high = _interval(means, level)
    tail = min(np.count_nonzero(means <= 0), np.count_nonzero(means >= 0))
    return Difference(float(values.mean()), low, high, min(1.0, 2.0 * (tail + 1) / (n + 1)), len(values))


def _finite(values: ArrayLike) -> NDArray[np.float64]:
    column = np.asarray(values, np.float64)
    return column[~np.isnan(column)]


def _resampled_means(values: NDArray[np.float64], seed: int, n: int) -> NDArray[np.float64]:
    if not len(values):
        return np.zeros(0)
    random = np.random.default_rng(seed)
    means = np.empty(n)
    step = max(1, _DRAWS_AT_ONCE // len(values))
    for start in range(0, n, step):
        size = (min(step, n - start), len(values))
        means[start : start + step] = values[random.integers(0, len(values), size, np.int32)].mean(1)
    return means


def _interval(means: NDArray[np.float64], level: float) -> tuple[float, float]:
    if not 0 < level < 1:
        raise ValueError(f"level lies between 0 and 1, for example .95; got {level!r}.")
    if not len(means):
        return float("nan"), float("nan")
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
