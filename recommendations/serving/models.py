"""Which models answer in this process, picked up while it serves.

A newly active run is noticed on the first request after at most ``POINTER_SECONDS`` and loaded in the
background; only the first load of a process waits. What serves is one immutable ``State``, swapped whole.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from django.core.signals import setting_changed
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from numpy.typing import NDArray

from ..conf import settings
from ..models import NeverRecommend, Placement
from ..signals import model_activated
from . import background, catalogue, loading, pointer
from .catalogue import Catalogue
from .guard import attempt
from .loading import LoadedModel, as_bytes
from .placements import PlacementConfig, configure
from .pointer import Pointer

POINTER_SECONDS: Final = 5.0
RETRY_SECONDS: Final = 60.0  # a model that could not be loaded is tried again after this
_JOB: Final = "Loading models and what is available"


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """All that an answer needs of this process: models by role, what is available, what a manager changed."""

    models: Mapping[str, LoadedModel] = field(default_factory=dict)
    catalogue: Catalogue = field(default_factory=Catalogue)
    pointer: Pointer = field(default_factory=Pointer)
    built_from: Pointer | None = None
    complete: bool = True  # False when a role's active run could not be loaded
    hurried: bool = False  # True when something was left for later, because somebody waited
    _blocked: dict[tuple[int, str], NDArray[np.bool_]] = field(default_factory=dict)

    def blocked(self, loaded: LoadedModel, filter_key: str) -> NDArray[np.bool_]:
        """Which of the model's items may not be shown: bool (n_items,). Read it, never change it."""
        found = self._blocked.get((loaded.run_id, filter_key))
        if found is None:
            available = self.catalogue.masks.get((loaded.run_id, filter_key))
            found = np.zeros(len(loaded.keys), np.bool_) if available is None else ~available
            if self.pointer.never:
                found[loaded.positions(as_bytes(list(self.pointer.never)))] = True
            self._blocked[loaded.run_id, filter_key] = found
        return found


@dataclass(slots=True)
class _Process:
    """The state of this process and how old its parts are (monotonic seconds)."""

    state: State = field(default_factory=State)
    read_at: float | None = None
    built_at: float | None = None
    tried_at: float = 0.0
    lock: Any = field(default_factory=threading.Lock)
    first: Any = field(default_factory=threading.Lock)
    swap: Any = field(default_factory=threading.Lock)


_process = _Process()


def active() -> Mapping[str, LoadedModel]:
    """The models that answer in this process now, by role."""
    return current().models


def current() -> State:
    """What serves now. Asks the database every ``POINTER_SECONDS``; waits for models only the first time."""
    process = _process
    if process.built_at is None:
        with process.first:
            if process.built_at is None:
                _read_pointer(process)
                _rebuild(process, hurried=not background.stays_here())
            return process.state
    now = time.monotonic()
    is_old = process.read_at is None or now - process.read_at >= POINTER_SECONDS
    if is_old and process.lock.acquire(blocking=False):
        try:
            _read_pointer(process)
        finally:
            process.lock.release()
    if _is_due(process, now):
        background.aside(_JOB, lambda: _rebuild(process))
    return process.state


def _is_due(process: _Process, now: float) -> bool:
    state = process.state
    built_from = state.built_from or Pointer()
    if built_from.roles != state.pointer.roles or built_from.overrides != state.pointer.overrides:
        return True
    if state.hurried or (not state.complete and now - process.tried_at >= RETRY_SECONDS):
        return True
    return now - (process.built_at or 0.0) >= settings.AVAILABLE_TTL


def _read_pointer(process: _Process) -> None:
    """Where the database cannot say, what was known stays, and the question is not repeated for a while."""
    process.read_at = time.monotonic()
    found = attempt("Reading which models are active", pointer.read, process.state.pointer)
    with process.swap:  # what the background has loaded meanwhile is not taken back
        if found != process.state.pointer:
            process.state = replace(process.state, pointer=found, _blocked={})


def _rebuild(process: _Process, *, hurried: bool = False) -> None:
    """Load what is new, read what is available, then swap both at once."""
    before = process.state
    wanted = before.pointer
    process.tried_at = time.monotonic()
    models, complete = _load(wanted.roles, process.state)
    built = attempt(
        "Reading what is available",
        lambda: catalogue.build(
            models.values(), _configured(wanted), process.state.catalogue, hurried=hurried
        ),
        process.state.catalogue,
    )
    with process.swap:
        process.state = State(models, built, process.state.pointer, wanted, complete, hurried)
    process.built_at = time.monotonic()
    is_new = before.hurried or before.built_from is None or before.built_from.roles != wanted.roles
    if is_new and not hurried:
        attempt("Removing old copies of models", loading.forget_old_copies, None)


def _configured(pointer: Pointer) -> list[PlacementConfig]:
    return [configure(slug, pointer.overrides) for slug in settings.PLACEMENTS]


def _load(roles: Mapping[str, tuple[int, int | None]], state: State) -> tuple[dict[str, LoadedModel], bool]:
    """The model of each role: its active run's, else the one that serves now, else the run's before it."""
    at_hand: dict[int, LoadedModel | None] = {loaded.run_id: loaded for loaded in state.models.values()}
    models, complete = {}, True
    for role, (run, previous) in roles.items():
        found = _of_run(run, at_hand)
        if found is None:
            complete = False
            found = state.models.get(role) or (_of_run(previous, at_hand) if previous else None)
        if found is not None:
            models[role] = found
    return models, complete


def _of_run(run: int, at_hand: dict[int, LoadedModel | None]) -> LoadedModel | None:
    if run not in at_hand:
        others = [loaded for loaded in at_hand.values() if loaded is not None]
        at_hand[run] = attempt(f"Loading the model of run {run}", lambda: loading.load(run, others), None)
    return at_hand[run]


def reset() -> None:
    """Forget everything this process has loaded: for tests, and after a fork."""
    global _process
    _process = _Process()


@receiver([post_save, post_delete], sender=Placement, dispatch_uid="recommendations.serving.placement")
@receiver([post_save, post_delete], sender=NeverRecommend, dispatch_uid="recommendations.serving.never")
@receiver(model_activated, dispatch_uid="recommendations.serving.activated")
def read_again(**_kwargs: Any) -> None:
    """This process made the change, so it need not wait to notice it."""
    _process.read_at = None


@receiver(setting_changed, dispatch_uid="recommendations.serving.settings")
def _forget(*, setting: str, **_kwargs: Any) -> None:
    if setting == "RECOMMENDATIONS":
        reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=reset)
