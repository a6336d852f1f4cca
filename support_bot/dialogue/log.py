"""What is kept of a conversation: its messages in order, each accepted before it is answered.

A conversation is locked by writing to its row: the first statement of a transaction is then a write, which
waits for another one on every database (a transaction that reads first may not turn to writing on SQLite).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.utils import timezone

from support_bot.adapters import get_adapter
from support_bot.models import Conversation, Feedback, Message
from support_bot.types import Card, Citation, Confirm, Reply, Suggestion

from .guard import attempt
from .masking import clean, mask

State = Conversation.State
Author = Message.Author


def lock(conversation: Conversation) -> None:
    """Wait until nobody else works on it, and read it as it is now. Within a transaction, as its first step.

    Raises ``Conversation.DoesNotExist`` when it was erased meanwhile.
    """
    Conversation.objects.filter(pk=conversation.pk).update(last_message_at=timezone.now())
    conversation.refresh_from_db()


def append(conversation: Conversation, **fields: Any) -> Message:
    """The next message of a locked conversation."""
    message = Message(conversation=conversation, sequence=conversation.next_sequence, **fields)
    message.save(force_insert=True)
    conversation.next_sequence += 1
    conversation.save(update_fields=["next_sequence"])
    return message


def customer_message(
    conversation: Conversation, text: str, *, client_id: uuid.UUID | None, confirm: str | None
) -> Message:
    """What a customer said, masked; the same ``client_id`` again is the message that is there already."""
    if client_id is not None:
        said = conversation.messages.filter(client_id=client_id).first()
        if said is not None:
            return said
    return append(
        conversation,
        author=Author.CUSTOMER,
        client_id=client_id,
        text=mask(clean(text), order_pattern=order_pattern()),
        is_open=conversation.state == State.BOT,
        payload={"confirm": confirm} if confirm else {},
    )


def order_pattern() -> str | None:
    """The shop's pattern of order numbers; None where it cannot be had or is no regular expression."""

    def read() -> str | None:
        pattern = get_adapter().order_pattern
        return pattern if pattern is None else re.compile(pattern).pattern

    return attempt("Reading the pattern of order numbers", read, None)


def bot_message(conversation: Conversation, reply: Reply, **fields: Any) -> Message:
    """What the bot says."""
    return append(
        conversation,
        author=Author.BOT,
        text=reply.text,
        kind=reply.kind,
        topic=reply.topic[:80],
        confidence=reply.confidence,
        payload=_payload(reply),
        **fields,
    )


def _payload(reply: Reply) -> dict[str, Any]:
    shown = asdict(reply)
    names = ("html", "citations", "suggestions", "cards", "confirm")
    return {name: shown[name] for name in names if shown[name]}


def stored_reply(message: Message) -> Reply:
    """The reply that a message of the bot, or of a person, holds."""
    kept: Mapping[str, Any] = message.payload if isinstance(message.payload, dict) else {}
    return Reply(
        kind=message.kind or "person",  # type: ignore[arg-type]
        text=message.text,
        html=kept.get("html", ""),
        confidence=message.confidence,
        citations=tuple(Citation(**one) for one in kept.get("citations", ())),
        suggestions=tuple(Suggestion(**one) for one in kept.get("suggestions", ())),
        cards=tuple(
            Card(**{**one, "fields": tuple(map(tuple, one.get("fields", ())))})
            for one in kept.get("cards", ())
        ),
        confirm=Confirm(**kept["confirm"]) if kept.get("confirm") else None,
        topic=message.topic,
    )


def reply_as_dict(message: Message) -> dict[str, Any]:
    """A message of the bot or of a person as the API's ``reply``; the topic is ours alone."""
    reply = stored_reply(message)
    shown: dict[str, Any] = {
        "id": message.pk,
        "kind": reply.kind,
        "text": reply.text,
        "html": reply.html,
        "confidence": reply.confidence,
        "citations": [asdict(one) for one in reply.citations],
        "suggestions": [asdict(one) for one in reply.suggestions],
        "cards": [
            {**asdict(one), "fields": [{"label": label, "value": value} for label, value in one.fields]}
            for one in reply.cards
        ],
    }
    if reply.confirm is not None:
        shown["confirm"] = asdict(reply.confirm)
    return shown


def give_feedback(message: Message, helpful: bool, comment: str = "") -> Feedback:
    """Keep whether a reply helped; a second vote replaces the first. A customer's own message has none.

    Raises ``ValueError`` for a message that is no reply.
    """
    if message.author == Author.CUSTOMER:
        raise ValueError("Feedback is given on a reply: got a customer's message.")
    feedback, _created = Feedback.objects.update_or_create(
        message=message,
        defaults={
            "helpful": helpful,
            "comment": mask(clean(comment))[:500],
            "created_at": timezone.now(),
        },
    )
    return feedback
