"""The README's "Add it to your shop", followed literally in an empty project that has a shop of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

MODELS = """
from django.conf import settings
from django.db import models


class Product(models.Model):
    name = models.CharField(max_length=80)

    def get_absolute_url(self):
        return f"/{self.pk}/"


class Order(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    placed_at = models.DateTimeField()


class OrderLine(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE)
    product = models.ForeignKey(Product, on_delete=models.PROTECT)
"""

# Twenty people of one taste and twenty of another, each with three orders.
ORDERS = """
import datetime, random
from django.contrib.auth.models import User
from django.utils import timezone
from store.models import Order, OrderLine, Product

random.seed(1)
names = [f"Tea {n}" if n < 20 else f"Coffee {n}" for n in range(40)]
products = Product.objects.bulk_create(Product(name=name) for name in names)
for n in range(40):
    user = User.objects.create(username=f"user{n}")
    taste = products[:20] if n % 2 else products[20:]
    for week in range(3):
        placed_at = timezone.now() - datetime.timedelta(weeks=week, minutes=n)
        order = Order.objects.create(user=user, placed_at=placed_at)
        OrderLine.objects.bulk_create(OrderLine(order=order, product=p) for p in random.sample(taste, 4))
"""

PAGE = """
from django.contrib.auth.models import User
from django.template import engines
from django.test import RequestFactory

request = RequestFactory().get("/")
request.user = User.objects.get(username="user1")
request.session = {}
print(engines["django"].from_string(TEMPLATE).render({}, request))
"""


def _blocks(language: str) -> list[str]:
    section = re.search(r"## Add it to your shop\n(.*?)\n## ", (ROOT / "README.md").read_text(), re.DOTALL)
    assert section is not None
    return re.findall(rf"```{language}\n(.*?)```", section.group(1), re.DOTALL)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    _run(tmp_path, sys.executable, "-m", "django", "startproject", "mysite", ".")
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "__init__.py").touch()
    (tmp_path / "store" / "models.py").write_text(MODELS)
    settings = tmp_path / "mysite" / "settings.py"
    settings.write_text(settings.read_text() + '\nINSTALLED_APPS += ["store"]\n' + _blocks("python")[0])
    _run(tmp_path, sys.executable, "manage.py", "makemigrations", "store")
    return tmp_path


def _run(folder: Path, *command: str, stdin: str | None = None) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DJANGO")}
    done = subprocess.run(
        command,
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**environment, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_lines_of_the_readme_are_ten_at_most() -> None:
    lines = [
        line
        for block in [*_blocks("python"), *_blocks("sh"), *_blocks("django")]
        for line in block.splitlines()
    ]

    assert len([line for line in lines if line.strip()]) <= 10


def test_a_developer_who_follows_the_readme_sees_recommendations(project: Path) -> None:
    python = sys.executable
    commands = [
        line for block in _blocks("sh") for line in block.splitlines() if line.startswith("python manage.py")
    ]
    _run(project, python, "manage.py", "check")
    _run(project, python, "manage.py", "migrate")
    _run(project, python, "manage.py", "shell", stdin=ORDERS)

    for command in commands:
        _run(project, python, *command.split()[1:])
    page = _run(project, python, "manage.py", "shell", stdin=f"TEMPLATE = {_blocks('django')[0]!r}\n{PAGE}")

    shown = re.findall(r"(Tea|Coffee) \d+", page)
    assert len(shown) == 8
    assert shown.count("Tea") >= 7  # user1 buys tea, and more tea is left than is shown
