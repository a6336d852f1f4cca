"""The gate: may a freshly scored model serve? It answers with a verdict in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from ..algorithms.catalogue import Role
from .scores import Score

FEWEST_USERS: Final = 50
BASELINES: Final = ("popularity", "trending")


@dataclass(frozen=True, slots=True)
class Rival:
    """What a candidate is compared with: the role's baseline, or what serves now, fitted on the same rows."""

    score: Score
    run: int | None = None  # the run that serves, None for the baseline

    @property
    def name(self) -> str:
        if self.run is None:
            return self.score.algorithm
        return _("the active %(algorithm)s of run %(run)s") % {
            "algorithm": self.score.algorithm,
            "run": self.run,
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """``passed`` may serve; ``unproven`` passed for want of customers to test on. ``text`` says why."""

    passed: bool
    unproven: bool
    text: str


def judge(
    role: Role, candidate: Score, baseline: Rival, active: Rival | None, *, tolerance: float
) -> Judgement:
    """Compare the candidate's score with its rivals'.

    It passes when its metric is at least the baseline's and the lower bound of its paired difference to the
    active model, relative to that model's score, is above ``-tolerance``. A baseline algorithm passes when it
    scores at all, unless it would replace a better model of another kind. With fewer than 50 customers in the
    test part nothing can be told apart: it passes, unproven.
    """
    text = _figures(role, candidate, baseline, active)
    if candidate.n_users < FEWEST_USERS:
        reason = _("Unproven: only %(users)d customers to test on, %(fewest)d are needed.")
        return Judgement(
            True, True, f"{text} {reason % {'users': candidate.n_users, 'fewest': FEWEST_USERS}}"
        )
    is_baseline = candidate.algorithm in BASELINES
    if candidate.value <= 0:
        return Judgement(False, False, f"{text} " + _("Kept back: not one hit."))
    if not is_baseline and candidate.value < baseline.score.value:
        reason = _("Kept back: below %(baseline)s.") % {"baseline": baseline.name}
        return Judgement(False, False, f"{text} {reason}")
    if active is not None and _is_worse(candidate, active, tolerance):
        reason = _(
            "Kept back: at 95 %% confidence it may be more than %(tolerance)s %% below %(active)s."
        ) % {"tolerance": f"{100 * tolerance:g}", "active": active.name}
        return Judgement(False, False, f"{text} {reason}")
    if candidate.value < baseline.score.value:
        return Judgement(True, False, f"{text} " + _("Passed: a baseline itself, it need only score."))
    return Judgement(True, False, f"{text} " + _("Passed."))


def _is_worse(candidate: Score, active: Rival, tolerance: float) -> bool:
    """Whether the candidate may be worse than what serves by more than the tolerance."""
    if candidate.algorithm in BASELINES and active.score.algorithm in BASELINES:
        return False
    return active.score.value > 0 and candidate.minus(active.score).low / active.score.value <= -tolerance


def _figures(role: Role, candidate: Score, baseline: Rival, active: Rival | None) -> str:
    """Such as "NDCG@20 over new items .0470, 20 % above popularity (.0392)."."""
    where = _("over new items") if role.scope == "new" else _("over all items")
    parts = [f"{role.metric.upper()} {where} {short(candidate.value)}"]
    if candidate.algorithm != baseline.score.algorithm:
        parts.append(_compared(candidate, baseline))
    if active is not None:
        parts.append(_compared(candidate, active))
    return ", ".join(parts) + "."


def _compared(candidate: Score, rival: Rival) -> str:
    ours, theirs = candidate.value, rival.score.value
    words = {"rival": rival.name, "value": short(theirs)}
    if ours == theirs:
        return _("equal to %(rival)s (%(value)s)") % words
    if theirs <= 0:
        return _("above %(rival)s (%(value)s)") % words
    percent = 100 * abs(ours / theirs - 1)
    words["percent"] = f"{percent:.3g}" if percent < 1_000 else f"{percent:,.0f}"
    if ours > theirs:
        return _("%(percent)s %% above %(rival)s (%(value)s)") % words
    return _("%(percent)s %% below %(rival)s (%(value)s)") % words


def short(value: float) -> str:
    """Four decimals without the leading zero, as papers print them: ``.0470``."""
    text = f"{value:.4f}"
    return text[1:] if text.startswith("0.") else text
