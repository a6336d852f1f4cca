"""One turn of a conversation: understand, recall the context, choose, reply, log."""

from __future__ import annotations

from .greeting import welcome
from .handover import (
    NotYours,
    answer_as_person,
    close,
    hand_back,
    hand_over,
    inbox,
    profile_of,
    take,
)
from .keeping import keep, kept
from .log import give_feedback, reply_as_dict, stored_reply
from .masking import MAX_LENGTH, mask
from .opening import (
    Opened,
    adopt,
    conversation_by_token,
    find_conversation,
    is_its_token,
    latest_conversation,
    open_conversation,
)
from .turn import Turn, answer_pending, messages_after, take_turn

__all__ = [
    "MAX_LENGTH",
    "NotYours",
    "Opened",
    "Turn",
    "adopt",
    "answer_as_person",
    "answer_pending",
    "close",
    "conversation_by_token",
    "find_conversation",
    "give_feedback",
    "hand_back",
    "hand_over",
    "inbox",
    "is_its_token",
    "keep",
    "kept",
    "latest_conversation",
    "mask",
    "messages_after",
    "open_conversation",
    "profile_of",
    "reply_as_dict",
    "stored_reply",
    "take",
    "take_turn",
    "welcome",
]
