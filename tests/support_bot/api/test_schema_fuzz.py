"""Whatever the schema allows, and much that it does not, is answered without a 500."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import override_settings
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from support_bot.models import Conversation, Message
from tests.support_bot.people import ROOT, Chat, Shopfloor, browser

CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]
BOUNDED = settings(
    max_examples=25,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(params=["a guest", "a customer"])
def chat(request: pytest.FixtureRequest, faq: Any, db: None) -> Chat:
    shop = Shopfloor()
    chat = Chat.open(shop.ada if request.param == "a customer" else None)
    chat.say("hello")
    return chat


@pytest.fixture(autouse=True)
def the_tests_connection_stays_open() -> Iterator[None]:
    """A server ends each request by closing connections with a transaction open, and the test has one."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_no_call_that_the_schema_describes_ends_in_a_500(chat: Chat, settings: Any) -> None:
    app = get_wsgi_application()
    cookies = {name: morsel.value for name, morsel in chat.client.cookies.items()}
    caller = {"cookies": cookies, "headers": {**chat.headers, "X-CSRFToken": cookies["csrftoken"]}}
    off = {"THROTTLE": dict.fromkeys(("conversation", "visitor", "address"))}
    codes: dict[str, set[int]] = {}

    with override_settings(SUPPORT_BOT={**settings.SUPPORT_BOT, **off}):
        schema = schemathesis.openapi.from_wsgi("/api/schema/", app).include(path_regex=f"^{ROOT}")
        operations = [found.ok() for found in schema.get_all_operations()]
        for operation in sorted(operations, key=lambda one: one.method == "delete"):  # erases what is used

            @BOUNDED
            @given(case=operation.as_strategy(), data=st.data())
            def answers(case: schemathesis.Case, data: st.DataObject) -> None:
                if case.path_parameters and data.draw(st.booleans()):  # half of the addresses lead somewhere
                    is_vote = "feedback" in case.operation.path
                    replies = Message.objects.filter(conversation=chat.id, author="bot")
                    case.path_parameters["id"] = str(replies.first().pk) if is_vote else chat.id  # type: ignore[union-attr]
                response = case.call_and_validate(**caller, checks=CHECKS)
                codes.setdefault(case.operation.label, set()).add(response.status_code)

            answers()

    assert len(codes) == 11
    for_customers = {f"{method} {ROOT}me/consent/" for method in ("GET", "PUT")} if chat.by_token else set()
    refused = {label for label, seen in codes.items() if not seen & {200, 201, 204}}
    assert refused == for_customers, codes
    assert not Conversation.objects.filter(pk=chat.id).exists()
    assert browser().get(f"{ROOT}session/").status_code == 200
