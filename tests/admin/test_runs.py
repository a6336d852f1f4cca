"""The list of runs and a run's page: what a manager reads there, whatever stands in the tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.utils import timezone

from recommendations.models import ActiveModel, ModelRun

from .conftest import page

RunOf = Callable[..., ModelRun]
Status = ModelRun.Status


def text_of(response) -> str:
    assert response.status_code == 200, response
    return response.content.decode()


def test_a_shop_without_runs_shows_an_empty_list_and_every_role(manager: Client) -> None:
    text = text_of(manager.get(page("modelrun_changelist")))

    assert "0 model runs" in text
    assert text.count("No model yet") == 5


def test_the_list_shows_status_algorithm_metric_against_baseline_device_duration_and_starter(
    manager: Client, run_of: RunOf
) -> None:
    ann = get_user_model().objects.create_user("ann")
    run_of(started_by=ann, started_via="admin")

    text = text_of(manager.get(page("modelrun_changelist")))

    for shown in (
        "finished",
        "als",
        "NDCG@20 0.0471",
        "popularity 0.0430 (+9.5 %)",
        "1 min 2 s",
        "cpu",
        "ann",
    ):
        assert shown in text


def test_the_list_takes_the_same_queries_for_one_run_and_for_many(
    manager: Client, run_of: RunOf, django_assert_max_num_queries
) -> None:
    ann = get_user_model().objects.create_user("ann")
    for _number in range(12):
        run_of(started_by=ann)

    with django_assert_max_num_queries(16) as counted:
        manager.get(page("modelrun_changelist"))

    assert not any(
        '"log"' in query["sql"] for query in counted.captured_queries if "LIMIT 12" in query["sql"]
    )


def test_a_run_page_shows_charts_tables_parameters_data_cleaning_split_timings_log_and_verdict(
    manager: Client, run_of: RunOf
) -> None:
    run = run_of()

    text = text_of(manager.get(page("modelrun_change", run.pk)))

    for shown in (
        "NDCG@20 against the baseline",
        "0.0431 to 0.0512",
        "+0.0041 (0.0012 to 0.0071)",
        "Over items the customer had not bought, temporal split, 480 test customers",
        "Learning curve",
        "validation NDCG",
        "auto: 10",
        "391,003",
        "400 rows read, 391 kept",
        "Missing item",
        "Train rows",
        "12 s",
        "the last line",
        "Kept back.",
        "Below the baseline.",
    ):
        assert shown in text, shown


def test_each_chart_has_its_numbers_as_json_and_as_a_table(manager: Client, run_of: RunOf) -> None:
    run = run_of()

    text = text_of(manager.get(page("modelrun_change", run.pk)))

    for name in ("baselines", "learning"):
        assert f'<script id="chart-{name}-data" type="application/json">' in text
        assert f'id="chart-{name}-table"' in text


def test_no_page_carries_inline_script_or_style(manager: Client, run_of: RunOf, live: ModelRun) -> None:
    first, second = run_of(), run_of()
    pages = [
        page("modelrun_changelist"),
        page("modelrun_change", first.pk),
        page("modelrun_change", live.pk),
        page("modelrun_add"),
        page("modelrun_add") + "?algorithm=als",
        f"{page('modelrun_compare')}?run={first.pk}&run={second.pk}",
        page("placement_preview"),
        page("activemodel_changelist"),
    ]

    for address in pages:
        text = text_of(manager.get(address))

        assert "<style" not in text, address
        assert " style=" not in text, address
        assert " onclick=" not in text, address
        inline = [tag for tag in text.split("<script")[1:] if " src=" not in tag.split(">")[0]]
        assert all('type="application/json"' in tag.split(">")[0] for tag in inline), address


def test_progress_is_told_as_json(manager: Client, live: ModelRun) -> None:
    response = manager.get(page("modelrun_progress", live.pk))

    news = response.json()
    assert news["live"] is True
    assert (news["code"], news["label"], news["stage"]) == ("running", "Running", "Learning")
    assert (news["percent"], news["steps"], news["left"]) == (20, "3 of 15", "42 s")
    assert news["learning"]["labels"] == ["1", "2", "3"]
    assert len(news["learning"]["rows"]) == 3
    assert "no-store" in response["Cache-Control"]


def test_a_live_run_has_a_progress_bar_that_a_script_updates_and_a_reload_link_without_one(
    manager: Client, live: ModelRun
) -> None:
    text = text_of(manager.get(page("modelrun_change", live.pk)))

    assert f'data-progress="{page("modelrun_progress", live.pk)}"' in text
    assert '<progress max="100" value="20"' in text
    assert "<noscript>" in text
    assert "recommendations/progress.js" in text


def test_a_finished_run_asks_for_no_progress(manager: Client, run_of: RunOf) -> None:
    text = text_of(manager.get(page("modelrun_change", run_of().pk)))

    assert "data-progress=" not in text
    assert "progress.js" not in text


def test_a_silent_run_is_marked_failed_when_somebody_looks(manager: Client, live: ModelRun) -> None:
    ModelRun.objects.update(heartbeat=timezone.now() - timedelta(minutes=10))

    text = text_of(manager.get(page("modelrun_change", live.pk)))

    live.refresh_from_db()
    assert live.status == Status.FAILED
    assert "No sign of life" in text


@pytest.mark.parametrize("address", ["modelrun_changelist", "modelrun_change"])
def test_a_run_without_a_worker_is_told_apart_from_a_queued_one(
    manager: Client, run_of: RunOf, address: str
) -> None:
    run = run_of(status=Status.QUEUED, lock="als", started_at=None, finished_at=None)
    ModelRun.objects.update(queued_at=timezone.now() - timedelta(minutes=11))

    text = text_of(manager.get(page(address, *([run.pk] if address == "modelrun_change" else []))))

    assert "o worker yet" in text


def test_a_failed_run_says_why(manager: Client, run_of: RunOf) -> None:
    run = run_of(status=Status.FAILED, error="svd needs ratings, found 0", artifact="")

    text = text_of(manager.get(page("modelrun_change", run.pk)))

    assert "Why it failed" in text
    assert "svd needs ratings, found 0" in text


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "</script><img src=x>", "\u202eabc 🍎"])
def test_what_stands_in_a_run_is_escaped_everywhere(manager: Client, run_of: RunOf, hostile: str) -> None:
    run = run_of(
        algorithm=hostile[:60],
        role=hostile[:30],
        parameters={hostile: hostile},
        error=hostile,
        log=hostile,
        device=hostile,
        verdict_text=hostile,
        baselines=[{"algorithm": hostile, "value": 0.1}],
        history=[{"epoch": hostile, hostile: 1.0}],
    )

    for address in (page("modelrun_changelist"), page("modelrun_change", run.pk)):
        text = text_of(manager.get(address))

        assert "<script>alert" not in text
        assert "<img src=x" not in text


@pytest.mark.parametrize(
    "broken",
    [
        "no object",
        [1, 2, 3],
        {"value": "high", "interval": "wide", "all": 7, "users": {}},
        {"rules": "none", "rows_in": [], "value": True, "interval": [1]},
        [{"epoch": None, "loss": "NaN"}, None, "x", {"value": {}, "all": []}],
        10**400,
        None,
    ],
    ids=str,
)
@pytest.mark.parametrize("status", [Status.FINISHED, Status.RUNNING])
def test_corrupted_json_never_breaks_a_page(manager: Client, run_of: RunOf, broken, status: str) -> None:
    columns = ("parameters", "chosen_parameters", "data_summary", "cleaning", "split", "metrics", "baselines")
    columns += ("history", "timings")
    raw = json.dumps(broken)
    runs = [run_of(status=status, heartbeat=timezone.now()) for _number in range(2)]
    with connection.cursor() as cursor:
        for column in columns:
            cursor.execute(f"UPDATE concierge_recommendations_modelrun SET {column} = %s", [raw])
    both = f"{page('modelrun_compare')}?run={runs[0].pk}&run={runs[1].pk}"

    for address in (page("modelrun_changelist"), page("modelrun_change", runs[0].pk), both):
        text_of(manager.get(address))
    assert manager.get(page("modelrun_progress", runs[0].pk)).status_code == 200


def test_a_huge_log_and_a_long_curve_are_cut_to_what_a_page_can_show(manager: Client, run_of: RunOf) -> None:
    curve = [{"epoch": epoch, "loss": 1 / epoch} for epoch in range(1, 20_001)]
    run = run_of(log="x" * 3_000_000 + "\nthe end", error="y" * 2_000_000, history=curve)

    response = manager.get(page("modelrun_change", run.pk))

    assert len(response.content) < 500_000
    text = text_of(response)
    assert "the end" in text
    assert "20,000" in text  # the last epoch


def test_a_user_deleted_past_django_is_named_by_key(manager: Client, run_of: RunOf) -> None:
    run = run_of(started_by_id=987654, activated_by_id=987655, activated_at=timezone.now())

    assert "user 987654 (deleted)" in text_of(manager.get(page("modelrun_changelist")))
    text = text_of(manager.get(page("modelrun_change", run.pk)))
    assert "user 987654 (deleted)" in text
    assert "user 987655 (deleted)" in text


def test_a_run_started_without_a_user_names_the_way(manager: Client, run_of: RunOf) -> None:
    run_of(started_via="command")

    assert "command" in text_of(manager.get(page("modelrun_changelist")))


@pytest.mark.parametrize("key", ["999", "0", "abc", "-1", "9" * 40, "1%00"])
def test_a_run_that_does_not_exist_is_a_404(manager: Client, key: str) -> None:
    base = page("modelrun_changelist")

    assert manager.get(f"{base}{key}/change/").status_code == 404
    assert manager.get(f"{base}{key}/progress/", follow=True).status_code == 404


@pytest.mark.parametrize("query", ["q=als", "q=abc", "q=%00", "q=\u202e🍎", "status=none", "e=1", "p=99"])
def test_any_search_of_the_list_is_answered(manager: Client, run_of: RunOf, query: str) -> None:
    run_of()

    assert manager.get(f"{page('modelrun_changelist')}?{query}").status_code in (200, 302)


def test_runs_side_by_side_mark_what_differs(manager: Client, run_of: RunOf) -> None:
    first = run_of()
    second = run_of(parameters={"factors": 128}, metrics={})

    text = text_of(manager.get(f"{page('modelrun_compare')}?run={first.pk}&run={second.pk}"))

    assert "Factors" in text
    assert "128" in text
    assert "run-differs" in text


def test_runs_on_different_data_are_not_passed_off_as_comparable(manager: Client, run_of: RunOf) -> None:
    first = run_of()
    second = run_of(data_summary={"fingerprint": "other"})

    text = text_of(manager.get(f"{page('modelrun_compare')}?run={first.pk}&run={second.pk}"))

    assert "not measured alike (different data)" in text


@pytest.mark.parametrize("query", ["", "run=1", "run=x&run=y", "run=-1&run=2", f"run={'9' * 30}&run=1"])
def test_a_comparison_of_too_few_or_unknown_runs_goes_back_to_the_list(manager: Client, query: str) -> None:
    response = manager.get(f"{page('modelrun_compare')}?{query}", follow=True)

    assert "Choose two to four runs" in text_of(response)


def test_five_runs_are_too_many_to_compare(manager: Client, run_of: RunOf) -> None:
    query = "&".join(f"run={run_of().pk}" for _number in range(5))

    response = manager.get(f"{page('modelrun_compare')}?{query}", follow=True)

    assert "Choose two to four runs" in text_of(response)


def test_the_active_models_are_listed_with_their_metric(manager: Client, run_of: RunOf) -> None:
    run = run_of()
    run.activate(via="command")

    text = text_of(manager.get(page("activemodel_changelist")))

    assert "Personal suggestions" in text
    assert "0.0471" in text
    assert ActiveModel.objects.count() == 1
    text_of(manager.get(page("activemodel_change", ActiveModel.objects.get().pk)))


def test_the_admin_never_loads_torch(manager: Client, run_of: RunOf) -> None:
    import subprocess

    code = (
        "import django; django.setup(); import recommendations.admin, sys; "
        "sys.exit('torch' in sys.modules or 'scipy.sparse.linalg' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stderr
