"""A run in words: its state, its key metric, who started it, how long it took.

The JSON columns of a run are read as if a stranger had written them: a missing, misspelt or mistyped entry
shows as a dash and never takes the page down with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Model
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from recommendations.algorithms import catalogue
from recommendations.models import AUTO, ModelRun

from . import names

DASH = "–"
Status = ModelRun.Status


@dataclass(frozen=True, slots=True)
class State:
    """What a badge says: ``code`` picks the colour, ``label`` is the word, ``advice`` a sentence."""

    code: str
    label: str
    advice: str = ""


def state(run: ModelRun) -> State:
    """The status a person needs: a silent run and one without a worker are told apart from a busy one."""
    if run.is_stale:
        return State(
            "stale",
            _("no sign of life"),
            _(
                "The training process has gone silent; the next look at the list marks the run failed. "
                "Then start it again."
            ),
        )
    if run.is_waiting_for_worker:
        return State(
            "waiting",
            _("no worker yet"),
            _(
                "No worker has taken this run. Does one listen to the training queue? "
                "The command recommendations_status says more."
            ),
        )
    if run.status == Status.RUNNING and run.cancel_requested:
        return State("waiting", _("being cancelled"), _("The training stops at its next step."))
    return State(run.status, run.get_status_display())


def mapping(value: object) -> dict[str, Any]:
    """``value`` when it is a JSON object, else an empty one."""
    return {str(key): entry for key, entry in value.items()} if isinstance(value, Mapping) else {}


def rows(value: object) -> list[dict[str, Any]]:
    """The JSON objects of a list; whatever else stands there is left out."""
    return (
        [mapping(entry) for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []
    )


def number(value: object) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def interval(value: object) -> tuple[float, float] | None:
    """The two finite ends of a confidence interval, or None."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    low, high = number(value[0]), number(value[1])
    return None if low is None or high is None else (low, high)


def figure(value: object, digits: int = 4) -> str:
    """A number with ``digits`` decimals (none for whole numbers), text as it is, a dash for nothing."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        return number_format(value, use_l10n=True, force_grouping=True)
    found = number(value)
    return text(value) if found is None else rounded(found, digits)


def rounded(value: float, digits: int) -> str:
    """``value`` with ``digits`` decimals in the reader's notation; ``number_format`` alone would cut."""
    return number_format(f"{value:.{digits}f}", use_l10n=True, force_grouping=True)


def plain(value: object) -> str:
    """Like ``figure``, but with as many decimals as a fraction needs, six figures at most: 10, 0.02, 1.5."""
    found = number(value)
    if found is None or isinstance(value, int):
        return figure(value)
    return rounded(found, 0) if abs(found) >= 100_000 else f"{found:.6g}"


def text(value: object, limit: int = 500) -> str:
    """A value of unknown kind on one line, cut at ``limit`` characters."""
    if value is None or value == "":
        return DASH
    words = str(value)
    return words if len(words) <= limit else words[:limit] + "…"


