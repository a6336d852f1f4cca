"""What keeps the bot's upkeep from the customer: one short-lived thread at a time, one log line a minute."""

from __future__ import annotations

import ctypes
import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from django.db import connections

from recommendations.conf import settings as shared

from ..conf import settings

logger = logging.getLogger("support_bot.answers")

LOG_SECONDS: Final = 60.0
_REMEMBERED: Final = 1_000  # causes; a message that varies without end must not fill the memory
_last_logged: dict[str, float] = {}


class Aside:
    """A job that runs off the request, never twice at once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._busy = threading.Lock()

    def run(self, job: Callable[[], None]) -> None:
        """Run ``job``, which catches its own errors, unless the last one still runs.

        It runs here and now where ``stays_here``. The thread closes its own database connections.
        """
        if not self._busy.acquire(blocking=False):
            return
        if stays_here():
            self._work(job)
            return
        try:
            threading.Thread(target=self._work_and_leave, args=(job,), name=self._name, daemon=True).start()
        except RuntimeError:  # no more threads, or the interpreter is shutting down
            self._busy.release()

    @property
    def is_running(self) -> bool:
        """Whether a job is at work."""
        return self._busy.locked()

    def _work(self, job: Callable[[], None]) -> None:
        try:
            job()
        finally:
            self._busy.release()

    def _work_and_leave(self, job: Callable[[], None]) -> None:
        try:
            self._work(job)
        finally:
            connections.close_all()


def job_mode() -> str:
    """How jobs are started: ``SUPPORT_BOT["JOBS"]``, else as the sister app starts its own."""
    return settings.JOBS or shared.JOBS


def stays_here() -> bool:
    """Whether a job runs in the request: when a test asks for it, or a thread would see another database."""
    return job_mode() == "inline" or any(
        connection.vendor == "sqlite" and connection.is_in_memory_db()  # type: ignore[attr-defined]
        for connection in connections.all()
    )


def give_memory_back() -> None:
    """Hand back to the system what loading needed for a moment and the C library keeps (glibc only).

    Measured with 5,000 phrasings: 12 to 17 MB of each web process.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


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


def words(error: BaseException) -> str:
    """An error as a sentence of at most 300 characters."""
    text = " ".join(str(error).split())[:300] or type(error).__name__
    return text if text.endswith((".", "!", "?")) else f"{text}."


def forget_what_was_logged() -> None:
    """Let every cause be logged again at once."""
    _last_logged.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget_what_was_logged)
