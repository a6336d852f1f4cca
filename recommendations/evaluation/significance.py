"""Whether a difference is more than luck, when many are looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def paired_t_test(a: ArrayLike, b: ArrayLike) -> float:
    """Two-sided p of Student's paired t-test of two models on the same users.

    On retrieval metrics it decides as the bootstrap and the randomization test do (Smucker, Allan and
    Carterette 2007), and unlike them it gives p of any smallness at once, which a correction for many
    comparisons needs. Users of whom there is nothing to say (NaN) are left out; fewer than two: 1.
    """
    # Here, not above: web processes read figures with numpy alone; scipy comes with the "train" extra.
    from scipy.special import stdtr  # type: ignore[import-untyped, unused-ignore]

    values = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    values = values[~np.isnan(values)]
    if len(values) < 2 or not values.any():
        return 1.0
    error = values.std(ddof=1) / math.sqrt(len(values))
    if error == 0:
        return 0.0
    return min(1.0, 2.0 * float(stdtr(len(values) - 1, -abs(values.mean()) / error)))


def holm(p: Sequence[float]) -> NDArray[np.float64]:
    """The p-values adjusted for their number (Holm 1979), in the order given: float64.

    Sorted ascending, the i-th of m (from 0) becomes the largest of (m - j) p_j over j <= i, at most 1. Those
    adjusted values below .05 are significant, and the chance that any of them is luck is below 5 %, whatever
    their dependence.
    """
    values = np.asarray(p, np.float64)
    by = np.argsort(values, kind="stable")
    stepped = np.maximum.accumulate((len(values) - np.arange(len(values))) * values[by])
    adjusted = np.empty(len(values))
    adjusted[by] = np.minimum(stepped, 1.0)
    return adjusted
