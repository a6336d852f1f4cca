"""The scorecard: several algorithms side by side, with the protocol that the numbers belong to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from recommendations.evaluation.bootstrap import bootstrap_interval, paired_difference
from recommendations.evaluation.protocol import Evaluation, Scope
from recommendations.evaluation.segments import ACTIVITY, POPULARITY, by_activity, by_popularity
from recommendations.evaluation.significance import holm, paired_t_test
from recommendations.interactions import Interactions, Split

METRICS: Final = (
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
BASELINE: Final = "popularity"
LEVEL: Final = 0.05


class ScorecardEntry(NamedTuple):
    """One row to be: what was evaluated, and how it did. ``seconds``: fitting and scoring.

    ``cold``: how it did by customers without orders before the test. ``active``: the run whose model serves
    now, where this is its algorithm. ``leaks``: what a check for leaks found, JSON-able, and ``refused`` why
    the row's figures are not to be believed: the scorecard then holds none of them.
    """

    algorithm: str
    scope: Scope
    parameters: Mapping[str, Any]
    seconds: float
    evaluation: Evaluation
    cold: Evaluation | None = None
    active: int | None = None
    leaks: Mapping[str, Any] | None = None
    refused: str = ""


def scorecard(
    entries: Iterable[ScorecardEntry | tuple[str, Scope, Mapping[str, Any], float, Evaluation]],
    split: Split,
    *,
    k: int,
    seed: int = 0,
) -> dict[str, Any]:
    """``{split, cutoff, k, seed, users, items, segments, comparisons, rows}``, JSON-able; NaN is None.

    ``users`` and ``items`` are those of the data that was split; each row says in ``users`` how many test
    users its means rest on. ``interval``: 95 % bootstrap intervals of all means over users, drawn with
    ``seed``. ``against``: the row's NDCG less that of ``popularity`` and of ``active``, the model that
    serves, over the same users of the same scope: ``{mean, low, high, relative, p, p_adjusted,
    significant}``. ``relative`` is the first three by the other's NDCG, ``p_adjusted`` Holm's over all
    comparisons of the card. ``customers`` and ``items``: the segments of :mod:`segments
    <recommendations.evaluation.segments>`, whose bounds ``segments`` holds.
    """
    listed = [ScorecardEntry(*entry) for entry in entries]
    rows = [_row(entry, split.development, seed) for entry in listed]
    compared = _compared(listed, rows, seed)
    described = split.as_dict()
    return {
        "split": split.name,
        "cutoff": described["cutoff"],
        "k": k,
        "seed": seed,
        "users": split.data.n_users,
        "items": split.data.n_items,
        "segments": {
            "customers": {name: [fewest, _number(most)] for name, (fewest, most) in ACTIVITY.items()},
            "items": {name: list(bounds) for name, bounds in POPULARITY.items()},
        },
        "comparisons": {"number": compared, "test": "paired t", "correction": "Holm", "level": LEVEL},
        "rows": rows,
    }


def _row(entry: ScorecardEntry, train: Interactions, seed: int) -> dict[str, Any]:
    evaluation = entry.evaluation
    row = {
        "algorithm": entry.algorithm,
        "scope": entry.scope,
        "parameters": dict(entry.parameters),
        "seconds": round(entry.seconds, 3),
        "users": len(evaluation.users),
        "active": entry.active,
        "refused": entry.refused or None,
        "leaks": _numbers(entry.leaks),
        "metrics": dict.fromkeys(METRICS),
        "interval": {"ndcg": [None, None]},
        "against": {},
        "customers": {},
        "items": {},
    }
    if entry.refused:
        return row
    return row | {
        "metrics": {name: _number(evaluation.metrics[name]) for name in METRICS},
        "interval": {
            name: _numbers(bootstrap_interval(evaluation.per_user[name], seed=seed))
            for name in METRICS
            if name in evaluation.per_user
        },
        "customers": _numbers(by_activity(evaluation, train, cold=entry.cold, seed=seed)),
        "items": _numbers(by_popularity(evaluation, seed=seed)),
    }


def _compared(entries: Sequence[ScorecardEntry], rows: Sequence[dict[str, Any]], seed: int) -> int:
    """Write each row's comparisons into it; how many there are."""
    made = []
    for entry, row in zip(entries, rows, strict=True):
        for name, other in _rivals(entry, entries):
            difference = paired_difference(*_ndcg(entry, other), seed=seed)
            parts = (difference.mean, difference.low, difference.high)
            value = other.evaluation.metrics["ndcg"]
            row["against"][name] = {
                **{end: _number(part) for end, part in zip(("mean", "low", "high"), parts, strict=True)},
                "relative": [_number(part / value if value > 0 else math.nan) for part in parts],
                "p": paired_t_test(*_ndcg(entry, other)),
            }
            made.append(row["against"][name])
    for found, adjusted in zip(made, holm([found["p"] for found in made]).tolist(), strict=True):
        found |= {"p_adjusted": adjusted, "significant": adjusted < LEVEL}
    return len(made)


def _rivals(entry: ScorecardEntry, entries: Sequence[ScorecardEntry]) -> list[tuple[str, ScorecardEntry]]:
    """What the entry is compared with: rows of the same scope, none of them itself or refused."""
    found = {}
    for other in entries:
        if other.scope != entry.scope or other is entry or other.refused or entry.refused:
            continue
        if other.active is not None:
            found["active"] = other
        if other.algorithm == BASELINE:
            found.setdefault(BASELINE, other)
    return sorted(found.items(), reverse=True)


def _ndcg(entry: ScorecardEntry, other: ScorecardEntry) -> tuple[Any, Any]:
    return entry.evaluation.per_user["ndcg"], other.evaluation.per_user["ndcg"]


def _numbers(value: Any) -> Any:
    """The same, JSON-able: NaN and infinity become None."""
    if isinstance(value, Mapping):
        return {name: _numbers(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_numbers(entry) for entry in value]
    return _number(value) if isinstance(value, float) else value


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
