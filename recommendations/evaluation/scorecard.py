"""The scorecard: several algorithms side by side, with the protocol that the numbers belong to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from recommendations.evaluation.bootstrap import bootstrap_interval
from recommendations.evaluation.protocol import Evaluation, Scope
from recommendations.interactions import Split

METRICS = (
    "ndcg",
    "recall",
    "map",
    "hit_rate",
    "mrr",
    "precision",
    "f1",
    "coverage",
    "novelty",
    "gini",
    "diversity",
    "price_bias",
    "miscalibration",
)


class ScorecardEntry(NamedTuple):
    """One row to be: what was evaluated, and how it did. ``seconds``: fitting and scoring."""

    algorithm: str
    scope: Scope
    parameters: Mapping[str, Any]
    seconds: float
    evaluation: Evaluation


def scorecard(
    entries: Iterable[ScorecardEntry | tuple[str, Scope, Mapping[str, Any], float, Evaluation]],
    split: Split,
    *,
    k: int,
    seed: int = 0,
) -> dict[str, Any]:
    """``{split, cutoff, k, seed, users, items, rows}``, JSON-able; NaN is None.

    ``users`` and ``items`` are those of the data that was split; each row says in ``users`` how many test
    users its means rest on. ``interval``: the 95 % bootstrap interval of NDCG, drawn with ``seed``.
    """
    rows = [_row(ScorecardEntry(*entry), seed) for entry in entries]
    described = split.as_dict()
    return {
        "split": split.name,
        "cutoff": described["cutoff"],
        "k": k,
        "seed": seed,
        "users": split.data.n_users,
        "items": split.data.n_items,
        "rows": rows,
    }


def _row(entry: ScorecardEntry, seed: int) -> dict[str, Any]:
    evaluation = entry.evaluation
    interval = bootstrap_interval(evaluation.per_user["ndcg"], seed=seed)
    return {
        "algorithm": entry.algorithm,
        "scope": entry.scope,
        "parameters": dict(entry.parameters),
        "seconds": round(entry.seconds, 3),
        "users": len(evaluation.users),
        "metrics": {name: _number(evaluation.metrics[name]) for name in METRICS},
        "interval": {"ndcg": [_number(bound) for bound in interval]},
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
