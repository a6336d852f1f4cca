"""One guest, one conversation: in the widget and on the page, and after the login the customer's own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from shop.support import ShopSupport
from support_bot import dialogue
from support_bot.dialogue.keeping import AWAITED
from support_bot.dialogue.opening import GOES_ON
from support_bot.models import Conversation, Message
from tests.support_bot.people import ROOT, Shopfloor

PAGE = "/support/"
ASKED = "How much is delivery?"


@pytest.fixture(autouse=True)
def _knowledge(faq: Any) -> None:
    """The small FAQ is there in every test."""


class Browser:
    """A browser with both faces: the page, and the widget with what its storage holds."""

    def __init__(self) -> None:
        self.client = Client()
        self.stored: dict[str, Any] = {}

    def on_the_page(self, text: str) -> None:
        assert self.client.post("/support/send/", {"text": text}).status_code == 302

    def reads_on_the_page(self, text: str) -> bool:
        return text in self.client.get(PAGE).content.decode()

    def opens_the_widget(self) -> dict[str, Any]:
        """What the widget does first: it asks for the session and is in the conversation that it names."""
        said = self.client.get(f"{ROOT}session/", headers=self._held()).json()
        if said["conversation"]:
            self.stored = {"id": said["conversation"], "token": said["token"]}
        return said

    def in_the_widget(self, text: str) -> None:
        if not self.stored:
            self.stored = self.client.post(f"{ROOT}conversations/").json()
        assert self._post(text).status_code == 200

    def reads_in_the_widget(self, text: str) -> bool:
        if not self.stored:
            return False
        return text in self.client.get(self._url(), headers=self._held()).content.decode()

    def log_in(self, user: User) -> None:
        assert self.client.login(
            username=user.username, password={"ada": "correct horse", "bob": "battery"}[user.username]
        )

    def _post(self, text: str) -> Any:
        kind = "application/json"
        return self.client.post(self._url(), {"text": text}, content_type=kind, headers=self._held())

    def _url(self) -> str:
        return f"{ROOT}conversations/{self.stored['id']}/messages/"

    def _held(self) -> dict[str, str]:
        token = self.stored.get("token")
        return {"X-Conversation-Token": token} if token else {}


@pytest.fixture
def browser(shop: Shopfloor) -> Browser:
    return Browser()


def test_what_a_guest_asks_on_the_page_goes_on_in_the_widget(browser: Browser) -> None:
    browser.on_the_page(ASKED)

    browser.opens_the_widget()

    assert browser.reads_in_the_widget(ASKED)
    browser.in_the_widget("Which cards do you take?")
    assert browser.reads_on_the_page("Which cards do you take?")
    assert Conversation.objects.count() == 1


def test_what_a_guest_asks_in_the_widget_goes_on_on_the_page(browser: Browser) -> None:
    assert browser.opens_the_widget()["conversation"] is None
    browser.in_the_widget(ASKED)

    assert browser.reads_on_the_page(ASKED)
    browser.on_the_page("Which cards do you take?")

    assert browser.reads_in_the_widget("Which cards do you take?")
    assert Conversation.objects.count() == 1


def test_starting_over_in_one_face_starts_over_in_the_other(browser: Browser) -> None:
    browser.opens_the_widget()
    browser.in_the_widget(ASKED)

    browser.client.post("/support/restart/")
    browser.opens_the_widget()

    assert not browser.reads_in_the_widget(ASKED)
    assert Conversation.objects.count() == 2


def test_a_token_in_the_widgets_storage_alone_is_known_to_the_page_again(browser: Browser) -> None:
    browser.opens_the_widget()
    browser.in_the_widget(ASKED)
    browser.client.session.flush()  # the session has ended, the storage has not

    browser.opens_the_widget()

    assert browser.reads_on_the_page(ASKED)


def test_the_token_stands_in_no_page_and_in_no_answer_that_a_cache_may_keep(browser: Browser) -> None:
    browser.on_the_page(ASKED)
    token = browser.opens_the_widget()["token"]

    for path in ("/", PAGE, "/support/faq/", "/support/your-data/"):
        answer = browser.client.get(path)
        assert token not in answer.content.decode() + str(answer.headers) + str(answer.cookies)
    kept = browser.client.get(f"{ROOT}session/")
    assert {"private", "no-store"} <= set(kept["Cache-Control"].split(", "))
    assert "Cookie" in kept["Vary"]


def test_another_browser_is_given_nothing_of_a_guests(browser: Browser) -> None:
    browser.on_the_page(ASKED)

    said = Browser().opens_the_widget()

    assert (said["conversation"], said["token"]) == (None, None)


@pytest.mark.parametrize("face", ["page", "widget"])
def test_a_guest_who_logs_in_finds_the_conversation_under_their_own(
    browser: Browser, shop: Shopfloor, face: str
) -> None:
    browser.opens_the_widget()
    (browser.on_the_page if face == "page" else browser.in_the_widget)(ASKED)

    browser.log_in(shop.ada)

    told = browser.client.get(f"{ROOT}me/").json()["conversations"]
    assert [one["messages"][0]["text"] for one in told] == [ASKED]
    assert Conversation.objects.get().user == shop.ada
    said = browser.opens_the_widget()
    assert (said["logged_in"], said["token"]) == (True, None)  # an owner needs no token
    assert browser.reads_in_the_widget(ASKED)
    assert browser.reads_on_the_page(ASKED)


def test_after_the_log_out_the_next_one_at_the_browser_reads_nothing_of_it(
    browser: Browser, shop: Shopfloor
) -> None:
    browser.opens_the_widget()
    browser.in_the_widget(ASKED)
    browser.log_in(shop.ada)  # the customer never looks at the conversation again

    browser.client.logout()

    for user in (None, shop.bob):
        if user is not None:
            browser.log_in(user)
        assert not browser.reads_in_the_widget(ASKED)
        assert browser.opens_the_widget()["conversation"] is None
        assert not browser.reads_on_the_page(ASKED)
        assert ASKED not in browser.client.get(f"{ROOT}me/", headers=browser._held()).content.decode()
        assert browser._post("hello").status_code == 404
    browser.log_in(shop.ada)
    assert browser.opens_the_widget()["conversation"] == str(Conversation.objects.get().pk)


def test_a_second_customer_who_logs_in_over_the_first_gets_nothing_of_the_firsts(
    browser: Browser, shop: Shopfloor
) -> None:
    browser.log_in(shop.ada)
    browser.on_the_page(ASKED)
    browser.opens_the_widget()

    browser.log_in(shop.bob)

    assert browser.opens_the_widget()["conversation"] is None
    assert not browser.reads_on_the_page(ASKED)
    assert not browser.reads_in_the_widget(ASKED)


def test_whoever_planted_a_conversation_reads_nothing_after_the_login(
    browser: Browser, shop: Shopfloor
) -> None:
    attacker = Browser()
    attacker.opens_the_widget()
    attacker.in_the_widget("planted")
    browser.client.cookies["sessionid"] = attacker.client.cookies["sessionid"].value  # session fixation

    browser.log_in(shop.ada)
    browser.on_the_page("where is my order W-0000000000A1?")

    assert browser.reads_on_the_page("W-0000000000A1")
    assert not attacker.reads_in_the_widget("W-0000000000A1")
    assert not attacker.reads_on_the_page("W-0000000000A1")
    assert attacker.opens_the_widget()["conversation"] is None


def test_a_login_succeeds_when_the_conversation_cannot_be_given_to_the_customer(
    browser: Browser, shop: Shopfloor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any) -> None:
        raise RuntimeError("the customers' service is away")

    browser.on_the_page(ASKED)
    with monkeypatch.context() as patch:
        patch.setattr(ShopSupport, "user_key", fail)
        browser.log_in(shop.ada)

    assert browser.client.get("/").wsgi_request.user == shop.ada
    assert browser.reads_on_the_page(ASKED)  # and is theirs from the next look on
    assert Conversation.objects.get().user == shop.ada


@pytest.mark.parametrize(("state", "limit"), [("bot", GOES_ON), ("waiting", AWAITED), ("person", AWAITED)])
def test_a_conversation_ends_some_time_after_its_last_message(
    browser: Browser, state: str, limit: timedelta
) -> None:
    browser.on_the_page(ASKED)
    mine = Conversation.objects.all()
    mine.update(state=state, last_message_at=timezone.now() - limit + timedelta(minutes=1))
    assert browser.reads_on_the_page(ASKED)

    mine.update(last_message_at=timezone.now() - limit)

    assert not browser.reads_on_the_page(ASKED)
    assert browser.opens_the_widget()["conversation"] is None
    browser.client.post("/support/send/", {"text": "hello"})
    assert Conversation.objects.count() == 2


def test_a_guests_long_gone_conversation_is_not_given_to_who_logs_in(
    browser: Browser, shop: Shopfloor
) -> None:
    browser.on_the_page(ASKED)
    Conversation.objects.update(last_message_at=timezone.now() - GOES_ON)

    browser.log_in(shop.ada)

    assert Conversation.objects.get().user_key == ""


def test_the_person_who_answers_and_the_guest_who_logs_in_are_in_one_conversation(
    browser: Browser, shop: Shopfloor
) -> None:
    browser.client.post("/support/person/")
    browser.log_in(shop.ada)

    dialogue.answer_as_person(Conversation.objects.get(), shop.bob, "Good morning, Ada.")

    browser.opens_the_widget()
    assert browser.reads_in_the_widget("Good morning, Ada.")
    assert Message.objects.filter(author="person").count() == 1
