"""Time per iteration of als beside implicit's, on Gowalla: 64 factors, the same threads, interleaved pairs.

One run of ours is one iteration (users, then items) from the current factors; one of the peer's is the time
that it reports for its own iteration, by its default three conjugate-gradient steps. Both go on from there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # implicit asks for it: its own threads call BLAS

import numpy as np
import torch

from recommendations.algorithms.least_squares import Solver, SparseRows

from . import datasets
from .results import write

FACTORS, REGULARIZATION, ALPHA = 64, 0.05, 1.0
PAIRS = 15


def ours(matrix: Any) -> Callable[[], float]:
    solver = Solver(torch.device("cpu"))
    rows = SparseRows(matrix, ALPHA, FACTORS, solver.device)
    columns = SparseRows(matrix.T.tocsr(), ALPHA, FACTORS, solver.device)
    items = torch.randn((matrix.shape[1], FACTORS), generator=torch.Generator().manual_seed(0)) * 0.01

    def run() -> float:
        nonlocal items
        start = time.perf_counter()
        users = solver(rows, items, REGULARIZATION)
        items = solver(columns, users, REGULARIZATION)
        return time.perf_counter() - start

    return run


def peers(matrix: Any, threads: int) -> Callable[[], float]:
    from implicit.cpu.als import AlternatingLeastSquares

    confidence = matrix.copy()
    confidence.data = 1 + ALPHA * matrix.data
    peer = AlternatingLeastSquares(
        factors=FACTORS,
        regularization=REGULARIZATION,
        alpha=1.0,
        iterations=1,
        num_threads=threads,
        random_state=0,
    )

    def run() -> float:
        seconds: list[float] = []
        peer.fit(confidence, show_progress=False, callback=lambda i, took, *loss: seconds.append(took))
        return seconds[0]

    return run


def main() -> None:
    try:
        train, _ = datasets.gowalla()
    except datasets.Absent as absent:
        print(f"als: skipped, {absent}")
        return
    matrix = train.astype(np.float32)
    matrix.data[:] = 1
    matrix.sort_indices()
    threads = torch.get_num_threads()
    one, other = ours(matrix), peers(matrix, threads)
    for _ in range(2):
        one(), other()
    measured = {
        "name": "als",
        "unit": "seconds per iteration",
        "pairs": [(one(), other()) for _ in range(PAIRS)],
        "peer_name": "implicit 0.7.3 AlternatingLeastSquares, 3 conjugate-gradient steps",
        "better": "lower",
        "protocol": f"Gowalla train, {matrix.shape[0]} x {matrix.shape[1]}, {matrix.nnz} purchases; "
        f"{FACTORS} factors, alpha {ALPHA:g}, regularization {REGULARIZATION}; {threads} threads each; "
        "interleaved pairs, two before the clock",
    }
    write(measured, packages=("torch", "implicit", "numpy"))


if __name__ == "__main__":
    main()
