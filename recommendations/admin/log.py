"""The admin's log of activations: each one by a person is in it, from the admin, the API or a training."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.dispatch import receiver
from django.utils.translation import gettext as _

from recommendations.models import ModelRun
from recommendations.signals import model_activated

from . import describe


@receiver(model_activated, dispatch_uid="concierge_recommendations.admin.log")
def log_activation(role: str, run: ModelRun, previous_run: ModelRun | None, **_kwargs: Any) -> None:
    """Write who made ``run`` answer for ``role``; without a user the run itself keeps how it came about."""
    if run.activated_by_id is None:
        return
    words = {
        "role": describe.role_title(role),
        "previous": previous_run or _("none"),
        "via": run.activated_via or _("unknown"),
    }
    LogEntry.objects.create(
        user_id=run.activated_by_id,
        content_type_id=ContentType.objects.get_for_model(ModelRun).pk,
        object_id=str(run.pk),
        object_repr=str(run)[:200],
        action_flag=CHANGE,
        change_message=_("Serves the role %(role)s (before: %(previous)s; by way of: %(via)s).") % words,
    )
