"""Progress out, cancel in: how often the row is written, and what a database in trouble does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from django.db import InterfaceError, OperationalError

from recommendations.algorithms.base import Cancelled
from recommendations.models import ModelRun
from recommendations.training import pulse as pulse_module
from recommendations.training.pulse import Lost, Pulse, persist

pytestmark = pytest.mark.django_db


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(pulse_module, "time", made)
    return made


@pytest.fixture
def run() -> ModelRun:
    started = ModelRun.objects.start("als", enqueue=False)
    started.claim("host:1")
    return started


def test_a_thousand_steps_a_second_write_the_row_twice_a_second(
    run: ModelRun, clock: Clock, django_assert_max_num_queries: Any
) -> None:
    with Pulse(run) as pulse:
        pulse.enter("fit")
        with django_assert_max_num_queries(2 * 20):  # an update and a question each time
            for step in range(10_000):
                clock.now += 0.001
                assert pulse.report("fit", step, 10_000)


def test_progress_holds_stage_done_total_seconds_left_and_the_learning_curve(
    run: ModelRun, clock: Clock
) -> None:
    with Pulse(run) as pulse:
        pulse.enter("fit")
        for epoch in (1, 2):
            clock.now += 3
            pulse.learn("fit", epoch, 8, {"loss": 1 / epoch, "ndcg": 0.1 * epoch})

    run.refresh_from_db()
    assert (run.stage, run.done, run.total, run.seconds_left) == ("fit", 2, 8, 18)
    assert run.history == [
        {"epoch": 1, "loss": 1.0, "validation_ndcg": 0.1, "seconds": 3.0},
        {"epoch": 2, "loss": 0.5, "validation_ndcg": 0.2, "seconds": 6.0},
    ]


def test_steps_of_another_stage_are_no_points_of_the_curve(run: ModelRun, clock: Clock) -> None:
    with Pulse(run) as pulse:
        pulse.enter("fit")
        pulse.learn("tune", 1, 8, {"loss": 1.0})

    assert pulse.history == []


def test_a_loss_that_diverges_is_a_gap_in_the_curve_and_the_row_is_still_written(
    run: ModelRun, clock: Clock
) -> None:
    with Pulse(run) as pulse:
        pulse.enter("fit")
        pulse.learn("fit", 1, 2, {"loss": float("inf"), "ndcg": float("nan"), "rmse": np.float32(0.5)})
        clock.now += 1
        pulse.report("fit", 1, 2)

    run.refresh_from_db()
    assert run.history == [{"epoch": 1, "loss": None, "validation_ndcg": None, "rmse": 0.5, "seconds": 0.0}]


def test_a_wish_to_cancel_is_answered_at_the_next_step(run: ModelRun, clock: Clock) -> None:
    with Pulse(run) as pulse:
        pulse.enter("fit")
        run.cancel()
        clock.now += 1

        assert pulse.report("fit", 1, 2) is False
        with pytest.raises(Cancelled):
            pulse.check()


@pytest.mark.parametrize("how", ["ended", "deleted"])
def test_a_run_that_is_no_longer_ours_stops_the_training(run: ModelRun, clock: Clock, how: str) -> None:
    with Pulse(run) as pulse:
        pulse.enter("fit")
        if how == "ended":
            ModelRun.objects.get().end("failed", error="given up")
        else:
            ModelRun.objects.all().delete()
        clock.now += 1

        assert pulse.report("fit", 1, 2) is False
        with pytest.raises(Lost):
            pulse.check()


def test_without_progress_the_heart_still_beats(run: ModelRun, clock: Clock) -> None:
    before = run.heartbeat
    with Pulse(run) as pulse:
        clock.now += 10
        pulse._beat()

    run.refresh_from_db()
    assert before is not None and run.heartbeat is not None
    assert run.heartbeat > before


@pytest.mark.parametrize("error", [OperationalError("database is locked"), InterfaceError("cursor closed")])
def test_what_a_database_in_trouble_refused_is_written_at_the_next_beat(
    run: ModelRun, clock: Clock, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    locked = [True]
    update = pulse_module.ModelRun.objects.using("default").all().__class__.update

    def refuse(self: Any, **fields: Any) -> int:
        if locked[0] and "heartbeat" in fields:
            raise error
        return update(self, **fields)

    with Pulse(run) as pulse:
        monkeypatch.setattr(pulse_module.ModelRun.objects.all().__class__, "update", refuse)
        pulse.say("hello")
        pulse.enter("fit", total=7)
        locked[0] = False
        clock.now += 1
        pulse.report("fit", 3, 7)

    run.refresh_from_db()
    assert (run.stage, run.total, run.done) == ("fit", 7, 3)
    assert "hello" in run.log


def test_the_log_keeps_its_tail_and_no_nul(run: ModelRun) -> None:
    pulse = Pulse(run)
    for number in range(pulse_module.LOG_LINES + 5):
        pulse.say(f"line {number} \x00")

    assert pulse.log.count("\n") == pulse_module.LOG_LINES - 1
    assert pulse.log.endswith(f"line {pulse_module.LOG_LINES + 4} \N{REPLACEMENT CHARACTER}")


@pytest.mark.django_db(transaction=True)
def test_the_last_word_is_tried_until_the_database_is_back(clock: Clock) -> None:
    tries = [OperationalError("gone"), OperationalError("still gone")]

    def write() -> str:
        if tries:
            raise tries.pop()
        return "written"

    assert persist(write) == "written"


@pytest.mark.django_db(transaction=True)
def test_the_last_word_is_given_up_after_half_a_minute(clock: Clock) -> None:
    def write() -> None:
        raise OperationalError("gone for good")

    with pytest.raises(OperationalError):
        persist(write)
    assert 30 <= clock.now - 1000 < 32
