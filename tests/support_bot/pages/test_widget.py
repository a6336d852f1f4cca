"""``{% support_widget %}`` on a page: the same for everybody, no inline code, and never an error."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.http import HttpRequest
from django.template import RequestContext, Template
from django.test import Client, RequestFactory, override_settings
from django.urls import NoReverseMatch, path
from django.utils import translation

from tests.support_bot.people import Shopfloor

WIDGET = re.compile(r'<link rel="stylesheet" href="[^"]*widget\.css">.*?widget\.js"></script>', re.DOTALL)


class NoAddresses:
    urlpatterns: list[Any] = []


class OnlyPages:
    from django.urls import include

    urlpatterns = [path("help/", include("support_bot.urls"))]


def rendered(tag: str = "{% support_widget %}", request: HttpRequest | None = None) -> str:
    context = RequestContext(request or RequestFactory().get("/"))
    return Template("{% load support_bot %}" + tag).render(context)


def widget_of(client: Client, address: str = "/login/") -> str:
    found = WIDGET.search(client.get(address).content.decode())
    assert found is not None
    return found[0]


def test_every_visitor_gets_the_same_html(shop: Shopfloor, client: Client) -> None:
    guest = widget_of(client, "/")
    client.force_login(shop.ada)
    session = client.session
    session["basket"] = {"1": 2}
    session.save()

    customer = widget_of(client, "/")

    assert customer == guest
    assert "csrf" not in guest.lower()
    assert "Ada" not in guest


def test_it_asks_neither_the_database_nor_who_is_there() -> None:
    request = RequestFactory().get("/")  # without a user and a session; and this test may use no database

    assert 'data-api="/api/support/"' in rendered(request=request)


def test_nothing_inline_is_in_it() -> None:
    html = rendered()

    assert re.findall(r"<script(?![^>]*\ssrc=)", html) == []
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html)


def test_each_part_and_text_that_the_script_asks_for_is_in_the_template() -> None:
    html = rendered()
    script = Path(finders.find("support_bot/widget.js")).read_text()  # type: ignore[arg-type]

    parts = set(re.findall(r'part\(\w+(?:\.\w+)?, "(\w+)"\)', script))
    parts |= {"launcher", "unread", "panel", "state", "restart", "trouble", "form", "text", "counter", "news"}
    clones = set(re.findall(r'clone\("(\w+)"\)', script)) | {"customer", "bot", "person", "yes", "choice"}
    texts = set(re.findall(r'\.text\("(\w+)"', script)) | {"bot", "waiting", "person", "closed"}

    assert parts and clones and texts
    assert {name for name in parts if f'data-part="{name}"' not in html} == set()
    assert {name for name in clones if f'<template data-name="{name}">' not in html} == set()
    assert {name for name in texts if f'data-text="{name}"' not in html} == set()


def test_the_script_holds_no_words_and_sets_no_html() -> None:
    script = Path(finders.find("support_bot/widget.js")).read_text()  # type: ignore[arg-type]

    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", script
    )
    assert not re.search(r'textContent = "[A-Z]', script)


def test_without_the_api_it_is_a_link_to_the_page() -> None:
    with override_settings(ROOT_URLCONF=OnlyPages):
        html = rendered()

    assert '<a class="concierge-support-launcher" href="/help/">' in html
    assert "<script" not in html
    assert "<template" not in html


def test_without_addresses_the_page_stays_and_the_log_says_what_to_do(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with override_settings(ROOT_URLCONF=NoAddresses):
        html = rendered("a{% support_widget %}b")

    assert html == "ab"
    assert "support_bot.api.urls" in caplog.text


def test_with_debug_what_is_missing_is_raised() -> None:
    with (
        override_settings(ROOT_URLCONF=NoAddresses, DEBUG=True),
        pytest.raises(NoReverseMatch, match=r"support_bot\.api\.urls"),
    ):
        rendered()


def test_a_template_that_is_broken_does_not_break_the_page(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_args: Any) -> str:
        raise RuntimeError("the host's template")

    monkeypatch.setattr("support_bot.templatetags.support_bot._rendered", broken)

    assert rendered("a{% support_widget %}b{% faq_list %}c") == "abc"
    assert "the host's template" in caplog.text


def test_it_is_absent_from_the_support_page_and_there_on_the_faq(db: None, client: Client) -> None:
    assert "data-api" not in client.get("/support/").content.decode()
    assert "data-api" in client.get("/support/faq/").content.decode()


def test_a_page_is_rendered_without_torch() -> None:
    import subprocess
    import sys

    code = (
        "import django; django.setup()\n"
        "from django.template import Template, Context\n"
        "Template('{% load support_bot %}{% support_widget %}').render(Context())\n"
        "import support_bot.views, sys; assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr


def test_its_words_are_translatable() -> None:
    with translation.override("zh-hans"):
        html = rendered()

    assert "{% translate" not in html
    assert 'data-text="waiting"' in html
