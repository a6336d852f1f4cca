"""What stands on a run's page: progress, data, cleaning, split, scores, timings; and runs side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from recommendations.algorithms.catalogue import ALGORITHMS, AlgorithmInfo, Parameter
from recommendations.models import ModelRun
from recommendations.models.sentences import scorecard

from . import describe, names, trials

LOG_CHARACTERS = 20_000  # the tail that a page shows
TIMES = ("first", "last", "cutoff", "validation_cutoff")
MAX_ROWS = 500  # of a table made from a JSON column that somebody filled without measure


@dataclass(frozen=True, slots=True)
class Section:
    """A titled table; ``columns`` is empty for plain pairs of name and value."""

    name: str
    title: str
    rows: list[list[str]]
    columns: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the comparison: a value per run, ``differs`` when they are not all the same."""

    name: str
    values: list[str]

    @property
    def differs(self) -> bool:
        return len(set(self.values)) > 1


def progress(run: ModelRun) -> dict[str, Any]:
    """Where the run stands, as the page shows it and as the script that updates the page reads it."""
    state = describe.state(run)
    percent = describe.percent(run)
    steps = ""
    if run.total:
        words = {"done": describe.figure(run.done), "total": describe.figure(run.total)}
        steps = _("%(done)s of %(total)s") % words
    seconds = describe.run_seconds(run)
    return {
        "code": state.code,
        "label": capfirst(state.label),
        "advice": state.advice,
        "live": run.is_live,
        "stage": "" if run.status == run.Status.FINISHED else stage_title(run.stage),
        "trial": trials.progress_words(run),
        "steps": steps,
        "percent": percent,
        "device": run.device,
        "worker": run.worker,
        "elapsed": "" if seconds is None else describe.duration(seconds),
        "left": describe.duration(run.seconds_left) if run.is_live and run.seconds_left is not None else "",
    }


def facts(run: ModelRun) -> dict[str, Any]:
    """The single figures and texts of a run's page, by the names that its template uses."""
    return {
        "algorithm_title": describe.algorithm_title(run.algorithm),
        "role_title": describe.role_title(run.role) or describe.DASH,
        "metric_name": describe.metric_name(run),
        "key_metric": describe.key_metric(run),
        "duration": describe.duration(describe.run_seconds(run)),
        "started_by": describe.person(run, "started"),
        "activated_by": describe.person(run, "activated"),
        "serves": [describe.role_title(active.role) for active in run.active_for.all()],
        "error": describe.text(run.error, LOG_CHARACTERS),
        "log": run.log[-LOG_CHARACTERS:],
        "sentences": scorecard(run),
        "ordered": _ordered(run),
    }


def _ordered(run: ModelRun) -> str:
    """What was ordered where that is more than one training: "the best model, 10 minutes"."""
    parts = []
    if run.auto:
        parts.append(_("the best model"))
    minutes = describe.number(describe.mapping(run.search).get("minutes"))
    if minutes is not None:
        parts.append(_("search for %(time)s") % {"time": describe.duration(60 * minutes)})
    if run.warm:
        parts.append(_("learns on from the model that serves"))
    if run.retries:
        text = ngettext("continued %(count)d time", "continued %(count)d times", run.retries)
        parts.append(text % {"count": run.retries})
    return capfirst(", ".join(parts))


def choice(algorithm: AlgorithmInfo) -> dict[str, str]:
    """One line of the list of algorithms that may be started."""
    needs = {"orders": _("orders"), "ratings": _("ratings")}
    return {
        "name": algorithm.name,
        "title": _(algorithm.title),
        "summary": _(algorithm.summary),
        "roles": ", ".join(describe.role_title(role) for role in algorithm.roles),
        "needs": needs.get(algorithm.needs, algorithm.needs),
    }


def start_title(algorithm: AlgorithmInfo | None) -> str:
    """The title of the page that starts a run."""
    if algorithm is None:
        return _("Start a run")
    return _("Start a run: %(algorithm)s") % {"algorithm": _(algorithm.title)}


def stage_title(stage: str) -> str:
    """What a training does in that stage, in words; the stage's own name when it is not one of ours."""
    known = {
        "extract": _("Reading the orders"),
        "clean": _("Cleaning"),
        "split": _("Splitting into training and test part"),
        "search": _("Looking for the best model"),
        "fit": _("Learning"),
        "score": _("Scoring on the test part"),
        "compare": _("Comparing with the baseline and the active model"),
        "refit": _("Learning from all rows"),
        "store": _("Storing the model"),
        "activate": _("Activating"),
    }
    return known.get(stage, stage)


def sections(run: ModelRun) -> list[Section]:
    """The tables of a run's page, those without content left out."""
    found = [
        Section("parameters", _("Parameters"), _parameters(run)),
        Section("shop", _("The shop as the search saw it"), trials.shop(run)),
        Section("left-out", _("Not tried"), trials.left_out(run), (_("Algorithm"), _("Why"))),
        Section("data", _("Data"), _pairs(_dated(run.data_summary))),
        _cleaning(run.cleaning),
        Section("split", _("Split"), _pairs(_dated(run.split))),
        _scores(run),
        Section("timings", _("Timings"), _timings(run.timings)),
    ]
    return [section for section in found if section.rows]


