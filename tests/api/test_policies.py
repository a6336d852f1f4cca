"""Throttles, errors and what a host's own settings cannot change."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.core.cache.backends.base import BaseCache
from django.db import OperationalError
from django.test import override_settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.test import APIClient

from recommendations.adapters import get_adapter
from recommendations.api import views
from tests.serving.blocks import BlockShop

URL = "/api/recommendations/placements/new/"


class DeadCache(BaseCache):
    def __init__(self, *_args: Any) -> None:
        super().__init__({})

    def _dead(self, *_args: Any, **_options: Any) -> Any:
        raise ConnectionError("the cache server has gone away")

    get = set = add = delete = clear = touch = _dead


def rates(settings: Any, **named: str | None) -> dict[str, Any]:
    return {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": named}


def test_calls_are_counted_by_address(shop: BlockShop, settings) -> None:
    with override_settings(REST_FRAMEWORK=rates(settings, recommendations_address="2/min")):
        codes = [APIClient(REMOTE_ADDR="10.0.0.1").get(URL).status_code for _call in range(3)]
        refused = APIClient(REMOTE_ADDR="10.0.0.1").get(URL)
        elsewhere = APIClient(REMOTE_ADDR="10.0.0.2").get(URL).status_code

    assert codes == [200, 200, 429]
    assert elsewhere == 200
    assert refused.json()["code"] == "throttled"
    assert int(refused["Retry-After"]) > 0


def test_calls_are_counted_by_user_wherever_they_come_from(shop: BlockShop, settings) -> None:
    codes = []
    with override_settings(REST_FRAMEWORK=rates(settings, recommendations_user="2/min")):
        for number in range(3):
            api = APIClient(REMOTE_ADDR=f"10.0.0.{number}")
            api.force_login(shop.ann)
            codes.append(api.get(URL).status_code)
        other = APIClient(REMOTE_ADDR="10.0.0.1")
        other.force_login(shop.bob)

    assert codes == [200, 200, 429]
    assert other.get(URL).status_code == 200


def test_a_throttle_can_be_switched_off(shop: BlockShop, settings) -> None:
    off = rates(settings, recommendations_user=None, recommendations_address=None)
    with override_settings(REST_FRAMEWORK=off):
        assert APIClient().get(URL).status_code == 200

    assert not getattr(cache, "_cache", {})


@pytest.mark.parametrize("forwarded", ["x" * 5_000, "a b\tc", "\u00e9", "1.2.3.4, 5.6.7.8"])
def test_a_strange_forwarded_address_is_counted_like_any_other(shop: BlockShop, forwarded: str) -> None:
    assert APIClient().get(URL, HTTP_X_FORWARDED_FOR=forwarded).status_code == 200


def test_a_dead_cache_stops_nobody(shop: BlockShop, caplog: pytest.LogCaptureFixture) -> None:
    backend = {"default": {"BACKEND": "tests.api.test_policies.DeadCache"}}
    with override_settings(CACHES=backend):
        response = APIClient().get(URL)

    assert response.status_code == 200
    assert "Counting API calls" in caplog.text


def test_a_host_cannot_change_our_policies_by_its_defaults(shop: BlockShop, settings) -> None:
    strange = {
        **settings.REST_FRAMEWORK,
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.AdminRenderer"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.FormParser"],
        "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.AcceptHeaderVersioning",
        "DEFAULT_PAGINATION_CLASS": None,
        "EXCEPTION_HANDLER": "tests.api.test_policies.no_handler",
        "NON_FIELD_ERRORS_KEY": "all",
    }
    with override_settings(REST_FRAMEWORK=strange):
        good = APIClient().get(URL)
        bad = APIClient().get(URL, {"limit": "a"})

    assert good.status_code == 200
    assert bad.json()["code"] == "invalid"
    named = ("permission_classes", "throttle_classes", "parser_classes", "renderer_classes")
    for view in (views.PlacementList, views.PlacementDetail, views.Rank, views.RunList, views.RunCancel):
        assert all(any(name in vars(base) for base in view.__mro__[:-3]) for name in named)


def no_handler(*_args: Any) -> None:
    return None


def test_a_database_that_is_away_is_a_503_in_the_apis_shape(
    shop: BlockShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: Any, **_options: Any) -> Any:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(views, "rank", away)

    response = APIClient().post("/api/recommendations/rank/", {"items": ["1"]}, format="json")

    assert response.status_code == 503
    assert response.json()["code"] == "unavailable"
    assert "server closed" not in response.content.decode()


def test_items_that_cannot_be_fetched_are_a_short_list_not_an_error(
    shop: BlockShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(get_adapter()), "fetch", lambda *_args: 1 / 0)

    shown = APIClient().get(URL)
    ranked = APIClient().post("/api/recommendations/rank/", {"items": shop.keys("tea 1")}, format="json")

    assert shown.status_code == 200
    assert (shown.json()["items"], shown.json()["reason"]) == (
        [],
        "The items could not be read; see the log.",
    )
    assert (ranked.status_code, ranked.json()["code"]) == (503, "unavailable")


def test_wrong_credentials_are_told_apart_from_none(shop: BlockShop) -> None:
    with override_settings():
        response = APIClient().get("/api/recommendations/runs/", HTTP_AUTHORIZATION="Basic !!!")

    assert response.status_code in (401, 403)
    assert set(response.json()) == {"detail", "code"}


class TokenAuthentication(BaseAuthentication):
    """As djangorestframework-simplejwt refuses a token: with a dict where DRF itself has a text."""

    def authenticate(self, request: Any) -> None:
        raise AuthenticationFailed(
            {"detail": "Given token not valid", "messages": [{"message": "Token is expired"}]},  # type: ignore[arg-type]
            code="token_not_valid",
        )

    def authenticate_header(self, request: Any) -> str:
        return "Bearer"


def test_a_hosts_authentication_may_refuse_with_more_than_a_text(
    shop: BlockShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views.View, "authentication_classes", [TokenAuthentication])

    refused = APIClient(raise_request_exception=False).get(URL)

    assert refused.status_code == 401
    assert refused.json() == {"detail": "Given token not valid", "code": "token_not_valid"}
    assert refused["WWW-Authenticate"] == "Bearer"
    assert "no-store" in refused["Cache-Control"]
