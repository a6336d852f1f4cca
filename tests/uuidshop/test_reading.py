"""UUID keys, variants under a parent, guests, and orders that lie in a database of their own."""

from __future__ import annotations

import uuid

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connections
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from recommendations.adapters import get_adapter
from recommendations.types import Subject

from .conftest import BOTH
from .models import Account, OrderLine, Variant

pytestmark = pytest.mark.django_db(databases=BOTH)


def test_the_project_passes_its_checks_and_needs_no_new_migration():
    assert run_checks() == []
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_keys_are_the_same_past_the_orm_and_through_it(adapter, account, products, order):
    order(account, products[0])

    data, _report = adapter.read_interactions()

    assert data.users.keys == [str(account.pk)] == [adapter.user_key(account)]
    assert data.items.keys == [str(products[0].pk)] == [adapter.item_key(products[0])]
    assert list(adapter.fetch(data.items.keys, Subject())) == data.items.keys
    assert set(adapter.available_keys()) == {str(product.pk) for product in products}


def test_variants_count_for_their_product(adapter, account, products, order):
    placed = order(account, products[0], products[1])
    for size in ("S", "L"):
        OrderLine.objects.create(order=placed, variant=products[0].variants.get(size=size))

    data, report = adapter.read_interactions()

    assert sorted(data.items.keys) == sorted(str(product.pk) for product in products[:2])
    assert report.rows_in == 4
    assert adapter.item_key(products[0].variants.first()) == str(products[0].pk)


def test_guests_are_no_customers_and_vanished_accounts_are_left_out(adapter, account, products, order):
    gone = Account.objects.create_user("gone@example.com")
    order(None, products[0])
    order(gone, products[0])
    order(account, products[0])
    gone.delete()

    data, report = adapter.read_interactions()

    counts = {rule.rule: rule.count for rule in report.rules if rule.count}
    assert (len(data), data.n_customers) == (2, 1)
    assert data.customers().users.keys == [str(account.pk)]
    assert (counts["guest_orders"], counts["deleted_user"]) == (1, 1)


def test_lines_of_deleted_variants_have_no_item(adapter, account, products, order):
    order(account, products[0], products[1])
    products[0].delete()

    data, report = adapter.read_interactions()

    assert data.items.keys == [str(products[1].pk)]
    assert {rule.rule for rule in report.rules if rule.count} == {"missing_item"}


def test_a_returned_line_is_taken_off_its_purchase(adapter, account, products, order):
    bought = order(account, products[0], products[1])
    line = OrderLine.objects.get(order=bought, variant__in=[v.pk for v in products[0].variants.all()])
    OrderLine.objects.create(order=bought, variant_id=line.variant_id, quantity=-1, returned_line=line)

    data, _report = adapter.read_interactions()

    assert data.items.keys == [str(products[1].pk)]
    assert [key for key, _weight, _time in adapter.recent(str(account.pk))] == data.items.keys


def test_a_subject_costs_one_select_once_the_variants_are_known(adapter, account, products, order):
    order(account, products[0])
    request = RequestFactory().get("/")
    request.user, request.session = account, {}
    first = adapter.subject(request)

    with CaptureQueriesContext(connections["orders"]) as orders:
        again = adapter.subject(request)
    with CaptureQueriesContext(connections["default"]) as default:
        adapter.recent(str(account.pk))

    assert first == again
    assert [key for key, _weight, _time in first.recent] == [str(products[0].pk)]
    assert len(orders) == 1
    assert len(default) == 0


def test_a_basket_of_variant_objects_holds_their_products(adapter, products):
    request = RequestFactory().get("/")
    variants = Variant.objects.filter(product__in=products[:2])
    request.session = {"basket": [str(variant.pk) for variant in variants]}

    assert sorted(adapter.subject(request).basket) == sorted(str(product.pk) for product in products[:2])


def test_unpublished_and_sold_out_products_are_not_available(adapter, products):
    products[0].published_at = None
    products[0].save()
    products[1].variants.update(stock=0)

    assert set(adapter.available_keys()) == {str(product.pk) for product in products[2:]}
    assert list(adapter.fetch([str(product.pk) for product in products[:3]], Subject())) == [
        str(products[2].pk)
    ]


@pytest.mark.parametrize(
    "key", ["", "1", "not-a-uuid", "12345678-1234-5678-1234-56781234567\x00", str(uuid.uuid4()), "0" * 33]
)
def test_foreign_keys_vanish(adapter, products, key):
    assert list(adapter.fetch([key, str(products[0].pk)], Subject())) == [str(products[0].pk)]


def test_a_key_may_be_written_in_any_of_its_forms(adapter, products):
    key = products[0].pk

    assert list(adapter.fetch([key.hex, str(key).upper()], Subject())) == [key.hex, str(key).upper()]


def test_one_category_of_many_and_the_item_as_shown_in_one_query(adapter, products):
    with CaptureQueriesContext(connections["default"]) as context:
        found = adapter.fetch([str(product.pk) for product in products], Subject())
        shown = [(adapter.serialize(item, Subject()), adapter.category(item)) for item in found.values()]

    assert len(context) == 1
    assert {category for _shown, category in shown} == {"Summer", "Winter"}
    assert shown[0][0] == {
        "title": "Piece 0",
        "url": f"/p/{products[0].pk}/",
        "image": None,
        "price": "19.90",
        "currency": "EUR",
    }
    assert adapter.categories([str(products[0].pk)]) == {str(products[0].pk): "Summer"}


def test_pages_follow_the_primary_key_whatever_its_type(adapter, account, products, order):
    order(account, *products)

    read = [pk for page in adapter.lines(page=5) for pk in page.pk]

    assert len(read) == len(set(read)) == 12
    keys = [str(line) for line in OrderLine.objects.order_by("pk").values_list("pk", flat=True)]
    assert [str(uuid.UUID(str(pk))) for pk in read] == keys


def test_what_sells_is_known_without_a_model(adapter, account, products, order):
    order(None, products[3])
    order(account, products[3], products[4])

    assert get_adapter().recent_items() == [str(products[3].pk), str(products[4].pk)]


def test_a_user_without_a_key_of_this_shop_is_nobody(adapter):
    assert adapter.subject_for("5").user_key is None
    assert adapter.subject_for(str(uuid.uuid4())).recent == ()
