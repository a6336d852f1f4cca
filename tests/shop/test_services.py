"""What a customer or a support desk can do with orders, and what the rules forbid."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from shop import checkout, payments, services
from shop.basket import MAX_LINES, Basket, BasketLine
from shop.models import Coupon, LoyaltyEntry, Order, OrderLine, Return
from shop.orders import NewLine, NewOrder, place_orders

pytestmark = pytest.mark.django_db
CARD = "4242424242424242"


@pytest.fixture
def bought(customer, milk, address):
    """An order of 4 units that went through the checkout, with a coupon of the customer's own."""
    today = timezone.localdate()
    coupon = Coupon.objects.create(
        code="TEN", title="Ten", percent=10, user=customer, valid_from=today, valid_until=today
    )
    price = checkout.Quote([BasketLine(milk, 4)], coupon)
    return checkout.check_out(
        "W-1", price, checkout.Address(**address), email="a@example.com", card=CARD, user=customer
    )


def deliver(order: Order, days_ago: int = 1) -> None:
    order.status, order.delivered_at = "delivered", timezone.now() - timedelta(days=days_ago)
    order.save()


def test_cancelling_brings_stock_and_coupon_back_reverses_points_and_refunds(
    customer, milk, bought, monkeypatch, django_capture_on_commit_callbacks
):
    refunds: list[tuple[str, Decimal]] = []
    monkeypatch.setattr(payments, "refund", lambda reference, amount: refunds.append((reference, amount)))
    assert services.loyalty_points(customer) == 9

    with django_capture_on_commit_callbacks(execute=True):
        order = services.cancel_order(customer, "W-1")

    assert order.status == "cancelled"
    assert order.cancelled_at is not None
    milk.refresh_from_db()
    assert (milk.stock, milk.sold) == (10, 0)
    assert services.loyalty_points(customer) == 0
    assert [coupon.code for coupon in services.coupons_of(customer)] == ["TEN"]
    assert refunds == [("test-W-1", Decimal("9.00"))]


def test_cancelling_twice_cancels_once(customer, milk, bought):
    services.cancel_order(customer, "W-1")

    with pytest.raises(services.NotPossible) as refused:
        services.cancel_order(customer, "W-1")

    assert refused.value.code == "cancelled"
    milk.refresh_from_db()
    assert milk.stock == 10
    assert services.loyalty_points(customer) == 0


@pytest.mark.parametrize("status", ["shipped", "delivered"])
def test_what_has_been_shipped_is_neither_cancelled_nor_sent_elsewhere(
    customer, milk, make_order, address, status
):
    order = make_order(milk, status=status)

    for change in (
        lambda: services.cancel_order(customer, order.number),
        lambda: services.change_address(customer, order.number, checkout.Address(**address)),
    ):
        with pytest.raises(services.NotPossible) as refused:
            change()
        assert refused.value.code == status
        assert str(refused.value)

    order.refresh_from_db()
    assert (order.status, order.street) == (status, "")


def test_cancelling_dirty_history_brings_back_what_has_a_product(customer, milk):
    """Loaded orders hold lines without product, of quantity 0, and less than 0."""
    lines = [
        NewLine(None, "Petrol", 89_638, 0),
        NewLine(milk.pk, "Milk", 0, 0),
        NewLine(milk.pk, "Milk", 2, 1),
    ]
    place_orders([NewOrder(Order(number="H1", user=customer), lines)], take_stock=False)

    services.cancel_order(customer, "H1")

    milk.refresh_from_db()
    assert (milk.stock, milk.sold) == (12, 0)


def test_the_address_of_an_open_order_is_changed(customer, bought, address):
    services.change_address(customer, "W-1", checkout.Address(**{**address, "city": "Paris"}))

    bought.refresh_from_db()
    assert bought.city == "Paris"


def test_another_customers_order_does_not_exist(other, bought, address):
    line = bought.lines.get()
    for ask in (
        lambda user: services.order_of(user, "W-1"),
        lambda user: services.cancel_order(user, "W-1"),
        lambda user: services.change_address(user, "W-1", checkout.Address(**address)),
        lambda user: services.start_return(user, "W-1", line.pk),
        lambda user: services.reorder(user, "W-1", Basket({})),
    ):
        for user in (other, AnonymousUser()):
            with pytest.raises(Order.DoesNotExist):
                ask(user)


def test_nobody_in_particular_does_not_own_the_guests_orders(milk, make_order):
    make_order(milk, user=None)
    nobody = AnonymousUser()

    assert not services.orders_of(nobody).exists()
    assert not services.open_orders_of(nobody).exists()
    assert services.loyalty_points(nobody) == 0


def test_open_orders_are_those_on_their_way(customer, milk, make_order):
    for status in ("paid", "shipped", "delivered", "cancelled"):
        make_order(milk, status=status)

    assert {order.status for order in services.open_orders_of(customer)} == {"paid", "shipped"}


