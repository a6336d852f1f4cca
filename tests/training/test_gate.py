"""The gate's verdicts on scores whose comparison is known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from recommendations.algorithms.catalogue import ROLES
from recommendations.training.gate import Rival, judge, short
from recommendations.training.scores import Score

PERSONAL = ROLES["personal"]


def score(value: float, *, algorithm: str = "als", users: int = 100, spread: float = 0.0) -> Score:
    """A score whose mean is ``value``; half of the users lie ``spread`` above it, half below."""
    per_user = np.full(users, value)
    per_user[::2] += spread
    per_user[1::2] -= spread
    return Score(algorithm, {}, per_user)


BASELINE = Rival(score(0.0392, algorithm="popularity"))


def test_the_verdict_says_how_far_above_the_baseline_it_is() -> None:
    judgement = judge(PERSONAL, score(0.0470), BASELINE, None, tolerance=0.02)

    assert judgement.passed
    assert judgement.text == "NDCG@20 over new items .0470, 19.9 % above popularity (.0392). Passed."


def test_a_weak_baseline_is_beaten_in_plain_numbers() -> None:
    judgement = judge(
        PERSONAL, score(0.0627), Rival(score(0.0032, algorithm="popularity")), None, tolerance=0.02
    )

    assert "1,859 % above popularity (.0032)" in judgement.text


def test_a_score_equal_to_the_baseline_is_enough() -> None:
    assert judge(PERSONAL, score(0.0392), BASELINE, None, tolerance=0.02).passed


def test_below_the_baseline_is_kept_back() -> None:
    judgement = judge(PERSONAL, score(0.0391), BASELINE, None, tolerance=0.02)

    assert not judgement.passed
    assert judgement.text.endswith("Kept back: below popularity.")


def test_a_baseline_below_the_roles_own_passes_and_says_why() -> None:
    judgement = judge(ROLES["trending"], score(0.0391, algorithm="trending"), BASELINE, None, tolerance=0.02)

    assert judgement.passed
    assert judgement.text.endswith("Passed: a baseline itself, it need only score.")


@pytest.mark.parametrize(
    ("value", "passed"), [(0.0505, True), (0.0500, True), (0.0491, True), (0.0489, False)]
)
def test_a_candidate_may_fall_short_of_what_serves_by_the_tolerance(value: float, passed: bool) -> None:
    active = Rival(score(0.0500), run=12)

    judgement = judge(PERSONAL, score(value), BASELINE, active, tolerance=0.02)

    assert judgement.passed is passed
    assert "the active als of run 12 (.0500)" in judgement.text


def test_doubt_counts_against_the_candidate() -> None:
    active = Rival(score(0.0500), run=12)
    candidate = score(0.0500, spread=0.04)

    judgement = judge(PERSONAL, candidate, BASELINE, active, tolerance=0.02)

    assert not judgement.passed
    assert "at 95 % confidence it may be more than 2 % below the active als of run 12" in judgement.text


def test_with_few_customers_it_passes_unproven_whatever_the_figures() -> None:
    judgement = judge(PERSONAL, score(0.0, users=49), BASELINE, None, tolerance=0.02)

    assert (judgement.passed, judgement.unproven) == (True, True)
    assert judgement.text.endswith("Unproven: only 49 customers to test on, 50 are needed.")


def test_a_baseline_passes_when_it_scores_at_all() -> None:
    trending = score(0.0300, algorithm="trending")

    assert judge(ROLES["trending"], trending, BASELINE, None, tolerance=0.02).passed
    served = Rival(score(0.0350, algorithm="popularity"), run=3)
    assert judge(ROLES["trending"], trending, BASELINE, served, tolerance=0.02).passed
    nothing = score(0.0, algorithm="trending")
    assert not judge(ROLES["trending"], nothing, BASELINE, None, tolerance=0.02).passed


def test_a_baseline_does_not_push_out_a_better_model_of_another_kind() -> None:
    served = Rival(score(0.0500), run=3)

    judgement = judge(PERSONAL, score(0.0392, algorithm="popularity"), BASELINE, served, tolerance=0.02)

    assert not judgement.passed


def test_what_serves_without_a_hit_keeps_nobody_back() -> None:
    served = Rival(score(0.0), run=3)

    judgement = judge(PERSONAL, score(0.04), BASELINE, served, tolerance=0.02)

    assert judgement.passed
    assert "above the active als of run 3 (.0000)" in judgement.text


def test_numbers_are_printed_as_papers_do() -> None:
    assert (short(0.047), short(1.0), short(0.0)) == (".0470", "1.0000", ".0000")
