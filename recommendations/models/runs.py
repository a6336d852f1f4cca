"""Training runs and the models that serve: start, cancel, activate and roll back are methods here."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class AlreadyRunning(Exception):
    """A run of the same algorithm is queued or running; it is in ``run``."""

    def __init__(self, run: ModelRun) -> None:
        self.run = run
        super().__init__(f"{run.algorithm}: run {run.pk} is {run.status}; wait for it or cancel it first")


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

    algorithm = models.CharField(max_length=60, db_index=True)
    role = models.CharField(max_length=30, db_index=True)
    parameters = models.JSONField(default=dict, blank=True)
    seed = models.PositiveIntegerField(default=0)
    activate_if_better = models.BooleanField(default=True)

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED, db_index=True)
    lock = models.CharField(max_length=60, unique=True, null=True, blank=True, editable=False)
    stage = models.CharField(max_length=30, blank=True)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    heartbeat = models.DateTimeField(null=True, blank=True)
    cancel_requested = models.BooleanField(default=False)
    worker = models.CharField(max_length=120, blank=True)
    device = models.CharField(max_length=80, blank=True)

    data_summary = models.JSONField(default=dict, blank=True)  # users, items, rows, orders, first, last, fingerprint
    cleaning = models.JSONField(default=dict, blank=True)  # CleaningReport.as_dict()
    split = models.JSONField(default=dict, blank=True)  # Split.as_dict()
    metrics = models.JSONField(default=dict, blank=True)  # {"metric": "ndcg@20", "scope", "value", "interval", "users", "all": {...}}
    baselines = models.JSONField(default=list, blank=True)  # [{"algorithm", "run", "value", "interval", "difference": {...}, "all": {...}}]
    history = models.JSONField(default=list, blank=True)  # learning curve: [{"epoch", "loss", "validation_ndcg", "seconds"}]
    timings = models.JSONField(default=dict, blank=True)  # stage -> seconds
    verdict = models.CharField(max_length=12, choices=Verdict.choices, blank=True)
    verdict_text = models.TextField(blank=True)
    artifact = models.CharField(max_length=255, blank=True)
    checksum = models.CharField(max_length=64, blank=True)
    error = models.TextField(blank=True)
    log = models.TextField(blank=True)  # the tail

    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, db_constraint=False, related_name="+"
    )
    started_via = models.CharField(max_length=30, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, db_constraint=False, related_name="+"
    )
    activated_via = models.CharField(max_length=30, blank=True)

    class Meta:
        ordering = ["-pk"]
        permissions = [
            ("activate_modelrun", "Can activate and roll back models"),
            ("cancel_modelrun", "Can cancel a model run"),
        ]

    def __str__(self) -> str:
        return f"{self.algorithm} {self.pk}"


class ActiveModel(models.Model):
    """Which run answers for a role, and the one before it."""

    role = models.CharField(max_length=30, unique=True)
    run = models.ForeignKey(ModelRun, on_delete=models.PROTECT, related_name="active_for")
    previous_run = models.ForeignKey(
        ModelRun, null=True, blank=True, on_delete=models.SET_NULL, related_name="previously_active_for"
    )
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.role}: {self.run}"
