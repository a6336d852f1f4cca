"""What stands on a build's page: progress, data, accuracy, calibration, the curve with its threshold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from support_bot.models import Entry, KnowledgeBuild, Phrasing

from . import describe
from .charts import Chart, Marker, Series, unit_chart

MAX_ROWS = 200  # of a table made from a JSON column that somebody filled without measure


@dataclass(frozen=True, slots=True)
class State:
    """What a badge says: ``code`` picks the colour, ``label`` is the word, ``advice`` a sentence."""

    code: str
    label: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A titled table of name and value."""

    name: str
    title: str
    rows: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Language:
    """How well the build understands one language."""

    code: str
    title: str
    facts: list[tuple[str, str]]
    charts: list[Chart]


def state(build: KnowledgeBuild) -> State:
    """The status a person needs: a silent build and one without a worker are told apart from a busy one."""
    if build.is_stale:
        return State(
            "bad",
            _("no sign of life"),
            _("The process has gone silent; the list marks it failed at the next look. Start another build."),
        )
    if build.is_waiting_for_worker:
        return State(
            "waiting", _("no worker yet"), _("No worker has taken it. Does one listen to the build queue?")
        )
    if build.status == build.Status.RUNNING and build.cancel_requested:
        return State("waiting", _("being cancelled"), _("It stops at its next step."))
    return State(build.status, build.get_status_display())


