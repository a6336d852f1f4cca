"""On a host's own admin site every link stays on that site, and a list that is not there is not linked."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from support_bot import dialogue
from support_bot.models import Conversation, KnowledgeBuild, Message

pytestmark = pytest.mark.urls("tests.support_bot.admin.office")
APP = "concierge_support"
Talk = Callable[..., Conversation]


def links(text: str) -> set[str]:
    return set(re.findall(r'(?:href|action|formaction|data-refresh)="(/[^"]*)"', text))


def address(site: str, name: str, *args: Any) -> str:
    return reverse(f"{site}:{APP}_{name}", args=args)


def test_every_link_of_our_pages_stays_on_the_site(
    manager: Client,
    faq: dict[Any, Any],
    build_of: Callable[..., KnowledgeBuild],
    live: KnowledgeBuild,
    talk: Talk,
) -> None:
    build_of().activate(via="command")
    build = build_of()
    build.activate(via="command")
    hand_over = dialogue.hand_over(talk(("a boat?", "hand_over", "")), "asked")
    asked = Message.objects.get(text="a boat?").pk
    pages = [
        address("office", "entry_changelist"),
        address("office", "entry_change", faq["start-return"].pk),
        address("office", "entry_try") + "?q=refund",
        address("office", "entry_import"),
        address("office", "entry_collisions"),
        address("office", "knowledgebuild_changelist"),
        address("office", "knowledgebuild_change", build.pk),
        address("office", "knowledgebuild_change", live.pk),
        address("office", "knowledgebuild_cancel", live.pk),
        address("office", "conversation_changelist"),
        address("office", "conversation_change", hand_over.conversation_id),
        address("office", "conversation_analytics"),
        address("office", "conversation_unanswered"),
        address("office", "conversation_assign") + f"?messages={asked}",
        address("office", "handover_changelist"),
        address("office", "handover_change", hand_over.pk),
    ]

    for one in pages:
        response = manager.get(one)

        assert response.status_code == 200, one
        outside = {link for link in links(response.content.decode()) if not link.startswith("/office/")}
        # The shop's own page and what answers link to are no pages of the admin.
        shop = {"/", "/account/", "/login/", "/support/"}
        assert {link for link in outside if not link.startswith("/static/")} <= shop, one


def test_an_action_comes_back_to_the_site(manager: Client, live: KnowledgeBuild, talk: Talk) -> None:
    hand_over = dialogue.hand_over(talk(("a boat?", "hand_over", "")), "asked")

    cancelled = manager.post(address("office", "knowledgebuild_cancel", live.pk))
    taken = manager.post(address("agents", "handover_take", hand_over.pk))

    assert cancelled["Location"].startswith("/office/")
    assert taken["Location"].startswith("/agents/")


def test_lists_that_the_site_does_not_have_are_not_linked(manager: Client, talk: Talk) -> None:
    hand_over = dialogue.hand_over(talk(("a boat?", "hand_over", "")), "asked")

    agent = manager.get(address("agents", "handover_change", hand_over.pk)).content.decode()
    listed = manager.get(address("gaps", "conversation_changelist")).content.decode()
    gaps = manager.get(address("gaps", "conversation_unanswered")).content.decode()
    talked = manager.get(address("gaps", "conversation_change", hand_over.conversation_id)).content.decode()

    assert "The whole conversation" not in agent
    assert "Inbox" not in listed
    assert "Make an entry" not in gaps
    assert "a boat?" in talked
