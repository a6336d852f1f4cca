"""A web process answers from numpy arrays: PyTorch is never loaded in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# A process of its own, with a database file and background threads, as a web worker has them.
WORKER = """
import json, sys, time
import django
from django.conf import settings
settings.RECOMMENDATIONS.update(ARTIFACT_DIR=sys.argv[1] + "/artifacts", CACHE_DIR=sys.argv[1] + "/cache")
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("check")
from django.test import Client
from recommendations.serving import background, models
from tests.serving.blocks import BlockShop

shop = BlockShop()
client = Client()
client.force_login(shop.ann)
before = client.get("/api/recommendations/placements/for-you/").json()
runs = shop.activate_all()
deadline = time.monotonic() + 30
while True:
    answer = client.get("/api/recommendations/placements/for-you/?explain=1&limit=3").json()
    if answer["run"] == runs["personal"].pk or time.monotonic() > deadline:
        break
    time.sleep(0.05)
page = client.get(shop.products["tea 0"].get_absolute_url())
ranked = client.post("/api/recommendations/rank/", {"items": shop.keys("tea 3")}, "application/json")
print(json.dumps({
    "jobs": settings.RECOMMENDATIONS["JOBS"],
    "before": before["run"],
    "titles": [entry["item"]["title"] for entry in answer["items"]],
    "page": page.status_code,
    "placements": page.content.decode().count("data-placement="),
    "ranked": ranked.status_code,
    "torch": "torch" in sys.modules,
    "scipy": "scipy" in sys.modules,
}))
"""


def test_pages_and_api_calls_are_served_without_torch_while_a_model_is_picked_up(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "CELERY_BROKER_URL": "",
        "CACHE_URL": "locmemcache://",
        "SECRET_KEY": "a key for this test alone",
        "ALLOWED_HOSTS": "testserver",
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
    }

    done = subprocess.run(
        [sys.executable, "-c", WORKER, str(tmp_path)],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.strip().splitlines()[-1])
    assert said == {
        "jobs": "process",
        "before": None,
        "titles": ["tea 2", "tea 3", "tea 4"],
        "page": 200,
        "placements": said["placements"],
        "ranked": 200,
        "torch": False,
        "scipy": False,
    }
    assert said["placements"] >= 1
