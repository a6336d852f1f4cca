import numpy as np
import pytest
from scipy import stats

from recommendations.evaluation import bootstrap_interval, paired_difference


def test_the_interval_agrees_with_scipys():
    values = np.random.default_rng(1).exponential(size=300)
    peer = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=2
    ).confidence_interval

    low, high = bootstrap_interval(values, n=20_000)

    assert (low, high) == pytest.approx((peer.low, peer.high), rel=0.01)


def test_the_same_seed_gives_the_same_interval_and_a_wider_level_a_wider_one():
    values = np.random.default_rng(1).random(200)

    assert bootstrap_interval(values, seed=3) == bootstrap_interval(values, seed=3)
    assert bootstrap_interval(values, seed=3) != bootstrap_interval(values, seed=4)
    low, high = bootstrap_interval(values, level=0.99)
    assert low < bootstrap_interval(values)[0] < bootstrap_interval(values)[1] < high


def test_drawing_in_parts_gives_what_drawing_at_once_gives(monkeypatch):
    values = np.random.default_rng(1).random(50)
    expected = bootstrap_interval(values, n=64)

    monkeypatch.setattr("recommendations.evaluation.bootstrap._DRAWS_AT_ONCE", 50 * 16)

    assert bootstrap_interval(values, n=64) == expected


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(0)
    samples = random.normal(size=(300, 60))

    covered = [low <= 0 <= high for low, high in (bootstrap_interval(sample, n=300) for sample in samples)]

    assert 0.90 <= np.mean(covered) <= 0.98


def test_a_clear_difference_is_significant_and_a_noisy_one_is_not():
    random = np.random.default_rng(0)
    base = random.random(400)

    clear = paired_difference(base + 0.05 + random.normal(0, 0.05, 400), base)
    noisy = paired_difference(base + random.normal(0, 0.3, 400), base)

    assert clear.low > 0
    assert clear.p < 0.01
    assert clear.mean == pytest.approx(0.05, abs=0.01)
    assert noisy.low < 0 < noisy.high
    assert noisy.p > 0.05


def test_pairing_sees_what_two_separate_intervals_would_hide():
    base = np.random.default_rng(0).random(400)

    difference = paired_difference(base + 0.01, base)

    assert difference.low == pytest.approx(0.01)
    assert bootstrap_interval(base + 0.01)[0] < bootstrap_interval(base)[1]


def test_equal_models_differ_by_nothing():
    difference = paired_difference([0.5, 0.1], [0.5, 0.1])

    assert (difference.mean, difference.low, difference.high, difference.p) == (0, 0, 0, 1)


def test_without_users_there_is_nothing_to_say():
    assert np.isnan(bootstrap_interval([])).all()
    difference = paired_difference([], [])
    assert np.isnan(difference.mean)
    assert (difference.p, difference.users) == (1, 0)


def test_users_of_whom_there_is_nothing_to_say_are_left_out():
    assert bootstrap_interval([1.0, np.nan, 1.0]) == (1, 1)
    assert paired_difference([1.0, np.nan], [0.0, 0.0]).users == 1


def test_arrays_of_different_users_are_refused():
    with pytest.raises(ValueError, match="Evaluate both models on the same test users"):
        paired_difference([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="level lies between 0 and 1"):
        bootstrap_interval([1.0], level=95)
