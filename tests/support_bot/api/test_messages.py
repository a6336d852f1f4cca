"""Saying something, being answered once, the history, a person, and votes."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings

from support_bot import dialogue
from support_bot.models import Conversation, Feedback, HandOver, Message
from tests.support_bot.people import ROOT, Chat, Shopfloor, browser, new_id


def test_a_question_is_answered_from_the_faq_with_its_citation(faq: Any, guest: Chat) -> None:
    said = guest.say("How much is delivery?")

    assert (said["state"], said["reply"]["kind"]) == ("bot", "answer")
    assert said["reply"]["text"] == "It is free."
    assert said["reply"]["html"] == "<p>It is free.</p>"
    assert [one["entry"] for one in said["reply"]["citations"]] == ["delivery-cost"]
    assert 0 < said["reply"]["confidence"] <= 1


def test_a_conversation_is_greeted_in_the_language_asked_for(shop: Shopfloor) -> None:
    opened = browser().post(f"{ROOT}conversations/", {"language": "zh-CN"}, format="json").json()

    assert Conversation.objects.get(pk=opened["id"]).language == "zh-hans"
    assert opened["greeting"]
    assert all(set(one) == {"label", "text"} for one in opened["suggestions"])


def test_a_language_that_the_site_has_not_is_refused_with_those_it_has(shop: Shopfloor) -> None:
    refused = browser().post(f"{ROOT}conversations/", {"language": "tlh"}, format="json")

    assert refused.status_code == 400
    assert refused.json()["errors"]["language"] == [
        {"message": "tlh is no language of this site; it has en, zh-hans.", "code": "invalid_choice"}
    ]


def test_the_same_id_again_gives_the_same_reply_and_nothing_twice(guest: Chat) -> None:
    mine = new_id()

    first, second = guest.say("hello", id=mine), guest.say("hello", id=mine)

    assert first == second
    assert Message.objects.count() == 2
    assert guest.history()["messages"][0]["client_id"] == mine


def test_the_same_id_in_another_conversation_is_another_message(guest: Chat) -> None:
    mine = new_id()

    assert guest.say("hello", id=mine)["id"] != Chat.open().say("hello", id=mine)["id"]


def test_history_is_what_was_said_in_order_and_after_gives_the_news_alone(guest: Chat) -> None:
    first = guest.say("hello")
    second = guest.say("<b>bye</b>")

    told = guest.history()
    news = guest.history(after=first["reply"]["id"])

    assert [one["author"] for one in told["messages"]] == ["customer", "bot", "customer", "bot"]
    assert told["messages"][1]["reply"] == first["reply"]
    assert told["messages"][2]["text"] == "<b>bye</b>"
    assert told["messages"][2]["html"] == "<p>&lt;b&gt;bye&lt;/b&gt;</p>"
    assert [one["id"] for one in news["messages"]] == [second["id"], second["reply"]["id"]]
    assert told["more"] is False


def test_a_long_history_comes_in_pages(guest: Chat) -> None:
    conversation = Conversation.objects.get(pk=guest.id)
    Message.objects.bulk_create(
        Message(conversation=conversation, sequence=n, author="customer", text=str(n)) for n in range(1, 131)
    )

    first = guest.history()
    rest = guest.history(after=first["messages"][-1]["id"])

    assert (len(first["messages"]), first["more"]) == (100, True)
    assert (len(rest["messages"]), rest["more"]) == (30, False)


def test_history_is_read_with_few_queries_however_long_it_is(
    guest: Chat, django_assert_max_num_queries: Any
) -> None:
    for _turn in range(4):
        guest.say("hello")

    with django_assert_max_num_queries(5):
        guest.history()


def test_a_change_waits_for_the_customers_yes_and_is_done_once(ada: Chat, shop: Shopfloor) -> None:
    proposed = ada.say("please cancel my order W-0000000000A1")["reply"]
    token = proposed["confirm"]["token"]

    done = ada.say(proposed["confirm"]["label"], confirm=token)
    again = ada.say(proposed["confirm"]["label"], confirm=token)

    shop.adas_order.refresh_from_db()
    assert shop.adas_order.status == "cancelled"
    assert "W-0000000000A1" in done["reply"]["text"]
    assert "confirm" not in again["reply"]
    assert shop.milk.stock == 10


def test_another_customers_confirmation_changes_nothing(ada: Chat, shop: Shopfloor) -> None:
    bob = Chat.open(shop.bob)
    token = bob.say("please cancel my order W-0000000000B7")["reply"]["confirm"]["token"]

    ada.say("yes", confirm=token)
    ada.say("please cancel my order W-0000000000B7", confirm=token)

    shop.bobs_order.refresh_from_db()
    assert shop.bobs_order.status == "paid"


def test_a_person_takes_over_and_the_customer_sees_the_answer(guest: Chat) -> None:
    asked = guest.post({"contact": "me@example.com"}, "hand-over").json()
    agent = User.objects.create_user("agent", is_staff=True)
    conversation = Conversation.objects.get(pk=guest.id)
    silent = guest.say("are you there?")
    dialogue.answer_as_person(conversation, agent, "Hello, <i>Grace</i> here: https://example.com/x")

    news = guest.history(after=silent["id"])

    assert (asked["state"], asked["reply"]["kind"]) == ("waiting", "hand_over")
    assert asked["requested_at"]
    assert HandOver.objects.get().contact == "me@example.com"
    assert silent["reply"] is None
    assert (news["state"], news["messages"][-1]["author"]) == ("person", "person")
    assert news["messages"][-1]["reply"]["kind"] == "person"
    assert "&lt;i&gt;" in news["messages"][-1]["html"]


def test_asked_twice_there_is_one_hand_over(guest: Chat) -> None:
    first, second = guest.post({}, "hand-over").json(), guest.post(None, "hand-over").json()

    assert first == second
    assert HandOver.objects.count() == 1


def test_what_needs_no_body_takes_none_an_empty_form_too(shop: Shopfloor, guest: Chat) -> None:
    client = Client()

    opened = client.post(f"{ROOT}conversations/")  # Django's client sends an empty form
    called = client.post(guest.url("hand-over"), headers=guest.headers)

    assert (opened.status_code, called.status_code) == (201, 200)


@pytest.mark.parametrize(("state", "seconds"), [("bot", "20"), ("waiting", "5"), ("person", "2")])
def test_news_is_asked_for_the_sooner_the_more_it_is_expected(guest: Chat, state: str, seconds: str) -> None:
    Conversation.objects.update(state=state)

    answer = guest.client.get(guest.url(), headers=guest.headers)

    assert (answer.json()["state"], answer["Retry-After"]) == (state, seconds)


def test_a_vote_is_kept_and_the_second_replaces_the_first(guest: Chat) -> None:
    said = guest.say("hello")

    by_reply = guest.vote(said["reply"]["id"], {"helpful": False, "comment": "write to a@example.com"})
    by_message = guest.vote(said["id"], {"helpful": True})

    assert by_reply.json() == {
        "message": said["reply"]["id"],
        "helpful": False,
        "comment": "write to [e-mail]",
    }
    assert by_message.json()["message"] == said["reply"]["id"]
    assert Feedback.objects.get().helpful is True
    assert guest.history()["messages"][1]["feedback"] == {"helpful": True, "comment": ""}


def test_what_has_no_reply_cannot_be_voted_on(guest: Chat) -> None:
    guest.post({}, "hand-over")
    said = guest.say("hello")

    assert guest.vote(said["id"], {"helpful": True}).status_code == 404


def test_the_faq_ranks_entries_for_a_question_and_lists_them_without_one(faq: Any, shop: Shopfloor) -> None:
    ranked = browser().get(f"{ROOT}faq/", {"q": "what are the delivery fees"}).json()
    listed = browser().get(f"{ROOT}faq/").json()
    chinese = browser().get(f"{ROOT}faq/", {"lang": "zh-CN", "category": "delivery"}).json()

    scores = [one["score"] for one in ranked["entries"]]
    assert ranked["entries"][0]["entry"] == "delivery-cost"
    assert scores == sorted(scores, reverse=True)
    assert listed["language"] == "en"
    assert {one["score"] for one in listed["entries"]} == {None}
    assert "delete-account" not in {one["entry"] for one in listed["entries"]}  # for customers only
    assert chinese["language"] == "zh-hans"
    assert [one["entry"] for one in chinese["entries"]] == ["delivery-cost"]


def test_the_faq_shows_customers_what_is_meant_for_customers(faq: Any, shop: Shopfloor) -> None:
    listed = browser(shop.ada).get(f"{ROOT}faq/").json()["entries"]
    ranked = browser(shop.ada).get(f"{ROOT}faq/", {"q": "close my account for good", "limit": 1}).json()

    assert "delete-account" in {one["entry"] for one in listed}
    assert [one["entry"] for one in ranked["entries"]] == ["delete-account"]


def test_a_message_is_committed_before_it_is_answered_also_under_atomic_requests(
    shop: Shopfloor, guest: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.urls import resolve

    view = resolve(guest.url()).func

    assert "default" in view._non_atomic_requests


@override_settings(DEBUG=False)
def test_a_conversation_that_was_erased_a_moment_ago_is_not_found(
    guest: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_args: Any, **_options: Any) -> Any:
        raise Conversation.DoesNotExist

    monkeypatch.setattr(dialogue, "take_turn", gone)
    monkeypatch.setattr(dialogue, "hand_over", gone)

    assert guest.post({"text": "hello"}).status_code == 404
    assert guest.post({}, "hand-over").status_code == 404
