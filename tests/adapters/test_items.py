"""What may be shown: availability, fetching, and how an item looks to a person."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db.models import UUIDField
from django.test import RequestFactory, override_settings

from recommendations.adapters import get_adapter, presenting
from recommendations.adapters.keys import key_reader
from recommendations.adapters.presenting import decimal_text, link
from recommendations.conf import settings
from recommendations.types import Subject
from shop.models import Product

pytestmark = pytest.mark.django_db
NOBODY = Subject()


def with_shop(**changes):
    return override_settings(RECOMMENDATIONS={"SHOP": {**settings.SHOP, **changes}})


def test_fetch_keeps_the_order_of_the_keys_in_one_query(adapter, products, django_assert_num_queries):
    keys = [str(products[index].pk) for index in (2, 0, 3)]

    with django_assert_num_queries(1):
        found = adapter.fetch(keys, NOBODY)
        shown = [
            (adapter.serialize(item, NOBODY)["title"], adapter.category(item)) for item in found.values()
        ]

    assert list(found) == keys
    assert shown == [("Tea 3", "Tea"), ("Tea 1", "Tea"), ("Tea 4", "Tea")]


@pytest.mark.parametrize(
    "key", ["", "x", "0", "-1", "999999", "9" * 400, "1.0", "1\x00", "\ud800", "'; drop table", "٣٤٥٦٧٨٩"]
)
def test_keys_that_no_item_can_have_vanish(adapter, products, key):
    assert list(adapter.fetch([key, str(products[0].pk)], NOBODY)) == [str(products[0].pk)]


def test_nothing_asked_costs_no_query(adapter, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert adapter.fetch(["", "nothing"], NOBODY) == {}


def test_deleted_and_unavailable_items_vanish(adapter, products):
    keys = [str(product.pk) for product in products]
    Product.objects.filter(pk=products[0].pk).update(is_active=False)
    products[1].delete()

    assert list(adapter.fetch(keys, NOBODY)) == keys[2:]
    assert sorted(adapter.available_keys()) == sorted(keys[2:])


def test_titles_name_items_for_sale_or_not_in_one_query(adapter, products, django_assert_num_queries):
    gone = products[0]
    gone.is_active = False
    gone.save()

    with django_assert_num_queries(1):
        titles = adapter.titles([str(gone.pk), str(products[1].pk), "no such key"])

    assert titles == {str(gone.pk): gone.name, str(products[1].pk): products[1].name}


def test_excluded_items_are_never_available(products):
    with with_shop(item_excluded={"name__in": ["Tea 1", "Tea 2"]}):
        assert sorted(get_adapter().available_keys()) == sorted(str(product.pk) for product in products[2:])


def test_a_condition_over_many_rows_gives_each_item_once(products, order, user):
    order(user, (products[0], 1), (products[0], 2), (products[1], 1))

    with with_shop(item_available={"lines__quantity__gt": 0}):
        adapter = get_adapter()
        keys, newest = adapter.available_keys(), adapter.newest(10)

    assert sorted(keys) == sorted(newest) == sorted(str(product.pk) for product in products[:2])


def test_item_key_reads_items_and_raw_keys_but_nothing_else(adapter, products, user):
    assert adapter.item_key(products[0]) == str(products[0].pk)
    assert adapter.item_key(products[0].pk) == adapter.item_key(f"{products[0].pk}") == str(products[0].pk)
    assert [adapter.item_key(other) for other in (user, None, "", [], "x")] == [None] * 5


def test_newest_and_recent_items_come_without_a_model(adapter, products, order, user):
    order(user, (products[3], 1), (products[2], 1))
    order(None, (products[2], 5), (products[1], -1))

    assert adapter.newest(2) == [str(products[0].pk), str(products[1].pk)]
    assert adapter.recent_items() == [str(products[2].pk), str(products[3].pk)]


def test_categories_by_key(adapter, products):
    Product.objects.filter(pk=products[1].pk).update(category=None)

    assert adapter.categories([str(products[0].pk), str(products[1].pk), "x"]) == {str(products[0].pk): "Tea"}


def test_serialized_items_hold_text_and_links_absolute_for_a_request(adapter, products):
    request = RequestFactory().get("/", headers={"host": "shop.example"})

    plain = adapter.serialize(products[0], NOBODY)
    absolute = adapter.serialize(products[0], NOBODY, request)

    assert plain["title"] == "Tea 1"
    assert plain["url"] == products[0].get_absolute_url()
    assert (plain["price"], plain["currency"]) == ("2.50", "USD")
    assert absolute["url"] == "http://shop.example" + plain["url"]
    assert absolute["image"] == "http://shop.example" + products[0].image_url


def test_a_failing_property_empties_its_field_alone(products, monkeypatch, caplog):
    monkeypatch.setattr(Product, "image_url", property(lambda self: 1 / 0))
    monkeypatch.setattr(presenting, "_logged", {})

    shown = [get_adapter().serialize(product, NOBODY) for product in products]

    assert [(item["title"], item["image"]) for item in shown[:2]] == [("Tea 1", None), ("Tea 2", None)]
    assert caplog.text.count("image_url of Product") == 1


def test_titles_currencies_and_methods_by_path(products):
    with with_shop(item_title="category__name", currency="brand", item_image=None, item_price=None):
        shown = get_adapter().serialize(products[0], NOBODY)

    assert shown == {**shown, "title": "Tea", "currency": "Leaf", "image": None, "price": None}


def test_an_item_without_a_title_setting_is_shown_by_its_text(products):
    with with_shop(item_title=None):
        assert get_adapter().serialize(products[0], NOBODY)["title"] == "Tea 1"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1E+3"), "1000"),
        (Decimal("2.50"), "2.50"),
        (0, "0"),
        (1.5, "1.5"),
        ("x", None),
        (None, None),
        (float("nan"), None),
        (type("Money", (), {"amount": Decimal("3.10")})(), "3.10"),
    ],
)
def test_prices_are_plain_decimal_strings(value, text):
    assert decimal_text(value) == text


def test_a_file_field_without_a_file_has_no_link():
    class Empty:
        @property
        def url(self) -> str:
            raise ValueError("no file")

        def __bool__(self) -> bool:
            return True

    assert link(Empty(), None) is None


def test_one_key_however_it_was_read():
    identifier = uuid.UUID("12345678-1234-5678-1234-567812345678")

    read = key_reader(UUIDField(primary_key=True))

    assert read(identifier.hex) == read(identifier) == read(str(identifier).upper()) == str(identifier)
    assert key_reader(User._meta.pk)("007") == "7"
