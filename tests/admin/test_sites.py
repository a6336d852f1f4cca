"""On a host's own admin site every link stays on that site, and a list that is not there is not linked."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from recommendations.models import ModelRun
from tests.serving.blocks import BlockShop

pytestmark = pytest.mark.urls("tests.admin.office")
APP = "concierge_recommendations"


def links(text: str) -> set[str]:
    return set(re.findall(r'(?:href|action|data-progress)="(/[^"]*)"', text))


def test_every_link_of_our_pages_stays_on_the_site(
    manager: Client, run_of: Callable[..., ModelRun], live: ModelRun
) -> None:
    first, second = run_of(), run_of()
    first.activate(via="command")
    second.activate(via="command")
    pages = [
        reverse(f"office:{APP}_modelrun_changelist"),
        reverse(f"office:{APP}_modelrun_change", args=[live.pk]),
        reverse(f"office:{APP}_modelrun_change", args=[first.pk]),
        reverse(f"office:{APP}_modelrun_add"),
        f"{reverse(f'office:{APP}_modelrun_compare')}?run={first.pk}&run={second.pk}",
        reverse(f"office:{APP}_placement_changelist"),
    ]

    for page in pages:
        response = manager.get(page)

        assert response.status_code == 200
        outside = {link for link in links(response.content.decode()) if not link.startswith("/office/")}
        assert {link for link in outside if link != "/" and not link.startswith("/static/")} == set(), page


def test_an_action_comes_back_to_the_site(manager: Client, live: ModelRun) -> None:
    response = manager.post(reverse(f"office:{APP}_modelrun_cancel", args=[live.pk]))

    assert response["Location"].startswith("/office/")


def test_lists_that_the_site_does_not_have_are_not_linked(manager: Client, db: None) -> None:
    shop = BlockShop()

    runs = manager.get(reverse(f"runs:{APP}_modelrun_changelist"))
    preview = manager.get(reverse(f"placements:{APP}_placement_preview"), {"customer": shop.ann.pk})

    assert "What would this customer see?" not in runs.content.decode()
    assert preview.context["previews"]
    assert "never recommend" not in preview.content.decode()
