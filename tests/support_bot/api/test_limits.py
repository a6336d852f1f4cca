"""Bodies of any size and shape, and rates: refused clearly, never with a 500."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import override_settings
from rest_framework.test import APIClient

from support_bot import dialogue
from support_bot.api import views
from support_bot.models import Message
from tests.support_bot.people import ROOT, Chat, Shopfloor, browser, new_id


def raw(chat: Chat, body: bytes, content_type: str = "application/json", **extra: Any) -> Any:
    url = chat.url()
    return chat.client.generic("POST", url, body, content_type, headers=chat.headers, **extra)


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "text", "required"),
        ({"text": None}, "text", "null"),
        ({"text": ""}, "text", "blank"),
        ({"text": " \n\t "}, "text", "blank"),
        ({"text": 7}, "text", "invalid"),
        ({"text": True}, "text", "invalid"),
        ({"text": ["hello"]}, "text", "invalid"),
        ({"text": {"$ne": ""}}, "text", "invalid"),
        ({"text": "a" * 2_001}, "text", "max_length"),
        ({"text": "a\0b"}, "text", "null_characters_not_allowed"),
        ({"text": "a\ud800b"}, "text", "surrogate_characters_not_allowed"),
        ({"text": "hello", "id": "7"}, "id", "invalid"),
        ({"text": "hello", "id": [1]}, "id", "invalid"),
        ({"text": "hello", "id": -1}, "id", "invalid"),
        ({"text": "hello", "confirm": 7}, "confirm", "invalid"),
        ({"text": "hello", "confirm": "a" * 2_001}, "confirm", "max_length"),
        ([], "non_field_errors", "invalid"),
        ("hello", "non_field_errors", "invalid"),
        (7, "non_field_errors", "invalid"),
    ],
)
def test_a_message_that_is_none_is_refused_with_the_field_and_a_code(
    guest: Chat, body: Any, field: str, code: str
) -> None:
    refused = raw(guest, json.dumps(body).encode())

    assert refused.status_code == 400
    assert refused.json()["code"] == "invalid"
    assert [one["code"] for one in refused.json()["errors"][field]] == [code]
    assert Message.objects.count() == 0


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b'{"text": "\xe9"}',
        b'{"text": NaN}',
        b'{"text": -Infinity}',
        b"\0",
        b'{"text": "hello"}{"text": "bye"}',
        b"[" * 60_000,
        b'{"text": ' + b"1" * 6_000 + b"}",
        "text=hello".encode("utf-16"),
    ],
)
def test_what_is_no_json_is_a_parse_error(guest: Chat, body: bytes) -> None:
    refused = raw(guest, body)

    assert (refused.status_code, refused.json()["code"]) == (400, "parse_error")


def test_two_thousand_characters_of_any_alphabet_are_a_message(guest: Chat) -> None:
    text = "\U0001f600" * 2_000

    raw(guest, json.dumps({"text": text}).encode())  # each escaped as two surrogates

    assert Message.objects.get(author="customer").text == text


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/xml"])
def test_other_media_types_are_refused(guest: Chat, kind: str) -> None:
    refused = raw(guest, b'{"text": "hello"}', kind)

    assert (refused.status_code, refused.json()["code"]) == (415, "unsupported_media_type")


class Watched(BytesIO):
    """A body that says how much of it was read."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain"])
@pytest.mark.parametrize("who", ["guest", "ada"])
def test_a_body_of_ten_megabytes_is_refused_unread(
    shop: Shopfloor, kind: str, who: str, request: pytest.FixtureRequest
) -> None:
    chat = request.getfixturevalue(who)
    body = Watched(b'{"text": "' + b"a" * 10_000_000 + b'"}')

    refused = chat.client.generic(
        "POST",
        chat.url(),
        headers=chat.headers,
        content_type=kind,
        **{"wsgi.input": body, "CONTENT_LENGTH": "10000012"},
    )

    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    assert body.taken == 0


