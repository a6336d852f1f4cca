"""The embedded default, SQLite and no broker: trainings in their own processes beside a real web server."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from .conftest import ROOT, Shop, free_port, listening, stop, until


class Web:
    """The shop behind gunicorn, and a manager who is logged in."""

    def __init__(self, env: dict[str, str]) -> None:
        self.env = env
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.session = requests.Session()
        self.process: subprocess.Popen[Any] | None = None
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "gunicorn", "shop.wsgi", "--workers", "2", "--bind"]
        with (Path(self.env["SERVICE_TEST_FOLDER"]) / "web.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, f"127.0.0.1:{self.port}"], cwd=ROOT, env=self.env, stdout=log, stderr=log
            )
        until(lambda: listening(self.port), "the web server")

    def stop(self) -> None:
        assert self.process is not None
        stop(self.process)
        until(lambda: not listening(self.port), "the web server to be gone")

    def log_in(self) -> None:
        page = self.session.get(f"{self.url}/admin/login/", timeout=60)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token, page.text
        data = {"username": "manager", "password": "manager", "csrfmiddlewaretoken": token[1], "next": "/"}
        answer = self.session.post(f"{self.url}/admin/login/", data=data, timeout=60)
        assert answer.status_code == 200, answer.text

    def start_run(self, algorithm: str) -> int:
        answer = self.session.post(
            f"{self.url}/api/recommendations/runs/",
            json={"algorithm": algorithm},
            headers={"X-CSRFToken": self.session.cookies["csrftoken"], "Referer": self.url},
            timeout=60,
        )
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]


@pytest.fixture
def web(embedded: dict[str, str]) -> Iterator[Web]:
    server = Web(embedded)
    yield server
    if server.process is not None:
        stop(server.process)
    server.session.close()


@pytest.fixture
def shop(embedded: dict[str, str], open_shop: Callable[[dict[str, str]], Shop]) -> Shop:
    return open_shop(embedded)


def alive(row: dict[str, Any]) -> bool:
    """Whether the run's process lives; it is a child of a web server that may be gone."""
    try:
        os.kill(int(row["worker"].rsplit(":", 1)[1]), 0)
    except ProcessLookupError:
        return False
    return True


def test_a_training_outlives_the_restart_of_the_web_server(web: Web, shop: Shop) -> None:
    web.log_in()
    shop.hold()
    run = web.start_run("patient")
    training = shop.is_training(run)

    web.stop()

    assert alive(training)
    assert shop.buy()["stored"]
    beat = shop.row(run)["heartbeat"]
    shop.wait_for(run, lambda row: row["heartbeat"] > beat, "the next heartbeat")
    web.start()
    shop.release()
    row = shop.has_ended(run)
    assert (row["status"], row["verdict"]) == ("finished", "activated"), (row["error"], row["verdict_text"])
    assert row["started_via"] == "api"
    assert shop.active("similar") == run
    until(lambda: not alive(training), "the training's process to end")
    assert web.session.get(web.url, timeout=60).status_code == 200


def test_a_training_in_a_process_can_be_cancelled_while_orders_come_in(web: Web, shop: Shop) -> None:
    web.log_in()
    serving = shop.active()
    shop.hold()
    run = web.start_run("patient")
    training = shop.is_training(run)
    bought = [shop.buy() for _order in range(5)]

    shop.cancel(run)

    assert all(order["stored"] and order["taken"] == 1 for order in bought)
    row = shop.has_ended(run)
    assert (row["status"], row["lock"]) == ("cancelled", None)
    assert shop.active() == serving
    until(lambda: not alive(training), "the training's process to end")


def test_a_process_told_to_stop_marks_its_run_failed(web: Web, shop: Shop) -> None:
    web.log_in()
    shop.hold()
    run = web.start_run("patient")
    training = shop.is_training(run)

    os.kill(int(training["worker"].rsplit(":", 1)[1]), signal.SIGTERM)

    row = shop.has_ended(run)
    assert (row["status"], row["lock"]) == ("failed", None)
    assert "told to stop" in row["error"]
    shop.release()
    again = web.start_run("patient")
    assert shop.has_ended(again)["status"] == "finished"


def test_no_web_process_loads_torch(web: Web, shop: Shop) -> None:
    web.log_in()
    run = web.start_run("item_cosine")
    assert shop.has_ended(run)["status"] == "finished"
    assert web.session.get(web.url, timeout=60).status_code == 200
    assert web.process is not None

    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(web.process.pid)], capture_output=True, text=True, check=True
    ).stdout.split()

    assert len(children) == 2
    for child in children:
        assert "libtorch" not in Path(f"/proc/{child}/maps").read_text()
