"""Whether the bot may learn from a customer's conversations: the customer's word first, then the shop's."""

from __future__ import annotations

import logging

from support_bot.models import Objection

from . import get_adapter

logger = logging.getLogger(__name__)


def may_remember(user_key: str) -> bool:
    """Whether a dialogue profile of this customer may be made, kept and used.

    False after ``DELETE me/`` or a no in ``PUT me/consent/``, until a yes there, whatever the adapter says;
    and false when the adapter fails. A key that no account has objects to nothing: what was kept of a deleted
    account is gone with it.
    """
    if Objection.objects.filter(user_key=user_key).exists():
        return False
    try:
        adapter = get_adapter()
        subject = adapter.subject_for(user_key)
        return subject.user_key is None or bool(adapter.may_remember(subject))
    except Exception:  # the host's code: without an answer there is no consent
        logger.exception("The adapter's may_remember failed: no dialogue profile is kept")
        return False
