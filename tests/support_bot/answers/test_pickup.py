"""What answers in a process: the active build over the FAQ as it is now, whatever happens to either."""

from __future__ import annotations

import json
import logging
import shutil
import threading
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from recommendations import storage
from recommendations.conf import settings as shared
from support_bot import answers
from support_bot.answers import background, loading, pickup, pointer, topics
from support_bot.conf import settings as bot
from support_bot.knowledge import import_files
from support_bot.models import ActiveKnowledge, Entry, KnowledgeBuild, Phrasing
from support_bot.nlu import lexical_engine

from .conftest import Ask, Stored

pytestmark = pytest.mark.django_db


def selects(seen: CaptureQueriesContext) -> int:
    """How many queries there were, savepoints not counted: a test runs in a transaction."""
    return sum(query["sql"].startswith("SELECT") for query in seen)


def label(found: answers.Found) -> str:
    return found.best.label if found.best else ""


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often the pointer was read: its length."""
    calls: list[int] = []
    read = pointer.read

    def counted() -> pointer.Pointer:
        calls.append(1)
        return read()

    monkeypatch.setattr(pointer, "read", counted)
    return calls


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """Jobs wait in this list instead of running in a thread; call them."""
    waiting: list[Callable[[], None]] = []

    class Later:
        def __init__(self, *, target: Any, args: Any, **_options: Any) -> None:
            self.job = lambda: target.__self__._work(*args)

        def start(self) -> None:
            waiting.append(self.job)

    monkeypatch.setattr(background, "stays_here", lambda: False)
    monkeypatch.setattr(background.threading, "Thread", Later)
    return waiting


def test_without_a_build_the_faq_is_matched_by_words_and_letters(faq: Any, ask: Ask) -> None:
    found = ask("how can I return an item")

    assert (found.build, found.degraded) == (None, "")
    assert found.outcome == "answer"
    assert found.best.entry == faq["start-return"]


def test_an_empty_faq_answers_no_question(db: None, ask: Ask) -> None:
    found = ask("how do I return an item to your shop")

    assert found.outcome == "none"
    assert all(match.entry is None for match in found.matches)
    assert ask("hello").best.talk == "hello"


def test_an_faq_of_one_entry_is_answered(db: None, ask: Ask) -> None:
    entry = Entry.objects.create(slug="hours", language="en", question="When are you open?", answer="x")

    assert ask("when are you open").best.entry == entry


def test_the_pointer_is_one_query_in_five_seconds(
    faq: Any, ask: Ask, clock: list[float], reads: list[int]
) -> None:
    ask("how do I return an item")
    with CaptureQueriesContext(connection) as seen:
        for _ in range(5):
            ask("how do I return an item")
    assert selects(seen) == 5  # the entries of each answer
    assert len(reads) == 1

    clock[0] += 5.0
    with CaptureQueriesContext(connection) as seen:
        ask("how do I return an item")
    assert selects(seen) == 2
    assert len(reads) == 2


def test_a_build_activated_by_another_process_is_noticed_after_five_seconds(
    faq: Any, ask: Ask, stored: Stored, clock: list[float]
) -> None:
    build = stored()
    assert ask("track my parcel").build is None
    ActiveKnowledge.objects.bulk_create([ActiveKnowledge(build=build)])  # no signal, as from elsewhere

    clock[0] += 4.9
    assert ask("track my parcel").build is None
    clock[0] += 0.2
    ask("track my parcel")
    assert ask("track my parcel").build == build.pk


def test_a_new_build_loads_in_the_background_while_the_old_one_answers(
    faq: Any, ask: Ask, stored: Stored, threads: list[Callable[[], None]]
) -> None:
    first, second = stored(), stored()
    first.activate()
    assert ask("track my parcel").build == first.pk
    second.activate()
    pickup.read_again()

    assert ask("track my parcel").build == first.pk
    assert len(threads) == 1
    ask("track my parcel")
    assert len(threads) == 1  # not started twice
    threads.pop()()

    assert ask("track my parcel").build == second.pk


def test_only_the_first_question_of_a_process_waits(
    faq: Any, ask: Ask, stored: Stored, threads: list[Callable[[], None]]
) -> None:
    stored().activate()

    assert ask("track my parcel").build is not None
    assert threads == []


def test_the_process_that_activates_a_build_picks_it_up_at_once(
    faq: Any, ask: Ask, stored: Stored, django_capture_on_commit_callbacks: Any
) -> None:
    ask("track my parcel")
    build = stored()

    with django_capture_on_commit_callbacks(execute=True):
        build.activate()

    ask("track my parcel")
    assert answers.active().build_id == build.pk


def test_roll_back_answers_from_the_build_before(
    faq: Any, ask: Ask, stored: Stored, django_capture_on_commit_callbacks: Any
) -> None:
    first, second = stored(), stored()
    with django_capture_on_commit_callbacks(execute=True):
        first.activate()
        second.activate()
    assert ask("track my parcel").build == second.pk

    with django_capture_on_commit_callbacks(execute=True):
        ActiveKnowledge.objects.roll_back()

    assert answers.active().build_id == first.pk


def break_missing(folder: Path) -> None:
    shutil.rmtree(folder)


def break_truncated(folder: Path) -> None:
    path = folder / storage.TENSORS
    path.write_bytes(path.read_bytes()[:-100])


def break_altered(folder: Path) -> None:
    path = folder / storage.TENSORS
    data = bytearray(path.read_bytes())
    data[-1] ^= 0xFF
    path.write_bytes(bytes(data))


def break_manifest(folder: Path) -> None:
    (folder / storage.MANIFEST).write_text("{")


def break_too_new(folder: Path) -> None:
    path = folder / storage.MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))


BROKEN = [break_missing, break_truncated, break_altered, break_manifest, break_too_new]
broken = pytest.mark.parametrize("damage", BROKEN, ids=lambda damage: damage.__name__[6:])


def folder_of(build: KnowledgeBuild) -> Path:
    return Path(shared.ARTIFACT_DIR) / build.artifact


@broken
def test_a_broken_artifact_leaves_words_and_letters_over_the_faq(
    faq: Any, ask: Ask, stored: Stored, damage: Callable[[Path], None], caplog: Any
) -> None:
    build = stored()
    build.activate()
    damage(folder_of(build))

    found = ask("how can I return an item")

    assert (found.outcome, found.best.entry, found.build) == ("answer", faq["start-return"], None)
    assert found.degraded == answers.active().degraded
    assert f"Build {build.pk} cannot be loaded" in found.degraded
    assert f"Loading knowledge build {build.pk}" in caplog.text


@broken
def test_a_new_process_that_finds_the_artifact_broken_answers_from_the_build_before(
    faq: Any, ask: Ask, stored: Stored, damage: Callable[[Path], None], caplog: Any
) -> None:
    caplog.set_level(logging.CRITICAL)
    first, second = stored(), stored()
    first.activate()
    second.activate()
    damage(folder_of(second))

    found = ask("how can I return an item")

    assert (found.build, found.best.entry) == (first.pk, faq["start-return"])
    assert f"Build {first.pk} answers" in found.degraded


def test_a_broken_new_build_leaves_the_old_one_answering_and_is_tried_again_after_a_minute(
    faq: Any, ask: Ask, stored: Stored, clock: list[float], caplog: Any
) -> None:
    first, second = stored(), stored()
    first.activate()
    ask("track my parcel")
    moved = folder_of(second).rename(folder_of(second).with_name("elsewhere"))
    second.activate()
    clock[0] += 6
    ask("track my parcel")
    assert ask("track my parcel").build == first.pk
    errors = len(caplog.records)

    moved.rename(folder_of(second))
    clock[0] += 50
    ask("track my parcel")
    assert ask("track my parcel").build == first.pk
    assert len(caplog.records) == errors  # nothing was tried, nothing logged
    clock[0] += 11
    ask("track my parcel")

    found = ask("track my parcel")
    assert (found.build, found.degraded) == (second.pk, "")


def test_a_build_without_an_artifact_is_refused_with_what_to_do(db: None) -> None:
    build = KnowledgeBuild.objects.start(enqueue=False)

    with pytest.raises(loading.NoArtifact, match="build again"):
        loading.load(build.pk)


def test_an_engine_that_loads_but_cannot_answer_is_not_taken_up(
    faq: Any, ask: Ask, stored: Stored, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    stored().activate()

    class Broken:
        languages = ("en",)

        def rank(self, *_args: Any, **_options: Any) -> Any:
            raise ValueError("matmul: a mismatch")

    monkeypatch.setattr(loading.nlu, "load_engine", lambda *_args, **_options: Broken())

    found = ask("how can I return an item")

    assert (found.build, found.best.entry) == (None, faq["start-return"])
    assert "a mismatch" in found.degraded


def test_an_encoder_that_fails_while_answering_is_no_answer_and_no_error(
    faq: Any, ask: Ask, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    engine = answers.active().engine
    monkeypatch.setattr(engine, "rank", lambda *_args, **_options: 1 / 0)

    found = ask("how can I return an item")

    assert (found.outcome, found.matches) == ("none", ())
    assert "division by zero" in caplog.text


def test_a_missing_encoder_is_told(
    faq: Any, ask: Ask, stored: Stored, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    stored().activate()
    load = loading.load

    def without(build_id: int) -> Any:
        engine = load(build_id)
        engine.degraded["en"] = "encoder use is missing: no package"
        return engine

    monkeypatch.setattr(loading, "load", without)

    assert "en: encoder use is missing" in ask("how do I return an item").degraded
    assert "encoder use is missing" in caplog.text


def test_a_changed_answer_is_given_at_once(faq: Any, ask: Ask, stored: Stored, clock: list[float]) -> None:
    stored().activate()
    ask("how do I return an item")

    Entry.objects.filter(pk=faq["start-return"].pk).update(answer="Not any more.")  # no signal, no new time

    assert ask("how do I return an item").best.entry.answer == "Not any more."


def changed_question(faq: Any) -> None:
    entry = faq["opening-hours"]
    entry.question = "Is the drive-through lane staffed?"
    entry.save()


def new_phrasing(faq: Any) -> None:
    Phrasing.objects.create(entry=faq["opening-hours"], text="Is the drive-through lane staffed?")


def edited_phrasing(faq: Any) -> None:
    phrasing = faq["opening-hours"].phrasings.first()
    phrasing.text = "Is the drive-through lane staffed?"
    phrasing.save()


def bulk_phrasing(faq: Any) -> None:
    Phrasing.objects.bulk_create(
        [Phrasing(entry=faq["opening-hours"], text="Is the drive-through lane staffed?")]
    )


def imported(faq: Any) -> None:
    text = "language: en\n\n## Is the drive-through lane staffed?\nslug: opening-hours\n\nYes.\n"
    assert import_files([("more.md", StringIO(text))]).ok


@pytest.mark.parametrize("change", [changed_question, new_phrasing, edited_phrasing, bulk_phrasing, imported])
@pytest.mark.parametrize("with_build", [True, False], ids=["build", "no build"])
def test_what_was_written_is_found_within_five_seconds_without_a_worker(
    faq: Any, ask: Ask, stored: Stored, clock: list[float], change: Callable[[Any], None], with_build: bool
) -> None:
    if with_build:
        stored().activate()
    question = "is the drive-through lane staffed"
    assert label(ask(question)) != "opening-hours" or ask(question).outcome != "answer"

    change(faq)
    clock[0] += 5.1
    ask(question)

    found = ask(question)
    assert (found.outcome, label(found)) == ("answer", "opening-hours")


def test_a_new_entry_is_found_and_a_new_language_too(
    faq: Any, ask: Ask, stored: Stored, clock: list[float]
) -> None:
    stored().activate()
    ask("hello")
    Entry.objects.create(slug="wine", language="en", question="Do you sell wine to minors?", answer="No.")
    Entry.objects.create(
        slug="wine", language="fr", question="Vendez-vous du vin aux mineurs ?", answer="Non."
    )
    clock[0] += 5.1
    ask("hello")

    assert label(ask("wine for minors")) == "wine"
    french = ask("du vin aux mineurs ?", language="fr")
    assert (french.language, french.best.entry.answer) == ("fr", "Non.")


@pytest.mark.parametrize("how", ["deleted", "deleted in bulk", "unpublished", "expired", "not yet"])
def test_an_entry_that_is_taken_away_is_not_answered_any_more_not_even_once(
    faq: Any, ask: Ask, stored: Stored, how: str
) -> None:
    stored().activate()
    question = "how do I return an item"
    assert label(ask(question)) == "start-return"
    rows = Entry.objects.filter(slug="start-return")
    now = timezone.now()

    if how == "deleted":
        rows.get(language="en").delete()
    elif how == "deleted in bulk":
        rows.delete()
    elif how == "unpublished":
        rows.update(is_published=False)
    elif how == "expired":
        rows.update(active_until=now - timedelta(seconds=1))
    else:
        rows.update(active_from=now + timedelta(hours=1))

    assert all(match.entry is None or match.label != "start-return" for match in ask(question).matches)
    assert "start-return" not in [match.label for match in ask(question).matches]


def test_an_entry_comes_and_goes_with_its_dates_without_any_change(
    faq: Any, ask: Ask, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    entry = faq["start-return"]
    entry.active_from, entry.active_until = now + timedelta(hours=1), now + timedelta(hours=2)
    entry.save()
    stored().activate()
    question = "how do I return an item"
    seen = []

    for hours in (0, 1.5, 3):
        monkeypatch.setattr(timezone, "now", lambda hours=hours: now + timedelta(hours=hours))
        seen.append("start-return" in [match.label for match in ask(question).matches])

    assert seen == [False, True, False]


def test_a_managers_threshold_is_in_force_within_five_seconds(
    faq: Any, ask: Ask, stored: Stored, clock: list[float]
) -> None:
    stored().activate()
    learned = ask("track my parcel").threshold

    ActiveKnowledge.objects.set_threshold("en", 1.0)
    clock[0] += 5.1
    ask("track my parcel")
    strict = ask("is my parcel somewhere?")
    assert strict.threshold == 1.0
    assert strict.outcome != "answer"

    ActiveKnowledge.objects.set_threshold("en", None)
    clock[0] += 5.1
    ask("track my parcel")
    assert ask("track my parcel").threshold == learned


@pytest.mark.parametrize("stored_value", [{"en": "high"}, {"en": 7}, {"en": True}, [0.5], "x", 3])
def test_thresholds_that_are_none_are_ignored(faq: Any, ask: Ask, stored: Stored, stored_value: Any) -> None:
    stored().activate()
    ActiveKnowledge.objects.update(thresholds=stored_value)
    answers.reset()

    found = ask("how do I return an item")

    assert 0 < found.threshold < 1
    assert answers.active().thresholds == {}


def test_a_database_that_does_not_answer_leaves_what_is_known(
    faq: Any, ask: Ask, stored: Stored, clock: list[float], monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    build = stored()
    build.activate()
    ask("track my parcel")

    def gone(*_args: Any, **_options: Any) -> Any:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(pointer, "read", gone)
    monkeypatch.setattr(type(Entry.objects), "active", gone)
    clock[0] += 6

    found = ask("how do I return an item")

    assert (found.outcome, found.build) == ("none", build.pk)
    assert "server closed the connection" in caplog.text


def test_an_faq_that_cannot_be_read_leaves_the_last_one_and_is_tried_again(
    faq: Any, ask: Ask, stored: Stored, clock: list[float], monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    stored().activate()
    ask("track my parcel")

    with monkeypatch.context() as patched:
        patched.setattr(topics, "read", lambda: 1 / 0)
        Entry.objects.create(slug="wine", language="en", question="Do you sell wine to minors?", answer="No.")
        clock[0] += 6
        ask("track my parcel")
        found = ask("how do I return an item")
        assert found.best.entry == faq["start-return"]
        assert "could not be read" in found.degraded

    clock[0] += 61
    ask("track my parcel")
    assert label(ask("wine for minors")) == "wine"
    assert answers.active().degraded == ""


def test_skills_that_cannot_be_asked_leave_the_faq(
    faq: Any, ask: Ask, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.setattr(topics, "skills", lambda: 1 / 0)

    found = ask("how do I return an item")

    assert found.best.entry == faq["start-return"]
    assert "The skills cannot be used" in found.degraded


def test_two_threads_that_ask_first_load_once(
    faq: Any, stored: Stored, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    loads: list[int] = []
    taking = threading.Event()

    def slowly(process: Any) -> None:
        loads.append(1)
        taking.wait(5)
        process.active = answers.Active(lexical_engine([]))

    monkeypatch.setattr(pickup, "_take_up", slowly)
    monkeypatch.setattr(pointer, "read", pointer.Pointer)
    threads = [threading.Thread(target=answers.active) for _ in range(4)]
    for thread in threads:
        thread.start()
    taking.set()
    for thread in threads:
        thread.join()

    assert len(loads) == 1


def test_a_job_that_is_under_way_is_not_started_twice(threads: list[Callable[[], None]]) -> None:
    aside, done = background.Aside("test"), []

    aside.run(lambda: done.append(1))
    aside.run(lambda: done.append(2))
    assert aside.is_running
    threads.pop()()
    aside.run(lambda: done.append(3))
    threads.pop()()

    assert done == [1, 3]
    assert not aside.is_running


def test_a_remote_artifact_is_copied_once_and_old_copies_go(
    faq: Any, ask: Ask, stored: Stored, settings: Any, clock: list[float]
) -> None:
    backend = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "support_bot": backend}
    builds = [stored() for _ in range(3)]
    kept = []
    for build in builds:
        KnowledgeBuild.objects.filter(pk=build.pk).update(checksum=build.checksum)
        build.activate()
        clock[0] += 6
        ask("track my parcel")
        kept.append({path.name for path in storage.copies(bot.STORAGE).iterdir()})

    assert ask("track my parcel").build == builds[-1].pk
    assert kept[-1] <= {build.checksum for build in builds[-2:]}


def test_the_log_says_nothing_while_all_is_well(faq: Any, ask: Ask, stored: Stored, caplog: Any) -> None:
    stored().activate()

    ask("how do I return an item")

    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
