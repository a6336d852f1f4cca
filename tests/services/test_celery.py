"""Trainings by a real Celery worker through Redis, on PostgreSQL, while orders come in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .conftest import Shop, Worker, free_port, until


def an_order_goes_through(shop: Shop) -> None:
    bought = shop.buy()

    assert bought["stored"]
    assert bought["taken"] == 1


def test_a_worker_trains_what_the_web_process_asked_for(shop: Shop, hire: Callable[[], Worker]) -> None:
    worker = hire()
    assert shop.vendor() == "postgresql"

    run = shop.start("trending", {"half_life": 20})["id"]
    an_order_goes_through(shop)

    row = shop.has_ended(run)
    assert (row["status"], row["role"], row["verdict"]) == ("finished", "trending", "activated"), row["error"]
    assert row["worker"].endswith(f":{worker.process.pid}")
    assert row["heartbeat"]


def test_a_running_training_can_be_cancelled(shop: Shop, hire: Callable[[], Worker]) -> None:
    hire()
    serving = shop.active()
    shop.hold()
    run = shop.start("patient")["id"]
    shop.is_training(run)
    an_order_goes_through(shop)

    assert shop.cancel(run)

    row = shop.has_ended(run)
    assert (row["status"], row["lock"], row["error"]) == ("cancelled", None, "Cancelled.")
    assert shop.active() == serving


def test_a_killed_worker_costs_a_failed_run_and_nothing_else(shop: Shop, hire: Callable[[], Worker]) -> None:
    worker = hire()
    serving, shown = shop.active(), shop.recommend()
    shop.hold()
    run = shop.start("patient")["id"]
    shop.is_training(run)

    worker.kill()

    an_order_goes_through(shop)
    assert shop.start("patient") == {"live": run}
    until(lambda: shop.fail_stale(2), "the silence to be noticed")
    row = shop.row(run)
    assert (row["status"], row["lock"]) == ("failed", None)
    assert row["error"].startswith(f"No sign of life from {row['worker']}")
    assert (shop.active(), shop.recommend()) == (serving, shown)

    hire()
    shop.release()
    again = shop.start("patient")["id"]
    assert shop.has_ended(again)["status"] == "finished"
    assert shop.row(run)["status"] == "failed"


def test_the_same_task_delivered_twice_trains_once(shop: Shop, hire: Callable[[], Worker]) -> None:
    first, second = hire(), hire()
    shop.hold()
    run = shop.start("patient")["id"]
    taken = shop.is_training(run)

    shop.send(run)

    idle = second if taken["worker"].endswith(f":{first.process.pid}") else first
    until(lambda: "recommendations.train" in idle.said() and "succeeded" in idle.said(), "a second delivery")
    an_order_goes_through(shop)
    shop.release()
    row = shop.has_ended(run)
    assert row["status"] == "finished", row["error"]
    assert (row["worker"], row["started_at"]) == (taken["worker"], taken["started_at"])
    shop.send(run)  # and once more after its end
    until(lambda: (first.said() + second.said()).count("succeeded") == 3, "a third delivery")
    assert shop.row(run) == row


def test_two_trainings_at_once_share_nothing(shop: Shop, hire: Callable[[], Worker]) -> None:
    hire()
    hire()
    shop.hold()
    slow = shop.start("patient")["id"]
    shop.is_training(slow)

    quick = shop.start("trending")["id"]
    again = shop.start("patient")

    assert again == {"live": slow}
    assert shop.has_ended(quick)["status"] == "finished"
    assert shop.row(slow)["status"] == "running"
    an_order_goes_through(shop)
    shop.release()
    assert shop.has_ended(slow)["status"] == "finished"


def test_a_dead_broker_is_told_within_three_seconds(
    cluster: dict[str, str], open_shop: Callable[[dict[str, str]], Shop]
) -> None:
    """The requirement is a time, so here, for once, time is asserted."""
    dead = f"redis://127.0.0.1:{free_port()}/0"
    shop = open_shop({**cluster, "CELERY_BROKER_URL": dead})
    serving = shop.active()

    row = shop.start("trending")

    assert row["waited"] < 3
    assert (row["status"], row["lock"]) == ("failed", None)
    assert "Connection refused" in row["error"]
    an_order_goes_through(shop)

    page: dict[str, Any] = shop.admin_start("patient")

    assert page["seconds"] < 6  # the manager's whole way: two pages and the broker's refusal between them
    assert page["status"] == 200
    assert "Connection refused" in page["text"]
    assert shop.active() == serving


def test_a_queued_run_without_a_worker_can_be_cancelled(shop: Shop, hire: Callable[[], Worker]) -> None:
    run = shop.start("trending")["id"]

    assert shop.cancel(run)
    hire()

    again = shop.start("trending")["id"]
    assert shop.has_ended(again)["status"] == "finished"
    assert (shop.row(run)["status"], shop.row(run)["started_at"]) == ("cancelled", None)
