"""The page of figures: how many conversations, how they ended, how fast, and what they were about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from support_bot.insights import (
    Figures,
    Period,
    Row,
    Wait,
    figures,
    outcomes_over_time,
    tally,
    topics_over_time,
)
from support_bot.models import KnowledgeBuild

from . import describe
from .charts import Chart, stacked_bars
from .periods import period_form, shortcuts
from .transcript import topic_titles

BUILDS = 8


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure with its name; ``note`` says what it is of."""

    name: str
    value: str
    note: str = ""


def context(query: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the page shows for the period in ``query``."""
    form = period_form(query)
    period = form.period()
    rows = tally(period)
    counted = figures(period, rows)
    return {
        "form": form,
        "shortcuts": shortcuts(),
        "simulated": period.simulated,
        "facts": facts(counted),
        "waits": waits(counted),
        "feelings": [
            Fact(describe.emotion(code), describe.figure(n)) for code, n in counted.emotions.items()
        ],
        "charts": [outcome_chart(period, rows), topic_chart(period, rows)] if counted.conversations else [],
        "builds": builds(),
        "empty": not counted.conversations,
    }


def facts(counted: Figures) -> list[Fact]:
    """The head of the page: outcomes with their shares of the questions, and what customers thought."""
    asked = counted.questions
    votes = counted.helpful + counted.unhelpful

    def outcome(name: str, n: int) -> Fact:
        of = _("%(share)s of %(all)s questions") % {
            "share": describe.share(n, asked),
            "all": describe.figure(asked),
        }
        return Fact(name, describe.figure(n), of if asked else "")

    return [
        Fact(
            _("Conversations"),
            describe.figure(counted.conversations),
            ngettext("%(n)s message", "%(n)s messages", counted.customer_messages)
            % {"n": describe.figure(counted.customer_messages)},
        ),
        outcome(_("Answered"), counted.outcomes.get("answered", 0)),
        outcome(_("Clarified"), counted.outcomes.get("clarify", 0)),
        outcome(_("No answer found"), counted.outcomes.get("no_answer", 0)),
        Fact(_("Handed over"), describe.figure(counted.hand_overs), _("times a person was called")),
        Fact(
            _("Containment"),
            describe.share(counted.contained, counted.conversations),
            _("conversations that needed no person"),
        ),
        Fact(
            _("Helpful"),
            describe.share(counted.helpful, votes),
            ngettext("%(n)s vote", "%(n)s votes", votes) % {"n": describe.figure(votes)},
        ),
    ]


def waits(counted: Figures) -> list[list[str]]:
    """Rows of the table of times: what, median, 95th percentile, of how many."""

    def row(name: str, wait: Wait, show: Any) -> list[str]:
        return [name, show(wait.median), show(wait.p95), describe.figure(wait.n)]

    return [
        row(_("The bot's reply"), counted.response, describe.milliseconds),
        row(_("Wait until a person took over"), counted.taken, describe.duration),
        row(_("Wait for that person's first words"), counted.answered, describe.duration),
        [_("Hand-overs still waiting"), "", "", describe.figure(counted.waiting_now)],
        [_("Hand-overs that ended without an answer"), "", "", describe.figure(counted.never_answered)],
    ]


def outcome_chart(period: Period, rows: list[Row]) -> Chart:
    days, found = outcomes_over_time(period, rows)
    names = {
        "answered": _("answered"),
        "clarify": _("clarified"),
        "no_answer": _("no answer found"),
        "hand_over": _("handed over"),
    }
    return _over_time("outcomes", _("Answered, clarified, handed over"), period, days, found, names)


def topic_chart(period: Period, rows: list[Row]) -> Chart:
    days, found = topics_over_time(period, rows)
    names = {**topic_titles(found), "": _("all other topics")}
    return _over_time("topics", _("Topics over time"), period, days, found, names)


def builds() -> list[list[str]]:
    """The last builds: number, when, and the cross-validated accuracy, calibration and scope by language."""
    done = KnowledgeBuild.objects.filter(status=KnowledgeBuild.Status.FINISHED)
    rows = []
    for build in done.only("pk", "created_at", "metrics", "verdict").order_by("-pk")[:BUILDS]:
        for language, report in describe.mapping(build.metrics).items():
            told = describe.mapping(report)
            if describe.number(told.get("accuracy")) is None:
                continue
            rows.append(
                [
                    str(build),
                    describe.moment(build.created_at),
                    describe.language_name(language),
                    describe.percent(told.get("accuracy")),
                    describe.figure(told.get("ece")),
                    describe.percent(told.get("out_of_scope_recall")),
                    build.get_verdict_display() or describe.DASH,
                ]
            )
    return rows


def _over_time(
    name: str,
    title: str,
    period: Period,
    days: list[date],
    found: Mapping[str, list[int]],
    names: Mapping[str, str],
) -> Chart:
    unit = {"day": _("day"), "week": _("week of"), "month": _("month of")}[period.unit]
    simulated = " (" + _("simulated") + ")" if period.simulated else ""
    return stacked_bars(
        name=name,
        title=f"{title}{simulated}",
        summary=_("One column each: %s; the table below holds the numbers.") % unit,
        labels=[date_format(day, "SHORT_DATE_FORMAT") for day in days],
        stacks=[(describe.text(names.get(key, key), 60), values) for key, values in found.items()],
        first_column=unit,
    )
