import numpy as np
import pytest
from scipy.stats import ttest_rel

from recommendations.evaluation.significance import holm, paired_t_test


def test_the_paired_t_test_is_scipys():
    random = np.random.default_rng(0)
    a, b = random.random(60), random.random(60) + 0.05

    assert paired_t_test(a, b) == pytest.approx(ttest_rel(a, b).pvalue)
    assert paired_t_test(b, a) == pytest.approx(paired_t_test(a, b))


def test_equal_models_do_not_differ_and_unsaid_users_do_not_count():
    assert paired_t_test([0.1, 0.2], [0.1, 0.2]) == 1
    assert paired_t_test([], []) == 1
    assert paired_t_test([0.5], [0.1]) == 1
    assert paired_t_test([0.1, 0.5, np.nan], [0, 0.1, 1]) == paired_t_test([0.1, 0.5], [0, 0.1])
    assert paired_t_test([1.0, 1.0, 1.0], [0, 0, 0]) == 0


def test_holm_steps_down_through_the_sorted_values():
    # By hand: sorted .01, .013, .02, .04; times 4, 3, 2, 1: .04, .039, .04, .04; never below the one before.
    assert holm([0.02, 0.01, 0.04, 0.013]).tolist() == pytest.approx([0.04, 0.04, 0.04, 0.04])
    assert holm([0.001, 0.5, 0.6]).tolist() == pytest.approx([0.003, 1, 1])
    assert holm([]).tolist() == []


def test_among_many_comparisons_of_noise_hardly_any_table_has_a_winner():
    random = np.random.default_rng(1)
    tables = random.random((2_000, 20))  # p-values where nothing differs

    wrong = np.mean([(holm(table) < 0.05).any() for table in tables])

    assert 0.03 < wrong < 0.07
    assert np.mean((tables < 0.05).any(1)) > 0.6  # uncorrected
