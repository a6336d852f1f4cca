"""Headers, forms, the admin under the policy, and the documented production settings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import environ
import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shop.models import Order, OrderLine, Product, Return

ROOT = Path(__file__).resolve().parent.parent.parent
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "font-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'self'",
}


@pytest.fixture
def manager(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("boss", "boss@example.com", "x"))
    return client


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/nope", "/login/", "/admin/login/", "/api/docs/", "/api/schema/"])
def test_every_answer_carries_the_strict_policy(client, path):
    response = client.get(path)

    assert set(response["Content-Security-Policy"].split("; ")) == POLICY
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"


@pytest.mark.django_db
def test_forms_need_their_token(milk):
    client = Client(enforce_csrf_checks=True)

    for url in (f"/basket/add/{milk.pk}/", "/basket/", "/checkout/", "/login/", "/register/", "/logout/"):
        response = client.post(url)
        assert response.status_code == 403, url
        assert "send it once more" in response.text


@pytest.mark.django_db
def test_the_api_documentation_has_nothing_inline(client):
    text = client.get("/api/docs/").text

    assert "<style" not in text
    assert not re.search(r"<script(?![^>]*src=)", text)
    assert "https://" not in text
    assert client.get("/api/docs/?script").status_code == 200


@pytest.mark.django_db
def test_admin_pages_of_the_shop_have_nothing_inline(manager, milk, make_order):
    order = make_order(milk, status="delivered")
    Return.objects.create(line=order.lines.get(), quantity=1)
    models = [model for model in admin.site._registry if model._meta.app_label == "shop"]
    urls = [reverse(f"admin:shop_{model._meta.model_name}_changelist") for model in models]
    urls += [
        reverse("admin:shop_product_change", args=[milk.pk]),
        reverse("admin:shop_order_change", args=[order.pk]),
    ]

    for url in urls:
        response = manager.get(url)
        assert response.status_code == 200, url
        assert not re.search(r"<style|\sstyle=|<script(?![^>]*src=)|\son\w+=\"", response.text), url

    assert len(models) == 9


@pytest.mark.django_db
def test_the_list_of_orders_costs_the_same_queries_however_many(
    manager, milk, make_order, django_assert_num_queries
):

    make_order(milk)
    manager.get("/admin/shop/order/")
    with CaptureQueriesContext(connection) as with_one:
        manager.get("/admin/shop/order/")
    for _ in range(5):
        make_order(milk)

    with django_assert_num_queries(len(with_one)):
        manager.get("/admin/shop/order/")


@pytest.mark.django_db
def test_an_order_of_very_many_lines_is_shown_in_part_and_can_be_saved(manager, milk, make_order):
    order = make_order(milk)
    OrderLine.objects.bulk_create(
        OrderLine(order=order, product=milk, name=milk.name, quantity=1, unit_price=1) for _ in range(1_000)
    )
    url = f"/admin/shop/order/{order.pk}/change/"

    page = manager.get(url)
    fields = page.context["adminform"].form.initial | {"city": "Springfield"}
    saved = manager.post(
        url, {name: value for name, value in fields.items() if value is not None} | _forms(page)
    )

    assert page.text.count(f"/admin/shop/product/{milk.pk}/change/") == 200
    assert saved.status_code == 302
    order.refresh_from_db()
    assert (order.city, order.lines.count()) == ("Springfield", 1_001)


def _forms(page) -> dict[str, str]:
    """The hidden numbers of the forms in a page of the admin."""
    return dict(re.findall(r'name="(lines-[A-Z_]+)" value="(\d+)"', page.text))


@pytest.mark.django_db
def test_staff_move_orders_and_returns_along_by_the_rules(manager, milk, make_order):
    order, delivered = make_order(milk, 2), make_order(milk, status="delivered")
    act = lambda what, orders: manager.post(  # noqa: E731
        "/admin/shop/order/",
        {"action": what, "_selected_action": [order.pk for order in orders]},
        follow=True,
    )

    refused = act("cancel", [order, delivered])
    for what in ("ship", "deliver"):
        act(what, [delivered])

    order.refresh_from_db()
    delivered.refresh_from_db()
    assert (order.status, delivered.status) == ("cancelled", "delivered")
    assert "1 order was changed." in refused.text
    assert "has been delivered already" in refused.text
    assert Product.objects.get().stock == 9


@pytest.mark.django_db
def test_a_customer_has_no_business_in_the_admin(signed_in):
    assert signed_in.get("/admin/shop/order/").status_code == 302
    assert not Order.objects.exists()


def _environment(**given: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "shop.settings", **given}


def _manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=_environment(**environment),
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_documented_production_settings_pass_the_deployment_check(tmp_path):
    page = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```sh\n# \.env\n(.*?)```", page, re.DOTALL)
    given = dict(line.split("=", 1) for line in block.splitlines() if line and not line.startswith("#"))
    secret = "x7Kq" * 16 + "pP-9"
    moved = {
        "STATIC_ROOT": str(tmp_path / "static"),
        "ARTIFACT_DIR": str(tmp_path / "artifacts"),
        "SECRET_KEY": secret,
    }

    done = _manage("check", "--deploy", "--fail-level", "WARNING", **{**given, **moved})

    assert done.returncode == 0, done.stdout + done.stderr
    assert "no issues" in done.stdout


def test_every_setting_read_from_the_environment_is_documented_and_no_other():
    read = set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", (ROOT / "shop" / "settings.py").read_text()))
    documented = set(re.findall(r"^# ([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert read == documented


def test_a_line_of_the_example_means_what_it_says_once_its_sign_is_taken_off(tmp_path):
    class Example(environ.Env):
        ENVIRON: dict[str, str] = {}

    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    (tmp_path / ".env").write_text(re.sub(r"^# (?=[A-Z_]+=)", "", text, flags=re.MULTILINE), encoding="utf-8")

    Example.read_env(tmp_path / ".env")

    env = Example()
    switches = ("DEBUG", "HTTPS", "BEHIND_PROXY", "HSTS_WHOLE_DOMAIN", "COLLECTED_STATIC")
    assert all(env.bool(name) for name in switches)
    assert env.int("HSTS_SECONDS") == 31_536_000
    assert env.list("CSRF_TRUSTED_ORIGINS") == ["https://shop.example.com"]


def test_the_embedded_default_is_sqlite_with_write_ahead_log_and_no_broker(tmp_path):
    code = (
        "from django.db import connection as c; from django.conf import settings as s;"
        "cursor = c.cursor(); cursor.execute('pragma journal_mode');"
        "print(c.vendor, cursor.fetchone()[0], s.DATABASES['default']['OPTIONS']['transaction_mode'],"
        "repr(s.CELERY_BROKER_URL), s.RECOMMENDATIONS['JOBS'], s.DEBUG)"
    )

    done = _manage("shell", "-v0", "-c", code, DATABASE_URL=f"sqlite:///{tmp_path / 'db.sqlite3'}")

    assert done.stdout.split() == ["sqlite", "wal", "IMMEDIATE", "''", "process", "False"], done.stderr


def test_a_broker_and_postgresql_are_a_line_each():
    code = (
        "from django.conf import settings as s;"
        "print(s.DATABASES['default']['ENGINE'], s.CACHES['default']['BACKEND'], s.RECOMMENDATIONS['JOBS'])"
    )

    done = _manage(
        "shell",
        "-v0",
        "--no-imports",
        "-c",
        code,
        DATABASE_URL="postgres://shop:secret@127.0.0.1:1/shop",
        CACHE_URL="rediscache://127.0.0.1:1/1",
        CELERY_BROKER_URL="redis://127.0.0.1:1/0",
    )

    assert done.stdout.split() == [
        "django.db.backends.postgresql",
        "django.core.cache.backends.redis.RedisCache",
        "celery",
    ], done.stderr
