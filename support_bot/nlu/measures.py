"""How good answers are: accuracy, out-of-scope recall, MCC, calibration error, precision against coverage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

BINS = 10


def quality(meant: Sequence[str], answered: Sequence[str], *, none_label: str = "none") -> dict[str, float]:
    """Accuracy over questions in scope, recall over those out of scope, and MCC over all.

    ``meant`` and ``answered`` are labels, one a question; ``none_label`` stands for out of scope and for no
    answer (clarify and hand over count as that). A figure without a question behind it is nan.
    """
    right = np.array([one == other for one, other in zip(meant, answered, strict=True)])
    out = np.array([one == none_label for one in meant], dtype=bool)
    return {
        "in_scope_accuracy": float(right[~out].mean()) if (~out).any() else float("nan"),
        "out_of_scope_recall": float(right[out].mean()) if out.any() else float("nan"),
        "mcc": matthews(meant, answered),
    }


def matthews(meant: Sequence[str], answered: Sequence[str]) -> float:
    """Multi-class Matthews correlation (Gorodkin 2004); 0 where either side is all one label."""
    names = {name: place for place, name in enumerate(dict.fromkeys([*meant, *answered]))}
    true = np.bincount([names[name] for name in meant], minlength=len(names)).astype(float)
    said = np.bincount([names[name] for name in answered], minlength=len(names)).astype(float)
    n = float(len(meant))
    right = float(sum(one == other for one, other in zip(meant, answered, strict=True)))
    spread = (n * n - said @ said) * (n * n - true @ true)
    return float((right * n - true @ said) / np.sqrt(spread)) if spread > 0 else 0.0


def reliability(confidence: ArrayLike, right: ArrayLike, *, bins: int = BINS) -> list[dict[str, float]]:
    """Mean confidence and accuracy of equally large groups of questions, the least sure first."""
    sure, hit = np.asarray(confidence, dtype=float), np.asarray(right, dtype=float)
    groups = np.array_split(np.argsort(sure, kind="stable"), bins)
    return [
        {"confidence": float(sure[group].mean()), "accuracy": float(hit[group].mean()), "n": len(group)}
        for group in groups
        if len(group)
    ]


def calibration_error(confidence: ArrayLike, right: ArrayLike, *, bins: int = BINS) -> float:
    """Expected calibration error (Naeini et al. 2015) over ``bins`` equally large groups; nan for nothing."""
    groups = reliability(confidence, right, bins=bins)
    total = sum(group["n"] for group in groups)
    if not total:
        return float("nan")
    return sum(group["n"] * abs(group["confidence"] - group["accuracy"]) for group in groups) / total


def calibration_interval(
    confidence: ArrayLike, right: ArrayLike, *, bins: int = BINS, draws: int = 500, seed: int = 0
) -> tuple[float, float]:
    """The 2.5 and 97.5 percentiles of the calibration error over bootstrap samples of the questions."""
    sure, hit = np.asarray(confidence, dtype=float), np.asarray(right, dtype=float)
    if not len(sure):
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    errors = []
    for _ in range(draws):
        chosen = rng.integers(0, len(sure), len(sure))
        errors.append(calibration_error(sure[chosen], hit[chosen], bins=bins))
    low, high = np.percentile(errors, [2.5, 97.5])
    return float(low), float(high)


def coverage_curve(
    confidence: ArrayLike,
    right: ArrayLike,
    out_of_scope: ArrayLike,
    *,
    prior: float = 0.0,
    thresholds: ArrayLike | None = None,
) -> list[dict[str, Any]]:
    """What each threshold would bring.

    ``confidence`` and ``right`` are of questions in scope, ``out_of_scope`` the confidence given to others,
    which make up ``prior`` of what is asked. ``precision``: share of right answers among answers (None where
    nothing is answered); ``coverage``: share of questions in scope that are answered.
    """
    sure, hit = np.asarray(confidence, dtype=float), np.asarray(right, dtype=float)
    others = np.asarray(out_of_scope, dtype=float)
    steps = np.linspace(0, 1, 51) if thresholds is None else np.asarray(thresholds, dtype=float)
    share = prior if len(others) else 0.0
    curve = []
    for step in steps.tolist():
        answered = sure >= step
        wrongly = float((others >= step).mean()) if len(others) else 0.0
        covered = float(answered.mean()) if len(sure) else 0.0
        good = float((answered * hit).mean()) if len(sure) else 0.0
        told = (1 - share) * covered + share * wrongly
        curve.append(
            {
                "threshold": step,
                "precision": (1 - share) * good / told if told > 0 else None,
                "coverage": covered,
                "out_of_scope_recall": 1 - wrongly if len(others) else None,
            }
        )
    return curve
