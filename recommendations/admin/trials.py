"""A search in the admin: the algorithms it compared, its trials one by one, and which parameters mattered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from recommendations.algorithms.catalogue import ALGORITHMS
from recommendations.models import ModelRun, Trial

from . import describe, names
from .charts import Chart, interval_words

SHOWN_PARAMETERS = 8


def of(run: ModelRun) -> list[Trial]:
    """The trials of a search in their order; none for another run."""
    return list(run.trials.order_by("number")) if run.searches else []


def charts(run: ModelRun, trials: Sequence[Trial]) -> list[Chart]:
    """Algorithms side by side, the course of the search, the importance of the parameters."""
    found = (_algorithms(run, trials), _course(run, trials), _importance(run))
    return [chart for chart in found if chart]


def progress_words(run: ModelRun) -> str:
    """What the search is at: "trial 12, EASE; best so far: item cosine 0.0536"; else empty."""
    now = describe.mapping(describe.mapping(run.study).get("now"))
    if run.stage != "search" or not run.is_live or not now:
        return ""
    words = {
        "trial": describe.figure(now.get("trial")),
        "algorithm": describe.algorithm_title(describe.text(now.get("algorithm"), 60)),
    }
    text = _("trial %(trial)s, %(algorithm)s") % words
    if describe.number(now.get("value")) is None:
        return text
    best = {
        "best": describe.algorithm_title(describe.text(now.get("best"), 60)),
        "value": describe.figure(now.get("value")),
    }
    return f"{text}; " + _("best so far: %(best)s %(value)s") % best


def left_out(run: ModelRun) -> list[list[str]]:
    """Algorithms that were not tried, each with the reason."""
    pairs = describe.mapping(describe.mapping(run.study).get("left_out")).items()
    return [[describe.algorithm_title(name), capfirst(describe.text(reason))] for name, reason in pairs]


def shop(run: ModelRun) -> list[list[str]]:
    """Size and kind of the shop as the search saw it."""
    seen = describe.mapping(describe.mapping(run.study).get("shop"))
    labels = {
        "users": _("Customers"),
        "items": _("Items"),
        "rows": _("Rows"),
        "repeats": _("Purchases of an item bought before"),
        "described": _("Items with a text or a category"),
    }
    shares = ("repeats", "described")
    return [
        [label, _share(seen[name]) if name in shares else describe.figure(seen[name])]
        for name, label in labels.items()
        if name in seen
    ]


def _algorithms(run: ModelRun, trials: Sequence[Trial]) -> Chart | None:
    """The best trial of each algorithm, with its interval."""
    best: dict[str, Trial] = {}
    count: dict[str, int] = {}
    for trial in trials:
        count[trial.algorithm] = count.get(trial.algorithm, 0) + 1
        if _is_better(trial, best.setdefault(trial.algorithm, trial)):
            best[trial.algorithm] = trial
    ranked = sorted(best.values(), key=lambda trial: -(trial.value if trial.value is not None else -1.0))
    scored = [trial for trial in ranked if trial.value is not None]
    if len(best) < 2 or not scored:
        return None
    metric = describe.metric_name(run)
    rows = []
    for trial in ranked:
        note = trial.note if trial.value is None else ""
        value = describe.figure(trial.value) if trial.value is not None else trial.get_state_display()
        rows.append(
            [
                describe.algorithm_title(trial.algorithm),
                value,
                interval_words(describe.interval(trial.interval)),
                describe.figure(count[trial.algorithm]),
                note or describe.DASH,
            ]
        )
    # xgettext:no-python-format
    interval = _("95 % interval")
    return Chart(
        name="algorithms",
        title=_("%(metric)s of the algorithms that were tried") % {"metric": metric},
        kind="bar",
        # xgettext:no-python-format
        summary=_("One bar each, with its 95 % interval; the table below holds the numbers."),
        labels=[describe.algorithm_title(trial.algorithm) for trial in scored],
        series=[
            {
                "label": metric,
                "values": [trial.value for trial in scored],
                "intervals": [
                    list(ends) if (ends := describe.interval(trial.interval)) else None for trial in scored
                ],
                "scale": "left",
            }
        ],
        columns=[_("algorithm"), metric, interval, _("trials"), _("note")],
        rows=rows,
        note=_("measured on the validation part, where the best is picked; the test part is not touched"),
    )


def _course(run: ModelRun, trials: Sequence[Trial]) -> Chart | None:
    """The score of each trial and the best one until then."""
    if not any(trial.value is not None for trial in trials):
        return None
    metric = describe.metric_name(run)
    best: list[float | None] = []
    for trial in trials:
        known = [value for value in (best[-1] if best else None, trial.value) if value is not None]
        best.append(max(known) if known else None)
    text = ngettext(
        "%(count)s trial in %(time)s; it began with each algorithm's defaults",
        "%(count)s trials in %(time)s; it began with each algorithm's defaults",
        len(trials),
    )
    words = {
        "count": describe.figure(len(trials)),
        "time": describe.duration(sum(trial.seconds for trial in trials)),
    }
    return Chart(
        name="trials",
        title=_("The search, trial by trial"),
        kind="line",
        summary=_("The score of each trial, and the best until then; the table below holds the numbers."),
        labels=[describe.figure(trial.number) for trial in trials],
        series=[
            {"label": metric, "values": [trial.value for trial in trials], "scale": "left", "points": True},
            {"label": _("best so far"), "values": best, "scale": "left"},
        ],
        columns=[_("trial"), _("algorithm"), metric, _("seconds"), _("parameters"), _("note")],
        rows=[
            [
                describe.figure(trial.number),
                describe.algorithm_title(trial.algorithm),
                describe.figure(trial.value) if trial.value is not None else trial.get_state_display(),
                describe.rounded(trial.seconds, 1),
                _parameters(trial),
                trial.note or describe.DASH,
            ]
            for trial in trials
        ],
        note=text % words,
        axis=_("trial"),
    )


def _importance(run: ModelRun) -> Chart | None:
    shares = {
        name: share
        for name, share in describe.mapping(describe.mapping(run.study).get("importance")).items()
        if describe.number(share) is not None
    }
    if not shares:
        return None
    ranked = sorted(shares.items(), key=lambda pair: -pair[1])
    return Chart(
        name="importance",
        title=_("Which parameters mattered"),
        kind="bar",
        summary=_("The share of each parameter; the table below holds the numbers."),
        labels=[names.label(name) for name, _value in ranked],
        series=[{"label": _("importance"), "values": [share for _name, share in ranked], "scale": "left"}],
        columns=[_("parameter"), _("importance")],
        rows=[[names.label(name), _share(share)] for name, share in ranked],
        note=_("how much of what tells good trials from bad ones each parameter explains (PED-ANOVA)"),
    )


def _parameters(trial: Trial) -> str:
    """Those that differ from the algorithm's defaults, in few words."""
    info = ALGORITHMS.get(trial.algorithm)
    usual: dict[str, Any] = dict(info.defaults) if info else {}
    given = describe.mapping(trial.parameters)
    different = [name for name in given if name not in usual or given[name] != usual[name]]
    known = {one.name: one for one in info.parameters} if info else {}
    words = []
    for name in different[:SHOWN_PARAMETERS]:
        value = names.empty(known.get(name)) if given[name] is None else describe.plain(given[name])
        words.append(f"{names.word(name)} {value}")
    return ", ".join(words) or _("defaults")


def _is_better(trial: Trial, known: Trial) -> bool:
    return trial.value is not None and (known.value is None or trial.value > known.value)


def _share(value: object) -> str:
    found = describe.number(value)
    # xgettext:no-python-format
    return describe.DASH if found is None else _("%(share)s %%") % {"share": describe.rounded(100 * found, 0)}
