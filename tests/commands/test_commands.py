"""The four commands as a terminal, cron and a monitor see them: what they print and how they exit."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from recommendations.conf import settings as concierge
from recommendations.models import ActiveModel, ModelRun
from recommendations.training import gate

from ..training.history import own_third, write_history, write_ratings

FAST = ["--set", "factors=8", "--set", "iterations=3", "--set", "regularization=1"]

pytestmark = pytest.mark.django_db


def run(name: str, *arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of ``manage.py recommendations_NAME``."""
    out, err = StringIO(), StringIO()
    try:
        call_command(f"recommendations_{name}", *arguments, stdout=out, stderr=err)
        code = 0
    except CommandError as error:
        err.write(str(error))
        code = error.returncode
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    return code, out.getvalue(), err.getvalue()


@pytest.mark.usefixtures("history")
def test_train_and_wait_activates_a_model_and_prints_the_verdict() -> None:
    code, out, err = run("train", "--wait", *FAST)

    assert (code, err) == (0, "")
    assert "activated" in out
    assert "above popularity (." in out
    trained = ModelRun.objects.get()
    assert (trained.algorithm, trained.started_via) == ("als", "command")
    assert trained.parameters["factors"] == 8
    assert ActiveModel.objects.get().run == trained


@pytest.mark.usefixtures("history")
def test_a_training_stopped_from_the_keyboard_ends_in_a_sentence_and_is_cancelled(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stopped(*_args: Any, **_options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("recommendations.training.source.Source.read", stopped)

    code, _out, err = run("train", "--wait", *FAST)

    ended = ModelRun.objects.get()
    assert (code, ended.status, ended.lock) == (130, "cancelled", None)
    assert err == (
        f"als {ended.pk}: stopped from the keyboard. What served before serves on. "
        f"manage.py recommendations_train --resume {ended.pk} --wait goes on from there."
    )
    assert "Traceback" not in caplog.text


@pytest.mark.usefixtures("history")
def test_several_algorithms_are_trained_one_after_another() -> None:
    code, out, _err = run("train", "--wait", "--algorithm", "trending", "--algorithm", "buy_again")

    assert code == 0
    told = [line for line in out.splitlines() if not line.startswith("  ")]
    assert [line.split()[0] for line in told] == ["trending", "buy_again"]
    assert set(ActiveModel.objects.values_list("role", flat=True)) == {"trending", "buy_again"}


@pytest.mark.usefixtures("history")
def test_a_kept_back_model_exits_with_3_or_0_if_that_is_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "_is_worse", lambda *_args: True)
    run("train", "--wait", *FAST)

    kept, out, _err = run("train", "--wait", *FAST)
    tolerated, _out, _err = run("train", "--wait", "--ok-if-kept", *FAST)

    assert (kept, tolerated) == (3, 0)
    assert "kept back" in out


def test_a_failed_training_exits_with_1_and_says_why() -> None:
    code, _out, err = run("train", "--wait", "--algorithm", "svd")

    assert code == 1
    assert "svd needs ratings, found 0" in err


@pytest.mark.usefixtures("history")
def test_without_activation_the_model_is_only_stored() -> None:
    code, out, _err = run("train", "--wait", "--algorithm", "trending", "--no-activate")

    assert code == 0
    assert "stored, not activated" in out
    assert not ActiveModel.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--algorithm", "asl"], "There is no algorithm 'asl'. Valid are: als"),
        (["--set", "factors=many"], "factors: got 'many'"),
        (["--set", "factor=8"], "factor"),
        (["--set", "factors"], "--set takes KEY=VALUE, got 'factors'"),
        (["--role", "buy_again"], "als cannot fill the role 'buy_again'; it can fill personal"),
        (["--seed", "-1"], "--seed must lie between"),
        (
            ["--algorithm", "als", "--algorithm", "trending", "--set", "half_life=3"],
            "go with one --algorithm",
        ),
    ],
)
def test_bad_arguments_exit_with_2_and_start_nothing(arguments: list[str], message: str) -> None:
    code, _out, err = run("train", *arguments)

    assert code == 2
    assert message in err
    assert not ModelRun.objects.exists()


