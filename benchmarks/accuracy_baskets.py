"""How good people alike, the next basket, rules and ratings are; parameters from a small declared grid.

    python -m benchmarks.accuracy_baskets [complete_journey] [online_retail] [movielens_100k]

Shops: NDCG@20 over the full catalogue. ``GRIDS`` is gone through stage by stage on the tuning parts (the last
part of the training part) with at most 800 of their users; what is best there is fitted on the whole training
part and measured on the test once, with all users. Rules: of each of 2,000 test orders, drawn by seed, one
item is hidden, and the others must find it. Ratings: five-fold RMSE and MAE, parameters chosen on a tenth of
the first fold's training part. Writes ``benchmarks/results/accuracy_baskets.json``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Any, Literal

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import django
import numpy as np

from recommendations.algorithms import create
from recommendations.evaluation import bootstrap_interval, evaluate, evaluate_ratings
from recommendations.interactions import Interactions

from . import datasets
from .results import FOLDER

Row = dict[str, Any]
Scope = Literal["new", "all"]
Stage = dict[str, tuple[Any, ...]]
Ask = Callable[[str, dict[str, Any]], tuple[Any, float]]

GRIDS: dict[tuple[str, Scope], tuple[Stage, ...]] = {
    ("user_knn", "new"): (
        {"weight": ("log1p", "sqrt"), "half_life": (None, 60, 120)},
        {"neighbours": (50, 100, 200, 400), "shrinkage": (0, 2)},
    ),
    ("tifu_knn", "all"): (
        {"group_decay": (0.7, 0.8, 0.9), "half_life": (None, 120)},
        {"groups": (7, 40), "basket_decay": (0.8, 0.9)},
        {"neighbours": (100, 300), "alpha": (0.3, 0.5, 0.7)},
    ),
    ("tifu_knn", "new"): (
        {"weight": ("log1p", "sqrt"), "half_life": (60, 120), "neighbours": (50, 100, 300)},
    ),
}
RULES: dict[str, tuple[Stage, ...]] = {
    "Online Retail": (
        {"metric": ("confidence", "lift", "leverage", "conviction"), "min_confidence": (0.02, 0.1)},
        {"min_support": (10, 20), "max_antecedents": (1, 2)},
    ),
    "The Complete Journey": (  # ten times the orders: a support of 10 would be minutes of mining each
        {
            "metric": ("confidence", "lift", "leverage", "conviction"),
            "min_support": (40,),
            "min_confidence": (0.02,),
        },
        {"min_support": (20, 40), "max_antecedents": (1, 2)},
    ),
}
TOGETHER: tuple[Stage, ...] = ({"min_support": (2, 3, 5), "min_lift": (1, 1.2, 2)},)
USERS = 800
RATINGS: Stage = {"implicit_regularization": (5, 10), "bias_regularization": (1, 2), "factors": (50, 80)}
FIGURES = {
    ("The Complete Journey", "tifu_knn", "all"): 0.371,
    ("Online Retail", "tifu_knn", "all"): 0.352,
}


def complete_journey() -> list[Row]:
    return list(_shop(datasets.complete_journey()))


def online_retail() -> list[Row]:
    return list(_shop(datasets.online_retail()))


def movielens_100k() -> list[Row]:
    """Surprise publishes RMSE / MAE .934 / .737 for SVD and .919 / .721 for SVD++."""
    data = datasets.movielens_100k("ratings")
    fold = np.random.default_rng(0).permutation(len(data)) % 5
    parts = datasets.hold_out(data.where(fold != 0), seed=5)
    tried = {values: _rmse("svdpp", dict(zip(RATINGS, values, strict=True)), *parts)[0]
             for values in product(*RATINGS.values())}  # fmt: skip
    chosen = dict(zip(RATINGS, min(tried, key=lambda values: tried[values]), strict=True))
    return [
        _ratings_row(data, fold, "svd", {}, 0.934),
        _ratings_row(data, fold, "svdpp", chosen, 0.919),
    ]


def _ratings_row(data: Interactions, fold: Any, name: str, parameters: dict[str, Any], figure: float) -> Row:
    start = time.perf_counter()
    found = [
        _rmse(name, parameters, data.where(fold != number), data.where(fold == number), seed=number)
        for number in range(5)
    ]
    rmse, mae = np.mean(found, axis=0)
    row = {
        "data": "MovieLens 100K, five folds",
        "algorithm": name,
        "rmse": float(rmse),
        "mae": float(mae),
        "by_fold": [one[0] for one in found],
        "figure": figure,
        "seconds": (time.perf_counter() - start) / 5,
        "parameters": parameters,
    }
    print(f"{row['data']:28} {name:18} RMSE {rmse:.4f}  MAE {mae:.4f}  {parameters}", flush=True)
    return row


def _rmse(
    name: str, parameters: dict[str, Any], train: Interactions, test: Interactions, seed: int = 0
) -> tuple[float, float]:
    found = evaluate_ratings(create(name, **parameters).fit(train, seed=seed), train, test).metrics
    return found["rmse"], found["mae"]


def _shop(data: datasets.Dataset) -> Iterator[Row]:
    train, later = data.tuning.train, data.tuning.test
    people = np.intersect1d(np.unique(train.user), np.unique(later.user))
    some = train.users.take(np.sort(np.random.default_rng(0).permutation(people)[:USERS]))
    everybody = data.split.train.users.take(np.unique(data.split.train.user))
    for (name, scope), stages in GRIDS.items():
        asked = partial(_lists, train=train, test=later, scope=scope, users=some)
        chosen, best = _chosen(name, stages, asked)
        final = partial(_lists, train=data.split.train, test=data.split.test, scope=scope, users=everybody)
        yield _row(data, name, scope, chosen, best, final)
    for name, stages in (("association_rules", RULES[data.name]), ("bought_together", TOGETHER)):
        chosen, best = _chosen(name, stages, partial(_hidden, train=train, test=later))
        final = partial(_hidden, train=data.split.train, test=data.split.test)
        yield _row(data, name, "basket", chosen, best, final)


def _chosen(name: str, stages: tuple[Stage, ...], ask: Ask) -> tuple[dict[str, Any], float]:
    """What is best on the tuning parts, stage by stage, and how good that is."""
    chosen, best = {}, 0.0
    for stage in stages:
        tried = {}
        for values in product(*stage.values()):
            parameters = chosen | dict(zip(stage, values, strict=True))
            tried[values] = float(ask(name, parameters)[0].mean())
            print(f"  {name} {tried[values]:.4f} {parameters}", flush=True)
        values = max(tried, key=lambda values: tried[values])
        best = tried[values]
        chosen |= dict(zip(stage, values, strict=True))
    return chosen, best


def _row(
    data: datasets.Dataset, name: str, scope: str, parameters: dict[str, Any], validation: float, ask: Ask
) -> Row:
    per_user, seconds = ask(name, parameters)
    low, high = bootstrap_interval(per_user)
    figure = FIGURES.get((data.name, name, scope))
    row = {
        "data": data.name,
        "protocol": data.protocol,
        "algorithm": name,
        "scope": scope,
        "users": len(per_user),
        "ndcg": float(per_user.mean()),
        "interval": [low, high],
        "validation": validation,
        "figure": figure,
        "seconds": seconds,
        "parameters": parameters,
    }
    wanted = f"  to reach {figure}" if figure else ""
    print(f"{data.name:22} {name:18} {scope:6} NDCG@20 {row['ndcg']:.4f} [{low:.4f}, {high:.4f}]{wanted}  "
          f"{parameters}", flush=True)  # fmt: skip
    return row


def _lists(
    name: str,
    parameters: dict[str, Any],
    *,
    train: Interactions,
    test: Interactions,
    scope: Scope,
    users: list[str],
) -> tuple[Any, float]:
    """NDCG@20 of these users, and the seconds that fitting took."""
    start = time.perf_counter()
    model = create(name, **parameters).fit(train)
    seconds = time.perf_counter() - start
    return evaluate(model, train, test, scope=scope, users=users).per_user["ndcg"], seconds


def _hidden(
    name: str, parameters: dict[str, Any], *, train: Interactions, test: Interactions
) -> tuple[Any, float]:
    """NDCG@20 of the hidden item of up to 2,000 test orders, and the seconds that fitting took."""
    from recommendations.training.baskets import Baskets  # needs Django's settings, which main brings up

    baskets = Baskets.draw(test, seed=0)
    assert baskets is not None
    start = time.perf_counter()
    model = create(name, **parameters).fit(train)
    seconds = time.perf_counter() - start
    return evaluate(baskets.asked(model), baskets.known, baskets.hidden).per_user["ndcg"], seconds


def main(names: list[str] | None = None) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    django.setup()
    every = {one.__name__: one for one in (complete_journey, online_retail, movielens_100k)}
    path = FOLDER / "accuracy_baskets.json"
    for name in names or every:
        try:
            rows = every[name]()
        except datasets.Absent as absent:
            print(f"{name}: skipped, {absent}")
            continue
        kept = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps(kept | {name: rows}, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
