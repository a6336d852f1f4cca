"""Who is asking: the account, the basket and the latest purchases."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection, models, transaction
from django.test import RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from recommendations.adapters import get_adapter
from recommendations.conf import settings
from shop.models import Order, OrderLine

from .conftest import NOON

pytestmark = pytest.mark.django_db


def a_request(user: Any = None, **attributes: Any) -> Any:
    request = RequestFactory().get("/")
    request.session = {}
    if user is not None:
        request.user = user
    for name, value in attributes.items():
        setattr(request, name, value)
    return request


def with_basket(callable_: Any) -> Any:
    return override_settings(RECOMMENDATIONS={"SHOP": {**settings.SHOP, "basket": callable_}})


def test_recent_lines_come_newest_first_with_their_time(adapter, user, products, order):
    order(user, (products[0], 1))
    order(user, (products[1], 3), hours=5)

    subject = adapter.subject(a_request(user))

    assert subject.user_key == str(user.pk)
    assert subject.recent == (
        (str(products[1].pk), 1.0, NOON.timestamp() + 5 * 3600),
        (str(products[0].pk), 1.0, NOON.timestamp()),
    )


def selects(context: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in context.captured_queries if query["sql"].startswith("SELECT")]


def test_a_subject_costs_one_select(adapter, user, products, order):
    order(user, (products[0], 1))

    with CaptureQueriesContext(connection) as context:
        adapter.subject(a_request(user))

    assert len(selects(context)) == 1


def test_a_visitor_costs_no_select_and_has_no_key(adapter):
    with CaptureQueriesContext(connection) as context:
        subjects = [adapter.subject(a_request(AnonymousUser())), adapter.subject(a_request())]

    assert selects(context) == []
    assert [(subject.user_key, subject.recent) for subject in subjects] == [(None, ()), (None, ())]


def test_other_peoples_cancelled_and_empty_lines_do_not_count(
    adapter, user, products, order, django_user_model
):
    order(django_user_model.objects.create_user("eve"), (products[0], 1))
    order(user, (products[1], 1), status=Order.Status.CANCELLED)
    order(user, (products[2], 0), (None, 1))

    assert adapter.subject_for(str(user.pk)).recent == ()


def test_what_was_given_back_is_not_recent(adapter, user, products, order):
    order(user, (products[0], 2), (products[1], 1))
    order(user, (products[0], -2), hours=1)

    assert [key for key, _weight, _time in adapter.recent(str(user.pk))] == [str(products[1].pk)]


def test_a_manager_that_knows_the_tenant_of_the_moment_is_asked_each_time(
    adapter, user, products, order, monkeypatch
):
    class OfTenant(models.Manager):
        tenant = ""

        def get_queryset(self):
            return super().get_queryset().filter(name=self.tenant)

    manager = OfTenant()
    manager.model = OrderLine
    monkeypatch.setitem(OrderLine._meta.__dict__, "default_manager", manager)
    order(user, (products[0], 1), (products[1], 1))
    for product in products[:2]:
        OrderLine.objects.filter(product=product).update(name=product.name)

    seen = []
    for product in products[:2]:
        manager.tenant = product.name
        seen.append([key for key, _weight, _time in adapter.recent(str(user.pk))])

    assert seen == [[str(products[0].pk)], [str(products[1].pk)]]


def test_at_most_fifty_lines_are_read(adapter, user, products, order):
    order(user, *[(products[0], 1)] * 60)

    assert len(adapter.recent(str(user.pk))) == 50


@pytest.mark.parametrize("key", ["", "abc", "9" * 40, "-" * 300, "1\x00", "\ud800", "1.5"])
def test_an_impossible_user_key_gives_an_anonymous_subject(adapter, key):
    assert adapter.subject_for(key).user_key is None


def test_the_language_is_the_active_one(adapter):
    with translation.override("zh-hans"):
        assert adapter.subject(a_request()).language == "zh-hans"


def test_basket_keys_are_normalized_once_each_and_impossible_ones_vanish(products):
    keys = [products[0].pk, str(products[0].pk), products[1], "x", None, "9" * 40, f" {products[2].pk}"]
    with with_basket(lambda request: keys):
        basket = get_adapter().subject(a_request()).basket

    assert basket == tuple(str(product.pk) for product in products[:3])


def test_a_broken_basket_is_empty_and_logged_once(caplog):
    def broken(request: Any) -> list[str]:
        raise KeyError("basket")

    with with_basket(broken), caplog.at_level(logging.ERROR):
        adapter = get_adapter()
        baskets = [adapter.subject(a_request()).basket for _ in range(3)]

    assert baskets == [(), (), ()]
    assert len(caplog.records) == 1
    assert caplog.records[0].exc_info


@pytest.mark.parametrize("basket", ["shop.no_such.module", 7, lambda request: None, lambda request: 5])
def test_a_basket_that_is_no_basket_is_empty(basket):
    with with_basket(basket):
        assert get_adapter().subject(a_request()).basket == ()


def test_an_endless_basket_is_cut(products):
    def endless(request: Any) -> Any:
        while True:
            yield products[0].pk

    with with_basket(endless):
        assert get_adapter().subject(a_request()).basket == (str(products[0].pk),)


def test_a_basket_with_a_database_error_leaves_the_transaction_usable(products):
    def broken(request: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM no_such_table")

    with with_basket(broken), transaction.atomic():
        basket = get_adapter().subject(a_request()).basket
        still_there = get_adapter().available().count()

    assert (basket, still_there) == ((), 4)
