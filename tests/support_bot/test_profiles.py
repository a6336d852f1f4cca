"""The dialogue profile, held to hand-computed cases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from support_bot import profiles
from support_bot.models import Conversation, DialogueProfile, Feedback, Message

NOW = timezone.now()


def conversation(key: str = "7", **fields: Any) -> Conversation:
    count = Conversation.objects.count()
    return Conversation.objects.create(user_key=key, token_hash=f"{count:064d}", **fields)


def say(talk: Conversation, author: str, *, days_ago: float = 0, **fields: Any) -> Message:
    at: datetime = NOW - timedelta(days=days_ago)
    Conversation.objects.filter(pk=talk.pk).update(last_message_at=at)
    sequence = talk.messages.count() + 1
    return Message.objects.create(
        conversation=talk, author=author, sequence=sequence, text="…", created_at=at, **fields
    )


@pytest.mark.django_db
def test_a_topic_asked_a_half_life_ago_weighs_half_of_one_asked_today() -> None:
    talk = conversation()
    say(talk, "bot", kind="answer", topic="opening-hours", days_ago=profiles.HALF_LIFE_DAYS)
    say(talk, "bot", kind="answer", topic="refund-time")

    profiles.refresh("7", now=NOW)

    assert profiles.preferences("7") == pytest.approx(
        {"refund-time": 2 / 3, "opening-hours": 1 / 3}, abs=1e-4
    )


@pytest.mark.django_db
def test_a_topic_stays_unsolved_until_an_answer_to_it_helps() -> None:
    talk = conversation()
    say(talk, "bot", kind="clarify", topic="refund-time")
    unhelpful = say(talk, "bot", kind="answer", topic="use-coupon")
    Feedback.objects.create(message=unhelpful, helpful=False)
    say(talk, "bot", kind="hand_over", topic="invoice")
    say(talk, "bot", kind="answer", topic="invoice")

    profile = profiles.refresh("7", now=NOW)

    assert profile is not None
    assert set(profile.unsolved) == {"refund-time", "use-coupon"}


@pytest.mark.django_db
def test_the_mood_is_the_decayed_mean_and_the_language_the_one_used_most() -> None:
    talk = conversation()
    say(talk, "customer", emotion="anger", language="en", days_ago=profiles.HALF_LIFE_DAYS)
    say(talk, "customer", emotion="thanks", language="zh-hans")

    profile = profiles.refresh("7", now=NOW)

    assert profile is not None
    assert profile.emotion_trend == pytest.approx((1.0 * 1 + 0.5 * -1) / 1.5)
    assert profile.language == "zh-hans"
    assert profile.conversations == 1


@pytest.mark.django_db
def test_another_customer_s_conversations_count_for_nothing() -> None:
    say(conversation("8"), "bot", kind="answer", topic="invoice")

    assert profiles.refresh("7", now=NOW) is None
    assert profiles.preferences("7") == {}
    assert profiles.preferences(None) == {}


@pytest.mark.django_db
def test_a_profile_goes_when_its_conversations_are_gone() -> None:
    talk = conversation()
    say(talk, "bot", kind="answer", topic="invoice")
    profiles.refresh("7", now=NOW)

    talk.delete()
    profiles.refresh("7", now=NOW)

    assert not DialogueProfile.objects.exists()


@pytest.mark.django_db
def test_only_customers_who_have_said_something_since_are_refreshed() -> None:
    say(conversation("7"), "customer", emotion="neutral")
    say(conversation("8"), "customer", emotion="neutral")

    assert profiles.refresh_changed() == 2
    assert profiles.refresh_changed() == 0


@pytest.mark.django_db
def test_a_profile_made_of_simulated_conversations_alone_says_so() -> None:
    say(conversation("7", is_simulated=True), "customer", emotion="neutral")
    say(conversation("8", is_simulated=False), "customer", emotion="neutral")

    profiles.refresh_changed()

    assert set(DialogueProfile.objects.values_list("user_key", "is_simulated")) == {("7", True), ("8", False)}
