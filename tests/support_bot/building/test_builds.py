"""Starting, cancelling, giving up, activating and rolling back, as the faces call them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils import timezone

from recommendations import jobs
from support_bot.models import ActiveKnowledge, AlreadyBuilding, CannotActivate, KnowledgeBuild

pytestmark = pytest.mark.django_db


def queued(**options: Any) -> KnowledgeBuild:
    return KnowledgeBuild.objects.start(enqueue=False, **options)


def finished(artifact: str = "stored", verdict: str = "activated") -> KnowledgeBuild:
    build = queued()
    build.claim("host:1")
    build.end("finished", artifact=artifact, checksum="c" * 64, verdict=verdict)
    return build


def silent_for(build: KnowledgeBuild, seconds: int) -> None:
    heard = timezone.now() - timedelta(seconds=seconds)
    KnowledgeBuild.objects.filter(pk=build.pk).update(heartbeat_at=heard)
    build.refresh_from_db()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What would have been enqueued."""
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(
        jobs,
        "enqueue",
        lambda name, args=(), *, mode=None, queue=None: calls.append((name, args, mode, queue)),
    )
    return calls


def test_start_enqueues_the_build_by_name_once_the_transaction_commits(
    sent: list[Any], settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.SUPPORT_BOT = {**settings.SUPPORT_BOT, "QUEUE": {"build": "gpu"}, "JOBS": "celery"}

    with django_capture_on_commit_callbacks(execute=True):
        build = KnowledgeBuild.objects.start()
        assert sent == []

    assert sent == [("support_bot.build", [build.pk], "celery", "gpu")]


def test_without_a_mode_of_its_own_a_build_is_started_as_trainings_are(
    sent: list[Any], settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.SUPPORT_BOT = {**settings.SUPPORT_BOT, "JOBS": None}

    with django_capture_on_commit_callbacks(execute=True):
        KnowledgeBuild.objects.start()

    assert sent[0][2] is None  # jobs.enqueue then takes RECOMMENDATIONS["JOBS"]


def test_a_start_that_is_rolled_back_leaves_nothing(
    sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        KnowledgeBuild.objects.start()
        transaction.set_rollback(True)

    assert sent == []
    assert not KnowledgeBuild.objects.exists()


@pytest.mark.parametrize(
    "refusal", [jobs.Refused("The broker did not answer."), OSError("no more processes")]
)
def test_a_refused_start_is_a_failed_build_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any, refusal: Exception, caplog: Any
) -> None:
    def refuse(*_args: Any, **_options: Any) -> None:
        raise refusal

    monkeypatch.setattr(jobs, "enqueue", refuse)

    with django_capture_on_commit_callbacks(execute=True):
        build = KnowledgeBuild.objects.start()

    assert build.status == "failed"
    assert str(refusal) in build.error
    assert build.lock is None


def test_two_starts_give_one_live_build() -> None:
    first = queued()

    with pytest.raises(AlreadyBuilding, match=f"Build {first.pk} is queued") as refused:
        queued()

    assert refused.value.build == first
    first.cancel()
    assert queued().pk != first.pk


def test_who_started_it_is_kept_and_nobody_is_fine() -> None:
    user = get_user_model().objects.create_user("ann")

    first = queued(user=user, via="admin")
    first.cancel(user)
    second = queued(user=AnonymousUser())

    assert (first.started_by, first.via, first.error) == (user, "admin", "Cancelled by ann.")
    assert second.started_by is None


def test_a_queued_build_is_taken_once() -> None:
    build = queued()

    assert build.claim("host:1")
    assert not KnowledgeBuild.objects.get(pk=build.pk).claim("host:2")
    assert build.worker == "host:1"


def test_cancelling_a_running_build_asks_it_to_stop_and_it_cannot_finish() -> None:
    build = queued()
    build.claim("host:1")

    assert build.cancel()

    assert (build.status, build.cancel_requested) == ("running", True)
    assert not build.end("finished", artifact="x")
    assert build.end("cancelled")
    assert not build.cancel()


def test_a_killed_build_is_given_up_by_the_next_start() -> None:
    dead = queued()
    dead.claim("web-1:77")
    silent_for(dead, 121)
    assert dead.is_stale

    fresh = queued()

    dead.refresh_from_db()
    assert dead.status == "failed"
    assert "No sign of life from web-1:77" in dead.error
    assert fresh.status == "queued"


def test_a_build_that_was_heard_lately_is_not_given_up() -> None:
    build = queued()
    build.claim("host:1")
    silent_for(build, 110)

    assert KnowledgeBuild.objects.fail_stale() == 0
    with pytest.raises(AlreadyBuilding):
        queued()


def test_cancelling_a_build_whose_process_died_ends_it() -> None:
    build = queued()
    build.claim("host:1")
    silent_for(build, 600)

    build.cancel()

    assert build.status == "failed"


def test_a_build_waits_for_a_worker_after_ten_minutes() -> None:
    build = queued()
    assert not build.is_waiting_for_worker

    build.created_at -= timedelta(minutes=11)

    assert build.is_waiting_for_worker


def test_an_error_with_a_nul_can_be_stored() -> None:
    build = queued()

    build.end("failed", error="bad \x00 byte")

    assert build.error == "bad \N{REPLACEMENT CHARACTER} byte"


def test_activating_remembers_the_build_before_and_who_did_it() -> None:
    user = get_user_model().objects.create_user("ann")
    first, second = finished(), finished()
    first.activate()

    active = second.activate(user=user, via="admin")

    assert (active.build, active.previous_build) == (second, first)
    assert (active.activated_by, active.via) == (user, "admin")
    assert second.is_active
    assert not first.is_active


def test_activating_what_answers_already_keeps_the_way_back() -> None:
    first, second = finished(), finished()
    first.activate()
    second.activate()

    assert second.activate().previous_build == first


def test_roll_back_swaps_and_swaps_again() -> None:
    first, second = finished(), finished()
    first.activate()
    second.activate()

    assert ActiveKnowledge.objects.roll_back().build == first
    assert ActiveKnowledge.objects.roll_back().build == second


def test_roll_back_without_an_earlier_build_says_so() -> None:
    with pytest.raises(CannotActivate, match="no earlier build"):
        ActiveKnowledge.objects.roll_back()
    finished().activate()
    with pytest.raises(CannotActivate, match="no earlier build"):
        ActiveKnowledge.objects.roll_back()


def test_a_build_without_an_artifact_cannot_be_activated() -> None:
    with pytest.raises(CannotActivate, match="nothing stored"):
        finished(artifact="", verdict="").activate()
    with pytest.raises(CannotActivate, match="queued"):
        queued().activate()


def test_a_build_that_was_deleted_meanwhile_cannot_be_activated() -> None:
    build = finished()
    KnowledgeBuild.objects.filter(pk=build.pk).delete()

    with pytest.raises(CannotActivate, match="There is no build"):
        build.activate()


def test_a_lost_race_of_two_activations_is_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = finished(), finished(), finished()
    first.activate()
    current = type(ActiveKnowledge.objects).current
    raced: list[bool] = []

    def overtaken(self: Any) -> Any:
        seen = current(self)
        if not raced:
            raced.append(True)
            second.activate()
        return seen

    monkeypatch.setattr(type(ActiveKnowledge.objects), "current", overtaken)

    active = third.activate()

    assert (active.build, active.previous_build) == (third, second)


def test_a_managers_threshold_is_kept_and_given_back() -> None:
    with pytest.raises(CannotActivate, match="No build is active"):
        ActiveKnowledge.objects.set_threshold("en", 0.5)
    finished().activate()

    ActiveKnowledge.objects.set_threshold("en", 0.5)
    ActiveKnowledge.objects.set_threshold("zh-hans", 0.4)
    finished().activate()
    assert ActiveKnowledge.objects.current().thresholds == {"en": 0.5, "zh-hans": 0.4}

    ActiveKnowledge.objects.set_threshold("en", None)
    assert ActiveKnowledge.objects.current().thresholds == {"zh-hans": 0.4}
    with pytest.raises(ValueError, match="between 0 and 1"):
        ActiveKnowledge.objects.set_threshold("en", 1.5)


def test_pruning_keeps_good_builds_and_failures_apart_and_spares_what_answers(settings: Any) -> None:
    settings.SUPPORT_BOT = {**settings.SUPPORT_BOT, "KEEP_BUILDS": 1}
    active, old, kept = finished(), finished(), finished()
    active.activate()
    failures = [queued() for _ in range(1)]
    failures[0].end("failed", error="x")
    later = queued()
    later.end("failed", error="y")
    live = queued()

    assert KnowledgeBuild.objects.prune() == 2

    left = set(KnowledgeBuild.objects.values_list("pk", flat=True))
    assert left == {active.pk, kept.pk, later.pk, live.pk}
    assert old.pk not in left
