"""A shop is read the same on PostgreSQL as on SQLite: the adapter's own tests, run there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from .conftest import ROOT


@pytest.mark.parametrize(
    ("tests", "settings"),
    [("tests/adapters", "tests.adapters.postgresql_settings"), ("tests/uuidshop", "tests.uuidshop.settings")],
)
def test_what_holds_on_sqlite_holds_on_postgresql(postgres, tests, settings):
    server = postgres.rpartition("/")[0]
    name = tests.rpartition("/")[2]
    urls = {"DATABASE_URL": f"{server}/{name}", "UUIDSHOP_DATABASE_URL": f"{server}/{name}"}

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", tests, f"--ds={settings}"],
        cwd=ROOT,
        env={**os.environ, **urls},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
