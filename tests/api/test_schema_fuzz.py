"""Whatever the schema allows, and much that it does not, is answered without a 500."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client, override_settings
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from recommendations import jobs
from recommendations.conf import PLACEMENTS
from recommendations.models import ModelRun
from tests.serving.blocks import BlockShop

ROOT = "/api/recommendations/"
CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]
BOUNDED = settings(
    max_examples=30,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(params=["nobody", "manager"])
def caller(request: pytest.FixtureRequest, db: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Cookies and headers of somebody who is not logged in, and of one who may do everything."""
    monkeypatch.setattr(jobs, "enqueue", lambda *args, **options: None)
    shop = BlockShop()
    shop.activate_all()
    if request.param == "nobody":
        return {}
    shop.ann.is_superuser = True
    shop.ann.save()
    client = Client()
    client.force_login(shop.ann)
    token = "a" * 32
    cookies = {**{name: morsel.value for name, morsel in client.cookies.items()}, "csrftoken": token}
    return {"cookies": cookies, "headers": {"X-CSRFToken": token}}


@pytest.fixture(autouse=True)
def the_tests_connection_stays_open() -> Iterator[None]:
    """A server ends each request by closing connections with a transaction open, and the test has one."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_no_call_that_the_schema_describes_ends_in_a_500(caller: dict[str, Any], settings: Any) -> None:
    app = get_wsgi_application()
    unlimited = {f"recommendations_{name}": None for name in ("user", "address", "runs")}
    rest = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": unlimited}
    known = {"slug": list(PLACEMENTS), "id": list(ModelRun.objects.values_list("pk", flat=True))}
    codes: dict[str, set[int]] = {}

    with override_settings(REST_FRAMEWORK=rest):
        schema = schemathesis.openapi.from_wsgi("/api/schema/", app).include(path_regex=f"^{ROOT}")
        for found in schema.get_all_operations():
            operation = found.ok()

            @BOUNDED
            @given(case=operation.as_strategy(), data=st.data())
            def answers(case: schemathesis.Case, data: st.DataObject) -> None:
                for name in case.path_parameters or {}:  # half of the addresses lead somewhere
                    if data.draw(st.booleans()):
                        case.path_parameters[name] = data.draw(st.sampled_from(known[name]))
                response = case.call_and_validate(**caller, checks=CHECKS)
                codes.setdefault(case.operation.label, set()).add(response.status_code)

            answers()

    assert len(codes) == 8
    wanted = {200, 201, 409} if caller else {200, 401, 403}
    assert all(seen & wanted for seen in codes.values()), codes
