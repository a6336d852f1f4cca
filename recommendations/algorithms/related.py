"""The strongest few of each row of a large item-item matrix, computed a block of rows at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

_CELLS = 8_000_000

Related = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]
Floats = NDArray[np.float32]


def best_related(
    block: Callable[[slice], Any],
    n_items: int,
    n: int,
    report: Callable[[int, int], None],
) -> Related:
    """The ``n`` values of each row furthest from 0, as CSR arrays (indptr, indices ascending, values).

    Zeros do not count. ``block(rows)`` gives these rows, (rows, n_items) float32, dense or as CSR matrix; one
    thread for each of PyTorch's computes blocks of at most 8 million cells. ``report(done, total)`` is called
    in between.
    """
    step = max(1, _CELLS // max(n_items, 1))
    slices = [slice(start, min(start + step, n_items)) for start in range(0, n_items, step)]
    counts, columns, values = [np.zeros(1, np.int64)], [np.zeros(0, np.int32)], [np.zeros(0, np.float32)]
    threads = torch.get_num_threads()

    def work(rows: slice) -> Related:
        found = block(rows)
        best = _of_dense if isinstance(found, np.ndarray) else _of_sparse
        return best(found, n)

    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(slices), threads):
            report(slices[start].start, n_items)
            for part in pool.map(work, slices[start : start + threads]):
                counts.append(part[0])
                columns.append(part[1])
                values.append(part[2])
    return np.cumsum(np.concatenate(counts)), np.concatenate(columns), np.concatenate(values)


def _of_dense(block: Floats, n: int) -> Related:
    best = torch.from_numpy(np.abs(block)).topk(min(n, block.shape[1]), dim=1, sorted=False).indices.numpy()
    best.sort(axis=1)
    found = np.take_along_axis(block, best, axis=1)
    kept = found != 0
    return kept.sum(axis=1), best[kept].astype(np.int32), found[kept]


def _of_sparse(block: Any, n: int) -> Related:
    matters = np.abs(block.data)
    chosen = [np.zeros(0, np.int64)]
    for start, stop in pairwise(block.indptr.tolist()):
        if stop - start > n:
            chosen.append(start + np.argpartition(matters[start:stop], stop - start - n)[-n:])
        else:
            chosen.append(np.arange(start, stop))
    entries = np.concatenate(chosen)
    entries = entries[block.data[entries] != 0]
    rows = np.searchsorted(block.indptr, entries, side="right") - 1
    entries = entries[np.lexsort((block.indices[entries], rows))]
    counts = np.bincount(rows, minlength=block.shape[0])
    return counts, block.indices[entries].astype(np.int32), block.data[entries]
