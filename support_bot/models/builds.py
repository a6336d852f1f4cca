"""Knowledge builds: what was learned from the FAQ, how well, and which of them answers."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import Any, Final

from django.conf import settings as django_settings
from django.db import models, transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from recommendations import jobs, storage

from ..conf import settings
from ..signals import build_finished
from .managers import (
    LIVE,
    STALE_AFTER,
    ActiveKnowledgeManager,
    CannotActivate,
    KnowledgeBuildManager,
    User,
    person,
)

BUILD_JOB: Final = "support_bot.build"
WAITING_AFTER: Final = timedelta(minutes=10)

logger = logging.getLogger(__name__)


class KnowledgeBuild(models.Model):
    """One build: started, followed, judged, stored. The artifact's name is empty when nothing was stored."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        FINISHED = "finished", _("finished")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    class Verdict(models.TextChoices):
        ACTIVATED = "activated", _("activated")
        KEPT_BACK = "kept_back", _("kept back")
        NOT_ACTIVATED = "not_activated", _("not activated")

    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.QUEUED)
    # Set while queued or running, so that one build is live at a time, on every database.
    lock = models.CharField(max_length=12, unique=True, null=True, editable=False)  # noqa: DJ001
    stage = models.CharField(_("stage"), max_length=24, blank=True)
    done = models.PositiveIntegerField(_("done"), default=0)
    total = models.PositiveIntegerField(_("total"), default=0)
    heartbeat_at = models.DateTimeField(_("heartbeat"), null=True, blank=True)
    worker = models.CharField(_("worker"), max_length=120, blank=True)
    cancel_requested = models.BooleanField(default=False, editable=False)
    activate_when_done = models.BooleanField(_("activate when it passes"), default=True)
    seed = models.PositiveIntegerField(_("seed"), default=0)
    encoders = models.JSONField(_("encoders"), default=dict, blank=True)  # by language, those really used
    data = models.JSONField(_("data"), default=dict, blank=True)  # entries, phrasings, languages, fingerprint
    metrics = models.JSONField(
        _("metrics"), default=dict, blank=True
    )  # by language: accuracy, calibration, …
    outcomes = models.JSONField(
        default=dict, blank=True, editable=False
    )  # phrasing hash -> right out of fold
    thresholds = models.JSONField(_("thresholds"), default=dict, blank=True)  # by language, as learned
    timings = models.JSONField(_("timings"), default=dict, blank=True)
    device = models.CharField(_("device"), max_length=60, blank=True)
    verdict = models.CharField(_("verdict"), max_length=16, choices=Verdict.choices, blank=True)
    verdict_reason = models.TextField(_("reason"), blank=True)
    artifact = models.CharField(_("artifact"), max_length=120, blank=True)
    checksum = models.CharField(_("checksum"), max_length=64, blank=True)
    error = models.TextField(_("error"), blank=True)
    started_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL,
        verbose_name=_("started by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        db_constraint=False,
        related_name="+",
    )
    via = models.CharField(_("started via"), max_length=12, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, db_index=True)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = KnowledgeBuildManager()

    class Meta:
        verbose_name = _("knowledge build")
        verbose_name_plural = _("knowledge builds")
        ordering = ["-created_at", "-pk"]
        permissions = [
            ("activate_knowledgebuild", _("Can activate and roll back knowledge builds")),
            ("cancel_knowledgebuild", _("Can cancel knowledge builds")),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def is_live(self) -> bool:
        """Queued or running."""
        return self.status in LIVE

    @property
    def is_stale(self) -> bool:
        """Running by the table, but its process has been silent for two minutes."""
        return self.status == self.Status.RUNNING and (
            self.heartbeat_at is None or self.heartbeat_at < timezone.now() - STALE_AFTER
        )

    @property
    def is_waiting_for_worker(self) -> bool:
        """Queued for ten minutes without a worker taking it."""
        return self.status == self.Status.QUEUED and self.created_at < timezone.now() - WAITING_AFTER

    @property
    def is_active(self) -> bool:
        """Answering now."""
        return self.active_as.exists()

    @property
    def duration(self) -> timedelta | None:
        """From the moment a worker took it to its end, or to now while it runs."""
        if self.started_at is None:
            return None
        return (self.finished_at or timezone.now()) - self.started_at

    def _enqueue(self) -> None:
        try:
            jobs.enqueue(BUILD_JOB, [self.pk], mode=settings.JOBS, queue=settings.QUEUE["build"])
        except jobs.Refused as refusal:
            self.end(self.Status.FAILED, error=str(refusal))
        except Exception as error:
            logger.exception("Build %s could not be started", self.pk)
            self.end(self.Status.FAILED, error=gettext("The build could not be started: %s") % error)
        self.refresh_from_db()

    def claim(self, worker: str) -> bool:
        """Take a queued build for ``worker``; False when it was taken, cancelled or deleted before."""
        now = timezone.now()
        queued = KnowledgeBuild.objects.filter(pk=self.pk, status=self.Status.QUEUED)
        taken = {"status": self.Status.RUNNING, "worker": worker, "started_at": now, "heartbeat_at": now}
        if not queued.update(**taken):
            return False
        self.refresh_from_db()
        return True

    def end(self, status: str, **fields: Any) -> bool:
        """Set the final ``status`` and give the lock back, once: False when the build had ended before.

        A build that was asked to stop cannot finish any more; that is False too.
        """
        live = KnowledgeBuild.objects.filter(pk=self.pk, status__in=LIVE)
        if status == self.Status.FINISHED:
            live = live.filter(cancel_requested=False)
        return self._end(live, status, fields)

    def _end(self, live: models.QuerySet[KnowledgeBuild], status: str, fields: dict[str, Any]) -> bool:
        fields |= {"status": status, "lock": None, "finished_at": timezone.now()}
        if status == self.Status.FINISHED:
            fields["error"] = ""
        elif "error" in fields:  # PostgreSQL takes no NUL in a text, and an error may quote one
            fields["error"] = str(fields["error"]).replace("\x00", "\N{REPLACEMENT CHARACTER}")
        if not live.update(**fields):
            return False
        self.refresh_from_db()
        tell = partial(build_finished.send_robust, KnowledgeBuild, build=self)
        transaction.on_commit(tell, using=self._state.db, robust=True)
        return True

    def cancel(self, user: User = None) -> bool:
        """Cancel a queued build at once, or ask a running one to stop; False when it had ended before."""
        by = gettext("Cancelled by %s.") % user if person(user) else gettext("Cancelled.")
        queued = KnowledgeBuild.objects.filter(pk=self.pk, status=self.Status.QUEUED)
        if self._end(queued, self.Status.CANCELLED, {"error": by, "cancel_requested": True}):
            return True
        running = KnowledgeBuild.objects.filter(pk=self.pk, status=self.Status.RUNNING)
        asked = bool(running.update(cancel_requested=True, error=by))
        self.refresh_from_db()
        if self.is_stale:
            KnowledgeBuild.objects.fail_stale()
            self.refresh_from_db()
        return asked

    def activate(self, *, user: User = None, via: str = "") -> ActiveKnowledge:
        """Let this build answer; the one before stays to go back to.

        Raises ``CannotActivate`` when the build is not finished or nothing of it is stored.
        """
        if self.status != self.Status.FINISHED or not self.artifact:
            state = self.get_verdict_display() or self.get_status_display()
            text = gettext("Build %(build)s has nothing stored to answer with: it is %(state)s")
            raise CannotActivate(text % {"build": self.pk, "state": state})
        return ActiveKnowledge.objects.switch(self, user=user, via=via)


@receiver(post_delete, sender=KnowledgeBuild, dispatch_uid="concierge_support.builds.artifact")
def delete_artifact(instance: KnowledgeBuild, using: str, **_kwargs: Any) -> None:
    """The artifact goes when its build is deleted, whoever deletes it."""
    if instance.artifact:
        remove = partial(storage.delete, instance.artifact, alias=settings.STORAGE)
        transaction.on_commit(remove, using=using, robust=True)


class ActiveKnowledge(models.Model):
    """The one row that names the build that answers; ``thresholds`` are a manager's own, by language."""

    role = models.CharField(max_length=12, unique=True, default="knowledge", editable=False)
    build = models.ForeignKey(
        KnowledgeBuild,
        verbose_name=_("build"),
        null=True,
        on_delete=models.PROTECT,
        related_name="active_as",
    )
    previous_build = models.ForeignKey(
        KnowledgeBuild,
        verbose_name=_("previous build"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="previously_active_as",
    )
    thresholds = models.JSONField(_("thresholds"), default=dict, blank=True)
    activated_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL,
        verbose_name=_("activated by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        db_constraint=False,
        related_name="+",
    )
    via = models.CharField(_("activated via"), max_length=12, blank=True)
    activated_at = models.DateTimeField(_("activated at"), default=timezone.now)

    objects = ActiveKnowledgeManager()

    class Meta:
        verbose_name = _("active knowledge")
        verbose_name_plural = _("active knowledge")

    def __str__(self) -> str:
        return str(self.build)
