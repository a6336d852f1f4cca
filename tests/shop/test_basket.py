"""The basket keeps keys and quantities within limits; prices and names are the database's."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.messages import get_messages
from django.http import HttpRequest
from django.test import Client

from shop import basket
from shop.models import Product

pytestmark = pytest.mark.django_db


def add(client: Client, product: Product, **data: object):
    return client.post(f"/basket/add/{product.pk}/", data)


def quantities(client: Client) -> dict[str, int]:
    return client.session.get("basket", {})


def test_what_is_added_stands_in_the_basket_at_the_price_of_the_database(client, milk):
    add(client, milk, quantity=3, price="0.01", unit_price="0.01")

    response = client.get("/basket/")

    assert response.context["price"].total == Decimal("7.50")
    assert "$7.50" in response.text


def test_adding_again_adds_up_to_the_limit_and_no_further(client, milk):
    add(client, milk, quantity=98)
    add(client, milk, quantity=5)

    refused = add(client, milk, quantity=1)

    assert quantities(client) == {str(milk.pk): basket.MAX_QUANTITY}
    assert "holds no more" in str(list(get_messages(refused.wsgi_request))[-1])


@pytest.mark.parametrize(
    "quantity", ["0", "-1", "100", 10**9, "a", "", "1.5", "\0", "🥛", "٣" * 50, "1" * 5000]
)
def test_a_quantity_that_is_none_changes_nothing_and_says_so(client, milk, quantity):
    response = add(client, milk, quantity=quantity)

    assert response.status_code == 302
    assert quantities(client) == {}
    assert list(get_messages(response.wsgi_request))


@pytest.mark.parametrize("key", [0, 999_999, 10**18, 10**30, "a", "%00"])
def test_an_unknown_product_is_not_found(client, milk, key):
    assert client.post(f"/basket/add/{key}/").status_code == 404


def test_a_sold_out_or_withdrawn_product_cannot_be_added(client, make_product):
    sold_out, withdrawn = make_product(stock=0), make_product(is_active=False)

    assert add(client, sold_out).status_code == 302
    assert add(client, withdrawn).status_code == 404

    assert quantities(client) == {}


def test_the_number_of_lines_is_limited(client, make_product, monkeypatch):
    monkeypatch.setattr(basket, "MAX_LINES", 2)
    products = [make_product() for _ in range(3)]

    for product in products:
        add(client, product)

    assert list(quantities(client)) == [str(product.pk) for product in products[:2]]


def test_looking_at_a_page_never_puts_something_in(client, milk):
    assert client.get(f"/basket/add/{milk.pk}/").status_code == 405


@pytest.mark.parametrize(
    "place", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\0", ""]
)
def test_after_adding_nobody_is_sent_to_another_site(client, milk, place):
    assert add(client, milk, next=place).url == "/basket/"


def test_after_adding_one_is_back_on_the_page_one_came_from(client, milk):
    assert add(client, milk, next="/search/?q=milk").url == "/search/?q=milk"


def test_quantities_are_changed_and_lines_removed(client, make_product):
    first, second, third = (make_product() for _ in range(3))
    for product in (first, second, third):
        add(client, product)

    client.post(
        "/basket/", {f"quantity-{first.pk}": "4", f"quantity-{second.pk}": "0", f"quantity-{third.pk}": "x"}
    )
    client.post("/basket/", {"remove": str(third.pk)})

    assert quantities(client) == {str(first.pk): 4}


def test_changing_a_line_that_is_not_there_adds_nothing(client, milk):
    client.post("/basket/", {f"quantity-{milk.pk}": "4", "quantity-evil": "1"})

    assert quantities(client) == {}


def test_a_product_withdrawn_meanwhile_leaves_the_basket_with_a_word(client, milk):
    add(client, milk)
    Product.objects.update(is_active=False)

    response = client.get("/basket/")

    assert "1 product is no longer sold." in response.text
    assert quantities(client) == {}


def test_a_shortage_is_shown_before_the_checkout(client, make_product):
    add(client, make_product(stock=2), quantity=5)

    assert "Only 2 left" in client.get("/basket/").text


@pytest.mark.parametrize(
    "stored", ["text", 7, ["1"], {"a": 1}, {"1": "2"}, {"1": -4}, {"1": 10**12}, {"1": None}, {"-1": 1}]
)
def test_a_session_of_an_older_release_is_an_empty_basket(client, stored):
    session = client.session
    session["basket"] = stored
    session.save()

    response = client.get("/basket/")

    assert "Your basket is empty" in response.text


def test_item_keys_are_texts_and_the_newest_comes_last(client, make_product):
    first, second = make_product(), make_product()
    add(client, first)
    add(client, second)
    add(client, first)
    request = client.get("/basket/").wsgi_request

    assert basket.item_keys(request) == [str(second.pk), str(first.pk)]


def test_a_request_without_a_session_has_an_empty_basket():
    assert basket.item_keys(HttpRequest()) == []


def test_the_basket_costs_one_query_for_all_its_products(client, make_product, django_assert_num_queries):
    for _ in range(5):
        add(client, make_product())
    mine = basket.Basket(dict(client.session))

    with django_assert_num_queries(1):
        lines = mine.lines()

    assert len(lines) == 5
