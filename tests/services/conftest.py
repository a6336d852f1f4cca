"""PostgreSQL, Redis, Celery workers and web servers of our own, each ended by its process id.

Locally a service that is not installed skips these tests with the reason; on CI it fails them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from . import postgresql
from .postgresql import free_port, listening, stop

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 90  # no single step takes so long; a slow machine may take most of it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.service)


def until(condition: Callable[[], Any], what: str, seconds: float = SECONDS) -> Any:
    """The first true answer of ``condition``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.1)
    pytest.fail(f"waited {seconds:g} seconds in vain for {what}")


def missing(what: str, package: str) -> NoReturn:
    reason = f"{what} not found: apt-get install {package}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A short path that the database's own account may enter too."""
    made = Path(tempfile.mkdtemp(prefix="concierge-services-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(folder: Path) -> Iterator[str]:
    """The URL of a cluster made for these tests."""
    programs = postgresql.binaries()
    if programs is None:
        missing("PostgreSQL", "postgresql")
    with postgresql.serve(programs, folder, free_port()) as url:
        yield url


@pytest.fixture(scope="session")
def redis(folder: Path) -> Iterator[str]:
    """The URL of a Redis that keeps nothing."""
    program = shutil.which("redis-server")
    if program is None:
        missing("Redis", "redis-server")
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        until(lambda: listening(port), "Redis")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        stop(server)


def environment(folder: Path, **more: str) -> dict[str, str]:
    """What a process of the shop needs; ``more`` names the database and the broker."""
    folder.mkdir(parents=True, exist_ok=True)
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.services.settings",
        "SERVICE_TEST_FOLDER": str(folder),
        "SECRET_KEY": "a key for the service tests alone, no secret at all: 5d1e",
        "DEBUG": "false",
        "HTTPS": "false",
        "COLLECTED_STATIC": "false",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "CACHE_URL": "locmemcache://services",
        "CELERY_BROKER_URL": "",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
        **more,
    }


class Shop:
    """The shop as one of its processes sees it: each function of ``agent`` is a method here."""

    def __init__(self, env: dict[str, str]) -> None:
        self.env = env
        self.folder = Path(env["SERVICE_TEST_FOLDER"])
        self.log = (self.folder / f"agent-{time.monotonic_ns()}.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.services.agent"],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
        )

    def __getattr__(self, question: str) -> Callable[..., Any]:
        def ask(*arguments: Any) -> Any:
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            self.process.stdin.write(json.dumps([question, arguments]).encode() + b"\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
            assert line, Path(self.log.name).read_text()
            answer = json.loads(line)
            assert "error" not in answer, answer["error"]
            return answer["answer"]

        return ask

    def hold(self) -> None:
        """Let the algorithm ``patient`` wait from now on."""
        (self.folder / "hold").touch()

    def release(self) -> None:
        (self.folder / "hold").unlink(missing_ok=True)

    def wait_for(self, run: int, condition: Callable[[dict[str, Any]], Any], what: str) -> dict[str, Any]:
        """The run's row once ``condition`` holds of it."""
        last: dict[str, Any] = {}

        def holds() -> bool:
            last.update(self.row(run))
            return bool(condition(last))

        until(holds, what)
        return last

    def is_training(self, run: int) -> dict[str, Any]:
        """The row of a run that a worker has begun to fit."""
        return self.wait_for(
            run, lambda row: row["status"] == "running" and row["done"] > 1, f"run {run} to be trained"
        )

    def has_ended(self, run: int) -> dict[str, Any]:
        ended = ("finished", "failed", "cancelled")
        return self.wait_for(run, lambda row: row["status"] in ended, f"run {run} to end")

    def close(self) -> None:
        self.release()
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait(timeout=20)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.log.close()


@pytest.fixture
def open_shop() -> Iterator[Callable[[dict[str, str]], Shop]]:
    """``open_shop(env)`` starts a process of the shop; all are closed at the end."""
    opened: list[Shop] = []

    def start(env: dict[str, str]) -> Shop:
        opened.append(Shop(env))
        return opened[-1]

    yield start
    for shop in reversed(opened):
        shop.close()


@pytest.fixture(scope="session")
def cluster(postgres: str, redis: str, folder: Path) -> dict[str, str]:
    """The environment of a shop on PostgreSQL and Redis, filled and with a model that serves."""
    env = environment(folder / "shop", DATABASE_URL=postgres, CELERY_BROKER_URL=redis)
    _fill(env)
    return env


@pytest.fixture(scope="session")
def embedded(folder: Path) -> dict[str, str]:
    """The environment of a shop as it is without any configuration: SQLite, no broker; filled likewise."""
    place = folder / "embedded"
    env = environment(place, DATABASE_URL=f"sqlite:///{place / 'db.sqlite3'}")
    _fill(env)
    return env


def _fill(env: dict[str, str]) -> None:
    shop = Shop(env)
    try:
        shop.fill()
    finally:
        shop.close()
    fast = ["--set", "factors=8", "--set", "iterations=3", "--set", "regularization=1"]
    command = [sys.executable, "manage.py", "recommendations_train", "--wait", "--algorithm", "als", *fast]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


class Worker:
    """A Celery worker on the queue ``gpu``, one task at a time in its only process."""

    def __init__(self, env: dict[str, str]) -> None:
        self.path = Path(env["SERVICE_TEST_FOLDER"]) / f"worker-{time.monotonic_ns()}.log"
        self.log = self.path.open("wb")
        options = ["-Q", "gpu", "--pool", "solo", "--loglevel", "info", "-n", f"{self.path.stem}@%h"]
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "celery", "-A", "shop.celery:app", "worker", *options],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        until(self.is_ready, f"the worker: {self.path.read_text()[-2000:]}")

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.said()
        return " ready." in self.said()

    def said(self) -> str:
        return self.path.read_text(errors="replace")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        stop(self.process)
        self.log.close()


@pytest.fixture
def hire(cluster: dict[str, str]) -> Iterator[Callable[[], Worker]]:
    """``hire()`` starts a Celery worker; all are stopped at the end."""
    hired: list[Worker] = []

    def start() -> Worker:
        hired.append(Worker(cluster))
        return hired[-1]

    yield start
    (Path(cluster["SERVICE_TEST_FOLDER"]) / "hold").unlink(missing_ok=True)
    for worker in hired:
        worker.close()


@pytest.fixture
def shop(cluster: dict[str, str], open_shop: Callable[[dict[str, str]], Shop]) -> Shop:
    return open_shop(cluster)
