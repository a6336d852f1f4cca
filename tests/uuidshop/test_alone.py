"""`recommendations` without the support bot: nothing of it is installed, imported or missed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ALONE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = sys.argv[1]
sys.modules[sys.argv[2]] = None  # importing it is an ImportError from now on
import django
django.setup()
from django.core.management import call_command
from django.db import connections
from django.test import Client
for alias in connections:
    call_command("migrate", database=alias, verbosity=0)
call_command("check", fail_level="WARNING")
print(Client().get(sys.argv[3]).status_code)
"""


def test_a_shop_with_recommendations_alone_starts_migrates_checks_and_answers() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            ALONE,
            "tests.uuidshop.settings",
            "support_bot",
            "/api/recommendations/placements/",
        ],
        cwd=Path(__file__).resolve().parents[2],
        # On a database of its own, whatever the tests around it run on.
        env={name: value for name, value in os.environ.items() if not name.endswith("DATABASE_URL")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.split()[-1:] == ["200"], done.stderr
