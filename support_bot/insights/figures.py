"""Figures of the conversations of a period, counted by the database.

Real and simulated conversations are never counted together: a period asks for one or the other.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import TruncDay, TruncMonth, TruncWeek

from support_bot.models import Feedback, HandOver, Message

TOPICS = 7  # told apart over time; the rest is one sum
ANSWERED = ("answer", "action")
Unit = Literal["day", "week", "month"]
TRUNCATE: Mapping[Unit, Any] = {"day": TruncDay, "week": TruncWeek, "month": TruncMonth}


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` up to, not including, ``end``; of simulated conversations only when asked for."""

    start: datetime
    end: datetime
    simulated: bool = False

    @property
    def unit(self) -> Unit:
        """How finely a chart over the period is drawn: at most about sixty columns."""
        days = (self.end - self.start).days
        return "day" if days <= 62 else "week" if days <= 400 else "month"

    def messages(self) -> QuerySet[Message]:
        return Message.objects.filter(
            created_at__gte=self.start,
            created_at__lt=self.end,
            conversation__is_simulated=self.simulated,
        )

    def hand_overs(self) -> QuerySet[HandOver]:
        return HandOver.objects.filter(
            requested_at__gte=self.start,
            requested_at__lt=self.end,
            conversation__is_simulated=self.simulated,
        )


