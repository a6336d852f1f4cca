"""A conversation is there for its token and its owner; for everybody else it does not exist."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from rest_framework.test import APIClient

from shop.support import ShopSupport
from support_bot.models import Conversation
from tests.support_bot.people import ROOT, Chat, Shopfloor, browser

VERBS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")
BODIES = {"messages": {"text": "hello"}, "hand-over": {}, "feedback": {"helpful": True}}


@pytest.fixture(params=["of a guest", "of a customer"])
def chat(request: pytest.FixtureRequest, shop: Shopfloor) -> Chat:
    """A conversation with a reply in it."""
    chat = Chat.open(shop.ada if request.param == "of a customer" else None)
    chat.said = chat.say("hello")  # type: ignore[attr-defined]
    return chat


def wrong_callers(shop: Shopfloor, chat: Chat) -> dict[str, tuple[APIClient, dict[str, str]]]:
    elsewhere, bobs = Chat.open(), Chat.open(shop.bob)
    manager = User.objects.create_superuser("manager", "manager@example.com", "manager")
    token = chat.token
    callers = {
        "nobody": (browser(), {}),
        "nobody, without CSRF": (browser(csrf=False), {}),
        "another customer": (browser(shop.bob), {}),
        "another customer without CSRF": (browser(shop.bob, csrf=False), {}),
        "a manager": (browser(manager), {}),
        "an inactive account": (browser(User.objects.create_user("gone", is_active=False)), {}),
        "another guest's token": (browser(), {"X-Conversation-Token": elsewhere.token}),
        "another customer's token": (browser(shop.bob), {"X-Conversation-Token": bobs.token}),
        "no token": (browser(), {"X-Conversation-Token": ""}),
        "part of the token": (browser(), {"X-Conversation-Token": token[:-1]}),
        "more than the token": (browser(), {"X-Conversation-Token": f"{token}A"}),
        "the token in the other case": (browser(), {"X-Conversation-Token": token.swapcase()}),
        "the token's hash": (browser(), {"X-Conversation-Token": hash_of(chat)}),
        "the token as another header": (browser(), {"Authorization": f"Token {token}"}),
        "the id for a token": (browser(), {"X-Conversation-Token": chat.id}),
        "letters that are no ASCII": (browser(), {"X-Conversation-Token": "\u00e9\u4f60"}),
        "a very long token": (browser(), {"X-Conversation-Token": "a" * 5_000}),
    }
    if not chat.by_token:
        held = {"X-Conversation-Token": token}
        callers["another customer with the owner's token"] = (browser(shop.bob), held)
        callers["a manager with the owner's token"] = (browser(manager), held)
        callers["nobody with the owner's token"] = (browser(), held)
        callers["nobody with the owner's token, without CSRF"] = (browser(csrf=False), held)
    return callers


def hash_of(chat: Chat) -> str:
    return Conversation.objects.get(pk=chat.id).token_hash


def addresses(chat: Any) -> dict[str, str]:
    return {
        "messages": chat.url("messages"),
        "hand-over": chat.url("hand-over"),
        "feedback": f"{ROOT}messages/{chat.said['reply']['id']}/feedback/",
    }


def call(client: APIClient, verb: str, url: str, body: Any, headers: dict[str, str]) -> Any:
    if verb in ("get", "head", "trace"):
        return client.generic(verb.upper(), url, headers=headers)
    return getattr(client, verb)(url, body, format="json", headers=headers)


@pytest.mark.parametrize("verb", VERBS)
def test_to_every_wrong_caller_it_does_not_exist_whatever_the_method(
    shop: Shopfloor, chat: Chat, verb: str, settings: Any
) -> None:
    settings.SUPPORT_BOT = {**settings.SUPPORT_BOT, "THROTTLE": {"visitor": None, "address": None}}
    before = chat.history()

    for who, (client, headers) in wrong_callers(shop, chat).items():
        for what, url in addresses(chat).items():
            answer = call(client, verb, url, BODIES[what], headers)
            assert answer.status_code == 404, (who, what, answer.content)
            if verb != "head":
                assert answer.json() == {"detail": "Not found.", "code": "not_found"}, (who, what)

    assert chat.history() == before


@pytest.mark.parametrize("verb", VERBS)
def test_its_owner_and_the_holder_of_its_token_are_told_the_methods(chat: Chat, verb: str) -> None:
    allowed = {"messages": ("get", "head", "post", "options")}

    for what, url in addresses(chat).items():
        code = call(chat.client, verb, url, BODIES[what], chat.headers).status_code
        assert code == (200 if verb in allowed.get(what, ("post", "options")) else 405), what


@pytest.mark.parametrize(
    "key",
    [
        str(uuid.UUID(int=0)),
        "0",
        "-1",
        "x",
        "' OR 1=1 --",
        "%00",
        "a" * 300,
        "9" * 400,
        "١٢٣",
        "{0}",
        "None",
    ],
)
def test_what_is_no_id_is_not_found_either(guest: Chat, key: str) -> None:
    for url in (f"{ROOT}conversations/{key}/messages/", f"{ROOT}messages/{key}/feedback/"):
        answer = guest.client.post(url, {}, format="json", headers=guest.headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), url


def test_the_token_needs_no_csrf_value_even_where_the_owner_is_logged_in(shop: Shopfloor, ada: Chat) -> None:
    ada.by_token, ada.client = True, browser(shop.ada, csrf=False)

    assert ada.say("hello")["reply"]["kind"] == "small_talk"


def test_an_owner_without_the_csrf_value_is_told_so(shop: Shopfloor, ada: Chat) -> None:
    ada.client = browser(shop.ada, csrf=False)

    refused = ada.post({"text": "hello"})

    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert "CSRF" in refused.json()["detail"]
    assert ada.history()["messages"] == []  # reading needs none


def test_a_wrong_token_does_not_switch_the_csrf_check_off(shop: Shopfloor, ada: Chat) -> None:
    client = browser(shop.ada, csrf=False)

    refused = client.post(
        ada.url(), {"text": "hello"}, format="json", headers={"X-Conversation-Token": "wrong"}
    )

    assert refused.status_code == 403


def test_opening_needs_a_csrf_value_where_somebody_is_logged_in_only(shop: Shopfloor) -> None:
    url = f"{ROOT}conversations/"

    assert browser(csrf=False).post(url).status_code == 201
    assert browser(shop.ada, csrf=False).post(url).status_code == 403
    assert browser(shop.ada).post(url).status_code == 201


def test_the_csrf_value_of_the_session_call_is_one_that_is_taken(shop: Shopfloor) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(shop.ada)

    said = client.get(f"{ROOT}session/").json()
    opened = client.post(f"{ROOT}conversations/", headers={said["csrf_header"]: said["csrf_token"]})

    assert said["logged_in"] is True
    assert said["conversation"] is None
    assert opened.status_code == 201
    assert client.get(f"{ROOT}session/").json()["conversation"] == opened.json()["id"]


def test_the_session_call_names_nobody_elses_conversation(shop: Shopfloor, ada: Chat) -> None:
    assert browser(shop.bob).get(f"{ROOT}session/").json()["conversation"] is None
    assert browser().get(f"{ROOT}session/").json()["conversation"] is None


def test_a_guest_who_logs_in_goes_on_and_owns_the_conversation_from_then_on(
    shop: Shopfloor, guest: Chat
) -> None:
    guest.say("hello")
    guest.client = browser(shop.ada, csrf=False)

    shown = guest.say("where is my order W-0000000000A1?")

    assert "W-0000000000A1" in str(shown["reply"])
    guest.by_token, guest.client = False, browser(shop.ada)
    assert len(guest.history()["messages"]) == 4
    guest.by_token, guest.client = True, browser(shop.bob)
    assert guest.post({"text": "hello"}).status_code == 404


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_the_token_of_a_customers_conversation_is_good_while_the_customer_is_logged_in(
    shop: Shopfloor, ada: Chat, method: str
) -> None:
    ada.say("hello")
    held = {"X-Conversation-Token": ada.token}

    ada.client.logout()  # as when the session has expired: the token is still in the browser's storage

    for client in (ada.client, browser(), browser(csrf=False)):
        assert getattr(client, method)(ada.url(), headers=held).status_code == 404
        assert getattr(client, method)(f"{ROOT}me/", headers=held).status_code == 404
    assert Conversation.objects.get().messages.count() == 2
    ada.client = browser(shop.ada)
    assert len(ada.history()["messages"]) == 2


def test_an_expired_session_ends_the_token_as_well(shop: Shopfloor, ada: Chat) -> None:
    ada.by_token = True
    ada.say("hello")

    Session.objects.all().delete()

    assert ada.post({"text": "hello"}).status_code == 404


def test_a_guest_who_keeps_no_cookies_goes_by_the_token_and_is_given_none(shop: Shopfloor) -> None:
    app = APIClient(enforce_csrf_checks=True)
    opened = app.post(f"{ROOT}conversations/").json()
    held = {"X-Conversation-Token": opened["token"]}

    for text in ("hello", "How much is delivery?"):
        url = f"{ROOT}conversations/{opened['id']}/messages/"
        assert app.post(url, {"text": text}, format="json", headers=held).status_code == 200

    assert not app.cookies
    assert not Session.objects.exists()


def test_a_guest_of_an_app_who_logs_in_owns_the_conversation_from_the_next_poll_on(
    shop: Shopfloor, guest: Chat
) -> None:
    guest.say("hello")
    anonymous, guest.client = guest.client, browser(shop.ada)

    assert len(guest.history()["messages"]) == 2

    assert len(guest.client.get(f"{ROOT}me/").json()["conversations"]) == 1
    guest.client = anonymous
    assert guest.post({"text": "hello"}).status_code == 404


def test_the_token_is_stored_as_a_hash_alone(guest: Chat) -> None:
    assert guest.token not in str(Conversation.objects.values().get(pk=guest.id))


def test_after_the_customer_has_logged_out_the_browser_reads_the_conversation_no_more(
    shop: Shopfloor, guest: Chat, ada: Chat
) -> None:
    guest.client = browser(shop.ada)
    guest.say("where is my order W-0000000000A1?")

    guest.client.logout()

    for chat in (guest, ada):
        chat.client = browser()
        assert chat.post({"text": "hello"}).status_code == 404
        chat.client = browser(shop.ada)
        assert chat.post({"text": "hello"}).status_code == 200


def test_a_guest_who_logs_in_elsewhere_and_out_again_keeps_the_conversation(
    shop: Shopfloor, guest: Chat
) -> None:
    another = browser(shop.ada)

    another.logout()

    assert guest.post({"text": "hello"}).status_code == 200


def test_an_adapter_that_cannot_tell_who_asks_is_a_clear_error(
    guest: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any) -> None:
        raise RuntimeError("the customers' service is away")

    monkeypatch.setattr(ShopSupport, "subject", fail)

    answer = guest.post({"text": "hello"})

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
