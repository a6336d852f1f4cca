"""The conversation as a plain page: posted, redirected, private, and nobody else's."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings

from support_bot import dialogue, pacing
from support_bot.conf import DEFAULTS
from support_bot.dialogue.keeping import KEPT
from support_bot.models import Conversation, Entry, Feedback, HandOver, Message, Objection
from tests.support_bot.people import Shopfloor

PAGE, SEND = "/support/", "/support/send/"


@pytest.fixture(autouse=True)
def _knowledge(faq: Any) -> None:
    """The small FAQ is there in every test."""


def say(client: Client, text: str, **fields: str) -> Any:
    return client.post(SEND, {"text": text, **fields})


def bubbles(client: Client) -> list[str]:
    html = client.get(PAGE).content.decode()
    return [unescape(text) for text in re.findall(r'bubble[^"]*" dir="auto">(.*?)</div>', html, re.DOTALL)]


def test_a_guest_asks_and_reads_the_answer(client: Client) -> None:
    answer = say(client, "How much is delivery?")

    assert (answer.status_code, answer["Location"]) == (302, "/support/#latest")
    assert bubbles(client)[0] == "How much is delivery?"
    assert "It is free." in bubbles(client)[1]
    assert client.session[KEPT]["id"] == str(Conversation.objects.get().pk)


def test_looking_opens_no_conversation(client: Client) -> None:
    assert client.get(PAGE).status_code == 200
    assert Conversation.objects.count() == 0


@pytest.mark.parametrize("path", [PAGE, "/support/your-data/"])
def test_the_pages_are_kept_by_no_cache(client: Client, path: str) -> None:
    answer = client.get(path)

    assert {"private", "no-store"} <= set(re.split(r",\s*", answer["Cache-Control"]))
    assert "Cookie" in answer["Vary"]


def test_the_same_form_sent_twice_is_one_message(client: Client) -> None:
    form = {"id": str(uuid.uuid4())}
    say(client, "How much is delivery?", **form)
    say(client, "How much is delivery?", **form)

    assert Message.objects.count() == 2


@pytest.mark.parametrize("wrong", ["", "no uuid", "\0", "9" * 100])
def test_an_id_that_is_none_is_left_out(client: Client, wrong: str) -> None:
    assert say(client, "How much is delivery?", id=wrong, confirm="\0nonsense").status_code == 302


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7 * 7 }}{% debug %}",
        "[a](javascript:alert(1))",
        "\u202egnirts\u2066",
        "a\0b",
        "𝕳🙂" * 100,
    ],
)
def test_text_is_text(client: Client, text: str) -> None:
    assert say(client, text).status_code == 302

    html = client.get(PAGE).content.decode()
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert 'href="javascript' not in html
    assert not re.search(r"\sstyle=|\son[a-z]+=", html.split("<main")[1].replace("onerror=alert(1)", ""))


def test_what_is_empty_or_too_long_is_said_and_kept(client: Client) -> None:
    empty, long = say(client, "  \r\n "), say(client, "x" * 2001)

    assert (empty.status_code, long.status_code) == (400, 400)
    assert "Please write a message first." in empty.content.decode()
    assert "this one has 2001" in long.content.decode()
    assert "x" * 2001 in long.content.decode()
    assert Conversation.objects.count() == 0
    assert say(client, "x\r\n" * 1000).status_code == 302  # a line break is one character


def test_who_is_too_fast_is_asked_to_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("support_bot.pacing.time", lambda: 1_800_000_045.5)
    with override_settings(SUPPORT_BOT={"THROTTLE": {**DEFAULTS["THROTTLE"], "address": "2/min"}}):
        answers = [say(client, "How much is delivery?") for _turn in range(3)]

    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert answers[2]["Retry-After"] == "15"
    assert "Please wait 15 seconds" in answers[2].content.decode()
    assert "How much is delivery?</textarea>" in answers[2].content.decode()


@pytest.mark.parametrize("backend", ["locmem.LocMemCache", "filebased.FileBasedCache"])
def test_who_writes_slowly_never_waits_whatever_the_cache_does_with_an_expiry(
    backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_800_000_000.0
    monkeypatch.setattr("support_bot.pacing.time", lambda: now)
    caches = {"default": {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": str(tmp_path)}}
    with override_settings(CACHES=caches, SUPPORT_BOT={"THROTTLE": {"address": "2/min"}}):
        waits = []
        for _minute in range(4):
            waits.append(pacing.seconds_to_wait({"address": "127.0.0.1"}))
            now += 60
        at_once = [pacing.seconds_to_wait({"address": "127.0.0.1"}) for _message in range(3)]

    assert waits == [0, 0, 0, 0]
    assert at_once == [0, 0, 60]


def test_a_cache_that_does_not_answer_stops_nobody(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(*_args: Any, **_kwargs: Any) -> None:
        raise ConnectionError("the cache")

    monkeypatch.setattr("support_bot.pacing.cache.add", dead)

    assert say(client, "How much is delivery?").status_code == 302


def test_a_form_without_its_csrf_value_is_refused(db: None) -> None:
    client = Client(enforce_csrf_checks=True)

    for path in (
        "send/",
        "vote/",
        "person/",
        "restart/",
        "your-data/export/",
        "your-data/erase/",
        "your-data/consent/",
    ):
        assert client.post(PAGE + path, {"text": "hello"}).status_code == 403
        assert client.get(PAGE + path).status_code == 405
    assert Conversation.objects.count() == 0


def test_a_vote_is_given_on_a_reply_of_ones_own_only(client: Client) -> None:
    say(client, "How much is delivery?")
    reply = Message.objects.get(author="bot")

    assert client.post("/support/vote/", {"message": reply.pk, "helpful": "yes"}).status_code == 302

    assert Feedback.objects.get().helpful
    question = Message.objects.get(author="customer").pk
    for number in (question, 0, "-1", "x", "9" * 40, "²", "\0"):
        assert client.post("/support/vote/", {"message": number, "helpful": "no"}).status_code == 404
    assert Client().post("/support/vote/", {"message": reply.pk, "helpful": "no"}).status_code == 404
    assert Feedback.objects.get().helpful


def test_a_person_is_called_once_and_answers_on_the_page(client: Client, shop: Shopfloor) -> None:
    client.post("/support/person/")
    client.post("/support/person/")

    assert HandOver.objects.count() == 1
    assert "A person will answer here" in client.get(PAGE).content.decode()
    dialogue.answer_as_person(
        Conversation.objects.get(), shop.bob, "Hello <b>there</b>, see https://example.com/"
    )
    html = client.get(PAGE).content.decode()
    assert "Hello &lt;b&gt;there&lt;/b&gt;" in html
    assert "Our team" in html
    assert "Look for new messages" in html


def test_only_the_last_reply_offers_choices(client: Client) -> None:
    say(client, "blorb")
    assert client.get(PAGE).content.decode().count('class="concierge-support-choices"') == 1
    say(client, "How much is delivery?")

    assert 'class="concierge-support-choices"' not in client.get(PAGE).content.decode()


def test_starting_over_leaves_the_earlier_conversation(client: Client) -> None:
    say(client, "How much is delivery?")

    client.post("/support/restart/")

    assert len(bubbles(client)) == 1  # the greeting
    assert Conversation.objects.count() == 2


@pytest.fixture
def two(shop: Shopfloor) -> Iterator[tuple[Client, Client]]:
    ada, bob = Client(), Client()
    ada.force_login(shop.ada)
    bob.force_login(shop.bob)
    yield ada, bob


def test_a_customer_goes_on_in_another_browser_and_nobody_else_does(
    two: tuple[Client, Client], shop: Shopfloor
) -> None:
    ada, bob = two
    say(ada, "where is my order?")
    again = Client()
    again.force_login(User.objects.get(username="ada"))

    assert "where is my order?" in bubbles(again)
    assert "W-0000000000A1" in ada.get(PAGE).content.decode()
    for other in (bob, Client()):
        planted = other.session
        planted[KEPT] = ada.session[KEPT]
        planted.save()
        other.cookies.setdefault("sessionid", planted.session_key)
        assert "where is my order?" not in bubbles(other)


@pytest.mark.parametrize(
    "kept", ["x", [], 7, None, {}, {"id": None}, {"id": "x", "token": 7}, {"id": str(uuid.uuid4())}]
)
def test_whatever_lies_in_the_session_the_page_is_there(client: Client, kept: Any) -> None:
    session = client.session
    session[KEPT] = kept
    session.save()

    assert client.get(PAGE).status_code == 200
    assert say(client, "How much is delivery?").status_code == 302
    assert len(bubbles(client)) == 2


def test_a_change_is_made_by_its_button_once(two: tuple[Client, Client], shop: Shopfloor) -> None:
    ada, _bob = two
    say(ada, "cancel my order W-0000000000A1")
    html = ada.get(PAGE).content.decode()
    token = re.search(r'name="confirm" value="([^"]+)"', html)
    label = re.search(r'concierge-support-yes" name="choice" value="([^"]+)"', html)
    assert token and label

    for _time in range(2):
        ada.post(SEND, {"choice": unescape(label[1]), "confirm": unescape(token[1])})

    shop.adas_order.refresh_from_db()
    assert shop.adas_order.status == "cancelled"
    assert 'name="confirm"' not in ada.get(PAGE).content.decode()


def test_ones_own_data_is_exported_and_erased(two: tuple[Client, Client]) -> None:
    ada, bob = two
    say(ada, "How much is delivery?")
    say(bob, "Which cards do you take?")

    exported = ada.post("/support/your-data/export/")
    assert "attachment" in exported["Content-Disposition"]
    texts = [one["text"] for one in json.loads(exported.content)["conversations"][0]["messages"]]
    assert texts[0] == "How much is delivery?"
    assert "Which cards" not in exported.content.decode()
    assert "We keep 1 conversation" in ada.get("/support/your-data/").content.decode()
    erased = ada.post("/support/your-data/erase/", follow=True)

    assert "have been erased" in erased.content.decode()
    assert Conversation.objects.count() == 1
    assert "Which cards do you take?" in bubbles(bob)


def test_an_objection_is_said_and_taken_back_on_the_page(two: tuple[Client, Client]) -> None:
    ada, bob = two
    ada.post("/support/your-data/erase/")
    assert "learns nothing from your conversations" in ada.get("/support/your-data/").content.decode()

    answer = ada.post("/support/your-data/consent/", {"remember": "yes"}, follow=True)

    assert "Do not learn from them" in answer.content.decode()
    assert not Objection.objects.exists()
    bob.post("/support/your-data/consent/", {"remember": "no"})
    assert [one.user_key for one in Objection.objects.all()] == [bob.session["_auth_user_id"]]


def test_of_a_guest_nothing_is_learned_and_nothing_is_asked(client: Client) -> None:
    say(client, "How much is delivery?")

    assert "your-data/consent/" not in client.get("/support/your-data/").content.decode()
    assert client.post("/support/your-data/consent/", {"remember": "yes"}).status_code == 404


def test_a_guest_erases_the_one_conversation_and_a_stranger_nothing(client: Client) -> None:
    say(client, "How much is delivery?")

    assert Client().post("/support/your-data/erase/").status_code == 404
    assert Client().post("/support/your-data/export/").status_code == 404
    assert client.post("/support/your-data/erase/").status_code == 302

    assert Conversation.objects.count() == 0
    assert "We keep no conversation" in client.get("/support/your-data/").content.decode()


def test_the_page_answers_when_the_hosts_code_fails(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("the host's code")

    monkeypatch.setattr("shop.support.ShopSupport.profile", broken)
    monkeypatch.setattr("shop.support.ShopSupport.orders", broken)

    assert say(client, "How much is delivery?").status_code == 302
    assert client.get(PAGE).status_code == 200
    assert Entry.objects.exists()
