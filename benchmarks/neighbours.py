"""Fit times of item_knn beside implicit's, and of ease beside a plain numpy solve; serving beside als.

    python -m benchmarks.neighbours [item_knn] [ease] [serving]

The same threads, interleaved pairs, one before the clock. ``item_knn`` keeps 200 neighbours, as does the
peer; a fit of ease includes the choice of 200 neighbours an item and all that makes a model, the plain solve
is ``numpy.linalg.inv`` of X'X + l2 I in float32 and B = -P / diag(P).
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", str(os.cpu_count() or 1))

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from recommendations.algorithms import create
from recommendations.artifacts import Model
from recommendations.interactions import Interactions

from . import datasets
from .results import write

NEIGHBOURS, K, PAIRS, CALLS = 200, 20, 7, 200
Run = Callable[[], Any]


def data_sets() -> dict[str, Callable[[], Interactions]]:
    return {
        "online_retail": lambda: datasets.online_retail().split.train,
        "movielens_1m": lambda: datasets.from_matrix(datasets.movielens_1m()[0]),
        "gowalla": lambda: datasets.from_matrix(datasets.gowalla()[0]),
        "complete_journey": lambda: datasets.complete_journey().split.train,
    }


def item_knn() -> None:
    """Beside implicit's CosineRecommender and BM25Recommender, which keep the item itself among the 200."""
    from implicit.nearest_neighbours import BM25Recommender, CosineRecommender

    for name, load in data_sets().items():
        data = load()
        matrix = data.matrix("count").astype(np.float64)
        for similarity, peer in (("cosine", CosineRecommender), ("bm25", BM25Recommender)):
            options = {"similarity": similarity, "weight": "count", "half_life": None, "shrinkage": 0}
            ours = create("item_knn", amplification=1, neighbours=NEIGHBOURS, **options)
            other = peer(K=NEIGHBOURS, num_threads=torch.get_num_threads())

            _measure(
                f"item_knn_{similarity}_{name}",
                "seconds a fit",
                (partial(ours.fit, data), partial(_fit_peer, other, matrix)),
                f"implicit 0.7.3 {peer.__name__}",
                f"{data.n_users} x {data.n_items}, {matrix.nnz} pairs, {NEIGHBOURS} neighbours",
            )


def ease() -> None:
    for name in ("online_retail", "movielens_1m"):
        data = data_sets()[name]()
        ours = create("ease", weight="binary", half_life=None, l2=300, neighbours=NEIGHBOURS)
        _measure(
            f"ease_{name}",
            "seconds a fit",
            (partial(ours.fit, data), partial(_solve, data)),
            "numpy.linalg.inv and B = -P / diag(P)",
            f"{data.n_users} x {data.n_items}, float32, ours with {NEIGHBOURS} neighbours chosen and a model",
        )


def serving() -> None:
    """``Model.recommend`` for one known customer at a time, beside an als of 64 factors of the same data."""
    for name in ("online_retail", "complete_journey"):
        data = data_sets()[name]()
        als = create("als", iterations=1, regularization=1).fit(data)
        users = als.users.keys(np.linspace(0, len(als.users) - 1, CALLS).astype(int))
        for algorithm in ("item_knn", "ease", "ridge"):
            model = create(algorithm).fit(data)
            entries = int(np.diff(model.scorer.indptr)[model.seen.indices].sum() / len(model.users))  # type: ignore[attr-defined]
            _measure(
                f"serving_{algorithm}_{name}",
                "seconds a visitor",
                (partial(_serve, model, users), partial(_serve, als, users)),
                "als of 64 factors",
                f"top {K} of {data.n_items} items for {CALLS} customers in turn, {entries} neighbours of a "
                "history on average, numpy on one thread",
                calls=CALLS,
                pairs=21,
            )


def _fit_peer(peer: Any, matrix: Any) -> None:
    with threadpool_limits(1, "blas"), warnings.catch_warnings():  # its own threads do the work
        warnings.simplefilter("ignore")
        peer.fit(matrix, show_progress=False)


def _solve(data: Interactions) -> np.ndarray[Any, Any]:
    matrix = data.matrix("binary")
    gram = (matrix.T @ matrix).toarray()
    gram[np.diag_indices_from(gram)] += 300
    inverse = np.linalg.inv(gram)
    weights: np.ndarray[Any, Any] = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return weights


def _serve(model: Model, users: list[str]) -> None:
    with threadpool_limits(1, "blas"):
        for user in users:
            model.recommend([user], k=K)


def _measure(
    name: str,
    unit: str,
    runs: tuple[Run, ...],
    peer_name: str,
    protocol: str,
    *,
    calls: int = 1,
    pairs: int = PAIRS,
) -> None:
    taken = [[_seconds(run) / calls for run in runs] for _ in range(pairs + 1)]
    measured = {
        "name": name,
        "unit": unit,
        "pairs": [(one, other) for one, other in taken[1:]],
        "peer_name": peer_name,
        "better": "lower",
        "protocol": f"{protocol}; {torch.get_num_threads()} threads each; one pair before the clock",
    }
    write(measured, packages=("torch", "implicit", "numpy", "scipy"))


def _seconds(run: Run) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main(names: list[str]) -> None:
    for part in (item_knn, ease, serving):
        if names and part.__name__ not in names:
            continue
        try:
            part()
        except datasets.Absent as absent:
            print(f"{part.__name__}: skipped, {absent}")


if __name__ == "__main__":
    main(sys.argv[1:])
