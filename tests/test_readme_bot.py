"""The README's "Add the support bot" and its quick start, followed literally in an empty project."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from pathlib import Path

import pytest
from django.core.management import load_command_class

from support_bot.conf import DEFAULTS
from tests.emptyproject import ROOT, blocks, run, start

README, QUICK_START, ADAPTER = "README.md", "docs/support-quickstart.md", "docs/support-adapter.md"

# What the adapter of the guide is written for.
MODELS = """
from django.conf import settings
from django.db import models


class Purchase(models.Model):
    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    number = models.CharField(max_length=20)
    state = models.CharField(max_length=20, choices=[("packed", "being packed"), ("cancelled", "cancelled")])
    created = models.DateTimeField(auto_now_add=True)
    total = models.DecimalField(max_digits=8, decimal_places=2)
    due = models.DateField(null=True)
    shipped_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)

    def cancel(self):
        self.state = "cancelled"
        self.save()

    def get_absolute_url(self):
        return f"/purchases/{self.number}/"


class Product(models.Model):
    title = models.CharField(max_length=80)

    def get_absolute_url(self):
        return f"/{self.pk}/"


class Line(models.Model):
    product = models.ForeignKey(Product, on_delete=models.PROTECT)
    purchase = models.ForeignKey(Purchase, related_name="lines", on_delete=models.CASCADE)
    units = models.PositiveIntegerField(default=1)

    @property
    def title(self):
        return self.product.title
"""

# Ten entries; the first is the quick start's own.
MORE_ENTRIES = """
## When do I get my money back?
phrasing: how long does a refund take

Five days after the parcel is here.

# delivery: Delivery

## How long does delivery take?
phrasing: when will my parcel arrive

Two days.

## What does delivery cost?
phrasing: is shipping free

Three euros; nothing from 50 euros on.

## Do you deliver abroad?
phrasing: can you ship to another country

To all of Europe.

# payment: Payment

## How can I pay?
phrasing: do you take credit cards

By card, by invoice or by bank transfer.

## Can I get an invoice?
phrasing: I need a bill for my company

It is attached to the confirmation.

# account: Your account

## How do I change my password?
phrasing: I forgot my password

On the page of your account.

## How do I delete my account?
phrasing: close my account for good

Write to us, {customer.first_name}.

## Do you have a shop in town?
phrasing: where can I visit you

In the market hall.
"""

RECOMMENDATIONS = """
INSTALLED_APPS += ["recommendations"]
MIDDLEWARE += ["recommendations.middleware.PersonalPages"]
RECOMMENDATIONS = {"SHOP": {
    "item": "store.Product", "item_title": "title", "line": "store.Line", "line_item": "product",
    "line_user": "purchase__buyer", "line_at": "purchase__created",
}}
SILENCED_SYSTEM_CHECKS = ["concierge_recommendations.W002"]  # it advises against SQLite's own defaults
"""

URLS = """
from django.views.generic import TemplateView

urlpatterns += [path("", TemplateView.as_view(template_name="home.html"))]
"""

PEOPLE = """
from django.contrib.auth.models import User
from store.models import Line, Product, Purchase

maria = User.objects.create_user("maria", first_name="Maria")
purchase = Purchase.objects.create(buyer=maria, number="PO-000042", state="packed", total="12.50")
Line.objects.create(purchase=purchase, product=Product.objects.create(title="Green tea"))
"""

VISIT = """
import re
from django.contrib.staticfiles import finders
from django.test import Client

