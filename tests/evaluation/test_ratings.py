import numpy as np
import pytest

from recommendations.evaluation import evaluate_ratings, ratings
from recommendations.interactions import Interactions


def of(*rows):
    users, items, values = zip(*rows, strict=True) if rows else ((), (), ())
    return Interactions.from_arrays(users, items, values, kind="ratings")


TRAIN = of(("u", "a", 1), ("u", "b", 5), ("v", "a", 3))


def test_errors_by_hand(table):
    model = table({"u": {"a": 2, "b": 4.5}, "v": {"a": 3, "b": 1}})

    result = evaluate_ratings(model, TRAIN, of(("v", "b", 3), ("u", "b", 4), ("u", "a", 2)))

    assert sorted(result.error.tolist()) == [-2, 0, 0.5]
    assert result.metrics["rmse"] == pytest.approx(np.sqrt((4 + 0.25) / 3))
    assert result.metrics["mae"] == pytest.approx(2.5 / 3)
    assert result.metrics["predicted"] == 1


def test_unknown_users_items_and_missing_scores_are_predicted_by_the_mean(table):
    model = table({"u": {"a": 1}, "v": {"b": 1}})

    result = evaluate_ratings(model, TRAIN, of(("new", "a", 3), ("u", "new", 3), ("u", "b", 3)))

    assert result.error.tolist() == [0, 0, 0]
    assert result.metrics["predicted"] == 0


def test_predictions_are_clipped_to_the_scale(table):
    model = table({"u": {"a": 9, "b": -9}})

    result = evaluate_ratings(model, TRAIN, of(("u", "a", 5), ("u", "b", 1)))

    assert result.error.tolist() == [0, 0]


def test_small_chunks_change_nothing(table, monkeypatch):
    random = np.random.default_rng(0)
    users, items = [f"u{n}" for n in range(20)], [f"i{n}" for n in range(9)]
    model = table({user: dict(zip(items, random.uniform(1, 5, 9).tolist(), strict=True)) for user in users})
    rows = of(
        *zip(random.choice(users, 99), random.choice(items, 99), random.integers(1, 6, 99), strict=True)
    )

    expected = evaluate_ratings(model, rows, rows).error
    monkeypatch.setattr(ratings, "_CELLS", 27)

    assert evaluate_ratings(model, rows, rows).error.tolist() == expected.tolist()


def test_no_ratings_to_judge_is_no_number_and_none_to_learn_from_an_error(table):
    model = table({"u": {"a": 1}})

    assert np.isnan(evaluate_ratings(model, TRAIN, of()).metrics["rmse"])
    with pytest.raises(ValueError, match="no mean to fall back on"):
        evaluate_ratings(model, of(), TRAIN)
    with pytest.raises(ValueError, match='need kind "ratings"'):
        evaluate_ratings(model, TRAIN, Interactions.from_arrays(["u"], ["a"]))
