"""Pages, API and admin of this shop, inside the transaction of each request."""

from __future__ import annotations

import re

import pytest
from django.core.management import call_command
from django.db import connections
from django.urls import reverse

from recommendations.adapters import DeclarativeAdapter
from recommendations.models import ActiveModel, ModelRun

from .conftest import BOTH
from .models import Account, OrderLine, Product

pytestmark = pytest.mark.django_db(databases=BOTH)


def shown(response, placement: str) -> list[str]:
    """Keys of the items of one placement of a page, in order."""
    page = response.content.decode()
    lists = re.findall(r'data-placement="([^"]+)"(.*?)</section>', page, re.DOTALL)
    return re.findall(r'data-item="([^"]+)"', dict(lists).get(placement, ""))


def train(*names: str) -> None:
    options = [part for name in names for part in ("--algorithm", name)]
    call_command("recommendations_train", *options, "--wait", "--ok-if-kept", verbosity=0)


def test_an_empty_shop_shows_a_page(client):
    assert client.get("/").status_code == 200


def test_without_a_model_the_page_shows_what_sells_and_what_is_new(client, products, order):
    order(None, products[3])

    response = client.get("/")

    assert response.status_code == 200
    assert shown(response, "for-you")[0] == str(products[3].pk)
    assert len(shown(response, "new")) == 12


def test_a_trained_shop_shows_each_taste_its_own(client, history, products):
    train("popularity", "item_cosine", "buy_again")
    summer = {str(product.pk) for product in products[:6]}

    client.force_login(history[1])
    response = client.get("/")

    assert set(ActiveModel.objects.values_list("role", flat=True)) >= {"similar", "buy_again"}
    assert set(shown(response, "buy-again")) <= summer
    assert shown(response, "buy-again")
    assert "private" in response.headers["Cache-Control"]


def test_a_product_page_shows_products_not_variants(client, history, products):
    train("item_cosine")

    keys = shown(client.get(reverse("product", args=[products[0].pk])), "similar")

    assert keys
    assert set(keys) <= {str(product.pk) for product in products[1:]}


def test_the_api_takes_uuid_keys_and_refuses_none_with_a_500(client, history, products):
    train("item_cosine")
    url = reverse("recommendations_api:placement", args=["similar"])

    good = client.get(url, {"item": str(products[0].pk)})
    odd = [client.get(url, {"item": item}) for item in ("1", "x\x00", "\U0001f600", "")]

    assert good.status_code == 200
    assert {item["source"] for item in good.json()["items"]} >= {"similar"}
    assert good.json()["items"][0]["item"]["url"].startswith("http://testserver/p/")
    assert all(response.status_code in (200, 400, 404) for response in odd)


def test_ranking_takes_the_callers_keys(client, products):
    body = {"items": [str(products[1].pk), "nothing", str(products[0].pk)]}

    answer = client.post(reverse("recommendations_api:rank"), body, content_type="application/json").json()

    assert {item["key"] for item in answer["items"]} == {str(product.pk) for product in products[:2]}
    assert answer["unknown"] == ["nothing"]


def test_a_broken_query_of_the_adapter_leaves_the_pages_transaction_usable(client, products, monkeypatch):
    def broken(self, *args, **kwargs):
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT * FROM no_such_table")

    monkeypatch.setattr(DeclarativeAdapter, "fetch", broken)

    response = client.get(reverse("product", args=[products[0].pk]))

    assert response.status_code == 200
    assert products[0].title in response.content.decode()


def test_guests_and_accounts_check_out_and_are_recommended_to(client, account, products, history):
    train("item_cosine")
    variant = products[7].variants.first()

    guest = client.post(reverse("checkout"), {"variant": variant.pk, "email": "guest@example.com"})
    client.force_login(account)
    bought = client.post(reverse("checkout"), {"variant": variant.pk}, follow=True)

    assert (guest.status_code, bought.status_code) == (302, 200)
    assert OrderLine.objects.filter(order__account=account).count() == 1
    assert shown(bought, "for-you")


def test_products_deleted_after_training_vanish_and_the_list_refills(client, history, products):
    train("popularity")
    Product.objects.filter(pk__in=[product.pk for product in products[:4]]).delete()

    keys = shown(client.get("/"), "for-you")

    assert len(keys) == 4
    assert set(keys) <= {str(product.pk) for product in products[4:]}


def test_the_admin_works_with_the_shops_own_user_model(client, history):
    train("popularity")
    staff = Account.objects.create_user("boss@example.com", is_staff=True, is_superuser=True)
    client.force_login(staff)
    run = ModelRun.objects.latest("pk")

    pages = [
        client.get(reverse("admin:concierge_recommendations_modelrun_changelist")),
        client.get(reverse("admin:concierge_recommendations_modelrun_change", args=[run.pk])),
        client.get(reverse("admin:concierge_recommendations_neverrecommend_add")),
    ]

    assert [page.status_code for page in pages] == [200, 200, 200]


def test_recommendations_for_an_account_by_its_address(history, capsys):
    train("popularity")

    call_command("recommendations_for", "user1@example.com")

    assert "Piece" in capsys.readouterr().out
