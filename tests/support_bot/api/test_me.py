"""A customer's own data: exported, erased, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from shop.support import ShopSupport
from support_bot import profiles
from support_bot.models import Conversation, DialogueProfile, Message, Objection
from tests.support_bot.people import ROOT, Chat, Shopfloor, browser

ME = f"{ROOT}me/"
CONSENT = f"{ROOT}me/consent/"


def test_a_customer_is_given_all_of_theirs_and_nothing_else(shop: Shopfloor, ada: Chat) -> None:
    ada.vote(ada.say("hello")["id"], {"helpful": True, "comment": "quick"})
    Chat.open(shop.ada).post({"contact": "ada@example.com"}, "hand-over")
    Chat.open(shop.bob).say("a secret of Bob's")
    Chat.open().say("a secret of a guest's")
    profiles.refresh(str(shop.ada.pk))

    told = ada.client.get(ME).json()

    first, second = told["conversations"]
    assert first["messages"][0]["text"] == "hello"
    assert first["messages"][1]["feedback"] == {"helpful": True, "comment": "quick"}
    assert second["hand_overs"][0]["contact"] == "ada@example.com"
    assert told["profile"]["conversations"] == 2
    assert "secret" not in str(told)


def test_erasing_leaves_nothing_of_the_customers_and_all_of_the_others(shop: Shopfloor, ada: Chat) -> None:
    ada.say("hello")
    bob = Chat.open(shop.bob)
    bob.say("hello")
    profiles.refresh(str(shop.ada.pk))

    answer = ada.client.delete(ME)

    assert answer.status_code == 204
    assert list(Conversation.objects.values_list("user_key", flat=True)) == [str(shop.bob.pk)]
    assert Message.objects.count() == 2
    assert not DialogueProfile.objects.exists()
    assert ada.client.get(ME).json() == {"conversations": [], "profile": None}
    assert ada.post({"text": "hello"}).status_code == 404


def test_whoever_has_erased_is_answered_but_not_remembered(shop: Shopfloor, ada: Chat) -> None:
    ada.client.delete(ME)
    ada.client.delete(ME)

    again = Chat.open(shop.ada)
    assert again.say("hello")["reply"]["kind"] == "small_talk"
    assert profiles.refresh(str(shop.ada.pk)) is None
    assert not DialogueProfile.objects.exists()
    assert Objection.objects.count() == 1


def test_whoever_has_erased_may_take_the_objection_back(shop: Shopfloor, ada: Chat) -> None:
    ada.client.delete(ME)
    assert ada.client.get(CONSENT).json() == {"remember": False}

    said = ada.client.put(CONSENT, {"remember": True}, format="json")

    assert (said.status_code, said.json()) == (200, {"remember": True})
    assert not Objection.objects.exists()
    Chat.open(shop.ada).say("hello")
    assert profiles.refresh(str(shop.ada.pk)) is not None


def test_a_customer_may_object_and_keep_the_conversations(shop: Shopfloor, ada: Chat) -> None:
    ada.say("hello")
    profiles.refresh(str(shop.ada.pk))

    for _time in range(2):
        assert ada.client.put(CONSENT, {"remember": False}, format="json").json() == {"remember": False}

    assert not DialogueProfile.objects.exists()
    assert profiles.refresh(str(shop.ada.pk)) is None
    assert len(ada.client.get(ME).json()["conversations"]) == 1
    assert browser(shop.bob).get(CONSENT).json() == {"remember": True}


def test_a_customers_yes_does_not_overrule_the_shops_no(
    shop: Shopfloor, ada: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ShopSupport, "may_remember", lambda self, subject: False)

    assert ada.client.put(CONSENT, {"remember": True}, format="json").json() == {"remember": False}


@pytest.mark.parametrize("body", [{}, {"remember": None}, {"remember": "perhaps"}, [], {"remember": [1]}])
def test_consent_is_a_yes_or_a_no(ada: Chat, body: Any) -> None:
    answer = ada.client.put(CONSENT, body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize("verb", ["get", "put", "post", "delete", "options"])
def test_consent_is_a_customers_alone_and_needs_the_csrf_value(
    shop: Shopfloor, ada: Chat, guest: Chat, verb: str
) -> None:
    for held in ({}, {"X-Conversation-Token": guest.token}, {"X-Conversation-Token": ada.token}):
        answer = getattr(browser(), verb)(CONSENT, {"remember": False}, format="json", headers=held)
        assert answer.status_code == 404
    refused = browser(shop.ada, csrf=False).put(CONSENT, {"remember": False}, format="json")
    assert refused.status_code == 403
    assert not Objection.objects.exists()


def test_a_guest_exports_and_erases_the_one_conversation_of_the_token(shop: Shopfloor, guest: Chat) -> None:
    other = Chat.open()
    guest.say("mine")
    other.say("not mine")

    told = guest.client.get(ME, headers=guest.headers).json()
    erased = guest.client.delete(ME, headers=guest.headers)

    assert [one["id"] for one in told["conversations"]] == [guest.id]
    assert erased.status_code == 204
    assert [str(pk) for pk in Conversation.objects.values_list("pk", flat=True)] == [other.id]
    assert not Objection.objects.exists()
    assert guest.client.get(ME, headers=guest.headers).status_code == 404


@pytest.mark.parametrize("verb", ["get", "head", "post", "put", "patch", "delete", "options"])
@pytest.mark.parametrize("token", [None, "", "wrong", "\u4f60", "a" * 5_000])
def test_for_nobody_there_is_nothing(guest: Chat, verb: str, token: str | None) -> None:
    headers = {} if token is None else {"X-Conversation-Token": token}

    assert getattr(browser(), verb)(ME, headers=headers).status_code == 404
    assert Conversation.objects.count() == 1


def test_erasing_by_session_needs_the_csrf_value(shop: Shopfloor, ada: Chat) -> None:
    client = browser(shop.ada, csrf=False)

    refused = client.delete(ME)
    with_token = client.delete(ME, headers={"X-Conversation-Token": ada.token})

    assert (refused.status_code, with_token.status_code) == (403, 403)
    assert Conversation.objects.count() == 1


def test_a_token_of_somebody_elses_gives_a_logged_in_customer_their_own_alone(
    shop: Shopfloor, guest: Chat
) -> None:
    client: APIClient = browser(shop.bob)

    told = client.get(ME, headers=guest.headers).json()
    client.delete(ME, headers=guest.headers)

    assert told["conversations"] == []
    assert Conversation.objects.count() == 1


def test_other_methods_do_not_exist_for_the_customer_either(ada: Chat) -> None:
    for verb in ("post", "put", "patch"):
        assert getattr(ada.client, verb)(ME).status_code == 405


def test_the_api_stands_where_the_host_puts_it(db: Any) -> None:
    assert reverse("support_bot_api:me") == ME