def progress(build: KnowledgeBuild) -> dict[str, Any]:
    """Where the build stands, as the page shows it."""
    now = state(build)
    percent = max(0, min(100, 100 * build.done // build.total)) if build.total else None
    return {
        "code": now.code,
        "label": capfirst(now.label),
        "advice": now.advice,
        "live": build.is_live,
        "stage": "" if build.status == build.Status.FINISHED else stage_title(build.stage),
        "percent": percent,
        "elapsed": describe.duration(build.duration),
    }


def stage_title(stage: str) -> str:
    """What a build does in that stage, in words; the stage's own name when it is not one of ours."""
    known = {
        "read": _("Reading the entries"),
        "learn": _("Learning"),
        "compare": _("Comparing with the active build"),
        "store": _("Storing"),
        "activate": _("Activating"),
    }
    return known.get(stage, stage.replace("_", " "))


def changed_since(build: KnowledgeBuild) -> int:
    """How many entries were written, changed or given a phrasing since the build read them."""
    return Entry.objects.filter(updated_at__gt=build.started_at or build.created_at).count()


def changed_words(build: KnowledgeBuild) -> str:
    """The same as a sentence; empty when nothing has changed."""
    n = changed_since(build)
    words = ngettext(
        "%d entry has changed since this build: it answers with its new text and is found by its new "
        "phrasings already; the next build learns from it.",
        "%d entries have changed since this build: they answer with their new texts and are found by their "
        "new phrasings already; the next build learns from them.",
        n,
    )
    return words % n if n else ""


def knowledge() -> list[tuple[str, str]]:
    """What a build started now would learn from, by language."""
    found: dict[str, list[int]] = {}
    for language in Entry.objects.active().values_list("language", flat=True).order_by("language"):
        found.setdefault(language, [0, 0])[0] += 1
    active_entries = Entry.objects.active().values("pk")
    spoken = Phrasing.objects.filter(entry__in=active_entries).values_list("entry__language", flat=True)
    for language in spoken:
        found[language][1] += 1
    return [
        (
            describe.language_name(language),
            _("%(entries)d entries, %(phrasings)d phrasings") % {"entries": entries, "phrasings": phrasings},
        )
        for language, (entries, phrasings) in found.items()
    ]


def by_language(build: KnowledgeBuild, name: str) -> str:
    """A share of each language on one line: "en 93.5 %, zh-hans 95.1 %"."""
    found = [
        f"{language} {describe.percent(describe.mapping(report).get(name))}"
        for language, report in describe.mapping(build.metrics).items()
        if describe.number(describe.mapping(report).get(name)) is not None
    ]
    return ", ".join(found) or describe.DASH


def languages(build: KnowledgeBuild, chosen: Mapping[str, Any]) -> list[Language]:
    """Figures and charts of each language; ``chosen`` are the manager's own thresholds."""
    found = []
    for code, report in list(describe.mapping(build.metrics).items())[:20]:
        told = describe.mapping(report)
        if not told:
            continue
        own = describe.number(chosen.get(code))
        charts = [_reliability(code, told), _curve(code, told, own)]
        found.append(
            Language(
                code,
                describe.language_name(code),
                _facts(told, own),
                [chart for chart in charts if chart is not None],
            )
        )
    return found


def sections(build: KnowledgeBuild) -> list[Section]:
    """The tables of a build's page, those without content left out."""
    timings = [
        (stage_title(name), describe.duration(describe.number(value)))
        for name, value in describe.mapping(build.timings).items()
    ]
    data = [
        (_label(name), _words(value))
        for name, value in describe.mapping(build.data).items()
        if name != "languages"
    ] + [
        (_("Phrasings in %s") % describe.language_name(code), _words(n))
        for code, n in describe.mapping(describe.mapping(build.data).get("languages")).items()
    ]
    encoders = [
        (
            describe.language_name(code),
            ", ".join(map(str, names)) if isinstance(names, list) else _words(names),
        )
        for code, names in describe.mapping(build.encoders).items()
    ]
    found = [
        Section("data", _("Data"), data[:MAX_ROWS]),
        Section("encoders", _("Sentence encoders used"), encoders[:MAX_ROWS]),
        Section("timings", _("Timings"), timings[:MAX_ROWS]),
    ]
    return [section for section in found if section.rows]


def curve_points(told: Mapping[str, Any]) -> list[tuple[float, Mapping[str, Any]]]:
    """The points of a report's curve by their threshold, those without one left out."""
    points = [(describe.number(point.get("threshold")), point) for point in describe.rows(told.get("curve"))]
    return sorted(((at, point) for at, point in points if at is not None), key=lambda pair: pair[0])


def point_words(at: float, point: Mapping[str, Any]) -> str:
    """A point of the curve as a manager reads it."""
    parts = [
        describe.figure(at),
        _("right %s") % describe.percent(point.get("precision")),
        _("answers %s") % describe.percent(point.get("coverage")),
    ]
    if describe.number(point.get("out_of_scope_recall")) is not None:
        parts.append(_("out of scope found %s") % describe.percent(point["out_of_scope_recall"]))
    return ", ".join(parts)


def _facts(told: Mapping[str, Any], own: float | None) -> list[tuple[str, str]]:
    interval = told.get("ece_interval")
    ends = [describe.figure(end) for end in interval] if isinstance(interval, list | tuple) else []
    calibration = describe.figure(told.get("ece"))
    if len(ends) == 2:
        within = _("%(low)s to %(high)s") % {"low": ends[0], "high": ends[1]}
        calibration = f"{calibration} ({within})"
    pairs = [
        (_("Accuracy, cross-validated"), describe.percent(told.get("accuracy"))),
        (_("Examples and meanings"), _counts(told)),
        (_("Expected calibration error"), calibration),
        (_("Out of scope found, entries left out"), describe.percent(told.get("out_of_scope_recall"))),
        (_("Threshold, as learned"), describe.figure(told.get("threshold"))),
        (_("Threshold, as you set it"), "" if own is None else describe.figure(own)),
        (_("Encoders"), ", ".join(map(str, told["encoders"])) if _is_list(told.get("encoders")) else ""),
        (_("Missing encoders"), _missing(told.get("missing"))),
        (_("Learned in"), describe.duration(describe.number(told.get("seconds")))),
    ]
    return [(name, value) for name, value in pairs if value and value != describe.DASH]


def _counts(told: Mapping[str, Any]) -> str:
    n, labels = describe.number(told.get("n")), describe.number(told.get("labels"))
    return "" if n is None or labels is None else f"{describe.figure(int(n))}, {describe.figure(int(labels))}"


def _missing(value: object) -> str:
    return "; ".join(f"{name}: {describe.text(why, 200)}" for name, why in describe.mapping(value).items())


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value)


def _reliability(code: str, told: Mapping[str, Any]) -> Chart | None:
    """How often the bot is right when it is as sure as this; on the diagonal it means what it says."""
    bins = [
        (sure, right, row)
        for row in describe.rows(told.get("reliability"))[:MAX_ROWS]
        if (sure := describe.number(row.get("confidence"))) is not None
        and (right := describe.number(row.get("accuracy"))) is not None
    ]
    if not bins:
        return None
    points = [(sure, right) for sure, right, _row in bins]
    weights = [max(0.0, describe.number(row.get("n")) or 0.0) for _sure, _right, row in bins]
    return unit_chart(
        name=f"reliability-{code}",
        title=_("Calibration"),
        summary=_("Each dot: questions of about the same confidence, and how many of them were right."),
        series=[
            Series(_("measured"), points, "dots", weights),
            Series(_("perfectly calibrated"), [(0, 0), (1, 1)], "guide"),
        ],
        columns=[_("confidence"), pgettext("answers", "right"), _("questions")],
        rows=[
            [describe.figure(sure), describe.percent(right), describe.figure(row.get("n"), 0)]
            for sure, right, row in bins
        ],
        x_label=_("confidence"),
        note=_("Cross-validated; %s")
        % (_("expected calibration error %s") % describe.figure(told.get("ece"))),
    )


def _curve(code: str, told: Mapping[str, Any], own: float | None) -> Chart | None:
    points = curve_points(told)[: MAX_ROWS * 5]
    names = {
        "precision": _("answers that are right"),
        "coverage": _("questions answered"),
        "out_of_scope_recall": _("out of scope found"),
    }
    series = [
        Series(label, line)
        for name, label in names.items()
        if (line := [(at, y) for at, point in points if (y := describe.number(point.get(name))) is not None])
    ]
    if not series:
        return None
    markers = []
    learned = describe.number(told.get("threshold"))
    if learned is not None:
        markers.append(Marker(learned, _("as learned: %s") % describe.figure(learned)))
    if own is not None:
        markers.append(Marker(own, _("as you set it: %s") % describe.figure(own), "chosen"))
    return unit_chart(
        name=f"curve-{code}",
        title=_("Precision and coverage by threshold"),
        summary=_(
            "Below the threshold the bot does not answer: a higher one makes fewer mistakes and answers less."
        ),
        series=series,
        columns=[_("threshold"), *names.values()],
        rows=[
            [describe.figure(at), *(describe.percent(point.get(name)) for name in names)]
            for at, point in points
        ],
        markers=markers,
        x_label=_("threshold"),
        note=_("Measured on questions held out, and on whole entries held out for what is out of scope"),
    )


def _label(name: str) -> str:
    known = {
        "entries": _("entries"),
        "phrasings": _("phrasings"),
        "languages": _("languages"),
        "fingerprint": _("fingerprint"),
        "built in": _("examples of skills and small talk"),
    }
    plain = name.replace("_", " ")
    return capfirst(str(known.get(plain, plain)))


def _words(value: object) -> str:
    if isinstance(value, list | tuple):
        return describe.text(", ".join(map(str, value)))
    return describe.text(value, 120) if isinstance(value, str) else describe.figure(value)
