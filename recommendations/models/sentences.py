"""What a run found, in sentences that a shop owner reads aloud, in the reader's language.

Made from the run's figures when they are shown; an entry that is missing or misspelt makes no sentence.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from .runs import ModelRun


def scorecard(run: ModelRun) -> list[str]:
    """How much better than bestsellers and than what served before, and what that was measured on.

    Empty for a run without a comparison.
    """
    rows = [row for row in _list(run.baselines) if isinstance(row, Mapping)]
    told = [words for row in rows for words in _compared(run, row)]
    return [*told, *_measured_on(run)] if told else []


def _compared(run: ModelRun, row: Mapping[str, Any]) -> list[str]:
    relative = _mapping(row.get("relative"))
    recall, hits = _mapping(relative.get("recall")), _mapping(relative.get("hit_rate"))
    if not recall:
        return []
    against = _rival(row)
    if run.algorithm == row.get("algorithm") and row.get("run") is None:
        return [_("What sells best is the best that was found here; there is nothing to compare it with.")]
    sentences = [_gain(run, recall, against)]
    if row.get("run") is None and hits:
        sentences.append(_hits(run, hits, against))
    return sentences


def _gain(run: ModelRun, figures: Mapping[str, Any], against: str) -> str:
    """The one sentence: how much more often, with its interval, or that the two are as good as each other."""
    low, high, gain = (_number(figures.get(name)) for name in ("low", "high", "gain"))
    words = {"what": _subject(run), "k": _k(run), "rival": against}
    if gain is None or low is None or high is None:
        words["share"] = _percent(_number(figures.get("ours")) or 0.0)
        return (
            _("%(what)s were among the %(k)s shown in %(share)s %% of the cases, with %(rival)s never.")
            % words
        )
    words |= {"gain": _percent(abs(gain)), "low": _percent(abs(low)), "high": _percent(abs(high))}
    if low > 0:
        return (
            _(
                "%(what)s were among the %(k)s shown %(gain)s %% more often than with %(rival)s "
                "(between %(low)s and %(high)s %%)."
            )
            % words
        )
    if high < 0:
        words |= {"low": words["high"], "high": words["low"]}
        return (
            _(
                "%(what)s were among the %(k)s shown %(gain)s %% less often than with %(rival)s "
                "(between %(low)s and %(high)s %%)."
            )
            % words
        )
    return _(
        "No difference from %(rival)s can be told here: %(what_inside)s were among the %(k)s shown about as "
        "often (between %(low)s %% less and %(high)s %% more)."
    ) % {**words, "what_inside": _subject(run, inside=True)}


def _hits(run: ModelRun, figures: Mapping[str, Any], against: str) -> str:
    ours, theirs = _number(figures.get("ours")) or 0.0, _number(figures.get("theirs")) or 0.0
    words = {"ours": _of_100(ours), "theirs": _of_100(theirs), "k": _k(run), "rival": against}
    if run.role == "bought_together":
        return (
            _("Of 100 orders %(ours)s were completed by one of the %(k)s; with %(rival)s %(theirs)s.") % words
        )
    return (
        _(
            "Of 100 customers %(ours)s found something that they then bought among the %(k)s; "
            "with %(rival)s %(theirs)s."
        )
        % words
    )


def _measured_on(run: ModelRun) -> list[str]:
    users = _number(_mapping(run.metrics).get("users"))
    if users is None:
        return []
    scope = _mapping(run.metrics).get("scope")
    counted = (
        _("all purchases count, of items bought before too")
        if scope == "all"
        else _("only purchases of items that the customer had not bought before count")
    )
    if run.role == "bought_together":
        text = ngettext(
            "Measured on %(users)s order that no model had seen: one item of each was hidden.",
            "Measured on %(users)s orders that no model had seen: one item of each was hidden.",
            int(users),
        )
        return [text % {"users": _figure(users, 0)}]
    text = ngettext(
        "Measured on the newest orders of %(users)s customer, which no model had seen; %(counted)s.",
        "Measured on the newest orders of %(users)s customers, which no model had seen; %(counted)s.",
        int(users),
    )
    return [text % {"users": _figure(users, 0), "counted": counted}]


def _subject(run: ModelRun, *, inside: bool = False) -> str:
    """Who was found; ``inside`` a sentence."""
    if run.role == "bought_together":
        return _("the items missing from orders") if inside else _("The items missing from orders")
    return _("customers' next purchases") if inside else _("Customers' next purchases")


def _rival(row: Mapping[str, Any]) -> str:
    if row.get("run") is not None:
        return _("the model before (%(algorithm)s, run %(run)s)") % {
            "algorithm": str(row.get("algorithm"))[:60],
            "run": str(row.get("run"))[:20],
        }
    if row.get("algorithm") == "popularity":
        return _("bestsellers")
    return str(row.get("algorithm"))[:60]


def _k(run: ModelRun) -> str:
    return str(_mapping(run.metrics).get("metric", "")).partition("@")[2][:4] or "20"


def _percent(share: float) -> str:
    percent = 100 * share
    return _figure(percent, 0 if abs(percent) >= 10 else 1)


def _of_100(share: float) -> str:
    return _figure(100 * share, 0 if share >= 0.1 else 1)


def _figure(value: float, digits: int) -> str:
    return number_format(f"{value:.{digits}f}", use_l10n=True, force_grouping=True)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
