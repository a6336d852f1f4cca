"""The shop's writers on PostgreSQL: the same tests once more, against a server of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.shop.postgresql import programs, server

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.service
def test_orders_and_loading_hold_on_postgresql_too() -> None:
    bin_folder = programs()
    if bin_folder is None:
        pytest.skip("PostgreSQL's server programs are not installed (Debian: postgresql)")
    # Not below pytest's own folder, which the server's user may not enter.
    with (
        tempfile.TemporaryDirectory(prefix="shop-postgresql-") as folder,
        server(Path(folder), bin_folder) as url,
    ):
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "--ds=tests.shop.postgresql",
                "tests/shop/test_orders.py",
                "tests/shop/test_loader.py",
            ],
            cwd=ROOT,
            env=os.environ | {"POSTGRESQL_TEST_URL": url},
            check=False,
            capture_output=True,
            text=True,
        )

    assert done.returncode == 0, done.stdout[-4000:]
