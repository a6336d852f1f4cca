"""The host's adapter, skills and database may raise anything; a conversation goes on all the same."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from django.db import connections, transaction

logger = logging.getLogger("support_bot.dialogue")

T = TypeVar("T")


@contextmanager
def savepoints() -> Iterator[None]:
    """A savepoint on each database that has a transaction open: a database error inside spoils nothing else,
    and what was half done is undone."""
    with ExitStack() as stack:
        for connection in connections.all(initialized_only=True):
            if connection.in_atomic_block:
                stack.enter_context(transaction.atomic(using=connection.alias))
        yield


def attempt(what: str, ask: Callable[[], T], otherwise: T) -> T:
    """``ask()`` within savepoints; when it raises, that is logged and ``otherwise`` is the answer."""
    try:
        with savepoints():
            return ask()
    except Exception:
        logger.exception("%s failed", what)
        return otherwise
