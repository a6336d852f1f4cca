"""The caller's candidates in a person's order."""

from __future__ import annotations

import pytest

from recommendations.serving import rank
from recommendations.types import Subject

from .blocks import BlockShop


def test_each_customers_block_comes_first(shop: BlockShop) -> None:
    shop.activate_all()
    keys = shop.keys("cups 9", "coffee 4", "tea 4", "coffee 3", "tea 3")

    of_ann = rank(keys, subject=Subject(str(shop.ann.pk)))
    of_bob = rank(keys, subject=Subject(str(shop.bob.pk)))

    assert shop.names(of_ann)[:2] == ["tea 3", "tea 4"]
    assert shop.names(of_bob)[:2] == ["coffee 3", "coffee 4"]
    assert sorted(pick.key for pick in of_ann) == sorted(keys)
    assert of_ann.items[0].source == "personal"


def test_somebody_without_a_history_gets_what_sells(shop: BlockShop) -> None:
    shop.activate_all()

    served = rank(shop.keys("coffee 1", "tea 1", "cups 1"), subject=Subject())

    assert shop.names(served) == ["cups 1", "tea 1", "coffee 1"]
    assert {pick.source for pick in served} == {"trending"}


def test_without_a_model_the_order_given_stays(shop: BlockShop) -> None:
    keys = shop.keys("coffee 1", "tea 1", "cups 1")

    served = rank(keys, subject=Subject(str(shop.ann.pk)))

    assert [pick.key for pick in served] == keys
    assert {pick.source for pick in served} == {"given"}


def test_unknown_hidden_and_repeated_keys(shop: BlockShop) -> None:
    shop.activate_all()
    shop.products["tea 2"].is_active = False
    shop.products["tea 2"].save()
    tea, hidden = shop.key("tea 1"), shop.key("tea 2")

    served = rank([tea, "nope", hidden, tea, "\x00", "9" * 300], subject=Subject())

    assert [pick.key for pick in served] == [tea]
    assert list(served.unknown) == ["nope", hidden, "\x00", "9" * 300]


def test_items_that_the_model_does_not_know_follow_in_the_order_given(shop: BlockShop) -> None:
    shop.activate("personal", shop.factors())
    newer = type(shop.products["tea 0"]).objects.create(sku="x", name="newer", price=1)

    served = rank([str(newer.pk), *shop.keys("tea 5")], subject=Subject(str(shop.ann.pk)))

    assert shop.names(served) == ["tea 5", "newer"]
    assert [pick.source for pick in served] == ["personal", "given"]


def test_a_limit_keeps_the_best(shop: BlockShop) -> None:
    shop.activate_all()

    served = rank(shop.keys("coffee 1", "tea 1", "cups 1"), subject=Subject(), limit=1)

    assert shop.names(served) == ["cups 1"]


def test_nothing_to_rank_is_an_empty_answer(shop: BlockShop) -> None:
    served = rank([], subject=Subject())

    assert not served
    assert served.request_id


def test_too_many_items_and_a_limit_below_one_are_refused(shop: BlockShop) -> None:
    with pytest.raises(ValueError, match="At most 1000"):
        rank([str(number) for number in range(1_001)], subject=Subject())
    with pytest.raises(ValueError, match="1 or more"):
        rank([], subject=Subject(), limit=0)
