"""Pages of a shop with Django and numpy alone: from recent purchases, or from a model made elsewhere.

Written for Django's own test runner, so that they run where nothing else is installed; pytest runs them too.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import numpy as np
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.core.management import call_command
from django.test import TestCase
from django.utils import timezone

from recommendations import serving, storage
from recommendations.adapters import get_adapter
from recommendations.artifacts import History, KeyTable, Model
from recommendations.artifacts.scorers import ItemItem
from recommendations.conf import settings
from recommendations.models import ModelRun

from .models import Purchase, Thing

# What the extras bring; none of it may be needed, or even touched, here.
EXTRAS = ("torch", "scipy", "safetensors", "rest_framework", "drf_spectacular", "celery", "psycopg2")
ALONE = """
import sys, django
for name in {extras}: sys.modules[name] = None  # importing one of them is an ImportError from now on
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.minimal.models import Purchase, Thing
"""
VISIT = """
from django.test import Client
call_command("check", fail_level="WARNING")
thing = Thing.objects.create(name="Only thing")
for path in ("/", f"/{thing.pk}/"):
    response = Client().get(path)
    assert response.status_code == 200, response.status_code
assert "Only thing" in Client().get("/").content.decode()
"""
TRAIN = """
from django.contrib.auth.models import User
from recommendations.models import ModelRun
things = [Thing.objects.create(name=f"Thing {n}") for n in range(9)]
for n in range(9):
    user = User.objects.create(username=f"user{n}")
    for thing in things[n:] + things[:n - 3]:
        Purchase.objects.create(thing=thing, user=user)
try:
    call_command("recommendations_train", "--algorithm", "als", "--wait", verbosity=0)
finally:
    run = ModelRun.objects.latest("pk")
    print(run.status, run.error)
"""
WITH_BOT = """
import sys, django
for name in {extras}: sys.modules[name] = None
from django.conf import settings
settings.INSTALLED_APPS.append("support_bot")
django.setup()
from django.core.checks import run_checks
from django.core.management import call_command
call_command("migrate", verbosity=0, skip_checks=True)
from django.contrib.auth.models import User
from support_bot.conf import settings as bot
from support_bot.models import Conversation, Entry
Entry.objects.create(slug="a", language="en", question="A?", answer="A.")
user = User.objects.create(username="ada")
Conversation.objects.create(token_hash="a", user=user, user_key=str(user.pk))
user.delete()
print(Conversation.objects.count(), bot.RETENTION_DAYS)
for problem in run_checks():
    print(problem.id, problem.msg, problem.hint)
