"""What past conversations taught us of a customer, and who does not want that."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class DialogueProfile(models.Model):
    """Topics asked (with decay), topics left unsolved, the trend of emotion: refreshed from conversations."""

    user_key = models.CharField(_("user key"), max_length=64, unique=True)
    topics = models.JSONField(_("topics"), default=dict, blank=True)  # topic -> weight
    unsolved = models.JSONField(_("unsolved topics"), default=dict, blank=True)  # topic -> last asked, ISO
    emotion_trend = models.FloatField(_("emotion trend"), default=0.0)  # -1 angry … 1 thankful, decayed mean
    language = models.CharField(_("preferred language"), max_length=12, blank=True)
    conversations = models.PositiveIntegerField(_("conversations"), default=0)
    is_simulated = models.BooleanField(_("simulated"), default=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("dialogue profile")
        verbose_name_plural = _("dialogue profiles")

    def __str__(self) -> str:
        return self.user_key


class Objection(models.Model):
    """A customer who said no, or had everything erased: no dialogue profile until that is taken back."""

    user_key = models.CharField(_("user key"), max_length=64, unique=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        verbose_name = _("objection")
        verbose_name_plural = _("objections")

    def __str__(self) -> str:
        return self.user_key
