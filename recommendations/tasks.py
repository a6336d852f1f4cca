"""The jobs, as Celery tasks where Celery is installed and as plain functions everywhere.

Nothing imports this module to start a job: ``jobs.enqueue("recommendations.train", [run_id])`` names it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import training
from .algorithms import catalogue
from .models import AUTO, ActiveModel, AlreadyRunning, ModelRun
from .models.managers import AUTO_MINUTES

if TYPE_CHECKING:
    from celery import shared_task
else:
    try:
        from celery import shared_task
    except ImportError:

        def shared_task(**_options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
            """Without Celery a job is started in a process of its own, by its plain function."""
            return lambda function: function


logger = logging.getLogger(__name__)


@shared_task(name="recommendations.train", ignore_result=True, acks_late=False)
def train(run_id: int) -> None:
    """Train, judge and activate the run; a second delivery of the same run returns at once."""
    training.run(run_id)


@shared_task(name="recommendations.auto", ignore_result=True, acks_late=False)
def auto(role: str = "personal", minutes: float = AUTO_MINUTES, metric: str = "", scope: str = "") -> None:
    """Start a search for the best model of ``role``, on the queue of trainings; for Celery beat.

    One that is under way already is left alone. Raises ``LookupError`` for an unknown role and ``ValueError``
    for an unknown metric or scope: the schedule is wrong.
    """
    judged = catalogue.ROLES[role].judged_by(metric, scope)
    try:
        ModelRun.objects.start(
            AUTO, role=role, minutes=minutes, metric=judged.metric, scope=judged.scope, via="schedule"
        )
    except AlreadyRunning as busy:
        logger.warning("No search for the role %s is started: %s", role, busy)


@shared_task(name="recommendations.refresh", ignore_result=True, acks_late=False)
def refresh() -> None:
    """Start a training of each model that serves, with its own parameters and from where it is; for beat."""
    ActiveModel.objects.refresh(via="schedule")