def comparison(runs: Sequence[ModelRun]) -> list[tuple[str, list[Line]]]:
    """Titled groups of lines over ``runs``: result, parameters, scores, data, timings."""
    result = [
        Line(_("Role"), [describe.role_title(run.role) for run in runs]),
        Line(_("Key metric"), [f"{describe.metric_name(run)} {describe.key_metric(run)}" for run in runs]),
        Line(_("Measured"), [describe.score_note(run) or describe.DASH for run in runs]),
        Line(_("Verdict"), [run.get_verdict_display() or describe.DASH for run in runs]),
        Line(_("Device"), [run.device or describe.DASH for run in runs]),
        Line(_("Duration"), [describe.duration(describe.run_seconds(run)) for run in runs]),
    ]
    scores = [describe.mapping(describe.mapping(run.metrics).get("all")) for run in runs]
    groups = [
        (_("Result"), result),
        (_("Parameters"), _lines([{**_as_fitted(run), "seed": run.seed} for run in runs])),
        (_("Scores"), _lines(scores, names.metric, describe.figure)),
        (_("Data"), _lines([_dated(run.data_summary) for run in runs])),
        (_("Timings"), _lines([describe.mapping(run.timings) for run in runs], stage_title, _seconds)),
    ]
    return [(title, lines) for title, lines in groups if lines]


def why_not_comparable(runs: Sequence[ModelRun]) -> str:
    """A warning when the scores were measured on different data, splits or scopes, else an empty text."""
    measured = [
        (
            str(describe.mapping(run.data_summary).get("fingerprint")),
            str(describe.mapping(run.split).get("split")),
            str(describe.mapping(run.split).get("cutoff")),
            describe.metric_name(run),
            str(describe.mapping(run.metrics).get("scope")),
        )
        for run in runs
        if describe.number(describe.mapping(run.metrics).get("value")) is not None
    ]
    if len(set(measured)) <= 1:
        return ""
    parts = (_("data"), _("split"), _("cutoff"), _("metric"), _("scope"))
    different = [name for place, name in enumerate(parts) if len({row[place] for row in measured}) > 1]
    return _("These runs were not measured alike (different %(what)s): their scores do not compare.") % {
        "what": ", ".join(different)
    }


def _parameters(run: ModelRun) -> list[list[str]]:
    return _pairs({**_as_fitted(run), "seed": run.seed})


def _as_fitted(run: ModelRun) -> dict[str, Any]:
    """The parameters as ordered; where "auto" was ordered, with what the validation part chose."""
    asked, fitted = describe.mapping(run.parameters), describe.mapping(run.chosen_parameters)
    info = ALGORITHMS.get(run.algorithm)
    known = {parameter.name: parameter for parameter in info.parameters} if info else {}
    return {name: _or_empty(value, fitted.get(name), known.get(name)) for name, value in asked.items()}


def _or_empty(asked: object, fitted: object, parameter: Parameter | None) -> object:
    if asked is not None:
        return asked
    return (
        names.empty(parameter)
        if fitted is None
        else _("auto: %(chosen)s") % {"chosen": describe.plain(fitted)}
    )


def _label(name: str) -> str:
    return names.label(describe.text(name, 80))


def _lines(
    columns: Sequence[Mapping[str, Any]],
    label: Callable[[str], str] = _label,
    show: Callable[[object], str] = describe.plain,
) -> list[Line]:
    found = list(dict.fromkeys(name for column in columns for name in column))[:MAX_ROWS]
    return [Line(label(name), [show(column.get(name)) for column in columns]) for name in found]


def _pairs(value: object) -> list[list[str]]:
    pairs = list(_flat(value).items())[:MAX_ROWS]
    return [[_label(name), names.word(describe.plain(entry))] for name, entry in pairs]


def _dated(value: object) -> dict[str, Any]:
    """The object with its times in words."""
    return {
        name: describe.moment(entry) if name in TIMES and entry is not None else entry
        for name, entry in describe.mapping(value).items()
    }


def _flat(value: object) -> dict[str, Any]:
    """The entries of inner objects beside the object's own: ``{"train": {"rows": 3}}`` gives "train rows"."""
    flat: dict[str, Any] = {}
    for name, entry in describe.mapping(value).items():
        inner = describe.mapping(entry)
        flat |= {f"{name} {detail}": figure for detail, figure in inner.items()} if inner else {name: entry}
    return flat


def _timings(value: object) -> list[list[str]]:
    pairs = describe.mapping(value).items()
    return [[stage_title(name), _seconds(entry)] for name, entry in list(pairs)[:MAX_ROWS]]


def _seconds(value: object) -> str:
    return describe.duration(describe.number(value))


def _cleaning(value: object) -> Section:
    """The report's rules with their counts; the rows that went in and came out as the note."""
    report = describe.mapping(value)
    found = [
        [
            _label(str(rule.get("rule", ""))),
            describe.figure(rule.get("count"), 0),
            names.sentence(describe.text(rule.get("done"))),
        ]
        for rule in describe.rows(report.get("rules"))[:MAX_ROWS]
    ]
    note = ""
    if "rows_in" in report or "rows_out" in report:
        words = {
            "before": describe.figure(report.get("rows_in")),
            "after": describe.figure(report.get("rows_out")),
        }
        note = _("%(before)s rows read, %(after)s kept.") % words
    return Section("cleaning", _("Cleaning report"), found, (_("Rule"), _("Rows"), _("What was done")), note)


def _scores(run: ModelRun) -> Section:
    """Every metric of the run beside the same metric of what it was compared with."""
    own = describe.mapping(describe.mapping(run.metrics).get("all"))
    others = [row for row in describe.rows(run.baselines) if describe.mapping(row.get("all"))]
    found = list(dict.fromkeys([*own, *(name for row in others for name in describe.mapping(row["all"]))]))
    columns = [_("Metric"), describe.algorithm_title(run.algorithm)]
    columns += [describe.text(row.get("algorithm"), 60) for row in others]
    table = [
        [
            names.metric(name),
            *(
                describe.figure(column.get(name))
                for column in [own, *(describe.mapping(row["all"]) for row in others)]
            ),
        ]
        for name in found[:MAX_ROWS]
    ]
    return Section("scores", _("All scores"), table, tuple(columns), describe.score_note(run))
