from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from recommendations.algorithms import bought_together, create
from recommendations.algorithms.base import NotEnoughDataError
from recommendations.algorithms.bought_together import benjamini_hochberg, g_test
from recommendations.interactions import Interactions


def baskets(orders: list[list[str]]) -> Interactions:
    rows = [(f"u{number % 50}", item, number) for number, order in enumerate(orders) for item in order]
    users, items, numbers = zip(*rows, strict=True)
    return Interactions.from_arrays(users, items, orders=numbers)


@pytest.fixture
def grocer() -> Interactions:
    """Bread is in four of five orders, whatever else is; pasta and sauce go together; the rest is chance."""
    rng = np.random.default_rng(0)
    orders = []
    for _ in range(1500):
        order = [f"other{n:02}" for n in rng.choice(30, 4, replace=False)]
        if rng.random() < 0.8:
            order.append("bread")
        if rng.random() < 0.1:
            order += ["pasta", "sauce"]
        elif rng.random() < 0.05:
            order.append("pasta")
        orders.append(order)
    return baskets(orders)


def test_bread_does_not_go_with_everything(grocer):
    model = create("bought_together").fit(grocer)

    assert model.similar(["bread"])[0] == [[]]
    assert model.similar(["pasta", "sauce"])[0] == [["sauce"], ["pasta"]]
    assert model.fold_in([("bread", 1.0), ("pasta", 1.0)])[0] == ["sauce"]


@pytest.mark.parametrize("cells", [8_000_000, 100])
def test_a_pairs_value_is_confidence_times_log_lift(grocer, cells, monkeypatch):
    monkeypatch.setattr(bought_together, "_CELLS", cells)
    n = len(np.unique(grocer.order))
    of = {key: set(grocer.order[grocer.item == code]) for code, key in enumerate(grocer.items.keys)}
    together = len(of["pasta"] & of["sauce"])

    (_,), (scores,) = create("bought_together").fit(grocer).similar(["pasta"])

    lift = together * n / (len(of["pasta"]) * len(of["sauce"]))
    assert scores == pytest.approx([together / len(of["pasta"]) * np.log(lift)])


def test_support_and_lift_are_thresholds(grocer):
    assert create("bought_together", min_support=1000).fit(grocer).similar(["pasta"])[0] == [[]]
    assert create("bought_together", min_lift=50).fit(grocer).similar(["pasta"])[0] == [[]]


def test_the_g_test_is_scipys():
    table = np.array([[30.0, 20.0], [50.0, 400.0]])
    together, a, b, n = 30.0, 50.0, 80.0, 500.0

    found = g_test(np.array([together]), np.array([a]), np.array([b]), n)

    expected = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood").pvalue
    assert found[0] == pytest.approx(expected, rel=1e-9)


def test_an_item_in_every_order_is_no_error():
    found = g_test(np.array([5.0]), np.array([10.0]), np.array([5.0]), 10.0)

    assert found[0] == pytest.approx(1.0)


def test_the_false_discovery_rate_is_scipys():
    p = np.random.default_rng(1).random(400) ** 4

    found = benjamini_hochberg(p, 0.05, tests=400)

    assert (found == (stats.false_discovery_control(p) <= 0.05)).all() and found.any() and not found.all()
    padded = stats.false_discovery_control(np.concatenate((p, np.ones(600))))[:400]
    assert (benjamini_hochberg(p, 0.05, tests=1000) == (padded <= 0.05)).all()
    assert benjamini_hochberg(np.array([]), 0.05, tests=0).shape == (0,)


def test_chance_alone_gives_next_to_no_pairs():
    rng = np.random.default_rng(2)

    model = create("bought_together", min_support=2, min_lift=1).fit(
        baskets([[f"i{n}" for n in rng.choice(60, 5, replace=False)] for _ in range(1500)])
    )

    assert len(model.scorer.values) <= 2 * 3  # of 1,770 possible pairs


def test_an_order_of_a_hundred_thousand_lines_is_left_out(grocer):
    huge = [f"bulk{n}" for n in range(100_000)]
    orders = [
        [grocer.items.keys[i] for i in grocer.item[grocer.order == o]] for o in np.unique(grocer.order)[:300]
    ]

    model = create("bought_together").fit(baskets([huge, *orders]))

    assert model.similar(["pasta", "bulk7"])[0] == [["sauce"], []]


def test_without_order_numbers_a_customers_rows_of_one_moment_are_an_order():
    rows = [(f"u{n}", item, float(n)) for n in range(60) for item in (("a", "b") if n % 3 else ("c",))]
    users, items, times = zip(*rows, strict=True)

    assert create("bought_together").fit(Interactions.from_arrays(users, items, times=times)).similar(["a"])[
        0
    ] == [["b"]]
    with pytest.raises(NotEnoughDataError, match="which rows are one order"):
        create("bought_together").fit(Interactions.from_arrays(users, items))
