"""The Django app; its label has a prefix because a host may well have an app of that name."""

from __future__ import annotations

import logging
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import register
from django.db.models.signals import post_delete
from django.utils.module_loading import import_string
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
        register(checks.check_deployment, deploy=True)
        post_delete.connect(
            _account_deleted, sender=settings.AUTH_USER_MODEL, dispatch_uid="concierge_support.account"
        )


def _account_deleted(**signal: Any) -> None:
    # By name: without its extra the app must start all the same, for the checks to say what is missing.
    try:
        forget = import_string("support_bot.privacy.forget_deleted_account")
    except ImportError:
        logging.getLogger(__name__).exception("What is kept of a deleted account stays")
    else:
        forget(**signal)
