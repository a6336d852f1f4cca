import math

import numpy as np
import pytest

from recommendations.evaluation import evaluate
from recommendations.evaluation.likeness import miscalibration, price_bias
from recommendations.interactions import Feature, Interactions


def lists(*rows):
    return np.array(rows, np.int32)


def codes(*values):
    return np.array(values, np.int64)


def test_a_list_at_ten_times_the_customers_prices_is_ln_10_too_dear():
    price = np.array([1.0, 100.0, 10.0, 1000.0])

    found = price_bias(lists([2, 3], [0, 1]), codes(0, 0, 1), codes(0, 1, 2), price)

    assert found == pytest.approx([math.log(10), 0])  # of 1 and 100 the geometric mean is 10


def test_unknown_prices_are_left_out_and_without_any_nothing_is_said():
    price = np.array([math.nan, 4.0, 0.0, 2.0])

    found = price_bias(lists([0, 1], [1, -1], [-1, -1]), codes(0, 0, 1), codes(2, 3, 2), price)

    assert found[0] == pytest.approx(math.log(2))
    assert np.isnan(found[1:]).all()  # a history without a price; no history


def test_a_list_in_the_customers_shares_is_calibrated():
    category = codes(0, 0, 1, 1)

    assert miscalibration(lists([1, 3]), codes(0, 0), codes(0, 2), category) == pytest.approx([0])


def test_miscalibration_is_the_divergence_of_history_and_smoothed_list():
    # History: 3 of 4 in category 0, 1 of 4 in 1. List: 1 of 2 in each. Steck 2018, eq. 6 with alpha .01.
    category = codes(0, 0, 0, 1, 1)
    q0, q1 = 0.99 * 0.5 + 0.01 * 0.75, 0.99 * 0.5 + 0.01 * 0.25

    found = miscalibration(lists([0, 4]), codes(0, 0, 0, 0), codes(0, 1, 2, 3), category)

    assert found == pytest.approx([0.75 * math.log(0.75 / q0) + 0.25 * math.log(0.25 / q1)])


def test_a_list_of_other_categories_is_as_far_as_smoothing_lets_it_be():
    found = miscalibration(lists([1, -1]), codes(0), codes(0), codes(0, 1))

    assert found == pytest.approx([math.log(100)])


def test_without_categories_or_history_or_list_nothing_is_said():
    category = codes(0, -1)

    found = miscalibration(lists([0], [0], [1], [-1]), codes(0, 2, 3), codes(1, 0, 0), category)

    assert np.isnan(found).all()
    assert np.isnan(miscalibration(lists([0]), codes(0), codes(0), codes(-1, -1))).all()


def test_evaluation_reads_prices_and_categories_from_the_training_part(table):
    model = table({"u": {"b": 3, "c": 2}})
    train = Interactions.from_arrays(
        ["u", "v"],
        ["a", "b"],
        item_features={
            "price": Feature("number", np.array([2.0, 6.0])),
            "category": Feature("category", ["tea", "tea"]),
        },
    )
    model = table({"u": {"a": 1, "b": 3, "c": 2}})  # c is unknown to the training part

    result = evaluate(model, train, Interactions.from_arrays(["u"], ["b"]), k=2)

    assert result.metrics["price_bias"] == pytest.approx(math.log(3))
    assert result.metrics["miscalibration"] == pytest.approx(0)


def test_a_shop_without_prices_and_categories_has_no_such_figures(table):
    rows = Interactions.from_arrays(["u"], ["a"])

    result = evaluate(table({"u": {"a": 1, "b": 2}}), rows, Interactions.from_arrays(["u"], ["b"]))

    assert math.isnan(result.metrics["price_bias"]) and math.isnan(result.metrics["miscalibration"])
