"""Many small regularized least squares at once: one vector for each row of a sparse matrix.

For a row with entries i of weight r_i the vector x is the minimum of

    sum over all j (x' y_j)^2 + sum over its i [(1 + a r_i)(1 - x' y_i)^2 - (x' y_i)^2] + l |x|^2

(Hu, Koren and Volinsky 2008, eq. 3), that is x = (Y'Y + l I + sum a r_i y_i y_i')^-1 sum (1 + a r_i) y_i.
With Y'Y + l I = V W V' and Z = Y V W^-1/2 every row's system becomes I + Z_i' C Z_i, the identity plus the
row's own few entries, on which conjugate gradients converge in a few steps. Rows of about equal length are
solved side by side in padded batches, on whichever device holds the factors; there is no loop over rows.
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

_FLOATS = 1_000_000  # of gathered factors a batch: about what a core's cache holds, measured
_ROWS = 4096
_STEPS = 32


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of about equal length: ``columns`` int32 (b, length), ``extra`` float32 (b, length) holds a r_i.

    Padding has the column after the last, which stands for zeros.
    """

    rows: Tensor
    columns: Tensor
    extra: Tensor


class SparseRows:
    """The rows of a scipy CSR matrix with their weights times ``alpha``, in batches for ``Solver``."""

    def __init__(self, matrix: Any, alpha: float, factors: int, device: torch.device) -> None:
        self.n_rows = int(matrix.shape[0])
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
        self, rows: SparseRows, factors: Tensor, regularization: float, *, tolerance: float = 1e-3
    ) -> Tensor:
        """One float32 vector a row, (n_rows, d); zeros for a row without entries.

        ``factors`` is float32 (n_columns, d); ``tolerance`` bounds |residual| / |right side| of the scaled
        system. While this runs, PyTorch runs each operation on one thread.
        """
        torch.set_num_threads(1)
        try:
            scaled, back = self._whitened(factors, regularization)
            solution = torch.zeros((rows.n_rows, factors.shape[1]), device=factors.device)

            def solve(batch: Batch) -> None:
                solution[batch.rows] = _solve(batch, scaled, tolerance) @ back

            list(self._pool.map(solve, rows.batches))
        finally:
            torch.set_num_threads(self._threads)
        return solution

    def close(self) -> None:
        self._pool.shutdown()

    def _whitened(self, factors: Tensor, regularization: float) -> tuple[Tensor, Tensor]:
        """Z = Y V W^-1/2, a row of zeros appended, and W^-1/2 V', where Y'Y + l I = V W V'."""
        parts = torch.split(factors, _ROWS)
        grams = list(self._pool.map(lambda part: part.T @ part, parts))
        gram = torch.stack(grams).sum(0).double().cpu()
        gram.diagonal().add_(regularization)
        values, vectors = torch.linalg.eigh(gram)
        floor = max(float(values[-1]) * 1e-7, 1e-12)
        back = (vectors * values.clamp(min=floor).rsqrt()).to(factors.device, torch.float32)
        scaled = torch.zeros((len(factors) + 1, factors.shape[1]), device=factors.device)
        places = torch.split(scaled[:-1], _ROWS)
        list(self._pool.map(lambda part, place: torch.mm(part, back, out=place), parts, places))
        return scaled, back.T


def _solve(batch: Batch, scaled: Tensor, tolerance: float) -> Tensor:
    """Conjugate gradients (Hestenes and Stiefel 1952) on I + Z'CZ for all rows at once: (b, d)."""
    count, length = batch.columns.shape
    gathered = scaled.index_select(0, batch.columns.view(-1)).view(count, length, -1)
    transposed = gathered.mT
    extra = batch.extra[:, None]
    direction = residual = torch.bmm(1 + extra, gathered)
    solution = torch.zeros_like(residual)
    squared = (residual * residual).sum(2, keepdim=True)
    enough = squared * tolerance**2
    for _ in range(_STEPS):
        image = torch.baddbmm(direction, torch.bmm(direction, transposed).mul_(extra), gathered)
        step = squared / (direction * image).sum(2, keepdim=True).clamp_(min=1e-30)
        solution.addcmul_(step, direction)
        residual = torch.addcmul(residual, step, image, value=-1)
        before, squared = squared, (residual * residual).sum(2, keepdim=True)
        if bool((squared <= enough).all()):
            return solution[:, 0]
        direction = torch.addcmul(residual, squared / before.clamp_(min=1e-30), direction)
    return _solve_exactly(batch, scaled)


def _solve_exactly(batch: Batch, scaled: Tensor) -> Tensor:
    """The same by Cholesky, for rows whose confidences are so high that conjugate gradients take too long."""
    count, width = len(batch.rows), scaled.shape[1]
    system = torch.eye(width, device=scaled.device, dtype=torch.double).repeat(count, 1, 1)
    right = torch.zeros((count, 1, width), device=scaled.device, dtype=torch.double)
    step = max(1, _FLOATS // (count * width))
    for columns, extra in zip(
        torch.split(batch.columns, step, 1), torch.split(batch.extra, step, 1), strict=True
    ):
        gathered = scaled.index_select(0, columns.reshape(-1)).view(count, -1, width).double()
        system.baddbmm_((gathered * extra[..., None]).mT, gathered)
        right.baddbmm_(1 + extra[:, None].double(), gathered)
    lower, _ = torch.linalg.cholesky_ex(system)
    return torch.cholesky_solve(right.mT, lower)[..., 0].float()


def batch_loss(batch: Batch, users: Tensor, items: Tensor) -> float:
    """The sum over the batch's entries of (1 + a r)(1 - s)^2 - s^2, where s is the predicted preference."""
    real = batch.columns < len(items)
    columns = batch.columns.clamp(max=len(items) - 1)
    gathered = items.index_select(0, columns.view(-1)).view(*columns.shape, -1)
    scores = torch.bmm(gathered, users[batch.rows][..., None])[..., 0]
    losses = (1 + batch.extra) * (1 - scores).square() - scores.square()
    return float((losses * real).sum())
