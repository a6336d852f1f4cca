"""The mail that tells the shop's people that somebody waits, through Django's own backend."""

from __future__ import annotations

import logging
import threading
from typing import Final

from django.conf import settings as django_settings
from django.core.mail import EmailMessage, get_connection
from django.utils import translation
from django.utils.translation import gettext as _

from support_bot.answers.background import stays_here
from support_bot.conf import settings
from support_bot.models import HandOver

SECONDS: Final = 5  # for a mail server that does not answer
logger = logging.getLogger("support_bot.dialogue")


def tell_agents(made: HandOver) -> None:
    """Write to ``SUPPORT_BOT["AGENT_EMAILS"]``; a server that fails is logged and harms nothing.

    The mail is sent by a thread, which a process that is told to stop waits for: not even a backend without a
    time limit keeps the customer waiting.
    """
    if not settings.AGENT_EMAILS:
        return
    try:
        with translation.override(django_settings.LANGUAGE_CODE):
            urgent = _("A customer is waiting (urgent)") if made.priority >= 2 else _("A customer is waiting")
            contact = _("Answer by mail to: %(contact)s") % {"contact": made.contact} if made.contact else ""
            body = "\n\n".join(
                part
                for part in (
                    made.summary,
                    contact,
                    _("Conversation %(id)s is in the inbox of the admin.") % {"id": made.conversation_id},
                )
                if part
            )
        message = EmailMessage(
            urgent, body, to=list(settings.AGENT_EMAILS), connection=get_connection(timeout=SECONDS)
        )
        if stays_here():
            _send(message)
        else:
            threading.Thread(target=_send, args=(message,), name="mail about a waiting customer").start()
    except Exception:
        logger.exception("The mail about a waiting customer could not be written")


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except Exception:
        logger.exception("The mail about a waiting customer could not be sent")
