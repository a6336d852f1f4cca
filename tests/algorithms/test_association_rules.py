from __future__ import annotations

import sys
from collections.abc import Iterable

import numpy as np
import pandas as pd
import pytest
from mlxtend.frequent_patterns import association_rules, fpgrowth

from recommendations.algorithms import create
from recommendations.algorithms.base import NotEnoughDataError
from recommendations.interactions import Interactions

DAY = 86_400.0
METRICS = ("confidence", "lift", "leverage", "conviction")
ALL = {"min_support": 1, "min_confidence": 0, "max_antecedents": 2}


def baskets(orders: Iterable[str], days: Iterable[int] | None = None) -> Interactions:
    listed = list(orders)
    moments = list(days or range(len(listed)))
    rows = [
        (f"u{n % 7}", item, n, 1.7e9 + moments[n] * DAY) for n, order in enumerate(listed) for item in order
    ]
    users, items, numbers, times = zip(*rows, strict=True)
    return Interactions.from_arrays(users, items, orders=numbers, times=times)


SMALL = ["ab", "ab", "abc", "a", "bc", "d", "d", "cd", "e", "e"]


def test_the_measures_by_hand():
    """Ten orders: a in 4, b in 4, both in 3."""
    expected = {
        "confidence": 3 / 4,
        "lift": (3 / 10) / (4 / 10 * 4 / 10),
        "leverage": 3 / 10 - 4 / 10 * 4 / 10,
        "conviction": (1 - 4 / 10) / (1 - 3 / 4),
    }
    for metric, value in expected.items():
        (keys,), (scores,) = (
            create("association_rules", metric=metric, **ALL).fit(baskets(SMALL)).similar(["a"])
        )

        assert keys[0] == "b"
        assert scores[0] == pytest.approx(value)


def test_conviction_of_a_rule_without_exception_is_finite():
    (keys,), (scores,) = (
        create("association_rules", metric="conviction", **ALL)
        .fit(baskets(["ab", "ab", "c", "d"]))
        .similar(["a"])
    )

    assert keys == ["b"]
    assert scores == pytest.approx(
        [(1 - 1 / 2) / (0.5 / 2)]
    )  # as if half of the two orders with a went without b


@pytest.mark.parametrize("metric", METRICS)
def test_the_rules_are_mlxtends(metric):
    rng = np.random.default_rng(0)
    likes = rng.random(12) ** 2
    orders = ["".join(np.array(list("abcdefghijkl"))[rng.random(12) < likes]) or "a" for _ in range(300)]
    frame = pd.DataFrame([{item: item in order for item in "abcdefghijkl"} for order in orders])
    theirs = association_rules(
        fpgrowth(frame, 9.5 / 300, use_colnames=True, max_len=3), metric="confidence", min_threshold=0.1
    )
    theirs = theirs[(theirs["consequents"].map(len) == 1) & (theirs["lift"] > 1)]

    model = create("association_rules", metric=metric, min_support=10, min_confidence=0.1).fit(
        baskets(orders)
    )

    scorer = model.scorer
    ours = {}
    for start, stop, consequent, value in zip(
        scorer.indptr, scorer.indptr[1:], scorer.consequents, scorer.values.tolist(), strict=False
    ):
        antecedents = frozenset(model.items.keys(scorer.antecedents[start:stop]))
        ours[antecedents, model.items.key(consequent)] = value
    expected = {
        (row["antecedents"], next(iter(row["consequents"]))): row[metric] for _, row in theirs.iterrows()
    }
    assert len(ours) > 50
    assert ours == pytest.approx(expected, rel=1e-5)


def test_the_strongest_rule_that_fires_gives_the_score_and_is_the_reason():
    orders = ["abx"] * 8 + ["a"] * 8 + ["b"] * 8 + ["ay"] * 2 + ["z"] * 20
    model = create("association_rules", metric="confidence", **ALL).fit(baskets(orders))

    keys, scores = model.fold_in([("a", 1.0), ("b", 3.0), ("z", 1.0)])

    assert keys[0] == "x" and scores[0] == pytest.approx(1)  # {a, b} -> x has no exception
    assert model.explain([("a", 1.0), ("b", 1.0), ("z", 1.0)], "x") == [("a", 0.5), ("b", 0.5)]
    assert model.fold_in([("a", 1.0)])[1][0] == pytest.approx(8 / 18)
    assert model.explain([("a", 1.0), ("z", 1.0)], "x") == [("a", 1.0)]
    assert model.explain([("z", 1.0)], "x") == []
    rule = model.scorer.strongest(model.items.index(["a", "b"]), model.items.position("x"))
    assert model.items.keys(
        model.scorer.antecedents[model.scorer.indptr[rule] : model.scorer.indptr[rule + 1]]
    ) == ["a", "b"]


