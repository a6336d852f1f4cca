"""The admin's preview and lists where keys are UUIDs, people log in by address and orders lie elsewhere."""

import pytest
from django.urls import reverse

from recommendations.models import NeverRecommend

from .conftest import BOTH
from .models import Account

pytestmark = pytest.mark.django_db(databases=BOTH)
PREVIEW = "admin:concierge_recommendations_placement_preview"


@pytest.fixture
def manager(client):
    client.force_login(Account.objects.create_user("boss@example.com", is_staff=True, is_superuser=True))
    return client


def test_a_customer_is_found_by_a_part_of_the_address(manager, history):
    response = manager.get(reverse(PREVIEW), {"q": "user17@"})

    assert response.context["name"] == "user17@example.com"
    assert response.context["key"] == str(history[17].pk)
    assert [line["title"][:5] for line in response.context["bought"]] == ["Piece"] * 10


def test_a_customer_is_found_by_the_key_in_any_spelling(manager, history):
    response = manager.get(reverse(PREVIEW), {"q": history[3].pk.hex.upper()})

    assert response.context["name"] == "user3@example.com"
    assert any(preview.shown for preview in response.context["previews"])


def test_an_item_is_never_recommended_by_its_key_and_listed_by_its_title(manager, products):
    key = str(products[0].pk)

    manager.post(reverse("admin:concierge_recommendations_neverrecommend_add"), {"item_key": key.upper()})

    assert NeverRecommend.objects.get().item_key == key
    text = manager.get(reverse("admin:concierge_recommendations_neverrecommend_changelist")).content.decode()
    assert "Piece 0" in text
