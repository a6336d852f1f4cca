"""Checkout: an order is placed once, completely and at the price that was shown, or not at all."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from shop import checkout, payments
from shop.basket import BasketLine
from shop.models import Coupon, LoyaltyEntry, Order, Product
from shop.orders import OutOfStock

pytestmark = pytest.mark.django_db

GOOD = "4242 4242 4242 4242"
DECLINED = "4000-0000-0000-0002"


@pytest.fixture
def form(address):
    """``form(client, **changes)``: what the checkout page would send."""

    def fill(client: Client, **changes: object) -> dict[str, object]:
        shown = client.get("/checkout/").context
        seen = {"number": shown["number"], "expected_total": shown["price"].total}
        return {**address, "email": "ada@example.com", "card": GOOD, **seen, **changes}

    return fill


@pytest.fixture
def make_coupon(db):
    def make(code: str = "TEN", **fields: object) -> Coupon:
        today = timezone.localdate()
        given = {"percent": 10, "title": "Ten", "valid_from": today, "valid_until": today, **fields}
        return Coupon.objects.create(code=code, **given)

    return make


def fill_basket(client: Client, product: Product, quantity: int = 1) -> None:
    client.post(f"/basket/add/{product.pk}/", {"quantity": quantity})


def test_an_order_is_placed_with_its_lines_stock_points_and_address(signed_in, customer, milk, form):
    fill_basket(signed_in, milk, 4)

    response = signed_in.post("/checkout/", form(signed_in))

    order = customer.orders.get()
    assert response.url == f"/orders/{order.number}/thanks/"
    assert (order.status, order.total, order.city) == ("paid", Decimal("10.00"), "London")
    assert list(order.lines.values_list("product", "name", "quantity", "unit_price")) == [
        (milk.pk, milk.name, 4, Decimal("2.5"))
    ]
    milk.refresh_from_db()
    assert (milk.stock, milk.sold) == (6, 1)
    assert list(LoyaltyEntry.objects.values_list("user", "order", "points")) == [(customer.pk, order.pk, 10)]
    assert customer.profile.street == "12 Engine Lane"
    assert signed_in.session.get("basket") is None
    assert order.number in signed_in.get(response.url).text


def test_a_guest_buys_and_only_the_guests_own_browser_sees_the_confirmation(client, milk, form, customer):
    fill_basket(client, milk)

    thanks = client.post("/checkout/", form(client)).url

    assert Order.objects.get().user is None
    assert client.get(thanks).status_code == 200
    stranger, somebody = Client(), Client()
    somebody.force_login(customer)
    assert stranger.get(thanks).status_code == 404
    assert somebody.get(thanks).status_code == 404


def test_a_declined_card_changes_nothing_and_can_be_replaced(signed_in, milk, form):
    fill_basket(signed_in, milk)

    refused = signed_in.post("/checkout/", form(signed_in, card=DECLINED))

    assert "The card was declined" in refused.text
    assert "4000" not in refused.text.replace("4000 0000 0000 0002 is declined", "")
    assert not Order.objects.exists()
    milk.refresh_from_db()
    assert milk.stock == 10
    assert signed_in.post("/checkout/", form(signed_in)).status_code == 302
    assert Order.objects.count() == 1


@pytest.mark.parametrize("card", ["", "4111111111111111", "\0", "🥛", "4" * 1000, "4242 4242 4242 424２"])
def test_what_is_no_test_card_is_refused(signed_in, milk, form, card):
    fill_basket(signed_in, milk)

    assert signed_in.post("/checkout/", form(signed_in, card=card)).context["form"].errors["card"]
    assert not Order.objects.exists()


def test_the_form_sent_twice_is_one_order(signed_in, milk, form):
    fill_basket(signed_in, milk)
    sent = form(signed_in)

    first = signed_in.post("/checkout/", sent)
    second = signed_in.post("/checkout/", sent)

    assert first.url == second.url
    assert Order.objects.count() == 1


def test_the_form_sent_twice_at_the_same_moment_is_one_order(signed_in, milk, form):
    """The second request has read the session before the first one emptied the basket."""
    fill_basket(signed_in, milk, 10)
    sent, before = form(signed_in), dict(signed_in.session)
    first = signed_in.post("/checkout/", sent)
    session = signed_in.session
    session.clear()
    session.update(before)
    session.save()

    second = signed_in.post("/checkout/", sent)

    assert first.url == second.url
    assert Order.objects.count() == 1
    assert LoyaltyEntry.objects.count() == 1


def test_of_two_requests_in_the_middle_of_the_same_order_the_loser_finds_the_winners(
    milk, customer, address, monkeypatch
):
    """Both have looked for the number and found nothing; the winner then took the last unit."""
    price = checkout.Quote([BasketLine(milk, 10)], None)
    given = {"email": "a@example.com", "card": GOOD, "user": customer}
    winner = checkout.check_out("W-1", price, checkout.Address(**address), **given)
    looks = iter([None])
    found = Order.objects.filter

    class Blind:
        def first(self) -> None:
            return next(looks)

    def filter_once(**lookup: object):
        monkeypatch.setattr(Order.objects, "filter", found)
        return Blind()

    monkeypatch.setattr(Order.objects, "filter", filter_once)

    loser = checkout.check_out("W-1", price, checkout.Address(**address), **given)

    assert loser.pk == winner.pk
    assert Order.objects.count() == 1


def test_the_number_of_another_order_cannot_be_taken(signed_in, milk, form, make_order):
    existing = make_order(milk)
    fill_basket(signed_in, milk)

    response = signed_in.post("/checkout/", form(signed_in, number=existing.number))

    assert "has changed" in response.text
    assert Order.objects.count() == 1


def test_the_price_is_the_databases_whatever_the_form_says(signed_in, milk, form):
    fill_basket(signed_in, milk)

    response = signed_in.post(
        "/checkout/", form(signed_in, expected_total="0.01", total="0.01", price="0.01")
    )

    assert "Please look at the total again" in response.text
    assert not Order.objects.exists()


def test_nobody_pays_a_price_they_have_not_seen(signed_in, milk, form):
    fill_basket(signed_in, milk)
    sent = form(signed_in)
    Product.objects.update(price="9.99")

    shown_again = signed_in.post("/checkout/", sent)

    assert not Order.objects.exists()
    assert "Pay $9.99" in shown_again.text
    assert signed_in.post("/checkout/", form(signed_in)).status_code == 302
    assert Order.objects.get().total == Decimal("9.99")


def test_of_two_buyers_of_the_last_unit_one_gets_it_and_the_other_a_clear_message(milk, form, customer):
    Product.objects.update(stock=1)
    winner, loser = Client(), Client()
    for client in (winner, loser):
        fill_basket(client, milk)
    late = form(loser)
    winner.post("/checkout/", form(winner))

    response = loser.post("/checkout/", late)

    assert f"“{milk.name}” is sold out." in response.text
    assert Order.objects.count() == 1
    assert str(milk.pk) in loser.session["basket"]


def test_an_order_that_cannot_be_written_lets_the_authorisation_go(milk, customer, address, monkeypatch):
    voided: list[str] = []
    monkeypatch.setattr(payments, "void", voided.append)
    price = checkout.Quote([BasketLine(milk, 11)], None)

    with pytest.raises(OutOfStock):
        checkout.check_out(
            "W-1", price, checkout.Address(**address), email="a@example.com", card=GOOD, user=customer
        )

    assert voided == ["test-W-1"]
    assert not LoyaltyEntry.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_empty_basket_has_no_checkout(client, method):
    assert getattr(client, method)("/checkout/").url == "/basket/"


def test_an_order_beyond_every_measure_is_refused(signed_in, make_product, form):
    fill_basket(signed_in, make_product(price="99999999.99", stock=1000), 99)

    assert "too large" in signed_in.post("/checkout/", form(signed_in)).text
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    "field", ["name", "street", "postcode", "city", "country", "email", "number", "expected_total"]
)
@pytest.mark.parametrize("value", ["", "\0", "🥛" * 500, "9" * 400, "NaN", "-1", "\u202e"])
def test_no_field_breaks_the_checkout(signed_in, milk, form, field, value):
    fill_basket(signed_in, milk)

    response = signed_in.post("/checkout/", form(signed_in, **{field: value}))

    assert response.status_code in (200, 302)
    assert Order.objects.count() == (response.status_code == 302)


def test_a_coupon_takes_its_share_off_and_counts_once(signed_in, customer, milk, form, make_coupon):
    coupon = make_coupon(user=customer)
    fill_basket(signed_in, milk, 2)
    signed_in.post("/basket/coupon/", {"code": "ten"})

    signed_in.post("/checkout/", form(signed_in))

    order = Order.objects.get()
    assert (order.discount, order.total, order.coupon) == (Decimal("0.50"), Decimal("4.50"), coupon)
    coupon.refresh_from_db()
    assert coupon.redeemed_at is not None
    fill_basket(signed_in, milk)
    signed_in.post("/basket/coupon/", {"code": "TEN"})
    assert "used already" in signed_in.get("/basket/").text


def test_a_coupon_for_everybody_counts_once_for_each(milk, form, make_coupon, customer, other):
    make_coupon()
    clients = [Client(), Client()]
    for client, user in zip(clients, (customer, other), strict=True):
        client.force_login(user)
        fill_basket(client, milk)
        client.post("/basket/coupon/", {"code": "TEN"})
        client.post("/checkout/", form(client))
        fill_basket(client, milk)
        client.post("/basket/coupon/", {"code": "TEN"})

    assert list(Order.objects.values_list("total", flat=True)) == [Decimal("2.25")] * 2
    assert all("used already" in client.get("/basket/").text for client in clients)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        (
            {"valid_until": timezone.localdate() - timedelta(days=1), "valid_from": "2020-01-01"},
            "not valid today",
        ),
        (
            {"valid_from": timezone.localdate() + timedelta(days=1), "valid_until": "2099-01-01"},
            "not valid today",
        ),
        ({"minimum": Decimal("2.51")}, "needs an order of at least $2.51"),
        ({"user": "other"}, "There is no coupon"),
        ({"code": "ELSE"}, "There is no coupon"),
    ],
)
def test_a_coupon_that_does_not_count_says_why(signed_in, milk, make_coupon, other, fields, word):
    if fields.get("user"):
        fields = {**fields, "user": other}
    make_coupon(**fields)
    fill_basket(signed_in, milk)
    signed_in.post("/basket/coupon/", {"code": "TEN"})

    response = signed_in.get("/basket/")

    assert word in response.text
    assert response.context["price"].total == Decimal("2.50")


@pytest.mark.parametrize("code", ["\0", "🥛", "x" * 500, "%", "' OR 1=1 --"])
def test_no_code_breaks_the_basket(signed_in, milk, code):
    fill_basket(signed_in, milk)
    signed_in.post("/basket/coupon/", {"code": code})

    assert signed_in.get("/basket/").status_code == 200


def test_of_two_orders_that_spend_one_coupon_the_second_is_not_written(milk, customer, address, make_coupon):
    make_coupon(user=customer)
    lines = [BasketLine(milk, 1)]
    prices = [checkout.quote(lines, "TEN", customer) for _ in range(2)]
    given = {"email": "a@example.com", "card": GOOD, "user": customer}
    checkout.check_out("W-1", prices[0], checkout.Address(**address), **given)

    with pytest.raises(checkout.CouponRefused):
        checkout.check_out("W-2", prices[1], checkout.Address(**address), **given)

    assert Order.objects.count() == 1
    milk.refresh_from_db()
    assert milk.stock == 9


def test_a_basket_given_away_needs_no_money_and_brings_no_points(signed_in, milk, form, make_coupon):
    make_coupon(percent=100)
    fill_basket(signed_in, milk)
    signed_in.post("/basket/coupon/", {"code": "TEN"})

    signed_in.post("/checkout/", form(signed_in))

    assert Order.objects.get().total == 0
    assert not LoyaltyEntry.objects.exists()


def test_the_known_address_need_not_be_typed_again(signed_in, customer, milk, form):
    fill_basket(signed_in, milk)
    signed_in.post("/checkout/", form(signed_in))
    fill_basket(signed_in, milk)

    initial = signed_in.get("/checkout/").context["form"].initial

    assert (initial["street"], initial["email"]) == ("12 Engine Lane", "ada@example.com")


def test_checkout_and_confirmation_are_never_cached(signed_in, milk, form):
    fill_basket(signed_in, milk)

    assert "no-store" in signed_in.get("/checkout/")["Cache-Control"]
    assert "no-store" in signed_in.get(signed_in.post("/checkout/", form(signed_in)).url)["Cache-Control"]
