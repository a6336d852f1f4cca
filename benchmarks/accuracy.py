"""How good the algorithms are on real orders, beside their peers; NDCG@20 over the full catalogue.

    python -m benchmarks.accuracy [complete_journey] [online_retail] [movielens_100k] [gowalla] [svd]

Each row states its protocol. Users are those of the test who have a training row; parameters left on auto are
picked on the last part of the training part, never on the test. Writes ``benchmarks/results/accuracy.json``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from recommendations.algorithms import create
from recommendations.algorithms.catalogue import info
from recommendations.evaluation import (
    Evaluation,
    bootstrap_interval,
    evaluate,
    evaluate_ratings,
    paired_difference,
)
from recommendations.interactions import Interactions

from . import datasets
from .results import FOLDER

SEEDS = range(5)
Row = dict[str, Any]


class Peer:
    """implicit's ALS as something that ``evaluate`` can score; confidence 1 + alpha r, as ours."""

    def __init__(self, train: Interactions, matrix: Any, alpha: float, **options: Any) -> None:
        from implicit.cpu.als import AlternatingLeastSquares

        self.users, self.items = train.users, train.items
        confidence = matrix.copy()
        confidence.data = 1 + alpha * matrix.data
        self._peer = AlternatingLeastSquares(alpha=1.0, **options)
        self._peer.fit(confidence, show_progress=False)

    def score_users(self, users: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        scores: np.ndarray[Any, Any] = self._peer.user_factors[users] @ self._peer.item_factors.T
        return scores


def complete_journey() -> list[Row]:
    figures = {("als", "new"): 0.047, ("trending", "new"): 0.043, ("buy_again", "all"): 0.369}
    return list(_shop(datasets.complete_journey(), figures))


def online_retail() -> list[Row]:
    return list(_shop(datasets.online_retail(), {("als", "new"): 0.0995}))


def _shop(data: datasets.Dataset, figures: dict[tuple[str, str], float]) -> Iterator[Row]:
    """Each algorithm with its defaults, and implicit's ALS with the settings of ours."""
    train, test = data.split.train, data.split.test
    known = train.users.take(np.unique(train.user))
    tuned = create("als").fit(data.tuning.train, validation=data.tuning.test)
    chosen = tuned.parameters
    for name in ("popularity", "trending", "als", "item_cosine", "bought_together", "buy_again"):
        parameters = chosen if name == "als" else info(name).defaults
        seeds = SEEDS if name == "als" else range(1)
        start = time.perf_counter()
        models = [create(name, **parameters).fit(train, seed=seed) for seed in seeds]
        seconds = (time.perf_counter() - start) / len(models)
        for scope in ("new", "all"):
            found = [evaluate(model, train, test, scope=scope, users=known) for model in models]
            yield _row(data, name, scope, parameters, found, seconds, figures.get((name, scope)))
    settings = {key: chosen[key] for key in ("factors", "regularization", "iterations")}
    matrix = train.matrix(chosen["weight"], half_life=chosen["half_life"])
    peers = [Peer(train, matrix, chosen["alpha"], random_state=seed, **settings) for seed in SEEDS]
    for scope in ("new", "all"):
        found = [evaluate(peer, train, test, scope=scope, users=known) for peer in peers]
        yield _row(data, "implicit als", scope, settings, found, None, None)


def _row(
    data: datasets.Dataset,
    name: str,
    scope: str,
    parameters: Any,
    found: list[Evaluation],
    seconds: float | None,
    figure: float | None,
) -> Row:
    per_user = np.mean([one.per_user["ndcg"] for one in found], axis=0)
    low, high = bootstrap_interval(per_user)
    row = {
        "data": data.name,
        "protocol": data.protocol,
        "algorithm": name,
        "scope": scope,
        "users": len(per_user),
        "seeds": len(found),
        "ndcg": float(per_user.mean()),
        "interval": [low, high],
        "recall": float(np.mean([one.metrics["recall"] for one in found])),
        "coverage": float(np.mean([one.metrics["coverage"] for one in found])),
        "figure": figure,
        "significantly below the figure": None if figure is None else high < figure,
        "seconds": seconds,
        "parameters": parameters,
    }
    _show(row)
    return row


def movielens_100k() -> list[Row]:
    """80 % of the ratings, drawn by seed, as purchases; the rest is the test."""

    def parts(seed: int) -> tuple[Interactions, Interactions]:
        data = datasets.movielens_100k()
        test = np.random.default_rng(seed).random(len(data)) < 0.2
        return data.where(~test), data.where(test)

    settings = {"factors": 64, "regularization": 1.0, "iterations": 15}
    return [_beside_implicit("MovieLens 100K, random 80/20", parts, 1.0, settings, None)]


def gowalla() -> list[Row]:
    """The NGCF split; 5,000 of the test's users, drawn once; one setting for both, not tuned."""
    train, test = (datasets.from_matrix(matrix) for matrix in datasets.gowalla())
    chosen = np.random.default_rng(0).choice(np.unique(test.user), 5000, replace=False)
    users = test.users.take(chosen)
    settings = {"factors": 64, "regularization": 100.0, "iterations": 15}
    return [_beside_implicit("Gowalla, NGCF split", lambda seed: (train, test), 40.0, settings, users)]


def _beside_implicit(
    name: str,
    parts: Callable[[int], tuple[Interactions, Interactions]],
    alpha: float,
    settings: dict[str, Any],
    users: list[str] | None,
) -> Row:
    """Ours and implicit's with equal settings, three seeds; the difference is paired by user and seed."""
    ours, peers = [], []
    for seed in range(3):
        train, test = parts(seed)
        model = create("als", alpha=alpha, weight="binary", half_life=None, **settings).fit(train, seed=seed)
        peer = Peer(train, train.matrix("binary"), alpha, random_state=seed, **settings)
        for one, found in ((model, ours), (peer, peers)):
            found.append(evaluate(one, train, test, users=users).per_user["ndcg"])
    a, b = np.concatenate(ours), np.concatenate(peers)
    difference = paired_difference(a, b)
    row = {
        "data": name,
        "algorithm": "als",
        "ndcg": float(a.mean()),
        "implicit": float(b.mean()),
        "ratio": float(a.mean() / b.mean()),
        "difference": [difference.mean, difference.low, difference.high],
        "parameters": {"alpha": alpha, "weight": "binary", **settings},
    }
    _show(row)
    return row


def svd() -> list[Row]:
    """MovieLens 100K, five folds. Surprise publishes RMSE / MAE .934 / .737 for its SVD."""
    data = datasets.movielens_100k("ratings")
    fold = np.random.default_rng(0).permutation(len(data)) % 5
    errors = []
    for number in range(5):
        train, test = data.where(fold != number), data.where(fold == number)
        found = evaluate_ratings(create("svd").fit(train, seed=number), train, test)
        errors.append((found.metrics["rmse"], found.metrics["mae"]))
    rmse, mae = np.mean(errors, axis=0)
    row = {"data": "MovieLens 100K, five folds", "algorithm": "svd", "rmse": float(rmse), "mae": float(mae)}
    row |= {"figure": 0.934, "parameters": info("svd").defaults}
    _show(row)
    return [row]


def _show(row: Row) -> None:
    """One line of the table: the figure with its interval, or beside the peer's, or the error of ratings."""
    name = f"{row['data']:38.38} {row['algorithm']:16.16} {row.get('scope', ''):4}"
    if "rmse" in row:
        print(f"{name} RMSE {row['rmse']:.4f}  MAE {row['mae']:.4f}", flush=True)
    elif "implicit" in row:
        text = f"NDCG@20 {row['ndcg']:.4f}  implicit {row['implicit']:.4f}  ratio {row['ratio']:.3f}"
        print(f"{name} {text}", flush=True)
    else:
        low, high = row["interval"]
        wanted = f"  to reach {row['figure']:.4f}" if row.get("figure") else ""
        print(f"{name} NDCG@20 {row['ndcg']:.4f} [{low:.4f}, {high:.4f}]{wanted}", flush=True)


def main(names: list[str] | None = None) -> None:
    every = {one.__name__: one for one in (complete_journey, online_retail, movielens_100k, gowalla, svd)}
    path = FOLDER / "accuracy.json"
    kept = json.loads(path.read_text()) if names and path.exists() else {}
    for name in names or every:
        try:
            kept[name] = every[name]()
        except datasets.Absent as absent:
            print(f"{name}: skipped, {absent}")
    FOLDER.mkdir(exist_ok=True)
    path.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
