"""Many small regularized least squares at once: one vector for each row of a sparse matrix.

For a row with entries i of extra confidence e_i and pull l the vector x is the minimum of

    sum over all j (x' y_j)^2 + sum over its i [(1 + e_i)(1 - x' y_i)^2 - (x' y_i)^2] + l |x|^2

(Hu, Koren and Volinsky 2008, eq. 3), that is x = (Y'Y + l I + sum e_i y_i y_i')^-1 sum (1 + e_i) y_i.
Turned into the eigenvectors of Y'Y the dense part is a diagonal for every row, whatever its pull. Divided by
it the system is the identity plus the row's own few entries, on which conjugate gradients gain a digit in two
or three steps; they go on from the row's earlier vector (Takacs, Pilaszy and Tikk 2011), so no iteration ever
raises the objective. The turn is not undone: it is the same for both sides, and no score changes.

Long vectors may be solved in blocks of coordinates, the others held (iALS++: Rendle, Krichene, Zhang and
Koren 2021): then only a block's part of Y'Y is turned, what the others contribute is subtracted first.

Rows of about equal length are solved side by side in padded batches, on whichever device holds the factors;
there is no loop over rows. A batch gathers at most ``_FLOATS`` numbers; a single row that has more entries
than that is gathered in parts, again for each use, so memory does not grow with the longest row.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .base import DivergedError

NOT_FINITE = "als ended in numbers that are not finite. Raise regularization or lower alpha."

_FLOATS = 1_000_000  # of gathered factors a batch: about what a core's cache holds, measured
_ROWS = 4096
_STEPS = 32


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of about equal length: ``columns`` int32 (b, length), ``extra`` float32 (b, length) holds e_i.

    Padding has the column after the last, which stands for zeros.
    """

    rows: Tensor
    columns: Tensor
    extra: Tensor


class SparseRows:
    """The rows of a scipy CSR matrix with their weights times ``alpha``, in batches for ``Solver``.

    ``confidence``: float64 (n_rows,), the sum of 1 + e_i over a row's entries and 1 over all other columns.
    """

    def __init__(self, matrix: Any, alpha: float, factors: int, device: torch.device) -> None:
        self.n_rows = int(matrix.shape[0])
        extra = alpha * np.asarray(matrix.sum(axis=1), np.float64)
        self.confidence = torch.from_numpy(matrix.shape[1] + extra.ravel()).to(device)
        self.batches = [
            Batch(*(torch.from_numpy(array).to(device) for array in arrays))
            for arrays in _padded(matrix, alpha, factors)
        ]


