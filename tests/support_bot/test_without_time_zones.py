"""A host with ``USE_TZ = False``: its times are naive, and nothing of the bot minds."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from support_bot import dialogue, privacy, profiles
from support_bot.adapters import get_adapter
from support_bot.knowledge import export, import_file
from support_bot.models import Entry
from support_bot.types import Subject

FAQ = """\
language: en

# delivery: Delivery

## Is delivery free for new customers?
slug: free
condition: customer=new
active_from: 2026-01-01
active_until: 2199-12-31T23:00+00:00

Yes, {customer.first_name}: it is free.
"""


@pytest.fixture
def customer(db: None, settings: Any) -> Subject:
    settings.USE_TZ, settings.TIME_ZONE = False, "Europe/Vienna"
    settings.SUPPORT_BOT = {}
    ada = User.objects.create_user("ada", first_name="Ada", date_joined=datetime.now())
    return get_adapter().subject_for(str(ada.pk))


def test_customers_are_known_and_answered(customer: Subject) -> None:
    assert import_file(StringIO(FAQ), "markdown").ok

    opened = dialogue.open_conversation(customer)
    turn = dialogue.take_turn(opened.conversation, "Is delivery free for new customers?", subject=customer)

    profile = get_adapter().profile(customer)
    assert (profile.customer_since, profile.conditions["customer"]) == (date.today(), "new")
    assert turn.reply is not None
    assert turn.reply.text == "Yes, Ada: it is free."
    assert Entry.objects.get().active_until == datetime(2200, 1, 1)  # as it is in Vienna
    assert not import_file(StringIO(export("markdown")), "markdown").updated
    assert profiles.refresh(str(customer.user_key)) is not None
    assert privacy.purge(now=timezone.now() + timedelta(days=400)) == privacy.Removed(1, 1)


def test_the_pages_of_the_admin_open(customer: Subject) -> None:
    import_file(StringIO(FAQ), "markdown")
    conversation = dialogue.open_conversation(customer).conversation
    dialogue.take_turn(conversation, "what is the meaning of life?", subject=customer)
    dialogue.hand_over(conversation)
    boss = User.objects.create_superuser("boss")
    client = Client()
    client.force_login(boss)
    names = (
        *("entry", "conversation", "handover", "knowledgebuild"),
        *("conversation_analytics", "conversation_unanswered"),
    )
    pages = [
        reverse(f"admin:concierge_support_{name}{'' if '_' in name else '_changelist'}") for name in names
    ]
    pages.append(reverse("admin:concierge_support_conversation_change", args=[conversation.pk]))
    pages.append(reverse("admin:concierge_support_entry_change", args=[Entry.objects.get().pk]))

    answers = {page: client.get(page).status_code for page in pages}

    assert set(answers.values()) == {200}, answers
