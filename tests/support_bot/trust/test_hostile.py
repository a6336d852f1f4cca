"""Hostile messages through the real API: each is refused or answered, and changes or tells nothing."""

from __future__ import annotations

import unicodedata
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import override_settings

from shop.models import Order
from support_bot.models import Conversation, Message
from tests.support_bot.people import Chat, Shopfloor

from .corpus import BOB, CORPUS, GARAK, KINDS, texts

TAGS = {"p", "br", "a", "strong", "em", "ul", "ol", "li", "code", "pre", "blockquote", "hr"}
TAGS |= {"h3", "h4", "h5", "h6"}
SCHEMES = ("/", "#", "http://", "https://", "mailto:", "tel:")
REFUSED = {"blank", "max_length", "null_characters_not_allowed", "surrogate_characters_not_allowed"}


class Page(HTMLParser):
    """What a browser would make of a piece of HTML: its text, and what it should not hold."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.wrong = "", []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            is_link = tag == "a" and (name == "rel" or (name == "href" and str(value).startswith(SCHEMES)))
            if not is_link and name != "start":
                self.wrong.append((tag, name, value))
        self.text += "\n" if tag == "br" else ""
        if tag not in TAGS:
            self.wrong.append((tag,))

    def handle_data(self, data: str) -> None:
        self.text += data

    def _other(self, data: str) -> None:
        self.wrong.append(data)

    handle_comment = handle_decl = handle_pi = unknown_decl = _other


@pytest.fixture
def shop(faq: Any, settings: Any) -> Any:
    off = {"THROTTLE": dict.fromkeys(("conversation", "visitor", "address"))}
    with override_settings(SUPPORT_BOT={**settings.SUPPORT_BOT, **off}):
        yield Shopfloor()


def test_the_corpus_is_as_large_as_promised() -> None:
    own = {text for kind in CORPUS.values() for text in kind}

    assert len(own) >= 150
    assert len({one["text"] for one in GARAK["payloads"]}) >= 40
    assert "Apache-2.0" in GARAK["licence"]


@pytest.mark.parametrize("who", ["a guest", "a customer"])
@pytest.mark.parametrize("kind", KINDS)
def test_hostile_messages_are_refused_or_answered_and_tell_nothing(
    shop: Shopfloor, kind: str, who: str
) -> None:
    before = list(Order.objects.order_by("pk").values())

    for text in texts(kind):
        chat = Chat.open(shop.ada if who == "a customer" else None)
        answer = chat.post({"text": text})
        assert answer.status_code in (200, 400), (text, answer.status_code, answer.content)
        if answer.status_code == 400:
            assert {one["code"] for one in answer.json()["errors"]["text"]} <= REFUSED, text
            assert "\0" in text or not text.strip() or len(text) > 2000 or not is_encodable(text), text
            continue
        holds_nothing_of_bobs(shop, text, answer.content.decode())
        reply = answer.json()["reply"]
        for html in [reply["html"]] if reply else []:
            assert Page(html).wrong == [], (text, html)
        is_stored_as_text(chat, text)

    assert Chat.open().say("hello")["reply"]["kind"] == "small_talk"  # it goes on
    assert list(Order.objects.order_by("pk").values()) == before


def is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def holds_nothing_of_bobs(shop: Shopfloor, said: str, told: str) -> None:
    """A number that was typed may be repeated ("there is no order …"), nothing else."""
    typed = said + "".join(filter(str.isalnum, unicodedata.normalize("NFKC", said))).upper()
    for secret in shop.secrets:
        assert secret in typed or secret not in told, (said, told)
    assert "Hidden Lane" not in told
    assert f"orders/{BOB}" not in told


def is_stored_as_text(chat: Chat, said: str) -> None:
    message = Message.objects.filter(conversation=chat.id, author="customer").get()
    shown = chat.history()["messages"][0]
    page = Page(shown["html"])
    assert page.wrong == [], shown["html"]
    assert shown["text"] == message.text
    assert page.text.split() == message.text.split()
    assert not set(message.text) & set("\0\u202a\u202b\u202d\u202e\u2066\u2067\u2068")


@pytest.mark.parametrize("kind", ["HTML", "Markdown", "template syntax", "SQL", "JSON tricks"])
def test_text_is_kept_as_it_was_typed(shop: Shopfloor, kind: str) -> None:
    chat = Chat.open()

    for text in CORPUS[kind]:
        chat.say(text)
        stored = Message.objects.filter(conversation=chat.id, author="customer").latest("sequence").text
        assert stored == text.strip()
        Conversation.objects.update(state="bot")


@pytest.mark.parametrize(
    "wish",
    [
        "where is my order",
        "cancel my order",
        "return my order",
        "change my delivery address",
        "order the same again",
        "我的订单在哪里",
        "取消订单",
        "我要退货",
        "修改收货地址",
        "再买一次",
    ],
)
def test_another_customers_order_is_no_answer_to_which_order(shop: Shopfloor, wish: str) -> None:
    shop.order(shop.ada, shop.bread, number="W-0000000000A2")  # so that she is asked which
    before = Order.objects.values().get(number=BOB)
    chat = Chat.open(shop.ada)

    said = [chat.say(wish), chat.say(BOB), chat.say("yes"), chat.say("是的")]
    for reply in [one["reply"] for one in said if one["reply"]]:
        token = reply.get("confirm", {}).get("token")
        if token and BOB in reply["text"]:
            pytest.fail(f"proposed for another customer's order: {reply}")

    assert Order.objects.values().get(number=BOB) == before
    assert "Hidden Lane" not in str(said)
    assert f"orders/{BOB}" not in str(said)


@pytest.mark.parametrize(
    "token",
    ["", "x", "1:2:3", "eyJhIjoxfQ:1abc:def", "\u4f60\u597d", "a" * 2000, "null", "../..", "{{ token }}"],
)
def test_a_forged_confirmation_does_nothing(shop: Shopfloor, token: str) -> None:
    chat = Chat.open(shop.ada)
    assert "confirm" in chat.say("cancel my order")["reply"]

    answer = chat.post({"text": "hm", "confirm": token})

    assert answer.status_code in (200, 400)
    assert set(Order.objects.values_list("status", flat=True)) == {"paid"}


def test_a_confirmation_of_one_conversation_does_nothing_in_another(shop: Shopfloor) -> None:
    first, second = Chat.open(shop.ada), Chat.open(shop.ada)
    token = first.say("please cancel my order W-0000000000A1")["reply"]["confirm"]["token"]

    second.say("hm", confirm=token)

    assert set(Order.objects.values_list("status", flat=True)) == {"paid"}


def test_what_a_customer_wrote_is_masked_before_it_is_kept(shop: Shopfloor) -> None:
    chat = Chat.open()

    chat.say("I am carol@example.net, +1 212 555 0199, card 4111 1111 1111 1111, order W-0000000000A1")

    stored = Message.objects.filter(author="customer").get().text
    assert stored == "I am [e-mail], [phone], card [card], order W-0000000000A1"
    assert "carol" not in str(list(Message.objects.values())) + str(list(Conversation.objects.values()))
