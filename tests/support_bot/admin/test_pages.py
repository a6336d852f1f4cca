"""What holds for every page: it renders, empty and full, carries nothing inline, and asks few questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from support_bot import dialogue
from support_bot.models import Conversation, KnowledgeBuild

from .conftest import page, text_of

EMPTY = [
    "entry_changelist",
    "entry_add",
    "entry_try",
    "entry_import",
    "entry_collisions",
    "category_changelist",
    "knowledgebuild_changelist",
    "knowledgebuild_add",
    "conversation_changelist",
    "conversation_analytics",
    "conversation_unanswered",
    "handover_changelist",
    "objection_changelist",
]


@pytest.fixture
def addresses(
    faq: dict[Any, Any],
    build_of: Callable[..., KnowledgeBuild],
    live: KnowledgeBuild,
    talk: Callable[..., Conversation],
) -> list[str]:
    """Every page of a shop in which all of it is there."""
    build = build_of()
    build.activate(via="command")
    conversation = talk(
        ("Where is my order?", "answer", "where-is-my-order"), ("Do you sell <b>boats</b>?", "hand_over", "")
    )
    hand_over = dialogue.hand_over(conversation, "asked")
    boats = conversation.messages.get(sequence=3).pk
    pages = [page(name) for name in EMPTY]
    return [
        *pages,
        page("entry_change", faq["start-return"].pk),
        page("entry_try") + "?q=how+do+I+send+it+back",
        f"{page('entry_add')}?messages={boats}",
        page("knowledgebuild_change", build.pk),
        page("knowledgebuild_change", live.pk),
        page("knowledgebuild_cancel", live.pk),
        page("knowledgebuild_activate", build.pk),
        page("conversation_change", conversation.pk),
        f"{page('conversation_assign')}?messages={boats}",
        page("handover_change", hand_over.pk),
        page("handover_transcript", hand_over.pk),
        page("handover_waiting"),
    ]


@pytest.mark.parametrize("name", EMPTY)
def test_a_shop_that_has_just_installed_it_sees_every_page(manager: Client, name: str) -> None:
    assert text_of(manager.get(page(name)))


def test_no_page_carries_inline_script_or_style_and_text_stays_text(
    manager: Client, addresses: list[str]
) -> None:
    for address in addresses:
        text = text_of(manager.get(address))

        assert "<style" not in text, address
        assert " style=" not in text, address
        assert " onclick=" not in text, address
        assert "<b>boats" not in text, address
        scripts = [tag.split(">")[0] for tag in text.split("<script")[1:]]
        assert all(" src=" in tag or "application/json" in tag for tag in scripts), address


def test_whoever_lacks_the_permission_gets_no_page(
    staff: Callable[..., Client], addresses: list[str]
) -> None:
    nobody = staff("view_user")

    for address in addresses:
        assert nobody.get(address).status_code == 403, address


def test_whoever_is_no_staff_is_asked_to_log_in(addresses: list[str]) -> None:
    for address in addresses:
        assert Client().get(address)["Location"].startswith("/admin/login/"), address
