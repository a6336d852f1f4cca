"""The README's "Add it to your shop", followed literally in an empty project that has a shop of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.emptyproject import blocks, run, start

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
    return blocks("README.md", "Add it to your shop", language)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    start(tmp_path, models=MODELS, settings=_blocks("python")[0])
    run(tmp_path, "manage.py", "makemigrations", "store")
    return tmp_path


def test_the_lines_of_the_readme_are_ten_at_most() -> None:
    lines = [
        line
        for block in [*_blocks("python"), *_blocks("sh"), *_blocks("django")]
        for line in block.splitlines()
    ]

    assert len([line for line in lines if line.strip()]) <= 10


def test_a_developer_who_follows_the_readme_sees_recommendations(project: Path) -> None:
    commands = [
        line for block in _blocks("sh") for line in block.splitlines() if line.startswith("python manage.py")
    ]
    run(project, "manage.py", "check")
    run(project, "manage.py", "migrate")
    run(project, "manage.py", "shell", stdin=ORDERS)

    for command in commands:
        run(project, *command.split()[1:])
    page = run(project, "manage.py", "shell", stdin=f"TEMPLATE = {_blocks('django')[0]!r}\n{PAGE}")

    shown = re.findall(r"(Tea|Coffee) \d+", page)
    assert len(shown) == 8
    assert shown.count("Tea") >= 7  # user1 buys tea, and more tea is left than is shown