def test_a_second_training_of_the_same_algorithm_is_refused() -> None:
    live = ModelRun.objects.start("als", enqueue=False)

    code, _out, err = run("train", "--wait")

    assert code == 1
    assert f"run {live.pk} is queued" in err


def test_without_waiting_a_worker_is_asked(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks():
        code, out, _err = run("train")

    assert code == 0
    assert "queued" in out


@pytest.mark.usefixtures("history")
def test_evaluate_prints_the_documented_json() -> None:
    code, out, _err = run(
        "evaluate", "--algorithm", "buy_again", "--algorithm", "trending", "--k", "5", "--json"
    )

    card = json.loads(out)
    assert code == 0
    assert set(card) >= {"split", "cutoff", "k", "seed", "users", "items", "rows"}
    assert (card["split"], card["k"], card["users"]) == ("temporal", 5, 75)
    assert [(row["algorithm"], row["scope"]) for row in card["rows"]] == [
        (name, scope) for name in ("popularity", "buy_again", "trending") for scope in ("new", "all")
    ]
    row = card["rows"][3]
    assert set(row["metrics"]) == {
        *("ndcg", "recall", "map", "hit_rate", "mrr", "precision", "f1"),
        *("coverage", "novelty", "gini", "diversity", "price_bias", "miscalibration"),
    }
    assert row["interval"]["ndcg"][0] <= row["metrics"]["ndcg"] <= row["interval"]["ndcg"][1]
    assert row["seconds"] > 0
    assert not ModelRun.objects.exists()


@pytest.mark.usefixtures("history")
def test_evaluate_prints_a_table_for_people() -> None:
    code, out, _err = run("evaluate", "--algorithm", "trending", "--split", "leave-last")

    assert code == 0
    assert "Split leave-last" in out
    assert "NEW ITEMS" in out and "ALL ITEMS" in out
    assert [line.split()[0] for line in out.splitlines() if line].count("trending") == 8


@pytest.mark.usefixtures("history")
def test_evaluate_of_ratings_has_its_baseline_too() -> None:
    write_ratings()

    code, out, _err = run("evaluate", "--algorithm", "svd", "--json")

    assert code == 0
    assert {row["algorithm"] for row in json.loads(out)["rows"]} == {"popularity", "svd"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--algorithm", "als", "--algorithm", "svd"], 1),
        (["--algorithm", "asl"], 2),
        (["--k", "0"], 2),
        (["--seed", "-1"], 2),
        ([], 1),
        (["--algorithm", "svd"], 1),
    ],
)
def test_evaluate_says_what_is_wrong(arguments: list[str], code: int) -> None:
    found, _out, err = run("evaluate", *arguments)

    assert found == code
    assert err


@pytest.mark.usefixtures("history")
def test_for_prints_what_a_customer_would_see_and_why() -> None:
    run("train", "--wait", *FAST)

    code, out, _err = run("for", "customer4", "--placement", "for-you", "--explain")

    assert code == 0
    lines = [line.split() for line in out.splitlines() if line.startswith("   ") and "personal" in line]
    assert lines
    assert {line[4] for line in lines[:5]} <= own_third(4)


@pytest.mark.usefixtures("history")
def test_for_takes_a_key_as_well_as_a_name() -> None:
    key = str(get_user_model().objects.get(username="customer4").pk)

    code, out, _err = run("for", key)

    assert code == 0
    assert all(f"\n{slug}: " in out for slug in concierge.PLACEMENTS)


