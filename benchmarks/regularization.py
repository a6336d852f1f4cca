"""What each measure against overfitting brings bpr and ccl: one thing changed at a time, on two data sets.

A variant is fitted on the training part without its validation part, on which early stopping finds its epochs
and the variant is judged; then on the whole training part for those epochs, and judged on the test. ``for
long`` is the same without early stopping, 60 epochs. Nothing is chosen by the test.
Writes ``benchmarks/results/regularization.json``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from recommendations.algorithms import create
from recommendations.evaluation import evaluate
from recommendations.interactions import Interactions

from . import datasets
from .results import FOLDER

LONG = 60
DEFAULTS: dict[str, dict[str, Any]] = {"bpr": {"factors": 64}, "ccl": {"factors": 64}}
VARIANTS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "bpr": [
        ("L2 .005, uniform negatives", {}),
        ("without L2", {"regularization": 0.0}),
        ("L2 .02", {"regularization": 0.02}),
        ("negatives by popularity ^ .75", {"negatives": "popularity"}),
        ("negatives in the batch, logQ", {"negatives": "in_batch"}),
        ("hard negatives", {"negatives": "hard"}),
    ],
    "ccl": [
        ("softmax, uniform negatives", {}),
        ("with dropout .3", {"dropout": 0.3}),
        ("with L2 .001", {"weight_decay": 0.001}),
        ("negatives by popularity ^ .75, logQ", {"sampling": "popularity"}),
        ("256 negatives", {"negatives": 256}),
        ("margin .8 (CCL) for softmax", {"loss": "margin"}),
    ],
}
Parts = tuple[Interactions, Interactions, Interactions, Interactions, dict[str, Any]]


def movielens_100k() -> Parts:
    """A tenth of the ratings, as purchases, are the validation part, a fifth the test, both drawn once."""
    train, test = datasets.hold_out(datasets.movielens_100k(), 0.2, seed=1)
    return (*datasets.hold_out(train), train, test, {"weight": "binary", "half_life": None})


def online_retail() -> Parts:
    data = datasets.online_retail()
    return data.tuning.train, data.tuning.test, data.split.train, data.split.test, {}


def rows(name: str, parts: Parts) -> Iterator[dict[str, Any]]:
    part, later, train, test, options = parts
    known = train.users.take(np.unique(train.user))
    for algorithm, variants in VARIANTS.items():
        for text, changes in [*variants, ("for long", {})]:
            start = time.process_time()
            settings = DEFAULTS[algorithm] | options | changes
            long = text == "for long"
            curve = _curve(algorithm, settings, part, later, LONG if long else None)
            best = max(range(len(curve)), key=lambda epoch: curve[epoch]["ndcg"])
            kept = len(curve) - 1 if long else best
            model = create(algorithm, **settings, epochs=kept + 1).fit(train, seed=0)
            row = {
                "data": name,
                "algorithm": algorithm,
                "variant": text,
                "epochs": kept + 1,
                "loss": curve[kept]["loss"],
                "validation": curve[kept]["ndcg"],
                "test": evaluate(model, train, test, users=known).metrics["ndcg"],
                "seconds": time.process_time() - start,
            }
            print(
                f"{name:14} {algorithm} {text:36} {row['epochs']:3} epochs  loss {row['loss']:.4f}  "
                f"validation {row['validation']:.4f}  test {row['test']:.4f}  {row['seconds']:.0f} s",
                flush=True,
            )
            yield row


def _curve(
    algorithm: str, settings: dict[str, Any], part: Interactions, later: Interactions, epochs: int | None
) -> list[dict[str, float]]:
    """Loss and validation NDCG@20 of each epoch until early stopping, or of all ``epochs``."""
    points: list[dict[str, float]] = []

    def note(stage: str, done: int, total: int, metrics: Any) -> None:
        if "ndcg" in metrics:
            points.append(dict(metrics))

    create(algorithm, **settings, epochs=epochs, **({"patience": epochs} if epochs else {})).fit(
        part, validation=later, seed=0, on_progress=note
    )
    return points


def main(names: list[str]) -> None:
    every = {one.__name__: one for one in (movielens_100k, online_retail)}
    path = FOLDER / "regularization.json"
    found = json.loads(path.read_text()) if names and path.exists() else {}
    for name in names or every:
        try:
            found[name] = list(rows(name, every[name]()))
        except datasets.Absent as absent:
            print(f"{name}: skipped, {absent}")
    FOLDER.mkdir(exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
