"""Knowledge builds: what was learned from the FAQ, how well, and which of them answers."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


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
        settings.AUTH_USER_MODEL,
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


class ActiveKnowledge(models.Model):
    """The one row that names the build that answers; ``thresholds`` are a manager's own, by language."""

    role = models.CharField(max_length=12, unique=True, default="knowledge", editable=False)
    build = models.ForeignKey(
        KnowledgeBuild, verbose_name=_("build"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    previous_build = models.ForeignKey(
        KnowledgeBuild,
        verbose_name=_("previous build"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    thresholds = models.JSONField(_("thresholds"), default=dict, blank=True)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("activated by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        db_constraint=False,
        related_name="+",
    )
    via = models.CharField(_("activated via"), max_length=12, blank=True)
    activated_at = models.DateTimeField(_("activated at"), default=timezone.now)

    class Meta:
        verbose_name = _("active knowledge")
        verbose_name_plural = _("active knowledge")

    def __str__(self) -> str:
        return str(self.build)
