"""Log in, register, the account's pages, reviews."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shop.models import LoyaltyEntry, Order, Return, Review
from shop.orders import NewLine, NewOrder, place_orders

pytestmark = pytest.mark.django_db
NEW = {
    "username": "eve",
    "email": "eve@example.com",
    "password1": "a long enough one",
    "password2": "a long enough one",
}


def said(response) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def test_logging_in_changes_the_session_key_and_keeps_the_basket(client, customer, milk):
    client.post(f"/basket/add/{milk.pk}/")
    before = client.session.session_key

    client.post("/login/", {"username": "ada", "password": "correct horse"})

    assert client.session.session_key != before
    assert client.session["basket"] == {str(milk.pk): 1}


def test_one_customers_basket_is_not_the_next_ones(client, customer, other, milk):
    client.post("/login/", {"username": "ada", "password": "correct horse"})
    client.post(f"/basket/add/{milk.pk}/")
    client.post("/logout/")

    client.post("/login/", {"username": "bob", "password": "battery staple"})

    assert "basket" not in client.session


@pytest.mark.parametrize(
    "place", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"]
)
@pytest.mark.parametrize("page", ["login", "register"])
def test_logging_in_or_registering_leads_to_no_other_site(client, customer, page, place):
    data = {"username": "ada", "password": "correct horse"} if page == "login" else NEW

    assert client.post(f"/{page}/", {**data, "next": place}).url == "/account/"


@pytest.mark.parametrize("page", ["login", "register"])
def test_logging_in_or_registering_leads_on_to_where_one_wanted(client, customer, page):
    data = {"username": "ada", "password": "correct horse"} if page == "login" else NEW

    assert 'name="next" value="/checkout/"' in client.get(f"/{page}/?next=/checkout/").text
    assert client.post(f"/{page}/", {**data, "next": "/checkout/"}).url == "/checkout/"


def test_somebody_who_registers_is_logged_in_without_any_power(client):
    client.post("/register/", {**NEW, "is_staff": "on", "is_superuser": "on"})

    eve = User.objects.get()
    assert client.get("/account/").status_code == 200
    assert (eve.is_staff, eve.is_superuser, eve.email) == (False, False, "eve@example.com")


@pytest.mark.parametrize(
    "change",
    [
        {"username": "ADA"},
        {"username": "\0"},
        {"username": "x" * 500},
        {"email": "none"},
        {"password1": "12345678", "password2": "12345678"},
        {"password2": "another one"},
    ],
)
def test_a_registration_that_cannot_be_is_shown_again(client, customer, change):
    response = client.post("/register/", {**NEW, **change})

    assert response.status_code == 200
    assert response.context["form"].errors
    assert User.objects.count() == 1


def test_guessing_passwords_is_slowed_down(client, customer):
    for _ in range(10):
        client.post("/login/", {"username": "ada", "password": "wrong"})

    right = client.post("/login/", {"username": "Ada", "password": "correct horse"})
    elsewhere = client.post(
        "/login/", {"username": "ada", "password": "correct horse"}, REMOTE_ADDR="203.0.113.9"
    )

    assert "Too many attempts" in right.text
    assert elsewhere.status_code == 302


def test_the_account_needs_a_login_and_comes_back(client):
    for url in ("/account/", "/account/points/", "/account/orders/T1/"):
        assert client.get(url).url == f"/login/?next={url}"


def test_logging_out_is_no_link(signed_in):
    assert signed_in.get("/logout/").status_code == 405
    assert signed_in.post("/logout/").url == "/"


def test_the_account_lists_own_orders_newest_first(signed_in, other, milk, make_order):
    old, new = make_order(milk, age=9), make_order(milk, 2)
    foreign = make_order(milk, user=other)

    response = signed_in.get("/account/")

    assert [order.number for order in response.context["orders"]] == [new.number, old.number]
    assert f"/account/orders/{foreign.number}/" not in response.text


def test_the_account_costs_the_same_queries_with_many_orders(
    signed_in, milk, make_order, django_assert_num_queries
):

    make_order(milk)
    signed_in.get("/account/")
    with CaptureQueriesContext(connection) as with_one:
        signed_in.get("/account/")
    for _ in range(9):
        make_order(milk)

    with django_assert_num_queries(len(with_one)):
        signed_in.get("/account/")


@pytest.mark.parametrize("action", ["", "cancel/", "address/", "return/", "reorder/", "thanks"])
def test_another_customers_order_is_not_found(signed_in, other, milk, make_order, address, action):
    order = make_order(milk, user=other)
    url = (
        f"/orders/{order.number}/thanks/"
        if action == "thanks"
        else f"/account/orders/{order.number}/{action}"
    )
    line = order.lines.get()

    response = (
        signed_in.post(url, {**address, "line": line.pk, "quantity": 1})
        if action.endswith("/")
        else signed_in.get(url)
    )

    assert response.status_code == 404
    order.refresh_from_db()
    assert (order.status, order.street) == ("paid", "")


@pytest.mark.parametrize("number", ["none", "T1%00", "🥛", "x" * 500])
def test_an_unknown_order_is_not_found(signed_in, number):
    assert signed_in.get(f"/account/orders/{number}/").status_code == 404


def test_an_open_order_is_cancelled_from_its_page(signed_in, milk, make_order):
    order = make_order(milk, 3)
    assert "Yes, cancel this order" in signed_in.get(order.get_absolute_url()).text

    response = signed_in.post(f"{order.get_absolute_url()}cancel/", follow=True)

    assert "is cancelled" in response.text
    assert "Yes, cancel this order" not in response.text
    milk.refresh_from_db()
    assert milk.stock == 10


def test_what_cannot_be_cancelled_says_why(signed_in, milk, make_order):
    order = make_order(milk, status="shipped")

    response = signed_in.post(f"{order.get_absolute_url()}cancel/", follow=True)

    assert "on its way already" in response.text


def test_the_address_is_changed_from_the_orders_page(signed_in, milk, make_order, address):
    order = make_order(milk)
    url = f"{order.get_absolute_url()}address/"

    bad = signed_in.post(url, {**address, "city": ""})
    good = signed_in.post(url, address)

    assert bad.status_code == 200
    assert bad.context["address_form"].errors
    assert good.status_code == 302
    order.refresh_from_db()
    assert order.city == "London"


def test_a_return_starts_from_the_orders_page(signed_in, milk, make_order):
    order = make_order(milk, 2, status="delivered", age=3)
    line = order.lines.get()

    signed_in.post(f"{order.get_absolute_url()}return/", {"line": line.pk, "quantity": 2, "reason": "sour"})

    assert Return.objects.get().quantity == 2
    text = signed_in.get(order.get_absolute_url()).text
    assert "Return of 2: requested" in text
    assert "Start the return" not in text


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"line": "a", "quantity": "1"},
        {"line": "LINE", "quantity": "0"},
        {"line": "LINE", "quantity": "3"},
        {"line": "LINE", "quantity": 10**12},
        {"line": 10**30, "quantity": "1"},
        {"line": "LINE", "quantity": "1", "reason": "x" * 999},
        {"line": "LINE", "quantity": "1", "reason": "\0"},
    ],
)
def test_a_return_that_cannot_be_is_refused(signed_in, milk, make_order, data):
    order = make_order(milk, 2, status="delivered")
    sent = {name: order.lines.get().pk if value == "LINE" else value for name, value in data.items()}

    response = signed_in.post(f"{order.get_absolute_url()}return/", sent)

    assert response.status_code == 302
    assert said(response)
    assert not Return.objects.exists()


def test_a_return_of_a_line_that_is_not_of_the_order_is_not_found(signed_in, milk, make_order):
    order, second = make_order(milk, status="delivered"), make_order(milk, status="delivered")

    response = signed_in.post(
        f"{order.get_absolute_url()}return/", {"line": second.lines.get().pk, "quantity": 1}
    )

    assert response.status_code == 404


def test_an_order_is_ordered_again(signed_in, milk, make_order):
    order = make_order(milk, 3)

    response = signed_in.post(f"{order.get_absolute_url()}reorder/")

    assert response.url == "/basket/"
    assert signed_in.session["basket"] == {str(milk.pk): 3}


def test_an_order_of_very_many_lines_is_shown_page_by_page(
    signed_in, customer, milk, django_assert_max_num_queries
):

    lines = [NewLine(milk.pk, f"Line {place}", 1, 1) for place in range(250)]
    place_orders([NewOrder(Order(number="BIG", user=customer), lines)], take_stock=False)
    signed_in.get("/account/orders/BIG/")

    with django_assert_max_num_queries(6):
        text = signed_in.get("/account/orders/BIG/?page=2").text

    assert "Line 150" in text
    assert "Line 250" not in text


def test_the_points_page_says_where_points_come_from(signed_in, customer):

    LoyaltyEntry.objects.create(user=customer, points=1200, reason="Welcome")

    text = signed_in.get("/account/points/").text

    assert "You have 1,200 points." in text
    assert "Welcome" in text


def test_a_customer_writes_one_review_and_may_change_it(signed_in, customer, milk, make_order):
    make_order(milk)
    url = f"/p/{milk.pk}/review/"

    signed_in.post(url, {"stars": "5", "text": "Good."})
    signed_in.post(url, {"stars": "2", "text": "<b>Sour</b> 🥛 \u202e"})

    assert Review.objects.get().stars == 2
    text = signed_in.get(milk.get_absolute_url()).text
    assert "&lt;b&gt;Sour&lt;/b&gt;" in text
    assert "bought here" in text
    assert "2.0 of 5, 1 review" in text


def test_only_buyers_reviews_are_marked(signed_in, milk):
    signed_in.post(f"/p/{milk.pk}/review/", {"stars": "5", "text": "Good."})

    assert "bought here" not in signed_in.get(milk.get_absolute_url()).text


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"stars": "6"},
        {"stars": "0"},
        {"stars": "a"},
        {"stars": "5", "text": "x" * 5000},
        {"stars": "5", "text": "\0"},
    ],
)
def test_a_review_that_cannot_be_is_shown_again(signed_in, milk, data):
    response = signed_in.post(f"/p/{milk.pk}/review/", data)

    assert response.status_code == 200
    assert response.context["review_form"].errors
    assert not Review.objects.exists()


def test_a_review_needs_a_login(milk):
    response = Client().post(f"/p/{milk.pk}/review/", {"stars": "5"})

    assert response.url.startswith("/login/")
    assert not Review.objects.exists()
