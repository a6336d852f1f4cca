"""The host's adapter, skills and database may raise anything; a conversation goes on all the same."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from support_bot.savepoints import savepoints

logger = logging.getLogger("support_bot.dialogue")

T = TypeVar("T")


def attempt(what: str, ask: Callable[[], T], otherwise: T) -> T:
    """``ask()`` within savepoints; when it raises, that is logged and ``otherwise`` is the answer."""
    try:
        with savepoints():
            return ask()
    except Exception:
        logger.exception("%s failed", what)
        return otherwise