def test_for_a_customer_without_orders_is_answered_too() -> None:
    newcomer = get_user_model().objects.create_user("newcomer")

    assert run("for", "newcomer")[0] == run("for", str(newcomer.pk))[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["9" * 40], "There is no user"),
        (["nobody"], "There is no user 'nobody'"),
        (["\x00"], "There is no user"),
        (["customer1", "--placement", "for-yuo"], "There is no placement 'for-yuo'; there are for-you"),
        (["customer1", "--limit", "0"], "--limit must be at least 1"),
    ],
)
def test_for_says_what_is_wrong(arguments: list[str], message: str) -> None:
    code, _out, err = run("for", *arguments)

    assert code == 2
    assert message in err


def test_status_of_a_shop_without_a_model_says_how_to_get_one() -> None:
    code, out, _err = run("status")

    assert code == 1
    assert "No model serves" in out
    assert "recommendations_train --wait" in out


@pytest.mark.usefixtures("history")
def test_status_is_well_when_a_model_serves() -> None:
    run("train", "--wait", *FAST)

    code, out, _err = run("status", "--json")

    found = json.loads(out)
    assert (code, found["problems"]) == (0, [])
    assert found["counts"] == {"items_available": 90, "order_lines": 75 * 8 * 3}
    assert found["roles"][0]["role"] == "personal"
    assert found["roles"][0]["coverage"] == pytest.approx(1.0)
    assert found["runs"] == {"finished": 1}
    assert "All is well." in run("status")[1]


@pytest.mark.usefixtures("history")
def test_status_names_a_broken_artifact_a_failed_run_and_a_run_without_a_worker() -> None:
    run("train", "--wait", "--algorithm", "trending")
    serving = ModelRun.objects.get()
    (concierge.ARTIFACT_DIR / serving.artifact / "model.safetensors").write_bytes(b"")
    run("train", "--wait", "--algorithm", "svd")
    waiting = ModelRun.objects.start("als", enqueue=False)
    ModelRun.objects.filter(pk=waiting.pk).update(queued_at=timezone.now() - timedelta(minutes=11))

    code, out, _err = run("status")

    assert code == 1
    assert f"The model of role trending (run {serving.pk}) cannot be read" in out
    assert "The last training of svd" in out
    assert f"Run {waiting.pk} (als) has waited since" in out


def test_status_survives_a_shop_that_is_described_wrongly(settings: Any) -> None:
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "SHOP": {"item": "no.Such"}}

    code, out, _err = run("status")

    assert code == 1
    assert "The shop cannot be read" in out


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", ["modelrun", "activemodel", "placement", "neverrecommend"])
def test_status_says_which_table_is_missing(table: str) -> None:
    name = f"concierge_recommendations_{table}"
    with connection.schema_editor() as editor:
        editor.execute(f"ALTER TABLE {name} RENAME TO away")
    try:
        code, out, _err = run("status")
    finally:
        with connection.schema_editor() as editor:
            editor.execute(f"ALTER TABLE away RENAME TO {name}")

    assert code == 1
    assert name in out
    assert "manage.py migrate" in out


def test_a_job_that_does_not_exist_is_named() -> None:
    code, _out, err = run("work", "dance")

    assert code == 1
    assert "has no job 'dance'" in err


def test_a_worker_takes_the_run_it_is_told(history: None) -> None:
    started = ModelRun.objects.start("trending", enqueue=False)

    code, _out, _err = run("work", "train", json.dumps([started.pk]))

    started.refresh_from_db()
    assert (code, started.status) == (0, "finished")


@pytest.mark.parametrize("split", ["temporal", "leave-last"])
def test_evaluate_says_that_an_empty_shop_has_no_order_lines(split: str) -> None:
    code, _out, err = run("evaluate", "--split", split)

    assert code == 1
    assert err == "Nothing to test on: no order lines"


def test_an_empty_training_history_does_not_stop_evaluate_from_explaining() -> None:
    write_history(customers=1, orders=1)

    code, _out, err = run("evaluate")

    assert code == 1
    assert "Nothing to test on" in err
