"""Figures of the conversations of a period, counted by the database.

Real and simulated conversations are never counted together: a period asks for one or the other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.db.models import Count, DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDay, TruncMonth, TruncWeek

from support_bot.models import Conversation, Feedback, HandOver, Message

TOPICS = 7  # told apart over time; the rest is one sum
ANSWERED = ("answer", "action")
Unit = Literal["day", "week", "month"]


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
    replies: Mapping[str, int]  # by kind; ``no_answer``: none was found, and a person was offered
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
    def answers(self) -> int:
        return sum(self.replies.get(kind, 0) for kind in ANSWERED)

    @property
    def questions(self) -> int:
        """Replies to something asked: answered, clarified, or without an answer."""
        return self.answers + self.replies.get("clarify", 0) + self.replies.get("no_answer", 0)


def figures(period: Period) -> Figures:
    """Everything of ``period`` in a bounded number of queries, whatever its size."""
    messages, hand_overs = period.messages(), period.hand_overs()
    asked = messages.filter(author=Message.Author.CUSTOMER)
    talked = Conversation.objects.filter(Exists(asked.filter(conversation=OuterRef("pk")).order_by()))
    handed = Exists(HandOver.objects.filter(conversation=OuterRef("pk")))
    conversations = talked.aggregate(all=Count("pk"), handed=Count("pk", filter=handed))
    votes = Feedback.objects.filter(message__in=messages.order_by()).aggregate(
        good=Count("pk", filter=Q(helpful=True)), bad=Count("pk", filter=Q(helpful=False))
    )
    waits = hand_overs.aggregate(
        all=Count("pk"),
        waiting=Count("pk", filter=Q(answered_at=None, ended_at=None)),
        never=Count("pk", filter=Q(answered_at=None, ended_at__isnull=False)),
    )
    bot = messages.filter(author=Message.Author.BOT, reply_to__isnull=False)
    replies = _counts(bot.exclude(kind=""), "kind")
    replies["no_answer"] = bot.filter(kind="hand_over", topic="").count()
    return Figures(
        conversations=conversations["all"],
        contained=conversations["all"] - conversations["handed"],
        customer_messages=asked.count(),
        replies=replies,
        helpful=votes["good"],
        unhelpful=votes["bad"],
        emotions=_counts(asked.exclude(emotion__in=("", "neutral")), "emotion"),
        response=_wait(bot.exclude(milliseconds=None), F("milliseconds")),
        hand_overs=waits["all"],
        taken=_wait(hand_overs.exclude(taken_at=None), _span("taken_at")),
        answered=_wait(hand_overs.exclude(answered_at=None), _span("answered_at")),
        waiting_now=waits["waiting"],
        never_answered=waits["never"],
    )


def topics_over_time(period: Period) -> tuple[list[date], dict[str, list[int]]]:
    """Days (weeks, months) of the period, and for each of the commonest topics its count in each of them.

    The topics come by frequency; ``""`` is the sum of all others and the last, where there are any.
    """
    truncate = {"day": TruncDay, "week": TruncWeek, "month": TruncMonth}[period.unit]
    told = period.messages().filter(kind__in=ANSWERED).exclude(topic="").order_by()
    commonest = list(told.values_list("topic").annotate(n=Count("pk")).order_by("-n", "topic")[: TOPICS + 1])
    names = [topic for topic, _n in commonest[:TOPICS]]
    columns = _columns(period)
    place = {day: number for number, day in enumerate(columns)}
    found = {name: [0] * len(columns) for name in names}
    if len(commonest) > TOPICS:
        found[""] = [0] * len(columns)
    by_day = told.annotate(at=truncate("created_at")).values("at")
    shown = by_day.filter(topic__in=names).values_list("at", "topic").annotate(n=Count("pk"))
    rest = by_day.exclude(topic__in=names).values_list("at").annotate(n=Count("pk"))
    for at, topic, n in shown:
        found[topic][place[at.date()]] += n
    for at, n in rest:
        found[""][place[at.date()]] += n
    return columns, found


def outcomes_over_time(period: Period) -> tuple[list[date], dict[str, list[int]]]:
    """The same columns with what became of questions: answered, clarified, no answer; and the hand-overs."""
    truncate = {"day": TruncDay, "week": TruncWeek, "month": TruncMonth}[period.unit]
    columns = _columns(period)
    place = {day: number for number, day in enumerate(columns)}
    found = {name: [0] * len(columns) for name in ("answered", "clarify", "no_answer", "hand_over")}
    replies = period.messages().filter(author=Message.Author.BOT, reply_to__isnull=False).order_by()
    by_day = replies.annotate(at=truncate("created_at")).values("at")
    asked = by_day.filter(kind__in=(*ANSWERED, "clarify")).values_list("at", "kind")
    for at, kind, n in asked.annotate(n=Count("pk")):
        found["answered" if kind in ANSWERED else kind][place[at.date()]] += n
    nothing = by_day.filter(kind="hand_over", topic="").values_list("at")
    for at, n in nothing.annotate(n=Count("pk")):
        found["no_answer"][place[at.date()]] += n
    people = period.hand_overs().order_by().annotate(at=truncate("requested_at")).values_list("at")
    for at, n in people.annotate(n=Count("pk")):
        found["hand_over"][place[at.date()]] += n
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


def _counts(rows: QuerySet[Message], column: str) -> dict[str, int]:
    return dict(rows.order_by().values_list(column).annotate(n=Count("pk")).order_by("-n", column))


def _span(column: str) -> ExpressionWrapper:
    return ExpressionWrapper(F(column) - F("requested_at"), output_field=DurationField())


def _wait(rows: QuerySet[Any], value: Any) -> Wait:
    """Percentiles by position (nearest rank), which every database can give: two rows are read."""
    n = rows.count()
    ordered = rows.annotate(value=value).order_by("value").values_list("value", flat=True)

    def at(quantile: float) -> Any:
        return ordered[max(0, math.ceil(quantile * n) - 1)] if n else None

    return Wait(at(0.5), at(0.95), n)
