"""Builds in processes of their own, on a database file: started, killed, cancelled from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
SETUP = """
import json, os, sys, time
import django
django.setup()
from django.core.management import call_command
from support_bot.models import *
"""
FILL = """
call_command("migrate", verbosity=0)
for number in range(6):
    question = f"What is thing {number}?"
    entry = Entry.objects.create(slug=f"e{number}", language="en", question=question, answer="x")
    for word in ("colour", "price", "weight"):
        Phrasing.objects.create(entry=entry, text=f"{word} of thing {number}")
"""
SLOW = """
from support_bot.building import stages
def learn(*args, on_progress=None, **options):
    for step in range(1200):
        on_progress("learning", step, 1200)
        time.sleep(0.05)
    raise RuntimeError("it was to be stopped")
stages.learn = learn
print("ready", flush=True)
call_command("support_bot_work", "build", sys.argv[1])
"""

Python = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def python(tmp_path: Path) -> Any:
    """``python(code, *arguments)`` starts a process on this test's database; what still runs is ended."""
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "ARTIFACT_DIR": str(tmp_path / "artifacts"),
        "ARTIFACT_CACHE_DIR": str(tmp_path / "cache"),
        "CELERY_BROKER_URL": "",
        "SECRET_KEY": "a key for this test alone",
        "BOT_FOLDER": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
    }
    started: list[subprocess.Popen[str]] = []

    def start(code: str, *arguments: str, settings: str = "process_settings") -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-c", SETUP + code, *arguments],
            env={**environment, "DJANGO_SETTINGS_MODULE": f"tests.support_bot.{settings}"},
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(child)
        return child

    yield start
    for child in started:
        if child.poll() is None:
            child.kill()
        child.communicate()


def told(python: Python, code: str, **options: str) -> Any:
    child = python(code, **options)
    out, err = child.communicate(timeout=120)
    assert child.returncode == 0, err
    return json.loads(out.strip().splitlines()[-1])


def wait_for(python: Python, code: str) -> None:
    """Until ``code``, an expression, is true in the database."""
    told(
        python,
        f"""
deadline = time.monotonic() + 60
while not ({code}) and time.monotonic() < deadline:
    time.sleep(0.05)
print(json.dumps(bool({code})))
""",
    ) or pytest.fail(code)


def test_a_killed_build_is_given_up_and_the_next_one_runs(python: Python) -> None:
    pk = told(python, FILL + "print(KnowledgeBuild.objects.start(enqueue=False).pk)")
    child = python(SLOW, json.dumps([pk]))
    wait_for(python, f"KnowledgeBuild.objects.filter(pk={pk}, status='running', done__gt=1).exists()")

    child.send_signal(signal.SIGKILL)
    child.wait()

    said = told(
        python,
        f"""
from datetime import timedelta
dead = KnowledgeBuild.objects.get(pk={pk})
KnowledgeBuild.objects.update(heartbeat_at=dead.heartbeat_at - timedelta(minutes=3))  # two minutes later
next = KnowledgeBuild.objects.start(enqueue=False)
from support_bot import building
building.run(next.pk)
dead.refresh_from_db(); next.refresh_from_db()
print(json.dumps([dead.status, dead.error, next.status, next.verdict]))
""",
    )
    assert said[0] == "failed"
    assert "No sign of life" in said[1]
    assert said[2:] == ["finished", "activated"]


@pytest.mark.parametrize("how", ["cancel", "SIGTERM"])
def test_a_running_build_can_be_stopped_from_outside(python: Python, how: str) -> None:
    pk = told(python, FILL + "print(KnowledgeBuild.objects.start(enqueue=False).pk)")
    child = python(SLOW, json.dumps([pk]))
    wait_for(python, f"KnowledgeBuild.objects.filter(pk={pk}, status='running', done__gt=1).exists()")

    if how == "cancel":
        told(python, f"print(json.dumps(KnowledgeBuild.objects.get(pk={pk}).cancel()))")
    else:
        child.send_signal(signal.SIGTERM)
    child.wait(timeout=60)

    build = f"b = KnowledgeBuild.objects.get(pk={pk}); print(json.dumps([b.status, b.error, b.lock]))"
    status, error, lock = told(python, build)
    assert lock is None
    if how == "cancel":
        assert (status, error) == ("cancelled", "Cancelled.")
    else:
        assert status == "failed"
        assert "told to stop" in error


EMBEDDED = """
from support_bot import answers
from support_bot.types import Profile, Subject
def ask(): return answers.find("the colour of thing 3", subject=Subject(), profile=Profile())
before = ask()
build = KnowledgeBuild.objects.start()
deadline = time.monotonic() + 120
while ask().build != build.pk and time.monotonic() < deadline:
    time.sleep(0.1)
build.refresh_from_db()
after = ask()
print(json.dumps([before.build, build.status, build.error, after.build == build.pk, after.best.label,
                  build.worker.endswith(f":{os.getpid()}"), "torch" in sys.modules]))
"""


@pytest.mark.parametrize("host", ["process_settings", "alone_settings"])
def test_a_web_process_starts_a_build_beside_itself_and_takes_it_up_without_torch(
    python: Python, host: str
) -> None:
    """The embedded default: no broker, a second process, with and without ``recommendations``."""
    said = told(python, FILL + EMBEDDED, settings=host)

    assert said == [None, "finished", "", True, "e3", False, False]
