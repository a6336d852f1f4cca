"""The pulse of a run: progress and heartbeat out to its row, the wish to cancel back in.

A helper thread with a database connection of its own writes at most twice a second, so that a long matrix
product does not make a healthy run look dead, and a busy database does not slow the training. Where another
connection cannot see the run (in an open transaction, or on SQLite in memory), the training writes itself.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from django.db import DatabaseError, InterfaceError, OperationalError, connections, router
from django.utils import timezone

from ..algorithms.base import Cancelled
from ..models import ModelRun

BEAT_SECONDS: Final = 0.5
HEARTBEAT_SECONDS: Final = 5.0
LAST_WORD_SECONDS: Final = 30.0
LOG_LINES: Final = 400

Listener = Callable[[str, int, int, int | None], None]
Answer = TypeVar("Answer")

logger = logging.getLogger(__name__)


class Lost(Exception):
    """The run is no longer ours: it was marked failed, or deleted, while this process was silent."""


class Pulse:
    """Use it as a context manager around the work on a claimed ``run``.

    ``on_progress`` is told each step: stage, done, total (0 where unknown) and seconds left, if known.
    """

    def __init__(self, run: ModelRun, *, on_progress: Listener | None = None) -> None:
        self.run = run
        self.on_progress = on_progress
        self.history: list[dict[str, Any]] = []
        self.timings: dict[str, float] = {}
        self._lines: deque[str] = deque(maxlen=LOG_LINES)
        self._progress: dict[str, Any] = {}
        self._unwritten: dict[str, Any] = {}
        self._entered = self._beaten = self._written = time.monotonic()
        self._cancelled = self._lost = False
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name=f"pulse of run {run.pk}", daemon=True)
        self._alias = router.db_for_write(ModelRun)

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
        self.leave()
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def enter(self, stage: str, total: int = 0) -> None:
        """Begin ``stage``. Raises ``Cancelled`` when asked to stop, ``Lost`` when the run has ended."""
        self.leave()
        self._entered = time.monotonic()
        self._progress = {"stage": stage}
        self.note(stage=stage, done=0, total=total, seconds_left=None)
        if self.on_progress is not None:
            self.on_progress(stage, 0, total, None)
        if self._alone:
            self._beat()
        self.check()

    def leave(self) -> None:
        """Add the seconds since ``enter`` to the stage's timing."""
        if stage := self._progress.get("stage"):
            seconds = time.monotonic() - self._entered
            self.timings[stage] = round(self.timings.get(stage, 0.0) + seconds, 3)
            self._progress = {}

    def report(self, stage: str, done: int, total: int, metrics: Mapping[str, Any] | None = None) -> bool:
        """Progress within the current stage; False asks the caller to stop. Fits any ``on_progress``."""
        elapsed = time.monotonic() - self._entered
        left = round(elapsed * (total - done) / done) if 0 < done <= total else None
        self.note(done=done, total=total, seconds_left=left)
        if self.on_progress is not None:
            self.on_progress(self._progress.get("stage", stage), done, total, left)
        if self._alone and time.monotonic() - self._beaten >= BEAT_SECONDS:
            self._beat()
        return not (self._cancelled or self._lost)

    def learn(self, stage: str, done: int, total: int, metrics: Mapping[str, Any] | None = None) -> bool:
        """``report`` that also keeps the metrics of a stage "fit" as a point of the run's learning curve."""
        if metrics and stage == "fit":
            point = {
                "validation_ndcg" if name == "ndcg" else name: float(value) if math.isfinite(value) else None
                for name, value in metrics.items()
            }  # a loss that diverges must not keep the row from being written: JSON knows no NaN
            seconds = round(time.monotonic() - self._entered, 2)
            self.history.append({"epoch": done, **point, "seconds": seconds})
            self.note(history=list(self.history))
        return self.report(stage, done, total)

    @property
    def is_lost(self) -> bool:
        """The run has been ended or deleted by somebody else."""
        return self._lost

    def check(self) -> None:
        """Raise ``Cancelled`` or ``Lost`` where ``report`` would answer False."""
        if self._lost:
            raise Lost
        if self._cancelled:
            raise Cancelled

    def note(self, **fields: Any) -> None:
        """Have these fields of the run written with the next beat."""
        with self._lock:
            self._unwritten |= fields

    def unwritten(self) -> dict[str, Any]:
        """What the final write must still hold: fields not yet written, timings and the log."""
        self.leave()
        with self._lock:
            fields, self._unwritten = self._unwritten, {}
        return fields | {"timings": self.timings, "log": self.log}

    def say(self, line: str) -> None:
        """Add a line to the log that the run keeps the tail of."""
        logger.info("Run %s: %s", self.run.pk, line)
        self._lines.append(f"{timezone.now():%H:%M:%S} {line}")
        self.note(log=self.log)

    @property
    def log(self) -> str:
        """The tail of what was said."""
        return "\n".join(self._lines).replace("\x00", "\N{REPLACEMENT CHARACTER}")

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
        ours = ModelRun.objects.using(self._alias).filter(pk=self.run.pk, status=ModelRun.Status.RUNNING)
        try:
            if fields or self._beaten - self._written >= HEARTBEAT_SECONDS:
                ours.update(heartbeat=timezone.now(), **fields)
                self._written = self._beaten
            asked = ours.values_list("cancel_requested", flat=True).first()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("Run %s: no heartbeat: %s", self.run.pk, error)
            with self._lock:
                self._unwritten = fields | self._unwritten
            if not self._alone:
                connections[self._alias].close_if_unusable_or_obsolete()
            return
        self._cancelled = self._cancelled or bool(asked)
        self._lost = asked is None


def persist(write: Callable[[], Answer]) -> Answer:
    """Do a final write, again and again for half a minute while the database is locked or away."""
    connection = connections[router.db_for_write(ModelRun)]
    deadline = time.monotonic() + LAST_WORD_SECONDS
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() > deadline:
                raise
            connection.close()
            time.sleep(BEAT_SECONDS)
