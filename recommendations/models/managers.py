"""What is done to runs and active models as a whole: start, fail the stale, prune, switch, roll back."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, models, router, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from ..conf import settings
from ..signals import model_activated

if TYPE_CHECKING:
    from .runs import ActiveModel, ModelRun

STALE_AFTER: Final = timedelta(seconds=120)
LIVE: Final = ("queued", "running")
AUTO: Final = "auto"
AUTO_MINUTES: Final = 10.0
MAX_MINUTES: Final = 10_080  # a week

logger = logging.getLogger(__name__)

User = AbstractBaseUser | AnonymousUser | None


class AlreadyRunning(Exception):
    """A run of the same algorithm is queued or running; it is in ``run``."""

    def __init__(self, run: ModelRun) -> None:
        self.run = run
        text = _("%(algorithm)s: run %(run)s is %(status)s; wait for it or cancel it first")
        named = {"algorithm": run.algorithm, "run": run.pk, "status": run.get_status_display()}
        super().__init__(text % named)


class CannotActivate(Exception):
    """The run has no model to serve with, or there is no earlier model to go back to; the text says which."""


class CannotRetry(Exception):
    """The run is under way or has a result; the text says which."""


class ModelRunManager(models.Manager["ModelRun"]):
    def start(
        self,
        algorithm: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        role: str | None = None,
        user: User = None,
        via: str = "admin",
        activate: bool = True,
        seed: int = 0,
        minutes: float | None = None,
        metric: str = "",
        scope: str = "",
        warm: bool = False,
        enqueue: bool = True,
    ) -> ModelRun:
        """Queue a training and have it started elsewhere once the open transaction commits.

        ``algorithm`` "auto" looks for the best one for ``role`` ("personal" by default) and the best
        parameters in ``minutes`` (10 by default), judged by ``metric`` over ``scope`` (the role's by
        default, both validated by ``Role.judged_by``); ``minutes`` with a named algorithm look for its best
        parameters, beginning with these.

        ``parameters`` were validated by ``catalogue.validate``. ``role`` is one of the algorithm's; without
        it the worker takes the usual one. With ``activate`` the model serves if the gate lets it pass. With
        ``warm`` it learns on from the model that serves, where the algorithm can.
        ``enqueue=False`` is for a caller that trains in its own process. A broker or process that refuses
        leaves the run failed with that reason. Raises ``AlreadyRunning`` while a run of the same algorithm,
        or a search for the same role, is live.
        """
        auto = algorithm == AUTO
        role = role or ("personal" if auto else "")
        search: dict[str, Any] = {}
        if auto or minutes:
            search = {"minutes": minutes or AUTO_MINUTES, "metric": metric, "scope": scope}
        lock = lock_of(algorithm, role, auto=auto, warm=warm)
        self.fail_stale()
        using = self._db or router.db_for_write(self.model)
        try:
            with transaction.atomic(using=using):
                run = self.using(using).create(
                    algorithm=algorithm,
                    lock=lock,
                    parameters=dict(parameters or {}),
                    role=role,
                    auto=auto,
                    search=search,
                    warm=warm,
                    started_by=person(user),
                    started_via=via,
                    activate_if_better=activate,
                    seed=seed,
                )
        except IntegrityError:
            if live := self.filter(lock=lock).first():
                raise AlreadyRunning(live) from None
            raise
        if enqueue:
            transaction.on_commit(run._enqueue, using=using, robust=True)
        return run

    def fail_stale(self) -> int:
        """Mark the running runs failed whose worker has been silent for two minutes; how many there were."""
        silent = self.filter(status=self.model.Status.RUNNING, heartbeat__lt=timezone.now() - STALE_AFTER)
        return sum(run.end(self.model.Status.FAILED, error=_died(run)) for run in silent)

    def prune(self, role: str) -> int:
        """Delete the role's oldest runs and their artifacts beyond ``KEEP_RUNS``; how many were deleted.

        Runs with a stored model and runs without are counted apart, so that a week of failures costs no good
        model. Live, active and previously active runs stay.
        """
        ended = self.filter(role=role).exclude(status__in=LIVE)
        old: list[ModelRun] = []
        for runs in (ended.exclude(artifact=""), ended.filter(artifact="")):
            pks = list(runs.order_by("-pk").values_list("pk", flat=True)[max(1, settings.KEEP_RUNS) :])
            old += self.filter(pk__in=pks, active_for=None, previously_active_for=None)
        deleted = 0
        for run in old:
            with suppress(ProtectedError, IntegrityError), transaction.atomic(using=run._state.db):
                run.delete()  # refused where somebody has activated it meanwhile
                deleted += 1
        return deleted


class ActiveModelManager(models.Manager["ActiveModel"]):
    def refresh(self, *, via: str, user: User = None, enqueue: bool = True) -> list[ModelRun]:
        """Train each model that serves again with its own parameters, learning on from it where it can.

        A role whose refresh is under way already is left alone. ``user`` and ``enqueue`` are as for
        ``ModelRun.objects.start``.
        """
        started = []
        for active in self.select_related("run").order_by("role"):
            run = active.run
            options: dict[str, Any] = {"role": active.role, "warm": True, "seed": run.seed}
            try:
                started.append(
                    type(run).objects.start(
                        run.algorithm,
                        run.chosen_parameters or run.parameters,
                        **options,
                        via=via,
                        user=user,
                        enqueue=enqueue,
                    )
                )
            except AlreadyRunning as busy:
                logger.warning("The model of role %s is not refreshed: %s", active.role, busy)
        return started

    def switch(self, role: str, run: ModelRun, *, user: User = None, via: str = "") -> ActiveModel:
        """Let ``run`` answer for ``role``; a switch to the run that serves already changes nothing."""
        using = self._db or router.db_for_write(self.model)
        while True:
            active = self.filter(role=role).first()
            if active is not None and active.run_id == run.pk:
                return active
            if self._swap(using, role, active, run, user, via):
                return self.get(role=role)

    def checksums(self) -> set[str]:
        """Of the artifacts in use: the active one of each role and the one before it."""
        pairs = self.values_list("run__checksum", "previous_run__checksum")
        return {checksum for pair in pairs for checksum in pair if checksum}

    def roll_back(self, role: str, *, user: User = None, via: str = "") -> ActiveModel:
        """Swap the active run with the one before it. Raises ``CannotActivate`` where there is none."""
        using = self._db or router.db_for_write(self.model)
        while True:
            active = self.select_related("previous_run").filter(role=role).first()
            if active is None or active.previous_run is None:
                raise CannotActivate(_("There is no earlier model of role %r to go back to") % role)
            if self._swap(using, role, active, active.previous_run, user, via):
                return self.get(role=role)

    def _swap(
        self, using: str, role: str, active: ActiveModel | None, run: ModelRun, user: User, via: str
    ) -> bool:
        """One conditional write of one row; False when somebody else has changed it meanwhile."""
        now = timezone.now()
        before = active.run_id if active else None
        with transaction.atomic(using=using):
            if active is None:
                created = self.get_or_create(role=role, defaults={"run": run})[1]
                if not created:
                    return False
            else:
                same = self.filter(pk=active.pk, run=before, previous_run=active.previous_run_id)
                if not same.update(run=run, previous_run=before, changed_at=now):
                    return False
            run.activated_at, run.activated_by, run.activated_via = now, person(user), via
            told = {"activated_at": now, "activated_by": run.activated_by, "activated_via": via}
            if not type(run)._default_manager.filter(pk=run.pk).update(**told):
                raise CannotActivate(_("There is no run %(run)s.") % {"run": run.pk})  # deleted meanwhile
            send = partial(
                model_activated.send_robust,
                self.model,
                role=role,
                run=run,
                previous_run=active.run if active else None,
            )
            transaction.on_commit(send, using=using, robust=True)
        return True


def _died(run: ModelRun) -> str:
    text = _(
        "No sign of life from %(worker)s since %(time)s UTC: it was killed, ran out of memory or lost its "
        "database. Let it go on, or start the training again."
    )
    return text % {"worker": run.worker, "time": f"{run.heartbeat:%Y-%m-%d %H:%M:%S}"}


def lock_of(algorithm: str, role: str, *, auto: bool, warm: bool) -> str:
    """What only one live run holds: its algorithm; of a search or a refresh the role belongs to it."""
    return f"{AUTO if auto else algorithm} {role}" if auto or warm else algorithm


def person(user: User) -> Any:
    """The user as a foreign key takes it: None for an anonymous one."""
    return user if user is not None and user.pk is not None else None
