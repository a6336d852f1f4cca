"""Handing work over: inline, to a child process, to a broker; and how a refusal is told."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from celery import current_app

from recommendations import jobs, tasks


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``broker(url)`` points Celery at another broker."""

    def use(url: str) -> None:
        monkeypatch.setattr(current_app.conf, "broker_url", url)
        monkeypatch.setattr(current_app.conf, "broker_write_url", url)

    return use


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_inline_runs_the_named_function_before_it_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []
    monkeypatch.setattr(tasks, "train", ran.append)

    jobs.enqueue("recommendations.train", [7], mode="inline")

    assert ran == [7]


def test_an_unknown_mode_is_refused_with_the_valid_ones() -> None:
    with pytest.raises(jobs.Refused, match="'carrier pigeon'; it must be one of process, celery, inline"):
        jobs.enqueue("recommendations.train", [7], mode="carrier pigeon")


@pytest.mark.parametrize("scheme", ["redis://127.0.0.1:{port}/0", "amqp://guest@127.0.0.1:{port}//"])
def test_a_dead_broker_refuses_and_says_why(broker: Any, closed_port: int, scheme: str) -> None:
    broker(scheme.format(port=closed_port))

    with pytest.raises(jobs.Refused, match=r"refused the task: .*Connection refused\. Is it running\?"):
        jobs.enqueue("recommendations.train", [7], mode="celery", queue="gpu")


@pytest.mark.parametrize("scheme", ["redis://127.0.0.1:{port}/0", "amqp://guest@127.0.0.1:{port}//"])
def test_a_broker_that_accepts_and_says_nothing_is_given_up(broker: Any, scheme: str) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        broker(scheme.format(port=mute.getsockname()[1]))

        with pytest.raises(jobs.Refused, match="Is it running"):
            jobs.enqueue("recommendations.train", [7], mode="celery")


def test_a_wrong_broker_address_is_refused(broker: Any) -> None:
    broker("nonsense://x")

    with pytest.raises(jobs.Refused, match="No such transport"):
        jobs.enqueue("recommendations.train", [7], mode="celery")


def test_the_task_goes_to_the_queue_that_was_named(broker: Any) -> None:
    broker("memory://")

    jobs.enqueue("recommendations.train", [7], mode="celery", queue="gpu")

    with current_app.connection_for_read() as connection:
        message = connection.default_channel.basic_get("gpu")
    assert message.headers["task"] == "recommendations.train"
    assert message.payload[0] == [7]


def test_a_child_process_is_detached_and_finds_the_settings(
    monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    """The child is a real one: it prints what it was given instead of training."""
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "CACHE_DIR": tmp_path}
    said = tmp_path / "said.json"
    script = tmp_path / "python"
    script.write_text(
        f"#!{sys.executable}\n"
        "import json, os, sys\n"
        "about = [sys.argv[1:], os.environ['DJANGO_SETTINGS_MODULE'], os.getsid(0) == os.getpid(),\n"
        "         sys.stdin.read(), os.environ['PYTHONPATH']]\n"
        f"open({str(said)!r} + '.new', 'w').write(json.dumps(about))\n"
        f"os.rename({str(said)!r} + '.new', {str(said)!r})\n"
    )
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def kept(*args: Any, **options: Any) -> Any:
        started.append(popen(*args, **options))
        return started[0]

    monkeypatch.setattr(subprocess, "Popen", kept)

    jobs.enqueue("recommendations.train", [7], mode="process")

    started[0].wait(timeout=60)
    arguments, module, leads_a_session, stdin, path = json.loads(said.read_text())
    assert arguments == ["-m", "django", "recommendations_work", "train", "[7]"]
    assert module == os.environ["DJANGO_SETTINGS_MODULE"]
    assert leads_a_session
    assert stdin == ""
    assert set(path.split(os.pathsep)) >= {entry for entry in sys.path if entry}


def test_a_process_that_cannot_be_started_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python3")

    with pytest.raises(jobs.Refused, match="could not be started"):
        jobs.enqueue("recommendations.train", [7], mode="process")


def test_under_a_server_that_is_its_own_executable_the_interpreter_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/usr/bin/uwsgi")

    assert jobs._python() == str(Path(sys.prefix, "bin", "python"))


def test_the_output_of_children_does_not_grow_for_ever(settings: Any, tmp_path: Path) -> None:
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "CACHE_DIR": tmp_path}
    (tmp_path / "jobs.log").write_bytes(b"x" * (jobs.LOG_BYTES + 1))

    with jobs._output() as stream:
        stream.write(b"new")

    assert (tmp_path / "jobs.log").read_bytes() == b"new"


def test_enqueueing_does_not_load_what_the_job_needs() -> None:
    code = (
        "import django, sys; django.setup(); from recommendations import jobs, models;"
        "assert 'torch' not in sys.modules and 'recommendations.tasks' not in sys.modules"
    )

    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
