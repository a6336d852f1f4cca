"""GET placements/ and placements/{slug}/."""

from __future__ import annotations

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from recommendations.models import Placement
from recommendations.serving.request_ids import read
from tests.serving.blocks import BlockShop

ROOT = "/api/recommendations/"


def test_the_placements_that_exist_are_listed_with_what_a_manager_changed(
    shop: BlockShop, api: APIClient
) -> None:
    Placement.objects.create(slug="new", title="Fresh", limit=5)

    listed = {entry["slug"]: entry for entry in api.get(ROOT + "placements/").json()}

    assert set(listed) >= {"for-you", "similar", "bought-together", "buy-again", "trending", "new", "basket"}
    assert (listed["new"]["title"], listed["new"]["limit"]) == ("Fresh", 5)
    assert (listed["new"]["personal"], listed["for-you"]["personal"]) == (False, True)


def test_a_placement_answers_with_items_as_people_see_them(shop: BlockShop, api: APIClient) -> None:
    runs = shop.activate_all()
    api.force_login(shop.ann)

    answer = api.get(ROOT + "placements/for-you/", {"limit": 2}).json()

    tea = shop.products["tea 2"]
    assert set(answer) == {"request_id", "placement", "title", "run", "complete", "items"}
    assert (answer["placement"], answer["run"], answer["complete"]) == ("for-you", runs["personal"].pk, True)
    assert read(answer["request_id"]).holds(shop.keys("tea 2", "tea 3"))
    first = answer["items"][0]
    assert (first["key"], first["rank"], first["source"], first["algorithm"]) == (
        str(tea.pk), 1, "personal", "als",
    )  # fmt: skip
    assert first["item"] == {
        "title": "tea 2",
        "url": f"http://testserver{tea.get_absolute_url()}",
        "image": f"http://testserver{tea.image_url}",
        "price": "3.00",
        "currency": "USD",
    }
    assert "reasons" not in first


def test_reasons_come_when_asked_for_and_their_shares_make_one(shop: BlockShop, api: APIClient) -> None:
    shop.activate_all()
    api.force_login(shop.ann)

    answer = api.get(ROOT + "placements/for-you/", {"limit": 3, "explain": "1"}).json()

    for entry in answer["items"]:
        assert sum(reason["share"] for reason in entry["reasons"]) == pytest.approx(1)
    assert answer["items"][0]["reasons"][0]["text"].startswith("Because you bought tea")


def test_the_item_that_a_page_is_about_is_given_by_its_key(shop: BlockShop, api: APIClient) -> None:
    shop.activate_all()

    answer = api.get(ROOT + "placements/bought-together/", {"item": shop.key("cups 3"), "limit": 2}).json()

    assert [entry["item"]["title"] for entry in answer["items"]] == ["tea 3", "coffee 3"]


def test_the_session_basket_of_a_visitor_folds_in(shop: BlockShop, api: APIClient) -> None:
    shop.activate_all()
    api.post(reverse("shop:basket-add", args=[shop.products["coffee 6"].pk]))
    session = api.session
    session["basket"] = {shop.key("coffee 6"): 1}
    session.save()

    answer = api.get(ROOT + "placements/for-you/", {"limit": 2}).json()

    assert [entry["item"]["title"] for entry in answer["items"]] == ["coffee 0", "coffee 1"]


@pytest.mark.parametrize("limit", ["0", "-1", "a", "1.5", "", "١٢x", "0x10", "1e3", "9" * 5000, "\x00", "😀"])
def test_a_limit_that_is_no_number_from_one_on_is_refused(
    shop: BlockShop, api: APIClient, limit: str
) -> None:
    response = api.get(ROOT + "placements/trending/", {"limit": limit})

    answer = response.json()
    assert response.status_code == 400
    assert (answer["code"], set(answer)) == ("invalid", {"detail", "code", "errors"})
    assert set(answer["errors"]["limit"][0]) == {"message", "code"}


