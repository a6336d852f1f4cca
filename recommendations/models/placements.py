"""What a manager changes about what is shown: placements and the never-recommend list."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Placement(models.Model):
    """Overrides of one placement; a blank field means what the setting says."""

    slug = models.SlugField(_("slug"), max_length=60, unique=True)
    enabled = models.BooleanField(
        _("enabled"), default=True, help_text=_("A disabled placement shows nothing.")
    )
    title = models.CharField(_("title"), max_length=120, blank=True)
    strategies = models.JSONField(
        _("strategies"),
        null=True,
        blank=True,
        help_text=_('Names of strategies, tried in order: a list such as ["personal", "trending"].'),
    )
    limit = models.PositiveSmallIntegerField(
        _("limit"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    max_per_category = models.PositiveSmallIntegerField(_("max per category"), null=True, blank=True)
    mmr = models.FloatField(
        _("mmr"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text=_("Maximal marginal relevance: 0 ranks by score alone, towards 1 by difference."),
    )
    filters = models.JSONField(
        _("filters"), null=True, blank=True, help_text=_('Filters of the item model: {"price__lte": 20}.')
    )

    class Meta:
        verbose_name = _("placement")
        verbose_name_plural = _("placements")

    def __str__(self) -> str:
        return self.slug


class NeverRecommend(models.Model):
    """An item that no placement may show."""

    item_key = models.CharField(_("item key"), max_length=200, unique=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("created by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        db_constraint=False,
        related_name="+",
    )

    class Meta:
        verbose_name = _("item never recommended")
        verbose_name_plural = _("items never recommended")

    def __str__(self) -> str:
        return self.item_key
