"""The gate against hand-computed cases."""

from __future__ import annotations

from typing import Any

import pytest

from support_bot.building.gate import accuracy, baseline, judge, paired


def outcomes(right: int, wrong: int) -> dict[str, bool]:
    return {str(number): number < right for number in range(right + wrong)}


def verdict(**options: Any) -> tuple[bool, str]:
    given = {"accuracy": 0.9, "trivial": 0.1, "difference": None, "active": None, "tolerance": 0.02} | options
    judgement = judge(**given)
    return judgement.passed, judgement.text


def test_accuracy_and_baseline_are_weighed_by_phrasings() -> None:
    report = {
        "en": {"accuracy": 0.5, "n": 30},
        "zh": {"accuracy": 1.0, "n": 10},
        "fr": {"accuracy": None, "n": 2},
    }

    assert accuracy(report) == pytest.approx(25 / 40)
    assert accuracy({"fr": {"accuracy": None, "n": 2}}) is None
    assert baseline({"en": ["a", "a", "b"], "zh": ["c"]}) == pytest.approx(3 / 4)
    assert baseline({}) == 0.0


def test_the_paired_difference_is_that_of_the_phrasings_that_both_know() -> None:
    candidate = {"a": True, "b": True, "c": False, "d": True, "new": False}
    active = {"a": True, "b": False, "c": False, "d": False, "old": True}

    found = paired(candidate, active)

    # Differences 0, 1, 0, 1: mean 1/2, variance 1/3, half an interval 1.96 * sqrt(1/12).
    assert (found.n, found.mean) == (4, 0.5)
    assert found.low == pytest.approx(0.5 - 1.96 * (1 / 12) ** 0.5)
    assert found.high == pytest.approx(0.5 + 1.96 * (1 / 12) ** 0.5)


def test_builds_that_share_no_phrasing_cannot_be_compared() -> None:
    assert paired({"a": True}, {"b": True}).n == 0
    passed, text = verdict(difference=paired({"a": True}, {"b": True}), active=1)
    assert passed
    assert "unproven" in text


def test_the_first_build_needs_to_beat_the_most_frequent_answer() -> None:
    assert verdict() == (True, verdict()[1])
    assert "first build" in verdict()[1]
    passed, text = verdict(accuracy=0.3, trivial=0.3)
    assert not passed
    assert "Kept back: no better" in text


def test_what_cannot_be_measured_passes_unproven() -> None:
    passed, text = verdict(accuracy=None)

    assert passed
    assert "unproven" in text


@pytest.mark.parametrize(
    ("now_right", "passes"),
    [(90, True), (95, True), (80, False), (89, False)],
    ids=["equal", "better", "worse", "one of a hundred worse, which may be three"],
)
def test_a_candidate_must_not_be_worse_than_what_answers(now_right: int, passes: bool) -> None:
    difference = paired(outcomes(now_right, 100 - now_right), outcomes(90, 10))

    passed, text = verdict(difference=difference, active=7)

    assert passed is passes
    assert "build 7" in text
    assert ("Kept back" in text) is not passes


def test_a_wider_tolerance_lets_more_pass() -> None:
    difference = paired(outcomes(89, 11), outcomes(90, 10))

    assert not verdict(difference=difference, active=7, tolerance=0.02)[0]
    assert verdict(difference=difference, active=7, tolerance=0.04)[0]


def test_with_few_phrasings_only_a_plain_loss_is_kept_back() -> None:
    close = paired(outcomes(19, 1), outcomes(20, 0))
    plain = paired(outcomes(8, 12), outcomes(20, 0))

    assert verdict(difference=close, active=7)[0]
    assert not verdict(difference=plain, active=7)[0]
