"""``support_bot_build`` and ``support_bot_work``: what they do and how they exit."""

from __future__ import annotations

import builtins
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from support_bot import building
from support_bot.building import gate, stages
from support_bot.models import ActiveKnowledge, KnowledgeBuild

from .conftest import Run

pytestmark = pytest.mark.django_db


def test_build_and_wait_activates_and_prints_the_verdict_and_each_language(faq: Any, run: Run) -> None:
    code, out, err = run("support_bot_build", "--wait", "--seed", "4")

    build = KnowledgeBuild.objects.get()
    assert (code, err) == (0, "")
    assert f"Build {build.pk}: activated" in out
    assert "  en: " in out
    assert "  zh-hans: " in out
    assert "accuracy 0." in out
    assert (build.seed, build.via) == (4, "command")
    assert ActiveKnowledge.objects.current().build == build


def test_a_kept_back_build_exits_with_3_or_0_if_that_is_ok(
    faq: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "compare", lambda *_args: gate.Judgement(False, "Kept back: it is worse."))

    code, out, _err = run("support_bot_build", "--wait")
    assert code == 3
    assert "Kept back: it is worse." in out
    assert run("support_bot_build", "--wait", "--ok-if-kept")[0] == 0
    assert ActiveKnowledge.objects.current() is None


def test_a_failed_build_exits_with_1_and_says_why(db: None, run: Run) -> None:
    code, _out, err = run("support_bot_build", "--wait")

    assert code == 1
    assert "no published entry" in err


def test_without_activation_the_build_is_only_stored(faq: Any, run: Run) -> None:
    assert run("support_bot_build", "--wait", "--no-activate")[0] == 0

    build = KnowledgeBuild.objects.get()
    assert (build.verdict, bool(build.artifact)) == ("not_activated", True)
    assert ActiveKnowledge.objects.current() is None


def test_a_second_build_is_refused_while_one_is_live(faq: Any, run: Run) -> None:
    live = KnowledgeBuild.objects.start(enqueue=False)

    code, _out, err = run("support_bot_build", "--wait")

    assert code == 1
    assert f"Build {live.pk} is queued" in err


def test_without_waiting_a_worker_is_asked(
    faq: Any, run: Run, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(
        "recommendations.jobs.enqueue", lambda name, args, **_options: asked.append((name, args))
    )

    with django_capture_on_commit_callbacks(execute=True):
        code, out, _err = run("support_bot_build")

    assert code == 0
    assert "queued" in out
    assert asked == [("support_bot.build", [KnowledgeBuild.objects.get().pk])]


@pytest.mark.parametrize("seed", ["-1", str(2**31)])
def test_a_bad_seed_exits_with_2_and_starts_nothing(db: None, run: Run, seed: str) -> None:
    code, _out, err = run("support_bot_build", f"--seed={seed}")

    assert code == 2
    assert "--seed" in err
    assert not KnowledgeBuild.objects.exists()


def test_a_build_stopped_from_the_keyboard_ends_in_a_sentence_and_is_cancelled(
    faq: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_args: Any) -> None:
        raise builtins.KeyboardInterrupt

    monkeypatch.setattr(stages, "read", stop)

    code, _out, err = run("support_bot_build", "--wait")

    assert code == 130
    assert "stopped from the keyboard" in err
    assert KnowledgeBuild.objects.get().status == "cancelled"


def test_missing_tables_say_what_to_do(db: None, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_args: Any, **_options: Any) -> None:
        raise OperationalError("no such table")

    monkeypatch.setattr(type(KnowledgeBuild.objects), "start", gone)

    code, _out, err = run("support_bot_build")

    assert code == 1
    assert "manage.py migrate" in err


def test_a_worker_takes_the_build_it_is_told(faq: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    monkeypatch.setattr(building, "run", taken.append)

    call_command("support_bot_work", "build", "[7]")

    assert taken == [7]


@pytest.mark.parametrize("name", ["nonsense", "_private", "shared_task_"])
def test_a_job_that_does_not_exist_is_named(name: str) -> None:
    with pytest.raises(CommandError, match=f"no job '{name}'"):
        call_command("support_bot_work", name)