def duration(seconds: float | None) -> str:
    """Seconds in words: "0.4 s", "42 s", "3 min 5 s", "2 h 10 min"."""
    if seconds is None or seconds < 0:
        return DASH
    if seconds < 10:
        return _("%(seconds)s s") % {"seconds": rounded(seconds, 1)}
    if seconds < 60:
        return _("%(seconds)d s") % {"seconds": seconds}
    if seconds < 3600:
        return _("%(minutes)d min %(seconds)d s") % {"minutes": seconds // 60, "seconds": seconds % 60}
    return _("%(hours)d h %(minutes)d min") % {"hours": seconds // 3600, "minutes": seconds % 3600 // 60}


def run_seconds(run: ModelRun) -> float | None:
    """How long the run has taken so far, in seconds; None before a worker has taken it."""
    return None if run.duration is None else max(0.0, run.duration.total_seconds())


def person(run: ModelRun, who: str) -> str:
    """Who ``started`` or ``activated`` the run; a deleted user is named by the key that is left."""
    return user_name(run, f"{who}_by") or getattr(run, f"{who}_via") or DASH


def user_name(row: Model, column: str) -> str:
    """The login name behind a foreign key to a user; empty for none. The user may be long gone."""
    key = getattr(row, f"{column}_id")
    if key is None:
        return ""
    try:
        user = getattr(row, column)
    except get_user_model().DoesNotExist:
        user = None
    return user.get_username() if user is not None else _("user %(key)s (deleted)") % {"key": key}


def algorithm_title(name: str) -> str:
    """The catalogue's title of an algorithm; its name when the host has taken the algorithm away."""
    if name == AUTO:
        return _("The best model")
    known = catalogue.ALGORITHMS.get(name)
    return _(known.title) if known else name


def role_title(name: str) -> str:
    """The catalogue's title of a role; its name when unknown."""
    known = catalogue.ROLES.get(name)
    return _(known.title) if known else name


def scope_title(scope: object) -> str:
    """What a score was measured on, in words."""
    return {
        "new": _("over items the customer had not bought"),
        "all": _("over all items, purchases included"),
    }.get(str(scope), text(scope))


def baseline(run: ModelRun) -> dict[str, Any]:
    """The role's own baseline among what the run was compared with, else the first entry, else {}."""
    compared = rows(run.baselines)
    role = catalogue.ROLES.get(run.role)
    named = [row for row in compared if role and row.get("algorithm") == role.baseline and not row.get("run")]
    return (named or compared or [{}])[0]


def key_metric(run: ModelRun) -> str:
    """The figure that the gate reads, against the baseline: "0.0471, popularity 0.0430 (+9.5 %)"."""
    against = baseline_words(run)
    value = figure(number(mapping(run.metrics).get("value")))
    return f"{value}, {against}" if against else value


def baseline_words(run: ModelRun) -> str:
    """The baseline's score and the run's distance to it: "popularity 0.0430 (+9.5 %)"; empty without one."""
    value, against = number(mapping(run.metrics).get("value")), baseline(run)
    base = number(against.get("value"))
    if value is None or base is None:
        return ""
    words = {"baseline": text(against.get("algorithm"), 60), "base": figure(base)}
    if not base:
        return _("%(baseline)s %(base)s") % words
    change = 100 * (value / base - 1)
    words["change"] = f"+{rounded(change, 1)}" if change >= 0 else rounded(change, 1)
    return _("%(baseline)s %(base)s (%(change)s %%)") % words


def metric_name(run: ModelRun) -> str:
    """The key metric's name as people write it: "NDCG@20"."""
    role = catalogue.ROLES.get(run.role)
    ordered = mapping(run.search).get("metric") or (role.metric if role else "")
    name = mapping(run.metrics).get("metric") or ordered
    return text(name, 40).upper()


def score_note(run: ModelRun) -> str:
    """What stands beside a score so that it means something: scope, split, number of test users."""
    metrics = mapping(run.metrics)
    parts = [scope_title(metrics.get("scope"))] if metrics.get("scope") else []
    split_name = mapping(run.split).get("split")
    if split_name:
        parts.append(_("%(name)s split") % {"name": names.word(text(split_name, 40))})
    users = number(metrics.get("users"))
    if users is not None:
        parts.append(
            ngettext("%(count)d test customer", "%(count)d test customers", int(users)) % {"count": users}
        )
    return ", ".join(parts)


def moment(value: object) -> str:
    """A time that a run noted, seconds since the epoch or ISO text, in the reader's zone and notation."""
    seconds = number(value)
    try:
        found = parse_datetime(str(value)) if seconds is None else datetime.fromtimestamp(seconds, UTC)
        return text(value) if found is None else date_format(localtime(found), "SHORT_DATETIME_FORMAT")
    except (ValueError, OverflowError, OSError):
        return text(value)


def percent(run: ModelRun) -> int | None:
    """Done so far in per cent; None while the total is unknown."""
    if not run.total or run.total < 0:
        return None
    return max(0, min(100, 100 * run.done // run.total))