def test_a_return_is_registered_received_and_refunded(
    customer, milk, bought, monkeypatch, django_capture_on_commit_callbacks
):
    refunds: list[Decimal] = []
    monkeypatch.setattr(payments, "refund", lambda reference, amount: refunds.append(amount))
    deliver(bought)

    entry = services.start_return(customer, "W-1", bought.lines.get().pk, 2, "too many")
    services.receive_return(entry)
    with django_capture_on_commit_callbacks(execute=True):
        amount = services.refund_return(entry)

    assert (entry.status, entry.quantity, entry.reason) == ("refunded", 2, "too many")
    milk.refresh_from_db()
    assert milk.stock == 8
    assert amount == Decimal("4.50")  # two of four, ten per cent off
    assert refunds == [amount]
    assert services.loyalty_points(customer) == 5


def test_a_step_of_a_return_happens_once_and_in_order(customer, milk, bought):
    deliver(bought)
    entry = services.start_return(customer, "W-1", bought.lines.get().pk)

    with pytest.raises(services.NotPossible):
        services.refund_return(entry)
    services.receive_return(entry)
    with pytest.raises(services.NotPossible) as refused:
        services.receive_return(Return.objects.get())

    assert refused.value.code == "received"
    milk.refresh_from_db()
    assert milk.stock == 7


@pytest.mark.parametrize("quantity", [0, -1, 5, 10**9])
def test_no_more_is_returned_than_was_bought(customer, bought, quantity):
    deliver(bought)

    with pytest.raises(services.NotPossible) as refused:
        services.start_return(customer, "W-1", bought.lines.get().pk, quantity)

    assert refused.value.code == "quantity"


def test_what_was_returned_before_counts(customer, bought):
    deliver(bought)
    line = bought.lines.get()
    services.start_return(customer, "W-1", line.pk, 3)

    with pytest.raises(services.NotPossible):
        services.start_return(customer, "W-1", line.pk, 2)

    assert services.returnable(line) == 1


@pytest.mark.parametrize(
    ("status", "days", "code"), [("paid", 1, "not_delivered"), ("delivered", 31, "too_late")]
)
def test_a_return_too_early_or_too_late_says_so(customer, bought, status, days, code):
    deliver(bought, days)
    Order.objects.update(status=status)

    with pytest.raises(services.NotPossible) as refused:
        services.start_return(customer, "W-1", bought.lines.get().pk)

    assert refused.value.code == code


def test_a_line_of_another_order_cannot_be_returned(customer, other, milk, bought, make_order):
    deliver(bought)
    foreign = make_order(milk, user=other, status="delivered").lines.get()

    with pytest.raises(OrderLine.DoesNotExist):
        services.start_return(customer, "W-1", foreign.pk)


def test_a_reorder_fills_the_basket_with_what_is_still_sold(customer, make_product):
    scarce, gone, empty = (
        make_product(name="Scarce", stock=2),
        make_product(name="Gone"),
        make_product(name="Empty"),
    )
    lines = [NewLine(product.pk, product.name, 5, 1) for product in (scarce, gone, empty)]
    lines += [NewLine(None, "Unknown", 1, 1), NewLine(scarce.pk, "Zero", 0, 1)]
    place_orders([NewOrder(Order(number="H1", user=customer), lines)], take_stock=False)
    for product, change in ((gone, {"is_active": False}), (empty, {"stock": 0})):
        type(product).objects.filter(pk=product.pk).update(**change)
    basket = Basket({})

    result = services.reorder(customer, "H1", basket)

    assert basket.quantities == {scarce.pk: 2}
    assert (result.units, result.missing) == (2, ["Gone", "Empty", "Unknown", "Zero"])


def test_a_huge_order_fills_the_basket_to_its_limit(customer, make_product, django_assert_max_num_queries):
    products = [make_product() for _ in range(MAX_LINES + 3)]
    lines = [NewLine(product.pk, product.name, 1, 1) for product in products]
    place_orders([NewOrder(Order(number="H1", user=customer), lines)], take_stock=False)
    basket = Basket({})

    with django_assert_max_num_queries(2):
        result = services.reorder(customer, "H1", basket)

    assert len(basket.quantities) == MAX_LINES
    assert len(result.missing) == 3


def test_the_points_account_and_the_coupons_are_the_customers_own(customer, other, bought):
    LoyaltyEntry.objects.create(user=other, points=500, reason="x")
    today = timezone.localdate()
    Coupon.objects.create(code="ALL", title="All", percent=5, valid_from=today, valid_until=today)
    Coupon.objects.create(
        code="OLD", title="Old", percent=5, valid_from=today, valid_until=today - timedelta(1)
    )
    Coupon.objects.create(code="BOB", title="Bob", percent=5, valid_from=today, valid_until=today, user=other)

    assert services.loyalty_points(customer) == 9
    assert [entry.points for entry in services.loyalty_entries(customer)] == [9]
    assert [coupon.code for coupon in services.coupons_of(customer)] == ["ALL"]
    assert [coupon.code for coupon in services.coupons_of(other)] == ["ALL", "BOB"]
