"""Two messages at once are both answered, once, in the order in which they were accepted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from tests.services.conftest import ROOT, environment, folder, postgres  # noqa: F401  the last two are fixtures

THREADS, MESSAGES = 4, 3
SENT = THREADS * MESSAGES - 1  # the first message of two of the threads is the same one


def crowd(env: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", "-m", "tests.support_bot.dialogue.crowd"]
    done = subprocess.run(
        [*command, str(THREADS), str(MESSAGES)],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def all_was_answered_once_and_in_order(told: dict[str, Any]) -> None:
    rows = told["rows"]
    said = [row["pk"] for row in rows if row["author"] == "customer"]
    answered = [row["reply_to_id"] for row in rows if row["author"] == "bot"]

    assert told["failures"] == []
    assert [row["sequence"] for row in rows] == list(range(1, 2 * SENT + 1))
    assert len(said) == SENT
    assert answered == said
    assert not any(row["is_open"] for row in rows)


def test_on_sqlite(tmp_path: Path) -> None:
    told = crowd(environment(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path / 'db.sqlite3'}"))

    all_was_answered_once_and_in_order(told)


@pytest.mark.service
def test_on_postgresql(tmp_path: Path, postgres: str) -> None:  # noqa: F811
    connection = psycopg2.connect(postgres)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE crowd")
    connection.close()

    told = crowd(environment(tmp_path, DATABASE_URL=f"{postgres.rpartition('/')[0]}/crowd"))

    all_was_answered_once_and_in_order(told)
