"""How a process notices what should serve, and what it does when that cannot be loaded."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from recommendations import artifacts
from recommendations.models import ActiveModel, ModelRun
from recommendations.serving import (
    active,
    background,
    catalogue,
    get_recommendations,
    loading,
    models,
    pointer,
)
from recommendations.types import Subject

from .blocks import BlockShop


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Seconds by which the process believes to be later."""
    late = [0.0]
    real = time.monotonic
    monkeypatch.setattr(models.time, "monotonic", lambda: real() + late[0])
    yield late


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """Background jobs, held back until the test runs them."""
    jobs: list[Callable[[], None]] = []
    monkeypatch.setattr(background, "aside", lambda name, job: jobs.append(job))
    return jobs


def pointer_queries(queries: CaptureQueriesContext) -> int:
    return sum("concierge_recommendations_activemodel" in query["sql"] for query in queries.captured_queries)


def folder_of(run: ModelRun) -> Path:
    return Path(django_settings.RECOMMENDATIONS["ARTIFACT_DIR"]) / run.artifact


def test_the_pointer_is_read_once_in_five_seconds(shop: BlockShop, clock: list[float]) -> None:
    get_recommendations("new")

    with CaptureQueriesContext(connection) as at_once:
        for _call in range(20):
            get_recommendations("new")
    clock[0] = models.POINTER_SECONDS + 1
    with CaptureQueriesContext(connection) as later:
        for _call in range(20):
            get_recommendations("new")

    assert pointer_queries(at_once) == 0
    assert pointer_queries(later) == 1


def test_a_run_activated_by_another_process_is_noticed_after_five_seconds(
    shop: BlockShop, clock: list[float]
) -> None:
    first = shop.activate("trending", shop.popular())
    assert active()["trending"].run_id == first.pk
    second = shop.activate("trending", shop.popular())
    active()
    ActiveModel.objects.filter(role="trending").update(run=first)

    before = active()["trending"].run_id
    clock[0] = models.POINTER_SECONDS + 1
    after = active()["trending"].run_id

    assert (before, after) == (second.pk, first.pk)


def test_a_new_model_loads_in_the_background_while_the_old_one_answers(
    shop: BlockShop, threads: list[Callable[[], None]]
) -> None:
    old = shop.activate("trending", shop.popular())
    get_recommendations("trending")
    new = shop.activate("trending", shop.popular())

    meanwhile = get_recommendations("trending")
    threads.pop()()
    afterwards = get_recommendations("trending")

    assert (meanwhile.run, afterwards.run) == (old.pk, new.pk)


def test_only_the_first_load_of_a_process_waits(shop: BlockShop, threads: list[Callable[[], None]]) -> None:
    run = shop.activate("trending", shop.popular())

    served = get_recommendations("trending")

    assert served.run == run.pk
    assert threads == []


@pytest.mark.django_db(transaction=True)
def test_the_process_that_activates_a_run_picks_it_up_at_once() -> None:
    shop = BlockShop()
    first, second = (shop.activate("trending", shop.popular()) for _run in range(2))
    assert get_recommendations("trending").run == second.pk

    ActiveModel.objects.roll_back("trending")

    assert get_recommendations("trending").run == first.pk


def test_models_are_swapped_whole_and_the_old_table_is_never_changed(shop: BlockShop) -> None:
    shop.activate("trending", shop.popular())
    before = active()
    seen = dict(before)

    shop.activate_all()
    after = active()

    assert dict(before) == seen
    assert set(after) == {"personal", "similar", "bought_together", "buy_again", "trending"}


def test_one_run_that_fills_two_roles_is_loaded_once(shop: BlockShop) -> None:
    run = shop.activate("personal", shop.factors())
    run.activate(role="similar")

    assert active()["personal"] is active()["similar"]


