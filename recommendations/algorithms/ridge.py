"""Ridge regression of all items on all items, solved in whichever of users and items there are fewer of."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from recommendations.artifacts.scorers import Linear
from recommendations.interactions import Interactions

from .base import Algorithm, DivergedError, Fit, Learned
from .related import best_related

LARGEST = 30_000
"""Users or items that a dense solve takes: 3.6 GB of float32, inverted in place."""

_DENSE = 800

Floats = NDArray[np.float32]


class TooLargeError(ValueError):
    """Both users and items are more than a dense solve takes; the message says what to do."""


class Ridge(Algorithm):
    """B = argmin |X - XB|^2 + l2 |B|^2 = (X'X + l2 I)^-1 X'X; a history x scores x'B.

    With ``diagonal`` an item speaks for itself too, so that what was bought is suggested again; without it
    B is that of EASE (:class:`~recommendations.algorithms.ease.EASE`). The 800 columns of the highest mean
    score over the users are kept whole, of the rest of each row the ``neighbours`` entries furthest from 0.
    Values may be negative.

    Raises TooLargeError above 30,000 users and items, counted where they have rows.
    """

    diagonal = True

    def learn(self, data: Interactions, fit: Fit) -> Learned:
        matrix = self.matrix(data)
        users, items = np.flatnonzero(np.diff(matrix.indptr)), np.unique(matrix.indices)
        fit.report("fit", 0, len(items))
        solution = Projection(self.name, matrix[users][:, items], self.parameters["l2"])
        scale: Floats = np.reciprocal(solution.residual)
        mean: NDArray[Any] = solution.mean_scores
        if not self.diagonal:
            mean = (mean - solution.mean_weights * (1 - solution.residual)) * scale
        targets = np.sort(np.argsort(-mean, kind="stable")[:_DENSE])
        dense = np.zeros((len(items) + 1, len(targets)), np.float32)

        def block(rows: slice) -> Floats:
            found = solution.rows(rows)
            if not self.diagonal:
                found *= scale
                found[np.arange(len(found)), np.arange(rows.start, rows.stop)] = 0
            dense[rows] = found[:, targets]
            found[:, targets] = 0
            return found

        indptr, indices, values = best_related(
            block,
            len(items),
            self.parameters["neighbours"],
            lambda done, total: fit.report("fit", done, total),
        )
        counts = np.zeros(data.n_items + 1, np.int64)
        counts[items + 1] = np.diff(indptr)
        places = np.full(data.n_items, len(items), np.int32)
        places[items] = np.arange(len(items))
        scorer = Linear(
            np.cumsum(counts),
            items[indices].astype(np.int32),
            values,
            targets=items[targets].astype(np.int32),
            dense=dense,
            places=places,
            weight=self.parameters["weight"],
        )
        return Learned(scorer, matrix)


class Projection:
    """R = (X'X + l I)^-1 X'X for a users x items CSR matrix X (float32), a block of rows at a time.

    With fewer items than users R = I - l (X'X + l I)^-1, else R = X' (XX' + l I)^-1 X (Woodbury), one dense
    inverse of n x n: n^3 / 2 multiplications, 4 n^2 bytes (see :func:`inverted`). ``residual`` is 1 - R_jj,
    float32 (n_items,), which is l P_jj for Steck's P; ``mean_weights`` and ``mean_scores`` are the means over
    the users of X and XR.
    """

    def __init__(self, name: str, matrix: Any, l2: float) -> None:
        n_users, n_items = matrix.shape
        if min(n_users, n_items) > LARGEST:
            raise TooLargeError(
                f"{name} solves for users or items, whichever are fewer, and takes at most {LARGEST:,}; got "
                f"{n_users:,} users and {n_items:,} items. Leave out items that few have bought, or use als."
            )
        self._matrix, self._columns = matrix, matrix.T.tocsr()
        self._by_items = n_items <= n_users
        self.mean_weights: Floats = np.asarray(matrix.mean(axis=0)).ravel().astype(np.float32)
        first, second = (self._columns, matrix) if self._by_items else (matrix, self._columns)
        self._inverse = inverted(first @ second, l2, name)
        if self._by_items:
            self._inverse *= np.float32(l2)
            self.residual: Floats = self._inverse.diagonal().copy()
            self.mean_scores: Floats = self.mean_weights - self._inverse @ self.mean_weights
        else:
            self.residual = 1 - self._leverage()
            self.mean_scores = self._columns @ (self._inverse @ (matrix @ self.mean_weights))
        np.maximum(self.residual, np.finfo(np.float32).eps, out=self.residual)

    def rows(self, rows: slice) -> Floats:
        """These rows of R, float32 (rows, n_items), a new array."""
        if self._by_items:
            found: Floats = -self._inverse[rows]
            found[np.arange(len(found)), np.arange(rows.start, rows.stop)] += 1
            return found
        return np.ascontiguousarray((self._columns @ self._towards(rows)).T)

    def _towards(self, rows: slice) -> Floats:
        """(XX' + l I)^-1 x_j for these items j: (n_users, items)."""
        return np.ascontiguousarray((self._columns[rows] @ self._inverse).T)

    def _leverage(self) -> Floats:
        """R_jj = x_j' (XX' + l I)^-1 x_j, in double precision: 1 - R_jj may be small."""
        n_items = self._columns.shape[0]
        found = np.empty(n_items)
        step = max(1, 8_000_000 // self._matrix.shape[0])
        for start in range(0, n_items, step):
            columns = self._columns[start : start + step]
            products = columns.multiply(columns @ self._inverse).tocsr().astype(np.float64)
            found[start : start + step] = np.asarray(products.sum(axis=1)).ravel()
        return found.astype(np.float32)


def inverted(gram: Any, l2: float, name: str) -> Floats:
    """(gram + l2 I)^-1, float32, of a positive semidefinite scipy matrix (n, n), by Cholesky in place.

    In float32, or in float64 where the bound of the condition number, 1 + the largest row sum / l2, is above
    100,000, so that entries are good to about 1 %. Raises DivergedError where not even that can be solved.
    """
    largest = float(abs(gram).sum(axis=1).max())
    dense = torch.from_numpy(gram.toarray().astype(np.float64 if largest > 1e5 * l2 else np.float32))
    dense.diagonal().add_(l2)
    _, failed = torch.linalg.cholesky_ex(dense, out=(dense, torch.empty(0, dtype=torch.int32)))
    if int(failed):
        raise DivergedError(f"{name}: l2 {l2:g} is too small beside weights up to {largest:g}; raise l2.")
    found: Floats = torch.cholesky_inverse(dense, out=dense).numpy().astype(np.float32, copy=False)
    return found
