"""The guide's own skill is a skill: it is read from the page and run."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from django.core import mail

from support_bot import skills
from support_bot.skills import Ask, Propose

from .conftest import Chat

PAGE = Path(__file__).resolve().parents[3] / "docs" / "skills.md"


@pytest.fixture
def guide(monkeypatch, settings) -> str:
    """The code of the guide, importable, and named in the settings as the guide says."""
    [code] = re.findall(r"```python\n(# yourshop/skills.py\n.*?)```", PAGE.read_text(), re.DOTALL)
    module = ModuleType("yourshop_skills")
    exec(compile(code, str(PAGE), "exec"), module.__dict__)  # our own page
    monkeypatch.setitem(sys.modules, "yourshop_skills", module)
    settings.SUPPORT_BOT = {**settings.SUPPORT_BOT, "SKILLS": ["*", "yourshop_skills.SendInvoice"]}
    return code


def told(chat: Chat) -> Chat:
    """The dialogue reads the profile before it runs a skill."""
    real = chat.call

    def call(*args, **kwargs):
        made = real(*args, **kwargs)
        made.profile = chat.adapter.profile(made.subject)
        return made

    chat.call = call
    return chat


def test_it_takes_about_forty_lines(guide) -> None:
    assert len([line for line in guide.splitlines() if line.strip()]) <= 46
    assert set(skills.all()["send_invoice"].examples) == {"en", "zh-hans"}
    assert len(skills.all()) == 13


def test_it_asks_which_order_proposes_and_does_it_after_the_yes(
    guide, chat, order, django_capture_on_commit_callbacks
) -> None:
    mine, _other, _cancelled = order(), order(), order(status="cancelled")
    told(chat)

    assert isinstance(chat.ask("send_invoice", "I lost my receipt"), Ask)
    assert len(chat.heard.options) == 2
    assert isinstance(chat.answer(mine.number), Propose)
    assert mail.outbox == []
    with django_capture_on_commit_callbacks(execute=True):
        assert chat.confirm().text == "The invoice is on its way to ada@example.com."

    assert [(message.to, mine.number in message.body) for message in mail.outbox] == [
        (["ada@example.com"], True)
    ]


def test_it_is_as_careful_as_ours_with_what_is_not_theirs(guide, stranger, bob, chat, order) -> None:
    his = order(user=bob)

    assert "log in" in stranger.ask("send_invoice", "invoice").text
    assert "can find no order" in told(chat).ask("send_invoice", f"invoice of {his.number}").text
    assert "no order with an invoice" in chat.ask("send_invoice", "invoice").text


def test_the_guides_own_test_holds(guide, ada, order) -> None:
    order()
    [code] = re.findall(r"```python\n(from support_bot import skills\n.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(code, str(PAGE), "exec"), names)

    names["test_the_invoice_is_sent_after_a_yes"](ada)

    ada.email = ""
    ada.save()
    with pytest.raises(AssertionError):  # without an address there is no proposal: the page's test can fail
        names["test_the_invoice_is_sent_after_a_yes"](ada)