def _padded(matrix: Any, alpha: float, factors: int) -> Iterator[tuple[NDArray[Any], ...]]:
    lengths = np.diff(matrix.indptr)
    order = np.argsort(-lengths, kind="stable")[: np.count_nonzero(lengths)]
    start = 0
    while start < len(order):
        longest = int(lengths[order[start]])
        rows = order[start : start + max(1, _FLOATS // (longest * factors))]
        start += len(rows)
        places = np.arange(longest)
        real = places < lengths[rows][:, None]
        entries = np.where(real, matrix.indptr[rows][:, None] + places, 0)
        columns = np.where(real, matrix.indices[entries], matrix.shape[1]).astype(np.int32)
        extra = np.where(real, alpha * matrix.data[entries], 0).astype(np.float32)
        yield rows.astype(np.int64), columns, extra


class Solver:
    """Solves all rows, batches side by side, one for each of PyTorch's threads. Close it after use."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._threads = torch.get_num_threads()
        self._pool = ThreadPoolExecutor(self._threads if device.type == "cpu" else 1)

    def __call__(
        self,
        rows: SparseRows,
        factors: Tensor,
        start: Tensor,
        pull: Tensor,
        *,
        block: int = 0,
        steps: int = 3,
        tolerance: float = 3e-2,
        exact: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """A float32 vector a row, (n_rows, d), zeros for a row without entries; and ``factors`` turned alike.

        ``factors`` is float32 (n_columns, d), ``start`` (n_rows, d) in the same coordinates, ``pull``
        (n_rows,) holds each row's l. Conjugate gradients end after ``steps``, or when the error is below
        ``tolerance`` of the vector, both by the norm of Y'Y + l I; ``exact`` goes on until it is, by Cholesky
        if need be.
        ``block``: how many coordinates are solved for at a time, 0 for all (as it always is for ``exact``).
        While this runs, PyTorch runs each operation on one thread.
        """
        torch.set_num_threads(1)
        try:
            turned = self._turned(factors, factors.shape[1] if exact or not block else block)
            found = torch.zeros((rows.n_rows, factors.shape[1]), device=factors.device)

            def solve(batch: Batch) -> None:
                at = _Problem(batch, turned, turned.of(start[batch.rows]), pull[batch.rows].float())
                found[batch.rows] = at.exactly(tolerance) if exact else at.sweep(steps, tolerance)

            list(self._pool.map(solve, rows.batches))
        finally:
            torch.set_num_threads(self._threads)
        return found, turned.factors[:-1]

    def close(self) -> None:
        self._pool.shutdown()

    def _turned(self, factors: Tensor, block: int) -> _Turned:
        """The factors in the eigenvectors of Y'Y, block by block, and Y'Y in them."""
        parts = torch.split(factors, _ROWS)
        grams = list(self._pool.map(lambda part: part.T @ part, parts))
        gram = torch.stack(grams).sum(0).double().cpu()
        if not bool(gram.isfinite().all()):
            raise DivergedError(NOT_FINITE)
        blocks = [slice(at, min(at + block, len(gram))) for at in range(0, len(gram), block)]
        turn = torch.zeros_like(gram)
        for at in blocks:
            turn[at, at] = torch.linalg.eigh(gram[at, at])[1]
        gram = turn.T @ gram @ turn
        turn = turn.to(factors.device, torch.float32)
        turned = torch.zeros((len(factors) + 1, factors.shape[1]), device=factors.device)
        places = torch.split(turned[:-1], _ROWS)
        list(self._pool.map(lambda part, place: torch.mm(part, turn, out=place), parts, places))
        dense = gram.diagonal().clamp(min=max(float(gram.diagonal().max()) * 1e-7, 1e-12))
        gram, dense = (part.to(factors.device, torch.float32) for part in (gram, dense))
        return _Turned(turned, turn, gram, dense, blocks)


@dataclass(frozen=True, slots=True)
class _Turned:
    """``factors`` Y (n + 1, d), the last row zeros; ``turn`` (d, d), and Y'Y in these coordinates.

    ``dense`` (d,) is the diagonal of ``gram``, which is all of it within a block; where Y'Y has no rank it is
    a little more than 0.
    """

    factors: Tensor
    turn: Tensor
    gram: Tensor
    dense: Tensor
    blocks: list[slice]

    def of(self, vectors: Tensor) -> Tensor:
        return vectors @ self.turn

    def coupling(self, block: slice, vectors: Tensor) -> Tensor:
        """What the other blocks of the vectors (b, d) add to Y'Y x within this one: (b, block)."""
        return vectors @ self.gram[:, block] - vectors[:, block] @ self.gram[block, block]


class _Problem:
    """The rows of a batch with their vectors so far, ``x`` (b, d)."""

    def __init__(self, batch: Batch, turned: _Turned, x: Tensor, pull: Tensor) -> None:
        self.x = x
        self._batch, self._turned, self._pull = batch, turned, pull[:, None]
        self._extra = batch.extra[:, None]
        count = len(batch.rows)
        self._parts = torch.split(batch.columns, max(1, _FLOATS // (count * x.shape[1])), 1)
        self._kept: Tensor | None = None

    def sweep(self, steps: int, tolerance: float) -> Tensor:
        """Some steps of conjugate gradients for each block in turn."""
        blocks = self._turned.blocks
        scores = torch.stack([self._scores(self.x[:, None, at], at) for at in blocks]).sum(0)
        for at in blocks:
            change, _ = self._step(at, scores, steps, tolerance)
            self.x[:, at] += change[:, 0]
            if at != blocks[-1]:
                scores += self._scores(change, at)
        return self.x

    def exactly(self, tolerance: float) -> Tensor:
        """Conjugate gradients to the end; Cholesky where confidences are so high that they take too long."""
        (everything,) = self._turned.blocks
        change, done = self._step(everything, self._scores(self.x[:, None], everything), _STEPS, tolerance)
        return self.x + change[:, 0] if done else self._cholesky()

    def _step(self, at: slice, scores: Tensor, steps: int, tolerance: float) -> tuple[Tensor, bool]:
        """The change (b, 1, block) of that block by preconditioned conjugate gradients, and is it enough?"""
        x = self.x[:, None, at]
        dense = (self._turned.dense + self._pull)[:, None, at]
        residual = self._back(1 + self._extra - self._extra * scores, at, dense * x, sign=-1)
        if len(self._turned.blocks) > 1:
            residual -= self._turned.coupling(at, self.x)[:, None]
        direction = scaled = residual / dense
        squared = (residual * scaled).sum(2, keepdim=True)
        change = torch.zeros_like(residual)
        for left in reversed(range(steps)):
            images = self._scores(direction, at)
            weighted, image = images * self._extra, dense * direction
            curvature = (image * direction).sum(2, keepdim=True) + (images * weighted).sum(2, keepdim=True)
            step = squared / curvature.clamp_(min=1e-30)
            change.addcmul_(step, direction)
            if not left:
                break
            residual.addcmul_(step, self._back(weighted, at, image), value=-1)
            scaled = residual / dense
            before, squared = squared, (residual * scaled).sum(2, keepdim=True)
            so_far = x + change
            if bool((squared <= tolerance**2 * (dense * so_far * so_far).sum(2, keepdim=True)).all()):
                return change, True
            direction = torch.addcmul(scaled, squared / before.clamp_(min=1e-30), direction)
        return change, False

    def _gathered(self, at: slice) -> Iterator[Tensor]:
        """The factors of the entries, (b, part of the length, block): kept where they are a single part."""
        if len(self._parts) > 1:
            for columns in self._parts:
                yield _rows_of(self._turned.factors[:, at], columns)
            return
        if self._kept is None:
            self._kept = _rows_of(self._turned.factors, self._parts[0])
        yield self._kept[:, :, at]

    def _scores(self, vectors: Tensor, at: slice) -> Tensor:
        """Y_i x of (b, 1, block): (b, 1, length)."""
        parts = [torch.bmm(vectors, part.mT) for part in self._gathered(at)]
        return parts[0] if len(parts) == 1 else torch.cat(parts, 2)

    def _back(self, weights: Tensor, at: slice, add: Tensor, *, sign: int = 1) -> Tensor:
        """Sum of weights (b, 1, length) times Y_i, plus ``sign`` times ``add``: (b, 1, block)."""
        place = 0
        for part in self._gathered(at):
            add = torch.baddbmm(add, weights[:, :, place : place + part.shape[1]], part, beta=sign)
            place, sign = place + part.shape[1], 1
        return add

    def _cholesky(self) -> Tensor:
        count, width = self.x.shape
        system = torch.diag_embed((self._turned.dense + self._pull).double())
        right = torch.zeros((count, 1, width), device=self.x.device, dtype=torch.double)
        step = max(1, _FLOATS // (count * width))
        for columns, extra in zip(
            torch.split(self._batch.columns, step, 1), torch.split(self._batch.extra, step, 1), strict=True
        ):
            gathered = _rows_of(self._turned.factors, columns).double()
            system.baddbmm_((gathered * extra[..., None]).mT, gathered)
            right.baddbmm_(1 + extra[:, None].double(), gathered)
        lower, _ = torch.linalg.cholesky_ex(system)
        return torch.cholesky_solve(right.mT, lower)[..., 0].float()


def _rows_of(factors: Tensor, columns: Tensor) -> Tensor:
    return factors.index_select(0, columns.reshape(-1)).view(*columns.shape, -1)


def batch_loss(batch: Batch, users: Tensor, items: Tensor) -> float:
    """The sum over the batch's entries of (1 + e)(1 - s)^2 - s^2, where s is the predicted preference."""
    vectors = users[batch.rows][..., None]
    step = max(1, _FLOATS // vectors.numel())
    total = 0.0
    for columns, extra in zip(
        torch.split(batch.columns, step, 1), torch.split(batch.extra, step, 1), strict=True
    ):
        real = columns < len(items)
        scores = torch.bmm(_rows_of(items, columns.clamp(max=len(items) - 1)), vectors)[..., 0]
        losses = (1 + extra) * (1 - scores).square() - scores.square()
        total += float((losses * real).sum(dtype=torch.double))
    return total
