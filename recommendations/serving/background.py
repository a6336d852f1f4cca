"""Work that no visitor should wait for: a short-lived thread, one at a time for each name."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from django.db import connections

from ..conf import settings
from .guard import attempt

_running: set[str] = set()
_lock = threading.Lock()


def aside(name: str, job: Callable[[], None]) -> None:
    """Run ``job`` off the request, unless a job of that name runs already.

    It runs here and now where ``JOBS`` is ``inline`` and where a thread would find another database than ours
    (SQLite in memory). A failure is logged. The thread closes its own database connections.
    """
    if not _begin(name):
        return
    if stays_here():
        _work(name, job)
        return
    try:
        threading.Thread(target=_work_and_leave, args=(name, job), name=name, daemon=True).start()
    except RuntimeError:  # no more threads, or the interpreter is shutting down
        _end(name)


def stays_here() -> bool:
    """Whether a job runs in the request: when a test asks for it, or a thread would see another database."""
    return settings.JOBS == "inline" or any(
        connection.vendor == "sqlite" and connection.is_in_memory_db()  # type: ignore[attr-defined]
        for connection in connections.all()
    )


def _work_and_leave(name: str, job: Callable[[], None]) -> None:
    try:
        _work(name, job)
    finally:
        connections.close_all()


def _work(name: str, job: Callable[[], None]) -> None:
    try:
        attempt(name, job, None)
    finally:
        _end(name)


def _begin(name: str) -> bool:
    with _lock:
        if name in _running:
            return False
        _running.add(name)
        return True


def _end(name: str) -> None:
    with _lock:
        _running.discard(name)


def is_running(name: str) -> bool:
    """Whether a job of that name is at work."""
    return name in _running


def _start_anew_in_a_fork() -> None:
    """A forked child has none of its parent's threads, and must not wait for a lock that one of them held."""
    global _lock
    _lock = threading.Lock()
    _running.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew_in_a_fork)
