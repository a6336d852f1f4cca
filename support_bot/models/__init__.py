"""Django tables: the FAQ, the builds made of it, conversations, hand-overs, and what they taught us."""

from __future__ import annotations

from .builds import ActiveKnowledge, KnowledgeBuild
from .conversations import Conversation, Feedback, HandOver, Message
from .knowledge import Category, Entry, Phrasing
from .managers import AlreadyBuilding, CannotActivate
from .profiles import DialogueProfile, Objection

__all__ = [
    "ActiveKnowledge",
    "AlreadyBuilding",
    "CannotActivate",
    "Category",
    "Conversation",
    "DialogueProfile",
    "Entry",
    "Feedback",
    "HandOver",
    "KnowledgeBuild",
    "Message",
    "Objection",
    "Phrasing",
]
