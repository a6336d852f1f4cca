"""The support bot on PostgreSQL, with Redis and a Celery worker: builds, messages at once, the purge."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .conftest import Shop, Worker, until

ENDED = ("finished", "failed", "cancelled")


def test_a_worker_learns_the_faq_and_the_web_process_answers_from_it(
    shop: Shop, hire: Callable[[], Worker]
) -> None:
    hire()
    assert shop.vendor() == "postgresql"
    chat = shop.open_chat()

    build = shop.learn_faq()

    row = until(lambda: (row := shop.build(build))["status"] in ENDED and row, "the build to end")
    assert (row["status"], row["verdict"]) == ("finished", "activated"), row["error"]
    assert row["artifact"]
    until(lambda: shop.answering_build() == build, "the web process to notice the build")
    reply = shop.say(chat, "Is there a minimum order value?")["reply"]
    assert reply["kind"] == "answer", reply
    assert reply["confidence"] > 0.5


def test_the_same_build_delivered_twice_is_made_once(shop: Shop, hire: Callable[[], Worker]) -> None:
    worker = hire()
    build = shop.learn_faq()
    row = until(lambda: (row := shop.build(build))["status"] in ENDED and row, "the build to end")

    shop.send_job("support_bot.build", build)

    until(lambda: worker.said().count("succeeded") >= 2, "a second delivery")
    assert shop.build(build) == row


def test_messages_at_once_from_several_web_processes_are_answered_each_once_in_order(
    cluster: dict[str, str], open_shop: Callable[[dict[str, str]], Shop]
) -> None:
    webs = [open_shop(cluster) for _process in range(3)]
    chat = webs[0].open_chat()
    texts = [f"hello {number}" for number in range(12)]

    def speak(place: int) -> list[dict[str, Any]]:
        return [webs[place].say(chat, text) for text in texts[place::3]]

    with ThreadPoolExecutor(3) as pool:
        told = [answer for answers in pool.map(speak, range(3)) for answer in answers]

    assert {answer["status"] for answer in told} == {200}
    rows = webs[0].said(chat)
    assert [row[0] for row in rows] == list(range(1, 25))
    asked = [row for row in rows if row[1] == "customer"]
    replied = [row for row in rows if row[1] == "bot"]
    assert sorted(row[2] for row in asked) == sorted(texts)
    assert [row[3] for row in replied] == [row[0] for row in asked]  # in the order of the questions
    assert all(row[0] > row[3] for row in replied)


def test_a_message_sent_twice_at_once_is_stored_and_answered_once(
    cluster: dict[str, str], open_shop: Callable[[dict[str, str]], Shop]
) -> None:
    first, second = open_shop(cluster), open_shop(cluster)
    chat = first.open_chat()
    mine = str(uuid.uuid4())

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda web: web.say(chat, "hello", mine), (first, second)))

    assert [answer["status"] for answer in told] == [200, 200]
    assert told[0]["id"] == told[1]["id"]
    assert len(first.said(chat)) == 2


def test_the_worker_forgets_old_conversations(shop: Shop, hire: Callable[[], Worker]) -> None:
    hire()
    old, young = shop.open_chat(), shop.open_chat()
    shop.say(old, "hello")
    shop.age_chat(old, 400)

    shop.send_job("support_bot.purge")

    until(lambda: old["id"] not in shop.chats(), "the purge")
    assert young["id"] in shop.chats()
