"""``support_bot_ask``: what a customer would be answered, and nothing is left behind."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail

from support_bot.models import Conversation, HandOver, Message

from .conftest import Run

pytestmark = pytest.mark.django_db


def test_ask_prints_the_answer_of_an_entry_and_where_it_is_from(faq: Any, run: Run) -> None:
    code, out, err = run("support_bot_ask", "how long does a refund take")

    assert (code, err) == (0, "")
    assert "Within 5 working days." in out
    assert "from: When do I get my money back?" in out
    assert "[answer, refund-time, confidence" in out


def test_nothing_is_stored_and_nobody_is_told(
    faq: Any, run: Run, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for question in ("how long does a refund take", "I want to talk to a person", "hello"):
            assert run("support_bot_ask", question)[0] == 0

    assert not any(table.objects.exists() for table in (Conversation, Message, HandOver))
    assert mail.outbox == []


def test_explain_prints_the_ranking_and_what_decided(faq: Any, run: Run) -> None:
    _code, out, _err = run("support_bot_ask", "close my account for good", "--explain")

    assert "threshold" in out
    assert "delete-account (close my account for good) [only for customers who are logged in]" in out
    assert "words and letters alone, no build" in out


def test_a_customer_is_named_or_keyed_and_gets_what_is_for_customers(faq: Any, run: Run) -> None:
    user = get_user_model().objects.create_user("ann", "ann@example.com")

    for name in ("ann", str(user.pk)):
        _code, out, _err = run("support_bot_ask", "close my account for good", "--user", name)
        assert "within 30 days" in out


@pytest.mark.parametrize("name", ["nobody", "99999999", "\x00", ""])
def test_an_unknown_customer_exits_with_2(faq: Any, run: Run, name: str) -> None:
    code, _out, err = run("support_bot_ask", "hello", "--user", name)

    assert code == 2
    assert "There is no user" in err


def test_the_language_is_the_questions_or_the_one_asked_for(faq: Any, run: Run) -> None:
    assert "5 个工作日内" in run("support_bot_ask", "退款什么时候到账")[1]
    code, _out, err = run("support_bot_ask", "hello", "--language", "tlh")
    assert code == 2
    assert "must be one of" in err


@pytest.mark.parametrize("text", ["", "\x00", "{{ 7*7 }}", "<script>", "a" * 5000])
def test_any_text_is_answered(faq: Any, run: Run, text: str) -> None:
    code, out, err = run("support_bot_ask", text)

    assert (code, err) == (0, "")
    assert out.startswith("[")
    assert "49" not in out
