"""The inbox of hand-overs: who waits comes first, one person answers, and what was written is never lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from support_bot import dialogue
from support_bot.adapters import get_adapter
from support_bot.models import Conversation, DialogueProfile, HandOver, Message
from support_bot.types import Subject

from .conftest import page, text_of

Talk = Callable[..., Conversation]


@pytest.fixture
def agent(staff: Callable[..., Client]) -> Client:
    return staff("answer_conversation", username="ann")


@pytest.fixture
def colleague(staff: Callable[..., Client]) -> Client:
    return staff("answer_conversation", username="bob")


@pytest.fixture
def waiting(talk: Talk) -> HandOver:
    """A visitor who asks for a person."""
    return dialogue.hand_over(talk(("Where is my order?", "answer", "where-is-my-order")), "asked")


def test_the_most_urgent_comes_first_then_the_longest_wait_then_who_is_being_answered(
    agent: Client, talk: Talk
) -> None:
    now = timezone.now()
    rows = {}
    for name, emotion, minutes in (
        ("late", "", 5),
        ("early", "", 50),
        ("angry", "anger", 1),
        ("answered", "anger", 90),
        ("ended", "", 95),
    ):
        rows[name] = dialogue.hand_over(talk(user_key=name), "asked", emotion=emotion)
        HandOver.objects.filter(pk=rows[name].pk).update(requested_at=now - timedelta(minutes=minutes))
    bob = get_user_model().objects.create_user("bob", is_staff=True)
    dialogue.answer_as_person(rows["answered"].conversation, bob, "I am here.")
    dialogue.close(rows["ended"].conversation, bob)

    text = text_of(agent.get(page("handover_changelist")))

    order = [text.index(f"customer {name}") for name in ("angry", "early", "late", "answered")]
    assert order == sorted(order)
    assert "customer ended" not in text
    assert "3 customers are waiting" in text
    assert "50 min" in text
    assert "customer ended" in text_of(agent.get(page("handover_changelist") + "?state=ended"))


def test_a_customer_who_writes_again_waits_again(agent: Client, waiting: HandOver) -> None:
    agent.post(page("handover_reply", waiting.pk), {"text": "I am here."})
    answered = text_of(agent.get(page("handover_changelist")))
    dialogue.take_turn(waiting.conversation, "And my refund?", subject=Subject(language="en"))

    text = text_of(agent.get(page("handover_changelist") + "?state=waiting"))

    assert "being answered" in answered
    assert "has written again" in text


def test_the_page_shows_summary_emotion_profile_habits_and_transcript(agent: Client, talk: Talk) -> None:
    user = get_user_model().objects.create_user(
        "carla", first_name="Carla", last_name="Bruni", email="carla@example.com"
    )
    DialogueProfile.objects.create(
        user_key=str(user.pk), topics={"start-return": 2.0}, emotion_trend=-0.9, conversations=4
    )
    conversation = talk(
        ("Where <i>is</i> it?", "hand_over", ""), user=user, user_key=str(user.pk), emotion="anger"
    )
    hand_over = dialogue.hand_over(conversation, "anger", emotion="anger")

    text = text_of(agent.get(page("handover_change", hand_over.pk)))

    for shown in (
        "Where &lt;i&gt;is&lt;/i&gt; it?",
        "Last question",
        "is angry",
        "Carla Bruni",
        "carla@example.com",
        "Conversations before",
        "angry of late",
    ):
        assert shown in text, shown


def test_whatever_the_shops_adapter_raises_the_customer_can_be_answered(
    agent: Client, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("the warehouse is on fire")

    hand_over = dialogue.hand_over(talk(("Hello?", "hand_over", ""), user_key="7"), "asked")
    monkeypatch.setattr(get_adapter(), "orders", broken)
    monkeypatch.setattr(get_adapter(), "profile", broken)

    text = text_of(agent.get(page("handover_change", hand_over.pk)))

    assert "The shop could not be asked" in text
    assert "warehouse" not in text
    assert 'name="text"' in text


def test_replying_takes_the_conversation_and_the_customer_reads_it(agent: Client, waiting: HandOver) -> None:
    response = agent.post(page("handover_reply", waiting.pk), {"text": "  It leaves today. <b>Promised</b> "})

    waiting.refresh_from_db()
    reply = waiting.conversation.messages.get(author=Message.Author.PERSON)
    assert response["Location"] == page("handover_change", waiting.pk)
    assert (waiting.taken_by.username, waiting.answered_at is not None) == ("ann", True)
    assert reply.text == "It leaves today. <b>Promised</b>"
    assert "&lt;b&gt;" in dialogue.reply_as_dict(reply)["html"]
    assert "ann" in text_of(agent.get(page("handover_change", waiting.pk)))


def test_the_second_agent_is_told_and_what_they_wrote_is_kept(
    agent: Client, colleague: Client, waiting: HandOver
) -> None:
    agent.post(page("handover_take", waiting.pk))

    taken = colleague.post(page("handover_take", waiting.pk), follow=True)
    refused = colleague.post(page("handover_reply", waiting.pk), {"text": "My careful answer"})
    handed_back = colleague.post(page("handover_hand_back", waiting.pk), follow=True)
    closed = colleague.post(page("handover_close", waiting.pk), follow=True)

    assert "Ann is answering this conversation already" in text_of(taken)
    assert "Ann is answering this conversation already" in text_of(refused)
    assert "My careful answer" in text_of(refused)
    assert "Ann has this conversation" in text_of(handed_back)
    assert "Ann has this conversation" in text_of(closed)
    waiting.refresh_from_db()
    assert (waiting.taken_by.username, waiting.ended_at) == ("ann", None)
    assert not waiting.conversation.messages.filter(author=Message.Author.PERSON).exists()


def test_handing_back_lets_the_bot_answer_and_closing_ends_it(agent: Client, talk: Talk) -> None:
    first = dialogue.hand_over(talk(("Hello?", "hand_over", "")), "asked")
    second = dialogue.hand_over(talk(("Hello?", "hand_over", "")), "asked")

    agent.post(page("handover_hand_back", first.pk))
    agent.post(page("handover_close", second.pk))

    assert Conversation.objects.get(pk=first.conversation_id).state == Conversation.State.BOT
    assert Conversation.objects.get(pk=second.conversation_id).state == Conversation.State.CLOSED
    assert HandOver.objects.filter(ended_at=None).count() == 0


def test_what_has_ended_is_not_answered_or_taken_any_more(agent: Client, waiting: HandOver) -> None:
    dialogue.hand_back(waiting.conversation)

    late = agent.post(page("handover_reply", waiting.pk), {"text": "Too late?"})
    taken = agent.post(page("handover_take", waiting.pk), follow=True)

    assert "has ended" in text_of(late)
    assert "has ended" in text_of(taken)
    assert HandOver.objects.count() == 1
    assert not Message.objects.filter(author=Message.Author.PERSON).exists()


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
def test_an_empty_or_endless_reply_is_refused_with_a_reason(
    agent: Client, waiting: HandOver, text: str
) -> None:
    response = agent.post(page("handover_reply", waiting.pk), {"text": text})

    assert "errorlist" in text_of(response)
    assert not Message.objects.filter(author=Message.Author.PERSON).exists()


def test_answering_needs_its_own_permission_and_a_post(
    staff: Callable[..., Client], agent: Client, waiting: HandOver
) -> None:
    looker = staff("view_conversation", "view_handover")

    for name in ("take", "reply", "hand_back", "close"):
        assert looker.post(page(f"handover_{name}", waiting.pk), {"text": "x"}).status_code == 403
        assert agent.get(page(f"handover_{name}", waiting.pk)).status_code == 405
    waiting.refresh_from_db()
    assert (waiting.taken_at, waiting.ended_at) == (None, None)


def test_the_list_takes_the_same_queries_for_one_wait_and_for_many(
    agent: Client, talk: Talk, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        user = get_user_model().objects.create_user(f"customer{number}")
        dialogue.hand_over(talk(("Hello?", "hand_over", ""), user=user, user_key=str(user.pk)), "asked")

    with django_assert_max_num_queries(11):
        agent.get(page("handover_changelist"))
