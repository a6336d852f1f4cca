"""The best few of each row of a large sparse product, computed a block of rows at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

_CELLS = 8_000_000

Related = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]


def best_related(
    block: Callable[[slice], NDArray[np.float32]], n_items: int, n: int, report: Callable[[int, int], None]
) -> Related:
    """The ``n`` highest positive values of each row, as CSR arrays (indptr, indices ascending, values).

    ``block(rows)`` gives these rows, dense, (rows, n_items); the diagonal does not count. ``report(done,
    total)`` is called before each block.
    """
    step = max(1, _CELLS // max(n_items, 1))
    columns: list[NDArray[Any]] = []
    values: list[NDArray[Any]] = []
    counts = np.zeros(n_items + 1, dtype=np.int64)
    for start in range(0, n_items, step):
        report(start, n_items)
        rows = slice(start, min(start + step, n_items))
        dense = block(rows)
        dense[np.arange(len(dense)), np.arange(rows.start, rows.stop)] = 0
        best = (
            torch.from_numpy(dense)
            .topk(min(n, n_items), dim=1, sorted=False)
            .indices.sort(dim=1)
            .values.numpy()
        )
        found = np.take_along_axis(dense, best, axis=1)
        kept = found > 0
        counts[rows.start + 1 : rows.stop + 1] = kept.sum(axis=1)
        columns.append(best[kept].astype(np.int32))
        values.append(found[kept])
    return np.cumsum(counts), np.concatenate(columns), np.concatenate(values)
