"""What would this customer see: whom the page finds, what it shows, and who may look."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.serving.blocks import BlockShop

from .conftest import page


@pytest.fixture
def shop(db: None) -> BlockShop:
    """A shop of tea, coffee and cups with a model for every role."""
    shop = BlockShop()
    shop.activate_all()
    return shop


def preview(client: Client, **query: str):
    return client.get(page("placement_preview"), query)


def test_a_customer_is_found_by_a_part_of_the_login_name(manager: Client, shop: BlockShop) -> None:
    response = preview(manager, q="an")

    assert [match.name for match in response.context["matches"]] == ["ann", "manager"]


def test_the_only_match_is_shown_at_once(manager: Client, shop: BlockShop) -> None:
    response = preview(manager, q="bob")

    assert response.context["key"] == str(shop.bob.pk)
    assert "What bob bought last" in response.content.decode()


def test_a_customer_is_found_by_key(manager: Client, shop: BlockShop) -> None:
    response = preview(manager, q=str(shop.ann.pk))

    assert response.context["name"] == "ann"


def test_every_placement_is_shown_with_scores_sources_and_the_orders_that_led_there(
    manager: Client, shop: BlockShop
) -> None:
    response = preview(manager, customer=str(shop.ann.pk))

    previews = {preview.served.placement: preview for preview in response.context["previews"]}
    assert set(previews) == {
        "for-you", "similar", "bought-together", "buy-again", "trending", "new", "basket"
    }  # fmt: skip
    first = previews["for-you"].shown[0]
    assert first.title.startswith("tea")
    assert first.source == "Personal suggestions"
    assert first.place.score > 0
    text = response.content.decode()
    assert "Because you bought tea 0" in text
    assert "ordered " in first.because[0]


def test_it_shows_what_the_customer_sees_and_not_what_the_manager_would(
    manager: Client, shop: BlockShop
) -> None:
    anns = preview(manager, customer=str(shop.ann.pk)).context["previews"][0].shown
    bobs = preview(manager, customer=str(shop.bob.pk)).context["previews"][0].shown

    assert anns[0].title.startswith("tea")
    assert bobs[0].title.startswith("coffee")


def test_the_manager_may_choose_the_item_whose_page_it_is(manager: Client, shop: BlockShop) -> None:
    response = preview(manager, customer=str(shop.ann.pk), item=shop.key("coffee 3"))

    similar = next(one for one in response.context["previews"] if one.served.placement == "similar")
    assert similar.about == "coffee 3"
    assert similar.shown[0].title.startswith("coffee")


def test_a_customer_without_orders_sees_what_a_newcomer_sees(manager: Client, shop: BlockShop) -> None:
    eve = get_user_model().objects.create_user("eve")

    response = preview(manager, customer=str(eve.pk))

    assert "Nothing yet" in response.content.decode()
    assert response.context["previews"][0].shown


def test_an_item_no_longer_for_sale_stays_in_the_history_under_its_name(
    manager: Client, shop: BlockShop
) -> None:
    shop.products["tea 0"].is_active = False
    shop.products["tea 0"].save()

    text = preview(manager, customer=str(shop.ann.pk)).content.decode()

    assert f'{shop.products["tea 0"].name} <span class="run-note">not for sale now' in text


@pytest.mark.parametrize(
    "key", ["nobody", "999999", "-1", "9" * 40, "'; DROP TABLE", "<script>", "🍎", "\u202e1"]
)
@pytest.mark.parametrize("field", ["q", "customer", "item"])
def test_hostile_input_is_answered_with_a_sentence(
    manager: Client, shop: BlockShop, field: str, key: str
) -> None:
    query = {"q": "ann", "customer": str(shop.ann.pk)} if field == "item" else {}

    response = preview(manager, **(query | {field: key}))

    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()


@pytest.mark.parametrize("field", ["q", "customer", "item"])
@pytest.mark.parametrize("value", ["a\x00b", "x" * 5000])
def test_what_the_form_refuses_is_not_asked_of_the_database(
    manager: Client, shop: BlockShop, field: str, value: str
) -> None:
    response = preview(manager, **{field: value})

    assert response.context["form"].errors
    assert response.context["previews"] == []


def test_a_shop_that_cannot_be_read_is_said_so(manager: Client, settings) -> None:
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "ADAPTER": "nowhere.Adapter"}

    response = preview(manager, q="ann")

    assert "nowhere.Adapter" in response.content.decode()


def test_looking_writes_nothing_and_reads_little(manager: Client, shop: BlockShop) -> None:
    with CaptureQueriesContext(connection) as counted:
        preview(manager, customer=str(shop.ann.pk))

    verbs = [query["sql"].split()[0] for query in counted.captured_queries]
    assert set(verbs) <= {"SELECT", "SAVEPOINT", "RELEASE"}
    assert verbs.count("SELECT") < 40


def test_looking_needs_the_right_to_view_placements_and_customers(
    staff: Callable[..., Client], shop: BlockShop
) -> None:
    clients = [staff("view_placement"), staff("view_user"), staff("view_placement", "view_user")]

    assert [preview(client, q="ann").status_code for client in clients] == [403, 403, 200]


def test_the_link_to_never_recommend_is_for_those_who_may(
    staff: Callable[..., Client], shop: BlockShop
) -> None:
    viewer = staff("view_placement", "view_user")
    editor = staff("view_placement", "view_user", "add_neverrecommend")

    texts = [preview(client, q="ann").content.decode() for client in (viewer, editor)]

    assert [f"{page('neverrecommend_add')}?item_key=" in text for text in texts] == [False, True]