@pytest.mark.parametrize("damage", ["truncated", "altered", "missing", "future"])
def test_a_broken_artifact_leaves_the_model_before_it_serving(
    shop: BlockShop, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    good = shop.activate("trending", shop.popular())
    assert get_recommendations("trending").run == good.pk
    bad = shop.activate("trending", shop.popular())
    damage_artifact(folder_of(bad), damage)

    served = [get_recommendations("trending") for _call in range(5)]

    assert {one.run for one in served} == {good.pk}
    assert len(served[0]) == 12
    told = [record for record in caplog.records if f"run {bad.pk}" in record.getMessage()]
    assert len(told) == 1
    assert told[0].exc_info


def damage_artifact(folder: Path, how: str) -> None:
    tensors, manifest = folder / "model.safetensors", folder / "manifest.json"
    if how == "truncated":
        tensors.write_bytes(tensors.read_bytes()[:-7])
    elif how == "altered":
        data = bytearray(tensors.read_bytes())
        data[-3] ^= 1
        tensors.write_bytes(bytes(data))
    elif how == "missing":
        tensors.unlink()
    else:
        manifest.write_text(manifest.read_text().replace('"format": 1', '"format": 99'))


def test_a_new_process_that_finds_the_artifact_broken_serves_the_run_before_it(shop: BlockShop) -> None:
    good = shop.activate("trending", shop.popular())
    bad = shop.activate("trending", shop.popular())
    damage_artifact(folder_of(bad), "truncated")

    assert get_recommendations("trending").run == good.pk


def test_without_any_usable_model_the_newest_orders_answer(shop: BlockShop) -> None:
    bad = shop.activate("trending", shop.popular())
    damage_artifact(folder_of(bad), "missing")

    served = get_recommendations("trending", limit=3)

    assert len(served) == 3
    assert served.items[0].algorithm == "recent orders"


def test_a_broken_model_is_tried_again_after_a_minute(shop: BlockShop, clock: list[float]) -> None:
    bad = shop.activate("trending", shop.popular())
    folder = folder_of(bad)
    away = folder.rename(folder.with_name(folder.name + "-away"))
    assert get_recommendations("trending").run is None
    away.rename(folder)

    at_once = get_recommendations("trending").run
    clock[0] = models.RETRY_SECONDS + 1
    get_recommendations("trending")
    later = get_recommendations("trending").run

    assert (at_once, later) == (None, bad.pk)


def test_a_role_that_is_taken_away_serves_no_longer(shop: BlockShop) -> None:
    shop.activate("personal", shop.factors())
    assert "personal" in active()

    ActiveModel.objects.all().delete()
    models.read_again()

    assert "personal" not in active()


def test_a_run_without_an_artifact_is_refused_with_what_to_do(shop: BlockShop) -> None:
    run = ModelRun.objects.create(algorithm="als", role="personal", status="finished")

    with pytest.raises(artifacts.ArtifactError, match="activate another run or train again"):
        loading.load(run.pk)


def test_categories_are_read_after_the_first_answer_and_once_for_models_of_the_same_items(
    shop: BlockShop, monkeypatch: pytest.MonkeyPatch, threads: list[Callable[[], None]]
) -> None:
    shop.activate_all()
    monkeypatch.setattr(background, "stays_here", lambda: False)
    asked: list[int] = []
    real = catalogue._numbered
    monkeypatch.setattr(catalogue, "_numbered", lambda loaded: asked.append(loaded.run_id) or real(loaded))

    first = get_recommendations("for-you", subject=Subject(str(shop.ann.pk)), limit=6)
    before = list(asked)
    get_recommendations("for-you")
    threads.pop()()
    later = get_recommendations("for-you", subject=Subject(str(shop.ann.pk)), limit=6)

    assert (before, len(asked)) == ([], 1)
    assert threads == []
    assert shop.names(first) == shop.names(later)
    numbers = models.current().catalogue.categories or {}
    assert len(numbers) == 5
    assert len({id(array) for array in numbers.values()}) == 1


def test_an_adapter_that_always_fails_starts_no_job_for_each_request(
    shop: BlockShop, monkeypatch: pytest.MonkeyPatch, threads: list[Callable[[], None]]
) -> None:
    monkeypatch.setattr(background, "stays_here", lambda: False)
    monkeypatch.setattr(catalogue, "get_adapter", lambda: 1 / 0)
    get_recommendations("new")
    get_recommendations("new")
    threads.pop()()

    for _call in range(5):
        get_recommendations("new")

    assert threads == []


def test_availability_is_read_again_after_its_time(
    shop: BlockShop, clock: list[float], threads: list[Callable[[], None]]
) -> None:
    shop.activate("trending", shop.popular())
    get_recommendations("trending")
    shop.products["cups 0"].is_active = False
    shop.products["cups 0"].save()

    clock[0] = django_settings.RECOMMENDATIONS.get("AVAILABLE_TTL", 60) - 1
    get_recommendations("trending")
    early = len(threads)
    clock[0] += 2
    get_recommendations("trending")

    assert (early, len(threads)) == (0, 1)
    threads.pop()()
    assert not models.current().catalogue.masks[active()["trending"].run_id, ""].all()


def test_availability_that_cannot_be_read_lets_everything_pass_and_fetch_decides(
    shop: BlockShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.activate("trending", shop.popular())
    monkeypatch.setattr(catalogue, "_available", lambda filters: 1 / 0)
    shop.products["cups 0"].is_active = False
    shop.products["cups 0"].save()

    served = get_recommendations("trending", limit=3)

    assert shop.names(served) == ["cups 1", "cups 2", "cups 3"]


def test_a_setting_changed_in_a_test_starts_the_process_anew(shop: BlockShop, settings) -> None:
    shop.activate("trending", shop.popular())
    assert active()

    with override_settings(RECOMMENDATIONS={**settings.RECOMMENDATIONS, "KEEP_RUNS": 3}):
        assert models._process.built_at is None


def test_a_background_failure_is_logged_and_the_next_job_runs(
    db: None, caplog: pytest.LogCaptureFixture
) -> None:
    ran = []

    background.aside("a job of this test", lambda: 1 / 0)
    background.aside("a job of this test", lambda: ran.append(True))

    assert ran == [True]
    assert "ZeroDivisionError" in caplog.text


def test_a_job_of_the_same_name_is_not_started_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "stays_here", lambda: False)
    go, begun, runs = threading.Event(), threading.Event(), []

    def wait() -> None:
        runs.append(1)
        begun.set()
        go.wait(10)

    background.aside("a slow job", wait)
    assert begun.wait(10)
    background.aside("a slow job", wait)
    go.set()

    deadline = time.monotonic() + 10
    while background.is_running("a slow job"):
        assert time.monotonic() < deadline
    assert runs == [1]


def test_the_log_says_nothing_while_all_is_well(shop: BlockShop, caplog: pytest.LogCaptureFixture) -> None:
    shop.activate_all()

    for slug in ("for-you", "similar", "bought-together", "buy-again", "trending", "new", "basket"):
        get_recommendations(slug, subject=Subject(str(shop.ann.pk)), item=shop.key("tea 0"), explain=True)

    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_web_host_keeps_copies_of_the_newest_two_models_of_a_role_only(
    shop: BlockShop, settings, tmp_path: Path
) -> None:
    backend = {"BACKEND": "django.core.files.storage.InMemoryStorage"}  # no paths, as a bucket has none
    settings.STORAGES = {**settings.STORAGES, "recommendations": backend}
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "CACHE_DIR": tmp_path}

    runs = []
    for number in range(4):
        model = shop.popular()
        model.parameters = {"half_life": number + 1}  # another file, another checksum
        runs.append(shop.activate("trending", model))
        assert active()["trending"].run_id == runs[-1].pk

    assert {folder.name for folder in (tmp_path / "recommendations").iterdir()} == {
        run.checksum for run in runs[-2:]
    }


def test_reading_the_pointer_takes_nothing_back_that_is_swapped_in_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    process, answering = models._Process(), {"trending": object()}
    monkeypatch.setattr(models.pointer, "read", lambda: pointer.Pointer({"trending": (2, 1)}))
    monkeypatch.setattr(models, "_load", lambda _roles, _state: (answering, True))
    monkeypatch.setattr(models.catalogue, "build", lambda *_args, **_options: catalogue.Catalogue())
    background_job = threading.Thread(target=models._rebuild, args=(process,))
    real = models.replace

    def replaced_while_the_background_swaps(*args, **fields):
        made = real(*args, **fields)
        background_job.start()
        background_job.join(0.2)
        return made

    monkeypatch.setattr(models, "replace", replaced_while_the_background_swaps)
    models._read_pointer(process)
    background_job.join()

    assert process.state.models == answering
    assert process.state.pointer.roles == {"trending": (2, 1)}
