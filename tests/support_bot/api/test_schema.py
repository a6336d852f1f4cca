"""The OpenAPI schema is complete, and what is answered is what it says."""

from __future__ import annotations

from io import StringIO
from typing import Any

import jsonschema
import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator

from support_bot import profiles
from tests.api.test_schema import resolved
from tests.support_bot.people import ROOT, Chat, Shopfloor, browser


@pytest.fixture
def schema() -> dict[str, Any]:
    return nullable_references(SchemaGenerator().get_schema(request=None, public=True))


def nullable_references(part: Any) -> Any:
    """OpenAPI 3.0 writes a reference that may be null as ``allOf`` with ``nullable``; JSON Schema as this."""
    if isinstance(part, list):
        return [nullable_references(entry) for entry in part]
    if not isinstance(part, dict):
        return part
    whole = {name: nullable_references(value) for name, value in part.items()}
    if "allOf" in whole and whole.pop("nullable", False):
        return {"anyOf": [whole, {"type": "null"}]}
    return whole


def test_the_schema_is_made_without_a_warning_and_is_valid() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


def test_every_call_of_the_api_is_in_the_schema(schema: dict[str, Any]) -> None:
    ours = {
        (method, path.removeprefix(ROOT))
        for path, methods in schema["paths"].items()
        for method in methods
        if path.startswith(ROOT)
    }

    assert ours == {
        ("get", "session/"),
        ("post", "conversations/"),
        ("get", "conversations/{id}/messages/"),
        ("post", "conversations/{id}/messages/"),
        ("post", "conversations/{id}/hand-over/"),
        ("post", "messages/{id}/feedback/"),
        ("get", "faq/"),
        ("get", "me/"),
        ("delete", "me/"),
        ("get", "me/consent/"),
        ("put", "me/consent/"),
    }


def test_answers_hold_nothing_but_what_the_schema_says(
    faq: Any, shop: Shopfloor, schema: dict[str, Any]
) -> None:
    chat = Chat.open(shop.ada)
    said = [
        chat.say("How much is delivery?"),
        chat.say("where is my order W-0000000000A1?"),
        chat.say("please cancel my order W-0000000000A1"),
        chat.say("xyzzy plugh"),
        chat.say("milk?"),
    ]
    chat.vote(said[0]["id"], {"helpful": True, "comment": "quick"})
    profiles.refresh(str(shop.ada.pk))
    messages, own = "conversations/{id}/messages/", f"conversations/{chat.id}/messages/"
    over = f"conversations/{chat.id}/hand-over/"
    vote = f"messages/{said[1]['reply']['id']}/feedback/"
    calls = [
        ("get", "session/", "session/", None),
        ("post", "conversations/", "conversations/", {"language": "en"}),
        ("post", "conversations/", "conversations/", {"language": "tlh"}),
        ("get", own, messages, None),
        ("get", f"{own}?after=x", messages, None),
        ("post", own, messages, {"text": "hello"}),
        ("post", own, messages, {"text": 7}),
        ("post", vote, "messages/{id}/feedback/", {"helpful": False}),
        ("post", vote, "messages/{id}/feedback/", {}),
        ("post", "messages/0/feedback/", "messages/{id}/feedback/", {"helpful": False}),
        ("get", "faq/", "faq/", None),
        ("get", "faq/?q=delivery", "faq/", None),
        ("get", "faq/?lang=tlh", "faq/", None),
        ("post", over, "conversations/{id}/hand-over/", {"contact": "ada@example.com"}),
        ("post", over, "conversations/{id}/hand-over/", {"contact": "ada"}),
        ("get", own, messages, None),
        ("get", "me/", "me/", None),
        ("get", "me/consent/", "me/consent/", None),
        ("put", "me/consent/", "me/consent/", {"remember": False}),
        ("put", "me/consent/", "me/consent/", {}),
    ]
    for method, address, path, body in calls:
        answer = getattr(chat.client, method)(f"{ROOT}{address}", body, format="json")
        described = schema["paths"][f"{ROOT}{path}"][method]["responses"][str(answer.status_code)]
        wanted = described["content"]["application/json"]["schema"]
        jsonschema.validate(answer.json(), resolved(schema, wanted))
    kinds = {one["reply"]["kind"] for one in said}
    assert {"answer", "action"} <= kinds, kinds
    assert any(one["reply"]["cards"] for one in said)
    assert any("confirm" in one["reply"] for one in said)


def test_errors_of_wrong_callers_are_in_the_schema_too(shop: Shopfloor, schema: dict[str, Any]) -> None:
    chat = Chat.open()
    answer = browser().get(chat.url())

    described = schema["paths"][f"{ROOT}conversations/{{id}}/messages/"]["get"]["responses"]["404"]
    jsonschema.validate(answer.json(), resolved(schema, described["content"]["application/json"]["schema"]))
