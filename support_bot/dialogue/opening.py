"""Opening a conversation, and finding it again: by its token or as its owner, never otherwise."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_out
from django.core.exceptions import ValidationError
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.dispatch import receiver
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare

from support_bot.adapters import get_adapter
from support_bot.models import Conversation
from support_bot.types import Subject, Suggestion

from .greeting import welcome
from .guard import attempt

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
    """The conversation, for its owner or for whoever holds its token; None for everybody else.

    A token that was left on a shared computer does not open a customer's conversation to another customer:
    it counts for its owner and for somebody who is not logged in.
    """
    try:
        found = Conversation.objects.filter(pk=uuid.UUID(str(conversation_id))).first()
    except (ValueError, ValidationError):
        return None
    if found is None:
        return None
    if subject.user_key is not None and found.user_key:
        return found if constant_time_compare(subject.user_key, found.user_key) else None
    return found if token and constant_time_compare(_hash(token), found.token_hash) else None


def conversation_by_token(token: str) -> Conversation | None:
    """The conversation that this token opens, whoever holds it; None for any other text."""
    return Conversation.objects.filter(token_hash=_hash(token)).first() if token else None


def latest_conversation(subject: Subject) -> Conversation | None:
    """The one that a customer would go on with: the last one, within ``GOES_ON``; None for a guest."""
    if subject.user_key is None:
        return None
    found = Conversation.objects.filter(
        user_key=subject.user_key, last_message_at__gte=timezone.now() - GOES_ON
    )
    return found.order_by("-last_message_at").first()


def adopt(conversation: Conversation, subject: Subject) -> None:
    """A visitor who has logged in meanwhile owns the conversation from now on."""
    if subject.user_key is not None and not conversation.user_key:
        conversation.user_key = subject.user_key
        conversation.user = _account(subject)
        conversation.save(update_fields=["user_key", "user"])


@receiver(user_logged_out, dispatch_uid="concierge_support.dialogue.logged_out")
def end_tokens(*, user: Any = None, **_kwargs: Any) -> None:
    """Whoever uses the browser after a customer has logged out reads nothing of what the customer was told.

    The tokens that this browser keeps open the customer's conversations no more; as their owner the customer
    has them all again after the next login.
    """

    def forget() -> None:
        key = get_adapter().user_key(user)
        if key:
            # Unique, and no token's hash.
            ended = Concat(Value("ended "), Cast("pk", CharField(max_length=36)))
            Conversation.objects.filter(user_key=key).update(token_hash=ended)

    attempt("Ending the tokens of a customer who has logged out", forget, None)


def _account(subject: Subject) -> Any:
    """The account of the subject, where the shop's customers are accounts."""
    is_account = subject.user_key is not None and isinstance(subject.user, get_user_model())
    return subject.user if is_account else None


def _hash(token: str) -> str:
    return sha256(token.encode(errors="surrogatepass")).hexdigest()
