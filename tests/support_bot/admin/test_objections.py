"""The way back from an objection for the shop's own people."""

from __future__ import annotations

from django.test import Client

from support_bot.models import Objection

from .conftest import page


def test_an_objection_is_taken_back_by_deleting_it_and_changed_in_no_other_way(admin_client: Client) -> None:
    objection = Objection.objects.create(user_key="17")
    assert "17" in admin_client.get(page("objection_changelist") + "?q=17").content.decode()

    assert admin_client.get(page("objection_add")).status_code == 403
    change = page("objection_change", objection.pk)
    assert admin_client.post(change, {"user_key": "18"}).status_code == 403
    answer = admin_client.post(page("objection_delete", objection.pk), {"post": "yes"})

    assert answer.status_code == 302
    assert not Objection.objects.exists()
