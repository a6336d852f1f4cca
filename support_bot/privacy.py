"""What is kept of a customer: exported, erased, and forgotten when its time is up."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from .adapters import get_adapter
from .adapters.consent import may_remember
from .conf import settings
from .models import Conversation, DialogueProfile, Feedback, Message, Objection

logger = logging.getLogger(__name__)

LONGEST: Final = 365 * 1000  # days; further back no calendar reaches
BATCH: Final = 200  # conversations a transaction: nobody who writes waits long


@dataclass(frozen=True, slots=True)
class Removed:
    """How many conversations and dialogue profiles were removed, or would be."""

    conversations: int = 0
    profiles: int = 0


def export(user_key: str) -> dict[str, Any]:
    """Everything kept of a customer, ready for JSON; empty where nothing is."""
    profile = DialogueProfile.objects.filter(user_key=user_key).first()
    return {
        "conversations": _exported(Conversation.objects.filter(user_key=user_key)),
        "profile": profile and {name: getattr(profile, name) for name in _PROFILE},
    }


def export_conversation(conversation: Conversation) -> dict[str, Any]:
    """The same of a guest, of whom one conversation is all that is kept."""
    return {"conversations": _exported(Conversation.objects.filter(pk=conversation.pk)), "profile": None}


def erase(user_key: str) -> Removed:
    """Remove a customer's conversations and profile; no profile is made of them until they consent again."""
    with transaction.atomic():
        Objection.objects.get_or_create(user_key=user_key)
        return _forget(user_key)


def consent(user_key: str, *, remember: bool) -> None:
    """The customer's own word on the dialogue profile: without consent it is removed and none is made again,
    with it one may be made, where the shop's adapter lets it. It takes an objection back."""
    with transaction.atomic():
        if remember:
            Objection.objects.filter(user_key=user_key).delete()
        else:
            Objection.objects.get_or_create(user_key=user_key)
            DialogueProfile.objects.filter(user_key=user_key).delete()


def objects(user_key: str) -> bool:
    """Whether the customer has said no to a dialogue profile, or has erased everything."""
    return Objection.objects.filter(user_key=user_key).exists()


def erase_conversation(conversation: Conversation) -> None:
    """Remove one conversation with all that belongs to it."""
    Conversation.objects.filter(pk=conversation.pk).delete()


def purge(*, days: int | None = None, now: datetime | None = None, dry_run: bool = False) -> Removed:
    """Remove conversations that have been silent for ``days`` (``RETENTION_DAYS``; None keeps them for ever),
    and the dialogue profiles of customers who have no conversation left or do not consent.

    In small transactions; stopped half way, the next one goes on. With ``dry_run`` it only counts.
    """
    days = settings.RETENTION_DAYS if days is None else days
    before = None if days is None else (now or timezone.now()) - timedelta(days=min(days, LONGEST))
    conversations = 0 if before is None else _purge_conversations(before, dry_run=dry_run)
    return Removed(conversations, _purge_profiles(before, dry_run=dry_run))


def forget_deleted_account(*, instance: Any, using: str, **_signal: Any) -> None:
    """Receiver of ``post_delete`` of accounts: what was kept of the customer goes too, after the commit.

    It stays when the adapter still knows somebody by the same key (the other half of a household).
    """
    try:
        key = get_adapter().user_key(instance)
    except Exception:  # the host's code, inside the host's deletion
        logger.exception("The adapter's user_key failed: what is kept of a deleted account stays")
        return
    if key is not None:
        transaction.on_commit(_forgetting(key), using=using, robust=True)


def _forgetting(user_key: str) -> Callable[[], None]:
    def forget() -> None:
        if get_adapter().subject_for(user_key).user_key is None:
            with transaction.atomic():
                _forget(user_key)
                Objection.objects.filter(user_key=user_key).delete()

    return forget


def _forget(user_key: str) -> Removed:
    conversations = Conversation.objects.filter(user_key=user_key)
    removed = conversations.count()
    conversations.delete()
    profiles, _by_model = DialogueProfile.objects.filter(user_key=user_key).delete()
    return Removed(removed, profiles)


def _purge_conversations(before: datetime, *, dry_run: bool) -> int:
    silent = Conversation.objects.filter(last_message_at__lt=before).order_by()
    if dry_run:
        return silent.count()
    removed = 0
    while keys := list(silent.values_list("pk", flat=True)[:BATCH]):
        # Asked for again: somebody may have written in the meantime.
        _all, by_model = silent.filter(pk__in=keys).delete()
        removed += by_model.get(Conversation._meta.label, 0)
        if not by_model:
            break
    return removed


def _purge_profiles(before: datetime | None, *, dry_run: bool) -> int:
    profiles = DialogueProfile.objects.order_by("pk")
    gone = [profile.pk for profile in profiles.iterator() if _has_no_ground(profile, before)]
    if not dry_run:
        for start in range(0, len(gone), BATCH):
            profiles.filter(pk__in=gone[start : start + BATCH]).delete()
    return len(gone)


def _has_no_ground(profile: DialogueProfile, before: datetime | None) -> bool:
    key = profile.user_key
    is_old = before is not None and profile.updated_at < before
    if is_old and not Conversation.objects.filter(user_key=key).exists():
        return True
    return not may_remember(key)


_PROFILE: Final = ("topics", "unsolved", "emotion_trend", "language", "conversations", "updated_at")
_CONVERSATION: Final = ("id", "created_at", "language", "state", "emotion")
_MESSAGE: Final = ("author", "text", "created_at", "topic", "emotion")
_HAND_OVER: Final = (
    "reason", "emotion", "summary", "order_number", "contact", "requested_at", "answered_at", "ended_at",
)  # fmt: skip


def _exported(conversations: QuerySet[Conversation]) -> list[dict[str, Any]]:
    found = conversations.order_by("created_at").prefetch_related("messages__feedback", "hand_overs")
    return [
        {
            **{name: getattr(one, name) for name in _CONVERSATION},
            "messages": [_message(message) for message in one.messages.all()],
            "hand_overs": [
                {name: getattr(hand_over, name) for name in _HAND_OVER} for hand_over in one.hand_overs.all()
            ],
        }
        for one in found
    ]


def _message(message: Message) -> dict[str, Any]:
    return {**{name: getattr(message, name) for name in _MESSAGE}, "feedback": vote(message)}


def vote(message: Message) -> dict[str, Any] | None:
    """What the customer thought of a reply, None where they said nothing."""
    feedback: Feedback | None = getattr(message, "feedback", None)
    return None if feedback is None else {"helpful": feedback.helpful, "comment": feedback.comment}
