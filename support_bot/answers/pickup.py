"""Which engine answers in this process, picked up while it serves.

A newly active build and a changed FAQ are noticed on the first question after at most ``POINTER_SECONDS`` and
taken up in the background; only the first question of a process waits. What answers is one immutable
``Active``, swapped whole.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.core.signals import setting_changed
from django.db import DatabaseError
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from ..models import ActiveKnowledge, Entry, Phrasing
from ..nlu import Engine, lexical_engine
from ..savepoints import savepoints
from ..signals import knowledge_activated
from . import loading, pointer, topics
from .background import Aside, give_memory_back, log_once_a_minute, words
from .pointer import Pointer
from .topics import Topics

POINTER_SECONDS: Final = 5.0
RETRY_SECONDS: Final = 60.0  # a build that could not be loaded is tried again after this


@dataclass(frozen=True, slots=True, eq=False)
class Active:
    """What answers now: the engine, the build it is from (None without one) and the FAQ it was made for.

    ``degraded`` says in a sentence why it answers with less than the active build; empty when all is well.
    ``thresholds`` are a manager's own, by language.
    """

    engine: Engine
    build_id: int | None = None
    degraded: str = ""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    topics: Topics = field(default_factory=Topics, repr=False)
    pointer: Pointer = field(default_factory=Pointer)
    complete: bool = True  # False when the active build or the FAQ could not be read: tried again

    def threshold(self, language: str) -> float:
        """The confidence to answer from: a manager's, else the learned one; 1 for an unknown language."""
        return self.thresholds.get(language, self.engine.thresholds.get(language, 1.0))


@dataclass(slots=True)
class _Process:
    """What answers in this process and how old its parts are (monotonic seconds)."""

    active: Active | None = None
    wanted: Pointer = field(default_factory=Pointer)
    read_at: float | None = None
    tried_at: float = 0.0
    reading: Any = field(default_factory=threading.Lock)
    first: Any = field(default_factory=threading.Lock)
    aside: Aside = field(default_factory=lambda: Aside("Taking up the bot's knowledge"))


_process = _Process()


def active() -> Active:
    """What answers now. Asks the database every ``POINTER_SECONDS``; waits for it only the first time."""
    process = _process
    if process.active is None:
        with process.first:
            if process.active is None:
                _read_pointer(process)
                _take_up(process)
    now = time.monotonic()
    is_old = process.read_at is None or now - process.read_at >= POINTER_SECONDS
    if is_old and process.reading.acquire(blocking=False):
        try:
            _read_pointer(process)
        finally:
            process.reading.release()
    found = process.active or Active(lexical_engine([]))
    if found.pointer != process.wanted or (not found.complete and now - process.tried_at >= RETRY_SECONDS):
        process.aside.run(lambda: _take_up(process))
    return process.active or found


def _read_pointer(process: _Process) -> None:
    """Where the database cannot say, what was known stays, and the question is not repeated for a while."""
    process.read_at = time.monotonic()
    try:
        with savepoints():
            process.wanted = pointer.read()
    except DatabaseError as error:
        log_once_a_minute("Reading which knowledge build is active", error)


def _take_up(process: _Process) -> None:
    """Load what is new, bring it to the FAQ as it is now, then swap. Never raises."""
    wanted, before = process.wanted, process.active
    process.tried_at = time.monotonic()
    try:
        with savepoints():
            process.active = _made(wanted, before)
    except Exception as error:  # noqa: BLE001  a storage, an adapter, a database may raise anything
        log_once_a_minute("Taking up the bot's knowledge", error)
        kept = before or Active(lexical_engine([]))
        reason = f"The FAQ could not be read: {words(error)}"
        process.active = replace(kept, pointer=wanted, degraded=reason, complete=False)
    if before is None or before.engine is not process.active.engine:
        give_memory_back()
    if before is None or before.build_id != process.active.build_id:
        _tidy()


def _tidy() -> None:
    try:
        with savepoints():
            loading.forget_old_copies()
    except (DatabaseError, OSError) as error:
        log_once_a_minute("Removing old copies of knowledge builds", error)


def _made(wanted: Pointer, before: Active | None) -> Active:
    engine, build_id, degraded, complete = _engine(wanted, before)
    same = before is not None and (before.build_id, before.pointer.version) == (build_id, wanted.version)
    if before is not None and same and before.complete and complete:
        return replace(before, thresholds=wanted.thresholds, pointer=wanted)
    found = topics.read()
    engine = engine.update(found.examples) if engine is not None else lexical_engine(found.examples)
    told = [degraded, *(f"{language}: {why}" for language, why in sorted(engine.degraded.items()))]
    told.append(found.problem)
    reason = " ".join(part for part in told if part)
    if reason:
        log_once_a_minute(f"The bot answers with less than it has learned. {reason}")
    return Active(
        engine=engine,
        build_id=build_id,
        degraded=reason,
        thresholds=wanted.thresholds,
        topics=replace(found, examples=()),  # the engine has them
        pointer=wanted,
        complete=complete and not found.problem,
    )


def _engine(wanted: Pointer, before: Active | None) -> tuple[Engine | None, int | None, str, bool]:
    """The active build's engine, else the one that answers now, else the build's before it, else none.

    With it the build that it is of, why it is not the active one, and whether it is.
    """
    if wanted.build is None:
        return None, None, "", True
    if before is not None and before.build_id == wanted.build:
        return before.engine, wanted.build, "", True
    engine, reason = _loaded(wanted.build)
    if engine is not None:
        return engine, wanted.build, "", True
    if before is not None and before.build_id is not None:
        return before.engine, before.build_id, f"{reason} Build {before.build_id} answers.", False
    if wanted.previous is not None:
        engine, _ = _loaded(wanted.previous)
        if engine is not None:
            return engine, wanted.previous, f"{reason} Build {wanted.previous} answers.", False
    return None, None, f"{reason} Questions are matched by words and letters.", False


def _loaded(build_id: int) -> tuple[Engine | None, str]:
    try:
        with savepoints():
            return loading.load(build_id), ""
    except Exception as error:  # noqa: BLE001  a storage raises errors of its own
        log_once_a_minute(f"Loading knowledge build {build_id}", error)
        return None, f"Build {build_id} cannot be loaded: {words(error)}"


def reset() -> None:
    """Forget everything this process has loaded: for tests, and after a fork."""
    global _process
    _process = _Process()


@receiver([post_save, post_delete], sender=Entry, dispatch_uid="concierge_support.answers.entry")
@receiver([post_save, post_delete], sender=Phrasing, dispatch_uid="concierge_support.answers.phrasing")
@receiver([post_save, post_delete], sender=ActiveKnowledge, dispatch_uid="concierge_support.answers.active")
@receiver(knowledge_activated, dispatch_uid="concierge_support.answers.activated")
def read_again(**_kwargs: Any) -> None:
    """This process made the change, so it need not wait to notice it."""
    _process.read_at = None


@receiver(setting_changed, dispatch_uid="concierge_support.answers.settings")
def _forget(*, setting: str, **_kwargs: Any) -> None:
    if setting in ("SUPPORT_BOT", "RECOMMENDATIONS", "DATABASES"):
        reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=reset)
