"""Figures against cases worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_bot.nlu.measures import (
    calibration_error,
    calibration_interval,
    coverage_curve,
    matthews,
    quality,
    reliability,
)


def test_matthews_of_two_labels_is_the_textbook_formula():
    tp, fn, fp, tn = 6, 2, 1, 3
    meant = ["a"] * (tp + fn) + ["b"] * (fp + tn)
    said = ["a"] * tp + ["b"] * fn + ["a"] * fp + ["b"] * tn

    by_hand = (tp * tn - fp * fn) / math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    assert matthews(meant, said) == pytest.approx(by_hand)


def test_matthews_of_one_single_label_is_nothing():
    assert matthews(["a", "a"], ["a", "a"]) == 0


def test_accuracy_is_of_questions_in_scope_and_recall_of_the_others():
    found = quality(["a", "b", "none", "none"], ["a", "none", "none", "a"])

    assert found["in_scope_accuracy"] == 0.5
    assert found["out_of_scope_recall"] == 0.5


def test_without_a_question_out_of_scope_its_recall_is_not_a_number():
    assert math.isnan(quality(["a"], ["a"])["out_of_scope_recall"])


def test_calibration_error_weighs_the_gap_of_each_group_by_its_size():
    sure, right = [0.2, 0.4, 0.9, 0.9], [0, 1, 1, 1]

    # groups of two: |.3 - .5| and |.9 - 1|
    assert calibration_error(sure, right, bins=2) == pytest.approx((2 * 0.2 + 2 * 0.1) / 4)
    assert [group["n"] for group in reliability(sure, right, bins=2)] == [2, 2]


def test_the_interval_holds_the_error_of_a_perfectly_calibrated_model_near_nothing():
    rng = np.random.default_rng(0)
    sure = rng.random(4000)
    right = rng.random(4000) < sure

    low, high = calibration_interval(sure, right, draws=100)

    assert 0 <= low < high < 0.06


def test_figures_of_nothing_are_not_numbers():
    assert math.isnan(calibration_error([], []))
    assert all(math.isnan(one) for one in calibration_interval([], []))


def test_the_curve_counts_questions_out_of_scope_by_their_prior():
    curve = coverage_curve([0.9, 0.6, 0.3], [1, 0, 1], [0.7, 0.1], prior=0.25, thresholds=[0.5])[0]

    assert curve["coverage"] == pytest.approx(2 / 3)
    assert curve["out_of_scope_recall"] == 0.5
    assert curve["precision"] == pytest.approx(0.75 / 3 / (0.75 * 2 / 3 + 0.25 * 0.5))


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40))
def test_a_higher_threshold_never_answers_more(rows):
    sure, right = zip(*rows, strict=True)

    covered = [step["coverage"] for step in coverage_curve(sure, right, [])]

    assert covered == sorted(covered, reverse=True)
