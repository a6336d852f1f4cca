"""The dialogue profile: what past conversations say of a customer, refreshed from them by a task.

Topics asked and topics left unsolved weigh half after ``HALF_LIFE_DAYS``; so do the moods that the trend is
the mean of. It orders entries that fit a question about equally, and a person who takes over sees it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from support_bot.adapters.consent import may_remember
from support_bot.models import Conversation, DialogueProfile, Message

HALF_LIFE_DAYS: Final = 30.0
WINDOW: Final = timedelta(days=180)
MESSAGES: Final = 1000  # of one customer, the newest
# From -1, angry, to 1, thankful.
MOODS: Final[Mapping[str, float]] = {
    "anger": -1.0,
    "worry": -0.5,
    "urgency": -0.25,
    "neutral": 0.0,
    "thanks": 1.0,
}
UNSOLVED: Final = ("clarify", "hand_over")


def preferences(user_key: str | None) -> dict[str, float]:
    """Topic -> share (they sum to at most 1) of what the customer has asked about; empty for a stranger."""
    if not user_key:
        return {}
    topics = DialogueProfile.objects.filter(user_key=user_key).values_list("topics", flat=True).first()
    return {topic: float(share) for topic, share in topics.items()} if isinstance(topics, dict) else {}


def refresh(user_key: str, *, now: datetime | None = None) -> DialogueProfile | None:
    """Make the profile of one customer anew.

    None, and none is kept, where there are no conversations or the customer does not want one.
    """
    now = now or timezone.now()
    messages = list(_messages(user_key, now))
    if not messages or not may_remember(user_key):
        DialogueProfile.objects.filter(user_key=user_key).delete()
        return None
    said = [message for message in messages if message.author == Message.Author.CUSTOMER]
    moods = [(weight(message.created_at, now), MOODS.get(message.emotion, 0.0)) for message in said]
    total = sum(share for share, _mood in moods)
    profile, _created = DialogueProfile.objects.update_or_create(
        user_key=user_key,
        defaults={
            "topics": _topics(messages, now),
            "unsolved": _unsolved(messages),
            "emotion_trend": sum(share * mood for share, mood in moods) / total if total else 0.0,
            "language": _language(said, now),
            "conversations": len({message.conversation_id for message in messages}),
            "is_simulated": all(message.conversation.is_simulated for message in messages),
        },
    )
    return profile


def refresh_changed(*, now: datetime | None = None) -> int:
    """Refresh every customer who has said something since their profile was made; returns how many."""
    now = now or timezone.now()
    made = dict(DialogueProfile.objects.values_list("user_key", "updated_at"))
    latest = (
        Conversation.objects.exclude(user_key="")
        .filter(last_message_at__gte=now - WINDOW)
        .order_by("last_message_at")
        .values_list("user_key", "last_message_at")
    )
    stale = {key for key, at in latest.iterator() if key not in made or made[key] < at}
    for key in sorted(stale):
        refresh(key, now=now)
    return len(stale)


def weight(at: datetime, now: datetime) -> float:
    """What something said at ``at`` still counts: 1 now, half after ``HALF_LIFE_DAYS``."""
    return float(2.0 ** (-max((now - at).total_seconds(), 0.0) / 86_400 / HALF_LIFE_DAYS))


def _messages(user_key: str, now: datetime) -> Iterable[Message]:
    newest = (
        Message.objects.filter(conversation__user_key=user_key, created_at__gte=now - WINDOW)
        .select_related("conversation", "feedback")
        .order_by("-created_at", "-pk")[:MESSAGES]
    )
    return reversed(newest)


def _topics(messages: list[Message], now: datetime) -> dict[str, float]:
    weights: dict[str, float] = defaultdict(float)
    for message in messages:
        if message.author == Message.Author.BOT and message.topic and message.kind in ("answer", "action"):
            weights[message.topic] += weight(message.created_at, now)
    total = sum(weights.values())
    ranked = sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))[:20]
    return {topic: round(share / total, 4) for topic, share in ranked}


def _unsolved(messages: list[Message]) -> dict[str, str]:
    """Topics whose latest reply was none, or did not help, with when that was."""
    open_since: dict[str, str] = {}
    for message in messages:
        if message.author != Message.Author.BOT or not message.topic:
            continue
        feedback = getattr(message, "feedback", None)
        if message.kind in UNSOLVED or (feedback is not None and not feedback.helpful):
            open_since[message.topic] = message.created_at.isoformat(timespec="seconds")
        else:
            open_since.pop(message.topic, None)
    return open_since


def _language(said: list[Message], now: datetime) -> str:
    weights: dict[str, float] = defaultdict(float)
    for message in said:
        if message.language:
            weights[message.language] += weight(message.created_at, now)
    return max(sorted(weights), key=lambda code: weights[code], default="")
