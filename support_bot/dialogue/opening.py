"""Opening a conversation, and finding it again: a guest's by its token, a customer's as its owner."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare

from support_bot.models import Conversation
from support_bot.types import Subject, Suggestion

from .greeting import welcome

GOES_ON: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Opened:
    """A new conversation; ``token`` is shown this once, we keep its hash."""

    conversation: Conversation
    token: str
    greeting: str
    suggestions: tuple[Suggestion, ...] = ()


def open_conversation(subject: Subject, *, language: str | None = None) -> Opened:
    """Start a conversation for ``subject``, greeted in ``language`` (theirs by default)."""
    spoken = language or subject.language or translation.get_language() or ""
    token = secrets.token_urlsafe(32)
    conversation = Conversation.objects.create(
        token_hash=_hash(token),
        language=spoken[:12],
        user_key=subject.user_key or "",
        user=_account(subject),
    )
    with translation.override(spoken or None):
        greeting, suggestions = welcome(subject)
    return Opened(conversation, token, greeting, suggestions)


def find_conversation(
    conversation_id: Any, *, subject: Subject, token: str | None = None
) -> Conversation | None:
    """The conversation, for its owner, or for whoever holds the token of a guest's; None for everybody else.

    A token that was left on a computer opens no customer's conversation: once somebody owns it, the owner has
    to be logged in.
    """
    key = _key(conversation_id)
    found = None if key is None else Conversation.objects.filter(pk=key).first()
    if found is None:
        return None
    if found.user_key:
        return found if subject.user_key and constant_time_compare(subject.user_key, found.user_key) else None
    return found if token and constant_time_compare(_hash(token), found.token_hash) else None


def is_its_token(conversation_id: Any, token: str) -> bool:
    """Whether the conversation was given this token, whoever may use it."""
    key = _key(conversation_id)
    return key is not None and Conversation.objects.filter(pk=key, token_hash=_hash(token)).exists()


def conversation_by_token(token: str) -> Conversation | None:
    """The guest's conversation that this token opens; None for any other text."""
    return Conversation.objects.filter(token_hash=_hash(token), user_key="").first() if token else None


def latest_conversation(subject: Subject) -> Conversation | None:
    """The one that a customer would go on with: the last one, within ``GOES_ON``; None for a guest."""
    if subject.user_key is None:
        return None
    found = Conversation.objects.filter(
        user_key=subject.user_key, last_message_at__gte=timezone.now() - GOES_ON
    )
    return found.exclude(state=Conversation.State.CLOSED).order_by("-last_message_at").first()


def adopt(conversation: Conversation, subject: Subject) -> bool:
    """A guest who has logged in meanwhile owns the conversation from now on; whether it is the subject's.

    True for a guest's that a guest goes on with; of two customers at once only the first gets it.
    """
    if subject.user_key is not None and not conversation.user_key:
        account = _account(subject)
        free = Conversation.objects.filter(pk=conversation.pk, user_key="")
        if not free.update(user_key=subject.user_key, user=account):
            conversation.refresh_from_db(fields=["user_key", "user"])
        else:
            conversation.user_key, conversation.user = subject.user_key, account
    return conversation.user_key == (subject.user_key or "")


def _key(conversation_id: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(conversation_id))
    except (ValueError, ValidationError):
        return None


def _account(subject: Subject) -> Any:
    """The account of the subject, where the shop's customers are accounts."""
    is_account = subject.user_key is not None and isinstance(subject.user, get_user_model())
    return subject.user if is_account else None


def _hash(token: str) -> str:
    return sha256(token.encode(errors="surrogatepass")).hexdigest()
