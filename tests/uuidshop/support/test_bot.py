"""The bot in a shop that is built in another way, without `recommendations`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.core.checks import run_checks
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

from support_bot.knowledge import import_files
from support_bot.models import Conversation, HandOver, KnowledgeBuild
from tests.uuidshop.models import Account, Order, Product
from tests.uuidshop.test_alone import ALONE

FAQ = """\
# returns: Returns

## Can I send clothes back?
slug: send-back
phrasing: it does not fit
phrasing: I want to return a shirt

Within 14 days, {customer.first_name}. Write to us.

## Which sizes are there?
slug: sizes
phrasing: do you have size XL
phrasing: size chart

S, M and L at {shop.name}.
"""

pytestmark = pytest.mark.django_db(databases=["default", "orders"])


@pytest.fixture
def faq() -> None:
    assert import_files([("en.md", StringIO(FAQ))]).ok


class Visitor:
    """Somebody in the chat, logged in or not."""

    def __init__(self, account: Account | None = None) -> None:
        self.client = APIClient()
        if account is not None:
            self.client.force_login(account)
        opened = self.client.post("/api/help/conversations/")
        assert opened.status_code == 201, opened.content
        self.opened = opened.json()

    def url(self, what: str = "messages") -> str:
        return f"/api/help/conversations/{self.opened['id']}/{what}/"

    def say(self, text: str, **more: Any) -> dict[str, Any]:
        held = {"X-Conversation-Token": self.opened["token"]}
        answer = self.client.post(self.url(), {"text": text, **more}, format="json", headers=held)
        assert answer.status_code == 200, answer.content
        return answer.json()["reply"]


def test_it_starts_checks_and_migrates_without_recommendations() -> None:
    assert not apps.is_installed("recommendations")
    assert [one for one in run_checks() if one.level >= 30] == []
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
    assert "recommendations.models" not in sys.modules


def test_a_question_is_answered_from_the_faq_without_what_is_not_known(faq: None) -> None:
    reply = Visitor().say("Can I send clothes back?")

    assert (reply["kind"], reply["text"]) == ("answer", "Within 14 days. Write to us.")
    assert reply["citations"][0]["url"].startswith("/help/")


def test_a_customer_with_a_uuid_is_told_of_their_own_orders_alone(
    products: list[Product], order: Callable[..., Order]
) -> None:
    ada = Account.objects.create_user("ada@example.com")
    bob = Account.objects.create_user("bob@example.com")
    mine, his = order(ada, products[0]), order(bob, products[1])
    chat = Visitor(ada)

    told = chat.say("where is my order?")
    asked = chat.say(f"where is order {his.pk.hex[:8]}?")

    assert mine.pk.hex[:8].upper() in str(told)
    assert Conversation.objects.get().user_key == str(ada.pk)
    assert str(his.pk) not in str(asked)
    assert "being packed" not in asked["text"]


def test_a_guests_order_is_shown_to_nobody_not_even_by_its_number(
    products: list[Product], order: Callable[..., Order]
) -> None:
    placed = order(None, products[0])
    number = placed.pk.hex[:8].upper()

    as_guest = Visitor().say(f"where is order {number}? my address is guest@example.com")
    as_somebody = Visitor(Account.objects.create_user("guest@example.com")).say(f"where is order {number}?")

    assert str(placed.pk) not in str(as_guest) + str(as_somebody)
    assert "being packed" not in str(as_guest) + str(as_somebody)


def test_an_order_in_another_database_is_cancelled_after_a_yes(
    products: list[Product], order: Callable[..., Order]
) -> None:
    ada = Account.objects.create_user("ada@example.com")
    placed = order(ada, products[0])
    chat = Visitor(ada)

    proposed = chat.say("I want to cancel my order")
    untouched = Order.objects.get().is_cancelled
    chat.say("yes", confirm=proposed["confirm"]["token"])

    assert untouched is False
    assert Order.objects.get(pk=placed.pk).is_cancelled is True


def test_what_the_shop_has_not_is_not_offered(products: list[Product]) -> None:
    visitor = Visitor(Account.objects.create_user("ada@example.com"))

    offered = str(visitor.opened["suggestions"])
    reply = visitor.say("how many loyalty points do I have?")

    assert "ecommend" not in offered
    assert "points" not in reply["text"]


def test_products_are_found_by_their_titles(products: list[Product]) -> None:
    visitor = Visitor()
    visitor.say("Is it in stock, what does it cost?")  # a quick reply

    reply = visitor.say("Piece 3")

    assert "19.90" in str(reply)
    assert "EUR" in str(reply) or "€" in str(reply)


def test_a_hand_over_reaches_the_agents_of_a_custom_user_model(
    faq: None, django_capture_on_commit_callbacks: Any
) -> None:
    manager = Account.objects.create_user("boss@example.com", is_staff=True, is_superuser=True)
    chat = Visitor()
    with django_capture_on_commit_callbacks(execute=True):
        chat.say("let me talk to a person")
    client = Client()
    client.force_login(manager)

    inbox = client.get("/admin/concierge_support/conversation/")
    pages = [
        client.get(f"/admin/concierge_support/{model}/")
        for model in ("entry", "knowledgebuild", "handover", "category")
    ]

    assert HandOver.objects.count() == 1
    assert [one.to for one in mail.outbox] == [["help@clothes.example"]]
    assert inbox.status_code == 200
    assert {page.status_code for page in pages} <= {200, 404}


def test_the_page_without_javascript_answers_too(faq: None) -> None:
    client = Client()

    assert client.get("/help/").status_code == 200


def test_an_accounts_data_go_with_the_account(
    products: list[Product], django_capture_on_commit_callbacks: Any
) -> None:
    ada = Account.objects.create_user("ada@example.com")
    chat = Visitor(ada)
    chat.say("hello")

    exported = chat.client.get("/api/help/me/").json()
    with django_capture_on_commit_callbacks(execute=True):
        ada.delete()

    assert [one["id"] for one in exported["conversations"]] == [chat.opened["id"]]
    assert not Conversation.objects.exists()


def test_a_build_is_made_activated_and_answers(faq: None, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        build = KnowledgeBuild.objects.start()

    build.refresh_from_db()
    assert (build.status, build.verdict) == ("finished", "activated"), build.error
    assert Visitor().say("do you have size XL")["text"] == "S, M and L at Clothes & Sizes."


def test_a_shop_with_the_bot_alone_starts_migrates_checks_and_answers_in_a_process_of_its_own() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            ALONE,
            "tests.uuidshop.support_settings",
            "recommendations.models",
            "/api/help/faq/",
        ],
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.split()[-1:] == ["200"], done.stderr
