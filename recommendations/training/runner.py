"""One run from claim to end: whatever happens, its row says how it ended, and the old model serves on."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _

from ..adapters import ReadingCancelled
from ..algorithms.base import Cancelled
from ..models import ModelRun
from .pulse import Listener, Lost, Pulse, persist
from .source import Source
from .stages import Rejected, tidy, train

logger = logging.getLogger(__name__)
Status = ModelRun.Status


class Terminated(BaseException):
    """The process was told to stop by SIGTERM."""


def run(run_id: int, *, source: Source | None = None, on_progress: Listener | None = None) -> None:
    """Train, judge and activate the queued run; its row tells the outcome, also of a failure.

    A run that is not queued (a second delivery of the same task, a cancelled or deleted run) is left alone.
    ``source`` lets several trainings of one process share what they read; ``on_progress`` is told each step.
    Only what stops the process itself (``KeyboardInterrupt``, ``SystemExit``, SIGTERM) is raised again, after
    the row was written.
    """
    row = ModelRun.objects.filter(pk=run_id).first()
    if row is None or not row.claim(f"{socket.gethostname()}:{os.getpid()}"[:120]):
        logger.info("Run %s is not queued: nothing to do", run_id)
        return
    with _terminable(), Pulse(row, on_progress=on_progress) as pulse:
        try:
            train(row, pulse, source or Source())
        except Exception as error:  # noqa: BLE001  a training may fail in every way; the row says how
            _settle(row, pulse, error)
        except BaseException as error:
            _settle(row, pulse, error)
            raise


def _settle(row: ModelRun, pulse: Pulse, error: BaseException) -> None:
    """Write how the run ended, on a fresh connection if need be: the database may have gone away."""
    status, text = _outcome(pulse, error)
    if status is None:
        logger.warning("Run %s is no longer ours: it was marked ended or deleted meanwhile", row.pk)
        return
    if not isinstance(error, Cancelled | ReadingCancelled | Rejected | KeyboardInterrupt):
        pulse.say("".join(traceback.format_exception(error))[-4000:])
        logger.error("Run %s (%s) failed: %s", row.pk, row.algorithm, text, exc_info=error)
    fields = pulse.unwritten() | ({"error": text} if text else {})
    try:
        persist(lambda: row.end(status, **fields))
    except (OperationalError, InterfaceError):
        logger.exception("Run %s has ended as %s, but its row could not be written", row.pk, status)
        return
    tidy(row)


def _outcome(pulse: Pulse, error: BaseException) -> tuple[str | None, str]:
    if isinstance(error, Lost) or (isinstance(error, Cancelled | ReadingCancelled) and pulse.is_lost):
        return None, ""
    if isinstance(error, Cancelled | ReadingCancelled):
        return Status.CANCELLED, ""
    if isinstance(error, KeyboardInterrupt):
        return Status.CANCELLED, _("Stopped from the keyboard.")
    if isinstance(error, Terminated | SystemExit):
        return Status.FAILED, _("The training process was told to stop; start the training again.")
    if isinstance(error, MemoryError):
        return (
            Status.FAILED,
            _("Out of memory: take fewer factors or neighbours, or a machine with more memory."),
        )
    if isinstance(error, Rejected):
        return Status.FAILED, str(error)
    if isinstance(error, ModuleNotFoundError):
        text = _("%(error)s. Training needs the extra: pip install 'django-concierge[train]'")
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