@dataclass(frozen=True, slots=True)
class Wait:
    """Median, 95th percentile and how many values they are of; None and 0 where there are none."""

    median: Any
    p95: Any
    n: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What the page shows at its head. ``contained``: conversations that no person had to take part in."""

    conversations: int
    contained: int
    customer_messages: int
    outcomes: Mapping[str, int]  # answered, clarify, no_answer (none was found, and a person was offered)
    helpful: int
    unhelpful: int
    emotions: Mapping[str, int]
    response: Wait  # milliseconds of a reply of the bot
    hand_overs: int
    taken: Wait  # from the request until a person took it
    answered: Wait  # until that person's first words
    waiting_now: int
    never_answered: int

    @property
    def questions(self) -> int:
        """What was asked: answered, clarified, or without an answer."""
        return sum(self.outcomes.values())


@dataclass(frozen=True, slots=True)
class Row:
    """``n`` messages of a day (week, month) that are alike; ``timed`` of them know how long they took."""

    at: date
    author: str
    kind: str
    topic: str
    emotion: str
    is_reply: bool
    n: int
    timed: int

    @property
    def outcome(self) -> str:
        """What became of a question: answered, clarify, no_answer; empty for everything else."""
        if not self.is_reply or self.author != Message.Author.BOT:
            return ""
        if self.kind in ANSWERED:
            return "answered"
        if self.kind == "hand_over" and not self.topic:
            return "no_answer"
        return "clarify" if self.kind == "clarify" else ""


def tally(period: Period) -> list[Row]:
    """All messages of ``period``, counted by the database in one pass: a row a day, kind and topic."""
    alike = ("at", "author", "kind", "topic", "emotion", "is_reply")
    counted = (
        period.messages()
        .order_by()
        .annotate(at=TRUNCATE[period.unit]("created_at"), is_reply=Q(reply_to__isnull=False))
        .values_list(*alike)
        .annotate(n=Count("pk"), timed=Count("milliseconds"))
    )
    return [Row(at.date(), *rest) for at, *rest in counted]


def figures(period: Period, rows: Sequence[Row]) -> Figures:
    """Everything of ``period`` in a bounded number of queries; ``rows`` are its ``tally``."""
    asked = period.messages().filter(author=Message.Author.CUSTOMER).order_by()
    talked = asked.values("conversation")
    conversations = asked.aggregate(n=Count("conversation", distinct=True))["n"]
    handed = HandOver.objects.filter(conversation__in=talked).aggregate(
        n=Count("conversation", distinct=True)
    )
    votes = Feedback.objects.filter(
        message__created_at__gte=period.start,
        message__created_at__lt=period.end,
        message__conversation__is_simulated=period.simulated,
    ).aggregate(good=Count("pk", filter=Q(helpful=True)), bad=Count("pk", filter=Q(helpful=False)))
    hand_overs = period.hand_overs()
    waits = hand_overs.aggregate(
        all=Count("pk"),
        taken=Count("taken_at"),
        answered=Count("answered_at"),
        waiting=Count("pk", filter=Q(answered_at=None, ended_at=None)),
        never=Count("pk", filter=Q(answered_at=None, ended_at__isnull=False)),
    )
    customers = [row for row in rows if row.author == Message.Author.CUSTOMER]
    replies = period.messages().filter(milliseconds__isnull=False)
    return Figures(
        conversations=conversations,
        contained=conversations - handed["n"],
        customer_messages=sum(row.n for row in customers),
        outcomes=_sums((row.outcome, row.n) for row in rows),
        helpful=votes["good"],
        unhelpful=votes["bad"],
        emotions=_sums((row.emotion, row.n) for row in customers if row.emotion != "neutral"),
        response=_wait(replies, F("milliseconds"), sum(row.timed for row in rows)),
        hand_overs=waits["all"],
        taken=_wait(hand_overs.exclude(taken_at=None), _span("taken_at"), waits["taken"]),
        answered=_wait(hand_overs.exclude(answered_at=None), _span("answered_at"), waits["answered"]),
        waiting_now=waits["waiting"],
        never_answered=waits["never"],
    )


def topics_over_time(period: Period, rows: Iterable[Row]) -> tuple[list[date], dict[str, list[int]]]:
    """Days (weeks, months) of the period, and for each of the commonest topics its count in each of them.

    The topics come by frequency; ``""`` is the sum of all others and the last, where there are any.
    """
    told = [row for row in rows if row.outcome == "answered" and row.topic]
    commonest = list(_sums((row.topic, row.n) for row in told))
    names = [*commonest[:TOPICS], *([""] if len(commonest) > TOPICS else [])]
    return _over_time(
        period, names, ((row.at, row.topic if row.topic in names else "", row.n) for row in told)
    )


def outcomes_over_time(period: Period, rows: Iterable[Row]) -> tuple[list[date], dict[str, list[int]]]:
    """The same columns with what became of questions: answered, clarified, no answer; and the hand-overs."""
    handed = period.hand_overs().order_by().annotate(at=TRUNCATE[period.unit]("requested_at"))
    people = handed.values_list("at").annotate(n=Count("pk"))
    counted = [(row.at, row.outcome, row.n) for row in rows if row.outcome]
    counted += [(at.date(), "hand_over", n) for at, n in people]
    return _over_time(period, ["answered", "clarify", "no_answer", "hand_over"], counted)


def _over_time(
    period: Period, names: Sequence[str], counted: Iterable[tuple[date, str, int]]
) -> tuple[list[date], dict[str, list[int]]]:
    columns = _columns(period)
    place = {day: number for number, day in enumerate(columns)}
    found = {name: [0] * len(columns) for name in names}
    for at, name, n in counted:
        found[name][place[at]] += n
    return columns, found


def _columns(period: Period) -> list[date]:
    """The first day of each column, as the database truncates: weeks begin on Monday."""
    last = (period.end - timedelta(microseconds=1)).date()
    day = period.start.date()
    if period.unit == "week":
        day -= timedelta(days=day.weekday())
    elif period.unit == "month":
        day = day.replace(day=1)
    found = []
    while day <= last:
        found.append(day)
        if period.unit == "month":
            day = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
        else:
            day += timedelta(days=7 if period.unit == "week" else 1)
    return found


def _sums(counted: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The sum of each name, the largest first; nameless ones left out."""
    found: Counter[str] = Counter()
    for name, n in counted:
        if name:
            found[name] += n
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def _span(column: str) -> ExpressionWrapper:
    return ExpressionWrapper(F(column) - F("requested_at"), output_field=DurationField())


def _wait(rows: QuerySet[Any], value: Any, n: int) -> Wait:
    """Percentiles of ``n`` rows by position (nearest rank), which every database can give: two are read."""
    ordered = rows.annotate(value=value).order_by("value").values_list("value", flat=True)

    def at(quantile: float) -> Any:
        return next(iter(ordered[max(0, math.ceil(quantile * n) - 1) :][:1]), None) if n else None

    return Wait(at(0.5), at(0.95), n)