client = Client(headers={"host": "localhost"})
page = client.get("/")
assert page.status_code == 200, page.status_code
assert "concierge-support" in page.text, page.text
assert 'id="start-return"' in page.text, page.text
files = re.findall(r"/?static/(support_bot/[^\\"'? ]+)", page.text)
assert files and all(map(finders.find, files)), files
assert client.get("/support/").status_code == 200
opened = client.post("/api/support/conversations/", {}, content_type="application/json").json()
said = client.post(
    f"/api/support/conversations/{opened['id']}/messages/",
    {"text": "How do I return an item?"},
    content_type="application/json",
    headers={"X-Conversation-Token": opened["token"]},
)
assert said.status_code == 200, said.text
print("ANSWER", said.json()["reply"]["text"])
"""


def _commands(page: str, section: str) -> list[list[str]]:
    lines = [line for block in blocks(page, section, "sh") for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("python manage.py")]


def _readme_template() -> str:
    found = re.search(r"`({% load support_bot %}.*?)`", (ROOT / README).read_text())
    assert found is not None
    return found.group(1)


@pytest.fixture(params=[False, True], ids=["alone", "with recommendations"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    settings = blocks(README, "Add the support bot", "python")[0]
    if request.param:
        settings += RECOMMENDATIONS
    start(tmp_path, models=MODELS, settings=settings)
    adapter = blocks(ADAPTER, "The support bot's adapter", "python")[0]
    adapter = adapter.replace("yourshop", "store").replace("YourSupport", "StoreSupport")
    (tmp_path / "store" / "support.py").write_text(adapter)
    urls = tmp_path / "mysite" / "urls.py"
    urls.write_text(urls.read_text() + blocks(QUICK_START, "1. Install", "python")[1] + URLS)
    templates = tmp_path / "store" / "templates"
    templates.mkdir()
    shown = blocks(QUICK_START, "4. Show it", "django")[0]
    (templates / "home.html").write_text(_readme_template() + shown.replace("{% support_widget %}", ""))
    entries = blocks(QUICK_START, "2. Tell it what you know", "markdown")[0] + MORE_ENTRIES
    (tmp_path / "faq.md").write_text(entries)
    run(tmp_path, "manage.py", "makemigrations", "store")
    return tmp_path


def test_a_developer_who_follows_the_readme_has_a_bot_that_answers(project: Path) -> None:
    checked = run(project, "manage.py", "check")
    said = {command[1]: run(project, *command) for command in _commands(README, "Add the support bot")}
    run(project, "manage.py", "shell", stdin=PEOPLE)
    page = run(project, "manage.py", "shell", stdin=VISIT)
    order = run(project, "manage.py", "support_bot_ask", "where is my order PO-000042?", "--user", "maria")

    assert "no issues" in checked
    assert list(said) == ["migrate", "support_bot_import", "support_bot_build", "support_bot_ask"]
    assert "10 created" in said["support_bot_import"]
    assert "activated" in said["support_bot_build"]
    assert "Within 30 days" in said["support_bot_ask"]
    assert "ANSWER Within 30 days" in page
    assert "being packed" in order


def test_every_extra_that_the_pages_install_exists() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]

    for page in (README, QUICK_START):
        for named in re.findall(r"django-concierge\[([\w,]+)\]", (ROOT / page).read_text()):
            assert set(named.split(",")) <= set(extras)


def test_the_quick_starts_table_has_every_setting_with_its_default() -> None:
    table = (ROOT / QUICK_START).read_text().partition("## Settings")[2]
    rows = dict(re.findall(r"^\| `(\w+)` \| `(.+?)` \|", table, re.MULTILINE))

    assert {name: ast.literal_eval(value) for name, value in rows.items()} == dict(DEFAULTS)


def test_every_option_of_a_command_that_the_docs_write_exists() -> None:
    pages = [ROOT / README, *(ROOT / "docs").glob("*.md")]
    wrong = []
    for page in pages:
        for name, rest in re.findall(r"manage\.py (support_bot_\w+)([^\n`]*)", page.read_text()):
            parser = load_command_class("support_bot", name).create_parser("manage.py", name)
            for option in re.findall(r"--[\w-]+", rest.partition("#")[0]):
                if option not in parser._option_string_actions:
                    wrong.append(f"{page.name}: {name} {option}")

    assert wrong == []
