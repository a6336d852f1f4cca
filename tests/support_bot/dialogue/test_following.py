"""A follow-up is understood with what was talked about; what stands for itself is not bent to the topic."""

from __future__ import annotations

import pytest

from support_bot.dialogue.following import refers_back

from .conftest import Chat


@pytest.mark.parametrize(
    "text",
    [
        "and how long does that take?",
        "what about frozen goods?",
        "do they expire?",
        "But why?",
        "ok, and on Sundays?",
        "那要多久？",
        "它们会过期吗？",
        "冷冻的也可以吗？",
    ],
)
def test_what_leans_on_the_last_answer(text: str) -> None:
    assert refers_back(text)


@pytest.mark.parametrize(
    "text",
    [
        "where is my order?",
        "how do I cancel an order?",
        "怎么退货？",
        "",
        "and I would like to tell you the whole long story of how I came to order this milk and that bread",
    ],
)
def test_what_stands_for_itself(text: str) -> None:
    assert not refers_back(text)


def test_the_topic_is_carried_over(chat: Chat) -> None:
    chat("How do I return an item?", "30 days")
    chat("and how long does that take?", "5 working days", kind="answer")


def test_a_clear_question_after_an_answer_is_taken_as_it_is(chat: Chat) -> None:
    chat("How do I return an item?", "30 days")
    chat("and which cards do you take?", "Visa", kind="answer")
    chat("are you open on Sundays then?", "Monday to Saturday", kind="answer")


def test_nonsense_after_an_answer_is_not_answered(chat: Chat) -> None:
    chat("How do I return an item?", "30 days")
    assert chat("and what is the capital of that?").reply.kind in ("clarify", "hand_over")


def test_a_first_message_has_nothing_to_lean_on(chat: Chat) -> None:
    assert chat("and what about them?").reply.kind in ("clarify", "hand_over")
