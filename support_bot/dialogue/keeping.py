"""The conversation that a browser goes on with, in its session: the same one in the widget and on the page.

A guest's token lies in the session too, so that the page can hand it to the widget: by ``GET session/``,
which no cache keeps. Django's own rules do the rest: the session gets another key at the login, and is
emptied at the log-out and when another customer logs in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from support_bot.adapters import get_adapter
from support_bot.models import Conversation
from support_bot.types import Subject

from .guard import attempt
from .opening import GOES_ON, adopt, conversation_by_token, find_conversation, latest_conversation

KEPT: Final = "support_bot_conversation"  # in the session: {"id", "token"}
AWAITED: Final = timedelta(days=7)  # whoever waits for a person may come back so much later
PEOPLE: Final = (Conversation.State.WAITING, Conversation.State.PERSON)


@dataclass(frozen=True, slots=True)
class Kept:
    """The conversation, if any, and the token that opens it while it is a guest's."""

    conversation: Conversation | None = None
    token: str = ""


def keep(request: HttpRequest, conversation: Conversation, token: str) -> None:
    """Let this browser go on with ``conversation``; nothing where the host has no sessions."""
    session = getattr(request, "session", None)
    wanted = {"id": str(conversation.pk), "token": "" if conversation.user_key else token}
    if session is not None and session.get(KEPT) != wanted:
        session[KEPT] = wanted


def kept(request: HttpRequest, subject: Subject, *, token: str = "") -> Kept:
    """What this browser goes on with: what was begun here, what ``token`` opens, a customer's latest.

    It ends ``GOES_ON`` after the last message, while a person is awaited ``AWAITED`` after it. A guest's
    becomes the customer's when its guest has logged in.
    """
    session = getattr(request, "session", None)
    stored = session.get(KEPT) if session is not None else None
    if isinstance(stored, dict):
        held = str(stored.get("token") or "")
        begun = find_conversation(stored.get("id"), subject=subject, token=held)
        if begun is not None and _goes_on(begun) and adopt(begun, subject):
            return Kept(begun, "" if begun.user_key else held)
    brought = conversation_by_token(token)
    if brought is not None and _goes_on(brought) and adopt(brought, subject):
        return Kept(brought, "" if brought.user_key else token)
    return Kept(latest_conversation(subject))


def _goes_on(conversation: Conversation) -> bool:
    limit = AWAITED if conversation.state in PEOPLE else GOES_ON
    return conversation.last_message_at >= timezone.now() - limit


@receiver(user_logged_in, dispatch_uid="concierge_support.dialogue.logged_in")
def adopt_at_login(*, request: HttpRequest | None = None, user: Any = None, **_signal: Any) -> None:
    """What a guest said in this browser is the customer's from the login on, even if nobody asks for it.

    So it is not left to whoever uses the browser after the customer has logged out.
    """
    session = getattr(request, "session", None)
    if request is None or session is None or KEPT not in session:
        return
    attempt(
        "Giving a guest's conversation to the customer who has logged in",
        lambda: kept(request, Subject(user_key=get_adapter().user_key(user), user=user)),
        None,
    )
