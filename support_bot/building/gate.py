"""The gate: may a fresh build answer? It gives a verdict in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

FEWEST: Final = 50  # phrasings in common: with fewer nothing but a plain difference can be told
Z: Final = 1.96  # 95 % confidence


@dataclass(frozen=True, slots=True)
class Judgement:
    """``passed`` may answer; ``text`` says why, with the figures."""

    passed: bool
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Candidate minus active: share of right answers on the ``n`` phrasings that both know, 95 % interval."""

    n: int
    mean: float
    low: float
    high: float


def accuracy(report: Mapping[str, Mapping[str, Any]]) -> float | None:
    """The cross-validated accuracy over all languages, weighed by phrasings; None where there is none."""
    known = [(one["accuracy"], one["n"]) for one in report.values() if one.get("accuracy") is not None]
    total = sum(n for _share, n in known)
    return sum(share * n for share, n in known) / total if total else None


def baseline(labels: Mapping[str, Iterable[str]]) -> float:
    """What always giving a language's most frequent label gets right; ``labels``: of its phrasings."""
    counts = []
    for found in labels.values():
        by_label: dict[str, int] = {}
        for label in found:
            by_label[label] = by_label.get(label, 0) + 1
        counts.append((max(by_label.values(), default=0), sum(by_label.values())))
    total = sum(n for _most, n in counts)
    return sum(most for most, _n in counts) / total if total else 0.0


def paired(candidate: Mapping[str, bool], active: Mapping[str, bool]) -> Difference:
    """The paired difference of out-of-fold correctness. The interval is the normal one of a mean (Student's
    with many degrees of freedom); a phrasing that only one of them knows does not count."""
    shared = candidate.keys() & active.keys()
    n = len(shared)
    if not n:
        return Difference(0, 0.0, -1.0, 1.0)
    differences = [int(candidate[key]) - int(active[key]) for key in shared]
    mean = sum(differences) / n
    spread = sum((one - mean) ** 2 for one in differences) / max(n - 1, 1)
    half = Z * math.sqrt(spread / n)
    return Difference(n, mean, mean - half, mean + half)


def judge(
    *,
    accuracy: float | None,
    trivial: float,
    difference: Difference | None,
    active: int | None,
    tolerance: float,
) -> Judgement:
    """Compare a candidate with a trivial answerer and with what answers now.

    It passes when its accuracy is above ``trivial`` (that of always giving the most frequent label) and the
    lower bound of its paired ``difference`` to the ``active`` build is above ``-tolerance``. With fewer than
    50 phrasings in common it is kept back only where it is plainly worse. Where nothing can be measured it
    passes and says so.
    """
    if accuracy is None:
        return Judgement(True, _("Passed unproven: too few phrasings to keep some back and test on them."))
    figures = {"accuracy": _percent(accuracy), "trivial": _percent(trivial)}
    text = _("Accuracy on phrasings kept back %(accuracy)s, always the most frequent answer %(trivial)s.")
    told = text % figures
    if accuracy <= trivial:
        return Judgement(False, f"{told} " + _("Kept back: no better than that."))
    if difference is None or active is None:
        return Judgement(True, f"{told} " + _("Passed: the first build."))
    told += " " + _(
        "Against build %(active)s on the %(n)s phrasings that both know: "
        "%(mean)s points (%(low)s to %(high)s)."
    ) % {
        "active": active,
        "n": difference.n,
        "mean": _points(difference.mean),
        "low": _points(difference.low),
        "high": _points(difference.high),
    }
    if difference.n < FEWEST:
        if difference.n and difference.high < 0:
            return Judgement(False, f"{told} " + _("Kept back: it is worse."))
        return Judgement(True, f"{told} " + _("Passed unproven: too few phrasings in common to tell."))
    if difference.low <= -tolerance:
        reason = _("Kept back: at 95 %% confidence it may be more than %(tolerance)s points worse.")
        return Judgement(False, f"{told} " + reason % {"tolerance": f"{100 * tolerance:g}"})
    return Judgement(True, f"{told} " + _("Passed."))


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"
