"""Time per iteration of als beside implicit's: the same threads, interleaved pairs from the same start.

    python -m benchmarks.als [als] [als_256] [als_zipf]

One run of ours is one iteration (users, then items) from the current factors; one of the peer's is the time
that it reports for its own iteration, by its default three conjugate-gradient steps. Both begin with the same
item vectors and nothing about users, go on from there, and end with the loss that is written beside the
times: ours must not be higher. ``CONCIERGE_PAIRS`` says how many pairs are timed, ``CONCIERGE_CLOCK=cpu``
times by the processor's time on one thread, for a machine that others use too.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # implicit asks for it: its own threads call BLAS

import numpy as np
import torch

from recommendations.algorithms.least_squares import Solver, SparseRows, batch_loss

from . import datasets
from .results import write

PAIRS = int(os.environ.get("CONCIERGE_PAIRS", "9"))
CPU_CLOCK = os.environ.get("CONCIERGE_CLOCK") == "cpu"
clock = time.process_time if CPU_CLOCK else time.perf_counter


@dataclass(frozen=True)
class Case:
    """What is factored, and how."""

    data: str
    load: Callable[[], Any]
    factors: int
    alpha: float = 1.0
    regularization: float = 0.05


def gowalla() -> Any:
    """810,128 binary purchases."""
    return datasets.gowalla()[0]


def zipf(users: int = 200_000, items: int = 50_000, rows: int = 10_000_000) -> Any:
    """Purchases drawn at random, an item's popularity is that of its rank by Zipf's law; pairs count once."""
    from scipy import sparse

    rng = np.random.default_rng(0)
    bounds = np.cumsum(1 / np.arange(1, items + 1))
    item = np.searchsorted(bounds, rng.random(rows) * bounds[-1]).astype(np.int32)
    user = rng.integers(0, users, rows, dtype=np.int32)
    return sparse.csr_matrix((np.ones(rows, np.float32), (user, item)), shape=(users, items))


CASES = {
    "als": Case("Gowalla train", gowalla, 64),
    "als_256": Case("Gowalla train", gowalla, 256),
    "als_zipf": Case("10 million generated purchases, popularity by Zipf's law", zipf, 64),
}


class Ours:
    def __init__(self, case: Case, matrix: Any, items: torch.Tensor) -> None:
        self._solver = Solver(torch.device("cpu"))
        self.rows, self._columns = (
            SparseRows(side, case.alpha, case.factors, self._solver.device)
            for side in (matrix, matrix.T.tocsr())
        )
        self._pulls = [torch.full((size,), case.regularization) for size in matrix.shape]
        self.users, self.items = torch.zeros((matrix.shape[0], case.factors)), items.clone()

    def run(self) -> float:
        start = clock()
        users, items = self._solver(self.rows, self.items, self.users, self._pulls[0])
        self.items, self.users = self._solver(self._columns, users, items, self._pulls[1])
        return clock() - start


class Peer:
    def __init__(self, case: Case, matrix: Any, items: torch.Tensor) -> None:
        from implicit.cpu.als import AlternatingLeastSquares

        self._confidence = matrix.copy()
        self._confidence.data = 1 + case.alpha * matrix.data
        self._peer = AlternatingLeastSquares(
            factors=case.factors,
            regularization=case.regularization,
            alpha=1.0,
            iterations=1,
            num_threads=torch.get_num_threads(),
            random_state=0,
        )
        self._peer.user_factors = np.zeros((matrix.shape[0], case.factors), np.float32)
        self._peer.item_factors = items.numpy().copy()

    def run(self) -> float:
        """The seconds that it reports; by the processor's clock those of the whole call."""
        seconds: list[float] = []
        start = clock()
        self._peer.fit(
            self._confidence, show_progress=False, callback=lambda i, took, *loss: seconds.append(took)
        )
        return clock() - start if CPU_CLOCK else seconds[0]

    @property
    def users(self) -> torch.Tensor:
        return torch.from_numpy(self._peer.user_factors)

    @property
    def items(self) -> torch.Tensor:
        return torch.from_numpy(self._peer.item_factors)


def loss(case: Case, rows: SparseRows, users: torch.Tensor, items: torch.Tensor) -> float:
    """Hu, Koren and Volinsky's objective."""
    dense = ((users.T @ users).double() * (items.T @ items)).sum()
    squares = users.double().square().sum() + items.double().square().sum()
    observed = sum(batch_loss(batch, users, items) for batch in rows.batches)
    return float(dense + case.regularization * squares) + observed


def measure(name: str, case: Case) -> None:
    matrix = case.load().astype(np.float32)
    matrix.data[:] = 1
    matrix.sort_indices()
    generator = torch.Generator().manual_seed(0)
    items = torch.randn((matrix.shape[1], case.factors), generator=generator) * 0.01
    ours, peer = Ours(case, matrix, items), Peer(case, matrix, items)
    warm = 2
    pairs = [(ours.run(), peer.run()) for _ in range(warm + PAIRS)][warm:]
    ends = [loss(case, ours.rows, side.users, side.items) for side in (ours, peer)]
    print(f"{name}: loss {ends[0]:.1f}, implicit {ends[1]:.1f}, ratio {ends[0] / ends[1]:.5f}")
    threads = torch.get_num_threads()
    measured = {
        "name": name,
        "unit": "seconds per iteration",
        "pairs": pairs,
        "peer_name": "implicit 0.7.3 AlternatingLeastSquares, 3 conjugate-gradient steps",
        "better": "lower",
        "protocol": f"{case.data}, {matrix.shape[0]} x {matrix.shape[1]}, {matrix.nnz} purchases; "
        f"{case.factors} factors, alpha {case.alpha:g}, regularization {case.regularization}; "
        f"{threads} threads each; interleaved pairs from the same item vectors, {warm} before the clock"
        f"{', by processor time' if CPU_CLOCK else ''}; "
        f"loss after {warm + PAIRS} iterations {ends[0]:.0f}, the peer's {ends[1]:.0f}",
    }
    write(measured, packages=("torch", "implicit", "numpy"))


def main(names: list[str] | None = None) -> None:
    for name in names or CASES:
        try:
            measure(name, CASES[name])
        except datasets.Absent as absent:
            print(f"{name}: skipped, {absent}")


if __name__ == "__main__":
    main(sys.argv[1:])
