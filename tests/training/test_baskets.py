"""Orders with one item hidden: what "bought together" is judged on."""

from __future__ import annotations

import numpy as np
import pytest

from recommendations.algorithms import create
from recommendations.evaluation import evaluate
from recommendations.interactions import Interactions, Split, temporal_split
from recommendations.training import baskets
from recommendations.training.baskets import Baskets

DAY = 86_400.0


def orders(*contents: str) -> Split:
    """One order a day, each of the items named by its letters; the last half of them is the test."""
    rows = [(number, item) for number, items in enumerate(contents) for item in items]
    data = Interactions.from_arrays(
        [f"u{number % 3}" for number, _item in rows],
        [item for _number, item in rows],
        times=[number * DAY for number, _item in rows],
        orders=[number for number, _item in rows],
    )
    return temporal_split(data, test_share=0.5)


def shown(part: Interactions, basket: int) -> set[str]:
    return {part.items.keys[item] for item in part.item[part.user == basket]}


def test_one_item_of_each_test_order_is_hidden_and_the_others_are_shown() -> None:
    split = orders("ab", "ab", "ab", "abc", "bd", "acd")

    found = Baskets.draw(split.test, seed=3)

    assert found is not None
    whole = [shown(found.known, basket) | shown(found.hidden, basket) for basket in range(3)]
    assert [set("abc"), set("bd"), set("acd")] == whole
    for basket in range(3):
        assert len(shown(found.hidden, basket)) == 1
        assert not shown(found.hidden, basket) & shown(found.known, basket)


def test_an_item_twice_in_an_order_is_one_item_and_lone_items_are_no_basket() -> None:
    split = orders("ab", "ab", "ab", "aa", "b", "ab")

    found = Baskets.draw(split.test, seed=3)

    assert found is not None
    assert len(found.hidden) == 1


@pytest.mark.parametrize("contents", [("ab", "ab", "a", "b"), ("a", "b")])
def test_without_a_test_order_of_two_items_there_is_nothing_to_judge_by(contents: tuple[str, ...]) -> None:
    assert Baskets.draw(orders(*contents).test, seed=3) is None


def test_many_orders_are_sampled_and_the_seed_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baskets, "LIMIT", 5)
    split = orders(*["ab", "bc", "cd"] * 10)

    first, again, other = (Baskets.draw(split.test, seed=seed) for seed in (1, 1, 2))

    assert first is not None and again is not None and other is not None
    assert len(first.hidden) == 5
    assert np.array_equal(first.hidden.item, again.hidden.item)
    assert not np.array_equal(first.known.item, other.known.item)


def test_partners_are_found_from_the_rest_of_the_basket() -> None:
    split = orders(*["ab", "cd", "ef"] * 20)
    found = Baskets.draw(split.test, seed=1)
    model = create("bought_together").fit(split.development)

    assert found is not None
    measured = evaluate(found.asked(model), found.known, found.hidden, k=1)

    assert measured.metrics["hit_rate"] == 1.0
