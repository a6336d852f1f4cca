"""POST rank/."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.serving.blocks import BlockShop

URL = "/api/recommendations/rank/"


def post(api: APIClient, body: Any) -> Any:
    return api.post(URL, body, format="json")


def test_a_search_result_comes_back_in_this_persons_order(shop: BlockShop) -> None:
    shop.activate_all()
    api = APIClient()
    api.force_login(shop.bob)

    answer = post(api, {"items": [*shop.keys("tea 3", "coffee 3", "cups 3"), "nope"]}).json()

    assert set(answer) == {"request_id", "placement", "run", "items", "unknown"}
    assert answer["items"][0]["item"]["title"] == "coffee 3"
    assert [entry["rank"] for entry in answer["items"]] == [1, 2, 3]
    assert answer["unknown"] == ["nope"]


def test_somebody_who_is_not_logged_in_needs_no_csrf_value(shop: BlockShop, api: APIClient) -> None:
    response = post(api, {"items": shop.keys("tea 1"), "limit": 5})

    assert response.status_code == 200


def test_a_logged_in_browser_needs_one(shop: BlockShop, api: APIClient) -> None:
    api.force_login(shop.ann)

    response = post(api, {"items": shop.keys("tea 1")})

    assert response.status_code == 403
    assert response.json()["code"] == "permission_denied"


def test_numbers_are_keys_too(shop: BlockShop, api: APIClient) -> None:
    answer = post(api, {"items": [shop.products["tea 1"].pk]}).json()

    assert answer["items"][0]["key"] == shop.key("tea 1")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "items"),
        ({"items": "17"}, "items"),
        ({"items": None}, "items"),
        ({"items": {"a": 1}}, "items"),
        ({"items": [[1]]}, "items.0"),
        ({"items": [None]}, "items.0"),
        ({"items": ["1", True]}, "items.1"),
        ({"items": ["\x00"]}, "items.0"),
        ({"items": ["\ud800"]}, "items.0"),
        ({"items": ["x" * 201]}, "items.0"),
        ({"items": [""]}, "items.0"),
        ({"items": ["1"], "limit": 0}, "limit"),
        ({"items": ["1"], "limit": "a"}, "limit"),
        ({"items": ["1"], "limit": -1}, "limit"),
        ({"items": [str(number) for number in range(1_001)]}, "items"),
        ([], "non_field_errors"),
        ("text", "non_field_errors"),
        (7, "non_field_errors"),
        (None, "non_field_errors"),
    ],
)
def test_what_cannot_be_ranked_is_refused_by_field(
    shop: BlockShop, api: APIClient, body: Any, field: str
) -> None:
    response = api.post(URL, json.dumps(body), content_type="application/json")

    answer = response.json()
    assert response.status_code == 400
    assert set(answer) == {"detail", "code", "errors"}
    assert field in answer["errors"]
    assert all(set(entry) == {"message", "code"} for entry in answer["errors"][field])


def test_a_thousand_items_are_ranked_and_a_million_refused_at_once(shop: BlockShop, api: APIClient) -> None:
    thousand = post(api, {"items": [*shop.keys("tea 1"), *(f"x{number}" for number in range(999))]})
    million = post(api, {"items": ["1"] * 10**6})

    assert thousand.status_code == 200
    assert len(thousand.json()["unknown"]) == 999
    assert million.status_code == 413
    assert million.json()["code"] == "too_large"


def test_a_list_within_the_size_but_far_too_long_is_refused_by_its_length(
    shop: BlockShop, api: APIClient
) -> None:
    response = post(api, {"items": [1] * 500_000})

    assert response.status_code == 400
    assert "at once, got 500000" in response.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"items":' * 50_000 + b"1" + b"}" * 50_000,
        b"{",
        b"",
        b"\xff\xfe",
        b"NaN",
        b'{"items": ["1"], "limit": Infinity}',
        b'{"items": ["1"], "limit": ' + b"9" * 6000 + b"}",
        b"\x00",
    ],
)
def test_what_is_no_json_is_refused(shop: BlockShop, api: APIClient, body: bytes) -> None:
    response = api.post(URL, body, content_type="application/json")

    assert response.status_code == 400
    assert set(response.json()) <= {"detail", "code", "errors"}


def test_other_media_types_are_refused(shop: BlockShop, api: APIClient) -> None:
    response = api.post(URL, b"items=1", content_type="application/x-www-form-urlencoded")

    assert response.status_code == 415
    assert response.json()["code"] == "unsupported_media_type"
