"""The jobs, as Celery tasks where Celery is installed and as plain functions everywhere.

Nothing imports this module to start a job: ``jobs.enqueue("recommendations.train", [run_id])`` names it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import training

if TYPE_CHECKING:
    from celery import shared_task
else:
    try:
        from celery import shared_task
    except ImportError:

        def shared_task(**_options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
            """Without Celery a job is started in a process of its own, by its plain function."""
            return lambda function: function


@shared_task(name="recommendations.train", ignore_result=True, acks_late=False)
def train(run_id: int) -> None:
    """Train, judge and activate the run; a second delivery of the same run returns at once."""
    training.run(run_id)
