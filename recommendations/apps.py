"""The Django app; its label has a prefix because a host may well have an app called ``recommendations``."""

from __future__ import annotations

from contextlib import suppress

from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _

from .conf import settings


class RecommendationsConfig(AppConfig):
    name = "recommendations"
    label = "concierge_recommendations"
    verbose_name = _("Recommendations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # The checks look at models, which are there only now.
        from . import checks
        from .adapters.checks import check_shop
        from .algorithms import catalogue

        register(checks.check_settings)
        register(checks.check_databases)
        register(checks.check_deployment, deploy=True)
        register(check_shop)
        # A wrong entry is for the check to name; the site starts without it.
        with suppress(ImportError, ValueError):
            catalogue.register(settings.ALGORITHMS)
