"""The pulse of a build: progress and heartbeat out to its row, the wish to cancel back in.

A helper thread with a database connection of its own writes at most twice a second, so that a long matrix
product does not make a healthy build look dead. Where another connection cannot see the build (in an open
transaction, or on SQLite in memory), the build writes itself.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from django.db import DatabaseError, InterfaceError, OperationalError, connections, router
from django.utils import timezone

from ..models import KnowledgeBuild

BEAT_SECONDS: Final = 0.5
HEARTBEAT_SECONDS: Final = 5.0
LAST_WORD_SECONDS: Final = 30.0

Listener = Callable[[str, int, int], None]  # stage, done, total (0 where unknown)
Answer = TypeVar("Answer")

logger = logging.getLogger(__name__)


class Cancelled(Exception):
    """Somebody asked the build to stop."""


class Lost(Exception):
    """The build is no longer ours: it was marked failed, or deleted, while this process was silent."""


class Pulse:
    """Use it as a context manager around the work on a claimed ``build``."""

    def __init__(self, build: KnowledgeBuild, *, on_progress: Listener | None = None) -> None:
        self.build = build
        self.on_progress = on_progress
        self.timings: dict[str, float] = {}
        self._stage = ""
        self._unwritten: dict[str, Any] = {}
        self._entered = self._beaten = self._written = time.monotonic()
        self._cancelled = self._lost = False
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name=f"pulse of build {build.pk}", daemon=True)
        self._alias = router.db_for_write(KnowledgeBuild)

    def __enter__(self) -> Self:
        connection = connections[self._alias]
        in_memory = connection.vendor == "sqlite" and connection.is_in_memory_db()  # type: ignore[attr-defined]
        self._alone = connection.in_atomic_block or in_memory
        if not self._alone:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def enter(self, stage: str) -> None:
        """Begin ``stage``. Raises ``Cancelled`` when asked to stop, ``Lost`` when the build has ended."""
        self._leave()
        self._stage, self._entered = stage, time.monotonic()
        self._tell(stage, 0, 0)
        if self._alone:
            self._beat()
        self.check()

    def report(self, stage: str, done: int, total: int) -> None:
        """Progress of the learner, whose own steps show as stages. Raises as ``enter`` does."""
        self._tell(stage[:24], done, total)
        if self._alone and time.monotonic() - self._beaten >= BEAT_SECONDS:
            self._beat()
        self.check()

    def check(self) -> None:
        """Raise ``Cancelled`` when asked to stop, ``Lost`` when the build has ended."""
        if self._lost:
            raise Lost
        if self._cancelled:
            raise Cancelled

    def note(self, **fields: Any) -> None:
        """Have these fields of the build written with the next beat."""
        with self._lock:
            self._unwritten |= fields

    def unwritten(self) -> dict[str, Any]:
        """What the final write must still hold: fields not yet written, and the timings."""
        self._leave()
        with self._lock:
            fields, self._unwritten = self._unwritten, {}
        return fields | {"timings": self.timings}

    def _tell(self, stage: str, done: int, total: int) -> None:
        self.note(stage=stage, done=done, total=total)
        if self.on_progress is not None:
            self.on_progress(stage, done, total)

    def _leave(self) -> None:
        if self._stage:
            seconds = time.monotonic() - self._entered
            self.timings[self._stage] = round(self.timings.get(self._stage, 0.0) + seconds, 3)
            self._stage = ""

    def _work(self) -> None:
        try:
            while not self._stop.wait(BEAT_SECONDS):
                self._beat()
        finally:
            connections[self._alias].close()

    def _beat(self) -> None:
        """Write what is new and ask whether to stop. A locked or absent database is tried again next time."""
        self._beaten = time.monotonic()
        with self._lock:
            fields, self._unwritten = self._unwritten, {}
        ours = KnowledgeBuild.objects.using(self._alias).filter(
            pk=self.build.pk, status=KnowledgeBuild.Status.RUNNING
        )
        try:
            if fields or self._beaten - self._written >= HEARTBEAT_SECONDS:
                ours.update(heartbeat_at=timezone.now(), **fields)
                self._written = self._beaten
            asked = ours.values_list("cancel_requested", flat=True).first()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("Build %s: no heartbeat: %s", self.build.pk, error)
            with self._lock:
                self._unwritten = fields | self._unwritten
            if not self._alone:
                connections[self._alias].close_if_unusable_or_obsolete()
            return
        self._cancelled = self._cancelled or bool(asked)
        self._lost = asked is None


def persist(write: Callable[[], Answer]) -> Answer:
    """Do a final write, again and again for half a minute while the database is locked or away."""
    connection = connections[router.db_for_write(KnowledgeBuild)]
    deadline = time.monotonic() + LAST_WORD_SECONDS
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() > deadline:
                raise
            connection.close()
            time.sleep(BEAT_SECONDS)