def test_a_body_that_is_longer_than_it_says_is_cut_there(guest: Chat) -> None:
    body = Watched(b'{"text": "hello"}' + b" " * 10_000_000)

    answer = guest.client.generic(
        "POST",
        guest.url(),
        headers=guest.headers,
        content_type="application/json",
        **{"wsgi.input": body, "CONTENT_LENGTH": "17"},
    )

    assert answer.status_code == 200
    assert body.taken < 100


@pytest.mark.parametrize("length", ["-5", "x", ""])
def test_a_length_that_is_none_is_an_empty_body(guest: Chat, length: str) -> None:
    answer = guest.client.generic(
        "POST", guest.url(), content_type="application/json", headers=guest.headers, CONTENT_LENGTH=length
    )

    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("messages", {"after": "x"}, "after"),
        ("messages", {"after": "-1"}, "after"),
        ("messages", {"after": str(2**63)}, "after"),
        ("messages", {"after": "1" * 2_000}, "after"),
        ("faq", {"q": "a" * 2_001}, "q"),
        ("faq", {"q": "a\0"}, "q"),
        ("faq", {"lang": "tlh"}, "lang"),
        ("faq", {"lang": "../../etc/passwd"}, "lang"),
        ("faq", {"lang": "e" * 600}, "lang"),
        ("faq", {"limit": "0"}, "limit"),
        ("faq", {"limit": "many"}, "limit"),
        ("faq", {"category": "\0"}, "category"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused_with_its_name(
    guest: Chat, path: str, query: dict[str, str], field: str
) -> None:
    url = guest.url() if path == "messages" else f"{ROOT}{path}/"

    refused = guest.client.get(url, query, headers=guest.headers)

    assert refused.status_code == 400
    assert list(refused.json()["errors"]) == [field]


@pytest.mark.parametrize(
    "body",
    [{}, {"helpful": None}, {"helpful": "perhaps"}, {"helpful": []}, {"helpful": True, "comment": "a" * 501}],
)
def test_a_vote_that_is_none_is_refused(guest: Chat, body: Any) -> None:
    assert guest.vote(guest.say("hello")["id"], body).status_code == 400


@pytest.mark.parametrize("contact", ["no address", "a@b", 7, ["a@example.com"], "a" * 300 + "@example.com"])
def test_a_contact_that_is_no_address_is_refused(guest: Chat, contact: Any) -> None:
    refused = guest.post({"contact": contact}, "hand-over")

    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["contact"])


def rates(settings: Any, **named: str | None) -> Any:
    """These rates alone, with nothing counted yet."""
    cache.clear()
    off = dict.fromkeys(("conversation", "visitor", "address"))
    return override_settings(SUPPORT_BOT={**settings.SUPPORT_BOT, "THROTTLE": {**off, **named}})


def codes(chat: Chat, times: int) -> list[int]:
    return [chat.post({"text": "hello"}).status_code for _time in range(times)]


def test_messages_are_counted_by_conversation(guest: Chat, settings: Any) -> None:
    other = Chat.open()
    with rates(settings, conversation="2/min"):
        assert codes(guest, 3) == [200, 200, 429]
        refused = guest.post({"text": "hello"})
        assert codes(other, 1) == [200]

    assert refused.json()["code"] == "throttled"
    assert 0 < int(refused["Retry-After"]) <= 60


def test_nobody_else_can_use_up_a_conversations_rate(guest: Chat, settings: Any) -> None:
    with rates(settings, conversation="2/min"):
        for _time in range(5):
            browser().post(guest.url(), {"text": "hello"}, format="json")

        assert codes(guest, 1) == [200]


def test_messages_are_counted_by_customer_in_all_their_conversations(shop: Shopfloor, settings: Any) -> None:
    first, second = Chat.open(shop.ada), Chat.open(shop.ada)
    bob = Chat.open(shop.bob)
    with rates(settings, visitor="2/min"):
        assert [*codes(first, 1), *codes(second, 2)] == [200, 200, 429]
        assert codes(bob, 1) == [200]


