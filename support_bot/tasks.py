"""The jobs, as Celery tasks where Celery is installed and as plain functions everywhere.

Nothing imports this module to start a job: ``jobs.enqueue("support_bot.build", [build_id])`` names it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import building, privacy, profiles

if TYPE_CHECKING:
    from celery import shared_task
else:
    try:
        from celery import shared_task
    except ImportError:

        def shared_task(**_options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
            """Without Celery a job is started in a process of its own, by its plain function."""
            return lambda function: function


@shared_task(name="support_bot.build", ignore_result=True, acks_late=False)
def build(build_id: int) -> None:
    """Learn from the FAQ, judge and activate; a second delivery of the same build returns at once."""
    building.run(build_id)


@shared_task(name="support_bot.purge", ignore_result=True)
def purge() -> None:
    """Forget what is older than RETENTION_DAYS; for a schedule, once a day."""
    privacy.purge()


@shared_task(name="support_bot.refresh_profiles", ignore_result=True)
def refresh_profiles() -> None:
    """Make the dialogue profiles of customers who have said something new; for a schedule, once a night."""
    profiles.refresh_changed()
