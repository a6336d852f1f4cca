"""A run from the orders to the model that serves, on a shop of which the right answer is known."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.dispatch import Signal
from django.utils import timezone

from recommendations import artifacts, storage, training
from recommendations.adapters import DeclarativeAdapter
from recommendations.algorithms.base import Algorithm
from recommendations.conf import settings as concierge
from recommendations.interactions import Interactions
from recommendations.interactions.vocabulary import GUEST
from recommendations.models import ActiveModel, ModelRun
from recommendations.signals import model_activated, run_finished
from recommendations.training import bench, pulse, runner, stages
from shop.models import Order, OrderLine, Product

from .history import own_third, write_history, write_ratings

Trained = Callable[..., ModelRun]
STAGES = ["extract", "clean", "split", "fit", "score", "compare", "refit", "store", "activate"]


def load(run: ModelRun) -> artifacts.Model:
    folder = storage.localise(run.artifact, alias=concierge.STORAGE, checksum=run.checksum)
    return artifacts.load(folder, checksum=run.checksum)


@pytest.mark.usefixtures("history")
def test_a_run_ends_with_an_active_model_that_knows_each_customers_taste(trained: Trained) -> None:
    run = trained("als", role="personal")

    assert (run.status, run.verdict, run.error) == ("finished", "activated", ""), run.log
    assert ActiveModel.objects.get(role="personal").run == run
    user = get_user_model().objects.get(username="customer4")
    keys = load(run).recommend([str(user.pk)], k=3, exclude_seen=False)[0][0]
    assert set(keys) <= own_third(4)


@pytest.mark.usefixtures("history")
def test_guests_teach_what_is_bought_together_and_nothing_about_customers(trained: Trained) -> None:
    before = trained("als", role="personal")
    pair = Product.objects.bulk_create(Product(sku=f"G{n}", name=f"Guests' {n}", price=1) for n in range(2))
    for number in range(40):
        placed_at = timezone.now() - timedelta(days=2 * number)
        order = Order.objects.create(number=f"G{number}", status=Order.Status.PAID, placed_at=placed_at)
        OrderLine.objects.bulk_create(
            OrderLine(order=order, product=product, name=product.name, unit_price=1) for product in pair
        )

    together, sells, after = trained("bought_together"), trained("trending"), trained("als", role="personal")

    first, second = (str(product.pk) for product in pair)
    assert load(together).similar([first], k=1)[0] == [[second]]
    assert {first, second} <= set(load(sells).fold_in([], k=92)[0])
    for run in (together, sells, after):
        assert (run.data_summary["users"], len(load(run).users)) == (75, 75)
    assert first not in load(after).items
    assert (after.metrics, after.data_summary) == (before.metrics, before.data_summary)


def test_what_serves_is_compared_without_the_guests_that_it_did_not_learn_from() -> None:
    data = Interactions.from_arrays(["ada", f"{GUEST}1"], ["a", "b"])

    assert bench.fit_for("als", data).users.keys == ["ada"]
    assert len(bench.fit_for("popularity", data)) == 2


def test_a_shop_of_guests_alone_learns_what_sells_and_says_why_it_learns_no_taste(trained: Trained) -> None:
    write_history(customers=20)
    Order.objects.update(user=None)

    together, sells, personal = trained("bought_together"), trained("trending"), trained("als")

    assert (together.status, sells.status) == ("finished", "finished"), together.error + sells.error
    assert sells.verdict == "unproven"
    assert (personal.status, personal.data_summary["rows"]) == ("failed", 0)
    assert personal.error.startswith("als needs order lines, found 0 worth learning from among 480")


@pytest.mark.usefixtures("history")
def test_a_run_records_data_split_scores_baseline_and_timings(trained: Trained) -> None:
    run = trained("als", role="personal")

    assert list(run.timings) == STAGES
    assert run.data_summary["rows"] == 75 * 8 * 3
    assert run.data_summary["users"] == 75
    assert run.cleaning["rows_in"] == run.data_summary["rows"]
    assert run.split["name"] == "temporal"
    assert (run.metrics["metric"], run.metrics["scope"]) == ("ndcg@20", "new")
    assert run.metrics["interval"][0] <= run.metrics["value"] <= run.metrics["interval"][1]
    assert run.metrics["all"]["ndcg"] == pytest.approx(run.metrics["value"])
    assert "ndcg_all" in run.metrics["all"]
    assert [(row["kind"], row["algorithm"]) for row in run.baselines] == [("baseline", "popularity")]
    assert run.baselines[0]["difference"]["low"] <= run.baselines[0]["difference"]["high"]
    assert [point["epoch"] for point in run.history] == [1, 2, 3]
    assert run.verdict_text.startswith("NDCG@20 over new items .")
    assert "above popularity (." in run.verdict_text
    assert run.chosen_parameters["factors"] == 8
    assert run.device
    assert run.worker
    assert run.lock is None


@pytest.mark.usefixtures("history")
def test_a_model_is_judged_by_customers_it_could_know_not_by_newcomers(trained: Trained) -> None:
    """A newcomer has no history to be personal about; the bestsellers would win by their number alone."""
    product = Product.objects.get(sku="P0")
    for number in range(60):
        user = get_user_model().objects.create(username=f"newcomer{number}")
        placed_at = timezone.now() - timedelta(days=number % 12)
        order = Order.objects.create(number=f"N{number}", user=user, placed_at=placed_at)
        OrderLine.objects.create(order=order, product=product, name=product.name, unit_price=1)

    run = trained("als", role="personal")

    assert run.split["name"] == "temporal"
    assert 50 <= run.metrics["users"] <= 75
    assert run.verdict == "activated", run.verdict_text


@pytest.mark.usefixtures("history")
def test_what_was_left_open_is_chosen_on_the_validation_part_and_recorded(trained: Trained) -> None:
    run = trained("als", {"factors": 8, "iterations": 4}, role="personal")

    assert run.parameters.get("regularization") is None
    assert run.chosen_parameters["regularization"] > 0
    assert run.split["validation"]["rows"] > 0
    assert [point["epoch"] for point in run.history] == [1, 2, 3, 4]
    assert all(0 <= point["validation_ndcg"] <= 1 for point in run.history)


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("algorithm", "role"),
    [
        ("popularity", "trending"),
        ("trending", "trending"),
        ("item_cosine", "similar"),
        ("buy_again", "buy_again"),
        ("bought_together", "bought_together"),
    ],
)
def test_every_algorithm_takes_its_usual_role(trained: Trained, algorithm: str, role: str) -> None:
    run = trained(algorithm)

    assert (run.status, run.role, run.error) == ("finished", role, ""), run.log
    assert run.verdict == "activated", run.verdict_text
    assert ActiveModel.objects.get().role == role


@pytest.mark.usefixtures("history")
def test_a_worse_candidate_is_kept_back_and_the_old_model_serves_on(trained: Trained) -> None:
    good = trained("als", role="personal")

    poor = trained("als", {"factors": 1, "iterations": 1, "regularization": 1000.0}, role="personal")

    assert (poor.status, poor.verdict, poor.artifact) == ("finished", "kept_back", "")
    assert "Kept back" in poor.verdict_text
    assert f"the active als of run {good.pk}" in poor.verdict_text
    assert ActiveModel.objects.get(role="personal").run == good
    assert load(good)


@pytest.mark.usefixtures("history")
def test_the_serving_model_is_compared_on_the_same_split_without_fitting_it_twice(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = trained("als", role="personal")
    fitted: list[str] = []
    fit = Algorithm.fit

    def counted(self: Algorithm, *args: Any, **options: Any) -> artifacts.Model:
        fitted.append(self.name)
        return fit(self, *args, **options)

    monkeypatch.setattr(Algorithm, "fit", counted)
    second = trained("als", role="personal")

    assert fitted == ["als", "als"]  # the candidate, and on all rows; baseline and active one are remembered
    active = next(row for row in second.baselines if row["kind"] == "active")
    assert active["run"] == first.pk
    assert active["value"] == pytest.approx(second.metrics["value"])
    assert ActiveModel.objects.get().previous_run == first


def test_few_customers_give_an_active_but_unproven_model(trained: Trained) -> None:
    write_history(customers=12)

    run = trained("als", role="personal")

    assert (run.status, run.verdict) == ("finished", "unproven")
    assert "Unproven: only " in run.verdict_text
    assert ActiveModel.objects.get(role="personal").run == run


@pytest.mark.usefixtures("history")
def test_without_the_wish_to_activate_the_model_is_stored_for_later(trained: Trained) -> None:
    run = trained("trending", activate=False)

    assert (run.status, run.verdict) == ("finished", "not_asked")
    assert not ActiveModel.objects.exists()
    run.activate(via="test")
    assert ActiveModel.objects.get(role="trending").run == run


@pytest.mark.django_db
def test_an_empty_shop_is_a_clear_failure(trained: Trained) -> None:
    run = trained("als")

    assert (run.status, run.error) == ("failed", "als needs order lines, found 0")


@pytest.mark.usefixtures("history")
def test_svd_in_a_shop_without_ratings_says_so(trained: Trained) -> None:
    run = trained("svd")

    assert (run.status, run.error) == ("failed", "svd needs ratings, found 0")


@pytest.mark.usefixtures("history")
def test_svd_learns_from_ratings_beside_a_baseline_that_counts_them(trained: Trained) -> None:
    write_ratings()

    run = trained("svd")

    assert (run.status, run.error) == ("finished", ""), run.log
    assert run.data_summary["kind"] == "ratings"
    assert 0 < run.metrics["all"]["rmse"] < 2
    assert run.baselines[0]["algorithm"] == "popularity"


@pytest.mark.usefixtures("history")
def test_a_candidate_that_learns_from_orders_is_not_compared_with_one_of_ratings(trained: Trained) -> None:
    write_ratings()
    rated = trained("svd", role="similar", activate=False)
    ActiveModel.objects.create(role="similar", run=rated)  # whatever the gate thinks of it

    run = trained("item_cosine", role="similar")

    assert run.status == "finished", run.log
    assert [row["kind"] for row in run.baselines] == ["baseline"]


@pytest.mark.parametrize(
    ("customers", "items", "found"), [(1, 36, "1 and 12"), (3, 3, "3 and 3"), (2, 3, "2 and 2")]
)
def test_a_tiny_shop_fails_clearly_or_is_unproven(
    trained: Trained, customers: int, items: int, found: str
) -> None:
    write_history(customers=customers, items=items, lines=1 if items == 3 else 3)

    run = trained("popularity")

    if customers == 1:
        assert run.status == "failed"
        assert run.error.startswith("popularity needs at least 2 customers and 2 items, found 1 and")
    else:
        assert (run.status, run.verdict) == ("finished", "unproven"), run.error


@pytest.mark.django_db
def test_one_item_is_a_clear_failure(trained: Trained) -> None:
    write_history(customers=6, items=3, lines=1)
    OrderLine.objects.exclude(product__sku="P0").delete()

    run = trained("als")

    assert run.status == "failed"
    assert run.error.endswith("found 2 and 1")


def test_where_nobody_ordered_twice_the_model_is_unproven(trained: Trained) -> None:
    write_history(customers=60, orders=1)
    Order.objects.update(placed_at=timezone.now() - timedelta(days=1))

    run = trained("popularity")

    assert (run.status, run.verdict) == ("finished", "unproven"), run.error
    assert "nobody has ordered twice" in run.verdict_text
    assert run.device


def test_a_history_too_short_for_a_date_is_tested_on_last_orders(trained: Trained) -> None:
    write_history(customers=60, orders=2)
    for place, order in enumerate(Order.objects.order_by("user_id", "placed_at")):
        # Each customer's two orders are an hour apart, the customers' themselves a day.
        order.placed_at = order.placed_at.replace(year=2024, month=1 + place // 56, day=1 + place // 2 % 28)
        order.save(update_fields=["placed_at"])

    run = trained("popularity")

    assert run.split["name"] == "leave-last"
    assert "have orders before and after" in run.split["note"]


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("stage", STAGES)
def test_a_run_can_be_cancelled_in_every_stage(
    trained: Trained, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    before = trained("als", role="personal")
    enter = pulse.Pulse.enter

    def cancel_there(self: pulse.Pulse, name: str, total: int = 0) -> None:
        if name == stage:
            ModelRun.objects.get(pk=self.run.pk).cancel()
        enter(self, name, total)

    monkeypatch.setattr(pulse.Pulse, "enter", cancel_there)
    run = trained("als", role="personal")

    assert (run.status, run.lock, run.artifact) == ("cancelled", None, "")
    assert ActiveModel.objects.get(role="personal").run == before
    assert load(before)


@pytest.mark.usefixtures("history")
def test_a_cancel_at_the_very_last_moment_leaves_no_artifact_behind(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    unwritten = pulse.Pulse.unwritten

    def cancel_late(self: pulse.Pulse) -> dict[str, Any]:
        ModelRun.objects.filter(pk=self.run.pk).update(cancel_requested=True)
        return unwritten(self)

    monkeypatch.setattr(pulse.Pulse, "unwritten", cancel_late)
    run = trained("trending")

    assert run.status == "cancelled"
    assert not [path for path in concierge.ARTIFACT_DIR.glob("trending-*") if path.exists()]


@pytest.mark.usefixtures("history")
def test_an_end_that_was_written_but_not_acknowledged_is_no_failure(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer_lost(write: Callable[[], None]) -> None:
        write()
        write()

    monkeypatch.setattr(stages, "persist", answer_lost)
    run = trained("trending")

    assert (run.status, run.verdict) == ("finished", "activated"), run.error
    assert ActiveModel.objects.get(role="trending").run == run
    assert load(run)


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("stage", STAGES)
def test_a_failure_in_any_stage_is_told_and_the_old_model_serves_on(
    trained: Trained, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    before = trained("als", role="personal")
    enter = pulse.Pulse.enter

    def break_there(self: pulse.Pulse, name: str, total: int = 0) -> None:
        enter(self, name, total)
        if name == stage:
            raise ZeroDivisionError("a \x00 broken\npart")

    monkeypatch.setattr(pulse.Pulse, "enter", break_there)
    run = trained("als", role="personal")

    assert (run.status, run.lock) == ("failed", None)
    assert run.error == "ZeroDivisionError: a \N{REPLACEMENT CHARACTER} broken part"
    assert "Traceback (most recent call last)" in run.log
    assert ActiveModel.objects.get(role="personal").run == before
    monkeypatch.undo()
    assert load(before)


@pytest.mark.usefixtures("history")
def test_a_host_without_pytorch_is_told_what_to_install(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for module in ("als", "device", "least_squares", "validation"):
        monkeypatch.delitem(sys.modules, f"recommendations.algorithms.{module}", raising=False)

    run = trained("als")

    assert run.status == "failed"
    assert "torch" in run.error
    assert "pip install 'django-concierge[train]'" in run.error


@pytest.mark.usefixtures("history")
def test_after_a_failure_a_new_run_succeeds(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "_store", lambda *_args: 1 / 0)
    failed = trained("trending")
    monkeypatch.undo()

    run = trained("trending")

    assert (failed.status, run.status) == ("failed", "finished")


@pytest.mark.usefixtures("history")
def test_a_database_that_goes_away_while_reading_is_a_clear_failure(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = DeclarativeAdapter.lines

    def cut(self: DeclarativeAdapter, *args: Any, **options: Any) -> Any:
        yield from lines(self, *args, **options)
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(DeclarativeAdapter, "lines", cut)
    run = trained("trending")

    assert run.status == "failed"
    assert "server closed the connection unexpectedly" in run.error


@pytest.mark.usefixtures("history")
def test_a_task_delivered_twice_trains_once(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained("trending")
    finished = run.finished_at
    monkeypatch.setattr(runner, "train", lambda *_args: pytest.fail("it trained again"))

    training.run(run.pk)

    run.refresh_from_db()
    assert run.finished_at == finished


@pytest.mark.django_db
def test_a_run_that_is_gone_or_was_cancelled_is_left_alone() -> None:
    cancelled = ModelRun.objects.start("als", enqueue=False)
    cancelled.cancel()

    training.run(cancelled.pk)
    training.run(cancelled.pk + 1)

    cancelled.refresh_from_db()
    assert (cancelled.status, cancelled.started_at) == ("cancelled", None)


@pytest.mark.usefixtures("history")
def test_a_run_that_was_given_up_meanwhile_does_not_come_back(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter = pulse.Pulse.enter

    def given_up(self: pulse.Pulse, name: str, total: int = 0) -> None:
        if name == "refit":
            ModelRun.objects.get(pk=self.run.pk).end("failed", error="No sign of life")
        enter(self, name, total)

    monkeypatch.setattr(pulse.Pulse, "enter", given_up)
    run = trained("trending")

    assert (run.status, run.error) == ("failed", "No sign of life")
    assert not ActiveModel.objects.exists()


@pytest.mark.usefixtures("history")
def test_a_process_told_to_stop_says_so_on_its_run(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    enter = pulse.Pulse.enter

    def stop(self: pulse.Pulse, name: str, total: int = 0) -> None:
        enter(self, name, total)
        if name == "score":
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(pulse.Pulse, "enter", stop)
    with pytest.raises(runner.Terminated):
        trained("trending")

    run = ModelRun.objects.get()
    assert (run.status, run.lock) == ("failed", None)
    assert "told to stop" in run.error
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.usefixtures("history")
def test_wrong_parameters_and_algorithms_in_a_row_fail_clearly(trained: Trained) -> None:
    wrong = trained("als", {"factors": -3})
    unknown = trained("nonsense", {})
    misplaced = trained("trending", role="buy_again")

    assert {wrong.status, unknown.status, misplaced.status} == {"failed"}
    assert "factors" in wrong.error
    assert "There is no algorithm 'nonsense'" in unknown.error
    assert "cannot fill the role 'buy_again'" in misplaced.error


@pytest.mark.usefixtures("history")
def test_old_runs_and_artifacts_go_but_never_the_serving_ones(trained: Trained, settings: Any) -> None:
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "KEEP_RUNS": 1}
    first, second = trained("trending"), trained("trending")
    second_active = ActiveModel.objects.get()
    assert (second_active.run, second_active.previous_run) == (second, first)

    with_callbacks = [trained("trending", activate=False) for _turn in range(3)]

    kept = set(ModelRun.objects.values_list("pk", flat=True))
    assert kept == {first.pk, second.pk, with_callbacks[-1].pk}
    assert load(first) and load(second)


@pytest.mark.django_db(transaction=True)
def test_the_artifacts_of_deleted_runs_leave_the_disk(settings: Any) -> None:
    write_history(customers=12)
    started = ModelRun.objects.start("trending", enqueue=False, activate=False)
    training.run(started.pk)
    started.refresh_from_db()
    folder = concierge.ARTIFACT_DIR / started.artifact
    assert folder.is_dir()

    started.delete()

    assert not folder.exists()


@pytest.mark.django_db(transaction=True)
def test_signals_tell_of_the_end_and_the_activation_and_bad_receivers_harm_nothing() -> None:
    write_history(customers=12)
    heard: list[tuple[str, Any]] = []

    def listen(signal: Signal, sender: type, **about: Any) -> None:
        heard.append((sender.__name__, about["run"].status))
        raise RuntimeError("a receiver's own mistake")

    run_finished.connect(listen)
    model_activated.connect(listen)
    try:
        started = ModelRun.objects.start("trending", enqueue=False)
        training.run(started.pk)
    finally:
        run_finished.disconnect(listen)
        model_activated.disconnect(listen)

    assert sorted(heard) == [("ActiveModel", "finished"), ("ModelRun", "finished")]


@pytest.mark.usefixtures("history")
def test_what_is_recorded_is_plain_json(trained: Trained) -> None:
    run = trained("als", role="personal")

    for name in ("metrics", "baselines", "split", "cleaning", "data_summary", "history", "timings"):
        json.dumps(getattr(run, name), allow_nan=False)


@pytest.mark.usefixtures("history")
def test_trainings_of_one_process_read_the_orders_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    original = DeclarativeAdapter.read_interactions

    def counted(self: DeclarativeAdapter, kind: Any = "orders", **options: Any) -> Any:
        read.append(kind)
        return original(self, kind, **options)

    monkeypatch.setattr(DeclarativeAdapter, "read_interactions", counted)
    source = training.Source()
    for algorithm in ("trending", "buy_again"):
        training.run(ModelRun.objects.start(algorithm, enqueue=False).pk, source=source)

    assert read == ["orders"]
    assert set(ModelRun.objects.values_list("status", flat=True)) == {"finished"}


@pytest.mark.usefixtures("history")
def test_items_deleted_after_training_do_not_break_the_next_one(trained: Trained) -> None:
    trained("als", role="personal")
    Product.objects.filter(sku__in=["P0", "P5"]).delete()

    run = trained("als", role="personal")

    assert run.status == "finished"
    assert next(rule for rule in run.cleaning["rules"] if rule["rule"] == "missing_item")["count"] > 0
