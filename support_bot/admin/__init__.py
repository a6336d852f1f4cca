"""The admin: the FAQ, its builds, conversations and what they tell, and the inbox of hand-overs."""

from .builds import KnowledgeBuildAdmin
from .conversations import ConversationAdmin
from .entries import CategoryAdmin, EntryAdmin
from .inbox import HandOverAdmin
from .objections import ObjectionAdmin

__all__ = [
    "CategoryAdmin",
    "ConversationAdmin",
    "EntryAdmin",
    "HandOverAdmin",
    "KnowledgeBuildAdmin",
    "ObjectionAdmin",
]