@pytest.mark.parametrize(("limit", "shown"), [("1", 1), ("36", 36), ("101", 36), ("1000000000", 36)])
def test_a_limit_above_a_hundred_is_a_hundred(
    shop: BlockShop, api: APIClient, limit: str, shown: int
) -> None:
    response = api.get(ROOT + "placements/trending/", {"limit": limit})

    assert response.status_code == 200
    assert len(response.json()["items"]) == shown


@pytest.mark.parametrize(
    "slug", ["for-yuo", "😀", "a" * 5000, "%00", "..%2F..%2Fetc", "new\u202e", "new%0d%0aX: y"]
)
def test_an_unknown_placement_is_404_with_the_valid_ones(shop: BlockShop, api: APIClient, slug: str) -> None:
    response = api.get(f"{ROOT}placements/{slug}/")

    assert response.status_code == 404
    if response["Content-Type"].startswith("application/json"):
        answer = response.json()
        assert answer["code"] == "unknown_placement"
        assert "for-you" in answer["detail"]
        assert len(answer["detail"]) < 400


@pytest.mark.parametrize("item", ["nope", "-1", "9" * 200, "😀", "' OR 1=1 --"])
def test_an_item_that_does_not_exist_leaves_the_list_full(shop: BlockShop, api: APIClient, item: str) -> None:
    response = api.get(ROOT + "placements/similar/", {"item": item, "limit": 3})

    assert response.status_code == 200
    assert len(response.json()["items"]) == 3


@pytest.mark.parametrize("item", ["\x00", "x" * 201, ""])
def test_an_item_that_cannot_be_a_key_is_refused(shop: BlockShop, api: APIClient, item: str) -> None:
    response = api.get(ROOT + "placements/similar/", {"item": item})

    assert response.status_code == 400
    assert "item" in response.json()["errors"]


def test_a_short_list_says_so(shop: BlockShop, api: APIClient) -> None:
    answer = api.get(ROOT + "placements/buy-again/").json()

    assert (answer["items"], answer["complete"]) == ([], False)
    assert "No model is active for buy_again" in answer["reason"]


def test_an_empty_shop_is_answered(db: None, api: APIClient) -> None:
    response = api.get(ROOT + "placements/for-you/")

    assert response.status_code == 200
    assert response.json()["items"] == []


@pytest.mark.parametrize("path", ["placements/", "placements/trending/", "placements/nope/", "runs/"])
def test_no_cache_may_keep_an_answer(shop: BlockShop, api: APIClient, path: str) -> None:
    response = api.get(ROOT + path)

    assert {"private", "no-store"} <= set(response["Cache-Control"].split(", "))


def test_a_placement_call_takes_at_most_two_selects_of_ours(
    shop: BlockShop, api: APIClient, django_assert_max_num_queries
) -> None:
    shop.activate_all()
    api.force_login(shop.ann)
    api.get(ROOT + "placements/for-you/")

    with django_assert_max_num_queries(30) as queries:
        api.get(ROOT + "placements/for-you/")

    selects = [query["sql"] for query in queries.captured_queries if query["sql"].startswith("SELECT")]
    ours = [sql for sql in selects if "django_session" not in sql and 'FROM "auth_user"' not in sql]
    assert len(ours) == 2


def test_only_json_is_spoken(shop: BlockShop, api: APIClient) -> None:
    assert api.get(ROOT + "placements/new/", HTTP_ACCEPT="text/html").status_code == 406
    assert api.get(ROOT + "placements/new/", HTTP_ACCEPT="*/*")["Content-Type"] == "application/json"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_other_methods_are_refused_in_the_apis_own_shape(
    shop: BlockShop, api: APIClient, method: str
) -> None:
    response = getattr(api, method)(ROOT + "placements/new/")

    assert response.status_code == 405
    assert response.json()["code"] == "method_not_allowed"
