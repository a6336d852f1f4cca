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
from recommendations.models import ActiveModel, AlreadyRunning, CannotActivate, ModelRun
from recommendations.models import managers as managers_module

pytestmark = pytest.mark.django_db


def queued(algorithm: str = "als", **options: Any) -> ModelRun:
    return ModelRun.objects.start(algorithm, {}, role="personal", enqueue=False, **options)


def finished(algorithm: str = "als", artifact: str = "stored") -> ModelRun:
    run = queued(algorithm)
    run.claim("host:1")
    run.end("finished", artifact=artifact, verdict="activated" if artifact else "kept_back")
    return run


def silent_since(run: ModelRun, **ago: int) -> None:
    ModelRun.objects.filter(pk=run.pk).update(heartbeat=timezone.now() - timedelta(**ago))
    run.refresh_from_db()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[Any], str | None]]:
    """What would have been enqueued."""
    calls: list[tuple[str, list[Any], str | None]] = []
    monkeypatch.setattr(
        jobs, "enqueue", lambda name, args=(), *, mode=None, queue=None: calls.append((name, args, queue))
    )
    return calls


def test_start_enqueues_the_training_by_name_once_the_transaction_commits(
    sent: list[Any], django_capture_on_commit_callbacks: Any, settings: Any
) -> None:
    queue = {"train": "gpu", "light": None}
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "QUEUE": queue}
    with django_capture_on_commit_callbacks(execute=True):
        run = ModelRun.objects.start("als", {"factors": 8}, role="personal")
        assert sent == []

    assert sent == [("recommendations.train", [run.pk], "gpu")]
    assert (run.status, run.lock, run.parameters) == ("queued", "als", {"factors": 8})


