"""Charts of a run as data: what the script draws and, beside it, the same numbers as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from recommendations.models import ModelRun

from . import describe

Entry = tuple[str, dict[str, Any], dict[str, Any]]  # label, scores, difference to them
MAX_POINTS = 1000  # a curve of a million epochs is thinned, its last point kept


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: ``charts.js`` draws ``series`` over ``labels``; ``rows`` under ``columns`` are its table."""

    name: str
    title: str
    kind: str  # "line" or "bar"
    summary: str
    labels: list[str]
    series: list[dict[str, Any]]
    columns: list[str]
    rows: list[list[str]]
    note: str = ""
    axis: str = ""
    id: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", f"chart-{self.name}")

    @property
    def data_id(self) -> str:
        return f"{self.id}-data"

    @property
    def data(self) -> dict[str, Any]:
        """What ``json_script`` puts on the page."""
        return {
            "kind": self.kind,
            "labels": self.labels,
            "series": self.series,
            "axis": self.axis,
            "rows": self.rows,
        }


def learning_curve(run: ModelRun) -> Chart | None:
    """Loss and validation score by epoch; None while there is no epoch with a number."""
    history = _thinned(describe.rows(run.history))
    names = [
        name
        for name in dict.fromkeys(key for row in history for key in row)
        if name not in ("epoch", "seconds")
        and any(describe.number(row.get(name)) is not None for row in history)
    ]
    if not names:
        return None
    labels = [describe.figure(row.get("epoch", place + 1), 0) for place, row in enumerate(history)]
    shown = [*names, "seconds"] if any(describe.number(row.get("seconds")) for row in history) else names
    return Chart(
        name="learning",
        title=_("Learning curve"),
        kind="line",
        summary=_("Loss and validation score after each epoch; the table below holds the numbers."),
        labels=labels,
        series=[
            {
                "label": _column(name),
                "values": [describe.number(row.get(name)) for row in history],
                "scale": "left" if "loss" in name else "right",
            }
            for name in names
        ],
        columns=[_("epoch"), *(_column(name) for name in shown)],
        rows=[
            [label, *(describe.plain(row.get(name)) for name in shown)]
            for label, row in zip(labels, history, strict=True)
        ],
        axis=_("epoch"),
    )


def against_baselines(run: ModelRun) -> Chart | None:
    """The key metric beside each one that it was compared with, with 95 % intervals; None before scoring."""
    metrics = describe.mapping(run.metrics)
    entries: list[Entry] = [(describe.algorithm_title(run.algorithm), metrics, {})]
    for row in describe.rows(run.baselines):
        label = describe.algorithm_title(describe.text(row.get("algorithm"), 60))
        if describe.number(row.get("run")) is not None:
            label = _("%(algorithm)s, run %(run)s") % {"algorithm": label, "run": row["run"]}
        entries.append((label, row, describe.mapping(row.get("difference"))))
    return _scores(
        name="baselines",
        title=_("%(metric)s against the baseline") % {"metric": describe.metric_name(run)},
        metric=describe.metric_name(run),
        note=describe.score_note(run),
        entries=entries,
    )


def side_by_side(runs: Sequence[ModelRun]) -> Chart | None:
    """The key metric of several runs; None when none of them has been scored."""
    names = {describe.metric_name(run) for run in runs}
    return _scores(
        name="runs",
        title=_("%(metric)s of the runs") % {"metric": " / ".join(sorted(names))},
        metric=" / ".join(sorted(names)),
        note="",
        entries=[
            (f"{describe.algorithm_title(run.algorithm)} {run.pk}", describe.mapping(run.metrics), {})
            for run in runs
        ],
    )


def _scores(
    *,
    name: str,
    title: str,
    metric: str,
    note: str,
    entries: list[Entry],
) -> Chart | None:
    scored = [entry for entry in entries if describe.number(entry[1].get("value")) is not None]
    if not scored:
        return None
    intervals = [describe.interval(row.get("interval")) for _label, row, _difference in scored]
    compared = any(difference for _label, _row, difference in scored)
    # xgettext:no-python-format
    interval = _("95 % interval")
    columns = [_("model"), metric, interval, *([_("this run's difference")] if compared else [])]
    return Chart(
        name=name,
        title=title,
        kind="bar",
        # xgettext:no-python-format
        summary=_("One bar each, with its 95 % interval; the table below holds the numbers."),
        labels=[label for label, _row, _difference in scored],
        series=[
            {
                "label": metric,
                "values": [describe.number(row.get("value")) for _label, row, _difference in scored],
                "intervals": [list(ends) if ends else None for ends in intervals],
                "scale": "left",
            }
        ],
        columns=columns,
        rows=[
            [label, describe.figure(row.get("value")), interval_words(ends), _difference_text(difference)][
                : len(columns)
            ]
            for (label, row, difference), ends in zip(scored, intervals, strict=True)
        ],
        note=note,
    )


def interval_words(ends: tuple[float, float] | None) -> str:
    """Such as "0.0431 to 0.0512"."""
    if ends is None:
        return describe.DASH
    return _("%(low)s to %(high)s") % {"low": describe.figure(ends[0]), "high": describe.figure(ends[1])}


def _difference_text(difference: dict[str, Any]) -> str:
    mean = describe.number(difference.get("mean"))
    if mean is None:
        return describe.DASH
    ends = describe.interval([difference.get("low"), difference.get("high")])
    signed = describe.figure(mean) if mean < 0 else f"+{describe.figure(mean)}"
    return f"{signed} ({interval_words(ends)})" if ends else signed


def _column(name: str) -> str:
    known = {
        "loss": _("loss"),
        "validation_ndcg": _("validation NDCG"),
        "validation_rmse": _("validation RMSE"),
        "seconds": _("seconds"),
    }
    return known.get(name, name.replace("_", " "))


def _thinned(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    step = -(-len(history) // MAX_POINTS)
    if step <= 1:
        return history
    kept = history[::step]
    return kept if kept[-1] is history[-1] else [*kept, history[-1]]
