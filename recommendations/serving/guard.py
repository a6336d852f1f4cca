"""What keeps a failure of ours from becoming the page's: savepoints, and one log line a minute."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final, TypeVar

from django.db import connections, transaction

logger = logging.getLogger("recommendations.serving")

LOG_SECONDS: Final = 60.0
_REMEMBERED: Final = 1_000  # causes; a message that varies without end must not fill the memory
_last_logged: dict[str, float] = {}

T = TypeVar("T")
Otherwise = TypeVar("Otherwise")


@contextmanager
def savepoints() -> Iterator[None]:
    """A savepoint on each database that has a transaction open, and on no other.

    Without it a database error that is merely caught would poison the host's page under ``ATOMIC_REQUESTS``.
    """
    with ExitStack() as stack:
        for connection in connections.all(initialized_only=True):
            if connection.in_atomic_block:
                stack.enter_context(transaction.atomic(using=connection.alias))
        yield


def attempt(what: str, ask: Callable[[], T], otherwise: Otherwise) -> T | Otherwise:
    """``ask()``, which uses the database, within savepoints; when it raises, ``otherwise`` is the answer."""

    def kept_apart() -> T:
        with savepoints():
            return ask()

    return logged(what, kept_apart, otherwise)


def logged(what: str, ask: Callable[[], T], otherwise: Otherwise) -> T | Otherwise:
    """``ask()``; when it raises, the cause is logged and ``otherwise`` is the answer."""
    try:
        return ask()
    except Exception as error:  # noqa: BLE001 - a host's adapter, a database, an artifact may raise anything
        log_once_a_minute(what, error)
        return otherwise


def log_once_a_minute(what: str, error: BaseException | None = None) -> None:
    """Log that ``what`` failed, with the traceback; the same cause again only after a minute."""
    cause = f"{what} {type(error).__name__}"
    now = time.monotonic()
    if now - _last_logged.get(cause, -LOG_SECONDS) < LOG_SECONDS:
        return
    if len(_last_logged) >= _REMEMBERED:
        _last_logged.clear()
    _last_logged[cause] = now  # no lock: at worst two threads log the same cause
    logger.error("%s", what, exc_info=error)


def forget_what_was_logged() -> None:
    """Let every cause be logged again at once."""
    _last_logged.clear()
