"""Rows to a users x items matrix: sorted once, summed by runs, no Python per row."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Weight = Literal["count", "binary", "log1p", "sqrt"]
Entries = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]
"""Distinct (user, item) pairs sorted by user, then item, and a number for each."""


def run_starts(*columns: NDArray[Any]) -> NDArray[np.int64]:
    """Where a new run of equal rows starts in sorted columns: int64 positions, empty for no rows."""
    changed = np.ones(len(columns[0]), np.bool_)
    if len(changed):
        changed[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return np.flatnonzero(changed)


def counted_orders(
    user: NDArray[np.int32],
    item: NDArray[np.int32],
    order: NDArray[np.int64] | None,
    weights: NDArray[np.float64] | None,
) -> Entries:
    """Distinct orders per pair (rows, where orders are unknown), each counting its heaviest row's weight."""
    if order is None:
        by = np.lexsort((item, user))
        starts = np.arange(len(by))
    else:
        by = np.lexsort((order, item, user))
        starts = run_starts(user[by], item[by], order[by])
    if weights is None or not len(starts):
        counted = np.ones(len(starts))
    else:
        counted = np.maximum.reduceat(weights[by], starts)
    user, item = user[by[starts]], item[by[starts]]
    pairs = run_starts(user, item)
    return user[pairs], item[pairs], np.add.reduceat(counted, pairs) if len(pairs) else counted


def mean_values(
    user: NDArray[np.int32],
    item: NDArray[np.int32],
    value: NDArray[np.float32],
    weights: NDArray[np.float64] | None,
) -> Entries:
    """The (weighted) mean value per pair."""
    by = np.lexsort((item, user))
    user, item = user[by], item[by]
    pairs = run_starts(user, item)
    if not len(pairs):
        return user, item, np.zeros(0)
    weight = np.ones(len(by)) if weights is None else weights[by]
    total = np.add.reduceat(value[by] * weight, pairs)
    return user[pairs], item[pairs], total / np.add.reduceat(weight, pairs)


def csr(entries: Entries, weight: Weight, shape: tuple[int, int]) -> Any:
    """``entries`` as a float32 ``csr_matrix``, transformed by ``weight``."""
    # Here, not above: web processes read interactions with numpy alone; scipy comes with the "train" extra.
    from scipy import sparse  # type: ignore[import-untyped, unused-ignore]

    user, item, numbers = entries
    if weight == "binary":
        numbers = np.ones_like(numbers)
    elif weight in ("log1p", "sqrt"):
        if len(numbers) and numbers.min() < 0:
            raise ValueError(
                f'weight="{weight}" needs numbers of 0 or more; the smallest is {numbers.min()}.'
            )
        numbers = np.log1p(numbers) if weight == "log1p" else np.sqrt(numbers)
    elif weight != "count":
        raise ValueError(f"weight is one of {', '.join(get_args(Weight))}; got {weight!r}.")
    indptr = np.zeros(shape[0] + 1, np.int64)
    np.cumsum(np.bincount(user, minlength=shape[0]), out=indptr[1:])
    built = sparse.csr_matrix((numbers.astype(np.float32), item, indptr), shape=shape)
    built.has_sorted_indices = True
    return built
