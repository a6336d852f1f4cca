"""The state of affairs: what serves, since when, how much of the shop it covers, and what is wrong."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import DatabaseError
from django.db.models import Count, Max
from django.utils import timezone

from .. import artifacts, storage
from ..adapters import DeclarativeAdapter, get_adapter
from ..algorithms import catalogue
from ..conf import settings
from ..models import ActiveModel, ModelRun, NeverRecommend, Placement

OLD_AFTER: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong and what to do about it."""

    problem: str
    fix: str


@dataclass(frozen=True, slots=True)
class Serving:
    """The active model of a role. ``coverage``: the share of the items for sale that it can suggest."""

    role: str
    run: int
    algorithm: str
    age_seconds: float
    metric: str
    value: float | None
    coverage: float | None


@dataclass(slots=True)
class Status:
    """Everything ``recommendations_status`` prints; an empty ``problems`` means that all is well."""

    counts: dict[str, int | None] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)
    roles: list[Serving] = field(default_factory=list)
    missing_roles: list[str] = field(default_factory=list)
    live: list[dict[str, Any]] = field(default_factory=list)
    last_heartbeat: datetime | None = None
    problems: list[Problem] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        heartbeat = self.last_heartbeat.isoformat() if self.last_heartbeat else None
        return {**asdict(self), "last_heartbeat": heartbeat}


def status() -> Status:
    """Look at the tables, the shop and the stored models; what is wrong is listed, never raised."""
    found = Status()
    try:
        ModelRun.objects.fail_stale()
        _runs(found)
        active = list(ActiveModel.objects.select_related("run").order_by("role"))
        for table in (Placement, NeverRecommend):
            table.objects.first()  # what they hold is read with what serves
    except DatabaseError as error:
        found.problems.append(Problem(f"The app's tables cannot be read: {error}", "Run manage.py migrate."))
        return found
    available = _shop(found)
    for row in active:
        _role(found, row, available)
    filled = {serving.role for serving in found.roles}
    found.missing_roles = [role for role in catalogue.ROLES if role not in filled]
    if not filled:
        found.problems.append(
            Problem(
                "No model serves: pages fall back to what sold lately.", "Run recommendations_train --wait."
            )
        )
    return found


def _runs(found: Status) -> None:
    found.runs = dict(
        ModelRun.objects.order_by()
        .values_list("status")
        .annotate(runs=Count("pk"))
        .values_list("status", "runs")
    )
    found.last_heartbeat = ModelRun.objects.aggregate(last=Max("heartbeat"))["last"]
    for run in ModelRun.objects.filter(lock__isnull=False):
        heartbeat = run.heartbeat.isoformat() if run.heartbeat else None
        found.live.append(
            {"run": run.pk, "algorithm": run.algorithm, "status": run.status, "stage": run.stage}
            | {"worker": run.worker, "heartbeat": heartbeat}
        )
        if run.is_waiting_for_worker:
            found.problems.append(
                Problem(
                    f"Run {run.pk} ({run.algorithm}) has waited since {run.queued_at:%Y-%m-%d %H:%M} UTC "
                    "for a worker.",
                    f"Start a worker on the queue {settings.QUEUE['train'] or 'of your routing'}, "
                    "or cancel the run and train with --wait.",
                )
            )
    for algorithm in ModelRun.objects.order_by().values_list("algorithm", flat=True).distinct():
        last = ModelRun.objects.filter(algorithm=algorithm).first()
        if last is not None and last.status == ModelRun.Status.FAILED:
            found.problems.append(
                Problem(
                    f"The last training of {algorithm} (run {last.pk}) failed: {last.error}",
                    f"Put that right and run recommendations_train --algorithm {algorithm} --wait.",
                )
            )


def _shop(found: Status) -> set[str]:
    """Keys of the items for sale; the shop's counts go into ``found``."""
    try:
        adapter: DeclarativeAdapter = get_adapter()
        available = set(adapter.available_keys())
        source = adapter.source("orders")
        lines = source.rows.count() if source else 0
    except Exception as error:  # noqa: BLE001  the adapter is the host's own code
        found.problems.append(
            Problem(f"The shop cannot be read: {type(error).__name__}: {error}", "Run manage.py check.")
        )
        return set()
    found.counts = {"items_available": len(available), "order_lines": lines}
    if not lines:
        found.problems.append(
            Problem(
                "The shop has no order lines that count.", 'Look at RECOMMENDATIONS["SHOP"], line_filter.'
            )
        )
    if not available:
        found.problems.append(
            Problem("No item is for sale.", 'Look at item_available in RECOMMENDATIONS["SHOP"].')
        )
    return available


def _role(found: Status, row: ActiveModel, available: set[str]) -> None:
    run = row.run
    age = timezone.now() - (run.finished_at or run.created_at)
    coverage = None
    try:
        folder = storage.localise(run.artifact, alias=settings.STORAGE, checksum=run.checksum)
        model = artifacts.load(folder, checksum=run.checksum or None)
        if available:
            coverage = sum(key in model.items for key in available) / len(available)
    except Exception as error:  # noqa: BLE001  a storage raises errors of its own
        found.problems.append(
            Problem(
                f"The model of role {row.role} (run {run.pk}) cannot be read: {error}",
                f"Roll back in the admin or run recommendations_train --algorithm {run.algorithm} --wait.",
            )
        )
    if age > OLD_AFTER:
        found.problems.append(
            Problem(
                f"The model of role {row.role} (run {run.pk}) is {age.days} days old.",
                f"Let cron run recommendations_train --algorithm {run.algorithm} --ok-if-kept --wait.",
            )
        )
    metrics = run.metrics if isinstance(run.metrics, dict) else {}
    found.roles.append(
        Serving(
            role=row.role,
            run=run.pk,
            algorithm=run.algorithm,
            age_seconds=round(age.total_seconds()),
            metric=f"{metrics.get('metric', '')} {metrics.get('scope', '')}".strip(),
            value=metrics.get("value"),
            coverage=coverage,
        )
    )
