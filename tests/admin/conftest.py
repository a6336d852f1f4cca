from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from recommendations.models import ModelRun

SCORES = {
    "metric": "ndcg@20",
    "scope": "new",
    "value": 0.0471,
    "interval": [0.0431, 0.0512],
    "users": 480,
    "all": {"ndcg": 0.0471, "recall": 0.061},
}
BASELINES = [
    {
        "kind": "baseline",
        "algorithm": "popularity",
        "run": None,
        "value": 0.043,
        "interval": [0.0391, 0.0466],
        "difference": {"mean": 0.0041, "low": 0.0012, "high": 0.0071},
        "all": {"ndcg": 0.043, "recall": 0.055},
    }
]
CURVE = [{"epoch": n, "loss": 3 / n, "validation_ndcg": 0.05 - 0.03 / n, "seconds": n} for n in range(1, 6)]


@pytest.fixture
def run_of(db: None) -> Callable[..., ModelRun]:
    """Makes a run: a finished, scored one of als unless told otherwise."""

    def make(**fields: Any) -> ModelRun:
        now = timezone.now()
        usual = {
            "algorithm": "als",
            "role": "personal",
            "status": ModelRun.Status.FINISHED,
            "parameters": {"factors": 64, "regularization": None},
            "chosen_parameters": {"regularization": 10.0},
            "device": "cpu",
            "data_summary": {"users": 500, "rows": 391003, "fingerprint": "3f0c"},
            "cleaning": {
                "rows_in": 400,
                "rows_out": 391,
                "rules": [{"rule": "missing_item", "count": 9, "done": "left out"}],
            },
            "split": {"split": "temporal", "cutoff": "2026-09-15", "train": {"rows": 310}},
            "metrics": SCORES,
            "baselines": BASELINES,
            "history": CURVE,
            "timings": {"fit": 12.4},
            "verdict": ModelRun.Verdict.KEPT_BACK,
            "verdict_text": "Below the baseline.",
            "artifact": "als-1",
            "log": "the first line\nthe last line",
            "started_at": now - timedelta(seconds=62),
            "finished_at": now,
        }
        return ModelRun.objects.create(**(usual | fields))

    return make


@pytest.fixture
def live(run_of: Callable[..., ModelRun]) -> ModelRun:
    """A run that a worker is busy with."""
    return run_of(
        status=ModelRun.Status.RUNNING,
        lock="als",
        stage="fit",
        done=3,
        total=15,
        seconds_left=42,
        heartbeat=timezone.now(),
        history=CURVE[:3],
        metrics={},
        baselines=[],
        verdict="",
        verdict_text="",
        artifact="",
        finished_at=None,
    )


@pytest.fixture
def manager(db: None) -> Client:
    """A superuser's browser."""
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("manager", password="manager"))
    return client


@pytest.fixture
def staff(db: None) -> Callable[..., Client]:
    """The browser of a member of staff who has just these permissions."""

    def log_in(*names: str) -> Client:
        user = get_user_model().objects.create_user(f"staff-{'-'.join(names)}", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
        client = Client()
        client.force_login(user)
        return client

    return log_in


def page(name: str, *args: Any) -> str:
    """The address of an admin page of the app: ``page("modelrun_change", 3)``."""
    return reverse(f"admin:concierge_recommendations_{name}", args=args)
