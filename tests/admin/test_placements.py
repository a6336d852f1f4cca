"""Placements and the never-recommend list as a manager edits them."""

from __future__ import annotations

import pytest
from django.test import Client

from recommendations.models import NeverRecommend, Placement
from recommendations.serving import get_recommendations
from recommendations.types import Subject
from tests.serving.blocks import BlockShop

from .conftest import page

FORM = {
    "slug": "for-you",
    "enabled": "on",
    "title": "",
    "strategies": "",
    "limit": "",
    "max_per_category": "",
}
FORM |= {"mmr": "", "filters": ""}


def add(client: Client, **fields: str):
    return client.post(page("placement_add"), {**FORM, **fields})


def test_blank_fields_leave_the_settings_in_force(manager: Client) -> None:
    add(manager)

    row = Placement.objects.get()
    assert (row.strategies, row.limit, row.max_per_category, row.mmr, row.filters) == (None,) * 5


def test_strategies_are_written_as_a_list_in_their_order(manager: Client) -> None:
    add(manager, strategies=" trending, personal ,trending")

    row = Placement.objects.get()
    assert row.strategies == ["trending", "personal"]
    form = manager.get(page("placement_change", row.pk)).context["adminform"].form
    assert form["strategies"].value() == "trending, personal"


def test_filters_are_tried_on_the_shop(manager: Client) -> None:
    add(manager, filters='{"price__lte": 20, "category__name": "Tea"}')

    assert Placement.objects.get().filters == {"price__lte": 20, "category__name": "Tea"}


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("slug", "for-yu", "Select a valid choice"),
        ("slug", "../x", "Select a valid choice"),
        ("strategies", "magic", "There is no strategy"),
        ("strategies", "personal; DROP", "There is no strategy"),
        ("limit", "0", "greater than or equal to 1"),
        ("limit", "-1", "greater than or equal to"),
        ("limit", "101", "less than or equal to 100"),
        ("limit", "1000000000", "less than or equal to 100"),
        ("limit", "a", "whole number"),
        ("mmr", "2", "less than or equal to 1"),
        ("mmr", "nan", "number"),
        ("filters", "[1]", "must be an object"),
        ("filters", "no json", "valid JSON"),
        ("filters", '{"colour": "red"}', "cannot be filtered"),
        ("filters", '{"price__lte": "cheap"}', "cannot be filtered"),
        ("filters", '{"price__lte": {"a": 1}}', "cannot be filtered"),
        ("filters", '{"": 1}', "cannot be filtered"),
    ],
)
def test_a_slip_is_refused_with_a_reason(manager: Client, field: str, value: str, words: str) -> None:
    response = add(manager, **{field: value})

    assert response.status_code == 200
    assert words in " ".join(response.context["adminform"].form.errors[field])
    assert not Placement.objects.exists()


def test_an_item_is_never_recommended_from_then_on(manager: Client) -> None:
    shop = BlockShop()
    shop.activate_all()
    ann = Subject(user_key=str(shop.ann.pk))
    best = get_recommendations("for-you", subject=ann).items[0].key

    manager.post(page("neverrecommend_add"), {"item_key": best, "note": "recalled"})

    row = NeverRecommend.objects.get()
    assert (row.item_key, row.created_by.get_username()) == (best, "manager")
    listed = manager.get(page("neverrecommend_changelist")).content.decode()
    assert shop.products["tea 2"].name.split()[0] in listed


def test_a_key_is_brought_into_the_form_that_keys_have(manager: Client) -> None:
    shop = BlockShop()

    manager.post(page("neverrecommend_add"), {"item_key": f" 00{shop.key('tea 0')} ", "note": ""})

    assert NeverRecommend.objects.get().item_key == shop.key("tea 0")


@pytest.mark.parametrize("key", ["", "no number", "1.5", "\x00", "🍎", "x" * 300, "9" * 50])
def test_a_key_that_no_item_can_have_is_refused(manager: Client, key: str) -> None:
    response = manager.post(page("neverrecommend_add"), {"item_key": key, "note": ""})

    assert response.status_code == 200
    assert "item_key" in response.context["adminform"].form.errors
    assert not NeverRecommend.objects.exists()


def test_a_key_without_an_item_is_kept_with_a_warning(manager: Client) -> None:
    response = manager.post(page("neverrecommend_add"), {"item_key": "4711", "note": ""}, follow=True)

    assert NeverRecommend.objects.get().item_key == "4711"
    text = response.content.decode()
    assert "Nothing for sale has the key 4711" in text
    assert "not for sale now" in text


def test_the_list_names_a_deleted_user_and_survives_an_unreadable_shop(manager: Client, settings) -> None:
    NeverRecommend.objects.create(item_key="1", created_by_id=987654)
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "ADAPTER": "nowhere.Adapter"}

    text = manager.get(page("neverrecommend_changelist")).content.decode()

    assert "user 987654 (deleted)" in text
