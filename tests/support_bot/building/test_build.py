"""A whole build: from the FAQ to what answers, and everything that can come between."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from recommendations import storage
from support_bot import answers, building, tasks
from support_bot.answers import topics
from support_bot.building import learning, pulse, stages
from support_bot.models import ActiveKnowledge, Category, Entry, KnowledgeBuild, Phrasing
from support_bot.nlu import learning as learners
from support_bot.signals import build_finished, knowledge_activated
from support_bot.types import Profile, Subject

from .conftest import Built

Status, Verdict = KnowledgeBuild.Status, KnowledgeBuild.Verdict


def ask(text: str, **options: Any) -> answers.Found:
    return answers.find(text, subject=Subject(), profile=Profile(), **options)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """A learner that takes no time: an engine of words and letters, everything right but what is listed."""
    wrong: dict[str, bool] = {}

    def learn(examples: Any, **_options: Any) -> Any:
        real = {learners.build.outcome_key(one.language, one.text): True for one in examples}
        report = {
            code: {
                "n": sum(one.language == code for one in examples),
                "labels": len({one.label for one in examples if one.language == code}),
                "accuracy": 0.9,
                "encoders": ["lexical"],
                "missing": {},
            }
            for code in {one.language for one in examples}
        }
        return FakeLearned(answers.active().engine.update(examples), report, real | wrong)

    class FakeLearned:
        def __init__(self, engine: Any, report: Any, outcomes: Any) -> None:
            self.engine, self.report, self.outcomes = engine, report, outcomes

        def save(self, folder: Path, manifest_extra: Any = None) -> Path:
            folder.mkdir(parents=True)
            (folder / storage.TENSORS).write_bytes(b"tensors")
            (folder / storage.MANIFEST).write_text(json.dumps({"format": 1, "sha256": "0" * 64}))
            return folder

    monkeypatch.setattr(stages, "learn", learn)
    return wrong


def test_a_build_ends_with_knowledge_that_answers(faq: Any, built: Built) -> None:
    build = built()

    assert (build.status, build.verdict, build.error) == (Status.FINISHED, Verdict.ACTIVATED, "")
    assert ActiveKnowledge.objects.current().build == build
    found = ask("how long will a refund take")
    assert (found.build, found.degraded, found.best.entry) == (build.pk, "", faq["refund-time"])
    assert ask("退款什么时候到账呢").best.entry == faq["refund-time", "zh-hans"]


def test_a_build_records_what_it_learned_from_and_how_well(faq: Any, built: Built) -> None:
    build = built(seed=7)

    assert build.seed == 7
    assert (build.data["entries"], build.data["phrasings"]) == (16, 48)
    assert build.data["languages"] == {"en": 24, "zh-hans": 24}
    assert build.data["built_in"] > 0
    assert set(build.metrics) == set(build.thresholds) == set(build.encoders) == {"en", "zh-hans"}
    english = build.metrics["en"]
    assert 0 < english["accuracy"] <= 1
    assert {"ece", "reliability", "curve", "out_of_scope_recall", "threshold"} <= set(english)
    assert set(build.timings) >= {"read", "learn", "compare", "store", "activate"}
    assert len(build.outcomes) >= 48
    assert len(build.checksum) == 64
    json.dumps(build.metrics, allow_nan=False)


def test_the_same_seed_gives_the_same_figures(faq: Any, built: Built) -> None:
    first, second = built(seed=3), built(seed=3)

    drop = lambda metrics: {code: {**one, "seconds": 0} for code, one in metrics.items()}  # noqa: E731
    assert drop(first.metrics) == drop(second.metrics)
    assert first.outcomes == second.outcomes
    assert second.verdict == Verdict.ACTIVATED  # equal is not worse


def test_an_faq_whose_phrasings_got_mixed_up_is_kept_back(built: Built) -> None:
    things = ("apples", "bread", "coffee", "detergent", "eggs", "flour", "grapes", "honey")
    for thing in things:
        entry = Entry.objects.create(slug=thing, language="en", question=f"About {thing}", answer="x")
        for words in (
            "price of {}",
            "are {} in stock",
            "where do {} come from",
            "can I return {}",
            "fresh {}?",
        ):
            Phrasing.objects.create(entry=entry, text=words.format(thing))
    good = built()
    pks = list(Entry.objects.order_by("pk").values_list("pk", flat=True))
    for place, phrasing in enumerate(Phrasing.objects.order_by("pk")):  # each moves on to another entry
        phrasing.entry_id = pks[(pks.index(phrasing.entry_id) + place) % len(pks)]
        phrasing.save()

    bad = built()

    assert bad.verdict == Verdict.KEPT_BACK
    assert "Kept back" in bad.verdict_reason
    assert f"build {good.pk}" in bad.verdict_reason
    assert ActiveKnowledge.objects.current().build == good
    bad.activate()  # a manager may overrule the gate
    assert ActiveKnowledge.objects.current().build == bad


def test_without_the_wish_to_activate_the_build_is_stored_for_later(
    faq: Any, built: Built, quick: Any
) -> None:
    build = built(activate=False)

    assert (build.status, build.verdict) == (Status.FINISHED, Verdict.NOT_ACTIVATED)
    assert ActiveKnowledge.objects.current() is None
    assert build.artifact


def test_an_empty_faq_is_a_clear_failure(built: Built) -> None:
    build = built()

    assert build.status == Status.FAILED
    assert "no published entry" in build.error
    assert build.lock is None


def test_unpublished_entries_are_not_learned(faq: Any, built: Built, quick: Any) -> None:
    Entry.objects.filter(slug="start-return").update(is_published=False)

    assert built().data["entries"] == 14


def test_an_faq_of_one_entry_is_learned(built: Built) -> None:
    Entry.objects.create(slug="hours", language="en", question="When are you open?", answer="Always.")

    build = built()

    assert build.status == Status.FINISHED, build.error
    assert ask("when do you open?").best.entry.slug == "hours"


def test_an_faq_of_one_entry_without_small_talk_or_skills_passes_unproven(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics, "TALK", {})
    monkeypatch.setattr(topics, "skills", dict)
    Entry.objects.create(slug="hours", language="en", question="When are you open?", answer="Always.")

    build = built()

    assert build.status == Status.FINISHED, build.error
    assert build.artifact


def test_a_third_language_is_learned_and_answered(faq: Any, built: Built) -> None:
    french = {"language": "fr", "category": Category.objects.first()}
    hours = Entry.objects.create(
        slug="opening-hours", question="Quand êtes-vous ouverts ?", answer="x", **french
    )
    Phrasing.objects.create(entry=hours, text="quels sont vos horaires d'ouverture")
    back = Entry.objects.create(
        slug="start-return", question="Comment renvoyer un article ?", answer="x", **french
    )
    Phrasing.objects.create(entry=back, text="je veux retourner ma commande")

    build = built()

    assert set(build.metrics) == {"en", "fr", "zh-hans"}
    assert ask("vos horaires d'ouverture ?", language="fr").best.entry == hours


def test_a_second_delivery_of_the_task_learns_nothing(
    faq: Any, quick: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = KnowledgeBuild.objects.start(enqueue=False)
    tasks.build(started.pk)
    monkeypatch.setattr(stages, "read", lambda *_args: pytest.fail("it was built again"))

    tasks.build(started.pk)
    tasks.build(10**6)

    started.refresh_from_db()
    assert started.status == Status.FINISHED


def test_a_build_that_was_cancelled_while_queued_is_left_alone(faq: Any) -> None:
    started = KnowledgeBuild.objects.start(enqueue=False)
    started.cancel()

    building.run(started.pk)

    started.refresh_from_db()
    assert (started.status, started.started_at) == (Status.CANCELLED, None)


@pytest.mark.parametrize("stage", ["read", "learn", "compare", "store", "activate"])
def test_a_build_can_be_cancelled_in_every_stage(
    faq: Any, built: Built, quick: Any, monkeypatch: pytest.MonkeyPatch, stage: str, tmp_path: Path
) -> None:
    enter = pulse.Pulse.enter

    def cancel_then_enter(self: pulse.Pulse, entered: str) -> None:
        if entered == stage:
            KnowledgeBuild.objects.get(pk=self.build.pk).cancel()
        enter(self, entered)

    monkeypatch.setattr(pulse.Pulse, "enter", cancel_then_enter)

    build = built()

    assert (build.status, build.lock, build.error) == (Status.CANCELLED, None, "Cancelled.")
    assert ActiveKnowledge.objects.current() is None
    assert not list((tmp_path / "artifacts").glob("knowledge-*"))


def test_a_real_learner_stops_at_its_next_step(
    faq: Any, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "BEAT_SECONDS", 0.0)
    seen: list[str] = []
    report = pulse.Pulse.report

    def cancel_at_the_third(self: pulse.Pulse, stage: str, done: int, total: int) -> None:
        seen.append(stage)
        if len(seen) == 3:
            KnowledgeBuild.objects.get(pk=self.build.pk).cancel()
        report(self, stage, done, total)

    monkeypatch.setattr(pulse.Pulse, "report", cancel_at_the_third)

    build = built()

    assert build.status == Status.CANCELLED
    assert len(seen) == 3


def test_a_cancel_at_the_very_last_moment_leaves_no_artifact_behind(
    faq: Any, built: Built, quick: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    finish = stages._finish

    def cancel_then_finish(row: KnowledgeBuild, fields: Any) -> None:
        KnowledgeBuild.objects.filter(pk=row.pk).update(cancel_requested=True)
        finish(row, fields)

    monkeypatch.setattr(stages, "_finish", cancel_then_finish)

    assert built().status == Status.CANCELLED
    assert not list((tmp_path / "artifacts").glob("knowledge-*"))


def test_a_build_that_was_given_up_meanwhile_does_not_come_back(
    faq: Any, built: Built, quick: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = stages._store

    def given_up(row: KnowledgeBuild, *args: Any) -> Any:
        KnowledgeBuild.objects.get(pk=row.pk).end(Status.FAILED, error="No sign of life")
        return store(row, *args)

    monkeypatch.setattr(stages, "_store", given_up)
    caplog.set_level(logging.WARNING)

    build = built()

    assert (build.status, build.error) == (Status.FAILED, "No sign of life")
    assert ActiveKnowledge.objects.current() is None
    assert "no longer ours" in caplog.text


@pytest.mark.parametrize("stage", ["read", "learn", "compare", "_store", "_end"])
def test_a_failure_in_any_stage_is_told_and_the_old_build_answers_on(
    faq: Any, built: Built, quick: Any, monkeypatch: pytest.MonkeyPatch, stage: str, caplog: Any
) -> None:
    caplog.set_level(logging.CRITICAL)
    good = built()
    monkeypatch.setattr(stages, stage, lambda *_args, **_options: 1 / 0)

    bad = built()

    assert (bad.status, bad.error) == (Status.FAILED, "ZeroDivisionError: division by zero")
    assert bad.lock is None
    assert ActiveKnowledge.objects.current().build == good
    monkeypatch.undo()


def test_a_host_without_pytorch_is_told_what_to_install(
    faq: Any, built: Built, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    caplog.set_level(logging.CRITICAL)

    def gone(_path: str) -> None:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr(learning, "import_string", gone)

    assert "django-concierge[train]" in built().error


def test_a_process_told_to_stop_says_so_on_its_build(
    faq: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    caplog.set_level(logging.CRITICAL)

    def stop(*_args: Any) -> None:
        raise SystemExit(1)

    monkeypatch.setattr(stages, "read", stop)
    started = KnowledgeBuild.objects.start(enqueue=False)

    with pytest.raises(SystemExit):
        building.run(started.pk)

    started.refresh_from_db()
    assert started.status == Status.FAILED
    assert "told to stop" in started.error


def test_old_builds_and_their_artifacts_go_but_never_those_in_use(
    faq: Any, built: Built, quick: Any, settings: Any, django_capture_on_commit_callbacks: Any, tmp_path: Path
) -> None:
    settings.SUPPORT_BOT = {**settings.SUPPORT_BOT, "KEEP_BUILDS": 2}
    first = built()

    with django_capture_on_commit_callbacks(execute=True):
        others = [built(activate=False) for _ in range(4)]

    kept = set(KnowledgeBuild.objects.values_list("pk", flat=True))
    assert kept == {first.pk, others[2].pk, others[3].pk}
    folders = {path.name for path in (tmp_path / "artifacts").glob("knowledge-*")}
    assert folders == set(KnowledgeBuild.objects.values_list("artifact", flat=True))


def test_signals_tell_of_the_end_and_the_activation_and_bad_receivers_harm_nothing(
    faq: Any, built: Built, quick: Any, django_capture_on_commit_callbacks: Any, caplog: Any
) -> None:
    caplog.set_level(logging.CRITICAL)
    told: list[Any] = []

    def ended(build: KnowledgeBuild, **_kwargs: Any) -> None:
        told.append((build.pk, build.status, build.verdict))
        raise RuntimeError("a receiver of the host's")

    def activated(build: KnowledgeBuild, previous_build: KnowledgeBuild | None, **_kwargs: Any) -> None:
        told.append((build.pk, previous_build and previous_build.pk))

    build_finished.connect(ended)
    knowledge_activated.connect(activated)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            first = built()
        with django_capture_on_commit_callbacks(execute=True):
            second = built()
    finally:
        build_finished.disconnect(ended)
        knowledge_activated.disconnect(activated)

    assert told == [
        (first.pk, "finished", "activated"),
        (first.pk, None),
        (second.pk, "finished", "activated"),
        (second.pk, first.pk),
    ]


def test_progress_reaches_the_row_and_the_listener(
    faq: Any, quick: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    started = KnowledgeBuild.objects.start(enqueue=False)

    building.run(started.pk, on_progress=lambda stage, _done, _total: seen.append(stage))

    assert seen == ["read", "learn", "compare", "store", "activate"]
    started.refresh_from_db()
    assert started.worker
    assert started.heartbeat_at is not None