def test_a_start_that_is_rolled_back_enqueues_nothing(
    sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with (
        django_capture_on_commit_callbacks(execute=True),
        pytest.raises(ZeroDivisionError),
        transaction.atomic(),
    ):
        ModelRun.objects.start("als", {})
        raise ZeroDivisionError

    assert sent == []
    assert not ModelRun.objects.exists()


@pytest.mark.parametrize("reason", [jobs.Refused("The broker is down"), RuntimeError("The broker is down")])
def test_a_refused_start_is_a_failed_run_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any, reason: Exception
) -> None:
    def refuse(*_args: Any, **_options: Any) -> None:
        raise reason

    monkeypatch.setattr(jobs, "enqueue", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        run = ModelRun.objects.start("als", {})

    assert (run.status, run.lock) == ("failed", None)
    assert "The broker is down" in run.error
    assert queued("als").status == "queued"


def test_one_live_run_an_algorithm() -> None:
    first = queued("als")

    with pytest.raises(AlreadyRunning) as raised:
        queued("als")
    other = queued("trending")

    assert raised.value.run == first
    assert str(raised.value) == f"als: run {first.pk} is queued; wait for it or cancel it first"
    assert other.is_live


def test_who_started_it_is_kept_and_nobody_is_fine() -> None:
    user = get_user_model().objects.create_user("mira")

    assert queued("als", user=user, via="api").started_by == user
    assert queued("trending", user=AnonymousUser()).started_by is None


def test_a_queued_run_is_taken_once() -> None:
    run = queued()
    twin = ModelRun.objects.get(pk=run.pk)

    assert run.claim("host:1")
    assert not twin.claim("host:2")
    assert ModelRun.objects.get().worker == "host:1"


def test_cancelling_a_queued_run_ends_it_at_once() -> None:
    run = queued()

    assert run.cancel(get_user_model().objects.create_user("mira"))

    assert (run.status, run.lock, run.error) == ("cancelled", None, "Cancelled by mira.")
    assert not run.claim("host:1")


def test_cancelling_a_running_run_asks_it_to_stop() -> None:
    run = queued()
    run.claim("host:1")

    assert run.cancel()

    assert (run.status, run.cancel_requested) == ("running", True)
    assert not run.end("finished", artifact="x")
    assert run.end("cancelled")


def test_cancelling_an_ended_run_changes_nothing() -> None:
    run = finished()

    assert not run.cancel()
    assert run.status == "finished"


def test_cancelling_a_run_whose_worker_died_ends_it() -> None:
    run = queued()
    run.claim("host:1")
    silent_since(run, seconds=121)

    run.cancel()

    assert (run.status, run.lock) == ("failed", None)


def test_a_silent_run_is_failed_by_the_next_start() -> None:
    run = queued()
    run.claim("host:1")
    silent_since(run, seconds=121)
    assert run.is_stale

    again = queued()

    run.refresh_from_db()
    assert (run.status, run.lock) == ("failed", None)
    assert run.error.startswith("No sign of life from host:1 since ")
    assert again.is_live


def test_a_run_that_was_heard_lately_is_not_given_up() -> None:
    run = queued()
    run.claim("host:1")
    silent_since(run, seconds=110)

    assert not run.is_stale
    assert ModelRun.objects.fail_stale() == 0


def test_how_long_silence_may_last_is_one_number(monkeypatch: pytest.MonkeyPatch) -> None:
    run = queued()
    run.claim("host:1")
    silent_since(run, seconds=5)
    monkeypatch.setattr(managers_module, "STALE_AFTER", timedelta(seconds=2))

    assert run.is_stale
    assert ModelRun.objects.fail_stale() == 1


def test_a_run_waits_for_a_worker_after_ten_minutes() -> None:
    run = queued()
    assert not run.is_waiting_for_worker

    ModelRun.objects.update(queued_at=timezone.now() - timedelta(minutes=11))
    run.refresh_from_db()

    assert run.is_waiting_for_worker
    assert not run.is_stale


def test_a_run_ends_once() -> None:
    run = finished()

    assert not run.end("failed", error="too late")
    assert run.status == "finished"


def test_activating_remembers_the_run_before_and_who_did_it() -> None:
    user = get_user_model().objects.create_user("mira")
    first, second = finished(), finished()
    first.activate(via="admin")

    active = second.activate(user=user, via="api")

    assert (active.role, active.run, active.previous_run) == ("personal", second, first)
    second.refresh_from_db()
    assert (second.activated_by, second.activated_via) == (user, "api")
    assert second.activated_at
    assert second.is_active
    assert not first.is_active


def test_activating_what_serves_already_keeps_the_way_back() -> None:
    first, second = finished(), finished()
    first.activate()
    second.activate()

    active = second.activate()

    assert active.previous_run == first


def test_roll_back_swaps_and_swaps_again() -> None:
    first, second = finished(), finished()
    first.activate()
    second.activate()

    assert ActiveModel.objects.roll_back("personal").run == first
    again = ActiveModel.objects.roll_back("personal", via="admin")

    assert (again.run, again.previous_run) == (second, first)
    assert again.run.activated_via == "admin"


def test_roll_back_without_an_earlier_model_says_so() -> None:
    finished().activate()

    with pytest.raises(CannotActivate, match="no earlier model of role 'personal'"):
        ActiveModel.objects.roll_back("personal")
    with pytest.raises(CannotActivate, match="no earlier model of role 'trending'"):
        ActiveModel.objects.roll_back("trending")


@pytest.mark.parametrize("state", ["queued", "kept back", "failed"])
def test_a_run_without_a_model_cannot_be_activated(state: str) -> None:
    run = finished(artifact="") if state == "kept back" else queued()
    if state == "failed":
        run.end("failed", error="x")

    with pytest.raises(CannotActivate, match=f"no stored model to serve with: it is {state}"):
        run.activate()
    assert not ActiveModel.objects.exists()


def test_a_lost_race_for_a_role_is_run_again() -> None:
    first, second, third = finished(), finished(), finished()
    first.activate()
    seen = ActiveModel.objects.get()
    second.activate()

    assert not ActiveModel.objects._swap("default", "personal", seen, third, None, "")
    third.activate()

    active = ActiveModel.objects.get()
    assert (active.run, active.previous_run) == (third, second)


@pytest.mark.parametrize("serving", [True, False])
def test_a_run_that_retention_deletes_meanwhile_cannot_be_activated(serving: bool) -> None:
    before = finished()
    if serving:
        before.activate()
    run = finished()
    ModelRun.objects.get(pk=run.pk).delete()

    with pytest.raises(CannotActivate, match=f"no run {run.pk}"):
        run.activate()

    assert list(ActiveModel.objects.values_list("run", flat=True)) == [before.pk] * serving


def test_a_run_that_is_activated_while_retention_deletes_stays_and_the_others_go(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "KEEP_RUNS": 1}
    runs = [finished() for _turn in range(4)]
    delete = ModelRun.delete

    def activate_one_first(run: ModelRun, *args: Any, **options: Any) -> Any:
        if not ActiveModel.objects.exists():
            ModelRun.objects.get(pk=runs[1].pk).activate()
        return delete(run, *args, **options)

    monkeypatch.setattr(ModelRun, "delete", activate_one_first)

    assert ModelRun.objects.prune("personal") == 2

    assert set(ModelRun.objects.all()) == {runs[1], runs[3]}


def test_activation_is_told_with_both_runs_after_commit(django_capture_on_commit_callbacks: Any) -> None:
    from recommendations.signals import model_activated

    heard: list[Any] = []

    def listen(sender: type, **about: Any) -> None:
        heard.append((about["role"], about["run"], about["previous_run"]))

    first, second = finished(), finished()
    model_activated.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            first.activate()
            second.activate()
            assert heard == []
    finally:
        model_activated.disconnect(listen)

    assert heard == [("personal", first, None), ("personal", second, first)]


def test_pruning_keeps_models_and_failures_apart_and_spares_what_serves(settings: Any) -> None:
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "KEEP_RUNS": 2}
    serving, before = finished(), finished()
    before.activate()
    serving.activate()
    models = [finished() for _turn in range(3)]
    failures = []
    for _turn in range(3):
        run = queued()
        run.end("failed", error="x")
        failures.append(run)
    live = queued()

    assert ModelRun.objects.prune("personal") == 2

    kept = set(ModelRun.objects.values_list("pk", flat=True))
    assert kept == {run.pk for run in (serving, before, *models[1:], *failures[1:], live)}
