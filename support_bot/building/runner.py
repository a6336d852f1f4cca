"""One build from claim to end: whatever happens, its row says how it ended, and the old one answers on."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _

from ..models import KnowledgeBuild
from .pulse import Cancelled, Listener, Lost, Pulse, persist
from .stages import Rejected, build, tidy

logger = logging.getLogger(__name__)
Status = KnowledgeBuild.Status


class Terminated(BaseException):
    """The process was told to stop by SIGTERM."""


def run(build_id: int, *, on_progress: Listener | None = None) -> None:
    """Learn, judge, store and activate the queued build; its row tells the outcome, also of a failure.

    A build that is not queued (a second delivery of the same task, a cancelled or deleted one) is left alone.
    ``on_progress`` is told each step. Only what stops the process itself (``KeyboardInterrupt``,
    ``SystemExit``, SIGTERM) is raised again, after the row was written.
    """
    row = KnowledgeBuild.objects.filter(pk=build_id).first()
    if row is None or not row.claim(f"{socket.gethostname()}:{os.getpid()}"[:120]):
        logger.info("Build %s is not queued: nothing to do", build_id)
        return
    with _terminable(), Pulse(row, on_progress=on_progress) as pulse:
        try:
            build(row, pulse)
        except Exception as error:  # noqa: BLE001  a build may fail in every way; the row says how
            _settle(row, pulse, error)
        except BaseException as error:
            _settle(row, pulse, error)
            raise


def _settle(row: KnowledgeBuild, pulse: Pulse, error: BaseException) -> None:
    """Write how the build ended, on a fresh connection if need be: the database may have gone away."""
    if isinstance(error, Lost):
        logger.warning("Build %s is no longer ours: it was marked ended or deleted meanwhile", row.pk)
        return
    status, text = _outcome(error)
    if not isinstance(error, Cancelled | Rejected | KeyboardInterrupt):
        logger.error("Build %s failed: %s", row.pk, text, exc_info=error)
    fields = pulse.unwritten() | ({"error": text} if text else {})
    try:
        persist(lambda: row.end(status, **fields))
    except (OperationalError, InterfaceError):
        logger.exception("Build %s has ended as %s, but its row could not be written", row.pk, status)
        return
    tidy(row)


def _outcome(error: BaseException) -> tuple[str, str]:
    if isinstance(error, Cancelled):
        return Status.CANCELLED, ""
    if isinstance(error, KeyboardInterrupt):
        return Status.CANCELLED, _("Stopped from the keyboard.")
    if isinstance(error, Terminated | SystemExit):
        return Status.FAILED, _("The process was told to stop; start the build again.")
    if isinstance(error, MemoryError):
        return Status.FAILED, _("Out of memory: take fewer encoders, or a machine with more memory.")
    if isinstance(error, Rejected):
        return Status.FAILED, str(error)
    if isinstance(error, ModuleNotFoundError):
        text = _("%(error)s. A build needs the extra: pip install 'django-concierge[train]'")
        return Status.FAILED, text % {"error": error}
    words = " ".join(str(error).split())[:500]
    return Status.FAILED, f"{type(error).__name__}: {words}" if words else type(error).__name__


@contextmanager
def _terminable() -> Iterator[None]:
    """Turn SIGTERM into an exception where nobody else handles it; a Celery worker does, and waits for us."""
    ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    )
    if not ours:
        yield
        return

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise Terminated

    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
