"""The Django app; its label has a prefix because a host may well have an app of that name."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _


class SupportBotConfig(AppConfig):
    name = "support_bot"
    label = "concierge_support"
    verbose_name = _("Support bot")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # The checks look at models, which are there only now.
        from . import checks

        register(checks.check_settings)
