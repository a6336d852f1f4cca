"""What is done to builds as a whole: start one, fail the silent, prune, switch which answers, roll back."""

from __future__ import annotations

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
from ..signals import knowledge_activated

if TYPE_CHECKING:
    from .builds import ActiveKnowledge, KnowledgeBuild

STALE_AFTER: Final = timedelta(seconds=120)
LIVE: Final = ("queued", "running")
LOCK: Final = "build"  # one build is live at a time
ROLE: Final = "knowledge"

User = AbstractBaseUser | AnonymousUser | None


class AlreadyBuilding(Exception):
    """A build is queued or running; it is in ``build``."""

    def __init__(self, build: KnowledgeBuild) -> None:
        self.build = build
        text = _("Build %(build)s is %(status)s; wait for it or cancel it first")
        super().__init__(text % {"build": build.pk, "status": build.get_status_display()})


class CannotActivate(Exception):
    """The build has nothing to answer with, or there is no earlier one to go back to; the text says which."""


class KnowledgeBuildManager(models.Manager["KnowledgeBuild"]):
    def start(
        self,
        *,
        user: User = None,
        via: str = "admin",
        activate: bool = True,
        seed: int = 0,
        enqueue: bool = True,
    ) -> KnowledgeBuild:
        """Queue a build and have it started elsewhere once the open transaction commits.

        With ``activate`` it answers if the gate lets it pass. ``enqueue=False`` is for a caller that builds
        in its own process. A broker or process that refuses leaves the build failed with that reason.
        Raises ``AlreadyBuilding`` while another one is live.
        """
        self.fail_stale()
        using = self._db or router.db_for_write(self.model)
        try:
            with transaction.atomic(using=using):
                build = self.using(using).create(
                    lock=LOCK, started_by=person(user), via=via, activate_when_done=activate, seed=seed
                )
        except IntegrityError:
            if live := self.filter(lock=LOCK).first():
                raise AlreadyBuilding(live) from None
            raise
        if enqueue:
            transaction.on_commit(build._enqueue, using=using, robust=True)
        return build

    def fail_stale(self) -> int:
        """Mark running builds failed whose process has been silent for two minutes; how many there were."""
        before = timezone.now() - STALE_AFTER
        silent = self.filter(status=self.model.Status.RUNNING, heartbeat_at__lt=before)
        return sum(build.end(self.model.Status.FAILED, error=_died(build)) for build in silent)

    def prune(self) -> int:
        """Delete the oldest builds and their artifacts beyond ``KEEP_BUILDS``; how many were deleted.

        Builds with an artifact and builds without are counted apart, so that a week of failures costs no good
        build. Live, active and previously active builds stay.
        """
        keep = max(1, settings.KEEP_BUILDS)
        ended = self.exclude(status__in=LIVE)
        old: list[int] = []
        for builds in (ended.exclude(artifact=""), ended.filter(artifact="")):
            old += builds.order_by("-pk").values_list("pk", flat=True)[keep:]
        deleted = 0
        for build in self.filter(pk__in=old, active_as=None, previously_active_as=None):
            with suppress(ProtectedError, IntegrityError), transaction.atomic(using=build._state.db):
                build.delete()  # refused where somebody has activated it meanwhile
                deleted += 1
        return deleted


class ActiveKnowledgeManager(models.Manager["ActiveKnowledge"]):
    def current(self) -> ActiveKnowledge | None:
        """The one row, with its builds; None before the first activation."""
        return self.select_related("build", "previous_build").filter(role=ROLE).first()

    def checksums(self) -> set[str]:
        """Of the artifacts in use: the active build's and the one's before it."""
        pairs = self.values_list("build__checksum", "previous_build__checksum")
        return {checksum for pair in pairs for checksum in pair if checksum}

    def switch(self, build: KnowledgeBuild, *, user: User = None, via: str = "") -> ActiveKnowledge:
        """Let ``build`` answer; a switch to the one that answers already changes nothing.

        A manager's own thresholds stay: confidences are calibrated and mean the same in every build.
        """
        while True:
            active = self.current()
            if active is not None and active.build_id == build.pk:
                return active
            if self._swap(active, build, user, via):
                return self.get(role=ROLE)

    def roll_back(self, *, user: User = None, via: str = "") -> ActiveKnowledge:
        """Swap the active build with the one before it. Raises ``CannotActivate`` where there is none."""
        while True:
            active = self.current()
            if active is None or active.previous_build is None:
                raise CannotActivate(_("There is no earlier build to go back to"))
            if self._swap(active, active.previous_build, user, via):
                return self.get(role=ROLE)

    def set_threshold(self, language: str, value: float | None) -> None:
        """A manager's own threshold for ``language``; None gives it back to the build's.

        Raises ``ValueError`` for a value outside 0 to 1 and ``CannotActivate`` before the first activation.
        """
        if value is not None and not 0 <= value <= 1:
            raise ValueError(_("A threshold lies between 0 and 1, got %s") % value)
        using = self._db or router.db_for_write(self.model)
        with transaction.atomic(using=using):
            active = self.using(using).select_for_update().filter(role=ROLE).first()
            if active is None:
                raise CannotActivate(_("No build is active yet, so there is no threshold to move"))
            others = {code: one for code, one in active.thresholds.items() if code != language}
            active.thresholds = others if value is None else {**others, language: float(value)}
            active.save(update_fields=["thresholds"])

    def _swap(self, active: ActiveKnowledge | None, build: KnowledgeBuild, user: User, via: str) -> bool:
        """One conditional write of one row; False when somebody else has changed it meanwhile."""
        using = self._db or router.db_for_write(self.model)
        told = {"activated_by": person(user), "via": via, "activated_at": timezone.now()}
        with transaction.atomic(using=using):
            if not type(build)._default_manager.using(using).filter(pk=build.pk).exists():
                raise CannotActivate(_("There is no build %s.") % build.pk)  # deleted meanwhile
            if active is None:
                if not self.get_or_create(role=ROLE, defaults={"build": build, **told})[1]:
                    return False
            else:
                same = self.filter(
                    pk=active.pk, build=active.build_id, previous_build=active.previous_build_id
                )
                if not same.update(build=build, previous_build=active.build_id, **told):
                    return False
            send = partial(
                knowledge_activated.send_robust,
                self.model,
                build=build,
                previous_build=active.build if active else None,
            )
            transaction.on_commit(send, using=using, robust=True)
        return True


def _died(build: KnowledgeBuild) -> str:
    text = _(
        "No sign of life from %(worker)s since %(time)s UTC: it was killed, ran out of memory or lost its "
        "database. Start the build again."
    )
    return text % {"worker": build.worker, "time": f"{build.heartbeat_at:%Y-%m-%d %H:%M:%S}"}


def person(user: User) -> Any:
    """The user as a foreign key takes it: None for an anonymous one."""
    return user if user is not None and user.pk is not None else None
