"""From the bot to a person and back: told, seen, answered, never talked over, never in a loop."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail import EmailMessage
from django.utils import timezone

from shop.support import ShopSupport
from support_bot import dialogue
from support_bot.dialogue.handover import PRIORITIES
from support_bot.models import Conversation, HandOver, Message
from support_bot.signals import handed_over

from .conftest import PAID, Chat


@pytest.fixture
def agent(db: None) -> User:
    return User.objects.create_user("agent", "agent@example.com", "staple", is_staff=True)


@pytest.fixture
def colleague(db: None) -> User:
    return User.objects.create_user("colleague", "colleague@example.com", "staple", is_staff=True)


@pytest.fixture
def agents_mail(settings: Any) -> list[Any]:
    settings.SUPPORT_BOT = {**settings.SUPPORT_BOT, "AGENT_EMAILS": ["agents@shop.example"]}
    return mail.outbox


def test_who_asks_for_a_person_is_told_what_happens_next(chat: Chat) -> None:
    chat("talk to a person", "person", kind="hand_over")

    assert chat.state == "waiting"
    assert [one.label for one in chat.reply.suggestions] == ["Back to the bot"]
    assert HandOver.objects.get().reason == "asked"


def test_the_button_calls_a_person_too(chat: Chat) -> None:
    chat("blargh foo", kind="hand_over")

    chat.press("Talk to a person", "person", kind="hand_over")

    assert chat.state == "waiting"


def test_the_bot_never_talks_over_a_person(chat: Chat, agent: User) -> None:
    chat("talk to a person")

    assert chat("where is my order").reply is None
    dialogue.answer_as_person(chat.conversation, agent, "Ada, I am looking into it.")
    assert chat("thank you").reply is None
    assert chat("hello").reply is None

    said = [text for author, text in chat.lines() if author == "customer"]
    assert said == ["talk to a person", "where is my order", "thank you", "hello"]
    assert not Message.objects.filter(is_open=True).exists()


def test_what_was_said_to_a_person_is_not_answered_by_the_bot_afterwards(chat: Chat, agent: User) -> None:
    chat("talk to a person")
    chat("how do I return an item?")
    dialogue.take(chat.conversation, agent)
    dialogue.hand_back(chat.conversation, agent)

    chat("which cards do you take?", "Visa")

    assert not any("30 days" in text for _author, text in chat.lines())


def test_the_customer_sees_the_persons_answer_and_the_bot_goes_on_after_it(chat: Chat, agent: User) -> None:
    seen = chat("talk to a person").message.pk

    said = dialogue.answer_as_person(chat.conversation, agent, "Hello <b>Ada</b>, see https://shop.example/x")
    dialogue.hand_back(chat.conversation, agent)

    news = list(dialogue.messages_after(chat.conversation, seen, subject=chat.subject))
    assert [message.author for message in news] == ["bot", "bot", "person", "bot"]
    shown = dialogue.reply_as_dict(said)
    assert shown["kind"] == "person"
    assert "&lt;b&gt;" in shown["html"]
    assert 'href="https://shop.example/x" rel="nofollow"' in shown["html"]
    assert chat.state == "bot"
    chat("how do I return an item?", "30 days")


def test_the_customer_may_go_back_to_the_bot_instead_of_waiting(chat: Chat) -> None:
    chat("talk to a person")

    chat.press("Back to the bot", "bot")

    assert chat.state == "bot"
    assert HandOver.objects.get().ended_at is not None
    chat("how do I return an item?", "30 days")


def test_the_customer_goes_back_in_chinese_as_well(chat: Chat) -> None:
    chat("talk to a person")

    assert chat("回到机器人").reply is not None
    assert chat.state == "bot"


def test_one_who_is_being_answered_cannot_send_the_person_away(chat: Chat, agent: User) -> None:
    chat("talk to a person")
    dialogue.take(chat.conversation, agent)

    assert chat("back to the bot").reply is None
    assert chat.state == "person"


def test_two_misses_in_a_row_are_offered_a_person_and_then_handed_over(chat: Chat) -> None:
    chat("blargh foo", kind="hand_over")
    assert chat.state == "bot"

    chat("quux bar zap", "person", kind="hand_over")

    assert chat.state == "waiting"
    assert HandOver.objects.get().reason == "repeated"


def test_an_answer_in_between_starts_the_count_again(chat: Chat) -> None:
    for _time in range(3):
        chat("blargh foo", kind="hand_over")
        chat("how do I return an item?", "30 days")

    assert chat.state == "bot"


def test_who_declines_a_person_is_asked_again_rather_than_handed_over(chat: Chat) -> None:
    chat("blargh foo", kind="hand_over")
    chat("no", kind="small_talk")

    chat("quux bar zap", kind="hand_over")

    assert chat.state == "bot"
    chat("yes")
    assert chat.state == "waiting"


def test_asked_twice_there_is_one_hand_over_and_the_contact_is_kept(guest_chat: Chat) -> None:
    first = dialogue.hand_over(guest_chat.conversation)
    again = dialogue.hand_over(guest_chat.conversation, contact="ann@example.com")

    assert first.pk == again.pk
    assert HandOver.objects.get().contact == "ann@example.com"
    assert len(guest_chat.lines()) == 1


def test_a_guest_is_asked_for_an_address_and_may_leave_one_while_waiting(guest_chat: Chat) -> None:
    guest_chat("talk to a person", "e-mail")

    guest_chat("please write to ann@example.com")

    assert HandOver.objects.get().contact == "ann@example.com"
    assert guest_chat.lines()[-1] == ("customer", "please write to [e-mail]")


def test_the_person_reads_a_summary_first(chat: Chat, orders: Any) -> None:
    chat("cancel my order", PAID)
    chat("how do I return an item?")
    chat("talk to a person")

    summary = HandOver.objects.get().summary
    assert "Last question: talk to a person" in summary
    assert f"Order: {PAID}" in summary
    assert "The bot tried: cancel_order, start-return" in summary


def test_the_profile_of_a_customer_is_there_and_a_guest_has_none(
    chat: Chat, guest_chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = dialogue.profile_of(chat.conversation)

    assert profile is not None
    assert profile.first_name == "Ada"
    assert dialogue.profile_of(guest_chat.conversation) is None

    monkeypatch.setattr(ShopSupport, "profile", lambda *_: 1 / 0)
    assert dialogue.profile_of(chat.conversation) is None


def test_signal_and_mail_go_out_after_commit(
    chat: Chat, agents_mail: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[HandOver] = []

    def listen(hand_over: HandOver, **_kwargs: Any) -> None:
        heard.append(hand_over)

    handed_over.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            chat("talk to a person")
            assert heard == []
    finally:
        handed_over.disconnect(listen)

    assert heard == [HandOver.objects.get()]
    (message,) = agents_mail
    assert message.to == ["agents@shop.example"]
    assert "Last question: talk to a person" in message.body


def test_a_receiver_and_a_mail_server_that_fail_harm_nothing(
    chat: Chat,
    settings: Any,
    agents_mail: list[Any],
    django_capture_on_commit_callbacks: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    def fail(**_kwargs: Any) -> None:
        raise RuntimeError("a listener is broken")

    handed_over.connect(fail)
    try:
        with caplog.at_level(logging.ERROR), django_capture_on_commit_callbacks(execute=True):
            chat("talk to a person", "person")
    finally:
        handed_over.disconnect(fail)

    assert chat.state == "waiting"
    assert "a listener is broken" in caplog.text
    assert "could not be sent" in caplog.text


def test_who_takes_a_conversation_has_it_alone(chat: Chat, agent: User, colleague: User) -> None:
    chat("talk to a person")
    taken = dialogue.take(chat.conversation, agent)

    with pytest.raises(dialogue.NotYours):
        dialogue.take(chat.conversation, colleague)
    with pytest.raises(dialogue.NotYours):
        dialogue.answer_as_person(chat.conversation, colleague, "Hello")

    assert dialogue.take(chat.conversation, agent).pk == taken.pk
    assert chat.state == "person"


def test_a_person_may_join_a_conversation_that_asked_for_nobody(chat: Chat, agent: User) -> None:
    chat("hello")

    dialogue.answer_as_person(chat.conversation, agent, "Can I help?")

    assert chat.state == "person"
    assert HandOver.objects.get().reason == "staff"
    assert chat("yes please").reply is None


def test_an_empty_answer_is_refused(chat: Chat, agent: User) -> None:
    with pytest.raises(ValueError, match="needs a text"):
        dialogue.answer_as_person(chat.conversation, agent, " \0 ")


def test_a_closed_conversation_opens_again_with_the_next_message(chat: Chat, agent: User) -> None:
    chat("talk to a person")
    dialogue.take(chat.conversation, agent)
    dialogue.close(chat.conversation)

    assert chat.state == "closed"
    assert HandOver.objects.get().ended_at is not None
    chat("how do I return an item?", "30 days")
    assert chat.state == "bot"


def test_handing_back_or_closing_twice_says_so_once(chat: Chat, agent: User) -> None:
    chat("talk to a person")
    dialogue.hand_back(chat.conversation, agent)
    before = len(chat.lines())

    dialogue.hand_back(chat.conversation, agent)
    dialogue.close(chat.conversation)
    dialogue.close(chat.conversation)

    assert len(chat.lines()) == before + 1


def test_the_inbox_tells_who_waits_how_long_and_who_was_not_answered(
    faq: Any, chat: Chat, guest_chat: Chat, agent: User
) -> None:
    answered = dialogue.hand_over(chat.conversation)
    urgent = dialogue.hand_over(guest_chat.conversation, emotion="anger")
    HandOver.objects.update(requested_at=timezone.now() - timedelta(minutes=10))
    dialogue.answer_as_person(chat.conversation, agent, "Hello")
    HandOver.objects.filter(pk=answered.pk).update(answered_at=timezone.now() - timedelta(minutes=6))

    first, second = dialogue.inbox()

    assert (first.pk, first.is_unanswered, first.priority) == (urgent.pk, True, PRIORITIES["anger"])
    assert timedelta(minutes=10) <= first.waiting < timedelta(minutes=11)
    assert (second.pk, second.is_unanswered) == (answered.pk, False)
    assert timedelta(minutes=4) <= second.waiting < timedelta(minutes=5)

    chat("one more question")
    assert all(row.is_unanswered for row in dialogue.inbox())
    dialogue.close(chat.conversation)
    assert [row.pk for row in dialogue.inbox()] == [urgent.pk]


def test_the_shops_service_hours_are_told_where_the_adapter_knows_them(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ShopSupport, "service_hours", lambda *_: "weekdays, 9 to 17")

    chat("talk to a person", "weekdays, 9 to 17")


def test_a_hand_over_works_without_its_history(chat: Chat) -> None:
    Conversation.objects.filter(pk=chat.conversation.pk).update(context={"order": 7, "topic": None})

    made = dialogue.hand_over(chat.conversation)

    assert made.summary == "Language: en"


def test_who_joins_unasked_calls_nobody(
    chat: Chat, agent: User, agents_mail: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        dialogue.take(chat.conversation, agent)

    assert agents_mail == []
    assert chat.state == "person"


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_that_hangs_keeps_nobody_waiting(
    chat: Chat, settings: Any, agents_mail: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    answered, sent = threading.Event(), threading.Event()

    def hang(_message: EmailMessage) -> None:
        assert answered.wait(30)
        sent.set()

    monkeypatch.setattr(EmailMessage, "send", hang)
    monkeypatch.setattr(dialogue.mail, "stays_here", lambda: False)

    chat("talk to a person", "person", kind="hand_over")
    answered.set()

    assert sent.wait(30)
