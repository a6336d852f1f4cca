"""What is kept is forgotten when its time is up, when the account goes, and where there is no consent."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from shop.support import ShopSupport
from support_bot import privacy, profiles, tasks
from support_bot.models import Conversation, DialogueProfile, Feedback, HandOver, Message, Objection

ADAPTER = "tests.support_bot.test_privacy."


@pytest.fixture
def talk(db: None) -> Callable[..., Conversation]:
    """``talk(user, days=3)``: a message, a reply with a vote and a hand-over, three days ago."""

    def make(user: User | None = None, *, days: float = 0, key: str = "") -> Conversation:
        at = timezone.now() - timedelta(days=days)
        conversation = Conversation.objects.create(
            token_hash=uuid.uuid4().hex,
            user=user,
            user_key=key or (str(user.pk) if user else ""),
            created_at=at,
            last_message_at=at,
        )
        asked = Message.objects.create(
            conversation=conversation, sequence=1, author="customer", text="hi", created_at=at
        )
        reply = Message.objects.create(
            conversation=conversation,
            sequence=2,
            author="bot",
            text="ho",
            kind="answer",
            topic="returns",
            reply_to=asked,
            created_at=at,
        )
        Feedback.objects.create(message=reply, helpful=True)
        HandOver.objects.create(conversation=conversation, reason="asked", requested_at=at)
        return conversation

    return make


def with_adapter(settings: Any, name: str) -> Any:
    return override_settings(SUPPORT_BOT={**settings.SUPPORT_BOT, "ADAPTER": f"{ADAPTER}{name}"})


def purged(*arguments: str) -> str:
    out = StringIO()
    call_command("support_bot_purge", *arguments, stdout=out)
    return out.getvalue()


def test_what_has_been_silent_for_the_retention_is_purged_with_all_that_belongs_to_it(
    talk: Callable[..., Conversation],
) -> None:
    talk(days=366)
    kept = talk(days=364)

    said = purged()

    assert said == "Removed 1 conversations and 0 dialogue profiles.\n"
    assert Conversation.objects.get() == kept
    counts = [model.objects.count() for model in (Message, Feedback, HandOver)]
    assert counts == [2, 1, 1]


def test_an_old_conversation_that_goes_on_is_kept(talk: Callable[..., Conversation]) -> None:
    old = talk(days=900)
    Conversation.objects.filter(pk=old.pk).update(last_message_at=timezone.now())

    assert privacy.purge() == privacy.Removed(0, 0)


def test_a_dry_run_only_counts(talk: Callable[..., Conversation]) -> None:
    talk(days=400)

    assert purged("--dry-run") == "Would remove 1 conversations and 0 dialogue profiles.\n"
    assert Conversation.objects.count() == 1


def test_days_may_be_named_and_must_make_sense(talk: Callable[..., Conversation]) -> None:
    talk(days=10)

    with pytest.raises(CommandError, match="0 or more, got -1"):
        purged("--days", "-1")
    assert purged("--days", "9999999999").startswith("Removed 0 ")
    assert purged("--days", "9").startswith("Removed 1 ")


def test_retention_none_keeps_everything_and_the_command_says_so(
    talk: Callable[..., Conversation], settings: Any
) -> None:
    talk(days=9_000)

    with override_settings(SUPPORT_BOT={**settings.SUPPORT_BOT, "RETENTION_DAYS": None}):
        said = purged()

    assert "conversations are kept" in said
    assert Conversation.objects.count() == 1


def test_more_than_a_batch_is_purged_in_small_transactions(
    talk: Callable[..., Conversation], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privacy, "BATCH", 2)
    for _number in range(5):
        talk(days=400)

    assert privacy.purge().conversations == 5
    assert not Conversation.objects.exists()


def test_the_task_purges_too(talk: Callable[..., Conversation]) -> None:
    talk(days=400)

    tasks.purge()

    assert not Conversation.objects.exists()


def test_a_profile_whose_conversations_are_gone_for_long_goes_too(
    talk: Callable[..., Conversation],
) -> None:
    ada = User.objects.create_user("ada")
    talk(ada)
    profiles.refresh(str(ada.pk))
    late = timezone.now() + timedelta(days=400)

    assert privacy.purge(now=late) == privacy.Removed(1, 1)


def test_deleting_an_account_erases_what_was_kept_of_it_once_that_is_committed(
    talk: Callable[..., Conversation], django_capture_on_commit_callbacks: Any
) -> None:
    ada, bob = User.objects.create_user("ada"), User.objects.create_user("bob")
    talk(ada)
    kept = talk(bob)
    profiles.refresh(str(ada.pk))
    privacy.erase(str(ada.pk))
    talk(ada)

    with django_capture_on_commit_callbacks(execute=True):
        ada.delete()
        assert Conversation.objects.count() == 2

    assert Conversation.objects.get() == kept
    assert not DialogueProfile.objects.exists()
    assert not Objection.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_account_that_is_not_deleted_after_all_keeps_its_conversations() -> None:
    ada = User.objects.create_user("ada")
    Conversation.objects.create(token_hash="a", user=ada, user_key=str(ada.pk))

    with pytest.raises(RuntimeError), transaction.atomic():
        ada.delete()
        raise RuntimeError("the host changed its mind")

    assert Conversation.objects.get().user_id == User.objects.get().pk


def test_many_accounts_deleted_at_once_are_forgotten_each(
    talk: Callable[..., Conversation], django_capture_on_commit_callbacks: Any
) -> None:
    for number in range(3):
        talk(User.objects.create_user(f"user{number}"))

    with django_capture_on_commit_callbacks(execute=True):
        User.objects.all().delete()

    assert not Conversation.objects.exists()


class Household(ShopSupport):
    """Everybody of a family name is one customer."""

    def user_key(self, user: Any) -> str | None:
        return f"the {user.last_name}s" if getattr(user, "is_authenticated", False) else None

    def subject_for(self, user_key: str) -> Any:
        user = User.objects.filter(last_name=user_key.removeprefix("the ").removesuffix("s")).first()
        return super().subject_for(str(user.pk) if user else "0")


def test_a_households_conversations_stay_while_somebody_of_it_is_there(
    talk: Callable[..., Conversation], django_capture_on_commit_callbacks: Any, settings: Any
) -> None:
    ada, bob = (User.objects.create_user(name, last_name="Lovelace") for name in ("ada", "bob"))
    talk(ada, key="the Lovelaces")
    with with_adapter(settings, "Household"):
        with django_capture_on_commit_callbacks(execute=True):
            ada.delete()
        one_left = Conversation.objects.count()
        with django_capture_on_commit_callbacks(execute=True):
            bob.delete()

    assert (one_left, Conversation.objects.count()) == (1, 0)


class Broken(ShopSupport):
    def user_key(self, user: Any) -> str | None:
        raise LookupError("the customer database is away")

    may_remember = user_key  # type: ignore[assignment]


def test_an_adapter_that_fails_does_not_keep_the_host_from_deleting_an_account(
    talk: Callable[..., Conversation], settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    ada = User.objects.create_user("ada")
    talk(ada)

    with with_adapter(settings, "Broken"):
        ada.delete()

    assert not User.objects.exists()
    assert "user_key failed" in caplog.text


class Asking(ShopSupport):
    def may_remember(self, subject: Any) -> bool:
        return subject.user.first_name == "Yes"


class Failing(ShopSupport):
    def may_remember(self, subject: Any) -> bool:
        raise LookupError("the consent service is away")


@pytest.mark.parametrize(
    ("adapter", "name", "kept"), [("Asking", "Yes", True), ("Asking", "No", False), ("Failing", "Yes", False)]
)
def test_without_the_adapters_consent_there_is_no_profile_and_an_old_one_is_purged(
    talk: Callable[..., Conversation],
    settings: Any,
    adapter: str,
    name: str,
    kept: bool,
) -> None:
    ada = User.objects.create_user("ada", first_name=name)
    talk(ada)
    DialogueProfile.objects.create(user_key=str(ada.pk))

    with with_adapter(settings, adapter):
        privacy.purge()
        after_purge = DialogueProfile.objects.exists()
        made = profiles.refresh(str(ada.pk)) is not None

    assert (after_purge, made, DialogueProfile.objects.exists()) == (kept, kept, kept)
