"""What the support bot may know and do in the sample shop."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from shop.checkout import new_number
from shop.glossary import ENGLISH, in_english
from shop.loader.history import NUMBER_PREFIX
from shop.models import LoyaltyEntry, Order, Return
from shop.models import Profile as CustomerProfile
from shop.support import ShopSupport
from support_bot.adapters import OPERATIONS, VARIABLES, NotPossible, get_adapter
from support_bot.types import Subject

pytestmark = pytest.mark.django_db


@pytest.fixture
def adapter() -> ShopSupport:
    return ShopSupport()


def of(user) -> Subject:
    request = RequestFactory().get("/")
    request.user, request.session = user, {}
    return ShopSupport().subject(request)


def deliver(order: Order, days_ago: int = 1) -> Order:
    order.status, order.delivered_at = "delivered", timezone.now() - timedelta(days=days_ago)
    order.save()
    return order


def found(text: str) -> list[str]:
    return re.findall(ShopSupport.order_pattern, text)


def test_the_shop_has_everything_that_the_bot_can_do() -> None:
    adapter = get_adapter()

    assert type(adapter) is ShopSupport
    assert adapter.supports() == set(OPERATIONS)


def test_the_numbers_that_the_shop_makes_are_found_in_a_text() -> None:
    mine = new_number()

    assert found(f"where is {mine}?") == [mine]
    assert found(f"我的订单{mine}到哪了") == [mine]
    assert found(f"{NUMBER_PREFIX}31198570044, please") == ["CJ31198570044"]
    assert found("status of cj-31198570044") == ["cj-31198570044"]
    assert found("the coupon CJ13-0718 and WELCOME10, W-1, 4242424242424242, XW-4F1A2B3C4D5E") == []


def test_an_order_is_found_however_its_number_is_written(adapter, customer, milk, make_order) -> None:
    order = make_order(milk)
    for number, written in (("W-4F1A2B3C4D5E", "w4f1a2b3c4d5e"), ("CJ31198570044", "CJ-31198570044")):
        Order.objects.filter(pk=order.pk).update(number=number)
        assert adapter.order(of(customer), written).number == number
        assert adapter.order(of(customer), f" {number}\x00").number == number


def test_an_order_is_told_with_its_lines_and_what_can_be_done(adapter, customer, milk, make_order) -> None:
    order = make_order(milk, 3, promised_for=timezone.localdate())

    [told] = adapter.orders(of(customer))

    assert (told.number, told.status, str(told.status_label), told.is_open) == (
        order.number,
        "paid",
        "paid",
        True,
    )
    assert (told.total, told.currency, told.promised_for) == (Decimal("7.50"), "USD", timezone.localdate())
    assert (told.can_cancel, told.can_change_address, told.can_return) == (True, True, False)
    [line] = told.lines
    assert (line.title, line.quantity, line.product_key) == (milk.name, 3, str(milk.pk))
    with translation.override("zh-hans"):
        assert str(adapter.orders(of(customer))[0].status_label) != "paid"


def test_what_was_returned_cannot_be_returned_again(adapter, customer, milk, make_order) -> None:
    order = deliver(make_order(milk, 2))
    subject = of(customer)
    [line] = adapter.order(subject, order.number).lines

    adapter.start_return(subject, order.number, line.key, 1)
    assert adapter.order(subject, order.number).lines[0].returnable == 1
    adapter.start_return(subject, order.number, line.key, 1)

    told = adapter.order(subject, order.number)
    assert (told.can_return, told.lines[0].returnable) == (False, 0)
    assert "left to send back" in adapter.refusal(subject, told, "start_return")
    with pytest.raises(NotPossible) as refused:
        adapter.start_return(subject, order.number, line.key, 1)
    assert refused.value.code == "quantity"


def test_what_belongs_to_somebody_else_does_not_exist(adapter, customer, other, milk, make_order) -> None:
    his = deliver(make_order(milk, user=other))
    line = str(his.lines.get().pk)
    address = {"street": "x", "postcode": "x", "city": "x", "country": "US"}

    for subject in (of(customer), of(AnonymousUser()), Subject(), Subject(user_key="999999")):
        assert adapter.orders(subject) == []
        assert adapter.order(subject, his.number) is None
        for change in (
            lambda who: adapter.cancel_order(who, his.number),
            lambda who: adapter.change_address(who, his.number, address),
            lambda who: adapter.start_return(who, his.number, line),
        ):
            with pytest.raises(NotPossible) as refused:
                change(subject)
            assert refused.value.code == "not_found"
    with pytest.raises(NotPossible):
        adapter.reorder(of(customer), his.number)
    assert not Return.objects.exists()


def test_nobody_in_particular_does_not_own_the_guests_orders(adapter, milk, make_order) -> None:
    guest = make_order(milk, user=None, email="guest@example.com")

    for subject in (Subject(), of(AnonymousUser())):
        assert adapter.orders(subject) == []
        assert adapter.order(subject, guest.number) is None
        assert (adapter.coupons(subject), adapter.loyalty_points(subject)) == ([], None)


@pytest.mark.parametrize("number", ["", " ", "\x00", "W-", "x" * 5000, "'; --", "订单", "1" * 300])
def test_a_number_that_cannot_be_one_finds_nothing(adapter, customer, milk, make_order, number) -> None:
    make_order(milk)

    assert adapter.order(of(customer), number) is None


@pytest.mark.parametrize("line", ["", "-1", "x", "9" * 30, "1.5", "\x00", "²"])
def test_a_line_that_cannot_be_one_is_refused(adapter, customer, milk, make_order, line) -> None:
    order = deliver(make_order(milk))

    with pytest.raises(NotPossible):
        adapter.start_return(of(customer), order.number, line)


def test_the_profile_knows_country_orders_points_and_interests(adapter, customer, milk, make_order) -> None:
    make_order(milk), make_order(milk)
    CustomerProfile.objects.create(user=customer, country="GB")
    LoyaltyEntry.objects.create(user=customer, points=12, reason="x")

    profile = adapter.profile(of(customer))

    assert (profile.first_name, profile.country, profile.orders) == ("Ada", "GB", 2)
    assert (profile.loyalty_points, profile.interests) == (12, ("Milk",))
    assert profile.conditions == {"country": "GB", "language": "en", "has_orders": "yes", "customer": "new"}


def test_a_new_customer_without_orders_has_a_profile_too(adapter, customer) -> None:
    profile = adapter.profile(of(customer))

    assert (profile.country, profile.orders, profile.loyalty_points, profile.interests) == ("", 0, 0, ())


def test_the_profile_is_cheap(adapter, customer, milk, make_order) -> None:
    make_order(milk)
    subject = of(customer)
    adapter.profile(subject)

    with CaptureQueriesContext(connection) as queries:
        adapter.profile(subject)

    assert len(queries) == 3  # country, orders, points; interests are kept


def test_the_variables_of_a_customer_with_an_order_all_exist(adapter, customer, milk, make_order) -> None:
    make_order(milk, promised_for=timezone.localdate())
    customer.last_name = "Lovelace"

    values = adapter.variables(of(customer))

    assert set(values) == set(VARIABLES)
    assert (values["shop.name"], values["shop.email"]) == ("Corner Market", "help@cornermarket.example")
    assert values["last_order.total"] == "$2.50"


def test_who_has_no_request_is_found_by_key(adapter, customer, milk, make_order) -> None:
    order = make_order(milk)

    for subject in (adapter.subject_for(str(customer.pk)), Subject(user_key=str(customer.pk))):
        assert [told.number for told in adapter.orders(subject)] == [order.number]
    with pytest.raises(NotPossible) as refused:
        adapter.reorder(adapter.subject_for(str(customer.pk)), order.number)
    assert refused.value.code == "no_basket"


def test_an_order_is_put_into_the_basket_once_a_wish(adapter, customer, milk, make_order) -> None:
    order = make_order(milk, 2)
    subject = of(customer)

    assert adapter.reorder(subject, order.number, wish="a").units == 2
    assert adapter.reorder(subject, order.number, wish="a").repeated
    assert adapter.reorder(subject, order.number, wish="b").units == 2
    assert subject.request.session["basket"] == {str(milk.pk): 4}


def test_an_address_that_makes_no_sense_is_refused_field_by_field(
    adapter, customer, milk, make_order
) -> None:
    order = make_order(milk)

    with pytest.raises(NotPossible) as refused:
        adapter.change_address(of(customer), order.number, {"street": "x" * 200, "country": "Narnia"})

    assert refused.value.code == "address"
    assert {part for part in ("Street", "Postcode", "City", "Country") if part in refused.value.text} == {
        "Street", "Postcode", "City", "Country",
    }  # fmt: skip


def test_the_name_on_an_order_stays_when_the_address_changes(adapter, customer, milk, make_order) -> None:
    order = make_order(milk, name="Grandma")

    adapter.change_address(
        of(customer), order.number, {"street": "1 St", "postcode": "1", "city": "X", "country": "US"}
    )

    order.refresh_from_db()
    assert (order.name, order.street) == ("Grandma", "1 St")


def test_goods_are_found_by_two_queries_and_from_then_on_by_one(adapter, milk, make_product) -> None:
    make_product(name="Sourdough bread", stock=0)
    hidden = make_product(name="Milk of yesterday", is_active=False)
    nobody = Subject()

    with CaptureQueriesContext(connection) as first:
        assert [one.title for one in adapter.find_products("whole mlik", subject=nobody)] == [milk.name]
    with CaptureQueriesContext(connection) as second:
        [bread] = adapter.find_products("sourdogh", subject=nobody)

    assert (len(first), len(second)) == (2, 1)
    assert (bread.available, bread.stock, bread.currency) == (False, 0, "USD")
    assert adapter.product(str(milk.pk), nobody).url == milk.get_absolute_url()
    for key in (str(hidden.pk), "", "x", "-1", "9" * 30, "²"):
        assert adapter.product(key, nobody) is None


def test_what_sells_most_comes_first_of_what_is_called_alike(adapter, make_product) -> None:
    make_product(name="Green tea", sold=3)
    best = make_product(name="Green tea", sold=30)

    assert adapter.find_products("green tea", subject=Subject())[0].key == str(best.pk)


def test_common_goods_are_known_by_their_chinese_names(adapter, milk) -> None:
    assert [one.title for one in adapter.find_products("请问有牛奶吗", subject=Subject())] == [milk.name]
    assert in_english("豆浆和意大利面") == "豆浆和 pasta "
    assert in_english("no Chinese here") == "no Chinese here"
    assert all(english.isascii() and not chinese.isascii() for chinese, english in ENGLISH.items())
