"""What a placement shows whom."""

from __future__ import annotations

from recommendations.serving import get_recommendations
from recommendations.types import Subject

from .blocks import BlockShop


def test_without_a_model_what_was_bought_lately_comes_first_and_then_what_is_new(shop: BlockShop) -> None:
    served = get_recommendations("trending", limit=7)

    assert shop.names(served)[0] == "cups 0"
    assert set(shop.names(served)[1:5]) == {"tea 0", "tea 1", "coffee 0", "coffee 1"}
    assert [pick.source for pick in served] == ["trending"] * 5 + ["new"] * 2
    assert shop.names(served)[5:] == ["cups 11", "cups 10"]
    assert served.complete


def test_a_personal_model_shows_the_block_of_the_customer_without_what_they_bought(shop: BlockShop) -> None:
    runs = shop.activate_all()

    served = get_recommendations("for-you", subject=Subject(user_key=str(shop.ann.pk)), limit=3)

    assert shop.names(served) == ["tea 2", "tea 3", "tea 4"]
    assert {pick.source for pick in served} == {"personal"}
    assert served.run == runs["personal"].pk
