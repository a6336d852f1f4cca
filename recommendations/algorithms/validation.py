"""NDCG on a validation part while training, computed where the factors are."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

_CELLS = 8_000_000


def hold_one_out(matrix: Any, seed: int) -> tuple[Any, Any]:
    """A users x items CSR matrix without one random entry of each row of three or more, and those entries."""
    rows = np.flatnonzero(np.diff(matrix.indptr) >= 3)
    lengths = np.diff(matrix.indptr)[rows]
    held = matrix.indptr[rows] + np.random.default_rng(seed).integers(0, np.maximum(lengths, 1))
    parts = []
    for keep in (False, True):
        part = matrix.copy()
        chosen = np.full(len(part.data), not keep)
        chosen[held] = keep
        part.data = np.where(chosen, part.data, 0)
        part.eliminate_zeros()
        parts.append(part)
    return parts[0], parts[1]


class Validation:
    """New purchases of the validation part: those of at most ``most`` users, drawn by ``seed``.

    ``train`` and ``later`` are users x items CSR matrices; items of ``train`` are no candidates.
    """

    def __init__(self, train: Any, later: Any, *, k: int = 20, most: int = 2000, seed: int = 0) -> None:
        bought = train.copy()
        bought.data = np.ones_like(bought.data)
        relevant = later - later.multiply(bought)
        relevant.eliminate_zeros()
        relevant = relevant.tocsr()
        users = np.flatnonzero((np.diff(relevant.indptr) > 0) & (np.diff(train.indptr) > 0))
        if len(users) > most:
            users = np.sort(np.random.default_rng(seed).choice(users, most, replace=False))
        self.users = users
        self._seen = bought[users]
        self._relevant = relevant[users]
        self._k = min(k, train.shape[1])
        gains = 1 / np.log2(np.arange(2, self._k + 2))
        self._gains = torch.from_numpy(gains)
        counts = np.minimum(np.diff(self._relevant.indptr), self._k)
        self._ideal = torch.from_numpy(np.concatenate(([1.0], np.cumsum(gains)))[counts])

    def ndcg(self, users: Tensor, items: Tensor) -> float:
        """The mean NDCG@k of ranking all items by ``users @ items.T``; NaN when there is no user to judge by.

        ``users`` holds the vectors of ``self.users`` alone, in that order.
        """
        step = max(1, _CELLS // len(items))
        found = []
        for start in range(0, len(self.users), step):
            rows = slice(start, start + step)
            scores = users[rows] @ items.T
            seen = self._seen[rows].tocoo()
            scores[
                torch.from_numpy(seen.row.astype(np.int64)), torch.from_numpy(seen.col.astype(np.int64))
            ] = -torch.inf
            best = scores.topk(self._k, dim=1).indices.cpu()
            relevant = torch.from_numpy(self._relevant[rows].toarray() > 0)
            found.append(relevant.gather(1, best).double() @ self._gains)
        return float((torch.cat(found) / self._ideal).mean()) if found else float("nan")
