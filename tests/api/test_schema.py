"""The OpenAPI schema is complete, and what is answered is what it says."""

from __future__ import annotations

from io import StringIO
from typing import Any

import jsonschema
import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from tests.serving.blocks import BlockShop


@pytest.fixture
def schema() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


def resolved(schema: dict[str, Any], part: Any) -> Any:
    """``part`` as plain JSON Schema: references filled in, OpenAPI's ``nullable`` as a type."""
    if isinstance(part, list):
        return [resolved(schema, entry) for entry in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return resolved(schema, schema["components"]["schemas"][part["$ref"].rsplit("/", 1)[1]])
    whole = {name: resolved(schema, value) for name, value in part.items()}
    if whole.pop("nullable", False) and "type" in whole:
        whole["type"] = [whole["type"], "null"]
    if whole.get("type") == "object" and "properties" in whole:
        whole["additionalProperties"] = False
    return whole


def test_the_schema_is_made_without_a_warning_and_is_valid() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


def test_every_call_of_the_api_is_in_the_schema(schema: dict[str, Any]) -> None:
    ours = {
        (method, path.removeprefix("/api/recommendations/"))
        for path, methods in schema["paths"].items()
        for method in methods
        if path.startswith("/api/recommendations/")
    }

    assert ours == {
        ("get", "placements/"),
        ("get", "placements/{slug}/"),
        ("post", "rank/"),
        ("get", "runs/"),
        ("post", "runs/"),
        ("get", "runs/{id}/"),
        ("post", "runs/{id}/activate/"),
        ("post", "runs/{id}/cancel/"),
    }


def test_answers_hold_nothing_but_what_the_schema_says(shop: BlockShop, schema: dict[str, Any]) -> None:
    runs = shop.activate_all()
    shop.ann.is_superuser = True
    shop.ann.save()
    api = APIClient()
    api.force_login(shop.ann)
    run = runs["personal"].pk
    calls = [
        ("get", "placements/", "placements/", None),
        ("get", "placements/for-you/?explain=1", "placements/{slug}/", None),
        ("get", "placements/for-you/?limit=0", "placements/{slug}/", None),
        ("get", "placements/nope/", "placements/{slug}/", None),
        ("post", "rank/", "rank/", {"items": [*shop.keys("tea 1", "cups 1"), "nope"]}),
        ("post", "rank/", "rank/", {"items": 7}),
        ("get", "runs/", "runs/", None),
        ("get", f"runs/{run}/", "runs/{id}/", None),
        ("post", f"runs/{run}/activate/", "runs/{id}/activate/", {"role": "similar"}),
        ("post", f"runs/{run}/cancel/", "runs/{id}/cancel/", None),
        ("post", "runs/", "runs/", {"algorithm": "nope"}),
    ]
    for method, address, path, body in calls:
        response = getattr(api, method)(f"/api/recommendations/{address}", body, format="json")
        described = schema["paths"][f"/api/recommendations/{path}"][method]["responses"]
        answer = described[str(response.status_code)]["content"]["application/json"]["schema"]
        jsonschema.validate(response.json(), resolved(schema, answer))
