"""Training runs and the models that serve: start, cancel, activate and roll back are methods here."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import Any, Final

from django.conf import settings as django_settings
from django.db import IntegrityError, models, router, transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import jobs, storage
from ..conf import settings
from ..signals import run_finished
from . import managers
from .managers import (
    LIVE,
    ActiveModelManager,
    AlreadyRunning,
    CannotActivate,
    CannotRetry,
    ModelRunManager,
    User,
    lock_of,
    person,
)

TRAIN_JOB: Final = "recommendations.train"
WAITING_AFTER: Final = timedelta(minutes=10)

logger = logging.getLogger(__name__)


class ModelRun(models.Model):
    """One training, from the order to train to the model that it left."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        FINISHED = "finished", _("finished")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    class Verdict(models.TextChoices):
        ACTIVATED = "activated", _("activated")
        UNPROVEN = "unproven", _("activated, unproven")
        KEPT_BACK = "kept_back", _("kept back")
        NOT_ASKED = "not_asked", _("stored, not activated")

    algorithm = models.CharField(_("algorithm"), max_length=60, db_index=True)
    role = models.CharField(_("role"), max_length=30, db_index=True)
    parameters = models.JSONField(_("parameters"), default=dict, blank=True)
    # As fitted: "auto" is replaced by what was chosen on the validation part.
    chosen_parameters = models.JSONField(_("chosen parameters"), default=dict, blank=True)
    seed = models.PositiveIntegerField(_("seed"), default=0)
    activate_if_better = models.BooleanField(_("activate if better"), default=True)
    # Looked for the best algorithm; ``algorithm`` is "auto" until one is chosen.
    auto = models.BooleanField(_("automatic"), default=False)
    # What a search was ordered with, empty for none: {minutes, metric: "ndcg@20", scope: "new"}
    search = models.JSONField(_("search"), default=dict, blank=True)
    # What it found: {shop: {…}, left_out: {algorithm: why}, importance: {parameter: share}, …}
    study = models.JSONField(_("study"), default=dict, blank=True)
    warm = models.BooleanField(_("warm start"), default=False)  # learn on from the model that serves

    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.QUEUED, db_index=True
    )
    lock = models.CharField(max_length=100, unique=True, null=True, blank=True, editable=False)
    stage = models.CharField(_("stage"), max_length=30, blank=True)
    done = models.PositiveBigIntegerField(_("done"), default=0)
    total = models.PositiveBigIntegerField(_("total"), default=0)
    seconds_left = models.PositiveIntegerField(_("seconds left"), null=True, blank=True)  # of this stage
    heartbeat = models.DateTimeField(_("heartbeat"), null=True, blank=True)
    cancel_requested = models.BooleanField(_("cancel requested"), default=False)
    worker = models.CharField(_("worker"), max_length=120, blank=True)
    device = models.CharField(_("device"), max_length=80, blank=True)

    # {users, items, rows, orders, first, last, fingerprint}
    data_summary = models.JSONField(_("data summary"), default=dict, blank=True)
    cleaning = models.JSONField(_("cleaning"), default=dict, blank=True)  # CleaningReport.as_dict()
    split = models.JSONField(_("split"), default=dict, blank=True)  # Split.as_dict()
    # {metric: "ndcg@20", scope, value, interval: [low, high], users, all: {every metric}}
    metrics = models.JSONField(_("metrics"), default=dict, blank=True)
    # [{algorithm, run, kind: "baseline" | "active", value, interval, difference: {mean, low, high, p}, all}]
    baselines = models.JSONField(_("baselines"), default=list, blank=True)
    # The learning curve: [{epoch, loss, validation_ndcg, seconds}], where the algorithm tells them.
    history = models.JSONField(_("history"), default=list, blank=True)
    timings = models.JSONField(_("timings"), default=dict, blank=True)  # stage -> seconds
    verdict = models.CharField(_("verdict"), max_length=12, choices=Verdict.choices, blank=True)
    verdict_text = models.TextField(_("verdict text"), blank=True)
    artifact = models.CharField(_("artifact"), max_length=255, blank=True)
    checksum = models.CharField(_("checksum"), max_length=64, blank=True)
    error = models.TextField(_("error"), blank=True)
    log = models.TextField(_("log"), blank=True)  # the tail

    created_at = models.DateTimeField(_("created at"), auto_now_add=True, db_index=True)
    queued_at = models.DateTimeField(_("queued at"), default=timezone.now)  # anew with each retry
    retries = models.PositiveSmallIntegerField(_("retries"), default=0)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    started_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL,
        verbose_name=_("started by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        db_constraint=False,
        related_name="+",
    )
    started_via = models.CharField(_("started via"), max_length=30, blank=True)
    activated_at = models.DateTimeField(_("activated at"), null=True, blank=True)
    activated_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL,
        verbose_name=_("activated by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        db_constraint=False,
        related_name="+",
    )
    activated_via = models.CharField(_("activated via"), max_length=30, blank=True)

    objects = ModelRunManager()

    class Meta:
        verbose_name = _("model run")
        verbose_name_plural = _("model runs")
        ordering = ["-pk"]
        permissions = [
            ("activate_modelrun", "Can activate and roll back models"),
            ("cancel_modelrun", "Can cancel a model run"),
        ]

    def __str__(self) -> str:
        return f"{self.algorithm} {self.pk}"

    @property
    def is_live(self) -> bool:
        """Queued or running."""
        return self.status in LIVE

    @property
    def is_stale(self) -> bool:
        """Running by the table, but its worker has been silent for two minutes."""
        return self.status == self.Status.RUNNING and (
            self.heartbeat is None or self.heartbeat < timezone.now() - managers.STALE_AFTER
        )

    @property
    def is_waiting_for_worker(self) -> bool:
        """Queued for ten minutes without a worker taking it."""
        return self.status == self.Status.QUEUED and self.queued_at < timezone.now() - WAITING_AFTER

    @property
    def can_be_retried(self) -> bool:
        """Ended without a result: it may go on from where it was."""
        return self.status in (self.Status.FAILED, self.Status.CANCELLED)

    @property
    def searches(self) -> bool:
        """Whether it tries several algorithms or parameters before it settles."""
        return bool(self.search)

    @property
    def is_active(self) -> bool:
        """Serving for a role now."""
        return self.active_for.exists()

    @property
    def duration(self) -> timedelta | None:
        """From the moment a worker took it to its end, or to now while it runs."""
        if self.started_at is None:
            return None
        return (self.finished_at or timezone.now()) - self.started_at

    def _enqueue(self) -> None:
        try:
            jobs.enqueue(TRAIN_JOB, [self.pk], queue=settings.QUEUE["train"])
        except jobs.Refused as refusal:
            self.end(self.Status.FAILED, error=str(refusal))
        except Exception as error:
            logger.exception("Run %s could not be started", self.pk)
            self.end(self.Status.FAILED, error=gettext("The training could not be started: %s") % error)
        self.refresh_from_db()

    def claim(self, worker: str, **fields: Any) -> bool:
        """Take a queued run for ``worker``; False when it was taken, cancelled or deleted before."""
        now = timezone.now()
        queued = ModelRun.objects.filter(pk=self.pk, status=self.Status.QUEUED)
        fields |= {"status": self.Status.RUNNING, "worker": worker, "started_at": now, "heartbeat": now}
        if not queued.update(**fields):
            return False
        self.refresh_from_db()
        return True

    def end(self, status: str, **fields: Any) -> bool:
        """Set the final ``status`` and give the lock back, once: False when the run had ended before.

        A run that was asked to stop cannot finish any more; that is False too.
        """
        live = ModelRun.objects.filter(pk=self.pk, status__in=LIVE)
        if status == self.Status.FINISHED:
            live = live.filter(cancel_requested=False)
        return self._end(live, status, fields)

    def _end(self, live: models.QuerySet[ModelRun], status: str, fields: dict[str, Any]) -> bool:
        fields |= {"status": status, "lock": None, "finished_at": timezone.now(), "seconds_left": None}
        if status == self.Status.FINISHED:
            fields["error"] = ""
        elif "error" in fields:
            fields["error"] = _storable(fields["error"])
        if not live.update(**fields):
            return False
        self.refresh_from_db()
        transaction.on_commit(
            partial(run_finished.send_robust, ModelRun, run=self), using=self._state.db, robust=True
        )
        return True

    def cancel(self, user: User = None) -> bool:
        """Cancel a queued run at once, or ask a running one to stop; False when it had ended before."""
        by = gettext("Cancelled by %s.") % user if person(user) else gettext("Cancelled.")
        queued = ModelRun.objects.filter(pk=self.pk, status=self.Status.QUEUED)
        if self._end(queued, self.Status.CANCELLED, {"error": by, "cancel_requested": True}):
            return True
        running = ModelRun.objects.filter(pk=self.pk, status=self.Status.RUNNING)
        asked = bool(running.update(cancel_requested=True, error=by))
        self.refresh_from_db()
        if self.is_stale:
            ModelRun.objects.fail_stale()
            self.refresh_from_db()
        return asked

    def retry(self, *, user: User = None, enqueue: bool = True) -> None:
        """Queue a failed or cancelled run again; it goes on from its trials and checkpoints.

        Those are kept on the rows that it had read: orders placed since do not count for it. ``user`` and
        ``enqueue`` are as for ``ModelRun.objects.start``. Raises ``CannotRetry`` for a run that is under way
        or has a result, ``AlreadyRunning`` while another run of the kind is live.
        """
        using = self._state.db or router.db_for_write(ModelRun)
        ModelRun.objects.fail_stale()
        lock = lock_of(self.algorithm, self.role, auto=self.auto, warm=self.warm)
        ended = ModelRun.objects.filter(pk=self.pk, status__in=(self.Status.FAILED, self.Status.CANCELLED))
        fields: dict[str, Any] = {"status": self.Status.QUEUED, "lock": lock, "queued_at": timezone.now()}
        fields |= {"cancel_requested": False, "error": "", "finished_at": None, "heartbeat": None}
        fields |= {"stage": "", "done": 0, "total": 0, "retries": models.F("retries") + 1}
        if person(user):
            fields["started_by"] = user
        try:
            with transaction.atomic(using=using):
                queued = ended.update(**fields)
        except IntegrityError:
            if live := ModelRun.objects.filter(lock=lock).first():
                raise AlreadyRunning(live) from None
            raise
        self.refresh_from_db()
        if not queued:
            text = gettext("Run %(run)s is %(status)s: only a failed or cancelled run goes on.")
            raise CannotRetry(text % {"run": self.pk, "status": self.get_status_display()})
        if enqueue:
            transaction.on_commit(self._enqueue, using=using, robust=True)

    def activate(self, *, role: str | None = None, user: User = None, via: str = "") -> ActiveModel:
        """Let this run's model answer for ``role``, its own by default; the one before stays to go back to.

        Raises ``CannotActivate`` when the run is not finished or its artifact is gone.
        """
        if self.status != self.Status.FINISHED or not self.artifact:
            state = self.get_verdict_display() or self.get_status_display()
            text = gettext("Run %(run)s has no stored model to serve with: it is %(state)s")
            raise CannotActivate(text % {"run": self.pk, "state": state})
        return ActiveModel.objects.switch(role or self.role, self, user=user, via=via)


def _storable(text: str) -> str:
    """PostgreSQL takes no NUL in a text, and an error may quote one."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


@receiver(post_delete, sender=ModelRun)
def delete_artifact(instance: ModelRun, using: str, **_kwargs: Any) -> None:
    """The artifact goes when its run is deleted, whoever deletes it."""
    if instance.artifact:
        remove = partial(storage.delete, instance.artifact, alias=settings.STORAGE)
        transaction.on_commit(remove, using=using, robust=True)


class ActiveModel(models.Model):
    """Which run answers for a role, and the one before it."""

    role = models.CharField(_("role"), max_length=30, unique=True)
    run = models.ForeignKey(
        ModelRun, verbose_name=_("run"), on_delete=models.PROTECT, related_name="active_for"
    )
    previous_run = models.ForeignKey(
        ModelRun,
        verbose_name=_("previous run"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="previously_active_for",
    )
    changed_at = models.DateTimeField(_("changed at"), auto_now=True)

    objects = ActiveModelManager()

    class Meta:
        verbose_name = _("active model")
        verbose_name_plural = _("active models")

    def __str__(self) -> str:
        return f"{self.role}: {self.run}"
