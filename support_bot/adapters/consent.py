"""Whether the bot may learn from a customer's conversations: the customer's word first, then the shop's."""

from __future__ import annotations

import logging

from support_bot.models import Objection
from support_bot.types import Subject

from . import get_adapter

logger = logging.getLogger(__name__)


def may_remember(subject: Subject) -> bool:
    """Whether a dialogue profile of this customer may be made, kept and used; never for somebody unknown.

    False after ``DELETE me/`` whatever the adapter says, and false when the adapter fails.
    """
    if subject.user_key is None or Objection.objects.filter(user_key=subject.user_key).exists():
        return False
    try:
        return bool(get_adapter().may_remember(subject))
    except Exception:  # the host's code: without an answer there is no consent
        logger.exception("The adapter's may_remember failed: no dialogue profile is used")
        return False