def test_similar_goes_by_rules_of_one_item():
    orders = ["abx"] * 8 + ["a"] * 8 + ["b"] * 8 + ["z"] * 20
    model = create("association_rules", metric="confidence", **ALL).fit(baskets(orders))

    (keys,), (scores,) = model.similar(["a"])

    # x is in all orders of a and b together, but in half of those of a.
    assert dict(zip(keys, scores.tolist(), strict=True)) == pytest.approx({"b": 0.5, "x": 0.5})


def test_thresholds_leave_rules_out():
    data = baskets(SMALL)

    def rules(**parameters: object) -> int:
        return len(create("association_rules", **ALL | parameters).fit(data).scorer.values)

    everything = rules()
    assert 0 < rules(min_support=3) == 2 < everything
    assert 0 < rules(min_confidence=0.7) < everything
    assert 0 < rules(max_antecedents=1) < everything
    assert rules(min_support=100) == 0


def test_bread_that_is_in_most_orders_does_not_go_with_everything():
    rng = np.random.default_rng(0)
    orders = [
        "".join(rng.choice(list("abcdef"), 2, replace=False)) + "B" * int(rng.random() < 0.8)
        for _ in range(500)
    ]

    model = create("association_rules", min_support=5, metric="lift").fit(baskets(orders))

    assert max(model.similar(["B"])[1][0], default=1) < 1.2


def test_recent_orders_count_more_with_a_half_life():
    orders = ["ab"] * 5 + ["a", "c"] * 5 + ["ac"] * 5 + ["b"] * 5
    days = [0] * 10 + [0] * 5 + [300] * 10
    data = baskets(orders, days)

    even, recent = (
        create("association_rules", metric="confidence", half_life=h, **ALL).fit(data) for h in (None, 10)
    )

    assert even.similar(["a"])[0] != [["c"]]
    assert recent.similar(["a"])[0][0][0] == "c"


def test_guests_and_an_order_repeated_line_by_line_count_once():
    data = Interactions.from_arrays(["u", "u", "u", "v", "v", "w"], list("aababc"), orders=[1, 1, 1, 2, 2, 3])

    (keys,), (scores,) = create("association_rules", metric="confidence", **ALL).fit(data).similar(["a"])

    assert keys == ["b"] and scores == pytest.approx([1])


def test_an_order_of_thousands_of_lines_is_left_out():
    orders = [list("ab")] * 20 + [list("c")] * 20 + [[f"bulk{n}" for n in range(5000)]]
    rows = [(f"u{n}", item, n) for n, order in enumerate(orders) for item in order]
    users, items, numbers = zip(*rows, strict=True)

    model = create("association_rules", **ALL).fit(Interactions.from_arrays(users, items, orders=numbers))

    assert model.similar(["a", "bulk7"])[0] == [["b"], []]


def test_all_orders_too_large_or_all_alike_give_no_rules_and_no_error():
    for data in (baskets(["abcdef"] * 3), baskets(["ab"] * 9)):
        model = create("association_rules", max_order_items=5, **ALL).fit(data)

        assert model.similar(["a"])[0] == [[]]
        assert model.fold_in([("a", 1.0)])[0] == []


def test_more_sets_than_memory_holds_are_refused_with_what_to_change(monkeypatch):
    monkeypatch.setattr("recommendations.algorithms.association_rules._MOST_PAIRS", 2)

    assert (
        len(
            create("association_rules", **ALL | {"min_support": 2})
            .fit(baskets(["ab", "ab", "bc", "bc"]))
            .scorer.values
        )
        == 0
    )
    with pytest.raises(
        NotEnoughDataError,
        match="found 3 pairs of items in 2 orders or more, allowed are 2",
    ):
        create("association_rules", **ALL | {"min_support": 2}).fit(baskets(["abc", "abc", "d"]))


def test_without_mlxtend_the_message_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlxtend.frequent_patterns", None)
    monkeypatch.delitem(sys.modules, "recommendations.algorithms.association_rules")
    monkeypatch.setitem(sys.modules, "mlxtend", None)

    with pytest.raises(
        ModuleNotFoundError, match=r"association_rules needs mlxtend.*django-concierge\[rules\]"
    ):
        create("association_rules")


def test_without_orders_and_times_it_says_what_is_missing():
    with pytest.raises(NotEnoughDataError, match="association_rules needs to know which rows are one order"):
        create("association_rules").fit(Interactions.from_arrays(["u"], ["a"]))
