"""Trials: what a search for the best model tried, one row each, stored as it ends.

They are the search's memory: a search that was killed goes on from its rows, in every process on every host.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .runs import ModelRun


class Trial(models.Model):
    """One algorithm with one set of parameters, fitted and scored before the test period."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        COMPLETE = "complete", _("complete")
        PRUNED = "pruned", _("stopped early")  # it was behind the others half-way, or took too long
        FAILED = "failed", _("failed")
        INTERRUPTED = "interrupted", _("interrupted")  # the process died during it

    run = models.ForeignKey(ModelRun, verbose_name=_("run"), on_delete=models.CASCADE, related_name="trials")
    number = models.PositiveIntegerField(_("number"))
    round = models.PositiveSmallIntegerField(_("round"), default=0)  # 0 is the first go, with defaults
    algorithm = models.CharField(_("algorithm"), max_length=60)
    parameters = models.JSONField(_("parameters"), default=dict)  # as ordered
    chosen_parameters = models.JSONField(_("chosen parameters"), default=dict)  # as fitted
    state = models.CharField(_("status"), max_length=12, choices=State.choices, default=State.RUNNING)
    value = models.FloatField(_("value"), null=True)  # of the run's metric
    interval = models.JSONField(_("interval"), null=True)  # [low, high] at 95 %
    # The learning curve: [{epoch, loss, validation_ndcg, seconds}], where the algorithm tells them.
    history = models.JSONField(_("history"), default=list)
    seconds = models.FloatField(_("seconds"), default=0.0)
    note = models.TextField(_("note"), blank=True)  # why it failed or was stopped
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("trial")
        verbose_name_plural = _("trials")
        ordering = ["run", "number"]
        default_permissions = ()  # they are seen with their run
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="concierge_recommendations_trial_number")
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.number} {self.algorithm}"
