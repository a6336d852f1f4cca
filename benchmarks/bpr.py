"""Time of bpr to the ranking that implicit's BPR ends with, on Gowalla: 64 factors, interleaved pairs.

The peer runs its 100 iterations; NDCG@20 is that of 5,000 of the test's users, drawn once. How many epochs
ours needs to get there is found first and not on the clock; each pair is then one whole fit of either, whose
figures are compared again: a fit of ours that ends lower makes the benchmark begin anew with an epoch more.
"""

from __future__ import annotations

import os
import time
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # implicit asks for it: its own threads call BLAS

import numpy as np
import torch

from recommendations.algorithms import create
from recommendations.algorithms.base import Cancelled
from recommendations.algorithms.validation import Validation

from . import datasets
from .results import write

FACTORS, ITERATIONS = 64, 100
OURS = {"factors": FACTORS, "weight": "binary", "half_life": None}
PAIRS = 7
MOST = 60


def ours(data: Any, judge: Validation, seed: int, epochs: int) -> tuple[float, float]:
    """Seconds of one fit and its NDCG@20."""
    start = time.perf_counter()
    model = create("bpr", epochs=epochs, **OURS).fit(data, seed=seed)
    seconds = time.perf_counter() - start
    return seconds, _ndcg(judge, model.scorer.user_factors, model.scorer.item_factors)  # type: ignore[attr-defined]


def peers(matrix: Any, judge: Validation, seed: int, threads: int) -> tuple[float, float]:
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    peer = BayesianPersonalizedRanking(
        factors=FACTORS, iterations=ITERATIONS, num_threads=threads, random_state=seed
    )
    start = time.perf_counter()
    peer.fit(matrix, show_progress=False)
    seconds = time.perf_counter() - start
    return seconds, _ndcg(judge, peer.user_factors, peer.item_factors)


def _ndcg(judge: Validation, users: Any, items: Any) -> float:
    return judge.ndcg(torch.from_numpy(users[judge.users]), torch.from_numpy(items))


def needed(data: Any, judge: Validation, wanted: float) -> int:
    """The first number of epochs after which ours ranks as well."""
    found: list[int] = []

    def watch(stage: str, done: int, total: int, metrics: Any) -> bool:
        if metrics.get("ndcg", 0) >= wanted:
            found.append(done)
        return not found

    try:
        create("bpr", epochs=MOST, **OURS).fit(data[0], validation=data[1], on_progress=watch)
    except Cancelled:
        return found[0]
    raise SystemExit(f"bpr did not reach {wanted:.4f} within {MOST} epochs")


def main() -> None:
    try:
        train, test = datasets.gowalla()
    except datasets.Absent as absent:
        print(f"bpr: skipped, {absent}")
        return
    train.data[:] = 1
    matrix = train.astype(np.float32)
    matrix.sort_indices()
    data, later = datasets.from_matrix(train), datasets.from_matrix(test)
    judge = Validation(matrix, later.matrix("binary"), most=5000)
    threads = torch.get_num_threads()
    _, wanted = peers(matrix, judge, 0, threads)
    epochs = needed((data, later), judge, wanted)
    while True:
        found = [
            (ours(data, judge, seed, epochs), peers(matrix, judge, seed, threads)) for seed in range(PAIRS)
        ]
        if all(one[1] >= peer[1] for one, peer in found):
            break
        epochs += 1
    quality = [float(np.mean([pair[side][1] for pair in found])) for side in (0, 1)]
    measured = {
        "name": "bpr",
        "unit": "seconds to the peer's NDCG@20",
        "pairs": [(one[0], peer[0]) for one, peer in found],
        "peer_name": f"implicit 0.7.3 BayesianPersonalizedRanking, {ITERATIONS} iterations",
        "better": "lower",
        "protocol": f"Gowalla train, {matrix.shape[0]} x {matrix.shape[1]}, {matrix.nnz} purchases; "
        f"{FACTORS} factors, {threads} threads each, whole fits in interleaved pairs; ours {epochs} epochs "
        f"to NDCG@20 {quality[0]:.4f}, the peer's {quality[1]:.4f} (5,000 test users, every pair at least "
        "equal)",
    }
    write(measured, packages=("torch", "implicit", "numpy"))


if __name__ == "__main__":
    main()
