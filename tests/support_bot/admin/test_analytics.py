"""The page of figures, against counts made by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from support_bot import dialogue
from support_bot.insights import Period, figures, outcomes_over_time, tally, topics_over_time
from support_bot.models import Conversation, Feedback, HandOver, Message

from .conftest import page, text_of

Talk = Callable[..., Conversation]
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


def lately() -> Period:
    now = timezone.now()
    return Period(now - timedelta(days=1), now + timedelta(days=1))


def march() -> Period:
    return Period(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))


@pytest.fixture
def week(talk: Talk) -> list[Conversation]:
    """Three conversations in March, one in April, one simulated."""
    tuesday = MONDAY + timedelta(days=1)
    talks = [
        talk(("a", "answer", "refunds"), ("b", "action", "order_status"), created_at=MONDAY),
        talk(("c", "clarify", ""), ("d", "answer", "refunds"), created_at=tuesday),
        talk(("e", "hand_over", ""), ("hi", "small_talk", "talk:hello"), created_at=tuesday),
        talk(("f", "answer", "refunds"), created_at=datetime(2026, 4, 1, tzinfo=UTC)),
        talk(("g", "answer", "refunds"), created_at=MONDAY, is_simulated=True),
    ]
    for number, seconds in enumerate((60, 120, 600)):
        HandOver.objects.create(
            conversation=talks[2],
            reason="asked",
            requested_at=tuesday,
            taken_at=tuesday + timedelta(seconds=seconds),
            answered_at=None if number == 2 else tuesday + timedelta(seconds=2 * seconds),
            ended_at=tuesday + timedelta(hours=1),
        )
    for reply, helpful in zip(
        Message.objects.filter(topic="refunds").order_by("pk"), (True, False, True, True), strict=True
    ):
        Feedback.objects.create(message=reply, helpful=helpful)
    return talks


def test_the_figures_of_a_month_are_those_counted_by_hand(week: list[Conversation]) -> None:
    found = figures(march(), tally(march()))

    assert (found.conversations, found.contained, found.customer_messages) == (3, 2, 6)
    assert found.outcomes == {"answered": 3, "clarify": 1, "no_answer": 1}
    assert found.questions == 5
    assert (found.helpful, found.unhelpful) == (1, 1)
    # Replies took 5, 6, 5, 6, 5, 6 ms.
    assert (found.response.median, found.response.p95, found.response.n) == (5.0, 6.0, 6)
    assert (found.hand_overs, found.waiting_now, found.never_answered) == (3, 0, 1)
    assert (found.taken.median, found.taken.p95) == (timedelta(seconds=120), timedelta(seconds=600))
    assert (found.answered.median, found.answered.n) == (timedelta(seconds=120), 2)


def test_simulated_conversations_are_counted_apart(week: list[Conversation]) -> None:
    simulated = Period(march().start, march().end, simulated=True)

    found = figures(simulated, tally(simulated))

    assert (found.conversations, found.outcomes) == (1, {"answered": 1})


def test_topics_and_outcomes_stand_on_their_days(week: list[Conversation]) -> None:
    days, topics = topics_over_time(march(), tally(march()))
    _days, outcomes = outcomes_over_time(march(), tally(march()))

    assert (len(days), days[0], days[-1]) == (31, date(2026, 3, 1), date(2026, 3, 31))
    assert {name: values[1:3] for name, values in topics.items()} == {
        "refunds": [1, 1],
        "order_status": [1, 0],
    }
    assert {name: values[1:3] for name, values in outcomes.items()} == {
        "answered": [2, 1],
        "clarify": [0, 1],
        "no_answer": [0, 1],
        "hand_over": [0, 3],
    }


def test_the_rarer_topics_are_one_sum(talk: Talk) -> None:
    for number in range(9):
        for _time in range(9 - number):
            talk(("?", "answer", f"topic-{number}"), created_at=MONDAY)

    _days, topics = topics_over_time(march(), tally(march()))

    assert list(topics) == [*(f"topic-{number}" for number in range(7)), ""]
    assert sum(topics[""]) == 2 + 1


@pytest.mark.parametrize(
    ("days", "columns", "first"),
    [(31, 31, date(2026, 3, 1)), (100, 16, date(2026, 2, 23)), (800, 27, date(2026, 3, 1))],
)
def test_a_longer_period_has_coarser_columns(
    week: list[Conversation], days: int, columns: int, first: date
) -> None:
    period = Period(march().start, march().start + timedelta(days=days))

    found, topics = topics_over_time(period, tally(period))

    assert len(found) == columns
    assert found[0] == first
    assert sum(topics["refunds"]) == (2 if days == 31 else 3)


def test_the_page_shows_figures_charts_with_tables_and_times(
    manager: Client, week: list[Conversation], build_of: Callable[..., Any]
) -> None:
    build_of()

    text = text_of(manager.get(page("conversation_analytics"), {"start": "2026-03-01", "end": "2026-03-31"}))

    for shown in (
        "60.0 % of 5 questions",
        "66.7 %",  # containment
        "50.0 %",  # helpful
        "5.0 ms",
        "10 min 0 s",
        "Refunds",
        "91.2 %",
    ):
        assert shown in text, shown
    assert text.count("bot-chart") == 2
    assert 'id="chart-topics-table"' in text
    assert "simulated)" not in text


def test_simulated_stands_beside_every_figure_of_simulated_conversations(
    manager: Client, week: list[Conversation]
) -> None:
    asked = {"start": "2026-03-01", "end": "2026-03-31", "of": "simulated"}

    text = text_of(manager.get(page("conversation_analytics"), asked))

    for heading in ("Conversations", "Answered, clarified, handed over", "Topics over time", "Times"):
        assert f"{heading} (simulated)" in text, heading
    assert text.count("(simulated)") >= 12


@pytest.mark.parametrize(
    "query",
    [
        {"start": "2026-03-31", "end": "2026-03-01"},
        {"start": "yesterday", "end": "2026-02-30"},
        {"start": "0001-01-01", "end": "9999-12-31"},
        {"end": "9999-12-31"},
        {"end": "0001-01-01"},
        {"of": "both"},
    ],
)
def test_a_period_that_makes_no_sense_is_refused_with_a_reason(
    manager: Client, week: list[Conversation], query: dict[str, str]
) -> None:
    for name in ("conversation_analytics", "conversation_unanswered"):
        assert "errorlist" in text_of(manager.get(page(name), query)), name


def test_the_queries_do_not_grow_with_the_conversations(
    manager: Client, talk: Talk, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        dialogue.hand_over(talk((f"question {number}", "answer", f"topic-{number}")), "asked")

    with django_assert_max_num_queries(20):
        manager.get(page("conversation_analytics"))
    with django_assert_max_num_queries(6):
        manager.get(page("conversation_unanswered"))
    with django_assert_max_num_queries(9):
        manager.get(page("conversation_changelist"))


def test_a_transcript_shows_how_sure_the_bot_was_and_what_customers_thought(
    manager: Client, week: list[Conversation]
) -> None:
    text = text_of(manager.get(page("conversation_change", week[0].pk)))

    for shown in ("A reply to a", "confidence 91", "5.0 ms", "helped", "Refunds", "the bot answers"):
        assert shown.lower() in text.lower(), shown


def test_whatever_stands_in_a_payload_the_transcript_opens(manager: Client, talk: Talk) -> None:
    conversation = talk(("a", "answer", "refunds"))
    for payload in ({"cards": 3}, {"cards": [{"fields": [1, ["a"], ["b", {"c": 1}]]}]}, [], "x"):
        Message.objects.filter(conversation=conversation).update(payload=payload)

        assert text_of(manager.get(page("conversation_change", conversation.pk)))


def test_an_unknown_conversation_is_not_found(manager: Client, db: None) -> None:
    for key in ("abc", "1", "00000000-0000-0000-0000-000000000000"):
        assert manager.get(f"/admin/concierge_support/conversation/{key}/change/").status_code == 404


def test_erasing_a_conversation_needs_the_permission_and_takes_its_messages(
    staff: Callable[..., Client], talk: Talk
) -> None:
    conversation = talk(("a", "answer", "refunds"))
    address = page("conversation_delete", conversation.pk)

    refused = staff("view_conversation").post(address, {"post": "yes"})
    needed = [f"delete_{name}" for name in ("conversation", "message", "handover", "feedback")]
    staff("view_conversation", *needed).post(address, {"post": "yes"})

    assert refused.status_code == 403
    assert Message.objects.count() == 0