"""
READ = """
import sqlite3
from django.conf import settings
from django.contrib.auth.models import User
from recommendations.adapters import get_adapter
user, thing = User.objects.create(username="ada"), Thing.objects.create(name="Thing")
Purchase.objects.bulk_create(Purchase(thing=thing, user=user) for _ in range(50))
pages = get_adapter().lines(page=20)
read = len(next(pages))
shop = sqlite3.connect(settings.DATABASES["default"]["NAME"], timeout=0)  # a checkout that does not wait
columns = "thing_id, user_id, at"
shop.execute(f"INSERT INTO minimal_purchase ({columns}) SELECT {columns} FROM minimal_purchase")
shop.commit()
busy = shop.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]  # 1 while anybody is still reading
print(busy, read + sum(len(page) for page in pages))
"""


class MinimalShop(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.user = User.objects.create_user("ada")
        cls.things = [Thing.objects.create(name=f"Thing {n}") for n in range(6)]

    def setUp(self) -> None:
        serving.reset()

    def buy(self, *things: Thing, days: float = 0) -> None:
        for thing in things:
            Purchase.objects.create(thing=thing, user=self.user, at=timezone.now() - timedelta(days=days))

    def shown(self, path: str, placement: str) -> list[str]:
        response = self.client.get(path)
        self.assertEqual(response.status_code, 200)
        page = response.content.decode()
        lists = dict(re.findall(r'data-placement="([^"]+)"(.*?)</section>', page, re.DOTALL))
        return re.findall(r'data-item="([^"]+)"', lists.get(placement, ""))

    def key(self, position: int) -> str:
        return str(self.things[position].pk)

    def activate(self, folder: Path) -> ModelRun:
        """Thing 0 goes with 1, and less so with 2: a model trained somewhere else."""
        keys = sorted(str(thing.pk) for thing in self.things)
        place = {key: keys.index(key) for key in keys}
        rows: dict[int, list[tuple[int, float]]] = {
            place[self.key(0)]: sorted([(place[self.key(1)], 2.0), (place[self.key(2)], 1.0)])
        }
        entries = [rows.get(position, []) for position in range(len(keys))]
        scorer = ItemItem(
            np.cumsum([0, *map(len, entries)]),
            np.array([item for row in entries for item, _value in row], np.int32),
            np.array([value for row in entries for _item, value in row], np.float32),
        )
        model = Model(
            algorithm="item_cosine",
            parameters={},
            supports={"similar", "fold_in"},
            scorer=scorer,
            items=KeyTable.from_keys(keys),
            users=KeyTable.from_keys([]),
            seen=History(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32)),
        )
        name = storage.publish(model.save(folder / "model"), alias=settings.STORAGE)
        finished = ModelRun.Status.FINISHED
        run = ModelRun.objects.create(algorithm="item_cosine", role="similar", status=finished, artifact=name)
        run.activate()
        serving.reset()
        return run

    def test_the_checks_pass_and_no_migration_is_missing(self) -> None:
        self.assertEqual(run_checks(), [])
        call_command("makemigrations", "--check", "--dry-run", verbosity=0)

    def test_an_empty_shop_is_a_page(self) -> None:
        Thing.objects.all().delete()

        self.assertEqual(self.shown("/", "trending"), [])

    def test_without_a_model_the_page_shows_what_was_bought_lately(self) -> None:
        self.buy(self.things[4], self.things[4], self.things[2])

        self.assertEqual(self.shown("/", "trending")[:2], [self.key(4), self.key(2)])
        self.assertEqual(len(self.shown("/", "for-you")), 6)

    def test_a_model_trained_elsewhere_answers(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self.activate(Path(folder))

            self.assertEqual(self.shown(f"/{self.key(0)}/", "similar")[:2], [self.key(1), self.key(2)])

    def test_a_model_whose_file_is_gone_or_cut_falls_back(self) -> None:
        self.buy(self.things[5])
        with tempfile.TemporaryDirectory() as folder:
            run = self.activate(Path(folder))
        tensors = storage.localise(run.artifact, alias=settings.STORAGE) / "model.safetensors"
        tensors.write_bytes(tensors.read_bytes()[:50])

        with self.assertLogs("recommendations", "WARNING"):
            cut = self.shown(f"/{self.key(0)}/", "similar")
        storage.delete(run.artifact, alias=settings.STORAGE)
        serving.reset()
        with self.assertLogs("recommendations", "WARNING"):
            gone = self.shown(f"/{self.key(0)}/", "similar")

        self.assertEqual(cut[0], self.key(5))
        self.assertEqual(gone[0], self.key(5))

    def test_orders_are_read_as_arrays_without_scipy(self) -> None:
        self.buy(self.things[0], self.things[1], days=3)

        data, report = get_adapter().read_interactions()

        self.assertEqual((len(data), report.rows_in), (2, 2))

    def test_training_where_torch_is_missing_says_what_to_install(self) -> None:
        done = self.run_alone(TRAIN)

        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("failed", done.stdout)
        self.assertIn("django-concierge[train]", done.stdout)

    def test_nothing_of_the_extras_is_imported(self) -> None:
        done = self.run_alone(VISIT)

        self.assertEqual(done.returncode, 0, done.stderr)

    def test_nothing_stays_open_between_pages_so_a_checkout_goes_on(self) -> None:
        done = self.run_alone(READ)

        self.assertEqual(done.stdout.split(), ["0", "100"], done.stderr)

    def test_the_support_bot_without_its_extra_starts_migrates_and_says_what_to_install(self) -> None:
        extras = (*EXTRAS, "nh3", "markdown_it", "rapidfuzz", "onnxruntime", "tokenizers")

        done = self.run_alone(WITH_BOT.format(extras=extras), start="")

        self.assertEqual(done.returncode, 0, done.stderr)
        first, *said = done.stdout.splitlines()
        self.assertEqual(first, "0 365")
        self.assertEqual(len(said), 1)
        self.assertIn("concierge_support.E002", said[0])
        self.assertIn("django-concierge[support]", said[0])

    def run_alone(self, script: str, start: str = ALONE) -> subprocess.CompletedProcess[str]:
        """The script in a process of its own where no extra can be imported, on an empty database."""
        with tempfile.TemporaryDirectory() as folder:
            return subprocess.run(
                [sys.executable, "-c", start.format(extras=EXTRAS) + script],
                cwd=Path(__file__).resolve().parents[2],
                env={"DJANGO_SETTINGS_MODULE": "tests.minimal.settings", "MINIMAL_DIR": folder},
                capture_output=True,
                text=True,
                check=False,
            )