def test_calls_are_counted_by_address_wrong_callers_too(guest: Chat, settings: Any) -> None:
    with rates(settings, address="3/min"):
        near, far = APIClient(REMOTE_ADDR="10.0.0.1"), APIClient(REMOTE_ADDR="10.0.0.2")
        tried = [near.post(guest.url(), {"text": "x"}, format="json").status_code for _time in range(4)]

        assert tried == [404, 404, 404, 429]
        assert far.post(f"{ROOT}conversations/").status_code == 201


def test_asking_for_news_does_not_stand_in_the_way_of_sending(guest: Chat, settings: Any) -> None:
    with rates(settings, conversation="2/min", visitor="2/min", address="2/min"):
        for _time in range(20):
            guest.history()
        refused = guest.client.get(guest.url(), headers=guest.headers)

        assert refused.status_code == 429
        assert codes(guest, 2) == [200, 200]


def test_a_question_to_the_faq_and_an_export_count_as_sending(ada: Chat, settings: Any) -> None:
    with rates(settings, visitor="2/min"):
        asked = [ada.client.get(f"{ROOT}faq/", {"q": "returns"}).status_code for _time in range(2)]
        exported = ada.client.get(f"{ROOT}me/").status_code

    assert (asked, exported) == ([200, 200], 429)


def test_a_throttle_can_be_switched_off(guest: Chat, settings: Any) -> None:
    with rates(settings):
        assert codes(guest, 3) == [200, 200, 200]

    assert not [key for key in getattr(cache, "_cache", {}) if "throttle" in key]


def test_a_rate_with_a_typing_error_is_the_default_and_is_logged(
    guest: Chat, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with rates(settings, conversation="twenty a minute"):
        assert set(codes(guest, 21)) == {200, 429}

    assert "twenty a minute" in caplog.text


@pytest.mark.parametrize("forwarded", ["x" * 5_000, "a b\tc", "\u00e9", "1.2.3.4, 5.6.7.8"])
def test_a_strange_forwarded_address_is_counted_like_any_other(guest: Chat, forwarded: str) -> None:
    assert guest.client.get(f"{ROOT}session/", HTTP_X_FORWARDED_FOR=forwarded).status_code == 200


def test_a_dead_cache_stops_nobody(guest: Chat, caplog: pytest.LogCaptureFixture) -> None:
    with override_settings(CACHES={"default": {"BACKEND": "tests.api.test_policies.DeadCache"}}):
        answer = guest.post({"text": "hello", "id": new_id()})

    assert answer.status_code == 200
    assert "Counting API calls" in caplog.text


def test_every_answer_is_private_and_kept_by_nobody(guest: Chat) -> None:
    answers = [
        guest.client.get(f"{ROOT}session/"),
        guest.client.get(f"{ROOT}faq/"),
        guest.client.get(f"{ROOT}me/"),
        guest.client.get(guest.url(), headers=guest.headers),
        guest.client.get(guest.url()),
        guest.post({"text": "hello"}),
        guest.post({}),
    ]

    for answer in answers:
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["Content-Type"] == "application/json"


def test_a_host_cannot_change_our_policies_by_its_defaults(guest: Chat, settings: Any) -> None:
    strange = {
        **settings.REST_FRAMEWORK,
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.AdminRenderer"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.FormParser"],
        "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.AcceptHeaderVersioning",
        "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
        "EXCEPTION_HANDLER": "tests.api.test_policies.no_handler",
        "NON_FIELD_ERRORS_KEY": "all",
    }
    with override_settings(REST_FRAMEWORK=strange):
        good, bad = guest.post({"text": "hello"}), guest.post({"text": 7})

    assert (good.status_code, bad.json()["code"]) == (200, "invalid")
    named = ("permission_classes", "throttle_classes", "parser_classes", "renderer_classes")
    for view in (views.Session, views.ConversationList, views.MessageList, views.HandOver, views.Me):
        assert all(any(name in vars(base) for base in view.__mro__[:-3]) for name in named)


def test_a_database_that_is_away_is_a_503_in_the_apis_shape(
    guest: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: Any, **_options: Any) -> Any:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(dialogue, "take_turn", away)

    answer = guest.post({"text": "hello"})

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "server closed" not in answer.content.decode()
