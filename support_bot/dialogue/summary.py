"""What a person reads first about a conversation that they take over."""

from __future__ import annotations

from django.conf import settings as django_settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from support_bot.models import Conversation, Message

from .context import Context

SHOWN = 200  # characters of a question
TRIED = 5


def summary(conversation: Conversation, context: Context, emotion: str) -> str:
    """Last question, topic, order, mood and what was tried, a line each, in the shop's own language."""
    questions = conversation.messages.filter(author=Message.Author.CUSTOMER).order_by("-sequence")
    asked = [text for text in questions.values_list("text", flat=True)[:3] if text]
    replies = conversation.messages.filter(author=Message.Author.BOT).exclude(topic="").order_by("-sequence")
    topics = dict.fromkeys(replies.values_list("topic", flat=True)[: 4 * TRIED])
    tried = [topic for topic in topics if topic != "person" and not topic.startswith("talk:")][:TRIED]
    with translation.override(django_settings.LANGUAGE_CODE):
        told = (
            (_("Last question"), _shortened(asked[0]) if asked else ""),
            (_("Before that"), " / ".join(_shortened(text) for text in reversed(asked[1:]))),
            (_("Topic"), context.question or context.topic),
            (pgettext("purchase", "Order"), context.order),
            (_("Mood"), "" if emotion == "neutral" else _mood(emotion)),
            (_("The bot tried"), ", ".join(reversed(tried))),
            (_("Language"), conversation.language),
        )
        return "\n".join(f"{label}: {value}" for label, value in told if value)


def _mood(emotion: str) -> str:
    moods = {"anger": _("angry"), "worry": _("worried"), "thanks": _("thankful"), "urgency": _("in a hurry")}
    return moods.get(emotion, "")


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
